"""The simulated products: what BTCC's list looks like, in a dozen examples.

Perpetuals in USDT and in coin, a tokenized stock and a commodity with hours of their own, a
name with a scale, and one that was delisted. Spreads, sizes and hours are the sandbox's.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from btcc_research.sandbox.futures_hours import Schedule, Span, weekly
from btcc_research.sandbox.futures_products import Commission, Product, Tier
from btcc_research.sandbox.futures_settings import FuturesSettings
from btcc_research.sandbox.market import Simulation, simulation

FAR = Decimal(100_000_000)  # no level of a product is so many ticks away


@dataclass(frozen=True, slots=True)
class Listed:
    """A product in short: where its price comes from, and how it is traded.

    `path` is the spot market whose price it follows, or a simulation of its own; `lots` are
    smallest and largest order, `spread` counts units of the last digit.
    """

    pair: tuple[str, str]
    path: str | Simulation
    digits: int
    spread: int
    leverage: int
    lots: tuple[str, str]
    ids: tuple[int, int]
    margin_asset: str = "USDT"
    rollover: tuple[str, str] | None = None
    schedule: Schedule | None = None
    status: Literal["normal", "deleted"] = "normal"
    preset_lots: str = ""
    tiers: tuple[Tier, ...] = ()

    @property
    def market(self) -> str:
        """The pair without a slash."""
        return "".join(self.pair)

    def product(self, settings: FuturesSettings) -> Product:
        """Return the product with its fee row."""
        smallest, largest = map(Decimal, self.lots)
        name = f"{self.market}{self.leverage}x"
        long_rollover, short_rollover = map(Decimal, self.rollover or ("0", "0"))
        listed = self.status == "normal"
        return Product(
            product=f"GWFX/{self.margin_asset}/GTS/MM/STD/0/A/{name}",
            product_id=self.ids[0],
            market=self.market,
            base=self.pair[0],
            quote=self.pair[1],
            margin_asset=self.margin_asset,
            price_precision=self.digits,
            spread=Decimal(self.spread).scaleb(-self.digits),
            max_leverage=self.leverage,
            min_lots=smallest,
            step_lots=smallest,
            max_lots=largest,
            max_position_lots=2 * largest,
            quote_code=self.ids[1],
            short_name=f"{'/'.join(self.pair)}.{self.leverage}x",
            contract="USDT-margined" if self.margin_asset == "USDT" else "coin-margined",
            carry="rollover" if self.rollover else "funding",
            tradable="yes" if listed else "no",
            status=self.status,
            schedule=self.schedule,
            long_rollover=long_rollover,
            short_rollover=short_rollover,
            max_stop_distance=FAR,
            commission_rows=(Commission(settings.fee_rate * 100),),
            preset_lots=self.preset_lots,
            tiers=self.tiers,
        )


def _nights(opens: int, closes: int, first: int, last: int) -> dict[int, tuple[Span, ...]]:
    """Return sessions that open in the evening of one weekday and close the next morning."""
    spans: dict[int, tuple[Span, ...]] = {first: ((opens, 1439),), last: ((0, closes - 1),)}
    for weekday in range(first + 1, last):
        spans[weekday] = ((0, closes - 1), (opens, 1439))
    return spans


# New York's 9:30 to 16:00 on a clock of UTC+8, and gold's week with an hour's rest a day.
STOCK = weekly({"summer": _nights(1290, 240, 1, 6), "standard": _nights(1350, 300, 1, 6)})
METAL = weekly({"summer": _nights(360, 300, 1, 6), "standard": _nights(420, 360, 1, 6)})

# Charged only where the setting says so.
BTC_TIERS = (
    Tier(Decimal(0), Decimal(20), Decimal(680)), Tier(Decimal(20), Decimal(40), Decimal(1360)),
)  # fmt: skip

LISTED = (
    Listed(("BTC", "USDT"), "BTCUSDT", 2, 50, 100, ("0.01", "40"), (364, 3_289_142),
           preset_lots="0.1;0.5;1;20", tiers=BTC_TIERS),
    Listed(("ETH", "USDT"), "ETHUSDT", 2, 30, 100, ("0.1", "800"), (365, 3_616_822)),
    Listed(("SOL", "USDT"), "SOLUSDT", 3, 40, 50, ("1", "10000"), (371, 3_616_901)),
    Listed(("XRP", "USDT"), "XRPUSDT", 4, 2, 50, ("10", "1000000"), (372, 3_616_902)),
    Listed(("DOGE", "USDT"), "DOGEUSDT", 5, 6, 50, ("100", "8000000"), (373, 3_616_903)),
    Listed(("BTC", "USD"), "BTCUSDT", 2, 50, 50, ("0.01", "40"), (381, 3_617_001), "BTC"),
    Listed(("ETH", "USD"), "ETHUSDT", 2, 30, 50, ("0.1", "800"), (382, 3_617_002), "ETH"),
    Listed(("TSLA", "USDT"), simulation(("TSLA", "USDT"), (2, 1), "0.1", (330.0, 0.03, 9e5)),
           2, 30, 20, ("0.1", "5000"), (391, 5210), rollover=("0.030", "-0.010"),
           schedule=STOCK),
    Listed(("XAU", "USDT"), simulation(("XAU", "USDT"), (2, 2), "0.01", (3400.0, 0.011, 4e4)),
           2, 60, 20, ("0.01", "1000"), (392, 5301), rollover=("0.020", "0.005"),
           schedule=METAL),
    Listed(("1000BONK", "USDT"),
           simulation(("1000BONK", "USDT"), (6, 0), "1000", (0.021, 0.06, 9e8)),
           6, 12, 20, ("1000", "50000000"), (374, 3_616_904)),
    Listed(("LUNA", "USDT"), simulation(("LUNA", "USDT"), (4, 1), "10", (0.45, 0.07, 9e6)),
           4, 8, 20, ("10", "100000"), (366, 3_616_850), status="deleted"),
)  # fmt: skip
