"""What the parts of the dealer share: products, quotes, who holds what, and what it is worth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import count
from typing import Literal

from btcc_research.sandbox import futures_hours, futures_rules
from btcc_research.sandbox.dealer_money import Books
from btcc_research.sandbox.futures_products import Product, Quote
from btcc_research.sandbox.futures_records import Figures, FuturesAccount, Pending, Position
from btcc_research.sandbox.futures_settings import FuturesSettings
from btcc_research.sandbox.records import ZERO, Refused, Side

INSUFFICIENT_MARGIN = (-6, "insufficient margin")
NOT_FOUND = (-7, "not found")
MARKET_CLOSED = (-8, "market closed")
INVALID_VOLUME = (-9, "invalid volume")
PRICE_CHANGED = (-10, "price changed")
MINUTE_US = 60_000_000


def invalid(parameter: str) -> Refused:
    """Return the refusal of a parameter."""
    return Refused(-2, f"invalid parameter: {parameter}")


class Desk:
    """The state of the dealer; its parts change it, and everything open is found by product."""

    def __init__(self, products: Iterable[Product], settings: FuturesSettings) -> None:
        self.products = {product.product: product for product in products}
        self.settings = settings
        self.books = Books(settings)
        self.accounts: dict[int, FuturesAccount] = {}
        self.quotes: dict[str, Quote] = {}
        self.positions: dict[str, dict[int, Position]] = {name: {} for name in self.products}
        self.pendings: dict[str, dict[int, Pending]] = {name: {} for name in self.products}
        self.position_ids = count(10_000_001)
        self.pending_ids = count(20_000_001)
        self.execution_ids = count(30_000_001)

    def product(self, name: str) -> Product:
        """Return a product, or refuse."""
        if name not in self.products:
            raise Refused(*NOT_FOUND)
        return self.products[name]

    def account(self, account_id: int) -> FuturesAccount:
        """Return an account, or refuse."""
        if account_id not in self.accounts:
            raise Refused(*NOT_FOUND)
        return self.accounts[account_id]

    def position(self, account: FuturesAccount, position_id: int) -> Position:
        """Return an open position of an account, or refuse."""
        if position_id not in account.positions:
            raise Refused(*NOT_FOUND)
        return account.positions[position_id]

    def quote(self, product: Product) -> Quote:
        """Return the last quote, or refuse where there was none yet."""
        found = self.quotes.get(product.product)
        if found is None:
            raise Refused(*MARKET_CLOSED)
        return found

    def is_open(self, product: Product, now: int) -> bool:
        """Whether a product trades at a time: by its hours, and if anybody may trade it."""
        if product.schedule is None or product.tradable == "no":
            return product.tradable != "no"
        clock = self.settings.schedule_clock
        return futures_hours.is_open(product.schedule, now // MINUTE_US, clock)

    def take(self, quote: Quote) -> None:
        """Take a quote and value what is held at it, unless its market was closed."""
        product = self.products[quote.product]
        if quote.product in self.quotes and not self.is_open(product, quote.time):
            return
        self.quotes[quote.product] = quote
        for position in self.positions[quote.product].values():
            self.value(position)

    def value(self, position: Position) -> None:
        """Set a position's unrealized profit to what closing it now would bring."""
        product = self.products[position.product]
        price = self.quotes[position.product].price(position.closing_side)
        worth = futures_rules.profit(
            product, position.side, position.lots, position.open_price, price
        )
        position.unrealized = futures_rules.rounded(worth, self.settings.booking_places)

    def add(self, thing: Position | Pending) -> None:
        """File a new position or pending order with its account and its product."""
        account = self.accounts[thing.account_id]
        if isinstance(thing, Position):
            account.positions[thing.id] = self.positions[thing.product][thing.id] = thing
        else:
            account.pendings[thing.id] = self.pendings[thing.product][thing.id] = thing
        self.books.changes += 1

    def remove(self, position: Position, now: int) -> None:
        """Take a closed position out, and cancel the orders that were to close it."""
        account = self.accounts[position.account_id]
        del account.positions[position.id], self.positions[position.product][position.id]
        self.books.changes += 1
        for pending in [p for p in account.pendings.values() if p.position_id == position.id]:
            pending.status = "cancelled"
            self.finish(pending, now)

    def finish(self, pending: Pending, now: int) -> None:
        """Move a pending order that is done to the account's history."""
        account = self.accounts[pending.account_id]
        del account.pendings[pending.id], self.pendings[pending.product][pending.id]
        pending.finished_at = now
        account.closed_pendings.append(pending)
        self.books.changes += 1

    def held(self, account: FuturesAccount, asset: str) -> Iterator[Position]:
        """Yield the open positions margined in an asset."""
        return (held for held in account.positions.values() if held.asset == asset)

    def equity(self, account: FuturesAccount, asset: str) -> Decimal:
        """Return balance, promotional money and floating profit (FU-2)."""
        wallet = account.wallet(asset)
        floating = sum((held.unrealized for held in self.held(account, asset)), ZERO)
        return wallet.balance + wallet.bonus + floating

    def margin(self, account: FuturesAccount, asset: str) -> Decimal:
        """Return what open positions bind, and pending orders where they do."""
        waiting = (p.held_margin for p in account.pendings.values() if p.asset == asset)
        held = (held.margin for held in self.held(account, asset))
        return sum(held, ZERO) + sum(waiting, ZERO)

    def stop_out_margin(self, account: FuturesAccount, asset: str, now: int) -> Decimal:
        """Return the equity below which positions are closed."""
        return self.margin(account, asset) * self.settings.stop_out(now)

    def require_margin(self, account: FuturesAccount, asset: str, needed: Decimal) -> None:
        """Refuse unless so much margin is free."""
        if self.equity(account, asset) - self.margin(account, asset) < needed:
            raise Refused(*INSUFFICIENT_MARGIN)

    def fee(
        self,
        account: FuturesAccount,
        product: Product,
        action: Literal["open", "close"],
        lots: Decimal,
        price: Decimal,
    ) -> Decimal:
        """Return the fee of a fill; a rate of the account's own goes before the product's."""
        rate = account.fee_rate
        if rate is not None:
            due = futures_rules.notional(product, lots, price) * rate
        else:
            due = futures_rules.fee(product, action, lots, price, self.settings.fee_rate)
        return futures_rules.rounded(due, self.settings.booking_places)

    def figures(self, account: FuturesAccount, asset: str, now: int) -> Figures:
        """Return what the account call shows."""
        wallet, equity = account.wallet(asset), self.equity(account, asset)
        margin = self.margin(account, asset)
        return Figures(
            account_id=account.account_id,
            account_number=account.account_number,
            user_id=account.user_id,
            account_group_id=account.account_group_id,
            asset=asset,
            balance=wallet.balance,
            bonus=wallet.bonus,
            equity=equity,
            margin=margin,
            free_margin=equity - margin,
            margin_level=futures_rules.margin_level(equity, margin),
            stop_out_margin=self.stop_out_margin(account, asset, now),
            open_positions=sum(1 for _ in self.held(account, asset)),
        )


def check_lots(product: Product, lots: Decimal) -> None:
    """Refuse a size outside the product's smallest, largest and step."""
    if not product.min_lots <= lots <= product.max_lots or lots % product.step_lots:
        raise Refused(*INVALID_VOLUME)


def check_part(product: Product, position: Position, lots: Decimal) -> None:
    """Refuse to close more than is open, or a part that is no step; the whole is always one."""
    if lots <= 0 or lots > position.lots or (lots != position.lots and lots % product.step_lots):
        raise Refused(*INVALID_VOLUME)


def check_stops(
    product: Product, side: Side, price: Decimal, stop_loss: Decimal, take_profit: Decimal
) -> None:
    """Refuse stop levels on the wrong side of a price, or too near or far (FU-11).

    `side` is that of the position, `price` the quote that watches it; 0 is no level.
    """
    direction = futures_rules.sign(side)
    levels = (("stop_loss", stop_loss, -direction), ("take_profit", take_profit, direction))
    for name, level, way in levels:
        distance = (level - price) * way / product.tick
        farthest = product.max_stop_distance
        near = distance <= 0 or distance < product.min_stop_distance
        if level and (level < 0 or near or (farthest and distance > farthest)):
            raise invalid(name)
