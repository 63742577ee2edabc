"""What the sandbox answers to calls that only look: market data, balances, histories."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import islice
from typing import Any, TypeVar

import numpy as np

from btcc_research.protocol import spot
from btcc_research.protocol.endpoint import Endpoint
from btcc_research.protocol.rows import write_rows
from btcc_research.sandbox.exchange import Exchange
from btcc_research.sandbox.market import Candles, PricePath, decimal_texts
from btcc_research.sandbox.money import cut
from btcc_research.sandbox.participants import HOUSE
from btcc_research.sandbox.records import Account, LedgerLine, Order
from btcc_research.sandbox.switches import Switches

Values = dict[str, Any]
Row = TypeVar("Row")

SHOWN_DECIMALS = 8
INTERVALS = (60, 180, 300, 900, 1800, 3600, 7200, 14400, 21600, 28800, 43200, 86400, 259200, 604800)


class Answers:
    """Reads the exchange and the price paths; changes nothing."""

    def __init__(self, exchange: Exchange, paths: dict[str, PricePath], switches: Switches) -> None:
        self._exchange = exchange
        self._paths = paths
        self._switches = switches
        self._prints = Prints(exchange)

    def balances(self, account: Account) -> dict[str, dict[str, str]]:
        """Return available and frozen of every currency, cut to eight decimals."""
        return {
            asset: {
                "available": format(cut(held.available, SHOWN_DECIMALS), "f"),
                "frozen": format(cut(held.frozen, SHOWN_DECIMALS), "f"),
            }
            for asset, held in account.balances.items()
        }

    def ledger(self, account: Account, values: Values) -> object:
        """Return a page of ledger lines, newest first."""

        def wanted(line: LedgerLine) -> bool:
            asset, business = values["asset"], values["business"]
            return asset in (None, line.asset) and business in (None, line.business)

        lines = self._page(account.ledger, values, wanted, lambda line: line.time)
        records = write_rows(spot.ASSET_QUERY_HISTORY, lines)
        for record in records:
            record["detail"] = self._detail(record.get("detail"))
        if self._switches.ledger_container == "records":
            return self._container(values, records)
        return records

    def _detail(self, detail: dict[str, Any] | None) -> object:
        if self._switches.ledger_detail == "list":
            return [detail] if detail else []
        return None if self._switches.ledger_detail == "null" else detail

    def markets(self, names: Iterable[str]) -> list[dict[str, Any]]:
        """Return the rules of markets."""
        return write_rows(spot.MARKET_LIST, [self._exchange.markets[name] for name in names])

    def depth(self, values: Values, now: int) -> dict[str, Any]:
        """Return the book: asks cheapest first, bids dearest first, grouped by `merge`."""
        book = self._exchange.books[values["market"]]
        step, levels = Decimal(values["merge"]), int(values["limit"])
        return {
            "asks": grouped_levels(reversed(book.asks), step, levels, ROUND_CEILING),
            "bids": grouped_levels(reversed(book.bids), step, levels, ROUND_FLOOR),
            "last": str(book.last or 0),
            "time": now // 1000,
        }

    def last(self, market: str) -> str:
        """Return the last trade price."""
        return str(self._exchange.books[market].last or 0)

    def candles(self, values: Values, now: int) -> list[list[Any]]:
        """Return candle rows, oldest first, at most as many as the switch allows."""
        path, interval = self._paths[values["market"]], values["interval"]
        most = self._switches.most_candles
        end = min(values["end"], values["start"] + most * interval - 1, now // 1_000_000)
        found = path.candles(values["start"], end, interval, now)
        self._prints.add_to(found, path, interval)
        begin, stop = self._switches.candle_gap or (0, 0)
        rows = candle_rows(found, path)[:most]
        return [row for row in rows if not begin <= row[0] < stop]

    def open_orders(self, account: Account, values: Values) -> dict[str, Any]:
        """Return a page of open orders, newest first."""
        orders = self._exchange.open_orders(account.user_id, values["market"])
        return self._listing(spot.ORDER_PENDING, orders, values, total=True)

    def open_order(self, account: Account, values: Values) -> dict[str, Any] | None:
        """Return one open order, or None."""
        order = self._exchange.orders.get(values["order_id"])
        mine = order and order.user_id == account.user_id and order.market == values["market"]
        return write_rows(spot.ORDER_PENDING_DETAIL, [order])[0] if mine else None

    def finished(self, account: Account, values: Values) -> dict[str, Any]:
        """Return a page of closed orders, newest first by their closing."""
        orders = account.finished.get(values["market"], [])
        return self._listing(spot.ORDER_FINISHED, orders, values, lambda order: order.finished_at)

    def finished_order(self, account: Account, values: Values) -> dict[str, Any] | None:
        """Return one closed order, or None."""
        for orders in account.finished.values():
            for order in orders:
                if order.id == values["order_id"]:
                    return write_rows(spot.ORDER_FINISH_DETAIL, [order])[0]
        return None

    def open_plans(self, account: Account, values: Values) -> dict[str, Any]:
        """Return a page of waiting conditional orders, newest first."""
        plans = self._exchange.books[values["market"]].plans.values()
        mine = [plan for plan in plans if plan.user_id == account.user_id]
        return self._listing(spot.ORDER_PENDING_STOP, mine, values, total=True)

    def finished_plans(self, account: Account, values: Values) -> dict[str, Any]:
        """Return a page of closed conditional orders, newest first by their closing."""
        plans = account.finished_plans.get(values["market"], [])
        return self._listing(spot.ORDER_FINISHED_STOP, plans, values, lambda plan: plan.finished_at)

    def deals(self, account: Account, endpoint: Endpoint, values: Values) -> dict[str, Any]:
        """Return a page of executions, newest first."""
        market, order_id = values.get("market"), values.get("order_id")
        found = [
            deal
            for name, deals in account.deals.items()
            if market in (None, name)
            for deal in deals
            if order_id in (None, deal.order_id)
        ]
        hidden = frozenset() if self._switches.sides_in_deals else frozenset({"side", "market"})
        return self._listing(endpoint, found, values, lambda deal: deal.time, hidden=hidden)

    def _listing(
        self,
        endpoint: Endpoint,
        rows: list[Any],
        values: Values,
        time: Callable[[Any], int] | None = None,
        *,
        total: bool = False,
        hidden: frozenset[str] = frozenset(),
    ) -> dict[str, Any]:
        side = values.get("side", "both")

        def wanted(row: Any) -> bool:
            return side in ("both", row.side)

        records = write_rows(endpoint, self._page(rows, values, wanted, time), hidden)
        listing = self._container(values, records)
        if total and self._switches.totals:
            listing["total"] = sum(map(wanted, rows))
        return listing

    def _container(self, values: Values, records: list[dict[str, Any]]) -> dict[str, Any]:
        return {"limit": values["limit"], "offset": values["offset"], "records": records}

    def _page(
        self,
        rows: list[Row],
        values: Values,
        wanted: Callable[[Row], bool],
        time: Callable[[Row], int] | None = None,
    ) -> Iterator[Row]:
        """Return the rows of a page: newest first, between the bounds, by offset."""
        first = (values.get("start") or 0) * 1_000_000
        last = values.get("end")
        most = min(values["limit"], self._switches.largest_page)

        def inside(row: Row) -> bool:
            return time is None or (
                first <= time(row) and (last is None or time(row) <= last * 1_000_000)
            )

        found = (row for row in reversed(rows) if wanted(row) and inside(row))
        return islice(found, values["offset"], values["offset"] + most)


def grouped_levels(
    orders: Iterable[Order], step: Decimal, levels: int, rounding: str
) -> list[list[str]]:
    """Add orders of one level together; a step groups asks upwards and bids downwards."""
    totals: dict[Decimal, Decimal] = {}
    for order in orders:
        price = order.price
        if step:
            price = (price / step).to_integral_value(rounding) * step
        if price not in totals and len(totals) == levels:
            break
        totals[price] = totals.get(price, Decimal(0)) + order.remaining
    return [[format(price, "f"), format(amount, "f")] for price, amount in totals.items()]


def candle_rows(candles: Candles, path: PricePath) -> list[list[Any]]:
    """Return candles as BTCC's rows: time, open, close, high, low, volume, turnover, market."""
    rules = path.rules
    price, amount = rules.price_precision, rules.amount_precision
    columns = [
        decimal_texts(values, price)
        for values in (candles.open, candles.close, candles.high, candles.low)
    ]
    columns.append(decimal_texts(candles.volume, amount))
    columns.append(decimal_texts(candles.turnover, price + amount))
    times = candles.open_time.tolist()
    return [[*row, rules.market] for row in zip(times, *columns, strict=True)]


class Prints:
    """What users' own trades add to the candles of the running simulation."""

    def __init__(self, exchange: Exchange) -> None:
        self._markets = exchange.markets
        self._minutes: dict[str, dict[int, list[int]]] = {}
        exchange.on_trade = self.add

    def add(self, taker: Order, maker: Order, amount: Decimal, now: int) -> None:
        """Count a trade; the participants' own are the simulated path already."""
        if taker.user_id == maker.user_id == HOUSE:
            return
        rules = self._markets[taker.market]
        price = int(maker.price.scaleb(rules.price_precision))
        volume = int(amount.scaleb(rules.amount_precision))
        minute = now // 60_000_000 * 60
        minutes = self._minutes.setdefault(taker.market, {})
        low, high, old_volume, turnover = minutes.get(minute, (price, price, 0, 0))
        new = [min(low, price), max(high, price), old_volume + volume, turnover + price * volume]
        minutes[minute] = new

    def add_to(self, candles: Candles, path: PricePath, interval: int) -> None:
        """Widen candles to the trades inside them."""
        for minute, (low, high, volume, turnover) in self._minutes.get(
            path.rules.market, {}
        ).items():
            place = int(np.searchsorted(candles.open_time, minute // interval * interval))
            if (
                place < len(candles.open_time)
                and candles.open_time[place] == minute // interval * interval
            ):
                candles.low[place] = min(candles.low[place], low)
                candles.high[place] = max(candles.high[place], high)
                candles.volume[place] += volume
                candles.turnover[place] += turnover
