"""A stream of book changes: text to updated 50-level book, with decoding and checksum.

What each way does per text:

ours
    the whole conversation: decode, apply, cut, CRC32 over all 50 levels of both sides, event
ours, book alone
    the same without the conversation around it
ccxt
    its pro handler of CoinEx, the exchange whose protocol BTCC's resembles, from `json.loads`
    on; it checks no checksum
ccxt, checked
    ccxt's books with a checksum as its handlers compute one where they do (bitget, okx)
cryptofeed
    its order book as its own handlers fill it, with the fastest checksum it has: OKX's, in C,
    over 25 levels
cryptofeed, unchecked
    the same without a checksum
"""

import gc
import json
import statistics
from bisect import bisect_left
from decimal import Decimal
from time import perf_counter

import pytest

from btcc_research.protocol.book import Book, book_checksum, change_set
from btcc_research.protocol.spot_follow import Subscription
from btcc_research.protocol.spot_pushes import DEPTH_PUSH
from btcc_research.protocol.spot_stream import SpotStream
from tests.protocol.spot_world import Levels

CHANGES = 20_000
MARKET = "BTCUSDT"


def change_texts():
    """Return a snapshot and changes as BTCC writes them."""
    levels, texts, before = Levels(seed=1, limit=50), [], ((), ())
    for number in range(CHANGES + 1):
        after = levels.window()
        bids, asks = (change_set(*sides) for sides in zip(before, after, strict=True))
        params = [number == 0, {
            "asks": asks, "bids": bids, "last": "91250.40", "time": 1768212345123 + 200 * number,
            "checksum": book_checksum(*after),
        }, MARKET]  # fmt: skip
        message = {"id": None, "method": "depth.update", "params": params}
        texts.append(json.dumps(message, separators=(",", ":")))
        before = after
        while levels.window() == before:
            levels.change()
    return texts


@pytest.fixture(scope="module")
def texts():
    return change_texts()


@pytest.fixture(scope="module")
def coinex_texts(texts):
    """The same changes in CoinEx's envelope, which is the one ccxt's handler reads."""
    found = []
    for text in texts:
        full, depth, market = json.loads(text)["params"]
        depth["updated_at"] = depth.pop("time")
        data = {"market": market, "is_full": full, "depth": depth}
        message = {"method": "depth.update", "data": data, "id": None}
        found.append(json.dumps(message, separators=(",", ":")))
    return found


def ours(texts):
    stream = SpotStream()
    stream.subscribe(Subscription("book", MARKET, limit=50), 0.0)
    stream.reset(0.0)
    receive = stream.receive
    for text in texts:
        receive(text, 1.0)
    assert stream.book(MARKET).verified
    return stream.book(MARKET)


def ours_alone(texts):
    book, decode = Book(MARKET, 50), DEPTH_PUSH.decode
    for text in texts:
        push = decode(text).params
        book.apply(push.depth, full=push.full, now=1.0)
    assert book.verified
    return book


class Connection:
    """What ccxt's handlers want of a connection."""

    url = "wss://socket.coinex.com/v2/spot"

    def resolve(self, *_):
        pass


def coinex():
    pro = pytest.importorskip("ccxt.pro")
    exchange = pro.coinex()
    market = {"id": MARKET, "symbol": "BTC/USDT", "base": "BTC", "quote": "USDT", "spot": True,
              "swap": False, "contract": False, "type": "spot", "precision": {}, "limits": {},
              "active": True}  # fmt: skip
    exchange.set_markets([market])
    return exchange


def ccxt_way(coinex_texts, exchange):
    exchange.orderbooks, client = {}, Connection()
    for text in coinex_texts:
        exchange.handle_message(client, json.loads(text))
    return exchange.orderbooks["BTC/USDT"]


def ccxt_checked(texts, exchange):
    book = None
    for text in texts:
        full, depth, _ = json.loads(text)["params"]
        if full:
            book = exchange.order_book({}, 50)
        for name in ("asks", "bids"):
            side = book[name]
            for delta in depth[name]:
                level = exchange.parse_order_book_bid_ask(delta, 0, 1)
                side.storeArray([*level, delta])
                if level[1]:  # the texts the checksum is made of, which it keeps from before
                    key = -level[0] if name == "bids" else level[0]
                    side[bisect_left(side._index, key)][2] = delta
        book.limit()
        payload = []
        for side in (book["bids"], book["asks"]):
            for number in range(len(side)):
                payload += side[number][2]
        assert exchange.crc32(":".join(payload), False) == depth["checksum"]
    return book


def cryptofeed_way(texts, *, checked=True):
    pytest.importorskip("cryptofeed")
    from cryptofeed.defines import ASK, BID
    from cryptofeed.types import OrderBook
    from yapic import json as yapic

    book = None
    for text in texts:
        full, depth, market = yapic.loads(text, parse_float=Decimal)["params"]
        if full:
            bids = {Decimal(price): Decimal(amount) for price, amount in depth["bids"]}
            asks = {Decimal(price): Decimal(amount) for price, amount in depth["asks"]}
            book = OrderBook(
                "OKX", market, bids=bids, asks=asks, max_depth=50, checksum_format="OKX"
            )
        else:
            delta = {BID: [], ASK: []}
            for name, side in (("bids", BID), ("asks", ASK)):
                for written, amount in depth[name]:
                    price, size = Decimal(written), Decimal(amount)
                    if size == 0:
                        if price in book.book[side]:
                            delta[side].append((price, 0))
                            del book.book[side][price]
                    else:
                        delta[side].append((price, size))
                        book.book[side][price] = size
        if checked:
            book.book.checksum()
    return book


@pytest.fixture(scope="module")
def ways(texts, coinex_texts):
    exchange = coinex()
    return {
        "ours": lambda: ours(texts),
        "ours, book alone": lambda: ours_alone(texts),
        "ccxt": lambda: ccxt_way(coinex_texts, exchange),
        "ccxt, checked": lambda: ccxt_checked(texts, exchange),
        "cryptofeed": lambda: cryptofeed_way(texts),
        "cryptofeed, unchecked": lambda: cryptofeed_way(texts, checked=False),
    }


def test_they_agree(ways):
    mine = ways["ours"]()
    best = [[float(price), float(amount)] for price, amount in mine.bids]
    assert [list(level[:2]) for level in ways["ccxt"]()["bids"]][:50] == best
    assert [list(level[:2]) for level in ways["ccxt, checked"]()["bids"]] == best
    book = ways["cryptofeed"]().book.bids.to_dict()
    assert [[float(price), float(amount)] for price, amount in book.items()][:50] == best
    assert mine.asks == ways["ours, book alone"]().asks


@pytest.mark.benchmark(group=f"{CHANGES:,} book changes")
@pytest.mark.parametrize(
    "name",
    ["ours", "ours, book alone", "ccxt", "ccxt, checked", "cryptofeed", "cryptofeed, unchecked"],
)
def test_a_stream_of_changes(benchmark, ways, name):
    benchmark.pedantic(ways[name], rounds=3, warmup_rounds=1)


def test_the_ratios(ways, figure):
    taken = {name: [] for name in ways}
    for _ in range(7):
        for name, way in ways.items():
            gc.collect()
            begin = perf_counter()
            way()
            taken[name].append(perf_counter() - begin)
    speeds = {name: CHANGES / statistics.median(seconds) for name, seconds in taken.items()}
    figure(f"book: {', '.join(f'{name} {speed:,.0f}/s' for name, speed in speeds.items())}")
    for mine in ("ours", "ours, book alone"):
        for theirs in speeds:
            if theirs.startswith("ours"):
                continue
            pairs = zip(taken[mine], taken[theirs], strict=True)
            ratios = sorted(other / own for own, other in pairs)
            figure(
                f"book: {mine}: {ratios[3]:.1f} times {theirs} "
                f"(min {ratios[0]:.1f}, max {ratios[-1]:.1f})"
            )
