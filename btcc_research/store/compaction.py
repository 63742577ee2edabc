"""Moves what a journal holds to the store: rows, what was listened to, gaps.

Every step can be ended anywhere and done again: the store leaves out rows it has, time
that is covered stays covered, equal gaps are one gap.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing

import pyarrow as pa

from btcc_research.store.intervals import Intervals, Span
from btcc_research.store.journal_file import Batch, Stream, decoded, transaction
from btcc_research.store.shelf import PART_ROWS
from btcc_research.store.store import Store


def compact(database: sqlite3.Connection, store: Store, stream: Stream, settled: int) -> int:
    """Move what is there of a stream; return how many rows moved.

    Time up to `settled` that was listened to is then covered.
    """
    name = (stream.kind, stream.venue, stream.market)
    asked = "SELECT id FROM streams WHERE kind = ? AND venue = ? AND market = ?"
    found = database.execute(asked, name).fetchone()
    if found is None:
        return 0
    (number,) = found
    spans = _unclaimed(database, number, settled)
    moved, is_last = 0, False
    while not is_last:
        batches, is_last = _oldest(database, number)
        claimed = spans if is_last else {}  # what is covered is said with the last of its rows
        if batches or claimed:
            store.append(*name, decoded(stream, batches), Intervals(claimed.values()))
            _forget(database, number, batches, claimed)
        moved += sum(count for _, count, _ in batches)
    _move_gaps(database, store, stream, number)
    return moved


def _unclaimed(database: sqlite3.Connection, number: int, settled: int) -> dict[int, Span]:
    """Return what a stream was listened to and the store does not know yet."""
    asked = (
        "SELECT id, start, min(end, ?) AS until FROM listened WHERE stream = ? AND start < until"
    )
    rows = database.execute(asked, (settled, number)).fetchall()
    return {row: (start, end) for row, start, end in rows}


def _oldest(database: sqlite3.Connection, number: int) -> tuple[list[Batch], bool]:
    """Return the oldest batches, as many as memory should hold, and whether these are all."""
    asked = "SELECT first, count, rows FROM batches WHERE stream = ? ORDER BY first"
    batches, held = [], 0
    with closing(database.execute(asked, (number,))) as found:
        for batch in found:
            batches.append(batch)
            held += batch[1]
            if held >= PART_ROWS:
                return batches, False
    return batches, True


def _forget(
    database: sqlite3.Connection, number: int, batches: Sequence[Batch], claimed: dict[int, Span]
) -> None:
    """Remove what the store has now; the last time of listening stays, to tell the next gap."""
    with transaction(database):
        if batches:
            database.execute(
                "DELETE FROM batches WHERE stream = ? AND first <= ?", (number, batches[-1][0])
            )
        for row, (_, end) in claimed.items():
            database.execute("UPDATE listened SET start = max(start, ?) WHERE id = ?", (end, row))
        database.execute(
            "DELETE FROM listened WHERE stream = ?1 AND start >= end"
            " AND id < (SELECT max(id) FROM listened WHERE stream = ?1)",
            (number,),
        )


def _move_gaps(database: sqlite3.Connection, store: Store, stream: Stream, number: int) -> None:
    asked = "SELECT id, start, end, reason FROM gaps WHERE stream = ? AND end IS NOT NULL"
    found = database.execute(asked, (number,)).fetchall()
    if not found:
        return
    times = pa.timestamp("us", "UTC")
    rows = {
        "start": pa.array([start for _, start, _, _ in found], times),
        "end": pa.array([end for _, _, end, _ in found], times),
        "stream": [stream.kind] * len(found),
        "reason": [reason for _, _, _, reason in found],
    }
    store.write("gaps", stream.venue, stream.market, pa.table(rows), Intervals())
    with transaction(database):
        database.executemany("DELETE FROM gaps WHERE id = ?", [(row,) for row, *_ in found])
