"""Paging: complete, each row once, or the hole is named, whatever the listing does."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btcc_research.paging import read_listing
from btcc_research.protocol.rows import Decoded


@dataclass(frozen=True)
class Row:
    id: int
    text: str = ""


@dataclass
class Server:
    """A listing, newest first, that may change before each request."""

    rows: list
    cap: int = 100
    counts: bool = False
    before: object = None
    asked: int = 0

    def fetch(self, offsets):
        pages = []
        for offset in offsets:
            self.asked += 1
            if self.before:
                self.before(self)
            page = self.rows[offset : offset + self.cap]
            total = len(self.rows) if self.counts else None
            pages.append(Decoded(page, total))
        return pages


def numbered(count):
    return [Row(number) for number in range(count, 0, -1)]


@pytest.mark.parametrize("count", [0, 1, 2, 99, 100, 101, 199, 200, 299, 1000])
@pytest.mark.parametrize("cap", [100, 50, 7, 2])
def test_a_quiet_listing_is_read_whole_whatever_the_server_gives_at_once(count, cap):
    listing = read_listing(Server(numbered(count), cap).fetch)
    assert listing.rows == numbered(count)
    assert listing.repeats == 0
    assert listing.holes == []


def test_rows_that_arrive_while_reading_are_neither_lost_nor_doubled():
    server = Server(numbered(500))
    newest = [500]

    def arrive(server):
        newest[0] += 1
        server.rows.insert(0, Row(newest[0]))

    server.before = arrive
    listing = read_listing(server.fetch)
    assert [row.id for row in listing.rows] == list(range(501, 0, -1))
    assert listing.holes == []


def test_more_rows_than_a_page_may_arrive_between_two_pages():
    server = Server(numbered(300))
    newest = [300]

    def arrive(server):
        if server.asked in (2, 3):
            for _ in range(250):
                newest[0] += 1
                server.rows.insert(0, Row(newest[0]))

    server.before = arrive
    listing = read_listing(server.fetch)
    assert [row.id for row in listing.rows] == list(range(300, 0, -1))
    assert listing.holes == []


def test_a_row_that_vanishes_does_not_hide_its_neighbour():
    server = Server(numbered(400))

    def vanish(server):
        if server.asked == 2:
            del server.rows[:5]

    server.before = vanish
    listing = read_listing(server.fetch)
    assert [row.id for row in listing.rows] == list(range(400, 0, -1))
    assert listing.holes == []


def test_the_anchor_itself_may_vanish():
    server = Server(numbered(400))

    def vanish(server):
        if server.asked == 2:
            server.rows = [row for row in server.rows if row.id != 301]

    server.before = vanish
    listing = read_listing(server.fetch)
    assert [row.id for row in listing.rows] == list(range(400, 0, -1))
    assert listing.holes == []


def test_the_end_of_the_listing_may_vanish_with_the_anchor():
    server = Server(numbered(150))

    def vanish(server):
        if server.asked == 3:
            server.rows = server.rows[:-60]

    server.before = vanish
    listing = read_listing(server.fetch)
    assert {row.id for row in listing.rows} >= set(range(150, 60, -1))
    assert listing.holes == []
    assert server.asked < 10


def test_where_nothing_reappears_the_hole_is_named():
    server = Server(numbered(400))

    def replace(server):
        if server.asked == 2:
            server.rows = [Row(row.id + 10_000) for row in server.rows]

    server.before = replace
    listing = read_listing(server.fetch)
    assert listing.holes
    assert "after id 301" in listing.holes[0]


def test_different_rows_with_one_id_are_all_kept():
    rows = [Row(2, "buy"), Row(2, "sell"), Row(1)]
    assert read_listing(Server(rows).fetch).rows == rows


def test_identical_rows_are_kept_once_and_counted():
    rows = [Row(3), Row(2), Row(2), Row(1)]
    listing = read_listing(Server(rows).fetch)
    assert listing.rows == [Row(3), Row(2), Row(1)]
    assert listing.repeats == 1


def test_an_order_that_changes_while_it_is_listed_is_one_order():
    server = Server([Row(n, "0") for n in range(150, 0, -1)])

    def fill(server):
        server.rows = [Row(row.id, str(server.asked)) for row in server.rows]

    server.before = fill
    listing = read_listing(server.fetch, changing=True)
    assert [row.id for row in listing.rows] == list(range(150, 0, -1))


def test_the_servers_count_is_compared():
    server = Server(numbered(150), counts=True)
    assert read_listing(server.fetch, changing=True).holes == []


def test_a_count_that_stays_different_is_a_hole():
    server = Server(numbered(150))

    def fetch(offsets):
        return [Decoded(page.rows, 160) for page in server.fetch(offsets)]

    holes = read_listing(fetch, changing=True).holes
    assert holes == ["the server counts 160 rows, 150 were read"]


def test_a_limit_stops_early_with_the_newest():
    server = Server(numbered(1000))
    listing = read_listing(server.fetch, limit=150)
    assert [row.id for row in listing.rows] == list(range(1000, 850, -1))
    assert listing.limited
    assert server.asked < 6


@st.composite
def upheavals(draw):
    """What happens before each request: rows arrive, or vanish."""
    return draw(
        st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)), min_size=0, max_size=30)
    )


def check_listing_that_moves(count, cap, events):
    server = Server(numbered(count), cap)
    gone, newest, steps = set(), [count], iter(events)

    def upheaval(server):
        arriving, leaving = next(steps, (0, 0))
        lost = [row.id for row in server.rows[2 : 2 + leaving]]
        server.rows = [row for row in server.rows if row.id not in lost]
        gone.update(lost)
        for _ in range(arriving):
            newest[0] += 1
            server.rows.insert(0, Row(newest[0]))

    server.before = upheaval
    listing = read_listing(server.fetch, size=cap)
    found = [row.id for row in listing.rows]
    assert len(found) == len(set(found))
    if not listing.holes:
        assert set(range(1, count + 1)) - gone <= set(found)


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 260), st.integers(2, 30), upheavals())
def test_under_any_arrivals_and_losses_rows_come_once_or_the_hole_is_named(count, cap, events):
    check_listing_that_moves(count, cap, events)


@pytest.mark.slow
@settings(max_examples=5_000, deadline=None)
@given(st.integers(0, 1_000), st.integers(2, 100), upheavals())
def test_the_same_holds_for_five_thousand_longer_listings(count, cap, events):
    check_listing_that_moves(count, cap, events)
