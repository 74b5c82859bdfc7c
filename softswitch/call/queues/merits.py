"""What an application wants a caller to be served by: skills that can be read, and no more points than it may give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd.skills import SkillSyntaxError, parse
from ivr.verbs import VerbsError, read_verbs

if TYPE_CHECKING:
    from softswitch.config.words.dialogue import Verbs


def complaint(text: str, app: Verbs) -> str:
    """What is wrong with the verbs of an answer; what the IVR itself finds wrong is left to it."""
    try:
        verbs = read_verbs(text)
    except VerbsError:
        return ""
    for number, verb in enumerate(verbs, 1):
        for word in ("needs", "prefer"):
            try:
                parse(verb.get(word, ""))
            except SkillSyntaxError as error:
                return f"verb {number}: {verb['verb']}: {word}: {error}"
        if (points := verb.get("priority", 0)) > app.max_priority:
            most = f"{app.max_priority:g}"
            return f"verb {number}: {verb['verb']}: priority {points:g} is more than max_priority, which is {most}"
    return ""
