"""Containment: callers who entered a menu and were helped by it, without asking for a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acd.figures.definitions import figure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acd.figures.definitions import Figure
    from softswitch.store.cdr import Record

#: Seconds in which a caller who calls again was not helped the first time.
REPEAT = 86_400.0
#: Who hangs up sooner than after so many seconds has not listened.
LISTENED = 5.0
#: Steps that mean a person.
_PEOPLE = frozenset({"queue", "agent", "phone", "findme", "external"})

KINDS = frozenset({"call.started", "ivr.node_entered", "acd.queued", "acd.call_over", "call.ended", "call.connected"})


@dataclass(slots=True)
class Visit:
    """One call, as far as menus are concerned. Instants are seconds since the epoch."""

    call: str
    caller: str
    began: float
    ended: float | None = None
    in_menu: bool = False
    asked: bool = False
    menu: str = ""  # where the caller was last
    hung_up_in_menu: bool = False

    @property
    def contained(self) -> bool:
        return self.in_menu and not self.asked

    def truly_contained(self, again: bool) -> bool:
        return self.contained and not again and self.ended is not None and self.ended - self.began >= LISTENED


class Visits:
    """Feed :meth:`read` with records in order; :meth:`done` gives the calls that are over, each once."""

    def __init__(self) -> None:
        self._open: dict[str, Visit] = {}
        self._done: list[Visit] = []

    def read(self, record: Record) -> None:
        if record.call is None:
            return
        if record.kind == "call.started":
            came = record.data.get("trunk") or record.data.get("phone")
            if came and not record.data.get("callback_of"):
                self._open[record.call] = Visit(record.call, str(record.data.get("caller") or ""), record.at)
            return
        visit = self._open.get(record.call)
        if visit is None:
            return
        match record.kind:
            case "ivr.node_entered":
                kind, _, name = str(record.data.get("node") or "").partition(":")
                visit.in_menu = visit.in_menu or kind == "menu"
                visit.asked = visit.asked or kind in _PEOPLE
                visit.menu = name if kind == "menu" else visit.menu
            case "acd.queued" | "acd.call_over" | "call.connected":
                visit.asked = True
            case "call.ended":
                visit.ended = record.at
                visit.hung_up_in_menu = visit.contained and record.data.get("by") == "caller"
                del self._open[record.call]
                if visit.in_menu:
                    self._done.append(visit)

    def done(self) -> list[Visit]:
        done, self._done = self._done, []
        return done

    def __iter__(self) -> Iterator[Visit]:
        """Those that go on."""
        return iter(self._open.values())


@dataclass(slots=True)
class Containment:
    """Sums over any number of visits."""

    entered: int = 0
    contained: int = 0
    truly: int = 0

    def add(self, visit: Visit, *, again: bool) -> None:
        """*again*: the same number called within `REPEAT` after the end."""
        self.entered += 1
        self.contained += visit.contained
        self.truly += visit.truly_contained(again)

    def __iadd__(self, other: Containment) -> Containment:
        self.entered += other.entered
        self.contained += other.contained
        self.truly += other.truly
        return self

    def figures(self) -> dict[str, Figure]:
        repeat = f"repeat={REPEAT:g},listened={LISTENED:g}"
        found = (
            figure("containment", self.contained, self.entered),
            figure("true_containment", self.truly, self.entered, definition=f"true_containment({repeat})"),
        )
        return {one.name: one for one in found}
