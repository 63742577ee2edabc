"""Reduction: fewer things are drawn, and no high, low or hole is lost."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from btcc_research.plot.canvas import _legend_columns
from btcc_research.plot.position_lines import spread
from btcc_research.plot.reduction import (
    Candles,
    envelope,
    gaps,
    joined,
    kept_rows,
    length_for,
    spans,
)

MINUTE = 60_000_000
prices = st.floats(1e-6, 1e6)


@st.composite
def candle_arrays(draw, most=400):
    """Minutes with holes between them, and prices without any rule."""
    steps = draw(st.lists(st.integers(1, 50), min_size=1, max_size=most))
    start = draw(st.integers(0, 30_000_000)) * MINUTE
    opened = start + np.cumsum(steps) * MINUTE
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    values = [
        rng.choice([1.0, 2.0, 3.0, 1e6, 1e-6], len(opened)) * rng.random(len(opened))
        for _ in range(5)
    ]
    return Candles(opened, MINUTE, *values, rng.random(len(opened)) < 0.9)


@given(candle_arrays(), st.sampled_from([1, 5, 60, 240, 1440, 10_080]))
def test_joined_candles_keep_every_extreme_and_all_volume(candles, minutes):
    found = joined(candles, minutes * MINUTE)
    frame = pd.DataFrame(
        {"open": candles.open, "high": candles.high, "low": candles.low, "close": candles.close,
         "volume": candles.volume, "closed": candles.closed},
        index=candles.opened // (minutes * MINUTE),
    )  # fmt: skip
    expected = frame.groupby(level=0).agg(
        {
            "open": "first",
            "high": "max",
            "low": "min",
            "close": "last",
            "volume": "sum",
            "closed": "all",
        }
    )
    assert (found.opened == expected.index * minutes * MINUTE).all()
    for name in ("open", "high", "low", "close", "closed"):
        assert (getattr(found, name) == expected[name]).all()
    assert found.volume == pytest.approx(expected["volume"].to_numpy())


@given(candle_arrays())
def test_gaps_are_all_found_and_nothing_else(candles):
    begin, end = gaps(candles)
    after = np.flatnonzero(np.diff(candles.opened) > MINUTE)
    assert (begin == candles.opened[after] + MINUTE).all()
    assert (end == candles.opened[after + 1]).all()


def test_gaps_are_found_in_long_series_too():
    kept = np.delete(np.arange(10_000), [0, 1_023, 1_024, 5_000, 9_998])
    values = np.ones(len(kept))
    candles = Candles(kept * MINUTE, MINUTE, *[values] * 5, values > 0)
    assert (gaps(candles)[0] == np.array([1_023, 5_000, 9_998]) * MINUTE).all()


@given(
    st.sampled_from([1, 60, 300, 420, 3600, 86_400, 604_800]),
    st.integers(1, 10**7),
    st.integers(30, 2_000),
)
def test_joined_candles_have_room_and_a_whole_number_of_candles(seconds, count, most):
    interval = seconds * 1_000_000
    length = length_for(interval, count * interval, most)
    assert length % interval == 0
    assert length * most >= count * interval
    if count > most and seconds in (1, 60, 3600) and length < 604_800 * 1_000_000:
        assert length <= 3 * -(-count // most) * interval


@st.composite
def curves(draw):
    count = draw(st.integers(1, 3_000))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = np.sort(rng.random(count)) * 100
    y = rng.normal(size=count) * rng.choice([1, 1, 1, 1e6], count)
    y[rng.random(count) < draw(st.sampled_from([0, 0.02, 0.9]))] = np.nan
    first = draw(st.floats(-10, 100))
    return x, y, first, first + draw(st.floats(0.01, 120)), draw(st.integers(10, 400))


@given(curves())
def test_a_reduced_curve_reaches_as_high_and_low_in_the_same_places(curve):
    x, y, first, last, most = curve
    across, up = envelope(x, y, first, last, most)
    assert len(across) <= 4 * (most + 1)
    assert (np.diff(across) >= 0).all()
    seen = (x >= first) & (x <= last) & ~np.isnan(y)
    drawn = (across >= first) & (across <= last) & ~np.isnan(up)
    if not seen.any():
        return
    assert np.nanmax(up[drawn]) == np.nanmax(y[seen])
    assert np.nanmin(up[drawn]) == np.nanmin(y[seen])
    pixel = (last - first) / most
    for place in np.linspace(first, last, 9):
        near = seen & (np.abs(x - place) <= pixel)
        if near.any():
            around = drawn & (np.abs(across - place) <= 2 * pixel)
            assert np.nanmax(up[around]) >= np.nanmax(y[near])
            assert np.nanmin(up[around]) <= np.nanmin(y[near])


@given(curves())
def test_kept_rows_have_every_extreme_of_every_curve(curve):
    x, y, first, last, most = curve
    values = np.nan_to_num(np.array([y, -y[::-1], np.abs(y)]))
    rows = kept_rows(x, values, first, last, most)
    assert (np.diff(rows) > 0).all()
    seen = (x >= first) & (x <= last)
    if seen.any():
        for each in values:
            assert each[rows].max() >= each[seen].max()
            assert each[rows].min() <= each[seen].min()
    assert len(rows) <= max(4 * most, 10 * (most + 1))


@given(
    st.lists(st.tuples(st.floats(0.01, 5), st.floats(0.01, 5)), max_size=200), st.integers(10, 500)
)
def test_spans_stay_where_they_are_and_are_at_least_a_pixel_wide(steps, most):
    edges = np.cumsum(np.array(steps).ravel()) if steps else np.empty(0)
    starts, ends = edges[::2], edges[1::2]
    last = float(edges[-1]) if len(edges) else 1.0
    found_starts, found_ends = spans(starts, ends, 0, last, most)
    assert (found_ends - found_starts >= last / most * 0.999).all()
    assert (found_starts[1:] > found_ends[:-1]).all()
    for start, end in zip(starts, ends, strict=True):
        assert ((found_starts <= start) & (found_ends >= min(end, last))).any()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.001, 0.08))
def test_labels_are_spread_apart_in_their_order(places, least):
    moved = spread(np.array(places), least)
    order = np.argsort(places, kind="stable")
    assert (np.diff(moved[order]) >= least - 1e-9).all()
    assert moved.min() >= -1e-9
    assert moved.max() <= 1 + 1e-9


def test_labels_with_room_stay_where_they_are():
    places = np.array([0.9, 0.1, 0.5])
    assert (spread(places, 0.05) == places).all()


@given(st.lists(st.integers(1, 60), min_size=1, max_size=15), st.floats(10, 200))
def test_a_legend_has_as_many_columns_as_fit(lengths, room):
    columns = _legend_columns(["x" * length for length in lengths], room)
    assert 1 <= columns <= len(lengths)
    if sum(lengths) * 0.56 + len(lengths) * 3.9 < room:
        assert columns == len(lengths)
