"""Which ledger line books which item: by amount, time and what both say of themselves.

BTCC's live ledger of futures names only deposits and withdrawals, so nothing here needs a
word or a remark; where they are there, they have to agree.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from btcc_research.analytics.bookings import FEE_WORDS, Item, Line
from btcc_research.analytics.exactness import ZERO


@dataclass(frozen=True, slots=True)
class Measure:
    """How closely two numbers and two times have to agree.

    Numbers of a float frame agree where a float cannot tell them apart.
    """

    exact: bool
    window: int

    def key(self, value: Decimal) -> Hashable:
        """Return what equal numbers have in common."""
        return value if self.exact else float(value)

    def same(self, one: Decimal, other: Decimal) -> bool:
        """Whether two numbers are the same."""
        return one == other or (not self.exact and self.is_dust(one - other, one, other))

    def is_dust(self, difference: Decimal, *sizes: Decimal) -> bool:
        """Whether a difference is less than floats of these sizes can hold."""
        if self.exact or not difference:
            return not difference
        return abs(difference) <= max(map(abs, sizes)) * Decimal(2) ** -50

    def near(self, one: int, other: int) -> bool:
        """Whether two times are the same moment."""
        return abs(one - other) <= self.window


def pair_strictly(items: Sequence[Item], lines: Sequence[Line], measure: Measure) -> None:
    """Pair every item with the line that books it as it should."""
    booked: dict[Hashable, list[Line]] = defaultdict(list)
    for line in lines:
        booked[line.venue, line.asset, measure.key(line.change), line.time].append(line)
    for item in items:
        found = booked.get((item.venue, item.asset, measure.key(item.change), item.time), [])
        best = next((line for line in found if agrees(item, line)), None)
        if best is not None:
            found.remove(best)
            join(item, best)
    around = Around([line for line in lines if line.item is None], measure)
    _pair_by_amount([item for item in items if item.line is None], around, measure)
    _pair_roughly([item for item in items if item.line is None], around, measure)


class Around:
    """Finds the lines without an item near a time."""

    def __init__(self, lines: list[Line], measure: Measure) -> None:
        self._lines = sorted(lines, key=_time_of)
        self._window = measure.window

    def __call__(self, item: Item) -> list[Line]:
        """Return the lines of an item's account around its time that do not contradict it."""
        return [line for line in self.near(item) if line.asset == item.asset]

    def near(self, item: Item) -> list[Line]:
        """Return the lines of its venue around an item's time that do not contradict it."""
        first = bisect_left(self._lines, item.time - self._window, key=_time_of)
        last = bisect_right(self._lines, item.time + self._window, key=_time_of)
        return [
            line
            for line in self._lines[first:last]
            if line.item is None and line.venue == item.venue and agrees(item, line)
        ]


def _time_of(line: Line) -> int:
    return line.time


def _pair_by_amount(items: Iterable[Item], around: Around, measure: Measure) -> None:
    for item in items:
        fits = [line for line in around(item) if measure.same(line.change, item.change)]
        if fits:
            join(item, min(fits, key=lambda line: abs(line.time - item.time)))


def join(item: Item, *lines: Line) -> None:
    """Note that lines book an item."""
    for line in lines:
        line.item, line.kind = item, item.kind
    item.line, item.lines, item.is_settled = lines[0], list(lines), True


def agrees(item: Item, line: Line) -> bool:
    """Whether words, order, position and execution contradict nothing, as far as they are said."""
    if not suits(item, line):
        return False
    told = [(item.order, line.order), (item.position, line.position)]
    if item.execution is not None:
        told.append((item.execution.id, line.execution))
    return all(one is None or other is None or one == other for one, other in told)


def suits(item: Item, line: Line) -> bool:
    """Whether a line's word allows it to be such an item."""
    if line.venue == "spot":
        if item.kind == "transfer" or line.is_transfer:
            return item.kind == "transfer" and line.is_transfer
        # The exchange's published sample shows a fee under the word "trade".
        return (item.kind == "fee") == (line.business == "fee" or not line.rate.is_nan())
    if not line.is_named:
        return True
    if item.kind == "fee":
        return line.business in FEE_WORDS
    return line.is_transfer if item.kind == "transfer" else line.business == item.kind


def _pair_roughly(items: Sequence[Item], around: Around, measure: Measure) -> None:
    """Pair profits a report has rounded, and executions that were booked in one line."""
    for item in items:
        if item.slack:
            fits = [line for line in around(item) if abs(line.change - item.change) <= item.slack]
            if fits:
                join(item, min(fits, key=lambda line: abs(line.change - item.change)))
    together: dict[int, list[Item]] = defaultdict(list)
    for item in items:
        if item.line is None and item.venue == "futures" and item.execution is not None:
            together[item.row].append(item)
    for group in together.values():
        _pair_sum(group, around(group[0]), measure)


def _pair_sum(group: list[Item], lines: Iterable[Line], measure: Measure) -> None:
    """Pair the items of an execution with one line of their sum, if there is one."""
    if len(group) < 2:
        return
    total = sum((item.change for item in group), ZERO)
    slack = sum((item.slack for item in group), ZERO)
    for line in lines:
        fits = measure.same(line.change, total) or abs(line.change - total) <= slack
        if fits and line.asset == group[0].asset and not line.is_named:
            for item in group:
                join(item, line)
            return


def difference(item: Item, line: Line, measure: Measure) -> list[str]:
    """Return in what an item and a line differ."""
    found = []
    if item.asset != line.asset:
        found.append("asset")
    if not measure.same(item.change, line.change) and abs(line.change - item.change) > item.slack:
        found.append("change")
    if not measure.near(item.time, line.time):
        found.append("time")
    if None not in (item.order, line.order) and item.order != line.order:
        found.append("order")
    if None not in (item.position, line.position) and item.position != line.position:
        found.append("position")
    return found


def pair_nearly(
    items: Iterable[Item], lines: Sequence[Line], measure: Measure
) -> list[tuple[Item, Line, list[str]]]:
    """Pair what is left where only little differs, the most alike first.

    A pair has to agree in its amount and currency, or be of the same moment, order or
    position and agree in one of them, or in its sign.
    """
    by_name: dict[Hashable, list[Line]] = defaultdict(list)
    for line in lines:
        for key in _names(line.venue, line.time, line.order, line.position, line.asset,
                          measure.key(line.change), measure.window):  # fmt: skip
            by_name[key].append(line)
    found = []
    for number, item in enumerate(items):
        keys = _names(item.venue, item.time, item.order, item.position, item.asset,
                      measure.key(item.change), measure.window)  # fmt: skip
        for line in {id(line): line for key in keys for line in by_name.get(key, ())}.values():
            differing = difference(item, line, measure)
            rank = _rank(item, line, differing)
            if rank is not None:
                found.append((rank, abs(line.time - item.time), number, item, line, differing))
    found.sort(key=lambda one: one[:3])
    pairs = []
    for _, _, _, item, line, differing in found:
        if item.line is None and line.item is None:
            join(item, line)
            pairs.append((item, line, differing))
    return pairs


def _names(
    venue: str, moment: int, order: int | None, position: int | None, asset: str,
    change: Hashable, window: int,
) -> list[Hashable]:  # fmt: skip
    """Return what an item and a line could have in common."""
    step = max(window, 1) * 2
    names: list[Hashable] = [(venue, asset, change)]
    names += [(venue, "time", (moment + shift) // step) for shift in (-step // 2, step // 2)]
    if order is not None:
        names.append((venue, "order", order))
    if position is not None:
        names.append((venue, "position", position))
    return names


def _rank(item: Item, line: Line, differing: list[str]) -> tuple[int, ...] | None:
    """Return how unlike a pair is, or None where it is no pair."""
    if (item.kind == "transfer") != line.is_transfer:
        return None
    money = {"asset", "change"} & set(differing)
    told = line.order is not None or line.position is not None
    # Equal amounts alone say little of lines without a name, at another time.
    if not money and "time" in differing and not told and not line.is_transfer:
        return (len(differing), 1, 1) if suits(item, line) else None
    same_event = "time" not in differing or (told and not {"order", "position"} & set(differing))
    if money and not same_event:
        return None
    same_sign = (item.change > 0) == (line.change > 0)
    if len(money) == 2 or ("change" in money and not same_sign and item.change != -line.change):
        return None
    if not suits(item, line) and (item.kind != "fee" or item.venue == "futures"):
        return None
    return (len(differing), 0 if suits(item, line) else 1, 0 if same_sign else 1)
