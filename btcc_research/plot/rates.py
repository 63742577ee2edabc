"""Funding: the rates of a market, and what they added up to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from btcc_research.errors import InvalidArgument
from btcc_research.plot.canvas import (
    add_shapes,
    boxes,
    new_axes,
    say_empty,
    set_heading,
    show_grid,
    show_legend,
    with_unit,
)
from btcc_research.plot.inputs import Floats, days, need, numbers, only, zone_of
from btcc_research.plot.lines import fit, line_layer
from btcc_research.plot.scales import number_axis, percent_axis, time_axis
from btcc_research.plot.style import palette_of
from btcc_research.plot.zooming import Layer, View, keep_drawn

Limits = tuple[float, float]

_WIDTH = 0.7
"""How much of the time until the next settlement a bar takes."""

_PIXELS_A_BAR = 3
_OF_RATES = ("sum of rates", "sum of rates: what a long would have paid")


def funding(
    frame: pd.DataFrame, payments: pd.DataFrame | None = None, *, ax: Axes | None = None
) -> Axes:
    """Draw funding rates as bars, and what they added up to as a line.

    Bars upwards: longs paid. An estimate is hollow. Where there are more settlements than
    room, a bar reaches as far as the highest and the lowest of its time.

    Returns
    -------
    matplotlib.axes.Axes
        Rates in percent of the position's value over time. The line has a scale of its own
        on the right: what was paid and received, or, without payments, what a position
        held all the time would have added up to. An empty frame gives a chart that says so.

    Parameters
    ----------
    frame : DataFrame
        As `btcc.funding` returns it for one market: time, rate, kind.
    payments : DataFrame, optional
        What was booked: time, and funding or amount (negative was paid), as the rows of
        `btcc.trades` have it; those of the market are summed up from the first rate on.
    ax : Axes, optional
        Where to draw; a new figure when left out.

    Raises
    ------
    InvalidArgument
        If the rates are of several markets or a column is missing.
    """
    need(frame, ["time", "rate"], "what btcc.funding() returns")
    market = only(frame, "market", "funding")
    booked = None if payments is None else _booked(payments, market)
    ax = new_axes(ax)
    set_heading(ax, frame, "funding")
    ax.set_ylabel("rate of the position's value")
    known = frame[frame["time"].notna() & frame["rate"].notna()].sort_values("time")
    if not len(known):
        say_empty(ax, "no funding")
        return ax
    time, rate = days(known["time"]), numbers(known["rate"])
    kinds = known["kind"] if "kind" in known.columns else pd.Series("", known.index)
    estimated = (kinds == "estimate").to_numpy(bool)
    fit(ax, time, [rate], from_zero=True)
    step = _least_step(time)
    ax.set_xlim(time[0] - step, time[-1] + step)
    time_axis(ax, zone_of(known["time"]))
    percent_axis(ax.yaxis)
    ax.axhline(0, color=palette_of(ax).muted, linewidth=0.9, zorder=2)
    show_grid(ax)
    layers = _bar_layers(ax, time[~estimated], rate[~estimated], step)
    layers += _bar_layers(ax, time[estimated], rate[estimated], step, hollow=True)
    if booked is None:
        layers += _sum_layers(ax, time[~estimated], rate[~estimated], _OF_RATES)
    else:
        booked = booked[days(booked["time"]) >= time[0] - step]
        words = with_unit("booked", _currency_of(booked, frame)), "booked, negative: paid"
        layers += _sum_layers(ax, days(booked["time"]), numbers(booked["money"]), words)
    keep_drawn(ax, layers)
    show_legend(ax)
    return ax


def _booked(payments: pd.DataFrame, market: str) -> pd.DataFrame:
    """Return what was paid and received for a market, in the order of time."""
    name = next((name for name in ("funding", "amount") if name in payments.columns), None)
    if name is None or "time" not in payments.columns:
        raise InvalidArgument(
            "payments needs the columns time and funding (or amount), as btcc.trades() has them."
        )
    if market and "market" in payments.columns:
        payments = payments[payments["market"] == market]
    known = payments[payments[name].notna() & payments["time"].notna()]
    return known.rename(columns={name: "money"}).sort_values("time")


def _least_step(time: Floats) -> float:
    steps = np.diff(time)
    steps = steps[steps > 0]
    return float(np.median(steps)) if len(steps) else 1 / 3


def _bar_layers(
    ax: Axes, time: Floats, rate: Floats, step: float, *, hollow: bool = False
) -> list[Layer]:
    palette = palette_of(ax)
    layers = []
    for sign, word, colour in (
        (1, "longs pay", palette.series[0]),
        (-1, "shorts pay", palette.series[1]),
    ):
        mine = np.where(np.sign(rate) == sign, rate, 0.0)
        if mine.any():
            label = f"{word} (estimate)" if hollow else f"{word}, {int((mine != 0).sum()):,} times"
            layers.append(_bars(ax, time, mine, step, colour, label=label, hollow=hollow))
    return layers


def _bars(
    ax: Axes, time: Floats, height: Floats, step: float, colour: str, *, label: str, hollow: bool
) -> Layer:
    farthest: Any = np.maximum if height.max() > 0 else np.minimum
    bars = add_shapes(
        ax, facecolor="none" if hollow else colour, edgecolor=colour,
        linewidths=1.1 if hollow else 0.3, alpha=0.85, label=label, zorder=2.5,
    )  # fmt: skip

    def draw(view: View) -> None:
        wide = max(step, (view.last - view.first) / view.width * _PIXELS_A_BAR)
        place = np.floor(time / wide) if wide > step else np.arange(len(time))
        starts = np.flatnonzero(np.append(True, place[1:] != place[:-1]))
        reach = farthest.reduceat(height, starts)
        across: Any = (place[starts] + 0.5) * wide if wide > step else time
        bars.set_verts(boxes(across, wide * _WIDTH, 0 * reach, reach))

    return draw


def _sum_layers(ax: Axes, time: Floats, money: Floats, words: tuple[str, str]) -> list[Layer]:
    """Draw what something added up to on a scale of its own, its nought at the same height."""
    if not len(time):
        return []
    palette, right, total = palette_of(ax), ax.twinx(), np.cumsum(money)
    right.set_xlim(ax.get_xlim())
    left, beside = with_one_zero(ax.get_ylim(), (float(total.min()), float(total.max())))
    ax.set_ylim(*left)
    right.set_ylim(*beside)
    percent_axis(ax.yaxis)
    (percent_axis if words == _OF_RATES else number_axis)(right.yaxis)
    right.set_ylabel(words[0])
    ax.plot([], [], color=palette.text, linewidth=1.5, label=f"{words[1]} (right)")
    return [line_layer(right, time, total, colour=palette.text, width=1.5, holds=True)]


def with_one_zero(left: Limits, right: Limits) -> tuple[Limits, Limits]:
    """Return limits of two scales that hold what they held, their noughts at one height.

    Of all heights the one is taken that leaves the least of both scales empty.
    """
    heights = np.linspace(0.0, 1.0, 101)
    spans = [_spans(*limits, heights) for limits in (left, right)]
    best = int(np.argmin(spans[0] / spans[0].min() * spans[1] / spans[1].min()))
    below, above = -float(heights[best]), 1 - float(heights[best])
    one, other = (float(span[best]) * 1.05 for span in spans)
    return (below * one, above * one), (below * other, above * other)


def _spans(low: float, high: float, heights: Floats) -> Floats:
    """Return how much a scale must hold for each height of its nought; inf where it cannot."""
    below, above = max(-low, 0.0), max(high, 0.0)
    if not (below or above):
        above = 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.fmax(below / heights, above / (1 - heights))


def _currency_of(booked: pd.DataFrame, frame: pd.DataFrame) -> str:
    for name in ("currency", "fee_asset", "asset"):
        if name in booked.columns and booked[name].nunique() == 1:
            return str(booked[name].dropna().iloc[0])
    return str(frame.attrs.get("quote") or "")
