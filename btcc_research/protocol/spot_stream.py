"""The client's side of the spot socket as a state machine: texts in, events and texts out.

It opens no connection, reads no clock and starts no thread. Whoever moves the frames calls
`reset` when a connection was opened, `receive` for every frame, `advance` at least twice a
second, sends what `texts_to_send` returns, and calls `lost` when the connection ends. `now`
is in Unix seconds, from a clock that never steps back. "Spot Trading API (April 2025)",
section WebSocket.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from btcc_research.errors import BtccError, ConfigError, ProtocolError, TransportError
from btcc_research.protocol import spot_pushes as pushes
from btcc_research.protocol import spot_socket as methods
from btcc_research.protocol import stream_events as events
from btcc_research.protocol.book import Book
from btcc_research.protocol.endpoint import Endpoint
from btcc_research.protocol.socket_text import MALFORMED, MOST_BYTES, frame_text
from btcc_research.protocol.spot_delivery import Delivery
from btcc_research.protocol.spot_follow import PRIVATE, Subscription
from btcc_research.protocol.spot_messages import (
    Message,
    login_refusal,
    read_message,
    refusal_of,
    user_of,
)
from btcc_research.protocol.spot_requests import (
    REQUEST_SECONDS,
    Names,
    Pending,
    Purpose,
    Requests,
    SpotLogin,
)
from btcc_research.protocol.stream_events import ChannelName, Event

PING_SECONDS = 20.0
DEAD_SECONDS = 25.0

_DEPTH = f'"{methods.DEPTH_UPDATE.path}"'
_Values = Mapping[str, Any]


class SpotStream:
    """A conversation with the spot socket, across any number of connections.

    Parameters
    ----------
    login : SpotLogin, optional
        As `key_login` or `token_login` return it; orders and balances need it.
    names : Names, optional
        Which names of methods worked; the object learns, so keep it.
    precisions : mapping, optional
        Decimals of price and amount by market, for trades that arrive as noisy numbers.

    Attributes
    ----------
    is_open, is_logged_in : bool
        Whether there is a connection, and whether its login was accepted.
    heard_at : float
        When the last frame arrived, or the connection was opened.
    set_aside : int
        Frames that could not be read.
    """

    def __init__(
        self,
        login: SpotLogin | None = None,
        *,
        names: Names | None = None,
        precisions: pushes.Precisions | None = None,
    ) -> None:
        self.is_open = self.is_logged_in = False
        self.heard_at = 0.0
        self.set_aside = 0
        self._late = 0
        self._login = login
        self._secrets = login.secrets if login else ()
        self._refused: BtccError | None = None
        self._requests = Requests(names or Names(), login.token if login else None)
        self._delivery = Delivery(precisions)
        self._following = self._delivery.following
        self._waiting: list[tuple[int, Endpoint, _Values]] = []
        self._outbox: list[str] = []
        self._ping_at = 0.0

    @property
    def subscriptions(self) -> list[Subscription]:
        """What is followed, also while there is no connection."""
        return [followed.wanted for followed in self._following]

    @property
    def ignored(self) -> int:
        """Frames nobody asked for: unknown pushes, answers that came too late."""
        return self._late + self._delivery.ignored

    def book(self, market: str) -> Book:
        """Return the book of a market that is followed."""
        return self._following.books[market].book

    def is_live(self, channel: ChannelName, market: str = "") -> bool:
        """Whether a channel delivers at the moment."""
        followed = self._following.find(channel, market)
        return followed is not None and followed.is_live

    def texts_to_send(self) -> list[str]:
        """Return what is to be sent, once."""
        texts, self._outbox = self._outbox, []
        return texts

    def subscribe(self, wanted: Subscription, now: float) -> None:
        """Follow something from now on, on this and on every later connection.

        Raises
        ------
        InvalidArgument
            For values BTCC does not know, or a second candle series.
        ConfigError
            For orders or balances without a login.
        """
        if wanted.channel in PRIVATE:
            self._require_login(wanted.channel)
        if self._following.add(wanted) and self.is_open:
            self._ask(wanted.channel, wanted.market, now)

    def unsubscribe(self, channel: ChannelName, market: str, now: float) -> None:
        """Stop following; nothing happens where nothing was followed."""
        if not self._delivery.forget(channel, market) or not self.is_open:
            return
        if channel in PRIVATE and not self.is_logged_in:
            return
        rest = self._following.of(channel)
        if channel == "book" or not rest:
            call = self._requests.names.best(methods.UNSUBSCRIBE[channel])
            self._send(call, {}, "unsubscribe", now)
        # A new list replaces the old one; unsubscribing from books stops all of them.
        for followed in rest if channel == "book" else rest[:1]:
            self._ask(channel, followed.wanted.market, now)

    def query(self, call: Endpoint, values: _Values, now: float) -> int:
        """Ask something; the `Answer` or `Failed` event carries the id that is returned.

        Parameters
        ----------
        call : Endpoint
            One of `spot_socket.REQUESTS`, by its live name.
        values : mapping
            Arguments by their standard names.

        Raises
        ------
        InvalidArgument
            For an argument BTCC does not allow.
        ConfigError, AuthError
            For a private call without a login, or with a refused one.
        TransportError
            Without a connection; nothing was sent.
        """
        if not self.is_open:
            raise TransportError(f"{call.name}: there is no connection.", outcome="not_sent")
        call = self._requests.names.best(call)
        if not call.signed or self.is_logged_in:
            return self._send(call, values, "query", now)
        self._require_login(call.name)
        self._requests.params(call, values)  # complain now, not after the login
        asked_id = self._requests.new_id()
        self._waiting.append((asked_id, call, values))
        return asked_id

    def _require_login(self, what: str) -> None:
        if self._refused:
            raise self._refused
        if self._login is None:
            raise ConfigError(f"{what} needs a login: connect with access_id and secret_key.")

    def reset(self, now: float) -> list[Event]:
        """Begin a new connection: log in and restore every subscription."""
        found = self.lost(now, "reconnected")
        self.is_open = True
        self._refused = None
        self.heard_at = now
        self._ping_at = now + PING_SECONDS
        if self._login is not None:
            self._send(self._login.call, self._login.values, "login", now)
        self._ask_all(now, private=False)
        return found

    def lost(self, now: float, reason: str) -> list[Event]:
        """Note that the connection ended: every channel that delivered has a gap from here."""
        if not self.is_open:
            return []
        self.is_open = self.is_logged_in = False
        self._outbox.clear()
        error = TransportError(f"the connection ended: {reason}.")
        failed: list[Event] = [
            events.Failed(now, pending.call.name, error, pending.asked_id)
            for pending in self._requests.drop_all()
            if pending.purpose == "query"
        ]
        interrupted = self._delivery.interrupt(self.heard_at, reason)
        return [*interrupted, *failed, *self._fail_waiting(error, now)]

    def _fail_waiting(self, error: BtccError, now: float) -> list[Event]:
        waiting, self._waiting = self._waiting, []
        return [events.Failed(now, call.name, error, asked_id) for asked_id, call, _ in waiting]

    def _die(self, reason: str, now: float) -> list[Event]:
        return [events.Dead(now, self.heard_at, reason), *self.lost(now, reason)]

    def overrun(self, frames: int, now: float) -> list[Event]:
        """Note that frames were dropped unread because they could not be handled in time."""
        found = self._delivery.overrun(frames, self.heard_at, now)
        self._ask_what_is_due(now)
        return found

    def advance(self, now: float) -> list[Event]:
        """Do what is due: ping, give up late requests, ask again, declare the connection dead."""
        if not self.is_open:
            return []
        if now - self.heard_at >= DEAD_SECONDS:
            return self._die(f"nothing arrived for {DEAD_SECONDS:.0f} s", now)
        found: list[Event] = []
        for pending in self._requests.overdue(now):
            error = TransportError(f"{pending.call.name}: no answer in {REQUEST_SECONDS:.0f} s.")
            found += self._failed(pending, error, now)
        if not self.is_open:
            return found
        if now >= self._ping_at:
            self._ping_at = now + PING_SECONDS
            self._send(methods.PING, {}, "ping", now)
        self._delivery.due(now)
        self._ask_what_is_due(now)
        return found

    def _send(
        self, call: Endpoint, values: _Values, purpose: Purpose, now: float, asked_id: int = 0
    ) -> int:
        request_id = self._requests.new_id()
        pending = Pending(request_id, asked_id or request_id, call, values, purpose, now)
        self._outbox.append(self._requests.send(pending))
        return pending.asked_id

    def _ask(self, channel: ChannelName, market: str, now: float) -> None:
        """Send the request that starts a subscription, with all others of a list of markets."""
        followed = self._following.find(channel, market)
        if followed is None or (channel in PRIVATE and not self.is_logged_in):
            return  # not wanted any more, or asked for after the login
        call = self._requests.names.best(methods.SUBSCRIBE[channel])
        markets: tuple[str, ...] = (market,)
        values = followed.wanted.values()
        if methods.takes_a_list(call):
            markets = tuple(each.wanted.market for each in self._following.of(channel))
            values = {"markets": self._following.markets(channel)}
        self._delivery.asked(channel, markets, now)
        number = self._requests.new_id()
        pending = Pending(number, number, call, values, "subscribe", now, channel, markets)
        self._outbox.append(self._requests.send(pending))

    def _ask_all(self, now: float, *, private: bool) -> None:
        asked: set[ChannelName] = set()
        for followed in self._following:
            channel = followed.wanted.channel
            if (channel in PRIVATE) is private and (channel == "book" or channel not in asked):
                asked.add(channel)
                self._ask(channel, followed.wanted.market, now)

    def _ask_what_is_due(self, now: float) -> None:
        due, self._delivery.to_ask = self._delivery.to_ask, []
        for channel, market in dict.fromkeys(due):
            self._ask(channel, market, now)

    def receive(self, frame: str | bytes, now: float) -> list[Event]:
        """Take in one text or binary frame and return what it says.

        A frame that cannot be read is set aside: it never raises.
        """
        if not self.is_open:
            return []
        before, self.heard_at = self.heard_at, now
        try:
            found = self._read(frame, now)
        except ProtocolError as problem:
            self.set_aside += 1
            found = [events.SetAside(now, problem)]
            found += self._delivery.unreadable(frame, before, now)
        if self._delivery.to_ask:
            self._ask_what_is_due(now)
        return found

    def _read(self, frame: str | bytes, now: float) -> list[Event]:
        # Books are most of the traffic: they are decoded at once, without the envelope.
        if isinstance(frame, str) and _DEPTH in frame and len(frame) <= MOST_BYTES:
            try:
                push = pushes.DEPTH_PUSH.decode(frame)
            except MALFORMED:
                pass  # an unusual form, or not a book at all
            else:
                return self._delivery.depth(push.params, now)
        message = read_message(frame_text(frame))
        if message.id is None:
            return self._delivery.push(message.method or "", bytes(message.params), now)
        pending = self._requests.take(message.id)
        if pending is None:
            self._late += 1  # or nobody's
            return []
        return self._reply(pending, message, now)

    def _reply(self, pending: Pending, message: Message, now: float) -> list[Event]:
        error = refusal_of(pending.call, message, self._secrets)
        if error is not None:
            return self._failed(pending, error, now)
        self._requests.names.remember(pending.call)
        try:
            return self._succeeded(pending, message, now)
        except ProtocolError as problem:
            self.set_aside += 1
            return [events.SetAside(now, problem), *self._failed(pending, problem, now)]

    def _succeeded(self, pending: Pending, message: Message, now: float) -> list[Event]:
        if pending.purpose == "login":
            return self._logged_in(message, now)
        if pending.purpose == "query":
            return self._answered(pending, bytes(message.result), now)
        if pending.purpose != "subscribe" or not pending.channel:
            return []
        found = self._delivery.confirmed(pending.channel, pending.markets, now)
        if pending.channel == "balances":
            rows = pushes.read_answer(pending.call, bytes(message.result)).rows
            found += [events.Balances(now, rows, is_snapshot=True)] if rows else []
        return found

    def _logged_in(self, message: Message, now: float) -> list[Event]:
        self.is_logged_in = True
        waiting, self._waiting = self._waiting, []
        self._ask_all(now, private=True)
        for asked_id, call, values in waiting:
            self._send(call, values, "query", now, asked_id)
        return [events.LoggedIn(now, user_of(message))]

    def _answered(self, pending: Pending, payload: bytes, now: float) -> list[Event]:
        market = str(pending.values.get("market") or "")
        decoded = self._delivery.answer(pending.call, payload, market)
        name = pending.call.name
        answer = events.Answer(now, pending.asked_id, name, decoded.rows, decoded.total)
        return [*self._delivery.new_fields(pending.call, decoded, now), answer]

    def _failed(self, pending: Pending, error: BtccError, now: float) -> list[Event]:
        text = self._requests.second_try(pending, error, now)
        if text is not None:
            self._outbox.append(text)
        elif pending.purpose == "login":
            return self._login_failed(pending.call, error, now)
        elif pending.purpose == "query":
            return [events.Failed(now, pending.call.name, error, pending.asked_id)]
        elif pending.purpose == "subscribe" and pending.channel:
            name = pending.call.name
            return self._delivery.refused(pending.channel, pending.markets, name, error, now)
        return []

    def _login_failed(self, call: Endpoint, error: BtccError, now: float) -> list[Event]:
        if isinstance(error, TransportError):
            return self._die("the login got no answer", now)
        self._refused = login_refusal(call, error)
        failed = events.LoginFailed(now, self._refused)
        return [failed, *self._fail_waiting(self._refused, now)]
