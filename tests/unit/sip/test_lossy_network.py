"""Whatever the network loses, doubles and reorders, and whoever does what when: every call ends once, on both sides."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip.events import Answered, Cancelled, Ended, InviteReceived, Rejected
from tests.support.phones import ANSWER, OFFER, answering, call, endings
from tests.support.simnet import Agent, SimNet, World, pair


def bad_network(seed: int) -> SimNet:
    return SimNet(seed=seed, loss=0.05, duplication=0.05, jitter=0.1)


@pytest.mark.parametrize("seed", range(8))
def test_twenty_calls_over_a_bad_network(seed: int) -> None:
    world, alice, bob = pair(bad_network(seed))
    bob.on_event = answering(bob)
    chance = random.Random(seed)
    usages = []
    for _ in range(20):
        usages.append(call(alice, bob, world.now))
        world.run(chance.random() * 3)
    world.run(40)
    answered = {e.usage for e in alice.told(Answered)}
    assert answered == set(usages), f"seed {seed}"
    assert len(bob.told(InviteReceived)) == 20  # no double calls
    for usage in usages:
        alice.endpoint.hang_up(usage, now=world.now)
    world.run_out()
    for agent in (alice, bob):
        assert Counter(e.usage for e in endings(agent)).most_common(1)[0][1] == 1
        assert len(endings(agent)) == 20
    world.assert_nothing_left()


def act(world: World, agents: tuple[Agent, Agent], step: tuple[str, int, float]) -> None:
    what, which, pause = step
    alice, bob = agents
    if what == "call":
        call(alice, bob, world.now)
    elif what == "late call":
        call(alice, bob, world.now, body=b"")
    elif what == "forget":
        world.net.drop = lambda transmit: True
    elif what == "remember":
        world.net.drop = lambda transmit: False
    else:
        agent = agents[which % 2]
        usages = [e.usage for e in agent.told(InviteReceived)] or [f"alice-usage-{which}"]
        usage = f"alice-usage-{which // 2 + 1}" if agent is alice else usages[which // 2 % len(usages)]
        verb = agent.endpoint
        match what:
            case "ring":
                verb.ring(usage, now=world.now)
            case "answer":
                verb.answer(usage, body=ANSWER, now=world.now)
            case "reject":
                verb.reject(usage, 486, now=world.now)
            case "hang up":
                verb.hang_up(usage, now=world.now)
            case "reinvite":
                verb.reinvite(usage, body=OFFER, now=world.now)
            case "accept":
                verb.accept_reinvite(usage, body=ANSWER, now=world.now)
            case "refuse":
                verb.reject_reinvite(usage, 488, now=world.now)
            case "ack":
                verb.ack(usage, body=ANSWER, now=world.now)
            case "info":
                verb.info(usage, body=b"Signal=1", content_type="application/dtmf-relay", now=world.now)
    world.run(pause)


VERBS = ["call", "late call", "ring", "answer", "reject", "hang up", "reinvite", "accept", "refuse", "ack", "info",
         "forget", "remember"]  # fmt: skip
STEPS = st.lists(
    st.tuples(st.sampled_from(VERBS), st.integers(0, 7), st.sampled_from([0.0, 0.005, 0.015, 0.1, 1.0, 40.0])),
    max_size=25,
)


@given(STEPS, st.integers(0, 1000))
def test_any_order_of_verbs_ends_every_usage_exactly_once_and_leaves_nothing(
    steps: list[tuple[str, int, float]], seed: int
) -> None:
    world, alice, bob = pair(bad_network(seed))
    for step in steps:
        act(world, (alice, bob), step)
    world.net.drop = lambda transmit: False
    for agent in (alice, bob):  # what the users would do in the end
        usages = {e.usage for e in agent.told(InviteReceived)} | {f"alice-usage-{n}" for n in range(1, 30)}
        for usage in sorted(usages):
            agent.endpoint.hang_up(usage, now=world.now)
    world.run(70)
    for late in bob.told(InviteReceived):  # calls that arrived since
        bob.endpoint.hang_up(late.usage, now=world.now)
    world.run_out()
    begun = {e.usage for e in bob.told(InviteReceived)}
    assert Counter(e.usage for e in endings(bob)) == Counter(begun)
    ended = Counter(e.usage for e in endings(alice))
    assert len(ended) == alice.endpoint.load.usages + sum(1 for what, _, _ in steps if what in ("call", "late call"))
    assert set(ended.values()) <= {1}
    for agent in (alice, bob):
        over: set[object] = set()
        for _, event in agent.events:
            usage_of = getattr(event, "usage", None)
            assert usage_of not in over, "an event after the end"
            if isinstance(event, Rejected | Cancelled | Ended):
                over.add(usage_of)
    world.assert_nothing_left()
