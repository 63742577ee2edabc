"""Asks rp2 for gains; a process of its own, as rp2 writes a log folder and changes decimals.

Reads JSON {"method": ..., "rows": [[kind, time, price, amount, fee], ...]} and writes a list of
[taxable time, acquired time, amount, proceeds, cost basis, long term].
"""

import importlib
import json
import sys
from pathlib import Path

from prezzemolo.avl_tree import AVLTree
from rp2.accounting_engine import AccountingEngine
from rp2.configuration import Configuration
from rp2.in_transaction import InTransaction
from rp2.input_data import InputData
from rp2.out_transaction import OutTransaction
from rp2.plugin.country.us import US
from rp2.rp2_decimal import RP2Decimal
from rp2.tax_engine import compute_tax
from rp2.transaction_set import TransactionSet

INI = """
[general]
assets = BTC
exchanges = BTCC
holders = me
[in_header]
timestamp = 0
asset = 1
exchange = 2
holder = 3
transaction_type = 4
spot_price = 5
crypto_in = 6
[out_header]
timestamp = 0
asset = 1
exchange = 2
holder = 3
transaction_type = 4
spot_price = 5
crypto_out_no_fee = 6
crypto_fee = 7
[intra_header]
timestamp = 0
asset = 1
from_exchange = 2
from_holder = 3
to_exchange = 4
to_holder = 5
spot_price = 6
crypto_sent = 7
crypto_received = 8
"""


def gains(method, rows):
    Path("rp2.ini").write_text(INI, encoding="utf-8")
    configuration = Configuration("rp2.ini", US())
    sets = {kind: TransactionSet(configuration, kind, "BTC") for kind in ("IN", "OUT", "INTRA")}
    for number, (kind, time, *numbers) in enumerate(rows, 1):
        price, amount, fee = map(RP2Decimal, numbers)
        where = (configuration, time, "BTC", "BTCC", "me")
        if kind == "buy":
            entry = InTransaction(*where, "BUY", price, amount, fiat_fee=fee, row=number)
        else:
            worth = price * amount
            entry = OutTransaction(
                *where,
                "SELL",
                price,
                amount,
                RP2Decimal("0"),
                fiat_out_no_fee=worth - fee,
                row=number,
            )
        sets["IN" if kind == "buy" else "OUT"].add_entry(entry)
    years = AVLTree()
    years.insert_node(
        1970, importlib.import_module(f"rp2.plugin.accounting_method.{method}").AccountingMethod()
    )
    data = InputData("BTC", sets["IN"], sets["OUT"], sets["INTRA"])
    found = compute_tax(configuration, AccountingEngine(years), data).gain_loss_set
    return [
        [
            gain.taxable_event.timestamp.isoformat(), gain.acquired_lot.timestamp.isoformat(),
            str(gain.crypto_amount), str(gain.taxable_event_fiat_amount_with_fee_fraction),
            str(gain.fiat_cost_basis), gain.is_long_term_capital_gains(),
        ]
        for gain in found
    ]  # fmt: skip


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    json.dump([gains(case["method"], case["rows"]) for case in asked], sys.stdout)
