"""A long recording keeps the memory flat, and the journal too. Time is virtual."""

import subprocess
import sys

import pytest

# Runs in a process of its own, so that only the recording is measured.
RECORDING = """
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa

from btcc_research.store import Stream, open_journal, open_store
from tests.store.data import START, at

root, seconds, batch = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
RATE = 2_000
BOOK = Stream("book", "spot", "BTCUSDT")
EXACT = pa.decimal128(38, 18)
store = open_store("sandbox", root)
journal = open_journal(store)
rng = np.random.default_rng(1)
count = RATE * batch
prices = pa.array(rng.integers(5_900_000, 6_100_000, count)).cast(pa.string())
prices = pa.array([f"{text[:-2]}.{text[-2:]}" for text in prices.to_pylist()]).cast(EXACT)
amounts = pa.array(rng.integers(0, 1000, count)).cast(EXACT)
sides = pa.array(np.where(rng.random(count) < 0.5, "bid", "ask"))


def changes(now):
    times = pa.array((now * 1_000_000 + np.arange(count) * (1_000_000 // RATE)).astype("int64"))
    return pa.table(
        {"time": times.cast(pa.timestamp("us", "UTC")), "side": sides, "price": prices, "amount": amounts}
    )


def memory():
    return int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0]) / 1024


recorded = 0
with journal.record([BOOK], START) as recorder:
    for second in range(0, seconds, batch):
        now = START + second
        recorder.append({BOOK: changes(now)}, now + batch)
        recorded += count
        if second % 60 == 0:
            recorder.compact(now + batch)
            print(round(memory(), 1), pa.total_allocated_bytes(), journal.path.stat().st_size, flush=True)
            if second and second % 3600 == 0:  # a disk keeps all; this test's need not
                store.prune(before=at(now - 3600), kind="book")
    recorder.close(START + seconds)
assert store.last_sequence("book", "spot", "BTCUSDT") == recorded
kept = store.contents().query("kind == 'book'")["rows"].sum()
print("rows", kept, recorded, flush=True)
"""


def record(root, seconds, batch):
    """Return memory in MiB, Arrow's and the journal's bytes once a minute, and rows."""
    done = subprocess.run(
        [sys.executable, "-c", RECORDING, str(root), str(seconds), str(batch)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    *minutes, (_, *rows) = [line.split() for line in done.stdout.splitlines()]
    memory, arrow, journal = (
        [float(each) for each in column] for column in zip(*minutes, strict=True)
    )
    return memory, arrow, journal, [int(count) for count in rows]


def check_flat(memory, arrow, journal):
    """From the time on when a file is full, nothing grows."""
    settled = len(memory) // 4
    assert max(arrow[settled:]) == max(arrow[:settled])
    assert max(journal) <= 2 * max(journal[:settled])
    # What the allocators keep goes up and down by itself.
    assert max(memory[settled:]) <= max(memory[:settled]) + 48


def test_some_minutes_at_two_thousand_changes_a_second_keep_memory_flat(tmp_path):
    memory, arrow, journal, rows = record(tmp_path, 1_200, 5)
    assert rows == [2_400_000, 2_400_000]
    check_flat(memory, arrow, journal)


@pytest.mark.slow
def test_a_day_at_two_thousand_changes_a_second_keeps_memory_flat(tmp_path):
    memory, arrow, journal, (_, recorded) = record(tmp_path, 86_400, 60)
    assert recorded == 86_400 * 2_000
    check_flat(memory, arrow, journal)
