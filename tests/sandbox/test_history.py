"""The demonstration account's past: rich, in order, inside the candles, exact."""

from collections import Counter
from decimal import Decimal as D

import pytest

from btcc_research.sandbox.accounts import DEMO_USER
from btcc_research.sandbox.exchange import Exchange
from btcc_research.sandbox.history import DAYS, Trader
from btcc_research.sandbox.market import DAY, price_paths
from btcc_research.sandbox.participants import Participants

NOW = 1_795_430_123_000_000


def lived(seed=7, now=NOW):
    paths = price_paths(seed)
    exchange = Exchange(path.rules for path in paths.values())
    participants = Participants(exchange, paths, seed)
    Trader(DEMO_USER, exchange, participants, seed).live(paths, now)
    return paths, exchange, exchange.account(DEMO_USER)


@pytest.fixture(scope="module")
def past():
    return lived()


def test_there_is_enough_of_everything(past):
    _, _, account = past
    executions = [deal for deals in account.deals.values() for deal in deals]
    orders = [order for orders in account.finished.values() for order in orders]
    plans = [plan for plans in account.finished_plans.values() for plan in plans]
    assert len(executions) >= 3000
    assert len(account.deals) == 5
    assert {deal.role for deal in executions} == {"maker", "taker"}
    assert max(Counter(deal.order_id for deal in executions).values()) >= 3
    assert (
        sum(1 for order in orders if order.remaining and order.filled and order.type == "limit")
        >= 10
    )
    assert {plan.execution_status for plan in plans} >= {1, 3}
    assert {line.business for line in account.ledger} >= {"trade", "fee", "deposit", "withdraw"}
    span = executions[-1].time - min(deal.time for deal in executions)
    assert span > (DAYS - 3) * DAY * 1_000_000


def test_every_execution_lies_inside_its_candle(past):
    paths, _, account = past
    for market, deals in account.deals.items():
        for deal in deals:
            minute = deal.time // 60_000_000
            candle = paths[market].minutes(minute, minute)
            ticks = int(deal.price.scaleb(paths[market].rules.price_precision))
            assert candle.low[0] <= ticks <= candle.high[0]


def test_everything_is_in_the_order_of_time_and_nothing_is_in_the_future(past):
    _, _, account = past
    times = [line.time for line in account.ledger]
    assert times == sorted(times)
    assert times[-1] <= NOW
    for deals in account.deals.values():
        assert [deal.time for deal in deals] == sorted(deal.time for deal in deals)


def test_the_ledger_adds_up_to_the_balances_to_the_last_digit(past):
    _, _, account = past
    for asset, held in account.balances.items():
        lines = [line for line in account.ledger if line.asset == asset]
        assert sum((line.change for line in lines), D(0)) == held.available + held.frozen
        assert lines[-1].balance == held.available + held.frozen


@pytest.mark.parametrize("seed", [1, 2])
def test_other_seeds_are_as_rich(seed):
    _, _, account = lived(seed)
    assert sum(len(deals) for deals in account.deals.values()) >= 3000


def test_a_later_start_on_the_same_day_continues_the_same_story(past):
    _, _, earlier = past
    _, _, later = lived(now=NOW + 3 * 3_600_000_000)
    assert later.ledger[: len(earlier.ledger)] == earlier.ledger
    assert len(later.ledger) >= len(earlier.ledger)
