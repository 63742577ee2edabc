"""The store: what is kept of each market, how complete it is, and how it is replaced.

One Parquet file per venue, market, kind and UTC month, readable by anything; a recording
that outgrows a file continues in a next one. Each file says in its own metadata what it
covers, so that rows and coverage change together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from btcc_research.arguments import interval_seconds, time_range
from btcc_research.errors import InvalidArgument
from btcc_research.settings import home
from btcc_research.store import inventory, layout
from btcc_research.store.files import Files, files_at
from btcc_research.store.intervals import Intervals, Span
from btcc_research.store.scan import scan
from btcc_research.store.series import EARLIEST, LATEST, PRIVATE, Series
from btcc_research.store.shelf import Shelf
from btcc_research.store.verify import findings


def open_store(
    environment: str,
    root: str | Path | None = None,
    *,
    account: str = "",
    options: Mapping[str, Any] | None = None,
) -> Store:
    """Return the store of an environment; live and sandbox never mix.

    Parameters
    ----------
    environment : {"live", "sandbox"}
        Whose data it holds. Every file says so too, and is refused elsewhere.
    root : str or Path, optional
        A folder, or any place `fsspec` reaches, such as ``"s3://bucket/history"``; left
        out: ``history/`` in this package's own folder (``BTCC_HOME`` or the platform's).
    account : str
        Keeps what is private (trades, orders, ledger, transfers) of several accounts apart.
    options : mapping, optional
        What `fsspec` needs to reach `root`.

    Raises
    ------
    InvalidArgument
        For another environment.
    """
    if environment not in ("live", "sandbox"):
        raise InvalidArgument(f"environment={environment!r} is neither 'live' nor 'sandbox'.")
    below = str(root if root is not None else home() / "history").rstrip("/")
    return Store(files_at(f"{below}/{environment}", options), environment, account)


@dataclass(frozen=True, slots=True)
class Store:
    """Rows on disk, and what they cover. `open_store` makes one.

    Parameters of all methods: `kind` is one of klines, trades, orders, ledger, transfers,
    prints, quotes, book, gaps. `market` None is the whole account. `start` and `end` are
    anything pandas reads as a time (naive means UTC; `start` included, `end` not).
    """

    files: Files
    environment: str
    account: str = ""

    @property
    def path(self) -> str:
        """Where the files are."""
        return self.files.path

    def read(
        self,
        kind: str,
        venue: str,
        market: str | None,
        start: Any = None,
        end: Any = None,
        *,
        interval: str | int | None = None,
        columns: Sequence[str] | None = None,
        exact: bool = False,
    ) -> tuple[pd.DataFrame, Intervals]:
        """Return the stored rows of a time as a frame, and which part of it is not covered.

        Returns
        -------
        DataFrame
            What the client returns for this kind: the same columns, dtypes and order.
        Intervals
            What is missing, in microseconds since 1970; empty where the frame is complete.
            Without `start` it reaches back to 1970, without `end` on to 2200.

        Parameters
        ----------
        interval : str or int, optional
            Length of a candle; only candles have one.
        columns : sequence of str, optional
            Only these columns, and the time.
        exact : bool
            Decimals as decimal128(38, 18) instead of float64.

        Raises
        ------
        InvalidArgument
            For an argument that is not allowed.
        StorageError
            For a file that cannot be read; it says which and what to do.
        """
        table, missing = self.read_table(
            kind, venue, market, start, end, interval=interval, columns=columns, exact=exact
        )
        frame = layout.to_frame(kind, table)
        frame.attrs = {"environment": self.environment, "venues": [venue], "call": kind}
        if interval is not None:
            frame.attrs |= {"market": market, "interval": interval_seconds(interval)}
        return frame, missing

    def read_table(
        self,
        kind: str,
        venue: str,
        market: str | None,
        start: Any = None,
        end: Any = None,
        *,
        interval: str | int | None = None,
        columns: Sequence[str] | None = None,
        exact: bool = False,
    ) -> tuple[pa.Table, Intervals]:
        """Return the same as `read`, with the rows as an Arrow table."""
        shelf = self.shelf(kind, venue, market, interval)
        return shelf.read(span_of(start, end), columns, exact=exact)

    def write(
        self,
        kind: str,
        venue: str,
        market: str | None,
        data: Any,
        covered: Intervals | tuple[Any, Any],
        *,
        interval: str | int | None = None,
    ) -> None:
        """Store rows; inside `covered` they replace whatever was there.

        Once this returns, the rows survive a crash and a power loss. Writing the same
        again changes nothing.

        Parameters
        ----------
        data : DataFrame, pyarrow.Table or sequence of mappings
            Rows with exact numbers (``exact=True``). Equal rows are stored once; rows that
            differ are all kept, also where they share an id, except that a candle opens
            once and of one order the newest state (`updated_at`) is kept.
        covered : Intervals or (start, end)
            For which time `data` is complete. Every row lies in it.
        interval : str or int, optional
            Length of a candle.

        Raises
        ------
        InvalidArgument
            For rows outside `covered`, unfinished candles, floats; nothing was stored.
        StorageError
            Where the disk is full or the folder not writable; the files are as before, or
            (over several months) some of them are new already. Repeat it.
        """
        shelf = self.shelf(kind, venue, market, interval)
        shelf.replace(layout.as_table(kind, data), _covered(covered))

    def append(
        self, kind: str, venue: str, market: str | None, data: Any, covered: Intervals
    ) -> None:
        """Add rows of a recording behind those that are there; exactly once, if repeated.

        Parameters
        ----------
        data : DataFrame, pyarrow.Table or sequence of mappings
            In the order of `sequence`, which names a row: those up to the last one stored
            are stored already and left out.
        covered : Intervals
            When the recorder was listening.

        Raises
        ------
        StorageError
            As for `write`.
        """
        self.shelf(kind, venue, market).append(layout.as_table(kind, data), covered)

    def last_sequence(self, kind: str, venue: str, market: str | None) -> int:
        """Return the number of the last row of a recording; 0 where there is none."""
        return self.shelf(kind, venue, market).last_sequence()

    def coverage(self) -> pd.DataFrame:
        """Return what is stored: one row for every covered range of time.

        Returns
        -------
        DataFrame
            RangeIndex. Columns: venue, market (NA: the whole account), kind, interval
            (such as 1m; candles only), all str; start, end, both datetime64[us, UTC].
        """
        return inventory.coverage(self)

    def contents(self) -> pd.DataFrame:
        """Return the files.

        Returns
        -------
        DataFrame
            RangeIndex. Columns: venue, market, kind, interval, file, all str; rows, bytes,
            both Int64.
        """
        return inventory.contents(self)

    def gaps(self) -> pd.DataFrame:
        """Return the holes between the first and the last covered time of everything stored.

        Returns
        -------
        DataFrame
            RangeIndex. Columns: venue, market, kind, interval, all str; start, end, both
            datetime64[us, UTC]; reason, str (the recorder's own, or "not stored").
        """
        return inventory.gaps(self)

    def verify(self) -> pd.DataFrame:
        """Read everything and return what is wrong; an empty frame where all is well.

        Checked are: every file readable, of this environment and in its place; rows in
        order, once, inside their month and what is covered; the ids of different rows
        different; what trades and ledger say about the same orders equal.

        Returns
        -------
        DataFrame
            RangeIndex. Columns: file, finding, detail, all str.
        """
        return findings(self)

    def prune(
        self,
        before: Any = None,
        kind: str | None = None,
        market: str | None = None,
    ) -> pd.DataFrame:
        """Remove stored rows and what is said about their time; return what was removed.

        Returns
        -------
        DataFrame
            As `contents`, of the files that were removed or cut.

        Parameters
        ----------
        before : anything pandas reads as a time, optional
            Only what is older.
        kind, market : str, optional
            Only these.

        Raises
        ------
        InvalidArgument
            Without any argument: that would remove everything.
        """
        if before is None and kind is None and market is None:
            raise InvalidArgument("prune() without arguments would remove everything; say what.")
        return inventory.prune(self, span_of(None, before)[1], kind, market)

    def scan(
        self,
        kind: str,
        markets: str | Sequence[str | None],
        start: Any = None,
        end: Any = None,
        *,
        engine: str = "pandas",
        venue: str = "spot",
        interval: str | int | None = None,
    ) -> Any:
        """Return the stored rows of several markets in the form another engine reads.

        Returns
        -------
        DataFrame, polars.LazyFrame, duckdb.DuckDBPyRelation, dask.DataFrame or pyarrow Dataset
            By `engine`. The columns of the kind, before them venue and market where it has
            none. Candles have float64; other kinds too for pandas and dask, and exact
            decimals for the rest. All but pandas read when they are computed, and only what
            they need.

        Parameters
        ----------
        markets : str or sequence of str
            Which markets; None among them is the whole account.
        engine : {"pandas", "polars", "duckdb", "dask", "arrow"}
            What to return. All but pandas and arrow need ``pip install 'btcc_research[scale]'``.
        venue, interval
            As for `read`.

        Raises
        ------
        ConfigError
            Where the engine is not installed; it names the command that installs it.
        """
        names = [markets] if isinstance(markets, str) else list(markets)
        shelves = [self.shelf(kind, venue, market, interval) for market in names]
        return scan(shelves, span_of(start, end), engine)

    def shelf(
        self, kind: str, venue: str, market: str | None, interval: str | int | None = None
    ) -> Shelf:
        """Return the files of what these arguments name."""
        seconds = None if interval is None else interval_seconds(interval)
        account = self.account if kind in PRIVATE else ""
        series = Series(kind, venue, market, seconds, account)
        return Shelf(self.files, self.environment, series)


def _covered(given: Intervals | tuple[Any, Any]) -> Intervals:
    if isinstance(given, Intervals):
        return given
    start, end = given
    if start is None or end is None:
        raise InvalidArgument(
            f"covered=({start!r}, {end!r}): both ends are needed; without an end the future "
            "would count as known."
        )
    return Intervals([span_of(start, end)])


def span_of(start: Any, end: Any) -> Span:
    """Return times as people write them in microseconds; a side left out has no end."""
    first, last = time_range(start, end)
    return (
        EARLIEST if first is None else round(first * 1e6),
        LATEST if last is None else round(last * 1e6),
    )
