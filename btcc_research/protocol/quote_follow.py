"""What a quote conversation follows: markets, one book, and whether each delivers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from btcc_research.errors import InvalidArgument, UnknownMarket
from btcc_research.protocol import stream_events as events
from btcc_research.protocol.book import Book, Depth
from btcc_research.protocol.quote_forms import request_text
from btcc_research.protocol.quote_frames import DeepQuote, TradeSnapshot
from btcc_research.protocol.stream_events import BookUpdated, ChannelName, Event

UNKNOWN_SECONDS = 2.5
"""How long a code the dictionary does not have may stay silent before it counts as unknown."""

BOOK_LEVELS = 7


@dataclass(slots=True)
class _Followed:
    channel: ChannelName
    market: str
    is_live: bool = False
    was_live: bool = False
    is_unknown: bool = False
    good_at: float = 0.0
    asked_at: float | None = None


class QuoteDelivery:
    """The markets of a conversation, with everything that arrives for them.

    Attributes
    ----------
    products : mapping
        The dictionary's rows by code; empty before it arrived.
    deep_market : str or None
        The one market whose book is followed.
    """

    def __init__(self) -> None:
        self.products: dict[int, Any] = {}
        self.deep_market: str | None = None
        self._book: Book | None = None
        self._codes: dict[str, int] = {}
        self._scheduled: set[str] = set()
        self._followed: dict[tuple[ChannelName, str], _Followed] = {}
        self._gaps = events.Gaps()

    # What is followed

    def markets(self) -> list[str]:
        """Return the markets whose prices are followed."""
        return [each.market for each in self._followed.values() if each.channel == "quotes"]

    def book(self, market: str) -> Book:
        """Return the book that is followed."""
        if self._book is None or market != self.deep_market:
            raise InvalidArgument(f"the book of {market!r} is not followed here.")
        return self._book

    def is_live(self, channel: ChannelName, market: str) -> bool:
        """Whether a channel delivers at the moment."""
        followed = self._followed.get((channel, market))
        return followed is not None and followed.is_live

    def follow(self, market: str, *, deep: bool) -> None:
        """Add a market.

        Raises
        ------
        UnknownMarket
            For a market that is not in the dictionary, once that arrived.
        InvalidArgument
            For a second book.
        """
        if self.products and self.code_of(market) is None:
            raise UnknownMarket(f"there is no futures product {market!r}.")
        if deep and self.deep_market not in (None, market):
            raise InvalidArgument(
                f"the book of {self.deep_market} is followed here, and a quote conversation has "
                f"one book only: open another one for {market}."
            )
        self._followed.setdefault(("quotes", market), _Followed("quotes", market))
        if deep and self.deep_market is None:
            self.deep_market = market
            self._book = Book(market, BOOK_LEVELS)
            self._followed["book", market] = _Followed("book", market)

    def unfollow(self, market: str) -> None:
        """Remove a market and its book."""
        self._followed.pop(("quotes", market), None)
        self._followed.pop(("book", market), None)
        self._gaps.forget("quotes", market)
        if market == self.deep_market:
            self._gaps.forget("book", market)
            self.deep_market = self._book = None

    def learn_products(self, rows: Iterable[Any]) -> None:
        """Take in the dictionary; of several products of a pair the first one has its name."""
        self.products = {row.code: row for row in rows}
        self._codes = {}
        for row in self.products.values():
            self._codes.setdefault(row.market, row.code)

    def learn_schedules(self, rows: Iterable[Any]) -> None:
        """Take in the trading hours; a market without any never closes."""
        self._scheduled = {row.market for row in rows}

    def code_of(self, market: str) -> int | None:
        """Return the code of a market; a code written as text is one itself."""
        if market in self._codes:
            return self._codes[market]
        is_code = market.isascii() and market.isdigit() and len(market) < 16
        return int(market) if is_code else None

    def subscription(self, now: float) -> tuple[str | None, list[Event]]:
        """Return the request for all that is followed, and what cannot be followed."""
        found: list[Event] = []
        codes: dict[int, None] = {}
        for followed in self._followed.values():
            code = self.code_of(followed.market)
            if code is None:
                if not followed.is_unknown and self.products:
                    found.append(self._declare_unknown(followed, now, "it is not in the list"))
                continue
            codes[code] = None
            followed.asked_at = now
            followed.is_unknown = False
        if not codes:
            return None, found
        values: dict[str, object] = {"symbols": [str(code) for code in codes]}
        deep = self.code_of(self.deep_market) if self.deep_market else None
        if deep is not None:
            values["deep"] = str(deep)
        return request_text("ReqSubcri", values), found

    def _declare_unknown(self, followed: _Followed, now: float, why: str) -> Event:
        followed.is_unknown = True
        error = UnknownMarket(f"there is no futures product {followed.market!r}: {why}.")
        return events.Failed(now, "ReqSubcri", error, None, followed.channel, followed.market)

    def unknown(self, now: float) -> list[Event]:
        """Report codes the dictionary does not have and that stay silent."""
        return [
            self._declare_unknown(followed, now, "it is not in the list and nothing arrives")
            for followed in self._followed.values()
            if followed.asked_at is not None
            and not (followed.is_unknown or followed.is_live or followed.was_live)
            and self.code_of(followed.market) not in self.products
            and now - followed.asked_at >= UNKNOWN_SECONDS
        ]

    # Gaps

    def interrupt(self, since: float, reason: str) -> list[Event]:
        """Note that the connection ended: everything that ever delivered has a gap."""
        found: list[Event] = []
        for followed in self._followed.values():
            if followed.was_live:
                found += self._gaps.open(followed.channel, followed.market, since, reason)
            followed.is_live = followed.is_unknown = False
            followed.asked_at = None
        if self._book is not None and self._book.is_valid:
            self._book.invalidate(reason)
            found.append(BookUpdated(self._book.market))
        return found

    def missed(
        self, channel: ChannelName | None, since: float, now: float, reason: str, count: int
    ) -> list[Event]:
        """Note that frames of a channel, or of all, were lost; the next ones are whole again."""
        return [
            events.Gap(followed.channel, followed.market, since, now, reason, count)
            for followed in self._followed.values()
            if followed.is_live and channel in (None, followed.channel)
        ]

    def quiet_for(self, now: float) -> float:
        """Return for how long nothing came for markets that never close; 0 without any."""
        heard = [
            max(followed.good_at, followed.asked_at)
            for followed in self._followed.values()
            if followed.channel == "quotes"
            and followed.asked_at is not None
            and not followed.is_unknown
            and self._never_closes(followed.market)
        ]
        return now - max(heard) if heard else 0.0

    def _never_closes(self, market: str) -> bool:
        product = self.products.get(self.code_of(market) or 0)
        return product is not None and product.market not in self._scheduled

    def suspect(self, reason: str) -> list[Event]:
        """Open a gap for every market that never closes and delivered until now."""
        found: list[Event] = []
        for followed in self._followed.values():
            if followed.is_live and self._never_closes(followed.market):
                followed.is_live = False
                since = followed.good_at
                found += self._gaps.open(followed.channel, followed.market, since, reason)
        return found

    def _arrived(self, channel: ChannelName, market: str, now: float) -> list[Event]:
        followed = self._followed[channel, market]
        followed.good_at = now
        if followed.is_live:
            return []
        begins = [] if followed.was_live else [events.Subscribed(now, channel, market)]
        followed.is_live = followed.was_live = True
        followed.is_unknown = False
        return [*begins, *self._gaps.close(channel, market, now)]

    # Frames

    def quotes(self, rows: Sequence[Any], now: float) -> list[Event]:
        """Return best prices of the markets that are followed."""
        names = self._names("quotes")
        mine = [row for row in rows if row.code in names]
        found: list[Event] = []
        for row in mine:
            row.market = row.market or names[row.code]
            found += self._arrived("quotes", names[row.code], now)
        return [*found, events.Quotes(now, mine)] if mine else found

    def _names(self, channel: ChannelName) -> Mapping[int, str]:
        """Return the followed markets by code."""
        markets = (each.market for each in self._followed.values() if each.channel == channel)
        pairs = ((self.code_of(market), market) for market in markets)
        return {code: market for code, market in pairs if code is not None}

    def books(self, quotes: Sequence[DeepQuote], now: float) -> list[Event]:
        """Replace the book that is followed.

        Raises
        ------
        ProtocolError
            If a level cannot be read.
        """
        found: list[Event] = []
        names = self._names("book")
        for quote in quotes:
            book = self._book
            if book is None or quote.code not in names:
                continue
            levels = Depth(list(quote.asks), list(quote.bids), quote.last, quote.time * 1000)
            if book.apply(levels, full=True, now=now) == "resync":
                book.apply(levels, full=True, now=now)  # every frame is whole, also an older one
            found += self._arrived("book", book.market, now)
            found.append(BookUpdated(book.market))
        return found

    def trades(self, snapshots: Sequence[TradeSnapshot], now: float) -> list[Event]:
        """Return last trades; a code the server does not know says so here."""
        found: list[Event] = []
        names = self._names("book")
        for snapshot in snapshots:
            market = names.get(snapshot.code)
            if market is None:
                continue
            if snapshot.is_known:
                found.append(events.Trades(now, market, snapshot.rows))
                continue
            followed = self._followed["book", market]
            if not followed.is_unknown:
                found.append(self._declare_unknown(followed, now, "the server does not know it"))
        return found
