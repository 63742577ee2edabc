"""The client: what a person asks for, both venues joined, complete, as one frame."""

from __future__ import annotations

import math
from types import TracebackType
from typing import Any

import pandas as pd

from btcc_research import accessor as _accessor  # noqa: F401 (registers df.btcc)
from btcc_research import frames, tables
from btcc_research.arguments import interval_seconds, row_limit, time_range
from btcc_research.coverage import Coverage, iso
from btcc_research.joining import Joining, Range, Record, inside
from btcc_research.parallel import in_parallel
from btcc_research.protocol import spot as calls
from btcc_research.settings import Connection
from btcc_research.transport import System
from btcc_research.venues.candles import WINDOW, Window, read_candles
from btcc_research.venues.documentation import lists_columns
from btcc_research.venues.futures import Futures
from btcc_research.venues.futures_link import FuturesLink
from btcc_research.venues.futures_reads import FuturesReads
from btcc_research.venues.link import Link, describe_key
from btcc_research.venues.opening import Opening
from btcc_research.venues.spot import Spot
from btcc_research.venues.spot_reads import SpotReads
from btcc_research.venues.web import FundingReads


class Client:
    """A connection to BTCC, or to a sandbox of it.

    The functions of the package are this class's methods on the default client. Frames join
    the venues there are credentials for; they say in `df.attrs` where they come from
    (``"environment"``, ``"venues"``) and, under ``"coverage"``, how complete they are.

    Attributes
    ----------
    spot : Spot
        Every documented call of the spot venue under its own name.
    futures : Futures
        Every documented call of the futures venue under its own name.
    """

    def __init__(self, connection: Connection, *, system: System | None = None) -> None:
        self._opening = Opening(connection)
        self._link = Link(self._opening, system=system)
        self._futures_link = FuturesLink(self._opening, system)
        self._reads = SpotReads(self._link)
        self._futures_reads = FuturesReads(self._futures_link)
        self._funding_reads = FundingReads(self._opening, system)
        self._joining = Joining(self._opening, self._reads, self._futures_link)
        self.spot = Spot(self._link)
        self.futures = Futures(self._futures_link)

    def __repr__(self) -> str:
        state = "trading armed" if self._opening.known.trade else "read only"
        return f"<BTCC {self.environment}, {state}, {' and '.join(self._joining.venues)}>"

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the futures session and close all connections of this client."""
        self._futures_link.close()
        self._funding_reads.close()
        self._link.close()

    @property
    def environment(self) -> str:
        """``"live"`` or ``"sandbox"``."""
        return self._link.environment

    def status(self) -> dict[str, Any]:
        """Return where this client is connected and what it may do; nothing is sent for it.

        Returns
        -------
        dict
            environment; trade (whether orders can be sent); venues (there are credentials
            for); hosts; key_set and futures_key_set (label, access id shortened, permission,
            bound addresses); clock_offset (seconds this machine is behind the exchange; None
            before it was measured); futures_session (logged_in, armed: whether orders may be
            sent since the last lost session).
        """
        known, session = self._opening.known, self._futures_link.session
        return {
            "environment": known.environment,
            "trade": known.trade,
            "venues": self._joining.venues,
            "hosts": dict(known.hosts) if known.hosts else "started at the first call",
            "key_set": describe_key(known.spot_key) if known.spot_key else None,
            "futures_key_set": describe_key(known.futures_login) if known.futures_login else None,
            "clock_offset": self._link.clock_offset,
            "futures_session": {
                "logged_in": session.is_open,
                "armed": known.trade and session.is_armed,
            },
        }

    @lists_columns(tables.TRADES)
    def trades(
        self,
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
        for name in self._joining.asked(venue, market, coverage, wanted):
            if name == "spot":
                markets = self._joining.markets_of_mine(market, wanted, coverage)
                records += self._reads.trades(
                    markets, wanted, coverage, exact=exact, limit=most, progress=progress
                )
            else:
                records += self._futures_reads.trades(
                    market, wanted, coverage, exact=exact, limit=most, progress=progress
                )
        records = inside(records, wanted, "time")
        frame = tables.joined_frame(tables.TRADES, records, exact=exact)
        return self._joining.finish(frame, "trades", coverage, sort="time", limit=most)

    @lists_columns(tables.ORDERS)
    def orders(
        self,
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
        for name in self._joining.asked(venue, market, coverage, wanted):
            # Open ones first: one that closes meanwhile is then seen twice, never not at all.
            if name == "spot":
                markets = self._joining.markets_of_orders(market, coverage)
                still_open = self._reads.open_orders(
                    markets, coverage, exact=exact, progress=progress
                )
                closed = self._reads.closed_orders(
                    markets, since, coverage, exact=exact, progress=progress
                )
            else:
                still_open = self._futures_reads.open_orders(market, coverage, exact=exact)
                closed = self._futures_reads.orders(
                    market, since, coverage, exact=exact, progress=progress
                )
            records += _newest_state([*closed, *still_open])
        frame = tables.joined_frame(
            tables.ORDERS, inside(records, wanted, "created_at"), exact=exact
        )
        return self._joining.finish(frame, "orders", coverage, sort="created_at", limit=most)

    @lists_columns(tables.ORDERS)
    def open_orders(
        self,
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
        for name in self._joining.asked(venue, market, coverage):
            if name == "spot":
                markets = self._joining.markets_of_orders(market, coverage)
                records += self._reads.open_orders(
                    markets, coverage, exact=exact, progress=progress
                )
            else:
                records += self._futures_reads.open_orders(market, coverage, exact=exact)
        frame = tables.joined_frame(tables.ORDERS, records, exact=exact)
        return self._joining.finish(frame, "open_orders", coverage, sort="created_at")

    @lists_columns(tables.POSITIONS)
    def positions(self, market: str | None = None, *, exact: bool = False) -> pd.DataFrame:
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
        self._joining.asked("futures", market, coverage)
        records = self._futures_reads.positions(market, coverage, exact=exact)
        frame = tables.joined_frame(tables.POSITIONS, records, exact=exact)
        return self._joining.finish(frame, "positions", coverage, sort="opened_at")

    @lists_columns(tables.BALANCES)
    def balances(self, *, venue: str | None = None, exact: bool = False) -> pd.DataFrame:
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
        for name in self._joining.asked(venue, None, coverage):
            reads = self._reads if name == "spot" else self._futures_reads
            records += reads.balances(exact=exact)
        frame = tables.joined_frame(tables.BALANCES, records, exact=exact)
        return self._joining.finish(frame, "balances", coverage)

    @lists_columns(tables.LEDGER)
    def ledger(
        self,
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
        records = self._ledger_records(
            asset, wanted, coverage, business=business, venue=venue, exact=exact, limit=most
        )
        frame = tables.joined_frame(tables.LEDGER, records, exact=exact)
        return self._joining.finish(frame, "ledger", coverage, sort="time", limit=most)

    @lists_columns(tables.TRANSFERS)
    def transfers(
        self,
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
        booked = self._ledger_records(None, wanted, coverage, venue=venue, exact=exact)
        records = [record for line in booked if (record := tables.transfer_record(line))]
        if "futures" in coverage.venues:
            requested = self._futures_reads.requests(coverage, exact=exact)
            records += inside(requested, wanted, "time")
        frame = tables.joined_frame(tables.TRANSFERS, records, exact=exact)
        return self._joining.finish(frame, "transfers", coverage, sort="time", limit=most)

    @lists_columns(tables.MARKETS)
    def markets(self, *, venue: str | None = None, exact: bool = False) -> pd.DataFrame:
        """Return all markets and their trading rules.

        Returns
        -------
        DataFrame
            RangeIndex. Columns:

            {columns}

        Parameters
        ----------
        venue, exact
            As for `trades`; spot needs no credentials.

        Raises
        ------
        BtccError
            What BTCC answered, or that it did not.

        Notes
        -----
        Source: Spot Trading API (April 2025), market/list; BTCC API Guide (TradeOpenApi),
        config/symbollist.
        """
        coverage = Coverage()
        records: list[Record] = []
        for name in self._joining.asked(venue, None, coverage, public=True):
            reads = self._reads if name == "spot" else self._futures_reads
            records += reads.market_records()
        if not exact:
            records = [tables.with_floats(record) for record in records]
        frame = tables.joined_frame(tables.MARKETS, records, exact=exact)
        return self._joining.finish(frame, "markets", coverage)

    @lists_columns(tables.FUNDING)
    def funding(
        self, market: str, start: Any = None, end: Any = None, *, exact: bool = False
    ) -> pd.DataFrame:
        """Return the funding rates of a futures market, oldest first, and the running estimate.

        Returns
        -------
        DataFrame
            Sorted by `time`, RangeIndex. Columns:

            {columns}

        Parameters
        ----------
        market : str
            Such as ``"BTCUSDT"``.
        start, end : anything pandas reads as a time, optional
            Settled rates of this time; the last 30 days when left out.
        exact : bool
            Decimals as decimal128(38, 18) instead of float64.

        Raises
        ------
        InvalidArgument
            For an argument that is not allowed; nothing was sent.
        TransportError
            If BTCC's web page cannot be reached. BTCC's documented interfaces have no funding
            rates, so there is nothing else to ask.
        BtccError
            What BTCC answered.

        Notes
        -----
        Settlements are at 0, 8 and 16 o'clock UTC on the page, 1, 9 and 17 in an older help
        text: the times here are the page's own, rounded to the hour. A payment is rate times
        amount times price, whatever the leverage.
        Source: calls of BTCC's web page, not documented and not promised by BTCC
        (symbol/getFundrate, symbol/getFundrateLog).
        """
        wanted = time_range(start, end)
        coverage = Coverage(asked=wanted, venues=["futures"])
        records = self._funding_reads.rates(market, wanted, coverage, exact=exact)
        frame = tables.joined_frame(tables.FUNDING, records, exact=exact)
        return self._joining.finish(frame, "funding", coverage, sort="time")

    def klines(
        self,
        market: str,
        interval: str | int = "1h",
        start: Any = None,
        end: Any = None,
        *,
        venue: str = "spot",
        exact: bool = False,
        limit: int | None = None,
        closed: bool = True,
        progress: bool | None = None,
    ) -> pd.DataFrame:
        """Return candles, oldest first.

        Returns
        -------
        DataFrame
            Index `open_time` : datetime64[us, UTC]. Columns:

            open, high, low, close : float64 (quote per base)
            volume : float64 (base)
            turnover : float64 (quote)
            closed : bool (the candle is over, by the exchange's clock)

            ``df.btcc.gaps()`` lists the candles the exchange does not have.

        Parameters
        ----------
        market : str
            Such as ``"BTCUSDT"``.
        interval : str or int
            ``"1m"``, ``"3m"``, ``"5m"``, ``"15m"``, ``"30m"``, ``"1h"``, ``"2h"``, ``"4h"``,
            ``"6h"``, ``"8h"``, ``"12h"``, ``"1d"``, ``"3d"``, ``"1w"``, or seconds. Which of
            them BTCC serves is not published.
        start, end : anything pandas reads as a time, optional
            Candles that open in this time, `start` included, `end` not. Without `start` the
            newest `limit`.
        venue : {"spot"}
            Where.
        exact : bool
            Decimals as decimal128(38, 18) instead of float64.
        limit : int, optional
            Only so many, the newest; 1000 where there is neither `start` nor `limit`.
        closed : bool
            False adds the running candle.
        progress : bool, optional
            As for `trades`.

        Raises
        ------
        InvalidArgument
            For an argument that is not allowed; nothing was sent.
        BtccError
            What BTCC answered, or that it did not.

        Notes
        -----
        Long ranges are read in windows, up to eight at a time. Missing candles are never
        invented.
        Source: Spot Trading API (April 2025), market/kline.
        """
        self._joining.require_spot(venue)
        seconds, wanted, most = interval_seconds(interval), time_range(start, end), row_limit(limit)
        name = self._joining.spot_market(market)
        now = int(self._link.transport().server_time())
        first, last = _candle_range(wanted, seconds, now, closed=closed, limit=most)

        def fetch(window: Window) -> Any:
            values = {"market": name, "start": window[0], "interval": seconds}
            values["end"] = window[1] + seconds - 1
            reply = self._link.call(calls.MARKET_KLINE, values)
            return frames.candle_table(calls.MARKET_KLINE, reply.payload, name, exact=exact)

        threads = self._link.transport().threads
        reading = read_candles(fetch, first, last, seconds, threads=threads, progress=progress)
        frame = frames.candle_frame(calls.MARKET_KLINE, reading.tables, now, seconds, exact=exact)
        begin, finish = (pd.Timestamp(moment, unit="s", tz="UTC") for moment in (first, last))
        frame = frame[(frame.index >= begin) & (frame.index <= finish)]
        coverage = Coverage(wanted, (first, last + seconds), [name], reading.pages, len(frame))
        coverage.venues = ["spot"]
        frame = self._joining.finish(frame, "klines", coverage, limit=most)
        gaps = [[iso(opens), iso(closes + seconds)] for opens, closes in reading.gaps]
        quote = self._reads.rules(name).quote
        frame.attrs |= {"market": name, "quote": quote, "interval": seconds, "gaps": gaps}
        return frame

    @lists_columns(tables.TICKER)
    def ticker(self, market: str | None = None, *, exact: bool = False) -> pd.DataFrame:
        """Return the last price of a market, or of all.

        Returns
        -------
        DataFrame
            RangeIndex. Columns:

            {columns}

        Parameters
        ----------
        market : str, optional
            Such as ``"BTCUSDT"``; without it all open markets, one request each.
        exact : bool
            Decimals as decimal128(38, 18) instead of float64.

        Raises
        ------
        InvalidArgument
            For an unknown market; it suggests the right name.
        BtccError
            What BTCC answered, or that it did not.

        Notes
        -----
        BTCC sends no time with it. Live clients ask market/last; the documented path is
        asked where that one does not exist.
        Source: Spot Trading API (April 2025), market/ticker.
        """
        listed = self._reads.markets()
        open_ones = [name for name, rules in listed.items() if rules.is_open]
        names = open_ones if market is None else [self._joining.spot_market(market)]

        def last(name: str) -> Record:
            used, reply = self._link.call_either(
                calls.MARKET_LAST, calls.CATALOGUE, {"market": name}
            )
            row = self._link.decode(used, reply, exact=exact).rows[0]
            moment = self._link.transport().system.time()
            return {"venue": "spot", "market": name, "last": row.last, "time": moment}

        records = in_parallel(last, names, threads=self._link.transport().threads)
        frame = tables.joined_frame(tables.TICKER, records, exact=exact)
        coverage = Coverage(pages=len(names), venues=["spot"])
        return self._joining.finish(frame, "ticker", coverage)

    @lists_columns(tables.DEPTH)
    def depth(
        self,
        market: str,
        *,
        limit: int = 20,
        merge: str = "0",
        venue: str = "spot",
        exact: bool = False,
    ) -> pd.DataFrame:
        """Return the order book: bids from the best down, then asks from the best up.

        Returns
        -------
        DataFrame
            RangeIndex. Columns:

            {columns}

        Parameters
        ----------
        market : str
            Such as ``"BTCUSDT"``.
        limit : {5, 10, 20, 50}
            Levels of each side.
        merge : str
            Price step that groups levels, such as ``"0.1"``; ``"0"`` groups nothing.
        venue, exact
            As for `klines`.

        Raises
        ------
        InvalidArgument
            For an argument that is not allowed; nothing was sent.
        BtccError
            What BTCC answered, or that it did not.

        Notes
        -----
        Source: Spot Trading API (April 2025), market/depth.
        """
        self._joining.require_spot(venue)
        name = self._joining.spot_market(market)
        values = {"market": name, "limit": limit, "merge": merge}
        records = self._reads.depth(name, values, exact=exact)
        frame = tables.joined_frame(tables.DEPTH, records, exact=exact)
        return self._joining.finish(frame, "depth", Coverage(pages=1, venues=["spot"]))

    def _ledger_records(
        self,
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
        for name in self._joining.asked(venue, None, coverage, wanted):
            if name == "spot":
                values = {"asset": asset, "business": business}
                records += self._reads.ledger(values, wanted, coverage, exact=exact, limit=limit)
            else:
                lines = self._futures_reads.ledger(wanted, coverage, exact=exact, asset=asset)
                records += [line for line in lines if business in (None, line["business"])]
        return inside(records, wanted, "time")


def _newest_state(records: list[Record]) -> list[Record]:
    """Keep one record of an order that closed while it was listed: the closed one."""
    kept: dict[tuple[Any, ...], Record] = {}
    for record in records:
        plan = record["venue"] == "spot" and record["type"].startswith("stop")
        kept.setdefault((plan, record["id"]), record)
    return list(kept.values())


def _candle_range(
    wanted: Range, interval: int, now: int, *, closed: bool, limit: int | None
) -> tuple[int, int]:
    """Return the open times of the first and last candle wanted."""
    running = now // interval * interval
    newest = running - interval if closed else running
    start, end = wanted
    last = newest if end is None else min(newest, math.ceil(end / interval) * interval - interval)
    if start is None:
        return max(last - ((limit or WINDOW) - 1) * interval, 0), last
    return math.ceil(start / interval) * interval, last
