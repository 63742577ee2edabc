"""Numbered pages: complete, counted, or the hole is named."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btcc_research.numbered import MOST_ROUNDS, read_numbered
from btcc_research.protocol.rows import Decoded


@dataclass(frozen=True)
class Row:
    id: int
    time: float
    note: str = ""


class Server:
    """A report cut into pages; rows may arrive between requests."""

    def __init__(self, rows, *, counts=True, cap=1000, newest_first=True):
        self.rows, self.counts, self.cap = list(rows), counts, cap
        self.newest_first = newest_first
        self.asked = []
        self.before = lambda number: None

    def fetch(self, numbers, size):
        return [self.page(number, size) for number in numbers]

    def page(self, number, size):
        self.before(len(self.asked))
        self.asked.append((number, size))
        listed = sorted(self.rows, key=lambda row: row.time, reverse=self.newest_first)
        given = min(size, self.cap)
        shown = listed[(number - 1) * given : number * given]
        return Decoded(shown, len(listed) if self.counts else None)


def history(count):
    return [Row(n, 1.7e9 + n) for n in range(count)]


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250, 300])
def test_every_row_comes_once(count, counts):
    server = Server(history(count), counts=counts)
    listing = read_numbered(server.fetch)
    assert sorted(row.id for row in listing.rows) == list(range(count))
    assert listing.holes == []


@given(st.integers(0, 60), st.integers(1, 9), st.booleans(), st.booleans(), st.integers(1, 8))
def test_any_length_page_order_and_width_is_read_whole(count, size, counts, newest, ahead):
    server = Server(history(count), counts=counts, newest_first=newest)
    listing = read_numbered(server.fetch, size=size, ahead=ahead)
    assert sorted(row.id for row in listing.rows) == list(range(count))
    assert not listing.holes
    assert not listing.repeats


def test_a_full_last_page_without_a_count_takes_one_empty_page():
    server = Server(history(200), counts=False)
    read_numbered(server.fetch)
    assert [number for number, _ in server.asked] == [1, 2, 3, 1]


def test_with_a_count_no_page_is_asked_for_in_vain():
    server = Server(history(200))
    read_numbered(server.fetch)
    assert server.asked == [(1, 100), (2, 100)]


def test_a_server_that_gives_smaller_pages_is_numbered_by_those():
    server = Server(history(130), cap=50)
    listing = read_numbered(server.fetch)
    assert len(listing.rows) == 130
    assert server.asked[-1] == (3, 50)


def test_the_same_id_with_different_rows_is_kept_and_the_same_row_once():
    rows = [Row(1, 5.0), Row(1, 5.0, "other"), Row(2, 4.0)]
    server = Server([*rows, rows[2]])
    server.counts = False
    listing = read_numbered(server.fetch)
    assert sorted(row.note for row in listing.rows) == ["", "", "other"]
    assert listing.repeats == 1


@settings(max_examples=200)
@given(
    st.integers(0, 40), st.integers(2, 7), st.booleans(),
    st.dictionaries(st.integers(0, 30), st.integers(1, 3), max_size=4),
)  # fmt: skip
def test_rows_that_arrive_meanwhile_neither_hide_nor_double_others(count, size, newest, arrivals):
    server = Server(history(count), newest_first=newest)
    at_start = set(range(count))

    def arrive(request):
        for _ in range(arrivals.get(request, 0)):
            number = len(server.rows)
            server.rows.append(Row(number, 1.7e9 + number))

    server.before = arrive
    listing = read_numbered(server.fetch, size=size)
    found = [row.id for row in listing.rows]
    assert len(found) == len(set(found))
    assert at_start <= set(found)
    assert not listing.holes


def test_a_listing_that_never_stands_still_is_a_hole():
    server = Server(history(30))

    def arrive(request):
        server.rows.append(Row(1000 + request, 1.8e9 + request))

    server.before = arrive
    listing = read_numbered(server.fetch, size=10)
    assert len(listing.holes) == 1
    assert f"{MOST_ROUNDS} readings" in listing.holes[0]
    assert set(range(30)) <= {row.id for row in listing.rows}


def test_rows_that_vanish_are_noticed_by_the_count():
    server = Server(history(40))
    gone = [server.rows[39], server.rows[38]]

    def vanish(request):
        if request == 2:
            for row in gone:
                server.rows.remove(row)

    server.before = vanish
    listing = read_numbered(server.fetch, size=10)
    assert {row.id for row in listing.rows} >= set(range(38))
    assert not listing.holes


def test_a_limit_stops_early_where_pages_run_back_in_time():
    server = Server(history(500))
    listing = read_numbered(server.fetch, limit=150, ahead=1)
    assert [row.id for row in listing.rows] == list(range(499, 349, -1))
    assert listing.limited
    assert len(server.asked) == 2


def test_a_limit_reads_everything_where_the_order_is_another():
    server = Server(history(500), newest_first=False)
    listing = read_numbered(server.fetch, limit=150)
    assert len(listing.rows) == 500
    assert not listing.limited
