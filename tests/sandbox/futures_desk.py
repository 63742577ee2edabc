"""What the futures tests share: a dealer quoted by hand, and the simulated market."""

from decimal import Decimal as D

from btcc_research.sandbox.dealer import Dealer
from btcc_research.sandbox.futures_hours import weekly
from btcc_research.sandbox.futures_market import FuturesMarket
from btcc_research.sandbox.futures_products import Product
from btcc_research.sandbox.futures_settings import FuturesSettings
from btcc_research.sandbox.market import price_paths

START = 1_767_571_200_000_000  # 2026-01-05 00:00 UTC, a Monday
NOW = 1_795_430_123_000_000  # 2026-11-23, a Monday
HOUR = 3_600_000_000
DAY = 24 * HOUR
RICH = D(10**9)
# Open from 0:00 to 10:00 on the clock of UTC+8, every day.
NIGHT = weekly({season: dict.fromkeys(range(7), ((0, 599),)) for season in ("summer", "standard")})


def product(market="BTCUSDT", **changes):
    """Return a product without limits that could get in the way."""
    rules = {
        "product": market, "product_id": 1, "market": market, "base": market[:3],
        "quote": market[3:], "margin_asset": "USDT", "price_precision": 2, "spread": D("0.5"),
        "max_leverage": 500, "min_lots": D("0.001"), "step_lots": D("0.001"),
        "max_lots": D(10**6), "max_position_lots": D(10**7),
    }  # fmt: skip
    return Product(**{**rules, **changes})


def coin_margined(market="BTCUSD", **changes):
    return product(market, margin_asset=market[:3], contract="coin-margined", **changes)


class Table:
    """A dealer and one account of it; every step takes a second unless a time is given."""

    def __init__(self, *products, money=RICH, rate=D(0), **settings):
        settings.setdefault("fee_rate", D(0))
        rules = products or (product(),)
        self.rate = rate
        self.dealer = Dealer(rules, FuturesSettings(**settings), lambda *_: self.rate)
        self.rules = rules[0]
        self.now = START
        self.account = self.dealer.open_account(1)
        self.id = self.account.account_id
        self.asset = rules[0].margin_asset
        if money:
            self.dealer.deposit(self.id, self.asset, D(money), self.now)

    def tick(self, now=None):
        self.now = self.now + 1_000_000 if now is None else now
        return self.now

    def quote(self, bid, ask=None, market=None, now=None):
        """Quote; the ask is the bid where there is no spread."""
        name = market or self.rules.product
        self.dealer.quote(name, D(bid), D(bid if ask is None else ask), self.tick(now))

    def open(self, side="buy", lots="1", leverage=10, market=None, now=None, **more):
        name = market or self.rules.product
        return self.dealer.open_position(
            self.id, name, side, D(lots), leverage, self.tick(now), **more
        )

    def opened(self, price, side="buy", lots="1", leverage=10, **more):
        """Quote a price without a spread and open at it."""
        self.quote(price, market=more.get("market"))
        return self.open(side, lots, leverage, **more)

    def close(self, position, lots=None, now=None, **more):
        return self.dealer.close_position(
            self.id, position.id, position.closing_side, lots or position.lots, self.tick(now),
            **more,
        )  # fmt: skip

    def pend(self, type, side, price, lots="1", leverage=10, **more):
        return self.dealer.open_pending(
            self.id, self.rules.product, type, side, D(lots), D(price), self.tick(),
            leverage=leverage, **more,
        )  # fmt: skip

    @property
    def wallet(self):
        return self.account.wallet(self.asset)

    @property
    def figures(self):
        return self.dealer.figures(self.id, self.asset, self.now)

    def lines(self, business=None):
        return [line for line in self.account.ledger if business in (None, line.business)]

    def changes(self, business=None):
        return [line.change for line in self.lines(business)]


def money_in_the_world(dealer, asset):
    """Return all money of an asset inside, and what came in from outside."""
    wallets = [account.wallet(asset) for account in dealer.accounts.values()]
    users = sum((wallet.balance + wallet.bonus for wallet in wallets), D(0))
    books = dealer.books
    return users + books.house[asset] + books.fund[asset], books.outside[asset]


PATHS = price_paths(7)


def market(seed=7, **settings):
    """Return the simulated products; those of the usual seed share their prices."""
    paths = PATHS if seed == 7 else price_paths(seed)
    return FuturesMarket(paths, seed, FuturesSettings(**settings))


MARKET = market()
NAMES = {rules.market: name for name, rules in MARKET.products.items()}
