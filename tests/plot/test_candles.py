"""Candles: what is drawn is the data, whatever the size and the zoom."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import pyplot as plt
from matplotlib.collections import LineCollection, PolyCollection

import btcc_research as btcc
from btcc_research.errors import InvalidArgument
from btcc_research.plot.marks import merged
from tests.plot import made_up

DAY = 86_400e6


def wicks_of(ax):
    lines = next(c for c in ax.collections if isinstance(c, LineCollection))
    return np.array([segment[:, 1] for segment in lines.get_segments()])


def shapes_of(ax, place):
    found = [c for c in ax.collections if isinstance(c, PolyCollection)][place]
    return found, np.array([path.vertices[:4] for path in found.get_paths()])


def labels_of(ax):
    return ax.get_legend_handles_labels()[1]


def marked(ax, word):
    return next(c for c in ax.collections if str(c.get_label()).endswith(word)).get_offsets()


@pytest.mark.parametrize("count", [1, 2, 500, 100_000])
def test_the_drawn_extremes_are_the_datas(count):
    frame = made_up.candles(count)
    ax = btcc.plot.candles(frame)
    drawn = wicks_of(ax)
    assert drawn.max() == frame["high"].max()
    assert drawn.min() == frame["low"].min()
    low, high = ax.get_ylim()
    assert low < frame["low"].min() < frame["high"].max() < high


def test_few_candles_are_drawn_one_by_one_and_many_are_joined():
    assert len(wicks_of(btcc.plot.candles(made_up.candles(200)))) == 200
    assert 100 < len(wicks_of(btcc.plot.candles(made_up.candles(100_000)))) < 1_000


def test_bodies_reach_from_open_to_close_where_the_candle_is():
    frame = made_up.candles(50, interval=3600)
    _, corners = shapes_of(btcc.plot.candles(frame), 0)
    assert (np.minimum(frame["open"], frame["close"]) == corners[:, :, 1].min(axis=1)).all()
    assert (np.maximum(frame["open"], frame["close"]) == corners[:, :, 1].max(axis=1)).all()
    middle = (frame.index.as_unit("us").asi8 + 1_800e6) / DAY
    assert corners[:, :, 0].mean(axis=1) == pytest.approx(middle, abs=1e-9)


def test_joined_candles_are_what_pandas_makes_of_them():
    frame = made_up.candles(20_000)
    ax = btcc.plot.candles(frame)
    assert ax.get_xlabel() == "time (UTC), as 2h candles"
    joined = frame.resample("2h").agg(
        {"open": "first", "high": "max", "low": "min", "close": "last"}
    )
    assert (wicks_of(ax) == joined[["low", "high"]].to_numpy()).all()
    _, corners = shapes_of(ax, 0)
    assert (corners[:, :, 1].max(axis=1) == joined[["open", "close"]].max(axis=1)).all()


def test_zooming_in_takes_joined_candles_apart_and_zooming_out_joins_them():
    frame = made_up.candles(50_000)
    ax = btcc.plot.candles(frame)
    whole = wicks_of(ax)
    ax.set_xlim(frame.index[20_000], frame.index[20_100])
    near = wicks_of(ax)
    part = frame.iloc[20_000:20_101]
    assert ax.get_xlabel() == "time (UTC)"
    assert len(part) <= len(near) <= len(part) + 2
    assert {tuple(pair) for pair in part[["low", "high"]].to_numpy()} <= {tuple(p) for p in near}
    ax.set_xlim(frame.index[0], frame.index[-1])
    assert len(wicks_of(ax)) == pytest.approx(len(whole), abs=2)


def test_redrawing_leaves_the_limits_alone_and_does_not_call_itself():
    frame = made_up.candles(5_000)
    ax = btcc.plot.candles(frame, averages=(20,), trades=made_up.trades(frame))
    calls = []
    ax.callbacks.connect("xlim_changed", lambda _: calls.append(1))
    heights = ax.get_ylim()
    ax.set_xlim(frame.index[100], frame.index[900])
    assert calls == [1]
    assert ax.get_ylim() == heights


def test_looking_beyond_the_data_is_no_error():
    frame = made_up.candles(3_000)
    ax = btcc.plot.candles(frame, averages=(20,), trades=made_up.trades(frame))
    ax.set_xlim(pd.Timestamp("2030-01-01"), pd.Timestamp("2030-01-02"))
    assert len(wicks_of(ax)) == 0


def test_volume_stands_at_the_bottom_in_proportion():
    frame = made_up.candles(80)
    _, corners = shapes_of(btcc.plot.candles(frame), 1)
    heights = corners[:, :, 1].max(axis=1)
    assert heights / heights.max() == pytest.approx(
        (frame["volume"] / frame["volume"].max()).to_numpy()
    )
    assert heights.max() < 0.2
    assert not shapes_of(btcc.plot.candles(frame, volume=False), 1)[1].size


def test_a_running_candle_is_hollow():
    frame = made_up.candles(30)
    frame.iloc[-1, frame.columns.get_loc("closed")] = False
    ax = btcc.plot.candles(frame)
    bodies, _ = shapes_of(ax, 0)
    assert tuple(bodies.get_facecolor()[-1]) == (1, 1, 1, 1)
    assert (bodies.get_facecolor()[:-1] == bodies.get_edgecolor()[:-1]).all()


def test_times_without_candles_are_shaded():
    frame = made_up.candles(200, interval=3600)
    kept = frame.drop(frame.index[[50, 51, 52, 120]])
    kept.attrs = frame.attrs
    ax = btcc.plot.candles(kept)
    shade = next(c for c in ax.collections if "gap" in c.get_label())
    spans = [(path.vertices[:, 0].min(), path.vertices[:, 0].max()) for path in shade.get_paths()]
    opened = frame.index.as_unit("us").asi8 / DAY
    assert spans == [
        pytest.approx((opened[50], opened[53])),
        pytest.approx((opened[120], opened[121])),
    ]
    assert labels_of(ax) == ["2 gaps without candles"]


def test_joined_candles_stand_at_their_time_beside_a_gap():
    frame = made_up.candles(40_000)
    kept = pd.concat([frame.iloc[:10_000], frame.iloc[30_000:]])
    kept.attrs = frame.attrs
    ax = btcc.plot.candles(kept)
    _, corners = shapes_of(ax, 0)
    middle = corners[:, :, 0].mean(axis=1)
    first, last = (frame.index[n].value / 1e3 / DAY for n in (10_000, 30_000))
    wide = np.diff(middle).min()
    assert not ((middle > first + wide) & (middle < last - wide)).any()


def test_candles_made_of_others_are_as_long_as_they_are():
    frame = made_up.candles(600)
    hours = frame.resample("1h").agg(
        {"open": "first", "high": "max", "low": "min", "close": "last"}
    )
    hours.attrs = frame.attrs  # which still say a minute
    ax = btcc.plot.candles(hours)
    assert ax.get_title(loc="left") == "BTCUSDT 1h (sandbox)"
    assert labels_of(ax) == []


def test_averages_are_those_of_the_closes():
    frame = made_up.candles(400)
    ax = btcc.plot.candles(frame, averages=(20, 500))
    line = next(line for line in ax.lines if line.get_label() == "mean of 20")
    mean = frame["close"].rolling(20).mean().to_numpy()
    assert np.nanmax(line.get_ydata()) == np.nanmax(mean)
    assert np.nanmin(line.get_ydata()) == np.nanmin(mean)
    assert "mean of 500 (too few candles)" in labels_of(ax)


@pytest.mark.parametrize("wrong", [(0,), (2.5,), ("20",)])
def test_an_average_of_no_number_of_candles_is_refused(wrong):
    with pytest.raises(InvalidArgument, match="is not a number of candles"):
        btcc.plot.candles(made_up.candles(10), averages=wrong)


def test_prices_may_be_logarithmic():
    frame = made_up.candles(300)
    ax = btcc.plot.candles(frame, log=True)
    assert ax.get_yscale() == "log"
    assert ax.get_ylim()[0] < frame["low"].min() < frame["high"].max() < ax.get_ylim()[1]
    with pytest.raises(InvalidArgument, match="prices above 0"):
        btcc.plot.candles(frame - 60_000, log=True)


def test_own_executions_are_marked_where_they_were_made(demo):
    candles = demo.klines("BTCUSDT", "1h", limit=300)
    trades = demo.trades()
    ax = btcc.plot.candles(candles, trades=trades)
    end = candles.index[-1] + pd.Timedelta("1h")
    mine = trades[
        (trades["market"] == "BTCUSDT")
        & (trades["time"] >= candles.index[0])
        & (trades["time"] < end)
    ]
    counts = {
        label.split(" ", 1)[1]: int(label.split(" ")[0].replace(",", "")) for label in labels_of(ax)
    }
    spot = mine[mine["venue"] == "spot"]
    assert counts["bought"] == (spot["side"] == "buy").sum()
    assert counts["sold"] == (spot["side"] == "sell").sum()
    assert sum(counts.values()) == len(mine)
    bought = marked(ax, "bought")
    assert bought[:, 1].min() >= mine["price"].min()
    assert bought[:, 1].max() <= mine["price"].max()


def test_fills_of_one_order_are_one_mark_until_one_zooms_in():
    frame = made_up.candles(2_000)
    at = frame.index[1_000]
    trades = pd.DataFrame(
        {
            "time": [at, at + pd.Timedelta("10s"), at + pd.Timedelta("30s"), at],
            "side": "buy", "order_id": pd.array([5, 5, 5, 6], "Int64"),
            "price": [60_000.0, 60_010.0, 60_030.0, 59_500.0], "amount": [1.0, 1.0, 2.0, 1.0],
        }
    )  # fmt: skip
    ax = btcc.plot.candles(frame, trades=trades)
    assert sorted(marked(ax, "bought")[:, 1]) == [59_500, 60_017.5]
    ax.set_xlim(at - pd.Timedelta("1min"), at + pd.Timedelta("2min"))
    assert sorted(marked(ax, "bought")[:, 1]) == [59_500, 60_000, 60_010, 60_030]
    assert labels_of(ax) == ["4 bought"]


def test_executions_of_futures_say_what_they_did():
    frame = made_up.candles(500, interval=900)
    trades = made_up.trades(frame, 60, futures=True)
    ax = btcc.plot.candles(frame, trades=trades)
    told = {" ".join(label.split(" ")[1:]): int(label.split(" ")[0]) for label in labels_of(ax)}
    forced = trades["type"] == "liquidation"
    assert told["opened long"] == ((trades["side"] == "buy") & (trades["action"] == "open")).sum()
    assert (
        told["closed short"]
        == ((trades["side"] == "buy") & (trades["action"] == "close") & ~forced).sum()
    )
    assert sum(count for word, count in told.items()) == len(trades)


def test_what_an_execution_did_may_be_unknown():
    frame = made_up.candles(500, interval=900)
    trades = made_up.trades(frame, 10, futures=True).assign(action="unknown(7)", type=None)
    told = {label.split(" ", 1)[1] for label in labels_of(btcc.plot.candles(frame, trades=trades))}
    assert told <= {"bought", "sold"}
    assert (
        sum(
            int(label.split(" ")[0]) for label in labels_of(btcc.plot.candles(frame, trades=trades))
        )
        == 10
    )


@given(
    st.lists(
        st.tuples(st.floats(0, 10), st.floats(1, 100), st.floats(0.001, 5), st.integers(1, 4)),
        min_size=1,
        max_size=60,
    ),
    st.floats(1e-6, 20),
)
def test_merged_fills_keep_amount_and_money(rows, wide):
    fills = pd.DataFrame(rows, columns=["x", "y", "amount", "order"])
    found = merged(fills, wide)
    assert found["amount"].sum() == pytest.approx(fills["amount"].sum())
    assert (found["amount"] * found["y"]).sum() == pytest.approx(
        (fills["amount"] * fills["y"]).sum()
    )
    assert fills["order"].nunique() <= len(found) <= len(fills)
    assert found["y"].between(fills["y"].min() - 1e-9, fills["y"].max() + 1e-9).all()


def test_many_executions_on_one_pixel_are_drawn_once():
    frame = made_up.candles(300)
    trades = pd.DataFrame(
        {"time": frame.index[[100] * 5_000], "side": "sell", "price": 60_000.0, "amount": 1.0}
    )
    ax = btcc.plot.candles(frame, trades=trades)
    assert len(marked(ax, "sold")) == 1
    assert labels_of(ax) == ["5,000 sold"]


def test_executions_of_other_markets_and_times_are_left_out():
    frame = made_up.candles(300)
    trades = made_up.trades(frame)
    assert labels_of(btcc.plot.candles(frame, trades=trades.assign(market="ETHUSDT"))) == []
    earlier = trades.assign(time=trades["time"] - pd.Timedelta("10D"))
    assert labels_of(btcc.plot.candles(frame, trades=earlier)) == []


def test_an_open_position_is_a_line_until_now_with_what_would_end_it():
    frame = made_up.candles(300, interval=900)
    positions = made_up.positions(frame)
    ax = btcc.plot.candles(frame, positions=positions)
    lines = [c for c in ax.collections if isinstance(c, LineCollection)][1].get_segments()
    prices = [segment[0][1] for segment in lines]
    told = (
        positions[["open_price", "stop_loss", "take_profit", "liquidation_price"]]
        .to_numpy()
        .ravel()
    )
    assert sorted(prices) == sorted(told[~np.isnan(told)])
    assert {segment[1][0] for segment in lines} == {ax.get_xlim()[1]}
    assert {segment[0][0] for segment in lines} == set(
        positions["opened_at"].dt.as_unit("us").astype("int64") / DAY
    )
    words = [text.get_text() for text in ax.texts]
    assert any(word.startswith("stop loss 5") for word in words)
    assert sum(word.startswith("\N{UPWARDS ARROW} liquidation") for word in words) == 1
    heights = sorted(text.get_position()[1] for text in ax.texts)
    assert np.diff(heights).min() * ax.get_window_extent().height > 10


def test_a_closed_position_is_a_line_from_open_to_close():
    frame = made_up.candles(300, interval=900)
    trips = pd.DataFrame(
        {
            "opened_at": frame.index[[10, 60]], "closed_at": frame.index[[50, 90]], "side": ["long", "short"],
            "entry_price": [60_000.0, 60_000.0], "exit_price": [60_500.0, 60_100.0],
        }
    )  # fmt: skip
    ax = btcc.plot.candles(frame, positions=trips)
    won = next(c for c in ax.collections if c.get_label() == "1 closed with profit").get_segments()[
        0
    ]
    assert won[:, 1].tolist() == [60_000, 60_500]
    assert won[:, 0] == pytest.approx(frame.index[[10, 50]].as_unit("us").asi8 / DAY)
    assert "1 closed with loss" in labels_of(ax)


def test_exact_frames_are_drawn_too(demo):
    candles = demo.klines("BTCUSDT", "1h", limit=24, exact=True)
    ax = btcc.plot.candles(candles, trades=demo.trades("BTCUSDT", exact=True), averages=(5,))
    assert wicks_of(ax).max() == float(candles["high"].max())


def test_candles_without_numbers_are_gaps():
    frame = made_up.candles(100, interval=3600)
    frame.loc[frame.index[40:45], ["open", "high", "low", "close"]] = np.nan
    ax = btcc.plot.candles(frame)
    assert len(wicks_of(ax)) == 95
    assert labels_of(ax) == ["1 gap without candles"]


def test_labels_name_market_interval_unit_and_zone(demo):
    ax = btcc.plot.candles(demo.klines("ETHBTC", "15m", limit=50))
    assert ax.get_title(loc="left") == "ETHBTC 15m (sandbox)"
    assert ax.get_ylabel() == "price (BTC)"
    assert ax.get_xlabel() == "time (UTC)"


def test_times_are_shown_in_the_zone_of_the_frame():
    frame = made_up.candles(48, interval=3600)
    local = frame.tz_convert("Asia/Tokyo")
    local.attrs = frame.attrs
    ax = btcc.plot.candles(local)
    assert ax.get_xlabel() == "time (Asia/Tokyo)"
    assert wicks_of(ax).max() == frame["high"].max()
    places = ax.get_xticks() * 86_400
    texts = [label.get_text() for label in ax.get_xticklabels()]
    noon = next(place for place, text in zip(places, texts, strict=True) if text == "12:00")
    assert noon % 86_400 == pytest.approx(3 * 3600)


def test_it_draws_into_axes_of_ones_own():
    _, axes = plt.subplots(2)
    assert btcc.plot.candles(made_up.candles(10), ax=axes[1], volume=False) is axes[1]
    assert not axes[0].collections


def test_a_frame_without_candles_is_refused():
    frame = made_up.candles(10)
    with pytest.raises(InvalidArgument, match="is empty"):
        btcc.plot.candles(frame.iloc[:0])
    with pytest.raises(InvalidArgument, match="lacks the column 'high'"):
        btcc.plot.candles(frame.drop(columns="high"))
    with pytest.raises(InvalidArgument, match="no index of times"):
        btcc.plot.candles(frame.reset_index(drop=True))
    with pytest.raises(InvalidArgument, match="lacks the column 'amount'"):
        btcc.plot.candles(frame, trades=made_up.trades(frame).drop(columns="amount"))
    with pytest.raises(InvalidArgument, match="open_time"):
        pd.DataFrame({"a": [1]}).btcc.gaps()
