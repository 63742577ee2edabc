"""The examination of an account: pairs everything that belongs together, and names the rest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pandas as pd

from btcc_research.analytics import findings, promotional
from btcc_research.analytics.bookings import (
    FUNDING_WORDS,
    Item,
    Line,
    read_items,
    read_lines,
    read_transfers,
)
from btcc_research.analytics.breaks import Break, merged, named, on_item, on_line, text_of
from btcc_research.analytics.carry import assign, funding_breaks, holdings
from btcc_research.analytics.chain import Account, Chain, chains
from btcc_research.analytics.consistency import position_breaks, size_breaks
from btcc_research.analytics.exactness import UNKNOWN, ZERO, columns_of, is_exact
from btcc_research.analytics.fills import Execution, executions
from btcc_research.analytics.findings import Evidence
from btcc_research.analytics.pairing import Measure, pair_nearly, pair_strictly
from btcc_research.analytics.quotes import duration
from btcc_research.tables import BALANCES

SHOWN_UNIT = Decimal(1).scaleb(-8)  # BTCC shows balances with eight decimals, cut


@dataclass(slots=True)
class Examination:
    """Everything that was found out."""

    measure: Measure
    lines: list[Line]
    items: list[Item]
    chains: dict[Account, Chain]
    breaks: list[Break]
    moved: list[Item]
    promotional: list[Line] = field(default_factory=list)
    doubled: list[Item] = field(default_factory=list)


def identified(
    ledger: pd.DataFrame, trades: pd.DataFrame, within: Any = "5s"
) -> tuple[list[Line], list[Line]]:
    """Return the ledger's lines, each with its kind and where it is known its position.

    And beside them what promotional money bore of losses, as lines that are in no ledger.
    """
    found = examine(ledger, trades, None, None, None, within)
    return found.lines, found.promotional


def examine(
    ledger: pd.DataFrame,
    trades: pd.DataFrame,
    transfers: pd.DataFrame | None,
    balances: pd.DataFrame | None,
    positions: pd.DataFrame | None,
    within: Any,
) -> Examination:
    """Return everything that was found out about an account; arguments as for `reconcile`."""
    measure = Measure(is_exact(ledger, trades), duration(within, "within"))
    rows, lines = executions(trades), read_lines(ledger)
    items = read_items(rows)
    moved = [] if transfers is None else read_transfers(transfers)
    pair_strictly([*items, *moved], lines, measure)
    found = Examination(measure, lines, items, {}, [], moved)
    found.breaks = _doubles(found)
    found.promotional = promotional.settle(found.items, lines, measure)
    found.breaks += _near(found)
    gone = {item.row for item in found.doubled if item.table == "trades"}
    rows = [row for row in rows if row.row not in gone]
    held = holdings(rows, positions)
    assign(lines, held, measure)
    if transfers is None:
        _believe_transfers(lines)
    found.breaks += _alone(found)
    _explain(found)
    found.breaks += funding_breaks(lines, held, found.chains, measure)
    for chain in found.chains.values():
        found.breaks += findings.balance_typos(chain, measure) + findings.tears(chain)
    found.breaks += position_breaks(rows, found.items)
    end = max((line.time for line in lines), default=0)
    found.breaks += _wrong_sizes(found, size_breaks(held, positions, end), rows)
    found.breaks += _wrong_balances(found, balances, end)
    found.breaks = merged(found.breaks)
    return found


def _wrong_sizes(found: Examination, sizes: list[Break], rows: Iterable[Execution]) -> list[Break]:
    """Return the sizes nothing else explains: not a missing execution, nor a wrong one."""
    broken = {one.row for one in found.breaks if one.table == "trades"}
    touched = {str(row.position) for row in rows if row.row in broken}
    lacking = {one.asset for one in found.breaks if one.what == "missing execution"}
    return [
        one
        for one in sizes
        if one.asset not in lacking and one.name not in touched and one.row not in broken
    ]


def _believe_transfers(lines: Iterable[Line]) -> None:
    for line in lines:
        if line.item is None and not line.kind and line.is_transfer:
            line.kind = "transfer"


def _doubles(found: Examination) -> list[Break]:
    """Return doubled lines and executions; they are out of the game then."""
    breaks = []
    for line, twin in findings.doubled_lines(found.lines):
        known = twin.kind or ("funding" if twin.business in FUNDING_WORDS else "")
        kind = known if known in ("fee", "funding", "transfer") else "line"
        line.kind = "copy" if findings.is_copy(line, twin) else "doubled"
        why = f"it repeats line {twin.name or '?'}"
        breaks.append(on_line(line, f"doubled {kind}", ZERO, line.change, why))
    twins = findings.doubled_executions(found.items)
    for item, twin_item in twins.values():
        why = f"it repeats execution {twin_item.name or '?'} of row {twin_item.row}"
        breaks.append(on_item(item, "doubled execution", "", item.name, why))
    found.doubled = [item for item in found.items if item.row in twins]
    found.items = [item for item in found.items if item.row not in twins]
    return breaks + _doubled_transfers(found)


def _doubled_transfers(found: Examination) -> list[Break]:
    """Return the transfers that are listed twice and booked once."""
    booked = {(m.venue, m.asset, m.change, m.time): m for m in found.moved if m.lines}
    breaks, left = [], []
    for item in found.moved:
        twin = booked.get((item.venue, item.asset, item.change, item.time))
        if item.lines or twin is None:
            left.append(item)
        else:
            why = f"it repeats the transfer of row {twin.row}"
            breaks.append(on_item(item, "doubled transfer", ZERO, item.change, why))
            found.doubled.append(item)
    found.moved = left
    return breaks


def _near(found: Examination) -> list[Break]:
    """Return the rows and lines that differ a little; the chains show whose fault it is."""
    free = [line for line in found.lines if line.item is None and not line.kind]
    waiting = [item for item in [*found.items, *found.moved] if not item.is_settled]
    pairs = pair_nearly(waiting, free, found.measure)
    found.chains = chains(found.lines, found.measure)
    siblings: dict[tuple[str, int], list[Item]] = defaultdict(list)
    for item in [*found.items, *found.moved]:
        siblings[item.table, item.row].append(item)
    evidence = Evidence(found.measure, found.chains, siblings)
    return findings.differing_pairs(pairs, evidence) + findings.differing_details(
        found.items, evidence
    )


def _alone(found: Examination) -> list[Break]:
    """Return executions and transfers without lines, and lines without either."""
    groups: dict[tuple[str, int], list[Item]] = defaultdict(list)
    for item in [*found.items, *found.moved]:
        groups[item.table, item.row].append(item)
    breaks = [
        one
        for group in groups.values()
        if any(not item.is_settled for item in group)
        for one in _unbooked(group)
    ]
    together: dict[object, list[Line]] = defaultdict(list)
    for line in found.lines:
        if line.item is None and not line.kind:
            line.kind = "other"
            is_gift = line.asset.endswith(promotional.SUFFIX) and not line.is_named
            if (
                line.venue == "spot"
                or line.business in _OF_RECORDS
                or not (line.is_named or is_gift)
            ):
                line.kind = "unexplained"
                key = line.row if line.is_transfer else line.order or line.position
                together[line.venue, key, line.time].append(line)
    return breaks + [one for lines in together.values() for one in _unrecorded(lines)]


_OF_RECORDS = ("profit", "fee", "liquidation fee", "deposit", "withdrawal", "withdraw")


def _unbooked(group: list[Item]) -> list[Break]:
    missing = [item for item in group if not item.is_settled]
    first = missing[0]
    if len(missing) == len(group) > 1:
        why = "the ledger has none of its lines"
        return [on_item(first, "execution without booking", first.change, "", why)]
    known = [line.name for item in group for line in item.lines]
    why = f"the ledger has no line of {first.kind} {text_of(first.change)} {first.asset} for it"
    against = named("ledger", *known) if known else ""
    return [on_item(first, "missing line", first.change, "", why, against=against)]


def _unrecorded(lines: list[Line]) -> list[Break]:
    first = lines[0]
    if first.is_transfer:
        why = "the transfers do not have it"
        return [on_line(first, "missing transfer", "", first.change, why)]
    why = "no execution explains it"
    others = named("ledger", *(line.name for line in lines[1:])) if lines[1:] else ""
    return [on_line(first, "missing execution", "", first.change, why, against=others)] + [
        on_line(line, "missing execution", "", line.change, why) for line in lines[1:]
    ]


def _explain(found: Examination) -> None:
    """Mark the gaps in the chains that a break already explains."""
    torn = {one.row for one in found.breaks if one.table == "ledger"}
    lost: dict[Account, list[Item]] = defaultdict(list)
    for item in [*found.items, *found.moved]:
        if not item.is_settled:
            lost[item.venue, item.asset].append(item)
    for account, chain in found.chains.items():
        for gap in chain.gaps:
            first = gap.before.time - found.measure.window
            last = gap.line.time + found.measure.window
            inside = [item for item in lost[account] if first <= item.time <= last]
            total = findings.total(item.change for item in inside)
            slack = findings.total(item.slack for item in inside)
            fits = found.measure.same(gap.size, total) or abs(gap.size - total) <= slack
            moved = _is_moved(gap.before, torn)
            gap.explained = gap.line.row in torn or moved or (bool(inside) and fits)


def _is_moved(line: Line, torn: set[int]) -> bool:
    """Whether a line was said to be out of place, so that what follows it tears as well."""
    return line.row in torn and line.item is not None and line.item.time != line.time


def reported_balances(
    balances: pd.DataFrame | None, known: Container[Account]
) -> dict[Account, tuple[int, Decimal, Decimal]]:
    """Return row, total and frozen money by account; promotional money where it has a ledger."""
    if balances is None:
        return {}
    data = columns_of(balances, BALANCES, ("asset", "total"), "balances")
    rows = zip(
        data["venue"], data["asset"], data["total"], data["frozen"], data["bonus"], strict=True
    )
    found = {}
    for row, (venue, asset, total, frozen, bonus) in enumerate(rows):
        found[venue or "spot", asset] = (row, total, frozen)
        gifts = (venue or "spot", f"{asset}{promotional.SUFFIX}")
        if gifts in known and not bonus.is_nan():
            found[gifts] = (row, bonus, UNKNOWN)
    return found


def residual_of(
    account: Account, reported: Decimal, frozen: Decimal, expected: Decimal, measure: Measure
) -> Decimal:
    """Return reported less expected balance, 0 where the cut of a shown balance explains it."""
    difference = reported - expected
    if measure.is_dust(difference, reported, expected):
        return ZERO
    hidden = SHOWN_UNIT if not frozen or frozen.is_nan() else 2 * SHOWN_UNIT
    is_cut = reported == reported.quantize(SHOWN_UNIT) and expected != expected.quantize(SHOWN_UNIT)
    if account[0] == "spot" and is_cut and 0 <= -difference < hidden:
        return ZERO
    return difference


def _wrong_balances(found: Examination, balances: pd.DataFrame | None, end: int) -> list[Break]:
    """Return the reported balances that neither the ledger nor another break explains."""
    breaks = []
    known = reported_balances(balances, found.chains)
    broken = {(one.venue, one.asset) for one in found.breaks}
    for account, (row, reported, frozen) in known.items():
        chain = found.chains.get(account)
        closing = chain.closing if chain else ZERO
        residual = residual_of(account, reported, frozen, closing, found.measure)
        if residual and account not in broken:
            why = "the last line of the ledger says another balance"
            breaks.append(
                Break(
                    *account, "wrong balance", "balances", row, account[1], end,
                    text_of(closing), text_of(reported), why, residual,
                    named("ledger", chain.lines[-1].name) if chain else "",
                )
            )  # fmt: skip
    for account, chain in found.chains.items():
        if balances is not None and account not in known and chain.closing:
            why = "the balances do not list it"
            line = chain.lines[-1]
            breaks.append(on_line(line, "missing balance", line.balance, "", why))
    return breaks
