"""Who calls: lists of numbers, and people who are looked for at several places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from softswitch.config.fields import Flag, Label, Language, Number, Seconds, TargetField, Word
from softswitch.config.words.values import FilePath, Name, Section, Strings

#: Names that a variable of a call may have; `{name}` in targets and texts stands for its value.
Column = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$")]


class ListEntry(Section):
    """Numbers and what is known of whoever calls from them; or a file of them, one a row."""

    number: Annotated[Strings, Field(min_length=1)] | None = None
    """Numbers as people write them; a trailing ``*`` stands for any rest ("+4822*"), and what is between
    slashes is a regular expression for all of the number ("/\\+38050.*7/")."""
    file: FilePath | None = None
    """A CSV file with a column ``number``; its other columns are known of the caller, in place of what is said here."""
    name: Label = ""
    """Shown when the network tells no name."""
    agent: Name | None = None
    """Whose customer it is; ``{agent}`` in targets of routes."""
    deputy: Name | None = None
    """Who serves while that agent cannot."""
    priority: Number | None = None
    """Points in every queue, on top of the queue's own."""
    needs: str = ""
    """Skills that the agent must have besides those that the queue needs."""
    prefer: str = ""
    """Agents who satisfy this are asked before the others."""
    language: Language | None = None
    label: Label = ""
    """Shown on the agent's phone before the caller."""
    customer_id: Label = ""
    """Who it is to those who keep customers: in all events of the call, in place of the number."""
    data: Mapping[Column, Word] = {}
    """Anything else: variables of the call."""

    @property
    def known(self) -> dict[str, str]:
        """All of it as variables of a call; what is not said is left out."""
        priority = "" if self.priority is None else f"{self.priority:g}"
        said = {"name": self.name, "agent": self.agent, "deputy": self.deputy, "priority": priority}
        said |= {"needs": self.needs, "prefer": self.prefer, "language": self.language, "label": self.label}
        said |= {"customer_id": self.customer_id}
        return dict(self.data) | {key: value for key, value in said.items() if value}


HuntMode = Literal["one-by-one", "all", "cascade"]


class FindMe(Section):
    """Somebody who may be at one of several places: they ring until one is answered.

    Who is not registered, is busy or does not want to be disturbed is passed over without being rung.
    """

    ring: Annotated[tuple[TargetField, ...], Field(min_length=1)]
    """``phone:1001``, ``agent:olena``, ``external:+380…@trunk``, in this order."""
    mode: HuntMode = "one-by-one"
    """One after another; all at once; or ``cascade``: one more every ``add_after`` seconds, the others ring on."""
    timeout: Annotated[Seconds, Field(gt=0, le=600)] = 20.0
    """Seconds that each place rings."""
    add_after: Annotated[Seconds, Field(gt=0, le=600)] = 10.0
    confirm: Flag = True
    """Who answers outside takes the call by pressing 1: a mailbox does not."""
    label: Label = ""
    """Shown on the phones before the caller."""
    when_no_answer: TargetField | None = None
    when_nobody: TargetField | None = None
    """Nobody could be rung at all. None: as ``when_no_answer``."""
