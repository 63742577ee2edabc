"""Joining the venues: which are asked, which markets they have, how a frame is finished."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from btcc_research.arguments import known_market
from btcc_research.coverage import Coverage, report_holes
from btcc_research.errors import InvalidArgument
from btcc_research.venues.futures_link import FuturesLink
from btcc_research.venues.opening import Opening
from btcc_research.venues.spot_reads import SpotReads

Range = tuple[float | None, float | None]
Record = dict[str, Any]

VENUES = ("spot", "futures")


class Joining:
    """Decides what a joined frame is made of, and signs it."""

    def __init__(self, opening: Opening, spot: SpotReads, futures: FuturesLink) -> None:
        self._opening = opening
        self._spot = spot
        self._futures = futures

    @property
    def venues(self) -> list[str]:
        """The venues there are credentials for."""
        return self._opening.venues

    def asked(
        self,
        venue: str | None,
        market: str | None,
        coverage: Coverage,
        wanted: Range | None = None,
        *,
        public: bool = False,
    ) -> list[str]:
        """Return the venues to ask, and note in the coverage what will be proven.

        `wanted` is the range of a listing that ends now. Without credentials for any venue
        spot is asked, so that the call says what is missing; `public` asks it in any case.

        Raises
        ------
        InvalidArgument
            For a venue that does not exist, or a market no asked venue has.
        """
        names = self._named(venue, public=public)
        if market is not None:
            names = self._with_market(market, names)
        coverage.venues = names
        if wanted is not None:
            coverage.proven = self._until_now(wanted, names)
        return names

    def _named(self, venue: str | None, *, public: bool) -> list[str]:
        if venue is not None:
            if venue not in VENUES:
                allowed = ", ".join(map(repr, VENUES))
                raise InvalidArgument(f"venue={venue!r} is not one of {allowed}.")
            return [venue]
        known = self.venues
        return ["spot", *known] if public and "spot" not in known else known or ["spot"]

    def _with_market(self, market: str, names: list[str]) -> list[str]:
        """Return the venues that have a market; the lists are read again before saying no."""
        for fresh in (False, True):
            found = [name for name in names if self._has(name, market, fresh=fresh)]
            if found:
                return found
        listed: list[str] = []
        for name in names:
            listed += self._spot.markets() if name == "spot" else self._futures.products().markets
        known_market(market, listed)
        return names

    def _has(self, venue: str, market: Any, *, fresh: bool) -> bool:
        if venue == "spot":
            return market in self._spot.markets(fresh=fresh)
        return self._futures.products(fresh=fresh).has(market)

    def spot_market(self, market: Any) -> str:
        """Return a spot market's name; the list is read again before it is called unknown.

        Raises
        ------
        UnknownMarket
            Suggesting the right name.
        """
        if market not in self._spot.markets():
            self._spot.markets(fresh=True)
        return known_market(market, self._spot.markets())

    def require_spot(self, venue: str) -> None:
        """Refuse another venue than spot.

        Raises
        ------
        InvalidArgument
            Saying what is allowed.
        """
        if venue != "spot":
            raise InvalidArgument(f"venue={venue!r} is not one of 'spot'.")

    def markets_of_mine(self, market: str | None, wanted: Range, coverage: Coverage) -> list[str]:
        """Return the spot market asked for, or all that were traded in the time."""
        if market is None:
            names = self._spot.traded_markets(wanted, coverage)
        else:
            names = [self.spot_market(market)]
        coverage.markets = names
        return names

    def markets_of_orders(self, market: str | None, coverage: Coverage) -> list[str]:
        """Return the spot market asked for, or all: unfilled orders leave no ledger."""
        listed = list(self._spot.markets())
        coverage.markets = listed if market is None else [self.spot_market(market)]
        return coverage.markets

    def finish(
        self,
        frame: pd.DataFrame,
        call: str,
        coverage: Coverage,
        *,
        sort: str | None = None,
        limit: int | None = None,
    ) -> pd.DataFrame:
        """Sort, cut to the newest, say where the frame comes from and how complete it is."""
        if sort is not None:
            by = [sort, "id"] if "id" in frame else [sort]
            frame = frame.sort_values(by, kind="stable", ignore_index=True)
        if limit is not None and len(frame) > limit:
            coverage.limited = True
            frame = frame.iloc[-limit:]
            frame = frame if sort is None else frame.reset_index(drop=True)
        coverage.rows = len(frame)
        frame.attrs = {
            "environment": self._opening.known.environment,
            "venues": list(coverage.venues),
            "call": call,
            "coverage": coverage.as_attrs(),
        }
        report_holes(coverage.holes, call, strict=self._opening.known.strict)
        return frame

    def _until_now(self, wanted: Range, names: list[str]) -> Range:
        now = self._spot.now() if "spot" in names else self._futures.now()
        return wanted[0], now if wanted[1] is None else min(wanted[1], now)


def inside(records: Iterable[Record], wanted: Range, time: str) -> list[Record]:
    """Return the records of a range: its start included, its end not."""
    start, end = wanted
    return [
        record
        for record in records
        if (start is None or record[time] >= start) and (end is None or record[time] < end)
    ]
