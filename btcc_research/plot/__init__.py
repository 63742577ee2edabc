"""Charts: a frame in, matplotlib Axes out."""

from __future__ import annotations

from btcc_research.plot.candlesticks import candles

__all__ = ["candles"]


def __dir__() -> list[str]:
    return __all__
