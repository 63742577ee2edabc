"""Faults between here and the exchange, by the rows of the fault matrix for spot REST.

The network is scripted and time is the test's own, so nothing here waits.
"""

import json
from dataclasses import dataclass, field

import pytest

from btcc_research import errors
from btcc_research.errors import (
    AuthError,
    OrderRejected,
    OutcomeUnknown,
    ProtocolError,
    RateLimited,
    ServerError,
    TransportError,
)
from btcc_research.protocol import spot, wire
from btcc_research.ratelimit import BlockFile
from btcc_research.settings import KeySet, Secret
from btcc_research.transport import System, Transport

KEY = KeySet("test", "live", "demo-access", Secret("demo-secret"), can_trade=True)
START = 1_768_212_345.0
PONG = (200, b'{"code":0,"data":"PONG","message":"OK"}')
ORDER = (200, b'{"error":null,"result":{"id":1},"id":0}')
LIMIT = [("market", "BTCUSDT"), ("side", 1), ("amount", "1"), ("price", "2"), ("source", "x")]


@dataclass
class Machine:
    """A clock that only moves when somebody sleeps, and a record of the sleeps."""

    wall: float = START
    steady: float = 1000.0
    slept: list = field(default_factory=list)

    def sleep(self, seconds):
        assert seconds >= 0
        self.slept.append(seconds)
        self.wall += seconds
        self.steady += seconds

    def system(self):
        return System(
            lambda: self.wall, lambda: self.steady, self.sleep, lambda low, high: (low + high) / 2
        )


@dataclass
class ScriptedNetwork:
    """Answers from a list; /time answers by itself."""

    machine: Machine
    answers: list
    server_ahead: float = 0.0
    host: str = "exchange.test"
    base_url: str = "https://exchange.test"
    sent: list = field(default_factory=list)

    def exchange(self, request, seconds):
        assert seconds > 0
        if request.path.endswith("/time"):
            now = int(self.machine.wall + self.server_ahead)
            return 200, json.dumps({"code": 0, "data": now, "message": "OK"}).encode()
        self.sent.append(request)
        answer = self.answers.pop(0)
        if callable(answer):
            answer = answer()
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def machine():
    return Machine()


@pytest.fixture
def transport(machine, tmp_path):
    def build(*answers, server_ahead=0.0):
        network = ScriptedNetwork(machine, list(answers), server_ahead)
        return Transport(network, "live", "spot", BlockFile(tmp_path), machine.system())

    return build


def lost(outcome="unknown"):
    return TransportError("no answer", outcome=outcome)


def refusal(code, words="no"):
    return (200, wire.write_refusal(code, words))


@pytest.mark.parametrize("path", [spot.ORDER_LIMIT, spot.ORDER_CANCEL], ids=["order", "cancel"])
def test_rows_1_and_7_a_change_without_an_answer_is_unknown_and_not_sent_again(transport, path):
    sender = transport(lost())
    with pytest.raises(OutcomeUnknown, match="not sent again") as caught:
        sender.call(path, LIMIT, KEY)
    assert len(sender.network.sent) == 1
    assert caught.value.outcome == "unknown"


def test_row_4_a_refused_connection_means_not_sent(transport):
    sender = transport(lost("not_sent"))
    with pytest.raises(TransportError) as caught:
        sender.call(spot.ORDER_LIMIT, LIMIT, KEY)
    assert not isinstance(caught.value, OutcomeUnknown)
    assert caught.value.outcome == "not_sent"
    assert len(sender.network.sent) == 1


@pytest.mark.parametrize(
    "answer",
    [
        (502, b"Bad Gateway"),
        (500, b'{"code":500,"message":"x","data":null}'),
        (503, b""),
        refusal(2),
        refusal(3),
        refusal(5),
        (200, b'{"code":203,"message":"CodeDBError","data":null}'),
    ],
    ids=["502", "500", "503", "gateway 2", "gateway 3", "gateway 5", "203"],
)
def test_row_5_a_server_that_stumbles_over_an_order_leaves_it_unknown(transport, answer):
    sender = transport(answer)
    with pytest.raises(OutcomeUnknown):
        sender.call(spot.ORDER_LIMIT, LIMIT, KEY)
    assert len(sender.network.sent) == 1


@pytest.mark.parametrize("body", [b"", b"{", b'{"error":null,"resu', b"<html>"])
def test_row_6_a_broken_body_after_an_order_leaves_it_unknown(transport, body):
    sender = transport((200, body))
    with pytest.raises(OutcomeUnknown):
        sender.call(spot.ORDER_LIMIT, LIMIT, KEY)


def test_a_refused_order_is_rejected(transport):
    with pytest.raises(OrderRejected, match="balance") as caught:
        transport(refusal(10, "balance not enough")).call(spot.ORDER_LIMIT, LIMIT, KEY)
    assert caught.value.outcome == "rejected"


def test_row_10_a_read_is_tried_four_times_then_it_is_the_servers_error(transport, machine):
    sender = transport(*[(502, b"Bad Gateway")] * 4)
    with pytest.raises(ServerError):
        sender.call(spot.PING, [])
    assert len(sender.network.sent) == 4
    assert len(machine.slept) == 3
    assert all(0.5 <= pause <= 5 for pause in machine.slept)


def test_row_10_a_read_that_works_the_third_time_is_fine(transport):
    assert transport(lost(), (500, b""), PONG).call(spot.PING, []).json() == "PONG"


def test_a_read_gives_up_at_its_deadline(transport, machine):
    def slowly():
        machine.sleep(14)
        return lost()

    sender = transport(*[slowly] * 4)
    with pytest.raises(TransportError):
        sender.call(spot.PING, [])
    assert len(sender.network.sent) == 2
    assert sum(machine.slept) <= 30


@pytest.mark.parametrize("code", [1, 4, 6])
def test_an_answer_that_will_not_change_is_not_asked_for_again(transport, code):
    sender = transport(refusal(code))
    with pytest.raises(errors.ApiError):
        sender.call(spot.PING, [])
    assert len(sender.network.sent) == 1


def blocked(until):
    return (429, wire.write_blocked(until))


def test_row_11_a_blocked_read_waits_and_is_answered(transport, machine):
    sender = transport(blocked(int(START) + 7), PONG)
    assert sender.call(spot.PING, []).json() == "PONG"
    assert sum(machine.slept) == pytest.approx(7, abs=1)


def test_row_11_nothing_is_sent_before_the_block_ends_in_any_process(transport, machine):
    first = transport(blocked(int(START) + 3600))
    with pytest.raises(RateLimited) as caught:
        first.call(spot.PING, [])
    assert caught.value.until == int(START) + 3600
    second = transport(PONG)  # another process: only the file is shared
    with pytest.raises(RateLimited) as caught:
        second.call(spot.PING, [])
    assert second.network.sent == []
    assert caught.value.outcome == "not_sent"
    machine.sleep(3601)
    assert second.call(spot.PING, []).json() == "PONG"


def test_row_11_a_blocked_order_is_refused_at_once(transport, machine):
    sender = transport(blocked(int(START) + 2), ORDER)
    with pytest.raises(RateLimited) as caught:
        sender.call(spot.ORDER_LIMIT, LIMIT, KEY)
    assert caught.value.outcome == "rejected"
    with pytest.raises(RateLimited) as caught:
        sender.call(spot.ORDER_LIMIT, LIMIT, KEY)
    assert caught.value.outcome == "not_sent"
    assert len(sender.network.sent) == 1


@pytest.mark.parametrize(
    "body",
    [
        b'{"block_until": 5}',
        b'{"block_until": -99999999999}',
        b'{"block_until": "soon"}',
        b'{"block_until": null}',
        b"<html>busy</html>",
    ],
)
def test_row_12_a_block_with_a_useless_end_waits_a_second(transport, machine, body):
    sender = transport((429, body), PONG)
    assert sender.call(spot.PING, []).json() == "PONG"
    assert sum(machine.slept) == pytest.approx(1)


def test_row_12_a_block_never_lasts_longer_than_an_hour(transport, machine):
    sender = transport(blocked(10**15), PONG)
    with pytest.raises(RateLimited):
        sender.call(spot.PING, [])
    machine.sleep(3601)
    assert sender.call(spot.PING, []).json() == "PONG"


def refused_signature():
    return (200, b'{"code":204,"message":"CodeValidSignError","data":null}')


def signed_second(request):
    return int(dict(request.parameters)["tm"])


def test_row_13_a_clock_that_is_off_is_measured_anew_and_the_read_signed_again(transport, machine):
    sender = transport(refused_signature(), (200, b'{"error":null,"result":{},"id":0}'))
    sender.server_time()
    sender.network.server_ahead = 120.0
    assert sender.call(spot.ASSET_QUERY, [], KEY).json() == {}
    first, second = map(signed_second, sender.network.sent)
    assert second - first == pytest.approx(120, abs=1)


def test_row_13_an_order_refused_for_the_clock_is_rejected_and_the_next_is_right(transport):
    sender = transport(refused_signature(), ORDER)
    sender.server_time()
    sender.network.server_ahead = 120.0
    with pytest.raises(AuthError) as caught:
        sender.call(spot.ORDER_LIMIT, LIMIT, KEY)
    assert caught.value.outcome == "rejected"
    assert len(sender.network.sent) == 1
    sender.call(spot.ORDER_LIMIT, LIMIT, KEY)
    first, second = map(signed_second, sender.network.sent)
    assert second - first == pytest.approx(120, abs=1)


@pytest.mark.parametrize("server_ahead", [0.0, 300.0])
def test_row_17_a_wrong_key_is_not_tried_again(transport, server_ahead):
    for code in (204, 205):
        body = json.dumps({"code": code, "message": "no", "data": None}).encode()
        sender = transport((200, body), PONG, server_ahead=server_ahead)
        with pytest.raises(AuthError):
            sender.call(spot.ASSET_QUERY, [], KEY)
        assert len(sender.network.sent) == 1


def test_the_offset_is_the_middle_of_the_request(transport, machine):
    sender = transport(server_ahead=300.0)
    sender.measure_clock()
    assert sender.clock.offset == pytest.approx(300.5, abs=0.51)


def test_row_14_a_clock_that_steps_is_measured_anew_before_the_next_signature(transport, machine):
    answer = (200, b'{"error":null,"result":{},"id":0}')
    sender = transport(answer, answer)
    sender.call(spot.ASSET_QUERY, [], KEY)
    machine.wall -= 3600  # somebody sets the clock back: the server's did not change
    sender.network.server_ahead = 3600.0
    sender.call(spot.ASSET_QUERY, [], KEY)
    first, second = map(signed_second, sender.network.sent)
    assert second == pytest.approx(first, abs=1)


def test_row_14_deadlines_do_not_follow_the_wall_clock(transport, machine):
    def step():
        machine.wall += 10_000
        return lost()

    assert transport(step, PONG).call(spot.PING, []).json() == "PONG"


def test_rows_43_and_44_truncated_json_is_read_again(transport):
    assert transport((200, b'{"code":0,"da'), PONG).call(spot.PING, []).json() == "PONG"


@pytest.mark.parametrize("body", [b'{"code":0,"data":NaN}', b"[" * 100_000, b'{"a":' * 50_000])
def test_row_44_what_is_no_json_ends_as_a_protocol_error(transport, body):
    with pytest.raises(ProtocolError):
        transport(*[(200, body)] * 4).call(spot.PING, [])


def test_an_error_carries_what_support_asks_for(transport):
    sender = transport(*[refusal(10, "balance not enough")] * 2)
    for _ in range(2):
        with pytest.raises(OrderRejected) as caught:
            sender.call(spot.ORDER_LIMIT, LIMIT, KEY)
    report = caught.value.support_report("My order was refused.")
    for words in (
        "1. Description:\n    My order was refused.",
        "2. UID",
        "POST https://exchange.test/btcc_api_trade/order/limit",
        '"market":"BTCUSDT"',
        '"access_id":"demo-access"',
        "balance not enough",
        "2 time(s)",
        "2026-01-12T10:05:45+00:00",
        "secret_key=***",
        "access_id=demo-access&amount=1&market=BTCUSDT&price=2",
    ):
        assert words in report
    assert "demo-secret" not in report
    assert sender.network.sent[0].digest not in report
