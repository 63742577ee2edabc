"""Products of the futures dealer and their quotes.

Attribute names are the columns the protocol layer declares for the product list.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from btcc_research.sandbox.futures_hours import Schedule
from btcc_research.sandbox.records import ZERO, Side

Contract = Literal["USDT-margined", "coin-margined"]
NEVER_EXPIRES = 4_102_444_800_000_000  # 2100-01-01
ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Tier:
    """Margin per lot of the lots between two sizes; each slice at its own rate (FU-5)."""

    range_min: Decimal
    range_max: Decimal
    margin_per_lot: Decimal


@dataclass(frozen=True, slots=True)
class Commission:
    """A fee row: percent of the notional, when it is taken, for which sizes (FU-6).

    The meaning of BTCC's codes is not published; this is the sandbox's reading of them.
    """

    percent: Decimal
    trigger: Literal["open", "close", "both"] = "both"
    range_min: Decimal = ZERO
    range_max: Decimal = Decimal(999_999)


@dataclass(frozen=True, slots=True)
class Product:
    """A product and its rules; `market` is its pair, `quote` the currency profit is counted in.

    A product charges `carry` while it is held: crypto funding, tokenized products rollover.
    Stop distances are in units of the last price digit, 0 for no bound; rollovers are
    percent a day, positive where the holder pays.
    """

    product: str
    product_id: int
    market: str
    base: str
    quote: str
    margin_asset: str
    price_precision: int
    spread: Decimal
    max_leverage: int
    min_lots: Decimal
    step_lots: Decimal
    max_lots: Decimal
    max_position_lots: Decimal
    quote_code: int = 0
    short_name: str = ""
    contract: Contract = "USDT-margined"
    carry: Literal["funding", "rollover"] = "funding"
    contract_size: Decimal = ONE
    tradable: Literal["no", "yes", "buy only", "sell only"] = "yes"
    status: Literal["normal", "deleted"] = "normal"
    schedule: Schedule | None = None
    long_rollover: Decimal = ZERO
    short_rollover: Decimal = ZERO
    holiday_rollover: Decimal = ZERO
    min_stop_distance: Decimal = ONE
    max_stop_distance: Decimal = ZERO
    tiers: tuple[Tier, ...] = ()
    commission_rows: tuple[Commission, ...] = ()
    preset_lots: str = ""
    starts_at: int = 1_567_995_643_000_000
    expires_at: int = NEVER_EXPIRES
    created_at: int = 1_567_996_380_000_000
    revision: int = 1148
    pips_ratio: Decimal = ONE
    spread_balance: Decimal = ZERO
    range_init: Decimal = ZERO
    margin_initial: Decimal = ZERO
    margin_method: int = 2
    default_first: int = 0
    max_position_value: Decimal = ZERO
    gap_value: Decimal = ZERO

    @property
    def is_enabled(self) -> bool:
        """Whether the product is listed (F17)."""
        return self.status == "normal"

    @property
    def is_coin_margined(self) -> bool:
        """Whether margin and result are in the base coin."""
        return self.contract == "coin-margined"

    @property
    def tick(self) -> Decimal:
        """One unit of the last price digit."""
        return ONE.scaleb(-self.price_precision)

    @property
    def margin_tiers(self) -> list[dict[str, Any]]:
        """The tiers as BTCC lists them."""
        return [
            {
                "symbol_id": self.product_id,
                "range_min": tier.range_min,
                "range_max": tier.range_max,
                "margin_initial": tier.margin_per_lot,
                "margin_maintenance": tier.margin_per_lot,
                "status": 0,
            }
            for tier in self.tiers
        ]

    @property
    def commissions(self) -> list[dict[str, Any]]:
        """The fee rows as BTCC lists them."""
        return [
            {
                "symbol_id": self.product_id,
                "trigger_mode": {"open": 1, "close": 2, "both": 3}[row.trigger],
                "type": 1,
                "method": 1,
                "range_min": row.range_min,
                "range_max": row.range_max,
                "value": row.percent,
                "currency": self.margin_asset,
                "status": 0,
            }
            for row in self.commission_rows
        ]


@dataclass(frozen=True, slots=True)
class Quote:
    """The dealer's two prices of a product: users buy at the ask and sell at the bid."""

    product: str
    bid: Decimal
    ask: Decimal
    time: int

    @property
    def mid(self) -> Decimal:
        """The middle, which charts show."""
        return (self.ask + self.bid) / 2

    @property
    def spread(self) -> Decimal:
        """Ask minus bid."""
        return self.ask - self.bid

    def price(self, side: Side) -> Decimal:
        """Return the price at which an order of this side fills."""
        return self.ask if side == "buy" else self.bid

    def change(self, previous_close: Decimal) -> Decimal:
        """Return how far the middle is from the previous close."""
        return self.mid - previous_close
