"""Fixtures: vectors, sandboxes on loopback, clients, and a home of the tests' own."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

DATA = Path(__file__).parent / "data"


@pytest.fixture(autouse=True, scope="session")
def own_home(tmp_path_factory):
    """Keep the tests away from the user's settings, keyring and credentials."""
    for name in [name for name in os.environ if name.startswith("BTCC_")]:
        del os.environ[name]
    os.environ["BTCC_HOME"] = str(tmp_path_factory.mktemp("home"))
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home folder for one test."""
    monkeypatch.setenv("BTCC_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def vectors(name):
    """Return a list of BTCC's test vectors."""
    return json.loads((DATA / "vectors.json").read_text(encoding="utf-8"))[name]


def rules_vectors(prefix):
    """Return the vectors of trading rules whose id starts with a prefix."""
    found = json.loads((DATA / "rules-vectors.json").read_text(encoding="utf-8"))["vectors"]
    return [vector for vector in found if vector["id"].startswith(prefix)]


@pytest.fixture(scope="session")
def demo_box():
    """A sandbox with the demonstration history, shared: tests only look at it."""
    from btcc_research import sandbox

    with sandbox.start(seed=7) as box:
        yield box


@pytest.fixture(scope="session")
def demo(demo_box):
    """A reading client of the shared sandbox."""
    with demo_box.client("read") as client:
        yield client


@pytest.fixture
def box():
    """A sandbox without history, for one test."""
    from btcc_research import sandbox

    with sandbox.start(seed=7, history=False) as box:
        yield box


@pytest.fixture(scope="session")
def spot_demo(demo_box):
    """A reading client of the shared sandbox that has credentials for spot alone."""
    with spot_client(demo_box, "read") as client:
        yield client


def spot_client(box, label="trade"):
    """Return a client of a sandbox with credentials for spot alone."""
    from btcc_research import open_client

    key = next(known for known in box.key_sets if known.label == label)
    return open_client(
        "sandbox", hosts=box.hosts, access_id=key.access_id, secret_key=key.secret_key,
        trade="trade" in key.permissions,
    )  # fmt: skip


@pytest.fixture
def client(box):
    """A trading client of the test's own sandbox."""
    with box.client("trade") as client:
        yield client
