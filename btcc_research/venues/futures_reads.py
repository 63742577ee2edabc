"""The futures venue read completely: every page of every report, with proof.

Each function answers with records for a joined frame and counts into a `Coverage`.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from decimal import Decimal
from itertools import pairwise, product
from typing import Any

from btcc_research.coverage import Coverage
from btcc_research.numbered import read_numbered
from btcc_research.paging import Listing
from btcc_research.parallel import in_parallel
from btcc_research.protocol import futures as calls
from btcc_research.protocol.endpoint import Endpoint
from btcc_research.protocol.rows import Decoded
from btcc_research.tables import with_floats
from btcc_research.venues import futures_records as records
from btcc_research.venues.futures_link import FuturesLink
from btcc_research.venues.futures_records import Record

Range = tuple[float | None, float | None]

CONTRACTS = ("USDT-margined", "coin-margined")
# The end is frozen ahead of what this machine believes the venue's time to be.
BEYOND_NOW = 120
PERCENT_FROM = Decimal("1.5")


class FuturesReads:
    """Complete listings of the futures venue."""

    def __init__(self, link: FuturesLink) -> None:
        self._link = link

    def trades(
        self, market: str | None, wanted: Range, coverage: Coverage, *, exact: bool,
        limit: int | None = None, progress: bool | None = None,
    ) -> list[Record]:  # fmt: skip
        """Return executions: the reports of both kinds of contract and today's list.

        Whether the report holds the running day already is not documented, so today's list
        is read as well; its word for a liquidation is kept, the report has none.
        """
        products = self._link.products()
        values = {**self._bounds(wanted), "market": market}
        found: dict[int, Record] = {}
        for row in self._reports(calls.GET_TRADE_REPORT, values, coverage, exact=exact,
                                 limit=limit, progress=progress):  # fmt: skip
            record = records.report_record(row, products)
            found[(record["id"])] = record
        today = self._link.rows(calls.DEAL_TODAY_LIST, {}, exact=exact).rows
        coverage.pages += 1
        for row in today:
            record = records.today_record(row, products)
            if market is not None and row.product != self._link.product(market):
                continue
            if record["action"] not in ("open", "close"):
                continue
            known = found.setdefault(record["id"], record)
            if record["type"] == "liquidation":
                known["type"] = "liquidation"
        traded = {record["market"] for record in found.values()}
        coverage.markets = sorted({*coverage.markets, *traded})
        return list(found.values())

    def orders(
        self, market: str | None, wanted: Range, coverage: Coverage, *, exact: bool,
        progress: bool | None = None,
    ) -> list[Record]:  # fmt: skip
        """Return pending orders that are done."""
        products = self._link.products()
        values = {**self._bounds(wanted), "market": market}
        rows = self._reports(
            calls.GET_HIS_ORDER, values, coverage, exact=exact, time="created_at",
            progress=progress,
        )  # fmt: skip
        return [records.closed_record(row, products) for row in rows]

    def open_orders(self, market: str | None, coverage: Coverage, *, exact: bool) -> list[Record]:
        """Return pending orders that are open."""
        products = self._link.products()
        wanted = None if market is None else self._link.product(market)
        rows = self._link.rows(calls.ORDER_LIST, {}, exact=exact).rows
        coverage.pages += 1
        return [
            records.pending_record(row, products)
            for row in rows
            if wanted in (None, row.product)
        ]  # fmt: skip

    def positions(self, market: str | None, coverage: Coverage, *, exact: bool) -> list[Record]:
        """Return open positions, each with the price that would force it."""
        products = self._link.products()
        listing = self._listing(
            calls.POSITION_LIST, {}, exact=True, time="opened_at", key=lambda row: row.id
        )
        coverage.add(listing, "positions")
        rows = [row for row in listing.rows if row.status == 1]
        wallets = {record["asset"]: _money(record) for record in self.balances(exact=True)}
        wanted = None if market is None else self._link.product(market)
        found = records.position_records(rows, products, wallets, self.stop_out_ratio())
        chosen = [record for record in found if wanted in (None, record["product"])]
        return chosen if exact else [with_floats(record) for record in chosen]

    def balances(self, *, exact: bool) -> list[Record]:
        """Return the account, and the balances of coins its ledger tells of.

        BTCC's account call shows one currency. What is in another is the last line of that
        currency in the ledger.
        """
        account = self._link.rows(calls.ACCOUNT, {}, exact=True).rows[0]
        group = self._group()
        found = [_account_record(account, group.asset)]
        for asset in sorted(self._assets() - {group.asset}):
            newest = self._newest_line(asset, group.asset)
            if newest is not None:
                found.append(self._coin_record(asset, newest))
        return found if exact else [with_floats(record) for record in found]

    def ledger(
        self, wanted: Range, coverage: Coverage, *, exact: bool, asset: str | None = None
    ) -> list[Record]:
        """Return the changes of balances, currency by currency, promotional money apart."""
        usual = self._group().asset
        assets = sorted(self._assets(), key=lambda known: (known != usual, known))
        found: dict[Hashable, Record] = {}
        for name, money in product(assets, ("balance", "bonus")):
            label = name if money == "balance" else f"{name} {money}"
            if asset not in (None, label):
                continue
            values = {**self._bounds(wanted), "asset": name, "money": money}
            listing = self._listing(
                calls.GET_REPORT_DEAL, values, exact=exact, key=lambda row: row.reference
            )
            coverage.add(listing, f"futures ledger {label}")
            for row in listing.rows:
                # A server that ignores a filter answers every question with the same lines.
                line = (row.reference, row.time, row.balance, row.business)
                found.setdefault(line, records.ledger_record(row, label))
        return [record for record in found.values() if asset in (None, record["asset"])]

    def requests(self, coverage: Coverage, *, exact: bool) -> list[Record]:
        """Return requests for deposits and withdrawals that are not booked yet."""
        found: list[Record] = []
        for kind in ("deposit", "withdrawal"):
            listing = self._listing(
                calls.QUERY_IN_OUT_COIN_RECORD, {"kind": kind}, exact=exact,
                key=lambda row: row.reference,
            )  # fmt: skip
            coverage.add(listing, f"futures {kind} requests")
            made = (records.request_record(row, kind) for row in listing.rows)
            found += [record for record in made if record["status"] != "arrived"]
        return found

    def market_records(self) -> list[Record]:
        """Return the rules of all listed products, exact and fresh."""
        products = self._link.products(fresh=True)
        listed = (row for row in products.rows.values() if row.status == 0)
        return [records.market_record(row, products) for row in listed]

    def stop_out_ratio(self) -> Decimal:
        """Return which share of the margin equity may fall to.

        The scale of BTCC's `stop_out_level` is not documented: its sample, 30, is a percent.
        """
        level = Decimal(str(self._group().stop_out_level))
        return level / 100 if level > PERCENT_FROM else level

    def _group(self) -> Any:
        return self._link.rows(calls.ACCOUNT_GROUP, {}, exact=True).rows[0]

    def _assets(self) -> set[str]:
        rows = self._link.products().rows.values()
        return {str(row.margin_asset) for row in rows}

    def _newest_line(self, asset: str, usual: str) -> Any | None:
        """Return the last ledger line of a currency, if it is really that currency's."""
        values: dict[str, Any] = {**self._bounds((None, None)), "page": 1, "page_size": 1}
        values["money"] = "balance"
        lines = [
            self._link.rows(calls.GET_REPORT_DEAL, {**values, "asset": name}, exact=True).rows
            for name in (asset, usual)
        ]
        mine, others = lines
        return mine[0] if mine and mine != others else None

    def _coin_record(self, asset: str, newest: Any) -> Record:
        products = self._link.products()
        listing = self._listing(calls.POSITION_LIST, {}, exact=True, time="opened_at")
        mine = [
            row for row in listing.rows
            if row.status == 1 and (rules := products.row(row.product)) is not None
            and rules.margin_asset == asset
        ]  # fmt: skip
        balance = newest.balance
        floating = sum((row.unrealized for row in mine), Decimal(0))
        margin = sum((row.margin for row in mine), Decimal(0))
        equity = balance + floating
        return {
            "venue": "futures", "asset": asset, "available": equity - margin, "frozen": margin,
            "total": balance, "equity": equity, "unrealized": floating,
            "margin_level": _percent(equity, margin),
        }  # fmt: skip

    def _reports(
        self, endpoint: Endpoint, values: dict[str, Any], coverage: Coverage, *, exact: bool,
        time: str = "time", limit: int | None = None, progress: bool | None = None,
    ) -> list[Any]:  # fmt: skip
        """Read a report for both kinds of contract; each row once."""

        def read(contract: str) -> Listing:
            asked = {**values, "contract": contract}
            return self._listing(endpoint, asked, exact=exact, time=time, limit=limit)

        found = in_parallel(
            read, CONTRACTS, threads=self._threads(), progress=progress, label=endpoint.name
        )
        rows: dict[Hashable, Any] = {}
        for contract, listing in zip(CONTRACTS, found, strict=True):
            coverage.add(listing, f"futures {endpoint.name} {contract}")
            for row in listing.rows:
                rows.setdefault((row.id, row.product, getattr(row, time)), row)
        return list(rows.values())

    def _listing(
        self, endpoint: Endpoint, values: dict[str, Any], *, exact: bool, time: str = "time",
        limit: int | None = None, key: Any = None,
    ) -> Listing:  # fmt: skip
        threads = self._threads()

        def fetch(numbers: Sequence[int], size: int) -> list[Decoded]:
            def page(number: int) -> Decoded:
                asked = {**values, "page": number, "page_size": size}
                return self._link.rows(endpoint, asked, exact=exact)

            return in_parallel(page, numbers, threads=threads)

        options = {"key": key} if key else {}
        listing = read_numbered(fetch, time=time, limit=limit, ahead=threads, **options)
        moments = [getattr(row, time) for row in listing.rows]
        if all(later <= earlier for earlier, later in pairwise(moments)):
            listing.rows.reverse()  # rows of one moment then stand in the order they happened
        return listing

    def _threads(self) -> int:
        return self._link.transport().threads

    def _bounds(self, wanted: Range) -> dict[str, int | None]:
        """Return whole milliseconds that hold the range; the end is frozen here."""
        start, end = wanted
        last = end if end is not None else self._link.now() + BEYOND_NOW
        return {
            "start": None if start is None else math.floor(start * 1000),
            "end": math.ceil(last * 1000),
        }


def _account_record(account: Any, asset: str) -> Record:
    bonus = account.bonus or Decimal(0)
    margin = account.margin or Decimal(0)
    free = account.free_margin if account.free_margin is not None else account.equity - margin
    return {
        "venue": "futures", "asset": asset, "available": free, "frozen": margin,
        "total": account.balance, "equity": account.equity, "bonus": bonus,
        "unrealized": account.equity - account.balance - bonus,
        "margin_level": _percent(account.equity, margin),
    }  # fmt: skip


def _percent(equity: Decimal, margin: Decimal) -> Decimal | None:
    return (100 * equity / margin).quantize(Decimal("0.00000001")) if margin else None


def _money(record: Record) -> Decimal:
    return Decimal(record["total"]) + (record.get("bonus") or Decimal(0))
