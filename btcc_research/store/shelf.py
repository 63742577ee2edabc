"""The files of one series: read, replaced, extended.

One file a month; a recording that outgrows its file continues in a next one. Time that is
covered and has no rows stands in a file of its own where its month has no file to change:
the years before a market existed cost one file and not hundreds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from btcc_research.errors import InvalidArgument, StorageError
from btcc_research.store import layout, rows
from btcc_research.store.files import Files
from btcc_research.store.intervals import Intervals, Span
from btcc_research.store.partition import Header, Partition, open_partition, write_partition
from btcc_research.store.series import (
    EARLIEST,
    LATEST,
    Series,
    moment,
    month_span,
    months_of,
)

PART_ROWS = 262_144
"""Most rows of a recording in one file: what one step of moving rows has in memory."""

WITHOUT_ROWS = "without-rows.parquet"
ALWAYS: Span = (EARLIEST, LATEST)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where one series is kept."""

    files: Files
    environment: str
    series: Series

    def read(
        self, wanted: Span, names: Sequence[str] | None = None, *, exact: bool = False
    ) -> tuple[pa.Table, Intervals]:
        """Return the rows of a time, and which part of it is not covered."""
        kind = self.series.kind
        schema = _with_columns(layout.schema_of(kind, as_floats=not exact), names, kind)
        tables = [schema.empty_table()]
        spans: list[Span] = []
        for partition in self.partitions(wanted):
            spans += partition.header.covered
            if partition.may_hold(schema.names[0], wanted):
                found = layout.fitted(partition.rows(schema.names), schema)
                tables.append(rows.of_time(found, kind, wanted))
        return pa.concat_tables(tables), Intervals([wanted]) - Intervals(spans)

    def partitions(self, wanted: Span = ALWAYS) -> Iterator[Partition]:
        """Open the files that may hold rows of a time, or say something about it."""
        names = self.files.names(self.series.folder)
        return self.opened(
            name for name in names
            if name == WITHOUT_ROWS or _overlap(month_span(name[:7]), wanted)
        )  # fmt: skip

    def opened(self, names: Iterable[str]) -> Iterator[Partition]:
        """Open files one after the other; those that went meanwhile are left out."""
        for name in names:
            partition = self.open(name)
            if partition is not None:
                yield partition

    def open(self, name: str) -> Partition | None:
        """Open a file; None where there is none."""
        name = f"{self.series.folder}/{name}"
        source = self.files.open(name)
        if source is None:
            return None
        partition = open_partition(source, name)
        header = partition.header
        if (header.environment, header.series) != (self.environment, self.series):
            raise StorageError(
                f"{name} holds {header.series} of {header.environment}, not {self.series} of "
                f"{self.environment}; move it back to where it belongs."
            )
        return partition

    def replace(self, table: pa.Table, covered: Intervals) -> None:
        """Store rows; inside `covered` they replace what was there."""
        if self.series.is_recorded:
            raise InvalidArgument(f"{self.series.kind} comes from a recorder; append it.")
        _check_rows(self.series.kind, table, covered)
        parts = rows.by_month(table, self.series.kind)
        quiet: list[Span] = []
        with self.files.lock(self.series.folder):
            known = {name[:7] for name in self.files.names(self.series.folder)}
            for month in sorted({*parts, *months_of(covered)}):
                part = covered.clip(*month_span(month))
                if month in parts or month in known:
                    self._replace(f"{month}.parquet", parts.get(month), part)
                else:
                    quiet += part
            self._claim(quiet)

    def append(self, table: pa.Table, covered: Intervals) -> None:
        """Add rows of a recording behind those that are there."""
        if not self.series.is_recorded:
            raise InvalidArgument(f"{self.series.kind} is no recording; write it.")
        _check_span(covered)
        parts = rows.by_month(table, self.series.kind)
        quiet: list[Span] = []
        with self.files.lock(self.series.folder):
            for month in sorted({*parts, *months_of(covered)}):
                part = covered.clip(*month_span(month))
                if month not in parts or not self._extend(month, parts[month], part):
                    quiet += part
            self._claim(quiet)

    def last_sequence(self) -> int:
        """Return the number of the last row of a recording; 0 where there is none."""
        return max((each.header.last_sequence for each in self.partitions()), default=0)

    def cut(self, before: int) -> list[tuple[str, int, int]]:
        """Remove what is older than a moment; return name, rows and bytes of files changed."""
        removed = []
        with self.files.lock(self.series.folder):
            # What is only said goes first: after a crash in between, less is said than is there.
            after = ""
            for name in sorted(self.files.names(self.series.folder), reverse=True):
                partition = self.open(name)
                size = self.files.size(f"{self.series.folder}/{name}")
                is_last, after = name[:7] != after[:7], name
                if partition is not None and self._cut(partition, name, before, is_last=is_last):
                    removed.append((name, partition.count, size))
        return removed

    def _cut(self, partition: Partition, name: str, before: int, *, is_last: bool) -> bool:
        """Cut a file; the last one of a month stays, since it says which row came last."""
        covered = partition.header.covered.clip(before, LATEST)
        start, end = ALWAYS if name == WITHOUT_ROWS else month_span(name[:7])
        if end <= before or (name == WITHOUT_ROWS and not covered):
            self.files.remove(partition.name)
            return True
        if start >= before:
            return False
        table = rows.of_time(self._stored(partition), self.series.kind, (before, LATEST))
        if not table.num_rows and not covered and not is_last:
            self.files.remove(partition.name)
            return True
        if covered == partition.header.covered and table.num_rows == partition.count:
            return False
        self._write(name, replace(partition.header, covered=covered), table)
        return True

    def _replace(self, name: str, new: pa.Table | None, part: Intervals) -> None:
        """Write a month's file anew, where anything changes."""
        kind, old = self.series.kind, self.open(name)
        stored = self._stored(old)
        new = layout.schema_of(kind).empty_table() if new is None else new
        table, as_floats = rows.merged(kind, stored, new, part)
        covered = part if old is None else part | old.header.covered
        header = Header(self.environment, self.series, covered, as_floats)
        if old is None or old.header != header or not stored.equals(table):
            self._write(name, header, table)

    def _claim(self, quiet: list[Span]) -> None:
        """Note time that is covered and has no rows in a file of the month."""
        if quiet:
            old = self.open(WITHOUT_ROWS)
            covered = Intervals(quiet) | (Intervals() if old is None else old.header.covered)
            header = Header(self.environment, self.series, covered)
            if old is None or old.header != header:
                self._write(WITHOUT_ROWS, header, layout.schema_of(self.series.kind).empty_table())

    def _extend(self, month: str, new: pa.Table, part: Intervals) -> bool:
        """Fill up the last file of a month, then begin next ones; return whether rows were new.

        The last file written says what is covered: the others are full before it.
        """
        known = [name for name in self.files.names(self.series.folder) if name[:7] == month]
        number = int(known[-1][8:14]) if known else 1
        old = self.open(f"{month}-{number:06d}.parquet")
        last = 0 if old is None else old.header.last_sequence
        new = new.filter(pc.greater(new.column("sequence"), last))
        if not new.num_rows:
            return False
        while new.num_rows:
            stored = self._stored(old)
            taken = new.slice(0, PART_ROWS - stored.num_rows)
            new = new.slice(taken.num_rows)
            if taken.num_rows:
                covered = Intervals() if old is None else old.header.covered
                covered = covered if new.num_rows else covered | part
                last = taken.column("sequence")[-1].as_py()
                header = Header(self.environment, self.series, covered, last_sequence=last)
                name = f"{month}-{number:06d}.parquet"
                self._write(name, header, pa.concat_tables([stored, taken]))
            number, old = number + 1, None
        return True

    def _stored(self, old: Partition | None) -> pa.Table:
        """Return the rows of a file that is about to be replaced."""
        kind = self.series.kind
        as_floats = kind == "klines" if old is None else old.header.as_floats
        schema = layout.schema_of(kind, as_floats=as_floats)
        if old is None:
            return schema.empty_table()
        table = old.rows()
        unknown = set(table.column_names) - set(schema.names)
        if unknown:
            raise StorageError(
                f"{old.name} has a column {sorted(unknown)[0]!r} of a newer version of this "
                "package; upgrade this one."
            )
        return layout.fitted(table, schema)

    def _write(self, name: str, header: Header, table: pa.Table) -> None:
        self.files.write(f"{self.series.folder}/{name}", write_partition(header, table))


def _with_columns(schema: pa.Schema, names: Sequence[str] | None, kind: str) -> pa.Schema:
    """Return the schema with these columns and the time."""
    if names is None:
        return schema
    unknown = set(names) - set(schema.names)
    if unknown:
        raise InvalidArgument(
            f"{kind} has no column {sorted(unknown)[0]!r}; it has: {', '.join(schema.names)}."
        )
    return pa.schema(field for field in schema if field.name in {schema.names[0], *names})


def _check_rows(kind: str, table: pa.Table, covered: Intervals) -> None:
    _check_span(covered)
    moments = rows.ticks(table, kind)
    outside = ~rows.inside(moments, covered)
    if kind != "gaps" and outside.any():  # gaps are noted, and never known to be all
        raise InvalidArgument(
            f"{int(outside.sum())} row(s) of {kind} lie outside `covered`, such as that of "
            f"{moment(int(moments[outside][0]))}; cut the rows, or cover their time."
        )
    if kind == "klines" and table.filter(table.column("closed")).num_rows < table.num_rows:
        raise InvalidArgument("an unfinished candle would be taken for final; leave it out.")


def _check_span(covered: Intervals) -> None:
    if covered - Intervals([ALWAYS]):
        raise InvalidArgument(
            f"covered reaches beyond {moment(EARLIEST)} to {moment(LATEST)}: {covered.hull}."
        )


def _overlap(span: Span, wanted: Span) -> bool:
    return span[0] < wanted[1] and wanted[0] < span[1]
