"""The equity curve: what the account was worth over time, and what holding would have been."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterator
from decimal import Decimal
from typing import Any

import pandas as pd

from btcc_research.analytics.bookings import Line
from btcc_research.analytics.books import Book, match
from btcc_research.analytics.columns import EQUITY, lists_columns
from btcc_research.analytics.exactness import (
    UNKNOWN,
    ZERO,
    decimals,
    exactly,
    from_records,
    is_exact,
    microseconds,
    on_grid,
)
from btcc_research.analytics.examination import identified
from btcc_research.analytics.fills import Execution, Fill, executions, market_fills
from btcc_research.analytics.promotional import money_of
from btcc_research.analytics.valuation import Prices
from btcc_research.errors import InvalidArgument
from btcc_research.tables import TRADES, joined_frame


@lists_columns(EQUITY)
@exactly()
def equity_curve(
    ledger: pd.DataFrame,
    prices: Any,
    trades: pd.DataFrame | None = None,
    *,
    currency: str = "USDT",
    every: str = "1D",
) -> pd.DataFrame:
    """Return what the account was worth over time, and its return without transfers.

    Returns
    -------
    DataFrame
        Index `time` : datetime64[us, UTC], the ends of the steps; the first row is the
        beginning. Columns:

        {columns}

    Parameters
    ----------
    ledger : DataFrame
        As `btcc.ledger` returns it.
    prices : candles, mapping of market names to candles, quotes or function
        Marks what is held, as for `pnl`. Only what was known at a time is used: the close
        of the last candle that was over.
    trades : DataFrame, optional
        As `btcc.trades` returns it: open profit of futures, turnover, and which lines of the
        ledger are transfers. Needed where there are futures.
    currency : str
        What everything is valued in.
    every : str
        Length of a step, such as ``"1h"`` or ``"1D"``; a step ends at a multiple of it in UTC.

    Raises
    ------
    InvalidArgument
        If a frame lacks a column, or the ledger is empty.

    Warns
    -----
    ValueUnknown
        Where something held has no price; those values are NA.

    Notes
    -----
    ``return`` is time-weighted: a transfer ends one stretch and begins the next, each grows
    by what it became over what it was, and a step's return is all its stretches' together.
    A step that begins with nothing has the return of what came after. The first row has none.
    Promotional money counts like money, and giving it is no transfer.
    """
    if not len(ledger):
        raise InvalidArgument("the ledger is empty: there is no account to value.")
    known = trades if trades is not None else joined_frame(TRADES, [])
    valued, rows = Prices(prices), executions(known)
    walk = _Walk(identified(ledger, known)[0], rows, valued, currency)
    moments = _grid(walk, valued, every)
    found = [walk.step(moment) for moment in moments]
    valued.warn()
    found[0]["return"] = UNKNOWN
    frame = from_records(EQUITY, found, exact=is_exact(ledger, trades))
    index = pd.DatetimeIndex(pd.to_datetime(moments, unit="us", utc=True)).as_unit("us")
    frame.index = index.rename("time")
    frame.attrs = {"currency": currency}
    return frame


def _grid(walk: _Walk, prices: Prices, every: str) -> list[int]:
    """Return the ends of the steps from before the first line to the last line or price."""
    last = max([walk.lines[-1].time, *prices.moments[-1:]])
    first = pd.Timestamp(walk.lines[0].time, unit="us", tz="UTC").floor(every)
    end = pd.Timestamp(last, unit="us", tz="UTC").ceil(every)
    index = pd.date_range(first, end, freq=every)
    return microseconds(pd.Series(index))


class _Walk:
    """Goes through an account's history once, and values it on the way."""

    def __init__(
        self, lines: list[Line], rows: list[Execution], prices: Prices, currency: str
    ) -> None:
        self.lines = sorted(lines, key=lambda line: line.time)
        self._prices = prices
        self._currency = currency
        self._held: dict[str, Decimal] = defaultdict(lambda: ZERO)
        for (_, asset), line in _first_lines(self.lines).items():
            self._held[money_of(asset)] += line.before
        futures = [row for row in rows if row.venue == "futures"]
        self._fills = list(market_fills(futures, prices))
        self._rows = rows
        self._next = [0, 0, 0]
        self._books: dict[Hashable, Book] = {}
        self._before = UNKNOWN

    def step(self, moment: int) -> dict[str, Decimal]:
        """Go on to a time and return what happened until then and what there is."""
        flow, growth, started = ZERO, Decimal(1), self._before
        for line in self._lines_until(moment):
            if line.kind == "transfer":
                self._trade_until(line.time)
                worth = self._value(line.asset, line.change, line.time)
                growth, started = self._stretch(growth, started, self._equity(line.time))
                flow, started = flow + worth, started + worth
            self._held[money_of(line.asset)] += line.change
        self._trade_until(moment)
        equity = self._equity(moment)
        growth, _ = self._stretch(growth, started, equity)
        self._before = equity
        cash = self._held[self._currency]
        return {
            "equity": equity, "flow": flow, "return": growth - 1, "cash": cash,
            "exposure": self._exposure(moment), "turnover": self._turnover(moment),
        }  # fmt: skip

    def _stretch(
        self, growth: Decimal, started: Decimal, ended: Decimal
    ) -> tuple[Decimal, Decimal]:
        """Return the growth with one more stretch; nothing does not grow."""
        if started.is_nan() or started:
            growth = on_grid(growth * ended / started) if not started.is_nan() else UNKNOWN
        return growth, ended

    def _lines_until(self, moment: int) -> Iterator[Line]:
        while self._next[0] < len(self.lines) and self.lines[self._next[0]].time <= moment:
            self._next[0] += 1
            yield self.lines[self._next[0] - 1]

    def _trade_until(self, moment: int) -> None:
        first = self._next[1]
        last = bisect_right(self._fills, moment, lo=first, key=lambda fill: fill.time)
        self._next[1] = last
        match(self._fills[first:last], "fifo", self._books)
        self._books = {key: book for key, book in self._books.items() if book.amount}

    def _turnover(self, moment: int) -> Decimal:
        """Return what was traded since the last step, at the value it had then."""
        first = self._next[2]
        last = bisect_right(self._rows, moment, lo=first, key=lambda row: row.time)
        self._next[2] = last
        total = ZERO
        for row in self._rows[first:last]:
            inverse = row.pair.is_inverse
            asset, amount = (row.pair.base, row.amount) if inverse else (row.pair.quote, row.cost)
            total += self._value(asset, amount, row.time)
        return total

    def _value(self, asset: str, amount: Decimal, moment: int) -> Decimal:
        if not amount or asset == self._currency:
            return amount
        return on_grid(amount * self._prices.value(asset, self._currency, moment))

    def _equity(self, moment: int) -> Decimal:
        held = sum((self._value(a, amount, moment) for a, amount in self._held.items()), ZERO)
        return held + sum((self._floating(book, moment) for book in self._books.values()), ZERO)

    def _floating(self, book: Book, moment: int) -> Decimal:
        fill = book.lots[0].fill
        return self._value(
            fill.pair.currency, book.unrealized(self._price(fill, moment)), moment
        )  # fmt: skip

    def _price(self, fill: Fill, moment: int) -> Decimal:
        names = (fill.market or "", fill.pair.base, fill.pair.quote)
        return self._prices.of(fill.venue, names, moment, fill.sign)

    def _exposure(self, moment: int) -> Decimal:
        """Return the value of coins held and of open futures, long or short."""
        coins = (
            abs(self._value(asset, amount, moment))
            for asset, amount in self._held.items()
            if asset != self._currency
        )
        return sum((self._size(book, moment) for book in self._books.values()), sum(coins, ZERO))

    def _size(self, book: Book, moment: int) -> Decimal:
        fill = book.lots[0].fill
        if fill.pair.is_inverse:
            return self._value(fill.pair.base, book.amount, moment)
        return self._value(fill.pair.quote, book.amount * self._price(fill, moment), moment)


def _first_lines(lines: list[Line]) -> dict[tuple[str, str], Line]:
    found: dict[tuple[str, str], Line] = {}
    for line in lines:
        found.setdefault((line.venue, line.asset), line)
    return found


@lists_columns(EQUITY)
@exactly()
def hold(
    curve: pd.DataFrame, prices: Any, asset: str = "BTC", *, currency: str | None = None
) -> pd.DataFrame:
    """Return what the same money would have become by buying one coin and holding it.

    Returns
    -------
    DataFrame
        Index as that of `curve`. Columns:

        {columns}

    Parameters
    ----------
    curve : DataFrame
        As `equity_curve` returns it: what it begins with and its flows are invested.
    prices
        As for `equity_curve`.
    asset : str
        The coin.
    currency : str, optional
        Of the curve; by default what it says itself.

    Raises
    ------
    InvalidArgument
        If the curve lacks a column.

    Warns
    -----
    ValueUnknown
        Where the coin has no price; the values are NA there.

    Notes
    -----
    A flow is invested, or taken out, at the end of its step, without costs.
    """
    lacking = [name for name in ("equity", "flow") if name not in curve.columns]
    if lacking:
        raise InvalidArgument(f"curve lacks {lacking[0]!r}; pass what equity_curve() returns.")
    money = currency or curve.attrs.get("currency", "USDT")
    valued = Prices(prices)
    moments = microseconds(pd.Series(curve.index))
    marks = [valued.value(asset, money, moment) for moment in moments]
    valued.warn()
    rows = _held(decimals(curve["equity"]), decimals(curve["flow"]), marks)
    frame = from_records(EQUITY, rows, exact=is_exact(curve))
    frame.index = curve.index
    frame.attrs = {"currency": money}
    return frame


def _held(
    equity: list[Decimal], flows: list[Decimal], marks: list[Decimal]
) -> list[dict[str, Decimal]]:
    """Return the rows; the investment begins with the first equity that is known."""
    units, rows, last, began = ZERO, [], UNKNOWN, False
    for start, flow, mark in zip(equity, flows, marks, strict=True):
        begins = not began and not start.is_nan() and not mark.is_nan()
        paid = start if begins else flow if began else UNKNOWN
        began = began or begins
        units += on_grid(paid / mark) if began and paid else ZERO
        value = on_grid(units * mark) if began else UNKNOWN
        rows.append({
            "equity": value, "flow": flow, "return": on_grid(mark / last - 1) if began else UNKNOWN,
            "cash": ZERO, "exposure": value, "turnover": abs(paid) if began else ZERO,
        })  # fmt: skip
        last = mark if began else UNKNOWN
    return rows
