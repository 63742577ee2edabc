"""verify() finds what somebody or something did to the files."""

from decimal import Decimal

import pyarrow.parquet as pq
import pytest

from btcc_research.errors import StorageError
from btcc_research.store import open_store
from btcc_research.store.intervals import Intervals
from btcc_research.store.partition import Header, write_partition
from btcc_research.store.series import Series
from tests.store import data
from tests.store.data import DAY, START, span

MARKET = ("spot", "BTCUSDT")
CANDLES = Series("klines", "spot", "BTCUSDT", 60)
COVERED = Intervals([(START * 1_000_000, (START + 6000) * 1_000_000)])


def plant(store, series, rows, covered=COVERED, name="2026-01.parquet"):
    """Put a file into the store as no write would."""
    from btcc_research.store import layout

    table = layout.as_table(series.kind, rows)
    data = write_partition(Header(store.environment, series, covered), table)
    store.files.write(f"{series.folder}/{name}", data)


def found(store):
    return store.verify()["finding"].tolist()


def test_a_good_store_has_no_findings(store):
    store.write("klines", *MARKET, data.candles(100), span(START, START + 6000), interval="1m")
    store.write("trades", *MARKET, [data.trade(1)], span(START - 90 * DAY, START + 60))
    assert store.verify().empty


def test_rows_out_of_order_are_found(store):
    plant(store, CANDLES, data.candles(5).iloc[::-1])
    assert found(store) == ["out of order"]


def test_repeated_rows_are_found(store):
    import pandas as pd

    plant(store, CANDLES, pd.concat([data.candles(1), data.candles(2)]))
    plant(store, Series("trades", *MARKET), [data.trade(1), data.trade(1)])
    assert found(store) == ["repeated", "repeated", "one id, different rows"]


def test_an_execution_with_oneself_has_one_id_and_is_no_finding(store):
    plant(store, Series("trades", *MARKET), [data.trade(1), data.trade(1, side="sell")])
    assert found(store) == []
    plant(store, Series("trades", *MARKET), [data.trade(1), data.trade(1, price=Decimal(2))])
    assert found(store) == ["one id, different rows"]


def test_rows_outside_what_is_covered_are_found(store):
    plant(store, CANDLES, data.candles(3, START + 6000 - 60))
    detail = store.verify().iloc[0]
    assert detail["finding"] == "outside what is covered"
    assert detail["detail"] == "2 row(s), the first at 2026-01-01T01:40:00+00:00"
    assert detail["file"] == "spot/BTCUSDT/klines-1m/2026-01.parquet"


def test_rows_outside_their_month_are_found(store):
    plant(store, CANDLES, data.candles(3), name="2025-12.parquet")
    assert found(store) == ["outside the month"]


def test_files_that_cannot_be_read_are_found_and_the_others_are_still_read(store):
    plant(store, CANDLES, data.candles(5).iloc[::-1])
    store.files.write("spot/BTCUSDT/klines-1m/2026-02.parquet", b"nothing")
    assert sorted(found(store)) == ["out of order", "unreadable"]


@pytest.mark.parametrize("column", ["open_time", "open", "closed"])
def test_a_flipped_byte_in_the_data_is_found_and_never_returned(store, column):
    store.write("klines", *MARKET, data.candles(2000), span(START, START + 120_000), interval="1m")
    name = "spot/BTCUSDT/klines-1m/2026-01.parquet"
    content = bytearray(store.files.open(name).read())
    about = pq.read_metadata(f"{store.path}/{name}")
    place = about.schema.names.index(column)
    chunk = about.row_group(0).column(place)
    content[
        (chunk.dictionary_page_offset or chunk.data_page_offset) + chunk.total_compressed_size - 1
    ] ^= 1
    store.files.write(name, bytes(content))
    assert found(store) == ["unreadable"]
    with pytest.raises(StorageError, match="damaged"):
        store.read("klines", *MARKET, interval="1m")
    with pytest.raises(OSError, match="CRC"):
        store.scan("klines", "BTCUSDT", interval="1m", engine="arrow").to_table()


def test_a_recording_whose_numbers_repeat_is_found(store):
    series = Series("prints", *MARKET)
    rows = [{"time": START, "sequence": number} for number in (1, 2, 2, 1)]
    plant(store, series, rows, name="2026-01-000001.parquet")
    plant(store, series, rows[:2], name="2026-01-000002.parquet")
    assert found(store) == ["out of order", "repeated", "repeated"]
    plant(store, series, rows[1:2], name="2026-01-000001.parquet")
    assert found(store) == ["repeated"]
    plant(store, series, rows[:1], name="2026-01-000001.parquet")
    plant(store, series, rows[1:2], name="2026-01-000002.parquet")
    assert found(store) == []


# Money


def test_the_demonstration_account_explains_itself(demo, tmp_path):
    store = open_store("sandbox", tmp_path)
    mine, lines = demo.trades(exact=True), demo.ledger(exact=True)
    assert len(mine) > 50
    for market, rows in mine.groupby("market"):
        store.write("trades", "spot", market, rows, ("2020-01-01", "2030-01-01"))
    store.write("ledger", "spot", None, lines, ("2020-01-01", "2030-01-01"))
    assert store.verify().empty


def fill(id, time=START + 600, **other):
    """An execution and the three ledger lines it makes."""
    trade = data.trade(id, time, order_id=77, **other)
    about = {"market": "BTCUSDT", "order_id": 77}
    return trade, [
        data.line(id * 10, time, business="trade", change=-trade["cost"], **about),
        data.line(
            id * 10 + 1, time, business="trade", asset="BTC", change=trade["amount"], **about
        ),
        data.line(id * 10 + 2, time, business="fee", asset="BTC", change=-trade["fee"], **about),
    ]


def books(store, trades, lines, trades_until=START + DAY, ledger_until=START + DAY):
    store.write("trades", *MARKET, trades, span(START, trades_until))
    store.write("ledger", "spot", None, lines, span(START, ledger_until))
    return store.verify()


def test_trades_and_ledger_that_agree_are_no_finding(store):
    (one, first), (two, second) = fill(1), fill(2, START + 900)
    assert books(store, [one, two], [*first, *second]).empty


def test_a_missing_execution_is_found_with_its_order(store):
    (one, first), (_, second) = fill(1), fill(2, START + 900)
    findings = books(store, [one], [*first, *second])
    assert findings["finding"].tolist() == ["trades and ledger differ"]
    assert "order 77: trades say +0.5" in findings["detail"][0]
    assert "the ledger +1.0" in findings["detail"][0].replace("1.000000000000000000", "1.0")


@pytest.mark.parametrize(
    "change", [{"amount": Decimal("0.51")}, {"cost": Decimal(1)}, {"fee": Decimal("0.003")}]
)
def test_a_changed_amount_cost_or_fee_is_found(store, change):
    one, lines = fill(1)
    assert books(store, [one | change], lines)["finding"].tolist() == ["trades and ledger differ"]


def test_what_only_one_of_them_covers_is_not_compared(store):
    (one, first), (_, later) = fill(1), fill(2, START + 40_000)
    assert books(store, [one], [*first, *later], trades_until=START + 30_000).empty


def test_orders_at_the_edge_of_what_is_covered_are_left_out(store):
    one, lines = fill(1, START + 30_000)
    assert books(store, [one], lines[:1], trades_until=START + 30_030).empty


def test_a_ledger_without_details_is_not_compared(store):
    one, _ = fill(1)
    assert books(store, [one], [data.line(1)]).empty


def test_a_sale_is_compared_the_other_way_round(store):
    trade = data.trade(1, START + 600, order_id=77, side="sell", fee=Decimal(3), fee_asset="USDT")
    about = {"market": "BTCUSDT", "order_id": 77}
    lines = [
        data.line(1, START + 600, business="trade", change=trade["cost"], **about),
        data.line(2, START + 600, business="trade", asset="BTC", change=-trade["amount"], **about),
        data.line(3, START + 600, business="fee", change=Decimal(-3), **about),
    ]
    assert books(store, [trade], lines).empty
