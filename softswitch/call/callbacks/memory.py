"""What whoever calls back has to know of a customer. It is kept with the ticket, so it outlasts a restart."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ivr.customers import CUSTOMER_ID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acd.ticket import Ticket
    from softswitch.call.model import Call
    from softswitch.messages import Request

#: So many variables of a call are remembered, of at most so many characters each.
MOST, LONGEST = 60, 200
#: Before the name of each variable: other names are our own.
_PREFIX = "var."
#: Of the call itself; the callback has others.
_OWN = frozenset({"ani", "did", "name", "path"})


@dataclass(frozen=True, slots=True)
class Memory:
    """*trunk*: by which the customer came, "" for none; *dialled*: what the customer had called; *known*: variables of
    the call, without secret ones; *number*: where the customer is called, if known by something else."""

    name: str = ""
    trunk: str = ""
    dialled: str = ""
    known: Mapping[str, str] = field(default_factory=dict)
    number: str = ""

    @classmethod
    def of_call(cls, call: Call) -> Memory:
        found = call.session.progress.public
        order = sorted(found.items(), key=lambda item: (item[0] != CUSTOMER_ID, item[0]))
        known = {name: value for name, value in order if name not in _OWN and len(value) <= LONGEST}
        caller, number = call.caller, ""
        if CUSTOMER_ID in known:
            number = caller.phone or caller.number
        return cls(caller.name, caller.trunk or "", call.dialled, dict(list(known.items())[:MOST]), number)

    @classmethod
    def of_request(cls, request: Request) -> Memory:
        return cls(request.name, request.trunk, request.dialled, dict(request.known))

    @classmethod
    def of_ticket(cls, ticket: Ticket | None) -> Memory:
        about = {} if ticket is None else ticket.about
        known = {name.removeprefix(_PREFIX): value for name, value in about.items() if name.startswith(_PREFIX)}
        name, trunk, dialled, number = (about.get(own, "") for own in ("name", "trunk", "dialled", "number"))
        return cls(name, trunk, dialled, known, number)

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """For `acd.events.CallbackRequested.about`."""
        own = {"name": self.name, "trunk": self.trunk, "dialled": self.dialled, "number": self.number}
        return (
            *((name, value) for name, value in own.items() if value),
            *((_PREFIX + name, value) for name, value in self.known.items()),
        )
