"""What campaigns say in a call that is tried: as the switch has it bound at that moment, or as a test says."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from softswitch.call.supposed import QuestionError
from softswitch.campaigns.book import CHANGED
from softswitch.config import parse_config
from softswitch.store.database import FILE_NAME
from softswitch.store.journal import JournalWriter
from softswitch.tryout.book import Message
from softswitch.tryout.calltest import read_tests, run_test
from softswitch.tryout.command import Request, attempt
from softswitch.tryout.walk import walk

if TYPE_CHECKING:
    from pathlib import Path

    from softswitch.config import Config
    from softswitch.tryout.walk import Walk

CENTRE = """
[feature]
preview = "*80*"

[[phone]]
user = "1001"
password = "a-long-secret"

[menu.main]
say = "Welcome."
keys = { 1 = "echo" }
retries = 0
when_no_input = "hangup"

[[menu.main.slot]]
id = "promo"
key = "4"
targets = ["say:offer"]

[[menu.main.slot]]
id = "asked"
webservice = "crm"
key = "5"
targets = ["say:offer"]

[webservice.crm]
url = "https://crm.example/"

[say.offer]
say = "The offer."

[template.plain]
text = { en = "{words:text max 200}" }

[[route]]
did = "100"
to = "menu:main"

[collect.pin]
say = "PIN."
digits = 4
mask = true
variable = "pin"
then = "menu:main"

[[route]]
did = "200"
to = "collect:pin"
"""
BOUND = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
SPRING: dict[str, Any] = {"campaign": "spring", "template": "plain", "values": {"words": "Spring is here."}}


def config(folder: Path) -> Config:
    return parse_config(CENTRE.encode(), file="c", folder=folder, env={})


def bind(folder: Path, at: datetime, version: int, *documents: dict[str, Any]) -> None:
    """As the running switch writes it down."""

    async def write() -> None:
        (folder / "var").mkdir(exist_ok=True)
        journal = JournalWriter(folder / "var" / FILE_NAME)
        await journal.start()
        new = [{**document, "version": version} for document in documents]
        line = {"slot": "promo", "version": version, "by": "marketing", "what": "put", "old": [], "new": new}
        journal.append(CHANGED, None, line, at=at.timestamp())
        await journal.close()

    asyncio.run(write())


def tried(folder: Path, at: datetime, digits: str = "", *answers: str, did: str = "100") -> Walk:
    there = config(folder)
    return walk(there, attempt(there, Request(did, phone="1001", digits=digits, answers=answers), at))


def heard(done: Walk) -> list[str]:
    return [said.text for said in done.said]


def test_what_is_bound_at_the_moment_is_voiced_and_its_key_lives(tmp_path: Path) -> None:
    until = (BOUND + timedelta(hours=2)).isoformat()
    bind(tmp_path, BOUND, 1, {**SPRING, "active_until": until})
    during = tried(tmp_path, BOUND + timedelta(hours=1), "4")
    assert heard(during) == ["Welcome.", "Spring is here.", "The offer."]
    assert during.path == ["menu:main", "say:offer", "hangup"]
    for outside in (BOUND - timedelta(seconds=1), BOUND + timedelta(hours=2)):
        done = tried(tmp_path, outside, "4")
        assert (heard(done)[0], done.path) == ("Welcome.", ["menu:main", "hangup"]), "its key is a wrong one"


def test_a_moment_that_has_passed_has_what_was_bound_then(tmp_path: Path) -> None:
    bind(tmp_path, BOUND, 1, SPRING)
    bind(tmp_path, BOUND + timedelta(days=1), 2)
    assert "Spring is here." in heard(tried(tmp_path, BOUND + timedelta(hours=1)))
    assert "Spring is here." not in heard(tried(tmp_path, BOUND + timedelta(days=2)))


def test_a_switch_that_never_ran_has_nothing_bound(tmp_path: Path) -> None:
    assert heard(tried(tmp_path, BOUND, "1")) == ["Welcome."]


def test_a_crm_may_say_what_this_caller_hears(tmp_path: Path) -> None:
    answer = '{"bindings": [{"campaign": "own", "template": "plain", "values": {"words": "For you, alone."}}]}'
    done = tried(tmp_path, BOUND, "-", f"slot:asked={answer}")
    assert heard(done) == ["Welcome.", "For you, alone."]
    assert [step.text for step in done.steps if step.kind in ("ask", "message")] == [
        "slot:asked is asked: 1 messages",
        "slot asked has message own (version 0) for this caller",
    ]
    for wrong, outcome in {"timeout": "timeout", '{"bindings": [{"campaign": "own"}]}': "unreadable"}.items():
        done = tried(tmp_path, BOUND, "-", f"slot:asked={wrong}")
        assert heard(done) == ["Welcome."]
        assert f"slot:asked is asked: {outcome}" in [step.text for step in done.steps]
    texts = [step.text for step in tried(tmp_path, BOUND, "-").steps]
    assert "slot:asked is asked: no answer is given, what is bound to it is heard" in texts


def test_nobody_learns_what_was_entered_masked_by_what_a_crm_answers(tmp_path: Path) -> None:
    def told(**more: object) -> list[str]:
        values = more.pop("values", {"words": "For you, alone."})
        binding = {"campaign": "own", "template": "plain", "values": values, **more}
        return heard(tried(tmp_path, BOUND, "4711,-", f"slot:asked={json.dumps({'bindings': [binding]})}", did="200"))

    assert told()[-1] == "For you, alone."
    assert told(condition="pin = 4711")[-1] == "Welcome."
    assert told(values={"words": "It was 4711."})[-1] == "Welcome."


def test_drafts_are_listened_to_by_the_preview_number(tmp_path: Path) -> None:
    bind(tmp_path, BOUND, 1, {**SPRING, "draft": True})
    assert heard(tried(tmp_path, BOUND + timedelta(hours=1), did="*80*1")) == ["Spring is here."]
    assert "Spring is here." not in heard(tried(tmp_path, BOUND + timedelta(hours=1)))


TEST = """
[[test]]
name = "Spring"
did = "100"
phone = "1001"
at = "2026-11-23 12:00"
digits = "4"
[[test.message]]
slot = "promo"
campaign = "own"
template = "plain"
values = { words = "Of this test." }
[test.expect]
prompts = ["Welcome", "Of this test"]
not_said = "Spring"
path = ["menu:main", "say:offer", "hangup"]
"""


def test_a_test_may_say_what_campaigns_say(tmp_path: Path) -> None:
    bind(tmp_path, BOUND, 1, SPRING)
    file = tmp_path / "a.calltest.toml"
    file.write_text(TEST)
    (test,) = read_tests(file)
    assert run_test(config(tmp_path), test, BOUND).differences == ()
    file.write_text(TEST.replace('slot = "promo"', 'slot = "prom"'))
    (test,) = read_tests(file)
    assert run_test(config(tmp_path), test, BOUND).differences == ('there is no slot "prom"; there are promo, asked',)


def test_a_test_may_have_answers_as_toml(tmp_path: Path) -> None:
    file = tmp_path / "a.calltest.toml"
    document = '{ bindings = [{ campaign = "own", template = "plain", values = { words = "One, two." } }] }'
    answers = f'answers = {{ "slot:asked" = {{ body = {document} }} }}\n'
    expected = TEST.replace("Of this test", "One, two").replace('digits = "4"', 'digits = "5"\n' + answers)
    file.write_text(
        expected.replace(expected[expected.index("[[test.message]]") : expected.index("[test.expect]")], "")
    )
    (test,) = read_tests(file)
    assert run_test(config(tmp_path), test, BOUND).differences == ()


def test_a_message_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    there = config(tmp_path)
    wrong = Message(slot="promo", campaign="x", template="none")
    question = attempt(there, Request("100", phone="1001"), BOUND)
    with pytest.raises(QuestionError, match='"none" is no template of this slot'):
        walk(there, type(question)(question.did, question.caller, question.at, messages=[wrong]))


def test_versions_and_wishes_are_as_the_switch_has_them_at_that_moment(tmp_path: Path) -> None:
    versions = 'versions = [{ to = "menu:new", percent = 0 }]\n\n[[menu.main.slot]]\nid = "promo"'
    text = CENTRE.replace('\n[[menu.main.slot]]\nid = "promo"', versions, 1)
    text += '\n[menu.new]\nsay = "New."\nkeys = { 1 = "set:none" }\n[set.none]\noptout = true\nthen = "echo"\n'
    there = parse_config(text.encode(), file="c", folder=tmp_path, env={})
    bind(tmp_path, BOUND, 1, SPRING)

    async def write() -> None:
        journal = JournalWriter(tmp_path / "var" / FILE_NAME)
        await journal.start()
        wish = {"number": "1001", "campaign": "", "out": True, "by": "ann"}
        journal.append("contact.opted", None, wish, at=BOUND.timestamp() + 60)
        shares = {"place": "menu:main", "by": "ann", "old": {}, "new": {"menu:new": 100}, "configured": {"menu:new": 0}}
        journal.append("rollout.changed", None, shares, at=BOUND.timestamp() + 120)
        await journal.close()

    asyncio.run(write())

    def at(seconds: float) -> Walk:
        moment = BOUND + timedelta(seconds=seconds)
        return walk(there, attempt(there, Request("100", phone="1001", digits="1"), moment))

    assert [said.text for said in at(1).said][:2] == ["Welcome.", "Spring is here."]
    assert [said.text for said in at(61).said] == ["Welcome."]
    last = at(121)
    assert last.path == ["menu:new", "set:none", "echo"]
    steps = [step.text for step in last.steps]
    assert "of menu:main has menu:new, as 100 % of the callers" in steps
    assert "wants no offers any more" in steps


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        ({"condition": 'segment == "gold"'}, "its condition is not met: segment = nothing"),
        ({"draft": True}, "it is a draft"),
        ({"active_until": "2026-01-01T00:00:00Z"}, "it is over"),
        ({"active_from": "2036-01-01T00:00:00Z", "active_until": "2036-01-02T00:00:00Z"}, "it is not yet active"),
    ],
)
def test_a_message_that_is_not_for_this_caller_says_why(tmp_path: Path, wish: dict[str, object], why: str) -> None:
    bind(tmp_path, BOUND, 1, {key: value for key, value in SPRING.items() if not key.startswith("active")} | wish)
    done = tried(tmp_path, BOUND + timedelta(hours=1))
    assert "Spring is here." not in heard(done)
    assert [step.text for step in done.steps if step.kind == "message"] == [
        f"slot promo is without message {SPRING['campaign']}: {why}"
    ]
