"""Which exchange, with which key set, and where this package keeps things.

Credentials come from arguments, then environment variables, then the stored key sets.
Secrets live in the keyring, or in a file only this user can read where no keyring works.
"""

from __future__ import annotations

import hmac
import ipaddress
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NoReturn
from urllib.parse import urlsplit

import platformdirs

from btcc_research.errors import ConfigError

Environment = Literal["live", "sandbox"]

APPLICATION = "btcc_research"
MOST_ADDRESSES = 5
HOSTS: Mapping[str, str] = {
    "spot_rest": "https://spotapi2.btcccdn.com",
    "spot_ws": "wss://spotprice2.btcccdn.com/ws",
    "futures_rest": "https://api1.btloginc.com:9081",
    "futures_quote_ws": "wss://kapi1.btloginc.com:9082",
    "futures_web": "https://www.btcc.com",
}


class Secret:
    """A text that shows itself to nobody: not in repr, format, pickle or copies."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        if not value or not value.isprintable():
            raise ConfigError("a secret must be printable text; it seems empty or damaged.")
        self._value = value

    def reveal(self) -> str:
        """Return the text, for the one place that signs."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled or copied")


@dataclass(frozen=True, slots=True)
class KeySet:
    """One access id with its secret, what it may do, and the addresses it is bound to.

    `can_trade` None means BTCC knows, this machine does not.
    """

    label: str
    environment: Environment
    access_id: str
    secret: Secret = field(repr=False)
    can_trade: bool | None = None
    addresses: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.access_id or not self.access_id.isprintable():
            raise ConfigError("access_id is empty or damaged; copy it again from BTCC's page.")
        object.__setattr__(self, "addresses", checked_addresses(self.addresses))


class Password:
    """A password and how long it is kept.

    One that can be read again (from the keyring, from the environment) is never kept here.
    One that was given as an argument is forgotten once the login has worked; a sandbox's is
    no secret and stays.
    """

    __slots__ = ("_given", "_keep", "_read")

    def __init__(
        self,
        given: Secret | None = None,
        *,
        read: Callable[[], Secret | None] | None = None,
        keep: bool = False,
    ) -> None:
        self._given = given
        self._read = read
        self._keep = keep

    def get(self) -> Secret:
        """Return the password.

        Raises
        ------
        ConfigError
            If it was forgotten, or is not where it was.
        """
        found = self._read() if self._read else self._given
        if found is None:
            raise ConfigError(
                "the futures session has ended, and a password given to connect() is not kept: "
                "connect again, or store it with: btcc keys add LABEL --futures"
            )
        return found

    def forget(self) -> None:
        """Drop a password that was given, now that it is not needed."""
        if not self._keep:
            self._given = None

    def __repr__(self) -> str:
        return "Password(***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Password cannot be pickled or copied")


@dataclass(frozen=True, slots=True)
class FuturesLogin:
    """What logs in to the futures venue, what it may do, and where it is bound to.

    `encoding` and `post_style` are forms BTCC's document leaves open; what it says is the
    default. `can_trade` None means BTCC knows, this machine does not.
    """

    label: str
    environment: Environment
    user_name: str = field(repr=False)
    password: Password = field(repr=False)
    api_key: Secret = field(repr=False)
    api_secret: Secret = field(repr=False)
    can_trade: bool | None = None
    addresses: tuple[str, ...] = ()
    encoding: Literal["rfc3986", "raw", "form"] = "rfc3986"
    post_style: Literal["query", "form"] = "query"

    def __post_init__(self) -> None:
        if not self.user_name or not self.user_name.isprintable():
            raise ConfigError("user_name is empty or damaged: it is your e-mail or mobile number.")
        object.__setattr__(self, "addresses", checked_addresses(self.addresses))


@dataclass(frozen=True, slots=True)
class SessionKey:
    """What signs the calls of a login session; `sent` are secret parameters of one request."""

    api_secret: Secret = field(repr=False)
    token: Secret | None = field(default=None, repr=False)
    encoding: Literal["rfc3986", "raw", "form"] = "rfc3986"
    post_style: Literal["query", "form"] = "query"
    sent: tuple[tuple[str, Secret], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Connection:
    """Everything `connect` decided: where to, as whom, and whether orders may be sent.

    `strict` raises where data has a hole instead of warning. `embedded` means this process's
    own sandbox; `chosen` is false where it was only the fallback.
    """

    environment: Environment
    hosts: Mapping[str, str]
    spot_key: KeySet | None
    futures_login: FuturesLogin | None = None
    trade: bool = False
    strict: bool = False
    embedded: bool = False
    chosen: bool = True


def shortened(access_id: str) -> str:
    """Return an access id as people may see it."""
    return f"{access_id[:8]}…" if len(access_id) > 8 else access_id


def checked_addresses(addresses: tuple[str, ...]) -> tuple[str, ...]:
    """Return IP addresses in their standard form.

    Raises
    ------
    ConfigError
        For a text that is no address, an address given twice, or more than five.
    """
    found: list[str] = []
    for text in addresses:
        try:
            address = str(ipaddress.ip_address(text.strip()))
        except ValueError:
            raise ConfigError(
                f"{text!r} is not an IP address; write it like 198.51.100.7 or 2001:db8::7."
            ) from None
        if address in found:
            raise ConfigError(f"the address {address} is given twice; list each address once.")
        found.append(address)
    if len(found) > MOST_ADDRESSES:
        raise ConfigError(
            f"{len(found)} addresses: BTCC binds at most {MOST_ADDRESSES} to a key set."
        )
    return tuple(found)


def home() -> Path:
    """Return the folder of this package's own files: ``BTCC_HOME`` or the platform's."""
    given = os.environ.get("BTCC_HOME")
    return Path(given).expanduser() if given else platformdirs.user_data_path(APPLICATION)


def private_folder(folder: Path) -> Path:
    """Create a folder only this user can enter, and return it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def write_private(path: Path, text: str) -> None:
    """Replace a file only this user can read, all or nothing."""
    private_folder(path.parent)
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def checked_hosts(given: Mapping[str, str] | None, environment: Environment) -> dict[str, str]:
    """Return the production hosts with the given ones in their place.

    Raises
    ------
    ConfigError
        For an unknown name, plain text to another machine, or a sandbox beyond loopback.
    """
    given = given or {}
    unknown = given.keys() - HOSTS.keys()
    if unknown:
        raise ConfigError(
            f"hosts has no entry {sorted(unknown)[0]!r}; it may have: {', '.join(HOSTS)}."
        )
    for name, host in given.items():
        _check_host(name, host, environment)
    return {**(HOSTS if environment == "live" else {}), **given}


def _check_host(name: str, host: str, environment: Environment) -> None:
    parts = urlsplit(host)
    loopback = is_loopback(parts.hostname or "")
    wanted = {"wss", "ws"} if name.endswith("ws") else {"https", "http"}
    if parts.scheme not in wanted or not parts.hostname or parts.username or parts.query:
        raise ConfigError(f"hosts[{name!r}]={host!r} is not an address such as {HOSTS[name]!r}.")
    if parts.scheme in ("http", "ws") and not loopback:
        raise ConfigError(
            f"hosts[{name!r}]={host!r}: plain {parts.scheme} is only for this machine; "
            f"use {parts.scheme}s."
        )
    if environment == "sandbox" and not loopback:
        raise ConfigError(
            f"hosts[{name!r}]={host!r}: a sandbox is on this machine only; "
            'use environment="live" for another host.'
        )


def is_loopback(name: str) -> bool:
    """Whether a host name is this machine."""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
