from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar

import pytest

from ivr import effects as fx
from ivr.events import Answered, Digit, HungUp, PromptsFinished, Returned, Started
from ivr.nodes import Flow, HandOff, Inquiry, Menu, Node, Phone, Prompt, Result, Say
from ivr.progress import Progress
from ivr.session import Session
from ivr.targets import Target
from tests.support.ivr_caller import Caller


@dataclass(frozen=True, slots=True)
class Oracle(Inquiry):
    kind: ClassVar[str] = "goto"  # any kind that has a name


@dataclass(frozen=True, slots=True)
class Recorder(HandOff):
    kind: ClassVar[str] = "hours"


T = Target.parse
ASK = T("goto:ask")
YES, NO = (
    Menu("yes", say=(Prompt("yes"),), keys={"1": T("echo")}),
    Menu("no", say=(Prompt("no"),), keys={"1": T("music")}),
)


def flow(*nodes: Node) -> Flow:
    return Flow({node.target: node for node in nodes})


def oracle(**more: object) -> Oracle:
    return Oracle("ask", then=T("menu:yes"), when_failed=T("menu:no"), **more)  # type: ignore[arg-type]


def asking(caller_variables: dict[str, str] | None = None, **more: object) -> Caller:
    caller = Caller(flow(oracle(**more), YES, NO))
    return caller.tell(Started(ASK, variables=caller_variables or {}))


def test_a_question_carries_the_variables_and_its_answer_brings_more() -> None:
    caller = asking({"ani": "+380501234567"})
    assert caller.take() == [fx.Ask(1, "goto", "ask", {"ani": "+380501234567"})]
    caller.wait(2.0).tell(Answered(1, values={"status": "on its way"}))
    assert caller.path() == ["goto:ask", "menu:yes"]
    assert caller.session.progress.data == {"ani": "+380501234567", "status": "on its way"}
    assert fx.QuestionAnswered(ASK, 1, "ok", 2.0) in caller.records
    assert fx.VariablesSet(ASK, {"status": "on its way"}) in caller.records
    assert caller.session.next_deadline() is None or caller.playing


def test_who_calls_and_whom_is_told_by_nobody_outside() -> None:
    own = {"ani": "+380501234567", "did": "100"}
    caller = asking(own)
    answer = {"ani": "", "ani_raw": "1", "withheld": "true", "did": "999", "call": "other", "optout": "in-again"}
    caller.tell(Answered(1, values=answer | {"name": "Anna"}))
    assert caller.session.progress.data == own | {"name": "Anna"}
    assert fx.VariablesSet(ASK, {"name": "Anna"}) in caller.records


@pytest.mark.parametrize(("outcome", "at"), [("ok", "menu:yes"), ("status", "menu:no"), ("unknown", "echo")])
def test_where_it_goes_on_depends_on_the_outcome(outcome: str, at: str) -> None:
    caller = asking(outcomes={"unknown": T("echo")}).tell(Answered(1, outcome))
    assert caller.path()[1] == at


@pytest.mark.parametrize(("status", "at"), [("lost", "echo"), ("found", "menu:yes"), ("", "menu:yes")])
def test_an_answer_may_choose_the_way(status: str, at: str) -> None:
    caller = asking(when={"status": {"lost": T("echo")}}).tell(Answered(1, values={"status": status}))
    assert caller.path()[1] == at


def test_who_is_not_answered_in_time_goes_where_failures_go() -> None:
    caller = asking(patience=4.0).wait(3.99)
    assert caller.path() == ["goto:ask"]
    caller.wait(0.01)
    assert caller.path()[1] == "menu:no"
    assert fx.StopAsking(1) in caller.effects
    caller.tell(Answered(1, values={"late": "yes"}))
    assert "late" not in caller.session.progress.data


def test_the_answer_to_an_earlier_question_is_no_answer() -> None:
    caller = Caller(flow(oracle(when={"again": {"yes": ASK}}), YES, NO)).tell(Started(ASK))
    caller.tell(Answered(1, values={"again": "yes"}))
    caller.tell(Answered(1, values={"again": "no"}))
    assert caller.path() == ["goto:ask", "goto:ask"]


def test_filler_is_heard_only_when_the_answer_takes_a_while() -> None:
    filler = (Prompt("one-moment"),)
    caller = asking(filler=filler, music="jazz").wait(0.49)
    caller.tell(Answered(1))
    assert caller.said() == ["yes"]
    caller = asking(filler=filler, music="jazz", patience=60.0).wait(0.5)
    assert caller.said() == ["one-moment"]
    caller.wait(3.0)
    assert caller.effects[-1] == fx.PlayMusic("jazz")
    caller.playing = (1, 1e9)  # the recorder of prompts knows nothing of music
    caller.tell(Answered(1))
    assert caller.effects[-2:] == [fx.StopPrompts(1), fx.PlayPrompts(2, (Prompt("yes"),), "en")]


def test_an_answer_stops_the_filler_and_the_record_says_so() -> None:
    caller = asking(filler=(Prompt("one-moment"),)).wait(1.5).tell(Answered(1))
    assert fx.PromptsEnded(ASK, 1, 1.0, "answered") in caller.records
    assert fx.StopPrompts(1) in caller.effects


def test_digits_pressed_meanwhile_are_kept_for_the_next_menu() -> None:
    caller = asking(filler=(Prompt("one-moment"),)).wait(1.0).press("1")
    assert fx.StopPrompts(1) not in caller.effects
    caller.tell(Answered(1))
    assert caller.path() == ["goto:ask", "menu:yes", "echo"]


def test_a_caller_may_hang_up_while_somebody_is_asked() -> None:
    caller = asking(filler=(Prompt("one-moment"),)).wait(1.0)
    caller.take()
    caller.tell(HungUp())
    assert caller.take() == [fx.StopAsking(1)]
    assert caller.session.ended
    assert caller.session.next_deadline() is None
    caller.tell(Answered(1))
    assert caller.take() == []


def test_a_question_outlives_a_restart() -> None:
    caller = asking({"pin": "4711"}, patience=10.0, filler=(Prompt("one-moment"),)).wait(4.0)
    caller.session.progress.secrets.append("pin")
    data = json.loads(json.dumps(caller.session.snapshot(4.0)))
    session = Session.restore(caller.flow, caller.local_time, data, 1004.0)
    assert session.next_deadline() == pytest.approx(1010.0)
    assert session.progress == Progress.from_dict(data, 1004.0)
    assert session.progress.public == {}
    session.receive(Answered(1), 1005.0)
    assert session.progress.node == T("menu:yes")


def test_a_question_of_a_node_that_is_gone_is_given_up() -> None:
    caller = asking(filler=(Prompt("one-moment"),)).wait(1.0)
    session = Session.restore(flow(YES), caller.local_time, caller.session.snapshot(1.0), 1.0)
    effects = []
    while (effect := session.next_effect()) is not None:
        effects.append(effect)
    stopped = [effect for effect in effects if not isinstance(effect, fx.Journal)]
    assert stopped == [fx.StopPrompts(1), fx.StopAsking(1), fx.HangUp(fx.EndReason.UNKNOWN_TARGET)]


@pytest.mark.parametrize(
    ("result", "at"), [(Result.DONE, "menu:yes"), (Result.FAILED, "echo"), (Result.UNAVAILABLE, "phone:1001")]
)
def test_who_was_handed_over_comes_back_with_a_result_and_values(result: Result, at: str) -> None:
    node = Recorder("box", options={"max": "180"}, outcomes={Result.FAILED: T("echo")}, then=T("menu:yes"))
    caller = Caller(flow(node, YES, Phone("1001")))
    caller.tell(Started(node.target, fallbacks=(T("phone:1001"),)))
    assert caller.take() == [fx.HandOver("hours", "box", {"max": "180"})]
    caller.tell(Digit("1")).tell(Returned(result, values={"file": "a.wav"}))
    assert caller.path()[1] == at
    assert caller.session.progress.data == {"file": "a.wav"}


def test_variables_are_heard_in_texts_and_secret_ones_are_not() -> None:
    words = Prompt("words", {"en": "Parcel {id:digits} is {status}, {pin}.", "uk": "{n:f}"})
    caller = Caller(flow(Say("words", (words, Prompt("plain", {"en": "no {Braces}"})))))
    caller.session.progress.secrets.append("pin")
    caller.tell(Started(T("say:words"), variables={"id": "0042", "n": "21", "pin": "4711"}))
    play = caller.take()[0]
    assert isinstance(play, fx.PlayPrompts)
    assert [prompt.args for prompt in play.prompts] == [{"id": "0042", "n": 21, "pin": "", "status": ""}, {}]
    caller.tell(PromptsFinished(1))


def test_music_alone_is_heard_when_the_answer_takes_a_while() -> None:
    caller = asking(music="jazz").wait(0.5)
    assert caller.effects[-1] == fx.PlayMusic("jazz")


def test_music_of_an_earlier_question_is_not_stopped_twice() -> None:
    caller = asking(music="jazz", when={"again": {"yes": ASK}}).wait(1.0)
    caller.playing = (0, 1e9)  # the recorder of prompts knows nothing of music
    caller.tell(Answered(1, values={"again": "yes"}))
    assert [effect for effect in caller.take() if isinstance(effect, fx.StopPrompts)] == [fx.StopPrompts(0)]
    caller.tell(Answered(2, values={"again": "no"}))
    assert not any(isinstance(effect, fx.StopPrompts) for effect in caller.take())


def test_what_fell_due_while_nobody_looked_happens_in_its_order() -> None:
    caller = asking(filler=(Prompt("one-moment"),), patience=4.0)
    caller.take()
    caller.now = 60.0
    caller.session.handle_timeout(60.0)
    caller.drain()
    asked = [type(effect) for effect in caller.take()]
    assert asked[:3] == [fx.PlayPrompts, fx.StopPrompts, fx.StopAsking]
    assert fx.PromptsEnded(ASK, 1, 3.5, "answered") in caller.records, "each at its own time"
