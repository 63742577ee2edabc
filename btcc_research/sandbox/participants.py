"""Simulated participants: they keep a book around the simulated price and trade through it.

Everything they do goes through the matching engine like any other order, so a resting
order of a user fills when the price comes to it and a conditional order triggers.
"""

from __future__ import annotations

from decimal import Decimal
from random import Random

from btcc_research.sandbox.exchange import Exchange
from btcc_research.sandbox.market import MINUTE_US, PricePath
from btcc_research.sandbox.money import cut
from btcc_research.sandbox.records import Market, Order, Side

HOUSE = 1
LEVELS = 50
REFRESH_US = 1_000_000
HALF_SPREAD = Decimal("0.0001")
PLENTY = Decimal(10) ** 15


class Participants:
    """The other side of every market."""

    def __init__(self, exchange: Exchange, paths: dict[str, PricePath], seed: int) -> None:
        self._exchange = exchange
        self._paths = paths
        self._seed = seed
        self._quotes: dict[str, list[int]] = {market: [] for market in paths}
        self._seen: dict[str, int] = {}
        house = exchange.account(HOUSE)
        house.keeps_history = False
        for asset in {a for path in paths.values() for a in (path.rules.base, path.rules.quote)}:
            exchange.deposit(HOUSE, asset, PLENTY, 0)

    def advance(self, market: str, now: int) -> None:
        """Bring a market to `now`: visit the prices of the time between, then quote anew."""
        rules = self._exchange.markets[market]
        since = self._seen.get(market, now)
        if not rules.is_open or (market in self._seen and now - since < REFRESH_US):
            return
        path = self._paths[market]
        self._withdraw(rules, now)
        if now - since > MINUTE_US:
            for price in path.extremes(since, now):
                self.visit(market, price, now)
        price = path.price(now)
        self.visit(market, price, now)
        self._quote(rules, price, now)
        self._seen[market] = now

    def visit(self, market: str, price: Decimal, now: int) -> None:
        """Trade at a price: fill what users left at it or beyond it, then print it."""
        rules = self._exchange.markets[market]
        self._sweep(rules, "sell", price, now)
        self._sweep(rules, "buy", price, now)
        self.place(market, "sell", rules.min_amount, price, now)
        self.place(market, "buy", rules.min_amount, price, now, time_in_force="IOC")

    def place(
        self,
        market: str,
        side: Side,
        amount: Decimal,
        price: Decimal,
        now: int,
        *,
        time_in_force: str = "GTC",
    ) -> Order:
        """Place a limit order of the participants."""
        return self._exchange.place_limit(
            HOUSE, market, side, amount, price, now, time_in_force=time_in_force
        )

    def _sweep(self, rules: Market, side: Side, price: Decimal, now: int) -> None:
        waiting = self._exchange.books[rules.market].side("buy" if side == "sell" else "sell")
        beyond = [o for o in waiting if (o.price >= price if side == "sell" else o.price <= price)]
        amount = sum((order.remaining for order in beyond), Decimal(0))
        if amount >= rules.min_amount:
            self.place(rules.market, side, amount, price, now, time_in_force="IOC")

    def _withdraw(self, rules: Market, now: int) -> None:
        for number in self._quotes[rules.market]:
            if number in self._exchange.orders:
                self._exchange.cancel(HOUSE, rules.market, number, now)
        self._quotes[rules.market] = []

    def _quote(self, rules: Market, price: Decimal, now: int) -> None:
        second = now // REFRESH_US
        random = Random(f"{self._seed} {rules.market} {second}")  # noqa: S311 (a simulation)
        tick = Decimal(1).scaleb(-rules.price_precision)
        usual = self._paths[rules.market].usual_amount
        for side, sign in (("buy", -1), ("sell", 1)):
            distance = max(tick, price * HALF_SPREAD)
            for _ in range(LEVELS):
                level = max(cut(price + sign * distance, rules.price_precision), tick)
                amount = cut(usual * Decimal(random.lognormvariate(-0.5, 0.9)), 12)
                order = self.place(
                    rules.market,
                    "buy" if side == "buy" else "sell",
                    max(cut(amount, rules.amount_precision), rules.min_amount),
                    level,
                    now,
                )
                self._quotes[rules.market].append(order.id)
                distance += max(tick, price * Decimal(random.randint(2, 12)) / 100_000)
