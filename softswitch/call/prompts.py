"""Playing speech to callers: waits for what is still being rendered, and never for what cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ivr.events import PromptsFinished
from rtp.legs import Play, Silence
from softswitch.call.model import Stage
from softswitch.call.timers import Timers

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivr.nodes import Prompt
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call
    from softswitch.ports import Voice

#: Longest silence, in seconds, in which a caller waits for a prompt to be rendered; what is not ready then is left out.
PATIENCE = 3.0


@dataclass(frozen=True, slots=True)
class Speech:
    """What one call hears or will hear now."""

    play_id: int
    prompts: tuple[Prompt, ...]
    language: str
    finished: Callable[[float], None]
    started: bool = False


class Prompts:
    """At most one list of prompts per call; a new one takes the place of the old."""

    def __init__(self, control: CallControl, voice: Voice) -> None:
        self._control = control
        self._voice = voice
        self._next_play = 1
        self._current: dict[str, Speech] = {}
        self._waiting: Timers[str] = Timers()

    def play(self, call: Call, play: int, prompts: tuple[Prompt, ...], language: str, now: float) -> None:
        """Say the prompts of an IVR session, and tell it when they have been said."""
        self.say(call, prompts, language, now, lambda at: self._control.menus.receive(call, PromptsFinished(play), at))

    def say(
        self, call: Call, prompts: tuple[Prompt, ...], language: str, now: float, finished: Callable[[float], None]
    ) -> None:
        """Say *prompts*; *finished* is called once they have been heard, unless something else took their place."""
        speech = Speech(self._next_play, prompts, language, finished)
        self._next_play += 1
        self._current[call.call] = speech
        if not self._start(call, speech, now, patient=True):
            self._waiting.set(call.call, now + PATIENCE)

    def stop(self, call: Call) -> None:
        """Whatever is being said is over and nobody is told."""
        self._current.pop(call.call, None)
        self._waiting.set(call.call, None)

    def speaking(self, call: Call) -> bool:
        return call.call in self._current

    def _start(self, call: Call, speech: Speech, now: float, *, patient: bool) -> bool:
        """Play what there is; False when something is still being rendered and the caller can wait for it."""
        found = [self._voice.find(prompt, speech.language) for prompt in speech.prompts]
        if patient and any(path is None for path in found):
            return False
        self._waiting.set(call.call, None)
        paths = tuple(path for path in found if path)
        leg = self._control.legs.get(call.a_leg)
        if leg is None or not paths:
            self._current.pop(call.call, None)
            if leg is not None:
                if call.stage is not Stage.QUEUED:  # there the music goes on
                    self._control.legs.hear(leg, Silence())
                self._control.later(now, speech.finished, call=call.call)
            return True
        self._current[call.call] = Speech(speech.play_id, speech.prompts, speech.language, speech.finished, True)
        self._control.legs.hear(leg, Play(paths, speech.play_id))
        return True

    # ------------------------------------------------------------------------------------------------ what happens
    def rendered(self, now: float) -> None:
        """Some text has been rendered, or cannot be: try again what waits."""
        for call_id, speech in list(self._current.items()):
            call = self._control.calls.get(call_id)
            if call is not None and not speech.started:
                with self._control.contain(call_id, now):
                    self._start(call, speech, now, patient=True)

    def played(self, call: Call, play_id: int, now: float) -> None:
        """The media engine has sent the last frame of *play_id*."""
        speech = self._current.get(call.call)
        if speech is not None and speech.play_id == play_id:
            del self._current[call.call]
            speech.finished(now)

    def next_deadline(self) -> float | None:
        return self._waiting.next_deadline()

    def handle_timeout(self, now: float) -> None:
        while (call_id := self._waiting.pop_due(now)) is not None:
            call, speech = self._control.calls.get(call_id), self._current.get(call_id)
            if call is not None and speech is not None:
                with self._control.contain(call_id, now):
                    self._start(call, speech, now, patient=False)
