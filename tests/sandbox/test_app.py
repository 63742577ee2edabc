"""The sandbox's interface: checks in BTCC's order, and the client against every switch."""

import json

import pytest

from btcc_research import errors
from btcc_research.errors import AuthError, BadRequest, MarketClosed, RateLimited
from btcc_research.protocol import spot, wire
from btcc_research.sandbox.accounts import ELSEWHERE, KeyRing, KeySet
from btcc_research.sandbox.app import Asked
from btcc_research.settings import KeySet as ClientKeySet
from btcc_research.settings import Secret
from btcc_research.venues.link import Link

SECRET = "a-secret-of-the-tests"


def ask(box, call, values, *, key=None, address="127.0.0.1", tm=None, change=None):
    """Send a request past the client, straight into the application."""
    key = key or box.key_sets[0]
    tm = int(box.clock.now() / 1e6) if tm is None else tm
    signer = wire.SpotKey(key.access_id, key.secret_key, tm) if call.signed else None
    request = wire.write_request(call, list(values.items()), signer)
    headers = {name.lower(): value for name, value in request.headers.items()}
    if change:
        change(headers)
    asked = Asked(request.method, request.path, request.query, headers, request.body, address)
    status, body = box.app.handle(asked, box.clock.now())
    return status, json.loads(body)


def code(reply):
    return reply[1].get("code")


def page(**more):
    return {"market": "BTCUSDT", "offset": 0, "limit": 10, **more}


def test_a_good_request_is_answered(box):
    assert ask(box, spot.ORDER_PENDING, page())[1]["error"] is None


@pytest.mark.parametrize("missing", ["authorization"])
def test_a_signed_call_without_a_signature_is_202(box, missing):
    assert code(ask(box, spot.ASSET_QUERY, {}, change=lambda h: h.pop(missing))) == 202


def test_a_signed_call_without_key_or_time_is_202(box):
    for query in ("", "tm=1", "access_id=x"):
        asked = Asked("GET", spot.ASSET_QUERY.path, query, {"authorization": "x"}, b"", "127.0.0.1")
        assert json.loads(box.app.handle(asked, box.clock.now())[1])["code"] == 202


def test_a_wrong_signature_is_204(box):
    wrong = ask(box, spot.ASSET_QUERY, {}, change=lambda h: h.update(authorization="0" * 32))
    assert wrong == (200, {"code": 204, "message": "CodeValidSignError", "data": None})


@pytest.mark.parametrize("late", [-61, 61, -100_000])
def test_a_time_that_is_off_is_204(box, late):
    now = int(box.clock.now() / 1e6)
    assert code(ask(box, spot.ASSET_QUERY, {}, tm=now + late)) == 204
    box.switches.clock_window = None
    assert code(ask(box, spot.ASSET_QUERY, {}, tm=now + late)) is None


def test_an_unknown_key_is_205(box):
    stranger = KeySet("x", "nobody", "nothing", 1)
    assert code(ask(box, spot.ASSET_QUERY, {}, key=stranger)) == 205


def test_a_key_that_may_only_read_cannot_trade(box):
    reader = box.key_sets[1]
    assert reader.permissions == ("read",)
    assert ask(box, spot.ASSET_QUERY, {}, key=reader)[1]["error"] is None
    order = {"market": "BTCUSDT", "side": 1, "amount": "1", "price": "1", "source": "x"}
    assert code(ask(box, spot.ORDER_LIMIT, order, key=reader)) == 205


@pytest.mark.parametrize("bound", ["203.0.113.7", "2001:db8::7"])
def test_a_bound_key_works_from_its_addresses_only(box, bound):
    key = KeySet("bound", "bound-id", SECRET, 99, ("read",), (bound, "198.51.100.1"))
    box.keys.add(key)
    assert code(ask(box, spot.ASSET_QUERY, {}, key=key)) == 205
    assert ask(box, spot.ASSET_QUERY, {}, key=key, address=bound)[1]["error"] is None


def test_five_key_sets_a_user_and_five_addresses_a_set():
    ring = KeyRing()
    for number in range(5):
        ring.add(KeySet(str(number), str(number), SECRET, 1))
    ring.add(KeySet("other", "other", SECRET, 2))
    with pytest.raises(ValueError, match="5 key sets"):
        ring.add(KeySet("sixth", "sixth", SECRET, 1))
    with pytest.raises(ValueError, match="5 addresses"):
        ring.add(KeySet("x", "x", SECRET, 3, addresses=tuple(f"198.51.100.{n}" for n in range(6))))


@pytest.mark.parametrize(
    ("call", "values"),
    [
        (spot.ORDER_PENDING, {"market": "NOPE", "offset": 0, "limit": 10}),
        (spot.ORDER_PENDING, {"offset": 0, "limit": 10}),
        (spot.ORDER_PENDING, page(limit=101)),
        (spot.ORDER_PENDING, page(side=3)),
        (spot.ORDER_PENDING, page(offset="x")),
        (spot.ORDER_CANCEL_MULTI, {"market": "BTCUSDT", "order_ids": "|".join(map(str, range(11)))}),
        (spot.ORDER_CANCEL_MULTI, {"market": "BTCUSDT", "order_ids": "1|x"}),
        (spot.ORDER_CANCEL, {"market": "BTCUSDT", "order_id": 5}),
        (spot.ORDER_LIMIT, {"market": "BTCUSDT", "side": 1, "amount": "-1", "price": "1", "source": "x"}),
        (spot.ORDER_LIMIT, {"market": "BTCUSDT", "side": 1, "amount": "1", "price": "1", "source": "x" * 31}),
        (spot.MARKET_KLINE, {"market": "BTCUSDT", "start_time": 0, "end_time": 1, "interval": 61}),
        (spot.MARKET_DEPTH, {"market": "BTCUSDT", "limit": "7", "merge": "0"}),
    ],
)  # fmt: skip
def test_a_malformed_parameter_is_202(box, call, values):
    assert code(ask(box, call, values)) == 202


def test_an_unknown_path_is_404(box):
    for method, path in (("GET", "/"), ("GET", "/btcc_api_trade/nope"), ("POST", spot.PING.path)):
        asked = Asked(method, path, "", {}, b"", "127.0.0.1")
        assert box.app.handle(asked, box.clock.now())[0] == 404


def test_a_closed_market_refuses_orders_with_207(box, client):
    with pytest.raises(MarketClosed, match="markets\\(\\) shows"):
        client.spot.order_limit("QNXUSDT", "buy", "100", "0.05")
    assert not client.markets().set_index("market").loc["QNXUSDT", "is_open"]


def test_too_many_requests_block_the_address_and_the_client_waits_it_out(box, client):
    box.switches.requests_a_second, box.switches.block_seconds = 5, 3600
    with pytest.raises(RateLimited) as caught:
        for _ in range(10):
            client.spot.ping()
    assert caught.value.until == pytest.approx(box.clock.now() / 1e6 + 3600, abs=5)


def test_a_refused_signature_can_explain_itself(box):
    box.switches.explain_signatures = True
    reply = ask(box, spot.ASSET_QUERY, {}, change=lambda h: h.update(authorization="0" * 32))
    assert "secret_key=***" in reply[1]["message"]
    assert box.key_sets[0].secret_key not in reply[1]["message"]


def wrong_key_client(box):
    from btcc_research import open_client

    return open_client(
        "sandbox", hosts=box.hosts, access_id=box.key_sets[0].access_id, secret_key="wrong"
    )


@pytest.mark.parametrize("style", ["code", "error_object", "http_status", "support"])
def test_s06_s07_the_client_reads_failures_in_every_style(box, client, style):
    box.switches.error_style = style
    with pytest.raises(AuthError) as caught:
        wrong_key_client(box).balances()
    assert caught.value.code == 204
    with pytest.raises(errors.ApiError):
        client.spot.market_detail("NOPE")


def everything(client):
    """Look at everything a client can look at; return what does not change with time."""
    day = {"start": "2026-11-20", "end": "2026-11-21"}
    return {
        "balances": client.balances(exact=True),
        "trades": client.trades(exact=True),
        "orders": client.orders(exact=True),
        "ledger": client.ledger(exact=True),
        "markets": client.markets(exact=True),
        "candles": client.klines("BTCUSDT", "1h", **day, exact=True),
    }


def some_trading(client):
    """Leave executions, an open order and a plan behind."""
    client.spot.order_market("BTCUSDT", "buy", "500")
    client.spot.order_limit("BTCUSDT", "sell", "0.001", "30000")
    client.spot.order_limit("BTCUSDT", "buy", "0.01", "20000")
    client.spot.order_stop_limit("BTCUSDT", "sell", "0.01", "19000", "19500")


SWITCHES = [
    ("envelopes", "swapped"),
    ("kline_envelope", "engine"),
    ("price_path", "last"),
    ("price_path", "ticker"),
    ("deals_path", "deal"),
    ("deals_path", "deals"),
    ("tm_header", False),
    ("cancel_spelling", True),
    ("ledger_container", "records"),
    ("ledger_detail", "list"),
    ("sides_in_deals", True),
    ("totals", False),
    ("largest_page", 3),
    ("most_candles", 5),
]


@pytest.mark.parametrize(("switch", "form"), SWITCHES)
def test_the_client_sees_the_same_under_every_disputed_form(box, client, switch, form):
    some_trading(client)
    usual = everything(client)
    assert len(usual["trades"]) >= 2
    setattr(box.switches, switch, form)
    with box.client("read") as fresh:
        for name, frame in everything(fresh).items():
            assert frame.equals(usual[name]), name
        assert fresh.ticker("BTCUSDT")["last"][0] > 0
        order = usual["trades"]["order_id"].iloc[-1]
        executions = fresh.spot.order_deal("BTCUSDT", order)
        assert len(executions) == (usual["trades"]["order_id"] == order).sum()


def test_a_ledger_without_details_still_reads(box, client):
    some_trading(client)
    box.switches.ledger_detail = "null"
    assert client.ledger()["market"].isna().all()
    assert len(client.trades("BTCUSDT")) >= 2


@pytest.mark.parametrize("form", ["orders", "null", "text"])
def test_s17_an_undocumented_payload_is_a_success(box, client, form):
    box.switches.undocumented_payloads = form
    some_trading(client)
    assert len(client.open_orders()) == 2
    client.spot.order_cancel_stop_all("BTCUSDT")
    client.spot.order_cancel_all("BTCUSDT")
    assert len(client.open_orders()) == 0


def test_s12_a_client_id_is_stored_and_returned(client):
    placed = client.spot.order_limit("BTCUSDT", "buy", "0.01", "20000", client_id="mine-1")
    assert placed["client_id"][0] == "mine-1"
    assert client.open_orders()["client_id"][0] == "mine-1"


def test_s15_an_ampersand_in_a_signed_value_is_202(box):
    key = box.key_sets[0]
    values = [("access_id", key.access_id), ("tm", str(int(box.clock.now() / 1e6))), ("asset", "a&b"), ("offset", "0"), ("limit", "1")]  # fmt: skip
    signature = wire.signing.sign_spot(values, key.secret_key)
    query = wire.signing.query_string(values)
    asked = Asked(
        "GET",
        spot.ASSET_QUERY_HISTORY.path,
        query,
        {"authorization": signature.digest},
        b"",
        "127.0.0.1",
    )
    assert json.loads(box.app.handle(asked, box.clock.now())[1])["code"] == 202


def test_s18_the_calls_of_the_test_environment_are_unknown(box):
    asked = Asked("POST", f"{spot.BASE}/order/place_order", "", {}, b"{}", "127.0.0.1")
    assert box.app.handle(asked, box.clock.now())[0] == 404


def test_the_clock_of_the_sandbox_can_be_moved_and_the_client_follows(box, client):
    client.balances()
    box.clock.advance(120)
    client.balances()
    assert client.status()["clock_offset"] == pytest.approx(120, abs=2)


def test_a_key_bound_elsewhere_is_refused_with_advice(box):
    key = box.key_sets[2]
    assert key.addresses == (ELSEWHERE,)
    from btcc_research import open_client

    with pytest.raises(AuthError, match="address is not bound"):
        open_client(
            "sandbox", hosts=box.hosts, access_id=key.access_id, secret_key=key.secret_key
        ).balances()


def test_an_unknown_interval_or_argument_is_named(client):
    with pytest.raises(BadRequest):
        client.spot.market_kline("BTCUSDT", "2026-11-01", "2026-11-02", 660)


def test_a_link_is_not_needed_to_know_the_environment(box):
    key = ClientKeySet("x", "sandbox", "a", Secret("b"))
    from btcc_research.settings import Connection
    from btcc_research.venues.opening import Opening

    link = Link(Opening(Connection("sandbox", box.hosts, key)))
    assert link.environment == "sandbox"
    assert not link.is_open


def test_orders_of_the_sandbox_fill_when_the_price_comes_to_them(box, client):
    last = float(client.ticker("BTCUSDT", exact=False)["last"][0])
    client.spot.order_limit("BTCUSDT", "sell", "0.01", f"{last * 1.0005:.2f}")
    box.clock.advance(12 * 3600)
    orders = client.orders("BTCUSDT")
    high = client.klines("BTCUSDT", "1h", limit=13, closed=False)["high"].max()
    expected = "filled" if high > last * 1.001 else "open"
    assert orders["status"].iloc[-1] == expected
