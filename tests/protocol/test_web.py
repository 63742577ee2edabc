"""The two calls of the web page that tell funding rates."""

import json
from decimal import Decimal

import pytest

from btcc_research.errors import ApiError, ProtocolError
from btcc_research.protocol import futures_wire, web
from btcc_research.protocol.wire import Reply
from tests.conftest import vectors

ENVELOPES = [v for v in vectors("envelopes") if v["surface"] == "futures-web"]
SAMPLES = [v for v in vectors("rest_samples") if v["surface"] == "futures-web"]
HOUR = 1_790_121_600  # 2026-09-23 00:00 UTC


@pytest.mark.parametrize("vector", ENVELOPES, ids=lambda v: v["id"])
def test_an_answer_of_the_page_reads_as_the_vector_says(vector):
    expected, body = vector["expect"], vector["body"].encode()
    if not expected["ok"]:
        with pytest.raises(ApiError) as caught:
            futures_wire.read_response(web.FUND_RATE, 200, body)
        assert (caught.value.code, caught.value.message) == (expected["code"], expected["message"])
        return
    estimate = web.read_estimate(futures_wire.read_response(web.FUND_RATE, 200, body))
    if expected["payload"] is None:
        assert estimate is None
        return
    assert estimate.rate == Decimal(expected["payload"]["funding_rate"])
    assert list(estimate.hours) == expected["payload"]["hours_utc"]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda v: v["id"])
def test_a_captured_answer_of_the_page_unwraps_or_is_refused(sample):
    call = web.FUND_RATE_LOG if "Log" in sample["id"] else web.FUND_RATE
    body = json.dumps(sample["body"]).encode()
    if sample["body"]["code"] == "OK":
        reply = futures_wire.read_response(call, 200, body)
        assert reply.json() == sample["payload"]
        read = web.read_settled if call is web.FUND_RATE_LOG else web.read_estimate
        assert read(reply)
        return
    with pytest.raises(ApiError) as caught:
        futures_wire.read_response(call, 200, body)
    assert (caught.value.code, caught.value.message) == (
        sample["body"]["code"], sample["body"]["msg"],
    )  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        {"rows": [{"time": "2026-09-23 00:00", "rate": "+0.0357%"}]},
        {
            "total": 1,
            "list": [{"settleTime": HOUR * 1000, "value": "0.0357%", "symbol": "BTCUSDT"}],
        },
        [{"a": "2026-09-23T00:01:00+00:00", "b": " +0.0357% ", "c": 7}],
    ],
)
def test_settled_rates_are_read_wherever_the_page_puts_them(data):
    reply = Reply(json.dumps(data).encode())
    assert web.read_settled(reply) == [(HOUR, Decimal("0.000357"))]


def test_a_row_without_a_rate_or_a_time_is_an_error():
    for row in ({"time": "2026-09-23 00:00"}, {"rate": "+0.1%"}):
        with pytest.raises(ProtocolError):
            web.read_settled(Reply(json.dumps({"rows": [row]}).encode()))


def test_an_estimate_without_a_rate_is_an_error():
    for data in ({}, {"fundrate": "x", "fundratetm": "0"}, [1]):
        with pytest.raises(ProtocolError):
            web.read_estimate(Reply(json.dumps(data).encode()))


def test_no_rates_are_no_rows():
    for data in (None, {"rows": []}, {}):
        assert web.read_settled(Reply(json.dumps(data).encode())) == []


def test_what_is_written_is_read():
    rates = [(HOUR, Decimal("-0.000125")), (HOUR + 28_800, Decimal("0.0001"))]
    assert web.read_settled(Reply(json.dumps(web.write_settled(rates)).encode())) == rates
    estimate = web.Estimate(Decimal("0.000463"), (0, 8, 16))
    written = json.dumps(web.write_estimate(estimate)).encode()
    assert web.read_estimate(Reply(written)) == estimate
