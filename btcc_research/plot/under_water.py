"""How far equity was under water, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from btcc_research.errors import InvalidArgument
from btcc_research.plot.canvas import new_axes, show_legend
from btcc_research.plot.inputs import Curves, Floats, curves_of
from btcc_research.plot.lines import area_layer, fit, label_curves, line_layer
from btcc_research.plot.scales import MINUS, duration, percent_axis
from btcc_research.plot.style import Palette, palette_of
from btcc_research.plot.zooming import keep_drawn

_SOURCE = "what btcc.analytics.equity_curve() returns"
_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Dip:
    """A time under water: from the peak to its recovery, or to the end of the data."""

    start: float
    end: float
    bottom: float
    depth: float
    recovered: bool


def drawdown(frame: pd.DataFrame | pd.Series, *, worst: int = 3, ax: Axes | None = None) -> Axes:
    """Draw how far equity was below its highest so far, and shade the worst times.

    Returns
    -------
    matplotlib.axes.Axes
        Loss from the peak in percent over time. The legend says how deep the worst times
        were, from when to when they lasted and how long.

    Parameters
    ----------
    frame : DataFrame or Series
        As `btcc.analytics.equity_curve` returns it: index of times (or a column `time`) and
        `return`, the time-weighted returns, in which deposits and withdrawals count for
        nothing. Else `drawdown` (a share, 0 or negative) is drawn as it is, or it is worked
        out of `equity`, or of the one column of numbers; there a deposit counts as a gain.
    worst : int
        How many times under water to shade.
    ax : Axes, optional
        Where to draw; a new figure when left out.

    Raises
    ------
    InvalidArgument
        If the frame has no rows, no times, or several columns and none of those names.
    """
    found = curves_of(frame, _SOURCE)
    depth = _depth_of(found)
    ax = new_axes(ax)
    palette = palette_of(ax)
    fit(ax, found.time, [depth], from_zero=True)
    deepest = float(np.nanmin(depth, initial=0.0))
    ax.set_ylim(deepest * 1.14 or -0.01, 0)
    label_curves(ax, frame, found, "drawdown")
    percent_axis(ax.yaxis)
    ax.set_ylabel("below the peak")
    layers = [
        line_layer(ax, found.time, depth, colour=palette.falling, width=1.1),
        area_layer(ax, found.time, depth, colour=palette.falling, alpha=0.3),
    ]
    _shade_worst(ax, palette, found, _dips(found.time, depth)[: max(worst, 0)])
    keep_drawn(ax, layers)
    show_legend(ax)
    return ax


def _depth_of(found: Curves) -> Floats:
    if "drawdown" in found.values:
        return found.values["drawdown"]
    if "return" in found.values:
        grown: Any = np.cumprod(1 + np.nan_to_num(found.values["return"]))
        return _below_peak(grown)
    names = ["equity"] if "equity" in found.values else list(found.values)
    if len(names) > 1:
        raise InvalidArgument(
            f"the frame has {len(names)} curves ({', '.join(names[:3])}, ...) and none of "
            'return, drawdown and equity; pass one, such as frame["total"].'
        )
    return _below_peak(found.values[names[0]])


def _below_peak(values: Floats) -> Floats:
    """Return by what share each value is below the highest so far."""
    peak = np.fmax.accumulate(values)
    share: Floats = np.divide(values, peak, out=np.full(len(values), np.nan), where=peak > 0) - 1
    return share


def _dips(time: Floats, depth: Floats) -> list[Dip]:
    """Return all times under water, the deepest first."""
    under = np.concatenate([[False], depth < 0, [False]])
    edges = np.diff(under.astype(int))
    begins, stops = (np.flatnonzero(edges == sign).tolist() for sign in (1, -1))
    found = []
    for start, end in zip(begins, stops, strict=True):
        lowest = start + int(np.argmin(depth[start:end]))
        recovered = end < len(time)
        found.append(
            Dip(
                float(time[max(start - 1, 0)]), float(time[min(end, len(time) - 1)]),
                float(time[lowest]), float(depth[lowest]), bool(recovered),
            )
        )  # fmt: skip
    return sorted(found, key=lambda dip: dip.depth)


def _shade_worst(ax: Axes, palette: Palette, found: Curves, dips: Sequence[Dip]) -> None:
    for number, dip in enumerate(dips, start=1):
        strength = 0.30 - 0.06 * min(number - 1, 3)
        ax.axvspan(
            dip.start, dip.end, color=palette.muted, alpha=strength, linewidth=0, zorder=0.5,
            label=f"{number}: {_in_words(dip, found)}",
        )  # fmt: skip
        ax.annotate(
            str(number), (dip.bottom, dip.depth), xytext=(0, -4), textcoords="offset points",
            ha="center", va="top", fontsize="small", color=palette.text, zorder=5,
        )  # fmt: skip


def _in_words(dip: Dip, found: Curves) -> str:
    begin, end = (
        pd.Timestamp(moment, unit="D", tz="UTC").tz_convert(found.zone)
        for moment in (dip.start, dip.end)
    )
    length = duration(round((dip.end - dip.start) * _DAY_SECONDS / _unit(dip)) * _unit(dip))
    until = f"to {end.day} {end:%b %Y}" if dip.recovered else "and still"
    loss = f"{MINUS}{-dip.depth * 100:.1f} %"
    return f"{loss}, {begin.day} {begin:%b} {until} ({length})"


def _unit(dip: Dip) -> int:
    """Return the unit a length is told in: days, or hours below two days."""
    return _DAY_SECONDS if dip.end - dip.start >= 2 else 3600
