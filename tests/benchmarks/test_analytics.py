"""100,000 executions to round trips: ours against the loop people write."""

from collections import defaultdict, deque
from decimal import Decimal
from time import perf_counter

import numpy as np
import pandas as pd
import pytest

from btcc_research import analytics, tables

TRADES = 100_000
MARKETS = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "DOGEUSDT")


def executions(count=TRADES, *, exact=False):
    """Return spot executions of five markets, fees as BTCC takes them."""
    rng = np.random.default_rng(3)
    walk = np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.0005, count))), 2)
    amounts, buys = rng.integers(1, 50_000, count), rng.random(count) < 0.5
    market = rng.integers(0, len(MARKETS), count)
    base = [name.removesuffix("USDT") for name in MARKETS]
    records = []
    for number in range(count):
        price, amount = Decimal(str(walk[number])), Decimal(int(amounts[number])) / 100_000
        cost, buy = price * amount, bool(buys[number])
        records.append({
            "time": 1_760_000_000 + number * 60, "venue": "spot", "market": MARKETS[market[number]],
            "id": number, "side": "buy" if buy else "sell", "price": price, "amount": amount, "cost": cost,
            "fee": (amount if buy else cost) * Decimal("0.003"),
            "fee_asset": base[market[number]] if buy else "USDT",
        })  # fmt: skip
    return tables.joined_frame(tables.TRADES, records, exact=exact)


def people(trades):
    """First in, first out as people write it: rows of the frame, Decimals of their texts."""
    lots, trips = defaultdict(deque), []
    for _, row in trades.iterrows():
        price, left = Decimal(str(row["price"])), Decimal(str(row["amount"]))
        fee, sign = Decimal(str(row["fee"])), 1 if row["side"] == "buy" else -1
        if row["fee_asset"] != "USDT":
            left, fee = left - fee, fee * price
        book, whole = lots[row["market"]], left
        while left and book and book[0]["sign"] == -sign:
            lot = book[0]
            part = min(left, lot["left"])
            gross = part * (price - lot["price"]) * lot["sign"]
            paid = lot["fee"] * part / lot["amount"] + fee * part / whole
            trips.append({
                "opened_at": lot["time"], "closed_at": row["time"], "market": row["market"], "amount": part,
                "entry_price": lot["price"], "exit_price": price, "gross": gross, "fees": paid,
                "net": gross - paid,
            })  # fmt: skip
            lot["left"] -= part
            left -= part
            if not lot["left"]:
                book.popleft()
        if left:
            share = fee * left / whole
            book.append({
                "time": row["time"], "price": price, "amount": left, "left": left, "fee": share,
                "sign": sign,
            })  # fmt: skip
    frame = pd.DataFrame(trips)
    numbers = ["amount", "entry_price", "exit_price", "gross", "fees", "net"]
    return frame.astype(dict.fromkeys(numbers, float))


@pytest.fixture(scope="module")
def trades():
    return executions()


def test_they_agree(trades):
    some = trades.iloc[:5000]
    mine, theirs = analytics.round_trips(some), people(some)
    assert len(mine) == len(theirs)
    for name in ("amount", "entry_price", "exit_price", "gross", "fees", "net"):
        assert np.allclose(mine[name], theirs[name], rtol=1e-12, atol=1e-12)


@pytest.mark.benchmark(group="100,000 executions to round trips")
@pytest.mark.parametrize("way", [analytics.round_trips, people], ids=["ours", "iterrows + Decimal"])
def test_round_trips(benchmark, trades, way):
    benchmark.pedantic(way, (trades,), rounds=3, warmup_rounds=1)


def test_the_ratio(trades, figure):
    ratios, taken = [], []
    for _ in range(3):
        begin = perf_counter()
        analytics.round_trips(trades)
        middle = perf_counter()
        people(trades)
        taken.append(middle - begin)
        ratios.append((perf_counter() - middle) / taken[-1])
    ratios.sort()
    figure(f"round trips of {TRADES:,}: {min(taken):.2f} s, {ratios[1]:.1f} times faster "
           f"(min {ratios[0]:.1f}, max {ratios[-1]:.1f})")  # fmt: skip


def test_the_methods_and_the_exact_way(trades, figure):
    exact = executions(exact=True)
    for name, given, method in (
        ("lifo", trades, "lifo"), ("hifo", trades, "hifo"), ("average", trades, "average"),
        ("exact fifo", exact, "fifo"),
    ):  # fmt: skip
        begin = perf_counter()
        analytics.round_trips(given, method)
        figure(f"round trips of {TRADES:,}, {name}: {perf_counter() - begin:.2f} s")
