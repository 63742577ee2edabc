"""Numbers and times as people read them."""

from datetime import UTC
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from matplotlib import pyplot as plt

from btcc_research.plot.scales import (
    decimals_of,
    duration,
    duration_axis,
    log_axis,
    number_axis,
    percent_axis,
    plain,
    short,
    time_axis,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1, "1"), (12.345, "12.3"), (999.6, "1k"), (1_234, "1.23k"), (999_600, "1M"),
     (-98_765, "\u221298.8k"), (2.5e9, "2.5G"), (0.012345, "0.0123"), (1e-7, "0.0000001")],
)  # fmt: skip
def test_short_numbers_have_about_three_digits(value, text):
    assert short(value) == text


def test_signs_are_written_where_asked():
    assert short(12, sign=True) == "+12"
    assert short(0, sign=True) == "0"
    assert short(-0.5, sign=True) == "\u22120.5"


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(1234567.5, 1, "1,234,567.5"), (-0.0001, 2, "0.00"), (-3, 0, "\u22123")],
)
def test_plain_numbers_are_written_in_full(value, decimals, text):
    assert plain(value, decimals) == text


@pytest.mark.parametrize(
    ("step", "decimals"),
    [(1, 0), (0.5, 1), (0.25, 2), (2.5, 1), (1000, 0), (0.001, 3), (0.0025, 4), (0, 0)],
)
def test_decimals_tell_neighbours_apart(step, decimals):
    assert decimals_of(step) == decimals


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1, "1s"),
        (90, "90s"),
        (60, "1m"),
        (3600, "1h"),
        (172_800, "2d"),
        (604_800, "1w"),
        (0.5, "0.5s"),
    ],
)
def test_durations_are_told_in_the_largest_whole_unit(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize("limits", [(0, 1), (63_999.99, 64_000.02), (-2.5e6, 3e6), (1e-8, 5e-8)])
def test_neighbouring_numbers_of_an_axis_are_told_apart(limits):
    _, ax = plt.subplots()
    ax.set_ylim(*limits)
    number_axis(ax.yaxis)
    texts = [label.get_text() for label in ax.get_yticklabels()]
    assert len(set(texts)) == len(texts) >= 2
    for place, text in zip(ax.get_yticks(), texts, strict=True):
        assert float(text.replace(",", "").replace("\u2212", "-")) == pytest.approx(
            place, rel=1e-9, abs=1e-12
        )


def test_shares_are_shown_in_percent():
    _, ax = plt.subplots()
    ax.set_ylim(0, 0.02)
    percent_axis(ax.yaxis)
    assert "1.0 %" in [label.get_text() for label in ax.get_yticklabels()]


def test_logarithmic_numbers_are_written_in_full():
    _, ax = plt.subplots()
    ax.set_ylim(900, 120_000)
    log_axis(ax)
    texts = [label.get_text() for label in ax.get_yticklabels()]
    assert "10,000" in texts
    assert "50,000" in texts


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("zone", [UTC, ZoneInfo("America/New_York")], ids=str)
@pytest.mark.parametrize("wide", [5, 11])
def test_every_span_of_time_gets_dates_that_fit(zone, wide):
    for span in np.geomspace(5 / 86_400, 3_650, 60):
        figure, ax = plt.subplots(figsize=(wide, 3))
        ax.set_xlim(20_500.3, 20_500.3 + span)
        time_axis(ax, zone)
        places = ax.get_xticks()
        inside = places[(places >= 20_500.3) & (places <= 20_500.3 + span)]
        assert 2 <= len(inside) <= 7
        plt.close(figure)


def test_durations_stand_at_lengths_people_know():
    _, ax = plt.subplots()
    ax.set_xlim(0.7, 200_000)
    duration_axis(ax)
    texts = [label.get_text() for label in ax.get_xticklabels()]
    assert texts[0] == "1s"
    assert set(texts) <= {"1s", "10s", "1m", "10m", "1h", "6h", "1d", "1w", "4w"}
