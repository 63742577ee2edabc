"""What people type -> what calls need: times, candle intervals, market names."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection
from contextlib import suppress
from numbers import Real
from typing import Any

import pandas as pd

from btcc_research.errors import InvalidArgument, UnknownMarket

_UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
INTERVALS = ("1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w")


def unix_seconds(value: Any, name: str) -> float | None:
    """Return a time as Unix seconds; naive times mean UTC, None stays None.

    Raises
    ------
    InvalidArgument
        For what pandas cannot read as a time, and for bare numbers, whose unit is unclear.
    """
    if value is None:
        return None
    if isinstance(value, Real):
        raise InvalidArgument(
            f"{name}={value!r}: the unit of a bare number is unclear; pass text such as "
            '"2026-01-01" or pd.Timestamp(number, unit="s").'
        )
    moment: Any = None
    with suppress(ValueError, TypeError, OverflowError):
        moment = pd.Timestamp(value)
    if moment is None or moment is pd.NaT:
        raise InvalidArgument(
            f'{name}={value!r} is not a time; write it like "2026-01-31" or '
            '"2026-01-31 14:30" (UTC unless it names a time zone).'
        )
    moment = moment.tz_localize("UTC") if moment.tzinfo is None else moment.tz_convert("UTC")
    return float(moment.timestamp())


def time_range(start: Any, end: Any) -> tuple[float | None, float | None]:
    """Return start and end as Unix seconds.

    Raises
    ------
    InvalidArgument
        If start is not before end.
    """
    first, last = unix_seconds(start, "start"), unix_seconds(end, "end")
    if first is not None and last is not None and first >= last:
        raise InvalidArgument(f"start={start!r} is not before end={end!r}.")
    return first, last


def second_at_or_before(seconds: float | None) -> int | None:
    """Return the whole second of a lower bound."""
    return None if seconds is None else math.floor(seconds)


def second_at_or_after(seconds: float | None) -> int | None:
    """Return the whole second of an upper bound."""
    return None if seconds is None else math.ceil(seconds)


def interval_seconds(interval: str | int) -> int:
    """Return the length of a candle in seconds, from ``"1m"`` to ``"1w"`` or seconds.

    Raises
    ------
    InvalidArgument
        Listing what is allowed.
    """
    if isinstance(interval, str) and interval in INTERVALS:
        return int(interval[:-1]) * _UNITS[interval[-1]]
    whole = isinstance(interval, int) and not isinstance(interval, bool)
    if whole and 60 <= int(interval) <= _UNITS["w"] and int(interval) % 60 == 0:
        return int(interval)
    raise InvalidArgument(
        f"interval={interval!r} is not one of {', '.join(INTERVALS)}, "
        "or whole minutes in seconds such as 300."
    )


def known_market(name: Any, markets: Collection[str]) -> str:
    """Return a market's name.

    Raises
    ------
    UnknownMarket
        Suggesting the name that was probably meant.
    """
    if isinstance(name, str) and name in markets:
        return name
    plain = "".join(letter for letter in str(name).upper() if letter.isalnum())
    close = [plain] if plain in markets else difflib.get_close_matches(plain, markets, n=3)
    hint = f"Did you mean {' or '.join(map(repr, close))}?" if close else "markets() lists them."
    raise UnknownMarket(f"market={name!r}: there is no such market. {hint}")


def row_limit(limit: Any) -> int | None:
    """Return how many rows are wanted at most.

    Raises
    ------
    InvalidArgument
        For anything but a whole number from 1.
    """
    if limit is None:
        return None
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise InvalidArgument(f"limit={limit!r}: a whole number from 1 is needed, or None for all.")
    return limit
