"""Random but repeatable accounts: spot from the engine, futures from a small dealer."""

from contextlib import suppress
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, localcontext
from random import Random

import pandas as pd

from btcc_research import tables
from btcc_research.sandbox.exchange import Exchange
from btcc_research.sandbox.money import cut
from btcc_research.sandbox.records import Market, Refused

D = Decimal
ZERO = D(0)
RATE = D("0.00045")
COINS = {"BTCUSD": "BTC"}
SPOT_MARKETS = (
    Market("BTCUSDT", "BTC", "USDT", 2, 5, 4, D("0.0003")),
    Market("ETHUSDT", "ETH", "USDT", 2, 4, 4, D("0.001")),
    Market("ETHBTC", "ETH", "BTC", 6, 4, 4, D("0.001")),
)
ME, HOUSE = 1, 2
START = 1_770_000_000_000_000  # microseconds
HOUR = 3_600_000_000
PRICES = {"BTCUSDT": D(60000), "ETHUSDT": D(3500), "ETHBTC": D("0.0583")}


@dataclass
class Account:
    """The frames of an account, and what its engine says it is worth."""

    trades: pd.DataFrame
    ledger: pd.DataFrame
    transfers: pd.DataFrame
    balances: pd.DataFrame
    positions: pd.DataFrame | None = None
    truth: dict = field(default_factory=dict)

    @property
    def frames(self):
        return {
            "ledger": self.ledger, "trades": self.trades, "transfers": self.transfers,
            "balances": self.balances, "positions": self.positions,
        }  # fmt: skip


def seconds(moment):
    return moment / 1e6


def spot_account(seed, *, trades=40, markets=SPOT_MARKETS, exact=True, transfers=True):
    """Let one user trade against a house in random orders, with money coming and going."""
    random = Random(seed)
    made = Exchange(markets)
    made.account(HOUSE).keeps_history = False
    for asset in ("BTC", "ETH", "USDT"):
        made.deposit(HOUSE, asset, D(10**9), START)
    made.deposit(ME, "USDT", D(20000), START)
    if transfers:
        made.deposit(ME, "BTC", D("0.5"), START + 1)
    prices, now = dict(PRICES), START
    for _ in range(trades):
        now += random.randrange(1_000_000, 6 * HOUR)
        market = random.choice(markets)
        step(random, made, market, prices, now)
        if transfers and random.random() < 0.06:
            asset, amount = random.choice(
                (("USDT", "-150.25"), ("USDT", "900"), ("BTC", "0.05"), ("BTC", "-0.01"))
            )
            kind = "deposit" if not amount.startswith("-") else "withdraw"
            with suppress(Refused):
                made.deposit(ME, asset, D(amount), now + 5, kind)
    return spot_frames(made, markets, prices, exact=exact)


def step(random, made, market, prices, now):
    """Move a price a little and trade at it, as maker or taker, in one or several pieces."""
    unit = D(1).scaleb(-market.price_precision)
    price = cut(prices[market.market] * D(random.randint(970, 1031)) / 1000, market.price_precision)
    prices[market.market] = price
    side = random.choice(("buy", "sell"))
    other = "sell" if side == "buy" else "buy"
    worth = D(random.randint(100, 2500)) / prices[market.market]
    if market.quote == "BTC":
        worth = D(random.randint(100, 2500)) / 60000 / price
    amount = max(cut(worth, market.amount_precision), market.min_amount * 3)
    try:
        if random.random() < 0.5:
            order = made.place_limit(ME, market.market, side, amount, price, now)
            made.place_limit(
                HOUSE,
                market.market,
                other,
                cut(amount * D("0.6"), market.amount_precision),
                price,
                now + 1,
            )
            made.place_limit(
                HOUSE, market.market, other, amount, price, now + 2_000_000, time_in_force="IOC"
            )
            if order.id in made.orders:
                made.cancel(ME, market.market, order.id, now + 3_000_000)
        else:
            levels = [
                made.place_limit(
                    HOUSE,
                    market.market,
                    other,
                    cut(amount / 2, market.amount_precision) + market.min_amount,
                    price + (level if side == "buy" else -level) * unit,
                    now,
                )
                for level in range(2)
            ]
            made.place_limit(
                ME,
                market.market,
                side,
                amount,
                price + (3 if side == "buy" else -3) * unit,
                now + 1,
                time_in_force="IOC",
            )
            for order in levels:
                if order.id in made.orders:
                    made.cancel(HOUSE, market.market, order.id, now + 2)
    except Refused:
        for order in made.open_orders(ME, market.market):
            made.cancel(ME, market.market, order.id, now + 3)
        for order in made.open_orders(HOUSE, market.market):
            made.cancel(HOUSE, market.market, order.id, now + 3)


def spot_frames(made, markets, prices, *, exact):
    me = made.account(ME)
    rules = {market.market: market for market in markets}
    trades = [
        {
            "time": seconds(deal.time), "venue": "spot", "market": deal.market, "id": deal.id,
            "order_id": deal.order_id, "side": deal.side, "role": deal.role, "price": deal.price,
            "amount": deal.amount, "cost": deal.cost, "fee": deal.fee,
            "fee_asset": rules[deal.market].base if deal.side == "buy" else rules[deal.market].quote,
        }
        for deals in me.deals.values() for deal in deals
    ]  # fmt: skip
    trades.sort(key=lambda record: (record["time"], record["id"]))
    ledger = [
        {
            "time": seconds(line.time), "venue": "spot", "id": line.id, "asset": line.asset,
            "business": line.business, "change": line.change, "balance": line.balance,
            "market": detail.get("m"), "order_id": detail.get("i"),
            **{name: D(detail[key]) if key in detail else None
               for name, key in (("price", "p"), ("amount", "a"), ("rate", "f"))},
        }
        for line in me.ledger for detail in [line.detail or {}]
    ]  # fmt: skip
    shown = {
        asset: (cut(held.available, 8), cut(held.frozen, 8)) for asset, held in me.balances.items()
    }
    balances = [
        {
            "venue": "spot",
            "asset": asset,
            "available": free,
            "frozen": frozen,
            "total": free + frozen,
        }
        for asset, (free, frozen) in shown.items()
    ]
    held = {asset: held.available + held.frozen for asset, held in me.balances.items()}
    return Account(
        tables.joined_frame(tables.TRADES, trades, exact=exact),
        tables.joined_frame(tables.LEDGER, ledger, exact=exact),
        transfer_frame(ledger, exact=exact),
        tables.joined_frame(tables.BALANCES, balances, exact=exact),
        truth={"held": held, "prices": dict(prices)},
    )


def transfer_frame(ledger, *, exact):
    found = [record for line in ledger if (record := tables.transfer_record(line))]
    return tables.joined_frame(tables.TRANSFERS, found, exact=exact)


@dataclass
class Open:
    """An open position of the small dealer."""

    id: int
    market: str
    side: str
    amount: Decimal
    price: Decimal
    leverage: int
    opened: int
    interest: Decimal = ZERO


class SmallDealer:
    """Positions by id, two-sided quotes, fees on both sides, funding, bookings of 8 decimals.

    `words` makes the ledger name its lines and positions, as BTCC's does not.
    """

    def __init__(self, *, words=True, report_places=2, bonus_lines=False):
        self.words, self.places, self.bonus_lines = words, report_places, bonus_lines
        self.now = START
        self.quotes, self.positions = {}, {}
        self.wallets = {"USDT": D(0), "BTC": D(0)}
        self.bonus = {"USDT": D(0), "BTC": D(0)}
        self.trades, self.lines = [], []
        self._numbers = iter(range(1, 10**9))

    def asset(self, market):
        return COINS.get(market, "USDT")

    def book(self, asset, change, business, remark=""):
        change = eight(change)
        if not change:
            return change
        self.wallets[asset] += change
        named = self.words or business in ("deposit", "withdrawal")
        self.lines.append({
            "time": seconds(self.now), "venue": "futures", "asset": asset,
            "business": business if named else "unknown(102)", "change": change,
            "balance": self.wallets[asset], "reference": f"TD{next(self._numbers):06d}",
            "remark": remark if self.words else None,
        })  # fmt: skip
        return change

    def give(self, asset, change, business="bonus", remark="given"):
        """Give promotional money, or let it bear a loss."""
        self.bonus[asset] += change
        if change and self.bonus_lines:
            self.lines.append({
                "time": seconds(self.now), "venue": "futures", "asset": f"{asset} bonus",
                "business": business if self.words else "unknown(102)", "change": change,
                "balance": self.bonus[asset], "reference": f"TD{next(self._numbers):06d}",
                "remark": remark if self.words else None,
            })  # fmt: skip

    def open(self, market, side, amount, leverage=20):
        bid, ask = self.quotes[market]
        price = ask if side == "buy" else bid
        held = Open(next(self._numbers), market, side, amount, price, leverage, self.now)
        self.positions[held.id] = held
        number = next(self._numbers)
        fee = -self.book(self.asset(market), -self.notional(held, price, amount) * RATE, "fee",
                         f"position {held.id}, execution {number}")  # fmt: skip
        self.trade(held, number, side, "open", price, amount, fee)
        return held.id

    def close(self, key, amount=None):
        held = self.positions[key]
        amount = held.amount if amount is None else amount
        bid, ask = self.quotes[held.market]
        price, side = (bid, "sell") if held.side == "buy" else (ask, "buy")
        asset, number = self.asset(held.market), next(self._numbers)
        remark = f"position {held.id}, execution {number}"
        profit = self.profit(held, price, amount)
        borne = min(self.bonus[asset], max(-profit, D(0)))
        self.give(asset, -borne, "profit", remark)
        self.book(asset, profit + borne, "profit", remark)
        with localcontext(prec=60):
            part = held.interest - eight(held.interest * (held.amount - amount) / held.amount)
        fee = -self.book(asset, -self.notional(held, price, amount) * RATE, "fee", remark)
        held.interest -= part
        held.amount -= amount
        if not held.amount:
            del self.positions[key]
        places = 8 if asset == "BTC" else self.places
        reported = profit.quantize(D(1).scaleb(-places), ROUND_HALF_UP)
        self.trade(held, number, side, "close", price, amount, fee, realized=reported, funding=part)

    def fund(self, rates):
        for held in list(self.positions.values()):
            bid, ask = self.quotes[held.market]
            value = self.notional(held, (bid + ask) / 2, held.amount)
            sign = -1 if held.side == "buy" else 1
            flow = self.book(self.asset(held.market), sign * value * rates[held.market], "funding",
                             f"position {held.id}, rate {rates[held.market]}")  # fmt: skip
            held.interest += flow

    def trade(self, held, number, side, action, price, amount, fee, realized=None, funding=None):
        self.trades.append({
            "time": seconds(self.now), "venue": "futures", "market": held.market, "id": number,
            "side": side, "price": price, "amount": amount, "cost": price * amount, "fee": fee,
            "fee_asset": self.asset(held.market), "position_id": held.id, "action": action,
            "type": "market", "realized": realized, "funding": funding, "leverage": held.leverage,
        })  # fmt: skip

    def notional(self, held, price, amount):
        return amount if held.market in COINS else amount * price

    def profit(self, held, price, amount):
        sign = 1 if held.side == "buy" else -1
        with localcontext(prec=60):
            moved = (price - held.price) * amount * sign
            return eight(moved / price if held.market in COINS else moved)

    def floating(self, asset):
        return sum(
            (
                self.profit(
                    held, self.quotes[held.market][0 if held.side == "buy" else 1], held.amount
                )
                for held in self.positions.values()
                if self.asset(held.market) == asset
            ),
            D(0),
        )

    def account(self, *, exact=True):
        """Return the frames of what happened."""
        positions = [
            {"opened_at": seconds(held.opened), "venue": "futures", "market": held.market, "id": held.id,
             "side": "long" if held.side == "buy" else "short", "amount": held.amount,
             "cost": held.price * held.amount, "open_price": held.price, "asset": self.asset(held.market),
             "leverage": held.leverage, "funding": held.interest}
            for held in self.positions.values()
        ]  # fmt: skip
        balances = [
            {
                "venue": "futures",
                "asset": asset,
                "total": money,
                "equity": money + self.bonus[asset] + self.floating(asset),
                "bonus": self.bonus[asset],
            }
            for asset, money in self.wallets.items()
            if money
        ]
        # What the ledger does not tell of cannot be part of what it adds up to.
        gifts = self.bonus if self.bonus_lines else dict.fromkeys(self.bonus, ZERO)
        quotes = [{"venue": "futures", "market": market, "bid": float(bid), "ask": float(ask)}
                  for market, (bid, ask) in self.quotes.items()]  # fmt: skip
        return Account(
            tables.joined_frame(tables.TRADES, self.trades, exact=exact),
            tables.joined_frame(tables.LEDGER, self.lines, exact=exact),
            transfer_frame(self.lines, exact=exact),
            tables.joined_frame(tables.BALANCES, balances, exact=exact),
            tables.joined_frame(tables.POSITIONS, positions, exact=exact),
            truth={"equity": {asset: money + gifts[asset] + self.floating(asset) for asset, money in self.wallets.items()},
                   "quotes": pd.DataFrame(quotes)},
        )  # fmt: skip


def eight(value):
    return value.quantize(D("1e-8"), ROUND_HALF_UP)


def futures_account(
    seed, *, steps=40, words=True, exact=True, coin=True, places=2, bonus=0, bonus_lines=False
):
    """Let one user open, close in parts, pay and receive funding, move money."""
    random = Random(seed)
    dealer = SmallDealer(words=words, report_places=places, bonus_lines=bonus_lines)
    markets = {"BTCUSDT": D(60000), "ETHUSDT": D(3500), **({"BTCUSD": D(60000)} if coin else {})}
    dealer.book("USDT", D(50000), "deposit")
    dealer.give("USDT", D(bonus))
    if coin:
        dealer.book("BTC", D(2), "deposit")
    for number in range(steps):
        dealer.now += random.randrange(1_000_000, HOUR)
        for market, last in markets.items():
            price = cut(last * D(random.randint(9900, 10101)) / 10000, 2)
            markets[market] = price
            dealer.quotes[market] = (price - D("0.25"), price + D("0.25"))
        act(random, dealer, number)
    return dealer.account(exact=exact)


def act(random, dealer, number):
    chance = random.random()
    if number % 6 == 5:
        dealer.now = (dealer.now // HOUR + 1) * HOUR
        dealer.fund({market: D(random.randint(-30, 40)) / 100000 for market in dealer.quotes})
    elif dealer.positions and chance < 0.45:
        key = random.choice(list(dealer.positions))
        whole = dealer.positions[key].amount
        part = cut(whole * D(random.choice(("0.3", "0.5", "1"))), 2)
        dealer.close(key, part if 0 < part < whole and random.random() < 0.6 else None)
    elif chance < 0.92:
        market = random.choice(list(dealer.quotes))
        dealer.open(market, random.choice(("buy", "sell")), D(random.randint(3, 60)) / 100,
                    random.choice((5, 10, 20, 50)))  # fmt: skip
    else:
        amount = D(random.choice(("250.5", "-120.75")))
        dealer.book("USDT", amount, "deposit" if amount > 0 else "withdrawal")
