"""Stored key sets: what they may do in a file, their secrets in the keyring.

Headless machines have no keyring that works; there the secrets are kept in a file with
mode 0600 beside it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from btcc_research.errors import ConfigError
from btcc_research.settings import (
    APPLICATION,
    Environment,
    KeySet,
    Secret,
    checked_addresses,
    home,
    write_private,
)

MOST_KEY_SETS = 5


@dataclass(frozen=True, slots=True)
class StoredKeySet:
    """A key set without its secret."""

    label: str
    environment: Environment
    access_id: str
    can_trade: bool
    addresses: tuple[str, ...]
    secret_in: str


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
            )
            for e in entries
        ]  # fmt: skip
    except (ValueError, KeyError, TypeError) as problem:
        raise ConfigError(
            f"{path} cannot be read ({type(problem).__name__}); "
            "remove it and add the key sets again with: btcc keys add"
        ) from None


def add_key_set(key_set: KeySet) -> StoredKeySet:
    """Store a key set; return how it was stored.

    Raises
    ------
    ConfigError
        For a label or access id that is stored already, or a sixth key set.
    """
    known = stored_key_sets()
    if any(key_set.label == entry.label for entry in known):
        raise ConfigError(
            f"a key set {key_set.label!r} is stored already; remove it first with: "
            f"btcc keys remove {key_set.label}"
        )
    if any(key_set.access_id == entry.access_id for entry in known):
        raise ConfigError("a key set with this access id is stored already.")
    if len([e for e in known if e.environment == key_set.environment]) >= MOST_KEY_SETS:
        raise ConfigError(
            f"{MOST_KEY_SETS} key sets are stored for {key_set.environment}; BTCC has no more. "
            "Remove one first with: btcc keys remove LABEL"
        )
    place = _keep_secret(key_set)
    entry = StoredKeySet(
        key_set.label, key_set.environment, key_set.access_id, bool(key_set.can_trade),
        checked_addresses(key_set.addresses), place,
    )  # fmt: skip
    _write([*known, entry])
    return entry


def remove_key_set(label: str) -> None:
    """Forget a key set and its secret.

    Raises
    ------
    ConfigError
        If there is none of this label; it lists the known ones.
    """
    entry = _find(label)
    if entry.secret_in == "keyring":  # noqa: S105 (a place, not a secret)
        import keyring  # noqa: PLC0415 (heavy: loaded when used)

        keyring.delete_password(APPLICATION, entry.access_id)
    else:
        secrets = _secrets()
        secrets.pop(entry.access_id, None)
        write_private(_secret_file(), json.dumps(secrets))
    _write([known for known in stored_key_sets() if known.label != label])


def load_key_set(label: str) -> KeySet:
    """Return a stored key set with its secret.

    Raises
    ------
    ConfigError
        If there is none of this label, or its secret is gone.
    """
    entry = _find(label)
    if entry.secret_in == "keyring":  # noqa: S105 (a place, not a secret)
        import keyring  # noqa: PLC0415 (heavy: loaded when used)

        text = keyring.get_password(APPLICATION, entry.access_id)
    else:
        text = _secrets().get(entry.access_id)
    if not text:
        raise ConfigError(
            f"the secret of key set {label!r} is not in the {entry.secret_in} any more; "
            f"run: btcc keys remove {label} and: btcc keys add"
        )
    return KeySet(
        label, entry.environment, entry.access_id, Secret(text), entry.can_trade, entry.addresses
    )


def _find(label: str) -> StoredKeySet:
    known = stored_key_sets()
    for entry in known:
        if entry.label == label:
            return entry
    labels = ", ".join(entry.label for entry in known) or "none; add one with: btcc keys add"
    raise ConfigError(f"no key set {label!r} is stored. Stored: {labels}.")


def _keep_secret(key_set: KeySet) -> str:
    """Put the secret where it is safest on this machine; return where that is."""
    import keyring  # noqa: PLC0415 (heavy: loaded when used)
    import keyring.errors  # noqa: PLC0415

    try:
        keyring.set_password(APPLICATION, key_set.access_id, key_set.secret.reveal())
    except (keyring.errors.KeyringError, RuntimeError):
        secrets = {**_secrets(), key_set.access_id: key_set.secret.reveal()}
        write_private(_secret_file(), json.dumps(secrets))
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
