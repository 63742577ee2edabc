"""What trading costs: executions and orders against the quotes there were."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from btcc_research.analytics.columns import (
    COST_SUMMARY,
    EXECUTION_COSTS,
    lists_columns,
)
from btcc_research.analytics.exactness import (
    UNKNOWN,
    ZERO,
    columns_of,
    exactly,
    from_records,
    is_exact,
    on_grid,
    ratio,
)
from btcc_research.analytics.fills import Execution, executions
from btcc_research.analytics.quotes import Quotes, duration
from btcc_research.errors import InvalidArgument
from btcc_research.protocol.endpoint import Field, decimal
from btcc_research.tables import ORDERS, TRADES

HORIZONS = ("1s", "10s", "1min", "5min", "15min", "1h")
BPS = Decimal(10_000)
SUMMARY_BY = ("all", "market", "venue", "side", "role")


@lists_columns(EXECUTION_COSTS)
@exactly()
def execution_costs(
    trades: pd.DataFrame,
    quotes: pd.DataFrame,
    orders: pd.DataFrame | None = None,
    *,
    tolerance: Any = "5s",
    horizons: Sequence[str] = HORIZONS,
    realized_after: str = "5min",
) -> pd.DataFrame:
    """Return what each execution cost against the quotes around it.

    Returns
    -------
    DataFrame
        One row an execution, in the order of time, RangeIndex. Columns:

        {columns}
        markout_1s, ... : float64, one for each of `horizons`
        (sign x (mid that much later - price) / price, in basis points: positive is a gain)

        The sign is 1 for a buy, -1 for a sell: costs are positive. NA where there is no
        quote.

    Parameters
    ----------
    trades : DataFrame
        As `btcc.trades` returns it.
    quotes : DataFrame
        Columns time, market, bid, ask, as recorded or fetched; with the column venue where
        venues differ. The quote of a time is the last one at or before it.
    orders : DataFrame, optional
        As `btcc.orders` returns it: when an order was created, for the arrival mid. Without
        it, and for futures, whose executions name no order, slippage is NA.
    tolerance : anything pandas reads as a length of time
        How old a quote may be.
    horizons : sequence of str
        How much later markouts look.
    realized_after : str
        How much later the realized spread and the impact look.

    Raises
    ------
    InvalidArgument
        If a frame lacks a column, or something is no length of time.

    Notes
    -----
    Nothing looks ahead but markouts, realized spread and impact, and those no further than
    they say. A fee in a third currency is NA here.
    """
    found = Quotes(quotes, tolerance)
    rows = executions(trades)
    later = duration(realized_after, "realized_after")
    roles = column_of(trades, "role")
    arrivals = {} if orders is None else _created(orders)
    records = [_execution(row, roles[row.row], found, arrivals, later) for row in rows]
    columns = EXECUTION_COSTS
    for name in horizons:
        shift = duration(name, "horizons")
        columns = (*columns, _markout_field(name))
        for row, record in zip(rows, records, strict=True):
            mid = found.at(row.venue, row.market, row.time + shift).mid
            moved = ratio((mid - row.price) * row.sign, row.price)
            record[columns[-1].name] = on_grid(moved * BPS)
    return from_records(columns, records, exact=is_exact(trades, quotes))


def _markout_field(horizon: str) -> Field:
    return decimal(f"markout_{horizon.replace(' ', '')}")


def column_of(trades: pd.DataFrame, name: str) -> list[Any]:
    """Return one column of the trades, by their rows."""
    fields = [field for field in TRADES if field.name == name]
    return columns_of(trades, fields, (), "trades")[name]


def _created(orders: pd.DataFrame) -> dict[int, int]:
    """Return when spot orders were created; stop orders are numbered by themselves."""
    data = columns_of(orders, ORDERS, ("created_at", "id"), "orders")
    rows = zip(data["id"], data["venue"], data["type"], data["created_at"], strict=True)
    return {
        key: created
        for key, venue, kind, created in rows
        if key is not None and names_executions(venue, kind)
    }


def names_executions(venue: str | None, kind: str | None) -> bool:
    """Whether executions name such an order: stop orders of spot become another one first."""
    return (venue or "spot") == "spot" and not (kind or "").startswith("stop")


def _execution(
    row: Execution, role: str | None, quotes: Quotes, arrivals: dict[int, int], later: int
) -> dict[str, Any]:
    sign, value = row.sign, on_grid(row.price * row.amount)
    quote = quotes.at(row.venue, row.market, row.time)
    after = quotes.at(row.venue, row.market, row.time + later).mid
    created = arrivals.get(row.order) if row.order is not None and row.venue == "spot" else None
    arrival = UNKNOWN if created is None else quotes.at(row.venue, row.market, created).mid
    fee, mid = fee_in_quote(row), quote.mid

    def bps(part: Decimal, whole: Decimal) -> Decimal:
        return on_grid(ratio(part, whole) * BPS)

    return {
        "time": row.time, "venue": row.venue, "market": row.market, "id": row.id,
        "order_id": row.order, "side": row.side, "role": role, "price": row.price,
        "amount": row.amount, "value": value, "bid": quote.bid, "ask": quote.ask, "mid": mid,
        "quoted_spread_bps": bps(quote.ask - quote.bid, mid),
        "spread_paid": on_grid((row.price - mid) * sign * row.amount),
        "effective_spread_bps": bps(2 * sign * (row.price - mid), mid),
        "realized_spread_bps": bps(2 * sign * (row.price - after), mid),
        "impact_bps": bps(2 * sign * (after - mid), mid),
        "arrival_mid": arrival,
        "slippage": on_grid((row.price - arrival) * sign * row.amount),
        "slippage_bps": bps((row.price - arrival) * sign, arrival),
        "fee": fee, "fee_bps": bps(fee, value),
    }  # fmt: skip


def fee_in_quote(row: Execution) -> Decimal:
    """Return an execution's fee in the quote currency; unknown where it was taken elsewhere."""
    if row.fee_asset == row.pair.base:
        return on_grid(row.fee * row.price)
    return row.fee if not row.fee or row.fee_asset in (row.pair.quote, None) else UNKNOWN


@lists_columns(COST_SUMMARY)
@exactly()
def cost_summary(costs: pd.DataFrame, by: str = "market") -> pd.DataFrame:
    """Return what trading cost on average, weighted by value.

    Returns
    -------
    DataFrame
        One row a group, sorted, RangeIndex. Columns:

        {columns}
        markout_1s, ... : as in `costs`

    Parameters
    ----------
    costs : DataFrame
        As `execution_costs` returns it. Values of different quote currencies are added only
        where `by` mixes markets.
    by : {"all", "market", "venue", "side", "role"}
        What a row stands for.

    Raises
    ------
    InvalidArgument
        For another `by`, or a frame that lacks a column.
    """
    if by not in SUMMARY_BY:
        raise InvalidArgument(f"by={by!r} is not one of {', '.join(map(repr, SUMMARY_BY))}.")
    markouts = [name for name in costs.columns if name.startswith("markout_")]
    declared = (*EXECUTION_COSTS, *map(decimal, markouts))
    needed = [field.name for field in EXECUTION_COSTS]
    data = columns_of(costs, declared, needed, "analytics.execution_costs")
    groups: dict[str, list[int]] = defaultdict(list)
    for place in range(len(costs)):
        groups["all" if by == "all" else str(data[by][place])].append(place)
    columns = (*COST_SUMMARY, *map(decimal, markouts))
    averages = [field.name for field in columns[5:]]
    records = [_summary(data, groups[group], group, averages) for group in sorted(groups)]
    return from_records(columns, records, exact=is_exact(costs))


def _summary(
    data: dict[str, list[Any]], places: list[int], group: str, averages: Sequence[str]
) -> dict[str, Any]:
    values = data["value"]

    def share(chosen: Iterable[int]) -> Decimal:
        return ratio(sum((values[place] for place in chosen), ZERO), total)

    total = sum((values[place] for place in places), ZERO)
    record: dict[str, Any] = {
        "group": group, "executions": len(places), "value": total,
        "quoted": share(place for place in places if not data["mid"][place].is_nan()),
        "maker_share": share(place for place in places if data["role"][place] == "maker"),
    }  # fmt: skip
    for name in averages:
        known = [place for place in places if not data[name][place].is_nan()]
        weighted = sum((data[name][place] * values[place] for place in known), ZERO)
        record[name] = ratio(weighted, sum((values[place] for place in known), ZERO))
    return record
