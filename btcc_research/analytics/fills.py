"""Executions and transfers as fills: what came into a book of lots, or left it, at what price.

Without a reporting currency every spot market is a book of its own, in its quote currency,
and every futures position one, in its margin currency. With a reporting currency every coin
is a book: an execution of ETHBTC then brings ETH and takes BTC, both valued in that currency.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import pandas as pd

from btcc_research.analytics.exactness import (
    UNKNOWN,
    ZERO,
    columns_of,
    is_exact,
    on_grid,
    plain,
)
from btcc_research.analytics.pairs import Pair, futures_pair, spot_pair
from btcc_research.analytics.valuation import Prices
from btcc_research.errors import InvalidArgument
from btcc_research.tables import TRADES, TRANSFERS

_NEEDED = ("time", "market", "side", "price", "amount")
_DATED = ("time", "venue", "asset", "kind", "amount", "status", "reference")


@dataclass(slots=True)
class Fill:
    """Something that came into a book (`amount` > 0) or left it, at a price.

    `value` is the worth of the amount without the fee; both are in the pair's currency.
    `effect`: "trade" closes what is open and opens with the rest; "open" and "close" do only
    that. `profit` and `funding` are what futures report of a close.
    """

    row: int
    time: int
    venue: str
    market: str | None
    pair: Pair
    book: Hashable
    amount: Decimal
    price: Decimal
    value: Decimal
    fee: Decimal
    id: int | None = None
    position: int | None = None
    effect: str = "trade"
    kind: str = "trade"
    funding: Decimal = ZERO
    profit: Decimal = UNKNOWN
    leverage: int | None = None
    is_future: bool = False

    @property
    def sign(self) -> int:
        """1 where the amount came in, -1 where it left."""
        return -1 if self.amount.is_signed() else 1


class Execution(NamedTuple):
    """One row of the trades."""

    row: int
    time: int
    venue: str
    market: str
    pair: Pair
    id: int | None
    side: str
    price: Decimal
    amount: Decimal
    cost: Decimal
    fee: Decimal
    fee_asset: str | None
    position: int | None
    action: str | None
    profit: Decimal
    funding: Decimal
    leverage: int | None
    order: int | None = None

    @property
    def sign(self) -> int:
        """1 for a buy, -1 for a sell."""
        return 1 if self.side == "buy" else -1


def executions(trades: pd.DataFrame) -> list[Execution]:
    """Return the rows of the trades in the order of time, then id.

    Raises
    ------
    InvalidArgument
        If a column is lacking, a side is unknown, or base and quote cannot be told.
    """
    data = columns_of(trades, TRADES, _NEEDED, "trades")
    venues = [venue or "spot" for venue in data["venue"]]
    pairs = _pairs(trades, venues, data)
    exact = is_exact(trades)
    has_fee = "fee" in trades.columns
    found = [
        Execution(
            row, time, venue, market, pairs[venue, market], number, _checked(side), price, amount,
            _cost(price, amount, cost, exact=exact), fee if has_fee else ZERO, fee_asset,
            position, action, profit, funding, leverage, order,
        )
        for row, (
            time, venue, market, number, side, price, amount, cost, fee, fee_asset, position,
            action, profit, funding, leverage, order,
        ) in enumerate(zip(
            data["time"], venues, data["market"], data["id"], data["side"], data["price"],
            data["amount"], data["cost"], data["fee"], data["fee_asset"], data["position_id"],
            data["action"], data["realized"], data["funding"], data["leverage"],
            data["order_id"], strict=True,
        ))
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.time, one.id or 0))


def _checked(side: Any) -> str:
    if side in ("buy", "sell"):
        return str(side)
    raise InvalidArgument(f"trades: side={side!r} is neither 'buy' nor 'sell'.")


def _cost(price: Decimal, amount: Decimal, cost: Decimal, *, exact: bool) -> Decimal:
    """Return price x amount; BTCC's own number where that is another, not just a float of it."""
    product = price * amount
    if cost.is_nan() or (not exact and float(cost) == float(product)):
        return on_grid(product)
    return cost


def _pairs(
    trades: pd.DataFrame, venues: list[str], data: dict[str, list[Any]]
) -> dict[tuple[str, str], Pair]:
    """Return every market's pair, by the columns base and quote where the trades have them."""
    named: dict[tuple[str, str], Pair] = {}
    fees: dict[tuple[str, str], Counter[str | None]] = defaultdict(Counter)
    for venue, market, asset in zip(venues, data["market"], data["fee_asset"], strict=True):
        fees[venue, market][asset] += 1
    if {"base", "quote"} <= set(trades.columns):
        bases, quotes = plain(trades["base"]), plain(trades["quote"])
        for venue, market, base, quote in zip(venues, data["market"], bases, quotes, strict=True):
            named[venue, market] = Pair(base, quote, quote)
    for (venue, market), assets in fees.items():
        if venue == "futures":
            usual = max(assets, key=lambda asset: (asset is not None, assets[asset]))
            named[venue, market] = futures_pair(market, usual)
        elif (venue, market) not in named:
            named[venue, market] = spot_pair(market, assets)
    return named


def market_fills(rows: list[Execution], prices: Prices) -> Iterator[Fill]:
    """Yield one fill an execution: spot by market, futures by position."""
    for row in rows:
        yield _future(row) if row.venue == "futures" else _spot(row, prices)


def _spot(row: Execution, prices: Prices) -> Fill:
    """Return a spot execution; a fee taken in the base coin changes the amount that moved."""
    amount, value, fee = row.amount * row.sign, row.cost, row.fee
    if row.fee_asset == row.pair.base:
        amount -= row.fee
        fee = on_grid(row.fee * row.price)
        value -= fee * row.sign
    elif row.fee and row.fee_asset not in (row.pair.quote, None):
        fee = on_grid(row.fee * prices.value(row.fee_asset, row.pair.quote, row.time))
    return Fill(
        row.row, row.time, row.venue, row.market, row.pair, (row.venue, row.market), amount,
        row.price, value, fee, row.id,
    )  # fmt: skip


def _future(row: Execution) -> Fill:
    closes = row.action == "close"
    # An amount that is not known keeps its sign.
    amount = row.amount if row.sign > 0 else row.amount.copy_negate()
    key = row.position if row.position is not None else row.market
    return Fill(
        row.row, row.time, row.venue, row.market, row.pair, ("futures", key),
        amount, row.price, row.cost, row.fee, row.id,
        row.position, "close" if closes else "open", "trade",
        ZERO if row.funding.is_nan() or not closes else row.funding,
        row.profit if closes else UNKNOWN, row.leverage, is_future=True,
    )  # fmt: skip


def currency_fills(
    rows: list[Execution], transfers: pd.DataFrame | None, prices: Prices, currency: str
) -> list[Fill]:
    """Return what every coin but the currency gained and lost on spot, in the order of time."""
    spot = [row for row in rows if row.venue != "futures"]
    found = [fill for row in spot for fill in _legs(row, prices, currency)]
    if transfers is not None:
        found += _moved(transfers, prices, currency)
        found.sort(key=lambda fill: fill.time)
    return found


def _legs(row: Execution, prices: Prices, currency: str) -> Iterator[Fill]:
    """Yield the legs of an execution that are not in the currency itself.

    What the quote was worth decides: the other leg and the fee add up to exactly that.
    """
    fill, pair = _spot(row, prices), row.pair
    in_quote = row.fee if row.fee_asset == pair.quote else ZERO

    def own(asset: str) -> Pair:
        return Pair(asset, currency, currency)

    moved = -row.sign * row.cost - in_quote
    if pair.base == currency:
        fee = row.fee if row.fee_asset == currency else on_grid(fill.fee / row.price)
        value = row.amount + row.sign * (fee if in_quote else ZERO)
        yield _leg(fill, own(pair.quote), moved, on_grid(1 / row.price), value, fee)
    else:
        rate = prices.value(pair.quote, currency, row.time)
        fee, worth = on_grid(fill.fee * rate), on_grid(abs(moved) * rate)
        if pair.quote != currency:
            yield _leg(fill, own(pair.quote), moved, rate, worth, ZERO)
        inside = fee if row.fee_asset in pair[:2] else ZERO
        price = on_grid(fill.price * rate)
        yield _leg(fill, own(pair.base), fill.amount, price, worth - row.sign * inside, fee)
    if row.fee and row.fee_asset not in (*pair[:2], currency, None):
        rate = prices.value(row.fee_asset, currency, row.time)
        leg = _leg(fill, own(row.fee_asset), -row.fee, rate, on_grid(row.fee * rate), ZERO)
        leg.kind = "fee"
        yield leg


def _leg(
    fill: Fill, pair: Pair, amount: Decimal, price: Decimal, value: Decimal, fee: Decimal
) -> Fill:
    effect = "open" if amount > 0 else "close"
    return Fill(
        fill.row, fill.time, fill.venue, fill.market, pair, pair.base, amount, price, value, fee,
        fill.id, effect=effect,
    )  # fmt: skip


def _moved(transfers: pd.DataFrame, prices: Prices, currency: str) -> Iterator[Fill]:
    """Yield booked transfers of other coins at what they were worth then."""
    for row, record in booked_transfers(transfers):
        asset, amount = record["asset"], record["amount"]
        if asset == currency or not amount:
            continue
        price = prices.value(asset, currency, record["time"])
        pair, effect = Pair(asset, currency, currency), "open" if amount > 0 else "close"
        yield Fill(
            row, record["time"], record["venue"] or "spot", None, pair, asset, amount, price,
            on_grid(abs(amount) * price), ZERO, effect=effect, kind=record["kind"] or "transfer",
        )  # fmt: skip


def booked_transfers(transfers: pd.DataFrame) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield row number and values of the transfers that are booked; requests are not yet."""
    data = columns_of(transfers, TRANSFERS, ("time", "asset", "amount"), "transfers")
    for row, values in enumerate(zip(*(data[name] for name in _DATED), strict=True)):
        record = dict(zip(_DATED, values, strict=True))
        if record["status"] in (None, "booked"):
            yield row, record
