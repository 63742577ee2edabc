"""The futures side of a running sandbox, made when somebody first asks for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from btcc_research.sandbox.accounts import DEMO_ACCOUNT_NUMBER, DEMO_USER, FuturesLogin
from btcc_research.sandbox.dealer import Dealer
from btcc_research.sandbox.futures_answers import FuturesAnswers
from btcc_research.sandbox.futures_app import FuturesApp
from btcc_research.sandbox.futures_history import COINS, FuturesTrader
from btcc_research.sandbox.futures_market import FuturesMarket
from btcc_research.sandbox.futures_quoter import Quoter
from btcc_research.sandbox.futures_records import FuturesAccount
from btcc_research.sandbox.futures_settings import FuturesSettings
from btcc_research.sandbox.market import PricePath
from btcc_research.sandbox.switches import Switches
from btcc_research.sandbox.web_app import WebApp


@dataclass(frozen=True, slots=True)
class FuturesPlan:
    """What the futures side is made of; `history` says whether the account has a past."""

    paths: dict[str, PricePath]
    settings: FuturesSettings
    switches: Switches
    logins: list[FuturesLogin]
    seed: int
    history: bool


class FuturesBox:
    """The dealer, its market and feed, and the interfaces in front of them.

    Attributes
    ----------
    market : FuturesMarket
        Products, prices at any time, funding rates.
    dealer : Dealer
        The engine.
    quoter : Quoter
        Brings the dealer to a time.
    account : FuturesAccount
        The demonstration account.
    app, web : FuturesApp, WebApp
        The REST interface, and the web page's funding calls.
    """

    def __init__(self, plan: FuturesPlan, now: int) -> None:
        self.market = FuturesMarket(plan.paths, plan.seed, plan.settings)
        rules = self.market.products.values()
        self.dealer = Dealer(rules, plan.settings, self.market.rate)
        self.quoter = Quoter(self.dealer, self.market)
        self.account: FuturesAccount = self.dealer.open_account(
            DEMO_USER, account_number=DEMO_ACCOUNT_NUMBER
        )
        self._begin(plan, now)
        answers = FuturesAnswers(self.dealer, plan.switches)
        self.app = FuturesApp(self.dealer, self.quoter, answers, plan.logins, plan.switches)
        self.web = WebApp(self.market, plan.settings, plan.switches)

    def _begin(self, plan: FuturesPlan, now: int) -> None:
        mine = self.account.account_id
        if plan.history:
            FuturesTrader(mine, self.dealer, self.quoter, self.market, plan.seed).live(now)
            return
        for asset, amount in (("USDT", plan.settings.demo_balance), *COINS.items()):
            self.dealer.deposit(mine, asset, amount, now)


class Deferred:
    """Makes the futures side once, when it is first needed: spot alone starts sooner."""

    def __init__(self, plan: FuturesPlan, now: Callable[[], int]) -> None:
        self._plan = plan
        self._now = now
        self._lock = threading.Lock()
        self._made: FuturesBox | None = None

    def get(self) -> FuturesBox:
        """Return the futures side."""
        with self._lock:
            if self._made is None:
                self._made = FuturesBox(self._plan, self._now())
            return self._made
