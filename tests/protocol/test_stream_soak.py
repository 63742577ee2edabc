"""A day of virtual traffic: disconnects, half-open connections, and memory that stays flat."""

import gc
import random
import tracemalloc

import pytest

from btcc_research.protocol import stream_events as events
from btcc_research.protocol.spot_follow import Subscription
from btcc_research.protocol.spot_requests import Names, key_login
from btcc_research.protocol.spot_stream import DEAD_SECONDS, SpotStream
from tests.protocol import quote_world, spot_world
from tests.protocol.spot_world import ACCESS_ID, BALANCES, CANDLE, SECRET_KEY, deal, order, ticker

DAY = 86_400
MEBIBYTE = 1024 * 1024
CHANNELS = [
    Subscription("trades", "BTCUSDT"),
    Subscription("klines", "BTCUSDT"),
    Subscription("book", "BTCUSDT", limit=10),
    Subscription("tickers", "BTCUSDT"),
    Subscription("orders"),
    Subscription("balances"),
]


class SpotSide:
    """The spot socket: a client, a server, and a push or two every second."""

    silence = int(DEAD_SECONDS)

    def __init__(self):
        self.world = spot_world.World()
        self.client = SpotStream(key_login(ACCESS_ID, SECRET_KEY), names=Names())
        for wanted in CHANNELS:
            self.client.subscribe(wanted, 0.0)
        self.keys = [(wanted.channel, wanted.market) for wanted in CHANNELS]

    def connect(self, now):
        return self.world.connect(self.client, now)

    def second(self, now):
        """Let a second pass in which everything is delivered."""
        server, client, number = self.world.server, self.client, int(now)
        self.world.levels.change()
        server.push_trades("BTCUSDT", [deal(number, time=number * 1_000_000)])
        if number % 5 == 0:
            server.push_klines("BTCUSDT", 60, [[number - number % 60, *CANDLE[1:]]])
            server.push_ticker("BTCUSDT", ticker())
            server.push_order("changed", order(id=number))
            server.push_balance(BALANCES[1])
        return self.world.talk(client, now)

    def is_whole(self):
        book = self.client.book("BTCUSDT")
        bids, asks = self.world.levels.window()
        return (
            self.client.subscriptions == CHANNELS
            and all(self.client.is_live(*key) for key in self.keys)
            and book.verified
            and (tuple(book.bids), tuple(book.asks)) == (bids, asks)
        )


class QuoteSide:
    """The quote socket likewise; its data arrives with the first push after the login."""

    silence = 20

    def __init__(self):
        self.world = quote_world.World()
        self.client = quote_world.client_of()
        self.client.subscribe("BTCUSDT", 0.0, deep=True)
        self.client.subscribe("ETHUSDT", 0.0)
        self.keys = [("quotes", "BTCUSDT"), ("book", "BTCUSDT"), ("quotes", "ETHUSDT")]

    def connect(self, now):
        return self.world.connect(self.client, now) + self.world.push(self.client, now)

    def second(self, now):
        found = self.world.talk(self.client, now)
        self.world.asked.clear()
        return found + self.world.push(self.client, now)

    def is_whole(self):
        return all(self.client.is_live(*key) for key in self.keys)


def disconnects(seconds, count, silence, rng):
    """Choose when connections end, how, and how long a new one takes."""
    room = seconds // count
    longest = max(1, min(30, room - silence - 3))
    for number in range(count):
        wait = rng.randint(1, longest)
        half_open = rng.random() < 0.3
        lasts = wait + (silence if half_open else 0)
        first = 1 if number == 0 else 0
        at = number * room + rng.randint(first + 1, max(first + 1, room - lasts - 2))
        yield at, half_open, wait


def faults(found):
    """Return what is not data: gaps, dead connections, failures."""
    kinds = events.Gap | events.Dead | events.SetAside | events.Failed | events.LoginFailed
    return [event for event in found if isinstance(event, kinds)]


def end_connection(side, now, half_open):
    """End the connection; return the time at which that is known, and what was reported."""
    client = side.client
    if not half_open:
        return now, faults(client.lost(float(now), "closed"))
    found = []
    for _ in range(side.silence):  # nothing arrives any more, and nobody says so
        now += 1
        found += faults(client.advance(float(now)))
        client.texts_to_send()
    return now, found


def run(side, seconds, count, seed):
    """Drive a side second by second and check every gap; return how much memory grew."""
    rng, now, baseline, closed = random.Random(seed), 0, None, 0
    assert not faults(side.connect(0.0))
    for at, half_open, wait in disconnects(seconds, count, side.silence, rng):
        while now < at:
            now += 1
            assert not faults(side.client.advance(float(now)) + side.second(float(now)))
        assert side.is_whole()
        since = float(now)
        now, ending = end_connection(side, now, half_open)
        opened = [event for event in ending if isinstance(event, events.Gap)]
        assert {(gap.channel, gap.market, gap.since, gap.until) for gap in opened} == {
            (*key, since, None) for key in side.keys
        }
        assert any(isinstance(event, events.Dead) for event in ending) is half_open
        now += wait
        ended = faults(side.connect(float(now)))
        assert {(gap.channel, gap.market, gap.since, gap.until) for gap in ended} == {
            (*key, since, float(now)) for key in side.keys
        }
        closed += len(ended)
        if baseline is None and now > seconds / 10:
            baseline = memory()
    assert closed == count * len(side.keys)
    assert baseline is not None
    return memory() - baseline


def memory():
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def soak(side, seconds, count, seed):
    tracemalloc.start()
    try:
        grown = run(side, seconds, count, seed)
    finally:
        tracemalloc.stop()
    assert grown < 4 * MEBIBYTE, f"{grown / MEBIBYTE:.1f} MiB"
    return grown


@pytest.mark.parametrize("side", [SpotSide, QuoteSide])
def test_an_hour_with_forty_disconnects_loses_nothing_unsaid(side):
    soak(side(), 3_600, 40, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("side", [SpotSide, QuoteSide])
def test_a_day_with_a_thousand_disconnects_loses_nothing_unsaid(side):
    soak(side(), DAY, 1_000, seed=2)
