"""Funding and interest of futures positions: which lines they are, and whether they add up.

BTCC reports them with the closes; its ledger has a line a settlement and position, which it
does not name. A line that books no execution and came within minutes of a full hour while a
position was open is taken for one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import pandas as pd

from btcc_research.analytics.bookings import FUNDING_WORDS, Line
from btcc_research.analytics.breaks import Break, named, on_line, text_of, time_text
from btcc_research.analytics.chain import Account, Chain, Gap
from btcc_research.analytics.exactness import UNKNOWN, ZERO, booked, columns_of
from btcc_research.analytics.fills import Execution
from btcc_research.analytics.pairing import Measure
from btcc_research.analytics.promotional import money_of
from btcc_research.tables import POSITIONS

HOUR_US = 3_600_000_000
SETTLED_WITHIN_US = 300_000_000
FOREVER = 2**62


@dataclass(slots=True)
class Holding:
    """A futures position: when it was open, and the funding its records tell of."""

    id: int
    market: str
    asset: str
    opened: int
    closed: int = FOREVER
    left: Decimal = ZERO
    told: Decimal = ZERO
    opening: Execution | None = None
    closes: list[Execution] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    @property
    def last(self) -> Execution:
        """The last of its executions."""
        return self.closes[-1] if self.closes or self.opening is None else self.opening

    @property
    def booked(self) -> Decimal:
        """The funding the ledger tells of."""
        return sum((line.change for line in self.lines), ZERO)


def holdings(rows: Iterable[Execution], positions: pd.DataFrame | None) -> dict[int, Holding]:
    """Return every position of the executions, with the funding of its closes.

    A position that is still open has told all of its funding only where `positions` has it.
    """
    found: dict[int, Holding] = {}
    currencies: dict[int, Counter[str]] = defaultdict(Counter)
    for row in rows:
        if row.venue != "futures" or row.position is None:
            continue
        held = found.setdefault(row.position, Holding(row.position, row.market, "", 0))
        currencies[row.position].update(filter(None, (row.pair.currency, row.fee_asset)))
        if row.action == "close":
            held.left -= row.amount
            held.told += ZERO if row.funding.is_nan() else row.funding
            held.closes.append(row)
        else:
            held.opened, held.opening = row.time, row
            held.left += row.amount
        if held.closes and not held.left.is_nan() and held.left <= 0:
            held.closed = held.closes[-1].time
    running = {} if positions is None else open_positions(positions)
    for held in found.values():
        held.asset = currencies[held.id].most_common(1)[0][0]
        if held.id in running:
            held.told += running[held.id][1]
            held.closed = FOREVER
        elif held.left.is_nan() or held.left > 0 or held.opening is None:
            held.told = UNKNOWN
    return found


def open_positions(positions: pd.DataFrame) -> dict[int, tuple[int, Decimal, Decimal]]:
    """Return row, funding so far, and amount of every open position."""
    data = columns_of(positions, POSITIONS, ("id", "amount"), "positions")
    rows = zip(data["id"], data["funding"], data["amount"], strict=True)
    return {
        key: (row, ZERO if funding.is_nan() else funding, amount)
        for row, (key, funding, amount) in enumerate(rows)
        if key is not None
    }


def assign(lines: Iterable[Line], held: Mapping[int, Holding], measure: Measure) -> None:
    """Mark the lines that are funding, and give each to its position.

    Where no line says whose it is, those of one settlement are taken in the order of the
    positions' numbers, or of their markets and numbers; should neither make the closes come
    out right, they stay with all positions together.
    """
    batches: dict[tuple[str, int], list[Line]] = defaultdict(list)
    for line in lines:
        if line.item is not None or line.venue != "futures" or line.kind:
            continue
        named_so = line.business in FUNDING_WORDS
        on_time = not line.is_named and line.time % HOUR_US <= SETTLED_WITHIN_US
        if named_so or (on_time and any(True for _ in _able(line, held, measure))):
            line.kind = "funding"
            if line.position is not None and line.position in held:
                held[line.position].lines.append(line)
            elif line.position is None:
                batches[line.asset, line.time // HOUR_US].append(line)
    ways = [_in_turn(batches, held, measure, by_market=way) for way in (False, True)]
    best = min(ways, key=lambda shares: _wrong(shares, held, measure))
    if _wrong(best, held, measure) <= 1:
        for line, key in best:
            line.position = key
            held[key].lines.append(line)


def _able(line: Line, held: Mapping[int, Holding], measure: Measure) -> Iterator[Holding]:
    """Yield the positions a line could be of: open at that time, in that currency."""
    asset = money_of(line.asset)
    for one in held.values():
        if one.opened <= line.time <= one.closed + measure.window and one.asset == asset:
            yield one


def _in_turn(
    batches: Mapping[tuple[str, int], list[Line]], held: Mapping[int, Holding],
    measure: Measure, *, by_market: bool,
) -> list[tuple[Line, int]]:  # fmt: skip
    """Return the lines of every settlement that has one for each open position, and whose."""
    shares = []
    for batch in batches.values():
        able = list(_able(batch[0], held, measure))
        able.sort(key=lambda one: (one.market if by_market else "", one.id))
        if len(able) == len(batch):
            shares += [(line, one.id) for line, one in zip(batch, able, strict=True)]
    return shares


def _wrong(shares: list[tuple[Line, int]], held: Mapping[int, Holding], measure: Measure) -> int:
    """Return how many positions do not come out right."""
    sums = {key: one.booked for key, one in held.items()}
    for line, key in shares:
        sums[key] += line.change
    differences = (held[key].told - sums[key] for key in {key for _, key in shares})
    return sum(not one.is_nan() and not measure.is_dust(one, one) for one in differences)


def funding_breaks(
    lines: Iterable[Line],
    held: Mapping[int, Holding],
    chains: Mapping[Account, Chain],
    measure: Measure,
) -> list[Break]:
    """Return where the ledger's funding is not what the closes report.

    Each position alone where the lines tell which is whose, else all of a currency together.
    """
    loose: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        if line.kind == "funding" and line.position is None:
            loose[line.asset].append(line)
    found = []
    pooled: dict[str, list[Holding]] = defaultdict(list)
    for one in held.values():
        missing = one.told - one.booked
        if one.asset in loose:
            pooled[one.asset].append(one)
        elif not missing.is_nan() and not measure.is_dust(missing, one.told, one.booked):
            gap = _gap_of(chains, one.asset, missing, (one.opened, one.closed), measure)
            twice = _twice(one.lines, missing, measure)
            found.append(twice or _break([one], missing, gap, _unpaid(one, held)))
    for asset, some in pooled.items():
        missing = sum((one.told - one.booked for one in some), ZERO)
        missing -= sum((line.change for line in loose[asset]), ZERO)
        if not missing.is_nan() and not measure.is_dust(missing, *(one.told for one in some)):
            gap = _gap_of(chains, asset, missing, (0, FOREVER), measure)
            twice = _twice(loose[asset], missing, measure)
            found.append(twice or _break(some, missing, gap, []))
    return found


def _twice(lines: Iterable[Line], missing: Decimal, measure: Measure) -> Break | None:
    """Return the break of a line that was booked twice, if that is what is wrong."""
    seen: dict[Hashable, Line] = {}
    for line in lines:
        twin = seen.setdefault((line.time, line.change), line)
        if twin is not line and measure.same(line.change, -missing):
            why = f"it repeats line {twin.name or '?'}, and without it the closes come out right"
            return on_line(line, "doubled funding", ZERO, line.change, why)
    return None


def _gap_of(
    chains: Mapping[Account, Chain], asset: str, missing: Decimal, time: tuple[int, int],
    measure: Measure,
) -> Gap | None:  # fmt: skip
    """Return the gap a lost line of so much left in a time."""
    chain = chains.get(("futures", asset))
    for gap in chain.gaps if chain else ():
        inside = gap.line.time >= time[0] and gap.before.time <= time[1] + measure.window
        if not gap.explained and inside and measure.same(gap.size, missing):
            gap.explained = True
            return gap
    return None


def _break(some: list[Holding], missing: Decimal, gap: Gap | None, unpaid: list[int]) -> Break:
    """Return a break of the row that reports the funding."""
    row = _odd_close(some[0]) if len(some) == 1 else max((one.last for one in some), key=_time_of)
    told = sum((one.told for one in some), ZERO)
    there = told - missing
    lost = gap is not None or bool(unpaid)
    names = ", ".join(str(one.id) for one in some)
    why = f"the records of position {names} tell of {text_of(told)}, the ledger of "
    why += text_of(there)
    if gap is not None:
        why += f"; {text_of(gap.size)} is lost after line {gap.before.name or '?'}"
    if unpaid:
        why += f"; no line for the settlement of {', '.join(map(time_text, unpaid))}"
    wanted, there = (told, there) if lost else (there, told)
    return Break(
        "futures", some[0].asset, "missing funding" if lost else "wrong funding", "trades",
        row.row, "" if row.id is None else str(row.id), gap.line.time if gap else row.time,
        text_of(wanted), text_of(there), why, there - wanted,
        named("ledger", *(line.name for one in some for line in one.lines)),
    )  # fmt: skip


def _odd_close(one: Holding) -> Execution:
    """Return the close that reports another share than its part of what was booked by then."""
    if one.opening is None or one.left.is_nan():
        return one.last
    left, carried = one.opening.amount, ZERO
    moments = [0, *(close.time for close in one.closes)]
    for since, close in zip(moments, one.closes, strict=False):
        new = (line.change for line in one.lines if since < line.time <= close.time)
        carried = sum(new, carried)
        if left <= 0:
            break
        share = carried - booked(carried * (left - close.amount) / left)
        if share != close.funding:
            return close
        left, carried = left - close.amount, carried - share
    return one.last


def _time_of(row: Execution) -> int:
    return row.time


def _unpaid(one: Holding, held: Mapping[int, Holding]) -> list[int]:
    """Return the settlements other positions of the market had and this one has no line for."""
    own = {line.time // HOUR_US for line in one.lines}
    others = {
        line.time // HOUR_US * HOUR_US
        for other in held.values()
        if other.market == one.market
        for line in other.lines
    }
    return sorted(
        moment
        for moment in others
        if one.opened <= moment < one.closed and moment // HOUR_US not in own
    )
