"""The spot REST catalogue: every call BTCC documents, and the two live clients use.

Source of all calls unless one says otherwise: "Spot Trading API (April 2025)", BTCC's
spot document, section named after the path. Where sources disagree, the declaration's
`note` says what was decided.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from btcc_research.errors import OrderRejected, Refusal
from btcc_research.protocol.endpoint import (
    Effect,
    Endpoint,
    Field,
    Paging,
    Rows,
    decimal,
    enum,
    flag,
    id_list,
    identifier,
    integer,
    json,
    text,
    time_ms,
    time_s,
)

BASE = "/btcc_api_trade"
DOCUMENT = "Spot Trading API (April 2025)"

# BTCC numbers sides 1 buy, 2 sell; the engine it descends from has them the other way round.
SIDE = MappingProxyType({1: "buy", 2: "sell"})
SIDE_FILTER = MappingProxyType({0: "both", 1: "buy", 2: "sell"})
ORDER_TYPE = MappingProxyType({1: "limit", 2: "market"})
TIME_IN_FORCE = MappingProxyType({0: "GTC", 8: "IOC", 16: "FOK"})
ROLE = MappingProxyType({1: "maker", 2: "taker"})

LIMITS = ("5", "10", "20", "50")
MERGES = (
    "0", "0.0000000001", "0.000000001", "0.00000001", "0.0000001", "0.000001", "0.00001",
    "0.0001", "0.001", "0.01", "0.1", "1", "10", "100",
)  # fmt: skip
MOST_ROWS = 100
MOST_IDS = 10
LONGEST_SOURCE = 30

_MARKET = text("market", meaning="pair name such as BTCUSDT")
_SIDE = enum("side", SIDE, meaning="buy or sell")
# `side` is optional on most calls and mandatory on cancle_stop_all: 0 is always sent (S10).
_SIDE_FILTER = enum("side", SIDE_FILTER, required=False, default=0, meaning="both, buy or sell")
_START = time_s("start_time", "start", required=False, meaning="first second")
_END = time_s("end_time", "end", required=False, meaning="last second")
_OFFSET = integer("offset", default=0, meaning="rows to skip, from the newest")
_LIMIT = integer("limit", default=MOST_ROWS, largest=MOST_ROWS, meaning="rows wanted, at most 100")
_ORDER_ID = identifier("order_id", meaning="order id")
_SOURCE = text(
    "source",
    default="btcc_research",
    largest=LONGEST_SOURCE,
    meaning="label stored with the order, at most 30 bytes",
)
_TIME_IN_FORCE = enum(
    "option", TIME_IN_FORCE, "time_in_force", required=False, default=0, meaning="GTC, IOC or FOK"
)
# Not in the parameter tables, but orders return it and a live client sends it (S12).
_CLIENT_ID = text("client_id", required=False, meaning="your own id, returned with the order")
_AMOUNT = decimal("amount", meaning="base amount")
_AMOUNT_TO_SPEND = decimal("amount", meaning="sell: base amount; BUY: quote money to spend")
_PRICE = decimal("price", meaning="limit price")
_STOP_PRICE = decimal("stop_price", meaning="last price at which the order is placed")

ORDER_COLUMNS = (
    identifier("id"),
    text("market"),
    enum("side", SIDE),
    enum("type", ORDER_TYPE),
    enum("option", TIME_IN_FORCE, "time_in_force"),
    decimal("price"),
    decimal("amount", meaning="ordered; quote money for a market buy, else base"),
    decimal("left", "remaining", meaning="not executed yet, in the currency of amount"),
    decimal("deal_stock", "filled", meaning="executed, base"),
    decimal("deal_money", "cost", meaning="executed, quote"),
    decimal("deal_fee", "fee", meaning="charged so far, in the currency received"),
    decimal("taker_fee", "taker_rate"),
    decimal("maker_fee", "maker_rate"),
    text("fee_asset", required=False, meaning="currency of asset_fee; NA: the received one"),
    decimal("asset_fee", required=False, meaning="charged in fee_asset"),
    decimal("fee_discount", required=False),
    time_s("ctime", "created_at"),
    time_s("mtime", "updated_at"),
    text("source", required=False),
    text("client_id", required=False),
    identifier("user", "user_id", required=False),
    identifier("account", "account_id", required=False),
)
FINISHED_COLUMNS = (
    *ORDER_COLUMNS,
    time_s("ftime", "finished_at", required=False, meaning="not in BTCC's table"),
)
PLAN_COLUMNS = (
    identifier("id"),
    text("market"),
    enum("side", SIDE),
    enum("type", ORDER_TYPE, meaning="kind of the order placed when triggered"),
    enum("option", TIME_IN_FORCE, "time_in_force", required=False),
    decimal("stop_price"),
    decimal("price"),
    decimal("amount"),
    integer("state", "trigger_state", required=False, meaning="numbers are not documented"),
    decimal("taker_fee", "taker_rate", required=False),
    decimal("maker_fee", "maker_rate", required=False),
    text("fee_asset", required=False),
    decimal("fee_discount", required=False),
    time_s("ctime", "created_at"),
    time_s("mtime", "updated_at", required=False),
    text("source", required=False),
    text("client_id", required=False),
)
DEAL_COLUMNS = (
    time_s("time"),
    identifier("id"),
    enum("role", ROLE),
    decimal("price"),
    decimal("amount", meaning="base"),
    decimal("deal", "cost", meaning="price x amount, quote"),
    decimal("fee", meaning="in fee_asset; NA there: in the currency received"),
    text("fee_asset", required=False),
    identifier("deal_order_id", "counter_order_id", required=False),
    identifier("deal_user", "counter_user_id", required=False),
    # The engine family puts side and market in each row; BTCC's table does not list them.
    enum("side", SIDE, required=False, meaning="not in BTCC's table"),
    text("market", required=False, meaning="not in BTCC's table"),
    identifier("user", "user_id", required=False),
    identifier("account", "account_id", required=False),
)
MARKET_COLUMNS = (
    text("name", "market"),
    text("stock", "base"),
    text("money", "quote"),
    integer("money_prec", "price_precision", meaning="decimals of a price"),
    integer("stock_prec", "amount_precision", meaning="decimals of an amount"),
    integer("fee_prec", "fee_precision", meaning="decimals of a fee rate"),
    decimal("min_amount", meaning="smallest order, base"),
    flag("switch", "is_open"),
    time_s("open_time", "opens_at", required=False, meaning="only while the market is closed"),
)
CANDLE_COLUMNS = (
    time_s("0", "open_time"),
    decimal("1", "open"),
    decimal("3", "high"),
    decimal("4", "low"),
    decimal("2", "close", meaning="BTCC sends it before high and low"),
    decimal("5", "volume", meaning="base"),
    decimal("6", "turnover", meaning="quote"),
)

_CANCEL_REFUSALS = MappingProxyType(
    {
        10: Refusal(OrderRejected, "The order is not open any more: look at orders()."),
        11: Refusal(OrderRejected, "The order belongs to another user."),
    }
)
_PLACE_REFUSALS = MappingProxyType(
    {
        10: Refusal(OrderRejected, "The available balance is too small: look at balances()."),
        11: Refusal(OrderRejected, "The amount is below the market's minimum: markets() shows it."),
        12: Refusal(OrderRejected, "Nobody is on the other side of the book: look at depth()."),
    }
)


def _read(
    name: str,
    path: str,
    title: str,
    params: tuple[Field, ...],
    columns: tuple[Field, ...],
    rows: Rows,
) -> Endpoint:
    """A signed call that only looks."""
    paged = Paging.BY_OFFSET if _OFFSET in params else Paging.NONE
    source = f"{DOCUMENT}, {path}"
    return Endpoint(
        name, "GET", f"{BASE}/{path}", "spot", True, Effect.READ, params, columns, rows, "B",
        source, title, paged,
    )  # fmt: skip


def _public(
    name: str,
    path: str,
    title: str,
    params: tuple[Field, ...],
    columns: tuple[Field, ...],
    rows: Rows,
) -> Endpoint:
    """A call without a signature."""
    return replace(_read(name, path, title, params, columns, rows), signed=False)


def _trade(
    name: str,
    path: str,
    title: str,
    params: tuple[Field, ...],
    columns: tuple[Field, ...],
) -> Endpoint:
    """A signed call that changes something; its reply is one object."""
    call = _read(name, path, title, params, columns, Rows.OBJECT)
    refusals = _CANCEL_REFUSALS if "canc" in path else _PLACE_REFUSALS
    return replace(call, verb="POST", effect=Effect.TRADE, refusals=refusals)


PING = replace(
    _public("ping", "ping", "Connectivity test", (), (text("value", "answer"),), Rows.SCALAR),
    envelope="A",
)
TIME = replace(
    _public("time", "time", "Server clock", (), (time_s("value", "time"),), Rows.SCALAR),
    envelope="A",
    note="Whole seconds: the offset of a clock is known to half a second at best.",
)
ASSET_QUERY = _read(
    "asset_query",
    "asset/query",
    "Balances",
    (),
    (text("asset"), decimal("available"), decimal("frozen", meaning="locked in open orders")),
    Rows.MAP,
)
ASSET_QUERY_HISTORY = replace(
    _read(
        "asset_query_history",
        "asset/query_history",
        "Ledger (every change of a balance)",
        (
            text("asset", required=False, meaning="one currency; all when left out"),
            text("business", required=False, meaning="such as trade or fee; all when left out"),
            _START,
            _END,
            _OFFSET,
            _LIMIT,
        ),
        (
            time_s("time"),
            identifier("global_id", "id"),
            text("asset"),
            text("business"),
            decimal("change", meaning="signed"),
            decimal("balance", meaning="after the change"),
            text("business_id", required=False, meaning="text, unlike other ids"),
            json("detail", meaning="of a trade: m market, i order id, p price, a amount, f rate"),
            identifier("user", "user_id", required=False),
            identifier("account", "account_id", required=False),
        ),
        Rows.LIST,
    ),
    note=(
        "Sample: a bare list; the engine family wraps it in records: both are read (S14). "
        "`detail` is typed a list and printed an object: object, list and null are read (S13)."
    ),
)
MARKET_LIST = replace(
    _public("market_list", "market/list", "All markets", (), MARKET_COLUMNS, Rows.LIST),
    envelope="C",
)
MARKET_DETAIL = replace(
    _public(
        "market_detail", "market/detail", "One market", (_MARKET,), MARKET_COLUMNS, Rows.OBJECT
    ),
    envelope="C",
)
MARKET_KLINE = replace(
    _public(
        "market_kline",
        "market/kline",
        "Candles",
        (
            _MARKET,
            time_s("start_time", "start", meaning="first second"),
            time_s("end_time", "end", meaning="last second"),
            integer("interval", meaning="length of a candle in seconds"),
        ),
        CANDLE_COLUMNS,
        Rows.CANDLES,
    ),
    envelope="A",
    paging=Paging.BY_TIME,
    note=(
        "Printed as {code, data: {result: [...]}}; a test suite expects error null: both are "
        "read (S02). Accepted intervals and the most rows of a reply are not published."
    ),
)
MARKET_DEPTH = _public(
    "market_depth",
    "market/depth",
    "Order book",
    (
        _MARKET,
        text("limit", default="20", choices=LIMITS, meaning="levels of each side"),
        text(
            "merge", default="0", choices=MERGES, meaning="price step that groups levels; 0: none"
        ),
    ),
    (time_ms("time"), text("side", choices=("ask", "bid")), decimal("price"), decimal("amount")),
    Rows.BOOK,
)
MARKET_TICKER = _public(
    "market_ticker",
    "market/ticker",
    "Last price (documented path)",
    (_MARKET,),
    (decimal("value", "last"),),
    Rows.SCALAR,
)
MARKET_LAST = replace(
    _public(
        "market_last",
        "market/last",
        "Last price (path live clients use)",
        (_MARKET,),
        (decimal("value", "last"),),
        Rows.SCALAR,
    ),
    fallback="market_ticker",
    source="public clients that ran against production",
    note="The document names /market/ticker, every live client /market/last (S03).",
)
ORDER_LIMIT = _trade(
    "order_limit",
    "order/limit",
    "Place a limit order",
    (_MARKET, _SIDE, _AMOUNT, _PRICE, _SOURCE, _TIME_IN_FORCE, _CLIENT_ID),
    ORDER_COLUMNS,
)
ORDER_MARKET = replace(
    _trade(
        "order_market",
        "order/market",
        "Place a market order",
        (_MARKET, _SIDE, _AMOUNT_TO_SPEND, _SOURCE, _TIME_IN_FORCE, _CLIENT_ID),
        ORDER_COLUMNS,
    ),
    note="Called order quantity; the published push shows quote money for a buy (S16).",
)
ORDER_CANCEL = replace(
    _trade(
        "order_cancel",
        "order/cancel",
        "Cancel one order",
        (_MARKET, identifier("id", "order_id", meaning="order id")),
        ORDER_COLUMNS,
    ),
    note="The id is called `id` here, `order_id` elsewhere, `order_ids` in the batch (S08).",
)
_CANCELLED = (
    integer("cancel_cnt", "cancelled", required=False, meaning="how many were cancelled"),
    json("ids", "cancelled_ids"),
    json(
        "noids", "failed_ids", meaning="could not be cancelled; the reply is a success all the same"
    ),
)
ORDER_CANCEL_MULTI = _trade(
    "order_cancel_multi",
    "order/cancel_multi",
    "Cancel several orders",
    (_MARKET, id_list("order_ids", largest=MOST_IDS, meaning="at most 10 ids joined with |")),
    _CANCELLED,
)
ORDER_CANCEL_ALL = replace(
    _trade(
        "order_cancel_all",
        "order/cancel_all",
        "Cancel every open order of a market",
        (_MARKET, _SIDE_FILTER),
        _CANCELLED,
    ),
    loose=True,
    note="The payload is not documented: whatever comes is a success (S17).",
)
ORDER_PENDING = _read(
    "order_pending",
    "order/pending",
    "Open orders",
    (_MARKET, _SIDE_FILTER, _OFFSET, _LIMIT),
    ORDER_COLUMNS,
    Rows.LIST,
)
ORDER_PENDING_DETAIL = _read(
    "order_pending_detail",
    "order/pending_detail",
    "One open order",
    (_MARKET, _ORDER_ID),
    ORDER_COLUMNS,
    Rows.OBJECT,
)
ORDER_DEAL = replace(
    _read(
        "order_deal",
        "order/deal",
        "Executions of one order (documented path)",
        (_MARKET, _ORDER_ID, _OFFSET, _LIMIT),
        DEAL_COLUMNS,
        Rows.LIST,
    ),
    fallback="order_deals",
    note="A test suite calls /order/deals without market and with side (S04).",
)
ORDER_DEALS = replace(
    _read(
        "order_deals",
        "order/deals",
        "Executions of one order (path a live client uses)",
        (_ORDER_ID, _SIDE_FILTER, _OFFSET, _LIMIT),
        DEAL_COLUMNS,
        Rows.LIST,
    ),
    source="public test suite for this API",
)
ORDER_DEAL_HISTORY = _read(
    "order_deal_history",
    "order/deal_history",
    "Own executions of a market",
    (_MARKET, _SIDE_FILTER, _START, _END, _OFFSET, _LIMIT),
    (*DEAL_COLUMNS[:2], identifier("order_id"), *DEAL_COLUMNS[2:]),
    Rows.LIST,
)
ORDER_FINISHED = _read(
    "order_finished",
    "order/finished",
    "Closed orders",
    (_MARKET, _SIDE_FILTER, _START, _END, _OFFSET, _LIMIT),
    FINISHED_COLUMNS,
    Rows.LIST,
)
ORDER_FINISH_DETAIL = _read(
    "order_finish_detail",
    "order/finish_detail",
    "One closed order",
    (_ORDER_ID,),
    FINISHED_COLUMNS,
    Rows.OBJECT,
)
ORDER_STOP_LIMIT = replace(
    _trade(
        "order_stop_limit",
        "order/stop_limit",
        "Place a plan order that becomes a limit order",
        (_MARKET, _SIDE, _AMOUNT, _PRICE, _STOP_PRICE, _SOURCE),
        PLAN_COLUMNS,
    ),
    refusals={},
    loose=True,
    note="The reply is not documented: what is there is shown (S17).",
)
ORDER_STOP_MARKET = replace(
    _trade(
        "order_stop_market",
        "order/stop_market",
        "Place a plan order that becomes a market order",
        (_MARKET, _SIDE, _AMOUNT_TO_SPEND, _STOP_PRICE, _SOURCE),
        PLAN_COLUMNS,
    ),
    refusals={},
    loose=True,
    note="The reply is not documented: what is there is shown (S17).",
)
ORDER_CANCEL_STOP = replace(
    _trade(
        "order_cancel_stop",
        "order/cancle_stop",
        "Cancel one plan order",
        (_ORDER_ID, replace(_MARKET, required=False)),
        PLAN_COLUMNS,
    ),
    loose=True,
    note="Really spelled cancle. The document has no market, a test suite sends it (S09).",
)
ORDER_CANCEL_STOP_ALL = replace(
    _trade(
        "order_cancel_stop_all",
        "order/cancle_stop_all",
        "Cancel every plan order of a market",
        (_MARKET, replace(_SIDE_FILTER, required=True)),
        _CANCELLED,
    ),
    loose=True,
    note="The path really is spelled cancle. The payload is not documented (S17).",
)
ORDER_PENDING_STOP = _read(
    "order_pending_stop",
    "order/pending_stop",
    "Waiting plan orders",
    (_MARKET, _SIDE_FILTER, _OFFSET, _LIMIT),
    PLAN_COLUMNS,
    Rows.LIST,
)
ORDER_FINISHED_STOP = _read(
    "order_finished_stop",
    "order/finished_stop",
    "Closed plan orders",
    (_MARKET, _SIDE_FILTER, _START, _END, _OFFSET, _LIMIT),
    (
        *PLAN_COLUMNS,
        integer("status", "execution_status", required=False, meaning="numbers are not documented"),
        time_s("ftime", "finished_at", required=False),
    ),
    Rows.LIST,
)

CATALOGUE: MappingProxyType[str, Endpoint] = MappingProxyType(
    {
        call.name: call
        for call in (
            PING, TIME, ASSET_QUERY, ASSET_QUERY_HISTORY,
            MARKET_LIST, MARKET_DETAIL, MARKET_KLINE, MARKET_DEPTH, MARKET_TICKER, MARKET_LAST,
            ORDER_LIMIT, ORDER_MARKET, ORDER_CANCEL, ORDER_CANCEL_MULTI, ORDER_CANCEL_ALL,
            ORDER_PENDING, ORDER_PENDING_DETAIL, ORDER_DEAL, ORDER_DEALS, ORDER_DEAL_HISTORY,
            ORDER_FINISHED, ORDER_FINISH_DETAIL, ORDER_STOP_LIMIT, ORDER_STOP_MARKET,
            ORDER_CANCEL_STOP, ORDER_CANCEL_STOP_ALL, ORDER_PENDING_STOP, ORDER_FINISHED_STOP,
        )
    }
)  # fmt: skip
