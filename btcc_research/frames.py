"""Rows of an endpoint -> a DataFrame with the declared columns, dtypes and order.

Decimals become float64, or ``decimal128(38, 18)`` with ``exact=True``; times become
``datetime64[us, UTC]``; codes become words; ids are Int64 and never pass through a float.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from operator import attrgetter
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv

from btcc_research.errors import ProtocolError
from btcc_research.protocol import rows as protocol_rows
from btcc_research.protocol.endpoint import Endpoint, Field, Kind

EXACT = pa.decimal128(38, 18)
UTC_MICROSECONDS = pd.DatetimeTZDtype("us", "UTC")

_DTYPES: Mapping[Kind, str] = {
    "integer": "Int64",
    "id": "Int64",
    "text": "str",
    "flag": "boolean",
    "enum": "str",
    "time_s": "datetime64[us, UTC]",
    "time_ms": "datetime64[us, UTC]",
    "json": "object",
}


def dtype_name(kind: Kind, *, exact: bool = False) -> str:
    """Return the pandas dtype of a kind of column, as documentation shows it."""
    return _DTYPES.get(kind, "decimal128(38, 18)" if exact else "float64")


def to_frame(endpoint: Endpoint, rows: Sequence[Any], *, exact: bool = False) -> pd.DataFrame:
    """Return rows as a frame; an empty sequence gives the same columns and dtypes.

    Parameters
    ----------
    endpoint : Endpoint
        Declares the columns.
    rows : sequence
        Records with one attribute per column, decimals as floats, or as text where
        `exact` is true.
    exact : bool
        Keep decimals exact.

    Raises
    ------
    ProtocolError
        For a number that is not finite, or that does not fit decimal128(38, 18).
    """
    columns = {
        field.name: column(field, list(map(attrgetter(field.name), rows)), exact=exact)
        for field in endpoint.columns
    }
    return pd.DataFrame(columns, copy=False)


def column(field: Field, values: list[Any], *, exact: bool = False) -> Any:
    """Return one column's values as the array its kind asks for."""
    if field.kind == "decimal":
        return (exact_decimals if exact else _floats)(values, field.name)
    return _BUILDERS[field.kind](field, values)


def exact_decimals(values: Sequence[Any], name: str = "value") -> Any:
    """Return texts, ints or Decimals as an exact pandas array.

    Raises
    ------
    ProtocolError
        Where a value needs more than 18 decimals or 20 digits before the point.
    """
    texts = [_plain(value) for value in values]
    try:
        array = pa.array(texts, pa.string()).cast(EXACT)
    except pa.ArrowInvalid as problem:
        raise ProtocolError(f"{name} does not fit decimal128(38, 18): {problem}") from None
    return pd.array(array, dtype=pd.ArrowDtype(EXACT))


def _plain(value: Any) -> str | None:
    """Return a number as plain decimal text; a float by its shortest text."""
    if value is None or isinstance(value, str):
        return value
    return format(Decimal(repr(value)) if isinstance(value, float) else value, "f")


def _floats(values: list[Any], name: str) -> Any:
    array = np.array(values, dtype=np.float64)
    finite = np.isfinite(array)
    if not finite.all():
        odd = [value for value in values if value is not None and not math.isfinite(value)]
        if odd:
            raise ProtocolError(f"{name} holds {odd[0]}, which is not a number of money.")
    return array


def _integers(field: Field, values: list[Any]) -> Any:
    missing = np.zeros(len(values), dtype=bool)
    if None in values:
        missing[:] = [value is None for value in values]
        values = [0 if value is None else value for value in values]
    try:
        numbers = np.array(values, dtype=np.int64)
    except OverflowError:
        raise ProtocolError(f"{field.name} holds a number above 2**63.") from None
    return pd.arrays.IntegerArray(numbers, missing)


def _words(field: Field, values: list[Any]) -> Any:
    codes = _codes(values).dictionary_encode()
    words = [code_word(field, code) for code in codes.dictionary.to_pylist()]
    return pd.array(pa.array(words, pa.large_string()).take(codes.indices), dtype="str")


def _codes(values: list[Any]) -> pa.Array:
    try:
        return pa.array(values, pa.int64())
    except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError):  # codes that are texts
        return pa.array([None if value is None else str(value) for value in values], pa.string())


def code_word(field: Field, code: int | str | None) -> str | None:
    """Return the word of a code; an unknown one stays readable, an empty text is none."""
    if code is None or code == "":
        return None
    word = field.codes.get(code) or field.codes.get(str(code))
    return word or f"unknown({code})"


def _texts(field: Field, values: list[Any]) -> Any:
    try:
        texts = pa.array(values, pa.large_string())
    except pa.ArrowTypeError:  # a number where text is usual
        spelled = [value if value is None else str(value) for value in values]
        texts = pa.array(spelled, pa.large_string())
    return pd.array(texts, dtype="str")


def _flags(field: Field, values: list[Any]) -> Any:
    return pd.array(values, dtype="boolean")


def _objects(field: Field, values: list[Any]) -> Any:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _times(field: Field, values: list[Any]) -> Any:
    return times(np.array(values, dtype=np.float64))


def times(numbers: Any) -> pd.DatetimeIndex:
    """Return Unix times as UTC microseconds; 0 and missing become NaT.

    BTCC documents the unit of many times badly, so it is taken from the magnitude: below
    10**11 seconds, otherwise milliseconds. A float of seconds is rounded to the
    microsecond, which is what BTCC sent: going through nanoseconds would show digits
    nobody sent.
    """
    known = np.isfinite(numbers) & (numbers != 0)
    numbers = np.where(known, numbers, 0.0)
    unit = np.where(numbers < protocol_rows.MILLISECONDS_FROM, 1e6, 1e3)
    ticks = np.rint(numbers * unit).astype("int64")
    stamps = ticks.view("M8[us]")
    stamps[~known] = np.datetime64("NaT", "us")
    return pd.DatetimeIndex(stamps).tz_localize("UTC")


_BUILDERS: Mapping[Kind, Callable[[Field, list[Any]], Any]] = {
    "integer": _integers,
    "id": _integers,
    "text": _texts,
    "flag": _flags,
    "enum": _words,
    "time_s": _times,
    "time_ms": _times,
    "json": _objects,
}


# Candles: the one long reply. Its rows are cut to lines and read by Arrow's CSV reader,
# several times faster than as JSON; whatever is not exactly the documented row is read as
# JSON instead.

_CANDLE_NAMES = ("open_time", "open", "close", "high", "low", "volume", "turnover", "market")
_CANDLE_NUMBERS = _CANDLE_NAMES[1:-1]
_LIST_TO_LINES = bytes.maketrans(b"[]", b",\n")
_SYMBOL = pa.dictionary(pa.int32(), pa.string())


def candle_table(
    endpoint: Endpoint, payload: bytes, market: str, *, exact: bool = False
) -> pa.Table:
    """Return the rows of a kline payload as a table: `open_time` in seconds, then numbers.

    Raises
    ------
    ProtocolError
        For a row that is not eight values, a number that is null, empty or not finite,
        or a row of another market.
    """
    table = _read_as_lines(payload, market, exact)
    return _read_as_json(endpoint, payload, market, exact) if table is None else table


def _read_as_lines(payload: bytes, market: str, exact: bool) -> pa.Table | None:
    """Read ``[[1,"2",...,"BTCUSDT"],[...]]`` as CSV, or return None if it is anything else.

    With ``[`` read as a comma and ``]`` as a line's end, every row becomes a line with two
    empty columns in front. The payload is valid JSON already (the envelope's reader checked
    it), so the CSV reader's own strictness suffices: a row of another length, a null, an
    empty text, an escape, a bracket or a comma inside a text, and stray white space all
    fail to convert.
    """
    if payload[:2] != b"[[" or payload[-2:] != b"]]":
        return None
    if b", " in payload[:1000]:
        payload = payload.replace(b", ", b",")
    try:
        table = _read_lines(memoryview(payload.translate(_LIST_TO_LINES))[:-1], exact)
    except pa.ArrowInvalid:
        return None
    plain = table.column("market").unique().to_pylist() == [market] and (
        exact or all(np.isfinite(table.column(n).to_numpy()).all() for n in _CANDLE_NUMBERS)
    )
    return table.drop_columns(["market"]) if plain else None


def _read_lines(lines: memoryview, exact: bool) -> pa.Table:
    kinds = dict.fromkeys(_CANDLE_NUMBERS, EXACT if exact else pa.float64())
    return csv.read_csv(
        pa.BufferReader(lines),
        csv.ReadOptions(column_names=["", " ", *_CANDLE_NAMES], block_size=1 << 20),
        csv.ParseOptions(double_quote=False, ignore_empty_lines=False),
        csv.ConvertOptions(
            column_types=kinds | {"open_time": pa.int64(), "market": _SYMBOL},
            include_columns=_CANDLE_NAMES,
            null_values=[],
        ),
    )


def _read_as_json(endpoint: Endpoint, payload: bytes, market: str, exact: bool) -> pa.Table:
    rows = protocol_rows.read_rows(endpoint, payload, exact).rows
    others = {row.market for row in rows} - {market}
    if others:
        raise ProtocolError(f"candles of {sorted(others)[0]} in an answer about {market}.")
    fractions = [row.open_time for row in rows if row.open_time != int(row.open_time)]
    if fractions:
        raise ProtocolError(f"a candle opens at {fractions[0]}, which is not a whole second.")
    columns: dict[str, Any] = {
        "open_time": pa.array([int(row.open_time) for row in rows], pa.int64())
    }
    for name in _CANDLE_NUMBERS:
        values = [getattr(row, name) for row in rows]
        if exact:
            columns[name] = pa.array(exact_decimals(values, name), EXACT)
        else:
            columns[name] = pa.array(_floats(values, name), pa.float64())
    return pa.table(columns)


def candle_frame(
    endpoint: Endpoint,
    tables: Sequence[pa.Table],
    closed_before: int,
    interval: int,
    *,
    exact: bool = False,
) -> pd.DataFrame:
    """Join candle tables to one frame, in time order, each candle once.

    Parameters
    ----------
    tables : sequence of pyarrow.Table
        As `candle_table` returns them; a later table wins over an earlier one.
    closed_before : int
        The server's time in Unix seconds: a candle is closed when it ended by then.
    interval : int
        Seconds of a candle.

    Returns
    -------
    DataFrame
        Index `open_time`; columns open, high, low, close, volume, turnover, closed.
    """
    number = EXACT if exact else pa.float64()
    schema = pa.schema([("open_time", pa.int64()), *((name, number) for name in _CANDLE_NUMBERS)])
    table = pa.concat_tables([schema.empty_table(), *tables])
    seconds = table.column("open_time").to_numpy()
    kept = _last_of_each(seconds)
    if kept is not None:
        table, seconds = table.take(pa.array(kept)), seconds[kept]
    index = times(seconds.astype("float64")).rename("open_time")
    columns: dict[str, Any] = {
        field.name: _candle_column(table.column(field.name), exact)
        for field in endpoint.columns[1:]
    }
    columns["closed"] = seconds + interval <= closed_before
    return pd.DataFrame(columns, index=index, copy=False)


def _candle_column(values: pa.ChunkedArray, exact: bool) -> Any:
    return pd.array(values, dtype=pd.ArrowDtype(EXACT)) if exact else values.to_numpy()


def _last_of_each(seconds: Any) -> Any:
    """Return positions that sort times and keep the last of equal ones; None if all is well."""
    if (np.diff(seconds) > 0).all():
        return None
    order = np.argsort(seconds, kind="stable")
    ordered = seconds[order]
    return order[np.append(ordered[1:] != ordered[:-1], True)]
