"""Money of the spot exchange: balances, freezes, fees and the ledger that explains them.

Every change of a balance from a trade or a deposit writes its ledger line here and
nowhere else, so the lines of an account always add up to its balances.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_DOWN, Context, Decimal, Inexact, localcontext
from functools import wraps
from itertools import count
from typing import Any, Literal, ParamSpec, TypeVar

from btcc_research.sandbox.records import (
    ZERO,
    Account,
    Deal,
    LedgerLine,
    Market,
    Order,
    Plan,
    Refused,
)

P = ParamSpec("P")
R = TypeVar("R")

# Wide enough for every product of amount, price and rate; a rounding would be an error.
EXACT = Context(prec=60, traps=[Inexact])
BALANCE_NOT_ENOUGH = (10, "balance not enough")


def exactly(function: Callable[P, R]) -> Callable[P, R]:
    """Run a function under exact arithmetic: a result that does not fit raises."""

    @wraps(function)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        with localcontext(EXACT):
            return function(*args, **kwargs)

    return inside


def cut(value: Decimal, precision: int) -> Decimal:
    """Cut extra decimals off, toward zero (SP-2)."""
    with localcontext(EXACT) as context:
        context.traps[Inexact] = False
        return value.quantize(Decimal(1).scaleb(-precision), rounding=ROUND_DOWN)


class Money:
    """The accounts of all users and what trades do to them."""

    def __init__(self, markets: Mapping[str, Market], *, keep_unfilled_history: bool) -> None:
        self.accounts: dict[int, Account] = {}
        self._markets = markets
        self._keep_unfilled_history = keep_unfilled_history
        self._ids = count(880_000_001)

    def account(self, user: int) -> Account:
        """Return a user's account, opening it where it does not exist."""
        return self.accounts.setdefault(user, Account(user))

    def deposit(self, user: int, asset: str, amount: Decimal, now: int, business: str) -> None:
        """Add money from outside, or take it out where `amount` is negative."""
        account = self.account(user)
        if account.balance(asset).available + amount < 0:
            raise Refused(*BALANCE_NOT_ENOUGH)
        account.balance(asset).available += amount
        self._line(account, asset, business, amount, now, None)

    def require(self, user: int, asset: str, amount: Decimal) -> None:
        """Refuse unless so much is available."""
        if self.account(user).balance(asset).available < amount:
            raise Refused(*BALANCE_NOT_ENOUGH)

    def freeze_rest(self, order: Order) -> None:
        """Lock what a resting order may still need: base of a sell, quote of a buy (SP-3)."""
        order.frozen = order.remaining * (1 if order.side == "sell" else order.price)
        self._move(order, order.frozen)

    def unfreeze(self, order: Order, amount: Decimal) -> None:
        """Give back what an order no longer needs."""
        order.frozen -= amount
        self._move(order, -amount)

    def settle(
        self,
        order: Order,
        other: Order,
        role: Literal["maker", "taker"],
        amount: Decimal,
        deal: tuple[int, Decimal, int],
    ) -> None:
        """Book one side of a trade: money out, money in, the fee of what came in (SP-7).

        `deal` is the execution both sides share: id, price and time.
        """
        deal_id, price, now = deal
        rules, account = self._markets[order.market], self.accounts[order.user_id]
        buying, cost = order.side == "buy", price * amount
        given, received = (rules.quote, rules.base) if buying else (rules.base, rules.quote)
        gives, gets = (cost, amount) if buying else (amount, cost)
        rate = order.taker_rate if role == "taker" else order.maker_rate
        fee = gets * rate
        order.filled += amount
        order.cost += cost
        order.fee += fee
        order.remaining -= cost if order.type == "market" and buying else amount
        order.updated_at = now
        account.balance(given).available -= gives
        account.balance(received).available += gets - fee
        if not account.keeps_history:
            return
        detail = {"m": order.market, "i": order.id, "p": str(price), "a": str(amount)}
        self._line(account, given, "trade", -gives, now, detail)
        self._line(account, received, "trade", gets, now, detail, still_due=fee)
        if fee:
            self._line(account, received, "fee", -fee, now, {**detail, "f": str(rate)})
        account.deals.setdefault(order.market, []).append(
            Deal(
                now, deal_id, order.id, order.user_id, order.market, order.side, role, price,
                amount, cost, fee, other.id, other.user_id,
            )
        )  # fmt: skip

    def archive(self, order: Order) -> None:
        """Keep a closed order; one without any execution leaves no trace (SP-9)."""
        account = self.accounts[order.user_id]
        if account.keeps_history and (order.filled or self._keep_unfilled_history):
            account.finished.setdefault(order.market, []).append(order)

    def archive_plan(self, plan: Plan) -> None:
        """Keep a closed conditional order."""
        account = self.accounts[plan.user_id]
        if account.keeps_history:
            account.finished_plans.setdefault(plan.market, []).append(plan)

    def _move(self, order: Order, amount: Decimal) -> None:
        rules = self._markets[order.market]
        asset = rules.base if order.side == "sell" else rules.quote
        held = self.accounts[order.user_id].balance(asset)
        held.available -= amount
        held.frozen += amount

    def _line(
        self,
        account: Account,
        asset: str,
        business: str,
        change: Decimal,
        now: int,
        detail: dict[str, Any] | None,
        *,
        still_due: Decimal = ZERO,
    ) -> None:
        """Write a ledger line; `still_due` is a fee whose own line follows."""
        if not account.keeps_history:
            return
        held, number = account.balance(asset), next(self._ids)
        after = held.available + held.frozen + still_due
        cause = str(detail["i"] if detail else number)
        account.ledger.append(
            LedgerLine(now, number, account.user_id, asset, business, cause, change, after, detail)
        )
