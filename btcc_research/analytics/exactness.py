"""Exact numbers: out of a frame's columns, through Decimal arithmetic, into a new frame.

A float stands for the shortest decimal text that reads as it, which is what the exchange
sent. Unknown numbers are a quiet NaN inside, so that everything worked out from them is
unknown as well, and NA in the frame handed out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from btcc_research import frames
from btcc_research.errors import InvalidArgument
from btcc_research.protocol.endpoint import Field

ZERO = Decimal(0)
ONE = Decimal(1)
UNKNOWN = Decimal("NaN")
UNIT = Decimal(1).scaleb(-18)  # the last digit a frame holds
BOOKING_UNIT = Decimal(1).scaleb(-8)  # futures book money with eight decimals, half up
NEVER = int(np.iinfo(np.int64).min)  # what pandas keeps for a missing time
# Wide enough for a product of two numbers of a frame; only quotients are cut.
CONTEXT = Context(prec=80, rounding=ROUND_HALF_EVEN)

_TIMES = ("time_s", "time_ms")


@contextmanager
def exactly() -> Iterator[None]:
    """Compute with enough digits, whatever the caller's context is; also a decorator."""
    with localcontext(CONTEXT):
        yield


def on_grid(value: Decimal) -> Decimal:
    """Return a value with at most the decimals a frame holds."""
    return value.quantize(UNIT, ROUND_HALF_EVEN, CONTEXT)


def booked(value: Decimal) -> Decimal:
    """Return a value as futures money is booked."""
    return value.quantize(BOOKING_UNIT, ROUND_HALF_UP, CONTEXT)


def share(total: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """Return the part of a total; whoever takes it leaves the rest, so that nothing is lost."""
    if part == whole or not total:
        return total
    return (total * part / whole).quantize(UNIT, ROUND_HALF_EVEN, CONTEXT)


def ratio(part: Decimal, whole: Decimal) -> Decimal:
    """Return part / whole, unknown where there is no whole."""
    return (part / whole).quantize(UNIT, ROUND_HALF_EVEN, CONTEXT) if whole else UNKNOWN


def number(value: Any) -> Decimal:
    """Return any number as the decimal its shortest text says; missing is unknown."""
    if isinstance(value, Decimal):
        return value
    if value is None or value is pd.NA:
        return UNKNOWN
    return Decimal(repr(value) if type(value) is float else str(value))


def is_exact(*given: pd.DataFrame | pd.Series | None) -> bool:
    """Whether any of the frames holds exact decimals."""
    for one in given:
        if one is None:
            continue
        kinds = [one.dtype] if isinstance(one, pd.Series) else one.dtypes
        if any(isinstance(kind, pd.ArrowDtype) for kind in kinds):
            return True
    return False


def decimals(values: pd.Series) -> list[Decimal]:
    """Return a column's numbers; missing ones are unknown."""
    if isinstance(values.dtype, pd.ArrowDtype):
        found = pa.array(values.array).to_pylist()
        return [UNKNOWN if value is None else value for value in found]
    if values.isna().all():
        return [UNKNOWN] * len(values)
    if values.dtype == np.float64:
        return [Decimal(text) for text in map(repr, values.tolist())]
    return [number(None if pd.isna(value) else value) for value in values.tolist()]


def microseconds(values: pd.Series) -> list[int]:
    """Return a column of times as Unix microseconds; naive times are UTC."""
    return pd.DatetimeIndex(values).as_unit("us").asi8.tolist()


def plain(values: pd.Series) -> list[Any]:
    """Return texts or ids as Python values; missing ones are None."""
    return values.astype(object).where(values.notna(), None).tolist()


def stamp(moment: int) -> pd.Timestamp:
    """Return Unix microseconds as a time."""
    return pd.Timestamp(moment, unit="us", tz="UTC")


def columns_of(
    frame: pd.DataFrame, declared: Sequence[Field], needed: Sequence[str], name: str
) -> dict[str, list[Any]]:
    """Return the declared columns of a frame as lists; those it lacks are missing throughout.

    Raises
    ------
    InvalidArgument
        If a needed column is lacking.
    """
    lacking = [column for column in needed if column not in frame.columns]
    if lacking:
        raise InvalidArgument(
            f"{name} lacks the column {lacking[0]!r}; pass what btcc.{name}() returns."
        )
    return {field.name: _values(frame, field) for field in declared}


def _values(frame: pd.DataFrame, field: Field) -> list[Any]:
    found = frame.get(field.name)
    if field.kind == "decimal":
        return [UNKNOWN] * len(frame) if found is None else decimals(found)
    if found is None:
        return [None] * len(frame)
    return microseconds(found) if field.kind in _TIMES else plain(found)


def to_frame(
    columns: Sequence[Field], data: Mapping[str, list[Any]], *, exact: bool
) -> pd.DataFrame:
    """Return lists as a frame with the declared columns; times are Unix microseconds."""
    arrays = {field.name: _array(field, data[field.name], exact=exact) for field in columns}
    return pd.DataFrame(arrays, copy=False)


def from_records(
    columns: Sequence[Field], records: Sequence[Mapping[str, Any]], *, exact: bool
) -> pd.DataFrame:
    """Return records as a frame with the declared columns."""
    data = {field.name: [record[field.name] for record in records] for field in columns}
    return to_frame(columns, data, exact=exact)


def _array(field: Field, values: list[Any], *, exact: bool) -> Any:
    if field.kind in _TIMES:
        return times(values)
    if field.kind != "decimal":
        return frames.column(field, values)
    if exact:
        known = [None if value.is_nan() else value for value in values]
        return frames.exact_decimals(known, field.name)
    return np.array(list(map(float, values)), dtype=np.float64)


def times(values: Sequence[int]) -> pd.DatetimeIndex:
    """Return Unix microseconds as UTC times."""
    return pd.DatetimeIndex(np.array(values, dtype="M8[us]")).tz_localize("UTC")


def number_array(values: list[Decimal], *, exact: bool) -> Any:
    """Return numbers as the array a column of a frame is made of."""
    return _array(Field("value", "decimal", "value"), values, exact=exact)
