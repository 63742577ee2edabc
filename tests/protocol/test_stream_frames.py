"""What the sockets deliver becomes frames by its declaration alone."""

import pytest

from btcc_research.frames import to_frame
from btcc_research.protocol import quote_socket, spot_socket
from btcc_research.protocol import stream_events as events
from tests.protocol import quote_world, spot_world
from tests.protocol.test_spot_conversation import client_of, push_everything

START = spot_world.START


@pytest.fixture(scope="module")
def spot_rows():
    world = spot_world.World()
    client, _ = client_of(world, START)
    return {type(event): event.rows for event in push_everything(world, client, START + 30)}


@pytest.fixture(scope="module")
def quote_rows():
    world, client = quote_world.World(), quote_world.client_of()
    client.subscribe("BTCUSDT", START, deep=True)
    found = world.connect(client, START) + world.push(client, START + 1)
    client.query_panel({6}, START)
    found += world.talk(client, START)
    client.query_klines("BTCUSDT", 60, 60, 180, START)
    found += world.talk(client, START)
    return {type(event): event.rows for event in found if hasattr(event, "rows")}


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize(
    ("kind", "call", "column", "value"),
    [
        (events.Trades, spot_socket.DEALS_UPDATE, "price", "91250.40"),
        (events.Klines, spot_socket.KLINE_UPDATE, "close", "91250.40"),
        (events.Tickers, spot_socket.STATE_UPDATE, "turnover", "165880413.2207110"),
        (events.Orders, spot_socket.ORDER_UPDATE, "cost", "547.5024000"),
        (events.Balances, spot_socket.ASSET_UPDATE, "frozen", "821.25360000"),
    ],
)
def test_spot_rows_are_frames(spot_rows, kind, call, column, value, exact):
    check(call, spot_rows[kind], column, value, exact=exact)


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize(
    ("kind", "call", "column", "value"),
    [
        (events.Quotes, quote_socket.QUOTES, "ask", "91250.65"),
        (events.Tickers, quote_socket.PANEL, "change", "1139.90"),
        (events.Trades, quote_socket.TRADES, "amount", "0.25"),
        (events.Answer, quote_socket.KLINES, "high", "91251.10"),
        (events.Products, quote_socket.PRODUCTS, "price_precision", "2"),
    ],
)
def test_quote_rows_are_frames(quote_rows, kind, call, column, value, exact):
    check(call, quote_rows[kind], column, value, exact=exact)


def check(call, rows, column, value, *, exact):
    frame = to_frame(call, rows, exact=exact)
    assert list(frame.columns) == [field.name for field in call.columns]
    assert frame.dtypes.to_dict() == to_frame(call, [], exact=exact).dtypes.to_dict()
    found = frame[column][0]
    assert float(found) == float(value)
    if exact and call is not quote_socket.PRODUCTS:
        assert str(found).rstrip("0").rstrip(".") == value.rstrip("0").rstrip(".")
    for field in call.columns:
        if field.kind == "time_s" and frame[field.name].notna().any():
            assert frame[field.name].dropna()[0].year == (
                1970 if call is quote_socket.KLINES else 2026
            )
