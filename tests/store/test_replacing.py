"""Any series of writes leaves what a simple model of it says."""

from decimal import Decimal

from hypothesis import example, given, settings
from hypothesis import strategies as st

from btcc_research.store import open_store
from btcc_research.store.intervals import Intervals
from tests.store import data
from tests.store.data import at

MARKET = ("spot", "BTCUSDT")
# Minutes around the turn of a month, so that writes reach over files.
TURN = data.START + 31 * data.DAY
NUMBERS = [
    "1",
    "60000.12",
    "0.1",
    "0.123456789012345678",
    "99999999999999999999.000000000000000001",
]


@st.composite
def writes(draw, rows):
    start = draw(st.integers(-6, 5))
    end = draw(st.integers(start + 1, 7))
    minutes = draw(st.lists(st.integers(start, end - 1), max_size=6))
    return start, end, [(minute, draw(rows)) for minute in minutes]


def covered(start, end):
    return Intervals([((TURN + start * 60) * 1_000_000, (TURN + end * 60) * 1_000_000)])


def candle(minute, price):
    names = ("open", "high", "low", "close", "volume", "turnover")
    return {"open_time": TURN + minute * 60, "closed": True, **dict.fromkeys(names, Decimal(price))}


def check_candles(root, script):
    store = open_store("sandbox", root)
    model, known = {}, Intervals()
    for start, end, rows in script:
        store.write(
            "klines", *MARKET, [candle(*row) for row in rows], covered(start, end), interval="1m"
        )
        model = {m: price for m, price in model.items() if not start <= m < end} | dict(rows)
        known |= covered(start, end)
    found, missing = store.read("klines", *MARKET, interval="1m", exact=True)
    assert found.index.tolist() == [at(TURN + minute * 60) for minute in sorted(model)]
    assert found["close"].tolist() == [Decimal(model[minute]) for minute in sorted(model)]
    assert not missing & known
    floats, _ = store.read("klines", *MARKET, interval="1m")
    assert floats["close"].tolist() == [float(model[minute]) for minute in sorted(model)]
    part, missing = store.read(
        "klines", *MARKET, at(TURN - 120), at(TURN + 60), interval="1m", exact=True
    )
    assert part["close"].tolist() == [Decimal(model[m]) for m in sorted(model) if -2 <= m < 1]
    assert missing == covered(-2, 1) - known
    assert store.verify().empty


@settings(max_examples=60, deadline=None)
@given(script=st.lists(writes(st.sampled_from(NUMBERS)), min_size=1, max_size=6))
@example(script=[(-2, 2, [(-1, NUMBERS[3]), (0, "1")]), (-2, 0, [(-1, "1")])])
def test_candles_are_what_was_written_last(tmp_path_factory, script):
    check_candles(tmp_path_factory.mktemp("store"), script)


execution = st.tuples(
    st.integers(1, 3), st.sampled_from(["buy", "sell"]), st.sampled_from(NUMBERS[:4])
)


@settings(max_examples=60, deadline=None)
@given(script=st.lists(writes(execution), min_size=1, max_size=6))
def test_executions_are_what_was_written_last_each_once(tmp_path_factory, script):
    store = open_store("sandbox", tmp_path_factory.mktemp("store"))
    model = set()
    for start, end, rows in script:
        records = [data.trade(i, TURN + m * 60, side=s, price=Decimal(p)) for m, (i, s, p) in rows]
        store.write("trades", *MARKET, records, covered(start, end))
        model = {row for row in model if not start <= row[0] < end} | set(rows)
    found, _ = store.read("trades", *MARKET, exact=True)
    wanted = [(at(TURN + m * 60), i, s, Decimal(p)) for m, (i, s, p) in model]
    assert sorted(
        zip(found["time"], found["id"], found["side"], found["price"], strict=True)
    ) == sorted(wanted)
    assert found["time"].is_monotonic_increasing
    assert set(store.verify()["finding"]) <= {"one id, different rows"}


state = st.tuples(st.integers(0, 50), st.sampled_from(["open", "filled", "cancelled"]))


@settings(max_examples=60, deadline=None)
@given(script=st.lists(st.lists(state, min_size=1, max_size=3), min_size=1, max_size=6))
def test_an_order_ends_in_its_newest_state(tmp_path_factory, script):
    store = open_store("sandbox", tmp_path_factory.mktemp("store"))
    newest = (-1, "")
    for states in script:
        records = [data.order(7, TURN, updated_at=TURN + age, status=word) for age, word in states]
        store.write("orders", *MARKET, records, covered(0, 1))
        for age, word in states:
            newest = (age, word) if age >= newest[0] else newest
    found, _ = store.read("orders", *MARKET)
    assert found["status"].tolist() == [newest[1]]
    assert found["updated_at"].tolist() == [at(TURN + newest[0])]
