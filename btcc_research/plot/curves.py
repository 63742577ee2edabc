"""Equity over time, with deposits and withdrawals, and a benchmark beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from btcc_research.errors import InvalidArgument
from btcc_research.plot.canvas import new_axes, show_legend, with_unit
from btcc_research.plot.inputs import Curves, Floats, curves_of, days, need, numbers
from btcc_research.plot.lines import fit, label_curves, line_layer
from btcc_research.plot.scales import (
    number_axis,
    plain,
    short,
)
from btcc_research.plot.style import background_of, palette_of
from btcc_research.plot.zooming import keep_drawn

_SOURCE = "a frame over time with one column a curve, such as btcc.analytics.equity_curve() returns"


def equity(
    frame: pd.DataFrame | pd.Series,
    transfers: pd.DataFrame | None = None,
    *,
    benchmark: str | None = None,
    columns: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw what an account was worth, one curve or several.

    Returns
    -------
    matplotlib.axes.Axes
        Value over time, in the unit and zone of the frame.

    Parameters
    ----------
    frame : DataFrame or Series
        Index of times (or a column `time`); numbers, one column a curve.
    transfers : DataFrame, optional
        As `btcc.transfers` returns it: deposits and withdrawals are marked on the first
        curve. Left out: what the column `flow` of the frame says, where it has one.
    benchmark : str, optional
        The column to draw as what it is compared with, dashed.
    columns : sequence of str, optional
        Which columns to draw. Left out: `equity` where there is one, else all numbers.
    ax : Axes, optional
        Where to draw; a new figure when left out.

    Raises
    ------
    InvalidArgument
        If the frame has no rows, no times, or lacks a column that was asked for.
    """
    found = curves_of(frame, _SOURCE)
    names = _chosen(found, columns, benchmark)
    ax = new_axes(ax)
    palette = palette_of(ax)
    fit(ax, found.time, [found.values[name] for name in names])
    label_curves(ax, frame, found, "equity")
    number_axis(ax.yaxis)
    ax.set_ylabel(with_unit("equity", _unit_of(frame)))
    layers = [
        line_layer(
            ax, found.time, found.values[name], label=_with_last(name, found.values[name]),
            colour=palette.muted if name == benchmark else palette.series[place % 6],
            style="--" if name == benchmark else "-", width=1.2 if name == benchmark else 1.7,
        )
        for place, name in enumerate(names)
    ]  # fmt: skip
    if transfers is None and "flow" in found.values:
        transfers = _flows_of(found, _unit_of(frame))
    if transfers is not None:
        _mark_transfers(ax, found, found.values[names[0]], transfers)
    keep_drawn(ax, layers)
    show_legend(ax)
    return ax


def _chosen(found: Curves, columns: Sequence[str] | None, benchmark: str | None) -> list[str]:
    if columns is not None:
        names = list(columns)
    else:
        names = ["equity"] if "equity" in found.values else list(found.values)
    names = [*(name for name in names if name != benchmark), *([benchmark] if benchmark else [])]
    lacking = [name for name in names if name not in found.values]
    if lacking:
        raise InvalidArgument(
            f"the frame has no numbers in {lacking[0]!r}; it has {', '.join(found.values)}."
        )
    return names


def _unit_of(frame: Any) -> str:
    attrs = frame.attrs
    return str(attrs.get("currency") or attrs.get("asset") or attrs.get("quote") or "")


def _with_last(name: str, values: Floats) -> str:
    known = values[~np.isnan(values)]
    if not len(known):
        return f"{name} (no values)"
    last = float(known[-1])
    return f"{name} {plain(last, 0 if abs(last) >= 1000 else 2)}"


def _flows_of(found: Curves, currency: str) -> pd.DataFrame:
    """Return what came in and went out in each step as transfers."""
    flow = found.values["flow"]
    moved = np.nan_to_num(flow) != 0
    time = pd.to_datetime(found.time[moved], unit="D", utc=True)
    return pd.DataFrame({"time": time, "asset": currency, "amount": flow[moved]})


def _mark_transfers(ax: Axes, found: Curves, curve: Floats, transfers: pd.DataFrame) -> None:
    need(transfers, ["time", "amount"], "what btcc.transfers() returns")
    palette = palette_of(ax)
    times, amounts = days(transfers["time"]), numbers(transfers["amount"])
    first, last = found.time[0], found.time[-1]
    for sign, marker, word, colour in (
        (1, "^", "deposit", palette.rising),
        (-1, "v", "withdrawal", palette.falling),
    ):
        chosen = (np.sign(amounts) == sign) & (times >= first) & (times <= last)
        if not chosen.any():
            continue
        places: Any = np.searchsorted(found.time, times[chosen], side="right") - 1
        count = int(chosen.sum())
        ax.scatter(
            times[chosen], curve[places], marker=marker, s=48, color=colour, zorder=5,
            edgecolors=[background_of(ax)], linewidths=0.7,
            label=f"{count} {word}{'s' if count > 1 else ''}{_sum_of(transfers[chosen])}",
        )  # fmt: skip


def _sum_of(transfers: pd.DataFrame) -> str:
    """Return what was moved, where it was all of one asset."""
    assets: Any = transfers["asset"].unique() if "asset" in transfers.columns else []
    if len(assets) != 1:
        return ""
    return f" {short(float(numbers(transfers['amount']).sum()), sign=True)} {assets[0]}"
