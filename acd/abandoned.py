"""Callers who gave up waiting and have not been heard of since: whom to call back.

A pure function of the journal. Who hung up at once is left out, and so is who called again, has ordered a callback or
talked to somebody meanwhile. Calls that a restart cut off while they waited count as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Who hung up sooner did not want to wait at all, or has misdialled.
SHORT = 5.0

_GAVE_UP = frozenset({"abandoned", "restart"})


@dataclass(frozen=True, slots=True)
class Abandoned:
    """The last one of so many calls (``times``) in a row that came to nothing. Times in seconds."""

    customer: str
    queue: str
    call: str
    at: float
    waited: float
    times: int


def abandoned(records: Iterable[Mapping[str, Any]], *, short: float = SHORT) -> list[Abandoned]:
    """Whom to call back by these records (oldest first), who gave up first at the head."""
    missed: dict[str, Abandoned] = {}
    here: dict[str, str] = {}  # call → customer
    before: dict[str, Abandoned] = {}  # calls again; still to be called back if that comes to nothing at once
    for record in records:
        call = str(record.get("call", ""))
        match record["kind"]:
            case "queued" if customer := str(record.get("customer") or ""):
                here[call] = customer
                if customer in missed:
                    before[customer] = missed.pop(customer)
            case "connect" | "callback_ordered" | "callback_kept":
                before.pop(here.get(call, ""), None)
            case "call_over":
                customer = here.pop(call, "")
                earlier = before.pop(customer, None)
                waited = record.get("waited")
                if not customer or waited is None or record["how"] not in _GAVE_UP:
                    continue
                if waited >= short:
                    times = 1 if earlier is None else earlier.times + 1
                    missed[customer] = Abandoned(
                        customer, str(record["queue"]), call, float(record["at"]), float(waited), times
                    )
                elif earlier is not None:
                    missed[customer] = earlier
    return sorted(missed.values(), key=lambda one: (one.at, one.customer))
