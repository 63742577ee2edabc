"""Candles of any range: cut into windows, read side by side, holes asked for once more.

BTCC publishes neither the intervals it accepts nor the most candles of a reply ("Spot
Trading API (April 2025)", market/kline), so a window that comes back short is followed by
questions about what it lacks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from btcc_research.parallel import in_parallel

WINDOW = 1000
MOST_ROUNDS = 20

Window = tuple[int, int]
"""First and last open time asked for, in seconds, both included."""

Fetch = Callable[[Window], pa.Table]


@dataclass(slots=True)
class CandleReading:
    """Tables in the order they came, how many requests they took, and what does not exist."""

    tables: list[pa.Table] = field(default_factory=list)
    pages: int = 0
    gaps: list[Window] = field(default_factory=list)


def read_candles(
    fetch: Fetch,
    first: int,
    last: int,
    interval: int,
    *,
    threads: int = 8,
    progress: bool | None = None,
) -> CandleReading:
    """Read the candles that open between two times.

    Parameters
    ----------
    fetch : callable
        Returns the candles of a window.
    first, last : int
        Open times, Unix seconds.
    interval : int
        Seconds of a candle.
    threads : int
        Windows to ask for at once.
    progress : bool, optional
        As for `in_parallel`.

    Returns
    -------
    CandleReading
        A later table wins over an earlier one; `gaps` are windows the exchange was asked
        about twice and has no candles for.
    """
    reading = CandleReading()
    windows = _cut(first, last, interval)
    for _ in range(MOST_ROUNDS):
        if not windows:
            break
        tables = in_parallel(fetch, windows, threads=threads, progress=progress, label="candles")
        reading.tables += tables
        reading.pages += len(windows)
        lacking: list[Window] = []
        for window, table in zip(windows, tables, strict=True):
            missing = _missing(window, table.column("open_time").to_numpy(), interval)
            if table.num_rows:
                lacking += missing
            else:
                reading.gaps += missing
        fullest = max(table.num_rows for table in tables)  # what the server gives at once
        windows = [piece for gap in lacking for piece in _cut(*gap, interval, fullest)]
    reading.gaps += windows
    reading.gaps = _joined(reading.gaps, interval)
    return reading


def _cut(first: int, last: int, interval: int, most: int = WINDOW) -> list[Window]:
    step = most * interval
    return [(start, min(start + step - interval, last)) for start in range(first, last + 1, step)]


def _missing(window: Window, opens: Any, interval: int) -> list[Window]:
    """Return the parts of a window without candles.

    Candles are compared with their neighbours, not with a grid of our own: where BTCC lets
    a week begin is not documented.
    """
    first, last = window
    known = np.unique(opens[(opens >= first) & (opens <= last)])
    edges = np.concatenate(([first - interval], known, [last + interval]))
    before = np.flatnonzero(np.diff(edges) >= 2 * interval)
    return [(int(edges[n]) + interval, int(edges[n + 1]) - interval) for n in before]


def _joined(windows: Sequence[Window], interval: int) -> list[Window]:
    """Join windows that touch."""
    joined: list[Window] = []
    for first, last in sorted(windows):
        if joined and first <= joined[-1][1] + interval:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined
