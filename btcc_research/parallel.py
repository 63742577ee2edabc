"""Several requests side by side, with a progress bar for those that take long."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from btcc_research.network import IN_FLIGHT

Item = TypeVar("Item")
Result = TypeVar("Result")

BAR_AFTER_SECONDS = 1.0


def in_parallel(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    progress: bool | None = False,
    label: str = "",
) -> list[Result]:
    """Return the function's results in the order of the items.

    Parameters
    ----------
    function : callable
        Called in up to eight threads.
    items : sequence
        What it is called with.
    progress : bool or None
        Show a bar: always, never, or (None) once it takes longer than a second.
    label : str
        What the bar says.
    """
    if len(items) < 2:
        return [function(item) for item in items]
    pool = ThreadPoolExecutor(min(len(items), IN_FLIGHT), thread_name_prefix="btcc")
    try:
        futures = [pool.submit(function, item) for item in items]
        return _collect(futures, progress, label)
    finally:
        # Whether it worked or was interrupted: nothing new starts, nobody waits.
        pool.shutdown(wait=False, cancel_futures=True)


def _collect(futures: list[Future[Result]], progress: bool | None, label: str) -> list[Result]:
    if progress is False:
        return [future.result() for future in futures]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tqdm's advice to install a notebook widget
        from tqdm.auto import tqdm  # noqa: PLC0415 (heavy: loaded when used)

    settings: dict[str, Any] = {"desc": label, "delay": 0 if progress else BAR_AFTER_SECONDS}
    return [future.result() for future in tqdm(futures, leave=False, **settings)]
