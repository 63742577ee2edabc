"""Profit: by cause, by trade, by day."""

from decimal import Decimal
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import pyplot as plt

from btcc_research import plot
from btcc_research.errors import InvalidArgument
from tests.plot import made_up


def bars(ax):
    """Bottom and height of every bar, by the name below it."""
    names = [label.get_text() for label in ax.get_xticklabels()]
    return {
        name: (bar.get_y(), bar.get_height()) for name, bar in zip(names, ax.patches, strict=True)
    }


def words(ax):
    return [text.get_text() for text in ax.texts]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8))
def test_every_cause_starts_where_the_one_before_ended(amounts):
    frame = pd.DataFrame({"cause": [f"cause {n}" for n in range(len(amounts))], "amount": amounts})
    ax = plot.pnl(frame)
    found = list(bars(ax).values())
    assert found[0][0] == pytest.approx(0)
    for (bottom, height), (following, _) in pairwise(found[:-1]):
        assert bottom + height == pytest.approx(following, abs=1e-6)
    assert found[-1] == (0, pytest.approx(sum(amounts), abs=1e-6))
    low, high = ax.get_ylim()
    ends = [end for bottom, height in found for end in (bottom, bottom + height)]
    assert low < max(min(ends), -1e-12) + 1
    assert low <= min(ends)
    assert max(ends) < high
    plt.close(ax.figure)


def test_causes_are_summed_in_their_order():
    frame = pd.DataFrame(
        {
            "cause": ["fees", "gross", "fees"],
            "amount": [Decimal("-1.1"), Decimal(5), Decimal("-0.2")],
        }
    )
    found = bars(plot.pnl(frame))
    assert list(found) == ["fees", "gross", "net"]
    assert found["fees"] == (0, pytest.approx(-1.3))
    assert found["net"] == (0, pytest.approx(3.7))


def test_round_trips_are_summed_up_and_fees_count_as_paid():
    trips = made_up.round_trips(50)
    found = bars(plot.pnl(trips))
    assert list(found) == ["gross", "fees", "funding", "net"]
    assert found["fees"][1] == pytest.approx(-trips["fees"].sum())
    assert found["net"][1] == pytest.approx(trips["net"].sum())
    assert plot.pnl(trips).get_ylabel() == "profit (USDT)"


def test_a_table_of_profit_with_transfers_ends_in_the_change():
    table = pd.DataFrame(
        {"market": ["A", "B"], "currency": "USDT", "realized": [10.0, -2], "unrealized": [1.0, 0], "fees": [0.5, 0.5],
         "funding": [0.0, 0], "other": [0.0, 0], "net": [10.5, -2.5], "transfers": [100.0, 0], "change": [110.5, -2.5]}
    )  # fmt: skip
    found = bars(plot.pnl(table))
    assert list(found) == ["realized", "unrealized", "fees", "transfers", "change"]
    assert found["change"][1] == pytest.approx(108)
    assert list(bars(plot.pnl(table, total="all")))[-1] == "all"


def test_a_series_of_causes_will_do():
    found = bars(plot.pnl(pd.Series({"gross": 3.0, "fees": -1.0})))
    assert found["net"] == (0, 2)


def test_bars_say_their_amount_with_its_sign():
    ax = plot.pnl(pd.DataFrame({"cause": ["gross", "fees"], "amount": [1234.5, -50.0]}))
    assert words(ax) == ["+1.23k", "\u221250", "+1.18k"]


def test_profit_in_several_currencies_is_refused():
    trips = made_up.round_trips(4).assign(currency=["USDT", "BTC", "USDT", "USDT"])
    with pytest.raises(InvalidArgument, match="2 values of currency"):
        plot.pnl(trips)
    with pytest.raises(InvalidArgument, match="2 values of currency"):
        plot.calendar(trips)
    with pytest.raises(InvalidArgument, match="2 values of currency"):
        plot.trades_scatter(trips)
    plot.trades_scatter(trips, y="return")
    with pytest.raises(InvalidArgument, match="no causes"):
        plot.pnl(pd.DataFrame({"a": [1]}))


def points(ax):
    return np.concatenate([c.get_offsets() for c in ax.collections if len(c.get_sizes())])


def test_every_finished_trade_is_a_point():
    trips = made_up.round_trips(60)
    ax = plot.trades_scatter(trips)
    found = points(ax)
    assert sorted(found[:, 1]) == pytest.approx(sorted(trips["net"]))
    assert sorted(found[:, 0]) == pytest.approx(sorted(trips["duration"].dt.total_seconds()))
    long = trips[trips["side"] == "long"]
    assert (
        f"{len(long)} long, {(long['net'] > 0).mean():.0%} with profit"
        in ax.get_legend_handles_labels()[1]
    )
    assert ax.get_xscale() == "log"


def test_areas_grow_with_the_value_at_entry():
    trips = made_up.round_trips(40)
    ax = plot.trades_scatter(trips)
    areas = {
        y: area
        for c in ax.collections
        for (_, y), area in zip(c.get_offsets(), c.get_sizes(), strict=True)
    }
    by_value = [areas[net] for net in trips.sort_values("entry_value")["net"]]
    assert by_value == sorted(by_value)
    assert plot.trades_scatter(trips.drop(columns=["entry_value", "amount"])) is not None


@pytest.mark.parametrize(
    ("x", "label"),
    [
        ("hour", "hour of the day (UTC)"),
        ("time", "time (UTC)"),
        ("amount", "amount"),
        ("duration", "duration"),
    ],
)
def test_results_can_be_held_against_other_things(x, label):
    ax = plot.trades_scatter(made_up.round_trips(30), x)
    assert ax.get_xlabel() == label
    assert len(points(ax)) == 30


def test_the_hour_is_that_of_the_frames_zone():
    trips = made_up.round_trips(1)
    local = trips.assign(
        opened_at=pd.DatetimeIndex(["2026-07-01 22:30"])
        .tz_localize("UTC")
        .tz_convert("Europe/Berlin")
    )
    ax = plot.trades_scatter(local, "hour")
    assert points(ax)[0, 0] == pytest.approx(0.5)
    assert ax.get_xlabel() == "hour of the day (Europe/Berlin)"


def test_returns_are_shown_in_percent():
    ax = plot.trades_scatter(made_up.round_trips(30), y="return")
    assert ax.get_yticklabels()[0].get_text().endswith(" %")
    assert ax.get_ylabel() == "return"


def test_points_on_one_pixel_are_drawn_once_the_largest():
    trips = pd.concat([made_up.round_trips(1)] * 10_000, ignore_index=True)
    trips["entry_value"] = np.arange(10_000)
    ax = plot.trades_scatter(trips)
    assert len(points(ax)) == 1
    assert max(c.get_sizes()[0] for c in ax.collections if len(c.get_offsets())) == pytest.approx(
        220
    )


def test_what_is_not_known_is_left_out():
    trips = made_up.round_trips(10)
    trips.loc[0, "net"] = np.nan
    trips.loc[1, "duration"] = pd.NaT
    assert len(points(plot.trades_scatter(trips))) == 8
    with pytest.raises(InvalidArgument, match="not a column of numbers"):
        plot.trades_scatter(trips, "market")
    with pytest.raises(InvalidArgument, match="lacks the column 'mood'"):
        plot.trades_scatter(trips, "mood")


def test_rows_of_unknown_value_are_counted():
    trips = made_up.round_trips(10)
    trips.loc[[0, 1], ["fees", "net", "return"]] = np.nan
    assert plot.pnl(trips).get_xlabel() == "without 2 rows of unknown value"
    assert plot.calendar(trips).get_xlabel().endswith(", without 2 rows of unknown value")
    assert "without 2 not known" in plot.trades_scatter(trips).get_legend_handles_labels()[1]
    causes = pd.DataFrame({"cause": ["a", "b"], "amount": [1.0, np.nan]})
    assert plot.pnl(causes).get_xlabel() == "without 1 rows of unknown value"


def fields(ax):
    return np.ma.filled(ax.collections[1].get_array().astype(float), np.nan)


def test_every_day_has_its_sum():
    trips = made_up.round_trips(300)
    ax = plot.calendar(trips)
    sums = trips.groupby(trips["closed_at"].dt.normalize())["net"].sum()
    found = fields(ax)
    assert sorted(found[~np.isnan(found)]) == pytest.approx(sorted(sums))
    first = sums.index[0]
    assert found[1 + first.day_of_week, 0] == pytest.approx(sums.iloc[0])
    monday = next(day for day in sums.index if day.day_of_week == 0)
    week = (monday - (first - pd.Timedelta(days=first.day_of_week))).days // 7
    assert found[1, week] == pytest.approx(sums[monday])


def test_days_are_those_of_the_frames_zone():
    index = pd.DatetimeIndex(["2026-01-05 23:30", "2026-01-06 00:30"]).tz_localize("UTC")
    series = pd.Series([1.0, 2.0], index=index)
    assert np.nansum(fields(plot.calendar(series))[:, 0] > 0) == 2
    ax = plot.calendar(series.tz_convert("Europe/Berlin"))
    assert fields(ax)[2, 0] == 3
    assert "(Europe/Berlin)" in ax.get_xlabel()


def test_months_say_their_sum():
    index = pd.date_range("2026-01-01", "2026-03-31", tz="UTC")
    ax = plot.calendar(pd.DataFrame({"net": np.ones(len(index))}, index=index))
    assert {"Jan +31", "Feb +28", "Mar +31"} <= set(words(ax))


def test_years_stand_below_each_other():
    index = pd.date_range("2023-06-01", "2026-02-01", tz="UTC")
    ax = plot.calendar(pd.DataFrame({"net": np.ones(len(index))}, index=index))
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert [name for name in names if name.isdigit()] == ["2023", "2024", "2025", "2026"]
    assert np.nansum(fields(ax)) == len(index)


@settings(max_examples=40, deadline=None)
@given(
    st.dates(pd.Timestamp("2000-01-01").date(), pd.Timestamp("2030-01-01").date()),
    st.integers(1, 1500),
)
def test_every_day_of_any_span_has_a_field_of_its_own(start, count):
    index = pd.date_range(start, periods=count, freq="D")
    ax = plot.calendar(pd.DataFrame({"net": np.arange(1.0, count + 1)}, index=index))
    found = fields(ax)
    assert np.nansum(found) == count * (count + 1) / 2
    plt.close(ax.figure)


def test_days_of_the_analytics_are_understood():
    table = pd.DataFrame(
        {
            "day": pd.date_range("2026-01-01", periods=3, tz="UTC"),
            "venue": "spot",
            "currency": "USDT",
            "net": [1.0, -2, 3],
        }
    )
    assert np.nansum(fields(plot.calendar(table))) == 2
    with pytest.raises(InvalidArgument, match="lacks the column 'change'"):
        plot.calendar(table, value="change")
    with pytest.raises(InvalidArgument, match="lacks the column 'day'"):
        plot.calendar(table.drop(columns="day"))


@pytest.mark.parametrize(
    ("chart", "said"),
    [
        (plot.pnl, "nothing was booked"),
        (plot.trades_scatter, "no finished trades"),
        (plot.calendar, "nothing was booked"),
    ],
)
def test_no_trades_yet_is_a_chart_that_says_so(chart, said):
    ax = chart(made_up.round_trips(5).iloc[:0])
    assert words(ax) == [said]
    assert ax.get_title(loc="left")
