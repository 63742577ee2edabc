"""The chain of balances: every line of a ledger begins where the one before it ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from btcc_research.analytics.bookings import Line
from btcc_research.analytics.exactness import ZERO
from btcc_research.analytics.pairing import Measure

Account = tuple[str, str]
"""Venue and asset."""


@dataclass(slots=True, eq=False)
class Gap:
    """Where a balance does not begin where the one before ended; `size` is what is between."""

    before: Line
    line: Line
    size: Decimal
    explained: bool = False


@dataclass(slots=True)
class Chain:
    """The lines of one account in the order in which they were booked."""

    lines: list[Line]
    gaps: list[Gap]

    @property
    def opening(self) -> Decimal:
        """The balance before the first line."""
        return self.lines[0].before if self.lines else ZERO

    @property
    def closing(self) -> Decimal:
        """The balance after the last line."""
        return self.lines[-1].balance if self.lines else ZERO

    def is_torn(self, moment: int) -> bool:
        """Whether there is a gap at a time."""
        return any(gap.before.time <= moment <= gap.line.time for gap in self.gaps)

    def gap_at(self, line: Line) -> Gap | None:
        """Return the gap right before a line."""
        return next((gap for gap in self.gaps if gap.line is line), None)


def chains(lines: Iterable[Line], measure: Measure) -> dict[Account, Chain]:
    """Return the chain of every account."""
    accounts: dict[Account, list[Line]] = defaultdict(list)
    for line in lines:
        if line.kind != "copy":
            accounts[line.venue, line.asset].append(line)
    return {account: _chain(found, measure) for account, found in accounts.items()}


def _chain(lines: list[Line], measure: Measure) -> Chain:
    """Return lines in the order of their numbers, or else of their times.

    A line that is elsewhere than what it books is tried in both places.
    """
    if all(line.venue == "spot" and line.name.isdigit() for line in lines):
        return _linked(sorted(lines, key=lambda line: int(line.name)), measure)
    as_said = _linked(_by_time([(line.time, line) for line in lines], measure), measure)
    if not as_said.gaps:
        return as_said
    booked = [(line.item.time if line.item else line.time, line) for line in lines]
    as_booked = _linked(_by_time(booked, measure), measure)
    return as_booked if len(as_booked.gaps) < len(as_said.gaps) else as_said


def _linked(lines: list[Line], measure: Measure) -> Chain:
    gaps = []
    for before, line in pairwise(lines):
        size = line.before - before.balance
        if not measure.is_dust(size, before.balance, line.balance, line.change):
            gaps.append(Gap(before, line, size))
    return Chain(lines, gaps)


def _by_time(placed: list[tuple[int, Line]], measure: Measure) -> list[Line]:
    """Return lines by time, those of one moment in the order in which their balances fit."""
    groups: dict[int, list[Line]] = defaultdict(list)
    for moment, line in placed:
        groups[moment].append(line)
    linked: list[Line] = []
    for _, group in sorted(groups.items()):
        while group:
            linked.append(group.pop(_next(linked, group, measure)))
    return linked


def _next(linked: list[Line], group: list[Line], measure: Measure) -> int:
    """Return which line of a moment comes next: one that begins where the last one ended."""
    if len(group) == 1:
        return 0
    if linked:
        ends = [linked[-1].balance]
        fits = (place for place, line in enumerate(group) if _begins(line, ends, measure))
    else:  # the first of all: one that begins where no other ends
        fits = (
            place
            for place, line in enumerate(group)
            if not _begins(line, [other.balance for other in group if other is not line], measure)
        )
    return next(fits, 0)


def _begins(line: Line, ends: Iterable[Decimal], measure: Measure) -> bool:
    return any(measure.is_dust(line.before - end, end, line.balance, line.change) for end in ends)
