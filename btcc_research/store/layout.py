"""The columns of each kind of data: as declared, in Arrow, in pandas.

What a kind holds is declared where its frame is declared; a column that is declared later
reads as NA from older files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import pandas as pd
import pyarrow as pa

from btcc_research import tables
from btcc_research.errors import InvalidArgument
from btcc_research.frames import EXACT, UTC_MICROSECONDS, column
from btcc_research.protocol.endpoint import (
    Field,
    decimal,
    flag,
    identifier,
    integer,
    text,
    time_s,
)
from btcc_research.protocol.spot import CANDLE_COLUMNS
from btcc_research.store import numbers

Columns = tuple[Field, ...]

KLINES: Columns = (*CANDLE_COLUMNS, flag("closed"))
_ARRIVAL: Columns = (
    time_s("time", meaning="by the exchange"),
    time_s("received", meaning="when this machine had it"),
    integer("sequence", meaning="the recorder's own number: rows in the order they came"),
)
PRINTS: Columns = (
    *_ARRIVAL,
    identifier("id"),
    text("side", meaning="of the taker"),
    decimal("price"),
    decimal("amount"),
)
QUOTES: Columns = (
    *_ARRIVAL,
    decimal("bid"),
    decimal("bid_amount"),
    decimal("ask"),
    decimal("ask_amount"),
)
BOOK: Columns = (
    *_ARRIVAL,
    text("side", meaning="bid or ask"),
    decimal("price"),
    decimal("amount", meaning="at this price from now on; 0 removes it"),
    flag("is_snapshot", meaning="part of a whole book that replaces the one before"),
)
GAPS: Columns = (
    time_s("start"),
    time_s("end"),
    text("stream", meaning="prints, quotes or book"),
    text("reason"),
)

COLUMNS: Mapping[str, Columns] = {
    "klines": KLINES,
    "trades": tables.TRADES,
    "orders": tables.ORDERS,
    "ledger": tables.LEDGER,
    "transfers": tables.TRANSFERS,
    "prints": PRINTS,
    "quotes": QUOTES,
    "book": BOOK,
    "gaps": GAPS,
}

_INTEGERS: Any = pd.Int64Dtype()
_FLAGS: Any = pd.BooleanDtype()
_TYPES: Mapping[str, pa.DataType] = {
    "decimal": EXACT,
    "integer": pa.int64(),
    "id": pa.int64(),
    "text": pa.string(),
    "enum": pa.string(),
    "flag": pa.bool_(),
    "time_s": pa.timestamp("us", "UTC"),
    "time_ms": pa.timestamp("us", "UTC"),
}


def time_column(kind: str) -> str:
    """Return the column that says when a row is: the first one declared."""
    return COLUMNS[kind][0].name


@cache
def schema_of(kind: str, *, as_floats: bool = False) -> pa.Schema:
    """Return the Arrow schema of a kind; `as_floats` has float64 for its decimals."""
    return pa.schema(
        (field.name, pa.float64() if as_floats and field.kind == "decimal" else _type(field))
        for field in COLUMNS[kind]
    )


@cache
def decimal_columns(kind: str) -> tuple[str, ...]:
    """Return the names of a kind's numbers of money."""
    return tuple(field.name for field in COLUMNS[kind] if field.kind == "decimal")


def _type(field: Field) -> pa.DataType:
    return _TYPES[field.kind]


def as_table(kind: str, data: Any) -> pa.Table:
    """Return a frame, a table or a list of records as a table with the declared columns.

    Parameters
    ----------
    kind : str
        Declares the columns; one that is missing is NA.
    data : DataFrame, pyarrow.Table or sequence of mappings
        Numbers of money must be exact: decimals, or texts in records.

    Raises
    ------
    InvalidArgument
        For a column nobody declared, a number that is not exact, or a row without time.
    ProtocolError
        For a number that does not fit decimal128(38, 18).
    """
    table = _table(kind, data)
    _check_names(kind, table.column_names)
    for name in decimal_columns(kind):
        if name in table.column_names and pa.types.is_floating(table.schema.field(name).type):
            raise _not_exact(kind, name)
    table = fitted(table, schema_of(kind))
    if table.column(time_column(kind)).null_count:
        raise InvalidArgument(f"a row of {kind} has no {time_column(kind)}; every row needs one.")
    return table


def _table(kind: str, data: Any) -> pa.Table:
    if isinstance(data, pa.Table):
        return data
    if isinstance(data, pd.DataFrame):
        named = data.reset_index() if data.index.name else data
        return pa.Table.from_pandas(named, preserve_index=False).replace_schema_metadata()
    _check_names(kind, {name for record in data for name in record})
    arrays = {
        field.name: _values(kind, field, [record.get(field.name) for record in data])
        for field in COLUMNS[kind]
    }
    return pa.Table.from_pandas(pd.DataFrame(arrays, copy=False), preserve_index=False)


def _values(kind: str, field: Field, values: list[Any]) -> Any:
    if field.kind == "decimal" and any(isinstance(value, float) for value in values):
        raise _not_exact(kind, field.name)
    return column(field, values, exact=True)


def _check_names(kind: str, names: Iterable[str]) -> None:
    declared = schema_of(kind).names
    unknown = sorted(set(names) - set(declared))
    if unknown:
        raise InvalidArgument(
            f"{kind} has no column {unknown[0]!r}; it has: {', '.join(declared)}."
        )


def _not_exact(kind: str, name: str) -> InvalidArgument:
    return InvalidArgument(
        f"column {name!r} of {kind} holds floats; only exact numbers are stored: "
        "ask for the data with exact=True."
    )


def fitted(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return a table with exactly the columns and types of a schema, NA where it has none.

    Raises
    ------
    InvalidArgument
        For a column that cannot become what is declared.
    """
    arrays = []
    for field in schema:
        if field.name not in table.column_names:
            arrays.append(pa.nulls(table.num_rows, field.type))
            continue
        values = table.column(field.name)
        try:
            arrays.append(values if values.type == field.type else _cast(values, field.type))
        except pa.ArrowInvalid as problem:
            raise InvalidArgument(f"column {field.name!r}: {problem}") from None
    return pa.Table.from_arrays(arrays, schema=schema)


def _cast(values: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_decimal(values.type) and pa.types.is_floating(wanted):
        return numbers.to_floats(values)
    if pa.types.is_floating(values.type) and pa.types.is_decimal(wanted):
        return numbers.to_exact(values)
    return values.cast(wanted)


def to_frame(kind: str, table: pa.Table) -> pd.DataFrame:
    """Return a table as the frame the client returns for this kind.

    Candles have their `open_time` as index; other kinds keep their time as a column.
    """
    arrays = {
        field.name: _array(field, table.column(field.name))
        for field in COLUMNS[kind]
        if field.name in table.column_names
    }
    if kind != "klines":
        return pd.DataFrame(arrays, copy=False)
    index = arrays.pop("open_time").rename("open_time")
    return pd.DataFrame(arrays, index=index, copy=False)


def _array(field: Field, values: pa.ChunkedArray) -> Any:
    """Return a column as the array `frames.column` makes of the same kind of values."""
    if field.kind == "decimal" and pa.types.is_decimal(values.type):
        return pd.array(values, dtype=pd.ArrowDtype(EXACT))
    if field.kind == "decimal" or field.name == "closed":
        numbers = values.to_numpy()
        return numbers if numbers.flags.writeable else numbers.copy()
    if field.kind in ("time_s", "time_ms"):
        return pd.DatetimeIndex(UTC_MICROSECONDS.__from_arrow__(values))
    if field.kind in ("integer", "id"):
        return _INTEGERS.__from_arrow__(values)
    if field.kind == "flag":
        return _FLAGS.__from_arrow__(values)
    return pd.array(values.cast(pa.large_string()), dtype="str")


@cache
def pandas_metadata(kind: str, *, as_floats: bool = False) -> bytes:
    """Return what lets ``pandas.read_parquet`` give back the frame with its index and dtypes."""
    empty = schema_of(kind, as_floats=as_floats).empty_table()
    described: bytes = pa.Schema.from_pandas(to_frame(kind, empty)).metadata[b"pandas"]
    return described
