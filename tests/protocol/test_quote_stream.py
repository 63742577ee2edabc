"""The quote socket: the client text by text, and both machines in every combination of forms."""

import itertools
import json
from dataclasses import fields

import pytest

from btcc_research import errors
from btcc_research.protocol import quote_server
from btcc_research.protocol import stream_events as events
from btcc_research.protocol.quote_forms import QuoteForms
from tests.protocol.quote_world import BTC, ETH, START, TSLA, World, board, client_of, deep, quote

CHOICES = {
    "login_packet": ["wire", "document"],
    "result": [0, 4],
    "tick_nulls": [True, False],
    "code_type": ["wire", "text", "number"],
    "buy_price": ["ask", "bid"],
    "volume_digits": [True, False],
}


def sent(client):
    return [json.loads(text) for text in client.texts_to_send()]


def kinds(found):
    return [type(event) for event in found]


def opened(*markets, deep_market=None):
    """A world and a client that is logged in and follows some markets."""
    world, client = World(), client_of()
    for market in markets:
        client.subscribe(market, START, deep=market == deep_market)
    found = world.connect(client, START)
    return world, client, found


# Login


def test_nothing_but_the_login_is_sent_before_it_is_accepted():
    client = client_of()
    client.subscribe("BTCUSDT", START)
    client.reset(START)
    assert [list(message) for message in sent(client)] == [["name", "clienttype", "key"]]
    for attempt in (
        lambda: client.query_klines("BTCUSDT", 60, 0, 60, START),
        lambda: client.query_panel({6}, START),
    ):
        with pytest.raises(errors.TransportError) as caught:
            attempt()
        assert caught.value.outcome == "not_sent"


def test_the_three_packets_are_products_and_hours():
    _, client, found = opened("BTCUSDT")
    assert kinds(found) == [events.LoggedIn, events.Products, events.Schedules]
    assert found[0].server_time == int(START)
    assert client.products[BTC].market == "BTCUSDT"


def test_a_wrong_key_is_an_auth_error_and_nothing_more_is_asked():
    world, client = World(), client_of("wrong")
    found = world.connect(client, START)
    assert kinds(found) == [events.LoginFailed]
    assert isinstance(found[0].error, errors.AuthError)
    assert "wrong" not in str(found[0].error)
    assert not client.is_logged_in


def test_a_login_without_an_answer_ends_the_connection():
    client = client_of()
    client.reset(START)
    assert client.advance(START + 9.9) == []
    assert kinds(client.advance(START + 10)) == [events.Dead]


# Keeping the connection


def test_the_heartbeat_goes_out_every_ten_seconds_from_the_login_on():
    world, client, _ = opened()
    beats = []
    for second in range(1, 61):
        assert client.advance(START + second) == []
        beats += [second for text in client._outbox if "KeepLive" in text]
        world.talk(client, START + second)
        assert world.server.advance(START + second) == []
    assert beats == [10, 20, 30, 40, 50, 60]


def test_a_server_drops_a_connection_without_a_heartbeat_after_30_5_seconds():
    server = quote_server.QuoteServer()
    assert server.advance(START) == []
    assert server.advance(START + 30.4) == []
    assert server.advance(START + 30.5) == [quote_server.Dropping()]


def test_a_silent_connection_is_dead_after_20_seconds_also_before_the_first_message():
    _, client, _ = opened()
    assert client.advance(START + 19.9) == []
    found = client.advance(START + 20)
    assert found == [events.Dead(START + 20, START, "nothing arrived for 20 s")]
    assert client.receive('{"action":"keeplive"}', START + 21) == []


def test_five_quiet_seconds_of_a_market_that_never_closes_are_a_gap():
    world, client, _ = opened("BTCUSDT", "TSLAUSDT", deep_market="BTCUSDT")
    world.push(client, START + 1)
    assert client.advance(START + 5.9) == []
    reason = "no quotes for 5 s"
    assert client.advance(START + 6) == [
        events.Gap("quotes", "BTCUSDT", START + 1, None, reason),
        events.Gap("book", "BTCUSDT", START + 1, None, reason),
    ]
    assert client.advance(START + 7) == []
    found = world.push(client, START + 8)
    assert events.Gap("quotes", "BTCUSDT", START + 1, START + 8, reason) in found
    assert events.Gap("book", "BTCUSDT", START + 1, START + 8, reason) in found


def test_twenty_quiet_seconds_of_a_market_that_never_closes_are_the_end():
    world, client, _ = opened("BTCUSDT")
    world.push(client, START + 1)
    found = []
    for second in range(2, 22):
        found += client.advance(START + second)
        world.talk(client, START + second)  # heartbeats go on
    assert kinds(found) == [events.Gap, events.Dead]
    assert found[1].reason == "no quotes for 20 s"


def test_a_closed_market_may_be_quiet():
    world, client, _ = opened("TSLAUSDT")
    world.push(client, START + 1)
    for second in range(2, 100):
        assert client.advance(START + second) == []
        world.talk(client, START + second)


# Subscriptions


def test_a_subscription_lists_all_markets_and_names_the_one_with_depth():
    world, _, _ = opened("BTCUSDT", "ETHUSDT", deep_market="ETHUSDT")
    asked = [event for event in world.asked if isinstance(event, quote_server.SubscribeAsked)]
    assert asked == [quote_server.SubscribeAsked((BTC, ETH), str(ETH))]


def test_a_market_may_be_given_by_its_code():
    world, client, _ = opened(str(BTC))
    assert world.asked[-1] == quote_server.SubscribeAsked((BTC,), None)
    found = world.push(client, START + 1)
    assert found[-1].rows[0].market == "BTCUSDT"
    assert client.is_live("quotes", str(BTC))


def test_quotes_begin_with_a_word_and_hold_what_was_asked_for():
    world, client, _ = opened("BTCUSDT")
    found = world.push(client, START + 1)
    assert found[0] == events.Subscribed(START + 1, "quotes", "BTCUSDT")
    row = found[1].rows[0]
    assert (row.market, row.bid, row.ask, row.last) == (
        "BTCUSDT",
        "91250.15",
        "91250.65",
        "91250.40",
    )
    world.server.codes = (ETH,)
    world.server.push_quotes([quote(ETH)])
    assert world.deliver(client, START + 2) == []


def test_the_book_is_replaced_by_every_frame_and_never_called_verified():
    world, client, _ = opened("BTCUSDT", deep_market="BTCUSDT")
    world.push(client, START + 1)
    assert len(client.book("BTCUSDT").bids) == 7
    world.server.push_book(deep(time=int(START) - 60, levels=2))  # also one of an older moment
    assert events.BookUpdated("BTCUSDT") in world.deliver(client, START + 2)
    assert client.book("BTCUSDT").bids == [("91250.15", "2.50"), ("91250.05", "2.50")]
    assert client.book("BTCUSDT").is_valid
    assert not client.book("BTCUSDT").verified


def test_last_trades_arrive_once_per_subscription_rounded_to_their_decimals():
    _, _, found = opened("BTCUSDT", deep_market="BTCUSDT")
    trades = next(event for event in found if isinstance(event, events.Trades))
    assert [(row.price, row.amount) for row in trades.rows] == [("91250.40", "0.25")]


def test_a_second_book_is_refused_and_the_first_one_kept():
    _, client, _ = opened("BTCUSDT", deep_market="BTCUSDT")
    with pytest.raises(errors.InvalidArgument, match="one book only"):
        client.subscribe("ETHUSDT", START, deep=True)
    assert sent(client) == []
    assert client.deep_market == "BTCUSDT"
    client.unsubscribe("BTCUSDT", START + 1)
    client.subscribe("ETHUSDT", START + 1, deep=True)
    assert sent(client)[-1]["deep"] == str(ETH)
    with pytest.raises(errors.InvalidArgument):
        client.book("BTCUSDT")


def test_an_empty_frame_answers_later_subscriptions_and_is_counted():
    world, client, _ = opened("BTCUSDT")
    assert client.empty == 0
    client.subscribe("ETHUSDT", START + 1)
    assert world.talk(client, START + 1) == []
    assert client.empty == 1


def test_unsubscribing_asks_for_the_rest():
    _, client, _ = opened("BTCUSDT", "ETHUSDT")
    client.unsubscribe("BTCUSDT", START + 1)
    assert sent(client) == [{"action": "ReqSubcri", "symbols": [str(ETH)]}]
    client.unsubscribe("ETHUSDT", START + 1)
    assert sent(client) == []
    assert client.markets == []


# Unknown markets


def test_an_unknown_name_is_an_unknown_market_as_soon_as_the_dictionary_is_there():
    _, client, found = opened("NOSUCH", "BTCUSDT")
    failed = [event for event in found if isinstance(event, events.Failed)]
    assert [(event.channel, event.market) for event in failed] == [("quotes", "NOSUCH")]
    assert isinstance(failed[0].error, errors.UnknownMarket)
    with pytest.raises(errors.UnknownMarket):
        client.subscribe("NOSUCH2", START)
    with pytest.raises(errors.UnknownMarket):
        client.query_klines("NOSUCH", 60, 0, 60, START)


def test_an_unknown_deep_code_is_an_unknown_market_as_the_server_says():
    _, client, found = opened("999", deep_market="999")
    failed = [event for event in found if isinstance(event, events.Failed)]
    assert [(event.channel, event.market) for event in failed] == [("book", "999")]
    assert isinstance(failed[0].error, errors.UnknownMarket)
    assert client.empty == 1


def test_an_unknown_code_that_nobody_answers_is_an_unknown_market_within_three_seconds():
    _, client, _ = opened("999")
    found = client.advance(START + 2) + client.advance(START + 3)
    assert [type(event.error) for event in found] == [errors.UnknownMarket]
    assert client.advance(START + 4) == []


# Questions


def test_candles_are_asked_for_by_code_and_answered_with_the_request():
    world, client, _ = opened()
    asked = client.query_klines("BTCUSDT", 60, 1768212240, 1768212345, START)
    assert json.loads(client._outbox[0]) == {
        "action": "ReqKline", "code": BTC, "interval": 35, "from": 1768212240, "to": 1768212345,
    }  # fmt: skip
    found = world.talk(client, START)
    assert [(event.request_id, event.call) for event in found] == [(asked, "Kline")]
    assert [row.open_time for row in found[0].rows] == [1768212240, 1768212300]
    assert found[0].rows[0].high == "91251.10"


def test_one_question_per_product_and_length_is_under_way():
    world, client, _ = opened()
    first = client.query_klines("BTCUSDT", 60, 0, 120, START)
    second = client.query_klines("BTCUSDT", 60, 120, 240, START)
    other = client.query_klines("ETHUSDT", 60, 0, 120, START)
    assert len(client._outbox) == 2
    found = world.talk(client, START)
    assert {event.request_id for event in found} == {first, second, other}
    rows = {event.request_id: [row.open_time for row in event.rows] for event in found}
    assert (rows[first], rows[second]) == ([0, 60], [120, 180])


def test_candles_that_do_not_come_fail_and_a_late_answer_is_not_taken_for_another():
    world, client, _ = opened()
    world.is_silent = True
    first = client.query_klines("BTCUSDT", 60, 0, 120, START)
    second = client.query_klines("BTCUSDT", 60, 6000, 6120, START)
    world.talk(client, START)
    late = world.asked[-1]
    found = client.advance(START + 10)
    assert [event.request_id for event in found] == [first]
    assert found[0].error.may_repeat
    world.talk(client, START + 10)
    world.server.send_klines(late, [board(open_time=0, close="1", volume="1")])
    assert world.deliver(client, START + 11) == []
    assert client.ignored == 1
    world.is_silent = False
    world.answer(world.asked[-1], START + 12)
    assert [event.request_id for event in world.deliver(client, START + 12)] == [second]


def test_candles_of_an_unknown_code_are_none():
    world, client, _ = opened()
    client.query_klines("999", 60, 0, 120, START)
    assert world.talk(client, START)[0].rows == []


def test_an_unknown_candle_length_is_refused():
    _, client, _ = opened()
    with pytest.raises(errors.InvalidArgument, match="61"):
        client.query_klines("BTCUSDT", 61, 0, 120, START)


def test_boards_are_answered_together():
    world, client, _ = opened()
    asked = client.query_panel({6, 3}, START)
    found = world.talk(client, START)
    assert kinds(found) == [events.Tickers, events.Tickers, events.Answer]
    assert found[-1].request_id == asked
    assert [row.code for row in found[-1].rows] == [TSLA, BTC, ETH]
    assert found[-1].rows[1].change == "1139.90"
    with pytest.raises(errors.InvalidArgument):
        client.query_panel(set(), START)


def test_a_board_that_does_not_come_fails():
    _, client, _ = opened()
    asked = client.query_panel({6}, START)
    found = client.advance(START + 10)
    assert [(event.request_id, event.call) for event in found] == [(asked, "Panel")]


# Reconnects


def test_a_reset_logs_in_and_restores_every_subscription():
    world, client, _ = opened("BTCUSDT", "ETHUSDT", deep_market="BTCUSDT")
    world.push(client, START + 1)
    lost = client.lost(START + 4, "closed")
    assert [event for event in lost if isinstance(event, events.Gap)] == [
        events.Gap(channel, market, START + 1, None, "closed")
        for channel, market in (("quotes", "BTCUSDT"), ("book", "BTCUSDT"), ("quotes", "ETHUSDT"))
    ]
    assert not client.book("BTCUSDT").is_valid
    world.connect(client, START + 9)
    assert world.asked[-1] == quote_server.SubscribeAsked((BTC, ETH), str(BTC))
    closed = [event for event in world.push(client, START + 10) if isinstance(event, events.Gap)]
    assert [(gap.since, gap.until) for gap in closed] == [(START + 1, START + 10)] * 3


def test_questions_under_way_fail_with_the_connection():
    _, client, _ = opened()
    asked = [
        client.query_klines("BTCUSDT", 60, 0, 120, START),
        client.query_klines("BTCUSDT", 60, 120, 240, START),
        client.query_panel({6}, START),
    ]
    found = client.lost(START + 1, "closed")
    assert [event.request_id for event in found] == asked


def test_frames_dropped_by_a_slow_consumer_are_a_gap():
    world, client, _ = opened("BTCUSDT", deep_market="BTCUSDT")
    world.push(client, START + 1)
    assert client.overrun(9, START + 3) == [
        events.Gap("quotes", "BTCUSDT", START + 1, START + 3, "overrun", 9),
        events.Gap("book", "BTCUSDT", START + 1, START + 3, "overrun", 9),
    ]


def test_a_tick_that_cannot_be_read_is_set_aside_and_a_gap():
    world, client, _ = opened("BTCUSDT")
    world.push(client, START + 1)
    found = client.receive('{"action":"tickinfo","data":[{"Y":', START + 2)
    reason = "a frame could not be read"
    assert kinds(found) == [events.SetAside, events.Gap]
    assert found[1] == events.Gap("quotes", "BTCUSDT", START + 1, START + 2, reason, 1)


def test_what_nobody_knows_is_ignored_and_counted():
    _, client, _ = opened()
    assert client.receive('{"action":"Weather","data":7}', START) == []
    assert client.receive("{}", START) == []
    assert client.ignored == 2


# Both machines


def test_every_form_is_in_the_matrix():
    assert CHOICES.keys() == {field.name for field in fields(QuoteForms)}


@pytest.mark.parametrize("values", list(itertools.product(*CHOICES.values())))
def test_both_machines_understand_each_other_in_every_combination(values):
    world = World(QuoteForms(**dict(zip(CHOICES, values, strict=True))))
    client = client_of()
    client.subscribe("BTCUSDT", START, deep=True)
    client.subscribe("ETHUSDT", START)
    found = world.connect(client, START)
    assert client.is_logged_in
    assert len(client.products) == 3
    trades = next(event for event in found if isinstance(event, events.Trades))
    assert trades.rows[0].price == "91250.40"
    assert float(trades.rows[0].amount) == pytest.approx(0.25)
    pushed = world.push(client, START + 1)
    quotes = next(event for event in pushed if isinstance(event, events.Quotes))
    assert [row.market for row in quotes.rows] == ["BTCUSDT", "ETHUSDT"]
    assert client.book("BTCUSDT").asks[0] == ("91250.65", "1.50")
    client.query_panel({6}, START + 1)
    rows = world.talk(client, START + 1)[-1].rows
    assert (rows[0].bid, rows[0].ask) == ("91250.15", "91250.65")
    client.query_klines("BTCUSDT", 60, 0, 60, START + 1)
    assert world.talk(client, START + 1)[0].rows[0].open == "91230.00"
    assert (client.set_aside, client.ignored) == (0, 0)


@pytest.mark.parametrize(
    "frame", ["", "nonsense", "[]", "{}", '{"name": 1}', '{"action": "Weather"}', b"\xff",
              '{"action": "KeepLive"}', '{"action": "ReqSubcri", "symbols": ["x"]}'],
)  # fmt: skip
def test_a_server_does_not_answer_what_it_does_not_understand_or_before_a_login(frame):
    server = quote_server.QuoteServer()
    assert server.receive(frame, START) == []
    assert server.frames_to_send() == []


def test_a_login_is_shown_without_its_key():
    login = quote_server.QuoteServer().receive('{"name": "86000731", "key": "canary"}', START)[0]
    assert login.api_key == "canary"
    assert "canary" not in repr(login)
