from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr import effects as fx
from ivr.arriving import STEPS_A_SECOND
from ivr.entries import Collect
from ivr.events import Answered, Digit, HungUp, PromptsFinished, Returned, Started
from ivr.hours import parse_rules
from ivr.machine import State
from ivr.nodes import Flow, Goto, Hours, Inquiry, Menu, MenuAction, Prompt, Queue, Result, Say
from ivr.session import Session
from ivr.targets import Target
from ivr.validate import Severity, check_flow
from tests.support.ivr_caller import Caller

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from ivr.events import Event

MENUS, SAYS = ("m0", "m1", "m2"), ("s0", "s1")
TARGETS = [
    *(Target("menu", name) for name in MENUS),
    *(Target("say", name) for name in SAYS),
    Target("hours", "h"),
    Target("goto", "g"),
    Target("collect", "c"),
    Target("lookup", "l"),
    Target("queue", "q"),
    Target("hangup"),
    Target("echo"),
]
KEYS = ("1", "2", "12", "123", "3", "*", "1#")


@dataclass(frozen=True, slots=True)
class Lookup(Inquiry):
    kind: ClassVar[str] = "lookup"


TALKING = {State.SPEAKING, State.INSISTING, State.LISTENING, State.COLLECTING, State.ASKING}
#: Seconds around the timeouts; sums of powers of two, so that no instant depends on rounding.
PAUSES = (0.0, 1 / 16, 3 / 8, 1.5 - 1 / 64, 1.5, 2.0 - 1 / 64, 2.0, 2.5, 5.0, 9.0)

#: Whole stories grow from one number: drawn piece by piece, flows are mostly too simple to get deep into.
stories = st.integers(0, 2**48).map(Random)
thoroughly = settings(max_examples=max(400, settings().max_examples))


def random_flow(random: Random) -> Flow:
    def target() -> Target:
        return random.choice(TARGETS if random.random() < 0.4 else TARGETS[: len(MENUS)])

    def script() -> tuple[Prompt, ...]:
        return tuple(Prompt("p", barge_in=random.random() < 0.7) for _ in range(random.randrange(4)))

    def menu(name: str) -> Menu:
        keys = random.sample(KEYS, random.randint(1, len(KEYS)))
        return Menu(
            name,
            say=script(),
            keys={key: target() if random.random() < 0.8 else random.choice(list(MenuAction)) for key in keys},
            timeout=random.choice([0.5, 5.0]),
            retries=random.randrange(3),
            when_no_input=target(),
            when_invalid=target() if random.random() < 0.3 else None,
            type_ahead=random.random() < 0.7,
        )

    nodes = [
        *(menu(name) for name in MENUS),
        *(Say(name, script(), target(), random.random() < 0.7) for name in SAYS),
        Hours("h", parse_rules(["daily 00:00-12:00"]), target(), target()),
        Goto("g", target(), random.choice(["", "uk"])),
        Collect(
            "c",
            variable="v",
            say=script(),
            longest=random.randint(1, 3),
            end=random.choice(["", "#"]),
            timeout=random.choice([0.5, 5.0]),
            inter_digit=2.0,
            retries=random.randrange(3),
            confirm=script() if random.random() < 0.5 else (),
            then=target(),
            when_failed=target(),
            type_ahead=random.random() < 0.7,
        ),
        Lookup("l", target(), target(), patience=3.0, filler=script(), filler_after=0.5),
        Queue("q", {result: target() for result in Result if random.random() < 0.5}),
    ]
    return Flow({node.target: node for node in nodes}, step_limit=12)


def sound_flow(random: Random) -> Flow:
    while True:
        flow = random_flow(random)
        if all(finding.severity is not Severity.ERROR for finding in check_flow(flow)):
            return flow


def random_presses(random: Random) -> Iterator[tuple[str, float]]:
    """Keys that are on some menu, mostly, with pauses around the timeouts."""
    for _ in range(random.randrange(25)):
        key = random.choice(KEYS) if random.random() < 0.7 else random.choice("9*#0")
        for digit in key:
            yield digit, random.choice(PAUSES) if random.random() < 0.6 else 1 / 128


def answer_queue(caller: Caller, random: Random) -> None:
    result = random.choice(list(Result))
    if caller.session.progress.state is State.AWAY:
        caller.tell(Returned(result))
    if random.random() < 0.5:
        outcome = random.choice(["ok", "status"])
        caller.tell(Answered(caller.session.progress.request, outcome, {"v": "1"}))


def talk(caller: Caller, random: Random) -> None:
    caller.tell(Started(random.choice(TARGETS)))
    for digit, pause in random_presses(random):
        answer_queue(caller, random)
        caller.tell(Digit(digit)).wait(pause)


@thoroughly
@given(stories)
def test_no_digit_is_lost_or_counted_twice(random: Random) -> None:
    caller = Caller(random_flow(random), prompt_seconds=1.5)
    talk(caller, random)
    if random.random() < 0.5:
        caller.tell(HungUp())
        assert caller.session.progress.keyed + caller.session.progress.kept == ""
    pressed = [r.digit for r in caller.records if isinstance(r, fx.DigitPressed)]
    used = [r.digits for r in caller.records if isinstance(r, fx.KeyChosen | fx.DigitsEntered | fx.DigitsDropped)]
    left = caller.session.progress.keyed + caller.session.progress.kept
    overflown = sum(isinstance(r, fx.DigitsDropped) and r.why == "overflow" for r in caller.records)
    if not overflown:
        assert "".join(used) + left == "".join(pressed)
    assert len("".join(used) + left) == len(pressed)


@thoroughly
@given(stories)
def test_a_session_never_gets_stuck_and_never_says_two_things_at_once(random: Random) -> None:
    caller = Caller(random_flow(random), prompt_seconds=random.choice([1.5, 1e9]))
    caller.tell(Started(random.choice(TARGETS)))
    for digit, pause in random_presses(random):
        state = caller.session.progress.state
        assert (caller.session.next_deadline() is not None) == (state in TALKING)
        assert len(caller.session.progress.deadlines) <= (2 if state is State.ASKING else 1)
        assert state is State.ASKING or (caller.playing is not None) == (state in (State.SPEAKING, State.INSISTING))
        answer_queue(caller, random)
        caller.tell(Digit(digit)).wait(pause)
    caller.tell(HungUp())
    assert caller.session.ended
    assert caller.session.next_deadline() is None


@thoroughly
@given(stories)
def test_a_silent_caller_soon_comes_to_an_end_of_every_sound_flow(random: Random) -> None:
    caller = Caller(sound_flow(random), prompt_seconds=1.5)
    caller.tell(Started(random.choice(TARGETS)))
    for digit, pause in random_presses(random):
        caller.tell(Digit(digit)).wait(pause)
    # At most every node once; a menu is said three times, up to five prompts each, and waits five seconds after each.
    caller.wait(len(TARGETS) * 3 * (5 * 1.5 + 5))
    assert caller.session.progress.state in (State.AWAY, State.CONNECTED, State.ENDED)
    assert fx.FlowEnded(fx.EndReason.STEP_LIMIT) not in caller.records


@thoroughly
@given(stories)
def test_nobody_passes_more_nodes_in_a_while_than_time_gives_even_where_the_flow_is_wrong(random: Random) -> None:
    caller = Caller(random_flow(random), prompt_seconds=random.choice([0.0, 0.01, 1.5]))
    caller.tell(Started(random.choice(TARGETS)))
    for seconds in range(1, 30):
        caller.wait(1.0)
        assert len(caller.path()) <= caller.flow.step_limit + STEPS_A_SECOND * seconds + 1


@thoroughly
@given(stories)
def test_dwell_times_sum_to_the_time_of_the_call(random: Random) -> None:
    caller = Caller(random_flow(random), prompt_seconds=1.5)
    talk(caller, random)
    caller.tell(HungUp())
    left = [r for r in caller.records if isinstance(r, fx.NodeLeft)]
    entered = [r for r in caller.records if isinstance(r, fx.NodeEntered)]
    assert [r.node for r in left] == [r.node for r in entered]
    over = [r for r in caller.records if isinstance(r, fx.FlowEnded)]
    assert len(over) == 1
    if over[0].reason is fx.EndReason.CALLER_HUNG_UP:
        assert abs(sum(r.dwell for r in left) - caller.now) < 1e-6


@thoroughly
@given(stories)
def test_every_prompt_that_began_ended_once_or_was_stopped(random: Random) -> None:
    caller = Caller(random_flow(random), prompt_seconds=1.5)
    talk(caller, random)
    caller.tell(HungUp())
    begun = [r.play for r in caller.records if isinstance(r, fx.PromptsStarted)]
    ended = [r for r in caller.records if isinstance(r, fx.PromptsEnded)]
    assert [r.play for r in ended] == begun == list(range(1, len(begun) + 1))
    stops = [effect.play for effect in caller.effects if isinstance(effect, fx.StopPrompts)]
    assert stops == [r.play for r in ended if r.interrupted_by not in ("", "hung-up")]
    assert all(r.interrupted_by or r.played == pytest.approx(1.5) for r in ended)


class Restarting(Caller):
    """The process that runs the session is replaced after every event; the new one has another clock."""

    shift = 0.0

    def local_time(self, now: float, timezone: str) -> datetime:
        return super().local_time(now - self.shift, timezone)

    def tell(self, event: Event) -> Caller:
        super().tell(event)
        data = json.loads(json.dumps(self.session.snapshot(self.now + self.shift)))
        self.shift += 1024.0
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
        super().handle_timeout(now + self.shift)

    def next_effect(self) -> fx.Effect | None:
        effect = super().next_effect()
        return fx.Journal(effect.at - self.shift, effect.record) if isinstance(effect, fx.Journal) else effect


@thoroughly
@given(stories, st.integers(0, 2**48))
def test_a_restart_after_every_event_changes_nothing(random: Random, seed: int) -> None:
    flow = random_flow(random)
    steady, restarting = Caller(flow, prompt_seconds=1.5), Restarting(flow, prompt_seconds=1.5)
    talk(steady, Random(seed))
    talk(restarting, Random(seed))
    assert restarting.effects == steady.effects
    assert restarting.records == steady.records


@thoroughly
@given(stories)
def test_a_flow_that_changes_under_a_caller_hangs_up_or_goes_on(random: Random) -> None:
    caller = Caller(random_flow(random), prompt_seconds=1.5)
    talk(caller, random)
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
        session.receive(Answered(session.progress.request), caller.now)
        session.receive(Returned(Result.FULL), caller.now)
        session.receive(PromptsFinished(session.progress.play), caller.now)
        session.receive(HungUp(), caller.now)
        assert session.ended
