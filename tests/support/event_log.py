"""What a client reported, in order, with waits that always end: on the event, at a deadline, or with the client."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PATIENCE = 10.0  # seconds a wait lasts unless the test says otherwise


@dataclass(frozen=True, slots=True)
class Event:
    index: int
    at: float  # monotonic seconds
    kind: str
    fields: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]

    def __str__(self) -> str:
        return f"{self.kind} " + " ".join(f"{name}={value!r}"[:120] for name, value in self.fields.items())


class EventLog:
    def __init__(self, name: str, diagnosis: Callable[[], str] = str) -> None:
        self._name = name
        self._diagnosis = diagnosis
        self._events: list[Event] = []
        self._changed = threading.Condition()
        self._closed = ""

    def add(self, kind: str, fields: Mapping[str, Any], at: float | None = None) -> None:
        with self._changed:
            self._events.append(Event(len(self._events), time.monotonic() if at is None else at, kind, fields))
            self._changed.notify_all()

    def close(self, reason: str) -> None:
        with self._changed:
            self._closed = self._closed or reason
            self._changed.notify_all()

    def all(self, kind: str = "", **fields: Any) -> list[Event]:
        with self._changed:
            return [event for event in self._events if _matches(event, kind, fields)]

    def wait(self, kind: str, *, within: float = PATIENCE, after: Event | None = None, **fields: Any) -> Event:
        """The first event of `kind` with these fields, later than `after` if given. A field may be a predicate."""
        deadline = time.monotonic() + within
        seen = 0 if after is None else after.index + 1
        with self._changed:
            while True:
                for event in self._events[seen:]:
                    if _matches(event, kind, fields):
                        return event
                seen = max(seen, len(self._events))
                left = deadline - time.monotonic()
                if self._closed or left <= 0:
                    break
                self._changed.wait(left)
            why = f"ended ({self._closed})" if self._closed else f"did not report within {within:g} s"
            history = "\n".join(f"  {event.at:.3f} {event}" for event in self._events[-25:])
        wanted = kind + "".join(f" {name}={value!r}" for name, value in fields.items())
        raise AssertionError(f"{self._name} {why}: {wanted}\nreported so far:\n{history}\n{self._diagnosis()}")


def _matches(event: Event, kind: str, fields: Mapping[str, Any]) -> bool:
    if kind and event.kind != kind:
        return False
    for name, wanted in fields.items():
        value = event.fields.get(name)
        if not (wanted(value) if callable(wanted) else value == wanted):
            return False
    return True
