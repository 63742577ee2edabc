"""The futures catalogue against the machine-readable description of BTCC's interface."""

import json

import pytest

from btcc_research.protocol import futures
from btcc_research.protocol.endpoint import Effect, Paging
from tests.conftest import DATA

ENTRIES = [
    entry
    for entry in json.loads((DATA / "catalog.json").read_text(encoding="utf-8"))["entries"]
    if entry["surface"] == "futures-rest"
]
CALLS = {(call.verb, call.path): call for call in futures.CATALOGUE.values()}
CONTAINERS = {
    "code", "msg", "token", "account", "server_time", "symbols[]", "total", "list[]", "Data",
    "result", "comment", "settlement_time", "pageNo", "pageSize", "totalPage", "totalSize",
}  # fmt: skip


def test_every_call_is_there_and_nothing_else():
    assert CALLS.keys() == {(entry["method"], entry["path"]) for entry in ENTRIES}
    assert len(CALLS) == 27


def test_the_names_are_btccs_own_with_words_apart():
    ours = {call.name.replace("_", "").lower() for call in CALLS.values()}
    assert ours == {entry["name"].replace("Curreny", "Currency").lower() for entry in ENTRIES}


@pytest.fixture(params=ENTRIES, ids=lambda entry: entry["name"])
def entry_and_call(request):
    return request.param, CALLS[request.param["method"], request.param["path"]]


def test_permission_and_envelope_agree(entry_and_call):
    entry, call = entry_and_call
    assert call.signed
    assert (call.effect is Effect.TRADE) == (entry["permission"] == "trade")
    assert (call.effect is Effect.LOGIN) == (entry["permission"] == "none")
    assert call.envelope == {"code/msg": "F", "result/Data/comment": "M"}[entry["envelope"]]
    assert call.experimental == (not entry["documented"])


def test_only_reads_are_repeated(entry_and_call):
    _, call = entry_and_call
    assert call.repeatable == (call.verb == "GET")


def test_parameters_agree(entry_and_call):
    entry, call = entry_and_call
    documented = [p for p in entry["params"] if p["name"] not in ("token", "sign")]
    ours = {field.wire: field for field in call.params}
    assert ours.keys() == {parameter["name"] for parameter in documented}
    for parameter in documented:
        field = ours[parameter["name"]]
        assert field.required == (parameter["required"] is True)
        if "enum" in parameter:
            assert {str(c) for c in field.codes} >= {str(c) for c in parameter["enum"]}


def test_every_documented_column_is_declared(entry_and_call):
    entry, call = entry_and_call
    declared = {field.wire for field in call.columns}
    for path in entry["returns"]:
        leaf = path.removeprefix("Data.").removeprefix("Data[].").removeprefix("list[].")
        leaf = leaf.removeprefix(f"{call.member}[].").removeprefix(f"{call.member}.")
        whole = leaf.split("[].")[0].split(".")[0]  # tiers and commissions are kept whole
        known = whole in declared or whole in CONTAINERS
        assert known or whole.startswith(("sub", "total")), f"{call.name}: {path}"


def test_paged_calls_page_by_number(entry_and_call):
    _, call = entry_and_call
    paged = any(field.wire == "pageNo" for field in call.params)
    assert (call.paging is Paging.BY_PAGE) == paged


def test_every_declaration_names_its_source(entry_and_call):
    _, call = entry_and_call
    assert "TradeOpenApi" in call.source or call.experimental
    assert len(call.title) > 3


def test_the_three_lists_of_order_types_and_the_fourth_stay_apart():
    calls = futures.CATALOGUE
    lists = [
        {f.name: f for f in calls["open_pending"].params}["type"].codes,
        {f.name: f for f in calls["update_pending"].params}["type"].codes,
        {f.name: f for f in calls["deal_today_list"].columns}["type"].codes,
        {f.name: f for f in calls["get_trade_report"].columns}["type"].codes,
    ]
    assert [sorted(codes) for codes in lists] == [
        [1, 2, 3, 4, 5], [0, 1], [1, 2, 3, 4, 5, 6, 7, 8, 9, 12], [1, 2, 4, 16, 32],
    ]  # fmt: skip
