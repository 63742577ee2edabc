"""Payloads -> typed rows, against BTCC's printed replies."""

import copy
import json
from types import SimpleNamespace

import pytest

from btcc_research.errors import BtccError, ProtocolError
from btcc_research.protocol import spot, wire
from btcc_research.protocol.endpoint import Rows
from btcc_research.protocol.rows import read_rows, write_rows
from tests.conftest import vectors

ROUTES = {(call.verb, call.path): call for call in spot.CATALOGUE.values()}
SAMPLES = [v for v in vectors("rest_samples") if (v["method"], v["path"]) in ROUTES]


def body_of(sample):
    return json.dumps(sample["body"]).encode()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda v: v["id"])
def test_a_printed_reply_unwraps_to_its_payload(sample):
    call = ROUTES[sample["method"], sample["path"]]
    assert wire.read_response(call, 200, body_of(sample)).json() == sample["payload"]


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda v: v["id"])
def test_every_value_of_a_printed_reply_arrives_in_a_row(sample, exact):
    call = ROUTES[sample["method"], sample["path"]]
    decoded = read_rows(call, wire.read_response(call, 200, body_of(sample)).payload, exact)
    assert not decoded.new_fields
    for row, record in zip(decoded.rows, records_of(call, sample["payload"]), strict=True):
        for field in call.columns:
            if field.wire in record:
                assert_same(field, getattr(row, field.name), record[field.wire], exact=exact)
            else:
                assert getattr(row, field.name) is None


def assert_same(field, found, printed, *, exact):
    if field.kind == "decimal":
        assert found == (printed if exact else float(printed))
    else:
        assert found == printed


def records_of(call, payload):
    """Return the printed records, by a reading of the document of the test's own."""
    if call.rows is Rows.MAP:
        return [{"asset": asset, **values} for asset, values in payload.items()]
    if call.rows is Rows.SCALAR:
        return [{"value": payload}]
    if call.rows is Rows.CANDLES:
        return [{str(n): value for n, value in enumerate(row)} for row in payload]
    if call.rows is Rows.BOOK:
        return [
            {"time": payload["time"], "side": side[:-1], "price": price, "amount": amount}
            for side in ("asks", "bids")
            for price, amount in payload[side]
        ]
    if call.rows is Rows.OBJECT:
        return [payload]
    return payload["records"] if isinstance(payload, dict) else payload


def sample_of(name):
    return copy.deepcopy(next(v for v in SAMPLES if v["id"] == f"spot:{name}")["payload"])


def encode(value):
    return json.dumps(value).encode()


def test_a_ledger_is_read_bare_and_in_a_container():
    rows = sample_of("asset_query_history")
    bare = read_rows(spot.ASSET_QUERY_HISTORY, encode(rows)).rows
    wrapped = read_rows(spot.ASSET_QUERY_HISTORY, encode({"records": rows, "limit": 1})).rows
    assert bare == wrapped


@pytest.mark.parametrize("detail", [None, [], [{"m": "BTCUSDT"}], {"m": "BTCUSDT"}])
def test_every_form_of_a_ledger_detail_is_read(detail):
    rows = [{**sample_of("asset_query_history")[0], "detail": detail}]
    assert read_rows(spot.ASSET_QUERY_HISTORY, encode(rows)).rows[0].detail == detail


def test_a_new_field_is_kept_out_and_named():
    order = {**sample_of("order_limit"), "colour": "red", "size": 7}
    decoded = read_rows(spot.ORDER_LIMIT, encode(order))
    assert decoded.new_fields == {"colour", "size"}
    assert decoded.rows[0].id == order["id"]


def test_a_missing_money_field_is_a_protocol_error():
    order = sample_of("order_limit")
    del order["deal_money"]
    with pytest.raises(ProtocolError, match="deal_money"):
        read_rows(spot.ORDER_LIMIT, encode(order))


def test_a_missing_optional_field_is_missing_in_the_row():
    order = sample_of("order_limit")
    del order["client_id"], order["fee_asset"]
    assert read_rows(spot.ORDER_LIMIT, encode(order)).rows[0].client_id is None


def test_an_undocumented_payload_never_fails():
    for payload in (b"null", b'"success"', b"true", b"[]", b"7"):
        assert read_rows(spot.ORDER_CANCEL_ALL, payload).rows == []


def test_null_is_no_row():
    assert read_rows(spot.ORDER_PENDING_DETAIL, b"null").rows == []
    assert read_rows(spot.ORDER_FINISHED, b"null").rows == []


def test_an_id_beyond_floats_keeps_every_digit():
    order = {**sample_of("order_limit"), "id": 2**62 + 1}
    assert read_rows(spot.ORDER_LIMIT, encode(order)).rows[0].id == 2**62 + 1


def test_a_number_where_text_is_usual_is_kept():
    line = {**sample_of("asset_query_history")[0], "business_id": 7310045121}
    assert read_rows(spot.ASSET_QUERY_HISTORY, encode([line])).rows[0].business_id == 7310045121


def test_a_server_writes_what_a_client_reads():
    order = SimpleNamespace(
        id=7, market="BTCUSDT", side="sell", type="limit", time_in_force="IOC", price="1.50",
        amount="2", remaining="0", filled="2", cost="3.00", fee="0.01", taker_rate="0.0030",
        maker_rate="0.0020", fee_asset=None, asset_fee="0", fee_discount="1",
        created_at=1_768_212_345_104_233, updated_at=1_768_212_346_000_000, source="a",
        client_id="", user_id=1, account_id=1,
    )  # fmt: skip
    record = write_rows(spot.ORDER_LIMIT, [order])[0]
    assert (record["side"], record["type"], record["option"]) == (2, 1, 8)
    assert record["ctime"] == 1768212345.104233
    assert record["mtime"] == 1768212346
    assert record["fee_asset"] is None
    row = read_rows(spot.ORDER_LIMIT, encode(record), exact=True).rows[0]
    assert (row.price, row.filled, row.cost) == ("1.50", "2", "3.00")


MALFORMED = [
    b"",
    b"{",
    b"[[",
    b'[{"id":1}]',
    b'{"records":5}',
    b"5",
    b"NaN",
    b"[" * 90_000,
    b"\xff",
]


@pytest.mark.parametrize("call", spot.CATALOGUE.values(), ids=lambda c: c.name)
def test_a_malformed_payload_raises_nothing_but_our_own_errors(call):
    for payload in MALFORMED:
        try:
            read_rows(call, payload)
        except BtccError:
            continue
