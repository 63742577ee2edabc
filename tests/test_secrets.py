"""Canaries: secrets planted everywhere they could be, looked for everywhere they could show."""

import contextlib
import io
import json
import logging
import pickle
import traceback

import pytest

from btcc_research import errors, open_client, sandbox
from btcc_research.errors import BtccError
from btcc_research.protocol import signing, spot, wire
from btcc_research.ratelimit import BlockFile
from btcc_research.settings import KeySet, Secret
from btcc_research.transport import System, Transport

CANARIES = [
    "canary-plain-1", "canary with blank 2", "canary+plus/3", "canary%percent4", "canary=equals5",
    'canary"quote6', "canary'apostrophe7", "canary-机器人-8", "canary<html>9", "canary~tilde10",
    "canary|pipe11", "C" * 64,
]  # fmt: skip


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
        from btcc_research.sandbox.accounts import KeySet as ServerKeySet

        box.keys.add(ServerKeySet("canary", "canary-access", CANARIES[0], 20417, ("read", "trade")))
        client = open_client(
            "sandbox",
            hosts=box.hosts,
            access_id="canary-access",
            secret_key=CANARIES[0],
            trade=True,
        )
        client.spot.order_market("BTCUSDT", "buy", "100")
        yield client


def test_no_frame_status_or_repr_shows_the_secret(planted, tmp_path):
    frames = [planted.trades(), planted.orders(), planted.balances(), planted.ledger()]
    for number, frame in enumerate(frames):
        path = tmp_path / f"{number}.parquet"
        frame.to_parquet(path)
        assert CANARIES[0].encode() not in path.read_bytes()
        assert CANARIES[0] not in repr(frame.attrs) + frame.to_csv() + frame.to_html()
    shown = repr(planted) + repr(planted.spot) + json.dumps(planted.status())
    shown += repr(planted._opening.known) + repr(planted._link._transport)
    assert CANARIES[0] not in shown


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
