"""``softswitch try``: a walk, printed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from softswitch.admin.supposed_hours import supposed_hours
from softswitch.call.supposed import QuestionError, caller_of, moment, told_moment
from softswitch.tryout.attempt import Attempt, Reply, presses, reply
from softswitch.tryout.walk import Walk, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from softswitch.config import Config


@dataclass(frozen=True, slots=True)
class Request:
    """The options as they were written. *by_hand*: whether hours that are set in the running switch count."""

    did: str
    ani: str = ""
    trunk: str = ""
    phone: str = ""
    at: str = ""
    digits: str = ""
    answers: Sequence[str] = ()
    hang_up: float | None = None
    hours: Sequence[str] = ()
    by_hand: bool = False


def attempt(config: Config, request: Request, now: datetime) -> Attempt:
    """Raises QuestionError."""
    answers: dict[str, list[Reply]] = {}
    for text in request.answers:
        target, equals, told = text.partition("=")
        if not equals:
            raise QuestionError(f'"{text}" answers nothing: write "queue:sales=timed-out", "webservice:x=ok,sum=5"')
        answers.setdefault(target.strip(), []).append(reply(told))
    at = moment(request.at, now.astimezone(config.server.timezone))
    return Attempt(
        request.did,
        caller_of(config, request.ani, request.trunk, request.phone),
        at,
        presses(request.digits.split(",") if request.digits else ()),
        answers,
        request.hang_up,
        hours=supposed_hours(config, at, request.hours, by_hand=request.by_hand),
    )


def try_call(config: Config, request: Request, now: datetime, say: Callable[[str], None], *, as_json: bool) -> None:
    """Raises QuestionError."""
    tried = attempt(config, request, now)
    done = walk(config, tried)
    if as_json:
        say(json.dumps({"at": tried.at.isoformat(), **asdict(done)}, ensure_ascii=False, indent=2))
        return
    for line in lines(tried, done):
        say(line)


def lines(tried: Attempt, done: Walk) -> Iterator[str]:
    """As people read it."""
    caller = tried.caller
    who = "a withheld number" if caller.withheld else caller.number
    origin = f"trunk {caller.trunk}" if caller.trunk is not None else f"phone {caller.phone}"
    yield f"{who} calls {tried.did} from {origin}, {told_moment(tried.at)}"
    for step in done.steps:
        yield f"{step.at:8.1f} s  {step.text}"
    yield f"path: {' → '.join(done.path) or 'none'}"
