"""The shapes of the futures quote socket's frames, with BTCC's own names.

"BTCC Quote API" (quote OpenAPI, November 2023), frames named after their action. What nobody
reads is left out; numbers that are money stay as the text they were written with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct

from btcc_research.errors import ProtocolError
from btcc_research.protocol.quote_socket import DOCUMENT
from btcc_research.protocol.socket_text import MALFORMED

NOTHING = Raw(b"null")
"""A value that is null or missing."""

_Code = Annotated[int, Meta(ge=0, le=2**53)]
_Seconds = Annotated[int, Meta(ge=0, le=2**40)]
_Digits = Annotated[int, Meta(ge=0, le=30)]


class Frame(Struct, gc=False):
    """A server frame, its data still as it came."""

    action: str | None = None
    code: int | None = None
    msg: str | None = None
    data: Raw = NOTHING
    volumedigits: _Digits | None = None


class Content(Struct):
    """What tells a packet without an action apart."""

    LoginResult: Raw = NOTHING
    DictInfo: Raw = NOTHING


class Login(Struct):
    """Answer to a login."""

    LoginResult: int
    Time: _Seconds = 0


class Product(Struct):
    """A line of the dictionary."""

    SecID: _Code
    ShortName: str
    Digit: _Digits
    Zone: int = 0
    Big: str = ""


class Dict(Struct):
    """The dictionary."""

    DictInfo: list[Product]


class Window(Struct):
    """Opening and closing, minutes after midnight."""

    begin: int
    end: int


class Schedule(Struct):
    """Trading hours of a weekday; the season is 0 in daylight saving time."""

    weekday: int
    season: int = msgspec.field(name="xlsOrDls")
    szname: str
    schedule: list[Window] | None = None


class PanelRow(Struct):
    """A line of a board."""

    CodeId: _Code
    CurPrice: Raw = NOTHING
    BuyPrice: Raw = NOTHING
    SellPrice: Raw = NOTHING
    OpenPrice: Raw = NOTHING
    HighPrice: Raw = NOTHING
    LowPrice: Raw = NOTHING
    YesterdayPrice: Raw = NOTHING
    Change: Raw = NOTHING
    Time: _Seconds = 0
    IsOpen: int | None = None


class Panel(Struct):
    """A board."""

    TypeID: int
    Panel: list[PanelRow] | None = None


class Tick(Struct):
    """Asks A with sizes U, bids B with sizes M, totals L and I, shares R and E."""

    Y: str | int
    A: list[Raw] | None = None
    B: list[Raw] | None = None
    U: list[Raw] | None = None
    M: list[Raw] | None = None
    L: list[Raw] | None = None
    I: list[Raw] | None = None  # noqa: E741
    R: list[Raw] | None = None
    E: list[Raw] | None = None
    T: _Seconds = 0
    V: Raw = NOTHING
    C: Raw = NOTHING


class Deal(Struct):
    """A trade: price, volume, time."""

    P: Raw
    V: Raw
    T: _Seconds


class Deals(Struct):
    """The last trades of a product; null where there is no such product."""

    Y: str | int
    Items: list[Deal] | None = None


class Candle(Struct):
    """A candle: open, close, high, low, volume."""

    T: _Seconds
    O: Raw  # noqa: E741
    C: Raw
    H: Raw
    L: Raw
    A: Raw


class Klines(Struct):
    """Candles and the request they answer."""

    CodeId: _Code
    Interval: int
    KdataInfo: list[Candle] | None = None


_NULL = b"null"
_FRAME = msgspec.json.Decoder(Frame)
_CONTENT = msgspec.json.Decoder(Content)
_DECODERS: Mapping[str, msgspec.json.Decoder[Any]] = {
    "Login": msgspec.json.Decoder(Login),
    "Dict": msgspec.json.Decoder(Dict),
    "All Products": msgspec.json.Decoder(list[Schedule]),
    "Panel": msgspec.json.Decoder(Panel),
    "tickinfo": msgspec.json.Decoder(list[Tick]),
    "tickinfo_deep": msgspec.json.Decoder(list[Tick]),
    "dealticksnap": msgspec.json.Decoder(list[Deals]),
    "Kline": msgspec.json.Decoder(Klines),
}


def read_frame(text: str | bytes) -> Frame:
    """Read a frame's envelope and find out what it is; an unknown one has no action.

    Raises
    ------
    ProtocolError
        If the text is not a JSON object.
    """
    try:
        frame = _FRAME.decode(text)
        if frame.action is None and bytes(frame.data)[:1] == b"{":
            content = _CONTENT.decode(frame.data)
            if bytes(content.LoginResult) != _NULL:
                frame.action = "Login"
            elif bytes(content.DictInfo) != _NULL:
                frame.action = "Dict"
    except MALFORMED as problem:
        raise ProtocolError(f"a frame is not a message of BTCC: {problem}") from None
    return frame


def data_of(frame: Frame) -> Any:
    """Return a frame's data in its shape.

    Raises
    ------
    ProtocolError
        If the frame is not what the document describes.
    """
    try:
        return _DECODERS[frame.action or ""].decode(frame.data)
    except MALFORMED as problem:
        raise ProtocolError(
            f"{frame.action}: the frame is not what {DOCUMENT} describes: {problem}"
        ) from None
