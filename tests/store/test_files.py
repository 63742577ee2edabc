"""Files: private, all or nothing, locked between processes, and elsewhere through fsspec."""

import errno
import os
import pickle
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from btcc_research.errors import ConfigError, StorageError
from btcc_research.store import open_store
from btcc_research.store.files import Held, LocalFiles, RemoteFiles, files_at, optional
from tests.store import data
from tests.store.data import START, at, span

MARKET = ("spot", "BTCUSDT")


def write(store, count=3, start=START):
    covered = span(start, start + 60 * count)
    store.write("klines", *MARKET, data.candles(count, start), covered, interval="1m")


def read(store, count=3):
    return store.read("klines", *MARKET, at(START), at(START + 60 * count), interval="1m")


def test_files_and_folders_are_for_this_user_alone(home):
    store = open_store("live")
    old = os.umask(0)
    try:
        write(store)
    finally:
        os.umask(old)
    for path in Path(home).rglob("*"):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_every_step_reaches_the_disk_in_the_order_that_survives_a_power_loss(tmp_path, monkeypatch):
    steps = []
    fsync, replace = os.fsync, Path.replace

    def noted_fsync(handle):
        steps.append("flush " + os.readlink(f"/proc/self/fd/{handle}").removeprefix(str(tmp_path)))
        fsync(handle)

    def noted_replace(self, target):
        steps.append(f"rename {self.name}")
        return replace(self, target)

    files = LocalFiles(tmp_path)
    files.write("a/old.parquet", b"old")
    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    files.write("a/b/new.parquet", b"new")
    assert steps == [
        "flush /a",
        "flush /a/b/.new.parquet.new",
        "rename .new.parquet.new",
        "flush /a/b",
    ]


# Where nothing can be written


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("step", ["open", "fsync", "replace"])
def test_a_full_or_failing_disk_leaves_the_version_before(tmp_path, monkeypatch, code, step):
    store = open_store("live", tmp_path)
    write(store)

    def fail(*_, **__):
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as broken:
        if step == "replace":
            broken.setattr(Path, "replace", fail)
        else:
            broken.setattr(os, step, fail)
        with pytest.raises(StorageError):
            write(store, 5)
    found, missing = read(store, 5)
    assert len(found) == 3
    assert missing
    assert not list(tmp_path.rglob("*.new"))
    write(store, 5)
    assert len(read(store, 5)[0]) == 5


LIMITED = """
import resource, signal, sys
from btcc_research.errors import StorageError
from btcc_research.store import open_store
from tests.store.test_files import write
store = open_store("live", sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
try:
    write(store, 2000)
except StorageError as problem:
    print(problem)
"""


def test_a_file_the_system_will_not_let_grow_is_a_clear_error(tmp_path):
    store = open_store("live", tmp_path)
    write(store)
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert "2026-01.parquet cannot be written: File too large" in done.stdout
    assert "unchanged" in done.stdout
    assert len(read(store)[0]) == 3


def test_an_unwritable_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(
        StorageError, match=r"file.*cannot be locked: (Not a directory|File exists)"
    ):
        write(open_store("live", tmp_path / "file"))


def test_an_error_says_what_to_do(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="check the disk's space and the folder's permissions"):
        write(open_store("live", tmp_path / "file"))


# Locks

HOLDER = """
import sys, time
from btcc_research.store.files import LocalFiles
from pathlib import Path
with LocalFiles(Path(sys.argv[1])).lock("spot/BTCUSDT/klines-1m"):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(root):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(root)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "held\n"
    return process


def test_a_lock_held_elsewhere_is_waited_for_and_then_named(tmp_path):
    process = holder(tmp_path)
    try:
        with (
            pytest.raises(Held, match="another process has held"),
            LocalFiles(tmp_path).lock("spot/BTCUSDT/klines-1m", wait=0.02),
        ):
            pass
        with LocalFiles(tmp_path).lock("spot/ETHUSDT/klines-1m", wait=0):
            pass
    finally:
        process.communicate("")


def test_a_lock_whose_process_was_killed_is_free(tmp_path):
    process = holder(tmp_path)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (tmp_path / "spot/BTCUSDT/klines-1m/.lock").exists()
    with LocalFiles(tmp_path).lock("spot/BTCUSDT/klines-1m", wait=0):
        pass


def test_what_a_killed_process_left_half_written_is_no_part_of_the_store(tmp_path):
    store = open_store("live", tmp_path)
    write(store)
    left = Path(store.path) / "spot/BTCUSDT/klines-1m/.2026-01.parquet.new"
    left.write_bytes(b"PAR1 half")
    assert len(read(store)[0]) == 3
    assert store.verify().empty
    write(store, 4)
    assert not left.exists()


# Elsewhere


@pytest.fixture
def remote(home):
    import fsspec

    system = fsspec.filesystem("memory")
    yield open_store("live", "memory://bucket/history")
    system.store.clear()


def test_a_store_elsewhere_holds_the_same(remote, tmp_path):
    local = open_store("live", tmp_path)
    for store in (remote, local):
        write(store, 4)
        write(store, 2, START + 31 * data.DAY)
        store.write(
            "klines", *MARKET, data.candles(1, price="7"), span(START, START + 60), interval="1m"
        )
    assert remote.path == "memory://bucket/history/live"
    assert remote.contents().equals(local.contents())
    assert remote.coverage().equals(local.coverage())
    names = local.contents()["file"]
    assert [remote.files.open(n).read() for n in names] == [
        local.files.open(n).read() for n in names
    ]
    assert read(remote, 4)[0].equals(read(local, 4)[0])
    assert remote.verify().empty
    assert len(remote.scan("klines", "BTCUSDT", interval="1m", engine="arrow").to_table()) == 6
    remote.prune(before=at(START + 31 * data.DAY))
    assert [name[-15:] for name in remote.contents()["file"]] == ["2026-02.parquet"]


def test_nothing_half_written_stays_elsewhere(remote):
    write(remote)
    system, path = remote.files._reach("spot/BTCUSDT/klines-1m")
    assert [name.rpartition("/")[2] for name in system.ls(path, detail=False)] == [
        "2026-01.parquet"
    ]


def test_the_lock_of_a_store_elsewhere_is_on_this_machine(remote, home):
    with remote.files.lock("a"):
        with pytest.raises(Held), remote.files.lock("a", wait=0):
            pass
        with remote.files.lock("b", wait=0):
            pass
    assert len(list((home / "locks").iterdir())) == 2


def test_the_root_decides_which_files_they_are(tmp_path):
    assert files_at(tmp_path) == LocalFiles(tmp_path)
    assert files_at("s3://bucket/x/", {"anon": True}) == RemoteFiles(
        "s3://bucket/x", {"anon": True}
    )
    assert "anon" not in repr(files_at("s3://bucket/x", {"key": "anon"}))


def test_files_go_to_workers(tmp_path):
    for files in (files_at(tmp_path), files_at("memory://x")):
        assert pickle.loads(pickle.dumps(files)) == files


def test_a_package_that_is_not_installed_is_named_with_its_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(ConfigError, match=r"pip install 'btcc_research\[scale\]'"):
        files_at("memory://x").names("a")
    assert optional("json", "nothing").loads("1") == 1
