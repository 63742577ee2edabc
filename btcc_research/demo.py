"""`btcc demo`: one look at everything, on whatever account is connected."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import pandas as pd

from btcc_research import api, plot

WIDE = {"display.width": 110, "display.max_columns": 20, "display.max_colwidth": 24}
MARKET = "BTCUSDT"
CHART_HOURS = 120

NEXT = """\
What to type next, in IPython or Jupyter:

    import btcc_research as btcc
    df = btcc.trades()                                    # your executions, both venues
    btcc.trades?                                          # what its columns are
    candles = btcc.klines("ETHUSDT", "15m", start="2026-11-01")
    btcc.plot.candles(candles, trades=df)

To use your own account, store a key set in a terminal and connect:

    btcc keys add mine
    btcc.connect(profile="mine")                          # reads only, unless trade=True"""


def run_demo(chart: str) -> None:
    """Print the account, its last trades and a candle summary; save a chart."""
    mpl.use("Agg")
    balances, trades = api.balances(), api.trades()
    with pd.option_context(WIDE):
        _say(_card(trades))
        _say(_heading("Balances"), balances.to_string(index=False))
        shown = ["time", "venue", "market", "side", "price", "amount", "fee", "fee_asset"]
        last = trades[shown].tail(8).assign(time=trades["time"].dt.strftime("%m-%d %H:%M:%S"))
        _say(_heading("Last trades: btcc.trades()"), last.to_string(index=False))
        if "futures" in trades.attrs["venues"]:
            _say(_heading("Open positions: btcc.positions()"), _positions())
        candles = api.klines(MARKET, "1h", limit=CHART_HOURS)
        _say(_heading(f'Candles: btcc.klines("{MARKET}", "1h")'), _summary(candles))
    _save(candles, trades, chart)
    _say("", NEXT)


def _say(*lines: str) -> None:
    print(*lines, sep="\n")


def _heading(words: str) -> str:
    return f"\n{words}\n{'-' * len(words)}"


def _card(trades: pd.DataFrame) -> str:
    status = api.status()
    environment = status["environment"]
    note = "simulated markets, money is not real" if environment == "sandbox" else "LIVE account"
    armed = "orders may be sent" if status["trade"] else "read only"
    key = status["key_set"] or {"label": "none"}
    markets = ", ".join(sorted(trades["market"].unique()))
    span = (
        f"{trades['time'].min():%Y-%m-%d} to {trades['time'].max():%Y-%m-%d}" if len(trades) else ""
    )
    rows = [
        ("environment", f"{environment.upper()} ({note})"),
        ("connection", f"{armed}, key set {key['label']!r}"),
        ("executions", f"{len(trades)} in {markets}, {span}"),
        ("coverage", _proof(trades)),
    ]
    return "\n".join(f"{name:12} {value}" for name, value in rows)


def _proof(trades: pd.DataFrame) -> str:
    coverage = trades.attrs["coverage"]
    if coverage["holes"]:
        return f"{len(coverage['holes'])} hole(s)"
    return f"complete, {coverage['pages']} pages read, {coverage['repeats']} repeats dropped"


def _positions() -> str:
    frame = api.positions()
    names = ["market", "side", "amount", "open_price", "unrealized", "asset", "leverage", "margin"]
    return frame[names].to_string(index=False) if len(frame) else "none"


def _summary(candles: pd.DataFrame) -> str:
    days = candles.resample("1D").agg(
        {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    )
    days["change %"] = (days["close"] / days["open"] - 1) * 100
    days.index = pd.Index(pd.DatetimeIndex(days.index).strftime("%Y-%m-%d"), name="day (UTC)")
    missing = int(candles.btcc.gaps()["missing"].sum())
    return f"{days.round(2).to_string()}\n{len(candles)} finished candles, {missing} missing"


def _save(candles: pd.DataFrame, trades: pd.DataFrame, chart: str) -> None:
    ax = plot.candles(candles, trades=trades)
    path = Path(chart)
    figure = ax.get_figure(root=True)
    if figure is not None:
        figure.savefig(path, dpi=130)
    _say(f"\nChart with your executions: {path.resolve()}")
