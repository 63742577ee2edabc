"""What a store holds, where it has holes, and what is taken out of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from btcc_research.store.intervals import Intervals
from btcc_research.store.partition import Partition, open_partition
from btcc_research.store.series import RECORDED, Series, interval_name
from btcc_research.store.shelf import ALWAYS, Shelf

if TYPE_CHECKING:
    from btcc_research.store.store import Store

NOT_STORED = "not stored"
_NAMES = ("venue", "market", "kind", "interval")


def shelves(store: Store) -> Iterator[Shelf]:
    """Return the series that are stored, by what their files say of themselves."""
    for folder in store.files.folders():
        for name in store.files.names(folder):
            source = store.files.open(f"{folder}/{name}")
            if source is not None:
                header = open_partition(source, f"{folder}/{name}").header
                yield Shelf(store.files, store.environment, header.series)
                break


def coverage(store: Store) -> pd.DataFrame:
    """Return one row for every covered range of time."""
    found = [
        (*_words(shelf.series), start, end)
        for shelf in shelves(store)
        for start, end in _covered(shelf.partitions())
    ]
    return _frame([*_NAMES, "start", "end"], found)


def contents(store: Store) -> pd.DataFrame:
    """Return one row for every file."""
    found = [
        (*_words(shelf.series), each.name, each.count, store.files.size(each.name))
        for shelf in shelves(store)
        for each in shelf.partitions()
    ]
    return _frame([*_NAMES, "file", "rows", "bytes"], found)


def gaps(store: Store) -> pd.DataFrame:
    """Return the holes in what is covered, with the recorder's reasons where there are any."""
    found: list[tuple[Any, ...]] = []
    for shelf in shelves(store):
        if shelf.series.kind == "gaps":
            continue
        words = _words(shelf.series)
        noted = _noted_gaps(store, shelf.series)
        found += [(*words, start, end, reason) for start, end, reason in noted]
        explained = Intervals((start, end) for start, end, _ in noted)
        unexplained = _covered(shelf.partitions()).between() - explained
        found += [(*words, start, end, NOT_STORED) for start, end in unexplained]
    frame = _frame([*_NAMES, "start", "end", "reason"], found)
    return frame.sort_values([*_NAMES, "start"], kind="stable", ignore_index=True)


def prune(store: Store, before: int, kind: str | None, market: str | None) -> pd.DataFrame:
    """Remove what is older than a moment; return the files that changed."""
    found: list[tuple[Any, ...]] = []
    for shelf in list(shelves(store)):
        series = shelf.series
        if kind in (None, series.kind) and market in (None, series.market):
            changed = shelf.cut(before)
            found += [
                (*_words(series), f"{series.folder}/{name}", rows, size)
                for name, rows, size in changed
            ]
    return _frame([*_NAMES, "file", "rows", "bytes"], found)


def _covered(partitions: Iterator[Partition]) -> Intervals:
    return Intervals(span for each in partitions for span in each.header.covered)


def _noted_gaps(store: Store, series: Series) -> list[tuple[int, int, str]]:
    """Return what the recorder noted about a stream."""
    if series.kind not in RECORDED:
        return []
    shelf = Shelf(store.files, store.environment, Series("gaps", series.venue, series.market))
    table, _ = shelf.read(ALWAYS)
    return [
        (row["start"], row["end"], row["reason"])
        for row in _as_ticks(table, ("start", "end"))
        if row["stream"] == series.kind
    ]


def _as_ticks(table: Any, names: Sequence[str]) -> list[dict[str, Any]]:
    for name in names:
        place = table.column_names.index(name)
        table = table.set_column(place, name, table.column(name).cast("int64"))
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _words(series: Series) -> tuple[str | None, ...]:
    interval = None if series.interval is None else interval_name(series.interval)
    return series.venue, series.market, series.kind, interval


def _frame(names: Sequence[str], found: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    columns = list(zip(*found, strict=True)) if found else [()] * len(names)
    return pd.DataFrame(
        {name: _array(name, values) for name, values in zip(names, columns, strict=True)}
    )


def _array(name: str, values: Sequence[Any]) -> Any:
    if name in ("start", "end"):
        return pd.DatetimeIndex(np.array(values, dtype="M8[us]")).tz_localize("UTC")
    return pd.array(values, dtype="Int64" if name in ("rows", "bytes") else "str")
