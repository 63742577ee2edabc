"""How well trading went: round trips by group, and an account beside its benchmark."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from btcc_research.analytics import ratios
from btcc_research.analytics.columns import ROUND_TRIPS, TRIP_STATISTICS, lists_columns
from btcc_research.analytics.exactness import (
    ZERO,
    columns_of,
    exactly,
    from_records,
    is_exact,
    ratio,
    stamp,
)
from btcc_research.errors import InvalidArgument

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
BY = ("all", "market", "side", "venue", "hour", "weekday")
_NEEDED = ("closed_at", "gross", "fees", "net", "currency")


@lists_columns(TRIP_STATISTICS)
@exactly()
def trip_statistics(trips: pd.DataFrame, by: str = "all") -> pd.DataFrame:
    """Return how round trips went, altogether or by group.

    Returns
    -------
    DataFrame
        One row a group and currency, groups in their natural order, RangeIndex. Columns:

        {columns}

    Parameters
    ----------
    trips : DataFrame
        As `round_trips` returns it.
    by : {"all", "market", "side", "venue", "hour", "weekday"}
        Hours (``"00"`` to ``"23"``) and weekdays are those of `closed_at`, in UTC.

    Raises
    ------
    InvalidArgument
        For another `by`, or a frame that lacks a column.

    Notes
    -----
    A trip whose net is NA counts in `trips` and makes the sums NA, but is neither win nor
    loss. Fees are compared with the gross profit of the trips that had one: a share above 1
    says that fees took more than was won.
    """
    if by not in BY:
        raise InvalidArgument(f"by={by!r} is not one of {', '.join(map(repr, BY))}.")
    data = columns_of(trips, ROUND_TRIPS, _NEEDED, "analytics.round_trips")
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, currency in enumerate(data["currency"]):
        groups[_group(data, place, by), currency].append(place)
    keys = sorted(groups, key=lambda key: (_order(key[0], by), key[1]))
    rows = [_statistics(data, groups[key], key) for key in keys]
    return from_records(TRIP_STATISTICS, rows, exact=is_exact(trips))


def _group(data: dict[str, list[Any]], place: int, by: str) -> str:
    if by == "all":
        return "all"
    if by == "hour":
        return f"{stamp(data['closed_at'][place]).hour:02d}"
    if by == "weekday":
        return WEEKDAYS[stamp(data["closed_at"][place]).weekday()]
    return str(data[by][place])


def _order(group: str, by: str) -> tuple[int, str]:
    return (WEEKDAYS.index(group) if by == "weekday" else 0, group)


def _statistics(
    data: dict[str, list[Any]], places: Sequence[int], key: tuple[str, str]
) -> dict[str, Any]:
    def total(name: str) -> Decimal:
        return sum((data[name][place] for place in places), ZERO)

    nets = [net for place in places if not (net := data["net"][place]).is_nan()]
    wins, losses = [net for net in nets if net > 0], [net for net in nets if net < 0]
    won, lost = sum(wins, ZERO), sum(losses, ZERO)
    fundings = [data["funding"][place] for place in places]
    paid = -sum((one for one in fundings if not one.is_nan() and one < 0), ZERO)
    grosses = [data["gross"][place] for place in places]
    profit = sum((one for one in grosses if not one.is_nan() and one > 0), ZERO)
    count = Decimal(len(places))
    return {
        "group": key[0], "currency": key[1], "trips": len(places), "wins": len(wins),
        "losses": len(losses), "win_rate": ratio(Decimal(len(wins)), count),
        "average_win": ratio(won, Decimal(len(wins))),
        "average_loss": ratio(lost, Decimal(len(losses))),
        "expectancy": ratio(total("net"), count), "profit_factor": ratio(won, -lost),
        "gross": total("gross"), "fees": total("fees"), "funding": total("funding"),
        "net": total("net"), "fee_share": ratio(total("fees"), profit),
        "funding_share": ratio(paid, profit),
        "turnover": total("entry_value") + total("exit_value"),
    }  # fmt: skip


MEASURES = (
    "total_return", "annual_return", "volatility", "sharpe", "sortino", "calmar", "max_drawdown",
    "best", "worst", "steps", "exposure", "time_in_market", "turnover", "flows", "profit",
)  # fmt: skip


def statistics(
    curve: pd.DataFrame, benchmark: pd.DataFrame | None = None, *, periods: float | None = None
) -> pd.DataFrame:
    """Return the figures of an account, and of a benchmark beside it.

    Returns
    -------
    DataFrame
        Index `measure`; columns account and benchmark (NA without one), float64. Measures:

        total_return, annual_return, volatility, sharpe, sortino, calmar, max_drawdown : as
        the functions of these names; best, worst : of a step; steps : returns that are
        known; exposure : mean of exposure / equity; time_in_market : share of steps that end
        with exposure; turnover : value traded in a year / mean equity; flows : deposits less
        withdrawals, the first known equity included; profit : equity at the end less flows.

    Parameters
    ----------
    curve, benchmark : DataFrame
        As `equity_curve` and `hold` return them.
    periods : float, optional
        Steps a year; by default told from the index, a year having 365 days.

    Raises
    ------
    InvalidArgument
        If a column is lacking, or `periods` is left out and cannot be told.
    """
    figures = {"account": _figures(curve, periods)}
    figures["benchmark"] = (
        dict.fromkeys(MEASURES, math.nan) if benchmark is None else _figures(benchmark, periods)
    )
    frame = pd.DataFrame(figures, index=pd.Index(MEASURES, name="measure", dtype="str"))
    return frame.astype("float64")


def _figures(curve: pd.DataFrame, periods: float | None) -> dict[str, float]:
    names = ("equity", "flow", "return", "exposure", "turnover")
    lacking = [name for name in names if name not in curve.columns]
    if lacking:
        raise InvalidArgument(f"curve lacks {lacking[0]!r}; pass what equity_curve() returns.")
    curve = curve[list(names)].astype("float64")
    curve = curve[curve["equity"].notna().cummax()]  # from the first known value on
    equity, flow, returns, exposure, turnover = (curve[name] for name in names)
    known = returns.dropna()
    if not len(known):
        return dict.fromkeys(MEASURES, math.nan)
    yearly = periods or ratios.periods_per_year(returns)
    put_in = float(equity.iloc[0]) + float(flow.iloc[1:].sum())
    return {
        "total_return": ratios.total_return(known),
        "annual_return": ratios.annual_return(known, yearly),
        "volatility": ratios.volatility(known, yearly),
        "sharpe": ratios.sharpe(known, yearly),
        "sortino": ratios.sortino(known, yearly),
        "calmar": ratios.calmar(known, yearly),
        "max_drawdown": ratios.max_drawdown(known),
        "best": float(known.max()), "worst": float(known.min()), "steps": float(len(known)),
        "exposure": float((exposure / equity).replace([math.inf, -math.inf], math.nan).mean()),
        "time_in_market": float((exposure > 0).mean()),
        "turnover": float(turnover.sum()) / len(known) * yearly / float(equity.mean()),
        "flows": put_in, "profit": float(equity.iloc[-1]) - put_in,
    }  # fmt: skip
