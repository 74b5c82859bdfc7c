"""Which calls a route takes, compared in the forms in which the switch compares numbers.

Numbers from trunks are one in all their forms ("0441234567" is "+380441234567", and "044*" is "+38044*"); our own
people dial what they mean. Who calls is compared in any form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

from softswitch.callers.numbers import NumberKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from softswitch.callers.numbers import NumberPlan
    from softswitch.config.checks.raw import Raw

NUMBER = re.compile(r"\+?[0-9]+")
_BEGINNING = re.compile(r"\+?[0-9]+\*")
#: A caller comes from a trunk or from a phone, and hours are open or closed: what takes both takes all.
_SIDES = ("trunk:*", "phone:*")
#: Hours, and trunks, that are told apart at most, to see whether routes together take all calls.
_MOST_HOURS = 4
_MOST_TRUNKS = 32


@dataclass(frozen=True, slots=True)
class Numbers:
    """`written`, as our own people dial it, and what stands for it on trunks: `first`, or all that begins so."""

    written: str
    forms: frozenset[str]
    beginnings: tuple[str, ...] = ()
    #: Beginnings of which one is too short for a number of the country, so that no call has it.
    needed: tuple[str, ...] = ()

    def covers(self, other: Numbers, *, any_form: bool) -> bool:
        if covers(self.written, other.written):
            return True
        if not any_form:
            return False
        if other.beginnings:
            return bool(self.beginnings) and all(each.startswith(self.beginnings) for each in other.needed)
        if self.beginnings:
            return any(form.startswith(self.beginnings) for form in other.forms)
        return not self.forms.isdisjoint(other.forms)


@dataclass(frozen=True, slots=True)
class Route:
    """What a route takes. `sure`: every call that fits it, whatever is known of the caller.

    `taken`: `callers`, and whoever stands on lists among them.
    """

    line: int
    dids: list[Numbers]
    callers: list[Numbers]
    taken: list[Numbers]
    when: frozenset[str]
    sure: bool

    def may_take(self, did: Numbers) -> bool:
        return any(each.covers(did, any_form=True) for each in self.dids)

    def takes(self, call: Call) -> bool:
        if not (self.sure and self.when <= call.when):
            return False
        if not any(did.covers(call.did, any_form=call.outside) for did in self.dids):
            return False
        return any(taken.covers(who, any_form=True) for who in call.who for taken in self.taken)


@dataclass(frozen=True, slots=True)
class Call:
    """One kind of calls: the number, all that is known of who calls (a number, and a trunk), and of the hours."""

    did: Numbers
    who: frozenset[Numbers]
    when: frozenset[str]
    #: It comes by one of the trunks that there are today.
    trunks_of_today: bool = False

    @property
    def outside(self) -> bool:
        return any(who.written.startswith("trunk:") for who in self.who)


class Forms:
    """Reads what routes and lists say in the forms of the switch's numbering plan."""

    def __init__(self, plan: NumberPlan, raw: Raw) -> None:
        self._plan = plan
        self._phones = raw.names("phone")
        self.trunks = [self.caller(f"trunk:{name}") for name in raw.names("trunk")]
        self._listed: dict[str, list[Numbers]] = {}
        for path, number in raw.strings("list.*.*.number", "list.*.*.number.*"):
            if NUMBER.fullmatch(number) or _BEGINNING.fullmatch(number):
                self._listed.setdefault(str(path[1]), []).append(self.caller(number))

    def did(self, written: str) -> Numbers:
        if written.endswith("*"):
            return self._beginning(written)
        return Numbers(written, frozenset({written, self._plan.read(written, ours=False).dialable} - {""}))

    def caller(self, written: str) -> Numbers:
        if _BEGINNING.fullmatch(written):
            return self._beginning(written)
        if not NUMBER.fullmatch(written):
            return Numbers(written, frozenset())
        read = self._plan.read(written)
        return Numbers(read.dialable or written, frozenset({read.dialable} - {""}))

    def whoever(self, caller: str) -> list[Numbers]:
        """*caller*, and the numbers of the list that it names."""
        kind, _, name = caller.partition(":")
        return [self.caller(caller), *(self._listed.get(name, ()) if kind == "list" else ())]

    def who(self, caller: Numbers) -> frozenset[Numbers]:
        """All that is known of who calls from *caller*: a number of our own is that of a phone."""
        ours = NUMBER.fullmatch(caller.written) and self._plan.read(caller.written).kind is NumberKind.INTERNAL
        return frozenset({caller, self.caller("phone:*")} if ours else {caller})

    def _beginning(self, written: str) -> Numbers:
        begins = self._plan.beginnings(written[:-1])
        plain = begins[0]
        # "044" is how the country writes "+38044"; nothing shorter that begins so is a number, unless it is ours
        filling = len(begins) > 1 and plain.startswith("0") and not any(user.startswith(plain) for user in self._phones)
        return Numbers(written, frozenset(), begins, begins[1:] if filling else begins)


def takers_of_all(
    route: Route, earlier: Iterable[Route], forms: Forms, *, outside: bool = False, trunks_of_today: bool = False
) -> set[int] | None:
    """The lines of routes that leave nothing for *route*, or nothing that comes from *outside*, if they do."""
    lines: set[int] = set()
    when = route.when | {f"closed:{text.partition(':')[2]}" for text in route.when if text.startswith("special:")}
    side = {forms.caller("trunk:*")} if outside else set()
    for did, caller in product(route.dids, route.callers):
        call = Call(did, forms.who(caller) | side, when, trunks_of_today)
        takers = _takers(call, [each for each in earlier if each.sure and each.may_take(did)], forms)
        if takers is None:
            return None
        lines |= takers
    return lines


def _takers(call: Call, earlier: list[Route], forms: Forms) -> set[int] | None:
    for route in earlier:
        if route.takes(call):
            return {route.line}
    for parts in _parts(call, earlier, forms):
        if (lines := _takers_of_each(parts, earlier, forms)) is not None:
            return lines
    return None


def _takers_of_each(calls: list[Call], earlier: list[Route], forms: Forms) -> set[int] | None:
    lines: set[int] = set()
    for call in calls:
        takers = _takers(call, earlier, forms)
        if takers is None:
            return None
        lines |= takers
    return lines


def _parts(call: Call, earlier: list[Route], forms: Forms) -> Iterator[list[Call]]:
    """Ways to part *call* into kinds of calls that are all of it."""
    asked = {caller.written for route in earlier for caller in route.callers}
    known = {who.written for who in call.who}
    sides = {text.partition(":")[0] for text in known} & {"trunk", "phone"}
    if not sides and any(text.startswith(("trunk:", "phone:")) for text in asked):
        yield [replace(call, who=call.who | {forms.caller(side)}) for side in _SIDES]
        return
    trunks = {trunk.written for trunk in forms.trunks}
    told_apart = call.trunks_of_today and "trunk" in sides and not known & trunks
    if told_apart and 0 < len(trunks) <= _MOST_TRUNKS and trunks <= asked:
        yield [replace(call, who=call.who | {trunk}) for trunk in forms.trunks]
        return
    names = sorted({text.partition(":")[2] for route in earlier for text in route.when})
    for name in names[:_MOST_HOURS]:
        states = [f"open:{name}", f"closed:{name}"]
        if not call.when.intersection(states):
            yield [replace(call, when=call.when | {state}) for state in states]


def covers(pattern: str, other: str) -> bool:
    return pattern == other or (pattern.endswith("*") and other.startswith(pattern[:-1]))
