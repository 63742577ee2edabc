"""Every engine sees the same rows, and only when it computes."""

import sys
from decimal import Decimal

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from btcc_research.errors import ConfigError, InvalidArgument
from tests.store import data
from tests.store.data import DAY, START, at, span

ENGINES = ["pandas", "polars", "duckdb", "dask", "arrow"]
FUTURES = "GWFX/USDT/GTS/MM/STD/0/A/BTCUSDT100x"
MARKETS = ["BTCUSDT", "ETHUSDT", FUTURES]
TURN = START + 31 * DAY
ODD = "0.123456789012345678"


@pytest.fixture
def filled(store):
    for number, market in enumerate(MARKETS):
        candles = data.candles(600, TURN - 300 * 60, price=f"{number + 1}00.1")
        store.write(
            "klines", "spot", market, candles, span(TURN - 18_000, TURN + 18_000), interval="1m"
        )
    odd = data.candles(2, TURN + 60, price="5", volume=ODD)
    store.write("klines", "spot", "ETHUSDT", odd, span(TURN + 60, TURN + 180), interval="1m")
    return store


def as_frame(found, engine):
    """What an engine returns, computed."""
    if engine == "polars":
        return found.collect().to_pandas()
    if engine == "duckdb":
        return found.df()
    if engine == "dask":
        return found.compute()
    return found.to_table().to_pandas() if engine == "arrow" else found


def in_order(frame):
    frame = frame.sort_values(["market", "open_time"], ignore_index=True)
    return frame.astype({"venue": "str", "market": "str", "open_time": "datetime64[us, UTC]"})


@pytest.mark.parametrize("engine", ENGINES)
def test_engines_agree_on_many_markets_and_months(filled, engine):
    start, end = at(TURN - 3600), at(TURN + 3600)
    found = as_frame(
        filled.scan("klines", MARKETS, start, end, interval="1m", engine=engine), engine
    )
    expected = []
    for market in MARKETS:
        frame, _ = filled.read("klines", "spot", market, start, end, interval="1m")
        frame = frame.reset_index()
        frame.insert(0, "market", market)
        frame.insert(0, "venue", "spot")
        expected.append(frame)
    assert list(found.columns) == list(expected[0].columns)
    assert_frame_equal(in_order(found), in_order(pd.concat(expected)))
    assert len(found) == 3 * 120


@pytest.mark.parametrize("engine", ENGINES)
def test_numbers_of_a_decimal_month_are_rounded_once(filled, engine):
    found = as_frame(
        filled.scan("klines", "ETHUSDT", at(TURN), at(TURN + 180), interval="1m", engine=engine),
        engine,
    )
    assert sorted(found["volume"]) == sorted([1.5, float(ODD), float(ODD)])


@pytest.mark.parametrize("engine", ENGINES)
def test_executions_are_scanned_with_their_own_columns(store, engine):
    rows = [data.trade(n, START + n, price=Decimal("0.3")) for n in range(1, 4)]
    store.write("trades", "spot", "BTCUSDT", rows, span(START, START + 60))
    store.write(
        "trades", "spot", "ETHUSDT", [data.trade(9, market="ETHUSDT")], span(START, START + 60)
    )
    found = as_frame(store.scan("trades", ["BTCUSDT", "ETHUSDT"], engine=engine), engine)
    assert sorted(found["id"]) == [1, 2, 3, 9]
    assert list(found.columns)[:4] == ["time", "venue", "market", "id"]
    price = found.loc[found["id"] == 1, "price"].iloc[0]
    if engine in ("pandas", "dask"):
        assert price == 0.3
    else:  # decimals stay decimals where nobody asked for floats
        assert float(price) == 0.3
        assert engine == "duckdb" or price == Decimal("0.3")


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_not_stored_is_an_empty_frame_with_the_columns(store, engine):
    found = as_frame(store.scan("klines", "BTCUSDT", interval="1m", engine=engine), engine)
    assert len(found) == 0
    assert list(found.columns)[:4] == ["venue", "market", "open_time", "open"]


@pytest.mark.parametrize("engine", ["polars", "duckdb", "dask"])
def test_engines_compute_by_themselves(filled, engine):
    found = filled.scan("klines", MARKETS, interval="1m", engine=engine)
    if engine == "polars":
        import polars

        high = found.group_by("market").agg(polars.col("high").max()).collect()
        result = dict(high.iter_rows())
    elif engine == "duckdb":
        result = dict(found.aggregate("market, max(high)").fetchall())
    else:
        result = found.groupby("market")["high"].max().compute().to_dict()
    expected = filled.scan("klines", MARKETS, interval="1m").groupby("market")["high"].max()
    assert result == expected.to_dict()


def test_dask_has_a_part_for_each_market_and_month(filled):
    found = filled.scan("klines", MARKETS, interval="1m", engine="dask")
    assert found.npartitions == 6


@pytest.mark.parametrize("engine", ["polars", "arrow", "duckdb"])
def test_lazy_engines_read_when_they_compute(filled, engine):
    found = filled.scan("klines", "BTCUSDT", interval="1m", engine=engine)
    filled.prune(kind="klines")
    with pytest.raises(Exception, match="No such file"):
        as_frame(found, engine)


def test_dask_reads_what_is_there_when_it_computes(filled):
    found = filled.scan("klines", "BTCUSDT", interval="1m", engine="dask")
    filled.prune(kind="klines")
    assert len(found.compute()) == 0


@pytest.mark.parametrize(
    ("engine", "package"), [("polars", "polars"), ("duckdb", "duckdb"), ("dask", "dask.dataframe")]
)
def test_an_engine_that_is_not_installed_is_named_with_its_command(
    filled, monkeypatch, engine, package
):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigError, match=rf"needs {engine}.*pip install 'btcc_research\[scale\]'"):
        filled.scan("klines", "BTCUSDT", interval="1m", engine=engine)


def test_an_unknown_engine_or_no_market_is_refused(store):
    with pytest.raises(InvalidArgument, match="pandas, polars, duckdb, dask, arrow"):
        store.scan("klines", "BTCUSDT", interval="1m", engine="spark")
    with pytest.raises(InvalidArgument, match="name at least one"):
        store.scan("klines", [], interval="1m")
