"""Pending orders and the stop levels of positions: placing, changing, triggering."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from btcc_research.sandbox import futures_rules
from btcc_research.sandbox.dealer_desk import (
    MARKET_CLOSED,
    Desk,
    check_lots,
    check_part,
    check_stops,
    invalid,
)
from btcc_research.sandbox.dealer_positions import CLOSED, OPENED, Opening, Positions
from btcc_research.sandbox.futures_products import Product
from btcc_research.sandbox.futures_records import FuturesAccount, Pending, PendingType, Position
from btcc_research.sandbox.records import ZERO, Refused, Side


@dataclass(frozen=True, slots=True)
class Waiting:
    """A level a quote may reach: of a pending order, or of a position's own stops."""

    number: int
    type: PendingType
    side: Side
    level: Decimal
    thing: Pending | Position


class Pendings:
    """Orders that wait for a quote; nothing is reserved for them unless a setting says so."""

    def __init__(self, desk: Desk, positions: Positions) -> None:
        self._desk = desk
        self._positions = positions

    def place_opening(
        self, account: FuturesAccount, wanted: Opening, type: PendingType, price: Decimal, now: int
    ) -> Pending:
        """Leave an order that opens a position at a price.

        Raises
        ------
        Refused
            -2 for price or stop levels, -6 where margin is held and lacking, and what an
            opening at market is refused for.
        """
        desk, product = self._desk, wanted.product
        self._positions.check(wanted)
        self.require_hours(product, now)
        self._check_price(price)
        check_stops(product, wanted.side, price, wanted.stop_loss, wanted.take_profit)
        pending = self._pending(account, product, type, wanted.side, wanted.lots, now)
        pending.price, pending.leverage = price, wanted.leverage
        pending.stop_loss, pending.take_profit = wanted.stop_loss, wanted.take_profit
        self._hold_margin(account, pending, wanted.lots, price)
        desk.add(pending)
        return pending

    def place_closing(
        self,
        account: FuturesAccount,
        position: Position,
        type: PendingType,
        lots: Decimal,
        level: Decimal,
        now: int,
    ) -> Pending:
        """Leave an order that closes a position, or a part of it, once a level is reached.

        Raises
        ------
        Refused
            -2 for a level on the wrong side, -8 outside hours, -9 for more than is open.
        """
        self.check_closing(position, type, lots, level, now)
        product = self._desk.products[position.product]
        pending = self._pending(account, product, type, position.closing_side, lots, now)
        pending.leverage, pending.position_id = position.leverage, position.id
        self._set_level(pending, level)
        self._desk.add(pending)
        return pending

    def check_closing(
        self, position: Position, type: PendingType, lots: Decimal, level: Decimal, now: int
    ) -> None:
        """Refuse what `place_closing` would refuse."""
        product = self._desk.products[position.product]
        self.require_hours(product, now)
        check_part(product, position, lots)
        self._check_level(position, type, level)

    def change(
        self,
        account: FuturesAccount,
        pending: Pending,
        lots: Decimal,
        price: Decimal,
        stops: tuple[Decimal | None, Decimal | None],
    ) -> None:
        """Change size, price and stop levels of a waiting order; its type stays (F09).

        A stop level that is None stays as it is. Of a stop loss or take profit order the
        level is the attached one where it is given, else the price.

        Raises
        ------
        Refused
            -2 for price or levels, -6 where margin is held and lacking, -9 size.
        """
        product = self._desk.products[pending.product]
        if pending.opens:
            stop_loss = pending.stop_loss if stops[0] is None else stops[0]
            take_profit = pending.take_profit if stops[1] is None else stops[1]
            check_lots(product, lots)
            self._check_price(price)
            check_stops(product, pending.side, price, stop_loss, take_profit)
            self._hold_margin(account, pending, lots, price)
            pending.price, pending.stop_loss, pending.take_profit = price, stop_loss, take_profit
        else:
            position = self._desk.position(account, pending.position_id)
            attached = {"stop_loss": stops[0], "take_profit": stops[1]}
            level = attached.get(pending.type) or price
            check_part(product, position, lots)
            self._check_level(position, pending.type, level)
            self._set_level(pending, level)
        pending.lots = lots
        self._desk.books.changes += 1

    def require_hours(self, product: Product, now: int) -> None:
        """Refuse pending orders of a closed market, unless the setting takes them."""
        if not (self._desk.settings.pendings_outside_hours or self._desk.is_open(product, now)):
            raise Refused(*MARKET_CLOSED)

    def cancel(self, pending: Pending, now: int) -> None:
        """Take a waiting order back."""
        pending.status = "cancelled"
        self._desk.finish(pending, now)

    def waiting(self, name: str) -> Iterator[Waiting]:
        """Yield every level a quote of a product could reach."""
        for held in self._desk.positions[name].values():
            if held.stop_loss:
                yield Waiting(held.id, "stop_loss", held.closing_side, held.stop_loss, held)
            if held.take_profit:
                yield Waiting(held.id, "take_profit", held.closing_side, held.take_profit, held)
        for pending in self._desk.pendings[name].values():
            yield Waiting(pending.id, pending.type, pending.side, pending.price, pending)

    def trigger(self, names: Iterable[str], now: int) -> None:
        """Carry out what the quotes of open markets have reached, in the order of ids."""
        due = [
            waiting
            for name in names
            for waiting in self.waiting(name)
            if futures_rules.reached(
                waiting.type, waiting.side, waiting.level, self._desk.quotes[name]
            )
        ]
        for waiting in sorted(due, key=lambda waiting: waiting.number):
            if waiting.thing.status == "open":
                self._carry_out(waiting, now)

    def _carry_out(self, waiting: Waiting, now: int) -> None:
        thing = waiting.thing
        if isinstance(thing, Position):
            self._positions.close(thing, thing.lots, now, CLOSED[waiting.type])
            return
        account = self._desk.accounts[thing.account_id]
        thing.held_margin = ZERO
        try:
            filled = self._fill(account, thing, now)
        except Refused:
            thing.status = "declined"
        else:
            thing.status, thing.filled_at = "filled", now
            thing.fill_price, thing.fill_lots = filled.fill_price, filled.fill_lots
            thing.execution_id, thing.fee = filled.execution_id, filled.fee
        if thing.id in account.pendings:
            self._desk.finish(thing, now)

    def _fill(self, account: FuturesAccount, pending: Pending, now: int) -> Position:
        if pending.opens:
            wanted = Opening(
                self._desk.products[pending.product], pending.side, pending.lots,
                pending.leverage, pending.stop_loss, pending.take_profit,
            )  # fmt: skip
            return self._positions.open(account, wanted, now, OPENED[pending.type])
        position = self._desk.position(account, pending.position_id)
        lots = min(pending.lots, position.lots)
        self._positions.close(position, lots, now, CLOSED[pending.type])
        return position

    def _pending(
        self,
        account: FuturesAccount,
        product: Product,
        type: PendingType,
        side: Side,
        lots: Decimal,
        now: int,
    ) -> Pending:
        return Pending(
            id=next(self._desk.pending_ids), product=product.product, side=side, type=type,
            lots=lots, initial_lots=lots, price=ZERO, leverage=1, created_at=now,
            account_id=account.account_id, account_group_id=account.account_group_id,
            market=product.market, asset=product.margin_asset, contract=product.contract,
            price_precision=product.price_precision,
        )  # fmt: skip

    def _check_price(self, price: Decimal) -> None:
        if price <= 0:
            raise invalid("price")

    def _set_level(self, pending: Pending, level: Decimal) -> None:
        """Show the level of an order that closes under the name its type gives it, too."""
        pending.price = level
        if pending.type == "stop_loss":
            pending.stop_loss = level
        elif pending.type == "take_profit":
            pending.take_profit = level

    def _check_level(self, position: Position, type: PendingType, level: Decimal) -> None:
        """Refuse a level that is none, or on the wrong side of the quote that watches it."""
        if level <= 0:
            raise invalid("price" if type == "limit_close" else type)
        product = self._desk.products[position.product]
        watched = self._desk.quote(product).price(position.closing_side)
        stops = {"stop_loss": (level, ZERO), "take_profit": (ZERO, level)}
        check_stops(product, position.side, watched, *stops.get(type, (ZERO, ZERO)))

    def _hold_margin(
        self, account: FuturesAccount, pending: Pending, lots: Decimal, price: Decimal
    ) -> None:
        if not self._desk.settings.pendings_hold_margin:
            return
        product = self._desk.products[pending.product]
        wanted = Opening(product, pending.side, lots, pending.leverage)
        margin = self._positions.margin(wanted, price)
        self._desk.require_margin(account, pending.asset, margin - pending.held_margin)
        pending.held_margin = margin
