"""Both directions of a futures call, as pure functions: requests, envelopes, failures.

"BTCC API Guide (TradeOpenApi)", chapters on signatures and replies. BTCC publishes no
failure codes of this interface, so a failure is known by its words first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl

import msgspec
from msgspec import Raw

from btcc_research import errors
from btcc_research.errors import ApiError, InvalidArgument, ProtocolError, RateLimited, Refusal
from btcc_research.protocol import signing
from btcc_research.protocol.endpoint import Effect, Endpoint
from btcc_research.protocol.parameters import WirePairs
from btcc_research.protocol.signing import Encoding
from btcc_research.protocol.wire import Incoming, Reply, Request

PostStyle = Literal["query", "form"]


@dataclass(frozen=True, slots=True)
class FuturesKey:
    """What signs a futures request: the secret of the API key, and after login the token.

    `encoding` and `post_style` are the forms in which sources disagree: what the document
    says is the default.
    """

    secret_key: str = field(repr=False)
    token: str = field(default="", repr=False)
    encoding: Encoding = "rfc3986"
    post_style: PostStyle = "query"


def write_request(endpoint: Endpoint, pairs: WirePairs, key: FuturesKey | None = None) -> Request:
    """Write a futures request: all parameters, the token and the signature in the query.

    Parameters
    ----------
    endpoint : Endpoint
        The call.
    pairs : list of (name, value)
        BTCC's names, as `wire_pairs` returns them.
    key : FuturesKey
        The secret key; a token where the call is not the login.

    Raises
    ------
    InvalidArgument
        Before the secret is touched, for a value that cannot be sent.
    """
    if endpoint.envelope == "W":
        return _web_request(endpoint, pairs)
    if key is None:
        raise InvalidArgument(f"{endpoint.name} is signed: it needs a secret key.")
    if endpoint.effect is not Effect.LOGIN:
        pairs = [*pairs, ("token", key.token)]
    texts = signing.text_pairs(pairs)
    signature = signing.sign_futures(texts, key.secret_key, key.encoding)
    # Whatever is signed, the URL itself has to be encoded.
    url_encoding: Encoding = "form" if key.encoding == "form" else "rfc3986"
    sent = signing.query_string([*texts, ("sign", signature.digest)], url_encoding)
    form = endpoint.verb == "POST" and key.post_style == "form"
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    shown = signing.mask_pairs([*texts, ("sign", signature.digest)])
    return Request(
        endpoint.verb, endpoint.path, "" if form else sent, sent.encode() if form else b"",
        headers, tuple(shown), signature.for_support, signature.digest,
    )  # fmt: skip


def _web_request(endpoint: Endpoint, pairs: WirePairs) -> Request:
    given = {name: value for name, value in pairs if value is not None}
    shown = tuple((name, str(value)) for name, value in given.items())
    headers = {"Content-Type": "application/json"}
    body = msgspec.json.encode(given)
    return Request(endpoint.verb, endpoint.path, "", body, headers, shown)


def read_request(method: str, query: str, body: bytes) -> Incoming:
    """Read a futures request as a server: decoded pairs of the query and of a form body.

    Raises
    ------
    ProtocolError
        If a name comes twice with different values.
    """
    pairs = parse_qsl(query, keep_blank_values=True)
    if method == "POST":
        pairs += parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    seen: dict[str, str] = {}
    for name, value in pairs:
        if seen.setdefault(name, value) != value:
            raise ProtocolError(f"{name} is given twice with different values")
    sign = seen.pop("sign", "")
    return Incoming(tuple(seen.items()), sign)


_ENCODER = msgspec.json.Encoder(decimal_format="number")


def write_response(
    endpoint: Endpoint, payload: Mapping[str, Any] | list[Any] | None, message: str = ""
) -> bytes:
    """Write a success in the envelope of the call; money given as Decimal becomes a number."""
    if endpoint.envelope == "M":
        return _ENCODER.encode({"result": 0, "Data": payload, "comment": message})
    if endpoint.envelope == "W":
        reply = {"code": "OK", "msg": "OK", "data": payload, "ok": True}
        return _ENCODER.encode(reply)
    members = payload if isinstance(payload, Mapping) else {}
    return _ENCODER.encode({**members, "code": 0, "msg": message})


def write_failure(endpoint: Endpoint | None, code: int | str, message: str) -> bytes:
    """Write a failure in the envelope of the call; an unknown path has the usual one."""
    envelope = endpoint.envelope if endpoint else "F"
    if envelope == "M":
        return msgspec.json.encode({"result": code, "Data": None, "comment": message})
    if envelope == "W":
        shape = {"code": str(code), "msg": message, "data": None, "ext": None}
        return msgspec.json.encode({**shape, "errorArgs": [], "errorArgsMap": {}, "ok": False})
    return msgspec.json.encode({"code": code, "msg": message})


_MEMBERS = msgspec.json.Decoder(dict[str, Raw])
_STATUS = ("code", "msg")


def read_response(endpoint: Endpoint, status: int, body: bytes) -> Reply:
    """Unwrap any of the three envelopes, or raise what the answer means.

    The payload of most calls is the object without `code` and `msg`; of the ``v1/mobi``
    calls it is `Data`, of the web calls `data`.

    Raises
    ------
    RateLimited, AuthError, SessionExpired, PermissionDenied, BadRequest, MarketClosed, \
OrderRejected, ServerError, ApiError
        BTCC said no.
    ProtocolError
        The answer is not BTCC's protocol.
    """
    if status == 429:
        raise RateLimited(None, "too many requests", endpoint.name)
    members = _decode(status, body)
    mobi = "result" in members and "code" not in members
    code = _value(members, "result" if mobi else "code")
    if str(code) not in ("0", "OK") or not 200 <= status < 300:
        spoken = _value(members, "comment" if mobi else "msg")
        raise api_error(endpoint, status if code is None else code, str(spoken or ""), status)
    if mobi or (endpoint.envelope == "M" and "Data" in members):
        return Reply(bytes(members.get("Data", b"null")))
    if endpoint.envelope == "W":
        return Reply(bytes(members.get("data", b"null")))
    return Reply(msgspec.json.encode({n: v for n, v in members.items() if n not in _STATUS}))


def _decode(status: int, body: bytes) -> dict[str, Raw]:
    try:
        members = _MEMBERS.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as problem:
        shown = body[:80].decode("utf-8", "replace")
        raise ProtocolError(
            f"HTTP {status}: the answer is not BTCC's JSON ({problem}); it begins {shown!r}"
        ) from None
    if not {"code", "result"} & members.keys():
        raise ProtocolError(f"HTTP {status}: the answer has neither code nor result.")
    return members


def _value(members: Mapping[str, Raw], name: str) -> Any:
    raw = members.get(name)
    try:
        return None if raw is None else msgspec.json.decode(raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None


_LOG_IN_AGAIN = "The login session has ended."
_CHECK_SIGNATURE = (
    "The secret key or the signed text is wrong. BTCC's document does not settle how special "
    'characters are encoded: if user name or password have any, connect with encoding="raw" or '
    'encoding="form". err.support_report() shows the string that was signed.'
)
# The first words that are found in BTCC's text decide.
_BY_WORDS: tuple[tuple[tuple[str, ...], Refusal], ...] = (
    (("md5sign", "signature"), Refusal(errors.AuthError, _CHECK_SIGNATURE)),
    (("token", "login expired"), Refusal(errors.SessionExpired, _LOG_IN_AGAIN)),
    (
        ("not trade auth", "no permission"),
        Refusal(
            errors.PermissionDenied,
            "The key needs the right for Futures (not Futures Pro) on BTCC's page.",
        ),
    ),
    (("login failed",), Refusal(errors.AuthError, "User name, password or API key is wrong.")),
    (("insufficient", "not enough"), Refusal(errors.OrderRejected, "Look at balances().")),
    (("market closed", "not trad"), Refusal(errors.MarketClosed, "markets() shows its state.")),
    (
        ("invalid volume",),
        Refusal(errors.OrderRejected, "markets() shows the smallest, largest and step size."),
    ),
    (("price changed",), Refusal(errors.OrderRejected, "The quote moved: look again.")),
    (("invalid parameter",), Refusal(errors.BadRequest, "A parameter is missing or malformed.")),
    (("timeout", "time out", "busy", "system error", "internal"), Refusal(errors.ServerError)),
)


def api_error(endpoint: Endpoint, code: int | str, message: str, status: int) -> ApiError:
    """Return the error a failure means for this call."""
    refusal = _refusal(endpoint, message.lower(), status)
    return refusal.error(code, message or "no reason was given", endpoint.name, refusal.advice)


def _refusal(endpoint: Endpoint, words: str, status: int) -> Refusal:
    for known, refusal in _BY_WORDS:
        if any(text in words for text in known):
            return refusal
    if status >= 500:
        return Refusal(errors.ServerError)
    if endpoint.effect is Effect.LOGIN:
        return Refusal(errors.AuthError, "The login was refused.")
    placing = endpoint.effect is Effect.TRADE and 200 <= status < 300
    return Refusal(errors.OrderRejected if placing else ApiError)


def token_of(reply: Reply) -> str:
    """Return the token of a login's reply.

    Raises
    ------
    ProtocolError
        If there is none; nothing of the reply is shown.
    """
    token = _value(_MEMBERS.decode(reply.payload), "token")
    if not isinstance(token, str) or not token:
        raise ProtocolError("the login's answer has no token.")
    return token


def server_time_of(reply: Reply) -> float | None:
    """Return the server's clock in Unix seconds where a reply carries it."""
    moment = _value(_MEMBERS.decode(reply.payload), "server_time")
    return float(moment) if isinstance(moment, int | float) and moment > 0 else None


def masked_login(reply: Reply) -> Reply:
    """Return a login's reply without its token, for showing."""
    members = _MEMBERS.decode(reply.payload)
    shown: dict[str, Any] = {**members, "token": signing.MASK}
    return Reply(msgspec.json.encode(shown))
