"""Several requests side by side, with a progress bar for those that take long."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

BAR_AFTER_SECONDS = 1.0


def in_parallel(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    threads: int,
    progress: bool | None = False,
    label: str = "",
) -> list[Result]:
    """Return the function's results in the order of the items.

    Parameters
    ----------
    function : callable
        Called for each item.
    items : sequence
        What it is called with.
    threads : int
        How many calls may wait at once; 1 calls one after the other, in this thread.
    progress : bool or None
        Show a bar: always, never, or (None) once it takes longer than a second.
    label : str
        What the bar says.
    """
    if threads < 2 or len(items) < 2:
        return [function(item) for item in _with_bar(items, progress, label)]
    pool = ThreadPoolExecutor(min(len(items), threads), thread_name_prefix="btcc")
    try:
        futures = [pool.submit(function, item) for item in items]
        return [future.result() for future in _with_bar(futures, progress, label)]
    finally:
        # Whether it worked or was interrupted: nothing new starts, nobody waits.
        pool.shutdown(wait=False, cancel_futures=True)


def _with_bar(items: Sequence[Item], progress: bool | None, label: str) -> Iterable[Item]:
    if progress is False or len(items) < 2:
        return items
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tqdm's advice to install a notebook widget
        from tqdm.auto import tqdm  # noqa: PLC0415 (heavy: loaded when used)

    settings: dict[str, Any] = {"desc": label, "delay": 0 if progress else BAR_AFTER_SECONDS}
    bar: Iterable[Item] = tqdm(items, leave=False, **settings)
    return bar
