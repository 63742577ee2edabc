"""The recorder's journal: rows are safe once `append` returns, and move to Parquet later.

SQLite with a write-ahead log, flushed to the disk at every commit: a crash or a power loss
takes nothing that was acknowledged. Rows get a number when they come in; the Parquet file
says which number it holds last, so moving them is done exactly once, however often it is
begun. What the recorder did not hear is a row as well.

Time is an argument, and nothing here runs by itself.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from btcc_research.errors import InvalidArgument, StorageError
from btcc_research.settings import home
from btcc_research.store import layout
from btcc_research.store.compaction import compact
from btcc_research.store.files import Held, LocalFiles
from btcc_research.store.journal_file import (
    Stream,
    connect,
    decoded,
    encoded,
    using,
    writing,
)
from btcc_research.store.rows import of_time
from btcc_research.store.store import Store, span_of

NOT_RUNNING = "the recorder was not running"
SETTLED_SECONDS = 60.0
"""A stream that broke is noticed later; younger time is not yet said to be covered."""


def open_journal(store: Store, path: Path | None = None) -> Journal:
    """Return the journal of a store.

    Parameters
    ----------
    store : Store
        Where the rows end up.
    path : Path, optional
        The file; left out: beside the store's own files, or in this package's folder where
        the store is elsewhere.
    """
    return Journal(store, _beside(store) if path is None else path)


@dataclass(frozen=True, slots=True)
class Journal:
    """A journal file and the store its rows move to; `open_journal` makes one."""

    store: Store
    path: Path

    def record(self, streams: Iterable[Stream], now: float) -> Recorder:
        """Begin to record; since the last time, there is a gap.

        Parameters
        ----------
        streams : iterable of Stream
            What this process will record. No other one can record it meanwhile.
        now : float
            Unix seconds, by the clock the rows' times follow.

        Raises
        ------
        StorageError
            Where another process records one of them (it says which process); a lock left
            behind by one that died is no obstacle.
        """
        return Recorder(self, sorted(set(streams), key=str), _ticks(now))

    def pending(self, stream: Stream) -> pa.Table:
        """Return the acknowledged rows that have not moved to the store yet."""
        with closing(connect(self.path)) as database, using(self.path):
            found = database.execute(
                "SELECT first, count, rows FROM batches JOIN streams ON id = stream"
                " WHERE kind = ? AND venue = ? AND market = ? ORDER BY first",
                (stream.kind, stream.venue, stream.market),
            ).fetchall()
        return decoded(stream, found)

    def read(
        self, stream: Stream, start: Any = None, end: Any = None, *, exact: bool = False
    ) -> pd.DataFrame:
        """Return all acknowledged rows of a time, whether they have moved or not.

        Returns
        -------
        DataFrame
            As `Store.read`, in the order the rows came.
        """
        waiting = self.pending(stream)  # first: a row that moves meanwhile is then seen twice
        shelf = self.store.shelf(stream.kind, stream.venue, stream.market)
        wanted = span_of(start, end)
        stored, _ = shelf.read(wanted, exact=exact)
        moved = pc.is_in(waiting.column("sequence"), stored.column("sequence").combine_chunks())
        waiting = of_time(waiting.filter(pc.invert(moved)), stream.kind, wanted)
        both = pa.concat_tables([stored, layout.fitted(waiting, stored.schema)])
        return layout.to_frame(stream.kind, both.sort_by("sequence"))

    def compact(self, streams: Iterable[Stream], now: float) -> int:
        """Move acknowledged rows, what was listened to and the gaps to the store.

        May run beside a recorder, in any thread or process, and be ended at any moment:
        the next time finishes it, and nothing is there twice.

        Parameters
        ----------
        streams : iterable of Stream
            Which ones.
        now : float
            Unix seconds. The last minute is not yet said to be covered.

        Returns
        -------
        int
            How many rows moved.
        """
        settled = _ticks(now - SETTLED_SECONDS)
        with closing(connect(self.path)) as database, using(self.path):
            moved = sum(compact(database, self.store, each, settled) for each in streams)
        # A recorder runs for weeks; what Arrow keeps for later would look like a leak.
        pa.default_memory_pool().release_unused()
        return moved


class Recorder:
    """A running recording, as `Journal.record` returns it; a context manager.

    Leaving the context lets the streams go. `close` in addition says until when they were
    listened to and moves everything to the store.
    """

    def __init__(self, journal: Journal, streams: Sequence[Stream], now: int) -> None:
        self._journal = journal
        self._held = ExitStack()
        try:
            for stream in streams:
                self._hold(stream)
            self._database = self._held.enter_context(closing(connect(journal.path)))
            with writing(self._database, journal.path):
                self._ids = {each: _begin(self._database, each, now) for each in streams}
            self._next = {each: self._first_number(each) for each in streams}
        except BaseException:
            self._held.close()
            raise

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held.close()

    def append(self, rows: Mapping[Stream, Any], now: float) -> None:
        """Write rows of any of the streams; once this returns, they are safe.

        Also without rows it says that all streams that have no gap at the moment were
        listened to until now, so call it about every second.

        Parameters
        ----------
        rows : mapping of Stream to DataFrame, pyarrow.Table or sequence of mappings
            The columns of the kind but `sequence`, numbers exact or as texts; `received`
            is `now` where it is missing.
        now : float
            Unix seconds.

        Raises
        ------
        InvalidArgument
            For rows that are not what the kind declares, or of another stream; none were
            written.
        StorageError
            Where the disk is full: none were written. Stop; the next start notes the gap.
        """
        for stream in rows.keys() - self._ids.keys():
            raise InvalidArgument(f"the {stream} is not among what this recorder records.")
        moment = _ticks(now)
        after = dict(self._next)
        batches = []
        for stream, data in rows.items():
            table = _numbered(stream.kind, data, self._next[stream], moment)
            if table.num_rows:
                after[stream] += table.num_rows
                batches.append(
                    (self._ids[stream], self._next[stream], table.num_rows, encoded(table))
                )
        numbers = [(after[stream], self._ids[stream]) for stream in rows]
        listening = [(moment, number) for number in self._ids.values()]
        with writing(self._database, self._journal.path) as database:
            database.executemany("INSERT INTO batches VALUES (?, ?, ?, ?)", batches)
            database.executemany("UPDATE streams SET next = ? WHERE id = ?", numbers)
            database.executemany(
                "UPDATE listened SET end = max(end, ?) WHERE stream = ? AND is_open", listening
            )
        self._next = after

    def begin_gap(self, stream: Stream, start: float, reason: str) -> None:
        """Note that a stream was heard until a moment, and is not until `end_gap`."""
        values = (_ticks(start), self._ids[stream])
        with writing(self._database, self._journal.path) as database:
            database.execute(
                "INSERT INTO gaps (start, stream, reason) VALUES (?, ?, ?)", (*values, reason)
            )
            database.execute(
                "UPDATE listened SET is_open = 0, end = max(start, ?) WHERE stream = ? AND is_open",
                values,
            )

    def end_gap(self, stream: Stream, end: float) -> None:
        """Note that a stream is heard again."""
        with writing(self._database, self._journal.path) as database:
            _listen(database, self._ids[stream], _ticks(end))

    def compact(self, now: float) -> int:
        """Move what was recorded to the store, as `Journal.compact`."""
        return self._journal.compact(self._ids, now)

    def close(self, now: float) -> None:
        """Stop: all was listened to until now; move everything to the store."""
        self.append({}, now)
        with writing(self._database, self._journal.path) as database:
            database.executemany(
                "UPDATE listened SET is_open = 0 WHERE stream = ?",
                [(number,) for number in self._ids.values()],
            )
        self._journal.compact(self._ids, now + SETTLED_SECONDS)
        self._held.close()

    def _hold(self, stream: Stream) -> None:
        store = self._journal.store
        folder = store.shelf(stream.kind, stream.venue, stream.market).series.folder
        try:
            self._held.enter_context(store.files.lock(folder, ".recorder.lock", wait=0))
        except Held:
            process = _process_of(self._journal.path, stream)
            raise StorageError(
                f"process {process} records the {stream} already; stop it first."
            ) from None

    def _first_number(self, stream: Stream) -> int:
        """Return the next row's number, above all that the journal and the store have."""
        asked = "SELECT next FROM streams WHERE id = ?"
        (known,) = self._database.execute(asked, (self._ids[stream],)).fetchone()
        stored = self._journal.store.last_sequence(stream.kind, stream.venue, stream.market)
        return max(int(known), stored + 1)


def _begin(database: sqlite3.Connection, stream: Stream, now: int) -> int:
    """Register a stream and note the gap since it was last listened to; return its number."""
    name = (stream.kind, stream.venue, stream.market)
    database.execute("INSERT OR IGNORE INTO streams (kind, venue, market) VALUES (?, ?, ?)", name)
    (number,) = database.execute(
        "UPDATE streams SET process = ? WHERE kind = ? AND venue = ? AND market = ? RETURNING id",
        (os.getpid(), *name),
    ).fetchone()
    asked = "SELECT max(end) FROM listened WHERE stream = ?"
    (last,) = database.execute(asked, (number,)).fetchone()
    asked = "SELECT count(*) FROM gaps WHERE stream = ? AND end IS NULL"
    (open_gaps,) = database.execute(asked, (number,)).fetchone()
    if last is not None and last < now and not open_gaps:
        database.execute(
            "INSERT INTO gaps (stream, start, reason) VALUES (?, ?, ?)",
            (number, last, NOT_RUNNING),
        )
    _listen(database, number, now)
    return int(number)


def _listen(database: sqlite3.Connection, number: int, now: int) -> None:
    """End the open gaps of a stream; from now on it is heard."""
    database.execute(
        "UPDATE gaps SET end = max(start, ?) WHERE stream = ? AND end IS NULL", (now, number)
    )
    database.execute("UPDATE listened SET is_open = 0 WHERE stream = ?", (number,))
    database.execute(
        "INSERT INTO listened (stream, start, end, is_open) VALUES (?, ?, ?, 1)",
        (number, now, now),
    )


def _numbered(kind: str, data: Any, first: int, now: int) -> pa.Table:
    """Return rows as the kind declares them, numbered, with the time they came."""
    table = layout.as_table(kind, data)
    names = table.column_names
    numbers = pa.array(np.arange(first, first + table.num_rows))
    table = table.set_column(names.index("sequence"), "sequence", numbers)
    received = table.column("received").fill_null(pa.scalar(now, pa.timestamp("us", "UTC")))
    return table.set_column(names.index("received"), "received", received)


def _beside(store: Store) -> Path:
    if isinstance(store.files, LocalFiles):
        return store.files.root / "journal.sqlite"
    digest = hashlib.sha256(store.path.encode()).hexdigest()[:32]
    return home() / "journals" / f"{digest}.sqlite"


def _process_of(path: Path, stream: Stream) -> int | None:
    with closing(connect(path)) as database:
        asked = "SELECT process FROM streams WHERE kind = ? AND venue = ? AND market = ?"
        found = database.execute(asked, (stream.kind, stream.venue, stream.market)).fetchone()
    return None if found is None else found[0]


def _ticks(seconds: float) -> int:
    return round(seconds * 1_000_000)
