"""Playing speech to a party: waits for what is still being rendered, and never for what cannot be."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ivr.events import PromptsFinished
from rtp.legs import Play, Silence
from softswitch.call.model import Stage
from softswitch.call.timers import Timers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ivr.nodes import Prompt
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call, Leg
    from softswitch.ports import Voice

log = logging.getLogger(__name__)

#: Longest silence, in seconds, in which a party waits for a prompt to be rendered; what is not ready then is left out.
PATIENCE = 3.0


@dataclass(frozen=True, slots=True)
class Playing:
    """A list of an IVR session that sounds: `parts` are keys and seconds, None where a length is not known."""

    play: int
    began: float
    parts: tuple[tuple[str, float | None], ...]

    def heard(self, at: float, *, interrupted: bool) -> dict[str, object]:
        """Seconds that were played and that there are; with *interrupted*, the key of the prompt that was cut."""
        played, total = max(0.0, at - self.began), 0.0
        cut: str | None = None
        for key, seconds in self.parts:
            if seconds is None:
                return {"played": round(played, 3)}
            if cut is None and played < total + seconds:
                cut = key
            total += seconds
        found: dict[str, object] = {"played": round(min(played, total), 3), "total": round(total, 3)}
        return found | {"cut": cut} if interrupted and cut is not None else found


@dataclass(frozen=True, slots=True)
class Speech:
    """What one leg hears or will hear now."""

    play_id: int
    prompts: tuple[Prompt, ...]
    language: str
    finished: Callable[[float], None]
    started: bool = False
    session: tuple[str, int] | None = None  # the call whose IVR session says this, and its number there


class Prompts:
    """At most one list of prompts per leg; a new one takes the place of the old."""

    def __init__(self, control: CallControl, voice: Voice) -> None:
        self._control = control
        self._voice = voice
        self._next_play = 1
        self._current: dict[int, Speech] = {}
        self._waiting: Timers[int] = Timers()
        self._playing: dict[str, Playing] = {}  # by call: what its session said last

    def play(self, call: Call, play: int, prompts: tuple[Prompt, ...], language: str, now: float) -> None:
        """Say the prompts of an IVR session, and tell it when they have been said."""
        self._playing.pop(call.call, None)
        self._look_at(call, prompts, language, now)

        def finished(at: float) -> None:
            self._control.menus.receive(call, PromptsFinished(play), at)

        self._say(call.a_leg, prompts, language, now, finished, PATIENCE, session=(call.call, play))

    def _look_at(self, call: Call, prompts: tuple[Prompt, ...], language: str, now: float) -> None:
        """What somebody outside has sent may be nothing that can be said as it should be."""
        for prompt in prompts:
            for what in self._voice.unfit(prompt, language) if prompt.args else ():
                node = call.session.progress.node
                told = f"{prompt.key}: the value of {what} does not fit"
                log.warning("%s: %s", node, told)
                self._control.note("ivr.trouble", call, now, node=str(node), what=told)

    def heard(self, call: Call, play: int, at: float, *, interrupted: bool) -> dict[str, object]:
        """How much of list *play* of the session was heard by *at*; nothing of what has not begun."""
        playing = self._playing.get(call.call)
        if playing is None or playing.play != play:
            return {"played": 0.0}
        return playing.heard(at, interrupted=interrupted)

    def over(self, call: Call) -> None:
        """The session has said its last."""
        self._playing.pop(call.call, None)

    def say(
        self, call: Call, prompts: tuple[Prompt, ...], language: str, now: float, finished: Callable[[float], None]
    ) -> None:
        """Say *prompts* to the caller; *finished* is called once they were heard, unless something took their place."""
        self._say(call.a_leg, prompts, language, now, finished, PATIENCE)

    def say_to(
        self,
        leg: Leg,
        prompts: tuple[Prompt, ...],
        language: str,
        now: float,
        finished: Callable[[float], None],
        *,
        patience: float = PATIENCE,
    ) -> None:
        """As `say`, to any party; what is not rendered within *patience* seconds is left out."""
        self._say(leg.leg, prompts, language, now, finished, patience)

    def sound(self, leg: Leg, paths: tuple[str, ...], now: float, finished: Callable[[float], None]) -> None:
        """As `say_to`, for audio that is there: files, and tones ("tone:beep")."""
        speech = Speech(self._next_play, (), "", finished, started=True)
        self._next_play += 1
        self._current[leg.leg] = speech
        self._waiting.set(leg.leg, None)
        self._control.legs.hear(leg, Play(paths, speech.play_id))

    def _say(
        self,
        leg: int,
        prompts: tuple[Prompt, ...],
        language: str,
        now: float,
        finished: Callable[[float], None],
        patience: float,
        session: tuple[str, int] | None = None,
    ) -> None:
        speech = Speech(self._next_play, prompts, language, finished, session=session)
        self._next_play += 1
        self._current[leg] = speech
        if not self._start(leg, speech, now, patient=patience > 0):
            self._waiting.set(leg, now + patience)

    def stop(self, call: Call) -> None:
        """Whatever is being said to the caller is over and nobody is told."""
        self.forget(call.a_leg)

    def forget(self, leg: int) -> None:
        """As `stop`, for any leg."""
        self._current.pop(leg, None)
        self._waiting.set(leg, None)

    def speaking(self, call: Call) -> bool:
        return call.a_leg in self._current

    def _start(self, handle: int, speech: Speech, now: float, *, patient: bool) -> bool:
        """Play what there is; False when something is still being rendered and the party can wait for it."""
        found = [self._find(prompt, speech.language) for prompt in speech.prompts]
        if patient and any(path is None for path in found):
            return False
        found = [
            path or self._instead(prompt, speech.language) for prompt, path in zip(speech.prompts, found, strict=True)
        ]
        self._waiting.set(handle, None)
        if speech.session is not None:
            self._note_missing(speech.session[0], speech, found, now)
        paths = tuple(path for path in found if path)
        leg = self._control.legs.get(handle)
        if leg is None or not paths:
            self._current.pop(handle, None)
            if leg is not None:
                call = self._control.calls.get(leg.call)
                if call is None or handle != call.a_leg or call.stage is not Stage.QUEUED:  # there the music goes on
                    self._control.legs.hear(leg, Silence())
                self._control.later(now, speech.finished, call=leg.call)
            return True
        self._current[handle] = replace(speech, started=True)
        if speech.session is not None:
            call_id, play = speech.session
            lengths = [
                (p.key, self._voice.seconds(path)) for p, path in zip(speech.prompts, found, strict=True) if path
            ]
            self._playing[call_id] = Playing(play, now, tuple(lengths))
            self._control.menus.timed(call_id, play, [seconds for _, seconds in lengths], now)
        self._control.legs.hear(leg, Play(paths, speech.play_id))
        return True

    def _find(self, prompt: Prompt, language: str) -> str | None:
        """Audio that somebody else keeps is played when it is here; nobody waits for it."""
        fetched = None if prompt.audio is None else self._voice.fetched(prompt.audio, language)
        return fetched or self._voice.find(prompt, language)

    def _instead(self, prompt: Prompt, language: str) -> str:
        """What there is for a prompt that cannot be said."""
        instead = None if prompt.audio is None else prompt.audio.instead
        return "" if instead is None else self._voice.find(instead, language) or ""

    def _note_missing(self, call_id: str, speech: Speech, found: Sequence[str | None], now: float) -> None:
        """Whoever keeps the audio of a prompt learns that this caller did not hear it."""
        call = self._control.calls.get(call_id)
        for prompt, path in zip(speech.prompts, found, strict=True):
            if call is None or prompt.audio is None or not prompt.audio.urls.get(speech.language):
                continue
            if path != self._voice.fetched(prompt.audio, speech.language):
                fallback = path == self._instead(prompt, speech.language)
                said = "fallback" if path and fallback else "text" if path else "nothing"
                self._control.note("ivr.audio_missing", call, now, prompt=prompt.key, said=said)

    # ------------------------------------------------------------------------------------------------ what happens
    def rendered(self, now: float) -> None:
        """Some text has been rendered, or cannot be: try again what waits."""
        for handle, speech in list(self._current.items()):
            if not speech.started:
                with self._control.contain(self._call_of(handle), now):
                    self._start(handle, speech, now, patient=True)

    def played(self, leg: Leg, play_id: int, now: float) -> None:
        """The media engine has sent the last frame of *play_id*."""
        speech = self._current.get(leg.leg)
        if speech is not None and speech.play_id == play_id:
            del self._current[leg.leg]
            speech.finished(now)

    def next_deadline(self) -> float | None:
        return self._waiting.next_deadline()

    def handle_timeout(self, now: float) -> None:
        while (handle := self._waiting.pop_due(now)) is not None:
            if (speech := self._current.get(handle)) is not None:
                with self._control.contain(self._call_of(handle), now):
                    self._start(handle, speech, now, patient=False)

    def _call_of(self, handle: int) -> str | None:
        leg = self._control.legs.get(handle)
        return None if leg is None else leg.call
