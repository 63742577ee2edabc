"""The feed of quotes: it visits what matters, and what happens does not depend on who looks."""

from contextlib import suppress
from decimal import Decimal as D
from random import Random

import pytest

from btcc_research.sandbox import futures_rules
from btcc_research.sandbox.dealer import Dealer
from btcc_research.sandbox.futures_market import SECOND_US
from btcc_research.sandbox.futures_quoter import Quoter
from btcc_research.sandbox.futures_settings import FuturesSettings
from btcc_research.sandbox.records import Refused
from tests.sandbox.futures_desk import DAY, HOUR, MARKET, NAMES, NOW


def desk(money="1000", seconds=NOW):
    dealer = Dealer(MARKET.products.values(), FuturesSettings(), MARKET.rate)
    account = dealer.open_account(1).account_id
    for asset, amount in (("USDT", money), ("BTC", "0.05"), ("ETH", "1")):
        dealer.deposit(account, asset, D(amount), seconds)
    return dealer, account


def ledger(dealer, account, business=None):
    lines = dealer.account(account).ledger
    return [line for line in lines if business in (None, line.business)]


def test_what_is_looked_at_is_quoted_and_nothing_else():
    dealer, _ = desk()
    quoter = Quoter(dealer, MARKET)
    quoter.advance(NOW, [NAMES["BTCUSDT"]])
    assert list(dealer.quotes) == [NAMES["BTCUSDT"]]
    quoter.advance(NOW + DAY)
    assert dealer.quotes[NAMES["BTCUSDT"]].time == NOW // SECOND_US * SECOND_US


def test_a_clock_that_goes_back_changes_nothing():
    dealer, _ = desk()
    quoter = Quoter(dealer, MARKET)
    quoter.advance(NOW, [NAMES["BTCUSDT"]])
    before = dict(dealer.quotes)
    quoter.advance(NOW - DAY, [NAMES["BTCUSDT"], NAMES["ETHUSDT"]])
    assert dealer.quotes[NAMES["BTCUSDT"]] == before[NAMES["BTCUSDT"]]
    assert dealer.quotes[NAMES["ETHUSDT"]].time == NOW // SECOND_US * SECOND_US


def test_settlements_happen_at_their_times_however_long_nobody_looks():
    dealer, account = desk("100000")
    quoter = Quoter(dealer, MARKET)
    quoter.advance(NOW, [NAMES["BTCUSDT"], NAMES["XAUUSDT"]])
    dealer.open_position(account, NAMES["BTCUSDT"], "buy", D("0.5"), 10, NOW)
    dealer.open_position(account, NAMES["XAUUSDT"], "sell", D(1), 10, NOW)
    quoter.advance(NOW + 3 * DAY)
    times = [line.time for line in ledger(dealer, account, "funding")]
    rates = MARKET.settled_rates(NAMES["BTCUSDT"], NOW, NOW + 3 * DAY)
    assert times == [time for time, _ in rates]
    for line, (time, rate) in zip(ledger(dealer, account, "funding"), rates, strict=True):
        value = MARKET.quote(NAMES["BTCUSDT"], time).mid * D("0.5")
        assert line.change == futures_rules.rounded(-value * rate, 8)
    rollovers = [line.time % DAY for line in ledger(dealer, account, "rollover")]
    assert rollovers == [16 * HOUR] * 3


def test_a_level_is_met_in_the_second_the_price_gets_there():
    dealer, account = desk("100000")
    quoter, name = Quoter(dealer, MARKET), NAMES["BTCUSDT"]
    quoter.advance(NOW, [name])
    position = dealer.open_position(account, name, "buy", D("0.1"), 10, NOW)
    level = (position.open_price * D("0.99")).quantize(D("0.01"))
    dealer.update_position(account, position.id, level, D(0), NOW)
    quoter.advance(NOW + 60 * DAY)
    assert position.status == "closed"
    seconds = range(NOW // SECOND_US + 1, position.closed_at // SECOND_US + 1)
    bids = [MARKET.quote(name, second * SECOND_US).bid for second in seconds[-7200:]]
    assert bids[-1] == position.close_price <= level
    assert min(bids[:-1]) > level


def test_the_feed_is_quiet_where_nothing_can_happen():
    dealer, account = desk("100000")
    quoter, name = Quoter(dealer, MARKET), NAMES["BTCUSDT"]
    quoter.advance(NOW, [name])
    dealer.open_position(account, name, "buy", D("0.5"), 10, NOW)
    taken = []
    take, dealer.take = dealer.take, lambda quotes, now: (taken.append(now), take(quotes, now))
    quoter.advance(NOW + 10 * DAY)
    assert len(taken) == 30 + 1  # three settlements a day, and the end


def orders(seed, hours):
    """Return moments with five numbers each, from which an order is made."""
    random, now, found = Random(seed), NOW, []
    while (now := now + int(random.expovariate(1 / 1.2e9)) + 1) < NOW + hours * HOUR:
        found.append((now, *(random.random() for _ in range(5))))
    return found


def place(dealer, account, order, look):
    """Carry out an order; it is reckless, so that accounts are liquidated now and then."""
    now, kind, which, side, size, other = order
    name = list(MARKET.products)[int(which * 10)]
    look(now, [name])
    rules, middle = MARKET.products[name], dealer.quotes[name].mid
    side = "buy" if side < 0.5 else "sell"
    way = D(1 if side == "buy" else -1)
    leverage = min((5, 20, 50, 100)[int(other * 4)], rules.max_leverage)
    free = dealer.figures(account, rules.margin_asset, now).free_margin
    value = 1 if rules.is_coin_margined else middle
    lots = max(free, D(0)) * D(0.05 + 0.9 * size**3) * leverage / value
    lots = max(lots // rules.step_lots * rules.step_lots, rules.min_lots)
    near = middle * D(0.0004 + size * 0.002)
    held = list(dealer.account(account).positions.values())
    if kind < 0.5:
        stops = {"stop_loss": middle - way * near, "take_profit": middle + way * near}
        some = {level: price for level, price in stops.items() if other < 0.6}
        dealer.open_position(account, name, side, lots, leverage, now, **some)
    elif kind < 0.7:
        type, far = ("limit", -near) if kind < 0.6 else ("stop", near)
        price = middle + way * far
        dealer.open_pending(account, name, type, side, lots, price, now, leverage=leverage)
    elif held:
        position = held[int(size * len(held))]
        look(now, [position.product])
        part = position.lots if kind > 0.85 else position.lots / 2
        step = MARKET.products[position.product].step_lots
        part = part // step * step or position.lots
        dealer.close_position(account, position.id, position.closing_side, part, now)


def lived(seed, hours, make_look):
    dealer, account = desk()
    look = make_look(dealer)
    for order in orders(seed, hours):
        with suppress(Refused):
            place(dealer, account, order, look)
    look(NOW + hours * HOUR, [])
    state = dealer.account(account)
    return state.ledger, state.executions, state.closed_pendings, state.positions


def rarely(dealer):
    return Quoter(dealer, MARKET).advance


def often(dealer):
    quoter, random, last = Quoter(dealer, MARKET), Random(1), [NOW]

    def look(now, products):
        while last[0] < now:
            last[0] = min(now, last[0] + random.randrange(1, 300 * SECOND_US))
            quoter.advance(last[0])
        quoter.advance(now, products)

    return look


def every_second(dealer):
    last = [NOW // SECOND_US]

    def look(now, products):
        end = now // SECOND_US
        for second in range(last[0] + 1, end + 1):
            moment = second * SECOND_US
            dealer.take([MARKET.quote(name, moment) for name in dealer.active()], moment)
        last[0] = end
        new = [
            n for n in products if n not in dealer.quotes or dealer.quotes[n].time < end * SECOND_US
        ]
        dealer.take([MARKET.quote(name, now) for name in new], end * SECOND_US)

    return look


def liquidations(state):
    return sum(1 for fill in state[1] if fill.today_type == "liquidation")


@pytest.mark.parametrize("seed", [3, 5, 26])
def test_it_does_not_matter_how_often_anybody_looks(seed):
    assert lived(seed, 24, rarely) == lived(seed, 24, often)


@pytest.mark.parametrize(("seed", "forced"), [(27, 6), (3, 0)])
def test_what_happens_is_what_a_quote_every_second_would_do(seed, forced):
    once = lived(seed, 24, rarely)
    assert once == lived(seed, 24, every_second)
    assert liquidations(once) == forced
    assert len(once[1]) > 60


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20, 60))
def test_it_is_the_same_for_many_days(seed):
    assert lived(seed, 24, rarely) == lived(seed, 24, every_second)


def test_a_new_stop_out_ratio_is_in_force_from_its_moment():
    begins = NOW + 5 * HOUR + 1
    rules = FuturesSettings(stop_out_ratio=D("0.1"), stop_out_history=((begins, D("0.9")),))
    dealer = Dealer(MARKET.products.values(), rules, MARKET.rate)
    account = dealer.open_account(1).account_id
    dealer.deposit(account, "USDT", D(960), NOW)
    quoter, name = Quoter(dealer, MARKET), NAMES["BTCUSDT"]
    quoter.advance(NOW, [name])
    position = dealer.open_position(account, name, "sell", D("0.3"), 20, NOW)
    quoter.advance(NOW + 5 * HOUR)
    equity, margin = dealer.standing(account, "USDT")
    assert position.status == "open"
    assert D("0.1") < equity / margin < D("0.9")
    quoter.advance(NOW + 6 * HOUR)
    assert position.closed_at == NOW + 5 * HOUR + SECOND_US


def test_accounts_are_liquidated_though_nobody_looks():
    dealer, account = desk("1000")
    quoter, name = Quoter(dealer, MARKET), NAMES["ETHUSDT"]
    quoter.advance(NOW, [name, NAMES["BTCUSDT"]])
    big = dealer.open_position(account, name, "sell", D("12.0"), 100, NOW)
    dealer.open_position(account, NAMES["BTCUSDT"], "buy", D("0.01"), 100, NOW)
    quoter.advance(NOW + 30 * DAY)
    assert big.status == "closed"
    first = next(x for x in dealer.account(account).executions if x.today_type == "liquidation")
    assert first.position_id == big.id
    assert first.time < NOW + 29 * DAY
