"""What those who are asked answer in an attempt: an outcome with values, or the very text that they would send."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ivr.events import OK
from ivr.services import UNKNOWN, Sms
from ivr.texts import fill
from ivr.verbs import VERBS, Verbs
from softswitch.call.supposed import QuestionError
from softswitch.inquiries.lookups import FAILED, LOOKUP_ERRORS, look_up, told
from softswitch.webservice.answers import AnswerError, read_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from softswitch.config import Config
    from softswitch.config.words.dialogue import Lookup
    from softswitch.tryout.attempt import Reply

    Answer = tuple[str, Mapping[str, str]]

#: The outcome of an answer that says nothing of use.
UNREADABLE = "unreadable"


def parts(text: str) -> list[str]:
    """*text* at its commas, but for those inside of JSON."""
    found, rest = list[str](), text.strip()
    while rest:
        name, equals, _ = rest.partition("=")
        begin = len(name) + 1 if equals and "," not in name else 0
        if rest[begin:].lstrip()[:1] in ("[", "{"):
            end = _json_end(rest, begin)
        else:
            end = rest.find(",") if "," in rest else len(rest)
        found.append(rest[:end].strip())
        rest = rest[end:].lstrip().removeprefix(",").lstrip()
    return found


def _json_end(text: str, begin: int) -> int:
    begin += len(text[begin:]) - len(text[begin:].lstrip())
    try:
        return json.JSONDecoder().raw_decode(text, begin)[1]
    except (ValueError, RecursionError) as error:
        raise QuestionError(f'"{text[begin:][:40]}…" is not JSON: {error}') from None


def answered(config: Config, kind: str, name: str, reply: Reply) -> Answer:
    """Outcome and values, as whoever is asked would make them of their answer."""
    if not reply.body:
        return reply.outcome, reply.values
    if kind == Verbs.kind:
        return reply.outcome, {VERBS: reply.body}
    try:
        if kind == "lookup":
            return OK, told(config.lookups[name], _row(reply.body))
        media_type = "application/xml" if reply.body.lstrip().startswith("<") else "application/json"
        service = config.webservices[config.sms[name].webservice if kind == Sms.kind else name]
        return reply.outcome, read_answer(reply.body.encode(), media_type, service.result)
    except AnswerError:
        return UNREADABLE, {}


def _row(body: str) -> dict[str, str]:
    try:
        row: Any = json.loads(body)
    except ValueError as error:
        raise QuestionError(f"a row is a JSON object: {error}") from None
    if not isinstance(row, dict):
        raise QuestionError('a row is a JSON object, as {"name": "Olena"}')
    return {str(column): "" if value is None else str(value) for column, value in row.items()}


def looked_up(config: Config, words: Lookup, variables: Mapping[str, str]) -> tuple[Answer, str]:
    """What a lookup finds: it is really made. With why it could not be, where it could not."""
    if words.list is not None:
        row = config.lists[words.list].find(config.plan.read(fill(words.key, variables)))
        return ((UNKNOWN, {}) if row is None else (OK, told(words, row))), ""
    try:
        return look_up(words, variables), ""
    except LOOKUP_ERRORS as error:
        return (FAILED, {}), str(error)
