"""The client: what a person asks for, both venues joined, complete, as one frame."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from btcc_research import accessor as _accessor  # noqa: F401 (registers df.btcc)
from btcc_research import market_data, mine
from btcc_research.joining import Joining
from btcc_research.settings import Connection
from btcc_research.transport import System
from btcc_research.venues.futures import Futures
from btcc_research.venues.futures_link import FuturesLink
from btcc_research.venues.futures_reads import FuturesReads
from btcc_research.venues.link import Link, describe_key
from btcc_research.venues.opening import Opening
from btcc_research.venues.spot import Spot
from btcc_research.venues.spot_reads import SpotReads
from btcc_research.venues.web import FundingReads


class Client:
    """A connection to BTCC, or to a sandbox of it.

    The functions of the package are this class's methods on the default client. Frames join
    the venues there are credentials for; they say in `df.attrs` where they come from
    (``"environment"``, ``"venues"``) and, under ``"coverage"``, how complete they are.

    Attributes
    ----------
    spot : Spot
        Every documented call of the spot venue under its own name.
    futures : Futures
        Every documented call of the futures venue under its own name.
    """

    def __init__(self, connection: Connection, *, system: System | None = None) -> None:
        self._opening = Opening(connection)
        self._link = Link(self._opening, system=system)
        self._futures_link = FuturesLink(self._opening, system)
        self._reads = SpotReads(self._link)
        self._futures_reads = FuturesReads(self._futures_link)
        self._funding_reads = FundingReads(self._opening, system)
        self._joining = Joining(self._opening, self._reads, self._futures_link)
        self.spot = Spot(self._link)
        self.futures = Futures(self._futures_link)

    def __repr__(self) -> str:
        state = "trading armed" if self._opening.known.trade else "read only"
        return f"<BTCC {self.environment}, {state}, {' and '.join(self._joining.venues)}>"

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the futures session and close all connections of this client."""
        self._futures_link.close()
        self._funding_reads.close()
        self._link.close()

    @property
    def environment(self) -> str:
        """``"live"`` or ``"sandbox"``."""
        return self._link.environment

    def status(self) -> dict[str, Any]:
        """Return where this client is connected and what it may do; nothing is sent for it.

        Returns
        -------
        dict
            environment; trade (whether orders can be sent); venues (there are credentials
            for); hosts; key_set and futures_key_set (label, access id shortened, permission,
            bound addresses); clock_offset (seconds this machine is behind the exchange; None
            before it was measured); futures_session (logged_in, armed: whether orders may be
            sent since the last lost session).
        """
        known, session = self._opening.known, self._futures_link.session
        return {
            "environment": known.environment,
            "trade": known.trade,
            "venues": self._joining.venues,
            "hosts": dict(known.hosts) if known.hosts else "started at the first call",
            "key_set": describe_key(known.spot_key) if known.spot_key else None,
            "futures_key_set": describe_key(known.futures_login) if known.futures_login else None,
            "clock_offset": self._link.clock_offset,
            "futures_session": {
                "logged_in": session.is_open,
                "armed": known.trade and session.is_armed,
            },
        }

    trades = mine.trades
    orders = mine.orders
    open_orders = mine.open_orders
    positions = mine.positions
    balances = mine.balances
    ledger = mine.ledger
    transfers = mine.transfers
    markets = market_data.markets
    klines = market_data.klines
    ticker = market_data.ticker
    depth = market_data.depth
    funding = market_data.funding
