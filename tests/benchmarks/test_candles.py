"""A year of minute candles: reply bytes to a typed frame."""

import json

import numpy as np
import pandas as pd
import pytest

from btcc_research.frames import candle_frame, candle_table
from btcc_research.protocol import spot, wire
from tests.benchmarks.conftest import peak_megabytes

MINUTES = 525_600


def reply_bytes(separators=(",", ":")):
    rng = np.random.default_rng(1)
    price = np.round(60_000 + np.cumsum(rng.normal(0, 5, MINUTES)), 2)
    volume = np.round(rng.exponential(3, MINUTES), 5)
    rows = [
        [1_700_000_040 + 60 * n, f"{p:.2f}", f"{p + 1:.2f}", f"{p + 2:.2f}", f"{p - 1:.2f}",
         f"{v:.5f}", f"{p * v:.7f}", "BTCUSDT"]
        for n, (p, v) in enumerate(zip(price.tolist(), volume.tolist(), strict=True))
    ]  # fmt: skip
    body = {"code": 0, "data": {"result": rows}, "message": "OK"}
    return json.dumps(body, separators=separators).encode()


def ours(body):
    payload = wire.read_response(spot.MARKET_KLINE, 200, body).payload
    return candle_frame(
        spot.MARKET_KLINE, [candle_table(spot.MARKET_KLINE, payload, "BTCUSDT")], 2**40, 60
    )


def people(body):
    frame = pd.DataFrame(json.loads(body)["data"]["result"])
    return frame.astype(dict.fromkeys(range(1, 7), float))


@pytest.fixture(scope="module")
def body():
    return reply_bytes()


def test_they_agree_to_the_last_bit(body):
    mine, theirs = ours(body), people(body)
    for name, column in (
        ("open", 1),
        ("close", 2),
        ("high", 3),
        ("low", 4),
        ("volume", 5),
        ("turnover", 6),
    ):
        assert (mine[name].to_numpy() == theirs[column].to_numpy()).all()


@pytest.mark.benchmark(group="525,600 candles")
@pytest.mark.parametrize("way", [ours, people], ids=["ours", "json + DataFrame + astype"])
def test_a_year_of_minutes(benchmark, body, way):
    benchmark.pedantic(way, (body,), rounds=5, warmup_rounds=1)


def test_the_ratio(body, figure):
    from time import perf_counter

    times = {ours: [], people: []}
    for _ in range(5):
        for way, taken in times.items():
            begin = perf_counter()
            way(body)
            taken.append(perf_counter() - begin)
    ratios = sorted(theirs / mine for mine, theirs in zip(times[ours], times[people], strict=True))
    figure(f"candles: {ratios[2]:.1f} times faster (min {ratios[0]:.1f}, max {ratios[-1]:.1f})")
    spaced = reply_bytes(separators=None)
    begin = perf_counter()
    people(spaced)
    middle = perf_counter()
    ours(spaced)
    figure(
        f"candles, JSON with blanks: {(middle - begin) / (perf_counter() - middle):.1f} times faster"
    )


def test_peak_memory(tmp_path, body, figure):
    (tmp_path / "body").write_bytes(body)
    code = f"from tests.benchmarks.test_candles import *; b = open({str(tmp_path / 'body')!r}, 'rb').read()"
    base = peak_megabytes(code)
    for way in ("ours", "people"):
        figure(
            f"candles, peak memory of {way}: {peak_megabytes(f'{code}; x = {way}(b)') - base:.0f} MB"
        )
