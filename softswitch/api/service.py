"""The HTTP API of a running switch, joined to the parts that it serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from softswitch.api.application import Ports, application
from softswitch.api.callbacks import add_callbacks
from softswitch.api.callers import add_callers
from softswitch.api.erasure import add_erasure
from softswitch.api.guards import Guards
from softswitch.api.hours import add_hours
from softswitch.api.server import HttpServer
from softswitch.api.verification import add_verification
from softswitch.api.voicemail import add_voicemail
from softswitch.campaigns.apart import Reporter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from softswitch.call.callbacks.desk import CallbackDesk
    from softswitch.call.hours.desk import HoursDesk
    from softswitch.call.queues.desk import CallerDesk
    from softswitch.campaigns.book import Book
    from softswitch.config.words.systems import Api
    from softswitch.erasure.desk import ErasureDesk
    from softswitch.voicemail.desk import MessageDesk


async def open_api(
    api: Api,
    *,
    settings: Callable[[], Api | None],
    database: Path,
    book: Book,
    callbacks: CallbackDesk,
    callers: CallerDesk,
    hours: HoursDesk,
    messages: MessageDesk,
    erasure: ErasureDesk,
    verified: Callable[[str, bool, str], bool],
    now: Callable[[], float],
    kept: Callable[[], Awaitable[None]],
) -> HttpServer:
    """Listens where *api* says; the tokens are those of *settings* at the time. Raises OSError."""
    reporter = Reporter(database, now)
    nobody = api.model_copy(update={"tokens": ()})

    def present() -> Api:
        return settings() or nobody

    async def listening(campaign: str) -> dict[str, Any]:
        return await reporter.listening(campaign, book.first_bound(campaign))

    served = application(Ports(book, settings=present, now=now, kept=kept, listening=listening))
    add_verification(served, present, verified)
    guards = Guards(present, kept)
    add_callbacks(served, guards, present, callbacks)
    add_callers(served, guards, callers)
    add_hours(served, guards, hours)
    add_voicemail(served, guards, messages)
    add_erasure(served, guards, erasure)
    server = HttpServer(served)
    await server.start(api.listen)
    return server
