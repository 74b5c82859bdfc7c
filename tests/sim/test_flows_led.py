"""Callers are led by what is known of them: to their own consultant, to an extension, and nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from softswitch.tryout.command import Request, attempt
from softswitch.tryout.walk import walk
from tests.sim.office import CENTRE, Office, bridged, said, statuses
from tests.support.sim_phone import answers, rejects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.sim_phone import PhoneCall

LED = """
[webservice.crm]
url = "https://crm.example/{ani}"
result = { consultant = "consultant", deputy = "deputy" }
then = "agent:{consultant}"
when_unavailable = ["agent:{deputy}", "queue:everybody"]
when_failed = "queue:everybody"

[collect.extension]
say = "Enter the extension."
digits = 4
variable = "extension"
then = "phone:{extension}"
when_unavailable = "say:nobody-there"
when_failed = "queue:everybody"

[say.nobody-there]
say = "There is no such extension."
then = "collect:extension"

[collect.code]
say = "Enter your code."
digits = 4
mask = true
variable = "code"
then = "webservice:desk"
when_failed = "queue:everybody"

[webservice.desk]
url = "https://crm.example/{code}"
result = { place = "place" }
then = "phone:{place}"
when_unavailable = "queue:everybody"

[menu.keys]
say = "1 for your consultant."
keys = { 1 = "agent:{agent}" }
when_no_input = "queue:{agent}"

[lookup.vip]
list = "vip"
then = "agent:{agent}"
when_unknown = "queue:manned"
when_failed = "queue:everybody"

[[list.vip]]
number = "+380509999999"
agent = "olena"

[[route]]
did = "150"
to = "webservice:crm"

[[route]]
did = "151"
to = "collect:extension"

[[route]]
did = "152"
to = "collect:code"

[[route]]
did = "153"
to = "menu:keys"
when_unavailable = "queue:everybody"

[[route]]
did = "154"
to = "lookup:vip"
"""

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.fixture
def office() -> Iterator[Office]:
    there = Office(centre=CENTRE + LED)
    yield there
    there.close()


def path(office: Office) -> list[str]:
    """Where the caller was; agents who log in go ways of their own."""
    nodes = [str(line.data["node"]) for line in office.switch.journal.of("ivr.node_entered")]
    return [node for node in nodes if node not in ("say:login", "hangup")]


def asked(office: Office, **answer: str) -> PhoneCall:
    call = office.trunk().dial("150")
    office.run(0.5)
    office.switch.answered(answer)
    office.run(4)
    assert max(statuses(call), default=0) < 400
    return call


def typed(office: Office, did: str, keys: str) -> PhoneCall:
    call = office.trunk().dial(did)
    office.run(4)
    for key in keys:
        call.press(key)
        office.run(0.2)
    office.run(3)
    assert max(statuses(call), default=0) < 400
    return call


def test_a_customer_comes_to_their_own_consultant(office: Office) -> None:
    olena = office.agent("1001", answers(after=1))
    call = asked(office, consultant="olena", deputy="iryna")
    assert path(office) == ["webservice:crm", "agent:olena"]
    assert bridged(call, olena.calls[-1])


def test_to_the_deputy_when_the_consultant_is_not_there(office: Office) -> None:
    iryna = office.agent("1003", answers(after=1))
    call = asked(office, consultant="olena", deputy="iryna")
    assert path(office) == ["webservice:crm", "agent:olena", "agent:iryna"]
    assert bridged(call, iryna.calls[-1])


def test_and_to_the_queue_of_the_deputies_when_neither_is(office: Office) -> None:
    marek = office.agent("1004", answers(after=1))
    office.agent("1001", rejects(486))
    call = asked(office, consultant="olena", deputy="iryna")
    assert path(office)[-1] == "queue:everybody"
    assert bridged(call, marek.calls[-1])


@pytest.mark.parametrize(
    ("answer", "nowhere"),
    [
        ({"consultant": "nobody", "deputy": "iryna"}, ["agent:nobody"]),
        ({"deputy": "iryna"}, ["agent:{consultant}"]),
        ({"consultant": " ", "deputy": "iryna"}, ["agent:{consultant}"]),
        ({"consultant": "olena/x", "deputy": "queue:sales"}, ["agent:olena/x", "agent:queue:sales"]),
        ({}, ["agent:{consultant}", "agent:{deputy}"]),
    ],
)
def test_a_consultant_whom_nobody_knows_is_passed_over(
    office: Office, answer: dict[str, str], nowhere: list[str]
) -> None:
    office.agent("1003", answers(after=1))
    asked(office, **answer)
    assert [line.data["node"] for line in office.switch.journal.of("ivr.not_there")] == nowhere
    assert path(office)[1:] == (["agent:iryna"] if len(nowhere) == 1 else ["queue:everybody"])


def test_callers_dial_the_extension_of_a_phone(office: Office) -> None:
    office.phone("2003").on_call = answers(after=1)
    call = typed(office, "151", "2003")
    assert bridged(call, office.phone("2003").calls[-1])


def test_an_extension_that_there_is_not_leads_to_what_is_written(office: Office) -> None:
    call = typed(office, "151", "9999")
    assert path(office) == ["collect:extension", "say:nobody-there", "collect:extension"]
    assert said(call) == ("uk/collect.extension",)


@pytest.mark.parametrize("keys", ["4711", "2003"])
def test_a_masked_entry_leads_nowhere_under_whatever_name_and_is_told_to_nobody(office: Office, keys: str) -> None:
    typed(office, "152", keys)
    office.switch.answered({"place": keys})
    office.run(1)
    assert path(office)[-1] == "queue:everybody"
    assert keys not in str(office.switch.journal.lines)


def test_keys_and_silence_of_a_menu_lead_by_what_is_known(office: Office) -> None:
    typed(office, "153", "1")
    assert path(office) == ["menu:keys", "queue:everybody"]
    (line,) = office.switch.journal.of("ivr.not_there")
    assert line.data == {"node": "agent:{agent}", "to": "queue:everybody"}


@pytest.mark.parametrize(
    ("answer", "outcome", "way"),
    [
        ({"agent": "olena"}, "ok", ["agent:olena", "queue:manned"]),
        ({"agent": "gone"}, "ok", ["queue:manned"]),
        ({}, "ok", ["queue:manned"]),
        ({}, "unknown", ["queue:manned"]),
        ({}, "timeout", ["queue:everybody"]),
    ],
)
def test_a_lookup_that_leads_to_nobody_is_one_that_found_nothing(
    office: Office, answer: dict[str, str], outcome: str, way: list[str]
) -> None:
    call = office.trunk().dial("154")
    office.run(0.5)
    office.switch.answered(answer, outcome)
    office.run(0.2)
    call.hang_up()
    assert path(office)[1 : 1 + len(way)] == way
    office.run(1)


def test_try_walks_it() -> None:
    office = Office(centre=CENTRE + LED)
    config = office.switch.config
    done = walk(config, attempt(config, Request("154", ani="+380509999999", trunk="carrier"), NOW))
    assert done.path == ["lookup:vip", "agent:olena"]
    done = walk(config, attempt(config, Request("151", ani="+380501234567", trunk="carrier", digits="9999,2003"), NOW))
    assert done.path == ["collect:extension", "say:nobody-there", "collect:extension", "phone:2003"]
    assert "there is no phone:9999: goes on to say:nobody-there" in [step.text for step in done.steps]
    office.close()
