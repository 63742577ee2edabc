"""Sets of time: sorted, disjoint, half-open ranges of microseconds."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Span = tuple[int, int]
"""A start that is included and an end that is not."""


@dataclass(frozen=True, slots=True, init=False)
class Intervals:
    """A set of moments as ranges ``start <= moment < end``.

    However it is built, the ranges are sorted, not empty, and neither overlap nor touch:
    equal sets are equal values.

    Parameters
    ----------
    spans : iterable of (start, end)
        In any order; empty ranges are left out.

    Raises
    ------
    ValueError
        For a range that ends before it starts.
    """

    spans: tuple[Span, ...] = ()

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        object.__setattr__(self, "spans", _joined(spans))

    def __iter__(self) -> Iterator[Span]:
        return iter(self.spans)

    def __len__(self) -> int:
        return len(self.spans)

    def __or__(self, other: Intervals) -> Intervals:
        return Intervals((*self.spans, *other.spans))

    def __sub__(self, other: Intervals) -> Intervals:
        return Intervals(_without(self.spans, other.spans))

    def __and__(self, other: Intervals) -> Intervals:
        return self - (self - other)

    def __contains__(self, moment: int) -> bool:
        place = bisect_right(self.spans, moment, key=lambda span: span[0])
        return place > 0 and moment < self.spans[place - 1][1]

    def covers(self, other: Intervals) -> bool:
        """Whether every moment of another set is in this one."""
        return not other - self

    def clip(self, start: int, end: int) -> Intervals:
        """Return the part between two moments."""
        return self & Intervals([(start, end)] if start < end else [])

    def between(self) -> Intervals:
        """Return the holes between the first and the last range."""
        return Intervals([self.hull] if self.spans else []) - self

    @property
    def hull(self) -> Span:
        """The first start and the last end; ValueError where the set is empty."""
        if not self.spans:
            raise ValueError("an empty set of time has no hull")
        return self.spans[0][0], self.spans[-1][1]

    @property
    def duration(self) -> int:
        """Microseconds in all."""
        return sum(end - start for start, end in self.spans)


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for start, end in sorted(spans):
        if end < start:
            raise ValueError(f"a range of time that starts at {start} ends before, at {end}")
        if start == end:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)


def _without(spans: Iterable[Span], holes: tuple[Span, ...]) -> Iterator[Span]:
    """Cut holes out; both are sorted and disjoint, so each hole is looked at about once."""
    first = 0
    for start, end in spans:
        begin = start
        while first < len(holes) and holes[first][1] <= start:
            first += 1
        place = first
        while place < len(holes) and holes[place][0] < end:
            if begin < holes[place][0]:
                yield begin, holes[place][0]
            begin = holes[place][1]
            place += 1
        if begin < end:
            yield begin, end
