"""Containment: callers who entered a menu and were helped by it, without asking for a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from acd.figures.definitions import figure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from acd.figures.definitions import Figure
    from softswitch.store.cdr import Record

#: Seconds in which a caller who calls again was not helped the first time.
REPEAT = 86_400.0
#: Who hangs up sooner than after so many seconds has not listened.
LISTENED = 5.0
#: Steps that mean a person, now or later.
_PEOPLE = frozenset({"queue", "agent", "phone", "findme", "external", "callback", "voicemail"})
#: The switch begins: no call of the time before goes on.
_STARTED = "switch.started"

KINDS = frozenset(
    {"call.started", "ivr.node_entered", "acd.queued", "acd.call_over", "call.ended", "call.connected", _STARTED}
) | {"call.identified"}
#: By what it is known that somebody calls again.
CALLERS = frozenset({"call.started", "call.identified", "call.ended", _STARTED})
#: Besides, what callers are told apart by.
TOLD_APART_BY = frozenset({"ivr.language_chosen", "ivr.variables_set", "ivr.message_voiced", "ivr.version_chosen"})


@dataclass(slots=True)
class Visit:
    """One call, as far as menus are concerned. Instants are seconds since the epoch."""

    call: str
    caller: str
    began: float
    customer_id: str = ""
    ended: float | None = None
    in_menu: bool = False
    asked: bool = False
    menu: str = ""  # where the caller was last
    hung_up_in_menu: bool = False
    dialled: str = ""
    language: str = ""
    segment: str = ""
    label: str = ""  # of the key that was pressed last
    path: str = ""  # menus and keys, "main 2 > support 1"
    menus: list[str] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)  # of places that have some, "menu:main = menu:new"

    @property
    def contained(self) -> bool:
        return self.in_menu and not self.asked

    @property
    def at_once(self) -> bool:
        """Hung up before anything can have been understood."""
        return self.ended is not None and self.ended - self.began < LISTENED

    def truly_contained(self, again: bool) -> bool:
        return self.contained and not again and self.ended is not None and not self.at_once


class Visits:
    """Feed :meth:`read` with records in order; :meth:`done` gives the calls that are over, each once."""

    def __init__(self) -> None:
        self._open: dict[str, Visit] = {}
        self._done: list[Visit] = []

    def read(self, record: Record) -> None:
        if record.kind == _STARTED:
            self._open.clear()  # cut off: nobody knows what these callers would have done
        if record.call is None:
            return
        data = record.data
        if record.kind == "call.started":
            came = data.get("trunk") or data.get("phone")
            if came and not data.get("callback_of"):
                visit = self._open[record.call] = Visit(record.call, str(data.get("caller") or ""), record.at)
                visit.dialled, visit.language = str(data.get("dialled") or ""), str(data.get("language") or "")
                visit.segment = str(data.get("segment") or "")
                visit.customer_id = str(data.get("customer_id") or "")
            return
        found = self._open.get(record.call)
        if found is not None:
            self._follow(found, record.kind, record.at, data)

    def _follow(self, visit: Visit, kind: str, at: float, data: Mapping[str, Any]) -> None:
        match kind:
            case "ivr.node_entered":
                self._entered(visit, str(data.get("node") or ""))
            case "acd.queued" | "acd.call_over" | "call.connected":
                visit.asked = True
            case "call.identified":
                visit.customer_id = str(data.get("customer_id") or "")
            case "ivr.language_chosen":
                visit.language = str(data.get("language") or "") or visit.language
            case "ivr.variables_set":
                visit.segment = str(_mapping(data.get("values")).get("segment") or "") or visit.segment
            case "ivr.message_voiced":
                visit.segment = str(data.get("segment") or "") or visit.segment
            case "ivr.version_chosen":
                visit.versions.append(f"{data.get('node')} = {data.get('to')}")
            case "call.ended":
                visit.ended = at
                visit.hung_up_in_menu = visit.contained and data.get("by") == "caller"
                visit.label, visit.path = str(data.get("menu_label") or ""), str(data.get("menu_path") or "")
                del self._open[visit.call]
                if visit.in_menu:
                    self._done.append(visit)

    @staticmethod
    def _entered(visit: Visit, node: str) -> None:
        kind, _, name = node.partition(":")
        visit.asked = visit.asked or kind in _PEOPLE
        if kind == "menu":
            visit.in_menu, visit.menu = True, name
            visit.menus.append(name)

    def done(self) -> list[Visit]:
        done, self._done = self._done, []
        return done

    def __iter__(self) -> Iterator[Visit]:
        """Those that go on."""
        return iter(self._open.values())


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


class Judge:
    """Waits whether contained callers call again; *count* is told each visit once, and whether they did.

    Who calls again calls from the same number, or is the same customer at another one.
    """

    def __init__(self, count: Callable[[Visit, bool], None]) -> None:
        self._count = count
        self._contained: dict[str, dict[str, Visit]] = {}  # by caller, and by customer: visits by their calls
        self._callbacks: set[str] = set()  # calls of ours

    def over(self, visit: Visit) -> None:
        names = _names(visit.caller, visit.customer_id) if visit.contained else ()
        if not names:
            self._count(visit, False)
        for name in names:
            self._contained.setdefault(name, {})[visit.call] = visit

    def read(self, record: Record) -> None:
        """Lines of kinds in `CALLERS`: somebody calls, and it may turn out who that is."""
        data, call = record.data, record.call or ""
        match record.kind:
            case "switch.started":
                self._callbacks.clear()
            case "call.ended":
                self._callbacks.discard(call)
            case "call.started" if data.get("callback_of"):
                self._callbacks.add(call)
            case "call.started" | "call.identified" if call not in self._callbacks:
                for name in _names(str(data.get("caller") or ""), str(data.get("customer_id") or "")):
                    self._called(name, record.at)

    def _called(self, name: str, at: float) -> None:
        for visit in list(self._contained.get(name, {}).values()):
            self._settle(visit, visit.ended is not None and at - visit.ended <= REPEAT)

    def _settle(self, visit: Visit, again: bool) -> None:
        for name in _names(visit.caller, visit.customer_id):
            visits = self._contained[name]
            del visits[visit.call]
            if not visits:
                del self._contained[name]
        self._count(visit, again)

    def close(self) -> None:
        """Nothing more is known."""
        for visit in {visit.call: visit for visits in self._contained.values() for visit in visits.values()}.values():
            self._settle(visit, False)


def _names(caller: str, customer_id: str) -> tuple[str, ...]:
    """By what somebody is known again; an id may look like a number and be none."""
    return tuple(f"{kind}:{name}" for kind, name in (("number", caller), ("id", customer_id)) if name)


@dataclass(slots=True)
class Containment:
    """Sums over any number of visits."""

    entered: int = 0
    contained: int = 0
    truly: int = 0
    at_once: int = 0
    repeats: int = 0

    def add(self, visit: Visit, *, again: bool) -> None:
        """*again*: the same number called within `REPEAT` after the end."""
        self.entered += 1
        self.contained += visit.contained
        self.truly += visit.truly_contained(again)
        self.at_once += visit.contained and visit.at_once
        self.repeats += visit.contained and again

    def __iadd__(self, other: Containment) -> Containment:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self

    def figures(self) -> dict[str, Figure]:
        repeat = f"repeat={REPEAT:g},listened={LISTENED:g}"
        found = (
            figure("containment", self.contained, self.entered),
            figure("true_containment", self.truly, self.entered, definition=f"true_containment({repeat})"),
        )
        return {one.name: one for one in found}

    def all_figures(self) -> dict[str, Figure]:
        """With what the two are made of."""
        found = (
            figure("entered", self.entered),
            figure("to_people", self.entered - self.contained),
            figure("contained", self.contained),
            figure("at_once", self.at_once, definition=f"at_once(listened={LISTENED:g})"),
            figure("repeats", self.repeats, definition=f"repeats(repeat={REPEAT:g})"),
            figure("repeat_rate", self.repeats, self.contained, definition=f"repeat_rate(repeat={REPEAT:g})"),
        )
        return {one.name: one for one in found} | self.figures()
