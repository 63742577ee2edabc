"""Holds stored executions against the stored ledger, order by order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from btcc_research.store import layout, rows
from btcc_research.store.intervals import Intervals
from btcc_research.store.partition import Partition
from btcc_research.store.series import Series

_EDGE = 60_000_000
"""Microseconds by which a ledger line may be dated apart from its execution."""

Readable = Mapping[Series, Sequence[Partition]]


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


def money_findings(readable: Readable) -> Iterator[tuple[str, str, str]]:
    """Return the orders of which trades and ledger say different things.

    Compared is what both cover: what an order's executions gained, gave and cost in fees
    against the ledger's lines that name the order. Orders near the edge of what is covered
    are left out, since a line may be dated apart from its execution.
    """
    accounts = _accounts(readable)
    for series, partitions in readable.items():
        account = accounts.get((series.venue, series.account))
        if series.kind != "trades" or account is None or not account.lines:
            continue
        common = account.covered & _covered(partitions)
        lines = account.lines.get(series.market or "", [])
        mine = _sums(_rows(partitions), common, _of_trade)
        theirs = _sums(lines, common, _of_line)
        for order in sorted(mine.keys() | theirs.keys()):
            said, booked = mine.get(order, _Sums()), theirs.get(order, _Sums())
            if not said.at_edge and not booked.at_edge and said != booked:
                detail = f"order {order}: trades say {_words(said)}, the ledger {_words(booked)}"
                yield series.folder, "trades and ledger differ", detail


def _accounts(readable: Readable) -> dict[tuple[str, str], _Account]:
    accounts: dict[tuple[str, str], _Account] = {}
    for series, partitions in readable.items():
        if series.kind == "ledger":
            account = accounts.setdefault((series.venue, series.account), _Account())
            account.covered |= _covered(partitions)
            for line in _rows(partitions):
                if line["order_id"] is not None and line["business"] in ("trade", "fee"):
                    account.lines[line["market"] or ""].append(line)
    return accounts


def _rows(partitions: Iterable[Partition]) -> Iterator[dict[str, Any]]:
    for partition in partitions:
        kind = partition.header.series.kind
        table = layout.fitted(partition.rows(), layout.schema_of(kind))
        for row, at in zip(table.to_pylist(), rows.ticks(table, kind).tolist(), strict=True):
            yield row | {"at": at}


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


def _covered(partitions: Iterable[Partition]) -> Intervals:
    return Intervals(span for each in partitions for span in each.header.covered)
