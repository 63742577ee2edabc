"""Money of the dealer: wallets, the house, the insurance fund, and the ledger that explains them.

Every change of a wallet is booked here, with its ledger line and against whoever is on the
other side: what users lose the house wins and the reverse. Only deposits and withdrawals
change how much there is of an asset.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

import numpy as np

from btcc_research.sandbox.futures_records import FuturesAccount, LedgerLine, MoneyKind, Transfer
from btcc_research.sandbox.futures_rules import (
    DAY_US,
    HOUR_US,
    rounded,
    split_charge,
    split_loss,
)
from btcc_research.sandbox.futures_settings import FuturesSettings
from btcc_research.sandbox.records import ZERO


@dataclass(frozen=True, slots=True)
class Cause:
    """Why and when money moves, and who is on the other side."""

    business: str
    time: int
    remark: str = ""
    against: Literal["house", "fund", "outside"] = "house"


class Books:
    """The other side of every wallet, and the numbering of bookings.

    `changes` counts what happened to money and orders, so that whoever drew conclusions
    from the dealer's state knows when to draw them again.
    """

    def __init__(self, settings: FuturesSettings) -> None:
        self.house: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.fund: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.outside: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.changes = 0
        self._settings = settings
        self._day = -1
        self._number = 0

    def deposit(self, account: FuturesAccount, asset: str, amount: Decimal, now: int) -> Transfer:
        """Bring money in from outside."""
        return self._transfer(account, asset, amount, Cause("deposit", now, "", "outside"))

    def withdraw(self, account: FuturesAccount, asset: str, amount: Decimal, now: int) -> Transfer:
        """Send money out; promotional money does not survive it (FU-14)."""
        cause = Cause("withdrawal", now, "", "outside")
        transfer = self._transfer(account, asset, -amount, cause)
        bonus = account.wallet(asset).bonus
        self.book(account, asset, -bonus, Cause("bonus", now, "removed by a withdrawal"), "bonus")
        return transfer

    def profit(self, account: FuturesAccount, asset: str, amount: Decimal, cause: Cause) -> Decimal:
        """Book a realized profit or loss and return it; promotional money bears losses first."""
        amount = self._rounded(amount)
        bonus = account.wallet(asset).bonus
        if amount < 0 and bonus > 0:
            from_bonus, from_balance = split_loss(bonus, -amount)
            self.book(account, asset, -from_bonus, cause, "bonus")
            self.book(account, asset, -from_balance, cause)
        else:
            self.book(account, asset, amount, cause)
        return amount

    def charge(self, account: FuturesAccount, asset: str, amount: Decimal, cause: Cause) -> Decimal:
        """Take a fee, funding or interest, and return what was taken."""
        amount, from_bonus, wallet = self._rounded(amount), ZERO, account.wallet(asset)
        if wallet.bonus > 0:
            share = self._settings.bonus_fee_share
            from_bonus, _ = split_charge(wallet.bonus, wallet.balance, amount, share)
            from_bonus = self._rounded(from_bonus)
            self.book(account, asset, -from_bonus, cause, "bonus")
        self.book(account, asset, from_bonus - amount, cause)
        return amount

    def carry(self, account: FuturesAccount, asset: str, amount: Decimal, cause: Cause) -> Decimal:
        """Book funding or interest, whichever way it flows, and return it signed."""
        if amount < 0:
            return -self.charge(account, asset, -amount, cause)
        return self.profit(account, asset, amount, cause)

    def cover(self, account: FuturesAccount, asset: str, now: int) -> None:
        """Lift a wallet to the floor: promotional money first, then the insurance fund."""
        wallet = account.wallet(asset)
        missing = self._settings.balance_floor - wallet.balance
        if missing > 0:
            from_bonus = min(wallet.bonus, missing)
            used = Cause("bonus", now, "bears a loss")
            self.book(account, asset, -from_bonus, used, "bonus")
            self.book(account, asset, from_bonus, used)
            rest = missing - from_bonus
            self.book(account, asset, rest, Cause("shortfall covered", now, "", "fund"))

    def book(
        self,
        account: FuturesAccount,
        asset: str,
        change: Decimal,
        cause: Cause,
        money: MoneyKind = "balance",
    ) -> None:
        """Change a wallet and the other side, and write the line; nothing is no booking."""
        change = self._rounded(change)
        if not change:
            return
        wallet = account.wallet(asset)
        before: Decimal = getattr(wallet, money)
        after = before + change
        setattr(wallet, money, after)
        if cause.against == "outside":
            self.outside[asset] += change
        else:
            (self.house if cause.against == "house" else self.fund)[asset] -= change
        self.changes += 1
        line = LedgerLine(
            cause.time, self._reference(cause.time), account.account_id, asset, cause.business,
            before, max(change, ZERO), max(-change, ZERO), after, cause.remark, money,
        )  # fmt: skip
        account.ledger.append(line)

    def _transfer(
        self, account: FuturesAccount, asset: str, change: Decimal, cause: Cause
    ) -> Transfer:
        self.book(account, asset, change, cause)
        line = account.ledger[-1]
        transfer = Transfer(
            line.time, line.reference, "deposit" if change > 0 else "withdrawal", asset,
            abs(line.change), line.balance_before, line.balance,
        )  # fmt: skip
        account.transfers.append(transfer)
        return transfer

    def _rounded(self, amount: Decimal) -> Decimal:
        return rounded(amount, self._settings.booking_places)

    def _reference(self, now: int) -> str:
        """Return the next transaction number, such as TD260112A00638; they restart daily."""
        day = (now + (24 - self._settings.site_day_hour) * HOUR_US) // DAY_US
        if day != self._day:
            self._day, self._number = day, 0
        self._number += 1
        return f"TD{_date(day)}A{self._number:05d}"


@lru_cache(maxsize=400)
def _date(day: int) -> str:
    """Return a day since 1970 as six digits: year, month, day."""
    return str(np.datetime64(day, "D")).replace("-", "")[2:]
