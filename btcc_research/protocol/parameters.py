"""Arguments of a call -> the values that are signed and sent, or an error that helps."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from btcc_research.errors import InvalidArgument
from btcc_research.protocol.endpoint import Endpoint, Field
from btcc_research.protocol.signing import Value, value_text

WirePairs = list[tuple[str, Value]]


def wire_pairs(endpoint: Endpoint, values: Mapping[str, object]) -> WirePairs:
    """Return BTCC's names and values in declared order, checked, with defaults filled in.

    Parameters
    ----------
    endpoint : Endpoint
        The call.
    values : mapping
        Arguments by their standard names; None means not given. Times are in the unit
        of their field: Unix seconds, or milliseconds.

    Raises
    ------
    InvalidArgument
        Naming the argument and what is allowed.
    """
    unknown = values.keys() - {field.name for field in endpoint.params}
    if unknown:
        allowed = ", ".join(field.name for field in endpoint.params) or "none"
        raise InvalidArgument(
            f"{endpoint.name} has no argument {sorted(unknown)[0]!r}; it takes: {allowed}."
        )
    given = ((field, values.get(field.name)) for field in endpoint.params)
    checked = ((field, wire_value(field, value)) for field, value in given)
    return [(field.wire, value) for field, value in checked if value is not None]


def read_values(endpoint: Endpoint, texts: Mapping[str, str]) -> dict[str, Any]:
    """Return a request's arguments by their standard names, as a server reads them.

    Decimals become Decimal, codes become words, ids and times become ints; what was not
    given is its default or None.

    Raises
    ------
    InvalidArgument
        For a missing or malformed parameter (BTCC's code 202).
    """
    return {field.name: _read_value(field, texts.get(field.wire)) for field in endpoint.params}


def _read_value(field: Field, given: str | None) -> Any:
    value: object = given
    if given and field.kind in _WHOLE and not field.has_text_codes:
        if not given.isascii() or not given.isdigit():
            raise InvalidArgument(f"{field.wire}={given!r}: a whole number is needed.")
        value = int(given)
    checked = wire_value(field, value)
    if field.kind == "enum" and checked is not None:
        return field.codes[checked]
    if field.kind == "decimal" and isinstance(checked, str):
        return Decimal(checked)
    return checked


def wire_value(field: Field, value: object) -> Value:
    """Return one argument as BTCC wants it; None when it is left out.

    Raises
    ------
    InvalidArgument
        Naming the argument and what is allowed.
    """
    if value is None or (value == "" and not field.required):
        value = field.default
    if value is None or value == "":
        if field.required:
            raise InvalidArgument(f"{field.name} is missing: {field.meaning}.")
        return None
    return _CHECKS[field.kind](field, value)


def positive_decimal(name: str, value: object, *, zero: bool = False) -> str:
    """Return an amount or a price as plain decimal text, keeping the caller's scale.

    `zero` allows 0 as well.

    Raises
    ------
    InvalidArgument
        For anything that is not a positive number with one plain text.
    """
    written = value_text(value, name)
    try:
        number = Decimal(written)
    except InvalidOperation:
        number = Decimal("NaN")
    plain = set(written) <= set("0123456789.") and number.is_finite()
    if not plain or number < 0 or (not zero and not number):
        least = "a number from 0" if zero else "a positive number"
        raise InvalidArgument(
            f'{name}={value!r}: {least} is needed, as text, int or Decimal (for example "0.015").'
        )
    return written


_WHOLE = frozenset({"integer", "id", "enum", "time_s", "time_ms"})


def _check_decimal(field: Field, value: object) -> Value:
    return positive_decimal(field.name, value, zero=field.zero)


def _check_enum(field: Field, value: object) -> Value:
    if isinstance(value, int | str) and not isinstance(value, bool) and value in field.codes:
        return value
    if isinstance(value, str):
        code: Value
        for code, word in field.codes.items():
            if word.casefold() == value.casefold():
                return code
    allowed = ", ".join(repr(word) for word in field.codes.values())
    raise InvalidArgument(f"{field.name}={value!r} is not one of {allowed}.")


def _check_integer(field: Field, value: object) -> Value:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidArgument(
            f"{field.name}={value!r}: a whole number from 0 is needed ({field.meaning})."
        )
    if field.largest is not None and value > field.largest:
        raise InvalidArgument(f"{field.name}={value}: at most {field.largest} is allowed.")
    return value


def _check_id(field: Field, value: object) -> Value:
    # An id read from a frame is a numpy integer; __index__ keeps every digit, float() would not.
    if hasattr(value, "__index__") and not isinstance(value, bool):
        return int(value.__index__())
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    raise InvalidArgument(f"{field.name}={value!r}: an id is a whole number.")


def _check_text(field: Field, value: object) -> Value:
    if not isinstance(value, str):
        if (
            field.choices
            and isinstance(value, int | float | Decimal)
            and not isinstance(value, bool)
        ):
            value = value_text(value, field.name)
        else:
            raise InvalidArgument(f"{field.name}={value!r}: text is needed ({field.meaning}).")
    if field.choices and value not in field.choices:
        raise InvalidArgument(f"{field.name}={value!r} is not one of {', '.join(field.choices)}.")
    if field.largest is not None and _size(field, value) > field.largest:
        what = "ids" if field.separator else "bytes"
        raise InvalidArgument(
            f"{field.name}={value!r}: at most {field.largest} {what} are allowed."
        )
    return value


def _size(field: Field, value: str) -> int:
    return len(value.split(field.separator)) if field.separator else len(value.encode())


def _check_time(field: Field, value: object) -> Value:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        unit = "milliseconds" if field.kind == "time_ms" else "seconds"
        raise InvalidArgument(f"{field.name}={value!r}: a time in whole Unix {unit} is needed.")
    return value


_CHECKS = {
    "decimal": _check_decimal,
    "enum": _check_enum,
    "integer": _check_integer,
    "id": _check_id,
    "text": _check_text,
    "time_s": _check_time,
    "time_ms": _check_time,
}
