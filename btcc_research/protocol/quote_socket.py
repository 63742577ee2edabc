"""The futures quote socket's catalogue: what its rows hold, and its candle lengths.

"BTCC Quote API" (quote OpenAPI, November 2023), frames named after their action.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from btcc_research.protocol.endpoint import (
    Effect,
    Endpoint,
    Field,
    Rows,
    decimal,
    flag,
    identifier,
    integer,
    json,
    text,
    time_s,
)

DOCUMENT = "BTCC Quote API (November 2023)"


@dataclass(frozen=True, slots=True)
class KlineType:
    """A candle length of the quote socket; a month has no fixed number of seconds."""

    code: int
    seconds: int | None
    name: str


KLINE_TYPES: Mapping[int, KlineType] = MappingProxyType(
    {
        kind.code: kind
        for kind in (
            KlineType(35, 60, "1m"),
            KlineType(1, 300, "5m"),
            KlineType(2, 900, "15m"),
            KlineType(3, 1800, "30m"),
            KlineType(4, 3600, "60m"),
            KlineType(37, 7200, "2h"),
            KlineType(38, 14_400, "4h"),
            KlineType(5, 86_400, "day"),
            KlineType(6, 604_800, "week"),
            KlineType(7, None, "month"),
        )
    }
)


def _frame(name: str, title: str, columns: tuple[Field, ...], rows: Rows = Rows.LIST) -> Endpoint:
    return Endpoint(
        name, "GET", name, "futures", False, Effect.READ, (), columns, rows, "A",
        f"{DOCUMENT}, {name}", title,
    )  # fmt: skip


_MARKET = text("market", required=False, meaning="pair name; NA: not in the dictionary")
_CODE = identifier("code", meaning="product code of the quote socket")

PRODUCTS = _frame(
    "Dict",
    "Products",
    (
        identifier("SecID", "code"),
        text("market"),
        text("ShortName", "short_name"),
        integer("max_leverage", required=False),
        integer("Digit", "price_precision", meaning="decimals of a price"),
        integer("Zone", "zone", meaning="first-level board"),
        json("Big", "boards", meaning="second-level boards"),
    ),
)
SCHEDULES = _frame(
    "All Products",
    "Trading hours",
    (
        text("szname", "market"),
        integer("weekday", meaning="0 Sunday to 6 Saturday"),
        text("xlsOrDls", "season", meaning="daylight or standard time"),
        json("schedule", "windows", meaning="minutes after midnight; time zone undocumented"),
        flag("is_closed"),
    ),
)
PANEL = _frame(
    "Panel",
    "Board: last prices of many products",
    (
        _MARKET,
        identifier("CodeId", "code"),
        time_s("Time", "time", required=False),
        decimal("CurPrice", "last", required=False),
        decimal("SellPrice", "bid", required=False),
        decimal("BuyPrice", "ask", required=False),
        decimal("OpenPrice", "open", required=False),
        decimal("HighPrice", "high", required=False),
        decimal("LowPrice", "low", required=False),
        decimal("YesterdayPrice", "previous_close", required=False),
        decimal("Change", "change", required=False),
        flag("IsOpen", "is_open", required=False),
    ),
)
QUOTES = _frame(
    "tickinfo",
    "Best prices",
    (
        _MARKET,
        identifier("Y", "code"),
        time_s("T", "time", required=False, meaning="whole seconds"),
        decimal("B", "bid", required=False),
        decimal("A", "ask", required=False),
        decimal("C", "last", required=False, meaning="middle of bid and ask"),
        decimal("V", "last_amount", required=False),
    ),
)
TRADES = _frame(
    "dealticksnap",
    "Last trades, without a side",
    (_MARKET, _CODE, time_s("T", "time"), decimal("P", "price"), decimal("V", "amount")),
)
KLINES = _frame(
    "Kline",
    "Candles",
    (
        time_s("T", "open_time"),
        decimal("O", "open"),
        decimal("H", "high"),
        decimal("L", "low"),
        decimal("C", "close"),
        decimal("A", "volume"),
    ),
)
