"""The server's side of the spot socket as a state machine: what a sandbox speaks.

It reads requests under both names with their own argument orders, keeps what a connection
follows, and writes answers and pushes in the forms chosen by `SpotForms`. It holds no market
and no account: what it cannot answer itself comes out as an event. `now` is in Unix seconds;
records hold Unix microseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import Struct

from btcc_research.errors import BtccError, InvalidArgument
from btcc_research.protocol import spot_forms as written
from btcc_research.protocol import spot_socket as methods
from btcc_research.protocol.book import Level, change_set
from btcc_research.protocol.endpoint import Endpoint
from btcc_research.protocol.socket_text import MALFORMED, frame_text
from btcc_research.protocol.spot_forms import SpotForms
from btcc_research.protocol.stream_events import ChannelName

IDLE_SECONDS = 60.0
CHANGE_SECONDS = 0.2
FULL_SECONDS = 60.0

INVALID_ARGUMENT = (1, "invalid argument")
UNKNOWN_COMMAND = (4, "unknown command")
REQUIRE_AUTH = (6, "require auth")


@dataclass(frozen=True, slots=True)
class LoginAsked:
    """A login: compare, then `accept` or `refuse`."""

    request_id: int
    access_id: str = ""
    digest: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """A query under its live name: `answer` or `refuse` it."""

    request_id: int
    call: Endpoint
    values: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class FollowAsked:
    """A confirmed subscription: send what it begins with. No market means all."""

    channel: ChannelName
    markets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Closing:
    """The connection must be closed; without a code it is dropped without a close frame."""

    code: int | None


ServerEvent = LoginAsked | Asked | FollowAsked | Closing


class _Request(Struct):
    id: int
    method: str
    params: list[Any]


_REQUEST = msgspec.json.Decoder(_Request)


@dataclass(slots=True)
class FollowedBook:
    """A book a connection follows, and what was pushed of it."""

    market: str
    limit: int
    merge: str
    bids: Sequence[Level] = ()
    asks: Sequence[Level] = ()
    pushed_at: float = float("-inf")
    full_at: float = float("-inf")


class SpotServer:
    """One connection of a spot socket server.

    Attributes
    ----------
    user_id : int or None
        Who is logged in.
    books : dict
        The books that are followed, by market.
    klines : tuple of (market, interval), or None
        The candle series that is followed.
    """

    def __init__(
        self, forms: SpotForms | None = None, *, idle_seconds: float | None = IDLE_SECONDS
    ) -> None:
        self.forms = forms or SpotForms()
        self.user_id: int | None = None
        self.books: dict[str, FollowedBook] = {}
        self.klines: tuple[str, int] | None = None
        self._idle_seconds = idle_seconds
        self._heard_at: float | None = None
        self._lists: dict[ChannelName, tuple[str, ...]] = {}
        self._outbox: list[str | bytes] = []
        self._book_pushes = 0
        self._skipped: set[str] = set()

    def frames_to_send(self) -> list[str | bytes]:
        """Return what is to be sent, once."""
        frames, self._outbox = self._outbox, []
        return frames

    def receive(self, frame: str | bytes, now: float) -> list[ServerEvent]:
        """Take in a client's frame; what is no request at all drops the connection."""
        self._heard_at = now
        try:
            request = _REQUEST.decode(frame_text(frame))
        except (BtccError, *MALFORMED):
            return [Closing(None)]
        call = methods.REQUESTS.get(request.method)
        if call is None or not self._knows(call):
            if self.forms.unknown_method == "code":
                self.refuse(request.id, *UNKNOWN_COMMAND)
            return []
        if call.signed and self.user_id is None:
            self.refuse(request.id, *REQUIRE_AUTH)
            return []
        try:
            values = methods.arguments(call, request.params)
        except InvalidArgument:
            self.refuse(request.id, *INVALID_ARGUMENT)
            return []
        return self._serve(request.id, call, values, now)

    def advance(self, now: float) -> list[ServerEvent]:
        """Close a connection whose client says nothing any more."""
        if self._heard_at is None:
            self._heard_at = now
        idle = self._idle_seconds is not None and now - self._heard_at >= self._idle_seconds
        return [Closing(1000)] if idle else []

    def _knows(self, call: Endpoint) -> bool:
        if not call.fallback or self.forms.names == "both":
            return True
        return (call.source == methods.LIVE_CLIENTS) is (self.forms.names == "live")

    def _serve(
        self, request_id: int, call: Endpoint, values: dict[str, Any], now: float
    ) -> list[ServerEvent]:
        kind = call.path.rpartition(".")[2]
        if call is methods.PING:
            self.answer(request_id, self._pong())
        elif call is methods.TIME:
            seconds = int(now)
            is_int = self.forms.time_style == "int"
            self.answer(request_id, seconds if is_int else {"timestamp": seconds})
        elif call in (methods.AUTH, methods.ACCESSID_AUTH):
            return [LoginAsked(request_id, **{n: str(v) for n, v in values.items()})]
        elif kind == "unsubscribe":
            self._stop(methods.CHANNEL_OF[call.path.partition(".")[0]])
            self.answer(request_id, written.success(self.forms))
        elif kind == "subscribe":
            return self._follow(request_id, call, values)
        else:
            return [Asked(request_id, _live_name(call), values)]
        return []

    def _pong(self) -> object:
        return "pong" if self.forms.ping_style == "pong" else {"status": "success"}

    def _follow(self, request_id: int, call: Endpoint, values: dict[str, Any]) -> list[ServerEvent]:
        channel = methods.CHANNEL_OF[call.path.partition(".")[0]]
        markets = tuple(values.get("markets", (values.get("market"),)))
        if channel == "book":
            if self.forms.books == "one":
                self.books.clear()
            market, limit = values["market"], int(values["limit"])
            self.books[market] = FollowedBook(market, limit, values["merge"])
        elif channel == "klines":
            self.klines = (values["market"], values["interval"])
        else:
            self._lists[channel] = markets
        if channel == "balances" and self.forms.asset_ack == "balances":
            return [Asked(request_id, methods.ASSET_QUERY, values), FollowAsked(channel, markets)]
        self.answer(request_id, written.success(self.forms))
        return [FollowAsked(channel, markets)]

    def _stop(self, channel: ChannelName) -> None:
        if channel == "book":
            self.books.clear()
        elif channel == "klines":
            self.klines = None
        else:
            self._lists.pop(channel, None)

    def follows(self, channel: ChannelName, market: str) -> bool:
        """Whether a connection follows a market or currency of a list channel."""
        markets = self._lists.get(channel)
        return markets is not None and (not markets or market in markets)

    def accept(self, request_id: int, user_id: int) -> None:
        """Answer a login with success."""
        self.user_id = user_id
        self.answer(request_id, {"status": "success", "flag": user_id})

    def refuse_login(self, request_id: int) -> None:
        """Answer a login with a refusal, under the code the forms choose."""
        self.refuse(request_id, self.forms.auth_code, "auth failed")

    def refuse(self, request_id: int, code: int, message: str) -> None:
        """Answer a request with a failure."""
        self._outbox.append(written.refusal_text(request_id, code, message))

    def answer(self, request_id: int, payload: object) -> None:
        """Answer a request with a payload as `spot_forms` writes it."""
        self._outbox.append(written.reply_text(request_id, payload))

    def _push(self, text: str) -> None:
        self._outbox.append(written.packed(self.forms, text))

    def push_book(
        self, market: str, bids: Sequence[Level], asks: Sequence[Level], last: str, now: float
    ) -> None:
        """Push a book as far as it changed: whole at first and every minute, else the changes.

        `bids` and `asks` are the levels of the followed limit and merge, best first.
        """
        book = self.books.get(market)
        if book is None or now - book.pushed_at < CHANGE_SECONDS:
            return
        window = (tuple(bids), tuple(asks))
        full = now - book.full_at >= FULL_SECONDS
        if not full and window == (book.bids, book.asks):
            return
        payload = self._spoiled(written.depth_payload(self.forms, window, last, round(now * 1000)))
        if not full:
            payload["bids"] = change_set(book.bids, bids)
            payload["asks"] = change_set(book.asks, asks)
        (book.bids, book.asks), book.pushed_at = window, now
        book.full_at = now if full else book.full_at
        if full or market not in self._skipped:
            self._push(written.depth_push(self.forms, market, payload, full=full))
        else:
            self._skipped.discard(market)

    def _spoiled(self, payload: dict[str, object]) -> dict[str, object]:
        """Falsify every so many-th checksum, where the forms ask for it."""
        self._book_pushes += 1
        every, value = self.forms.corrupt_every, payload.get("checksum")
        if every and self._book_pushes % every == 0 and isinstance(value, int):
            payload["checksum"] = value ^ 1
        return payload

    def skip_next_change(self, market: str) -> None:
        """Lose the next change set of a book, so that the checksum after it must fail."""
        self._skipped.add(market)

    def push_trades(self, market: str, trades: Iterable[Any]) -> None:
        """Push public trades, newest first: records with id, time, price, amount, side."""
        if self.follows("trades", market):
            self._push(written.trades_push(self.forms, market, trades))

    def push_klines(self, market: str, interval: int, rows: Sequence[Sequence[object]]) -> None:
        """Push candle rows in BTCC's order: time, open, close, high, low, volume, turnover."""
        if self.klines == (market, interval):
            self._push(written.klines_push([[*row[:7], market] for row in rows]))

    def push_ticker(self, market: str, ticker: Any) -> None:
        """Push a market's statistics: a record with one attribute per column."""
        if self.follows("tickers", market):
            self._push(written.tickers_push(self.forms, market, ticker))

    def push_order(self, change: str, order: Any) -> None:
        """Push an own order; `change` is placed, changed or finished."""
        if self.user_id is not None and self.follows("orders", order.market):
            self._push(written.order_push(self.forms, change, order))

    def push_balance(self, balance: Any) -> None:
        """Push a balance: a record with asset, available and frozen."""
        if self.user_id is not None and self.follows("balances", balance.asset):
            self._push(written.balance_push(self.forms, balance, self.user_id))


def _live_name(call: Endpoint) -> Endpoint:
    is_live = not call.fallback or call.source == methods.LIVE_CLIENTS
    return call if is_live else methods.REQUESTS[call.fallback]
