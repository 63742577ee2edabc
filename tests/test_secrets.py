"""Canaries: secrets planted everywhere they could be, looked for everywhere they could show."""

import contextlib
import io
import json
import logging
import pickle
import traceback

import pytest

from btcc_research import errors, open_client, sandbox
from btcc_research.dialect import FUTURES
from btcc_research.errors import BtccError
from btcc_research.protocol import futures, futures_wire, signing, spot, wire
from btcc_research.ratelimit import BlockFile
from btcc_research.settings import KeySet, Secret, SessionKey
from btcc_research.transport import System, Transport

CANARIES = [
    "canary-plain-1", "canary with blank 2", "canary+plus/3", "canary%percent4", "canary=equals5",
    'canary"quote6', "canary'apostrophe7", "canary-机器人-8", "canary<html>9", "canary~tilde10",
    "canary|pipe11", "C" * 64,
]  # fmt: skip


PERMISSIONS = ("futures", "read", "trade")


class EchoNetwork:
    """A server that throws everything it was sent back at the caller, in every shape."""

    host, base_url = "exchange.test", "https://exchange.test"

    def __init__(self, shape):
        self.shape = shape
        self.digests = []

    def exchange(self, request, seconds):
        if request.path.endswith("/time"):
            return 200, b'{"code":0,"data":1768212345,"message":"OK"}'
        self.digests.append(request.digest)
        everything = f"{request.query} {request.body.decode()} {dict(request.headers)}"
        return self.shape(everything + self.secret)


def shapes():
    def failure(code, style):
        return lambda text: wire.write_failure(code, text, style)

    yield from (failure(code, "code") for code in (201, 202, 203, 204, 205, 206, 207))
    yield from (failure(204, style) for style in ("error_object", "http_status", "support"))
    yield lambda text: (200, wire.write_refusal(10, text))
    yield lambda text: (200, text.encode())
    yield lambda text: (502, text.encode())
    yield lambda text: (429, wire.write_blocked(5) + text.encode())
    yield lambda text: (200, json.dumps({"error": None, "result": {"x": text}}).encode())


def everything_shown(problem):
    """Return all text of an error a person, a log or a tool may see."""
    shown = [str(problem), repr(problem), problem.support_report(), repr(problem.attempt)]
    whole = traceback.TracebackException.from_exception(problem, capture_locals=True)
    frames = [repr(frame.locals) for frame in whole.stack if "/btcc_research/" in frame.filename]
    assert frames
    shown += frames
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger("canary").addHandler(handler)
    logging.getLogger("canary").error("failed", exc_info=problem)
    logging.getLogger("canary").removeHandler(handler)
    shown.append(stream.getvalue())
    shown += [repr(vars(problem)), repr(problem.__cause__), repr(problem.__context__)]
    with contextlib.suppress(TypeError, AttributeError, pickle.PicklingError):
        shown.append(repr(pickle.dumps(problem)))
    return "\n".join(shown)


@pytest.mark.parametrize("call", [spot.ASSET_QUERY, spot.ORDER_LIMIT], ids=["read", "order"])
@pytest.mark.parametrize("canary", CANARIES)
def test_no_error_of_any_kind_shows_the_secret_or_the_signature(tmp_path, canary, call):
    kinds = set()
    for shape in shapes():
        network = EchoNetwork(shape)
        network.secret = canary
        system = System(lambda: 1768212345.0, lambda: 1.0, lambda _: None, lambda low, _: low)
        sender = Transport(network, "live", "spot", BlockFile(tmp_path / canary[:6]), system)
        key = KeySet("canary", "live", "demo-access", Secret(canary), can_trade=True)
        pairs = [
            ("market", "BTCUSDT"),
            ("side", 1),
            ("amount", "1"),
            ("price", "1"),
            ("source", "x"),
        ]
        try:
            sender.call(call, pairs if call is spot.ORDER_LIMIT else [], key)
        except BtccError as problem:
            kinds.add(type(problem))
            shown = everything_shown(problem)
            assert canary not in shown
            assert json.dumps(canary)[1:-1] not in shown
            for digest in network.digests:
                assert digest not in shown
    assert len(kinds) >= 4


def futures_shapes():
    """Return ways in which a futures server may throw back what it was sent."""
    calls = (futures.ACCOUNT, futures.QUERY_IN_OUT_COIN)
    for call in calls:
        yield lambda text, call=call: (200, futures_wire.write_failure(call, -3, f"token {text}"))
        yield lambda text, call=call: (200, futures_wire.write_failure(call, -4, f"Sign {text}"))
        yield lambda text, call=call: (200, futures_wire.write_failure(call, 17, text))
    yield lambda text: (200, text.encode())
    yield lambda text: (200, json.dumps({"token": text}).encode())
    yield lambda text: (200, json.dumps({"code": 0, "token": 7, "account": text}).encode())
    yield lambda text: (503, text.encode())
    yield lambda text: (429, text.encode())


@pytest.mark.parametrize("call", [futures.LOGIN, futures.ACCOUNT, futures.OPEN_POSITION])
@pytest.mark.parametrize("canary", CANARIES)
def test_no_error_of_a_futures_call_shows_login_token_or_signature(tmp_path, canary, call):
    secrets = {name: f"{canary}-{name}" for name in ("user", "password", "key", "secret", "token")}
    kept = {name: Secret(text) for name, text in secrets.items()}
    kinds = set()
    for shape in futures_shapes():
        network = EchoNetwork(shape)
        is_login = call is futures.LOGIN
        known = ("user", "password", "key", "secret") if is_login else ("secret", "token")
        network.secret = " ".join(secrets[name] for name in known)
        system = System(lambda: 1768212345.0, lambda: 1.0, lambda _: None, lambda low, _: low)
        blocks = BlockFile(tmp_path / canary[:6])
        sender = Transport(network, "live", "futures", blocks, system, FUTURES)
        names = (("user_name", "user"), ("password", "password"), ("api_key", "key"))
        sent = tuple((name, kept[which]) for name, which in names) if is_login else ()
        key = SessionKey(kept["secret"], None if is_login else kept["token"], sent=sent)
        pairs = [("accountid", 320), ("symbol", "x"), ("direction", 1)]
        network.exchange = futures_exchange(network)
        try:
            futures_wire.token_of(sender.call(call, pairs, key))
        except BtccError as problem:
            kinds.add(type(problem))
            shown = everything_shown(problem)
            for secret in (*secrets.values(), *network.digests):
                assert secret not in shown
                assert json.dumps(secret)[1:-1] not in shown
    assert len(kinds) >= 3


def futures_exchange(network):
    def exchange(request, seconds):
        network.digests.append(request.digest)
        return network.shape(f"{request.query} {network.secret}")

    return exchange


def test_every_error_class_can_report_itself():
    classes = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, BtccError)]
    assert len(classes) > 15
    for kind in classes:
        if issubclass(kind, errors.RateLimited):
            problem = kind(5, "x", "call")
        elif issubclass(kind, errors.ApiError):
            problem = kind(1, "x", "call")
        else:
            problem = kind("x")
        assert problem.outcome in ("not_sent", "rejected", "unknown", "answered")
        assert "1. Description" in problem.support_report()


@pytest.fixture(scope="module")
def planted():
    """A client of a sandbox whose key is a canary, after it did everything."""
    with sandbox.start(history=False) as box:
        from btcc_research.sandbox.accounts import FuturesLogin
        from btcc_research.sandbox.accounts import KeySet as ServerKeySet

        box.keys.add(ServerKeySet("canary", "canary-access", CANARIES[0], 20417, ("read", "trade")))
        client = open_client(
            "sandbox",
            hosts=box.hosts,
            access_id="canary-access",
            secret_key=CANARIES[0],
            user_name=CANARIES[0],
            password=CANARIES[0],
            api_key=CANARIES[0],
            api_secret=CANARIES[0],
            trade=True,
        )
        box.futures_logins[0] = FuturesLogin("trade", *[CANARIES[0]] * 4, 20417, PERMISSIONS)
        client.spot.order_market("BTCUSDT", "buy", "100")
        client.futures.open_position("BTCUSDT", "buy", "0.1", 10)
        client.token = client._futures_link.session._key.token.reveal()
        yield client


def test_no_frame_status_or_repr_shows_the_secret(planted, tmp_path):
    frames = [planted.trades(), planted.orders(), planted.balances(), planted.ledger()]
    frames += [planted.positions(), planted.futures.login(), planted.futures.account()]
    for number, frame in enumerate(frames):
        path = tmp_path / f"{number}.parquet"
        frame.to_parquet(path)
        assert CANARIES[0].encode() not in path.read_bytes()
        text = repr(frame.attrs) + frame.to_csv() + frame.to_html()
        assert CANARIES[0] not in text
        assert planted.token not in text
    assert planted.token not in str(planted.futures.login(raw=True))
    shown = repr(planted) + repr(planted.spot) + json.dumps(planted.status())
    shown += repr(planted._opening.known) + repr(planted._link._transport)
    shown += repr(planted.futures) + repr(planted._futures_link.session._key)
    shown += repr(planted._futures_link._link._transport)
    assert CANARIES[0] not in shown
    assert planted.token not in shown


def test_a_client_cannot_be_pickled_away_with_its_secret(planted):
    with pytest.raises((TypeError, AttributeError)):
        pickle.dumps(planted)


def test_nothing_is_logged_by_anybody(planted, caplog):
    with caplog.at_level(logging.DEBUG):
        planted.trades()
        planted.spot.order_limit("BTCUSDT", "buy", "0.01", "20000")
    assert CANARIES[0] not in caplog.text
    digest = signing.sign_spot([("access_id", "canary-access")], CANARIES[0]).digest
    assert digest not in caplog.text
    assert "authorization" not in caplog.text.lower()


def test_the_files_of_this_package_hold_no_secret(planted):
    from btcc_research.settings import home

    for path in home().rglob("*"):
        if path.is_file():
            assert CANARIES[0].encode() not in path.read_bytes()


def test_no_secret_looking_text_is_in_the_repository():
    import re
    from pathlib import Path

    root = Path(__file__).parent.parent
    suspicious = re.compile(r"(secret_key|password)\s*[=:]\s*[\"'][0-9a-f]{8}-[0-9a-f]{4}")
    for path in [
        *root.glob("btcc_research/**/*.py"),
        *root.glob("notebooks/*.ipynb"),
        root / "README.md",
    ]:
        assert not suspicious.search(path.read_text(encoding="utf-8")), path
