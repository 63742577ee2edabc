"""How new rows meet stored ones: what replaces what, what is one row, what comes first.

Inside the time a writer vouches for, its rows replace the stored ones. Then equal rows are
one row; of candles that open together and of states of one order, one is kept.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from btcc_research.store import layout, numbers
from btcc_research.store.intervals import Intervals, Span
from btcc_research.store.series import month_of, month_span


def ticks(table: pa.Table, kind: str) -> Any:
    """Return when each row is, in microseconds since 1970."""
    values = table.column(layout.time_column(kind))
    return values.cast(pa.timestamp("us")).to_numpy().view("int64")


def inside(moments: Any, covered: Intervals) -> Any:
    """Return which moments lie in a set of time."""
    starts = np.array([start for start, _ in covered], dtype="int64")
    ends = np.array([end for _, end in covered], dtype="int64")
    place = np.searchsorted(starts, moments, side="right") - 1
    if not len(starts):
        return np.zeros(len(moments), dtype=bool)
    return (place >= 0) & (moments < ends[place])


def by_month(table: pa.Table, kind: str) -> dict[str, pa.Table]:
    """Return rows month by month."""
    moments = ticks(table, kind)
    parts: dict[str, pa.Table] = {}
    left = np.unique(moments.astype("M8[us]").astype("M8[M]"))
    for month in (month_of(int(first.astype("M8[us]").view("int64"))) for first in left):
        start, end = month_span(month)
        chosen = (moments >= start) & (moments < end)
        parts[month] = table if chosen.all() else table.filter(pa.array(chosen))
    return parts


def of_time(table: pa.Table, kind: str, wanted: Span) -> pa.Table:
    """Return the rows of a time."""
    moments = ticks(table, kind)
    chosen = (moments >= wanted[0]) & (moments < wanted[1])
    return table if chosen.all() else table.filter(pa.array(chosen))


def merged(kind: str, stored: pa.Table, new: pa.Table, covered: Intervals) -> tuple[pa.Table, bool]:
    """Return stored and new rows as one table, sorted, every row once.

    Parameters
    ----------
    kind : str
        Says what makes two rows one.
    stored, new : pyarrow.Table
        With the declared columns; stored candles may have floats.
    covered : Intervals
        Where the new rows are all there is.

    Returns
    -------
    (pyarrow.Table, bool)
        The rows, and whether their numbers are floats.
    """
    if kind != "klines":
        return _merged(kind, stored, new, covered), False
    new, are_floats = compact_numbers(new)
    if are_floats and _has_floats(stored):
        return _merged(kind, stored, new, covered), True
    return compact_numbers(_merged(kind, exact_numbers(stored), exact_numbers(new), covered))


def _merged(kind: str, stored: pa.Table, new: pa.Table, covered: Intervals) -> pa.Table:
    table = pa.concat_tables([stored, new])
    replaced = inside(ticks(table, kind), covered)
    replaced[stored.num_rows :] = False
    if kind == "orders":  # a state that was read earlier may be written later
        keys = _order_keys(table)
        replaced &= ~np.isin(keys, keys[stored.num_rows :])
    kept = table.filter(pa.array(~replaced)) if replaced.any() else table
    return _sorted(kind, _one_of_each(kind, kept))


def _one_of_each(kind: str, table: pa.Table) -> pa.Table:
    if kind == "klines":
        return _last_of_each(table, ticks(table, kind))
    if kind == "orders":
        changed = table.column("updated_at").cast("int64").fill_null(0).to_numpy()
        table = table.take(pa.array(np.argsort(changed, kind="stable")))  # the newest last
        return _last_of_each(table, _order_keys(table))
    return table.group_by(table.column_names, use_threads=False).aggregate([])


def _last_of_each(table: pa.Table, keys: Any) -> pa.Table:
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    last = np.append(ordered[1:] != ordered[:-1], True)[: len(keys)]
    return table if last.all() else table.take(pa.array(np.sort(order[last])))


def _order_keys(table: pa.Table) -> Any:
    """Return a number for each order: stop orders are numbered by themselves.

    An order without an id equals no other.
    """
    ids = table.column("id").combine_chunks().dictionary_encode().indices
    is_stop = pc.starts_with(table.column("type"), "stop").fill_null(False).to_numpy()
    alone = -1 - np.arange(table.num_rows)
    return np.where(ids.is_null(), alone, ids.fill_null(0).to_numpy() * 2 + is_stop)


def _sorted(kind: str, table: pa.Table) -> pa.Table:
    """Sort by time, then by everything else, so that equal rows give equal files."""
    first = layout.time_column(kind)
    if kind == "klines":
        moments = ticks(table, kind)
        if (np.diff(moments) > 0).all():
            return table
        return table.take(pa.array(np.argsort(moments, kind="stable")))
    head = [name for name in (first, "id", "reference") if name in table.column_names]
    keys = head + [name for name in table.column_names if name not in head]
    order = pc.sort_indices(table, sort_keys=[(name, "ascending") for name in keys])
    return table.take(order)


def compact_numbers(table: pa.Table) -> tuple[pa.Table, bool]:
    """Return candles as floats where every one is exact as a float, and whether it is so."""
    found = table
    for name in layout.decimal_columns("klines"):
        values = table.column(name)
        floats = values if pa.types.is_floating(values.type) else numbers.exact_floats(values)
        if floats is None:
            return exact_numbers(table), False
        found = found.set_column(table.column_names.index(name), name, floats)
    return found, True


def exact_numbers(table: pa.Table) -> pa.Table:
    """Return candles with decimals, whichever form they have."""
    return layout.fitted(table, layout.schema_of("klines"))


def _has_floats(table: pa.Table) -> bool:
    return bool(pa.types.is_floating(table.schema.field("open").type))
