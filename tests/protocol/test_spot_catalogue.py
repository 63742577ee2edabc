"""The catalogue against the machine-readable description of BTCC's interface."""

import json

import pytest

from btcc_research.protocol import spot
from btcc_research.protocol.endpoint import Effect, Rows
from tests.conftest import DATA

ENTRIES = [
    entry
    for entry in json.loads((DATA / "catalog.json").read_text(encoding="utf-8"))["entries"]
    if entry["surface"] == "spot-rest"
]
TEST_ENVIRONMENT = {"order_place_order", "order_amend_order", "order_amend_keep_priority"}
KNOWN = [entry for entry in ENTRIES if entry["name"] not in TEST_ENVIRONMENT]
CALLS = {(call.verb, call.path): call for call in spot.CATALOGUE.values()}


def test_every_documented_and_live_call_is_there_and_nothing_else():
    assert CALLS.keys() == {(entry["method"], entry["path"]) for entry in KNOWN}
    assert len(CALLS) == 28


def test_the_names_are_the_catalogues_with_cancel_spelled_right():
    assert {call.name for call in CALLS.values()} == {
        entry["name"].replace("cancle", "cancel") for entry in KNOWN
    }


@pytest.fixture(params=KNOWN, ids=lambda entry: entry["name"])
def entry_and_call(request):
    return request.param, CALLS[request.param["method"], request.param["path"]]


def test_signature_permission_and_envelope_agree(entry_and_call):
    entry, call = entry_and_call
    assert call.signed == entry["signed"]
    assert (call.effect is Effect.TRADE) == (entry["permission"] == "trade")
    assert call.envelope == entry["envelope"][0]


def test_only_reads_are_repeated(entry_and_call):
    _, call = entry_and_call
    assert call.repeatable == (call.verb == "GET")


def test_parameters_agree(entry_and_call):
    entry, call = entry_and_call
    documented = [p for p in entry["params"] if p["name"] not in ("access_id", "tm")]
    ours = {field.wire: field for field in call.params}
    assert ours.keys() == {parameter["name"] for parameter in documented}
    for parameter in documented:
        field = ours[parameter["name"]]
        assert field.required == parameter["required"]
        if "max" in parameter:
            assert field.largest == int(str(parameter["max"]).removesuffix(" ids"))
        if "max_length" in parameter:
            assert field.largest == parameter["max_length"]


def test_every_documented_column_is_declared(entry_and_call):
    entry, call = entry_and_call
    if call.rows in (Rows.SCALAR, Rows.BOOK, Rows.CANDLES, Rows.MAP):
        return  # these shapes have no named fields; the printed replies test them
    leaves = {path.split(".")[-1] for path in entry["returns"] if "detail." not in path}
    containers = {"result", "result[]", "records", "records[]", "total", "offset", "limit"}
    declared = {field.wire for field in call.columns}
    assert leaves - containers <= declared


def test_every_declaration_names_its_source(entry_and_call):
    _, call = entry_and_call
    assert "Spot Trading API" in call.source or "public" in call.source
    assert len(call.title) > 3


def test_a_fallback_is_a_call_of_the_catalogue():
    assert {call.fallback for call in CALLS.values()} - {""} <= spot.CATALOGUE.keys()
