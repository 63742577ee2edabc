"""What the sandbox answers to futures calls that only look: records as BTCC prints them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from btcc_research.protocol import futures
from btcc_research.protocol.endpoint import Endpoint
from btcc_research.protocol.rows import write_rows
from btcc_research.sandbox.dealer import Dealer
from btcc_research.sandbox.futures_products import Product
from btcc_research.sandbox.futures_records import (
    Execution,
    FuturesAccount,
    LedgerLine,
    Pending,
    Position,
    Transfer,
)
from btcc_research.sandbox.futures_rules import DAY_US, HOUR_US
from btcc_research.sandbox.switches import Switches

Values = dict[str, Any]
Row = TypeVar("Row")

USUAL_ASSET = "USDT"
MILLISECONDS_FROM = 100_000_000_000
_TIMES = {
    field.wire
    for call in futures.CATALOGUE.values()
    for field in call.columns
    if field.kind == "time_ms"
}


class FuturesAnswers:
    """Reads the dealer; changes nothing."""

    def __init__(self, dealer: Dealer, switches: Switches) -> None:
        self._dealer = dealer
        self._switches = switches

    def products(self) -> dict[str, Any]:
        """Return all products and their rules."""
        rows = write_rows(futures.SYMBOL_LIST, self._dealer.products.values())
        for row in rows:
            if self._switches.enable_means == "delisted":
                row["enable"] = not row["enable"]
            if self._switches.blank_in_keys:
                row["three_days_swap "] = row.pop("three_days_swap")
        return {"symbols": rows}

    def group(self, now: int) -> dict[str, Any]:
        """Return the account group."""
        return {"account_group": self._one(futures.ACCOUNT_GROUP, self._dealer.group(now))}

    def account(self, account: FuturesAccount, now: int) -> dict[str, Any]:
        """Return balance, equity and margin of the account's usual currency."""
        figures = self._dealer.figures(account.account_id, USUAL_ASSET, now)
        return {"account": self._one(futures.ACCOUNT, figures)}

    def positions(self, account: FuturesAccount, values: Values, product: str) -> dict[str, Any]:
        """Return a page of open positions, newest first."""

        def wanted(position: Position) -> bool:
            return product in ("", position.product) and values["position_id"] in (
                None,
                position.id,
            )

        found = [position for position in account.positions.values() if wanted(position)]
        page = self._page(found[::-1], values)
        rows = write_rows(futures.POSITION_LIST, page, frozenset({"product_id", "origin"}))
        return {"positions": rows, "total": len(found)}

    def pendings(self, account: FuturesAccount, values: Values) -> dict[str, Any]:
        """Return the pending orders, oldest first."""
        wanted = values["order_id"]
        found = [order for order in account.pendings.values() if wanted in (None, order.id)]
        return {"orders": write_rows(futures.ORDER_LIST, found)}

    def today(
        self, account: FuturesAccount, endpoint: Endpoint, values: Values, now: int
    ) -> dict[str, Any]:
        """Return the executions since the site's day began; of `profit_today_list` the closes."""
        begins, ends = self.day(now)
        closes = endpoint.name == "profit_today_list"
        found = [
            deal.of_the_day()
            for deal in account.executions
            if deal.time >= begins
            and values["id"] in (None, deal.id)
            and (deal.action == "close" or not closes)
        ]
        return {"settlement_time": ends // 1_000_000, "orders": write_rows(endpoint, found)}

    def day(self, now: int) -> tuple[int, int]:
        """Return when the site's day began and when it ends."""
        shift = self._dealer.settings.site_day_hour * HOUR_US
        begins = (now - shift) // DAY_US * DAY_US + shift
        return begins, begins + DAY_US

    def trade_report(
        self, account: FuturesAccount, values: Values, product: str, now: int
    ) -> dict[str, Any]:
        """Return a page of executions with the totals BTCC prints."""

        def wanted(deal: Execution) -> bool:
            return (
                _matches(deal, values, product)
                and values["action"] in (None, deal.action)
                and values["side"] in (None, deal.side)
                and values["type"] in (None, deal.type)
                and values["order_id"] in (None, str(deal.id))
                and self._is_reported(deal, now)
            )

        found = [deal for deal in account.executions if wanted(deal)]
        report = self._report(futures.GET_TRADE_REPORT, found, values, _time_of)
        page = self._page(self._ordered(found, values, _time_of), values)
        totals = {
            "subtotalVolume": _sum(page, "lots"),
            "totalVolume": _sum(found, "lots"),
        }
        return {**report, **totals}

    def profit_report(
        self, account: FuturesAccount, values: Values, product: str, now: int
    ) -> dict[str, Any]:
        """Return a page of closes with the totals BTCC prints."""

        def wanted(deal: Execution) -> bool:
            opened = deal.of_the_position().side
            return (
                deal.action == "close"
                and _matches(deal, values, product)
                and values["side"] in (None, opened)
                and values["type"] in (None, deal.type)
                and values["order_id"] in (None, str(deal.id))
                and self._is_reported(deal, now)
            )

        found = [deal.of_the_position() for deal in account.executions if wanted(deal)]
        report = self._report(futures.GET_PROFIT_REPORT, found, values, _time_of)
        page = self._page(self._ordered(found, values, _time_of), values)
        names = {
            "TradeVolume": "lots",
            "Swap": "interest",
            "Profit": "realized",
            "Commission": "fee",
        }
        for name, attribute in names.items():
            report[f"sub{name}"] = _sum(page, attribute)
            report[f"total{name}"] = _sum(found, attribute)
        return report

    def order_history(
        self, account: FuturesAccount, values: Values, product: str
    ) -> dict[str, Any]:
        """Return a page of pending orders that are done."""

        def wanted(order: Pending) -> bool:
            return (
                _matches(order, values, product)
                and values["side"] in (None, order.side)
                and values["status"] in (None, order.status)
                and values["order_id"] in (None, str(order.id))
            )

        found = [order for order in account.closed_pendings if wanted(order)]
        report = self._report(futures.GET_HIS_ORDER, found, values, lambda order: order.created_at)
        for row in report["list"]:
            forms = {"text": row["status"], "number": int(row["status"]), "empty": ""}
            row["status"] = forms[self._switches.order_status]
        return report

    def ledger(self, account: FuturesAccount, values: Values) -> dict[str, Any]:
        """Return a page of changes of the balance."""
        filtered = values["asset"] if self._switches.currency_filter else None

        def wanted(line: LedgerLine) -> bool:
            return filtered in (None, line.asset) and values["money"] in (None, line.money)

        found = [line for line in account.ledger if wanted(line)]
        report = self._report(futures.GET_REPORT_DEAL, found, values, _time_of)
        if self._switches.ledger_currency == "empty":
            for row in report["list"]:
                row["currency"] = ""
        page = self._page(self._ordered(found, values, _time_of), values)
        for name, attribute in (("Income", "income"), ("Expenditure", "expenditure")):
            report[f"total{name}"] = format(_sum(found, attribute), "f")
            report[f"sub{name}"] = format(_sum(page, attribute), "f")
        return report

    def bookings(self, account: FuturesAccount, values: Values) -> list[dict[str, Any]]:
        """Return a page of booked deposits or withdrawals."""
        found = [t for t in account.transfers if t.kind == values["kind"]]
        page = self._page(self._ordered(found, values, _time_of), values)
        return self._timed(write_rows(futures.QUERY_WITHDRAWAL_SAVE_RECORD, page))

    def coin_requests(self, account: FuturesAccount, values: Values) -> list[dict[str, Any]]:
        """Return a page of requests for deposits or withdrawals."""
        found: list[Transfer] = [t for t in account.transfers if t.kind == values["kind"]]
        page = self._page(found[::-1], values)
        return self._timed(write_rows(futures.QUERY_IN_OUT_COIN_RECORD, page))

    def detail(self, product: Product) -> dict[str, Any]:
        """Return the introduction of a product."""
        return {
            "blockQuery": "https://explorer.example", "content": f"{product.base}, simulated",
            "currentCount": "--", "fundingPrice": "--", "issueCount": "--",
            "issueDate": "2020-01-01", "officialWebsite": "https://coin.example",
            "symbolName": product.base, "whiteBook": "https://coin.example/paper.pdf",
        }  # fmt: skip

    def position(self, endpoint: Endpoint, position: Position) -> dict[str, Any]:
        """Return a position as the trading calls answer it."""
        left_out = frozenset({"execution_id"})
        return {"position": write_rows(endpoint, [position], left_out)[0]}

    def order(self, endpoint: Endpoint, order: Pending) -> dict[str, Any]:
        """Return a pending order as the trading calls answer it."""
        return {"order": self._one(endpoint, order)}

    def _one(self, endpoint: Endpoint, record: object) -> dict[str, Any]:
        return write_rows(endpoint, [record])[0]

    def _is_reported(self, deal: Execution, now: int) -> bool:
        return self._switches.reports_hold_today or deal.time < self.day(now)[0]

    def _report(
        self, endpoint: Endpoint, found: Sequence[Row], values: Values, time: Callable[[Row], int]
    ) -> dict[str, Any]:
        """Return a page of a report: rows, and how many pages and rows there are."""
        inside = self._ordered(found, values, time)
        rows = self._timed(write_rows(endpoint, self._page(inside, values)))
        size = self._size(values)
        return {
            "list": rows, "pageNo": values["page"], "pageSize": size,
            "totalPage": -(-len(inside) // size), "totalSize": len(inside),
        }  # fmt: skip

    def _ordered(
        self, found: Sequence[Row], values: Values, time: Callable[[Row], int]
    ) -> list[Row]:
        """Return the rows between the bounds, whose unit goes by magnitude (F12)."""
        first, last = _bound(values.get("start")), _bound(values.get("end"))
        inside = [
            row
            for row in found
            if (first is None or time(row) >= first) and (last is None or time(row) <= last)
        ]
        newest = self._switches.report_order == "newest"
        return inside[::-1] if newest else inside

    def _size(self, values: Values) -> int:
        return max(min(int(values["page_size"]), self._switches.largest_report), 1)

    def _page(self, rows: Sequence[Row], values: Values) -> Sequence[Row]:
        size = self._size(values)
        begin = (max(values["page"], 1) - 1) * size
        return rows[begin : begin + size]

    def _timed(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if self._switches.report_times == "seconds":
            for row in rows:
                for name in row.keys() & _TIMES:
                    row[name] //= 1000
        return rows


def _time_of(row: Any) -> int:
    moment: int = row.time
    return moment


def _bound(value: int | None) -> int | None:
    """Return a bound in microseconds; BTCC does not say whether it is seconds or milliseconds."""
    if not value:
        return None
    return value * (1_000_000 if value < MILLISECONDS_FROM else 1_000)


def _matches(row: Any, values: Values, product: str) -> bool:
    """Whether a row is of the product asked for and margined as asked for."""
    contract = values["contract"] or "USDT-margined"
    return product in ("", row.product) and row.contract == contract


def _sum(rows: Iterable[Any], attribute: str) -> Decimal:
    return sum((getattr(row, attribute) for row in rows), Decimal(0))
