"""Signed pages of 100 finished orders over loopback, to typed frames."""

import hashlib
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import requests

from btcc_research import open_client
from btcc_research.frames import to_frame
from btcc_research.protocol import spot
from tests.benchmarks.conftest import peak_megabytes

SERVER = Path(__file__).with_name("page_server.py")
KEY = ("demo-access", "demo-secret")
PAGES = 500
DECIMALS = [
    "price", "amount", "taker_fee", "maker_fee", "left", "deal_stock", "deal_money", "deal_fee",
    "asset_fee", "fee_discount",
]  # fmt: skip


@pytest.fixture(scope="module")
def base():
    server = subprocess.Popen([sys.executable, str(SERVER)], stdout=subprocess.PIPE, text=True)
    yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
    server.kill()
    server.stdout.close()


def by_hand(base, offset):
    """One page, as people write it."""
    given = {"market": "BTCUSDT", "side": 0, "offset": offset, "limit": 100}
    given |= {"access_id": KEY[0], "tm": int(time.time())}
    pairs = sorted(f"{n}={v}" for n, v in {**given, "secret_key": KEY[1]}.items())
    signature = hashlib.md5("&".join(pairs).encode()).hexdigest()
    url = f"{base}/btcc_api_trade/order/finished"
    reply = requests.get(url, params=given, headers={"authorization": signature}, timeout=10)
    frame = pd.DataFrame(reply.json()["result"]["records"])
    frame[DECIMALS] = frame[DECIMALS].astype(float)
    for name in ("ctime", "mtime", "ftime"):
        frame[name] = pd.to_datetime(frame[name], unit="s", utc=True)
    return frame


def all_by_hand(base):
    return pd.concat([by_hand(base, 100 * page) for page in range(PAGES)], ignore_index=True)


def connected(base):
    return open_client("sandbox", hosts={"spot_rest": base}, access_id=KEY[0], secret_key=KEY[1])


def all_of_ours(client):
    listing = client._reads.listing(spot.ORDER_FINISHED, {"market": "BTCUSDT"})
    return to_frame(spot.ORDER_FINISHED, listing.rows)


@pytest.fixture(scope="module")
def client(base):
    return connected(base)


def test_they_agree(base, client):
    mine, theirs = all_of_ours(client), all_by_hand(base)
    assert len(mine) == len(theirs) == 100 * PAGES
    assert (mine["id"].to_numpy() == theirs["id"].to_numpy()).all()
    assert (mine["cost"].to_numpy() == theirs["deal_money"].to_numpy()).all()


@pytest.mark.benchmark(group="a page")
def test_one_page_of_ours(benchmark, client):
    benchmark(client.spot.order_finished, "BTCUSDT")


@pytest.mark.benchmark(group="a page")
def test_one_page_by_hand(benchmark, base):
    benchmark(by_hand, base, 0)


def test_the_ratios(base, client, figure):
    ways = {"a page": (lambda: client.spot.order_finished("BTCUSDT"), lambda: by_hand(base, 0), 60),
            f"{PAGES} pages": (lambda: all_of_ours(client), lambda: all_by_hand(base), 3)}  # fmt: skip
    for name, (mine, theirs, rounds) in ways.items():
        ratios = []
        for _ in range(rounds):
            times = []
            for way in (mine, theirs):
                begin = time.perf_counter()
                way()
                times.append(time.perf_counter() - begin)
            ratios.append(times[0] / times[1])
        ratios.sort()
        figure(
            f"{name}: {ratios[len(ratios) // 2]:.2f} of the time by hand (min {ratios[0]:.2f}, max {ratios[-1]:.2f})"
        )


def test_peak_memory(base, figure):
    code = "from tests.benchmarks.test_pages import *"
    nothing = peak_megabytes(f"{code}; c = connected({base!r}); c.spot.order_finished('BTCUSDT')")
    mine = peak_megabytes(f"{code}; x = all_of_ours(connected({base!r}))")
    theirs = peak_megabytes(f"{code}; x = all_by_hand({base!r})")
    figure(
        f"{PAGES} pages, peak memory: ours {mine - nothing:.0f} MB, by hand {theirs - nothing:.0f} MB"
    )
