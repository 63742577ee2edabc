"""What stands at an axis: times with their zone, plain numbers, percent, durations."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import Any

import matplotlib.dates as mdates
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    LogLocator,
    MaxNLocator,
    NullFormatter,
    NullLocator,
)

from btcc_research.plot.canvas import dpi_of, inches_wide

MINUS = "\N{MINUS SIGN}"
_INCHES_A_DATE = 1.35

# Steps of dates beyond matplotlib's own: without them some spans get a single date, or none.
_SIXTIETHS = [1, 2, 5, 10, 15, 30, 60]
_DATES: Any = mdates  # matplotlib leaves these without types
_STEPS = {
    _DATES.MONTHLY: [1, 2, 3, 4, 6, 12], _DATES.HOURLY: [1, 2, 3, 4, 6, 12, 24],
    _DATES.MINUTELY: _SIXTIETHS, _DATES.SECONDLY: _SIXTIETHS,
}  # fmt: skip
_INCHES_A_DURATION = 0.55
_SECONDS = (
    1, 10, 60, 600, 3600, 21_600, 86_400, 604_800, 2_419_200, 14_515_200, 87_091_200,
)  # fmt: skip


def plain(value: float, decimals: int) -> str:
    """Return a number in full, with thousands apart."""
    text = f"{value:,.{decimals}f}"
    return text.replace("-", MINUS) if float(text.replace(",", "")) else text.lstrip("-")


def time_axis(ax: Axes, zone: tzinfo) -> None:
    """Make the horizontal axis one of time, and name the zone."""
    most = max(5, min(7, int(inches_wide(ax) / _INCHES_A_DATE)))
    locator = _DATES.AutoDateLocator(tz=zone, minticks=most // 2, maxticks=most)
    locator.intervald.update(_STEPS)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(_DATES.ConciseDateFormatter(locator, tz=zone))
    ax.set_xlabel(f"time ({zone})", loc="left")


def number_axis(
    axis: Axis, write: Callable[[float, int], str] = plain, *, inches: float = 0.7
) -> None:
    """Write the numbers of an axis in full, with the decimals their distance needs.

    Parameters
    ----------
    axis : Axis
        Of a chart that has its size.
    write : callable
        Makes a text of a number and how many decimals it needs.
    inches : float
        How far numbers stand apart upwards. Each takes as long to draw as fifty candles.
    """
    decimals = [0]  # worked out for the first number of an axis, true for all

    def text(value: float, place: int | None) -> str:
        if not place:
            places = axis.get_majorticklocs()
            step = float(np.diff(places).min()) if len(places) > 1 else abs(value)
            decimals[0] = decimals_of(step)
        return write(value, decimals[0])

    axis.set_major_formatter(FuncFormatter(text))
    axis.set_major_locator(
        MaxNLocator(_most_ticks(axis, inches), steps=[1, 2, 2.5, 5, 10], min_n_ticks=3)
    )


def _most_ticks(axis: Axis, inches: float) -> int:
    box, dpi = axis.axes.get_window_extent(), dpi_of(axis.axes)
    lies = axis is axis.axes.xaxis
    return max(3, min(6, int(box.width / dpi / 1.3 if lies else box.height / dpi / inches)))


def percent_axis(axis: Axis) -> None:
    """Write shares of one as percent."""
    number_axis(axis, lambda value, decimals: f"{plain(value * 100, max(decimals - 2, 0))} %")


def log_axis(ax: Axes) -> None:
    """Make the vertical axis logarithmic, its numbers written in full."""
    ax.set_yscale("log")
    number_axis(ax.yaxis)
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_minor_formatter(NullFormatter())


def duration_axis(ax: Axes, places: Sequence[float] | None = None) -> None:
    """Make the horizontal axis one of durations in seconds, logarithmic, in words.

    Marks stand at `places`, or else at lengths people know, as many as there is room for.
    """
    ax.set_xscale("log")
    low, high = ax.get_xlim()
    sizes = [size for size in places or _SECONDS if low <= size <= high]
    room = max(2, int(inches_wide(ax) / _INCHES_A_DURATION))
    sizes = sizes[:: -(-len(sizes) // room)] if sizes else sizes
    ax.xaxis.set_major_locator(FixedLocator(sizes))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: duration(value)))
    ax.xaxis.set_minor_locator(NullLocator())


def short(value: float, *, sign: bool = False) -> str:
    """Return a number in about three digits, such as 1.23k, for a label."""
    size = abs(value)
    for unit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if size >= unit * 0.9995:
            value, size, suffix = value / unit, size / unit, letter
            break
    else:
        suffix = ""
    decimals = 0 if not size else max(0, 2 - math.floor(math.log10(size)))
    text = f"{value:,.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{'+' if sign and value > 0 else ''}{text.replace('-', MINUS)}{suffix}"


def decimals_of(step: float) -> int:
    """Return how many decimals numbers need that lie a step apart."""
    if not math.isfinite(step) or step <= 0:
        return 0
    decimals = max(0, -math.floor(math.log10(step)))
    return decimals if math.isclose(round(step, decimals), step, rel_tol=1e-6) else decimals + 1


def duration(seconds: float) -> str:
    """Return a length of time as people write it, such as 15m."""
    for size, letter in ((604_800, "w"), (86_400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size and seconds % size == 0:
            return f"{int(seconds // size)}{letter}"
    return f"{seconds:g}s"
