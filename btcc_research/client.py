"""The client: what a person asks for, complete, as one frame."""

from __future__ import annotations

import math
from types import TracebackType
from typing import Any

import pandas as pd

from btcc_research import accessor as _accessor  # noqa: F401 (registers df.btcc)
from btcc_research import frames, tables
from btcc_research.arguments import (
    interval_seconds,
    known_market,
    row_limit,
    time_range,
)
from btcc_research.coverage import Coverage, iso, report_holes
from btcc_research.errors import InvalidArgument
from btcc_research.parallel import in_parallel
from btcc_research.protocol import spot as calls
from btcc_research.settings import Connection
from btcc_research.transport import System
from btcc_research.venues.candles import WINDOW, Window, read_candles
from btcc_research.venues.link import Link
from btcc_research.venues.spot import Spot
from btcc_research.venues.spot_reads import Range, SpotReads, inside

VENUES = ("spot",)


class Client:
    """A connection to BTCC, or to a sandbox of it.

    The functions of the package are this class's methods on the default client. Frames say
    in `df.attrs` where they come from and, under ``"coverage"``, how complete they are.

    Attributes
    ----------
    spot : Spot
        Every documented call of the spot venue under its own name.
    """

    def __init__(self, connection: Connection, *, system: System | None = None) -> None:
        self._link = Link(connection, system)
        self._reads = SpotReads(self._link)
        self.spot = Spot(self._link)

    def __repr__(self) -> str:
        state = "trading armed" if self._link.trade else "read only"
        return f"<BTCC {self._link.environment}, {state}>"

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
        """Close all connections of this client."""
        self._link.close()

    @property
    def environment(self) -> str:
        """``"live"`` or ``"sandbox"``."""
        return self._link.environment

    def status(self) -> dict[str, Any]:
        """Return where this client is connected and what it may do.

        Returns
        -------
        dict
            environment, trade (whether orders can be sent), venues, hosts, key_set (its
            label, access id shortened, permission, bound addresses), clock_offset (seconds
            this machine is behind the exchange; None before it was measured).
        """
        return self._link.describe()

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

            time : datetime64[us, UTC]
            venue : str (spot)
            market : str
            id : Int64 (of the execution)
            order_id : Int64
            side : str (buy or sell)
            role : str (maker or taker)
            price : float64
            amount : float64 (base)
            cost : float64 (quote: price x amount)
            fee : float64
            fee_asset : str

        Parameters
        ----------
        market : str, optional
            Such as ``"BTCUSDT"``. Without it, every market the account has traded, found
            from its ledger.
        start, end : anything pandas reads as a time, optional
            `start` is included, `end` is not; times without a zone are UTC.
        venue : {"spot"}, optional
            Only this venue.
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
        Pages overlap and each must continue the one before, so rows that arrive while
        reading are neither lost nor doubled; ``df.attrs["coverage"]`` says what was proven.
        Source: Spot Trading API (April 2025), order/deal_history.
        """
        wanted, most, _ = time_range(start, end), row_limit(limit), _check_venue(venue)
        coverage = Coverage(asked=wanted, proven=self._until_now(wanted))
        markets = self._markets_of_mine(market, wanted, coverage)
        records = self._reads.trades(
            markets, wanted, coverage, exact=exact, limit=most, progress=progress
        )
        records = inside(records, wanted, "time")
        frame = tables.joined_frame(tables.TRADES, records, exact=exact)
        return self._finish(frame, "trades", coverage, sort="time", limit=most)

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

            created_at : datetime64[us, UTC]
            venue : str (spot)
            market : str
            id : Int64 (stop orders are numbered by themselves)
            side : str (buy or sell)
            type : str (limit, market, stop_limit or stop_market)
            status : str (open, filled, cancelled; waiting or closed for stop orders)
            time_in_force : str (GTC, IOC or FOK)
            price : float64 (limit price; NA where there is none)
            stop_price : float64 (trigger; NA where there is none)
            amount : float64 (base; quote money for a market buy)
            remaining : float64 (not executed, in the currency of amount)
            filled : float64 (base)
            cost : float64 (quote)
            average_price : float64 (cost / filled; NA before the first execution)
            fee : float64
            fee_asset : str
            updated_at : datetime64[us, UTC]
            finished_at : datetime64[us, UTC]
            source : str
            client_id : str

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
        BTCC keeps no trace of an order that was cancelled without any execution, and lists
        closed orders by the time they closed: an order from before `start` that closed
        later is left out here.
        Source: Spot Trading API (April 2025), order/finished, order/pending,
        order/finished_stop, order/pending_stop.
        """
        wanted, most, _ = time_range(start, end), row_limit(limit), _check_venue(venue)
        coverage = Coverage(asked=wanted, proven=self._until_now(wanted))
        markets = self._markets_of_orders(market, coverage)
        # Open ones first: an order that closes meanwhile is then seen twice, never not at all.
        still_open = self._reads.open_orders(markets, coverage, exact=exact, progress=progress)
        closed = self._reads.closed_orders(
            markets, (wanted[0], None), coverage, exact=exact, progress=progress
        )
        records = inside(_newest_state([*closed, *still_open]), wanted, "created_at")
        frame = tables.joined_frame(tables.ORDERS, records, exact=exact)
        return self._finish(frame, "orders", coverage, sort="created_at", limit=most)

    def open_orders(
        self,
        market: str | None = None,
        *,
        venue: str | None = None,
        exact: bool = False,
        progress: bool | None = None,
    ) -> pd.DataFrame:
        """Return your open orders and waiting stop orders, oldest first.

        Returns
        -------
        DataFrame
            The columns of `orders`; `status` is open, or waiting for stop orders.

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
        Source: Spot Trading API (April 2025), order/pending and order/pending_stop.
        """
        _check_venue(venue)
        coverage = Coverage()
        markets = self._markets_of_orders(market, coverage)
        records = self._reads.open_orders(markets, coverage, exact=exact, progress=progress)
        frame = tables.joined_frame(tables.ORDERS, records, exact=exact)
        return self._finish(frame, "open_orders", coverage, sort="created_at")

    def balances(self, *, venue: str | None = None, exact: bool = False) -> pd.DataFrame:
        """Return what you have of each currency.

        Returns
        -------
        DataFrame
            RangeIndex. Columns:

            venue : str (spot)
            asset : str
            available : float64
            frozen : float64 (locked in open orders)
            total : float64

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
        BTCC shows eight decimals and keeps more: the ledger has them all.
        Source: Spot Trading API (April 2025), asset/query.
        """
        _check_venue(venue)
        rows = self._link.rows(calls.ASSET_QUERY, {}, exact=exact).rows
        frame = tables.joined_frame(tables.BALANCES, [*tables.balance_records(rows)], exact=exact)
        return self._finish(frame, "balances", Coverage(pages=1, rows=len(rows)))

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

            time : datetime64[us, UTC]
            venue : str (spot)
            id : Int64
            asset : str
            business : str (such as trade, fee, deposit)
            change : float64 (signed)
            balance : float64 (after the change)
            market : str (of a trade)
            order_id : Int64 (of a trade)
            price : float64 (of a trade)
            amount : float64 (of a trade)
            rate : float64 (fee rate, on fee lines)

        Parameters
        ----------
        asset : str, optional
            Such as ``"USDT"``; all currencies when left out.
        start, end, venue, exact, limit
            As for `trades`.
        business : str, optional
            Only lines of this kind, by BTCC's word.

        Raises
        ------
        InvalidArgument
            For an argument that is not allowed; nothing was sent.
        BtccError
            What BTCC answered, or that it did not.

        Notes
        -----
        Source: Spot Trading API (April 2025), asset/query_history.
        """
        wanted, most, _ = time_range(start, end), row_limit(limit), _check_venue(venue)
        coverage = Coverage(asked=wanted, proven=self._until_now(wanted))
        values = {"asset": asset, "business": business}
        records = self._reads.ledger(values, wanted, coverage, exact=exact, limit=most)
        records = inside(records, wanted, "time")
        frame = tables.joined_frame(tables.LEDGER, records, exact=exact)
        return self._finish(frame, "ledger", coverage, sort="time", limit=most)

    def markets(self, *, venue: str | None = None, exact: bool = False) -> pd.DataFrame:
        """Return all markets and their trading rules.

        Returns
        -------
        DataFrame
            RangeIndex. Columns:

            venue : str (spot)
            market : str
            base, quote : str
            price_precision : Int64 (decimals of a price)
            amount_precision : Int64 (decimals of an amount)
            fee_precision : Int64 (decimals of a fee rate)
            min_amount : float64 (smallest order, base)
            is_open : boolean
            opens_at : datetime64[us, UTC] (only while the market is closed)

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
        Source: Spot Trading API (April 2025), market/list.
        """
        _check_venue(venue)
        rules = self._reads.markets(fresh=True).values()
        names = [field.name for field in tables.MARKETS[1:]]
        records = [{"venue": "spot", **{name: getattr(r, name) for name in names}} for r in rules]
        if not exact:
            records = [{**record, "min_amount": float(record["min_amount"])} for record in records]
        frame = tables.joined_frame(tables.MARKETS, records, exact=exact)
        return self._finish(frame, "markets", Coverage(pages=1, rows=len(records)))

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
        _check_venue(venue)
        seconds, wanted, most = interval_seconds(interval), time_range(start, end), row_limit(limit)
        name = self._known(market)
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
        frame = self._finish(frame, "klines", coverage, limit=most)
        gaps = [[iso(opens), iso(closes + seconds)] for opens, closes in reading.gaps]
        quote = self._reads.rules(name).quote
        frame.attrs |= {"market": name, "quote": quote, "interval": seconds, "gaps": gaps}
        return frame

    def ticker(self, market: str | None = None, *, exact: bool = False) -> pd.DataFrame:
        """Return the last price of a market, or of all.

        Returns
        -------
        DataFrame
            RangeIndex. Columns:

            venue : str (spot)
            market : str
            last : float64
            time : datetime64[us, UTC] (when this machine asked)

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
        names = open_ones if market is None else [self._known(market)]

        def last(name: str) -> dict[str, Any]:
            used, reply = self._link.call_either(
                calls.MARKET_LAST, calls.CATALOGUE, {"market": name}
            )
            row = self._link.decode(used, reply, exact=exact).rows[0]
            moment = self._link.transport().system.time()
            return {"venue": "spot", "market": name, "last": row.last, "time": moment}

        records = in_parallel(last, names, threads=self._link.transport().threads)
        frame = tables.joined_frame(tables.TICKER, records, exact=exact)
        return self._finish(frame, "ticker", Coverage(pages=len(names), rows=len(names)))

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

            time : datetime64[us, UTC] (of the snapshot)
            venue : str (spot)
            market : str
            side : str (bid or ask)
            price : float64
            amount : float64 (base at this price)
            depth : float64 (base from the best price to here)

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
        _check_venue(venue)
        name = self._known(market)
        values = {"market": name, "limit": limit, "merge": merge}
        rows = self._link.rows(calls.MARKET_DEPTH, values, exact=exact).rows
        frame = tables.joined_frame(tables.DEPTH, [*tables.depth_records(rows, name)], exact=exact)
        return self._finish(frame, "depth", Coverage(pages=1, rows=len(rows)))

    def _known(self, market: str) -> str:
        """Return a market's name; the list is read again before a name is called unknown."""
        if market not in self._reads.markets():
            self._reads.markets(fresh=True)
        return known_market(market, self._reads.markets())

    def _markets_of_mine(self, market: str | None, wanted: Range, coverage: Coverage) -> list[str]:
        """Return the market asked for, or all that were traded in the time."""
        if market is None:
            names = self._reads.traded_markets(wanted, coverage)
        else:
            names = [self._known(market)]
        coverage.markets = names
        return names

    def _markets_of_orders(self, market: str | None, coverage: Coverage) -> list[str]:
        """Return the market asked for, or all: orders without executions leave no ledger."""
        listed = list(self._reads.markets())
        coverage.markets = listed if market is None else [self._known(market)]
        return coverage.markets

    def _until_now(self, wanted: Range) -> Range:
        now = self._link.transport().server_time()
        return wanted[0], now if wanted[1] is None else min(wanted[1], now)

    def _finish(
        self,
        frame: pd.DataFrame,
        call: str,
        coverage: Coverage,
        *,
        sort: str | None = None,
        limit: int | None = None,
    ) -> pd.DataFrame:
        """Sort, cut to the newest, say where the frame comes from and how complete it is."""
        if sort is not None:
            frame = frame.sort_values([sort, "id"], kind="stable", ignore_index=True)
        if limit is not None and len(frame) > limit:
            coverage.limited = True
            frame = frame.iloc[-limit:]
            frame = frame if sort is None else frame.reset_index(drop=True)
        coverage.rows = len(frame)
        frame.attrs = {
            "environment": self._link.environment,
            "venues": list(VENUES),
            "call": call,
            "coverage": coverage.as_attrs(),
        }
        report_holes(coverage.holes, call, strict=self._link.strict)
        return frame


def _check_venue(venue: str | None) -> str | None:
    if venue is not None and venue not in VENUES:
        allowed = ", ".join(map(repr, VENUES))
        raise InvalidArgument(f"venue={venue!r} is not one of {allowed}.")
    return venue


def _newest_state(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep one record of an order that closed while it was listed: the closed one."""
    kept: dict[tuple[Any, ...], dict[str, Any]] = {}
    for record in records:
        kept.setdefault((record["type"].startswith("stop"), record["id"]), record)
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
