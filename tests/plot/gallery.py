"""Every chart of the package from made-up data, as pictures to look at.

``python -m tests.plot.gallery`` renders them into ``.artifacts/gallery``, in light and dark,
at the size of a notebook and small, and the small picture of all of them in ``notebooks/``.
"""

import io
import sys
from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from PIL import Image

from btcc_research import plot
from tests.plot import made_up

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".artifacts" / "gallery"
PICTURE = ROOT / "notebooks" / "gallery.png"
SIZES = {"notebook": (11, 5.5), "small": (5, 3)}
STYLES = {"light": "default", "dark": "dark_background"}
CONSTRAINED = "constrained"


def running(frame):
    frame.iloc[-1, frame.columns.get_loc("closed")] = False
    return frame


def with_gaps(frame):
    kept = np.ones(len(frame), bool)
    kept[len(frame) // 4 : len(frame) // 4 + 12] = kept[-60:-55] = False
    attrs = frame.attrs
    frame = frame[kept]
    frame.attrs = attrs
    return frame


def candles(ax):
    frame = running(made_up.candles(160, interval=3600, seed=11))
    return plot.candles(frame, trades=made_up.trades(frame, 16), averages=(20, 50), ax=ax)


def candles_with_positions(ax):
    frame = made_up.candles(200, interval=900, seed=12)
    return plot.candles(
        frame,
        trades=made_up.trades(frame, 14, futures=True),
        positions=made_up.positions(frame),
        ax=ax,
    )


def candles_with_gaps(ax):
    return plot.candles(with_gaps(made_up.candles(240, interval=3600, seed=13)), log=True, ax=ax)


@cache
def million():
    return made_up.candles(1_000_000, seed=14)


def a_million_candles(ax):
    frame = million()
    return plot.candles(frame, trades=made_up.trades(frame, 60), averages=(43_200,), ax=ax)


def closed_positions(ax):
    frame = made_up.candles(300, interval=14_400, seed=15)
    trips = made_up.round_trips(8, seed=16)
    at = np.arange(8) * 34 + 8
    trips = trips.assign(
        opened_at=frame.index[at], closed_at=frame.index[at + 24],
        entry_price=frame["close"].to_numpy()[at], exit_price=frame["close"].to_numpy()[at + 24],
    )  # fmt: skip
    return plot.candles(frame, positions=trips, ax=ax)


def depth(ax):
    orders = pd.DataFrame(
        {
            "market": "BTCUSDT",
            "side": ["buy", "sell", "sell"],
            "price": [64_245.5, 64_253.0, 64_259.3],
        }
    )
    return plot.depth(made_up.order_book(), orders, ax=ax)


@cache
def recording():
    return made_up.recording()


def book_heatmap(ax):
    frame = recording()
    return plot.book_heatmap(frame, made_up.trades_in(frame), ax=ax)


def equity(ax):
    frame, moved = made_up.equity()
    return plot.equity(frame, moved, benchmark="hold", ax=ax)


def drawdown(ax):
    return plot.drawdown(made_up.equity()[0][["equity"]], ax=ax)


def pnl(ax):
    return plot.pnl(made_up.round_trips(), ax=ax)


def pnl_by_cause(ax):
    frame = pd.DataFrame(
        {
            "cause": ["realized", "unrealized", "fees", "funding", "coupons", "transfers"],
            "amount": [3120.5, -845.2, -512.25, -96.4, 50, 2500],
        }
    )
    frame.attrs = {"environment": "sandbox", "currency": "USDT"}
    return plot.pnl(frame, total="change", ax=ax)


def trades_by_duration(ax):
    return plot.trades_scatter(made_up.round_trips(), ax=ax)


def trades_by_hour(ax):
    return plot.trades_scatter(made_up.round_trips(), "hour", "return", ax=ax)


def trades_by_time(ax):
    return plot.trades_scatter(made_up.round_trips(), "time", ax=ax)


def costs(ax):
    return plot.costs(made_up.executions(), ax=ax)


def calendar(ax):
    return plot.calendar(made_up.round_trips(500), ax=ax)


def calendar_of_weeks(ax):
    frame = made_up.round_trips(500)
    return plot.calendar(frame[frame["closed_at"] < made_up.START + pd.Timedelta("60D")], ax=ax)


def calendar_of_years(ax):
    rng = np.random.default_rng(5)
    index = pd.date_range("2024-02-11", "2026-06-20", tz="Europe/Berlin")
    frame = pd.DataFrame({"net": rng.normal(4, 60, len(index))}, index=index)
    frame.attrs = {"currency": "USDT"}
    return plot.calendar(frame[rng.random(len(frame)) < 0.8], ax=ax)


def exposure(ax):
    return plot.exposure(made_up.exposures(), ax=ax)


def funding(ax):
    rates, payments = made_up.rates()
    return plot.funding(rates, payments, ax=ax)


def funding_rates(ax):
    return plot.funding(made_up.rates(12)[0], ax=ax)


def coverage(ax):
    return plot.coverage(made_up.stored(), ax=ax)


def nothing(ax):
    return plot.trades_scatter(made_up.round_trips().iloc[:0], ax=ax)


CHARTS = (
    candles, candles_with_positions, candles_with_gaps, a_million_candles, closed_positions, depth, book_heatmap,
    equity, drawdown, pnl, pnl_by_cause, trades_by_duration, trades_by_hour, trades_by_time, costs, calendar,
    calendar_of_weeks, calendar_of_years, exposure, funding, funding_rates, coverage, nothing,
)  # fmt: skip


ONE_OF_EACH = (
    candles_with_positions, equity, drawdown, book_heatmap, depth, trades_by_duration, pnl_by_cause, costs, calendar,
    exposure, funding, coverage,
)  # fmt: skip


def render(chart, style, size):
    """Return a figure of one chart: its own at the size of a notebook, else one of ours."""
    with plt.style.context(STYLES[style]):
        ax = (
            None if size == "notebook" else plt.subplots(figsize=SIZES[size], layout=CONSTRAINED)[1]
        )
        return chart(ax).get_figure(root=True)


def render_all(folder=FOLDER, charts=CHARTS):
    folder.mkdir(parents=True, exist_ok=True)
    for chart in charts:
        for style, known_as in STYLES.items():
            for size in SIZES:
                figure = render(chart, style, size)
                with plt.style.context(known_as):
                    figure.savefig(folder / f"{chart.__name__}_{style}_{size}.png", dpi=100)
                plt.close(figure)


def combined():
    """Return one figure with a chart of each kind, for the README."""
    with plt.rc_context({"font.size": 8, "axes.titlesize": 10}):
        figure = plt.figure(figsize=(15, 12.5), layout="constrained")
        for part, chart in zip(
            figure.subfigures(4, 3, wspace=0.03, hspace=0.03).flat, ONE_OF_EACH, strict=True
        ):
            chart(part.subplots())
        return figure


def save_combined(path=PICTURE):
    """Save it in few colours: it is part of the repository."""
    held = io.BytesIO()
    combined().savefig(held, dpi=96)
    Image.open(held).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
        path, optimize=True
    )


if __name__ == "__main__":
    mpl.use("Agg")
    named = sys.argv[1:]
    save_combined()
    render_all(charts=[chart for chart in CHARTS if not named or chart.__name__ in named])
