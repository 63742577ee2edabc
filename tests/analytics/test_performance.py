"""Statistics of round trips, and of an account beside its benchmark."""

from decimal import Decimal as D

import numpy as np
import pandas as pd
import pytest

from btcc_research import analytics
from btcc_research.errors import InvalidArgument
from tests.analytics.accounts import futures_account, spot_account
from tests.analytics.by_hand import spot

TRADES = (
    ("2026-01-05 01:00", "BTCUSDT", "buy", "100", "4", "4", "USDT"),
    ("2026-01-05 02:00", "BTCUSDT", "sell", "110", "1", "1", "USDT"),
    ("2026-01-05 02:30", "BTCUSDT", "sell", "120", "1", "1", "USDT"),
    ("2026-01-06 05:00", "BTCUSDT", "sell", "90", "1", "1", "USDT"),
    ("2026-01-06 06:00", "BTCUSDT", "sell", "102", "1", "1", "USDT"),
    ("2026-01-06 07:00", "ETHUSDT", "sell", "10", "1", "0", "USDT"),
    ("2026-01-06 08:00", "ETHUSDT", "buy", "7", "1", "0", "USDT"),
)


@pytest.fixture
def trips():
    return analytics.round_trips(spot(*TRADES))


def test_figures_of_all_trips(trips):
    # Net: 8, 18, -12, 0, 3.
    found = analytics.trip_statistics(trips).iloc[0]
    assert (found["trips"], found["wins"], found["losses"]) == (5, 3, 1)
    assert found["win_rate"] == D("0.6")
    assert found["expectancy"] == D("3.4")
    assert found["average_win"] == (D(29) / 3).quantize(D("1e-18"))
    assert found["average_loss"] == -12
    assert found["profit_factor"] == (D(29) / 12).quantize(D("1e-18"))
    assert found["gross"] == 25
    assert found["fees"] == 8
    assert found["fee_share"] == (D(8) / 35).quantize(D("1e-18"))
    assert found["turnover"] == 822 + 17


@pytest.mark.parametrize(
    ("by", "groups", "net"),
    [
        ("market", ["BTCUSDT", "ETHUSDT"], [14, 3]),
        ("side", ["long", "short"], [14, 3]),
        ("venue", ["spot"], [17]),
        ("hour", ["02", "05", "06", "08"], [26, -12, 0, 3]),
        ("weekday", ["Monday", "Tuesday"], [26, -9]),
    ],
)
def test_figures_by_group(trips, by, groups, net):
    found = analytics.trip_statistics(trips, by)
    assert found["group"].tolist() == groups
    assert found["net"].tolist() == net


def test_without_losses_there_is_no_profit_factor():
    found = analytics.trip_statistics(analytics.round_trips(spot(*TRADES[-2:]))).iloc[0]
    assert pd.isna(found["profit_factor"])
    assert pd.isna(found["average_loss"])


def test_groups_add_up_and_an_unknown_grouping_is_refused():
    trips = analytics.round_trips(futures_account(1).trades)
    whole = analytics.trip_statistics(trips)
    for by in ("market", "side", "hour", "weekday"):
        parts = analytics.trip_statistics(trips, by)
        for name in ("trips", "wins", "net", "fees", "funding"):
            for currency in ("USDT", "BTC"):
                mine = parts.loc[parts["currency"] == currency, name]
                assert sum(mine) == sum(whole.loc[whole["currency"] == currency, name])
    with pytest.raises(InvalidArgument, match="'weekday'"):
        analytics.trip_statistics(trips, "month")


def test_funding_paid_is_a_share_of_the_gross_profit():
    trips = analytics.round_trips(futures_account(1).trades)
    mine = trips[trips["currency"] == "USDT"]
    found = analytics.trip_statistics(mine).iloc[0]
    paid = -sum(value for value in mine["funding"] if value < 0)
    profit = sum(value for value in mine["gross"] if value > 0)
    assert found["funding_share"] == (paid / profit).quantize(D("1e-18"))


@pytest.fixture(scope="module")
def curve():
    account = spot_account(9, trades=120, exact=False)
    first, last = account.ledger["time"].iloc[0], account.ledger["time"].iloc[-1]
    index = pd.date_range(first - pd.Timedelta("1D"), last, freq="1h")
    walk = np.random.default_rng(1).normal(0, 0.004, (2, len(index))).cumsum(axis=1)
    marks = {"BTCUSDT": pd.Series(60000 * np.exp(walk[0]), index=index),
             "ETHUSDT": pd.Series(3500 * np.exp(walk[1]), index=index)}  # fmt: skip
    return analytics.equity_curve(account.ledger, marks, account.trades), marks


def test_the_figures_are_those_of_the_single_functions(curve):
    account, marks = curve
    benchmark = analytics.hold(account, marks)
    table = analytics.statistics(account, benchmark)
    assert list(table.columns) == ["account", "benchmark"]
    for column, frame in (("account", account), ("benchmark", benchmark)):
        returns = frame["return"].dropna()
        for name in (
            "total_return",
            "annual_return",
            "volatility",
            "sharpe",
            "sortino",
            "calmar",
            "max_drawdown",
        ):
            assert table.loc[name, column] == getattr(analytics, name)(returns)
        assert table.loc["steps", column] == len(returns)
        assert table.loc["best", column] == returns.max()


def test_profit_is_what_there_is_less_what_was_put_in(curve):
    account, _ = curve
    table = analytics.statistics(account)["account"]
    assert table["profit"] == pytest.approx(
        account["equity"].iloc[-1] - account["flow"].sum(), abs=1e-6
    )
    assert 0 < table["exposure"] <= 1
    assert 0 < table["time_in_market"] <= 1
    share = account["turnover"].sum() / account["equity"].mean() * 365 / table["steps"]
    assert table["turnover"] == pytest.approx(share)


def test_without_a_benchmark_its_column_is_unknown(curve):
    assert analytics.statistics(curve[0])["benchmark"].isna().all()
    with pytest.raises(InvalidArgument, match="equity_curve"):
        analytics.statistics(spot())
