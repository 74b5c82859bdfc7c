"""Each message gets its text once, and keeps it; what goes wrong with that is nothing that its mail waits for."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from softswitch.voicemail.transcription import Transcriber, TranscriptionFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from softswitch.messages import Message
    from softswitch.voicemail.boxes import Boxes

log = logging.getLogger(__name__)


class Scribe:
    """*note* writes a line of the journal; so many programs run *at_once*."""

    def __init__(self, boxes: Boxes, note: Callable[[str, Mapping[str, object]], None], at_once: int) -> None:
        self._boxes, self._note = boxes, note
        self._transcriber = Transcriber(at_once)
        self.allow = self._transcriber.allow

    async def write_down(
        self, message: Message, file: Path, language: str, command: Sequence[str], *, within: float, mailed: bool
    ) -> None:
        """Of a message that is to be *mailed* the time in which others have their turn counts, too."""
        if not command:
            return
        said, text = {"message": message.id, "box": message.box}, ""
        try:
            text = await self._transcriber.text_of(
                file, language, command, within=within, turn_within=within if mailed else None
            )
        except TranscriptionFailed as error:
            log.warning("what is said in %s could not be written down: %s", message.id, error)
            self._note("voicemail.not_transcribed", {**said, "why": str(error)})
        else:
            self._note("voicemail.transcribed", {**said, "letters": len(text)})
        if (known := self._boxes.message(message.id)) is not None:
            self._boxes.put(replace(known, transcript=text))
