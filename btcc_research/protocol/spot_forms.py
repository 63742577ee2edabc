"""The spot socket as a server writes it: both forms of everything sources disagree about.

Records are those of an exchange: one attribute per column, times in Unix microseconds.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from btcc_research.protocol import spot_socket as methods
from btcc_research.protocol.book import Level, book_checksum
from btcc_research.protocol.endpoint import Endpoint
from btcc_research.protocol.rows import write_rows

_SIGN = 2**31
_SIDE_CODES = {"buy": 1, "sell": 2}
_CHANGES = {"placed": 1, "changed": 2, "finished": 3}


@dataclass(frozen=True, slots=True)
class SpotForms:
    """Which form a spot socket server uses where sources contradict each other.

    Attributes
    ----------
    names : {"both", "live", "documented"}
        W01, W02, W03: the private methods it knows.
    unknown_method : {"code", "silent"}
        Whether an unknown method gets code 4, or no reply at all as in the engine family.
    order_name : {"order.update", "orders.update"}
        W01: the name of the order push.
    order_push : {"event_order", "order_only"}
        W04.
    deals_push : {"market_objects", "rows"}
        W05.
    deals_numbers : {"text", "number"}
        W05: whether price and amount are JSON numbers, with their binary noise.
    state_push : {"map", "pair"}
        W07.
    ack_style : {"status_object", "text"}
        W09.
    asset_ack : {"status", "balances"}
        Whether a subscription to balances is answered with all of them.
    ping_style : {"status_object", "pong"}, time_style : {"object", "int"}
        W10.
    binary : {"", "deflate", "zlib", "gzip"}
        W16: whether pushes are compressed binary frames.
    checksum : {"unsigned", "signed", "none"}
        W17; `none` leaves it out.
    corrupt_every : int
        Every so many-th book push carries a wrong checksum; 0: none.
    books : {"many", "one"}
        Whether a second book replaces the first one of a connection.
    depth_market : bool
        Whether a book push names its market.
    auth_code : int
        W18: the code of a refused login: 1, 6 or 11.
    frozen_name : {"frozen", "freeze"}
        W20.
    """

    names: Literal["both", "live", "documented"] = "both"
    unknown_method: Literal["code", "silent"] = "code"
    order_name: Literal["order.update", "orders.update"] = "order.update"
    order_push: Literal["event_order", "order_only"] = "event_order"
    deals_push: Literal["market_objects", "rows"] = "market_objects"
    deals_numbers: Literal["text", "number"] = "text"
    state_push: Literal["map", "pair"] = "map"
    ack_style: Literal["status_object", "text"] = "status_object"
    asset_ack: Literal["status", "balances"] = "status"
    ping_style: Literal["status_object", "pong"] = "status_object"
    time_style: Literal["object", "int"] = "object"
    binary: Literal["", "deflate", "zlib", "gzip"] = ""
    checksum: Literal["unsigned", "signed", "none"] = "unsigned"
    corrupt_every: int = 0
    books: Literal["many", "one"] = "many"
    depth_market: bool = True
    auth_code: int = 1
    frozen_name: Literal["frozen", "freeze"] = "frozen"


def request_text(request_id: int, method: str, params: Sequence[object]) -> str:
    """Return a request, as a client sends it."""
    return _text({"id": request_id, "method": method, "params": params})


def reply_text(request_id: int, result: object) -> str:
    """Return a success."""
    return _text({"error": None, "id": request_id, "result": result})


def refusal_text(request_id: int, code: int, message: str) -> str:
    """Return a failure."""
    error = {"code": code, "message": message}
    return _text({"error": error, "id": request_id, "result": None})


def push_text(method: str, params: Sequence[object]) -> str:
    """Return a push."""
    return _text({"id": None, "method": method, "params": params})


def _text(message: Mapping[str, object]) -> str:
    return msgspec.json.encode(message).decode()


def success(forms: SpotForms) -> object:
    """Return what confirms a subscription."""
    return "success" if forms.ack_style == "text" else {"status": "success"}


def packed(forms: SpotForms, push: str) -> str | bytes:
    """Return a push as the frame it travels in."""
    windows = {"deflate": -zlib.MAX_WBITS, "zlib": zlib.MAX_WBITS, "gzip": zlib.MAX_WBITS | 16}
    if not forms.binary:
        return push
    deflater = zlib.compressobj(wbits=windows[forms.binary])
    return deflater.compress(push.encode()) + deflater.flush()


def depth_payload(
    forms: SpotForms, window: tuple[Sequence[Level], Sequence[Level]], last: str, time: int
) -> dict[str, object]:
    """Return a whole book of (bids, asks), with its checksum; `time` in milliseconds."""
    bids, asks = window
    payload: dict[str, object] = {"asks": asks, "bids": bids, "last": last, "time": time}
    if forms.checksum != "none":
        value = book_checksum(bids, asks)
        signed = forms.checksum == "signed" and value >= _SIGN
        payload["checksum"] = value - 2 * _SIGN if signed else value
    return payload


def depth_push(forms: SpotForms, market: str, payload: object, *, full: bool) -> str:
    """Return a book push of a payload that holds the whole book or the changes only."""
    params = [full, payload, market] if forms.depth_market else [full, payload]
    return push_text(methods.DEPTH_UPDATE.path, params)


def klines_push(rows: Sequence[Sequence[object]]) -> str:
    """Return a push of candle rows: time, open, close, high, low, volume, turnover, market."""
    return push_text(methods.KLINE_UPDATE.path, rows)


def trade_objects(forms: SpotForms, trades: Iterable[Any]) -> list[dict[str, Any]]:
    """Return trades as the objects of a query's answer."""
    records = write_rows(methods.DEALS_QUERY, trades, frozenset({"market"}))
    if forms.deals_numbers == "number":
        for record in records:
            record["price"], record["amount"] = float(record["price"]), float(record["amount"])
    return records


def trades_push(forms: SpotForms, market: str, trades: Iterable[Any]) -> str:
    """Return a push of public trades, newest first."""
    records = trade_objects(forms, trades)
    params: list[object] = [market, records]
    if forms.deals_push == "rows":
        params = [
            [r["id"], r["price"], r["amount"], _SIDE_CODES[r["type"]], r["time"]] for r in records
        ]
    return push_text(methods.DEALS_UPDATE.path, params)


def ticker_object(ticker: Any) -> dict[str, Any]:
    """Return a market's statistics as BTCC's object."""
    return write_rows(methods.STATE_QUERY, [ticker], frozenset({"market"}))[0]


def tickers_push(forms: SpotForms, market: str, ticker: Any) -> str:
    """Return a push of a market's statistics."""
    values = ticker_object(ticker)
    pair = forms.state_push == "pair"
    return push_text(methods.STATE_UPDATE.path, [market, values] if pair else [{market: values}])


def order_push(forms: SpotForms, change: str, order: Any) -> str:
    """Return a push of an own order; `change` is placed, changed or finished."""
    record = _record(methods.ORDER_UPDATE, order)
    params = [record] if forms.order_push == "order_only" else [_CHANGES[change], record]
    return push_text(forms.order_name, params)


def balances_object(forms: SpotForms, balances: Iterable[Any]) -> dict[str, Any]:
    """Return balances as BTCC's map; records have `asset`, `available`, `frozen`."""
    return {
        balance.asset: {
            "available": balance.available,
            forms.frozen_name: balance.frozen,
        }
        for balance in balances
    }


def balance_push(forms: SpotForms, balance: Any, user_id: int) -> str:
    """Return a push of one balance."""
    values = balances_object(forms, [balance])[balance.asset]
    return push_text(methods.ASSET_UPDATE.path, [{balance.asset: values | {"flag": user_id}}])


def records_page(
    call: Endpoint, records: Sequence[Any], values: Mapping[str, Any], total: int | None
) -> dict[str, Any]:
    """Return the answer to a paged query of own orders or executions."""
    page: dict[str, Any] = {
        "limit": values.get("limit"),
        "offset": values.get("offset") or 0,
        "records": [_record(call, record) for record in records],
    }
    return page if total is None else page | {"total": total}


def _record(call: Endpoint, record: object) -> dict[str, Any]:
    """Write a record; columns an exchange does not keep are left out."""
    missing = {field.name for field in call.columns if not hasattr(record, field.name)}
    return write_rows(call, [record], frozenset(missing))[0]
