"""Long listings, read completely: pages that overlap, and proof that they fit together.

BTCC lists newest first by offset, so rows that arrive meanwhile push everything deeper and
rows that vanish pull it up. Each page therefore starts at the last row of the one before
it, the anchor, and must show it again.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from btcc_research.protocol.rows import Decoded

PAGE = 100
MOST_SEARCHES = 50

Fetch = Callable[[Sequence[int]], Sequence[Decoded]]
"""Pages for a list of offsets, in that order; they may be fetched side by side."""


@dataclass(slots=True)
class Listing:
    """All rows of a listing, newest first, and how well that is proven.

    `repeats` counts identical rows that were dropped; `holes` describes, newest first, every
    place where rows may be missing.
    """

    rows: list[Any] = field(default_factory=list)
    pages: int = 0
    repeats: int = 0
    holes: list[str] = field(default_factory=list)
    new_fields: set[str] = field(default_factory=set)
    limited: bool = False


@dataclass(slots=True)
class _Reader:
    """The state of reading one listing."""

    fetch: Fetch
    size: int
    changing: bool
    listing: Listing = field(default_factory=Listing)
    seen: dict[Hashable, Any] = field(default_factory=dict)
    namesakes: dict[Hashable, list[Any]] = field(default_factory=dict)
    anchor: Any = None
    offset: int = 0
    fullest: int = 0
    stuck: int = 0
    total: int | None = None

    @property
    def step(self) -> int:
        """How far pages lie apart when each shows the last row of the one before."""
        return max((self.fullest or self.size) - 1, 1)

    def get(self, offsets: Sequence[int]) -> list[Decoded]:
        pages = list(self.fetch(offsets))
        self.listing.pages += len(pages)
        for page in pages:
            self.listing.new_fields |= page.new_fields
            self.fullest = max(self.fullest, len(page.rows))
            self.total = page.total if page.total is not None else self.total
        return pages

    def is_known(self, row: Any) -> bool:
        first = self.seen.get(row.id)
        if first is None or self.changing or first == row:
            return first is not None
        return row in self.namesakes.get(row.id, ())

    def is_anchor(self, row: Any) -> bool:
        return bool(row.id == self.anchor.id and (self.changing or row == self.anchor))

    def add(self, rows: Sequence[Any]) -> None:
        """Add the rows that are not known yet; rows with one id may differ."""
        for row in rows:
            if row.id not in self.seen:
                self.seen[row.id] = row
            elif self.is_known(row):
                self.listing.repeats += 1
                continue
            else:
                self.namesakes.setdefault(row.id, []).append(row)
            self.listing.rows.append(row)

    def accept(self, offset: int, rows: Sequence[Any]) -> None:
        """Add what a page brought; its last row is the next page's anchor.

        What stands before the old anchor is known already, or came in meanwhile.
        """
        place = self.place_of_anchor(rows)
        behind = -1 if place is None else place
        self.add(rows[:behind] if behind > 0 else ())
        fresh = rows[behind + 1 :]
        ids = {row.id for row in fresh}
        if len(ids) == len(fresh) and self.seen.keys().isdisjoint(ids):
            self.seen.update((row.id, row) for row in fresh)
            self.listing.rows.extend(fresh)
        else:
            self.add(fresh)
        if rows:
            self.anchor, self.offset = rows[-1], offset + len(rows) - 1

    def place_of_anchor(self, rows: Sequence[Any]) -> int | None:
        """Return where the page shows the anchor; -1 stands for before the first page."""
        if self.anchor is None:
            return -1
        return next((place for place, row in enumerate(rows) if self.is_anchor(row)), None)


def read_listing(
    fetch: Fetch,
    *,
    size: int = PAGE,
    limit: int | None = None,
    changing: bool = False,
    ahead: int = 8,
) -> Listing:
    """Read a listing to its end.

    Parameters
    ----------
    fetch : callable
        Returns the pages at some offsets. Rows have an `id` and compare by value.
    size : int
        Rows asked for in a page; a server that gives fewer is followed by what it gives.
    limit : int, optional
        Stop after so many rows, the newest.
    changing : bool
        Rows with one id are one row (open orders change while they are listed); otherwise
        different rows with one id are all kept.
    ahead : int
        Pages to ask for at once where the listing is long.

    Returns
    -------
    Listing
        Complete, or naming its holes.
    """
    reader = _Reader(fetch, size, changing)
    at_once = 1
    while True:
        offsets = [reader.offset + number * reader.step for number in range(at_once)]
        ended = _take(reader, offsets, reader.get(offsets))
        rows = reader.listing.rows
        if limit is not None and len(rows) >= limit:
            del rows[limit:]
            reader.listing.limited = True
            return reader.listing
        if ended:
            return _compare_with_total(reader, fetch, changing)
        # A short page is most likely the last one: only its end is still to be proven.
        at_once = min(at_once * 2, ahead) if reader.fullest == size else 1


def _take(reader: _Reader, offsets: Sequence[int], pages: Sequence[Decoded]) -> bool:
    """Add pages while each continues the one before; return whether the end was reached."""
    for offset, page in zip(offsets, pages, strict=True):
        if offset != reader.offset:
            return False  # the server gave less than a page: the rest was asked too deep
        place = reader.place_of_anchor(page.rows)
        if place is None:
            return _search(reader)
        behind = len(page.rows) - 1 - place
        if not behind and len(page.rows) < max(reader.fullest, 2):
            return True  # room for more rows, and nothing behind the anchor: this is the end
        reader.accept(offset, page.rows)
        reader.stuck = 0 if behind else reader.stuck + 1
        if reader.stuck > MOST_SEARCHES:
            reader.listing.holes.append(
                f"after id {reader.anchor.id}: rows arrive faster than they can be read"
            )
            return True
    return False


def _search(reader: _Reader) -> bool:
    """Find the anchor again after the listing moved; where that fails, note a hole."""
    offset, step = reader.offset, reader.step
    rows: Sequence[Any] = ()
    for _ in range(MOST_SEARCHES):
        rows = reader.get([offset])[0].rows
        known = any(reader.is_known(row) for row in rows)
        if known and (reader.place_of_anchor(rows) is not None or not reader.is_known(rows[-1])):
            reader.accept(offset, rows)  # the anchor, or its neighbours where it is gone
            return False
        if known and len(rows) < reader.fullest:
            return True  # the listing ends here, and the anchor is gone from its end
        if known or (rows and rows[0].id > reader.anchor.id):
            offset += max(len(rows) - 1, 1)  # many rows arrived: the anchor is deeper
        elif offset == 0:
            break
        else:
            offset = max(offset - step, 0)  # rows vanished: the anchor was higher up
    lost = f"after id {reader.anchor.id}: the listing moved and the row did not reappear"
    reader.listing.holes.append(lost)
    reader.accept(offset, rows)
    return not rows


def _compare_with_total(reader: _Reader, fetch: Fetch, changing: bool) -> Listing:
    """Hold the rows against the server's own count; read once more where they differ."""
    listing = reader.listing
    if reader.total is None or reader.total == len(listing.rows):
        return listing
    again = _Reader(fetch, reader.size, changing)
    ended = False
    while not ended:
        ended = _take(again, [again.offset], again.get([again.offset]))
    again.listing.pages += listing.pages
    if again.total != len(again.listing.rows):
        counted = f"the server counts {again.total} rows, {len(again.listing.rows)} were read"
        again.listing.holes.append(counted)
    return again.listing
