from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import assume, given
from hypothesis import strategies as st

from ivr import effects as fx
from ivr.events import Digit, HungUp, PromptsFinished, Returned, Started
from ivr.hours import parse_rules
from ivr.machine import State
from ivr.nodes import Flow, Goto, Hours, Menu, MenuAction, Prompt, Queue, Result, Say
from ivr.session import Session
from ivr.targets import Target
from ivr.validate import Severity, check_flow
from tests.support.ivr_caller import Caller

if TYPE_CHECKING:
    from ivr.events import Event

MENUS, SAYS = ("m0", "m1", "m2"), ("s0", "s1")
TARGETS = [
    *(Target("menu", name) for name in MENUS),
    *(Target("say", name) for name in SAYS),
    Target("hours", "h"),
    Target("goto", "g"),
    Target("queue", "q"),
    Target("hangup"),
    Target("echo"),
]
KEYS = ("1", "2", "12", "123", "3", "*", "1#")

targets = st.sampled_from(TARGETS)
scripts = st.lists(st.builds(Prompt, st.just("p"), barge_in=st.booleans()), max_size=3).map(tuple)
choices = st.one_of(targets, st.sampled_from(MenuAction))
keys = st.dictionaries(st.sampled_from(KEYS), choices, min_size=1)


def menus(name: str) -> st.SearchStrategy[Menu]:
    return st.builds(
        Menu,
        st.just(name),
        say=scripts,
        keys=keys,
        timeout=st.sampled_from([0.5, 5.0]),
        retries=st.integers(0, 2),
        when_no_input=targets,
        when_invalid=st.none() | targets,
        type_ahead=st.booleans(),
    )


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    nodes = [
        *(draw(menus(name)) for name in MENUS),
        *(Say(name, draw(scripts), draw(targets), draw(st.booleans())) for name in SAYS),
        Hours("h", parse_rules(["daily 00:00-12:00"]), draw(targets), draw(targets)),
        Goto("g", draw(targets), draw(st.sampled_from(["", "uk"]))),
        Queue("q", draw(st.dictionaries(st.sampled_from(Result), targets))),
    ]
    return Flow({node.target: node for node in nodes}, step_limit=12)


def sound(flow: Flow) -> bool:
    return not any(finding.severity is Severity.ERROR for finding in check_flow(flow))


pauses = st.sampled_from([0.0, 0.05, 0.4, 1.99, 2.0, 2.5, 5.0, 9.0])
presses = st.lists(st.tuples(st.sampled_from("123*#9"), pauses), max_size=25)
TALKING = {State.SPEAKING, State.INSISTING, State.LISTENING, State.COLLECTING}


def answer_queue(caller: Caller, result: Result) -> None:
    if caller.session.progress.state is State.AWAY:
        caller.tell(Returned(result))


@given(flows(), targets, presses, st.sampled_from(Result))
def test_no_digit_is_lost_or_counted_twice(
    flow: Flow, entry: Target, digits: list[tuple[str, float]], result: Result
) -> None:
    caller = Caller(flow, prompt_seconds=1.5)
    caller.tell(Started(entry))
    for digit, pause in digits:
        answer_queue(caller, result)
        caller.tell(Digit(digit)).wait(pause)
    pressed = "".join(r.digit for r in caller.records if isinstance(r, fx.DigitPressed))
    used = "".join(r.digits for r in caller.records if isinstance(r, fx.KeyChosen | fx.DigitsDropped))
    left = caller.session.progress.keyed + caller.session.progress.kept
    assert used + left == pressed


@given(flows(), targets, presses, st.sampled_from(Result), st.sampled_from([1.5, 1e9]))
def test_a_session_never_gets_stuck_and_prompts_are_never_said_over_each_other(
    flow: Flow, entry: Target, digits: list[tuple[str, float]], result: Result, prompt_seconds: float
) -> None:
    caller = Caller(flow, prompt_seconds)
    caller.tell(Started(entry))
    for digit, pause in digits:
        state = caller.session.progress.state
        assert (caller.session.next_deadline() is not None) == (state in TALKING)
        assert (caller.playing is not None) == (state in (State.SPEAKING, State.INSISTING))
        answer_queue(caller, result)
        caller.tell(Digit(digit)).wait(pause)
    caller.tell(HungUp())
    assert caller.session.ended
    assert caller.session.next_deadline() is None


@given(flows(), targets, presses)
def test_a_silent_caller_soon_comes_to_an_end_of_every_sound_flow(
    flow: Flow, entry: Target, digits: list[tuple[str, float]]
) -> None:
    assume(sound(flow))
    caller = Caller(flow, prompt_seconds=1.5)
    caller.tell(Started(entry))
    for digit, pause in digits:
        caller.tell(Digit(digit)).wait(pause)
    # At most every node once; a menu is said three times, up to five prompts each, and waits five seconds after each.
    caller.wait(len(TARGETS) * 3 * (5 * 1.5 + 5))
    assert caller.session.progress.state in (State.AWAY, State.CONNECTED, State.ENDED)
    assert fx.FlowEnded(fx.EndReason.STEP_LIMIT) not in caller.records


@given(flows(), targets)
def test_a_silent_caller_comes_to_an_end_even_where_the_flow_is_wrong(flow: Flow, entry: Target) -> None:
    caller = Caller(flow, prompt_seconds=1.5)
    caller.tell(Started(entry))
    caller.wait(flow.step_limit * 3 * (5 * 1.5 + 5))
    assert caller.session.progress.state in (State.AWAY, State.CONNECTED, State.ENDED)


@given(flows(), targets, presses, st.sampled_from(Result))
def test_dwell_times_sum_to_the_time_of_the_call(
    flow: Flow, entry: Target, digits: list[tuple[str, float]], result: Result
) -> None:
    caller = Caller(flow, prompt_seconds=1.5)
    caller.tell(Started(entry))
    for digit, pause in digits:
        answer_queue(caller, result)
        caller.tell(Digit(digit)).wait(pause)
    caller.tell(HungUp())
    left = [r for r in caller.records if isinstance(r, fx.NodeLeft)]
    entered = [r for r in caller.records if isinstance(r, fx.NodeEntered)]
    assert [r.node for r in left] == [r.node for r in entered]
    over = [r for r in caller.records if isinstance(r, fx.FlowEnded)]
    assert len(over) == 1
    if over[0].reason is fx.EndReason.CALLER_HUNG_UP:
        assert abs(sum(r.dwell for r in left) - caller.now) < 1e-6


class Restarting(Caller):
    """The process that runs the session is replaced after every event; the new one has another clock."""

    shift = 0.0

    def tell(self, event: Event) -> Caller:
        super().tell(event)
        data = json.loads(json.dumps(self.session.snapshot(self.now + self.shift)))
        self.shift += 1000.0
        self.session = Shifted.restore(self.flow, self.local_time, data, self.now + self.shift)
        assert isinstance(self.session, Shifted)
        self.session.shift = self.shift
        return self


class Shifted(Session):
    shift = 0.0

    def receive(self, event: Event, now: float) -> None:
        super().receive(event, now + self.shift)

    def next_deadline(self) -> float | None:
        at = super().next_deadline()
        return None if at is None else at - self.shift

    def handle_timeout(self, now: float) -> None:
        super().handle_timeout(now + self.shift + 1e-9)

    def next_effect(self) -> fx.Effect | None:
        effect = super().next_effect()
        return fx.Journal(effect.at - self.shift - 1e-6, effect.record) if isinstance(effect, fx.Journal) else effect


@given(flows(), targets, presses, st.sampled_from(Result))
def test_a_restart_after_every_event_changes_nothing(
    flow: Flow, entry: Target, digits: list[tuple[str, float]], result: Result
) -> None:
    steady, restarting = Caller(flow, prompt_seconds=1.5), Restarting(flow, prompt_seconds=1.5)
    for caller in (steady, restarting):
        caller.tell(Started(entry))
        for digit, pause in digits:
            answer_queue(caller, result)
            caller.tell(Digit(digit)).wait(pause + 0.001)
    assert restarting.effects == steady.effects
    assert restarting.path() == steady.path()


@given(flows(), targets, presses)
def test_a_flow_that_changes_under_a_caller_hangs_up_or_goes_on(
    flow: Flow, entry: Target, digits: list[tuple[str, float]]
) -> None:
    caller = Caller(flow, prompt_seconds=1.5)
    caller.tell(Started(entry))
    for digit, pause in digits:
        caller.tell(Digit(digit)).wait(pause)
    talking = caller.session.progress.state in TALKING
    session = Session.restore(Flow({}), caller.local_time, caller.session.snapshot(caller.now), caller.now)
    effects = []
    while (effect := session.next_effect()) is not None:
        effects.append(effect)
    if talking:
        assert effects[-1] == fx.HangUp(fx.EndReason.UNKNOWN_TARGET)
        assert session.ended
    else:
        assert effects == []
        session.receive(Returned(Result.FULL), caller.now)
        session.receive(PromptsFinished(session.progress.play), caller.now)
        session.receive(HungUp(), caller.now)
        assert session.ended
