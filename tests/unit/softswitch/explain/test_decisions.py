from __future__ import annotations

from typing import Any

import pytest

from acd.model import Strategy
from acd.strategies import KEYS
from softswitch.explain.decisions import _REASONS, why_this_agent
from softswitch.explain.nobody import why_nobody
from softswitch.store.cdr import Record

BY = ["failed", "not_asked_for", "unpreferred", "tier", "spare_skills", "idle_since", "breadth"]
EVEN = [0, 1, 0, 1, 0]


def offer(**more: Any) -> dict[str, Any]:
    return {"at": 1000.0, "offer": 7, "agent": "anna", "decision": 7, "by": BY, **more}


@pytest.mark.parametrize(
    ("by", "mine", "theirs", "reason"),
    [
        ("idle_since", 688.0, 900.0, "longest idle: 312 s, the next 100 s"),
        ("failed", 0, 1, "the next one has failed this caller already"),
        ("not_asked_for", 0, 1, "the caller's own agent"),
        ("unpreferred", 0, 2, "preferences not satisfied: 0, the next 2"),
        ("tier", 1, 2, "first tier: 1, the next 2"),
        ("spare_skills", 1, 3, "fewest skills that other callers need: 1, the next 3"),
        ("breadth", 40, 220, "fewest other skills (levels): 40, the next 220"),
        ("calls", 3, 5, "fewest calls: 3, the next 5"),
        ("talk", 120.0, 300.5, "least talk: 120 s, the next 300.5 s"),
        ("occupancy", 0.25, 0.5, "least occupied: 25 %, the next 50 %"),
        ("position", 1, 4, "first in order: 1, the next 4"),
        ("had_a_turn", 0, 1, "next in turn"),
        ("lot", 0.1, 0.7, "drawn by lot"),
        ("weighted_lot", 0.1, 0.7, "drawn by lot, by weight"),
        ("minus_skill", -90, -60, "most skilled: 90, the next 60"),
        ("skill", 50, 60, "least skilled of those who suffice: 50, the next 60"),
        ("charm_of_the_future", 1, 2, "lowest charm of the future: 1, the next 2"),
    ],
)
def test_the_first_difference_is_the_reason(by: str, mine: float, theirs: float, reason: str) -> None:
    data = offer(
        by=["tier", by, "breadth"], compared=[["anna", 1, mine, 9], ["borys", 1, theirs, 0], ["celina", 2, 0, 0]]
    )
    if by == "tier":
        data = offer(by=["tier"], compared=[["anna", mine], ["borys", theirs], ["celina", 9]])
    assert why_this_agent(data) == [f"{reason}; compared with borys, celina"]


@pytest.mark.parametrize("strategy", Strategy)
def test_every_key_of_every_strategy_has_words(strategy: Strategy) -> None:
    assert set(KEYS[strategy]) <= _REASONS.keys()


def test_who_is_alone_is_told_so_with_the_idle_time() -> None:
    alone = offer(compared=[["anna", *EVEN, 688.0, 0]])
    assert why_this_agent(alone) == ["the only agent who could take it (idle for 312 s)"]
    assert why_this_agent({"candidates": 1}) == ["the only agent who could take it"]
    assert why_this_agent({"candidates": 3}) == ["chosen among 3 agents"]
    assert why_this_agent({}) == []


def test_equal_agents_are_told_apart_by_id() -> None:
    same = offer(compared=[["anna", *EVEN, 688.0, 0], ["borys", *EVEN, 688.0, 0]])
    assert why_this_agent(same) == ["equal to borys in everything, and first by id"]


def test_ring_all_says_who_rings() -> None:
    both = offer(compared=[["anna", *EVEN, 1, 0], ["borys", *EVEN, 2, 0]])
    assert why_this_agent(both, "ring-all") == ["all who can take it ring: anna, borys"]


def test_who_was_not_asked_who_is_ahead_and_who_was_kept_for_another_is_told() -> None:
    excluded = [
        ["borys", "skills", "uk >= 50"],
        ["celina", "talking", "call-2"],
        ["daryna", "on_break", "lunch"],
        ["emil", "resting", "no_answer"],
        ["fedir", "opted_out", ""],
        ["hanna", "beamed_up", "far"],
    ]
    data = offer(
        compared=[["anna", *EVEN, 688.0, 0]],
        excluded=excluded,
        others=4,
        ahead=[["call-9", "billing", 60.4, 3], ["call-8", "support", 50.0, 1]],
        more_ahead=2,
        moved_for="call-3",
    )
    assert why_this_agent(data)[1:] == [
        "the best one was needed for call call-3, who could not have had another",
        "not asked: borys (lacks uk >= 50), celina (talks with call-2), daryna (on a break: lunch), "
        "emil (rests after an offer (no answer)), fedir (has left this queue), hanna (beamed up far) and 4 more",
        "ahead, but nobody idle may serve them: call-9 in billing with 60 points and 2 behind it, "
        "call-8 in support with 50 points and 2 more",
    ]


def test_long_lists_are_cut_and_counted() -> None:
    data = offer(excluded=[[f"agent-{n}", "busy", ""] for n in range(12)], others=5)
    (told,) = why_this_agent(data)
    assert told.endswith("agent-7 (phone busy) and 9 more")


STAFF = [
    {"id": "anna", "skills": {"sales": 80, "uk": 100}},
    {"id": "borys", "skills": {"sales": 80, "uk": 100}},
    {"id": "celina", "skills": {"sales": 80}},
    {"id": "daryna", "skills": {"sales": 80, "uk": 60}},
]
QUEUE = {"id": "sales", "needs": "sales >= 50 and {language} >= 50"}


def states(**of: dict[str, Any]) -> list[Record]:
    usual = {"status": "available", "state": "idle", "reachable": True, "busy": False, "call": None}
    return [
        Record(n, 0.0, "acd.agent", None, {"agent": a, **usual, **more}) for n, (a, more) in enumerate(of.items(), 1)
    ]


@pytest.mark.parametrize(
    ("agents", "told"),
    [
        (
            {"anna": {"state": "talking", "call": "c-1"}, "borys": {"status": "on_break", "reason": "lunch"}},
            "nobody can take it now: anna (talks with c-1), borys (on a break: lunch); 1 agent more not logged in",
        ),
        (
            {"anna": {"reachable": False}, "borys": {"busy": True}, "daryna": {}},
            "nobody can take it now: anna (phone not reachable), borys (phone busy), daryna (rests after an offer)",
        ),
        ({"anna": {"status": "logged_out"}}, "nobody can take it: 3 agents with the skills, none logged in"),
    ],
)
def test_why_nobody_was_asked(agents: dict[str, Any], told: str) -> None:
    assert why_nobody({"language": "uk"}, QUEUE, STAFF, states(**agents)) == [told]


def test_a_variable_that_is_not_known_of_the_caller_is_named() -> None:
    queue = {**QUEUE, "needs": "{product} >= 50 and {tier} >= 10"}
    assert why_nobody({"variables": [["tier", "gold"]]}, queue, STAFF, states()) == [
        "nobody can take it: no agent has the skills ({product} is not known of the caller)"
    ]


def test_skills_that_nobody_has_and_members_of_the_queue_are_looked_at() -> None:
    assert why_nobody({"language": "pl"}, QUEUE, STAFF, states()) == ["nobody can take it: no agent has the skills"]
    members = {"id": "sales", "needs": "", "agents": [["celina", 1]]}
    (told,) = why_nobody({"needs": "sales >= 80"}, members, STAFF, states(celina={"state": "wrap_up"}, anna={}))
    assert told == "nobody can take it now: celina (wraps up)"
