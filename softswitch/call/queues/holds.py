"""Callers whom an agent has put on hold, and forgotten: an excuse, the agent's phone again, or the queue again.

The caller hears the agent in the very moment in which the agent resumes, whatever was being said or rung for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd.events import FailReason
from softswitch.call.model import Role, Stage
from softswitch.call.ringing.dialling import Failure
from softswitch.call.stages import Input
from softswitch.call.timers import Timers
from softswitch.speech import phrases

if TYPE_CHECKING:
    from sip.message import Response
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call, Leg
    from softswitch.call.ringing.dialling import Attempt
    from softswitch.call.settings import Settings
    from softswitch.config import Config


class Holds:
    """All callers of queues who are on hold now."""

    def __init__(self, control: CallControl, config: Config) -> None:
        self._control = control
        self._queues = config.queues
        self._timers: Timers[str] = Timers()
        self._times: dict[str, int] = {}  # how often the caller's patience has been asked for
        self._ringing: dict[str, int] = {}  # attempts to get the agent back

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        self._queues = settings.config.queues

    def __len__(self) -> int:
        return len(self._timers) + len(self._times) + len(self._ringing)

    def changed(self, call: Call, leg: Leg, now: float) -> None:
        """The party of *leg* has put the other on hold, or has taken them back."""
        if call.stage is not Stage.TALKING or leg.leg != call.b_leg or call.agent is None or call.queue is None:
            return
        if self._control.keyed.has(call):
            return  # the caller hears music anyhow; when the two are back together this is looked at anew
        limit = self._queues[call.queue].max_hold
        if leg.held and limit is not None:
            self._timers.set(call.call, now + limit)
            self._times.setdefault(call.call, 0)
        elif not leg.held:
            self._resume(call, leg, now)

    def forget(self, call: Call, now: float) -> None:
        """The conversation is over."""
        self._timers.set(call.call, None)
        self._times.pop(call.call, None)
        self._control.dialling.cancel(self._ringing.pop(call.call, None), now)

    def _resume(self, call: Call, leg: Leg, now: float) -> None:
        self.forget(call, now)
        caller = self._control.legs.get(call.a_leg)
        if caller is not None and caller.peer is None:  # something is being said
            self._control.prompts.stop(call)
            self._control.legs.bridge(caller, leg)

    # ------------------------------------------------------------------------------------------------ too long
    def next_deadline(self) -> float | None:
        return self._timers.next_deadline()

    def handle_timeout(self, now: float) -> None:
        while (call_id := self._timers.pop_due(now)) is not None:
            call = self._control.calls.get(call_id)
            if call is not None and call.queue is not None and call.stage is Stage.TALKING:
                with self._control.contain(call_id, now):
                    self._too_long(call, call.queue, now)

    def _too_long(self, call: Call, name: str, now: float) -> None:
        control, queue = self._control, self._queues[name]
        caller, agent = control.legs.get(call.a_leg), control.legs.get(call.b_leg)
        if caller is None or agent is None or not agent.held or queue.max_hold is None:
            return  # over, or no more a matter of time in the configuration of today
        control.note("hold.too_long", call, now, queue=name, agent=call.agent, what=queue.when_held_too_long)
        if queue.when_held_too_long == "queue":
            self._back_to_the_queue(call, agent, now)
            return
        self._timers.set(call.call, now + queue.max_hold)
        self._excuse(call, caller, agent, now)
        if queue.when_held_too_long == "ring-back" and call.call not in self._ringing:
            self._ring_back(call, agent, queue.label or name, now)

    def _excuse(self, call: Call, caller: Leg, agent: Leg, now: float) -> None:
        """Say something kind, then the music of before."""
        control = self._control
        turn = self._times.get(call.call, 0)
        self._times[call.call] = turn + 1
        control.legs.part(caller)

        def said(at: float) -> None:
            if call.stage is Stage.TALKING and call.b_leg == agent.leg and caller.peer is None:
                control.legs.bridge(caller, agent)

        control.prompts.say(call, (phrases.comfort(turn),), call.language, now, said)

    def _back_to_the_queue(self, call: Call, agent: Leg, now: float) -> None:
        control = self._control
        self.forget(call, now)
        control.keyed.abandon(call, now)
        if control.advance(call, Input.AGENT_LOST):
            call.b_leg = None
            control.legs.hang_up(agent, now)
            control.note("call.parted", call, now, by="switch", cause="held-too-long")
            control.queues.agent_lost(call, FailReason.DROPPED, now)
            control.waiting.announce(call, phrases.hold_timed_out(), now)

    def _ring_back(self, call: Call, held: Leg, label: str, now: float) -> None:
        """The agent's phone rings for the caller whom it holds; the answer takes the place of the held leg."""
        control = self._control
        if held.phone is None:
            return

        def ringing(attempt: Attempt, leg: Leg, response: Response, at: float) -> None:
            pass

        def answered(attempt: Attempt, leg: Leg, at: float) -> None:
            self._ringing.pop(call.call, None)
            self._swap(call, held, leg, at)

        def failed(attempt: Attempt, failure: Failure, at: float) -> None:
            self._ringing.pop(call.call, None)  # and again when the caller has been on hold for as long again

        attempt = control.dialling.ring(
            call,
            held.phone,
            Role.AGENT,
            display=f"{label}, on hold: {call.caller.name or call.caller.number}",
            on_ringing=ringing,
            on_answer=answered,
            on_failure=failed,
            now=now,
        )
        if not isinstance(attempt, Failure):
            self._ringing[call.call] = attempt.attempt

    def _swap(self, call: Call, held: Leg, leg: Leg, now: float) -> None:
        control = self._control
        caller = control.legs.get(call.a_leg)
        if caller is None or call.stage is not Stage.TALKING or call.b_leg != held.leg:
            control.legs.hang_up(leg, now)
            return
        self.forget(call, now)
        control.keyed.abandon(call, now)
        control.prompts.stop(call)
        call.b_leg = leg.leg
        control.legs.hang_up(held, now)
        control.legs.bridge(caller, leg)
        control.note("hold.answered", call, now, agent=call.agent)
