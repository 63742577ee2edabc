"""Hosts, addresses, environments and the type that hides secrets."""

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from btcc_research import api
from btcc_research.errors import ConfigError
from btcc_research.settings import (
    HOSTS,
    KeySet,
    Secret,
    checked_addresses,
    checked_hosts,
    shortened,
    write_private,
)


def test_a_secret_shows_itself_to_nobody():
    secret = Secret("visible-nowhere")
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret:>30}", "%s" % secret):  # noqa: UP031
        assert "visible" not in shown
    for escape in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            escape(secret)
    with pytest.raises(TypeError):
        hash(secret)
    assert secret == Secret("visible-nowhere")
    assert secret.reveal() == "visible-nowhere"
    assert "visible" not in repr(KeySet("a", "live", "id", secret))


@pytest.mark.parametrize("text", ["", "a\nb", "a\x00"])
def test_a_damaged_secret_is_refused(text):
    with pytest.raises(ConfigError):
        Secret(text)


def test_addresses_are_checked_and_normalised():
    assert checked_addresses(("198.51.100.7", " 2001:DB8::7 ")) == ("198.51.100.7", "2001:db8::7")


@pytest.mark.parametrize(
    ("addresses", "words"),
    [
        (("198.51.100.300",), "not an IP address"),
        (("example.org",), "not an IP address"),
        (("198.51.100.7", "198.51.100.7"), "twice"),
        (("2001:db8::7", "2001:DB8:0::7"), "twice"),
        (tuple(f"198.51.100.{n}" for n in range(6)), "at most 5"),
    ],
)
def test_wrong_addresses_are_refused(addresses, words):
    with pytest.raises(ConfigError, match=words):
        checked_addresses(addresses)


@given(st.ip_addresses())
def test_every_address_is_accepted_once(address):
    assert checked_addresses((str(address),)) == (str(address),)


def test_the_production_hosts_are_the_defaults_and_all_encrypted():
    assert checked_hosts(None, "live") == dict(HOSTS)
    assert all(host.startswith(("https://", "wss://")) for host in HOSTS.values())


@pytest.mark.parametrize(
    ("hosts", "environment", "words"),
    [
        ({"spot": "https://x"}, "live", "no entry 'spot'"),
        ({"spot_rest": "http://api.example.org"}, "live", "only for this machine"),
        ({"spot_ws": "ws://api.example.org"}, "live", "use wss"),
        ({"spot_rest": "https://api.example.org"}, "sandbox", "on this machine only"),
        ({"spot_rest": "ftp://127.0.0.1"}, "sandbox", "not an address"),
        ({"spot_rest": "127.0.0.1:80"}, "sandbox", "not an address"),
        ({"spot_rest": "https://user:pw@127.0.0.1"}, "live", "not an address"),
        ({"spot_rest": "http://127.0.0.1.example.org"}, "live", "only for this machine"),
    ],
)
def test_wrong_hosts_are_refused(hosts, environment, words):
    with pytest.raises(ConfigError, match=words):
        checked_hosts(hosts, environment)


@pytest.mark.parametrize("host", ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:9"])
def test_this_machine_may_be_spoken_to_without_encryption(host):
    assert checked_hosts({"spot_rest": host}, "sandbox")["spot_rest"] == host


def test_private_files_are_private(tmp_path):
    path = tmp_path / "folder" / "file.json"
    write_private(path, "x")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    write_private(path, "y")
    assert path.read_text() == "y"
    assert list(path.parent.iterdir()) == [path]


def test_an_access_id_is_shown_shortened():
    assert shortened("7d0f2c1a-5b1e-4c63") == "7d0f2c1a…"


def opened(**arguments):
    return api.open_client(**arguments)


def test_without_credentials_it_is_the_sandbox(home):
    client = opened()
    assert client.environment == "sandbox"
    assert "read only" in repr(client)


def test_credentials_in_arguments_mean_live(home):
    client = opened(access_id="an-access-id", secret_key="a-secret")
    status = client.status()
    assert status["environment"] == "live"
    assert status["hosts"] == dict(HOSTS)
    assert status["key_set"]["access_id"] == "an-acces…"
    assert not status["trade"]


def test_credentials_in_variables_mean_live_unless_they_say_otherwise(home, monkeypatch):
    monkeypatch.setenv("BTCC_ACCESS_ID", "an-access-id")
    monkeypatch.setenv("BTCC_SECRET_KEY", "a-secret")
    assert opened().environment == "live"
    monkeypatch.setenv("BTCC_ENVIRONMENT", "sandbox")
    client = opened(hosts={"spot_rest": "http://127.0.0.1:1"})
    assert client.environment == "sandbox"
    assert client.status()["key_set"]["label"] == "variables"


def test_live_credentials_in_variables_stay_out_of_a_chosen_sandbox(home, monkeypatch):
    monkeypatch.setenv("BTCC_ACCESS_ID", "an-access-id")
    monkeypatch.setenv("BTCC_SECRET_KEY", "a-secret")
    client = opened(environment="sandbox")
    assert client.environment == "sandbox"
    assert client.status()["key_set"] is None


FUTURES = {"user_name": "u", "password": "p", "api_key": "a", "api_secret": "s"}


def test_credentials_of_both_venues_are_joined_and_a_venue_without_is_left_out(home):
    both = opened(access_id="id", secret_key="secret", **FUTURES)
    assert both.status()["venues"] == ["spot", "futures"]
    assert opened(**FUTURES).status()["venues"] == ["futures"]
    assert opened(access_id="id", secret_key="secret").status()["venues"] == ["spot"]


def test_the_secret_of_futures_defaults_to_the_one_of_spot(home):
    login = opened(
        access_id="id", secret_key="one-secret", user_name="u", password="p", api_key="a"
    )._opening.known.futures_login
    assert login.api_secret == Secret("one-secret")
    alone = opened(secret_key="one-secret", user_name="u", password="p", api_key="a")
    assert alone.status()["venues"] == ["futures"]


def test_a_password_from_a_variable_is_read_again(home, monkeypatch):
    for name, value in FUTURES.items():
        monkeypatch.setenv(f"BTCC_{name.upper()}", value)
    login = opened()._opening.known.futures_login
    login.password.forget()
    monkeypatch.setenv("BTCC_PASSWORD", "changed")
    assert login.password.get() == Secret("changed")


def test_a_given_password_is_kept_for_a_sandbox_only(home):
    hosts = {"futures_rest": "http://127.0.0.1:1"}
    for environment, kept in (("sandbox", True), ("live", False)):
        login = opened(environment=environment, hosts=hosts, **FUTURES)._opening.known.futures_login
        login.password.forget()
        if kept:
            assert login.password.get() == Secret("p")
        else:
            with pytest.raises(ConfigError, match="not kept"):
                login.password.get()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"user_name": "u", "password": "p"}, "api_key and api_secret is missing"),
        ({"environment": "test"}, '"live", "sandbox"'),
        ({"access_id": "a"}, "secret_key is missing"),
        ({"secret_key": "a"}, "access_id is missing"),
        ({"profile": "mine"}, "no key set 'mine'"),
        ({"environment": "sandbox", "access_id": "a", "secret_key": "b"}, "brings its own"),
        ({"environment": "live", "hosts": {"spot_rest": "http://example.org"}}, "this machine"),
    ],
)
def test_what_contradicts_itself_is_refused_with_advice(home, arguments, words):
    with pytest.raises(ConfigError, match=words):
        opened(**arguments)


def test_unknown_options_are_an_error_not_ignored(home):
    with pytest.raises(TypeError):
        api.connect(verify=False)
