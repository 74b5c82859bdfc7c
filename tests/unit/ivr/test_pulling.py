"""Control points about which somebody is asked while the menu goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.effects import MessageVoiced, Pull
from ivr.events import HungUp, Pulled
from ivr.machine import State
from ivr.nodes import Flow, Menu, Prompt, Queue, Slot
from ivr.progress import Progress
from ivr.session import Session
from ivr.slots import Binding, Voiced, prompt_key, voiced
from ivr.targets import Target
from tests.support.ivr_caller import Caller

if TYPE_CHECKING:
    from collections.abc import Mapping

T = Target.parse
SLOT = Slot("promo", key="4", after=1, asks="crm", wait=0.5)
MENU = Menu(
    "main",
    say=(Prompt("menu.main"), Prompt("menu.main.2")),
    keys={"1": T("queue:sales")},
    when_no_input=T("queue:sales"),
    slots=(SLOT,),
)


def message(campaign: str, version: int = 0, *, target: str = "queue:offer") -> Voiced:
    prompt = Prompt(prompt_key("promo", campaign, version), text={"en": campaign})
    return Voiced("promo", campaign, version, prompt, 1, "4", T(target))


def standing(slots: tuple[Slot, ...], variables: Mapping[str, str], now: float) -> tuple[Voiced, ...]:
    prompt = Prompt(prompt_key("promo", "standing", 1), text={"en": "standing"})
    return voiced(slots, lambda slot: (Binding("standing", 1, prompt, target=T("queue:offer")),), variables, now)


def enter(slot: Slot = SLOT, *, bound: bool = False, prompt_seconds: float = 3.0) -> Caller:
    nodes = (replace(MENU, slots=(slot,)), Queue("sales"), Queue("offer"))
    caller = Caller(
        Flow({node.target: node for node in nodes}),
        messages=standing if bound else lambda slots, variables, now: (),
        prompt_seconds=prompt_seconds,
    )
    return caller.call("menu:main")


def pull(caller: Caller) -> Pull:
    (asked,) = [effect for effect in caller.effects if isinstance(effect, Pull)]
    return asked


def answer(caller: Caller, *messages: Voiced) -> Caller:
    return caller.tell(Pulled(pull(caller).request, messages))


PLAIN = ["menu.main", "menu.main.2"]
WITH_MESSAGE = ["menu.main", "slot.promo.renewal.0", "menu.main.2"]


def test_somebody_is_asked_while_the_menu_begins_and_what_they_say_is_heard_at_its_place() -> None:
    caller = enter()
    assert (pull(caller).slot, pull(caller).name) == ("promo", "crm")
    assert caller.said() == ["menu.main"]
    answer(caller.wait(1), message("renewal"))
    assert caller.wait(8).said()[:3] == WITH_MESSAGE
    voiced = [record for record in caller.records if isinstance(record, MessageVoiced)]
    assert [(one.campaign, one.version) for one in voiced] == [("renewal", 0)]
    assert caller.press("4").session.progress.node == T("queue:offer")


def test_an_answer_that_is_late_is_waited_for_a_moment_and_no_longer() -> None:
    caller = enter().wait(3.2)
    assert caller.session.progress.state is State.EXPECTING
    answer(caller, message("renewal"))
    assert caller.wait(6).said()[:3] == WITH_MESSAGE
    caller = enter().wait(3.6)
    assert caller.said() == PLAIN
    answer(caller, message("renewal"))
    assert caller.wait(3).said()[:2] == PLAIN
    assert caller.press("4").session.progress.node != T("queue:offer")  # its key is a wrong key


@pytest.mark.parametrize("answered", [False, True], ids=["late", "no answer"])
def test_without_an_answer_what_is_bound_is_heard(answered: bool) -> None:
    caller = enter(bound=True)
    if answered:
        caller.tell(Pulled(pull(caller).request, None))
    assert caller.wait(9).said()[:3] == ["menu.main", "slot.promo.standing.1", "menu.main.2"]


def test_an_answer_without_messages_is_an_answer() -> None:
    assert answer(enter(bound=True)).wait(8).said()[:2] == PLAIN


def test_who_knows_the_key_by_heart_waits_for_nobody() -> None:
    caller = enter().wait(3.2).press("1")
    assert caller.session.progress.node == T("queue:sales")
    assert enter().wait(1).press("1").session.progress.node == T("queue:sales")


def test_who_hangs_up_while_an_answer_is_awaited_is_gone() -> None:
    caller = enter().wait(3.2).tell(HungUp())
    assert caller.session.ended
    answer(caller, message("renewal"))
    assert caller.session.next_deadline() is None


def test_the_answer_to_another_question_changes_nothing() -> None:
    caller = enter()
    caller.tell(Pulled(99, (message("renewal"),)))
    assert caller.wait(8).said()[:2] == PLAIN


def test_a_place_before_all_texts_is_waited_for_at_once() -> None:
    caller = enter(replace(SLOT, after=0))
    assert caller.said() == []
    answer(caller, replace(message("renewal"), after=0))
    assert caller.wait(8).said()[:3] == ["slot.promo.renewal.0", *PLAIN]
    without = enter(replace(SLOT, after=0, wait=0.0))
    assert without.said() == PLAIN  # and nobody waits where there is no wait


def test_two_slots_are_asked_about_apart_and_keep_their_order() -> None:
    menu = replace(MENU, slots=(SLOT, replace(SLOT, id="other", key="5")))
    flow = Flow({node.target: node for node in (menu, Queue("sales"), Queue("offer"))})
    caller = Caller(flow, messages=lambda slots, variables, now: ()).call("menu:main")
    first, second = [effect for effect in caller.effects if isinstance(effect, Pull)]
    caller.tell(Pulled(second.request, (replace(message("b"), slot="other", key="5"),)))
    caller.tell(Pulled(first.request, (message("a"),)))
    assert caller.wait(12).said()[:4] == ["menu.main", "slot.promo.a.0", "slot.promo.b.0", "menu.main.2"]


@given(st.floats(0, 12), st.floats(0, 12), st.sampled_from(["", "1", "4", "9"]), st.sampled_from([None, 0, 1, 2]))
def test_no_caller_waits_longer_than_the_slot_allows(
    answered_at: float, pressed_at: float, key: str, after: int | None
) -> None:
    """Whenever the answer comes and whatever is pressed: silence lasts at most `wait`, and the menu is said."""
    caller = enter(replace(SLOT, after=after))
    for at, what in sorted([(answered_at, "answer"), (pressed_at, key)]):
        caller.wait(max(0.0, at - caller.now))
        if what == "answer":
            answer(caller, replace(message("renewal"), after=after))
        elif what:
            caller.press(what, every=0.0)
        limit = caller.session.next_deadline()
        if caller.session.progress.state is State.EXPECTING:
            assert limit is not None
            assert limit - caller.now <= SLOT.wait
    caller.wait(120)
    assert caller.session.progress.node in (T("queue:sales"), T("queue:offer"))


def test_a_menu_that_waits_survives_a_snapshot() -> None:
    caller = enter(bound=True).wait(3.2)
    data = json.loads(json.dumps(caller.session.snapshot(caller.now)))
    restored = Session.restore(caller.flow, caller.local_time, data, 100.0)
    assert Progress.from_dict(data, 100.0).voiced == caller.session.progress.voiced
    restored.handle_timeout(100.5)
    assert restored.progress.state is State.SPEAKING
