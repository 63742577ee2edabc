"""Ratios at the end of a run: ours against what people use instead."""

import gc
import subprocess
import sys

import pytest

FIGURES = []


@pytest.fixture
def figure():
    """Note a figure for the summary."""
    return FIGURES.append


@pytest.fixture(autouse=True)
def clean_memory():
    gc.collect()


def pytest_terminal_summary(terminalreporter):
    terminalreporter.section("figures")
    for words in FIGURES:
        terminalreporter.write_line(words)


def peak_megabytes(code):
    """Return the peak memory of a fresh process that runs some code (Linux)."""
    # ru_maxrss would remember this process's own size from before the exec.
    measured = f"{code}\nprint(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    done = subprocess.run(
        [sys.executable, "-c", measured], capture_output=True, text=True, check=True
    )
    return int(done.stdout.split()[-1]) / 1024
