"""The sandbox speaks BTCC's interface: a script that knows nothing of this package trades."""

import ast
from decimal import Decimal as D
from pathlib import Path

import pytest

from tests import plain_futures_client, plain_spot_client


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


def test_a_script_with_requests_and_hashlib_trades_futures(box):
    login = box.futures_logins[0]
    opened, changed, part, rest, history = plain_futures_client.main(
        box.hosts["futures_rest"], login.user_name, login.password, login.api_key,
        login.secret_key,
    )  # fmt: skip
    assert (opened["status"], opened["order_refid"], opened["volume"]) == (1, 4711, 0.05)
    assert (changed["id"], changed["stop_loss"]) == (opened["id"], 1000)
    assert (part["status"], part["volume"], part["open_price"]) == (1, 0.03, opened["open_price"])
    assert (rest["status"], rest["volume"]) == (2, 0)
    assert [row["reportType"] for row in history] == ["CLOSE", "CLOSE", "OPEN"]
    assert {row["positionId"] for row in history} == {str(opened["id"])}


@pytest.mark.parametrize("script", [plain_spot_client, plain_futures_client])
def test_the_scripts_are_short_and_use_nothing_else(script):
    source = Path(script.__file__).read_text(encoding="utf-8")
    tree = ast.parse(source)
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {getattr(node, "module", None) or node.names[0].name for node in imports}
    assert names <= {"hashlib", "requests", "sys", "urllib.parse"}
    assert len([line for line in source.splitlines() if line.strip()]) <= 45
    functions = source[source.index("def call") : source.index("if __name__")]
    assert len([line for line in functions.splitlines() if line.strip()]) <= 36
