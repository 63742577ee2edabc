"""The futures session: one login, a heartbeat, renewal by one thread, secrets kept to itself."""

import gc
import json
import pickle
import threading
import weakref

import pytest

from btcc_research.errors import (
    AuthError,
    ConfigError,
    ReadOnly,
    SessionExpired,
    TransportError,
)
from btcc_research.protocol import futures
from btcc_research.protocol.wire import Reply
from btcc_research.settings import FuturesLogin, Password, Secret
from btcc_research.venues.session import Session


def login_with(password=None, **more):
    return FuturesLogin(
        "test", "live", "trader@example.com", password or Password(Secret("hunter2")),
        Secret("api-key-1"), Secret("api-secret-1"), **more,
    )  # fmt: skip


class Venue:
    """Answers logins and heartbeats; counts them."""

    def __init__(self):
        self.logins, self.beats = 0, 0
        self.alive = set()
        self.failure = None
        self.beaten = threading.Event()
        self.lock = threading.Lock()

    def send(self, endpoint, pairs, key):
        with self.lock:
            if self.failure is not None:
                raise self.failure
            if endpoint is futures.LOGIN:
                self.logins += 1
                self.passed = dict(key.sent)
                token = f"000000246{self.logins}"
                self.alive = {token}
                account = {"id": 320, "account_no": "86000731", "balance": 1, "equity": 1}
                account |= {"userid": 2460, "account_groupid": 13}
                return Reply(json.dumps({"token": token, "account": account}).encode())
            self.beats += 1
            self.beaten.set()
            if key.token.reveal() not in self.alive:
                raise SessionExpired(-3, "token invalid", endpoint.name)
            return Reply(b'{"accountid": 320, "server_time": 1768212365}')


@pytest.fixture
def venue():
    return Venue()


@pytest.fixture
def session(venue):
    opened = Session(venue.send, armed=True, beat_seconds=3600)
    yield opened
    opened.close()


def test_the_first_use_logs_in_and_later_ones_do_not(session, venue):
    login = login_with()
    key, who = session.enter(login)
    assert venue.passed["user_name"] == Secret("trader@example.com")
    assert venue.passed["password"] == Secret("hunter2")
    assert (who.account_id, who.account_number, who.account_group_id) == (320, "86000731", 13)
    assert session.enter(login)[0] is key
    assert venue.logins == session.logins == 1


def test_one_login_by_one_thread_when_many_find_the_token_expired(session, venue):
    login = login_with(Password(Secret("x"), keep=True))
    stale, _ = session.enter(login)
    ready = threading.Barrier(8)
    keys = []

    def use():
        ready.wait()
        session.lose(stale)
        keys.append(session.enter(login)[0])

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert venue.logins == 2
    assert len({id(key) for key in keys}) == 1


def test_a_given_password_is_forgotten_after_the_login(session, venue):
    login = login_with()
    key, _ = session.enter(login)
    session.lose(key)
    with pytest.raises(ConfigError, match="connect again, or store it"):
        session.enter(login)
    assert venue.logins == 1


def test_a_password_is_not_forgotten_before_a_login_has_worked(session, venue):
    login = login_with()
    venue.failure = TransportError("no answer", outcome="not_sent")
    with pytest.raises(TransportError):
        session.enter(login)
    venue.failure = None
    session.enter(login)
    assert session.is_open


def test_a_stored_password_is_read_again_for_every_login(session, venue):
    reads = []
    login = login_with(Password(read=lambda: reads.append(1) or Secret("stored")))
    key, _ = session.enter(login)
    session.lose(key)
    session.enter(login)
    assert len(reads) == venue.logins == 2


def test_a_refused_login_is_not_tried_again(session, venue):
    venue.failure = AuthError(-1, "Login Failed", "login")
    with pytest.raises(AuthError):
        session.enter(login_with())
    assert not session.is_open


def test_a_lost_session_ends_the_right_to_trade_until_it_is_armed_again(session, venue):
    login = login_with(Password(Secret("x"), keep=True))
    key, _ = session.enter(login)
    session.require_armed("open_position")
    session.lose(key)
    session.enter(login)
    with pytest.raises(ReadOnly, match=r"btcc\.futures\.arm\(\)"):
        session.require_armed("open_position")
    session.arm()
    session.require_armed("open_position")


def test_losing_an_old_token_does_not_touch_the_new_one(session):
    login = login_with(Password(Secret("x"), keep=True))
    old, _ = session.enter(login)
    session.lose(old)
    new, _ = session.enter(login)
    session.arm()
    session.lose(old)
    assert session.enter(login)[0] is new
    assert session.is_armed


def test_a_heartbeat_that_finds_the_token_refused_logs_in_once(session, venue):
    session.enter(login_with(Password(Secret("x"), keep=True)))
    venue.alive.clear()
    session.beat()
    assert venue.logins == 2
    assert session.is_open
    assert not session.is_armed


def test_two_silent_heartbeats_end_the_session_one_does_not(session, venue):
    login = login_with(Password(Secret("x"), keep=True))
    session.enter(login)
    venue.failure = TransportError("no answer")
    session.beat()
    assert session.is_open
    venue.failure = None
    session.beat()
    venue.failure = TransportError("no answer")
    session.beat()
    assert session.is_open
    session.beat()
    assert not session.is_open
    assert not session.is_armed
    venue.failure = None
    session.enter(login)
    assert venue.logins == 2


def test_a_heartbeat_gives_up_where_the_password_is_gone(session, venue):
    login = login_with()
    session.enter(login)
    venue.alive.clear()
    session.beat()
    assert venue.logins == 1
    assert not session.is_open
    with pytest.raises(ConfigError, match="not kept"):
        session.enter(login)


@pytest.fixture
def others():
    """The heartbeats of other sessions, which go on."""
    return set(heartbeats())


def heartbeats():
    return [t for t in threading.enumerate() if t.name == "btcc futures heartbeat"]


def test_the_thread_beats_by_itself_and_ends_with_the_session(venue, others):
    session = Session(venue.send, armed=False, beat_seconds=0.001)
    session.enter(login_with())
    assert venue.beaten.wait(10)
    session.close()
    ended(others)


def test_the_thread_ends_when_nobody_holds_the_session_any_more(venue, others):
    session = Session(venue.send, armed=False, beat_seconds=0.001)
    session.enter(login_with())
    gone = weakref.ref(session)
    del session
    gc.collect()
    ended(others)
    assert gone() is None


def ended(others):
    for thread in set(heartbeats()) - others:
        assert thread.daemon
        thread.join(10)
        assert not thread.is_alive()


def test_nothing_of_a_session_shows_a_secret(session):
    login = login_with()
    key, who = session.enter(login)
    shown = repr(login) + repr(key) + repr(who) + repr(session) + repr(login.password)
    for secret in ("hunter2", "api-key-1", "api-secret-1", "0000002461", "trader@example.com"):
        assert secret not in shown
    for hidden in (login, key, login.password):
        with pytest.raises(TypeError):
            pickle.dumps(hidden)
