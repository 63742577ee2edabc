"""Both venues in one frame: complete, exact, and the same whatever form the server takes."""

import threading
from decimal import Decimal as D

import numpy as np
import pandas as pd
import pytest

from btcc_research import open_client, sandbox, tables
from btcc_research.errors import (
    AuthError,
    BtccError,
    ConfigError,
    InvalidArgument,
    MarketClosed,
    OrderRejected,
    OutcomeUnknown,
    PermissionDenied,
    ReadOnly,
    SessionExpired,
    TransportError,
    UnknownMarket,
)
from btcc_research.frames import dtype_name

JOINED = {
    "trades": tables.TRADES, "orders": tables.ORDERS, "open_orders": tables.ORDERS,
    "positions": tables.POSITIONS, "balances": tables.BALANCES, "ledger": tables.LEDGER,
    "transfers": tables.TRANSFERS, "markets": tables.MARKETS,
}  # fmt: skip
HISTORIES = ("trades", "orders", "ledger", "transfers")


@pytest.fixture
def futures(box):
    """The futures side of the test's own sandbox."""
    return box.futures


@pytest.fixture(scope="module")
def account(demo_box):
    return demo_box.futures.account


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("name", JOINED)
def test_a_joined_frame_has_the_declared_columns_and_dtypes(demo, name, exact):
    frame = getattr(demo, name)(exact=exact)
    assert list(frame.columns) == [field.name for field in JOINED[name]]
    for field in JOINED[name]:
        assert str(frame[field.name].dtype).startswith(dtype_name(field.kind, exact=exact))
    assert set(frame["venue"]) <= {"spot", "futures"}
    assert "futures" in set(frame["venue"])
    assert frame.attrs["coverage"]["holes"] == []


@pytest.mark.parametrize("name", HISTORIES)
def test_an_empty_joined_frame_has_the_same_dtypes(demo, name):
    full = getattr(demo, name)()
    empty = getattr(demo, name)(start="2019-01-01", end="2019-01-02")
    assert len(empty) == 0
    assert (empty.dtypes == full.dtypes).all()


@pytest.mark.parametrize("name", HISTORIES)
def test_both_venues_together_are_each_by_itself(demo, name):
    whole = getattr(demo, name)(exact=True)
    assert whole.attrs["venues"] == ["spot", "futures"]
    for venue in ("spot", "futures"):
        part = getattr(demo, name)(venue=venue, exact=True)
        assert part.attrs["venues"] == [venue]
        mine = whole[whole["venue"] == venue].reset_index(drop=True)
        pd.testing.assert_frame_equal(part, mine)
    time = "created_at" if name == "orders" else "time"
    assert whole[time].is_monotonic_increasing


def test_trades_are_exactly_the_dealers_executions(demo, account):
    frame = demo.trades(venue="futures", exact=True)
    found = {
        (r.id, r.position_id, r.side, r.action, r.price, r.amount, r.fee, r.fee_asset)
        for r in frame.itertuples()
    }
    assert found == {
        (d.id, d.position_id, d.side, d.action, d.price, d.lots, d.fee, d.asset)
        for d in account.executions
    }
    assert len(frame) == len(account.executions) > 800
    costs = [p * a for p, a in zip(frame["price"], frame["amount"], strict=True)]
    assert list(frame["cost"]) == costs


def test_only_closes_have_a_result_and_it_is_what_the_report_says(demo, account):
    frame = demo.trades(venue="futures", exact=True).set_index("id")
    opens = frame["action"] == "open"
    assert frame.loc[opens, "realized"].isna().all()
    for deal in account.executions:
        if deal.action == "close":
            assert frame.loc[deal.id, "realized"] == deal.realized
            assert frame.loc[deal.id, "funding"] == deal.interest


def test_a_lot_is_turned_into_base_units(demo):
    bonk = demo.trades("1000BONKUSDT")
    assert len(bonk)
    assert (bonk["venue"] == "futures").all()
    rules = demo.markets().query("market == '1000BONKUSDT'").iloc[0]
    assert (bonk["amount"] % rules["amount_step"] == 0).all()


def test_the_ledger_adds_up_to_every_balance_exactly(demo, account):
    ledger = demo.ledger(venue="futures", exact=True)
    total = {asset: D(0) for asset in account.wallets}
    for line in ledger[~ledger["asset"].str.endswith("bonus")].itertuples():
        total[line.asset] += line.change
    assert total == {asset: wallet.balance for asset, wallet in account.wallets.items()}
    shown = demo.balances(venue="futures", exact=True).set_index("asset")["total"]
    assert {asset: shown[asset] for asset in total} == total


def test_closed_positions_explain_the_ledgers_profit_fees_and_funding(demo, account):
    trades = demo.trades(venue="futures", exact=True)
    ledger = demo.ledger(venue="futures", exact=True)
    for asset in account.wallets:
        # Losses are taken from promotional money first, which the ledger keeps apart.
        lines = ledger[ledger["asset"].isin([asset, f"{asset} bonus"])]
        mine = trades[trades["fee_asset"] == asset]
        booked = {word: sum(part["change"], D(0)) for word, part in lines.groupby("business")}
        assert booked["profit"] == sum(mine["realized"].dropna(), D(0))
        charged = booked["fee"] + booked.get("liquidation fee", D(0))
        assert charged == -sum(mine["fee"], D(0))
        carried = booked.get("funding", D(0)) + booked.get("rollover", D(0))
        held = sum((p.interest for p in account.positions.values() if p.asset == asset), D(0))
        assert carried == sum(mine["funding"].dropna(), D(0)) + held


def test_a_liquidation_of_today_is_called_one(box, futures):
    client = box.client("trade")
    opened = client.futures.open_position("BTCUSD", "buy", "5", 50)
    dealer, wallet = futures.dealer, futures.account.wallet("BTC")
    dealer.withdraw(
        futures.account.account_id, "BTC",
        dealer.withdrawable(futures.account.account_id, "BTC"), box.clock.now(),
    )  # fmt: skip
    assert wallet.balance >= 0
    product = opened["product"][0]
    bid = dealer.quotes[product].bid
    dealer.quote(product, bid * D("0.9"), bid * D("0.9") + 1, box.clock.now())
    trades = client.trades(venue="futures")
    assert list(trades["type"]) == ["market", "liquidation"]
    assert list(trades["action"]) == ["open", "close"]


def test_positions_show_what_they_would_bring_and_where_they_end(demo, account):
    frame = demo.positions(exact=True).set_index("id")
    assert set(frame.index) == set(account.positions)
    for number, position in account.positions.items():
        row = frame.loc[number]
        assert row["side"] == ("long" if position.side == "buy" else "short")
        assert (row["margin"], row["leverage"], row["open_price"]) == (
            position.margin, position.leverage, position.open_price,
        )  # fmt: skip
        assert row["asset"] == position.asset
        stop = position.stop_loss or None
        assert row["stop_loss"] == stop or (pd.isna(row["stop_loss"]) and stop is None)


def test_a_liquidation_price_is_where_the_dealer_really_liquidates(box, futures):
    client = box.client("trade")
    dealer, mine = futures.dealer, futures.account.account_id
    client.futures.open_position("ETHUSDT", "buy", "40", 10)
    dealer.withdraw(mine, "USDT", dealer.withdrawable(mine, "USDT"), box.clock.now())
    price = client.positions(exact=True)["liquidation_price"][0]
    product = client.positions()["product"][0]
    above, below = (price.quantize(D("0.01")) + step for step in (D("0.01"), D("-0.01")))
    dealer.quote(product, above, above + D("0.3"), box.clock.now())
    assert len(futures.account.positions) == 1
    dealer.quote(product, below, below + D("0.3"), box.clock.now())
    assert not futures.account.positions


def test_balances_of_every_margin_currency_are_shown(demo, account):
    frame = demo.balances(venue="futures", exact=True).set_index("asset")
    assert set(frame.index) == {"USDT", "BTC", "ETH"}
    for asset, row in frame.iterrows():
        assert row["total"] == account.wallets[asset].balance
        assert row["equity"] == row["total"] + row["unrealized"] + (
            row["bonus"] if asset == "USDT" else 0
        )
        assert row["available"] == row["equity"] - row["frozen"]


def test_a_currency_the_server_cannot_filter_is_not_made_up(box):
    with box.client("read") as client:
        box.switches.currency_filter = False
        assert list(client.balances(venue="futures")["asset"]) == ["USDT"]


def test_transfers_are_what_came_and_went(demo, account):
    frame = demo.transfers(venue="futures", exact=True)
    assert len(frame) == len(account.transfers) >= 5
    assert set(frame["kind"]) == {"deposit", "withdrawal"}
    assert ((frame["amount"] > 0) == (frame["kind"] == "deposit")).all()
    spot = demo.transfers(venue="spot")
    assert set(spot["kind"]) == {"deposit", "withdrawal"}
    assert set(spot["status"]) == {"booked"}


def test_markets_of_both_venues_share_the_words(demo):
    frame = demo.markets(exact=True)
    both = frame[frame["market"] == "BTCUSDT"].set_index("venue")
    assert list(both.index) == ["spot", "futures"]
    assert both.loc["futures", "max_leverage"] == 100
    assert both.loc["futures", "product"].endswith("BTCUSDT100x")
    coin = frame[frame["market"] == "BTCUSD"].iloc[0]
    assert (coin["contract"], coin["margin_asset"], coin["quote"]) == (
        "coin-margined",
        "BTC",
        "USD",
    )
    assert pd.isna(both.loc["spot", "max_leverage"])
    assert pd.isna(both.loc["spot", "product"])


def test_a_market_one_venue_lacks_is_asked_of_the_other_alone(demo):
    assert demo.trades("TSLAUSDT").attrs["venues"] == ["futures"]
    assert demo.trades("ETHBTC").attrs["venues"] == ["spot"]
    assert demo.trades("BTCUSDT").attrs["venues"] == ["spot", "futures"]
    with pytest.raises(UnknownMarket, match="Did you mean 'TSLAUSDT'"):
        demo.trades("tsla-usdt")


def test_an_ambiguous_futures_market_lists_the_candidates(box, futures, monkeypatch):
    answers = futures.app._answers
    usual = answers.products

    def products():
        rows = usual()["symbols"]
        first = next(row for row in rows if row["name"].endswith("/BTCUSDT100x"))
        return {"symbols": [*rows, {**first, "name": first["name"].replace("100x", "5x")}]}

    monkeypatch.setattr(answers, "products", products)
    with box.client("read") as client:
        with pytest.raises(UnknownMarket, match="'BTCUSDT100x', 'BTCUSDT5x'"):
            client.positions("BTCUSDT")
        assert client.positions("BTCUSDT100x").empty
        assert {"BTCUSDT100x", "BTCUSDT5x"} <= set(client.markets(venue="futures")["market"])


# Every form a contradiction may take

FORMS = {
    "F01 form": {"post_style": "form"}, "F02": {"sign_mode": "lenient"},
    "F03": {"login_sign": "optional"}, "F05": {"unsigned_symbol_detail": False},
    "F07": {"blank_in_keys": True},
    "F13 text": {"futures_numbers": "text"}, "F13 number": {"futures_numbers": "number"},
    "F14": {"mobi_envelope": "code"}, "F17": {"enable_means": "delisted"},
    "F18": {"page_names": "client"}, "F19": {"open_sltp": False},
    "F22 number": {"order_status": "number"}, "order": {"report_order": "oldest"},
    "today": {"reports_hold_today": False}, "currency": {"ledger_currency": "filled"},
    "pages": {"largest_report": 37}, "single": {"single_login": True},
    "heartbeat": {"strict_heartbeat": True},
}  # fmt: skip


@pytest.fixture(scope="module")
def usual(demo):
    calls = (demo.trades, demo.orders, demo.ledger, demo.transfers, demo.markets)
    return lambda: [call(venue="futures", exact=True) for call in calls]


@pytest.mark.parametrize("form", FORMS)
def test_the_frames_are_the_same_in_every_form(demo_box, usual, form):
    before = {name: getattr(demo_box.switches, name) for name in FORMS[form]}
    login = next(known for known in demo_box.futures_logins if known.label == "read")
    style = FORMS[form].get("post_style", "query")
    try:
        for name, value in FORMS[form].items():
            setattr(demo_box.switches, name, value)
        with open_client(
            "sandbox", hosts=demo_box.hosts, user_name=login.user_name, password=login.password,
            api_key=login.api_key, api_secret=login.secret_key, post_style=style,
        ) as client:  # fmt: skip
            calls = (client.trades, client.orders, client.ledger, client.transfers, client.markets)
            found = [call(venue="futures", exact=True) for call in calls]
            client.futures.query_in_out_coin("USDT")
    finally:
        for name, value in before.items():
            setattr(demo_box.switches, name, value)
    for one, other in zip(found, usual(), strict=True):
        if form == "today" and "type" in one:  # the list of the day says no more than close
            one, other = (f.drop(columns="type") for f in (one, other))  # noqa: PLW2901
        if form == "today" and "time" in one:  # and tells whole seconds
            one["time"], other["time"] = (f["time"].dt.floor("s") for f in (one, other))
        pd.testing.assert_frame_equal(one, other)


def test_f12_times_go_by_magnitude(demo_box, demo):
    usual = demo.trades(venue="futures")
    demo_box.switches.report_times = "seconds"
    try:
        found = demo.trades(venue="futures", start="2026-10-01", end="2026-11-01")
    finally:
        demo_box.switches.report_times = "milliseconds"
    inside = usual[usual["id"].isin(found["id"])]
    assert len(found) > 100
    assert (found.set_index("id")["time"] == inside.set_index("id")["time"].dt.floor("s")).all()


def test_f22_an_empty_state_is_shown_as_missing(demo_box, demo):
    demo_box.switches.order_status = "empty"
    try:
        frame = demo.futures.get_his_order()
    finally:
        demo_box.switches.order_status = "text"
    assert frame["status"].isna().all()


@pytest.mark.parametrize("side", ["order", "position"])
def test_f10_a_close_names_the_side_of_the_closing_order_unless_told_otherwise(box, side):
    box.settings.closing_side = side
    with box.client("trade") as client:
        opened = client.futures.open_position("BTCUSDT", "buy", "0.1", 10)
        number = int(opened["id"][0])
        right, wrong = ("sell", "buy") if side == "order" else ("buy", "sell")
        with pytest.raises(BtccError, match="side"):
            client.futures.close_position(number, "BTCUSDT", wrong, "0.1")
        closed = client.futures.close_position(number, "BTCUSDT", right, "0.1")
        assert closed["status"][0] == "closed"


def test_f09_a_change_is_numbered_its_own_way(box):
    box.settings.pending_change_type = "documented"
    with box.client("trade") as client:
        price = float(client.klines("BTCUSDT", "1m", limit=1)["close"].iloc[0])
        placed = client.futures.open_pending(
            "BTCUSDT", "buy", "limit", "0.1", f"{price * 0.9:.2f}", 10
        )
        number = int(placed["id"][0])
        changed = client.futures.update_pending(
            number, "buy", "limit", "0.2", f"{price * 0.91:.2f}"
        )
        assert changed["lots"][0] == 0.2
        assert client.open_orders(venue="futures")["amount"][0] == 0.2
        assert client.futures.cancel_pending(number)["status"][0] == "cancelled"


def test_f19_the_call_of_a_later_edition_is_marked_and_may_be_missing(box):
    assert "experimental" in type(box.client("read").futures).open_sltp.__doc__
    box.switches.open_sltp = False
    with box.client("trade") as client, pytest.raises(BtccError, match="not found"):
        client.futures.open_sltp("BTCUSDT", 1, "0.1", 10, stop_loss="1")


def test_f04_a_secret_that_is_sent_is_refused(box):
    import requests

    reply = requests.post(
        f"{box.hosts['futures_rest']}/v1/user/login", params={"secret_key": "s"}, timeout=5
    ).json()
    assert reply["code"] == -2
    assert "must never be sent" in reply["msg"]


# The session


def histories_with_expiry(box, at):
    """Return trades of a client whose token is ended after so many report pages."""
    with box.client("read") as client:
        client.trades(limit=1, venue="futures")
        usual, seen = box.futures.app.handle, []

        def handle(asked, now):
            if asked.path.endswith("getTradeReport"):
                seen.append(1)
                if len(seen) == at:
                    box.futures.app.tokens.expire()
            return usual(asked, now)

        box.futures.app.handle = handle
        try:
            return client.trades(venue="futures", exact=True), client, len(seen)
        finally:
            box.futures.app.handle = usual


def test_a_token_that_expires_in_a_history_of_fifty_pages_costs_one_login_and_no_row():
    with sandbox.start(seed=7) as box:
        box.switches.largest_report = 20
        whole, first, pages = histories_with_expiry(box, at=0)
        assert pages >= 50
        assert first._futures_link.session.logins == 1
        for at in (1, 7, 26, pages):
            frame, client, _ = histories_with_expiry(box, at)
            pd.testing.assert_frame_equal(frame, whole)
            assert client._futures_link.session.logins == 2
            assert frame.attrs["coverage"]["holes"] == []


def test_a_change_whose_token_has_expired_is_refused_once_and_needs_arming(box, futures):
    with box.client("trade") as client:
        client.futures.open_position("BTCUSDT", "buy", "0.1", 10)
        futures.app.tokens.expire()
        with pytest.raises(SessionExpired):
            client.futures.open_position("BTCUSDT", "buy", "0.1", 10)
        with pytest.raises(ReadOnly, match="arm"):
            client.futures.open_position("BTCUSDT", "buy", "0.1", 10)
        assert len(client.positions()) == 1
        assert client.status()["futures_session"] == {"logged_in": True, "armed": False}
        client.futures.arm()
        client.futures.open_position("BTCUSDT", "buy", "0.1", 10)
        assert len(client.positions()) == 2


def test_a_token_lives_as_long_as_it_is_used_and_no_longer(box, futures):
    with box.client("read") as client:
        client.positions()
        for _ in range(4):
            box.clock.advance(50)
            client.positions()
        assert client._futures_link.session.logins == 1
        box.clock.advance(61)
        client.positions()
        assert client._futures_link.session.logins == 2


def test_only_heartbeats_keep_a_token_where_the_server_is_strict(box):
    box.switches.strict_heartbeat = True
    with box.client("read") as client:
        client.positions()
        box.clock.advance(40)
        client._futures_link.session.beat()
        box.clock.advance(40)
        client.positions()
        assert client._futures_link.session.logins == 1
        box.clock.advance(61)
        client.positions()
        assert client._futures_link.session.logins == 2


def test_many_threads_share_one_login(box):
    with box.client("read") as client:
        ready, problems = threading.Barrier(8), []

        def use():
            try:
                ready.wait()
                client.positions()
            except BaseException as problem:
                problems.append(problem)

        threads = [threading.Thread(target=use) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert problems == []
        assert client._futures_link.session.logins == 1


@pytest.mark.parametrize(
    ("label", "change", "kind", "words"),
    [
        ("trade", {"password": "wrong"}, AuthError, "User name, password or API key"),
        ("trade", {"api_key": "wrong"}, AuthError, "User name, password or API key"),
        ("trade", {"api_secret": "wrong"}, AuthError, "encoding="),
        ("pro", {}, PermissionDenied, "Futures Pro"),
        ("elsewhere", {}, AuthError, ""),
    ],
)
def test_a_refused_login_says_why_and_is_sent_once(box, label, change, kind, words):
    login = next(known for known in box.futures_logins if known.label == label)
    given = {
        "user_name": login.user_name, "password": login.password, "api_key": login.api_key,
        "api_secret": login.secret_key, **change,
    }  # fmt: skip
    with open_client("sandbox", hosts=box.hosts, **given) as client:
        with pytest.raises(kind, match=words):
            client.positions()
        assert box.requests["/v1/user/login"] == 1


def test_what_the_account_may_not_do_is_refused(box):
    reader = next(known for known in box.futures_logins if known.label == "read")
    with open_client(
        "sandbox", hosts=box.hosts, user_name=reader.user_name, password=reader.password,
        api_key=reader.api_key, api_secret=reader.secret_key, trade=True,
    ) as client, pytest.raises(PermissionDenied, match="NOT TRADE AUTH"):  # fmt: skip
        client.futures.open_position("BTCUSDT", "buy", "0.1", 10)
    with box.client("trade") as client:
        with pytest.raises(OrderRejected, match="insufficient margin"):
            client.futures.open_position("BTCUSDT", "buy", "40", 1)
        with pytest.raises(OrderRejected, match="invalid volume"):
            client.futures.open_position("BTCUSDT", "buy", "0.001", 10)


def test_a_reading_connection_changes_nothing_and_sends_nothing(demo, demo_box):
    demo.positions()
    before = dict(demo_box.requests)
    for call in (
        lambda: demo.futures.open_position("BTCUSDT", "buy", "0.1", 10),
        lambda: demo.futures.cancel_pending(1),
        lambda: demo.futures.update_position(1, "BTCUSDT", "1", "0"),
    ):
        with pytest.raises(ReadOnly, match="trade=True"):
            call()
    assert demo_box.requests == before


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda f: f.open_position("BTCUSDT", "up", "1", 10), "side='up' is not one of"),
        (lambda f: f.open_position("BTCUSDT", "buy", "-1", 10), "lots='-1'"),
        (lambda f: f.open_position("BTCUSDT", "buy", "1", 70_000), "at most 65535"),
        (lambda f: f.open_position("BTCUSDT", "buy", "1", 10, stop_loss="x"), "stop_loss='x'"),
        (lambda f: f.open_pending("BTCUSDT", "buy", "iceberg", "1", "1", 1), "type='iceberg'"),
        (lambda f: f.get_trade_report(contract="quanto"), "contract='quanto'"),
        (lambda f: f.get_trade_report(start=5), "unit of a bare number"),
    ],
)
def test_a_wrong_argument_is_named_before_anybody_logs_in(box, call, words):
    with box.client("trade") as client:
        with pytest.raises(InvalidArgument) as caught:
            call(client.futures)
        assert words in str(caught.value)
        assert not client._futures_link.session.is_open
        assert "/v1/user/login" not in box.requests


def test_a_closed_market_is_called_closed(box, futures):
    closed = "2026-11-22 12:00"  # a Sunday
    box.clock.advance(pd.Timestamp(closed, tz="UTC").timestamp() - box.clock.now() / 1e6)
    with box.client("trade") as client:
        client.positions()
        with pytest.raises(MarketClosed):
            client.futures.open_position("TSLAUSDT", "buy", "1", 10)


def test_an_order_without_an_answer_is_unknown_and_not_sent_again(box, monkeypatch):
    with box.client("trade") as client:
        client.positions()
        transport = client._futures_link.transport()
        usual = transport.network.exchange
        sent = []

        def lose(request, seconds):
            if request.path.endswith("openposition"):
                sent.append(request)
                usual(request, seconds)
                raise TransportError("the answer broke off.")
            return usual(request, seconds)

        monkeypatch.setattr(transport.network, "exchange", lose)
        with pytest.raises(OutcomeUnknown):
            client.futures.open_position("BTCUSDT", "buy", "0.1", 10, reference=815)
        assert len(sent) == 1
        assert list(client.positions()["reference"]) == [815]


def test_without_futures_credentials_a_call_says_what_is_missing(home):
    with open_client("live", access_id="a", secret_key="b") as client:
        with pytest.raises(ConfigError, match=r"BTCC_USER_NAME.*--futures"):
            client.futures.account()
        with pytest.raises(ConfigError, match="futures login"):
            client.positions()


# Funding


def test_funding_shows_settled_rates_and_the_running_estimate(demo, demo_box):
    frame = demo.funding("BTCUSDT", exact=True)
    assert list(frame["kind"].unique()) == ["settled", "estimate"]
    settled = frame[frame["kind"] == "settled"]
    assert 85 <= len(settled) <= 92
    assert set(settled["time"].dt.hour) == {0, 8, 16}
    assert settled["time"].is_unique
    market = demo_box.futures.market
    product = next(n for n, p in market.products.items() if p.market == "BTCUSDT")
    first = settled.iloc[0]
    rate = market.rate(product, int(first["time"].timestamp()) * 1_000_000)
    assert first["rate"] == rate.quantize(D("0.000001"))
    past = demo.funding("BTCUSDT", start="2026-10-01", end="2026-10-03")
    assert list(past["kind"]) == ["settled"] * 6


def test_funding_says_clearly_when_the_web_page_cannot_be_reached(box):
    key = box.key_sets[1]
    hosts = {"spot_rest": box.hosts["spot_rest"], "futures_web": "http://127.0.0.1:9"}
    given = {"access_id": key.access_id, "secret_key": key.secret_key}
    with open_client("sandbox", hosts=hosts, **given) as client:
        client._funding_reads._link.transport().system = quick(client)
        with pytest.raises(
            TransportError, match="only by BTCC's web page, and it cannot be reached"
        ):
            client.funding("BTCUSDT")
    hosts = {"spot_rest": box.hosts["spot_rest"]}
    bare = open_client("sandbox", hosts=hosts, **given)
    with pytest.raises(ConfigError, match="futures_web"):
        bare.funding("BTCUSDT")


def quick(client):
    from dataclasses import replace

    usual = client._funding_reads._link.transport().system
    return replace(usual, sleep=lambda seconds: None)


def test_a_market_without_funding_is_unknown_there(demo):
    with pytest.raises(UnknownMarket, match="no funding rate"):
        demo.funding("TSLAUSDT")


def test_equity_is_balance_and_open_profit(demo):
    frame = demo.balances(venue="futures").set_index("asset")
    positions = demo.positions()
    for asset in frame.index:
        floating = positions["unrealized"][positions["asset"] == asset].sum()
        assert np.isclose(frame.loc[asset, "unrealized"], floating, rtol=1e-3)
