"""How much of a message is heard, by whom, and what cut it short."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from softswitch.campaigns.listening import Listening, Message, listening, to_plain
from softswitch.store.cdr import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

SPRING = Message("promo", "spring", 1)
_numbers = count(1)


def record(kind: str, call: str, **data: Any) -> Record:
    seq = next(_numbers)
    return Record(seq, float(seq), kind, call, data)


def hearing(
    call: str, played: float, by: str = "", *, version: int = 1, segment: str = "", **more: Any
) -> Iterator[Record]:
    """One caller in the menu: its own text, then the message."""
    yield record(
        "ivr.message_voiced", call, node="menu:main", slot="promo", campaign="spring", version=version, segment=segment
    )
    yield record("ivr.prompts_started", call, play=1, keys=["menu.main"], language="en")
    yield record("ivr.prompts_ended", call, play=1, played=3.0, interrupted_by="")
    yield record("ivr.prompts_started", call, play=2, keys=[f"slot.promo.spring.{version}"], language="en")
    yield record("ivr.prompts_ended", call, play=2, played=played, interrupted_by=by, **more)
    yield record("call.ended", call)


def of(*hearings: Iterator[Record], campaign: str = "") -> Listening:
    return listening((line for lines in hearings for line in lines), campaign)


def test_ninety_of_a_hundred_do_not_listen_to_the_end() -> None:
    some = [hearing(f"w{n}", 20.0) for n in range(10)]
    most = [hearing(f"h{n}", 20.0 * n / 100, "hung-up") for n in range(90)]
    figures = of(*some, *most).figures()[SPRING][None]
    assert (figures.meant, figures.hearings, figures.completed) == (100, 100, 10)
    assert [figures.percentile(p) for p in (10, 50, 90)] == pytest.approx([0.09, 0.49, 0.89])
    assert figures.to_plain()["heard_to_the_end_percent"] == 10.0
    assert figures.ended_by == {"end": 10, "hung-up": 90}


def test_the_length_is_taken_from_the_record_where_it_says_so() -> None:
    figures = of(hearing("a", 5.0, "4", total=20.0)).figures()[SPRING][None]
    assert figures.shares == [0.25]
    assert figures.interrupted == 1


def test_without_any_length_there_are_no_shares_but_the_rest() -> None:
    figures = of(hearing("a", 5.0, "4")).figures()[SPRING][None]
    assert (figures.hearings, figures.shares, figures.percentile(50)) == (1, [], None)
    assert figures.ended_by == {"4": 1}


def test_who_presses_a_key_at_the_very_end_has_heard_it() -> None:
    figures = of(hearing("a", 19.9, "4", total=20.0)).figures()[SPRING][None]
    assert (figures.completed, figures.shares) == (1, [1.0])


def test_versions_and_segments_are_told_apart() -> None:
    found = of(
        hearing("a", 20.0, segment="gold"),
        hearing("b", 10.0, "hung-up", segment="silver"),
        hearing("c", 9.0, version=2, segment="gold"),
    )
    one, two = to_plain(found)["messages"]
    assert (one["version"], one["heard"], two["version"], two["heard"]) == (1, 2, 2, 1)
    assert one["segments"]["gold"]["heard_to_the_end_percent"] == 100.0
    assert one["segments"]["silver"]["listened_percent"]["p50"] == 50.0


def test_one_campaign_may_be_asked_for() -> None:
    assert of(hearing("a", 20.0), campaign="spring").figures()
    assert of(hearing("a", 20.0), campaign="summer").figures() == {}


def test_who_left_before_the_message_was_meant_and_heard_nothing() -> None:
    lines = list(hearing("a", 20.0))
    figures = of(iter([*lines[:3], lines[-1]])).figures()[SPRING][None]
    assert (figures.meant, figures.hearings) == (1, 0)


def test_a_repetition_of_the_menu_is_another_hearing() -> None:
    lines = list(hearing("a", 20.0))
    again = [
        record("ivr.prompts_started", "a", play=4, keys=["slot.promo.spring.1"], language="en"),
        record("ivr.prompts_ended", "a", play=4, played=2.0, interrupted_by="1"),
    ]
    figures = of(iter([*lines[:-1], *again, lines[-1]])).figures()[SPRING][None]
    assert (figures.meant, figures.hearings, figures.shares) == (1, 2, [0.1, 1.0])


def test_prompts_of_the_menu_and_of_other_calls_are_no_messages() -> None:
    strange = [
        record("ivr.prompts_started", "b", play=1, keys=["slot.promo.spring.1"], language="en"),
        record("ivr.prompts_ended", "b", play=1, played=2.0, interrupted_by=""),
    ]
    assert of(iter(strange)).figures() == {}
