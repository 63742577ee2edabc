"""The way from a venue to its host: who asks, what is allowed, and where it was asked."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from btcc_research.errors import ConfigError, NewFieldWarning, ReadOnly
from btcc_research.network import Network
from btcc_research.protocol import wire
from btcc_research.protocol.endpoint import Effect, Endpoint
from btcc_research.protocol.parameters import wire_pairs
from btcc_research.protocol.rows import Decoded, read_rows
from btcc_research.ratelimit import BlockFile
from btcc_research.settings import Connection, KeySet, Secret, home, shortened
from btcc_research.transport import System, Transport

if TYPE_CHECKING:
    from btcc_research.errors import ApiError
    from btcc_research.protocol.wire import Reply
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


class Link:
    """Opens the way to the spot host at the first call and keeps it open."""

    def __init__(self, connection: Connection, system: System | None = None) -> None:
        self._connection = connection
        self._system = system or System()
        self._lock = threading.Lock()
        self._transport: Transport | None = None
        self._winners: dict[str, Endpoint] = {}
        self._named: set[tuple[str, str]] = set()

    @property
    def connection(self) -> Connection:
        """What was decided about the connection, with the hosts of an embedded sandbox."""
        self.transport()
        return self._connection

    @property
    def environment(self) -> str:
        """``"live"`` or ``"sandbox"``; asking opens nothing."""
        return self._connection.environment

    @property
    def is_open(self) -> bool:
        """Whether a way to the exchange was opened already."""
        return self._transport is not None

    @property
    def trade(self) -> bool:
        """Whether this connection may send orders."""
        return self._connection.trade

    @property
    def strict(self) -> bool:
        """Whether data with a hole is an error."""
        return self._connection.strict

    def describe(self) -> dict[str, Any]:
        """Return what `btcc.status()` shows; nothing is sent for it."""
        known, transport = self._connection, self._transport
        key = known.spot_key
        return {
            "environment": known.environment,
            "trade": known.trade,
            "venues": ["spot"],
            "hosts": dict(known.hosts) if known.hosts else "started at the first call",
            "key_set": None if key is None else describe_key(key),
            "clock_offset": transport.clock.offset if transport else None,
        }

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
        with self._lock:
            if self._transport is None:
                if self._connection.embedded:
                    if not self._connection.chosen:
                        print(NOTICE, file=sys.stderr)
                    self._connection = _into_sandbox(self._connection)
                network = Network(self._connection.hosts["spot_rest"])
                self._transport = Transport(
                    network, self.environment, "spot", BlockFile(home()), self._system
                )
            return self._transport

    def call(self, endpoint: Endpoint, values: Mapping[str, object]) -> Reply:
        """Check the arguments, send a call and return its payload.

        Raises
        ------
        InvalidArgument, ReadOnly, ConfigError
            Before anything is sent.
        BtccError
            What came of it.
        """
        pairs = wire_pairs(endpoint, values)
        self.require(endpoint)
        transport = self.transport()
        key = self._connection.spot_key if endpoint.signed else None
        return transport.call(endpoint, pairs, key)

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
                f"btcc.spot.{endpoint.name}(..., raw=True) shows them.",
                NewFieldWarning,
                stacklevel=3,
            )

    def require(self, endpoint: Endpoint) -> None:
        """Refuse what this connection may not do, before anything is sent.

        Raises
        ------
        ConfigError
            If the call is signed and there is no key set.
        ReadOnly
            If the call changes something and the connection or its key set only reads.
        """
        key, embedded = self._connection.spot_key, self._connection.embedded
        if endpoint.signed and key is None and not embedded:
            raise ConfigError(
                f"{endpoint.name} needs a spot key set: "
                "btcc.connect(access_id=..., secret_key=...), the variables BTCC_ACCESS_ID and "
                'BTCC_SECRET_KEY, or `btcc keys add` and btcc.connect(profile="...").'
            )
        if endpoint.effect is not Effect.TRADE:
            return
        if key is not None and key.can_trade is False and not embedded:
            raise ReadOnly(f"{endpoint.name}: the key set {key.label!r} may only read.")
        if not self._connection.trade:
            raise ReadOnly(
                f"{endpoint.name}: this connection only reads. To send orders connect again "
                f'with btcc.connect("{self.environment}", trade=True).'
            )


def _into_sandbox(connection: Connection) -> Connection:
    box = embedded_sandbox()
    label = "trade" if connection.trade else "read"
    known = next(key for key in box.key_sets if key.label == label)
    secret = Secret(known.secret_key)
    key = KeySet(f"sandbox {label}", "sandbox", known.access_id, secret, connection.trade)
    return replace(connection, hosts=box.hosts, spot_key=key)


def describe_key(key: KeySet) -> dict[str, Any]:
    """Return a key set as people may see it."""
    may = {None: "unknown", True: "read, trade", False: "read"}[key.can_trade]
    return {
        "label": key.label,
        "access_id": shortened(key.access_id),
        "permission": may,
        "addresses": list(key.addresses),
    }


def _is_unknown(problem: Any) -> bool:
    error: ApiError | Any = problem
    attempt = getattr(error, "attempt", None)
    return hasattr(error, "code") and wire.is_unknown_call(error, attempt.status if attempt else 0)
