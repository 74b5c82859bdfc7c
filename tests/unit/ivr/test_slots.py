"""A place in a menu that is there only while a campaign says something at it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr import conditions
from ivr.effects import DigitsDropped, MessageVoiced, NodeEntered, PlayPrompts, PromptsStarted
from ivr.nodes import Flow, Menu, MenuAction, Prompt, Queue, Slot
from ivr.progress import Progress
from ivr.session import Session
from ivr.slots import Binding, Voiced, prompt_key, share, voiced, with_messages
from ivr.targets import Target
from tests.support.ivr_caller import Caller

if TYPE_CHECKING:
    from ivr.steps import MessageLookup

T = Target.parse
SLOT = Slot("promo", key="4", after=1)
PLAIN = Menu(
    "main",
    say=(Prompt("menu.main"), Prompt("menu.main.2")),
    keys={"1": T("queue:sales"), "5": T("queue:other"), "0": MenuAction.REPEAT},
    when_no_input=T("queue:sales"),
)
MENU = replace(PLAIN, slots=(SLOT,))
WALL = 1_800_000_000.0


def flow(menu: Menu) -> Flow:
    nodes = (menu, Queue("sales"), Queue("other"), Queue("offer"))
    return Flow({node.target: node for node in nodes})


def message(campaign: str = "spring", version: int = 1, **fields: object) -> Binding:
    prompt = Prompt(prompt_key("promo", campaign, version), text={"en": f"{campaign} {version}"})
    return Binding(campaign, version, prompt, **({"target": T("queue:offer")} | fields))  # type: ignore[arg-type]


def lookup(*bindings: Binding) -> MessageLookup:
    return lambda slots, variables, now: voiced(slots, lambda slot: bindings, variables, WALL + now)


def enter(*bindings: Binding, at: float = 0.0, menu: Menu = MENU, prompt_seconds: float = 3.0) -> Caller:
    caller = Caller(flow(menu), messages=lookup(*bindings), now=at, prompt_seconds=prompt_seconds)
    return caller.call("menu:main")


def heard(caller: Caller) -> list[str]:
    caller.wait(15)
    return [key for record in caller.records if isinstance(record, PromptsStarted) for key in record.keys][:3]


# --- when and where


def test_a_message_is_said_at_its_place_and_its_key_leads_on() -> None:
    assert heard(enter(message())) == ["menu.main", "slot.promo.spring.1", "menu.main.2"]
    caller = enter(message()).press("4")
    assert caller.session.progress.node == T("queue:offer")


@pytest.mark.parametrize(
    ("after", "place"), [(0, 0), (1, 1), (2, 2), (None, 2)], ids=["first", "second", "last", "end"]
)
def test_a_message_may_stand_anywhere(after: int | None, place: int) -> None:
    spoken = heard(enter(message(), menu=replace(MENU, slots=(replace(SLOT, after=after),))))
    assert spoken.index("slot.promo.spring.1") == place


def behaviour(caller: Caller, digits: str) -> object:
    caller.press(digits, every=1.0)
    caller.wait(60)
    return caller.effects, [record for record in caller.records if not isinstance(record, MessageVoiced)]


@given(st.text("0145", max_size=6), st.sampled_from(["none", "later", "over", "draft", "others", "percent"]))
def test_without_an_active_message_the_menu_is_as_if_there_were_no_slot(digits: str, why: str) -> None:
    inactive = {
        "none": (),
        "later": (message(active_from=WALL + 0.001),),
        "over": (message(active_until=WALL),),
        "draft": (message(draft=True),),
        "others": (message(condition=conditions.parse("segment == gold")),),
        "percent": (message(percent=0.0),),
    }[why]
    plain = Caller(flow(PLAIN)).call("menu:main")
    assert behaviour(enter(*inactive), digits) == behaviour(plain, digits)


def test_a_message_begins_and_ends_on_the_second() -> None:
    def is_heard(at: float) -> bool:
        return len(enter(message(active_from=WALL + 100, active_until=WALL + 200), at=at).session.progress.voiced) == 1

    assert [is_heard(at) for at in (99.0, 99.999, 100.0, 101.0, 199.999, 200.0, 201.0)] == [
        False, False, True, True, True, False, False,
    ]  # fmt: skip


def test_who_entered_before_the_end_finishes_on_what_there_was() -> None:
    caller = enter(message(active_until=WALL + 2), prompt_seconds=5.0)
    caller.wait(6.0)  # the message begins when it is not active any more
    assert caller.playing is not None
    caller.press("4")
    assert caller.session.progress.node == T("queue:offer")


def test_who_entered_before_the_beginning_does_not_hear_it_at_the_repetition_but_at_the_next_entry() -> None:
    caller = enter(message(active_from=WALL + 2), prompt_seconds=1.0).wait(5).press("0").wait(5)
    assert not any(isinstance(record, MessageVoiced) for record in caller.records)
    assert caller.call("menu:main").session.progress.voiced == []  # a call starts once
    assert len(enter(message(active_from=WALL + 2), at=2.0).session.progress.voiced) == 1


def test_the_key_of_a_silent_slot_is_a_wrong_key() -> None:
    caller = enter().wait(7).press("4")
    assert DigitsDropped(T("menu:main"), "4", "invalid") in caller.records
    assert caller.session.progress.node == T("menu:main")


def test_a_message_that_leads_nowhere_has_no_key() -> None:
    caller = enter(message(target=None)).wait(7).press("4")
    assert DigitsDropped(T("menu:main"), "4", "invalid") in caller.records


def test_a_message_whose_target_is_gone_is_said_without_its_key() -> None:
    caller = enter(message(target=T("queue:gone")))
    (heard,) = caller.session.progress.voiced
    assert isinstance(heard, Voiced)
    assert heard.key == ""


# --- which


def test_a_caller_of_an_earlier_version_is_led_where_the_slot_led_then() -> None:
    slot = replace(SLOT, targets=(T("queue:gone-too"), T("queue:offer")))
    caller = enter(message(target=T("queue:renamed")), menu=replace(MENU, slots=(slot,))).wait(7).press("4")
    assert NodeEntered(T("queue:offer")) in caller.records


def test_the_first_message_that_is_for_the_caller_wins() -> None:
    gold = message("gold", condition=conditions.parse("segment == gold"))
    bindings = (message("later", active_from=WALL + 1), gold, message("all"), message("never"))

    def campaigns(slot: Slot, **variables: str) -> list[str]:
        return [found.campaign for found in voiced((slot,), lambda _: bindings, variables, WALL)]

    assert campaigns(SLOT) == ["all"]
    assert campaigns(SLOT, segment="gold") == ["gold"]
    assert campaigns(replace(SLOT, max_items=3), segment="gold") == ["gold", "all", "never"]


def test_of_several_messages_the_first_that_leads_somewhere_has_the_key() -> None:
    bindings = (message("a", target=None), message("b"), message("c", target=T("queue:other")))
    found = voiced((replace(SLOT, max_items=3),), lambda _: bindings, {}, WALL)
    assert [(one.campaign, one.key) for one in found] == [("a", ""), ("b", "4"), ("c", "")]


def test_the_language_and_the_variables_of_the_call_decide() -> None:
    caller = Caller(flow(MENU), messages=lookup(message(condition=conditions.parse("language == uk"))))
    assert len(caller.call("menu:main", "uk").session.progress.voiced) == 1


def test_who_lacks_what_a_message_says_does_not_hear_it() -> None:
    personal = message(needs=frozenset({"expires"}))
    assert not personal.is_for("promo", {}, WALL)
    assert not personal.is_for("promo", {"expires": ""}, WALL)
    assert personal.is_for("promo", {"expires": "2026-05-21"}, WALL)


# --- a part of the callers


def test_a_share_is_the_same_for_a_caller_and_grows_with_the_percentage() -> None:
    numbers = [f"+38050{n:07d}" for n in range(4000)]

    def those(percent: float, campaign: str = "spring") -> set[str]:
        bound = message(campaign, percent=percent)
        return {number for number in numbers if bound.is_for("promo", {"ani": number}, WALL)}

    assert those(10) == those(10)
    assert those(10) < those(30) < those(100)
    assert 340 < len(those(10)) < 460
    assert those(100) == set(numbers)
    assert len(those(10) & those(10, "other")) < 100  # another campaign has others


def test_a_new_version_keeps_its_callers() -> None:
    numbers = [f"+38050{n:07d}" for n in range(300)]
    one, two = message(version=1, percent=20), message(version=2, percent=20)
    assert [one.is_for("s", {"ani": n}, WALL) for n in numbers] == [two.is_for("s", {"ani": n}, WALL) for n in numbers]


def test_who_withholds_the_number_hears_what_is_for_everybody() -> None:
    assert not message(percent=99.9).is_for("promo", {}, WALL)
    assert message().is_for("promo", {}, WALL)


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_share_lies_between_0_and_100(salt: str, caller: str) -> None:
    assert 0.0 <= share(salt, caller) < 100.0


# --- what is kept


def test_a_message_is_played_alone_so_that_it_is_known_how_much_was_heard() -> None:
    caller = enter(message()).wait(15)
    plays = [effect.prompts for effect in caller.effects if isinstance(effect, PlayPrompts)][:3]
    assert [len(prompts) for prompts in plays] == [1, 1, 1]


def test_what_a_caller_may_hear_is_written_down_once() -> None:
    caller = enter(message(version=7))
    entered = caller.records.index(NodeEntered(T("menu:main")))
    assert caller.records[entered + 1] == MessageVoiced(T("menu:main"), "promo", "spring", 7, "")
    caller.wait(40)
    assert sum(isinstance(record, MessageVoiced) for record in caller.records) == 1


def test_what_was_active_at_the_entry_survives_a_restart() -> None:
    caller = enter(message(), prompt_seconds=5.0).wait(6)
    data = json.loads(json.dumps(caller.session.snapshot(caller.now)))
    restored = Session.restore(caller.flow, caller.local_time, data, caller.now)
    assert restored.progress.voiced == caller.session.progress.voiced
    assert isinstance(restored.progress, Progress)
    caller.session = restored
    caller.press("4")
    assert caller.session.progress.node == T("queue:offer")


@given(
    st.text("abc-1", min_size=1), st.integers(1), st.none() | st.integers(0, 5), st.sampled_from(["", "4"]),
    st.dictionaries(st.sampled_from(["en", "uk"]), st.text()), st.booleans(), st.sampled_from(["", "6"]),
)  # fmt: skip
def test_a_message_is_the_same_as_plain_data(
    campaign: str, version: int, after: int | None, key: str, text: dict[str, str], barge_in: bool, optout_key: str
) -> None:
    prompt = Prompt(prompt_key("promo", campaign, version), text=text, args={"n": 1}, barge_in=barge_in)
    one = Voiced("promo", campaign, version, prompt, after, key, T("queue:offer") if key else None)
    one = replace(one, optout_key=optout_key, optout=T("say:opted-out") if optout_key else None)
    assert Voiced.from_plain(json.loads(json.dumps(one.to_plain()))) == one


def test_a_menu_keeps_its_own_keys() -> None:
    one = Voiced("promo", "spring", 1, Prompt("slot.promo.spring.1"), key="1", target=T("queue:offer"))
    assert with_messages(PLAIN, [one]).keys["1"] == T("queue:sales")
    assert with_messages(PLAIN, []) is PLAIN
