"""The parts of a candle chart, each drawn for the view there is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba

from btcc_research.plot.canvas import add_lines, add_shapes, boxes
from btcc_research.plot.inputs import DAY, Floats
from btcc_research.plot.lines import line_layer
from btcc_research.plot.reduction import Candles, gaps, joined, length_for, spans
from btcc_research.plot.scales import duration
from btcc_research.plot.style import background_of, palette_of
from btcc_research.plot.zooming import Layer, View

PIXELS_A_CANDLE = 3
VOLUME_SHARE = 0.16
"""Of the height, for the highest bar."""

_BODY = 0.76
"""How much of its time a candle's body is wide."""


def candle_layer(ax: Axes, source: Candles, *, volume: bool) -> Layer:
    """Draw wicks, bodies and volume; the time axis says where candles are joined.

    Volume stands at the bottom, the highest bar of a view always as high.
    """
    wicks = add_lines(ax, linewidths=0.9, zorder=2)
    bodies = add_shapes(ax, linewidths=0.7, zorder=3)
    bars = add_shapes(ax, transform=ax.get_xaxis_transform(), zorder=1)
    time = ax.get_xlabel()

    def draw(view: View) -> None:
        shown = _shown(source, view)
        middle, wide = (shown.opened + shown.length / 2) / DAY, shown.length / DAY * _BODY
        colours = _colours(ax, shown)
        wicks.set_segments(_wicks(middle, shown))
        wicks.set_color(colours)
        bottom, top = np.minimum(shown.open, shown.close), np.maximum(shown.open, shown.close)
        bodies.set_verts(boxes(middle, wide, bottom, top))
        bodies.set_edgecolor(colours)
        bodies.set_facecolor(_filled(ax, shown, colours))
        if volume:
            heights = shown.volume / (shown.volume.max(initial=0) or 1) * VOLUME_SHARE
            bars.set_verts(boxes(middle, wide, 0 * heights, heights))
            bars.set_facecolor(colours * [1, 1, 1, 0.35])
        note = f", as {duration(shown.length // 1_000_000)} candles"
        ax.xaxis.label.set_text(time + (note if shown.length > source.length else ""))

    return draw


def gap_layers(ax: Axes, source: Candles) -> list[Layer]:
    """Shade the times without candles; a short one is at least a pixel wide."""
    begin, back = gaps(source)
    if not len(begin):
        return []
    starts, ends = begin / DAY, back / DAY
    count = f"{len(begin):,} gap{'s' if len(begin) > 1 else ''} without candles"
    shade = add_shapes(
        ax, transform=ax.get_xaxis_transform(), facecolor=palette_of(ax).muted, alpha=0.22,
        zorder=0.5, label=count,
    )  # fmt: skip

    def draw(view: View) -> None:
        first, last = spans(starts, ends, view.first, view.last, view.width)
        middle, wide = (first + last) / 2, last - first
        shade.set_verts(boxes(middle, wide, 0 * middle, 0 * middle + 1))

    return [draw]


def average_layers(ax: Axes, source: Candles, counts: Sequence[int]) -> list[Layer]:
    """Draw means of the last closes, each at the end of its last candle."""
    if not len(counts):
        return []
    ends, close = (source.opened + source.length) / DAY, pd.Series(source.close)
    colours = palette_of(ax).series
    return [
        line_layer(
            ax, ends, close.rolling(count).mean().to_numpy(), colour=colours[place % len(colours)],
            label=f"mean of {count:,}" + (" (too few candles)" if count > len(source) else ""),
            width=1.3, zorder=4,
        )
        for place, count in enumerate(counts)
    ]  # fmt: skip


def _shown(source: Candles, view: View) -> Candles:
    """Return the candles of a view, joined so that each has some pixels."""
    part = source.between(int(view.first * DAY), int(view.last * DAY))
    span = int((view.last - view.first) * DAY)
    return joined(part, length_for(source.length, span, view.width // PIXELS_A_CANDLE))


def _colours(ax: Axes, shown: Candles) -> Floats:
    palette = palette_of(ax)
    both = np.array([to_rgba(palette.falling), to_rgba(palette.rising)])
    found: Floats = both[(shown.close >= shown.open).astype(int)]
    return found


def _filled(ax: Axes, shown: Candles, colours: Floats) -> Floats:
    """Return the inside of bodies: of a running candle, the background."""
    inside = colours.copy()
    inside[~shown.closed, :3] = background_of(ax)
    return inside


def _wicks(middle: Floats, shown: Candles) -> Floats:
    ends = [np.column_stack([middle, price]) for price in (shown.low, shown.high)]
    return np.stack(ends, axis=1)
