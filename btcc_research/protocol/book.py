"""An order book kept from snapshots and changes, checked by its checksum.

Fields of a push: "Spot Trading API (April 2025)", depth.update. The document only names the
checksum; its rule is the one CoinEx publishes for the same engine ("Market Depth
Subscription"): CRC32 over ``price:amount`` of all bids, best first, then all asks. Nobody
has confirmed it for BTCC, so a book counts as verified only while it really matches.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Annotated, Literal
from zlib import crc32

import msgspec

from btcc_research.errors import ProtocolError
from btcc_research.protocol.socket_text import plain_number

HOLD_SECONDS = 5.0
"""How long changes wait for the snapshot they belong to."""

PUSHES_UNTIL_GIVEN_UP = 20
"""Full pushes that must all mismatch before the checksum is no longer enforced."""

MOST_HELD = 1000
"""Changes held for a snapshot; with more of them a new snapshot is asked for at once."""

MOST_KNOWN_PRICES = 2000

Level = tuple[str, str]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Side = Literal["buy", "sell"]
Outcome = Literal["updated", "held", "resync"]

_MODULUS = 0xFFFFFFFF


class Depth(msgspec.Struct, gc=False):
    """Levels of a push as (price, amount) texts; a side that is missing is unchanged."""

    asks: list[Level] | None = None
    bids: list[Level] | None = None
    last: str | None = None
    time: Milliseconds = 0
    checksum: int | None = None


@dataclass(frozen=True, slots=True)
class BookView:
    """A book at one moment: levels best first, with the texts that were received."""

    market: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    last: str | None
    time: float | None
    is_valid: bool
    verified: bool
    is_crossed: bool
    is_one_sided: bool


class Book:
    """The book of one market, cut to the levels that are followed.

    Attributes
    ----------
    is_valid : bool
        Whether there is a book to look at: a snapshot arrived and nothing went wrong since.
    verified : bool
        Whether the checksum of the last message matched this very book.
    is_checked : bool
        False once the checksum was given up because it never matched.
    problem : str
        Why the last snapshot was dropped.
    """

    __slots__ = (
        "_ask_keys", "_asks", "_asks_text", "_bid_keys", "_bids", "_bids_text", "_ever_matched",
        "_held", "_held_since", "_known", "_mismatches", "_time", "is_checked", "is_valid", "last",
        "limit", "market", "problem", "verified",
    )  # fmt: skip

    def __init__(self, market: str, limit: int) -> None:
        self.market = market
        self.limit = limit
        self.is_checked = True
        self._ever_matched = False
        self._mismatches = 0
        self._known: dict[str, float] = {}
        self._held_since: float | None = None
        self.invalidate("no snapshot yet")

    def invalidate(self, problem: str) -> None:
        """Drop the book; nothing is shown until the next snapshot."""
        self.is_valid = self.verified = False
        self.problem = problem
        self.last: str | None = None
        self._time = 0
        # Keys are prices, negated for bids: both sides ascend from their best level, and a
        # level is found by bisection. The texts beside them are what the checksum covers.
        self._bid_keys: list[float] = []
        self._ask_keys: list[float] = []
        self._bids: list[str] = []
        self._asks: list[str] = []
        self._bids_text = self._asks_text = ""
        self._held: list[Depth] = []
        self._held_since = None

    def apply(self, depth: Depth, *, full: bool, now: float) -> Outcome:
        """Take in one push.

        Parameters
        ----------
        depth : Depth
            A snapshot or a set of changes; an amount of zero removes its level.
        full : bool
            Whether it is a snapshot.
        now : float
            Time of arrival in seconds; a change without a snapshot waits `HOLD_SECONDS`.

        Returns
        -------
        {"updated", "held", "resync"}
            ``resync``: the book is invalid and a new snapshot must be asked for.

        Raises
        ------
        ProtocolError
            If a level is not two numbers; the book is invalid then.
        """
        if not full and not self.is_valid:
            return self._hold(depth, now)
        if self.is_valid and (depth.time < self._time or (full and self._is_doubtful(depth))):
            return self._drop("the book's time went back")
        held = self._held if full else None
        if full:
            self.invalidate("")
        try:
            self._change_sides(depth)
            if depth.last is not None and depth.last != self.last:
                self.last = plain_number(depth.last)
        except ProtocolError as problem:
            self.invalidate("a level could not be read")
            raise ProtocolError(f"book of {self.market}: {problem}") from None
        self.is_valid = True
        self._time = depth.time
        checksum = depth.checksum
        if checksum is None or not self.is_checked:
            self.verified = False
        elif (crc32(self._text().encode()) ^ checksum) & _MODULUS:
            return self._mismatch(full)
        else:
            self.verified = self._ever_matched = True
        return self._replay(held, now) if held else "updated"

    def _is_doubtful(self, depth: Depth) -> bool:
        """Whether a snapshot of this very moment may be older than the book.

        Its own checksum would match all the same, so a late repeat would look verified.
        """
        if not depth.time or depth.time > self._time or depth.checksum is None:
            return False
        return bool((crc32(self._text().encode()) ^ depth.checksum) & _MODULUS)

    def is_overdue(self, now: float) -> bool:
        """Whether changes have waited too long for their snapshot."""
        return self._held_since is not None and now - self._held_since >= HOLD_SECONDS

    def wait_again(self) -> None:
        """Begin a new wait: a snapshot was asked for, and older changes cannot belong to it."""
        self._held = []
        self._held_since = None

    def _change_sides(self, depth: Depth) -> None:
        # A level that falls out of a full window is not announced as removed: sides are cut.
        known, limit = self._known, self.limit
        if len(known) > MOST_KNOWN_PRICES:
            known.clear()
        if depth.asks:
            _change(self._ask_keys, self._asks, depth.asks, 1.0, known)
            del self._ask_keys[limit:], self._asks[limit:]
            self._asks_text = ":".join(self._asks)
        if depth.bids:
            _change(self._bid_keys, self._bids, depth.bids, -1.0, known)
            del self._bid_keys[limit:], self._bids[limit:]
            self._bids_text = ":".join(self._bids)

    def _text(self) -> str:
        """Return what the checksum covers; an empty side contributes nothing."""
        bids, asks = self._bids_text, self._asks_text
        return f"{bids}:{asks}" if bids and asks else bids + asks

    def _hold(self, depth: Depth, now: float) -> Outcome:
        if self._held_since is None:
            self._held_since = now
        self._held.append(depth)
        if len(self._held) > MOST_HELD or self.is_overdue(now):
            return self._drop("changes came without a snapshot")
        return "held"

    def _replay(self, held: list[Depth], now: float) -> Outcome:
        """Apply the changes that arrived before their snapshot and are not older than it.

        Whether a change of the snapshot's own moment is in it already, its checksum tells.
        """
        for depth in held:
            may_be_new = depth.time > self._time or depth.time == self._time != 0
            if may_be_new and self.apply(depth, full=False, now=now) != "updated":
                return "resync"
        return "updated"

    def _mismatch(self, full: bool) -> Outcome:
        self.verified = False
        if full and not self._ever_matched:
            self._mismatches += 1
            if self._mismatches >= PUSHES_UNTIL_GIVEN_UP:
                self.is_checked = False
                return "updated"
        return self._drop("the checksum does not match")

    def _drop(self, problem: str) -> Outcome:
        self.invalidate(problem)
        return "resync"

    @property
    def bids(self) -> list[Level]:
        """Bids as (price, amount) texts, dearest first."""
        return [_level(text) for text in self._bids]

    @property
    def asks(self) -> list[Level]:
        """Asks as (price, amount) texts, cheapest first."""
        return [_level(text) for text in self._asks]

    @property
    def time(self) -> float | None:
        """The exchange's time of the last push in Unix seconds."""
        return self._time / 1000 if self._time else None

    @property
    def is_crossed(self) -> bool:
        """Whether somebody bids at least what somebody else asks."""
        return bool(self._bids and self._asks) and -self._bid_keys[0] >= self._ask_keys[0]

    @property
    def is_one_sided(self) -> bool:
        """Whether one side, or both, is empty."""
        return not (self._bids and self._asks)

    def view(self) -> BookView:
        """Return a copy that later pushes do not change."""
        return BookView(
            self.market, tuple(self.bids), tuple(self.asks), self.last, self.time,
            self.is_valid, self.verified, self.is_crossed, self.is_one_sided,
        )  # fmt: skip


def _level(text: str) -> Level:
    price, _, amount = text.partition(":")
    return price, amount


def _change(
    keys: list[float],
    texts: list[str],
    levels: Iterable[Level],
    sign: float,
    known: dict[str, float],
) -> None:
    """Set or remove levels of one side. This is the package's hottest loop.

    `known` remembers the number of a price's text: prices come again and again, and turning
    text into a number costs more than finding it in a dictionary.
    """
    for price, amount in levels:
        number = known.get(price)
        if number is None:
            number = known[price] = _price(price)
        digits = amount.replace(".", "", 1)
        if not (digits.isdecimal() and digits.isascii()):
            digits = plain_number(amount).replace(".", "", 1)
            if not digits.isdecimal():
                raise ProtocolError(f"an amount of {amount!r}.")
        key = number * sign
        at = bisect_left(keys, key)
        is_there = at < len(keys) and keys[at] == key
        if digits.strip("0"):
            if is_there:
                texts[at] = f"{price}:{amount}"
            else:
                keys.insert(at, key)
                texts.insert(at, f"{price}:{amount}")
        elif is_there:
            del keys[at], texts[at]


def _price(text: str) -> float:
    number = float(plain_number(text))
    if number <= 0:
        raise ProtocolError(f"a price of {text!r}.")
    return number


def book_checksum(bids: Iterable[Level], asks: Iterable[Level]) -> int:
    """Return the unsigned checksum of a book whose sides are sorted best first."""
    texts = [f"{price}:{amount}" for side in (bids, asks) for price, amount in side]
    return crc32(":".join(texts).encode())


def change_set(before: Sequence[Level], after: Sequence[Level]) -> list[Level]:
    """Return what turns one side into another: a server's change set.

    A level that leaves a window which stays full is announced as removed as well; a client
    that cut it already loses nothing.
    """
    old, new = dict(before), dict(after)
    gone = [(price, "0") for price in old if price not in new]
    return gone + [level for level in after if old.get(level[0]) != level[1]]


def merged(levels: Iterable[Level], step: str, side: Side) -> list[Level]:
    """Group a side's levels by a price step: bids go down to it, asks up; step 0 groups nothing.

    Parameters
    ----------
    levels : iterable of (price, amount)
        Best first.
    """
    size, rounding = Decimal(step), ROUND_FLOOR if side == "buy" else ROUND_CEILING
    totals: dict[Decimal, Decimal] = {}
    for price, amount in levels:
        group = Decimal(price)
        if size:
            group = (group / size).to_integral_value(rounding) * size
        totals[group] = totals.get(group, Decimal(0)) + Decimal(amount)
    return [(format(price, "f"), format(amount, "f")) for price, amount in totals.items()]
