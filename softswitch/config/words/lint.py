"""How a menu ought to be built, and which of the rules do not matter here."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from softswitch.config.errors import nearest
from softswitch.config.fields import Count, Seconds, Wrong
from softswitch.config.findings import SILENCEABLE
from softswitch.config.words.values import Section


def _code(text: str) -> str:
    if text not in SILENCEABLE:
        raise Wrong(f'there is no finding "{text}"', "the codes are in docs/checking.md", nearest(text, SILENCEABLE))
    return text


FindingCode = Annotated[str, AfterValidator(_code), WithJsonSchema({"enum": sorted(SILENCEABLE)})]


class Lint(Section):
    """Limits of the design rules, and findings that nobody wants to see."""

    ignore: tuple[FindingCode, ...] = ()
    """Codes of findings; ``lint_ignore`` of one menu does the same there."""
    max_options: Annotated[Count, Field(ge=1, le=20)] = 5
    """People do not keep more choices in mind."""
    max_depth: Annotated[Count, Field(ge=1, le=20)] = 3
    """Menus one after another, before anybody is reached."""
    first_option_within: Annotated[Seconds, Field(gt=0)] = 10.0
    """Seconds of speech before the first choice is said."""
