"""Recorded quotes, looked up as they were known at a time."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from btcc_research.analytics.exactness import UNKNOWN, microseconds, number
from btcc_research.errors import InvalidArgument

_NEEDED = ("time", "market", "bid", "ask")


class Quote(NamedTuple):
    """Bid and ask; unknown where there was no quote."""

    bid: Decimal
    ask: Decimal

    @property
    def mid(self) -> Decimal:
        """The price between the two."""
        return (self.bid + self.ask) / 2


NO_QUOTE = Quote(UNKNOWN, UNKNOWN)


class Quotes:
    """Quotes by market; one counts until the next one, and for so long at most.

    A later quote never changes what an earlier time finds. A crossed quote (bid above ask)
    or one with a side missing is none, but ends the one before it.
    """

    def __init__(self, quotes: pd.DataFrame, tolerance: Any) -> None:
        lacking = [name for name in _NEEDED if name not in quotes.columns]
        if lacking:
            raise InvalidArgument(
                f"quotes lacks the column {lacking[0]!r}; it needs {', '.join(_NEEDED)}."
            )
        self._tolerance = duration(tolerance, "tolerance")
        self._books: dict[tuple[str | None, str], tuple[Any, list[Any], list[Any]]] = {}
        keys = ["venue", "market"] if "venue" in quotes.columns else ["market"]
        for key, rows in quotes.groupby(keys, sort=False):
            names = key if isinstance(key, tuple) else (key,)
            ordered = rows.sort_values("time", kind="stable")
            moments = np.array(microseconds(ordered["time"]), dtype=np.int64)
            venue = str(names[0]) if len(names) == 2 else None
            book = (moments, ordered["bid"].tolist(), ordered["ask"].tolist())
            self._books[venue, str(names[-1])] = book

    def at(self, venue: str, market: str, moment: int) -> Quote:
        """Return the quote that counted at a time (Unix microseconds)."""
        book = self._books.get((venue, market)) or self._books.get((None, market))
        if book is None:
            return NO_QUOTE
        moments, bids, asks = book
        place = int(np.searchsorted(moments, moment, side="right")) - 1
        if place < 0 or moment - int(moments[place]) > self._tolerance:
            return NO_QUOTE
        bid, ask = number(bids[place]), number(asks[place])
        if bid.is_nan() or ask.is_nan() or bid > ask:
            return NO_QUOTE
        return Quote(bid, ask)


def duration(value: Any, name: str) -> int:
    """Return a length of time in microseconds.

    Raises
    ------
    InvalidArgument
        If pandas cannot read it, or it is negative.
    """
    found: Any = None
    with suppress(ValueError, TypeError):
        found = pd.Timedelta(value)
    if found is None or found is pd.NaT or found < pd.Timedelta(0):
        raise InvalidArgument(f'{name}={value!r} is not a length of time such as "5s" or "1h".')
    return int(found / pd.Timedelta(microseconds=1))
