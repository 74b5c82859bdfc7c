"""What operators see of queues and agents, and what they can do to them."""

from __future__ import annotations

import asyncio
import inspect
import io
import json
from typing import Any

import pytest
from rich.console import Console

from acd.agent import State, Status
from acd.events import WaitEstimated
from softswitch.admin.live import Live
from softswitch.admin.protocol import AdminError, Code
from softswitch.admin.tables import agents_table, changed_agent, changed_call, queues_table
from softswitch.admin.today import Today, standards
from softswitch.admin.verbs import Operations
from tests.sim.office import Office, bridged
from tests.support.sim_phone import rings_on
from tests.support.sim_ports import EPOCH, SimClock


class Desk:
    """The operators' verbs on the simulated switch."""

    def __init__(self, office: Office) -> None:
        switch = office.switch
        self.office = office
        self.today = Today(switch.journal, standards(switch.config), switch.config.server.timezone)
        self.today.begin(EPOCH)
        self.read = 0
        live = Live(
            switch.dispatcher,
            switch.control.calls,
            switch.config,
            self.today.standards,
            self._tallies,
            self.today.waits.of,
        )
        self.verbs = Operations(
            switch.control,
            switch.dispatcher,
            switch.config,
            live,
            clock=SimClock(),
            now=lambda: office.world.now,
            settle=switch.flush,
        ).verbs()

    def _tallies(self, wall: float) -> Any:
        lines = self.office.switch.journal.lines
        self.today.catch_up(lines[self.read :])
        self.read = len(lines)
        return self.today.tallies(wall)

    def ask(self, verb: str, **args: object) -> Any:
        answer = self.verbs[verb](args)
        return json.loads(json.dumps(asyncio.run(answer) if inspect.iscoroutine(answer) else answer))

    def queue(self, name: str) -> dict[str, Any]:
        (found,) = [queue for queue in self.ask("queues")["queues"] if queue["queue"] == name]
        return dict(found)

    def agent(self, name: str) -> dict[str, Any]:
        (found,) = [agent for agent in self.ask("agents")["agents"] if agent["agent"] == name]
        return dict(found)


@pytest.fixture
def desk(office: Office) -> Desk:
    return Desk(office)


def call_of(office: Office, phone: str) -> str:
    """The id of the phone's call that goes on."""
    return next(call.call for call in office.switch.control.calls.values() if call.caller.phone == phone)


def drawn(answer: Any, draw: Any, width: int = 160) -> str:
    text = io.StringIO()
    Console(width=width, file=text).print(draw(answer, SimClock().local(0).tzinfo))
    return text.getvalue()


def test_who_waits_is_shown_in_order_with_wait_priority_and_state(office: Office, desk: Desk) -> None:
    office.agent("1001", rings_on)
    first = office.call("2001", "101")
    office.run(3)
    office.call("2002", "101")
    office.run(2)
    sales = desk.queue("sales")
    assert (sales["waiting"], sales["callbacks"], sales["talking"]) == (2, 0, 0)
    assert [caller["caller"] for caller in sales["callers"]] == ["2001", "2002"]
    one, two = sales["callers"]
    assert (one["position"], two["position"]) == (1, 2)
    assert one["waited"] == pytest.approx(5, abs=0.2)
    assert sales["longest_wait"] == one["waited"]
    assert one["offered_to"] == ["olena"]
    assert one["standing"] == pytest.approx(one["waited"])
    assert two["offered_to"] == []
    assert sales["agents"]["ringing"] == 1
    text = drawn(desk.ask("queues"), queues_table)
    assert "rings olena" in text
    assert text.index("2001") < text.index("2002")
    first.hang_up()


def test_the_expected_wait_is_shown_while_it_is_known_and_runs_down(office: Office, desk: Desk) -> None:
    office.call("2001", "101")
    waiting = call_of(office, "2001")
    office.switch.control.queues.receive(WaitEstimated(((waiting, 40.0, 90.0, 0.5),)), office.world.now)
    office.run(10)
    (caller,) = desk.queue("sales")["callers"]
    assert caller["expected"] == pytest.approx(30, abs=0.1)
    assert caller["expected_at_most"] == pytest.approx(80, abs=0.1)
    assert "(≤ 1:20)" in drawn(desk.ask("queues"), queues_table)
    office.run(25)
    (caller,) = desk.queue("sales")["callers"]
    assert caller["expected"] is None


def test_the_floor_is_counted_by_what_agents_do(office: Office, desk: Desk) -> None:
    office.agent("1001")
    office.agent("1003")
    assert desk.queue("sales")["agents"] == {
        "logged_in": 2, "idle": 2, "ringing": 0, "talking": 0, "wrap_up": 0, "break": 0, "unavailable": 0,
    }  # fmt: skip
    assert desk.queue("support")["agents"]["logged_in"] == 0
    call = office.call("2001", "101")
    office.run(4)
    assert desk.queue("sales")["agents"]["talking"] == 1
    assert desk.queue("sales")["talking"] == 1
    desk.ask("agent.change", agent="iryna", to="break", reason="lunch")
    assert desk.queue("sales")["agents"]["break"] == 1
    call.hang_up()
    office.run(1)
    assert desk.queue("sales")["agents"]["wrap_up"] == 1
    office.phone("1003").unregister()
    desk.ask("agent.change", agent="iryna", to="back")
    office.run(1)
    assert desk.queue("sales")["agents"]["unavailable"] == 1


def test_todays_service_level_counts_those_who_talk_already(office: Office, desk: Desk) -> None:
    assert desk.queue("sales")["service_level"]["today"] is None
    office.agent("1001")
    call = office.call("2001", "101")
    office.run(4)
    assert desk.queue("sales")["service_level"]["today"] == 1.0
    gone = office.call("2002", "101")
    office.run(30)
    gone.hang_up()
    office.run(1)
    assert desk.queue("sales")["service_level"]["today"] == 0.5
    assert "50% in 20 s" in drawn(desk.ask("queues"), queues_table)
    call.hang_up()
    office.run(10)
    assert desk.queue("sales")["service_level"]["today"] == 0.5


def test_the_first_look_of_a_day_finds_what_happened_before_it(office: Office, desk: Desk) -> None:
    office.agent("1001")
    office.run(13 * 3600)
    call = office.call("2001", "101")
    office.run(4)
    call.hang_up()
    office.run(3600)
    assert desk.queue("sales")["service_level"]["offered"] == 1


def test_a_new_day_begins_with_nothing(office: Office, desk: Desk) -> None:
    office.agent("1001")
    office.call("2001", "101").hang_up()
    office.run(10)
    served = office.call("2001", "101")
    office.run(4)
    served.hang_up()
    office.run(10)
    assert desk.queue("sales")["service_level"]["offered"] == 2
    office.run(12 * 3600)
    assert desk.queue("sales")["service_level"]["offered"] == 0


def test_an_agent_is_shown_with_state_countdown_phone_and_caller(office: Office, desk: Desk) -> None:
    office.agent("1001")
    office.run(30)
    idle = desk.agent("olena")
    assert (idle["status"], idle["state"], idle["phone"]) == ("available", "idle", "1001")
    assert idle["seconds"] == pytest.approx(30, abs=1)
    call = office.call("2001", "101")
    office.run(5)
    talking = desk.agent("olena")
    assert (talking["state"], talking["caller"], talking["queue"]) == ("talking", "2001", "sales")
    assert talking["call"] == call_of(office, "2001")
    assert talking["calls"] == 1
    call.hang_up()
    office.run(2)
    wrapping = desk.agent("olena")
    assert wrapping["state"] == "wrap_up"
    assert wrapping["ends_in"] == pytest.approx(3, abs=0.1)
    assert wrapping["seconds"] == pytest.approx(2, abs=0.1)
    text = drawn(desk.ask("agents"), agents_table)
    assert "wrap-up" in text
    assert "logged out" in text


def test_an_agent_who_did_not_answer_shows_the_pause(office: Office, desk: Desk) -> None:
    office.agent("1001", rings_on)
    call = office.call("2001", "101")
    office.run(12)
    paused = desk.agent("olena")
    assert paused["ends_in"] is not None
    assert "pause: no answer" in drawn(desk.ask("agents"), agents_table)
    call.hang_up()


def test_an_operator_logs_an_agent_in_and_out_and_it_is_on_record(office: Office, desk: Desk) -> None:
    office.phone("1001")
    changed = desk.ask("agent.change", agent="olena", to="login", by="anna")
    assert changed_agent(changed) == "olena is available at phone 1001"
    call = office.call("2001", "101")
    office.run(4)
    assert bridged(call, office.phone("1001").call)
    changed = desk.ask("agent.change", agent="olena", to="logout", by="anna")
    assert changed_agent(changed) == "olena is logged out, at the moment talking"
    office.run(1)
    assert bridged(call, office.phone("1001").call), "a conversation is not interrupted"
    records = [line.data for line in office.switch.journal.of("admin.changed")]
    assert [(record["to"], record["by"]) for record in records] == [("login", "anna"), ("logout", "anna")]
    assert desk.agent("olena")["reason"] == "by anna"


def test_an_operator_can_end_a_wrap_up(office: Office, desk: Desk) -> None:
    office.agent("1001")
    office.call("2001", "101")
    office.run(4)
    office.phone("1001").call.hang_up()
    office.run(1)
    assert desk.agent("olena")["state"] == "wrap_up"
    desk.ask("agent.change", agent="olena", to="done")
    assert desk.agent("olena")["state"] == "idle"


def test_a_supervisor_changes_queues_and_skills_of_an_agent_and_callers_feel_it_at_once(
    office: Office, desk: Desk
) -> None:
    office.agent("1001")
    desk.ask("agent.change", agent="olena", to="leave", queue="sales", by="anna")
    call = office.call("2001", "101")
    office.run(4)
    assert desk.queue("sales")["waiting"] == 1
    changed = desk.ask("agent.change", agent="olena", to="skills", skills={"pl": 70, "sales": 0}, by="anna")
    assert changed["skills"]["pl"] == 70
    assert "sales" not in changed["skills"]
    assert changed_agent(changed) == "olena is available at phone 1001, not in sales"
    desk.ask("agent.change", agent="olena", to="join", queue="sales", by="anna")
    office.run(4)
    assert desk.queue("sales")["waiting"] == 1, "the skill is gone"
    desk.ask("agent.change", agent="olena", to="skills", skills={"sales": 90}, by="anna")
    office.run(4)
    assert bridged(call, office.phone("1001").call)
    assert len(office.switch.journal.of("admin.changed")) == 4


def test_who_is_sent_on_a_break_while_ringing_rings_no_more(office: Office, desk: Desk) -> None:
    office.agent("1001", rings_on)
    office.call("2001", "101")
    office.run(1)
    assert desk.agent("olena")["state"] == "offered"
    desk.ask("agent.change", agent="olena", to="break", reason="meeting")
    office.run(1)
    assert office.phone("1001").call.over
    assert desk.agent("olena")["reason"] == "meeting"
    assert office.switch.dispatcher.agents["olena"].status is Status.ON_BREAK


@pytest.mark.parametrize(
    ("verb", "args", "code", "says"),
    [
        ("agent.change", {"agent": "nobody", "to": "login"}, Code.NOT_FOUND, "there are olena, piotr"),
        ("agent.change", {"agent": "olena", "to": "login", "phone": "9"}, Code.NOT_FOUND, "there is no phone 9"),
        ("agent.change", {"agent": "olena", "to": "break"}, Code.REFUSED, "not logged in"),
        ("agent.change", {"agent": "olena", "to": "fly"}, Code.BAD_REQUEST, "to: Input should be 'login'"),
        ("agent.change", {"agent": "olena"}, Code.BAD_REQUEST, "to: Field required"),
        ("agent.change", {"agent": "olena", "to": "skills"}, Code.BAD_REQUEST, "say which skills"),
        ("agent.change", {"agent": "olena", "to": "skills", "skills": {"pl": 101}}, Code.BAD_REQUEST, "skills.pl"),
        ("agent.change", {"agent": "olena", "to": "join", "queue": "sales"}, Code.REFUSED, "not logged in"),
        ("call.change", {"call": "x"}, Code.NOT_FOUND, "no caller whose id begins with x"),
        (
            "call.change",
            {"call": "x", "priority": "high"},
            Code.BAD_REQUEST,
            "priority: Input should be a valid number",
        ),
        ("call.change", {"call": "x", "prio": 1}, Code.BAD_REQUEST, "prio: Extra inputs"),
        ("queues", {"now": 1}, Code.BAD_REQUEST, "now"),
    ],
)
def test_mistakes_are_answered_with_what_would_be_right(
    desk: Desk, verb: str, args: dict[str, object], code: Code, says: str
) -> None:
    with pytest.raises(AdminError) as refused:
        desk.ask(verb, **args)
    assert refused.value.code is code
    assert says in str(refused.value)


def test_a_caller_can_be_changed_only_while_waiting_and_only_if_it_is_clear_who(office: Office, desk: Desk) -> None:
    office.agent("1001")
    office.call("2001", "101")
    office.run(4)
    talking = call_of(office, "2001")
    office.call("2002", "101")
    office.call("2003", "101")
    waiting = call_of(office, "2002")
    with pytest.raises(AdminError, match="talks with an agent already"):
        desk.ask("call.change", call=talking, priority=1.0)
    with pytest.raises(AdminError, match="write more"):
        desk.ask("call.change", call="call-", priority=1.0)
    with pytest.raises(AdminError, match="say what is to change"):
        desk.ask("call.change", call=waiting)
    with pytest.raises(AdminError, match="there is no queue sails; there are sales"):
        desk.ask("call.change", call=waiting, queue="sails")
    with pytest.raises(AdminError, match="a level"):
        desk.ask("call.change", call=waiting, needs="pl >=")
    assert not office.switch.journal.of("admin.changed")
    assert office.switch.dispatcher.agents["olena"].state is State.TALKING


def test_a_waiting_caller_gets_another_priority_and_is_next_at_once(office: Office, desk: Desk) -> None:
    office.agent("1001")
    office.call("2001", "101")
    office.run(4)
    office.call("2002", "101")
    office.run(2)
    office.call("2003", "101")
    changed = desk.ask("call.change", call=call_of(office, "2003"), priority=1000)
    assert changed_call(changed).endswith("in queue sales, priority 1000: is next")
    assert [caller["caller"] for caller in desk.queue("sales")["callers"]] == ["2003", "2002"]
    (record,) = office.switch.journal.of("admin.changed")
    assert record.call == call_of(office, "2003")


def test_a_waiting_caller_is_moved_to_another_queue_with_the_age(office: Office, desk: Desk) -> None:
    office.agent("1002")
    call = office.call("2001", "101")
    office.run(10)
    changed = desk.ask("call.change", call=call_of(office, "2001")[:9], queue="support")
    assert changed["queue"] == "support"
    office.run(4)
    assert bridged(call, office.phone("1002").call)
    connected = [line for line in office.switch.journal.of("call.connected")][-1]
    assert connected.data["waited"] > 10
