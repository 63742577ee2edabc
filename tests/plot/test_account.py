"""Costs, exposure, funding and coverage."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import pyplot as plt

from btcc_research import plot
from btcc_research.errors import InvalidArgument
from btcc_research.plot.rates import with_one_zero
from tests.plot import made_up

DAY = 86_400e6


def words(ax):
    return [text.get_text() for text in ax.texts]


def legend(ax):
    return ax.get_legend_handles_labels()[1]


def in_days(times):
    return pd.DatetimeIndex(times).as_unit("us").asi8 / DAY


def test_markouts_are_drawn_as_median_and_quantiles():
    frame = made_up.executions()
    ax = plot.costs(frame)
    x, y = ax.lines[0].get_data()
    names = [name for name in frame if name.startswith("markout_")]
    assert x.tolist() == [1, 5, 30, 60, 300, 900, 3600]
    assert y == pytest.approx(frame[names].median().to_numpy())
    wide, narrow = (c.get_paths()[0].vertices for c in ax.collections)
    assert narrow[:, 1].max() == pytest.approx(frame[names].quantile(0.75).max())
    assert wide[:, 1].min() == pytest.approx(frame[names].quantile(0.05).min())
    assert ax.get_ylabel() == "in my favour (basis points)"


def test_slippage_stands_beside_them_and_loses_nobody():
    frame = made_up.executions()
    ax = plot.costs(frame)
    beside = ax.figure.axes[-1]
    assert beside is not ax
    assert sum(bar.get_height() for bar in beside.patches) == len(frame)
    assert beside.get_xlabel() == "paid (basis points)"
    assert legend(beside) == [f"median +{frame['slippage_bps'].median():.2f}"]


def test_costs_without_slippage_are_one_chart():
    ax = plot.costs(made_up.executions().drop(columns="slippage_bps"))
    assert ax.figure.axes == [ax]


def test_costs_share_the_place_of_axes_that_were_put_anywhere():
    figure = plt.figure()
    ax = figure.add_axes((0.1, 0.2, 0.8, 0.6))
    plot.costs(made_up.executions(), ax=ax)
    left, right = (each.get_position() for each in figure.axes)
    assert left.x0 == pytest.approx(0.1)
    assert left.x1 < right.x0
    assert right.x1 == pytest.approx(0.9)


def test_executions_without_quotes_are_a_chart_that_says_so():
    frame = made_up.executions()
    for nothing in (frame.iloc[:0], frame * np.nan):
        ax = plot.costs(nothing)
        assert words(ax) == ["no executions with quotes"]


def test_frames_without_costs_are_refused():
    with pytest.raises(InvalidArgument, match="no columns markout_1s"):
        plot.costs(pd.DataFrame({"price": [1.0]}))
    with pytest.raises(InvalidArgument, match="'markout_soon' does not end in a length"):
        plot.costs(pd.DataFrame({"markout_soon": [1.0]}))


def tops(ax, name):
    area = next(c for c in ax.collections if c.get_label() == name)
    return np.concatenate([path.vertices for path in area.get_paths()])


def test_exposures_lie_on_top_of_each_other_and_hold_until_the_next():
    index = pd.date_range("2026-01-01", periods=3, tz="UTC")
    frame = pd.DataFrame({"A": [10.0, 20, 0], "B": [5.0, -5, 0]}, index=index)
    ax = plot.exposure(frame)
    a, b = tops(ax, "A"), tops(ax, "B")
    assert a[:, 1].max() == 20
    begin = in_days(index)
    assert {(begin[1], 10.0), (begin[1], 20.0)} <= set(map(tuple, a))
    assert {(begin[0], 10.0), (begin[0], 15.0), (begin[2], -5.0)} <= set(map(tuple, b))
    assert b[:, 1].min() == -5
    assert (ax.lines[-1].get_ydata() == [15, 15, 0]).all()
    assert legend(ax) == ["A", "B", "sum"]


def test_long_exposures_keep_every_extreme_of_every_market():
    rng = np.random.default_rng(1)
    index = pd.date_range("2026-01-01", periods=200_000, freq="1min", tz="UTC")
    frame = pd.DataFrame(
        {"A": rng.random(len(index)), "B": rng.random(len(index)) - 2}, index=index
    )
    frame.iloc[77_777, 0], frame.iloc[99_999, 1] = 50, -60
    ax = plot.exposure(frame)
    assert len(tops(ax, "A")) < 60_000
    assert tops(ax, "A")[:, 1].max() == 50
    assert tops(ax, "B")[:, 1].min() == -60


def test_small_markets_are_drawn_as_one():
    ax = plot.exposure(made_up.exposures())
    assert len(legend(ax)) == 7
    assert "3 others" in legend(ax)
    assert ax.get_ylabel() == "exposure (USDT)"


def test_exposures_may_be_listed_one_below_the_other():
    wide = made_up.exposures(5)[["BTCUSDT", "ETHUSDT"]]
    long = wide.stack().rename_axis(["time", "market"]).rename("exposure").reset_index()
    assert (tops(plot.exposure(long), "BTCUSDT") == tops(plot.exposure(wide), "BTCUSDT")).all()
    with pytest.raises(InvalidArgument, match="'exposure'"):
        plot.exposure(long.drop(columns="exposure"))


def test_the_exposure_of_an_equity_curve_is_drawn_alone():
    index = pd.date_range("2026-01-01", periods=3, tz="UTC")
    frame = pd.DataFrame({"equity": [1.0, 2, 3], "exposure": [0.0, 5, 4]}, index=index)
    assert legend(plot.exposure(frame)) == ["exposure"]


def test_nothing_held_is_a_chart_that_says_so():
    assert words(plot.exposure(made_up.exposures(5).iloc[:0])) == ["nothing was held"]


def heights(ax, start):
    shapes = next(c for c in ax.collections if c.get_label().startswith(start))
    return np.array([path.vertices[:4, 1] for path in shapes.get_paths()])


def test_rates_are_bars_by_who_pays():
    frame, _ = made_up.rates(10)
    ax = plot.funding(frame)
    settled = frame[frame["kind"] == "settled"]
    assert heights(ax, "longs pay,").max(axis=1).sum() == pytest.approx(
        settled["rate"].clip(lower=0).sum()
    )
    assert heights(ax, "shorts pay,").min(axis=1).sum() == pytest.approx(
        settled["rate"].clip(upper=0).sum()
    )
    hollow = next(c for c in ax.collections if "estimate" in c.get_label())
    assert len(hollow.get_facecolor()) == 0
    assert ax.get_title(loc="left") == "BTCUSDT funding (sandbox)"


def test_many_settlements_keep_their_highest_and_lowest():
    frame, _ = made_up.rates(6_000)
    ax = plot.funding(frame)
    longs = heights(ax, "longs pay,")
    assert len(longs) < 1_000
    settled = frame["rate"][frame["kind"] == "settled"]
    assert longs.max() == settled.max()
    assert heights(ax, "shorts pay,").min() == settled.min()


def test_what_was_booked_is_summed_up_on_the_right():
    frame, payments = made_up.rates(20)
    other = payments.assign(market="ETHUSDT", funding=1e6)
    ax = plot.funding(frame, pd.concat([payments, other]))
    right = ax.figure.axes[-1]
    assert right.lines[0].get_ydata() == pytest.approx(payments["funding"].cumsum().to_numpy())
    assert right.get_ylabel() == "booked (USDT)"
    zero = [each.transData.transform((0, 0))[1] for each in (ax, right)]
    assert zero[0] == pytest.approx(zero[1])


limits = st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)).map(sorted).map(tuple)


@given(limits, limits)
def test_two_scales_have_their_nought_at_one_height_and_lose_nothing(left, right):
    found = with_one_zero(left, right)
    heights = [-low / (high - low) for low, high in found]
    assert heights[0] == pytest.approx(heights[1])
    for (low, high), (least, most) in zip(found, (left, right), strict=True):
        assert low <= least + 1e-9
        assert high >= most - 1e-9


def test_what_a_long_paid_at_positive_rates_is_in_sight():
    frame, payments = made_up.rates(20)
    frame["rate"] = frame["rate"].abs()
    payments["funding"] = -payments["funding"].abs()
    ax = plot.funding(frame, payments)
    right = ax.figure.axes[-1]
    low, high = right.get_ylim()
    assert low <= payments["funding"].sum() < 0 <= high
    assert ax.get_ylim()[1] >= frame["rate"].max()


def test_what_was_booked_before_the_first_rate_does_not_count():
    frame, payments = made_up.rates(20)
    later = frame[frame["time"] > frame["time"].iloc[30]]
    ax = plot.funding(later, payments.assign(fee_asset="BTC"))
    line = ax.figure.axes[-1].lines[0]
    shown = payments[payments["time"] > frame["time"].iloc[29]]
    assert line.get_ydata()[-1] == pytest.approx(shown["funding"].sum())
    assert line.get_drawstyle() == "steps-post"
    assert ax.figure.axes[-1].get_ylabel() == "booked (BTC)"


def test_rates_alone_are_summed_up_as_what_a_long_would_have_paid():
    frame, _ = made_up.rates(20)
    ax = plot.funding(frame)
    settled = frame["rate"][frame["kind"] == "settled"]
    assert ax.figure.axes[-1].lines[0].get_ydata()[-1] == pytest.approx(settled.sum())


def test_the_sum_stays_with_its_bars_when_one_zooms():
    frame, payments = made_up.rates(20)
    ax = plot.funding(frame, payments)
    ax.set_xlim(frame["time"].iloc[10], frame["time"].iloc[20])
    assert ax.figure.axes[-1].get_xlim() == ax.get_xlim()


def test_no_funding_is_a_chart_that_says_so():
    frame, payments = made_up.rates(3)
    assert words(plot.funding(frame.iloc[:0])) == ["no funding"]
    assert len(plot.funding(frame, payments.iloc[:0]).figure.axes) == 1
    with pytest.raises(InvalidArgument, match="2 values of market"):
        plot.funding(pd.concat([frame, frame.assign(market="ETHUSDT")]))
    with pytest.raises(InvalidArgument, match="payments needs"):
        plot.funding(frame, payments.drop(columns="funding"))


def test_stretches_of_data_are_bars_and_what_lies_between_is_red():
    day = [made_up.START + pd.Timedelta(days=n) for n in range(6)]
    frame = pd.DataFrame(
        {"market": ["A", "A", "A", "B"], "kind": "klines", "start": [day[0], day[1], day[3], day[2]],
         "end": [day[1], day[2], day[4], day[5]], "rows": [10, 20, 30, 7_000]}
    )  # fmt: skip
    ax = plot.coverage(frame)
    there, missing = (
        [
            (*path.vertices[[0, 2], 0].tolist(), path.vertices[:4, 1].mean())
            for path in c.get_paths()
        ]
        for c in ax.collections
    )
    x = in_days(day)
    assert there == [
        pytest.approx(each) for each in ((x[0], x[2], 0), (x[3], x[4], 0), (x[2], x[5], 1))
    ]
    assert missing == [pytest.approx((x[2], x[3], 0))]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["A klines", "B klines"]
    assert words(ax) == ["60 rows", "7k rows"]
    assert legend(ax) == ["there", "1 hole"]


def test_a_hole_of_a_second_in_a_year_can_be_seen():
    frame = pd.DataFrame(
        {"kind": "book", "start": [made_up.START, made_up.START + pd.Timedelta("100D")],
         "end": [made_up.START + pd.Timedelta("100D") - pd.Timedelta("1s"), made_up.START + pd.Timedelta("365D")]}
    )  # fmt: skip
    ax = plot.coverage(frame)
    ((left, right),) = [path.vertices[[0, 2], 0] for path in ax.collections[1].get_paths()]
    pixels = ax.transData.transform([(left, 0), (right, 0)])[:, 0]
    assert np.diff(pixels)[0] >= 0.95
    ax.set_xlim(left, left + 0.001)
    ((left, right),) = [path.vertices[[0, 2], 0] for path in ax.collections[1].get_paths()]
    assert (right - left) * 86_400 == pytest.approx(1, rel=1e-3)


def test_holes_may_be_given():
    frame = made_up.stored()
    holes = frame.iloc[:1].assign(end=frame["start"].iloc[0] + pd.Timedelta("1D"))
    ax = plot.coverage(frame, holes)
    assert legend(ax) == ["there", "1 hole"]


def test_nothing_stored_is_a_chart_that_says_so():
    assert words(plot.coverage(made_up.stored().iloc[:0])) == ["nothing is stored"]
    with pytest.raises(InvalidArgument, match="'end'"):
        plot.coverage(made_up.stored().drop(columns="end"))


def test_a_figure_of_its_own_is_as_high_as_there_are_lanes():
    few, many = made_up.stored().iloc[:1], made_up.stored()
    assert plot.coverage(few).figure.get_figheight() < plot.coverage(many).figure.get_figheight()
