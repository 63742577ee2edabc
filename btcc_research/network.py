"""One exchange of bytes over HTTPS, and what became of it when it failed.

requests does the work through its adapter alone: environment proxies, .netrc, cookies and
redirects belong to its session and do not exist here. Its exceptions show URLs and
headers, so none of them leaves this module.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from btcc_research.errors import ProtocolError, TransportError

if TYPE_CHECKING:
    from btcc_research.protocol.wire import Request

MOST_BYTES = 16 * 1024 * 1024
CHUNK = 256 * 1024
CONNECT_SECONDS = 10.0
IN_FLIGHT = 8

_NEVER_SENT = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.NameResolutionError,
)


class _BareAdapter(HTTPAdapter):
    """Gives the answer itself: no cookies, no history, nothing to parse twice."""

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> Any:  # noqa: ARG002
        """Return urllib3's response as it is."""
        return resp


class Network:
    """A pool of connections to one host."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self.host = urlsplit(base_url).netloc
        self._adapter = _BareAdapter(pool_connections=1, pool_maxsize=IN_FLIGHT, max_retries=0)

    def exchange(self, request: Request, seconds: float) -> tuple[int, bytes]:
        """Send a request; return the HTTP status and the decoded body.

        Raises
        ------
        TransportError
            No answer; `outcome` says whether the request can have reached the exchange.
        ProtocolError
            A redirect, or an answer too large to be one.
        """
        try:
            return self._exchange(request, monotonic() + seconds, seconds)
        except requests.RequestException as problem:
            failure = self._explain(problem)
        except (urllib3.exceptions.HTTPError, OSError):
            failure = TransportError(f"the answer of {self.host} broke off.")
        raise failure

    def close(self) -> None:
        """Close all connections."""
        self._adapter.close()

    def _exchange(self, request: Request, deadline: float, seconds: float) -> tuple[int, bytes]:
        prepared = requests.PreparedRequest()
        prepared.method = request.method
        prepared.url = f"{self.base_url}{request.path}"
        if request.query:
            prepared.url += f"?{request.query}"
        headers: Any = {**request.headers, "Accept-Encoding": "gzip, deflate"}
        if request.body:
            prepared.body = request.body
            headers["Content-Length"] = str(len(request.body))
        prepared.headers = headers
        timeouts = (min(CONNECT_SECONDS, seconds), seconds)
        answer: Any = self._adapter.send(prepared, stream=True, timeout=timeouts, verify=True)
        try:
            if 300 <= answer.status < 400:
                raise _final(f"{self.host} redirects elsewhere; redirects are not followed.")
            body = self._read(answer, deadline)
        except BaseException:
            answer.close()
            raise
        answer.release_conn()
        return answer.status, body

    def _read(self, answer: Any, deadline: float) -> bytes:
        parts, size = [], 0
        for part in answer.stream(CHUNK, decode_content=True):
            size += len(part)
            if size > MOST_BYTES:
                raise _final(f"{self.host} sends more than {MOST_BYTES >> 20} MiB in one answer.")
            if monotonic() > deadline:
                raise TransportError(f"the answer of {self.host} took too long.")
            parts.append(part)
        return b"".join(parts)

    def _explain(self, problem: requests.RequestException) -> TransportError:
        """Say what happened without the exception's own text, which shows the request."""
        if isinstance(problem, requests.exceptions.SSLError):
            failure = TransportError(
                f"the certificate of {self.host} is not valid for it; nothing was sent. "
                "Somebody may be in between: do not go on before that is clear.",
                outcome="not_sent",
            )
            failure.may_repeat = False
            return failure
        reason = getattr(problem.args[0] if problem.args else None, "reason", None)
        if isinstance(problem, requests.ConnectTimeout) or isinstance(reason, _NEVER_SENT):
            return TransportError(
                f"{self.host} cannot be reached; nothing was sent. Is this machine online?",
                outcome="not_sent",
            )
        if isinstance(problem, requests.Timeout):
            return TransportError(f"{self.host} did not answer in time.")
        return TransportError(f"the connection to {self.host} broke before the answer was whole.")


def _final(message: str) -> ProtocolError:
    """Return an error that a repeat of the request would only meet again."""
    failure = ProtocolError(message)
    failure.may_repeat = False
    return failure
