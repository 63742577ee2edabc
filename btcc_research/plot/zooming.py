"""Draw what is seen, and draw it anew when something else is seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from btcc_research.plot.canvas import pixels


@dataclass(frozen=True, slots=True)
class View:
    """What a chart shows: from where to where, and in how many pixels."""

    first: float
    last: float
    bottom: float
    top: float
    width: int
    height: int


Layer = Callable[[View], None]
"""Draws one thing for a view; it leaves the limits alone."""


def keep_drawn(ax: Axes, layers: Sequence[Layer]) -> None:
    """Draw layers now, and again whenever the limits of the chart change."""
    busy: list[bool] = []

    def redraw(_: Axes | None = None) -> None:
        if busy:
            return
        busy.append(True)
        try:
            view = view_of(ax)
            for layer in layers:
                layer(view)
        finally:
            busy.clear()

    redraw()
    for limits in ("xlim_changed", "ylim_changed"):
        ax.callbacks.connect(limits, redraw)


def view_of(ax: Axes) -> View:
    """Return what a chart shows now."""
    first, last = sorted(ax.get_xlim())
    bottom, top = sorted(ax.get_ylim())
    return View(first, last, bottom, top, *pixels(ax))
