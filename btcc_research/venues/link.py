"""The way from a venue to its host: what is allowed, what is sent, how the answer is read."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from btcc_research.dialect import SPOT, Dialect
from btcc_research.errors import ConfigError, NewFieldWarning, ReadOnly
from btcc_research.network import Network
from btcc_research.protocol import wire
from btcc_research.protocol.endpoint import Effect, Endpoint
from btcc_research.protocol.parameters import WirePairs, wire_pairs
from btcc_research.protocol.rows import Decoded, read_rows
from btcc_research.ratelimit import BlockFile
from btcc_research.settings import FuturesLogin, KeySet, home, shortened
from btcc_research.transport import System, Transport
from btcc_research.venues.opening import Opening

if TYPE_CHECKING:
    from btcc_research.errors import ApiError
    from btcc_research.protocol.wire import Reply


class Link:
    """Opens the way to one host at the first call and keeps it open."""

    def __init__(
        self,
        opening: Opening,
        host: str = "spot_rest",
        dialect: Dialect = SPOT,
        system: System | None = None,
    ) -> None:
        self.opening = opening
        self._host = host
        self._dialect = dialect
        self._system = system or System()
        self._lock = threading.Lock()
        self._transport: Transport | None = None
        self._winners: dict[str, Endpoint] = {}
        self._named: set[tuple[str, str]] = set()

    @property
    def environment(self) -> str:
        """``"live"`` or ``"sandbox"``; asking opens nothing."""
        return self.opening.known.environment

    @property
    def is_open(self) -> bool:
        """Whether a way to the exchange was opened already."""
        return self._transport is not None

    @property
    def clock_offset(self) -> float | None:
        """Seconds this machine is behind the exchange; None before it was measured."""
        return self._transport.clock.offset if self._transport else None

    def close(self) -> None:
        """Close the connections; a later call opens them again."""
        with self._lock:
            if self._transport is not None:
                self._transport.network.close()
                self._transport = None

    def decode(self, endpoint: Endpoint, reply: Reply, *, exact: bool) -> Decoded:
        """Return a reply's typed rows; fields nobody knows are named once."""
        decoded = read_rows(endpoint, reply.payload, exact)
        self.name_new_fields(endpoint, decoded.new_fields)
        return decoded

    def transport(self) -> Transport:
        """Return the transport, opening it at the first call."""
        connection = self.opening.connection()
        with self._lock:
            if self._transport is None:
                host = connection.hosts.get(self._host)
                if host is None:
                    raise ConfigError(
                        f"this connection has no host {self._host!r}; name it in "
                        f"btcc.connect(hosts={{{self._host!r}: ...}})."
                    )
                venue = self._host.partition("_")[0]
                self._transport = Transport(
                    Network(host), self.environment, venue, BlockFile(home()), self._system,
                    self._dialect,
                )  # fmt: skip
            return self._transport

    def call(self, endpoint: Endpoint, values: Mapping[str, object]) -> Reply:
        """Check the arguments, send a call of the spot venue and return its payload.

        Raises
        ------
        InvalidArgument, ReadOnly, ConfigError
            Before anything is sent.
        BtccError
            What came of it.
        """
        pairs = wire_pairs(endpoint, values)
        self.require(endpoint)
        key = self.opening.connection().spot_key if endpoint.signed else None
        return self.send(endpoint, pairs, key)

    def send(self, endpoint: Endpoint, pairs: WirePairs, key: Any = None) -> Reply:
        """Send a call that was checked already, signed with a key of the dialect."""
        return self.transport().call(endpoint, pairs, key)

    def call_either(
        self, endpoint: Endpoint, catalogue: Mapping[str, Endpoint], values: Mapping[str, object]
    ) -> tuple[Endpoint, Reply]:
        """Call an endpoint, or its fallback where the server does not know it.

        Whichever answered is remembered.
        """
        chosen = self._winners.get(endpoint.name, endpoint)
        names = {field.name for field in chosen.params}
        known = {name: value for name, value in values.items() if name in names}
        try:
            return chosen, self.call(chosen, known)
        except Exception as problem:
            if not (chosen.fallback and _is_unknown(problem)):
                raise
        self._winners[endpoint.name] = catalogue[chosen.fallback]
        return self.call_either(endpoint, catalogue, values)

    def rows(self, endpoint: Endpoint, values: Mapping[str, object], *, exact: bool) -> Decoded:
        """Send a call and return its typed rows."""
        return self.decode(endpoint, self.call(endpoint, values), exact=exact)

    def name_new_fields(self, endpoint: Endpoint, names: frozenset[str] | set[str]) -> None:
        """Warn about fields BTCC sends and this package does not know, once each."""
        fresh = {name for name in names if (endpoint.name, name) not in self._named}
        if fresh:
            self._named |= {(endpoint.name, name) for name in fresh}
            warnings.warn(
                f"{endpoint.name}: BTCC sends new fields ({', '.join(sorted(fresh))}); "
                f"btcc.{endpoint.venue}.{endpoint.name}(..., raw=True) shows them.",
                NewFieldWarning,
                stacklevel=3,
            )

    def require(self, endpoint: Endpoint) -> None:
        """Refuse what the spot key set may not do, before anything is sent.

        Raises
        ------
        ConfigError
            If the call is signed and there is no key set.
        ReadOnly
            If the call changes something and the connection or its key set only reads.
        """
        known = self.opening.known
        if endpoint.signed and known.spot_key is None and not known.embedded:
            raise ConfigError(
                f"{endpoint.name} needs a spot key set: "
                "btcc.connect(access_id=..., secret_key=...), the variables BTCC_ACCESS_ID and "
                'BTCC_SECRET_KEY, or `btcc keys add` and btcc.connect(profile="...").'
            )
        require_trading(endpoint, self.opening, known.spot_key)


def require_trading(
    endpoint: Endpoint, opening: Opening, login: KeySet | FuturesLogin | None
) -> None:
    """Refuse a call that changes something where the connection or its login only reads.

    Raises
    ------
    ReadOnly
        Before anything is sent.
    """
    if endpoint.effect is not Effect.TRADE:
        return
    known = opening.known
    if login is not None and login.can_trade is False and not known.embedded:
        raise ReadOnly(f"{endpoint.name}: the key set {login.label!r} may only read.")
    if not known.trade:
        raise ReadOnly(
            f"{endpoint.name}: this connection only reads. To send orders connect again "
            f'with btcc.connect("{known.environment}", trade=True).'
        )


def describe_key(key: KeySet | FuturesLogin) -> dict[str, Any]:
    """Return a key set as people may see it."""
    may = {None: "unknown", True: "read, trade", False: "read"}[key.can_trade]
    shown = key.access_id if isinstance(key, KeySet) else key.api_key.reveal()
    return {
        "label": key.label,
        "access_id": shortened(shown),
        "permission": may,
        "addresses": list(key.addresses),
    }


def _is_unknown(problem: Any) -> bool:
    error: ApiError | Any = problem
    attempt = getattr(error, "attempt", None)
    return hasattr(error, "code") and wire.is_unknown_call(error, attempt.status if attempt else 0)
