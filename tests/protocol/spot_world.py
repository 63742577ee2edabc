"""A small exchange behind a server machine, and the talk between the two machines."""

import json
import random
from types import SimpleNamespace

from btcc_research.protocol import spot_forms, spot_server, spot_socket
from btcc_research.protocol.book import book_checksum
from btcc_research.protocol.signing import socket_digest

ACCESS_ID, SECRET_KEY, USER = "demo-access", "demo-secret", 20417
START = 1768212345.0


class Levels:
    """A market's resting levels; prices are integers of the last decimal."""

    def __init__(self, seed=1, limit=50):
        self.random = random.Random(seed)
        self.limit = limit
        self.bids = {9_125_000 - n: self.amount() for n in range(1, 2 * limit)}
        self.asks = {9_125_000 + n: self.amount() for n in range(1, 2 * limit)}

    def amount(self):
        return self.random.randint(1, 200_000)

    def change(self, many=2):
        for _ in range(self.random.randint(1, many)):
            side, sign = self.random.choice(((self.bids, -1), (self.asks, 1)))
            price = 9_125_000 + sign * self.random.randint(1, 2 * self.limit)
            if self.random.random() < 0.4 and len(side) > self.limit // 2:
                side.pop(price, None)
            else:
                side[price] = self.amount()

    def window(self):
        """Return bids and asks, best first, as texts."""
        return (
            tuple(level(p, self.bids[p]) for p in sorted(self.bids, reverse=True)[: self.limit]),
            tuple(level(p, self.asks[p]) for p in sorted(self.asks)[: self.limit]),
        )


def level(price, amount):
    return f"{price / 100:.2f}", f"{amount / 100_000:.5f}"


def depth_text(window, time, full=True, checksum=None, market="BTCUSDT"):
    """Return a book push, written by hand."""
    bids, asks = window
    found = book_checksum(bids, asks) if checksum is None else checksum
    levels = {"asks": asks, "bids": bids, "last": "91250.40", "time": time, "checksum": found}
    message = {"id": None, "method": "depth.update", "params": [full, levels, market]}
    return json.dumps(message, separators=(",", ":"))


def order(**changes):
    values = {
        "id": 7310045121, "market": "BTCUSDT", "side": "buy", "type": "limit",
        "time_in_force": "GTC", "price": "91250.40", "amount": "0.01500", "remaining": "0.00900",
        "filled": "0.00600", "cost": "547.5024000", "fee": "0.000018000", "taker_rate": "0.0030",
        "maker_rate": "0.0020", "fee_asset": None, "asset_fee": "0", "fee_discount": "1",
        "created_at": 1768212345104233, "updated_at": 1768212345104233, "source": "bot-1",
        "client_id": "", "user_id": USER, "account_id": USER,
    }  # fmt: skip
    return SimpleNamespace(**values | changes)


def deal(number=318220451, **changes):
    values = {
        "id": number, "time": 1768212345104233, "price": "91250.40", "amount": "0.00600",
        "side": "buy", "order_id": 7310045121, "role": "taker", "cost": "547.5024000",
        "fee": "0.000018000", "fee_asset": None, "counter_order_id": 7310044002,
        "counter_user_id": 33871, "market": "BTCUSDT", "user_id": USER, "account_id": USER,
    }  # fmt: skip
    return SimpleNamespace(**values | changes)


def plan():
    return SimpleNamespace(
        id=51002117, market="BTCUSDT", side="sell", type="limit", time_in_force="GTC",
        stop_price="88000.00", price="87950.00", amount="0.01000", trigger_state=1,
        taker_rate="0.0030", maker_rate="0.0020", fee_asset=None, fee_discount="1",
        created_at=1768212500210447, updated_at=1768212500210447, source="bot-1", client_id="",
    )  # fmt: skip


def ticker():
    return SimpleNamespace(
        market="BTCUSDT", period=86400, last="91250.40", open="90110.00", close="91250.40",
        high="91980.00", low="89870.55", volume="1820.44120", turnover="165880413.2207110",
    )  # fmt: skip


BALANCES = [
    SimpleNamespace(asset="BTC", available="0.41250000", frozen="0.02000000"),
    SimpleNamespace(asset="USDT", available="10480.22871560", frozen="821.25360000"),
]
CANDLE = [1768212300, "91248.75", "91250.40", "91260.00", "91240.10", "1.20731", "110163.3124500"]


class World:
    """An exchange that answers what a server machine asks it."""

    def __init__(self, forms=None, seed=1):
        self.forms = forms or spot_forms.SpotForms()
        self.levels = Levels(seed, limit=10)
        self.server = None
        self.events = []

    def connect(self, client, now):
        """Open a connection and exchange all that is said at once."""
        self.server = spot_server.SpotServer(self.forms)
        found = client.reset(now)
        return found + self.talk(client, now)

    def talk(self, client, now):
        """Carry texts to and fro until nobody says anything."""
        found = []
        while (texts := client.texts_to_send()) or self.server.books:
            for text in texts:
                for event in self.server.receive(text, now):
                    self.events.append(event)
                    self.answer(event, now)
            self.push_book(now)
            frames = self.server.frames_to_send()
            for frame in frames:
                found += client.receive(frame, now)
            if not texts and not frames:
                break
        return found

    def push_book(self, now):
        for followed in list(self.server.books.values()):
            bids, asks = self.levels.window()
            limit = followed.limit
            self.server.push_book(followed.market, bids[:limit], asks[:limit], "91250.40", now)

    def answer(self, event, now):
        if isinstance(event, spot_server.LoginAsked):
            good = event.access_id == ACCESS_ID and event.digest == socket_digest(SECRET_KEY)
            if good or event.token == "demo-token":
                self.server.accept(event.request_id, USER)
            else:
                self.server.refuse_login(event.request_id)
        elif isinstance(event, spot_server.Asked):
            self.server.answer(event.request_id, self.payload(event.call, event.values, now))

    def payload(self, call, values, now):
        forms = self.forms
        if call is spot_socket.DEPTH_QUERY:
            return spot_forms.depth_payload(forms, self.levels.window(), "1", round(now * 1000))
        if call is spot_socket.KLINE_QUERY:
            return [[*CANDLE, values["market"]]]
        if call is spot_socket.STATE_QUERY:
            return spot_forms.ticker_object(ticker())
        if call is spot_socket.DEALS_QUERY:
            return spot_forms.trade_objects(forms, [deal()])
        if call is spot_socket.ASSET_QUERY:
            return spot_forms.balances_object(forms, BALANCES)
        if call is spot_socket.DEALS_QUERY_USER:
            return spot_forms.records_page(call, [deal()], values, None)
        records = [plan() if call.path.endswith("stop") else order()]
        return spot_forms.records_page(call, records, values, len(records))
