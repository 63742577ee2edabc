"""Trading costs: by hand, unknown without a quote, and never ahead of their time."""

from decimal import Decimal as D

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btcc_research import analytics, tables
from btcc_research.errors import InvalidArgument
from tests.analytics.by_hand import at, frame, futures, spot


def quotes(*rows, market="BTCUSDT"):
    return pd.DataFrame([{"time": at(time), "market": market, "bid": bid, "ask": ask} for time, bid, ask in rows],
                        columns=["time", "market", "bid", "ask"])  # fmt: skip


QUOTES = quotes(
    ("00:00:00", 99.0, 101.0), ("00:00:10", 100.0, 102.0), ("00:00:11", 101.0, 103.0),
    ("00:00:20", 102.0, 104.0), ("00:05:10", 104.0, 106.0),
)  # fmt: skip
BUY = spot(("00:00:10", "BTCUSDT", "buy", "102", "2", "0.006", "BTC"), exact=False)
SELL = spot(("00:00:10", "BTCUSDT", "sell", "100", "2", "0.6", "USDT"), exact=False)
ORDER = {
    "created_at": "00:00:02", "venue": "spot", "market": "BTCUSDT", "id": 101, "side": "buy",
    "type": "limit", "status": "filled", "amount": "2", "remaining": "0", "filled": "2",
    "cost": "204", "average_price": "102", "fee": "0.006", "fee_asset": "BTC",
    "updated_at": "00:00:10", "finished_at": "00:00:10",
}  # fmt: skip


def orders(**changes):
    return frame(tables.ORDERS, [{**ORDER, **changes}], exact=False)


def close(expected):
    return pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_what_a_buy_at_the_ask_costs():
    found = analytics.execution_costs(BUY, QUOTES, orders(), tolerance="1min").iloc[0]
    assert (found["bid"], found["ask"], found["mid"]) == (100, 102, 101)
    assert found["spread_paid"] == close(2.0)
    assert found["quoted_spread_bps"] == close(2 / 101 * 1e4)
    assert found["effective_spread_bps"] == close(2 / 101 * 1e4)
    assert found["realized_spread_bps"] == close(2 * (102 - 105) / 101 * 1e4)
    assert found["impact_bps"] == close(2 * (105 - 101) / 101 * 1e4)
    assert found["arrival_mid"] == 100
    assert found["slippage"] == close(4.0)
    assert found["slippage_bps"] == close(200.0)
    assert found["fee"] == close(0.612)
    assert found["fee_bps"] == close(30.0)
    assert found["markout_1s"] == close(0.0)
    assert found["markout_10s"] == close(1 / 102 * 1e4)
    assert found["markout_5min"] == close(3 / 102 * 1e4)


def test_a_sell_has_the_opposite_signs():
    found = analytics.execution_costs(SELL, QUOTES, tolerance="1min").iloc[0]
    assert found["spread_paid"] == close(2.0)
    assert found["effective_spread_bps"] == close(2 / 101 * 1e4)
    assert found["markout_10s"] == close(-3 / 100 * 1e4)
    assert pd.isna(found["slippage"])


def test_effective_spread_is_realized_spread_and_impact():
    for trades in (BUY, SELL):
        found = analytics.execution_costs(trades, QUOTES, tolerance="1min").iloc[0]
        assert found["effective_spread_bps"] == close(
            found["realized_spread_bps"] + found["impact_bps"]
        )


def test_a_quote_that_is_too_old_is_none():
    found = analytics.execution_costs(
        BUY, QUOTES, tolerance="5s", horizons=("1s", "8s", "16s")
    ).iloc[0]
    assert found["mid"] == 101
    assert found["markout_1s"] == close(0.0)
    assert pd.isna(found["markout_8s"])
    assert pd.isna(found["markout_16s"])
    assert pd.isna(found["realized_spread_bps"]) == False  # noqa: E712 (5 minutes later there is one)


@pytest.mark.parametrize("odd", [("00:00:09", 103.0, 102.0), ("00:00:09", float("nan"), 102.0)])
def test_a_crossed_or_one_sided_quote_is_none(odd):
    shown = quotes(("00:00:08", 100.0, 102.0), odd)
    found = analytics.execution_costs(BUY, shown).iloc[0]
    assert pd.isna(found["mid"])
    assert pd.isna(found["spread_paid"])
    assert found["fee_bps"] == close(30.0)


def test_a_quote_of_another_market_or_venue_is_none():
    assert (
        analytics.execution_costs(BUY, quotes(("00:00:10", 100.0, 102.0), market="ETHUSDT"))["mid"]
        .isna()
        .all()
    )
    elsewhere = QUOTES.assign(venue="futures")
    assert analytics.execution_costs(BUY, elsewhere)["mid"].isna().all()
    assert analytics.execution_costs(BUY, QUOTES.assign(venue="spot"))["mid"].tolist() == [101]


def test_a_futures_execution_pays_half_the_spread():
    trades = futures(("00:00:10", "open", "buy", "102", "2", "0.1", None, None), exact=False)
    found = analytics.execution_costs(trades, QUOTES).iloc[0]
    assert found["spread_paid"] == close(2.0)
    assert found["fee_bps"] == close(0.1 / 204 * 1e4)
    assert pd.isna(found["role"])


def test_a_fee_in_a_third_coin_is_not_known_here():
    trades = spot(("00:00:10", "BTCUSDT", "buy", "102", "2", "0.5", "BTT"), exact=False)
    assert analytics.execution_costs(trades, QUOTES)["fee"].isna().all()


def test_exact_frames_give_exact_costs():
    trades = spot(("00:00:10", "BTCUSDT", "buy", "102", "2", "0.006", "BTC"))
    found = analytics.execution_costs(trades, QUOTES).iloc[0]
    assert found["spread_paid"] == D(2)
    assert found["fee"] == D("0.612")


moments = st.integers(0, 400)
markets = st.sampled_from(("BTCUSDT", "ETHUSDT"))
rows_of_quotes = st.lists(
    st.tuples(moments, markets, st.integers(90, 110), st.integers(-1, 4)), max_size=25
)
rows_of_trades = st.lists(
    st.tuples(moments, markets, st.sampled_from(("buy", "sell")), st.integers(90, 112)),
    min_size=1,
    max_size=8,
)


@given(rows_of_quotes, rows_of_quotes, rows_of_trades, st.integers(0, 400))
@settings(max_examples=200, deadline=None)
def test_later_quotes_change_no_earlier_number_but_the_markouts_they_reach(known, more, rows, now):
    def shown(found):
        return pd.DataFrame(
            [{"time": at("00:00") + pd.Timedelta(seconds=second), "market": market, "bid": float(bid), "ask": float(bid + spread)}
             for second, market, bid, spread in found],
            columns=["time", "market", "bid", "ask"],
        ).astype({"time": "datetime64[us, UTC]"})  # fmt: skip

    later = [(now + 1 + second, *rest) for second, *rest in more]
    known = [row for row in known if row[0] <= now]
    trades = spot(*((f"00:0{second // 60}:{second % 60:02d}", market, side, str(price), "1", "0", "USDT")
                    for second, market, side, price in rows if second <= now), exact=False)  # fmt: skip
    horizons = {"1s": 1, "10s": 10, "1min": 60}
    options = {"horizons": tuple(horizons), "realized_after": "30s", "tolerance": "20s"}
    before = analytics.execution_costs(trades, shown(known), **options)
    after = analytics.execution_costs(trades, shown(known + later), **options)
    ahead = {
        **{f"markout_{name}": reach for name, reach in horizons.items()},
        "realized_spread_bps": 30,
        "impact_bps": 30,
    }
    for name in before.columns:
        if name not in ahead:
            pd.testing.assert_series_equal(before[name], after[name])
            continue
        # A look-ahead number may change where its horizon lies beyond what was known.
        reached = before["time"] + pd.Timedelta(seconds=ahead[name]) > at("00:00") + pd.Timedelta(
            seconds=now
        )
        pd.testing.assert_series_equal(before.loc[~reached, name], after.loc[~reached, name])


def test_an_order_that_was_filled_whole():
    trades = spot(
        ("00:00:10", "BTCUSDT", "buy", "102", "1", "0.003", "BTC"),
        ("00:00:20", "BTCUSDT", "buy", "104", "1", "0.003", "BTC"),
        exact=False,
    ).assign(order_id=101, role=["taker", "maker"])
    order = orders(average_price="103", cost="206", finished_at="00:00:20", updated_at="00:00:20")
    found = analytics.order_costs(order, QUOTES, trades, tolerance="1min").iloc[0]
    assert found["fill_ratio"] == 1
    assert found["arrival_mid"] == 100
    assert found["end_mid"] == 103
    assert found["slippage_bps"] == close(300.0)
    assert found["fee"] == close(0.003 * 206)
    assert found["shortfall"] == close(6 + 0.618)
    assert found["shortfall_bps"] == close((6 + 0.618) / 200 * 1e4)
    assert found["maker_share"] == 0.5
    assert found["executions"] == 2
    assert found["time_to_first_fill"] == pd.Timedelta("8s")
    assert found["time_to_fill"] == pd.Timedelta("18s")


def test_what_was_not_filled_is_missed_at_the_price_of_the_end():
    order = orders(
        amount="5", remaining="3", status="cancelled", finished_at="00:05:12", updated_at="00:05:12"
    )
    found = analytics.order_costs(order, QUOTES, tolerance="1min").iloc[0]
    assert found["fill_ratio"] == close(0.4)
    assert found["end_mid"] == 105
    assert found["shortfall"] == close(2 * 2 + 0.006 * 102 + 5 * 3)
    assert pd.isna(found["time_to_fill"])
    assert pd.isna(found["executions"])


def test_an_order_without_any_fill_costs_what_it_missed():
    order = orders(amount="1", remaining="1", filled="0", cost="0", fee="0", average_price=None,
                   status="cancelled", finished_at="00:00:20", updated_at="00:00:20")  # fmt: skip
    found = analytics.order_costs(order, QUOTES, BUY.iloc[:0], tolerance="1min").iloc[0]
    assert found["shortfall"] == close(3.0)
    assert found["fill_ratio"] == 0
    assert found["executions"] == 0
    assert pd.isna(found["slippage_bps"])


def test_an_open_order_has_no_shortfall_yet():
    found = analytics.order_costs(
        orders(status="open", finished_at=None), QUOTES, tolerance="1min"
    ).iloc[0]
    assert pd.isna(found["shortfall"])
    assert pd.isna(found["end_mid"])
    assert found["arrival_mid"] == 100


def test_the_size_of_a_market_buy_is_what_its_money_could_have_bought():
    order = orders(type="market", amount="300", remaining="96", status="cancelled", price=None)
    found = analytics.order_costs(order, QUOTES, tolerance="1min").iloc[0]
    assert found["amount"] == close(2.96)
    assert found["fill_ratio"] == close(204 / 300)
    done = analytics.order_costs(
        orders(type="market", amount="204.5", remaining="0.5"), QUOTES, tolerance="1min"
    ).iloc[0]
    assert done["amount"] == 2


def test_stop_orders_of_spot_are_left_out_and_those_of_futures_are_not():
    spot_stop = orders(type="stop_limit", status="closed")
    assert len(analytics.order_costs(spot_stop, QUOTES)) == 0
    future = orders(venue="futures", type="stop", fee="0.1", fee_asset="USDT")
    found = analytics.order_costs(future, QUOTES, tolerance="1min").iloc[0]
    assert found["fee"] == close(0.1)
    assert found["time_to_fill"] == pd.Timedelta("8s")


def test_a_summary_is_weighted_by_value():
    trades = spot(
        ("00:00:10", "BTCUSDT", "buy", "102", "3", "0", "BTC"),
        ("00:00:10", "BTCUSDT", "sell", "100", "1", "0.5", "USDT"),
        ("00:09:00", "BTCUSDT", "sell", "100", "1", "0.5", "USDT"),
        exact=False,
    ).assign(role=["maker", "taker", "taker"])
    costs = analytics.execution_costs(trades, QUOTES, tolerance="1min")
    found = analytics.cost_summary(costs).iloc[0]
    assert found["group"] == "BTCUSDT"
    assert found["executions"] == 3
    assert found["value"] == 506
    assert found["quoted"] == close(406 / 506)
    assert found["maker_share"] == close(306 / 506)
    assert found["fee_bps"] == close(1 / 506 * 1e4)
    assert found["effective_spread_bps"] == close(2 / 101 * 1e4)
    weighted = (306 * costs["markout_10s"][0] + 100 * costs["markout_10s"][1]) / 406
    assert found["markout_10s"] == close(weighted)
    assert analytics.cost_summary(costs, "role")["group"].tolist() == ["maker", "taker"]
    with pytest.raises(InvalidArgument, match="'role'"):
        analytics.cost_summary(costs, "colour")


def test_a_frame_without_quotes_and_odd_times_are_refused():
    with pytest.raises(InvalidArgument, match="quotes lacks the column 'ask'"):
        analytics.execution_costs(BUY, QUOTES.drop(columns="ask"))
    with pytest.raises(InvalidArgument, match="tolerance=-1"):
        analytics.execution_costs(BUY, QUOTES, tolerance=-1)
    with pytest.raises(InvalidArgument, match="horizons='soon'"):
        analytics.execution_costs(BUY, QUOTES, horizons=("soon",))
