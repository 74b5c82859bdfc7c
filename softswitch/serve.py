"""The switch as a process: it runs until a signal ends it, and reloads when one asks for it."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from typing import TYPE_CHECKING

from softswitch.app import StartError, Switch
from softswitch.briefing import briefing

if TYPE_CHECKING:
    from collections.abc import Callable

    from softswitch.config import Config

log = logging.getLogger(__name__)


async def serve(config: Config, announce: Callable[[str], None]) -> None:
    """Run until SIGINT or SIGTERM. Raises StartError."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        switch = Switch(config)
    except OSError as error:
        raise StartError(f"{error.filename or config.server.data_dir}: {error.strerror}") from error
    hangups: set[asyncio.Task[None]] = set()

    def hung_up() -> None:
        task = loop.create_task(_reload(switch))
        hangups.add(task)
        task.add_done_callback(hangups.discard)

    loop.add_signal_handler(signal.SIGHUP, lambda: None)  # half a switch reloads nothing, and does not die of it
    await switch.start()
    loop.add_signal_handler(signal.SIGHUP, hung_up)
    # what is there now stays; calls come and go without cycles, so looking for some may be rare
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    announce(briefing(config))
    try:
        await stop.wait()
        announce("stopping: calls are ended, records are written")
    finally:
        await switch.stop()


async def _reload(switch: Switch) -> None:
    """What a SIGHUP asks for; nobody waits for an answer, so the log has it."""
    outcome = await switch.reload("SIGHUP")
    for error in outcome.errors:
        log.error("reload: %s", error)
    for warning in outcome.warnings:
        log.warning("reload: %s", warning)
    if outcome.errors:
        log.error("reload: the file is bad; version %d stays in force", outcome.version)
        return
    found = outcome.difference
    log.info("reload: version %d is in force, %d changes", outcome.version, len(found.changes))
    if found.needs_restart:
        log.warning("reload: %s needs a restart, and stays as it is", ", ".join(found.needs_restart))
