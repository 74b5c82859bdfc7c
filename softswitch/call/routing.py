"""From a dialled number to a target: feature codes of agents, routes in their order, then our own phones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ivr.targets import EXTERNAL, Target
from softswitch.call.trunks.lines import DIALLABLE
from softswitch.callers.numbers import Number, NumberKind
from softswitch.config.templates import fill, placeholders
from softswitch.config.words.flow import REFUSALS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from softswitch.call.hours.opening import Opening
    from softswitch.call.model import Caller
    from softswitch.call.settings import Settings
    from softswitch.config import Config, Route


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a call goes, by which rule, and what is known of the caller.

    *language* is set when the route decides it, or the list that the caller is on. *fallbacks* follow when the target
    does not take the caller. *refusal* is the status of a call that is not taken at all.
    """

    target: Target
    language: str | None = None
    rule: str = ""
    fallbacks: tuple[Target, ...] = ()
    priority: float = 0.0
    needs: str = ""
    prefer: str = ""
    label: str = ""
    known: Mapping[str, str] = field(default_factory=dict)
    refusal: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """One route, looked at for one call. `destination` is None when it does not match, and `why` says why not.

    `left_out`: targets of a matching route that cannot be used for this caller, each with the reason.
    """

    rule: str
    destination: Destination | None = None
    why: str = ""
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """What routes are compared with."""

    numbers: tuple[str, ...]  # the number that was dialled, as it was told and as it is compared
    caller: Caller
    on: Mapping[str, Mapping[str, str]]  # lists with the caller on them, and what they say
    now: float


class Router:
    """Matches numbers against the configuration; the first route wins."""

    def __init__(self, config: Config, phones: Collection[str], opening: Opening) -> None:
        self._routes = config.routes
        self._lists = config.lists
        self._plan = config.plan
        self._phones = phones
        self._opening = opening

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        config = settings.config
        self._routes, self._lists, self._plan, self._phones = config.routes, config.lists, config.plan, config.phones
        self._opening.reconfigure(settings, now)

    def find(self, dialled: str, caller: Caller, now: float) -> Destination | None:
        """The destination of *dialled*, or None when *caller* can dial no such number."""
        return next((look.destination for look in self.looks(dialled, caller, now) if look.destination), None)

    def looks(self, dialled: str, caller: Caller, now: float) -> Iterator[Look]:
        """One route after another, up to the first that matches; the number of a phone comes after all of them."""
        asked = self._asked(dialled, caller, now)
        for number, route in enumerate(self._routes, 1):
            look = self._look(number, route, asked)
            yield look
            if look.destination is not None:
                return
        # numbers of our own desks are for our own people; a trunk reaches them by a route
        if caller.phone is not None and dialled in self._phones:
            rule = "the number of a phone"
            yield Look(rule, _destination([Target("phone", dialled)], rule, self._known(asked), None))

    def _asked(self, dialled: str, caller: Caller, now: float) -> _Asked:
        number = self._plan.read(caller.number, ours=caller.phone is not None)
        if caller.raw:  # a number that is on a list just as the trunk writes it
            number = Number(caller.raw, number.dialable, number.kind)
        found = {name: listed.find(number) for name, listed in self._lists.items()}
        on = {name: data for name, data in found.items() if data is not None}
        numbers = [dialled]
        if caller.trunk is not None:  # our own people dial what they mean
            numbers.append(self._plan.read(dialled).dialable or dialled)
        return _Asked(tuple(dict.fromkeys(numbers)), caller, on, now)

    def _look(self, number: int, route: Route, asked: _Asked) -> Look:
        dialled = self._dialled(route, asked)
        hours = [self._state(text, asked.now) for text in route.when or ()]
        rule = _rule(
            number, route, [why if fits else text for text, (fits, why) in zip(route.when or (), hours, strict=True)]
        )
        if dialled is None:
            return Look(rule, why=f"it is for calls to {_either(route.did or ())}")
        origin = next((origin for origin in route.from_ or () if self._is_from(origin, asked)), None)
        if route.from_ and origin is None:
            return Look(rule, why=f"the caller is not {_either(map(_origin, route.from_))}")
        wrong = next((why for fits, why in hours if not fits), None)
        if wrong is not None:
            return Look(rule, why=wrong)
        first = origin.removeprefix("list:") if origin and origin.startswith("list:") else None
        known = self._known(asked, first) | dict(route.data)
        targets, left_out = _targets(route, known | {"did": dialled}, dialled)
        if not targets:
            return Look(rule, why="; ".join(left_out))
        return Look(rule, _destination(targets, rule, known, route), left_out=tuple(left_out))

    def _known(self, asked: _Asked, first: str | None = None) -> dict[str, str]:
        """What the lists say of the caller: the one that led here, then the others in the order of the file."""
        known: dict[str, str] = {}
        for name in sorted(asked.on, key=lambda name: name != first):
            known = dict(asked.on[name]) | known
        if asked.on:
            known["lists"] = " ".join(asked.on)
        return known

    def _is_from(self, origin: str, asked: _Asked) -> bool:
        caller = asked.caller
        kind, colon, name = origin.partition(":")
        match kind:
            case "phone":
                return caller.phone is not None and name in ("*", caller.phone)
            case "trunk":
                return caller.phone is None and name in ("*", caller.trunk)
            case "list":
                return name in asked.on
            case "withheld":
                return caller.withheld
        if colon or not caller.number:
            return False
        if origin.endswith("*"):
            beginnings = self._plan.beginnings(origin[:-1])
            return caller.number.startswith(beginnings) or caller.raw.startswith(beginnings)
        named = self._plan.read(origin)
        if named.kind is NumberKind.INTERNAL and caller.phone is None:
            return False  # somebody outside who shows a number like that of one of our phones
        return caller.number in (origin, named.dialable)

    def _dialled(self, route: Route, asked: _Asked) -> str | None:
        """The form of the dialled number that *route* is for."""
        if route.did is None:
            return asked.numbers[-1]
        outside = asked.caller.trunk is not None
        for number in asked.numbers:
            for did in route.did:
                if did.endswith("*"):
                    fits = number.startswith(self._plan.beginnings(did[:-1]) if outside else did[:-1])
                else:
                    fits = number == did or (outside and number == self._plan.read(did, ours=False).dialable)
                if fits:
                    return number
        return None

    def _state(self, text: str, now: float) -> tuple[bool, str]:
        """Whether a word of `when` is so, and what the hours say."""
        wanted, _, name = text.partition(":")
        verdict = self._opening.at(name, now)
        fits = verdict.is_(wanted)
        because = f" ({verdict.why})" if verdict.why else ""
        return fits, f"{wanted}:{name}{because}" if fits else f"{name} is {verdict.state}{because}"


def _destination(targets: list[Target], rule: str, known: Mapping[str, str], route: Route | None) -> Destination:
    """What the route decides, and what the caller's list does where the route says nothing."""
    priority = None if route is None else route.priority
    return Destination(
        targets[0],
        language=(None if route is None else route.language) or known.get("language"),
        rule=rule,
        fallbacks=tuple(targets[1:]),
        priority=float(known.get("priority") or 0.0) if priority is None else priority,
        needs=("" if route is None else route.needs) or known.get("needs", ""),
        prefer=("" if route is None else route.prefer) or known.get("prefer", ""),
        label=("" if route is None else route.label) or known.get("label", ""),
        known=known,
        refusal=0 if route is None or route.reject is None else REFUSALS[route.reject],
    )


def _targets(route: Route, known: Mapping[str, str], dialled: str) -> tuple[list[Target], list[str]]:
    """The targets of *route* for this caller in their order, and why others are left out."""
    found: list[Target] = []
    left_out: list[str] = []
    for template in (route.to, *route.when_unavailable):
        if template.kind == EXTERNAL and "{did}" in template.name and not DIALLABLE.fullmatch(dialled):
            left_out.append(f"{template}: {dialled} cannot be dialled")
            continue
        target = fill(template, known)
        if target is None:
            missing = [f"{{{name}}}" for name in placeholders(template) if not known.get(name)]
            left_out.append(f"{template}: nothing is known for {_either(missing)}")
        elif target not in found:
            found.append(target)
    return found, left_out


def _rule(number: int, route: Route, hours: list[str]) -> str:
    """``route 2 (did 100, from trunk:kyiv, when closed:office (sat 10:00-14:00))``, as the journal tells it."""
    asked = [f"did {_either(route.did)}"] if route.did else []
    asked += [f"from {_either(route.from_)}"] if route.from_ else []
    asked += [f"when {' and '.join(hours)}"] if hours else []
    return f"route {number} ({', '.join(asked) or 'takes every call'})"


def _either(words: Iterable[str]) -> str:
    return " or ".join(words)


def _origin(origin: str) -> str:
    kind, _, name = origin.partition(":")
    return f"on the list {name}" if kind == "list" else origin
