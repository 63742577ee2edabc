"""Market data: rules, candles, prices, books, funding rates.

These functions are methods of `Client`; they stand here so that each file is one idea.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from btcc_research import frames, tables
from btcc_research.arguments import interval_seconds, row_limit, time_range
from btcc_research.coverage import Coverage, iso
from btcc_research.joining import Range, Record
from btcc_research.parallel import in_parallel
from btcc_research.protocol import spot as calls
from btcc_research.venues.candles import WINDOW, Window, read_candles
from btcc_research.venues.documentation import lists_columns

if TYPE_CHECKING:
    from btcc_research.client import Client


@lists_columns(tables.MARKETS)
def markets(client: Client, *, venue: str | None = None, exact: bool = False) -> pd.DataFrame:
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
    for name in client._joining.asked(venue, None, coverage, public=True):
        reads = client._reads if name == "spot" else client._futures_reads
        records += reads.market_records()
    if not exact:
        records = [tables.with_floats(record) for record in records]
    frame = tables.joined_frame(tables.MARKETS, records, exact=exact)
    return client._joining.finish(frame, "markets", coverage)


def klines(
    client: Client,
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
    client._joining.require_spot(venue)
    seconds, wanted, most = interval_seconds(interval), time_range(start, end), row_limit(limit)
    name = client._joining.spot_market(market)
    now = int(client._link.transport().server_time())
    first, last = _candle_range(wanted, seconds, now, closed=closed, limit=most)

    def fetch(window: Window) -> Any:
        values = {"market": name, "start": window[0], "interval": seconds}
        values["end"] = window[1] + seconds - 1
        reply = client._link.call(calls.MARKET_KLINE, values)
        return frames.candle_table(calls.MARKET_KLINE, reply.payload, name, exact=exact)

    threads = client._link.transport().threads
    reading = read_candles(fetch, first, last, seconds, threads=threads, progress=progress)
    frame = frames.candle_frame(calls.MARKET_KLINE, reading.tables, now, seconds, exact=exact)
    begin, finish = (pd.Timestamp(moment, unit="s", tz="UTC") for moment in (first, last))
    frame = frame[(frame.index >= begin) & (frame.index <= finish)]
    coverage = Coverage(wanted, (first, last + seconds), [name], reading.pages, len(frame))
    coverage.venues = ["spot"]
    frame = client._joining.finish(frame, "klines", coverage, limit=most)
    gaps = [[iso(opens), iso(closes + seconds)] for opens, closes in reading.gaps]
    quote = client._reads.rules(name).quote
    frame.attrs |= {"market": name, "quote": quote, "interval": seconds, "gaps": gaps}
    return frame


@lists_columns(tables.TICKER)
def ticker(client: Client, market: str | None = None, *, exact: bool = False) -> pd.DataFrame:
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
    listed = client._reads.markets()
    open_ones = [name for name, rules in listed.items() if rules.is_open]
    names = open_ones if market is None else [client._joining.spot_market(market)]

    def last(name: str) -> Record:
        used, reply = client._link.call_either(calls.MARKET_LAST, calls.CATALOGUE, {"market": name})
        row = client._link.decode(used, reply, exact=exact).rows[0]
        moment = client._link.transport().system.time()
        return {"venue": "spot", "market": name, "last": row.last, "time": moment}

    records = in_parallel(last, names, threads=client._link.transport().threads)
    frame = tables.joined_frame(tables.TICKER, records, exact=exact)
    coverage = Coverage(pages=len(names), venues=["spot"])
    return client._joining.finish(frame, "ticker", coverage)


@lists_columns(tables.DEPTH)
def depth(
    client: Client,
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
    client._joining.require_spot(venue)
    name = client._joining.spot_market(market)
    values = {"market": name, "limit": limit, "merge": merge}
    records = client._reads.depth(name, values, exact=exact)
    frame = tables.joined_frame(tables.DEPTH, records, exact=exact)
    return client._joining.finish(frame, "depth", Coverage(pages=1, venues=["spot"]))


@lists_columns(tables.FUNDING)
def funding(
    client: Client, market: str, start: Any = None, end: Any = None, *, exact: bool = False
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
    records = client._funding_reads.rates(market, wanted, coverage, exact=exact)
    frame = tables.joined_frame(tables.FUNDING, records, exact=exact)
    return client._joining.finish(frame, "funding", coverage, sort="time")


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
