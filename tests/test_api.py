"""The package as a person meets it: names, completion, docstrings, first call, import cost."""

import ast
import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

import btcc_research as btcc
from btcc_research import api, sandbox, tables
from btcc_research.errors import ConfigError

PACKAGE = Path(btcc.__file__).parent
HEAVY = (
    "pandas", "matplotlib", "ipywidgets", "starlette", "uvicorn", "keyring", "pyarrow",
    "pyarrow.dataset", "requests", "msgspec", "numpy", "platformdirs", "click",
)  # fmt: skip


def python(code, **environment):
    """Run code in a fresh interpreter; return what it printed."""
    import os

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120,
        env={**os.environ, **environment},
    )  # fmt: skip
    return done.stdout.strip(), done.stderr.strip()


def test_importing_the_package_loads_nothing_heavy():
    code = f"import btcc_research, sys; print([m for m in {HEAVY!r} if m in sys.modules])"
    assert python(code)[0] == "[]"


def test_importing_the_package_loads_only_itself():
    code = "import btcc_research, sys; print([m for m in sys.modules if m.startswith('btcc_research.')])"
    assert python(code)[0] == "[]"


def test_dir_shows_the_public_names_and_nothing_else():
    assert dir(btcc) == sorted(btcc.__all__) == btcc.__dir__()
    for name in btcc.__all__:
        assert not name.startswith("_")
        if name not in ("spot", "futures"):
            getattr(btcc, name)


def test_tab_completion_in_ipython_shows_the_public_names_and_nothing_else(tmp_path):
    code = """
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("import btcc_research as btcc")
for jedi in (False, True):
    shell.Completer.use_jedi = jedi
    with provisionalcompleter():
        found = [c.text.split(".")[-1] for c in shell.Completer.completions("btcc.", 5)]
    print(sorted(set(name for name in found if not name.startswith("__"))))
"""
    printed = python(code, IPYTHONDIR=str(tmp_path))[0].splitlines()
    for line in printed:
        assert ast.literal_eval(line) == sorted(btcc.__all__)


def test_a_name_that_does_not_exist_is_an_attribute_error():
    with pytest.raises(AttributeError, match="tardes"):
        btcc.tardes  # noqa: B018


def test_no_public_name_hides_a_submodule():
    modules = {path.stem for path in PACKAGE.glob("*.py")} | {
        path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()
    }
    for name in set(btcc.__all__) & modules:
        assert inspect.ismodule(getattr(btcc, name)), f"btcc.{name} is not its module"


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("trades", tables.TRADES), ("orders", tables.ORDERS), ("balances", tables.BALANCES),
        ("ledger", tables.LEDGER), ("ticker", tables.TICKER), ("depth", tables.DEPTH),
        ("positions", tables.POSITIONS), ("transfers", tables.TRANSFERS),
        ("markets", tables.MARKETS), ("funding", tables.FUNDING),
    ],
)  # fmt: skip
def test_a_docstring_tells_the_columns_their_dtypes_and_the_source(name, columns):
    text = inspect.getdoc(getattr(btcc, name))
    assert "{columns}" not in text
    for field in columns:
        assert f"{field.name} : " in text
    assert text.index("Returns") < text.index("Parameters") < text.index("Raises")
    sources = ("Spot Trading API (April 2025)", "TradeOpenApi", "BTCC's web page")
    assert any(source in text for source in sources)


@pytest.mark.parametrize(
    "name", [n for n in btcc.__all__ if inspect.isfunction(getattr(api, n, None))]
)
def test_every_public_function_has_a_whole_docstring_and_signature(name):
    function = getattr(btcc, name)
    text = inspect.getdoc(function)
    assert "Returns\n-------" in text or name == "support_report"
    signature = inspect.signature(function)
    assert "self" not in signature.parameters
    for parameter in signature.parameters.values():
        assert parameter.name in text, f"{name} does not explain {parameter.name}"


@pytest.mark.parametrize("venue", ["spot", "futures"])
def test_every_venue_method_documents_columns_parameters_and_source(venue):
    from btcc_research.protocol import futures as futures_calls
    from btcc_research.protocol import spot as spot_calls
    from btcc_research.venues.futures import Futures
    from btcc_research.venues.spot import Spot

    kind, catalogue = {
        "spot": (Spot, spot_calls.CATALOGUE), "futures": (Futures, futures_calls.CATALOGUE),
    }[venue]  # fmt: skip
    methods = {n for n, f in inspect.getmembers(kind, inspect.isfunction) if not n.startswith("_")}
    assert methods - {"arm"} == catalogue.keys()
    for name, call in catalogue.items():
        text = inspect.getdoc(getattr(kind, name))
        assert call.source in text
        accepted = inspect.signature(getattr(kind, name)).parameters
        if name == "login":  # the connection knows what to log in with
            assert accepted.keys() == {"self", "exact", "raw"}
            continue
        for field in (*call.columns, *call.params):
            assert f"{field.name} : " in text
        assert {field.name for field in call.params} == accepted.keys() - {"self", "exact", "raw"}


def test_without_credentials_the_first_call_starts_the_sandbox_with_one_notice():
    code = """
import btcc_research as btcc
print(len(btcc.trades()) > 3000, btcc.status()["environment"], btcc.trades(limit=1).attrs["environment"])
"""
    printed, notice = python(code)
    assert printed == "True sandbox sandbox"
    assert notice.count("SANDBOX") == 1
    assert "btcc.connect" in notice


def test_a_chosen_sandbox_needs_no_notice():
    printed, notice = python("import btcc_research as b; b.connect('sandbox'); b.balances()")
    assert (printed, notice) == ("", "")


def test_status_before_the_first_call_opens_nothing():
    code = """
import btcc_research as btcc, sys
print(btcc.status()["environment"], "uvicorn" in sys.modules)
"""
    assert python(code)[0] == "sandbox False"


def test_functions_follow_the_default_client_also_when_imported_by_name(home):
    from btcc_research import balances, connect

    with sandbox.start(seed=3, history=False) as box:
        key = box.key_sets[1]
        connect("sandbox", hosts=box.hosts, access_id=key.access_id, secret_key=key.secret_key)
        try:
            box.exchange.deposit(key.user_id, "DOGE", 7, 0)
            assert balances().set_index("asset").loc["DOGE", "total"] == 7
            assert btcc.spot is btcc.spot
            assert "sandbox" in repr(btcc.spot)
        finally:
            api._default.clear()


def test_the_embedded_sandbox_is_one_for_the_whole_process():
    code = """
import btcc_research as btcc
btcc.connect("sandbox", trade=True)
placed = btcc.spot.order_limit("BTCUSDT", "buy", "0.01", "20000", source="kept")
btcc.connect("sandbox")
print(placed["id"][0] in set(btcc.open_orders()["id"]))
"""
    assert python(code)[0] == "True"


def test_it_works_inside_a_running_event_loop():
    code = """
import asyncio
import btcc_research as btcc
async def main():
    return len(btcc.balances())
print(asyncio.run(main()) > 0)
"""
    assert python(code)[0] == "True"


def test_the_interpreter_ends_quietly_and_quickly_after_use():
    code = "import btcc_research as b; b.connect('sandbox'); b.klines('BTCUSDT', '1m', limit=3000)"
    code += "; b.positions()"
    assert python(code) == ("", "")


def test_a_sandbox_session_opens_no_connection_beyond_loopback():
    code = """
import socket, ipaddress
usual, seen = socket.socket.connect, []
def connect(self, address):
    seen.append(address[0]); return usual(self, address)
socket.socket.connect = connect
import btcc_research as b
b.connect("sandbox", trade=True); b.trades(); b.spot.order_market("BTCUSDT", "buy", "100")
print(bool(seen), all(ipaddress.ip_address(a).is_loopback for a in seen))
"""
    assert python(code)[0] == "True True"


def test_the_support_report_of_the_last_error_is_a_call_away(monkeypatch):
    monkeypatch.setattr(sys, "last_exc", None, raising=False)
    monkeypatch.setattr(sys, "last_value", None, raising=False)
    with pytest.raises(ConfigError, match="no error"):
        btcc.support_report()
    problem = btcc.BtccError("something")
    monkeypatch.setattr(sys, "last_value", problem, raising=False)
    assert "something" in btcc.support_report()
    assert "my words" in btcc.support_report(problem, "my words")


def test_status_is_plain_json():
    code = "import btcc_research as b, json; b.balances(); print(json.dumps(b.status()))"
    status = json.loads(python(code)[0])
    assert status["environment"] == "sandbox"
    assert status["hosts"]["spot_rest"].startswith("http://127.0.0.1:")
    assert status["key_set"]["permission"] == "read"
