"""Docstrings of venue methods, made from the declaration the call itself uses."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from btcc_research.frames import dtype_name
from btcc_research.protocol.endpoint import Effect, Endpoint, Field, Rows
from btcc_research.tables import Columns, describe

Method = TypeVar("Method", bound=Callable[..., object])

_OPTIONS = """exact : bool
    Return decimals as decimal128(38, 18) instead of float64.
raw : bool
    Return BTCC's payload as Python objects instead of a frame."""


def lists_columns(columns: Columns) -> Callable[[Method], Method]:
    """Fill the columns of a joined frame into a docstring, where it says ``{columns}``."""

    def describe_columns(method: Method) -> Method:
        lines = describe(columns).replace("\n", "\n        ")
        method.__doc__ = (method.__doc__ or "").replace("{columns}", lines)
        return method

    return describe_columns


def documented(endpoint: Endpoint) -> Callable[[Method], Method]:
    """Give a method the docstring of the call it makes."""

    def describe(method: Method) -> Method:
        method.__doc__ = docstring(endpoint)
        return method

    return describe


def docstring(endpoint: Endpoint) -> str:
    """Return numpydoc: what comes back, parameters, errors, source."""
    columns = "\n".join(f"    {_column(field)}" for field in endpoint.columns)
    parameters = "\n".join(_parameter(field) for field in endpoint.params)
    index = "Index `open_time`, then" if endpoint.rows is Rows.CANDLES else "Columns:"
    changes = endpoint.effect is Effect.TRADE
    parts = [
        f"{endpoint.title}: ``{endpoint.verb} {endpoint.path}``.",
        "Changes something: needs ``connect(..., trade=True)`` and is never repeated."
        if changes
        else "",
        f"Returns\n-------\nDataFrame\n    {index}\n\n{columns}",
        "Parameters\n----------\n" + "\n".join(filter(None, [parameters, _OPTIONS])),
        _errors(changes),
        f"Notes\n-----\n{endpoint.note}" if endpoint.note else "",
        f"Source: {endpoint.source}.",
    ]
    return "\n\n".join(part for part in parts if part)


def _column(field: Field) -> str:
    words = ", ".join(field.codes.values())
    about = "; ".join(filter(None, [words, field.meaning]))
    return f"{field.name} : {dtype_name(field.kind)}" + (f" ({about})" if about else "")


def _parameter(field: Field) -> str:
    words = list(field.codes.values()) or list(field.choices)
    kind = "{" + ", ".join(map(repr, words)) + "}" if words else _ARGUMENTS[field.kind]
    given = field.from_session or field.default is not None or not field.required
    optional = ", optional" if given else ""
    return f"{field.name} : {kind}{optional}\n    {field.meaning or field.wire}."


_ARGUMENTS = {
    "decimal": "str, int, float or Decimal",
    "integer": "int",
    "id": "int",
    "text": "str",
    "time_s": "anything pandas reads as a time",
    "time_ms": "anything pandas reads as a time",
}


def _errors(changes: bool) -> str:
    lines = [
        "Raises\n------",
        "InvalidArgument\n    For an argument that is not allowed; nothing was sent.",
        "ApiError\n    What BTCC answered, as AuthError, BadRequest, RateLimited and so on.",
    ]
    if changes:
        lines.append("ReadOnly\n    If the connection only reads; nothing was sent.")
        lines.append("OutcomeUnknown\n    If no clear answer came: look before sending again.")
    else:
        lines.append("TransportError\n    If no answer came within 30 s.")
    return "\n".join(lines)
