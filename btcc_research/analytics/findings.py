"""What is wrong with rows that differ from their counterpart, and which of the two it is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from btcc_research.analytics.bookings import Item, Line
from btcc_research.analytics.breaks import Break, named, on_item, on_line, text_of, time_text
from btcc_research.analytics.chain import Account, Chain
from btcc_research.analytics.exactness import ZERO, ratio
from btcc_research.analytics.pairing import Measure

Pair = tuple[Item, Line, list[str]]

_WHAT = {"time": "shifted time", "order": "wrong order", "position": "wrong position"}
_DETAILS = ("market", "price", "amount")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What decides between a line and the row it should book."""

    measure: Measure
    chains: Mapping[Account, Chain]
    siblings: Mapping[tuple[str, int], list[Item]]

    def line_is_odd(self, item: Item, line: Line, differing: str, odd: int) -> bool:
        """Whether the line is the one that is wrong.

        A changed amount or currency tears the chain of balances at the line. Where only
        some of an execution's lines differ, it is the lines.
        """
        chain = self.chains[line.venue, line.asset]
        gap = chain.gap_at(line)
        if differing == "change":
            return gap is not None and self.measure.same(line.change + gap.size, item.change)
        if differing == "asset":
            return gap is not None
        booked = sum(len(sibling.lines) for sibling in self.siblings[item.table, item.row])
        return odd < booked or (differing == "time" and self._is_out_of_place(chain, line))

    def _is_out_of_place(self, chain: Chain, line: Line) -> bool:
        """Whether a line's time lies outside those of its neighbours in the chain."""
        place = chain.lines.index(line)
        before = chain.lines[place - 1].time if place else line.time
        after = chain.lines[place + 1].time if place + 1 < len(chain.lines) else line.time
        return not before <= line.time <= after


def differing_pairs(pairs: Iterable[Pair], evidence: Evidence) -> list[Break]:
    """Return the breaks of pairs that differ."""
    pairs = list(pairs)
    odd: dict[tuple[str, int, str], int] = defaultdict(int)
    for item, _, differing in pairs:
        for what in differing:
            odd[item.table, item.row, what] += 1
    return [
        _break(item, line, what, evidence, odd[item.table, item.row, what])
        for item, line, differing in pairs
        for what in differing
    ]


def _break(item: Item, line: Line, differing: str, evidence: Evidence, odd: int) -> Break:
    is_line = evidence.line_is_odd(item, line, differing, odd)
    wanted, there = _values(item, line, differing)
    what = _what(item, line, differing, is_line=is_line)
    if is_line:
        against = named(item.table, item.name)
        return on_line(line, what, wanted, there, _why(item, line, differing), against=against)
    against = named("ledger", line.name)
    return on_item(item, what, there, wanted, _why(item, line, differing), against=against)


def _values(item: Item, line: Line, differing: str) -> tuple[object, object]:
    """Return what the item and what the line says."""
    if differing == "time":
        return time_text(item.time), time_text(line.time)
    return getattr(item, differing), getattr(line, differing)


def _what(item: Item, line: Line, differing: str, *, is_line: bool) -> str:
    if differing in _WHAT:
        return _WHAT[differing]
    if differing == "asset":
        return "wrong fee asset" if item.kind == "fee" else "wrong market"
    if item.change == -line.change:
        return "wrong sign"
    if item.kind != "fee":
        return _what_amount(item, line)
    found, expected = (line, item) if is_line else (item, line)
    return "doubled fee" if found.change == 2 * expected.change else "wrong fee rate"


def _what_amount(item: Item, line: Line) -> str:
    if item.kind in ("profit", "transfer"):
        return f"wrong {item.kind}"
    execution = item.execution
    is_price = execution is not None and _says_other(line, execution.price, "price")
    return "wrong price" if is_price else "wrong amount"


def _says_other(line: Line, value: Decimal, detail: str) -> bool:
    said: Decimal = getattr(line, detail)
    return not said.is_nan() and said != value


def _why(item: Item, line: Line, differing: str) -> str:
    said = f"the {item.table} say {item.kind} {text_of(item.change)} {item.asset}"
    words = f"{said} at {time_text(item.time)}, the ledger {text_of(line.change)} {line.asset}"
    words += f" at {time_text(line.time)}"
    if item.kind == "fee" and differing == "change" and item.execution is not None:
        words += f" (rates {_rate(item, item.change)} and {_rate(item, line.change)})"
    elif item.kind == "profit" and differing == "change":
        words += " (promotional money may have borne a part)"
    return words


def _rate(item: Item, change: Decimal) -> str:
    """Return the fee rate a change stands for, of the value or of the coins received."""
    execution = item.execution
    if execution is None:
        return ""
    base = execution.amount if item.asset == execution.pair.base else execution.cost
    return text_of(ratio(-change, base).quantize(Decimal("1e-8")))


def differing_details(items: Iterable[Item], evidence: Evidence) -> list[Break]:
    """Return the breaks of lines that book the right money but tell another market or price."""
    found: dict[tuple[int, str], list[tuple[Item, Line]]] = defaultdict(list)
    for item in items:
        execution = item.execution
        if item.venue != "spot" or execution is None or item.line is None:
            continue
        line = item.line
        if line.market not in (None, execution.market):
            found[item.row, "market"].append((item, line))
        for detail in _DETAILS[1:]:
            said: Decimal = getattr(line, detail)
            if not said.is_nan() and not evidence.measure.same(said, getattr(execution, detail)):
                found[item.row, detail].append((item, line))
    breaks = []
    for (row, detail), pairs in found.items():
        booked = sum(len(item.lines) for item in evidence.siblings["trades", row])
        breaks += [_detail(item, line, detail, len(pairs) < booked) for item, line in pairs]
    return breaks


def _detail(item: Item, line: Line, detail: str, is_line: bool) -> Break:
    wanted, there = getattr(item.execution, detail), getattr(line, detail)
    why = f"the trades say {detail} {text_of(wanted)}, the ledger {text_of(there)}"
    if is_line:
        against = named(item.table, item.name)
        return on_line(line, f"wrong {detail}", wanted, there, why, against=against)
    return on_item(item, f"wrong {detail}", there, wanted, why, against=named("ledger", line.name))


def twin_key(line: Line) -> Hashable:
    """Return what a doubled line has in common with its original."""
    return (
        line.venue, line.asset, line.business, line.change, line.time, line.order, line.position,
        line.market,
    )  # fmt: skip


def doubled_lines(lines: Iterable[Line]) -> list[tuple[Line, Line]]:
    """Return the lines without an item that repeat one, with what they repeat.

    A copy has the number, or without numbers the balance, of its original. A line of its own
    repeats one where it is the only one of its execution; else a whole execution is missing.
    """
    originals: dict[Hashable, list[Line]] = defaultdict(list)
    left = []
    for line in lines:
        if line.item is None:
            left.append(line)
        else:
            originals[twin_key(line)].append(line)
    alone: Counter[Hashable] = Counter(_event(line) for line in left)
    found = []
    for line in left:
        twins = originals[twin_key(line)]
        same = [twin for twin in twins if is_copy(line, twin)]
        booked = [twin for twin in twins if twin.item is not None and alone[_event(line)] == 1]
        if same or booked:
            found.append((line, (same or booked)[0]))
        else:
            twins.append(line)
    return found


def _event(line: Line) -> Hashable:
    return line.venue, line.time, line.order, line.position


def is_copy(line: Line, twin: Line) -> bool:
    """Whether a line is its twin once more, not a second booking of the same."""
    if line.name and twin.name:
        return line.name == twin.name
    return line.balance == twin.balance


def doubled_executions(items: Iterable[Item]) -> dict[int, tuple[Item, Item]]:
    """Return the executions none of whose items is booked and that repeat another, by row."""
    groups: dict[int, list[Item]] = defaultdict(list)
    for item in items:
        if item.execution is not None:
            groups[item.row].append(item)
    by_key: dict[Hashable, Item] = {}
    late = []
    for group in groups.values():
        if any(item.lines for item in group):
            for key in _execution_keys(group[0]):
                by_key.setdefault(key, group[0])
        else:
            late.append(group)
    found = {}
    for group in late:
        known = [by_key[key] for key in _execution_keys(group[0]) if key in by_key]
        if known:
            found[group[0].row] = (group[0], known[0])
    return found


def _execution_keys(item: Item) -> list[Hashable]:
    """Return the id, and everything but the id, of an item's execution."""
    execution = item.execution
    if execution is None:
        return []
    content = (
        item.venue, execution.market, execution.time, execution.side, execution.price,
        execution.amount, execution.order, execution.position, execution.action,
    )  # fmt: skip
    known: list[Hashable] = [content]
    if execution.id is not None:
        known.append((item.venue, execution.market, execution.id))
    return known


def balance_typos(chain: Chain, measure: Measure) -> list[Break]:
    """Return the lines whose balance is wrong: both neighbours tear by the same amount."""
    found = []
    for gap, following in zip(chain.gaps, chain.gaps[1:], strict=False):
        if gap.explained or following.explained or following.before is not gap.line:
            continue
        if measure.same(gap.size, -following.size) and gap.size:
            gap.explained = following.explained = True
            line = gap.line
            why = "the lines before and after agree on another balance"
            right = line.balance - gap.size
            found.append(on_line(line, "wrong balance", right, line.balance, why))
    return found


def tears(chain: Chain) -> list[Break]:
    """Return the gaps nothing explains."""
    return [
        on_line(
            gap.line, "broken chain", gap.before.balance, gap.line.before,
            f"{text_of(gap.size)} {gap.line.asset} changed between this line and the one before",
            against=named("ledger", gap.before.name),
        )
        for gap in chain.gaps
        if not gap.explained
    ]  # fmt: skip


def total(values: Iterable[Decimal]) -> Decimal:
    """Return a sum."""
    return sum(values, ZERO)
