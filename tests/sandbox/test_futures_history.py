"""The demonstration account's futures past: rich, repeatable, exact, and alive at the end."""

from collections import Counter
from decimal import Decimal as D
from itertools import pairwise

import pytest

from btcc_research.sandbox.dealer import Dealer
from btcc_research.sandbox.futures_history import DAYS, FuturesTrader
from btcc_research.sandbox.futures_market import FuturesMarket
from btcc_research.sandbox.futures_products import Quote
from btcc_research.sandbox.futures_quoter import Quoter
from btcc_research.sandbox.futures_rules import DAY_US, HOUR_US
from btcc_research.sandbox.futures_settings import FuturesSettings
from btcc_research.sandbox.market import price_paths
from tests.sandbox.futures_desk import NOW, money_in_the_world

ASSETS = ("USDT", "BTC", "ETH")
BOOKED = ("profit", "fee", "liquidation fee", "funding", "rollover")


def lived(seed=7, now=NOW):
    market = FuturesMarket(price_paths(seed), seed, FuturesSettings())
    dealer = Dealer(market.products.values(), FuturesSettings(), market.rate)
    account = dealer.open_account(20417)
    FuturesTrader(account.account_id, dealer, Quoter(dealer, market), market, seed).live(now)
    return market, dealer, account


@pytest.fixture(scope="module")
def past():
    return lived()


def enough(account):
    opened = [fill for fill in account.executions if fill.action == "open"]
    closed = [fill for fill in account.executions if fill.action == "close"]
    assert len(opened) >= 400
    assert min(Counter(fill.side for fill in opened).values()) > 120
    assert {fill.type for fill in opened} == {"market", "limit", "stop"}
    ways = Counter(fill.type for fill in closed)
    assert min(ways[way] for way in ("market", "stop_loss", "take_profit")) > 20
    assert ways["limit"] >= 3
    assert sum(fill.today_type == "liquidation" for fill in closed) == 2
    assert len(closed) > len({fill.position_id for fill in closed}) + 20
    assert {"BTCUSD", "ETHUSD", "TSLAUSDT", "XAUUSDT", "1000BONKUSDT"} < {
        fill.market for fill in opened
    }
    done = Counter((order.type, order.status) for order in account.closed_pendings)
    assert done["limit", "declined"] >= 3
    for type in ("limit", "stop"):
        assert done[type, "filled"] >= 10
        assert done[type, "cancelled"] >= 5
    assert done["take_profit", "cancelled"] > 0
    kinds = Counter(line.business for line in account.ledger)
    assert kinds["funding"] > 100
    assert kinds["rollover"] > 20
    assert kinds["deposit"] >= 6
    assert kinds["withdrawal"] == 2
    assert kinds["bonus"] >= 2


def test_there_is_enough_of_everything(past):
    enough(past[2])


@pytest.mark.parametrize("seed", [1, 2])
def test_other_seeds_are_as_rich(seed):
    _, dealer, account = lived(seed)
    enough(account)
    alive(dealer, account)


def alive(dealer, account):
    assert len(account.positions) >= 3
    assert len(account.pendings) >= 2
    assert {position.asset for position in account.positions.values()} > {"USDT"}
    assert "XAUUSDT20x" in {p.product.rsplit("/")[-1] for p in account.positions.values()}
    for asset in ASSETS:
        figures = dealer.figures(account.account_id, asset, NOW)
        assert figures.free_margin > figures.equity / 2 > 0


def test_at_the_end_positions_and_orders_are_open_and_the_account_is_healthy(past):
    _, dealer, account = past
    alive(dealer, account)
    usual = dealer.figures(account.account_id, "USDT", NOW).equity
    assert 60_000 < usual < 180_000


def test_gains_and_losses_are_a_visible_share_of_equity(past):
    _, _, account = past
    results = [abs(x.realized) for x in account.executions if x.asset == "USDT" and x.realized]
    assert 100 < sum(results) / len(results) < 2000


def test_the_past_spans_its_days_in_order_and_ends_before_now(past):
    _, _, account = past
    times = [line.time for line in account.ledger]
    assert times == sorted(times)
    assert times[0] == (NOW // DAY_US - DAYS) * DAY_US
    assert NOW - DAY_US < times[-1] <= NOW
    fills = [fill.time for fill in account.executions]
    assert fills == sorted(fills)


def test_every_fill_is_at_the_quote_of_its_second(past):
    market, _, account = past
    for fill in account.executions:
        quote = market.quote(fill.product, fill.time)
        assert fill.price == quote.price(fill.side)


def test_the_sum_of_all_lines_is_the_balance_exactly(past):
    _, _, account = past
    for asset in ASSETS:
        for money in ("balance", "bonus"):
            lines = [x for x in account.ledger if (x.asset, x.money) == (asset, money)]
            held = getattr(account.wallet(asset), money)
            assert sum((line.change for line in lines), D(0)) == held
            assert all(a.balance == b.balance_before for a, b in pairwise(lines))


def test_profit_minus_commission_plus_swap_is_what_the_ledger_booked(past):
    _, _, account = past
    for asset in ASSETS:
        fills = [fill for fill in account.executions if fill.asset == asset]
        held = [p.interest for p in account.positions.values() if p.asset == asset]
        lines = [x.change for x in account.ledger if x.asset == asset and x.business in BOOKED]
        results = [fill.realized - fill.fee + fill.interest for fill in fills]
        assert sum(results, D(0)) + sum(held, D(0)) == sum(lines, D(0))


def test_every_closed_position_is_explained_by_its_own_lines(past):
    _, _, account = past
    lines = {}
    for line in account.ledger:
        if line.business in BOOKED:
            number = int(line.remark.split(",")[0].removeprefix("position "))
            lines[number] = lines.get(number, D(0)) + line.change
    results = {}
    for fill in account.executions:
        net = fill.realized - fill.fee + fill.interest
        results[fill.position_id] = results.get(fill.position_id, D(0)) + net
    closed = results.keys() - account.positions.keys()
    assert len(closed) > 390
    assert {number: results[number] for number in closed} == {n: lines[n] for n in closed}


def test_nothing_was_made_or_lost(past):
    _, dealer, _ = past
    for asset in ASSETS:
        inside, outside = money_in_the_world(dealer, asset)
        assert inside == outside


def test_the_same_start_gives_the_same_past(past):
    _, _, account = past
    _, _, again = lived()
    assert again.ledger == account.ledger
    assert again.executions == account.executions
    assert again.positions == account.positions


def test_a_later_start_on_the_same_day_continues_the_same_story(past):
    _, _, earlier = past
    _, _, later = lived(now=NOW + 8 * HOUR_US)
    assert later.ledger[: len(earlier.ledger)] == earlier.ledger
    assert later.executions[: len(earlier.executions)] == earlier.executions
    assert len(later.ledger) > len(earlier.ledger)


def corners(path, minute):
    """Return the four corners of a minute's price, in the order in which they are met."""
    candle = path.minutes(minute, minute)
    opened, high, low, closed = (
        int(getattr(candle, name)[0]) for name in ("open", "high", "low", "close")
    )
    return [opened, low, high, closed] if closed >= opened else [opened, high, low, closed]


def test_equity_is_balance_bonus_and_floating_at_every_quote_of_a_day():
    market, dealer, account = lived(now=NOW)
    names = dealer.active()
    assert len(names) >= 4
    quotes = 0
    for minute in range(NOW // 60_000_000 + 1, NOW // 60_000_000 + 1441):
        for corner in range(4):
            now = (minute * 60 + corner * 15) * 1_000_000
            for name in names:
                rules, (below, above) = market.products[name], market.half_spreads(name)
                middle = corners(market.path(name), minute)[corner]
                bid, ask = D(middle - below), D(middle + above)
                scale = -rules.price_precision
                dealer.take([Quote(name, bid.scaleb(scale), ask.scaleb(scale), now)], now)
                check_figures(dealer, account, rules.margin_asset, now)
                quotes += 1
    assert quotes == 1440 * 4 * len(names)


def check_figures(dealer, account, asset, now):
    """Compute floating profit anew from the last quotes, without the dealer's rules."""
    floating = D(0)
    for held in account.positions.values():
        if held.asset != asset:
            continue
        quote = dealer.quotes[held.product]
        price = quote.bid if held.side == "buy" else quote.ask
        moved = (price - held.open_price) * held.lots * (1 if held.side == "buy" else -1)
        worth = moved if asset == "USDT" else moved / price
        floating += worth.quantize(D("1e-8"), "ROUND_HALF_UP")
    figures = dealer.figures(account.account_id, asset, now)
    wallet = account.wallet(asset)
    assert figures.equity == wallet.balance + wallet.bonus + floating
    assert figures.free_margin == figures.equity - figures.margin
