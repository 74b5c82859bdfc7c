from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.agent import IGNORED, IMPOSSIBLE, STATUS, STATUS_IGNORED, TRANSITIONS, Agent, Input, State, Status, Wish
from acd.model import QueueConfig
from acd.timesheet import Activity, Timesheet


def test_every_state_input_pair_is_declared_once() -> None:
    declared = [*TRANSITIONS, *IGNORED, *IMPOSSIBLE]
    assert set(declared) == set(product(State, Input))
    assert len(declared) == len(set(declared))


def test_every_status_wish_pair_is_declared_once() -> None:
    declared = [*STATUS, *STATUS_IGNORED]
    assert set(declared) == set(product(Status, Wish))
    assert len(declared) == len(set(declared))


def agent(**fields: object) -> Agent:
    made = Agent("olena", {"sales": 80})
    made.wish(Wish.LOG_IN, 0.0)
    made.reachable = True
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def talk(olena: Agent, start: float, end: float, wrap_up: float) -> None:
    olena.handle(Input.OFFER, start)
    olena.handle(Input.ANSWER, start)
    if wrap_up:
        olena.handle(Input.CALL_ENDED, end, wrap_up=wrap_up)
    else:
        olena.handle(Input.CALL_ENDED_NO_WRAP_UP, end)


def test_wrap_up_lasts_from_the_end_of_the_conversation() -> None:
    olena = agent()
    talk(olena, 10.0, 100.0, 15.0)
    assert (olena.state, olena.wrap_up_until) == (State.WRAP_UP, 115.0)
    olena.handle(Input.WRAP_UP_ENDED, 115.0)
    assert (olena.state, olena.wrap_up_until, olena.idle_since) == (State.IDLE, None, 115.0)


def test_a_break_asked_for_during_a_call_waits_for_its_end_and_then_holds() -> None:
    olena = agent()
    olena.handle(Input.OFFER, 1.0)
    olena.handle(Input.ANSWER, 2.0)
    olena.wish(Wish.START_BREAK, 5.0, reason="lunch")
    assert olena.state is State.TALKING
    olena.handle(Input.CALL_ENDED, 9.0, wrap_up=3.0)
    olena.handle(Input.WRAP_UP_ENDED, 12.0)
    assert (olena.status, olena.state, olena.reason) == (Status.ON_BREAK, State.IDLE, "lunch")
    assert not olena.takes_offers


def test_breaks_and_missed_offers_do_not_move_the_idle_clock() -> None:
    olena = agent()
    olena.handle(Input.OFFER, 10.0)
    olena.handle(Input.OFFER_OVER, 30.0)
    olena.wish(Wish.START_BREAK, 40.0)
    olena.wish(Wish.END_BREAK, 50.0)
    assert olena.idle_since == 0.0


def test_a_conversation_moves_the_idle_clock_and_counts_once() -> None:
    olena = agent()
    talk(olena, 10.0, 20.0, 0.0)
    assert (olena.idle_since, olena.calls) == (20.0, 1)


def test_a_lost_leg_does_not_count_and_keeps_the_idle_clock() -> None:
    olena = agent()
    olena.handle(Input.OFFER, 5.0)
    olena.handle(Input.ANSWER, 6.0)
    olena.handle(Input.LEG_LOST, 6.1)
    assert (olena.calls, olena.idle_since, olena.state) == (0, 0.0, State.IDLE)


@pytest.mark.parametrize("wish", [Wish.LOG_IN, Wish.END_BREAK])
def test_coming_back_forgives_missed_offers(wish: Wish) -> None:
    olena = agent(status=Status.ON_BREAK, no_answers=2, resting_until=99.0, resting_for="no_answer")
    olena.wish(wish, 10.0)
    assert (olena.no_answers, olena.resting_until, olena.takes_offers) == (0, None, True)


@pytest.mark.parametrize(
    "missing", [{"reachable": False}, {"busy": True}, {"resting_until": 9.0}, {"status": Status.ON_BREAK}]
)
def test_takes_offers_only_when_nothing_is_in_the_way(missing: dict[str, object]) -> None:
    assert agent().takes_offers
    assert not agent(**missing).takes_offers


def test_what_cannot_happen_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="olena: offer while talking"):
        agent(state=State.TALKING).handle(Input.OFFER, 0.0)


def wrapping_up(wrap_up: float | None, limit: float | None = None) -> Agent:
    olena = agent()
    olena.handle(Input.OFFER, 0.0)
    olena.handle(Input.ANSWER, 0.0)
    olena.handle(Input.CALL_ENDED, 100.0, wrap_up=wrap_up, wrap_up_limit=limit)
    return olena


def test_a_wrap_up_without_end_lasts_until_the_agent_is_done() -> None:
    olena = wrapping_up(None)
    assert (olena.state, olena.wrap_up_until) == (State.WRAP_UP, None)
    olena.handle(Input.EXTEND_WRAP_UP, 110.0, wrap_up=5.0)
    assert olena.wrap_up_until is None, "more time cannot be less"
    olena.handle(Input.WRAP_UP_ENDED, 150.0)
    assert (olena.state, olena.idle_since) == (State.IDLE, 150.0)


@pytest.mark.parametrize(
    ("wrap_up", "limit", "more", "until"),
    [
        (15.0, None, 30.0, 140.0),
        (15.0, None, None, None),
        (60.0, None, 30.0, 160.0),  # never shorter than it was
        (15.0, 130.0, 30.0, 130.0),  # never beyond the limit
        (15.0, 130.0, None, 130.0),
        (None, 130.0, None, 130.0),
    ],
)
def test_a_wrap_up_can_be_extended(
    wrap_up: float | None, limit: float | None, more: float | None, until: float | None
) -> None:
    olena = wrapping_up(wrap_up, limit)
    assert olena.handle(Input.EXTEND_WRAP_UP, 110.0, wrap_up=more)
    assert olena.wrap_up_until == until


def test_more_time_is_only_for_the_work_after_a_call() -> None:
    olena = agent()
    assert not olena.handle(Input.EXTEND_WRAP_UP, 5.0, wrap_up=30.0)
    assert (olena.state, olena.wrap_up_until) == (State.IDLE, None)


@pytest.mark.parametrize(
    ("queue", "least", "most", "length", "limit"),
    [
        (15.0, 0.0, None, 15.0, None),
        (15.0, 20.0, None, 20.0, None),
        (15.0, 0.0, 10.0, 10.0, 110.0),
        (0.0, 5.0, None, 5.0, None),
        (0.0, 0.0, 30.0, 0.0, 130.0),
        (None, 0.0, None, None, None),
        (None, 0.0, 45.0, None, 145.0),
    ],
)
def test_the_wrap_up_is_the_queues_within_the_agents_limits(
    queue: float | None, least: float, most: float | None, length: float | None, limit: float | None
) -> None:
    olena = agent(min_wrap_up=least, max_wrap_up=most)
    assert olena.wrap_up(QueueConfig("q", wrap_up=queue), 100.0) == (length, limit)


def test_the_queues_limit_of_extensions_counts_as_well() -> None:
    olena = agent(max_wrap_up=90.0)
    assert olena.wrap_up(QueueConfig("q", wrap_up=15, max_wrap_up=60), 100.0) == (15, 160.0)
    assert olena.wrap_up(QueueConfig("q", wrap_up=75, max_wrap_up=60), 100.0) == (75, 175.0)


def test_somebody_idle_who_gets_no_calls_has_a_reason() -> None:
    assert agent().activity == ("available", "idle", "")
    assert agent(reachable=False, busy=True).activity == ("available", "idle", "unreachable")
    assert agent(busy=True, resting_until=3.0).activity == ("available", "idle", "another call")
    assert agent(resting_until=3.0, resting_for="no_answer").activity == ("available", "idle", "no_answer")
    assert agent(status=Status.ON_BREAK, reason="lunch").activity == ("on_break", "idle", "lunch")
    assert agent(state=State.TALKING, reachable=False).activity == ("available", "talking", "")
    assert agent(state=State.TALKING, status=Status.ON_BREAK, reason="lunch").activity == (
        "on_break", "talking", "lunch"
    )  # fmt: skip


def test_occupancy_leaves_breaks_out() -> None:
    sheet = Timesheet.opened(0.0, Activity("available", "idle"))
    sheet.turn(Activity("on_break", "idle", "lunch"), 10.0)
    sheet.turn(Activity("available", "offered"), 20.0)
    sheet.turn(Activity("on_break", "talking", "lunch"), 22.0)
    olena = agent(sheet=sheet, talk_credit=5.0)
    assert olena.occupancy(40.0) == 20 / 30
    assert (olena.talk_seconds(40.0), olena.talk_seconds(), olena.talk_load) == (18.0, 0.0, 5.0)
    assert agent().occupancy(7.0) == 0.0


@given(st.lists(st.sampled_from([*Input, *Wish]), max_size=40))
def test_clocks_and_flags_fit_the_state_after_any_input(inputs: list[Input | Wish]) -> None:
    olena = agent()
    for now, happened in enumerate(inputs, start=1):
        if isinstance(happened, Wish):
            olena.wish(happened, float(now))
        elif (olena.state, happened) not in IMPOSSIBLE:
            olena.handle(happened, float(now), wrap_up=2.0)
        assert (olena.wrap_up_until is not None) == (olena.state is State.WRAP_UP)
        assert olena.idle_since <= now
        assert olena.calls >= 0
        assert olena.status is not Status.LOGGED_OUT or olena.phone == ""
