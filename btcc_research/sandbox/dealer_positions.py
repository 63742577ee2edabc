"""Opening, closing and changing positions at the dealer's quotes."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

from btcc_research.sandbox import futures_rules
from btcc_research.sandbox.dealer_desk import (
    INVALID_VOLUME,
    MARKET_CLOSED,
    NOT_FOUND,
    Desk,
    check_lots,
    check_part,
    check_stops,
    invalid,
)
from btcc_research.sandbox.dealer_money import Cause
from btcc_research.sandbox.futures_products import Product
from btcc_research.sandbox.futures_records import (
    Execution,
    FuturesAccount,
    Position,
    ReportType,
    TodayType,
)
from btcc_research.sandbox.records import ZERO, Refused, Side


@dataclass(frozen=True, slots=True)
class Opening:
    """What an order to open asks for."""

    product: Product
    side: Side
    lots: Decimal
    leverage: int
    stop_loss: Decimal = ZERO
    take_profit: Decimal = ZERO
    reference: int = 0
    second_reference: int = 0


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a fill happened, in the words of the reports and of the lists of the day."""

    action: Literal["open", "close"]
    type: ReportType
    today_type: TodayType
    remark: str = ""


OPENED = MappingProxyType(
    {
        "market": Reason("open", "market", "market"),
        "limit": Reason("open", "limit", "limit"),
        "stop": Reason("open", "stop", "stop"),
    }
)
CLOSED = MappingProxyType(
    {
        "market": Reason("close", "market", "close"),
        "limit_close": Reason("close", "limit", "close"),
        "stop_loss": Reason("close", "stop_loss", "close"),
        "take_profit": Reason("close", "take_profit", "close"),
    }
)
# The reports have no word for it: the remark says it.
LIQUIDATED = Reason("close", "market", "liquidation", "liquidation")


class Positions:
    """One position per opening order; closing names the position (FU-3)."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def check(self, wanted: Opening) -> None:
        """Refuse what no quote could make possible.

        Raises
        ------
        Refused
            -2 leverage, -7 product not listed, -8 side not tradable, -9 size.
        """
        product = wanted.product
        if product.status != "normal":
            raise Refused(*NOT_FOUND)
        sides = {"yes": ("buy", "sell"), "buy only": ("buy",), "sell only": ("sell",)}
        if wanted.side not in sides.get(product.tradable, ()):
            raise Refused(*MARKET_CLOSED)
        check_lots(product, wanted.lots)
        if not 1 <= wanted.leverage <= product.max_leverage:
            raise invalid("leverage")

    def open(self, account: FuturesAccount, wanted: Opening, now: int, reason: Reason) -> Position:
        """Fill an order to open at the quote of its side, whatever its size (FU-1, FU-4).

        Raises
        ------
        Refused
            What `check` refuses; -6 where free margin is less than margin and fee, -8
            while the market is closed, -9 above the largest position.
        """
        desk, product = self._desk, wanted.product
        self.check(wanted)
        self._check_total(account, product, wanted.lots)
        self._require_open(product, now)
        price = desk.quote(product).price(wanted.side)
        margin = self.margin(wanted, price)
        fee = desk.fee(account, product, "open", wanted.lots, price)
        desk.require_margin(account, product.margin_asset, margin + fee)
        position = Position(
            id=next(desk.position_ids), product=product.product, side=wanted.side,
            lots=wanted.lots, initial_lots=wanted.lots, open_price=price, margin=margin,
            leverage=wanted.leverage, fee_due=fee, fee=fee, opened_at=now,
            account_id=account.account_id, account_group_id=account.account_group_id,
            execution_id=next(desk.execution_ids), product_id=product.product_id,
            asset=product.margin_asset, stop_loss=wanted.stop_loss,
            take_profit=wanted.take_profit,
            stops_set_at=now if wanted.stop_loss or wanted.take_profit else 0,
            exchange_rate=futures_rules.exchange_rate(product, price), fill_price=price,
            fill_lots=wanted.lots, filled_at=now, reference=wanted.reference,
            second_reference=wanted.second_reference,
        )  # fmt: skip
        desk.books.charge(account, position.asset, fee, Cause("fee", now, _remark(position)))
        desk.add(position)
        desk.value(position)
        account.executions.append(self._execution(position, reason, ZERO, margin))
        return position

    def margin(self, wanted: Opening, price: Decimal) -> Decimal:
        """Return the margin an order to open needs at a price."""
        settings = self._desk.settings
        margin = futures_rules.opening_margin(
            wanted.product, wanted.lots, price, wanted.leverage, tiered=settings.tiered_margin
        )
        return futures_rules.rounded(margin, settings.booking_places)

    def close(self, position: Position, lots: Decimal, now: int, reason: Reason) -> Execution:
        """Close a position, or a part of it, at the quote of the closing side (FU-3).

        Profit and fee are those of the closed part; margin and interest shrink with it.

        Raises
        ------
        Refused
            -8 while the market is closed, -9 for more than is open.
        """
        desk = self._desk
        product, account = desk.products[position.product], desk.accounts[position.account_id]
        self._require_open(product, now)
        check_part(product, position, lots)
        price = desk.quote(product).price(position.closing_side)
        position.execution_id = next(desk.execution_ids)
        position.fill_price, position.fill_lots, position.filled_at = price, lots, now
        position.exchange_rate = futures_rules.exchange_rate(product, price)
        profit = futures_rules.profit(product, position.side, lots, position.open_price, price)
        cause = Cause("profit", now, _remark(position))
        position.realized = desk.books.profit(account, position.asset, profit, cause)
        interest, margin = self._reduce(position, lots, now)
        self._take_fee(account, position, reason)
        if not any(desk.held(account, position.asset)):
            desk.books.cover(account, position.asset, now)
        execution = self._execution(position, reason, interest, margin)
        account.executions.append(execution)
        return execution

    def change_stops(
        self, position: Position, stop_loss: Decimal, take_profit: Decimal, now: int
    ) -> None:
        """Set both levels of a position, 0 for none; one that stays is not checked again.

        Raises
        ------
        Refused
            -2 for a level on the wrong side, too near or too far.
        """
        product = self._desk.products[position.product]
        watched = self._desk.quote(product).price(position.closing_side)
        new_loss = stop_loss if stop_loss != position.stop_loss else ZERO
        new_profit = take_profit if take_profit != position.take_profit else ZERO
        check_stops(product, position.side, watched, new_loss, new_profit)
        position.stop_loss, position.take_profit = stop_loss, take_profit
        position.stops_set_at = now
        self._desk.books.changes += 1

    def _require_open(self, product: Product, now: int) -> None:
        if not self._desk.is_open(product, now):
            raise Refused(*MARKET_CLOSED)

    def _check_total(self, account: FuturesAccount, product: Product, lots: Decimal) -> None:
        held = (p.lots for p in account.positions.values() if p.product == product.product)
        if sum(held, lots) > product.max_position_lots:
            raise Refused(*INVALID_VOLUME)

    def _booked(self, amount: Decimal) -> Decimal:
        return futures_rules.rounded(amount, self._desk.settings.booking_places)

    def _reduce(self, position: Position, lots: Decimal, now: int) -> tuple[Decimal, Decimal]:
        """Take closed lots out; return the interest and the margin that go with them."""
        rest = position.lots - lots
        if not rest:
            position.status, position.lots, position.unrealized = "closed", rest, ZERO
            position.closed_at, position.close_price = now, position.fill_price
            self._desk.remove(position, now)
            return position.interest, position.margin
        keep = rest / position.lots
        before = position.interest, position.margin
        position.interest = self._booked(position.interest * keep)
        position.funding = self._booked(position.funding * keep)
        position.margin = self._booked(position.margin * keep)
        position.lots = rest
        self._desk.value(position)
        self._desk.books.changes += 1
        return before[0] - position.interest, before[1] - position.margin

    def _take_fee(self, account: FuturesAccount, position: Position, reason: Reason) -> None:
        """Charge the closing fee, or of a liquidation what is left of its fee (FU-6, FU-9)."""
        desk, asset = self._desk, position.asset
        product = desk.products[position.product]
        lots, price, now = position.fill_lots, position.fill_price, position.filled_at
        cause = Cause("fee", now, _remark(position))
        taken = position.fee_due = desk.fee(account, product, "close", lots, price)
        if reason is LIQUIDATED:
            cause = Cause("liquidation fee", now, _remark(position), "fund")
            rate = desk.settings.liquidation_rate(product.market)
            position.fee_due = self._booked(futures_rules.notional(product, lots, price) * rate)
            left = min(account.wallet(asset).balance, desk.equity(account, asset))
            taken = min(position.fee_due, max(left - desk.settings.balance_floor, ZERO))
        position.fee = desk.books.charge(account, asset, taken, cause)

    def _execution(
        self, position: Position, reason: Reason, interest: Decimal, margin: Decimal
    ) -> Execution:
        """Describe the last fill of a position."""
        product, closes = self._desk.products[position.product], reason.action == "close"
        return Execution(
            id=position.execution_id, time=position.filled_at, position_id=position.id,
            product=position.product, market=product.market,
            side=position.closing_side if closes else position.side, action=reason.action,
            type=reason.type, today_type=reason.today_type, price=position.fill_price,
            lots=position.fill_lots, fee=position.fee, realized=position.realized,
            interest=interest, leverage=position.leverage, margin=margin,
            open_price=position.open_price, opened_at=position.opened_at,
            open_lots=position.initial_lots,
            close_price=position.fill_price if closes else ZERO,
            closed_at=position.filled_at if closes else 0, stop_loss=position.stop_loss,
            take_profit=position.take_profit, stops_set_at=position.stops_set_at,
            price_precision=product.price_precision, asset=position.asset,
            contract=product.contract, account_id=position.account_id,
            account_group_id=position.account_group_id, reference=position.reference,
            remark=reason.remark,
        )  # fmt: skip


def _remark(position: Position) -> str:
    return f"position {position.id}, execution {position.execution_id}"
