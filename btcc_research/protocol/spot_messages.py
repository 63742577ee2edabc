"""The envelope of the spot socket's messages.

"Spot Trading API (April 2025)", section WebSocket: a request's answer carries its id, a push
has the id null and a method.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Raw, Struct

from btcc_research.errors import AuthError, BtccError, ProtocolError
from btcc_research.protocol.endpoint import Endpoint
from btcc_research.protocol.signing import scrub
from btcc_research.protocol.socket_text import MALFORMED
from btcc_research.protocol.wire import api_error

_NULL = b"null"


class Message(Struct, gc=False):
    """A reply or a push, its payload still as it came."""

    id: int | None = None
    method: str | None = None
    params: Raw = Raw(b"[]")
    error: Raw = Raw(_NULL)
    result: Raw = Raw(_NULL)


class _Error(Struct):
    code: int | str | None = None
    message: str | None = None


_MESSAGE = msgspec.json.Decoder(Message)
_ERROR = msgspec.json.Decoder(_Error | str)
_OBJECT = msgspec.json.Decoder(dict[str, Any])


def read_message(text: str | bytes) -> Message:
    """Read the envelope of a text.

    Raises
    ------
    ProtocolError
        If the text is not a message of the spot socket.
    """
    try:
        return _MESSAGE.decode(text)
    except MALFORMED as problem:
        raise ProtocolError(f"a frame is not a message of BTCC: {problem}") from None


def refusal_of(call: Endpoint, message: Message, secrets: Iterable[str]) -> BtccError | None:
    """Return the error an answer means, or None for a success in any form (W09).

    `secrets` are removed from the words, should a server repeat what it was sent.
    """
    if bytes(message.error) == _NULL:
        return None
    try:
        refusal = _ERROR.decode(message.error)
    except MALFORMED:
        return ProtocolError(f"{call.name}: a failure without code and message.")
    if isinstance(refusal, str):
        refusal = _Error("error", refusal)
    words = scrub((refusal.message or "").encode(errors="replace"), secrets).decode()
    code = "error" if refusal.code is None else refusal.code
    return api_error(call, code, words, 200)


def login_refusal(call: Endpoint, error: BtccError) -> AuthError:
    """Return a refused login's error. Whatever its code says, it was the login (W18)."""
    return AuthError(
        getattr(error, "code", "error"),
        getattr(error, "message", str(error)),
        call.name,
        "Check access_id and secret_key, and the addresses bound to the key set.",
    )


def user_of(message: Message) -> int | None:
    """Return the user id a login was answered with."""
    try:
        flag = _OBJECT.decode(message.result).get("flag")
    except MALFORMED:
        return None
    return flag if isinstance(flag, int) and not isinstance(flag, bool) else None
