"""Holds stored executions against the stored ledger, order by order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from btcc_research.store import layout, rows
from btcc_research.store.intervals import Intervals
from btcc_research.store.series import Series
from btcc_research.store.shelf import Shelf

if TYPE_CHECKING:
    from btcc_research.store.store import Store

_EDGE = 60_000_000
"""Microseconds by which a ledger line may be dated apart from its execution."""

Readable = Mapping[Series, Sequence[str]]
"""The names of each series' files."""


@dataclass(slots=True)
class _Sums:
    """What one side says of an order: gained, given, and the fee."""

    gained: Decimal = Decimal(0)
    given: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    at_edge: bool = False


@dataclass(slots=True)
class _Account:
    """The ledger of an account: what it covers, and its lines by market and order."""

    covered: Intervals = field(default_factory=Intervals)
    lines: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))


def money_findings(store: Store, readable: Readable) -> Iterator[tuple[str, str, str]]:
    """Return the orders of which trades and ledger say different things.

    Compared is what both cover: what an order's executions gained, gave and cost in fees
    against the ledger's lines that name the order. Orders near the edge of what is covered
    are left out, since a line may be dated apart from its execution.
    """
    accounts = _accounts(store, readable)
    for series, names in readable.items():
        account = accounts.get((series.venue, series.account))
        if series.kind != "trades" or account is None or not account.lines:
            continue
        covered, mine = _content(store, series, names)
        common = account.covered & covered
        said = _sums(mine, common, _of_trade)
        booked = _sums(account.lines.get(series.market or "", []), common, _of_line)
        for order in sorted(said.keys() | booked.keys()):
            ours, theirs = said.get(order, _Sums()), booked.get(order, _Sums())
            if not ours.at_edge and not theirs.at_edge and ours != theirs:
                detail = f"order {order}: trades say {_words(ours)}, the ledger {_words(theirs)}"
                yield series.folder, "trades and ledger differ", detail


def _accounts(store: Store, readable: Readable) -> dict[tuple[str, str], _Account]:
    accounts: dict[tuple[str, str], _Account] = {}
    for series, names in readable.items():
        if series.kind == "ledger":
            account = accounts.setdefault((series.venue, series.account), _Account())
            covered, lines = _content(store, series, names)
            account.covered |= covered
            for line in lines:
                if line["order_id"] is not None and line["business"] in ("trade", "fee"):
                    account.lines[line["market"] or ""].append(line)
    return accounts


def _content(
    store: Store, series: Series, names: Sequence[str]
) -> tuple[Intervals, list[dict[str, Any]]]:
    """Return what the files of a series cover, and their rows."""
    covered, found = Intervals(), []
    for partition in Shelf(store.files, store.environment, series).opened(names):
        covered |= partition.header.covered
        table = layout.fitted(partition.rows(), layout.schema_of(series.kind))
        moments = rows.ticks(table, series.kind).tolist()
        pairs = zip(table.to_pylist(), moments, strict=True)
        found += [row | {"at": moment} for row, moment in pairs]
    return covered, found


def _sums(found: Iterable[dict[str, Any]], common: Intervals, add: Any) -> dict[int, _Sums]:
    inner = Intervals(
        (start + _EDGE, end - _EDGE) for start, end in common if end - start > 2 * _EDGE
    )
    sums: dict[int, _Sums] = defaultdict(_Sums)
    for row in found:
        if row["order_id"] is not None and row["at"] in common:
            add(sums[row["order_id"]], row)
            sums[row["order_id"]].at_edge |= row["at"] not in inner
    return sums


def _of_trade(sums: _Sums, row: Mapping[str, Any]) -> None:
    gained, given = ("amount", "cost") if row["side"] == "buy" else ("cost", "amount")
    sums.gained += row[gained]
    sums.given += row[given]
    sums.fee += row["fee"] or 0


def _of_line(sums: _Sums, row: Mapping[str, Any]) -> None:
    if row["business"] == "fee":
        sums.fee -= row["change"]
    elif row["change"] > 0:
        sums.gained += row["change"]
    else:
        sums.given -= row["change"]


def _words(sums: _Sums) -> str:
    return f"+{sums.gained:f} -{sums.given:f} fee {sums.fee:f}"
