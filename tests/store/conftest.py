"""A store of the test's own; processes the tests start find these modules."""

import os
from pathlib import Path

import pytest

from btcc_research.store import open_store

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def modules_for_children(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)


@pytest.fixture
def store(tmp_path):
    return open_store("sandbox", tmp_path / "history")
