"""A small dealer behind a quote server machine, and the talk between the two machines."""

from types import SimpleNamespace

from btcc_research.protocol import quote_server
from btcc_research.protocol.quote_stream import QuoteLogin, QuoteStream

ACCOUNT, KEY = "86000731", "canary-api-key"
START = 1768212345.0
BTC, ETH, TSLA = 3289142, 3616822, 5210

PRODUCTS = [
    SimpleNamespace(code=code, short_name=name, price_precision=2, zone=zone, boards=[10, 11])
    for code, name, zone in (
        (BTC, "BTC/USDT.100x", 6), (ETH, "ETH/USDT.100x", 6), (TSLA, "TSLA/USDT.20x", 3),
    )
]  # fmt: skip
SCHEDULES = [
    SimpleNamespace(market="TSLAUSDT", weekday=day, season="standard", windows=[[870, 1260]])
    for day in range(1, 6)
]


def quote(code=BTC, time=int(START), **changes):
    values = {"bid": "91250.15", "ask": "91250.65", "last": "91250.40", "last_amount": "0.80"}
    return SimpleNamespace(code=code, time=time, **values | changes)


def deep(code=BTC, time=int(START), levels=7):
    asks = [(f"{91250.65 + n / 10:.2f}", "1.50") for n in range(levels)]
    bids = [(f"{91250.15 - n / 10:.2f}", "2.50") for n in range(levels)]
    return SimpleNamespace(
        code=code, time=time, last="91250.40", last_amount="0.80", bids=bids, asks=asks,
        bid_totals=["2.50"] * levels, ask_totals=["1.50"] * levels,
        bid_shares=["0.10"] * levels, ask_shares=["0.20"] * levels,
    )  # fmt: skip


def board(code=BTC, **changes):
    values = {
        "code": code, "time": int(START), "last": "91250.4", "bid": "91250.15",
        "ask": "91250.65", "open": "90110.5", "high": "91980.0", "low": "89870.55",
        "previous_close": "90110.5", "change": "1139.8999999999942", "is_open": True,
    }  # fmt: skip
    return SimpleNamespace(**values | changes)


def print_of(price="91250.4", amount="0.25000000000000006"):
    return SimpleNamespace(price=price, amount=amount, time=int(START))


def candle(open_time):
    return SimpleNamespace(
        open_time=open_time, open="91230.0", high="91251.1", low="91226.4", close="91248.75",
        volume="3.1",
    )  # fmt: skip


class World:
    """A dealer that answers what a server machine asks it."""

    def __init__(self, forms=None):
        self.forms = forms
        self.server = None
        self.asked = []
        self.is_silent = False

    def connect(self, client, now):
        self.server = quote_server.QuoteServer(self.forms)
        self.server.advance(now)
        return client.reset(now) + self.talk(client, now)

    def talk(self, client, now):
        """Carry texts to and fro until nobody says anything."""
        found = []
        while texts := client.texts_to_send():
            for text in texts:
                for event in self.server.receive(text, now):
                    self.asked.append(event)
                    self.answer(event, now)
            found += self.deliver(client, now)
        return found

    def deliver(self, client, now):
        frames = self.server.frames_to_send()
        return [event for frame in frames for event in client.receive(frame, now)]

    def answer(self, event, now):
        server = self.server
        match event:
            case quote_server.LoginAsked(account, key):
                if (account, key) == (ACCOUNT, KEY):
                    server.accept(PRODUCTS, SCHEDULES, now)
                else:
                    server.refuse(now)
            case quote_server.PanelAsked(zones):
                for zone in zones:
                    server.send_panel(zone, [board(p.code) for p in PRODUCTS if p.zone == zone])
            case quote_server.SubscribeAsked(_, deep_text):
                if server.deep in {product.code for product in PRODUCTS}:
                    server.send_trades(server.deep, [print_of()])
                elif deep_text:
                    server.refuse_deep()
            case quote_server.KlinesAsked(code, _, start, end):
                if not self.is_silent:
                    known = code in {product.code for product in PRODUCTS}
                    rows = [candle(time) for time in range(start - start % 60, end, 60)]
                    server.send_klines(event, rows if known else None)

    def push(self, client, now):
        """Send ticks and the book of all that is followed."""
        time = int(now)
        self.server.push_quotes([quote(code, time) for code in self.server.codes])
        if self.server.deep is not None:
            self.server.push_book(deep(self.server.deep, time))
        return self.deliver(client, now)


def client_of(key=KEY):
    return QuoteStream(QuoteLogin(ACCOUNT, key))
