"""Funding rates from BTCC's web page, asked only when somebody wants them."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from btcc_research.coverage import Coverage
from btcc_research.dialect import FUTURES
from btcc_research.errors import ConfigError, InvalidArgument, TransportError, UnknownMarket
from btcc_research.protocol import web
from btcc_research.protocol.parameters import wire_pairs
from btcc_research.transport import System
from btcc_research.venues.link import Link
from btcc_research.venues.opening import Opening

Range = tuple[float | None, float | None]
Record = dict[str, Any]

USUAL_DAYS = 30
DAY = 86_400
MOST_PAGES = 200


class FundingReads:
    """Settled funding rates and the running estimate."""

    def __init__(self, opening: Opening, system: System | None = None) -> None:
        self._link = Link(opening, "futures_web", FUTURES, system)

    def rates(self, market: str, wanted: Range, coverage: Coverage, *, exact: bool) -> list[Record]:
        """Return settled rates of a time and, where the time runs to now, the estimate.

        Raises
        ------
        UnknownMarket
            If the page does not know the market.
        TransportError, ConfigError
            If the page cannot be reached.
        """
        if not isinstance(market, str) or not market:
            raise InvalidArgument(f'market={market!r}: a name such as "BTCUSDT" is needed.')
        try:
            estimate = web.read_estimate(self._send(web.FUND_RATE, {"market": market}))
        except (TransportError, ConfigError) as problem:
            raise _unreachable(problem) from None
        if estimate is None:
            raise UnknownMarket(
                f"market={market!r}: BTCC's web page has no funding rate for it; use a name such "
                'as "BTCUSDT" (tokenized products have none).'
            )
        now = self._link.transport().system.time()
        last = now if wanted[1] is None else wanted[1]
        first = last - USUAL_DAYS * DAY if wanted[0] is None else wanted[0]
        found = self._settled(market, first, last, coverage)
        coverage.proven = (first, min(last, now))
        as_number: Any = (lambda rate: rate) if exact else float
        records = [
            {"time": moment, "venue": "futures", "market": market, "rate": as_number(rate),
             "kind": "settled"}
            for moment, rate in sorted(found.items()) if first <= moment < last
        ]  # fmt: skip
        if wanted[1] is None or wanted[1] > now:
            records.append(
                {"time": now, "venue": "futures", "market": market,
                 "rate": as_number(estimate.rate), "kind": "estimate"}
            )  # fmt: skip
        return records

    def close(self) -> None:
        """Close the connections."""
        self._link.close()

    def _settled(
        self, market: str, first: float, last: float, coverage: Coverage
    ) -> dict[int, Any]:
        """Read pages until one brings nothing new; each hour once."""
        found: dict[int, Any] = {}
        days = {"start": _day(first), "end": _day(last)}
        for page in range(1, MOST_PAGES + 1):
            asked = {"market": market, "page": page, "page_size": web.PAGE, **days}
            rows = web.read_settled(self._send(web.FUND_RATE_LOG, asked))
            coverage.pages += 1
            fresh = {moment: rate for moment, rate in rows if moment not in found}
            coverage.repeats += len(rows) - len(fresh)
            found.update(fresh)
            if not fresh or len(rows) < web.PAGE:
                return found
        coverage.holes.append(f"{market}: more than {MOST_PAGES} pages of funding rates")
        return found

    def _send(self, endpoint: Any, values: dict[str, Any]) -> Any:
        return self._link.send(endpoint, wire_pairs(endpoint, values))


def _unreachable(problem: TransportError | ConfigError) -> TransportError | ConfigError:
    words = (
        f"funding rates are told only by BTCC's web page, and it cannot be reached ({problem}). "
        "BTCC's documented interfaces have none."
    )
    if isinstance(problem, ConfigError):
        return ConfigError(words)
    return TransportError(words, outcome=problem.outcome, attempt=problem.attempt)


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(math.floor(seconds), UTC).strftime("%Y-%m-%d")
