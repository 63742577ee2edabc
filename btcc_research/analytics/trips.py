"""Open lots, round trips and tax lots of one's own executions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd

from btcc_research.analytics.books import Lot, Part, checked_method, match
from btcc_research.analytics.columns import LOTS, ROUND_TRIPS, lists_columns
from btcc_research.analytics.exactness import (
    NEVER,
    UNKNOWN,
    ZERO,
    booked,
    columns_of,
    exactly,
    is_exact,
    number,
    number_array,
    on_grid,
    ratio,
    to_frame,
)
from btcc_research.analytics.fills import executions, market_fills
from btcc_research.analytics.valuation import Prices
from btcc_research.tables import POSITIONS

DAY_US = 86_400_000_000
_SIDES = {1: "long", -1: "short"}


@lists_columns(LOTS)
@exactly()
def lots(
    trades: pd.DataFrame,
    method: str = "fifo",
    *,
    prices: Any = None,
) -> pd.DataFrame:
    """Return what is still open: spot by market, futures by position.

    Returns
    -------
    DataFrame
        One row an open lot, sorted by market and time, RangeIndex. Columns:

        {columns}

    Parameters
    ----------
    trades : DataFrame
        As `btcc.trades` returns it, from the first execution on.
    method : {"fifo", "lifo", "hifo", "average"}
        Which lot a sale closes: the oldest, the newest, the one with the smallest gain (the
        dearest; of coins sold short the cheapest), or all alike at their average cost, which
        leaves one row a market. Futures close the position they name, whatever the method.
    prices : optional
        Values fees that were taken in a third currency; see `pnl`.

    Raises
    ------
    InvalidArgument
        For an unknown method, or a frame that lacks a column.

    Notes
    -----
    A fee taken in the coin that was bought leaves fewer coins in the lot; it is valued at the
    price of its own execution and kept beside the cost, not in it. Coins sold before they
    were bought in that market (they came from elsewhere) are a lot of side short.
    """
    valued = Prices(prices)
    _, books = match(market_fills(executions(trades), valued), checked_method(method))
    valued.warn()
    found = [lot for book in books.values() for lot in book.lots]
    found.sort(key=lambda lot: (lot.fill.venue, lot.fill.market or "", lot.fill.time))
    return to_frame(LOTS, _lot_data(found), exact=is_exact(trades))


def _lot_data(found: list[Lot]) -> dict[str, list[Any]]:
    return {
        "opened_at": [lot.fill.time for lot in found],
        "venue": [lot.fill.venue for lot in found],
        "market": [lot.fill.market for lot in found],
        "base": [lot.fill.pair.base for lot in found],
        "side": [_SIDES[lot.fill.sign] for lot in found],
        "amount": [lot.amount for lot in found],
        "price": [ratio(lot.value, lot.amount) for lot in found],
        "cost": [lot.value for lot in found],
        "fees": [lot.fee for lot in found],
        "currency": [lot.fill.pair.currency for lot in found],
        "id": [lot.fill.id for lot in found],
        "position_id": [lot.fill.position for lot in found],
    }


@lists_columns(ROUND_TRIPS)
@exactly()
def round_trips(
    trades: pd.DataFrame,
    method: str = "fifo",
    *,
    prices: Any = None,
) -> pd.DataFrame:
    """Return every lot, or part of one, that was closed: what it cost and what it brought.

    Returns
    -------
    DataFrame
        Sorted by `closed_at`, RangeIndex. Columns:

        {columns}
        duration : timedelta64[us] (closed_at - opened_at)

    Parameters
    ----------
    trades, method, prices
        As for `lots`.

    Raises
    ------
    InvalidArgument
        For an unknown method, or a frame that lacks a column.

    Warns
    -----
    ValueUnknown
        If a fee was taken in a currency without a price: `fees`, `net` and the returns of
        those rows are NA.

    Notes
    -----
    Spot: ``gross = exit_value - entry_value`` (of a short the reverse) at the prices of the
    executions. Futures: BTCC reports profits with two decimals and books eight; `gross` has
    all digits where price and amount explain the reported number, and is the reported number
    where they do not. Coin-margined: ``gross = amount x (1 - entry_price / exit_price)``, in
    the coin (of a short with the other sign). A partial close takes its share of the entry
    fee; funding is what BTCC reports with the close. A close whose opening is not in the
    data has no entry, and on futures the reported profit.
    """
    valued = Prices(prices)
    parts, _ = match(market_fills(executions(trades), valued), checked_method(method))
    valued.warn()
    frame = to_frame(ROUND_TRIPS, _trip_data(parts), exact=is_exact(trades))
    frame["duration"] = frame["closed_at"] - frame["opened_at"]
    return frame


def _trip_data(parts: list[Part]) -> dict[str, list[Any]]:
    margins = [_margin(part) for part in parts]
    nets = [part.net for part in parts]
    return {
        "opened_at": [opened_at(part) for part in parts],
        "closed_at": [part.closing.time for part in parts],
        "venue": [part.closing.venue for part in parts],
        "market": [part.closing.market for part in parts],
        "base": [part.closing.pair.base for part in parts],
        "side": [_SIDES[part.sign] for part in parts],
        "amount": [part.amount for part in parts],
        "entry_price": [ratio(part.entry_value, part.amount) for part in parts],
        "exit_price": [ratio(part.exit_value, part.amount) for part in parts],
        "entry_value": [part.entry_value for part in parts],
        "exit_value": [part.exit_value for part in parts],
        "gross": [part.gross for part in parts],
        "fees": [part.entry_fee + part.exit_fee for part in parts],
        "funding": [part.funding for part in parts],
        "net": nets,
        "currency": [part.closing.pair.currency for part in parts],
        "return": [ratio(net, _entry_worth(part)) for part, net in zip(parts, nets, strict=True)],
        "margin": margins,
        "return_on_margin": [ratio(net, margin) for net, margin in zip(nets, margins, strict=True)],
        "entry_id": [part.opening.id if part.opening else None for part in parts],
        "exit_id": [part.closing.id for part in parts],
        "position_id": [part.closing.position for part in parts],
    }


def opened_at(part: Part) -> int:
    """Return when what a part closed was opened."""
    return part.opening.time if part.opening else NEVER


def _entry_worth(part: Part) -> Any:
    """Return the value at entry in the currency of the profit; coin-margined lots are coins."""
    return part.amount if part.closing.pair.is_inverse else part.entry_value


def _margin(part: Part) -> Any:
    leverage = part.opening.leverage if part.opening else None
    return booked(_entry_worth(part) / leverage) if leverage else UNKNOWN


@exactly()
def break_even(positions: pd.DataFrame, fee_rate: Any = "0.00045") -> pd.Series:
    """Return the price at which closing a futures position would leave nothing, fees paid.

    Returns
    -------
    Series
        float64 (exact where `positions` is), named ``break_even``, the index of `positions`.

    Parameters
    ----------
    positions : DataFrame
        As `btcc.positions` returns it.
    fee_rate : number or str
        Fee of the value on opening and on closing; by default what BTCC published for the
        lowest level (about 2021).

    Raises
    ------
    InvalidArgument
        If a column is lacking.

    Notes
    -----
    With rate f and funding F so far (negative: paid), long
    ``(open x (1 + f) - F / amount) / (1 - f)``, short
    ``(open x (1 - f) + F / amount) / (1 + f)``; coin-margined
    ``open / (1 - 2f + F / amount)`` and ``open / (1 + 2f - F / amount)``.
    """
    needed = ("side", "amount", "open_price")
    data = columns_of(positions, POSITIONS, needed, "positions")
    rate = number(fee_rate)
    found = [
        on_grid(_break_even(side, open_price, carried, rate, contract == "coin-margined"))
        for side, open_price, carried, contract in zip(
            data["side"], data["open_price"], _carried(data), data["contract"], strict=True
        )
    ]
    values = number_array(found, exact=is_exact(positions))
    return pd.Series(values, index=positions.index, name="break_even")


def _carried(data: dict[str, list[Any]]) -> list[Decimal]:
    """Return the funding so far of one unit of each position."""
    pairs = zip(data["funding"], data["amount"], strict=True)
    return [ratio(ZERO if funding.is_nan() else funding, amount) for funding, amount in pairs]


def _break_even(
    side: str, price: Decimal, carried: Decimal, rate: Decimal, is_inverse: bool
) -> Decimal:
    sign = 1 if side == "long" else -1
    if is_inverse:
        return price / (1 - sign * (2 * rate - carried))
    return (price * (1 + sign * rate) - sign * carried) / (1 - sign * rate)
