"""Simulated prices: one repeatable path per market, and its candles for any range.

A path is fixed by the seed and the market alone. Daily levels wander around a mean; each
day's minutes bridge two levels, so any minute of any year is computed from its day only.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from btcc_research.sandbox.records import Market

Ints = NDArray[np.int64]

MINUTE = 60
DAY = 86_400
MINUTES_A_DAY = 1440
MINUTE_US = 60_000_000
FIRST_DAY = 18_262  # 2020-01-01, the day every path starts
PULL_TO_MEAN = 0.01


@dataclass(frozen=True, slots=True)
class Simulation:
    """A market and how its price behaves."""

    rules: Market
    mean_price: float
    daily_volatility: float
    daily_volume: float
    first_day: int = FIRST_DAY


def simulation(
    pair: tuple[str, str],
    precisions: tuple[int, int],
    min_amount: str,
    behaviour: tuple[float, float, float],
    *,
    opens_at: int | None = None,
    first_day: int = FIRST_DAY,
) -> Simulation:
    """Declare a market: (base, quote), (price, amount) decimals, (price, volatility, volume)."""
    base, quote = pair
    rules = Market(
        base + quote, base, quote, precisions[0], precisions[1], 4, Decimal(min_amount),
        opens_at is None, opens_at,
    )  # fmt: skip
    return Simulation(rules, *behaviour, first_day)


NEVER_OPENS = 4_102_444_800_000_000  # 2100-01-01, in microseconds
SIMULATIONS = (
    simulation(("BTC", "USDT"), (2, 5), "0.0003", (68_000.0, 0.026, 9_000.0)),
    simulation(("ETH", "USDT"), (2, 4), "0.002", (3_300.0, 0.034, 70_000.0)),
    simulation(("SOL", "USDT"), (3, 3), "0.05", (165.0, 0.045, 500_000.0)),
    simulation(("XRP", "USDT"), (4, 1), "5", (0.9, 0.04, 30_000_000.0)),
    simulation(("DOGE", "USDT"), (5, 0), "20", (0.16, 0.05, 200_000_000.0)),
    simulation(("MINA", "USDT"), (4, 1), "50", (0.62, 0.06, 4_000_000.0)),
    simulation(("ZRO", "USDT"), (3, 2), "5", (3.4, 0.06, 600_000.0), first_day=19_894),
    simulation(("ETH", "BTC"), (6, 4), "0.002", (0.0485, 0.02, 4_000.0)),
    simulation(("QNX", "USDT"), (4, 1), "20", (0.05, 0.08, 900_000.0), opens_at=NEVER_OPENS),
)


@dataclass(frozen=True, slots=True)
class Candles:
    """Candles as integers: prices and volumes in units of their last decimal."""

    open_time: Ints
    open: Ints
    close: Ints
    high: Ints
    low: Ints
    volume: Ints
    turnover: Ints

    def grouped(self, minutes: int) -> Candles:
        """Join every `minutes` one-minute candles; the first must open such a group."""
        starts = np.flatnonzero(self.open_time % (minutes * MINUTE) == 0)
        if not len(starts):
            return self
        ends = np.append(starts[1:], len(self.open_time)) - 1
        return Candles(
            self.open_time[starts],
            self.open[starts],
            self.close[ends],
            np.maximum.reduceat(self.high, starts),
            np.minimum.reduceat(self.low, starts),
            np.add.reduceat(self.volume, starts),
            np.add.reduceat(self.turnover, starts),
        )


class PricePath:
    """The price of one market at every moment from its first day on."""

    def __init__(
        self,
        simulated: Simulation,
        seed: int,
        number: int,
        ratio_of: tuple[PricePath, PricePath] | None = None,
    ) -> None:
        self.rules = simulated.rules
        self.first_minute = simulated.first_day * MINUTES_A_DAY
        self._simulated = simulated
        self._seed = (seed, number)
        self._ratio_of = ratio_of
        self._levels = np.zeros(1)
        # As many days as the demonstration accounts look back on, one after the other.
        self._day = lru_cache(maxsize=128)(self._make_day)

    @property
    def usual_amount(self) -> Decimal:
        """What a usual resting order holds, in the base currency."""
        return Decimal(int(self._simulated.daily_volume * 1000)) / 4_000_000

    @property
    def daily_volatility(self) -> float:
        """The usual size of a day's move, as a share of the price."""
        return self._simulated.daily_volatility

    def minutes(self, first: int, last: int) -> Candles:
        """Return the one-minute candles of the minutes `first` to `last` (since 1970)."""
        first = max(first, self.first_minute)
        if first > last:
            return _candles(np.zeros((7, 0), dtype=np.int64))
        days = range(first // MINUTES_A_DAY, last // MINUTES_A_DAY + 1)
        joined = np.concatenate([self._day(day) for day in days], axis=1)
        begin = first % MINUTES_A_DAY
        return _candles(joined[:, begin : begin + last - first + 1])

    def day(self, day: int) -> Candles:
        """Return the 1,440 one-minute candles of a day since 1970; not to be changed."""
        return _candles(self._day(day))

    def ticks(self, second: int) -> int:
        """Return the price at a second since 1970, in units of the last decimal."""
        minute, inside = divmod(second, MINUTE)
        day, place = divmod(minute, MINUTES_A_DAY)
        opened, closed, high, low = self._day(day)[1:5, place].tolist()
        return _between(_corners(opened, high, low, closed), inside / MINUTE)

    def seconds(self, minute: int) -> Ints:
        """Return the prices at the 60 seconds of a minute since 1970, as `ticks` has them."""
        day, place = divmod(minute, MINUTES_A_DAY)
        opened, closed, high, low = self._day(day)[1:5, place].tolist()
        corners = np.array(_corners(opened, high, low, closed))
        begin, end = corners[_LEGS], corners[_LEGS + 1]
        found: Ints = np.rint(begin + (end - begin) * _LEG_SHARES).astype(np.int64)
        return found

    def price(self, now: int) -> Decimal:
        """Return the price at a time in microseconds."""
        minute, rest = divmod(now, MINUTE_US)
        candle = self.minutes(minute, minute)
        return self._as_decimal(_inside(candle, rest / MINUTE_US)[1])

    def extremes(self, since: int, until: int) -> tuple[Decimal, Decimal]:
        """Return the lowest and highest price between two times in microseconds."""
        candles = self.minutes(since // MINUTE_US, until // MINUTE_US)
        return self._as_decimal(int(candles.low.min())), self._as_decimal(int(candles.high.max()))

    def candles(self, start: int, end: int, interval: int, now: int) -> Candles:
        """Return the candles opening in [start, end] seconds, up to the running one.

        `start` is rounded down to a candle, so the one that contains it is included.
        """
        running, rest = divmod(now, MINUTE_US)
        width = interval // MINUTE
        first = start // interval * width
        last = min(end // interval * width + width - 1, running)
        found = self.minutes(max(first, -(-self.first_minute // width) * width), last)
        if len(found.open_time) and last == running:
            _run_until(found, rest / MINUTE_US)
        return found.grouped(width) if width > 1 else found

    def _as_decimal(self, ticks: int) -> Decimal:
        return Decimal(int(ticks)).scaleb(-self.rules.price_precision)

    def level(self, day: int) -> float:
        """Return the logarithm of the price at the start of a day."""
        if self._ratio_of:
            above, below = self._ratio_of
            return above.level(day) - below.level(day)
        number = day - FIRST_DAY
        if number >= len(self._levels):
            self._levels = self._make_levels(number + 400)
        return float(np.log(self._simulated.mean_price) + self._levels[number])

    def _make_levels(self, days: int) -> NDArray[np.float64]:
        """Return daily logarithms around the mean; half of each move is the whole market's."""
        crowd = np.random.default_rng(self._seed[0]).normal(size=days)
        own = np.random.default_rng(self._seed).normal(size=days)
        shocks = self._simulated.daily_volatility * np.sqrt(0.5) * (crowd + own)
        levels, level = np.zeros(days), 0.0
        for number, shock in enumerate(shocks):
            levels[number] = level
            level += shock - PULL_TO_MEAN * level
        return levels

    def _make_day(self, day: int) -> Ints:
        """Return the 1,440 candles of a day as seven rows of integers."""
        random = np.random.default_rng((*self._seed, day))
        volatility = self._simulated.daily_volatility * np.exp(0.3 * random.normal())
        sigma = volatility / np.sqrt(MINUTES_A_DAY) * _SEASON
        steps = np.cumsum(sigma * random.normal(size=MINUTES_A_DAY))
        begin, end = self.level(day), self.level(day + 1)
        path = np.concatenate(([begin], begin + steps + (end - begin - steps[-1]) * _DAY_SHARES))
        ticks = np.maximum(np.rint(np.exp(path) * 10**self.rules.price_precision), 1)
        opened, closed = ticks[:-1], ticks[1:]
        reach = sigma * np.abs(random.normal(size=(2, MINUTES_A_DAY)))
        high = np.maximum(opened, closed) + np.rint(reach[0] * opened)
        low = np.maximum(np.minimum(opened, closed) - np.rint(reach[1] * opened), 1)
        mean_volume = self._simulated.daily_volume / MINUTES_A_DAY * _SEASON
        crowd = np.exp(0.8 * random.normal(size=MINUTES_A_DAY) - 0.32)
        volume = np.rint(mean_volume * crowd * 10**self.rules.amount_precision) + 1
        typical = np.clip(np.rint((opened + closed + high + low) / 4), low, high)
        opens = day * DAY + MINUTE * np.arange(MINUTES_A_DAY)
        rows = np.empty((7, MINUTES_A_DAY), dtype=np.int64)
        for row, values in enumerate((opens, opened, closed, high, low, volume, typical)):
            rows[row] = values
        rows[6] *= rows[5]
        return rows


_SEASON = 1 + 0.35 * np.sin((np.arange(MINUTES_A_DAY) / 60 - 8) / 24 * 2 * np.pi)
_DAY_SHARES = np.arange(1, MINUTES_A_DAY + 1) / MINUTES_A_DAY


def _candles(rows: Ints) -> Candles:
    return Candles(rows[0], rows[1], rows[2], rows[3], rows[4], rows[5], rows[6])


def price_paths(seed: int) -> dict[str, PricePath]:
    """Return the path of every simulated market; ETHBTC follows ETHUSDT over BTCUSDT."""
    paths: dict[str, PricePath] = {}
    for number, simulated in enumerate(SIMULATIONS):
        rules = simulated.rules
        legs = (f"{rules.base}USDT", f"{rules.quote}USDT")
        ratio_of = (paths[legs[0]], paths[legs[1]]) if rules.quote != "USDT" else None
        paths[rules.market] = PricePath(simulated, seed, number, ratio_of)
    return paths


def _inside(candle: Candles, share: float) -> tuple[int, int, int]:
    """Return low, last and high of a minute after a share of it (0 to 1) has passed.

    Within a minute the price goes from open over the near extreme and the far one to close.
    """
    opened, closed = int(candle.open[-1]), int(candle.close[-1])
    corners = _corners(opened, int(candle.high[-1]), int(candle.low[-1]), closed)
    last = _between(corners, share)
    seen = [*corners[: min(int(share * 3), 2) + 1], last]
    return min(seen), last, max(seen)


def _corners(opened: int, high: int, low: int, closed: int) -> list[int]:
    return [opened, low, high, closed] if closed >= opened else [opened, high, low, closed]


def _between(corners: list[int], share: float) -> int:
    leg = min(int(share * 3), 2)
    return round(corners[leg] + (corners[leg + 1] - corners[leg]) * (share * 3 - leg))


_SHARES = np.arange(MINUTE) / MINUTE * 3
_LEGS = np.minimum(_SHARES.astype(np.int64), 2)
_LEG_SHARES = _SHARES - _LEGS


def _run_until(candles: Candles, share: float) -> None:
    """Turn the last minute into what is known of it so far."""
    low, last, high = _inside(candles, share)
    typical = min(max((int(candles.open[-1]) + last + low + high) // 4, low), high)
    candles.low[-1], candles.high[-1], candles.close[-1] = low, high, last
    candles.volume[-1] = int(candles.volume[-1] * share)
    candles.turnover[-1] = candles.volume[-1] * typical


def decimal_texts(values: Ints, precision: int) -> list[str]:
    """Return integers in units of the last decimal as plain decimal text."""
    if not precision:
        return [str(value) for value in values.tolist()]
    unit = 10**precision
    return [f"{value // unit}.{value % unit:0{precision}d}" for value in values.tolist()]
