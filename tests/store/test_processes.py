"""Several processes write into one store: nothing is lost, nothing is there twice."""

import subprocess
import sys

import pytest

from btcc_research.store import open_store

CHILD = [sys.executable, "-m", "tests.store.children", "commit"]


def check_commits(root, processes, each):
    running = [
        subprocess.Popen([*CHILD, str(root), str(number * each), str(each)])
        for number in range(processes)
    ]
    assert [process.wait() for process in running] == [0] * processes
    store = open_store("sandbox", root)
    found, _ = store.read("trades", "spot", "BTCUSDT")
    assert found["id"].tolist() == list(range(processes * each))
    assert len(store.coverage()) == 1
    assert store.verify().empty


def test_four_processes_with_twenty_commits_each_make_eighty(tmp_path):
    check_commits(tmp_path, 4, 20)


@pytest.mark.slow
def test_eight_processes_with_five_hundred_commits_each_make_four_thousand(tmp_path):
    check_commits(tmp_path, 8, 500)
