"""What trading cost: where the price went afterwards, and how far fills were off."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from btcc_research.errors import InvalidArgument
from btcc_research.plot.canvas import (
    axes_beside,
    new_axes,
    say_empty,
    set_heading,
    show_grid,
    show_legend,
)
from btcc_research.plot.inputs import Floats, numbers
from btcc_research.plot.scales import duration_axis, number_axis, short
from btcc_research.plot.style import palette_of

_PREFIX = "markout_"
_SLIPPAGE = "slippage_bps"
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_MOST_BARS = 41


def costs(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw markouts (where the price went after my executions), and slippage beside them.

    Returns
    -------
    matplotlib.axes.Axes
        The chart of markouts, in basis points over the time since the execution: median,
        the middle half and nine of ten executions. Where the frame has slippage its
        histogram stands to the right, in Axes of its own (the last of the figure's
        `axes`); the outermost bars hold what lies beyond them. No executions with quotes
        give a chart that says so.

    Parameters
    ----------
    frame : DataFrame
        As `btcc.analytics.execution_costs` returns it, one row an execution:
        ``markout_1s``, ``markout_5min``, ... (any length of time pandas reads), the basis
        points the mid moved in my favour; slippage_bps, the basis points that were paid
        against the mid on arrival. NaN where there is no quote.
    ax : Axes, optional
        Where to draw; a new figure when left out. It gives up room for the histogram.

    Raises
    ------
    InvalidArgument
        If the frame has neither markouts nor slippage_bps.
    """
    horizons = _horizons(frame)
    if not horizons and _SLIPPAGE not in frame.columns:
        raise InvalidArgument(
            "the frame has no columns markout_1s, markout_1m, ... and no slippage_bps; pass "
            "what btcc.analytics.execution_costs() returns."
        )
    main = new_axes(ax)
    slippage = numbers(frame[_SLIPPAGE]) if _SLIPPAGE in frame.columns else np.empty(0)
    slippage = slippage[np.isfinite(slippage)]
    set_heading(main, frame, "markouts")
    beside = axes_beside(main, 0.36) if len(slippage) else None
    rows = _draw_markouts(main, frame, horizons)
    if beside is not None:
        _draw_histogram(beside, slippage, rows)
    return main


def _horizons(frame: pd.DataFrame) -> dict[str, float]:
    """Return the columns of markouts and their seconds, the nearest first."""
    found = {}
    for name in map(str, frame.columns):
        if name.startswith(_PREFIX):
            try:
                found[name] = pd.Timedelta(name.removeprefix(_PREFIX)).total_seconds()
            except ValueError:
                raise InvalidArgument(
                    f"{name!r} does not end in a length of time; such as markout_30s."
                ) from None
    return dict(sorted(found.items(), key=lambda item: item[1]))


def _draw_markouts(ax: Axes, frame: pd.DataFrame, horizons: dict[str, float]) -> int:
    palette = palette_of(ax)
    values = [numbers(frame[name]) for name in horizons]
    known = [value[np.isfinite(value)] for value in values]
    if not any(map(len, known)):
        say_empty(ax, "no executions with quotes")
        return 0
    seconds = np.array(list(horizons.values()))
    bands = np.array(
        [np.quantile(each, _QUANTILES) if len(each) else [np.nan] * 5 for each in known]
    ).T
    colour = palette.series[0]
    most = max(map(len, known))
    ax.fill_between(
        seconds, bands[0], bands[4], color=colour, alpha=0.15, linewidth=0, label="9 of 10"
    )
    ax.fill_between(
        seconds, bands[1], bands[3], color=colour, alpha=0.3, linewidth=0, label="middle half"
    )
    ax.plot(
        seconds, bands[2], color=colour, marker="o", markersize=4, linewidth=1.8,
        label=f"median of {most:,}",
    )  # fmt: skip
    ax.axhline(0, color=palette.muted, linewidth=0.9, zorder=1)
    ax.set_xlim(seconds[0] / 1.15, seconds[-1] * 1.15)
    duration_axis(ax, seconds.tolist())
    number_axis(ax.yaxis)
    ax.set_xlabel("time since the execution")
    ax.set_ylabel("in my favour (basis points)")
    show_grid(ax)
    return show_legend(ax)


def _draw_histogram(ax: Axes, slippage: Floats, rows: int) -> None:
    palette: Any = palette_of(ax)
    low, high = (float(edge) for edge in np.quantile(slippage, [0.01, 0.99]))
    if high <= low:
        low, high = low - 0.5, high + 0.5
    bars = int(min(_MOST_BARS, max(5, np.sqrt(len(slippage)))))
    counts, edges = np.histogram(np.clip(slippage, low, high), bins=bars, range=(low, high))
    paid = (edges[:-1] + edges[1:]) / 2 > 0
    ax.bar(
        edges[:-1], counts, width=np.diff(edges), align="edge", linewidth=0.4,
        edgecolor=ax.get_facecolor(), alpha=0.85,
        color=[palette.falling if each else palette.rising for each in paid],
    )  # fmt: skip
    middle = float(np.median(slippage))
    ax.axvline(
        middle, color=palette.text, linestyle="--", linewidth=1.1,
        label=f"median {short(middle, sign=True)}",
    )  # fmt: skip
    set_heading(ax, pd.DataFrame(), "slippage")
    ax.set_xlabel("paid (basis points)")
    ax.set_ylabel("executions")
    number_axis(ax.xaxis)
    number_axis(ax.yaxis)
    show_grid(ax, "y")
    show_legend(ax, rows)
