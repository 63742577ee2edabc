"""Tax lots: by hand, and as rp2 has them."""

import json
import subprocess
import sys
from decimal import Decimal as D
from pathlib import Path
from random import Random

import pandas as pd
import pytest

from btcc_research import analytics, tables
from btcc_research.analytics import ValueUnknown
from tests.analytics.by_hand import frame, spot

ORACLE = Path(__file__).with_name("rp2_oracle.py")


def test_a_disposal_has_its_lot_its_time_and_its_gain():
    trades = spot(
        ("2025-01-01 00:00", "BTCUSDT", "buy", "100", "2", "0.006", "BTC"),
        ("2026-01-01 12:00", "BTCUSDT", "sell", "150", "1", "0.45", "USDT"),
    )
    lot = analytics.tax_lots(trades).iloc[0]
    share = D("0.6") / D("1.994")
    assert lot["asset"] == "BTC"
    assert lot["holding_days"] == 365
    assert lot["term"] == "long"
    assert lot["proceeds"] == D("149.55")
    assert abs(lot["cost_basis"] - (100 + share)) < D("1e-17")
    assert lot["gain"] == lot["proceeds"] - lot["cost_basis"]
    assert (lot["acquired_id"], lot["disposed_id"]) == (1, 2)


@pytest.mark.parametrize(("days", "term"), [(365, "long"), (366, "short")])
def test_the_limit_of_long_term_can_be_set(days, term):
    trades = spot(
        ("2025-01-01 00:00", "BTCUSDT", "buy", "100", "1", "0", "USDT"),
        ("2026-01-01 00:00", "BTCUSDT", "sell", "150", "1", "0", "USDT"),
    )
    assert analytics.tax_lots(trades, long_term_days=days)["term"].tolist() == [term]


def test_buying_one_coin_with_another_disposes_of_that_one():
    trades = spot(
        ("00:00", "BTCUSDT", "buy", "50000", "1", "0", "BTC"),
        ("01:00", "ETHBTC", "buy", "0.05", "10", "0.01", "ETH"),
        ("02:00", "ETHUSDT", "sell", "3500", "9.99", "0", "USDT"),
    )
    prices = {"BTCUSDT": pd.Series([60000.0], index=[pd.Timestamp("2026-01-05 00:30", tz="UTC")])}
    bitcoin, ether = analytics.tax_lots(trades, prices=prices).itertuples()
    assert (bitcoin.asset, bitcoin.amount, bitcoin.gain) == ("BTC", D("0.5"), D(5000))
    assert (ether.asset, ether.amount, ether.cost_basis) == ("ETH", D("9.99"), D(30000))
    assert ether.gain == D("9.99") * 3500 - 30000


def test_lots_are_shared_by_all_markets_of_a_coin():
    trades = spot(
        ("00:00", "BTCUSDC", "buy", "100", "1", "0", "BTC"),
        ("01:00", "BTCUSDT", "sell", "120", "1", "0", "USDT"),
    )
    known = {"USDCUSDT": pd.Series([1.0], index=[pd.Timestamp("2026-01-04", tz="UTC")])}
    lots = analytics.tax_lots(trades, prices=known)
    assert lots["asset"].tolist() == ["USDC", "BTC"]  # the first one was never bought
    assert lots["cost_basis"].isna().tolist() == [True, False]
    assert lots["gain"][1] == 20


def transfer(time, kind, amount, status="booked"):
    record = {
        "time": time,
        "venue": "spot",
        "asset": "BTC",
        "kind": kind,
        "amount": amount,
        "status": status,
    }
    return frame(tables.TRANSFERS, [record])


def test_a_transfer_acquires_and_disposes_at_the_price_then():
    trades = spot(("02:00", "BTCUSDT", "sell", "120", "1", "0", "USDT"))
    prices = {
        "BTCUSDT": pd.Series(
            [100.0, 110.0], index=pd.to_datetime(["2026-01-05 00:00", "2026-01-05 01:00"], utc=True)
        )
    }
    came = transfer("01:30", "deposit", "3")
    went = transfer("03:00", "withdrawal", "-1")
    lots = analytics.tax_lots(
        trades, prices=prices, transfers=pd.concat([came, went], ignore_index=True)
    )
    assert lots["acquired_by"].tolist() == ["deposit", "deposit"]
    assert lots["disposed_by"].tolist() == ["trade", "withdrawal"]
    assert lots["gain"].tolist() == [10, 0]


def test_a_request_that_is_not_booked_is_no_transfer():
    requested = transfer("01:30", "deposit", "3", status="processing")
    assert len(analytics.tax_lots(spot(), transfers=requested)) == 0


def test_more_sold_than_bought_has_no_basis_and_no_gain():
    trades = spot(
        ("00:00", "BTCUSDT", "buy", "100", "1", "0", "BTC"),
        ("01:00", "BTCUSDT", "sell", "120", "3", "0", "USDT"),
    )
    lots = analytics.tax_lots(trades)
    assert lots["amount"].tolist() == [1, 2]
    assert lots["proceeds"].tolist() == [120, 240]
    assert lots["gain"].isna().tolist() == [False, True]
    assert lots["acquired_at"].isna().tolist() == [False, True]


def test_a_coin_spent_on_a_fee_is_a_disposal():
    trades = spot(
        ("00:00", "BTTUSDT", "buy", "2", "10", "0", "USDT"),
        ("01:00", "BTCUSDT", "buy", "100", "1", "0.5", "BTT"),
    )
    with pytest.warns(ValueUnknown, match="BTT in USDT"):
        assert analytics.tax_lots(trades)["gain"].isna().all()
    prices = {"BTTUSDT": pd.Series([3.0], index=[pd.Timestamp("2026-01-05", tz="UTC")])}
    lot = analytics.tax_lots(trades, prices=prices).iloc[0]
    assert (lot["asset"], lot["disposed_by"], lot["gain"]) == ("BTT", "fee", D("0.5"))


def test_futures_hold_no_coins():
    from tests.analytics.accounts import futures_account

    assert len(analytics.tax_lots(futures_account(1).trades)) == 0


def shared_case(seed):
    """Return rows that rp2 and this package both understand: fees in money, one coin."""
    random, rows, held = Random(seed), [], D(0)
    moment = pd.Timestamp("2023-01-01", tz="UTC")
    for _ in range(random.randint(20, 60)):
        moment += pd.Timedelta(seconds=random.randint(60, 3_000_000))
        price = D(random.randint(2_000_000, 7_000_000)) / 100
        sells = held > 0 and random.random() < 0.5
        amount = (
            min(D(random.randint(1, 500_000)) / 100_000, held)
            if sells
            else D(random.randint(1, 500_000)) / 100_000
        )
        held += -amount if sells else amount
        fee = (price * amount * D("0.003")).quantize(D("1e-8"))
        rows.append(
            ("sell" if sells else "buy", moment.isoformat(), str(price), str(amount), str(fee))
        )
    return rows


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    asked = [
        {"method": method, "rows": shared_case(seed)}
        for seed in range(15)
        for method in ("fifo", "lifo", "hifo")
    ]
    done = subprocess.run(
        [sys.executable, str(ORACLE)], input=json.dumps(asked), capture_output=True, text=True,
        check=True, cwd=tmp_path_factory.mktemp("rp2"),
    )  # fmt: skip
    return {
        (case["method"], number // 3): gains
        for number, (case, gains) in enumerate(zip(asked, json.loads(done.stdout), strict=True))
    }


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("method", ["fifo", "lifo", "hifo"])
def test_rp2_agrees(theirs, method, seed):
    rows = [
        (time, "BTCUSDT", kind, price, amount, fee, "USDT")
        for kind, time, price, amount, fee in shared_case(seed)
    ]
    ours = analytics.tax_lots(spot(*rows), method)
    expected = theirs[method, seed]
    assert len(ours) == len(expected) > 3
    for mine, (disposed, acquired, amount, proceeds, basis, is_long) in zip(
        ours.itertuples(), expected, strict=True
    ):
        assert mine.disposed_at == pd.Timestamp(disposed)
        assert mine.acquired_at == pd.Timestamp(acquired)
        assert mine.amount == D(amount)
        assert abs(mine.proceeds - D(proceeds)) < D("1e-15")
        assert abs(mine.cost_basis - D(basis)) < D("1e-15")
        assert (mine.term == "long") == is_long
