"""What the quote socket sends, against BTCC's printed and captured frames."""

import json

import pytest

from btcc_research.errors import ProtocolError
from btcc_research.protocol import quote_forms, quote_frames, quote_socket
from btcc_research.protocol import stream_events as events
from btcc_research.protocol.products import ProductName, product_name
from btcc_research.protocol.quote_questions import kline_type
from btcc_research.protocol.quote_shapes import read_frame
from tests.conftest import vectors
from tests.protocol.quote_world import ACCOUNT, KEY, client_of

FRAMES = [v for v in vectors("frames") if v["surface"] == "futures-quote-ws"]
SAMPLES = {v["name"]: v for v in vectors("ws_samples") if v["surface"] == "futures-quote-ws"}


def frames_of(kind):
    return [v for v in FRAMES if v["type"] == kind]


def ids(vector):
    return vector["id"]


def fields(rows, **names):
    """Return rows as dicts under the vectors' neutral names."""
    return [{name: getattr(row, ours) for name, ours in names.items()} for row in rows]


@pytest.mark.parametrize("vector", vectors("symbols"), ids=ids)
def test_a_product_name_says_market_and_leverage(vector):
    found = product_name(vector["text"])
    assert found == ProductName(vector["pair"], vector["max_leverage"])


def test_a_name_of_the_trading_hours_is_the_market_itself():
    assert product_name("TSLAUSDT") == ProductName("TSLAUSDT")


def test_an_override_wins():
    odd = {"BTC/USDT.100x": ProductName("XBTUSDT", 5)}
    assert product_name("BTC/USDT.100x", odd) == ProductName("XBTUSDT", 5)


@pytest.mark.parametrize("text", ["", "/", "//", "///", "a/b/", "x", "0x", "a/b/c/5x", ".", ".5x"])
def test_any_text_has_a_market(text):
    assert isinstance(product_name(text).market, str)


@pytest.mark.parametrize("vector", vectors("futures_kline_types"), ids=lambda v: v["name"])
def test_candle_lengths_have_their_codes(vector):
    kind = quote_socket.KLINE_TYPES[vector["interval"]]
    assert (kind.seconds, kind.name) == (vector["seconds"], vector["name"])
    assert kline_type(vector["seconds"]) == kind


def test_no_other_candle_length_exists():
    assert len(quote_socket.KLINE_TYPES) == len(vectors("futures_kline_types"))
    assert kline_type(61) is None


@pytest.mark.parametrize("vector", frames_of("Login"), ids=ids)
def test_a_login_answer_is_read(vector):
    answer = quote_frames.read_login(read_frame(vector["raw"]))
    expected = vector["expect"]
    assert answer.is_accepted is expected["ok"]
    if expected["ok"]:
        assert answer.server_time == expected["server_time"]
    else:
        assert answer.message == expected["message"]


@pytest.mark.parametrize("vector", frames_of("Dict"), ids=ids)
def test_the_dictionary_is_read(vector):
    rows = quote_frames.read_products(read_frame(vector["raw"]))
    names = {"sec_id": "code", "short_name": "short_name", "digits": "price_precision",
             "zone": "zone", "boards": "boards"}  # fmt: skip
    assert fields(rows, **names) == vector["expect"]["rows"]
    assert [(row.market, row.max_leverage) for row in rows] == [
        ("BTCUSDT", 100), ("ETHUSDT", 100), ("TSLAUSDT", 20),
    ]  # fmt: skip


@pytest.mark.parametrize("vector", frames_of("All Products"), ids=ids)
def test_trading_hours_are_read(vector):
    rows = quote_frames.read_schedules(read_frame(vector["raw"]))
    names = {"name": "market", "weekday": "weekday", "season": "season", "windows": "windows",
             "closed": "is_closed"}  # fmt: skip
    assert fields(rows, **names) == vector["expect"]["rows"]


@pytest.mark.parametrize("vector", frames_of("Panel"), ids=ids)
def test_a_board_is_read(vector):
    zone, rows = quote_frames.read_panel(read_frame(vector["raw"]), {})
    names = {name: name for name in vector["expect"]["rows"][0]} | {"sec_id": "code"}
    assert (zone, fields(rows, **names)) == (vector["expect"]["zone"], vector["expect"]["rows"])


@pytest.mark.parametrize("vector", frames_of("tickinfo"), ids=ids)
def test_best_prices_are_read(vector):
    rows = quote_frames.read_quotes(read_frame(vector["raw"]), {})
    names = {name: name for name in vector["expect"]["rows"][0]}
    names |= {"sec_id": "code", "last_volume": "last_amount"}
    assert fields(rows, **names) == vector["expect"]["rows"]


@pytest.mark.parametrize("vector", frames_of("tickinfo_deep"), ids=ids)
def test_a_book_is_read(vector):
    found = quote_frames.read_deep_quotes(read_frame(vector["raw"]), {})
    names = {name: name for name in vector["expect"]["rows"][0]}
    names |= {"sec_id": "code", "last_volume": "last_amount"}
    assert json.loads(json.dumps(fields(found, **names))) == vector["expect"]["rows"]


@pytest.mark.parametrize("vector", frames_of("dealticksnap"), ids=ids)
def test_last_trades_are_read(vector):
    frame, expected = read_frame(vector["raw"]), vector["expect"]
    snapshots = quote_frames.read_trades(frame, {})
    assert frame.volumedigits == expected["volume_digits"]
    unknown = [snapshot.code for snapshot in snapshots if not snapshot.is_known]
    assert unknown == expected.get("unknown_codes", [])
    names = {"sec_id": "code", "price": "price", "volume": "amount", "time": "time"}
    rows = [row for snapshot in snapshots for row in snapshot.rows]
    assert fields(rows, **names) == expected["rows"]


@pytest.mark.parametrize("vector", frames_of("Kline"), ids=ids)
def test_candles_are_read(vector):
    answer, expected = quote_frames.read_klines(read_frame(vector["raw"]), {}), vector["expect"]
    assert (answer.code, answer.interval) == (expected["sec_id"], expected["interval"])
    assert quote_socket.KLINE_TYPES[answer.interval].seconds == expected["length_seconds"]
    names = {name: name for name in expected["rows"][0]} | {"time": "open_time"}
    assert fields(answer.rows, **names) == expected["rows"]


@pytest.mark.parametrize("vector", [v for v in FRAMES if "kind" in v["expect"]], ids=ids)
def test_empty_and_unreadable_frames_are_counted(vector):
    client = client_of()
    client.reset(0.0)
    found = client.receive(vector["raw"], 1.0)
    assert (client.empty, client.set_aside) == ((1, 0) if vector["raw"] == "" else (0, 1))
    assert [type(event) for event in found] == [events.SetAside] * client.set_aside


@pytest.mark.parametrize("vector", frames_of("keeplive"), ids=ids)
def test_a_heartbeat_is_heard_and_says_nothing(vector):
    client = client_of()
    client.reset(0.0)
    assert client.receive(vector["raw"], 9.0) == []
    assert (client.heard_at, client.ignored, client.set_aside) == (9.0, 0, 0)


def test_every_frame_of_the_vectors_is_tested_here():
    tested = {"Login", "Dict", "All Products", "Panel", "tickinfo", "tickinfo_deep"}
    tested |= {"dealticksnap", "Kline", "keeplive", "empty text", "not JSON"}
    assert {vector["type"] for vector in FRAMES} == tested


@pytest.mark.parametrize("name", ["login", "ReqRealPanel", "ReqSubcri", "ReqKline", "KeepLive"])
def test_requests_are_written_as_they_are_printed(name):
    printed = SAMPLES[name]["request"]
    action = printed.get("action")
    if action is None:
        text = quote_forms.login_text(printed["name"], printed["key"])
    else:
        values = {key: value for key, value in printed.items() if key != "action"}
        text = quote_forms.request_text(action, values)
    assert json.loads(text) == printed


def printed_frames():
    return [
        pytest.param(name, form["frame"], id=f"{name}, {form['form']}")
        for name, sample in SAMPLES.items()
        for form in sample.get("frames", [])
    ]


@pytest.mark.parametrize(("name", "frame"), printed_frames())
def test_every_printed_frame_is_recognised(name, frame):
    client = client_of()
    client.reset(0.0)
    client.receive(json.dumps(frame), 1.0)
    assert client.set_aside == 0
    assert client.ignored == (name == "Kline")  # which nobody asked for


def test_json_numbers_are_rounded_to_the_decimals_of_their_product():
    product = quote_frames.read_products(read_frame(FRAMES[3]["raw"]))[0]
    raw = next(v for v in FRAMES if v["type"] == "Panel")["raw"].replace(
        "1139.9", "1139.8999999999942"
    )
    _, rows = quote_frames.read_panel(read_frame(raw), {product.code: product})
    assert (rows[0].change, rows[0].high, rows[0].market) == ("1139.90", "91980.00", "BTCUSDT")
    assert rows[1].high == "3140.1"


def test_a_board_row_of_zeros_has_no_prices():
    row = dict.fromkeys(("CurPrice", "BuyPrice", "SellPrice", "OpenPrice", "HighPrice", "LowPrice", "YesterdayPrice", "Change", "Time", "IsOpen"), 0)  # fmt: skip
    frame = {"action": "Panel", "data": {"TypeID": 6, "Panel": [{"CodeId": 7, **row}]}}
    _, rows = quote_frames.read_panel(read_frame(json.dumps(frame)), {})
    assert (rows[0].last, rows[0].bid, rows[0].ask, rows[0].time) == (None, None, None, None)
    assert rows[0].is_open is False


def test_the_higher_price_of_a_board_is_the_ask_however_it_is_called():
    row = {"CodeId": 7, "BuyPrice": 9.5, "SellPrice": 10.5, "CurPrice": 10}
    frame = {"action": "Panel", "data": {"TypeID": 6, "Panel": [row]}}
    _, rows = quote_frames.read_panel(read_frame(json.dumps(frame)), {})
    assert (rows[0].bid, rows[0].ask) == ("9.5", "10.5")


@pytest.mark.parametrize("code", ["3289142", 3289142])
def test_a_product_code_is_read_as_text_and_as_a_number(code):
    frame = {"action": "tickinfo", "data": [{"Y": code, "A": ["2"], "B": ["1"], "T": 5}]}
    assert quote_frames.read_quotes(read_frame(json.dumps(frame)), {})[0].code == 3289142


@pytest.mark.parametrize(
    "data",
    ['[{"Y": "x"}]', '[{"Y": -1.5}]', '[{"Y": "1", "A": ["q"]}]', "{}", "7", '[{"Y": "1", "T": -1}]',
     '[{"Y": "1", "A": ["1"], "U": []}]'],
)  # fmt: skip
def test_a_frame_of_another_shape_is_a_protocol_error(data):
    frame = read_frame(f'{{"action": "tickinfo_deep", "data": {data}}}')
    with pytest.raises(ProtocolError):
        quote_frames.read_deep_quotes(frame, {})


def test_the_key_shows_in_no_repr():
    client = client_of()
    client.reset(0.0)
    assert KEY in client.texts_to_send()[0]
    assert KEY not in repr(client)
    assert KEY not in repr(client._login)
    assert ACCOUNT in repr(client._login)
