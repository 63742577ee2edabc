"""Two calls of BTCC's web page: the only place that tells funding rates.

They are no interface: nothing binds BTCC to keep them, and nothing else in this package
needs them. Seen in traffic of the page in September 2026; how a row of settled rates is
laid out was not recorded, so rows are read by what their values look like.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from btcc_research.errors import ProtocolError
from btcc_research.protocol.endpoint import (
    Effect,
    Endpoint,
    Paging,
    Rows,
    decimal,
    integer,
    text,
    time_s,
)
from btcc_research.protocol.rows import unix_seconds
from btcc_research.protocol.wire import Reply

SOURCE = "traffic of BTCC's web page, not documented"
PAGE = 30
MILLIONTH = Decimal("0.000001")
HOUR = 3600

FUND_RATE = Endpoint(
    "web_fund_rate", "POST", "/v2/symbol/getFundrate", "futures", False, Effect.READ,
    (text("symbol", "market", meaning="such as BTCUSDT"),),
    (decimal("fundrate", "rate"), text("fundratetm", "hours")),
    Rows.OBJECT, "W", SOURCE, "Running funding estimate of a market",
    note="463 stands for 0.0463 %: the unit of a millionth is inferred.",
)  # fmt: skip
FUND_RATE_LOG = Endpoint(
    "web_fund_rate_log", "POST", "/v2/symbol/getFundrateLog", "futures", False, Effect.READ,
    (
        integer("pageNo", "page", default=1, meaning="page, from 1"),
        integer("pageSize", "page_size", default=PAGE, meaning="rows a page"),
        text("startTime", "start", meaning="first day"),
        text("endTime", "end", meaning="last day"),
        text("symbolName", "market", meaning="such as BTCUSDT"),
    ),
    (time_s("time"), decimal("rate")),
    Rows.LIST, "W", SOURCE, "Settled funding rates of a market", Paging.BY_PAGE, loose=True,
    note="A few rows are stamped a minute late and one came twice: times go to the hour (F23).",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Estimate:
    """The rate the next settlement is heading for, and the hours (UTC) of settlements."""

    rate: Decimal
    hours: tuple[int, ...]


def read_estimate(reply: Reply) -> Estimate | None:
    """Return the running estimate; None for a market the page does not know.

    Raises
    ------
    ProtocolError
        If the answer has no rate.
    """
    data = reply.json()
    if data is None:
        return None
    try:
        hours = tuple(int(hour) for hour in str(data["fundratetm"]).split(","))
        return Estimate(Decimal(str(data["fundrate"])) * MILLIONTH, hours)
    except (KeyError, TypeError, ValueError, InvalidOperation):
        raise ProtocolError(f"{FUND_RATE.name}: the answer has no funding rate.") from None


def read_settled(reply: Reply) -> list[tuple[int, Decimal]]:
    """Return settled rates as (Unix seconds of the hour, rate), in the order they came.

    Raises
    ------
    ProtocolError
        If a row has no time or no rate.
    """
    found = []
    for row in _rows(reply.json()):
        moments = [moment for value in row.values() if (moment := _moment(value)) is not None]
        rates = [rate for value in row.values() if (rate := _percent(value)) is not None]
        if not moments or not rates:
            raise ProtocolError(f"{FUND_RATE_LOG.name}: a row has no time or no rate: {row}.")
        found.append((round(moments[0] / HOUR) * HOUR, rates[0]))
    return found


def _rows(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the rows of a page, wherever in the answer they are."""
    if isinstance(value, list):
        yield from (row for row in value if isinstance(row, dict))
    elif isinstance(value, dict):
        for member in value.values():
            if isinstance(member, list):
                yield from _rows(member)


_PERCENT = re.compile(r"([+-]?\d+(?:\.\d+)?)%")


def _percent(value: Any) -> Decimal | None:
    found = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    return Decimal(found.group(1)) / 100 if found else None


def _moment(value: Any) -> float | None:
    """Return a time given as number or as text; times without a zone are UTC."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 1e9:
        return unix_seconds(value)
    try:
        moment = datetime.fromisoformat(str(value).strip())
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def write_settled(rates: list[tuple[int, Decimal]]) -> dict[str, Any]:
    """Return settled rates as the page's payload; the names of its fields are a guess."""
    return {
        "rows": [
            {
                "time": datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M"),
                "rate": f"{rate * 100:+.4f}%",
            }
            for moment, rate in rates
        ]
    }


def write_estimate(estimate: Estimate) -> dict[str, Any]:
    """Return a running estimate as the page's payload."""
    return {
        "fundrate": int((estimate.rate / MILLIONTH).to_integral_value()),
        "fundratetm": ",".join(map(str, estimate.hours)),
    }


def read_body(body: bytes) -> dict[str, Any]:
    """Return the members of a request's JSON body, as a server reads it.

    Raises
    ------
    ProtocolError
        If it is no JSON object.
    """
    try:
        return msgspec.json.decode(body or b"{}", type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as problem:
        raise ProtocolError(f"the body is not a JSON object: {problem}") from None
