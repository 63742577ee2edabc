"""The forms in which sources about BTCC contradict each other, and the sandbox's limits.

Each switch names the row of the contradiction it belongs to, so that a client can be
tested against both forms. The defaults are BTCC's documents. What the futures dealer does
with money is set in `FuturesSettings`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from btcc_research.protocol.wire import ErrorStyle


@dataclass(slots=True)
class Switches:
    """What the sandbox does where BTCC's behaviour is disputed or unknown.

    Attributes
    ----------
    envelopes : {"documented", "swapped"}
        S01: every call in its documented envelope, or A for B and C and the reverse.
    kline_envelope : {"documented", "engine"}
        S02: candles under ``data.result``, or under ``result``.
    price_path : {"both", "last", "ticker"}
        S03: which path of the last price exists.
    deals_path : {"both", "deal", "deals"}
        S04: which path of an order's executions exists.
    tm_header : bool
        S05: whether a header `tm` counts where the parameter is missing.
    error_style : {"code", "error_object", "http_status", "support"}
        S06, S07: the shape of failures of the HTTP layer.
    cancel_spelling : bool
        S09: whether ``cancel_stop`` exists beside ``cancle_stop``.
    ledger_detail : {"object", "list", "null"}
        S13: the shape of `detail`.
    ledger_container : {"list", "records"}
        S14: bare rows, or rows in ``{offset, limit, records}``.
    undocumented_payloads : {"orders", "null", "text"}
        S17: what cancel-all and plan calls answer.
    test_environment_calls : bool
        S18: whether the calls of BTCC's test environment exist.
    sides_in_deals : bool
        Whether executions carry side and market, as the engine family's do.
    totals : bool
        Whether lists of open orders count themselves.
    keep_unfilled_history : bool
        Whether orders cancelled without an execution stay in history.
    largest_page, most_candles : int
        Rows a page is silently cut to.
    candle_gap : tuple of int, or None
        Unix seconds from and until which there are no candles.
    clock_window : int or None
        Seconds a request's `tm` may be off.
    requests_a_second, block_seconds : int
        Above this rate an address is blocked for so long.
    explain_signatures : bool
        Whether a refused signature answers with the masked text that was expected.
    post_style : {"both", "query", "form"}
        F01: where the parameters of a futures POST are looked for.
    sign_mode : {"strict", "lenient"}
        F02: whether only the percent-encoded text is accepted as signed.
    login_sign : {"mandatory", "optional"}
        F03: whether a login has to be signed.
    unsigned_symbol_detail : bool
        F05: whether getSymbolDetail is answered without a signature.
    blank_in_keys : bool
        F07: whether a key of the product list has a trailing blank.
    report_times : {"milliseconds", "seconds"}
        F12: the unit of times in reports.
    futures_numbers : {"printed", "text", "number"}
        F13: numbers as printed call by call, or all alike.
    mobi_envelope : {"mobi", "code"}
        F14: the envelope of the ``v1/mobi`` calls.
    enable_means : {"listed", "delisted"}
        F17: the polarity of `enable`.
    page_names : {"document", "client"}
        F18: ``pageNo`` and ``pageSize``, or ``page_index`` and ``page_size`` as well.
    open_sltp : bool
        F19: whether the call of a later edition exists.
    order_status : {"text", "number", "empty"}
        F22: the state of a closed pending order.
    report_order : {"newest", "oldest"}
        Which rows reports begin with.
    reports_hold_today : bool
        Whether the reports hold the running day.
    ledger_currency : {"empty", "filled"}
        Whether a futures ledger line names its currency; the printed one does not.
    currency_filter : bool
        Whether the futures ledger can be asked for one currency.
    largest_report : int
        Rows a numbered page is silently cut to.
    token_life : int
        Seconds a login token lives without a sign of life.
    strict_heartbeat : bool
        Whether only heartbeats are signs of life; otherwise every signed call is.
    single_login : bool
        Whether a login ends the tokens of earlier ones.
    web_page : bool
        F23: whether the web page's funding calls answer.
    """

    envelopes: Literal["documented", "swapped"] = "documented"
    kline_envelope: Literal["documented", "engine"] = "documented"
    price_path: Literal["both", "last", "ticker"] = "both"
    deals_path: Literal["both", "deal", "deals"] = "both"
    tm_header: bool = True
    error_style: ErrorStyle = "code"
    cancel_spelling: bool = False
    ledger_detail: Literal["object", "list", "null"] = "object"
    ledger_container: Literal["list", "records"] = "list"
    undocumented_payloads: Literal["orders", "null", "text"] = "orders"
    test_environment_calls: bool = False
    sides_in_deals: bool = False
    totals: bool = True
    keep_unfilled_history: bool = False
    largest_page: int = 100
    most_candles: int = 1000
    candle_gap: tuple[int, int] | None = None
    clock_window: int | None = 60
    requests_a_second: int = 2000
    block_seconds: int = 10
    explain_signatures: bool = False
    post_style: Literal["both", "query", "form"] = "both"
    sign_mode: Literal["strict", "lenient"] = "strict"
    login_sign: Literal["mandatory", "optional"] = "mandatory"
    unsigned_symbol_detail: bool = True
    blank_in_keys: bool = False
    report_times: Literal["milliseconds", "seconds"] = "milliseconds"
    futures_numbers: Literal["printed", "text", "number"] = "printed"
    mobi_envelope: Literal["mobi", "code"] = "mobi"
    enable_means: Literal["listed", "delisted"] = "listed"
    page_names: Literal["document", "client"] = "document"
    open_sltp: bool = True
    order_status: Literal["text", "number", "empty"] = "text"
    report_order: Literal["newest", "oldest"] = "newest"
    reports_hold_today: bool = True
    ledger_currency: Literal["empty", "filled"] = "empty"
    currency_filter: bool = True
    largest_report: int = 1000
    token_life: int = 60
    strict_heartbeat: bool = False
    single_login: bool = False
    web_page: bool = True
