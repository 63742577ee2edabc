"""A spot request -> the engine -> a reply, as a pure function of request and time.

The checks come in this order: blocked address, unknown path, key and signature,
parameters, closed market, and then the engine's own refusals.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from btcc_research.errors import InvalidArgument, ProtocolError
from btcc_research.protocol import signing, spot, wire
from btcc_research.protocol.endpoint import Effect, Endpoint, Rows
from btcc_research.protocol.parameters import read_values
from btcc_research.protocol.rows import write_rows
from btcc_research.sandbox.accounts import Gate, KeyRing, KeySet
from btcc_research.sandbox.answers import INTERVALS, Answers, Values
from btcc_research.sandbox.exchange import Exchange
from btcc_research.sandbox.participants import Participants
from btcc_research.sandbox.records import Account, Order, Plan, Refused
from btcc_research.sandbox.switches import Switches

TTL = 400
_NAMES = {
    201: "CodeNormalError",
    202: "CodeParamError",
    204: "CodeValidSignError",
    205: "CodeValidAccessIdError",
    207: "CodeCloseMarketError",
}
_PLACING = frozenset({"order_limit", "order_market", "order_stop_limit", "order_stop_market"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it reached the server."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    address: str


class Denied(Exception):
    """A failure of the HTTP layer; `code` is one of BTCC's 201 to 207."""

    def __init__(self, code: int, why: str = "") -> None:
        super().__init__(why)
        self.code = code
        self.why = why


class SpotApp:
    """The spot REST interface over one exchange."""

    def __init__(
        self,
        exchange: Exchange,
        participants: Participants,
        answers: Answers,
        keys: KeyRing,
        switches: Switches,
    ) -> None:
        self.exchange = exchange
        self.participants = participants
        self.switches = switches
        self._answers = answers
        self._keys = keys
        self._gate = Gate()
        self._routes: dict[tuple[str, str], Endpoint] = {
            (call.verb, call.path): call for call in spot.CATALOGUE.values()
        }

    def handle(self, asked: Asked, now: int) -> tuple[int, bytes]:
        """Answer a request at a time in microseconds: HTTP status and body."""
        allowed = (self.switches.requests_a_second, self.switches.block_seconds)
        until = self._gate.blocked_until(asked.address, now, *allowed)
        if until is not None:
            return 429, wire.write_blocked(until)
        try:
            return 200, self._answer(asked, now)
        except Refused as refused:
            return 200, wire.write_refusal(refused.code, refused.message)
        except Denied as denied:
            return self._denial(denied)

    def _denial(self, denied: Denied) -> tuple[int, bytes]:
        if denied.code == 201:
            return 404, wire.write_failure(201, _NAMES[201])[1]
        explain = denied.why and self.switches.explain_signatures
        words = f"{_NAMES[denied.code]} {denied.why}" if explain else _NAMES[denied.code]
        return wire.write_failure(denied.code, words, self.switches.error_style)

    def _answer(self, asked: Asked, now: int) -> bytes:
        endpoint = self._route(asked)
        headers = {} if not self.switches.tm_header else asked.headers
        signature = asked.headers.get("authorization", "")
        try:
            texts = wire.read_request(asked.method, asked.query, asked.body, headers).pairs
        except ProtocolError as problem:
            raise Denied(202, str(problem)) from None
        key = self._check_key(endpoint, asked, texts, signature, now) if endpoint.signed else None
        values = self._check_values(endpoint, dict(texts))
        self._advance(values, now)
        account = self.exchange.account(key.user_id) if key else None
        payload = self._perform(endpoint, account, values, now)
        return self._enclose(endpoint, payload)

    def _route(self, asked: Asked) -> Endpoint:
        path, switches = asked.path, self.switches
        if switches.cancel_spelling:
            path = path.replace("/cancel_stop", "/cancle_stop")
        endpoint = self._routes.get((asked.method, path))
        hidden = {
            "market_ticker": switches.price_path == "last",
            "market_last": switches.price_path == "ticker",
            "order_deal": switches.deals_path == "deals",
            "order_deals": switches.deals_path == "deal",
        }
        if endpoint is None or hidden.get(endpoint.name):
            raise Denied(201)
        return endpoint

    def _check_key(
        self,
        endpoint: Endpoint,
        asked: Asked,
        texts: tuple[tuple[str, str], ...],
        signature: str,
        now: int,
    ) -> KeySet:
        given = dict(texts)
        if not (given.get("access_id") and given.get("tm") and signature):
            raise Denied(202)
        key = self._keys.find(given["access_id"])
        needs = "trade" if endpoint.effect is Effect.TRADE else "read"
        if key is None or not key.allows(asked.address) or needs not in key.permissions:
            raise Denied(205)
        window = self.switches.clock_window
        late = not given["tm"].isdigit() or (
            window is not None and abs(int(given["tm"]) - now / 1e6) > window
        )
        expected = signing.sign_spot(texts, key.secret_key)
        if late or not hmac.compare_digest(expected.digest.encode(), signature.encode()):
            raise Denied(204, expected.for_support)
        if any("&" in value for _, value in texts):
            raise Denied(202)
        return key

    def _check_values(self, endpoint: Endpoint, texts: dict[str, str]) -> Values:
        try:
            values = read_values(endpoint, texts)
        except InvalidArgument as problem:
            raise Denied(202, str(problem)) from None
        market = values.get("market")
        if market is not None and market not in self.exchange.markets:
            raise Denied(202, f"unknown market {market!r}")
        if endpoint.name == "market_kline" and values["interval"] not in INTERVALS:
            raise Denied(202, f"interval {values['interval']}")
        if endpoint.name in _PLACING and not self.exchange.markets[values["market"]].is_open:
            raise Denied(207)
        return values

    def _advance(self, values: Values, now: int) -> None:
        """Let the simulated participants act where the request looks."""
        if values.get("market"):
            self.participants.advance(values["market"], now)
            return
        waiting = {order.market for order in self.exchange.orders.values()}
        for market, book in self.exchange.books.items():
            if book.plans or market in waiting:
                self.participants.advance(market, now)

    def _perform(
        self, endpoint: Endpoint, account: Account | None, values: Values, now: int
    ) -> Any:
        public = self._public_payload(endpoint, values, now)
        if account is None or public is not None:
            return public
        if endpoint.effect is Effect.TRADE:
            return self._carry_out(endpoint, account.user_id, values, now)
        answers = self._answers
        looks: dict[str, Callable[[], Any]] = {
            "asset_query": lambda: answers.balances(account),
            "asset_query_history": lambda: answers.ledger(account, values),
            "order_pending": lambda: answers.open_orders(account, values),
            "order_pending_detail": lambda: answers.open_order(account, values),
            "order_deal": lambda: answers.deals(account, endpoint, values),
            "order_deals": lambda: answers.deals(account, endpoint, values),
            "order_deal_history": lambda: answers.deals(account, endpoint, values),
            "order_finished": lambda: answers.finished(account, values),
            "order_finish_detail": lambda: answers.finished_order(account, values),
            "order_pending_stop": lambda: answers.open_plans(account, values),
            "order_finished_stop": lambda: answers.finished_plans(account, values),
        }
        return looks[endpoint.name]()

    def _public_payload(self, endpoint: Endpoint, values: Values, now: int) -> Any:
        answers = self._answers
        looks: dict[str, Callable[[], Any]] = {
            "ping": lambda: "PONG",
            "time": lambda: now // 1_000_000,
            "market_list": lambda: answers.markets(self.exchange.markets),
            "market_detail": lambda: answers.markets([values["market"]])[0],
            "market_kline": lambda: answers.candles(values, now),
            "market_depth": lambda: answers.depth(values, now),
            "market_ticker": lambda: answers.last(values["market"]),
            "market_last": lambda: answers.last(values["market"]),
        }
        look = looks.get(endpoint.name)
        return look() if look else None

    def _carry_out(self, endpoint: Endpoint, user: int, values: Values, now: int) -> Any:
        exchange, market = self.exchange, values.get("market") or ""
        does: dict[str, Callable[[], Any]] = {
            "order_limit": lambda: exchange.place_limit(
                user, market, values["side"], values["amount"], values["price"], now,
                **_labels(values),
            ),
            "order_market": lambda: exchange.place_market(
                user, market, values["side"], values["amount"], now, **_labels(values)
            ),
            "order_stop_limit": lambda: self._plan(user, values, values["price"], now),
            "order_stop_market": lambda: self._plan(user, values, None, now),
            "order_cancel": lambda: exchange.cancel(user, market, values["order_id"], now),
            "order_cancel_stop": lambda: exchange.cancel_plan(user, values["order_id"], now),
            "order_cancel_multi": lambda: self._cancel_many(
                user, market, _ids(values["order_ids"]), now
            ),
            "order_cancel_all": lambda: self._cancel_many(
                user, market, self._open_ids(user, market, values["side"]), now
            ),
            "order_cancel_stop_all": lambda: self._cancel_plans(user, market, values["side"], now),
        }  # fmt: skip
        done = does[endpoint.name]()
        if isinstance(done, Order | Plan):
            done = write_rows(endpoint, [done])[0]
        forms = {"orders": done, "null": None, "text": "success"}
        return forms[self.switches.undocumented_payloads] if endpoint.loose else done

    def _plan(self, user: int, values: Values, price: Decimal | None, now: int) -> Plan:
        return self.exchange.place_plan(
            user, values["market"], values["side"], values["amount"], price,
            values["stop_price"], now, source=values["source"],
        )  # fmt: skip

    def _open_ids(self, user: int, market: str, side: str) -> list[int]:
        mine = self.exchange.open_orders(user, market)
        return [order.id for order in mine if side in ("both", order.side)]

    def _cancel_many(self, user: int, market: str, ids: list[int], now: int) -> dict[str, Any]:
        cancelled, failed = [], []
        for number in ids:
            try:
                self.exchange.cancel(user, market, number, now)
                cancelled.append(number)
            except Refused:
                failed.append(number)
        return {"cancel_cnt": len(cancelled), "ids": cancelled, "noids": failed}

    def _cancel_plans(self, user: int, market: str, side: str, now: int) -> dict[str, Any]:
        plans = list(self.exchange.books[market].plans.values())
        mine = [p.id for p in plans if p.user_id == user and side in ("both", p.side)]
        for number in mine:
            self.exchange.cancel_plan(user, number, now)
        return {"cancel_cnt": len(mine), "ids": mine, "noids": []}

    def _enclose(self, endpoint: Endpoint, payload: Any) -> bytes:
        envelope: str = endpoint.envelope
        nested = endpoint.rows is Rows.CANDLES
        if nested and self.switches.kline_envelope == "engine":
            envelope = "B"
        if self.switches.envelopes == "swapped":
            envelope = {"A": "B", "B": "C", "C": "A"}[envelope]
        ttl = TTL if endpoint.name in ("market_depth", "market_ticker", "market_last") else None
        return wire.write_response(payload, envelope, ttl=ttl, nested=nested)


def _labels(values: Values) -> dict[str, Any]:
    return {
        "time_in_force": values["time_in_force"] or "GTC",
        "source": values["source"],
        "client_id": values["client_id"] or "",
    }


def _ids(joined: str) -> list[int]:
    try:
        return [int(part) for part in joined.split("|")]
    except ValueError:
        raise Denied(202, f"order_ids {joined!r}") from None
