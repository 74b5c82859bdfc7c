"""What the caller hears at a menu, a text or an entry: which prompts of the turn come next, and how much was heard."""

from __future__ import annotations

from itertools import takewhile

from ivr import effects as fx
from ivr.decisions import is_hidden, next_prompt, script_of
from ivr.events import Digit, PromptsTimed
from ivr.keying import Keying
from ivr.machine import Input
from ivr.progress import CONFIRM
from ivr.slots import together
from ivr.texts import filled

#: Seconds by which prompts may be reported finished too late.
LATE = 30.0


class Speaking(Keying):
    """The actions around prompts."""

    def _first_script(self, now: float) -> None:
        p = self.progress
        p.attempts, p.silences, p.phase, p.entry = 0, 0, "", ""
        self._repeat_script(now)

    def _repeat_script(self, now: float) -> None:
        if self.progress.keyed:
            self._choose(now)
        self.progress.intro, self.progress.said = "", 0

    def _retry_script(self, now: float) -> None:
        p = self.progress
        p.attempts += 1
        p.silences += p.refused == "no-input"
        p.intro, p.said = p.refused, 0

    def _play(self, now: float) -> None:
        """Play the next prompts up to where barge-in changes; a campaign's message alone, to know what was heard."""
        p = self.progress
        p.said = next_prompt(self.flow, p)
        rest = script_of(self.flow, p)[p.said :]
        prompts = tuple(takewhile(lambda prompt: together(rest[0], prompt), rest))
        p.deadlines[Input.PROMPT_LIMIT] = now + self.flow.prompt_limit
        known = p.public | {"value": p.entry} if p.phase == CONFIRM else p.public
        self._start_prompts(tuple(filled(prompt, known) for prompt in prompts), now)

    def _extend_limit(self, now: float) -> None:
        """What is long is not lost: it has as long as it takes, and a margin."""
        assert isinstance(self._event, PromptsTimed)
        limit = now + self._event.seconds + LATE
        self.progress.deadlines[Input.PROMPT_LIMIT] = max(limit, self.progress.deadlines[Input.PROMPT_LIMIT])

    def _stop(self, now: float) -> None:
        p = self.progress
        self._emit(fx.StopPrompts(p.play))
        by = self._event.digit if isinstance(self._event, Digit) else "limit"
        self._prompts_ended(now, self._shown(by, hidden=len(by) == 1 and is_hidden(self.flow, p)))

    def _note_heard(self, now: float) -> None:
        self._prompts_ended(now, "")
