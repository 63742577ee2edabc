"""What `import btcc_research` costs, as a whole process."""

import statistics
import subprocess
import sys
import time


def seconds(code):
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - begin


def test_import_cost(figure):
    codes = {
        "nothing": "pass",
        "btcc_research": "import btcc_research",
        "ccxt": "import ccxt",
        "pandas": "import pandas",
    }
    taken = {name: [] for name in codes}
    for _ in range(11):
        for name, code in codes.items():
            taken[name].append(seconds(code))
    median = {name: statistics.median(values) * 1000 for name, values in taken.items()}
    own = {name: value - median["nothing"] for name, value in median.items()}
    figure(f"import: {', '.join(f'{name} {value:.0f} ms' for name, value in median.items())}")
    figure(f"import: {own['btcc_research'] / own['ccxt']:.3f} of ccxt's, beyond a bare interpreter")
    figure(f"import: {median['btcc_research'] / median['ccxt']:.3f} of ccxt's, as whole processes")


def test_first_answer(figure):
    code = """
import time
begin = time.perf_counter()
import btcc_research as btcc
btcc.connect("sandbox")
btcc.{call}
print(time.perf_counter() - begin)
"""
    for call in ("balances()", "trades()"):
        times = []
        for _ in range(5):
            done = subprocess.run(
                [sys.executable, "-c", code.format(call=call)],
                capture_output=True,
                text=True,
                check=True,
            )
            times.append(float(done.stdout))
        figure(
            f"first answer, import included: {call} {statistics.median(times):.2f} s (max {max(times):.2f})"
        )
