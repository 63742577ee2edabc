"""A recorded order book over time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.patheffects import Normal, Stroke

from btcc_research.errors import InvalidArgument
from btcc_research.plot.book_grid import Changes, changes_of, grid_of
from btcc_research.plot.canvas import (
    new_axes,
    quote_of,
    set_heading,
    show_legend,
    with_unit,
)
from btcc_research.plot.inputs import DAY, Ticks, need, need_rows, numbers, only, zone_of
from btcc_research.plot.marks import execution_layers
from btcc_research.plot.scales import number_axis, time_axis
from btcc_research.plot.style import amount_colours, background_of, palette_of
from btcc_research.plot.zooming import Layer, View, keep_drawn

_NEEDED = ("time", "side", "price", "amount")
_SOURCE = 'a recorded book, such as btcc.history.scan("book", ...) returns'
_PIXELS_A_CELL = 2
_COARSE = 200
_BRIGHTEST = 0.995
"""The share of cells that are not the brightest colour."""


def book_heatmap(
    frame: pd.DataFrame,
    trades: pd.DataFrame | None = None,
    *,
    within: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw how much stood in the book at every price and time.

    A cell shows the most that stood there at any moment of its time, so no wall is lost,
    however short; the lines are the best bid and ask at the end of each cell. Zooming in
    shows finer cells.

    Returns
    -------
    matplotlib.axes.Axes
        Price in the quote currency over time, amounts in the base currency as colours.

    Parameters
    ----------
    frame : DataFrame
        A recording of one market: time, side (bid or ask), price, and amount, which stands
        at this price from this time on (0 removes it). Where `is_snapshot` is true the rows
        of a time are a whole book that replaces the one before.
    trades : DataFrame, optional
        As `btcc.trades` returns it: those of the market and time are marked.
    within : float, optional
        Show prices at most so far from the best ones, as a share, such as 0.002; left out,
        what holds nine tenths of all changes.
    ax : Axes, optional
        Where to draw; a new figure when left out.

    Raises
    ------
    InvalidArgument
        If the frame is empty, of several markets, or lacks a column.
    """
    need(frame, _NEEDED, _SOURCE)
    frame = frame[frame["time"].notna() & frame["price"].notna()]
    need_rows(frame, _SOURCE)
    only(frame, "market", "book_heatmap")
    changes = changes_of(frame)
    first, last = int(changes.time.min()), int(changes.time.max())
    last = max(last, first + 1_000_000)
    limits = _prices_shown(frame, changes, (first, last), within)
    ax = new_axes(ax)
    ax.set_xlim(first / DAY, last / DAY)
    ax.set_ylim(*limits)
    time_axis(ax, zone_of(frame["time"]))
    number_axis(ax.yaxis)
    set_heading(ax, frame, "order book")
    ax.set_ylabel(with_unit("price", quote_of(frame)))
    layers = [_heat_layer(ax, changes, last, str(frame.attrs.get("base") or ""))]
    if trades is not None:
        layers += execution_layers(ax, frame, trades, (first / DAY, last / DAY))
    show_legend(ax)
    keep_drawn(ax, layers)
    return ax


def _edges(first: int, last: int, columns: int) -> Ticks:
    """Return the edges of so many columns, the last one just after the last moment."""
    edges: Ticks = np.linspace(first, last + 1, columns + 1).astype("int64")
    return edges


def _prices_shown(
    frame: pd.DataFrame, changes: Changes, times: tuple[int, int], within: float | None
) -> tuple[float, float]:
    low, high = float(changes.prices.min()), float(changes.prices.max())
    grid = grid_of(changes, _edges(*times, _COARSE), low, high, _COARSE)
    best = np.concatenate([grid.best_bid, grid.best_ask])
    best = best[~np.isnan(best)]
    nearest, farthest = (float(best.min()), float(best.max())) if len(best) else (low, high)
    if within is not None:
        if not within > 0:
            raise InvalidArgument(f"within={within!r} is not a share above 0, such as 0.002.")
        low, high = nearest * (1 - within), farthest * (1 + within)
    else:
        busy = np.quantile(numbers(frame["price"]), [0.05, 0.95])
        low, high = min(float(busy[0]), nearest), max(float(busy[1]), farthest)
    room = (high - low) * 0.06 or abs(high) * 0.001 or 1.0
    return low - room, high + room


def _heat_layer(ax: Axes, changes: Changes, last: int, unit: str) -> Layer:
    """Draw amounts as colours, and the best prices over them."""
    palette = palette_of(ax)
    image = ax.imshow(
        np.zeros((1, 1)), origin="lower", aspect="auto", interpolation="nearest", zorder=1,
        cmap=amount_colours(palette), norm=PowerNorm(0.5, 0, 1),
        extent=(*ax.get_xlim(), *ax.get_ylim()),
    )  # fmt: skip
    bid, ask = (
        ax.step(
            [], [], where="post", color=colour, linewidth=1.1, zorder=3, label=label,
            path_effects=[Stroke(linewidth=2.2, foreground=background_of(ax)), Normal()],
        )[0]
        for colour, label in ((palette.rising, "best bid"), (palette.falling, "best ask"))
    )  # fmt: skip
    figure: Any = ax.get_figure()
    figure.colorbar(image, ax=ax, label=with_unit("most that stood there", unit), pad=0.01)

    def draw(view: View) -> None:
        first, end = int(view.first * DAY), min(int(view.last * DAY), last)
        if end <= first:
            return
        edges = _edges(first, end, max(view.width // _PIXELS_A_CELL, 1))
        grid = grid_of(changes, edges, view.bottom, view.top, max(view.height // _PIXELS_A_CELL, 1))
        shown = np.where(grid.amount > 0, grid.amount, np.nan)
        image.set_data(shown)
        image.set_extent((edges[0] / DAY, edges[-1] / DAY, grid.prices[0], grid.prices[-1]))
        known = shown[~np.isnan(shown)]
        if len(known):
            image.set_clim(0, float(np.quantile(known, _BRIGHTEST)))
        for line, best in ((bid, grid.best_bid), (ask, grid.best_ask)):
            line.set_data(edges / DAY, np.append(best, best[-1:]))

    return draw
