"""Frames that look like this package's, from a seed: for tests and for the gallery."""

import numpy as np
import pandas as pd

START = pd.Timestamp("2026-03-01", tz="UTC")
SPOT = {"market": "BTCUSDT", "quote": "USDT", "base": "BTC", "environment": "sandbox"}


def candles(count, *, interval=60, seed=1, start=START, **attrs):
    """Candles that follow each other; low is below, high above open and close."""
    rng = np.random.default_rng(seed)
    swing = 4e-4 * np.sqrt(interval / 60)
    close = 60_000 * np.exp(np.cumsum(rng.standard_t(5, count) * swing))
    frame = pd.DataFrame(
        {"open": np.append(60_000, close[:-1]), "close": close},
        index=pd.date_range(
            start, periods=count, freq=pd.Timedelta(seconds=interval), name="open_time"
        ),
    )
    frame["high"] = frame[["open", "close"]].max(axis=1) * (1 + rng.exponential(swing / 2, count))
    frame["low"] = frame[["open", "close"]].min(axis=1) * (1 - rng.exponential(swing / 2, count))
    frame["volume"] = rng.exponential(3, count) * (1 + 400 * np.abs(close / frame["open"] - 1))
    frame["closed"] = True
    frame.attrs = {**SPOT, "interval": interval, **attrs}
    return frame


def trades(frame, count=40, *, seed=2, futures=False):
    """Executions at prices of candles; every order has up to five fills."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        place = int(rng.integers(0, len(frame)))
        side = "buy" if rng.random() < 0.5 else "sell"
        for fill in range(int(rng.integers(1, 6))):
            seconds = float(rng.uniform(0, 20)) + fill
            rows.append(
                {
                    "time": frame.index[place] + pd.Timedelta(seconds=seconds), "venue": "spot",
                    "market": "BTCUSDT", "id": 1_000 + len(rows), "order_id": 7_000 + number,
                    "side": side, "price": float(rng.uniform(frame["low"].iloc[place], frame["high"].iloc[place])),
                    "amount": float(rng.uniform(0.01, 0.2)), "action": None, "type": None,
                }
            )  # fmt: skip
    found = pd.DataFrame(rows).sort_values("time", ignore_index=True)
    found["order_id"] = found["order_id"].astype("Int64")
    if futures:
        found = found.groupby("order_id", sort=False).head(1).reset_index(drop=True)
        action = np.where(rng.random(len(found)) < 0.5, "open", "close")
        found = found.assign(
            venue="futures", order_id=pd.array([None] * len(found), "Int64"), action=action
        )
        found["type"] = np.where(
            (action == "close") & (rng.random(len(found)) < 0.2), "liquidation", "market"
        )
    return found


def positions(frame):
    """Two open positions with what would end them."""
    price = float(frame["close"].iloc[len(frame) // 3])
    return pd.DataFrame(
        {
            "opened_at": frame.index[[len(frame) // 3, len(frame) // 2]], "venue": "futures",
            "market": "BTCUSDT", "side": ["long", "short"], "amount": [0.5, 0.12],
            "open_price": [price, float(frame["close"].iloc[len(frame) // 2])],
            "stop_loss": [price * 0.985, np.nan], "take_profit": [price * 1.02, price * 0.98],
            "liquidation_price": [price * 0.6, price * 1.35],
        }
    )  # fmt: skip


def round_trips(count=400, *, seed=3, market="BTCUSDT"):
    """Finished trades as the analytics return them."""
    rng = np.random.default_rng(seed)
    opened = (
        START + pd.to_timedelta(np.sort(rng.uniform(0, 120 * 86_400, count)), unit="s")
    ).as_unit("us")
    lasted = pd.to_timedelta(np.exp(rng.normal(8, 1.8, count)), unit="s")
    amount = rng.exponential(0.1, count) + 0.01
    entry = 60_000 * (1 + rng.normal(0, 0.05, count))
    share = rng.normal(0.0012, 0.012, count)
    gross = amount * entry * share
    fees = amount * entry * 0.0009
    funding = np.where(rng.random(count) < 0.5, rng.normal(-0.4, 0.6, count), 0.0)
    frame = pd.DataFrame(
        {
            "opened_at": opened, "closed_at": opened + lasted, "venue": "futures", "market": market,
            "base": "BTC", "side": np.where(rng.random(count) < 0.6, "long", "short"), "amount": amount,
            "entry_price": entry, "exit_price": entry * (1 + share), "entry_value": amount * entry,
            "gross": gross, "fees": fees, "funding": funding, "net": gross - fees + funding,
            "currency": "USDT", "return": (gross - fees + funding) / (amount * entry),
            "duration": lasted,
        }
    )  # fmt: skip
    frame.attrs = {"environment": "sandbox"}
    return frame


def equity(days=200, *, step="1h", seed=4):
    """An equity curve, a benchmark beside it, and the transfers in it."""
    rng = np.random.default_rng(seed)
    index = pd.date_range(
        START, periods=int(pd.Timedelta(days=days) / pd.Timedelta(step)), freq=step, name="time"
    )
    moved = pd.DataFrame(
        {
            "time": index[[len(index) // 5, len(index) // 2, 4 * len(index) // 5]],
            "asset": "USDT", "amount": [2_500.0, -1_300.0, 2_500.0],
        }
    )  # fmt: skip
    value = 20_000 * np.exp(np.cumsum(rng.normal(3e-5, 0.003, len(index))))
    for time, amount in zip(moved["time"], moved["amount"], strict=True):
        value[index >= time] += amount
    hold = 20_000 * np.exp(np.cumsum(rng.normal(2e-5, 0.004, len(index))))
    frame = pd.DataFrame({"equity": value, "hold": hold}, index=index)
    frame.attrs = {"environment": "sandbox", "currency": "USDT"}
    return frame, moved


def order_book(levels=60, *, seed=5):
    """One side as deep as the other around 64,250."""
    rng = np.random.default_rng(seed)
    steps = np.cumsum(rng.integers(1, 40, (2, levels)), axis=1) / 100
    frame = pd.DataFrame(
        {
            "time": START, "venue": "spot", "market": "BTCUSDT", "side": np.repeat(["bid", "ask"], levels),
            "price": np.concatenate([64_250 - steps[0], 64_250.05 + steps[1]]).round(2),
            "amount": rng.exponential(0.8, 2 * levels).round(5),
        }
    )  # fmt: skip
    frame.attrs = {"environment": "sandbox", "quote": "USDT", "base": "BTC"}
    return frame


def recording(minutes=30, *, per_second=20, seed=6):
    """Changes of a book whose middle wanders, with walls that stand for a while."""
    rng = np.random.default_rng(seed)
    count = minutes * 60 * per_second
    seconds = np.sort(rng.uniform(0, minutes * 60, count))
    path = 64_000 + np.cumsum(rng.normal(0, 0.15, count))
    is_bid = rng.random(count) < 0.5
    away = rng.exponential(6, count) + 0.5
    price = np.round(path + np.where(is_bid, -away, away), 0)
    amount = np.where(rng.random(count) < 0.35, 0.0, rng.exponential(1.0, count)).round(3)
    wall = rng.random(count) < 0.01
    price[wall] = np.round(price[wall] / 10) * 10
    amount[wall] = rng.exponential(25, int(wall.sum())).round(3)
    rows = pd.DataFrame(
        {"s": seconds, "side": np.where(is_bid, "bid", "ask"), "price": price, "amount": amount}
    )
    crossed = [
        pd.DataFrame({"s": seconds[i], "side": side, "price": np.arange(a, b), "amount": 0.0})
        for i in range(0, count, 10)
        for side, a, b in (
            ("bid", path[i].round() + 1, path[i].round() + 8),
            ("ask", path[i].round() - 7, path[i].round()),
        )
    ]  # levels the middle walked over are gone
    found = pd.concat([rows, *crossed]).sort_values("s", kind="stable", ignore_index=True)
    found.insert(0, "time", START + pd.to_timedelta(found.pop("s"), unit="s"))
    found["market"] = "BTCUSDT"
    found.attrs = {"environment": "sandbox", "quote": "USDT", "base": "BTC"}
    return found


def trades_in(frame, count=12, *, seed=7):
    """Executions near the middle of a recorded book."""
    rng = np.random.default_rng(seed)
    away = (frame["price"] - frame["price"].rolling(400, center=True).median()).abs()
    placed = frame[(frame["amount"] > 0) & (away < 2)]
    rows = placed.iloc[np.sort(rng.choice(len(placed), count, replace=False))]
    side = np.where(rows["side"] == "bid", "sell", "buy")
    return pd.DataFrame(
        {
            "time": rows["time"],
            "market": "BTCUSDT",
            "side": side,
            "price": rows["price"],
            "amount": 0.1,
        }
    )


def exposures(days=60, *, seed=7):
    """Signed values of eight markets, an hour apart."""
    rng = np.random.default_rng(seed)
    index = pd.date_range(START, periods=days * 24, freq="1h", name="time")
    scale = {
        "BTCUSDT": 9,
        "ETHUSDT": 6,
        "SOLUSDT": 4,
        "XRPUSDT": 3,
        "DOGEUSDT": 2,
        "ETHBTC": 1.5,
        "ZROUSDT": 1,
        "MINAUSDT": 0.7,
    }
    columns = {}
    for name, size in scale.items():
        wish = np.cumsum(rng.normal(0, 0.12, days * 24)) + rng.normal(0.8, 0.4)
        held = (
            wish
            * (np.repeat(rng.random(days // 5), 120) < 0.8)
            * np.exp(np.cumsum(rng.normal(0, 0.004, days * 24)))
        )
        columns[name] = (held * size * 400).round(2)
    frame = pd.DataFrame(columns, index=index)
    frame.attrs = {"environment": "sandbox", "currency": "USDT"}
    return frame


def rates(days=60, *, seed=8):
    """Funding three times a day, and what was booked for some of them."""
    rng = np.random.default_rng(seed)
    time = pd.date_range(START + pd.Timedelta("1h"), periods=days * 3, freq="8h")
    rate = np.round(0.0001 + np.cumsum(rng.normal(0, 0.00005, len(time))) * 0.6, 6)
    frame = pd.DataFrame(
        {"time": time, "venue": "futures", "market": "BTCUSDT", "rate": rate, "kind": "settled"}
    )
    frame.loc[len(frame) - 1, "kind"] = "estimate"
    frame.attrs = {"environment": "sandbox", "quote": "USDT"}
    held = rng.random(len(time)) < 0.6
    payments = pd.DataFrame(
        {
            "time": time[held], "market": "BTCUSDT", "fee_asset": "USDT",
            "funding": (-rate[held] * 60_000 * rng.normal(0.2, 0.2, int(held.sum()))).round(8),
        }
    )  # fmt: skip
    return frame, payments


def stored(*, seed=9):
    """Stretches of time of several kinds of data, with holes."""
    rng = np.random.default_rng(seed)
    rows = []
    for market, kind, interval in (
        ("BTCUSDT", "klines", "1m"), ("BTCUSDT", "klines", "1h"), ("BTCUSDT", "book", None),
        ("ETHUSDT", "klines", "1m"), ("ETHBTC", "klines", "1m"), (None, "trades", None), (None, "ledger", None),
    ):  # fmt: skip
        begin = START + pd.Timedelta(days=float(rng.uniform(0, 25)))
        for _ in range(int(rng.integers(1, 6))):
            end = begin + pd.Timedelta(days=float(rng.uniform(3, 30)))
            rows.append(
                (
                    "spot",
                    market,
                    kind,
                    interval,
                    begin,
                    end,
                    int((end - begin) / pd.Timedelta("1min")),
                )
            )
            begin = end + pd.Timedelta(hours=float(rng.exponential(30)))
    frame = pd.DataFrame(
        rows, columns=["venue", "market", "kind", "interval", "start", "end", "rows"]
    )
    frame.attrs = {"environment": "sandbox"}
    return frame


def executions(count=800, *, seed=10):
    """Markouts and slippage in basis points, some without a quote."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {"slippage_bps": rng.normal(0.7, 1.3, count) + rng.exponential(0.4, count)}
    )
    drift = np.zeros(count)
    for name, seconds in (
        ("1s", 1),
        ("5s", 5),
        ("30s", 30),
        ("1min", 60),
        ("5min", 300),
        ("15min", 900),
        ("1h", 3600),
    ):
        drift = drift + rng.normal(-0.05, 0.4 * np.log1p(seconds), count)
        frame[f"markout_{name}"] = np.where(rng.random(count) < 0.05, np.nan, drift)
    frame.attrs = {"environment": "sandbox", "market": "BTCUSDT"}
    return frame
