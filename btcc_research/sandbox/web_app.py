"""The two funding calls of BTCC's web page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from btcc_research.errors import ProtocolError
from btcc_research.protocol import futures_wire, web
from btcc_research.protocol.endpoint import Endpoint
from btcc_research.sandbox.app import Asked
from btcc_research.sandbox.futures_market import FuturesMarket
from btcc_research.sandbox.futures_rules import DAY_US
from btcc_research.sandbox.futures_settings import FuturesSettings
from btcc_research.sandbox.switches import Switches

SECOND_US = 1_000_000


class WebApp:
    """Funding rates as the web page has them."""

    def __init__(
        self, market: FuturesMarket, settings: FuturesSettings, switches: Switches
    ) -> None:
        self._market = market
        self._settings = settings
        self._switches = switches
        self._products = {
            rules.market: name for name, rules in market.products.items()
            if rules.status == "normal"
        }  # fmt: skip

    def handle(self, asked: Asked, now: int) -> tuple[int, bytes]:
        """Answer a request at a time in microseconds: HTTP status and body."""
        calls = {call.path: call for call in (web.FUND_RATE, web.FUND_RATE_LOG)}
        call = calls.get(asked.path)
        if call is None or not self._switches.web_page:
            return 404, b"not found"
        if asked.method != call.verb:
            return 200, futures_wire.write_failure(call, "FAIL", "wrong method")
        try:
            given = web.read_body(asked.body)
            payload = self._payload(call, given, now)
        except (ProtocolError, ValueError, TypeError):
            return 200, futures_wire.write_failure(call, "FAIL", "wrong parameters")
        return 200, futures_wire.write_response(call, payload)

    def _payload(self, call: Endpoint, given: dict[str, Any], now: int) -> dict[str, Any] | None:
        name = given.get("symbol" if call is web.FUND_RATE else "symbolName")
        product = self._products.get(str(name))
        if call is web.FUND_RATE:
            return self._estimate(product, now)
        rates = self._settled(product, given, now) if product else []
        return web.write_settled(rates)

    def _estimate(self, product: str | None, now: int) -> dict[str, Any] | None:
        rate = self._market.estimate(product, now) if product else None
        if rate is None:
            return None
        return web.write_estimate(web.Estimate(rate, self._settings.funding_hours))

    def _settled(self, product: str, given: dict[str, Any], now: int) -> list[tuple[int, Any]]:
        """Return a page of settlements, newest first."""
        first = _day(given["startTime"])
        last = min(_day(given["endTime"]) + DAY_US - 1, now)
        newest_first = self._market.settled_rates(product, first, last)[::-1]
        size = max(min(int(given["pageSize"]), web.PAGE), 1)
        begin = (int(given["pageNo"]) - 1) * size
        return [(moment // SECOND_US, rate) for moment, rate in newest_first[begin : begin + size]]


def _day(text: str) -> int:
    """Return the beginning of a day in microseconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND_US
