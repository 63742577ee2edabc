"""What is held of each market over time, on top of each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from btcc_research.plot.canvas import (
    add_shapes,
    new_axes,
    say_empty,
    set_heading,
    show_grid,
    show_legend,
    with_unit,
)
from btcc_research.plot.inputs import Floats, curves_of, need, numbers
from btcc_research.plot.lines import fit
from btcc_research.plot.reduction import kept_rows
from btcc_research.plot.scales import number_axis, time_axis
from btcc_research.plot.style import background_of, palette_of
from btcc_research.plot.zooming import Layer, View, keep_drawn

_SOURCE = "a frame over time with one column a market"


def exposure(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how much was at risk in each market, long upwards and short downwards.

    The largest markets have a colour each, the rest are one. A value holds until the next.

    Returns
    -------
    matplotlib.axes.Axes
        Value in the currency of the frame over time, and the sum as a line where there are
        longs and shorts. An empty frame gives a chart that says so.

    Parameters
    ----------
    frame : DataFrame
        Index of times (or a column `time`) and one column a market, signed values; or
        columns time, market and exposure; or the column exposure alone, as
        `btcc.analytics.equity_curve` returns it.
    ax : Axes, optional
        Where to draw; a new figure when left out.

    Raises
    ------
    InvalidArgument
        If the frame has no times or no numbers.
    """
    ax = new_axes(ax)
    table = _by_market(frame)
    set_heading(ax, _without_market(frame), "exposure")
    attrs = frame.attrs
    ax.set_ylabel(with_unit("exposure", attrs.get("currency") or attrs.get("quote")))
    if not len(table):
        say_empty(ax, "nothing was held")
        return ax
    found = curves_of(table, _SOURCE)
    names, values = _largest(found.values, len(palette_of(ax).series))
    fit(
        ax, found.time, [np.maximum(values, 0).sum(0), np.minimum(values, 0).sum(0)], from_zero=True
    )
    time_axis(ax, found.zone)
    number_axis(ax.yaxis)
    ax.axhline(0, color=palette_of(ax).muted, linewidth=0.9, zorder=3)
    show_grid(ax)
    keep_drawn(ax, [_layer(ax, found.time, names, values)])
    show_legend(ax)
    return ax


def _by_market(frame: pd.DataFrame) -> pd.DataFrame:
    if "market" not in frame.columns:
        return frame[["exposure"]] if "exposure" in frame.columns else frame
    need(frame, ["time", "market", "exposure"], _SOURCE)
    long = frame.assign(exposure=numbers(frame["exposure"]))
    wide = long.pivot_table(index="time", columns="market", values="exposure", aggfunc="last")
    return wide.ffill()


def _without_market(frame: pd.DataFrame) -> pd.DataFrame:
    """Return an empty frame with the same attrs: the columns name the markets here."""
    empty = pd.DataFrame()
    empty.attrs = frame.attrs
    return empty


def _largest(values: dict[str, Floats], most: int) -> tuple[list[str], Floats]:
    """Return the names and values of the largest markets, the rest as one."""
    filled = {name: np.nan_to_num(value) for name, value in values.items()}
    ranked = sorted(filled, key=lambda name: -float(np.abs(filled[name]).max()))
    ranked = [name for name in ranked if filled[name].any()] or ranked[:1]
    if len(ranked) <= most:
        return ranked, np.array([filled[name] for name in ranked])
    first, rest = ranked[: most - 1], ranked[most - 1 :]
    others = np.sum([filled[name] for name in rest], axis=0)
    return [*first, f"{len(rest)} others"], np.array([*(filled[name] for name in first), others])


def _layer(ax: Axes, time: Floats, names: list[str], values: Floats) -> Layer:
    palette, back = palette_of(ax), background_of(ax)
    areas = []
    for place, name in enumerate(names):
        area = add_shapes(
            ax, facecolor=palette.series[place], edgecolor=[back], linewidths=0.4, alpha=0.85,
            label=name, zorder=2,
        )  # fmt: skip
        areas.append(area)
    both = bool((values > 0).any() and (values < 0).any())
    (net,) = ax.plot(
        [], [], color=palette.text, linewidth=1.3, drawstyle="steps-post", zorder=4,
        label="sum" if both else "_",
    )  # fmt: skip

    def draw(view: View) -> None:
        rows = kept_rows(time, values, view.first, view.last, view.width)
        across, part = time[rows], values[:, rows]
        long, short = np.maximum(part, 0), np.minimum(part, 0)
        sides = [(each, np.cumsum(each, axis=0)) for each in (long, short)]
        for place, area in enumerate(areas):
            area.set_verts(
                [_steps(across, tops[place] - each[place], tops[place]) for each, tops in sides]
            )
        if both:
            net.set_data(across, part.sum(axis=0))

    return draw


def _steps(across: Floats, bottom: Floats, top: Floats) -> Floats:
    """Return the outline of an area whose heights hold until the next place."""
    x = np.append(np.repeat(across, 2)[1:], across[-1])
    upper, lower = np.repeat(top, 2), np.repeat(bottom, 2)
    return np.concatenate([np.column_stack([x, upper]), np.column_stack([x, lower])[::-1]])
