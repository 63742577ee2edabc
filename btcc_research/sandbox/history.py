"""The demonstration account's past: 120 days of orders that really ran through the engine.

Limit orders fill in pieces when the simulated price reaches them, market orders walk a
quoted book, some orders are cancelled, conditional orders trigger, money comes and goes.
So every execution lies inside its candle and the ledger explains the balances exactly.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from random import Random

import numpy as np

from btcc_research.sandbox.exchange import Exchange
from btcc_research.sandbox.market import (
    DAY,
    MINUTE_US,
    MINUTES_A_DAY,
    Candles,
    PricePath,
)
from btcc_research.sandbox.money import cut
from btcc_research.sandbox.participants import HOUSE, Participants
from btcc_research.sandbox.records import Market, Refused, Side

DAYS = 120
TRADED = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "ETHBTC")
ORDERS_A_DAY = 26
FIRST_DEPOSITS = (("USDT", "60000"), ("BTC", "0.6"), ("ETH", "6"))
USUAL_VALUE = 420
SOURCE = "demo"

Action = Iterator[int]
"""Something the trader does in steps: it yields the time of its next step."""


@dataclass(slots=True)
class Scene:
    """One market on one day, as the trader sees it from a minute on."""

    rules: Market
    day: Candles
    unit: Decimal
    minute: int

    @property
    def market(self) -> str:
        """The name of the market."""
        return self.rules.market

    @property
    def price(self) -> Decimal:
        """The price at the start of the minute."""
        return Decimal(int(self.day.open[self.minute])) * self.unit

    @property
    def range(self) -> tuple[int, int]:
        """Lowest and highest price of the minute, in ticks."""
        return int(self.day.low[self.minute]), int(self.day.high[self.minute])


class Trader:
    """Runs the demonstration account's days."""

    def __init__(
        self, user: int, exchange: Exchange, participants: Participants, seed: int
    ) -> None:
        self._user = user
        self._exchange = exchange
        self._participants = participants
        self._random = Random(f"{seed} demonstration")  # noqa: S311 (a simulation, repeatable on purpose)

    def live(self, paths: dict[str, PricePath], until: int) -> None:
        """Trade every day of the 120 days before `until` (microseconds), and that day so far.

        The last day is planned whole and lived until `until`, so a later start on the same
        day continues the same story.
        """
        today = until // MINUTE_US // MINUTES_A_DAY
        first_day = today - DAYS
        for asset, amount in FIRST_DEPOSITS:
            self._exchange.deposit(self._user, asset, Decimal(amount), first_day * DAY * 1_000_000)
        for day in range(first_day, today + 1):
            self._move_money(day, first_day)
            self._run([*self._actions(paths, day)], until)

    def leave_open(self, now: int) -> None:
        """Leave two orders and a conditional one waiting, as a real account has them."""
        for market, side, percent in (("BTCUSDT", "buy", 98), ("ETHUSDT", "sell", 103)):
            rules = self._exchange.markets[market]
            self._participants.advance(market, now)
            last = self._exchange.books[market].last or Decimal(0)
            price = cut(last * percent / 100, rules.price_precision)
            amount = cut(Decimal(USUAL_VALUE) / price, rules.amount_precision)
            self._exchange.place_limit(
                self._user, market, "buy" if side == "buy" else "sell", amount, price, now,
                source=SOURCE,
            )  # fmt: skip
        self._participants.advance("SOLUSDT", now)
        stop = (self._exchange.books["SOLUSDT"].last or Decimal(0)) * 95 / 100
        self._exchange.place_plan(
            self._user, "SOLUSDT", "sell", Decimal(3), None, stop, now, source=SOURCE
        )

    def _move_money(self, day: int, first_day: int) -> None:
        now, age = day * DAY * 1_000_000, day - first_day
        if age and age % 30 == 0:
            self._exchange.deposit(self._user, "USDT", Decimal(2500), now)
        if age in (45, 95):
            amount = Decimal("-1500.5") if age == 45 else Decimal("-800")
            self._exchange.deposit(self._user, "USDT", amount, now, "withdraw")

    def _run(self, actions: list[tuple[int, Action]], until: int) -> None:
        """Run actions side by side in the order of time, so that the ledger is in order."""
        number = count()
        queue = [(start, next(number), action) for start, action in actions]
        heapq.heapify(queue)
        while queue and queue[0][0] < until:
            _, _, action = heapq.heappop(queue)
            try:
                heapq.heappush(queue, (next(action), next(number), action))
            except (StopIteration, Refused):
                continue  # done, or a balance too small: the trader lets it be

    def _actions(self, paths: dict[str, PricePath], day: int) -> Iterator[tuple[int, Action]]:
        first = day * MINUTES_A_DAY
        last = first + MINUTES_A_DAY - 1
        seen = {market: paths[market].minutes(first, last) for market in TRADED}
        wanted = round(ORDERS_A_DAY * self._random.uniform(0.6, 1.4))
        for _ in range(wanted):
            market = self._random.choices(TRADED, (30, 25, 20, 15, 10))[0]
            rules = paths[market].rules
            unit = Decimal(1).scaleb(-rules.price_precision)
            scene = Scene(rules, seen[market], unit, self._random.randrange(MINUTES_A_DAY))
            kind = self._random.choices(
                (self._limit, self._market, self._plan, self._second_thoughts), (52, 30, 8, 10)
            )[0]
            start = self._moment(scene)
            yield start, kind(scene, start)

    def _moment(self, scene: Scene, minute: int | None = None) -> int:
        """Move the scene to a minute and return a time inside it, in microseconds."""
        if minute is not None:
            scene.minute = minute
        opens = int(scene.day.open_time[scene.minute])
        return opens * 1_000_000 + self._random.randrange(1_000, 58_000_000)

    def _busy(self, scene: Scene) -> bool:
        """Whether an own order rests in the market; a second one could trade with it."""
        return bool(self._exchange.open_orders(self._user, scene.market))

    def _choose_side(self, scene: Scene) -> Side:
        """Lean towards the side the account has more money for."""
        account = self._exchange.account(self._user)
        base = float(account.balance(scene.rules.base).available * scene.price)
        quote = float(account.balance(scene.rules.quote).available)
        buy = quote / (base + quote) if base + quote else 0.5
        return "buy" if self._random.random() < 0.15 + 0.7 * buy else "sell"

    def _amount(self, scene: Scene) -> Decimal:
        value = USUAL_VALUE * self._random.lognormvariate(0, 0.5)
        if scene.rules.quote == "BTC":
            value /= 60_000
        wanted = cut(Decimal(value) / scene.price, scene.rules.amount_precision)
        return max(wanted, scene.rules.min_amount * 3)

    def _limit(self, scene: Scene, now: int) -> Action:
        """Wait at a price a little better than the market; fill in pieces, or cancel."""
        if self._busy(scene):
            return
        side, rules = self._choose_side(scene), scene.rules
        better = Decimal(self._random.randint(20, 300)) / 100_000
        aim = scene.price * (1 - better if side == "buy" else 1 + better)
        price = cut(aim, rules.price_precision)
        order = self._exchange.place_limit(
            self._user, scene.market, side, self._amount(scene), price, now, source=SOURCE
        )
        for minute, beyond in self._reached(scene, side, price):
            now = self._moment(scene, minute)
            yield now
            share = 100 if beyond else self._random.choice((25, 40, 60, 100))
            piece = cut(order.remaining * share / 100, rules.amount_precision)
            if order.remaining - piece < rules.min_amount:
                piece = order.remaining
            if piece >= rules.min_amount:
                self._participants.place(
                    scene.market, _other(side), piece, price, now, time_in_force="IOC"
                )
            if order.id not in self._exchange.orders:
                return
        yield now + 60_000_000
        self._exchange.cancel(self._user, scene.market, order.id, now + 60_000_000)

    def _reached(self, scene: Scene, side: Side, price: Decimal) -> list[tuple[int, bool]]:
        """Return later minutes that contain the price, and whether they go well beyond it."""
        ticks = int(price / scene.unit)
        patience = slice(scene.minute + 1, scene.minute + self._random.randint(30, 300))
        low, high = scene.day.low[patience], scene.day.high[patience]
        inside = np.flatnonzero((low <= ticks) & (high >= ticks))
        beyond = (ticks - low if side == "buy" else high - ticks) > max(2, ticks // 5000)
        return [(int(at) + patience.start, bool(beyond[at])) for at in inside]

    def _market(self, scene: Scene, now: int) -> Action:
        """Take what is quoted inside the minute's candle, through up to three levels."""
        if self._busy(scene):
            return
        side, amount = self._choose_side(scene), self._amount(scene)
        quotes = []
        for _ in range(self._random.choices((1, 2, 3), (45, 35, 20))[0]):
            piece = amount * Decimal(self._random.randint(30, 60)) / 100
            level = Decimal(self._random.randint(*scene.range)) * scene.unit
            quotes.append(self._offer(scene, _other(side), piece, level, now))
        precision = scene.rules.amount_precision
        spend = cut(amount * scene.price, precision) if side == "buy" else amount
        try:
            self._exchange.place_market(self._user, scene.market, side, spend, now, source=SOURCE)
        finally:
            self._withdraw(scene, quotes, now)
        yield from ()

    def _plan(self, scene: Scene, now: int) -> Action:
        """Leave a conditional order; the price reaches it within hours, or it is cancelled."""
        later = min(scene.minute + self._random.randint(20, 400), len(scene.day.open) - 1)
        side, amount = self._choose_side(scene), self._amount(scene)
        stop = Decimal(int(scene.day.close[later])) * scene.unit
        limit = stop if self._random.random() < 0.5 else None
        if side == "buy" and limit is None:
            amount = cut(amount * stop, scene.rules.amount_precision)
        plan = self._exchange.place_plan(
            self._user, scene.market, side, amount, limit, stop, now, source=SOURCE
        )
        now = self._moment(scene, later)
        yield now
        waiting = plan.finished_at is None
        if waiting and (self._busy(scene) or self._random.random() < 0.2):
            self._exchange.cancel_plan(self._user, plan.id, now)
            return
        lowest, highest = (tick * scene.unit for tick in scene.range)
        plenty = self._amount(scene) * 4
        quotes = [
            self._offer(scene, "sell", plenty, min(stop + scene.unit, highest), now),
            self._offer(scene, "buy", plenty, max(stop - scene.unit, lowest), now),
        ]  # somebody to trade with once the order is triggered
        self._participants.visit(scene.market, stop, now)  # triggers it
        self._participants.visit(scene.market, stop, now)  # fills what then rests at the stop
        self._withdraw(scene, quotes, now)

    def _second_thoughts(self, scene: Scene, now: int) -> Action:
        """Place an order far away and cancel it unfilled."""
        if self._busy(scene):
            return
        side = self._choose_side(scene)
        far = Decimal("0.97") if side == "buy" else Decimal("1.03")
        price = cut(scene.price * far, scene.rules.price_precision)
        order = self._exchange.place_limit(
            self._user, scene.market, side, self._amount(scene), price, now, source=SOURCE
        )
        now += self._random.randrange(1_000_000, 300_000_000)
        yield now
        self._exchange.cancel(self._user, scene.market, order.id, now)

    def _offer(self, scene: Scene, side: Side, amount: Decimal, price: Decimal, now: int) -> int:
        """Let a participant leave an order; return its id."""
        size = max(cut(amount, scene.rules.amount_precision), scene.rules.min_amount)
        return self._participants.place(scene.market, side, size, price, now).id

    def _withdraw(self, scene: Scene, numbers: list[int], now: int) -> None:
        for number in numbers:
            if number in self._exchange.orders:
                self._exchange.cancel(HOUSE, scene.market, number, now)


def _other(side: Side) -> Side:
    return "sell" if side == "buy" else "buy"
