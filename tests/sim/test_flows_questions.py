"""Questions to somebody outside while the caller waits, and callers who are handed over."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

from ivr.effects import Ask
from ivr.events import Answered, Returned
from ivr.nodes import Flow, HandOff, Inquiry, Result
from ivr.targets import Target
from rtp.legs import Echo, Music, Play, Silence
from softswitch.call.menus.handlers import Handler
from tests.sim.office import record_of

if TYPE_CHECKING:
    from ivr.effects import HandOver
    from softswitch.call.model import Call, Leg
    from tests.sim.office import Office
    from tests.support.sim_phone import PhoneCall


@dataclass(frozen=True, slots=True)
class Oracle(Inquiry):
    kind: ClassVar[str] = "menu"


@dataclass(frozen=True, slots=True)
class Elsewhere(HandOff):
    kind: ClassVar[str] = "menu"


@dataclass
class Recorder(Handler):
    """Notes what it is asked to do."""

    begun: list[tuple[Call, Ask | HandOver]] = field(default_factory=list)
    cancelled: list[Call] = field(default_factory=list)
    digits: str = ""

    def begin(self, call: Call, leg: Leg, effect: Ask | HandOver, now: float) -> None:
        self.begun.append((call, effect))

    def cancel(self, call: Call, now: float) -> None:
        self.cancelled.append(call)

    def pressed(self, call: Call, digit: str, now: float) -> None:
        self.digits += digit


def at_main(office: Office, node: Inquiry | HandOff) -> Recorder:
    """Whoever dials 100 comes to *node*."""
    arrivals = office.switch.control._signals._arrivals
    nodes = {**arrivals._flow.nodes, Target("menu", "main"): node}
    arrivals._flow = replace(arrivals._flow, nodes=nodes)
    assert isinstance(arrivals._flow, Flow)
    handler = office.switch.control.menus.handlers["menu"] = Recorder()
    return handler


def hears(call: PhoneCall) -> object:
    return call.hears


def test_a_caller_hears_music_until_the_answer_comes(office: Office) -> None:
    oracle = at_main(office, Oracle("main", then=Target("echo"), patience=30, music="default"))
    call = office.call("2001", "100")
    office.run(10)
    assert hears(call) == Music("default")
    asked = oracle.begun[0][1]
    assert isinstance(asked, Ask)
    office.switch.control.menus.receive(oracle.begun[0][0], Answered(asked.request), office.world.now)
    office.run(0.1)
    assert hears(call) == Echo()
    assert oracle.cancelled == []


def test_who_hangs_up_waits_for_no_answer(office: Office) -> None:
    oracle = at_main(office, Oracle("main", then=Target("echo"), patience=60, music="default"))
    call = office.call("2001", "100")
    office.run(5)
    call.hang_up()
    office.run(1)
    assert len(oracle.cancelled) == 1
    answered = [line.data["outcome"] for line in office.switch.journal.of("ivr.question_answered")]
    assert answered == []
    assert record_of(call).ended_by == "caller"


def test_an_answer_that_never_comes_is_given_up(office: Office) -> None:
    oracle = at_main(office, Oracle("main", then=Target("echo"), when_failed=Target("say", "sorry"), patience=7))
    call = office.phone("2001").dial("100")
    office.run(7.5)
    assert len(oracle.cancelled) == 1
    assert isinstance(call.hears, Play)
    assert [line.data["outcome"] for line in office.switch.journal.of("ivr.question_answered")] == ["timeout"]


def test_a_kind_that_nobody_carries_out_is_unavailable_at_once(office: Office) -> None:
    at_main(office, Oracle("main", then=Target("echo"), outcomes={"unavailable": Target("say", "sorry")}))
    office.switch.control.menus.handlers.clear()
    call = office.call("2001", "100")
    office.run(0.5)
    assert isinstance(call.hears, Play)


def test_who_was_handed_over_is_heard_and_comes_back(office: Office) -> None:
    handler = at_main(office, Elsewhere("main", then=Target("echo")))
    call = office.phone("2001").dial("100")
    office.run(1)
    handed, _ = handler.begun[0]
    leg = office.switch.control.legs.get(handed.a_leg)
    assert leg is not None
    office.switch.control.answer(handed, leg, office.world.now)
    office.switch.flush()
    office.run(1)
    call.press("5")
    office.run(0.5)
    assert handler.digits == "5"
    assert hears(call) == Silence()
    office.switch.control.menus.receive(handed, Returned(Result.DONE), office.world.now)
    office.run(0.5)
    assert hears(call) == Echo()
    assert handler.cancelled == []
