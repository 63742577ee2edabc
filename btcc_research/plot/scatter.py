"""Finished trades as points: what came out against how long, how large, or when."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from btcc_research.errors import InvalidArgument
from btcc_research.plot.canvas import (
    new_axes,
    one_a_pixel,
    say_empty,
    set_heading,
    show_grid,
    show_legend,
    with_unit,
)
from btcc_research.plot.inputs import DAY, Floats, days, need, numbers, only, ticks, zone_of
from btcc_research.plot.scales import duration_axis, number_axis, percent_axis, time_axis
from btcc_research.plot.style import background_of, palette_of
from btcc_research.plot.zooming import Layer, View, keep_drawn

_SOURCE = "what btcc.analytics.round_trips() returns"
_SHARES = ("return", "return_on_margin")
_SMALLEST, _LARGEST = 14.0, 220.0
"""Areas of points, in square points."""


def trades_scatter(
    frame: pd.DataFrame, x: str = "duration", y: str = "net", *, ax: Axes | None = None
) -> Axes:
    """Draw every finished trade as a point: its result against something else.

    Colour and shape say the side; the area says the value at entry (or the amount). Points
    that would fall on the same pixel are drawn once, the largest.

    Returns
    -------
    matplotlib.axes.Axes
        An empty frame gives a chart that says so.

    Parameters
    ----------
    frame : DataFrame
        As `btcc.analytics.round_trips` returns it: side, and what `x` and `y` need;
        entry_value or amount for the areas.
    x : str
        ``"duration"`` (closed_at - opened_at, on a logarithmic axis that starts at a
        second), ``"hour"`` (of the day it was opened, in the zone of the frame),
        ``"time"`` (it was closed), or a column of numbers, such as ``"amount"``.
    y : str
        A column of numbers: ``"net"``, ``"gross"``, or the shares ``"return"`` and
        ``"return_on_margin"``, shown in percent.
    ax : Axes, optional
        Where to draw; a new figure when left out.

    Raises
    ------
    InvalidArgument
        If the frame lacks a column, or `y` is money in several currencies.
    """
    need(frame, ["side", y, *_columns_for(x, frame)], _SOURCE)
    currency = "" if y in _SHARES else only(frame, "currency", "trades_scatter")
    across, up = _across(frame, x), numbers(frame[y])
    ax = new_axes(ax)
    set_heading(ax, frame, f"{_words(y)} by {_words(x)}")
    ax.set_ylabel(with_unit(_words(y), currency))
    known = np.isfinite(across) & np.isfinite(up)
    if not known.any():
        say_empty(ax, "no finished trades")
        return ax
    _set_axes(ax, frame, x, across[known])
    low, high = min(float(up[known].min()), 0.0), max(float(up[known].max()), 0.0)
    room = (high - low) * 0.08 or 1.0
    ax.set_ylim(low - room, high + room)
    (percent_axis if y in _SHARES else number_axis)(ax.yaxis)
    ax.axhline(0, color=palette_of(ax).muted, linewidth=0.9, zorder=1)
    show_grid(ax)
    points = pd.DataFrame({"x": across, "y": up, "area": _areas(frame)}, index=frame.index)[known]
    side = frame["side"][known]
    layers = [
        _layer(ax, str(name), points[side == name]) for name in sorted(side.dropna().unique())
    ]
    if not known.all():
        ax.plot([], [], " ", label=f"without {int((~known).sum()):,} not known")
    keep_drawn(ax, layers)
    show_legend(ax)
    return ax


def _columns_for(x: str, frame: pd.DataFrame) -> list[str]:
    if x == "duration":
        return [] if "duration" in frame.columns else ["opened_at", "closed_at"]
    return {"hour": ["opened_at"], "time": ["closed_at"]}.get(x, [x])


def _across(frame: pd.DataFrame, x: str) -> Floats:
    if x == "duration":
        lasted = frame["duration"] if "duration" in frame.columns else (
            frame["closed_at"] - frame["opened_at"]
        )  # fmt: skip
        seconds = pd.TimedeltaIndex(lasted).total_seconds().to_numpy("float64")
        longer: Floats = np.maximum(seconds, 1.0)
        return longer
    if x == "hour":
        opened = pd.DatetimeIndex(frame["opened_at"])
        local = ticks(opened.tz_localize(None) if opened.tz is not None else opened)
        return np.where(opened.isna(), np.nan, local % DAY / (DAY / 24))
    if x == "time":
        return days(frame["closed_at"])
    try:
        return numbers(frame[x])
    except (TypeError, ValueError):
        raise InvalidArgument(f"x={x!r} is not a column of numbers.") from None


def _set_axes(ax: Axes, frame: pd.DataFrame, x: str, across: Floats) -> None:
    low, high = float(across.min()), float(across.max())
    if x == "duration":
        ax.set_xlim(max(low / 1.5, 0.7), high * 1.5)
        duration_axis(ax)
        ax.set_xlabel("duration")
        return
    if x == "hour":
        ax.set_xlim(-0.3, 24.3)
        ax.set_xticks(range(0, 25, 3))
        ax.set_xlabel(f"hour of the day ({zone_of(frame['opened_at'])})")
        return
    room = (high - low) * 0.04 or abs(high) * 0.04 or 1.0
    ax.set_xlim(low - room, high + room)
    if x == "time":
        time_axis(ax, zone_of(frame["closed_at"]))
    else:
        number_axis(ax.xaxis)
        ax.set_xlabel(_words(x))


def _areas(frame: pd.DataFrame) -> Floats:
    name = next((name for name in ("entry_value", "amount") if name in frame.columns), None)
    if name is None:
        return np.full(len(frame), _SMALLEST * 2)
    size = np.nan_to_num(np.abs(numbers(frame[name])))
    areas: Floats = _SMALLEST + (_LARGEST - _SMALLEST) * size / (size.max(initial=0) or 1.0)
    return areas


def _layer(ax: Axes, side: str, points: pd.DataFrame) -> Layer:
    palette = palette_of(ax)
    is_short = side in ("short", "sell")
    marker, colour = ("D", palette.selling) if is_short else ("o", palette.buying)
    won = float((points["y"] > 0).mean())
    drawn = ax.scatter(
        [], [], marker=marker, alpha=0.7, linewidths=0.6, zorder=3, color=colour,
        edgecolors=[background_of(ax)],
    )  # fmt: skip
    label = f"{len(points):,} {side}, {won:.0%} with profit"
    ax.plot([], [], marker, color=colour, markersize=5.5, label=label)
    points = points.sort_values("area", ascending=False)  # small ones stay visible on top

    def draw(view: View) -> None:
        inside = points["x"].between(view.first, view.last) & points["y"].between(
            view.bottom, view.top
        )
        seen = points[inside]
        kept = one_a_pixel(ax, seen[["x", "y"]].to_numpy())
        drawn.set_offsets(seen[["x", "y"]].to_numpy()[kept])
        drawn.set_sizes(seen["area"].to_numpy()[kept])

    return draw


def _words(name: str) -> str:
    return name.replace("_", " ")
