"""The spot venue read completely: every market, every page, with proof.

Each function answers with records for a joined frame and counts into a `Coverage`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from btcc_research.coverage import Coverage
from btcc_research.paging import Listing, read_listing
from btcc_research.parallel import in_parallel
from btcc_research.protocol import spot as calls
from btcc_research.protocol.endpoint import Endpoint
from btcc_research.protocol.rows import Decoded
from btcc_research.venues import spot_records
from btcc_research.venues.link import Link

Range = tuple[float | None, float | None]

# The end of a listing is frozen, so that it cannot run away while it is read; but further
# ahead than this machine's idea of the exchange's clock can be wrong, or the newest rows
# would be cut off. What arrives meanwhile the pages' anchors notice.
BEYOND_NOW = 120
OVERLAP_SECONDS = 60.0

_OPEN = (calls.ORDER_PENDING, calls.ORDER_PENDING_STOP)
_CLOSED = (calls.ORDER_FINISHED, calls.ORDER_FINISHED_STOP)
_STATUS = {
    calls.ORDER_PENDING: "open",
    calls.ORDER_PENDING_STOP: "waiting",
    calls.ORDER_FINISHED: "",  # filled or cancelled: what was executed tells
    calls.ORDER_FINISHED_STOP: "closed",
}


class SpotReads:
    """Complete listings of the spot venue."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._markets: dict[str, Any] = {}
        self._traded: dict[str, set[str]] = {}
        self._scanned: tuple[float, float] | None = None

    def markets(self, *, fresh: bool = False) -> dict[str, Any]:
        """Return the rules of all listed markets by name."""
        if fresh or not self._markets:
            rows = self._link.rows(calls.MARKET_LIST, {}, exact=True).rows
            self._markets = {row.market: row for row in rows}
        return self._markets

    def rules(self, market: str) -> Any:
        """Return a market's rules; for one that is listed no more, what the ledger told."""
        listed = self.markets().get(market)
        if listed is not None:
            return listed
        assets = self._traded.get(market, set())
        base = next((asset for asset in sorted(assets) if market.startswith(asset)), market)
        return SimpleNamespace(
            market=market, base=base, quote=market.removeprefix(base), amount_precision=8
        )

    def listing(
        self,
        endpoint: Endpoint,
        values: dict[str, Any],
        *,
        exact: bool = False,
        limit: int | None = None,
        changing: bool = False,
    ) -> Listing:
        """Read all pages of a listing."""

        def fetch(offsets: Sequence[int]) -> list[Decoded]:
            def page(offset: int) -> Decoded:
                asked = {**values, "offset": offset, "limit": calls.MOST_ROWS}
                return self._link.rows(endpoint, asked, exact=exact)

            return in_parallel(page, offsets, threads=threads)

        threads = self._threads()
        return read_listing(fetch, limit=limit, changing=changing, ahead=threads)

    def _threads(self) -> int:
        return self._link.transport().threads

    def traded_markets(self, wanted: Range, coverage: Coverage) -> list[str]:
        """Return every market the account traded in a time, as its ledger tells."""
        now = self._link.transport().server_time()
        first = wanted[0] or 0.0
        if self._scanned and self._scanned[0] <= first:
            first, begins = self._scanned[1] - OVERLAP_SECONDS, self._scanned[0]
        else:
            begins = first
        listing = self.listing(calls.ASSET_QUERY_HISTORY, self._bounds((first or None, None)))
        coverage.add(listing, "ledger")
        for row in spot_records.ledger_records(listing.rows):
            if row["market"]:
                self._traded.setdefault(row["market"], set()).add(row["asset"])
        if not listing.holes:
            self._scanned = (begins, now)
        return sorted(self._traded)

    def trades(
        self,
        markets: Sequence[str],
        wanted: Range,
        coverage: Coverage,
        *,
        exact: bool,
        limit: int | None,
        progress: bool | None,
    ) -> list[dict[str, Any]]:
        """Return the executions of markets; each side is asked for by itself.

        BTCC's rows do not say which side they are, so the question has to.
        """
        bounds = self._bounds(wanted)
        questions = [(market, side) for market in markets for side in ("buy", "sell")]

        def read(question: tuple[str, str]) -> Listing:
            market, side = question
            values = {"market": market, "side": side, **bounds}
            return self.listing(calls.ORDER_DEAL_HISTORY, values, exact=exact, limit=limit)

        found = in_parallel(
            read, questions, threads=self._threads(), progress=progress, label="trades"
        )
        records: list[dict[str, Any]] = []
        for (market, side), listing in zip(questions, found, strict=True):
            coverage.add(listing, f"{market} {side}")
            records += spot_records.trade_records(listing.rows, self.rules(market), side)
        return records

    def closed_orders(
        self,
        markets: Sequence[str],
        wanted: Range,
        coverage: Coverage,
        *,
        exact: bool,
        progress: bool | None,
    ) -> list[dict[str, Any]]:
        """Return closed orders and closed stop orders of markets."""
        values = self._bounds(wanted)
        questions = [(market, call, values) for market in markets for call in _CLOSED]
        return self._orders(questions, coverage, exact=exact, progress=progress)

    def open_orders(
        self,
        markets: Sequence[str],
        coverage: Coverage,
        *,
        exact: bool,
        progress: bool | None,
    ) -> list[dict[str, Any]]:
        """Return open orders and waiting stop orders of markets."""
        nothing: dict[str, Any] = {}
        questions = [(market, call, nothing) for market in markets for call in _OPEN]
        return self._orders(questions, coverage, exact=exact, progress=progress)

    def _orders(
        self,
        questions: Sequence[tuple[str, Endpoint, dict[str, Any]]],
        coverage: Coverage,
        *,
        exact: bool,
        progress: bool | None,
    ) -> list[dict[str, Any]]:
        def read(question: tuple[str, Endpoint, dict[str, Any]]) -> Listing:
            market, call, values = question
            asked = {"market": market, **values}
            return self.listing(call, asked, exact=exact, changing=call in _OPEN)

        threads = self._threads()
        found = in_parallel(read, questions, threads=threads, progress=progress, label="orders")
        records: list[dict[str, Any]] = []
        for (market, call, _), listing in zip(questions, found, strict=True):
            coverage.add(listing, f"{market} {call.name}")
            if call in (calls.ORDER_PENDING_STOP, calls.ORDER_FINISHED_STOP):
                records += spot_records.plan_records(listing.rows, _STATUS[call])
            else:
                records += spot_records.order_records(
                    listing.rows, self.rules(market), _STATUS[call]
                )
        return records

    def ledger(
        self,
        values: dict[str, Any],
        wanted: Range,
        coverage: Coverage,
        *,
        exact: bool,
        limit: int | None,
    ) -> list[dict[str, Any]]:
        """Return the changes of balances."""
        asked = {**values, **self._bounds(wanted)}
        listing = self.listing(calls.ASSET_QUERY_HISTORY, asked, exact=exact, limit=limit)
        coverage.add(listing, "ledger")
        return list(spot_records.ledger_records(listing.rows))

    def balances(self, *, exact: bool) -> list[dict[str, Any]]:
        """Return the balances."""
        rows = self._link.rows(calls.ASSET_QUERY, {}, exact=exact).rows
        return list(spot_records.balance_records(rows))

    def market_records(self) -> list[dict[str, Any]]:
        """Return the rules of all markets, exact and fresh."""
        return [spot_records.market_record(row) for row in self.markets(fresh=True).values()]

    def depth(self, market: str, values: dict[str, Any], *, exact: bool) -> list[dict[str, Any]]:
        """Return the levels of an order book."""
        rows = self._link.rows(calls.MARKET_DEPTH, values, exact=exact).rows
        return list(spot_records.depth_records(rows, market))

    def now(self) -> float:
        """Return the exchange's time in Unix seconds."""
        return self._link.transport().server_time()

    def _bounds(self, wanted: Range) -> dict[str, int | None]:
        """Return whole seconds that certainly hold the range; the end is frozen here."""
        start, end = wanted
        last = end if end is not None else self._link.transport().server_time() + BEYOND_NOW
        return {"start": None if start is None else math.floor(start), "end": math.ceil(last)}
