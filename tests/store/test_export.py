"""Exports are read back by their tools, or by what those tools' formats say, with equal values."""

import csv
import sys
from decimal import Decimal

import pandas as pd
import pyarrow.feather
import pytest
from pandas.testing import assert_frame_equal

from btcc_research.errors import ConfigError, InvalidArgument
from btcc_research.store import export
from tests.store import data
from tests.store.data import START, at, span

FIVE = ["open", "high", "low", "close", "volume"]
PAYLOADS = ["=1+1", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x")', "-"]


@pytest.fixture
def candles(store):
    store.write(
        "klines", "spot", "BTCUSDT", data.candles(50), span(START, START + 3000), interval="1m"
    )
    return store.read("klines", "spot", "BTCUSDT", interval="1m")[0]


@pytest.fixture
def executions():
    return data.trades(
        data.trade(1), data.trade(2**60, START + 0.123456, order_id=None, side="sell")
    )


# Files for people


def test_csv_has_every_digit_and_times_with_their_zone(tmp_path, executions):
    path = export.to_csv(executions, tmp_path / "trades.csv")
    rows = list(csv.DictReader(path.open(newline="")))
    assert rows[0]["time"] == "2026-01-01T00:00:00+00:00"
    assert rows[1]["time"] == "2026-01-01T00:00:00.123456+00:00"
    assert rows[1]["id"] == str(2**60)
    assert rows[1]["order_id"] == ""
    assert rows[0]["price"] == "60000.25"
    assert rows[0]["fee"] == "0.0015"


def test_csv_is_read_back_by_pandas_with_equal_values(tmp_path, candles, executions):
    found = pd.read_csv(
        export.to_csv(candles, tmp_path / "c.csv"), index_col="open_time", parse_dates=True
    )
    found.index = found.index.as_unit("us")
    assert_frame_equal(found, candles)
    text = pd.read_csv(export.to_csv(executions, tmp_path / "t.csv"), dtype="str")
    assert [Decimal(value) for value in text["cost"]] == executions["cost"].tolist()


def test_very_small_numbers_have_no_exponent_in_csv(tmp_path):
    rows = data.trades(data.trade(1, fee=Decimal("1E-18"), amount=Decimal("1E+3")))
    row = next(csv.DictReader(export.to_csv(rows, tmp_path / "t.csv").open()))
    assert row["fee"] == "0.000000000000000001"
    assert row["amount"] == "1000"


@pytest.mark.parametrize("payload", PAYLOADS)
def test_text_is_never_a_formula_in_csv(tmp_path, payload):
    rows = data.orders(data.order(1, source=payload, client_id="plain"))
    path = export.to_csv(rows, tmp_path / "o.csv")
    row = next(csv.DictReader(path.open(newline="")))
    assert row["source"] == f"'{payload}"
    assert row["client_id"] == "plain"


def test_negative_numbers_stay_numbers_in_csv(tmp_path):
    rows = data.ledger(data.line(1, change=Decimal("-5.5")))
    assert next(csv.DictReader(export.to_csv(rows, tmp_path / "l.csv").open()))["change"] == "-5.5"


def test_excel_has_times_in_utc_as_its_header_says(tmp_path, candles):
    path = export.to_excel(candles, tmp_path / "c.xlsx")
    found = pd.read_excel(path)
    assert found.columns[0] == "open_time (UTC)"
    assert found["open_time (UTC)"].tolist() == [time.tz_localize(None) for time in candles.index]
    assert_frame_equal(found[FIVE], candles[FIVE].reset_index(drop=True), check_dtype=False)


def test_excel_gets_local_times_as_utc(tmp_path, candles):
    local = candles.tz_convert("Asia/Tokyo")
    found = pd.read_excel(export.to_excel(local, tmp_path / "c.xlsx"))
    assert found["open_time (UTC)"][0] == pd.Timestamp("2026-01-01")


def test_excel_loses_no_digit_of_an_id(tmp_path, executions):
    found = pd.read_excel(export.to_excel(executions, tmp_path / "t.xlsx"), dtype={"id": "str"})
    assert found["id"].tolist() == ["1", str(2**60)]
    assert found["cost"].tolist() == [30000.125, 30000.125]
    assert found["order_id"].isna().tolist() == [False, True]


@pytest.mark.parametrize("payload", [p for p in PAYLOADS if "\r" not in p])
def test_text_is_never_a_formula_in_excel(tmp_path, payload):
    import openpyxl

    path = export.to_excel(data.orders(data.order(1, source=payload)), tmp_path / "o.xlsx")
    cells = [cell for row in openpyxl.load_workbook(path).active.iter_rows() for cell in row]
    assert payload in [cell.value for cell in cells]
    assert "f" not in {cell.data_type for cell in cells}


def test_more_rows_than_a_sheet_has_are_refused(tmp_path):
    long = pd.DataFrame({"a": range(1_048_576)})
    with pytest.raises(InvalidArgument, match="write parts, or to_csv"):
        export.to_excel(long, tmp_path / "x.xlsx")


def test_excel_without_openpyxl_names_the_command(tmp_path, candles, monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(ConfigError, match=r"pip install 'btcc_research\[excel\]'"):
        export.to_excel(candles, tmp_path / "x.xlsx")


# Tools whose loaders are installed for the tests


def test_ccxt_takes_the_candles(candles):
    import ccxt

    exchange = ccxt.Exchange()
    rows = export.to_ccxt(candles)
    assert exchange.parse_ohlcvs(rows) == rows
    assert rows[1] == [1_767_225_660_000, 60001.25, 60003.25, 59999.25, 60002.25, 1.5]
    assert [row[1:] for row in rows] == candles[FIVE].values.tolist()


def test_ccxt_takes_the_executions(executions):
    import ccxt

    exchange = ccxt.Exchange()
    rows = export.to_ccxt(executions, "BTC/USDT")
    assert [exchange.safe_trade(dict(row)) for row in rows] == rows
    assert (
        rows[1]["datetime"] == exchange.iso8601(rows[1]["timestamp"]) == "2026-01-01T00:00:00.123Z"
    )
    assert (rows[1]["id"], rows[1]["order"], rows[1]["side"]) == (str(2**60), None, "sell")
    assert rows[0]["fee"] == {"cost": 0.0015, "currency": "BTC"}
    assert rows[0]["info"]["price"] == "60000.250000000000000000"
    bar = exchange.build_ohlcvc(rows, "1m")[0]
    assert bar[:6] == [START * 1000, 60000.25, 60000.25, 60000.25, 60000.25, 1.0]


def test_backtesting_runs_on_the_candles(candles):
    from backtesting import Backtest, Strategy

    seen = []

    class Look(Strategy):
        def init(self):
            seen.append(self.data.df[["Open", "High", "Low", "Close", "Volume"]])

        def next(self):
            pass

    given = export.to_backtesting(candles)
    result = Backtest(given, Look, cash=1_000_000).run()
    assert result["Start"] == pd.Timestamp("2026-01-01")
    assert seen[0].values.tolist() == candles[FIVE].values.tolist()
    assert given.index.tz is None


# Tools too heavy for the tests, or bound to an older pandas: held against their documented formats


def test_freqtrade_finds_its_feather_file(tmp_path, candles):
    path = export.to_freqtrade(candles, tmp_path / "data" / "btcc", "BTC/USDT")
    assert path == tmp_path / "data" / "btcc" / "BTC_USDT-1m.feather"
    found = pd.read_feather(path)
    assert list(found.columns) == ["date", *FIVE]
    assert str(found["date"].dtype) == "datetime64[ms, UTC]"
    assert found["date"].tolist() == candles.index.tolist()
    assert found[FIVE].values.tolist() == candles[FIVE].values.tolist()
    assert pyarrow.feather.read_table(path).schema.field("open").type == "double"


def test_freqtrade_names_do_not_leave_the_folder(tmp_path, candles):
    path = export.to_freqtrade(candles, tmp_path, "../../x:y/USDT")
    assert path.parent == tmp_path
    assert path.name == "______x_y_USDT-1m.feather"


def test_vectorbt_gets_the_columns_and_the_frequency_it_looks_for(candles):
    given = export.to_vectorbt(candles)
    assert list(given.columns) == ["Open", "High", "Low", "Close", "Volume"]
    assert given.index.freq == pd.tseries.frequencies.to_offset("1min")
    assert str(given.index.tz) == "UTC"
    assert given.values.tolist() == candles[FIVE].values.tolist()
    assert export.to_vectorbt(candles.drop(candles.index[5])).index.freq is None


def test_nautilus_gets_bars_dated_when_they_close(tmp_path, candles):
    found = pd.read_parquet(export.to_nautilus(candles, tmp_path / "bars.parquet")).set_index(
        "timestamp"
    )
    assert list(found.columns) == FIVE
    assert {str(dtype) for dtype in found.dtypes} == {"float64"}
    assert found.index.tolist() == (candles.index + pd.Timedelta("1min")).tolist()
    assert found.values.tolist() == candles[FIVE].values.tolist()


def test_nautilus_gets_prints_as_trade_ticks(tmp_path):
    prints = data.frame(
        "prints",
        [{"time": START, "sequence": 1, "id": 7, "side": "sell", "price": "1.5", "amount": "2"}],
    )
    found = pd.read_parquet(export.to_nautilus(prints, tmp_path / "t.parquet")).set_index(
        "timestamp"
    )
    assert found.iloc[0].to_dict() == {
        "price": 1.5,
        "quantity": 2.0,
        "side": "SELL",
        "trade_id": "7",
    }
    assert found.index[0] == at(START)


# Arguments


@pytest.mark.parametrize("name", ["to_freqtrade", "to_nautilus"])
def test_a_frame_that_does_not_say_its_interval_needs_one(tmp_path, candles, name):
    candles.attrs = {}
    arguments = (tmp_path, "BTC/USDT") if name == "to_freqtrade" else (tmp_path / "x.parquet",)
    with pytest.raises(InvalidArgument, match="pass one"):
        getattr(export, name)(candles, *arguments)
    assert getattr(export, name)(candles, *arguments, interval="1m").exists()


@pytest.mark.parametrize("name", ["to_vectorbt", "to_backtesting"])
def test_what_are_no_candles_is_refused(executions, name):
    with pytest.raises(InvalidArgument, match="no column 'open'; pass candles"):
        getattr(export, name)(executions)


def test_exact_candles_and_scanned_ones_are_exported_alike(store, candles):
    exact, _ = store.read("klines", "spot", "BTCUSDT", interval="1m", exact=True)
    scanned = store.scan("klines", "BTCUSDT", interval="1m")
    for given in (exact, scanned):
        assert export.to_ccxt(given) == export.to_ccxt(candles)
        assert_frame_equal(export.to_vectorbt(given), export.to_vectorbt(candles), check_freq=False)


def test_an_export_leaves_the_frame_as_it_was(tmp_path, candles):
    before = candles.copy()
    export.to_csv(candles, tmp_path / "c.csv")
    export.to_excel(candles, tmp_path / "c.xlsx")
    export.to_backtesting(candles)
    export.to_nautilus(candles, tmp_path / "c.parquet")
    assert_frame_equal(candles, before)
