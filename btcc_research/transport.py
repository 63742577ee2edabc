"""HTTP to one host: deadline, repeats of reads, request budget, the exchange's clock.

A read is tried up to four times within its deadline. A call that changes something is
sent once: no clear answer to it is `OutcomeUnknown`, whatever the reason.
"""

from __future__ import annotations

import random
import threading
import time as machine
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from btcc_research.dialect import SPOT, Dialect
from btcc_research.errors import (
    ApiError,
    Attempt,
    AuthError,
    BtccError,
    OutcomeUnknown,
    ProtocolError,
    RateLimited,
    ServerError,
)
from btcc_research.network import Network
from btcc_research.protocol import signing
from btcc_research.protocol.endpoint import Effect, Endpoint
from btcc_research.ratelimit import BlockFile

if TYPE_CHECKING:
    from btcc_research.protocol.parameters import WirePairs
    from btcc_research.protocol.wire import Reply, Request

DEADLINE = 30.0
MOST_TRIES = 4
IN_FLIGHT = 8
LONGEST_WAIT = 30.0
CLOCK_TOLERANCE = 2.0
# Below this round trip threads only get into each other's way: reading costs more than
# waiting. Measured on loopback: 500 pages took 0.76 s with eight threads, 0.45 s with one.
NEAR_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class System:
    """What a transport takes from the machine; tests give their own."""

    time: Callable[[], float] = machine.time
    monotonic: Callable[[], float] = machine.monotonic
    sleep: Callable[[float], None] = machine.sleep
    uniform: Callable[[float, float], float] = random.uniform


@dataclass(slots=True)
class ExchangeClock:
    """How far this machine's clock is from the exchange's, in seconds.

    Kept with the wall clock and the monotonic one of the moment it was measured: when they
    drift apart, the clock was set or the machine slept, and the offset counts no more.
    """

    offset: float | None = None
    measured_at: tuple[float, float] = (0.0, 0.0)

    def is_usable(self, system: System) -> bool:
        """Whether the offset was measured and still holds."""
        wall, steady = self.measured_at
        drift = (system.time() - wall) - (system.monotonic() - steady)
        return self.offset is not None and abs(drift) < CLOCK_TOLERANCE

    def now(self, system: System) -> float:
        """Return the exchange's time in Unix seconds."""
        return system.time() + (self.offset or 0.0)


@dataclass(slots=True)
class _Seen:
    first: str
    times: int = 0


@dataclass(slots=True)
class Transport:
    """Sends calls to one host of one environment."""

    network: Network
    environment: str
    venue: str
    blocks: BlockFile
    system: System = field(default_factory=System)
    dialect: Dialect = SPOT
    clock: ExchangeClock = field(default_factory=ExchangeClock)
    quickest: float = float("inf")
    _budget: threading.BoundedSemaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(IN_FLIGHT)
    )
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _seen: dict[tuple[str, str], _Seen] = field(default_factory=dict)

    def call(self, endpoint: Endpoint, pairs: WirePairs, key: Any = None) -> Reply:
        """Send a call and return its payload; `key` is what the dialect signs with.

        Raises
        ------
        OutcomeUnknown
            A call that changes something got no clear answer. It was not sent again.
        TransportError
            A read got no answer within its deadline, or nothing could be sent.
        RateLimited
            The address is blocked for longer than the deadline, or a change was blocked.
        ApiError, ProtocolError
            What BTCC answered.
        """
        tries = MOST_TRIES if endpoint.repeatable else 1
        deadline = self.system.monotonic() + DEADLINE
        for number in range(1, tries + 1):
            offset = None
            try:
                if key is not None and self.dialect.clock is not None:
                    self.server_time()
                offset = self.clock.offset
                return self._once(endpoint, pairs, key, deadline)
            except BtccError as problem:
                failure = problem
            clock_was_off = _is_about_the_clock(failure) and self._clock_moved_from(offset)
            pause = self._pause_before_repeat(failure, number, deadline)
            if clock_was_off and number == 1:
                pause = 0.0  # signed again, once, with the right time
            if number == tries or pause is None:
                break
            self.system.sleep(pause)
        raise self._final(endpoint, failure)

    @property
    def threads(self) -> int:
        """How many requests should be under way at once, by how far the host is."""
        return 1 if self.quickest < NEAR_SECONDS else IN_FLIGHT

    def server_time(self) -> float:
        """Return the exchange's time in Unix seconds, measuring the offset where needed."""
        with self._lock:
            if self.dialect.clock is not None and not self.clock.is_usable(self.system):
                self.measure_clock()
        return self.clock.now(self.system)

    def measure_clock(self) -> None:
        """Measure the offset to the exchange's clock."""
        if self.dialect.clock is None:
            return
        before = self.system.time()
        reply = self.call(self.dialect.clock, [])
        seconds = reply.json()
        if not isinstance(seconds, int | float):
            raise ProtocolError("the exchange's clock answered without a time.")
        self.set_clock(seconds, before)

    def set_clock(self, seconds: float, before: float) -> None:
        """Take over the exchange's time: it belongs to the middle of the request.

        BTCC answers in whole seconds, so half a second is added.
        """
        after = self.system.time()
        with self._lock:
            self.clock.measured_at = (after, self.system.monotonic())
            self.clock.offset = seconds + 0.5 - (before + after) / 2

    def _once(self, endpoint: Endpoint, pairs: WirePairs, key: Any, deadline: float) -> Reply:
        self._respect_block(endpoint, deadline)
        request = self._write(endpoint, pairs, key)
        left = deadline - self.system.monotonic()
        status: int | None = None
        body = b""
        try:
            with self._budget:
                begin = self.system.monotonic()
                status, body = self.network.exchange(request, max(left, 0.001))
                self.quickest = min(self.quickest, self.system.monotonic() - begin)
            if key is not None:  # a server may echo what it was sent
                body = signing.scrub(body, [request.digest, *self.dialect.secrets(key)])
            return self.dialect.read(endpoint, status, body)
        except BtccError as problem:
            failure = problem
        shown = self.dialect.showable(endpoint, body)
        failure.attempt = self._attempt(endpoint, request, failure, status, shown)
        if isinstance(failure, RateLimited):
            self.blocks.set(self.network.host, failure.until, self.system.time())
        raise failure

    def _write(self, endpoint: Endpoint, pairs: WirePairs, key: Any) -> Request:
        second = int(self.server_time()) if key is not None else 0
        try:
            return self.dialect.write(endpoint, pairs, key, second)
        except BaseException as problem:
            # Whatever happened in there, its frames held the secret: drop them.
            scrubbed = problem.with_traceback(None)
            scrubbed.__context__ = None
        raise scrubbed

    def _respect_block(self, endpoint: Endpoint, deadline: float) -> None:
        """Wait out a block of this address, or refuse at once where that takes too long."""
        until = self.blocks.until(self.network.host)
        wait = until - self.system.time() if until else 0
        if wait <= 0:
            return
        left = deadline - self.system.monotonic()
        if endpoint.effect is Effect.TRADE or wait > min(left, LONGEST_WAIT):
            refusal = RateLimited(int(until), "this address is blocked", endpoint.name)
            refusal.outcome = "not_sent"
            raise refusal
        self.system.sleep(wait)

    def _pause_before_repeat(
        self, failure: BtccError, number: int, deadline: float
    ) -> float | None:
        """Return how long to wait before the next try, or None where there must be none."""
        if isinstance(failure, RateLimited):
            return None if failure.outcome == "not_sent" else 0.0
        pause = self.system.uniform(0.5, min(5.0, 0.5 * 3**number))
        if not failure.may_repeat or self.system.monotonic() + pause >= deadline:
            return None
        return pause

    def _clock_moved_from(self, offset: float | None) -> bool:
        """Whether a request signed with this offset was signed for the wrong time.

        The offset is measured anew, unless another thread just did: a refused signature
        may be nothing but a clock that is off.
        """
        with self._lock:
            if not self._differs(offset):
                with suppress(BtccError):
                    self.measure_clock()
            return self._differs(offset)

    def _differs(self, offset: float | None) -> bool:
        return abs((self.clock.offset or 0.0) - (offset or 0.0)) > CLOCK_TOLERANCE

    def _final(self, endpoint: Endpoint, failure: BtccError) -> BtccError:
        """Return the error the caller sees once no further try is made."""
        unclear = failure.outcome == "unknown" or isinstance(failure, ServerError | ProtocolError)
        status = failure.attempt.status if failure.attempt else None
        if endpoint.effect is Effect.TRADE:
            if unclear and failure.outcome != "not_sent":
                return OutcomeUnknown(
                    f"{endpoint.name}: no clear answer ({failure}). It may have been carried "
                    "out and was not sent again: look at open_orders() and trades() first.",
                    attempt=failure.attempt,
                )
        elif isinstance(failure, ProtocolError) and status is not None and status >= 500:
            return ServerError(
                status, "the server has a problem", endpoint.name, str(failure),
                attempt=failure.attempt,
            )  # fmt: skip
        return failure

    def _attempt(
        self,
        endpoint: Endpoint,
        request: Request,
        failure: BtccError,
        status: int | None,
        body: bytes,
    ) -> Attempt:
        kind = f"{failure.code}" if isinstance(failure, ApiError) else type(failure).__name__
        moment = datetime.fromtimestamp(self.system.time(), UTC).isoformat(timespec="seconds")
        with self._lock:
            seen = self._seen.setdefault((endpoint.name, kind), _Seen(moment))
            seen.times += 1
            first, times = seen.first, seen.times
        query = f"?{signing.mask_query(request.query)}" if request.query else ""
        parameters = dict(request.parameters)
        return Attempt(
            call=endpoint.name,
            method=request.method,
            url=f"{self.network.base_url}{request.path}{query}",
            parameters=msgspec.json.encode(parameters).decode(),
            reply=body[:4000].decode("utf-8", "replace"),
            status=status,
            first_seen=first,
            times_seen=times,
            string_to_sign=request.string_to_sign,
            environment=self.environment,
            venue=self.venue,
            order_id=parameters.get("id", "") or parameters.get("order_id", ""),
        )


def _is_about_the_clock(failure: BtccError) -> bool:
    return isinstance(failure, AuthError) and failure.code == 204


def with_user(error: BtccError, user_id: str) -> BtccError:
    """Fill the UID into what support will be told, once it is known."""
    if error.attempt is not None:
        error.attempt = replace(error.attempt, user_id=user_id)
    return error
