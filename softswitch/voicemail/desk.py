"""Messages for people at screens: looked at, marked, deleted. Who may is settled before; who did is written down."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from softswitch.messages import State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from softswitch.config.words.messages import Voicemail
    from softswitch.messages import Message
    from softswitch.voicemail.boxes import Boxes
    from softswitch.voicemail.mailroom import Mailroom
    from softswitch.voicemail.standing import Standing


class MessageDesk:
    """*words*: the boxes that there are; *note* writes a line of the journal."""

    def __init__(
        self,
        boxes: Boxes,
        mailroom: Mailroom,
        *,
        words: Callable[[], Mapping[str, Voicemail]],
        note: Callable[[str, Mapping[str, object]], None],
    ) -> None:
        self._boxes, self._mailroom = boxes, mailroom
        self._words, self._note = words, note

    def labels(self) -> dict[str, str]:
        """What each box is called."""
        return {name: words.label or name for name, words in self._words().items()}

    def counts(self, box: str) -> tuple[int, int]:
        """How many are new, and how many were heard."""
        return self._boxes.counts(box)

    def messages(self, box: str, state: State | None = None) -> list[Message]:
        """Those in *box*, of one state or all, the newest first."""
        found = [message for message in self._boxes.messages(box) if state in (None, message.state)]
        return sorted(found, key=lambda message: (message.at, message.id), reverse=True)

    def message(self, box: str, name: str) -> Message | None:
        """The message of this name, when it is in *box* and complete."""
        found = self._boxes.message(name)
        return found if found is not None and found.box == box and found.state is not State.RECORDING else None

    async def mail(self, messages: Sequence[Message]) -> dict[str, Standing]:
        """How the mail about each stands, by its id; one is missing when the disk does not tell."""
        return await asyncio.to_thread(self._mailroom.standings, messages)

    def audio(self, message: Message) -> Path:
        """The WAV file."""
        return self._mailroom.file(message)

    def downloaded(self, message: Message, by: str) -> None:
        """*by* has fetched the audio from its beginning."""
        self._note("voicemail.downloaded", {"box": message.box, "message": message.id, "by": by})

    def mark(self, message: Message, state: State, by: str) -> Message:
        """It counts as heard, or as new; the lamps follow."""
        if message.state is state:
            return message
        kind = "voicemail.heard" if state is State.HEARD else "voicemail.unheard"
        changed = self._boxes.put(replace(message, state=state))
        self._note(kind, {"box": message.box, "message": message.id, "by": by})
        return changed

    def delete(self, message: Message, by: str) -> None:
        self._mailroom.forget(message, "over HTTP", by=by)
