"""How orders were filled: how much, how fast, and at what cost against the price on arrival."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

import pandas as pd

from btcc_research.analytics.columns import ORDER_COSTS, lists_columns
from btcc_research.analytics.costs import BPS, column_of, fee_in_quote, names_executions
from btcc_research.analytics.exactness import (
    NEVER,
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
from btcc_research.analytics.quotes import Quotes
from btcc_research.tables import ORDERS

Fills = list[tuple[Execution, str | None]]
"""The executions of an order, and whether they were maker or taker."""

_NEEDED = ("created_at", "market", "id", "side", "amount", "filled", "status")


@lists_columns(ORDER_COSTS)
@exactly()
def order_costs(
    orders: pd.DataFrame,
    quotes: pd.DataFrame,
    trades: pd.DataFrame | None = None,
    *,
    tolerance: Any = "5s",
) -> pd.DataFrame:
    """Return how orders were filled: how much, how fast, and at what cost.

    Returns
    -------
    DataFrame
        One row an order, as in `orders`, RangeIndex. Columns:

        {columns}
        time_to_first_fill, time_to_fill : timedelta64[us] (from `created_at`; to the last
        fill only of orders that were filled)

    Parameters
    ----------
    orders : DataFrame
        As `btcc.orders` returns it. Stop orders of spot are left out: what they became is an
        order of its own.
    quotes, tolerance
        As for `execution_costs`.
    trades : DataFrame, optional
        As `btcc.trades` returns it: when spot orders were filled, and as maker or taker.
        Without it, and for futures, the last fill is when the order was finished.

    Raises
    ------
    InvalidArgument
        If a frame lacks a column, or `tolerance` is no length of time.

    Notes
    -----
    Implementation shortfall, against buying or selling everything at the arrival mid:
    ``sign x (average_price - arrival_mid) x filled + fee + sign x (end_mid - arrival_mid) x
    (amount - filled)``. It is NA while an order is open. BTCC keeps no trace of a spot order
    that was cancelled without any execution, so fill ratios of its history are too good.
    """
    found, data = Quotes(quotes, tolerance), columns_of(orders, ORDERS, _NEEDED, "orders")
    groups: dict[int, Fills] = defaultdict(list)
    known = trades is not None
    if trades is not None:
        roles = column_of(trades, "role")
        for row in executions(trades):
            if row.order is not None and row.venue == "spot":
                groups[row.order].append((row, roles[row.row]))
    names = [field.name for field in ORDERS]
    rows = (dict(zip(names, values, strict=True)) for values in zip(*data.values(), strict=True))
    records = [
        _order(order, groups.get(order["id"], []) if known and _is_spot(order) else None, found)
        for order in rows
        if not _is_spot(order) or names_executions("spot", order["type"])
    ]
    frame = from_records(ORDER_COSTS, records, exact=is_exact(orders, quotes, trades))
    frame["time_to_first_fill"] = frame["first_fill_at"] - frame["created_at"]
    filled = frame["last_fill_at"].where(frame["status"] == "filled")
    frame["time_to_fill"] = filled - frame["created_at"]
    return frame


def _is_spot(order: dict[str, Any]) -> bool:
    return (order["venue"] or "spot") == "spot"


def _order(order: dict[str, Any], known: Fills | None, quotes: Quotes) -> dict[str, Any]:
    """Return an order's row; `known` None: its executions are not in the data."""
    fills = known or []
    venue, market = order["venue"] or "spot", order["market"]
    sign = 1 if order["side"] == "buy" else -1
    arrival = quotes.at(venue, market, order["created_at"]).mid
    finished = _finished_at(order)
    end = UNKNOWN if finished == NEVER else quotes.at(venue, market, finished).mid
    filled, average = order["filled"], _average(order)
    amount, fill_ratio = _size(order, arrival)
    fee = _fee(order, fills, average)
    nothing = not filled
    paid = ZERO if nothing else (average - arrival) * sign * filled
    left = amount - filled
    shortfall = paid + (ZERO if nothing else fee)
    if left:
        shortfall += (end - arrival) * sign * left
    if finished == NEVER:
        shortfall = UNKNOWN
    first, last = _fill_times(order, fills, finished)
    return {
        "created_at": order["created_at"], "venue": venue, "market": market, "id": order["id"],
        "side": order["side"], "type": order["type"], "status": order["status"],
        "amount": amount, "filled": filled, "fill_ratio": fill_ratio, "average_price": average,
        "arrival_mid": arrival, "end_mid": end,
        "slippage_bps": on_grid(ratio((average - arrival) * sign, arrival) * BPS),
        "fee": fee, "shortfall": on_grid(shortfall),
        "shortfall_bps": on_grid(ratio(shortfall, amount * arrival) * BPS),
        "maker_share": _maker_share(fills), "executions": None if known is None else len(fills),
        "first_fill_at": first, "last_fill_at": last,
    }  # fmt: skip


def _finished_at(order: dict[str, Any]) -> int:
    """Return when an order ended; never for one that is open."""
    if order["status"] in ("open", "partly filled", "initial", "waiting"):
        return NEVER
    finished: int = order["finished_at"]
    return finished if finished != NEVER else int(order["updated_at"])


def _average(order: dict[str, Any]) -> Decimal:
    known: Decimal = order["average_price"]
    return ratio(order["cost"], order["filled"]) if known.is_nan() else known


def _size(order: dict[str, Any], arrival: Decimal) -> tuple[Decimal, Decimal]:
    """Return an order's size in base units, and how much of it was filled.

    The amount of a spot market buy is money to spend (Spot Trading API (April 2025),
    order/put_market): what it could have bought at the arrival mid is its size.
    """
    amount, filled = order["amount"], order["filled"]
    by_money = _is_spot(order) and order["type"] == "market" and order["side"] == "buy"
    if not by_money:
        return amount, ratio(filled, amount)
    left = order["remaining"]
    left = amount - order["cost"] if left.is_nan() else left
    # What is left because it buys less than one step is no part of the order.
    unfilled = ZERO if order["status"] == "filled" else ratio(left, arrival)
    return filled + unfilled, ratio(order["cost"], amount)


def _fee(order: dict[str, Any], fills: Fills, average: Decimal) -> Decimal:
    """Return the fee in the quote currency, by the executions where they are known."""
    fees = [fee_in_quote(row) for row, _ in fills]
    if fees:
        return sum(fees, ZERO)
    fee, asset, market = order["fee"], order["fee_asset"] or "", order["market"]
    if asset and market.startswith(asset) and not market.endswith(asset):
        return on_grid(fee * average)
    return fee if market.endswith(asset) else UNKNOWN


def _maker_share(fills: Fills) -> Decimal:
    total = sum((row.amount for row, _ in fills), ZERO)
    made = sum((row.amount for row, role in fills if role == "maker"), ZERO)
    return ratio(made, total) if all(role for _, role in fills) else UNKNOWN


def _fill_times(order: dict[str, Any], fills: Fills, finished: int) -> tuple[int, int]:
    if fills:
        return fills[0][0].time, fills[-1][0].time
    return (NEVER, finished) if order["status"] == "filled" else (NEVER, NEVER)
