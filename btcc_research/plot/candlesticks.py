"""Candles with volume, moving averages, and one's own executions and positions.

What is drawn is reduced to the pixels there are: neighbouring candles are joined, keeping
every high and low, so a million candles draw as fast as a thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from btcc_research.errors import InvalidArgument
from btcc_research.plot.candle_layers import (
    VOLUME_SHARE,
    average_layers,
    candle_layer,
    gap_layers,
)
from btcc_research.plot.canvas import (
    make_room,
    new_axes,
    quote_of,
    set_heading,
    show_grid,
    show_legend,
    with_unit,
)
from btcc_research.plot.inputs import DAY, need, need_rows, numbers, ticks, zone_of
from btcc_research.plot.marks import execution_layers
from btcc_research.plot.position_lines import position_layers
from btcc_research.plot.reduction import Candles
from btcc_research.plot.scales import duration, log_axis, number_axis, time_axis
from btcc_research.plot.zooming import Layer, keep_drawn

_MARGIN = 0.004
_LOOKED_AT = 1_000
_NEEDED = ("open", "high", "low", "close")
_SOURCE = "what btcc.klines() returns"


def candles(
    frame: pd.DataFrame,
    trades: pd.DataFrame | None = None,
    *,
    positions: pd.DataFrame | None = None,
    averages: Sequence[int] = (),
    volume: bool = True,
    log: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw candles, and where you bought and sold.

    Times without candles are shaded. A candle that is still running is hollow. Where there
    are more candles than room, neighbours are joined (the time axis says to what
    length), and come apart again when you zoom in.

    Returns
    -------
    matplotlib.axes.Axes
        Price in the quote currency over time, in the zone of the frame.

    Parameters
    ----------
    frame : DataFrame
        As `btcc.klines` returns it: index `open_time`; open, high, low, close, and volume
        where `volume` is true; closed, where there is a running candle.
    trades : DataFrame, optional
        As `btcc.trades` returns it; those of the frame's market and time are marked: spot by
        triangles, futures by arrows, hollow where they closed something. Fills of one order
        that lie close together become one mark at their average price.
    positions : DataFrame, optional
        As `btcc.positions` returns it: a line from where each was opened until now, and its
        stop loss, take profit and liquidation price. With the columns closed_at and
        close_price the line ends there.
    averages : sequence of int
        Draw the mean close of so many candles, such as ``(20, 50)``.
    volume : bool
        Draw the volume as bars at the bottom.
    log : bool
        Logarithmic prices.
    ax : Axes, optional
        Where to draw; a new figure when left out.

    Raises
    ------
    InvalidArgument
        If the frame has no candles or lacks a column, an average is not a whole number
        above 0, or a price is not above 0 where `log` is true.
    """
    source = _candles_of(frame)
    low, high = float(source.low.min()), float(source.high.max())
    _check(averages, low if log else None)
    own, ax = ax is None, new_axes(ax, layout="none")
    volume = volume and "volume" in frame.columns
    time_axis(ax, zone_of(frame.index))
    if log:
        log_axis(ax)
    else:
        number_axis(ax.yaxis, inches=0.9)
    _set_limits(ax, source, low, high, volume=volume)
    is_known = len(source) > 1 or "interval" in frame.attrs
    set_heading(ax, frame, duration(source.length // 1_000_000) if is_known else "")
    ax.set_ylabel(with_unit("price", quote_of(frame)))
    show_grid(ax)
    layers = [candle_layer(ax, source, volume=volume), *gap_layers(ax, source)]
    layers += average_layers(ax, source, averages)
    beside: list[Layer] = []
    if positions is not None:
        beside = position_layers(ax, frame, positions)
    if trades is not None:
        layers += execution_layers(ax, frame, trades, _span(source))
    rows = show_legend(ax)
    if own:
        make_room(ax, rows=rows, beside=bool(beside))
    keep_drawn(ax, [*layers, *beside])
    return ax


def _candles_of(frame: pd.DataFrame) -> Candles:
    need(frame, _NEEDED, _SOURCE)
    need_rows(frame, _SOURCE)
    if not isinstance(frame.index, pd.DatetimeIndex):
        raise InvalidArgument(f"the frame has no index of times; pass {_SOURCE}.")
    if not frame.index.is_monotonic_increasing:
        frame = frame.sort_index()
    opened = ticks(frame.index)
    prices = {name: numbers(frame[name]) for name in _NEEDED}
    many = "volume" in frame.columns
    found = Candles(
        opened, _interval(frame, opened), **prices,
        volume=numbers(frame["volume"]) if many else np.zeros(len(opened)),
        closed=frame["closed"].to_numpy(bool) if "closed" in frame.columns
        else np.ones(len(opened), bool),
    )  # fmt: skip
    if not np.isfinite([found.low.min(), found.high.max()]).all():
        known = np.logical_and.reduce([np.isfinite(values) for values in prices.values()])
        found = found.picked(known)
        need_rows(frame[known], _SOURCE)
    return found


def _interval(frame: pd.DataFrame, opened: Any) -> int:
    """Return the length of a candle in microseconds."""
    said = int(frame.attrs.get("interval") or 0) * 1_000_000
    if said and (len(opened) < 2 or said in np.diff(opened[:_LOOKED_AT])):
        return said
    steps = np.diff(opened)  # candles of another length were made of those that said so
    steps = steps[steps > 0]
    return int(steps.min()) if len(steps) else said or 3_600_000_000


def _check(averages: Sequence[int], lowest: float | None) -> None:
    for count in averages:
        if not isinstance(count, int | np.integer) or count < 1:
            raise InvalidArgument(
                f"averages={averages!r}: {count!r} is not a number of candles; "
                "pass whole numbers above 0, such as (20, 50)."
            )
    if lowest is not None and lowest <= 0:
        raise InvalidArgument(f"log=True needs prices above 0; the lowest is {lowest:g}.")


def _span(source: Candles) -> tuple[float, float]:
    """Return when the first candle opened and when the last one ends, in days."""
    return source.opened[0] / DAY, (source.opened[-1] + source.length) / DAY


def _set_limits(ax: Axes, source: Candles, low: float, high: float, *, volume: bool) -> None:
    first, last = _span(source)
    ax.update_datalim([(first, low), (last, high)])
    ax.set_xlim(first - (last - first) * _MARGIN, last + (last - first) * _MARGIN)
    bottom, top = ax.transScale.transform([(1, low), (1, high)])[:, 1]
    room = (top - bottom) * 0.05 or abs(top) * 0.01 or 1.0
    below = max((top - bottom) * VOLUME_SHARE * 1.4 if volume else 0, room)
    limits = [(1, bottom - below), (1, top + room)]
    ax.set_ylim(*ax.transScale.inverted().transform(limits)[:, 1])
