"""Transfers by keys, for telephones without a transfer of their own.

The called phone, an agent's or another of ours, presses a code during the conversation. That for parking is all; after
the others come a number and hash, and the caller hears music meanwhile. A blind transfer follows at once. To consult,
the number is rung first: who hangs up then puts the caller through, star brings the caller back. Where a number leads
to nobody's telephone, to a queue or a menu, the caller is sent on at once all the same: the one who waits there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acd.events import EndedBy
from ivr.nodes import External, Phone
from rtp.legs import Music, Silence, Tone
from softswitch.call.legs import HOLD_MUSIC
from softswitch.call.model import Role, Stage
from softswitch.call.ringing.dialling import Failure
from softswitch.call.timers import Timers
from softswitch.call.transfers.keyed_states import TRANSITIONS, Action, Input, State
from softswitch.speech import phrases

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivr.nodes import Prompt
    from ivr.targets import Target
    from sip.message import Response
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call, Leg
    from softswitch.call.ringing.dialling import Attempt
    from softswitch.call.settings import Settings
    from softswitch.config import Config

#: Seconds between two keys of a code; a star that came long before is somebody else's.
CODE_PAUSE = 3.0
#: Seconds without a key after which a number is complete, and for the first key.
NUMBER_PAUSE, FIRST_KEY = 4.0, 15.0
LONGEST_NUMBER = 32


def _codes(config: Config) -> dict[str, bool]:
    """Codes that are pressed in a conversation, and whether they are for consulting first."""
    codes = config.features
    known = {codes.transfer: False, codes.consult: True} | ({} if config.park is None else {codes.park: False})
    return {code: consult for code, consult in known.items() if code}


@dataclass(slots=True)
class Try:
    """One transfer by keys. `leg` is the sender's, `second` that of the second party once it has answered."""

    call: Call
    leg: Leg
    consult: bool
    state: State = State.KEYING
    number: str = ""
    target: Target | None = None
    attempt: int | None = None
    second: Leg | None = None


class KeyedTransfers:
    """At most one try per call."""

    def __init__(self, control: CallControl, config: Config) -> None:
        self._control = control
        self._config = config
        self._codes = _codes(config)
        self._tries: dict[str, Try] = {}
        self._typed: dict[int, tuple[str, float]] = {}  # leg → the beginning of a code, and when its last key came
        self._timers: Timers[str] = Timers()

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        self._config, self._codes = settings.config, _codes(settings.config)

    def __len__(self) -> int:
        return len(self._tries) + len(self._typed) + len(self._timers)

    # ------------------------------------------------------------------------------------------------ keys
    def pressed(self, call: Call, leg: Leg, digit: str, now: float) -> None:
        """A key of a party that was called."""
        current = self._tries.get(call.call)
        if current is not None:
            if leg is current.leg:
                self._key(current, digit, now)
        elif call.stage is Stage.TALKING and leg.leg == call.b_leg and leg.phone is not None and leg.peer is not None:
            self._code(call, leg, digit, now)

    def _code(self, call: Call, leg: Leg, digit: str, now: float) -> None:
        typed, at = self._typed.get(leg.leg, ("", now))
        typed = (typed if now - at <= CODE_PAUSE else "") + digit
        found = next((code for code in self._codes if typed.endswith(code)), None)
        longest = max(map(len, self._codes), default=0)
        if found is None:
            if longest:
                self._typed[leg.leg] = typed[-longest:], now
            return
        self._typed.pop(leg.leg, None)
        caller = self._control.legs.get(call.a_leg)
        if caller is None:
            return
        if (place := self._control.parking.find(found)) is not None:
            self._control.transfers.send(call, leg, place, found, "", now)
            return
        self._tries[call.call] = Try(call, leg, self._codes[found])
        self._control.holds.forget(call, now)
        self._control.legs.part(caller)
        self._control.legs.hear(caller, Music(HOLD_MUSIC))
        self._control.note("call.keyed_transfer", call, now, by=call.agent or leg.phone, consult=self._codes[found])
        self._timers.set(call.call, now + FIRST_KEY)
        self._say(leg, phrases.enter_transfer_number(), now, lambda at: self._control.legs.hear(leg, Silence()))

    def _key(self, current: Try, digit: str, now: float) -> None:
        if digit == "*":
            self._run(current, Input.CANCEL, now)
        elif digit == "#" and current.state is State.KEYING:
            self._complete(current, now)
        else:
            self._run(current, Input.KEY, now, digit)

    def _complete(self, current: Try, now: float) -> None:
        """The number has been keyed; or the sender has nothing more to say."""
        control = self._control
        current.target = control.transfers.target(current.number, current.leg, now) if current.number else None
        node = None if current.target is None else current.call.session.flow.find(current.target)
        if node is None:
            self._run(current, Input.NO_NUMBER, now)
        elif current.consult and isinstance(node, Phone | External):
            self._run(current, Input.NUMBER_CONSULT, now)
        else:
            self._run(current, Input.NUMBER_BLIND, now)  # nobody is there to talk with before: a queue, a menu

    # ------------------------------------------------------------------------------------------------ what happens
    def next_deadline(self) -> float | None:
        return self._timers.next_deadline()

    def handle_timeout(self, now: float) -> None:
        while (call := self._timers.pop_due(now)) is not None:
            current = self._tries.get(call)
            if current is not None:
                with self._control.contain(call, now):
                    if current.state is State.KEYING:
                        self._complete(current, now)
                    elif current.state is State.RINGING:
                        self._control.dialling.cancel(current.attempt, now)
                        self._run(current, Input.FAILED, now)

    def lost(self, leg: Leg, now: float) -> bool:
        """*leg* is gone; True when that was all it meant."""
        current = self._tries.get(leg.call)
        if current is None:
            return False
        if leg is current.second:
            current.second = None
            self._run(current, Input.SECOND_GONE, now)
            return True
        if leg is not current.leg:
            return False
        keying = current.state is State.KEYING
        self._run(current, Input.SENDER_GONE, now)
        return not keying

    def has(self, call: Call) -> bool:
        """Whether a party of *call* is at it."""
        return call.call in self._tries

    def abandon(self, call: Call, now: float) -> None:
        """The call is over, or somebody else has sent the caller elsewhere meanwhile."""
        current = self._tries.get(call.call)
        if current is not None:
            self._control.prompts.forget(current.leg.leg)
            self._run(current, Input.CALLER_GONE, now)

    def leg_over(self, leg: Leg) -> None:
        """*leg* is gone, whoever's it was and whoever ended it."""
        self._typed.pop(leg.leg, None)

    def forget(self, call: str) -> None:
        """Nothing of *call* can be relied on any more."""
        self._tries.pop(call, None)
        self._timers.set(call, None)

    def _run(self, current: Try, event: Input, now: float, digit: str = "") -> None:
        transition = TRANSITIONS.get((current.state, event))
        if transition is None:
            return
        current.state, actions = transition
        if current.state is not State.KEYING:
            self._timers.set(current.call.call, None)
        if current.state is State.OVER:
            del self._tries[current.call.call]
        for action in actions:
            self._carry_out(current, action, digit, now)

    def _carry_out(self, current: Try, action: Action, digit: str, now: float) -> None:
        control, call, leg = self._control, current.call, current.leg
        match action:
            case Action.KEEP_KEY:
                current.number = (current.number + digit)[:LONGEST_NUMBER]
                control.prompts.forget(leg.leg)
                control.legs.hear(leg, Silence())
                self._timers.set(call.call, now + NUMBER_PAUSE)
            case Action.SEND:
                control.prompts.forget(leg.leg)
                if current.target is not None:
                    control.transfers.send(call, leg, current.target, current.number, "", now)
                    if leg.ended:
                        control.transfers.lost(leg, now)
            case Action.RING:
                self._ring(current, now)
            case Action.TALK:
                if current.second is not None:
                    control.legs.bridge(leg, current.second)
            case Action.STOP_RINGING:
                control.dialling.cancel(current.attempt, now)
            case Action.DROP_SECOND:
                if current.second is not None:
                    control.legs.hang_up(current.second, now)
            case Action.HAND_OVER:
                self._hand_over(current, now)
            case Action.SAY_FAILED:
                self._say(leg, phrases.transfer_failed(), now, lambda at: self._retrieve(current, at))
            case Action.SAY_CANCELLED:
                self._say(leg, phrases.transfer_cancelled(), now, lambda at: self._retrieve(current, at))
            case Action.RETRIEVE:
                self._retrieve(current, now)

    def _retrieve(self, current: Try, now: float) -> None:
        control, call = self._control, current.call
        caller = control.legs.get(call.a_leg)
        gone = caller is None or current.leg.ended or call.call in self._tries
        if caller is not None and not gone and call.stage is Stage.TALKING and call.b_leg == current.leg.leg:
            control.prompts.stop(call)
            control.legs.part(current.leg)
            control.legs.bridge(caller, current.leg)
            control.holds.changed(call, current.leg, now)

    # ------------------------------------------------------------------------------------------------ consulting
    def _ring(self, current: Try, now: float) -> None:
        control, call, target = self._control, current.call, current.target
        node = None if target is None else call.session.flow.find(target)
        assert isinstance(node, Phone | External)

        def ringing(attempt: Attempt, leg: Leg, response: Response, at: float) -> None:
            pass

        def answered(attempt: Attempt, leg: Leg, at: float) -> None:
            current.second = leg
            if current.state is State.RINGING:
                self._run(current, Input.ANSWERED, at)
            else:
                control.legs.hang_up(leg, at)

        def failed(attempt: Attempt, failure: Failure, at: float) -> None:
            self._run(current, Input.FAILED, at)

        label = control.transfers.label(call)
        who = call.caller.name or call.caller.number
        if isinstance(node, External):
            attempt = control.dialling.ring_number(
                call,
                node.target.number,
                node.target.trunk,
                Role.PHONE,
                display=call.caller.name,
                on_ringing=ringing,
                on_answer=answered,
                on_failure=failed,
                now=now,
            )
        else:
            attempt = control.dialling.ring(
                call,
                node.name,
                Role.PHONE,
                display=f"{label}: {who}" if label else who,
                on_ringing=ringing,
                on_answer=answered,
                on_failure=failed,
                now=now,
            )
        if isinstance(attempt, Failure):
            control.later(now, lambda at: self._run(current, Input.FAILED, at), call=call.call)
            return
        current.attempt = attempt.attempt
        self._timers.set(call.call, now + node.ring_timeout)
        control.prompts.forget(current.leg.leg)
        control.legs.hear(current.leg, Tone("ringback"))

    def _hand_over(self, current: Try, now: float) -> None:
        """The sender has hung up while talking with the second party: the caller talks with that one."""
        control, call, second = self._control, current.call, current.second
        caller = control.legs.get(call.a_leg)
        if caller is None or second is None:
            return
        by, agent = call.agent or current.leg.phone, call.agent
        call.agent = call.offer = None
        control.note("call.parted", call, now, by="phone" if agent is None else "agent", cause="transfer")
        if agent is not None:
            control.queues.conversation_ended(call, EndedBy.AGENT, now)
        control.connect(call, caller, second, now, phone=second.phone or current.number)
        control.note(
            "call.transferred",
            call,
            now,
            kind="attended",
            by=by,
            to=current.number,
            from_leg=current.leg.leg,
            to_leg=second.leg,
        )

    def _say(self, leg: Leg, prompt: Prompt, now: float, then: Callable[[float], None]) -> None:
        agent = self._control.workplaces.agent_at(leg.phone)
        known = None if agent is None else self._config.agents.get(agent)
        language = (known.language if known is not None else None) or self._config.server.language
        self._control.prompts.say_to(leg, (prompt,), language, now, then)
