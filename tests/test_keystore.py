"""Stored key sets: where the secret goes, five at most, one environment each."""

import json

import keyring
import pytest

from btcc_research import api, keystore
from btcc_research.credentials import Forms
from btcc_research.errors import ConfigError, ReadOnly
from btcc_research.settings import FuturesLogin, KeySet, Password, Secret


def key_set(label="mine", environment="live", can_trade=True, number=1, **more):
    secret = Secret(f"secret-number-{number}")
    return KeySet(label, environment, f"access-id-{number}", secret, can_trade, **more)


@pytest.fixture
def memory_keyring(monkeypatch):
    """A keyring that works, kept in memory."""

    class Memory(keyring.backend.KeyringBackend):
        priority = 1

        def __init__(self):
            self.kept = {}

        def set_password(self, service, username, password):
            self.kept[service, username] = password

        def get_password(self, service, username):
            return self.kept.get((service, username))

        def delete_password(self, service, username):
            del self.kept[service, username]

    before, memory = keyring.get_keyring(), Memory()
    keyring.set_keyring(memory)
    yield memory
    keyring.set_keyring(before)


def test_a_secret_goes_into_the_keyring_and_nowhere_else(home, memory_keyring):
    entry = keystore.add_key_set(key_set())
    assert entry.secret_in == "keyring"
    assert keystore.load_key_set("mine").secret == Secret("secret-number-1")
    everything = "".join(path.read_text() for path in home.iterdir())
    assert "secret-number-1" not in everything
    keystore.remove_key_set("mine")
    assert memory_keyring.kept == {}


def test_without_a_keyring_a_private_file_holds_the_secret(home):
    entry = keystore.add_key_set(key_set())
    assert entry.secret_in == "file"
    assert (home / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert keystore.load_key_set("mine").secret == Secret("secret-number-1")
    keystore.remove_key_set("mine")
    assert "secret-number-1" not in (home / "secrets.json").read_text()


def test_everything_about_a_key_set_is_kept(home):
    keystore.add_key_set(key_set(can_trade=False, addresses=("198.51.100.7", "2001:db8::7")))
    loaded = keystore.load_key_set("mine")
    assert loaded.addresses == ("198.51.100.7", "2001:db8::7")
    assert loaded.can_trade is False
    assert loaded.environment == "live"


def test_at_most_five_key_sets_an_environment(home):
    for number in range(5):
        keystore.add_key_set(key_set(f"set {number}", number=number))
    keystore.add_key_set(key_set("box", "sandbox", number=50))
    with pytest.raises(ConfigError, match="5 key sets are stored for live"):
        keystore.add_key_set(key_set("sixth", number=6))


def test_a_label_or_access_id_is_stored_once(home):
    keystore.add_key_set(key_set())
    with pytest.raises(ConfigError, match="stored already; remove it first"):
        keystore.add_key_set(key_set(number=2))
    with pytest.raises(ConfigError, match="this access id"):
        keystore.add_key_set(key_set("other"))


def test_an_unknown_label_lists_the_known_ones(home):
    keystore.add_key_set(key_set())
    with pytest.raises(ConfigError, match="Stored: mine"):
        keystore.load_key_set("yours")


def test_a_damaged_file_says_which_and_what_to_do(home):
    home.mkdir()
    (home / "keys.json").write_text("{")
    with pytest.raises(ConfigError, match=r"keys\.json cannot be read.*add the key sets again"):
        keystore.stored_key_sets()


def test_a_secret_that_is_gone_says_so(home):
    keystore.add_key_set(key_set())
    (home / "secrets.json").write_text("{}")
    with pytest.raises(ConfigError, match="not in the file any more"):
        keystore.load_key_set("mine")


def test_the_one_stored_set_is_used_by_itself(home):
    keystore.add_key_set(key_set())
    assert api.open_client().status()["key_set"]["label"] == "mine"


def test_several_stored_sets_must_be_chosen_from(home):
    keystore.add_key_set(key_set())
    keystore.add_key_set(key_set("second", number=2))
    with pytest.raises(ConfigError, match="several key sets"):
        api.open_client()
    assert api.open_client(profile="second").status()["key_set"]["label"] == "second"


def test_a_key_set_is_used_in_its_own_environment_only(home):
    keystore.add_key_set(key_set())
    with pytest.raises(ConfigError, match="belongs to live, not to sandbox"):
        api.open_client("sandbox", "mine", hosts={"spot_rest": "http://127.0.0.1:1"})


def test_a_set_that_may_only_read_cannot_be_armed(home):
    keystore.add_key_set(key_set(can_trade=False))
    with pytest.raises(ConfigError, match="may only read"):
        api.open_client(profile="mine", trade=True)


def test_a_live_profile_without_trade_refuses_before_anything_is_sent(home):
    keystore.add_key_set(key_set())
    client = api.open_client(profile="mine")
    with pytest.raises(ReadOnly, match="trade=True"):
        client.spot.order_limit("BTCUSDT", "buy", "0.01", "60000")
    assert not client._link.is_open


def futures_login(label="mine", **more):
    return FuturesLogin(
        label, "live", "trader@example.com", Password(Secret("a-password")),
        Secret("an-api-key-0123"), Secret("an-api-secret"), **more,
    )  # fmt: skip


@pytest.mark.parametrize("works", [True, False], ids=["keyring", "file"])
def test_a_futures_login_is_kept_whole_and_shown_nowhere(home, request, works):
    if works:
        request.getfixturevalue("memory_keyring")
    entry = keystore.add_futures_login(futures_login(can_trade=True, addresses=("198.51.100.7",)))
    assert entry.secret_in == ("keyring" if works else "file")
    _, login = keystore.load_profile("mine", Forms("raw"))
    assert (login.user_name, login.password.get()) == ("trader@example.com", Secret("a-password"))
    assert (login.api_key, login.api_secret) == (Secret("an-api-key-0123"), Secret("an-api-secret"))
    assert (login.can_trade, login.addresses, login.encoding) == (True, ("198.51.100.7",), "raw")
    shown = (home / "keys.json").read_text() + repr(login) + api.keys().to_string()
    for secret in ("trader@example.com", "a-password", "an-api-key-0123", "an-api-secret"):
        assert secret not in shown
    keystore.remove_key_set("mine")
    assert keystore.stored_key_sets() == []


def test_a_stored_password_is_read_again_and_never_kept(home):
    keystore.add_futures_login(futures_login())
    _, login = keystore.load_profile("mine", Forms())
    login.password.forget()
    assert login.password.get() == Secret("a-password")
    (home / "secrets.json").write_text("{}")
    with pytest.raises(ConfigError, match="not in the file any more"):
        login.password.get()


def test_one_label_is_one_person_on_both_venues(home):
    keystore.add_key_set(key_set())
    keystore.add_futures_login(futures_login())
    with pytest.raises(ConfigError, match="stored already"):
        keystore.add_futures_login(futures_login())
    status = api.open_client().status()
    assert status["venues"] == ["spot", "futures"]
    assert status["key_set"]["label"] == status["futures_key_set"]["label"] == "mine"
    assert status["futures_key_set"]["access_id"] == "an-api-k…"
    keystore.add_futures_login(futures_login("second"))
    with pytest.raises(ConfigError, match="'mine', 'second'"):
        api.open_client()
    only = api.open_client(profile="second").status()
    assert (only["venues"], only["key_set"]) == (["futures"], None)


def test_a_file_of_an_older_version_is_still_read(home):
    home.mkdir()
    entry = {
        "label": "old", "environment": "live", "access_id": "access-id-1", "can_trade": False,
        "addresses": [], "secret_in": "file",
    }  # fmt: skip
    (home / "keys.json").write_text(json.dumps({"key_sets": [entry]}))
    assert keystore.stored_key_sets()[0].venue == "spot"


def test_the_table_of_key_sets_shows_no_secret(home):
    assert list(api.keys().columns) == [
        "label", "environment", "venue", "access_id", "permission", "addresses", "secret_in",
    ]  # fmt: skip
    keystore.add_key_set(key_set(addresses=("198.51.100.7",)))
    row = api.keys().iloc[0].to_dict()
    assert row == {
        "label": "mine", "environment": "live", "venue": "spot", "access_id": "access-i…",
        "permission": "read, trade", "addresses": "198.51.100.7", "secret_in": "file",
    }  # fmt: skip
    stored = json.loads((home / "keys.json").read_text())
    assert "secret-number-1" not in json.dumps(stored)
