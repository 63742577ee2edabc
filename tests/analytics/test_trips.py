"""Lots and round trips: hand-made cases, the rules' worked examples, and what must always hold."""

from decimal import Decimal as D

import pandas as pd
import pytest

from btcc_research import analytics, tables
from btcc_research.analytics import ValueUnknown
from btcc_research.errors import InvalidArgument
from tests.analytics.accounts import futures_account, spot_account
from tests.analytics.by_hand import at, frame, futures, spot
from tests.conftest import rules_vectors

VECTORS = {vector["id"]: vector for vector in rules_vectors("")}
METHODS = ("fifo", "lifo", "hifo", "average")


def vector(name):
    found = VECTORS[name]
    numbers = {key: D(value) for key, value in found["expected"].items() if is_number(value)}
    return found["inputs"], numbers


def is_number(value):
    return isinstance(value, str) and value.lstrip("-").replace(".", "", 1).isdigit()


THREE_BUYS = (
    ("00:00", "BTCUSDT", "buy", "100", "1", "0", "BTC"),
    ("01:00", "BTCUSDT", "buy", "120", "1", "0", "BTC"),
    ("02:00", "BTCUSDT", "buy", "110", "2", "0", "BTC"),
)


@pytest.mark.parametrize(
    ("method", "gross", "left"),
    [
        ("fifo", [30, 10], [(D(110), D(2))]),
        ("lifo", [40], [(D(100), D(1)), (D(120), D(1))]),
        ("hifo", [10, 20], [(D(100), D(1)), (D(110), D(1))]),
        ("average", [20, 20], [(D(110), D(2))]),
    ],
)
def test_the_method_decides_which_lot_a_sale_closes(method, gross, left):
    trades = spot(*THREE_BUYS, ("03:00", "BTCUSDT", "sell", "130", "2", "0", "USDT"))
    trips = analytics.round_trips(trades, method)
    assert trips["gross"].tolist() == gross
    open_lots = analytics.lots(trades, method)
    assert list(zip(open_lots["price"], open_lots["amount"], strict=True)) == left


def test_a_fee_in_the_bought_coin_reduces_the_lot_and_is_valued_at_its_own_price():
    trades = spot(("00:00", "BTCUSDT", "buy", "60000", "0.1", "0.0003", "BTC"))
    lot = analytics.lots(trades).iloc[0]
    assert lot["amount"] == D("0.0997")
    assert lot["price"] == D(60000)
    assert lot["cost"] == D("5982")
    assert lot["fees"] == D("18")
    assert lot["side"] == "long"


def test_a_round_trip_has_both_fees_and_its_return():
    trades = spot(
        ("00:00", "BTCUSDT", "buy", "60000", "0.1", "0.0003", "BTC"),
        ("06:00", "BTCUSDT", "sell", "61000", "0.0997", "18.2451", "USDT"),
    )
    trip = analytics.round_trips(trades).iloc[0]
    assert trip["gross"] == D("99.7")
    assert trip["fees"] == D("36.2451")
    assert trip["net"] == D("63.4549")
    assert trip["return"] == (D("63.4549") / D("5982")).quantize(D("1e-18"))
    assert trip["duration"] == pd.Timedelta("6h")
    assert (trip["entry_id"], trip["exit_id"]) == (1, 2)


def test_a_partly_closed_lot_gives_up_its_share_of_the_fee_and_keeps_the_rest():
    trades = spot(
        ("00:00", "BTCUSDT", "buy", "100", "3", "1", "USDT"),
        ("01:00", "BTCUSDT", "sell", "110", "1", "0", "USDT"),
        ("02:00", "BTCUSDT", "sell", "110", "1", "0", "USDT"),
    )
    trips, lot = analytics.round_trips(trades), analytics.lots(trades).iloc[0]
    third = D("0.333333333333333333")
    assert trips["fees"].tolist() == [third, third + D("1e-18")]
    assert trips["fees"].sum() + lot["fees"] == 1


def test_coins_sold_before_they_were_bought_are_short():
    trades = spot(
        ("00:00", "BTCUSDT", "sell", "100", "2", "0", "USDT"),
        ("01:00", "BTCUSDT", "buy", "90", "3", "0", "USDT"),
    )
    trip, lot = analytics.round_trips(trades).iloc[0], analytics.lots(trades).iloc[0]
    assert (trip["side"], trip["gross"], trip["amount"]) == ("short", 20, 2)
    assert (lot["side"], lot["amount"], lot["price"]) == ("long", 1, 90)


def test_the_highest_in_first_out_of_a_short_is_the_cheapest():
    trades = spot(
        ("00:00", "BTCUSDT", "sell", "100", "1", "0", "USDT"),
        ("01:00", "BTCUSDT", "sell", "120", "1", "0", "USDT"),
        ("02:00", "BTCUSDT", "buy", "90", "1", "0", "USDT"),
    )
    assert analytics.round_trips(trades, "hifo")["gross"].tolist() == [10]


def test_a_fee_in_a_third_coin_needs_a_price():
    trades = spot(
        ("00:00", "BTCUSDT", "buy", "100", "1", "0.5", "BTT"),
        ("01:00", "BTCUSDT", "sell", "110", "1", "0", "USDT"),
    )
    with pytest.warns(ValueUnknown, match="no price of BTT in USDT"):
        trips = analytics.round_trips(trades)
    assert trips["fees"].isna().all()
    assert trips["net"].isna().all()
    assert trips["gross"].tolist() == [10]
    known = analytics.round_trips(trades, prices={"BTTUSDT": pd.Series([2.0], index=[at("00:00")])})
    assert known["net"].tolist() == [9]
    asked = []

    def price(asset, currency, time):
        asked.append((asset, currency, time))
        return 3

    assert analytics.round_trips(trades, prices=price)["net"].tolist() == [D("8.5")]
    assert asked == [("BTT", "USDT", at("00:00"))]


def test_base_and_quote_are_told_by_fees_by_columns_or_refused():
    trades = spot(("00:00", "ODDPAIR", "buy", "2", "1", "0", None))
    with pytest.raises(InvalidArgument, match="'base' and 'quote'"):
        analytics.lots(trades)
    named = trades.assign(base="ODD", quote="PAIR")
    assert analytics.lots(named)[["base", "currency"]].iloc[0].tolist() == ["ODD", "PAIR"]


def test_an_unknown_method_and_a_missing_column_are_refused():
    with pytest.raises(InvalidArgument, match="'fifo', 'lifo', 'hifo', 'average'"):
        analytics.lots(spot(), "best")
    with pytest.raises(InvalidArgument, match="lacks the column 'price'"):
        analytics.lots(spot().drop(columns="price"))
    with pytest.raises(InvalidArgument, match="neither 'buy' nor 'sell'"):
        analytics.lots(spot(("00:00", "BTCUSDT", "short", "100", "1", "0", "USDT")))


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("method", METHODS)
def test_parts_add_up_to_the_lots_they_come_from(seed, method):
    trades = spot_account(seed).trades
    trips, left = analytics.round_trips(trades, method), analytics.lots(trades, method)
    for market, rows in trades.groupby("market"):
        base = market.removesuffix(rows["fee_asset"][rows["side"] == "sell"].iloc[0])
        moved = D(0)
        for row in rows.itertuples():
            moved += row.amount if row.side == "buy" else -row.amount
            moved -= row.fee if row.fee_asset == base else 0
        lots = left[left["market"] == market]
        held = zip(lots["amount"], lots["side"], strict=True)
        assert sum(amount if side == "long" else -amount for amount, side in held) == moved
        mine = trips[trips["market"] == market]
        paid = sum(
            row.fee * (row.price if row.fee_asset == base else 1) for row in rows.itertuples()
        )
        assert sum(mine["fees"]) + sum(lots["fees"]) == paid


@pytest.mark.parametrize("seed", range(6))
def test_float_frames_give_the_floats_of_the_exact_result(seed):
    exact = analytics.round_trips(spot_account(seed).trades)
    floats = analytics.round_trips(spot_account(seed, exact=False).trades)
    for name in ("amount", "gross", "fees", "net", "return"):
        assert floats[name].tolist() == pytest.approx(
            [float(value) for value in exact[name]], rel=1e-12
        )


def test_the_order_of_the_rows_does_not_matter():
    trades = spot_account(3).trades
    shuffled = trades.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(analytics.round_trips(trades), analytics.round_trips(shuffled))


@pytest.mark.parametrize("name", ["spot.market_buy.api_sample", "spot.market_buy.three_levels"])
def test_market_buys_of_the_rules(name):
    inputs, expected = vector(name)
    fills = VECTORS[name]["expected"].get("fills") or [
        {"price": inputs["asks"][0][0], "amount": expected["deal_stock"], "fee": expected["fee"]}
    ]
    rows = [("00:00", "BTCUSDT", "buy", f["price"], f["amount"], f["fee"], "BTC") for f in fills]
    lots = analytics.lots(spot(*rows), "average")
    assert lots["amount"].tolist() == [expected["net_stock"]]
    assert sum(lots["cost"]) + sum(lots["fees"]) == expected["deal_money"]


def test_a_market_sell_of_the_rules():
    _, expected = vector("spot.market_sell.book_exhausted")
    fills = VECTORS["spot.market_sell.book_exhausted"]["expected"]["fills"]
    rows = [("01:00", "BTCUSDT", "sell", f["price"], f["amount"], f["fee"], "USDT") for f in fills]
    trips = analytics.round_trips(
        spot(("00:00", "BTCUSDT", "buy", "1", "0.008", "0", "USDT"), *rows)
    )
    assert sum(trips["exit_value"]) == expected["deal_money"]
    assert sum(trips["exit_value"]) - sum(trips["fees"]) == expected["net_money"]


def test_a_limit_buy_that_crosses_and_rests():
    stated = VECTORS["spot.limit_buy.cross_then_rest"]["expected"]
    rows = [
        ("00:00", "BTCUSDT", "buy", fill["price"], fill["amount"], fill["fee"], "BTC")
        for fill in (stated["taker_fill"], stated["maker_fill"])
    ]
    lots = analytics.lots(spot(*rows))
    assert sum(lots["amount"]) == D(stated["after_maker_fill"]["BTC_available"])
    assert sum(lots["cost"]) + sum(lots["fees"]) == D(stated["order"]["deal_money"])


def test_a_limit_sell_and_an_immediate_order_of_the_rules():
    inputs, expected = vector("spot.limit_sell.maker_fill")
    sold = ("01:00", "BTCUSDT", "sell", inputs["price"], inputs["amount"], expected["fee"], "USDT")
    trip = analytics.round_trips(
        spot(("00:00", "BTCUSDT", "buy", "1", "0.02", "0", "USDT"), sold)
    ).iloc[0]
    assert trip["exit_value"] - trip["fees"] == expected["net_money"]
    inputs, expected = vector("spot.tif.ioc")
    bought = ("00:00", "BTCUSDT", "buy", "60000", expected["deal_stock"], expected["fee"], "BTC")
    lot = analytics.lots(spot(bought)).iloc[0]
    assert lot["cost"] + lot["fees"] == expected["deal_money"]


def test_profits_have_all_digits_where_the_reported_one_is_only_rounded():
    inputs, expected = vector("fut.pnl.api_sample")
    trades = futures(
        ("00:00", "open", "buy", inputs["open_price"], inputs["lots"], "0", None, None),
        (
            "01:00",
            "close",
            "sell",
            inputs["close_price"],
            inputs["lots"],
            "0",
            expected["profit_reported"],
            "0",
        ),
    )
    assert analytics.round_trips(trades)["gross"].tolist() == [expected["profit_exact"]]
    reported = trades.assign(realized=pd.array([None, D("5")], dtype=trades["realized"].dtype))
    assert analytics.round_trips(reported)["gross"].tolist() == [5]


@pytest.mark.parametrize("side", ["long", "short"])
def test_a_futures_round_trip_of_the_rules(side):
    inputs, expected = vector(f"fut.pnl.{side}_round_trip")
    opens, closes = ("buy", "sell") if side == "long" else ("sell", "buy")
    opening = inputs["open_ask" if side == "long" else "open_bid"]
    closing = inputs["close_bid" if side == "long" else "close_ask"]
    trades = futures(
        ("00:00", "open", opens, opening, inputs["lots"], expected["open_fee"], None, None),
        (
            "09:00",
            "close",
            closes,
            closing,
            inputs["lots"],
            expected["close_fee"],
            expected["profit"],
            expected["funding"],
        ),
    )
    trip = analytics.round_trips(trades).iloc[0]
    assert trip["side"] == side
    assert trip["gross"] == expected["profit"]
    assert trip["fees"] == expected["open_fee"] + expected["close_fee"]
    assert trip["funding"] == expected["funding"]
    assert trip["net"] == expected["net"]
    if side == "long":
        _, measure = vector("fut.analytics.return_on_margin")
        assert trip["margin"] == D(
            VECTORS["fut.analytics.return_on_margin"]["inputs"]["open_margin"]
        )
        assert (trip["return_on_margin"] * 100).quantize(D("0.01")) == measure["percent"]


def test_fees_of_the_rules_on_both_sides():
    inputs, expected = vector("fut.fee.open_and_close")
    trades = futures(
        (
            "00:00",
            "open",
            "buy",
            inputs["open_price"],
            inputs["lots"],
            expected["open_fee"],
            None,
            None,
        ),
        (
            "01:00",
            "close",
            "sell",
            inputs["close_price"],
            inputs["lots"],
            expected["close_fee"],
            None,
            None,
        ),
    )
    assert analytics.round_trips(trades)["fees"].tolist() == [expected["total_fee"]]


def test_a_partial_close_leaves_the_rest_of_the_position():
    inputs, expected = vector("fut.pnl.partial_close")
    trades = futures(
        ("00:00", "open", "buy", inputs["open_price"], inputs["lots"], "6.169842", None, None),
        (
            "01:00",
            "close",
            "sell",
            inputs["close_bid"],
            inputs["close_lots"],
            expected["close_fee"],
            "35.70",
            "0",
        ),
    )
    trip, lot = analytics.round_trips(trades).iloc[0], analytics.lots(trades).iloc[0]
    assert trip["gross"] == expected["profit"]
    assert trip["fees"] == expected["close_fee"] + D("6.169842") * D("0.4")
    assert lot["amount"] == expected["remaining_lots"]
    assert lot["price"] == D(inputs["open_price"])
    assert lot["cost"] / 50 == expected["remaining_margin"]
    assert lot["position_id"] == 7


@pytest.mark.parametrize("side", ["long", "short"])
def test_coin_margined_profit_is_in_the_coin(side):
    inputs, expected = vector(f"fut.coinm.{side}")
    opens, closes = ("buy", "sell") if side == "long" else ("sell", "buy")
    trades = futures(
        ("00:00", "open", opens, inputs["open_price"], inputs["lots"], expected["open_fee"], None, None),
        ("01:00", "close", closes, inputs["close_price"], inputs["lots"], expected["close_fee"], expected["profit_coin"], "0"),
        market="BTCUSD", asset="BTC", leverage=20,
    )  # fmt: skip
    trip = analytics.round_trips(trades).iloc[0]
    assert trip["currency"] == "BTC"
    assert trip["gross"] == expected["profit_coin"]
    assert trip["net"] == expected["net"]
    assert trip["margin"] == expected["open_margin"]
    assert trip["return"] == (expected["net"] / D("0.1")).quantize(D("1e-18"))


@pytest.mark.parametrize(
    "name",
    ["fut.liquidation.long_5x", "fut.liquidation.short_5x", "fut.liquidation.long_50x_clamped"],
)
def test_a_liquidation_is_a_close_like_others(name):
    inputs, expected = vector(name)
    long = inputs["direction"] == "buy"
    price = inputs.get("trigger_bid") or inputs.get("trigger_ask") or inputs["bids"][1]
    fee = expected.get("fee") or expected["fee_collected"]
    trades = futures(
        (
            "00:00",
            "open",
            "buy" if long else "sell",
            inputs["open_price"],
            inputs["lots"],
            "0",
            None,
            None,
        ),
        (
            "01:00",
            "close",
            "sell" if long else "buy",
            price,
            inputs["lots"],
            fee,
            expected["profit"].quantize(D("0.01")),
            "0",
        ),
    )
    trip = analytics.round_trips(trades).iloc[0]
    assert trip["gross"] == expected["profit"]
    assert D(inputs["balance"]) + trip["net"] == expected["balance_after"]


def test_a_voucher_waives_fees_and_nothing_else():
    inputs, expected = vector("fut.voucher.cost")
    trades = futures(
        ("00:00", "open", "buy", "100", "1", "0", None, None),
        (
            "01:00",
            "close",
            "sell",
            "80",
            "1",
            expected["charged_fee"],
            inputs["profit"],
            inputs["funding"],
        ),
    )
    assert analytics.round_trips(trades)["net"].tolist() == [expected["cash_flow"]]


def test_a_close_whose_opening_is_not_in_the_data_has_the_reported_profit():
    trades = futures(("01:00", "close", "sell", "110", "2", "0.1", "20", "-1"))
    trip = analytics.round_trips(trades).iloc[0]
    assert pd.isna(trip["entry_price"])
    assert pd.isna(trip["opened_at"])
    assert trip["side"] == "long"
    assert trip["net"] == D("18.9")
    assert len(analytics.lots(trades)) == 0


def test_positions_of_one_market_are_not_mixed():
    account = futures_account(5)
    left = analytics.lots(account.trades, "lifo")
    listed = account.positions.set_index("id")
    assert left["position_id"].tolist() == sorted(
        left["position_id"], key=list(left["position_id"]).index
    )
    assert set(left["position_id"]) == set(listed.index)
    for row in left.itertuples():
        assert row.amount == listed["amount"][row.position_id]
        assert row.price == listed["open_price"][row.position_id]


def test_futures_without_a_contract_size_still_have_their_profit():
    trades = futures(
        ("00:00", "open", "buy", "100", "1", "0.1", None, None),
        ("01:00", "close", "sell", "110", "1", "0.1", "10", "-1"),
    )
    for name in ("amount", "cost"):
        trades[name] = pd.array([None, None], dtype=trades[name].dtype)
    trip = analytics.round_trips(trades).iloc[0]
    assert pd.isna(trip["amount"])
    assert trip["gross"] == 10
    assert trip["net"] == D("8.9")


@pytest.mark.parametrize("side", ["long", "short"])
def test_break_even_of_the_rules(side):
    inputs, expected = vector(f"fut.analytics.break_even_{side}")
    funding = D(inputs["funding_received"]) if side == "short" else -D(inputs["funding_paid"])
    position = {
        "market": "BTCUSDT", "id": 1, "side": side, "amount": inputs["lots"],
        "open_price": inputs["open_price"], "funding": funding, "contract": "USDT-margined",
    }  # fmt: skip
    found = analytics.break_even(frame(tables.POSITIONS, [position]), inputs["fee_rate"])
    assert found.name == "break_even"
    assert found[0].quantize(D("1e-8")) == expected["break_even"]


@pytest.mark.parametrize(("side", "sign"), [("long", 1), ("short", -1)])
def test_at_break_even_nothing_is_left_of_a_coin_margined_position(side, sign):
    position = {"market": "BTCUSD", "id": 1, "side": side, "amount": "0.1", "open_price": "40000",
                "funding": "-0.00001", "contract": "coin-margined"}  # fmt: skip
    price = analytics.break_even(frame(tables.POSITIONS, [position]), "0.00045")[0]
    profit = D("0.1") * (1 - D(40000) / price) * sign
    assert abs(profit - 2 * D("0.1") * D("0.00045") - D("0.00001")) < D("1e-18")
