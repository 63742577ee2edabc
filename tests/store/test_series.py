"""Names of markets become names of files that stay inside, and months of time."""

from datetime import UTC, datetime
from pathlib import PurePosixPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from btcc_research.errors import InvalidArgument, StorageError
from btcc_research.store.files import LocalFiles
from btcc_research.store.intervals import Intervals
from btcc_research.store.series import (
    LATEST,
    Series,
    file_name,
    interval_name,
    moment,
    month_of,
    month_span,
    months_of,
)

FUTURES = "GWFX/USDT/GTS/MM/STD/0/A/BTCUSDT100x"
names = st.one_of(
    st.text(min_size=1),
    st.text(alphabet="./\\~%\0 :*CON\n", min_size=1, max_size=12),
    st.text(alphabet=st.characters(codec="utf-16", categories=None), min_size=1, max_size=6),
    st.text(min_size=100, max_size=400),
)


@given(names)
@example("..")
@example(".")
@example("../../etc/passwd")
@example("\0")
@example("a\0b")
@example("~account")
@example(FUTURES)
@example("BTC" * 300)
@example("βτς/ドル")
@example("\ud800")
def test_any_name_becomes_one_short_plain_file_name(name):
    encoded = file_name(name)
    assert 0 < len(encoded.encode()) <= 120
    assert encoded.isascii()
    assert set(encoded) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-%~")
    assert encoded not in (".", "..")
    assert not encoded.startswith("~")


@given(names, names)
def test_different_names_become_different_file_names(one, other):
    assert (file_name(one) == file_name(other)) == (one == other)


@given(names)
@example("..")
@example("../../../x")
def test_a_series_stays_inside_its_store(tmp_path_factory, name):
    root = tmp_path_factory.getbasetemp() / "confined"
    folder = Series("trades", name, name, account=name).folder
    assert len(PurePosixPath(folder).parts) == 3
    inside = (root / folder / "2026-01.parquet").resolve()
    assert inside.is_relative_to(root.resolve())


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/passwd", "a\0b"])
def test_a_name_that_leads_outside_is_refused_by_the_files_too(tmp_path, name):
    files = LocalFiles(tmp_path)
    for action in (files.open, files.names, files.size, files.remove):
        with pytest.raises(StorageError, match="not a name inside the store"):
            action(name)
    with pytest.raises(StorageError, match="not a name inside the store"):
        files.write(name, b"")


def test_names_stay_readable():
    assert Series("klines", "spot", "BTCUSDT", 3600).folder == "spot/BTCUSDT/klines-1h"
    assert Series("trades", "futures", FUTURES).folder == (
        "futures/GWFX%2FUSDT%2FGTS%2FMM%2FSTD%2F0%2FA%2FBTCUSDT100x/trades"
    )
    assert Series("ledger", "spot").folder == "spot/~account/ledger"
    assert Series("ledger", "spot", account="mine").folder == "spot/~account/ledger~mine"


def test_candles_have_an_interval_and_nothing_else_has():
    with pytest.raises(InvalidArgument, match="candles need an interval"):
        Series("klines", "spot", "BTCUSDT")
    with pytest.raises(InvalidArgument, match="trades has none"):
        Series("trades", "spot", "BTCUSDT", 60)


def test_only_what_is_private_is_kept_for_a_whole_account():
    assert Series("trades", "spot").folder == "spot/~account/trades"
    for kind, interval in (("klines", 60), ("prints", None)):
        with pytest.raises(InvalidArgument, match="kept by market; name one"):
            Series(kind, "spot", None, interval)


def test_an_unknown_kind_is_refused_with_the_known_ones():
    with pytest.raises(InvalidArgument, match="klines, trades, orders"):
        Series("candles", "spot", "BTCUSDT", 60)


def test_an_empty_name_is_refused():
    with pytest.raises(InvalidArgument, match="None for the whole account"):
        Series("trades", "spot", "").folder  # noqa: B018


@pytest.mark.parametrize(
    ("seconds", "name"),
    [
        (60, "1m"),
        (900, "15m"),
        (3600, "1h"),
        (86_400, "1d"),
        (604_800, "1w"),
        (300, "5m"),
        (90, "90s"),
    ],
)
def test_intervals_have_the_names_people_write(seconds, name):
    assert interval_name(seconds) == name


@given(st.integers(0, LATEST - 1))
@example(0)
@example(951_782_400_000_000)
def test_a_moment_lies_in_its_month(microseconds):
    month = month_of(microseconds)
    start, end = month_span(month)
    assert start <= microseconds < end
    assert month_of(start) == month
    assert month_of(end - 1) == month
    assert moment(start).day == 1


def ticks(*when):
    return int(datetime(*when, tzinfo=UTC).timestamp()) * 1_000_000


def test_the_months_of_some_time_are_named_once_in_order():
    covered = Intervals(
        [(ticks(2025, 11, 30), ticks(2026, 2, 1)), (ticks(2026, 2, 10), ticks(2026, 2, 11)),
         (ticks(2026, 2, 20), ticks(2026, 3, 1))]
    )  # fmt: skip
    assert list(months_of(covered)) == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert list(months_of(Intervals())) == []
