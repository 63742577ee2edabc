"""The joined frames: complete, exact, labelled, and clear when something is wrong."""

import random
import threading
import warnings
from decimal import Decimal as D

import numpy as np
import pandas as pd
import pytest

from btcc_research import open_client, sandbox, tables
from btcc_research.errors import (
    ConfigError,
    Incomplete,
    IncompleteWarning,
    InvalidArgument,
    NewFieldWarning,
    ReadOnly,
    UnknownMarket,
)
from btcc_research.frames import dtype_name
from btcc_research.sandbox.accounts import DEMO_USER
from tests.conftest import spot_client

JOINED = {
    "trades": tables.TRADES,
    "orders": tables.ORDERS,
    "open_orders": tables.ORDERS,
    "balances": tables.BALANCES,
    "ledger": tables.LEDGER,
    "markets": tables.MARKETS,
}


@pytest.fixture
def demo(spot_demo):
    """This file is about spot alone; joined venues have their own."""
    return spot_demo


@pytest.fixture
def client(box):
    with spot_client(box) as client:
        yield client


def engine_deals(box):
    account = box.exchange.account(DEMO_USER)
    return [deal for deals in list(account.deals.values()) for deal in list(deals)]


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("name", JOINED)
def test_a_joined_frame_has_the_declared_columns_and_dtypes(demo, name, exact):
    frame = getattr(demo, name)(exact=exact)
    assert list(frame.columns) == [field.name for field in JOINED[name]]
    for field in JOINED[name]:
        assert str(frame[field.name].dtype).startswith(dtype_name(field.kind, exact=exact))
    assert isinstance(frame.index, pd.RangeIndex)


@pytest.mark.parametrize("name", ["trades", "orders", "ledger"])
def test_an_empty_joined_frame_has_the_same_dtypes(demo, name):
    full = getattr(demo, name)()
    empty = getattr(demo, name)(start="2019-01-01", end="2019-01-02")
    assert len(empty) == 0
    assert (empty.dtypes == full.dtypes).all()
    assert empty.attrs["coverage"]["asked"] == [
        "2019-01-01T00:00:00+00:00",
        "2019-01-02T00:00:00+00:00",
    ]


def test_trades_are_exactly_the_engines_executions(demo, demo_box):
    frame = demo.trades(exact=True)
    found = set(
        zip(frame["id"], frame["side"], frame["role"], frame["price"], frame["amount"],
            frame["cost"], frame["fee"], frame["order_id"], frame["market"], strict=True)
    )  # fmt: skip
    assert found == {
        (d.id, d.side, d.role, d.price, d.amount, d.cost, d.fee, d.order_id, d.market)
        for d in engine_deals(demo_box)
    }
    assert len(frame) == len(found)
    assert frame["time"].is_monotonic_increasing
    micros = sorted(deal.time for deal in engine_deals(demo_box))
    assert list(frame["time"].astype("int64")) == micros


def test_a_fee_is_in_what_was_received(demo):
    frame = demo.trades()
    bought = frame[frame["side"] == "buy"]
    assert (bought["fee_asset"] == bought["market"].str.removesuffix("USDT").str.removesuffix("BTC")
            .where(bought["market"] != "BTCUSDT", "BTC")).all()  # fmt: skip
    sold = frame[(frame["side"] == "sell") & frame["market"].str.endswith("USDT")]
    assert (sold["fee_asset"] == "USDT").all()


def test_ledger_executions_and_balances_reconcile_to_exactly_zero(demo, demo_box):
    ledger, trades = demo.ledger(exact=True), demo.trades(exact=True)
    changes = ledger.groupby("asset")["change"].sum()
    moved: dict[str, D] = {}

    def add(asset, amount):
        moved[asset] = moved.get(asset, D(0)) + amount

    rules = demo.markets().set_index("market")
    for row in trades.itertuples():
        base, quote = rules.loc[row.market, ["base", "quote"]]
        sign = 1 if row.side == "buy" else -1
        add(base, sign * row.amount)
        add(quote, -sign * row.cost)
        add(row.fee_asset, -row.fee)
    outside = ledger[~ledger["business"].isin(["trade", "fee"])]
    for row in outside.itertuples():
        add(row.asset, row.change)
    assert {asset: D(str(value)) for asset, value in changes.items()} == moved
    account = demo_box.exchange.account(DEMO_USER)
    held = {asset: b.available + b.frozen for asset, b in account.balances.items()}
    assert held == moved
    shown = demo.balances(exact=True).set_index("asset")["total"]
    for asset, total in held.items():
        assert 0 <= total - shown[asset] < D("2e-8")  # BTCC shows eight decimals, cut off


@pytest.mark.parametrize("market", ["BTCUSDT", "ETHBTC"])
def test_one_market_is_a_part_of_all(demo, market):
    whole, part = demo.trades(), demo.trades(market)
    expected = whole[whole["market"] == market].reset_index(drop=True)
    pd.testing.assert_frame_equal(part, expected)
    assert part.attrs["coverage"]["markets"] == [market]


def test_a_range_includes_its_start_and_not_its_end(demo):
    whole = demo.trades("BTCUSDT")
    start, end = whole["time"].iloc[100], whole["time"].iloc[200]
    part = demo.trades("BTCUSDT", start=start, end=end)
    assert list(part["id"]) == list(whole["id"][(whole["time"] >= start) & (whole["time"] < end)])
    assert part["time"].iloc[0] == start
    assert part["time"].iloc[-1] < end


def test_times_without_a_zone_are_utc_and_with_one_are_converted(demo):
    naive = demo.trades(start="2026-11-01 12:00", end="2026-11-02")
    zoned = demo.trades(start="2026-11-01 13:00+01:00", end=pd.Timestamp("2026-11-02", tz="UTC"))
    pd.testing.assert_frame_equal(naive, zoned)


def test_a_limit_keeps_the_newest(demo):
    whole = demo.trades()
    newest = demo.trades(limit=25)
    pd.testing.assert_frame_equal(newest, whole.tail(25).reset_index(drop=True))
    assert newest.attrs["coverage"]["limited"]
    assert not whole.attrs["coverage"]["limited"]


def test_the_frame_says_where_it_comes_from_and_how_complete_it_is(demo):
    frame = demo.trades()
    assert frame.attrs["environment"] == "sandbox"
    assert frame.attrs["venues"] == ["spot"]
    coverage = frame.attrs["coverage"]
    assert coverage["holes"] == []
    assert coverage["rows"] == len(frame)
    assert coverage["markets"] == ["BTCUSDT", "ETHBTC", "ETHUSDT", "SOLUSDT", "XRPUSDT"]
    assert frame.btcc.coverage == coverage


def test_attrs_hold_plain_json_and_survive_parquet(demo, tmp_path):
    import json

    frame = demo.trades(limit=5)
    assert json.loads(json.dumps(frame.attrs)) == frame.attrs
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame.to_parquet(tmp_path / "x.parquet")
    again = pd.read_parquet(tmp_path / "x.parquet")
    assert again.attrs == frame.attrs


def test_orders_have_a_state(demo, demo_box):
    frame = demo.orders()
    assert set(frame["status"]) == {"open", "filled", "cancelled", "waiting", "closed"}
    assert set(frame["type"]) == {"limit", "market", "stop_limit", "stop_market"}
    filled = frame[frame["status"] == "filled"]
    limits = filled[filled["type"] == "limit"]
    assert (limits["remaining"] == 0).all()
    assert (frame[frame["status"] == "open"]["finished_at"].isna()).all()
    market_buys = filled[(filled["type"] == "market") & (filled["side"] == "buy")]
    assert (market_buys["remaining"] < market_buys["average_price"] * 10).all()
    average = frame["cost"] / frame["filled"]
    known = frame["filled"] > 0
    assert np.allclose(frame["average_price"][known], average[known], rtol=1e-12)
    account = demo_box.exchange.account(DEMO_USER)
    finished = sum(len(orders) for orders in account.finished.values())
    plans = sum(len(plans) for plans in account.finished_plans.values())
    assert len(frame) >= finished + plans + 2


def test_open_orders_are_the_engines(demo, demo_box):
    frame = demo.open_orders()
    orders = [o.id for o in demo_box.exchange.orders.values() if o.user_id == DEMO_USER]
    plans = [p for book in demo_box.exchange.books.values() for p in book.plans]
    assert sorted(frame["id"]) == sorted([*orders, *plans])
    assert set(frame["status"]) <= {"open", "waiting"}


def test_the_ledger_can_be_asked_for_one_currency_or_kind(demo):
    whole = demo.ledger()
    usdt = demo.ledger("USDT", business="fee")
    expected = whole[(whole["asset"] == "USDT") & (whole["business"] == "fee")]
    assert list(usdt["id"]) == list(expected["id"])
    assert (whole["rate"].notna() == (whole["business"] == "fee")).all()


def test_markets_show_the_rules(demo):
    frame = demo.markets().set_index("market")
    assert len(frame) >= 6
    row = frame.loc["BTCUSDT"]
    assert (row["base"], row["quote"], row["price_precision"], row["amount_precision"]) == (
        "BTC",
        "USDT",
        2,
        5,
    )
    assert not frame.loc["QNXUSDT", "is_open"]
    assert frame.loc["QNXUSDT", "opens_at"] == pd.Timestamp("2100-01-01", tz="UTC")


def test_depth_lists_bids_down_and_asks_up(demo):
    book = demo.depth("BTCUSDT", limit=5)
    bids, asks = book[book["side"] == "bid"], book[book["side"] == "ask"]
    assert len(bids) == len(asks) == 5
    assert bids["price"].is_monotonic_decreasing
    assert asks["price"].is_monotonic_increasing
    assert bids["price"].iloc[0] < asks["price"].iloc[0]
    assert np.allclose(asks["depth"], asks["amount"].cumsum())
    grouped = demo.depth("BTCUSDT", limit=10, merge="10")
    assert (grouped["price"] % 10 == 0).all()
    exact = demo.depth("BTCUSDT", limit=50, exact=True)
    assert exact["depth"].iloc[49] == sum(exact["amount"].iloc[:50])


def test_ticker_covers_one_market_or_all_open_ones(demo):
    assert list(demo.ticker("ETHBTC")["market"]) == ["ETHBTC"]
    every = demo.ticker()
    assert "QNXUSDT" not in set(every["market"])
    assert (every["last"] > 0).all()


# Candles


def test_candles_are_complete_closed_and_in_order(demo):
    frame = demo.klines("ETHUSDT", "5m", start="2026-10-01", end="2026-10-09 12:00")
    assert len(frame) == 8 * 288 + 144
    assert frame.index[0] == pd.Timestamp("2026-10-01", tz="UTC")
    assert frame.index[-1] == pd.Timestamp("2026-10-09 11:55", tz="UTC")
    assert frame["closed"].all()
    assert (frame["low"] <= frame[["open", "close"]].min(axis=1)).all()
    assert (frame["high"] >= frame[["open", "close"]].max(axis=1)).all()
    assert frame.attrs["coverage"]["pages"] == 3
    assert frame.btcc.gaps().empty


@pytest.mark.parametrize("interval", ["1m", "1h", "1d", 300])
def test_the_running_candle_comes_only_when_asked_for(demo, interval):
    finished = demo.klines("BTCUSDT", interval, limit=5)
    with_running = demo.klines("BTCUSDT", interval, limit=5, closed=False)
    assert len(finished) == len(with_running) == 5
    assert finished["closed"].all()
    assert list(with_running["closed"]) == [True] * 4 + [False]


def test_a_start_inside_a_candle_begins_with_the_next_one(demo):
    frame = demo.klines("BTCUSDT", "1h", start="2026-11-01 00:30", end="2026-11-01 03:01")
    assert list(frame.index.hour) == [1, 2, 3]


def test_candles_before_the_market_existed_are_no_candles(demo):
    frame = demo.klines("ZROUSDT", "1d", start="2024-06-01", end="2024-07-01")
    assert frame.index[0] == pd.Timestamp("2024-06-20", tz="UTC")
    assert frame.btcc.gaps().empty
    assert frame.attrs["gaps"] == [["2024-06-01T00:00:00+00:00", "2024-06-20T00:00:00+00:00"]]


def test_no_candles_at_all_are_an_empty_frame(demo):
    frame = demo.klines("BTCUSDT", "1d", start="2010-01-01", end="2010-02-01")
    assert len(frame) == 0
    assert frame.index.name == "open_time"
    assert str(frame.index.dtype) == "datetime64[us, UTC]"


@pytest.mark.parametrize("cap", [1, 7, 333])
def test_a_server_that_gives_fewer_candles_is_followed(demo_box, demo, cap):
    usual = demo.klines("BTCUSDT", "1h", start="2026-11-01", end="2026-11-02")
    demo_box.switches.most_candles = cap
    try:
        capped = demo.klines("BTCUSDT", "1h", start="2026-11-01", end="2026-11-02")
    finally:
        demo_box.switches.most_candles = 1000
    pd.testing.assert_frame_equal(usual, capped)


def test_missing_candles_are_reported_never_invented(demo_box, demo):
    demo_box.switches.candle_gap = (1793491200 + 7200, 1793491200 + 18000)
    try:
        frame = demo.klines("BTCUSDT", "1h", start="2026-11-01", end="2026-11-02")
    finally:
        demo_box.switches.candle_gap = None
    assert len(frame) == 21
    gaps = frame.btcc.gaps()
    assert gaps.iloc[0].to_dict() == {
        "start": pd.Timestamp("2026-11-01 02:00", tz="UTC"),
        "end": pd.Timestamp("2026-11-01 05:00", tz="UTC"),
        "missing": 3,
    }
    assert frame.attrs["gaps"] == [["2026-11-01T02:00:00+00:00", "2026-11-01T05:00:00+00:00"]]


def test_exact_candles_have_the_exchanges_digits(demo):
    rounded = demo.klines("XRPUSDT", "1d", limit=3)
    exact = demo.klines("XRPUSDT", "1d", limit=3, exact=True)
    assert [float(x) for x in exact["turnover"]] == list(rounded["turnover"])
    assert str(exact["close"].dtype) == "decimal128(38, 18)[pyarrow]"


# Arguments


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda c: c.trades(start="2026-02-01", end="2026-01-01"),
            "start='2026-02-01' is not before",
        ),
        (lambda c: c.trades(start="yesterdayish"), "start='yesterdayish' is not a time"),
        (lambda c: c.trades(end=1_700_000_000), "unit of a bare number"),
        (lambda c: c.trades(start=pd.NaT), "is not a time"),
        (lambda c: c.trades(venue="options"), "venue='options' is not one of 'spot', 'futures'"),
        (lambda c: c.trades(limit=0), "limit=0"),
        (lambda c: c.trades(limit=True), "limit=True"),
        (lambda c: c.klines("BTCUSDT", "7m"), "interval='7m' is not one of 1m, 3m, 5m"),
        (lambda c: c.klines("BTCUSDT", 59), "interval=59"),
        (lambda c: c.depth("BTCUSDT", limit=7), "limit='7' is not one of 5, 10, 20, 50"),
        (lambda c: c.depth("BTCUSDT", merge="0.5"), "merge='0.5' is not one of"),
        (lambda c: c.ledger(asset="A&B"), "'&' is not allowed"),
        (lambda c: c.ledger(business="a\nb"), "control characters"),
    ],
)
def test_a_wrong_argument_is_named_with_what_is_allowed(demo, demo_box, call, words):
    demo.markets()
    demo.balances()
    before = dict(demo_box.requests)
    with pytest.raises(InvalidArgument) as caught:
        call(demo)
    assert words in str(caught.value)
    assert demo_box.requests == before, "something was sent"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("btcusdt", "BTCUSDT"),
        ("BTC/USDT", "BTCUSDT"),
        ("BTC-USDT", "BTCUSDT"),
        ("XRPUSTD", "XRPUSDT"),
    ],
)
def test_a_wrong_market_suggests_the_right_one(demo, wrong, right):
    for call in (demo.klines, demo.trades, demo.depth, demo.open_orders, demo.ticker):
        with pytest.raises(UnknownMarket, match=f"Did you mean '{right}'"):
            call(wrong)


def test_a_market_like_no_other_points_to_the_list(demo):
    with pytest.raises(UnknownMarket, match=r"markets\(\) lists them"):
        demo.klines("§§§§")


@pytest.mark.parametrize(
    "amount", ["-1", "0", "abc", "1e5", "", " 1", float("nan"), -0.5, None, True]
)
def test_a_wrong_amount_is_refused_before_anything_is_sent(client, box, amount):
    client.balances()
    before = dict(box.requests)
    with pytest.raises(InvalidArgument, match="amount"):
        client.spot.order_limit("BTCUSDT", "buy", amount, "60000")
    assert box.requests == before


# Permission


def test_a_reading_connection_sends_no_order(demo, demo_box):
    demo.balances()
    before = dict(demo_box.requests)
    for call in (
        lambda: demo.spot.order_limit("BTCUSDT", "buy", "0.01", "20000"),
        lambda: demo.spot.order_cancel("BTCUSDT", 1),
        lambda: demo.spot.order_cancel_stop_all("BTCUSDT"),
    ):
        with pytest.raises(ReadOnly, match="trade=True"):
            call()
    assert demo_box.requests == before


def test_a_live_connection_without_a_key_reads_markets_only(home):
    client = open_client("live", hosts={"spot_rest": "http://127.0.0.1:1"})
    with pytest.raises(ConfigError, match="btcc keys add"):
        client.balances()


# Completeness while things change


def is_complete(frame, every):
    """Whether a frame holds, of each market and side, all executions up to its newest."""
    found = {}
    for row in frame.itertuples():
        found.setdefault((row.market, row.side), set()).add(row.id)
    return all(
        {deal.id for deal in every if (deal.market, deal.side) == where and deal.id <= max(ids)}
        == ids
        for where, ids in found.items()
    )


@pytest.mark.parametrize("seed", range(20))
def test_trades_are_complete_while_another_thread_trades(seed):
    with sandbox.start(seed=seed, history=False) as box:
        box.exchange.deposit(DEMO_USER, "USDT", D(10**7), box.clock.now())
        box.exchange.deposit(DEMO_USER, "BTC", D(1000), box.clock.now())
        stop, chosen = threading.Event(), random.Random(seed)
        with spot_client(box) as trader, spot_client(box, "read") as reader:
            for market in ("BTCUSDT", "ETHUSDT"):
                trader.spot.market_depth(market)
                for number in range(130):  # straight through the engine: a past of two pages
                    side = "buy" if number % 3 else "sell"
                    amount = D("100") if side == "buy" else D("0.01")
                    box.exchange.place_market(DEMO_USER, market, side, amount, box.clock.now())

            def trade():
                while not stop.is_set():
                    side = chosen.choice(["buy", "sell"])
                    trader.spot.order_market("BTCUSDT", side, "100" if side == "buy" else "0.01")

            before = {deal.id for deal in engine_deals(box)}
            thread = threading.Thread(target=trade)
            thread.start()
            try:
                frames = [reader.trades() for _ in range(3)]
            finally:
                stop.set()
                thread.join()
        every = engine_deals(box)
        assert len(every) > len(before)
        for frame in frames:
            assert frame["id"].is_unique, "doubled"
            assert before <= set(frame["id"]), "lost"
            assert is_complete(frame, every), "a row in the middle is missing"
            assert frame.attrs["coverage"]["holes"] == []
            before = set(frame["id"])


def test_a_hole_is_a_warning_that_names_it_and_an_error_when_strict(box, monkeypatch):
    from btcc_research.venues import spot_reads

    def broken(fetch, **options):
        from btcc_research.paging import Listing

        return Listing(holes=["after id 7: the listing moved"])

    monkeypatch.setattr(spot_reads, "read_listing", broken)
    client = spot_client(box, "read")
    with pytest.warns(IncompleteWarning, match="BTCUSDT buy: after id 7"):
        frame = client.trades("BTCUSDT")
    assert frame.btcc.coverage["holes"][0].startswith("BTCUSDT buy")
    assert frame.btcc.coverage["proven"] == []
    key = box.key_sets[1]
    strict = open_client(
        "sandbox", hosts=box.hosts, access_id=key.access_id, secret_key=key.secret_key, strict=True
    )
    with pytest.raises(Incomplete, match="after id 7"):
        strict.trades("BTCUSDT")


def test_a_new_field_is_named_once_and_raw_shows_it(box, client, monkeypatch):
    answers = box.app._answers
    usual = answers.balances
    monkeypatch.setattr(
        answers, "balances",
        lambda account: {a: {**b, "pledged": "1"} for a, b in usual(account).items()},
    )  # fmt: skip
    with pytest.warns(NewFieldWarning, match="pledged"):
        client.balances()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        client.balances()
    assert client.spot.asset_query(raw=True)["BTC"]["pledged"] == "1"


def test_a_delisted_market_keeps_its_history(box, client):
    client.spot.market_depth("SOLUSDT")
    client.spot.order_market("SOLUSDT", "buy", "100")
    usual = client.trades()
    answers = box.app._answers
    box.app._answers.markets = lambda names: type(answers).markets(
        answers, [name for name in names if name != "SOLUSDT"]
    )
    with spot_client(box, "read") as fresh:
        pd.testing.assert_frame_equal(fresh.trades(), usual)


def test_the_same_markets_are_not_searched_for_twice(box, client):
    client.spot.order_market("BTCUSDT", "buy", "100")
    client.trades()
    path = "/btcc_api_trade/asset/query_history"
    before = box.requests[path]
    client.trades()
    assert box.requests[path] - before <= 2
