"""The login session of the futures venue: one token, kept alive, renewed by one thread.

BTCC wants a heartbeat every 20 s and documents neither how long a token lives nor what a
missed beat does ("BTCC API Guide (TradeOpenApi)", user/keepalive). So a daemon thread beats
more often, a token that is refused is replaced once, and after a lost session orders need
arming again: nobody knows what happened meanwhile.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from btcc_research.errors import BtccError, ReadOnly, SessionExpired
from btcc_research.protocol import futures, futures_wire
from btcc_research.protocol.endpoint import Endpoint
from btcc_research.protocol.parameters import WirePairs
from btcc_research.protocol.rows import read_rows
from btcc_research.settings import FuturesLogin, Secret, SessionKey

if TYPE_CHECKING:
    from btcc_research.protocol.wire import Reply

BEAT_SECONDS = 15.0
COMPANY = 1
MOST_MISSES = 2

Send = Callable[[Endpoint, WirePairs, SessionKey], "Reply"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is logged in, as the calls want it."""

    account_id: int
    account_number: str
    account_group_id: int | None
    user_id: int | None


class Session:
    """A token and who it belongs to; safe to use from many threads.

    Attributes
    ----------
    logins : int
        How often a login was made.
    is_armed : bool
        Whether orders may be sent; a lost session ends it.
    """

    def __init__(self, send: Send, *, armed: bool, beat_seconds: float = BEAT_SECONDS) -> None:
        self._send = send
        self._beat_seconds = beat_seconds
        self._lock = threading.RLock()
        self._key: SessionKey | None = None
        self._identity: Identity | None = None
        self._login: FuturesLogin | None = None
        self._misses = 0
        self._heart: threading.Event | None = None
        self.logins = 0
        self.is_armed = armed

    @property
    def is_open(self) -> bool:
        """Whether there is a token that was not refused yet."""
        return self._key is not None

    def enter(self, login: FuturesLogin) -> tuple[SessionKey, Identity]:
        """Return the key and the identity, logging in where there is no session.

        Raises
        ------
        AuthError, PermissionDenied
            If BTCC refuses the login; it is not tried again.
        ConfigError
            If the password was not kept.
        BtccError
            If no answer came.
        """
        with self._lock:
            if self._key is None or self._identity is None:
                self._open(login)
            assert self._key is not None
            assert self._identity is not None
            return self._key, self._identity

    def lose(self, stale: SessionKey) -> None:
        """Note that a token was refused: the next `enter` logs in; orders need arming again."""
        with self._lock:
            if self._key is stale:
                self._key = None
                self.is_armed = False

    def arm(self) -> None:
        """Allow orders again after a lost session."""
        with self._lock:
            self.is_armed = True

    def require_armed(self, call: str) -> None:
        """Refuse an order after a lost session.

        Raises
        ------
        ReadOnly
            Before anything is sent.
        """
        if not self.is_armed:
            raise ReadOnly(
                f"{call}: the futures session was lost and opened anew; look at positions() and "
                "open_orders(), then allow orders again with btcc.futures.arm()."
            )

    def beat(self) -> None:
        """Send one heartbeat; a refused token is replaced once, two silences end the session."""
        key, login = self._key, self._login
        if key is None or login is None:
            return
        try:
            self._send(futures.KEEPALIVE, [], key)
            self._misses = 0
        except SessionExpired:
            self.lose(key)
            self._try_again(login)
        except BtccError:
            self._misses += 1
            if self._misses >= MOST_MISSES:
                self.lose(key)

    def close(self) -> None:
        """Stop the heartbeat and forget the token; BTCC has no call to log out."""
        with self._lock:
            self._stop_heart()
            self._key = None

    def _try_again(self, login: FuturesLogin) -> None:
        try:
            self.enter(login)
        except BtccError:
            self._stop_heart()  # the next call reports why

    def _open(self, login: FuturesLogin) -> None:
        key = SessionKey(login.api_secret, None, login.encoding, login.post_style)
        # Secrets travel as such: whatever goes wrong on the way, no frame holds their text.
        sent = (
            ("user_name", Secret(login.user_name)), ("password", login.password.get()),
            ("api_key", login.api_key),
        )  # fmt: skip
        reply = self._send(futures.LOGIN, [("company_id", COMPANY)], replace(key, sent=sent))
        self.logins += 1
        self._identity = _identity(reply)
        self._key = replace(key, token=Secret(futures_wire.token_of(reply)))
        self._login, self._misses = login, 0
        login.password.forget()
        self._start_heart()

    def _start_heart(self) -> None:
        if self._heart is None or self._heart.is_set():
            self._heart = threading.Event()
            weakref.finalize(self, self._heart.set)
            threading.Thread(
                target=_beat_until, args=(weakref.ref(self), self._heart, self._beat_seconds),
                daemon=True, name="btcc futures heartbeat",
            ).start()  # fmt: skip

    def _stop_heart(self) -> None:
        if self._heart is not None:
            self._heart.set()


def _identity(reply: Reply) -> Identity:
    row = read_rows(futures.LOGIN, reply.payload).rows[0]
    return Identity(row.account_id, str(row.account_number), row.account_group_id, row.user_id)


def _beat_until(owner: weakref.ref[Session], stop: threading.Event, seconds: float) -> None:
    """Beat until the session is closed or gone; the thread holds nothing in between."""
    while not stop.wait(seconds):
        session = owner()
        if session is None:
            return
        session.beat()
        del session
