"""Blind transfers: to everybody, their failures, and whoever hangs up at the wrong moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acd.agent import State
from rtp.legs import Tone
from softswitch.store.cdr import Disposition
from tests.sim.office import CENTRE, MUSIC, TRUNK, Office, bridged, record_of, said, state_of
from tests.support.sim_carrier import SimCarrier
from tests.support.sim_phone import PhoneCall, SimPhone, answers, rejects, rings_on

if TYPE_CHECKING:
    from collections.abc import Iterator

OUTSIDE = """
[[route]]
did = "+*"
from = "phone:1001"
to = "external:{did}@carrier"

[[route]]
did = "700"
from = "trunk:carrier"
to = "queue:sales"
"""

LOOKED_UP = """
[[route]]
did = "105"
to = "webservice:tariff"

[webservice.tariff]
url = "https://tariffs.example/{ani}"
then = "queue:support"
"""


@pytest.fixture
def desk() -> Iterator[Office]:
    office = Office(centre=CENTRE + OUTSIDE)
    yield office
    office.close()


def served(office: Office, *, number: str = "101", agent: str = "1001") -> tuple[PhoneCall, PhoneCall]:
    """A caller who talks with an agent of the sales: both sides."""
    phone = office.agent(agent)
    call = office.call("2001", number)
    office.run(4)
    assert bridged(call, phone.call)
    return call, phone.call


def segments_add_up(office: Office, call: PhoneCall) -> None:
    """After the end: the call is counted once, and its segments leave no gap."""
    record = record_of(call)
    assert record.ended is not None
    assert sum(segment.seconds for segment in record.path) == pytest.approx(record.ended - record.started, abs=1e-6)
    assert all(one.ended == other.began for one, other in zip(record.path, record.path[1:], strict=False))


def hang_up_all(phone: SimPhone) -> None:
    for call in phone.calls:
        call.hang_up()


def kinds(office: Office) -> list[str]:
    return [line.kind for line in office.switch.journal.lines if line.kind.startswith("call.trans")]


# ------------------------------------------------------------------------------------------------ blind
def test_to_a_phone_the_caller_hears_it_ring_and_then_its_user(desk: Office) -> None:
    call, agent = served(desk)
    second = desk.phone("2002")
    second.on_call = answers(after=3.0)
    agent.transfer("2002")
    desk.run(1)
    assert (agent.phone.referred, agent.phone.notified) == ([202], [100])
    assert call.hears == Tone("ringback")
    assert second.call.invite is not None
    assert second.call.invite.from_.display_name == "Sales: Desk 2001"
    assert state_of(desk, "olena") is State.TALKING
    desk.run(3)
    assert bridged(call, second.call)
    assert agent.phone.notified == [100, 200]
    assert state_of(desk, "olena") is State.WRAP_UP
    desk.run(3)
    assert agent.over, "a phone that does not hang up by itself is hung up on"
    call.hang_up()
    desk.run(1)
    assert second.call.over
    assert kinds(desk) == ["call.transferring", "call.transferred"]
    (line,) = desk.switch.journal.of("call.transferred")
    assert (line.data["kind"], line.data["by"], line.data["to"]) == ("blind", "olena", "2002")
    segments_add_up(desk, call)
    assert [(s.kind, s.name) for s in record_of(call).path if s.kind == "talk"] == [("talk", "olena"), ("talk", "2002")]


def test_to_an_agent_by_name(desk: Office) -> None:
    call, agent = served(desk)
    second = desk.agent("1002", answers(after=1.0))
    agent.transfer("piotr")
    desk.run(3)
    assert bridged(call, second.call)
    assert desk.switch.dispatcher.agents["piotr"].busy


@pytest.mark.parametrize("number", ["102", "support"])
def test_to_a_queue_the_caller_waits_there_and_is_served(desk: Office, number: str) -> None:
    call, agent = served(desk)
    agent.transfer(number)
    desk.run(1)
    assert agent.phone.notified[-1] == 200
    assert call.hears == MUSIC
    assert state_of(desk, "olena") is State.WRAP_UP
    second = desk.agent("1002", answers(after=1.0))
    desk.run(4)
    assert bridged(call, second.call)
    assert state_of(desk, "piotr") is State.TALKING
    call.hang_up()
    desk.run(1)
    segments_add_up(desk, call)
    talks = [s.name for s in record_of(call).path if s.kind == "talk"]
    assert talks == ["olena", "piotr"]
    assert len(desk.switch.journal.of("call.started", record_of(call).call)) == 1


def test_to_a_number_outside(desk: Office) -> None:
    carrier = desk.phones["carrier"] = SimCarrier(desk.switch, TRUNK)
    call, agent = served(desk)
    agent.transfer("+380441234567")
    desk.run(4)
    assert carrier.dialled() == ["+380441234567"]
    assert bridged(call, carrier.call)


def test_to_a_menu_the_caller_chooses_anew_in_the_language_of_before(desk: Office) -> None:
    caller = desk.trunk()
    agent = desk.agent("1001")
    call = caller.dial("700")
    desk.run(4)
    assert bridged(call, agent.call)
    agent.call.transfer("100")
    desk.run(1)
    assert agent.notified[-1] == 200
    assert said(call) == ("uk/menu.main",)
    call.press("9")
    desk.run(1)
    agent.call.hang_up()
    call.hang_up()


def test_without_a_subscription_nothing_is_told(desk: Office) -> None:
    call, agent = served(desk)
    desk.phone("2002")
    agent.transfer("2002", ("Refer-Sub", "false"), ("Supported", "norefersub"))
    desk.run(4)
    assert (agent.phone.referred, agent.phone.notified) == ([202], [])
    assert bridged(call, desk.phone("2002").call)


# ------------------------------------------------------------------------------------------------ blind, and it fails
@pytest.mark.parametrize(("status", "told"), [(486, 486), (603, 603), (480, 480), (302, 480)])
def test_a_target_that_refuses_gives_the_caller_back_to_the_agent(desk: Office, status: int, told: int) -> None:
    call, agent = served(desk)
    desk.phone("2002").on_call = rejects(status, after=1.0)
    agent.transfer("2002")
    desk.run(2)
    assert agent.phone.notified == [100, told]
    assert bridged(call, agent)
    assert state_of(desk, "olena") is State.TALKING
    agent.hang_up()
    desk.run(1)
    assert call.over
    assert state_of(desk, "olena") is State.WRAP_UP
    segments_add_up(desk, call)


def test_a_target_that_does_not_answer_gives_the_caller_back_when_it_has_rung_long_enough(desk: Office) -> None:
    call, agent = served(desk)
    desk.phone("2002").on_call = rings_on
    agent.transfer("2002")
    desk.run(14)
    assert call.hears == Tone("ringback")
    desk.run(3)
    assert bridged(call, agent)
    agent.transfer("2003")
    desk.run(1)
    assert agent.phone.notified[-1] == 480, "and again, to somebody who is not there"
    assert bridged(call, agent)


@pytest.mark.parametrize("number", ["", "999", "*11", "nobody", "0501112233", "+380501112233"])
def test_nobody_is_sent_where_the_sender_could_not_call(desk: Office, number: str) -> None:
    call, agent = served(desk, agent="1003")
    agent.transfer(number)
    desk.run(1)
    assert agent.phone.notified[-1:] == [404] or agent.phone.referred == [400]
    assert bridged(call, agent)


def test_nobody_is_sent_to_another_host(desk: Office) -> None:
    call, agent = served(desk)
    agent.phone.endpoint.refer(agent.usage, "<sip:2002@premium.example>", now=desk.world.now)
    agent.phone.flush()
    desk.run(1)
    assert agent.phone.referred == [403]
    assert bridged(call, agent)


def test_a_caller_from_a_trunk_transfers_nobody(desk: Office) -> None:
    caller = desk.trunk()
    agent = desk.agent("1001")
    call = caller.dial("700")
    desk.run(4)
    call.transfer("2002")
    desk.run(1)
    assert caller.referred == [403]
    assert bridged(call, agent.call)


def test_a_caller_does_not_dispose_of_the_agent(desk: Office) -> None:
    call, agent = served(desk)
    call.transfer("2002")
    desk.run(1)
    assert call.phone.referred == [403]
    assert bridged(call, agent)


def test_a_queue_with_nobody_in_it_does_not_take_the_caller(desk: Office) -> None:
    call, agent = served(desk)
    desk.switch.config.queues["support"].__dict__["when_empty"] = None
    agent.transfer("104")
    desk.run(1)
    assert agent.phone.notified[-1] == 200, "the agent is there, so the queue takes the caller"
    call.hang_up()


@pytest.mark.parametrize("by", ["refer", "keys"])
@pytest.mark.parametrize("queue", ["102", "104"])
def test_a_queue_that_takes_nobody_gives_the_caller_back_and_the_conversation_is_the_same(queue: str, by: str) -> None:
    """Full, or nobody there: the work after it is that of the agent's queue, and nobody is offered before."""
    words = CENTRE.replace("wrap_up = 5", "wrap_up = 20").replace('needs = "sales >= 50"\nwhen_empty', "when_empty")
    desk = Office(centre=words.replace("[queue.manned]\n", '[queue.manned]\nneeds = "polish >= 50"\n') + OUTSIDE)
    for user in ("2002", "2003"):
        desk.call(user, "102")
    call, agent = served(desk)
    if by == "refer":
        agent.transfer(queue)
        desk.run(1)
        assert agent.phone.notified == [100, 486]
    else:
        agent.press(f"*2{queue}#")
        desk.run(1)
    assert bridged(call, agent)
    desk.call("2004", "101")
    desk.run(60)
    assert state_of(desk, "olena") is State.TALKING
    assert len([c for c in agent.phone.calls if not c.over]) == 1, "nobody is offered during the conversation"
    assert bridged(call, agent)
    agent.hold()
    desk.run(1)
    assert call.hears == MUSIC
    agent.hang_up()
    desk.run(15)
    assert state_of(desk, "olena") is State.WRAP_UP
    desk.run(10)
    assert bridged(desk.phone("2004").call, agent.phone.call)
    record = record_of(call)
    assert (record.queue, record.disposition) == ("sales", Disposition.SERVED)
    segments_add_up(desk, call)
    desk.close()


def test_a_caller_whom_nobody_takes_is_back_in_the_queue_of_before_with_the_old_age() -> None:
    """The agent hangs up before it is known that the other queue is full, and the agent's phone does not answer."""
    desk = Office(centre=CENTRE + OUTSIDE + LOOKED_UP)
    call, agent = served(desk)
    for user in ("2002", "2003"):
        desk.call(user, "102")
    agent.phone.on_call = rejects(480, after=1.0)
    agent.transfer("105")
    desk.run(0.5)
    agent.hang_up()
    desk.run(0.5)
    desk.switch.answered({})
    desk.run(3)
    assert call.hears == MUSIC
    (ticket,) = [t for t in desk.switch.dispatcher.tickets.values() if t.queue == "sales"]
    assert call.answered_at is not None
    assert ticket.since == pytest.approx(call.answered_at, abs=0.1)
    desk.close()


# ------------------------------------------------------------------------------------------------ who hangs up
def test_an_agent_who_hangs_up_at_once_is_free_and_the_caller_gets_through(desk: Office) -> None:
    call, agent = served(desk)
    second = desk.phone("2002")
    agent.transfer("2002")
    agent.after(0.05, agent.hang_up)
    desk.run(1)
    assert agent.over
    assert state_of(desk, "olena") is State.WRAP_UP
    assert call.hears == Tone("ringback")
    desk.run(3)
    assert bridged(call, second.call)


def test_a_caller_nobody_takes_comes_back_to_the_agent_who_has_hung_up(desk: Office) -> None:
    call, agent = served(desk)
    desk.phone("2002").on_call = rejects(486, after=1.0)
    agent.transfer("2002")
    agent.after(0.05, agent.hang_up)
    desk.run(1.5)
    assert call.hears == Tone("ringback")
    desk.run(3)
    assert agent.phone.call is not agent
    assert bridged(call, agent.phone.call)


def test_and_to_the_queue_with_the_old_place_when_the_agent_is_gone(desk: Office) -> None:
    call, agent = served(desk)
    agent.phone.on_call = rejects(486)
    desk.phone("2002").on_call = rejects(486, after=0.5)
    since = desk.switch.dispatcher.tickets["call-00002"].since
    agent.transfer("2002")
    agent.after(0.05, agent.hang_up)
    desk.run(2)
    assert call.hears == MUSIC
    (ticket,) = desk.switch.dispatcher.tickets.values()
    assert ticket.since == since
    agent.phone.on_call = answers(after=1.0)
    desk.run(40)
    assert bridged(call, agent.phone.call)


@pytest.mark.parametrize("after", [0.005, 0.015, 0.05, 0.5, 1.999, 2.0, 2.01, 2.02, 2.05, 3.0, 5.0])
@pytest.mark.parametrize("who", ["caller", "agent", "second"])
def test_whoever_hangs_up_whenever_leaves_nothing_behind(desk: Office, who: str, after: float) -> None:
    call, agent = served(desk)
    second = desk.phone("2002")
    agent.transfer("2002")
    party = {"caller": call, "agent": agent}.get(who)
    if party is not None:
        party.after(after, party.hang_up)
    else:
        desk.world.call_later(after, lambda: hang_up_all(second))
    desk.run(20)
    if who == "caller":
        assert agent.over
        assert all(c.over for c in second.calls)
    if who == "agent":
        assert bridged(call, second.call)


# ------------------------------------------------------------------------------------------------ the caller's side
def test_who_called_out_sends_the_called_one_on(desk: Office) -> None:
    """A phone has called another, and sends that one to the queue."""
    caller, callee = desk.phone("2001"), desk.phone("2002")
    call = caller.dial("2002")
    desk.run(4)
    call.transfer("102")
    desk.run(1)
    assert caller.notified[-1] == 200
    assert callee.call.hears == MUSIC
    desk.run(3)
    assert call.over
    agent = desk.agent("1002", answers(after=1.0))
    desk.run(4)
    assert bridged(callee.call, agent.call)
    callee.call.hang_up()
    desk.run(1)
    assert agent.call.over
