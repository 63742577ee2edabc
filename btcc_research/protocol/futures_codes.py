"""The codes of the futures interface and their words.

"BTCC API Guide (TradeOpenApi)", tables of the calls. Order types come in three lists that
have nothing to do with each other, and the request of `updatepending` has a fourth.
"""

from __future__ import annotations

from types import MappingProxyType

DIRECTION = MappingProxyType({1: "buy", 2: "sell"})
DIRECTION_WORD = MappingProxyType({"BUY": "buy", "SELL": "sell"})
POSITION_STATUS = MappingProxyType({0: "initial", 1: "open", 2: "closed"})
ORIGIN = MappingProxyType({1: "own", 2: "lead", 3: "copy"})
PENDING_STATUS = MappingProxyType(
    {0: "initial", 1: "open", 2: "filled", 4: "partly filled", 5: "cancelled", 6: "declined"}
)
# A number in the request, a text in the reply of the same call.
PENDING_STATUS_TEXT = MappingProxyType({str(code): word for code, word in PENDING_STATUS.items()})
PENDING_TYPE = MappingProxyType(
    {1: "limit", 2: "stop", 3: "limit_close", 4: "stop_loss", 5: "take_profit"}
)
PENDING_TYPE_CHANGE = MappingProxyType({0: "limit", 1: "stop"})
TODAY_TYPE = MappingProxyType(
    {
        1: "market", 2: "limit", 3: "stop", 4: "close", 5: "close", 6: "close",
        7: "liquidation", 8: "close", 9: "close", 12: "change",
    }
)  # fmt: skip
REPORT_TYPE = MappingProxyType(
    {1: "market", 2: "limit", 4: "stop", 16: "stop_loss", 32: "take_profit"}
)
REASON = MappingProxyType({1: "open", 2: "close"})
ACTION = MappingProxyType({"OPEN": "open", "CLOSE": "close"})
EXPIRY = MappingProxyType({0: "initial", 3: "perpetual"})
TRADABLE = MappingProxyType({0: "no", 1: "yes", 2: "buy only", 3: "sell only"})
LISTED = MappingProxyType({0: "normal", 1: "deleted"})
CONTRACT = MappingProxyType({1: "USDT-margined", 2: "coin-margined"})
MONEY = MappingProxyType({"Money": "balance", "Bonus": "bonus"})
# BTCC documents 101 and 201 and prints a 102 without a word. The codes from 9001 on are the
# sandbox's own, far from any number BTCC was seen to use.
BOOKING = MappingProxyType(
    {
        101: "deposit", 201: "withdrawal", 9001: "profit", 9002: "fee", 9003: "funding",
        9004: "rollover", 9005: "liquidation fee", 9006: "bonus", 9007: "shortfall covered",
    }
)  # fmt: skip
TRANSFER = MappingProxyType({101: "deposit", 201: "withdrawal"})
COIN_WAY = MappingProxyType({0: "deposit", 1: "withdrawal"})
COIN_STATUS = MappingProxyType({"2": "arrived", "1": "processing", "0": "confiscated"})
REVIEW = MappingProxyType(
    {
        "0": "to be confirmed", "1": "to be approved", "2": "approved", "-1": "review failed",
        "-2": "expired",
    }
)  # fmt: skip
