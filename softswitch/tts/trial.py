"""Whether an engine speaks at all: one text for each language, by a worker of its own, and nothing is kept."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from softswitch.child import ChildFailed
from softswitch.tts.cache import SpeechCache, file_name
from softswitch.tts.process import WorkerProcess
from softswitch.tts.synthesizer import SpeechOrder, SpeechSettings, SynthesisFailed, speech_order

if TYPE_CHECKING:
    from collections.abc import Mapping

#: No language is begun with after so many seconds; an engine that hangs is not waited for again and again.
LIMIT: Final = 15.0


async def silent_languages(settings: SpeechSettings, texts: Mapping[str, str], cache: Path) -> dict[str, str]:
    """Why *texts*, by language, cannot be spoken; those that can, or that are in *cache*, are left out."""
    silent: dict[str, str] = {}
    orders: dict[str, SpeechOrder] = {}
    for language, text in texts.items():
        try:
            order = speech_order(settings, text, language)
        except SynthesisFailed as failure:
            silent[language] = str(failure)
        else:
            if not SpeechCache.holds(cache / file_name(*order.identity)):
                orders[language] = order
    try:
        return silent | (await _spoken(settings, orders) if orders else {})
    except OSError as error:  # there is no room for what would be spoken
        return silent | dict.fromkeys(orders, f"it cannot be tried: {error.strerror}")


async def _spoken(settings: SpeechSettings, orders: Mapping[str, SpeechOrder]) -> dict[str, str]:
    silent: dict[str, str] = {}
    worker = WorkerProcess(
        settings.engine, settings.command, command_timeout=settings.timeout, timeout=settings.timeout + 1.0
    )
    until = asyncio.get_running_loop().time() + LIMIT
    with tempfile.TemporaryDirectory(prefix="softswitch-") as folder:
        try:
            for language, order in orders.items():
                if asyncio.get_running_loop().time() > until:
                    break
                target = Path(folder, f"{language}.wav")
                try:
                    if not worker.running:
                        await worker.start()
                    refusal = await worker.do(order.told(target))
                except ChildFailed as failure:
                    refusal = str(failure)
                if refusal is not None or not SpeechCache.holds(target):
                    silent[language] = refusal or "the engine left no audio"
        finally:
            await worker.stop()
    return silent
