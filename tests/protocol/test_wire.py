"""Envelopes, failures and requests, in both directions."""

import json

import pytest

from btcc_research import errors
from btcc_research.errors import InvalidArgument, ProtocolError
from btcc_research.protocol import spot, wire
from btcc_research.protocol.parameters import read_values, wire_pairs
from tests.conftest import vectors

ENVELOPES = [v for v in vectors("envelopes") if v["surface"] == "spot-rest"]
# The published sample shows no access_id; its signature is tested with the others.
REQUESTS = [
    v
    for v in vectors("signing")
    if v["surface"] == "spot-rest" and "access_id" in dict(v["params"])
]
ROUTES = {(call.verb, call.path): call for call in spot.CATALOGUE.values()}
KEY = wire.SpotKey("demo-access", "demo-secret", 1768212345)


@pytest.mark.parametrize("vector", ENVELOPES, ids=lambda v: v["id"])
def test_an_envelope_is_unwrapped_as_the_vector_says(vector):
    expected, body = vector["expect"], vector["body"].encode()
    status = vector["http_status"]
    if expected["ok"]:
        reply = wire.read_response(spot.ORDER_DEAL, status, body)
        assert reply.json() == expected["payload"]
        assert reply.ttl == expected.get("ttl")
        return
    wanted = errors.ProtocolError if expected.get("protocol_error") else errors.ApiError
    wanted = errors.RateLimited if expected.get("rate_limited") else wanted
    with pytest.raises(wanted) as caught:
        wire.read_response(spot.ORDER_DEAL, status, body)
    if "block_until" in expected:
        assert caught.value.until == expected["block_until"]
    if "code" in expected:
        assert caught.value.code == expected["code"]
        assert caught.value.message == expected["message"]


@pytest.mark.parametrize("vector", REQUESTS, ids=lambda v: v["id"])
def test_a_request_goes_onto_the_wire_as_the_vector_says(vector):
    call = ROUTES.get((vector["method"], vector["path"]), spot.ORDER_DEAL)
    pairs = [tuple(pair) for pair in vector["params"] if pair[0] not in ("access_id", "tm")]
    given = dict(vector["params"])
    key = wire.SpotKey(given["access_id"], vector["secret_key"], given["tm"])
    request = wire.write_request(call, pairs, key)
    assert request.headers == vector["wire"]["header"]
    if "query" in vector["wire"]:
        assert request.query == vector["wire"]["query"]
    else:
        assert json.loads(request.body) == vector["wire"]["json_body"]
    assert request.string_to_sign == vector["string_masked"]


@pytest.mark.parametrize("vector", vectors("signing_reject"), ids=lambda v: v["id"])
def test_what_must_not_be_sent_is_refused(vector):
    value = vector["value"]
    name = value.get("name", "source")
    given = {"bool": True, "float": 1e-05, "list": [1, 2], "int": 101}.get(
        value["type"], value["text"]
    )
    calls = {"order_ids": spot.ORDER_CANCEL_MULTI, "limit": spot.ORDER_PENDING}
    call = calls.get(name, spot.ORDER_LIMIT)
    arguments = {"market": "BTCUSDT", "side": "buy", "amount": "1", "price": "2", name: given}
    known = {field.name for field in call.params} | {name}
    arguments = {name: value for name, value in arguments.items() if name in known}
    with pytest.raises(InvalidArgument):
        wire.write_request(call, wire_pairs(call, arguments), KEY)


@pytest.mark.parametrize("call", spot.CATALOGUE.values(), ids=lambda c: c.name)
def test_a_server_reads_what_a_client_writes(call):
    arguments = {field.name: example(field) for field in call.params}
    request = wire.write_request(call, wire_pairs(call, arguments), KEY if call.signed else None)
    headers = {name.lower(): value for name, value in request.headers.items()}
    incoming = wire.read_request(request.method, request.query, request.body, headers)
    values = read_values(call, dict(incoming.pairs))
    assert {name: str(value) for name, value in values.items()} == {
        name: str(value) for name, value in arguments.items()
    }
    assert incoming.authorization == request.digest


def example(field):
    if field.choices:
        return field.choices[0]
    if field.codes:
        return list(field.codes.values())[-1]
    texts = {"decimal": "0.0100", "text": "机器人 1+2%=", "id": 2**60, "integer": 7}
    return texts.get(field.kind, 1768212345)


def test_the_literal_text_of_a_number_survives_reading():
    body = b'{"amount": 0.10, "side": 1, "source": "a\\u00e9"}'
    pairs = dict(wire.read_request("POST", "", body, {}).pairs)
    assert pairs == {"amount": "0.10", "side": "1", "source": "aé"}


def test_a_time_header_counts_where_the_parameter_is_missing():
    assert dict(wire.read_request("GET", "a=1", b"", {"tm": "5"}).pairs) == {"a": "1", "tm": "5"}
    assert dict(wire.read_request("GET", "tm=9", b"", {"tm": "5"}).pairs) == {"tm": "9"}


def test_a_body_that_is_no_object_is_refused():
    for body in (b"[1]", b"{", b"\xff", b"[" * 100_000):
        with pytest.raises(ProtocolError):
            wire.read_request("POST", "", body, {})


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (202, errors.BadRequest),
        (203, errors.ServerError),
        (204, errors.AuthError),
        (205, errors.AuthError),
        (206, errors.ApiError),
        (207, errors.MarketClosed),
        (1, errors.BadRequest),
        (2, errors.ServerError),
        (5, errors.ServerError),
        (6, errors.AuthError),
        (99, errors.ApiError),
    ],
)
@pytest.mark.parametrize("style", ["code", "error_object", "http_status", "support"])
def test_a_failure_means_the_same_in_every_style(code, error, style):
    status, body = wire.write_failure(code, "words", style)
    with pytest.raises(errors.ApiError) as caught:
        wire.read_response(spot.MARKET_LIST, status, body)
    assert type(caught.value) is error
    assert caught.value.code == code
    assert "words" in str(caught.value)


@pytest.mark.parametrize(
    ("call", "code", "words"),
    [
        (spot.ORDER_LIMIT, 10, "balance"),
        (spot.ORDER_LIMIT, 11, "minimum"),
        (spot.ORDER_MARKET, 12, "other side"),
        (spot.ORDER_CANCEL, 10, "not open"),
        (spot.ORDER_CANCEL, 11, "another user"),
    ],
)
def test_a_refusal_says_what_it_means_for_its_call(call, code, words):
    with pytest.raises(errors.OrderRejected, match=words):
        wire.read_response(call, 200, wire.write_refusal(code, "no"))


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"5", b"null", b'"x"', b"{", b"\xff\xfe", b"{" * 5000, b"NaN", b'{"code":NaN}'],
)
def test_an_answer_that_is_no_json_object_is_a_protocol_error(body):
    with pytest.raises(ProtocolError):
        wire.read_response(spot.MARKET_LIST, 200, body)


@pytest.mark.parametrize("until", [b'"soon"', b"null", b"-5", b"1e300", b"[]"])
def test_a_block_without_a_usable_end_is_still_a_block(until):
    body = b'{"block_until": ' + until + b', "error": "x"}'
    with pytest.raises(errors.RateLimited):
        wire.read_response(spot.MARKET_LIST, 429, body)
