"""The story of one call: its journal lines as sentences, in order.

Every line is told, merged with another one, or on the list of those that say nothing to a person; a kind that is not
known here is told with its fields as they are, so a journal of another version is readable too.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from softswitch.explain.callbacks import TELL_CALLBACKS
from softswitch.explain.campaigns import TELL_CAMPAIGNS
from softswitch.explain.operators import TELL_OPERATORS
from softswitch.explain.teller import TELL, Teller, WhyNobody

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from softswitch.store.cdr import Record


@dataclass(frozen=True, slots=True)
class Sentence:
    """What happened *at* (seconds since the epoch), and the reasons. ``seq`` is the line in the journal."""

    seq: int
    at: float
    kind: str
    text: str
    why: tuple[str, ...] = ()


def story(
    records: Sequence[Record],
    queues: Mapping[str, Mapping[str, Any]] | None = None,
    why_nobody: WhyNobody = lambda queued, joined: [],
) -> list[Sentence]:
    """The sentences of one call's lines.

    *queues*: what was configured for each queue at that time (see `acd.model.plain_config`), for needs and steps of
    relaxation; without it they are told by number. *why_nobody* is asked about callers who were offered to nobody on
    arrival.
    """
    teller = Teller(queues or {}, why_nobody)
    found = []
    for record, following in zip_longest(records, records[1:]):
        teller.offered_at_once = following is not None and following.kind == "acd.offer"
        try:
            sentence = _tell(teller, record)
        except (TypeError, ValueError, LookupError, AttributeError):  # a line of another version
            sentence = _as_it_is(record)
        if sentence is not None:
            found.append(sentence)
    return found


#: Kinds whose lines can be told without those before them.
PLAINLY = TELL_CALLBACKS | TELL_CAMPAIGNS | TELL_OPERATORS
#: Lines that other lines tell better, or that say nothing to a person.
SILENT = frozenset(
    {
        "acd.agent",
        "acd.call_away",
        "acd.call_changed",
        "acd.call_left",
        "acd.call_picked",
        "acd.call_returned",
        "acd.callback_failed",
        "acd.callback_ordered",
        "acd.conversation_ended",
        "acd.offer_answered",
        "acd.offer_failed",
        "acd.reconfigured",
        "acd.wait_estimated",
        "contact.told",
        "ivr.digit_pressed",
        "ivr.flow_ended",
        "ivr.prompts_ended",
        "ivr.prompts_started",
        "leg.media",
        "queue.aside",
    }
)


def _as_it_is(record: Record) -> Sentence:
    """``callback.ordered`` → "callback ordered: queue sales, number 380…"."""
    fields = ", ".join(f"{name} {value}" for name, value in record.data.items() if name not in ("at", "call"))
    words = record.kind.removeprefix("acd.").removeprefix("ivr.").replace(".", " ").replace("_", " ")
    return Sentence(record.seq, record.at, record.kind, f"{words}: {fields}" if fields else words)


def _tell(teller: Teller, record: Record) -> Sentence | None:
    if record.kind in SILENT:
        return None
    if (plainly := PLAINLY.get(record.kind)) is not None:
        return Sentence(record.seq, record.at, record.kind, plainly(record.data))
    tell = TELL.get(record.kind)
    if tell is None:
        return _as_it_is(record)
    told = tell(teller, record, record.data)
    if told is None:
        return None
    text, why = (told, []) if isinstance(told, str) else told
    return Sentence(record.seq, record.at, record.kind, text, tuple(why))
