"""Callbacks: ordered by key, kept in their place, dialled in their turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.agent import State
from acd.events import WaitEstimated
from ivr.targets import Target
from rtp.legs import Music, Play, Tone
from softswitch.call.queues.sending import send_on
from softswitch.store.cdr import Disposition
from tests.sim.office import CENTRE, MUSIC, Office, bridged, said, state_of
from tests.support.sim_phone import answers, rejects, rings_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.sim_phone import PhoneCall, SimPhone

OFFER = 'offer_callback = { after = 8, key = "2", company = "Acme", retry_after = [30], tries = 2 }'
QUEUE = "announce = { position = false }\n"


def office_with(words: str = OFFER) -> Office:
    old = "announce = { position = true, first_after = 5, every = 20 }\n"
    assert old in CENTRE
    own = words if "announce" in words else QUEUE + words
    return Office(centre=CENTRE.replace(old, "").replace("[queue.sales]\n", f"[queue.sales]\n{own}\n"))


@pytest.fixture
def office() -> Iterator[Office]:
    centre = office_with()
    yield centre
    centre.close()


def order(office: Office, user: str = "2001") -> PhoneCall:
    """Waits, hears the offer, orders, hears that it was taken, and is hung up on."""
    call = office.call(user, "101")
    office.run(9)
    assert said(call) == ("en/callback-offer/2",)
    call.press("2")
    office.run(0.5)
    assert said(call) == (f"en/callback-number/{user}", "en/number-confirm")
    call.press("1")
    office.run(0.5)
    assert said(call) == ("en/callback-confirmed",)
    office.run(4)
    assert call.over
    return call


def called_back(phone: SimPhone) -> PhoneCall:
    """The call that the switch makes to *phone*."""
    assert phone.call.invite is not None, f"{phone.user} is not called"
    return phone.call


def waiting(office: Office) -> list[str]:
    return [ticket.call for ticket in office.switch.dispatcher.tickets.values()]


# --- ordering
def test_a_callback_is_ordered_and_made_in_its_turn_among_those_who_wait(office: Office) -> None:
    """The first caller hangs up, the second goes on waiting: the first is served first all the same."""
    customer = office.phone("2001")
    customer.on_call = answers(after=2.0)
    order(office)
    second = office.call("2002", "101")
    office.run(10)
    agent = office.agent("1001", answers(after=1.0))
    office.run(4)
    back = called_back(customer)
    assert back.invite is not None
    assert back.invite.from_.display_name == "Sales"
    assert said(back) == ("en/callback-greeting/Acme",)
    back.press("1")
    office.run(3)
    assert bridged(back, agent.call)
    assert second.hears != MUSIC or second.talking
    agent.call.hang_up()
    office.run(0.5)
    assert back.over
    assert state_of(office, "olena") is State.WRAP_UP
    records = [record for record in office.switch.records() if record.caller == "2001"]
    assert [record.disposition for record in records] == [Disposition.CALLBACK, Disposition.SERVED]
    assert records[1].dialled == "callback:sales"


@pytest.mark.parametrize(
    ("spread", "heard"),
    [(0.5, ("en/callback-expected/600", "en/callback-confirmed")), (5.0, ("en/callback-confirmed",))],
)
def test_the_caller_hears_when_it_is_to_be_expected_where_that_is_known(spread: float, heard: tuple[str, ...]) -> None:
    office = office_with(OFFER + "\nannounce = { wait = true, position = false, first_after = 300 }")
    call = office.call("2001", "101")
    office.run(9)
    control, (ticket,) = office.switch.control, waiting(office)
    control.queues.receive(WaitEstimated(((ticket, 200.0, 420.0, spread),)), office.world.now)
    call.press("2")
    office.run(0.5)
    call.press("1")
    office.run(0.5)
    assert said(call) == heard
    office.close()


def test_the_caller_hears_that_it_was_taken_only_when_it_is_written_down(office: Office) -> None:
    office.switch.disk = 3.0
    call = office.call("2001", "101")
    office.run(9)
    call.press("2")
    office.run(0.5)
    call.press("1")
    office.run(2.9)
    assert said(call) == ()
    office.run(0.2)
    assert said(call) == ("en/callback-confirmed",)


def test_an_order_that_cannot_be_written_down_is_not_promised_and_the_place_is_kept(office: Office) -> None:
    office.switch.disk = None
    call = office.call("2001", "101")
    office.run(9)
    call.press("2")
    office.run(0.5)
    call.press("1")
    office.run(10.5)
    assert said(call) == ("en/callback-failed",)
    office.run(4)
    assert call.hears == MUSIC
    (ticket,) = office.switch.dispatcher.waiting("sales")
    assert call.answered_at is not None
    assert ticket.since == pytest.approx(call.answered_at, abs=0.1)
    agent = office.agent("1001", answers(after=1.0))
    office.run(2)
    assert bridged(call, agent.call), "waits on like everybody else"


def test_nobody_is_rung_while_still_being_told_that_it_was_taken(office: Office) -> None:
    """An agent has become idle meanwhile, so it is the customer's turn at once."""
    customer = office.phone("2001")
    customer.on_call = answers(after=1.0)
    call = office.call("2001", "101")
    office.run(9)
    call.press("2")
    office.run(0.5)
    agent = office.agent("1001", answers(after=1.0))
    call.press("1")
    office.run(1)
    assert said(call) == ("en/callback-confirmed",)
    assert customer.call is call
    office.run(4)
    back = called_back(customer)
    back.press("1")
    office.run(3)
    assert bridged(back, agent.call)


def test_who_hangs_up_as_soon_as_it_is_ordered_is_called_back(office: Office) -> None:
    customer = office.phone("2001")
    customer.on_call = answers(after=1.0)
    call = office.call("2001", "101")
    office.run(9)
    call.press("2")
    office.run(0.1)
    call.press("1")
    office.run(0.01)
    call.hang_up()
    office.run(1)
    office.agent("1001", answers(after=1.0))
    office.run(4)
    assert said(called_back(customer)) == ("en/callback-greeting/Acme",)


def test_who_hangs_up_before_that_has_abandoned(office: Office) -> None:
    call = office.call("2001", "101")
    office.run(9)
    call.press("2")
    office.run(1)
    call.hang_up()
    office.run(1)
    assert waiting(office) == []


def test_before_the_offer_the_key_means_nothing_unless_it_may(office: Office) -> None:
    call = office.call("2001", "101")
    office.run(2)
    call.press("2")
    office.run(0.2)
    assert call.hears == MUSIC
    early = office_with(OFFER.replace("after = 8", "after = 8, at_once = true"))
    call = early.call("2001", "101")
    early.run(2)
    call.press("2")
    early.run(0.2)
    assert said(call) == ("en/callback-number/2001", "en/number-confirm")
    early.close()


@settings(max_examples=40)
@given(st.integers(0, 20_000))
def test_the_key_works_at_every_millisecond_after_the_offer_began(milliseconds: int) -> None:
    office = office_with()
    call = office.call("2001", "101")
    office.run(8.05 + milliseconds / 1000)
    call.press("2")
    office.run(0.1)
    assert said(call) == ("en/callback-number/2001", "en/number-confirm")
    office.close()


def test_another_number_is_entered_and_read_back(office: Office) -> None:
    other = office.phone("2003")
    other.on_call = answers(after=1.0)
    call = office.call("2001", "101")
    office.run(9)
    call.press("2")
    office.run(0.2)
    call.press("2")
    office.run(0.2)
    assert said(call) == ("en/callback-enter-number",)
    call.press("9999#")
    office.run(0.2)
    assert said(call)[0] == "en/callback-number-invalid"
    call.press("2003")
    office.run(4.5)  # who does not press hash has finished after a while
    assert said(call) == ("en/number-read-back/2003", "en/number-confirm")
    call.press("1")
    office.run(5)
    office.agent("1001", answers(after=1.0))
    office.run(3)
    assert said(called_back(other)) == ("en/callback-greeting/Acme",)


@pytest.mark.parametrize("way", ["star", "silence"])
def test_who_would_rather_wait_has_the_old_place(office: Office, way: str) -> None:
    call = office.call("2001", "101")
    office.run(9)
    call.press("2")
    office.run(1)
    if way == "star":
        call.press("*")
    office.run(40 if way == "silence" else 0.2)
    assert call.hears == MUSIC
    (ticket,) = office.switch.dispatcher.waiting("sales")
    assert call.answered_at is not None
    assert ticket.since == pytest.approx(call.answered_at, abs=0.1)
    agent = office.agent("1001", answers(after=1.0))
    office.run(2)
    assert bridged(call, agent.call)


# --- dialling
def test_a_mailbox_is_not_put_through_and_the_customer_is_tried_again(office: Office) -> None:
    customer = office.phone("2001")
    customer.on_call = answers(after=1.0)
    order(office)
    agent = office.agent("1001", answers(after=1.0))
    office.run(30)
    assert called_back(customer).over, "nobody pressed 1"
    assert [each for each in agent.calls if each.invite] == []
    office.run(30)
    again = called_back(customer)
    assert not again.over
    office.run(1)
    again.press("1")
    office.run(3)
    assert bridged(again, agent.call)


@pytest.mark.parametrize("how", ["busy", "no answer", "gone"])
def test_a_customer_who_cannot_be_reached_is_tried_so_often_and_no_more(office: Office, how: str) -> None:
    customer = office.phone("2001")
    customer.on_call = rejects(486) if how == "busy" else rings_on
    order(office)
    if how == "gone":
        customer.unregister()
    office.run(1)
    office.agent("1001", answers(after=1.0))
    office.run(200)
    tries = [call for call in customer.calls if call.invite is not None]
    assert len(tries) == (0 if how == "gone" else 2)
    assert waiting(office) == []
    assert state_of(office, "olena") is State.IDLE


def test_a_customer_who_hangs_up_in_the_greeting_has_not_been_reached(office: Office) -> None:
    customer = office.phone("2001")
    customer.on_call = answers(after=1.0)
    order(office)
    office.agent("1001", answers(after=1.0))
    office.run(2)
    called_back(customer).hang_up()
    office.run(35)
    assert len([call for call in customer.calls if call.invite is not None]) == 2


def test_an_agent_may_be_rung_first_and_hears_that_it_is_a_callback() -> None:
    words = OFFER.replace("after = 8", 'after = 8, first = "agent", greeting = false')
    office = office_with(words + "\nwhisper = true")
    customer = office.phone("2001")
    customer.on_call = answers(after=3.0)
    order(office)
    agent = office.agent("1001", answers(after=1.0))
    office.run(1.5)
    assert agent.call.talking
    assert said(agent.call) == ("en/whisper-callback/Sales",)
    office.run(3)
    back = called_back(customer)
    office.run(0.1)
    assert bridged(back, agent.call), "without telling the agent again"
    office.close()


def test_an_agent_who_was_rung_first_hears_it_ring_and_is_free_when_nobody_answers() -> None:
    office = office_with(OFFER.replace("after = 8", 'after = 8, first = "agent", ring_timeout = 10'))
    customer = office.phone("2001")
    customer.on_call = rings_on
    order(office)
    agent = office.agent("1001", answers(after=1.0))
    office.run(6)
    assert agent.call.hears == Tone("ringback")
    office.run(10)
    assert agent.call.over
    assert called_back(customer).over
    office.close()


@pytest.mark.parametrize("agent", [rings_on, rejects(486, after=1.0), rejects(480)])
def test_no_call_is_left_of_an_agent_who_was_rung_first_in_vain(agent: Callable[[PhoneCall], None]) -> None:
    office = office_with(OFFER.replace("after = 8", 'after = 8, first = "agent", expires_after = 60'))
    order(office)
    office.agent("1001", agent)
    office.run(15)
    assert office.switch.dispatcher.tickets
    assert office.switch.control.calls == {}
    office.run(120)
    assert office.switch.dispatcher.tickets == {}
    assert office.switch.control.calls == {}
    office.close()


def test_who_calls_again_and_hangs_up_while_an_agent_rings_is_called_back_by_that_agent() -> None:
    office = office_with(OFFER.replace("after = 8", 'after = 8, first = "agent", greeting = false'))
    customer = office.phone("2001")
    order(office)
    again = office.call("2001", "101")
    agent = office.agent("1001", rings_on)
    office.world.run_until(lambda: agent.call.number == "2001")
    customer.on_call = answers(after=1.0)
    again.hang_up()
    office.run(1)
    assert agent.call.invite is not None
    agent.call.answer()
    office.run(7)
    assert bridged(called_back(customer), agent.call)
    office.close()


def test_a_customer_waits_for_an_agent_with_music_like_everybody_else(office: Office) -> None:
    customer = office.phone("2001")
    customer.on_call = answers(after=1.0)
    order(office)
    agent = office.agent("1001", rings_on)
    office.run(2)
    back = called_back(customer)
    back.press("1")
    office.run(2)
    assert isinstance(back.hears, Music | Play)
    agent.call.answer()
    office.run(0.1)
    assert bridged(back, agent.call)


def test_a_callback_survives_a_restart(office: Office) -> None:
    customer = office.phone("2001")
    customer.on_call = answers(after=1.0)
    order(office)
    office.restart()
    office.run(1)
    agent = office.agent("1001", answers(after=1.0))
    office.run(3)
    back = called_back(customer)
    assert said(back) == ("en/callback-greeting/Acme",)
    back.press("1")
    office.run(3)
    assert bridged(back, agent.call)


def test_who_calls_again_has_the_place_of_the_callback_and_the_promise_holds(office: Office) -> None:
    customer = office.phone("2001")
    customer.on_call = answers(after=1.0)
    ordering = order(office)
    office.run(20)
    again = office.call("2001", "101")
    office.run(1)
    (ticket,) = office.switch.dispatcher.waiting("sales")
    assert ordering.answered_at is not None
    assert ticket.since == pytest.approx(ordering.answered_at, abs=0.1)
    again.hang_up()
    office.run(1)
    agent = office.agent("1001", answers(after=1.0))
    office.run(3)
    back = called_back(customer)
    back.press("1")
    office.run(3)
    assert bridged(back, agent.call)
    back.hang_up()
    office.run(60)
    assert len([call for call in customer.calls if call.invite is not None]) == 1


def test_who_hung_up_while_waiting_is_called_back_where_that_is_wanted() -> None:
    office = office_with(OFFER.replace("after = 8", "after = 8, abandoned_after = 20"))
    customer = office.phone("2001")
    customer.on_call = answers(after=1.0)
    for seconds in (5, 25):
        call = office.call("2001", "101")
        office.run(seconds)
        call.hang_up()
        office.run(1)
        assert len(waiting(office)) == (seconds > 20)
    agent = office.agent("1001", answers(after=1.0))
    office.run(3)
    back = called_back(customer)
    back.press("1")
    office.run(3)
    assert bridged(back, agent.call)
    office.close()


def test_a_caller_from_outside_is_called_back_through_the_trunk_by_which_they_came(office: Office) -> None:
    carrier = office.trunk()
    carrier.on_call = answers(after=1.0)
    call = carrier.dial("101")
    office.run(9)
    assert said(call) == ("uk/callback-offer/2",)
    call.press("2")
    office.run(0.5)
    assert said(call) == ("uk/callback-number/+380501234567", "uk/number-confirm")
    call.press("1")
    office.run(5)
    agent = office.agent("1001", answers(after=1.0))
    office.run(3)
    back = called_back(carrier)
    assert back.invite is not None
    assert back.invite.uri.user == "+380501234567"
    assert said(back) == ("uk/callback-greeting/Acme",)
    back.press("1")
    office.run(3)
    assert bridged(back, agent.call)


@pytest.mark.parametrize("how", ["reload", "restart"])
@pytest.mark.parametrize("first", ["customer", "agent"])
def test_a_number_that_is_never_to_be_called_since_the_order_is_not_called(how: str, first: str) -> None:
    office = office_with(f'offer_callback = {{ after = 8, key = "2", company = "Acme", first = "{first}" }}')
    order(office)
    if how == "reload":
        office.reload(('company = "Acme"', 'company = "Acme", never = ["2001"]'))
    else:
        office.restart(centre=office.centre.replace('company = "Acme"', 'company = "Acme", never = ["2001"]'))
    customer = office.phone("2001")
    rang = len(customer.calls)
    office.agent("1001", answers(after=1.0))
    office.run(8)
    assert len(customer.calls) == rang
    assert waiting(office) == []
    assert state_of(office, "olena") is State.IDLE
    assert [line.data["result"] for line in office.switch.journal.of("acd.callback_over")] == ["cancelled"]
    office.close()


@pytest.mark.parametrize(("target", "kept"), [("agent:piotr", 2), ("phone:2002", 1)])
def test_an_order_is_done_when_its_customer_is_picked_by_hand_and_talks(office: Office, target: str, kept: int) -> None:
    order(office)
    desk = target.replace("agent:piotr", "phone:1002").removeprefix("phone:")
    agent = office.agent("1002", answers(after=1.0)) if desk == "1002" else office.phone(desk)
    agent.on_call = answers(after=1.0)
    call = office.call("2001", "101")
    office.run(1)
    control = office.switch.control
    (live,) = [known for known in control.calls.values() if known.a_leg == call.leg]
    assert send_on(control, live, Target.parse(target), office.world.now)
    control.on_changed(office.world.now)
    office.switch.flush()
    assert len(waiting(office)) == kept
    office.run(5)
    assert bridged(call, agent.call)
    agent.call.hang_up()
    office.run(2)
    assert [line.data["result"] for line in office.switch.journal.of("acd.callback_over")] == ["served"]
    assert waiting(office) == []
