"""Realized and unrealized profit by market, day, position or venue, as one identity.

``realized + unrealized - fees + funding + other + transfers = change of the equity``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

import pandas as pd

from btcc_research.analytics.bookings import Line
from btcc_research.analytics.books import Book, Part, checked_method, match, unrealized
from btcc_research.analytics.columns import PNL_BY, lists_columns, pnl_columns
from btcc_research.analytics.exactness import (
    UNKNOWN,
    ZERO,
    exactly,
    is_exact,
    on_grid,
    to_frame,
)
from btcc_research.analytics.examination import identified
from btcc_research.analytics.fills import (
    Execution,
    Fill,
    currency_fills,
    executions,
    market_fills,
)
from btcc_research.analytics.pairs import Pair
from btcc_research.analytics.promotional import money_of
from btcc_research.analytics.valuation import Prices
from btcc_research.errors import InvalidArgument
from btcc_research.tables import Columns

DAY_US = 86_400_000_000
Key = tuple[Hashable, ...]


class Table:
    """Sums by key: what belongs to a row of the profit table is added to its measure."""

    def __init__(self, by: str, *, has_ledger: bool) -> None:
        self.by = by
        self._has_ledger = has_ledger
        self.rows: dict[Key, dict[str, Decimal]] = {}

    def key(
        self, time: int, venue: str, market: str | None, position: int | None, currency: str
    ) -> Key:
        """Return the key of something that happened."""
        if self.by == "day":
            return time // DAY_US * DAY_US, venue, currency
        if self.by == "venue":
            return venue, currency
        if self.by == "position":
            return venue, market, position, currency
        return venue, market, currency

    def add(self, key: Key, measure: str, value: Decimal | int) -> None:
        """Add to a measure of a row."""
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = defaultdict(Decimal)
        row[measure] += value

    def columns(self, columns: Columns) -> dict[str, list[Any]]:
        """Return the rows in order, as lists by column."""
        names = [field.name for field in columns]
        keys = sorted(self.rows, key=lambda key: tuple((part is None, part) for part in key))
        width = next(place for place, name in enumerate(names) if name == "realized")
        data: dict[str, list[Any]] = {
            name: [key[place] for key in keys] for place, name in enumerate(names[:width])
        }
        rows = [self._finished(self.rows[key]) for key in keys]
        return data | {name: [row[name] for row in rows] for name in names[width:]}

    def _finished(self, row: dict[str, Decimal]) -> dict[str, Any]:
        net = row["realized"] + row["unrealized"] - row["fees"] + row["funding"] + row["other"]
        known = self._has_ledger
        return {
            **{name: row[name] for name in ("realized", "unrealized", "fees", "funding")},
            "other": row["other"] if known else UNKNOWN,
            "net": net,
            "transfers": row["transfers"] if known else UNKNOWN,
            "change": net + row["transfers"] if known else UNKNOWN,
            "turnover": row["turnover"],
            "trades": int(row["trades"]),
        }


def pnl(
    trades: pd.DataFrame,
    ledger: pd.DataFrame | None = None,
    prices: Any = None,
    by: str = "market",
    *,
    method: str = "fifo",
    currency: str | None = None,
) -> pd.DataFrame:
    """Return profit and loss, realized and unrealized, with fees and funding.

    Returns
    -------
    DataFrame
        Sorted by its first columns, RangeIndex. Those are, as `by` says:

        market : venue, market, currency
        day : day (its beginning in UTC), venue, currency
        position : venue, market, position_id, currency
        venue : venue, currency

        and then:

        {columns}

    Parameters
    ----------
    trades : DataFrame
        As `btcc.trades` returns it, from the first execution on.
    ledger : DataFrame, optional
        As `btcc.ledger` returns it, for the same time: it adds transfers, promotional money,
        and funding when it was booked, that of open positions included. Without it
        `transfers`, `other` and `change` are NA, and funding is what BTCC reports with the
        closes (so it is for a venue the ledger has no line of). What the ledger tells of no
        market is in rows without one.
    prices : optional
        What is open is valued with it: candles of `btcc.klines`, the frame of `btcc.ticker`,
        a frame of quotes (market, bid, ask; with the column `time` also of the past), a
        mapping of market names to numbers or candles, or a function
        (asset, currency, time) that returns a number or None; `time` is None for now. A
        candle's close is known once the candle is over. Longs of futures are valued at the
        bid, shorts at the ask, where there are both.
    by : {"market", "day", "position", "venue"}
        What a row stands for.
    method : {"fifo", "lifo", "hifo", "average"}
        Which lot a sale closes; see `lots`. It moves profit between realized and unrealized,
        the sum stays.
    currency : str, optional
        Without it every market is in its own currency and money held is no position: coins
        that came from elsewhere and are sold are short in that market. With it, such as
        ``"USDT"``, every coin is a position across markets, transfers bring and take lots at
        their price then (so the ledger is needed), and all money is in that currency.

    Raises
    ------
    InvalidArgument
        For an argument that is not allowed, or a frame that lacks a column.

    Warns
    -----
    ValueUnknown
        If something could not be valued; the numbers that need it are NA.

    Notes
    -----
    Profits are before fees, at the prices of the executions; fees count when they are
    charged, those in a bought coin at the price of that execution. `unrealized` by day is
    its change from the day before, at prices of midnight UTC; it needs prices over time,
    and on the last day it goes to the latest price. Promotional money is in `other` when it
    is given or taken away: equity counts it, and losses it bears are losses.
    """
    if by not in PNL_BY:
        raise InvalidArgument(f"by={by!r} is not one of {', '.join(map(repr, PNL_BY))}.")
    with exactly():
        table, valued = Table(by, has_ledger=ledger is not None), Prices(prices)
        rows = executions(trades)
        lines, promotional = ([], []) if ledger is None else identified(ledger, trades)
        money = _Money(valued, currency)
        _add_rows(table, rows, money)
        _add_lines(table, [*lines, *promotional], rows, money)
        fills = _fills(rows, lines, money)
        _add_charges(table, fills, {line.venue for line in lines}, money)
        _add_profit(table, fills, checked_method(method), money)
        columns = pnl_columns(by)
        frame = to_frame(columns, table.columns(columns), exact=is_exact(trades, ledger))
    valued.warn(3)
    return frame


pnl = lists_columns(pnl_columns("venue")[2:])(pnl)


class _Money:
    """Money of any currency in the one that is asked for, at its time."""

    def __init__(self, prices: Prices, currency: str | None) -> None:
        self.prices = prices
        self.currency = currency

    def name(self, own: str) -> str:
        """Return the currency of a row."""
        return self.currency or own

    def worth(self, amount: Decimal, asset: str, time: int) -> Decimal:
        """Return an amount in the currency of its row."""
        if self.currency in (None, asset) or not amount:
            return amount
        return on_grid(amount * self.prices.value(asset, self.currency or asset, time))


def _add_rows(table: Table, rows: Iterable[Execution], money: _Money) -> None:
    """Count executions and what they were worth."""
    for row in rows:
        own = row.pair.currency if row.venue == "futures" else row.pair.quote
        key = table.key(row.time, row.venue, row.market, row.position, money.name(own))
        value = row.amount if row.pair.is_inverse else row.cost
        table.add(key, "turnover", money.worth(value, own, row.time))
        table.add(key, "trades", 1)


def _fills(rows: list[Execution], lines: Sequence[Line], money: _Money) -> list[Fill]:
    """Return everything that opens and closes lots, in the order of time."""
    if money.currency is None:
        return list(market_fills(rows, money.prices))
    futures = list(market_fills(_futures(rows), money.prices))
    moved = _moved(lines, money)
    found = futures + currency_fills(rows, None, money.prices, money.currency) + moved
    return sorted(found, key=lambda fill: fill.time)


def _futures(rows: Iterable[Execution]) -> list[Execution]:
    return [row for row in rows if row.venue == "futures"]


def _moved(lines: Iterable[Line], money: _Money) -> list[Fill]:
    """Return what came to or left coins otherwise: by transfers, or booked by futures."""
    currency = money.currency or ""
    found = []
    for line in lines:
        asset = money_of(line.asset)
        if asset == currency or (line.venue == "spot" and line.kind in ("in", "out", "fee")):
            continue
        rate = money.prices.value(asset, currency, line.time)
        found.append(
            Fill(
                line.row, line.time, line.venue, None, Pair(asset, currency, currency),
                asset, line.change, rate, on_grid(abs(line.change) * rate), ZERO,
                effect="open" if line.change > 0 else "close", kind=line.kind,
            )
        )  # fmt: skip
    return found


def _add_lines(
    table: Table, lines: Iterable[Line], rows: Iterable[Execution], money: _Money
) -> None:
    """Add what only the ledger tells: transfers, funding when it was booked, and the rest."""
    markets: dict[int | None, str | None] = {row.position: row.market for row in rows}
    markets[None] = None
    measures = {"transfer": "transfers", "funding": "funding"}
    measures |= dict.fromkeys(("other", "unexplained"), "other")
    for line in lines:
        measure = measures.get(line.kind)
        if measure is not None:
            asset = money_of(line.asset)
            name = money.name(asset)
            market = line.market or markets.get(line.position)
            key = table.key(line.time, line.venue, market, line.position, name)
            table.add(key, measure, money.worth(line.change, asset, line.time))


def _add_charges(table: Table, fills: Iterable[Fill], booked: set[str], money: _Money) -> None:
    """Add fees, and the funding that is reported with closes where no ledger books it."""
    for fill in fills:
        key = _key_of(table, fill, money)
        table.add(key, "fees", _worth(fill, fill.fee, money))
        if fill.funding and fill.venue not in booked:
            table.add(key, "funding", _worth(fill, fill.funding, money))


def _add_profit(table: Table, fills: list[Fill], method: str, money: _Money) -> None:
    """Add profits of what was closed, and of what is open."""
    if table.by == "day":
        _add_days(table, fills, method, money)
        return
    parts, books = match(fills, method)
    _add_realized(table, parts, money)
    for book in books.values():
        for lot in book.lots:
            price = _price(lot.fill, money, None)
            key = _key_of(table, lot.fill, money)
            table.add(key, "unrealized", _now(lot.fill, unrealized(lot, price), money, None))


def _add_realized(table: Table, parts: Iterable[Part], money: _Money) -> None:
    for part in parts:
        key = _key_of(table, part.closing, money)
        table.add(key, "realized", _worth(part.closing, part.gross, money))


def _key_of(table: Table, fill: Fill, money: _Money) -> Key:
    name = money.name(fill.pair.currency)
    return table.key(fill.time, fill.venue, fill.market, fill.position, name)


def _worth(fill: Fill, amount: Decimal, money: _Money) -> Decimal:
    return money.worth(amount, fill.pair.currency, fill.time)


def _price(fill: Fill, money: _Money, moment: int | None) -> Decimal:
    """Return what a lot would close at."""
    pair = fill.pair
    if fill.market is None or (money.currency is not None and not fill.is_future):
        return money.prices.value(pair.base, pair.currency, moment)
    side = fill.sign if fill.is_future else 0
    return money.prices.of(fill.venue, (fill.market, pair.base, pair.quote), moment, side)


def _now(fill: Fill, amount: Decimal, money: _Money, moment: int | None) -> Decimal:
    """Return open profit in the currency of its row, at the rate of the moment."""
    own = fill.pair.currency
    if money.currency in (None, own) or not amount:
        return amount
    return on_grid(amount * money.prices.value(own, money.currency or own, moment))


def _add_days(table: Table, fills: list[Fill], method: str, money: _Money) -> None:
    """Add profits day by day, and how open profit changed in each."""
    books: dict[Hashable, Book] = {}
    before: dict[Key, Decimal] = {}
    by_day = groupby(fills, key=lambda fill: fill.time // DAY_US)
    days = {day: list(found) for day, found in by_day}
    for day, is_last in _calendar(days, money.prices):
        parts, books = match(days.get(day, ()), method, books)
        _add_realized(table, parts, money)
        books = {key: book for key, book in books.items() if book.amount}
        moment = None if is_last else (day + 1) * DAY_US
        now = _open_profit(books, money, moment)
        for venue, name in {**before, **now}:
            change = now.get((venue, name), ZERO) - before.get((venue, name), ZERO)
            if change.is_nan() or change:
                table.add((day * DAY_US, venue, name), "unrealized", change)
        before = now


def _calendar(days: dict[int, list[Fill]], prices: Prices) -> Iterator[tuple[int, bool]]:
    """Yield every day from the first execution to the last one, or to the last price."""
    if not days:
        return
    moments = prices.moments
    last = max([*days, *(moment // DAY_US for moment in moments[-1:])])
    # Without prices over time, days on which nothing happened say nothing.
    wanted = range(min(days), last + 1) if moments else sorted(days)
    for day in wanted:
        yield day, day == last


def _open_profit(
    books: dict[Hashable, Book], money: _Money, moment: int | None
) -> dict[Key, Decimal]:
    found: dict[Key, Decimal] = defaultdict(lambda: ZERO)
    for book in books.values():
        fill = book.lots[0].fill
        profit = book.unrealized(_price(fill, money, moment))
        name = money.name(fill.pair.currency)
        found[fill.venue, name] += _now(fill, profit, money, moment)
    return found
