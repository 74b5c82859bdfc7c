"""Variables that messages ask for, or say, and that nothing in the configuration gives to calls.

They are no mistakes: somebody may be about to add them. But callers hear nothing until then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivr import conditions
from ivr.campaigns import reference
from ivr.slots import OPTED_OUT
from softswitch.config.checks.mentions import ABOUT, WAY, alike
from softswitch.config.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from softswitch.config.checks.variables import Known


def unknown(documents: Sequence[Mapping[str, Any]], known: Known | None) -> Iterator[tuple[str, str]]:
    """Field and what is odd there. Where *known* is open, others tell more: only what is nearly a known name is odd."""
    if known is None:
        return
    for number, document in enumerate(documents):
        for field, written, name in _mentioned(document):
            if why := _odd(name, written, known):
                yield f"bindings[{number}].{field}", why


def _mentioned(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Field, how the variable is written there, and its name."""
    for field, value in document.get("values", {}).items():
        if name := reference(value):
            yield f"values.{field}", f"{{{name}}}", name
    try:
        condition = conditions.parse(str(document.get("condition", "")))
    except conditions.ConditionError:
        return
    for name in sorted(conditions.names(condition)):
        yield "condition", name, name


def _odd(name: str, written: str, known: Known) -> str:
    if name in known.secret:
        return f'"{written}" is entered with mask = true, and told to nobody'
    if name in known.names | WAY | ABOUT | {OPTED_OUT}:
        return ""
    likely = nearest(name, known.names)
    if known.open and not (likely and alike(name, likely)):
        return ""
    why = f'nothing in the configuration gives calls a variable "{name}"'
    return f'{why}; did you mean "{written.replace(name, likely)}"?' if likely else why
