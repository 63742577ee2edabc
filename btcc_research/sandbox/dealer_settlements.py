"""Funding of crypto products and rollover of tokenized ones, at their hours (FU-7, FU-8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from btcc_research.sandbox import futures_rules
from btcc_research.sandbox.dealer_desk import Desk
from btcc_research.sandbox.dealer_money import Cause
from btcc_research.sandbox.futures_products import Product
from btcc_research.sandbox.futures_records import Position
from btcc_research.sandbox.futures_rules import HOUR_US
from btcc_research.sandbox.records import ZERO

RateOf = Callable[[str, int], Decimal]
"""The settled funding rate of a product at a time in microseconds."""


class Settlements:
    """Charges what is due since the last quote; positions meet it that were open by then."""

    def __init__(self, desk: Desk, rate_of: RateOf) -> None:
        self._desk = desk
        self._rate_of = rate_of
        self._settled: dict[str, int] = {}

    def hours(self, product: Product) -> tuple[int, ...]:
        """Return the UTC hours at which a product settles."""
        settings = self._desk.settings
        funded = product.carry == "funding"
        return settings.funding_hours if funded else (settings.rollover_hour,)

    def settle(self, name: str, now: int) -> None:
        """Book every settlement of a product that became due by now, at the current quote."""
        product, held = self._desk.products[name], self._desk.positions[name]
        since, self._settled[name] = self._settled.get(name, now), now
        if not held or since // HOUR_US == now // HOUR_US:
            return  # settlements are on the hour
        since = max(since, min(position.opened_at for position in held.values()) - 1)
        for moment in futures_rules.moments(self.hours(product), since, now):
            open_then = [p for p in held.values() if p.opened_at <= moment]
            if product.carry == "rollover":
                self._roll_over(product, open_then, moment, now)
            else:
                self._fund(product, open_then, moment, now)

    def _roll_over(
        self, product: Product, positions: Iterable[Position], moment: int, now: int
    ) -> None:
        days = futures_rules.rollover_days(moment, self._desk.settings)
        for position in positions:
            flow = futures_rules.rollover_flow(
                product, position.side, position.lots, position.open_price, days
            )
            self._book(position, flow, Cause("rollover", now, f"position {position.id}"))

    def _fund(self, product: Product, positions: Iterable[Position], moment: int, now: int) -> None:
        """Charge payers down to the floor, and pay receivers: in full, or what was collected."""
        settings, rate = self._desk.settings, self._rate_of(product.product, moment)
        value = self._desk.quote(product).mid
        flows = [
            (p, futures_rules.funding_flow(
                p.side, futures_rules.notional(product, p.lots, value), rate))
            for p in positions
        ]  # fmt: skip
        paid = [self._pay(position, -flow, rate, now) for position, flow in flows if flow < 0]
        due = [(p, self._booked(flow)) for p, flow in flows if flow > 0]
        amounts = [flow for _, flow in due]
        if settings.funding_counterparty == "users":
            places = settings.booking_places
            amounts = futures_rules.shared(sum(paid, ZERO), amounts, places)
        for (position, _), amount in zip(due, amounts, strict=True):
            self._book(position, amount, _funding(position, rate, now))

    def _pay(self, position: Position, owed: Decimal, rate: Decimal, now: int) -> Decimal:
        """Charge funding as far as the account's equity stays above the floor."""
        account, asset = self._desk.accounts[position.account_id], position.asset
        floor = self._desk.settings.funding_floor
        if floor is None:
            floor = self._desk.settings.stop_out(now)
        spare = self._desk.equity(account, asset) - floor * self._desk.margin(account, asset)
        paid = min(self._booked(owed), max(spare, ZERO))
        self._book(position, -paid, _funding(position, rate, now))
        return paid

    def _book(self, position: Position, flow: Decimal, cause: Cause) -> None:
        """Book money to the balance, and add it to what the position shows (FU-7)."""
        account = self._desk.accounts[position.account_id]
        flow = self._desk.books.carry(account, position.asset, flow, cause)
        position.interest += flow
        if cause.business == "funding":
            position.funding += flow

    def _booked(self, amount: Decimal) -> Decimal:
        return futures_rules.rounded(amount, self._desk.settings.booking_places)


def _funding(position: Position, rate: Decimal, now: int) -> Cause:
    return Cause("funding", now, f"position {position.id}, rate {rate}")
