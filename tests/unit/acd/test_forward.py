from __future__ import annotations

import copy
import json
import math
from random import Random
from typing import Any

import pytest

from acd import events as ev
from acd.dispatcher import Dispatcher
from acd.effects import Journal, OfferCall
from acd.estimates import ql_a
from acd.forward import FEWEST, forward
from acd.load import Load
from acd.model import AcdConfig, AgentConfig, CallbackPolicy, QueueConfig, RelaxStep
from acd.patience import Patience
from acd.skills import parse

MANY = 300


class Floor:
    """A dispatcher whose journal is learnt from, and who does what."""

    def __init__(self, *queues: QueueConfig, agents: dict[str, dict[str, int]], load: Load | None = None) -> None:
        staff = tuple(AgentConfig(a, skills=skills, position=i) for i, (a, skills) in enumerate(agents.items()))
        self.acd = Dispatcher(AcdConfig(queues, staff))
        self.load = load or Load()
        self.now = 0.0
        for agent in agents:
            self.do(ev.AgentLoggedIn(agent, agent))

    def do(self, *events: ev.Event, answer: bool = True) -> None:
        for event in events:
            self.acd.receive(event, self.now)
            for effect in self.acd.effects():
                if isinstance(effect, Journal):
                    self.load.learn(effect.record)
                elif isinstance(effect, OfferCall) and answer:
                    self.do(ev.OfferAnswered(effect.offer))

    def join(self, *calls: str, queue: str = "q", **more: Any) -> None:
        self.do(*(ev.CallJoined(call, queue, **more) for call in calls))

    def estimates(self, *, seed: int = 1, rollouts: int = MANY, **more: Any) -> dict[str, float]:
        found = forward(self.acd.snapshot(), self.load, Random(seed), rollouts=rollouts, **more)
        return {call: estimate.p50 for call, estimate in found.items()}


def known(*, talks: float = 100.0, rings: float = 0.0, gives_up: float = 1e7, wraps_up: float | None = None) -> Load:
    """People who always do the same."""
    load = Load()
    for _ in range(400):
        load.talking.add(talks)
        load.ringing.add(rings)
        load.patience.add(0.0, gives_up, gave_up=True)
        if wraps_up is not None:
            load.wrap_up.add(wraps_up)
    load.offers = 1e9
    return load


def exponential(mean_talk: float, mean_patience: float) -> Load:
    """Evenly spread over the two distributions."""
    load = known()
    for i in range(400):
        load.talking.add(-mean_talk * math.log(1 - (i + 0.5) / 400))
    load.patience = Patience()
    for i in range(1900):
        load.patience.add(0.0, -mean_patience * math.log(1 - (i + 0.5) / 1900), gave_up=True)
    return load


def plain_queue(**more: Any) -> QueueConfig:
    return QueueConfig("q", **{"wrap_up": 0.0, **more})


def test_nobody_waits() -> None:
    floor = Floor(plain_queue(), agents={"a": {}}, load=known())
    floor.join("talks")
    assert floor.estimates() == {}


def test_the_rest_of_the_conversation_is_waited_for_and_then_all_of_the_next() -> None:
    floor = Floor(plain_queue(), agents={"a": {}}, load=known(talks=100.0))
    floor.join("talks", "next", "then")
    floor.now = 30.0
    floor.do(ev.AgentFree("a"))
    found = floor.estimates()
    assert found["next"] == pytest.approx(70, abs=2)
    assert found["then"] == pytest.approx(170, abs=4)


def test_wrap_up_and_ringing_take_time() -> None:
    floor = Floor(plain_queue(wrap_up=20.0), agents={"a": {}}, load=known(talks=100.0, rings=6.0))
    floor.join("talks", "next")
    assert floor.estimates()["next"] == pytest.approx(126, abs=3)


def test_an_agent_in_wrap_up_is_waited_for() -> None:
    floor = Floor(plain_queue(wrap_up=20.0), agents={"a": {}}, load=known())
    floor.join("talks", "next")
    floor.now = 50.0
    floor.do(ev.ConversationEnded("talks"))
    floor.now = 55.0
    floor.do(ev.AgentFree("a"))
    assert floor.estimates()["next"] == pytest.approx(15, abs=0.1)


def test_wrap_up_until_done_ends_as_it_usually_does() -> None:
    floor = Floor(plain_queue(wrap_up=None), agents={"a": {}}, load=known(wraps_up=40.0))
    floor.join("talks", "next")
    floor.now = 50.0
    floor.do(ev.ConversationEnded("talks"))
    assert floor.estimates()["next"] == pytest.approx(40, abs=1)


def test_wrap_up_that_will_begin_takes_time_as_well() -> None:
    floor = Floor(plain_queue(wrap_up=None), agents={"a": {}}, load=known(talks=100.0, wraps_up=40.0))
    floor.join("talks", "next")
    assert floor.estimates()["next"] == pytest.approx(140, abs=3)


def test_a_caller_in_the_exit_menu_is_thought_to_come_back() -> None:
    floor = Floor(plain_queue(), agents={"a": {}}, load=known(talks=100.0))
    floor.join("talks", "away", "then")
    floor.do(ev.CallAway("away"))
    found = floor.estimates()
    assert found["away"] == pytest.approx(100, abs=3)
    assert found["then"] == pytest.approx(200, abs=6)


def test_who_is_to_be_called_back_keeps_the_place_and_waits_for_being_dialled() -> None:
    queue = plain_queue(callback=CallbackPolicy(setup=0.0))
    floor = Floor(queue, agents={"a": {}}, load=known(talks=100.0))
    floor.join("talks", "ordered", "then")
    floor.do(ev.CallbackRequested("ordered", "+380441234567"))
    found = floor.estimates()
    assert found["ordered"] == pytest.approx(100, abs=3)
    assert 200 < found["then"] < 225
    floor.do(ev.WaitEstimated((("ordered", 1.0, 1.0, 0.1),)))
    assert floor.estimates() == found


def test_the_same_as_the_formula_where_there_is_one() -> None:
    agents = [f"a{i}" for i in range(10)]
    floor = Floor(plain_queue(), agents={agent: {} for agent in agents}, load=exponential(240.0, 300.0))
    floor.join(*(f"talks{i}" for i in range(10)))
    floor.join(*(f"waits{i}" for i in range(10)))
    snapshot = floor.acd.snapshot()
    found = forward(snapshot, floor.load, Random(1), rollouts=1500)
    handling, patience = floor.load.mean_talk("q"), floor.load.mean_patience("q")
    for ahead in (0, 4, 9):
        drawn, formula = found[f"waits{ahead}"], ql_a(ahead, 10, handling, patience)
        assert drawn.mean == pytest.approx(formula.mean, rel=0.08)
        assert drawn.p50 == pytest.approx(formula.p50, rel=0.1)
        assert drawn.p80 == pytest.approx(formula.p80, rel=0.1)
        assert drawn.spread == pytest.approx(formula.spread, rel=0.15)


def test_who_gives_up_still_gets_an_estimate_and_makes_room_for_others() -> None:
    """Everybody hangs up within seconds, so each of them would be served when the first conversation ends."""
    floor = Floor(plain_queue(), agents={"a": {}}, load=known(talks=100.0, gives_up=2.0))
    floor.join("talks", "next", "then", "last")
    found = floor.estimates()
    assert found["next"] == pytest.approx(100, abs=2)
    assert found["then"] == pytest.approx(100, abs=2)
    assert found["last"] == pytest.approx(100, abs=2)


def test_who_gives_up_while_an_agent_rings() -> None:
    floor = Floor(plain_queue(), agents={"a": {}}, load=known(rings=8.0, gives_up=3.0))
    floor.do(ev.CallJoined("rings", "q"), answer=False)
    assert floor.estimates()["rings"] == pytest.approx(8, abs=1)


def test_callers_with_priority_who_will_come_are_reckoned_with() -> None:
    def floor(priority: float) -> Floor:
        made = Floor(plain_queue(), agents={"a": {}}, load=known(talks=100.0))
        for i in range(60):
            made.now = i * 60.0
            made.load.learn({"kind": "call_joined", "at": made.now, "queue": "q", "priority": priority, "call": "x"})
        made.join("talks", "first", "second")
        return made

    assert floor(0.0).estimates()["second"] == pytest.approx(200, abs=5)
    assert floor(1e6).estimates()["second"] > 300


def test_agents_come_back_from_breaks() -> None:
    floor = Floor(plain_queue(), agents={"a": {}}, load=known())
    for _ in range(400):
        floor.load.breaks.add(600.0)
    floor.do(ev.AgentBreakStarted("a"))
    floor.now = 200.0
    floor.join("waits")
    assert floor.estimates()["waits"] == pytest.approx(400, abs=15)


def test_those_who_are_logged_out_do_not_come() -> None:
    floor = Floor(plain_queue(), agents={"a": {}}, load=known())
    floor.do(ev.AgentLoggedOut("a"))
    floor.join("waits")
    assert floor.estimates(horizon=1800.0, rollouts=5) == {"waits": 1800.0}


def test_skills_are_those_of_the_matcher() -> None:
    agents = {"olena": {"uk": 100}, "piotr": {"pl": 100}}
    floor = Floor(plain_queue(needs=parse("{language} >= 50")), agents=agents, load=known(talks=100.0))
    floor.join("uk0", language="uk")
    floor.now = 60.0
    floor.join("pl0", language="pl")
    floor.join("uk1", language="uk")
    floor.join("pl1", language="pl")
    found = floor.estimates()
    assert found["uk1"] == pytest.approx(40, abs=4)
    assert found["pl1"] == pytest.approx(100, abs=4)


def test_relaxation_takes_effect_in_time() -> None:
    queue = plain_queue(needs=parse("uk >= 50"), relax=(RelaxStep(30.0, parse("")),))
    floor = Floor(queue, agents={"olena": {"uk": 100}, "piotr": {}}, load=known(talks=100.0))
    floor.join("talks", "waits")
    floor.now = 10.0
    floor.do(ev.AgentFree("olena"))
    assert floor.estimates()["waits"] == pytest.approx(20, abs=1)


def test_the_same_draws_give_the_same_estimates_and_the_snapshot_is_left_alone() -> None:
    floor = Floor(plain_queue(), agents={"a": {}, "b": {}}, load=exponential(240.0, 300.0))
    floor.join(*(f"c{i}" for i in range(8)))
    snapshot = json.loads(json.dumps(floor.acd.snapshot()))
    before = copy.deepcopy(snapshot)
    first = forward(snapshot, floor.load, Random(5), rollouts=20)
    assert snapshot == before
    assert forward(snapshot, Load.from_plain(floor.load.plain()), Random(5), rollouts=20) == first
    assert forward(snapshot, floor.load, Random(6), rollouts=20) != first


def test_the_cost_is_bounded_by_steps() -> None:
    floor = Floor(plain_queue(), agents={"a": {}}, load=known())
    floor.join(*(f"c{i}" for i in range(20)))
    made = 0

    class Counting(Random):
        def random(self) -> float:
            nonlocal made
            made += 1
            return super().random()

    forward(floor.acd.snapshot(), floor.load, Counting(1), rollouts=FEWEST)
    few, made = made, 0
    forward(floor.acd.snapshot(), floor.load, Counting(1), rollouts=1000, most_steps=1)
    assert made == few
