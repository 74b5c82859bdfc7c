"""Agents make sure who the caller is: a question before they talk, and what the agent makes of the answer.

The mark is a variable of the call, `verified` = "passed" or "failed": texts, queues and agents to whom the caller goes
on know it, and whoever has passed is not asked again. A menu that checks a PIN sets the same variable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivr.nodes import Prompt
from ivr.texts import fill, filled, is_fixed
from rtp.legs import Tone
from softswitch.call.model import Stage
from softswitch.call.ringing.display import clean, cut
from softswitch.call.timers import Timers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from softswitch.call.control import CallControl
    from softswitch.call.model import Call, Leg
    from softswitch.config import Config
    from softswitch.config.words.verification import Verification

VARIABLE = "verified"
PASSED, FAILED = "passed", "failed"
#: Seconds between two keys of a code, and of the tone that the agent hears for it.
CODE_PAUSE, TONE = 3.0, 0.3
_TONES = {PASSED: "waiting", FAILED: "busy"}
#: Characters that are shown.
LONGEST = 80


class Verifying:
    """What agents are asked to find out, and what they have found out."""

    def __init__(self, control: CallControl) -> None:
        self._control = control
        self._typed: dict[int, tuple[str, float]] = {}  # leg → the beginning of a code, and when its last key came
        self._tones: Timers[str] = Timers()

    def __len__(self) -> int:
        return len(self._typed) + len(self._tones)

    # ------------------------------------------------------------------------------------------------ the question
    def question(self, call: Call, queue: str) -> Prompt | None:
        """What the agent is told before they talk; None: nothing, or the caller has passed already."""
        words = self._wanted(call, queue)
        if words is None:
            return None
        name = call.config.queues[queue].verify
        return filled(Prompt(f"verification.{name}", text=dict(words.ask)), call.session.progress.public)

    def headers(self, call: Call, queue: str) -> tuple[tuple[str, str], ...]:
        """What the agent's telephone shows of it (RFC 3261 §20.36)."""
        words = self._wanted(call, queue)
        text = "" if words is None else clean(fill(words.show, call.session.progress.public))
        return (("Subject", cut(text, LONGEST)),) if text else ()

    def _wanted(self, call: Call, queue: str) -> Verification | None:
        known = call.config.queues.get(queue)
        if known is None or known.verify is None or call.session.progress.public.get(VARIABLE) == PASSED:
            return None
        return call.config.verifications.get(known.verify)

    # ------------------------------------------------------------------------------------------------ the answer
    def pressed(self, call: Call, leg: Leg, digit: str, now: float) -> None:
        """A key of whoever was called: the agent may mark the answer by a code."""
        if call.stage is not Stage.TALKING or call.agent is None or leg.leg != call.b_leg:
            return
        if self._name(call) is None:
            return
        words = call.config.features
        codes = {words.verified: PASSED, words.not_verified: FAILED}
        typed, at = self._typed.get(leg.leg, ("", now))
        typed = (typed if now - at <= CODE_PAUSE else "") + digit
        found = next((code for code in codes if code and typed.endswith(code)), None)
        if found is None:
            self._typed[leg.leg] = typed[-max(map(len, codes)) :], now
            return
        self._typed.pop(leg.leg, None)
        self.mark(call, now, passed=codes[found] == PASSED, by=call.agent, how="keys")
        self.confirm(call, leg, _TONES[codes[found]], now)

    def mark(self, call: Call, now: float, *, passed: bool, by: str, how: str) -> None:
        """*by* says so; *how*: "keys", "admin" or "api"."""
        result = PASSED if passed else FAILED
        progress = call.session.progress
        progress.data = {**progress.data, VARIABLE: result}
        agent, queue = call.served_by
        name = self._name(call)
        self._control.note(
            "call.verified", call, now, result=result, by=by, how=how, agent=agent, queue=queue, verification=name
        )

    def _name(self, call: Call) -> str | None:
        known = call.config.queues.get(call.served_by[1])
        return None if known is None else known.verify

    # ------------------------------------------------------------------------------------------------ the tone
    def confirm(self, call: Call, leg: Leg, tone: str, now: float) -> None:
        """The agent hears that it was understood; the caller hears nothing for that moment."""
        if leg.peer is not None:
            self._control.legs.part(leg)
            self._control.legs.hear(leg, Tone(tone))
            self._tones.set(call.call, now + TONE)

    def next_deadline(self) -> float | None:
        return self._tones.next_deadline()

    def handle_timeout(self, now: float) -> None:
        while (name := self._tones.pop_due(now)) is not None:
            with self._control.contain(name, now):
                self._rejoin(name)

    def _rejoin(self, name: str) -> None:
        call = self._control.calls.get(name)
        if call is None or call.stage is not Stage.TALKING or call.agent is None:
            return
        caller, leg = self._control.legs.get(call.a_leg), self._control.legs.get(call.b_leg)
        if caller is not None and leg is not None and caller.peer is None and isinstance(leg.source, Tone):
            self._control.legs.bridge(caller, leg)

    def forget(self, leg: Leg) -> None:
        """*leg* is over."""
        self._typed.pop(leg.leg, None)


def verification_prompts(config: Config) -> Iterator[Prompt]:
    """All questions that are the same for every caller."""
    for name, words in config.verifications.items():
        if is_fixed(prompt := Prompt(f"verification.{name}", text=dict(words.ask))):
            yield prompt
