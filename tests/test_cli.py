"""The `btcc` command as somebody types it."""

import json
import os
import signal
import subprocess
import sys

import pytest
import requests
from click.testing import CliRunner

from btcc_research import cli, keystore


def run(*words, **options):
    return CliRunner().invoke(cli.main, list(words), **options)


def test_the_demo_shows_the_account_and_saves_a_chart(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "btcc_research", "demo"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    for words in (
        "SANDBOX", "Balances", "Last trades", "complete", "finished candles, 0 missing",
        "What to type next", "btcc_demo.png",
    ):  # fmt: skip
        assert words in done.stdout
    assert (tmp_path / "btcc_demo.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "btcc_demo.png").stat().st_size > 20_000


def test_the_sandbox_command_prints_one_json_line_and_serves_until_interrupted():
    served = subprocess.Popen(
        [sys.executable, "-m", "btcc_research", "sandbox", "--port", "0", "--json"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        described = json.loads(served.stdout.readline())
        assert described["pid"] == served.pid
        permissions = {tuple(known["permissions"]) for known in described["key_sets"]}
        assert permissions >= {("read",), ("read", "trade")}
        assert {"label", "access_id", "secret_key", "permissions", "addresses"} == set(
            described["key_sets"][0]
        )
        assert described["futures"].keys() == {
            "user_name",
            "password",
            "api_key",
            "secret_key",
            "account_no",
        }
        url = described["hosts"]["spot_rest"] + "/btcc_api_trade/ping"
        assert requests.get(url, timeout=5).json()["data"] == "PONG"
        served.send_signal(signal.SIGINT)
        assert served.wait(10) == 0
    finally:
        served.kill()
        served.stdout.close()


def test_a_key_set_is_added_listed_and_removed(home, monkeypatch):
    monkeypatch.setattr("getpass.getpass", lambda prompt: "a-secret-nobody-sees")
    added = run("keys", "add", "mine", "--address", "198.51.100.7", input="an-access-id\n")
    assert added.exit_code == 0, added.output
    assert "may read" in added.output
    assert "connect(profile='mine')" in added.output
    listed = run("keys", "list").output
    assert "mine" in listed
    assert "198.51.100.7" in listed
    assert "a-secret" not in listed + added.output
    assert keystore.load_key_set("mine").can_trade is False
    assert run("keys", "remove", "mine").exit_code == 0
    assert "No key sets" in run("keys", "list").output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["keys", "add", "x", "--address", "nowhere"], "is not an IP address"),
        (["keys", "remove", "nobody"], "no key set 'nobody'"),
    ],
)
def test_a_mistake_is_a_sentence_not_a_traceback(home, monkeypatch, words, message):
    monkeypatch.setattr("getpass.getpass", lambda prompt: "x")
    done = run(*words, input="an-access-id\n")
    assert done.exit_code == 1
    assert message in done.output
    assert "Traceback" not in done.output


def test_help_names_every_command():
    text = run("--help").output
    for command in ("demo", "keys", "sandbox"):
        assert command in text


def test_the_command_starts_quickly():
    code = "import btcc_research.cli, sys; print([m for m in ('pandas', 'matplotlib', 'uvicorn') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout.strip() == "[]"
