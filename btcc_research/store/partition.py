"""One Parquet file: rows of a month, and in its own metadata what they cover.

Rows and coverage are one file, so they change together or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from btcc_research.errors import StorageError
from btcc_research.store import layout
from btcc_research.store.intervals import Intervals, Span
from btcc_research.store.series import Series

SCHEMA_VERSION = 1
_KEY = b"btcc_research"
_COMPRESSION = "zstd"


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says about itself.

    `covered` is what its rows are complete for, `last_sequence` the last row of a recording
    in it, `as_floats` whether its candles are float64: their shortest texts are then the
    exchange's numbers.
    """

    environment: str
    series: Series
    covered: Intervals
    as_floats: bool = False
    last_sequence: int = 0
    version: int = SCHEMA_VERSION

    def to_bytes(self) -> bytes:
        """Return it as the JSON that stands in the file."""
        series = {name: getattr(self.series, name) for name in Series.__slots__}
        facts = {
            "version": self.version,
            "environment": self.environment,
            "series": series,
            "covered": self.covered.spans,
            "numbers": "float64" if self.as_floats else "decimal128(38, 18)",
            "last_sequence": self.last_sequence,
        }
        return json.dumps(facts, sort_keys=True).encode()

    @classmethod
    def from_facts(cls, facts: dict[str, Any]) -> Header:
        """Read what `to_bytes` wrote, once it is no JSON any more."""
        return cls(
            facts["environment"],
            Series(**facts["series"]),
            Intervals((start, end) for start, end in facts["covered"]),
            facts["numbers"] == "float64",
            facts["last_sequence"],
            facts["version"],
        )


@dataclass(frozen=True, slots=True)
class Partition:
    """An open file: its header is read, its rows are read when asked for."""

    name: str
    header: Header
    file: pq.ParquetFile

    @property
    def count(self) -> int:
        """How many rows there are."""
        return int(self.file.metadata.num_rows)

    def rows(self, names: Sequence[str] | None = None) -> pa.Table:
        """Return the rows, with the columns of these names the file has.

        Raises
        ------
        StorageError
            Where the file is damaged.
        """
        with reading(self.name):
            present = self.file.schema_arrow.names
            wanted = present if names is None else [name for name in names if name in present]
            return self.file.read(columns=wanted).replace_schema_metadata()

    def may_hold(self, column: str, wanted: Span) -> bool:
        """Whether a row may be of a time, as the file's statistics say."""
        about = self.file.metadata
        place = self.file.schema_arrow.get_field_index(column)
        for group in range(about.num_row_groups):
            known = about.row_group(group).column(place).statistics
            if known is None or not known.has_min_max:
                return True
            if known.min_raw < wanted[1] and known.max_raw >= wanted[0]:
                return True
        return False


def open_partition(source: Any, name: str) -> Partition:
    """Read a file's header.

    Raises
    ------
    StorageError
        For a file that is damaged, not ours, or written by a newer version.
    """
    with reading(name):
        file = pq.ParquetFile(source, page_checksum_verification=True)
        written = (file.metadata.metadata or {}).get(_KEY)
        if written is None:
            raise StorageError(f"{name} was not written by this package; move it elsewhere.")
        facts = json.loads(written)
        if facts["version"] > SCHEMA_VERSION:
            raise StorageError(
                f"{name} was written by a newer version of this package; upgrade this one."
            )
        return Partition(name, Header.from_facts(facts), file)


def write_partition(header: Header, rows: pa.Table) -> pa.Buffer:
    """Return the bytes of a file; equal rows and headers give equal bytes.

    Parameters
    ----------
    header : Header
        What is written into the file's metadata.
    rows : pyarrow.Table
        With all declared columns, sorted.
    """
    kind = header.series.kind
    metadata = {
        _KEY: header.to_bytes(),
        b"pandas": layout.pandas_metadata(kind, as_floats=header.as_floats),
    }
    rows = rows.combine_chunks().replace_schema_metadata(metadata)
    plain = {layout.time_column(kind), "sequence"} & set(rows.column_names)
    floats = {field.name for field in rows.schema if pa.types.is_floating(field.type)}
    sink = pa.BufferOutputStream()
    pq.write_table(
        rows,
        sink,
        compression=_COMPRESSION,
        use_dictionary=[name for name in rows.column_names if name not in plain | floats],
        write_page_checksum=True,
        column_encoding=dict.fromkeys(sorted(plain), "DELTA_BINARY_PACKED"),
    )
    return sink.getvalue()


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn what Arrow says of a damaged file into an error that says what to do.

    Raises
    ------
    StorageError
        Naming the file.
    """
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as problem:
        raise StorageError(
            f"{name} is damaged ({problem}); remove it, and what it covered is fetched again "
            "when it is next asked for."
        ) from problem
