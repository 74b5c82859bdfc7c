"""Calls from outside that are refused, which is heard as busy: at some hours no route takes them, or a trunk is full.

Numbers that no route names are refused on purpose, as numbers that are nobody's.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from softswitch.config.checks.outside import CODE
from softswitch.config.errors import Problem, Severity, dotted
from softswitch.config.templates import placeholders

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from softswitch.config import Config, Route
    from softswitch.config.positions import Path, Positions

_STATES = ("open", "closed", "special")
#: Hours of one number that are told apart at most.
_MOST_HOURS = 5


def check(config: Config, positions: Positions) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, route in enumerate(config.routes):
        dids = [did for did in route.did or () if did not in seen] if _from_outside(route) else []
        seen.update(dids)
        for did in dids:
            if (why := _gap(config, did)) is not None:
                what = f"a caller from outside can hear busy, or nothing: {did}{why}, and no route takes the call (404)"
                right = "add a route for them that says something"
                yield _warning(positions, ("route", number, "did"), what, right)
    for name, trunk in config.trunks.items():
        if trunk.max_calls is not None:
            what = f"a caller from outside can hear busy, or nothing: the next one after {trunk.max_calls} calls (503)"
            yield _warning(
                positions, ("trunk", name, "max_calls"), what, "let the carrier hold as many calls, or no more"
            )


def _warning(positions: Positions, path: Path, what: str, right: str) -> Problem:
    at = positions.of(path)
    return Problem(at.line, at.column, dotted(path), what, right, severity=Severity.WARNING, code=CODE)


def _from_outside(route: Route) -> bool:
    return not route.from_ or not all(origin.startswith("phone:") for origin in route.from_)


def _gap(config: Config, did: str) -> str | None:
    """Who cannot call *did*, and when; None: everybody is taken at any time."""
    routes = [route for route in config.routes if _from_outside(route) and _is_for(config, route, did)]
    named = {origin for route in routes for origin in route.from_ or ("trunk:*",)}
    by_name = {origin.removeprefix("trunk:") for origin in named if origin.startswith("trunk:")}
    trunks = config.trunks if "*" in by_name or named - {f"trunk:{name}" for name in by_name} else by_name
    for trunk in sorted(trunks):
        sure = [route for route in routes if _takes_anybody(route, trunk)]
        if not sure:
            others = sorted(named - {"trunk:*", f"trunk:{trunk}"})
            return (
                f" by callers who are not {' or '.join(others)}" if others else " by callers of whom nothing is known"
            )
        if (when := _closed_at(sure)) is not None:
            return f" while {when}"
    return None


def _is_for(config: Config, route: Route, did: str) -> bool:
    """Whether *route* takes all numbers of *did*, as trunks call them: in whatever form."""
    if route.did is None:
        return True
    plan, beginning = config.plan, did.endswith("*")
    forms = plan.beginnings(did[:-1]) if beginning else (did, plan.read(did, ours=False).dialable)
    for own in route.did:
        if own.endswith("*"):
            if any(form.startswith(plan.beginnings(own[:-1])) for form in forms):
                return True
        elif not beginning and {own, plan.read(own, ours=False).dialable} & set(forms):
            return True
    return False


def _takes_anybody(route: Route, trunk: str) -> bool:
    """Whoever calls by *trunk*, whatever is known of them."""
    if route.from_ and not {"trunk:*", f"trunk:{trunk}"} & set(route.from_):
        return False
    known = {"did", *route.data}
    return any(set(placeholders(target)) <= known for target in (route.to, *route.when_unavailable))


def _closed_at(routes: Sequence[Route]) -> str | None:
    """Hours at which none of *routes* takes a call."""
    wanted = [frozenset(route.when or ()) for route in routes]
    names = sorted({word.partition(":")[2] for words in wanted for word in words})
    if len(names) > _MOST_HOURS:
        return None
    for states in product(_STATES, repeat=len(names)):
        now = {f"{state}:{name}" for name, state in zip(names, states, strict=True)}
        now |= {f"closed:{name}" for name, state in zip(names, states, strict=True) if state == "special"}
        if not any(words <= now for words in wanted):
            return " and ".join(f"{name} is {state}" for name, state in zip(names, states, strict=True))
    return None
