"""The client's side of the futures quote socket as a state machine: texts in, events out.

It opens no connection, reads no clock and starts no thread; see `spot_stream` for how it is
driven. `now` is in Unix seconds, from a clock that never steps back. "BTCC Quote API" (quote
OpenAPI, November 2023); times and limits as measured on BTCC's own quote socket.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from btcc_research.errors import (
    AuthError,
    BtccError,
    InvalidArgument,
    ProtocolError,
    TransportError,
    UnknownMarket,
)
from btcc_research.protocol import quote_forms as written
from btcc_research.protocol import quote_frames as frames
from btcc_research.protocol import stream_events as events
from btcc_research.protocol.book import Book
from btcc_research.protocol.products import OVERRIDES, ProductName
from btcc_research.protocol.quote_follow import QuoteDelivery
from btcc_research.protocol.quote_questions import Questions, kline_type
from btcc_research.protocol.quote_shapes import Frame, read_frame
from btcc_research.protocol.quote_socket import KLINE_TYPES
from btcc_research.protocol.signing import scrub
from btcc_research.protocol.socket_text import frame_text
from btcc_research.protocol.stream_events import ChannelName, Event

KEEPLIVE_SECONDS = 10.0
"""The document says 20; without one the server drops the connection after 30.5 (Q05)."""

LOGIN_SECONDS = 10.0
SUSPICIOUS_SECONDS = 5.0
DEAD_SECONDS = 20.0

_ACTION = re.compile(rb'"action"\s*:\s*"([A-Za-z_ ]{1,20})"')
_CHANNELS: Mapping[bytes, ChannelName] = {b"tickinfo": "quotes", b"tickinfo_deep": "book"}


@dataclass(frozen=True, slots=True)
class QuoteLogin:
    """The account number and the API key, which is all this socket asks for."""

    account_number: str
    api_key: str = field(repr=False)


class QuoteStream:
    """A conversation with the futures quote socket, across any number of connections.

    Parameters
    ----------
    login : QuoteLogin
        Before a login the server says nothing.
    overrides : mapping, optional
        Product names that mean something else than they say.

    Attributes
    ----------
    is_open, is_logged_in : bool
        Whether there is a connection, and whether its login was accepted.
    heard_at : float
        When the last frame arrived, or the connection was opened.
    set_aside, ignored, empty : int
        Frames that could not be read, frames nobody asked for, and empty frames.
    """

    def __init__(
        self, login: QuoteLogin, *, overrides: Mapping[str, ProductName] = OVERRIDES
    ) -> None:
        self.is_open = self.is_logged_in = False
        self.heard_at = 0.0
        self.set_aside = self.ignored = self.empty = 0
        self._login = login
        self._overrides = overrides
        self._login_until: float | None = None
        self._keeplive_at = 0.0
        self._delivery = QuoteDelivery()
        self._questions = Questions()
        self._outbox: list[str] = []

    @property
    def products(self) -> Mapping[int, Any]:
        """The products by code, once the dictionary arrived."""
        return self._delivery.products

    @property
    def markets(self) -> list[str]:
        """What is followed, also while there is no connection."""
        return self._delivery.markets()

    @property
    def deep_market(self) -> str | None:
        """The market whose book is followed."""
        return self._delivery.deep_market

    def book(self, market: str) -> Book:
        """Return the book of the market that is followed with depth."""
        return self._delivery.book(market)

    def is_live(self, channel: ChannelName, market: str) -> bool:
        """Whether a channel delivers at the moment."""
        return self._delivery.is_live(channel, market)

    def texts_to_send(self) -> list[str]:
        """Return what is to be sent, once."""
        texts, self._outbox = self._outbox, []
        return texts

    def subscribe(self, market: str, now: float, *, deep: bool = False) -> None:
        """Follow the best prices of a market, and with `deep` its book of seven levels.

        Parameters
        ----------
        market : str
            A pair such as BTCUSDT, or a product code written as text.

        Raises
        ------
        UnknownMarket
            For a market that is not in the dictionary; before that arrived, a `Failed`
            event says so.
        InvalidArgument
            For a second book: the server would replace the first one without a word.
        """
        self._delivery.follow(market, deep=deep)
        self._subscribe(now)

    def unsubscribe(self, market: str, now: float) -> None:
        """Stop following a market. The socket has no request for it but a smaller list."""
        self._delivery.unfollow(market)
        self._subscribe(now)

    def _subscribe(self, now: float) -> list[Event]:
        """Ask for all that is followed, which replaces what was asked before."""
        if not self.is_logged_in:
            return []
        text, found = self._delivery.subscription(now)
        self._outbox += [text] if text else []
        return found

    def query_klines(
        self, market: str, seconds: int | None, start: int, end: int, now: float
    ) -> int:
        """Ask for candles; the `Answer` or `Failed` event carries the id that is returned.

        Parameters
        ----------
        seconds : int or None
            Length of a candle; None for a month.
        start, end : int
            Unix seconds.

        Raises
        ------
        InvalidArgument
            For a length the socket does not have.
        UnknownMarket
            For a market that is not in the dictionary.
        TransportError
            Before the login; nothing was sent.
        """
        self._require_login("Kline")
        kind = kline_type(seconds)
        if kind is None:
            allowed = ", ".join(str(each.seconds) for each in KLINE_TYPES.values())
            raise InvalidArgument(f"seconds={seconds!r} is not one of {allowed}.")
        code = self._delivery.code_of(market)
        if code is None:
            raise UnknownMarket(f"{market!r} is not a product of the futures venue.")
        request_id = self._questions.ask_klines(code, kind, start, end)
        self._outbox += self._questions.texts_to_send(now)
        return request_id

    def query_panel(self, zones: set[int], now: float) -> int:
        """Ask for boards, by the `zone` of products; the answer has the rows of all of them.

        Raises
        ------
        InvalidArgument
            Without a zone.
        TransportError
            Before the login; nothing was sent.
        """
        self._require_login("Panel")
        if not zones:
            raise InvalidArgument("zones is empty: products have a zone each.")
        request_id, text = self._questions.ask_panel(set(zones), now)
        self._outbox.append(text)
        return request_id

    def _require_login(self, what: str) -> None:
        if not self.is_logged_in:
            raise TransportError(f"{what}: there is no login yet.", outcome="not_sent")

    def reset(self, now: float) -> list[Event]:
        """Begin a new connection: log in; subscriptions are restored after the login."""
        found = self.lost(now, "reconnected")
        self.is_open = True
        self.heard_at = now
        self._login_until = now + LOGIN_SECONDS
        self._keeplive_at = now + KEEPLIVE_SECONDS
        self._outbox.append(written.login_text(self._login.account_number, self._login.api_key))
        return found

    def lost(self, now: float, reason: str) -> list[Event]:
        """Note that the connection ended: every channel that delivered has a gap from here."""
        if not self.is_open:
            return []
        self.is_open = self.is_logged_in = False
        self._login_until = None
        self._outbox.clear()
        error = TransportError(f"the connection ended: {reason}.")
        failed = [
            events.Failed(now, call, error, request_id)
            for call, request_id in self._questions.drop_all()
        ]
        return [*self._delivery.interrupt(self.heard_at, reason), *failed]

    def _die(self, reason: str, now: float) -> list[Event]:
        return [events.Dead(now, self.heard_at, reason), *self.lost(now, reason)]

    def overrun(self, count: int, now: float) -> list[Event]:
        """Note that frames were dropped unread because they could not be handled in time."""
        return self._delivery.missed(None, self.heard_at, now, "overrun", count)

    def advance(self, now: float) -> list[Event]:
        """Do what is due: heartbeat, late answers, silence."""
        if not self.is_open:
            return []
        if now - self.heard_at >= DEAD_SECONDS:
            return self._die(f"nothing arrived for {DEAD_SECONDS:.0f} s", now)
        if self._login_until is not None and now >= self._login_until:
            return self._die("the login got no answer", now)
        if now >= self._keeplive_at:
            self._keeplive_at = now + KEEPLIVE_SECONDS
            self._outbox.append(written.request_text("KeepLive", {}))
        if not self.is_logged_in:
            return []
        quiet = self._delivery.quiet_for(now)
        if quiet >= DEAD_SECONDS:
            return self._die(f"no quotes for {DEAD_SECONDS:.0f} s", now)
        found: list[Event] = []
        if quiet >= SUSPICIOUS_SECONDS:
            found += self._delivery.suspect(f"no quotes for {SUSPICIOUS_SECONDS:.0f} s")
        for call, request_id in self._questions.overdue(now):
            error = TransportError(f"{call}: no answer in time.")
            found.append(events.Failed(now, call, error, request_id))
        self._outbox += self._questions.texts_to_send(now)
        return found + self._delivery.unknown(now)

    def receive(self, frame: str | bytes, now: float) -> list[Event]:
        """Take in one frame and return what it says.

        A frame that cannot be read is set aside, an empty one is counted: it never raises.
        """
        if not self.is_open:
            return []
        before, self.heard_at = self.heard_at, now
        if not frame:
            self.empty += 1
            return []
        try:
            return self._read(read_frame(frame_text(frame)), now)
        except ProtocolError as problem:
            self.set_aside += 1
            reason = "a frame could not be read"
            aside = events.SetAside(now, problem)
            channel = _channel_of(frame)
            if channel is None:
                return [aside]
            return [aside, *self._delivery.missed(channel, before, now, reason, 1)]

    def _read(self, frame: Frame, now: float) -> list[Event]:
        reader = _READERS.get(frame.action or "")
        if reader is None:
            self.ignored += 1
            return []
        return reader(self, frame, now)

    def _quotes(self, frame: Frame, now: float) -> list[Event]:
        return self._delivery.quotes(frames.read_quotes(frame, self.products), now)

    def _books(self, frame: Frame, now: float) -> list[Event]:
        return self._delivery.books(frames.read_deep_quotes(frame, self.products), now)

    def _trades(self, frame: Frame, now: float) -> list[Event]:
        return self._delivery.trades(frames.read_trades(frame, self.products), now)

    def _nothing(self, _frame: Frame, _now: float) -> list[Event]:
        return []

    def _products(self, frame: Frame, now: float) -> list[Event]:
        rows = frames.read_products(frame, self._overrides)
        self._delivery.learn_products(rows)
        return [events.Products(now, rows), *self._subscribe(now)]

    def _schedules(self, frame: Frame, now: float) -> list[Event]:
        rows = frames.read_schedules(frame)
        self._delivery.learn_schedules(rows)
        return [events.Schedules(now, rows)]

    def _logged_in(self, frame: Frame, now: float) -> list[Event]:
        answer = frames.read_login(frame)
        self._login_until = None
        if not answer.is_accepted:
            # Should a server repeat what it was sent, the key is not shown.
            words = scrub(answer.message.encode(errors="replace"), [self._login.api_key]).decode()
            advice = "Check the account number and the API key."
            error: BtccError = AuthError(answer.code, words, "Login", advice)
            return [events.LoginFailed(now, error)]
        self.is_logged_in = True
        done = events.LoggedIn(now, None, answer.server_time)
        return [done, *(self._subscribe(now) if self.products else [])]

    def _panel(self, frame: Frame, now: float) -> list[Event]:
        zone, rows = frames.read_panel(frame, self._delivery.products)
        answered = self._questions.take_panel(zone, rows)
        found: list[Event] = [events.Tickers(now, rows)]
        return found + [
            events.Answer(now, question.request_id, "Panel", question.rows) for question in answered
        ]

    def _klines(self, frame: Frame, now: float) -> list[Event]:
        answer = frames.read_klines(frame, self._delivery.products)
        question = self._questions.take_klines(answer)
        self._outbox += self._questions.texts_to_send(now)
        if question is None:
            self.ignored += 1  # too late, or nobody's
            return []
        return [events.Answer(now, question.request_id, "Kline", answer.rows)]


_READERS: Mapping[str, Callable[[QuoteStream, Frame, float], list[Event]]] = {
    "tickinfo": QuoteStream._quotes,
    "tickinfo_deep": QuoteStream._books,
    "dealticksnap": QuoteStream._trades,
    "keeplive": QuoteStream._nothing,
    "Login": QuoteStream._logged_in,
    "Dict": QuoteStream._products,
    "All Products": QuoteStream._schedules,
    "Panel": QuoteStream._panel,
    "Kline": QuoteStream._klines,
}


def _channel_of(frame: str | bytes) -> ChannelName | None:
    """Return the channel of a frame that cannot be read, as far as its text still says."""
    text = frame[:200] if isinstance(frame, bytes) else frame[:200].encode(errors="replace")
    found = _ACTION.search(text)
    return _CHANNELS.get(found[1]) if found else None
