"""Calls that an application outside drives: what it answers is a list of verbs, carried out one after another.

    [{"verb": "say", "text": "Your parcel is on its way."},
     {"verb": "gather", "text": "For a person press 1.", "variable": "choice", "digits": 1},
     {"verb": "queue", "name": "sales"}]

After a `gather` the application is asked again, with what was entered among the variables; who enters nothing that can
be right comes to the verb after it. So does who is not taken by `dial`. The call ends after the last verb.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ivr.entries import Collect
from ivr.nodes import Goto, Inquiry, Node, Prompt, Say, Set
from ivr.targets import HANGUP, Target, TargetError
from ivr.texts import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: The variable of an answer that holds the verbs; it is not kept as one.
VERBS: Final = "verbs"
MOST_VERBS = 50
MOST_TEXT = 2000

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_VARIABLE = re.compile(r"[a-z_][a-z0-9_]{0,60}")
_WORDS: dict[str, frozenset[str]] = {
    "say": frozenset({"text", "barge_in"}),
    "play": frozenset({"name", "barge_in"}),
    "gather": frozenset({"text", "variable", "digits", "end", "mask", "timeout", "inter_digit", "retries", "barge_in"}),
    "queue": frozenset({"name"}),
    "dial": frozenset({"to"}),
    "record": frozenset({"name"}),
    "redirect": frozenset({"to"}),
    "set": frozenset({"data", "language", "priority", "needs", "prefer", "label"}),
    "hangup": frozenset(),
}
_DIALLED = ("phone", "agent", "findme", "external")

Verb = dict[str, Any]


class VerbsError(ValueError):
    """The answer cannot be carried out; says which verb, and what would be right."""


@dataclass(frozen=True, slots=True)
class Verbs(Inquiry):
    """Ask an application what to do; `when_failed` is where to when it does not say.

    It is told everything that is known, but of masked entries only its own.
    """

    kind: ClassVar[str] = "verbs"
    masked: frozenset[str] = frozenset()  # those of others that it is told all the same


@dataclass(frozen=True, slots=True)
class Dial(Goto):
    """As a goto; who is not taken there comes to `otherwise`."""

    otherwise: Target = HANGUP


def read_verbs(text: str) -> list[Verb]:
    """The verbs of an answer, every one of them checked; raises VerbsError."""
    try:
        verbs = json.loads(text)
        json.dumps(verbs, ensure_ascii=False).encode()  # half of a pair of escapes is no character
    except (ValueError, RecursionError):
        raise VerbsError("the answer is not JSON") from None
    if not isinstance(verbs, list):
        raise VerbsError('the answer is not a list; write [{"verb": "say", "text": "…"}]')
    if not 1 <= len(verbs) <= MOST_VERBS:
        raise VerbsError(f"the answer has {len(verbs)} verbs; 1 to {MOST_VERBS} are right")
    for number, verb in enumerate(verbs, 1):
        try:
            _check(verb)
        except VerbsError as error:
            raise VerbsError(f"verb {number}: {error}") from None
    return verbs


def targets(verbs: Sequence[Verb]) -> list[Target]:
    """Every place that the verbs lead to."""
    return [to for verb in verbs if (to := _leads_to(verb)) is not None]


def is_verb(target: Target) -> bool:
    """Whether it is a place within an answer: the whole answer is one step, its verbs are few and lead forwards."""
    return target.kind == Verbs.kind and "/" in target.name


def place(name: str, verbs: Sequence[Verb]) -> Node | None:
    """The node "app/3": the fourth verb of application "app"."""
    app, _, index = name.partition("/")
    number = int(index) if index.isdecimal() else len(verbs)
    if number >= len(verbs):
        return None
    verb = verbs[number]
    after = Target(Verbs.kind, f"{app}/{number + 1}") if number + 1 < len(verbs) else HANGUP
    match verb["verb"]:
        case "say":
            return Say(name, (_said(app, number, verb),), after)
        case "play":
            return Say(name, (Prompt(verb["name"], barge_in=verb.get("barge_in", True)),), after)
        case "gather":
            return _gather(name, (_said(app, number, verb),), verb, after)
        case "dial":
            return Dial(name, then=_leads_to(verb) or HANGUP, otherwise=after)
        case "set":
            return Set(
                name,
                then=after,
                language=verb.get("language", ""),
                priority=verb.get("priority"),
                needs=verb.get("needs", ""),
                prefer=verb.get("prefer", ""),
                data=dict(verb.get("data", {})) | ({"label": verb["label"]} if "label" in verb else {}),
            )
    return Goto(name, then=_leads_to(verb) or HANGUP)


def _said(app: str, number: int, verb: Verb) -> Prompt:
    """Variables of the call may stand in braces, as in every text."""
    text = verb["text"]
    spoken = dict.fromkeys(LANGUAGES, text) if isinstance(text, str) else dict(text)
    return Prompt(f"verbs.{app}.{number}", text=spoken, barge_in=verb.get("barge_in", True))


def _gather(name: str, say: tuple[Prompt, ...], verb: Verb, after: Target) -> Collect:
    shortest, longest = _span(verb.get("digits", "1-32"))
    return Collect(
        name,
        variable=verb["variable"],
        say=say,
        shortest=shortest,
        longest=longest,
        end=verb.get("end", "" if shortest == longest else "#"),
        secret=verb.get("mask", False),
        timeout=float(verb.get("timeout", 7.0)),
        inter_digit=float(verb.get("inter_digit", 3.0)),
        retries=verb.get("retries", 1),
        then=Target(Verbs.kind, name.partition("/")[0]),
        when_failed=after,
    )


def _leads_to(verb: Verb) -> Target | None:
    match verb["verb"]:
        case "queue" | "record" as kind:
            return Target(kind, verb["name"])
        case "dial" | "redirect":
            return Target.parse(verb["to"])
    return None


def _span(digits: int | str) -> tuple[int, int]:
    shortest, _, longest = str(digits).partition("-")
    return int(shortest), int(longest or shortest)


def _check(verb: object) -> None:
    if not isinstance(verb, dict) or not isinstance(verb.get("verb"), str):
        raise VerbsError('is not {"verb": "…", …}')
    kind = verb["verb"]
    if kind not in _WORDS:
        raise VerbsError(f'"{kind[:40]}" is none; verbs are {", ".join(_WORDS)}')
    unknown = sorted(map(str, verb.keys() - _WORDS[kind] - {"verb"}))
    if unknown:
        raise VerbsError(f'{kind} has no "{unknown[0][:40]}"; it has {", ".join(sorted(_WORDS[kind])) or "nothing"}')
    for word, right in _RIGHT.items():
        if word in verb and not right[0](verb[word]):
            raise VerbsError(f"{kind}: {word} is not {right[1]}")
    needed = {"say": "text", "play": "name", "gather": "text", "queue": "name", "dial": "to", "record": "name"}
    needed["redirect"] = "to"
    if kind in needed and needed[kind] not in verb:
        raise VerbsError(f"{kind} needs {needed[kind]}")
    if kind == "gather" and "variable" not in verb:
        raise VerbsError("gather needs variable")
    if kind == "dial" and Target.parse(verb["to"]).kind not in _DIALLED:
        raise VerbsError(f"dial: to is none of {', '.join(_DIALLED)}; use redirect for other places")


def _is_text(value: object) -> bool:
    if isinstance(value, dict):
        return bool(value) and all(language in LANGUAGES and _is_text(text) for language, text in value.items())
    return isinstance(value, str) and len(value.strip()) > 0 and len(value) <= MOST_TEXT


def _is_span(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return False
    if re.fullmatch(r"\d{1,2}(-\d{1,2})?", str(value), re.ASCII) is None:
        return False
    shortest, longest = _span(value)
    return shortest <= longest and 1 <= longest <= 64


def _is_number(value: object, least: float, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def _is_target(value: object) -> bool:
    try:
        return isinstance(value, str) and "{" not in value and "/" not in value and bool(Target.parse(value))
    except TargetError:
        return False


def _is_data(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(name, str) and _VARIABLE.fullmatch(name) and isinstance(text, str) and len(text) <= MOST_TEXT
        for name, text in value.items()
    )


def _is_short(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 200


_RIGHT: Mapping[str, tuple[Any, str]] = {
    "text": (_is_text, f"a text of at most {MOST_TEXT} characters, or one for each of {', '.join(LANGUAGES)}"),
    "name": (lambda value: isinstance(value, str) and bool(_NAME.fullmatch(value)), "a name"),
    "to": (_is_target, 'a target such as "queue:sales"'),
    "variable": (lambda value: isinstance(value, str) and bool(_VARIABLE.fullmatch(value)), "a name such as choice"),
    "digits": (_is_span, 'a number of digits: 4, or "1-12"'),
    "end": (lambda value: isinstance(value, str) and value in ("", *"0123456789*#"), 'a key, or ""'),
    "mask": (lambda value: isinstance(value, bool), "true or false"),
    "barge_in": (lambda value: isinstance(value, bool), "true or false"),
    "timeout": (lambda value: _is_number(value, 0.5, 120), "a number of seconds from 0.5 to 120"),
    "inter_digit": (lambda value: _is_number(value, 0.5, 30), "a number of seconds from 0.5 to 30"),
    "retries": (lambda value: isinstance(value, int) and _is_number(value, 0, 20), "a number from 0 to 20"),
    "data": (_is_data, "an object of texts"),
    "language": (lambda value: value in LANGUAGES, f"one of {', '.join(LANGUAGES)}"),
    "priority": (lambda value: _is_number(value, -1e9, 1e9), "a number"),
    "needs": (_is_short, "a text"),
    "prefer": (_is_short, "a text"),
    "label": (_is_short, "a text of at most 200 characters"),
}
