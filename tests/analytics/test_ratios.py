"""Risk and return figures: as empyrical has them, and by hand at the edges."""

import math

import empyrical
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btcc_research import analytics
from btcc_research.errors import InvalidArgument


def series(values, freq="1D"):
    index = pd.date_range("2026-01-01", periods=len(values), freq=freq, tz="UTC")
    return pd.Series(np.asarray(values, dtype=float), index=index)


def random_returns(seed, count=400):
    return series(np.random.default_rng(seed).normal(0.0005, 0.02, count))


SAME = {
    "annual_return": lambda r: empyrical.annual_return(r, annualization=365),
    "volatility": lambda r: empyrical.annual_volatility(r, annualization=365),
    "sharpe": lambda r: empyrical.sharpe_ratio(r, annualization=365),
    "sortino": lambda r: empyrical.sortino_ratio(r, annualization=365),
    "calmar": lambda r: empyrical.calmar_ratio(r, annualization=365),
    "max_drawdown": empyrical.max_drawdown,
    "total_return": empyrical.cum_returns_final,
}


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("name", SAME)
def test_empyrical_agrees(name, seed):
    returns = random_returns(seed)
    assert getattr(analytics, name)(returns) == pytest.approx(
        SAME[name](returns), rel=1e-12, abs=1e-14
    )


@given(st.lists(st.floats(-0.5, 0.5).map(lambda value: round(value, 4)), min_size=3, max_size=60))
@settings(max_examples=200, deadline=None)
def test_empyrical_agrees_on_any_returns_where_both_have_a_number(values):
    returns = series(values)
    for name, theirs in SAME.items():
        mine, other = getattr(analytics, name)(returns), float(theirs(returns))
        # A spread that is nothing but rounding gives huge numbers; any two of them differ.
        if math.isfinite(mine) and math.isfinite(other) and returns.std() > 1e-12:
            assert mine == pytest.approx(other, rel=1e-11, abs=1e-13), name


def test_what_a_step_without_risk_or_required_takes_off():
    returns = random_returns(3)
    assert analytics.sharpe(returns, risk_free=0.0002) == pytest.approx(
        empyrical.sharpe_ratio(returns, risk_free=0.0002, annualization=365), rel=1e-12
    )
    assert analytics.sortino(returns, required=0.0002) == pytest.approx(
        empyrical.sortino_ratio(returns, required_return=0.0002, annualization=365), rel=1e-12
    )


@pytest.mark.parametrize(("freq", "periods"), [("1D", 365), ("1h", 8760), ("15min", 35040)])
def test_a_year_has_365_days_around_the_clock(freq, periods):
    returns = series(random_returns(1).to_numpy(), freq)
    assert analytics.volatility(returns) == pytest.approx(
        empyrical.annual_volatility(returns, annualization=periods), rel=1e-12
    )
    assert analytics.volatility(returns, periods) == analytics.volatility(returns)


def test_without_times_the_steps_a_year_have_to_be_given():
    returns = pd.Series([0.01, -0.02, 0.03])
    with pytest.raises(InvalidArgument, match="periods=365"):
        analytics.sharpe(returns)
    assert analytics.volatility(returns, 365) == pytest.approx(
        np.std(returns, ddof=1) * math.sqrt(365)
    )


def test_unknown_returns_are_left_out():
    returns = random_returns(5, 30)
    holed = pd.concat([series([math.nan]), returns])
    assert analytics.annual_return(holed, 365) == analytics.annual_return(returns, 365)
    assert analytics.sharpe(holed, 365) == analytics.sharpe(returns, 365)


@pytest.mark.parametrize(
    "name", ["annual_return", "volatility", "sharpe", "sortino", "calmar", "max_drawdown"]
)
def test_without_returns_there_is_no_figure(name):
    assert math.isnan(getattr(analytics, name)(series([])))


def test_where_nothing_varies_or_falls_there_is_no_ratio():
    flat = series([0.5, 0.5, 0.5])
    assert math.isnan(analytics.sharpe(flat))
    assert math.isnan(analytics.sortino(flat))
    assert math.isnan(analytics.calmar(flat))
    assert analytics.max_drawdown(flat) == 0


def test_a_drawdown_is_measured_from_the_highest_value_so_far():
    under = analytics.drawdown(series([0.1, -0.2, 0.0, 0.5, -0.5]))
    assert under.tolist() == pytest.approx([0, -0.2, -0.2, 0, -0.5])
    assert analytics.drawdown(series([-0.1, 0.2])).tolist() == pytest.approx([-0.1, 0])


def test_the_table_of_drawdowns_is_the_deepest_first():
    returns = series([0.1, -0.1, 0.05, 0.2, -0.3, 0.1])
    table = analytics.drawdowns(returns)
    days = [moment.day for moment in table["peak_at"]]
    assert days == [4, 1]
    assert [moment.day for moment in table["trough_at"]] == [5, 2]
    assert table["recovered_at"].isna().tolist() == [True, False]
    assert table["depth"].tolist() == pytest.approx([-0.3, -0.1])
    assert table["steps"].tolist() == [2, 3]
    assert table["length"].tolist() == [pd.Timedelta("2D"), pd.Timedelta("3D")]
    assert len(analytics.drawdowns(series([0.1, 0.2]))) == 0


@given(st.lists(st.floats(-0.4, 0.4), min_size=1, max_size=40))
@settings(max_examples=100, deadline=None)
def test_the_deepest_drawdown_heads_the_table(values):
    returns = series(values)
    table = analytics.drawdowns(returns)
    deepest = table["depth"].iloc[0] if len(table) else 0.0
    assert deepest == pytest.approx(analytics.max_drawdown(returns), abs=1e-15)
