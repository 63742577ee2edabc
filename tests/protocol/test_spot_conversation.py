"""Client and server of the spot socket talking to each other, in every combination of forms."""

import itertools
from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btcc_research.protocol import spot_socket as methods
from btcc_research.protocol import stream_events as events
from btcc_research.protocol.spot_follow import Subscription
from btcc_research.protocol.spot_forms import SpotForms
from btcc_research.protocol.spot_requests import Names, key_login, token_login
from btcc_research.protocol.spot_server import IDLE_SECONDS, Closing, SpotServer
from btcc_research.protocol.spot_stream import SpotStream
from tests.protocol.spot_world import (
    ACCESS_ID,
    BALANCES,
    CANDLE,
    SECRET_KEY,
    START,
    USER,
    World,
    deal,
    order,
    ticker,
)

CHOICES = {
    "names": ["both", "live", "documented"],
    "unknown_method": ["code", "silent"],
    "order_name": ["order.update", "orders.update"],
    "order_push": ["event_order", "order_only"],
    "deals_push": ["market_objects", "rows"],
    "deals_numbers": ["text", "number"],
    "state_push": ["map", "pair"],
    "ack_style": ["status_object", "text"],
    "asset_ack": ["status", "balances"],
    "ping_style": ["status_object", "pong"],
    "time_style": ["object", "int"],
    "binary": ["", "deflate", "zlib", "gzip"],
    "checksum": ["unsigned", "signed", "none"],
    "corrupt_every": [0, 3],
    "books": ["many", "one"],
    "depth_market": [True, False],
    "auth_code": [1, 6, 11],
    "frozen_name": ["frozen", "freeze"],
}
CHANNELS = [
    Subscription("trades", "BTCUSDT"),
    Subscription("klines", "BTCUSDT", interval=60),
    Subscription("book", "BTCUSDT", limit=10),
    Subscription("tickers", "BTCUSDT"),
    Subscription("orders"),
    Subscription("balances"),
]


def test_every_form_is_in_the_matrix():
    assert CHOICES.keys() == {field.name for field in fields(SpotForms)}


def client_of(world, now, login=None):
    client = SpotStream(login or key_login(ACCESS_ID, SECRET_KEY))
    for wanted in CHANNELS:
        client.subscribe(wanted, now)
    found = world.connect(client, now)
    for second in range(1, 25):  # a silent server answers the second name only
        if all(client.is_live(wanted.channel, wanted.market) for wanted in CHANNELS):
            break
        found += client.advance(now + second) + world.talk(client, now + second)
    return client, found


def push_everything(world, client, now):
    server = world.server
    server.push_trades("BTCUSDT", [deal(2), deal(1, side="sell")])
    server.push_klines("BTCUSDT", 60, [CANDLE])
    server.push_ticker("BTCUSDT", ticker())
    server.push_order("changed", order())
    server.push_balance(BALANCES[1])
    found = []
    for frame in server.frames_to_send():
        found += client.receive(frame, now)
    return found


def check_conversation(forms):
    world = World(forms)
    client, found = client_of(world, START)
    assert events.LoggedIn(START, USER) in found
    assert not [event for event in found if isinstance(event, events.Failed | events.SetAside)]
    if not forms.corrupt_every:
        assert [client.is_live(wanted.channel, wanted.market) for wanted in CHANNELS] == [True] * 6
    now = START + 30
    pushed = {type(event): event for event in push_everything(world, client, now)}
    assert not {events.SetAside, events.NewFields} & pushed.keys()
    assert [(row.id, row.side, float(row.price)) for row in pushed[events.Trades].rows] == [
        (2, "buy", 91250.4), (1, "sell", 91250.4),
    ]  # fmt: skip
    assert pushed[events.Trades].market == "BTCUSDT"
    assert pushed[events.Klines].rows[0].close == "91250.40"
    assert pushed[events.Tickers].rows[0].market == "BTCUSDT"
    assert pushed[events.Tickers].rows[0].turnover == "165880413.2207110"
    change = "changed" if forms.order_push == "event_order" else None
    assert pushed[events.Orders].change == change
    assert pushed[events.Orders].rows[0].cost == "547.5024000"
    assert pushed[events.Balances].rows[0].frozen == "821.25360000"
    check_queries(world, client, now)
    check_book(world, client, now, forms)


QUERIES = [call for call in methods.REQUESTS.values() if call.path.rpartition(".")[2] not in
           ("subscribe", "unsubscribe", "auth", "accessid_auth", "ping")
           and not (call.fallback and call.source != methods.LIVE_CLIENTS)]  # fmt: skip
VALUES = {"market": "BTCUSDT", "start": 1, "end": 2, "interval": 60, "limit": 10}


def check_queries(world, client, now):
    silent = world.forms.unknown_method == "silent"
    for call in QUERIES:
        values = {field.name: VALUES[field.name] for field in call.params if field.name in VALUES}
        asked = client.query(call, values, now)
        found = world.talk(client, now)
        if silent:
            found += client.advance(now + 10) + world.talk(client, now + 10)
        mine = [event for event in found if getattr(event, "request_id", None) == asked]
        documented = world.forms.names == "documented" and call is methods.DEALS_QUERY_USER
        if documented and client._login.token is None:
            assert isinstance(mine[0], events.Failed) or silent
            continue
        assert isinstance(mine[0], events.Answer), (call.name, found)
        assert mine[0].rows


def check_book(world, client, now, forms):
    for step in range(1, 40):
        world.levels.change()
        now += 0.25
        world.talk(client, now)
        book = client.book("BTCUSDT")
        if book.is_valid:
            bids, asks = world.levels.window()
            assert (book.bids, book.asks) == (list(bids[:10]), list(asks[:10])), step
            assert book.verified is (forms.checksum != "none")
    assert book.is_valid or forms.corrupt_every


GROUPS = [
    ["names", "unknown_method", "order_name", "order_push"],
    ["deals_push", "deals_numbers", "state_push", "binary"],
    ["ack_style", "asset_ack", "ping_style", "time_style", "frozen_name"],
    ["checksum", "corrupt_every", "books", "depth_market"],
]


@pytest.mark.parametrize(
    "forms",
    [
        dict(zip(group, values, strict=True))
        for group in GROUPS
        for values in itertools.product(*(CHOICES[name] for name in group))
    ],
    ids=lambda forms: "-".join(map(str, forms.values())),
)
def test_both_machines_understand_each_other_in_every_related_combination(forms):
    check_conversation(SpotForms(**forms))


FORMS = st.builds(SpotForms, **{name: st.sampled_from(values) for name, values in CHOICES.items()})


@settings(max_examples=60, deadline=None)
@given(FORMS)
def test_both_machines_understand_each_other_in_any_combination(forms):
    check_conversation(forms)


@pytest.mark.slow
@settings(max_examples=5_000, deadline=None)
@given(FORMS)
def test_both_machines_understand_each_other_in_thousands_of_combinations(forms):
    check_conversation(forms)


@pytest.mark.parametrize("code", CHOICES["auth_code"])
def test_a_wrong_secret_is_refused_whatever_the_code(code):
    world = World(SpotForms(auth_code=code))
    client = SpotStream(key_login(ACCESS_ID, "wrong"))
    found = world.connect(client, START)
    assert [type(event) for event in found] == [events.LoginFailed]
    assert not client.is_logged_in


def test_a_digest_of_the_access_id_is_refused():
    world = World()
    found = world.connect(SpotStream(key_login(ACCESS_ID, ACCESS_ID)), START)
    assert [type(event) for event in found] == [events.LoginFailed]


def test_a_token_reads_own_executions_under_the_documented_name():
    world = World(SpotForms(names="documented"))
    client, _ = client_of(world, START, token_login("demo-token"))
    asked = client.query(methods.DEALS_QUERY_USER, {"market": "BTCUSDT"}, START)
    found = world.talk(client, START)
    assert [(event.request_id, event.call) for event in found] == [(asked, "user.deals.query")]


def test_names_learned_once_are_not_tried_again():
    world, names = World(SpotForms(names="documented", unknown_method="silent")), Names()
    for number in range(2):
        client = SpotStream(key_login(ACCESS_ID, SECRET_KEY), names=names)
        client.subscribe(Subscription("orders"), START)
        world.connect(client, START)
        assert client.is_live("orders") is bool(number)
        client.receive("{}", START + 9)
        client.advance(START + 10)
        world.talk(client, START + 10)
        assert client.is_live("orders")


def test_a_lost_change_set_is_noticed_and_repaired():
    world = World()
    client, _ = client_of(world, START)
    best_bid, best_ask = max(world.levels.bids), min(world.levels.asks)
    world.levels.bids[best_bid] += 1
    world.server.skip_next_change("BTCUSDT")
    assert world.talk(client, START + 30) == []
    world.levels.asks[best_ask] += 1
    found = world.talk(client, START + 31)
    gaps = [event for event in found if isinstance(event, events.Gap)]
    assert [(gap.channel, gap.until) for gap in gaps] == [("book", None), ("book", START + 31)]
    assert client.book("BTCUSDT").verified


def test_private_requests_need_a_login():
    server = SpotServer()
    server.receive('{"id": 5, "method": "order.query", "params": ["BTCUSDT", 0, 0, 1]}', START)
    assert server.frames_to_send() == [
        '{"error":{"code":6,"message":"require auth"},"id":5,"result":null}'
    ]


@pytest.mark.parametrize(
    "frame",
    ["nonsense", "[]", "{}", '{"id": "1", "method": "server.ping", "params": []}',
     '{"id": 1, "params": []}', '{"id": 1, "method": "server.ping"}', b"\xff\xff", ""],
)  # fmt: skip
def test_what_is_no_request_drops_the_connection(frame):
    assert SpotServer().receive(frame, START) == [Closing(None)]


@pytest.mark.parametrize(
    "params", ["[]", "[1, 2, 3]", '["BTCUSDT", 7, "0"]', '["BTCUSDT", [], "0"]', "[true]"]
)
def test_a_wrong_parameter_is_an_invalid_argument(params):
    server = SpotServer()
    server.receive(f'{{"id": 1, "method": "depth.query", "params": {params}}}', START)
    assert '"code":1' in server.frames_to_send()[0]


def test_superfluous_parameters_are_ignored():
    world = World()
    client = SpotStream()
    world.connect(client, START)
    for text in (
        '{"id": 1, "method": "server.ping", "params": ["ping"]}',
        '{"id": 2, "method": "state.subscribe", "params": ["BTCUSDT", 86400]}',
        '{"id": 3, "method": "deals.unsubscribe", "params": ["BTCUSDT"]}',
        '{"id": 4, "method": "depth.query", "params": ["BTCUSDT", 5, "0", 1, 2]}',
    ):
        for event in world.server.receive(text, START):
            world.answer(event, START)
    assert all('"error":null' in frame for frame in world.server.frames_to_send())


def test_an_idle_client_is_closed_with_1000():
    server = SpotServer()
    assert server.advance(START) == []
    server.receive('{"id": 1, "method": "server.ping", "params": []}', START + 30)
    assert server.advance(START + 30 + IDLE_SECONDS - 0.1) == []
    assert server.advance(START + 30 + IDLE_SECONDS) == [Closing(1000)]
    assert SpotServer(idle_seconds=None).advance(START + 10**6) == []


def test_a_book_is_pushed_whole_every_minute_and_at_most_every_200_ms():
    world = World()
    client = SpotStream()
    client.subscribe(Subscription("book", "BTCUSDT", limit=5), START)
    world.connect(client, START)
    world.server.frames_to_send()
    pushes = []
    for tick in range(1, 1000):  # of an eighth of a second, which floats hold exactly
        world.levels.change()
        world.push_book(START + tick / 8)
        pushes += [(tick, '"params":[true' in text) for text in world.server.frames_to_send()]
    ticks = [tick for tick, _ in pushes]
    assert min(later - earlier for earlier, later in itertools.pairwise(ticks)) == 2
    assert [tick for tick, full in pushes if full] == [480, 960]
