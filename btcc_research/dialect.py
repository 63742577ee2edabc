"""How each surface is spoken: what signs a request, how an answer is read, what stays secret."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from btcc_research.protocol import futures_wire, spot, wire
from btcc_research.protocol.endpoint import Effect, Endpoint
from btcc_research.protocol.parameters import WirePairs
from btcc_research.protocol.wire import Reply, Request
from btcc_research.settings import KeySet, SessionKey


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a transport must know of the surface it carries.

    `write` takes the call, its parameters, the key and the exchange's second; `secrets`
    names the texts of a key that no answer may echo; `showable` takes out of an answer what
    nobody may see; `clock` is the call that tells the time, where signing needs it.
    """

    write: Callable[[Endpoint, WirePairs, Any, int], Request]
    read: Callable[[Endpoint, int, bytes], Reply]
    secrets: Callable[[Any], tuple[str, ...]]
    showable: Callable[[Endpoint, bytes], bytes]
    clock: Endpoint | None = None


def _write_spot(endpoint: Endpoint, pairs: WirePairs, key: KeySet | None, second: int) -> Request:
    if key is None:
        return wire.write_request(endpoint, pairs)
    signed_by = wire.SpotKey(key.access_id, key.secret.reveal(), second)
    return wire.write_request(endpoint, pairs, signed_by)


def _write_futures(
    endpoint: Endpoint, pairs: WirePairs, key: SessionKey | None, _second: int
) -> Request:
    if key is None:
        return futures_wire.write_request(endpoint, pairs)
    token = key.token.reveal() if key.token else ""
    pairs = [*pairs, *((name, secret.reveal()) for name, secret in key.sent)]
    signed_by = futures_wire.FuturesKey(
        key.api_secret.reveal(), token, key.encoding, key.post_style
    )
    return futures_wire.write_request(endpoint, pairs, signed_by)


def _session_secrets(key: SessionKey) -> tuple[str, ...]:
    sent = (secret for _, secret in key.sent)
    return tuple(secret.reveal() for secret in (key.api_secret, key.token, *sent) if secret)


def _without_token(endpoint: Endpoint, body: bytes) -> bytes:
    """Return an answer for showing; one that may hold a fresh token is left out whole."""
    hidden = endpoint.effect is Effect.LOGIN and b"token" in body and b"token invalid" not in body
    return b"(not shown: it may hold a token)" if hidden else body


SPOT = Dialect(
    _write_spot, wire.read_response, lambda key: (key.secret.reveal(),), lambda _, body: body,
    spot.TIME,
)  # fmt: skip
FUTURES = Dialect(_write_futures, futures_wire.read_response, _session_secrets, _without_token)
