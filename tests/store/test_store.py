"""What is written is read back, the same to the last digit, with what it covers."""

from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pandas.testing import assert_frame_equal

from btcc_research import store as package
from btcc_research.errors import InvalidArgument, ProtocolError, StorageError
from btcc_research.store import open_store
from btcc_research.store.intervals import Intervals
from tests.store import data
from tests.store.data import DAY, START, at, span

MARKET = ("spot", "BTCUSDT")
FEBRUARY = START + 31 * DAY


def microseconds(*spans):
    return Intervals((start * 1_000_000, end * 1_000_000) for start, end in spans)


def write_candles(store, start, count, covered=None, **other):
    end = start + count * 60
    store.write(
        "klines",
        *MARKET,
        data.candles(count, start, **other),
        covered or span(start, end),
        interval="1m",
    )


def read_candles(store, start, end, **other):
    return store.read("klines", *MARKET, at(start), at(end), interval="1m", **other)


# Round trips


def test_candles_come_back_as_the_client_returns_them(store):
    candles = data.candles(100)
    write_candles(store, START, 100)
    found, missing = read_candles(store, START, START + 6000, exact=True)
    assert_frame_equal(found, candles)
    assert not missing


def test_candles_come_back_as_floats_by_default(store):
    write_candles(store, START, 3)
    found, _ = read_candles(store, START, START + 180)
    assert list(found.dtypes.astype(str)) == ["float64"] * 6 + ["bool"]
    assert found["open"].tolist() == [60000.25, 60001.25, 60002.25]
    assert str(found.index.dtype) == "datetime64[us, UTC]"
    assert found.index.name == "open_time"


@pytest.mark.parametrize("count", [1, 2])
def test_a_frame_may_be_changed_by_whoever_reads_it(store, count):
    write_candles(store, START, count)
    found, _ = read_candles(store, START, START + 60 * count)
    found.loc[found.index[0], "open"] = 1.0
    assert found["open"].iloc[0] == 1.0


@pytest.mark.parametrize(
    ("kind", "make", "record"),
    [
        ("trades", data.trades, data.trade),
        ("orders", data.orders, data.order),
        ("ledger", data.ledger, data.line),
    ],
)
def test_private_rows_come_back_as_the_client_returns_them(store, kind, make, record):
    rows = make(*(record(n, START + n) for n in range(1, 50)))
    store.write(kind, *MARKET, rows, span(START, START + DAY))
    found, missing = store.read(kind, *MARKET, at(START), at(START + DAY), exact=True)
    assert_frame_equal(found, rows)
    assert not missing


def test_what_the_client_returns_can_be_stored(store, demo):
    for kind in ("trades", "orders", "ledger"):
        mine = getattr(demo, kind)(exact=True)
        mine = (
            mine if kind == "ledger" else mine[mine["market"] == "BTCUSDT"].reset_index(drop=True)
        )
        store.write(kind, *MARKET, mine, ("2020-01-01", "2030-01-01"))
        found, missing = store.read(kind, *MARKET, "2020-01-01", "2030-01-01", exact=True)
        assert len(found) == len(mine) > 5
        names = (mine.columns[0], "id", "reference")
        order = [name for name in names if name in mine.columns]
        assert_frame_equal(
            found.sort_values(order, ignore_index=True), mine.sort_values(order, ignore_index=True)
        )
        assert not missing


def test_candles_of_the_client_can_be_stored_and_read_as_the_client_returns_them(store, demo):
    exact = demo.klines("BTCUSDT", "1h", limit=500, exact=True)
    begin, end = exact.index[0], exact.index[-1] + pd.Timedelta("1h")
    store.write("klines", *MARKET, exact, (begin, end), interval="1h")
    for wanted in (False, True):
        asked = demo.klines("BTCUSDT", "1h", begin, end, exact=wanted)
        found, _ = store.read("klines", *MARKET, begin, end, interval="1h", exact=wanted)
        assert_frame_equal(found, asked)


def test_nothing_stored_gives_an_empty_frame_with_the_same_columns(store):
    for kind, interval in (("klines", "1m"), ("trades", None), ("book", None)):
        found, missing = store.read(kind, *MARKET, at(START), at(START + 60), interval=interval)
        assert found.empty
        assert missing == microseconds((START, START + 60))
    write_candles(store, START, 1)
    some, _ = read_candles(store, START, START + 60)
    none, _ = read_candles(store, START + 60, START + 120)
    assert none.dtypes.equals(some.dtypes)


def test_ids_above_53_bits_and_missing_ones_stay_exact(store):
    rows = data.trades(data.trade(2**62 + 1, order_id=None), data.trade(2**53 + 1, START + 1))
    store.write("trades", *MARKET, rows, span(START, START + 60))
    found, _ = store.read("trades", *MARKET)
    assert found["id"].tolist() == [2**62 + 1, 2**53 + 1]
    assert found["order_id"].isna().tolist() == [True, False]


def test_only_some_columns_are_read_on_request(store):
    write_candles(store, START, 3)
    found, _ = read_candles(store, START, START + 180, columns=["close"])
    assert list(found.columns) == ["close"]
    assert len(found) == 3
    with pytest.raises(InvalidArgument, match="no column 'last'"):
        read_candles(store, START, START + 180, columns=["last"])


def test_a_table_is_the_same_rows_for_arrow(store):
    write_candles(store, START, 3)
    table, _ = store.read_table("klines", *MARKET, interval="1m", exact=True)
    assert table.schema.field("open").type == pa.decimal128(38, 18)
    assert table.column("open").to_pylist() == [
        Decimal("60000.25"),
        Decimal("60001.25"),
        Decimal("60002.25"),
    ]


def test_the_frame_says_where_it_comes_from(store):
    write_candles(store, START, 1)
    found, _ = read_candles(store, START, START + 60)
    assert found.attrs == {
        "environment": "sandbox", "venues": ["spot"], "call": "klines", "market": "BTCUSDT", "interval": 60,
    }  # fmt: skip


# Numbers


def test_candles_whose_shortest_floats_are_the_numbers_are_stored_as_floats(store):
    write_candles(store, START, 2)
    assert stored_type(store, "open") == pa.float64()


def test_a_number_a_float_cannot_show_makes_its_month_decimal(store):
    odd = "0.123456789012345678"
    write_candles(store, START, 2, volume=odd)
    write_candles(store, FEBRUARY, 2)
    assert stored_type(store, "volume", "2026-01") == pa.decimal128(38, 18)
    assert stored_type(store, "volume", "2026-02") == pa.float64()
    exact, _ = read_candles(store, START, FEBRUARY + 120, exact=True)
    assert exact["volume"].tolist() == [Decimal(odd)] * 2 + [Decimal("1.5")] * 2
    floats, _ = read_candles(store, START, FEBRUARY + 120)
    assert floats["volume"].tolist() == [float(odd)] * 2 + [1.5] * 2


def test_the_file_says_which_numbers_it_has(store):
    write_candles(store, START, 1, volume="0.123456789012345678")
    about = pq.read_metadata(path_of(store, "2026-01")).metadata[b"btcc_research"]
    assert b'"numbers": "decimal128(38, 18)"' in about
    assert b'"environment": "sandbox"' in about
    assert b'"version": 1' in about
    assert b'"covered": [[1767225600000000, 1767225660000000]]' in about


def test_a_month_becomes_floats_again_when_the_odd_number_is_replaced(store):
    write_candles(store, START, 2)
    write_candles(store, START + 60, 1, volume="0.123456789012345678")
    assert stored_type(store, "open") == pa.decimal128(38, 18)
    found, _ = read_candles(store, START, START + 120, exact=True)
    assert found["open"].tolist() == [Decimal("60000.25"), Decimal("60000.25")]
    write_candles(store, START + 60, 1)
    assert stored_type(store, "open") == pa.float64()


def test_floats_are_refused_since_they_may_have_lost_digits(store):
    floats = data.candles(2).astype({"open": "float64"})
    with pytest.raises(InvalidArgument, match="ask for the data with exact=True"):
        store.write("klines", *MARKET, floats, span(START, START + 120), interval="1m")


def test_floats_in_records_are_refused_as_well(store):
    rows = [data.trade(1, price=0.12345678901)]
    with pytest.raises(InvalidArgument, match="column 'price' of trades holds floats"):
        store.write("trades", *MARKET, rows, span(START, START + 60))
    with pytest.raises(InvalidArgument, match="no column 'mood'"):
        store.write("trades", *MARKET, [data.trade(1, mood="")], span(START, START + 60))


def test_numbers_that_do_not_fit_are_refused(store):
    with pytest.raises(ProtocolError, match="price does not fit"):
        store.write("trades", *MARKET, [data.trade(1, price="1e-19")], span(START, START + 60))


def stored_type(store, column, month="2026-01"):
    return pq.read_schema(path_of(store, month)).field(column).type


def path_of(store, month, series="klines-1m"):
    return f"{store.path}/spot/BTCUSDT/{series}/{month}.parquet"


# Coverage


def test_what_was_not_written_is_missing(store):
    write_candles(store, START, 10)
    write_candles(store, START + 1200, 10)
    found, missing = read_candles(store, START - 60, START + 2400)
    assert len(found) == 20
    assert missing == microseconds(
        (START - 60, START), (START + 600, START + 1200), (START + 1800, START + 2400)
    )


def test_a_range_without_bounds_is_missing_before_and_after(store):
    write_candles(store, START, 10)
    _, missing = store.read("klines", *MARKET, interval="1m")
    assert len(missing) == 2


def test_time_without_any_rows_is_covered_too(store):
    write_candles(store, START, 0, span(START, START + 600))
    found, missing = read_candles(store, START, START + 600)
    assert found.empty
    assert not missing


def test_years_without_rows_cost_one_file(store):
    rows = data.trades(data.trade(1))
    store.write("trades", *MARKET, rows, ("2011-06-01", "2026-02-01"))
    assert sorted(store.contents()["file"]) == [
        "spot/BTCUSDT/trades/2026-01.parquet",
        "spot/BTCUSDT/trades/without-rows.parquet",
    ]
    found, missing = store.read("trades", *MARKET, "2011-06-01", "2026-02-01")
    assert len(found) == 1
    assert not missing


def test_rows_of_several_months_go_to_their_months(store):
    write_candles(store, FEBRUARY - 120, 4)
    assert [file[-15:] for file in store.contents()["file"]] == [
        "2026-01.parquet",
        "2026-02.parquet",
    ]
    found, missing = read_candles(store, FEBRUARY - 120, FEBRUARY + 120)
    assert len(found) == 4
    assert not missing


def test_coverage_is_a_frame_of_ranges(store):
    write_candles(store, START, 10)
    write_candles(store, FEBRUARY - 60, 2)
    store.write("ledger", "spot", None, data.ledger(data.line(1)), span(START, START + DAY))
    found = store.coverage()
    assert list(found.columns) == ["venue", "market", "kind", "interval", "start", "end"]
    assert found["kind"].tolist() == ["klines", "klines", "ledger"]
    assert found["interval"].tolist()[:2] == ["1m", "1m"]
    assert found["market"].isna().tolist() == [False, False, True]
    assert found["start"].tolist() == [at(START), at(FEBRUARY - 60), at(START)]
    assert found["end"].tolist() == [at(START + 600), at(FEBRUARY + 60), at(START + DAY)]
    assert str(found["start"].dtype) == "datetime64[us, UTC]"


def test_gaps_are_what_lies_between(store):
    write_candles(store, START, 10)
    write_candles(store, START + 1200, 10)
    found = store.gaps()
    assert found[["start", "end"]].values.tolist() == [[at(START + 600), at(START + 1200)]]
    assert found["reason"].tolist() == ["not stored"]


def test_an_empty_store_has_frames_of_the_same_form(store):
    for found in (store.coverage(), store.gaps(), store.contents(), store.verify()):
        assert found.empty
        assert "object" not in found.dtypes.astype(str).tolist()


# Replacing


def test_rows_replace_those_of_the_time_they_cover(store):
    write_candles(store, START, 10)
    write_candles(store, START + 180, 3, price="1.5")
    found, _ = read_candles(store, START, START + 600)
    assert len(found) == 10
    assert found["open"].tolist()[2:7] == [60002.25, 1.5, 2.5, 3.5, 60006.25]


def test_a_row_the_exchange_no_longer_has_goes(store):
    write_candles(store, START, 10)
    write_candles(store, START + 180, 0, span(START + 180, START + 300))
    found, _ = read_candles(store, START, START + 600)
    assert len(found) == 8


def test_a_candle_opens_once(store):
    twice = pd.concat([data.candles(1), data.candles(1, price="7.5")])
    store.write("klines", *MARKET, twice, span(START, START + 60), interval="1m")
    found, _ = read_candles(store, START, START + 60)
    assert found["open"].tolist() == [7.5]


def test_equal_executions_are_one_and_different_ones_with_one_id_are_two(store):
    rows = data.trades(data.trade(1), data.trade(1), data.trade(1, side="sell"), data.trade(2))
    store.write("trades", *MARKET, rows, span(START, START + 60))
    found, _ = store.read("trades", *MARKET)
    assert found[["id", "side"]].values.tolist() == [[1, "buy"], [1, "sell"], [2, "buy"]]


def test_executions_at_one_moment_have_one_order_whoever_wrote_first(store, tmp_path):
    other = open_store("sandbox", tmp_path / "other")
    one, two = data.trade(1), data.trade(1, side="sell")
    store.write("trades", *MARKET, data.trades(one, two), span(START, START + 60))
    other.write("trades", *MARKET, data.trades(two, one), span(START, START + 60))
    assert all_bytes(store) == all_bytes(other)


def test_the_newer_state_of_an_order_is_kept_whichever_was_written_last(store):
    newer = data.order(1, status="filled", updated_at=START + 90)
    older = data.order(1, status="open", updated_at=START + 30)
    for rows in ([older], [newer], [older], [older, newer]):
        store.write("orders", *MARKET, data.orders(*rows), span(START, START + 60))
        found, _ = store.read("orders", *MARKET)
        assert len(found) == 1
    assert found["status"].tolist() == ["filled"]


def test_of_states_of_one_age_the_last_written_is_kept(store):
    for status in ("open", "cancelled"):
        rows = data.orders(data.order(1, status=status))
        store.write("orders", *MARKET, rows, span(START, START + 60))
    assert store.read("orders", *MARKET)[0]["status"].tolist() == ["cancelled"]


def test_a_stop_order_and_an_order_may_share_a_number(store):
    rows = data.orders(data.order(1), data.order(1, type="stop_limit", status="waiting"))
    store.write("orders", *MARKET, rows, span(START, START + 60))
    assert store.read("orders", *MARKET)[0]["type"].tolist() == ["limit", "stop_limit"]


def test_orders_without_a_number_are_all_kept(store):
    rows = data.orders(data.order(None), data.order(None, type="market"))
    store.write("orders", *MARKET, rows, span(START, START + 60))
    assert len(store.read("orders", *MARKET)[0]) == 2


def test_an_order_that_left_the_listing_goes(store):
    store.write(
        "orders", *MARKET, data.orders(data.order(1), data.order(2)), span(START, START + 60)
    )
    store.write("orders", *MARKET, data.orders(data.order(2)), span(START, START + 60))
    assert store.read("orders", *MARKET)[0]["id"].tolist() == [2]


def test_ledger_lines_with_one_id_are_both_kept_and_reported(store):
    rows = data.ledger(data.line(1), data.line(1, asset="BTC"))
    store.write("ledger", *MARKET, rows, span(START, START + 60))
    assert len(store.read("ledger", *MARKET)[0]) == 2
    assert store.verify()["finding"].tolist() == ["one id, different rows"]


def test_writing_the_same_again_changes_no_byte_and_writes_no_file(store, monkeypatch):
    write_candles(store, START, 10)
    before = all_bytes(store)
    monkeypatch.setattr("btcc_research.store.files._write_flushed", None)
    write_candles(store, START, 10)
    assert all_bytes(store) == before


def test_the_same_rows_in_other_steps_give_the_same_bytes(store, tmp_path):
    other = open_store("sandbox", tmp_path / "other")
    write_candles(store, START, 90)
    for first, count in ((60, 30), (0, 20), (10, 30), (30, 35)):
        candles = data.candles(90).iloc[first : first + count]
        covered = span(START + first * 60, START + (first + count) * 60)
        other.write("klines", *MARKET, candles, covered, interval="1m")
    assert all_bytes(other) == all_bytes(store)


def all_bytes(store):
    return {name: store.files.open(name).read() for name in store.contents()["file"]}


# Refused


def test_rows_outside_what_is_covered_are_refused(store):
    with pytest.raises(InvalidArgument, match=r"1 row\(s\) of klines lie outside"):
        write_candles(store, START, 3, span(START, START + 120))
    assert store.coverage().empty


@pytest.mark.parametrize("covered", [(None, at(START)), (at(START), None)])
def test_what_is_covered_has_two_ends(store, covered):
    with pytest.raises(InvalidArgument, match="both ends are needed"):
        store.write("trades", *MARKET, data.trades(), covered)


def test_an_unfinished_candle_is_refused(store):
    running = data.candles(2)
    running.iloc[-1, running.columns.get_loc("closed")] = False
    with pytest.raises(InvalidArgument, match="unfinished"):
        store.write("klines", *MARKET, running, span(START, START + 120), interval="1m")


def test_a_row_without_time_is_refused(store):
    with pytest.raises(InvalidArgument, match="no time"):
        store.write(
            "trades", *MARKET, data.trades(data.trade(1, time=None)), span(START, START + 60)
        )


def test_a_column_nobody_declared_is_refused(store):
    rows = data.trades(data.trade(1)).assign(mood="good")
    with pytest.raises(InvalidArgument, match="trades has no column 'mood'"):
        store.write("trades", *MARKET, rows, span(START, START + 60))


def test_a_column_of_another_type_is_refused(store):
    rows = data.trades(data.trade(1)).assign(id="abc")
    with pytest.raises(InvalidArgument, match="column 'id'"):
        store.write("trades", *MARKET, rows, span(START, START + 60))


def test_recordings_are_appended_and_the_rest_is_written(store):
    with pytest.raises(InvalidArgument, match="recorder"):
        store.write("prints", *MARKET, [], span(START, START + 60))
    with pytest.raises(InvalidArgument, match="no recording"):
        store.append("trades", *MARKET, [], Intervals())


def test_time_beyond_all_reason_is_refused(store):
    with pytest.raises(InvalidArgument, match="reaches beyond"):
        store.write("trades", *MARKET, data.trades(), Intervals([(0, 2**62)]))


def test_another_environment_is_refused(tmp_path):
    with pytest.raises(InvalidArgument, match="'live' nor 'sandbox'"):
        open_store("test", tmp_path)


# Live and sandbox, accounts, versions


def test_live_and_sandbox_have_their_own_folders(home):
    assert open_store("live").path == str(home / "history" / "live")
    assert open_store("sandbox").path == str(home / "history" / "sandbox")


def test_a_file_of_the_sandbox_is_refused_in_the_live_store(tmp_path):
    sandbox, live = open_store("sandbox", tmp_path), open_store("live", tmp_path)
    write_candles(sandbox, START, 1)
    live.files.write("spot/BTCUSDT/klines-1m/2026-01.parquet",
                     sandbox.files.open("spot/BTCUSDT/klines-1m/2026-01.parquet").read())  # fmt: skip
    with pytest.raises(StorageError, match="klines 1m of spot BTCUSDT of sandbox"):
        read_candles(live, START, START + 60)
    assert live.verify()["finding"].tolist() == ["other environment"]


def test_a_file_in_the_folder_of_another_market_is_refused(store):
    write_candles(store, START, 1)
    moved = store.files.open("spot/BTCUSDT/klines-1m/2026-01.parquet").read()
    store.files.write("spot/ETHUSDT/klines-1m/2026-01.parquet", moved)
    with pytest.raises(StorageError, match="move it back"):
        store.read("klines", "spot", "ETHUSDT", interval="1m")
    assert store.verify()["finding"].tolist() == ["misplaced"]


def test_two_accounts_share_candles_and_nothing_private(tmp_path):
    one = open_store("live", tmp_path, account="one")
    two = open_store("live", tmp_path, account="two")
    one.write("trades", *MARKET, data.trades(data.trade(1)), span(START, START + 60))
    write_candles(one, START, 1)
    assert store_is_empty(two.read("trades", *MARKET))
    assert len(read_candles(two, START, START + 60)[0]) == 1


def store_is_empty(found):
    return found[0].empty and len(found[1]) == 1


def test_a_column_that_was_declared_later_reads_as_missing(store, monkeypatch):
    store.write("trades", *MARKET, data.trades(data.trade(1)), span(START, START + 60))
    declare_more_trades(monkeypatch)
    store.write(
        "trades", *MARKET, [data.trade(2, START + 60, mood=5)], span(START + 60, START + 120)
    )
    found, _ = store.read("trades", *MARKET)
    assert found["mood"].dtype == "Int64"
    assert found["mood"].isna().tolist() == [True, False]
    assert found["id"].tolist() == [1, 2]
    assert store.verify().empty


def test_a_column_of_a_newer_version_is_read_over_and_never_dropped(store, monkeypatch):
    with monkeypatch.context() as newer:
        declare_more_trades(newer)
        store.write("trades", *MARKET, [data.trade(1, mood=5)], span(START, START + 60))
    clear_layout()
    assert "mood" not in store.read("trades", *MARKET)[0].columns
    with pytest.raises(StorageError, match="'mood' of a newer version"):
        store.write("trades", *MARKET, data.trades(data.trade(2)), span(START, START + 60))


def declare_more_trades(monkeypatch):
    from btcc_research.protocol.endpoint import integer
    from btcc_research.store import layout

    more = {**layout.COLUMNS, "trades": (*layout.COLUMNS["trades"], integer("mood"))}
    monkeypatch.setattr(layout, "COLUMNS", more)
    clear_layout()


def clear_layout():
    from btcc_research.store import layout

    for cached in (layout.schema_of, layout.decimal_columns, layout.pandas_metadata):
        cached.cache_clear()


@pytest.fixture(autouse=True)
def declared_columns():
    yield
    clear_layout()


def test_a_file_of_a_newer_version_is_refused(store, monkeypatch):
    with monkeypatch.context() as newer:
        newer.setattr("btcc_research.store.partition.SCHEMA_VERSION", 2)
        newer.setattr("btcc_research.store.partition.Header.__init__.__defaults__", (False, 0, 2))
        write_candles(store, START, 1)
    with pytest.raises(StorageError, match="newer version"):
        read_candles(store, START, START + 60)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"not parquet at all" * 10])
def test_a_damaged_file_is_named_with_what_to_do(store, content):
    store.files.write("spot/BTCUSDT/klines-1m/2026-01.parquet", content)
    with pytest.raises(StorageError, match=r"2026-01.parquet is damaged.*remove it"):
        read_candles(store, START, START + 60)


def test_a_foreign_parquet_file_is_refused(store, tmp_path):
    pq.write_table(pa.table({"a": [1]}), tmp_path / "foreign.parquet")
    store.files.write(
        "spot/BTCUSDT/klines-1m/2026-01.parquet", (tmp_path / "foreign.parquet").read_bytes()
    )
    with pytest.raises(StorageError, match="not written by this package"):
        read_candles(store, START, START + 60)


def test_other_files_in_the_folder_are_left_alone(store, tmp_path):
    write_candles(store, START, 1)
    folder = tmp_path / "history/sandbox/spot/BTCUSDT/klines-1m"
    (folder / "notes.txt").write_text("mine")
    (folder / "copy of 2026-01.parquet").write_text("mine")
    assert len(read_candles(store, START, START + 60)[0]) == 1
    assert store.verify().empty


# Readable by anything


def test_pandas_reads_a_file_as_the_same_frame(store):
    write_candles(store, START, 5)
    store.write(
        "trades", *MARKET, data.trades(data.trade(1, order_id=None)), span(START, START + 60)
    )
    assert_frame_equal(
        pd.read_parquet(path_of(store, "2026-01")), read_candles(store, START, START + 300)[0]
    )
    exact, _ = store.read("trades", *MARKET, exact=True)
    found = pd.read_parquet(path_of(store, "2026-01", "trades"))
    assert found["order_id"].dtype == "Int64"
    assert found["price"].tolist() == [Decimal("60000.25")]
    assert_frame_equal(found.astype(exact.dtypes), exact)


# Pruning


def test_pruning_takes_what_is_older(store):
    write_candles(store, FEBRUARY - 180, 6)
    removed = store.prune(before=at(FEBRUARY + 60))
    assert len(removed) == 2
    found, missing = read_candles(store, FEBRUARY - 180, FEBRUARY + 180)
    assert found.index[0] == at(FEBRUARY + 60)
    assert missing == microseconds((FEBRUARY - 180, FEBRUARY + 60))
    assert store.verify().empty


def test_pruning_takes_one_kind_or_one_market(store):
    write_candles(store, START, 1)
    store.write("trades", *MARKET, data.trades(data.trade(1)), span(START - 90 * DAY, START + 60))
    store.write("trades", "spot", "ETHUSDT", data.trades(data.trade(1)), span(START, START + 60))
    assert len(store.prune(kind="trades", market="BTCUSDT")) == 2
    assert store.contents()[["market", "kind"]].values.tolist() == [
        ["BTCUSDT", "klines"],
        ["ETHUSDT", "trades"],
    ]
    assert len(store.prune(market="BTCUSDT")) == 1
    assert store.contents()["market"].tolist() == ["ETHUSDT"]


def test_pruning_forgets_time_without_rows_as_well(store):
    store.write("trades", *MARKET, data.trades(), span(START - 90 * DAY, START))
    store.prune(before=at(START - 30 * DAY))
    _, missing = store.read("trades", *MARKET, at(START - 90 * DAY), at(START))
    assert missing == microseconds((START - 90 * DAY, START - 30 * DAY))


def test_pruning_nothing_in_particular_is_refused(store):
    with pytest.raises(InvalidArgument, match="would remove everything"):
        store.prune()


def test_the_package_names_its_parts():
    assert set(dir(package)) == set(package.__all__)
    assert all(getattr(package, name) is not None for name in package.__all__)
    with pytest.raises(AttributeError):
        package.nothing  # noqa: B018
