"""The public face: names, documentation, and frames that are the same when they are empty."""

import inspect
import subprocess
import sys
import warnings

import pandas as pd
import pytest

from btcc_research import analytics, tables
from btcc_research.analytics import columns
from btcc_research.errors import InvalidArgument
from btcc_research.frames import dtype_name
from tests.analytics.accounts import futures_account, spot_account
from tests.analytics.by_hand import ledger, spot

QUOTES = pd.DataFrame({"time": pd.DatetimeIndex([], tz="UTC"), "market": [], "bid": [], "ask": []})
FUNCTIONS = [name for name in analytics.__all__ if name != "ValueUnknown"]


def test_names_are_listed_and_lead_to_functions():
    assert (
        dir(analytics)
        == analytics.__all__
        == sorted(analytics.__all__, key=lambda name: (name[0].islower(), name))
    )
    assert all(inspect.isfunction(getattr(analytics, name)) for name in FUNCTIONS)
    assert issubclass(analytics.ValueUnknown, UserWarning)
    with pytest.raises(AttributeError, match="no attribute 'magic'"):
        analytics.magic  # noqa: B018


def test_no_function_is_named_like_a_module():
    modules = {
        path.stem for path in __import__("pathlib").Path(analytics.__file__).parent.glob("*.py")
    }
    assert not modules & set(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_says_what_comes_back_what_it_takes_and_what_goes_wrong(name):
    function = getattr(analytics, name)
    text = inspect.getdoc(function)
    assert text.startswith("Return ")
    assert "{columns}" not in text
    for parameter in inspect.signature(function).parameters:
        assert parameter in text
    places = [
        text.index(title)
        for title in ("Returns\n---", "Parameters\n---", "Raises\n---")
        if title in text
    ]
    assert places == sorted(places)


def test_the_modules_load_when_they_are_used():
    code = "import sys, btcc_research.analytics as a; dir(a); print('pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def nothing(exact):
    """Call everything with frames without rows."""
    trades = tables.joined_frame(tables.TRADES, [], exact=exact)
    orders = tables.joined_frame(tables.ORDERS, [], exact=exact)
    lines = tables.joined_frame(tables.LEDGER, [], exact=exact)
    trips = analytics.round_trips(trades)
    costs = analytics.execution_costs(trades, QUOTES)
    returns = pd.Series([], index=pd.DatetimeIndex([], tz="UTC"), dtype="float64")
    return {
        "lots": (analytics.lots(trades), columns.LOTS),
        "round_trips": (trips, columns.ROUND_TRIPS),
        "tax_lots": (analytics.tax_lots(trades), columns.TAX_LOTS),
        **{
            f"pnl by {by}": (analytics.pnl(trades, by=by), columns.pnl_columns(by))
            for by in columns.PNL_BY
        },
        "reconcile": (analytics.reconcile(lines, trades), columns.RECONCILIATION),
        "discrepancies": (analytics.discrepancies(lines, trades), columns.DISCREPANCIES),
        "trip_statistics": (analytics.trip_statistics(trips), columns.TRIP_STATISTICS),
        "drawdowns": (analytics.drawdowns(returns), columns.DRAWDOWNS),
        "execution_costs": (costs, columns.EXECUTION_COSTS),
        "order_costs": (analytics.order_costs(orders, QUOTES), columns.ORDER_COSTS),
        "cost_summary": (analytics.cost_summary(costs), columns.COST_SUMMARY),
    }


@pytest.mark.parametrize("exact", [False, True])
def test_an_empty_frame_has_the_declared_columns_and_dtypes(exact):
    for name, (frame, declared) in nothing(exact).items():
        assert len(frame) == 0, name
        assert list(frame.columns)[: len(declared)] == [field.name for field in declared], name
        for field in declared:
            expected = dtype_name(field.kind, exact=exact and name != "drawdowns")
            assert str(frame[field.name].dtype).startswith(expected), (name, field.name)


@pytest.mark.parametrize("exact", [False, True])
def test_a_full_frame_has_the_dtypes_of_an_empty_one(exact):
    account = spot_account(1, exact=exact)
    futures = futures_account(1, exact=exact)
    trades = pd.concat([account.trades, futures.trades], ignore_index=True)
    empty = {name: frame for name, (frame, _) in nothing(exact).items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", analytics.ValueUnknown)
        full = {
            "lots": analytics.lots(trades),
            "round_trips": analytics.round_trips(trades),
            "tax_lots": analytics.tax_lots(trades, transfers=account.transfers),
            "pnl by market": analytics.pnl(trades, futures.ledger),
            "pnl by day": analytics.pnl(trades, futures.ledger, by="day"),
            "pnl by position": analytics.pnl(trades, futures.ledger, by="position"),
            "reconcile": analytics.reconcile(**account.frames),
            "discrepancies": analytics.discrepancies(
                account.ledger, account.trades.iloc[1:].reset_index(drop=True)
            ),
            "trip_statistics": analytics.trip_statistics(analytics.round_trips(trades), "weekday"),
            "execution_costs": analytics.execution_costs(trades, QUOTES),
        }
    for name, frame in full.items():
        assert len(frame) > 0
        pd.testing.assert_series_equal(frame.dtypes, empty[name].dtypes, obj=name)


def test_an_equity_curve_has_its_columns():
    lines = ledger(("00:00", "USDT", "deposit", "10"), exact=False)
    curve = analytics.equity_curve(lines, {})
    assert list(curve.columns) == [field.name for field in columns.EQUITY]
    assert (curve.dtypes == "float64").all()
    assert str(curve.index.dtype) == "datetime64[us, UTC]"
    assert curve.attrs == {"currency": "USDT"}


def test_frames_given_are_left_as_they_are():
    account = spot_account(2)
    before = {
        name: frame.copy(deep=True) for name, frame in account.frames.items() if frame is not None
    }
    analytics.pnl(account.trades, account.ledger, lambda *asked: 2, currency="USDT")
    analytics.discrepancies(**account.frames)
    analytics.round_trips(account.trades)
    for name, frame in before.items():
        pd.testing.assert_frame_equal(frame, getattr(account, name))


@pytest.mark.parametrize(
    "prices", [3, "BTCUSDT", pd.DataFrame({"bid": [1.0]}), pd.DataFrame({"market": ["BTCUSDT"]})]
)
def test_prices_of_no_known_form_are_refused(prices):
    with pytest.raises(InvalidArgument, match="prices"):
        analytics.lots(spot(), prices=prices)


def test_prices_of_many_forms_are_the_same_price():
    trades = spot(("00:00", "BTCUSDT", "buy", "100", "1", "0", "BTC"))
    time = pd.DatetimeIndex(["2026-01-04", "2026-01-05"], tz="UTC", name="open_time")
    candles = pd.DataFrame({"close": [7.0, 120.0], "closed": [True, True]}, index=time)
    candles.attrs = {"market": "BTCUSDT", "interval": 86400}
    forms = [
        {"BTCUSDT": 120}, pd.Series({"BTCUSDT": 120.0}), candles, {"BTCUSDT": candles},
        {"BTCUSDT": candles["close"]}, pd.DataFrame({"market": ["BTCUSDT"], "last": [120.0]}),
        pd.DataFrame({"venue": ["spot"], "market": ["BTCUSDT"], "bid": [119.0], "ask": [121.0]}),
        {"USDTBTC": 1 / 120}, {"BTCETH": 40, "ETHUSDT": 3, "BTCUSD": 60, "USDUSDT": 2},
        lambda asset, currency, moment: 120,
    ]  # fmt: skip
    for form in forms:
        found = float(analytics.pnl(trades, prices=form)["unrealized"][0])
        assert found == pytest.approx(20, abs=1e-9), form
