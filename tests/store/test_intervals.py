"""Intervals behave like sets of moments."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from btcc_research.store.intervals import Intervals

MOMENTS = range(-2, 33)
spans = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda pair: tuple(sorted(pair)))
sets = st.lists(spans, max_size=8)


def moments(pairs):
    """The model: the set of the moments themselves."""
    return {moment for start, end in pairs for moment in range(start, end)}


@given(sets)
def test_ranges_are_sorted_not_empty_and_do_not_touch(pairs):
    found = Intervals(pairs)
    assert moments(found) == moments(pairs)
    assert all(start < end for start, end in found)
    assert all(a[1] < b[0] for a, b in zip(found.spans, found.spans[1:], strict=False))


@given(sets, sets)
def test_union_intersection_and_difference_are_those_of_sets(left, right):
    a, b = Intervals(left), Intervals(right)
    assert moments(a | b) == moments(left) | moments(right)
    assert moments(a & b) == moments(left) & moments(right)
    assert moments(a - b) == moments(left) - moments(right)


@given(sets, sets)
def test_equal_sets_are_equal_values(left, right):
    a, b = Intervals(left), Intervals(right)
    assert (a == b) == (moments(left) == moments(right))
    assert (a | b) == (b | a) == Intervals([*left, *right])
    assert hash(a | b) == hash(b | a)


@given(sets, spans)
def test_clipping_keeps_the_part_between(pairs, span):
    assert moments(Intervals(pairs).clip(*span)) == moments(pairs) & moments([span])


@given(sets)
def test_a_moment_is_in_it_or_not(pairs):
    found = Intervals(pairs)
    assert {moment for moment in MOMENTS if moment in found} == moments(pairs)


@given(sets, sets)
def test_one_covers_another_when_nothing_of_it_is_left(left, right):
    assert Intervals(left).covers(Intervals(right)) == (moments(left) >= moments(right))


@given(sets)
def test_duration_truth_and_hull(pairs):
    found = Intervals(pairs)
    assert found.duration == len(moments(pairs))
    assert bool(found) == bool(moments(pairs))
    if found:
        assert found.hull == (min(moments(pairs)), max(moments(pairs)) + 1)
        assert moments(found.between()) == set(range(*found.hull)) - moments(pairs)


def test_clipping_to_nothing_leaves_nothing():
    assert not Intervals([(0, 10)]).clip(5, 5)
    assert not Intervals([(0, 10)]).clip(7, 3)


def test_a_range_that_ends_before_it_starts_is_refused():
    with pytest.raises(ValueError, match="starts at 5 ends before, at 3"):
        Intervals([(5, 3)])


def test_the_hull_of_nothing_is_refused():
    with pytest.raises(ValueError, match="empty"):
        Intervals().hull  # noqa: B018


def test_it_survives_pickling():
    found = Intervals([(1, 2), (5, 9)])
    assert pickle.loads(pickle.dumps(found)) == found
