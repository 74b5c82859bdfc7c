"""Variables of the call in what is said: `{status}`, or with a form of the prompt grammar, `{sum:money}`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ivr.nodes import Prompt

#: Those in which callers can be spoken to.
LANGUAGES = ("en", "uk", "ru", "pl")

_PLACEHOLDER = re.compile(r"\{([a-z_][a-z0-9_]*)(?::[^{}]*)?\}")
_WHOLE_NUMBER = re.compile(r"0|[1-9][0-9]{0,5}")


def placeholders(text: str) -> list[str]:
    """The variables that *text* mentions, in its order."""
    return _PLACEHOLDER.findall(text)


def fill(text: str, variables: Mapping[str, str], encode: Callable[[str], str] = str) -> str:
    """*text* with its variables as they stand, each *encode*d; what is not known is empty."""
    return _PLACEHOLDER.sub(lambda match: encode(variables.get(match[1], "")), text)


def filled(prompt: Prompt, variables: Mapping[str, str]) -> Prompt:
    """*prompt* with arguments for the variables in its text; what is not known is said as nothing.

    Arguments that it has may mention variables themselves.
    """
    names = {name for text in prompt.text.values() for name in placeholders(text)} - prompt.args.keys()
    given = {
        name: fill(value, variables) if isinstance(value, str) and "{" in value else value
        for name, value in prompt.args.items()
    }
    if not names and given == prompt.args:
        return prompt
    return replace(prompt, args={**given, **{name: argument(variables.get(name, "")) for name in sorted(names)}})


def is_fixed(prompt: Prompt) -> bool:
    """Whether *prompt* says the same to every caller."""
    given = (value for value in prompt.args.values() if isinstance(value, str))
    return not any(placeholders(text) for text in (*prompt.text.values(), *given))


def argument(value: str) -> int | str:
    """A number that people count with has genders and cases; other figures stay as they are written."""
    return int(value) if _WHOLE_NUMBER.fullmatch(value) else value
