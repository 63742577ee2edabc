"""Frames: declared columns and dtypes, exact numbers, and the fast reading of candles."""

import json
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from btcc_research.errors import ProtocolError
from btcc_research.frames import candle_frame, candle_table, dtype_name, to_frame
from btcc_research.protocol import spot, wire
from btcc_research.protocol.rows import read_rows
from tests.protocol.test_rows import SAMPLES, body_of, sample_of

CALLS = [call for call in spot.CATALOGUE.values() if call is not spot.MARKET_KLINE]
KLINE = spot.MARKET_KLINE


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_an_empty_frame_has_the_declared_columns_and_dtypes(call, exact):
    frame = to_frame(call, [], exact=exact)
    assert list(frame.columns) == [field.name for field in call.columns]
    for field in call.columns:
        assert str(frame[field.name].dtype).startswith(dtype_name(field.kind, exact=exact))


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda v: v["id"])
def test_a_full_frame_has_the_dtypes_of_an_empty_one(sample, exact):
    call = next(c for c in spot.CATALOGUE.values() if c.path == sample["path"])
    payload = wire.read_response(call, 200, body_of(sample)).payload
    if call is KLINE:
        full = candle_frame(
            call, [candle_table(call, payload, "BTCUSDT", exact=exact)], 0, 60, exact=exact
        )
        empty = candle_frame(call, [], 0, 60, exact=exact)
    else:
        full = to_frame(call, read_rows(call, payload, exact).rows, exact=exact)
        empty = to_frame(call, [], exact=exact)
    assert len(full) > 0
    assert (full.dtypes == empty.dtypes).all()
    assert full.index.dtype == empty.index.dtype


def order_frame(*, exact=False, **changes):
    record = {**sample_of("order_limit"), **changes}
    rows = read_rows(spot.ORDER_LIMIT, json.dumps(record).encode(), exact).rows
    return to_frame(spot.ORDER_LIMIT, rows, exact=exact)


def test_codes_become_words_and_unknown_ones_stay_readable():
    frame = order_frame(type=17)
    assert frame["side"][0] == "buy"
    assert frame["time_in_force"][0] == "GTC"
    assert frame["type"][0] == "unknown(17)"


def test_times_are_utc_to_the_microsecond():
    frame = order_frame(ctime=1724999537.100992)
    assert frame["created_at"][0] == pd.Timestamp("2024-08-30 06:32:17.100992", tz="UTC")


def test_a_time_of_zero_is_missing():
    assert order_frame(ctime=0)["created_at"].isna()[0]


def test_an_id_beyond_floats_keeps_every_digit():
    assert order_frame(id=2**53 + 1)["id"][0] == 2**53 + 1


def test_an_id_too_large_for_any_column_is_refused():
    with pytest.raises(ProtocolError, match="above"):
        order_frame(id=2**63)


@given(st.decimals(-(10**19), 10**19, places=18, allow_nan=False))
def test_exact_decimals_keep_every_digit(number):
    frame = order_frame(exact=True, price=str(number))
    assert frame["price"][0] == number


@pytest.mark.parametrize("text", ["0E-7", "1e-10", "123456789012345678.123456789"])
def test_odd_spellings_of_numbers_are_exact(text):
    assert order_frame(exact=True, price=text)["price"][0] == Decimal(text)
    assert order_frame(price=text)["price"][0] == float(text)


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "", "abc", "0x10", "1_0", None, True, []])
@pytest.mark.parametrize("exact", [False, True])
def test_what_is_no_number_is_refused(text, exact):
    with pytest.raises(ProtocolError):
        order_frame(exact=exact, price=text)


def test_more_digits_than_a_decimal_holds_are_refused_not_rounded():
    with pytest.raises(ProtocolError, match="does not fit"):
        order_frame(exact=True, price="0.1234567890123456789")


# Candles

ROW = [
    1768212240,
    "91230.00",
    "91248.75",
    "91251.10",
    "91226.40",
    "3.10442",
    "283216.8119250",
    "BTCUSDT",
]


def table_of(rows, *, exact=False, separators=(",", ":")):
    body = {"code": 0, "data": {"result": rows}, "message": "OK"}
    reply = wire.read_response(KLINE, 200, json.dumps(body, separators=separators).encode())
    return candle_table(KLINE, reply.payload, "BTCUSDT", exact=exact)


def test_candle_columns_are_open_close_high_low_on_the_wire():
    frame = candle_frame(KLINE, [table_of([ROW])], 2**40, 60)
    assert frame.iloc[0].to_dict() == {
        "open": 91230.00, "high": 91251.10, "low": 91226.40, "close": 91248.75,
        "volume": 3.10442, "turnover": 283216.8119250, "closed": True,
    }  # fmt: skip
    assert frame.index[0] == pd.Timestamp("2026-01-12 10:04", tz="UTC")
    assert frame.index.name == "open_time"


prices = st.decimals("0.000001", 10**9, allow_nan=False, places=8).map(lambda d: format(d, "f"))
times = st.integers(1, 2**33)


@given(st.lists(st.tuples(times, prices, prices, prices, prices, prices, prices), max_size=30))
def test_candles_read_like_plain_json_to_the_last_bit(rows):
    rows = [[*row, "BTCUSDT"] for row in rows]
    for separators in ((",", ":"), (", ", ": ")):
        table = table_of(rows, separators=separators)
        assert table.column("open_time").to_pylist() == [row[0] for row in rows]
        names = ["open", "close", "high", "low", "volume", "turnover"]
        for place, name in enumerate(names, start=1):
            assert table.column(name).to_pylist() == [float(row[place]) for row in rows]
        exact = table_of(rows, exact=True, separators=separators)
        assert exact.column("low").to_pylist() == [Decimal(row[4]) for row in rows]


def changed(place, value):
    return [value if n == place else old for n, old in enumerate(ROW)]


REFUSED = {
    "a missing value": ROW[:-1],
    "a value too many": [*ROW, "1"],
    "null": changed(1, None),
    "empty text": changed(1, ""),
    "not a number": changed(2, "nan"),
    "infinite": changed(2, "inf"),
    "another market": changed(7, "ETHUSDT"),
    "brackets in a market": changed(7, "BTC],[USDT"),
    "a list": changed(3, ["1"]),
    "an object": changed(3, {"a": 1}),
    "true": changed(3, True),
    "a bracket in a number": changed(5, "3.1]0442"),
    "the other bracket in a number": changed(5, "3.1[0442"),
    "a comma in a number": changed(5, "3,1"),
    "a blank in a number": changed(5, "3 1"),
    "hexadecimal": changed(5, "0x10"),
    "an underscore": changed(5, "1_0"),
    "half a second": changed(0, 1768212240.5),
    "no row at all": [],
    "null for a row": None,
    "a number for a row": 5,
}


@pytest.mark.parametrize("odd", REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.parametrize("exact", [False, True])
def test_an_odd_candle_row_is_refused_never_misread(odd, exact):
    for rows in ([odd], [ROW, odd], [odd, ROW], [ROW, odd, ROW]):
        for separators in ((",", ":"), (", ", ": ")):
            with pytest.raises(ProtocolError):
                table_of(rows, exact=exact, separators=separators)


ODD_BUT_CLEAR = {
    "a number instead of text": (changed(1, 91230.5), 91230.5),
    "time as text": (changed(0, "1768212240"), 91230.0),
    "an escape": (json.loads(json.dumps(ROW)), 91230.0),
}


@pytest.mark.parametrize(("row", "opened"), ODD_BUT_CLEAR.values(), ids=ODD_BUT_CLEAR.keys())
def test_a_candle_row_that_is_odd_but_clear_is_read(row, opened):
    assert table_of([ROW, row]).column("open").to_pylist() == [91230.0, opened]


@pytest.mark.parametrize(
    "text",
    [
        '[[1768212240,"9\\u00310","1","2","1","1","1","BTCUSDT"]]',
        '[ [1768212240 ,\n"910","1","2","1","1","1","BTCUSDT"] ]',
        '[[1768212240,\t"910","1","2","1","1","1","BTCUSDT"]]',
        '[[1768212240,"910","1","2","1","1","1","BTCUSD\\u0054"]]',
    ],
)
def test_json_written_unusually_is_read_as_json(text):
    reply = wire.read_response(KLINE, 200, f'{{"error":null,"result":{text}}}'.encode())
    assert candle_table(KLINE, reply.payload, "BTCUSDT").column("open").to_pylist() == [910.0]


@pytest.mark.parametrize("envelope", ["A", "B", "C"])
def test_candles_are_read_from_every_envelope(envelope):
    for nested in (True, False):
        body = wire.write_response([ROW], envelope, nested=nested)
        payload = wire.read_response(KLINE, 200, body).payload
        assert candle_table(KLINE, payload, "BTCUSDT").num_rows == 1


def test_no_candles_are_an_empty_frame():
    frame = candle_frame(KLINE, [table_of([])], 0, 60)
    assert len(frame) == 0
    assert list(frame.columns) == ["open", "high", "low", "close", "volume", "turnover", "closed"]


def test_a_repeated_candle_is_replaced_by_the_later_answer_and_order_is_kept():
    early, late = changed(0, 60), changed(0, 120)
    first, second = table_of([late, early]), table_of([[120, "7.00", *ROW[2:]]])
    frame = candle_frame(KLINE, [first, second], 2**40, 60)
    assert frame.index.is_monotonic_increasing
    assert list(frame["open"]) == [91230.0, 7.0]


def test_a_candle_is_closed_when_it_ended_by_the_servers_clock():
    table = table_of([changed(0, 60), changed(0, 120)])
    assert list(candle_frame(KLINE, [table], 179, 60)["closed"]) == [True, False]
    assert list(candle_frame(KLINE, [table], 180, 60)["closed"]) == [True, True]


def test_random_floats_are_correctly_rounded():
    rng = np.random.default_rng(1)
    texts = [repr(float(x)) for x in rng.random(5_000) * 10.0 ** rng.integers(-8, 9, 5_000)]
    texts = [text for text in texts if "e" not in text]
    rows = [[n, *[text] * 6, "BTCUSDT"] for n, text in enumerate(texts)]
    assert table_of(rows).column("low").to_pylist() == [float(text) for text in texts]
