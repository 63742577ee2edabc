"""Tax lots: every disposal of a coin, what it cost and brought, and how long it was held."""

from __future__ import annotations

from typing import Any

import pandas as pd

from btcc_research.analytics.books import Part, checked_method, match
from btcc_research.analytics.columns import TAX_LOTS, lists_columns
from btcc_research.analytics.exactness import exactly, is_exact, to_frame
from btcc_research.analytics.fills import currency_fills, executions
from btcc_research.analytics.trips import opened_at
from btcc_research.analytics.valuation import Prices

DAY_US = 86_400_000_000


@lists_columns(TAX_LOTS)
@exactly()
def tax_lots(
    trades: pd.DataFrame,
    method: str = "fifo",
    *,
    currency: str = "USDT",
    prices: Any = None,
    transfers: pd.DataFrame | None = None,
    long_term_days: int = 365,
) -> pd.DataFrame:
    """Return every disposal of a coin on spot, lot by lot, valued in one currency.

    Returns
    -------
    DataFrame
        Sorted by `disposed_at`, RangeIndex. Columns:

        {columns}

    Parameters
    ----------
    trades : DataFrame
        As `btcc.trades` returns it, from the first execution on. Futures are no coins held:
        `round_trips` has their profits.
    method : {"fifo", "lifo", "hifo", "average"}
        Which lot is disposed of first; over all markets of a coin. ``"average"`` takes dates
        first in, first out and the average cost of all coins held.
    currency : str
        What everything is valued in; it has no lots itself.
    prices : optional
        Values the quote of other markets, third-currency fees and transfers; see `pnl`.
        Selling ETH for BTC disposes of ETH and acquires BTC at what that BTC was worth.
    transfers : DataFrame, optional
        As `btcc.transfers` returns it. A coin that came in is acquired at its price then, a
        coin that went out disposed of at its price then (`disposed_by` says so: whether
        that is a taxable event is not decided here).
    long_term_days : int
        Coins held for at least so many whole days are long term.

    Raises
    ------
    InvalidArgument
        For an unknown method, or a frame that lacks a column.

    Warns
    -----
    ValueUnknown
        If something could not be valued; those numbers are NA.

    Notes
    -----
    More coins disposed of than were acquired in the data: the rest has no acquisition, its
    cost basis and gain are NA. This is arithmetic, not tax advice.
    """
    valued = Prices(prices)
    fills = currency_fills(executions(trades), transfers, valued, currency)
    parts, _ = match(fills, checked_method(method))
    valued.warn()
    data = _tax_data(parts, long_term_days)
    return to_frame(TAX_LOTS, data, exact=is_exact(trades, transfers))


def _tax_data(parts: list[Part], long_term_days: int) -> dict[str, list[Any]]:
    days = [
        (part.closing.time - part.opening.time) // DAY_US if part.opening else None
        for part in parts
    ]
    terms = [None if d is None else "long" if d >= long_term_days else "short" for d in days]
    proceeds = [part.exit_value - part.exit_fee for part in parts]
    basis = [part.entry_value + part.entry_fee for part in parts]
    return {
        "asset": [part.closing.pair.base for part in parts],
        "amount": [part.amount for part in parts],
        "acquired_at": [opened_at(part) for part in parts],
        "disposed_at": [part.closing.time for part in parts],
        "holding_days": days,
        "term": terms,
        "acquired_by": [part.opening.kind if part.opening else None for part in parts],
        "disposed_by": [part.closing.kind for part in parts],
        "proceeds": proceeds,
        "cost_basis": basis,
        "gain": [got - paid for got, paid in zip(proceeds, basis, strict=True)],
        "currency": [part.closing.pair.currency for part in parts],
        "acquired_id": [part.opening.id if part.opening else None for part in parts],
        "disposed_id": [part.closing.id for part in parts],
    }
