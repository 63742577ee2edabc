"""Names of futures products: BTCC has five for each, people use one.

``GWFX/USDT/GTS/MM/STD/0/A/BTCUSDT100x`` in trading calls ("BTCC API Guide (TradeOpenApi)"),
``BTC/USDT.100x`` in the dictionary of the quote socket ("BTCC Websocket Guide"), ``BTCUSDT``
in its trading hours and on the web page, and a number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# A name whose pair cannot be read from its form goes here.
OVERRIDES: dict[str, str] = {}

_LEVERAGE = re.compile(r"(?<=\D)(\d+)x$")


@dataclass(frozen=True, slots=True)
class ProductName:
    """The pair people trade, and the largest leverage where the name tells it."""

    pair: str
    max_leverage: int | None


def read_name(text: str) -> ProductName:
    """Return the pair and the largest leverage of any of BTCC's product names."""
    last = text.rpartition("/")[2] if text.count("/") > 1 else text
    pair, _, suffix = last.partition(".")
    found = _LEVERAGE.search(suffix or pair)
    if found is not None and not suffix:
        pair = pair[: found.start()]
    leverage = int(found.group(1)) if found else _suffix_leverage(suffix)
    return ProductName(OVERRIDES.get(text, pair.replace("/", "")), leverage)


def _suffix_leverage(suffix: str) -> int | None:
    return int(suffix[:-1]) if suffix[-1:] == "x" and suffix[:-1].isdigit() else None
