"""Where a connection leads: decided once, for both venues, at the first call."""

from __future__ import annotations

import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from btcc_research.settings import Connection, FuturesLogin, KeySet, Password, Secret

if TYPE_CHECKING:
    from btcc_research.sandbox.box import Box

NOTICE = (
    "btcc_research: no credentials were found, so this is the SANDBOX: simulated markets and a "
    "demonstration account on this machine. btcc.connect(...) leads to your own account."
)

_embedded_lock = threading.Lock()
_embedded: list[Box] = []


def embedded_sandbox() -> Box:
    """Return this process's own sandbox, starting it at the first call."""
    from btcc_research import sandbox  # noqa: PLC0415 (heavy: loaded when used)

    with _embedded_lock:
        if not _embedded:
            _embedded.append(sandbox.start())
        return _embedded[0]


class Opening:
    """What was decided about a connection; an embedded sandbox is started when first needed."""

    def __init__(self, connection: Connection) -> None:
        self.known = connection
        self._lock = threading.Lock()
        self._open = not connection.embedded

    @property
    def venues(self) -> list[str]:
        """The venues there are credentials for; a sandbox of this process has both."""
        if self.known.embedded:
            return ["spot", "futures"]
        logins = {"spot": self.known.spot_key, "futures": self.known.futures_login}
        return [venue for venue, login in logins.items() if login is not None]

    def connection(self) -> Connection:
        """Return the connection with its hosts and key sets."""
        with self._lock:
            if not self._open:
                if not self.known.chosen:
                    print(NOTICE, file=sys.stderr)
                self.known = _into_sandbox(self.known)
                self._open = True
            return self.known


def _into_sandbox(connection: Connection) -> Connection:
    box = embedded_sandbox()
    label = "trade" if connection.trade else "read"
    known = next(key for key in box.key_sets if key.label == label)
    spot_key = KeySet(
        f"sandbox {label}", "sandbox", known.access_id, Secret(known.secret_key), connection.trade
    )
    login = next(login for login in box.futures_logins if login.label == label)
    return replace(
        connection,
        hosts=box.hosts,
        spot_key=spot_key,
        futures_login=FuturesLogin(
            f"sandbox {label}", "sandbox", login.user_name,
            Password(Secret(login.password), keep=True), Secret(login.api_key),
            Secret(login.secret_key), connection.trade,
        ),
    )  # fmt: skip
