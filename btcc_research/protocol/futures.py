"""The futures REST catalogue: BTCC's Standard futures, 26 documented calls and one more.

Source of all calls unless one says otherwise: "BTCC API Guide (TradeOpenApi)", the PDF
linked from the support article "BTCC API Trading". The parameters of GET and POST alike
travel in the query string. Where sources disagree, the declaration's `note` says what was
decided.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from btcc_research.protocol import futures_codes as codes
from btcc_research.protocol import futures_columns as columns
from btcc_research.protocol.endpoint import (
    Effect,
    Endpoint,
    Field,
    Paging,
    Rows,
    decimal,
    enum,
    identifier,
    integer,
    text,
    time_ms,
)

DOCUMENT = "BTCC API Guide (TradeOpenApi)"
PAGE = 100
LARGEST_LEVERAGE = 65_535

Fields = tuple[Field, ...]


def _own(field: Field) -> Field:
    """A parameter the login answers."""
    return replace(field, from_session=True)


_ACCOUNT_ID = _own(identifier("accountid", "account_id", meaning="account id; your own"))
_ACCOUNT_NUMBER = _own(text("accountNo", "account_number", meaning="account number; your own"))
_MARKET = text("symbol", "market", meaning="such as BTCUSDT, or the product's long name")
_MARKET_FILTER = replace(_MARKET, required=False)
_SIDE = enum("direction", codes.DIRECTION, "side", meaning="buy or sell")
_SIDE_FILTER = replace(_SIDE, required=False)
_LOTS = decimal("request_volume", "lots", meaning="size in lots")
_PRICE = decimal("request_price", "price", meaning="order price")
# A fill is at the quote, whatever is asked; live clients send 0 for "at market".
_REQUEST_PRICE = decimal(
    "request_price", "price", zero=True, meaning="price seen; the fill is at the quote"
)
_STOP_LOSS = decimal("stop_loss", required=False, zero=True, meaning="price; 0: none")
_TAKE_PROFIT = decimal("take_profit", required=False, zero=True, meaning="price; 0: none")
_LEVERAGE = integer("multiple", "leverage", largest=LARGEST_LEVERAGE, meaning="leverage")
_REFERENCE = identifier("refid", "reference", required=False, meaning="your own number, returned")
_POSITION_ID = identifier("positionid", "position_id", meaning="position id")
_ID = identifier("id", "id", meaning="id")
_EXECUTION_FILTER = identifier("id", "id", required=False, meaning="one execution")
_ORDER_FILTER = text("orderId", "order_id", required=False, meaning="one order")
_START = time_ms("beginTime", "start", required=False, meaning="first moment")
_END = time_ms("endTime", "end", required=False, meaning="last moment")
_PAGE = integer("pageNo", "page", default=1, meaning="page, from 1")
_PAGE_SIZE = integer("pageSize", "page_size", default=PAGE, meaning="rows a page")
_PAGES = (_PAGE, _PAGE_SIZE)
_CONTRACT = enum("contractType", codes.CONTRACT, "contract", required=False, meaning="margined in")
_ASSET = text("currencyCode", "asset", meaning="currency such as USDT")


def _call(
    name: str, path: str, title: str, params: Fields, answer: Fields, rows: Rows, member: str = ""
) -> Endpoint:
    """A signed call that only looks."""
    return Endpoint(
        name, "GET", f"/v1/{path}", "futures", True, Effect.READ, params, answer, rows,
        "M" if path.startswith("mobi/") else "F", f"{DOCUMENT}, {path}", title,
        Paging.BY_PAGE if _PAGE in params else Paging.NONE,
        member=member, total="totalSize" if member == "list" else "", numbers="json",
    )  # fmt: skip


def _trade(
    name: str, path: str, title: str, params: Fields, answer: Fields, member: str
) -> Endpoint:
    """A signed call that changes something; its reply is one object."""
    call = _call(name, path, title, params, answer, Rows.OBJECT, member)
    return replace(call, verb="POST", effect=Effect.TRADE)


LOGIN = replace(
    _call(
        "login",
        "user/login",
        "Log in: token and account",
        (
            text("user_name", meaning="e-mail address or mobile number"),
            text("password", meaning="account password"),
            integer("company_id", default=1, meaning="company"),
            text("api_key", meaning="API key"),
        ),
        columns.ACCOUNT,
        Rows.OBJECT,
        "account",
    ),
    verb="POST",
    effect=Effect.LOGIN,
    note=(
        "Signed although a test suite posts a fixed set of fields (F03). The signed text holds "
        "no time: whoever reads the URL can log in, so it is shown nowhere."
    ),
)
KEEPALIVE = _call(
    "keepalive",
    "user/keepalive",
    "Heartbeat, wanted every 20 s",
    (replace(_ACCOUNT_ID, required=False),),
    columns.KEEPALIVE,
    Rows.OBJECT,
)
SYMBOL_LIST = replace(
    _call(
        "symbol_list",
        "config/symbollist",
        "Products and their rules",
        (
            _own(
                identifier(
                    "account_group_id", required=False, meaning="account group; your own (F08)"
                )
            ),
        ),
        columns.PRODUCT,
        Rows.LIST,
        "symbols",
    ),
    note="A key is printed with a trailing blank: keys are stripped (F07).",
)
ACCOUNT_GROUP = replace(
    _call(
        "account_group",
        "config/accountgroup",
        "Account group: stop-out level",
        (_own(identifier("account_groupid", "account_group_id", meaning="account group; yours")),),
        columns.GROUP,
        Rows.OBJECT,
        "account_group",
    ),
    note="`account_groupid` here, `account_group_id` in the product list (F08).",
)
POSITION_LIST = replace(
    _call(
        "position_list",
        "account/positionlist",
        "Open positions",
        (
            _ACCOUNT_ID,
            _MARKET_FILTER,
            identifier("id", "position_id", required=False, meaning="one position"),
            *_PAGES,
        ),
        columns.POSITION,
        Rows.LIST,
        "positions",
    ),
    total="total",
    note=(
        "Pages are pageNo and pageSize; one client sends page_index and page_size (F18). Whether "
        "closed positions can appear is not said: the joined frame keeps open ones."
    ),
)
ACCOUNT = _call(
    "account", "account/account", "Balance, equity and margin", (_ACCOUNT_ID,), columns.ACCOUNT,
    Rows.OBJECT, "account",
)  # fmt: skip
OPEN_POSITION = replace(
    _trade(
        "open_position",
        "account/openposition",
        "Open a position at market",
        (
            _ACCOUNT_ID,
            _SIDE,
            _MARKET,
            _LOTS,
            _REQUEST_PRICE,
            _LEVERAGE,
            _STOP_LOSS,
            _TAKE_PROFIT,
            _REFERENCE,
            identifier("ref_accid", "second_reference", required=False, meaning="your own"),
        ),
        columns.POSITION,
        "position",
    ),
    note="The reference is only echoed: it does not keep an order from being sent twice.",
)
CLOSE_POSITION = replace(
    _trade(
        "close_position",
        "account/closeposition",
        "Close a position at market, whole or in part",
        (_ACCOUNT_ID, _POSITION_ID, _SIDE, _MARKET, _LOTS, _REQUEST_PRICE, _REFERENCE),
        columns.POSITION,
        "position",
    ),
    note=(
        "One client sends the position's side, another the opposite, the document says order "
        "direction: the closing order's side is sent (F10)."
    ),
)
UPDATE_POSITION = replace(
    _trade(
        "update_position",
        "account/updateposition",
        "Change stop loss and take profit",
        (
            _ACCOUNT_ID,
            identifier("id", "position_id", meaning="position id"),
            decimal("stop_loss", zero=True, meaning="price; 0 presumably removes it"),
            decimal("take_profit", zero=True, meaning="price; 0 presumably removes it"),
            _MARKET,
        ),
        columns.POSITION,
        "position",
    ),
    note="Both prices are mandatory: the one that stays is sent again.",
)
OPEN_PENDING = replace(
    _trade(
        "open_pending",
        "account/openpending",
        "Place a limit, stop, stop loss or take profit order",
        (
            _ACCOUNT_ID,
            _SIDE,
            enum("type", codes.PENDING_TYPE, meaning="kind of order"),
            _MARKET,
            _LOTS,
            _PRICE,
            _LEVERAGE,
            _STOP_LOSS,
            _TAKE_PROFIT,
            identifier(
                "positionid", "position_id", required=False, meaning="for orders that close"
            ),
        ),
        columns.PENDING,
        "order",
    ),
    note="The reply names no position, and nothing of the request comes back as a mark.",
)
UPDATE_PENDING = replace(
    _trade(
        "update_pending",
        "account/updatepending",
        "Change a pending order",
        (
            _ACCOUNT_ID,
            identifier("id", "order_id", meaning="order id"),
            _SIDE,
            enum("type", codes.PENDING_TYPE_CHANGE, meaning="limit or stop"),
            _MARKET_FILTER,
            _LOTS,
            _PRICE,
            _STOP_LOSS,
            _TAKE_PROFIT,
        ),
        columns.PENDING,
        "order",
    ),
    note="The request numbers types 0 and 1, everything else 1 to 5 (F09).",
)
CANCEL_PENDING = _trade(
    "cancel_pending",
    "account/cancelpending",
    "Cancel a pending order",
    (_ACCOUNT_ID, identifier("id", "order_id", meaning="order id")),
    columns.PENDING,
    "order",
)
ORDER_LIST = _call(
    "order_list",
    "account/orderList",
    "Pending orders",
    (_ACCOUNT_ID, identifier("id", "order_id", required=False, meaning="one order")),
    columns.PENDING,
    Rows.LIST,
    "orders",
)
OPEN_SLTP = replace(
    _trade(
        "open_sltp",
        "account/opensltp",
        "Attach stop loss and take profit orders (experimental)",
        (_ACCOUNT_ID, _MARKET, _POSITION_ID, _LOTS, _LEVERAGE, _STOP_LOSS, _TAKE_PROFIT),
        columns.PENDING,
        "order",
    ),
    source="two public clients that name an edition of 25 April 2025",
    experimental=True,
    note="Not in the edition of the document this catalogue follows (F19).",
)
DEAL_TODAY_LIST = _call(
    "deal_today_list", "account/dealTodayList", "Executions of the day",
    (_ACCOUNT_ID, _EXECUTION_FILTER), columns.TODAY, Rows.LIST, "orders",
)  # fmt: skip
PROFIT_TODAY_LIST = _call(
    "profit_today_list", "account/profitTodayList", "Closing executions of the day",
    (_ACCOUNT_ID, _EXECUTION_FILTER), columns.TODAY, Rows.LIST, "orders",
)  # fmt: skip
_BOUNDS = (_START, _END, *_PAGES)
GET_PROFIT_REPORT = replace(
    _call(
        "get_profit_report",
        "user/getProfitReport",
        "Closed positions",
        (
            *_BOUNDS,
            _ORDER_FILTER,
            _MARKET_FILTER,
            enum("orderType", codes.REPORT_TYPE, "type", required=False, meaning="kind of order"),
            enum(
                "openDirection", codes.DIRECTION, "side", required=False, meaning="of the opening"
            ),
            _CONTRACT,
        ),
        columns.PROFIT_REPORT,
        Rows.LIST,
        "list",
    ),
    note="The unit of the bounds is not documented: milliseconds, as in the rows (F12).",
)
GET_TRADE_REPORT = replace(
    _call(
        "get_trade_report",
        "user/getTradeReport",
        "Executions",
        (
            *_BOUNDS,
            _ORDER_FILTER,
            _MARKET_FILTER,
            enum("orderType", codes.REPORT_TYPE, "type", required=False, meaning="kind of order"),
            _SIDE_FILTER,
            _CONTRACT,
            enum("reportType", codes.ACTION, "action", required=False, meaning="open or close"),
        ),
        columns.TRADE_REPORT,
        Rows.LIST,
        "list",
    ),
    note="Numbers and texts mixed in one row; an empty text is a missing number (F13).",
)
GET_HIS_ORDER = replace(
    _call(
        "get_his_order",
        "user/getHisOrder",
        "Closed pending orders",
        (
            _ACCOUNT_NUMBER,
            *_BOUNDS,
            _SIDE_FILTER,
            _ORDER_FILTER,
            _MARKET_FILTER,
            enum("status", codes.PENDING_STATUS, required=False, meaning="state"),
            _CONTRACT,
        ),
        columns.ORDER_HISTORY,
        Rows.LIST,
        "list",
    ),
    note="`status` is a number in the request and a text in the reply (F22).",
)
GET_REPORT_DEAL = replace(
    _call(
        "get_report_deal",
        "user/getReportDeal",
        "Ledger (every change of the balance)",
        (
            _ACCOUNT_NUMBER,
            *_BOUNDS,
            enum("amountType", codes.MONEY, "money", required=False, meaning="balance or bonus"),
            text("currency", "asset", required=False, meaning="one currency"),
        ),
        columns.BALANCE_CHANGE,
        Rows.LIST,
        "list",
    ),
    note="The codes of reportType are not published: unknown ones stay readable.",
)
GET_SYMBOL_DETAIL = replace(
    _call(
        "get_symbol_detail",
        "user/getSymbolDetail",
        "Introduction of a product",
        (text("symbolName", "market", meaning="such as BTCUSDT, or the product's long name"),),
        columns.PRODUCT_DETAIL,
        Rows.OBJECT,
    ),
    note="Its table lists no sign, the general rule demands one: it is signed (F05).",
)
QUERY_COIN_ADDRESS = _call(
    "query_coin_address",
    "mobi/QueryCoinAddress",
    "Deposit address",
    (
        text("GTSCodeId", "code_id", meaning="described as mobile number"),
        text("CurrencyCode", "asset", meaning="currency"),
    ),
    columns.ADDRESS,
    Rows.OBJECT,
)
QUERY_CURRENCY_ADDRESS = replace(
    _call(
        "query_currency_address",
        "mobi/QueryCurrenyAddress",
        "Withdrawal address",
        (_own(identifier("gts2customerid", "account_id", meaning="account id; your own")),),
        columns.WITHDRAWAL_ADDRESS,
        Rows.OBJECT,
    ),
    note="The path really is spelled Curreny; the parameter is broken over two lines (F07).",
)
QUERY_WITHDRAWAL_SAVE_RECORD = replace(
    _call(
        "query_withdrawal_save_record",
        "mobi/QueryWithdrawalSaveRecord",
        "Bookings of deposits or withdrawals",
        (
            _ACCOUNT_ID,
            *_PAGES,
            time_ms("begintime", "start", meaning="first moment"),
            time_ms("endtime", "end", meaning="last moment"),
            enum("Reporttype", codes.TRANSFER, "kind", meaning="deposit or withdrawal"),
        ),
        columns.TRANSFER,
        Rows.LIST,
    ),
    note="Named withdrawal, headed deposit history; Reporttype selects (F20).",
)
QUERY_IN_OUT_COIN_RECORD = _call(
    "query_in_out_coin_record",
    "mobi/QueryInOutCoinRecord",
    "Requests for deposits or withdrawals of coins",
    (
        _ACCOUNT_NUMBER,
        *_PAGES,
        enum("CoinType", codes.COIN_WAY, "kind", meaning="deposit or withdrawal"),
    ),
    columns.COIN_REQUEST,
    Rows.LIST,
)
QUERY_IN_OUT_COIN = _call(
    "query_in_out_coin",
    "mobi/QueryInOutCoin",
    "Whether deposits and withdrawals are open",
    (_ASSET,),
    columns.COIN_STATE,
    Rows.OBJECT,
)
QUERY_IN_OUT_COIN_FEE = replace(
    _call(
        "query_in_out_coin_fee",
        "mobi/QueryInOutCoinFee",
        "Fees of deposits and withdrawals",
        (_ASSET,),
        columns.COIN_FEE,
        Rows.OBJECT,
    ),
    note="The document prints no method: GET, like its siblings (F06).",
)

CATALOGUE: MappingProxyType[str, Endpoint] = MappingProxyType(
    {
        call.name: call
        for call in (
            LOGIN, KEEPALIVE, SYMBOL_LIST, ACCOUNT_GROUP, POSITION_LIST, ACCOUNT,
            OPEN_POSITION, CLOSE_POSITION, UPDATE_POSITION, OPEN_PENDING, UPDATE_PENDING,
            CANCEL_PENDING, ORDER_LIST, OPEN_SLTP, DEAL_TODAY_LIST, PROFIT_TODAY_LIST,
            GET_PROFIT_REPORT, GET_TRADE_REPORT, GET_HIS_ORDER, GET_REPORT_DEAL,
            GET_SYMBOL_DETAIL, QUERY_COIN_ADDRESS, QUERY_CURRENCY_ADDRESS,
            QUERY_WITHDRAWAL_SAVE_RECORD, QUERY_IN_OUT_COIN_RECORD, QUERY_IN_OUT_COIN,
            QUERY_IN_OUT_COIN_FEE,
        )
    }
)  # fmt: skip
