"""Charts: what is drawn is the data, whatever the size; labels say units and zone."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("Agg")
from matplotlib import pyplot as plt

import btcc_research as btcc
from btcc_research.errors import InvalidArgument


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def made_up(count):
    rng = np.random.default_rng(1)
    price = 60000 + np.cumsum(rng.normal(0, 5, count))
    index = pd.date_range("2026-01-01", periods=count, freq="1min", tz="UTC", name="open_time")
    frame = pd.DataFrame({"open": price, "close": np.roll(price, -1)}, index=index)
    frame["high"] = frame[["open", "close"]].max(axis=1) + rng.exponential(0.1, count)
    frame["low"] = frame[["open", "close"]].min(axis=1) - rng.exponential(0.1, count)
    frame["volume"] = rng.exponential(3, count)
    return frame


def wicks_of(ax):
    lines = next(c for c in ax.collections if type(c).__name__ == "LineCollection")
    return np.array([segment[:, 1] for segment in lines.get_segments()])


@pytest.mark.parametrize("count", [1, 2, 500, 100_000])
def test_the_drawn_extremes_are_the_datas(count):
    frame = made_up(count)
    ax = btcc.plot.candles(frame)
    drawn = wicks_of(ax)
    assert drawn.max() == frame["high"].max()
    assert drawn.min() == frame["low"].min()
    low, high = ax.get_ylim()
    assert low < frame["low"].min() < frame["high"].max() < high


def test_few_candles_are_drawn_one_by_one_and_many_are_joined():
    assert len(wicks_of(btcc.plot.candles(made_up(200)))) == 200
    assert len(wicks_of(btcc.plot.candles(made_up(100_000)))) < 1_000


def test_own_executions_are_marked_where_they_were_made(demo):
    candles = demo.klines("BTCUSDT", "1h", limit=300)
    trades = demo.trades()
    ax = btcc.plot.candles(candles, trades=trades)
    last = candles.index[-1] + pd.Timedelta("1h")
    mine = trades[
        (trades["market"] == "BTCUSDT")
        & (trades["time"] >= candles.index[0])
        & (trades["time"] < last)
    ]
    marks = {
        c.get_label(): c.get_offsets()
        for c in ax.collections
        if "ought" in c.get_label() or "sold" in c.get_label()
    }
    assert sum(len(offsets) for offsets in marks.values()) == len(mine) > 0
    bought = next(offsets for label, offsets in marks.items() if "bought" in label)
    assert sorted(bought[:, 1]) == sorted(mine[mine["side"] == "buy"]["price"])


def test_exact_frames_are_drawn_too(demo):
    candles = demo.klines("BTCUSDT", "1h", limit=24, exact=True)
    ax = btcc.plot.candles(candles, trades=demo.trades("BTCUSDT", exact=True))
    assert wicks_of(ax).max() == float(candles["high"].max())


def test_labels_name_market_interval_unit_and_zone(demo):
    ax = btcc.plot.candles(demo.klines("ETHBTC", "15m", limit=50))
    assert ax.get_title(loc="left") == "ETHBTC 15m (sandbox)"
    assert ax.get_ylabel() == "price (BTC)"
    assert ax.get_xlabel() == "time (UTC)"


def test_it_draws_into_axes_of_ones_own():
    _, axes = plt.subplots(2)
    assert btcc.plot.candles(made_up(10), ax=axes[1], volume=False) is axes[1]
    assert not axes[0].collections


@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_it_renders_in_light_and_dark(style, tmp_path):
    with plt.style.context(style):
        ax = btcc.plot.candles(made_up(300))
        ax.figure.savefig(tmp_path / "x.png")
    assert (tmp_path / "x.png").stat().st_size > 10_000


def test_a_frame_without_candles_is_refused():
    with pytest.raises(InvalidArgument, match="is empty"):
        btcc.plot.candles(made_up(10).iloc[:0])
    with pytest.raises(InvalidArgument, match="lacks the column 'high'"):
        btcc.plot.candles(made_up(10).drop(columns="high"))
    with pytest.raises(InvalidArgument, match="open_time"):
        pd.DataFrame({"a": [1]}).btcc.gaps()
