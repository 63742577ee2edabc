"""The spot exchange as a pure state machine: order book, matching, balances, ledger.

It follows the rules of BTCC's spot market as far as they are published, and the engine
its interface descends from for the rest: price then time, the resting price trades, fees
come out of what is received, nothing inside a trade is rounded. Time is an argument.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from decimal import Decimal, Inexact, localcontext
from itertools import count

from btcc_research.sandbox.money import EXACT, Money, cut, exactly
from btcc_research.sandbox.records import ZERO, Account, Market, Order, Plan, Refused, Side

AMOUNT_TOO_SMALL = (11, "amount too small")
NO_ENOUGH_TRADER = (12, "no enough trader")
INVALID_STOP_PRICE = (11, "invalid stop price")
ORDER_NOT_FOUND = (10, "order not found")
USER_NOT_MATCH = (11, "user not match")


class Book:
    """The resting orders of one market; both lists hold the best order last."""

    def __init__(self) -> None:
        self.bids: list[Order] = []
        self.asks: list[Order] = []
        self.last: Decimal | None = None
        self.plans: dict[int, Plan] = {}

    def side(self, side: Side) -> list[Order]:
        """Return the resting orders of a side."""
        return self.bids if side == "buy" else self.asks

    def add(self, order: Order) -> None:
        """Put an order behind all orders of its price."""
        insort(self.side(order.side), order, key=_rank)

    def remove(self, order: Order) -> None:
        """Take an order out."""
        orders = self.side(order.side)
        del orders[bisect_left(orders, _rank(order), key=_rank)]


def _rank(order: Order) -> tuple[Decimal, int]:
    """Order from worst to best: the best price last, and of equal prices the oldest last."""
    return (order.price if order.side == "buy" else -order.price, -order.id)


class Exchange:
    """All markets, accounts and orders of the simulated spot exchange."""

    def __init__(self, markets: Iterable[Market], *, keep_unfilled_history: bool = False) -> None:
        self.markets = {market.market: market for market in markets}
        self.books = {name: Book() for name in self.markets}
        self.money = Money(self.markets, keep_unfilled_history=keep_unfilled_history)
        self.orders: dict[int, Order] = {}
        self.on_trade: Callable[[Order, Order, Decimal, int], None] = lambda *_: None
        self._order_ids = count(7_310_000_001)
        self._deal_ids = count(318_000_001)
        self._plan_ids = count(51_000_001)

    def account(self, user: int) -> Account:
        """Return a user's account, opening it where it does not exist."""
        return self.money.account(user)

    @exactly
    def deposit(
        self, user: int, asset: str, amount: Decimal, now: int, business: str = "deposit"
    ) -> None:
        """Add money from outside (negative: take it out), with a ledger line."""
        self.money.deposit(user, asset, amount, now, business)

    @exactly
    def place_limit(
        self,
        user: int,
        market: str,
        side: Side,
        amount: Decimal,
        price: Decimal,
        now: int,
        *,
        time_in_force: str = "GTC",
        source: str = "",
        client_id: str = "",
    ) -> Order:
        """Place a limit order: what crosses trades at once, the rest of a GTC order rests.

        Raises
        ------
        Refused
            10 balance not enough, 11 amount too small.
        """
        rules, account = self.markets[market], self.account(user)
        amount, price = cut(amount, rules.amount_precision), cut(price, rules.price_precision)
        if side == "sell":
            self.money.require(user, rules.base, amount)
        else:
            self.money.require(user, rules.quote, amount * price)
        if amount < rules.min_amount or price <= 0:
            raise Refused(*AMOUNT_TOO_SMALL)
        order = self._order(account, rules, side, "limit", time_in_force, price, amount, now)
        order.source, order.client_id = source, client_id
        if time_in_force != "FOK" or self._fills_whole(order):
            self._match(order, now)
        if order.remaining and time_in_force == "GTC":
            self.money.freeze_rest(order)
            self.orders[order.id] = order
            self.books[market].add(order)
        else:
            self._finish(order, now)
        self._trigger_plans(market, now)
        return order

    @exactly
    def place_market(
        self,
        user: int,
        market: str,
        side: Side,
        amount: Decimal,
        now: int,
        *,
        time_in_force: str = "GTC",
        source: str = "",
        client_id: str = "",
    ) -> Order:
        """Place a market order; the amount of a buy is quote money to spend (SP-5).

        Raises
        ------
        Refused
            10 balance not enough, 11 amount too small, 12 nobody on the other side.
        """
        rules, account = self.markets[market], self.account(user)
        amount = cut(amount, rules.amount_precision)
        self.money.require(user, rules.base if side == "sell" else rules.quote, amount)
        opposite = self.books[market].side("sell" if side == "buy" else "buy")
        if not opposite:
            raise Refused(*NO_ENOUGH_TRADER)
        smallest = rules.min_amount * (opposite[-1].price if side == "buy" else 1)
        if amount < smallest or amount <= 0:
            raise Refused(*AMOUNT_TOO_SMALL)
        order = self._order(account, rules, side, "market", time_in_force, ZERO, amount, now)
        order.source, order.client_id, order.maker_rate = source, client_id, ZERO
        if time_in_force != "FOK" or self._fills_whole(order):
            self._match(order, now)
        self._finish(order, now)
        self._trigger_plans(market, now)
        return order

    @exactly
    def cancel(self, user: int, market: str, order_id: int, now: int) -> Order:
        """Cancel an open order and unfreeze exactly what it still locks (SP-9).

        Raises
        ------
        Refused
            10 order not found, 11 user not match.
        """
        order = self.orders.get(order_id)
        if order is None or order.market != market:
            raise Refused(*ORDER_NOT_FOUND)
        if order.user_id != user:
            raise Refused(*USER_NOT_MATCH)
        self.books[market].remove(order)
        self.money.unfreeze(order, order.frozen)
        self._finish(order, now)
        return order

    def open_orders(self, user: int, market: str) -> list[Order]:
        """Return a user's resting orders, oldest first."""
        book = self.books[market]
        mine = (order for order in (*book.bids, *book.asks) if order.user_id == user)
        return sorted(mine, key=lambda order: order.id)

    @exactly
    def place_plan(
        self,
        user: int,
        market: str,
        side: Side,
        amount: Decimal,
        price: Decimal | None,
        stop_price: Decimal,
        now: int,
        *,
        source: str = "",
    ) -> Plan:
        """Place a conditional order; `price` None makes it a market order when triggered.

        Nothing is frozen while it waits. Whether it waits above or below is fixed now, by
        the last price (SP-10).

        Raises
        ------
        Refused
            11 invalid stop price, for a stop at the last price or without one.
        """
        rules, account, book = self.markets[market], self.account(user), self.books[market]
        stop_price = cut(stop_price, rules.price_precision)
        if book.last is None or stop_price == book.last:
            raise Refused(*INVALID_STOP_PRICE)
        plan = Plan(
            next(self._plan_ids), user, market, side, "market" if price is None else "limit",
            stop_price, ZERO if price is None else cut(price, rules.price_precision),
            cut(amount, rules.amount_precision), stop_price > book.last,
            account.taker_rate, account.maker_rate, now, now, source,
        )  # fmt: skip
        book.plans[plan.id] = plan
        return plan

    def cancel_plan(self, user: int, plan_id: int, now: int) -> Plan:
        """Cancel a waiting conditional order.

        Raises
        ------
        Refused
            10 order not found, 11 user not match.
        """
        for book in self.books.values():
            if plan_id in book.plans:
                if book.plans[plan_id].user_id != user:
                    raise Refused(*USER_NOT_MATCH)
                plan = book.plans.pop(plan_id)
                self._finish_plan(plan, 3, now)
                return plan
        raise Refused(*ORDER_NOT_FOUND)

    def _order(
        self, account: Account, rules: Market, side: Side, kind: str, time_in_force: str,
        price: Decimal, amount: Decimal, now: int,
    ) -> Order:  # fmt: skip
        money = rules.amount_precision + rules.price_precision
        fee_width = rules.fee_precision + (rules.amount_precision if side == "buy" else money)
        return Order(
            id=next(self._order_ids), user_id=account.user_id, market=rules.market, side=side,
            type="limit" if kind == "limit" else "market", time_in_force=time_in_force,
            price=price, amount=amount, remaining=amount,
            filled=ZERO.scaleb(-rules.amount_precision), cost=ZERO.scaleb(-money),
            fee=ZERO.scaleb(-fee_width), taker_rate=account.taker_rate,
            maker_rate=account.maker_rate, created_at=now, updated_at=now, source="",
        )  # fmt: skip

    def _crosses(self, order: Order, resting: Order) -> bool:
        if order.type == "market":
            return True
        return order.price >= resting.price if order.side == "buy" else order.price <= resting.price

    def _quantity(self, order: Order, remaining: Decimal, resting: Order) -> Decimal:
        """Return the base amount the next trade takes from a resting order."""
        if order.type == "market" and order.side == "buy":
            with localcontext(EXACT) as context:
                context.traps[Inexact] = False
                affordable = remaining / resting.price
            remaining = cut(affordable, self.markets[order.market].amount_precision)
        return min(remaining, resting.remaining)

    def _fills_whole(self, order: Order) -> bool:
        """Whether a fill-or-kill order finds everything it asks for."""
        remaining = order.remaining
        for resting in reversed(self.books[order.market].side(_other(order.side))):
            if not remaining or not self._crosses(order, resting):
                break
            quantity = self._quantity(order, remaining, resting)
            spends = order.type == "market" and order.side == "buy"
            if spends and quantity < resting.remaining:
                return True  # the rest is less than one step of the amount can cost
            remaining -= quantity * resting.price if spends else quantity
        return not remaining

    def _match(self, order: Order, now: int) -> None:
        resting_orders = self.books[order.market].side(_other(order.side))
        while order.remaining and resting_orders and self._crosses(order, resting_orders[-1]):
            resting = resting_orders[-1]
            quantity = self._quantity(order, order.remaining, resting)
            if not quantity:
                break
            self._trade(order, resting, quantity, now)
            if not resting.remaining:
                resting_orders.pop()
                self._finish(resting, now)

    def _trade(self, taker: Order, maker: Order, amount: Decimal, now: int) -> None:
        deal = (next(self._deal_ids), maker.price, now)
        self.books[taker.market].last = maker.price
        self.money.settle(taker, maker, "taker", amount, deal)
        self.money.unfreeze(maker, amount * (1 if maker.side == "sell" else maker.price))
        self.money.settle(maker, taker, "maker", amount, deal)
        self.on_trade(taker, maker, amount, now)

    def _finish(self, order: Order, now: int) -> None:
        order.updated_at = order.finished_at = now
        self.orders.pop(order.id, None)
        self.money.archive(order)

    def _trigger_plans(self, market: str, now: int) -> None:
        """Place every conditional order the last price has reached, oldest first."""
        book = self.books[market]
        while book.plans and (plan := self._reached(book)) is not None:
            del book.plans[plan.id]
            try:
                self._place_triggered(plan, now)
                self._finish_plan(plan, 1, now)
            except Refused:
                self._finish_plan(plan, 2, now)

    def _reached(self, book: Book) -> Plan | None:
        for plan in book.plans.values():
            last = book.last
            if last is not None and (
                last >= plan.stop_price if plan.triggers_above else last <= plan.stop_price
            ):
                return plan
        return None

    def _place_triggered(self, plan: Plan, now: int) -> None:
        who, where, side = plan.user_id, plan.market, plan.side
        if plan.type == "limit":
            self.place_limit(who, where, side, plan.amount, plan.price, now, source=plan.source)
        else:
            self.place_market(who, where, side, plan.amount, now, source=plan.source)

    def _finish_plan(self, plan: Plan, status: int, now: int) -> None:
        plan.execution_status, plan.updated_at, plan.finished_at = status, now, now
        self.money.archive_plan(plan)


def _other(side: Side) -> Side:
    return "sell" if side == "buy" else "buy"
