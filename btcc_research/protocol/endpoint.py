"""How a call of BTCC is declared.

One `Endpoint` per call is read by the client's request, the typed columns, the
sandbox's route, the generated documentation and the retry rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

from btcc_research.errors import Refusal

Kind = Literal["decimal", "integer", "id", "text", "flag", "enum", "time_s", "time_ms", "json"]
"""What a field holds; nine kinds serve every surface."""

Codes = Mapping[Any, str]
"""Words by code; the codes of one field are all numbers or all texts."""


class Effect(Enum):
    """Whether a call only looks, opens a session, or changes something.

    Only a READ is ever repeated: a second wrong login may lock the account.
    """

    READ = "read"
    LOGIN = "login"
    TRADE = "trade"


class Rows(Enum):
    """Where the rows of a reply are inside its payload."""

    LIST = "a list of objects, bare or under `records`"
    OBJECT = "one object, or null"
    MAP = "an object whose keys are the first column"
    SCALAR = "a bare value"
    BOOK = "asks and bids as [price, amount] pairs"
    CANDLES = "lists of eight values: time, open, close, high, low, volume, turnover, market"


class Paging(Enum):
    """How a long reply is cut into pages."""

    NONE = "the reply is whole"
    BY_OFFSET = "offset and limit; the end is a page with nothing new"
    BY_PAGE = "page number from 1 and page size; some replies count all rows"
    BY_TIME = "a time window, cut into pieces by the caller"


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A parameter or a column.

    `name` is the field's standard term, `wire` BTCC's spelling of it. `largest` is the
    largest number, the longest text in UTF-8 bytes or, where a `separator` joins several
    values in one text, the most of them. `zero` allows a decimal parameter to be 0.
    `as_text` marks a number BTCC writes as text where others are JSON numbers.
    `from_session` marks a parameter the login answers, so that nobody has to give it.
    """

    name: str
    kind: Kind
    wire: str
    required: bool = True
    codes: Codes = field(default_factory=dict)
    default: str | int | None = None
    choices: tuple[str, ...] = ()
    largest: int | None = None
    separator: str = ""
    meaning: str = ""
    zero: bool = False
    as_text: bool = False
    from_session: bool = False

    @property
    def has_text_codes(self) -> bool:
        """Whether the codes are texts on the wire, not numbers."""
        return any(isinstance(code, str) for code in self.codes)


@dataclass(frozen=True, slots=True, eq=False)
class Endpoint:
    """One call: what is sent, what comes back, what it does, and where that is written.

    `loose` marks a reply whose payload nobody documented: whatever comes is a success.
    `fallback` names the call that answers the same question under another path, for a
    server that does not know this one. `member` is where in the payload the rows are, and
    `total` what the server calls their count; `numbers` says whether money comes as text or
    as JSON numbers. `experimental` marks a call BTCC's document does not have. `note` keeps
    what a maintainer must know of contradicting sources.
    """

    name: str
    verb: Literal["GET", "POST"]
    path: str
    venue: Literal["spot", "futures"]
    signed: bool
    effect: Effect
    params: tuple[Field, ...]
    columns: tuple[Field, ...]
    rows: Rows
    envelope: Literal["A", "B", "C", "F", "M", "W"]
    source: str
    title: str
    paging: Paging = Paging.NONE
    refusals: Mapping[int, Refusal] = field(default_factory=dict)
    loose: bool = False
    fallback: str = ""
    member: str = ""
    total: str = ""
    numbers: Literal["text", "json"] = "text"
    experimental: bool = False
    note: str = ""

    @property
    def repeatable(self) -> bool:
        """Whether the library may send this call again by itself."""
        return self.effect is Effect.READ


def decimal(
    wire: str, name: str = "", *, required: bool = True, zero: bool = False, meaning: str = ""
) -> Field:
    """A number that is money or a rate: exact inside, whatever it is on the wire."""
    return Field(name or wire, "decimal", wire, required, meaning=meaning, zero=zero)


def integer(
    wire: str,
    name: str = "",
    *,
    required: bool = True,
    default: int | None = None,
    largest: int | None = None,
    meaning: str = "",
) -> Field:
    """A count or a code without published words."""
    return Field(
        name or wire, "integer", wire, required, default=default, largest=largest, meaning=meaning
    )


def identifier(wire: str, name: str = "", *, required: bool = True, meaning: str = "") -> Field:
    """A number that names something; may exceed 2**53, so it never becomes a float."""
    return Field(name or wire, "id", wire, required, meaning=meaning)


def text(
    wire: str,
    name: str = "",
    *,
    required: bool = True,
    default: str | None = None,
    choices: tuple[str, ...] = (),
    largest: int | None = None,
    meaning: str = "",
) -> Field:
    """Free or listed text."""
    return Field(name or wire, "text", wire, required, {}, default, choices, largest, "", meaning)


def id_list(wire: str, *, largest: int, meaning: str = "") -> Field:
    """Several ids in one text, joined with ``|``."""
    return Field(wire, "text", wire, largest=largest, separator="|", meaning=meaning)


def flag(wire: str, name: str = "", *, required: bool = True, meaning: str = "") -> Field:
    """True or false."""
    return Field(name or wire, "flag", wire, required, meaning=meaning)


def enum(
    wire: str,
    codes: Codes,
    name: str = "",
    *,
    required: bool = True,
    default: int | None = None,
    meaning: str = "",
) -> Field:
    """A code shown as a word; codes nobody knows stay readable as ``unknown(17)``."""
    return Field(name or wire, "enum", wire, required, codes, default, meaning=meaning)


def time_s(wire: str, name: str = "", *, required: bool = True, meaning: str = "") -> Field:
    """Unix seconds, possibly with a fraction down to microseconds.

    The unit is what a writer sends; a reader goes by magnitude.
    """
    return Field(name or wire, "time_s", wire, required, meaning=meaning)


def time_ms(wire: str, name: str = "", *, required: bool = True, meaning: str = "") -> Field:
    """Unix milliseconds; like `time_s` read by magnitude."""
    return Field(name or wire, "time_ms", wire, required, meaning=meaning)


def json(wire: str, name: str = "", *, required: bool = False, meaning: str = "") -> Field:
    """A value without a fixed shape, kept as it came."""
    return Field(name or wire, "json", wire, required, meaning=meaning)
