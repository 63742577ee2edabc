"""Files of a store: replaced all or nothing, confined to its root, locked between processes.

On this machine's disk a file is written beside, flushed to the disk and renamed, then its
folder is flushed: after a crash or a power loss there is the old version or the new one.
Anywhere else `fsspec` moves it into place.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any, Protocol

from filelock import FileLock, Timeout

from btcc_research.errors import ConfigError, StorageError
from btcc_research.settings import home

WAIT_SECONDS = 120.0
_POLL_SECONDS = 0.005
_OURS = re.compile(r"(\d{4}-\d\d(-\d{6})?|without-rows)\.parquet")


class Held(StorageError):
    """Another process stays in a lock."""


class Files(Protocol):
    """Where a store keeps its files. Names are relative, parts separated by ``/``.

    Both kinds can be pickled, so that workers of a cluster open the same files.
    """

    @property
    def path(self) -> str:
        """The root, as other tools want it."""

    def open(self, name: str) -> Any:
        """Return a file to read, or None where there is none."""

    def write(self, name: str, data: Any) -> None:
        """Replace a file, all or nothing."""

    def names(self, folder: str) -> list[str]:
        """Return the names of the Parquet files in a folder, sorted."""

    def folders(self) -> list[str]:
        """Return the folders that hold Parquet files, sorted."""

    def size(self, name: str) -> int:
        """Return a file's bytes."""

    def remove(self, name: str) -> None:
        """Remove a file."""

    def arrow(self) -> tuple[Any, str]:
        """Return the root as Arrow knows it: a file system and a path in it."""

    def lock(self, folder: str, name: str = ".lock", wait: float = WAIT_SECONDS) -> Any:
        """Return a context that no other process on this machine is in.

        Raises
        ------
        Held
            Where another one stays in it for longer than `wait` seconds.
        """


@dataclass(frozen=True, slots=True)
class LocalFiles:
    """A folder on this machine; files have mode 0600, folders 0700."""

    root: Path

    @property
    def path(self) -> str:
        """The root, as other tools want it."""
        return str(self.root)

    def open(self, name: str) -> Any:
        """Return a file to read, or None where there is none."""
        import pyarrow as pa  # noqa: PLC0415 (heavy: loaded when used)

        with storing(self._inside(name), "read"):
            try:
                return pa.OSFile(str(self._inside(name)))
            except FileNotFoundError:
                return None

    def write(self, name: str, data: Any) -> None:
        """Replace a file, all or nothing, and flush it to the disk."""
        path = self._inside(name)
        beside = path.with_name(f".{path.name}.new")
        with storing(path, "written"):
            make_private(path.parent)
            try:
                _write_flushed(beside, data)
                beside.replace(path)
            except OSError:
                with suppress(OSError):
                    beside.unlink()
                raise
            flush_folder(path.parent)

    def names(self, folder: str) -> list[str]:
        """Return the names of the Parquet files in a folder, sorted."""
        path = self._inside(folder)
        with storing(path, "read"):
            try:
                return sorted(n for n in os.listdir(path) if _is_ours(n))
            except FileNotFoundError:
                return []

    def folders(self) -> list[str]:
        """Return the folders that hold Parquet files, sorted."""
        with storing(self.root, "read"):
            found = {path.parent for path in self.root.glob("*/*/*/*.parquet")}
        return sorted(path.relative_to(self.root).as_posix() for path in found)

    def size(self, name: str) -> int:
        """Return a file's bytes."""
        with storing(self._inside(name), "read"):
            return self._inside(name).stat().st_size

    def remove(self, name: str) -> None:
        """Remove a file, for good."""
        path = self._inside(name)
        with storing(path, "removed"):
            path.unlink(missing_ok=True)
            flush_folder(path.parent)

    def arrow(self) -> tuple[Any, str]:
        """Return the root as Arrow knows it: a file system and a path in it."""
        from pyarrow.fs import LocalFileSystem  # noqa: PLC0415 (heavy: loaded when used)

        return LocalFileSystem(), str(self.root)

    @contextmanager
    def lock(self, folder: str, name: str = ".lock", wait: float = WAIT_SECONDS) -> Iterator[None]:
        """Keep other processes out of a folder of this store."""
        path = self._inside(f"{folder}/{name}")
        with storing(path, "locked"):
            make_private(path.parent)
        with _locked(path, wait):
            yield

    def _inside(self, name: str) -> Path:
        """Return the path of a name, which never leads out of the root."""
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or "\0" in name:
            raise StorageError(f"{name!r} is not a name inside the store.")
        return self.root / name


@dataclass(frozen=True, slots=True)
class RemoteFiles:
    """A place `fsspec` reaches, such as ``s3://bucket/history``.

    The lock keeps processes of this machine apart; of several machines one may write.
    """

    url: str
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def path(self) -> str:
        """The root, as other tools want it."""
        return self.url

    def open(self, name: str) -> Any:
        """Return a file to read, or None where there is none."""
        system, path = self._reach(name)
        with storing(path, "read"):
            try:
                return system.open(path, "rb")
            except FileNotFoundError:
                return None

    def write(self, name: str, data: Any) -> None:
        """Replace a file: written under another name, then moved."""
        system, path = self._reach(name)
        folder, _, last = path.rpartition("/")
        beside = f"{folder}/.{last}.{os.getpid()}.new"
        with storing(path, "written"):
            system.makedirs(folder, exist_ok=True)
            system.pipe_file(beside, bytes(data))
            system.mv(beside, path)

    def names(self, folder: str) -> list[str]:
        """Return the names of the Parquet files in a folder, sorted."""
        system, path = self._reach(folder)
        with storing(path, "read"):
            system.invalidate_cache()
            try:
                found = [entry.rpartition("/")[2] for entry in system.ls(path, detail=False)]
            except FileNotFoundError:
                return []
        return sorted(name for name in found if _is_ours(name))

    def folders(self) -> list[str]:
        """Return the folders that hold Parquet files, sorted."""
        system, path = self._reach("")
        with storing(path, "read"):
            found = system.glob(f"{path.rstrip('/')}/*/*/*/*.parquet")
        return sorted({"/".join(entry.split("/")[-4:-1]) for entry in found})

    def size(self, name: str) -> int:
        """Return a file's bytes."""
        system, path = self._reach(name)
        with storing(path, "read"):
            return int(system.size(path))

    def remove(self, name: str) -> None:
        """Remove a file."""
        system, path = self._reach(name)
        with storing(path, "removed"), suppress(FileNotFoundError):
            system.rm_file(path)

    def arrow(self) -> tuple[Any, str]:
        """Return the root as Arrow knows it: a file system and a path in it."""
        from pyarrow.fs import FSSpecHandler, PyFileSystem  # noqa: PLC0415 (as above)

        system, path = self._reach("")
        return PyFileSystem(FSSpecHandler(system)), path.rstrip("/")

    @contextmanager
    def lock(self, folder: str, name: str = ".lock", wait: float = WAIT_SECONDS) -> Iterator[None]:
        """Keep other processes of this machine out of a folder of this store."""
        digest = hashlib.sha256(f"{self.url} {folder} {name}".encode()).hexdigest()[:32]
        path = make_private(home() / "locks") / f"{digest}.lock"
        with _locked(path, wait):
            yield

    def _reach(self, name: str) -> tuple[Any, str]:
        fsspec = optional("fsspec", "a store on another machine")
        system, root = fsspec.core.url_to_fs(self.url, **self.options)
        return system, f"{root.rstrip('/')}/{name}"


def files_at(root: str | Path, options: Mapping[str, Any] | None = None) -> Files:
    """Return the files below a folder or an `fsspec` address."""
    if "://" in str(root):
        return RemoteFiles(str(root).rstrip("/"), dict(options or {}))
    return LocalFiles(Path(root).expanduser().absolute())


def optional(name: str, what: str, extra: str = "scale") -> ModuleType:
    """Return a package that is not installed with this one by default.

    Raises
    ------
    ConfigError
        Naming the command that installs it.
    """
    try:
        return import_module(name)
    except ImportError:
        package = name.partition(".")[0]
        raise ConfigError(
            f"{what} needs {package}; install it with: pip install 'btcc_research[{extra}]'"
        ) from None


@contextmanager
def storing(path: object, done: str) -> Iterator[None]:
    """Turn the system's errors into ours, which name the file and say what to do.

    Raises
    ------
    StorageError
        Where the disk is full, the folder not writable, or the file unreadable.
    """
    try:
        yield
    except OSError as problem:
        reason = problem.strerror or str(problem) or type(problem).__name__
        raise StorageError(
            f"{path} cannot be {done}: {reason}. What was stored before is unchanged; check "
            "the disk's space and the folder's permissions, then repeat."
        ) from problem


@contextmanager
def _locked(path: Path, wait: float) -> Iterator[None]:
    """Hold a lock of the operating system, which ends with its process, however that ends."""
    lock = FileLock(path, mode=0o600)
    with storing(path, "locked"):
        try:
            lock.acquire(timeout=wait, poll_interval=_POLL_SECONDS)
        except Timeout:
            raise Held(
                f"another process has held {path} for {wait:.0f} seconds; wait for it, or end it."
            ) from None
    try:
        yield
    finally:
        lock.release()


def make_private(folder: Path) -> Path:
    """Create a folder and those above it, for this user alone, and flush what is new."""
    if folder.is_dir():
        return folder
    make_private(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    flush_folder(folder.parent)
    return folder


def flush_folder(folder: Path) -> None:
    """Flush a folder's list of names to the disk, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_flushed(path: Path, data: Any) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _is_ours(name: str) -> bool:
    return _OURS.fullmatch(name) is not None
