"""Candles with volume and one's own executions.

What is drawn is reduced to the pixels there are: neighbouring candles are joined, keeping
every high and low, so a million candles draw as fast as a thousand.
"""

from __future__ import annotations

from typing import Any

import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection

from btcc_research.errors import InvalidArgument

RISING, FALLING = "#26a69a", "#ef5350"
BUY, SELL = "#1565c0", "#e65100"
PIXELS_A_CANDLE = 3
VOLUME_SHARE = 0.22
_NEEDED = ("open", "high", "low", "close")


def candles(
    frame: pd.DataFrame,
    trades: pd.DataFrame | None = None,
    *,
    volume: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw candles, and where you bought and sold.

    Returns
    -------
    matplotlib.axes.Axes
        Price in the quote currency over time in UTC.

    Parameters
    ----------
    frame : DataFrame
        As `btcc.klines` returns it: index `open_time`; open, high, low, close, and volume
        where `volume` is true.
    trades : DataFrame, optional
        As `btcc.trades` returns it; those of the frame's market and time are marked.
    volume : bool
        Draw the volume as bars at the bottom.
    ax : Axes, optional
        Where to draw; a new figure when left out.

    Raises
    ------
    InvalidArgument
        If the frame has no candles or lacks a column.
    """
    lacking = [name for name in _NEEDED if name not in frame.columns]
    if lacking or not len(frame):
        what = f"lacks the column {lacking[0]!r}" if lacking else "is empty"
        raise InvalidArgument(f"the frame {what}; pass what btcc.klines() returns.")
    if ax is None:
        _, ax = plt.subplots(figsize=(11, 5.5), layout="constrained")
    drawn = _reduced(frame, _pixels(ax) // PIXELS_A_CANDLE)
    _draw_bodies(ax, drawn)
    _set_limits(ax, drawn, volume=volume)
    if volume and "volume" in frame.columns:
        _draw_volume(ax, drawn)
    if trades is not None:
        _mark_trades(ax, frame, trades)
    _label(ax, frame)
    return ax


def _pixels(ax: Axes) -> int:
    box = ax.get_window_extent()
    return max(int(box.width), 100)


def _reduced(frame: pd.DataFrame, most: int) -> dict[str, Any]:
    """Return arrays of at most `most` candles; joined ones keep their extremes."""
    values = {name: frame[name].to_numpy(dtype="float64") for name in _NEEDED}
    values["volume"] = (
        frame["volume"].to_numpy(dtype="float64") if "volume" in frame else np.zeros(len(frame))
    )
    index = pd.DatetimeIndex(frame.index).as_unit("us")
    times = index.asi8 / 86_400e6
    width = float(np.median(np.diff(times))) if len(times) > 1 else 1 / 24
    group = -(-len(frame) // most)
    starts = np.arange(0, len(frame), group)
    ends = np.minimum(starts + group, len(frame)) - 1
    return {
        "time": times[starts] + width * group / 2,
        "width": width * group,
        "open": values["open"][starts],
        "close": values["close"][ends],
        "high": np.maximum.reduceat(values["high"], starts),
        "low": np.minimum.reduceat(values["low"], starts),
        "volume": np.add.reduceat(values["volume"], starts),
    }


def _colours(drawn: dict[str, Any]) -> list[str]:
    return list(np.where(drawn["close"] >= drawn["open"], RISING, FALLING))


def _draw_bodies(ax: Axes, drawn: dict[str, Any]) -> None:
    x, colours = drawn["time"], _colours(drawn)
    wicks = np.stack([np.column_stack([x, drawn["low"]]), np.column_stack([x, drawn["high"]])], 1)
    ax.add_collection(LineCollection(list(wicks), colors=colours, linewidths=0.8, zorder=2))
    bottom, top = (f(drawn["open"], drawn["close"]) for f in (np.minimum, np.maximum))
    ax.add_collection(_boxes(x, drawn["width"] * 0.38, bottom, top, colours, zorder=3))


def _boxes(
    x: Any, half: float, bottom: Any, top: Any, colours: list[str], *, zorder: float
) -> PolyCollection:
    corners = np.stack(
        [
            np.column_stack([x - half, bottom]),
            np.column_stack([x - half, top]),
            np.column_stack([x + half, top]),
            np.column_stack([x + half, bottom]),
        ],
        axis=1,
    )
    return PolyCollection(
        list(corners), facecolors=colours, edgecolors=colours, linewidths=0.5, zorder=zorder
    )


def _set_limits(ax: Axes, drawn: dict[str, Any], *, volume: bool) -> None:
    low, high = float(drawn["low"].min()), float(drawn["high"].max())
    room = (high - low) * 0.05 or abs(high) * 0.01 or 1.0
    below = (high - low) * VOLUME_SHARE if volume else room
    ax.set_ylim(low - max(below, room), high + room)
    half = drawn["width"]
    ax.set_xlim(drawn["time"][0] - half, drawn["time"][-1] + half)


def _draw_volume(ax: Axes, drawn: dict[str, Any]) -> None:
    """Draw volume into the lowest fifth, in a scale of its own."""
    below = ax.inset_axes((0, 0, 1, VOLUME_SHARE * 0.75), zorder=1)
    below.set_axis_off()
    below.set_xlim(ax.get_xlim())
    below.set_ylim(0, float(drawn["volume"].max()) or 1.0)
    zeros = np.zeros(len(drawn["volume"]))
    bars = _boxes(
        drawn["time"], drawn["width"] * 0.38, zeros, drawn["volume"], _colours(drawn), zorder=1
    )
    bars.set_alpha(0.35)
    below.add_collection(bars)


def _mark_trades(ax: Axes, frame: pd.DataFrame, trades: pd.DataFrame) -> None:
    market = frame.attrs.get("market")
    first, last = frame.index[0], frame.index[-1] + _interval(frame)
    mine = trades[(trades["time"] >= first) & (trades["time"] < last)]
    if market and "market" in mine:
        mine = mine[mine["market"] == market]
    for side, marker, colour in (("buy", "^", BUY), ("sell", "v", SELL)):
        some = mine[mine["side"] == side]
        if len(some):
            ax.scatter(
                pd.DatetimeIndex(some["time"]).as_unit("us").asi8 / 86_400e6,
                some["price"].to_numpy(dtype="float64"),
                marker=marker, s=44, color=colour, edgecolors="white", linewidths=0.7, zorder=5,
                label=f"{len(some)} {'bought' if side == 'buy' else 'sold'}",
            )  # fmt: skip
    if len(mine):
        ax.legend(loc="upper left", framealpha=0.6)


def _interval(frame: pd.DataFrame) -> pd.Timedelta:
    seconds = frame.attrs.get("interval")
    if seconds:
        return pd.Timedelta(seconds=int(seconds))
    return pd.Timedelta(frame.index[1] - frame.index[0]) if len(frame) > 1 else pd.Timedelta("1h")


def _label(ax: Axes, frame: pd.DataFrame) -> None:
    dates: Any = mdates  # matplotlib leaves these two without types
    locator = dates.AutoDateLocator(minticks=4, maxticks=9)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))
    market, seconds = frame.attrs.get("market", ""), frame.attrs.get("interval")
    length = _words(int(seconds)) if seconds else ""
    note = " (sandbox)" if frame.attrs.get("environment") == "sandbox" else ""
    ax.set_title(f"{market} {length}{note}".strip(), loc="left")
    quote = frame.attrs.get("quote")
    ax.set_ylabel(f"price ({quote})" if quote else "price")
    ax.set_xlabel("time (UTC)")
    ax.grid(visible=True, alpha=0.25)
    ax.ticklabel_format(axis="y", style="plain", useOffset=False)


def _words(seconds: int) -> str:
    for unit, letter in ((604_800, "w"), (86_400, "d"), (3600, "h"), (60, "m")):
        if seconds % unit == 0:
            return f"{seconds // unit}{letter}"
    return f"{seconds}s"
