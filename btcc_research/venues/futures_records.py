"""Rows of the futures venue as records of the joined frames: lots become base units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from btcc_research.frames import code_word
from btcc_research.protocol import futures_columns as columns
from btcc_research.protocol.endpoint import Field
from btcc_research.protocol.products import product_name
from btcc_research.protocol.rows import unix_seconds
from btcc_research.venues.products import Products

Record = dict[str, Any]

_ROUNDING = Decimal(1).scaleb(-18)


def _field(declared: Sequence[Field], name: str) -> Field:
    return next(field for field in declared if field.name == name)


_REPORT = {name: _field(columns.TRADE_REPORT, name) for name in ("side", "action", "type")}
_TODAY = {name: _field(columns.TODAY, name) for name in ("side", "action", "type")}
_PENDING = {name: _field(columns.PENDING, name) for name in ("side", "type", "status")}
_CLOSED = {name: _field(columns.ORDER_HISTORY, name) for name in ("side", "type", "status")}
_BUSINESS = _field(columns.BALANCE_CHANGE, "business")
_REQUEST = {name: _field(columns.COIN_REQUEST, name) for name in ("status", "review")}


def _words(fields: Mapping[str, Field], row: Any) -> Record:
    return {name: code_word(field, getattr(row, name)) for name, field in fields.items()}


def _number(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _like(printed: Any, number: Decimal) -> Any:
    """Return a computed number in the form a row's own numbers have: exact, or a float."""
    return number if isinstance(printed, Decimal) else float(number)


def _base(lots: Any, rules: Any) -> Any:
    """Return lots in base units; None for a product whose contract size is not known."""
    if rules is None or lots is None:
        return None
    return _like(lots, _number(lots) * rules.contract_size)


def _times(price: Any, amount: Any) -> Any:
    return None if amount is None else _like(price, _number(price) * _number(amount))


def _present(value: Any) -> Any:
    """Return a price, or None where BTCC's 0 means that there is none."""
    return value or None


def report_record(row: Any, products: Products) -> Record:
    """Return one row of the trade report as an execution."""
    closes = code_word(_REPORT["action"], row.action) != "open"
    return {
        **_words(_REPORT, row), **_execution(row, products.row(row.product)),
        "market": products.market(row.product), "fee_asset": row.asset,
        "realized": row.realized if closes else None,
        "funding": row.interest if closes else None,
    }  # fmt: skip


def today_record(row: Any, products: Products) -> Record:
    """Return one of today's executions; its currency is that of the product's margin."""
    rules, words = products.row(row.product), _words(_TODAY, row)
    closes = words["action"] != "open"
    return {
        **words, **_execution(row, rules), "market": products.market(row.product),
        "fee_asset": rules.margin_asset if rules else None,
        "realized": row.realized if closes else None,
        "funding": row.interest if closes else None,
    }  # fmt: skip


def _execution(row: Any, rules: Any) -> Record:
    amount = _base(row.lots, rules)
    return {
        "time": unix_seconds(row.time), "venue": "futures", "id": row.id,
        "position_id": row.position_id, "price": row.price, "amount": amount,
        "cost": _times(row.price, amount), "fee": row.fee, "leverage": row.leverage,
    }  # fmt: skip


def pending_record(row: Any, products: Products) -> Record:
    """Return a pending order that is still open."""
    record = _order(row, _words(_PENDING, row), products)
    return {
        **record, "take_profit": _present(row.take_profit),
        "remaining": _minus(record["amount"], record["filled"]),
    }  # fmt: skip


def closed_record(row: Any, products: Products) -> Record:
    """Return a pending order that is done; BTCC tells no filled size, only a fill price."""
    rules = products.row(row.product)
    words = _words(_CLOSED, row)
    filled = words["status"] == "filled"
    amount = _base(row.lots, rules)
    nothing = None if amount is None else _like(amount, Decimal(0))
    return {
        **_order(row, words, products), "fee": row.fee, "fee_asset": row.asset,
        "filled": amount if filled else None, "remaining": nothing if filled else None,
        "cost": _times(row.fill_price, amount) if filled else None,
        "finished_at": unix_seconds(row.filled_at),
    }  # fmt: skip


def _order(row: Any, words: Record, products: Products) -> Record:
    rules = products.row(row.product)
    return {
        **words, "created_at": unix_seconds(row.created_at), "venue": "futures",
        "market": products.market(row.product), "id": row.id, "price": _present(row.price),
        "amount": _base(row.lots, rules), "average_price": _present(row.fill_price),
        "filled": _base(getattr(row, "fill_lots", None), rules), "leverage": row.leverage,
        "stop_loss": _present(row.stop_loss),
        "updated_at": unix_seconds(row.filled_at) or unix_seconds(row.created_at),
    }  # fmt: skip


def _minus(whole: Any, part: Any) -> Any:
    return None if whole is None or part is None else _like(whole, _number(whole) - _number(part))


def position_records(
    rows: Sequence[Any], products: Products, wallets: Mapping[str, Decimal], ratio: Decimal
) -> Iterable[Record]:
    """Return open positions with the price that would force each.

    Parameters
    ----------
    rows : sequence
        Open positions.
    products : Products
        The product list.
    wallets : mapping
        Balance and bonus of each margin currency.
    ratio : Decimal
        Equity may fall to this share of the margin.
    """
    for row in rows:
        rules = products.row(row.product)
        asset = str(rules.margin_asset) if rules else ""
        amount = _base(row.lots, rules)
        price = None
        if rules is not None and asset in wallets:
            same = [other for other in rows if _asset(other, products) == asset]
            price = liquidation_price(row.product, same, rules, wallets[asset], ratio)
        yield {
            "opened_at": unix_seconds(row.opened_at), "venue": "futures",
            "market": products.market(row.product), "id": row.id,
            "side": {1: "long", 2: "short"}.get(row.side, f"unknown({row.side})"),
            "amount": amount, "cost": _times(row.open_price, amount),
            "open_price": row.open_price, "unrealized": row.unrealized, "asset": asset or None,
            "margin": row.margin, "leverage": row.leverage,
            "liquidation_price": None if price is None else _like(row.open_price, price),
            "stop_loss": _present(row.stop_loss), "take_profit": _present(row.take_profit),
            "fee": row.fee, "funding": row.interest, "realized": row.realized,
            "reference": row.reference or None, "contract": contract_of(rules),
            "product": row.product,
        }  # fmt: skip


def liquidation_price(
    product: str, rows: Sequence[Any], rules: Any, money: Decimal, ratio: Decimal
) -> Decimal | None:
    """Return where one product alone would force the positions of a wallet, or None.

    Equity is money plus the open profit of `rows`; the other products stay where they are.
    Spread and funding on the way are left out. The profit of a coin-margined position is
    ``size x (1 - open / price)`` of the coin, of others ``size x (price - open)``.
    """
    mine = [row for row in rows if row.product == product]
    others = sum((_number(row.unrealized) for row in rows if row.product != product), Decimal(0))
    slack = money + others - ratio * sum((_number(row.margin) for row in rows), Decimal(0))
    sizes = [_signed(row) * rules.contract_size for row in mine]
    opens = [_number(row.open_price) for row in mine]
    net = sum(sizes, Decimal(0))
    weighted = sum((s * o for s, o in zip(sizes, opens, strict=True)), Decimal(0))
    if contract_of(rules) == "coin-margined":
        price = weighted / (net + slack) if net + slack else None
    else:
        price = (weighted - slack) / net if net else None
    return price.quantize(_ROUNDING) if price is not None and price > 0 else None


def _quote(row: Any) -> str:
    """Return the currency prices are in; BTCC names only the one profit is paid in."""
    if contract_of(row) == "USDT-margined":
        return str(row.quote)
    return product_name(row.product).market.removeprefix(row.base) or "USD"


def _signed(row: Any) -> Decimal:
    return _number(row.lots) * (1 if row.side == 1 else -1)


def _asset(row: Any, products: Products) -> str | None:
    rules = products.row(row.product)
    return rules.margin_asset if rules else None


def contract_of(rules: Any) -> str | None:
    """Return what a product is margined in: its base currency, or money."""
    if rules is None:
        return None
    return "coin-margined" if rules.margin_asset == rules.base else "USDT-margined"


def ledger_record(row: Any, asset: str) -> Record:
    """Return one change of a balance."""
    change = _number(row.income) - _number(row.expenditure)
    return {
        "time": unix_seconds(row.time), "venue": "futures", "asset": _labelled(row.asset, asset),
        "business": code_word(_BUSINESS, row.business), "change": _like(row.income, change),
        "balance": row.balance, "reference": row.reference, "remark": row.remark or None,
    }  # fmt: skip


def _labelled(told: str | None, asked: str) -> str:
    """Return the currency of a ledger line: BTCC's word, unless it was asked for the bonus."""
    return asked if not told or asked.startswith(f"{told} ") else told


def request_record(row: Any, kind: str) -> Record:
    """Return a request for a deposit or withdrawal that is not booked yet."""
    words = _words(_REQUEST, row)
    sign = 1 if kind == "deposit" else -1
    return {
        "time": unix_seconds(row.time), "venue": "futures", "asset": row.asset, "kind": kind,
        "amount": _like(row.amount, sign * _number(row.amount)), "fee": row.fee,
        "status": words["status"] if words["review"] in (None, "approved") else words["review"],
        "reference": row.reference,
    }  # fmt: skip


def market_record(row: Any, products: Products) -> Record:
    """Return a product's rules; sizes in base units."""
    step = row.step_lots * row.contract_size
    return {
        "venue": "futures", "market": products.market(row.product), "base": row.base,
        "quote": _quote(row),
        "price_precision": row.price_precision,
        "amount_precision": max(-int(step.normalize().as_tuple().exponent), 0),
        "min_amount": row.min_lots * row.contract_size, "is_open": row.tradable != 0,
        "amount_step": step, "max_amount": row.max_lots * row.contract_size,
        "max_leverage": product_name(row.product).max_leverage,
        "contract_size": row.contract_size, "margin_asset": row.margin_asset,
        "contract": contract_of(row), "product": row.product, "quote_code": row.quote_code,
    }  # fmt: skip
