from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from ivr.hours import Rules
from ivr.hours_grammar import parse_rule
from ivr.load import build_flow
from ivr.nodes import Goto, Hours, Menu, MenuAction, Phone, Prompt, Queue, Result, Say, Slot, Version
from ivr.targets import HANGUP, Target
from ivr.validate import check_flow

T = Target.parse


def table(**keys: object) -> Any:
    return SimpleNamespace(**keys)


def test_every_table_becomes_its_node() -> None:
    flow = build_flow(
        menus={
            "main": table(
                say={"en": "Welcome."},
                say_also=({"pl": "Witamy."},),
                keys={"1": T("queue:sales"), "*": Target("repeat"), "0": Target("back")},
                labels={"1": "Sales"},
                say_again=({"en": "Choose."},),
                say_invalid=(),
                say_no_input=({"en": "Hello?"}, {"en": "Still there?"}),
                versions=(),
                timeout=4.0,
                inter_digit=1.5,
                retries=1,
                barge_in=False,
                type_ahead=False,
                slots=(
                    table(
                        id="promo",
                        key="4",
                        after=1,
                        barge_in=True,
                        max_items=2,
                        max_seconds=20.0,
                        templates=("offer",),
                        targets=(T("queue:sales"),),
                        webservice="crm",
                        wait=0.5,
                        fallback={"en": "News."},
                        advertising=False,
                        optout=table(key="9", say=None, then=None),
                    ),
                ),
                when_no_input=T("queue:sales"),
                when_invalid=Target("repeat"),
            )
        },
        says={"hello": table(say={"uk": "Вітаємо."}, say_also=(), then=T("menu:main"), barge_in=True)},
        hours={
            "office": table(
                open=(parse_rule("mon"),),
                closed=(),
                holidays=("ua",),
                open_calendar=None,
                closed_calendar=None,
                when_special=None,
                timezone=ZoneInfo("Europe/Kyiv"),
                when_open=T("menu:main"),
                when_closed=T("hangup"),
            )
        },
        gotos={
            "uk": table(
                then=T("menu:main"),
                language="uk",
                priority=9.0,
                needs="vip",
                prefer="pl",
                versions=(table(to=T("say:hello"), percent=10),),
                when_unavailable=(T("queue:sales"),),
            ),
            "on": table(
                then=T("menu:main"), language=None, priority=None, needs="", prefer="", versions=(), when_unavailable=()
            ),
        },
        queues={
            "sales": table(
                when_full=T("menu:main"),
                when_timed_out=HANGUP,
                when_empty=None,
                overflow_to=None,
                exits={"9": T("menu:main")},
                exit_menu=None,
                survey=T("menu:main"),
            )
        },
        phones=[
            table(
                user="1001", ring_timeout=12.0, when_busy=T("queue:sales"), when_no_answer=None, when_unavailable=None
            )
        ],
        language="uk",
    )
    assert flow.language == "uk"
    assert flow.find(T("menu:main")) == Menu(
        "main",
        say=(
            Prompt("menu.main", text={"en": "Welcome."}, barge_in=False),
            Prompt("menu.main.2", text={"pl": "Witamy."}, barge_in=False),
        ),
        keys={"1": T("queue:sales"), "*": MenuAction.REPEAT, "0": MenuAction.BACK},
        labels={"1": "Sales"},
        say_again=(Prompt("menu.main.again.1", {"en": "Choose."}),),
        say_no_input=(
            Prompt("menu.main.no-input.1", {"en": "Hello?"}),
            Prompt("menu.main.no-input.2", {"en": "Still there?"}),
        ),
        timeout=4.0,
        inter_digit=1.5,
        retries=1,
        when_no_input=T("queue:sales"),
        type_ahead=False,
        slots=(
            Slot(
                "promo",
                key="4",
                after=1,
                max_items=2,
                max_seconds=20.0,
                templates=("offer",),
                targets=(T("queue:sales"),),
                asks="crm",
                wait=0.5,
                fallback=Prompt("slot-fallback.promo", text={"en": "News."}),
                advertising=False,
                optout_key="9",
                optout=Target("set", "promo/optout"),
            ),
        ),
    )
    assert flow.find(T("say:hello")) == Say("hello", (Prompt("say.hello", text={"uk": "Вітаємо."}),), T("menu:main"))
    rules = Rules((parse_rule("mon"),), holidays=("ua",))
    assert flow.find(T("hours:office")) == Hours("office", rules, T("menu:main"), HANGUP, "Europe/Kyiv")
    versions, fallbacks = (Version(T("say:hello"), 10),), (T("queue:sales"),)
    assert flow.find(T("goto:uk")) == Goto("uk", T("menu:main"), "uk", 9.0, "vip", "pl", versions, fallbacks)
    assert flow.find(T("goto:on")) == Goto("on", T("menu:main"))
    outcomes = {Result.BUSY: T("queue:sales"), Result.REJECTED: T("queue:sales")}
    assert flow.find(T("phone:1001")) == Phone("1001", 12.0, outcomes)
    assert flow.find(T("queue:sales")) == Queue(
        "sales",
        outcomes={
            Result.FULL: T("menu:main"),
            Result.TIMED_OUT: T("say:queue-timed-out"),
            Result.EMPTY: T("say:queue-empty"),
            Result.ENDED: T("menu:main"),
        },
        exits={"9": T("menu:main")},
    )


def test_a_queue_says_goodbye_before_it_hangs_up_in_words_that_may_be_changed() -> None:
    assert build_flow().find(T("say:queue-full")) == Say("queue-full", (Prompt("queue-full"),), HANGUP)
    own = table(say_also=(), say={"en": "Sorry!"}, then=HANGUP, barge_in=True)
    changed = build_flow(says={"queue-full": own}).find(T("say:queue-full"))
    assert changed == Say("queue-full", (Prompt("say.queue-full", text={"en": "Sorry!"}),), HANGUP)


def test_what_is_built_in_is_never_reported_as_unreachable() -> None:
    assert check_flow(build_flow(), entries={("route",): HANGUP}) == []
