"""What a market trades against what: base, quote, and the currency results are in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from btcc_research.errors import InvalidArgument

# Money a market's name may end with, for markets whose fees do not tell.
QUOTES = ("USDT", "USDC", "BTC", "ETH", "USD", "EUR")


class Pair(NamedTuple):
    """A market: `currency` is what its profits are in, the quote or for coin-margined the base."""

    base: str
    quote: str
    currency: str

    @property
    def is_inverse(self) -> bool:
        """Whether results are in the coin, not in the quote: coin-margined futures."""
        return self.currency == self.base


def spot_pair(market: str, fee_assets: Iterable[str | None]) -> Pair:
    """Return the pair of a spot market.

    BTCC takes a fee from what was received, so a fee's currency is the beginning or the end
    of the market's name; without such a fee the usual quote currencies are tried.

    Raises
    ------
    InvalidArgument
        If neither tells.
    """
    for asset in fee_assets:
        if asset and market.startswith(asset) and market != asset:
            quote = market.removeprefix(asset)
            return Pair(asset, quote, quote)
    for asset in (*fee_assets, *QUOTES):
        if asset and market.endswith(asset) and market != asset:
            return Pair(market.removesuffix(asset), asset, asset)
    raise InvalidArgument(
        f"market={market!r}: base and quote cannot be told from its name; add the columns "
        "'base' and 'quote' of btcc.markets() to the trades."
    )


def futures_pair(market: str, currency: str | None) -> Pair:
    """Return the pair of a futures market; `currency` is what its fees and profits are in."""
    if currency and market.startswith(currency) and market != currency:
        return Pair(currency, market.removeprefix(currency), currency)
    for quote in (currency, *QUOTES):
        if quote and market.endswith(quote) and market != quote:
            return Pair(market.removesuffix(quote), quote, currency or quote)
    return Pair(market, currency or "", currency or "")
