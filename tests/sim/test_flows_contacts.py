"""Who wants no offers hears none, who has heard enough hears no more, and new menus come to some callers first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ivr.slots import share
from ivr.targets import Target
from softswitch.campaigns.documents import read
from tests.sim.office import Office, bridged, said
from tests.sim.test_flows_campaigns import CAMPAIGNS, OFFER, hears, put
from tests.sim.test_flows_pulled import PULLED, RENEWAL, answer, listen
from tests.support.sim_phone import answers

if TYPE_CHECKING:
    from collections.abc import Iterator

WITH_KEY = (
    CAMPAIGNS.replace('id = "promo"', 'id = "promo"\noptout = { key = "6" }')
    + """
[campaigns.cap]
messages = 2
days = 7

[set.again]
optout = false
then = "menu:main"

[[route]]
did = "110"
to = "set:again"

[[menu.main.slot]]
id = "news"
advertising = false
"""
)
SPRING = "en/slot.promo.spring.1/12.50 UAH"
MAIN, NEW = Target("menu", "main"), Target("menu", "new")


@pytest.fixture
def office() -> Iterator[Office]:
    office = Office(centre=WITH_KEY)
    yield office
    office.close()


def test_who_presses_the_key_hears_no_offers_any_more_and_others_do(office: Office) -> None:
    put(office, OFFER)
    call = office.call("2001", "100")
    office.run(4)
    assert said(call) == (SPRING,)
    call.press("6")
    heard = listen(office, call, 5)[1:]
    assert heard[:2] == ["en/opted-out", "en/menu.main"]
    assert SPRING not in heard
    call.press("6")  # the key has gone with the message
    office.run(0.5)
    assert said(call)[0].startswith("en/invalid-choice")
    call.hang_up()
    office.run(1)
    office.restart()
    assert SPRING not in hears(office, "2001")
    assert SPRING in hears(office, "2002")
    (wish,) = office.switch.book.contacts.wishes()
    assert (wish.number, wish.by) == ("2001", "caller")
    assert office.switch.journal.of("contact.opted")[0].call is not None


def test_who_changes_their_mind_hears_offers_again(office: Office) -> None:
    put(office, OFFER)
    office.switch.book.contacts.opt("2001", office.world.now, out=True, by="ann")
    assert SPRING not in hears(office, "2001")
    call = office.call("2001", "110")
    office.run(4)
    assert said(call) == (SPRING,)


def test_news_are_heard_by_everybody(office: Office) -> None:
    book, now = office.switch.book, office.world.now
    outage = read({"bindings": [OFFER | {"campaign": "outage", "target": ""}]})
    book.put("news", outage, now, by="ann", restructure=False)
    book.contacts.opt("2001", now, out=True, by="ann")
    for _ in range(4):
        assert "en/slot.news.outage.1/12.50 UAH" in hears(office, "2001")


def test_nobody_hears_more_than_so_many_messages(office: Office) -> None:
    put(office, OFFER)
    assert [SPRING in hears(office, "2001") for _ in range(4)] == [True, True, False, False]
    assert SPRING in hears(office, "2002")
    office.restart()
    assert SPRING not in hears(office, "2001")


def test_a_message_that_did_not_begin_is_not_counted(office: Office) -> None:
    put(office, OFFER)
    for _ in range(3):
        call = office.call("2001", "100")
        office.run(1)
        call.hang_up()  # while the menu's own text is said
        office.run(1)
    assert [SPRING in hears(office, "2001") for _ in range(3)] == [True, True, False]


def test_what_a_crm_says_is_an_offer_too() -> None:
    office = Office(centre=PULLED + "\n[campaigns.cap]\nmessages = 1\ndays = 7\n")
    try:
        found = []
        for user in ("2001", "2001", "2002"):
            call = office.call(user, "100")
            office.run(0.2)
            answer(office, RENEWAL)
            found.append("en/slot.promo.renewal.0/9.00 UAH" in listen(office, call, 4))
            call.hang_up()
            office.run(1)
        assert found == [True, False, True]
        office.switch.book.contacts.opt("2002", office.world.now, out=True, by="ann", campaign="renewal")
        call = office.call("2002", "100")
        office.run(0.2)
        answer(office, RENEWAL)
        assert listen(office, call, 4)[:1] == ["en/menu.main"]
        assert not office.switch.control.calls[next(iter(office.switch.control.calls))].session.progress.voiced
    finally:
        office.close()


def test_news_in_the_same_menu_take_no_room_from_what_a_crm_says() -> None:
    news = '\n[[menu.main.slot]]\nid = "news"\nadvertising = false\n\n[campaigns.cap]\nmessages = 1\ndays = 7\n'
    office = Office(centre=PULLED + news)
    try:
        outage = read({"bindings": [OFFER | {"campaign": "outage", "target": ""}]})
        office.switch.book.put("news", outage, office.world.now, by="ann", restructure=False)
        call = office.call("2001", "100")
        office.run(0.2)
        answer(office, RENEWAL)
        heard = listen(office, call, 12)
        assert {"en/slot.promo.renewal.0/9.00 UAH", "en/slot.news.outage.1/12.50 UAH"} <= set(heard)
    finally:
        office.close()


def test_an_agent_notes_by_keys_that_the_caller_wants_no_offers() -> None:
    office = Office(centre=WITH_KEY + '\n[feature]\nno_offers = "*9"\n')
    try:
        put(office, OFFER)
        agent = office.agent("1001", answers(after=1.0))
        call = office.call("2001", "101")
        office.run(5)
        assert bridged(call, agent.call)
        for key in "5*9":
            agent.call.press(key)
            office.run(0.3)
        office.run(1)
        assert bridged(call, agent.call)
        call.hang_up()
        office.run(40)
        office.switch.check_nothing_left()
        (wish,) = office.switch.book.contacts.wishes()
        assert (wish.number, wish.by) == ("2001", "olena")
        assert SPRING not in hears(office, "2001")
    finally:
        office.close()


# --- versions of menus


def rolled_out(percent: float) -> Office:
    centre = CAMPAIGNS.replace(
        "[menu.main]\n", f'[menu.main]\nversions = [{{ to = "menu:new", percent = {percent} }}]\n'
    )
    return Office(centre=centre + '\n[menu.new]\nsay = "New."\nkeys = { 1 = "echo" }\n')


def menu_of(office: Office, user: str) -> str:
    call = office.call(user, "100")
    office.run(1)
    heard = said(call)[0]
    call.hang_up()
    office.run(1)
    return heard


def test_a_new_menu_comes_to_a_share_of_the_callers_and_goes_back_at_once() -> None:
    users = [f"200{number}" for number in range(1, 7)]
    first = min(users, key=lambda user: share("versions:menu:main", user))
    percent = share("versions:menu:main", first) + 0.5
    office = rolled_out(percent)
    try:
        assert [user for user in users if menu_of(office, user) == "en/menu.new"] == [first]
        chosen = {line.data["to"] for line in office.switch.journal.of("ivr.version_chosen")}
        assert chosen == {"menu:main", "menu:new"}
        rollouts = office.switch.book.rollouts
        rollouts.put(MAIN, {NEW: 100.0}, office.world.now, by="ann")
        assert menu_of(office, users[-1]) == "en/menu.new"
        inside = office.call(first, "100")
        office.run(1)
        rollouts.back(MAIN, office.world.now, by="ann")
        assert menu_of(office, users[-1]) == "en/menu.main"
        inside.press("1")
        office.run(0.5)
        assert office.switch.journal.of("ivr.node_entered")[-1].data["node"] == "echo"
        inside.hang_up()
        office.run(1)
        office.restart()
        assert menu_of(office, first) == "en/menu.main"
    finally:
        office.close()
