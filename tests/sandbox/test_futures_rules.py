"""The dealer against the worked examples of the trading rules."""

from datetime import datetime
from decimal import ROUND_HALF_UP
from decimal import Decimal as D

import pytest

from btcc_research.protocol.futures_codes import DIRECTION, PENDING_TYPE
from btcc_research.sandbox import futures_rules
from btcc_research.sandbox.futures_hours import Hours, Schedule
from btcc_research.sandbox.futures_products import Commission, Tier
from btcc_research.sandbox.futures_settings import FuturesSettings
from btcc_research.sandbox.records import Refused
from tests.conftest import rules_vectors
from tests.sandbox.futures_desk import START, Table, coin_margined, product

VECTORS = {vector["id"]: vector for vector in rules_vectors("fut.")}


def vector(name):
    found = VECTORS[name]
    return found["inputs"], found["expected"]


def named(prefix):
    return [name for name in VECTORS if name.startswith(prefix)]


def microseconds(text):
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000


def half_up(value, places):
    return value.quantize(D(1).scaleb(-places), ROUND_HALF_UP)


def test_every_futures_rule_vector_is_tested_here():
    source = open(__file__, encoding="utf-8").read()
    whole = ("fut.quote.mid_", "fut.funding.rate_", "fut.sltp.", "fut.pending.", "fut.hours.")
    left = [name for name in VECTORS if f'"{name}"' not in source and not name.startswith(whole)]
    assert left == []
    assert all(f'named("{prefix}")' in source for prefix in whole)


@pytest.mark.parametrize("name", named("fut.quote.mid_"))
def test_the_middle_of_a_quote(name):
    inputs, expected = vector(name)
    table = Table(product(price_precision=5))
    table.quote(inputs["bid"], inputs["ask"])
    quote = table.dealer.quotes["BTCUSDT"]
    assert (quote.mid, quote.spread) == (D(expected["mid"]), D(expected["spread"]))


def test_the_change_of_a_quote_is_exact():
    inputs, expected = vector("fut.quote.change")
    table = Table(product(price_precision=5))
    table.quote(inputs["current"])
    change = table.dealer.quotes["BTCUSDT"].change(D(inputs["previous_close"]))
    assert change == D(expected["change"])


@pytest.mark.parametrize("name", ["fut.margin.floating_50000", "fut.margin.floating_60000"])
def test_margin_floats_until_a_position_is_opened(name):
    inputs, expected = vector(name)
    table = Table()
    position = table.opened(inputs["price"], lots=inputs["lots"], leverage=int(inputs["leverage"]))
    assert position.margin == D(expected["margin"])
    table.quote(70000)
    assert table.figures.margin == D(expected["margin"])


@pytest.mark.parametrize("name", ["fut.margin.open_long", "fut.margin.open_short"])
def test_margin_is_that_of_the_opening_fill(name):
    inputs, expected = vector(name)
    table = Table()
    table.quote(inputs["bid"], inputs["ask"])
    side = inputs["direction"]
    position = table.open(side, inputs["lots"], int(inputs["leverage"]))
    assert position.open_price == D(expected["open_price"])
    assert position.margin == D(expected["open_margin"])
    value = futures_rules.notional(table.rules, position.lots, position.open_price)
    assert value == D(expected["notional"])


def test_tiers_charge_each_slice_at_its_own_rate():
    inputs, expected = vector("fut.margin.tiered_per_lot")
    tiers = tuple(
        Tier(D(row["range_min"]), D(row["range_max"]), D(row["margin_per_lot"]))
        for row in inputs["tiers"]
    )
    table = Table(product(tiers=tiers), tiered_margin=True)
    position = table.opened(inputs["price"], lots=inputs["lots"], leverage=100)
    assert position.margin == D(expected["margin"])
    leverage = futures_rules.effective_leverage(position.lots, position.open_price, position.margin)
    assert leverage == D(expected["effective_leverage"])


def test_the_stop_out_ratio_of_the_published_sample():
    inputs, expected = vector("fut.margin.stopout_ratio_in_sample")
    for prefix, name in (("", "ratio"), ("holiday_", "holiday_ratio")):
        margin, stop_out = inputs[f"{prefix}margin_maintenance"], inputs[f"{prefix}margin_stopout"]
        table = Table(stop_out_ratio=D(expected[name]))
        table.opened(margin, leverage=1)
        assert table.figures.stop_out_margin == D(stop_out)


def test_fees_are_charged_on_opening_and_on_closing():
    inputs, expected = vector("fut.fee.open_and_close")
    table = Table(fee_rate=D(inputs["fee_rate"]))
    position = table.opened(inputs["open_price"], lots=inputs["lots"])
    assert position.fee == D(expected["open_fee"])
    table.quote(inputs["close_price"])
    assert table.close(position).fee == D(expected["close_fee"])
    assert sum(table.changes("fee")) == -D(expected["total_fee"])


@pytest.mark.parametrize("name", ["fut.fee.legacy_weekly", "fut.fee.legacy_perpetual"])
def test_old_fees_on_closing_only_are_a_commission_row(name):
    inputs, expected = vector(name)
    row = Commission(D(inputs["close_fee_rate"]) * 100, "close")
    table = Table(product(commission_rows=(row,)))
    position = table.opened(inputs["close_price"], lots=inputs["lots"])
    table.close(position)
    assert table.changes("fee") == [-D(expected["fee"])]


def test_a_commission_row_is_a_percentage_on_its_side():
    inputs, expected = vector("fut.fee.symbol_commission_fields")
    mode = {1: "open", 2: "close", 3: "both"}[inputs["commission"]["trigger_mode"]]
    row = Commission(D(inputs["commission"]["value"]), mode)
    table = Table(product(commission_rows=(row,)))
    assert table.rules.commissions[0]["trigger_mode"] == inputs["commission"]["trigger_mode"]
    position = table.opened(inputs["open_price"], lots=inputs["lots"])
    assert position.fee == D(expected["open_fee"])
    table.quote(inputs["close_price"])
    assert table.close(position).fee == D(expected["close_fee"])


def test_old_overnight_interest_is_a_rollover():
    inputs, expected = vector("fut.swap.legacy_overnight")
    rules = product(carry="rollover", long_rollover=D(inputs["daily_rate"]) * 100)
    table = Table(rules)
    table.opened(inputs["open_price"], lots=inputs["lots"])
    table.quote(inputs["open_price"], now=START + 20 * futures_rules.HOUR_US)
    assert table.changes("rollover") == [-D(expected["fee"])]


def test_the_profit_of_the_published_sample():
    inputs, expected = vector("fut.pnl.api_sample")
    table = Table()
    position = table.opened(inputs["open_price"], inputs["direction"], inputs["lots"])
    table.quote(inputs["close_price"])
    table.close(position)
    assert position.realized == D(expected["profit_exact"])
    execution = table.account.executions[-1]
    shown = futures_rules.reported(execution, table.dealer.settings)
    assert shown.realized == D(expected["profit_reported"])


def test_a_new_position_starts_at_minus_the_spread():
    inputs, expected = vector("fut.pnl.spread_at_open")
    table = Table()
    table.quote(inputs["bid"], inputs["ask"])
    position = table.open(inputs["direction"], inputs["lots"])
    assert position.unrealized == D(expected["unrealized"])


@pytest.mark.parametrize("side", ["long", "short"])
def test_a_round_trip_of_opening_funding_and_closing(side):
    names = {"long": "fut.pnl.long_round_trip", "short": "fut.pnl.short_round_trip"}
    inputs, expected = vector(names[side])
    funding = inputs["funding"][0]
    table = Table(money=1000, fee_rate=D(inputs["fee_rate"]), rate=D(funding["rate"]))
    opening = D(inputs.get("open_ask") or inputs["open_bid"])
    bid, ask = (opening - D("0.5"), opening) if side == "long" else (opening, opening + D("0.5"))
    table.quote(bid, ask)
    position = table.open(inputs["direction"], inputs["lots"], 50)
    table.quote(funding["price"], now=START + 8 * futures_rules.HOUR_US)
    table.quote(inputs["close_bid"], inputs["close_ask"])
    table.close(position)
    assert position.realized == D(expected["profit"])
    assert table.changes("fee") == [-D(expected["open_fee"]), -D(expected["close_fee"])]
    assert table.changes("funding") == [D(expected["funding"])]
    assert position.interest == position.funding == D(expected["funding"])
    assert table.wallet.balance - 1000 == D(expected["net"])


def test_a_partial_close_keeps_price_and_shrinks_margin():
    inputs, expected = vector("fut.pnl.partial_close")
    table = Table(fee_rate=D(inputs["fee_rate"]))
    position = table.opened(inputs["open_price"], inputs["direction"], inputs["lots"], 50)
    assert position.margin == D(inputs["open_margin"])
    table.quote(inputs["close_bid"])
    table.close(position, D(inputs["close_lots"]))
    assert (position.realized, position.fee) == (D(expected["profit"]), D(expected["close_fee"]))
    assert position.lots == D(expected["remaining_lots"])
    assert position.margin == D(expected["remaining_margin"])
    assert position.open_price == D(expected["open_price_unchanged"])
    assert position.status == "open"


@pytest.mark.parametrize(
    "name", ["fut.analytics.break_even_long", "fut.analytics.break_even_short"]
)
def test_the_break_even_price_leaves_nothing(name):
    inputs, expected = vector(name)
    side, carry = inputs["direction"], D(inputs.get("funding_received") or "0")
    carry -= D(inputs.get("funding_paid") or "0")
    opening, lots, rate = (D(inputs[key]) for key in ("open_price", "lots", "fee_rate"))
    price = futures_rules.break_even(side, opening, lots, rate, carry)
    assert half_up(price, 8) == D(expected["break_even"])
    tick = futures_rules.break_even_tick(side, price, D("0.01"))
    assert tick == D(expected["break_even_tick"])


def test_closing_at_the_break_even_tick_is_no_loss():
    inputs, expected = vector("fut.analytics.break_even_long")
    table = Table(money=1000, fee_rate=D(inputs["fee_rate"]), rate=D("0.0001"))
    position = table.opened(inputs["open_price"], lots=inputs["lots"], leverage=50)
    table.quote("27421.27", now=START + 8 * futures_rules.HOUR_US)
    assert position.funding == -D(inputs["funding_paid"])
    for tick, gains in ((D("27448.95"), False), (D(expected["break_even_tick"]), True)):
        table.quote(tick)
        closing = position.unrealized - tick * position.lots * D(inputs["fee_rate"])
        assert (table.wallet.balance + closing >= 1000) is gains


def test_the_return_on_margin():
    inputs, expected = vector("fut.analytics.return_on_margin")
    percent = futures_rules.return_on_margin(D(inputs["net"]), D(inputs["open_margin"]))
    assert percent == D(expected["percent"])


@pytest.mark.parametrize(
    "name", [name for name in named("fut.funding.rate_") if not name.endswith("samples")]
)
def test_the_funding_rate_of_a_premium(name):
    inputs, expected = vector(name)
    rules = FuturesSettings(
        funding_interest=D(inputs["interest"]),
        funding_clamp=(D(inputs["clamp_low"]), D(inputs["clamp_high"])),
    )
    assert futures_rules.funding_rate(D(inputs["avg_premium"]), rules) == D(expected["rate"])


def test_the_premium_is_averaged_over_its_samples():
    inputs, expected = vector("fut.funding.rate_from_samples")
    premium = futures_rules.average_premium(D(inputs["index"]), [D(m) for m in inputs["mids"]])
    assert premium == D(expected["avg_premium"])
    assert futures_rules.funding_rate(premium, FuturesSettings()) == D(expected["rate"])


@pytest.mark.parametrize("name", ["fut.funding.fee_positive_rate", "fut.funding.fee_negative_rate"])
def test_a_positive_rate_lets_longs_pay_shorts(name):
    inputs, expected = vector(name)
    table = Table(rate=D(inputs["rate"]))
    long = table.opened(inputs["price"], "buy", inputs["lots"])
    short = table.open("sell", inputs["lots"])
    table.quote(inputs["price"], now=START + 8 * futures_rules.HOUR_US)
    assert long.funding == D(expected["long_cash_flow"])
    assert short.funding == D(expected["short_cash_flow"])
    assert sum(table.changes("funding")) == 0


def test_funding_meets_the_positions_that_are_open():
    inputs, expected = vector("fut.funding.schedule")
    table = Table(rate=D("0.0001"), funding_hours=tuple(inputs["hours_utc"]))
    table.quote(27000, now=START)
    position = table.open(now=microseconds(inputs["open_time"]))
    closes = microseconds(inputs["close_time"])
    for moment in range(table.now // futures_rules.HOUR_US, closes // futures_rules.HOUR_US):
        table.quote(27000, now=(moment + 1) * futures_rules.HOUR_US - 1)
        if moment + 1 < closes // futures_rules.HOUR_US:
            table.quote(27000, now=(moment + 1) * futures_rules.HOUR_US)
    table.close(position, now=closes)
    table.quote(27000, now=closes)
    times = [line.time for line in table.lines("funding")]
    assert times == [microseconds(moment) for moment in expected["times"]]
    assert len(times) == expected["count"]


def test_receivers_share_what_payers_could_pay():
    inputs, expected = vector("fut.funding.payer_capped")
    table = Table(money=0, rate=D("0.001"), funding_counterparty="users", funding_floor=D(1))
    dealer, price = table.dealer, D(1000)
    table.quote(price)
    parties = [("buy", D(row["owed"]), D(row["max_payable"])) for row in inputs["payers"]]
    parties += [("sell", D(row["due"]), D(100)) for row in inputs["receivers"]]
    positions = []
    for user, (side, flow, spare) in enumerate(parties):
        account = dealer.open_account(10 + user).account_id
        lots = flow / price / D("0.001")
        dealer.deposit(account, "USDT", lots * price / 100 + spare, table.now)
        positions.append(dealer.open_position(account, "BTCUSDT", side, lots, 100, table.tick()))
    table.quote(price, now=START + 8 * futures_rules.HOUR_US)
    flows = [position.funding for position in positions]
    assert flows[:2] == [-D(paid) for paid in expected["paid"]]
    assert flows[2:] == [D(received) for received in expected["received"]]
    assert -sum(flows[:2]) == D(expected["collected"])
    assert dealer.books.house["USDT"] == 0


def test_a_rollover_is_charged_on_the_opening_price_a_day():
    inputs, expected = vector("fut.rollover.documented_example")
    rules = product(carry="rollover", long_rollover=D(inputs["rate"]) * 100)
    table = Table(rules)
    position = table.opened(inputs["open_price"], lots=inputs["lots"])
    for day in range(int(inputs["days"])):
        table.quote(26000, now=START + (16 + 24 * day) * futures_rules.HOUR_US)
    assert position.interest == -D(expected["fee"])
    assert position.funding == 0


@pytest.mark.parametrize("name", ["fut.rollover.schedule", "fut.rollover.triple_day"])
def test_a_rollover_meets_the_days_that_are_held(name):
    inputs, expected = vector(name)
    rules = product(carry="rollover", long_rollover=D(inputs["rate"]) * 100)
    table = Table(
        rules, rollover_hour=inputs["hour_utc"], triple_weekday=inputs.get("triple_weekday")
    )
    table.quote(inputs["open_price"], now=START)
    position = table.open(lots=inputs["lots"], now=microseconds(inputs["open_time"]))
    closes, hour = microseconds(inputs["close_time"]), futures_rules.HOUR_US
    for moment in range(table.now // hour + 1, -(-closes // hour)):
        table.quote(inputs["open_price"], now=moment * hour)
    table.close(position, now=closes)
    table.quote(inputs["open_price"], now=closes)
    times = [line.time for line in table.lines("rollover")]
    if "times" in expected:
        assert times == [microseconds(moment) for moment in expected["times"]]
    assert len(times) == expected.get("count", 2)
    assert -position.interest == D(expected["fee"])
    a_day = D(inputs["open_price"]) * D(inputs["lots"]) * D(inputs["rate"])
    assert -position.interest / a_day == expected.get("days_charged", len(times))


def test_rollover_fields_are_percent_a_day_and_positive_is_paid():
    inputs, expected = vector("fut.rollover.symbol_swap_fields")
    rules = product(
        carry="rollover",
        long_rollover=D(inputs["long_swap"]),
        short_rollover=D(inputs["short_swap"]),
    )
    table = Table(rules)
    long = table.opened(inputs["open_price"], "buy", inputs["lots"])
    short = table.open("sell", inputs["lots"])
    table.quote(inputs["open_price"], now=START + 16 * futures_rules.HOUR_US)
    assert long.interest == D(expected["long_cash_flow"])
    assert short.interest == D(expected["short_cash_flow"])


def test_the_figures_of_an_account():
    inputs, expected = vector("fut.account.equity")
    held = inputs["positions"][0]
    table = Table(money=inputs["balance"], stop_out_ratio=D(inputs["stop_out_ratio"]))
    table.opened(held["open_price"], held["direction"], held["lots"], 50)
    table.quote(held["bid"], held["ask"])
    figures = table.figures
    assert figures.equity - figures.balance - figures.bonus == D(expected["floating"])
    assert figures.equity == D(expected["equity"])
    assert figures.margin == D(held["open_margin"]) == D(expected["margin"])
    assert figures.free_margin == D(expected["free_margin"])
    assert figures.margin_level == D(expected["margin_level_percent"])
    assert figures.stop_out_margin == D(expected["margin_stopout"])


def test_opening_needs_free_margin_for_margin_and_fee():
    inputs, expected = vector("fut.account.open_check")
    table = Table(money=inputs["free_margin"], fee_rate=D(inputs["fee_rate"]))
    table.quote(D(inputs["ask"]) - D("0.5"), inputs["ask"])
    with pytest.raises(Refused, match="insufficient margin"):
        table.open(lots=inputs["lots"], leverage=int(inputs["leverage"]))
    missing = D(expected["required"]) - D(inputs["free_margin"])
    table.dealer.deposit(table.id, "USDT", missing, table.tick())
    position = table.open(lots=inputs["lots"], leverage=int(inputs["leverage"]))
    assert position.margin + position.fee == D(expected["required"])


def test_a_liquidation_fee_takes_no_more_than_what_is_left():
    inputs, expected = vector("fut.liquidation.long_50x_clamped")
    table = Table(money=inputs["balance"], stop_out_ratio=D(inputs["stop_out_ratio"]))
    position = table.opened(inputs["open_price"], inputs["direction"], inputs["lots"], 50)
    price = futures_rules.liquidation_price(
        table.rules, position, table.wallet.balance, D(inputs["stop_out_ratio"])
    )
    assert price == D(expected["liquidation_price"])
    first, second = inputs["bids"]
    table.quote(first, D(first) + 1)
    assert table.figures.stop_out_margin == D(expected["stopout_amount"])
    assert table.figures.equity == D(expected["equity_at_first_bid"])
    assert position.status == "open"
    table.quote(second, D(second) + 1)
    assert position.status == "closed"
    assert D(inputs["balance"]) + position.realized == D(expected["equity_at_second_bid"])
    assert position.realized == D(expected["profit"])
    assert position.fee_due == D(expected["fee_nominal"])
    assert position.fee == D(expected["fee_collected"])
    assert table.wallet.balance == D(expected["balance_after"])
    assert table.dealer.books.fund["USDT"] == D(expected["fee_collected"])
    assert table.account.executions[-1].today_type == "liquidation"


@pytest.mark.parametrize("name", ["fut.liquidation.long_5x", "fut.liquidation.short_5x"])
def test_a_liquidation_needs_equity_below_the_level(name):
    inputs, expected = vector(name)
    table = Table(money=inputs["balance"])
    position = table.opened(inputs["open_price"], inputs["direction"], inputs["lots"], 5)
    ratio = D(inputs["stop_out_ratio"])
    price = futures_rules.liquidation_price(table.rules, position, D(inputs["balance"]), ratio)
    assert price == D(expected["liquidation_price"])
    table.quote(price)
    assert position.status == "open"
    if inputs["direction"] == "buy":
        table.quote(inputs["trigger_bid"], D(inputs["trigger_bid"]) + 1)
    else:
        table.quote(D(inputs["trigger_ask"]) - 1, inputs["trigger_ask"])
    assert position.realized == D(expected["profit"])
    assert position.fee == D(expected["fee"])
    assert table.wallet.balance == D(expected["balance_after"])


def test_the_largest_loss_is_closed_first_and_the_rest_is_looked_at_again():
    inputs, expected = vector("fut.liquidation.largest_loss_first")
    table = Table(product("BTCUSDT"), product("ETHUSDT"), money=inputs["balance"])
    held = {}
    for row in inputs["positions"]:
        held[row["id"]] = table.opened(
            row["open_price"], row["direction"], row["lots"], 5, market=row["symbol"]
        )
        assert held[row["id"]].margin == D(row["open_margin"])
    worse = inputs["positions"][::-1]
    table.quote(worse[0]["bid"], market=worse[0]["symbol"])
    assert table.figures.equity - D(expected["equity_before"]) == 225
    assert table.figures.stop_out_margin == D(expected["threshold_before"])
    table.quote(worse[1]["bid"], market=worse[1]["symbol"])
    closed = [name for name, position in held.items() if position.status == "closed"]
    assert closed == expected["closed"]
    assert held["A"].realized == D(expected["profit"])
    assert held["A"].fee == D(expected["fee"])
    assert table.wallet.balance == D(expected["balance_after"])
    assert table.figures.equity == D(expected["equity_after"])
    assert table.figures.stop_out_margin == D(expected["threshold_after"])
    assert held["B"].status == "open"
    assert expected["survivors"] == ["B"]


def test_the_ratio_of_thirty_percent():
    inputs, expected = vector("fut.liquidation.documented_30_percent")
    table = Table(money=inputs["balance"], stop_out_ratio=D(inputs["stop_out_ratio"]))
    position = table.opened(10000, leverage=100)
    assert position.margin == D(inputs["open_margin"])
    assert table.figures.free_margin == D(expected["available_at_open"])
    table.quote(10000 - D(expected["loss_at_trigger"]))
    assert table.figures.equity == D(expected["equity_at_trigger"])
    table.quote(10000 - D(expected["loss_at_trigger"]) - D("0.01"))
    assert position.status == "closed"


@pytest.mark.parametrize(
    ("name", "market"),
    [("fut.liquidation.fee_usdt", "BTCUSDT"), ("fut.liquidation.fee_usdt_other", "SOLUSDT")],
)
def test_the_liquidation_fee_is_a_share_of_the_value(name, market):
    inputs, expected = vector(name)
    price, lots = D(inputs["liquidation_price"]), D(inputs["lots"])
    table = Table(product(market), money=price * lots)
    assert table.dealer.settings.liquidation_rate(market) == D(inputs["rate"])
    position = table.opened(price * 4, lots=lots, leverage=4)
    table.dealer.deposit(table.id, "USDT", price * lots * D("2.35"), table.now)
    table.quote(price)
    assert position.status == "closed"
    assert position.fee == D(expected["fee"])
    assert table.lines("liquidation fee")[0].asset == expected["currency"]


def test_the_liquidation_fee_of_a_coin_margined_position_is_in_the_coin():
    inputs, expected = vector("fut.liquidation.fee_coin")
    table = Table(coin_margined(), money="0.5")
    assert table.dealer.settings.liquidation_rate("BTCUSD") == D(inputs["rate"])
    position = table.opened(40000, lots=inputs["lots"], leverage=1)
    table.quote(D("40000") / D("1.8"))
    assert position.status == "closed"
    assert position.fee == D(expected["fee"])
    assert table.lines("liquidation fee")[0].asset == expected["currency"]


@pytest.mark.parametrize("name", ["fut.coinm.long", "fut.coinm.short"])
def test_a_coin_margined_round_trip(name):
    inputs, expected = vector(name)
    table = Table(coin_margined(inputs["symbol"]), money=1, fee_rate=D(inputs["fee_rate"]))
    position = table.opened(
        inputs["open_price"], inputs["direction"], inputs["lots"], int(inputs["leverage"])
    )
    assert position.margin == D(expected["open_margin"])
    assert position.fee == D(expected["open_fee"])
    table.quote(inputs["close_price"])
    quoted = position.unrealized * D(inputs["close_price"])
    assert half_up(quoted, 2) == D(expected["profit_usd"])
    table.close(position)
    assert position.realized == D(expected["profit_coin"])
    assert position.fee == D(expected["close_fee"])
    assert table.wallet.balance - 1 == D(expected["net"])
    assert position.asset == expected["currency"]
    assert position.exchange_rate == half_up(1 / D(inputs["close_price"]), 12)


@pytest.mark.parametrize(
    ("name", "side"),
    [("fut.coinm.liquidation_long", "buy"), ("fut.coinm.liquidation_short", "sell")],
)
def test_a_coin_margined_liquidation(name, side):
    inputs, expected = vector(name)
    table = Table(coin_margined(), money=inputs["balance"])
    position = table.opened(inputs["open_price"], side, inputs["lots"], 20)
    assert position.margin == D(inputs["open_margin"])
    ratio = D(inputs["stop_out_ratio"])
    price = futures_rules.liquidation_price(table.rules, position, D(inputs["balance"]), ratio)
    assert half_up(price, 8) == D(expected["liquidation_price"])
    first = D(expected.get("first_triggering_bid") or expected["first_triggering_ask"])
    table.quote(first + futures_rules.sign(side) * D("0.01"))
    assert position.status == "open"
    table.quote(first)
    assert position.status == "closed"


def test_coin_margined_funding_does_not_know_the_price():
    inputs, expected = vector("fut.coinm.funding")
    table = Table(coin_margined(), rate=D(inputs["rate"]))
    position = table.opened(40000, lots=inputs["lots"])
    table.quote(50000, now=START + 8 * futures_rules.HOUR_US)
    assert position.funding == D(expected["long_cash_flow"])
    assert table.lines("funding")[0].asset == expected["currency"]


@pytest.mark.parametrize("name", named("fut.sltp."))
def test_stop_levels_watch_the_closing_side(name):
    inputs, expected = vector(name)
    table = Table()
    level = {"SL": "stop_loss", "TP": "take_profit"}[inputs["kind"]]
    above = (inputs["kind"] == "TP") == (inputs["position_direction"] == "buy")
    start = D(inputs["level"]) + (-500 if above else 500)
    table.quote(start)
    position = table.open(inputs["position_direction"], **{level: D(inputs["level"])})
    table.quote(inputs["bid"], inputs["ask"])
    assert (position.status == "closed") == expected["triggered"]
    if expected["triggered"]:
        assert position.close_price == D(expected["fill_price"])
        assert table.account.executions[-1].type == level


@pytest.mark.parametrize("name", named("fut.pending."))
def test_pending_orders_trigger_on_the_quote_of_their_side(name):
    inputs, expected = vector(name)
    table = Table()
    type, side = PENDING_TYPE[inputs["type"]], DIRECTION[inputs["direction"]]
    more = {}
    if type == "limit_close":
        more["position_id"] = table.opened(27000).id
    pending = table.pend(type, side, inputs["request_price"], **more)
    table.quote(inputs["bid"], inputs["ask"])
    assert pending.status == ("filled" if expected["triggered"] else "open")
    if expected["triggered"]:
        assert pending.fill_price == D(expected["fill_price"])
        assert table.account.executions[-1].price == D(expected["fill_price"])


@pytest.mark.parametrize("name", named("fut.hours."))
def test_orders_are_taken_in_open_minutes(name):
    inputs, expected = vector(name)
    spans = tuple((span["begin"], span["end"]) for span in inputs["schedule"])
    rows = tuple(
        Hours(weekday, season, spans) for weekday in range(7) for season in ("summer", "standard")
    )
    table = Table(product(schedule=Schedule(rows)))
    midnight = START + 16 * futures_rules.HOUR_US  # in UTC+8, the clock of the schedule
    table.quote(100, now=START)
    for minute, is_open in zip(inputs["minutes"], expected["open"], strict=True):
        now = midnight + minute * 60_000_000
        assert table.dealer.is_open("BTCUSDT", now) is is_open
        if is_open:
            assert table.open(now=now).open_price == 100
        else:
            with pytest.raises(Refused, match="market closed"):
                table.open(now=now)


@pytest.mark.parametrize("name", ["fut.bonus.loss_within", "fut.bonus.loss_beyond"])
def test_promotional_money_bears_losses_first(name):
    inputs, expected = vector(name)
    table = Table(money=inputs["principal"])
    table.dealer.give_bonus(table.id, "USDT", D(inputs["bonus"]), table.tick())
    assert table.figures.equity == D(inputs["principal"]) + D(inputs["bonus"])
    position = table.opened(100)
    table.quote(100 - D(inputs["loss"]))
    table.close(position)
    assert table.wallet.bonus == D(expected["bonus_after"])
    assert table.wallet.balance == D(expected["principal_after"])


def test_profit_made_with_promotional_money_is_the_users():
    inputs, expected = vector("fut.bonus.profit")
    table = Table(money=0)
    table.dealer.give_bonus(table.id, "USDT", D(inputs["bonus"]), table.tick())
    position = table.opened(50)
    table.quote(50 + D(inputs["profit"]))
    table.close(position)
    assert table.dealer.withdrawable(table.id, "USDT") == D(expected["withdrawable"])
    table.dealer.withdraw(table.id, "USDT", D(expected["withdrawable"]), table.tick())
    assert table.wallet.bonus == D(expected["bonus_after_withdrawal"])
    assert table.wallet.balance == 0


@pytest.mark.parametrize("name", ["fut.bonus.fee_share", "fut.bonus.fee_share_short"])
def test_promotional_money_may_pay_its_share_of_fees(name):
    inputs, expected = vector(name)
    share = D(inputs["deduction_ratio"])
    table = Table(money=1000, fee_rate=D("0.01"), bonus_fee_share=share)
    table.dealer.give_bonus(table.id, "USDT", D(inputs["fund"]), table.tick())
    table.opened(D(inputs["fee"]) * 100)
    assert D(inputs["fund"]) - table.wallet.bonus == D(expected["from_fund"])
    assert 1000 - table.wallet.balance == D(expected["from_principal"])


def test_a_voucher_waives_fees_and_nothing_else():
    inputs, expected = vector("fut.voucher.cost")
    flow = futures_rules.voucher_cash_flow(D(inputs["profit"]), D(inputs["funding"]))
    assert flow == D(expected["cash_flow"])
    assert D(expected["charged_fee"]) == 0


def test_a_ledger_line_has_the_balance_before_and_after():
    inputs, expected = vector("fut.ledger.before_after")
    table = Table(money=inputs["amount_before"])
    position = table.opened(1000)
    table.quote(1000 + D(inputs["income"]))
    table.close(position)
    line = table.lines("profit")[0]
    assert line.balance_before == D(inputs["amount_before"])
    assert (line.income, line.expenditure) == (D(inputs["income"]), D(inputs["expenditure"]))
    assert line.balance == D(expected["amount_after"])


def test_the_ledger_books_each_item_when_it_happens():
    inputs, expected = vector("fut.ledger.reconciliation")
    table = Table(money=inputs["start_balance"], fee_rate=D("0.00045"), rate=D("0.0001"))
    position = table.opened("27421.52", lots="0.5", leverage=50)
    table.quote("27421.27", now=START + 8 * futures_rules.HOUR_US)
    table.quote("28000")
    table.close(position)
    lines = table.lines()[1:]
    business = {"open_fee": "fee", "close_fee": "fee"}
    kinds = [business.get(row["kind"], row["kind"]) for row in inputs["entries"]]
    assert [line.business for line in lines] == kinds
    assert [line.change for line in lines] == [D(row["change"]) for row in inputs["entries"]]
    assert [line.balance for line in lines] == [D(balance) for balance in expected["balances"]]
    assert table.wallet.balance == D(expected["end_balance"])
