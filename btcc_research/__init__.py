"""Your BTCC trades, orders, balances and candles as DataFrames, in one line.

>>> import btcc_research as btcc
>>> df = btcc.trades()

Without credentials everything runs against the sandbox: simulated markets and a
demonstration account on this machine. `btcc.connect` leads to your own account.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from btcc_research import plot, sandbox
    from btcc_research.api import (
        balances,
        connect,
        depth,
        funding,
        keys,
        klines,
        ledger,
        markets,
        open_orders,
        orders,
        positions,
        status,
        support_report,
        ticker,
        trades,
        transfers,
    )
    from btcc_research.api import open_client as open_client
    from btcc_research.errors import BtccError
    from btcc_research.venues.futures import Futures
    from btcc_research.venues.spot import Spot

    futures: Futures
    spot: Spot

# Loaded when first used: importing the package must cost next to nothing.
_FUNCTIONS = (
    "balances", "connect", "depth", "funding", "keys", "klines", "ledger", "markets",
    "open_client", "open_orders", "orders", "positions", "status", "support_report", "ticker",
    "trades", "transfers",
)  # fmt: skip
_MODULES = ("plot", "sandbox")

__all__ = [
    "BtccError",
    "balances",
    "connect",
    "depth",
    "funding",
    "futures",
    "keys",
    "klines",
    "ledger",
    "markets",
    "open_orders",
    "orders",
    "plot",
    "positions",
    "sandbox",
    "spot",
    "status",
    "support_report",
    "ticker",
    "trades",
    "transfers",
]


def __getattr__(name: str) -> Any:
    if name in _FUNCTIONS:
        return getattr(import_module("btcc_research.api"), name)
    if name in _MODULES:
        return import_module(f"btcc_research.{name}")
    if name in ("spot", "futures"):
        return getattr(import_module("btcc_research.api").default_client(), name)
    if name == "BtccError":
        return import_module("btcc_research.errors").BtccError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
