"""What does not fit: the rows of a ledger or of one's records that break an account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from btcc_research.analytics.bookings import Item, Line
from btcc_research.analytics.columns import DISCREPANCIES
from btcc_research.analytics.exactness import UNKNOWN, stamp, to_frame


@dataclass(slots=True)
class Break:
    """One row that does not fit: what was expected of it, what is there, and why."""

    venue: str
    asset: str
    what: str
    table: str
    row: int
    name: str
    time: int
    expected: str
    found: str
    why: str
    difference: Decimal = UNKNOWN
    against: str = ""


def text_of(value: Any) -> str:
    """Return a number without needless digits, anything else as it is."""
    if isinstance(value, Decimal):
        return "" if value.is_nan() else format(value.normalize(), "f")
    return "" if value is None else str(value)


def time_text(moment: int) -> str:
    """Return a time as people read it."""
    return stamp(moment).isoformat()


def on_line(
    line: Line, what: str, expected: Any, found: Any, why: str, *, against: str = ""
) -> Break:
    """Return a break of a ledger line."""
    return _break(line, line.asset, what, "ledger", expected, found, why, against)


def on_item(
    item: Item, what: str, expected: Any, found: Any, why: str, *, against: str = ""
) -> Break:
    """Return a break of the execution or transfer that asks for an item."""
    return _break(item, item.asset, what, item.table, expected, found, why, against)


def _break(
    of: Any, asset: str, what: str, table: str, expected: Any, found: Any, why: str, against: str
) -> Break:
    both = isinstance(expected, Decimal) and isinstance(found, Decimal)
    return Break(
        of.venue, asset, what, table, of.row, of.name, of.time, text_of(expected), text_of(found),
        why, found - expected if both else UNKNOWN, against,
    )  # fmt: skip


def named(table: str, *names: str) -> str:
    """Return how rows elsewhere are pointed to."""
    return f"{table} {', '.join(name or '?' for name in names)}"


def merged(breaks: Iterable[Break]) -> list[Break]:
    """Return one break a row; what else is wrong with it is added to the first one's reason."""
    found: dict[tuple[str, int], Break] = {}
    for one in breaks:
        first = found.setdefault((one.table, one.row), one)
        if first is not one and one.why not in first.why:
            first.why = f"{first.why}; {one.why}"
    return sorted(found.values(), key=lambda one: (one.time, one.table, one.row))


def to_breaks_frame(breaks: list[Break], *, exact: bool) -> pd.DataFrame:
    """Return breaks as a frame."""
    data = {
        field.name: [getattr(one, {"id": "name"}.get(field.name, field.name)) for one in breaks]
        for field in DISCREPANCIES
    }
    return to_frame(DISCREPANCIES, data, exact=exact)
