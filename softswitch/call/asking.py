"""Questions of callers to somebody outside the switch: put to the port that can wait, and answered when it says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivr.effects import Ask
from ivr.events import Answered
from softswitch.call.handlers import Handler

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ivr.effects import HandOver
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call, Leg
    from softswitch.ports import Oracle


class Asking(Handler):
    """At most one question for each call; the answer to any other is nobody's any more."""

    def __init__(self, control: CallControl, oracle: Oracle) -> None:
        self._control = control
        self._oracle = oracle
        self._next = 1
        self._asked: dict[int, tuple[str, int]] = {}  # question → call, request of its session
        self._questions: dict[str, int] = {}  # call → question

    def __len__(self) -> int:
        return len(self._asked)

    def begin(self, call: Call, leg: Leg, effect: Ask | HandOver, now: float) -> None:
        """See `Handler`."""
        assert isinstance(effect, Ask)
        question = self._next
        self._next += 1
        self._asked[question] = (call.call, effect.request)
        self._questions[call.call] = question
        self._oracle.ask(question, effect.kind, effect.name, _about(call) | dict(effect.variables), call.config)

    def cancel(self, call: Call, now: float) -> None:
        """See `Handler`."""
        question = self._questions.pop(call.call, None)
        if question is not None:
            del self._asked[question]
            self._oracle.forget(question)

    def call_of(self, question: int) -> str | None:
        """Whose question it is."""
        return self._asked.get(question, (None, 0))[0]

    def answered(self, question: int, outcome: str, values: Mapping[str, str], now: float) -> None:
        """The port has an answer; *outcome* is "ok" or why there is none."""
        call_id, request = self._asked.pop(question, ("", 0))
        self._questions.pop(call_id, None)
        if (call := self._control.calls.get(call_id)) is not None:
            self._control.menus.receive(call, Answered(request, outcome, values), now)


def _about(call: Call) -> dict[str, str]:
    """What is known of every call."""
    caller = call.caller
    return {
        "call": call.call,
        "ani": caller.number,
        "ani_raw": caller.raw,
        "withheld": "true" if caller.withheld else "false",
        "did": call.dialled,
        "name": caller.name,
        "language": call.session.progress.language or call.language,
    }
