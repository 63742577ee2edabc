"""A store of the test's own."""

import pytest

from btcc_research.store import open_store


@pytest.fixture
def store(tmp_path):
    return open_store("sandbox", tmp_path / "history")
