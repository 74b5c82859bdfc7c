"""The HTTP server on the loop of the switch: without signal handlers, threads, or patience for too many clients."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from typing import TYPE_CHECKING

import uvicorn

from softswitch.api.patience import MOST_CONNECTIONS, PatientProtocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

    from softswitch.config.words.systems import HttpListen

log = logging.getLogger(__name__)

#: Seconds that a connection may be idle, and that answers may take when the switch stops.
IDLE, GOODBYE = 5, 2.0


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the switch's affair."""
        yield


class HttpServer:
    """One application on one address."""

    def __init__(self, application: FastAPI) -> None:
        self._application = application
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None
        self.address: tuple[str, int] = ("", 0)

    async def start(self, listen: HttpListen) -> None:
        """Raises OSError when the address cannot be had."""
        bound = socket.socket(socket.AF_INET6 if ":" in listen.host else socket.AF_INET)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((listen.host, listen.port))
        except OSError as error:
            bound.close()
            raise OSError(error.errno, f"{error.strerror}: [api] listen = {listen}") from error
        self.address = bound.getsockname()[:2]
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # the name is its own; starts are told by us
        config = uvicorn.Config(
            self._application,
            http=PatientProtocol,
            ws="none",
            loop="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=MOST_CONNECTIONS + 1,  # a place was looked for; who found none is answered with 503
            timeout_keep_alive=IDLE,
            timeout_graceful_shutdown=int(GOODBYE),
            h11_max_incomplete_event_size=16_384,
        )
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve([bound]), name="HTTP API")
        while not self._server.started and not self._task.done():  # noqa: ASYNC110 (nothing tells us)
            await asyncio.sleep(0.01)
        log.info("HTTP API on %s:%d", *self.address)

    async def stop(self) -> None:
        if self._server is None or self._task is None:
            return
        self._server.should_exit = True
        done, _ = await asyncio.wait([self._task], timeout=GOODBYE + 1.0)
        if not done:
            self._task.cancel()
            await asyncio.wait([self._task])
        self._server = self._task = None
