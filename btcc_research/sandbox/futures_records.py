"""What the dealer keeps of users: positions, pending orders, executions, ledger lines.

Attribute names are the columns the protocol layer declares for the futures calls, so a
record can be written as it is. Times are Unix microseconds, money is Decimal; where BTCC
prints 0 for "none", so do the records.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

from btcc_research.sandbox.futures_products import ONE, Contract
from btcc_research.sandbox.records import ZERO, Side

PendingType = Literal["limit", "stop", "limit_close", "stop_loss", "take_profit"]
ReportType = Literal["market", "limit", "stop", "stop_loss", "take_profit"]
TodayType = Literal["market", "limit", "stop", "close", "liquidation"]
MoneyKind = Literal["balance", "bonus"]
OPENING_TYPES: tuple[PendingType, ...] = ("limit", "stop")


@dataclass(slots=True)
class Position:
    """What one opening order made (FU-3).

    `realized`, `fee`, `fee_due` and the `fill_...` attributes are those of the last fill.
    `interest` is what funding and rollover have brought (negative: paid) for the lots still
    open, `funding` the part of it that is funding; both are in the balance already. Once
    the position is closed, margin and interest stay what they were before.
    """

    id: int
    product: str
    side: Side
    lots: Decimal
    open_price: Decimal
    margin: Decimal
    leverage: int
    fee_due: Decimal
    fee: Decimal
    opened_at: int
    account_id: int
    account_group_id: int
    execution_id: int
    product_id: int
    asset: str
    status: Literal["open", "closed"] = "open"
    initial_lots: Decimal = ZERO
    unrealized: Decimal = ZERO
    realized: Decimal = ZERO
    stop_loss: Decimal = ZERO
    take_profit: Decimal = ZERO
    stops_set_at: int = 0
    interest: Decimal = ZERO
    funding: Decimal = ZERO
    exchange_rate: Decimal = ONE
    fill_price: Decimal = ZERO
    fill_lots: Decimal = ZERO
    filled_at: int = 0
    closed_at: int = 0
    close_price: Decimal = ZERO
    reference: int = 0
    second_reference: int = 0
    origin: Literal["own", "lead", "copy"] = "own"
    message: str = ""

    @property
    def closing_side(self) -> Side:
        """The side of an order that closes it."""
        return "sell" if self.side == "buy" else "buy"


@dataclass(slots=True)
class Pending:
    """An order that waits for a quote to reach `price` (FU-12).

    `position_id` is 0 unless it closes a position; of such an order `stop_loss` and
    `take_profit` repeat the price where it is one.
    """

    id: int
    product: str
    side: Side
    type: PendingType
    lots: Decimal
    price: Decimal
    leverage: int
    created_at: int
    account_id: int
    account_group_id: int
    market: str
    asset: str
    contract: Contract
    price_precision: int
    status: Literal["open", "filled", "cancelled", "declined"] = "open"
    initial_lots: Decimal = ZERO
    stop_loss: Decimal = ZERO
    take_profit: Decimal = ZERO
    position_id: int = 0
    held_margin: Decimal = ZERO
    fill_price: Decimal = ZERO
    fill_lots: Decimal = ZERO
    filled_at: int = 0
    finished_at: int = 0
    execution_id: int = 0
    fee: Decimal = ZERO
    expiry: Literal["perpetual"] = "perpetual"
    expires_at: int = 0

    @property
    def opens(self) -> bool:
        """Whether it opens a position."""
        return self.type in OPENING_TYPES

    @property
    def action(self) -> Literal["open", "close"]:
        """Whether it opens or closes."""
        return "open" if self.opens else "close"


@dataclass(frozen=True, slots=True)
class Execution:
    """A fill; serves the lists of the day and, through its views, both reports.

    `side` is that of the filled order, `type` the reports' word; see `of_the_day` and
    `of_the_position` for the two lists that name things otherwise. `interest` is the part
    of the position's interest that goes with the closed lots.
    """

    id: int
    time: int
    position_id: int
    product: str
    market: str
    side: Side
    action: Literal["open", "close"]
    type: ReportType | TodayType
    today_type: TodayType
    price: Decimal
    lots: Decimal
    fee: Decimal
    realized: Decimal
    interest: Decimal
    leverage: int
    margin: Decimal
    open_price: Decimal
    opened_at: int
    open_lots: Decimal
    close_price: Decimal
    closed_at: int
    stop_loss: Decimal
    take_profit: Decimal
    stops_set_at: int
    price_precision: int
    asset: str
    contract: Contract
    account_id: int
    account_group_id: int
    reference: int = 0
    remark: str = ""
    status: int = 0

    def of_the_day(self) -> Execution:
        """Return the fill with the order type as the lists of the day number it."""
        return replace(self, type=self.today_type)

    def of_the_position(self) -> Execution:
        """Return the fill with the side of the opening order, as the profit report has it."""
        opening: Side = "sell" if self.side == "buy" else "buy"
        return self if self.action == "open" else replace(self, side=opening)


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One change of a balance, or of promotional money."""

    time: int
    reference: str
    account_id: int
    asset: str
    business: str
    balance_before: Decimal
    income: Decimal
    expenditure: Decimal
    balance: Decimal
    remark: str = ""
    money: MoneyKind = "balance"
    detail: str = ""
    coin: str = ""
    deal_kind: str = ""

    @property
    def change(self) -> Decimal:
        """Income or expenditure with its sign."""
        return self.income - self.expenditure


@dataclass(frozen=True, slots=True)
class Transfer:
    """A deposit or withdrawal, as booking and as request for coins."""

    time: int
    reference: str
    kind: Literal["deposit", "withdrawal"]
    asset: str
    amount: Decimal
    balance_before: Decimal
    balance: Decimal
    status: Literal["arrived", "processing", "confiscated"] = "arrived"
    review: str = "approved"
    fee: Decimal = ZERO
    transaction_id: str = ""


@dataclass(slots=True)
class Wallet:
    """Money of one asset: the user's own, and promotional."""

    balance: Decimal = ZERO
    bonus: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Figures:
    """An account's state in one asset, in the words of the account call (FU-2)."""

    account_id: int
    account_number: str
    user_id: int
    account_group_id: int
    asset: str
    balance: Decimal
    bonus: Decimal
    equity: Decimal
    margin: Decimal
    free_margin: Decimal
    margin_level: Decimal
    stop_out_margin: Decimal
    open_positions: int
    status: Literal["normal"] = "normal"


@dataclass(frozen=True, slots=True)
class Group:
    """The account group; levels are in percent."""

    account_group_id: int
    stop_out_level: Decimal
    margin_call_level: Decimal
    name: str = "STD-USDT"
    asset: str = "USDT"
    digits: int = 2
    is_enabled: bool = True
    status: Literal["normal"] = "normal"
    platform: str = "GTS2"
    company_id: int = 1


@dataclass(slots=True)
class FuturesAccount:
    """A user's wallets, what is open, and history; `fee_rate` is a VIP rate of its own."""

    user_id: int
    account_id: int
    account_number: str
    account_group_id: int = 13
    fee_rate: Decimal | None = None
    wallets: dict[str, Wallet] = field(default_factory=dict)
    positions: dict[int, Position] = field(default_factory=dict)
    pendings: dict[int, Pending] = field(default_factory=dict)
    executions: list[Execution] = field(default_factory=list)
    closed_pendings: list[Pending] = field(default_factory=list)
    ledger: list[LedgerLine] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)

    def wallet(self, asset: str) -> Wallet:
        """Return the wallet of an asset, empty where there was none."""
        found = self.wallets.get(asset)
        if found is None:
            found = self.wallets[asset] = Wallet()
        return found
