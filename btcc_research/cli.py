"""The `btcc` command: demo, sandbox, keys, status."""

from __future__ import annotations

import json
import os
import signal
import threading
from typing import TYPE_CHECKING, Any

import click

from btcc_research.errors import BtccError

if TYPE_CHECKING:
    from types import FrameType


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="btcc_research")
def main() -> None:
    """BTCC trades, orders, balances and candles as DataFrames."""


@main.command()
@click.option("--chart", default="btcc_demo.png", show_default=True, help="Where to save it.")
def demo(chart: str) -> None:
    """Show what this package does, on the sandbox's demonstration account."""
    from btcc_research.demo import run_demo  # noqa: PLC0415 (heavy: loaded when used)

    _or_explain(lambda: run_demo(chart))


@main.command()
@click.option("--port", default=0, show_default=True, help="0 takes any free port.")
@click.option("--seed", default=7, show_default=True, help="Fixes prices and history.")
@click.option("--fixed-keys", is_flag=True, help="The same demonstration keys at every start.")
@click.option("--json", "as_json", is_flag=True, help="Print hosts and keys as one JSON line.")
def sandbox(port: int, seed: int, fixed_keys: bool, as_json: bool) -> None:
    """Serve the sandbox exchange on this machine until interrupted."""
    from btcc_research.sandbox import start  # noqa: PLC0415 (heavy: loaded when used)

    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    with start(port=port, seed=seed, fixed_keys=fixed_keys) as box:
        described = _described(box)
        if as_json:
            click.echo(json.dumps(described))
        else:
            click.echo(_sandbox_card(described))
        stop.wait()


@main.group()
def keys() -> None:
    """Stored key sets: five for each environment, their secrets in the keyring."""


@keys.command("add")
@click.argument("label")
@click.option("--futures", is_flag=True, help="A login of the futures venue, not a spot key set.")
@click.option("--sandbox", "is_sandbox", is_flag=True, help="For a sandbox, not for BTCC.")
@click.option("--trade", is_flag=True, help="The key set may trade; without it, only read.")
@click.option("--address", multiple=True, help="An IP address the key set is bound to.")
def add(label: str, futures: bool, is_sandbox: bool, trade: bool, address: tuple[str, ...]) -> None:
    """Store a key set or a futures login; its secrets are asked for, unseen."""
    store = _add_futures if futures else _add
    environment = "sandbox" if is_sandbox else "live"
    _or_explain(lambda: store(label, environment, trade, address))


def _add(label: str, environment: Any, trade: bool, addresses: tuple[str, ...]) -> None:
    from getpass import getpass  # noqa: PLC0415

    from btcc_research import keystore  # noqa: PLC0415
    from btcc_research.settings import KeySet, Secret  # noqa: PLC0415

    access_id = click.prompt("access id").strip()
    secret = Secret(getpass("secret key (not shown): "))
    key_set = KeySet(label, environment, access_id, secret, trade, addresses)
    _say_stored(keystore.add_key_set(key_set))


def _add_futures(label: str, environment: Any, trade: bool, addresses: tuple[str, ...]) -> None:
    from getpass import getpass  # noqa: PLC0415

    from btcc_research import keystore  # noqa: PLC0415
    from btcc_research.settings import FuturesLogin, Password, Secret  # noqa: PLC0415

    user_name = click.prompt("user name (e-mail or mobile number)").strip()
    password, api_key, api_secret = (
        Secret(getpass(f"{what} (not shown): ")) for what in ("password", "API key", "API secret")
    )
    login = FuturesLogin(
        label, environment, user_name, Password(password), api_key, api_secret, trade, addresses
    )
    _say_stored(keystore.add_futures_login(login))


def _say_stored(entry: Any) -> None:
    may = "read and trade" if entry.can_trade else "read"
    click.echo(
        f"Stored {entry.label!r} ({entry.venue}) for {entry.environment}, may {may}; its secret "
        f"is in the {entry.secret_in}."
    )
    click.echo(f"Use it with: btcc.connect(profile={entry.label!r})")


@keys.command("list")
def list_keys() -> None:
    """Show the stored key sets, without their secrets."""
    from btcc_research.api import keys as stored  # noqa: PLC0415 (heavy: loaded when used)

    def show() -> None:
        frame = stored()
        empty = "No key sets are stored. Add one with: btcc keys add LABEL"
        click.echo(frame.to_string(index=False) if len(frame) else empty)

    _or_explain(show)


@keys.command("remove")
@click.argument("label")
def remove(label: str) -> None:
    """Forget the key sets of a label and their secrets."""
    from btcc_research import keystore  # noqa: PLC0415 (heavy: loaded when used)

    def forget() -> None:
        keystore.remove_key_set(label)
        click.echo(f"Removed {label!r}.")

    _or_explain(forget)


def _or_explain(work: Any) -> None:
    """Run a command; an error of this package is a sentence, not a traceback."""
    try:
        work()
    except BtccError as problem:
        raise click.ClickException(str(problem)) from None


def _described(box: Any) -> dict[str, Any]:
    return {
        "hosts": box.hosts,
        "key_sets": [
            {
                "label": known.label,
                "access_id": known.access_id,
                "secret_key": known.secret_key,
                "permissions": list(known.permissions),
                "addresses": list(known.addresses),
            }
            for known in box.key_sets
        ],
        "futures": _futures_described(box),
        "pid": os.getpid(),
    }


def _futures_described(box: Any) -> dict[str, Any]:
    login = next(known for known in box.futures_logins if "trade" in known.permissions)
    return {
        "user_name": login.user_name,
        "password": login.password,
        "api_key": login.api_key,
        "secret_key": login.secret_key,
        "account_no": box.account_number,
    }


def _sandbox_card(described: dict[str, Any]) -> str:
    lines = ["The sandbox is running; Ctrl-C ends it. Its money is not real.", ""]
    lines += [f"  {name:12} {host}" for name, host in described["hosts"].items()]
    lines.append("")
    for known in described["key_sets"]:
        where = f", from {', '.join(known['addresses'])} only" if known["addresses"] else ""
        lines.append(f"  {known['label']}: may {' and '.join(known['permissions'])}{where}")
        lines.append(f"    access_id  {known['access_id']}")
        lines.append(f"    secret_key {known['secret_key']}")
    lines.append("  futures: may read and trade")
    lines += [f"    {name:10} {value}" for name, value in described["futures"].items()]
    return "\n".join(lines)
