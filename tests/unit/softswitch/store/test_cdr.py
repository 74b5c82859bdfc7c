from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.store.cdr import CallRecord, Disposition, Record, call_records
from softswitch.store.listing import path_text

Line = tuple[float, str, dict[str, Any]]


def records(lines: list[Line], call: str = "c1", first: int = 1) -> list[Record]:
    return [Record(first + n, 1000.0 + at, kind, call, data) for n, (at, kind, data) in enumerate(lines)]


def account(lines: list[Line]) -> CallRecord:
    (found,) = call_records(records(lines))
    return found


STARTED: Line = (0.0, "call.started", {"caller": "380501112233", "name": "Ivan", "dialled": "100", "trunk": "kyiv"})
MENU: list[Line] = [
    STARTED,
    (0.0, "ivr.node_entered", {"node": "menu:main"}),
    (0.2, "call.answered", {}),
    (0.2, "ivr.prompts_started", {"node": "menu:main", "play": 1}),
    (3.0, "ivr.digit_pressed", {"node": "menu:main", "digit": "1"}),
    (3.0, "ivr.node_left", {"node": "menu:main", "via": "key 1", "dwell": 3.0}),
    (3.0, "ivr.node_entered", {"node": "queue:sales"}),
]
QUEUED: list[Line] = [
    *MENU,
    (3.0, "call_joined", {"queue": "sales", "language": "uk"}),
    (3.0, "queued", {"queue": "sales", "since": 3.0}),
]
SERVED: list[Line] = [
    *QUEUED,
    (3.0, "offer", {"offer": 1, "agent": "piotr", "queue": "sales"}),
    (13.0, "offer_over", {"offer": 1, "agent": "piotr", "how": "no_answer"}),
    (13.0, "offer", {"offer": 2, "agent": "olena", "queue": "sales"}),
    (15.3, "offer_answered", {"offer": 2}),
    (15.3, "connect", {"offer": 2, "agent": "olena", "waited": 12.3}),
    (15.3, "call.connected", {"agent": "olena", "phone": "1001", "queue": "sales", "leg": 2}),
]
AGENT_HANGS_UP: list[Line] = [
    (60.3, "call.parted", {"by": "agent", "cause": "bye"}),
    (60.3, "conversation_ended", {"by": "agent"}),
    (60.3, "call_over", {"queue": "sales", "how": "served", "by": "agent", "agent": "olena"}),
    (60.3, "ivr.node_left", {"node": "queue:sales", "via": "ended", "dwell": 57.3}),
    (60.3, "ivr.flow_ended", {"reason": "talk-ended"}),
    (60.3, "call.ended", {"by": "agent", "cause": "talk-ended"}),
]


def test_a_customer_who_is_called_back_is_rung_first() -> None:
    record = account(
        [
            (0.0, "call.started", {"caller": "380501112233", "dialled": "callback:sales", "callback_of": "c0"}),
            (7.0, "call.answered", {}),
            (7.0, "ivr.node_entered", {"node": "menu:callback-greeting"}),
            (9.0, "ivr.node_left", {"node": "menu:callback-greeting", "via": "hung-up", "dwell": 2.0}),
            (9.5, "call.ended", {"by": "caller", "cause": "remote"}),
        ]
    )
    assert [(segment.kind, segment.name, segment.seconds) for segment in record.path] == [
        ("dialling", "380501112233", 7.0),
        ("menu", "callback-greeting", 2.0),
        ("switch", "", 0.5),
    ]
    assert path_text(record).startswith("called back → rang 7.0 s → menu callback-greeting")


def test_a_served_call_tells_its_whole_way() -> None:
    record = account(SERVED + AGENT_HANGS_UP)
    assert record.disposition is Disposition.SERVED
    assert (record.caller, record.name, record.dialled, record.trunk) == ("380501112233", "Ivan", "100", "kyiv")
    assert (record.started, record.answered, record.ended) == (1000.0, 1000.2, 1060.3)
    assert (record.queue, record.agent, record.ended_by) == ("sales", "olena", "agent")
    assert record.waited == pytest.approx(12.3)
    assert record.talked == pytest.approx(45.0)
    assert [(s.kind, s.name, s.keys) for s in record.path] == [
        ("menu", "main", "1"),
        ("queue", "sales", ""),
        ("talk", "olena", ""),
    ]
    assert [(offer.agent, offer.how) for offer in record.path[1].offers] == [
        ("piotr", "no_answer"),
        ("olena", "connected"),
    ]
    assert path_text(record) == (
        "menu main → key 1 → queue sales → piotr did not answer → waited 12.3 s → agent olena → talked 45.0 s → "
        "agent hung up"
    )


def test_an_abandoned_call_ends_in_the_queue() -> None:
    record = account(
        [
            *QUEUED,
            (3.0, "offer", {"offer": 1, "agent": "olena"}),
            (9.0, "call_left", {"reason": "abandoned"}),
            (9.0, "offer_over", {"offer": 1, "agent": "olena", "how": "caller_gone"}),
            (9.0, "call_over", {"queue": "sales", "how": "abandoned", "waited": 6.0}),
            (9.0, "ivr.node_left", {"node": "queue:sales", "via": "hung-up"}),
            (9.0, "call.ended", {"by": "caller", "cause": "bye"}),
        ]
    )
    assert record.disposition is Disposition.ABANDONED
    assert (record.waited, record.talked, record.agent) == (6.0, 0.0, "")
    assert path_text(record).endswith("queue sales → olena was ringing → waited 6.0 s → caller hung up")


def test_a_queue_that_gives_the_caller_back_did_not_serve() -> None:
    record = account(
        [
            *QUEUED,
            (63.0, "call_over", {"queue": "sales", "how": "timed_out", "waited": 60.0}),
            (63.0, "ivr.node_left", {"node": "queue:sales", "via": "timed-out"}),
            (63.0, "ivr.node_entered", {"node": "say:later"}),
            (66.0, "ivr.node_left", {"node": "say:later", "via": "then"}),
            (66.0, "ivr.node_entered", {"node": "hangup"}),
            (66.0, "call.ended", {"by": "switch", "cause": "flow-ended"}),
        ]
    )
    assert record.disposition is Disposition.NOT_SERVED
    assert path_text(record) == (
        "menu main → key 1 → queue sales → waited 1:00 → waited too long → say later → switch hung up"
    )


def test_an_agent_whose_leg_was_lost_leaves_the_caller_in_the_queue() -> None:
    record = account(
        [
            *SERVED,
            (16.0, "offer_failed", {"offer": 2, "reason": "dropped"}),
            (16.0, "offer_over", {"offer": 2, "agent": "olena", "how": "dropped"}),
            (16.0, "returned", {"queue": "sales"}),
            (20.0, "offer", {"offer": 3, "agent": "piotr"}),
            (22.0, "connect", {"offer": 3, "agent": "piotr"}),
            (22.0, "call.connected", {"agent": "piotr", "phone": "1002"}),
            (32.0, "call.ended", {"by": "caller"}),
        ]
    )
    assert [(s.kind, s.name) for s in record.path] == [
        ("menu", "main"),
        ("queue", "sales"),
        ("talk", "olena"),
        ("queue", "sales"),
        ("talk", "piotr"),
    ]
    assert record.agent == "piotr"
    assert record.waited == pytest.approx(12.3 + 6.0)


@pytest.mark.parametrize(
    ("lines", "disposition", "text"),
    [
        (
            [
                (0.0, "ivr.node_entered", {"node": "phone:1001"}),
                (0.0, "phone.ringing", {"phone": "1001"}),
                (4.0, "call.answered", {}),
                (4.0, "call.connected", {"phone": "1001", "leg": 2}),
                (14.0, "call.ended", {"by": "caller"}),
            ],
            Disposition.CONNECTED,
            "phone 1001 → rang 4.0 s → phone 1001 → talked 10.0 s → caller hung up",
        ),
        (
            [
                (0.0, "ivr.node_entered", {"node": "phone:1001"}),
                (30.0, "ivr.node_left", {"node": "phone:1001", "via": "no-answer"}),
                (30.0, "call.ended", {"by": "switch", "sip_status": 480}),
            ],
            Disposition.NO_ANSWER,
            "phone 1001 → rang 30.0 s → no answer → ended by switch (SIP 480)",
        ),
        (
            [
                (0.0, "ivr.node_entered", {"node": "echo"}),
                (0.0, "call.answered", {}),
                (7.0, "call.ended", {"by": "caller", "q850": 16}),
            ],
            Disposition.SELF_SERVICE,
            "echo → 7.0 s → caller hung up (Q.850 16)",
        ),
        (
            [(0.5, "call.ended", {"by": "caller", "sip_status": 487})],
            Disposition.FAILED,
            "ended by caller (SIP 487)",
        ),
    ],
)
def test_other_ends(lines: list[Line], disposition: Disposition, text: str) -> None:
    record = account([STARTED, *lines])
    assert record.disposition is disposition
    assert path_text(record) == text


def test_a_call_without_an_end_goes_on_unless_the_switch_was_started_since() -> None:
    assert account(SERVED).disposition is Disposition.IN_PROGRESS
    start = Record(500, 2000.0, "switch.started", None, {})
    (cut,) = call_records([*records(SERVED), start])
    assert cut.disposition is Disposition.CUT
    assert cut.seconds == pytest.approx(15.3)


def test_what_is_tidied_up_after_a_restart_is_not_the_calls() -> None:
    start = Record(100, 2000.0, "switch.started", None, {})
    over = Record(101, 2000.0, "acd.call_over", "c1", {"queue": "sales", "how": "abandoned", "waited": 985.0})
    (cut,) = call_records([*records(QUEUED), start, over])
    assert cut.disposition is Disposition.CUT
    assert cut.waited == pytest.approx(0)
    survived = records([(90.0, "call.ended", {"by": "caller"})], first=501)
    (whole,) = call_records([*records(SERVED), start, *survived])
    assert whole.disposition is Disposition.SERVED


def test_what_comes_after_the_end_changes_nothing() -> None:
    late: list[Line] = [
        (70.0, "call_over", {"how": "abandoned"}),
        (80.0, "call.ended", {"by": "switch"}),
        (90.0, "ivr.node_entered", {"node": "menu:x"}),
    ]
    assert account(SERVED + AGENT_HANGS_UP + late) == account(SERVED + AGENT_HANGS_UP)


def test_a_clock_that_is_set_back_makes_no_negative_lengths() -> None:
    shifted = [(at if at < 10 else at - 3600.0, kind, data) for at, kind, data in SERVED + AGENT_HANGS_UP]
    record = account(shifted)
    assert all(segment.seconds >= 0 for segment in record.path)
    assert record.seconds >= 0


def test_lines_without_a_beginning_are_no_call() -> None:
    assert call_records(records(SERVED[1:])) == []


_KINDS = st.sampled_from(
    [
        "call.started", "call.answered", "call.connected", "call.parted", "call.ended", "ivr.node_entered",
        "ivr.node_left", "ivr.digit_pressed", "queued", "acd.queued", "offer", "offer_over", "connect", "call_over",
        "returned", "switch.started", "something.new",
    ]
)  # fmt: skip
_DATA = st.dictionaries(
    st.sampled_from(
        ["node", "queue", "agent", "phone", "offer", "how", "via", "digit", "by", "sip_status", "caller", "callback_of"]
    ),
    st.one_of(st.none(), st.integers(0, 3), st.sampled_from(["menu:main", "queue:a", "a", "full", "", "abandoned"])),
)
_JOURNAL = st.lists(st.tuples(st.floats(0, 1e6), _KINDS, st.sampled_from([None, "c1", "c2", "c3"]), _DATA), max_size=40)


@given(_JOURNAL)
def test_any_journal_accounts_for_each_call_once_without_gaps(
    lines: list[tuple[float, str, str | None, dict[str, Any]]],
) -> None:
    journal = [Record(n, at, kind, call, data) for n, (at, kind, call, data) in enumerate(lines, 1)]
    found = call_records(journal)
    begun = {r.call for r in journal if r.kind == "call.started" and r.call is not None and r.data}
    assert {record.call for record in found} <= begun
    assert len({record.call for record in found}) == len(found)
    assert call_records(reversed(journal)) == found
    for record in found:
        assert all(before.ended == after.began for before, after in zip(record.path, record.path[1:], strict=False))
        if record.path:
            assert record.path[0].began == record.started
        if record.ended is not None:
            assert sum(s.seconds for s in record.path) == pytest.approx(record.ended - record.started)
        assert record.waited + record.talked <= record.seconds + 1e-6
        assert all(segment.kind for segment in record.path)
        path_text(record)


def test_a_caller_whose_agent_was_lost_and_who_then_gives_up_was_not_served() -> None:
    record = account(
        [
            *SERVED,
            (20.3, "call.parted", {"by": "agent", "cause": "media-timeout"}),
            (20.3, "returned", {"queue": "sales"}),
            (50.3, "call_over", {"queue": "sales", "how": "abandoned"}),
            (50.3, "call.ended", {"by": "caller", "cause": "remote"}),
        ]
    )
    assert record.disposition is Disposition.ABANDONED
    assert record.waited == pytest.approx(42.3)


def test_the_last_word_about_who_the_customer_is_counts() -> None:
    assert account([STARTED]).customer_id == ""
    known: Line = (0.0, "call.started", {**STARTED[2], "customer_id": "K-0"})
    assert account([known]).customer_id == "K-0"
    told: list[Line] = [(1.0 + n, "call.identified", {"customer_id": f"K-{n}"}) for n in (1, 2)]
    assert account([known, *told]).customer_id == "K-2"
