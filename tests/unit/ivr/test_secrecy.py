from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr import effects as fx
from ivr.entries import Collect, Valid
from ivr.events import Answered, Started
from ivr.nodes import Flow, Menu, Node, Prompt, Queue, Say, Set
from ivr.progress import Progress
from ivr.secrecy import masked, secret_names, tells
from ivr.services import Webservice
from ivr.targets import Target
from ivr.verbs import VERBS, Verbs
from tests.support.ivr_caller import Caller

T = Target.parse
PIN = Collect("pin", variable="pin", secret=True, shortest=1, longest=12, then=T("webservice:code"))
CODE = Webservice("code", then=T("set:copy"), when={"how": {"4711": T("queue:q")}}, when_failed=T("queue:q"))
COPY = Set("copy", data={"copied": "<{pin}{echo}>"}, then=T("queue:q"))
APP = Verbs("app", when_failed=T("queue:q"))


def calling(*more: Node, to: str = "collect:pin", **variables: str) -> Caller:
    nodes = (PIN, CODE, COPY, APP, Queue("q"), *more)
    caller = Caller(Flow({node.target: node for node in nodes}))
    return caller.tell(Started(T(to), variables=variables))


def answer(caller: Caller, outcome: str = "ok", /, **values: str) -> Caller:
    return caller.tell(Answered(caller.session.progress.request, outcome, values))


def told(caller: Caller) -> dict[str, str]:
    return {name: value for r in caller.records if isinstance(r, fx.VariablesSet) for name, value in r.values.items()}


# --- what tells a secret


@pytest.mark.parametrize(
    "text",
    [
        *("4711", " 4711 ", "code=4711", "00471100", "47 11", "4-7-1-1", "Your code is 47 11.", "4711.50 UAH"),
        *("47/11", "4,711", "47\u00a011", "4\u202f711"),
    ],
)
def test_an_entry_is_found_wherever_it_is_and_in_groups(text: str) -> None:
    assert tells(text, ["4711"])
    assert "4711" not in masked(text, ["4711"])


@pytest.mark.parametrize("text", ["", "47", "4 711 0", "1 47 11", "47 11 0", "4..711", "7114"])
def test_other_figures_tell_nothing(text: str) -> None:
    assert not tells(text, ["4711"])
    assert masked(text, ["4711"]) == text


@pytest.mark.parametrize(
    ("text", "found"), [("123", True), ("a 123.", True), ("1-2-3", True), ("0123", False), ("123 4", False)]
)
def test_three_figures_are_found_where_they_stand_alone(text: str, found: bool) -> None:
    assert tells(text, ["123"]) is found


@pytest.mark.parametrize(("text", "found"), [("12", True), (" 12 ", True), ("12 UAH", False), ("312", False)])
def test_of_fewer_only_what_is_nothing_else_tells(text: str, found: bool) -> None:
    assert tells(text, ["12"]) is found


def test_a_masked_text_keeps_what_is_no_secret() -> None:
    assert masked("pin 4711, card 12345678 of 47 11", ["4711", "12345678"]) == "pin ••••, card •••••••• of •••••"
    assert masked("abc", []) == "abc"
    assert masked("12*5 is 12.50", ["12*5", "12.50"]) == "•••• is •••••"
    assert masked("471199 or 4711", ["4711", "471199"]) == "•••••• or ••••"
    assert masked("21/05/1980 at 21:05", ["2105", "21051980"]) == "•••••••••• at 21:05"


# --- of a call


def test_an_echo_under_another_name_is_as_secret_as_the_entry() -> None:
    caller = answer(calling(ani="1001").press("4711#"), echo="PIN 4711 is right", status="ok", name="Olena")
    progress = caller.session.progress
    assert told(caller) == {"pin": "•", "echo": "•", "status": "ok", "name": "Olena", "copied": "<>"}
    assert progress.public == {"ani": "1001", "status": "ok", "name": "Olena", "copied": "<>"}
    assert progress.data["echo"] == "PIN 4711 is right"
    assert Progress.from_dict(json.loads(json.dumps(progress.to_dict(0.0))), 0.0) == progress


def test_a_name_with_the_entry_in_it_is_not_kept() -> None:
    caller = answer(calling().press("4711#"), **{"code_4711": "right", "status": "ok"})
    assert told(caller).keys() == {"pin", "status", "copied"}
    assert caller.session.progress.data.keys() == {"pin", "status", "copied"}


def test_where_it_leads_is_noted_without_the_value() -> None:
    caller = answer(calling().press("4711#"), how="4711")
    assert caller.path()[-1] == "queue:q"
    assert [r.detail for r in caller.records if isinstance(r, fx.NodeLeft)][-1] == "how"


def test_what_was_known_in_clear_before_stays_so() -> None:
    """Whose number ends with the code may still be called by it."""
    known = {"ani": "+380501234711", "did": "4711"}
    caller = answer(calling(**known).press("4711#"), phone="+380501234711", pin2="4711")
    assert caller.session.progress.public == {**known, "phone": "+380501234711", "copied": "<>"}
    assert told(caller)["pin2"] == fx.SECRET


def test_a_wrong_entry_stays_a_secret_after_the_next() -> None:
    caller = calling().press("4711#")
    caller.session.flow = Flow({**caller.flow.nodes, CODE.target: Webservice("code", then=T("collect:pin"))})
    answer(caller).press("4712#")
    answer(caller, echo="4711 and 4712", plain="4713")
    assert told(caller)["echo"] == fx.SECRET
    assert told(caller)["plain"] == "4713"


def test_an_echo_that_is_overwritten_by_something_harmless_may_be_told() -> None:
    caller = calling().press("4711#")
    again = Webservice("code", then=T("queue:q"), when={"again": {"yes": T("webservice:code")}})
    caller.session.flow = Flow({**caller.flow.nodes, again.target: again})
    answer(caller, echo="4711", again="yes")
    assert "echo" not in caller.session.progress.public
    answer(caller, echo="nothing", again="no")
    assert caller.session.progress.public["echo"] == "nothing"


def test_a_date_is_found_as_it_was_keyed_and_as_it_is_kept() -> None:
    born = Collect("born", variable="born", secret=True, valid=Valid.DATE, longest=8, end="", then=CODE.target)
    caller = answer(
        calling(born, to="collect:born").press("21051980"), a="1980-05-21", b="born 21.05.1980", c="1980-05-22"
    )
    assert told(caller) == {"born": "•", "a": "•", "b": "•", "c": "1980-05-22", "copied": "<>"}


def test_what_a_flow_collects_masked_is_secret_whoever_tells_it_first() -> None:
    assert secret_names(calling().flow) == {"pin"}
    caller = answer(calling(to="webservice:code"), pin="4711", name="Olena")
    assert told(caller)["pin"] == fx.SECRET
    assert calling(to="queue:q", pin="4711", ani="1").session.progress.public == {"ani": "1"}


def test_no_place_is_named_after_a_secret() -> None:
    caller = calling(to="collect:pin")
    caller.session.flow = Flow({**caller.flow.nodes, CODE.target: Webservice("code", then=Target("external", "{pin}"))})
    answer(caller.press("4711#"))
    assert not any("4711" in repr(record) for record in caller.records)


def test_digits_for_which_there_is_no_room_are_hidden_too() -> None:
    notice = Say("notice", (Prompt("notice", barge_in=False),), then=PIN.target)
    nodes = (notice, PIN, CODE, APP, Queue("q"))
    caller = Caller(Flow({node.target: node for node in nodes}, type_ahead_limit=2)).call("say:notice").press("4711")
    dropped = [r for r in caller.records if isinstance(r, fx.DigitsDropped)]
    assert dropped == [fx.DigitsDropped(notice.target, fx.SECRET, "overflow")] * 2


def test_a_digit_behind_a_key_that_might_have_gone_on_is_hidden() -> None:
    main = Menu(
        "main", keys={"1": T("collect:pin"), "12": T("queue:q"), "14782": T("queue:q")}, when_no_input=T("queue:q")
    )
    caller = calling(main, to="menu:main").press("14711#")
    assert caller.session.progress.data["pin"] == "4711"
    assert [r.digit for r in caller.records if isinstance(r, fx.DigitPressed)] == ["1", *fx.SECRET * 5]
    caller = calling(main, to="menu:main").press("12")
    assert [r.digit for r in caller.records if isinstance(r, fx.DigitPressed)] == ["1", "2"]


# --- applications

GATHER: dict[str, Any] = {"verb": "gather", "text": "Code.", "variable": "code", "digits": 4, "mask": True}


def verbs(caller: Caller, *listed: dict[str, Any]) -> Caller:
    return answer(caller, **{VERBS: json.dumps(listed)})


def test_an_application_is_told_its_own_masked_entries_and_no_others() -> None:
    code = Webservice("code", then=APP.target)
    caller = calling(code).press("4711#")
    answer(caller, echo="4711", name="Olena")
    asked = caller.effects[-1]
    assert asked == fx.Ask(2, "verbs", "app", {"name": "Olena"})
    verbs(caller, GATHER).press("9078")
    asked = caller.effects[-1]
    assert asked == fx.Ask(3, "verbs", "app", {"name": "Olena", "code": "9078"})
    verbs(caller, {"verb": "set", "data": {"state": "after 9078", "step": "2"}}, GATHER).press("9079")
    asked = caller.effects[-1]
    assert asked == fx.Ask(4, "verbs", "app", {"name": "Olena", "code": "9079", "state": "after 9078", "step": "2"})
    assert caller.session.progress.public == {"name": "Olena", "step": "2"}


def test_what_is_entered_elsewhere_under_the_same_name_is_not_told_to_it() -> None:
    elsewhere = Collect("again", variable="code", secret=True, shortest=1, longest=12, then=APP.target)
    caller = verbs(calling(elsewhere, to="verbs:app"), GATHER).press("9078")
    assert caller.effects[-1] == fx.Ask(2, "verbs", "app", {"code": "9078"})
    verbs(caller, {"verb": "redirect", "to": "collect:again"}).press("4711#")
    assert caller.session.progress.data["code"] == "4711"
    assert caller.effects[-1] == fx.Ask(3, "verbs", "app", {})
    verbs(caller, GATHER).press("9079")  # what was entered with it last is its own again
    assert caller.effects[-1] == fx.Ask(4, "verbs", "app", {"code": "9079"})


@pytest.mark.parametrize("entered", [False, True])
def test_a_label_does_not_show_what_is_set_under_a_secret_name(entered: bool) -> None:
    caller = calling(Webservice("code", then=APP.target), to="collect:pin" if entered else "verbs:app")
    if entered:
        answer(caller.press("4711#"))
    verbs(caller, {"verb": "set", "data": {"pin": "12", "step": "2"}, "label": "<{pin}{step}>"})
    assert caller.session.progress.data["pin"] == "12"
    assert caller.session.progress.public == {"step": "2", "label": "<2>"}


def test_nor_what_is_set_under_the_name_of_what_an_application_has_gathered() -> None:
    caller = verbs(calling(to="verbs:app"), GATHER).press("9078")
    verbs(caller, {"verb": "set", "data": {"code": "12", "step": "2"}, "label": "<{code}{step}>"})
    assert caller.session.progress.data["code"] == "12"
    assert caller.session.progress.public == {"step": "2", "label": "<2>"}


def test_unless_the_configuration_entrusts_it_with_them() -> None:
    trusted = Verbs("app", when_failed=T("queue:q"), masked=frozenset({"pin"}))
    caller = calling(trusted, Webservice("code", then=APP.target)).press("4711#")
    assert answer(caller, echo="4711").effects[-1] == fx.Ask(2, "verbs", "app", {"pin": "4711"})


def test_digits_that_are_typed_while_an_application_is_asked_are_hidden() -> None:
    caller = Caller(Flow({APP.target: APP, T("queue:q"): Queue("q")})).call("verbs:app").press("9078")
    verbs(caller, GATHER)
    assert caller.session.progress.data["code"] == "9078"
    assert not any(digit in repr(caller.records) for digit in ("'9'", "'0'", "'7'", "'8'"))


@pytest.mark.parametrize(
    "verb", [{"verb": "play", "name": "say-9078"}, {"verb": "queue", "name": "9078"}, {"verb": "9078"}]
)
def test_verbs_that_name_a_secret_are_refused_without_it(verb: dict[str, Any]) -> None:
    caller = verbs(calling(to="verbs:app"), GATHER).press("9078")
    verbs(caller, verb)
    assert caller.path()[-1] == "queue:q"
    assert any(isinstance(record, fx.Trouble) for record in caller.records)
    assert "9078" not in repr(caller.records)


# --- any secret, any echo

secrets = st.from_regex(r"[0-9]{4,12}", fullmatch=True)
wrappings = st.sampled_from(["{}", " {} ", "code={}", "x{}y", "<{}>", "{}{}", "name\n{}", '{{"pin": "{}"}}', "0{}0"])


@given(
    secrets, st.lists(st.tuples(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), wrappings), max_size=6), st.booleans()
)
def test_whatever_a_service_echoes_no_record_has_the_secret(
    secret: str, echoes: list[tuple[str, str]], through_verbs: bool
) -> None:
    values = {name: text.format(secret, secret) for name, text in echoes}
    caller = calling(Say("bye", then=T("hangup")), to="verbs:app" if through_verbs else "collect:pin")
    if through_verbs:
        verbs(caller, GATHER | {"digits": len(secret)}).press(secret)
        verbs(caller, {"verb": "set", "data": values, "language": "uk"}, {"verb": "queue", "name": secret})
        verbs(caller, {"verb": "set", "data": values}, {"verb": "redirect", "to": "queue:q"})
    else:
        answer(caller.press(secret + "#"), **values)
    caller.wait(60.0)
    progress = caller.session.progress
    assert secret in progress.entered
    assert secret not in re.sub(r"=[0-9.]+(e-[0-9]+)?\b", "=…", repr(caller.records))  # but for lengths of time
    assert not any(secret in value for value in progress.public.values())
