"""Frames written by hand, a row a line."""

from decimal import Decimal

import pandas as pd

from btcc_research import tables

BEGIN = pd.Timestamp("2026-01-05", tz="UTC")


def at(text):
    """Return a time on the day everything begins, or any other."""
    return pd.Timestamp(f"2026-01-05 {text}" if len(text) < 9 else text, tz="UTC")


def frame(columns, records, *, exact=True):
    """Return records as a joined frame; times may be texts, numbers texts."""
    kinds = {field.name: field.kind for field in columns}
    rows = [
        {name: _value(kinds[name], value) for name, value in record.items()} for record in records
    ]
    return tables.joined_frame(columns, rows, exact=exact)


def _value(kind, value):
    if kind == "decimal" and value is not None:
        return Decimal(str(value))
    if kind in ("time_s", "time_ms") and value is not None:
        return at(value).timestamp()
    return value


def spot(*rows, exact=True):
    """Return spot executions from (time, market, side, price, amount, fee, fee_asset)."""
    records = []
    for number, (time, market, side, price, amount, fee, asset) in enumerate(rows, 1):
        cost = Decimal(price) * Decimal(amount)
        records.append({
            "time": time, "venue": "spot", "market": market, "id": number, "order_id": 100 + number,
            "side": side, "role": "taker", "price": price, "amount": amount, "cost": cost,
            "fee": fee, "fee_asset": asset,
        })  # fmt: skip
    return frame(tables.TRADES, records, exact=exact)


def futures(*rows, market="BTCUSDT", asset="USDT", leverage=50, exact=True):
    """Return executions from (time, action, side, price, amount, fee, realized, funding)."""
    records = []
    for number, (time, action, side, price, amount, fee, realized, funding) in enumerate(rows, 1):
        records.append({
            "time": time, "venue": "futures", "market": market, "id": number, "side": side,
            "price": price, "amount": amount, "cost": Decimal(price) * Decimal(amount), "fee": fee,
            "fee_asset": asset, "position_id": 7, "action": action, "type": "market",
            "realized": realized, "funding": funding, "leverage": leverage,
        })  # fmt: skip
    return frame(tables.TRADES, records, exact=exact)


def ledger(*rows, venue="futures", exact=True):
    """Return lines from (time, asset, business, change); balances follow."""
    balances, records = {}, []
    for number, (time, asset, business, change) in enumerate(rows, 1):
        balances[asset] = balances.get(asset, Decimal(0)) + Decimal(change)
        records.append({
            "time": time, "venue": venue, "id": number if venue == "spot" else None, "asset": asset,
            "business": business, "change": change, "balance": balances[asset],
            "reference": None if venue == "spot" else f"TD{number}",
        })  # fmt: skip
    return frame(tables.LEDGER, records, exact=exact)
