"""HTTP on loopback: uvicorn in a thread of its own, and nobody but this machine gets in."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from btcc_research.sandbox.app import Asked

LOOPBACK = "127.0.0.1"
MOST_BODY = 64 * 1024

Handler = Callable[[Asked], tuple[int, bytes]]


class Server:
    """Serves a handler on 127.0.0.1 until it is stopped."""

    def __init__(self, handler: Handler, port: int = 0) -> None:
        self._socket = _listening(port)
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            _application(handler, self.port),
            log_level="error",
            access_log=False,
            lifespan="off",
            ws="none",
            timeout_keep_alive=75,
        )
        self._server = _Announcing(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True,
            name=f"btcc sandbox {self.port}",
        )  # fmt: skip

    def start(self) -> None:
        """Start serving; return when the first request can be answered."""
        self._thread.start()
        if not self._server.ready.wait(10):
            raise RuntimeError("the sandbox did not start within 10 s")

    def stop(self) -> None:
        """Stop serving and end the thread."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(5)
        self._socket.close()


def _listening(port: int) -> socket.socket:
    # Said to be TCP explicitly: only then does asyncio send small packets at once, and a reply
    # of head and body does not wait 40 ms for an acknowledgement between the two.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((LOOPBACK, port))
        listening.listen(128)
    except OSError:
        listening.close()
        raise
    return listening


class _Announcing(uvicorn.Server):
    """A server that says when it is ready, so that nobody has to poll."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.ready.set()


def _application(handler: Handler, port: int) -> Starlette:
    # A page in a browser can make it send requests here: the exact Host defeats a rebound
    # name, and refusing every Origin defeats scripts of other pages.
    hosts = {f"{LOOPBACK}:{port}", f"localhost:{port}"}

    async def answer(request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        if headers.get("host") not in hosts or "origin" in headers:
            return Response(status_code=403)
        if int(headers.get("content-length") or 0) > MOST_BODY:
            return Response(status_code=413)
        asked = Asked(
            request.method,
            request.url.path,
            request.url.query,
            headers,
            await request.body(),
            request.client.host if request.client else "",
        )
        status, body = handler(asked)
        return Response(body, status, media_type="application/json")

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])
