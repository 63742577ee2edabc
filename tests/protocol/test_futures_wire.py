"""Futures requests, envelopes and failures, in both directions, against BTCC's bytes."""

import json
from decimal import Decimal

import pytest

from btcc_research import errors
from btcc_research.errors import ApiError, BtccError, InvalidArgument, ProtocolError
from btcc_research.frames import to_frame
from btcc_research.protocol import futures, futures_wire, signing
from btcc_research.protocol.endpoint import Effect, Rows
from btcc_research.protocol.futures_wire import FuturesKey
from btcc_research.protocol.parameters import read_values, wire_pairs
from btcc_research.protocol.rows import read_rows, unix_seconds
from tests.conftest import vectors

ENVELOPES = [v for v in vectors("envelopes") if v["surface"] == "futures-rest"]
SIGNED = [v for v in vectors("signing") if v["surface"] == "futures-rest"]
CALLS = {(call.verb, call.path): call for call in futures.CATALOGUE.values()}
SAMPLES = [v for v in vectors("rest_samples") if v["surface"] == "futures-rest"]
KEY = FuturesKey("demo-secret", "demo-token")


def exactly(value):
    """Return JSON with every number as text, the form the vectors print."""
    if isinstance(value, dict):
        return {key: exactly(item) for key, item in value.items()}
    return str(value) if isinstance(value, Decimal | float) else value


@pytest.mark.parametrize("vector", ENVELOPES, ids=lambda v: v["id"])
def test_an_envelope_is_unwrapped_as_the_vector_says(vector):
    expected, body = vector["expect"], vector["body"].encode()
    call = futures.QUERY_IN_OUT_COIN_FEE if b'"Data"' in body else futures.ACCOUNT
    if expected["ok"]:
        reply = futures_wire.read_response(call, vector["http_status"], body)
        numbers = {"FeeIn": "0", "equity": "5013"}  # whole numbers, printed as text there
        payload = exactly(reply.json(exact=True))
        for part in (payload, payload.get("account", {})):
            part.update({k: v for k, v in numbers.items() if k in part})
        assert payload == expected["payload"]
        return
    with pytest.raises(BtccError) as caught:
        futures_wire.read_response(call, vector["http_status"], body)
    kinds = {
        "protocol_error": ProtocolError,
        "auth_error": errors.AuthError,
        "permission_error": errors.PermissionDenied,
    }
    for name, kind in kinds.items():
        if expected.get(name):
            assert isinstance(caught.value, kind)
    if "code" in expected:
        assert (caught.value.code, caught.value.message) == (expected["code"], expected["message"])


@pytest.mark.parametrize("vector", SIGNED, ids=lambda v: v["id"])
def test_a_request_goes_onto_the_wire_as_the_vector_says(vector):
    call = CALLS[vector["method"], vector["path"]]
    given = {name: value for name, value in vector["params"] if name not in ("token", "sign")}
    token = dict(vector["params"]).get("token", "")
    key = FuturesKey(vector["secret_key"], token)
    request = futures_wire.write_request(call, list(given.items()), key)
    assert request.body == b""
    assert request.digest == vector["signature"]
    incoming = futures_wire.read_request(request.method, request.query, b"")
    sent = {n: signing.value_text(v) for n, v in vector["params"] if v is not None and n != "sign"}
    assert dict(incoming.pairs) == sent
    assert incoming.authorization == vector["signature"]
    wire_query = vector.get("wire", {}).get("query")
    if wire_query:
        assert sorted(request.query.split("&")) == sorted(wire_query.split("&"))


@pytest.mark.parametrize("call", CALLS.values(), ids=lambda c: c.name)
@pytest.mark.parametrize("style", ["query", "form"])
def test_a_server_reads_what_a_client_writes(call, style):
    arguments = {field.name: example(field) for field in call.params}
    key = FuturesKey("demo-secret", "demo-token", post_style=style)
    request = futures_wire.write_request(call, wire_pairs(call, arguments), key)
    assert bool(request.body) == (style == "form" and call.verb == "POST")
    incoming = futures_wire.read_request(request.method, request.query, request.body)
    texts = dict(incoming.pairs)
    assert texts.pop("token", None) == (None if call.effect is Effect.LOGIN else "demo-token")
    values = read_values(call, texts)
    assert {name: str(value) for name, value in values.items()} == {
        name: str(value) for name, value in arguments.items()
    }
    expected = signing.sign_futures(incoming.pairs, "demo-secret")
    assert incoming.authorization == expected.digest


def example(field):
    if field.codes:
        return list(field.codes.values())[-1]
    texts = {"decimal": "0.0100", "text": "GWFX/机器人 1+2%&=", "id": 2**60, "integer": 7}
    return texts.get(field.kind, 1768212345678)


@pytest.mark.parametrize("encoding", ["rfc3986", "raw", "form"])
def test_the_other_encodings_sign_differently_and_arrive_alike(encoding):
    pairs = [("user_name", "trader@example.com"), ("password", "p@ss w&rd=1+%")]
    key = FuturesKey("s", encoding=encoding)
    request = futures_wire.write_request(futures.LOGIN, pairs, key)
    incoming = futures_wire.read_request("POST", request.query, b"")
    assert list(incoming.pairs) == pairs
    expected = signing.sign_futures(pairs, "s", encoding)
    assert incoming.authorization == expected.digest


def test_a_name_given_twice_with_different_values_is_refused():
    with pytest.raises(ProtocolError, match="accountid"):
        futures_wire.read_request("POST", "accountid=1", b"accountid=2")
    assert futures_wire.read_request("POST", "a=1", b"a=1").pairs == (("a", "1"),)


def test_a_request_shows_neither_token_nor_password_nor_who_logs_in():
    pairs = [("user_name", "trader@example.com"), ("password", "hunter2"), ("api_key", "k-123")]
    request = futures_wire.write_request(futures.LOGIN, pairs, KEY)
    shown = repr(request) + str(request.parameters) + request.string_to_sign
    for secret in ("trader", "hunter2", "k-123", "demo-secret", request.digest):
        assert secret not in shown
    later = futures_wire.write_request(futures.ACCOUNT, [("accountid", 320)], KEY)
    assert "demo-token" not in repr(later) + str(later.parameters) + later.string_to_sign


def test_a_call_without_a_key_is_refused():
    with pytest.raises(InvalidArgument, match="needs a secret key"):
        futures_wire.write_request(futures.ACCOUNT, [])


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda v: v["id"])
def test_a_printed_reply_unwraps_to_its_payload(sample):
    call = CALLS[sample["method"], sample["path"]]
    reply = futures_wire.read_response(call, 200, json.dumps(sample["body"]).encode())
    assert reply.json() == sample["payload"]


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda v: v["id"])
def test_every_value_of_a_printed_reply_arrives_in_a_frame(sample, exact):
    call = CALLS[sample["method"], sample["path"]]
    body = json.dumps(sample["body"]).encode()
    decoded = read_rows(call, futures_wire.read_response(call, 200, body).payload, exact)
    assert not decoded.new_fields - {
        "token", "server_time", "settlement_time", "pageNo", "pageSize", "totalPage",
    }  # fmt: skip
    records = records_of(call, sample["payload"])
    for row, record in zip(decoded.rows, records, strict=True):
        for field in call.columns:
            if field.wire in record:
                assert_same(field, getattr(row, field.name), record[field.wire])
    frame = to_frame(call, decoded.rows, exact=exact)
    assert list(frame.columns) == [field.name for field in call.columns]
    empty = to_frame(call, [], exact=exact)
    assert (empty.dtypes == frame.dtypes).all()


def records_of(call, payload):
    if call.rows is Rows.LIST:
        return payload[call.member] if call.member else payload
    return [payload[call.member] if call.member else payload]


def assert_same(field, found, printed):
    if field.kind == "decimal":
        assert Decimal(str(found)) == Decimal(str(printed))
    elif field.kind in ("id", "integer"):
        assert found == int(printed)
    else:
        assert found == printed


def test_a_count_of_all_rows_is_read_where_there_is_one():
    body = b'{"positions": [], "total": 7, "code": 0, "msg": ""}'
    reply = futures_wire.read_response(futures.POSITION_LIST, 200, body)
    assert read_rows(futures.POSITION_LIST, reply.payload).total == 7
    body = b'{"list": [], "totalSize": 9, "pageNo": 1, "code": 0, "msg": "SUCC"}'
    reply = futures_wire.read_response(futures.GET_TRADE_REPORT, 200, body)
    assert read_rows(futures.GET_TRADE_REPORT, reply.payload).total == 9


def reply_of(name):
    sample = next(v for v in SAMPLES if v["id"] == f"futures:{name}")
    return CALLS[sample["method"], sample["path"]], json.loads(json.dumps(sample["body"]))


def test_blanks_in_keys_and_empty_numbers_are_understood():
    call, body = reply_of("symbollist")
    product = body["symbols"][0]
    product["three_days_swap "] = product.pop("three_days_swap")
    product["stop_level"] = ""
    reply = futures_wire.read_response(call, 200, json.dumps(body).encode())
    decoded = read_rows(call, reply.payload, exact=True)
    assert not decoded.new_fields
    assert decoded.rows[0].holiday_rollover == 1
    assert decoded.rows[0].min_stop_distance is None
    assert decoded.rows[0].product == product["name"]


def test_numbers_and_texts_mix_in_one_row_and_keep_their_digits():
    call, body = reply_of("getTradeReport")
    row = body["list"][0]
    row["execPrice"], row["commission"], row["profit"] = "91250.40", "0.8212536", 0.10
    row["stoploss"] = ""
    text = json.dumps(body).replace("0.1,", "0.100000000000000005551115,")
    reply = futures_wire.read_response(call, 200, text.encode())
    found = read_rows(call, reply.payload, exact=True).rows[0]
    assert (found.price, found.fee) == (Decimal("91250.40"), Decimal("0.8212536"))
    assert str(found.realized) == "0.100000000000000005551115"
    assert found.stop_loss is None


def test_a_missing_money_field_is_an_error():
    call, body = reply_of("getTradeReport")
    del body["list"][0]["execPrice"]
    reply = futures_wire.read_response(call, 200, json.dumps(body).encode())
    with pytest.raises(ProtocolError, match="execPrice"):
        read_rows(call, reply.payload)


def test_a_new_field_is_named_and_an_unknown_code_stays_readable():
    call, body = reply_of("getHisOrder")
    body["list"][0] |= {"surprise": 1, "status": 3, "kind": 17}
    reply = futures_wire.read_response(call, 200, json.dumps(body).encode())
    decoded = read_rows(call, reply.payload)
    assert "surprise" in decoded.new_fields
    frame = to_frame(call, decoded.rows)
    assert frame["status"][0] == "unknown(3)"
    assert frame["type"][0] == "unknown(17)"


@pytest.mark.parametrize("status", [5, "5", ""])
def test_a_state_may_come_as_number_or_text(status):
    call, body = reply_of("getHisOrder")
    body["list"][0]["status"] = status
    reply = futures_wire.read_response(call, 200, json.dumps(body).encode())
    frame = to_frame(call, read_rows(call, reply.payload).rows)
    word = frame["status"][0]
    assert word == "cancelled" if status else word != word


@pytest.mark.parametrize("vector", vectors("times"), ids=lambda v: v["id"])
def test_a_time_goes_by_its_magnitude(vector):
    expected = vector["seconds"]
    assert unix_seconds(vector["value"]) == (None if expected is None else float(expected))


@pytest.mark.parametrize("vector", vectors("tokens"), ids=lambda v: v["id"])
def test_a_token_is_kept_as_text_with_its_zeros(vector):
    body = json.dumps({"token": vector["token"], "account": None, "code": 0}).encode()
    reply = futures_wire.read_response(futures.LOGIN, 200, body)
    assert futures_wire.token_of(reply) == vector["token"]
    assert vector["token"] not in str(futures_wire.masked_login(reply).json())


def test_a_login_without_a_token_is_no_login():
    for token in (b"null", b"7", b'""'):
        body = b'{"code": 0, "token": ' + token + b"}"
        reply = futures_wire.read_response(futures.LOGIN, 200, body)
        with pytest.raises(ProtocolError, match="no token"):
            futures_wire.token_of(reply)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("error:Encode CheckMD5Sign failed", errors.AuthError),
        ("token invalid", errors.SessionExpired),
        ("API KEY NOT TRADE AUTH", errors.PermissionDenied),
        ("insufficient margin", errors.OrderRejected),
        ("market closed", errors.MarketClosed),
        ("invalid volume", errors.OrderRejected),
        ("price changed", errors.OrderRejected),
        ("invalid parameter: symbol", errors.BadRequest),
        ("system busy", errors.ServerError),
        ("something nobody wrote down", errors.OrderRejected),
    ],
)
def test_a_refusal_is_known_by_its_words_whatever_its_number(message, kind):
    for code in (-3, 17, "E-9"):
        body = futures_wire.write_failure(futures.OPEN_POSITION, code, message)
        with pytest.raises(ApiError) as caught:
            futures_wire.read_response(futures.OPEN_POSITION, 200, body)
        assert type(caught.value) is kind
        assert caught.value.code == code


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"7", b"{}", b"nonsense", b'{"code": ', b"\xff", b"[" * 100_000, b'{"a":1}'],
)
def test_what_is_no_envelope_is_a_protocol_error(body):
    with pytest.raises(ProtocolError):
        futures_wire.read_response(futures.ACCOUNT, 200, body)


def test_both_directions_of_every_envelope_agree():
    payload = {"account": {"id": 1, "balance": Decimal("1.10")}}
    body = futures_wire.write_response(futures.ACCOUNT, payload)
    assert b'"balance":1.10' in body
    reply = futures_wire.read_response(futures.ACCOUNT, 200, body)
    assert reply.json(exact=True) == payload
    body = futures_wire.write_response(futures.QUERY_IN_OUT_COIN, {"EnableAddCoin": True})
    assert futures_wire.read_response(futures.QUERY_IN_OUT_COIN, 200, body).json() == {
        "EnableAddCoin": True
    }
    failure = futures_wire.write_failure(futures.QUERY_IN_OUT_COIN, -3, "token invalid")
    assert json.loads(failure) == {"result": -3, "Data": None, "comment": "token invalid"}
