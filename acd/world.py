"""A dispatcher on virtual time, among people whose behaviour is drawn: the same matcher as in the switch, no calls.

What the dispatcher wants done is done by *people* (:class:`People`): agents answer after a while and talk for a while,
callers give up, customers answer callbacks. Used for the waits to come (:mod:`acd.forward`) and for virtual days.
"""

from __future__ import annotations

import math
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Protocol

from acd import effects as fx
from acd import events as ev
from acd.ticket import Place

if TYPE_CHECKING:
    from collections.abc import Callable

    from acd.dispatcher import Dispatcher

#: Places in which a caller hears music and may hang up.
LISTENING = frozenset({"waiting", "offered", "away"})


class People(Protocol):
    """What people do. All lengths are seconds from now on; infinite: never."""

    def rings(self, offer: fx.OfferCall) -> float:
        """Until the agent answers."""

    def talks(self, call: str, queue: str, agent: str) -> float:
        """Until the two have said goodbye."""

    def is_reached(self, call: str, queue: str) -> float:
        """Until a customer who is called back answers."""


class World:
    """``at`` plans something, ``run`` lets time pass. Effects are shown to ``watch`` before people act on them."""

    def __init__(self, dispatcher: Dispatcher, people: People, watch: Callable[[fx.Effect, float], None]) -> None:
        self.dispatcher = dispatcher
        self.now = dispatcher.now
        self.events = 0
        """Events and timers so far: what the run has cost."""
        self._people = people
        self._watch = watch
        self._plan: list[tuple[float, int, ev.Event | Callable[[float], None]]] = []
        self._planned = 0
        self._acts: dict[type[fx.Effect], Callable[..., None]] = {
            fx.OfferCall: self._offered,
            fx.Connect: self._connected,
            fx.DialCallback: self._dial,
        }

    def at(self, when: float, what: ev.Event | Callable[[float], None]) -> None:
        """At that instant the event happens, or the function is called with it; never, if it is infinite."""
        if when < math.inf:
            self._planned += 1
            heappush(self._plan, (when, self._planned, what))

    def gives_up(self, call: str, when: float) -> None:
        """At that instant the caller hangs up, if still listening."""
        self.at(when, lambda now: self.hang_up(call, now))

    def hang_up(self, call: str, now: float) -> None:
        ticket = self.dispatcher.tickets.get(call)
        if ticket is not None and ticket.place.value in LISTENING:
            self.happen(ev.CallLeft(call), now)

    def happen(self, event: ev.Event, now: float) -> None:
        """Something happens at once."""
        self.events += 1
        self.dispatcher.receive(event, now)
        self._carry_out(now)

    def run(self, until: float, done: Callable[[], bool] = lambda: False) -> None:
        """Let time pass up to ``until`` (included), or to when ``done`` says so."""
        plan = self._plan
        while not done():
            due = self.dispatcher.next_deadline()
            planned = plan[0][0] if plan else math.inf
            if due is not None and due <= planned:
                if due > until:
                    break
                self.now = max(self.now, due)
                self.events += 1
                self.dispatcher.handle_timeout(self.now)
                self._carry_out(self.now)
            elif planned <= until:
                _, _, what = heappop(plan)
                self.now = max(self.now, planned)
                if callable(what):
                    what(self.now)
                else:
                    self.happen(what, self.now)
            else:
                break

    def _carry_out(self, now: float) -> None:
        while effects := self.dispatcher.effects():
            for effect in effects:
                self._watch(effect, now)
                act = self._acts.get(type(effect))
                if act is not None:
                    act(effect, now)

    def _offered(self, offer: fx.OfferCall, now: float) -> None:
        self.at(now + self._people.rings(offer), ev.OfferAnswered(offer.offer))

    def _connected(self, connect: fx.Connect, now: float) -> None:
        talk = self._people.talks(connect.call, connect.queue, connect.agent)
        self.talks_until(connect.call, connect.offer, now + talk)

    def talks_until(self, call: str, offer: int, when: float) -> None:
        """The conversation of this offer ends at that instant."""

        def goodbye(now: float) -> None:
            ticket = self.dispatcher.tickets.get(call)
            if ticket is not None and ticket.place is Place.TALKING and ticket.offers == [offer]:
                self.happen(ev.ConversationEnded(call, ev.EndedBy.CALLER), now)

        self.at(when, goodbye)

    def _dial(self, dial: fx.DialCallback, now: float) -> None:
        self.at(now, ev.CallbackDialled(dial.call))
        self.at(now + self._people.is_reached(dial.call, dial.queue), ev.CallbackAnswered(dial.call))
