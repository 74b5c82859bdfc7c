from __future__ import annotations

from typing import Any

import pytest

from acd import events as ev
from acd.dispatcher import Dispatcher
from acd.effects import Journal, OfferCall
from acd.estimates import ql_a
from acd.load import Load
from acd.model import AcdConfig, AgentConfig, Member, OverflowStep, QueueConfig, RelaxStep
from acd.plain import plain_estimates, plain_queues
from acd.skills import parse

SALES = QueueConfig("sales", needs=parse("sales >= 50"), wrap_up=0.0)
DESK = QueueConfig("desk", needs=parse("desk >= 50"), wrap_up=0.0)
AGENTS = {"s1": {"sales": 90}, "s2": {"sales": 50}, "d1": {"desk": 50}, "x": {"sales": 49}}


def dispatcher(*queues: QueueConfig, agents: dict[str, dict[str, int]] | None = None) -> Dispatcher:
    staff = tuple(AgentConfig(a, skills=skills) for a, skills in (AGENTS if agents is None else agents).items())
    return Dispatcher(AcdConfig(queues, staff))


def plain(*queues: QueueConfig, agents: dict[str, dict[str, int]] | None = None) -> dict[str, set[str]]:
    acd = dispatcher(*queues, agents=agents)
    return {queue: set(crew) for queue, crew in plain_queues(acd.config.queues, acd.agents).items()}


def test_queues_with_crews_of_their_own_are_plain() -> None:
    assert plain(SALES, DESK) == {"sales": {"s1", "s2"}, "desk": {"d1"}}
    assert plain(QueueConfig("all")) == {"all": {"s1", "s2", "d1", "x"}}


def test_a_shared_agent_makes_both_queues_a_matter_of_simulation() -> None:
    assert plain(SALES, DESK, agents={"both": {"sales": 60, "desk": 60}, "s1": {"sales": 60}}) == {}


def test_agents_who_are_listed_are_the_crew() -> None:
    listed = QueueConfig("front", agents=(Member("x"), Member("nobody")))
    assert plain(listed, SALES) == {"front": {"x"}, "sales": {"s1", "s2"}}


@pytest.mark.parametrize(
    "more",
    [
        {"needs": parse("sales >= 50 and {language} >= 50")},
        {"relax": (RelaxStep(30.0, parse("sales >= 20")),)},
        {"overflow": (OverflowStep(60.0, also="desk"),)},
        {"overflow": (OverflowStep(60.0, to="queue:desk"),)},
    ],
)
def test_needs_that_differ_or_change_are_not_plain(more: dict[str, Any]) -> None:
    fields = {"needs": SALES.needs, **more}
    assert "sales" not in plain(QueueConfig("sales", **fields), DESK)


def test_a_queue_that_lends_its_agents_is_not_plain() -> None:
    borrowing = QueueConfig("sales", needs=SALES.needs, overflow=(OverflowStep(60.0, also="desk"),))
    assert plain(borrowing, DESK) == {}


class Floor:
    def __init__(self) -> None:
        self.acd = dispatcher(SALES, DESK)
        self.load = Load()
        self.do(*(ev.AgentLoggedIn(agent, agent) for agent in ("s1", "s2")))

    def do(self, *events: ev.Event) -> None:
        for event in events:
            self.acd.receive(event, 0.0)
            for effect in self.acd.effects():
                if isinstance(effect, Journal):
                    self.load.learn(effect.record)
                elif isinstance(effect, OfferCall):
                    self.do(ev.OfferAnswered(effect.offer))

    def means(self, queue: str = "sales") -> dict[str, float] | None:
        crew = plain_queues(self.acd.config.queues, self.acd.agents)[queue]
        found = plain_estimates(self.acd, self.load, queue, crew)
        return None if found is None else {call: round(e.mean, 6) for call, e in found.items()}

    def formula(self, ahead: int, servers: int) -> float:
        load = self.load
        return round(ql_a(ahead, servers, load.mean_handling("sales", 0.0), load.mean_patience("sales")).mean, 6)


def test_everybody_who_waits_is_estimated_by_place() -> None:
    floor = Floor()
    floor.do(*(ev.CallJoined(call, "sales") for call in ("a", "b", "c", "d")))
    assert floor.means() == {"c": floor.formula(0, 2), "d": floor.formula(1, 2)}


def test_agents_who_are_on_break_out_of_reach_or_not_in_the_queue_do_not_count() -> None:
    floor = Floor()
    floor.do(*(ev.CallJoined(call, "sales") for call in ("a", "b", "c")))
    floor.do(ev.AgentBreakStarted("s1"))
    assert floor.means() == {"c": floor.formula(0, 1)}
    floor.do(ev.AgentBreakEnded("s1"), ev.AgentQueueLeft("s2", "sales"))
    assert floor.means() == {"c": floor.formula(0, 1)}
    floor.do(ev.AgentQueueJoined("s2", "sales"), ev.AgentUnreachable("s1"))
    assert floor.means()["c"] == floor.formula(0, 1)  # type: ignore[index]


def test_nobody_serves_so_nothing_is_said() -> None:
    floor = Floor()
    floor.do(ev.CallJoined("waits", "desk"))
    assert floor.means("desk") == {}


@pytest.mark.parametrize("more", [{"priority": 50.0}, {"needs": parse("english >= 50")}])
def test_callers_of_several_kinds_are_a_matter_of_simulation(more: dict[str, Any]) -> None:
    floor = Floor()
    floor.do(*(ev.CallJoined(call, "sales") for call in ("a", "b", "c")), ev.CallJoined("other", "sales", **more))
    assert floor.means() is None


def test_callers_with_priority_who_may_come_are_a_matter_of_simulation() -> None:
    floor = Floor()
    floor.do(ev.CallJoined("vip", "sales", priority=50.0), *(ev.CallJoined(call, "sales") for call in ("b", "c")))
    assert floor.means() is None
