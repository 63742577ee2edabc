"""Positions on a chart of prices: from where they were opened, and what would end them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patheffects import Normal, Stroke
from matplotlib.transforms import ScaledTranslation

from btcc_research.plot.canvas import add_lines, market_of
from btcc_research.plot.inputs import Floats, days, need, numbers
from btcc_research.plot.scales import plain, short
from btcc_research.plot.style import background_of, palette_of
from btcc_research.plot.zooming import Layer, View

_SOURCE = "what btcc.positions() or btcc.analytics.round_trips() returns"
_LEVELS = {
    "stop_loss": "stop loss", "take_profit": "take profit", "liquidation_price": "liquidation",
}  # fmt: skip
_STYLES = {"stop loss": "--", "take profit": "--", "liquidation": ":"}
_PIXELS_A_LABEL = 14


@dataclass(frozen=True, slots=True)
class Level:
    """A price worth a line from some day on, and a label at the right edge."""

    since: float
    price: float
    words: str
    colour: str


def position_layers(ax: Axes, frame: pd.DataFrame, positions: pd.DataFrame) -> list[Layer]:
    """Draw the positions of the market of a frame that show in the limits of a chart.

    Raises
    ------
    InvalidArgument
        If the positions lack a column.
    """
    positions = positions.rename(columns={"entry_price": "open_price", "exit_price": "close_price"})
    need(positions, ["opened_at", "side", "open_price"], _SOURCE)
    market = market_of(frame)
    if market and "market" in positions.columns:
        positions = positions[positions["market"] == market]
    first, last = ax.get_xlim()
    ended = _ended(positions)
    seen = (days(positions["opened_at"]) <= last) & ~(ended < first)
    closed, still = positions[seen & ~np.isnan(ended)], positions[seen & np.isnan(ended)]
    if len(closed):
        _draw_closed(ax, closed)
    return [_level_layer(ax, _levels(ax, still))] if len(still) else []


def _ended(positions: pd.DataFrame) -> Floats:
    if not {"closed_at", "close_price"} <= set(positions.columns):
        return np.full(len(positions), np.nan)
    return days(positions["closed_at"])


def _draw_closed(ax: Axes, closed: pd.DataFrame) -> None:
    """Draw a line from open to close, in the colour of profit or loss."""
    palette = palette_of(ax)
    begin = np.column_stack([days(closed["opened_at"]), numbers(closed["open_price"])])
    end = np.column_stack([days(closed["closed_at"]), numbers(closed["close_price"])])
    sign = np.where(closed["side"].to_numpy(object) == "short", -1, 1)
    won = (end[:, 1] - begin[:, 1]) * sign >= 0
    for chosen, colour, word in ((won, palette.rising, "profit"), (~won, palette.falling, "loss")):
        if chosen.any():
            lines = add_lines(
                ax, colors=colour, linewidths=2.2, zorder=5, capstyle="round",
                path_effects=[Stroke(linewidth=4.4, foreground=background_of(ax)), Normal()],
                label=f"{int(chosen.sum()):,} closed with {word}",
            )  # fmt: skip
            lines.set_segments(np.stack([begin[chosen], end[chosen]], axis=1))


def _levels(ax: Axes, still: pd.DataFrame) -> list[Level]:
    palette = palette_of(ax)
    colours = {
        "stop_loss": palette.falling, "take_profit": palette.rising,
        "liquidation_price": palette.alarm,
    }  # fmt: skip
    found = []
    for since, row in zip(days(still["opened_at"]), still.to_dict("records"), strict=True):
        amount = f" {short(float(row['amount']))}" if pd.notna(row.get("amount")) else ""
        main = palette.selling if row["side"] == "short" else palette.buying
        found.append(Level(since, float(row["open_price"]), f"{row['side']}{amount}", main))
        found += [
            Level(since, float(row[name]), words, colours[name])
            for name, words in _LEVELS.items()
            if pd.notna(row.get(name)) and float(row[name]) > 0
        ]
    return found


def _level_layer(ax: Axes, levels: Sequence[Level]) -> Layer:
    """Draw levels to the right edge with a label there; one out of sight is pointed at."""
    lines = add_lines(
        ax, colors=[level.colour for level in levels], linewidths=1.3, zorder=4.5,
        linestyles=[_STYLES.get(level.words, "-") for level in levels],
    )  # fmt: skip
    figure: Any = ax.get_figure(root=True)
    beside = ax.transAxes + ScaledTranslation(5 / 72, 0, figure.dpi_scale_trans)
    labels = [
        ax.text(1, 0, "", transform=beside, color=each.colour, fontsize="small", va="center")
        for each in levels
    ]

    def draw(view: View) -> None:
        ends = [max(view.last, level.since) for level in levels]
        lines.set_segments(
            [
                [(level.since, level.price), (end, level.price)]
                for level, end in zip(levels, ends, strict=True)
            ]
        )
        heights = _heights(ax, view, [level.price for level in levels])
        places = spread(np.clip(heights, 0, 1), _PIXELS_A_LABEL / view.height)
        for label, level, height, place in zip(labels, levels, heights, places, strict=True):
            at = "" if level.words in _STYLES else " at"
            label.set_text(f"{_arrow(height)}{level.words}{at} {_price(level.price)}")
            label.set_y(place)
            label.set_visible(level.since <= view.last)

    return draw


def _heights(ax: Axes, view: View, prices: Sequence[float]) -> Floats:
    """Return where prices are on a chart, 0 at the bottom and 1 at the top."""
    points = np.column_stack([np.full(len(prices), view.last), prices])
    found: Floats = (ax.transScale + ax.transLimits).transform(points)[:, 1]
    return found


def _arrow(height: float) -> str:
    if 0 <= height <= 1:
        return ""
    return "\N{UPWARDS ARROW} " if height > 1 else "\N{DOWNWARDS ARROW} "


def _price(price: float) -> str:
    decimals = max(0, 5 - len(str(int(abs(price)))))
    text = plain(price, decimals)
    return text.rstrip("0").rstrip(".") if decimals else text


def spread(places: Floats, least: float) -> Floats:
    """Return places moved apart to a least distance, in the same order and around one middle.

    Labels that would overlap are gathered and laid out around the mean of their places.
    """
    order = np.argsort(places, kind="stable")
    groups: list[list[float]] = []
    for place in places[order]:
        groups.append([float(place)])
        while len(groups) > 1 and _top(groups[-2], least) > _bottom(groups[-1], least) - least:
            last = groups.pop()
            groups[-1] += last
    moved = np.empty(len(places))
    moved[order] = [
        _bottom(group, least) + number * least for group in groups for number in range(len(group))
    ]
    return moved


def _bottom(group: list[float], least: float) -> float:
    """Return the lowest of places around their mean, kept inside of 0 and 1."""
    height = least * (len(group) - 1)
    return min(max(sum(group) / len(group) - height / 2, 0.0), max(1.0 - height, 0.0))


def _top(group: list[float], least: float) -> float:
    return _bottom(group, least) + least * (len(group) - 1)
