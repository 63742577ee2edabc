"""Prices and funding rates of the simulated products, as pure functions of the price paths.

The middle of a product's quote is the price path of its pair at the second, the spread lies
half on each side. While a market is closed its price is the last of the open minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from btcc_research.sandbox import futures_rules
from btcc_research.sandbox.futures_hours import Schedule, is_open, open_minutes
from btcc_research.sandbox.futures_listing import LISTED
from btcc_research.sandbox.futures_products import Product, Quote
from btcc_research.sandbox.futures_settings import FuturesSettings
from btcc_research.sandbox.market import FIRST_DAY, MINUTE, MINUTE_US, MINUTES_A_DAY, PricePath

Floats = NDArray[np.float64]

SECOND_US = 1_000_000
OWN_PATHS_FROM = 100  # numbers of paths the spot markets do not have
PREMIUMS_FROM = 200
MEAN_PREMIUM, DAILY_PREMIUM, HOURLY_PREMIUM, NOISE = 3e-4, 5e-4, 5e-4, 3e-4
MEMORY = 0.8  # of a day's premium, the next day
LONGEST_REST = 14  # days a market may stay closed


class FuturesMarket:
    """Every product with its price at any second and its funding rate at any settlement.

    Parameters
    ----------
    paths : mapping
        Price paths of the spot markets, by name.
    seed : int
        Fixes the paths that products have of their own, and all premiums.
    settings : FuturesSettings
        Fees, funding and the clock of trading hours.
    """

    def __init__(
        self, paths: Mapping[str, PricePath], seed: int, settings: FuturesSettings
    ) -> None:
        self.products: dict[str, Product] = {}
        self._settings = settings
        self._paths: dict[str, PricePath] = {}
        self._premiums: dict[str, Premiums] = {}
        self._spreads: dict[str, tuple[int, int]] = {}
        for number, listed in enumerate(LISTED):
            product, path = listed.product(settings), listed.path
            self.products[product.product] = product
            self._spreads[product.product] = (listed.spread // 2, -(-listed.spread // 2))
            if not isinstance(path, str):
                self._paths[product.product] = PricePath(path, seed, OWN_PATHS_FROM + number)
            else:
                self._paths[product.product] = paths[path]
            self._premiums[product.product] = Premiums((seed, PREMIUMS_FROM + number))

    def path(self, product: str) -> PricePath:
        """Return the price path of a product's middle."""
        return self._paths[product]

    def ticks(self, product: str, second: int) -> int:
        """Return the middle at a second, in units of the last digit."""
        return self._paths[product].ticks(self._last_open(product, second))

    def quote(self, product: str, now: int) -> Quote:
        """Return the quote that stands at a time in microseconds: of its second, or older."""
        rules, second = self.products[product], self._last_open(product, now // SECOND_US)
        middle, (below, above) = self._paths[product].ticks(second), self._spreads[product]
        bid = Decimal(middle - below).scaleb(-rules.price_precision)
        ask = Decimal(middle + above).scaleb(-rules.price_precision)
        return Quote(product, bid, ask, second * SECOND_US)

    def next_open(self, product: str, second: int) -> int:
        """Return the second itself while the market is open, or the first one after."""
        rules, minute = self.products[product], second // MINUTE
        if rules.schedule is None or self._is_open(rules.schedule, minute):
            return second
        today = minute // MINUTES_A_DAY
        for day in range(today, today + LONGEST_REST):
            begin = max(minute - day * MINUTES_A_DAY, 0)
            later = np.flatnonzero(self._open_minutes(rules, day)[begin:])
            if len(later):
                return (day * MINUTES_A_DAY + begin + int(later[0])) * MINUTE
        return second

    def half_spreads(self, product: str) -> tuple[int, int]:
        """Return how far bid and ask are from the middle, in units of the last digit."""
        return self._spreads[product]

    def first_touch(
        self, product: str, low: float, high: float, after: int, until: int
    ) -> int | None:
        """Return the first second after one and up to another at which the middle gets there.

        Parameters
        ----------
        product : str
            Its name.
        low, high : float
            In units of the last digit; the middle at `low` or below, at `high` or above is
            a touch while the market is open.
        after, until : int
            Seconds since 1970.
        """
        rules, path = self.products[product], self._paths[product]
        for day in range(after // MINUTE // MINUTES_A_DAY, until // MINUTE // MINUTES_A_DAY + 1):
            candles, first = path.day(day), day * MINUTES_A_DAY
            begin, end = max(after // MINUTE - first, 0), until // MINUTE - first + 1
            touched = (candles.low[begin:end] <= low) | (candles.high[begin:end] >= high)
            if rules.schedule is not None:
                touched &= self._open_minutes(rules, day)[begin:end]
            for place in touched.nonzero()[0] + begin:
                seconds = path.seconds(first + int(place))
                offsets = np.flatnonzero((seconds <= low) | (seconds >= high))
                found = (first + int(place)) * MINUTE + offsets
                inside = found[(found > after) & (found <= until)]
                if len(inside):
                    return int(inside[0])
        return None

    @futures_rules.precisely
    def index(self, product: str, now: int) -> Decimal:
        """Return the index the premium is measured against."""
        middle = Decimal(self.ticks(product, now // SECOND_US))
        premium = self._premiums[product].between(now // MINUTE_US, now // MINUTE_US + 1)
        price = middle.scaleb(-self.products[product].price_precision) / (1 + premium)
        return futures_rules.rounded(price, self.products[product].price_precision)

    def rate(self, product: str, moment: int) -> Decimal:
        """Return the funding rate settled at a moment: of the premiums since the one before."""
        hours = self._settings.funding_hours
        day_before = futures_rules.moments(hours, moment - futures_rules.DAY_US - 1, moment - 1)
        return self._rate(product, max(day_before), moment)

    def settled_rates(self, product: str, since: int, until: int) -> list[tuple[int, Decimal]]:
        """Return the settlements in [since, until] with their rates, oldest first.

        Products that charge rollover instead of funding have none.
        """
        if self.products[product].carry != "funding":
            return []
        first = (self._paths[product].first_minute + MINUTES_A_DAY) * MINUTE_US
        hours = self._settings.funding_hours
        moments = futures_rules.moments(hours, max(since, first) - 1, until)
        return [(moment, self.rate(product, moment)) for moment in moments]

    def estimate(self, product: str, now: int) -> Decimal | None:
        """Return what the next settlement would be if it were now; None without funding."""
        if self.products[product].carry != "funding":
            return None
        hours = self._settings.funding_hours
        last = max(futures_rules.moments(hours, now - futures_rules.DAY_US, now))
        return self._rate(product, last, max(now, last + MINUTE_US))

    def _rate(self, product: str, since: int, until: int) -> Decimal:
        premium = self._premiums[product].between(since // MINUTE_US, until // MINUTE_US)
        return futures_rules.funding_rate(premium, self._settings)

    def _last_open(self, product: str, second: int) -> int:
        """Return the second itself while the market is open, or its last one before."""
        rules, minute = self.products[product], second // MINUTE
        if rules.schedule is None or self._is_open(rules.schedule, minute):
            return second
        today = minute // MINUTES_A_DAY
        for day in range(today, today - LONGEST_REST, -1):
            first = day * MINUTES_A_DAY
            before = np.flatnonzero(self._open_minutes(rules, day)[: minute - first])
            if len(before):
                return (first + int(before[-1])) * MINUTE + MINUTE - 1
        return second

    def _is_open(self, schedule: Schedule, minute: int) -> bool:
        return is_open(schedule, minute, self._settings.schedule_clock)

    def _open_minutes(self, rules: Product, day: int) -> NDArray[np.bool_]:
        if rules.schedule is None:
            return np.ones(MINUTES_A_DAY, dtype=np.bool_)
        return open_minutes(rules.schedule, day, self._settings.schedule_clock)


class Premiums:
    """How far a product's middle is from its index, each minute: (middle - index) / index."""

    def __init__(self, seed: tuple[int, int]) -> None:
        self._seed = seed
        self._levels: Floats = np.zeros(1)
        self._day = lru_cache(maxsize=8)(self._make_day)

    def between(self, first: int, end: int) -> Decimal:
        """Return the mean of the minutes from one to before another, since 1970."""
        days = range(first // MINUTES_A_DAY, (end - 1) // MINUTES_A_DAY + 1)
        begin = days[0] * MINUTES_A_DAY
        samples = np.concatenate([self._day(day) for day in days])[first - begin : end - begin]
        return Decimal(f"{samples.mean():.10f}")

    def _level(self, day: int) -> float:
        number = max(day - FIRST_DAY, 0)
        if number >= len(self._levels):
            self._levels = self._make_levels(number + 400)
        return float(self._levels[number])

    def _make_levels(self, days: int) -> Floats:
        shocks = np.random.default_rng(self._seed).normal(size=days)
        levels, level = np.zeros(days), 0.0
        for number, shock in enumerate(shocks * DAILY_PREMIUM * (1 - MEMORY**2) ** 0.5):
            level = MEMORY * level + shock
            levels[number] = level
        return levels

    def _make_day(self, day: int) -> Floats:
        random = np.random.default_rng((*self._seed, max(day, 0)))
        hours = HOURLY_PREMIUM * random.normal(size=24)
        noise = NOISE * random.normal(size=MINUTES_A_DAY)
        return MEAN_PREMIUM + self._level(day) + np.repeat(hours, 60) + noise
