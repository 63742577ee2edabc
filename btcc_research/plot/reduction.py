"""Fewer candles and points for the pixels there are, without losing a high or a low."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from btcc_research.plot.inputs import Floats, Ticks

_LENGTHS = (
    1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 180, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800,
    14_400, 21_600, 28_800, 43_200, 86_400, 172_800, 259_200, 604_800,
)  # fmt: skip
_SECOND = 1_000_000
_BLOCK = 1024
_WEEK = 604_800 * _SECOND


@dataclass(frozen=True, slots=True)
class Candles:
    """Candles as arrays: when each opened and how long it lasts in microseconds, its values."""

    opened: Ticks
    length: int
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    closed: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.opened)

    def between(self, first: int, last: int) -> Candles:
        """Return the candles that show between two moments in microseconds."""
        start = int(np.searchsorted(self.opened, first - self.length, side="left"))
        stop = int(np.searchsorted(self.opened, last, side="right"))
        return self.picked(slice(start, stop))

    def picked(self, which: Any) -> Candles:
        """Return some of the candles."""
        return Candles(
            self.opened[which], self.length, self.open[which], self.high[which],
            self.low[which], self.close[which], self.volume[which], self.closed[which],
        )  # fmt: skip


def joined(candles: Candles, length: int) -> Candles:
    """Return candles joined to longer ones, which begin at whole multiples of their length.

    Parameters
    ----------
    candles : Candles
        In order of time.
    length : int
        Microseconds.
    """
    if length <= candles.length or not len(candles):
        return candles
    first = int(candles.opened[0]) // length
    edges = np.arange(first, int(candles.opened[-1]) // length + 1) * length
    starts = np.searchsorted(candles.opened, edges, side="left")
    filled = np.diff(np.append(starts, len(candles))) > 0  # an empty one is a gap
    starts = starts[filled]
    ends = np.append(starts[1:], len(candles)) - 1
    return Candles(
        edges[filled], length, candles.open[starts],
        np.maximum.reduceat(candles.high, starts), np.minimum.reduceat(candles.low, starts),
        candles.close[ends], np.add.reduceat(candles.volume, starts),
        np.logical_and.reduceat(candles.closed, starts),
    )  # fmt: skip


def gaps(candles: Candles) -> tuple[Ticks, Ticks]:
    """Return when candles begin to lack and when they are back, in microseconds.

    Most candles follow each other without a gap, so whole blocks are looked at first.
    """
    opened = candles.opened
    blocks = np.append(np.arange(0, len(opened) - 1, _BLOCK), len(opened) - 1)
    steps = np.diff(blocks)
    longer = np.diff(opened[blocks]) > steps * candles.length
    before = np.flatnonzero(np.repeat(longer, steps))
    before = before[opened[before + 1] - opened[before] > candles.length]
    return opened[before] + candles.length, opened[before + 1]


def length_for(interval: int, span: int, most: int) -> int:
    """Return how long candles must be for at most so many in a span, all in microseconds.

    The length is one people know, such as 15 minutes or 6 hours, where candles of the
    interval can be joined to it.
    """
    if span <= interval * most:
        return interval
    for seconds in _LENGTHS:
        length = seconds * _SECOND
        if length * most >= span and length % interval == 0:
            return length
    whole = _WEEK if _WEEK % interval == 0 else interval
    return -(-span // (most * whole)) * whole


def envelope(x: Floats, y: Floats, first: float, last: float, most: int) -> tuple[Floats, Floats]:
    """Return a curve between two places in at most 4 points a pixel, drawn the same.

    Each of `most` pixels keeps its first, lowest, highest and last point, so the line that
    is drawn covers the same pixels; one point on either side stays for the lines that
    leave the picture.

    Parameters
    ----------
    x, y : array
        The curve; `x` in ascending order, NaN in `y` breaks the line
        (inside one pixel a break cannot be seen).
    first, last : float
        What shows of `x`.
    most : int
        Pixels.
    """
    start = max(int(np.searchsorted(x, first, side="left")) - 1, 0)
    stop = int(np.searchsorted(x, last, side="right")) + 1
    x, y = x[start:stop], y[start:stop]
    if len(x) <= 4 * most:
        return x, y
    edges = np.linspace(max(first, x[0]), min(last, x[-1]), most + 1)[:-1]
    starts = np.unique(np.append(0, np.searchsorted(x, edges, side="left")))
    starts = starts[starts < len(x)]
    ends = np.append(starts[1:], len(x)) - 1
    lowest, highest = np.fmin.reduceat(y, starts), np.fmax.reduceat(y, starts)
    middle = (x[starts] + x[ends]) / 2
    points_x = np.column_stack([x[starts], middle, middle, x[ends]])
    points_y = np.column_stack([y[starts], lowest, highest, y[ends]])
    return points_x.ravel(), points_y.ravel()


def kept_rows(x: Floats, values: Floats, first: float, last: float, most: int) -> NDArray[np.int64]:
    """Return which rows of a view to draw so that no curve loses a high or a low.

    Parameters
    ----------
    x : array
        In ascending order.
    values : array
        One row a curve.
    first, last : float
        What shows of `x`; the row before is kept as well.
    most : int
        Pixels: each keeps its first and last row, and the highest and lowest of every
        curve.
    """
    start = max(int(np.searchsorted(x, first, side="right")) - 1, 0)
    stop = int(np.searchsorted(x, last, side="right")) + 1
    rows = np.arange(start, min(stop, len(x)))
    if len(rows) <= 4 * most:
        return rows
    edges = np.linspace(max(first, x[start]), min(last, x[rows[-1]]), most + 1)[:-1]
    starts = np.unique(np.searchsorted(x[rows], edges, side="left"))
    starts = np.unique(np.append(0, starts[starts < len(rows)]))
    ends = np.append(starts[1:], len(rows))
    kept = [starts, ends - 1]
    for curve in (*values, values.sum(axis=0)):
        part = curve[rows]
        for extreme in (np.minimum, np.maximum):
            hits = np.flatnonzero(part == np.repeat(extreme.reduceat(part, starts), ends - starts))
            kept.append(hits[np.searchsorted(hits, starts)])
    found: NDArray[np.int64] = rows[np.unique(np.concatenate(kept))]
    return found


def spans(
    starts: Floats, ends: Floats, first: float, last: float, most: int
) -> tuple[Floats, Floats]:
    """Return spans of a view at least a pixel wide, those that touch then as one.

    Parameters
    ----------
    starts, ends : array
        In ascending order, without overlap.
    first, last : float
        What shows.
    most : int
        Pixels.
    """
    seen = (ends > first) & (starts < last)
    starts, ends = starts[seen], ends[seen]
    pixel = (last - first) / most
    ends = np.maximum(ends, starts + pixel)
    if not len(starts):
        return starts, ends
    begins = np.append(True, starts[1:] > ends[:-1])
    return starts[begins], ends[np.append(begins[1:], True)]
