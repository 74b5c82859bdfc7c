"""Who is to be called back: callers who waited in vain, and callbacks that were ordered and are not made yet.

Pure functions of call records and journal lines.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from softswitch.store.cdr import Disposition

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from softswitch.messages import Request
    from softswitch.store.cdr import CallRecord, Record

#: What the functions below read besides call records.
KINDS = ("callback.ordered", "callback_request.due", "acd.callback_kept", "acd.call_over")
_IN_VAIN = (Disposition.ABANDONED, Disposition.NOT_SERVED, Disposition.CUT)
_REACHED = (Disposition.SERVED, Disposition.CONNECTED)


#: What stands for a number that was erased begins so; nobody can be called by it.
ERASED = "erased-"


class Why(StrEnum):
    GAVE_UP = "gave up"  # hung up while waiting
    TURNED_AWAY = "not served"  # the queue was full, or nobody came
    CUT_OFF = "cut off"  # by a restart
    ORDERED = "callback ordered"
    ASKED = "asked out of hours"
    DUE = "asked before, due"


_WHY = {
    Disposition.ABANDONED: Why.GAVE_UP,
    Disposition.NOT_SERVED: Why.TURNED_AWAY,
    Disposition.CUT: Why.CUT_OFF,
}


@dataclass(frozen=True, slots=True)
class Missed:
    """Somebody who has not been served. ``at``: wall time of the last try; ``waited``: seconds, of all tries.

    ``request``: X of the ``[callback.X]`` by which it was asked for; empty for all others.
    """

    number: str
    name: str
    queue: str
    at: float
    waited: float
    tries: int
    why: Why
    call: str
    request: str = ""


def missed(
    records: Sequence[CallRecord], lines: Iterable[Record] = (), *, short: Mapping[str, float] | None = None
) -> list[Missed]:
    """The longest ago first, each number once. Whoever was served since, at any telephone, is not among them.

    *lines*: of the `KINDS`. *short*: seconds for each queue; who gave up sooner never really waited.
    """
    ordered = _ordered(lines)
    found: dict[str, Missed] = {}
    last: dict[str, str] = {}  # who called last from a number, as far as is known
    of_customer: dict[str, set[str]] = {}  # numbers from which a customer has called
    for record in sorted(records, key=lambda record: (record.started, record.call)):
        number = record.caller
        if number.startswith(ERASED):
            continue
        if record.disposition not in _REACHED:
            last[number] = record.customer_id
        if record.customer_id and record.disposition not in _REACHED:
            of_customer.setdefault(record.customer_id, set()).add(number)
        if record.call in ordered:
            number = str(ordered[record.call].data.get("number", number))
            found[number] = replace(_of(record, found.get(number), Why.ORDERED), number=number)
        elif record.disposition in _REACHED:
            found.pop(number, None)
            for other in of_customer.pop(record.customer_id, ()):
                if last[other] == record.customer_id:
                    found.pop(other, None)
        elif number and record.queue and record.disposition in _IN_VAIN:
            gave_up = record.disposition is Disposition.ABANDONED
            if gave_up and record.waited < (short or {}).get(record.queue, 0.0):
                continue
            before = found.get(number)
            if before is None or before.why is not Why.ORDERED:
                found[number] = _of(record, before, _WHY[record.disposition])
    return sorted(found.values(), key=lambda caller: (caller.at, caller.call))


def asked(requests: Iterable[Request], queues: Mapping[str, str]) -> list[Missed]:
    """Those who want to be called back when it is open again. *queues*: who calls back for each kind of request."""
    return [
        Missed(
            number=item.number,
            name=item.name,
            queue=queues.get(item.kind, ""),  # none: whoever reads the mail
            at=item.at,
            waited=0.0,
            tries=item.asked,
            why=Why.ASKED,
            call=item.id.rpartition("~")[2],
            request=item.kind,
        )
        for item in requests
    ]


def due(lines: Iterable[Record]) -> list[Missed]:
    """Those of them whose time has come, and who are in their queue now."""
    found: dict[str, Missed] = {}
    for line in sorted(lines, key=lambda line: line.seq):
        if line.kind == "callback_request.due":
            request, queue, number = (str(line.data.get(name, "")) for name in ("request", "queue", "number"))
            kind, _, call = request.rpartition("~")
            found[request] = Missed(number, "", queue, line.at, 0.0, 1, Why.DUE, call, kind)
        elif line.kind == "acd.call_over" and line.call is not None:
            found.pop(line.call, None)
    return list(found.values())


def _ordered(lines: Iterable[Record]) -> dict[str, Record]:
    """Callbacks that are still to be made, by the call in which they were ordered."""
    open_orders: dict[str, Record] = {}
    tickets: dict[str, str] = {}
    for line in sorted(lines, key=lambda line: line.seq):
        if line.call is None:
            continue
        if line.kind == "acd.call_over":
            open_orders.pop(tickets.get(line.call, line.call), None)
        else:
            open_orders[line.call] = line
            tickets[str(line.data.get("ticket", line.call))] = line.call
    return open_orders


def _of(record: CallRecord, before: Missed | None, why: Why) -> Missed:
    return Missed(
        number=record.caller,
        name=record.name,
        queue=record.queue,
        at=record.started,
        waited=record.waited + (0.0 if before is None else before.waited),
        tries=1 + (0 if before is None else before.tries),
        why=why,
        call=record.call,
    )
