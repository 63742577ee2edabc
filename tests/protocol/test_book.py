"""The order book: vectors, a second implementation, and faults."""

import random
import zlib
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btcc_research.errors import ProtocolError
from btcc_research.protocol.book import (
    HOLD_SECONDS,
    MOST_HELD,
    MOST_KNOWN_PRICES,
    PUSHES_UNTIL_GIVEN_UP,
    Book,
    Depth,
    book_checksum,
    change_set,
    merged,
)
from tests.conftest import vectors
from tests.protocol.spot_world import Levels


def pairs(levels):
    return [tuple(level) for level in levels]


def depth(bids=(), asks=(), *, time=1, checksum=None, last=None):
    return Depth(pairs(asks), pairs(bids), last, time, checksum)


def book_of(bids, asks, limit=5, **more):
    book = Book("BTCUSDT", limit)
    assert book.apply(depth(bids, asks, **more), full=True, now=0.0) == "updated"
    return book


@pytest.mark.parametrize("vector", vectors("checksum"), ids=lambda v: v["id"])
@pytest.mark.parametrize("form", ["crc32_unsigned", "crc32_signed"])
def test_a_snapshot_is_verified_by_either_form_of_its_checksum(vector, form):
    book = book_of(vector["bids"], vector["asks"], 50, checksum=vector[form])
    assert book.verified
    text = ":".join(f"{price}:{amount}" for price, amount in book.bids + book.asks)
    assert text == vector["text"]
    assert book_checksum(book.bids, book.asks) == vector["crc32_unsigned"]


@pytest.mark.parametrize("vector", vectors("book_sequences"), ids=lambda v: v["id"])
@pytest.mark.parametrize("form", ["crc32_unsigned", "crc32_signed"])
def test_a_sequence_of_changes_gives_the_printed_books(vector, form):
    full = vector["full"]
    book = book_of(full["bids"], full["asks"], vector["limit"], checksum=vector[f"full_{form}"])
    for step in vector["steps"]:
        change = {side: step["change"].get(side) for side in ("bids", "asks")}
        change = {side: levels and pairs(levels) for side, levels in change.items()}
        push = Depth(**change, time=2, checksum=step[form])
        assert book.apply(push, full=False, now=1.0) == "updated"
        assert book.bids == pairs(step["book"]["bids"])
        assert book.asks == pairs(step["book"]["asks"])
        assert book.verified


@pytest.mark.parametrize("vector", vectors("depth_merge"), ids=lambda v: v["id"])
def test_levels_are_grouped_as_the_engine_family_does(vector):
    side = "buy" if vector["side"] == "bids" else "sell"
    found = merged(pairs(vector["rows"]), vector["step"], side)
    assert [tuple(map(float, level)) for level in found] == [
        tuple(map(float, level)) for level in vector["expect"]
    ]


def test_a_step_of_zero_groups_nothing():
    levels = [("10.10", "1"), ("10.05", "2.5")]
    assert merged(levels, "0", "buy") == levels


def test_a_mismatch_makes_the_book_invalid_at_once():
    book = book_of([("1", "1")], [("2", "1")], checksum=zlib.crc32(b"1:1:2:1"))
    assert book.verified
    assert book.apply(depth([("1", "3")], time=2, checksum=5), full=False, now=1.0) == "resync"
    assert not book.is_valid
    assert not book.verified
    assert book.bids == book.asks == []
    assert book.problem == "the checksum does not match"


def test_a_push_without_a_checksum_is_never_called_verified():
    book = book_of([("1", "1")], [("2", "1")], checksum=zlib.crc32(b"1:1:2:1"))
    assert book.apply(depth([("1", "3")], time=2), full=False, now=1.0) == "updated"
    assert book.is_valid
    assert not book.verified


def test_a_checksum_that_never_matches_is_given_up_and_never_called_verified():
    book = Book("BTCUSDT", 5)
    wrong = depth([("1", "1")], [("2", "1")], checksum=7)
    for _ in range(PUSHES_UNTIL_GIVEN_UP - 1):
        assert book.apply(wrong, full=True, now=0.0) == "resync"
        assert book.is_checked
    assert book.apply(wrong, full=True, now=0.0) == "updated"
    assert not book.is_checked
    right = depth([("1", "1")], [("2", "1")], time=2, checksum=zlib.crc32(b"1:1:2:1"))
    assert book.apply(right, full=True, now=1.0) == "updated"
    assert book.is_valid
    assert not book.verified


def test_a_checksum_that_matched_once_is_never_given_up():
    book = book_of([("1", "1")], [("2", "1")], checksum=zlib.crc32(b"1:1:2:1"))
    for time in range(2, 3 * PUSHES_UNTIL_GIVEN_UP):
        assert book.apply(depth([("1", "1")], time=time, checksum=7), full=True, now=0) == "resync"
    assert book.is_checked


def test_a_time_that_goes_back_asks_for_a_new_book():
    book = book_of([("1", "1")], [("2", "1")], time=10)
    assert book.apply(depth([("1", "3")], time=9), full=False, now=1.0) == "resync"
    assert book.apply(depth([("1", "3")], time=9), full=True, now=1.0) == "updated"


def test_an_older_snapshot_of_the_same_moment_is_not_trusted():
    first = depth([("1", "1")], [("2", "1")], time=9, checksum=zlib.crc32(b"1:1:2:1"))
    book = book_of([("1", "1")], [("2", "1")], time=9, checksum=first.checksum)
    change = depth([("1", "3")], time=9, checksum=zlib.crc32(b"1:3:2:1"))
    assert book.apply(change, full=False, now=0.0) == "updated"
    assert book.apply(first, full=True, now=0.0) == "resync"
    assert not book.verified


def test_changes_before_their_snapshot_are_held_and_applied_after_it():
    book = Book("BTCUSDT", 5)
    older = depth([("1", "8")], time=4)
    younger = depth([("1", "9")], time=6, checksum=zlib.crc32(b"1:9:2:1"))
    assert book.apply(older, full=False, now=0.0) == "held"
    assert book.apply(younger, full=False, now=0.1) == "held"
    snapshot = depth([("1", "1")], [("2", "1")], time=5, checksum=zlib.crc32(b"1:1:2:1"))
    assert book.apply(snapshot, full=True, now=0.2) == "updated"
    assert book.bids == [("1", "9")]
    assert book.verified


def test_changes_without_a_snapshot_wait_five_seconds():
    book = Book("BTCUSDT", 5)
    assert book.apply(depth([("1", "1")]), full=False, now=100.0) == "held"
    assert not book.is_overdue(100.0 + HOLD_SECONDS - 0.01)
    assert book.is_overdue(100.0 + HOLD_SECONDS)
    assert book.apply(depth([("1", "1")]), full=False, now=100.0 + HOLD_SECONDS) == "resync"
    assert not book.is_overdue(200.0)


def test_what_is_held_is_bounded():
    book = Book("BTCUSDT", 5)
    outcomes = [book.apply(depth([("1", "1")]), full=False, now=0.0) for _ in range(MOST_HELD + 1)]
    assert outcomes[-1] == "resync"
    assert set(outcomes[:-1]) == {"held"}


def test_crossed_and_one_sided_books_are_kept_and_flagged():
    crossed = book_of([("10.1", "1")], [("10.1", "2")])
    assert crossed.is_crossed
    assert not crossed.is_one_sided
    one_sided = book_of([("10.1", "1")], [])
    assert one_sided.is_one_sided
    assert not one_sided.is_crossed
    view = one_sided.view()
    assert (view.bids, view.asks, view.is_one_sided) == ((("10.1", "1"),), (), True)


def test_a_view_does_not_change_with_its_book():
    book = book_of([("1", "1")], [("2", "1")], last="1.5", time=1768212345123)
    view = book.view()
    book.apply(depth([("1", "9")], time=1768212345124), full=False, now=0.0)
    assert view.bids == (("1", "1"),)
    assert (view.last, view.time) == ("1.5", 1768212345.123)


@pytest.mark.parametrize(
    "level",
    [("x", "1"), ("1", "x"), ("", "1"), ("1", ""), ("1_0", "1"), (" 1", "1"), ("nan", "1"),
     ("inf", "1"), ("-1", "1"), ("1", "-1"), ("0", "1"), ("1.2.3", "1"), ("1", "1.2.3"),
     ("٣", "1"), ("1", "٣"), ("1e999", "1"), ("9" * 50, "1"), ("1", "0x1")],
)  # fmt: skip
def test_a_level_that_is_not_two_numbers_is_refused_and_the_book_dropped(level):
    book = book_of([("1", "1")], [("2", "1")])
    with pytest.raises(ProtocolError, match="BTCUSDT"):
        book.apply(depth([level], time=2), full=False, now=0.0)
    assert not book.is_valid


def test_an_unusual_spelling_of_a_number_is_kept_as_received():
    book = book_of([("1e-7", "2E+1")], [("1", "0.0")])
    assert book.bids == [("1e-7", "2E+1")]
    assert book.asks == []


def test_remembered_prices_are_bounded():
    book = Book("BTCUSDT", 5)
    for number in range(1, 3 * MOST_KNOWN_PRICES):
        book.apply(depth([(str(number), "1")], time=number), full=True, now=0.0)
    assert len(book._known) <= MOST_KNOWN_PRICES + 1


PRICE = st.integers(1, 60).map(lambda n: f"{n / 4:.2f}")
AMOUNT = st.sampled_from(["0", "0.00", "1", "1.0", "2.50", "0.00001"])
SIDE = st.lists(st.tuples(PRICE, AMOUNT), max_size=8)


class Model:
    """The book as a dictionary, which is slow and obvious."""

    def __init__(self, limit):
        self.limit, self.sides = limit, {"bids": {}, "asks": {}}

    def apply(self, change, full):
        for name, sign in (("bids", -1), ("asks", 1)):
            side = {} if full else self.sides[name]
            for price, amount in change[name]:
                side.pop(float(price), None)
                if float(amount):
                    side[float(price)] = (price, amount)
            best = sorted(side, key=lambda price: sign * price)[: self.limit]
            self.sides[name] = {price: side[price] for price in best}

    def levels(self, name):
        return list(self.sides[name].values())


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.booleans(), SIDE, SIDE), min_size=1, max_size=20), st.integers(1, 6))
def test_a_book_equals_the_obvious_one(steps, limit):
    book, model = Book("BTCUSDT", limit), Model(limit)
    for time, (whole, bids, asks) in enumerate(steps, 1):
        full = whole or time == 1
        model.apply({"bids": bids, "asks": asks}, full)
        wanted = book_checksum(model.levels("bids"), model.levels("asks"))
        change = depth(bids, asks, time=time, checksum=wanted)
        assert book.apply(change, full=full, now=0.0) == "updated"
        assert book.bids == model.levels("bids")
        assert book.asks == model.levels("asks")
        assert book.verified


@settings(max_examples=200, deadline=None)
@given(SIDE, SIDE, st.integers(1, 6))
def test_a_change_set_turns_one_window_into_the_other(before, after, limit):
    model = Model(limit)
    model.apply({"bids": before, "asks": []}, full=True)
    old = model.levels("bids")
    model.apply({"bids": after, "asks": []}, full=True)
    new = model.levels("bids")
    book = book_of(old, [], limit)
    book.apply(depth(change_set(old, new), time=2), full=False, now=0.0)
    assert book.bids == new


def follow_with_faults(changes, seed, changes_a_time):
    """Push changes with one in a hundred lost, doubled or moved; return what was shown.

    After every push a book that calls itself verified must be the true book of the latest
    push that was delivered. Pushes of one millisecond that arrive in the wrong order can be
    told apart by nothing where the second one undoes the first: there the true book of any
    of them will do, and the next push shows which it was.
    """

    def time_of(number):
        return 1 + number // changes_a_time

    faults = random.Random(seed)
    levels = Levels(seed, limit=10)
    book = Book("BTCUSDT", 10)
    truth = {0: levels.window()}
    queue = deque([(0, True)])
    latest, verified, resyncs = 0, 0, 0
    texts = {}
    for number in range(1, changes + 1):
        levels.change()
        truth[number] = levels.window()
        truth.pop(number - 40, None)
        texts[number] = change_of(truth, number, time_of(number))
        texts.pop(number - 40, None)
        kind = faults.random()
        if kind >= 0.0033:
            queue.append((number, False))
        if 0.0033 <= kind < 0.0066:
            queue.append((number, False))
        if 0.0066 <= kind < 0.01 and len(queue) > 1:
            queue[-1], queue[-2] = queue[-2], queue[-1]
        while len(queue) > 3 or (queue and kind > 0.5):
            pushed, full = queue.popleft()
            push = snapshot_of(truth, pushed, time_of(pushed)) if full else texts[pushed]
            latest = max(latest, pushed)
            if book.apply(push, full=full, now=0.0) == "resync":
                resyncs += 1
                queue.append((number, True))
            if book.verified:
                verified += 1
                moment = [n for n in truth if n <= latest and time_of(n) == time_of(latest)]
                shown = (tuple(book.bids), tuple(book.asks))
                assert shown in [truth[n] for n in moment]
    return verified, resyncs


def snapshot_of(truth, number, time):
    bids, asks = truth[number]
    return Depth(list(asks), list(bids), None, time, book_checksum(bids, asks))


def change_of(truth, number, time):
    (old_bids, old_asks), (bids, asks) = truth[number - 1], truth[number]
    return Depth(
        change_set(old_asks, asks), change_set(old_bids, bids), None, time,
        book_checksum(bids, asks),
    )  # fmt: skip


@pytest.mark.parametrize("changes_a_time", [1, 3])
def test_no_wrong_book_is_ever_called_verified(changes_a_time):
    verified, resyncs = follow_with_faults(10_000, 5, changes_a_time)
    assert verified > 8_000
    assert resyncs > 20


@pytest.mark.slow
@pytest.mark.parametrize("changes_a_time", [1, 3])
def test_no_wrong_book_is_ever_called_verified_in_a_million_changes(changes_a_time):
    verified, resyncs = follow_with_faults(500_000, 11, changes_a_time)
    assert verified > 400_000
    assert resyncs > 1_000
