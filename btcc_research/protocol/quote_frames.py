"""Frames of the futures quote socket, read in every form that sources give.

"BTCC Quote API" (quote OpenAPI, November 2023); where the live socket was seen to differ from
the document, both forms are read. Two packets may lack their `action`: they are recognised by
content. Numbers keep their digits; those that come as JSON numbers are rounded to the
product's own decimals, because some carry binary noise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from msgspec import Raw

from btcc_research.errors import ProtocolError
from btcc_research.protocol import quote_shapes as shapes
from btcc_research.protocol import quote_socket as declared
from btcc_research.protocol.book import Level
from btcc_research.protocol.products import OVERRIDES, ProductName, product_name
from btcc_research.protocol.rows import row_type
from btcc_research.protocol.socket_text import raw_number

Products = Mapping[int, Any]
"""Products by code, as `read_products` returns them; what is not known is not rounded."""


@dataclass(frozen=True, slots=True)
class DeepQuote:
    """The book of one product: levels best first.

    Totals are running sums of the sizes, shares their part of a total that is not sent.
    """

    market: str | None
    code: int
    time: int
    last: str | None
    last_amount: str | None
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    bid_totals: tuple[str, ...]
    ask_totals: tuple[str, ...]
    bid_shares: tuple[str, ...]
    ask_shares: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LoginAnswer:
    """The answer to a login."""

    is_accepted: bool
    code: int
    message: str
    server_time: int


@dataclass(frozen=True, slots=True)
class KlineAnswer:
    """Candles, and the request they answer."""

    code: int
    interval: int
    rows: Sequence[Any]


@dataclass(frozen=True, slots=True)
class TradeSnapshot:
    """The last trades of a product; `is_known` is False where the server has no such code."""

    code: int
    is_known: bool
    rows: Sequence[Any]


def read_login(frame: shapes.Frame) -> LoginAnswer:
    """Read the answer to a login: only `LoginResult` decides (Q04)."""
    data = shapes.data_of(frame)
    return LoginAnswer(data.LoginResult == 0, frame.code or data.LoginResult, frame.msg or "",
                       data.Time)  # fmt: skip


def read_products(
    frame: shapes.Frame, overrides: Mapping[str, ProductName] = OVERRIDES
) -> list[Any]:
    """Read the dictionary into one row per product."""
    record: Any = row_type(declared.PRODUCTS, True)
    rows = []
    for product in shapes.data_of(frame).DictInfo:
        name = product_name(product.ShortName, overrides)
        boards = [int(board) for board in product.Big.split(";") if _is_number(board)]
        rows.append(
            record(
                code=product.SecID,
                market=name.market,
                short_name=product.ShortName,
                max_leverage=name.max_leverage,
                price_precision=product.Digit,
                zone=product.Zone,
                boards=boards,
            )
        )
    return rows


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def read_schedules(frame: shapes.Frame) -> list[Any]:
    """Read trading hours: windows in minutes after midnight, closed where both ends are 0."""
    record: Any = row_type(declared.SCHEDULES, True)
    rows = []
    for row in shapes.data_of(frame):
        windows = [[window.begin, window.end] for window in row.schedule or []]
        season = {0: "daylight", 1: "standard"}.get(row.season, f"unknown({row.season})")
        closed = all(begin == end == 0 for begin, end in windows)
        rows.append(
            record(
                market=product_name(row.szname).market,
                weekday=row.weekday,
                season=season,
                windows=windows,
                is_closed=closed,
            )
        )
    return rows


def read_panel(frame: shapes.Frame, products: Products) -> tuple[int, list[Any]]:
    """Read a board: its zone and one row per product; prices of zero are no prices."""
    data = shapes.data_of(frame)
    return data.TypeID, [_panel_row(row, products) for row in data.Panel or []]


def _panel_row(row: shapes.PanelRow, products: Products) -> Any:
    product = products.get(row.CodeId)
    digits = product.price_precision if product else None
    both = [_maybe(row.BuyPrice, digits), _maybe(row.SellPrice, digits)]
    known = sorted((price for price in both if price is not None), key=Decimal)
    prices = {
        "last": _maybe(row.CurPrice, digits),
        # The price to buy at is the ask; it is the higher one, however it is called (Q08).
        "ask": known[-1] if len(known) == 2 else both[0],
        "bid": known[0] if len(known) == 2 else both[1],
        "open": _maybe(row.OpenPrice, digits),
        "high": _maybe(row.HighPrice, digits),
        "low": _maybe(row.LowPrice, digits),
        "previous_close": _maybe(row.YesterdayPrice, digits),
        "change": _maybe(row.Change, digits),
    }
    has_prices = any(Decimal(prices[name] or 0) for name in prices if name != "change")
    record: Any = row_type(declared.PANEL, True)
    return record(
        market=product.market if product else None,
        code=row.CodeId,
        time=row.Time or None,
        is_open=None if row.IsOpen is None else row.IsOpen == 1,
        **(prices if has_prices else dict.fromkeys(prices)),
    )


def _number(raw: Raw, digits: int | None = None) -> str:
    return raw_number(bytes(raw), digits)


def _maybe(raw: Raw, digits: int | None = None) -> str | None:
    """Return a number, or None where there is null or nothing."""
    return None if bytes(raw) == b"null" else _number(raw, digits)


def read_quotes(frame: shapes.Frame, products: Products) -> list[Any]:
    """Read best prices, with the unused fields missing or null (Q06)."""
    return [_quote(tick, products) for tick in shapes.data_of(frame)]


def _quote(tick: shapes.Tick, products: Products) -> Any:
    code = _code(tick.Y)
    product = products.get(code)
    digits = product.price_precision if product else None
    record: Any = row_type(declared.QUOTES, True)
    return record(
        market=product.market if product else None,
        code=code,
        time=tick.T or None,
        bid=_number(tick.B[0], digits) if tick.B else None,
        ask=_number(tick.A[0], digits) if tick.A else None,
        last=_maybe(tick.C, digits),
        last_amount=_maybe(tick.V),
    )


def _code(written: str | int) -> int:
    """Return a product code, which is text in some frames and a number in others (Q07)."""
    if isinstance(written, str):
        if not _is_number(written):
            raise ProtocolError(f"{written[:40]!r} is not a product code.")
        return int(written)
    return written


def read_deep_quotes(frame: shapes.Frame, products: Products) -> list[DeepQuote]:
    """Read whole books."""
    return [_deep_quote(tick, products) for tick in shapes.data_of(frame)]


def _deep_quote(tick: shapes.Tick, products: Products) -> DeepQuote:
    quote = _quote(tick, products)
    product = products.get(quote.code)
    digits = product.price_precision if product else None
    return DeepQuote(
        quote.market, quote.code, tick.T, quote.last, quote.last_amount,
        _levels(tick.B, tick.M, digits), _levels(tick.A, tick.U, digits),
        _numbers(tick.I), _numbers(tick.L), _numbers(tick.E), _numbers(tick.R),
    )  # fmt: skip


def _levels(
    prices: list[Raw] | None, sizes: list[Raw] | None, digits: int | None
) -> tuple[Level, ...]:
    prices, sizes = prices or [], sizes or []
    if len(prices) != len(sizes):
        raise ProtocolError("a book with more prices than sizes, or the reverse.")
    pairs = zip(prices, sizes, strict=True)
    return tuple((_number(price, digits), _number(size)) for price, size in pairs)


def _numbers(values: list[Raw] | None) -> tuple[str, ...]:
    return tuple(_number(value) for value in values or ())


def read_trades(frame: shapes.Frame, products: Products) -> list[TradeSnapshot]:
    """Read the last trades of products, newest first."""
    return [_snapshot(deals, frame.volumedigits, products) for deals in shapes.data_of(frame)]


def _snapshot(deals: shapes.Deals, volume_digits: int | None, products: Products) -> TradeSnapshot:
    code = _code(deals.Y)
    product = products.get(code)
    digits = product.price_precision if product else None
    record: Any = row_type(declared.TRADES, True)
    rows = [
        record(
            market=product.market if product else None,
            code=code,
            time=deal.T,
            price=_number(deal.P, digits),
            amount=_number(deal.V, volume_digits),
        )
        for deal in deals.Items or []
    ]
    return TradeSnapshot(code, deals.Items is not None, rows)


def read_klines(frame: shapes.Frame, products: Products) -> KlineAnswer:
    """Read candles; the volume keeps its digits, nobody says how many it has."""
    data = shapes.data_of(frame)
    product = products.get(data.CodeId)
    digits = product.price_precision if product else None
    record: Any = row_type(declared.KLINES, True)
    rows = [
        record(
            open_time=candle.T,
            open=_number(candle.O, digits),
            high=_number(candle.H, digits),
            low=_number(candle.L, digits),
            close=_number(candle.C, digits),
            volume=_number(candle.A),
        )
        for candle in data.KdataInfo or []
    ]
    return KlineAnswer(data.CodeId, data.Interval, rows)
