"""The frames that join venues: their columns, the same whichever venues answered.

Each joined frame is declared like an endpoint's columns, so it has the same names, dtypes
and order also when it is empty. A column one venue does not have is NA on its rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from btcc_research.frames import column, dtype_name
from btcc_research.protocol.endpoint import (
    Field,
    decimal,
    flag,
    identifier,
    integer,
    text,
    time_ms,
    time_s,
)

Columns = tuple[Field, ...]

_VENUE = text("venue", meaning="spot or futures")
_MARKET = text("market")
_POSITION = identifier("position_id", meaning="futures: the position")
_LEVERAGE = integer("leverage", meaning="futures")

TRADES: Columns = (
    time_s("time"),
    _VENUE,
    _MARKET,
    identifier("id", meaning="of the execution"),
    identifier("order_id", meaning="spot; BTCC does not tell it on futures"),
    text("side", meaning="buy or sell"),
    text("role", meaning="maker or taker; futures have none"),
    decimal("price"),
    decimal("amount", meaning="base"),
    decimal("cost", meaning="quote: price x amount"),
    decimal("fee"),
    text("fee_asset"),
    _POSITION,
    text("action", meaning="futures: open or close"),
    text(
        "type",
        meaning="futures: market, limit, stop, stop_loss, take_profit, liquidation; close where "
        "BTCC says no more",
    ),
    decimal("realized", meaning="futures: profit of a close, in fee_asset, before fee and funding"),
    decimal("funding", meaning="futures: funding and interest of a close; negative: paid"),
    _LEVERAGE,
)
ORDERS: Columns = (
    time_s("created_at"),
    _VENUE,
    _MARKET,
    identifier("id", meaning="numbered by venue; stop orders of spot by themselves"),
    text("side"),
    text(
        "type",
        meaning="limit, market, stop_limit, stop_market; futures: limit, stop, limit_close, "
        "stop_loss, take_profit",
    ),
    text(
        "status",
        meaning="open, filled, cancelled; spot stop orders: waiting, closed; futures also "
        "partly filled, declined",
    ),
    text("time_in_force"),
    decimal("price", meaning="limit price, or futures trigger; NA where there is none"),
    decimal("stop_price", meaning="spot: trigger; NA where there is none"),
    decimal("amount", meaning="base; quote money for a spot market buy"),
    decimal("remaining", meaning="not executed, in the currency of amount"),
    decimal("filled", meaning="base"),
    decimal("cost", meaning="quote"),
    decimal("average_price", meaning="cost / filled; NA before the first execution"),
    decimal("fee"),
    text("fee_asset"),
    time_s("updated_at"),
    time_s("finished_at"),
    text("source"),
    text("client_id"),
    _LEVERAGE,
    decimal("stop_loss", meaning="futures: attached; NA where there is none"),
    decimal("take_profit", meaning="futures: attached; NA where there is none"),
)
POSITIONS: Columns = (
    time_s("opened_at"),
    _VENUE,
    _MARKET,
    identifier("id"),
    text("side", meaning="long or short"),
    decimal("amount", meaning="base, still open"),
    decimal("cost", meaning="quote: open_price x amount"),
    decimal("open_price"),
    decimal("unrealized", meaning="in asset, at the price it would close at"),
    text("asset", meaning="the margin is in"),
    decimal("margin"),
    _LEVERAGE,
    decimal(
        "liquidation_price",
        meaning="worked out: where this market alone would force it; NA where none would",
    ),
    decimal("stop_loss", meaning="NA: none"),
    decimal("take_profit", meaning="NA: none"),
    decimal("fee", meaning="of the last fill"),
    decimal("funding", meaning="funding and interest so far; negative: paid"),
    decimal("realized", meaning="by the last partial close"),
    identifier("reference", meaning="your own number, given when it was opened"),
    text("contract", meaning="USDT-margined or coin-margined"),
    text("product", meaning="BTCC's long name"),
)
BALANCES: Columns = (
    _VENUE,
    text("asset"),
    decimal("available", meaning="futures: free margin"),
    decimal("frozen", meaning="locked in open orders; futures: margin in use"),
    decimal("total", meaning="spot: both; futures: balance without open profit"),
    decimal("equity", meaning="futures: balance + bonus + unrealized"),
    decimal("unrealized", meaning="futures"),
    decimal("bonus", meaning="futures: promotional money"),
    decimal("margin_level", meaning="futures: equity / margin in percent; NA without margin"),
)
LEDGER: Columns = (
    time_s("time"),
    _VENUE,
    identifier("id", meaning="spot"),
    text("asset", meaning="promotional money of futures apart, as USDT bonus"),
    text(
        "business",
        meaning="such as trade, fee, deposit; futures: BTCC names deposit and withdrawal only",
    ),
    decimal("change", meaning="signed"),
    decimal("balance", meaning="after the change"),
    _MARKET,
    identifier("order_id"),
    decimal("price"),
    decimal("amount"),
    decimal("rate", meaning="fee rate, on fee lines"),
    text("reference", meaning="futures: transaction number"),
    text("remark", meaning="futures"),
)
TRANSFERS: Columns = (
    time_s("time"),
    _VENUE,
    text("asset"),
    text("kind", meaning="deposit, withdrawal, or BTCC's word"),
    decimal("amount", meaning="signed: positive came in"),
    decimal("fee", meaning="futures: of a request that is not booked yet"),
    text("status", meaning="booked, or the state of a request"),
    decimal("balance", meaning="after it; NA for a request"),
    text("reference"),
)
MARKETS: Columns = (
    _VENUE,
    _MARKET,
    text("base"),
    text("quote"),
    integer("price_precision"),
    integer("amount_precision"),
    integer("fee_precision"),
    decimal("min_amount", meaning="smallest order, base"),
    flag("is_open"),
    time_s("opens_at"),
    decimal("amount_step", meaning="futures: amounts are multiples of it, base"),
    decimal("max_amount", meaning="futures: largest order, base"),
    integer("max_leverage", meaning="futures, where the product's name tells it"),
    decimal("contract_size", meaning="futures: base units a lot"),
    text("margin_asset", meaning="futures"),
    text("contract", meaning="futures: USDT-margined or coin-margined"),
    text("product", meaning="futures: BTCC's long name"),
    identifier("quote_code", meaning="futures: number in the product list"),
)
FUNDING: Columns = (
    time_s("time", meaning="of the settlement; of an estimate, when it was asked for"),
    _VENUE,
    _MARKET,
    decimal("rate", meaning="of the position's value; positive: longs pay shorts"),
    text("kind", meaning="settled or estimate"),
)
TICKER: Columns = (
    _VENUE,
    _MARKET,
    decimal("last"),
    time_s("time", meaning="when this machine asked"),
)
DEPTH: Columns = (
    time_ms("time"),
    _VENUE,
    _MARKET,
    text("side", meaning="bid or ask"),
    decimal("price"),
    decimal("amount", meaning="base at this price"),
    decimal("depth", meaning="base from the best price to here"),
)


def joined_frame(
    columns: Columns, records: Sequence[Mapping[str, Any]], *, exact: bool = False
) -> pd.DataFrame:
    """Return records as a frame with the declared columns; a missing key is NA."""
    arrays = {
        field.name: column(field, [record.get(field.name) for record in records], exact=exact)
        for field in columns
    }
    return pd.DataFrame(arrays, copy=False)


def with_floats(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with floats in place of its exact decimals."""
    return {
        name: float(value) if isinstance(value, Decimal) else value
        for name, value in record.items()
    }


def transfer_record(line: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a line of the joined ledger as a transfer, or None where it is none.

    BTCC names what money came from for; on spot everything but trades and fees moved
    money in or out, on futures only what BTCC calls deposit or withdrawal.
    """
    word = line["business"] or ""
    spot = line["venue"] == "spot"
    if word in ("trade", "fee") or not (spot or word in ("deposit", "withdrawal")):
        return None
    reference = line.get("reference") or (None if line.get("id") is None else str(line["id"]))
    return {
        "time": line["time"], "venue": line["venue"], "asset": line["asset"],
        "kind": "withdrawal" if word == "withdraw" else word,
        "amount": line["change"], "status": "booked", "balance": line["balance"],
        "reference": reference,
    }  # fmt: skip


def describe(columns: Columns, exact: bool = False) -> str:
    """Return the columns as documentation shows them."""
    return "\n".join(
        f"{field.name} : {dtype_name(field.kind, exact=exact)}"
        + (f" ({field.meaning})" if field.meaning else "")
        for field in columns
    )
