"""Find-me: somebody is looked for at several places, one after another or at once, until one of them takes the call.

Who cannot be rung is passed over without an INVITE, and the next place rings in the same instant. Somebody outside has
to press a key: a mailbox or a child answers, but does not take the call.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ivr.events import Returned
from ivr.nodes import Result
from ivr.people import AGENT
from ivr.targets import EXTERNAL
from rtp.legs import Silence, Tone
from softswitch.call.menus.handlers import Handler
from softswitch.call.model import Role
from softswitch.call.ringing.desks import Callbacks
from softswitch.call.ringing.dialling import Attempt, Failure
from softswitch.call.ringing.display import announced, shown
from softswitch.call.ringing.hunt import Hunt, State
from softswitch.call.ringing.hunt import Input as Found
from softswitch.call.stages import Input
from softswitch.call.timers import Timers
from softswitch.speech import phrases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ivr.effects import Ask, HandOver
    from ivr.nodes import Prompt
    from ivr.targets import Target
    from sip.message import Response
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call, Leg
    from softswitch.call.ringing.availability import Availability
    from softswitch.call.settings import Settings
    from softswitch.config import Config
    from softswitch.config.words.callers import FindMe as FindMeTable

#: The key that takes a call, the seconds in which it has to be pressed, and those between two requests to do so.
TAKE, CONFIRM_WITHIN, ASK_AGAIN = "1", 15.0, 2.0

#: Which clock of a place, or of the whole search: rings too long, is not confirmed, is asked again; one more is due.
RINGS, CONFIRMS, ASKS, ADDS = "rings", "confirms", "asks", "adds"


@dataclass(slots=True)
class Search:
    """One caller who is being put through to somebody."""

    call: Call
    table: FindMeTable
    hunt: Hunt
    attempts: dict[int, int] = field(default_factory=dict)  # place → attempt that rings
    legs: dict[int, Leg] = field(default_factory=dict)  # place → leg that has answered and not confirmed yet
    result: Result = Result.UNAVAILABLE


class FindMe(Handler):
    """All searches under way."""

    def __init__(self, control: CallControl, config: Config, availability: Availability) -> None:
        self._control = control
        self._config = config
        self._availability = availability
        self._searches: dict[str, Search] = {}
        self._timers: Timers[tuple[str, int, str]] = Timers()

    def __len__(self) -> int:
        return len(self._searches) + len(self._timers)

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        self._config = settings.config

    # ------------------------------------------------------------------------------------------------ asked
    def begin(self, call: Call, leg: Leg, effect: Ask | HandOver, now: float) -> None:
        control, table = self._control, call.config.findmes.get(effect.name)
        control.queues.leave_place(call, now)
        if table is None or not control.advance(call, Input.RING_PHONE):
            control.later(now, lambda at: control.menus.receive(call, Returned(Result.UNAVAILABLE), at), call=call.call)
            return
        hunt = Hunt([State.WAITING] * len(table.ring), table.mode, table.add_after)
        self._searches[call.call] = search = Search(call, table, hunt)
        # in the step after this one: the IVR waits for the result by then
        control.later(now, lambda at: self._go_on(search, at), call=call.call)

    def cancel(self, call: Call, now: float) -> None:
        """The caller is gone: nobody rings any more."""
        if (search := self._searches.get(call.call)) is not None:
            self._call_off(search, now)

    # ------------------------------------------------------------------------------------------------ searching
    def _go_on(self, search: Search, now: float) -> None:
        """Try every place that is due; give the caller back when none is left."""
        if self._searches.get(search.call.call) is not search:
            return
        hunt = search.hunt
        while (place := hunt.due(now)) is not None:
            self._try(search, place, now)
        if hunt.over:
            self._nobody(search, now)
        elif search.table.mode == "cascade" and State.WAITING in hunt.states:
            self._timers.set((search.call.call, -1, ADDS), hunt.next_at())

    def _try(self, search: Search, place: int, now: float) -> None:
        """Ring the place, or pass it over."""
        control, call, target = self._control, search.call, search.table.ring[place]
        why = self._obstacle(call, target, now)
        attempt = Failure.UNREACHABLE if why else self._ring(search, place, target, now)
        if isinstance(attempt, Failure):
            search.hunt.tell(place, Found.SKIP, now)
            control.note("findme.skipped", call, now, place=str(target), why=why or "unreachable")
            return
        search.hunt.tell(place, Found.RING, now)
        search.attempts[place] = attempt.attempt
        self._timers.set((call.call, place, RINGS), now + search.table.timeout)
        control.note("findme.ringing", call, now, place=str(target))
        caller = control.legs.get(call.a_leg)
        if caller is not None and caller.answered and caller.source != Tone("ringback"):
            control.legs.hear(caller, Tone("ringback"), detect_inband=False)

    def _obstacle(self, call: Call, target: Target, now: float) -> str:
        match target.kind:
            case "agent":
                return self._availability.agent(target.name, now)
            case "phone":
                return self._availability.phone(target.name, now)
        return ""  # trunks are asked when they are dialled through

    def _ring(self, search: Search, place: int, target: Target, now: float) -> Attempt | Failure:
        control, call = self._control, search.call

        def ringing(attempt: Attempt, leg: Leg, response: Response, at: float) -> None:
            caller = control.legs.get(call.a_leg)
            if caller is not None and not caller.answered:
                control.sip.ring(caller.usage, 180, now=at)

        def answered(attempt: Attempt, leg: Leg, at: float) -> None:
            self._answered(search, place, leg, at)

        def failed(attempt: Attempt, failure: Failure, at: float) -> None:
            if failure is Failure.REJECTED:
                search.result = Result.REJECTED
            self._failed(search, place, failure.name.lower().replace("_", "-"), at)

        callbacks = Callbacks(on_ringing=ringing, on_answer=answered, on_failure=failed)
        display = shown(call, self._config.display, label=search.table.label)
        if target.kind == EXTERNAL:
            return control.dialling.ring_number(
                call, target.number, target.trunk, Role.PHONE, display=display, **callbacks, now=now
            )
        phone = self._availability.phone_of(target.name) if target.kind == AGENT else target.name
        headers = announced(call, self._config.display, self._config.sip.domain, label=search.table.label)
        return control.dialling.ring(call, phone, Role.PHONE, display=display, headers=headers, **callbacks, now=now)

    def _failed(self, search: Search, place: int, how: str, now: float) -> None:
        """The place will not take the call."""
        if not search.hunt.tell(place, Found.FAIL, now):
            return
        self._clear(search, place)
        self._control.note("findme.over", search.call, now, place=str(search.table.ring[place]), how=how)
        self._go_on(search, now)

    def _nobody(self, search: Search, now: float) -> None:
        control, call = self._control, search.call
        result = search.result
        if search.hunt.rung and result is Result.UNAVAILABLE:
            result = Result.NO_ANSWER
        self._call_off(search, now)
        if not control.advance(call, Input.RETURN):
            return
        caller = control.legs.get(call.a_leg)
        if caller is not None and caller.answered:
            control.legs.hear(caller, Silence())
        control.menus.receive(call, Returned(result), now)

    # ------------------------------------------------------------------------------------------------ found
    def _answered(self, search: Search, place: int, leg: Leg, now: float) -> None:
        call, target = search.call, search.table.ring[place]
        self._timers.set((call.call, place, RINGS), None)
        search.attempts.pop(place, None)
        if target.kind == EXTERNAL and search.table.confirm:
            if search.hunt.tell(place, Found.ANSWER_TO_CONFIRM, now):
                search.legs[place] = leg
                leg.detect_inband = True
                self._timers.set((call.call, place, CONFIRMS), now + CONFIRM_WITHIN)
                self._control.note("findme.answered", call, now, place=str(target))
                self._ask(search, place, now)
                return
        elif search.hunt.tell(place, Found.ANSWER, now):
            self._connect(search, place, leg, now)
            return
        self._control.legs.hang_up(leg, now)

    def _ask(self, search: Search, place: int, now: float) -> None:
        """Say what the key is for, again and again."""
        leg, call = search.legs.get(place), search.call
        if leg is None:
            return

        def said(at: float) -> None:
            if search.legs.get(place) is leg:
                self._timers.set((call.call, place, ASKS), at + ASK_AGAIN)

        prompt = phrases.confirm_call(TAKE)
        self._control.prompts.say_to(leg, (prompt,), self._config.server.language, now, said)

    def pressed_by(self, call: Call, leg: Leg, digit: str, now: float) -> bool:
        """A key of somebody who has answered; True when they are asked to press one."""
        search = self._searches.get(call.call)
        place = None if search is None else next((p for p, other in search.legs.items() if other is leg), None)
        if search is None or place is None:
            return False
        if digit == TAKE and search.hunt.tell(place, Found.CONFIRM, now):
            del search.legs[place]
            self._control.prompts.forget(leg.leg)
            self._connect(search, place, leg, now)
        return True

    def _connect(self, search: Search, place: int, leg: Leg, now: float) -> None:
        control, call, target = self._control, search.call, search.table.ring[place]
        self._call_off(search, now)
        caller = control.legs.get(call.a_leg)
        if caller is None or not control.advance(call, Input.CONNECT):
            control.legs.hang_up(leg, now)
            return
        control.answer(call, caller, now)
        agent = target.name if target.kind == AGENT else None
        control.connect(call, caller, leg, now, agent=agent, phone=leg.phone or target.number)

    # ------------------------------------------------------------------------------------------------ ends
    def lost(self, leg: Leg, now: float) -> bool:
        """*leg* is gone; True when somebody had answered with it and not taken the call yet."""
        search = self._searches.get(leg.call)
        place = None if search is None else next((p for p, other in search.legs.items() if other is leg), None)
        if search is None or place is None:
            return False
        self._failed(search, place, "not-confirmed", now)
        return True

    def next_deadline(self) -> float | None:
        return self._timers.next_deadline()

    def handle_timeout(self, now: float) -> None:
        while (due := self._timers.pop_due(now)) is not None:
            call, place, clock = due
            search = self._searches.get(call)
            if search is None:
                continue
            with self._control.contain(call, now):
                if clock == ADDS:
                    self._go_on(search, now)
                elif clock == ASKS:
                    self._ask(search, place, now)
                else:
                    self._stop(search, place, now)
                    self._failed(search, place, "no-answer" if clock == RINGS else "not-confirmed", now)

    def _stop(self, search: Search, place: int, now: float) -> None:
        """The place rings no more, and who has answered there is hung up on."""
        self._control.dialling.cancel(search.attempts.pop(place, None), now)
        leg = search.legs.pop(place, None)
        if leg is not None:
            self._control.prompts.forget(leg.leg)
            self._control.legs.hang_up(leg, now)

    def _clear(self, search: Search, place: int) -> None:
        search.attempts.pop(place, None)
        leg = search.legs.pop(place, None)
        if leg is not None:
            self._control.prompts.forget(leg.leg)
        for clock in (RINGS, CONFIRMS, ASKS):
            self._timers.set((search.call.call, place, clock), None)

    def _call_off(self, search: Search, now: float) -> None:
        """The search is over: nobody but who has the call is rung or kept any longer."""
        self._searches.pop(search.call.call, None)
        self._timers.set((search.call.call, -1, ADDS), None)
        stopped = search.hunt.call_off(now)
        for place in range(len(search.hunt.states)):
            if place in stopped:
                self._stop(search, place, now)
            self._clear(search, place)


def find_me_prompts(config: Config) -> Iterator[Prompt]:
    """What somebody who is looked for may hear."""
    if any(place.kind == EXTERNAL for table in config.findmes.values() if table.confirm for place in table.ring):
        yield phrases.confirm_call(TAKE)
