"""The payload of a reply -> typed rows, one per record, as the endpoint declares them.

Numbers that are money become floats, or stay exact (as text, or as Decimal where the wire
has JSON numbers), in one decoding pass, so no digit is lost on the way to a decimal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Literal

import msgspec
from msgspec import Struct

from btcc_research.errors import ProtocolError
from btcc_research.protocol.endpoint import Endpoint, Field, Rows

MILLISECONDS_FROM = 1e11
_MALFORMED = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)


@dataclass(frozen=True, slots=True)
class Decoded:
    """Rows of a payload, the total where the server counts, and fields nobody declared."""

    rows: list[Any]
    total: int | None = None
    new_fields: frozenset[str] = frozenset()


def unix_seconds(value: float | None) -> float | None:
    """Return a time as Unix seconds: BTCC's units go by magnitude, and 0 is no time."""
    if not value:
        return None
    return value if value < MILLISECONDS_FROM else value / 1000


def read_rows(endpoint: Endpoint, payload: bytes, exact: bool = False) -> Decoded:
    """Decode a payload into rows with one attribute per column.

    Parameters
    ----------
    endpoint : Endpoint
        Declares the columns and the shape.
    payload : bytes
        JSON of the payload, without the envelope.
    exact : bool
        Hold decimals as their text, or as Decimal, instead of as floats.

    Raises
    ------
    ProtocolError
        If a column that must be there is missing, null or of another kind.
    """
    try:
        return _READERS[endpoint.rows](endpoint, payload, exact)
    except _MALFORMED as problem:
        if endpoint.loose:
            return Decoded([])
        raise ProtocolError(
            f"{endpoint.name}: the payload is not what {endpoint.source} describes: {problem}"
        ) from None


def _list(endpoint: Endpoint, payload: bytes, exact: bool) -> Decoded:
    if payload == b"null":
        return Decoded([])
    if payload[:1] == b"[":
        rows, new = _typed(endpoint, payload, exact, "list")
        return Decoded(rows, None, new)
    page, new = _typed(endpoint, payload, exact, "page")
    return Decoded(page.records or [], page.total, new)


def _object(endpoint: Endpoint, payload: bytes, exact: bool) -> Decoded:
    if payload == b"null":
        return Decoded([])
    row, new = _typed(endpoint, payload, exact, "member" if endpoint.member else "one")
    rows = [row.record] if endpoint.member else [row]
    return Decoded([found for found in rows if found is not None], None, new)


def _map(endpoint: Endpoint, payload: bytes, exact: bool) -> Decoded:
    members = msgspec.json.decode(payload, type=dict[str, dict[str, Any]])
    key = endpoint.columns[0].wire
    flat = msgspec.json.encode([{key: name, **values} for name, values in members.items()])
    rows, new = _typed(endpoint, flat, exact, "list")
    return Decoded(rows, None, new)


def _scalar(endpoint: Endpoint, payload: bytes, exact: bool) -> Decoded:
    if payload == b"null":
        return Decoded([])
    return _object(endpoint, b'{"value":' + payload + b"}", exact)


def _book(endpoint: Endpoint, payload: bytes, exact: bool) -> Decoded:
    book = _BOOK.decode(payload)
    levels = [("ask", *level) for level in book.asks] + [("bid", *level) for level in book.bids]
    records = [
        {"time": book.time, "side": side, "price": price, "amount": amount}
        for side, price, amount in levels
    ]
    rows, _ = _typed(endpoint, msgspec.json.encode(records), exact, "list")
    return Decoded(rows)


def _candles(endpoint: Endpoint, payload: bytes, exact: bool) -> Decoded:
    if payload == b"null":
        return Decoded([])
    return Decoded(_candle_decoder(endpoint, exact).decode(payload))


class _Book(Struct):
    time: int
    asks: list[tuple[str, str]] = []
    bids: list[tuple[str, str]] = []


_BOOK = msgspec.json.Decoder(_Book)
_READERS = {
    Rows.LIST: _list,
    Rows.OBJECT: _object,
    Rows.MAP: _map,
    Rows.SCALAR: _scalar,
    Rows.BOOK: _book,
    Rows.CANDLES: _candles,
}


Shape = Literal["one", "list", "page", "member"]


def _typed(
    endpoint: Endpoint, payload: bytes, exact: bool, shape: Shape
) -> tuple[Any, frozenset[str]]:
    """Decode strictly; where the server sends new fields, decode again and name them."""
    try:
        return _decoder(endpoint, exact, shape, True).decode(payload), frozenset()
    except msgspec.ValidationError:
        if endpoint.numbers == "json":
            payload = _tidied(endpoint, payload)
        rows = _decoder(endpoint, exact, shape, False).decode(payload)
        return rows, _new_fields(endpoint, msgspec.json.decode(payload))


def _tidied(endpoint: Endpoint, payload: bytes) -> bytes:
    """Return a payload with blanks stripped from keys and empty numbers made null (F07, F13)."""
    numbers = {field.wire for field in endpoint.columns if field.kind not in ("text", "json")}

    def tidy(value: Any) -> Any:
        if isinstance(value, list):
            return [tidy(item) for item in value]
        if not isinstance(value, dict):
            return value
        stripped = {key.strip(): item for key, item in value.items()}
        return {
            key: None if item == "" and key in numbers else tidy(item)
            for key, item in stripped.items()
        }

    # Numbers stay as they were written: as text they keep every digit.
    return msgspec.json.encode(tidy(msgspec.json.Decoder(float_hook=str).decode(payload)))


def _new_fields(endpoint: Endpoint, value: Any) -> frozenset[str]:
    declared = {field.wire for field in endpoint.columns}
    container = endpoint.member or "records"
    if isinstance(value, Mapping) and container in value:
        value = value[container]
    records: Sequence[Any] = value if isinstance(value, list) else [value]
    found = (record.keys() - declared for record in records if isinstance(record, Mapping))
    return frozenset().union(*found)


@cache
def _decoder(
    endpoint: Endpoint, exact: bool, shape: Shape, strict: bool
) -> msgspec.json.Decoder[Any]:
    row: Any = row_type(endpoint, exact, strict)
    rows: Any = list[row]
    container = endpoint.member or "records"
    page = msgspec.defstruct(
        "Page", [("records", rows | None), ("total", int | None, None)],
        rename={"records": container, "total": endpoint.total or "total"},
    )  # fmt: skip
    member = msgspec.defstruct("Member", [("record", row | None)], rename={"record": container})
    kinds = {"one": row, "list": rows, "page": page, "member": member}
    return msgspec.json.Decoder(kinds[shape], strict=False)


@cache
def row_type(endpoint: Endpoint, exact: bool, strict: bool = True) -> type[Struct]:
    """Return the record type of an endpoint's rows, made from its declared columns."""
    members = [_member(endpoint, field, exact) for field in endpoint.columns]
    # Records hold no references to each other: keeping them from the collector is safe,
    # and walking millions of them would cost more than decoding them.
    return msgspec.defstruct(
        f"{endpoint.name}_row",
        sorted(members, key=len),
        rename={field.name: field.wire for field in endpoint.columns},
        forbid_unknown_fields=strict,
        gc=False,
    )


@cache
def _candle_decoder(endpoint: Endpoint, exact: bool) -> msgspec.json.Decoder[Any]:
    ordered = sorted(endpoint.columns, key=lambda field: int(field.wire))
    members: list[Any] = [_member(endpoint, field, exact) for field in ordered]
    row = msgspec.defstruct(
        f"{endpoint.name}_row", [*members, ("market", str)],
        array_like=True, forbid_unknown_fields=True, gc=False,
    )  # fmt: skip
    return msgspec.json.Decoder(list[row], strict=False)  # type: ignore[valid-type]


def _member(endpoint: Endpoint, field: Field, exact: bool) -> tuple[Any, ...]:
    number: Any = (Decimal if endpoint.numbers == "json" else str) if exact else float
    kind = str | int if field.has_text_codes else _KINDS.get(field.kind, number)
    if field.required and not endpoint.loose:
        return (field.name, kind)
    return (field.name, kind | None if kind is not Any else Any, None)


_KINDS: dict[str, Any] = {
    "integer": int,
    "id": int,
    "text": str | int | float,
    "flag": bool,
    "enum": int,
    "time_s": float,
    "time_ms": float,
    "json": Any,
}


def write_rows(
    endpoint: Endpoint, records: Iterable[object], leave_out: frozenset[str] = frozenset()
) -> list[dict[str, Any]]:
    """Return records as BTCC's objects: its spellings, codes for words, seconds for times.

    The reverse of `read_rows`, for a server. Records have one attribute per column, times
    in microseconds. A missing text is null; anything else that is missing is left out.
    """
    fields = [field for field in endpoint.columns if field.name not in leave_out]
    return [_write_row(fields, record) for record in records]


def _write_row(fields: list[Field], record: object) -> dict[str, Any]:
    values = ((field, getattr(record, field.name)) for field in fields)
    return {
        field.wire: _write_value(field, value)
        for field, value in values
        if value is not None or field.kind == "text"
    }


def _write_value(field: Field, value: Any) -> Any:
    if field.kind == "enum":
        return next(code for code, word in field.codes.items() if word == value)
    if field.kind == "time_s":
        return value / 1e6 if value % 1_000_000 else value // 1_000_000
    if field.kind == "time_ms":
        return value // 1000
    return format(value, "f" if isinstance(value, Decimal) else "") if field.as_text else value
