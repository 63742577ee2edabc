"""The functions of the package: the methods of one default client, and how it is chosen."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from functools import wraps
from inspect import signature
from typing import Concatenate, ParamSpec, TypeVar, cast

import pandas as pd

from btcc_research import keystore
from btcc_research.client import Client
from btcc_research.errors import BtccError, ConfigError
from btcc_research.settings import (
    Connection,
    Environment,
    KeySet,
    Secret,
    checked_hosts,
    shortened,
)
from btcc_research.support import report_of_last_error

P = ParamSpec("P")
R = TypeVar("R")

_lock = threading.RLock()
_default: list[Client] = []


def connect(
    environment: str | None = None,
    profile: str | None = None,
    *,
    access_id: str | None = None,
    secret_key: str | None = None,
    trade: bool = False,
    hosts: Mapping[str, str] | None = None,
    strict: bool = False,
) -> Client:
    """Connect, and make the connection the one all functions use.

    Returns
    -------
    Client
        With the same functions as the package.

    Parameters
    ----------
    environment : {"live", "sandbox"}, optional
        Where to. Left out: the variable ``BTCC_ENVIRONMENT``; else live where credentials
        are found, and the sandbox of this machine where there are none.
    profile : str, optional
        Label of a stored key set (``btcc keys add`` stores one).
    access_id, secret_key : str, optional
        Credentials of the spot venue; else ``BTCC_ACCESS_ID`` and ``BTCC_SECRET_KEY``, else
        the one stored key set. Do not write a secret into a notebook.
    trade : bool
        Allow this process to send orders. It is never remembered.
    hosts : mapping, optional
        Other base addresses by name (``spot_rest``, ``spot_ws``, ``futures_rest``,
        ``futures_quote_ws``). Plain http and ws are for this machine only.
    strict : bool
        Raise `Incomplete` where data has a hole, instead of warning.

    Raises
    ------
    ConfigError
        If something is missing or contradicts itself; nothing was sent.
    """
    client = open_client(
        environment,
        profile,
        access_id=access_id,
        secret_key=secret_key,
        trade=trade,
        hosts=hosts,
        strict=strict,
    )
    with _lock:
        _default[:] = [client]
    return client


def open_client(
    environment: str | None = None,
    profile: str | None = None,
    *,
    access_id: str | None = None,
    secret_key: str | None = None,
    trade: bool = False,
    hosts: Mapping[str, str] | None = None,
    strict: bool = False,
) -> Client:
    """Connect without changing the default; parameters as for `connect`."""
    key = _find_key(environment, profile, access_id, secret_key)
    where = _environment(environment, key)
    if key is not None and key.environment != where:
        if profile is not None or access_id is not None:
            raise ConfigError(
                f"key set {key.label!r} belongs to {key.environment}, not to {where}; "
                "a key set is used in its own environment only."
            )
        key = None
    embedded = where == "sandbox" and not hosts
    if embedded and key is not None:
        raise ConfigError(
            "the sandbox of this process brings its own key sets: leave the credentials out, "
            "or name the hosts of another sandbox."
        )
    if trade and key is not None and key.can_trade is False:
        raise ConfigError(
            f"key set {key.label!r} may only read; trade=True needs one that may trade."
        )
    found = {} if embedded else checked_hosts(hosts, where)
    chosen = environment is not None or "BTCC_ENVIRONMENT" in os.environ
    return Client(Connection(where, found, key, trade, strict, embedded, chosen))


def default_client() -> Client:
    """Return the client the functions use, connecting as the environment says if needed."""
    with _lock:
        if not _default:
            _default.append(open_client())
        return _default[0]


def keys() -> pd.DataFrame:
    """Return the stored key sets; ``btcc keys add`` in a terminal stores one.

    Returns
    -------
    DataFrame
        RangeIndex. Columns: label, environment, access_id (shortened), permission,
        addresses (bound IP addresses), secret_in (keyring or file). At most five key sets
        an environment, five addresses each (BTCC's help page "BTCC API Trading").

    Raises
    ------
    ConfigError
        If the file of key sets is damaged.
    """
    rows = [
        {
            "label": known.label,
            "environment": known.environment,
            "access_id": shortened(known.access_id),
            "permission": "read, trade" if known.can_trade else "read",
            "addresses": ", ".join(known.addresses),
            "secret_in": known.secret_in,
        }
        for known in keystore.stored_key_sets()
    ]
    names = ["label", "environment", "access_id", "permission", "addresses", "secret_in"]
    return pd.DataFrame(rows, columns=names, dtype="str")


def support_report(error: BtccError | None = None, description: str = "") -> str:
    """Return the seven items BTCC's support asks for, masked, ready to paste.

    Parameters
    ----------
    error : BtccError, optional
        The error to report; the last one that was raised to the prompt when left out.
    description : str
        One sentence of your own for item 1.

    Raises
    ------
    ConfigError
        If there was no error to report.
    """
    return error.support_report(description) if error else report_of_last_error(description)


def _find_key(
    environment: str | None, profile: str | None, access_id: str | None, secret_key: str | None
) -> KeySet | None:
    """Look for credentials: arguments, then the named profile, variables, the stored set."""
    if access_id is not None or secret_key is not None:
        return _key("arguments", access_id, secret_key, environment or "live")
    if profile is not None:
        return keystore.load_key_set(profile)
    given = os.environ.get("BTCC_ACCESS_ID"), os.environ.get("BTCC_SECRET_KEY")
    if any(given):
        return _key("variables", *given, os.environ.get("BTCC_ENVIRONMENT", "live"))
    wanted = environment or os.environ.get("BTCC_ENVIRONMENT")
    stored = [s for s in keystore.stored_key_sets() if wanted in (None, s.environment)]
    if len(stored) > 1:
        labels = ", ".join(repr(known.label) for known in stored)
        raise ConfigError(
            f"several key sets are stored ({labels}); choose: btcc.connect(profile=...)."
        )
    return keystore.load_key_set(stored[0].label) if stored else None


def _key(label: str, access_id: str | None, secret_key: str | None, environment: str) -> KeySet:
    if not access_id or not secret_key:
        missing = "secret_key" if access_id else "access_id"
        variable = "BTCC_SECRET_KEY" if access_id else "BTCC_ACCESS_ID"
        raise ConfigError(f"{missing} is missing ({variable}); both belong together.")
    return KeySet(label, _checked_environment(environment), access_id, Secret(secret_key))


def _environment(given: str | None, key: KeySet | None) -> Environment:
    if given is not None:
        return _checked_environment(given)
    variable = os.environ.get("BTCC_ENVIRONMENT")
    if variable:
        return _checked_environment(variable)
    return key.environment if key else "sandbox"


def _checked_environment(name: str) -> Environment:
    if name not in ("live", "sandbox"):
        raise ConfigError(f'environment={name!r} is not one of "live", "sandbox".')
    return cast("Environment", name)


def _of_default(method: Callable[Concatenate[Client, P], R]) -> Callable[P, R]:
    """Return a function that calls a method on whatever the default client is by then."""

    @wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return method(default_client(), *args, **kwargs)

    whole = signature(method)
    without_self = [parameter for name, parameter in whole.parameters.items() if name != "self"]
    vars(call)["__signature__"] = whole.replace(parameters=without_self)
    call.__qualname__ = method.__name__
    call.__module__ = "btcc_research"
    return call


status = _of_default(Client.status)
trades = _of_default(Client.trades)
orders = _of_default(Client.orders)
open_orders = _of_default(Client.open_orders)
balances = _of_default(Client.balances)
ledger = _of_default(Client.ledger)
markets = _of_default(Client.markets)
klines = _of_default(Client.klines)
ticker = _of_default(Client.ticker)
depth = _of_default(Client.depth)
