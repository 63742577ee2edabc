"""Promotional money of futures: it bears losses first, and has a ledger of its own, or none.

"Examples of Using Trading Funds & Vouchers". The joined ledger has it as a currency of its
own, such as ``USDT bonus``; a ledger without it shows a loss that is too small.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from btcc_research.analytics.bookings import Item, Line
from btcc_research.analytics.chain import chains
from btcc_research.analytics.exactness import ZERO
from btcc_research.analytics.pairing import Around, Measure, join

SUFFIX = " bonus"


def money_of(asset: str) -> str:
    """Return the currency promotional money counts in; any other currency is itself."""
    return asset.removesuffix(SUFFIX)


def settle(items: Sequence[Item], lines: Sequence[Line], measure: Measure) -> list[Line]:
    """Settle what promotional money paid or bore; return what it gave, as lines of the balance.

    Those lines are in no ledger. Their kind is "borne" where a line of the promotional money
    says so, and "other" where it can only be told from the loss that is missing.
    """
    open_items = [item for item in items if item.venue == "futures" and not item.is_settled]
    losses = [item for item in open_items if item.change < 0]
    if not losses:
        return []
    around = Around([line for line in lines if line.item is None], measure)
    given = [line for item in losses if (line := _by_its_ledger(item, around, measure))]
    left = [item for item in losses if not item.is_settled and not item.slack]
    return given + _by_what_is_missing(left, items, lines, measure)


def _by_its_ledger(item: Item, around: Around, measure: Measure) -> Line | None:
    """Settle an item that a line of promotional money pays, wholly or with one of the balance."""
    beside = around.near(item)
    for bonus in (line for line in beside if line.asset == item.asset + SUFFIX):
        needed = item.change - bonus.change
        if bonus.change >= 0 or needed > item.slack:
            continue
        fits = [line for line in beside if line.asset == item.asset]
        own = next((one for one in fits if _is(one.change, needed, item, measure)), None)
        if own is not None:
            join(item, own)
        elif not _is(ZERO, needed, item, measure):
            continue
        bonus.item, bonus.kind = item, "promotional"
        item.is_settled = True
        return _given(item, -bonus.change, "borne")
    return None


def _is(change: Decimal, needed: Decimal, item: Item, measure: Measure) -> bool:
    return measure.same(change, needed) or abs(change - needed) <= item.slack


def _by_what_is_missing(
    losses: Iterable[Item], items: Iterable[Item], lines: Sequence[Line], measure: Measure
) -> list[Line]:
    """Settle losses of which a part was not booked though nothing else is wrong.

    Prices and amount explain the loss, its fee was booked, and the balances follow from each
    other with a smaller loss, or with none.
    """
    paid = {item.row for item in items if item.kind == "fee" and item.lines}
    chosen = [item for item in losses if item.kind == "profit" and item.row in paid]
    if not chosen:
        return []
    known = chains(lines, measure)
    around = Around([line for line in lines if line.item is None], measure)
    found = []
    for item in chosen:
        chain = known.get((item.venue, item.asset))
        beside = around.near(item)
        smaller = [
            line for line in beside if line.asset == item.asset and item.change < line.change < 0
        ]
        if chain is None or chain.is_torn(item.time) or (beside and not smaller):
            continue
        for line in smaller[:1]:
            join(item, line)
        item.is_settled = True
        booked = smaller[0].change if smaller else ZERO
        found.append(_given(item, booked - item.change, "other"))
    return found


def _given(item: Item, amount: Decimal, kind: str) -> Line:
    market = item.execution.market if item.execution else None
    return Line(
        -1, item.time, item.venue, item.asset, "bonus", amount, ZERO, "", market,
        position=item.position, item=item, kind=kind,
    )  # fmt: skip
