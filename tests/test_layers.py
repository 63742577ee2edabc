"""Imports point one way: the layers of the house, read from the source."""

import ast
from pathlib import Path

import pytest

import btcc_research

PACKAGE = Path(btcc_research.__file__).parent

# What each part may import, besides itself. Later lines may use earlier ones.
MAY_IMPORT = {
    "errors": set(),
    "protocol": {"errors"},
    "frames": {"errors", "protocol"},
    "settings": {"errors"},
    "accessor": {"errors"},
    "paging": {"protocol"},
    "numbered": {"paging", "protocol"},
    "tables": {"frames", "protocol"},
    "analytics": {"errors", "protocol", "frames", "tables"},
    "arguments": {"errors"},
    "coverage": {"errors", "paging"},
    "keystore": {"errors", "settings"},
    "credentials": {"errors", "settings", "keystore"},
    "ratelimit": {"settings"},
    "dialect": {"protocol", "settings"},
    "network": {"errors", "protocol"},
    "transport": {"errors", "protocol", "settings", "dialect", "network", "ratelimit"},
    "parallel": set(),
    "store": {"errors", "protocol", "frames", "settings", "tables", "arguments"},
    "plot": {"errors"},
    "sandbox": {"errors", "protocol"},
    "venues": {
        "errors", "protocol", "frames", "settings", "arguments", "coverage", "paging", "numbered",
        "parallel", "network", "ratelimit", "dialect", "tables", "transport", "sandbox",
    },
    "joining": {"errors", "arguments", "coverage", "venues"},
    "mine": {"arguments", "coverage", "joining", "tables", "venues"},
    "market_data": {
        "protocol", "frames", "arguments", "coverage", "joining", "parallel", "tables", "venues",
    },
    "client": {
        "accessor", "joining", "market_data", "mine", "settings", "transport", "venues",
    },
    "support": {"errors"},
    "api": {"errors", "settings", "keystore", "credentials", "client", "support"},
    "demo": {"api", "plot"},
    "cli": {"errors", "settings", "keystore", "api", "demo", "sandbox"},
    "__main__": {"cli"},
    "__init__": {"api", "errors", "plot", "sandbox", "venues"},
}  # fmt: skip
FILES = sorted(PACKAGE.rglob("*.py"))

# The two sides start each other by their public names, and only there.
BY_PUBLIC_NAME = {
    ("venues/opening.py", "btcc_research.sandbox"),
    ("sandbox/box.py", "btcc_research"),
}


def part_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path):
    """Yield every module of the package a file imports, and whether only for typing."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.dump(block.test)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = node.module == "btcc_research"
            yield from (
                f"{node.module}.{alias.name}" if whole else node.module for alias in node.names
            )


def test_every_part_of_the_package_has_its_place():
    assert {part_of(path) for path in FILES} == MAY_IMPORT.keys()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path):
    name, part = path.relative_to(PACKAGE).as_posix(), part_of(path)
    for module in imports_of(path):
        if module.split(".")[0] != "btcc_research" or (name, module) in BY_PUBLIC_NAME:
            continue
        target = [*module.split("."), "__init__"][1]
        assert target == part or target in MAY_IMPORT[part], f"{name} imports {module}"
        if part == "venues":
            assert target != "sandbox", f"{name} reaches into the sandbox"


def top_level_of(path):
    return {module.split(".")[0] for module in imports_of(path)}


@pytest.mark.parametrize("path", sorted((PACKAGE / "protocol").glob("*.py")), ids=lambda p: p.name)
def test_the_protocol_is_pure(path):
    impure = {
        "pandas",
        "numpy",
        "pyarrow",
        "requests",
        "socket",
        "time",
        "threading",
        "random",
        "os",
        "asyncio",
    }
    assert not top_level_of(path) & impure


@pytest.mark.parametrize("path", sorted((PACKAGE / "sandbox").glob("*.py")), ids=lambda p: p.name)
def test_the_sandbox_knows_neither_pandas_nor_the_client(path):
    assert not top_level_of(path) & {"pandas", "pyarrow", "requests"}
    assert not any(module.startswith("btcc_research.client") for module in imports_of(path))


@pytest.mark.parametrize(
    "name",
    [
        "exchange.py",
        "money.py",
        "records.py",
        "app.py",
        "answers.py",
        "market.py",
        "history.py",
        "participants.py",
        "switches.py",
        "dealer.py",
        "dealer_desk.py",
        "dealer_liquidation.py",
        "dealer_money.py",
        "dealer_orders.py",
        "dealer_pendings.py",
        "dealer_positions.py",
        "dealer_settlements.py",
        "futures_history.py",
        "futures_listing.py",
        "futures_market.py",
        "futures_products.py",
        "futures_quoter.py",
        "futures_records.py",
        "futures_rules.py",
        "futures_settings.py",
    ],
)
def test_the_engines_take_time_as_an_argument(name):
    assert not top_level_of(PACKAGE / "sandbox" / name) & {
        "time",
        "datetime",
        "threading",
        "socket",
    }


STUDY = [path for part in ("plot", "analytics") for path in sorted((PACKAGE / part).glob("*.py"))]


@pytest.mark.parametrize("path", STUDY, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_charts_and_analytics_never_touch_the_network(path):
    assert not top_level_of(path) & {"requests", "socket", "urllib3"}


def test_the_odd_spellings_of_btcc_stay_in_the_protocol():
    odd = ("cancle", "money_prec", "stock_prec", "deal_money", "deal_stock", "GTSCode")
    for path in FILES:
        if part_of(path) == "protocol":
            continue
        text = path.read_text(encoding="utf-8")
        allowed = {"cancle"} if path.name in ("app.py", "switches.py") else set()  # S09 is about it
        found = [word for word in odd if word in text and word not in allowed]
        assert not found, f"{path.name} speaks of {found}"


def test_modules_stay_short():
    long = {
        p.name: n for p in FILES if (n := len(p.read_text(encoding="utf-8").splitlines())) > 400
    }
    # One method a call, one declaration a call, and docstrings that list every column.
    assert long.keys() <= {"spot.py", "futures.py", "mine.py"}
