"""The journal's file: its tables, how it is opened, and rows as it keeps them."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from btcc_research.errors import InvalidArgument, StorageError
from btcc_research.store import layout
from btcc_research.store.files import flush_folder, make_private
from btcc_research.store.series import RECORDED

WAIT_SECONDS = 30.0
Batch = tuple[int, int, bytes]
"""The number of the first row, how many rows there are, and the rows."""

_TABLES = """
CREATE TABLE IF NOT EXISTS streams (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, venue TEXT NOT NULL, market TEXT NOT NULL,
    next INTEGER NOT NULL DEFAULT 1, process INTEGER,
    UNIQUE (kind, venue, market));
CREATE TABLE IF NOT EXISTS batches (
    stream INTEGER NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL,
    rows BLOB NOT NULL, PRIMARY KEY (stream, first));
CREATE TABLE IF NOT EXISTS listened (
    id INTEGER PRIMARY KEY, stream INTEGER NOT NULL, start INTEGER NOT NULL,
    end INTEGER NOT NULL, is_open INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS gaps (
    id INTEGER PRIMARY KEY, stream INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER,
    reason TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Stream:
    """What is recorded: prints, quotes or the book of a market."""

    kind: str
    venue: str
    market: str

    def __post_init__(self) -> None:
        if self.kind not in RECORDED:
            raise InvalidArgument(f"kind={self.kind!r} is not one of {', '.join(RECORDED)}.")

    def __str__(self) -> str:
        return f"{self.kind} of {self.venue} {self.market}"


def connect(path: Path) -> sqlite3.Connection:
    """Open the journal, for this user alone, flushed at every commit."""
    with using(path):
        if not path.exists():
            make_private(path.parent)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            flush_folder(path.parent)
        database = sqlite3.connect(
            path, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            database.executescript(_TABLES)
        except BaseException:
            database.close()
            raise
    return database


@contextmanager
def writing(database: sqlite3.Connection, path: Path) -> Iterator[sqlite3.Connection]:
    """Change the journal, all or nothing, with errors that name its file."""
    with using(path), transaction(database):
        yield database


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """Change the journal, all or nothing; it is on the disk once this is left."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


@contextmanager
def using(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and the system into ours.

    Raises
    ------
    StorageError
        Where the disk is full, the file not writable or damaged.
    """
    try:
        yield
    except (sqlite3.Error, OSError) as problem:
        raise StorageError(
            f"the journal {path} cannot be used: {problem}. Nothing that was acknowledged is "
            "lost; check the disk's space and the folder's permissions, then start again."
        ) from problem


def encoded(table: pa.Table) -> bytes:
    """Return rows as an Arrow stream, which says their columns itself."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    encoded: bytes = sink.getvalue().to_pybytes()
    return encoded


def decoded(stream: Stream, batches: Iterable[Batch]) -> pa.Table:
    """Return the rows of batches; columns that were declared later are NA."""
    schema = layout.schema_of(stream.kind)
    tables = [pa.ipc.open_stream(rows).read_all() for _, _, rows in batches]
    return pa.concat_tables(
        [schema.empty_table(), *(layout.fitted(table, schema) for table in tables)]
    )
