"""Calls to a phone or to a number outside: the caller hears it ring, and then whoever answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from ivr.events import Returned
from ivr.nodes import Result
from rtp.legs import Silence, Tone
from softswitch.call.model import Role
from softswitch.call.ringing.dialling import Attempt, Failure
from softswitch.call.ringing.display import announced, shown
from softswitch.call.stages import Input
from softswitch.call.timers import Timers

if TYPE_CHECKING:
    from collections.abc import Callable

    from sip.message import Response
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call, Leg
    from softswitch.call.settings import Settings
    from softswitch.config import Config

_RESULT = {
    Failure.BUSY: Result.BUSY,
    Failure.REJECTED: Result.REJECTED,
    Failure.NO_ANSWER: Result.NO_ANSWER,
    Failure.UNREACHABLE: Result.UNAVAILABLE,
}


class Callbacks(TypedDict):
    """What an attempt tells."""

    on_ringing: Callable[[Attempt, Leg, Response, float], None]
    on_answer: Callable[[Attempt, Leg, float], None]
    on_failure: Callable[[Attempt, Failure, float], None]


class Desks:
    """Everybody who is rung for a caller outside a queue."""

    def __init__(self, control: CallControl, config: Config) -> None:
        self._control = control
        self._display, self._domain = config.display, config.sip.domain
        self._timers: Timers[str] = Timers()

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        self._display = settings.config.display

    def ring(
        self, call: Call, caller: Leg, phone: str, timeout: float, now: float, *, agent: str | None = None
    ) -> None:
        """Ring *phone*; *agent* is who is wanted there, when it is somebody in person."""

        def start(callbacks: Callbacks) -> Attempt | Failure:
            display = shown(call, self._display, label=call.label)
            headers = announced(call, self._display, self._domain, label=call.label)
            return self._control.dialling.ring(
                call, phone, Role.PHONE, display=display, headers=headers, **callbacks, now=now
            )

        if agent is None and self._control.phones.wants_peace(phone):
            if self._control.advance(call, Input.RING_PHONE):
                self._control.later(now, lambda at: self._failed(call, Failure.BUSY, at), call=call.call)
            return
        self._ring(call, caller, start, timeout, now, phone, agent)

    def ring_number(self, call: Call, caller: Leg, number: str, trunk: str, timeout: float, now: float) -> None:
        def start(callbacks: Callbacks) -> Attempt | Failure:
            return self._control.dialling.ring_number(
                call, number, trunk, Role.PHONE, display=call.caller.name, **callbacks, now=now
            )

        self._ring(call, caller, start, timeout, now, number)

    def _ring(
        self,
        call: Call,
        caller: Leg,
        start: Callable[[Callbacks], Attempt | Failure],
        timeout: float,
        now: float,
        who: str,
        agent: str | None = None,
    ) -> None:
        control = self._control
        if not control.advance(call, Input.RING_PHONE):
            return

        def ringing(attempt: Attempt, leg: Leg, response: Response, at: float) -> None:
            self._ringing(call, attempt, leg, response, at)

        def answered(attempt: Attempt, leg: Leg, at: float) -> None:
            self._answered(call, leg, who, agent, at)

        def failed(attempt: Attempt, failure: Failure, at: float) -> None:
            self._failed(call, failure, at)

        attempt = start({"on_ringing": ringing, "on_answer": answered, "on_failure": failed})
        if isinstance(attempt, Failure):
            control.later(now, lambda at: self._failed(call, attempt, at), call=call.call)
            return
        call.attempt = attempt.attempt
        self._timers.set(call.call, now + timeout)
        control.note("phone.ringing", call, now, phone=who, agent=agent)
        if caller.answered:
            control.legs.hear(caller, Tone("ringback"), detect_inband=False)

    def _ringing(self, call: Call, attempt: Attempt, leg: Leg, response: Response, now: float) -> None:
        control = self._control
        caller = control.legs.get(call.a_leg)
        if caller is None:
            return
        alone = len(attempt.legs) == 1
        if alone and response.body and caller.peer is None and not caller.answered:
            # early media: the caller hears the phone's own announcement or ringback (RFC 3960 §3.2)
            control.legs.early(leg, response)
            control.legs.progress(caller, now)
            control.legs.bridge(caller, leg)
        elif caller.peer is None and not caller.answered:
            control.sip.ring(caller.usage, 180, now=now)

    def _answered(self, call: Call, leg: Leg, who: str, agent: str | None, now: float) -> None:
        control = self._control
        self._timers.set(call.call, None)
        call.attempt = None
        caller = control.legs.get(call.a_leg)
        if caller is None or not control.advance(call, Input.CONNECT):
            control.legs.hang_up(leg, now)
            return
        control.answer(call, caller, now)
        control.connect(call, caller, leg, now, agent=agent, phone=who)

    def _failed(self, call: Call, failure: Failure, now: float) -> None:
        control = self._control
        self._timers.set(call.call, None)
        call.attempt = None
        if not control.advance(call, Input.RETURN):
            return
        caller = control.legs.get(call.a_leg)
        if caller is not None and caller.answered:
            control.legs.hear(caller, Silence())
        control.menus.receive(call, Returned(_RESULT[failure]), now)

    def stop(self, call: Call, now: float) -> None:
        """The caller is gone: stop ringing."""
        self._timers.set(call.call, None)
        self._control.dialling.cancel(call.attempt, now)
        call.attempt = None

    def forget(self, call: Call) -> None:
        self._timers.set(call.call, None)

    def next_deadline(self) -> float | None:
        return self._timers.next_deadline()

    def handle_timeout(self, now: float) -> None:
        while (call_id := self._timers.pop_due(now)) is not None:
            call = self._control.calls.get(call_id)
            if call is not None:
                with self._control.contain(call_id, now):
                    self._control.dialling.cancel(call.attempt, now)
                    self._failed(call, Failure.NO_ANSWER, now)
