"""Prices of any form people have them in, and what one currency is worth in another."""

from __future__ import annotations

import warnings
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pandas as pd

from btcc_research.analytics.exactness import ONE, UNKNOWN, microseconds, number, on_grid, stamp
from btcc_research.errors import InvalidArgument

HUBS = ("USDT", "USDC", "BTC", "USD")
_SINGLE = ("last", "price", "mid", "close")


class ValueUnknown(UserWarning):
    """Something could not be valued; the numbers that need it are NA."""


@dataclass(frozen=True, slots=True)
class Table:
    """The prices of one market in time order; `moments` None is a price of now only."""

    moments: list[int] | None
    bids: list[Any]
    asks: list[Any]

    def at(self, moment: int | None, side: int) -> Decimal:
        """Return the last price known at a time: bid (side 1), ask (-1), or between (0)."""
        if moment is None or self.moments is None:
            place = len(self.bids) if moment is None else 0
        else:
            place = bisect_right(self.moments, moment)
        if not place:
            return UNKNOWN
        bid, ask = number(self.bids[place - 1]), number(self.asks[place - 1])
        if side:
            return bid if side > 0 else ask
        return bid if self.bids is self.asks else (bid + ask) / 2


class Prices:
    """Looks prices up; what is not known is NaN, and remembered in `lacking`."""

    def __init__(self, given: Any = None) -> None:
        self.lacking: dict[str, int] = {}
        self._function: Callable[[str, str, pd.Timestamp | None], Any] | None = None
        self._tables: dict[tuple[str | None, str], Table] = {}
        if callable(given) and not isinstance(given, pd.DataFrame | pd.Series):
            self._function = given
        elif given is not None:
            self._tables = _tables(given)

    @property
    def moments(self) -> list[int]:
        """Every time a price is known from, sorted."""
        found = {m for table in self._tables.values() for m in table.moments or ()}
        return sorted(found)

    def market(self, venue: str | None, market: str, moment: int | None, side: int = 0) -> Decimal:
        """Return the price of a market at a time, the latest one where it is None."""
        table = self._tables.get((venue, market)) or self._tables.get((None, market))
        return table.at(moment, side) if table else UNKNOWN

    def of(
        self, venue: str | None, pair: tuple[str, str, str], moment: int | None, side: int = 0
    ) -> Decimal:
        """Return the price of (market, base, quote), by the market itself or its currencies."""
        market, base, quote = pair
        found = self.market(venue, market, moment, side)
        return self.value(base, quote, moment) if found.is_nan() else found

    def value(self, asset: str, currency: str, moment: int | None) -> Decimal:
        """Return what one unit of a currency is worth in another."""
        if asset == currency:
            return ONE
        found = self._asked(asset, currency, moment) if self._function else UNKNOWN
        if found.is_nan():
            found = self._direct(asset, currency, moment)
        hubs = iter(hub for hub in HUBS if hub not in (asset, currency))
        while found.is_nan() and (hub := next(hubs, None)):
            found = self._direct(asset, hub, moment) * self._direct(hub, currency, moment)
        if found.is_nan():
            words = f"{asset} in {currency}"
            self.lacking[words] = self.lacking.get(words, 0) + 1
            return UNKNOWN
        return on_grid(found)

    def _asked(self, asset: str, currency: str, moment: int | None) -> Decimal:
        if self._function is None:
            return UNKNOWN
        found = self._function(asset, currency, None if moment is None else stamp(moment))
        return UNKNOWN if found is None or found is pd.NaT else number(found)

    def _direct(self, asset: str, currency: str, moment: int | None) -> Decimal:
        for venue in (None, "spot", "futures"):
            found = self.market(venue, asset + currency, moment)
            if not found.is_nan():
                return found
            found = self.market(venue, currency + asset, moment)
            if not found.is_nan() and found:
                return 1 / found
        return UNKNOWN

    def warn(self, stacklevel: int = 4) -> None:
        """Say once what could not be valued."""
        if self.lacking:
            named = ", ".join(f"{what} ({count} times)" for what, count in self.lacking.items())
            warnings.warn(
                f"no price of {named}: the numbers that need it are NA. Pass prices= for it.",
                ValueUnknown,
                stacklevel=stacklevel,
            )


def _tables(given: Any) -> dict[tuple[str | None, str], Table]:
    if isinstance(given, pd.Series):
        given = given.to_dict()
    if isinstance(given, Mapping):
        return {(None, str(market)): _table(prices) for market, prices in given.items()}
    if not isinstance(given, pd.DataFrame):
        raise InvalidArgument(f"prices={given!r} {_ALLOWED}")
    if "market" not in given.columns:
        market = given.attrs.get("market")
        if market is None:
            raise InvalidArgument(f"prices has neither a column nor attrs 'market': it {_ALLOWED}")
        return {(None, market): _table(given)}
    keys = ["venue", "market"] if "venue" in given.columns else ["market"]
    found: dict[tuple[str | None, str], Table] = {}
    for key, rows in given.groupby(keys, sort=False):
        *venue, market = key if isinstance(key, tuple) else (key,)
        found[str(venue[0]) if venue else None, str(market)] = _table(rows)
    return found


_ALLOWED = (
    "is not a function (asset, currency, time), candles, a frame of quotes or tickers, or a "
    "mapping of market names to numbers, series or candles."
)


def _table(prices: Any) -> Table:
    """Return one market's prices: a number, a series over time, candles, quotes or tickers."""
    if isinstance(prices, pd.Series):
        ordered = prices[prices.notna()].sort_index(kind="stable")
        values = ordered.tolist()
        return Table(microseconds(pd.Series(ordered.index)), values, values)
    if not isinstance(prices, pd.DataFrame):
        return Table(None, [prices], [prices])
    if isinstance(prices.index, pd.DatetimeIndex) and "close" in prices.columns:
        return _candle_table(prices)
    return _quote_table(prices)


def _candle_table(candles: pd.DataFrame) -> Table:
    """Return closes, each known from the end of its candle on."""
    if "closed" in candles.columns:
        candles = candles[candles["closed"].astype(bool)]
    candles = candles.sort_index(kind="stable")
    opens = microseconds(pd.Series(candles.index))
    steps = [later - earlier for earlier, later in pairwise(opens)]
    length = int(candles.attrs.get("interval", 0)) * 1_000_000 or min(steps, default=0)
    closes = candles["close"].tolist()
    return Table([moment + length for moment in opens], closes, closes)


def _quote_table(quotes: pd.DataFrame) -> Table:
    names = ["bid", "ask"] if {"bid", "ask"} <= set(quotes.columns) else []
    names = names or [name for name in _SINGLE if name in quotes.columns][:1]
    if not names:
        raise InvalidArgument(f"prices needs the columns bid and ask, or one of {_SINGLE}.")
    quotes = quotes[quotes[names].notna().all(axis=1)]
    if "time" in quotes.columns:
        quotes = quotes.sort_values("time", kind="stable")
    bids = quotes[names[0]].tolist()
    asks = quotes[names[1]].tolist() if len(names) == 2 else bids
    timed = "time" in quotes.columns and quotes["time"].notna().all()
    return Table(microseconds(quotes["time"]) if timed else None, bids, asks)
