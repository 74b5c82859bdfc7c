"""A random walk over everything that can happen, with every invariant checked after every step.

Three dispatchers walk in step: the one under test, one configured in the opposite order, and one that is written down
as JSON and read back every so often. All must have the same effects. In the end the journal is replayed.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from acd import invariants
from acd.agent import State, Status
from acd.announcements import BOXES
from acd.dispatcher import Dispatcher
from acd.effects import (
    AgentStateChanged,
    AnnounceComfort,
    AnnouncePosition,
    AnnounceWait,
    CallbackOver,
    CallMoved,
    Connect,
    DialCallback,
    Journal,
    OfferCall,
    OfferCallback,
    QueueEmpty,
    QueueFull,
    QueueOverflowed,
    QueueTimedOut,
    StopDialling,
    WithdrawOffer,
)
from acd.events import (
    AgentBreakEnded,
    AgentBreakStarted,
    AgentBusy,
    AgentFree,
    AgentLoggedIn,
    AgentLoggedOut,
    AgentQueueJoined,
    AgentQueueLeft,
    AgentReachable,
    AgentSkillsChanged,
    AgentUnreachable,
    CallAway,
    CallbackAnswered,
    CallbackCancelled,
    CallbackDialled,
    CallbackFailed,
    CallbackRequested,
    CallbacksPaused,
    CallChanged,
    CallJoined,
    CallLeft,
    CallPicked,
    CallReturned,
    ConversationEnded,
    EndedBy,
    FailReason,
    LeaveReason,
    OfferAnswered,
    OfferFailed,
    QueueClosing,
    Reconfigured,
    Restarted,
    WaitEstimated,
    WrapUpEnded,
    WrapUpExtended,
)
from acd.journal import INPUTS, replay
from acd.model import (
    AcdConfig,
    AgentConfig,
    AnnouncePolicy,
    CallbackPolicy,
    DialFirst,
    Member,
    OfferRules,
    OverflowStep,
    QueueConfig,
    RelaxStep,
    Strategy,
)
from acd.skills import EVERYBODY, parse
from acd.ticket import CALLED_BACK, LISTENING, Place

T = TypeVar("T")

if TYPE_CHECKING:
    from collections.abc import Callable

    from acd.effects import Effect
    from acd.events import Event
    from acd.skills import Expression

AGENTS = tuple(
    AgentConfig(f"agent{i}", skills=skills, position=i, min_wrap_up=i % 2, max_wrap_up=[None, 12][i // 3])
    for i, skills in enumerate(
        [
            {"sales": 80, "en": 90},
            {"sales": 60, "en": 60, "uk": 90, "pl": 60},
            {"sales": 20, "uk": 80},
            {"support": 70, "en": 80, "uk": 80},
            {"support": 90, "sales": 90, "pl": 90},
        ]
    )
)
SALES = parse("sales >= 50 and {language} >= 50")
RULES = OfferRules(after_no_answer=7, after_reject=0, after_busy=5, after_unreachable=9, after_drop=1)


def queues(strategies: list[Strategy]) -> tuple[QueueConfig, ...]:
    one, two, three, four = strategies
    speak = AnnouncePolicy(position=True, wait=True, first_after=1, every=4, comfort=5)
    later = CallbackPolicy(
        after=3, expected=90, setup=5, ring_timeout=6, tries=2, retry_after=(3, 8), expires_after=60, priority=-4.0
    )
    agent_first = CallbackPolicy(
        after=None, first=DialFirst.AGENT, ring_timeout=5, tries=2, retry_after=(2,), ahead=2, priority=9.0
    )
    relax = (RelaxStep(13, parse("sales >= 20")), RelaxStep(31, EVERYBODY))
    return (
        QueueConfig(
            "sales", needs=SALES, relax=relax, strategy=one, announce=speak, ring_timeout=17, wrap_up=4, max_wrap_up=9,
            overflow=(OverflowStep(20, also="support"),), callback=later, resume_within=15,
        ),
        QueueConfig(
            "support", needs=parse("support"), strategy=two, priority=20, ageing=2, ring_timeout=9, max_wait=9,
            when_timed_out="voicemail:support", when_empty="voicemail:support", announce=speak, callback=agent_first,
            overflow=(OverflowStep(6, to="queue:sales"),), max_expected_wait=400,
        ),
        QueueConfig(
            "tiers", strategy=three, agents=(Member("agent4", 2), Member("agent0"), Member("agent2")), max_waiting=2,
            when_full="callback:tiers", wrap_up=0, ageing=0.5,
        ),
        QueueConfig(
            "fixed", strategy=four, ageing=0, priority=15, ring_timeout=5, needs=parse("{language}"), wrap_up=None
        ),
    )  # fmt: skip


#: What the order of callers may be besides what :func:`queues` says: by queue, or for all ("").
ORDERS: dict[str, dict[str, dict[str, Any]]] = {
    "plain": {},
    "caps": {"sales": {"priority_cap": 25.0}, "support": {"priority_cap": 32.0}, "tiers": {"priority_cap": 4.0}},
    "bands": {"tiers": {"band": 1}, "support": {"band": 2, "priority_cap": 30.0}},
    "alike": {"": {"ageing": 1.0}},
    "alike and capped": {"": {"ageing": 1.5, "priority_cap": 40.0}},
}


def ordered(queues: tuple[QueueConfig, ...], order: str) -> tuple[QueueConfig, ...]:
    words = ORDERS[order]
    return tuple(replace(queue, **words.get("", {}), **words.get(queue.id, {})) for queue in queues)


picks = st.integers(0, 999)
customers = st.sampled_from(["", "+1", "+2", "+3"])
agent_ids = st.sampled_from([agent.id for agent in AGENTS])
seconds = st.sampled_from([0.0, 0.5, 1.0, 2.0, 4.0, 7.5, 13.0])


class Walk(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.joined = 0
        self.calls: Counter[str] = Counter()
        self.told: dict[str, int] = {}
        self.moves: list[tuple[str, str, str]] = []
        self.boxes: dict[str, int] = {}
        self.dialled: set[str] = set()  # whose phones ring outside
        self.promised: set[str] = set()  # who waits for a callback, or talks because of one
        self.shown: dict[str, AgentStateChanged] = {}
        self.records: list[dict[str, object]] = []

    @initialize(
        strategies=st.lists(st.sampled_from([*Strategy, Strategy.RING_ALL]), min_size=4, max_size=4),
        order=st.sampled_from(list(ORDERS)),
    )
    def start(self, strategies: list[Strategy], order: str) -> None:
        self.config = AcdConfig(ordered(queues(strategies), order), AGENTS, RULES)
        backwards = AcdConfig(tuple(reversed(self.config.queues)), tuple(reversed(AGENTS)), RULES)
        self.acd = Dispatcher(self.config)
        self.twin = Dispatcher(backwards)
        self.copy = Dispatcher(self.config)
        for agent in AGENTS[::2]:
            self.do(AgentLoggedIn(agent.id, f"phone-{agent.id}"))

    # --- one step for all three

    def do(self, event: Event, *, rings_no_more: str = "") -> None:
        self.fire(self.now)
        self.dialled.discard(rings_no_more)
        self.looked_at([self._receive(acd, event) for acd in (self.acd, self.twin, self.copy)])

    def fire(self, at: float) -> None:
        self.looked_at([self._timeout(acd, at) for acd in (self.acd, self.twin, self.copy)])

    def _receive(self, acd: Dispatcher, event: Event) -> list[Effect]:
        acd.receive(event, self.now)
        return acd.effects()

    def _timeout(self, acd: Dispatcher, at: float) -> list[Effect]:
        acd.handle_timeout(at)
        return acd.effects()

    def looked_at(self, all_effects: list[list[Effect]]) -> None:
        effects, of_twin, of_copy = all_effects
        assert of_copy == effects, "the restored dispatcher decides differently"
        assert without_config(of_twin) == without_config(effects), "the order of the configuration matters"
        invariants.check(self.acd)
        invariants.nobody_is_overtaken(self.acd, effects)
        invariants.overtaking_is_bounded(self.acd, effects)
        for effect in effects:
            self.note(effect)
        dialled = {call for call, ticket in self.acd.tickets.items() if ticket.place is Place.DIALLING}
        assert dialled == self.dialled, "the dispatcher and the world dial different customers"
        assert self.promised <= self.acd.tickets.keys(), "a promise is forgotten"
        for gone in self.shown.keys() - self.acd.agents.keys():
            del self.shown[gone]

    def note(self, effect: Effect) -> None:
        match effect:
            case Journal(record):
                self.records.append(json.loads(json.dumps(record)))
                if record["kind"] == "call_over":
                    self.calls[record["call"]] -= 1
                    self.told.pop(record["call"], None)
                    self.boxes.pop(record["call"], None)
                if record["kind"] == "changed" and record["moved_from"]:
                    self.told.pop(record["call"], None)
                    self.boxes.pop(record["call"], None)
                    self.moves.append((record["call"], record["queue"], record["moved_from"]))
                if record["kind"] in ("callback_ordered", "callback_kept"):
                    self.promised.add(record["call"])
            case OfferCall(offer, call, agent):
                assert self.acd.offers[offer].call == call
                assert effect.phone == self.acd.agents[agent].phone
            case Connect(offer, call):
                assert self.acd.tickets[call].offers == [offer]
            case CallMoved(call, queue, left):
                assert (call, queue, left) == self.moves.pop(), "who was moved is not told"
            case AnnouncePosition(call=call, ahead=ahead):
                assert ahead <= self.told.setdefault(call, ahead), "a worse position was announced"
                self.told[call] = ahead
            case AnnounceWait(call=call, box=box):
                index = [name for name, _ in BOXES].index(box)
                assert index <= self.boxes.setdefault(call, index), "a longer wait was announced"
                self.boxes[call] = index
            case OfferCallback(call) | AnnounceComfort(call):
                assert call not in self.acd.tickets or self.acd.tickets[call].place in LISTENING
            case DialCallback(call, number=number, agent=agent):
                assert call not in self.dialled, "dialled twice at a time"
                assert number, "dialled nowhere"
                assert agent is None or self.acd.agents[agent].call == call
                self.dialled.add(call)
            case StopDialling(call):
                self.dialled.discard(call)
            case CallbackOver(call):
                assert call in self.promised or call not in self.acd.tickets
                self.promised.discard(call)
            case QueueTimedOut(call) | QueueFull(call) | QueueEmpty(call) | QueueOverflowed(call):
                assert call not in self.acd.tickets
            case WithdrawOffer(offer):
                assert offer not in self.acd.offers
            case AgentStateChanged(agent, status, state):
                assert self.shown.get(agent) != effect, "shown although nothing changed"
                assert (status, state) != (Status.LOGGED_OUT, State.OFFERED)
                self.shown[agent] = effect

    @invariant()
    def every_call_ends_exactly_once(self) -> None:
        if hasattr(self, "acd"):
            assert all(left in (0, 1) for left in self.calls.values())
            assert {call for call, left in self.calls.items() if left} == set(self.acd.tickets)

    # --- callers

    @rule(
        queue=st.sampled_from(["sales", "support", "tiers", "fixed"]),
        language=st.sampled_from(["en", "uk", "pl", ""]),
        priority=st.sampled_from([0.0, 0.0, 5.0, 30.0]),
        aged=st.sampled_from([None, None, 6.0, 40.0]),
        needs=st.sampled_from([EVERYBODY, EVERYBODY, parse("not support")]),
        preferred=st.sampled_from([EVERYBODY, parse("pl"), parse("{language} >= 80")]),
        agent=st.sampled_from(["", "", "agent1", "nobody"]),
        customer=customers,
    )
    def somebody_calls(
        self,
        queue: str,
        language: str,
        priority: float,
        aged: float | None,
        needs: Expression,
        preferred: Expression = EVERYBODY,
        agent: str = "",
        customer: str = "",
    ) -> None:
        self.joined += 1
        call = f"call{self.joined}"
        self.calls[call] += 1
        since = None if aged is None else self.now - aged
        self.do(
            CallJoined(
                call, queue, language, priority, needs, preferred, waiting_since=since, agent=agent, customer=customer
            )
        )
        if call in self.acd.tickets:
            joined = self.acd.tickets[call].since
            assert joined <= (self.now if since is None else since)
            assert customer or joined == (self.now if since is None else since)

    @rule(
        queue=st.sampled_from(["sales", "support", "tiers"]), customer=customers, number=st.sampled_from(["+1", "+2"])
    )
    def somebody_is_to_be_called(self, queue: str, customer: str, number: str) -> None:
        self.joined += 1
        call = f"call{self.joined}"
        self.calls[call] += 1
        self.do(CallJoined(call, queue, customer=customer, number=number, about=(("name", number),)))
        if queue in {queue.id for queue in self.acd.config.queues}:
            assert self.acd.tickets[call].place in CALLED_BACK, "an order was refused"

    @precondition(lambda self: self.acd.tickets)
    @rule(pick=picks)
    def a_call_is_over_elsewhere(self, pick: int) -> None:
        beside = sorted(ticket.beside for ticket in self.acd.tickets.values()) or [""]
        self.do(CallLeft(one_of([call for call in beside if call not in self.acd.tickets] or ["nobody"], pick)))

    @rule(queue=st.sampled_from(["sales", "support", "tiers", "fixed"]), language=st.sampled_from(["en", "uk"]))
    def a_rush(self, queue: str, language: str) -> None:
        for _ in range(4):
            self.somebody_calls(queue, language, 0.0, None, EVERYBODY)

    @precondition(lambda self: self.acd.tickets)
    @rule(pick=picks, reason=st.sampled_from(LeaveReason))
    def a_caller_leaves(self, pick: int, reason: LeaveReason) -> None:
        self.do(CallLeft(one_of(sorted(self.acd.tickets), pick), reason))

    @precondition(lambda self: self.acd.tickets)
    @rule(pick=picks, queue=st.sampled_from(["sales", "tiers"]))
    def a_caller_is_moved(self, pick: int, queue: str) -> None:
        call = one_of(sorted(self.acd.tickets), pick)
        rested = self.acd.tickets[call].beside == call  # who was sent elsewhere comes back
        if not rested:
            self.calls[call] += 1
        self.do(CallJoined(call, queue, "en", waiting_since=self.acd.tickets[call].since))
        if rested:
            assert self.acd.tickets[call].place is not Place.CALLED_AGAIN

    @precondition(lambda self: self.acd.tickets)
    @rule(pick=picks, agent=agent_ids)
    def a_caller_is_picked(self, pick: int, agent: str) -> None:
        call = one_of(sorted(self.acd.tickets), pick)
        ticket, known = self.acd.tickets[call], self.acd.agents.get(agent)
        waits = ticket.place in (Place.WAITING, Place.OFFERED)
        free = known is not None and known.willing and known.state is State.IDLE
        self.do(CallPicked(call, agent))
        if known is not None and waits and free:
            assert [self.acd.offers[offer].agent for offer in self.acd.tickets[call].offers] == [agent]
            assert known.call == call

    @precondition(lambda self: self.acd.tickets)
    @rule(pick=picks, event=st.sampled_from([CallAway, CallReturned]))
    def a_caller_steps_aside(self, pick: int, event: type[CallAway]) -> None:
        self.do(event(one_of(sorted(self.acd.tickets), pick)))

    @precondition(lambda self: self.acd.tickets)
    @rule(
        pick=picks,
        queue=st.sampled_from([None, None, "sales", "support", "tiers", "gone"]),
        priority=st.sampled_from([None, 0.0, 50.0]),
        needs=st.sampled_from([None, EVERYBODY, parse("not support"), parse("en")]),
        preferred=st.sampled_from([None, parse("pl")]),
        variables=st.sampled_from([None, None, (("language", "en"),)]),
    )
    def a_caller_is_changed(
        self,
        pick: int,
        queue: str | None,
        priority: float | None,
        needs: object,
        preferred: object,
        variables: tuple[tuple[str, str], ...] | None,
    ) -> None:
        call = one_of(sorted(self.acd.tickets), pick)
        since = self.acd.tickets[call].since
        self.do(CallChanged(call, queue, priority, needs, preferred, variables))  # type: ignore[arg-type]
        # who comes to an order of the same customer has the older of the two places
        assert call not in self.acd.tickets or self.acd.tickets[call].since <= since, "the age is lost"

    @precondition(lambda self: self.acd.tickets)
    @rule(pick=picks, number=st.sampled_from(["+1", "+2", "+7"]))
    def a_caller_wants_to_be_called_back(self, pick: int, number: str) -> None:
        self.do(CallbackRequested(one_of(sorted(self.acd.tickets), pick), number))

    @rule(queue=st.sampled_from(["sales", "tiers", "nobody's"]), seconds=st.sampled_from([None, None, -1.0, 5.0, 60.0]))
    def nobody_is_to_be_called_for_a_while(self, queue: str, seconds: float | None) -> None:
        self.do(CallbacksPaused(queue, None if seconds is None else self.now + seconds))

    @rule(queue=st.sampled_from(["sales", "support", "fixed"]), closing=st.booleans())
    def a_queue_is_about_to_close(self, queue: str, closing: bool) -> None:
        self.do(QueueClosing(queue, closing))

    @precondition(lambda self: self.dialled)
    @rule(pick=picks, answers=st.booleans(), rings=st.booleans(), reason=st.sampled_from(FailReason))
    def a_customer_is_dialled(self, pick: int, answers: bool, rings: bool, reason: FailReason) -> None:
        call = one_of(sorted(self.dialled), pick)
        if rings:
            self.do(CallbackDialled(call))
        self.do(CallbackAnswered(call) if answers else CallbackFailed(call, reason), rings_no_more=call)

    @precondition(lambda self: self.acd.tickets)
    @rule(pick=picks, event=st.sampled_from([CallbackAnswered, CallbackCancelled, CallbackDialled]))
    def a_word_about_a_callback_out_of_place(self, pick: int, event: type[CallbackAnswered]) -> None:
        call = one_of(sorted(self.acd.tickets), pick)
        self.do(event(call), rings_no_more=call if event is CallbackAnswered else "")

    @precondition(lambda self: self.acd.tickets)
    @rule(
        pick=picks,
        p50=st.sampled_from([0.0, 4.0, 30.0, 200.0]),
        ratio=st.sampled_from([1.0, 2.0, 8.0]),
        spread=st.sampled_from([0.5, 1.0, 3.0]),
    )
    def waits_are_estimated(self, pick: int, p50: float, ratio: float, spread: float) -> None:
        calls = [one_of(sorted(self.acd.tickets), pick + i) for i in range(2)] + ["nobody"]
        self.do(WaitEstimated(tuple((call, p50, p50 * ratio, spread) for call in calls)))

    @precondition(lambda self: any(t.place is Place.TALKING for t in self.acd.tickets.values()))
    @rule(pick=picks, by=st.sampled_from(EndedBy))
    def a_conversation_ends(self, pick: int, by: EndedBy) -> None:
        talking = sorted(call for call, t in self.acd.tickets.items() if t.place is Place.TALKING)
        self.do(ConversationEnded(one_of(talking, pick), by))

    # --- agents

    @rule(agent=agent_ids, elsewhere=st.sampled_from([None, None, "shared"]), busy=st.booleans())
    def an_agent_logs_in(self, agent: str, elsewhere: str | None, busy: bool) -> None:
        self.do(AgentLoggedIn(agent, elsewhere or f"phone-{agent}", busy=busy))

    @rule(works=st.booleans())
    def the_shift_changes(self, works: bool) -> None:
        for agent in AGENTS:
            self.do(AgentLoggedIn(agent.id, f"phone-{agent.id}") if works else AgentLoggedOut(agent.id))

    @rule(
        agent=agent_ids,
        event=st.sampled_from(
            [
                AgentLoggedOut, AgentBreakStarted, AgentBreakEnded, AgentReachable, AgentUnreachable, AgentBusy,
                AgentFree, AgentFree, AgentBreakEnded, WrapUpEnded,
            ]
        ),
    )  # fmt: skip
    def something_happens_to_an_agent(self, agent: str, event: type[AgentFree]) -> None:
        self.do(event(agent))

    @rule(agent=agent_ids, queue=st.sampled_from(["sales", "support", "tiers", "fixed"]), leaves=st.booleans())
    def an_agent_opts_out(self, agent: str, queue: str, leaves: bool) -> None:
        self.do(AgentQueueLeft(agent, queue) if leaves else AgentQueueJoined(agent, queue))

    @rule(agent=agent_ids, like=st.sampled_from(AGENTS))
    def an_agent_has_learnt(self, agent: str, like: AgentConfig) -> None:
        self.do(AgentSkillsChanged(agent, like.skills))

    @rule(agent=agent_ids, seconds=st.sampled_from([0.0, 3.0, 20.0, None]))
    def an_agent_needs_more_time(self, agent: str, seconds: float | None) -> None:
        self.do(WrapUpExtended(agent, seconds))

    @precondition(lambda self: any(not offer.answered for offer in self.acd.offers.values()))
    @rule(pick=picks)
    def an_agent_answers(self, pick: int) -> None:
        ringing = sorted(offer.id for offer in self.acd.offers.values() if not offer.answered)
        offer = one_of(ringing, pick)
        self.do(OfferAnswered(offer))
        agent = self.acd.agents[self.acd.offers[offer].agent]
        assert agent.status is Status.AVAILABLE
        assert agent.state in (State.TALKING, State.RESERVED)

    @precondition(lambda self: self.acd.offers)
    @rule(pick=picks, reason=st.sampled_from(FailReason))
    def an_offer_fails(self, pick: int, reason: FailReason) -> None:
        self.do(OfferFailed(one_of(sorted(self.acd.offers), pick), reason))

    @rule(offer=st.integers(1, 20), fails=st.booleans())
    def a_stale_word_about_an_offer(self, offer: int, fails: bool) -> None:
        if offer not in self.acd.offers:
            self.do(OfferFailed(offer, FailReason.REJECTED) if fails else OfferAnswered(offer))

    # --- time, restarts, configuration

    @rule(length=seconds)
    def time_passes(self, length: float) -> None:
        until = self.now + length
        while (at := self.acd.next_deadline()) is not None and at <= until:
            self.now = at
            self.fire(at)
        self.now = until

    @rule(length=seconds)
    def the_process_sleeps(self, length: float) -> None:
        self.now += length
        self.fire(self.now)

    @rule()
    def a_restart(self) -> None:
        written = self.copy.snapshot()
        self.copy = Dispatcher.restore(json.loads(json.dumps(written)))
        assert self.copy.snapshot() == written == self.acd.snapshot()
        assert self.copy.effects() == []

    @rule(resume_within=st.sampled_from([0.0, 20.0]))
    def everything_starts_anew(self, resume_within: float) -> None:
        self.fire(self.now)
        self.dialled.clear()
        self.looked_at([self._receive(acd, Restarted(resume_within)) for acd in (self.acd, self.twin, self.copy)])
        assert not any(offer.answered for offer in self.acd.offers.values())
        assert {ticket.place for ticket in self.acd.tickets.values()} <= CALLED_BACK

    @rule(
        dropped=agent_ids,
        without=st.sampled_from(["", "sales", "tiers"]),
        back=st.booleans(),
        order=st.sampled_from(list(ORDERS)),
    )
    def reconfigured(self, dropped: str, without: str, back: bool, order: str) -> None:
        if back:
            self.do(Reconfigured(self.config))
            return
        kept = ordered(tuple(queue for queue in self.config.queues if queue.id != without), order)
        self.do(Reconfigured(AcdConfig(kept, tuple(a for a in AGENTS if a.id != dropped), RULES)))

    def teardown(self) -> None:
        if not hasattr(self, "acd"):
            return
        again = Dispatcher(self.config)
        replay(again, self.records)
        assert again.snapshot() == self.acd.snapshot(), "the journal does not lead to the same state"
        told = [effect.record for effect in again.effects() if isinstance(effect, Journal)]
        assert json.loads(json.dumps(told)) == self.records, "the journal does not repeat the decisions"


def one_of(things: list[T], pick: int) -> T:
    return things[pick % len(things)]


def without_config(effects: list[Effect]) -> list[Effect]:
    return [e for e in effects if not (isinstance(e, Journal) and e.record["kind"] == "reconfigured")]


Walk.TestCase.settings = settings(stateful_step_count=30)
TestWalk = Walk.TestCase


def stroll(seed: int, steps: int) -> Counter[str]:
    """A long walk in which a busy day's events are as frequent as they are on one; what happened how often."""
    random = Random(seed)
    walk = Walk()
    strategies = [*Strategy, *3 * [Strategy.RING_ALL, Strategy.RING_PROGRESSIVELY]]
    walk.start(random.choices(strategies, k=4), random.choice(list(ORDERS)))
    queue, language = ["sales", "sales", "support", "tiers", "fixed"], ["en", "en", "uk", "pl", ""]
    agents = [agent.id for agent in AGENTS]
    rare = [AgentBreakStarted, AgentUnreachable, AgentBusy, AgentLoggedOut]
    usual = [AgentBreakEnded, AgentReachable, AgentFree, AgentFree, WrapUpEnded]
    choose, yes_no = random.choice, [True, False]
    happenings: dict[str, tuple[float, Callable[[], None]]] = {
        "call": (
            16,
            lambda: walk.somebody_calls(
                choose(queue),
                choose(language),
                choose([0.0, 0.0, 30.0]),
                choose([None, None, 9.0]),
                EVERYBODY,
                choose([EVERYBODY, EVERYBODY, parse("pl")]),
                choose(["", "", "agent1"]),
                choose(["", "+1", "+2", "+3"]),
            ),
        ),
        "rush": (2, lambda: walk.a_rush(choose(queue), choose(language))),
        "leave": (4, lambda: walk.a_caller_leaves(random.randrange(99), choose(list(LeaveReason)))),
        "move": (1, lambda: walk.a_caller_is_moved(random.randrange(99), choose(queue))),
        "pick": (2, lambda: walk.a_caller_is_picked(random.randrange(99), choose([agent.id for agent in AGENTS]))),
        "aside": (5, lambda: walk.a_caller_steps_aside(random.randrange(99), choose([CallAway, CallReturned]))),
        "change": (
            2,
            lambda: walk.a_caller_is_changed(
                random.randrange(99), choose([None, None, "sales", "tiers"]), choose([None, 50.0]), None, None, None
            ),
        ),
        "list": (
            1,
            lambda: walk.somebody_is_to_be_called(
                choose(["sales", "support", "tiers"]), choose(["", "+1", "+2", "+3"]), choose(["+1", "+2"])
            ),
        ),
        "over": (2, lambda: walk.a_call_is_over_elsewhere(random.randrange(99))),
        "order": (5, lambda: walk.a_caller_wants_to_be_called_back(random.randrange(99), choose(["+1", "+2", "+7"]))),
        "pause": (
            1,
            lambda: walk.nobody_is_to_be_called_for_a_while(choose(queue), choose([None, None, -1.0, 5.0, 60.0])),
        ),
        "closing": (1, lambda: walk.a_queue_is_about_to_close(choose(queue), choose(yes_no))),
        "dial": (
            9,
            lambda: walk.a_customer_is_dialled(
                random.randrange(99), choose([True, True, False]), choose(yes_no), choose(list(FailReason))
            ),
        ),
        "odd": (
            1,
            lambda: walk.a_word_about_a_callback_out_of_place(
                random.randrange(99), choose([CallbackAnswered, CallbackCancelled, CallbackDialled])
            ),
        ),
        "estimate": (
            6,
            lambda: walk.waits_are_estimated(
                random.randrange(99), choose([0.0, 4.0, 30.0, 200.0]), choose([1.0, 2.0, 8.0]), choose([0.5, 3.0])
            ),
        ),
        "anew": (0.2, lambda: walk.everything_starts_anew(choose([0.0, 20.0]))),
        "end": (16, lambda: walk.a_conversation_ends(random.randrange(99), choose(list(EndedBy)))),
        "answer": (16, lambda: walk.an_agent_answers(random.randrange(99))),
        "fail": (8, lambda: walk.an_offer_fails(random.randrange(99), choose(list(FailReason)))),
        "stale": (1, lambda: walk.a_stale_word_about_an_offer(random.randrange(1, 99), choose(yes_no))),
        "log in": (6, lambda: walk.an_agent_logs_in(choose(agents), choose([None] * 3 + ["shared"]), False)),
        "trouble": (3, lambda: walk.something_happens_to_an_agent(choose(agents), choose(rare))),
        "relief": (12, lambda: walk.something_happens_to_an_agent(choose(agents), choose(usual))),
        "opt out": (2, lambda: walk.an_agent_opts_out(choose(agents), choose(queue), choose([True, False, False]))),
        "learn": (1, lambda: walk.an_agent_has_learnt(choose(agents), choose(AGENTS))),
        "more time": (2, lambda: walk.an_agent_needs_more_time(choose(agents), choose([3.0, 20.0, None]))),
        "shift": (1, lambda: walk.the_shift_changes(choose([True, True, False]))),
        "time": (16, lambda: walk.time_passes(choose([0.0, 0.5, 1.0, 2.0, 4.0, 7.5, 13.0]))),
        "sleep": (1, lambda: walk.the_process_sleeps(choose([1.0, 30.0]))),
        "restart": (2, lambda: walk.a_restart()),
        "reconfigure": (
            1,
            lambda: walk.reconfigured(
                choose(agents), choose(["", "sales", "tiers"]), choose(yes_no), choose(list(ORDERS))
            ),
        ),
    }
    possible: dict[str, Callable[[], object]] = {
        "leave": lambda: walk.acd.tickets,
        "move": lambda: walk.acd.tickets,
        "pick": lambda: walk.acd.tickets,
        "aside": lambda: walk.acd.tickets,
        "change": lambda: walk.acd.tickets,
        "order": lambda: walk.acd.tickets,
        "odd": lambda: walk.acd.tickets,
        "estimate": lambda: walk.acd.tickets,
        "dial": lambda: walk.dialled,
        "end": lambda: any(t.place is Place.TALKING for t in walk.acd.tickets.values()),
        "answer": lambda: any(not offer.answered for offer in walk.acd.offers.values()),
        "fail": lambda: walk.acd.offers,
    }
    seen: Counter[str] = Counter()
    for name in random.choices(list(happenings), [weight for weight, _ in happenings.values()], k=steps):
        if name not in possible or possible[name]():
            happenings[name][1]()
            walk.every_call_ends_exactly_once()
            seen[name] += 1
    walk.teardown()
    seen["connected"] = sum(record["kind"] == "connect" for record in walk.records)
    seen["called back"] = sum(record["kind"] == "connect" and bool(record["callback"]) for record in walk.records)
    seen["inputs"] = sum(record["kind"] in INPUTS for record in walk.records)
    return seen


@pytest.mark.parametrize("seed", range(4))
def test_a_busy_day_keeps_every_invariant(seed: int) -> None:
    seen = stroll(seed, 1200)
    assert seen["connected"] > 40, "hardly anybody was served, so hardly anything was tested"
    assert seen["called back"] > 0, "hardly anybody was called back"
