"""Who may do what at the sandbox: key sets, permissions, bound addresses, request rates."""

from __future__ import annotations

import ipaddress
import secrets
from collections import defaultdict, deque
from dataclasses import dataclass, field

DEMO_USER = 20417
DEMO_ACCOUNT_NUMBER = "86000731"
MOST_KEY_SETS = 5
MOST_ADDRESSES = 5
ELSEWHERE = "203.0.113.7"  # an address of documentation, never this machine's


@dataclass(frozen=True, slots=True)
class KeySet:
    """An access id with its secret, what it may do, and from where."""

    label: str
    access_id: str
    secret_key: str = field(repr=False)
    user_id: int
    permissions: tuple[str, ...] = ("read",)
    addresses: tuple[str, ...] = ()

    def allows(self, address: str) -> bool:
        """Whether requests may come from an address; without a binding from any."""
        return _allows(self.addresses, address)


def _allows(addresses: tuple[str, ...], address: str) -> bool:
    if not addresses:
        return True
    caller = ipaddress.ip_address(address)
    return any(caller == ipaddress.ip_address(bound) for bound in addresses)


@dataclass(frozen=True, slots=True)
class FuturesLogin:
    """A user of the futures venue with one API key, what it may do, and from where.

    Without ``"futures"`` among its permissions a key may not even log in: the key of
    another product.
    """

    label: str
    user_name: str
    password: str = field(repr=False)
    api_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    user_id: int = DEMO_USER
    permissions: tuple[str, ...] = ("futures", "read")
    addresses: tuple[str, ...] = ()

    def allows(self, address: str) -> bool:
        """Whether requests may come from an address; without a binding from any."""
        return _allows(self.addresses, address)


class KeyRing:
    """All key sets of the sandbox."""

    def __init__(self) -> None:
        self._sets: dict[str, KeySet] = {}

    def add(self, key_set: KeySet) -> None:
        """Add a key set; BTCC allows five a user, with five addresses each."""
        mine = [known for known in self._sets.values() if known.user_id == key_set.user_id]
        if len(mine) >= MOST_KEY_SETS:
            raise ValueError(f"user {key_set.user_id} has {MOST_KEY_SETS} key sets already")
        if len(set(key_set.addresses)) > MOST_ADDRESSES:
            raise ValueError(f"at most {MOST_ADDRESSES} addresses can be bound to a key set")
        self._sets[key_set.access_id] = key_set

    def find(self, access_id: str) -> KeySet | None:
        """Return the key set of an access id."""
        return self._sets.get(access_id)

    def all(self) -> list[KeySet]:
        """Return every key set, in the order in which they were added."""
        return list(self._sets.values())


def demonstration_keys(user: int, *, fixed: bool = False) -> list[KeySet]:
    """Return the key sets of the demonstration account: trade, read, and one bound elsewhere.

    They are random for each start unless `fixed` is true, so that no other page or program
    on this machine can guess them.
    """
    sets = (
        ("trade", ("read", "trade"), ()),
        ("read", ("read",), ()),
        ("elsewhere", ("read", "trade"), (ELSEWHERE,)),
    )
    return [
        KeySet(
            label,
            f"sandbox-{label}-{'0' * 8 if fixed else secrets.token_hex(4)}",
            f"sandbox-secret-{label}-{'0' * 16 if fixed else secrets.token_hex(16)}",
            user,
            permissions,
            addresses,
        )
        for label, permissions, addresses in sets
    ]


def demonstration_logins(user: int, *, fixed: bool = False) -> list[FuturesLogin]:
    """Return the demonstration account's API keys for futures; the user is one and the same.

    ``trade``, ``read``, ``elsewhere`` as on spot, and ``pro``, a key of another product.
    """
    password = f"sandbox-password-{'0' * 8 if fixed else secrets.token_hex(4)}"
    sets = (
        ("trade", ("futures", "read", "trade"), ()),
        ("read", ("futures", "read"), ()),
        ("elsewhere", ("futures", "read", "trade"), (ELSEWHERE,)),
        ("pro", ("read", "trade"), ()),
    )
    return [
        FuturesLogin(
            label,
            "demo@sandbox.example",
            password,
            f"sandbox-api-key-{label}-{'0' * 8 if fixed else secrets.token_hex(4)}",
            f"sandbox-api-secret-{label}-{'0' * 16 if fixed else secrets.token_hex(16)}",
            user,
            permissions,
            addresses,
        )
        for label, permissions, addresses in sets
    ]


class Tokens:
    """Login tokens and until when they live.

    BTCC documents neither how long a token lives nor what ends it: here it lives for
    `life` seconds after the last heartbeat, or the last signed call of any kind.
    """

    def __init__(self) -> None:
        self._logins: dict[str, FuturesLogin] = {}
        self._seen: dict[str, int] = {}

    def issue(self, login: FuturesLogin, now: int, *, single: bool) -> str:
        """Return a new token (ten digits of the user, then milliseconds); `single` ends others."""
        if single:
            for token in [t for t, other in self._logins.items() if other.user_id == login.user_id]:
                self.expire(token)
        milliseconds = now // 1000
        while (token := f"{login.user_id:010d}{milliseconds:013d}") in self._logins:
            milliseconds += 1
        self._logins[token] = login
        self._seen[token] = now
        return token

    def find(self, token: str, now: int, life: int) -> FuturesLogin | None:
        """Return whose token it is, or None where it is unknown or has expired."""
        login = self._logins.get(token)
        if login is not None and now - self._seen[token] > life * 1_000_000:
            self.expire(token)
            return None
        return login

    def touch(self, token: str, now: int) -> None:
        """Keep a token alive."""
        self._seen[token] = now

    def expire(self, token: str | None = None) -> None:
        """End a token, or all of them."""
        for known in [token] if token else list(self._logins):
            self._logins.pop(known, None)
            self._seen.pop(known, None)


class Gate:
    """Counts requests per address and blocks an address that asks too often."""

    def __init__(self) -> None:
        self._times: defaultdict[str, deque[int]] = defaultdict(deque)
        self._blocked: dict[str, int] = {}

    def blocked_until(self, address: str, now: int, most: int, seconds: int) -> int | None:
        """Count a request at `now` (microseconds); return until when it is blocked, if so."""
        if now < self._blocked.get(address, 0):
            return -(-self._blocked[address] // 1_000_000)
        times = self._times[address]
        while times and times[0] <= now - 1_000_000:
            times.popleft()
        times.append(now)
        if len(times) <= most:
            return None
        self._blocked[address] = now + seconds * 1_000_000
        times.clear()
        return -(-self._blocked[address] // 1_000_000)
