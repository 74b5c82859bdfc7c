"""What a CRM says for each call at a control point: it may be quick, slow, wrong or dead, and no caller notices."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from softswitch.webservice.client import BODY
from tests.sim.office import CENTRE, Office, said
from tests.sim.test_flows_campaigns import CAMPAIGNS, OFFER, put

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.sim_phone import PhoneCall

PULLED = CAMPAIGNS.replace('id = "promo"', 'id = "promo"\nwebservice = "crm"\nfallback = "News."') + (
    '\n[webservice.crm]\nurl = "https://crm.example/{ani}"\n'
)
RENEWAL = OFFER | {"campaign": "renewal", "values": {"what": "Renewal", "sum": "9.00 UAH"}}
MENU, PULL = "en/menu.main", "en/slot.promo.renewal.0/9.00 UAH"
STANDING = "en/slot.promo.spring.1/12.50 UAH"
URL = "https://cdn.example/renewal.mp3"


@pytest.fixture
def office() -> Iterator[Office]:
    assert "[[menu.main.slot]]" not in CENTRE
    office = Office(centre=PULLED)
    yield office
    office.close()


def answer(office: Office, *bindings: dict[str, Any]) -> None:
    office.switch.answered({BODY: json.dumps({"bindings": list(bindings)})})


def listen(office: Office, call: PhoneCall, seconds: float) -> list[str]:
    heard = list(said(call))
    for _ in range(int(seconds / 0.1)):
        office.run(0.1)
        heard += [item for item in said(call) if item not in heard[-1:]]
    return heard


def asked(office: Office) -> list[dict[str, Any]]:
    return [{**line.data} for line in office.switch.journal.of("ivr.slot_asked")]


def test_a_crm_is_asked_about_this_caller_and_its_message_is_heard_and_followed(office: Office) -> None:
    call = office.call("2001", "100")
    office.run(0.2)
    who, variables = office.switch.oracle.asked[max(office.switch.oracle.asked)]
    assert who == "slot:crm"
    assert {"ani": "2001", "did": "100", "withheld": "false", "language": "en"}.items() <= variables.items()
    assert {"call", "ani_raw"} <= variables.keys()
    answer(office, RENEWAL)
    assert listen(office, call, 5)[:2] == [MENU, PULL]
    call.press("4")
    office.run(0.5)
    assert office.switch.journal.of("ivr.node_entered")[-1].data["node"] == "echo"
    assert asked(office)[-1]["outcome"] == "ok"
    call.hang_up()
    office.run(40)
    office.switch.check_nothing_left()


@pytest.mark.parametrize("outcome", ["timeout", "circuit-open", "unreachable"])
def test_without_an_answer_a_caller_hears_what_is_bound(office: Office, outcome: str) -> None:
    put(office, OFFER)
    call = office.call("2001", "100")
    office.run(0.2)
    office.switch.answered(outcome=outcome)
    assert listen(office, call, 5)[:2] == [MENU, STANDING]
    assert asked(office)[-1]["outcome"] == outcome


def test_a_crm_that_never_answers_is_not_noticed(office: Office) -> None:
    """The menu lasts 3 s; behind it the place is waited at for 0.3 s, and then the caller is listened to."""
    call = office.call("2001", "100")
    office.run(3.5)
    (here,) = office.switch.control.calls.values()
    assert here.session.progress.state.name == "LISTENING"
    answer(office, RENEWAL)
    call.press("4")  # not heard, and so no key
    office.run(0.5)
    assert said(call)[0].startswith("en/invalid-choice")
    call.hang_up()
    office.run(40)
    office.switch.check_nothing_left()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        '{"bindings": 5}',
        "[" * 5000,
        json.dumps({"bindings": [RENEWAL | {"template": "none"}]}),
        json.dumps({"bindings": [RENEWAL | {"values": {}}]}),
        json.dumps({"bindings": [RENEWAL | {"target": "menu:main"}]}),  # a CRM fills, and does not restructure
        json.dumps({"bindings": [RENEWAL] * 51}),
    ],
)
def test_an_answer_that_does_not_fit_is_none(office: Office, body: str) -> None:
    put(office, OFFER)
    call = office.call("2001", "100")
    office.run(0.2)
    office.switch.answered({BODY: body})
    assert listen(office, call, 5)[:2] == [MENU, STANDING]
    assert asked(office)[-1]["outcome"] == "unreadable"


def test_a_crm_that_has_nothing_for_this_caller_silences_the_slot(office: Office) -> None:
    put(office, OFFER)
    call = office.call("2001", "100")
    office.run(0.2)
    answer(office)
    assert listen(office, call, 4)[:2] == [MENU]


def test_who_hangs_up_leaves_no_question_behind(office: Office) -> None:
    call = office.call("2001", "100")
    office.run(1)
    call.hang_up()
    office.run(40)
    office.switch.check_nothing_left()
    assert office.switch.oracle.forgotten == [max(office.switch.oracle.asked)]


# --- recordings that others keep


def with_audio(office: Office) -> list[str]:
    call = office.call("2001", "100")
    office.run(0.2)
    answer(office, RENEWAL | {"audio": URL})
    return listen(office, call, 5)


def missing(office: Office) -> list[str]:
    return [str(line.data["said"]) for line in office.switch.journal.of("ivr.audio_missing")]


def test_a_recording_is_heard_when_it_is_here_and_nobody_waits_for_it(office: Office) -> None:
    assert with_audio(office)[:2] == [MENU, PULL]
    assert missing(office) == ["text"]
    office.switch.voice.here.add(URL)
    office.close()
    second = Office(centre=PULLED)
    second.switch.voice.here.add(URL)
    assert with_audio(second)[:2] == [MENU, f"en/{URL}"]
    assert missing(second) == []
    second.close()


def test_without_recording_and_voice_there_is_the_fallback_of_the_slot(office: Office) -> None:
    office.switch.voice.failing.add("slot.promo.renewal.0")
    assert with_audio(office)[:2] == [MENU, "en/slot-fallback.promo"]
    assert missing(office) == ["fallback"]


def test_a_voice_that_is_stuck_leads_to_the_fallback_too(office: Office) -> None:
    office.switch.voice.slow.add("slot.promo.renewal.0")
    call = office.call("2001", "100")
    office.run(0.2)
    answer(office, RENEWAL | {"audio": URL})
    assert "en/slot-fallback.promo" in listen(office, call, 9)


def test_when_nothing_can_be_said_the_menu_goes_on(office: Office) -> None:
    office.switch.voice.failing |= {"slot.promo.renewal.0", "slot-fallback.promo"}
    assert with_audio(office)[:2] == [MENU]
    assert missing(office) == ["nothing"]


def test_a_crm_is_told_a_secret_and_cannot_have_it_said() -> None:
    """Whoever is asked may need the code; no message, text or file has it."""
    code = '[collect.code]\nsay = "Code?"\ndigits = 4\nmask = true\nvariable = "code"\nthen = "menu:main"\n'
    office = Office(centre=f'{PULLED}\n{code}\n[[route]]\ndid = "111"\nto = "collect:code"\n')
    try:
        call = office.call("2001", "111")
        office.run(4)
        call.press("4711")
        office.run(1)
        assert office.switch.oracle.asked[max(office.switch.oracle.asked)][1]["code"] == "4711"
        answer(office, RENEWAL | {"values": {"what": "{code}", "sum": "9.00 UAH"}}, RENEWAL | {"campaign": "other"})
        heard = listen(office, call, 6)
        assert "en/slot.promo.other.0/9.00 UAH" in heard
        assert not any("4711" in item or "renewal" in item for item in heard)
    finally:
        office.close()


@pytest.mark.parametrize("more", [{"audio": "https://cdn.example/4711/renewal.mp3"}, {"campaign": "c4711"}])
def test_an_answer_that_repeats_a_secret_is_not_used(more: dict[str, str]) -> None:
    code = '[collect.code]\nsay = "Code?"\ndigits = 4\nmask = true\nvariable = "code"\nthen = "menu:main"\n'
    office = Office(centre=f'{PULLED}\n{code}\n[[route]]\ndid = "111"\nto = "collect:code"\n')
    try:
        put(office, OFFER)
        call = office.call("2001", "111")
        office.run(4)
        call.press("4711")
        office.run(1)
        answer(office, RENEWAL | more)
        assert STANDING in listen(office, call, 6)
        assert [line["outcome"] for line in asked(office)] == ["unreadable"]
        (trouble,) = office.switch.journal.of("ivr.trouble")
        assert trouble.data["what"] == "the answer about slot promo has a masked entry in it"
        assert not any("4711" in str(line) for line in office.switch.journal.lines)
    finally:
        office.close()
