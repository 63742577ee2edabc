"""The way out: frames as files other programs open, and in the forms other tools expect.

Frames come from `Store.read` or from the client. Nothing is resampled or filled: a candle
the exchange does not have is missing there as well.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from btcc_research.arguments import interval_seconds
from btcc_research.errors import InvalidArgument
from btcc_research.store.files import optional
from btcc_research.store.series import interval_name

_CANDLE = ("open", "high", "low", "close", "volume")
_MOST_CELLS_DOWN = 1_048_575
_MOST_EXACT = 2**53
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_csv(frame: pd.DataFrame, path: str | Path) -> Path:
    """Write a frame as CSV: times in ISO 8601 with their zone, decimals with all digits.

    Text that a spreadsheet would take for a formula (it begins with ``=``, ``+``, ``-``,
    ``@``, a tab or a return) gets an apostrophe in front, so that it stays text.

    Returns
    -------
    Path
        The file.
    """
    plain = _plain(frame)
    for name in plain.columns:
        if isinstance(plain[name].dtype, pd.DatetimeTZDtype):
            plain[name] = plain[name].map(lambda time: time.isoformat(), na_action="ignore")
        elif _is_decimal(plain[name]):
            plain[name] = [_digits(value) for value in plain[name]]
        elif _is_text(plain[name]):
            plain[name] = plain[name].map(_as_text, na_action="ignore")
    # With this end of line, text that holds either half of it is quoted.
    plain.to_csv(path, index=False, lineterminator="\r\n")
    return Path(path)


def to_excel(frame: pd.DataFrame, path: str | Path, sheet: str = "btcc") -> Path:
    """Write a frame as an Excel file: times as UTC, which the header says.

    Excel holds numbers as floats of 15 digits: decimals become floats, and ids above 2**53
    become text. No text is ever a formula.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InvalidArgument
        For more rows than a sheet has.
    ConfigError
        Where openpyxl is not installed; it names the command that installs it.
    """
    optional("openpyxl", "to_excel", "excel")
    if len(frame) > _MOST_CELLS_DOWN:
        raise InvalidArgument(
            f"{len(frame)} rows: a sheet has {_MOST_CELLS_DOWN}; write parts, or to_csv."
        )
    plain = _plain(frame)
    for name in list(plain.columns):
        if isinstance(plain[name].dtype, pd.DatetimeTZDtype):
            plain[name] = plain[name].dt.tz_convert("UTC").dt.tz_localize(None)
            plain = plain.rename(columns={name: f"{name} (UTC)"})
        elif _is_decimal(plain[name]):
            plain[name] = plain[name].astype("float64")
        elif pd.api.types.is_integer_dtype(plain[name].dtype):
            large = (plain[name].abs() > _MOST_EXACT).any()
            plain[name] = plain[name].astype("str") if large else plain[name]
    with pd.ExcelWriter(path, engine="openpyxl") as writer:
        plain.to_excel(writer, sheet_name=sheet, index=False)
        for row in writer.sheets[sheet].iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    cell.data_type = "s"
    return Path(path)


def to_freqtrade(
    candles: pd.DataFrame, folder: str | Path, pair: str, interval: str | int | None = None
) -> Path:
    """Write candles into a data folder of freqtrade, as its feather file.

    Returns
    -------
    Path
        The file, such as ``BTC_USDT-1h.feather`` in `folder`.

    Parameters
    ----------
    candles : DataFrame
        As `Store.read` returns them.
    folder : str or Path
        Such as ``user_data/data/btcc``.
    pair : str
        In freqtrade's spelling, such as ``"BTC/USDT"``.
    interval : str or int, optional
        Length of a candle; left out: what the frame says of itself.

    Notes
    -----
    Source: freqtrade documentation, "Data Downloading", data format.
    """
    name = f"{_safe(pair)}-{interval_name(_interval(candles, interval))}.feather"
    table = _floats(candles).reset_index(names="date")
    table["date"] = table["date"].astype("datetime64[ms, UTC]")
    Path(folder).mkdir(parents=True, exist_ok=True)
    table.to_feather(Path(folder) / name, compression="lz4")
    return Path(folder) / name


def to_ccxt(frame: pd.DataFrame, symbol: str | None = None) -> list[Any]:
    """Return candles or executions in ccxt's unified structures.

    Returns
    -------
    list
        Candles: ``[milliseconds, open, high, low, close, volume]`` each. Executions: one
        dict each, as ``fetch_my_trades`` returns them.

    Parameters
    ----------
    frame : DataFrame
        Candles or executions.
    symbol : str, optional
        In ccxt's spelling, such as ``"BTC/USDT"``; left out: the market's own name.

    Notes
    -----
    Source: ccxt manual, "OHLCV Structure" and "Trade Structure".
    """
    if "open" in frame.columns:
        opens = _milliseconds(_times(frame))
        columns = [opens, *(_floats(frame)[name].tolist() for name in _CANDLE)]
        return [list(row) for row in zip(*columns, strict=True)]
    times = pd.DatetimeIndex(frame["time"])
    rows: list[Any] = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [
        _ccxt_trade(row, at, symbol) for row, at in zip(rows, _milliseconds(times), strict=True)
    ]


def to_vectorbt(candles: pd.DataFrame) -> pd.DataFrame:
    """Return candles as vectorbt takes them: ``frame.vbt.ohlcv``.

    Returns
    -------
    DataFrame
        Columns Open, High, Low, Close, Volume (float64); index of UTC times, which knows
        its frequency where no candle is missing.

    Notes
    -----
    Source: vectorbt documentation, `ohlcv_accessors`.
    """
    table = _capitalised(candles)
    if len(table) > 2:
        steps = table.index.to_series().diff().dropna().unique()
        if len(steps) == 1:
            table.index.freq = pd.tseries.frequencies.to_offset(steps[0])  # type: ignore[attr-defined]
    return table


def to_backtesting(candles: pd.DataFrame) -> pd.DataFrame:
    """Return candles as backtesting.py takes them: ``Backtest(frame, strategy)``.

    Returns
    -------
    DataFrame
        Columns Open, High, Low, Close, Volume (float64); index of UTC times without a zone.

    Notes
    -----
    Source: backtesting.py documentation, `Backtest`.
    """
    table = _capitalised(candles)
    table.index = table.index.tz_localize(None)  # type: ignore[attr-defined]
    return table


def to_nautilus(frame: pd.DataFrame, path: str | Path, interval: str | int | None = None) -> Path:
    """Write candles or recorded prints for NautilusTrader's Parquet loaders and wranglers.

    Candles are for `ParquetBarDataLoader` and `BarDataWrangler`, prints for
    `ParquetTickDataLoader` and `TradeTickDataWrangler`. A bar is dated when it closed,
    since that is when a strategy may know it.

    Returns
    -------
    Path
        The file.

    Parameters
    ----------
    frame : DataFrame
        Candles, or prints.
    path : str or Path
        The file.
    interval : str or int, optional
        Length of a candle; left out: what the frame says of itself.

    Notes
    -----
    Source: NautilusTrader documentation, "Data", loaders and wranglers.
    """
    if "open" in frame.columns:
        table = _floats(frame)
        table.index += pd.Timedelta(seconds=_interval(frame, interval))
        table = table.reset_index(names="timestamp")
    else:
        table = pd.DataFrame(
            {
                "timestamp": frame["time"],
                "price": frame["price"].astype("float64"),
                "quantity": frame["amount"].astype("float64"),
                "side": frame["side"].str.upper(),
                "trade_id": frame["id"].astype("str"),
            }
        )
    table.attrs = {}
    table.to_parquet(path, index=False)
    return Path(path)


def _ccxt_trade(row: dict[str, Any], at: int, symbol: str | None) -> dict[str, Any]:
    fee = {"cost": _number(row.get("fee")), "currency": row.get("fee_asset")}
    return {
        "info": {name: str(value) for name, value in row.items()},
        "id": _name(row["id"]),
        "timestamp": at,
        "datetime": pd.Timestamp(at, unit="ms").strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "symbol": symbol or row["market"],
        "order": _name(row["order_id"]),
        "type": None,
        "side": row["side"],
        "takerOrMaker": row["role"],
        "price": _number(row["price"]),
        "amount": _number(row["amount"]),
        "cost": _number(row["cost"]),
        "fee": fee,
        "fees": [fee],
    }


def _floats(candles: pd.DataFrame) -> pd.DataFrame:
    """Return the five columns every tool knows, as float64, by open time."""
    absent = [name for name in _CANDLE if name not in candles.columns]
    if absent:
        raise InvalidArgument(f"the frame has no column {absent[0]!r}; pass candles of klines.")
    table = pd.DataFrame(
        {name: [float(value) for value in candles[name]] for name in _CANDLE}, dtype="float64"
    )
    table.index = _times(candles)
    return table


def _capitalised(candles: pd.DataFrame) -> pd.DataFrame:
    return _floats(candles).rename(columns=str.capitalize)


def _times(candles: pd.DataFrame) -> pd.DatetimeIndex:
    """Return the open times, from the index or, after a scan, from their column."""
    times = candles["open_time"] if "open_time" in candles.columns else candles.index
    return pd.DatetimeIndex(times, name="open_time")


def _milliseconds(times: pd.DatetimeIndex) -> list[int]:
    return [int(time) for time in times.as_unit("ms").asi8]


def _interval(candles: pd.DataFrame, given: str | int | None) -> int:
    if given is not None:
        return interval_seconds(given)
    known = candles.attrs.get("interval")
    if not known:
        raise InvalidArgument('the frame does not say its interval; pass one, such as "1h".')
    return int(known)


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose index, where it says something, is a column."""
    plain = frame.reset_index() if frame.index.name else frame.copy()
    plain.attrs = {}
    return plain


def _is_decimal(column: pd.Series) -> bool:
    dtype = column.dtype
    return isinstance(dtype, pd.ArrowDtype) and pa.types.is_decimal(dtype.pyarrow_dtype)


def _is_text(column: pd.Series) -> bool:
    return bool(pd.api.types.is_string_dtype(column.dtype))


def _as_text(text: Any) -> Any:
    risky = isinstance(text, str) and text.startswith(_FORMULA)
    return f"'{text}" if risky else text


def _digits(value: Any) -> str | None:
    """Return a decimal with all its digits, without zeros at the end and without an E."""
    if not isinstance(value, Decimal):
        return None
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _name(value: Any) -> str | None:
    return None if value is None else str(value)


def _safe(pair: str) -> str:
    """Return a pair as freqtrade spells it in file names."""
    return pair.translate(dict.fromkeys(map(ord, "/ .@$+:\\"), "_"))
