"""The engine against the worked examples of the trading rules, and against itself."""

from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btcc_research.sandbox.exchange import Exchange
from btcc_research.sandbox.money import cut
from btcc_research.sandbox.records import Market, Refused
from tests.conftest import rules_vectors, vectors

BTC = Market("BTCUSDT", "BTC", "USDT", 2, 5, 4, D("0.0003"))
ME, OTHER, THIRD = 1, 2, 3
VECTORS = {vector["id"]: vector for vector in rules_vectors("spot.")}


def exchange(market=BTC, **money):
    """Return an exchange where everybody is rich, and I have what is said."""
    made = Exchange([market])
    for user in (OTHER, THIRD):
        for asset in ("BTC", "USDT"):
            made.deposit(user, asset, D(10**9), 0)
    for asset in ("BTC", "USDT"):
        made.deposit(ME, asset, D(money.get(asset, 10**9)), 0)
    return made


def offer(made, side, levels):
    return [made.place_limit(OTHER, "BTCUSDT", side, D(a), D(p), 1).id for p, a in levels]


def held(made, asset, user=ME):
    balance = made.account(user).balance(asset)
    return balance.available, balance.frozen


def deals_of(made, user=ME):
    return made.account(user).deals.get("BTCUSDT", [])


def same(fills, expected):
    keys = expected[0].keys()
    found = [{key: getattr(fill, {"deal": "cost"}.get(key, key)) for key in keys} for fill in fills]
    return found == [{key: D(value) for key, value in fill.items()} for fill in expected]


def vector(name):
    found = VECTORS[name]
    return found["inputs"], found["expected"]


def test_every_spot_rule_vector_is_tested_here():
    source = open(__file__, encoding="utf-8").read()
    assert [name for name in VECTORS if f'"{name}"' not in source] == []


@pytest.mark.parametrize("name", ["spot.market_buy.api_sample", "spot.market_buy.three_levels"])
def test_a_market_buy_spends_quote_money(name):
    inputs, expected = vector(name)
    made = exchange()
    offer(made, "sell", inputs["asks"])
    before = held(made, "BTC")[0]
    order = made.place_market(ME, "BTCUSDT", "buy", D(inputs["amount_money"]), 2)
    assert order.filled == D(expected["deal_stock"])
    assert order.cost == D(expected["deal_money"])
    assert order.remaining == D(expected["left_money"])
    assert order.fee == D(expected["fee"])
    assert held(made, "BTC")[0] - before == D(expected["net_stock"])
    if "avg_price" in expected:
        assert order.cost / order.filled == D(expected["avg_price"])
    if "fills" in expected:
        assert same(deals_of(made), expected["fills"])
    assert order.maker_rate == 0
    assert held(made, "USDT")[1] == 0


def test_the_smallest_market_buy():
    inputs, expected = vector("spot.market_buy.minimum")
    made = exchange()
    offer(made, "sell", [(inputs["best_ask"], "1")])
    assert D(inputs["best_ask"]) * D(inputs["min_amount"]) == D(expected["required_money"])
    with pytest.raises(Refused, match=expected["rejected"]) as caught:
        made.place_market(ME, "BTCUSDT", "buy", D(inputs["amount_money_rejected"]), 2)
    assert caught.value.code == 11
    made.place_market(ME, "BTCUSDT", "buy", D(inputs["amount_money_accepted"]), 2)


def test_a_market_sell_that_empties_the_book_drops_its_rest():
    inputs, expected = vector("spot.market_sell.book_exhausted")
    made = exchange(BTC=inputs["amount_stock"], USDT="0")
    offer(made, "buy", inputs["bids"])
    order = made.place_market(ME, "BTCUSDT", "sell", D(inputs["amount_stock"]), 2)
    assert same(deals_of(made), expected["fills"])
    assert (order.filled, order.cost) == (D(expected["deal_stock"]), D(expected["deal_money"]))
    assert order.fee == D(expected["fee"])
    assert held(made, "USDT") == (D(expected["net_money"]), 0)
    assert held(made, "BTC") == (D(expected["left_stock"]), 0)
    assert order.id not in made.orders


def test_a_limit_buy_crosses_then_rests():
    inputs, expected = vector("spot.limit_buy.cross_then_rest")
    made = exchange(**inputs["start"])
    offer(made, "sell", inputs["asks"])
    order = made.place_limit(ME, "BTCUSDT", "buy", D(inputs["amount"]), D(inputs["price"]), 2)
    assert same(
        deals_of(made), [{k: v for k, v in expected["taker_fill"].items() if k != "fee_asset"}]
    )
    after = expected["after_placement"]
    assert held(made, "USDT") == (D(after["USDT_available"]), D(after["USDT_frozen"]))
    assert held(made, "BTC")[0] == D(after["BTC_available"])
    assert order.remaining == D(after["left"])
    sell = inputs["later_sell"]
    made.place_limit(OTHER, "BTCUSDT", "sell", D(sell["amount"]), D(sell["price"]), 3)
    maker = {k: v for k, v in expected["maker_fill"].items() if k != "fee_asset"}
    assert same(deals_of(made)[1:], [maker])
    after = expected["after_maker_fill"]
    assert held(made, "USDT") == (D(after["USDT_available"]), D(after["USDT_frozen"]))
    assert held(made, "BTC")[0] == D(after["BTC_available"])
    done = expected["order"]
    assert (order.filled, order.cost, order.fee) == (
        D(done["deal_stock"]), D(done["deal_money"]), D(done["deal_fee"]),
    )  # fmt: skip
    assert order.cost / order.filled == D(done["avg_price"])


def test_a_limit_sell_that_rests_pays_the_makers_fee_in_quote():
    inputs, expected = vector("spot.limit_sell.maker_fill")
    made = exchange(BTC="1", USDT="0")
    amount, price = D(inputs["amount"]), D(inputs["price"])
    order = made.place_limit(ME, "BTCUSDT", "sell", amount, price, 2)
    assert held(made, "BTC")[1] == D(expected["frozen_stock_while_resting"])
    made.place_limit(OTHER, "BTCUSDT", "buy", amount, price, 3)
    assert (order.cost, order.fee) == (D(expected["deal_money"]), D(expected["fee"]))
    assert held(made, "USDT")[0] == D(expected["net_money"])


def test_extra_digits_are_cut_off():
    inputs, expected = vector("spot.precision.truncation")
    made = exchange()
    order = made.place_limit(ME, "BTCUSDT", "buy", D(inputs["amount"]), D(inputs["price"]), 1)
    assert (order.amount, order.price) == (D(expected["amount"]), D(expected["price"]))
    offer(made, "sell", [("61000", "1")])
    bought = made.place_market(ME, "BTCUSDT", "buy", D(inputs["market_buy_amount"]), 2)
    assert str(bought.amount) == expected["market_buy_amount"]


def test_nothing_inside_a_trade_is_rounded():
    _, expected = vector("spot.precision.sample_widths")
    made = exchange()
    offer(made, "sell", [("61102.40", "1")])
    order = made.place_market(ME, "BTCUSDT", "buy", D("61.10"), 2)

    def decimals(number):
        return -number.as_tuple().exponent

    assert decimals(order.cost) == expected["decimals_of_deal_money"]
    assert decimals(order.fee) == expected["decimals_of_base_fee"]
    assert decimals(order.amount) == expected["decimals_of_market_buy_amount"]


def test_price_goes_first_then_time():
    inputs, expected = vector("spot.matching.price_time_priority")
    made = exchange()
    ids = {
        bid["id"]: made.place_limit(
            OTHER, "BTCUSDT", "buy", D(bid["amount"]), D(bid["price"]), bid["id"]
        )
        for bid in inputs["bids"]
    }
    coming = inputs["incoming"]
    order = made.place_limit(ME, "BTCUSDT", "sell", D(coming["amount"]), D(coming["price"]), 9)
    found = [(deal.counter_order_id, deal.price, deal.amount) for deal in deals_of(made)]
    assert found == [
        (ids[fill["maker"]].id, D(fill["price"]), D(fill["amount"])) for fill in expected["fills"]
    ]
    assert order.cost == D(expected["deal_money"])
    for name, left in expected["maker_left"].items():
        assert ids[int(name)].remaining == D(left)


@pytest.mark.parametrize("name", ["spot.tif.ioc", "spot.tif.fok"])
def test_immediate_orders_never_rest(name):
    inputs, expected = vector(name)
    made = exchange()
    offer(made, "sell", inputs["asks"])
    words = {8: "IOC", 16: "FOK"}[inputs["option"]]
    order = made.place_limit(
        ME, "BTCUSDT", "buy", D(inputs["amount"]), D(inputs["price"]), 2, time_in_force=words
    )
    assert (order.filled, order.cost) == (D(expected["deal_stock"]), D(expected["deal_money"]))
    assert order.fee == D(expected["fee"])
    assert order.remaining == D(expected["cancelled"])
    assert held(made, "USDT")[1] == D(expected["frozen_after"])
    assert order.id not in made.orders


def test_a_cancel_unfreezes_exactly_what_is_frozen():
    inputs, expected = vector("spot.cancel.unfreeze")
    made = exchange(USDT="1000", BTC="0")
    offer(made, "sell", [(inputs["fill_price"], inputs["filled"])])
    order = made.place_limit(ME, "BTCUSDT", "buy", D(inputs["amount"]), D(inputs["price"]), 2)
    assert held(made, "USDT")[1] == D(expected["unfrozen_money"])
    made.cancel(ME, "BTCUSDT", order.id, 3)
    assert held(made, "USDT") == (1000 - D(expected["spent_money"]), 0)


def trade_at(made, price, now=5):
    made.place_limit(OTHER, "BTCUSDT", "sell", D("0.001"), D(price), now)
    made.place_limit(THIRD, "BTCUSDT", "buy", D("0.001"), D(price), now)


@pytest.mark.parametrize(
    "name",
    ["spot.plan.trigger_above", "spot.plan.trigger_below", "spot.plan.trigger_above_not_yet"],
)
def test_a_conditional_order_waits_for_its_price(name):
    inputs, expected = vector(name)
    made = exchange()
    trade_at(made, inputs["last_at_placement"])
    plan = made.place_plan(
        ME, "BTCUSDT", "buy", D("0.01"), D("50000"), D(inputs["stop_price"]), 6, source="s"
    )
    assert plan.triggers_above == (expected["direction"] == "high")
    assert held(made, "USDT")[1] == 0
    trade_at(made, inputs["last_now"], 7)
    assert (plan.finished_at == 7) == expected["triggered"]
    mine = [(order.price, order.source) for order in made.open_orders(ME, "BTCUSDT")]
    assert mine == ([(D("50000"), "s")] if expected["triggered"] else [])


def test_a_conditional_order_at_the_last_price_is_refused():
    inputs, expected = vector("spot.plan.trigger_equal")
    made = exchange()
    trade_at(made, inputs["last_at_placement"])
    with pytest.raises(Refused, match=expected["rejected"]):
        made.place_plan(ME, "BTCUSDT", "buy", D("1"), None, D(inputs["stop_price"]), 6)


def test_turnover_over_volume_is_a_price_inside_the_candle():
    inputs, expected = vector("spot.kline.value_over_volume")
    average = (D(inputs["amount"]) / D(inputs["volume"])).quantize(D("0.01"))
    assert average == D(expected["vwap"])
    assert D(inputs["low"]) <= average <= D(inputs["high"])


@pytest.mark.parametrize("case", vectors("order_math"), ids=lambda case: case["id"])
def test_the_arithmetic_of_the_published_orders(case):
    made = exchange()
    if case["side"] == 1:
        offer(made, "sell", case["fills"])
    else:
        offer(made, "buy", case["fills"])
    if case["id"] in ("O01-published", "O03-market-buy-two-levels"):
        offer(made, "sell", [(case["fills"][-1][0], "5")])  # the book goes on at this price
    side = {1: "buy", 2: "sell"}[case["side"]]
    if case["type"] == 1:
        order = made.place_limit(ME, "BTCUSDT", side, D(case["amount"]), D(case["price"]), 2)
    else:
        order = made.place_market(ME, "BTCUSDT", side, D(case["amount"]), 2)
    expected = case["expect"]
    found = {
        "deal_stock": str(order.filled), "deal_money": str(order.cost),
        "deal_fee": str(order.fee), "left": str(order.remaining),
    }  # fmt: skip
    assert found == {name: expected[name] for name in found}


# What the rules say without an example


@pytest.mark.parametrize(
    ("side", "money", "amount", "price", "code"),
    [
        ("buy", {"USDT": "99.99"}, "0.001", "100000", 10),
        ("sell", {"BTC": "0.0009"}, "0.001", "1", 10),
        ("buy", {}, "0.0002", "60000", 11),
        ("sell", {}, "0.00029999", "60000", 11),
    ],
)
def test_a_limit_order_is_refused_for_balance_then_for_size(side, money, amount, price, code):
    made = exchange(**money)
    with pytest.raises(Refused) as caught:
        made.place_limit(ME, "BTCUSDT", side, D(amount), D(price), 1)
    assert caught.value.code == code


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_a_market_order_into_an_empty_book_is_refused(side):
    with pytest.raises(Refused) as caught:
        exchange().place_market(ME, "BTCUSDT", side, D("100"), 1)
    assert caught.value.code == 12


def test_cancelling_what_is_not_mine_or_not_there_is_refused():
    made = exchange()
    order = made.place_limit(OTHER, "BTCUSDT", "buy", D("1"), D("100"), 1)
    for user, number, code in ((ME, order.id, 11), (ME, 5, 10)):
        with pytest.raises(Refused) as caught:
            made.cancel(user, "BTCUSDT", number, 2)
        assert caught.value.code == code


def test_an_order_cancelled_without_an_execution_leaves_no_trace():
    made = exchange()
    order = made.place_limit(ME, "BTCUSDT", "buy", D("1"), D("100"), 1)
    made.cancel(ME, "BTCUSDT", order.id, 2)
    assert made.account(ME).finished == {}


def test_one_user_may_trade_with_oneself_and_pays_both_fees():
    made = exchange(BTC="1", USDT="1000")
    made.place_limit(ME, "BTCUSDT", "sell", D("0.01"), D("50000"), 1)
    made.place_limit(ME, "BTCUSDT", "buy", D("0.01"), D("50000"), 2)
    assert held(made, "BTC") == (1 - D("0.01") * D("0.0030"), 0)
    assert held(made, "USDT") == (1000 - 500 * D("0.0020"), 0)
    assert [deal.role for deal in deals_of(made)] == ["taker", "maker"]


def test_a_triggered_order_that_cannot_be_placed_ends_as_failed():
    made = exchange(USDT="1")
    trade_at(made, "60000")
    plan = made.place_plan(ME, "BTCUSDT", "buy", D("1"), D("60000"), D("61000"), 6)
    trade_at(made, "61000", 7)
    assert plan.execution_status == 2
    assert made.open_orders(ME, "BTCUSDT") == []


def test_one_triggered_order_can_trigger_the_next():
    made = exchange()
    trade_at(made, "60000")
    offer(made, "sell", [("62000", "0.5"), ("63000", "5")])
    first = made.place_plan(ME, "BTCUSDT", "buy", D("35000"), None, D("61000"), 6)
    second = made.place_plan(ME, "BTCUSDT", "buy", D("1"), D("50000"), D("62500"), 6)
    made.place_limit(THIRD, "BTCUSDT", "sell", D("0.001"), D("61000"), 7)
    made.place_limit(THIRD, "BTCUSDT", "buy", D("0.001"), D("61000"), 7)
    assert (first.execution_status, second.execution_status) == (1, 1)
    assert made.books["BTCUSDT"].last == 63000


orders = st.lists(
    st.tuples(
        st.sampled_from([ME, OTHER, THIRD]),
        st.sampled_from(["limit", "IOC", "FOK", "market", "cancel", "plan"]),
        st.sampled_from(["buy", "sell"]),
        st.integers(1, 4000),
        st.integers(5_990_000, 6_010_000),
    ),
    max_size=60,
)


@settings(max_examples=300, deadline=None)
@given(orders)
def test_no_money_is_made_or_lost_and_every_ledger_adds_up(events):
    made = exchange()
    start = {
        asset: sum(sum(held(made, asset, user)) for user in (ME, OTHER, THIRD))
        for asset in ("BTC", "USDT")
    }
    for now, (user, kind, side, size, price) in enumerate(events, start=10):
        amount, level = D(size).scaleb(-5), D(price).scaleb(-2)
        try:
            if kind == "market":
                worth = amount if side == "sell" else cut(amount * level, 5)
                made.place_market(user, "BTCUSDT", side, worth, now)
            elif kind == "cancel" and made.orders:
                order = list(made.orders.values())[size % len(made.orders)]
                made.cancel(order.user_id, "BTCUSDT", order.id, now)
            elif kind == "plan":
                made.place_plan(user, "BTCUSDT", side, amount, level, level + 1, now)
            else:
                made.place_limit(
                    user, "BTCUSDT", side, amount, level, now,
                    time_in_force=kind if kind in ("IOC", "FOK") else "GTC",
                )  # fmt: skip
        except Refused:
            pass
    check_books(made)
    check_money(made, start)


def check_books(made):
    book = made.books["BTCUSDT"]
    for resting in (book.bids, book.asks):
        for order in resting:
            assert made.orders[order.id] is order
            assert order.remaining > 0
            assert order.frozen == order.remaining * (1 if order.side == "sell" else order.price)
    if book.bids and book.asks:
        assert book.bids[-1].price < book.asks[-1].price
    assert [o.price for o in book.bids] == sorted(o.price for o in book.bids)


def check_money(made, start):
    for asset in ("BTC", "USDT"):
        total = fees = D(0)
        for user in (ME, OTHER, THIRD):
            available, frozen = held(made, asset, user)
            assert available >= 0
            mine = [order for order in made.orders.values() if order.user_id == user]
            locks = "sell" if asset == "BTC" else "buy"
            assert frozen == sum((o.frozen for o in mine if o.side == locks), D(0))
            lines = [line for line in made.account(user).ledger if line.asset == asset]
            assert sum((line.change for line in lines), D(0)) == available + frozen
            running = D(0)
            for line in lines:
                running += line.change
                assert line.balance == running
            fees -= sum((line.change for line in lines if line.business == "fee"), D(0))
            total += available + frozen
        assert total + fees == start[asset]
