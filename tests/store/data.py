"""Candles, executions, orders and ledger lines as the client returns them, exact."""

from decimal import Decimal

import pandas as pd

from btcc_research import tables
from btcc_research.store import layout

START = 1_767_225_600  # 2026-01-01 UTC
DAY = 86_400


def candles(count, start=START, interval=60, price="60000.25", volume="1.5"):
    """Candles one after the other; prices differ from one to the next."""
    records = [
        {
            "open_time": start + n * interval,
            "open": Decimal(price) + n,
            "high": Decimal(price) + n + 2,
            "low": Decimal(price) + n - 2,
            "close": Decimal(price) + n + 1,
            "volume": Decimal(volume),
            "turnover": (Decimal(volume) * Decimal(price)).quantize(Decimal("1e-18")),
            "closed": True,
        }
        for n in range(count)
    ]
    return frame("klines", records)


def frame(kind, records):
    """Records as the frame of their kind."""
    return layout.to_frame(kind, layout.as_table(kind, records))


def trade(id, time=START, **other):
    return {
        "time": time, "venue": "spot", "market": "BTCUSDT", "id": id, "order_id": id * 10,
        "side": "buy", "role": "taker", "price": Decimal("60000.25"), "amount": Decimal("0.5"),
        "cost": Decimal("30000.125"), "fee": Decimal("0.0015"), "fee_asset": "BTC", **other,
    }  # fmt: skip


def order(id, created_at=START, **other):
    return {
        "created_at": created_at, "venue": "spot", "market": "BTCUSDT", "id": id, "side": "buy",
        "type": "limit", "status": "open", "amount": Decimal(1), "remaining": Decimal(1),
        "filled": Decimal(0), "updated_at": created_at, **other,
    }  # fmt: skip


def line(id, time=START, **other):
    return {
        "time": time, "venue": "spot", "id": id, "asset": "USDT", "business": "deposit",
        "change": Decimal(100), "balance": Decimal(100) * id, **other,
    }  # fmt: skip


def trades(*records):
    return tables.joined_frame(tables.TRADES, records, exact=True)


def orders(*records):
    return tables.joined_frame(tables.ORDERS, records, exact=True)


def ledger(*records):
    return tables.joined_frame(tables.LEDGER, records, exact=True)


def at(seconds):
    """A time as a person writes it."""
    return pd.Timestamp(seconds, unit="s", tz="UTC")


def span(start, end):
    """What is covered, from seconds."""
    return at(start), at(end)
