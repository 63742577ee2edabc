"""Payloads of the spot socket, read in every form that sources give.

"Spot Trading API (April 2025)", section WebSocket; the second form of a push is what public
clients decode and what the engine BTCC descends from sends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

import msgspec
from msgspec import Raw, Struct

from btcc_research.errors import ProtocolError
from btcc_research.protocol import spot_socket as methods
from btcc_research.protocol.book import Depth, Level, Milliseconds
from btcc_research.protocol.endpoint import Endpoint, Rows
from btcc_research.protocol.rows import Decoded, row_type
from btcc_research.protocol.socket_text import MALFORMED, exact_rows, raw_number

Precisions = Mapping[str, tuple[int, int]]
"""Decimals of price and amount by market: what noisy JSON numbers are rounded to."""


class DepthParams(Struct, array_like=True, gc=False):
    """`params` of a book push; the market is missing where only one book is followed."""

    full: bool
    depth: Depth
    market: str | None = None


class DepthPush(Struct, gc=False):
    """A whole book push, decoded in one typed pass."""

    method: Literal["depth.update"]
    params: DepthParams


class _AnyDepth(Struct):
    """A book whose levels are JSON numbers, or longer than two values."""

    asks: list[list[Raw]] | None = None
    bids: list[list[Raw]] | None = None
    last: Raw = Raw(b"null")
    time: Milliseconds = 0
    checksum: int | None = None


class _AnyDepthParams(Struct, array_like=True):
    full: bool
    depth: _AnyDepth
    market: str | None = None


class _TradeObject(Struct):
    id: int
    time: float
    price: Raw
    amount: Raw
    type: str | int


class _TradeRow(Struct, array_like=True):
    id: int
    price: Raw
    amount: Raw
    type: str | int
    time: float


class _Balance(Struct):
    available: Raw
    frozen: Raw = Raw(b"null")
    freeze: Raw = Raw(b"null")  # a gateway's spelling (W20)
    flag: int | None = None


DEPTH_PUSH = msgspec.json.Decoder(DepthPush)
_DEPTH = msgspec.json.Decoder(Depth)
_DEPTH_PARAMS = msgspec.json.Decoder(DepthParams)
_ANY_DEPTH = msgspec.json.Decoder(_AnyDepth)
_ANY_DEPTH_PARAMS = msgspec.json.Decoder(_AnyDepthParams)
_LIST = msgspec.json.Decoder(list[Raw])
_TRADE_OBJECT = msgspec.json.Decoder(_TradeObject)
_TRADE_ROW = msgspec.json.Decoder(_TradeRow)
_BALANCE = msgspec.json.Decoder(_Balance)
_MEMBERS = msgspec.json.Decoder(dict[str, Raw])
_TEXT = msgspec.json.Decoder(str)

_SIDES = {1: "buy", 2: "sell", "1": "buy", "2": "sell", "buy": "buy", "sell": "sell"}
_CHANGES = {1: "placed", 2: "changed", 3: "finished"}


def read_depth_push(params: bytes) -> DepthParams:
    """Read `params` of a book push: [is it whole, levels, market]."""
    try:
        return _DEPTH_PARAMS.decode(params)
    except MALFORMED:
        push = _decoded(_ANY_DEPTH_PARAMS, params, methods.DEPTH_UPDATE)
        return DepthParams(push.full, _text_depth(push.depth), push.market)


def read_depth(payload: bytes) -> Depth:
    """Read the book that answers a query."""
    try:
        return _DEPTH.decode(payload)
    except MALFORMED:
        return _text_depth(_decoded(_ANY_DEPTH, payload, methods.DEPTH_QUERY))


def _text_depth(depth: _AnyDepth) -> Depth:
    last = None if bytes(depth.last) == b"null" else raw_number(bytes(depth.last))
    asks, bids = _text_levels(depth.asks), _text_levels(depth.bids)
    return Depth(asks, bids, last, depth.time, depth.checksum)


def _text_levels(levels: list[list[Raw]] | None) -> list[Level] | None:
    if levels is None:
        return None
    if any(len(level) < 2 for level in levels):
        raise ProtocolError("a level of a book has fewer than two values.")
    return [(raw_number(bytes(level[0])), raw_number(bytes(level[1]))) for level in levels]


def read_klines(payload: bytes) -> Decoded:
    """Read candle rows."""
    return exact_rows(methods.KLINE_QUERY, payload)


def read_trades(
    payload: bytes, market: str = "", precisions: Precisions | None = None
) -> tuple[str, Decoded]:
    """Read public trades as [market, [object, ...]], as rows, or as a bare list (W05).

    Returns
    -------
    (str, Decoded)
        The market, which is the one given where the payload does not name it, and records.
    """
    items = _decoded(_LIST, payload, methods.DEALS_UPDATE)
    if items and bytes(items[0])[:1] == b'"':
        market = _decoded(_TEXT, bytes(items[0]), methods.DEALS_UPDATE)
        items = _decoded(_LIST, bytes(items[1]), methods.DEALS_UPDATE) if items[1:] else []
    price, amount = (precisions or {}).get(market, (None, None))
    rows = [_trade(bytes(item), market, price, amount) for item in items]
    return market, Decoded(
        rows, None, _new_names(map(bytes, items), methods.DEALS_UPDATE, _TradeObject)
    )


def _trade(item: bytes, market: str, price: int | None, amount: int | None) -> Any:
    decoder: Any = _TRADE_ROW if item[:1] == b"[" else _TRADE_OBJECT
    trade = _decoded(decoder, item, methods.DEALS_UPDATE)
    record: Any = row_type(methods.DEALS_UPDATE, True)
    return record(
        time=trade.time,
        id=trade.id,
        market=market or None,
        side=_SIDES.get(trade.type, f"unknown({trade.type})"),
        price=raw_number(bytes(trade.price), price),
        amount=raw_number(bytes(trade.amount), amount),
    )


def _new_names(items: Iterable[bytes], call: Endpoint, shape: type[Struct]) -> frozenset[str]:
    """Return the names of fields that objects have and nobody declared."""
    known = frozenset(shape.__struct_fields__)
    objects = (_decoded(_MEMBERS, item, call) for item in items if item[:1] == b"{")
    return frozenset().union(*(found.keys() - known for found in objects))


def read_tickers(payload: bytes, market: str = "") -> Decoded:
    """Read statistics as {market: values}, as [{market: values}], as a pair or alone (W06, W07)."""
    if payload[:1] == b"[":
        items = _decoded(_LIST, payload, methods.STATE_UPDATE)
        if items and bytes(items[0])[:1] == b'"':
            market = _decoded(_TEXT, bytes(items[0]), methods.STATE_UPDATE)
            items = items[1:2]
        pages = [_tickers(bytes(item), market) for item in items]
        rows = [row for page in pages for row in page.rows]
        return Decoded(rows, None, frozenset().union(*(page.new_fields for page in pages)))
    return _tickers(payload, market)


def _tickers(payload: bytes, market: str) -> Decoded:
    members = _decoded(_MEMBERS, payload, methods.STATE_UPDATE)
    if members and all(bytes(value)[:1] == b"{" for value in members.values()):
        return exact_rows(methods.STATE_UPDATE, payload)
    decoded = exact_rows(_ONE_TICKER, payload)
    for row in decoded.rows:
        row.market = row.market or market or None
    return decoded


_ONE_TICKER = replace(methods.STATE_UPDATE, rows=Rows.OBJECT)


def read_order(params: bytes) -> tuple[str | None, Decoded]:
    """Read an own order pushed as [event, order] or as [order] (W04)."""
    items = _decoded(_LIST, params, methods.ORDER_UPDATE)
    change = None
    if items and bytes(items[0])[:1] not in (b"{", b"["):
        event = _decoded(_EVENT, bytes(items[0]), methods.ORDER_UPDATE)
        change = _CHANGES.get(event, f"unknown({event})")
        items = items[1:]
    if not items:
        raise ProtocolError("order.update: the push holds no order.")
    return change, exact_rows(methods.ORDER_UPDATE, bytes(items[0]))


_EVENT = msgspec.json.Decoder(int)


def read_balances(payload: bytes) -> Decoded:
    """Read balances as {currency: values} or as a list of such maps."""
    items = [payload]
    if payload[:1] == b"[":
        items = [bytes(item) for item in _decoded(_LIST, payload, methods.ASSET_UPDATE)]
    members: dict[str, bytes] = {}
    for item in items:
        found = _decoded(_MEMBERS, item, methods.ASSET_UPDATE)
        members |= {asset: bytes(values) for asset, values in found.items()}
    rows = [_balance(asset, values) for asset, values in members.items()]
    return Decoded(rows, None, _new_names(members.values(), methods.ASSET_UPDATE, _Balance))


def _balance(asset: str, values: bytes) -> Any:
    balance = _decoded(_BALANCE, values, methods.ASSET_UPDATE)
    record: Any = row_type(methods.ASSET_UPDATE, True)
    return record(
        asset=asset,
        available=raw_number(bytes(balance.available)),
        frozen=raw_number(_frozen(balance)),
        user_id=balance.flag,
    )


def _frozen(balance: _Balance) -> bytes:
    found = bytes(balance.frozen)
    return bytes(balance.freeze) if found == b"null" else found


def read_answer(
    call: Endpoint, payload: bytes, market: str = "", precisions: Precisions | None = None
) -> Decoded:
    """Read the answer to a query into rows as its call declares them.

    Raises
    ------
    ProtocolError
        If the payload is not what the call is documented to answer.
    """
    reader = _ANSWERS.get(call.path)
    if reader is not None:
        return reader(payload)
    if call is methods.DEALS_QUERY:
        return read_trades(payload, market, precisions)[1]
    if call is methods.STATE_QUERY:
        return read_tickers(payload, market)
    return exact_rows(call, payload)


def _time(payload: bytes) -> Decoded:
    """Read a clock as {timestamp: seconds} or as bare seconds (W10)."""
    if payload[:1] == b"{":
        payload = bytes(_decoded(_CLOCK, payload, methods.TIME).timestamp)
    return exact_rows(methods.TIME, payload)


class _Clock(Struct):
    timestamp: Raw


_CLOCK = msgspec.json.Decoder(_Clock)


def _depth_rows(payload: bytes) -> Decoded:
    depth = read_depth(payload)
    book = {"asks": depth.asks or [], "bids": depth.bids or [], "time": depth.time}
    return exact_rows(methods.DEPTH_QUERY, msgspec.json.encode(book))


def _is_balances(payload: bytes) -> bool:
    return payload[:1] == b"{" and not payload.replace(b" ", b"").startswith(b'{"status":"')


def _balances(payload: bytes) -> Decoded:
    return read_balances(payload) if _is_balances(payload) else Decoded([])


_ANSWERS: Mapping[str, Callable[[bytes], Decoded]] = {
    methods.TIME.path: _time,
    methods.DEPTH_QUERY.path: _depth_rows,
    methods.ASSET_QUERY.path: _balances,
    methods.ASSET_SUBSCRIBE.path: _balances,
}


def _decoded(decoder: Any, payload: bytes, call: Endpoint) -> Any:
    try:
        return decoder.decode(payload)
    except MALFORMED as problem:
        raise ProtocolError(
            f"{call.name}: the payload is not what {call.source} describes: {problem}"
        ) from None
