"""Simulated products: listing, quotes, hours, funding."""

from datetime import UTC, datetime
from decimal import Decimal as D
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from btcc_research.sandbox import futures_rules
from btcc_research.sandbox.futures_hours import UTC_PLUS_8, ScheduleClock, is_open, open_minutes
from btcc_research.sandbox.futures_listing import METAL, STOCK
from btcc_research.sandbox.futures_market import SECOND_US
from btcc_research.sandbox.futures_settings import FuturesSettings
from tests.sandbox.futures_desk import DAY, HOUR, MARKET, NAMES, NOW, PATHS, market


def minute_of(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) // 60


# Listing


def test_the_products_are_of_every_kind():
    products = MARKET.products.values()
    names = {rules.product.rsplit("/")[-1] for rules in products}
    assert names >= {
        "BTCUSDT100x", "ETHUSDT100x", "SOLUSDT50x", "XRPUSDT50x", "DOGEUSDT50x", "BTCUSD50x",
        "ETHUSD50x", "TSLAUSDT20x", "XAUUSDT20x", "1000BONKUSDT20x",
    }  # fmt: skip
    assert MARKET.products[NAMES["BTCUSDT"]].product == "GWFX/USDT/GTS/MM/STD/0/A/BTCUSDT100x"
    assert {rules.contract for rules in products} == {"USDT-margined", "coin-margined"}
    assert {rules.carry for rules in products} == {"funding", "rollover"}
    assert [rules.market for rules in products if rules.status == "deleted"] == ["LUNAUSDT"]
    for unique in ("product_id", "quote_code", "short_name", "product", "market"):
        assert len({getattr(rules, unique) for rules in products}) == len(MARKET.products)


@pytest.mark.parametrize(
    ("pair", "code", "short"),
    [
        ("BTCUSDT", 3_289_142, "BTC/USDT.100x"),
        ("ETHUSDT", 3_616_822, "ETH/USDT.100x"),
        ("TSLAUSDT", 5210, "TSLA/USDT.20x"),
    ],
)
def test_names_and_codes_of_the_quote_socket(pair, code, short):
    rules = MARKET.products[NAMES[pair]]
    assert (rules.quote_code, rules.short_name) == (code, short)


def test_every_name_leads_to_its_pair():
    for rules in MARKET.products.values():
        short = rules.short_name.split(".")[0].replace("/", "")
        last = rules.product.rsplit("/", 1)[-1].removesuffix(f"{rules.max_leverage}x")
        assert short == last == rules.market


# Quotes


@pytest.mark.parametrize("pair", ["BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "DOGEUSDT"])
def test_the_middle_is_the_spot_price_of_the_second(pair):
    for now in range(NOW, NOW + 90 * SECOND_US, 7 * SECOND_US):
        quote = MARKET.quote(NAMES[pair], now + 123_456)
        assert quote.mid == PATHS[pair].price(now)
        assert quote.spread == MARKET.products[NAMES[pair]].spread
        assert quote.time == now


def test_coin_margined_products_follow_the_price_in_dollars():
    quote, spot = MARKET.quote(NAMES["BTCUSD"], NOW), MARKET.quote(NAMES["BTCUSDT"], NOW)
    assert (quote.bid, quote.ask) == (spot.bid, spot.ask)


def test_quotes_are_repeatable_and_differ_by_seed():
    again, other = market(), market(8)
    for name in MARKET.products:
        assert again.quote(name, NOW) == MARKET.quote(name, NOW)
        assert other.quote(name, NOW) != MARKET.quote(name, NOW)


def test_the_prices_of_a_minute_are_those_of_its_seconds():
    path = PATHS["XRPUSDT"]
    for minute in range(NOW // 60_000_000, NOW // 60_000_000 + 40):
        seconds = [path.ticks(minute * 60 + second) for second in range(60)]
        assert path.seconds(minute).tolist() == seconds
        candle = path.minutes(minute, minute)
        assert (min(seconds), max(seconds)) <= (candle.low[0], candle.high[0])
        assert candle.low[0] in seconds
        assert candle.high[0] in seconds


@pytest.mark.parametrize("pair", ["BTCUSDT", "TSLAUSDT", "XAUUSDT"])
def test_the_first_touch_is_the_first_second_outside(pair):
    name, start = NAMES[pair], NOW // SECOND_US // 86_400 * 86_400 + 12 * 3600
    rules = MARKET.products[name]
    seconds = range(start + 1, start + 6 * 3600)
    open_ones = [s for s in seconds if is_open(rules.schedule, s // 60)]
    prices = {second: MARKET.ticks(name, second) for second in open_ones}
    for spread in (3, 40, 300):
        middle = MARKET.ticks(name, start)
        low, high = middle - spread, middle + spread
        expected = next((s for s, p in prices.items() if p <= low or p >= high), None)
        assert MARKET.first_touch(name, low, high, start, seconds[-1]) == expected


# Hours


def new_york(minute):
    here = datetime.fromtimestamp(minute * 60, ZoneInfo("America/New_York"))
    return here.isoweekday() <= 5 and 570 <= here.hour * 60 + here.minute < 960


@pytest.mark.parametrize("day", ["2026-03-06", "2026-03-09", "2026-07-15", "2026-10-30",
                                 "2026-11-02", "2026-11-21", "2026-11-23"])  # fmt: skip
def test_the_stock_trades_when_new_york_does_in_summer_and_in_winter(day):
    first = minute_of(day)
    expected = [new_york(minute) for minute in range(first, first + 1440)]
    assert open_minutes(STOCK, first // 1440).tolist() == expected


@pytest.mark.parametrize("day", ["2026-03-08", "2026-11-01"])
def test_the_days_on_which_the_clocks_change_are_counted_minute_by_minute(day):
    first = minute_of(day)
    expected = [
        any(
            hours.holds(moment)
            for hours in METAL.rows
            if (hours.weekday, hours.season) == (weekday, season)
        )
        for weekday, moment, season in map(UTC_PLUS_8.read, range(first, first + 1440))
    ]
    assert open_minutes(METAL, first // 1440).tolist() == expected


def test_another_clock_reads_the_same_rows_as_other_hours():
    monday = minute_of("2026-07-13")
    utc = ScheduleClock("UTC")
    assert is_open(STOCK, monday + 1290, utc)
    assert not is_open(STOCK, monday + 1290)
    assert is_open(STOCK, monday + 1290 - 480)


def test_gold_rests_an_hour_a_day_and_at_the_weekend():
    week = range(minute_of("2026-07-13") // 1440, minute_of("2026-07-20") // 1440)
    hours = [int(open_minutes(METAL, day).sum()) / 60 for day in week]
    assert hours == [23, 23, 23, 23, 21, 0, 2]


def test_a_closed_market_keeps_the_quote_of_its_last_second():
    name, saturday = NAMES["TSLAUSDT"], minute_of("2026-07-18T12:00") * 60
    closed = minute_of("2026-07-17T20:00") * 60
    assert MARKET.quote(name, saturday * SECOND_US) == MARKET.quote(name, (closed - 1) * SECOND_US)
    assert MARKET.next_open(name, saturday) == minute_of("2026-07-20T13:30") * 60
    assert MARKET.next_open(name, closed - 1) == closed - 1


# Funding


def test_funding_rates_vary_and_are_settled_at_the_hours_of_the_setting():
    rates = MARKET.settled_rates(NAMES["BTCUSDT"], NOW - 120 * DAY, NOW)
    times = [time for time, _ in rates]
    assert {time % DAY // HOUR for time in times} == {0, 8, 16}
    assert len(rates) == 360
    assert np.diff(times).tolist() == [8 * HOUR] * 359
    values = {rate for _, rate in rates}
    assert len(values) > 60
    assert min(values) < 0 < D("0.0005") < max(values)
    assert all(rate == rate.quantize(D("0.000001")) for rate in values)
    old = market(funding_hours=(1, 9, 17)).settled_rates(NAMES["BTCUSDT"], NOW - DAY, NOW)
    assert [time % DAY // HOUR for time, _ in old] == [17, 1, 9]


def test_the_bounds_of_settled_rates_are_included():
    name, midnight = NAMES["BTCUSDT"], NOW // DAY * DAY
    found = MARKET.settled_rates(name, midnight - 8 * HOUR, midnight)
    assert [time for time, _ in found] == [midnight - 8 * HOUR, midnight]
    assert found[1][1] == MARKET.rate(name, midnight)


def test_a_settled_rate_is_the_average_premium_of_the_minutes_before_it():
    name, midnight = NAMES["BTCUSDT"], NOW // DAY * DAY
    premiums = []
    for minute in range(480):
        now = midnight - 8 * HOUR + minute * 60 * SECOND_US
        index = MARKET.index(name, now)
        premiums.append(futures_rules.average_premium(index, [MARKET.quote(name, now).mid]))
    average = sum(premiums) / 480
    expected = futures_rules.funding_rate(average, FuturesSettings())
    assert abs(MARKET.rate(name, midnight) - expected) <= D("0.000001")


def test_the_estimate_moves_by_minutes_and_becomes_the_settled_rate():
    name = NAMES["BTCUSDT"]
    moment = max(MARKET.settled_rates(name, NOW - 60 * DAY, NOW), key=lambda settled: settled[1])[0]
    minutes = [MARKET.estimate(name, moment - back * 60 * SECOND_US) for back in range(1, 20)]
    assert len(set(minutes)) > 5
    assert abs(minutes[0] - MARKET.rate(name, moment)) < D("0.00001")


def test_tokenized_products_have_no_funding():
    assert MARKET.settled_rates(NAMES["XAUUSDT"], NOW - DAY, NOW) == []
    assert MARKET.estimate(NAMES["XAUUSDT"], NOW) is None


def test_nothing_was_settled_before_the_first_day():
    assert MARKET.settled_rates(NAMES["BTCUSDT"], 0, 1_500_000_000_000_000) == []
