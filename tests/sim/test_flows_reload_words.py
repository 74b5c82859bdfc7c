"""Words that hold for the whole switch are others after a reload: the next call goes by them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from acd.agent import Status
from tests.sim.office import CENTRE, Office, bridged, said, statuses
from tests.support.sim_phone import answers, rejects, rings_on

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Word:
    """`look` finds out what happens; by `before` it is `first`, by `after` it is `then`."""

    before: str
    after: str
    look: Callable[[Office], object]
    first: object
    then: object


def language_of_a_caller(office: Office) -> object:
    call = office.call("2001", "100")
    office.run(0.2)
    return said(call)[0].partition("/")[0]


def codec_of_a_call(office: Office) -> object:
    settings = office.call("2001", "106").settings
    assert settings is not None
    return settings.codec.name


def status_of_a_login(office: Office) -> object:
    call = office.phone("1001").dial("*81")
    office.run(0.5)
    return statuses(call)[-1]


def what_a_break_is_called(office: Office) -> object:
    office.agent("1001")
    office.phone("1001").dial("*131")
    office.run(6)
    return office.switch.dispatcher.agents["olena"].reason


def after_one_call_that_is_not_answered(office: Office) -> object:
    desk = office.agent("1001", rings_on)
    office.agent("1003", rejects(486))
    call = office.call("2001", "101")
    office.run(12)
    found = office.switch.dispatcher.agents["olena"].status
    call.hang_up()
    desk.on_call = answers()
    office.run(1)
    return found


def what_a_desk_is_shown(office: Office) -> object:
    desk = office.agent("1001")
    call = office.call("2001", "101")
    office.run(4)
    assert bridged(call, desk.calls[-1])
    invite = desk.calls[-1].invite
    assert invite is not None
    shown = (invite.headers.get("From") or "").partition('"')[2].partition('"')[0]
    call.hang_up()
    office.run(20)
    return shown


def where_somebody_is_parked(office: Office) -> object:
    call = office.call("2001", "*6")
    office.run(0.2)
    return said(call)


def what_an_agent_asks(office: Office) -> object:
    desk = office.agent("1001")
    call = office.call("2001", "101")
    office.run(2.3)
    (heard,) = said(desk.calls[-1])
    call.hang_up()
    office.run(20)
    return heard.partition("verification.")[2].partition("/")[0]


BREAKS = '[break]\n1 = "{}"\n'
VERIFY = '[verification.{}]\nask = "Who is it?"\n'
WORDS = {
    "server": Word("", '[server]\nlanguage = "uk"\n', language_of_a_caller, "en", "uk"),
    "rtp": Word("", 'codecs = ["PCMU"]', codec_of_a_call, "PCMA", "PCMU"),
    "feature": Word("", '[feature]\nlogin = "*81"\n', status_of_a_login, 404, 200),
    "break": Word(BREAKS.format("Lunch"), BREAKS.format("Meeting"), what_a_break_is_called, "Lunch", "Meeting"),
    "offers": Word(
        "", "[offers]\nno_answer_limit = 1\n", after_one_call_that_is_not_answered, Status.AVAILABLE, Status.ON_BREAK
    ),
    "display": Word("", '[display]\nlabel = "append"\n', what_a_desk_is_shown, "Sales: Desk 2001", "Desk 2001 (Sales)"),
    "park": Word(
        '[park]\nplaces = "701-702"\n',
        '[park]\nplaces = "801-802"\n',
        where_somebody_is_parked,
        ("en/park-place/701",),
        ("en/park-place/801",),
    ),
    "verification": Word(VERIFY.format("one"), VERIFY.format("two"), what_an_agent_asks, "one", "two"),
}


def centre(word: str) -> str:
    """The file with *word* in it."""
    if word.startswith("codecs"):
        return CENTRE.replace("[rtp]", f"[rtp]\n{word}")
    if word.startswith("[verification."):
        name = word.removeprefix("[verification.").partition("]")[0]
        return CENTRE.replace("[queue.sales]\n", f'[queue.sales]\nverify = "{name}"\n') + word
    return CENTRE + word


@pytest.mark.parametrize("name", WORDS)
def test_new_words_are_gone_by_from_the_next_call_on(name: str) -> None:
    word = WORDS[name]
    office = Office(centre=centre(word.before))
    assert word.look(office) == word.first
    for phone in office.phones.values():
        for call in phone.calls:
            call.hang_up()
    office.run(20)
    office.switch.reload(office.centre.replace(centre(word.before), centre(word.after)))
    assert word.look(office) == word.then
    office.close()
