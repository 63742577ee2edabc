"""String to sign, signature and masked form of every surface.

Sources: "Spot Trading API (April 2025)", section on signing (spot REST); "BTCC API
Guide (TradeOpenApi)", chapter on signatures, with the only vector BTCC printed
(futures REST); live clients of `server.accessid_auth` (spot socket).
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal
from urllib.parse import quote, quote_plus

from btcc_research.errors import InvalidArgument

Value = str | int | float | Decimal | None
Pairs = Iterable[tuple[str, Value]]
TextPairs = list[tuple[str, str]]
Encoding = Literal["rfc3986", "raw", "form"]

MASK = "***"
RESERVED_NAMES = frozenset({"secret_key", "sign", "authorization"})
# The API key of futures is all the quote socket asks for, so it is as good as a password.
SECRET_NAMES = frozenset(
    {"secret_key", "password", "token", "sign", "authorization", "user_name", "api_key"}
)
_PLAIN = re.compile(r"[A-Za-z0-9._~-]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Signature:
    """A digest and the string before the signature, with the secret key replaced.

    `masked` is the form BTCC prints; it still shows a password or token that was signed.
    `for_support` replaces those as well and is the only form that leaves this package.
    """

    digest: str
    masked: str
    for_support: str

    def __repr__(self) -> str:
        return f"Signature({MASK}, {self.for_support!r})"


def value_text(value: object, name: str = "value") -> str:
    """Return the one text of a value that is both signed and sent.

    Raises
    ------
    InvalidArgument
        For booleans, lists, floats that need an exponent, and anything without one
        agreed text.
    """
    if isinstance(value, str):
        return _encodable(value, name)
    if isinstance(value, bool):
        raise InvalidArgument(
            f"{name}={value!r}: True and False have no agreed text; pass text or a number."
        )
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return _decimal_text(value, name)
    if isinstance(value, float):
        return _float_text(value, name)
    raise InvalidArgument(
        f"{name}: a {type(value).__name__} cannot be sent; pass text, an int or a Decimal "
        "(several ids are one text joined with |)."
    )


def _encodable(value: str, name: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as problem:
        raise InvalidArgument(
            f"{name}: the text has a character that UTF-8 cannot hold."
        ) from problem
    return value


def _decimal_text(value: Decimal, name: str) -> str:
    if not value.is_finite():
        raise InvalidArgument(f"{name}={value}: not a number that can be sent.")
    return format(value, "f") if value else format(abs(value), "f")


def _float_text(value: float, name: str) -> str:
    text = repr(value)
    if not math.isfinite(value) or "e" in text:
        raise InvalidArgument(
            f"{name}={text}: a float this small or large has no agreed text; "
            f'pass it as text or Decimal, for example Decimal("0.00001").'
        )
    return text


def text_pairs(pairs: Pairs) -> TextPairs:
    """Turn parameters into texts, leaving out those that were not given (None).

    Raises
    ------
    InvalidArgument
        For a name that is reserved, a name given twice, or a value without a text.
    """
    texts: TextPairs = []
    seen: set[str] = set()
    for name, value in pairs:
        if value is None:
            continue
        if name in RESERVED_NAMES or name in seen:
            why = "reserved for the signature" if name in RESERVED_NAMES else "given twice"
            raise InvalidArgument(f"parameter {name!r} is {why}; leave it out.")
        seen.add(name)
        texts.append((name, value_text(value, name)))
    return texts


def check_spot_texts(pairs: Iterable[tuple[str, str]]) -> None:
    """Refuse what makes two different spot requests sign alike.

    Some implementations split the joined text at ``&`` before sorting, so a value with
    ``&`` has two signatures. Control characters are refused with it.

    Raises
    ------
    InvalidArgument
        Naming the parameter.
    """
    for name, value in pairs:
        if "&" in value:
            raise InvalidArgument(
                f"{name}={value!r}: '&' is not allowed in a spot value (it breaks the signature)."
            )
        if _CONTROL.search(value):
            raise InvalidArgument(f"{name}={value!r}: control characters are not allowed.")


def sign_spot(pairs: Iterable[tuple[str, str]], secret_key: str) -> Signature:
    """Sign a spot REST request: MD5 over the sorted, unencoded ``name=value`` segments.

    The pairs hold `access_id` and `tm`. The result travels in the header `authorization`.
    "Spot Trading API (April 2025)", signing.
    """
    return _md5_of_sorted([f"{n}={v}" for n, v in pairs], f"secret_key={secret_key}")


def sign_futures(
    pairs: Iterable[tuple[str, str]], secret_key: str, encoding: Encoding = "rfc3986"
) -> Signature:
    """Sign a futures REST request: MD5 over the sorted, percent-encoded pairs.

    A pair named `sign` is skipped. The result travels as the parameter `sign`.
    "BTCC API Guide (TradeOpenApi)", signature: the text says "encode first", its sample
    does not settle how; `raw` and `form` are what some clients do instead.
    """
    encode = _ENCODERS[encoding]
    kept = [(n, v) for n, v in pairs if n != "sign"]
    segments = sorted([*((n, encode(v)) for n, v in kept), ("secret_key", encode(secret_key))])
    joined = "&".join(f"{n}={v}" for n, v in segments)
    masked = "&".join(f"{n}={MASK if n == 'secret_key' else v}" for n, v in segments)
    for_support = "&".join(f"{n}={v}" for n, v in mask_pairs(segments))
    return Signature(_md5(joined), masked, for_support)


def socket_digest(secret_key: str) -> str:
    """Return the second parameter of the spot socket's `server.accessid_auth`.

    It is the SHA-256 of the secret key alone and never changes: treat it like the secret.
    """
    return hashlib.sha256(secret_key.encode()).hexdigest()


def query_string(pairs: Iterable[tuple[str, str]], encoding: Encoding = "rfc3986") -> str:
    """Return the percent-encoded query, in the order given."""
    encode = quote_plus if encoding == "form" else _rfc3986
    return "&".join(f"{_rfc3986(n)}={encode(v)}" for n, v in pairs)


def mask_pairs(pairs: Iterable[tuple[str, str]]) -> TextPairs:
    """Replace every secret value, keeping names and order."""
    return [(n, MASK if n in SECRET_NAMES else v) for n, v in pairs]


def mask_query(query: str) -> str:
    """Replace every secret value of an encoded query, keeping names and order."""
    named = ((name, value) for name, _, value in (part.partition("=") for part in query.split("&")))
    return "&".join(f"{name}={value}" for name, value in mask_pairs(named)) if query else ""


def scrub(body: bytes, secrets: Iterable[str]) -> bytes:
    """Remove secret values, in every spelling, from bytes that may echo them."""
    for secret in filter(None, secrets):
        if _PLAIN.fullmatch(secret):  # spelled one way only
            body = body.replace(secret.encode(), MASK.encode())
            continue
        spellings = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
        for spelling in spellings | {_rfc3986(secret), quote_plus(secret)}:
            body = body.replace(spelling.encode(), MASK.encode())
    return body


def _md5_of_sorted(segments: list[str], secret_segment: str) -> Signature:
    ordered = sorted([*segments, secret_segment], key=str.encode)
    place = ordered.index(secret_segment)
    digest = _md5("&".join(ordered))
    ordered[place] = f"secret_key={MASK}"
    named = ((name, value) for name, _, value in (part.partition("=") for part in ordered))
    shown = "&".join(f"{name}={value}" for name, value in mask_pairs(named))
    return Signature(digest, "&".join(ordered), shown)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _rfc3986(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else quote(text, safe="")


_ENCODERS: dict[Encoding, Callable[[str], str]] = {
    "rfc3986": _rfc3986,
    "form": quote_plus,
    "raw": str,
}
