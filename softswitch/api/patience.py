"""Connections whose clients are slow, or send nothing: they have their time, and less of it when others wait.

A request has to arrive within seconds, head and body together, and its answer has to be fetched within a minute and a
half. When all places are taken, whoever has kept one longest without a complete request gives it up to who comes new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

#: Seconds for a request to arrive: from the connection, or from the answer before, to its last octet.
ARRIVAL: Final = 15.0
#: Seconds for its answer, and for the client to take it.
ANSWER: Final = 90.0
#: Connections at the same time.
MOST_CONNECTIONS: Final = 64


class PatientProtocol(H11Protocol):
    """One connection. `since`: when the client began to owe us a request."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.since = 0.0
        self._limit: asyncio.TimerHandle | None = None

    @property
    def owes(self) -> bool:
        """Whether the client has not sent all of a request."""
        return self.conn.their_state in (h11.IDLE, h11.SEND_BODY)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_request()
        if len(self.connections) > MOST_CONNECTIONS:
            self._take_place()

    def connection_lost(self, exc: Exception | None) -> None:
        self._set_limit(None)
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """The time limit is that of what is awaited now; octets one by one do not prolong it."""
        owed = self.owes
        super().handle_events()
        if owed and not self.owes:
            self._set_limit(ANSWER)

    def on_response_complete(self) -> None:
        self._expect_request()
        super().on_response_complete()

    def _expect_request(self) -> None:
        self.since = self.loop.time()
        self._set_limit(ARRIVAL)

    def _set_limit(self, seconds: float | None) -> None:
        if self._limit is not None:
            self._limit.cancel()
        self._limit = None if seconds is None else self.loop.call_later(seconds, self._give_up)

    def _give_up(self) -> None:
        self._limit = None
        self.transport.abort()

    def _take_place(self) -> None:
        """Of the connection that owes a request longest; when all are being served there is none to be had."""
        others = (other for other in self.connections if isinstance(other, PatientProtocol) and other is not self)
        idle = min((other for other in others if other.owes), key=lambda other: other.since, default=None)
        if idle is not None:
            self.connections.discard(idle)
            idle.transport.abort()
