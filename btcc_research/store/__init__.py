"""Local Parquet that knows what it covers: candles, your trades and orders, recordings.

>>> from btcc_research import store
>>> history = store.open_store("live")
>>> frame, missing = history.read("klines", "spot", "BTCUSDT", "2026-01-01", interval="1m")

Nothing here touches the network: `missing` says what is not stored yet.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from btcc_research.store.intervals import Intervals
    from btcc_research.store.journal import Journal, Recorder, open_journal
    from btcc_research.store.journal_file import Stream
    from btcc_research.store.store import Store, open_store

# Loaded when first used: pandas and pyarrow take long.
_HOMES = {
    "Intervals": "intervals",
    "Journal": "journal",
    "Recorder": "journal",
    "Store": "store",
    "Stream": "journal_file",
    "open_journal": "journal",
    "open_store": "store",
}

__all__ = ["Intervals", "Journal", "Recorder", "Store", "Stream", "open_journal", "open_store"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"btcc_research.store.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
