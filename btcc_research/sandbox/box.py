"""One running sandbox: exchange, accounts, clock, switches and the server in front of them."""

from __future__ import annotations

import time
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING

from btcc_research.sandbox.accounts import (
    DEMO_ACCOUNT_NUMBER,
    DEMO_USER,
    KeyRing,
    KeySet,
    demonstration_keys,
    demonstration_logins,
)
from btcc_research.sandbox.answers import Answers
from btcc_research.sandbox.app import Asked, SpotApp
from btcc_research.sandbox.exchange import Exchange
from btcc_research.sandbox.futures_app import FuturesApp
from btcc_research.sandbox.futures_box import Deferred, FuturesBox, FuturesPlan
from btcc_research.sandbox.futures_settings import FuturesSettings
from btcc_research.sandbox.history import FIRST_DEPOSITS, Trader
from btcc_research.sandbox.market import price_paths
from btcc_research.sandbox.participants import Participants
from btcc_research.sandbox.server import Server
from btcc_research.sandbox.switches import Switches
from btcc_research.sandbox.web_app import WebApp

if TYPE_CHECKING:
    from btcc_research.client import Client


class Clock:
    """The sandbox's time: this machine's, shifted by what a test wants."""

    def __init__(self, start: float | None = None) -> None:
        self._shift = 0 if start is None else int(start * 1e6) - time.time_ns() // 1000

    def now(self) -> int:
        """Return the time in Unix microseconds."""
        return time.time_ns() // 1000 + self._shift

    def advance(self, seconds: float) -> None:
        """Move the clock, forwards or backwards."""
        self._shift += int(seconds * 1e6)


class Box:
    """A running sandbox exchange.

    Attributes
    ----------
    hosts : dict
        Base address of each interface, as `btcc.connect(hosts=...)` takes them.
    key_sets : list of KeySet
        The demonstration account's key sets: ``trade``, ``read``, and ``elsewhere``, which
        is bound to another address and therefore refused.
    futures_logins : list of FuturesLogin
        Its API keys for futures, under the same labels, and ``pro``, which may not log in.
    account_number : str
        Of the demonstration account at the futures venue.
    switches : Switches
        The disputed forms of BTCC's interface, and limits.
    settings : FuturesSettings
        What BTCC's rules for futures leave open.
    clock : Clock
        The sandbox's time.
    exchange : Exchange
        The spot engine itself, for tests that look behind the interface.
    """

    def __init__(
        self, *, port: int, seed: int, history: bool, fixed_keys: bool, now: float | None
    ) -> None:
        self.switches = Switches()
        self.settings = FuturesSettings()
        self.clock = Clock(now)
        self.paths = price_paths(seed)
        self.exchange = Exchange(path.rules for path in self.paths.values())
        participants = Participants(self.exchange, self.paths, seed)
        self.exchange.account(DEMO_USER)
        self.keys = KeyRing()
        for key_set in demonstration_keys(DEMO_USER, fixed=fixed_keys):
            self.keys.add(key_set)
        self._begin(participants, seed, history)
        answers = Answers(self.exchange, self.paths, self.switches)
        self.app = SpotApp(self.exchange, participants, answers, self.keys, self.switches)
        self.account_number = DEMO_ACCOUNT_NUMBER
        self.futures_logins = demonstration_logins(DEMO_USER, fixed=fixed_keys)
        plan = FuturesPlan(
            self.paths, self.settings, self.switches, self.futures_logins, seed, history
        )
        self._futures = Deferred(plan, self.clock.now)
        self.requests: dict[str, int] = {}
        self._server = Server(self._handle, port)
        self._server.start()
        host = f"http://127.0.0.1:{self._server.port}"
        self.hosts = {"spot_rest": host, "futures_rest": host, "futures_web": host}

    @property
    def futures(self) -> FuturesBox:
        """The futures side, made at its first use."""
        return self._futures.get()

    @property
    def key_sets(self) -> list[KeySet]:
        """The key sets of all users."""
        return self.keys.all()

    def client(self, label: str = "trade") -> Client:
        """Return a client connected with a key set of this sandbox, allowed what the set is.

        Parameters
        ----------
        label : str
            Label of the key set.
        """
        # The client by its public name, as the client starts the sandbox by its own.
        import btcc_research  # noqa: PLC0415

        key_set = next(known for known in self.key_sets if known.label == label)
        login = next(known for known in self.futures_logins if known.label == label)
        return btcc_research.open_client(
            environment="sandbox",
            hosts=self.hosts,
            access_id=key_set.access_id,
            secret_key=key_set.secret_key,
            user_name=login.user_name,
            password=login.password,
            api_key=login.api_key,
            api_secret=login.secret_key,
            trade="trade" in key_set.permissions,
        )

    def close(self) -> None:
        """Stop serving."""
        self._server.stop()

    def __enter__(self) -> Box:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<sandbox at {self.hosts['spot_rest']}>"

    def _begin(self, participants: Participants, seed: int, history: bool) -> None:
        now = self.clock.now()
        if history:
            trader = Trader(DEMO_USER, self.exchange, participants, seed)
            trader.live(self.paths, now)
            trader.leave_open(now)
        else:
            for asset, amount in FIRST_DEPOSITS:
                self.exchange.deposit(DEMO_USER, asset, Decimal(amount), now)

    def _handle(self, asked: Asked) -> tuple[int, bytes]:
        self.requests[asked.path] = self.requests.get(asked.path, 0) + 1
        return self._app_of(asked.path).handle(asked, self.clock.now())

    def _app_of(self, path: str) -> SpotApp | FuturesApp | WebApp:
        if path.startswith("/v1/"):
            return self.futures.app
        return self.futures.web if path.startswith("/v2/") else self.app
