"""Callers who wait, as operators and programs outside see them: listed, changed, moved, picked by hand, sent on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from acd.events import CallChanged
from acd.skills import EVERYBODY, SkillSyntaxError, parse
from acd.ticket import Place
from ivr.targets import Target, TargetError
from softswitch.call.queues.sending import agent_meant, send_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from acd.dispatcher import Dispatcher
    from acd.skills import Expression
    from acd.ticket import Ticket
    from softswitch.call.control import CallControl


#: So many queues are told who asked for one that is not there.
_NAMED = 12


class Why(Enum):
    WRONG = auto()  # makes no sense
    UNKNOWN = auto()  # there is nothing of that name
    IMPOSSIBLE = auto()  # as things are
    BROKEN = auto()  # the switch is


class CannotBe(Exception):
    """Nothing was changed; the message is a sentence for people."""

    def __init__(self, why: Why, message: str) -> None:
        super().__init__(message)
        self.why = why


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of one caller; None: as it is. ``to`` goes alone. ``only_in`` names the queue where the caller
    has to be still."""

    queue: str | None = None
    priority: float | None = None
    needs: str | None = None
    preferred: str | None = None
    to: str | None = None
    only_in: str | None = None
    by: str = ""


class CallerDesk:
    """*settle* is called after a change, for what it makes the switch send."""

    def __init__(
        self, control: CallControl, dispatcher: Dispatcher, *, now: Callable[[], float], settle: Callable[[], None]
    ) -> None:
        self._control = control
        self._dispatcher = dispatcher
        self._now = now
        self._settle = settle

    # ------------------------------------------------------------------------------------------------ looking
    def listed(self) -> list[dict[str, Any]]:
        """Everybody who waits, or is to be called back, by queues and in their order."""
        tickets = [ticket for queue in self._dispatcher.config.queues for ticket in self._dispatcher.waiting(queue.id)]
        return [self._shown(ticket) for ticket in tickets]

    def shown(self, call: str) -> dict[str, Any] | None:
        """One of them, or somebody who talks already; None: no such caller is in a queue."""
        ticket = self._dispatcher.tickets.get(call)
        return None if ticket is None else self._shown(ticket)

    def _shown(self, ticket: Ticket) -> dict[str, Any]:
        """``version`` is another one after every change of what can be changed."""
        call = self._control.calls.get(ticket.call)
        own = {
            "queue": ticket.queue,
            "priority": ticket.priority,
            "needs": "" if ticket.needs == EVERYBODY else str(ticket.needs),
            "prefer": "" if ticket.preferred == EVERYBODY else str(ticket.preferred),
        }
        return {
            "call": ticket.call,
            **own,
            "ahead": self._dispatcher.ahead_of(ticket.call),
            "state": ticket.place.value,
            "waited": round(self._now() - ticket.since, 3),
            "caller": ticket.number or (call.caller.number if call is not None else ticket.customer),
            "name": call.caller.name if call is not None else ticket.about.get("name", ""),
            "language": ticket.variables.get("language", ""),
            "offered_to": [self._dispatcher.offers[offer].agent for offer in ticket.offers],
            "version": hashlib.blake2b(json.dumps(own).encode(), digest_size=6).hexdigest(),
        }

    def find(self, beginning: str) -> Ticket:
        """The caller meant by the beginning of an id, as people copy what fits on their screen. Raises CannotBe."""
        found = [t for call, t in sorted(self._dispatcher.tickets.items()) if call.startswith(beginning)]
        found = [ticket for ticket in found if ticket.call == beginning] or found
        if not found:
            raise CannotBe(Why.UNKNOWN, f"no caller whose id begins with {beginning} is in a queue")
        if len(found) > 1:
            raise CannotBe(Why.WRONG, f"{len(found)} callers have ids that begin with {beginning}: write more")
        return found[0]

    # ------------------------------------------------------------------------------------------------ changing
    def check(self, wanted: Change) -> None:
        """Whether it makes sense, whoever is meant. Raises CannotBe."""
        if wanted.queue is not None:
            self.check_queue(wanted.queue)
        changes = [wanted.queue, wanted.priority, wanted.needs, wanted.preferred]
        if not any(change is not None for change in (*changes, wanted.to)):
            raise CannotBe(Why.WRONG, "say what is to change: queue, priority, needs, preferred, or to")
        if wanted.to is not None:
            if any(change is not None for change in changes):
                raise CannotBe(Why.WRONG, "who is sent on leaves the queue: nothing else can be changed")
            self._target(wanted.to)

    def check_queue(self, name: str) -> None:
        """Raises CannotBe."""
        queues = self._control.reconfiguring.settings.config.queues
        if name not in queues:
            raise CannotBe(Why.UNKNOWN, f"there is no queue {name}; there are {', '.join(list(queues)[:_NAMED])}")

    def _target(self, text: str) -> Target:
        try:
            target = Target.parse(text)
        except TargetError as error:
            raise CannotBe(Why.WRONG, str(error)) from None
        if self._control.reconfiguring.settings.flow.find(target) is None:
            raise CannotBe(Why.UNKNOWN, f"there is no {target.kind} {target.name}")
        return target

    def change(self, beginning: str, wanted: Change) -> dict[str, Any]:
        """Sorted anew at once, or sent on; what became of the caller. *beginning*: of the id. Raises CannotBe."""
        ticket = self.find(beginning)
        if ticket.place is Place.TALKING:
            raise CannotBe(Why.IMPOSSIBLE, f"{ticket.call} talks with an agent already")
        self.check(wanted)
        now, before = self._now(), {"queue": ticket.queue, "priority": ticket.priority}
        if wanted.only_in not in (None, ticket.queue):
            raise CannotBe(Why.IMPOSSIBLE, f"{ticket.call} is in queue {ticket.queue}, not in {wanted.only_in}")
        if wanted.queue in self._dispatcher.closing:
            raise CannotBe(Why.IMPOSSIBLE, f"queue {wanted.queue} is being closed")
        if wanted.to is not None:
            self._check_agent(self._target(wanted.to), now)
        change = CallChanged(
            ticket.call, wanted.queue, wanted.priority, _expression(wanted.needs), _expression(wanted.preferred)
        )
        said = {name: value for name, value in asdict(wanted).items() if value is not None}
        data = {"verb": "call.change", **said, "call": ticket.call}
        self._control.journal_line("admin.changed", ticket.call, now, data)
        sent = True
        with self._control.contain(None, now) as trouble:
            if wanted.to is None:
                self._control.queues.receive(change, now)
            else:
                sent = self._send(ticket.call, self._target(wanted.to), now)
        self._control.on_changed(now)
        self._settle()
        if trouble:
            raise CannotBe(Why.BROKEN, "internal error; the log says more")
        after = self._dispatcher.tickets.get(ticket.call)
        if not sent or (wanted.to is None and after is not None and not _as_wanted(after, wanted)):
            raise CannotBe(Why.IMPOSSIBLE, f"{ticket.call} could not be changed and waits on as before")
        return {
            "call": ticket.call,
            "before": before,
            "queue": None if after is None else after.queue,
            "priority": None if after is None else after.priority,
            "ahead": self._dispatcher.ahead_of(ticket.call),
            "to": wanted.to,
        }

    def _check_agent(self, target: Target, now: float) -> None:
        """Who cannot be rung now is not picked for anybody."""
        agent = agent_meant(self._control, target, now)
        if agent and (why := self._control.availability.agent(agent, now)):
            raise CannotBe(Why.IMPOSSIBLE, f"{agent} cannot be rung: {why}")

    def _send(self, ticket: str, target: Target, now: float) -> bool:
        call = next((call for call in self._control.calls.values() if call.queued_as == ticket), None)
        return call is not None and send_on(self._control, call, target, now)


def _as_wanted(ticket: Ticket, wanted: Change) -> bool:
    return wanted.queue in (None, ticket.queue) and wanted.priority in (None, ticket.priority)


def _expression(text: str | None) -> Expression | None:
    if text is None:
        return None
    try:
        return parse(text)
    except SkillSyntaxError as error:
        raise CannotBe(Why.WRONG, str(error)) from None
