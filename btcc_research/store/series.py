"""What is stored together: the names of files and folders, and the months they are cut into.

Market names come from the exchange and may hold anything (futures names hold ``/``), so a
name becomes a file name by percent-encoding; ``.`` is encoded as well, so that no name
means another folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args
from urllib.parse import quote

from btcc_research.errors import InvalidArgument
from btcc_research.store.intervals import Intervals, Span

StoredKind = Literal[
    "klines", "trades", "orders", "ledger", "transfers", "prints", "quotes", "book", "gaps"
]
KINDS: tuple[str, ...] = get_args(StoredKind)
RECORDED = ("prints", "quotes", "book")
PRIVATE = ("trades", "orders", "ledger", "transfers")

EARLIEST = 0
LATEST = 7_258_118_400_000_000
"""2200-01-01: the end of a range that was asked for without one."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 120
_UNITS = ((604_800, "w"), (86_400, "d"), (3_600, "h"), (60, "m"))


@dataclass(frozen=True, slots=True)
class Series:
    """One thing over time: candles of a market, my trades there, a recorded stream.

    `market` None is the whole account. `interval` is the length of a candle in seconds.
    `account` separates the private data of several accounts.
    """

    kind: str
    venue: str
    market: str | None = None
    interval: int | None = None
    account: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InvalidArgument(f"kind={self.kind!r} is not one of {', '.join(KINDS)}.")
        if self.kind == "klines" and self.interval is None:
            raise InvalidArgument('candles need an interval, such as interval="1m".')
        if self.kind != "klines" and self.interval is not None:
            raise InvalidArgument(
                f"interval={self.interval!r}: {self.kind} has none; leave it out."
            )
        if self.market is None and self.kind not in PRIVATE:
            raise InvalidArgument(f"market=None: {self.kind} is kept by market; name one.")

    @property
    def is_recorded(self) -> bool:
        """Whether a recorder writes it, row after row."""
        return self.kind in RECORDED

    @property
    def folder(self) -> str:
        """Its folder below the root of the store."""
        last = self.kind if self.interval is None else f"{self.kind}-{interval_name(self.interval)}"
        if self.account and self.kind in PRIVATE:
            last = f"{last}~{file_name(self.account)}"
        market = "~account" if self.market is None else file_name(self.market)
        return f"{file_name(self.venue)}/{market}/{last}"

    def __str__(self) -> str:
        length = f" {interval_name(self.interval)}" if self.interval else ""
        return f"{self.kind}{length} of {self.venue} {self.market or '(whole account)'}"


def file_name(text: str) -> str:
    """Return a text as a file name that is its own on every file system.

    Letters, digits, ``_`` and ``-`` stay, all else is percent-encoded; what would be too
    long ends in a digest instead. ``~`` never comes from a text, so marks of our own
    cannot be imitated.

    Raises
    ------
    InvalidArgument
        For an empty text.
    """
    if not text:
        raise InvalidArgument("an empty name cannot be stored; pass None for the whole account.")
    encoded = quote(text, safe="", errors="surrogatepass")
    encoded = encoded.replace(".", "%2E").replace("~", "%7E")
    if len(encoded) <= _LONGEST:
        return encoded
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{encoded[: _LONGEST - 40]}~{digest}"


def interval_name(seconds: int) -> str:
    """Return the length of a candle as people write it, such as ``"15m"``."""
    for size, letter in _UNITS:
        if seconds % size == 0:
            return f"{seconds // size}{letter}"
    return f"{seconds}s"


def moment(microseconds: int) -> datetime:
    """Return microseconds since 1970 as a UTC time, without a float in between."""
    return _EPOCH + timedelta(microseconds=microseconds)


def month_of(microseconds: int) -> str:
    """Return the UTC month of a moment, such as ``"2026-01"``."""
    return moment(microseconds).strftime("%Y-%m")


def month_span(month: str) -> Span:
    """Return the first moment of a month and that of the next."""
    year, number = int(month[:4]), int(month[5:7])
    begin = datetime(year, number, 1, tzinfo=UTC)
    end = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
    return _microseconds(begin), _microseconds(end)


def months_of(covered: Intervals) -> Iterator[str]:
    """Return every month a set of time touches, in order."""
    last = ""
    for start, end in covered:
        month = month_of(start)
        while month_span(month)[0] < end:
            if month != last:
                yield month
            last, month = month, month_of(month_span(month)[1])


def touched(months: Iterable[str], covered: Intervals) -> list[str]:
    """Return the months among some that a set of time touches, in order."""
    return sorted(month for month in months if covered.clip(*month_span(month)))


def _microseconds(when: datetime) -> int:
    return (when - _EPOCH) // timedelta(microseconds=1)
