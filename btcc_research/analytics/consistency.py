"""Whether the executions of a futures position fit together, and fit what is still open."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

import pandas as pd

from btcc_research.analytics.bookings import Item
from btcc_research.analytics.books import futures_profit, rounding_of
from btcc_research.analytics.breaks import Break, text_of
from btcc_research.analytics.carry import Holding, open_positions
from btcc_research.analytics.exactness import UNKNOWN, ZERO, booked, ratio
from btcc_research.analytics.fills import Execution, market_fills
from btcc_research.analytics.valuation import Prices

PERCENT = Decimal("0.01")


def position_breaks(rows: Iterable[Execution], items: Iterable[Item]) -> list[Break]:
    """Return the executions that contradict the others of their position.

    Closes are on the other side of the same market, close no more than was opened, and their
    prices explain the reported profit.
    """
    groups: dict[int, list[Execution]] = defaultdict(list)
    futures = [row for row in rows if row.venue == "futures"]
    for row in futures:
        if row.position is not None:
            groups[row.position].append(row)
    usual = _usual_rates(futures)
    unbooked = {item.row for item in items if not item.lines}
    found: list[Break] = []
    for group in groups.values():
        # What the ledger does not know is another finding.
        known = [row for row in group if row.row not in unbooked and not row.amount.is_nan()]
        opening = next((row for row in known if row.action != "close"), None)
        if opening is not None:
            closes = [row for row in known if row.action == "close"]
            found += _contradictions(opening, closes, usual, futures)
    return found


def _contradictions(
    opening: Execution, closes: list[Execution], usual: Mapping[str, Decimal],
    everything: list[Execution],
) -> list[Break]:  # fmt: skip
    found = []
    for close in closes:
        if close.market != opening.market:
            odd = max((opening, close), key=lambda row: _strangeness(row, everything))
            other = close if odd is opening else opening
            why = f"the position's other execution is of {other.market}"
            found.append(_break(odd, "wrong market", other.market, odd.market, why))
        elif close.side == opening.side:
            found.append(_same_side(opening, close))
        elif not _explains(opening, close):
            found.append(_wrong_number(opening, close, usual))
    closed = sum((close.amount for close in closes), ZERO)
    if not found and closed > opening.amount:
        odd = max((*closes, opening), key=lambda row: _off(row, usual))
        why = f"{text_of(opening.amount)} was opened, {text_of(closed)} closed"
        found.append(_break(odd, "wrong amount", UNKNOWN, odd.amount, why))
    return found


def _explains(opening: Execution, close: Execution) -> bool:
    """Whether prices and amount explain the reported profit, as far as it has digits."""
    if close.profit.is_nan():
        return True
    computed = _profit(opening, close)
    return abs(computed - close.profit) <= rounding_of(close.profit)


def _profit(opening: Execution, close: Execution) -> Decimal:
    first, last = market_fills([opening, close], Prices())
    return futures_profit(first, abs(last.amount), last.price)


def _same_side(opening: Execution, close: Execution) -> Break:
    """Return which of two executions of one side is wrong: the profit's sign tells."""
    other = {"buy": "sell", "sell": "buy"}[opening.side]
    close_is_odd = _explains(opening, close._replace(side=other)) and bool(close.profit)
    odd = close if close_is_odd else opening
    why = "a close is on the other side than its opening"
    return _break(odd, "wrong sign", other, odd.side, why)


def _wrong_number(opening: Execution, close: Execution, usual: Mapping[str, Decimal]) -> Break:
    """Return which price or amount is wrong: the fee tells what it was charged on."""
    odd = max((close, opening), key=lambda row: _off(row, usual))
    value = ratio(odd.fee, usual.get(odd.pair.currency, ZERO))
    amount = ratio(value, odd.price)
    fixed = odd._replace(amount=amount, cost=value)
    pair = (opening, fixed) if odd is close else (fixed, close)
    why = f"prices and amount make {text_of(_profit(opening, close))} of it, "
    why += f"{text_of(close.profit)} was reported"
    fits = not amount.is_nan() and abs(_profit(*pair) - close.profit) <= PERCENT
    if odd is close and fits:
        return _break(odd, "wrong amount", amount.quantize(Decimal("1e-8")), odd.amount, why)
    price = ratio(value, odd.amount).quantize(Decimal("1e-8"))
    return _break(odd, "wrong price", price, odd.price, why)


def _usual_rates(rows: Iterable[Execution]) -> dict[str, Decimal]:
    """Return the fee rate most executions of a currency have."""
    counts: dict[str, Counter[Decimal]] = defaultdict(Counter)
    for row in rows:
        if not row.fee.is_nan() and row.fee:
            counts[row.pair.currency][_rate(row)] += 1
    return {currency: found.most_common(1)[0][0] for currency, found in counts.items()}


def _rate(row: Execution) -> Decimal:
    worth = row.amount if row.pair.is_inverse else row.price * row.amount
    return ratio(row.fee, worth).quantize(Decimal("1e-7"))


def _off(row: Execution, usual: Mapping[str, Decimal]) -> Decimal:
    """Return how far a fee is from the usual one."""
    if row.fee.is_nan():
        return ZERO
    worth = row.amount if row.pair.is_inverse else row.price * row.amount
    return abs(booked(worth * usual.get(row.pair.currency, ZERO)) - row.fee)


def _strangeness(row: Execution, everything: Iterable[Execution]) -> Decimal:
    """Return how far a price is from the nearest other execution of its market."""
    others = [one for one in everything if one.market == row.market and one is not row]
    if not others:
        return Decimal("Infinity")
    nearest = min(others, key=lambda one: abs(one.time - row.time))
    return abs(row.price / nearest.price - 1)


def _break(row: Execution, what: str, expected: object, found: object, why: str) -> Break:
    both = isinstance(expected, Decimal) and isinstance(found, Decimal)
    return Break(
        row.venue, row.pair.currency, what, "trades", row.row,
        "" if row.id is None else str(row.id), row.time, text_of(expected), text_of(found), why,
        found - expected if both else UNKNOWN,  # type: ignore[operator]
    )  # fmt: skip


def size_breaks(
    held: Mapping[int, Holding], positions: pd.DataFrame | None, end: int
) -> list[Break]:
    """Return the open positions whose size is not what the executions leave open."""
    if positions is None:
        return []
    found = []
    listed = open_positions(positions)
    for key, (row, _, amount) in listed.items():
        one = held.get(key)
        left = one.left if one else ZERO
        if left != amount and not (left.is_nan() or amount.is_nan()):
            asset = one.asset if one else ""
            why = "the executions of the position leave another size open"
            found.append(
                Break(
                    "futures", asset, "wrong size", "positions", row, str(key), end,
                    text_of(left), text_of(amount), why, amount - left,
                )
            )  # fmt: skip
    for one in held.values():
        if not one.left.is_nan() and one.left > 0 and one.id not in listed:
            why = f"position {one.id} should be open and is not listed"
            found.append(_break(one.last, "missing position", one.left, ZERO, why))
    return found
