"""Where profit came from and what took it away, cause by cause."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from btcc_research.errors import InvalidArgument
from btcc_research.plot.canvas import (
    inches_wide,
    new_axes,
    say_empty,
    set_heading,
    show_grid,
    with_unit,
)
from btcc_research.plot.inputs import Floats, numbers, only
from btcc_research.plot.scales import number_axis, short
from btcc_research.plot.style import palette_of

# Columns of the frames of `btcc.analytics`, and the sign they count with.
_CAUSES = {
    "gross": 1, "realized": 1, "unrealized": 1, "fees": -1, "fee": -1, "funding": 1,
    "other": 1, "transfers": 1,
}  # fmt: skip


def pnl(frame: pd.DataFrame | pd.Series, *, total: str = "", ax: Axes | None = None) -> Axes:
    """Draw profit as a waterfall: every cause starts where the one before it ended.

    Returns
    -------
    matplotlib.axes.Axes
        Money in the currency of the frame by cause, and the total last. An empty frame
        gives a chart that says so. Rows whose value is not known are counted below.

    Parameters
    ----------
    frame : DataFrame or Series
        Columns cause and amount (signed), summed by cause in the order they come; or an
        amount by cause as a Series; or what `btcc.analytics.pnl` and
        `btcc.analytics.round_trips` return: their columns gross, realized, unrealized,
        fees (charged), funding, other and transfers are summed over all rows.
    total : str
        What to call the last bar; left out, ``net``, or ``change`` where there are
        transfers.
    ax : Axes, optional
        Where to draw; a new figure when left out.

    Raises
    ------
    InvalidArgument
        If there are neither causes nor those columns, or several currencies.
    """
    causes = _causes_of(frame)
    ax = new_axes(ax)
    currency = _currency_of(frame)
    set_heading(ax, frame, "profit by cause")
    ax.set_ylabel(with_unit("profit", currency))
    if not len(causes):
        say_empty(ax, "nothing was booked")
        return ax
    unknown = _unknown(frame)
    if unknown:
        ax.set_xlabel(f"without {unknown:,} rows of unknown value", loc="left")
    total = total or ("change" if (causes.get("transfers", 0.0) != 0) else "net")
    _draw_bars(ax, causes, total)
    number_axis(ax.yaxis)
    show_grid(ax, "y")
    return ax


def _causes_of(frame: pd.DataFrame | pd.Series) -> pd.Series:
    """Return the signed amount of every cause, in order."""
    if isinstance(frame, pd.Series):
        return pd.Series(np.nan_to_num(numbers(frame)), index=frame.index.astype(str))
    if {"cause", "amount"} <= set(frame.columns):
        amounts = pd.Series(numbers(frame["amount"]), index=frame["cause"].to_numpy(object))
        return amounts.groupby(level=0, sort=False).sum()
    found = {
        name: sign * float(np.nansum(numbers(frame[name])))
        for name, sign in _CAUSES.items()
        if name in frame.columns
    }
    if not found:
        raise InvalidArgument(
            "the frame has no causes; pass columns cause and amount, or what "
            "btcc.analytics.pnl() returns."
        )
    kept = {name: value for name, value in found.items() if value or name in ("fees", "fee")}
    return pd.Series(kept if len(frame) else {}, dtype="float64")


def _unknown(frame: pd.DataFrame | pd.Series) -> int:
    """Return how many rows have no value, such as fees in a currency without a price."""
    if isinstance(frame, pd.Series):
        return int(frame.isna().sum())
    name = "amount" if "cause" in frame.columns else "net"
    return int(frame[name].isna().sum()) if name in frame.columns else 0


def _currency_of(frame: pd.DataFrame | pd.Series) -> str:
    found = ""
    if isinstance(frame, pd.DataFrame):
        found = only(frame, "currency", "pnl") or only(frame, "fee_asset", "pnl")
    return found or str(frame.attrs.get("currency") or frame.attrs.get("quote") or "")


def _draw_bars(ax: Axes, causes: pd.Series, total: str) -> None:
    palette = palette_of(ax)
    changes: Floats = causes.to_numpy("float64")
    ends = np.cumsum(changes)
    starts = ends - changes
    bottoms, heights = np.append(starts, 0.0), np.append(changes, ends[-1])
    colours = [palette.rising if change >= 0 else palette.falling for change in changes]
    places = np.arange(len(heights))
    ax.bar(
        places, heights, bottom=bottoms, width=0.62, color=[*colours, palette.series[0]], zorder=3
    )
    links = [[(place + 0.31, end), (place + 0.69, end)] for place, end in enumerate(ends)]
    ax.add_collection(LineCollection(links, colors=palette.muted, linewidths=1, zorder=2))
    ax.axhline(0, color=palette.muted, linewidth=0.9, zorder=2)
    reach = np.concatenate([starts, ends, [0.0]])
    low, high = float(reach.min()), float(reach.max())
    room = (high - low) * 0.12 or 1.0
    ax.set_ylim(low - room * (low < 0 or bool((changes < 0).any())), high + room)
    for place, (bottom, height) in enumerate(zip(bottoms, heights, strict=True)):
        top = max(bottom, bottom + height) if height >= 0 else min(bottom, bottom + height)
        ax.annotate(
            short(height, sign=True), (place, top), xytext=(0, 3 if height >= 0 else -3),
            textcoords="offset points", ha="center", va="bottom" if height >= 0 else "top",
            fontsize="small", color=palette.text,
        )  # fmt: skip
    names = [str(name).replace("_", " ") for name in (*causes.index, total)]
    crowded = max(map(len, names)) * 0.09 > inches_wide(ax) / len(names)
    ax.set_xticks(places, names, rotation=30 if crowded else 0, ha="right" if crowded else "center")
    ax.set_xlim(-0.6, len(heights) - 0.4)
