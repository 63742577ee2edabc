"""The equity curve: marked to market, transfers taken out of the returns."""

from decimal import Decimal as D

import pandas as pd
import pytest

from btcc_research import analytics
from btcc_research.analytics import ValueUnknown
from btcc_research.errors import InvalidArgument
from tests.analytics.accounts import futures_account, spot_account
from tests.analytics.by_hand import futures, ledger, spot


def prices(*rows, market="BTCUSDT"):
    index = pd.to_datetime([time for time, _ in rows], utc=True)
    return {market: pd.Series([float(value) for _, value in rows], index=index)}


MARKS = prices(
    ("2026-01-04 12:00", 100),
    ("2026-01-05 23:00", 110),
    ("2026-01-06 23:00", 99),
    ("2026-01-07 23:00", 120),
)


def test_a_transfer_is_no_return():
    lines = ledger(
        ("2026-01-05 06:00", "BTC", "deposit", "10"),
        ("2026-01-06 12:00", "USDT", "deposit", "5000"),
        ("2026-01-07 12:00", "BTC", "withdrawal", "-5"),
        venue="spot",
    )
    curve = analytics.equity_curve(lines, MARKS)
    assert curve.index.name == "time"
    assert curve["equity"].tolist() == [0, 1100, 5990, 5600]
    assert curve["flow"].tolist() == [0, 1000, 5000, -495]
    grown = curve["return"].tolist()
    assert pd.isna(grown[0])
    assert grown[1] == D("0.1")
    # 1100 until the deposit, then 6100 that became 5990.
    assert grown[2] == (D(5990) / D(6100)).quantize(D("1e-18")) - 1
    # 5990 until the withdrawal, then 5495 that became 5600.
    assert grown[3] == (D(5600) / D(5495)).quantize(D("1e-18")) - 1
    assert curve["cash"].tolist() == [0, 0, 5000, 5000]
    assert curve["exposure"].tolist() == [0, 1100, 990, 600]


def test_a_candle_counts_once_it_is_over():
    index = pd.DatetimeIndex(["2026-01-05 00:00", "2026-01-06 00:00"], tz="UTC", name="open_time")
    candles = pd.DataFrame({"close": [110.0, 90.0], "closed": [True, True]}, index=index)
    candles.attrs = {"market": "BTCUSDT", "interval": 86400}
    lines = ledger(("2026-01-06 06:00", "BTC", "deposit", "1"), venue="spot")
    curve = analytics.equity_curve(lines, candles, every="6h")
    assert curve["equity"].tolist() == [110, 110, 110, 90]


def test_futures_count_with_their_open_profit():
    trades = futures(
        ("2026-01-05 06:00", "open", "buy", "100", "2", "0.1", None, None),
        ("2026-01-07 06:00", "close", "sell", "130", "2", "0.1", "60", "0"),
    )
    lines = ledger(
        ("2026-01-05 03:00", "USDT", "deposit", "1000"),
        ("2026-01-05 06:00", "USDT", "unknown(102)", "-0.1"),
        ("2026-01-07 06:00", "USDT", "unknown(102)", "60"),
        ("2026-01-07 06:00", "USDT", "unknown(102)", "-0.1"),
    )
    curve = analytics.equity_curve(lines, MARKS, trades)
    assert curve["equity"].tolist() == [0, D("1019.9"), D("997.9"), D("1059.8")]
    assert curve["exposure"].tolist() == [0, 220, 198, 0]
    assert curve["turnover"].tolist() == [0, 200, 0, 260]


def test_the_last_value_is_what_the_engine_says():
    account = spot_account(3)
    last = account.truth["prices"]

    def price(asset, currency, time):
        return D(last[asset + currency])

    curve = analytics.equity_curve(account.ledger, price, account.trades)
    held = account.truth["held"]
    worth = sum(
        amount * (1 if asset == "USDT" else last[f"{asset}USDT"]) for asset, amount in held.items()
    )
    assert curve["equity"].iloc[-1] == worth
    assert sum(curve["turnover"]) == sum(
        row.cost * (last["BTCUSDT"] if row.market == "ETHBTC" else 1)
        for row in account.trades.itertuples()
    )


def test_the_last_value_of_futures_is_what_the_dealer_says():
    account = futures_account(6, coin=False)
    quotes = account.truth["quotes"].assign(time=account.ledger["time"].iloc[-1])
    early = quotes.assign(time=account.ledger["time"].iloc[0] - pd.Timedelta("1D"))
    curve = analytics.equity_curve(account.ledger, pd.concat([early, quotes]), account.trades)
    assert curve["equity"].iloc[-1] == account.truth["equity"]["USDT"]


def test_what_has_no_price_makes_the_value_unknown_and_is_named():
    lines = ledger(("2026-01-05 06:00", "ETH", "deposit", "10"), venue="spot")
    with pytest.warns(ValueUnknown, match="ETH in USDT"):
        curve = analytics.equity_curve(lines, MARKS)
    assert curve["equity"].isna().tolist() == [False, True, True, True]


@pytest.mark.parametrize("seed", range(5))
def test_later_prices_and_lines_change_no_earlier_value(seed):
    account = spot_account(seed)
    first, last = account.ledger["time"].iloc[0], account.ledger["time"].iloc[-1]
    index = pd.date_range(first - pd.Timedelta("1D"), last, periods=60)
    marks = {
        market: pd.Series(range(100, 160), index=index, dtype=float)
        for market in ("BTCUSDT", "ETHUSDT")
    }
    whole = analytics.equity_curve(account.ledger, marks, account.trades)
    until = whole.index[len(whole) // 2]
    cut = {market: values[values.index <= until] for market, values in marks.items()}
    ledger_cut = account.ledger[account.ledger["time"] <= until].reset_index(drop=True)
    trades_cut = account.trades[account.trades["time"] <= until].reset_index(drop=True)
    part = analytics.equity_curve(ledger_cut, cut, trades_cut)
    known = part.index[part.index <= until]
    pd.testing.assert_frame_equal(whole.loc[known], part.loc[known])


def test_an_empty_ledger_is_refused():
    with pytest.raises(InvalidArgument, match="empty"):
        analytics.equity_curve(ledger(), MARKS)


def test_holding_invests_what_the_account_began_with_and_its_flows():
    lines = ledger(
        ("2026-01-05 06:00", "USDT", "deposit", "1100"),
        ("2026-01-06 12:00", "USDT", "deposit", "990"),
        venue="spot",
    )
    curve = analytics.equity_curve(lines, MARKS)
    held = analytics.hold(curve, MARKS)
    assert held["equity"].tolist() == [0, 1100, 1980, 2400]
    assert held["return"].tolist()[1:] == [
        D("0.1"),
        D("-0.1"),
        (D(120) / D(99)).quantize(D("1e-18")) - 1,
    ]
    assert list(held.columns) == list(curve.columns)
    with pytest.raises(InvalidArgument, match="'equity'"):
        analytics.hold(spot(), MARKS)
