"""Callers who are known: to their own consultant, past every menu; people who are looked for at several places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rtp.legs import Play
from tests.sim.office import CENTRE, MUSIC, Office, bridged, record_of, said, statuses
from tests.support.sim_carrier import SimCarrier
from tests.support.sim_phone import answers, rejects, rings_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.sim_phone import PhoneCall, SimPhone

KYIV = ("198.51.100.21", 5060)

#: In front of the office's own routes: key contacts first.
PEOPLE = """
[server]
country = "UA"

[[list.vip]]
number = ["2001", "+380501234567"]
name = "Known Person"
agent = "olena"
deputy = "piotr"
priority = 100
label = "VIP"

[[list.blocked]]
number = "2006"

[hours.office]
open = ["mon-fri 09:00-17:00"]
when_open = "menu:main"
when_closed = "say:sorry"

[hours.never]
open = []
closed = ["mon-sun"]
when_open = "menu:main"
when_closed = "say:sorry"

[findme.sales]
ring = ["phone:2004", "phone:2005", "agent:olena"]
timeout = 10
label = "Looked for"
when_no_answer = "say:sorry"
when_nobody = "say:nobody"

[findme.all]
ring = ["phone:2004", "phone:2005", "external:+380441112233@kyiv"]
mode = "all"
timeout = 30

[findme.cascade]
ring = ["phone:2004", "phone:2005", "phone:2006"]
mode = "cascade"
add_after = 5
timeout = 30

[findme.outside]
ring = ["external:+380441112233@kyiv", "phone:2004"]
timeout = 20

[trunk.kyiv]
host = "198.51.100.21"
qualify = 0
ring_timeout = 60

[[route]]
from = "list:blocked"
to = "hangup"
reject = "unwanted"

[[route]]
did = ["100", "700"]
from = "list:vip"
to = "agent:{agent}"
when_unavailable = ["agent:{deputy}", "queue:everybody"]

[[route]]
did = "701"
to = "findme:sales"

[[route]]
did = "702"
to = "findme:all"

[[route]]
did = "703"
to = "findme:cascade"

[[route]]
did = "704"
to = "findme:outside"

[[route]]
did = "705"
when = "closed:never"
to = "hours:never"
"""


class People(Office):
    def __init__(self) -> None:
        super().__init__(centre=CENTRE.replace("[[route]]", f"{PEOPLE}\n[[route]]", 1))
        self.kyiv = SimCarrier(self.switch, KYIV)
        self.phones["carrier kyiv"] = self.kyiv

    def all_phones(self, *users: str, does: object = rings_on) -> list[SimPhone]:
        phones = [self.phone(user) for user in users]
        for phone in phones:
            phone.on_call = does  # type: ignore[assignment]
        return phones


@pytest.fixture
def people() -> Iterator[People]:
    office = People()
    yield office
    office.close()


def invites(phone: SimPhone) -> int:
    return sum(call.invite is not None for call in phone.calls)


def shown_at(call: PhoneCall) -> str:
    assert call.invite is not None
    return call.invite.from_.display_name


# ------------------------------------------------------------------------------------------------ key contacts
def test_a_key_contact_hears_ringback_and_then_the_own_consultant(people: People) -> None:
    olena = people.agent("1001", answers(after=4))
    call = people.phone("2001").dial("100")
    people.run(2)
    assert call.answered_at is None
    assert 180 in statuses(call)
    assert shown_at(olena.call) == "VIP: Desk 2001"
    people.run(4)
    assert bridged(call, olena.call)
    assert not any(isinstance(source, Play) for _, source in call.heard), "no prompt before the consultant"
    record = record_of(call)
    assert record.agent == "olena"


def test_a_key_contact_from_outside_is_known_by_the_number_however_it_is_written(people: People) -> None:
    olena = people.agent("1001")
    trunk = people.trunk()
    trunk.user, trunk.name = "0501234567", ""
    call = trunk.dial("700")
    people.run(4)
    assert bridged(call, olena.call)
    assert shown_at(olena.call) == "VIP: Known Person"
    assert olena.call.number == "+380501234567"
    (started,) = [line.data for line in people.switch.journal.of("call.started") if line.data.get("trunk")]
    assert (started["caller"], started["raw"], started["name"]) == ("+380501234567", "0501234567", "Known Person")
    (record,) = [record for record in people.switch.records() if record.trunk]
    assert (record.caller, record.raw) == ("+380501234567", "0501234567")
    assert started["route"] == "route 2 (did 100 or 700, from list:vip)"


@pytest.mark.parametrize(
    "what", ["logged out", "on a break", "talking", "ringing", "in wrap-up", "busy", "unreachable"]
)
def test_a_consultant_who_is_not_free_is_not_rung_and_the_deputy_is(people: People, what: str) -> None:
    olena = people.agent("1001", rings_on if what == "ringing" else answers(after=1))
    deputy = people.agent("1002", answers(after=1))
    if what == "logged out":
        call = olena.dial("*12")
        people.world.run_until(lambda: call.over)
    elif what == "on a break":
        call = olena.dial("*13")
        people.world.run_until(lambda: call.over)
    elif what == "busy":
        olena.dial("106")
        people.run(1)
    elif what == "unreachable":
        olena.unregister()
        people.run(1)
    else:
        waiting = people.call("2002", "101")
        people.run(4)
        if what == "in wrap-up":
            waiting.hang_up()
            people.run(0.5)
    before = invites(olena)
    call = people.phone("2001").dial("700")
    people.run(3)
    assert bridged(call, deputy.call)
    assert invites(olena) == before, "not a packet to who cannot answer"
    if what == "ringing":
        for each in olena.calls:
            if not each.over:
                each.reject()


def test_when_neither_is_there_the_key_contact_waits_with_priority(people: People) -> None:
    people.agent("1003", rings_on)
    other = people.call("2002", "103")
    call = people.phone("2001").dial("700")
    people.run(3)
    assert call.hears == MUSIC
    tickets = people.switch.dispatcher.tickets
    assert sorted(ticket.priority for ticket in tickets.values()) == [0, 100]
    other.hang_up()


def test_a_consultant_who_does_not_answer_is_followed_by_the_deputy(people: People) -> None:
    people.agent("1001", rings_on)
    deputy = people.agent("1002", answers(after=1))
    call = people.phone("2001").dial("700")
    people.run(17.5)
    assert bridged(call, deputy.call)


def test_somebody_who_is_on_no_list_hears_the_menu(people: People) -> None:
    people.agent("1001")
    call = people.call("2002", "100")
    assert said(call) == ("en/menu.main",)


def test_a_blocked_caller_is_told_so_and_hears_nothing(people: People) -> None:
    call = people.phone("2006").dial("100")
    people.run(1)
    assert call.status == 607


def test_while_an_agent_talks_in_person_no_queue_rings_them(people: People) -> None:
    olena = people.agent("1001")
    call = people.phone("2001").dial("700")
    people.run(4)
    assert bridged(call, olena.call)
    waits = people.call("2002", "101")
    people.run(3)
    assert waits.hears == MUSIC
    call.hang_up()
    people.run(6)
    assert bridged(waits, olena.call)


# ------------------------------------------------------------------------------------------------ find-me
def test_people_are_looked_for_one_after_another(people: People) -> None:
    first, second = people.all_phones("2004", "2005")
    second.on_call = answers(after=3)
    call = people.call("2001", "106")  # somebody else talks all the while
    seeker = people.phone("2002").dial("701")
    people.run(9)
    assert (invites(first), invites(second)) == (1, 0)
    people.run(2)
    assert first.call.over
    people.run(3)
    assert bridged(seeker, second.call)
    assert shown_at(second.call) == "Looked for: Desk 2002"
    assert call.talking


def test_whoever_cannot_answer_is_passed_over_without_an_invite_and_the_next_rings_at_once(people: People) -> None:
    busy, free = people.all_phones("2004", "2005")
    busy.dial("106")
    people.run(1)
    began = people.world.now
    people.phone("2002").dial("701")
    people.world.run_until(lambda: invites(free) == 1)
    assert people.world.now - began <= 0.1
    assert invites(busy) == 0
    skipped = people.switch.journal.of("findme.skipped")
    assert [(line.data["place"], line.data["why"]) for line in skipped] == [("phone:2004", "busy")]


def test_one_who_declines_is_followed_at_once(people: People) -> None:
    first, second = people.all_phones("2004", "2005")
    first.on_call = rejects(486, after=1)
    people.phone("2002").dial("701")
    people.run(1.3)
    assert (invites(first), invites(second)) == (1, 1)


def test_nobody_is_there_at_all_and_nobody_answers_are_told_apart(people: People) -> None:
    call = people.phone("2002").dial("701")
    people.run(1)
    assert said(call) == ("en/say.nobody",)
    people.all_phones("2004")
    call = people.phone("2001").dial("701")
    people.run(11)
    assert said(call) == ("en/say.sorry",)


def test_all_at_once_and_the_first_has_the_call(people: People) -> None:
    first, second = people.all_phones("2004", "2005")
    people.kyiv.on_call = rings_on
    second.on_call = answers(after=3)
    call = people.phone("2002").dial("702")
    people.run(2)
    assert (invites(first), invites(second), invites(people.kyiv)) == (1, 1, 1)
    people.run(2)
    assert bridged(call, second.call)
    assert first.call.over
    assert people.kyiv.call.over


def test_a_cascade_adds_one_after_another(people: People) -> None:
    phones = people.all_phones("2004", "2005", "2006")
    call = people.phone("2002").dial("703")
    for rings in (1, 2, 3):
        people.run(4)
        assert [invites(phone) for phone in phones] == [1] * rings + [0] * (3 - rings)
        people.run(1.1)
    assert not any(phone.call.over for phone in phones)
    phones[0].call.answer()
    people.run(1)
    assert bridged(call, phones[0].call)
    assert phones[1].call.over
    assert phones[2].call.over


def test_somebody_outside_takes_the_call_by_a_key(people: People) -> None:
    people.all_phones("2004")
    people.kyiv.on_call = answers(after=1)
    call = people.phone("2002").dial("704")
    people.run(3)
    outside = people.kyiv.call
    assert said(outside) == ("en/findme-confirm/1",)
    assert call.answered_at is None, "the caller goes on hearing it ring"
    outside.press("2")
    people.run(1)
    assert call.answered_at is None
    outside.press("1")
    people.run(1)
    assert bridged(call, outside)


def test_a_mailbox_outside_does_not_take_the_call(people: People) -> None:
    (next_one,) = people.all_phones("2004")
    people.kyiv.on_call = answers()
    call = people.phone("2002").dial("704")
    people.run(16)
    assert people.kyiv.call.over
    assert invites(next_one) == 1
    next_one.call.answer()
    people.run(1)
    assert bridged(call, next_one.call)


def test_an_outside_party_who_hangs_up_instead_of_pressing_is_followed_at_once(people: People) -> None:
    (next_one,) = people.all_phones("2004")
    people.kyiv.on_call = answers()
    people.phone("2002").dial("704")
    people.run(3)
    people.kyiv.call.hang_up()
    people.run(0.3)
    assert invites(next_one) == 1


@pytest.mark.parametrize("number", ["700", "701", "702", "703", "704"])
def test_a_caller_who_gives_up_leaves_nobody_ringing(people: People, number: str) -> None:
    phones = [*people.all_phones("2004", "2005", "2003"), people.agent("1001", rings_on), people.kyiv]
    people.kyiv.on_call = answers()
    call = people.phone("2001").dial(number)
    people.run(3)
    call.hang_up()
    people.run(1)
    assert all(each.over for phone in phones for each in phone.calls)


def test_who_does_not_want_to_be_disturbed_is_not_rung_also_after_a_restart(people: People) -> None:
    first, second = people.all_phones("2004", "2005")
    call = first.dial("*78")
    people.run(1)
    assert said(call) == ("en/dnd-on",)
    people.world.run_until(lambda: call.over)
    people.phone("2002").dial("701")
    people.run(1)
    assert (invites(first), invites(second)) == (0, 1)
    direct = people.phone("2003").dial("2004")
    people.run(1)
    assert direct.status == 486
    people.restart()
    people.run(1)
    direct = people.phone("2003").dial("2004")
    people.run(1)
    assert (direct.status, invites(first)) == (486, 0)
    off = first.dial("*79")
    people.world.run_until(lambda: off.over)
    people.phone("2003").dial("2004")
    people.run(1)
    assert invites(first) == 1
