"""Until when an address is blocked, known to every process on this machine.

BTCC blocks the network address, not the key (HTTP 429 with ``block_until``, "Spot Trading
API (April 2025)", error codes), so a second kernel must wait as well.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from btcc_research.settings import write_private

SHORTEST, LONGEST = 1.0, 3600.0


class BlockFile:
    """The end of the block of each host, in a small file beside the settings."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "blocked.json"
        self._known: dict[str, float] = {}
        self._stamp: tuple[int, int] | None = None

    def until(self, host: str) -> float:
        """Return until when a host is blocked in Unix seconds; 0 where it is not."""
        with suppress(OSError, ValueError, AttributeError):
            state = self._path.stat()
            stamp = (state.st_mtime_ns, state.st_size)
            if stamp != self._stamp:
                shared = json.loads(self._path.read_text(encoding="utf-8"))
                self._known.update({str(name): float(end) for name, end in shared.items()})
                self._stamp = stamp
        return self._known.get(host, 0.0)

    def set(self, host: str, until: int | None, now: float) -> None:
        """Remember a block of at least a second and at most an hour, whatever was sent."""
        wait = (until - now) if until is not None else SHORTEST
        self._known[host] = now + min(max(wait, SHORTEST), LONGEST)
        running = {name: end for name, end in self._known.items() if end > now}
        with suppress(OSError):  # without the file, this process still waits
            write_private(self._path, json.dumps(running))
