"""The dealer's settings: everything BTCC's publications leave open, or changed over time.

The defaults are what was published last; where nothing was, what platforms of this kind do.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from btcc_research.sandbox.futures_hours import UTC_PLUS_8, ScheduleClock

# Unix microseconds from which a ratio held: 20 % until 3 November 2023, then 30 %. When in
# 2025 the 40 % began was not published; the first of January stands for it.
DOCUMENTED_STOP_OUT = (
    (0, Decimal("0.20")),
    (1_698_969_600_000_000, Decimal("0.30")),
    (1_735_689_600_000_000, Decimal("0.40")),
)


@dataclass(slots=True)
class FuturesSettings:
    """What the dealer does where BTCC's rules are disputed, unknown or a matter of date.

    Attributes
    ----------
    fee_rate : Decimal
        Of the notional, on opening and on closing, for products without commission rows.
    stop_out_ratio : Decimal
        Positions are closed when equity falls below used margin times this.
    stop_out_history : tuple of (Unix microseconds, Decimal)
        Ratios by the time they began; wins over `stop_out_ratio` where it is not empty.
    margin_call_ratio : Decimal
        Shown with the account group; the dealer does nothing about it.
    liquidation_fee_rate, named_liquidation_fee_rate : Decimal
        Of the notional at a forced liquidation; the second for `named_markets`.
    named_markets : frozenset of str
        Markets with the lower liquidation fee.
    balance_floor : Decimal
        A liquidation fee takes no more than down to here, and the insurance fund lifts an
        account without positions back to it.
    funding_hours : tuple of int
        UTC hours of settlement (F23): captured 0, 8, 16; an older page has 1, 9, 17.
    funding_interest, funding_clamp : Decimal, (Decimal, Decimal)
        I, and the bounds of I - P in rate = P + clamp(I - P).
    funding_rate_places : int
        Decimals of a settled rate.
    funding_counterparty : {"house", "users"}
        The house pays and takes in full, or payers' money is shared among receivers.
    funding_floor : Decimal or None
        A payer is charged until equity is margin times this; None: times the stop-out ratio.
    rollover_hour : int
        UTC hour at which tokenized products charge a day's interest.
    triple_weekday : int or None
        UTC weekday (0 Sunday) that counts for three days; None: none does.
    booking_places : int
        Decimals of every booked amount, half up.
    report_places, coin_report_places : int
        Decimals of profit in the reports, in money and in coins.
    demo_balance : Decimal
        USDT of a new demonstration account.
    max_slippage : Decimal or None
        Share of the requested price by which the quote may differ; None: any.
    closing_side : {"either", "order", "position"}
        F10: whose side a request to close must name.
    pending_change_type : {"any", "documented"}
        F09: whether a change must name the stored type as limit or stop.
    pendings_hold_margin : bool
        Whether a waiting order to open already uses its margin.
    pendings_outside_hours : bool
        Whether pending orders are taken while a market is closed.
    tiered_margin : bool
        Whether products with tiers charge margin by lot instead of by price.
    bonus_fee_share : Decimal
        Share of fees and funding that promotional money pays.
    schedule_clock : ScheduleClock
        The clock of trading hours.
    site_day_hour : int
        UTC hour at which the site's day begins: midnight in UTC+8.
    """

    fee_rate: Decimal = Decimal("0.00045")
    stop_out_ratio: Decimal = Decimal("0.40")
    stop_out_history: tuple[tuple[int, Decimal], ...] = ()
    margin_call_ratio: Decimal = Decimal("0.50")
    liquidation_fee_rate: Decimal = Decimal("0.012")
    named_liquidation_fee_rate: Decimal = Decimal("0.01")
    named_markets: frozenset[str] = frozenset(
        {"BTCUSDT", "BTCUSD", "ETHUSDT", "ETHUSD", "DOGEUSDT"}
    )
    balance_floor: Decimal = Decimal(0)
    funding_hours: tuple[int, ...] = (0, 8, 16)
    funding_interest: Decimal = Decimal("0.0001")
    funding_clamp: tuple[Decimal, Decimal] = (Decimal("-0.0005"), Decimal("0.0005"))
    funding_rate_places: int = 6
    funding_counterparty: Literal["house", "users"] = "house"
    funding_floor: Decimal | None = None
    rollover_hour: int = 16
    triple_weekday: int | None = None
    booking_places: int = 8
    report_places: int = 2
    coin_report_places: int = 8
    demo_balance: Decimal = Decimal(100_000)
    max_slippage: Decimal | None = None
    closing_side: Literal["either", "order", "position"] = "either"
    pending_change_type: Literal["any", "documented"] = "any"
    pendings_hold_margin: bool = False
    pendings_outside_hours: bool = False
    tiered_margin: bool = False
    bonus_fee_share: Decimal = Decimal(0)
    schedule_clock: ScheduleClock = UTC_PLUS_8
    site_day_hour: int = 16

    def stop_out(self, now: int) -> Decimal:
        """Return the stop-out ratio in force at a time in microseconds."""
        began = [ratio for since, ratio in self.stop_out_history if since <= now]
        return began[-1] if began else self.stop_out_ratio

    def next_stop_out(self, now: int) -> int | None:
        """Return when the stop-out ratio changes after a time in microseconds, if it does."""
        return min((since for since, _ in self.stop_out_history if since > now), default=None)

    def liquidation_rate(self, market: str) -> Decimal:
        """Return the fee rate of a forced liquidation in a market."""
        named = market in self.named_markets
        return self.named_liquidation_fee_rate if named else self.liquidation_fee_rate

    def shown_places(self, asset: str) -> int:
        """Return the decimals of a profit in the reports."""
        return self.report_places if asset.startswith("USD") else self.coin_report_places
