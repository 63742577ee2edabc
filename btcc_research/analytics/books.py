"""Books of lots: which lot a fill closes, and what each part of it cost and brought.

Money that is split is cut to the last decimal a frame holds, and whoever comes last takes
what is left: the parts of a lot always add up to the lot.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from heapq import heappop, heappush
from itertools import count
from typing import Literal, NamedTuple

from btcc_research.analytics.exactness import UNKNOWN, ZERO, booked, on_grid, share
from btcc_research.analytics.fills import Fill
from btcc_research.errors import InvalidArgument

Method = Literal["fifo", "lifo", "hifo", "average"]
METHODS = ("fifo", "lifo", "hifo", "average")


@dataclass(slots=True)
class Lot:
    """What is left of an opening fill. `value` and `fee` are those of the amount left."""

    fill: Fill
    amount: Decimal
    value: Decimal
    fee: Decimal


class Part(NamedTuple):
    """A lot, or a part of one, and the fill that closed it; `opening` None: not in the data."""

    opening: Fill | None
    closing: Fill
    amount: Decimal
    entry_value: Decimal
    exit_value: Decimal
    entry_fee: Decimal
    exit_fee: Decimal
    funding: Decimal
    gross: Decimal

    @property
    def sign(self) -> int:
        """1 for a long, -1 for a short."""
        return -self.closing.sign

    @property
    def net(self) -> Decimal:
        """What is left after fees and funding."""
        return self.gross - self.entry_fee - self.exit_fee + self.funding


def checked_method(method: str) -> str:
    """Return the method.

    Raises
    ------
    InvalidArgument
        Listing what is allowed.
    """
    if method in METHODS:
        return method
    raise InvalidArgument(f"method={method!r} is not one of {', '.join(map(repr, METHODS))}.")


@dataclass(slots=True)
class Book:
    """The open lots of one market, coin or position; all on one side.

    The lots are a heap whose first is the one to close next. By average cost they close
    first in, first out as well, but at the cost of the whole book.
    """

    method: str
    sign: int = 0
    amount: Decimal = ZERO
    value: Decimal = ZERO
    fee: Decimal = ZERO
    _heap: list[tuple[Decimal | int, int, Lot]] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=count)

    @property
    def lots(self) -> list[Lot]:
        """The open lots, oldest first; by average cost one, with the date of the oldest."""
        found = [lot for _, _, lot in sorted(self._heap, key=lambda entry: entry[1])]
        if self.method == "average" and found:
            return [Lot(found[0].fill, self.amount, self.value, self.fee)]
        return found

    def unrealized(self, price: Decimal) -> Decimal:
        """Return the profit all lots would bring at a price, before fees."""
        lots = self.lots
        if not lots or lots[0].fill.is_future or self.value.is_nan():
            return sum((unrealized(lot, price) for lot in lots), ZERO)
        return on_grid((self.amount * price - self.value) * self.sign)

    def take(self, fill: Fill) -> list[Part]:
        """Return the parts a fill closes; what is left of it opens a lot."""
        if fill.amount.is_nan():  # the contract size of the product is not known
            unknown = _unmatched(fill, UNKNOWN, UNKNOWN, fill.fee, fill.funding, ZERO)
            return [unknown] if fill.effect == "close" else []
        if not fill.amount:
            return []
        opens_only = fill.effect == "open" or (
            fill.effect == "trade" and self.sign in (0, fill.sign)
        )
        if opens_only:
            self._add(fill, abs(fill.amount), fill.value, fill.fee)
            return []
        return self._close(fill)

    def _close(self, fill: Fill) -> list[Part]:
        parts: list[Part] = []
        left, value, fee, funding = abs(fill.amount), fill.value, fill.fee, fill.funding
        gross = ZERO
        while left and self.amount and self.sign == -fill.sign:
            amount, opening, entry, entry_fee = self._consume(left)
            exit_value, exit_fee = share(value, amount, left), share(fee, amount, left)
            carried = share(funding, amount, left)
            part = Part(
                opening, fill, amount, entry, exit_value, entry_fee, exit_fee, carried,
                _gross(opening, fill, amount, entry, exit_value),
            )  # fmt: skip
            parts.append(part)
            left, value, fee = left - amount, value - exit_value, fee - exit_fee
            funding, gross = funding - carried, gross + part.gross
        if left and fill.effect == "trade":
            self._add(fill, left, value, fee)
        elif left:
            parts.append(_unmatched(fill, left, value, fee, funding, gross))
        return parts

    def _add(self, fill: Fill, amount: Decimal, value: Decimal, fee: Decimal) -> None:
        self.sign = fill.sign
        number = next(self._numbers)
        rank: Decimal | int = number
        if self.method == "lifo":
            rank = -number
        elif self.method == "hifo":
            rank = ZERO if fill.price.is_nan() else -fill.price * fill.sign
        heappush(self._heap, (rank, number, Lot(fill, amount, value, fee)))
        self.amount, self.value, self.fee = self.amount + amount, self.value + value, self.fee + fee

    def _consume(self, most: Decimal) -> tuple[Decimal, Fill, Decimal, Decimal]:
        """Take at most so much out of the lot that is next; return amount, fill, value, fee."""
        lot = self._heap[0][2]
        amount = min(most, lot.amount)
        if self.method == "average":
            value, fee = (
                share(self.value, amount, self.amount),
                share(self.fee, amount, self.amount),
            )
        else:
            value, fee = share(lot.value, amount, lot.amount), share(lot.fee, amount, lot.amount)
            lot.value, lot.fee = lot.value - value, lot.fee - fee
        lot.amount -= amount
        if not lot.amount:
            heappop(self._heap)
        self.amount, self.value, self.fee = self.amount - amount, self.value - value, self.fee - fee
        if not self.amount:
            self.sign, self.value, self.fee = 0, ZERO, ZERO
        return amount, lot.fill, value, fee


def _unmatched(
    fill: Fill, amount: Decimal, value: Decimal, fee: Decimal, funding: Decimal, gross: Decimal
) -> Part:
    """Return what closed something whose opening is not in the data."""
    return Part(None, fill, amount, UNKNOWN, value, ZERO, fee, funding, fill.profit - gross)


def _gross(
    opening: Fill, closing: Fill, amount: Decimal, entry: Decimal, exit_value: Decimal
) -> Decimal:
    """Return a part's profit; of futures BTCC's own number, with all digits where it agrees."""
    if not closing.is_future:
        return (exit_value - entry) * opening.sign
    computed = futures_profit(opening, amount, closing.price)
    reported = closing.profit
    if reported.is_nan() or amount != abs(closing.amount):
        return computed
    return computed if abs(computed - reported) <= rounding_of(reported) else reported


def rounding_of(reported: Decimal) -> Decimal:
    """Return by how much a reported profit may be rounded; reports have at least two decimals."""
    exponent = reported.normalize().as_tuple().exponent if reported else 0
    return Decimal(5).scaleb(min(int(exponent), -2) - 1)


def futures_profit(opening: Fill, amount: Decimal, price: Decimal) -> Decimal:
    """Return the profit of a futures position at a closing price, as it is booked.

    Linear: ``amount x (close - open)``. Coin-margined, in the coin:
    ``amount x (1 - open / close)``.
    """
    moved = price - opening.price
    if opening.pair.is_inverse:
        moved = moved / price
    return booked(amount * moved * opening.sign)


def unrealized(lot: Lot, price: Decimal) -> Decimal:
    """Return the profit a lot would bring at a price, before fees."""
    if lot.fill.is_future:
        return futures_profit(lot.fill, lot.amount, price)
    return on_grid((lot.amount * price - lot.value) * lot.fill.sign)


def match(
    fills: Iterable[Fill], method: str, books: dict[Hashable, Book] | None = None
) -> tuple[list[Part], dict[Hashable, Book]]:
    """Return the closed parts in the order of closing, and every book with what is open.

    `books` continues what earlier fills left open.
    """
    parts: list[Part] = []
    books = {} if books is None else books
    for fill in fills:
        book = books.get(fill.book)
        if book is None:
            book = books[fill.book] = Book(method)
        parts += book.take(fill)
    return parts, books
