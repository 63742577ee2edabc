"""What a spot socket conversation follows: subscriptions, and whether each delivers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from btcc_research.errors import InvalidArgument
from btcc_research.protocol import spot_socket as methods
from btcc_research.protocol.book import Book
from btcc_research.protocol.stream_events import BookUpdated, ChannelName

PRIVATE: frozenset[ChannelName] = frozenset({"orders", "balances"})
_ONE_MARKET: frozenset[ChannelName] = frozenset({"klines", "book"})
_METHOD = re.compile(rb'"method"\s*:\s*"([a-z]{1,10})\.update"')


@dataclass(frozen=True, slots=True)
class Subscription:
    """What to follow.

    Attributes
    ----------
    channel : {"trades", "klines", "book", "tickers", "orders", "balances"}
        Orders and balances need a login.
    market : str
        A market, or a currency for balances; empty means all, except for klines and book.
    interval : int
        Klines: seconds of a candle. The push does not name it, so a conversation follows one
        series only.
    limit : int
        Book: levels of each side, 5, 10, 20 or 50.
    merge : str
        Book: price step that groups levels; 0 groups nothing.
    """

    channel: ChannelName
    market: str = ""
    interval: int = 60
    limit: int = 50
    merge: str = "0"

    def values(self) -> dict[str, Any]:
        """Return the arguments of the request that starts it."""
        return {
            "market": self.market,
            "interval": self.interval,
            "limit": self.limit,
            "merge": self.merge,
        }


@dataclass(slots=True)
class Followed:
    """A subscription and how it fares.

    `is_live` says whether it delivers now, `was_live` whether it ever did: only then can
    there be a gap. `good_at` is the last moment nothing was missing; `is_asked` says whether
    a request waits for its confirmation. The book stays empty on other channels.
    """

    wanted: Subscription
    is_live: bool = False
    was_live: bool = False
    good_at: float = 0.0
    asked_at: float = 0.0
    is_asked: bool = False
    retry_at: float | None = None
    book: Book = field(init=False)
    updated: BookUpdated = field(init=False)
    was_checked: bool = True

    def __post_init__(self) -> None:
        self.book = Book(self.wanted.market, self.wanted.limit)
        self.updated = BookUpdated(self.wanted.market)


class Following:
    """All subscriptions of a conversation, by channel and market."""

    def __init__(self) -> None:
        self._all: dict[tuple[ChannelName, str], Followed] = {}
        self.books: dict[str, Followed] = {}

    def __iter__(self) -> Iterator[Followed]:
        return iter(tuple(self._all.values()))

    def add(self, wanted: Subscription) -> bool:
        """Add a subscription; False where it is there already.

        Raises
        ------
        InvalidArgument
            For values BTCC does not know, or a second series where only one can be told apart.
        """
        _check(wanted)
        key = (wanted.channel, wanted.market)
        known = self._all.get(key)
        if known is None and wanted.channel == "klines":
            known = next(iter(self.of("klines")), None)
        if known is not None:
            if known.wanted == wanted:
                return False
            raise InvalidArgument(
                f"{wanted.channel} of {known.wanted.market} is followed with other values; "
                "unsubscribe first, or use another conversation."
            )
        self._all[key] = followed = Followed(wanted)
        if wanted.channel == "book":
            self.books[wanted.market] = followed
        return True

    def remove(self, channel: ChannelName, market: str) -> bool:
        """Remove a subscription; False where there is none."""
        if channel == "book":
            self.books.pop(market, None)
        return self._all.pop((channel, market), None) is not None

    def of(self, channel: ChannelName) -> list[Followed]:
        """Return the subscriptions of a channel."""
        return [followed for followed in self._all.values() if followed.wanted.channel == channel]

    def find(self, channel: ChannelName, market: str) -> Followed | None:
        """Return what a push of a market belongs to: its subscription, or the one to all."""
        return self._all.get((channel, market)) or self._all.get((channel, ""))

    def markets(self, channel: ChannelName) -> list[str]:
        """Return the markets a channel's request lists; none means all."""
        markets = [followed.wanted.market for followed in self.of(channel)]
        return [] if "" in markets else markets

    def only_market(self, channel: ChannelName) -> str:
        """Return the market a push belongs to that does not name it, or an empty text."""
        markets = self.markets(channel)
        return markets[0] if len(markets) == 1 else ""


def _check(wanted: Subscription) -> None:
    if wanted.channel not in methods.SUBSCRIBE:
        allowed = ", ".join(methods.SUBSCRIBE)
        raise InvalidArgument(f"channel={wanted.channel!r} is not one of {allowed}.")
    if wanted.channel in _ONE_MARKET and not wanted.market:
        raise InvalidArgument(f"{wanted.channel} needs a market.")
    call = methods.SUBSCRIBE[wanted.channel]
    markets = [wanted.market] if wanted.market else []
    methods.positions(call, {**wanted.values(), "markets": markets})


def channel_of_frame(frame: str | bytes) -> ChannelName | None:
    """Return the channel of a push that cannot be read, as far as its text still says."""
    text = frame[:2000] if isinstance(frame, bytes) else frame[:2000].encode(errors="replace")
    found = _METHOD.search(text)
    return methods.CHANNEL_OF.get(found[1].decode()) if found else None
