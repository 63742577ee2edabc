"""An order book as what could be bought and sold up to each price."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from btcc_research.errors import InvalidArgument
from btcc_research.plot.canvas import (
    market_of,
    new_axes,
    quote_of,
    set_heading,
    show_grid,
    show_legend,
    with_unit,
)
from btcc_research.plot.inputs import Floats, need, need_rows, numbers, only
from btcc_research.plot.scales import number_axis, plain, short
from btcc_research.plot.style import background_of, palette_of

_NEEDED = ("side", "price", "amount")
_SOURCE = "what btcc.depth() returns"


def depth(
    frame: pd.DataFrame,
    orders: pd.DataFrame | None = None,
    *,
    within: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw an order book: bids to the left, asks to the right, summed up from the middle.

    Returns
    -------
    matplotlib.axes.Axes
        Amount in the base currency, summed from the best price, over the price in the
        quote currency. The legend says the mid and the spread.

    Parameters
    ----------
    frame : DataFrame
        As `btcc.depth` returns it for one market: side, price, amount.
    orders : DataFrame, optional
        As `btcc.open_orders` returns it: those of the market and with a price in sight are
        marked.
    within : float, optional
        Show prices at most so far from the mid, as a share of it, such as 0.01.
    ax : Axes, optional
        Where to draw; a new figure when left out.

    Raises
    ------
    InvalidArgument
        If the book is empty, of several markets, venues or times, or lacks a column.
    """
    need(frame, _NEEDED, _SOURCE)
    need_rows(frame, _SOURCE)
    for name in ("venue", "market", "time"):
        only(frame, name, "depth")
    sides = {side: _summed(frame, side) for side in ("bid", "ask")}
    ax = new_axes(ax)
    palette = palette_of(ax)
    for side, colour in (("bid", palette.rising), ("ask", palette.falling)):
        prices, sums = sides[side]
        if len(prices):
            _draw_side(ax, prices, sums, colour, f"{short(sums[-1])} {side}")
    _set_limits(ax, sides, within)
    _mark_middle(ax, sides)
    if orders is not None:
        _mark_orders(ax, frame, sides, orders)
    number_axis(ax.xaxis)
    number_axis(ax.yaxis)
    set_heading(ax, frame, "order book")
    ax.set_xlabel(with_unit("price", quote_of(frame)) + _time_of(frame))
    ax.set_ylabel(with_unit("amount up to this price", frame.attrs.get("base")))
    show_grid(ax)
    show_legend(ax)
    return ax


def _summed(frame: pd.DataFrame, side: str) -> tuple[Floats, Floats]:
    """Return the prices of a side from the best on, and the amounts up to each."""
    part = frame[frame["side"] == side]
    prices, amounts = numbers(part["price"]), numbers(part["amount"])
    order = np.argsort(-prices if side == "bid" else prices, kind="stable")
    return prices[order], np.cumsum(amounts[order])


def _draw_side(ax: Axes, prices: Floats, sums: Floats, colour: str, label: str) -> None:
    ax.fill_between(prices, sums, step="post", color=colour, alpha=0.3, linewidth=0)
    start = np.insert(sums, 0, 0.0), np.insert(prices, 0, prices[0])
    ax.step(start[1], start[0], where="post", color=colour, linewidth=1.6, label=label)


def _set_limits(ax: Axes, sides: dict[str, tuple[Floats, Floats]], within: float | None) -> None:
    prices = np.concatenate([side[0] for side in sides.values()])
    low, high = float(prices.min()), float(prices.max())
    middle = _middle(sides)
    if within is not None:
        if not within > 0:
            raise InvalidArgument(f"within={within!r} is not a share above 0, such as 0.01.")
        centre = middle or (low + high) / 2
        low, high = max(low, centre * (1 - within)), min(high, centre * (1 + within))
    margin = (high - low) * 0.01 or abs(high) * 0.001 or 1.0
    ax.set_xlim(low - margin, high + margin)
    seen = [
        sums[(prices >= low) & (prices <= high)] for prices, sums in sides.values() if len(prices)
    ]
    most = max((float(sums.max()) for sums in seen if len(sums)), default=1.0)
    ax.set_ylim(0, most * 1.08 or 1.0)


def _middle(sides: dict[str, tuple[Floats, Floats]]) -> float | None:
    bids, asks = sides["bid"][0], sides["ask"][0]
    return float(bids[0] + asks[0]) / 2 if len(bids) and len(asks) else None


def _mark_middle(ax: Axes, sides: dict[str, tuple[Floats, Floats]]) -> None:
    middle, muted = _middle(sides), palette_of(ax).muted
    if middle is None:
        ax.plot([], [], " ", label="one side is empty: no mid")
        return
    spread = float(sides["ask"][0][0] - sides["bid"][0][0])
    digits = max(len(f"{price:.10f}".rstrip("0").split(".")[1]) for price in _best(sides))
    label = (
        f"mid {plain(middle, digits + 1).rstrip('0').rstrip('.')}, spread {plain(spread, digits)} "
        f"({spread / middle * 1e4:.2g} bp)"
    )
    ax.axvline(middle, color=muted, linestyle="--", linewidth=1, label=label)


def _best(sides: dict[str, tuple[Floats, Floats]]) -> list[float]:
    return [float(prices[0]) for prices, _ in sides.values()]


def _mark_orders(
    ax: Axes, frame: pd.DataFrame, sides: dict[str, tuple[Floats, Floats]], orders: pd.DataFrame
) -> None:
    need(orders, ["side", "price"], "what btcc.open_orders() returns")
    market, palette = market_of(frame), palette_of(ax)
    if market and "market" in orders.columns:
        orders = orders[orders["market"] == market]
    low, high = ax.get_xlim()
    for side, book, marker, colour in (
        ("buy", "bid", "^", palette.buying),
        ("sell", "ask", "v", palette.selling),
    ):
        prices = numbers(orders.loc[orders["side"] == side, "price"])
        prices = prices[(prices >= low) & (prices <= high)]
        if not len(prices):
            continue
        heights = _up_to(*sides[book], prices, rising=book == "ask")
        ax.vlines(prices, 0, heights, color=colour, linewidth=1.4, zorder=4)
        ax.scatter(
            prices, heights, marker=marker, s=60, color=colour, zorder=5,
            edgecolors=[background_of(ax)], linewidths=0.8,
            label=f"{len(prices)} own {side} order{'s' if len(prices) > 1 else ''}",
        )  # fmt: skip


def _up_to(prices: Floats, sums: Floats, places: Floats, *, rising: bool) -> Floats:
    """Return the amount from the best price up to some places."""
    keys = prices if rising else -prices
    count = np.searchsorted(keys, places if rising else -places, side="right")
    found: Floats = np.append(0.0, sums)[count]
    return found


def _time_of(frame: pd.DataFrame) -> str:
    if "time" not in frame.columns or frame["time"].isna().all():
        return ""
    moment = pd.Timestamp(frame["time"].iloc[0])
    zone = moment.tzinfo or "UTC"
    return f", {moment:%Y-%m-%d %H:%M:%S} {zone}"
