"""The money rules of BTCC's Standard futures as pure functions: margin, profit, fees, carry.

Nothing here knows an account or a clock; the dealer calls these with its records. Amounts
are exact unless `rounded` is called: what is booked is rounded by whoever books it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_UP,
    Context,
    Decimal,
    localcontext,
)
from functools import wraps
from typing import Literal, ParamSpec, TypeVar

from btcc_research.sandbox.futures_products import Product, Quote, Tier
from btcc_research.sandbox.futures_records import Execution, PendingType, Position
from btcc_research.sandbox.futures_settings import FuturesSettings
from btcc_research.sandbox.records import ZERO, Side

P = ParamSpec("P")
R = TypeVar("R")

# Products of lots, price and rate never fill it; only quotients are cut, far beyond booking.
PRECISE = Context(prec=60, rounding=ROUND_HALF_UP)
HUNDRED = Decimal(100)
HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
RATE_PLACES = 12
FIRST_SUNDAY = 3  # 1970-01-04 was one
_UNITS = tuple(Decimal(1).scaleb(-places) for places in range(20))


def precisely(function: Callable[P, R]) -> Callable[P, R]:
    """Run a function under the dealer's arithmetic, whatever the caller's context is."""

    @wraps(function)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        with localcontext(PRECISE):
            return function(*args, **kwargs)

    return inside


def rounded(value: Decimal, places: int) -> Decimal:
    """Return a value with so many decimals, half up."""
    return value.quantize(_UNITS[places], ROUND_HALF_UP, PRECISE)


def other(side: Side) -> Side:
    """Return the opposite side."""
    return "sell" if side == "buy" else "buy"


def sign(side: Side) -> int:
    """Return 1 for a long, -1 for a short."""
    return 1 if side == "buy" else -1


def notional(product: Product, lots: Decimal, price: Decimal) -> Decimal:
    """Return a position's value in the margin asset; coin-margined lots are coins (FU-10)."""
    units = lots * product.contract_size
    return units if product.is_coin_margined else units * price


def tiered_margin(tiers: Sequence[Tier], lots: Decimal) -> Decimal:
    """Return the margin of lots when each slice has its own amount per lot (FU-5)."""
    slices = (
        (min(lots, tier.range_max) - tier.range_min, tier.margin_per_lot)
        for tier in tiers
        if lots > tier.range_min
    )
    return sum((size * per_lot for size, per_lot in slices), ZERO)


def effective_leverage(lots: Decimal, price: Decimal, margin: Decimal) -> Decimal:
    """Return how many times its margin a position is worth."""
    return lots * price / margin


def opening_margin(
    product: Product, lots: Decimal, price: Decimal, leverage: int, *, tiered: bool = False
) -> Decimal:
    """Return the margin of a position opened at a price (FU-4)."""
    if tiered and product.tiers:
        return tiered_margin(product.tiers, lots)
    return notional(product, lots, price) / leverage


def profit(
    product: Product, side: Side, lots: Decimal, open_price: Decimal, close_price: Decimal
) -> Decimal:
    """Return profit in the margin asset; a coin's is the quoted profit at the closing price."""
    quoted = (close_price - open_price) * lots * product.contract_size
    result = quoted / close_price if product.is_coin_margined else quoted
    return result if side == "buy" else -result


def exchange_rate(product: Product, price: Decimal) -> Decimal:
    """Return what one unit of the profit currency is worth in the margin asset."""
    return rounded(1 / price, RATE_PLACES) if product.is_coin_margined else Decimal(1)


def fee(
    product: Product,
    action: Literal["open", "close"],
    lots: Decimal,
    price: Decimal,
    rate: Decimal,
) -> Decimal:
    """Return the fee of a fill: by the product's rows, or at a rate where it has none (FU-6)."""
    value = notional(product, lots, price)
    if not product.commission_rows:
        return value * rate
    rows = (
        row.percent
        for row in product.commission_rows
        if row.trigger in (action, "both") and row.range_min <= lots <= row.range_max
    )
    return value * sum(rows, ZERO) / HUNDRED


def average_premium(index: Decimal, mids: Sequence[Decimal]) -> Decimal:
    """Return the mean distance of sampled prices from the index, as a share of it."""
    return sum(((mid - index) / index for mid in mids), ZERO) / len(mids)


def funding_rate(premium: Decimal, settings: FuturesSettings) -> Decimal:
    """Return P + clamp(I - P): the rate of an average premium (FU-7)."""
    low, high = settings.funding_clamp
    rate = premium + min(max(settings.funding_interest - premium, low), high)
    return rounded(rate, settings.funding_rate_places)


def funding_flow(side: Side, value: Decimal, rate: Decimal) -> Decimal:
    """Return what a holder gets at a settlement (negative: pays)."""
    return -sign(side) * value * rate


def rollover_flow(
    product: Product, side: Side, lots: Decimal, open_price: Decimal, days: int
) -> Decimal:
    """Return what a holder gets for days of interest (negative: pays) (FU-8)."""
    percent = product.long_rollover if side == "buy" else product.short_rollover
    return -open_price * lots * product.contract_size * percent / HUNDRED * days


def shared(collected: Decimal, due: Sequence[Decimal], places: int) -> list[Decimal]:
    """Return what each receiver gets of what was collected: pro rata, never more than due."""
    wanted = sum(due, ZERO)
    if collected >= wanted:
        return list(due)
    return [rounded(collected * part / wanted, places) for part in due]


def moments(hours: Sequence[int], since: int, until: int) -> Iterator[int]:
    """Yield the times with these UTC hours after `since` and up to `until` (microseconds)."""
    for day in range(since // DAY_US, until // DAY_US + 1):
        for hour in sorted(hours):
            moment = day * DAY_US + hour * HOUR_US
            if since < moment <= until:
                yield moment


def next_moment(hours: Sequence[int], since: int) -> int:
    """Return the first time with one of these UTC hours after `since` (microseconds)."""
    return next(moments(hours, since, since + DAY_US))


def weekday(moment: int) -> int:
    """Return the UTC weekday of a time in microseconds; 0 is Sunday."""
    return (moment // DAY_US - FIRST_SUNDAY) % 7


def rollover_days(moment: int, settings: FuturesSettings) -> int:
    """Return for how many days a rollover charges."""
    return 3 if weekday(moment) == settings.triple_weekday else 1


def margin_level(equity: Decimal, margin: Decimal) -> Decimal:
    """Return equity over margin in percent, 0 without margin (FU-2)."""
    return rounded(equity / margin * HUNDRED, 2) if margin else ZERO


def falls(type: PendingType, side: Side) -> bool:
    """Whether an order waits for a lower price.

    Limits and take profits want a better price than now, stops and stop losses a worse one.
    """
    return (side == "buy") == (type in ("limit", "limit_close", "take_profit"))


def reached(type: PendingType, side: Side, level: Decimal, quote: Quote) -> bool:
    """Whether a quote triggers an order: a buy watches the ask, a sell the bid (FU-11, FU-12)."""
    price = quote.price(side)
    return price <= level if falls(type, side) else price >= level


def liquidation_price(
    product: Product, position: Position, money: Decimal, ratio: Decimal
) -> Decimal:
    """Return the price at which a position alone in its account stands on the stop-out level.

    `money` is balance and bonus. A liquidation needs a price beyond it (FU-9, FU-10).
    """
    units = position.lots * product.contract_size
    spare = money - ratio * position.margin
    if not product.is_coin_margined:
        return position.open_price - sign(position.side) * spare / units
    return position.open_price * units / (units + sign(position.side) * spare)


def break_even(
    side: Side, open_price: Decimal, lots: Decimal, fee_rate: Decimal, carry: Decimal
) -> Decimal:
    """Return the closing price of a linear position that leaves nothing, all fees paid.

    `carry` is funding and rollover so far, signed as booked: negative where it was paid.
    """
    direction = sign(side)
    paid = open_price * (1 + direction * fee_rate) - direction * carry / lots
    return paid / (1 - direction * fee_rate)


def break_even_tick(side: Side, price: Decimal, tick: Decimal) -> Decimal:
    """Return the first tradable price that is not a loss."""
    with localcontext(PRECISE):
        return price.quantize(tick, ROUND_CEILING if side == "buy" else ROUND_FLOOR)


def return_on_margin(net: Decimal, margin: Decimal) -> Decimal:
    """Return the net result in percent of the opening margin."""
    return rounded(net / margin * HUNDRED, 2)


def split_loss(bonus: Decimal, loss: Decimal) -> tuple[Decimal, Decimal]:
    """Return what promotional money and what the principal bear of a loss: it goes first."""
    from_bonus = min(bonus, loss)
    return from_bonus, loss - from_bonus


def split_charge(
    bonus: Decimal, principal: Decimal, charge: Decimal, share: Decimal
) -> tuple[Decimal, Decimal]:
    """Return what promotional money and what the principal pay of a fee or of funding.

    Promotional money pays its share; beyond it only what the principal does not have.
    """
    from_bonus = min(bonus, charge * share)
    lacking = charge - from_bonus - max(principal, ZERO)
    from_bonus += max(min(bonus - from_bonus, lacking), ZERO)
    return from_bonus, charge - from_bonus


def voucher_cash_flow(profit_or_loss: Decimal, carry: Decimal) -> Decimal:
    """Return what an order on a trading voucher brings: its fees are waived (FU-14)."""
    return profit_or_loss + carry


def reported(execution: Execution, settings: FuturesSettings) -> Execution:
    """Return an execution as the reports show it: its profit with fewer decimals."""
    places = settings.shown_places(execution.asset)
    return replace(execution, realized=rounded(execution.realized, places))
