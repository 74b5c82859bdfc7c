from __future__ import annotations

import json
from typing import Any

import pytest

from acd.model import AcdConfig, OverflowStep, QueueConfig, RelaxStep, plain_config
from acd.skills import parse
from softswitch.explain.story import PLAINLY, SILENT, story
from softswitch.explain.teller import TELL
from tests.support.journal_file import Line, journal

SALES = {
    "sales": {"id": "sales", "needs": "sales >= 50 and {language} >= 50", "relax": [[30.0, "sales >= 20"], [60.0, ""]]}
}


def told(*lines: Line) -> list[tuple[str, tuple[str, ...]]]:
    return [(sentence.text, sentence.why) for sentence in story(journal(*lines), SALES)]


TEXTS: dict[str, tuple[dict[str, Any], str]] = {
    "call.started": ({"caller": "380", "dialled": "100", "trunk": "kyiv"}, "380 calls 100 over trunk kyiv"),
    "call.answered": ({}, "the switch answers"),
    "call.connected": ({"agent": "anna", "phone": "1001"}, "talks with agent anna at phone 1001"),
    "call.verified": ({"result": "failed", "by": "anna"}, "anna says that the caller is not who they say"),
    "call.identified": ({"node": "lookup:crm/say", "customer_id": "K-17"}, "is customer K-17, as lookup crm tells"),
    "call.parted": ({"by": "agent", "cause": "transfer"}, "the agent ends the conversation (transfer)"),
    "call.ended": (
        {"by": "caller", "cause": "cancelled", "sip_status": 487},
        "the caller hangs up (cancelled), SIP 487",
    ),
    "park.parked": ({"place": "701", "by": "anna"}, "anna parks the caller at 701"),
    "park.fetched": (
        {"place": "701", "by": "1002", "fetching": "c2"},
        "phone 1002 fetches the caller from 701",
    ),
    "park.timed_out": ({"place": "701", "by": "anna"}, "nobody has fetched the caller from 701: back to anna"),
    "call.transferring": (
        {"by": "anna", "to": "200", "target": "queue:billing"},
        "anna sends the caller on to 200 (queue:billing)",
    ),
    "call.transferred": (
        {"by": "anna", "to": "borys", "kind": "blind"},
        "anna has transferred the caller to borys (blind transfer)",
    ),
    "call.transfer_failed": ({"by": "anna", "to": "200", "status": 486}, "the transfer by anna to 200 fails (SIP 486)"),
    "call.recalled": ({"phone": "1001"}, "nobody took the caller: phone 1001, which sent them on, is rung"),
    "leg.held": ({"leg": "agent"}, "the agent puts the other on hold"),
    "leg.resumed": ({"leg": "caller"}, "the caller takes the call back"),
    "leg.replaced": ({"phone": "1001"}, "another device of phone 1001 takes the call over"),
    "hold.too_long": ({"agent": "anna", "what": "announce"}, "has been on hold for too long by anna: announce"),
    "hold.answered": ({"agent": "anna"}, "anna is back from the hold"),
    "phone.ringing": ({"phone": "1001"}, "phone 1001 rings"),
    "agent.unavailable": ({"agent": "anna", "why": "in wrap-up"}, "agent anna cannot be rung: in wrap-up"),
    "findme.ringing": ({"place": "phone:1001"}, "phone:1001 rings"),
    "findme.skipped": ({"place": "phone:1001", "why": "busy"}, "phone:1001 is passed over: busy"),
    "findme.answered": ({"place": "external:+380"}, "external:+380 answers and is asked to press a key"),
    "findme.over": (
        {"place": "external:+380", "how": "not-confirmed"},
        "external:+380 does not take the call: not confirmed",
    ),
    "feature.used": ({"feature": "login", "done": False}, "uses the feature code for login, in vain"),
    "ivr.node_entered": ({"node": "menu:main"}, "enters menu main"),
    "ivr.node_left": ({"node": "menu:main", "via": "no-input"}, "menu main: no key was pressed"),
    "ivr.digits_entered": ({"node": "collect:pin", "digits": "••••#"}, "enters ••••# in collect pin"),
    "ivr.variables_set": ({"node": "collect:pin", "values": {"pin": "•", "n": "2"}}, "it is known now: pin = •, n = 2"),
    "ivr.question_answered": (
        {"node": "webservice:parcel/ask", "request": 1, "outcome": "timeout", "seconds": 4.0},
        "webservice parcel has not answered (timeout, 4.0 s)",
    ),
    "ivr.trouble": (
        {"node": "verbs:app/2", "what": 'verb 2: "sing" is none'},
        'verbs app: verb 2: "sing" is none',
    ),
    "ivr.not_there": (
        {"node": "phone:1999", "to": "queue:reception"},
        "there is no phone:1999: goes on to queue:reception",
    ),
    "ivr.survey": (
        {"node": "survey:after/1", "survey": "after", "question": "service", "scale": "csat", "score": 4},
        "answers 4 to service (csat) of survey after",
    ),
    "ivr.key_chosen": ({"node": "menu:main", "key": "1", "digits": "1"}, "presses 1 in menu main"),
    "ivr.digits_dropped": (
        {"node": "menu:main", "digits": "7", "why": "invalid"},
        "keys 7 in menu main lead nowhere (invalid)",
    ),
    "ivr.language_chosen": ({"language": "uk"}, "the language is uk from now on"),
    "ivr.message_voiced": (
        {"slot": "promo", "campaign": "spring", "version": 2},
        "slot promo has a message for the caller: campaign spring, version 2",
    ),
    "ivr.version_chosen": (
        {"node": "menu:main", "to": "menu:new", "percent": 10.0},
        "of menu main the caller has the version menu new, as 10 % of the callers",
    ),
    "ivr.slot_asked": (
        {"slot": "promo", "outcome": "timeout", "seconds": 3.0},
        "slot promo: nobody has said what to tell this caller (timeout, 3.0 s)",
    ),
    "ivr.audio_missing": (
        {"prompt": "slot.promo.spring.1", "said": "text"},
        "the recording of slot.promo.spring.1 is not here: its text is spoken",
    ),
    "contact.opted": ({"number": "380", "campaign": "", "out": True}, "wants no offers any more"),
    "acd.queued": ({"queue": "support"}, "enters queue support"),
    "acd.announced": ({"ahead": 3, "box": "5"}, "is told: 3 ahead, a wait of up to 5 min"),
    "acd.relaxed": ({"queue": "sales", "step": 1}, "has waited 30.0 s: agents with sales >= 20 may serve as well"),
    "acd.offer": (
        {"offer": 1, "agent": "anna", "queue": "sales", "standing": 1.2},
        "is offered to anna (queue sales, 1 point)",
    ),
    "acd.offer_over": ({"offer": 1, "agent": "anna", "how": "no_answer"}, "anna does not answer"),
    "acd.connect": ({"offer": 1, "agent": "anna", "waited": 5.0}, "anna answers; waited 5.0 s"),
    "acd.returned": ({"queue": "sales"}, "the agent is lost: waits on in queue sales, in the old place"),
    "acd.call_over": ({"queue": "sales", "how": "overflow", "waited": 60.0}, "queue sales: overflows after 60.0 s"),
    "acd.changed": (
        {"queue": "vip", "moved_from": "sales", "priority": 50.0},
        "is changed while waiting: moved from queue sales to vip, priority 50.0",
    ),
    "acd.away": ({"queue": "sales"}, "listens to the exit menu and keeps the place; is offered to nobody meanwhile"),
    "acd.back": ({"queue": "sales"}, "is back from the exit menu, in the old place"),
    "acd.callback_requested": ({"number": "380"}, "wants to be called back at 380, and keeps the place"),
    "acd.callback_dialled": ({}, "the customer's phone is being rung"),
    "acd.callback_answered": ({}, "the customer answers the callback"),
    "acd.callback_kept": ({"answered": False}, "hangs up; the promise to call back holds"),
    "acd.called_again": ({"by": "c9"}, "the customer calls again (call c9): the order rests until that is over"),
    "acd.sent_on": (
        {"queue": "sales"},
        "is elsewhere by somebody's hand: the order rests until it is known what comes of that",
    ),
    "acd.rejoined": (
        {"queue": "sales"},
        "nobody took the customer there: waits on in queue sales, before all others",
    ),
    "acd.line_free": ({"by": "c9"}, "nobody served that call (c9): is still to be called back, in the old place"),
    "acd.callback_over": ({"result": "served", "tries": 2}, "the callback is over: served, tries: 2"),
    "acd.callback_cancelled": ({"reason": "asked"}, "is not to be called back any more: asked"),
    "acd.reserved": ({"agent": "anna"}, "anna is kept for the customer"),
    "acd.released": ({"agent": "anna"}, "anna is kept no longer"),
    "acd.dial": ({"tries": 1, "agent": "anna"}, "is called back, try 1; anna is on the line"),
    "acd.not_reached": ({"reason": "no_answer", "tries": 1}, "was not reached: no answer (try 1)"),
    "admin.changed": (
        {"verb": "call.change", "call": "c", "queue": "vip", "priority": 70.0, "by": "oksana"},
        "oksana has this caller put: into queue vip, priority 70",
    ),
    "queue.sent_on": (
        {"queue": "sales", "target": "phone:2002"},
        "is taken out of queue sales by hand and sent to phone:2002",
    ),
    "callback.ordered": (
        {"queue": "sales", "number": "380", "ticket": "c2"},
        "is listed by queue sales to be called back at 380 (call c2)",
    ),
}


@pytest.mark.parametrize(("kind", "data", "text"), [(kind, *rest) for kind, rest in TEXTS.items()], ids=TEXTS)
def test_each_kind_of_line_has_its_sentence(kind: str, data: dict[str, Any], text: str) -> None:
    assert [text for text, _ in told((0.0, kind, "c", data))] == [text]


def test_every_kind_that_is_told_is_tested_and_none_is_both_told_and_silent() -> None:
    known = TELL.keys() | PLAINLY.keys()
    assert TEXTS.keys() == known - {"acd.call_joined"}
    assert not known & SILENT


def test_a_caller_who_comes_to_a_queue_is_told_with_what_they_need_and_bring_along() -> None:
    joined = {"language": "uk", "needs": "vip", "priority": 100.0, "preferred": "en >= 80", "agent": "anna"}
    queued = {"queue": "sales", "at": 130.0, "since": 100.0, "resumed": True}
    assert told((0.0, "acd.call_joined", "c", joined), (0.0, "acd.queued", "c", queued)) == [
        (
            "enters queue sales",
            (
                "needs sales >= 50 and {language} >= 50 and vip, with language = uk",
                "priority +100",
                "prefers en >= 80",
                "to anna if idle",
                "called before not long ago and keeps an age of 30.0 s",
            ),
        )
    ]


def test_why_nobody_was_asked_is_told_only_of_who_was_offered_to_nobody() -> None:
    queued: Line = (0.0, "acd.queued", "c", {"queue": "sales"})
    offer: Line = (0.0, "acd.offer", "c", {"agent": "anna"})
    for lines, expected in (([queued, offer], ()), ([queued], ("all busy",))):
        sentence, *_ = story(journal(*lines), {}, lambda queued, joined: ["all busy"])
        assert sentence.why == expected


def test_a_text_message_that_nobody_could_get_is_told() -> None:
    data = {"node": "sms:link", "request": 1, "outcome": "no-number", "seconds": 0.0}
    told_so = "sms link: there is no number that gets text messages"
    assert told((0.0, "ivr.question_answered", "c", data)) == [(told_so, ())]


def test_lengths_are_told_from_the_lines_before() -> None:
    lines: list[Line] = [
        (0.0, "acd.offer", "c", {"offer": 1, "agent": "anna"}),
        (20.0, "acd.offer_over", "c", {"offer": 1, "agent": "anna", "how": "no_answer"}),
        (20.0, "acd.offer", "c", {"offer": 2, "agent": "borys"}),
        (23.5, "acd.connect", "c", {"offer": 2, "agent": "borys", "waited": 143.5}),
        (23.5, "call.connected", "c", {"agent": "borys", "phone": "1002"}),
        (30.0, "leg.held", "c", {"leg": "agent"}),
        (50.0, "leg.resumed", "c", {"leg": "agent"}),
        (200.0, "call.ended", "c", {"by": "caller", "cause": "remote"}),
    ]
    texts = [text for text, _ in told(*lines)]
    assert texts[1] == "anna does not answer (rang 20.0 s)"
    assert texts[3] == "borys answers after 3.5 s of ringing; waited 2:24 min"
    assert texts[6] == "the agent takes the call back after 20.0 s"
    assert texts[7] == "the caller hangs up after 2:56 min with borys"


def test_a_line_of_another_version_is_told_as_it_is() -> None:
    assert told((0.0, "acd.beamed_up", "c", {"at": 1.0, "to": "orbit", "speed": 9})) == [
        ("beamed up: to orbit, speed 9", ())
    ]
    assert told((0.0, "acd.relaxed", "c", {"step": "many"})) == [("relaxed: step many", ())]


def test_a_callback_says_in_which_call_it_was_ordered() -> None:
    started = {"caller": "380501112233", "dialled": "380501112233", "trunk": "kyiv", "callback_of": "c-1"}
    assert told((0.0, "call.started", "c-2", started)) == [
        ("380501112233 is called back over trunk kyiv", ("ordered in call c-1",))
    ]


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (1, "has waited 20.0 s: agents of queue other may serve as well"),
        (2, "has waited 60.0 s: agents with a >= 20 may serve as well"),
        (4, "has waited 90.0 s: agents with any skills and agents of queue third may serve as well"),
        (5, "has waited long enough for step 5 of the relaxation: more agents may serve"),
    ],
)
def test_agents_of_other_queues_help_at_their_time_among_the_steps_of_the_relaxation(step: int, text: str) -> None:
    queue = QueueConfig(
        "s",
        needs=parse("a >= 50"),
        relax=(RelaxStep(60.0, parse("a >= 20")), RelaxStep(90.0, parse(""))),
        overflow=(
            OverflowStep(20.0, also="other"),
            OverflowStep(30.0, also="gone"),
            OverflowStep(90.0, also="third"),
            OverflowStep(120.0, to="voicemail:s"),
        ),
    )
    config = plain_config(AcdConfig((queue, QueueConfig("other"), QueueConfig("third")), ()))
    queues = {one["id"]: one for one in json.loads(json.dumps(config))["queues"]}
    (sentence,) = story(journal((0.0, "acd.relaxed", "c", {"queue": "s", "step": step})), queues)
    assert sentence.text == text


def test_a_caller_of_the_present_version_and_an_answer_without_messages() -> None:
    itself = {"node": "menu:main", "to": "menu:main", "percent": 90.0}
    silent = {"slot": "promo", "outcome": "ok", "messages": 0, "seconds": 0.2}
    assert told((0.0, "ivr.version_chosen", "c1", itself), (1.0, "ivr.slot_asked", "c1", silent)) == [
        ("of menu main the caller has the present version, as 90 % of the callers", ()),
        ("slot promo: nothing for this caller, after 0.2 s", ()),
    ]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"verb": "agent.change", "agent": "anna", "to": "break", "by": "oksana"}, "oksana sends anna on a break"),
        ({"verb": "agent.change", "agent": "anna", "to": "logout"}, "an operator logs anna out"),
        (
            {"verb": "call.change", "to": "agent:anna"},
            "an operator has this caller put: to agent:anna, out of all order",
        ),
        ({"verb": "hours.change", "by": "oksana"}, "oksana: hours.change"),
    ],
)
def test_what_was_done_by_hand_is_told_with_who_did_it(data: dict[str, Any], text: str) -> None:
    assert [sentence for sentence, _ in told((0.0, "admin.changed", "c", data))] == [text]
