"""Agents make sure who the caller is: a question before they talk, a mark by keys, and everybody after them knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rtp.legs import Silence, Tone
from softswitch.admin.protocol import AdminError
from softswitch.admin.verification import VerificationDesk
from tests.sim.office import CENTRE, Office, bridged, said
from tests.support.sim_phone import answers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.sim_phone import PhoneCall

WORDS = """
[verification.identity]
ask = { en = "Ask for the maiden name: {maiden}.", pl = "Zapytaj o nazwisko panieńskie." }
show = "Maiden name: {maiden}"

[set.known]
data = { maiden = "Шевченко" }
then = "queue:sales"

[collect.pin]
say = "PIN?"
digits = 4
mask = true
variable = "pin"
then = "set:proven"
when_failed = "queue:sales"

[set.proven]
data = { verified = "passed" }
then = "queue:sales"

[[route]]
did = "140"
to = "set:known"

[[route]]
did = "141"
to = "collect:pin"
"""


def office_with(queue: str = 'verify = "identity"') -> Office:
    centre = CENTRE.replace("[queue.sales]\n", f"[queue.sales]\n{queue}\n")
    return Office(centre=centre.replace("[[route]]", f"{WORDS}\n[[route]]", 1))


@pytest.fixture
def office() -> Iterator[Office]:
    running = office_with()
    yield running
    running.close()


def asked(office: Office, number: str = "140") -> tuple[PhoneCall, PhoneCall]:
    """Caller and agent, who has just answered."""
    agent = office.agent("1001", answers(after=2.0))
    call = office.call("2001", number)
    office.world.run_until(lambda: agent.call.number == "2001" and agent.call.answered_at is not None)
    office.run(0.1)
    return call, agent.call


def marks(office: Office) -> list[tuple[object, ...]]:
    lines = office.switch.journal.of("call.verified")
    return [tuple(line.data.get(name) for name in ("result", "by", "how", "queue", "verification")) for line in lines]


def talking(office: Office) -> tuple[PhoneCall, PhoneCall]:
    call, agent = asked(office)
    office.run(4)
    assert bridged(call, agent)
    return call, agent


def test_the_agent_is_told_what_to_ask_and_sees_it(office: Office) -> None:
    call, agent = asked(office)
    assert said(agent) == ("en/verification.identity/Шевченко",)
    assert agent.invite is not None
    assert agent.invite.headers.get("Subject") == "Maiden name: Шевченко"
    office.run(3.1)
    assert bridged(call, agent)


@pytest.mark.parametrize(("code", "result", "tone"), [("*4", "passed", "waiting"), ("*5", "failed", "busy")])
def test_the_agent_marks_the_answer_by_keys(office: Office, code: str, result: str, tone: str) -> None:
    call, agent = talking(office)
    for digit in code:
        agent.press(digit)
        office.run(0.2)
    assert agent.hears == Tone(tone)
    assert call.hears == Silence()
    office.run(0.5)
    assert bridged(call, agent)
    assert marks(office) == [(result, "olena", "keys", "sales", "identity")]
    call.hang_up()
    office.run(1)
    (record,) = [record for record in office.switch.records() if record.verified]
    assert record.verified == result


def test_the_last_mark_counts_and_keys_of_the_caller_none(office: Office) -> None:
    call, agent = talking(office)
    for phone, keys in ((call, "*4"), (agent, "*5"), (agent, "1*4")):
        for digit in keys:
            phone.press(digit)
            office.run(0.2)
        office.run(1)
    assert [mark[0] for mark in marks(office)] == ["failed", "passed"]
    call.hang_up()
    office.run(1)
    assert [record.verified for record in office.switch.records() if record.verified] == ["passed"]


def test_keys_with_a_long_pause_are_no_code(office: Office) -> None:
    _, agent = talking(office)
    agent.press("*")
    office.run(4)
    agent.press("4")
    office.run(1)
    assert marks(office) == []


def test_who_hangs_up_during_the_tone_is_simply_gone(office: Office) -> None:
    call, agent = talking(office)
    for digit in "*4":
        agent.press(digit)
        office.run(0.1)
    call.hang_up()
    office.run(2)
    assert agent.over
    assert len(office.switch.control.verifying) == 0


def test_who_has_proven_it_by_a_pin_is_not_asked() -> None:
    office = office_with()
    agent = office.agent("1001", answers(after=2.0))
    call = office.call("2001", "141")
    office.run(1)
    for digit in "4711":
        call.press(digit)
        office.run(0.2)
    office.world.run_until(lambda: agent.call.number == "2001" and agent.call.answered_at is not None)
    office.run(0.3)
    assert bridged(call, agent.call), "at once"
    assert agent.call.invite is not None
    assert agent.call.invite.headers.get("Subject") is None
    assert not any("4711" in str(line.data) for line in office.switch.journal.lines), "a masked PIN is nowhere"
    office.close()


def test_what_the_queue_tells_comes_before_the_question() -> None:
    office = office_with('verify = "identity"\nwhisper = true')
    _, agent = asked(office)
    assert said(agent) == ("en/whisper-wait-short/Sales", "en/verification.identity/Шевченко")
    office.close()


def test_queues_that_do_not_ask_take_no_marks() -> None:
    office = office_with("")
    agent = office.agent("1001", answers(after=2.0))
    call = office.call("2001", "140")
    office.run(4)
    assert bridged(call, agent.call)
    for digit in "*4":
        agent.call.press(digit)
        office.run(0.2)
    office.run(1)
    assert marks(office) == []
    office.close()


def test_operators_mark_a_call_by_the_beginning_of_its_id(office: Office) -> None:
    call, _ = talking(office)
    desk = VerificationDesk(office.switch.control, now=lambda: office.world.now, settle=office.switch.flush)
    mark = desk.verbs()["call.verify"]
    (name,) = [name for name, known in office.switch.control.calls.items() if known.dialled == "140"]
    assert mark({"call": name, "result": "failed", "by": "anna"}) == {"call": name, "verified": "failed"}
    assert mark({"call": name[:-1], "result": "passed"})["verified"] == "passed"
    assert [(by, how) for _, by, how, *_ in marks(office)] == [("anna", "admin"), ("operator", "admin")]
    with pytest.raises(AdminError, match="no call"):
        mark({"call": "x", "result": "passed"})
    with pytest.raises(AdminError, match="result"):
        mark({"call": name, "result": "maybe"})
    call.hang_up()
    office.run(1)


def test_others_may_mark_too(office: Office) -> None:
    call, _ = talking(office)
    (name,) = [name for name, known in office.switch.control.calls.items() if known.dialled == "140"]
    control = office.switch.control
    control.verifying.mark(control.calls[name], office.world.now, passed=True, by="crm", how="api")
    assert marks(office) == [("passed", "crm", "api", "sales", "identity")]
    assert control.calls[name].session.progress.public["verified"] == "passed"
    call.hang_up()
    office.run(1)
