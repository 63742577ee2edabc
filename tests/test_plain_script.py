"""The sandbox speaks BTCC's interface: a script that knows nothing of this package trades."""

import ast
from decimal import Decimal as D
from pathlib import Path

from tests import plain_spot_client

SCRIPT = Path(plain_spot_client.__file__)


def test_a_script_with_requests_and_hashlib_trades_against_the_sandbox(box):
    box.exchange.deposit(20417, "USDT", D(10**7), box.clock.now())
    key = box.key_sets[0]
    before, after, placed, deals, done = plain_spot_client.main(
        box.hosts["spot_rest"], key.access_id, key.secret_key
    )
    assert D(placed["left"]) == D("0.00100")
    assert D(after["frozen"]) == 0
    spent = sum(D(deal["deal"]) for deal in deals)
    assert spent == D(done["deal_money"])
    assert abs(D(before) - D(after["available"]) - spent) < D("2e-8")
    assert (done["id"], done["source"]) == (placed["id"], "plain")
    assert [deal["role"] for deal in deals] == [2]


def test_the_script_is_short_and_uses_nothing_else():
    source = SCRIPT.read_text(encoding="utf-8")
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import)]
    assert {alias.name for node in imports for alias in node.names} == {
        "hashlib",
        "requests",
        "sys",
    }
    assert len([line for line in source.splitlines() if line.strip()]) <= 34
    functions = source[source.index("def call") : source.index("if __name__")]
    assert len([line for line in functions.splitlines() if line.strip()]) <= 30
