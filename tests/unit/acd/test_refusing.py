"""Asking whether a queue would take a caller: the answer is what joining comes to, and nothing changes by asking."""

from __future__ import annotations

import pytest

from acd import effects as fx
from acd import events as ev
from acd.dispatcher import Dispatcher
from acd.model import AcdConfig, AgentConfig, QueueConfig
from acd.skills import parse


def dispatcher(*, agents: int) -> Dispatcher:
    queues = (
        QueueConfig("sales"),
        QueueConfig("small", needs=parse("polish >= 50"), max_waiting=1, when_full="say:sorry"),
        QueueConfig("manned", needs=parse("polish >= 50"), when_empty="say:sorry"),
        QueueConfig("any"),
    )
    made = Dispatcher(AcdConfig(queues, (AgentConfig("olena"), AgentConfig("piotr", skills={"polish": 80}))))
    for agent in ("olena", "piotr")[:agents]:
        made.receive(ev.AgentLoggedIn(agent, agent), 0.0)
    return made


@pytest.mark.parametrize("agents", [0, 1, 2])
@pytest.mark.parametrize("waiting", [0, 1])
@pytest.mark.parametrize("queue", ["sales", "small", "manned", "any", "unknown"])
def test_the_answer_is_what_joining_comes_to(queue: str, waiting: int, agents: int) -> None:
    asked = dispatcher(agents=agents)
    for number in range(waiting):
        asked.receive(ev.CallJoined(f"before-{number}", "small"), 1.0)
    asked.effects()
    before = asked.snapshot()
    joined = ev.CallJoined("new", queue)
    refused = asked.refuses(joined, 2.0)
    assert asked.snapshot() == before
    assert asked.effects() == []
    asked.receive(joined, 2.0)
    given_back = [effect for effect in asked.effects() if isinstance(effect, fx.QueueFull | fx.QueueEmpty)]
    assert refused == bool(given_back)
    assert refused == ("new" not in asked.tickets)
