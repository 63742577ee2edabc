"""Requests of a spot socket conversation: ids, time-outs, and the second name of a method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from btcc_research.errors import ApiError, InvalidArgument, TransportError
from btcc_research.protocol import spot_socket as methods
from btcc_research.protocol.endpoint import Endpoint
from btcc_research.protocol.signing import socket_digest
from btcc_research.protocol.spot_forms import request_text
from btcc_research.protocol.stream_events import ChannelName

REQUEST_SECONDS = 10.0
"""How long an answer may take; an unknown method may get none at all."""

UNKNOWN_COMMAND = 4

Purpose = Literal["login", "ping", "query", "subscribe", "unsubscribe"]


@dataclass(frozen=True, slots=True)
class SpotLogin:
    """How a conversation logs in. What is sent is as good as the secret and shown nowhere."""

    call: Endpoint = field(repr=False)
    values: Mapping[str, str] = field(repr=False)

    @property
    def token(self) -> str | None:
        """The user token, which one documented query wants as a parameter."""
        return self.values.get("token")

    @property
    def secrets(self) -> tuple[str, ...]:
        """What may be shown nowhere."""
        return tuple(value for name, value in self.values.items() if name != "access_id")


def key_login(access_id: str, secret_key: str) -> SpotLogin:
    """Log in with a key set: its digest never changes, there is no time in it (W11, W12)."""
    values = {"access_id": access_id, "digest": socket_digest(secret_key)}
    return SpotLogin(methods.ACCESSID_AUTH, values)


def token_login(token: str) -> SpotLogin:
    """Log in with the user token of an app login."""
    return SpotLogin(methods.AUTH, {"token": token})


class Names:
    """Which of a method's two names a server answered to.

    Keep it across reconnects, so that the wrong name is tried once and not every time.
    """

    def __init__(self) -> None:
        self._working: dict[str, str] = {}

    def best(self, call: Endpoint) -> Endpoint:
        """Return the call under the name that worked, or as it is given."""
        return methods.REQUESTS[self._working.get(call.path, call.path)]

    def remember(self, call: Endpoint) -> None:
        """Note that a name worked, for this method under either name."""
        if call.fallback:
            self._working[call.path] = self._working[call.fallback] = call.path

    def known(self) -> dict[str, str]:
        """Return the working name of every method that was tried, by either name."""
        return dict(self._working)


@dataclass(frozen=True, slots=True)
class Pending:
    """A request that waits for its answer. `asked_id` is the id its caller knows."""

    request_id: int
    asked_id: int
    call: Endpoint
    values: Mapping[str, Any] = field(repr=False)
    purpose: Purpose
    sent_at: float
    channel: ChannelName | Literal[""] = ""
    markets: tuple[str, ...] = ()
    is_retry: bool = False


class Requests:
    """The requests under way, oldest first."""

    def __init__(self, names: Names, token: str | None) -> None:
        self.names = names
        self._token = token
        self._pending: dict[int, Pending] = {}
        self._last_id = 0

    def __len__(self) -> int:
        return len(self._pending)

    def new_id(self) -> int:
        """Return an id that was never used; 0 is none."""
        self._last_id += 1
        return self._last_id

    def send(self, pending: Pending) -> str:
        """Note a request as sent and return its text."""
        params = self.params(pending.call, pending.values)
        text = request_text(pending.request_id, pending.call.path, params)
        self._pending[pending.request_id] = pending
        return text

    def params(self, call: Endpoint, values: Mapping[str, Any]) -> list[Any]:
        """Return a request's parameters.

        Raises
        ------
        InvalidArgument
            Naming the argument and what is allowed.
        """
        if call is methods.USER_DEALS_QUERY:
            values = {**values, "token": self._token}
        return list(methods.positions(call, values))

    def take(self, request_id: int) -> Pending | None:
        """Return the request an answer belongs to; None for a late or foreign answer."""
        return self._pending.pop(request_id, None)

    def overdue(self, now: float) -> list[Pending]:
        """Take out the requests that got no answer in time."""
        late = []
        for pending in self._pending.values():
            if now - pending.sent_at < REQUEST_SECONDS:
                break  # they are in the order they were sent in
            late.append(pending)
        for pending in late:
            del self._pending[pending.request_id]
        return late

    def drop_all(self) -> list[Pending]:
        """Take out everything: the connection is gone."""
        dropped = list(self._pending.values())
        self._pending.clear()
        return dropped

    def second_try(self, failed: Pending, error: Exception, now: float) -> str | None:
        """Send a request once more under its other name, or return None where that is no use."""
        code = error.code if isinstance(error, ApiError) else None
        unknown = code == UNKNOWN_COMMAND or isinstance(error, TransportError)
        if not unknown or failed.is_retry or not failed.call.fallback:
            return None
        again = replace(
            failed,
            request_id=self.new_id(),
            call=methods.REQUESTS[failed.call.fallback],
            sent_at=now,
            is_retry=True,
        )
        try:
            return self.send(again)
        except InvalidArgument:
            return None  # the other form wants something nobody has, such as a token
