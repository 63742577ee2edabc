"""Reads everything a store holds and says what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from btcc_research.errors import BtccError
from btcc_research.store import layout, rows
from btcc_research.store.intervals import Intervals
from btcc_research.store.money import money_findings
from btcc_research.store.partition import Partition, open_partition
from btcc_research.store.series import Series, moment, month_span
from btcc_research.store.shelf import WITHOUT_ROWS, Shelf

if TYPE_CHECKING:
    from btcc_research.store.store import Store

Finding = tuple[str, str, str]


def findings(store: Store) -> pd.DataFrame:
    """Return what is wrong: file, finding and detail."""
    found: list[Finding] = []
    readable: dict[Series, list[str]] = {}
    for folder in store.files.folders():
        for name in store.files.names(folder):
            found += _file_findings(store, folder, name, readable)
    for series, names in readable.items():
        if series.is_recorded:
            found += _part_findings(Shelf(store.files, store.environment, series), names)
    found += money_findings(store, readable)
    columns = list(zip(*found, strict=True)) if found else [(), (), ()]
    named = zip(("file", "finding", "detail"), columns, strict=True)
    return pd.DataFrame({name: pd.array(list(words), dtype="str") for name, words in named})


def _file_findings(
    store: Store, folder: str, name: str, readable: dict[Series, list[str]]
) -> Iterator[Finding]:
    whole = f"{folder}/{name}"
    try:
        partition = open_partition(store.files.open(whole), whole)
        table = partition.rows()
        table.validate(full=True)
    except (BtccError, pa.ArrowInvalid) as problem:
        yield whole, "unreadable", str(problem)
        return
    header = partition.header
    if header.environment != store.environment:
        yield whole, "other environment", f"{header.environment}, not {store.environment}"
    elif header.series.folder != folder:
        yield whole, "misplaced", f"{header.series} belongs into {header.series.folder}"
    else:
        readable.setdefault(header.series, []).append(name)
        yield from ((whole, *finding) for finding in _row_findings(partition, table, name))


def _row_findings(partition: Partition, table: pa.Table, name: str) -> Iterator[tuple[str, str]]:
    series, covered = partition.header.series, partition.header.covered
    table = layout.fitted(table, layout.schema_of(series.kind))
    moments = rows.ticks(table, series.kind)
    if name != WITHOUT_ROWS:
        yield from _each(moments, ~rows.inside(moments, Intervals([month_span(name[:7])])),
                         "outside the month")  # fmt: skip
    if series.is_recorded:
        steps = np.diff(table.column("sequence").to_numpy())
        yield from _each(moments[1:], steps < 0, "out of order")
        yield from _each(moments[1:], steps == 0, "repeated")
        return
    if series.kind != "gaps":
        yield from _each(moments, ~rows.inside(moments, covered), "outside what is covered")
    yield from _each(moments[1:], np.diff(moments) < 0, "out of order")
    yield from _repeats(series.kind, table, moments)


def _repeats(kind: str, table: pa.Table, moments: Any) -> Iterator[tuple[str, str]]:
    if kind == "klines":
        yield from _each(moments[1:], np.diff(moments) == 0, "repeated")
        return
    distinct = table.group_by(table.column_names, use_threads=False).aggregate([]).num_rows
    if distinct < table.num_rows:
        yield "repeated", f"{table.num_rows - distinct} row(s)"
    if "id" in table.column_names:
        # An execution with oneself has one id on both sides.
        keys = ["id", *({"orders": ["type"], "trades": ["side"]}.get(kind, []))]
        named = table.filter(pc.is_valid(table.column("id")))
        counted = named.group_by(keys).aggregate([([], "count_all")])
        shared = counted.filter(pc.greater(counted.column("count_all"), 1))
        if shared.num_rows:
            yield "one id, different rows", f"{shared.num_rows} id(s), such as {shared['id'][0]}"


def _each(moments: Any, wrong: Any, finding: str) -> Iterator[tuple[str, str]]:
    count = int(np.count_nonzero(wrong))
    if count:
        first = moment(int(moments[np.flatnonzero(wrong)[0]]))
        yield finding, f"{count} row(s), the first at {first.isoformat()}"


def _part_findings(shelf: Shelf, names: list[str]) -> Iterator[Finding]:
    """What no file shows alone: the files of a recording's month continue each other."""
    last: dict[str, int] = {}
    for partition in shelf.opened(names):
        numbers = partition.rows(["sequence"]).column("sequence")
        month = partition.name.rpartition("/")[2][:7]
        if len(numbers) and numbers[0].as_py() <= last.get(month, 0):
            yield partition.name, "repeated", f"begins before row {last[month]} of the file before"
        last[month] = max([last.get(month, 0), *numbers[-1:].to_pylist()])
