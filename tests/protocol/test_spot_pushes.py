"""What the spot socket sends, against BTCC's printed frames."""

import base64
import json

import pytest

from btcc_research.protocol import spot_pushes as pushes
from btcc_research.protocol import spot_socket as methods
from btcc_research.protocol import stream_events as events
from btcc_research.protocol.spot_requests import key_login
from btcc_research.protocol.spot_stream import SpotStream, Subscription
from tests.conftest import vectors

FRAMES = [v for v in vectors("frames") if v["surface"] == "spot-ws"]
SAMPLES = [v for v in vectors("ws_samples") if v["surface"] == "spot-ws"]
REQUEST_SAMPLES = [v for v in SAMPLES if v["kind"] == "request"]
CATALOGUE = methods.REQUESTS.keys() | methods.PUSHES.keys()

# The vectors' neutral names, where ours are others.
NAMES = {"time": "open_time", "deal": "turnover"}


def listening(precisions=None):
    """A stream that follows everything of BTCCUSDT, logged in."""
    stream = SpotStream(key_login("a", "s"), precisions=precisions)
    for channel in ("trades", "klines", "book", "tickers", "orders", "balances"):
        market = "" if channel in ("orders", "balances") else "BTCUSDT"
        stream.subscribe(Subscription(channel, market, limit=5), 0.0)
    stream.reset(0.0)
    stream.texts_to_send()
    return stream


def one(found, kind):
    mine = [event for event in found if isinstance(event, kind)]
    assert len(mine) == 1, found
    return mine[0]


def assert_rows(call, rows, expected):
    """Compare rows with a vector's records, by BTCC's names where the vector has them."""
    names = {field.wire: field.name for field in call.columns}
    assert len(rows) == len(expected)
    for row, record in zip(rows, expected, strict=True):
        for name, value in record.items():
            attribute = name if hasattr(row, name) else names.get(name, NAMES.get(name, name))
            found = getattr(row, attribute)
            if isinstance(found, float):
                assert found == float(value)
            else:
                assert found == value, name


def pushes_of(kind):
    return [v for v in FRAMES if v["expect"]["kind"] == "push" and v["type"] in kind]


def ids(vector):
    return vector["id"]


@pytest.mark.parametrize("vector", pushes_of({"kline.update"}), ids=ids)
def test_candles_are_read_as_the_vector_says(vector):
    event = one(listening().receive(vector["raw"], 1.0), events.Klines)
    assert (event.market, event.interval) == ("BTCUSDT", 60)
    assert_rows(methods.KLINE_UPDATE, event.rows, vector["expect"]["rows"])


@pytest.mark.parametrize("vector", pushes_of({"depth.update"}), ids=ids)
def test_books_are_read_as_the_vector_says(vector):
    expected = vector["expect"]
    push = pushes.DEPTH_PUSH.decode(vector["raw"]).params
    params = json.dumps(json.loads(vector["raw"])["params"]).encode()
    assert pushes.read_depth_push(params).depth == push.depth
    assert (push.full, push.market) == (expected["full"], expected["market"])
    for side in ("bids", "asks"):
        assert [list(level) for level in getattr(push.depth, side) or []] == expected[side]
    assert (push.depth.last, push.depth.time) == (expected["last"], expected["time_ms"])
    assert push.depth.checksum == expected["checksum"]


def test_a_book_push_without_its_market_belongs_to_the_only_book():
    full, change = (next(v for v in FRAMES if v["id"] == name)["raw"] for name in ("W03", "W05"))
    stream = listening()
    stream.receive(full, 1.0)
    assert stream.receive(change, 2.0) == [events.BookUpdated("BTCUSDT")]
    assert stream.book("BTCUSDT").verified


@pytest.mark.parametrize("vector", pushes_of({"deals.update"}), ids=ids)
def test_trades_are_read_as_the_vector_says(vector):
    event = one(listening().receive(vector["raw"], 1.0), events.Trades)
    expected = [dict(row) for row in vector["expect"]["rows"]]
    rounded = [row.pop("quantised", None) for row in expected]
    for row in expected:
        row["market"] = row["market"] or "BTCUSDT"  # the only one that is followed
    assert_rows(methods.DEALS_UPDATE, event.rows, expected)
    for row in filter(None, rounded):
        stream = listening({"BTCUSDT": (row["money_prec"], row["stock_prec"])})
        trade = one(stream.receive(vector["raw"], 1.0), events.Trades).rows[0]
        assert (trade.price, trade.amount) == (row["price"], row["amount"])


def test_a_trade_whose_market_nobody_names_is_given_without_one():
    raw = next(v for v in FRAMES if v["id"] == "W08")["raw"]
    stream = listening()
    stream.subscribe(Subscription("trades", "ETHUSDT"), 0.0)
    event = one(stream.receive(raw, 1.0), events.Trades)
    assert event.market == ""
    assert event.rows[0].market is None


@pytest.mark.parametrize("vector", pushes_of({"state.update"}), ids=ids)
def test_statistics_are_read_as_the_vector_says(vector):
    event = one(listening().receive(vector["raw"], 1.0), events.Tickers)
    assert_rows(methods.STATE_UPDATE, event.rows, vector["expect"]["rows"])


@pytest.mark.parametrize("vector", pushes_of({"order.update", "orders.update"}), ids=ids)
def test_orders_are_read_as_the_vector_says(vector):
    found = listening().receive(vector["raw"], 1.0)
    event, expected = one(found, events.Orders), vector["expect"]
    words = {1: "placed", 2: "changed", 3: "finished", None: None}
    assert event.change == words[expected["event"]]
    names = {field.wire: field.name for field in methods.ORDER_UPDATE.columns}
    for name, value in expected["order"].items():
        assert getattr(event.rows[0], names[name]) == value
    assert not [event for event in found if isinstance(event, events.NewFields)]


@pytest.mark.parametrize("vector", pushes_of({"asset.update"}), ids=ids)
def test_balances_are_read_as_the_vector_says(vector):
    event = one(listening().receive(vector["raw"], 1.0), events.Balances)
    expected = [dict(row) for row in vector["expect"]["rows"]]
    for row in expected:
        row["user_id"] = row.pop("user")
    assert_rows(methods.ASSET_UPDATE, event.rows, expected)


@pytest.mark.parametrize("vector", [v for v in FRAMES if v["id"] in ("W38", "W39")], ids=ids)
def test_what_nobody_knows_is_ignored_and_counted(vector):
    stream = listening()
    assert stream.receive(vector["raw"], 1.0) == []
    assert (stream.ignored, stream.set_aside) == (1, 0)


@pytest.mark.parametrize("vector", vectors("binary_frames"), ids=ids)
def test_a_binary_frame_is_inflated(vector):
    frame = base64.b64decode(vector["data"])
    event = one(listening().receive(frame, 1.0), events.Klines)
    assert_rows(methods.KLINE_UPDATE, event.rows, vector["expect"]["rows"])


QUERIES = {
    "server.time": {},
    "kline.query": {"market": "BTCUSDT", "start": 1, "end": 2, "interval": 60},
    "depth.query": {"market": "BTCUSDT", "limit": 5, "merge": "0.01"},
    "state.query": {"market": "BTCUSDT"},
    "deals.query": {"market": "BTCUSDT"},
    "deals.query_user": {"market": "BTCUSDT"},
    "order.query": {"market": "BTCUSDT"},
    "order.query_stop": {"market": "BTCUSDT"},
    "order.account_query": {"market": "BTCUSDT"},
    "order.account_query_stop": {"market": "BTCUSDT"},
    "asset.query": {},
}


def asked(call, values, number):
    """A stream that asked something under a request id of the vector's choice."""
    stream = SpotStream(key_login("a", "s"))
    stream.reset(0.0)
    stream.is_logged_in = True
    stream._requests._last_id = number - 1
    assert stream.query(methods.REQUESTS[call], values, 0.0) == number
    return stream


@pytest.mark.parametrize("vector", [v for v in FRAMES if v["type"] in QUERIES], ids=ids)
def test_an_answer_is_read_as_the_vector_says(vector):
    expected, name = vector["expect"], vector["type"]
    stream = asked(name, QUERIES[name], expected["id"])
    answer = one(stream.receive(vector["raw"], 1.0), events.Answer)
    assert (answer.request_id, answer.call) == (expected["id"], name)
    assert answer.total == expected.get("total")
    if "seconds" in expected:
        assert answer.rows[0].time == expected["seconds"]
    elif "asks" in expected:
        levels = [[row.side, row.price, row.amount] for row in answer.rows]
        assert levels == [
            [side[:-1], *level] for side in ("asks", "bids") for level in expected[side]
        ]
        assert {row.time for row in answer.rows} == {expected["time_ms"]}
    else:
        rows = expected["rows"] if "rows" in expected else [expected["row"]]
        rows = [{k: v for k, v in row.items() if (k, v) != ("market", None)} for row in rows]
        assert_rows(methods.REQUESTS[name], answer.rows, rows)
        if name in ("state.query", "deals.query"):
            assert {row.market for row in answer.rows} == {"BTCUSDT"}


@pytest.mark.parametrize("vector", [v for v in FRAMES if v["type"] == "reply"], ids=ids)
def test_a_confirmation_or_a_refusal_is_read_as_the_vector_says(vector):
    expected = vector["expect"]
    stream = SpotStream()
    stream.subscribe(Subscription("trades", "BTCUSDT"), 0.0)
    stream._requests._last_id = expected["id"] - 1
    stream.reset(0.0)
    found = stream.receive(vector["raw"], 1.0)
    if expected["ok"]:
        assert found == [events.Subscribed(1.0, "trades", "BTCUSDT")]
    else:
        error = one(found, events.Failed).error
        assert (error.code, error.message) == (expected["code"], expected["message"])


@pytest.mark.parametrize("vector", [v for v in FRAMES if "auth" in v["type"]], ids=ids)
def test_a_login_answer_names_the_user(vector):
    stream = SpotStream(key_login("a", "s"))
    stream.reset(0.0)
    assert stream.receive(vector["raw"], 1.0) == [events.LoggedIn(1.0, vector["expect"]["user"])]


@pytest.mark.parametrize("vector", [v for v in FRAMES if v["type"] == "server.ping"], ids=ids)
def test_a_ping_answer_says_nothing(vector):
    stream = SpotStream()
    stream._requests._last_id = vector["expect"]["id"] - 1
    stream.reset(0.0)
    stream.advance(20.0)
    assert json.loads(stream.texts_to_send()[0])["method"] == "server.ping"
    assert stream.receive(vector["raw"], 21.0) == []
    assert stream.ignored == 0


@pytest.mark.parametrize("vector", [v for v in FRAMES if v["type"] == "asset.subscribe"], ids=ids)
def test_balances_may_confirm_their_own_subscription(vector):
    stream = SpotStream(key_login("a", "s"))
    stream.subscribe(Subscription("balances"), 0.0)
    stream.reset(0.0)
    stream._requests._last_id = vector["expect"]["id"] - 1
    stream.receive('{"error":null,"id":1,"result":"success"}', 0.5)
    found = stream.receive(vector["raw"], 1.0)
    snapshots = [event for event in found if isinstance(event, events.Balances)]
    assert [event.is_snapshot for event in snapshots] == [True] * vector["expect"]["snapshot"]
    for event in snapshots:
        assert_rows(methods.ASSET_UPDATE, event.rows, vector["expect"]["rows"])


def test_every_frame_of_the_vectors_is_tested_here():
    tested = QUERIES.keys() | {"reply", "server.ping", "asset.subscribe", "unknown push"}
    tested |= {"server.auth", "server.accessid_auth", "no id, no method"} | methods.PUSHES.keys()
    assert {vector["type"] for vector in FRAMES} <= tested


def test_every_documented_method_is_declared():
    assert {sample["name"] for sample in SAMPLES} == CATALOGUE


@pytest.mark.parametrize("sample", REQUEST_SAMPLES, ids=ids)
def test_a_printed_request_is_read_and_written(sample):
    call, printed = methods.REQUESTS[sample["name"]], sample["request"]["params"]
    values = methods.arguments(call, printed)
    assert methods.positions(call, values) == printed


@pytest.mark.parametrize("sample", REQUEST_SAMPLES, ids=ids)
def test_a_printed_answer_is_read(sample):
    call = methods.REQUESTS[sample["name"]]
    payload = json.dumps(sample["reply"]["result"]).encode()
    decoded = pushes.read_answer(call, payload)
    assert not decoded.new_fields
    result = sample["reply"]["result"]
    if isinstance(result, dict) and "records" in result:
        names = {field.wire: field.name for field in call.columns}
        for row, record in zip(decoded.rows, result["records"], strict=True):
            assert {wire: getattr(row, names[wire]) for wire in record} == record


@pytest.mark.parametrize("sample", [v for v in SAMPLES if v["kind"] == "push"], ids=ids)
def test_a_printed_push_becomes_an_event(sample):
    stream = listening()
    found = stream.receive(json.dumps(sample["push"]), 1.0)
    assert stream.set_aside == 0
    if sample["name"] != "depth.update":  # a change that came before its snapshot
        assert found


def test_a_book_of_json_numbers_is_read_digit_for_digit():
    params = b'[true, {"asks": [[91250.40, 0.30]], "bids": [[1e-7, "2"]], "last": 1.50}, "M"]'
    push = pushes.read_depth_push(params)
    assert push.depth.asks == [("91250.40", "0.30")]
    assert push.depth.bids == [("0.0000001", "2")]
    assert push.depth.last == "1.50"


@pytest.mark.parametrize("name", ["frozen", "freeze"])
def test_a_locked_balance_is_read_under_both_names(name):
    row = pushes.read_balances(b'{"BTC": {"available": "1.0", "%s": 2}}' % name.encode()).rows[0]
    assert (row.available, row.frozen, row.user_id) == ("1.0", "2", None)


def test_codes_nobody_knows_stay_readable():
    trade = pushes.read_trades(b'[[1, "2", "3", 17, 4.5]]')[1].rows[0]
    assert trade.side == "unknown(17)"
    raw = json.loads(next(v for v in FRAMES if v["id"] == "W12")["raw"])
    change, _ = pushes.read_order(json.dumps([9, raw["params"][1]]).encode())
    assert change == "unknown(9)"
