"""Both directions of a spot call, as pure functions: requests, envelopes, failures.

The client writes what the sandbox reads and reads what the sandbox writes.
"Spot Trading API (April 2025)", sections on requests, replies and error codes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import parse_qsl

import msgspec
from msgspec import UNSET, Raw, UnsetType

from btcc_research import errors
from btcc_research.errors import ApiError, ProtocolError, RateLimited, Refusal
from btcc_research.protocol import signing
from btcc_research.protocol.endpoint import Effect, Endpoint
from btcc_research.protocol.parameters import WirePairs

ErrorStyle = Literal["code", "error_object", "http_status", "support"]


@dataclass(frozen=True, slots=True)
class SpotKey:
    """What signs a spot request: the key set and the exchange's second it is signed for."""

    access_id: str
    secret_key: str = field(repr=False)
    tm: int = 0


@dataclass(frozen=True, slots=True)
class Request:
    """A request ready for the network. Only the masked parts may be shown to anybody."""

    method: str
    path: str
    query: str = field(default="", repr=False)
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    parameters: tuple[tuple[str, str], ...] = ()
    string_to_sign: str = ""
    digest: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as a server sees it: decoded pairs with the literal text of every number."""

    pairs: tuple[tuple[str, str], ...]
    authorization: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A successful answer: the payload's JSON as it came, and the cache hint."""

    payload: bytes
    ttl: int | None = None

    def json(self, *, exact: bool = False) -> Any:
        """Return the payload as Python objects; `exact` makes its numbers Decimal."""
        return msgspec.json.Decoder(float_hook=Decimal if exact else None).decode(self.payload)


def write_request(endpoint: Endpoint, pairs: WirePairs, key: SpotKey | None = None) -> Request:
    """Write a spot request: parameters, then the signature over exactly these texts.

    Parameters
    ----------
    endpoint : Endpoint
        The call.
    pairs : list of (name, value)
        BTCC's names, as `wire_pairs` returns them.
    key : SpotKey, optional
        Needed where the call is signed.

    Raises
    ------
    InvalidArgument
        Before the secret is touched, for a value that cannot be signed.
    """
    if key is not None:
        pairs = [("access_id", key.access_id), ("tm", key.tm), *pairs]
    texts = signing.text_pairs(pairs)
    signing.check_spot_texts(texts)
    headers = {}
    signature = None
    if key is not None:
        signature = signing.sign_spot(texts, key.secret_key)
        headers["authorization"] = signature.digest
    body = b""
    if endpoint.verb == "POST":
        headers["Content-Type"] = "application/json"
        body = msgspec.json.encode({name: value for name, value in pairs if value is not None})
    return Request(
        endpoint.verb,
        endpoint.path,
        "" if body else signing.query_string(texts),
        body,
        headers,
        tuple(signing.mask_pairs(texts)),
        signature.for_support if signature else "",
        signature.digest if signature else "",
    )


def read_request(method: str, query: str, body: bytes, headers: Mapping[str, str]) -> Incoming:
    """Read a spot request as a server: the pairs that were signed, with their literal texts.

    A `tm` header counts where the parameter is missing (S05).

    Raises
    ------
    ProtocolError
        If the body is not a JSON object of texts and numbers.
    """
    pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=False)
    if method == "POST" and body:
        pairs = _body_pairs(body)
    if "tm" in headers and all(name != "tm" for name, _ in pairs):
        pairs.append(("tm", headers["tm"]))
    return Incoming(tuple(pairs), headers.get("authorization", ""))


def _body_pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        members = msgspec.json.decode(body, type=dict[str, Raw])
        return [(name, _literal(bytes(raw))) for name, raw in members.items()]
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as problem:
        raise ProtocolError(f"the body is not a JSON object: {problem}") from None


def _literal(raw: bytes) -> str:
    return msgspec.json.decode(raw, type=str) if raw[:1] == b'"' else raw.decode()


def write_response(
    payload: object, envelope: str, *, ttl: int | None = None, nested: bool = False
) -> bytes:
    """Write a success in one of the three envelopes; `nested` puts a list under `result`."""
    if envelope == "A":
        data = {"result": payload} if nested else payload
        return msgspec.json.encode({"code": 0, "data": data, "message": "OK"})
    error = {"code": 0, "message": ""} if envelope == "C" else None
    reply: dict[str, object] = {"error": error, "result": payload, "id": 0}
    if ttl is not None:
        reply["ttl"] = ttl
    return msgspec.json.encode(reply)


def write_failure(code: int, message: str, style: ErrorStyle = "code") -> tuple[int, bytes]:
    """Write a failure of the HTTP layer; return the HTTP status and the body."""
    if style == "error_object":
        return 200, write_refusal(code, message)
    if style == "support":
        shape = {"status": "error", "err-code": str(code), "err-msg": message, "data": None}
        return 200, msgspec.json.encode(shape)
    body = msgspec.json.encode({"code": code, "message": message, "data": None})
    return (400 if style == "http_status" else 200), body


def write_refusal(code: int, message: str) -> bytes:
    """Write a failure of the gateway or the engine."""
    shape = {"error": {"code": code, "message": message}, "result": None, "id": 0}
    return msgspec.json.encode(shape)


def write_blocked(until: int) -> bytes:
    """Write the body of an HTTP 429."""
    words = "Too many requests, you are blocked."
    return msgspec.json.encode({"block_until": until, "error": words})


class _Error(msgspec.Struct):
    code: int | str | None = None
    message: str | None = None


class _Envelope(msgspec.Struct):
    error: _Error | str | UnsetType | None = UNSET
    code: int | str | UnsetType | None = UNSET
    result: Raw | UnsetType = UNSET
    data: Raw | UnsetType = UNSET
    message: str | None = None
    msg: str | None = None
    ttl: int | None = None
    status: Any = None
    support_code: Any = msgspec.field(default="error", name="err-code")
    support_message: Any = msgspec.field(default="", name="err-msg")


class _Nested(msgspec.Struct, forbid_unknown_fields=True):
    result: Raw


_ENVELOPE = msgspec.json.Decoder(_Envelope)
_NESTED = msgspec.json.Decoder(_Nested)
_WRAPPED = re.compile(rb'\s*\{\s*"result"')
_NULL = b"null"


def read_response(endpoint: Endpoint, status: int, body: bytes) -> Reply:
    """Unwrap any documented envelope, or raise what the answer means.

    Raises
    ------
    RateLimited, AuthError, BadRequest, MarketClosed, OrderRejected, ServerError, ApiError
        BTCC said no.
    ProtocolError
        The answer is not BTCC's protocol; `status` and the first bytes are in the text.
    """
    if status == 429:
        raise RateLimited(_block_until(body), "too many requests", endpoint.name)
    envelope = _decode(status, body)
    failure = _failure_of(envelope, status)
    if failure is not None:
        raise api_error(endpoint, *failure, status)
    payload = _payload_of(envelope)
    return Reply(payload, envelope.ttl)


def _decode(status: int, body: bytes) -> _Envelope:
    try:
        return _ENVELOPE.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as problem:
        shown = body[:80].decode("utf-8", "replace")
        raise ProtocolError(
            f"HTTP {status}: the answer is not BTCC's JSON ({problem}); it begins {shown!r}"
        ) from None


def _block_until(body: bytes) -> int | None:
    try:
        until = msgspec.json.decode(body, type=dict[str, Any]).get("block_until")
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
    return int(until) if isinstance(until, int | float) and abs(until) < 2**53 else None


def _failure_of(envelope: _Envelope, status: int) -> tuple[int | str, str] | None:
    """Return code and message, or None for a success. The order is BTCC's three envelopes'."""
    error, code = envelope.error, envelope.code
    spoken = envelope.message or envelope.msg or ""
    failure: tuple[int | str, str] | None = None
    if isinstance(error, _Error):
        failure = None if _is_zero(error.code) else (error.code or "error", error.message or "")
    elif isinstance(error, str):
        failure = (code if isinstance(code, int) and code else "error", error) if error else None
    elif error is UNSET and code is not UNSET:
        failure = None if _is_zero(code) else (code if code is not None else "error", spoken)
    elif error is UNSET and envelope.status == "error":
        failure = (str(envelope.support_code), str(envelope.support_message))
    if failure is None and not 200 <= status < 300:
        failure = (status, spoken or "no reason was given")
    return failure


def _is_zero(code: object) -> bool:
    return code in (0, "0")


def _payload_of(envelope: _Envelope) -> bytes:
    payload = envelope.data if envelope.result is UNSET else envelope.result
    if payload is UNSET:
        return _NULL
    if _WRAPPED.match(payload):
        try:
            return bytes(_NESTED.decode(payload).result)
        except msgspec.ValidationError:
            pass  # an object of its own, not a list in a wrapper
    return bytes(payload)


_CHECK_SIGNATURE = (
    "The secret key, the clock (see status()) or the signed text is wrong. "
    "err.support_report() shows the string that was signed."
)
_CODES: Mapping[int, Refusal] = {
    202: Refusal(errors.BadRequest, "A parameter is missing or malformed."),
    203: Refusal(errors.ServerError, "BTCC's storage failed."),
    204: Refusal(errors.AuthError, _CHECK_SIGNATURE),
    205: Refusal(
        errors.AuthError,
        "The access id is unknown, this machine's address is not bound to it, "
        "or the key set may not do this: look at keys().",
    ),
    206: Refusal(ApiError, "A limit of BTCC was exceeded."),
    207: Refusal(errors.MarketClosed, "markets() shows when it opens."),
    1: Refusal(errors.BadRequest, "BTCC refused an argument."),
    2: Refusal(errors.ServerError, ""),
    3: Refusal(errors.ServerError, ""),
    4: Refusal(errors.BadRequest, "BTCC does not know this call."),
    5: Refusal(errors.ServerError, "BTCC's own service timed out."),
    6: Refusal(errors.AuthError, "Log in first."),
}


def api_error(endpoint: Endpoint, code: int | str, message: str, status: int) -> ApiError:
    """Return the error a failure code means for this call."""
    number = int(code) if isinstance(code, str) and code.isdigit() else code
    refusal = _refusal(endpoint, number, status)
    return refusal.error(number, message, endpoint.name, refusal.advice)


def _refusal(endpoint: Endpoint, code: int | str, status: int) -> Refusal:
    if isinstance(code, int):
        known = endpoint.refusals.get(code) or _CODES.get(code)
        if known:
            return known
    if status >= 500:
        return Refusal(errors.ServerError)
    if isinstance(code, str) and "sign" in code.lower():
        return Refusal(errors.AuthError, _CHECK_SIGNATURE)
    placing = endpoint.effect is Effect.TRADE and 200 <= status < 300
    return Refusal(errors.OrderRejected if placing else ApiError)


def is_unknown_call(error: ApiError, status: int) -> bool:
    """Whether a server does not know the path, so that the call's fallback may be tried."""
    return status == 404 or error.code in (4, 404)
