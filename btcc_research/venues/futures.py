"""The futures venue: one method per documented REST call, typed frames out."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from btcc_research.arguments import time_range
from btcc_research.frames import to_frame
from btcc_research.protocol import futures as calls
from btcc_research.protocol.endpoint import Endpoint
from btcc_research.venues.documentation import documented
from btcc_research.venues.futures_link import FuturesLink

Amount = str | int | float | Decimal


class Futures:
    """BTCC's Standard futures, call by call, as its document describes them.

    The first call logs in; a heartbeat keeps the session. One call is one request and one
    page; `btcc.trades()`, `btcc.positions()` and their like join pages, markets and venues.
    Every method takes `exact=True` for exact decimals and `raw=True` for BTCC's own JSON.
    Sizes of these calls are lots; markets are named like ``"BTCUSDT"`` or by BTCC's long
    product name.
    """

    def __init__(self, link: FuturesLink) -> None:
        self._link = link

    def __repr__(self) -> str:
        state = "logged in" if self._link.session.is_open else "not logged in"
        return f"<BTCC futures, {self._link.environment}, {state}>"

    def arm(self) -> None:
        """Allow orders again after the login session was lost and opened anew.

        Look at `btcc.positions()` and `btcc.open_orders()` first: nobody knows what happened
        meanwhile. A connection without ``trade=True`` stays read-only.
        """
        self._link.session.arm()

    def login(self, *, exact: bool = False, raw: bool = False) -> Any:
        """Log in anew with the connection's credentials: ``POST /v1/user/login``.

        Nobody has to: the first call logs in by itself. The token stays inside.

        Returns
        -------
        DataFrame
            One row, the account, with the columns of `account`.

        Parameters
        ----------
        exact, raw
            As for all calls.

        Raises
        ------
        AuthError, PermissionDenied
            If BTCC refuses; it is not tried again.
        ConfigError
            If the password was given to `connect` and is not kept any more.

        Notes
        -----
        Source: BTCC API Guide (TradeOpenApi), user/login.
        """
        reply = self._link.login()
        return reply.json(exact=exact) if raw else self._framed(calls.ACCOUNT, reply, exact)

    @documented(calls.KEEPALIVE)
    def keepalive(
        self, account_id: int | None = None, *, exact: bool = False, raw: bool = False
    ) -> Any:
        return self._frame(calls.KEEPALIVE, exact, raw, account_id=account_id)

    @documented(calls.SYMBOL_LIST)
    def symbol_list(
        self, account_group_id: int | None = None, *, exact: bool = False, raw: bool = False
    ) -> Any:
        return self._frame(calls.SYMBOL_LIST, exact, raw, account_group_id=account_group_id)

    @documented(calls.ACCOUNT_GROUP)
    def account_group(
        self, account_group_id: int | None = None, *, exact: bool = False, raw: bool = False
    ) -> Any:
        return self._frame(calls.ACCOUNT_GROUP, exact, raw, account_group_id=account_group_id)

    @documented(calls.POSITION_LIST)
    def position_list(
        self,
        market: str | None = None,
        position_id: int | None = None,
        page: int = 1,
        page_size: int = 100,
        account_id: int | None = None,
        *,
        exact: bool = False,
        raw: bool = False,
    ) -> Any:
        return self._frame(
            calls.POSITION_LIST, exact, raw, market=market, position_id=position_id, page=page,
            page_size=page_size, account_id=account_id,
        )  # fmt: skip

    @documented(calls.ACCOUNT)
    def account(
        self, account_id: int | None = None, *, exact: bool = False, raw: bool = False
    ) -> Any:
        return self._frame(calls.ACCOUNT, exact, raw, account_id=account_id)

    @documented(calls.OPEN_POSITION)
    def open_position(
        self,
        market: str,
        side: str,
        lots: Amount,
        leverage: int,
        price: Amount = 0,
        stop_loss: Amount | None = None,
        take_profit: Amount | None = None,
        reference: int | None = None,
        second_reference: int | None = None,
        account_id: int | None = None,
        *,
        exact: bool = False,
        raw: bool = False,
    ) -> Any:
        return self._frame(
            calls.OPEN_POSITION, exact, raw, market=market, side=side, lots=lots, price=price,
            leverage=leverage, stop_loss=stop_loss, take_profit=take_profit, reference=reference,
            second_reference=second_reference, account_id=account_id,
        )  # fmt: skip

    @documented(calls.CLOSE_POSITION)
    def close_position(
        self,
        position_id: int,
        market: str,
        side: str,
        lots: Amount,
        price: Amount = 0,
        reference: int | None = None,
        account_id: int | None = None,
        *,
        exact: bool = False,
        raw: bool = False,
    ) -> Any:
        return self._frame(
            calls.CLOSE_POSITION, exact, raw, position_id=position_id, market=market, side=side,
            lots=lots, price=price, reference=reference, account_id=account_id,
        )  # fmt: skip

    @documented(calls.UPDATE_POSITION)
    def update_position(
        self,
        position_id: int,
        market: str,
        stop_loss: Amount,
        take_profit: Amount,
        account_id: int | None = None,
        *,
        exact: bool = False,
        raw: bool = False,
    ) -> Any:
        return self._frame(
            calls.UPDATE_POSITION, exact, raw, position_id=position_id, market=market,
            stop_loss=stop_loss, take_profit=take_profit, account_id=account_id,
        )  # fmt: skip

    @documented(calls.OPEN_PENDING)
    def open_pending(
        self,
        market: str,
        side: str,
        type: str,
        lots: Amount,
        price: Amount,
        leverage: int,
        stop_loss: Amount | None = None,
        take_profit: Amount | None = None,
        position_id: int | None = None,
        account_id: int | None = None,
        *,
        exact: bool = False,
        raw: bool = False,
    ) -> Any:
        return self._frame(
            calls.OPEN_PENDING, exact, raw, market=market, side=side, type=type, lots=lots,
            price=price, leverage=leverage, stop_loss=stop_loss, take_profit=take_profit,
            position_id=position_id, account_id=account_id,
        )  # fmt: skip

    @documented(calls.UPDATE_PENDING)
    def update_pending(
        self,
        order_id: int,
        side: str,
        type: str,
        lots: Amount,
        price: Amount,
        stop_loss: Amount | None = None,
        take_profit: Amount | None = None,
        market: str | None = None,
        account_id: int | None = None,
        *,
        exact: bool = False,
        raw: bool = False,
    ) -> Any:
        return self._frame(
            calls.UPDATE_PENDING, exact, raw, order_id=order_id, side=side, type=type, lots=lots,
            price=price, stop_loss=stop_loss, take_profit=take_profit, market=market,
            account_id=account_id,
        )  # fmt: skip

    @documented(calls.CANCEL_PENDING)
    def cancel_pending(
        self, order_id: int, account_id: int | None = None, *, exact: bool = False,
        raw: bool = False,
    ) -> Any:  # fmt: skip
        return self._frame(
            calls.CANCEL_PENDING, exact, raw, order_id=order_id, account_id=account_id
        )

    @documented(calls.ORDER_LIST)
    def order_list(
        self, order_id: int | None = None, account_id: int | None = None, *, exact: bool = False,
        raw: bool = False,
    ) -> Any:  # fmt: skip
        return self._frame(calls.ORDER_LIST, exact, raw, order_id=order_id, account_id=account_id)

    @documented(calls.OPEN_SLTP)
    def open_sltp(
        self,
        market: str,
        position_id: int,
        lots: Amount,
        leverage: int,
        stop_loss: Amount | None = None,
        take_profit: Amount | None = None,
        account_id: int | None = None,
        *,
        exact: bool = False,
        raw: bool = False,
    ) -> Any:
        return self._frame(
            calls.OPEN_SLTP, exact, raw, market=market, position_id=position_id, lots=lots,
            leverage=leverage, stop_loss=stop_loss, take_profit=take_profit,
            account_id=account_id,
        )  # fmt: skip

    @documented(calls.DEAL_TODAY_LIST)
    def deal_today_list(
        self, id: int | None = None, account_id: int | None = None, *, exact: bool = False,
        raw: bool = False,
    ) -> Any:  # fmt: skip
        return self._frame(calls.DEAL_TODAY_LIST, exact, raw, id=id, account_id=account_id)

    @documented(calls.PROFIT_TODAY_LIST)
    def profit_today_list(
        self, id: int | None = None, account_id: int | None = None, *, exact: bool = False,
        raw: bool = False,
    ) -> Any:  # fmt: skip
        return self._frame(calls.PROFIT_TODAY_LIST, exact, raw, id=id, account_id=account_id)

    @documented(calls.GET_PROFIT_REPORT)
    def get_profit_report(
        self,
        start: Any = None,
        end: Any = None,
        page: int = 1,
        page_size: int = 100,
        order_id: str | None = None,
        market: str | None = None,
        type: str | None = None,
        side: str | None = None,
        contract: str | None = None,
        *,
        exact: bool = False,
        raw: bool = False,
    ) -> Any:
        return self._frame(
            calls.GET_PROFIT_REPORT, exact, raw, **_bounds(start, end), page=page,
            page_size=page_size, order_id=order_id, market=market, type=type, side=side,
            contract=contract,
        )  # fmt: skip

    @documented(calls.GET_TRADE_REPORT)
    def get_trade_report(
        self,
        start: Any = None,
        end: Any = None,
        page: int = 1,
        page_size: int = 100,
        order_id: str | None = None,
        market: str | None = None,
        type: str | None = None,
        side: str | None = None,
        contract: str | None = None,
        action: str | None = None,
        *,
        exact: bool = False,
        raw: bool = False,
    ) -> Any:
        return self._frame(
            calls.GET_TRADE_REPORT, exact, raw, **_bounds(start, end), page=page,
            page_size=page_size, order_id=order_id, market=market, type=type, side=side,
            contract=contract, action=action,
        )  # fmt: skip

    @documented(calls.GET_HIS_ORDER)
    def get_his_order(
        self,
        start: Any = None,
        end: Any = None,
        page: int = 1,
        page_size: int = 100,
        side: str | None = None,
        order_id: str | None = None,
        market: str | None = None,
        status: str | None = None,
        contract: str | None = None,
        account_number: str | None = None,
        *,
        exact: bool = False,
        raw: bool = False,
    ) -> Any:
        return self._frame(
            calls.GET_HIS_ORDER, exact, raw, **_bounds(start, end), page=page,
            page_size=page_size, side=side, order_id=order_id, market=market, status=status,
            contract=contract, account_number=account_number,
        )  # fmt: skip

    @documented(calls.GET_REPORT_DEAL)
    def get_report_deal(
        self,
        start: Any = None,
        end: Any = None,
        page: int = 1,
        page_size: int = 100,
        money: str | None = None,
        asset: str | None = None,
        account_number: str | None = None,
        *,
        exact: bool = False,
        raw: bool = False,
    ) -> Any:
        return self._frame(
            calls.GET_REPORT_DEAL, exact, raw, **_bounds(start, end), page=page,
            page_size=page_size, money=money, asset=asset, account_number=account_number,
        )  # fmt: skip

    @documented(calls.GET_SYMBOL_DETAIL)
    def get_symbol_detail(self, market: str, *, exact: bool = False, raw: bool = False) -> Any:
        return self._frame(calls.GET_SYMBOL_DETAIL, exact, raw, market=market)

    @documented(calls.QUERY_COIN_ADDRESS)
    def query_coin_address(
        self, code_id: str, asset: str, *, exact: bool = False, raw: bool = False
    ) -> Any:
        return self._frame(calls.QUERY_COIN_ADDRESS, exact, raw, code_id=code_id, asset=asset)

    @documented(calls.QUERY_CURRENCY_ADDRESS)
    def query_currency_address(
        self, account_id: int | None = None, *, exact: bool = False, raw: bool = False
    ) -> Any:
        return self._frame(calls.QUERY_CURRENCY_ADDRESS, exact, raw, account_id=account_id)

    @documented(calls.QUERY_WITHDRAWAL_SAVE_RECORD)
    def query_withdrawal_save_record(
        self,
        kind: str,
        start: Any,
        end: Any,
        page: int = 1,
        page_size: int = 100,
        account_id: int | None = None,
        *,
        exact: bool = False,
        raw: bool = False,
    ) -> Any:
        return self._frame(
            calls.QUERY_WITHDRAWAL_SAVE_RECORD, exact, raw, kind=kind, **_bounds(start, end),
            page=page, page_size=page_size, account_id=account_id,
        )  # fmt: skip

    @documented(calls.QUERY_IN_OUT_COIN_RECORD)
    def query_in_out_coin_record(
        self,
        kind: str,
        page: int = 1,
        page_size: int = 100,
        account_number: str | None = None,
        *,
        exact: bool = False,
        raw: bool = False,
    ) -> Any:
        return self._frame(
            calls.QUERY_IN_OUT_COIN_RECORD, exact, raw, kind=kind, page=page,
            page_size=page_size, account_number=account_number,
        )  # fmt: skip

    @documented(calls.QUERY_IN_OUT_COIN)
    def query_in_out_coin(self, asset: str, *, exact: bool = False, raw: bool = False) -> Any:
        return self._frame(calls.QUERY_IN_OUT_COIN, exact, raw, asset=asset)

    @documented(calls.QUERY_IN_OUT_COIN_FEE)
    def query_in_out_coin_fee(self, asset: str, *, exact: bool = False, raw: bool = False) -> Any:
        return self._frame(calls.QUERY_IN_OUT_COIN_FEE, exact, raw, asset=asset)

    def _frame(self, endpoint: Endpoint, exact: bool, raw: bool, **values: object) -> Any:
        reply = self._link.call(endpoint, values)
        return reply.json(exact=exact) if raw else self._framed(endpoint, reply, exact)

    def _framed(self, endpoint: Endpoint, reply: Any, exact: bool) -> Any:
        rows = self._link.decode(endpoint, reply, exact=exact).rows
        frame = to_frame(endpoint, rows, exact=exact)
        frame.attrs = {
            "environment": self._link.environment,
            "venue": "futures",
            "call": endpoint.name,
        }
        return frame


def _bounds(start: Any, end: Any) -> dict[str, int | None]:
    """Return BTCC's own bounds: whole milliseconds, both included."""
    first, last = time_range(start, end)
    return {
        "start": None if first is None else math.floor(first * 1000),
        "end": None if last is None else math.ceil(last * 1000),
    }
