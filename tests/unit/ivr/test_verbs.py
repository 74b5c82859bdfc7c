from __future__ import annotations

import json

import pytest

from ivr import effects as fx
from ivr.events import Answered, Returned, Started
from ivr.nodes import Flow, Node, Phone, Queue, Result, Say
from ivr.session import Session
from ivr.targets import Target
from ivr.verbs import MOST_VERBS, VERBS, Verbs, VerbsError, read_verbs, targets
from tests.support.ivr_caller import Caller

T = Target.parse
APP = Verbs("app", when_failed=T("say:sorry"), filler_after=60.0)


def flow(*more: Node) -> Flow:
    nodes = (APP, Say("sorry"), Queue("sales"), Phone("1001"), *more)
    return Flow({node.target: node for node in nodes})


def calling() -> Caller:
    return Caller(flow()).tell(Started(T("verbs:app"), variables={"ani": "1001"}))


def tell(caller: Caller, *verbs: dict[str, object]) -> Caller:
    return caller.tell(Answered(caller.session.progress.request, values={VERBS: json.dumps(verbs)}))


SAY: dict[str, object] = {"verb": "say", "text": "Hello {ani:digits}."}
GATHER: dict[str, object] = {"verb": "gather", "text": "Press 1.", "variable": "choice", "digits": 1, "retries": 0}
QUEUE: dict[str, object] = {"verb": "queue", "name": "sales"}


def test_verbs_are_carried_out_one_after_another() -> None:
    caller = tell(calling(), SAY, {"verb": "set", "data": {"segment": "gold"}, "priority": 5}, QUEUE)
    play = caller.effects[-1]
    assert isinstance(play, fx.PlayPrompts)
    assert play.prompts[0].args == {"ani": 1001}
    caller.wait(3)
    assert caller.path() == ["verbs:app", "verbs:app/0", "verbs:app/1", "verbs:app/2", "queue:sales"]
    assert caller.session.progress.data == {"ani": "1001", "segment": "gold"}
    assert caller.session.progress.priority == 5
    assert not any(VERBS in r.values for r in caller.records if isinstance(r, fx.VariablesSet))


def test_what_was_gathered_is_told_to_the_application() -> None:
    caller = tell(calling(), GATHER, QUEUE).press("1")
    asked = caller.effects[-1]
    assert asked == fx.Ask(2, "verbs", "app", {"ani": "1001", "choice": "1"})
    tell(caller, {"verb": "hangup"})
    assert caller.session.ended


def test_who_enters_nothing_comes_to_the_verb_after_it() -> None:
    caller = tell(calling(), GATHER, QUEUE).wait(3 + 7)
    assert caller.path()[-1] == "queue:sales"


@pytest.mark.parametrize(("result", "at"), [(Result.BUSY, "queue:sales"), (Result.ENDED, "hangup")])
def test_so_does_who_is_not_taken(result: Result, at: str) -> None:
    caller = tell(calling(), {"verb": "dial", "to": "phone:1001"}, QUEUE)
    assert caller.effects[-1] == fx.CallPhone("1001", 30.0)
    caller.tell(Returned(result))
    assert caller.path()[-1] == at


def test_the_call_ends_after_the_last_verb() -> None:
    assert tell(calling(), SAY).wait(3).session.ended


def test_an_application_that_does_not_answer_is_done_without() -> None:
    caller = calling().tell(Answered(1, "timeout"))
    assert caller.path()[:2] == ["verbs:app", "say:sorry"]


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ("[]", "the answer has 0 verbs; 1 to 50 are right"),
        ("sing", "the answer is not JSON"),
        ('[{"verb": "say", "text": "\\ud800"}]', "the answer is not JSON"),
        (json.dumps([SAY, {"verb": "queue", "name": "sails"}]), "there is no queue:sails"),
        (json.dumps([{"verb": "redirect", "to": "menu:main"}]), "there is no menu:main"),
    ],
)
def test_an_answer_that_this_flow_cannot_carry_out_is_as_none(answer: str, what: str) -> None:
    caller = calling().tell(Answered(1, values={VERBS: answer}))
    assert caller.path()[:2] == ["verbs:app", "say:sorry"]
    assert fx.Trouble(T("verbs:app"), what) in caller.records
    assert [r.outcome for r in caller.records if isinstance(r, fx.QuestionAnswered)] == ["unreadable"]


@pytest.mark.parametrize("verb", [{"verb": "set", "data": {"a": "1"}}, {"verb": "say", "text": "x"}])
def test_as_many_verbs_as_an_answer_may_have_are_carried_out(verb: dict[str, object]) -> None:
    caller = tell(calling(), *[verb] * (MOST_VERBS - 1), QUEUE).wait(300)
    assert caller.path()[-1] == "queue:sales"


def test_an_application_that_sends_the_caller_round_is_found_out() -> None:
    caller = calling()
    for _ in range(100):
        tell(caller, {"verb": "set"}, {"verb": "redirect", "to": "verbs:app"})
    assert [r.reason for r in caller.records if isinstance(r, fx.FlowEnded)] == [fx.EndReason.STEP_LIMIT]


def test_verbs_outlive_a_restart() -> None:
    caller = tell(calling(), GATHER, QUEUE).wait(1)
    data = json.loads(json.dumps(caller.session.snapshot(1.0)))
    session = Session.restore(flow(), caller.local_time, data, 100.0)
    session.handle_timeout(1000.0)
    session.handle_timeout(1000.0)
    assert session.progress.node == T("queue:sales")


def test_where_verbs_lead_is_known_beforehand() -> None:
    verbs = read_verbs(json.dumps([SAY, QUEUE, {"verb": "dial", "to": "external:+380501234567"}]))
    assert targets(verbs) == [T("queue:sales"), T("external:+380501234567")]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("no json", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("{}", "is not a list"),
        ("[]", "0 verbs"),
        (json.dumps([SAY] * 51), "51 verbs"),
        ('["say"]', "verb 1: is not"),
        (json.dumps([SAY, {"verb": "sing"}]), 'verb 2: "sing" is none'),
        (json.dumps([{"verb": "say"}]), "say needs text"),
        (json.dumps([{"verb": "say", "text": ""}]), "say: text is not"),
        (json.dumps([{"verb": "say", "text": "x" * 2001}]), "say: text is not"),
        (json.dumps([{"verb": "say", "text": {"de": "Hallo"}}]), "say: text is not"),
        (json.dumps([{"verb": "say", "text": "x", "voice": "y"}]), 'say has no "voice"'),
        (json.dumps([{"verb": "play", "name": "../../etc/passwd"}]), "play: name is not"),
        (json.dumps([{"verb": "gather", "text": "x"}]), "gather needs variable"),
        (json.dumps([{**GATHER, "digits": "5-1"}]), "gather: digits is not"),
        (json.dumps([{**GATHER, "digits": True}]), "gather: digits is not"),
        (json.dumps([{**GATHER, "timeout": 1e9}]), "gather: timeout is not"),
        (json.dumps([{**GATHER, "variable": "No"}]), "gather: variable is not"),
        (json.dumps([{"verb": "dial", "to": "menu:main"}]), "use redirect"),
        (json.dumps([{"verb": "redirect", "to": "main"}]), "redirect: to is not"),
        (json.dumps([{"verb": "redirect", "to": "verbs:app/0"}]), "redirect: to is not"),
        (json.dumps([{"verb": "set", "data": {"a": 1}}]), "set: data is not"),
    ],
)
def test_what_cannot_be_carried_out_is_named(answer: str, says: str) -> None:
    with pytest.raises(VerbsError) as error:
        read_verbs(answer)
    assert says in str(error.value)
