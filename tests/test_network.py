"""The network over real sockets: certificates, redirects, sizes, silence."""

import datetime
import gzip
import socket
import ssl
import threading

import pytest

from btcc_research.errors import ProtocolError, TransportError
from btcc_research.network import MOST_BYTES, Network
from btcc_research.protocol import spot, wire

PING = wire.write_request(spot.PING, [])


class RawServer:
    """Answers every connection with given bytes, and keeps what it was sent."""

    def __init__(self, answer, context=None):
        self.answer = answer
        self.received = []
        self.context = context
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            try:
                if self.context:
                    connection = self.context.wrap_socket(connection, server_side=True)
                self.received.append(connection.recv(65536))
                if self.answer is not None:
                    connection.sendall(self.answer)
            except OSError:
                pass
            finally:
                connection.close()

    def close(self):
        self.socket.close()


@pytest.fixture
def server():
    servers = []

    def start(answer, context=None):
        servers.append(RawServer(answer, context))
        return servers[-1]

    yield start
    for running in servers:
        running.close()


def response(body, *headers, status="200 OK"):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "Connection: close"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def network_to(server, scheme="http", name="127.0.0.1"):
    return Network(f"{scheme}://{name}:{server.port}")


def test_an_answer_comes_back_with_its_status(server):
    there = server(response(b"{}", status="404 Not Found"))
    assert network_to(there).exchange(PING, 5) == (404, b"{}")


def test_a_redirect_is_refused(server):
    target = server(response(b"{}"))
    where = f"Location: http://127.0.0.1:{target.port}/"
    there = server(response(b"", where, status="302 Found"))
    with pytest.raises(ProtocolError, match="redirects") as caught:
        network_to(there).exchange(PING, 5)
    assert target.received == []
    assert not caught.value.may_repeat


def test_an_answer_beyond_the_cap_is_refused(server):
    there = server(response(b" " * (MOST_BYTES + 1)))
    with pytest.raises(ProtocolError, match="16 MiB"):
        network_to(there).exchange(PING, 10)


def test_a_bomb_is_refused_by_its_size_when_unpacked(server):
    bomb = gzip.compress(b"\0" * (MOST_BYTES * 12))
    there = server(response(bomb, "Content-Encoding: gzip"))
    with pytest.raises(ProtocolError, match="16 MiB"):
        network_to(there).exchange(PING, 10)


def test_a_packed_answer_is_unpacked(server):
    there = server(response(gzip.compress(b'{"a":1}'), "Content-Encoding: gzip"))
    assert network_to(there).exchange(PING, 5) == (200, b'{"a":1}')


def test_a_connection_closed_without_an_answer_is_unknown(server):
    with pytest.raises(TransportError) as caught:
        network_to(server(None)).exchange(PING, 5)
    assert caught.value.outcome == "unknown"
    assert caught.value.__context__ is None


def test_an_answer_cut_short_is_unknown(server):
    whole = response(b'{"code":0}')
    with pytest.raises(TransportError) as caught:
        network_to(server(whole[:-4])).exchange(PING, 5)
    assert caught.value.outcome == "unknown"


def test_a_refused_connection_was_not_sent():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(TransportError, match="cannot be reached") as caught:
        Network(f"http://127.0.0.1:{port}").exchange(PING, 5)
    assert caught.value.outcome == "not_sent"


def test_a_name_that_does_not_resolve_was_not_sent():
    with pytest.raises(TransportError) as caught:
        Network("https://nowhere.invalid").exchange(PING, 5)
    assert caught.value.outcome == "not_sent"


def test_no_answer_in_time_is_unknown():
    silent = socket.create_server(("127.0.0.1", 0))
    try:
        there = Network(f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(TransportError, match="in time") as caught:
            there.exchange(PING, 0.05)
        assert caught.value.outcome == "unknown"
    finally:
        silent.close()


def test_proxies_and_netrc_of_the_environment_are_ignored(server, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("default login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    there = server(response(b"{}"))
    request = wire.write_request(spot.ASSET_QUERY, [], wire.SpotKey("a", "b", 1))
    network_to(there).exchange(request, 5)
    sent = there.received[0].decode()
    assert f"authorization: {request.digest}" in sent
    assert "Basic" not in sent


def test_cookies_are_neither_kept_nor_sent(server):
    there = server(response(b"{}", "Set-Cookie: a=b; Path=/"))
    network = network_to(there)
    network.exchange(PING, 5)
    network.exchange(PING, 5)
    assert b"cookie" not in there.received[1].lower()


def certificate(folder, name, *, days=30):
    """Return a server's TLS context with a certificate nobody signed."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=60))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "both.pem").write_bytes(private + made.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    return context


@pytest.mark.parametrize(("name", "days"), [("localhost", 30), ("localhost", -1), ("btcc.com", 30)])
def test_row_34_a_certificate_that_is_not_good_ends_it_before_anything_is_sent(
    server, tmp_path, name, days
):
    there = server(response(b"{}"), certificate(tmp_path, name, days=days))
    with pytest.raises(TransportError, match="certificate") as caught:
        network_to(there, "https", "localhost").exchange(PING, 5)
    assert caught.value.outcome == "not_sent"
    assert not caught.value.may_repeat
    assert there.received == []
    assert "localhost" in str(caught.value)


def test_there_is_no_switch_to_turn_verification_off(monkeypatch):
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, "/nonexistent")
    import inspect

    from btcc_research import api, network

    assert "verify=True" in inspect.getsource(network)
    assert "verify" not in inspect.signature(api.connect).parameters
