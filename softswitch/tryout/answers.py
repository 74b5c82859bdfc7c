"""Whether the answers of an attempt are of somebody who is there, and words that they could say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ivr.events import OK
from ivr.inquiring import TIMEOUT, UNREADABLE
from ivr.nodes import Result
from ivr.services import NO_NUMBER, UNKNOWN
from ivr.targets import EXTERNAL
from softswitch.call.supposed import QuestionError
from softswitch.config.errors import nearest, one_of
from softswitch.inquiries.edge import UNAVAILABLE
from softswitch.inquiries.lookups import FAILED
from softswitch.webservice.client import Failure

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from softswitch.config import Config
    from softswitch.tryout.attempt import Reply

SLOT: Final = "slot"
_FAILURES = tuple(dict.fromkeys((UNAVAILABLE, TIMEOUT, UNREADABLE, FAILED, *(failure.value for failure in Failure))))
#: What those who are asked say; all others have the caller, and their words are results.
_OUTCOMES = {
    "lookup": (OK, UNKNOWN, *_FAILURES),
    "webservice": (OK, *_FAILURES),
    "sms": (OK, NO_NUMBER, *_FAILURES),
    "verbs": (OK, *_FAILURES),
    SLOT: (OK, *_FAILURES),
}


#: What people call a result, by the kind of those who have the caller, and what the IVR calls it.
_CALLED = {("conference", Result.FULL): Result.BUSY}


def result_of(target: str, reply: Reply) -> Result:
    """How *target* gives the caller back. Raises QuestionError for what nobody says."""
    return _CALLED.get((target.partition(":")[0], reply.result), reply.result)


def check_answers(config: Config, answers: Mapping[str, Sequence[Reply]]) -> None:
    """Raises QuestionError for a place that there is not, and for an outcome that nobody knows."""
    names = _names(config)
    for target, replies in answers.items():
        kind, _, name = target.partition(":")
        if kind != EXTERNAL and name not in names.get(kind, ()):
            raise QuestionError(_nobody(target, kind, name, names))
        for reply in replies:
            if kind not in _OUTCOMES:
                _ = reply.result
            elif reply.outcome not in _OUTCOMES[kind]:
                likely = nearest(reply.outcome, _OUTCOMES[kind])
                meant = f'; did you mean "{likely}"?' if likely else ""
                known = ", ".join(_OUTCOMES[kind])
                raise QuestionError(f'"{reply.outcome}" is no answer of {target}; there are {known}{meant}')


def _names(config: Config) -> dict[str, Collection[str]]:
    """Who can be asked, or have a caller."""
    return {
        "queue": config.queues,
        "phone": config.phones,
        "agent": config.agents,
        "findme": config.findmes,
        "voicemail": config.voicemails,
        "callback": config.callback_requests,
        "record": config.records,
        "conference": config.conferences,
        "lookup": config.lookups,
        "webservice": config.webservices,
        "sms": config.sms,
        "verbs": config.verbs,
        SLOT: [slot.id for menu in config.menus.values() for slot in menu.slots],
    }


def _nobody(target: str, kind: str, name: str, names: Mapping[str, Collection[str]]) -> str:
    if kind not in names:
        likely = nearest(kind, names)
        meant = f'; did you mean "{likely}:{name}"?' if likely else ""
        return f'"{target}" is nobody who answers; write {one_of((*names, EXTERNAL), 20)}, and a name{meant}'
    likely = nearest(name, names[kind])
    meant = f'did you mean "{kind}:{likely}"?' if likely else f"there are {', '.join(names[kind]) or 'none'}"
    return f'there is no {kind} "{name}" that could answer; {meant}'
