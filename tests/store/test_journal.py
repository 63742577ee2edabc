"""The recorder's journal: safe once acknowledged, moved exactly once, gaps as rows."""

import os
import signal
import stat
import subprocess
import sys
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btcc_research.errors import InvalidArgument, StorageError
from btcc_research.store import Stream, open_journal, open_store
from btcc_research.store import compaction as moving
from btcc_research.store import shelf as shelves
from btcc_research.store.intervals import Intervals
from btcc_research.store.journal import _numbered
from btcc_research.store.journal_file import encoded
from tests.store.data import DAY, START, at

PRINTS = Stream("prints", "spot", "BTCUSDT")
BOOK = Stream("book", "spot", "BTCUSDT")
FEBRUARY = START + 31 * DAY


@pytest.fixture
def journal(store):
    return open_journal(store)


def prints(*ids, time=START):
    return [
        {
            "time": time + id / 1000,
            "id": id,
            "side": "buy",
            "price": "60000.25",
            "amount": "0.00000001",
        }
        for id in ids
    ]


def ids(frame):
    return frame["id"].tolist()


def covered(store, stream=PRINTS):
    _, missing = store.read(stream.kind, stream.venue, stream.market, at(START), at(START + DAY))
    whole = Intervals([(START * 1_000_000, (START + DAY) * 1_000_000)])
    return [(a / 1e6 - START, b / 1e6 - START) for a, b in whole - missing]


# Rows


def test_rows_can_be_read_once_they_are_acknowledged(journal, store):
    with journal.record([PRINTS], START) as recorder:
        recorder.append({PRINTS: prints(1, 2)}, START + 1)
        recorder.append({PRINTS: prints(3)}, START + 2)
        assert ids(journal.read(PRINTS)) == [1, 2, 3]
        assert store.read("prints", "spot", "BTCUSDT")[0].empty


def test_rows_that_moved_are_in_the_store_and_only_there(journal, store):
    with journal.record([PRINTS], START) as recorder:
        recorder.append({PRINTS: prints(1, 2)}, START + 1)
        assert recorder.compact(START + 2) == 2
        recorder.append({PRINTS: prints(3)}, START + 3)
        assert journal.pending(PRINTS).column("id").to_pylist() == [3]
        assert ids(journal.read(PRINTS)) == [1, 2, 3]
    found, _ = store.read("prints", "spot", "BTCUSDT", exact=True)
    assert ids(found) == [1, 2]
    assert found["sequence"].tolist() == [1, 2]
    assert found["price"].tolist() == [Decimal("60000.25")] * 2
    assert found["amount"].tolist() == [Decimal("0.00000001")] * 2


def test_rows_are_numbered_as_they_come_and_dated_when_they_came(journal):
    with journal.record([PRINTS], START) as recorder:
        recorder.append({PRINTS: prints(5, 4)}, START + 1.25)
        recorder.append({PRINTS: [prints(1)[0] | {"received": START + 0.5}]}, START + 2)
        found = journal.read(PRINTS)
    assert found["sequence"].tolist() == [1, 2, 3]
    assert ids(found) == [5, 4, 1]
    assert found["received"].tolist() == [at(START + 1.25), at(START + 1.25), at(START + 0.5)]


def test_several_streams_are_written_together(journal):
    book = [{"time": START, "side": "bid", "price": "1", "amount": "0", "is_snapshot": False}]
    with journal.record([PRINTS, BOOK], START) as recorder:
        recorder.append({PRINTS: prints(1), BOOK: book}, START + 1)
    assert ids(journal.read(PRINTS)) == [1]
    assert journal.read(BOOK)["is_snapshot"].tolist() == [False]


def test_bad_rows_are_refused_and_none_are_written(journal):
    with journal.record([PRINTS, BOOK], START) as recorder:
        with pytest.raises(InvalidArgument, match="no column 'mood'"):
            recorder.append({PRINTS: journal.read(PRINTS, exact=True).assign(mood="")}, START + 1)
        with pytest.raises(InvalidArgument, match="no time"):
            recorder.append({PRINTS: prints(1), BOOK: [{"price": "1"}]}, START + 1)
        assert journal.read(PRINTS).empty
        recorder.append({PRINTS: prints(1)}, START + 2)
    assert journal.read(PRINTS)["sequence"].tolist() == [1]


def test_rows_of_a_stream_the_recorder_does_not_hold_are_refused(journal):
    with journal.record([PRINTS], START) as recorder:
        with pytest.raises(InvalidArgument, match="book of spot BTCUSDT is not among"):
            recorder.append({PRINTS: prints(1), BOOK: []}, START + 1)
        assert journal.read(PRINTS).empty


def test_reading_takes_the_rows_of_a_time(journal):
    with journal.record([PRINTS], START) as recorder:
        recorder.append({PRINTS: prints(1, 2)}, START + 1)
        recorder.compact(START + 2)
        recorder.append({PRINTS: prints(3, 4)}, START + 3)
    assert ids(journal.read(PRINTS, at(START + 0.002), at(START + 0.004))) == [2, 3]


def test_rows_that_come_late_go_to_the_month_they_belong_to(journal, store):
    with journal.record([PRINTS], FEBRUARY - 1) as recorder:
        recorder.append({PRINTS: prints(1, time=FEBRUARY - 1)}, FEBRUARY)
        recorder.append({PRINTS: prints(2, time=FEBRUARY)}, FEBRUARY + 1)
        recorder.compact(FEBRUARY + 1)
        recorder.append({PRINTS: prints(3, time=FEBRUARY - 1)}, FEBRUARY + 2)
        recorder.close(FEBRUARY + 2)
    files = store.contents().query("kind == 'prints' and rows > 0")
    assert [name[-22:] for name in files["file"]] == [
        "2026-01-000001.parquet",
        "2026-02-000001.parquet",
    ]
    assert files["rows"].tolist() == [2, 1]
    assert ids(journal.read(PRINTS)) == [1, 2, 3]
    assert store.verify().empty


def test_a_recording_that_outgrows_a_file_continues_in_the_next(journal, store, monkeypatch):
    monkeypatch.setattr(shelves, "PART_ROWS", 10)
    monkeypatch.setattr(moving, "PART_ROWS", 10)
    with journal.record([PRINTS], START) as recorder:
        for first in range(0, 60, 4):
            recorder.append({PRINTS: prints(*range(first, first + 4))}, START + first)
            if first % 12 == 0:
                recorder.compact(START + first)
        recorder.append({PRINTS: prints(*range(60, 95))}, START + 95)
        recorder.close(START + 95)
    files = store.contents().query("kind == 'prints' and rows > 0")
    assert files["rows"].tolist() == [10] * 9 + [5]
    assert ids(store.read("prints", "spot", "BTCUSDT")[0]) == list(range(95))
    assert store.verify().empty


def test_pruning_a_recording_removes_its_old_files_and_keeps_counting(journal, store, monkeypatch):
    monkeypatch.setattr(shelves, "PART_ROWS", 10)
    monkeypatch.setattr(moving, "PART_ROWS", 10)
    with journal.record([PRINTS], START) as recorder:
        for n in range(35):
            recorder.append({PRINTS: prints(n, time=START + n)}, START + n)
            recorder.compact(START + n)
        store.prune(before=at(START + 25), kind="prints")
        files = store.contents().query("kind == 'prints' and rows > 0")
        assert files["rows"].tolist() == [5, 5]
        store.prune(before=at(START + 100), kind="prints")
        recorder.append({PRINTS: prints(35, time=START + 101)}, START + 101)
        recorder.close(START + 101)
    found, _ = store.read("prints", "spot", "BTCUSDT")
    assert found["sequence"].tolist() == [36]
    assert len(store.contents().query("kind == 'prints' and file.str.contains('2026-01')")) == 1
    assert store.verify().empty


def test_numbers_go_on_when_the_journal_was_removed(journal, store):
    with journal.record([PRINTS], START) as recorder:
        recorder.append({PRINTS: prints(1, 2)}, START + 1)
        recorder.close(START + 2)
    for path in Path(store.path).glob("journal.sqlite*"):
        path.unlink()
    with journal.record([PRINTS], START + 10) as recorder:
        recorder.append({PRINTS: prints(3)}, START + 11)
        recorder.close(START + 12)
    found, _ = store.read("prints", "spot", "BTCUSDT")
    assert found["sequence"].tolist() == [1, 2, 3]


def test_only_streams_are_recorded():
    with pytest.raises(InvalidArgument, match="prints, quotes, book"):
        Stream("trades", "spot", "BTCUSDT")


# What was listened to


def test_time_that_was_listened_to_is_covered_with_rows_and_without(journal, store):
    with journal.record([PRINTS, BOOK], START) as recorder:
        recorder.append({PRINTS: prints(1)}, START + 100)
        recorder.compact(START + 100)
        assert covered(store) == [(0, 40)]  # the last minute may turn out to be a gap
        recorder.append({}, START + 200)
        recorder.close(START + 250)
    assert covered(store) == [(0, 250)]
    assert covered(store, BOOK) == [(0, 250)]


def test_every_gap_is_a_row_and_is_not_covered(journal, store):
    with journal.record([PRINTS, BOOK], START) as recorder:
        recorder.append({}, START + 100)
        recorder.begin_gap(PRINTS, START + 90, "connection lost")
        recorder.append({}, START + 110)
        recorder.end_gap(PRINTS, START + 120)
        recorder.append({}, START + 200)
        recorder.close(START + 200)
    assert covered(store) == [(0, 90), (120, 200)]
    assert covered(store, BOOK) == [(0, 200)]
    found = store.gaps()
    assert found[["kind", "start", "end", "reason"]].values.tolist() == [
        ["prints", at(START + 90), at(START + 120), "connection lost"]
    ]
    rows, _ = store.read("gaps", "spot", "BTCUSDT")
    assert rows["stream"].tolist() == ["prints"]


def test_streams_of_one_market_may_break_at_the_same_moment(journal, store):
    with journal.record([PRINTS, BOOK], START) as recorder:
        for stream in (PRINTS, BOOK):
            recorder.begin_gap(stream, START + 10, "connection lost")
        recorder.end_gap(PRINTS, START + 20)
        recorder.compact(START + 30)
        recorder.end_gap(BOOK, START + 20)
        recorder.append({}, START + 40)
        recorder.close(START + 40)
    assert sorted(store.gaps()["kind"]) == ["book", "prints"]


def test_time_between_two_runs_is_a_gap(journal, store):
    with journal.record([PRINTS], START) as recorder:
        recorder.append({PRINTS: prints(1)}, START + 10)
    with journal.record([PRINTS], START + 50) as recorder:
        recorder.append({PRINTS: prints(2)}, START + 60)
        recorder.close(START + 60)
    assert covered(store) == [(0, 10), (50, 60)]
    assert store.gaps()[["start", "end", "reason"]].values.tolist() == [
        [at(START + 10), at(START + 50), "the recorder was not running"]
    ]


def test_a_gap_that_was_open_when_the_recorder_died_ends_at_the_next_start(journal, store):
    with journal.record([PRINTS], START) as recorder:
        recorder.begin_gap(PRINTS, START + 10, "connection lost")
        recorder.append({}, START + 20)
    with journal.record([PRINTS], START + 50) as recorder:
        recorder.close(START + 60)
    assert covered(store) == [(0, 10), (50, 60)]
    assert store.gaps()["reason"].tolist() == ["connection lost"]
    assert store.gaps()["end"].tolist() == [at(START + 50)]


def test_the_gap_is_known_also_when_all_had_moved(journal, store):
    for begin in (START, START + 100, START + 200):
        with journal.record([PRINTS], begin) as recorder:
            recorder.append({PRINTS: prints(1)}, begin + 10)
            recorder.close(begin + 10)
    assert len(store.gaps()) == 2
    assert covered(store) == [(0, 10), (100, 110), (200, 210)]


def test_a_clock_that_went_back_makes_no_gap_and_no_coverage(journal, store):
    with journal.record([PRINTS], START + 100) as recorder:
        recorder.close(START + 110)
    with journal.record([PRINTS], START + 50) as recorder:
        recorder.append({}, START + 40)
        recorder.close(START + 60)
    assert store.gaps()["reason"].tolist() == ["not stored"]
    assert covered(store) == [(50, 60), (100, 110)]


# One recorder a stream

OTHER = """
import sys
from btcc_research.store import Stream, open_journal, open_store
journal = open_journal(open_store("sandbox", sys.argv[1]))
recorder = journal.record([Stream("prints", "spot", "BTCUSDT")], float(sys.argv[2]))
recorder.append({Stream("prints", "spot", "BTCUSDT"): [{"time": float(sys.argv[2]), "id": 1}]}, float(sys.argv[2]) + 5)
print("recording", flush=True)
sys.stdin.read()
"""


def other_recorder(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", OTHER, str(tmp_path / "history"), str(START)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "recording\n"
    return process


def test_a_second_recorder_of_a_stream_is_refused_and_told_by_whom(journal, tmp_path):
    process = other_recorder(tmp_path)
    try:
        with pytest.raises(
            StorageError, match=f"process {process.pid} records the prints of spot BTCUSDT"
        ):
            journal.record([BOOK, PRINTS], START)
        with journal.record([BOOK], START) as recorder:
            recorder.append({}, START + 1)
    finally:
        process.communicate("")
    with journal.record([BOOK, PRINTS], START + 10):
        pass


def test_a_recorder_that_was_killed_is_no_obstacle_and_its_rows_are_there(journal, store, tmp_path):
    process = other_recorder(tmp_path)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with journal.record([PRINTS], START + 60) as recorder:
        assert ids(journal.read(PRINTS)) == [1]
        recorder.close(START + 70)
    assert covered(store) == [(0, 5), (60, 70)]


def test_two_recorders_of_different_streams_share_one_journal(journal, store):
    with journal.record([PRINTS], START) as one, journal.record([BOOK], START) as two:
        for n in range(20):
            one.append({PRINTS: prints(n)}, START + n)
            two.append(
                {BOOK: [{"time": START + n, "side": "bid", "price": "1", "amount": "1"}]}, START + n
            )
        assert one.compact(START + 20) == 20
        assert two.compact(START + 20) == 20
    assert store.verify().empty


# What may go wrong


def test_the_files_of_a_journal_are_for_this_user_alone(journal, store):
    old = os.umask(0)
    try:
        with journal.record([PRINTS], START) as recorder:
            recorder.append({PRINTS: prints(1)}, START)
            found = list(Path(store.path).glob("journal.sqlite*"))
            assert len(found) == 3
            assert {stat.S_IMODE(path.stat().st_mode) for path in found} == {0o600}
    finally:
        os.umask(old)


def test_every_commit_is_flushed_to_the_disk(journal):
    with journal.record([PRINTS], START) as recorder:
        database = recorder._database
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert database.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_a_full_disk_stops_loudly_and_takes_nothing_that_was_acknowledged(journal):
    with journal.record([PRINTS], START) as recorder:
        recorder.append({PRINTS: prints(1)}, START + 1)
        pages = recorder._database.execute("PRAGMA page_count").fetchone()[0]
        recorder._database.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(
            StorageError, match=r"journal\.sqlite cannot be used: database or disk is full"
        ):
            recorder.append({PRINTS: prints(*range(2, 5000))}, START + 2)
        recorder._database.execute("PRAGMA max_page_count = 100000")
        recorder.append({PRINTS: prints(5000)}, START + 3)
    found = journal.read(PRINTS)
    assert ids(found) == [1, 5000]
    assert found["sequence"].tolist() == [1, 2]


def test_a_damaged_journal_is_named(journal, store):
    Path(store.path).mkdir(parents=True)
    (Path(store.path) / "journal.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(StorageError, match=r"journal\.sqlite cannot be used"):
        journal.record([PRINTS], START)


def test_the_journal_of_a_store_elsewhere_is_on_this_machine(home):
    store = open_store("live", "memory://bucket/elsewhere")
    journal = open_journal(store)
    assert journal.path.parent == home / "journals"
    with journal.record([PRINTS], START) as recorder:
        recorder.append({PRINTS: prints(1)}, START + 1)
        recorder.close(START + 2)
    assert ids(store.read("prints", "spot", "BTCUSDT")[0]) == [1]


def test_rows_from_before_a_column_was_declared_are_read_with_it_missing(journal, monkeypatch):
    from btcc_research.protocol.endpoint import text
    from btcc_research.store import layout

    with journal.record([PRINTS], START) as recorder:
        recorder.append({PRINTS: prints(1)}, START + 1)
        more = {**layout.COLUMNS, "prints": (*layout.COLUMNS["prints"], text("venue_note"))}
        monkeypatch.setattr(layout, "COLUMNS", more)
        layout.schema_of.cache_clear()
        layout.pandas_metadata.cache_clear()
        try:
            recorder.append({PRINTS: [prints(2)[0] | {"venue_note": "x"}]}, START + 2)
            assert journal.read(PRINTS)["venue_note"].isna().tolist() == [True, False]
            recorder.compact(START + 3)
            assert journal.read(PRINTS)["venue_note"].isna().tolist() == [True, False]
        finally:
            monkeypatch.undo()
            layout.schema_of.cache_clear()
            layout.pandas_metadata.cache_clear()


# Exactly once


class Killed(BaseException):
    """As if the process had ended here."""


def kill_after(monkeypatch, name, count):
    """Let a step of moving rows be carried out some times, then end before or after it."""
    real = getattr(moving, name)
    left = [count]

    def step(*arguments):
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        result = real(*arguments)
        if left[0] == -1:
            raise Killed
        return result

    monkeypatch.setattr(moving, name, step)


@pytest.mark.parametrize("name", ["_oldest", "_forget", "_move_gaps", "transaction"])
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_moving_that_ended_anywhere_is_finished_the_next_time(
    journal, store, monkeypatch, name, count
):
    monkeypatch.setattr(shelves, "PART_ROWS", 10)
    monkeypatch.setattr(moving, "PART_ROWS", 10)
    with journal.record([PRINTS], START) as recorder:
        for n in range(25):
            recorder.append({PRINTS: prints(n)}, START + n)
        recorder.begin_gap(PRINTS, START + 30, "connection lost")
        recorder.end_gap(PRINTS, START + 40)
        recorder.append({}, START + 200)
        with monkeypatch.context() as ending, suppress(Killed):
            kill_after(ending, name, count)
            recorder.compact(START + 200)
        assert ids(journal.read(PRINTS)) == list(range(25))
        recorder.append({PRINTS: prints(25)}, START + 210)
        recorder.compact(START + 300)
    assert ids(store.read("prints", "spot", "BTCUSDT")[0]) == list(range(26))
    assert covered(store) == [(0, 30), (40, 210)]
    assert len(store.gaps()) == 1
    assert store.verify().empty


step = st.one_of(
    st.tuples(st.just("append"), st.integers(0, 7)),
    st.tuples(st.just("compact"), st.just(0)),
    st.tuples(st.just("compact, killed before forgetting"), st.just(0)),
    st.tuples(st.just("restart"), st.integers(0, 3)),
    st.tuples(st.just("gap"), st.integers(1, 3)),
)


@settings(max_examples=40, deadline=None)
@given(script=st.lists(step, max_size=14))
def test_whatever_happens_rows_are_there_once_and_time_is_covered_or_a_gap(
    tmp_path_factory, script
):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shelves, "PART_ROWS", 5)
        patch.setattr(moving, "PART_ROWS", 5)
        store = open_store("sandbox", tmp_path_factory.mktemp("store"))
        journal = open_journal(store)
        now, next_id, heard = START, 0, []
        recorder = journal.record([PRINTS], now)
        heard.append([now, now])
        for action, size in script:
            if action == "append":
                now += 1
                recorder.append({PRINTS: prints(*range(next_id, next_id + size), time=now)}, now)
                next_id += size
                heard[-1][1] = now
            elif action == "compact":
                recorder.compact(now)
            elif action == "restart":
                recorder.__exit__(None, None, None)
                now += size
                recorder = journal.record([PRINTS], now)
                heard.append([now, now])
            elif action == "gap":
                recorder.begin_gap(PRINTS, now, "connection lost")
                heard[-1][1] = now
                now += size
                recorder.end_gap(PRINTS, now)
                heard.append([now, now])
            else:
                with patch.context() as ending, suppress(Killed):
                    kill_after(ending, "_forget", 1)
                    recorder.compact(now)
            assert ids(journal.read(PRINTS)) == list(range(next_id))
        recorder.close(now)
    assert ids(store.read("prints", "spot", "BTCUSDT")[0]) == list(range(next_id))
    wanted = Intervals(((a - START) * 1_000_000, (b - START) * 1_000_000) for a, b in heard)
    assert covered(store) == [(a / 1e6, b / 1e6) for a, b in wanted]
    assert store.verify().empty
    assert set(store.gaps()["reason"]) <= {"connection lost", "the recorder was not running"}


def test_a_journal_stays_small_when_its_rows_move(journal):
    with journal.record([PRINTS], START) as recorder:
        for n in range(30):
            recorder.append({PRINTS: prints(*range(2000))}, START + n)
            recorder.compact(START + n)
        database = recorder._database
        assert database.execute("SELECT count(*) FROM batches").fetchone() == (0,)
        batch = len(encoded(_numbered("prints", prints(*range(2000)), 1, 1)))
        pages = database.execute("PRAGMA page_count").fetchone()[0]
        assert pages * 4096 < 4 * batch
