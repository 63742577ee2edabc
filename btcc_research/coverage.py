"""How complete a frame is, and the warning where it is not."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from btcc_research.errors import Incomplete, IncompleteWarning
from btcc_research.paging import Listing


def iso(seconds: float | None) -> str | None:
    """Return Unix seconds as ISO text, the form times take in `df.attrs`."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


@dataclass(slots=True)
class Coverage:
    """What was asked, what is proven, and what it took.

    `asked` and `proven` are ranges of Unix seconds; None means without bound. Each hole
    names where rows may be missing.
    """

    asked: tuple[float | None, float | None] = (None, None)
    proven: tuple[float | None, float | None] = (None, None)
    markets: list[str] = field(default_factory=list)
    pages: int = 0
    rows: int = 0
    repeats: int = 0
    limited: bool = False
    holes: list[str] = field(default_factory=list)
    venues: list[str] = field(default_factory=list)

    def add(self, listing: Listing, what: str) -> None:
        """Count a listing that was read for this frame."""
        self.pages += listing.pages
        self.rows += len(listing.rows)
        self.repeats += listing.repeats
        self.limited |= listing.limited
        self.holes += [f"{what}: {hole}" for hole in listing.holes]

    def as_attrs(self) -> dict[str, Any]:
        """Return plain JSON types for `df.attrs["coverage"]`."""
        return {
            "asked": [iso(moment) for moment in self.asked],
            "proven": [] if self.holes else [iso(moment) for moment in self.proven],
            "markets": sorted(self.markets),
            "pages": self.pages,
            "rows": self.rows,
            "repeats": self.repeats,
            "limited": self.limited,
            "holes": list(self.holes),
        }


def report_holes(holes: Iterable[str], call: str, *, strict: bool) -> None:
    """Warn of every hole, or raise where the connection is strict.

    Raises
    ------
    Incomplete
        With ``connect(strict=True)``.
    """
    named = list(holes)
    if not named:
        return
    words = f"{call}: the data may lack rows ({'; '.join(named[:3])})."
    if strict:
        raise Incomplete(f"{words} Ask again, or for a shorter time.")
    warnings.warn(f"{words} df.attrs['coverage'] has them all.", IncompleteWarning, stacklevel=4)
