"""The words of queues and agents as the distributor gets them."""

from __future__ import annotations

from pathlib import Path

import pytest

from acd.model import (
    AcdConfig,
    AgentConfig,
    CallbackPolicy,
    DialFirst,
    OverflowStep,
    QueueConfig,
    Spare,
    Strategy,
)
from softswitch.config import acd, parse_config

PHONE = '[[phone]]\nuser = "1001"\npassword = "long enough"\n[[agent]]\nid = "olena"\nphone = "1001"\n'


def config(text: str, agent: str = "") -> AcdConfig:
    toml = f"{PHONE}{agent}\n{text}"
    return acd.acd_config(parse_config(toml.encode(), file="config.toml", folder=Path(), env={}))


def queue(text: str) -> QueueConfig:
    (found,) = config(f"[queue.sales]\n{text}").queues
    return found


def test_announcements() -> None:
    policy = queue("announce = { position = false, wait = true, comfort = true, comfort_every = 40 }").announce
    assert (policy.position, policy.wait, policy.comfort) == (False, True, 40.0)
    assert queue('announce = { comfort_say = ["Hold on."] }').announce.comfort == 60.0, "own words are said too"
    assert queue("").announce.comfort == 0.0


@pytest.mark.parametrize(("words", "seconds"), [("15", 15.0), ("0", 0.0), ('"until-done"', None)])
def test_wrap_up_of_a_queue(words: str, seconds: float | None) -> None:
    assert queue(f"wrap_up = {words}").wrap_up == seconds


@pytest.mark.parametrize(
    ("words", "limits"), [("", (0.0, None)), ("wrap_up = 7", (7.0, 7.0)), ("wrap_up = { max = 60 }", (0.0, 60.0))]
)
def test_wrap_up_of_an_agent(words: str, limits: tuple[float, float | None]) -> None:
    (agent,) = config("", words).agents
    assert isinstance(agent, AgentConfig)
    assert (agent.min_wrap_up, agent.max_wrap_up) == limits


def test_overflow_first_to_other_agents_and_then_elsewhere() -> None:
    steps = '[{ after = 60, also = "queue:sales" }, { after = 120, to = "queue:sales" }]'
    found = config(f"[queue.first]\noverflow = {steps}\n[queue.sales]").queues[0]
    assert found.overflow == (OverflowStep(60.0, also="sales"), OverflowStep(120.0, to="queue:sales"))


def test_callbacks() -> None:
    assert queue("").callback is None
    assert queue("offer_callback = true").callback == CallbackPolicy()
    words = '{ after = 30, key = "2", first = "agent", tries = 5, retry_after = [20], ring_timeout = 15 }'
    policy = queue(f"offer_callback = {words}").callback
    assert policy == CallbackPolicy(
        after=30.0, key="2", first=DialFirst.AGENT, tries=5, retry_after=(20.0,), ring_timeout=15.0
    )


def test_what_follows_a_call_that_was_not_taken() -> None:
    rules = config("[offers]\nafter_reject = 1\nno_answer_limit = 0").offers
    assert (rules.after_reject, rules.no_answer_limit, rules.after_no_answer) == (1.0, 0, 10.0)


def test_limits() -> None:
    found = queue("max_expected_wait = 600\nresume_within = 300\nmax_wrap_up = 90")
    assert (found.max_expected_wait, found.resume_within, found.max_wrap_up) == (600.0, 300.0, 90.0)


def test_order_of_callers() -> None:
    found = queue("band = 2\npriority = 10\nageing = 0.5\npriority_cap = 90")
    assert (found.band, found.priority, found.ageing, found.priority_cap) == (2, 10.0, 0.5, 90.0)
    assert (queue("").band, queue("").priority_cap) == (0, None)


def test_choice_of_agents() -> None:
    words = 'strategy = "weighted"\nweights = { olena = 3 }\nseed = 7\nspare = "skills"\nprefer = "vip >= 50"'
    found = queue(words)
    assert (found.strategy, found.weights, found.seed) == (Strategy.WEIGHTED, {"olena": 3.0}, 7)
    assert (found.spare, str(found.preferred)) == (Spare.SKILLS, "vip >= 50")
    assert queue('strategy = "ring-progressively"\nring_next_after = 4').ring_step == 4.0


@pytest.mark.parametrize("strategy", Strategy)
def test_every_strategy_of_the_distributor_is_a_word(strategy: Strategy) -> None:
    assert queue(f'strategy = "{strategy.value}"').strategy is strategy


def test_a_position_is_only_told_where_nobody_may_come_with_a_higher_priority() -> None:
    menus = '[goto.vip]\nthen = "queue:sales"\npriority = 60\n[goto.slow]\nthen = "queue:sales"\npriority = -5\n'
    assert queue("").highest_priority == 0.0
    assert {found.highest_priority for found in config(f"[queue.sales]\n[queue.other]\n{menus}").queues} == {60.0}


@pytest.mark.parametrize(
    "more",
    [
        '[set.vip]\nthen = "queue:sales"\npriority = 70',
        '[[route]]\ndid = "1"\nto = "queue:sales"\npriority = 70',
        '[[list.vip]]\nnumber = "+380501234567"\npriority = 70',
        '[verbs.app]\nurl = "https://app.example/"\nmax_priority = 70',
    ],
)
def test_the_highest_priority_is_that_of_whoever_may_come(more: str) -> None:
    (found,) = config(f"[queue.sales]\n{more}").queues
    assert found.highest_priority == 70.0


def test_an_application_gives_no_points_unless_it_may() -> None:
    (found,) = config('[queue.sales]\n[verbs.app]\nurl = "https://app.example/"').queues
    assert found.highest_priority == 0.0


def test_a_list_in_a_file_counts_as_well(tmp_path: Path) -> None:
    (tmp_path / "vip.csv").write_text("number,priority\n+380501234567,20\n+380501234568,70\n")
    text = '[queue.sales]\n[[list.vip]]\nfile = "vip.csv"'
    parsed = parse_config(text.encode(), file="c", folder=tmp_path, env={})
    assert acd.acd_config(parsed).queues[0].highest_priority == 70.0
