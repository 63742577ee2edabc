"""Equity and drawdown: curves, transfers, and the worst times under water."""

import numpy as np
import pandas as pd
import pytest

from btcc_research import plot
from btcc_research.errors import InvalidArgument
from btcc_research.frames import exact_decimals
from tests.plot import made_up

DAY = 86_400e6


def drawn(ax, start):
    return next(line for line in ax.lines if str(line.get_label()).startswith(start)).get_data()


def legend(ax):
    return ax.get_legend_handles_labels()[1]


def in_days(index):
    return pd.DatetimeIndex(index).as_unit("us").asi8 / DAY


def test_a_short_curve_is_drawn_point_by_point():
    frame, _ = made_up.equity(20)
    x, y = drawn(plot.equity(frame), "equity")
    assert (y == frame["equity"]).all()
    assert x == pytest.approx(in_days(frame.index))


def test_a_long_curve_is_reduced_and_keeps_its_extremes():
    frame = made_up.candles(500_000)[["close"]].rename(columns={"close": "equity"})
    frame.iloc[300_000, 0], frame.iloc[400_000, 0] = 1e6, -1e6
    ax = plot.equity(frame)
    _, y = drawn(ax, "equity")
    assert len(y) < 5_000 < len(frame)
    assert (y.max(), y.min()) == (1e6, -1e6)
    assert ax.get_ylim()[0] < -1e6 < 1e6 < ax.get_ylim()[1]
    ax.set_xlim(frame.index[299_990], frame.index[300_010])
    _, y = drawn(ax, "equity")
    near = frame["equity"].iloc[299_990:300_011]
    assert set(near) <= set(y)


def test_several_curves_and_a_benchmark_are_told_apart():
    frame, _ = made_up.equity()
    ax = plot.equity(
        frame.assign(half=frame["equity"] / 2), columns=["equity", "half"], benchmark="hold"
    )
    lines = {line.get_label().split(" ")[0]: line for line in ax.lines}
    assert set(lines) == {"equity", "half", "hold"}
    assert lines["hold"].get_linestyle() == "--"
    assert len({line.get_color() for line in lines.values()}) == 3
    assert lines["equity"].get_label() == f"equity {frame['equity'].iloc[-1]:,.0f}"


def test_equity_alone_is_drawn_where_the_frame_has_more():
    frame, _ = made_up.equity(5)
    assert len(plot.equity(frame).lines) == 1
    assert len(plot.equity(frame.rename(columns={"equity": "total"})).lines) == 2
    assert len(plot.equity(frame["hold"]).lines) == 1


def test_deposits_and_withdrawals_stand_on_the_curve():
    frame, moved = made_up.equity()
    ax = plot.equity(frame, moved)
    assert {"2 deposits +5k USDT", "1 withdrawal \u22121.3k USDT"} <= set(legend(ax))
    places = np.concatenate([c.get_offsets() for c in ax.collections])
    expected = [
        (day, frame["equity"][time])
        for day, time in zip(in_days(moved["time"]), moved["time"], strict=True)
    ]
    np.testing.assert_allclose(np.sort(places, axis=0), np.sort(np.array(expected), axis=0))


def test_transfers_of_several_assets_are_counted_only():
    frame, moved = made_up.equity()
    ax = plot.equity(frame, moved.assign(asset=["BTC", "USDT", "USDT"]))
    assert "2 deposits" in legend(ax)


def test_labels_say_unit_and_zone():
    frame, _ = made_up.equity(30)
    ax = plot.equity(frame.tz_convert("Europe/Berlin"))
    assert ax.get_ylabel() == "equity (USDT)"
    assert ax.get_xlabel() == "time (Europe/Berlin)"


def test_times_may_be_a_column_and_numbers_exact():
    frame, _ = made_up.equity(5)
    exact = exact_decimals([f"{value:.2f}" for value in frame["equity"][::-1]])
    table = pd.DataFrame({"time": frame.index[::-1], "equity": exact})
    x, y = drawn(plot.equity(table), "equity")
    assert y == pytest.approx(frame["equity"].round(2).to_numpy())
    assert (np.diff(x) > 0).all()


@pytest.mark.parametrize("chart", [plot.equity, plot.drawdown])
def test_frames_without_curves_are_refused(chart):
    frame, _ = made_up.equity(5)
    with pytest.raises(InvalidArgument, match="is empty"):
        chart(frame.iloc[:0])
    with pytest.raises(InvalidArgument, match="lacks the column 'time'"):
        chart(frame.reset_index(drop=True))
    with pytest.raises(InvalidArgument, match="no column of numbers"):
        chart(pd.DataFrame({"a": ["x"]}, index=frame.index[:1]))


def test_a_curve_that_is_not_there_is_refused():
    frame, _ = made_up.equity(5)
    with pytest.raises(InvalidArgument, match="no numbers in 'fund'; it has equity, hold"):
        plot.equity(frame, benchmark="fund")


def test_drawdown_is_the_loss_from_the_peak():
    values = [100.0, 110, 99, 105, 110, 120, 90, 60, 130, 117]
    frame = pd.DataFrame(
        {"equity": values}, index=pd.date_range("2026-01-01", periods=10, tz="UTC")
    )
    ax = plot.drawdown(frame, worst=2)
    peak = np.maximum.accumulate(values)
    assert ax.lines[0].get_ydata() == pytest.approx(np.array(values) / peak - 1)
    assert legend(ax) == [
        "1: \u221250.0 %, 6 Jan to 9 Jan 2026 (3d)",
        "2: \u221210.0 %, 2 Jan to 5 Jan 2026 (3d)",
    ]
    assert [text.get_text() for text in ax.texts] == ["1", "2"]
    assert ax.get_ylim()[0] < -0.5


def test_a_loss_that_lasts_says_so():
    frame = pd.DataFrame(
        {"equity": [100.0, 80, 90]}, index=pd.date_range("2026-01-01", periods=3, tz="UTC")
    )
    assert legend(plot.drawdown(frame)) == ["1: \u221220.0 %, 1 Jan and still (2d)"]


def test_a_drawdown_that_was_worked_out_elsewhere_is_drawn_as_it_is():
    frame = pd.DataFrame(
        {"equity": [100.0, 50, 200], "drawdown": [0.0, -0.01, 0.0]},
        index=pd.date_range("2026-01-01", periods=3, tz="UTC"),
    )
    assert plot.drawdown(frame).lines[0].get_ydata().tolist() == [0, -0.01, 0]


def test_deposits_do_not_count_where_there_are_returns():
    frame = pd.DataFrame(
        {
            "equity": [100.0, 1_100, 990, 100],
            "flow": [0.0, 1_000, 0, -890],
            "return": [np.nan, 0, -0.1, 0],
        },
        index=pd.date_range("2026-01-01", periods=4, tz="UTC", name="time"),
    )
    frame.attrs = {"currency": "USDT"}
    assert plot.drawdown(frame).lines[0].get_ydata() == pytest.approx([0, 0, -0.1, -0.1])
    ax = plot.equity(frame)
    assert legend(ax) == ["equity 100.00", "1 deposit +1k USDT", "1 withdrawal \u2212890 USDT"]
    assert marks_of(ax) == [[in_days(frame.index)[1], 1_100], [in_days(frame.index)[3], 100]]


def marks_of(ax):
    return np.concatenate([c.get_offsets() for c in ax.collections]).tolist()


def test_no_loss_at_all_is_a_chart_too():
    frame = pd.DataFrame(
        {"equity": [1.0, 2, 3]}, index=pd.date_range("2026-01-01", periods=3, tz="UTC")
    )
    ax = plot.drawdown(frame)
    ax.figure.canvas.draw()
    assert legend(ax) == []


def test_equity_that_is_not_above_nought_has_no_share_of_loss():
    frame = pd.DataFrame(
        {"equity": [-5.0, 0, 10, 5]}, index=pd.date_range("2026-01-01", periods=4, tz="UTC")
    )
    drawn = plot.drawdown(frame).lines[0].get_ydata()
    assert np.isnan(drawn[:2]).all()
    assert drawn[2:].tolist() == [0, -0.5]


def test_one_of_several_curves_must_be_named():
    frame, _ = made_up.equity(5)
    with pytest.raises(InvalidArgument, match=r"2 curves \(total, hold, \.\.\.\)"):
        plot.drawdown(frame.rename(columns={"equity": "total"}))
