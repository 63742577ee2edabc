"""From the columns of a frame to arrays that can be drawn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from btcc_research.errors import InvalidArgument

Floats = NDArray[np.float64]
Ticks = NDArray[np.int64]

DAY = 86_400_000_000
"""Microseconds; matplotlib counts time in days since 1970."""


@dataclass(frozen=True, slots=True)
class Curves:
    """Values over time, one column a curve; `time` in days since 1970."""

    time: Floats
    values: dict[str, Floats]
    zone: tzinfo


def need(frame: pd.DataFrame, names: Iterable[str], source: str) -> None:
    """Check that a frame has its columns.

    Raises
    ------
    InvalidArgument
        Naming the first missing column and where such frames come from.
    """
    lacking = [name for name in names if name not in frame.columns]
    if lacking:
        raise InvalidArgument(f"the frame lacks the column {lacking[0]!r}; pass {source}.")


def need_rows(frame: pd.DataFrame, source: str) -> None:
    """Check that a frame has rows.

    Raises
    ------
    InvalidArgument
        If it is empty.
    """
    if not len(frame):
        raise InvalidArgument(f"the frame is empty; pass {source}.")


def numbers(column: Any) -> Floats:
    """Return a column as floats, exact decimals and missing values included."""
    values: Floats = pd.Series(column).to_numpy(dtype="float64", na_value=np.nan)
    return values


def ticks(times: Any) -> Ticks:
    """Return times as microseconds since 1970; naive ones are UTC."""
    index = _index(times)
    return (index if index.unit == "us" else index.as_unit("us")).asi8  # it would copy


def days(times: Any) -> Floats:
    """Return times as days since 1970, missing ones as NaN."""
    index = _index(times)
    found: Floats = np.where(index.isna(), np.nan, ticks(index) / DAY)
    return found


def zone_of(times: Any) -> tzinfo:
    """Return the time zone times are given in; naive ones are UTC."""
    return _index(times).tz or UTC


def curves_of(frame: pd.DataFrame | pd.Series, source: str) -> Curves:
    """Return the numeric columns of a frame over its time, the index or a column `time`.

    Raises
    ------
    InvalidArgument
        If there is no time, no number or no row.
    """
    table = frame.to_frame(str(frame.name or "value")) if isinstance(frame, pd.Series) else frame
    need_rows(table, source)
    times = time_of(table, source)
    if not _index(times).is_monotonic_increasing:
        order = np.argsort(ticks(times), kind="stable")
        table, times = table.iloc[order], times[order]
    values = {
        str(name): numbers(table[name])
        for name in table.columns
        if name != "time" and pd.api.types.is_numeric_dtype(table[name].dtype)
    }
    if not values:
        raise InvalidArgument(f"the frame has no column of numbers; pass {source}.")
    return Curves(days(times), values, zone_of(times))


def time_of(frame: pd.DataFrame, source: str) -> pd.DatetimeIndex:
    """Return the times of a frame: its index, or its column `time`.

    Raises
    ------
    InvalidArgument
        If it has neither.
    """
    if isinstance(frame.index, pd.DatetimeIndex):
        return frame.index
    need(frame, ["time"], source)
    return pd.DatetimeIndex(frame["time"])


def only(frame: pd.DataFrame, name: str, call: str) -> str:
    """Return the one value a column has, or "" where the column is missing or empty.

    Raises
    ------
    InvalidArgument
        If there are several.
    """
    found: Any = frame[name].dropna().unique() if name in frame.columns else []
    if len(found) > 1:
        raise InvalidArgument(
            f"the frame holds {len(found)} values of {name} ({found[0]}, {found[1]}, ...); "
            f'{call} draws one: pass frame[frame["{name}"] == "{found[0]}"].'
        )
    return str(found[0]) if len(found) else ""


def _index(times: Any) -> pd.DatetimeIndex:
    return times if isinstance(times, pd.DatetimeIndex) else pd.DatetimeIndex(times)
