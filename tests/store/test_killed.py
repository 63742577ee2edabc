"""kill -9 anywhere: what was acknowledged is there, every file is readable, all can go on."""

import os
import random
import re
import shutil
import subprocess
import sys

import pytest

from btcc_research.store import open_journal, open_store
from btcc_research.store.intervals import Intervals
from tests.store import children
from tests.store.children import STEPS, STREAM, write_step

CHILD = [sys.executable, "-m", "tests.store.children"]
WRITING = "openat,write,fsync,fdatasync,rename,mkdir,unlink,close,flock,ftruncate,pwrite64"
SEED = 20_260_101


def files_of(store):
    return {name: bytes(store.files.open(name).read()) for name in store.contents()["file"]}


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """The bytes of every file after each step, as a run that nobody ends leaves them."""
    store = open_store("sandbox", tmp_path_factory.mktemp("reference"))
    states = [{}]
    for number in range(STEPS):
        write_step(store, number)
        states.append(files_of(store))
    return states


def run(action, root, prefix=(), **environment):
    """Run a child; return the last step it acknowledged, and whether it was killed."""
    done = subprocess.run(
        [*prefix, *CHILD, action, str(root)],
        capture_output=True,
        check=False,
        env={**os.environ, **environment},
        text=True,
    )
    killed = done.returncode in (-9, 137)
    assert killed or done.returncode == 0, done.stderr
    return int((done.stdout.split() or ["-1"])[-1]), killed


def quiet(number):
    """Acknowledge to nobody."""


def check_writes(root, acknowledged, reference):
    """Each file is as after the last acknowledged step, or as the next step leaves it."""
    store = open_store("sandbox", root)
    before, after = reference[acknowledged + 1], reference[min(acknowledged + 2, STEPS)]
    found = files_of(store)
    assert found.keys() >= before.keys()
    for name, content in found.items():
        assert content in (before.get(name), after.get(name)), name
    assert store.verify().empty


def check_killed_writes(root, reference, prefix=(), **environment):
    acknowledged, killed = run("write", root, prefix, **environment)
    check_writes(root, acknowledged, reference)
    children.write(root, acknowledge=quiet)
    assert files_of(open_store("sandbox", root)) == reference[-1]
    return killed


@pytest.mark.parametrize(
    "place",
    ["open:0", "open:7", "fsync:1", "fsync:9", "replace:3", "fsync:20"],
)
def test_a_write_that_was_killed_at_a_step_is_as_before_or_as_after(tmp_path, reference, place):
    assert check_killed_writes(tmp_path, reference, KILL_AT=place)


def check_recording(root, acknowledged):
    """All acknowledged rows are there, once, and recording goes on to the same end."""
    journal = open_journal(open_store("sandbox", root))
    rows = journal.read(STREAM)
    assert rows["id"].tolist() == list(range(len(rows)))
    assert len(rows) >= (acknowledged + 1) * 10
    assert len(rows) % 10 == 0  # a batch is there whole or not at all
    assert journal.store.verify().empty


def spans(frame):
    return Intervals((row.start.value, row.end.value) for row in frame.itertuples())


def check_killed_recording(root, prefix=(), **environment):
    acknowledged, killed = run("record", root, prefix, **environment)
    check_recording(root, acknowledged)
    children.record(root, acknowledge=quiet)
    store = open_store("sandbox", root)
    rows, _ = store.read("prints", *children.MARKET)
    assert rows["id"].tolist() == list(range(STEPS * 10))
    assert rows["sequence"].tolist() == list(range(1, STEPS * 10 + 1))
    assert open_journal(store).pending(STREAM).num_rows == 0
    assert store.verify().empty
    covered, gaps = spans(store.coverage().query("kind == 'prints'")), spans(store.gaps())
    assert not covered & gaps
    assert len(covered | gaps) == 1  # what is not covered is a gap with a reason
    assert set(store.gaps()["reason"]) <= {"the recorder was not running"}
    return killed


@pytest.mark.parametrize("place", ["open:0", "fsync:8", "replace:1", "replace:2"])
def test_a_recorder_that_was_killed_lost_nothing_and_goes_on(tmp_path, place):
    assert check_killed_recording(tmp_path, KILL_AT=place)


# The whole campaign: every system call of the writing is a place to die.


def system_calls(action, root):
    """Return each system call after the start of the work as (name, how many-th of its name)."""
    log = root / "calls"
    run(action, root / "store", ["strace", "-e", f"trace={WRITING}", "-o", str(log)])
    counts, found, begun = {}, [], False
    for line in log.read_text().splitlines():
        match = re.match(r"(\w+)\(", line)
        if match is None:
            continue
        name = match[1]
        counts[name] = counts.get(name, 0) + 1
        begun = begun or 'write(1, "-1' in line
        if begun:
            found.append((name, counts[name]))
    assert len(found) > 100
    return found


def places(action, tmp_path, count):
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: apt-get install strace")
    (tmp_path / "store").mkdir()
    return random.Random(SEED).choices(system_calls(action, tmp_path), k=count)


def killing(name, number):
    """Trace only this process: the signal that strace sends ends it before the call."""
    inject = f"inject={name}:signal=KILL:when={number}"
    return ["strace", "-o", "/dev/null", "-e", f"trace={name}", "-e", inject]


@pytest.mark.slow
def test_two_hundred_writes_killed_at_random_system_calls(tmp_path, reference):
    killed = 0
    for number, place in enumerate(places("write", tmp_path, 200)):
        root = tmp_path / str(number)
        killed += check_killed_writes(root, reference, killing(*place))
        shutil.rmtree(root)
    assert killed >= 190


@pytest.mark.slow
def test_a_hundred_recorders_killed_at_random_system_calls(tmp_path):
    killed = 0
    for number, place in enumerate(places("record", tmp_path, 100)):
        root = tmp_path / str(number)
        killed += check_killed_recording(root, killing(*place))
        shutil.rmtree(root)
    assert killed >= 95
