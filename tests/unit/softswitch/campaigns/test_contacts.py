"""Who wants no offers, and who has heard enough of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.campaigns.contacts import OPTED, TOLD, Contacts, NotANumber, Wish
from softswitch.config import parse_config
from tests.support.sim_ports import MemoryJournal, SimClock

DAY = 86_400.0
OLENA, OTHER = "+380501234567", "+380671112233"


def contacts(cap: str = "", journal: MemoryJournal | None = None) -> tuple[Contacts, MemoryJournal]:
    text = f'[server]\ncountry = "UA"\n{f"[campaigns.cap]{chr(10)}{cap}" if cap else ""}'
    config = parse_config(text.encode(), file="c.toml", folder=Path(), env={})
    journal = journal or MemoryJournal()
    return Contacts(config, SimClock(), journal), journal


@pytest.mark.parametrize("written", [OLENA, "0501234567", "+38 (050) 123-45-67", "00380501234567"])
def test_a_customer_is_known_however_the_number_is_written(written: str) -> None:
    known, _ = contacts()
    assert known.opt(written, 0.0, out=True, by="ann")
    assert not known.wants(OLENA)
    assert not known.opt(OLENA, 1.0, out=True, by="ann")  # nothing new
    assert known.wants("+380501234568")
    assert known.wants("")


def test_a_wish_may_be_about_one_campaign_or_about_all_numbers_that_begin_so() -> None:
    known, _ = contacts()
    known.opt(OLENA, 0.0, out=True, by="ann", campaign="spring")
    assert (known.wants(OLENA, "spring"), known.wants(OLENA, "autumn")) == (False, True)
    known.opt("+48*", 1.0, out=True, by="ann")
    assert (known.wants("+48221234567"), known.wants("+47221234567")) == (False, True)
    assert [wish.number for wish in known.wishes("+48221234567")] == ["+48*"]
    known.opt("+48*", 2.0, out=False, by="ann")
    assert known.wants("+48221234567")


def test_wishes_outlast_a_restart_and_say_who_noted_them() -> None:
    known, journal = contacts()
    known.opt(OLENA, 5.0, out=True, by="caller", call="call-1")
    known.opt("+48*", 6.0, out=True, by="ann")
    known.opt("+48*", 7.0, out=False, by="crm")
    again, _ = contacts()
    again.remember(journal.lines)
    assert again.wishes() == known.wishes()
    assert [(wish.number, wish.by) for wish in again.wishes()] == [(OLENA, "caller")]
    assert [(line.call, line.data["out"], line.data["by"]) for line in journal.of(OPTED)] == [
        ("call-1", True, "caller"),
        (None, True, "ann"),
        (None, False, "crm"),
    ]


@pytest.mark.parametrize(("number", "campaign"), [("", ""), ("abc", ""), ("*", ""), ("+", ""), (OLENA, "b c")])
def test_what_is_no_number_is_refused(number: str, campaign: str) -> None:
    known, _ = contacts()
    with pytest.raises(NotANumber):
        known.opt(number, 0.0, out=True, by="ann", campaign=campaign)


def test_a_customer_hears_so_many_messages_in_so_many_days() -> None:
    known, journal = contacts("messages = 2\ndays = 7")
    assert known.room(OLENA, 0.0) == 2
    known.told(OLENA, "call-1", "slot.a.x.1", 0.0)
    known.told(OLENA, "call-1", "slot.a.x.1", 9.0)  # the same call, the menu once more
    assert known.room(OLENA, 10.0) == 1
    known.told(OLENA, "call-2", "slot.b.y.1", DAY)
    assert known.room(OLENA, DAY) == 0
    assert known.room("+380501234568", DAY) == 2
    assert known.room(OLENA, 7 * DAY - 1) == 0
    assert known.room(OLENA, 7 * DAY) == 1
    assert known.room(OLENA, 8 * DAY) == 2
    again, _ = contacts("messages = 2\ndays = 7")
    again.remember(journal.lines)
    assert len(journal.of(TOLD)) == 2
    assert again.room(OLENA, DAY) == 0


def test_a_customer_who_is_known_hears_no_more_at_another_number() -> None:
    known, journal = contacts("messages = 2\ndays = 7")
    known.told(OLENA, "call-1", "slot.a.x.1", 0.0)  # before it turns out who calls
    known.told(OLENA, "call-1", "slot.a.x.1", 1.0, customer_id="K-1")
    known.told(OLENA, "call-1", "slot.a.x.1", 2.0, customer_id="K-1")
    known.told("", "call-2", "slot.b.y.1", 3.0, customer_id="K-1")
    assert [line.data for line in journal.of(TOLD)] == [
        {"number": OLENA, "prompt": "slot.a.x.1"},
        {"number": "", "customer_id": "K-1", "prompt": "slot.a.x.1"},
        {"number": "", "customer_id": "K-1", "prompt": "slot.b.y.1"},
    ]
    again, _ = contacts("messages = 2\ndays = 7")
    again.remember(journal.lines)
    for one in (known, again):
        assert one.room(OTHER, 4.0, customer_id="K-1") == 0
        assert one.room("", 4.0, customer_id="K-1") == 0
        assert one.room(OTHER, 4.0, customer_id="K-2") == 2
        assert one.room(OLENA, 4.0, customer_id="K-2") == 1
        assert one.room(OLENA, 4.0, customer_id=OTHER) == 1
    known.told(OTHER, "call-3", "slot.c.z.1", 5.0, customer_id="K-3")
    assert journal.of(TOLD)[-1].data == {"number": OTHER, "customer_id": "K-3", "prompt": "slot.c.z.1"}


def test_a_customer_whose_id_looks_like_a_number_is_not_who_has_that_number() -> None:
    known, journal = contacts("messages = 2\ndays = 7")
    known.told(OTHER, "call-1", "slot.a.x.1", 0.0)
    known.told(OLENA, "call-2", "slot.a.x.1", 1.0, customer_id="0501")
    again, _ = contacts("messages = 2\ndays = 7")
    again.remember(journal.lines)
    for one in (known, again):
        assert one.room("", 2.0, customer_id=OTHER) == 2
        assert one.room("", 2.0, customer_id="0501") == 1
        assert one.room("0501", 2.0) == 2


def test_a_wish_about_what_begins_with_a_number_is_erased_with_it() -> None:
    known, _ = contacts()
    known.key = b"of this database"
    known.opt(f"{OLENA}*", 0.0, out=True, by="ann", campaign="spring")
    known.opt("+38067*", 0.0, out=True, by="ann")
    known.erase(OLENA)
    assert "50123" not in repr(known.wishes())
    assert [wish.number for wish in known.wishes("+38067*")] == ["+38067*"]
    assert (known.wants(OLENA, "spring"), known.wants(OLENA, "autumn")) == (False, True)


def test_messages_that_wait_in_the_same_menu_are_counted_once() -> None:
    known, _ = contacts("messages = 3\ndays = 7")
    known.told(OLENA, "call-1", "slot.a.x.1", 0.0)
    assert known.room(OLENA, 1.0, call="call-1", beside=["slot.a.x.1", "slot.b.y.1"]) == 1
    assert known.room(OLENA, 1.0, call="call-2", beside=["slot.a.x.1", "slot.b.y.1"]) == 0


def test_without_a_limit_or_a_number_nobody_counts() -> None:
    known, journal = contacts()
    known.told(OLENA, "call-1", "slot.a.x.1", 0.0)
    assert known.room(OLENA, 0.0) == float("inf")
    assert journal.lines == []
    limited, _ = contacts("messages = 1\ndays = 1")
    limited.told("", "call-1", "slot.a.x.1", 0.0)
    assert limited.room("", 0.0) == float("inf")


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5)), max_size=40), st.integers(1, 4), st.integers(1, 9))
def test_never_more_than_so_many_in_any_period(calls: list[tuple[int, int]], most: int, days: int) -> None:
    known, _ = contacts(f"messages = {most}\ndays = {days}")
    told: list[float] = []
    for number, (day, wanted) in enumerate(sorted(calls)):
        at = day * DAY
        for message in range(min(wanted, int(known.room(OLENA, at)))):
            known.told(OLENA, f"call-{number}", f"slot.a.{message}.1", at)
            told.append(at)
    for at in told:
        assert sum(at - days * DAY < one <= at for one in told) <= most


@given(st.lists(st.tuples(st.sampled_from(["1", "2", "1*", "22*"]), st.sampled_from(["", "x"]), st.booleans())))
def test_the_list_is_what_was_said_last(said: list[tuple[str, str, bool]]) -> None:
    known, _ = contacts()
    now: dict[tuple[str, str], bool] = {}
    for at, (number, campaign, out) in enumerate(said):
        changed = known.opt(number, float(at), out=out, by="ann", campaign=campaign)
        assert changed == (now.get((number, campaign), False) != out)
        now[number, campaign] = out
    wanted = {which for which, out in now.items() if out}
    total, listed = known.latest(100)
    assert total == len(listed) == len(wanted)
    assert (
        {(wish.number, wish.campaign) for wish in listed} == wanted == {(w.number, w.campaign) for w in known.wishes()}
    )
    assert known.latest(1, 1)[1] == listed[1:2]


def test_many_wishes_are_listed_from_the_last_one_on() -> None:
    known, _ = contacts()
    for number in range(20_000):
        known._take(Wish(f"+38050{number:07d}", "", float(number), "crm"), out=True)
    known._take(Wish("+4822*", "", 0.0, "crm"), out=True)
    assert not known.wants("+380500019999")
    total, listed = known.latest(2)
    assert (total, [wish.number for wish in listed]) == (20_001, ["+4822*", "+380500019999"])
