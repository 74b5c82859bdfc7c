"""The `conference` node: rooms in which everybody hears everybody.

A room is there while somebody is in it. Who is alone hears music; the media worker mixes as soon as there are two.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hmac import compare_digest
from typing import TYPE_CHECKING

from ivr.events import Returned
from ivr.nodes import Prompt, Result
from ivr.rooms import Conference as ConferenceNode
from ivr.targets import Target
from rtp.legs import Conference as ConferenceSource
from rtp.legs import Music
from softswitch.call.conferences.states import TRANSITIONS, Action, Input, State
from softswitch.call.menus.handlers import Handler
from softswitch.call.timers import Timers

if TYPE_CHECKING:
    from ivr.effects import Ask, HandOver
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call, Leg
    from softswitch.config.words.rooms import Conference

ASK_PIN, WRONG_PIN = Prompt("conference-enter-pin"), Prompt("conference-wrong-pin")
#: Seconds for the first digit of the PIN after it was asked for, and for each one after that.
FIRST, BETWEEN = 8.0, 4.0
TRIES = 3
LONGEST_PIN = 32


@dataclass(slots=True)
class Member:
    """One caller in a room, or in front of it."""

    call: Call
    room: str
    words: Conference
    say: tuple[Prompt, ...]
    state: State = State.ASKED
    entered: str = field(default="", repr=False)
    tries: int = 0
    since: float = 0.0


class Conferences(Handler):
    """All rooms."""

    def __init__(self, control: CallControl) -> None:
        self._control = control
        self._members: dict[str, Member] = {}
        self._timers: Timers[str] = Timers()

    def __len__(self) -> int:
        return len(self._members) + len(self._timers)

    # ------------------------------------------------------------------------------------------------ the caller
    def begin(self, call: Call, leg: Leg, effect: Ask | HandOver, now: float) -> None:
        control, words = self._control, call.config.conferences.get(effect.name)
        control.queues.leave_place(call, now)
        if words is None or self._people(effect.name) >= words.max_members:
            why = Result.FAILED if words is None else Result.BUSY
            control.note("conference.refused", call, now, room=effect.name, why=str(why))
            control.later(now, lambda at: control.menus.receive(call, Returned(why), at), call=call.call)
            return
        control.answer(call, leg, now)
        leg.detect_inband = True
        control.transfers.took(call, now)
        node = call.session.flow.find(Target(effect.kind, effect.name))
        say = node.say if isinstance(node, ConferenceNode) else ()
        self._members[call.call] = member = Member(call, effect.name, words, say)
        if words.pin is None:
            member.state = State.GREETED
            self._greet(member, now)
        else:
            self._ask(member, (ASK_PIN,), now)

    def pressed(self, call: Call, digit: str, now: float) -> None:
        """A digit of the PIN."""
        member = self._members.get(call.call)
        if member is None or member.state is not State.ASKED:
            return
        self._control.prompts.stop(call)
        if digit == "#":
            self._judge(member, now)
            return
        member.entered = (member.entered + digit)[:LONGEST_PIN]
        self._timers.set(call.call, now + BETWEEN)

    def cancel(self, call: Call, now: float) -> None:
        if (member := self._members.get(call.call)) is not None:
            self._feed(member, Input.LEFT, now)

    # ------------------------------------------------------------------------------------------------ what happens
    def next_deadline(self) -> float | None:
        return self._timers.next_deadline()

    def handle_timeout(self, now: float) -> None:
        while (name := self._timers.pop_due(now)) is not None:
            if (member := self._members.get(name)) is not None:
                with self._control.contain(name, now):
                    self._judge(member, now)

    def _judge(self, member: Member, now: float) -> None:
        entered, member.entered = member.entered, ""
        pin = "" if member.words.pin is None else member.words.pin.reveal()
        if compare_digest(entered.encode(), pin.encode()):
            self._feed(member, Input.RIGHT, now)
            return
        member.tries += 1
        self._feed(member, Input.WRONG_TOO_OFTEN if member.tries >= TRIES else Input.WRONG, now)

    # ------------------------------------------------------------------------------------------------ the table
    def _feed(self, member: Member, event: Input, now: float) -> None:
        transition = TRANSITIONS.get((member.state, event))
        if transition is None:
            return
        self._timers.set(member.call.call, None)
        member.state, actions = transition
        if member.state is State.GONE:
            self._members.pop(member.call.call, None)
        for action in actions:
            self._carry_out(member, action, now)

    def _carry_out(self, member: Member, action: Action, now: float) -> None:
        control, call = self._control, member.call
        match action:
            case Action.GREET:
                self._greet(member, now)
            case Action.ASK_AGAIN:
                self._ask(member, (WRONG_PIN, ASK_PIN), now)
            case Action.REFUSE:
                control.note("conference.refused", call, now, room=member.room, why="pin")
                rejected = Returned(Result.REJECTED)
                control.later(now, lambda at: control.menus.receive(call, rejected, at), call=call.call)
            case Action.ENTER:
                member.since = now
                control.note("conference.joined", call, now, room=member.room, people=len(self._inside(member.room)))
                self._arrange(member.room)
            case Action.LEAVE:
                people, seconds = len(self._inside(member.room)), round(now - member.since, 1)
                control.note("conference.left", call, now, room=member.room, people=people, seconds=seconds)
                self._arrange(member.room)

    def _greet(self, member: Member, now: float) -> None:
        call = member.call
        if member.say:
            self._say(member, member.say, now)
        else:
            self._control.later(now, lambda at: self._feed(member, Input.SAID, at), call=call.call)

    def _say(self, member: Member, prompts: tuple[Prompt, ...], now: float) -> None:
        self._control.prompts.say(
            member.call, prompts, member.call.language, now, lambda at: self._feed(member, Input.SAID, at)
        )

    def _ask(self, member: Member, prompts: tuple[Prompt, ...], now: float) -> None:
        name = member.call.call
        self._control.prompts.say(
            member.call, prompts, member.call.language, now, lambda at: self._timers.set(name, at + FIRST)
        )

    # ------------------------------------------------------------------------------------------------ the room
    def _people(self, room: str) -> int:
        return sum(member.room == room for member in self._members.values())

    def _inside(self, room: str) -> list[Member]:
        members = self._members.values()
        return [member for member in members if member.room == room and member.state is State.INSIDE]

    def _arrange(self, room: str) -> None:
        """Everybody hears what there is to be heard with so many people."""
        inside = self._inside(room)
        for member in inside:
            leg = self._control.legs.get(member.call.a_leg)
            if leg is None:
                continue
            words = member.words
            source = Music(words.music) if len(inside) == 1 else ConferenceSource(room, chime=words.chime)
            if leg.source != source:
                self._control.legs.hear(leg, source)
