"""Rows of the spot venue as records of the joined frames."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Protocol

from btcc_research.frames import code_word
from btcc_research.protocol import spot as calls


class MarketRules(Protocol):
    """What the records need to know of a market."""

    market: str
    base: str
    quote: str
    amount_precision: int


def trade_records(rows: Iterable[Any], market: MarketRules, side: str) -> Iterable[dict[str, Any]]:
    """Return executions of one market and side; the fee's currency is filled in.

    BTCC names no currency where it took the fee from what was received: base for a buyer,
    quote for a seller ("Spot Trading API (April 2025)", order/deal_history).
    """
    received = market.base if side == "buy" else market.quote
    role = next(field for field in calls.DEAL_COLUMNS if field.name == "role")
    for row in rows:
        yield {
            "time": row.time, "venue": "spot", "market": market.market, "id": row.id,
            "order_id": row.order_id, "side": side, "role": code_word(role, row.role),
            "price": row.price, "amount": row.amount, "cost": row.cost, "fee": row.fee,
            "fee_asset": row.fee_asset or received,
        }  # fmt: skip


def order_records(
    rows: Iterable[Any], market: MarketRules, status: str
) -> Iterable[dict[str, Any]]:
    """Return orders of one market; `status` "" works it out from what was executed."""
    fields = {field.name: field for field in calls.ORDER_COLUMNS}
    for row in rows:
        side = code_word(fields["side"], row.side)
        kind = code_word(fields["type"], row.type)
        yield {
            "created_at": row.created_at, "venue": "spot", "market": row.market, "id": row.id,
            "side": side, "type": kind,
            "status": status or _finished_status(row, market, kind, side),
            "time_in_force": code_word(fields["time_in_force"], row.time_in_force),
            "price": row.price if kind == "limit" else None,
            "amount": row.amount, "remaining": row.remaining, "filled": row.filled,
            "cost": row.cost, "average_price": _average_price(row),
            "fee": row.fee,
            "fee_asset": row.fee_asset or (market.base if side == "buy" else market.quote),
            "updated_at": row.updated_at, "finished_at": getattr(row, "finished_at", None),
            "source": row.source, "client_id": row.client_id,
        }  # fmt: skip


def plan_records(rows: Iterable[Any], status: str) -> Iterable[dict[str, Any]]:
    """Return stop orders; BTCC documents no meaning of their closing numbers."""
    fields = {field.name: field for field in calls.PLAN_COLUMNS}
    for row in rows:
        kind = code_word(fields["type"], row.type)
        yield {
            "created_at": row.created_at, "venue": "spot", "market": row.market, "id": row.id,
            "side": code_word(fields["side"], row.side), "type": f"stop_{kind}", "status": status,
            "time_in_force": code_word(fields["time_in_force"], row.time_in_force),
            "price": row.price if kind == "limit" else None, "stop_price": row.stop_price,
            "amount": row.amount, "updated_at": row.updated_at,
            "finished_at": getattr(row, "finished_at", None),
            "source": row.source, "client_id": row.client_id,
        }  # fmt: skip


def _finished_status(row: Any, market: MarketRules, kind: str | None, side: str | None) -> str:
    """Filled means nothing is left, or less than one step of the amount can cost.

    BTCC gives closed orders no status ("Spot Trading API (April 2025)", order/finished).
    """
    remaining, filled = Decimal(str(row.remaining)), Decimal(str(row.filled))
    if not remaining:
        return "filled"
    if kind == "market" and side == "buy" and filled:
        step = Decimal(1).scaleb(-market.amount_precision)
        if remaining < step * Decimal(str(row.cost)) / filled * 2:
            return "filled"
    return "cancelled"


def _average_price(row: Any) -> Any:
    """Return cost / filled, in the form the row's other numbers have."""
    filled, cost = Decimal(str(row.filled)), Decimal(str(row.cost))
    return _like(row.cost, (cost / filled).quantize(Decimal(1).scaleb(-18))) if filled else None


def _like(printed: str | float, number: Decimal) -> str | float:
    """Return a computed number in the form a column's printed numbers have."""
    return format(number, "f") if isinstance(printed, str) else float(number)


def balance_records(rows: Iterable[Any]) -> Iterable[dict[str, Any]]:
    """Return balances with their total."""
    for row in rows:
        total = Decimal(str(row.available)) + Decimal(str(row.frozen))
        yield {
            "venue": "spot", "asset": row.asset, "available": row.available,
            "frozen": row.frozen, "total": _like(row.available, total),
        }  # fmt: skip


def depth_records(rows: Iterable[Any], market: str) -> Iterable[dict[str, Any]]:
    """Return a book's levels, bids first, with the amount from the best price to each."""
    reached: dict[str, Decimal] = {}
    for row in sorted(rows, key=lambda row: bool(row.side == "ask")):
        depth = reached.get(row.side, Decimal(0)) + Decimal(str(row.amount))
        reached[row.side] = depth
        yield {
            "time": row.time, "venue": "spot", "market": market, "side": row.side,
            "price": row.price, "amount": row.amount, "depth": _like(row.amount, depth),
        }  # fmt: skip


def ledger_records(rows: Iterable[Any]) -> Iterable[dict[str, Any]]:
    """Return ledger lines; what `detail` says of a trade becomes columns."""
    for row in rows:
        detail = row.detail[0] if isinstance(row.detail, list) and row.detail else row.detail
        detail = detail if isinstance(detail, dict) else {}
        as_number = str if isinstance(row.change, str) else float
        numbers = {
            name: as_number(detail[key]) if detail.get(key) is not None else None
            for name, key in (("price", "p"), ("amount", "a"), ("rate", "f"))
        }
        yield {
            "time": row.time, "venue": "spot", "id": row.id, "asset": row.asset,
            "business": row.business, "change": row.change, "balance": row.balance,
            "market": detail.get("m"), "order_id": detail.get("i"), **numbers,
        }  # fmt: skip


def market_record(row: Any) -> dict[str, Any]:
    """Return a market's rules, exact."""
    names = (
        "market", "base", "quote", "price_precision", "amount_precision", "fee_precision",
        "is_open", "opens_at",
    )  # fmt: skip
    rules = {name: getattr(row, name) for name in names}
    return {"venue": "spot", **rules, "min_amount": Decimal(row.min_amount)}
