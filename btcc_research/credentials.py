"""Where credentials are looked for: arguments, then a profile, variables, the stored sets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from btcc_research import keystore
from btcc_research.errors import ConfigError
from btcc_research.keystore import StoredKeySet
from btcc_research.settings import Environment, FuturesLogin, KeySet, Password, Secret

SPOT = {"access_id": "BTCC_ACCESS_ID", "secret_key": "BTCC_SECRET_KEY"}
FUTURES = {
    "user_name": "BTCC_USER_NAME",
    "password": "BTCC_PASSWORD",
    "api_key": "BTCC_API_KEY",
    "api_secret": "BTCC_API_SECRET",
}


@dataclass(frozen=True, slots=True)
class Credentials:
    """What was found for each venue, and whether somebody named it."""

    spot: KeySet | None = None
    futures: FuturesLogin | None = None
    is_chosen: bool = False

    @property
    def sets(self) -> list[KeySet | FuturesLogin]:
        """The sets that were found."""
        return [found for found in (self.spot, self.futures) if found is not None]


@dataclass(frozen=True, slots=True)
class Forms:
    """The forms of futures requests that BTCC's document leaves open."""

    encoding: Literal["rfc3986", "raw", "form"] = "rfc3986"
    post_style: Literal["query", "form"] = "query"


def find_credentials(
    environment: str | None, profile: str | None, given: Mapping[str, str | None], forms: Forms
) -> Credentials:
    """Return the credentials to use for each venue.

    Credentials that are named, as arguments or as a profile, are the only ones: two
    accounts are never mixed.

    Raises
    ------
    ConfigError
        If half of a pair is missing, or several stored sets fit.
    """
    if any(given.values()):
        where = checked_environment(environment or "live")
        return Credentials(
            _spot("arguments", given, where), _futures("arguments", given, where, forms), True
        )
    if profile is not None:
        return Credentials(*keystore.load_profile(profile, forms), True)
    variables = {**SPOT, **FUTURES}
    set_ones = {name: os.environ.get(variable) for name, variable in variables.items()}
    if any(set_ones.values()):
        where = checked_environment(os.environ.get("BTCC_ENVIRONMENT", "live"))
        return Credentials(
            _spot("variables", set_ones, where), _futures("variables", set_ones, where, forms)
        )
    return _only_stored(environment or os.environ.get("BTCC_ENVIRONMENT"), forms)


def checked_environment(name: str) -> Environment:
    """Return the name of an environment.

    Raises
    ------
    ConfigError
        If there is none of this name.
    """
    if name not in ("live", "sandbox"):
        raise ConfigError(f'environment={name!r} is not one of "live", "sandbox".')
    return cast("Environment", name)


def _spot(label: str, given: Mapping[str, Any], environment: Environment) -> KeySet | None:
    access_id, secret_key = given.get("access_id"), given.get("secret_key")
    if not access_id and (not secret_key or _has_login(given)):
        return None  # a secret alone belongs to the futures key
    _require_whole(SPOT, given)
    return KeySet(label, environment, str(access_id), Secret(str(secret_key)))


def _has_login(given: Mapping[str, Any]) -> bool:
    return any(given.get(name) for name in FUTURES)


def _futures(
    label: str, given: Mapping[str, Any], environment: Environment, forms: Forms
) -> FuturesLogin | None:
    if not _has_login(given):
        return None
    whole = {**given, "api_secret": given.get("api_secret") or given.get("secret_key")}
    _require_whole(FUTURES, whole)
    return FuturesLogin(
        label, environment, str(whole["user_name"]),
        _password(label, str(whole["password"]), environment),
        Secret(str(whole["api_key"])), Secret(str(whole["api_secret"])),
        encoding=forms.encoding, post_style=forms.post_style,
    )  # fmt: skip


def _password(label: str, text: str, environment: Environment) -> Password:
    if label == "variables":
        return Password(read=_from_variable)
    # A sandbox's password is no secret: it may be kept, so that the session can be renewed.
    return Password(Secret(text), keep=environment == "sandbox")


def _from_variable() -> Secret | None:
    text = os.environ.get(FUTURES["password"])
    return Secret(text) if text else None


def _require_whole(names: Mapping[str, str], given: Mapping[str, Any]) -> None:
    missing = [name for name in names if not given.get(name)]
    if missing:
        variables = ", ".join(names[name] for name in missing)
        raise ConfigError(
            f"{' and '.join(missing)} is missing ({variables}); it takes {', '.join(names)} "
            "together."
        )


def _only_stored(environment: str | None, forms: Forms) -> Credentials:
    stored = [s for s in keystore.stored_key_sets() if environment in (None, s.environment)]
    labels = {_only(stored, "spot"), _only(stored, "futures")} - {None}
    if len(labels) > 1 or len({s.environment for s in stored}) > 1:
        raise _several(stored)
    return Credentials(*keystore.load_profile(labels.pop() or "", forms)) if labels else (
        Credentials()
    )  # fmt: skip


def _only(stored: list[StoredKeySet], venue: str) -> str | None:
    mine = [entry for entry in stored if entry.venue == venue]
    if len(mine) > 1:
        raise _several(mine)
    return mine[0].label if mine else None


def _several(stored: list[StoredKeySet]) -> ConfigError:
    labels = ", ".join(sorted({repr(entry.label) for entry in stored}))
    return ConfigError(
        f"several key sets are stored ({labels}); choose: btcc.connect(profile=...)."
    )
