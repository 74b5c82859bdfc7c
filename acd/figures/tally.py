"""What stays add up to: counts and sums, and every figure about queues that follows from them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from acd.figures.clock import micros
from acd.figures.definitions import figure
from acd.figures.service_level import DEFAULT, Waits, variant
from acd.figures.stays import Outcome

if TYPE_CHECKING:
    from acd.figures.definitions import Figure
    from acd.figures.stays import Stay


@dataclass(frozen=True, slots=True)
class Standard:
    """What a queue promises, in seconds: answered *within*; who hangs up before *short* hardly waited."""

    within: float = 20.0
    short: float = 5.0
    target: float = 0.8
    definition: str = DEFAULT

    @property
    def parameters(self) -> str:
        """As they stand in the ids of figures."""
        return f"answered_within={self.within:g},short_abandon={self.short:g}"


@dataclass(slots=True)
class Tally:
    """Sums over any number of stays; lengths are microseconds. Tallies of parts add up to that of the whole."""

    answered: int = 0
    answered_within: int = 0
    abandoned: int = 0  # all of them, the short ones too
    abandoned_within: int = 0
    abandoned_short: int = 0
    overflowed: int = 0
    left: int = 0
    callbacks: int = 0
    listed: int = 0
    called_back: int = 0
    waiting: int = 0
    cut: int = 0
    refused: int = 0
    wait_of_answered: int = 0
    ring_of_answered: int = 0
    virtual_wait: int = 0
    longest_wait: int = 0
    conversations: int = 0
    talk: int = 0
    hold: int = 0
    wrap_up: int = 0
    transfers: int = 0
    offers: int = 0
    no_answers: int = 0

    @property
    def offered(self) -> int:
        """All who entered; each is in exactly one of the outcomes."""
        return self.answered + self.abandoned + self.overflowed + self.left + self.callbacks + self.waiting + self.cut

    def add(self, stay: Stay, standard: Standard) -> None:
        match stay.outcome:
            case Outcome.ANSWERED:
                self.answered += 1
                self.answered_within += stay.waited <= micros(standard.within)
                self.wait_of_answered += stay.waited
                self.ring_of_answered += stay.ring
            case Outcome.ABANDONED:
                self.abandoned += 1
                self.abandoned_within += stay.waited <= micros(standard.within)
                self.abandoned_short += stay.waited < micros(standard.short)
            case Outcome.CALLBACK | Outcome.LISTED:
                self.callbacks += stay.outcome is Outcome.CALLBACK
                self.listed += stay.outcome is Outcome.LISTED
                self.called_back += stay.called_back
                self.virtual_wait += stay.virtual_wait
            case Outcome.OVERFLOWED:
                self.overflowed += 1
            case Outcome.LEFT:
                self.left += 1
            case Outcome.WAITING:
                self.waiting += 1
            case Outcome.CUT:
                self.cut += 1
            case Outcome.REFUSED:
                self.refused += 1
        self.longest_wait = max(self.longest_wait, stay.waited)
        self.conversations += stay.conversations
        self.talk += stay.talk
        self.hold += stay.hold
        self.wrap_up += stay.wrap_up
        self.transfers += stay.transfers
        self.offers += stay.offers
        self.no_answers += stay.no_answers

    def __iadd__(self, other: Tally) -> Tally:
        for one in fields(self):
            mine, theirs = getattr(self, one.name), getattr(other, one.name)
            setattr(self, one.name, max(mine, theirs) if one.name == "longest_wait" else mine + theirs)
        return self

    @property
    def waits(self) -> Waits:
        return Waits(self.answered, self.answered_within, self.abandoned, self.abandoned_within, self.abandoned_short)

    def figures(self, standard: Standard, parameters: str = "") -> dict[str, Figure]:
        """Every figure by its name.

        The stays were judged when they were added; *standard* says by which formula, and what the ids show. Give
        *parameters* when the stays were judged by different standards.
        """
        formula, judged = variant(standard.definition), parameters or standard.parameters
        abandoned = self.abandoned - self.abandoned_short
        handling = self.talk + self.hold + self.wrap_up
        found = [
            figure("offered", self.offered),
            figure("answered", self.answered),
            figure("abandoned", abandoned, definition=f"abandoned({judged})"),
            figure("short", self.abandoned_short, definition=f"short({judged})"),
            figure("overflowed", self.overflowed),
            figure("left", self.left),
            figure("callbacks", self.callbacks),
            figure("listed", self.listed),
            figure("called_back", self.called_back),
            figure("waiting", self.waiting),
            figure("cut", self.cut),
            figure("refused", self.refused),
            figure("service_level", *formula.of(self.waits), definition=f"service_level:{formula.id}({judged})"),
            figure("asa", self.wait_of_answered, self.answered),
            figure("asa_without_ring", self.wait_of_answered - self.ring_of_answered, self.answered),
            figure("abandonment", abandoned, self.offered - self.abandoned_short, definition=f"abandonment({judged})"),
            figure("longest_wait", self.longest_wait),
            figure("average_virtual_wait", self.virtual_wait, self.called_back),
            figure("aht", handling, self.conversations),
            figure("average_talk", self.talk, self.conversations),
            figure("average_hold", self.hold, self.conversations),
            figure("average_wrap_up", self.wrap_up, self.conversations),
            figure("transfers", self.transfers, self.conversations),
            figure("no_answers", self.no_answers, self.offers),
        ]
        return {one.name: one for one in found}
