"""One's own executions on a chart of prices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from btcc_research.plot.canvas import market_of, one_a_pixel
from btcc_research.plot.inputs import days, need, numbers
from btcc_research.plot.style import background_of, palette_of
from btcc_research.plot.zooming import Layer, View

PIXELS_A_MARK = 12
"""Fills of one order closer than this become one mark."""

_LARGEST, _SMALLEST, _CROWD = 56.0, 22.0, 80
"""Areas of marks in square points, and how many marks may have the largest."""

_NEEDED = ("time", "side", "price", "amount")
_SOURCE = "what btcc.trades() returns"


# An arrow, for futures; spot has triangles.
_UP = ((-1, 0), (0, 1), (1, 0), (0.55, 0), (0.55, -1), (-0.55, -1), (-0.55, 0), (-1, 0))
_DOWN = tuple((x, -y) for x, y in _UP)


@dataclass(frozen=True, slots=True)
class _Kind:
    """Executions that look alike: a name for the legend, and which they are."""

    name: str
    side: str
    actions: tuple[str, ...]
    marker: Any
    is_hollow: bool = False


_KINDS = (
    _Kind("bought", "buy", ("",), "^"),
    _Kind("sold", "sell", ("",), "v"),
    _Kind("opened long", "buy", ("open",), _UP),
    _Kind("closed long", "sell", ("close",), _DOWN, is_hollow=True),
    _Kind("opened short", "sell", ("open",), _DOWN),
    _Kind("closed short", "buy", ("close",), _UP, is_hollow=True),
    _Kind("liquidated long", "sell", ("liquidation",), "X"),
    _Kind("liquidated short", "buy", ("liquidation",), "X"),
)


def execution_layers(
    ax: Axes, frame: pd.DataFrame, trades: pd.DataFrame, span: tuple[float, float]
) -> list[Layer]:
    """Mark executions of the market of a frame in a span of days; futures say what they did.

    Raises
    ------
    InvalidArgument
        If the trades lack a column.
    """
    need(trades, _NEEDED, _SOURCE)
    mine = _of_market(trades, market_of(frame))
    if not len(mine):
        return []
    mine = mine[(mine["x"] >= span[0]) & (mine["x"] < span[1])]
    return [_layer(ax, kind, some) for kind in _KINDS if len(some := _of_kind(mine, kind))]


def merged(fills: pd.DataFrame, wide: float) -> pd.DataFrame:
    """Return fills of one order that lie within so many days as one, at their average price.

    Parameters
    ----------
    fills : DataFrame
        Columns x (days), y (price), amount, order.
    wide : float
        Days.
    """
    part = fills.assign(place=np.floor(fills["x"] / wide), weighted=fills["y"] * fills["amount"])
    groups = part.groupby(["order", "place"], sort=False)
    found = groups.agg(
        x=("x", "mean"), y=("y", "mean"), weighted=("weighted", "sum"), amount=("amount", "sum")
    )
    known = found["amount"] > 0
    found.loc[known, "y"] = found["weighted"] / found["amount"]
    return found[["x", "y", "amount"]].reset_index(drop=True)


def _of_market(trades: pd.DataFrame, market: str) -> pd.DataFrame:
    """Return executions as plain columns: x, y, amount, order, side, action."""
    if market and "market" in trades.columns:
        trades = trades[trades["market"] == market]
    return pd.DataFrame(
        {
            "x": days(trades["time"]), "y": numbers(trades["price"]),
            "amount": numbers(trades["amount"]), "order": _orders(trades),
            "side": trades["side"].to_numpy(object), "action": _actions(trades),
        }
    )  # fmt: skip


def _orders(trades: pd.DataFrame) -> Any:
    """Return the order of each fill; one that is not told stands alone."""
    alone = -np.arange(1, len(trades) + 1)
    if "order_id" not in trades.columns:
        return alone
    told = trades["order_id"].to_numpy("int64", na_value=0)
    return np.where(told == 0, alone, told)


def _actions(trades: pd.DataFrame) -> Any:
    """Return open, close or liquidation on futures; an empty text on spot, or if not told."""
    words = [trades[name] if name in trades.columns else None for name in ("action", "type")]
    action, kind = (
        np.full(len(trades), "", object) if word is None else word.fillna("").to_numpy(object)
        for word in words
    )
    action = np.where(np.isin(action.astype(str), ["open", "close"]), action, "")
    return np.where(kind == "liquidation", "liquidation", action)


def _of_kind(mine: pd.DataFrame, kind: _Kind) -> pd.DataFrame:
    return mine[(mine["side"] == kind.side) & mine["action"].isin(kind.actions)]


def _layer(ax: Axes, kind: _Kind, fills: pd.DataFrame) -> Layer:
    palette, back = palette_of(ax), background_of(ax)
    colour = palette.buying if kind.side == "buy" else palette.selling
    inside, edge = (back, colour) if kind.is_hollow else (colour, back)
    points = ax.scatter(
        [], [], marker=kind.marker, facecolors=[inside], edgecolors=[edge],
        linewidths=1.2 if kind.is_hollow else 0.7, zorder=6, label=f"{len(fills):,} {kind.name}",
    )  # fmt: skip

    def draw(view: View) -> None:
        seen = fills[(fills["x"] >= view.first) & (fills["x"] <= view.last)]
        marks = merged(seen, (view.last - view.first) / view.width * PIXELS_A_MARK)
        places = marks[["x", "y"]].to_numpy()
        places = places[one_a_pixel(ax, places)]
        points.set_offsets(places)
        points.set_sizes([min(_LARGEST, max(_SMALLEST, _LARGEST * _CROWD / max(len(places), 1)))])

    return draw
