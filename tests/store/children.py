"""Processes the tests start: they write, say what is acknowledged, and are killed."""

import os
import signal
import sys
from pathlib import Path

from btcc_research.store import Stream, open_journal, open_store
from btcc_research.store.intervals import Intervals
from tests.store import data
from tests.store.data import DAY, START, span

MARKET = ("spot", "BTCUSDT")
STREAM = Stream("prints", *MARKET)
STEPS = 12
# Writes cross the turn of a month, so that one write is several files.
TURN = START + 31 * DAY


def acknowledge(number):
    os.write(1, f"{number}\n".encode())


def write_step(store, number):
    """One acknowledged write: candles, executions or orders, by turns."""
    begin = TURN + (number - STEPS // 2) * 3600
    end = begin + 4 * 3600  # the next write of this kind replaces the last hour
    kind = number % 3
    if kind == 0:
        candles = data.candles(240, begin, price=f"{number + 1}.25")
        store.write("klines", *MARKET, candles, span(begin, end), interval="1m")
    elif kind == 1:
        rows = [data.trade(number * 100 + n, begin + n * 60) for n in range(240)]
        store.write("trades", *MARKET, rows, span(begin - 90 * DAY * (number == 1), end))
    else:
        rows = [data.order(number * 100 + n, begin + n * 60) for n in range(240)]
        store.write("orders", *MARKET, rows, span(begin, end))


def record_step(recorder, number):
    """One acknowledged batch; every few batches move to the store."""
    now = TURN - 20 + number * 5
    rows = [
        {"time": now + n / 10, "id": number * 10 + n, "price": "1.5", "amount": "2"}
        for n in range(10)
    ]
    recorder.append({STREAM: rows}, now)
    return now


def write(root, acknowledge=acknowledge):
    """Write all steps."""
    store = open_store("sandbox", root)
    acknowledge(-1)
    for number in range(STEPS):
        write_step(store, number)
        acknowledge(number)


def record(root, acknowledge=acknowledge):
    """Record all batches that are not there yet."""
    journal = open_journal(open_store("sandbox", root))
    known = len(journal.read(STREAM)) // 10
    acknowledge(-1)
    recorder = journal.record([STREAM], TURN - 20 + known * 5)
    for number in range(known, STEPS):
        now = record_step(recorder, number)
        acknowledge(number)
        if number % 4 == 3:
            recorder.compact(now)
    recorder.close(now if known < STEPS else TURN + 100)


def commit(root, first, count):
    """Many small commits, one execution each."""
    store = open_store("sandbox", root)
    for number in range(int(first), int(first) + int(count)):
        moment = START * 1_000_000 + number
        covered = Intervals([(moment, moment + 1)])
        record = data.trade(number, START + number / 1_000_000)
        store.write("trades", *MARKET, [record], covered)


def kill_at(place):
    """End this process, as by kill -9, before the system calls of a write: ``name:number``."""
    name, number = place.split(":")
    left = [int(number)]
    owner = Path if name == "replace" else os
    real = getattr(owner, name)

    def step(*arguments, **named):
        path = str(arguments[0])
        if name != "open" or ".new" in path:
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **named)

    setattr(owner, name, step)


if __name__ == "__main__":
    action, *arguments = sys.argv[1:]
    if os.environ.get("KILL_AT"):
        kill_at(os.environ["KILL_AT"])
    {"write": write, "record": record, "commit": commit}[action](*arguments)
