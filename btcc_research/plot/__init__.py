"""Charts: a frame in, matplotlib Axes out.

Every function takes a frame of this package, draws into `ax` (or into a figure of its own)
and returns the Axes. Colours follow the background of the style in use; a million rows are
reduced to the pixels there are, and drawn anew after zooming.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from btcc_research.plot.calendar_map import calendar
    from btcc_research.plot.candlesticks import candles
    from btcc_research.plot.curves import equity
    from btcc_research.plot.execution_costs import costs
    from btcc_research.plot.heat import book_heatmap
    from btcc_research.plot.order_book import depth
    from btcc_research.plot.ranges import coverage
    from btcc_research.plot.rates import funding
    from btcc_research.plot.scatter import trades_scatter
    from btcc_research.plot.stacked import exposure
    from btcc_research.plot.under_water import drawdown
    from btcc_research.plot.waterfall import pnl

# Loaded when first used: matplotlib is heavy.
_MODULES = {
    "book_heatmap": "heat",
    "calendar": "calendar_map",
    "candles": "candlesticks",
    "costs": "execution_costs",
    "coverage": "ranges",
    "depth": "order_book",
    "drawdown": "under_water",
    "equity": "curves",
    "exposure": "stacked",
    "funding": "rates",
    "pnl": "waterfall",
    "trades_scatter": "scatter",
}

__all__ = [
    "book_heatmap",
    "calendar",
    "candles",
    "costs",
    "coverage",
    "depth",
    "drawdown",
    "equity",
    "exposure",
    "funding",
    "pnl",
    "trades_scatter",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"btcc_research.plot.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
