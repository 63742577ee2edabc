"""Product names: one market for each product, and clear words where there are several."""

from dataclasses import dataclass

import pytest

from btcc_research.errors import UnknownMarket
from btcc_research.venues.products import Products

BTC, BTC_MINI = "GWFX/USDT/GTS/MM/STD/0/A/BTCUSDT100x", "GWFX/USDT/GTS/MM/MIN/0/A/BTCUSDT5x"
ETH, OLD = "GWFX/USDT/GTS/MM/STD/0/A/ETHUSDT100x", "GWFX/USDT/GTS/MM/STD/0/A/EOSUSDT20x"


@dataclass(frozen=True)
class Row:
    product: str
    status: int = 0


def test_a_pair_stands_for_its_one_product():
    products = Products([Row(BTC), Row(ETH)])
    assert products.product("BTCUSDT") == BTC
    assert products.product(ETH) == ETH
    assert products.market(BTC) == "BTCUSDT"
    assert products.markets == ["BTCUSDT", "ETHUSDT"]


def test_an_ambiguous_name_lists_the_candidates_which_then_work():
    products = Products([Row(BTC), Row(BTC_MINI), Row(ETH)])
    assert products.has("BTCUSDT")
    with pytest.raises(UnknownMarket, match=r"more than one.*'BTCUSDT100x', 'BTCUSDT5x'"):
        products.product("BTCUSDT")
    assert products.product("BTCUSDT5x") == BTC_MINI
    assert products.market(BTC_MINI) == "BTCUSDT5x"


def test_products_whose_names_end_alike_are_called_by_their_whole_names():
    twin = BTC.replace("STD", "MIN")
    products = Products([Row(BTC), Row(twin)])
    assert products.market(twin) == twin
    assert products.product(twin) == twin


def test_a_product_that_is_listed_no_more_keeps_its_name_but_cannot_be_traded():
    products = Products([Row(BTC), Row(OLD, status=1)])
    assert products.market(OLD) == "EOSUSDT"
    assert products.markets == ["BTCUSDT"]
    with pytest.raises(UnknownMarket):
        products.product("EOSUSDT")
    assert products.market("GWFX/USDT/GTS/MM/STD/0/A/LUNAUSDT20x") == "LUNAUSDT"


def test_a_listed_product_wins_over_one_that_is_not():
    old = BTC.replace("100x", "50x")
    products = Products([Row(old, status=1), Row(BTC)])
    assert products.product("BTCUSDT") == BTC
    assert products.market(old) == "BTCUSDT"


def test_a_wrong_name_suggests_the_right_one():
    with pytest.raises(UnknownMarket, match="Did you mean 'BTCUSDT'"):
        Products([Row(BTC)]).product("btc-usdt")
