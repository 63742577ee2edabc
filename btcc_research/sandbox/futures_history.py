"""The demonstration account's futures past: 120 days that really ran through the dealer.

Orders are placed at the quotes of their time and everything between happens as the prices
make it: stop levels and pending orders trigger, funding and rollover are settled, and twice
a reckless position is liquidated. Money comes and goes.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from random import Random
from typing import Literal

from btcc_research.sandbox.dealer import Dealer
from btcc_research.sandbox.futures_market import SECOND_US, FuturesMarket
from btcc_research.sandbox.futures_products import Product, Quote
from btcc_research.sandbox.futures_quoter import Quoter
from btcc_research.sandbox.futures_records import Position
from btcc_research.sandbox.futures_rules import DAY_US, HOUR_US, precisely, rounded, sign
from btcc_research.sandbox.records import ZERO, Refused, Side

DAYS = 120
TRADES_A_DAY = 4.3
COINS = {"BTC": Decimal("0.4"), "ETH": Decimal(6)}
MAJORS = ("BTCUSDT", "ETHUSDT", "BTCUSD", "ETHUSD")
# Besides, each week is about one more product.
WEEKS = (
    "SOLUSDT",
    "TSLAUSDT",
    "XRPUSDT",
    "XAUUSDT",
    "1000BONKUSDT",
    "TSLAUSDT",
    "DOGEUSDT",
    "XAUUSDT",
)
WEIGHTS = (28, 24, 10, 8, 30)
INSIGHT = 0.12  # how often the trader is right on purpose, which about pays the fees
# By age in days: amounts of USDT that come (or go), and promotional money.
MONEY = {30: "4000", 50: "-2500.5", 60: "4000", 90: "4000", 101: "-1800"}
BONUS = {12: "150", 70: "80"}
RECKLESS = {38: ("ETHUSD", 20), 84: ("BTCUSD", 50)}
KEPT: tuple[tuple[str, Side, float, int], ...] = (
    ("BTCUSDT", "buy", 0.30, 20), ("ETHUSDT", "sell", 0.20, 20), ("SOLUSDT", "buy", 0.08, 10),
    ("BTCUSD", "buy", 0.30, 5),
)  # fmt: skip
WAITING: tuple[tuple[str, Literal["limit", "stop"], Side], ...] = (
    ("BTCUSDT", "limit", "buy"), ("ETHUSDT", "stop", "buy"), ("XRPUSDT", "limit", "sell"),
)  # fmt: skip

Action = Iterator[int]
"""Something the trader does in steps: it yields the time of its next step."""


class FuturesTrader:
    """Runs the demonstration account's days at the dealer."""

    def __init__(
        self, account_id: int, dealer: Dealer, quoter: Quoter, market: FuturesMarket, seed: int
    ) -> None:
        self._id = account_id
        self._account = dealer.account(account_id)
        self._dealer = dealer
        self._quoter = quoter
        self._market = market
        self._random = Random(f"{seed} futures demonstration")  # noqa: S311 (a simulation)
        self._products = {rules.market: rules for rules in market.products.values()}
        self._queue: list[tuple[int, int, Action]] = []
        self._number = count()
        self._reckless: set[str] = set()

    @precisely
    def live(self, until: int) -> None:
        """Trade every day of the 120 days before `until` (microseconds), and that day so far.

        The last day is planned whole and lived until `until`, so a later start on the same
        day continues the same story. What is opened to be kept stays open at the end.
        """
        today = until // DAY_US
        first = today - DAYS
        for asset, amount in (("USDT", self._dealer.settings.demo_balance), *COINS.items()):
            self._dealer.deposit(self._id, asset, amount, first * DAY_US)
        for day in range(first, today + 1):
            self._plan(day, day - first)
            self._run(min((day + 1) * DAY_US, until))
        self._quoter.advance(until)

    def _run(self, until: int) -> None:
        """Carry on with what is planned, in the order of time."""
        while self._queue and self._queue[0][0] < until:
            _, _, action = heapq.heappop(self._queue)
            try:
                self._add(next(action), action)
            except (StopIteration, Refused):
                continue  # done, or refused: the trader lets it be

    def _add(self, start: int, action: Action) -> None:
        heapq.heappush(self._queue, (start, next(self._number), action))

    def _plan(self, day: int, age: int) -> None:
        morning, noon = day * DAY_US + 7 * HOUR_US, day * DAY_US + 12 * HOUR_US
        if age in MONEY or age in BONUS:
            self._add(morning, self._move_money(age, morning))
        if age in RECKLESS:
            self._add(morning, self._gamble(*RECKLESS[age], morning))
        if age == DAYS - 1:
            self._add(noon, self._leave_open(noon))
        elif age >= DAYS - 5:
            self._add(noon, self._keep_gold(noon))
        markets = (*MAJORS, WEEKS[age // 7 % len(WEEKS)])
        kinds = (self._swing, self._wait, self._bracket, self._think_again, self._overreach)
        for _ in range(round(TRADES_A_DAY * self._random.uniform(0.6, 1.4))):
            product = self._products[self._random.choices(markets, WEIGHTS)[0]]
            kind = self._random.choices(kinds, (48, 29, 15, 5, 3))[0]
            start = self._when_open(product, day * DAY_US + self._random.randrange(DAY_US))
            self._add(start, kind(product, start))

    def _look(self, product: Product, now: int) -> Quote:
        """Let happen what happens until now, and return the quote of a product."""
        self._quoter.advance(now, [product.product])
        return self._dealer.quotes[product.product]

    def _when_open(self, product: Product, now: int) -> int:
        """Return the time itself, or one in the first minutes after the market opens."""
        opens = self._market.next_open(product.product, now // SECOND_US) * SECOND_US
        return now if opens <= now else opens + self._random.randrange(1, HOUR_US // 4)

    def _volatility(self, product: Product) -> float:
        return self._market.path(product.product).daily_volatility

    def _at(self, price: Decimal, product: Product, share: float) -> Decimal:
        """Return a price a share away from another."""
        return rounded(price * Decimal(1 + share), product.price_precision)

    def _lots(self, product: Product, quote: Quote, share: float) -> Decimal:
        """Return lots worth a share of equity."""
        equity, _ = self._dealer.standing(self._id, product.margin_asset)
        lots = equity * Decimal(share) / (1 if product.is_coin_margined else quote.mid)
        return max(lots // product.step_lots * product.step_lots, product.min_lots)

    def _leverage(self, product: Product) -> int:
        usual = self._random.choices((5, 10, 20, 50, 100), (10, 25, 35, 20, 10))[0]
        return min(usual, product.max_leverage)

    def _side(self, product: Product, now: int, hold: int) -> Side:
        if self._random.random() > INSIGHT:
            return "buy" if self._random.random() < 0.5 else "sell"
        midnight = (now // DAY_US + 1) * DAY_US - 1
        moments = now, min(now + hold, midnight)
        before, after = (self._market.ticks(product.product, at // SECOND_US) for at in moments)
        return "buy" if after > before else "sell"

    def _hold(self) -> int:
        """Return for how long a position is kept: minutes to three days."""
        return int(min(self._random.lognormvariate(1.6, 1.0), 70) * HOUR_US)

    def _stops(
        self, product: Product, side: Side, price: Decimal, likely: float = 0.7
    ) -> tuple[Decimal, Decimal]:
        """Return stop loss and take profit for a position at a price; either may be 0."""
        usual, direction = self._volatility(product), sign(side)
        loss, gain = self._random.uniform(0.4, 1.2), self._random.uniform(0.5, 1.6)
        wanted = self._random.random() < likely, self._random.random() < likely
        return (
            self._at(price, product, -direction * loss * usual) if wanted[0] else ZERO,
            self._at(price, product, direction * gain * usual) if wanted[1] else ZERO,
        )

    def _open(self, product: Product, now: int, hold: int, likely: float) -> Position:
        quote = self._look(product, now)
        side, share = self._side(product, now, hold), self._random.uniform(0.1, 0.5)
        lots = self._lots(product, quote, share)
        loss, gain = self._stops(product, side, quote.mid, likely)
        return self._dealer.open_position(
            self._id, product.product, side, lots, self._leverage(product), now,
            stop_loss=loss, take_profit=gain,
        )  # fmt: skip

    def _close(self, position: Position, lots: Decimal, now: int) -> None:
        side = position.closing_side
        self._dealer.close_position(self._id, position.id, side, lots, now)

    def _swing(self, product: Product, now: int) -> Action:
        """Open at market, with levels or without, and hold."""
        if product.margin_asset in self._reckless:
            return
        hold = self._hold()
        yield from self._manage(self._open(product, now, hold, 0.7), product, now, hold)

    def _manage(self, position: Position, product: Product, now: int, hold: int) -> Action:
        """Hold a position: perhaps take a part off or draw a level near, then close it."""
        change = self._random.choices(("part", "tighten", "nothing"), (30, 20, 50))[0]
        if change != "nothing":
            part_time = int(hold * self._random.uniform(0.2, 0.8))
            middle = self._when_open(product, now + part_time)
            yield middle
            quote, hold = self._look(product, middle), max(hold, middle + HOUR_US // 6 - now)
            if position.status == "open" and change == "part":
                wanted = position.lots * Decimal(self._random.uniform(0.3, 0.6))
                part = wanted // product.step_lots * product.step_lots
                if part:
                    self._close(position, part, middle)
            elif position.status == "open":
                self._tighten(position, product, quote, middle)
        end = self._when_open(product, now + hold)
        yield end
        self._look(product, end)
        if position.status == "open":
            self._close(position, position.lots, end)

    def _tighten(self, position: Position, product: Product, quote: Quote, now: int) -> None:
        """Follow a price with the stop loss."""
        direction, usual = sign(position.side), self._volatility(product)
        level = self._at(quote.price(position.closing_side), product, -direction * usual / 3)
        self._dealer.update_position(self._id, position.id, level, position.take_profit, now)

    def _wait(self, product: Product, now: int) -> Action:
        """Leave a limit or a stop order near the price; hold what it opens, or cancel it."""
        if product.margin_asset in self._reckless:
            return
        quote, hold = self._look(product, now), self._hold()
        type: Literal["limit", "stop"] = "limit" if self._random.random() < 0.7 else "stop"
        side = self._side(product, now, hold)
        distance = self._volatility(product) * self._random.uniform(0.04, 0.3)
        better = -sign(side) if type == "limit" else sign(side)
        price = self._at(quote.mid, product, better * distance)
        lots = self._lots(product, quote, self._random.uniform(0.1, 0.4))
        loss, gain = self._stops(product, side, price)
        pending = self._dealer.open_pending(
            self._id, product.product, type, side, lots, price, now,
            leverage=self._leverage(product), stop_loss=loss, take_profit=gain,
        )  # fmt: skip
        end = now + int(self._random.uniform(1, 10) * HOUR_US)
        yield end
        self._look(product, end)
        if pending.status == "open":
            self._dealer.cancel_pending(self._id, pending.id, end)
        for position in list(self._account.positions.values()):
            if position.execution_id == pending.execution_id:
                yield from self._manage(position, product, end, hold)

    def _bracket(self, product: Product, now: int) -> Action:
        """Open at market and let orders of their own close it, in parts or whole."""
        if product.margin_asset in self._reckless:
            return
        hold = self._hold()
        position = self._open(product, now, hold, 0.0)
        price, side = self._dealer.quotes[product.product].mid, position.closing_side
        loss, gain = self._stops(product, position.side, price, 1.0)
        if self._random.random() < 0.5:
            self._dealer.open_sltp(
                self._id, product.product, position.id, position.lots, now,
                stop_loss=loss, take_profit=gain,
            )  # fmt: skip
        else:
            half = position.lots / 2 // product.step_lots * product.step_lots
            near = rounded((2 * price + gain) / 3, product.price_precision)
            self._dealer.open_pending(
                self._id, product.product, "limit_close", side, half or position.lots,
                near, now, position_id=position.id,
            )  # fmt: skip
        yield from self._manage(position, product, now, hold)

    def _think_again(self, product: Product, now: int) -> Action:
        """Place an order far away, perhaps change it, and cancel it unfilled."""
        quote, side = self._look(product, now), self._side(product, now, 0)
        far = -sign(side) * self._volatility(product) * self._random.uniform(1.5, 2.5)
        lots, price = self._lots(product, quote, 0.1), self._at(quote.mid, product, far)
        pending = self._dealer.open_pending(
            self._id, product.product, "limit", side, lots, price, now,
            leverage=self._leverage(product),
        )  # fmt: skip
        now += self._random.randrange(1_000_000, HOUR_US // 4)
        yield now
        self._look(product, now)
        if self._random.random() < 0.5:
            price = self._at(price, product, -far / 10)
            self._dealer.update_pending(self._id, pending.id, lots, price, now)
        self._dealer.cancel_pending(self._id, pending.id, now)

    def _overreach(self, product: Product, now: int) -> Action:
        """Leave an order that no margin suffices for; it is declined once it is reached."""
        quote, side = self._look(product, now), self._side(product, now, 0)
        near = -sign(side) * self._volatility(product) / 20
        pending = self._dealer.open_pending(
            self._id, product.product, "limit", side, product.max_lots,
            self._at(quote.mid, product, near), now, leverage=5,
        )  # fmt: skip
        now += 8 * HOUR_US
        yield now
        self._look(product, now)
        if pending.status == "open":
            self._dealer.cancel_pending(self._id, pending.id, now)

    def _move_money(self, age: int, now: int) -> Action:
        """Bring money in or out, or get some as a promotion."""
        self._quoter.advance(now)
        amount = Decimal(MONEY.get(age, 0))
        if amount > 0:
            self._dealer.deposit(self._id, "USDT", amount, now)
        elif amount < 0:
            self._dealer.withdraw(self._id, "USDT", -amount, now)
        if age in BONUS:
            self._dealer.give_bonus(self._id, "USDT", Decimal(BONUS[age]), now)
        yield from ()

    def _gamble(self, market: str, leverage: int, now: int) -> Action:
        """Put a coin's whole wallet on one side, the wrong one, until it is liquidated."""
        product = self._products[market]
        asset, name = product.margin_asset, product.product
        self._reckless.add(asset)
        self._look(product, now)
        for position in [p for p in self._account.positions.values() if p.asset == asset]:
            self._close(position, position.lots, now)
        quote = self._look(product, now)
        move, second = 1 / leverage, now // SECOND_US
        middle = self._market.ticks(name, second)
        patience = second + 20 * 86_400
        bounds = middle * (1 - move), middle * (1 + move)
        touch = self._market.first_touch(name, *bounds, second, patience) or patience
        side: Side = "sell" if self._market.ticks(name, touch) > middle else "buy"
        lots = self._lots(product, quote, 0.85 * leverage)
        self._dealer.open_position(self._id, name, side, lots, leverage, now)
        yield touch * SECOND_US + HOUR_US
        self._look(product, touch * SECOND_US + HOUR_US)
        self._dealer.deposit(self._id, asset, COINS[asset], touch * SECOND_US + HOUR_US)
        self._reckless.discard(asset)

    def _leave_open(self, now: int) -> Action:
        """Open what shall still be open at the end: positions and orders far from the price."""
        for market, kept_side, share, leverage in KEPT:
            self._keep(self._products[market], kept_side, share, leverage, now)
        for market, type, side in WAITING:
            product = self._products[market]
            quote, usual = self._look(product, now), self._volatility(product)
            away = (-sign(side) if type == "limit" else sign(side)) * 4 * usual
            self._dealer.open_pending(
                self._id, product.product, type, side, self._lots(product, quote, 0.1),
                self._at(quote.mid, product, away), now, leverage=20,
            )  # fmt: skip
        yield from ()

    def _keep_gold(self, now: int) -> Action:
        """Open a tokenized position to be kept, on the first of a few days its market is open."""
        product = self._products["XAUUSDT"]
        if not any(position.reference == 1 for position in self._account.positions.values()):
            self._keep(product, "buy", 0.15, 10, now, reference=1)
        yield from ()

    def _keep(
        self,
        product: Product,
        side: Side,
        share: float,
        leverage: int,
        now: int,
        reference: int = 0,
    ) -> None:
        quote, far = self._look(product, now), 6 * self._volatility(product) * sign(side)
        self._dealer.open_position(
            self._id, product.product, side, self._lots(product, quote, share), leverage,
            now, stop_loss=self._at(quote.mid, product, -far),
            take_profit=self._at(quote.mid, product, far), reference=reference,
        )  # fmt: skip
