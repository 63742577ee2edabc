"""What a frame of a socket holds: JSON text, plain or deflated, and numbers digit for digit."""

from __future__ import annotations

import re
import zlib
from decimal import ROUND_HALF_EVEN, Context, Decimal

import msgspec

from btcc_research.errors import ProtocolError
from btcc_research.protocol.endpoint import Endpoint
from btcc_research.protocol.rows import Decoded, read_rows

MOST_BYTES = 4 * 1024 * 1024
"""The longest text a frame may hold, counted after inflating."""

MALFORMED = (msgspec.MsgspecError, RecursionError, UnicodeError)
"""What reading a text that is not the expected JSON raises."""

# Raw deflate first: one public client of BTCC treats every binary frame so (W16).
_WINDOWS = (-zlib.MAX_WBITS, zlib.MAX_WBITS, zlib.MAX_WBITS | 16)
_PLAIN = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?")
_EXPONENT = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?[eE][+-]?[0-9]{1,2}")
_WIDE = Context(prec=200, rounding=ROUND_HALF_EVEN)


def frame_text(frame: str | bytes) -> str | bytes:
    """Return the JSON text of a text or binary frame, inflated where it is deflated.

    Raises
    ------
    ProtocolError
        If the text is longer than `MOST_BYTES`, or a binary frame is neither JSON text nor
        raw deflate, zlib or gzip.
    """
    if len(frame) > MOST_BYTES:
        raise ProtocolError(f"a frame of {len(frame)} bytes; at most {MOST_BYTES} are read.")
    if isinstance(frame, str) or frame[:1] in (b"{", b"["):
        return frame
    for window in _WINDOWS:
        inflater = zlib.decompressobj(window)
        try:
            text = inflater.decompress(frame, MOST_BYTES + 1)
        except zlib.error:
            continue
        if len(text) > MOST_BYTES:
            raise ProtocolError(f"a binary frame inflates to more than {MOST_BYTES} bytes.")
        return text
    raise ProtocolError("a binary frame is neither JSON text nor deflated.")


def plain_number(written: str) -> str:
    """Return a number as positional decimal text with the digits it was written with.

    Raises
    ------
    ProtocolError
        If it is not a finite number, or needs more than 40 digits on a side of the point.
    """
    if _PLAIN.fullmatch(written):
        return written
    if _EXPONENT.fullmatch(written) and abs(int(re.split("[eE]", written)[1])) <= 40:
        return format(Decimal(written), "f")
    raise ProtocolError(f"{written[:60]!r} is not a number.")


def raw_number(raw: bytes, digits: int | None = None) -> str:
    """Return a number that came as JSON text or as a JSON number, as plain text.

    Parameters
    ----------
    raw : bytes
        The JSON value as it was received.
    digits : int, optional
        Decimals a JSON number is rounded to, which removes binary noise such as
        0.30000000000000004. A number that came as text keeps its digits.
    """
    is_text = raw[:1] == b'"'
    try:
        written = bytes(raw[1:-1] if is_text else raw).decode("ascii")
    except UnicodeDecodeError:
        raise ProtocolError("a number holds characters that are not digits.") from None
    number = plain_number(written)
    return number if is_text or digits is None else rounded(number, digits)


def rounded(number: str, digits: int) -> str:
    """Return a number's text with exactly so many decimals."""
    return format(Decimal(number).quantize(Decimal(1).scaleb(-digits), context=_WIDE), "f")


def exact_rows(endpoint: Endpoint, payload: bytes) -> Decoded:
    """Decode a payload into rows with money as checked plain text and times in seconds.

    Raises
    ------
    ProtocolError
        If the payload is not what the endpoint declares, or money is not a number.
    """
    decoded = read_rows(endpoint, payload, exact=True)
    names = [field.name for field in endpoint.columns if field.kind == "decimal"]
    for row in decoded.rows:
        for name in names:
            value = getattr(row, name)
            if value is None or _PLAIN.fullmatch(value):
                continue
            try:
                setattr(row, name, plain_number(value))
            except ProtocolError as problem:
                raise ProtocolError(f"{endpoint.name}: {name}: {problem}") from None
    return decoded
