"""The server: this machine only, exact host, no other page's scripts, a clean end."""

import http.client
import socket
import threading

import pytest

from btcc_research import sandbox
from btcc_research.protocol import spot


def status(box, headers, body=b"", method="GET"):
    host, port = box.hosts["spot_rest"].removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=5)
    connection.putrequest(method, spot.PING.path, skip_host=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    if body:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body or None)
    try:
        return connection.getresponse().status
    finally:
        connection.close()


def port_of(box):
    return box.hosts["spot_rest"].rsplit(":", 1)[1]


def test_it_listens_on_loopback_only(demo_box):
    assert demo_box.hosts["spot_rest"].startswith("http://127.0.0.1:")
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None)}
    for address in others - {"127.0.0.1", "::1", "127.0.1.1"}:
        with pytest.raises(OSError), socket.create_connection((address, int(port_of(demo_box))), 1):
            pass


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_its_own_name_is_answered(demo_box, name):
    assert status(demo_box, {"Host": f"{name}:{port_of(demo_box)}"}) == 200


WRONG_HOSTS = [
    "", "127.0.0.1", "localhost", "example.org", "127.0.0.1:1", "127.0.0.1.example.org:{port}",
    "evil.example:{port}", "0.0.0.0:{port}", "127.1:{port}", "2130706433:{port}", "[::1]:{port}",
    "LOCALHOST.:{port}", "localhost:{port}.", "user@127.0.0.1:{port}", "127.0.0.1:{port}/x",
]  # fmt: skip
ORIGINS = [
    "null", "http://example.org", "https://example.org", "http://127.0.0.1:{port}",
    "http://localhost:{port}", "http://127.0.0.1", "http://localhost:8888", "file://", "",
    "chrome-extension://x", "http://127.0.0.1.example.org", "https://127.0.0.1:{port}",
    "http://[::1]:{port}", "data:", "http://localhost",
]  # fmt: skip


@pytest.mark.parametrize("host", WRONG_HOSTS)
def test_another_host_name_is_refused(demo_box, host):
    answer = status(demo_box, {"Host": host.format(port=port_of(demo_box))})
    assert answer in (400, 403)


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_script_of_any_page_is_refused(demo_box, origin):
    port = port_of(demo_box)
    headers = {"Host": f"127.0.0.1:{port}", "Origin": origin.format(port=port)}
    assert status(demo_box, headers) == 403


def test_a_huge_body_is_refused(demo_box):
    headers = {"Host": f"127.0.0.1:{port_of(demo_box)}"}
    assert status(demo_box, headers, b"x" * 100_000, "POST") == 413


def test_closing_frees_the_port_and_ends_the_thread():
    box = sandbox.start(history=False)
    port = int(port_of(box))
    assert any(f"sandbox {port}" in thread.name for thread in threading.enumerate())
    box.close()
    assert not any(f"sandbox {port}" in thread.name for thread in threading.enumerate())
    with sandbox.start(port=port, history=False) as again:
        assert int(port_of(again)) == port


def test_keys_are_random_for_each_start_unless_asked():
    with sandbox.start(history=False) as one, sandbox.start(history=False) as two:
        assert one.key_sets[0].secret_key != two.key_sets[0].secret_key
    with sandbox.start(history=False, fixed_keys=True) as three:
        assert three.key_sets[0].secret_key == "sandbox-secret-trade-0000000000000000"
    assert "sandbox-secret" not in repr(one.key_sets)
