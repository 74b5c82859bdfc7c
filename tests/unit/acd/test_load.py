from __future__ import annotations

import json
import math
from random import Random
from typing import Any

import pytest

from acd.load import BREAK, RINGING, TALKING, Kind, Load


def record(kind: str, at: float, **fields: Any) -> dict[str, Any]:
    return {"kind": kind, "at": at, **fields}


def join(call: str, queue: str, at: float, **more: Any) -> list[dict[str, Any]]:
    return [
        record("call_joined", at, call=call, queue=queue, **more),
        record("queued", at, call=call, queue=queue, since=at),
    ]


def served(
    call: str, queue: str, agent: str, at: float, *, waits: float, rings: float, talks: float
) -> list[dict[str, Any]]:
    offered, connected = at + waits, at + waits + rings
    return [
        *join(call, queue, at),
        record("offer", offered, offer=int(call), call=call, agent=agent),
        record("connect", connected, offer=int(call), call=call, agent=agent, waited=waits + rings),
        record("call_over", connected + talks, call=call, queue=queue, how="served", agent=agent),
    ]


def abandoned(call: str, queue: str, at: float, waits: float) -> list[dict[str, Any]]:
    return [*join(call, queue, at), record("call_over", at + waits, call=call, queue=queue, how="abandoned")]


def agent(name: str, at: float, status: str, state: str = "idle") -> dict[str, Any]:
    return record("agent", at, agent=name, status=status, state=state)


def test_nothing_is_known_and_everything_can_be_drawn() -> None:
    load, random = Load(), Random(1)
    assert load.mean_talk("sales") == TALKING.mean
    assert load.mean_handling("sales", 15.0) == RINGING.mean + TALKING.mean + 15.0
    assert load.pace("olena") == 1.0
    for drawn in (
        load.draw_talk("sales", "olena", random),
        load.draw_patience("sales", random),
        load.draw_wrap_up(random),
        load.draw_break("olena", 0.0, random),
    ):
        assert 0 <= drawn < math.inf


def test_talking_and_ringing_are_learnt_from_what_happened() -> None:
    load = Load()
    for i in range(200):
        load.learn_all(served(str(i), "sales", "olena", i * 100.0, waits=5.0, rings=8.0, talks=60.0))
    assert load.mean_talk("sales") == pytest.approx(60, rel=0.1)
    assert load.mean_handling("sales", 10.0) == pytest.approx(78, rel=0.1)
    drawn = [load.draw_talk("sales", "olena", Random(s)) for s in range(300)]
    assert sorted(drawn)[150] == pytest.approx(60, rel=0.1)


def test_a_queue_without_calls_is_like_the_others() -> None:
    load = Load()
    for i in range(300):
        load.learn_all(served(str(i), "sales", "olena", i * 100.0, waits=0.0, rings=0.0, talks=600.0))
    assert load.mean_talk("new") == pytest.approx(600, rel=0.05)
    drawn = sorted(load.draw_talk("new", "olena", Random(s)) for s in range(300))
    assert drawn[150] == pytest.approx(600, rel=0.1)


def test_a_slow_agent_is_slow_and_one_long_call_does_not_make_one() -> None:
    load = Load()
    for i in range(100):
        load.learn_all(served(str(2 * i), "sales", "quick", i * 1000.0, waits=0.0, rings=0.0, talks=100.0))
        load.learn_all(served(str(2 * i + 1), "sales", "slow", i * 1000.0, waits=0.0, rings=0.0, talks=200.0))
    load.learn_all(served("999", "sales", "new", 1e6, waits=0.0, rings=0.0, talks=1000.0))
    assert load.pace("slow") == pytest.approx(200 / 150, rel=0.1)
    assert load.pace("quick") == pytest.approx(100 / 150, rel=0.1)
    assert load.pace("new") < 1.6


def test_a_conversation_that_lasts_is_drawn_given_how_long_it_has_lasted() -> None:
    load, random = Load(), Random(2)
    for i in range(400):
        talks = random.choice([30.0, 1000.0])
        load.learn_all(served(str(i), "sales", "a", i * 100.0, waits=0.0, rings=0.0, talks=talks))
    left = sorted(load.draw_talk("sales", "a", random, 60.0 * load.pace("a")) for _ in range(400))
    assert left[200] == pytest.approx(940 * load.pace("a"))


def test_the_length_of_open_calls_is_known() -> None:
    load = Load().learn_all(served("1", "sales", "olena", 100.0, waits=5.0, rings=5.0, talks=60.0)[:-1])
    assert load.connected_at("1") == 110.0
    assert load.connected_at("2") is None
    load.interrupted()
    assert load.connected_at("1") is None


def test_patience_counts_those_who_were_served() -> None:
    load = Load()
    for i in range(400):
        load.learn_all(served(str(i), "sales", "olena", i * 100.0, waits=30.0, rings=0.0, talks=10.0))
    for i in range(40):
        load.learn_all(abandoned(f"lost{i}", "sales", i * 100.0, waits=15.0))
    assert load.mean_patience("sales") == pytest.approx((400 * 30 + 40 * 15) / 40, rel=0.1)


@pytest.mark.parametrize("how", ["timed_out", "exit", "transferred", "empty"])
def test_only_a_hang_up_is_impatience(how: str) -> None:
    load = Load()
    for i in range(100):
        load.learn_all([*join(str(i), "sales", 0.0), record("call_over", 60.0, call=str(i), queue="sales", how=how)])
    assert load.mean_patience("sales") > 2000


def test_a_caller_whose_agent_was_lost_waits_again() -> None:
    load = Load()
    load.learn_all(served("1", "sales", "olena", 0.0, waits=10.0, rings=0.0, talks=0.0)[:-1])
    load.learn(record("returned", 40.0, call="1", queue="sales"))
    load.learn(record("call_over", 60.0, call="1", queue="sales", how="abandoned"))
    assert load.queue("sales").patience.plain() == {
        "gave_up": [0.0, 0.0, 1.0, 0.0, 0.0],
        "waited": [10.0, 5.0, 15.0, 0.0, 0.0],
    }
    assert len(load.talking) == 0


def test_who_ordered_a_callback_is_not_on_the_line() -> None:
    load = Load().learn_all(join("1", "sales", 0.0))
    load.learn(record("callback_requested", 60.0, call="1", number="+380441234567"))
    load = Load.from_plain(json.loads(json.dumps(load.plain())))
    load.learn(record("connect", 600.0, offer=1, call="1", agent="olena"))
    load.learn(record("call_over", 700.0, call="1", queue="sales", how="served"))
    assert sum(load.patience.plain()["waited"]) == 60.0
    assert load.talking.plain() == [100.0]


def test_arrivals_are_counted_by_the_minute_and_forgotten() -> None:
    load = Load()
    for i in range(600):
        load.learn_all(join(str(i), "sales", 10.0 * i, priority=20.0 if i % 4 == 0 else 0.0, language="uk"))
    arrivals = load.queue("sales").arrivals
    assert arrivals.rate(6000.0) == pytest.approx(0.1, rel=0.05)
    assert arrivals.rate(6000.0 + 3 * 1800) < 0.01
    assert arrivals.kinds.count(Kind(20.0, "uk")) == 16
    assert len(arrivals.kinds) == 64


def test_a_kind_of_callers_is_read_back_with_and_without_preferences() -> None:
    kind = Kind.of({"priority": 5, "language": "uk", "needs": "a", "variables": [["x", "y"]], "preferred": "b"})
    assert kind == Kind(5.0, "uk", "a", (("x", "y"),), "b")
    assert Kind.from_plain(json.loads(json.dumps(kind.plain()))) == kind
    assert Kind.from_plain([5.0, "uk", "a", [["x", "y"]]]) == Kind(5.0, "uk", "a", (("x", "y"),))


def test_a_conversation_counts_in_the_queue_to_which_the_caller_was_moved() -> None:
    load = Load()
    first, queued, offer, connect, over = served("1", "sales", "olena", 0.0, waits=5.0, rings=2.0, talks=100.0)
    moved = record("changed", 3.0, call="1", queue="support", moved_from="sales")
    load.learn_all([first, queued, moved, offer, connect, over])
    assert load.queue("support").talking.mean(0.0) > 0.0
    assert load.queue("sales").talking.mean(0.0) == 0.0


def test_one_call_is_no_rate() -> None:
    load = Load().learn_all(join("1", "sales", 100.0))
    assert load.queue("sales").arrivals.rate(101.0) == 0.0
    assert Load().queue("sales").arrivals.rate(0.0) == 0.0


def test_agents_who_do_not_answer_are_drawn_so() -> None:
    load = Load()
    for i in range(200):
        load.learn(record("offer", 0.0, offer=i, call="1", agent="olena"))
        load.learn(record("offer_over", 20.0, offer=i, call="1", agent="olena", how="no_answer"))
    random = Random(3)
    never = sum(load.draw_ring(random) == math.inf for _ in range(1000))
    assert 850 < never < 950


def test_a_withdrawn_offer_says_nothing() -> None:
    load = Load()
    for i in range(200):
        load.learn(record("offer", 0.0, offer=i, call="1", agent="olena"))
        load.learn(record("offer_over", 20.0, offer=i, call="1", agent="olena", how="caller_gone"))
    assert load.offers == 0


def test_breaks_and_wrap_up_are_learnt_from_agents() -> None:
    load = Load()
    for i in range(60):
        begin = i * 4000.0
        load.learn(agent("olena", begin, "available", "talking"))
        load.learn(agent("olena", begin + 100, "available", "wrap_up"))
        load.learn(agent("olena", begin + 140, "available"))
        load.learn(agent("olena", begin + 3600, "on_break"))
    assert load.wrap_up.mean(30.0) == pytest.approx(40, rel=0.05)
    assert load.breaks.mean(BREAK.mean) == pytest.approx(400, rel=0.25)
    assert load.break_rate == pytest.approx(1 / 3600, rel=0.05)
    assert load.mean_handling("sales", 60.0) == pytest.approx(RINGING.mean + TALKING.mean + 40, rel=0.02)
    assert load.mean_handling("sales", None) == pytest.approx(RINGING.mean + TALKING.mean + 40, rel=0.02)
    assert load.mean_handling("sales", 0.0) == RINGING.mean + TALKING.mean


def test_going_home_is_no_break() -> None:
    load = Load().learn_all([agent("olena", 0.0, "available"), agent("olena", 3600.0, "logged_out")])
    load.learn_all([agent("olena", 90_000.0, "available")])
    assert len(load.breaks) == 0
    assert load.break_rate == 0


def test_memory_is_bounded() -> None:
    load = Load()
    for i in range(70_000):
        load.learn_all(join(str(i), "sales", float(i)))
        load.learn(record("offer", float(i), offer=i, call=str(i), agent="olena"))
    plain = load.plain()
    assert len(plain["open"]) == 50_000
    assert len(plain["rings"]) == 50_000
    for i in range(30_000):
        load.learn(agent(f"agent{i}", float(i), "available"))
    assert len(load.agents) == 20_000
    assert "agent29999" in load.agents


def test_what_was_learnt_is_read_back_from_json() -> None:
    load = Load()
    for i in range(30):
        load.learn_all(served(str(i), "sales", "olena", i * 50.0, waits=5.0 + i, rings=2.0, talks=60.0 + i))
    load.learn_all(abandoned("x", "billing", 3000.0, 40.0))
    load.learn_all(join("open", "billing", 3100.0, variables=[["plan", "gold"]], needs="billing >= 50"))
    load.learn(record("offer", 3110.0, offer=77, call="open", agent="olena"))
    load.learn(agent("olena", 3110.0, "available", "offered"))
    again = Load.from_plain(json.loads(json.dumps(load.plain())))
    assert again.plain() == load.plain()
    assert again.ringing_since(77, 0.0) == 3110.0
    more = served("100", "sales", "olena", 4000.0, waits=1.0, rings=2.0, talks=30.0)
    assert again.learn_all(more).plain() == load.learn_all(more).plain()


def test_the_clock_of_the_records_may_be_replaced() -> None:
    """Instants in the journal start anew with the switch; the wall clock beside them does not."""
    load = Load()
    for line in served("1", "sales", "olena", 5.0, waits=10.0, rings=2.0, talks=60.0):
        load.learn(line, 1_000_000.0 + line["at"])
    assert load.queue("sales").arrivals.at == 1_000_005.0
    assert load.talking.plain() == [60.0]
    assert sum(load.patience.plain()["waited"]) == 12.0


def test_what_was_learnt_before_is_recalled_behind_what_is_learnt_now() -> None:
    older, load = Load(), Load()
    for i in range(500):
        older.learn_all(served(str(i), "sales", "olena", 1e6 + i * 50.0, waits=5.0, rings=2.0, talks=300.0))
        older.learn_all(abandoned(f"lost{i}", "sales", 1e6 + i * 50.0, 60.0))
    for i in range(100):
        load.learn_all(served(str(i), "sales", "olena", i * 50.0, waits=5.0, rings=2.0, talks=100.0))
    load.learn_all(join("open", "sales", 5000.0))
    load.recall(older)
    assert load.talking.plain() == [300.0] * 300 + [100.0] * 100
    assert load.queue("sales").talking.plain() == load.talking.plain()
    assert load.mean_patience("sales") == pytest.approx((500 * 67 + 100 * 7) / 500, rel=0.05)
    assert load.queue("sales").arrivals.at == 5000.0
    assert "open" in load.plain()["open"]


def test_memory_of_patience_stays_bounded_when_recalled() -> None:
    older, load = Load(), Load()
    for some in (older, load):
        for _ in range(1500):
            some.patience.add(0.0, 50.0, gave_up=True)
    load.recall(older)
    assert sum(load.patience.plain()["gave_up"]) <= 2000
    assert load.patience.mean() == pytest.approx(50, rel=0.01)
