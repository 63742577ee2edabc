"""Risk and return of a series of returns, at 365 days a year: crypto trades around the clock."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from btcc_research.analytics.columns import DRAWDOWNS, lists_columns
from btcc_research.analytics.exactness import (
    NEVER,
    from_records,
    is_exact,
    microseconds,
    number,
    stamp,
)
from btcc_research.errors import InvalidArgument

YEAR_US = 365 * 86_400_000_000


def periods_per_year(returns: pd.Series) -> float:
    """Return how many steps of a series a year of 365 days has, from its usual step.

    Raises
    ------
    InvalidArgument
        If the index has no two times.
    """
    if not isinstance(returns.index, pd.DatetimeIndex) or len(returns) < 2:
        raise InvalidArgument(
            "periods cannot be told from the index: pass periods=365 for daily returns."
        )
    steps = np.diff(returns.index.as_unit("us").asi8)
    return YEAR_US / float(np.median(steps))


def _values(returns: pd.Series) -> Any:
    """Return the known returns as floats."""
    values = returns.astype("float64").to_numpy()
    return values[~np.isnan(values)]


def _periods(returns: pd.Series, periods: float | None) -> float:
    return float(periods) if periods else periods_per_year(returns)


def total_return(returns: pd.Series) -> float:
    """Return the growth of all returns together: ``prod(1 + r) - 1``.

    Parameters
    ----------
    returns : Series
        Returns of equal steps, such as the column ``return`` of `equity_curve`; NA is left
        out.
    """
    return float(np.prod(1 + _values(returns)) - 1)


def annual_return(returns: pd.Series, periods: float | None = None) -> float:
    """Return the yearly growth: ``(1 + total_return) ** (periods / count) - 1``.

    Parameters
    ----------
    returns : Series
        Returns of equal steps; NA is left out.
    periods : float, optional
        Steps a year; by default told from the index, a year having 365 days.

    Raises
    ------
    InvalidArgument
        If `periods` is left out and the index has no times.

    Notes
    -----
    NaN without returns. empyrical's `annual_return` is the same with ``annualization=365``,
    but counts missing returns as steps; quantstats' `cagr` takes the years from the calendar.
    """
    values = _values(returns)
    if not len(values):
        return math.nan
    grown = float(np.prod(1 + values))
    if grown < 0:
        return math.nan
    return float(grown ** (_periods(returns, periods) / len(values)) - 1)


def volatility(returns: pd.Series, periods: float | None = None) -> float:
    """Return the yearly standard deviation (of a sample: n - 1) of returns.

    Parameters
    ----------
    returns, periods
        As for `annual_return`.

    Raises
    ------
    InvalidArgument
        If `periods` is left out and the index has no times.

    Notes
    -----
    NaN for fewer than two returns. The same as empyrical's `annual_volatility` and
    quantstats' `volatility`, with 365 days.
    """
    values = _values(returns)
    if len(values) < 2:
        return math.nan
    return float(np.std(values, ddof=1) * math.sqrt(_periods(returns, periods)))


def sharpe(returns: pd.Series, periods: float | None = None, *, risk_free: float = 0.0) -> float:
    """Return mean over standard deviation of returns, times the root of the steps a year.

    Parameters
    ----------
    returns, periods
        As for `annual_return`.
    risk_free : float
        Return of a step without risk, taken from each return.

    Raises
    ------
    InvalidArgument
        If `periods` is left out and the index has no times.

    Notes
    -----
    NaN for fewer than two returns or where they do not vary. The same as empyrical's
    `sharpe_ratio` with 365 days; quantstats' `sharpe` takes a yearly `rf` instead.
    """
    values = _values(returns) - risk_free
    if len(values) < 2 or not np.std(values, ddof=1):
        return math.nan
    spread = np.std(values, ddof=1)
    return float(np.mean(values) / spread * math.sqrt(_periods(returns, periods)))


def sortino(returns: pd.Series, periods: float | None = None, *, required: float = 0.0) -> float:
    """Return mean over downside deviation of returns, times the root of the steps a year.

    Parameters
    ----------
    returns, periods
        As for `annual_return`.
    required : float
        Return of a step below which it counts as downside.

    Raises
    ------
    InvalidArgument
        If `periods` is left out and the index has no times.

    Notes
    -----
    The downside deviation is the root of the mean square of ``min(r - required, 0)`` over
    all returns, not only the bad ones. NaN for fewer than two returns or without any
    downside. The same as empyrical's `sortino_ratio` with 365 days (which is infinite
    without downside) and quantstats' `sortino`.
    """
    values = _values(returns) - required
    downside = math.sqrt(float(np.mean(np.minimum(values, 0.0) ** 2))) if len(values) else 0.0
    if len(values) < 2 or not downside:
        return math.nan
    return float(np.mean(values) / downside * math.sqrt(_periods(returns, periods)))


def drawdown(returns: pd.Series) -> pd.Series:
    """Return how far below its highest value so far an investment was after each return.

    Returns
    -------
    Series
        float64, 0 at a high, negative below it; index that of `returns`.

    Parameters
    ----------
    returns : Series
        Returns of equal steps; NA counts as 0.
    """
    grown = np.cumprod(1 + np.nan_to_num(returns.astype("float64").to_numpy()))
    high = np.maximum.accumulate(np.maximum(grown, 1.0))
    return pd.Series(grown / high - 1, index=returns.index, name="drawdown")


def max_drawdown(returns: pd.Series) -> float:
    """Return the deepest drawdown, 0 or negative; the beginning counts as a high.

    Parameters
    ----------
    returns : Series
        Returns of equal steps; NA counts as 0.

    Notes
    -----
    NaN without returns. The same as empyrical's and quantstats' `max_drawdown`.
    """
    return float(drawdown(returns).min()) if len(_values(returns)) else math.nan


def calmar(returns: pd.Series, periods: float | None = None) -> float:
    """Return the yearly growth over the deepest drawdown.

    Parameters
    ----------
    returns, periods
        As for `annual_return`.

    Raises
    ------
    InvalidArgument
        If `periods` is left out and the index has no times.

    Notes
    -----
    NaN without a drawdown. The same as empyrical's `calmar_ratio` with 365 days;
    quantstats' `calmar` takes the years from the calendar.
    """
    deepest = max_drawdown(returns)
    if not deepest or math.isnan(deepest):
        return math.nan
    return annual_return(returns, periods) / abs(deepest)


@lists_columns(DRAWDOWNS)
def drawdowns(returns: pd.Series) -> pd.DataFrame:
    """Return every drawdown, the deepest first.

    Returns
    -------
    DataFrame
        RangeIndex. Columns:

        {columns}
        length : timedelta64[us] (from the peak until it was reached again, or until the end)

    Parameters
    ----------
    returns : Series
        Returns of equal steps with times as index; NA counts as 0. The index has the ends of
        the steps: a drawdown that begins with the first return has its peak there.
    """
    under, found = drawdown(returns).to_numpy(), []
    moments = microseconds(pd.Series(returns.index))
    start = None
    for place, depth in enumerate([*under.tolist(), 0.0]):
        if depth < 0 and start is None:
            start = place
        elif depth >= 0 and start is not None:
            found.append((start, place))
            start = None
    rows = [_drawdown(under, moments, first, after) for first, after in found]
    rows.sort(key=lambda row: row["depth"])
    frame = from_records(DRAWDOWNS, rows, exact=is_exact(returns))
    ended = frame["recovered_at"].fillna(stamp(max(moments, default=0)))
    frame["length"] = ended - frame["peak_at"]
    return frame


def _drawdown(under: Any, moments: list[int], first: int, after: int) -> dict[str, Any]:
    peak = max(first - 1, 0)
    trough = first + int(np.argmin(under[first:after]))
    recovered = after < len(moments)
    return {
        "peak_at": moments[peak],
        "trough_at": moments[trough],
        "recovered_at": moments[after] if recovered else NEVER,
        "depth": number(round(float(under[trough]), 18)),
        "steps": (after if recovered else len(moments) - 1) - peak,
    }
