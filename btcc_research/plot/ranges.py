"""What there is of which market and time, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from btcc_research.plot.canvas import (
    add_shapes,
    boxes,
    new_axes,
    say_empty,
    set_heading,
    show_grid,
    show_legend,
)
from btcc_research.plot.inputs import Floats, days, need, numbers, zone_of
from btcc_research.plot.reduction import spans
from btcc_research.plot.scales import short, time_axis
from btcc_research.plot.style import palette_of
from btcc_research.plot.zooming import Layer, View, keep_drawn

_LANE = ("venue", "market", "kind", "interval")
_SOURCE = "what btcc.history.coverage() returns"
_HIGH = 0.62
_INCHES_A_LANE = 0.3


@dataclass(frozen=True, slots=True)
class Lane:
    """What there is of one thing: stretches of time without overlap, and the holes between."""

    name: str
    starts: Floats
    ends: Floats
    hole_starts: Floats
    hole_ends: Floats
    rows: float


def coverage(
    frame: pd.DataFrame, holes: pd.DataFrame | None = None, *, ax: Axes | None = None
) -> Axes:
    """Draw what data there is as bars over time, and holes in them in red.

    Returns
    -------
    matplotlib.axes.Axes
        A lane for each venue, market, kind and interval over time; where the frame has
        rows, how many stand on the right. Stretches and holes shorter than a pixel are
        drawn a pixel wide. An empty frame gives a chart that says so.

    Parameters
    ----------
    frame : DataFrame
        As `btcc.history.coverage` returns it: start, end, and venue, market, kind,
        interval and rows as far as there are.
    holes : DataFrame, optional
        As `btcc.history.gaps` returns it, with the same columns; left out, what lies
        between the stretches of a lane.
    ax : Axes, optional
        Where to draw; a new figure, as high as there are lanes, when left out.

    Raises
    ------
    InvalidArgument
        If a column is missing.
    """
    for part in (frame, holes) if holes is not None else (frame,):
        need(part, ["start", "end"], _SOURCE)
    lanes = _lanes_of(frame, holes)
    ax = new_axes(ax, height=min(12.0, max(2.4, 1.4 + _INCHES_A_LANE * len(lanes))))
    set_heading(ax, frame, "coverage")
    if not lanes:
        say_empty(ax, "nothing is stored")
        return ax
    first = min(float(lane.starts[0]) for lane in lanes)
    last = max(float(lane.ends.max()) for lane in lanes)
    margin = (last - first) * 0.01 or 0.5
    ax.set_xlim(first - margin, last + margin)
    ax.set_ylim(len(lanes) - 0.4, -0.6)
    time_axis(ax, zone_of(frame["start"]))
    _name_lanes(ax, lanes)
    show_grid(ax, "x")
    keep_drawn(ax, _layers(ax, lanes))
    show_legend(ax)
    return ax


def _lanes_of(frame: pd.DataFrame, holes: pd.DataFrame | None) -> list[Lane]:
    names = _names(frame)
    places = _names(holes) if holes is not None else None
    found = [
        _lane(
            name, frame[names == name], None if holes is None else holes[places == name]
        )
        for name in names.unique()
    ]  # fmt: skip
    return [lane for lane in found if len(lane.starts)]


def _names(frame: pd.DataFrame) -> pd.Series:
    """Return the words that name the lane of each row."""
    told = frame[[name for name in _LANE if name in frame.columns]]
    words = told.astype("object").where(told.notna(), "")
    names = [" ".join(filter(None, map(str, row))) for row in words.itertuples(index=False)]
    return pd.Series(names, index=frame.index, dtype="object")


def _lane(name: str, part: pd.DataFrame, holes: pd.DataFrame | None) -> Lane:
    starts, ends = _joined(days(part["start"]), days(part["end"]))
    if holes is None:
        between = starts[1:] > ends[:-1]
        gone, back = ends[:-1][between], starts[1:][between]
    else:
        gone, back = _joined(days(holes["start"]), days(holes["end"]))
    rows = float(np.nansum(numbers(part["rows"]))) if "rows" in part.columns else np.nan
    return Lane(name, starts, ends, gone, back, rows)


def _joined(starts: Floats, ends: Floats) -> tuple[Floats, Floats]:
    """Return stretches in order, those that touch or overlap as one."""
    known = ~np.isnan(starts) & ~np.isnan(ends)
    starts, ends = starts[known], ends[known]
    order = np.argsort(starts, kind="stable")
    starts, reach = starts[order], np.maximum.accumulate(ends[order])
    if not len(starts):
        return starts, reach
    begins = np.append(True, starts[1:] > reach[:-1])
    return starts[begins], reach[np.append(begins[1:], True)]


def _name_lanes(ax: Axes, lanes: Sequence[Lane]) -> None:
    places = range(len(lanes))
    size = "small" if ax.get_window_extent().height / len(lanes) > 15 else "xx-small"
    ax.set_yticks(places, [lane.name for lane in lanes], fontsize=size)
    ax.tick_params(axis="y", length=0)
    for place, lane in zip(places, lanes, strict=True):
        if not np.isnan(lane.rows):
            ax.annotate(
                f"{short(lane.rows)} rows", (1, place), xycoords=ax.get_yaxis_transform(),
                xytext=(5, 0), textcoords="offset points", va="center", fontsize=size,
                color=palette_of(ax).muted,
            )  # fmt: skip


def _layers(ax: Axes, lanes: Sequence[Lane]) -> list[Layer]:
    palette = palette_of(ax)
    count = sum(len(lane.hole_starts) for lane in lanes)
    bars = add_shapes(ax, facecolor=palette.series[0], linewidths=0, label="there", zorder=2)
    gaps = add_shapes(
        ax, facecolor=palette.alarm, linewidths=0, zorder=3,
        label=f"{count:,} hole{'' if count == 1 else 's'}" if count else "_",
    )  # fmt: skip

    def draw(view: View) -> None:
        bars.set_verts(_in_lanes(view, [(lane.starts, lane.ends) for lane in lanes], _HIGH))
        missing = [(lane.hole_starts, lane.hole_ends) for lane in lanes]
        gaps.set_verts(_in_lanes(view, missing, _HIGH))

    return [draw]


def _in_lanes(view: View, lanes: Sequence[tuple[Floats, Floats]], high: float) -> Floats:
    found = []
    for place, (starts, ends) in enumerate(lanes):
        left, right = spans(starts, ends, view.first, view.last, view.width)
        level = np.full(len(left), float(place))
        found.append(boxes((left + right) / 2, right - left, level - high / 2, level + high / 2))
    return np.concatenate(found)
