"""The two sides of a reconciliation: ledger lines, and the bookings that records ask for."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pandas as pd

from btcc_research.analytics.books import Part, futures_profit, match, rounding_of
from btcc_research.analytics.exactness import UNKNOWN, ZERO, columns_of
from btcc_research.analytics.fills import Execution, booked_transfers, market_fills
from btcc_research.analytics.valuation import Prices
from btcc_research.tables import LEDGER

# Words for bookings; BTCC's own ledger of futures has two of them.
FUNDING_WORDS = ("funding", "rollover")
FEE_WORDS = ("fee", "liquidation fee")
TRANSFER_WORDS = ("deposit", "withdrawal", "withdraw")
OTHER_WORDS = ("bonus", "shortfall covered")
_IN_REMARK = re.compile(r"(position|execution) (\d+)")
_LINE = tuple(field.name for field in LEDGER)


@dataclass(slots=True, eq=False)
class Line:
    """One line of the ledger, and the item it turned out to book."""

    row: int
    time: int
    venue: str
    asset: str
    business: str
    change: Decimal
    balance: Decimal
    name: str
    market: str | None = None
    order: int | None = None
    price: Decimal = UNKNOWN
    amount: Decimal = UNKNOWN
    rate: Decimal = UNKNOWN
    position: int | None = None
    execution: int | None = None
    item: Item | None = None
    kind: str = ""

    @property
    def before(self) -> Decimal:
        """The balance before the line."""
        return self.balance - self.change

    @property
    def is_transfer(self) -> bool:
        """Whether BTCC says that money came from outside or went there."""
        if self.venue == "spot":
            return self.business not in ("trade", "fee")
        return self.business in TRANSFER_WORDS

    @property
    def is_named(self) -> bool:
        """Whether BTCC says what a line of futures is."""
        return self.venue == "spot" or self.business in (
            *TRANSFER_WORDS, *FUNDING_WORDS, *FEE_WORDS, *OTHER_WORDS, "profit"
        )  # fmt: skip


@dataclass(slots=True, eq=False)
class Item:
    """A booking that an execution or a transfer asks for; `slack` is what a report rounds."""

    table: str
    row: int
    kind: str
    venue: str
    asset: str
    change: Decimal
    time: int
    name: str
    slack: Decimal = ZERO
    execution: Execution | None = None
    line: Line | None = None
    lines: list[Line] = field(default_factory=list)
    is_settled: bool = False

    @property
    def order(self) -> int | None:
        """The order of a spot execution."""
        return self.execution.order if self.execution else None

    @property
    def position(self) -> int | None:
        """The position of a futures execution."""
        return self.execution.position if self.execution else None


def read_lines(ledger: pd.DataFrame) -> list[Line]:
    """Return the lines in the order of the frame."""
    data = columns_of(ledger, LEDGER, ("time", "asset", "change", "balance"), "ledger")
    rows = zip(*(data[name] for name in _LINE), strict=True)
    return [_line(row, dict(zip(_LINE, values, strict=True))) for row, values in enumerate(rows)]


def _line(row: int, values: dict[str, Any]) -> Line:
    said = {word: int(number) for word, number in _IN_REMARK.findall(values["remark"] or "")}
    name = values["id"] if values["id"] is not None else values["reference"]
    return Line(
        row, values["time"], values["venue"] or "spot", values["asset"], values["business"] or "",
        values["change"], values["balance"], "" if name is None else str(name), values["market"],
        values["order_id"], values["price"], values["amount"], values["rate"],
        said.get("position"), said.get("execution"),
    )  # fmt: skip


def read_items(rows: list[Execution]) -> list[Item]:
    """Return what every execution should have booked."""
    profits = _profits(rows)
    return [
        item
        for row in rows
        for item in (_future_items(row, profits) if row.venue == "futures" else _spot_items(row))
        if item.change
    ]


def _spot_items(row: Execution) -> Iterator[Item]:
    base, quote = row.pair.base, row.pair.quote
    legs = [(base, row.amount * row.sign), (quote, -row.cost * row.sign)]
    legs.sort(key=lambda leg: leg[1])
    yield _item(row, "out", *legs[0])
    yield _item(row, "in", *legs[1])
    if row.fee and not row.fee.is_nan():
        yield _item(row, "fee", row.fee_asset or legs[1][0], -row.fee)


def _future_items(row: Execution, profits: dict[int, tuple[Decimal, Decimal]]) -> Iterator[Item]:
    if row.action == "close" and row.row in profits:
        profit, slack = profits[row.row]
        item = _item(row, "profit", row.pair.currency, profit)
        item.slack = slack
        yield item
    if row.fee and not row.fee.is_nan():
        yield _item(row, "fee", row.fee_asset or row.pair.currency, -row.fee)


def _item(row: Execution, kind: str, asset: str, change: Decimal) -> Item:
    name = "" if row.id is None else str(row.id)
    return Item(
        "trades", row.row, kind, row.venue, asset, change, row.time, name, execution=row
    )  # fmt: skip


def _profits(rows: list[Execution]) -> dict[int, tuple[Decimal, Decimal]]:
    """Return of each close what it booked, and how far a rounded report may be from it."""
    futures = [row for row in rows if row.venue == "futures"]
    # Openings first: a time may be wrong.
    futures.sort(key=lambda row: row.action == "close")
    parts, _ = match(market_fills(futures, Prices()), "fifo")
    computed: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for part in parts:
        computed[part.closing.row] += _computed(part)
    found: dict[int, tuple[Decimal, Decimal]] = {}
    for row in futures:
        profit = computed.get(row.row, UNKNOWN)
        explained = not profit.is_nan() and (
            row.profit.is_nan() or abs(profit - row.profit) <= rounding_of(row.profit)
        )
        if explained:
            found[row.row] = (profit, ZERO)
        elif not row.profit.is_nan():
            found[row.row] = (row.profit, rounding_of(row.profit))
    return found


def _computed(part: Part) -> Decimal:
    """Return what prices and amount make of a part's profit, unknown without its opening."""
    if part.opening is None:
        return UNKNOWN
    return futures_profit(part.opening, part.amount, part.closing.price)


def read_transfers(transfers: pd.DataFrame) -> list[Item]:
    """Return what every booked transfer should have booked."""
    return [
        Item(
            "transfers", row, "transfer", record["venue"] or "spot", record["asset"],
            record["amount"], record["time"], str(record["reference"] or ""),
        )
        for row, record in booked_transfers(transfers)
    ]  # fmt: skip
