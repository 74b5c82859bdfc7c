from __future__ import annotations

from acd.model import AcdConfig, AgentConfig, Member, QueueConfig
from acd.skills import parse
from softswitch.simulation.demand import Callers, Demand, Fixed, Interval
from softswitch.simulation.groups import groups, one_less, one_more

SALES = QueueConfig("sales", needs=parse("sales >= 50"))
FRONT = QueueConfig("front", agents=(Member("a", 1), Member("b", 1), Member("c", 2)))
EVERY = QueueConfig("every", needs=parse("{language} >= 50"))
CONFIG = AcdConfig(
    (SALES, FRONT, EVERY),
    (
        AgentConfig("a", skills={"sales": 60}),
        AgentConfig("b", skills={"sales": 60}),
        AgentConfig("c", skills={"sales": 60}),
        AgentConfig("d", skills={"other": 60}),
    ),
)
DEMAND = Demand({"sales": Callers((Interval(0.0, 60.0, 1.0),), Fixed(1.0))}, {"a": ((0.0, 30.0),)})


def test_agents_of_the_same_skills_and_tiers_are_a_group() -> None:
    assert [(group.agents, group.queues) for group in groups(CONFIG)] == [
        (("a", "b"), ("sales", "front", "every")),
        (("c",), ("sales", "front", "every")),
        (("d",), ("every",)),
    ]
    assert [group.name for group in groups(CONFIG)] == ["2 like a", "c", "d"]


def test_one_more_can_do_the_same_and_works_the_same_hours() -> None:
    config, demand = one_more(CONFIG, DEMAND, groups(CONFIG)[0])
    new = config.agents[-1]
    assert (new.id, new.skills) == ("a (one more)", {"sales": 60})
    assert config.queues[1].agents[-1] == Member("a (one more)", 1)
    assert config.queues[0].agents == ()
    assert demand.shifts["a (one more)"] == demand.shifts["a"]
    assert len(groups(config)[0].agents) == 3


def test_one_less_is_the_last_of_the_group() -> None:
    config, demand = one_less(CONFIG, DEMAND, groups(CONFIG)[0])
    assert [agent.id for agent in config.agents] == ["a", "c", "d"]
    assert demand == DEMAND
