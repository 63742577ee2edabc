"""A BTCC of our own on loopback: real matching, a demonstration account, simulated markets.

``with btcc.sandbox.start(seed=7) as box:`` gives an exchange of your own; `box.hosts` and
`box.key_sets` are what any client needs, in any language. Without credentials the package
starts one by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from btcc_research.sandbox.box import Box

__all__ = ["start"]


def start(
    *,
    port: int = 0,
    seed: int = 7,
    history: bool = True,
    fixed_keys: bool = False,
    now: float | None = None,
) -> Box:
    """Start a sandbox on 127.0.0.1 and return it.

    Parameters
    ----------
    port : int
        0 takes any free port.
    seed : int
        Fixes prices and the demonstration account's history.
    history : bool
        Whether the demonstration account gets its 120 days of history.
    fixed_keys : bool
        Use the same demonstration keys at every start instead of random ones.
    now : float, optional
        Unix seconds the sandbox's clock starts at; this machine's clock when left out.

    Returns
    -------
    Box
        A running sandbox; a context manager that stops it.
    """
    from btcc_research.sandbox.box import Box  # noqa: PLC0415 (heavy: loaded when used)

    return Box(port=port, seed=seed, history=history, fixed_keys=fixed_keys, now=now)


def __getattr__(name: str) -> Any:
    if name == "Box":
        from btcc_research.sandbox.box import Box  # noqa: PLC0415 (heavy: loaded when used)

        return Box
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
