from __future__ import annotations

import json
from typing import get_args

import pytest

from acd.dispatcher import Dispatcher
from acd.effects import OfferCall
from acd.events import (
    AgentLoggedIn,
    AgentQueueJoined,
    AgentQueueLeft,
    AgentSkillsChanged,
    CallbackFailed,
    CallbackRequested,
    CallbacksPaused,
    CallChanged,
    CallJoined,
    CallLeft,
    CallPicked,
    ConversationEnded,
    EndedBy,
    Event,
    FailReason,
    LeaveReason,
    OfferAnswered,
    OfferFailed,
    QueueClosing,
    Reconfigured,
    Restarted,
    WaitEstimated,
    WrapUpExtended,
)
from acd.journal import event_from, record_of
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
    config_from_plain,
    plain_config,
)
from acd.skills import parse
from tests.support.acd import Desk

SALES = QueueConfig(
    "sales",
    label="Sales",
    needs=parse("sales >= 50 and {language}"),
    relax=(RelaxStep(30, parse("sales")),),
    strategy=Strategy.RING_ALL,
    priority=3,
    ageing=2,
    announce=AnnouncePolicy(position=True),
    ring_timeout=9,
    wrap_up=4,
    max_wait=60,
    max_waiting=5,
    when_full="callback:sales",
    when_timed_out="voicemail:sales",
    when_empty="hangup",
    agents=(Member("a", 2),),
    preferred=parse("vip >= 3"),
    max_wrap_up=90,
    max_expected_wait=600,
    overflow=(OverflowStep(20, also="support"), OverflowStep(40, to="external:1@t")),
    resume_within=300,
    callback=CallbackPolicy("7", None, 240, DialFirst.AGENT, 9, 25, 2, (30, 60), None, 4, -20.0),
    highest_priority=50,
)
CONFIG = AcdConfig(
    (SALES, QueueConfig("open-end", wrap_up=None)),
    (AgentConfig("a", "Anna", {"sales": 80}, 7, 5, 60),),
    OfferRules(1, 2, 3, 4, 5, 6),
)

OTHER_FIELDS: dict[type[Event], Event] = {
    AgentLoggedIn: AgentLoggedIn("a", "1001", busy=True),
    AgentQueueLeft: AgentQueueLeft("a", "sales"),
    AgentQueueJoined: AgentQueueJoined("a", "sales"),
    AgentSkillsChanged: AgentSkillsChanged("a", {"sales": 10, "uk": 100}),
    WrapUpExtended: WrapUpExtended("a", None),
    CallJoined: CallJoined(
        "c",
        "sales",
        "uk",
        5.0,
        parse("not trainee"),
        parse("vip"),
        (("level", "b2"),),
        -3.5,
        "+380441234567",
        "a",
        "+380441234568",
        (("trunk", "carrier"),),
    ),
    CallChanged: CallChanged("c", "support", 3.0, parse("not trainee"), parse(""), (("tier", "gold"),)),
    CallPicked: CallPicked("c", "a"),
    CallbackRequested: CallbackRequested("c", "+380441234567", (("name", "Anna"),)),
    CallbackFailed: CallbackFailed("c", FailReason.BUSY),
    CallbacksPaused: CallbacksPaused("sales", 7200.5),
    QueueClosing: QueueClosing("sales", True),
    WaitEstimated: WaitEstimated((("c", 30.0, 45.5, 0.9), ("d", 60.0, 80.0, 0.7))),
    Restarted: Restarted(300.0),
    CallLeft: CallLeft("c", LeaveReason.EXIT),
    OfferAnswered: OfferAnswered(7),
    OfferFailed: OfferFailed(7, FailReason.BUSY),
    ConversationEnded: ConversationEnded("c", EndedBy.AGENT),
    Reconfigured: Reconfigured(CONFIG),
}


@pytest.mark.parametrize("kind", get_args(Event))
def test_every_event_can_be_written_down_and_read_back(kind: type[Event]) -> None:
    event = OTHER_FIELDS[kind] if kind in OTHER_FIELDS else kind("a")  # type: ignore[call-arg, arg-type]
    record = json.loads(json.dumps(record_of(event, 12.5)))
    assert record["at"] == 12.5
    assert event_from(record) == event


def test_what_a_change_leaves_alone_stays_unsaid() -> None:
    record = json.loads(json.dumps(record_of(CallChanged("c", priority=3.0), 1.0)))
    assert event_from(record) == CallChanged("c", priority=3.0)


def test_a_record_that_does_not_have_the_variables_yet_is_read_all_the_same() -> None:
    record = record_of(CallChanged("c", priority=3.0), 1.0)
    del record["variables"]
    assert event_from(record) == CallChanged("c", priority=3.0)


def test_a_configuration_can_be_written_down_and_read_back() -> None:
    assert config_from_plain(json.loads(json.dumps(plain_config(CONFIG)))) == CONFIG


def test_a_restored_dispatcher_goes_on_on_another_clock() -> None:
    queue = QueueConfig("q", announce=AnnouncePolicy(position=True), max_wait=60, wrap_up=10)
    desk = Desk(queue, agents={"a": {}, "b": {}})
    desk.now = 1000.0
    desk.log_in("a", "b")
    for call in ("c1", "c2", "c3"):
        desk.join(call, "q")
    desk.do(OfferAnswered(1), ConversationEnded("c1"))
    shifted = Dispatcher.restore(json.loads(json.dumps(desk.acd.snapshot())), shift=-990.0)
    desk.wait(10)
    shifted.handle_timeout(20.0)
    offers = [effect for effect in shifted.effects() if isinstance(effect, OfferCall)]
    assert offers == desk.got(OfferCall)
    assert [offer.call for offer in offers] == ["c3"]
    assert shifted.next_deadline() == 30.0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"ageing": -1}, "ageing is -1, it cannot be negative"),
        ({"ring_timeout": 0}, "ring_timeout is 0, it must be more than 0"),
        ({"max_wait": 0}, "max_wait is 0, it must be more than 0"),
        ({"relax": (RelaxStep(30, parse("")), RelaxStep(30, parse("a")))}, "rising times"),
        ({"agents": (Member("a"), Member("a"))}, "listed twice"),
        ({"resume_within": -1}, "resume_within is -1, it cannot be negative"),
        ({"overflow": (OverflowStep(30, "x"), OverflowStep(20, "y"))}, "steps of overflow need rising times"),
        ({"overflow": (OverflowStep(10, "x"), OverflowStep(20, "y"))}, "has to be the last step"),
    ],
)
def test_a_queue_that_cannot_work_is_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        QueueConfig("q", **wrong)  # type: ignore[arg-type]


def test_ids_are_unique_and_levels_in_range() -> None:
    with pytest.raises(ValueError, match="two agents have the same id"):
        AcdConfig((), (AgentConfig("a"), AgentConfig("a")))
    with pytest.raises(ValueError, match="levels go from 0 to 100"):
        AgentConfig("a", skills={"sales": 101})
    with pytest.raises(ValueError, match="wrap-up from 20 to 10 seconds is no range"):
        AgentConfig("a", min_wrap_up=20, max_wrap_up=10)
    with pytest.raises(ValueError, match="either a target or another queue's agents"):
        OverflowStep(30)
    with pytest.raises(ValueError, match="at least one try"):
        CallbackPolicy(tries=0)
