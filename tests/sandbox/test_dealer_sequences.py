"""Random orders of several users: every rule kept, no money made or lost."""

from contextlib import suppress
from decimal import Decimal as D
from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from btcc_research.sandbox.dealer import Dealer
from btcc_research.sandbox.futures_settings import FuturesSettings
from btcc_research.sandbox.records import Refused
from tests.sandbox.futures_desk import (
    HOUR,
    NIGHT,
    START,
    coin_margined,
    money_in_the_world,
    product,
)

OPENS = START + 16 * HOUR  # midnight in UTC+8
PRODUCTS = (
    product("BTCUSDT", max_leverage=100),
    product("ETHUSDT", max_leverage=50, spread=D("0.3")),
    coin_margined("BTCUSD", max_leverage=50),
    product("XAUUSDT", carry="rollover", long_rollover=D("0.03"), short_rollover=D("-0.01"),
            max_leverage=20, schedule=NIGHT),
)  # fmt: skip
ASSETS = ("USDT", "BTC")
TYPES = ("limit", "stop", "limit_close", "stop_loss", "take_profit")


class Sequence:
    """Random orders of three users, every step checked."""

    def __init__(self, settings):
        self.rate = D("0.0003")
        self.dealer = Dealer(PRODUCTS, settings, lambda *_: self.rate)
        self.now = OPENS
        self.users = [self.dealer.open_account(user).account_id for user in range(3)]
        for user, money in zip(self.users, (100, 1000, 5000), strict=True):
            self.dealer.deposit(user, "USDT", D(money), self.now)
            self.dealer.deposit(user, "BTC", D(money) / 10_000, self.now)
        self.prices = {"BTCUSDT": 10_000, "ETHUSDT": 2_000, "BTCUSD": 10_000, "XAUUSDT": 3_000}
        for name in self.prices:
            self.quote(name)

    def quote(self, name):
        half = D("0.25")
        price = D(self.prices[name]).quantize(D("0.01"))
        self.dealer.quote(name, price - half, price + half, self.now)

    def step(self, kind, a, b, c):
        """Do something with three numbers from 0 to 999, and look at everything."""
        self.now += 1 + a * b * 20_000
        user, rules = self.users[a % 3], PRODUCTS[b % 4]
        actions = (
            self.move, self.move, self.move, self.open, self.open, self.open, self.pend,
            self.close, self.change, self.transfer,
        )  # fmt: skip
        with suppress(Refused):
            actions[kind % len(actions)](user, rules, a, b, c)
        self.check()

    def move(self, user, rules, a, b, c):
        share = (a - 499.5) / 499.5 * (0.2 if c > 900 else 0.02)
        self.prices[rules.product] = max(self.prices[rules.product] * (1 + share), 50)
        self.quote(rules.product)

    def lots(self, user, rules, leverage, share):
        """Return lots for a share of the free margin."""
        free = self.dealer.figures(user, rules.margin_asset, self.now).free_margin
        price = 1 if rules.is_coin_margined else self.dealer.quotes[rules.product].mid
        return (free * share * leverage / price).quantize(D("0.001"))

    def open(self, user, rules, a, b, c):
        side, leverage = ("buy", "sell")[c % 2], min((1, 5, 20, 50, 100)[a % 5], rules.max_leverage)
        lots = self.lots(user, rules, leverage, D(c + 1) / 950)
        level = self.dealer.quotes[rules.product].mid * (
            1 - D(b + 1) / 20_000 * (1 if side == "buy" else -1)
        )
        free = self.dealer.figures(user, rules.margin_asset, self.now).free_margin
        position = self.dealer.open_position(
            user, rules.product, side, lots, leverage, self.now, stop_loss=level if b % 3 else D(0)
        )
        assert free >= position.margin + position.fee

    def pend(self, user, rules, a, b, c):
        side, type = ("buy", "sell")[c % 2], TYPES[b % 5]
        held = list(self.dealer.account(user).positions.values())
        if b % 5 > 1 and held:
            position = held[c % len(held)]
            level = self.dealer.quotes[position.product].mid * (1 + D(a - 500) / 20_000)
            self.dealer.open_pending(
                user, position.product, type, side, position.lots, level, self.now,
                position_id=position.id,
            )  # fmt: skip
        else:
            level = self.dealer.quotes[rules.product].mid * (1 + D(a - 500) / 20_000)
            self.dealer.open_pending(
                user, rules.product, type, side, self.lots(user, rules, 10, D(c + 1) / 950), level,
                self.now, leverage=10,
            )  # fmt: skip

    def close(self, user, rules, a, b, c):
        held = list(self.dealer.account(user).positions.values())
        if held:
            position = held[c % len(held)]
            part = (position.lots * (b % 4 + 1) / 4).quantize(D("0.001"))
            side = position.closing_side if a % 2 else position.side
            self.dealer.close_position(user, position.id, side, part, self.now)

    def change(self, user, rules, a, b, c):
        account = self.dealer.account(user)
        if account.pendings and a % 2:
            order = list(account.pendings.values())[b % len(account.pendings)]
            if c % 2:
                self.dealer.cancel_pending(user, order.id, self.now)
            else:
                price = order.price * (1 + D(c - 500) / 20_000)
                self.dealer.update_pending(user, order.id, order.lots, price, self.now)
        elif account.positions:
            held = list(account.positions.values())[b % len(account.positions)]
            level = held.open_price * (1 + D(c - 500) / 5_000)
            self.dealer.update_position(user, held.id, level, D(0), self.now)

    def transfer(self, user, rules, a, b, c):
        asset = ASSETS[b % 2]
        amount = D(c) / (10 if asset == "USDT" else 100_000)
        moves = (self.dealer.deposit, self.dealer.withdraw, self.dealer.give_bonus)
        moves[a % 3](user, asset, amount, self.now)

    def check(self):
        for asset in ASSETS:
            inside, outside = money_in_the_world(self.dealer, asset)
            assert inside == outside
        for user in self.users:
            account = self.dealer.account(user)
            assert all(p.margin > 0 and p.lots > 0 for p in account.positions.values())
            for asset in ASSETS:
                figures = self.dealer.figures(user, asset, self.now)
                floating = sum(
                    (p.unrealized for p in account.positions.values() if p.asset == asset), D(0)
                )
                assert figures.margin >= 0
                assert figures.bonus >= 0
                assert figures.equity == figures.balance + figures.bonus + floating
                assert figures.open_positions or figures.balance >= 0

    def check_ledgers(self):
        for user in self.users:
            account = self.dealer.account(user)
            for asset in ASSETS:
                for money in ("balance", "bonus"):
                    self.check_lines(account, asset, money)
            self.check_fills(account)

    def check_lines(self, account, asset, money):
        lines = [x for x in account.ledger if (x.asset, x.money) == (asset, money)]
        assert sum((x.change for x in lines), D(0)) == getattr(account.wallet(asset), money)
        for before, after in pairwise(lines):
            assert before.balance == after.balance_before
            assert before.time <= after.time
        assert all(x.balance_before + x.change == x.balance and x.change for x in lines)

    def check_fills(self, account):
        """Profit - fee + interest of all fills is what the ledger booked for them."""
        booked = ("profit", "fee", "liquidation fee", "funding", "rollover")
        for asset in ASSETS:
            fills = [x for x in account.executions if x.asset == asset]
            held = [p.interest for p in account.positions.values() if p.asset == asset]
            lines = [x.change for x in account.ledger if x.asset == asset and x.business in booked]
            results = [fill.realized - fill.fee + fill.interest for fill in fills]
            assert sum(results, D(0)) + sum(held, D(0)) == sum(lines, D(0))


def live(steps, **settings):
    sequence = Sequence(FuturesSettings(**settings))
    for step in steps:
        sequence.step(*step)
    sequence.check_ledgers()
    return sequence


STEP = st.tuples(st.integers(0, 9), st.integers(0, 999), st.integers(0, 999), st.integers(0, 999))
OPTIONS = st.fixed_dictionaries(
    {
        "funding_counterparty": st.sampled_from(["house", "users"]),
        "pendings_hold_margin": st.booleans(),
        "bonus_fee_share": st.sampled_from([D(0), D("0.3")]),
    }
)


@settings(max_examples=100, deadline=None)
@given(st.lists(STEP, max_size=40), OPTIONS)
def test_whatever_users_do_no_money_is_made_or_lost(steps, options):
    live(steps, **options)


def test_two_thousand_random_sequences_keep_every_rule():
    seen = set()
    for seed in range(2000):
        random = Random(seed)
        steps = [
            (random.randrange(10), *(random.randrange(1000) for _ in range(3))) for _ in range(30)
        ]
        sequence = live(steps, funding_counterparty=("house", "users")[seed % 2])
        for account in sequence.dealer.accounts.values():
            seen |= {line.business for line in account.ledger}
            seen |= {order.status for order in account.closed_pendings}
    assert seen >= {
        "deposit", "withdrawal", "profit", "fee", "funding", "rollover", "liquidation fee",
        "bonus", "shortfall covered", "filled", "cancelled", "declined",
    }  # fmt: skip
