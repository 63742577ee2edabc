"""What is mine: executions, orders, positions, money, from both venues in one schema.

These functions are methods of `Client`; they stand here so that each file is one idea.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from btcc_research import tables
from btcc_research.arguments import row_limit, time_range
from btcc_research.coverage import Coverage
from btcc_research.joining import Range, Record, inside
from btcc_research.venues.documentation import lists_columns

if TYPE_CHECKING:
    from btcc_research.client import Client


@lists_columns(tables.TRADES)
def trades(
    client: Client,
    market: str | None = None,
    start: Any = None,
    end: Any = None,
    *,
    venue: str | None = None,
    exact: bool = False,
    limit: int | None = None,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Return your own executions (fills), oldest first.

    Returns
    -------
    DataFrame
        Sorted by `time`, RangeIndex. Columns:

        {columns}

    Parameters
    ----------
    market : str, optional
        Such as ``"BTCUSDT"``, on every venue that has it. Without it, every market the
        account has traded.
    start, end : anything pandas reads as a time, optional
        `start` is included, `end` is not; times without a zone are UTC.
    venue : {"spot", "futures"}, optional
        Only this venue; otherwise all there are credentials for.
    exact : bool
        Decimals as decimal128(38, 18) instead of float64.
    limit : int, optional
        Only so many, the newest.
    progress : bool, optional
        Show a progress bar: always, never, or once it takes longer than a second.

    Raises
    ------
    InvalidArgument
        For an argument that is not allowed; nothing was sent.
    BtccError
        What BTCC answered, or that it did not.

    Notes
    -----
    Rows that arrive while reading are neither lost nor doubled: spot pages overlap and
    each must continue the one before, futures pages are held against BTCC's own count.
    ``df.attrs["coverage"]`` says what was proven.
    Source: Spot Trading API (April 2025), order/deal_history; BTCC API Guide
    (TradeOpenApi), user/getTradeReport and account/dealTodayList.
    """
    wanted, most = time_range(start, end), row_limit(limit)
    coverage = Coverage(asked=wanted)
    records: list[Record] = []
    for name in client._joining.asked(venue, market, coverage, wanted):
        if name == "spot":
            markets = client._joining.markets_of_mine(market, wanted, coverage)
            records += client._reads.trades(
                markets, wanted, coverage, exact=exact, limit=most, progress=progress
            )
        else:
            records += client._futures_reads.trades(
                market, wanted, coverage, exact=exact, limit=most, progress=progress
            )
    records = inside(records, wanted, "time")
    frame = tables.joined_frame(tables.TRADES, records, exact=exact)
    return client._joining.finish(frame, "trades", coverage, sort="time", limit=most)


@lists_columns(tables.ORDERS)
def orders(
    client: Client,
    market: str | None = None,
    start: Any = None,
    end: Any = None,
    *,
    venue: str | None = None,
    exact: bool = False,
    limit: int | None = None,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Return your orders, open and closed, stop orders among them, oldest first.

    Returns
    -------
    DataFrame
        Sorted by `created_at`, RangeIndex. Columns:

        {columns}

    Parameters
    ----------
    market, start, end, venue, exact, limit, progress
        As for `trades`; the times are those of `created_at`.

    Raises
    ------
    InvalidArgument
        For an argument that is not allowed; nothing was sent.
    BtccError
        What BTCC answered, or that it did not.

    Notes
    -----
    Spot: BTCC keeps no trace of an order that was cancelled without any execution, and
    lists closed orders by the time they closed: an order from before `start` that closed
    later is left out here. Futures: BTCC lists pending orders only; what was sent at
    market is in `trades`.
    Source: Spot Trading API (April 2025), order/finished, order/pending,
    order/finished_stop, order/pending_stop; BTCC API Guide (TradeOpenApi),
    user/getHisOrder, account/orderList.
    """
    wanted, most = time_range(start, end), row_limit(limit)
    coverage = Coverage(asked=wanted)
    since = (wanted[0], None)
    records: list[Record] = []
    for name in client._joining.asked(venue, market, coverage, wanted):
        # Open ones first: one that closes meanwhile is then seen twice, never not at all.
        if name == "spot":
            markets = client._joining.markets_of_orders(market, coverage)
            still_open = client._reads.open_orders(
                markets, coverage, exact=exact, progress=progress
            )
            closed = client._reads.closed_orders(
                markets, since, coverage, exact=exact, progress=progress
            )
        else:
            still_open = client._futures_reads.open_orders(market, coverage, exact=exact)
            closed = client._futures_reads.orders(
                market, since, coverage, exact=exact, progress=progress
            )
        records += _newest_state([*closed, *still_open])
    frame = tables.joined_frame(tables.ORDERS, inside(records, wanted, "created_at"), exact=exact)
    return client._joining.finish(frame, "orders", coverage, sort="created_at", limit=most)


@lists_columns(tables.ORDERS)
def open_orders(
    client: Client,
    market: str | None = None,
    *,
    venue: str | None = None,
    exact: bool = False,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Return your open orders, waiting stop orders among them, oldest first.

    Returns
    -------
    DataFrame
        The columns of `orders`; `status` is open, or waiting for stop orders of spot:

        {columns}

    Parameters
    ----------
    market : str, optional
        Without it every listed market is asked.
    venue, exact, progress
        As for `trades`.

    Raises
    ------
    InvalidArgument
        For an argument that is not allowed; nothing was sent.
    BtccError
        What BTCC answered, or that it did not.

    Notes
    -----
    Source: Spot Trading API (April 2025), order/pending and order/pending_stop; BTCC API
    Guide (TradeOpenApi), account/orderList.
    """
    coverage = Coverage()
    records: list[Record] = []
    for name in client._joining.asked(venue, market, coverage):
        if name == "spot":
            markets = client._joining.markets_of_orders(market, coverage)
            records += client._reads.open_orders(markets, coverage, exact=exact, progress=progress)
        else:
            records += client._futures_reads.open_orders(market, coverage, exact=exact)
    frame = tables.joined_frame(tables.ORDERS, records, exact=exact)
    return client._joining.finish(frame, "open_orders", coverage, sort="created_at")


@lists_columns(tables.POSITIONS)
def positions(client: Client, market: str | None = None, *, exact: bool = False) -> pd.DataFrame:
    """Return your open futures positions, oldest first.

    Returns
    -------
    DataFrame
        Sorted by `opened_at`, RangeIndex. Columns:

        {columns}

    Parameters
    ----------
    market : str, optional
        Such as ``"BTCUSDT"``, or BTCC's long product name; all when left out.
    exact : bool
        Decimals as decimal128(38, 18) instead of float64.

    Raises
    ------
    InvalidArgument
        For a market that does not exist; it suggests the right name.
    BtccError
        What BTCC answered, or that it did not.

    Notes
    -----
    Margin is shared by all positions in one currency, so `liquidation_price` says where
    this market alone would force them, the others standing still; spread and funding on
    the way are left out. BTCC closes below the group's stop-out level: a long at the
    bid, a short at the ask (BTCC Futures Forced Liquidation Rules).
    Source: BTCC API Guide (TradeOpenApi), account/positionlist, account/account,
    config/accountgroup.
    """
    coverage = Coverage()
    client._joining.asked("futures", market, coverage)
    records = client._futures_reads.positions(market, coverage, exact=exact)
    frame = tables.joined_frame(tables.POSITIONS, records, exact=exact)
    return client._joining.finish(frame, "positions", coverage, sort="opened_at")


@lists_columns(tables.BALANCES)
def balances(client: Client, *, venue: str | None = None, exact: bool = False) -> pd.DataFrame:
    """Return what you have of each currency.

    Returns
    -------
    DataFrame
        RangeIndex. Columns:

        {columns}

    Parameters
    ----------
    venue, exact
        As for `trades`.

    Raises
    ------
    BtccError
        What BTCC answered, or that it did not.

    Notes
    -----
    Spot: BTCC shows eight decimals and keeps more; the ledger has them all. Futures: the
    account call shows one currency; others are what the ledger says of them last.
    Source: Spot Trading API (April 2025), asset/query; BTCC API Guide (TradeOpenApi),
    account/account, user/getReportDeal.
    """
    coverage = Coverage()
    records: list[Record] = []
    for name in client._joining.asked(venue, None, coverage):
        reads = client._reads if name == "spot" else client._futures_reads
        records += reads.balances(exact=exact)
    frame = tables.joined_frame(tables.BALANCES, records, exact=exact)
    return client._joining.finish(frame, "balances", coverage)


@lists_columns(tables.LEDGER)
def ledger(
    client: Client,
    asset: str | None = None,
    start: Any = None,
    end: Any = None,
    *,
    business: str | None = None,
    venue: str | None = None,
    exact: bool = False,
    limit: int | None = None,
) -> pd.DataFrame:
    """Return every change of your balances, oldest first.

    Returns
    -------
    DataFrame
        Sorted by `time` and `id`, RangeIndex. Columns:

        {columns}

    Parameters
    ----------
    asset : str, optional
        Such as ``"USDT"``; all currencies when left out.
    start, end, venue, exact, limit
        As for `trades`.
    business : str, optional
        Only lines of this kind.

    Raises
    ------
    InvalidArgument
        For an argument that is not allowed; nothing was sent.
    BtccError
        What BTCC answered, or that it did not.

    Notes
    -----
    Source: Spot Trading API (April 2025), asset/query_history; BTCC API Guide
    (TradeOpenApi), user/getReportDeal.
    """
    wanted, most = time_range(start, end), row_limit(limit)
    coverage = Coverage(asked=wanted)
    records = _ledger_records(
        client, asset, wanted, coverage, business=business, venue=venue, exact=exact, limit=most
    )
    frame = tables.joined_frame(tables.LEDGER, records, exact=exact)
    return client._joining.finish(frame, "ledger", coverage, sort="time", limit=most)


@lists_columns(tables.TRANSFERS)
def transfers(
    client: Client,
    start: Any = None,
    end: Any = None,
    *,
    venue: str | None = None,
    exact: bool = False,
    limit: int | None = None,
) -> pd.DataFrame:
    """Return what came in and went out: deposits, withdrawals, and the like, oldest first.

    Returns
    -------
    DataFrame
        Sorted by `time`, RangeIndex. Columns:

        {columns}

    Parameters
    ----------
    start, end, venue, exact, limit
        As for `trades`.

    Raises
    ------
    InvalidArgument
        For an argument that is not allowed; nothing was sent.
    BtccError
        What BTCC answered, or that it did not.

    Notes
    -----
    Spot: every line of the ledger that is neither a trade nor a fee. Futures: the ledger's
    deposits and withdrawals, and requests that are not booked yet.
    Source: Spot Trading API (April 2025), asset/query_history; BTCC API Guide
    (TradeOpenApi), user/getReportDeal, QueryInOutCoinRecord.
    """
    wanted, most = time_range(start, end), row_limit(limit)
    coverage = Coverage(asked=wanted)
    booked = _ledger_records(client, None, wanted, coverage, venue=venue, exact=exact)
    records = [record for line in booked if (record := tables.transfer_record(line))]
    if "futures" in coverage.venues:
        requested = client._futures_reads.requests(coverage, exact=exact)
        records += inside(requested, wanted, "time")
    frame = tables.joined_frame(tables.TRANSFERS, records, exact=exact)
    return client._joining.finish(frame, "transfers", coverage, sort="time", limit=most)


def _ledger_records(
    client: Client,
    asset: str | None,
    wanted: Range,
    coverage: Coverage,
    *,
    business: str | None = None,
    venue: str | None = None,
    exact: bool,
    limit: int | None = None,
) -> list[Record]:
    records: list[Record] = []
    for name in client._joining.asked(venue, None, coverage, wanted):
        if name == "spot":
            values = {"asset": asset, "business": business}
            records += client._reads.ledger(values, wanted, coverage, exact=exact, limit=limit)
        else:
            lines = client._futures_reads.ledger(wanted, coverage, exact=exact, asset=asset)
            records += [line for line in lines if business in (None, line["business"])]
    return inside(records, wanted, "time")


def _newest_state(records: list[Record]) -> list[Record]:
    """Keep one record of an order that closed while it was listed: the closed one."""
    kept: dict[tuple[Any, ...], Record] = {}
    for record in records:
        plan = record["venue"] == "spot" and record["type"].startswith("stop")
        kept.setdefault((plan, record["id"]), record)
    return list(kept.values())
