"""What your trading did: frames in, frames out, exact inside.

Everything here works on the frames `btcc_research` returns (or on your own with the same
columns) and never asks anybody anything.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from btcc_research.analytics.costs import cost_summary as cost_summary
    from btcc_research.analytics.costs import execution_costs as execution_costs
    from btcc_research.analytics.equity import equity_curve as equity_curve
    from btcc_research.analytics.equity import hold as hold
    from btcc_research.analytics.performance import statistics as statistics
    from btcc_research.analytics.performance import trip_statistics as trip_statistics
    from btcc_research.analytics.profit import pnl as pnl
    from btcc_research.analytics.ratios import annual_return as annual_return
    from btcc_research.analytics.ratios import calmar as calmar
    from btcc_research.analytics.ratios import drawdown as drawdown
    from btcc_research.analytics.ratios import drawdowns as drawdowns
    from btcc_research.analytics.ratios import max_drawdown as max_drawdown
    from btcc_research.analytics.ratios import sharpe as sharpe
    from btcc_research.analytics.ratios import sortino as sortino
    from btcc_research.analytics.ratios import total_return as total_return
    from btcc_research.analytics.ratios import volatility as volatility
    from btcc_research.analytics.reconciliation import discrepancies as discrepancies
    from btcc_research.analytics.reconciliation import reconcile as reconcile
    from btcc_research.analytics.shortfall import order_costs as order_costs
    from btcc_research.analytics.taxes import tax_lots as tax_lots
    from btcc_research.analytics.trips import break_even as break_even
    from btcc_research.analytics.trips import lots as lots
    from btcc_research.analytics.trips import round_trips as round_trips
    from btcc_research.analytics.valuation import ValueUnknown as ValueUnknown

# Loaded when first used, by the module they are in.
_HOMES = {
    "ValueUnknown": "valuation",
    "annual_return": "ratios",
    "break_even": "trips",
    "calmar": "ratios",
    "cost_summary": "costs",
    "discrepancies": "reconciliation",
    "drawdown": "ratios",
    "drawdowns": "ratios",
    "equity_curve": "equity",
    "execution_costs": "costs",
    "hold": "equity",
    "lots": "trips",
    "max_drawdown": "ratios",
    "order_costs": "shortfall",
    "pnl": "profit",
    "reconcile": "reconciliation",
    "round_trips": "trips",
    "sharpe": "ratios",
    "sortino": "ratios",
    "statistics": "performance",
    "tax_lots": "taxes",
    "total_return": "ratios",
    "trip_statistics": "performance",
    "volatility": "ratios",
}

__all__ = [
    "ValueUnknown",
    "annual_return",
    "break_even",
    "calmar",
    "cost_summary",
    "discrepancies",
    "drawdown",
    "drawdowns",
    "equity_curve",
    "execution_costs",
    "hold",
    "lots",
    "max_drawdown",
    "order_costs",
    "pnl",
    "reconcile",
    "round_trips",
    "sharpe",
    "sortino",
    "statistics",
    "tax_lots",
    "total_return",
    "trip_statistics",
    "volatility",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
