"""Stored rows for other engines: one Arrow dataset, which each of them reads lazily."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from btcc_research.errors import InvalidArgument
from btcc_research.store import layout
from btcc_research.store.files import optional
from btcc_research.store.intervals import Span
from btcc_research.store.series import month_span
from btcc_research.store.shelf import WITHOUT_ROWS, Shelf

_WHOSE = ("venue", "market")


def scan(shelves: Sequence[Shelf], wanted: Span, engine: str) -> Any:
    """Return the rows of several series of one kind in the form of an engine."""
    if engine not in _ENGINES:
        raise InvalidArgument(f"engine={engine!r} is not one of {', '.join(_ENGINES)}.")
    if not shelves:
        raise InvalidArgument("markets is empty; name at least one.")
    return _ENGINES[engine](shelves, wanted)


def _pandas(shelves: Sequence[Shelf], wanted: Span) -> pd.DataFrame:
    return pd.concat([_read((shelf, wanted)) for shelf in shelves], ignore_index=True)


def _dask(shelves: Sequence[Shelf], wanted: Span) -> Any:
    """A part is a market and a month."""
    frames = optional("dask.dataframe", 'engine="dask"')
    parts = [
        (shelf, (max(start, wanted[0]), min(end, wanted[1])))
        for shelf in shelves
        for start, end in _months(shelf, wanted)
    ]
    empty = _read((shelves[0], (0, 0)))
    if not parts:
        return frames.from_pandas(empty, npartitions=1)
    return frames.from_map(_read, parts, meta=empty)


def _months(shelf: Shelf, wanted: Span) -> list[Span]:
    names = shelf.files.names(shelf.series.folder)
    spans = sorted({month_span(name[:7]) for name in names if name != WITHOUT_ROWS})
    return [span for span in spans if span[0] < wanted[1] and wanted[0] < span[1]]


def _read(part: tuple[Shelf, Span]) -> pd.DataFrame:
    """Return the rows of a series in a time, with its venue and market as columns."""
    shelf, wanted = part
    table, _ = shelf.read(wanted)
    frame = layout.to_frame(shelf.series.kind, table)
    frame = frame.reset_index() if frame.index.name else frame
    for place, name in enumerate(_missing(shelf)):
        words = pd.Index([getattr(shelf.series, name)] * len(frame), dtype="str")
        frame.insert(place, name, words)
    return frame


def _missing(shelf: Shelf) -> list[str]:
    """Return what the rows of a kind do not say of themselves."""
    declared = layout.schema_of(shelf.series.kind).names
    return [name for name in _WHOSE if name not in declared]


def _arrow(shelves: Sequence[Shelf], wanted: Span) -> Any:
    import pyarrow.dataset as ds  # noqa: PLC0415 (heavy: loaded when used)

    kind = shelves[0].series.kind
    declared = layout.schema_of(kind, as_floats=kind == "klines")
    whose = [pa.field(name, pa.string()) for name in _missing(shelves[0])]
    schema = pa.schema([*whose, *declared])
    time = ds.field(declared.names[0])
    start, end = (pa.scalar(each, pa.timestamp("us", "UTC")) for each in wanted)
    children = [child for shelf in shelves for child in _datasets(ds, shelf, wanted, schema)]
    return ds.dataset(children).filter((time >= start) & (time < end))


def _datasets(ds: Any, shelf: Shelf, wanted: Span, schema: pa.Schema) -> list[Any]:
    """Return the files of a series, and converted those that the engines would round wrongly."""
    whose = {name: getattr(shelf.series, name) for name in _missing(shelf)}
    given = ds.scalar(True)
    for name, word in whose.items():
        given &= ds.field(name) == word
    checked = ds.ParquetFragmentScanOptions(page_checksum_verification=True)
    as_parquet = ds.ParquetFileFormat(default_fragment_scan_options=checked)
    system, root = shelf.files.arrow()
    fragments, converted = [], [schema.empty_table()]
    for partition in shelf.partitions(wanted):
        if shelf.series.kind == "klines" and not partition.header.as_floats and partition.count:
            table = layout.fitted(partition.rows(), schema)
            for name, word in whose.items():
                place = schema.get_field_index(name)
                table = table.set_column(place, name, pa.repeat(word, table.num_rows))
            converted.append(table)
        else:
            path = f"{root}/{partition.name}"
            fragments.append(as_parquet.make_fragment(path, system, partition_expression=given))
    return [
        ds.FileSystemDataset(fragments, schema, as_parquet, system),
        ds.dataset(pa.concat_tables(converted)),
    ]


def _polars(shelves: Sequence[Shelf], wanted: Span) -> Any:
    polars = optional("polars", 'engine="polars"')
    return polars.scan_pyarrow_dataset(_arrow(shelves, wanted))


def _duckdb(shelves: Sequence[Shelf], wanted: Span) -> Any:
    duckdb = optional("duckdb", 'engine="duckdb"')
    return duckdb.from_arrow(_arrow(shelves, wanted))


_ENGINES: Mapping[str, Callable[[Sequence[Shelf], Span], Any]] = {
    "pandas": _pandas,
    "polars": _polars,
    "duckdb": _duckdb,
    "dask": _dask,
    "arrow": _arrow,
}
