"""The functions of the package: the methods of one default client, and how it is chosen."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from functools import wraps
from inspect import signature
from typing import Concatenate, Literal, ParamSpec, TypeVar

import pandas as pd

from btcc_research import keystore
from btcc_research.client import Client
from btcc_research.credentials import (
    FUTURES,
    SPOT,
    Credentials,
    Forms,
    checked_environment,
    find_credentials,
)
from btcc_research.errors import BtccError, ConfigError
from btcc_research.settings import Connection, Environment, checked_hosts, shortened
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
    user_name: str | None = None,
    password: str | None = None,
    api_key: str | None = None,
    api_secret: str | None = None,
    trade: bool = False,
    hosts: Mapping[str, str] | None = None,
    strict: bool = False,
    encoding: Literal["rfc3986", "raw", "form"] = "rfc3986",
    post_style: Literal["query", "form"] = "query",
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
        Label of stored key sets (``btcc keys add`` stores them).
    access_id, secret_key : str, optional
        Credentials of the spot venue; else ``BTCC_ACCESS_ID`` and ``BTCC_SECRET_KEY``, else
        the one stored key set. Do not write a secret into a notebook.
    user_name, password, api_key, api_secret : str, optional
        Credentials of the futures venue (`api_secret` defaults to `secret_key`); else
        ``BTCC_USER_NAME``, ``BTCC_PASSWORD``, ``BTCC_API_KEY`` and ``BTCC_API_SECRET``, else
        the one stored login. A password given here is forgotten once the login has worked,
        so a session that ends needs a new `connect`; a stored one is read again.
    trade : bool
        Allow this process to send orders. It is never remembered.
    hosts : mapping, optional
        Other base addresses by name (``spot_rest``, ``spot_ws``, ``futures_rest``,
        ``futures_quote_ws``, ``futures_web``). Plain http and ws are for this machine only.
    strict : bool
        Raise `Incomplete` where data has a hole, instead of warning.
    encoding, post_style : str
        How futures requests are encoded before signing, and where the parameters of a POST
        go. BTCC's document leaves both open; change them only if a login is refused for its
        signature.

    Raises
    ------
    ConfigError
        If something is missing or contradicts itself; nothing was sent.
    """
    client = open_client(
        environment, profile, access_id=access_id, secret_key=secret_key, user_name=user_name,
        password=password, api_key=api_key, api_secret=api_secret, trade=trade, hosts=hosts,
        strict=strict, encoding=encoding, post_style=post_style,
    )  # fmt: skip
    with _lock:
        _default[:] = [client]
    return client


def open_client(
    environment: str | None = None,
    profile: str | None = None,
    *,
    trade: bool = False,
    hosts: Mapping[str, str] | None = None,
    strict: bool = False,
    encoding: Literal["rfc3986", "raw", "form"] = "rfc3986",
    post_style: Literal["query", "form"] = "query",
    **credentials: str | None,
) -> Client:
    """Connect without changing the default; parameters as for `connect`."""
    unknown = credentials.keys() - (SPOT.keys() | FUTURES.keys())
    if unknown:
        raise TypeError(f"connect() has no argument {sorted(unknown)[0]!r}")
    found = find_credentials(environment, profile, credentials, Forms(encoding, post_style))
    where = _environment(environment, found)
    found = _of_environment(found, where)
    embedded = where == "sandbox" and not hosts
    if embedded and found.sets:
        raise ConfigError(
            "the sandbox of this process brings its own key sets: leave the credentials out, "
            "or name the hosts of another sandbox."
        )
    for known in found.sets:
        if trade and known.can_trade is False:
            raise ConfigError(
                f"key set {known.label!r} may only read; trade=True needs one that may trade."
            )
    checked = {} if embedded else checked_hosts(hosts, where)
    chosen = environment is not None or "BTCC_ENVIRONMENT" in os.environ
    return Client(
        Connection(where, checked, found.spot, found.futures, trade, strict, embedded, chosen)
    )


def _of_environment(found: Credentials, where: Environment) -> Credentials:
    """Return the credentials if they belong to an environment; others are left out."""
    for known in found.sets:
        if known.environment == where:
            continue
        if not found.is_chosen:
            return Credentials()
        raise ConfigError(
            f"key set {known.label!r} belongs to {known.environment}, not to {where}; "
            "a key set is used in its own environment only."
        )
    return found


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
        RangeIndex. Columns: label, environment, venue, access_id (or API key, shortened),
        permission, addresses (bound IP addresses), secret_in (keyring or file). At most five
        key sets an environment, five addresses each (BTCC's help page "BTCC API Trading").

    Raises
    ------
    ConfigError
        If the file of key sets is damaged.
    """
    rows = [
        {
            "label": known.label,
            "environment": known.environment,
            "venue": known.venue,
            "access_id": shortened(known.access_id),
            "permission": "read, trade" if known.can_trade else "read",
            "addresses": ", ".join(known.addresses),
            "secret_in": known.secret_in,
        }
        for known in keystore.stored_key_sets()
    ]
    names = ["label", "environment", "venue", "access_id", "permission", "addresses", "secret_in"]
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


def _environment(given: str | None, found: Credentials) -> Environment:
    variable = given or os.environ.get("BTCC_ENVIRONMENT")
    if variable:
        return checked_environment(variable)
    return found.sets[0].environment if found.sets else "sandbox"


def _of_default(method: Callable[Concatenate[Client, P], R]) -> Callable[P, R]:
    """Return a function that calls a method on whatever the default client is by then."""

    @wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return method(default_client(), *args, **kwargs)

    whole = signature(method)
    _, *asked = whole.parameters.values()
    vars(call)["__signature__"] = whole.replace(parameters=asked)
    call.__qualname__ = method.__name__
    call.__module__ = "btcc_research"
    return call


status = _of_default(Client.status)
trades = _of_default(Client.trades)
orders = _of_default(Client.orders)
open_orders = _of_default(Client.open_orders)
positions = _of_default(Client.positions)
balances = _of_default(Client.balances)
ledger = _of_default(Client.ledger)
transfers = _of_default(Client.transfers)
markets = _of_default(Client.markets)
klines = _of_default(Client.klines)
ticker = _of_default(Client.ticker)
depth = _of_default(Client.depth)
funding = _of_default(Client.funding)
