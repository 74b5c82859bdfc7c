"""What is bound, who changed it, and how to go back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from softswitch.campaigns.book import CHANGED, Book, NoSuchSlot, NoSuchVersion, Outdated
from softswitch.campaigns.documents import Invalid, NotAllowed, read
from softswitch.config import flows, parse_config
from tests.support.sim_ports import MemoryJournal, SimClock

if TYPE_CHECKING:
    from ivr.nodes import Slot
    from ivr.slots import Binding

CONFIG = """
[server]
timezone = "Europe/Kyiv"

[menu.main]
say = "Welcome."
keys = { 1 = "echo" }

[[menu.main.slot]]
id = "promo"
key = "4"
targets = ["say:offer", "say:more"]
templates = ["offer", "plain"]
max_seconds = 8

[[menu.main.slot]]
id = "news"

[say.offer]
say = "The offer."

[say.more]
say = "More."

[say.secret]
say = "Secret."

[template.offer]
text.en = "{what:text max 20} for {sum:money} until {until:date gen}."
text.uk = "{what:text max 20} за {sum:money} до {until:date gen}."

[template.plain]
text = { en = "{words:text max 200}" }

[template.other]
text = "Something else."

[[route]]
did = "100"
to = "menu:main"
"""
OFFER = {
    "campaign": "spring",
    "template": "offer",
    "values": {"what": {"en": "Insurance", "uk": "Страховка"}, "sum": "12.50 UAH", "until": "2026-05-21"},
}
PLAIN = {"campaign": "summer", "template": "plain", "values": {"words": "Sun."}}


def book(journal: MemoryJournal, config: str = CONFIG) -> Book:
    parsed = parse_config(config.encode(), file="c.toml", folder=Path(), env={})
    made = Book(parsed, flows.flow(parsed), SimClock(), journal)
    made.remember(journal.of(CHANGED))
    return made


def put(to: Book, *documents: dict[str, Any], slot: str = "promo", admin: bool = False, **more: Any) -> int:
    return to.put(slot, read({"bindings": list(documents)}), 0.0, by="ann", restructure=admin, **more)


def bound(of: Book, slot: str = "promo") -> list[Binding]:
    return list(of._bindings(slot))


def test_a_binding_is_in_force_at_once_and_leads_where_the_slot_says() -> None:
    one = book(MemoryJournal())
    assert put(one, OFFER) == 1
    (binding,) = bound(one)
    assert binding.prompt.key == "slot.promo.spring.1"
    assert binding.prompt.args == {"sum": "12.50 UAH", "until": "2026-05-21"}
    assert str(binding.target) == "say:offer"
    assert binding.percent == 100


def test_every_change_is_written_down_with_who_when_old_and_new() -> None:
    journal = MemoryJournal()
    one = book(journal)
    put(one, OFFER)
    put(one, OFFER | {"percent": 10})
    first, second = journal.of(CHANGED)
    assert (first.data["by"], first.data["version"], first.data["old"]) == ("ann", 1, [])
    assert second.data["old"] == first.data["new"]
    assert second.data["new"][0]["percent"] == 10
    assert second.at == SimClock().wall(0.0)


def test_a_restart_knows_what_was_bound() -> None:
    journal = MemoryJournal()
    one = book(journal)
    put(one, OFFER, PLAIN)
    put(one, OFFER, PLAIN | {"values": {"words": "More sun."}})
    again = book(journal)
    assert bound(again) == bound(one)
    assert again.version("promo") == 2
    assert [change.version for change in again.history("promo")] == [2, 1]


def test_a_message_that_stays_as_it_was_keeps_its_version() -> None:
    one = book(MemoryJournal())
    put(one, OFFER)
    put(one, OFFER, PLAIN)
    put(one, OFFER | {"percent": 50}, PLAIN)
    assert [binding.version for binding in bound(one)] == [3, 2]


def test_a_rollback_says_again_what_was_said_before() -> None:
    one = book(MemoryJournal())
    put(one, OFFER)
    before = bound(one)
    put(one, PLAIN)
    assert one.rollback("promo", 0.0, by="ann") == 3
    assert bound(one) == before
    assert one.rollback("promo", 0.0, by="ann", to=2) == 4
    assert [binding.campaign for binding in bound(one)] == ["summer"]
    assert one.rollback("promo", 0.0, by="ann", to=0) == 5
    assert bound(one) == []
    with pytest.raises(NoSuchVersion, match="there is no version 9"):
        one.rollback("promo", 0.0, by="ann", to=9)
    with pytest.raises(NoSuchVersion):
        one.rollback("promo", 0.0, by="ann", to=-1)


def test_who_did_not_see_the_last_change_does_not_overwrite_it() -> None:
    one = book(MemoryJournal())
    put(one, OFFER, expected=0)
    with pytest.raises(Outdated) as outdated:
        put(one, PLAIN, expected=0)
    assert outdated.value.version == 1
    with pytest.raises(Outdated):
        one.rollback("promo", 0.0, by="ann", expected=0)
    assert [binding.campaign for binding in bound(one)] == ["spring"]


def test_marketing_leads_callers_where_the_slot_allows_and_an_admin_anywhere() -> None:
    one = book(MemoryJournal())
    put(one, OFFER | {"target": "say:more"})
    with pytest.raises(NotAllowed, match="needs an admin"):
        put(one, OFFER | {"target": "say:secret"})
    put(one, OFFER | {"target": "say:secret"}, admin=True)
    assert str(bound(one)[0].target) == "say:secret"
    put(one, OFFER | {"target": ""})
    assert bound(one)[0].target is None


def test_a_message_may_say_what_a_crm_has_told_of_the_caller() -> None:
    one = book(MemoryJournal())
    put(one, OFFER | {"values": OFFER["values"] | {"until": "{expires}"}})  # type: ignore[operator]
    (binding,) = bound(one)
    assert binding.needs == {"expires"}
    assert binding.prompt.text["uk"] == "Страховка за {sum:money} до {expires:date gen}."


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (OFFER | {"values": OFFER["values"] | {"what": "{x}"}}, "word " * 200),  # type: ignore[operator]
        (OFFER | {"values": OFFER["values"] | {"what": "{x}"}}, "two\nlines"),  # type: ignore[operator]
        (OFFER | {"values": OFFER["values"] | {"sum": "{x}"}}, "lots of it"),  # type: ignore[operator]
        (OFFER | {"values": OFFER["values"] | {"until": "{x}"}}, "soon"),  # type: ignore[operator]
        (PLAIN | {"values": {"words": "{x}"}}, "w" * 100),  # there is room for 200 letters, but not for 8 s
    ],
)
def test_what_a_crm_has_told_has_to_fit_its_field_and_the_slot(
    document: dict[str, Any], told: str, caplog: pytest.LogCaptureFixture
) -> None:
    one = book(MemoryJournal())
    put(one, document)
    assert one.messages((one.slots["promo"],), {"x": told}, 0.0) == ()
    assert f'campaign "{document["campaign"]}" is silent for a caller' in caplog.text
    assert told not in caplog.text


@pytest.mark.parametrize(("field", "told"), [("what", "KASKO"), ("sum", "99 EUR"), ("until", "2026-06-01")])
def test_what_fits_is_said(field: str, told: str) -> None:
    one = book(MemoryJournal())
    put(one, OFFER | {"values": OFFER["values"] | {field: "{x}"}})  # type: ignore[operator]
    assert len(one.messages((one.slots["promo"],), {"x": told}, 0.0)) == 1


def test_news_for_everybody_are_neither_counted_nor_capped() -> None:
    text = CONFIG.replace('id = "news"', 'id = "news"\nadvertising = false')
    one = book(MemoryJournal(), f"{text}\n[campaigns.cap]\nmessages = 1\ndays = 7\n")
    put(one, OFFER | {"campaign": "outage", "target": ""}, slot="news")
    put(one, OFFER)
    both = (one.slots["news"], one.slots["promo"])
    variables = {"ani": "+380501234567"}

    def heard(*slots: Slot) -> list[str]:
        return [message.campaign for message in one.messages(slots, variables, 0.0)]

    assert heard(*both) == ["outage", "spring"]  # news take no room from offers in the same menu
    one.told("+380501234567", "call-1", "slot.news.outage.1", 0.0)
    one.told("+380501234567", "call-2", "slot.news.outage.1", 0.0)
    assert heard(*both) == ["outage", "spring"]
    one.told("+380501234567", "call-2", "slot.promo.spring.1", 0.0)
    assert heard(*both) == heard(*both[::-1]) == ["outage"]


def test_an_unknown_slot_is_no_slot() -> None:
    with pytest.raises(NoSuchSlot):
        put(book(MemoryJournal()), OFFER, slot="nothing")


@pytest.mark.parametrize(
    ("change", "where", "message"),
    [
        ({"template": "other"}, "template", "is no template of this slot; allowed: offer, plain"),
        ({"template": "none"}, "template", "is no template"),
        ({"values": OFFER["values"] | {"sum": "12"}}, "values.sum", "an amount"),  # type: ignore[operator]
        ({"values": OFFER["values"] | {"what": {"en": "x"}}}, "values.what.uk", "is missing"),  # type: ignore[operator]
        (
            {"template": "plain", "values": {"words": "x" * 150}},
            "values",
            "takes about 12 s to say; this slot allows 8",
        ),
        ({"active_from": "tomorrow"}, "active_from", "a time such as"),
        ({"active_from": "2026-05-02", "active_until": "2026-05-01"}, "active_until", "is not after active_from"),
        ({"condition": "segment = gold"}, "condition", 'column 9: "=" means nothing here'),
        ({"target": "say:nowhere"}, "target", 'there is no "say:nowhere"'),
        ({"target": "nonsense"}, "target", '"nonsense" is not a target'),
        ({"audio": "https://ann:secret@cdn.example/a.mp3"}, "audio", "should be an address such as"),
        ({"audio": {"en": "https://ann@cdn.example/a.mp3"}}, "audio.en", "should be an address such as"),
        ({"audio": "ftp://cdn.example/a.mp3"}, "audio", "should be an address such as"),
    ],
)
def test_what_does_not_fit_is_refused_by_the_name_of_its_field(
    change: dict[str, Any], where: str, message: str
) -> None:
    one = book(MemoryJournal())
    with pytest.raises(Invalid) as invalid:
        put(one, PLAIN, OFFER | change, admin=True)
    ((field, text),) = invalid.value.problems
    assert field == f"bindings[1].{where}"
    assert message in text
    assert one.version("promo") == 0


def test_a_campaign_is_bound_once() -> None:
    with pytest.raises(Invalid, match=r"bindings\[1\].campaign: \"spring\" is bound here already"):
        put(book(MemoryJournal()), OFFER, OFFER)


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ({"bindings": [OFFER | {"percent": 101}]}, "bindings[0].percent"),
        ({"bindings": [OFFER | {"percent": "10"}]}, "bindings[0].percent"),
        ({"bindings": [OFFER | {"campaign": "a.b"}]}, "bindings[0].campaign"),
        ({"bindings": [OFFER | {"colour": "red"}]}, "bindings[0].colour"),
        ({"bindings": [OFFER] * 51}, "bindings"),
        ({"bindings": 5}, "bindings"),
        ([], "body"),
    ],
)
def test_a_document_of_another_shape_is_refused_by_the_name_of_its_field(data: object, where: str) -> None:
    with pytest.raises(Invalid) as invalid:
        read(data)
    assert where in [field for field, _ in invalid.value.problems]


def test_times_are_on_the_clock_of_the_switch() -> None:
    one = book(MemoryJournal())
    put(one, OFFER | {"active_from": "2026-05-01T09:00", "active_until": "2026-05-01T09:00:00+00:00"})
    (binding,) = bound(one)
    assert binding.active_until - binding.active_from == 3 * 3600


def test_a_message_that_fits_the_configuration_no_more_is_silent_and_the_others_are_not() -> None:
    journal = MemoryJournal()
    one = book(journal)
    put(one, OFFER, PLAIN)
    without = CONFIG.replace("[template.offer]", "[template.gone]").replace('["offer", "plain"]', '["plain"]')
    assert [binding.campaign for binding in bound(book(journal, without))] == ["summer"]
    parsed = parse_config(without.encode(), file="c.toml", folder=Path(), env={})
    one.reconfigure(parsed, flows.flow(parsed))
    assert [binding.campaign for binding in bound(one)] == ["summer"]
    back = parse_config(CONFIG.encode(), file="c.toml", folder=Path(), env={})
    one.reconfigure(back, flows.flow(back))
    assert [binding.campaign for binding in bound(one)] == ["spring", "summer"]


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize(("admin", "target"), [(False, "say:more"), (True, "say:more"), (True, "say:secret")])
def test_a_target_taken_out_of_the_slot_leads_only_callers_of_an_admin_there(
    admin: bool, target: str, restarted: bool
) -> None:
    journal = MemoryJournal()
    one = book(journal)
    put(one, OFFER | {"target": target}, PLAIN, admin=admin)
    smaller = CONFIG.replace('targets = ["say:offer", "say:more"]', 'targets = ["say:offer"]')
    if restarted:
        one = book(journal, smaller)
    else:
        parsed = parse_config(smaller.encode(), file="c.toml", folder=Path(), env={})
        one.reconfigure(parsed, flows.flow(parsed))
    heard = [(binding.campaign, str(binding.target)) for binding in bound(one)]
    assert heard == ([("spring", target)] if admin else []) + [("summer", "say:offer")]
    put(one)
    one.rollback("promo", 0.0, by="ann")
    for later in (one, book(journal, smaller)):
        assert [(binding.campaign, str(binding.target)) for binding in bound(later)] == heard


def test_it_is_known_since_when_a_campaign_is_bound() -> None:
    one = book(MemoryJournal())
    assert one.first_bound("spring") == 0.0
    one.put("promo", read({"bindings": [OFFER]}), 50.0, by="ann", restructure=False)
    one.put("promo", read({"bindings": [OFFER, PLAIN]}), 90.0, by="ann", restructure=False)
    assert one.first_bound("spring") == SimClock().wall(50.0)
    assert one.first_bound("summer") == SimClock().wall(90.0)


def test_the_preview_number_tells_everything_or_one_message_of_a_slot() -> None:
    one = book(MemoryJournal())
    put(one, OFFER | {"draft": True}, PLAIN)
    texts = {prompt.key for prompt in one.preview("*701") or ()}
    assert texts == {"slot.promo.spring.1", "slot.promo.summer.1"}
    assert [prompt.key for prompt in one.preview("*701*2") or ()] == ["slot.promo.summer.1"]
    assert one.preview("*702") == one.preview("*709") == one.preview("*701*0") == one.preview("*701*7") == ()
    assert one.preview("*70") is one.preview("*71") is one.preview("*701*") is one.preview("100") is None


CRM = '[webservice.crm]\nurl = "https://crm.example/{ani}"\nthen = "menu:main"\nwhen_failed = "menu:main"\n'
WHAT = {"en": "Insurance", "uk": "Страховка"}
PRESS: dict[str, Any] = {"campaign": "autumn", "template": "press"}
PRESSING = (
    CONFIG.replace('templates = ["offer", "plain"]', 'templates = ["offer", "plain", "press"]')
    + """
[template.press]
text = { en = "Leaves. Press 4.", uk = "Листя. Натисніть 4." }

[[list.friends]]
number = "+380441234567"
data = { segment = "gold" }
"""
)


def offer(what: dict[str, str]) -> dict[str, Any]:
    return OFFER | {"values": {"what": what, "sum": "12.50 UAH", "until": "2026-05-21"}}


def refused(config: str, document: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        put(book(MemoryJournal(), config), document)
    return list(caught.value.problems)


def test_values_in_languages_that_the_template_lacks_are_refused() -> None:
    assert refused(CONFIG, offer(WHAT | {"ua": "Страховка", "pl": "Ubezpieczenie"})) == [
        ("bindings[0].values.what.pl", "the template has no such language; it has en, uk"),
        ("bindings[0].values.what.ua", 'the template has no such language; it has en, uk; did you mean "uk"?'),
    ]
    assert [field for field, _ in refused(CONFIG, offer({"en": "Insurance", "ua": "Страховка"}))] == [
        "bindings[0].values.what.ua",
        "bindings[0].values.what.uk",
    ]


def test_a_key_that_callers_are_told_of_does_not_lead_nowhere() -> None:
    told = 'leads nowhere, and the template tells callers in "en" to press 4'
    assert refused(PRESSING, PRESS | {"target": ""}) == [("bindings[0].target", told)]
    put(book(MemoryJournal(), PRESSING), PRESS)
    put(book(MemoryJournal(), PRESSING), PLAIN | {"target": ""})


def test_what_is_bound_already_is_heard_although_it_would_be_refused_now() -> None:
    journal = MemoryJournal()
    new = [{**document, "version": 1} for document in (offer(WHAT | {"pl": "x"}), PRESS | {"target": ""})]
    journal.append(CHANGED, None, {"slot": "promo", "version": 1, "by": "ann", "what": "put", "new": new}, at=1.0)
    one = book(journal, PRESSING)
    assert [binding.campaign for binding in bound(one)] == ["spring", "autumn"]
    put(one, PLAIN)
    one.rollback("promo", 0.0, by="ann")
    assert [binding.campaign for binding in bound(one)] == ["spring", "autumn"]


@pytest.mark.parametrize(
    ("document", "warnings"),
    [
        (PLAIN | {"condition": "segment == gold and did != 100 and not menu_path"}, []),
        (PLAIN | {"values": {"words": "{segment}"}}, []),
        (
            PLAIN | {"condition": "segmnt == gold or colour == red"},
            [
                ("condition", 'nothing in the configuration gives calls a variable "colour"'),
                ("condition", 'nothing in the configuration gives calls a variable "segmnt"; did you mean "segment"?'),
            ],
        ),
        (
            PLAIN | {"values": {"words": "{segmnt}"}},
            [
                (
                    "values.words",
                    'nothing in the configuration gives calls a variable "segmnt"; did you mean "{segment}"?',
                ),
            ],
        ),
    ],
)
def test_variables_that_nothing_gives_to_calls_are_told(document: Any, warnings: list[tuple[str, str]]) -> None:
    one = book(MemoryJournal(), PRESSING)
    put(one, document)
    assert one.unknown("promo") == [(f"bindings[0].{field}", what) for field, what in warnings]


def test_where_others_may_tell_anything_only_misspelt_variables_are_told() -> None:
    one = book(MemoryJournal(), PRESSING + CRM + '[[route]]\ndid = "101"\nto = "webservice:crm"\n')
    put(one, PLAIN | {"condition": "colour == red and segmnt == gold"})
    ((field, what),) = one.unknown("promo")
    assert (field, "segmnt" in what) == ("bindings[0].condition", True)


def test_a_web_service_that_only_picks_messages_tells_nothing_else_of_a_caller() -> None:
    one = book(MemoryJournal(), PRESSING.replace('id = "news"', 'id = "news"\nwebservice = "crm"') + CRM)
    put(one, PLAIN | {"condition": "colour == red and segmnt == gold"})
    assert len(one.unknown("promo")) == 2


NO_SUCH_FIELD = 'values.words: the template "plain" has no such field; its fields: text'


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("{words:text max 200}", "{text:text max 200}", NO_SUCH_FIELD),
        ('"offer", "plain"]', '"offer"]', 'template: "plain" is no template of this slot; allowed: offer'),
        ('id = "promo"', 'id = "promotion"', 'there is no slot "promo" any more'),
    ],
)
def test_a_file_that_silences_a_message_is_known_before_and_after(
    caplog: pytest.LogCaptureFixture, before: str, after: str, why: str
) -> None:
    one = book(MemoryJournal())
    put(one, OFFER, PLAIN)
    assert (one.unfit("promo"), one.silent("promo", {}, 0.0)) == ({}, [])
    changed = parse_config(CONFIG.replace(before, after).encode(), file="c.toml", folder=Path(), env={})
    told = one.silenced(changed, flows.flow(changed))
    assert f'warning: slot "promo": campaign "summer" falls silent: {why}' in told
    assert len(bound(one)) == 2
    one.reconfigure(changed, flows.flow(changed))
    assert ("summer", why) in one.silent("promo", {}, 0.0)
    assert f'campaign "summer" is silent: {why}' in caplog.text
    assert one.silenced(changed, flows.flow(changed)) == []
    if "promo" in one.slots:
        assert (one.unfit("promo"), len(bound(one))) == ({1: why}, 1)
        put(one, OFFER)
        assert one.unfit("promo") == {}
        one.rollback("promo", 0.0, by="ann")
        assert one.unfit("promo") == {1: why}
