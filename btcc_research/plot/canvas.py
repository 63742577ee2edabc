"""Axes to draw on: their size in pixels, title, legend, and words where there is nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.font_manager import FontProperties
from matplotlib.transforms import blended_transform_factory

from btcc_research.plot.inputs import Floats
from btcc_research.plot.style import palette_of

SIZE = (11, 5.5)
_WIDEST_CHARACTER = 0.56
"""Of the font size, on average over a label."""

_LEGEND_LINE = 1.5
"""How high a line of legend is, in font sizes."""

_HANDLE, _BETWEEN = 2.5, 1.4
"""What a legend's mark takes and what stands between columns, in font sizes."""


def new_axes(
    ax: Axes | None,
    *,
    height: float = SIZE[1],
    layout: Literal["constrained", "none"] = "constrained",
) -> Axes:
    """Return the Axes given, or those of a new figure."""
    if ax is None:
        _, ax = plt.subplots(figsize=(SIZE[0], height), layout=layout)
    return ax


def axes_beside(ax: Axes, share: float) -> Axes:
    """Return new Axes to the right of others, which give up a share of their width."""
    figure: Any = ax.get_figure()
    place = ax.get_subplotspec()
    if place is None:
        box = ax.get_position()
        gap = 0.12 * box.width
        width = box.width * share - gap
        ax.set_position((box.x0, box.y0, box.width * (1 - share), box.height))
        right: Axes = figure.add_axes((box.x1 - width, box.y0, width, box.height))
    else:
        grid = place.subgridspec(1, 2, width_ratios=(1 - share, share))
        ax.set_subplotspec(grid[0])
        right = figure.add_subplot(grid[1])
    return right


def make_room(ax: Axes, *, rows: int, beside: bool) -> None:
    """Set the margins of a figure of our own for what stands around its one chart.

    Working out a layout takes as long as drawing a million candles, so this one is told.

    Parameters
    ----------
    ax : Axes
        With its limits and labels.
    rows : int
        Lines of legend.
    beside : bool
        Whether words stand to the right.
    """
    figure: Any = ax.get_figure(root=True)
    em = float(FontProperties().get_size_in_points()) / 72
    wide, high = figure.get_size_inches() / em
    numbers = ax.yaxis.get_major_formatter().format_ticks(ax.yaxis.get_majorticklocs().tolist())
    left = 3.2 + _WIDEST_CHARACTER * max(map(len, numbers), default=0)
    figure.subplots_adjust(
        left=left / wide, right=1 - (12 if beside else 1.5) / wide,
        bottom=3.8 / high, top=1 - (2.4 + 1.25 * rows) / high,
    )  # fmt: skip
    inches = figure.dpi_scale_trans
    beside_axis = blended_transform_factory(inches, ax.transAxes)
    below_axis = blended_transform_factory(ax.transAxes, inches)
    ax.yaxis.set_label_coords(1.5 * em, 0.5, beside_axis)
    ax.xaxis.set_label_coords(0, 1.8 * em, below_axis)


def pixels(ax: Axes) -> tuple[int, int]:
    """Return how wide and high a chart is in pixels."""
    box = ax.get_window_extent()
    return max(int(box.width), 100), max(int(box.height), 60)


def inches_wide(ax: Axes) -> float:
    """Return the width of a chart in inches."""
    return ax.get_window_extent().width / dpi_of(ax)


def inches_high(ax: Axes) -> float:
    """Return the height of a chart in inches."""
    return ax.get_window_extent().height / dpi_of(ax)


def set_heading(ax: Axes, frame: Any, *words: str) -> None:
    """Title the chart with its market, what it is, and the sandbox where it is one."""
    note = "(sandbox)" if frame.attrs.get("environment") == "sandbox" else ""
    _set_title(ax, " ".join(part for part in (market_of(frame), *words, note) if part), 0)


def _set_title(ax: Axes, text: str, rows: int) -> None:
    """Title the chart above so many lines of legend, in a size that fits its width."""
    size = FontProperties(size=mpl.rcParams["axes.titlesize"]).get_size_in_points()
    fitting = inches_wide(ax) * 72 / (_WIDEST_CHARACTER * max(len(text), 1))
    ax.set_title(
        text, loc="left", y=1, pad=6 + _small() * (_LEGEND_LINE * rows + 0.3 * bool(rows)),
        fontsize=max(min(size, fitting), 7),
    )  # fmt: skip


def _small() -> float:
    return float(FontProperties(size="small").get_size_in_points())


def show_grid(ax: Axes, axis: Literal["both", "x", "y"] = "both") -> None:
    """Draw a grid that stays behind the data."""
    ax.grid(visible=True, axis=axis, color=palette_of(ax).muted, alpha=0.22, linewidth=0.7)
    ax.set_axisbelow(True)


def market_of(frame: Any) -> str:
    """Return the one market a frame is about, or ""."""
    known = frame.attrs.get("market")
    if known is None and isinstance(frame, pd.DataFrame) and "market" in frame.columns:
        found = frame["market"].dropna().unique()
        known = found[0] if len(found) == 1 else None
    return str(known or "")


def with_unit(words: str, unit: Any) -> str:
    """Return the label of an axis: what it shows and in which unit."""
    return f"{words} ({unit})" if unit else words


def quote_of(frame: Any) -> str:
    """Return the currency of a frame's prices, or "" where it does not say."""
    return str(frame.attrs.get("quote") or "")


def show_legend(ax: Axes, least: int = 0) -> int:
    """Put the legend between the title and the chart, where it never covers data.

    Parameters
    ----------
    ax : Axes
        With its artists and its title.
    least : int
        Lines to leave room for, so that titles side by side are at one height.

    Returns
    -------
    int
        How many lines it has.
    """
    labels = ax.get_legend_handles_labels()[1]
    rows = least
    if labels:
        columns = _legend_columns(labels, inches_wide(ax) * 72 / _small())
        legend = ax.legend(
            loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, frameon=False,
            fontsize="small", borderpad=0.2, borderaxespad=0.1, columnspacing=_BETWEEN,
            handlelength=1.5, labelcolor=palette_of(ax).text,
        )  # fmt: skip
        legend.set_in_layout(False)  # its room is made below
        rows = max(least, math.ceil(len(labels) / columns))
    if rows:
        _set_title(ax, ax.get_title(loc="left"), rows)
    return rows


def _legend_columns(labels: Sequence[str], room: float) -> int:
    """Return how many columns of a legend fit side by side; they are filled downwards.

    Parameters
    ----------
    labels : sequence of str
        The texts.
    room : float
        Width of the chart, in font sizes.
    """
    wide = [_WIDEST_CHARACTER * len(label) + _HANDLE for label in labels]
    for columns in range(len(labels), 1, -1):
        short, longer = divmod(len(labels), columns)
        ends = np.cumsum([short + (column < longer) for column in range(columns)])
        widest = [max(part) for part in np.split(wide, ends[:-1])]
        if sum(widest) + _BETWEEN * (columns - 1) <= room:
            return columns
    return 1


def add_shapes(ax: Axes, **looks: Any) -> Any:
    """Add polygons that a layer will fill in; they leave the limits alone."""
    return ax.add_collection(PolyCollection([], **looks), autolim=False)


def add_lines(ax: Axes, **looks: Any) -> Any:
    """Add separate lines that a layer will fill in; they leave the limits alone."""
    return ax.add_collection(LineCollection([], **looks), autolim=False)


def boxes(middle: Floats, width: float | Floats, bottom: Floats, top: Floats) -> Floats:
    """Return the corners of upright boxes, one a row."""
    left, right = middle - width / 2, middle + width / 2
    corners = [(left, bottom), (left, top), (right, top), (right, bottom)]
    return np.stack([np.column_stack([x, y]) for x, y in corners], axis=1)


def one_a_pixel(ax: Axes, places: Floats) -> Any:
    """Return which places to draw so that no two fall on the same pixel: the first of each."""
    if not len(places):
        return np.empty(0, dtype="int64")
    pixel = np.rint(ax.transData.transform(places)).astype("int64")
    return np.sort(np.unique(pixel, axis=0, return_index=True)[1])


def say_empty(ax: Axes, words: str) -> None:
    """Say in the middle of a chart that there is nothing to draw."""
    ax.text(
        0.5, 0.5, words, transform=ax.transAxes, ha="center", va="center",
        color=palette_of(ax).muted,
    )  # fmt: skip
    ax.set_xticks([])
    ax.set_yticks([])


def dpi_of(ax: Axes) -> float:
    """Return how many pixels an inch has."""
    figure: Any = ax.get_figure(root=True)
    return float(figure.dpi)
