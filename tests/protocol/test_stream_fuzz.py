"""Every parser of the sockets against broken input: events, set-aside frames or our own errors."""

import contextlib
import copy
import json
import random
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btcc_research.errors import BtccError, ProtocolError
from btcc_research.protocol import quote_frames, quote_server, quote_shapes, spot_server
from btcc_research.protocol import spot_pushes as pushes
from btcc_research.protocol import spot_socket as methods
from btcc_research.protocol.products import product_name
from btcc_research.protocol.socket_text import frame_text, plain_number, raw_number
from btcc_research.protocol.spot_requests import key_login
from btcc_research.protocol.spot_stream import SpotStream, Subscription
from tests.conftest import vectors
from tests.protocol.quote_world import client_of

ODD = [
    None, True, False, 0, -1, 1, 2, 2**63, -(2**70), 10**400, 0.5, 1e308, -0.0, "", "0", "-1",
    "NaN", "inf", "1e999", "1_0", " 1", "٣", "x" * 300, "\x00", "1.2.3", "9" * 60, "1e-7", [], {},
    [[]], [None], [[1, 2]], {"a": {}}, "BTCUSDT", [["1", "2"]] * 3, "buy", 17, [1, {}], "success",
]  # fmt: skip
SPOT = [json.loads(v["raw"]) for v in vectors("frames") if v["surface"] == "spot-ws"]
SPOT += [v["push"] for v in vectors("ws_samples") if v["surface"] == "spot-ws" and "push" in v]
REQUESTS = [v["request"] for v in vectors("ws_samples") if "request" in v]
QUOTES = [
    form["frame"]
    for v in vectors("ws_samples")
    if v["surface"] == "futures-quote-ws"
    for form in v.get("frames", [])
]


def mutated(message, rng):
    """Return a text made from a good message by a few changes, some of them below JSON."""
    changed = copy.deepcopy(message)
    for _ in range(rng.randint(1, 3)):
        changed = with_odd_node(changed, rng)
    text = json.dumps(changed, ensure_ascii=rng.random() < 0.5)
    kind = rng.random()
    if kind < 0.1:
        return text[: rng.randint(0, len(text))]
    if kind < 0.2:
        at = rng.randint(0, len(text))
        junk = rng.choice(['"', "{", "[", "]", "}", ",", ":", "\\", "NaN", "\ud800", "\x00", "1e9"])
        return text[:at] + junk + text[at + rng.randint(0, 3) :]
    if kind < 0.25:
        data = bytearray(text.encode(errors="replace"))
        if data:
            data[rng.randrange(len(data))] = rng.randrange(256)
        return bytes(data)
    if kind < 0.3:
        return zlib.compress(text.encode(errors="replace"))[: rng.choice([None, -1, 20])]
    return text


def with_odd_node(value, rng):
    """Return a JSON value with one node replaced, dropped or doubled."""
    if not isinstance(value, dict | list) or not value or rng.random() < 0.15:
        return copy.deepcopy(rng.choice(ODD))
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = rng.choice(keys)
    if rng.random() < 0.1:
        del value[key]
    elif isinstance(value, list) and rng.random() < 0.1:
        value.append(value[key])
    else:
        value[key] = with_odd_node(value[key], rng)
    return value


def spot_client():
    stream = SpotStream(key_login("a", "s"), precisions={"BTCUSDT": (2, 5)})
    for channel in ("trades", "klines", "book", "tickers", "orders", "balances"):
        market = "" if channel in ("orders", "balances") else "BTCUSDT"
        stream.subscribe(Subscription(channel, market, limit=5), 0.0)
    return stream


def fuzz_spot_client(count, rng):
    stream = spot_client()
    for number in range(count):
        now = number / 100
        if number % 500 == 0:
            stream.reset(now)
            stream.receive('{"error":null,"id":%d,"result":{}}' % first_id(stream), now)  # noqa: UP031
        if number % 50 == 0:
            call = rng.choice(list(methods.REQUESTS.values()))
            with contextlib.suppress(BtccError):
                stream.query(call, {"market": "BTCUSDT", "interval": 60}, now)
        message = dict(rng.choice(SPOT))
        if message.get("id") is not None and rng.random() < 0.9:
            message["id"] = rng.randint(1, 3) + stream._requests._last_id - 3
        stream.receive(mutated(message, rng), now)
        stream.advance(now)
        stream.texts_to_send()
    assert stream.set_aside > count / 10
    assert len(stream._requests) < 2_000


def first_id(stream):
    return json.loads(stream.texts_to_send()[0])["id"]


def fuzz_quote_client(count, rng):
    stream = client_of()
    stream.subscribe("BTCUSDT", 0.0, deep=True)
    for number in range(count):
        now = number / 100
        if number % 500 == 0:
            stream.reset(now)
            for frame in QUOTES[:5]:
                stream.receive(json.dumps(frame), now)
        if number % 50 == 0 and stream.is_logged_in:
            stream.query_panel({6}, now)
            stream.query_klines("3289142", 60, 0, 2**31, now)
        stream.receive(mutated(rng.choice(QUOTES), rng), now)
        stream.advance(now)
        stream.texts_to_send()
    assert stream.set_aside > count / 10


def fuzz_servers(count, rng):
    spot, quotes = spot_server.SpotServer(), quote_server.QuoteServer()
    spot.user_id, quotes.is_logged_in = 7, True
    for number in range(count):
        text = mutated(rng.choice(REQUESTS), rng)
        spot.receive(text, number / 100)
        quotes.receive(text, number / 100)
        spot.push_book("BTCUSDT", [("1", "2")], [("3", "4")], "2", number / 10)
        spot.frames_to_send()
        quotes.frames_to_send()


def fuzz_readers(count, rng):
    calls = list(methods.REQUESTS.values())
    for _ in range(count):
        message = rng.choice(SPOT)
        part = message.get("result") or message.get("params") or message
        payload = mutated(part, rng)
        payload = payload if isinstance(payload, bytes) else payload.encode(errors="replace")
        for reader in (
            pushes.read_depth_push, pushes.read_depth, pushes.read_klines, pushes.read_trades,
            pushes.read_tickers, pushes.read_order, pushes.read_balances, raw_number, frame_text,
            lambda payload: pushes.read_answer(rng.choice(calls), payload),
            lambda payload: plain_number(payload.decode(errors="replace")),
            lambda payload: product_name(payload.decode(errors="replace")),
            lambda payload: methods.arguments(rng.choice(calls), rng.choices(ODD, k=4)),
        ):  # fmt: skip
            try:
                reader(payload)
            except BtccError:
                continue


CAMPAIGNS = [fuzz_spot_client, fuzz_quote_client, fuzz_servers, fuzz_readers]


@pytest.mark.parametrize("campaign", CAMPAIGNS)
def test_broken_input_raises_nothing_but_our_own_errors(campaign):
    campaign(5_000, random.Random(1))


@pytest.mark.slow
@pytest.mark.parametrize("campaign", CAMPAIGNS)
def test_a_million_broken_inputs_raise_nothing_but_our_own_errors(campaign):
    campaign(1_000_000, random.Random(2))


@pytest.mark.parametrize("push", [b'{"\x95": 1, "id": 1, "time": 1, "price": "1", "amount": "1", '
                                  b'"type": "buy"}', b"[1]"])  # fmt: skip
def test_a_name_that_is_no_text_is_set_aside(push):
    stream = spot_client()
    stream.reset(0.0)
    frame = b'{"id":null,"method":"deals.update","params":["BTCUSDT",[' + push + b"]]}"
    stream.receive(frame, 1.0)
    assert stream.set_aside == 1


JSON = st.recursive(
    st.sampled_from(ODD) | st.text(max_size=8) | st.integers() | st.floats(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([*methods.PUSHES, "x"]), JSON)
def test_any_params_of_any_push_are_survived(method, params):
    stream = spot_client()
    stream.reset(0.0)
    stream.receive(json.dumps({"id": None, "method": method, "params": params}), 1.0)
    stream.advance(2.0)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([*quote_shapes._DECODERS, "x", None]), JSON)
def test_any_data_of_any_quote_frame_is_survived(action, data):
    stream = client_of()
    stream.reset(0.0)
    stream.receive(json.dumps({"action": action, "data": data}), 1.0)
    stream.advance(2.0)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_text_or_a_protocol_error(frame):
    try:
        assert isinstance(frame_text(frame), bytes)
    except ProtocolError:
        return


@settings(max_examples=300, deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=18, min_value=0, max_value=10**9))
def test_a_number_keeps_every_digit(number):
    written = format(number, "f")
    assert plain_number(written) == written
    assert raw_number(written.encode()) == raw_number(f'"{written}"'.encode()) == written
    assert quote_frames._number(written.encode()) == written
