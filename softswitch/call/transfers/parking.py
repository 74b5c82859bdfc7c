"""Call park: a caller is left at a numbered place, where any phone can fetch them by dialling the number.

Who talks with a caller sends them to a place, as to any other number: by the telephone's own transfer or by keys. The
code for parking is the first place that is free, and whoever parks hears which; the number of a place is that place.
Who dials the code beforehand hears a number that is kept for them until they have sent the caller there, or hang up.
A caller whom nobody fetches comes back to whoever has parked them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ivr.events import Returned
from ivr.nodes import Result
from ivr.rooms import PARK
from ivr.targets import Target
from rtp.legs import Music
from softswitch.call.menus.handlers import Handler
from softswitch.call.model import Role
from softswitch.call.stages import Input
from softswitch.call.timers import Timers
from softswitch.speech import phrases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ivr.effects import Ask, HandOver
    from ivr.nodes import Prompt
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call, Leg
    from softswitch.call.settings import Settings
    from softswitch.call.transfers.sending_on import Transfer
    from softswitch.config import Config


@dataclass(frozen=True, slots=True)
class Parked:
    """One caller at a place. `transfer` tells who parked them, and where they were before."""

    call: Call
    place: str
    transfer: Transfer


class Parking(Handler):
    """All places."""

    def __init__(self, control: CallControl, config: Config) -> None:
        self._control = control
        self._config = config
        self._parked: dict[str, Parked] = {}  # by place
        self._kept: dict[str, Call] = {}  # by place: the call of a phone that has been told it
        self._timers: Timers[str] = Timers()

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        self._config = settings.config

    def __len__(self) -> int:
        return len(self._parked) + len(self._kept) + len(self._timers)

    # ------------------------------------------------------------------------------------------------ numbers
    @property
    def _places(self) -> tuple[str, ...]:
        return () if self._config.park is None else self._config.park.places.numbers

    def _is_code(self, dialled: str) -> bool:
        return bool(self._config.park is not None and dialled and dialled == self._config.features.park)

    def find(self, dialled: str) -> Target | None:
        """The place that a phone of ours means by *dialled*, whether it calls there or sends somebody there."""
        if self._is_code(dialled):
            free = (place for place in self._places if place not in self._parked and place not in self._kept)
            return Target(PARK, next(free, ""))
        return Target(PARK, dialled) if dialled in self._places or dialled in self._parked else None

    # ------------------------------------------------------------------------------------------------ who comes
    def begin(self, call: Call, leg: Leg, effect: Ask | HandOver, now: float) -> None:
        """Somebody has been sent to the place, or has dialled it."""
        transfer, there = self._control.transfers.sending(call), self._parked.get(effect.name)
        self._control.queues.leave_place(call, now)
        if transfer is not None:
            self._park(transfer, leg, effect.name, now)
        elif there is not None:
            self._fetch(call, leg, there, now)
        elif not self._is_code(call.dialled):
            self._tell(call, leg, phrases.park_empty(), now)
        elif not effect.name:
            self._tell(call, leg, phrases.park_full(), now)
        else:
            self._kept[effect.name] = call
            self._control.answer(call, leg, now)
            prompt = phrases.park_place(effect.name)
            self._control.prompts.say(call, (prompt,), call.language, now, lambda at: self._wait(leg))

    def _tell(self, call: Call, leg: Leg, prompt: Prompt, now: float) -> None:
        control = self._control
        control.answer(call, leg, now)
        over = Returned(Result.DONE)
        control.prompts.say(call, (prompt,), call.language, now, lambda at: control.menus.receive(call, over, at))

    def _wait(self, leg: Leg) -> None:
        channel = "" if self._config.park is None else self._config.park.music
        if channel:
            self._control.legs.hear(leg, Music(channel))

    # ------------------------------------------------------------------------------------------------ parked
    def _park(self, transfer: Transfer, leg: Leg, place: str, now: float) -> None:
        control, call, words = self._control, transfer.call, self._config.park
        if words is None or not place or place in self._parked or place in self._kept:
            busy = Returned(Result.BUSY)
            control.later(now, lambda at: control.menus.receive(call, busy, at), call=call.call)
            return
        self._parked[place] = Parked(call, place, transfer)
        self._timers.set(place, now + words.timeout)
        control.answer(call, leg, now)
        self._wait(leg)
        control.note("park.parked", call, now, place=place, by=transfer.by)
        sender = transfer.leg
        if sender.ended or sender.held:  # hears nothing
            control.transfers.took(call, now)
        else:
            self._say_to(sender, phrases.park_place(place), now, lambda at: control.transfers.took(call, at))

    def _say_to(self, leg: Leg, prompt: Prompt, now: float, then: Callable[[float], None]) -> None:
        known = self._config.agents.get(self._control.workplaces.agent_at(leg.phone) or "")
        language = (known.language if known is not None else None) or self._config.server.language
        self._control.prompts.say_to(leg, (prompt,), language, now, then)

    def sender_gone(self, call: Call, now: float) -> None:
        """Who sends *call* has hung up. If it is parked, they did not want to hear where."""
        if any(parked.call is call for parked in self._parked.values()):
            self._control.transfers.took(call, now)

    def cancel(self, call: Call, now: float) -> None:
        """The caller is gone or is sent elsewhere, or the phone that was told a place."""
        for place in [place for place, parked in self._parked.items() if parked.call is call]:
            self._forget(place)
        for place in [place for place, kept in self._kept.items() if kept is call]:
            del self._kept[place]

    def _forget(self, place: str) -> None:
        del self._parked[place]
        self._timers.set(place, None)

    # ------------------------------------------------------------------------------------------------ fetched
    def _fetch(self, call: Call, leg: Leg, parked: Parked, now: float) -> None:
        """The two talk in the call of who was parked; the one that fetches them is over."""
        control, found = self._control, parked.call
        caller = control.legs.get(found.a_leg)
        control.answer(call, leg, now)
        if caller is None or not control.advance(found, Input.FETCHED):
            self._tell(call, leg, phrases.park_empty(), now)
            return
        self._forget(parked.place)
        call.a_leg = 0
        leg.call, leg.role = found.call, Role.PHONE
        control.note("park.fetched", found, now, place=parked.place, by=leg.phone, fetching=call.call)
        control.connect(found, caller, leg, now, phone=leg.phone)
        control.later(now, lambda at: control.endings.call_over(call, at, by="phone", cause="fetched"), call=call.call)

    # ------------------------------------------------------------------------------------------------ too long
    def next_deadline(self) -> float | None:
        return self._timers.next_deadline()

    def handle_timeout(self, now: float) -> None:
        while (place := self._timers.pop_due(now)) is not None:
            parked = self._parked.get(place)
            if parked is not None:
                with self._control.contain(parked.call.call, now):
                    self._forget(place)
                    self._control.note("park.timed_out", parked.call, now, place=place, by=parked.transfer.by)
                    parked.call.label = place
                    self._control.transfers.recall(parked.transfer, now)


def park_prompts(config: Config) -> Iterator[Prompt]:
    """What there is to be heard about places."""
    if config.park is not None:
        yield from (phrases.park_empty(), phrases.park_full())
        yield from map(phrases.park_place, config.park.places.numbers)
