"""Reconciliation: the ledger has to explain the balances, and your records the ledger."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd

from btcc_research.analytics import findings
from btcc_research.analytics.breaks import to_breaks_frame
from btcc_research.analytics.chain import Account, Chain
from btcc_research.analytics.columns import DISCREPANCIES, RECONCILIATION, lists_columns
from btcc_research.analytics.exactness import UNKNOWN, ZERO, exactly, from_records
from btcc_research.analytics.examination import (
    Examination,
    examine,
    reported_balances,
    residual_of,
)


@lists_columns(RECONCILIATION)
@exactly()
def reconcile(
    ledger: pd.DataFrame,
    trades: pd.DataFrame,
    transfers: pd.DataFrame | None = None,
    balances: pd.DataFrame | None = None,
    positions: pd.DataFrame | None = None,
    *,
    within: Any = "5s",
) -> pd.DataFrame:
    """Return how executions, fees, funding and transfers explain every balance.

    Returns
    -------
    DataFrame
        One row a venue and currency, RangeIndex. Columns:

        {columns}

        Where `residual` is not 0, or `discrepancies` is not 0, the function
        `discrepancies` (same arguments) returns the rows that do not fit.

    Parameters
    ----------
    ledger, trades, transfers, balances, positions : DataFrame
        As the functions of these names of `btcc` return them, for the same time. Exact
        frames (``exact=True``) are compared to the last digit; in float frames what a float
        cannot tell apart is equal. Without `transfers` the ledger's own are believed,
        without `balances` its last line is.
    within : anything pandas reads as a length of time
        A booking belongs to an execution when it is at most so much before or after it.

    Raises
    ------
    InvalidArgument
        If a frame lacks a column.

    Notes
    -----
    Executions, fees, profit and transfers are taken from your records; funding and `other`
    from the ledger. BTCC's ledger of futures names deposits and withdrawals only: the rest
    is told by amount, time, and position; words and remarks are used where there are any.
    Spot balances are shown with eight decimals, cut: what the cut hides is no residual.
    """
    found = examine(ledger, trades, transfers, balances, positions, within)
    return _summary(found, balances, exact=found.measure.exact)


@lists_columns(DISCREPANCIES)
@exactly()
def discrepancies(
    ledger: pd.DataFrame,
    trades: pd.DataFrame,
    transfers: pd.DataFrame | None = None,
    balances: pd.DataFrame | None = None,
    positions: pd.DataFrame | None = None,
    *,
    within: Any = "5s",
) -> pd.DataFrame:
    """Return the rows that break an account: what was expected, what is there, and why.

    Returns
    -------
    DataFrame
        One row for each row that does not fit, sorted by time, RangeIndex; empty where
        everything fits. Columns:

        {columns}

    Parameters
    ----------
    ledger, trades, transfers, balances, positions, within
        As for `reconcile`.

    Raises
    ------
    InvalidArgument
        If a frame lacks a column.

    Notes
    -----
    Which of two rows that contradict each other is wrong is decided by the rest: a ledger
    line whose balance does not follow from the one before it, or whose neighbours of the
    same execution agree with the trade, is the odd one; otherwise the trade is.
    """
    found = examine(ledger, trades, transfers, balances, positions, within)
    return to_breaks_frame(found.breaks, exact=found.measure.exact)


_FROM_LINES = ("funding", "other", "promotional")


def _summary(found: Examination, balances: pd.DataFrame | None, *, exact: bool) -> pd.DataFrame:
    known = reported_balances(balances, found.chains)
    accounts = sorted({*found.chains, *known} | {(i.venue, i.asset) for i in found.items})
    rows = [_account(found, account, known.get(account)) for account in accounts]
    return from_records(RECONCILIATION, rows, exact=exact)


def _account(
    found: Examination, account: Account, known: tuple[int, Decimal, Decimal] | None
) -> dict[str, Any]:
    """Return one account's row."""
    chain = found.chains.get(account) or Chain([], [])
    sums = _sums(found, account)
    closing = chain.opening + sums["executions_in"] - sums["executions_out"] - sums["fees"]
    closing += sums["funding"] + sums["profit"] + sums["transfers"] + sums["other"]
    _, reported, frozen = known or (0, UNKNOWN, UNKNOWN)
    last = chain.closing if known is None else reported
    residual = residual_of(account, last, frozen, closing, found.measure)
    if not found.measure.exact and abs(residual) <= _dust_of(chain):
        residual = ZERO
    count = sum((one.venue, one.asset) == account for one in found.breaks)
    return {
        "venue": account[0], "asset": account[1], "opening": chain.opening, **sums,
        "closing": closing, "ledger": chain.closing, "reported": reported, "residual": residual,
        "discrepancies": count,
    }  # fmt: skip


def _sums(found: Examination, account: Account) -> dict[str, Decimal]:
    """Return what an account's records and the rest of its ledger add up to."""
    sums = dict.fromkeys(("in", "out", "fee", "funding", "profit", "transfer", "other"), ZERO)
    for item in [*found.items, *found.doubled]:
        if (item.venue, item.asset) == account:
            rounded = item.slack and item.line is not None and len(item.lines) == 1
            change = item.line.change if rounded and item.line is not None else item.change
            sums[item.kind] += change
    for line in found.chains[account].lines if account in found.chains else ():
        if line.kind in _FROM_LINES or (line.kind == "transfer" and not found.moved):
            sums["other" if line.kind == "promotional" else line.kind] += line.change
    for line in found.promotional:
        if (line.venue, line.asset) == account:
            sums["other"] += line.change
    for item in found.moved:
        if (item.venue, item.asset) == account:
            sums["transfer"] += item.change
    return {
        "executions_in": sums["in"], "executions_out": -sums["out"], "fees": -sums["fee"],
        "funding": sums["funding"], "profit": sums["profit"], "transfers": sums["transfer"],
        "other": sums["other"],
    }  # fmt: skip


def _dust_of(chain: Chain) -> Decimal:
    """Return what the sum of a float ledger may be off by rounding alone."""
    return findings.total(abs(line.change) + abs(line.balance) for line in chain.lines) * (
        Decimal(2) ** -53
    )
