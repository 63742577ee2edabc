"""The server's side of the futures quote socket as a state machine: what a sandbox speaks.

It reads requests, keeps what a connection subscribed to, drops it when the heartbeat stays
away, and writes frames in the forms chosen by `QuoteForms`. It holds no prices: what it
cannot answer itself comes out as an event. `now` is in Unix seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import Struct

from btcc_research.errors import BtccError
from btcc_research.protocol import quote_forms as written
from btcc_research.protocol.quote_forms import QuoteForms
from btcc_research.protocol.socket_text import MALFORMED, frame_text

DROP_SECONDS = 30.5
"""A connection without a heartbeat ends so long after it was opened, or after the last one."""


@dataclass(frozen=True, slots=True)
class LoginAsked:
    """A login: compare, then `accept` or `refuse`."""

    account_number: str
    api_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PanelAsked:
    """Boards are wanted: `send_panel` each of them."""

    zones: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SubscribeAsked:
    """What is followed from now on; `deep` is the code of the book, as it was sent."""

    codes: tuple[int, ...]
    deep: str | None


@dataclass(frozen=True, slots=True)
class KlinesAsked:
    """Candles are wanted: `send_klines`."""

    code: int
    interval: int
    start: int
    end: int
    uid: str = ""


@dataclass(frozen=True, slots=True)
class Dropping:
    """The connection must be cut, without a close frame."""


ServerEvent = LoginAsked | PanelAsked | SubscribeAsked | KlinesAsked | Dropping


class _Login(Struct):
    name: str
    key: str


class _Request(Struct):
    action: str | None = None
    zone: list[int] = []
    symbols: list[str] = []
    deep: str | None = None
    code: int = 0
    interval: int = 0
    start: int = msgspec.field(name="from", default=0)
    end: int = msgspec.field(name="to", default=0)
    uid: str = ""


_LOGIN = msgspec.json.Decoder(_Login)
_REQUEST = msgspec.json.Decoder(_Request)


class QuoteServer:
    """One connection of a quote socket server.

    Parameters
    ----------
    drop_seconds : float
        How long a connection lives without a heartbeat; tests shorten it.

    Attributes
    ----------
    is_logged_in : bool
        Before a login nothing is sent at all.
    codes : tuple of int
        The products whose ticks are sent.
    deep : int or None
        The product whose book is sent.
    """

    def __init__(
        self, forms: QuoteForms | None = None, *, drop_seconds: float = DROP_SECONDS
    ) -> None:
        self.forms = forms or QuoteForms()
        self.is_logged_in = False
        self.codes: tuple[int, ...] = ()
        self.deep: int | None = None
        self._drop_seconds = drop_seconds
        self._alive_at: float | None = None
        self._subscriptions = 0
        self._outbox: list[str] = []

    def frames_to_send(self) -> list[str]:
        """Return what is to be sent, once."""
        frames, self._outbox = self._outbox, []
        return frames

    def advance(self, now: float) -> list[ServerEvent]:
        """Cut the connection whose heartbeat stayed away; the first call is its opening."""
        if self._alive_at is None:
            self._alive_at = now
        return [Dropping()] if now - self._alive_at >= self._drop_seconds else []

    def receive(self, frame: str | bytes, now: float) -> list[ServerEvent]:
        """Take in a client's frame; what is not understood is not answered."""
        try:
            request = _REQUEST.decode(frame_text(frame))
            if request.action is None:
                login = _LOGIN.decode(frame_text(frame))
                return [LoginAsked(login.name, login.key)]
        except (BtccError, *MALFORMED):
            return []
        if not self.is_logged_in:
            return []
        return self._serve(request, now)

    def _serve(self, request: _Request, now: float) -> list[ServerEvent]:
        if request.action == "KeepLive":
            self._alive_at = now
            self._outbox.append(written.KEEPLIVE)
        elif request.action == "ReqRealPanel":
            return [PanelAsked(tuple(request.zone))]
        elif request.action == "ReqKline":
            return [
                KlinesAsked(request.code, request.interval, request.start, request.end, request.uid)
            ]
        elif request.action == "ReqSubcri":
            return [self._subscribe(request)]
        return []

    def _subscribe(self, request: _Request) -> ServerEvent:
        """Replace what is followed; every request but the first is answered by an empty frame."""
        if self._subscriptions:
            self._outbox.append(written.EMPTY)
        self._subscriptions += 1
        self.codes = tuple(int(code) for code in request.symbols if _is_code(code))
        self.deep = int(request.deep) if request.deep and _is_code(request.deep) else None
        return SubscribeAsked(self.codes, request.deep)

    def accept(self, products: Iterable[Any], schedules: Iterable[Any], now: float) -> None:
        """Answer a login with its three packets."""
        self.is_logged_in = True
        self._outbox += [
            written.login_answer(self.forms, now),
            written.dictionary(self.forms, products),
            written.schedules(schedules),
        ]

    def refuse(self, now: float, words: str = "login failed") -> None:
        """Answer a login with a refusal; the connection stays, and stays silent."""
        self._outbox.append(written.login_answer(self.forms, now, words))

    def refuse_deep(self) -> None:
        """Answer an unknown `deep` code as the live socket does: an empty frame, no trades."""
        self._outbox.append(written.EMPTY)
        if self.deep is not None:
            self._outbox.append(written.trades(self.forms, self.deep, None))

    def send_panel(self, zone: int, rows: Sequence[Any]) -> None:
        """Answer with a board."""
        self._outbox.append(written.panel(self.forms, zone, rows))

    def send_klines(self, asked: KlinesAsked, rows: Sequence[Any] | None) -> None:
        """Answer with candles; None for a code or a candle length that is not known."""
        self._outbox.append(
            written.klines(asked.code, asked.interval, asked.start, rows, asked.uid)
        )

    def send_trades(self, code: int, rows: Sequence[Any], volume_digits: int = 2) -> None:
        """Send the last trades of the product that is followed with depth."""
        if code == self.deep:
            self._outbox.append(written.trades(self.forms, code, rows, volume_digits))

    def push_quotes(self, quotes: Iterable[Any]) -> None:
        """Send best prices of the products that are followed."""
        mine = [quote for quote in quotes if quote.code in self.codes]
        if mine:
            self._outbox.append(written.ticks(self.forms, mine))

    def push_book(self, book: Any) -> None:
        """Send the book of the product that is followed with depth."""
        if book.code == self.deep:
            self._outbox.append(written.deep_ticks(self.forms, [book]))


def _is_code(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 16
