"""Candles to PNG, beside empty axes of the same size and beside mplfinance."""

import gc
import io
import statistics
import time

import matplotlib as mpl
import pytest

mpl.use("Agg")
from matplotlib import pyplot as plt

from btcc_research import plot
from tests.plot import made_up

SIZE = (11, 5.5)


def to_png(figure):
    figure.savefig(io.BytesIO(), format="png")
    plt.close(figure)


def empty():
    """What matplotlib needs to draw nothing: axes from 0 to 1."""
    to_png(plt.subplots(figsize=SIZE)[0])


def empty_with_words(frame):
    """The same with the limits, dates and words of the chart."""
    figure, ax = plt.subplots(figsize=SIZE)
    ax.set_xlim(frame.index[0], frame.index[-1])
    ax.set_ylim(frame["low"].min(), frame["high"].max())
    ax.set_title("BTCUSDT 1m", loc="left")
    ax.set_xlabel("time (UTC)")
    ax.set_ylabel("price (USDT)")
    ax.grid(visible=True, alpha=0.25)
    to_png(figure)


def ours(frame):
    to_png(plot.candles(frame).figure)


def ours_without_volume(frame):
    to_png(plot.candles(frame, volume=False).figure)


def theirs(frame):
    """Without volume, which mplfinance draws bar by bar: that takes it twenty times as long."""
    import mplfinance

    figure, _ = mplfinance.plot(
        frame,
        type="candle",
        style="yahoo",
        figsize=SIZE,
        returnfig=True,
        warn_too_much_data=10**9,
    )
    to_png(figure)


def zoomed(frame):
    ax = plot.candles(frame)
    begin = time.perf_counter()
    ax.set_xlim(frame.index[len(frame) // 2], frame.index[len(frame) // 2 + 5_000])
    taken = time.perf_counter() - begin
    plt.close(ax.figure)
    return taken


def capitalised(frame):
    """A frame as mplfinance wants it."""
    return frame.rename(columns=str.capitalize).tz_localize(None)


def taken(way, *args):
    gc.collect()
    begin = time.perf_counter()
    way(*args)
    return time.perf_counter() - begin


def in_turn(ways, rounds):
    """The seconds each way takes, measured in turn so that noise falls on all of them."""
    times = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, (way, *args) in ways.items():
            times[name].append(taken(way, *args))
    return {name: values[1:] for name, values in times.items()}  # the first one warms up


def ratio(one, other):
    found = sorted(a / b for a, b in zip(one, other, strict=True))
    return f"{statistics.median(found):.3g} (min {found[0]:.3g}, max {found[-1]:.3g})"


@pytest.fixture(scope="module")
def million():
    return made_up.candles(1_000_000)


def test_a_million_candles_cost_little_more_than_none(million, figure):
    few = made_up.candles(250)
    ways = {
        "empty": (empty,), "words": (empty_with_words, million), "million": (ours, million), "few": (ours, few)
    }  # fmt: skip
    times = in_turn(ways, 15)
    milliseconds = {name: statistics.median(values) * 1000 for name, values in times.items()}
    figure(
        f"chart to PNG: {', '.join(f'{name} {value:.0f} ms' for name, value in milliseconds.items())}"
    )
    figure(
        f"chart of 1,000,000 candles / empty axes of its size: {ratio(times['million'], times['empty'])}"
    )
    figure(
        f"chart of 1,000,000 candles / empty axes with its words: {ratio(times['million'], times['words'])}"
    )
    figure(f"chart of 1,000,000 candles / chart of 250: {ratio(times['million'], times['few'])}")


def test_beside_mplfinance(figure):
    frame = made_up.candles(100_000)
    times = in_turn(
        {"ours": (ours_without_volume, frame), "mplfinance": (theirs, capitalised(frame))}, 3
    )
    figure(f"chart of 100,000 candles / mplfinance: {ratio(times['ours'], times['mplfinance'])}")
    seconds = {name: statistics.median(values) for name, values in times.items()}
    figure(
        f"chart of 100,000 candles: {seconds['ours']:.3f} s, mplfinance {seconds['mplfinance']:.2f} s"
    )


def test_zooming_into_a_million(million, figure):
    found = [zoomed(million) for _ in range(10)]
    figure(f"zooming into 1,000,000 candles: {statistics.median(found) * 1000:.1f} ms to draw anew")


def test_a_recorded_book(figure):
    frame = made_up.recording(60, per_second=100)
    seconds = [taken(lambda: to_png(plot.book_heatmap(frame).figure)) for _ in range(3)]
    figure(f"heat map of {len(frame):,} changes of a book: {statistics.median(seconds):.2f} s")


@pytest.mark.benchmark(group="1,000,000 candles to PNG")
@pytest.mark.parametrize(
    "way", [lambda _: empty(), empty_with_words, ours], ids=["empty axes", "with words", "ours"]
)
def test_pictures(benchmark, million, way):
    benchmark.pedantic(way, (million,), rounds=10, warmup_rounds=2)
