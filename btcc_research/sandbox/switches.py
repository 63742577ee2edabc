"""The forms in which sources about BTCC contradict each other, and the sandbox's limits.

Each switch names the row of the contradiction it belongs to, so that a client can be
tested against both forms. The defaults are BTCC's documents.
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
