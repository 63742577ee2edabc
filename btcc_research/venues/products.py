"""Futures products by the names people use: ``BTCUSDT`` for BTCC's long ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from btcc_research.arguments import known_market
from btcc_research.errors import UnknownMarket
from btcc_research.protocol.products import product_name

SEPARATOR = "/"


class Products:
    """The product list with one market name for each product.

    The market is the pair where one listed product has it; where several do, each is called
    by the end of its own name, such as ``BTCUSDT100x``, or by all of it.
    """

    def __init__(self, rows: Iterable[Any]) -> None:
        self.rows = {row.product: row for row in rows}
        self._pairs: dict[str, list[str]] = {}
        for row in self.rows.values():
            if row.status == 0:
                self._pairs.setdefault(product_name(row.product).market, []).append(row.product)
        self._markets = {product: self._name(product) for product in self.rows}
        self._products = {
            market: product
            for product, market in self._markets.items()
            if self.rows[product].status == 0
        }

    def _name(self, product: str) -> str:
        pair = product_name(product).market
        listed = self._pairs.get(pair, [])
        if product not in listed or not listed[1:]:
            return pair
        ends = [_end(other) for other in listed]
        return _end(product) if ends.count(_end(product)) == 1 else product

    def has(self, market: Any) -> bool:
        """Whether a text names one or several of the listed products."""
        return market in self._products or market in self._pairs or market in self.rows

    def market(self, product: str) -> str:
        """Return the market of a product; one that is listed no more is read from its name."""
        return self._markets.get(product) or product_name(product).market

    @property
    def markets(self) -> list[str]:
        """The names of all listed markets."""
        return list(self._products)

    def product(self, market: Any) -> str:
        """Return the product BTCC's calls want for a market or for its own long name.

        Raises
        ------
        UnknownMarket
            Suggesting the right name, or listing the candidates where several fit.
        """
        if market in self.rows:
            return str(market)
        candidates = self._pairs.get(str(market), [])
        if len(candidates) > 1:
            names = ", ".join(repr(self._markets[product]) for product in candidates)
            raise UnknownMarket(f"market={market!r} is more than one futures product: {names}.")
        return str(self._products[known_market(market, self._products)])

    def row(self, product: str) -> Any | None:
        """Return a product's rules, or None where BTCC lists it no more."""
        return self.rows.get(product)


def _end(product: str) -> str:
    return product.rpartition(SEPARATOR)[2]
