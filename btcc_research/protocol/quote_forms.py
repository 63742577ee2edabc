"""The futures quote socket as a server writes it: both forms of what sources disagree about.

Records have the attributes of the columns in `quote_socket`; their numbers are text or
Decimal. Times are Unix seconds, as on the wire.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from msgspec import Raw

_SEASONS = {"daylight": 0, "standard": 1}


@dataclass(frozen=True, slots=True)
class QuoteForms:
    """Which form a quote socket server uses where sources contradict each other.

    Attributes
    ----------
    login_packet : {"wire", "document"}
        Q03: with or without `action` on the first two packets.
    result : int
        Q04: `Result` of a login, 0 on the wire and 4 in the document; it means nothing.
    tick_nulls : bool
        Q06: whether unused fields of a tick are null or missing.
    code_type : {"wire", "text", "number"}
        Q07: `Y` as text in ticks and a number in trade snapshots, or the same in both.
    buy_price : {"ask", "bid"}
        Q08: which price of a board is called the buy price.
    volume_digits : bool
        Whether a trade snapshot says how many decimals volumes have.
    """

    login_packet: Literal["wire", "document"] = "wire"
    result: int = 0
    tick_nulls: bool = True
    code_type: Literal["wire", "text", "number"] = "wire"
    buy_price: Literal["ask", "bid"] = "ask"
    volume_digits: bool = True


def request_text(action: str, values: Mapping[str, object]) -> str:
    """Return a request, as a client sends it."""
    return _text({"action": action, **values})


def login_text(account_number: str, api_key: str) -> str:
    """Return the login, the one request without an action."""
    return _text({"name": account_number, "clienttype": 1, "key": api_key})


def _text(message: object) -> str:
    return msgspec.json.encode(message).decode()


def _frame(action: str, data: object, **more: object) -> str:
    return _text({"code": 0, "action": action, "msg": "", **more, "data": data})


def login_answer(forms: QuoteForms, now: float, refusal: str = "") -> str:
    """Return the answer to a login; a refusal's words make it one."""
    data = {
        "Result": forms.result, "DataSourceState": 0, "LoginResult": int(bool(refusal)),
        "Reserve": 0, "token": "", "Seq": 0, "Year": 0, "Month": 0, "Day": 0, "Time": int(now),
    }  # fmt: skip
    code = int(bool(refusal))
    if forms.login_packet == "document":
        return _text({"code": code, "data": data, "msg": refusal})
    head = {"code": code, "action": "Login", "msg": refusal, "uid": "", "time": 0}
    return _text({**head, "data": data})


def dictionary(forms: QuoteForms, products: Iterable[Any]) -> str:
    """Return the dictionary: products with code, short_name, price_precision, zone, boards."""
    hours = {"StartTime": 0, "EndTime": 1440}
    lines = [
        {
            "SecID": product.code, "ShortName": product.short_name,
            "Big": "".join(f"{board};" for board in product.boards), "Gb": " ",
            "Digit": product.price_precision, "Pips": 0, "Zone": product.zone, "Type": 8,
            "TimeType": 1, "CompanyType": 1, "CallOrPutFlag": 0, "New64CompanyType": 1,
            "XlsStartEndTimeRange": hours, "DlsStartEndTimeRange": hours,
        }
        for product in products
    ]  # fmt: skip
    data = {"Num": len(lines), "DictInfo": lines}
    if forms.login_packet == "document":
        return _text({"code": 0, "msg": "", "data": data})
    return _frame("Dict", data)


def schedules(rows: Iterable[Any]) -> str:
    """Return trading hours: rows with market, weekday, season and windows."""
    data = [
        {
            "weekday": row.weekday,
            "xlsOrDls": _SEASONS[row.season],
            "szname": row.market,
            "schedule": [{"begin": begin, "end": end} for begin, end in row.windows],
        }
        for row in rows
    ]
    return _text({"action": "All Products", "data": data})


def panel(forms: QuoteForms, zone: int, rows: Sequence[Any]) -> str:
    """Return a board; a row without prices is all zeros."""
    data = {
        "Pos": 0, "StockNum": 0, "OptionNum": 0, "IndexNum": 0, "GoldNum": len(rows), "Order": 0,
        "TypeID": zone, "UpDown": 0, "Panel": [_panel_row(forms, row) for row in rows],
    }  # fmt: skip
    return _frame("Panel", data, uid="")


def _panel_row(forms: QuoteForms, row: Any) -> dict[str, object]:
    buy, sell = (row.ask, row.bid) if forms.buy_price == "ask" else (row.bid, row.ask)
    return {
        "CodeId": row.code, "YesterdayPrice": _number(row.previous_close),
        "CurPrice": _number(row.last), "BuyPrice": _number(buy), "SellPrice": _number(sell),
        "OpenPrice": _number(row.open), "HighPrice": _number(row.high),
        "LowPrice": _number(row.low), "Change": _number(row.change), "BidHighPrice": 0,
        "BidLowPrice": 0, "AskHighPrice": 0, "FlagBid": 0, "FlagAsk": 0, "FlagCur": 0, "Flag": 0,
        "Time": row.time or 0, "IsOpen": int(bool(row.is_open)),
    }  # fmt: skip


def _number(value: object) -> Raw:
    """Return a number as a JSON number with exactly its own digits; nothing is 0."""
    return Raw(str(value).encode() if value is not None else b"0")


def ticks(forms: QuoteForms, quotes: Iterable[Any]) -> str:
    """Return best prices: rows with code, bid, ask, last, last_amount, time."""
    return _text({"action": "tickinfo", "data": [_tick(forms, quote) for quote in quotes]})


def _tick(forms: QuoteForms, quote: Any) -> dict[str, object]:
    unused: dict[str, object] = dict.fromkeys("UMLIRE") if forms.tick_nulls else {}
    return unused | {
        "Y": _code(forms, quote.code, tick=True),
        "A": [str(quote.ask)],
        "B": [str(quote.bid)],
        "T": quote.time,
        "V": str(quote.last_amount),
        "C": str(quote.last),
    }


def _code(forms: QuoteForms, code: int, *, tick: bool) -> str | int:
    is_text = tick if forms.code_type == "wire" else forms.code_type == "text"
    return str(code) if is_text else code


def deep_ticks(forms: QuoteForms, books: Iterable[Any]) -> str:
    """Return whole books: rows like `quote_frames.DeepQuote`."""
    data = [
        {
            "Y": _code(forms, book.code, tick=True),
            "A": [price for price, _ in book.asks],
            "B": [price for price, _ in book.bids],
            "U": [size for _, size in book.asks],
            "M": [size for _, size in book.bids],
            "T": book.time,
            "V": book.last_amount,
            "C": book.last,
            "L": book.ask_totals,
            "I": book.bid_totals,
            "R": book.ask_shares,
            "E": book.bid_shares,
        }
        for book in books
    ]
    return _text({"action": "tickinfo_deep", "data": data})


def trades(forms: QuoteForms, code: int, rows: Sequence[Any] | None, volume_digits: int = 2) -> str:
    """Return the last trades of a product, newest first; None for a code that is not known."""
    items = rows and [
        {"P": _number(row.price), "V": _number(row.amount), "T": row.time} for row in rows
    ]
    data = [
        {
            "Y": _code(forms, code, tick=False),
            "ItemCount": len(rows or ()),
            "Items": None if rows is None else items,
        }
    ]
    digits = {"volumedigits": volume_digits} if forms.volume_digits else {}
    return _text({"action": "dealticksnap", **digits, "data": data})


def klines(code: int, interval: int, start: int, rows: Sequence[Any] | None, uid: str = "") -> str:
    """Return candles; None for a code or a candle length that is not known."""
    candles = rows and [
        {
            "T": row.open_time, "O": _number(row.open), "C": _number(row.close),
            "H": _number(row.high), "L": _number(row.low), "M": 0, "A": _number(row.volume),
        }
        for row in rows
    ]  # fmt: skip
    data = {
        "Seq": 0, "StartTime": start, "CodeId": code, "Interval": interval,
        "Count": len(rows or ()), "KdataInfo": None if rows is None else candles,
    }  # fmt: skip
    return _frame("Kline", data, uid=uid)


KEEPLIVE = _text({"action": "keeplive"})
EMPTY = ""
"""The text frame without a byte that answers every subscription but the first."""
