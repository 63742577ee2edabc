"""The dealer of BTCC's Standard futures as a pure state machine.

Users trade against the dealer's two-sided quotes: they buy at the ask and sell at the bid,
every opening order makes its own position, margin is crossed within an asset. On each quote
pending orders and stop levels come first, then funding or rollover, then liquidation. Time
is an argument, and so are the quotes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import count

from btcc_research.sandbox import futures_rules
from btcc_research.sandbox.dealer_desk import (
    INSUFFICIENT_MARGIN,
    Desk,
    invalid,
)
from btcc_research.sandbox.dealer_liquidation import Liquidation
from btcc_research.sandbox.dealer_money import Books, Cause
from btcc_research.sandbox.dealer_orders import Orders
from btcc_research.sandbox.dealer_pendings import Pendings, Waiting
from btcc_research.sandbox.dealer_positions import Positions
from btcc_research.sandbox.dealer_settlements import RateOf, Settlements
from btcc_research.sandbox.futures_products import Product, Quote
from btcc_research.sandbox.futures_records import (
    Figures,
    FuturesAccount,
    Group,
    Transfer,
)
from btcc_research.sandbox.futures_rules import precisely
from btcc_research.sandbox.futures_settings import FuturesSettings
from btcc_research.sandbox.records import ZERO, Refused


def no_funding(product: str, moment: int) -> Decimal:
    """Return the funding rate of a dealer who was given none."""
    return ZERO


class Dealer:
    """All products, accounts and orders of the simulated futures dealer.

    Every order is refused with BTCC's code where it cannot be carried out: -2 a parameter,
    -6 insufficient margin, -7 not found, -8 market closed, -9 invalid volume, -10 price
    changed. Records that are returned are the dealer's own and change with what happens.

    Parameters
    ----------
    products : iterable of Product
        What may be traded.
    settings : FuturesSettings, optional
        What BTCC's publications leave open.
    rate_of : callable
        (product, settlement time) -> funding rate.
    """

    def __init__(
        self,
        products: Iterable[Product],
        settings: FuturesSettings | None = None,
        rate_of: RateOf = no_funding,
    ) -> None:
        self.settings = settings or FuturesSettings()
        self._desk = Desk(products, self.settings)
        self._positions = Positions(self._desk)
        self._pendings = Pendings(self._desk, self._positions)
        self._settlements = Settlements(self._desk, rate_of)
        self._liquidation = Liquidation(self._desk, self._positions, self._pendings)
        self._account_ids = count(320)
        # What users ask for, under the names of the calls.
        orders = Orders(self._desk, self._positions, self._pendings)
        self.open_position = orders.open_position
        self.close_position = orders.close_position
        self.update_position = orders.update_position
        self.open_pending = orders.open_pending
        self.update_pending = orders.update_pending
        self.cancel_pending = orders.cancel_pending
        self.open_sltp = orders.open_sltp

    @property
    def products(self) -> dict[str, Product]:
        """All products by name, delisted ones included."""
        return self._desk.products

    @property
    def accounts(self) -> dict[int, FuturesAccount]:
        """All accounts by their id."""
        return self._desk.accounts

    @property
    def quotes(self) -> dict[str, Quote]:
        """The last quote of every product that had one."""
        return self._desk.quotes

    @property
    def books(self) -> Books:
        """The house's and the insurance fund's money."""
        return self._desk.books

    def open_account(
        self,
        user_id: int,
        *,
        account_id: int | None = None,
        account_number: str | None = None,
        account_group_id: int = 13,
    ) -> FuturesAccount:
        """Open an account, without money."""
        number = next(self._account_ids) if account_id is None else account_id
        login = account_number or str(86_000_411 + number)
        account = FuturesAccount(user_id, number, login, account_group_id)
        self._desk.accounts[number] = account
        return account

    def account(self, account_id: int) -> FuturesAccount:
        """Return an account, or refuse with -7."""
        return self._desk.account(account_id)

    def group(self, now: int, account_group_id: int = 13) -> Group:
        """Return the account group: the levels of margin call and stop-out in percent."""
        percents = (self.settings.stop_out(now) * 100, self.settings.margin_call_ratio * 100)
        return Group(account_group_id, *percents)

    @precisely
    def figures(self, account_id: int, asset: str, now: int) -> Figures:
        """Return balance, equity and margin of an account in one asset, at the last quotes."""
        return self._desk.figures(self.account(account_id), asset, now)

    @precisely
    def standing(self, account_id: int, asset: str) -> tuple[Decimal, Decimal]:
        """Return equity and margin of an account in one asset."""
        account = self.account(account_id)
        return self._desk.equity(account, asset), self._desk.margin(account, asset)

    def is_open(self, product: str, now: int) -> bool:
        """Whether a product trades at a time: by its hours, and if anybody may trade it."""
        return self._desk.is_open(self._desk.product(product), now)

    def settlement_hours(self, product: str) -> tuple[int, ...]:
        """Return the UTC hours at which a product charges funding or rollover."""
        return self._settlements.hours(self._desk.product(product))

    def waiting(self, product: str) -> Iterator[Waiting]:
        """Yield every level that a quote of a product could trigger."""
        return self._pendings.waiting(product)

    def active(self) -> list[str]:
        """Return the products in which anybody has something open, in their order."""
        desk = self._desk
        return [name for name in desk.products if desk.positions[name] or desk.pendings[name]]

    def quote(self, product: str, bid: Decimal, ask: Decimal, now: int) -> None:
        """Quote one product, with everything the quote sets off; see `take`."""
        self.take([Quote(product, bid, ask, now)], now)

    @precisely
    def take(self, quotes: Sequence[Quote], now: int) -> None:
        """Take the quotes of a moment together, with everything they set off.

        First pending orders and stop levels by their ids, then funding and rollover that
        are due, then liquidation. A quote made while its market was closed changes no
        price; one that still stands from when it was open may come at any time.
        """
        if not quotes:
            return
        for quote in quotes:
            self._desk.take(quote)
        names = [quote.product for quote in quotes]
        self._pendings.trigger([name for name in names if self.is_open(name, now)], now)
        for name in names:
            self._settlements.settle(name, now)
        self._liquidation.check(names, now)

    @precisely
    def deposit(self, account_id: int, asset: str, amount: Decimal, now: int) -> Transfer:
        """Bring money in from outside."""
        account = self.account(account_id)
        return self.books.deposit(account, asset, self._amount(amount), now)

    @precisely
    def withdraw(self, account_id: int, asset: str, amount: Decimal, now: int) -> Transfer:
        """Send money out, as far as the balance goes and no position needs it.

        Promotional money is lost with any withdrawal (FU-14).
        """
        account, amount = self.account(account_id), self._amount(amount)
        if amount > self.withdrawable(account_id, asset):
            raise Refused(*INSUFFICIENT_MARGIN)
        return self.books.withdraw(account, asset, amount, now)

    @precisely
    def withdrawable(self, account_id: int, asset: str) -> Decimal:
        """Return what may be withdrawn: neither promotional money nor margin."""
        account = self.account(account_id)
        wallet, equity = account.wallet(asset), self._desk.equity(account, asset)
        free = equity - wallet.bonus - self._desk.margin(account, asset)
        return max(min(wallet.balance, free), ZERO)

    @precisely
    def give_bonus(self, account_id: int, asset: str, amount: Decimal, now: int) -> None:
        """Give promotional money: it counts in equity and bears losses first (FU-14)."""
        given = Cause("bonus", now, "given")
        self.books.book(self.account(account_id), asset, self._amount(amount), given, "bonus")

    def _amount(self, amount: Decimal) -> Decimal:
        amount = futures_rules.rounded(amount, self.settings.booking_places)
        if amount <= 0:
            raise invalid("amount")
        return amount
