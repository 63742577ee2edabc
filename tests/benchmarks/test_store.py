"""The store against one Parquet file, as people keep their candles."""

import statistics
import subprocess
import sys
from time import perf_counter

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from btcc_research.store import Stream, open_journal, open_store
from tests.store.data import START

MINUTES = 525_600
YEAR = ("2025-01-01", "2026-01-01")
DAY = ("2025-03-05", "2025-03-06")
SERIES = ("klines", "spot", "BTCUSDT")
EXACT = pa.decimal128(38, 18)


def candles():
    rng = np.random.default_rng(1)
    price = np.round(60_000 + np.cumsum(rng.normal(0, 5, MINUTES)), 2)
    volume = np.round(rng.exponential(3, MINUTES), 5)
    numbers = {
        "open": price, "high": np.round(price + 1, 2), "low": np.round(price - 1, 2),
        "close": np.round(price + 0.5, 2), "volume": volume, "turnover": np.round(price * volume, 7),
    }  # fmt: skip
    index = pd.date_range(YEAR[0], periods=MINUTES, freq="min", tz="UTC", name="open_time").as_unit(
        "us"
    )
    return pd.DataFrame(numbers, index=index).assign(closed=True)


def exact(frame):
    """The same candles as decimals, as the client gives them with exact=True."""
    table = pa.Table.from_pandas(frame)
    for place, field in enumerate(table.schema):
        if field.type == pa.float64():
            table = table.set_column(
                place, field.name, table.column(place).cast(pa.string()).cast(EXACT)
            )
    return table.replace_schema_metadata()


@pytest.fixture(scope="module")
def year():
    return candles()


@pytest.fixture
def store(tmp_path, year):
    store = open_store("sandbox", tmp_path)
    store.write(*SERIES, exact(year), YEAR, interval="1m")
    return store


def ratios(ways, rounds=9):
    """Run every way in each round; return the seconds of each."""
    taken = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            begin = perf_counter()
            way()
            taken[name].append(perf_counter() - begin)
    return taken


def words(taken, name, other):
    found = sorted(a / b for a, b in zip(taken[name], taken[other], strict=True))
    return f"{statistics.median(found):.2f} (min {found[0]:.2f}, max {found[-1]:.2f})"


def test_reading_and_replacing(tmp_path, year, store, figure):
    one, same = tmp_path / "one.parquet", tmp_path / "same.parquet"
    pq.write_table(pa.Table.from_pandas(year), one)
    pq.write_table(pa.Table.from_pandas(year), same, compression="zstd", use_dictionary=False,
                   column_encoding={"open_time": "DELTA_BINARY_PACKED"})  # fmt: skip
    found, missing = store.read(*SERIES, *YEAR, interval="1m")
    pd.testing.assert_frame_equal(found, year, check_freq=False)
    assert not missing
    day = year.loc[DAY[0]]
    new = iter([exact(day.assign(volume=day["volume"].round(2) + n)) for n in range(20)])
    taken = ratios(
        {
            "one file": lambda: pq.read_table(one).to_pandas(),
            "one file, same coding": lambda: pq.read_table(same).to_pandas(),
            "year": lambda: store.read(*SERIES, *YEAR, interval="1m"),
            "day": lambda: store.read(*SERIES, *DAY, interval="1m"),
            "rewrite": lambda: pq.write_table(pa.Table.from_pandas(year), one),
            "replace": lambda: store.write(*SERIES, next(new), DAY, interval="1m"),
        }
    )
    figure(f"store, a year: {words(taken, 'year', 'one file')} of one file's reading (at most 1.3)")
    figure(
        f"store, a year: {words(taken, 'year', 'one file, same coding')} where that is coded alike"
    )
    figure(f"store, a day: {words(taken, 'day', 'year')} of the year (at most 0.25)")
    figure(
        f"store, replacing a day: {words(taken, 'replace', 'rewrite')} of rewriting one file (at most 0.2)"
    )
    for name, seconds in taken.items():
        figure(f"store, {name}: {statistics.median(seconds) * 1000:.1f} ms")


@pytest.mark.benchmark(group="store, a year of minutes")
@pytest.mark.parametrize("engine", ["pandas", "arrow", "polars", "duckdb", "dask"])
def test_the_highest_price_of_a_year(benchmark, store, engine):
    compute = {
        "pandas": lambda found: found["high"].max(),
        "arrow": lambda found: pa.compute.max(found.to_table(columns=["high"])["high"]).as_py(),
        "polars": lambda found: found.select("high").max().collect().item(),
        "duckdb": lambda found: found.aggregate("max(high)").fetchall()[0][0],
        "dask": lambda found: found["high"].max().compute(),
    }[engine]
    pytest.importorskip({"arrow": "pyarrow"}.get(engine, engine))
    found = benchmark.pedantic(
        lambda: compute(store.scan("klines", "BTCUSDT", interval="1m", engine=engine)),
        rounds=5,
        warmup_rounds=1,
    )
    assert found == store.read(*SERIES, interval="1m", columns=["high"])[0]["high"].max()


def test_writing_a_year(tmp_path, year, figure):
    table = exact(year)
    begin = perf_counter()
    open_store("sandbox", tmp_path).write(*SERIES, table, YEAR, interval="1m")
    taken = perf_counter() - begin
    size = sum(path.stat().st_size for path in tmp_path.rglob("*.parquet")) / 1e6
    figure(
        f"store, writing a year, every number checked and every file flushed: {taken:.2f} s, {size:.1f} MB"
    )


WRITER = """
import sys
from btcc_research.store import files, open_store
from tests.store import data
from tests.store.data import DAY, START, span
root, lock, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
if lock == "month":
    real = files.LocalFiles.lock
    files.LocalFiles.lock = lambda self, folder, name=".lock", wait=120.0: real(self, folder, f".{number}.lock", wait)
store, start = open_store("sandbox", root), START + number * 31 * DAY
candles = [data.candles(20_000, start, price=f"{n}.25") for n in range(2)]
print("ready", flush=True)
sys.stdin.readline()
for n in range(12):
    store.write("klines", "spot", "BTCUSDT", candles[n % 2], span(start, start + 1_200_000), interval="1m")
"""


def test_one_lock_for_a_series_or_one_for_each_month(tmp_path, figure):
    """Four processes write different months of one series: the best case for a lock a month."""
    taken = {"series": [], "month": []}
    for number in range(3):
        for lock, seconds in taken.items():
            root = tmp_path / f"{lock}-{number}"
            running = [
                subprocess.Popen([sys.executable, "-c", WRITER, str(root), lock, str(n)],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                for n in range(4)
            ]  # fmt: skip
            assert all(process.stdout.readline() == "ready\n" for process in running)
            begin = perf_counter()
            for process in running:
                process.stdin.write("\n")
                process.stdin.flush()
            assert [process.wait() for process in running] == [0] * 4
            seconds.append(perf_counter() - begin)
    figure(
        f"store, a lock for the series instead of each month: {words(taken, 'series', 'month')} of the time"
    )


def test_the_journal(tmp_path, figure):
    journal = open_journal(open_store("sandbox", tmp_path))
    prints = Stream("prints", "spot", "BTCUSDT")
    rows = [
        {
            "time": START + n / 1000,
            "id": n,
            "side": "buy",
            "price": f"{60_000 + n}.25",
            "amount": "0.00123",
        }
        for n in range(200)
    ]
    with journal.record([prints], START) as recorder:
        for mode in ("FULL", "NORMAL"):
            recorder._database.execute(f"PRAGMA synchronous = {mode}")
            taken = []
            for n in range(300):
                begin = perf_counter()
                recorder.append({prints: rows}, START + n)
                taken.append(perf_counter() - begin)
            figure(
                f"journal, 200 rows acknowledged, synchronous {mode}: "
                f"{statistics.median(taken) * 1000:.2f} ms (max {max(taken) * 1000:.1f})"
            )
        begin = perf_counter()
        count = recorder.compact(START + 400)
        figure(
            f"journal, moved to Parquet: {count / (perf_counter() - begin) / 1000:.0f} thousand rows a second"
        )
