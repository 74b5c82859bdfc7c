"""What callers leave: messages, listening to them, the lamps that tell of them, requests to be called back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivr.left import CALLBACK, MAILBOX, VOICEMAIL
from ivr.nodes import Prompt
from softswitch.call.callbacks.requests import CallbackRequests
from softswitch.call.voicemail.lamps import Lamps
from softswitch.call.voicemail.listening import Listening
from softswitch.call.voicemail.taking import Mailboxes, greeting_of
from softswitch.speech import phrases
from softswitch.voicemail.boxes import Boxes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ivr.nodes import Flow
    from softswitch.call.admission import Admission
    from softswitch.call.control import CallControl
    from softswitch.call.hours.opening import Opening
    from softswitch.call.settings import Settings
    from softswitch.config import Config
    from softswitch.messages import Message, Request
    from softswitch.ports import Clock, Mailroom


#: Everything else that callers and listeners may hear; keys of the catalogue.
_SAID = (
    *("voicemail-thanks", "voicemail-too-short", "voicemail-unavailable", "voicemail-no-box", "voicemail-enter-box"),
    *("voicemail-enter-pin", "voicemail-wrong-pin", "voicemail-empty", "voicemail-choices", "voicemail-no-more"),
)
_ASKED = ("callback-request-taken", "callback-request-failed", "number-confirm", "callback-enter-number")


def message_prompts(config: Config) -> Iterator[Prompt]:
    """What is known beforehand of what callers hear, so that nobody waits for it."""
    if config.voicemails:
        yield from map(Prompt, _SAID)
        for new, old in ((1, 0), (2, 0), (1, 1), (0, 1)):
            yield from phrases.messages(new, old)
    for name, box in config.voicemails.items():
        yield greeting_of(name, box)
    if config.callback_requests:
        yield from map(Prompt, _ASKED)
    for name, words in config.callback_requests.items():
        if words.confirm is not None:
            yield Prompt(f"callback.{name}", text=dict(words.confirm))


class NoMailroom:
    """`softswitch.ports.Mailroom` of a switch without a disk."""

    trouble = "there is nowhere to keep messages"

    def path(self, message: Message) -> str:
        return message.file_name

    def post(self, item: Message | Request) -> None:
        pass

    def withdraw(self, request: Request) -> None:
        pass

    def salvage(self, message: Message) -> None:
        pass

    def discard(self, message: Message) -> None:
        pass


class Left:
    """All of it as one part of call control."""

    def __init__(
        self,
        control: CallControl,
        config: Config,
        flow: Flow,
        opening: Opening,
        admission: Admission,
        *,
        boxes: Boxes | None,
        mailroom: Mailroom | None,
        clock: Clock,
    ) -> None:
        self.boxes = Boxes() if boxes is None else boxes
        self.office = office = mailroom or NoMailroom()
        self._clock = clock
        self.mailboxes = Mailboxes(control, self.boxes, office, clock)
        self.listening = Listening(control, config, self.boxes, office, clock)
        self.requests = CallbackRequests(control, config, flow, self.boxes, office, clock)
        self.lamps = Lamps(
            config,
            self.boxes,
            admission,
            control.sip,
            lambda kind, data, at: control.journal_line(kind, None, at, data),
            control.phones,
            control.requests,
        )
        self._parts = (self.mailboxes, self.listening, self.requests)
        control.menus.handlers |= {VOICEMAIL: self.mailboxes, MAILBOX: self.listening, CALLBACK: self.requests}

    def __len__(self) -> int:
        return sum(len(part) for part in self._parts)

    def start(self, now: float) -> None:
        """What was left before this life is known."""
        self.requests.look(now)
        self.lamps.start()

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        for part in (self.listening, self.requests, self.lamps):
            part.reconfigure(settings, now)

    def kept(self, mark: str, kept: bool, now: float) -> None:
        """See `CallControl.on_kept`."""
        self.mailboxes.kept(mark, kept, now)
        self.requests.kept(mark, kept, now)

    def next_deadline(self) -> float | None:
        return min(
            (at for part in (*self._parts, self.lamps) if (at := part.next_deadline()) is not None), default=None
        )

    def handle_timeout(self, now: float) -> None:
        for part in (*self._parts, self.lamps):
            part.handle_timeout(now)
