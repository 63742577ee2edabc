"""The names of a futures product: one market name for the four spellings BTCC uses.

The quote dictionary says ``BTC/USDT.100x``, the trading hours ``BTCUSDT``, the REST calls
``GWFX/USDT/GTS/MM/STD/0/A/BTCUSDT100x``. That they belong together is inferred from products
that were compared, so exceptions have a table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class ProductName:
    """The market a product belongs to, and the largest leverage its name promises."""

    market: str
    max_leverage: int | None = None


OVERRIDES: Mapping[str, ProductName] = MappingProxyType({})
"""Products whose spelling says something else than what they are; none is known."""

_LONG = re.compile(r"(?P<market>.+?)(?:(?P<leverage>[0-9]{1,6})x)?")
_LEVERAGE = re.compile(r"([0-9]{1,6})x")


def product_name(written: str, overrides: Mapping[str, ProductName] = OVERRIDES) -> ProductName:
    """Return what a product's name in any of its spellings says.

    Parameters
    ----------
    written : str
        Short name of the dictionary, name of the trading hours, or long name of REST.
    overrides : mapping
        Names that mean something else.
    """
    if written in overrides:
        return overrides[written]
    if written.count("/") > 1:
        found = _LONG.fullmatch(written.rpartition("/")[2])
        if found is None:
            return ProductName(written)
        leverage = found["leverage"]
        return ProductName(found["market"], int(leverage) if leverage else None)
    pair, _, suffix = written.partition(".")
    promised = _LEVERAGE.fullmatch(suffix)
    return ProductName(pair.replace("/", ""), int(promised[1]) if promised else None)
