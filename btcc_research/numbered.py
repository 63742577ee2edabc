"""Long listings in numbered pages, read until their count agrees.

BTCC's futures reports are cut into `pageNo` and `pageSize`, so pages cannot overlap; what
proves a listing is the server's own count: one reading in which the count stood still and
as many different rows were seen. Lists without a count end with a page that is not full,
and their first page must then still begin with the same row.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from btcc_research.paging import PAGE, Listing
from btcc_research.protocol.rows import Decoded, unix_seconds

MOST_ROUNDS = 5

Fetch = Callable[[Sequence[int], int], Sequence[Decoded]]
"""Pages for a list of numbers (from 1) and a page size; they may be fetched side by side."""


@dataclass(slots=True)
class _Round:
    """One reading of the whole listing."""

    rows: list[Any] = field(default_factory=list)
    seen: dict[Hashable, list[Any]] = field(default_factory=dict)
    repeats: int = 0
    totals: set[int | None] = field(default_factory=set)
    first: Any = None

    def add(self, page: Decoded, key: Callable[[Any], Hashable]) -> None:
        self.totals.add(page.total)
        for row in page.rows:
            known = self.seen.setdefault(key(row), [])
            if row in known:
                self.repeats += 1
                continue
            known.append(row)
            self.rows.append(row)

    @property
    def total(self) -> int | None:
        """The server's count, where it stood still."""
        return next(iter(self.totals)) if len(self.totals) == 1 else None


@dataclass(slots=True)
class _Reader:
    fetch: Fetch
    size: int
    key: Callable[[Any], Hashable]
    ahead: int
    time: str
    limit: int | None
    listing: Listing = field(default_factory=Listing)

    def get(self, numbers: Sequence[int]) -> list[Decoded]:
        pages = list(self.fetch(numbers, self.size))
        self.listing.pages += len(pages)
        for page in pages:
            self.listing.new_fields |= page.new_fields
        return pages

    def read(self) -> _Round:
        """Read all pages once."""
        reading = _Round()
        first = self.get([1])[0]
        if first.total is not None and 0 < len(first.rows) < min(self.size, first.total):
            self.size = len(first.rows)  # the server gives less: number its own pages
            first = self.get([1])[0]
        reading.add(first, self.key)
        reading.first = first.rows[0] if first.rows else None
        number, full = 2, len(first.rows) >= self.size
        while full and not self._enough(reading):
            ahead = 1 if first.total is None else self._left(first.total, number)
            pages = self.get(range(number, number + ahead))
            for page in pages:
                reading.add(page, self.key)
            number += ahead
            full = len(pages[-1].rows) >= self.size
            if first.total is not None and (number - 1) * self.size >= first.total:
                break
        return reading

    def _left(self, total: int, number: int) -> int:
        wanted = -(-total // self.size) - number + 1
        return max(min(wanted, self.ahead), 1)

    def _enough(self, reading: _Round) -> bool:
        """Whether the newest rows wanted are there: only where pages run back in time."""
        if self.limit is None or len(reading.rows) < self.limit:
            return False
        moments = [unix_seconds(getattr(row, self.time)) or 0.0 for row in reading.rows]
        return all(later >= earlier for later, earlier in pairwise(moments))


def read_numbered(
    fetch: Fetch,
    *,
    time: str = "time",
    key: Callable[[Any], Hashable] = lambda row: row.id,
    size: int = PAGE,
    limit: int | None = None,
    ahead: int = 8,
) -> Listing:
    """Read a listing in numbered pages to its end.

    Parameters
    ----------
    fetch : callable
        Returns pages by their numbers. Rows compare by value.
    time : str
        The attribute rows are ordered by, where they are ordered.
    key : callable
        What names a row; different rows with one name are all kept.
    size : int
        Rows asked for in a page; a server that gives fewer is followed by what it gives.
    limit : int, optional
        Stop once so many rows are there and the pages run back in time.
    ahead : int
        Pages to ask for at once.

    Returns
    -------
    Listing
        Complete, or naming its hole.
    """
    reader = _Reader(fetch, size, key, ahead, time, limit)
    listing = reader.listing
    known = _Round()
    for _ in range(MOST_ROUNDS):
        reading = reader.read()
        if reader._enough(reading):
            listing.rows, listing.limited = reading.rows[:limit], True
            return listing
        known.add(Decoded(reading.rows), key)
        listing.repeats += reading.repeats
        if _is_whole(reader, reading):
            listing.rows = reading.rows
            return listing
    listing.rows = known.rows
    listing.holes.append(
        f"the listing changed during {MOST_ROUNDS} readings; {len(known.rows)} rows were seen"
    )
    return listing


def _is_whole(reader: _Reader, reading: _Round) -> bool:
    if None not in reading.totals:
        return reading.total == len(reading.rows)
    if len(reading.rows) < reader.size:
        return True  # one page that was not full
    again = reader.get([1])[0].rows
    return bool(again) and again[0] == reading.first
