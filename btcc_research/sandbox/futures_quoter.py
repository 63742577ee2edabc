"""Brings the dealer's products to a time: every second that matters, and no other.

Quotes change once a second. What happens is what would happen if every product in which
something is open were quoted at each of them; seconds in which no level is reached, nothing
is settled and no account can come near its stop-out level are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from btcc_research.sandbox import futures_rules
from btcc_research.sandbox.dealer import Dealer
from btcc_research.sandbox.futures_market import SECOND_US, FuturesMarket
from btcc_research.sandbox.futures_records import FuturesAccount, Position
from btcc_research.sandbox.market import DAY
from btcc_research.sandbox.records import Side

NOWHERE = (float("-inf"), float("inf"))
NEVER = 2**62
WIDEST = 0.25  # of the price: half of the widest range in which an account is called safe
Range = tuple[float, float]
Wallet = tuple[int, str]


@dataclass(slots=True)
class Watch:
    """The range of a product's middle outside of which something may happen.

    `touch` is the first second outside after the watch began, where it is known; up to
    `clear` there is none.
    """

    range: Range
    clear: int
    touch: int | None = None


class Quoter:
    """The price feed of the dealer."""

    def __init__(self, dealer: Dealer, market: FuturesMarket) -> None:
        self._dealer = dealer
        self._market = market
        self._second = 0
        self._seen: tuple[int, Decimal] | None = None
        self._watches: dict[str, Watch] = {}
        self._safe: dict[Wallet, dict[str, Range]] = {}
        self._stuck: list[Wallet] = []

    def advance(self, now: int, products: Iterable[str] = ()) -> None:
        """Let happen what happens until a time in microseconds, and quote what is looked at.

        Parameters
        ----------
        now : int
            Unix microseconds; a time before the last one is taken as that.
        products : iterable of str
            Names to be quoted besides those in which something is open.
        """
        second = max(now // SECOND_US, self._second)
        self._second = self._second or second
        while (event := self._next_event(second)) is not None:
            self._quote(self._dealer.active(), event)
            self._second = event
        self._quote([*self._dealer.active(), *products], second)
        self._second = second

    def _quote(self, products: Iterable[str], second: int) -> None:
        """Quote products at a second, those that were not yet."""
        now, last = second * SECOND_US, self._dealer.quotes
        names = [n for n in dict.fromkeys(products) if n not in last or last[n].time < now]
        self._dealer.take([self._market.quote(name, now) for name in names], now)

    def _next_event(self, until: int) -> int | None:
        """Return the next second up to `until` at which something may happen."""
        active = self._dealer.active()
        if not active or self._second >= until:
            return None
        self._look_again(active)
        events = [self._next_settlement(active), self._next_ratio()]
        events += map(self._next_opening, self._stuck)
        events += [touch for name in active if (touch := self._touch(name, until)) is not None]
        return first if (first := min(events)) <= until else None

    def _next_settlement(self, active: list[str]) -> int:
        hours = {self._dealer.settlement_hours(name) for name in active}
        now = self._second * SECOND_US
        return min(futures_rules.next_moment(h, now) for h in hours) // SECOND_US

    def _next_ratio(self) -> int:
        change = self._dealer.settings.next_stop_out(self._second * SECOND_US)
        return NEVER if change is None else -(-change // SECOND_US)

    def _next_opening(self, wallet: Wallet) -> int:
        """Return when a wallet can be liquidated that only holds what cannot be closed now."""
        account, soon = self._dealer.account(wallet[0]), self._second + 1
        if any(pending.asset == wallet[1] for pending in account.pendings.values()):
            return soon  # they are cancelled at any time
        names = {p.product for p in account.positions.values() if p.asset == wallet[1]}
        tradable = [name for name in names if self._dealer.products[name].tradable != "no"]
        return min((self._market.next_open(n, soon) for n in tradable), default=NEVER)

    def _touch(self, name: str, until: int) -> int | None:
        """Return when a product leaves its range, looking ahead by whole days."""
        watch = self._watches[name]
        while watch.touch is None and watch.clear < until:
            end = (watch.clear // DAY + 1) * DAY
            watch.touch = self._market.first_touch(name, *watch.range, watch.clear, end)
            watch.clear = end
        return watch.touch

    def _look_again(self, active: list[str]) -> None:
        """Watch anew where something changed or a watch has ended."""
        ended = {
            name
            for name, watch in self._watches.items()
            if watch.touch is not None and watch.touch <= self._second
        }
        ratio = self._dealer.settings.stop_out(self._second * SECOND_US)
        seen = self._dealer.books.changes, ratio
        if self._seen == seen and not ended:
            return
        self._seen = seen
        self._stuck = []
        self._safe = self._safe_ranges()
        for name in ended | (self._watches.keys() - set(active)):
            self._watches.pop(name)
        for name in active:
            range = self._range(name)
            if name not in self._watches or self._watches[name].range != range:
                self._watches[name] = Watch(range, self._second)

    def _range(self, name: str) -> Range:
        """Return between which middles neither a level is reached nor an account in danger."""
        low, high = NOWHERE
        for ranges in self._safe.values():
            safe = ranges.get(name, NOWHERE)
            low, high = max(low, safe[0]), min(high, safe[1])
        for waiting in self._dealer.waiting(name):
            level = self._middle(name, waiting.side, waiting.level)
            if futures_rules.falls(waiting.type, waiting.side):
                low = max(low, level)
            else:
                high = min(high, level)
        return low, high

    def _middle(self, name: str, side: Side, price: Decimal) -> int:
        """Return the middle at which an order of a side would fill at a price."""
        below, above = self._market.half_spreads(name)
        ticks = int(price.scaleb(self._market.products[name].price_precision))
        return ticks - above if side == "buy" else ticks + below

    def _safe_ranges(self) -> dict[Wallet, dict[str, Range]]:
        """Return for every wallet ranges in which it cannot fall below its stop-out level.

        Ranges that still are safe stay, so that what was looked ahead stays known.
        """
        return {
            (account.account_id, asset): self._safe_range(account, asset, positions)
            for account in self._dealer.accounts.values()
            for asset, positions in _by_asset(account).items()
        }

    def _safe_range(
        self, account: FuturesAccount, asset: str, positions: list[Position]
    ) -> dict[str, Range]:
        slack = self._slack(account, asset)
        if slack <= 0:
            self._stuck.append((account.account_id, asset))
        middles = {name: self._last_middle(name) for name in {p.product for p in positions}}
        exposures = [self._exposure(position) for position in positions]

        def is_safe(ranges: dict[str, Range]) -> bool:
            return slack + _worst(exposures, middles, ranges) > 0

        known = self._safe.get((account.account_id, asset), {})
        inside = known.keys() == middles.keys() and all(
            known[name][0] < middle < known[name][1] for name, middle in middles.items()
        )
        if inside and is_safe(known):
            return known
        share, step, most = 0.0, WIDEST, max(middles.values())
        while step > share / 8 and step * most > 1:
            if is_safe(_around(middles, share + step)):
                share += step
            step /= 2
        return _around(middles, share)

    def _slack(self, account: FuturesAccount, asset: str) -> float:
        """Return how much equity may shrink, a little less for the sake of rounding."""
        equity, margin = self._dealer.standing(account.account_id, asset)
        level = float(margin * self._dealer.settings.stop_out(self._second * SECOND_US))
        return float(equity) - level * (1 + 1e-6)

    def _last_middle(self, name: str) -> int:
        return self._middle(name, "sell", self._dealer.quotes[name].bid)

    def _exposure(self, position: Position) -> Exposure:
        product = self._market.products[position.product]
        below, above = self._market.half_spreads(position.product)
        units = futures_rules.sign(position.side) * float(position.lots * product.contract_size)
        scale = 10.0**product.price_precision
        offset = -below if position.side == "buy" else above
        if product.is_coin_margined:
            return Exposure(
                product.product, offset, 0.0, units * float(position.open_price) * scale
            )
        return Exposure(product.product, offset, units / scale, 0.0)


@dataclass(frozen=True, slots=True)
class Exposure:
    """How a position's profit follows the middle of its product, in units of the last digit.

    `offset` leads from the middle to the price that closes it; profit changes by `linear`
    times the move of that price, or by `inverse` times the move of its reciprocal.
    """

    product: str
    offset: int
    linear: float
    inverse: float

    def change(self, before: float, after: float) -> float:
        """Return how the profit changes when the middle moves."""
        if self.linear:
            return self.linear * (after - before)
        return self.inverse * (1 / (before + self.offset) - 1 / (after + self.offset))


def _worst(exposures: list[Exposure], middles: dict[str, int], ranges: dict[str, Range]) -> float:
    """Return the largest loss within ranges; a product's positions win and lose together."""
    lows, highs = dict.fromkeys(ranges, 0.0), dict.fromkeys(ranges, 0.0)
    for exposure in exposures:
        name, (low, high) = exposure.product, ranges[exposure.product]
        lows[name] += exposure.change(middles[name], low)
        highs[name] += exposure.change(middles[name], high)
    return sum(min(0.0, lows[name], highs[name]) for name in ranges)


def _around(middles: dict[str, int], share: float) -> dict[str, Range]:
    """Return ranges around middles, so wide that each holds a price besides the middle."""
    widths = {name: max(middle * share, 1) for name, middle in middles.items()}
    return {name: (middles[name] - width, middles[name] + width) for name, width in widths.items()}


def _by_asset(account: FuturesAccount) -> dict[str, list[Position]]:
    found: dict[str, list[Position]] = {}
    for position in account.positions.values():
        found.setdefault(position.asset, []).append(position)
    return found
