"""Where a call would go and why: every route that is looked at, what lists and hours say, and where the caller lands.

Asked of the configuration, with the very router and IVR that calls go through, and of the journal for hours that are
set by hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ivr import effects as fx
from ivr.events import Started
from ivr.session import Session
from softswitch.admin.supposed_hours import supposed_hours, told
from softswitch.call.hours.opening import Opening
from softswitch.call.model import Caller
from softswitch.call.routing import Router
from softswitch.call.supposed import caller_of, moment, told_moment
from softswitch.config.flows import flow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from ivr.forced import Forced
    from softswitch.call.routing import Destination, Look
    from softswitch.config import Config, Route


@dataclass(frozen=True, slots=True)
class Question:
    """Who calls what, when. *at* is a time of the server's zone; empty: now. *trunk* or *phone* says where from.

    *hours*: ``office=closed``; *by_hand*: whether hours that are set in the running switch count.
    """

    did: str
    ani: str = ""
    at: str = ""
    trunk: str = ""
    phone: str = ""
    hours: Sequence[str] = ()
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Explanation:
    """`looks`: routes in their order, up to the one that takes the call. `steps`: nodes on the caller's way.

    `set_by_hand`: a line for each of the hours that are. `reasons`: why hours that count for a look are open or closed,
    by its rule.
    """

    caller: Caller
    at: datetime
    lists: Mapping[str, Mapping[str, str]]
    looks: tuple[Look, ...]
    destination: Destination | None
    steps: tuple[str, ...] = ()
    set_by_hand: tuple[str, ...] = ()
    reasons: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def lines(self, did: str) -> Iterator[str]:
        """As people read it."""
        caller = self.caller
        origin = f"trunk {caller.trunk}" if caller.trunk is not None else f"phone {caller.phone}"
        who = "a withheld number" if caller.withheld else caller.number
        who += f" ({caller.name})" if caller.name else ""
        yield f"{who} calls {did} from {origin}, {told_moment(self.at)}"
        for name, data in self.lists.items():
            told = ", ".join(f"{key} {value}" for key, value in data.items())
            yield f"is on the list {name}{told and f': {told}'}"
        yield from self.set_by_hand
        for look in self.looks:
            yield f"  {'yes' if look.destination else 'no '} {look.rule}{look.why and f': {look.why}'}"
            yield from (f"      {reason}" for reason in self.reasons.get(look.rule, ()))
            yield from (f"      left out: {reason}" for reason in look.left_out)
        if self.destination is None:
            yield "no route takes the call: it is refused, SIP 404"
            return
        found = self.destination
        yield f"goes to {', then '.join(map(str, (found.target, *found.fallbacks)))}"
        merits = {"priority": f"{found.priority:g}" if found.priority else "", "needs": found.needs}
        merits |= {"prefer": found.prefer}
        merits |= {"label": found.label, "language": found.language or ""}
        if told := ", ".join(f"{key} {value}" for key, value in merits.items() if value):
            yield f"with {told}"
        if found.refusal:
            yield f"is refused, SIP {found.refusal}"
        yield from (f"  {step}" for step in self.steps)


def explain_route(config: Config, question: Question, now: datetime) -> Explanation:
    """Raises QuestionError. *now*: aware; what an empty `at` means."""
    caller = caller_of(config, question.ani, question.trunk, question.phone)
    at = moment(question.at, now.astimezone(config.server.timezone))
    menus = flow(config)
    forced = supposed_hours(config, at, question.hours, by_hand=question.by_hand)

    def by_hand(name: str, _: float) -> Forced | None:
        return forced.at(name, at.timestamp())

    def local(_: float, zone: str) -> datetime:
        return at.astimezone(ZoneInfo(zone)) if zone else at

    opening = Opening(menus, local, by_hand)
    router = Router(config, config.phones, opening)
    looks = tuple(router.looks(question.did, caller, 0.0))
    found = looks[-1].destination if looks else None
    number = config.plan.read(caller.raw or caller.number, ours=caller.phone is not None)
    listed = {name: entries.find(number) for name, entries in config.lists.items()}
    lists = {name: data for name, data in listed.items() if data is not None}
    if found is not None and not caller.name:
        caller = Caller(
            caller.number, found.known.get("name", ""), caller.phone, caller.trunk, caller.raw, caller.withheld
        )
    steps = () if found is None else tuple(_steps(found, Session(menus, local, forced_hours=by_hand), opening))
    reasons = {
        look.rule: tuple(_reasons(look, route, opening)) for look, route in zip(looks, config.routes, strict=False)
    }
    return Explanation(caller, at, lists, looks, found, steps, tuple(told(config, forced, at)), reasons)


def _reasons(look: Look, route: Route, opening: Opening) -> Iterator[str]:
    """Of the hours that a route asks for, as far as they count: what else does not fit comes first."""
    for name in dict.fromkeys(text.partition(":")[2] for text in route.when or ()):
        if look.destination is not None or look.why.startswith(f"{name} is "):
            yield f"{name}: {_reason(name, opening)}"


def _reason(name: str, opening: Opening) -> str:
    return opening.at(name, 0.0).reason or f"by its rules it is {opening.by_rules(name, 0.0).state}"


def _steps(found: Destination, session: Session, opening: Opening) -> Iterator[str]:
    """Nodes up to the first at which the caller hears something or somebody else has them."""
    session.receive(Started(found.target, found.language or "", dict(found.known), found.fallbacks), 0.0)
    while (effect := session.next_effect()) is not None:
        match effect:
            case fx.Journal(_, fx.NodeEntered(node)):
                yield f"comes to {node}"
            case fx.Journal(_, fx.NodeLeft(node, _, via, detail)) if node.kind == "hours":
                reason = _reason(node.name, opening)
                yield f"{node.name} is {via}: {f'{detail} ({reason})' if detail else reason}"
            case fx.Journal(_, fx.NotThere(node, to)):
                yield f"there is no {node}: goes on to {to}"
            case fx.PlayPrompts(_, prompts, language):
                yield f"hears {', '.join(prompt.key for prompt in prompts)} in {language}"
                return
