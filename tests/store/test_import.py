"""Importing the store costs nothing until it is used, and then no more than needed."""

import subprocess
import sys


def modules_after(code):
    shown = f"{code}\nimport sys\nprint(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_store_loads_neither_pandas_nor_arrow():
    loaded = modules_after("import btcc_research.store, btcc_research.store.intervals")
    assert not loaded & {"pandas", "numpy", "pyarrow", "filelock", "sqlite3"}


def test_reading_and_writing_candles_loads_no_dataset_and_no_engine(tmp_path):
    loaded = modules_after(
        "from btcc_research.store import open_journal, open_store\n"
        "from tests.store import data\n"
        "covered = ('2026-01-01', '2026-01-02')\n"
        f"store = open_store('sandbox', {str(tmp_path)!r})\n"
        "store.write('klines', 'spot', 'BTCUSDT', data.candles(9), covered, interval='1m')\n"
        "assert len(store.read('klines', 'spot', 'BTCUSDT', interval='1m')[0]) == 9"
    )
    assert not loaded & {"pyarrow.dataset", "polars", "duckdb", "dask", "fsspec", "openpyxl"}
