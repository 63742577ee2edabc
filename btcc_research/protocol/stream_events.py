"""What a socket conversation reports: events, with BTCC's words replaced by the field's.

Times are Unix seconds, money is text with the digits BTCC sent. `at` is when the frame
arrived, by the clock of whoever moves the frames. Rows have one attribute per declared
column, like the rows of a REST reply.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from btcc_research.errors import BtccError, ProtocolError

ChannelName = Literal["trades", "klines", "book", "tickers", "quotes", "orders", "balances"]
OrderChange = Literal["placed", "changed", "finished"]


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """The login was accepted. `server_time` is there where the answer carries it."""

    at: float
    user_id: int | None = None
    server_time: int | None = None


@dataclass(frozen=True, slots=True)
class LoginFailed:
    """The login was refused; trying again with the same credentials is useless."""

    at: float
    error: BtccError


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A channel delivers from now on; an empty market means all of them."""

    at: float
    channel: ChannelName
    market: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a query: rows as the call declares them, `total` where the server counts."""

    at: float
    request_id: int
    call: str
    rows: Sequence[Any]
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """A query or a subscription failed. `channel` is empty for a query."""

    at: float
    call: str
    error: BtccError
    request_id: int | None = None
    channel: ChannelName | Literal[""] = ""
    market: str = ""


@dataclass(frozen=True, slots=True)
class Trades:
    """Public trades, newest first; an empty market means the frame did not name it."""

    at: float
    market: str
    rows: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Klines:
    """Candles, the running one included; `interval` in seconds."""

    at: float
    market: str
    interval: int
    rows: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Tickers:
    """Statistics of markets: last price, open, high, low, volume."""

    at: float
    rows: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Quotes:
    """Best prices of futures products."""

    at: float
    rows: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Orders:
    """Own orders; `change` is None where the frame does not say what happened."""

    at: float
    change: OrderChange | str | None
    rows: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Balances:
    """Own balances: new totals. A snapshot holds every currency."""

    at: float
    rows: Sequence[Any]
    is_snapshot: bool = False


@dataclass(frozen=True, slots=True)
class BookUpdated:
    """The book of a market changed; read it from the stream."""

    market: str


@dataclass(frozen=True, slots=True)
class ChecksumGivenUp:
    """The book's checksum never matched: it is followed unchecked and never called verified."""

    at: float
    market: str


@dataclass(frozen=True, slots=True)
class Products:
    """The futures products of a quote conversation."""

    at: float
    rows: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Schedules:
    """Published trading hours of futures products."""

    at: float
    rows: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Gap:
    """Data of a channel that is or may be missing.

    Reported when it opens, with `until` None, and again with the same `since` when the
    channel delivers anew. `frames` counts what was dropped, where that is known.
    """

    channel: ChannelName
    market: str
    since: float
    until: float | None
    reason: str
    frames: int | None = None


@dataclass(frozen=True, slots=True)
class SetAside:
    """A frame that could not be read. The conversation goes on."""

    at: float
    error: ProtocolError


@dataclass(frozen=True, slots=True)
class NewFields:
    """BTCC sends fields this package does not know; reported once per call."""

    at: float
    call: str
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Dead:
    """The connection is of no use any more: open a new one, then `reset`."""

    at: float
    since: float
    reason: str


Event = (
    LoggedIn
    | LoginFailed
    | Subscribed
    | Answer
    | Failed
    | Trades
    | Klines
    | Tickers
    | Quotes
    | Orders
    | Balances
    | BookUpdated
    | ChecksumGivenUp
    | Products
    | Schedules
    | Gap
    | SetAside
    | NewFields
    | Dead
)


class Gaps:
    """Which channels are interrupted at the moment, since when and why."""

    def __init__(self) -> None:
        self._open: dict[tuple[ChannelName, str], Gap] = {}

    def open(self, channel: ChannelName, market: str, since: float, reason: str) -> list[Gap]:
        """Note that a channel is interrupted; nothing new where it already is."""
        if (channel, market) in self._open:
            return []
        gap = self._open[channel, market] = Gap(channel, market, since, None, reason)
        return [gap]

    def close(self, channel: ChannelName, market: str, until: float) -> list[Gap]:
        """Note that a channel delivers again."""
        gap = self._open.pop((channel, market), None)
        return [replace(gap, until=until)] if gap else []

    def forget(self, channel: ChannelName, market: str) -> None:
        """Stop following a channel nobody wants any more."""
        self._open.pop((channel, market), None)
