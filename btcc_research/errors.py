"""What can go wrong, and what a person does next.

Every error says whether anything reached the exchange (`outcome`) and carries
the masked facts BTCC's support asks for (`support_report`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["not_sent", "rejected", "unknown", "answered"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One failed exchange of request and reply, already masked, as support wants to see it."""

    call: str
    method: str
    url: str
    parameters: str
    reply: str
    status: int | None
    first_seen: str
    times_seen: int
    string_to_sign: str
    environment: str
    venue: str
    user_id: str = ""
    order_id: str = ""


class BtccError(Exception):
    """Base of all errors of this package.

    Attributes
    ----------
    outcome : {"not_sent", "rejected", "unknown", "answered"}
        What became of the request. ``not_sent``: BTCC never saw it. ``rejected``: BTCC
        answered no. ``unknown``: it may have been carried out. ``answered``: a read failed
        after an answer, nothing can have changed.
    may_repeat : bool
        Whether the same read may succeed a moment later.
    attempt : Attempt or None
        The masked request and reply, where there was one.
    """

    outcome: Outcome = "not_sent"
    may_repeat: bool = False

    def __init__(self, message: str, *, attempt: Attempt | None = None) -> None:
        super().__init__(message)
        self.attempt = attempt

    def support_report(self, description: str = "") -> str:
        """Return the seven items BTCC's support asks for, masked, ready to paste.

        Parameters
        ----------
        description : str
            One sentence of your own for item 1.
        """
        return support_text(self, description)


class ConfigError(BtccError):
    """Credentials or settings are missing or wrong. Nothing was sent."""


class RefusedLocally(BtccError):
    """A check on this machine failed. Nothing was sent."""


class ReadOnly(RefusedLocally):
    """The connection or the key set may only read."""


class CheckFailed(RefusedLocally):
    """An order check said stop."""


class AlreadySent(RefusedLocally):
    """This ticket was sent before."""


class InvalidArgument(RefusedLocally, ValueError):
    """An argument is not one of the allowed values. Nothing was sent."""


class UnknownMarket(InvalidArgument):
    """There is no market of this name."""


class StorageError(BtccError):
    """The local store could not be read or written; what was stored before is unchanged."""


class TransportError(BtccError):
    """No answer. A read may simply be repeated."""

    may_repeat = True

    def __init__(
        self, message: str, *, outcome: Outcome = "unknown", attempt: Attempt | None = None
    ) -> None:
        super().__init__(message, attempt=attempt)
        self.outcome = outcome


class OutcomeUnknown(TransportError):
    """No clear answer to an order or a cancel. Look first, never send it again blindly."""


class ProtocolError(BtccError):
    """An answer that is not BTCC's protocol."""

    may_repeat = True
    outcome: Outcome = "answered"


class ApiError(BtccError):
    """BTCC answered with a failure.

    Attributes
    ----------
    code : int or str
        BTCC's number or word for the failure.
    message : str
        BTCC's own words.
    call : str
        The call that failed.
    """

    outcome: Outcome = "rejected"

    def __init__(
        self,
        code: int | str,
        message: str,
        call: str,
        advice: str = "",
        *,
        attempt: Attempt | None = None,
    ) -> None:
        said = f"{call}: BTCC answered {code}: {message}"
        super().__init__(f"{said}. {advice}" if advice else said, attempt=attempt)
        self.code = code
        self.message = message
        self.call = call


class AuthError(ApiError):
    """Key, signature, clock or address was refused."""


class SessionExpired(AuthError):
    """The login session of the futures venue has ended; reads log in again by themselves."""


class PermissionDenied(ApiError):
    """The key set may not do this."""


class RateLimited(ApiError):
    """Too many requests from this address.

    Attributes
    ----------
    until : int or None
        Unix seconds from which BTCC answers again, where it said so.
    """

    def __init__(
        self, until: int | None, message: str, call: str, *, attempt: Attempt | None = None
    ) -> None:
        when = f"Blocked until {until} (Unix seconds)" if until else "No end of the block was given"
        super().__init__(429, message, call, f"{when}; ask less often.", attempt=attempt)
        self.until = until


class BadRequest(ApiError):
    """BTCC refused a parameter."""


class MarketClosed(ApiError):
    """The market is not trading at the moment."""


class OrderRejected(ApiError):
    """The order or cancel was refused for a business reason, such as a balance too small."""


class ServerError(ApiError):
    """BTCC has a problem of its own."""

    may_repeat = True


class Incomplete(BtccError):
    """The data has a hole that could not be closed (only raised with ``strict=True``)."""

    outcome: Outcome = "answered"


class IncompleteWarning(UserWarning):
    """The data has a hole; ``df.attrs["coverage"]`` names it."""


class NewFieldWarning(UserWarning):
    """BTCC sends a field this package does not know yet; ``raw=True`` shows it."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a failure code of BTCC means: which error to raise and what to do next."""

    error: type[ApiError]
    advice: str = field(default="")


def support_text(error: BtccError, description: str = "") -> str:
    """Fill BTCC's support template (help page "BTCC API Trading") from an error, masked."""
    seen = error.attempt
    reply = seen.reply if seen else ""
    items = (
        ("1. Description", description or str(error)),
        ("2. UID and order id", _identity(seen)),
        ("3. Complete request URL", f"{seen.method} {seen.url}" if seen else "nothing was sent"),
        ("4. Request parameters (JSON)", seen.parameters if seen else "none"),
        ("5. Complete reply (JSON)", reply or "no reply was received"),
        (
            "6. Time and frequency",
            f"first {seen.first_seen}, {seen.times_seen} time(s)" if seen else "",
        ),
        ("7. String before the signature", (seen.string_to_sign if seen else "") or "not signed"),
    )
    head = (
        f"BTCC API support report ({seen.environment}, {seen.venue}, {seen.call})\n" if seen else ""
    )
    return head + "\n".join(f"{name}:\n    {value}" for name, value in items)


def _identity(seen: Attempt | None) -> str:
    if seen is None:
        return "UID: not known"
    order = f", order id: {seen.order_id}" if seen.order_id else ""
    return f"UID: {seen.user_id or 'please add it (account page)'}{order}"
