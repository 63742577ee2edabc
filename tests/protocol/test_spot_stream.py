"""The client's side of the spot socket, text by text."""

import json
import zlib

import pytest

from btcc_research import errors
from btcc_research.protocol import spot_socket as methods
from btcc_research.protocol import stream_events as events
from btcc_research.protocol.book import PUSHES_UNTIL_GIVEN_UP
from btcc_research.protocol.socket_text import MOST_BYTES
from btcc_research.protocol.spot_follow import Subscription
from btcc_research.protocol.spot_requests import Names, key_login, token_login
from btcc_research.protocol.spot_stream import SpotStream
from tests.conftest import vectors
from tests.protocol.spot_world import Levels, depth_text

FRAMES = {vector["id"]: vector["raw"] for vector in vectors("frames")}


def sent(stream):
    """Return (method, params) of what is to be sent."""
    messages = [json.loads(text) for text in stream.texts_to_send()]
    return [(message["method"], message["params"]) for message in messages]


def reply(stream, now=1.0, result="success", error=None, back=0):
    """Answer the latest request, or one before it."""
    message = {"error": error, "id": stream._requests._last_id - back, "result": result}
    return stream.receive(json.dumps(message), now)


def refuse(stream, code, message="no", now=1.0, back=0):
    return reply(stream, now, None, {"code": code, "message": message}, back)


def connected(*wanted, login=None, names=None):
    stream = SpotStream(login, names=names)
    for subscription in wanted:
        stream.subscribe(subscription, 0.0)
    stream.reset(0.0)
    return stream


def logged_in(*wanted, names=None):
    stream = connected(login=key_login("demo", "secret"), names=names)
    stream.texts_to_send()
    reply(stream, 0.1, {"status": "success", "flag": 7})
    for subscription in wanted:
        stream.subscribe(subscription, 0.2)
    return stream


def kinds(found):
    return [type(event) for event in found]


TRADES = Subscription("trades", "BTCUSDT")
BOOK = Subscription("book", "BTCUSDT", limit=10)
ORDERS = Subscription("orders")


# Login


@pytest.mark.parametrize("vector", vectors("ws_auth"), ids=lambda v: v["id"])
def test_a_login_is_sent_as_the_vector_says(vector):
    stream = connected(login=key_login(vector["access_id"], vector["secret_key"]))
    assert json.loads(stream.texts_to_send()[0]) == vector["frame"]


def test_a_token_logs_in_by_the_other_method():
    stream = connected(login=token_login("00000204171768212000123"))
    assert sent(stream) == [("server.auth", ["00000204171768212000123"])]


def test_the_digest_shows_in_no_repr():
    login = key_login("demo-access", "canary")
    stream = connected(login=login)
    pending = next(iter(stream._requests._pending.values()))
    shown = [repr(thing) for thing in (login, stream, pending, stream._requests)]
    for secret in ("canary", login.values["digest"]):
        assert not any(secret in text for text in shown)


def test_private_requests_wait_for_the_login():
    stream = connected(ORDERS, TRADES, login=key_login("demo", "secret"))
    asked = stream.query(methods.ORDER_QUERY, {"market": "BTCUSDT"}, 0.0)
    assert [method for method, _ in sent(stream)] == ["server.accessid_auth", "deals.subscribe"]
    assert reply(stream, 1.0, {"status": "success", "flag": 7}, back=2) == [events.LoggedIn(1.0, 7)]
    assert [method for method, _ in sent(stream)] == ["order.subscribe", "order.query"]
    found = reply(stream, 2.0, {"records": [], "total": 0})
    assert found == [events.Answer(2.0, asked, "order.query", [], 0)]


@pytest.mark.parametrize(
    "result", ["success", {"status": "success"}, {"status": "success", "x": 1}]
)
def test_a_login_is_accepted_in_every_form(result):
    stream = connected(login=key_login("demo", "secret"))
    assert kinds(reply(stream, 1.0, result)) == [events.LoggedIn]


@pytest.mark.parametrize("code", [1, 6, 11, "11"])
def test_a_refused_login_is_one_whatever_its_code(code):
    stream = connected(login=key_login("demo", "secret"))
    asked = stream.query(methods.ASSET_QUERY, {}, 0.0)
    found = refuse(stream, code, "auth failed", back=1)
    assert kinds(found) == [events.LoginFailed, events.Failed]
    assert isinstance(found[0].error, errors.AuthError)
    assert found[1].request_id == asked
    with pytest.raises(errors.AuthError):
        stream.query(methods.ASSET_QUERY, {}, 2.0)
    with pytest.raises(errors.AuthError):
        stream.subscribe(ORDERS, 2.0)


def test_a_server_that_repeats_the_digest_does_not_make_it_show():
    login = key_login("demo", "canary")
    stream = connected(login=login)
    found = refuse(stream, 1, f"bad digest {login.values['digest']}")
    assert "bad digest ***" in str(found[0].error)


def test_private_things_without_a_login_are_refused_before_anything_is_sent():
    stream = connected()
    for attempt in (
        lambda: stream.subscribe(ORDERS, 0.0),
        lambda: stream.query(methods.ORDER_QUERY, {"market": "BTCUSDT"}, 0.0),
    ):
        with pytest.raises(errors.ConfigError, match="login"):
            attempt()
    assert sent(stream) == []


def test_a_login_without_an_answer_ends_the_connection():
    stream = connected(login=key_login("demo", "secret"))
    assert kinds(stream.advance(10.0)) == [events.Dead]
    assert not stream.is_open


# Keeping the connection


def test_a_ping_goes_out_every_twenty_seconds():
    stream, pinged = connected(), []
    for second in range(61):
        stream.receive('{"id":null,"method":"x","params":[]}', float(second))
        stream.advance(float(second))
        pinged += [second for method, _ in sent(stream) if method == "server.ping"]
    assert pinged == [20, 40, 60]


def test_a_silent_connection_is_dead_after_25_seconds_also_before_the_first_message():
    stream = connected(TRADES)
    stream.advance(24.9)
    assert stream.is_open
    dead = stream.advance(25.0)
    assert events.Dead(25.0, 0.0, "nothing arrived for 25 s") in dead
    assert stream.advance(60.0) == []
    assert stream.receive(FRAMES["W07"], 61.0) == []


def test_any_frame_keeps_the_connection_alive():
    stream = connected(TRADES)
    reply(stream, 0.5)
    for second in range(20, 400, 20):
        stream.receive("not json", float(second))
        assert not [e for e in stream.advance(float(second)) if isinstance(e, events.Dead)]
    assert stream.is_open


# Requests, time-outs, names


def test_a_request_without_an_answer_is_tried_once_under_its_other_name():
    stream = logged_in()
    values = {"market": "BTCUSDT", "side": "sell", "offset": 5, "limit": 50}
    asked = stream.query(methods.ORDER_QUERY, values, 1.0)
    assert sent(stream) == [("order.query", ["BTCUSDT", 2, 5, 50])]
    stream.receive(FRAMES["W39"], 10.0)
    assert stream.advance(10.9) == []
    assert stream.advance(11.0) == []
    assert sent(stream) == [("orders.query", ["BTCUSDT", 50, 5, 2])]
    stream.receive(FRAMES["W39"], 20.0)
    found = stream.advance(21.0)
    assert kinds(found) == [events.Failed]
    assert found[0].request_id == asked
    assert isinstance(found[0].error, errors.TransportError)
    assert found[0].error.may_repeat


@pytest.mark.parametrize(
    ("call", "values", "live", "documented"),
    [
        (methods.ORDER_QUERY, {}, ["BTCUSDT", 0, 0, 100], ["BTCUSDT", 100, 0, 0]),
        (methods.ORDER_QUERY_STOP, {"side": "buy"}, ["BTCUSDT", 1, 0, 100], ["BTCUSDT", 100, 0, 1]),
        (methods.ORDER_ACCOUNT_QUERY, {}, [0, "BTCUSDT", 0, 0, 100], ["BTCUSDT", 0, 100, 0]),
        (methods.ORDER_ACCOUNT_QUERY_STOP, {"account_id": 9, "start": 5},
         [9, "BTCUSDT", 0, 0, 100], ["BTCUSDT", 0, 100, 0, 5]),
    ],
)  # fmt: skip
def test_each_name_has_its_own_argument_order(call, values, live, documented):
    stream = logged_in()
    asked = stream.query(call, {"market": "BTCUSDT", **values}, 1.0)
    assert sent(stream) == [(call.path, live)]
    assert refuse(stream, 4, "unknown command") == []
    assert sent(stream) == [(call.fallback, documented)]
    found = reply(stream, 2.0, {"records": []})
    assert found == [events.Answer(2.0, asked, call.fallback, [], None)]


def test_the_name_that_worked_is_remembered_across_conversations():
    names = Names()
    stream = logged_in(ORDERS, names=names)
    refuse(stream, 4)
    reply(stream, 2.0)
    again = logged_in(ORDERS, names=names)
    assert [method for method, _ in sent(again)] == ["orders.subscribe"]
    assert names.known() == dict.fromkeys(
        ["order.subscribe", "orders.subscribe"], "orders.subscribe"
    )
    refuse(again, 4)  # and back, should the server have changed
    assert [method for method, _ in sent(again)] == ["order.subscribe"]


def test_own_executions_have_a_second_name_only_with_a_token():
    stream = logged_in()
    stream.query(methods.DEALS_QUERY_USER, {"market": "BTCUSDT"}, 1.0)
    assert kinds(refuse(stream, 4)) == [events.Failed]
    stream = connected(login=token_login("T"))
    reply(stream, 0.1)
    stream.texts_to_send()
    stream.query(methods.DEALS_QUERY_USER, {"market": "BTCUSDT", "limit": 7}, 1.0)
    refuse(stream, 4)
    assert sent(stream)[1] == ("user.deals.query", ["T", 7])
    reply(stream, 2.0, {"records": []})
    again = connected(login=token_login("T"), names=stream._requests.names)
    again.query(methods.DEALS_QUERY_USER, {"market": "BTCUSDT", "limit": 7}, 1.0)
    reply(again, 1.0, back=1)
    assert sent(again)[1] == ("user.deals.query", ["T", 7])


def test_a_refusal_is_the_error_its_code_means():
    for code, kind in ((1, errors.BadRequest), (3, errors.ServerError), (6, errors.AuthError)):
        stream = connected()
        asked = stream.query(methods.DEALS_QUERY, {"market": "X"}, 0.0)
        found = refuse(stream, code, "words")
        assert (kinds(found), found[0].request_id) == ([events.Failed], asked)
        assert type(found[0].error) is kind
        assert "words" in str(found[0].error)


def test_an_answer_that_comes_too_late_is_ignored_and_counted():
    stream = connected()
    stream.query(methods.TIME, {}, 0.0)
    stream.advance(10.0)
    assert reply(stream, 10.5, 1768212345) == []
    assert stream.ignored == 1


def test_a_payload_that_cannot_be_read_fails_its_request():
    stream = connected()
    asked = stream.query(methods.DEALS_QUERY, {"market": "BTCUSDT"}, 0.0)
    found = reply(stream, 1.0, [{"id": 1}])
    assert kinds(found) == [events.SetAside, events.Failed]
    assert found[1].request_id == asked
    assert isinstance(found[1].error, errors.ProtocolError)
    assert stream.set_aside == 1


def test_wrong_arguments_are_refused_before_anything_is_sent():
    stream = connected()
    with pytest.raises(errors.InvalidArgument, match="limit"):
        stream.query(methods.DEPTH_QUERY, {"market": "BTCUSDT", "limit": 7}, 0.0)
    for wanted in (
        Subscription("book", "BTCUSDT", limit=7),
        Subscription("book", "BTCUSDT", merge="0.3"),
        Subscription("book"),
        Subscription("klines"),
        Subscription("klines", "BTCUSDT", interval=-1),
        Subscription("weather", "BTCUSDT"),
    ):
        with pytest.raises(errors.InvalidArgument):
            stream.subscribe(wanted, 0.0)
    assert sent(stream) == []
    assert stream.subscriptions == []


def test_nothing_is_asked_without_a_connection():
    with pytest.raises(errors.TransportError) as caught:
        SpotStream().query(methods.TIME, {}, 0.0)
    assert caught.value.outcome == "not_sent"


# Subscriptions


@pytest.mark.parametrize("result", ["success", {"status": "success"}, {}, None, 1, []])
def test_a_subscription_is_confirmed_by_whatever_is_no_failure(result):
    stream = connected(TRADES)
    assert reply(stream, 1.0, result) == [events.Subscribed(1.0, "trades", "BTCUSDT")]
    assert stream.is_live("trades", "BTCUSDT")


def test_every_channel_is_asked_for_in_the_live_form():
    stream = logged_in(
        TRADES,
        Subscription("trades", "ETHUSDT"),
        Subscription("klines", "BTCUSDT", interval=1),
        Subscription("book", "BTCUSDT", limit=20, merge="0.01"),
        Subscription("book", "ETHUSDT", limit=5),
        Subscription("tickers", "BTCUSDT"),
        ORDERS,
        Subscription("balances", "USDT"),
    )
    assert sent(stream) == [
        ("deals.subscribe", ["BTCUSDT"]),
        ("deals.subscribe", ["BTCUSDT", "ETHUSDT"]),
        ("kline.subscribe", ["BTCUSDT", 1]),
        ("depth.subscribe", ["BTCUSDT", 20, "0.01"]),
        ("depth.subscribe", ["ETHUSDT", 5, "0"]),
        ("state.subscribe", ["BTCUSDT"]),
        ("order.subscribe", []),
        ("asset.subscribe", ["USDT"]),
    ]


def test_following_all_markets_sends_an_empty_list():
    stream = connected(TRADES, Subscription("trades"))
    assert sent(stream) == [("deals.subscribe", [])]
    assert kinds(stream.receive(FRAMES["W07"], 1.0)) == [events.Trades]


def test_a_second_candle_series_is_refused_because_pushes_do_not_name_theirs():
    stream = connected(Subscription("klines", "BTCUSDT", interval=60))
    stream.subscribe(Subscription("klines", "BTCUSDT", interval=60), 0.0)
    with pytest.raises(errors.InvalidArgument, match="another conversation"):
        stream.subscribe(Subscription("klines", "BTCUSDT", interval=1), 0.0)
    with pytest.raises(errors.InvalidArgument, match="another conversation"):
        stream.subscribe(Subscription("klines", "ETHUSDT"), 0.0)


def test_candles_of_another_market_are_ignored():
    stream = connected(Subscription("klines", "ETHUSDT"))
    assert stream.receive(FRAMES["W01"], 1.0) == []
    assert stream.ignored == 1


def test_unsubscribing_keeps_the_other_markets():
    stream = connected(TRADES, Subscription("trades", "ETHUSDT"), BOOK,
                       Subscription("book", "ETHUSDT", limit=5))  # fmt: skip
    sent(stream)
    stream.unsubscribe("trades", "ETHUSDT", 1.0)
    assert sent(stream) == [("deals.subscribe", ["BTCUSDT"])]
    stream.unsubscribe("trades", "BTCUSDT", 1.0)
    assert sent(stream) == [("deals.unsubscribe", [])]
    stream.unsubscribe("book", "ETHUSDT", 1.0)
    assert sent(stream) == [
        ("depth.unsubscribe", []),
        ("depth.subscribe", ["BTCUSDT", 10, "0"]),
    ]
    stream.unsubscribe("book", "nothing", 1.0)
    assert sent(stream) == []
    assert stream.subscriptions == [BOOK]


def test_a_push_may_come_before_its_confirmation():
    stream = connected(TRADES)
    assert kinds(stream.receive(FRAMES["W07"], 0.5)) == [events.Trades]
    assert stream.is_live("trades", "BTCUSDT")


def test_a_subscription_refused_for_good_is_not_repeated_until_the_next_connection():
    stream = connected(TRADES)
    found = refuse(stream, 1, "invalid argument")
    assert (found[0].channel, found[0].market) == ("trades", "BTCUSDT")
    sent(stream)
    for second in range(2, 200):
        stream.receive(FRAMES["W39"], float(second))
        stream.advance(float(second))
    assert {method for method, _ in sent(stream)} == {"server.ping"}
    stream.reset(300.0)
    assert sent(stream) == [("deals.subscribe", ["BTCUSDT"])]


def test_a_subscription_that_failed_for_a_passing_reason_is_repeated():
    stream = connected(TRADES)
    refuse(stream, 3, "service unavailable")
    sent(stream)
    stream.receive(FRAMES["W39"], 20.0)
    stream.advance(30.9)
    assert "deals.subscribe" not in [method for method, _ in sent(stream)]
    stream.receive(FRAMES["W39"], 31.0)
    stream.advance(31.0)
    assert sent(stream) == [("deals.subscribe", ["BTCUSDT"])]


# Books


def window(seed=3):
    levels = Levels(seed, limit=10)
    first = levels.window()
    return first, levels


def following_a_book():
    stream = connected(BOOK)
    reply(stream, 0.5)
    first, levels = window()
    assert stream.receive(depth_text(first, 1000), 1.0) == [events.BookUpdated("BTCUSDT")]
    sent(stream)
    return stream, levels


def test_a_book_is_live_and_verified_once_its_snapshot_arrived():
    stream = connected(BOOK)
    assert kinds(reply(stream, 0.5)) == [events.Subscribed]
    assert not stream.is_live("book", "BTCUSDT")
    first, _ = window()
    stream.receive(depth_text(first, 1000), 1.0)
    assert stream.is_live("book", "BTCUSDT")
    assert stream.book("BTCUSDT").verified
    assert stream.book("BTCUSDT").view().bids == first[0]


def test_a_checksum_mismatch_drops_the_book_asks_again_and_reports_the_gap():
    stream, levels = following_a_book()
    bad = depth_text(levels.window(), 1200, full=False, checksum=5)
    reason = "the checksum does not match"
    assert stream.receive(bad, 2.0) == [
        events.Gap("book", "BTCUSDT", 1.0, None, reason),
        events.BookUpdated("BTCUSDT"),
    ]
    assert not stream.book("BTCUSDT").is_valid
    assert sent(stream) == [("depth.subscribe", ["BTCUSDT", 10, "0"])]
    assert stream.receive(bad, 2.1) == []
    reply(stream, 2.2)
    assert stream.receive(depth_text(levels.window(), 1400), 2.5) == [
        events.Gap("book", "BTCUSDT", 1.0, 2.5, reason),
        events.BookUpdated("BTCUSDT"),
    ]
    assert stream.book("BTCUSDT").verified


def test_a_time_that_goes_back_is_a_resync():
    stream, levels = following_a_book()
    found = stream.receive(depth_text(levels.window(), 900, full=False), 2.0)
    assert found[0].reason == "the book's time went back"
    assert sent(stream) == [("depth.subscribe", ["BTCUSDT", 10, "0"])]


def test_changes_before_the_snapshot_are_held_five_seconds_then_the_book_is_asked_for_again():
    stream = connected(BOOK)
    reply(stream, 0.5)
    sent(stream)
    _, levels = window()
    assert stream.receive(depth_text(levels.window(), 1000, full=False), 1.0) == []
    stream.advance(5.9)
    assert sent(stream) == []
    stream.advance(6.0)
    assert sent(stream) == [("depth.subscribe", ["BTCUSDT", 10, "0"])]


def test_a_confirmed_book_that_never_comes_is_asked_for_again():
    stream = connected(BOOK)
    reply(stream, 0.5)
    sent(stream)
    stream.receive(FRAMES["W39"], 9.0)
    stream.advance(9.9)
    assert sent(stream) == []
    stream.advance(10.0)
    assert sent(stream) == [("depth.subscribe", ["BTCUSDT", 10, "0"])]


def test_a_checksum_that_never_matches_is_given_up_and_said_so():
    stream, found = connected(BOOK), []
    first, levels = window()
    for number in range(PUSHES_UNTIL_GIVEN_UP):
        found += stream.receive(depth_text(first, 1000 + number, checksum=5), 1.0 + number / 10)
    given_up = [event for event in found if isinstance(event, events.ChecksumGivenUp)]
    assert [event.market for event in given_up] == ["BTCUSDT"]
    assert stream.is_live("book", "BTCUSDT")
    more = depth_text(levels.window(), 2000, full=False)
    assert stream.receive(more, 9.0) == [events.BookUpdated("BTCUSDT")]
    assert not stream.book("BTCUSDT").verified


def test_books_of_several_markets_are_told_apart_by_the_name_in_the_push():
    stream = connected(BOOK, Subscription("book", "ETHUSDT", limit=10))
    first, _ = window()
    stream.receive(depth_text(first, 1000, market="ETHUSDT"), 1.0)
    assert not stream.book("BTCUSDT").is_valid
    assert stream.book("ETHUSDT").verified
    assert stream.receive(depth_text(first, 1000, market=None), 2.0) == []
    assert stream.ignored == 1


def test_a_book_with_numbers_instead_of_texts_is_read_too():
    stream = connected(BOOK)
    text = '{"id":null,"method":"depth.update","params":[true,{"asks":[[2.50,1]],"bids":[]}]}'
    assert stream.receive(text, 1.0) == [events.BookUpdated("BTCUSDT")]
    assert stream.book("BTCUSDT").asks == [("2.50", "1")]
    assert stream.book("BTCUSDT").is_one_sided


# Frames that cannot be read


DEEP = '{"id":null,"method":"state.update","params":' + "[" * 100_000 + "]" * 100_000 + "}"
BROKEN = {
    "truncated": FRAMES["W07"][:60],
    "NaN": FRAMES["W07"].replace('"91250.40"', "NaN"),
    "not a number": FRAMES["W07"].replace('"91250.40"', '"abc"'),
    "infinite": FRAMES["W07"].replace('"91250.40"', '"inf"'),
    "deep": DEEP,
    "no JSON": "hello",
    "empty": "",
    "a list": "[1,2]",
    "wrong id": '{"id":"x","result":1}',
    "huge": '"' + "x" * MOST_BYTES + '"',
    "surrogate": '{"id":null,"method":"\ud800"}',
    "missing money": FRAMES["W12"].replace('"deal_money":"547.5024000",', ""),
    "bomb": zlib.compress(b"[" * (MOST_BYTES + 2)),
    "no deflate": b"\xff\xfe\xfd",
    "binary, truncated": zlib.compress(FRAMES["W07"].encode())[:40],
    "no levels": '{"method":"depth.update","params":[true]}',
    "half a level": '{"method":"depth.update","params":[true,{"asks":[["1"]]}]}',
}


@pytest.mark.parametrize("frame", BROKEN.values(), ids=BROKEN.keys())
def test_a_frame_that_cannot_be_read_is_set_aside_and_the_conversation_goes_on(frame):
    stream = connected(TRADES)
    reply(stream, 0.5)
    found = stream.receive(frame, 1.0)
    assert isinstance(found[0], events.SetAside)
    assert isinstance(found[0].error, errors.ProtocolError)
    assert stream.set_aside == 1
    assert kinds(stream.receive(FRAMES["W07"], 2.0)) == [events.Trades]


def test_a_push_that_cannot_be_read_is_a_gap_of_its_channel():
    stream = connected(TRADES)
    reply(stream, 0.5)
    found = stream.receive(BROKEN["NaN"], 1.0)
    assert found[1:] == [events.Gap("trades", "BTCUSDT", 0.5, 1.0, "a frame could not be read", 1)]


@pytest.mark.parametrize("name", ["truncated", "no deflate"])
def test_a_frame_that_may_have_been_a_change_is_a_resync(name):
    stream, levels = following_a_book()
    frame = BROKEN[name]
    if name == "truncated":
        frame = depth_text(levels.window(), 1200, full=False)[:100]
    found = stream.receive(frame, 2.0)
    assert kinds(found) == [events.SetAside, events.Gap, events.BookUpdated]
    assert not stream.book("BTCUSDT").is_valid
    assert [method for method, _ in sent(stream)] == ["depth.subscribe"]


@pytest.mark.parametrize("window_bits", [-15, 15, 31])
def test_a_binary_frame_is_inflated_whatever_its_wrapper(window_bits):
    deflater = zlib.compressobj(wbits=window_bits)
    frame = deflater.compress(FRAMES["W07"].encode()) + deflater.flush()
    assert kinds(connected(TRADES).receive(frame, 1.0)) == [events.Trades]


def test_a_binary_frame_may_hold_plain_text():
    assert kinds(connected(TRADES).receive(FRAMES["W07"].encode(), 1.0)) == [events.Trades]


@pytest.mark.parametrize(
    ("name", "field", "call", "event"),
    [
        ("W12", '"left"', "order.update", events.Orders),
        ("W07", '"amount"', "deals.update", events.Trades),
        ("W10", '"last"', "state.update", events.Tickers),
        ("W15", '"available"', "asset.update", events.Balances),
    ],
)
def test_a_new_field_is_named_once(name, field, call, event):
    stream = logged_in(ORDERS)
    raw = FRAMES[name].replace(field, f'"colour":"red",{field}', 1)
    found = stream.receive(raw, 1.0)
    assert found[0] == events.NewFields(1.0, call, frozenset({"colour"}))
    assert kinds(stream.receive(raw, 2.0)) == [event]


def test_a_missing_optional_field_is_missing_in_the_row():
    stream = logged_in(ORDERS)
    raw = FRAMES["W12"].replace('"client_id":"",', "").replace('"last_role":2', '"last_role":17')
    row = stream.receive(raw, 1.0)[-1].rows[0]
    assert row.client_id is None
    assert row.last_role == 17


def test_an_id_beyond_floats_keeps_every_digit():
    stream = connected(TRADES)
    raw = FRAMES["W07"].replace("318220451", str(2**62 + 1))
    assert stream.receive(raw, 1.0)[-1].rows[0].id == 2**62 + 1


# Reconnects


def test_a_lost_connection_is_a_gap_of_every_channel_that_delivered():
    stream, _ = following_a_book()
    stream.subscribe(TRADES, 1.0)
    reply(stream, 2.0)
    stream.subscribe(Subscription("tickers", "BTCUSDT"), 2.0)  # never confirmed
    found = stream.lost(7.0, "closed by the server")
    assert [event for event in found if isinstance(event, events.Gap)] == [
        events.Gap("book", "BTCUSDT", 2.0, None, "closed by the server"),
        events.Gap("trades", "BTCUSDT", 2.0, None, "closed by the server"),
    ]
    assert not stream.book("BTCUSDT").is_valid
    assert stream.lost(8.0, "again") == []


def test_a_reset_restores_every_subscription_and_closes_every_gap():
    stream, levels = following_a_book()
    stream.subscribe(TRADES, 1.0)
    reply(stream, 2.0)
    stream.lost(7.0, "closed")
    sent(stream)
    assert stream.reset(30.0) == []
    assert [method for method, _ in sent(stream)] == ["depth.subscribe", "deals.subscribe"]
    assert reply(stream, 31.0)[1:] == [events.Gap("trades", "BTCUSDT", 2.0, 31.0, "closed")]
    reply(stream, 31.5, back=1)
    found = stream.receive(depth_text(levels.window(), 100), 32.0)
    assert found[0] == events.Gap("book", "BTCUSDT", 2.0, 32.0, "closed")


def test_a_second_loss_before_the_gap_closed_keeps_its_beginning():
    stream = connected(TRADES)
    reply(stream, 2.0)
    stream.lost(7.0, "closed")
    stream.reset(10.0)
    assert stream.lost(11.0, "closed again") == []
    stream.reset(12.0)
    assert reply(stream, 13.0)[1:] == [events.Gap("trades", "BTCUSDT", 2.0, 13.0, "closed")]


def test_a_reset_ends_a_connection_that_was_still_open():
    stream = connected(TRADES)
    reply(stream, 2.0)
    assert stream.reset(5.0) == [events.Gap("trades", "BTCUSDT", 2.0, None, "reconnected")]


def test_queries_under_way_fail_with_the_connection_and_may_be_repeated():
    stream = connected(login=key_login("demo", "secret"))
    asked = [stream.query(methods.TIME, {}, 0.0), stream.query(methods.ASSET_QUERY, {}, 0.0)]
    found = stream.lost(1.0, "closed")
    assert [event.request_id for event in found] == asked
    assert all(event.error.may_repeat for event in found)
    assert stream.texts_to_send() == []


def test_frames_dropped_by_a_slow_consumer_are_a_gap_and_a_resync():
    stream, _ = following_a_book()
    stream.subscribe(TRADES, 1.0)
    reply(stream, 2.0)
    sent(stream)
    found = stream.overrun(12, 5.0)
    assert events.Gap("trades", "BTCUSDT", 2.0, 5.0, "overrun", 12) in found
    assert events.Gap("book", "BTCUSDT", 1.0, None, "overrun") in found
    assert [method for method, _ in sent(stream)] == ["depth.subscribe"]


def test_request_ids_are_never_used_again():
    stream, seen = connected(TRADES), []
    for second in range(50):
        stream.reset(float(second))
        stream.query(methods.TIME, {}, float(second))
        seen += [json.loads(text)["id"] for text in stream.texts_to_send()]
    assert len(set(seen)) == len(seen)
    assert 0 not in seen
