"""Order books: one of them as an area, and a recording as a picture."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btcc_research import plot
from btcc_research.errors import InvalidArgument
from btcc_research.plot.book_grid import changes_of, grid_of
from tests.plot import made_up


def curve(ax, word):
    line = next(line for line in ax.lines if str(line.get_label()).endswith(word))
    return np.column_stack(line.get_data())


def test_amounts_are_summed_from_the_best_price_outwards():
    frame = made_up.order_book()
    ax = plot.depth(frame)
    for side, ascending in (("bid", False), ("ask", True)):
        part = frame[frame["side"] == side].sort_values("price", ascending=ascending)
        drawn = curve(ax, side)
        assert drawn[0].tolist() == [part["price"].iloc[0], 0]
        assert (drawn[1:, 0] == part["price"]).all()
        assert drawn[1:, 1] == pytest.approx(part["amount"].cumsum().to_numpy())
    assert ax.get_ylim()[1] > frame.groupby("side")["amount"].sum().max()


def test_the_depth_of_an_exchange_is_drawn_as_it_sums_it_up(demo):
    frame = demo.depth("BTCUSDT")
    ax = plot.depth(frame)
    for side in ("bid", "ask"):
        part = frame[frame["side"] == side]
        assert curve(ax, side)[:, 1].max() == pytest.approx(part["depth"].max())
    assert ax.get_title(loc="left") == "BTCUSDT order book (sandbox)"
    assert "UTC" in ax.get_xlabel()
    plot.depth(demo.depth("BTCUSDT", exact=True))


def test_mid_and_spread_are_told():
    frame = pd.DataFrame({"side": ["bid", "ask"], "price": [99.5, 100.5], "amount": [1.0, 2.0]})
    labels = plot.depth(frame).get_legend_handles_labels()[1]
    assert "mid 100, spread 1.0 (1e+02 bp)" in labels


def test_own_orders_stand_at_what_is_before_them():
    frame = pd.DataFrame(
        {
            "side": ["bid", "bid", "ask", "ask"],
            "price": [99.0, 98.0, 101.0, 102.0],
            "amount": [1.0, 2.0, 4.0, 8.0],
        }
    )
    orders = pd.DataFrame({"side": ["buy", "buy", "sell"], "price": [98.5, 50.0, 102.0]})
    ax = plot.depth(frame, orders)
    marks = {
        c.get_label(): c.get_offsets().tolist() for c in ax.collections if "own" in c.get_label()
    }
    assert marks == {"1 own buy order": [[98.5, 1.0]], "1 own sell order": [[102.0, 12.0]]}


def test_a_part_around_the_middle_can_be_shown():
    ax = plot.depth(made_up.order_book(), within=0.0001)
    low, high = ax.get_xlim()
    assert high - low < 64_250 * 0.00022
    assert ax.get_ylim()[1] < 60
    with pytest.raises(InvalidArgument, match="within=0 is not a share"):
        plot.depth(made_up.order_book(), within=0)


def test_a_book_with_one_side_is_drawn_and_says_so():
    frame = made_up.order_book()
    labels = plot.depth(frame[frame["side"] == "bid"]).get_legend_handles_labels()[1]
    assert "one side is empty: no mid" in labels


def test_more_than_one_book_is_refused():
    frame = made_up.order_book()
    other = frame.assign(market="ETHUSDT")
    with pytest.raises(
        InvalidArgument, match=r'2 values of market .* frame\[frame\["market"\] == "BTCUSDT"\]'
    ):
        plot.depth(pd.concat([frame, other]))
    with pytest.raises(InvalidArgument, match="empty"):
        plot.depth(frame.iloc[:0])
    with pytest.raises(InvalidArgument, match="'amount'"):
        plot.depth(frame.drop(columns="amount"))


SECOND = 1_000_000


@st.composite
def recordings(draw):
    """Changes and snapshots of a small book, at whole seconds."""
    count = draw(st.integers(1, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    frame = pd.DataFrame(
        {
            "second": np.sort(rng.integers(0, 30, count)), "side": rng.choice(["bid", "ask"], count),
            "price": 100.0 + rng.integers(0, 6, count) * 0.5, "amount": rng.choice([0.0, 1.0, 2.5, 7.0], count),
        }
    )  # fmt: skip
    frame.insert(
        0, "time", pd.to_datetime(frame["second"], unit="s", utc=True).astype("datetime64[us, UTC]")
    )
    if draw(st.booleans()):
        frame["is_snapshot"] = frame["second"].isin(rng.choice(30, 4))
    return frame


def states(frame):
    """The book after every second, worked out one change after the other."""
    book, found = {}, {}
    for second in range(31):
        rows = frame[frame["second"] == second]
        if "is_snapshot" in rows and rows["is_snapshot"].any():
            book.clear()
        book |= {(row.side, row.price): row.amount for row in rows.itertuples()}
        found[second] = dict(book)
    return found


@settings(deadline=None)
@given(
    recordings(),
    st.integers(0, 20),
    st.integers(1, 10),
    st.integers(1, 6),
    st.sampled_from([2, 100]),
)
def test_a_cell_holds_the_most_that_stood_there(frame, first, columns, wide, most):
    edges = ((first + np.arange(columns + 1) * wide) * SECOND) + SECOND // 2
    grid = grid_of(changes_of(frame), edges, 100.0, 102.5, most)
    found = states(frame)
    for column in range(columns):
        begin = first + column * wide  # what stood then still stands half a second later
        seconds = [min(second, 30) for second in range(begin, begin + wide + 1)]
        for row in range(len(grid.prices) - 1):
            low, high = grid.prices[row], grid.prices[row + 1]
            totals = [sum(a for (_, p), a in found[s].items() if low <= p < high) for s in seconds]
            assert grid.amount[row, column] == pytest.approx(max(totals), abs=1e-9)
        last = found[seconds[-1]]
        bids = [p for (side, p), a in last.items() if side == "bid" and a > 0]
        asks = [p for (side, p), a in last.items() if side == "ask" and a > 0]
        best = max(bids, default=np.nan), min(asks, default=np.nan)
        assert np.array_equal((grid.best_bid[column], grid.best_ask[column]), best, equal_nan=True)


def test_a_wall_that_stood_for_a_moment_is_seen_in_a_day():
    seconds = np.arange(0, 86_400, 10)
    frame = pd.DataFrame(
        {
            "time": made_up.START + pd.to_timedelta(seconds, unit="s"),
            "side": "bid",
            "price": 100.0,
            "amount": 1.0,
        }
    )
    frame.loc[5_000, "amount"] = 900.0
    ax = plot.book_heatmap(frame)
    image = ax.images[0].get_array()
    assert np.nanmax(image) == 900
    assert (image == 900).sum() == 1


def test_rows_are_single_prices_where_there_is_room():
    ax = plot.book_heatmap(made_up.recording(2))
    left, right, low, high = ax.images[0].get_extent()
    rows = ax.images[0].get_array().shape[0]
    assert (high - low) / rows == pytest.approx(1)
    assert (low + 0.5) % 1 == pytest.approx(0)
    assert left < right


def test_zooming_in_shows_finer_cells():
    frame = made_up.recording(10)
    ax = plot.book_heatmap(frame)
    coarse = ax.images[0]
    per_column = (coarse.get_extent()[1] - coarse.get_extent()[0]) / coarse.get_array().shape[1]
    ax.set_xlim(made_up.START + pd.Timedelta("2min"), made_up.START + pd.Timedelta("3min"))
    fine = ax.images[0]
    assert (fine.get_extent()[1] - fine.get_extent()[0]) / fine.get_array().shape[
        1
    ] < per_column / 5


def test_best_prices_and_own_trades_are_drawn_over_it():
    frame = made_up.recording(5)
    trades = made_up.trades_in(frame)
    ax = plot.book_heatmap(frame, trades)
    lines = {line.get_label(): line.get_ydata() for line in ax.lines}
    known = ~np.isnan(lines["best bid"]) & ~np.isnan(lines["best ask"])
    assert (lines["best bid"][known] < lines["best ask"][known]).mean() > 0.9
    marks = [c for c in ax.collections if str(c.get_label()).endswith(("bought", "sold"))]
    assert sum(len(c.get_offsets()) for c in marks) == len(trades)
    assert ax.figure.axes[-1].get_ylabel() == "most that stood there (BTC)"


def test_many_levels_are_looked_at_some_at_a_time(monkeypatch):
    changes = changes_of(made_up.recording(2))
    edges = np.linspace(changes.time.min(), changes.time.max(), 50).astype("int64")
    whole = grid_of(changes, edges, 63_900, 64_100, 100)
    monkeypatch.setattr("btcc_research.plot.book_grid._LEVELS_AT_ONCE", 7)
    parts = grid_of(changes, edges, 63_900, 64_100, 100)
    assert np.array_equal(whole.best_bid, parts.best_bid, equal_nan=True)
    assert np.array_equal(whole.best_ask, parts.best_ask, equal_nan=True)


def test_a_recording_of_one_row_is_drawn():
    frame = made_up.recording(1).iloc[:1].assign(amount=2.0)
    ax = plot.book_heatmap(frame)
    ax.figure.canvas.draw()
    assert np.nanmax(ax.images[0].get_array()) == 2


def test_an_empty_recording_is_refused():
    frame = made_up.recording(1)
    with pytest.raises(InvalidArgument, match="empty"):
        plot.book_heatmap(frame.iloc[:0])
    with pytest.raises(InvalidArgument, match="empty"):
        plot.book_heatmap(frame.assign(price=np.nan))
    with pytest.raises(InvalidArgument, match="market"):
        plot.book_heatmap(pd.concat([frame, frame.assign(market="ETHUSDT")]))
    with pytest.raises(InvalidArgument, match="within=-1 is not a share"):
        plot.book_heatmap(frame, within=-1)
