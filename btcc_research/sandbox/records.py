"""What the spot engine keeps: markets, accounts, orders, executions, ledger lines.

Attribute names are the standard terms the protocol layer maps to BTCC's spellings.
Times are Unix microseconds, money is Decimal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

Side = Literal["buy", "sell"]
ZERO = Decimal(0)


class Refused(Exception):
    """The engine says no; `code` and `message` are what BTCC's engine family answers."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Market:
    """The rules of one pair (SP-2): decimals of price, amount and fee rate, smallest order."""

    market: str
    base: str
    quote: str
    price_precision: int
    amount_precision: int
    fee_precision: int
    min_amount: Decimal
    is_open: bool = True
    opens_at: int | None = None


@dataclass(slots=True)
class Order:
    """An order at the exchange. `frozen` is what it still locks of the user's balance."""

    id: int
    user_id: int
    market: str
    side: Side
    type: Literal["limit", "market"]
    time_in_force: str
    price: Decimal
    amount: Decimal
    remaining: Decimal
    filled: Decimal
    cost: Decimal
    fee: Decimal
    taker_rate: Decimal
    maker_rate: Decimal
    created_at: int
    updated_at: int
    source: str
    client_id: str = ""
    frozen: Decimal = ZERO
    finished_at: int | None = None
    fee_asset: None = None
    asset_fee: Decimal = ZERO
    fee_discount: Decimal = Decimal(1)

    @property
    def account_id(self) -> int:
        """The account of the user; the sandbox has one each."""
        return self.user_id


@dataclass(slots=True)
class Plan:
    """A conditional order (SP-10): placed once the last price reaches `stop_price`."""

    id: int
    user_id: int
    market: str
    side: Side
    type: Literal["limit", "market"]
    stop_price: Decimal
    price: Decimal
    amount: Decimal
    triggers_above: bool
    taker_rate: Decimal
    maker_rate: Decimal
    created_at: int
    updated_at: int
    source: str
    time_in_force: str = "GTC"
    client_id: str = ""
    trigger_state: int = 1
    execution_status: int | None = None
    finished_at: int | None = None
    fee_asset: None = None
    fee_discount: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Deal:
    """One side of an execution."""

    time: int
    id: int
    order_id: int
    user_id: int
    market: str
    side: Side
    role: Literal["maker", "taker"]
    price: Decimal
    amount: Decimal
    cost: Decimal
    fee: Decimal
    counter_order_id: int
    counter_user_id: int
    fee_asset: None = None

    @property
    def account_id(self) -> int:
        """The account of the user; the sandbox has one each."""
        return self.user_id


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One change of a balance."""

    time: int
    id: int
    user_id: int
    asset: str
    business: str
    business_id: str
    change: Decimal
    balance: Decimal
    detail: dict[str, Any] | None

    @property
    def account_id(self) -> int:
        """The account of the user; the sandbox has one each."""
        return self.user_id


@dataclass(slots=True)
class Balance:
    """What a user has of one currency."""

    available: Decimal = ZERO
    frozen: Decimal = ZERO


@dataclass(slots=True)
class Account:
    """A user's money, fee rates and history; simulated participants keep no history."""

    user_id: int
    taker_rate: Decimal = Decimal("0.0030")
    maker_rate: Decimal = Decimal("0.0020")
    keeps_history: bool = True
    balances: dict[str, Balance] = field(default_factory=dict)
    ledger: list[LedgerLine] = field(default_factory=list)
    deals: dict[str, list[Deal]] = field(default_factory=dict)
    finished: dict[str, list[Order]] = field(default_factory=dict)
    finished_plans: dict[str, list[Plan]] = field(default_factory=dict)

    def balance(self, asset: str) -> Balance:
        """Return the balance of a currency, zero where there was none."""
        found = self.balances.get(asset)
        if found is None:
            found = self.balances[asset] = Balance()
        return found
