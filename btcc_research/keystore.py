"""Stored key sets: what they may do in a file, their secrets in the keyring.

A label can have one set of each venue, so that one profile is one person. Headless
machines have no keyring that works; there the secrets are kept in a file with mode 0600
beside it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, cast

from btcc_research.errors import ConfigError
from btcc_research.settings import (
    APPLICATION,
    Environment,
    FuturesLogin,
    KeySet,
    Password,
    Secret,
    checked_addresses,
    home,
    shortened,
    write_private,
)

MOST_KEY_SETS = 5


class FormsOfRequests(Protocol):
    """The forms of futures requests BTCC's document leaves open."""

    @property
    def encoding(self) -> Any:
        """How values are encoded before signing."""

    @property
    def post_style(self) -> Any:
        """Where the parameters of a POST go."""


@dataclass(frozen=True, slots=True)
class StoredKeySet:
    """A key set without its secrets; the API key of futures is one, so it is cut short."""

    label: str
    environment: Environment
    access_id: str
    can_trade: bool
    addresses: tuple[str, ...]
    secret_in: str
    venue: str = "spot"


def stored_key_sets() -> list[StoredKeySet]:
    """Return all stored key sets, in the order in which they were added.

    Raises
    ------
    ConfigError
        If the file is damaged; it says which file.
    """
    path = _file()
    if not path.exists():
        return []
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["key_sets"]
        return [
            StoredKeySet(
                str(e["label"]), cast("Environment", e["environment"]), str(e["access_id"]),
                bool(e["can_trade"]), tuple(e["addresses"]), str(e["secret_in"]),
                str(e.get("venue", "spot")),
            )
            for e in entries
        ]  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise ConfigError(
            f"{path} cannot be read ({type(problem).__name__}); "
            "remove it and add the key sets again with: btcc keys add"
        ) from None


def add_key_set(key_set: KeySet) -> StoredKeySet:
    """Store a key set of the spot venue; return how it was stored.

    Raises
    ------
    ConfigError
        For a label or access id that is stored already, or a sixth key set.
    """
    entry = StoredKeySet(
        key_set.label, key_set.environment, key_set.access_id, bool(key_set.can_trade),
        checked_addresses(key_set.addresses), "",
    )  # fmt: skip
    return _add(entry, key_set.secret.reveal())


def add_futures_login(login: FuturesLogin) -> StoredKeySet:
    """Store a login of the futures venue; return how it was stored.

    Raises
    ------
    ConfigError
        For a label that has one already, or a sixth key set.
    """
    entry = StoredKeySet(
        login.label, login.environment, shortened(login.api_key.reveal()), bool(login.can_trade),
        checked_addresses(login.addresses), "", "futures",
    )  # fmt: skip
    secrets = {
        "user_name": login.user_name,
        "password": login.password.get().reveal(),
        "api_key": login.api_key.reveal(),
        "api_secret": login.api_secret.reveal(),
    }
    return _add(entry, json.dumps(secrets))


def _add(entry: StoredKeySet, secret: str) -> StoredKeySet:
    known = stored_key_sets()
    if any((entry.label, entry.venue) == (other.label, other.venue) for other in known):
        raise ConfigError(
            f"a key set {entry.label!r} is stored already; remove it first with: "
            f"btcc keys remove {entry.label}"
        )
    if entry.venue == "spot" and any(entry.access_id == other.access_id for other in known):
        raise ConfigError("a key set with this access id is stored already.")
    if len([e for e in known if e.environment == entry.environment]) >= MOST_KEY_SETS:
        raise ConfigError(
            f"{MOST_KEY_SETS} key sets are stored for {entry.environment}; BTCC has no more. "
            "Remove one first with: btcc keys remove LABEL"
        )
    stored = StoredKeySet(
        entry.label, entry.environment, entry.access_id, entry.can_trade, entry.addresses,
        _keep_secret(_place(entry), secret), entry.venue,
    )  # fmt: skip
    _write([*known, stored])
    return stored


def remove_key_set(label: str) -> None:
    """Forget all key sets of a label and their secrets.

    Raises
    ------
    ConfigError
        If there is none of this label; it lists the known ones.
    """
    for entry in _find(label):
        if entry.secret_in == "keyring":  # noqa: S105 (a place, not a secret)
            import keyring  # noqa: PLC0415 (heavy: loaded when used)

            keyring.delete_password(APPLICATION, _place(entry))
        else:
            secrets = _secrets()
            secrets.pop(_place(entry), None)
            write_private(_secret_file(), json.dumps(secrets))
    _write([known for known in stored_key_sets() if known.label != label])


def load_key_set(label: str) -> KeySet:
    """Return a stored key set of the spot venue with its secret.

    Raises
    ------
    ConfigError
        If there is none of this label, or its secret is gone.
    """
    for entry in _find(label):
        if entry.venue == "spot":
            return _key_set(entry)
    raise ConfigError(f"key set {label!r} is for futures only; add one for spot: btcc keys add")


def load_profile(label: str, forms: FormsOfRequests) -> tuple[KeySet | None, FuturesLogin | None]:
    """Return what is stored under a label, for each venue.

    Raises
    ------
    ConfigError
        If there is nothing under this label, or a secret is gone.
    """
    found = {entry.venue: entry for entry in _find(label)}
    spot, futures = found.get("spot"), found.get("futures")
    return (
        _key_set(spot) if spot else None,
        _futures_login(futures, forms) if futures else None,
    )


def _key_set(entry: StoredKeySet) -> KeySet:
    return KeySet(
        entry.label, entry.environment, entry.access_id, Secret(_read_secret(entry)),
        entry.can_trade, entry.addresses,
    )  # fmt: skip


def _futures_login(entry: StoredKeySet, forms: FormsOfRequests) -> FuturesLogin:
    secrets = json.loads(_read_secret(entry))
    return FuturesLogin(
        entry.label, entry.environment, secrets["user_name"],
        Password(read=partial(_read_password, entry)), Secret(secrets["api_key"]),
        Secret(secrets["api_secret"]), entry.can_trade, entry.addresses, forms.encoding,
        forms.post_style,
    )  # fmt: skip


def _read_password(entry: StoredKeySet) -> Secret:
    """Read the password again whenever a login needs it; nobody keeps it."""
    return Secret(json.loads(_read_secret(entry))["password"])


def _read_secret(entry: StoredKeySet) -> str:
    if entry.secret_in == "keyring":  # noqa: S105 (a place, not a secret)
        import keyring  # noqa: PLC0415 (heavy: loaded when used)

        text = keyring.get_password(APPLICATION, _place(entry))
    else:
        text = _secrets().get(_place(entry))
    if not text:
        raise ConfigError(
            f"the secret of key set {entry.label!r} is not in the {entry.secret_in} any more; "
            f"run: btcc keys remove {entry.label} and: btcc keys add"
        )
    return str(text)


def _place(entry: StoredKeySet) -> str:
    """Return the name a secret is kept under."""
    if entry.venue == "spot":
        return entry.access_id
    return f"futures {entry.environment} {entry.label}"


def _find(label: str) -> list[StoredKeySet]:
    known = stored_key_sets()
    found = [entry for entry in known if entry.label == label]
    if found:
        return found
    labels = ", ".join(dict.fromkeys(entry.label for entry in known))
    raise ConfigError(
        f"no key set {label!r} is stored. Stored: {labels or 'none; add one with: btcc keys add'}."
    )


def _keep_secret(place: str, secret: str) -> str:
    """Put a secret where it is safest on this machine; return where that is."""
    import keyring  # noqa: PLC0415 (heavy: loaded when used)
    import keyring.errors  # noqa: PLC0415

    try:
        keyring.set_password(APPLICATION, place, secret)
    except (keyring.errors.KeyringError, RuntimeError):
        write_private(_secret_file(), json.dumps({**_secrets(), place: secret}))
        return "file"
    return "keyring"


def _secrets() -> dict[str, Any]:
    path = _secret_file()
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _write(entries: list[StoredKeySet]) -> None:
    rows = [
        {
            "label": e.label,
            "environment": e.environment,
            "venue": e.venue,
            "access_id": e.access_id,
            "can_trade": e.can_trade,
            "addresses": list(e.addresses),
            "secret_in": e.secret_in,
        }
        for e in entries
    ]
    write_private(_file(), json.dumps({"key_sets": rows}, indent=1))


def _file() -> Path:
    return home() / "keys.json"


def _secret_file() -> Path:
    return home() / "secrets.json"
