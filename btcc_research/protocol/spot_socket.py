"""The spot socket's catalogue: every method of BTCC's document, and the names live clients use.

A method is an `Endpoint` like a REST call: `path` is its name on the wire, `params` are its
positions in order, `fallback` is the other name of the same question. Sources: "Spot Trading
API (April 2025)", section WebSocket, named after the method; where a name is only known from
public clients that ran against BTCC, `source` says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from btcc_research.errors import InvalidArgument
from btcc_research.protocol import spot
from btcc_research.protocol.endpoint import (
    Effect,
    Endpoint,
    Field,
    Rows,
    decimal,
    enum,
    identifier,
    integer,
    json,
    text,
    time_s,
)
from btcc_research.protocol.parameters import read_values, wire_value
from btcc_research.protocol.signing import Value
from btcc_research.protocol.stream_events import ChannelName

LIVE_CLIENTS = "public clients that ran against BTCC"
DAY = 86_400

_MARKET = text("market", meaning="pair name such as BTCUSDT")
_MARKETS = json("markets", meaning="markets; none: all")
_ASSETS = json("markets", meaning="currencies; none: all")
_ACCOUNT = replace(
    identifier("account", "account_id", required=False, meaning="account id; 0: the own one"),
    default=0,
)
_SIDE = enum("side", spot.SIDE_FILTER, required=False, default=0, meaning="both, buy or sell")
_OFFSET = integer("offset", default=0, meaning="rows to skip")
_LIMIT = integer("limit", default=spot.MOST_ROWS, largest=spot.MOST_ROWS, meaning="rows wanted")
_START = integer("start_time", "start", default=0, meaning="first second; 0: none")
_END = integer("end_time", "end", default=0, meaning="last second; 0: none")
_FROM = integer("start_time", "start", required=False, meaning="first second")
_UNTIL = integer("end_time", "end", required=False, meaning="last second")
_PERIOD = integer("period", "interval", meaning="length of a candle in seconds")
_LEVELS = enum(
    "limit", {int(word): word for word in spot.LIMITS}, default=50, meaning="levels of each side"
)
_MERGE = text("merge", default="0", choices=spot.MERGES, meaning="price step; 0: none")
_TOKEN = text("token", meaning="user token")

TRADE_COLUMNS = (
    time_s("time"),
    identifier("id"),
    text("market", required=False, meaning="NA: the frame did not name it"),
    text("type", "side", meaning="of the incoming order"),
    decimal("price"),
    decimal("amount", meaning="base"),
)
TICKER_COLUMNS = (
    text("market", required=False),
    integer("period", required=False, meaning="length of the window in seconds"),
    decimal("last"),
    decimal("open"),
    decimal("high"),
    decimal("low"),
    decimal("close"),
    decimal("volume", meaning="base"),
    decimal("deal", "turnover", meaning="quote"),
)
BALANCE_COLUMNS = (
    *spot.ASSET_QUERY.columns,
    identifier("flag", "user_id", required=False),
)
ORDER_PUSH_COLUMNS = (
    *spot.ORDER_COLUMNS,
    decimal("last_deal_amount", "last_amount", required=False, meaning="latest execution"),
    identifier("last_deal_id", "last_id", required=False, meaning="latest execution"),
    decimal("last_deal_price", "last_price", required=False, meaning="latest execution"),
    time_s("last_deal_time", "last_time", required=False, meaning="latest execution"),
    enum("last_role", spot.ROLE, required=False, meaning="in the latest execution"),
)
_STATUS = (text("status", required=False), identifier("flag", "user_id", required=False))


def _method(
    name: str, title: str, params: tuple[Field, ...], columns: tuple[Field, ...], rows: Rows
) -> Endpoint:
    return Endpoint(
        name, "GET", name, "spot", False, Effect.READ, params, columns, rows, "B",
        f"{spot.DOCUMENT}, {name}", title,
    )  # fmt: skip


def _pair(live: Endpoint, name: str, params: tuple[Field, ...]) -> tuple[Endpoint, Endpoint]:
    """Declare a private method under its live and its documented name (W01, W02, W03)."""
    documented = replace(
        live, name=name, path=name, params=params, signed=True, fallback=live.path,
        source=f"{spot.DOCUMENT}, {name}",
    )  # fmt: skip
    return replace(live, signed=True, fallback=name, source=LIVE_CLIENTS), documented


def _done(name: str, title: str, params: tuple[Field, ...] = ()) -> Endpoint:
    """A method answered by a mere success, in whatever form (W09)."""
    return replace(_method(name, title, params, _STATUS, Rows.OBJECT), loose=True)


AUTH = _done("server.auth", "Log in with a user token", (_TOKEN,))
ACCESSID_AUTH = _done(
    "server.accessid_auth",
    "Log in with a key set",
    (text("access_id", meaning="access id"), text("digest", meaning="SHA-256 of the secret key")),
)
PING = _done("server.ping", "Application ping")
TIME = _method("server.time", "Server clock", (), (time_s("value", "time"),), Rows.SCALAR)
KLINE_QUERY = _method(
    "kline.query", "Candles", (_MARKET, _START, _END, replace(_PERIOD, wire="interval")),
    spot.CANDLE_COLUMNS, Rows.CANDLES,
)  # fmt: skip
DEPTH_QUERY = _method(
    "depth.query", "Order book", (_MARKET, _LEVELS, _MERGE), spot.MARKET_DEPTH.columns, Rows.BOOK
)
STATE_QUERY = replace(
    _method(
        "state.query",
        "Statistics of 24 hours",
        (replace(_MARKET, required=False), replace(_PERIOD, required=False, default=DAY)),
        TICKER_COLUMNS,
        Rows.MAP,
    ),
    note="Documented without parameters; a live client sends market and 86400 (W06).",
)
DEALS_QUERY = _method(
    "deals.query",
    "Latest public trades",
    (_MARKET, _LIMIT, integer("last_id", default=0, meaning="only larger ids; 0: all")),
    TRADE_COLUMNS,
    Rows.LIST,
)
_WINDOW = (_START, _END)
DEALS_QUERY_USER, USER_DEALS_QUERY = _pair(
    _method(
        "deals.query_user", "Own executions", (_ACCOUNT, _MARKET, _SIDE, *_WINDOW, _OFFSET, _LIMIT),
        spot.ORDER_DEAL_HISTORY.columns, Rows.LIST,
    ),
    "user.deals.query",
    (_TOKEN, _LIMIT),
)  # fmt: skip
ORDER_QUERY, ORDERS_QUERY = _pair(
    _method(
        "order.query", "Open orders", (_MARKET, _SIDE, _OFFSET, _LIMIT),
        spot.ORDER_COLUMNS, Rows.LIST,
    ),
    "orders.query",
    (_MARKET, _LIMIT, _OFFSET, _SIDE),
)  # fmt: skip
ORDER_QUERY_STOP, ORDERS_STOP_QUERY = _pair(
    _method(
        "order.query_stop", "Waiting plan orders", (_MARKET, _SIDE, _OFFSET, _LIMIT),
        spot.PLAN_COLUMNS, Rows.LIST,
    ),
    "orders.stop.query",
    (_MARKET, _LIMIT, _OFFSET, _SIDE),
)  # fmt: skip
ORDER_ACCOUNT_QUERY, USER_ORDERS_QUERY = _pair(
    _method(
        "order.account_query", "Orders of an account", (_ACCOUNT, _MARKET, _SIDE, _OFFSET, _LIMIT),
        spot.ORDER_COLUMNS, Rows.LIST,
    ),
    "user.orders.query",
    (_MARKET, _OFFSET, _LIMIT, _SIDE, _FROM, _UNTIL),
)  # fmt: skip
ORDER_ACCOUNT_QUERY_STOP, USER_ORDERS_STOP_QUERY = _pair(
    _method(
        "order.account_query_stop", "Plan orders of an account",
        (_ACCOUNT, _MARKET, _SIDE, _OFFSET, _LIMIT), spot.PLAN_COLUMNS, Rows.LIST,
    ),
    "user.orders.stop.query",
    (_MARKET, _OFFSET, _LIMIT, _SIDE, _FROM, _UNTIL),
)  # fmt: skip
ASSET_QUERY = replace(
    _method("asset.query", "Balances", (_ASSETS,), spot.ASSET_QUERY.columns, Rows.MAP), signed=True
)

KLINE_SUBSCRIBE = _done("kline.subscribe", "Follow one candle series", (_MARKET, _PERIOD))
DEPTH_SUBSCRIBE = _done("depth.subscribe", "Follow a book", (_MARKET, _LEVELS, _MERGE))
STATE_SUBSCRIBE = _done("state.subscribe", "Follow statistics", (_MARKETS,))
DEALS_SUBSCRIBE = _done("deals.subscribe", "Follow public trades", (_MARKETS,))
ORDER_SUBSCRIBE, ORDERS_SUBSCRIBE = _pair(
    _done("order.subscribe", "Follow own orders", (_MARKETS,)), "orders.subscribe", (_MARKETS,)
)
ASSET_SUBSCRIBE = replace(
    _method("asset.subscribe", "Follow balances", (_ASSETS,), BALANCE_COLUMNS, Rows.MAP),
    signed=True,
    note="Printed with all balances as its answer; a mere success is read as well.",
)
KLINE_UNSUBSCRIBE = _done("kline.unsubscribe", "Stop candles", (_MARKETS,))
DEPTH_UNSUBSCRIBE = _done("depth.unsubscribe", "Stop books", (_MARKETS,))
STATE_UNSUBSCRIBE = _done("state.unsubscribe", "Stop statistics", (_MARKETS,))
DEALS_UNSUBSCRIBE = _done("deals.unsubscribe", "Stop public trades", (_MARKETS,))
ORDER_UNSUBSCRIBE, ORDERS_UNSUBSCRIBE = _pair(
    _done("order.unsubscribe", "Stop own orders", (_MARKETS,)), "orders.unsubscribe", (_MARKETS,)
)
ASSET_UNSUBSCRIBE = replace(_done("asset.unsubscribe", "Stop balances", (_ASSETS,)), signed=True)

KLINE_UPDATE = _method("kline.update", "Candles", (), spot.CANDLE_COLUMNS, Rows.CANDLES)
DEPTH_UPDATE = _method("depth.update", "Book", (), spot.MARKET_DEPTH.columns, Rows.BOOK)
STATE_UPDATE = _method("state.update", "Statistics", (), TICKER_COLUMNS, Rows.MAP)
DEALS_UPDATE = _method("deals.update", "Public trades", (), TRADE_COLUMNS, Rows.LIST)
ORDER_UPDATE, ORDERS_UPDATE = _pair(
    _method("order.update", "Own order", (), ORDER_PUSH_COLUMNS, Rows.OBJECT), "orders.update", ()
)
ASSET_UPDATE = replace(
    _method("asset.update", "Balances", (), BALANCE_COLUMNS, Rows.MAP), signed=True
)

REQUESTS: Mapping[str, Endpoint] = MappingProxyType(
    {
        call.path: call
        for call in (
            AUTH, ACCESSID_AUTH, PING, TIME, KLINE_QUERY, DEPTH_QUERY, STATE_QUERY, DEALS_QUERY,
            DEALS_QUERY_USER, USER_DEALS_QUERY, ORDER_QUERY, ORDERS_QUERY, ORDER_QUERY_STOP,
            ORDERS_STOP_QUERY, ORDER_ACCOUNT_QUERY, USER_ORDERS_QUERY, ORDER_ACCOUNT_QUERY_STOP,
            USER_ORDERS_STOP_QUERY, ASSET_QUERY, KLINE_SUBSCRIBE, DEPTH_SUBSCRIBE, STATE_SUBSCRIBE,
            DEALS_SUBSCRIBE, ORDER_SUBSCRIBE, ORDERS_SUBSCRIBE, ASSET_SUBSCRIBE, KLINE_UNSUBSCRIBE,
            DEPTH_UNSUBSCRIBE, STATE_UNSUBSCRIBE, DEALS_UNSUBSCRIBE, ORDER_UNSUBSCRIBE,
            ORDERS_UNSUBSCRIBE, ASSET_UNSUBSCRIBE,
        )
    }
)  # fmt: skip
PUSHES: Mapping[str, Endpoint] = MappingProxyType(
    {
        push.path: push
        for push in (
            KLINE_UPDATE, DEPTH_UPDATE, STATE_UPDATE, DEALS_UPDATE, ORDER_UPDATE, ORDERS_UPDATE,
            ASSET_UPDATE,
        )
    }
)  # fmt: skip

SUBSCRIBE: Mapping[ChannelName, Endpoint] = MappingProxyType(
    {
        "trades": DEALS_SUBSCRIBE,
        "klines": KLINE_SUBSCRIBE,
        "book": DEPTH_SUBSCRIBE,
        "tickers": STATE_SUBSCRIBE,
        "orders": ORDER_SUBSCRIBE,
        "balances": ASSET_SUBSCRIBE,
    }
)
UNSUBSCRIBE: Mapping[ChannelName, Endpoint] = MappingProxyType(
    {
        "trades": DEALS_UNSUBSCRIBE,
        "klines": KLINE_UNSUBSCRIBE,
        "book": DEPTH_UNSUBSCRIBE,
        "tickers": STATE_UNSUBSCRIBE,
        "orders": ORDER_UNSUBSCRIBE,
        "balances": ASSET_UNSUBSCRIBE,
    }
)
CHANNEL_OF: Mapping[str, ChannelName] = MappingProxyType(
    {
        "deals": "trades",
        "kline": "klines",
        "depth": "book",
        "state": "tickers",
        "order": "orders",
        "orders": "orders",
        "asset": "balances",
    }
)
"""The channel of a method, by the first part of its name."""


def takes_a_list(call: Endpoint) -> bool:
    """Whether the parameters are any number of markets or currencies."""
    return call.params in ((_MARKETS,), (_ASSETS,))


def positions(call: Endpoint, values: Mapping[str, object]) -> list[Value]:
    """Return a request's `params`: arguments by their standard names, in the call's own order.

    Arguments the call does not have are left out: the two names of a method differ in them.

    Raises
    ------
    InvalidArgument
        Naming the argument and what is allowed.
    """
    if takes_a_list(call):
        return [_name_of_market(value) for value in _as_list(values.get("markets"))]
    params = [wire_value(field, values.get(field.name)) for field in call.params]
    if params and params[0] is None:
        return []  # an optional market that was not given: the rest means nothing without it
    while params and params[-1] is None:
        params.pop()
    return [0 if value is None else value for value in params]


def arguments(call: Endpoint, params: Sequence[Any]) -> dict[str, Any]:
    """Read a request's `params` as a server: the reverse of `positions`.

    Superfluous positions are ignored (W12, W13); a trailing number in a list of markets is
    a live client's window and ignored as well (W06).

    Raises
    ------
    InvalidArgument
        For a missing or malformed parameter.
    """
    if takes_a_list(call):
        names = [item for item in params if not isinstance(item, int)]
        return {"markets": [_name_of_market(name) for name in names]}
    given = zip(call.params, params, strict=False)
    texts = {field.wire: _as_text(field, value) for field, value in given if value is not None}
    return read_values(call, texts)


def _as_list(value: object) -> Sequence[object]:
    if value is None:
        return ()
    if isinstance(value, list | tuple):
        return value
    raise InvalidArgument(f"markets={value!r}: a list of names is needed.")


def _name_of_market(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidArgument(f"{value!r} is not the name of a market or currency.")
    return value


def _as_text(field: Field, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise InvalidArgument(f"{field.wire}={value!r}: text or a whole number is needed.")
    return str(value)
