"""Questions of callers to somebody outside the switch: put to the port that can wait, and answered when it says so."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ivr.customers import CUSTOMER_ID
from ivr.effects import Ask
from ivr.events import Answered
from ivr.inquiring import UNREADABLE
from ivr.secrecy import masked
from ivr.services import NO_NUMBER, Sms
from ivr.verbs import VERBS, Verbs
from softswitch.call.menus.handlers import Handler
from softswitch.call.menus.texting import write
from softswitch.call.queues.customers import customer_id_of
from softswitch.call.queues.merits import complaint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ivr.effects import HandOver
    from softswitch.call.control import CallControl
    from softswitch.call.menus.texting import TextMessage
    from softswitch.call.model import Call, Leg
    from softswitch.ports import Oracle

    OnAnswer = Callable[[str, Mapping[str, str], float], None]

log = logging.getLogger(__name__)


class Asking(Handler):
    """At most one question for each session, and those about control points; others' answers are nobody's any more."""

    def __init__(self, control: CallControl, oracle: Oracle) -> None:
        self._control = control
        self._oracle = oracle
        self._next = 1
        self._asked: dict[int, tuple[str, OnAnswer]] = {}  # question → call, who wants to know
        self._questions: dict[str, int] = {}  # call → question of its session

    def __len__(self) -> int:
        return len(self._asked)

    def begin(self, call: Call, leg: Leg, effect: Ask | HandOver, now: float) -> None:
        """See `Handler`."""
        assert isinstance(effect, Ask)
        request, call_id = effect.request, call.call
        variables = effect.variables
        if effect.kind == Sms.kind:
            message = self._written(call, effect.name, now)
            if not message.to:
                none = Answered(request, NO_NUMBER)
                self._control.later(now, lambda at: self._control.menus.receive(call, none, at), call=call_id)
                return
            variables = {**variables, **message.variables}

        def answered(outcome: str, values: Mapping[str, str], at: float) -> None:
            self._questions.pop(call_id, None)
            if (call := self._control.calls.get(call_id)) is None:
                return
            if (
                effect.kind == Verbs.kind
                and VERBS in values
                and (wrong := complaint(values[VERBS], call.config.verbs[effect.name]))
            ):
                log.warning("verbs %s: %s", effect.name, masked(wrong, call.session.progress.entered))
                outcome, values = UNREADABLE, {}
            self._control.menus.receive(call, Answered(request, outcome, values), at)

        self._questions[call_id] = self.ask(call, effect.kind, effect.name, variables, answered)

    def _written(self, call: Call, name: str, now: float) -> TextMessage:
        """The text message to this caller; whoever looks after the values in it learns which do not fit."""
        about = _about(call)
        message = write(call.config, name, about | call.session.progress.public, about["language"])
        for what in message.unfit:
            told = f"sms.{name}: the value of {what} does not fit"
            log.warning("%s: %s", call.session.progress.node, told)
            self._control.note("ivr.trouble", call, now, node=str(call.session.progress.node), what=told)
        return message

    def ask(self, call: Call, kind: str, name: str, variables: Mapping[str, str], answered: OnAnswer) -> int:
        """Ask on behalf of *call*; *answered* is told outcome, values and time. The question, to `forget` it."""
        question = self._next
        self._next += 1
        self._asked[question] = (call.call, answered)
        self._oracle.ask(question, kind, name, _about(call) | dict(variables), call.config)
        return question

    def cancel(self, call: Call, now: float) -> None:
        """See `Handler`."""
        question = self._questions.pop(call.call, None)
        if question is not None:
            self.forget(question)

    def forget(self, question: int) -> None:
        """Nobody wants to know any more."""
        if self._asked.pop(question, None) is not None:
            self._oracle.forget(question)

    def call_of(self, question: int) -> str | None:
        """Whose question it is."""
        asked = self._asked.get(question)
        return None if asked is None else asked[0]

    def answered(self, question: int, outcome: str, values: Mapping[str, str], now: float) -> None:
        """The port has an answer; *outcome* is "ok" or why there is none."""
        asked = self._asked.pop(question, None)
        if asked is not None:
            asked[1](outcome, values, now)


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
        CUSTOMER_ID: customer_id_of(call) or caller.number,
        "language": call.language,
    }
