"""The way to the futures venue: arguments filled in from the session, one login when it ends."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from btcc_research.dialect import FUTURES
from btcc_research.errors import BtccError, ConfigError, SessionExpired
from btcc_research.protocol import futures, futures_wire
from btcc_research.protocol.endpoint import Effect, Endpoint
from btcc_research.protocol.parameters import WirePairs, wire_pairs
from btcc_research.protocol.rows import Decoded
from btcc_research.settings import FuturesLogin, SessionKey
from btcc_research.transport import System, Transport, with_user
from btcc_research.venues.link import Link, require_trading
from btcc_research.venues.opening import Opening
from btcc_research.venues.products import Products
from btcc_research.venues.session import Identity, Session

if TYPE_CHECKING:
    from btcc_research.protocol.wire import Reply

_STAND_INS: dict[str, object] = {"account_id": 0, "account_number": "0", "account_group_id": 0}


class FuturesLink:
    """Sends calls of the futures venue within one login session."""

    def __init__(self, opening: Opening, system: System | None = None) -> None:
        self.opening = opening
        self._link = Link(opening, "futures_rest", FUTURES, system)
        self.session = Session(self._send, armed=opening.known.trade)
        self._products: Products | None = None
        self._products_lock = threading.Lock()

    @property
    def environment(self) -> str:
        """``"live"`` or ``"sandbox"``; asking opens nothing."""
        return self._link.environment

    @property
    def clock_offset(self) -> float | None:
        """Seconds this machine is behind the venue; None before the first login."""
        return self._link.clock_offset

    def transport(self) -> Transport:
        """Return the transport, opening it at the first call."""
        return self._link.transport()

    def now(self) -> float:
        """Return the venue's time in Unix seconds, as login and heartbeats told it."""
        self._enter()
        return self._link.transport().server_time()

    def identity(self) -> Identity:
        """Return who is logged in, logging in where needed."""
        return self._enter()[1]

    def close(self) -> None:
        """End the session and close the connections."""
        self.session.close()
        self._link.close()

    def call(self, endpoint: Endpoint, values: Mapping[str, object]) -> Reply:
        """Check the arguments, send a call and return its payload.

        A read whose token was refused is sent once more after one login. A change is not:
        BTCC refused it, and what happened meanwhile has to be looked at first.

        Raises
        ------
        InvalidArgument, ReadOnly, ConfigError
            Before anything is sent.
        BtccError
            What came of it.
        """
        wire_pairs(endpoint, _with_stand_ins(endpoint, values))
        self.require(endpoint)
        pairs = wire_pairs(endpoint, self._completed(endpoint, values))
        key, identity = self._enter()
        try:
            return self._link.send(endpoint, pairs, key)
        except SessionExpired as problem:
            expired = problem
        except BtccError as problem:
            raise with_user(problem, str(identity.user_id or "")) from None
        self.session.lose(key)
        if endpoint.effect is Effect.TRADE:
            raise with_user(expired, str(identity.user_id or ""))
        key, _ = self._enter()
        return self._link.send(endpoint, pairs, key)

    def rows(self, endpoint: Endpoint, values: Mapping[str, object], *, exact: bool) -> Decoded:
        """Send a call and return its typed rows."""
        return self.decode(endpoint, self.call(endpoint, values), exact=exact)

    def decode(self, endpoint: Endpoint, reply: Reply, *, exact: bool) -> Decoded:
        """Return a reply's typed rows; fields nobody knows are named once."""
        return self._link.decode(endpoint, reply, exact=exact)

    def login(self) -> Reply:
        """Log in anew and return the reply without its token.

        Raises
        ------
        AuthError, PermissionDenied
            If BTCC refuses.
        """
        self.session.close()
        self._enter()
        identity = self.identity()
        values = {"account_id": identity.account_id}
        return self.call(futures.ACCOUNT, values)

    def products(self, *, fresh: bool = False) -> Products:
        """Return the product list, read once."""
        with self._products_lock:
            if fresh or self._products is None:
                decoded = self.rows(futures.SYMBOL_LIST, {}, exact=True)
                self._products = Products(decoded.rows)
            return self._products

    def product(self, market: Any) -> str:
        """Return the product of a market; the list is read again before it is called unknown."""
        products = self.products()
        if not products.has(market):
            products = self.products(fresh=True)
        return products.product(market)

    def require(self, endpoint: Endpoint) -> None:
        """Refuse what this connection may not do, before anything is sent.

        Raises
        ------
        ConfigError
            If there are no credentials for the futures venue.
        ReadOnly
            If the call changes something and the connection, its key or its session only
            reads.
        """
        login = self._login_or_none()
        if login is None and not self.opening.known.embedded:
            raise ConfigError(
                f"{endpoint.name} needs a futures login: btcc.connect(user_name=..., password=..., "
                "api_key=..., api_secret=...), the variables BTCC_USER_NAME, BTCC_PASSWORD, "
                "BTCC_API_KEY and BTCC_API_SECRET, or `btcc keys add LABEL --futures`."
            )
        require_trading(endpoint, self.opening, login)
        if endpoint.effect is Effect.TRADE:
            self.session.require_armed(endpoint.name)

    def _login_or_none(self) -> FuturesLogin | None:
        return self.opening.known.futures_login

    def _enter(self) -> tuple[SessionKey, Identity]:
        login = self.opening.connection().futures_login
        if login is None:
            raise ConfigError("this connection has no futures login.")
        return self.session.enter(login)

    def _send(self, endpoint: Endpoint, pairs: WirePairs, key: SessionKey) -> Reply:
        """Send a call of the session itself and take over the server's clock."""
        transport = self._link.transport()
        before = transport.system.time()
        reply = self._link.send(endpoint, pairs, key)
        moment = futures_wire.server_time_of(reply)
        if moment is not None:
            transport.set_clock(moment, before)
        return reply

    def _completed(self, endpoint: Endpoint, values: Mapping[str, object]) -> dict[str, object]:
        """Fill in what the session knows, and the product's name for the market's."""
        given = dict(values)
        wanted = {field.name for field in endpoint.params if field.from_session}
        if any(given.get(name) is None for name in wanted):
            identity = self.identity()
            for name in wanted:
                if given.get(name) is None:
                    given[name] = getattr(identity, name)
        if given.get("market") is not None:
            given["market"] = self.product(given["market"])
        return given


def _with_stand_ins(endpoint: Endpoint, values: Mapping[str, object]) -> dict[str, object]:
    """Return arguments that can be checked before anybody has logged in."""
    given = dict(values)
    for field in endpoint.params:
        if field.from_session and given.get(field.name) is None:
            given[field.name] = _STAND_INS[field.name]
    return given
