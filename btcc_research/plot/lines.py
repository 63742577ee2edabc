"""Curves and areas in the pixels there are."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from btcc_research.plot.canvas import add_shapes, set_heading, show_grid
from btcc_research.plot.inputs import Curves, Floats
from btcc_research.plot.reduction import envelope
from btcc_research.plot.scales import time_axis
from btcc_research.plot.zooming import Layer, View


def line_layer(
    ax: Axes, x: Floats, y: Floats, *, colour: str, label: str = "", width: float = 1.5,
    style: str = "-", zorder: float = 3, holds: bool = False,
) -> Layer:  # fmt: skip
    """Draw a curve; NaN breaks it. `holds`: each value stays until the next."""
    (line,) = ax.plot(
        [], [], color=colour, label=label or "_", linewidth=width, linestyle=style,
        zorder=zorder, drawstyle="steps-post" if holds else "default",
    )  # fmt: skip

    def draw(view: View) -> None:
        line.set_data(*envelope(x, y, view.first, view.last, view.width))

    return draw


def area_layer(ax: Axes, x: Floats, y: Floats, *, colour: str, alpha: float) -> Layer:
    """Fill between a curve and nought; NaN counts as nought."""
    filled = np.nan_to_num(y)
    area = add_shapes(ax, facecolor=colour, alpha=alpha, linewidths=0, zorder=2)

    def draw(view: View) -> None:
        across, up = envelope(x, filled, view.first, view.last, view.width)
        ends = np.array([(across[-1], 0.0), (across[0], 0.0)])
        area.set_verts([np.concatenate([np.column_stack([across, up]), ends])])

    return draw


def fit(ax: Axes, x: Floats, values: list[Floats], *, from_zero: bool = False) -> None:
    """Set the limits to where the values are, with a little room on all sides but at nought."""
    known = np.concatenate([value[np.isfinite(value)] for value in values])
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    room = (high - low) * 0.06 or abs(high) * 0.05 or 1.0
    bottom = 0.0 if from_zero and low == 0 else low - room
    ax.set_ylim(bottom, 0.0 if from_zero and high == 0 > bottom else high + room)
    first, last = float(np.nanmin(x)), float(np.nanmax(x))
    margin = (last - first) * 0.005 or 0.5
    ax.set_xlim(first - margin, last + margin)
    ax.update_datalim([(first, low), (last, high)])


def label_curves(ax: Axes, frame: Any, found: Curves, words: str) -> None:
    """Title a chart of curves and label its time."""
    time_axis(ax, found.zone)
    set_heading(ax, frame, words)
    show_grid(ax)
