"""The spot venue: one method per documented REST call, typed frames out."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from btcc_research.arguments import (
    interval_seconds,
    second_at_or_after,
    second_at_or_before,
    time_range,
)
from btcc_research.frames import candle_frame, candle_table, to_frame
from btcc_research.protocol import spot as calls
from btcc_research.protocol.endpoint import Endpoint
from btcc_research.venues.documentation import documented
from btcc_research.venues.link import Link

Amount = str | int | float | Decimal


class Spot:
    """BTCC's spot exchange, call by call, as its document describes it.

    One call is one request and one page; `btcc.trades()` and its like join pages, markets
    and venues. Every method takes `exact=True` for exact decimals and `raw=True` for BTCC's
    own JSON.
    """

    def __init__(self, link: Link) -> None:
        self._link = link

    def __repr__(self) -> str:
        return f"<BTCC spot, {self._link.environment}>"

    @documented(calls.PING)
    def ping(self, *, exact: bool = False, raw: bool = False) -> Any:
        return self._frame(calls.PING, exact, raw)

    @documented(calls.TIME)
    def time(self, *, exact: bool = False, raw: bool = False) -> Any:
        return self._frame(calls.TIME, exact, raw)

    @documented(calls.ASSET_QUERY)
    def asset_query(self, *, exact: bool = False, raw: bool = False) -> Any:
        return self._frame(calls.ASSET_QUERY, exact, raw)

    @documented(calls.ASSET_QUERY_HISTORY)
    def asset_query_history(
        self,
        asset: str | None = None,
        business: str | None = None,
        start: Any = None,
        end: Any = None,
        offset: int = 0,
        limit: int = 100,
        *,
        exact: bool = False,
        raw: bool = False,
    ) -> Any:
        return self._frame(
            calls.ASSET_QUERY_HISTORY, exact, raw, asset=asset, business=business,
            **_bounds(start, end), offset=offset, limit=limit,
        )  # fmt: skip

    @documented(calls.MARKET_LIST)
    def market_list(self, *, exact: bool = False, raw: bool = False) -> Any:
        return self._frame(calls.MARKET_LIST, exact, raw)

    @documented(calls.MARKET_DETAIL)
    def market_detail(self, market: str, *, exact: bool = False, raw: bool = False) -> Any:
        return self._frame(calls.MARKET_DETAIL, exact, raw, market=market)

    @documented(calls.MARKET_KLINE)
    def market_kline(
        self,
        market: str,
        start: Any,
        end: Any,
        interval: str | int,
        *,
        exact: bool = False,
        raw: bool = False,
    ) -> Any:
        seconds = interval_seconds(interval)
        values = {"market": market, **_bounds(start, end), "interval": seconds}
        reply = self._link.call(calls.MARKET_KLINE, values)
        if raw:
            return reply.json(exact=exact)
        table = candle_table(calls.MARKET_KLINE, reply.payload, market, exact=exact)
        now = int(self._link.transport().server_time())
        frame = candle_frame(calls.MARKET_KLINE, [table], now, seconds, exact=exact)
        return self._labelled(calls.MARKET_KLINE, frame)

    @documented(calls.MARKET_DEPTH)
    def market_depth(
        self,
        market: str,
        limit: int | str = 20,
        merge: str = "0",
        *,
        exact: bool = False,
        raw: bool = False,
    ) -> Any:
        return self._frame(calls.MARKET_DEPTH, exact, raw, market=market, limit=limit, merge=merge)

    @documented(calls.MARKET_TICKER)
    def market_ticker(self, market: str, *, exact: bool = False, raw: bool = False) -> Any:
        return self._frame(calls.MARKET_TICKER, exact, raw, market=market)

    @documented(calls.MARKET_LAST)
    def market_last(self, market: str, *, exact: bool = False, raw: bool = False) -> Any:
        return self._either(calls.MARKET_LAST, exact, raw, market=market)

    @documented(calls.ORDER_LIMIT)
    def order_limit(
        self,
        market: str,
        side: str,
        amount: Amount,
        price: Amount,
        source: str | None = None,
        time_in_force: str = "GTC",
        client_id: str | None = None,
        *,
        exact: bool = False,
        raw: bool = False,
    ) -> Any:
        return self._frame(
            calls.ORDER_LIMIT, exact, raw, market=market, side=side, amount=amount, price=price,
            source=source, time_in_force=time_in_force, client_id=client_id,
        )  # fmt: skip

    @documented(calls.ORDER_MARKET)
    def order_market(
        self,
        market: str,
        side: str,
        amount: Amount,
        source: str | None = None,
        time_in_force: str = "GTC",
        client_id: str | None = None,
        *,
        exact: bool = False,
        raw: bool = False,
    ) -> Any:
        return self._frame(
            calls.ORDER_MARKET, exact, raw, market=market, side=side, amount=amount,
            source=source, time_in_force=time_in_force, client_id=client_id,
        )  # fmt: skip

    @documented(calls.ORDER_CANCEL)
    def order_cancel(
        self, market: str, order_id: int, *, exact: bool = False, raw: bool = False
    ) -> Any:
        return self._frame(calls.ORDER_CANCEL, exact, raw, market=market, order_id=order_id)

    @documented(calls.ORDER_CANCEL_MULTI)
    def order_cancel_multi(
        self,
        market: str,
        order_ids: str | Iterable[int],
        *,
        exact: bool = False,
        raw: bool = False,
    ) -> Any:
        joined = order_ids if isinstance(order_ids, str) else "|".join(map(str, order_ids))
        return self._frame(calls.ORDER_CANCEL_MULTI, exact, raw, market=market, order_ids=joined)

    @documented(calls.ORDER_CANCEL_ALL)
    def order_cancel_all(
        self, market: str, side: str = "both", *, exact: bool = False, raw: bool = False
    ) -> Any:
        return self._frame(calls.ORDER_CANCEL_ALL, exact, raw, market=market, side=side)

    @documented(calls.ORDER_PENDING)
    def order_pending(
        self,
        market: str,
        side: str = "both",
        offset: int = 0,
        limit: int = 100,
        *,
        exact: bool = False,
        raw: bool = False,
    ) -> Any:
        return self._frame(
            calls.ORDER_PENDING, exact, raw, market=market, side=side, offset=offset, limit=limit
        )

    @documented(calls.ORDER_PENDING_DETAIL)
    def order_pending_detail(
        self, market: str, order_id: int, *, exact: bool = False, raw: bool = False
    ) -> Any:
        return self._frame(calls.ORDER_PENDING_DETAIL, exact, raw, market=market, order_id=order_id)

    @documented(calls.ORDER_DEAL)
    def order_deal(
        self,
        market: str,
        order_id: int,
        offset: int = 0,
        limit: int = 100,
        *,
        exact: bool = False,
        raw: bool = False,
    ) -> Any:
        return self._either(
            calls.ORDER_DEAL, exact, raw, market=market, order_id=order_id, offset=offset,
            limit=limit,
        )  # fmt: skip

    @documented(calls.ORDER_DEALS)
    def order_deals(
        self,
        order_id: int,
        side: str = "both",
        offset: int = 0,
        limit: int = 100,
        *,
        exact: bool = False,
        raw: bool = False,
    ) -> Any:
        return self._frame(
            calls.ORDER_DEALS, exact, raw, order_id=order_id, side=side, offset=offset, limit=limit
        )

    @documented(calls.ORDER_DEAL_HISTORY)
    def order_deal_history(
        self,
        market: str,
        side: str = "both",
        start: Any = None,
        end: Any = None,
        offset: int = 0,
        limit: int = 100,
        *,
        exact: bool = False,
        raw: bool = False,
    ) -> Any:
        return self._frame(
            calls.ORDER_DEAL_HISTORY, exact, raw, market=market, side=side,
            **_bounds(start, end), offset=offset, limit=limit,
        )  # fmt: skip

    @documented(calls.ORDER_FINISHED)
    def order_finished(
        self,
        market: str,
        side: str = "both",
        start: Any = None,
        end: Any = None,
        offset: int = 0,
        limit: int = 100,
        *,
        exact: bool = False,
        raw: bool = False,
    ) -> Any:
        return self._frame(
            calls.ORDER_FINISHED, exact, raw, market=market, side=side,
            **_bounds(start, end), offset=offset, limit=limit,
        )  # fmt: skip

    @documented(calls.ORDER_FINISH_DETAIL)
    def order_finish_detail(self, order_id: int, *, exact: bool = False, raw: bool = False) -> Any:
        return self._frame(calls.ORDER_FINISH_DETAIL, exact, raw, order_id=order_id)

    @documented(calls.ORDER_STOP_LIMIT)
    def order_stop_limit(
        self,
        market: str,
        side: str,
        amount: Amount,
        price: Amount,
        stop_price: Amount,
        source: str | None = None,
        *,
        exact: bool = False,
        raw: bool = False,
    ) -> Any:
        return self._frame(
            calls.ORDER_STOP_LIMIT, exact, raw, market=market, side=side, amount=amount,
            price=price, stop_price=stop_price, source=source,
        )  # fmt: skip

    @documented(calls.ORDER_STOP_MARKET)
    def order_stop_market(
        self,
        market: str,
        side: str,
        amount: Amount,
        stop_price: Amount,
        source: str | None = None,
        *,
        exact: bool = False,
        raw: bool = False,
    ) -> Any:
        return self._frame(
            calls.ORDER_STOP_MARKET, exact, raw, market=market, side=side, amount=amount,
            stop_price=stop_price, source=source,
        )  # fmt: skip

    @documented(calls.ORDER_CANCEL_STOP)
    def order_cancel_stop(
        self, order_id: int, market: str | None = None, *, exact: bool = False, raw: bool = False
    ) -> Any:
        return self._frame(calls.ORDER_CANCEL_STOP, exact, raw, order_id=order_id, market=market)

    @documented(calls.ORDER_CANCEL_STOP_ALL)
    def order_cancel_stop_all(
        self, market: str, side: str = "both", *, exact: bool = False, raw: bool = False
    ) -> Any:
        return self._frame(calls.ORDER_CANCEL_STOP_ALL, exact, raw, market=market, side=side)

    @documented(calls.ORDER_PENDING_STOP)
    def order_pending_stop(
        self,
        market: str,
        side: str = "both",
        offset: int = 0,
        limit: int = 100,
        *,
        exact: bool = False,
        raw: bool = False,
    ) -> Any:
        return self._frame(
            calls.ORDER_PENDING_STOP, exact, raw, market=market, side=side, offset=offset,
            limit=limit,
        )  # fmt: skip

    @documented(calls.ORDER_FINISHED_STOP)
    def order_finished_stop(
        self,
        market: str,
        side: str = "both",
        start: Any = None,
        end: Any = None,
        offset: int = 0,
        limit: int = 100,
        *,
        exact: bool = False,
        raw: bool = False,
    ) -> Any:
        return self._frame(
            calls.ORDER_FINISHED_STOP, exact, raw, market=market, side=side,
            **_bounds(start, end), offset=offset, limit=limit,
        )  # fmt: skip

    def _frame(self, endpoint: Endpoint, exact: bool, raw: bool, **values: object) -> Any:
        if raw:
            return self._link.call(endpoint, values).json(exact=exact)
        rows = self._link.rows(endpoint, values, exact=exact).rows
        return self._labelled(endpoint, to_frame(endpoint, rows, exact=exact))

    def _either(self, endpoint: Endpoint, exact: bool, raw: bool, **values: object) -> Any:
        used, reply = self._link.call_either(endpoint, calls.CATALOGUE, values)
        if raw:
            return reply.json(exact=exact)
        rows = self._link.decode(used, reply, exact=exact).rows
        return self._labelled(endpoint, to_frame(endpoint, rows, exact=exact))

    def _labelled(self, endpoint: Endpoint, frame: Any) -> Any:
        frame.attrs = {
            "environment": self._link.environment,
            "venue": "spot",
            "call": endpoint.name,
        }
        return frame


def _bounds(start: Any, end: Any) -> dict[str, int | None]:
    """Return BTCC's own bounds: whole seconds, both included."""
    first, last = time_range(start, end)
    return {"start": second_at_or_before(first), "end": second_at_or_after(last)}
