"""Simulated prices: repeatable, consistent between intervals, for any range."""

import numpy as np
import pytest

from btcc_research.sandbox.market import DAY, SIMULATIONS, decimal_texts, price_paths

NOW = 1_795_430_123
NAMES = [simulated.rules.market for simulated in SIMULATIONS]


@pytest.fixture(scope="module")
def paths():
    return price_paths(7)


def minutes(path, start, end, now=NOW):
    return path.candles(start, end, 60, now * 1_000_000)


def test_there_are_enough_markets_with_different_precisions():
    assert len(NAMES) >= 6
    assert len({(s.rules.price_precision, s.rules.amount_precision) for s in SIMULATIONS}) >= 6


@pytest.mark.parametrize("name", NAMES)
def test_a_candle_contains_its_prices_and_its_turnover_fits(paths, name):
    found = minutes(paths[name], NOW - 3 * DAY, NOW)
    assert (found.low <= np.minimum(found.open, found.close)).all()
    assert (found.high >= np.maximum(found.open, found.close)).all()
    assert (found.low > 0).all()
    assert (found.volume > 0).all()
    assert (found.turnover >= found.low * found.volume).all()
    assert (found.turnover <= found.high * found.volume).all()
    assert (found.open[1:] == found.close[:-1]).all()
    assert (np.diff(found.open_time) == 60).all()


def test_a_range_does_not_depend_on_what_was_asked_before(paths):
    whole = minutes(paths["BTCUSDT"], NOW - 2 * DAY, NOW)
    fresh = price_paths(7)["BTCUSDT"]
    part = minutes(fresh, NOW - DAY, NOW - DAY // 2)
    place = np.searchsorted(whole.open_time, part.open_time[0])
    for name in ("open", "close", "high", "low", "volume", "turnover"):
        assert (getattr(whole, name)[place : place + len(part.open)] == getattr(part, name)).all()


def test_another_seed_is_another_market(paths):
    other = minutes(price_paths(8)["BTCUSDT"], NOW - DAY, NOW)
    assert (minutes(paths["BTCUSDT"], NOW - DAY, NOW).close != other.close).mean() > 0.9


@pytest.mark.parametrize("interval", [300, 3600, 86_400, 604_800])
def test_longer_candles_are_made_of_minutes(paths, interval):
    path = paths["ETHUSDT"]
    start = NOW // 604_800 * 604_800 - 604_800
    long = path.candles(start, start + 604_800 - 1, interval, NOW * 1_000_000)
    short = minutes(path, start, start + 604_800 - 1)
    width = interval // 60
    shape = (len(long.open), width)
    assert (long.high == short.high.reshape(shape).max(axis=1)).all()
    assert (long.low == short.low.reshape(shape).min(axis=1)).all()
    assert (long.open == short.open[::width]).all()
    assert (long.close == short.close[width - 1 :: width]).all()
    assert (long.volume == short.volume.reshape(shape).sum(axis=1)).all()
    assert (long.open_time % interval == 0).all()


def test_the_running_candle_ends_at_the_price_of_the_moment(paths):
    path = paths["BTCUSDT"]
    for now in range(NOW, NOW + 120, 7):
        running = path.candles(now - 60, now, 60, now * 1_000_000)
        assert running.open_time[-1] == now // 60 * 60
        assert running.close[-1] == int(path.price(now * 1_000_000).scaleb(2))
        assert running.low[-1] <= running.close[-1] <= running.high[-1]


def test_nothing_opens_after_now_or_before_the_first_day(paths):
    found = minutes(paths["ZROUSDT"], 0, NOW + DAY)
    assert found.open_time[-1] == NOW // 60 * 60
    assert found.open_time[0] == 19_894 * DAY
    assert len(minutes(paths["ZROUSDT"], 0, 1_000_000).open) == 0


def test_the_candle_that_contains_the_start_is_included(paths):
    found = paths["BTCUSDT"].candles(NOW - 5000, NOW, 3600, NOW * 1_000_000)
    assert found.open_time[0] == (NOW - 5000) // 3600 * 3600


def test_the_cross_rate_follows_its_two_legs(paths):
    last = {name: float(paths[name].price(NOW * 1_000_000)) for name in NAMES}
    assert last["ETHBTC"] == pytest.approx(last["ETHUSDT"] / last["BTCUSDT"], rel=0.05)


def test_integers_become_plain_decimal_text():
    assert decimal_texts(np.array([0, 5, 12345, 10**17]), 2) == [
        "0.00",
        "0.05",
        "123.45",
        "1" + "0" * 15 + ".00",
    ]
    assert decimal_texts(np.array([7]), 0) == ["7"]
