"""A recorded order book as a picture: the most that stood at each price and time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from btcc_research.plot.inputs import Floats, Ticks, numbers, ticks

_LEVELS_AT_ONCE = 2_000
_ROUNDING = 1e-9
_CLOSE = 1e-6
"""How far, of a step, a price may lie beside the grid of prices."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What stood at a price from a moment on, in order of side, price and time."""

    time: Ticks
    level: NDArray[np.int64]
    amount: Floats
    prices: Floats
    """Of each level: bids first, then asks, both ascending."""

    bids: int
    """How many levels are bids."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Amounts by row (price, ascending) and column (time); best prices by column.

    `best_bid` and `best_ask` are those at the end of each column, NaN where a side is empty.
    """

    amount: Floats
    prices: Floats
    """The lower edge of every row, and the upper edge of the last."""

    best_bid: Floats
    best_ask: Floats


def changes_of(frame: pd.DataFrame) -> Changes:
    """Return a recording as changes of levels; a snapshot empties the levels it lacks.

    Parameters
    ----------
    frame : DataFrame
        Columns time, side, price, amount; is_snapshot where whole books are among them.
    """
    time, price = ticks(frame["time"]), numbers(frame["price"])
    amount = np.nan_to_num(numbers(frame["amount"]))
    is_ask = (frame["side"] == "ask").to_numpy(bool)
    bids, asks = np.unique(price[~is_ask]), np.unique(price[is_ask])
    level = np.where(is_ask, len(bids) + np.searchsorted(asks, price), np.searchsorted(bids, price))
    order = np.lexsort((np.arange(len(time)), time, level))
    time, level, amount = time[order], level[order], amount[order]
    if "is_snapshot" in frame.columns:
        whole = frame["is_snapshot"].fillna(value=False).to_numpy(bool)
        snapshots = np.unique(ticks(frame["time"])[whole])
        time, level, amount = _emptied(time, level, amount, snapshots)
    return Changes(time, level, amount, np.concatenate([bids, asks]), len(bids))


def _emptied(
    time: Ticks, level: NDArray[np.int64], amount: Floats, snapshots: Ticks
) -> tuple[Ticks, NDArray[np.int64], Floats]:
    """Add a change to nothing where a snapshot came and did not name a level."""
    place = np.searchsorted(snapshots, time, side="right")
    following = np.append(snapshots, np.iinfo(np.int64).max)[place]
    last = np.append(level[1:] != level[:-1], True)
    until = np.where(last, np.iinfo(np.int64).max, np.append(time[1:], 0))
    gone = (following < until) & (amount > 0)
    time = np.concatenate([time, following[gone]])
    level = np.concatenate([level, level[gone]])
    amount = np.concatenate([amount, np.zeros(int(gone.sum()))])
    order = np.lexsort((time, level))
    return time[order], level[order], amount[order]


def grid_of(changes: Changes, edges: Ticks, low: float, high: float, most: int) -> Grid:
    """Return what stood in a book, in columns between `edges` and at most so many rows.

    Each cell holds the most that stood there at any moment of its time, so nothing that
    was large is lost. Where rows are as fine as the prices, each row is one price; else
    a row is the sum of its prices.

    Parameters
    ----------
    changes : Changes
        Of one market.
    edges : array
        Microseconds, ascending: one more than there are columns.
    low, high : float
        Prices to show.
    most : int
        Rows.
    """
    rows = _row_edges(changes.prices, low, high, most)
    row = np.clip(np.searchsorted(rows, changes.prices, side="right") - 1, -1, len(rows) - 2)
    row[(changes.prices < rows[0]) | (changes.prices >= rows[-1])] = -1
    # A column before the first holds what already stood when the picture begins.
    column = np.searchsorted(edges, changes.time, side="right")
    kept = column < len(edges)
    amounts = _most_by_cell(changes, row, column, kept, (len(rows) - 1, len(edges)))
    bid, ask = _best_by_column(changes, column, kept, len(edges))
    return Grid(amounts[:, 1:], rows, bid[1:], ask[1:])


def _row_edges(prices: Floats, low: float, high: float, most: int) -> Floats:
    """Return the edges of rows: around each price where there is room, else evenly."""
    shown = np.unique(prices[(prices >= low) & (prices <= high)])
    if len(shown) > 1:
        step = float(np.diff(shown).min())
        places = (shown - shown[0]) / step
        on_grid = bool((np.abs(places - np.rint(places)) < _CLOSE * len(shown)).all())
        count = int(np.rint(places[-1])) + 1
        if on_grid and count <= most:
            found: Floats = shown[0] - step / 2 + step * np.arange(count + 1)
            return found
    if len(shown) == 1:
        return np.array([shown[0] * 0.9995, shown[0] * 1.0005])
    edges: Floats = np.linspace(low, high, most + 1)
    edges[-1] = np.nextafter(high, np.inf)
    return edges


def _most_by_cell(
    changes: Changes, row: NDArray[np.int64], column: NDArray[np.int64],
    kept: NDArray[np.bool_], shape: tuple[int, int],
) -> Floats:  # fmt: skip
    """Return the highest total of every row and column."""
    of_change = row[changes.level]
    use = kept & (of_change >= 0)
    first = np.append(True, changes.level[1:] != changes.level[:-1])
    before = np.where(first, 0.0, np.append(0.0, changes.amount[:-1]))
    order = np.lexsort((changes.time[use], of_change[use]))
    place, when = of_change[use][order], column[use][order]
    time, step = changes.time[use][order], (changes.amount - before)[use][order]
    total = _running(place, step)
    # What changed at one moment was never seen half done.
    done = np.append((place[1:] != place[:-1]) | (time[1:] != time[:-1]), True)[: len(place)]
    place, when, total = place[done], when[done], total[done]
    last, most = np.full(shape, np.nan), np.zeros(shape)
    last[place, when] = total  # of changes in one cell, the last stays
    np.maximum.at(most, (place, when), total)
    stood = np.nan_to_num(_forward(last))[:, :-1]
    most[:, 1:] = np.maximum(most[:, 1:], stood)
    return most


def _running(group: NDArray[np.int64], step: Floats) -> Floats:
    """Return running sums that begin anew with every group; what rounding leaves is nought."""
    total = np.cumsum(step)
    begins = np.append(True, group[1:] != group[:-1])[: len(group)]
    base = np.append(0.0, total)[np.flatnonzero(begins)]
    total -= np.repeat(base, np.diff(np.append(np.flatnonzero(begins), len(group))))
    total[total < _ROUNDING * np.abs(step).max(initial=0)] = 0.0
    return total


def _best_by_column(
    changes: Changes, column: NDArray[np.int64], kept: NDArray[np.bool_], columns: int
) -> tuple[Floats, Floats]:
    """Return the best bid and ask at the end of every column, some levels at a time."""
    bid, ask = np.full(columns, np.nan), np.full(columns, np.nan)
    for start in range(0, len(changes.prices), _LEVELS_AT_ONCE):
        stop = min(start + _LEVELS_AT_ONCE, len(changes.prices))
        part = slice(*np.searchsorted(changes.level, [start, stop]))
        use = kept[part]
        stands = np.full((stop - start, columns), np.nan, dtype="float32")
        level, when = changes.level[part][use] - start, column[part][use]
        stands[level, when] = changes.amount[part][use] > 0
        prices = np.where(
            np.nan_to_num(_forward(stands)) > 0, changes.prices[start:stop, None], np.nan
        )
        bids = max(changes.bids - start, 0)
        bid = np.fmax(bid, np.fmax.reduce(prices[:bids], axis=0, initial=np.nan))
        ask = np.fmin(ask, np.fmin.reduce(prices[bids:], axis=0, initial=np.nan))
    return bid, ask


def _forward(values: Floats) -> Floats:
    """Return rows with every NaN replaced by the value before it."""
    places = np.where(np.isnan(values), 0, np.arange(values.shape[1]))
    np.maximum.accumulate(places, axis=1, out=places)
    return np.take_along_axis(values, places, axis=1)
