"""What a spot socket conversation delivers: pushes to events, books kept, gaps noticed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from btcc_research.errors import BtccError
from btcc_research.protocol import spot_pushes as pushes
from btcc_research.protocol import spot_socket as methods
from btcc_research.protocol import stream_events as events
from btcc_research.protocol.endpoint import Endpoint
from btcc_research.protocol.rows import Decoded
from btcc_research.protocol.spot_follow import Followed, Following, channel_of_frame
from btcc_research.protocol.stream_events import ChannelName, Event

RETRY_SECONDS = 30.0
"""When a subscription that failed for a passing reason is asked for again."""

RESYNC_SECONDS = 10.0
"""How long a confirmed book may stay without its snapshot before it is asked for again."""

UNREADABLE = "a frame could not be read"
_NEVER = float("inf")


class Delivery:
    """The subscriptions of a conversation, with everything that arrives for them.

    Attributes
    ----------
    following : Following
        The subscriptions.
    to_ask : list of (channel, market)
        Subscriptions that must be asked for, again or for the first time; the conversation
        empties it.
    ignored : int
        Pushes nobody asked for.
    """

    def __init__(self, precisions: pushes.Precisions | None) -> None:
        self.following = Following()
        self.to_ask: list[tuple[ChannelName, str]] = []
        self.ignored = 0
        self._precisions = precisions
        self._gaps = events.Gaps()
        self._named: set[tuple[str, str]] = set()

    def forget(self, channel: ChannelName, market: str) -> bool:
        """Stop following; False where nothing was followed."""
        self._gaps.forget(channel, market)
        return self.following.remove(channel, market)

    # Subscriptions

    def asked(self, channel: ChannelName, markets: tuple[str, ...], now: float) -> None:
        """Note that subscriptions were asked for."""
        for followed in self.following.of(channel):
            if followed.wanted.market in markets:
                followed.asked_at, followed.retry_at, followed.is_asked = now, None, True
                followed.book.wait_again()

    def confirmed(self, channel: ChannelName, markets: tuple[str, ...], now: float) -> list[Event]:
        """Note that subscriptions were confirmed; a book delivers from its snapshot on."""
        found: list[Event] = []
        for followed in self.following.of(channel):
            market = followed.wanted.market
            if market in markets:
                followed.is_asked = False
                found.append(events.Subscribed(now, channel, market))
                if channel != "book" and not followed.is_live:
                    found += self._restore(followed, now)
        return found

    def refused(
        self, channel: ChannelName, markets: tuple[str, ...], call: str, error: BtccError,
        now: float,
    ) -> list[Event]:  # fmt: skip
        """Note that subscriptions failed; only what may pass is tried again."""
        found: list[Event] = []
        for followed in self.following.of(channel):
            market = followed.wanted.market
            if market in markets and not followed.is_live:
                followed.is_asked = False
                followed.retry_at = now + RETRY_SECONDS if error.may_repeat else _NEVER
                found.append(events.Failed(now, call, error, None, channel, market))
        return found

    def due(self, now: float) -> None:
        """Put on the list what must be asked for again."""
        for followed in self.following:
            if _is_due(followed, now):
                self.to_ask.append((followed.wanted.channel, followed.wanted.market))

    # Gaps

    def interrupt(self, since: float, reason: str) -> list[Event]:
        """Note that the connection ended: everything that ever delivered has a gap."""
        found: list[Event] = []
        for followed in self.following:
            wanted = followed.wanted
            if followed.was_live:
                found += self._gaps.open(wanted.channel, wanted.market, since, reason)
            followed.is_live = followed.is_asked = False
            followed.retry_at = None
            if wanted.channel == "book" and followed.book.is_valid:
                followed.book.invalidate(reason)
                found.append(followed.updated)
        self.to_ask.clear()
        return found

    def unreadable(self, frame: str | bytes, since: float, now: float) -> list[Event]:
        """Note what may have been lost with a frame nobody can read."""
        channel = channel_of_frame(frame) or "book"  # a lost change makes a book wrong
        return self._missed(self.following.of(channel), since, now, UNREADABLE, 1)

    def overrun(self, frames: int, since: float, now: float) -> list[Event]:
        """Note that frames were dropped unread."""
        return self._missed(list(self.following), since, now, "overrun", frames)

    def _missed(
        self, interrupted: list[Followed], since: float, now: float, reason: str, frames: int
    ) -> list[Event]:
        found: list[Event] = []
        for followed in interrupted:
            wanted = followed.wanted
            if not followed.is_live:
                continue
            if wanted.channel == "book":
                followed.book.invalidate(reason)
                found += self._resync(followed)
            else:
                gap = events.Gap(wanted.channel, wanted.market, since, now, reason, frames)
                found.append(gap)
        return found

    def _restore(self, followed: Followed, now: float) -> list[Event]:
        """Note that a channel delivers, and close its gap."""
        followed.is_live = followed.was_live = True
        followed.good_at = now
        return list(self._gaps.close(followed.wanted.channel, followed.wanted.market, now))

    def _arrived(self, channel: ChannelName, market: str, now: float) -> list[Event]:
        """Note that a channel delivers: a push may come before its confirmation."""
        followed = self.following.find(channel, market)
        if followed is None or followed.is_live:
            return []
        return self._restore(followed, now)

    # Books

    def depth(self, push: pushes.DepthParams, now: float) -> list[Event]:
        """Apply a book push.

        Raises
        ------
        ProtocolError
            If a level cannot be read; the book is dropped and asked for again.
        """
        market = push.market
        if market is None:
            market = self.following.only_market("book")
        followed = self.following.books.get(market)
        if followed is None:
            self.ignored += 1
            return []
        outcome = followed.book.apply(push.depth, full=push.full, now=now)
        if outcome == "updated":
            followed.good_at = now
            if followed.is_live and followed.book.is_checked is followed.was_checked:
                return [followed.updated]
            return self._book_restored(followed, now)
        return [] if outcome == "held" else self._resync(followed)

    def _book_restored(self, followed: Followed, now: float) -> list[Event]:
        found = self._restore(followed, now)
        if followed.was_checked and not followed.book.is_checked:
            followed.was_checked = False
            found.append(events.ChecksumGivenUp(now, followed.wanted.market))
        return [*found, followed.updated]

    def _resync(self, followed: Followed) -> list[Event]:
        """Ask for a new snapshot of a book that is not valid any more."""
        market, found = followed.wanted.market, list[Event]()
        if followed.was_live:
            found += self._gaps.open("book", market, followed.good_at, followed.book.problem)
        followed.is_live = False
        self.to_ask.append(("book", market))
        return [*found, followed.updated]

    # Other pushes

    def push(self, method: str, params: bytes, now: float) -> list[Event]:
        """Return what a push says; an unknown one says nothing and is counted.

        Raises
        ------
        ProtocolError
            If the push is not what its method is documented to carry.
        """
        handler = _HANDLERS.get(method)
        if handler is None:
            self.ignored += 1
            return []
        return handler(self, params, now)

    def _depth(self, params: bytes, now: float) -> list[Event]:
        return self.depth(pushes.read_depth_push(params), now)

    def _klines(self, params: bytes, now: float) -> list[Event]:
        rows = pushes.read_klines(params).rows
        found: list[Event] = []
        for followed in self.following.of("klines"):
            wanted = followed.wanted
            mine = [row for row in rows if row.market == wanted.market]
            if mine:
                found += self._arrived("klines", wanted.market, now)
                found.append(events.Klines(now, wanted.market, wanted.interval, mine))
        self.ignored += not found
        return found

    def _trades(self, params: bytes, now: float) -> list[Event]:
        only = self.following.only_market("trades")
        market, decoded = pushes.read_trades(params, only, self._precisions)
        found = self.new_fields(methods.DEALS_UPDATE, decoded, now)
        found += self._arrived("trades", market, now)
        return [*found, events.Trades(now, market, decoded.rows)]

    def _tickers(self, params: bytes, now: float) -> list[Event]:
        decoded = pushes.read_tickers(params, self.following.only_market("tickers"))
        found = self.new_fields(methods.STATE_UPDATE, decoded, now)
        for row in decoded.rows:
            found += self._arrived("tickers", row.market or "", now)
        return [*found, events.Tickers(now, decoded.rows)]

    def _order(self, params: bytes, now: float) -> list[Event]:
        change, decoded = pushes.read_order(params)
        found = self.new_fields(methods.ORDER_UPDATE, decoded, now)
        for row in decoded.rows:
            found += self._arrived("orders", str(row.market), now)
        return [*found, events.Orders(now, change, decoded.rows)]

    def _balances(self, params: bytes, now: float) -> list[Event]:
        decoded = pushes.read_balances(params)
        found = self.new_fields(methods.ASSET_UPDATE, decoded, now)
        for row in decoded.rows:
            found += self._arrived("balances", row.asset, now)
        return [*found, events.Balances(now, decoded.rows)]

    def answer(self, call: Endpoint, payload: bytes, market: str) -> Decoded:
        """Read the answer to a query about a market."""
        return pushes.read_answer(call, payload, market, self._precisions)

    def new_fields(self, call: Endpoint, decoded: Decoded, now: float) -> list[Event]:
        """Report fields nobody declared, each once."""
        new = {name for name in decoded.new_fields if (call.path, name) not in self._named}
        if not new:
            return []
        self._named.update((call.path, name) for name in new)
        return [events.NewFields(now, call.name, frozenset(new))]


def _is_due(followed: Followed, now: float) -> bool:
    if followed.retry_at is not None:
        return now >= followed.retry_at
    if followed.wanted.channel != "book" or followed.is_live:
        return False
    silent = not followed.is_asked and now - followed.asked_at >= RESYNC_SECONDS
    return silent or followed.book.is_overdue(now)


_HANDLERS: Mapping[str, Callable[[Delivery, bytes, float], list[Event]]] = {
    methods.DEPTH_UPDATE.path: Delivery._depth,
    methods.KLINE_UPDATE.path: Delivery._klines,
    methods.DEALS_UPDATE.path: Delivery._trades,
    methods.STATE_UPDATE.path: Delivery._tickers,
    methods.ORDER_UPDATE.path: Delivery._order,
    methods.ORDERS_UPDATE.path: Delivery._order,
    methods.ASSET_UPDATE.path: Delivery._balances,
}
