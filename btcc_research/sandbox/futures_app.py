"""A futures request -> the dealer -> a reply, as a pure function of request and time.

The checks come in this order: unknown path, parameters, login or token, signature,
permission, and then the dealer's own refusals. BTCC publishes neither the order nor the
numbers.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from btcc_research.errors import InvalidArgument, ProtocolError
from btcc_research.protocol import futures, futures_wire, signing
from btcc_research.protocol.endpoint import Effect, Endpoint
from btcc_research.protocol.parameters import read_values
from btcc_research.protocol.wire import Incoming
from btcc_research.sandbox.accounts import FuturesLogin, Gate, Tokens
from btcc_research.sandbox.app import Asked
from btcc_research.sandbox.dealer import Dealer
from btcc_research.sandbox.futures_answers import FuturesAnswers, Values
from btcc_research.sandbox.futures_quoter import Quoter
from btcc_research.sandbox.futures_records import FuturesAccount
from btcc_research.sandbox.records import ZERO, Refused
from btcc_research.sandbox.switches import Switches

LOGIN_FAILED = (-1, "Login Failed")
TOKEN_INVALID = (-3, "token invalid")
SIGN_FAILED = (-4, "error:Encode CheckMD5Sign failed")
NOT_ALLOWED = (-5, "API KEY NOT TRADE AUTH")
NOT_FOUND = (-7, "not found")
_OTHER_TYPES = frozenset("2345")
BLOCK_WORDS = "Too many requests, you are blocked."


class FuturesApp:
    """The futures REST interface over one dealer."""

    def __init__(
        self,
        dealer: Dealer,
        quoter: Quoter,
        answers: FuturesAnswers,
        logins: list[FuturesLogin],
        switches: Switches,
    ) -> None:
        self.dealer = dealer
        self.quoter = quoter
        self.switches = switches
        self.tokens = Tokens()
        self.logins = logins
        self._answers = answers
        self._gate = Gate()
        self._routes: dict[tuple[str, str], Endpoint] = {
            (call.verb, call.path): call for call in futures.CATALOGUE.values()
        }

    def handle(self, asked: Asked, now: int) -> tuple[int, bytes]:
        """Answer a request at a time in microseconds: HTTP status and body."""
        allowed = (self.switches.requests_a_second, self.switches.block_seconds)
        if self._gate.blocked_until(asked.address, now, *allowed) is not None:
            return 429, futures_wire.write_failure(None, -429, BLOCK_WORDS)
        endpoint = self._routes.get((asked.method, asked.path))
        if endpoint is None or (endpoint.experimental and not self.switches.open_sltp):
            return 404, futures_wire.write_failure(None, -404, "not found")
        try:
            return 200, self._enclose(endpoint, self._answer(endpoint, asked, now))
        except Refused as refused:
            return 200, futures_wire.write_failure(
                self._enveloped(endpoint), refused.code, refused.message
            )

    def _answer(self, endpoint: Endpoint, asked: Asked, now: int) -> Any:
        incoming = self._read(asked)
        texts = dict(incoming.pairs)
        values = self._values(endpoint, texts)
        if endpoint.effect is Effect.LOGIN:
            return self._log_in(incoming, values, asked.address, now)
        login = self._check_token(texts.get("token", ""), now)
        self._check_sign(endpoint, incoming, login)
        if not self.switches.strict_heartbeat or endpoint is futures.KEEPALIVE:
            self.tokens.touch(texts["token"], now)
        if endpoint.effect is Effect.TRADE and "trade" not in login.permissions:
            raise Refused(*NOT_ALLOWED)
        account = self._account(login)
        self._check_account(account, values)
        product = self._product(values)
        self.quoter.advance(now, [product] if product else ())
        return self._perform(endpoint, account, values, now)

    def _read(self, asked: Asked) -> Incoming:
        style = self.switches.post_style if asked.method == "POST" else "both"
        query = "" if style == "form" else asked.query
        body = b"" if style == "query" else asked.body
        try:
            incoming = futures_wire.read_request(asked.method, query, body)
        except ProtocolError as problem:
            raise Refused(-2, f"invalid parameter: {problem}") from None
        if any(name == "secret_key" for name, _ in incoming.pairs):
            raise Refused(-2, "invalid parameter: secret_key must never be sent")
        return incoming

    def _values(self, endpoint: Endpoint, texts: dict[str, str]) -> Values:
        given = dict(texts)
        if self.switches.page_names == "client":
            for theirs, ours in (("page_index", "pageNo"), ("page_size", "pageSize")):
                if theirs in given:
                    given[ours] = given[theirs]
        lenient = self.dealer.settings.pending_change_type == "any"
        if endpoint is futures.UPDATE_PENDING and lenient and given.get("type") in _OTHER_TYPES:
            given["type"] = "0"  # the stored type stays, whichever numbering was used (F09)
        try:
            return read_values(endpoint, given)
        except InvalidArgument as problem:
            raise Refused(-2, f"invalid parameter: {problem}") from None

    def _log_in(self, incoming: Incoming, values: Values, address: str, now: int) -> dict[str, Any]:
        login = next((known for known in self.logins if known.api_key == values["api_key"]), None)
        if login is None or not login.allows(address):
            raise Refused(*LOGIN_FAILED)
        given = (values["user_name"], values["password"])
        if not all(map(_same, given, (login.user_name, login.password))):
            raise Refused(*LOGIN_FAILED)
        if incoming.authorization or self.switches.login_sign == "mandatory":
            self._check_sign(futures.LOGIN, incoming, login)
        if "futures" not in login.permissions:
            raise Refused(*NOT_ALLOWED)
        account = self._account(login)
        self.quoter.advance(now)
        token = self.tokens.issue(login, now, single=self.switches.single_login)
        shown = self._answers.account(account, now)
        return {"token": token, **shown, "server_time": now // 1_000_000}

    def _account(self, login: FuturesLogin) -> FuturesAccount:
        accounts = self.dealer.accounts.values()
        return next(known for known in accounts if known.user_id == login.user_id)

    def _check_token(self, token: str, now: int) -> FuturesLogin:
        login = self.tokens.find(token, now, self.switches.token_life)
        if login is None:
            raise Refused(*TOKEN_INVALID)
        return login

    def _check_sign(self, endpoint: Endpoint, incoming: Incoming, login: FuturesLogin) -> None:
        given = incoming.authorization
        open_call = endpoint is futures.GET_SYMBOL_DETAIL and self.switches.unsigned_symbol_detail
        if open_call and not given:
            return
        encodings: tuple[signing.Encoding, ...] = ("rfc3986",)
        if self.switches.sign_mode == "lenient":
            encodings = ("rfc3986", "raw", "form")
        expected = [
            signing.sign_futures(incoming.pairs, login.secret_key, encoding)
            for encoding in encodings
        ]
        if not any(_same(signature.digest, given) for signature in expected):
            explain = self.switches.explain_signatures
            words = f" {expected[0].for_support}" if explain else ""
            raise Refused(SIGN_FAILED[0], SIGN_FAILED[1] + words)

    def _check_account(self, account: FuturesAccount, values: Values) -> None:
        mine = {
            "account_id": account.account_id,
            "account_number": account.account_number,
            "account_group_id": account.account_group_id,
        }
        for name, own in mine.items():
            if values.get(name) not in (None, own):
                raise Refused(*TOKEN_INVALID)

    def _product(self, values: Values) -> str:
        """Return the product a request names, "" for none."""
        name = values.get("market")
        if not name:
            return ""
        if name not in self.dealer.products:
            raise Refused(*NOT_FOUND)
        return str(name)

    def _perform(
        self, endpoint: Endpoint, account: FuturesAccount, values: Values, now: int
    ) -> Any:
        if endpoint.effect is Effect.TRADE:
            return self._carry_out(endpoint, account, values, now)
        answers, product = self._answers, self._product(values)
        looks: dict[str, Callable[[], Any]] = {
            "keepalive": lambda: {
                "accountid": account.account_id, "server_time": now // 1_000_000,
            },
            "symbol_list": answers.products,
            "account_group": lambda: answers.group(now),
            "account": lambda: answers.account(account, now),
            "position_list": lambda: answers.positions(account, values, product),
            "order_list": lambda: answers.pendings(account, values),
            "deal_today_list": lambda: answers.today(account, endpoint, values, now),
            "profit_today_list": lambda: answers.today(account, endpoint, values, now),
            "get_profit_report": lambda: answers.profit_report(account, values, product, now),
            "get_trade_report": lambda: answers.trade_report(account, values, product, now),
            "get_his_order": lambda: answers.order_history(account, values, product),
            "get_report_deal": lambda: answers.ledger(account, values),
            "get_symbol_detail": lambda: answers.detail(self.dealer.products[product]),
            "query_coin_address": lambda: {
                "address": "tb1qsandboxdepositaddress", "currency": values["asset"].lower(),
            },
            "query_currency_address": lambda: {
                "Result": "ok", "address": "tb1qsandboxwithdrawaladdress",
            },
            "query_withdrawal_save_record": lambda: answers.bookings(account, values),
            "query_in_out_coin_record": lambda: answers.coin_requests(account, values),
            "query_in_out_coin": lambda: {"EnableAddCoin": True, "EnableOutCoin": True},
            "query_in_out_coin_fee": lambda: {"FeeIn": 0, "FeeOut": 1.2},
        }  # fmt: skip
        return looks[endpoint.name]()

    def _carry_out(
        self, endpoint: Endpoint, account: FuturesAccount, values: Values, now: int
    ) -> Any:
        dealer, mine, product = self.dealer, account.account_id, values.get("market") or ""
        stops = {name: values.get(name) or ZERO for name in ("stop_loss", "take_profit")}
        does: dict[str, Callable[[], Any]] = {
            "open_position": lambda: dealer.open_position(
                mine, product, values["side"], values["lots"], values["leverage"], now,
                price=values["price"], **stops, reference=values["reference"] or 0,
                second_reference=values["second_reference"] or 0,
            ),
            "close_position": lambda: dealer.close_position(
                mine, values["position_id"], values["side"], values["lots"], now,
                product=product, price=values["price"], reference=values["reference"] or 0,
            ),
            "update_position": lambda: dealer.update_position(
                mine, values["position_id"], values["stop_loss"], values["take_profit"], now,
                product=product,
            ),
            "open_pending": lambda: dealer.open_pending(
                mine, product, values["type"], values["side"], values["lots"], values["price"],
                now, leverage=values["leverage"], **stops,
                position_id=values["position_id"] or 0,
            ),
            "update_pending": lambda: dealer.update_pending(
                mine, values["order_id"], values["lots"], values["price"], now,
                type=values["type"], product=product or None, stop_loss=values["stop_loss"],
                take_profit=values["take_profit"],
            ),
            "cancel_pending": lambda: dealer.cancel_pending(mine, values["order_id"], now),
            "open_sltp": lambda: dealer.open_sltp(
                mine, product, values["position_id"], values["lots"], now, **stops
            )[0],
        }  # fmt: skip
        done = does[endpoint.name]()
        written = self._answers.position if endpoint.member == "position" else self._answers.order
        return written(endpoint, done)

    def _enclose(self, endpoint: Endpoint, payload: Any) -> bytes:
        """Write a payload in the envelope and with the numbers the switches ask for."""
        form = self.switches.futures_numbers
        if form != "printed":
            payload = _renumbered(payload, as_text=form == "text")
        if endpoint.envelope == "M" and self.switches.mobi_envelope == "code":
            payload = {"Data": payload}
        return futures_wire.write_response(self._enveloped(endpoint), payload)

    def _enveloped(self, endpoint: Endpoint) -> Endpoint:
        swapped = endpoint.envelope == "M" and self.switches.mobi_envelope == "code"
        return replace(endpoint, envelope="F") if swapped else endpoint


_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_NAMES = frozenset({"account_no", "proposalno", "OrderID", "name", "symbol", "remark", "token"})


def _renumbered(value: Any, *, as_text: bool) -> Any:
    """Return a payload with every decimal as text, or every text of a number as a number."""
    if isinstance(value, dict):
        return {
            key: item if key in _NAMES else _renumbered(item, as_text=as_text)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_renumbered(item, as_text=as_text) for item in value]
    if as_text:
        return format(value, "f") if isinstance(value, Decimal) else value
    is_number = isinstance(value, str) and _NUMBER.fullmatch(value)
    return Decimal(value) if is_number else value


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
