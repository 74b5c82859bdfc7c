"""The arguments of a request, and what is said when they make no sense."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from acd.skills import MAX_LEVEL
from softswitch.admin.protocol import AdminError, Code

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

A = TypeVar("A", bound=BaseModel)

Text = Annotated[str, Field(min_length=1, max_length=200)]
#: Names with commas.
Many = Annotated[str, Field(min_length=1, max_length=20_000)]
Level = Annotated[int, Field(ge=0, le=MAX_LEVEL)]


class Args(BaseModel):
    """What a request may bring; anything else is refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Nothing(Args):
    pass


def read(model: type[A], args: Mapping[str, Any]) -> A:
    """Raises AdminError, which says what is wrong with *args*."""
    try:
        return model.model_validate(dict(args))
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, p['loc'])) or 'args'}: {p['msg']}" for p in error.errors(include_url=False))
        raise AdminError(Code.BAD_REQUEST, "; ".join(problems)) from None


def listed(names: Mapping[str, object]) -> str:
    """What there is, for who asked for something else."""
    known = list(names)
    more = f" and {len(known) - 12} more" if len(known) > 12 else ""
    return f"there are {', '.join(known[:12])}{more}" if known else "there is none"
