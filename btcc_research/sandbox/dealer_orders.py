"""What users ask of the dealer: requests checked against the settings, then carried out."""

from __future__ import annotations

from decimal import Decimal

from btcc_research.sandbox import futures_rules
from btcc_research.sandbox.dealer_desk import (
    NOT_FOUND,
    PRICE_CHANGED,
    Desk,
    check_stops,
    invalid,
)
from btcc_research.sandbox.dealer_pendings import Pendings
from btcc_research.sandbox.dealer_positions import CLOSED, OPENED, Opening, Positions
from btcc_research.sandbox.futures_products import Product
from btcc_research.sandbox.futures_records import Pending, PendingType, Position
from btcc_research.sandbox.futures_rules import precisely
from btcc_research.sandbox.records import ZERO, Refused, Side


class Orders:
    """The requests of the trading calls; each is refused with BTCC's code, or done at once."""

    def __init__(self, desk: Desk, positions: Positions, pendings: Pendings) -> None:
        self._desk = desk
        self._positions = positions
        self._pendings = pendings

    @precisely
    def open_position(
        self,
        account_id: int,
        product: str,
        side: Side,
        lots: Decimal,
        leverage: int,
        now: int,
        *,
        price: Decimal = ZERO,
        stop_loss: Decimal = ZERO,
        take_profit: Decimal = ZERO,
        reference: int = 0,
        second_reference: int = 0,
    ) -> Position:
        """Open a position at market; `price` is only compared, and only where slippage is bounded.

        Raises
        ------
        Refused
            -2 leverage or stop levels, -6, -7, -8, -9, -10.
        """
        account, rules = self._desk.account(account_id), self._desk.product(product)
        stops = self._price(rules, stop_loss), self._price(rules, take_profit)
        wanted = Opening(rules, side, lots, leverage, *stops, reference, second_reference)
        self._positions.check(wanted)
        quote = self._desk.quote(rules)
        check_stops(rules, side, quote.price(futures_rules.other(side)), *stops)
        self._check_slippage(quote.price(side), price)
        return self._positions.open(account, wanted, now, OPENED["market"])

    @precisely
    def close_position(
        self,
        account_id: int,
        position_id: int,
        side: Side,
        lots: Decimal,
        now: int,
        *,
        product: str | None = None,
        price: Decimal = ZERO,
        reference: int = 0,
    ) -> Position:
        """Close a position at market, or a part of it.

        Raises
        ------
        Refused
            -2 a side the setting does not allow (F10), -7, -8, -9, -10.
        """
        position = self._position(account_id, position_id, product)
        self._check_closing_side(position, side)
        rules = self._desk.products[position.product]
        self._check_slippage(self._desk.quote(rules).price(position.closing_side), price)
        self._positions.close(position, lots, now, CLOSED["market"])
        position.reference = reference or position.reference
        return position

    @precisely
    def update_position(
        self,
        account_id: int,
        position_id: int,
        stop_loss: Decimal,
        take_profit: Decimal,
        now: int,
        *,
        product: str | None = None,
    ) -> Position:
        """Set both stop levels of a position; 0 removes one.

        Raises
        ------
        Refused
            -2 a level on the wrong side, too near or too far; -7.
        """
        position = self._position(account_id, position_id, product)
        rules = self._desk.products[position.product]
        stops = self._price(rules, stop_loss), self._price(rules, take_profit)
        self._positions.change_stops(position, *stops, now)
        return position

    @precisely
    def open_pending(
        self,
        account_id: int,
        product: str,
        type: PendingType,
        side: Side,
        lots: Decimal,
        price: Decimal,
        now: int,
        *,
        leverage: int = 1,
        stop_loss: Decimal = ZERO,
        take_profit: Decimal = ZERO,
        position_id: int = 0,
    ) -> Pending:
        """Leave an order that waits for a price; types that close need their position.

        Of a stop loss or take profit order the level is the attached one, or the price.

        Raises
        ------
        Refused
            -2 side, price, leverage or levels; -6, -7, -8, -9.
        """
        account, rules = self._desk.account(account_id), self._desk.product(product)
        level, loss, gain = (self._price(rules, given) for given in (price, stop_loss, take_profit))
        if type in ("limit", "stop"):
            wanted = Opening(rules, side, lots, leverage, loss, gain)
            return self._pendings.place_opening(account, wanted, type, level, now)
        position = self._position(account_id, position_id, product)
        self._check_closing_side(position, side)
        level = {"stop_loss": loss, "take_profit": gain}.get(type) or level
        return self._pendings.place_closing(account, position, type, lots, level, now)

    @precisely
    def open_sltp(
        self,
        account_id: int,
        product: str,
        position_id: int,
        lots: Decimal,
        now: int,
        *,
        stop_loss: Decimal = ZERO,
        take_profit: Decimal = ZERO,
    ) -> list[Pending]:
        """Attach a stop loss order, a take profit order or both to a position (F19).

        Raises
        ------
        Refused
            -2 no level or one that cannot be, -7, -8, -9.
        """
        account, position = (
            self._desk.account(account_id), self._position(account_id, position_id, product)
        )  # fmt: skip
        rules = self._desk.products[position.product]
        levels: dict[PendingType, Decimal] = {"stop_loss": stop_loss, "take_profit": take_profit}
        wanted = [(type, self._price(rules, level)) for type, level in levels.items() if level]
        if not wanted:
            raise invalid("stop_loss")
        for type, level in wanted:  # both or none
            self._pendings.check_closing(position, type, lots, level, now)
        return [
            self._pendings.place_closing(account, position, type, lots, level, now)
            for type, level in wanted
        ]

    @precisely
    def update_pending(
        self,
        account_id: int,
        order_id: int,
        lots: Decimal,
        price: Decimal,
        now: int,
        *,
        type: str | None = None,
        product: str | None = None,
        stop_loss: Decimal | None = None,
        take_profit: Decimal | None = None,
    ) -> Pending:
        """Change a pending order; its type and side stay what they are.

        Raises
        ------
        Refused
            -2 a type the setting does not allow (F09), price or levels; -6, -7, -8, -9.
        """
        pending = self._pending(account_id, order_id, product)
        if self._desk.settings.pending_change_type == "documented" and type != pending.type:
            raise invalid("type")
        rules = self._desk.products[pending.product]
        self._pendings.require_hours(rules, now)
        stops = (self._level(rules, stop_loss), self._level(rules, take_profit))
        self._pendings.change(
            self._desk.account(account_id), pending, lots, self._price(rules, price), stops
        )
        return pending

    @precisely
    def cancel_pending(self, account_id: int, order_id: int, now: int) -> Pending:
        """Take a pending order back, or refuse with -7."""
        pending = self._pending(account_id, order_id, None)
        self._pendings.cancel(pending, now)
        return pending

    def _price(self, product: Product, price: Decimal) -> Decimal:
        """Return a price with the product's digits."""
        return futures_rules.rounded(price, product.price_precision) if price else ZERO

    def _level(self, product: Product, price: Decimal | None) -> Decimal | None:
        return None if price is None else self._price(product, price)

    def _position(self, account_id: int, position_id: int, product: str | None) -> Position:
        position = self._desk.position(self._desk.account(account_id), position_id)
        if product not in (None, position.product):
            raise Refused(*NOT_FOUND)
        return position

    def _pending(self, account_id: int, order_id: int, product: str | None) -> Pending:
        pending = self._desk.account(account_id).pendings.get(order_id)
        if pending is None or product not in (None, pending.product):
            raise Refused(*NOT_FOUND)
        return pending

    def _check_slippage(self, fill: Decimal, wanted: Decimal) -> None:
        most = self._desk.settings.max_slippage
        if most is not None and wanted and abs(fill - wanted) > wanted * most:
            raise Refused(*PRICE_CHANGED)

    def _check_closing_side(self, position: Position, side: Side) -> None:
        """Take the closing order's side or the position's, as the setting says (F10)."""
        readings = {
            "either": (position.side, position.closing_side),
            "order": (position.closing_side,),
            "position": (position.side,),
        }
        if side not in readings[self._desk.settings.closing_side]:
            raise invalid("side")
