"""Forced liquidation of a wallet whose equity fell below its stop-out level (FU-9)."""

from __future__ import annotations

from btcc_research.sandbox.dealer_desk import Desk
from btcc_research.sandbox.dealer_pendings import Pendings
from btcc_research.sandbox.dealer_positions import LIQUIDATED, Positions
from btcc_research.sandbox.futures_records import FuturesAccount, Position


class Liquidation:
    """Watches longs at the bid and shorts at the ask, never the mid."""

    def __init__(self, desk: Desk, positions: Positions, pendings: Pendings) -> None:
        self._desk = desk
        self._positions = positions
        self._pendings = pendings

    def check(self, names: list[str], now: int) -> None:
        """Look at every wallet that holds one of these products."""
        held = (p for name in names for p in self._desk.positions[name].values())
        wallets = dict.fromkeys((position.account_id, position.asset) for position in held)
        for account_id, asset in wallets:
            self._check_wallet(self._desk.accounts[account_id], asset, now)

    def _check_wallet(self, account: FuturesAccount, asset: str, now: int) -> None:
        """Cancel pending orders, then close the largest loss until the rest is safe.

        What trades in a closed market waits until it opens.
        """
        while self._is_below(account, asset, now):
            for pending in [p for p in account.pendings.values() if p.asset == asset]:
                self._pendings.cancel(pending, now)
            products = self._desk.products
            held = self._desk.held(account, asset)
            closable = [p for p in held if self._desk.is_open(products[p.product], now)]
            if not closable or not self._is_below(account, asset, now):
                return
            worst = min(closable, key=_largest_loss_first)
            self._positions.close(worst, worst.lots, now, LIQUIDATED)

    def _is_below(self, account: FuturesAccount, asset: str, now: int) -> bool:
        level = self._desk.stop_out_margin(account, asset, now)
        return self._desk.equity(account, asset) < level


def _largest_loss_first(position: Position) -> tuple[object, int]:
    return position.unrealized, position.id
