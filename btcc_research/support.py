"""What BTCC's support asks for, from the last thing that went wrong."""

from __future__ import annotations

import sys

from btcc_research.errors import BtccError, ConfigError


def report_of_last_error(description: str = "") -> str:
    """Return the support report of the error that last reached the prompt.

    Raises
    ------
    ConfigError
        If the last error was none of this package's.
    """
    last = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    if not isinstance(last, BtccError):
        raise ConfigError(
            "there is no error of btcc_research to report; pass it: btcc.support_report(err)."
        )
    return last.support_report(description)
