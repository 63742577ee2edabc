"""Profit: one identity, to the last digit, whatever the method and the grouping."""

from decimal import ROUND_HALF_UP
from decimal import Decimal as D

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btcc_research import analytics
from btcc_research.analytics import ValueUnknown
from btcc_research.errors import InvalidArgument
from tests.analytics.accounts import futures_account, spot_account
from tests.analytics.by_hand import at, futures, ledger, spot
from tests.analytics.test_trips import METHODS, vector
from tests.conftest import rules_vectors

MEASURES = ("realized", "unrealized", "fees", "funding", "other", "net", "transfers", "change")


def price(asset, currency, time):
    """A price that moves from second to second, and one for now."""
    assert currency == "USDT"
    base = {"BTC": D(60000), "ETH": D(3500)}[asset]
    return base if time is None else base + D(int(time.timestamp()) % 977)


def worth_of(held):
    return sum(
        amount * (1 if asset == "USDT" else price(asset, "USDT", None))
        for asset, amount in held.items()
    )


def check_spot(seed, methods=METHODS, groupings=("market", "day", "venue", "position")):
    account = spot_account(seed, trades=16)
    expected = worth_of(account.truth["held"])
    for method in methods:
        for by in groupings:
            found = analytics.pnl(
                account.trades, account.ledger, price, by, method=method, currency="USDT"
            )
            assert sum(found["change"]) == expected
            parts = [
                sum(found[name])
                for name in ("realized", "unrealized", "fees", "funding", "other", "transfers")
            ]
            assert parts[0] + parts[1] - parts[2] + parts[3] + parts[4] + parts[5] == expected


def check_futures(seed, words, methods=METHODS):
    account = futures_account(
        seed, steps=20, words=words, bonus=seed % 2 * 40, bonus_lines=seed % 4 < 2
    )
    for method in methods:
        found = analytics.pnl(
            account.trades, account.ledger, account.truth["quotes"], "position", method=method
        )
        for currency, equity in account.truth["equity"].items():
            assert sum(found.loc[found["currency"] == currency, "change"]) == equity


@pytest.mark.parametrize("seed", range(100))
def test_everything_adds_up_to_the_change_of_equity_on_spot(seed):
    check_spot(
        1000 + seed,
        groupings=("market", "day") if seed % 10 else ("market", "day", "venue", "position"),
    )


@pytest.mark.parametrize("seed", range(100))
def test_everything_adds_up_to_the_change_of_equity_on_futures(seed):
    check_futures(1000 + seed, words=bool(seed % 3))


@pytest.mark.slow
@pytest.mark.parametrize("block", range(100))
def test_everything_adds_up_for_five_thousand_histories(block):
    for seed in range(block * 50, block * 50 + 50):
        check_spot(20_000 + seed, groupings=("day",))
        check_futures(20_000 + seed, words=bool(seed % 2))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("method", METHODS)
def test_a_market_alone_is_its_cash_flow_and_what_it_holds(seed, method):
    account = spot_account(seed)
    last = {name: D(value) for name, value in account.truth["prices"].items()}
    found = analytics.pnl(account.trades, None, last, method=method).set_index("market")
    for market, rows in account.trades.groupby("market"):
        cash = held = D(0)
        for row in rows.itertuples():
            sign = 1 if row.side == "buy" else -1
            cash -= sign * row.cost + (row.fee if row.fee_asset == found["currency"][market] else 0)
            held += sign * row.amount - (
                row.fee if row.fee_asset != found["currency"][market] else 0
            )
        assert found["net"][market] == cash + held * last[market]
        assert found["turnover"][market] == sum(rows["cost"])
        assert found["trades"][market] == len(rows)


@given(st.lists(st.tuples(st.sampled_from(("buy", "sell")), st.integers(1, 10**6), st.integers(1, 10**6)), max_size=12),
       st.sampled_from(METHODS), st.integers(1, 10**6))  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_the_sum_does_not_depend_on_the_method(rows, method, last):
    trades = spot(*(
        (f"00:00:{second:02d}", "BTCUSDT", side, str(D(cents) / 100), str(D(amount) / 10**5), str(D(amount) / 10**8),
         "BTC" if side == "buy" else "USDT")
        for second, (side, cents, amount) in enumerate(rows)
    ))  # fmt: skip
    prices = {"BTCUSDT": D(last) / 100}
    found, plain = (analytics.pnl(trades, None, prices, method=name) for name in (method, "fifo"))
    assert found["net"].tolist() == plain["net"].tolist()
    assert found["fees"].tolist() == plain["fees"].tolist()


def test_by_day_open_profit_is_its_change_at_the_prices_of_midnight():
    trades = spot(("2026-01-05 12:00", "BTCUSDT", "buy", "100", "1", "0", "BTC"))
    index = pd.to_datetime(
        ["2026-01-05 11:00", "2026-01-05 23:00", "2026-01-06 22:00", "2026-01-07 05:00"], utc=True
    )
    prices = {"BTCUSDT": pd.Series([90.0, 110.0, 105.0, 130.0], index=index)}
    found = analytics.pnl(trades, None, prices, "day")
    assert found["day"].dt.day.tolist() == [5, 6, 7]
    assert found["unrealized"].tolist() == [10, -5, 25]


def test_prices_of_now_say_nothing_about_days_past():
    trades = spot(
        ("2026-01-05 12:00", "BTCUSDT", "buy", "100", "1", "0", "BTC"),
        ("2026-01-06 12:00", "BTCUSDT", "buy", "100", "1", "0", "BTC"),
    )
    with pytest.warns(ValueUnknown):
        found = analytics.pnl(trades, None, {"BTCUSDT": 120}, "day")
    assert found["unrealized"].isna().tolist() == [True, True]
    closed = pd.concat(
        [trades, spot(("2026-01-06 13:00", "BTCUSDT", "sell", "130", "2", "0", "USDT"))],
        ignore_index=True,
    )
    with pytest.warns(ValueUnknown):
        assert analytics.pnl(closed, None, None, "day")["realized"].tolist() == [0, 60]


def test_without_prices_what_is_open_is_unknown_and_what_is_closed_is_not():
    trades = spot(("00:00", "BTCUSDT", "buy", "100", "1", "0", "BTC"))
    with pytest.warns(ValueUnknown, match="BTC in USDT"):
        found = analytics.pnl(trades)
    assert found["unrealized"].isna().all()
    assert found["net"].isna().all()
    assert found["realized"].tolist() == [0]


def test_without_a_ledger_transfers_are_unknown_and_funding_is_that_of_the_closes():
    trades = futures(
        ("00:00", "open", "buy", "100", "2", "0.1", None, None),
        ("09:00", "close", "sell", "110", "1", "0.1", "10", "-0.5"),
    )
    found = analytics.pnl(trades, prices={"BTCUSDT": 120}).iloc[0]
    assert found["funding"] == D("-0.5")
    assert found["unrealized"] == 20
    assert found["net"] == 10 + 20 - D("0.2") - D("0.5")
    assert pd.isna(found["transfers"])
    assert pd.isna(found["change"])


def test_a_ledger_of_spot_alone_says_nothing_of_the_funding_of_futures():
    trades = futures(("09:00", "close", "sell", "110", "1", "0.1", "10", "-0.5"))
    lines = ledger(("00:00", "USDT", "deposit", "5"), venue="spot")
    found = analytics.pnl(trades, lines, by="venue").set_index("venue")
    assert found["funding"].to_dict() == {"futures": D("-0.5"), "spot": 0}


def test_a_ledger_says_when_funding_was_booked():
    trades = futures(
        ("2026-01-05 00:30", "open", "buy", "100", "2", "0.1", None, None),
        ("2026-01-06 12:00", "close", "sell", "110", "2", "0.1", "20", "-1.5"),
    )
    lines = ledger(
        ("2026-01-05 00:00", "USDT", "deposit", "1000"),
        ("2026-01-05 00:30", "USDT", "unknown(102)", "-0.1"),
        ("2026-01-05 08:00", "USDT", "unknown(102)", "-1"),
        ("2026-01-06 08:00", "USDT", "unknown(102)", "-0.5"),
        ("2026-01-06 12:00", "USDT", "unknown(102)", "20"),
        ("2026-01-06 12:00", "USDT", "unknown(102)", "-0.1"),
    )
    found = analytics.pnl(
        trades, lines, {"BTCUSDT": pd.Series([110.0], index=[at("00:00")])}, "day"
    )
    assert found["funding"].tolist() == [-1, D("-0.5")]
    assert found["transfers"].tolist() == [1000, 0]
    assert sum(found["change"]) == D("1018.3")


def test_longs_are_valued_at_the_bid_and_shorts_at_the_ask():
    inputs, expected = vector("fut.pnl.spread_at_open")
    quotes = pd.DataFrame(
        [{"market": "BTCUSDT", "bid": float(inputs["bid"]), "ask": float(inputs["ask"])}]
    )
    trades = futures(
        ("00:00", "open", "buy", inputs["open_price"], inputs["lots"], "0", None, None)
    )
    assert analytics.pnl(trades, prices=quotes)["unrealized"].tolist() == [expected["unrealized"]]
    short = futures(("00:00", "open", "sell", inputs["bid"], inputs["lots"], "0", None, None))
    assert analytics.pnl(short, prices=quotes)["unrealized"].tolist() == [expected["unrealized"]]


def test_the_open_profit_of_an_account_of_the_rules():
    vectors = {found["id"]: found for found in rules_vectors("fut.account.equity")}
    inputs, expected = (
        vectors["fut.account.equity"]["inputs"],
        vectors["fut.account.equity"]["expected"],
    )
    position = inputs["positions"][0]
    trades = futures(
        ("00:00", "open", "buy", position["open_price"], position["lots"], "0", None, None)
    )
    quotes = pd.DataFrame(
        [{"market": "BTCUSDT", "bid": float(position["bid"]), "ask": float(position["ask"])}]
    )
    found = analytics.pnl(trades, prices=quotes)["unrealized"].tolist()
    assert found == [D(expected["floating"])]
    assert D(inputs["balance"]) + found[0] == D(expected["equity"])


@pytest.mark.parametrize("name", ["fut.bonus.loss_within", "fut.bonus.loss_beyond"])
def test_promotional_money_bears_losses_first(name):
    vectors = {found["id"]: found for found in rules_vectors("fut.bonus")}
    inputs, expected = vectors[name]["inputs"], vectors[name]["expected"]
    loss, left = D(inputs["loss"]), D(expected["principal_after"]) - D(inputs["principal"])
    trades = futures(
        ("00:00", "open", "buy", "100", "1", "0.1", None, None),
        ("01:00", "close", "sell", str(100 - loss), "1", "0.1", -loss, "0"),
    )
    rows = [("00:00", "USDT", "unknown(102)", "-0.1"), ("01:00", "USDT", "unknown(102)", str(left)),
            ("01:00", "USDT", "unknown(102)", "-0.1")]  # fmt: skip
    lines = ledger(*(row for row in rows if D(row[3])))
    found = analytics.pnl(trades, lines).iloc[0]
    assert found["realized"] == -loss
    assert found["other"] == loss + left
    assert found["change"] == left - D("0.2")


def test_the_result_of_the_rules_round_trip_is_the_change_of_its_balance():
    from tests.analytics.test_reconciliation import of_the_rules

    trades, lines, expected = of_the_rules()
    found = analytics.pnl(trades, lines)
    assert sum(found["change"]) == D(expected["end_balance"])
    assert sum(found["net"]) == D("275.3990945")


def test_groupings_have_their_own_keys_and_unknown_ones_are_refused():
    account = futures_account(2)
    frames = {
        by: analytics.pnl(account.trades, account.ledger, account.truth["quotes"], by)
        for by in ("market", "position", "venue")
    }
    assert list(frames["position"].columns[:4]) == ["venue", "market", "position_id", "currency"]
    assert list(frames["market"].columns[:3]) == ["venue", "market", "currency"]
    for name in MEASURES:
        totals = {sum(found.loc[found["currency"] == "USDT", name]) for found in frames.values()}
        assert len(totals) == 1, name
    with pytest.raises(InvalidArgument, match="'market', 'day', 'position', 'venue'"):
        analytics.pnl(account.trades, by="week")


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("by", ["venue", "day"])
def test_coin_margined_results_are_valued_when_they_were_booked(seed, by):
    account = futures_account(seed, steps=30)

    def known(asset, currency, time):
        return price(asset, "USDT", time)

    def open_profit(market_of_coins):
        lots = analytics.lots(account.trades)
        chosen = lots[(lots["currency"] == "BTC") == market_of_coins]
        return sum(floating(lot) for lot in chosen.itertuples())

    def floating(lot):
        now, sign = price(lot.base, "USDT", None), 1 if lot.side == "long" else -1
        moved = (now - lot.price) * lot.amount * sign
        return (moved / now if lot.currency == "BTC" else moved).quantize(D("1e-8"), ROUND_HALF_UP)

    money = account.balances.set_index("asset")["total"]
    coins = money["BTC"] + open_profit(market_of_coins=True)
    expected = money["USDT"] + open_profit(market_of_coins=False)
    expected += coins * price("BTC", "USDT", None)
    found = analytics.pnl(account.trades, account.ledger, known, by, currency="USDT")
    assert set(found["currency"]) == {"USDT"}
    assert sum(found["change"]) == expected
