from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ivr import effects as fx
from ivr.events import Digit, HungUp, Moved, PromptsFinished, PromptsTimed, Requeued, Returned, Started
from ivr.hours import parse_rules
from ivr.nodes import (
    GOODBYES,
    NOT_CONNECTED,
    Answer,
    Echo,
    Flow,
    Goto,
    Hours,
    Menu,
    MenuAction,
    Music,
    Node,
    Phone,
    Prompt,
    Queue,
    Result,
    Say,
    Set,
)
from ivr.progress import Progress
from ivr.session import Session
from ivr.targets import HANGUP, Target
from tests.support.ivr_caller import Caller

T = Target.parse


def flow(*nodes: Node, **options: int) -> Flow:
    return Flow({node.target: node for node in nodes}, **options)  # type: ignore[arg-type]


def menu(name: str = "main", **fields: object) -> Menu:
    defaults: dict[str, object] = {
        "say": (Prompt(name),),
        "keys": {
            "1": T("queue:sales"),
            "2": T("menu:support"),
            "3": T("echo"),
            "*": MenuAction.REPEAT,
            "0": MenuAction.BACK,
        },
        "when_no_input": T("queue:operator"),
    }
    return Menu(name, **(defaults | fields))  # type: ignore[arg-type]


SUPPORT = menu("support")
SALES, OPERATOR = Queue("sales"), Queue("operator")
MAIN = flow(menu(), SUPPORT, SALES, OPERATOR)


def play(number: int, *keys: str, language: str = "en") -> fx.PlayPrompts:
    return fx.PlayPrompts(number, tuple(Prompt(key) for key in keys), language)


def test_a_key_after_the_prompt_leads_to_its_target() -> None:
    caller = Caller(MAIN).call("menu:main").wait(4)
    assert caller.take() == [play(1, "main")]
    assert caller.press("1").take() == [fx.EnterQueue("sales")]


def test_a_key_during_the_prompt_stops_it_before_anything_else() -> None:
    caller = Caller(MAIN).call("menu:main").wait(1)
    caller.session.receive(Digit("1"), 1.0)
    assert caller.session.next_effect() == fx.StopPrompts(1)
    caller.playing = None
    assert caller.drain().take()[1:] == [fx.EnterQueue("sales")]


def test_the_prompt_stops_even_when_the_key_is_not_decided_yet() -> None:
    caller = Caller(flow(menu(keys={"1": T("echo"), "12": T("music")}))).call("menu:main")
    caller.take()
    caller.tell(Digit("1"))
    assert caller.take() == [fx.StopPrompts(1)]


def test_silence_costs_retries_and_then_leads_to_when_no_input() -> None:
    caller = Caller(MAIN).call("menu:main")
    caller.wait(3 + 4.99)
    assert caller.said() == ["main"]
    caller.wait(0.01)
    assert caller.said() == ["main", "no-input", "main"]
    caller.wait(2 * (3 + 5) - 0.01)
    assert caller.said() == ["main", "no-input", "main", "no-input", "main"]
    assert not any(isinstance(effect, fx.EnterQueue) for effect in caller.effects)
    caller.wait(0.01)
    assert caller.effects[-1] == fx.EnterQueue("operator")
    assert fx.NodeLeft(T("menu:main"), 24.0, "no-input") in caller.records


def test_wrong_keys_and_silence_share_the_retries() -> None:
    caller = Caller(MAIN).call("menu:main").wait(3).press("9")
    assert caller.said() == ["main", "invalid-choice", "main"]
    caller.wait(3 + 5).press("8")
    assert caller.said() == ["main", "invalid-choice", "main", "no-input", "main"]
    assert caller.effects[-1] == fx.EnterQueue("operator")


COUNTED = menu(
    retries=4,
    say_invalid=(Prompt("wrong"), Prompt("wrong-again")),
    say_no_input=(Prompt("silent"), Prompt("silent-again")),
    say_again=(Prompt("short"), Prompt("shorter"), Prompt("shortest")),
)


def test_silences_and_wrong_keys_are_counted_apart_for_their_words_and_together_for_the_limit() -> None:
    caller = Caller(flow(COUNTED, SUPPORT, SALES, OPERATOR)).call("menu:main").wait(3)
    caller.press("9").wait(3 + 5).wait(3).press("8").wait(3 + 5)
    reprompts = [("wrong", "short"), ("silent", "shorter"), ("wrong-again", "shortest"), ("silent-again", "shortest")]
    assert caller.said() == ["main", *(key for pair in reprompts for key in pair)]
    caller.wait(3).press("7")
    assert caller.effects[-1] == fx.EnterQueue("operator")


def test_a_menu_that_is_entered_anew_begins_with_the_first_words() -> None:
    support = menu("support", keys={"1": T("menu:main")})
    caller = Caller(flow(COUNTED, support, SALES, OPERATOR)).call("menu:main").wait(3 + 5).wait(3)
    caller.press("2").wait(3).press("1").wait(3 + 5)
    assert caller.said() == ["main", "silent", "short", "support", "main", "silent", "short"]


def test_a_wrong_key_may_lead_somewhere_at_once() -> None:
    nodes = menu(when_invalid=T("menu:support"))
    caller = Caller(flow(nodes, SUPPORT, SALES, OPERATOR)).call("menu:main").press("9")
    assert caller.path() == ["menu:main", "menu:support"]


def test_the_first_menu_anew_has_all_its_retries() -> None:
    caller = Caller(MAIN).call("menu:main").wait(3).press("9").press("2").press("0").wait(3).press("9").wait(3)
    caller.press("9")
    assert caller.effects[-1] == play(caller.session.progress.play, "invalid-choice", "main")


def test_repeat_says_the_menu_again_and_costs_nothing() -> None:
    caller = Caller(MAIN).call("menu:main")
    for _ in range(6):
        caller.wait(3.5).press("*")
    assert caller.said() == ["main"] * 7
    caller.wait(8)
    assert caller.said()[-2:] == ["no-input", "main"]


def test_back_leads_to_the_menu_before_and_the_first_menu_repeats() -> None:
    caller = Caller(MAIN).call("menu:main").press("2").press("0").press("0")
    assert caller.path() == ["menu:main", "menu:support", "menu:main"]
    assert caller.said() == ["main", "support", "main", "main"]


def test_digits_of_later_menus_may_be_pressed_ahead() -> None:
    caller = Caller(flow(menu(keys={"2": T("menu:support")}), SUPPORT, SALES)).call("menu:main")
    caller.tell(Digit("2")).take()
    assert caller.path() == ["menu:main", "menu:support"]
    caller = Caller(
        flow(Say("hello", say=(Prompt("hello", barge_in=False),), then=T("menu:main")), menu(), SUPPORT, SALES)
    )
    caller.call("say:hello").press("21")
    assert caller.path() == ["say:hello"]
    caller.wait(3)
    assert caller.path() == ["say:hello", "menu:main", "menu:support", "queue:sales"]
    assert caller.said() == ["hello"]


def test_a_menu_without_type_ahead_forgets_what_was_pressed_before() -> None:
    hello = Say("hello", say=(Prompt("hello", barge_in=False),), then=T("menu:main"))
    caller = Caller(flow(hello, menu(type_ahead=False), SUPPORT, SALES)).call("say:hello").press("21").wait(3)
    assert caller.path() == ["say:hello", "menu:main"]
    assert fx.DigitsDropped(T("menu:main"), "21", "no-type-ahead") in caller.records


def test_a_say_without_type_ahead_forgets_too_and_is_said() -> None:
    notice = Say("notice", say=(Prompt("notice"),), then=T("menu:main"), type_ahead=False)
    caller = Caller(flow(menu(keys={"2": T("say:notice")}), notice)).call("menu:main")
    caller.session.progress.kept = "2"
    caller.tell(Digit("1")).wait(3)
    assert caller.said()[:2] == ["main", "notice"]
    assert fx.DigitsDropped(T("say:notice"), "1", "no-type-ahead") in caller.records


def test_a_wrong_key_forgets_what_was_typed_on_after_it() -> None:
    hello = Say("hello", say=(Prompt("hello", barge_in=False),), then=T("menu:main"))
    caller = Caller(flow(hello, menu(), SUPPORT, SALES)).call("say:hello").press("921").wait(3)
    assert fx.DigitsDropped(T("menu:main"), "921", "invalid") in caller.records
    assert caller.said() == ["hello", "invalid-choice", "main"]


def test_more_digits_than_are_kept_are_noted_as_dropped() -> None:
    hello = Say("hello", say=(Prompt("hello", barge_in=False),))
    caller = Caller(flow(hello, type_ahead_limit=3)).call("say:hello").press("12345")
    assert caller.session.progress.kept == "123"
    assert [r for r in caller.records if isinstance(r, fx.DigitsDropped)] == [
        fx.DigitsDropped(T("say:hello"), "4", "overflow"),
        fx.DigitsDropped(T("say:hello"), "5", "overflow"),
    ]


def test_prompts_that_insist_are_heard_to_the_end_and_the_others_are_cut() -> None:
    prompts = (Prompt("hello"), Prompt("notice", barge_in=False), Prompt("options"))
    caller = Caller(flow(menu(say=prompts), SALES)).call("menu:main").wait(1)
    assert caller.take() == [fx.PlayPrompts(1, prompts[:1], "en")]
    caller.press("1")
    assert caller.take() == [fx.StopPrompts(1), fx.PlayPrompts(2, prompts[1:2], "en")]
    caller.wait(3)
    assert caller.take() == [fx.EnterQueue("sales")]


def test_a_digit_during_a_prompt_that_insists_is_acted_on_when_it_ends() -> None:
    prompts = (Prompt("notice", barge_in=False), Prompt("options"))
    caller = Caller(flow(menu(say=prompts), SALES)).call("menu:main").wait(2).press("1")
    assert caller.take() == [fx.PlayPrompts(1, prompts[:1], "en")]
    caller.wait(1)
    assert caller.take() == [fx.EnterQueue("sales")]


KEYS = {"1": T("echo"), "12": T("music"), "2": T("answer"), "345": T("queue:sales")}


@pytest.mark.parametrize(
    ("digits", "every", "service"),
    [
        ("2", 0.1, Answer()),
        ("12", 0.1, Music()),
        ("12", 1.9, Music()),
        ("1", 0.1, Echo()),
        ("1#", 0.1, Echo()),
        ("13", 0.1, Echo()),
    ],
)
def test_keys_of_several_digits(digits: str, every: float, service: Echo | Music | Answer) -> None:
    caller = Caller(flow(menu(keys=KEYS), SALES)).call("menu:main").wait(3)
    caller.press(digits, every).wait(2)
    assert caller.effects[-1] == fx.Connect(service)


def test_a_key_of_several_digits_pressed_ahead_is_taken_as_a_whole_at_once() -> None:
    hello = Say("hello", say=(Prompt("hello", barge_in=False),), then=T("menu:main"))
    caller = Caller(flow(hello, menu(keys=KEYS), SALES)).call("say:hello").press("12").wait(2.8)
    assert caller.effects[-1] == fx.Connect(Music())


def test_a_key_that_is_the_beginning_of_another_waits_for_the_inter_digit_timeout() -> None:
    caller = Caller(flow(menu(keys=KEYS), SALES)).call("menu:main").wait(3)
    caller.take()
    caller.tell(Digit("1")).wait(1.99)
    assert caller.take() == []
    caller.wait(0.01)
    assert caller.take() == [fx.Connect(Echo())]


def test_the_beginning_of_a_key_is_wrong_when_no_digit_follows() -> None:
    caller = Caller(flow(menu(keys=KEYS), SALES)).call("menu:main").wait(3).press("34").wait(2)
    assert caller.said() == ["main", "invalid-choice", "main"]
    assert fx.DigitsDropped(T("menu:main"), "34", "invalid") in caller.records


def test_a_digit_that_belongs_to_no_longer_key_is_kept_for_the_next_menu() -> None:
    nodes = menu(keys={"1": T("menu:support"), "12": T("echo")})
    caller = Caller(flow(nodes, menu("support", keys={"3": T("music")}))).call("menu:main").press("13")
    assert caller.path() == ["menu:main", "menu:support", "music:default"]


def test_say_goes_on_when_it_has_been_said() -> None:
    hello = Say("hello", say=(Prompt("a"), Prompt("b")), then=T("queue:sales"))
    caller = Caller(flow(hello, SALES)).call("say:hello", "uk").wait(2.99)
    assert caller.take() == [play(1, "a", "b", language="uk")]
    assert caller.wait(0.01).take() == [fx.EnterQueue("sales")]


@pytest.mark.parametrize(
    ("hour", "path"),
    [(12, ["goto:door", "hours:office", "menu:main"]), (17, ["goto:door", "hours:office", "queue:operator"])],
)
def test_hours_and_goto_lead_on_at_once(hour: int, path: list[str]) -> None:
    office = Hours("office", parse_rules(["mon-fri 09:00-17:00"]), T("menu:main"), T("queue:operator"))
    nodes = flow(Goto("door", T("hours:office")), office, menu(), OPERATOR)
    caller = Caller(nodes, wall_at_zero=datetime(2026, 11, 23, hour)).call("goto:door")  # noqa: DTZ001
    assert caller.path() == path
    rule = "mon-fri 09:00-17:00" if hour == 12 else ""
    assert fx.NodeLeft(T("hours:office"), 0.0, "open" if hour == 12 else "closed", rule) in caller.records


@pytest.mark.parametrize(
    ("told", "spoken"), [("uk", "uk"), (" UK ", "uk"), ("de", "en"), ("", "en"), ("uk; DROP", "en")]
)
def test_a_language_that_comes_from_outside_is_looked_at_before_it_is_spoken(told: str, spoken: str) -> None:
    nodes = flow(Set("known", T("menu:support"), language="{spoken}"), SUPPORT, SALES)
    caller = Caller(nodes).tell(Started(T("set:known"), variables={"spoken": told}))
    assert caller.effects[-1] == play(1, "support", language=spoken)
    trouble = [record for record in caller.records if isinstance(record, fx.Trouble)]
    assert len(trouble) == (told.strip().lower() not in ("uk", ""))
    assert all(f'"{told}" is none of the languages' in record.what for record in trouble)


def test_a_goto_may_choose_the_language() -> None:
    nodes = flow(menu(keys={"1": T("goto:uk")}), Goto("uk", T("menu:support"), language="uk"), SUPPORT, SALES)
    caller = Caller(nodes).call("menu:main").press("1")
    assert caller.effects[-1] == play(2, "support", language="uk")
    assert fx.LanguageChosen(T("goto:uk"), "uk") in caller.records


def test_gotos_say_what_is_known_of_the_caller_and_the_last_word_counts() -> None:
    nodes = flow(
        Goto("vip", T("goto:pl"), priority=50.0, needs="vip >= 50", prefer="en"),
        Goto("pl", T("goto:on"), prefer="pl"),
        Goto("on", T("queue:sales")),
        SALES,
    )
    caller = Caller(nodes).call("goto:vip")
    known = caller.session.progress
    assert (known.priority, known.needs, known.prefer) == (50.0, "vip >= 50", "pl")
    again = Progress.from_dict(json.loads(json.dumps(known.to_dict(5.0))), 5.0)
    assert (again.priority, again.needs, again.prefer) == (50.0, "vip >= 50", "pl")


def test_a_queue_that_gives_the_caller_back_follows_its_outcome() -> None:
    sales = Queue("sales", outcomes={Result.FULL: T("menu:support")})
    caller = Caller(flow(sales, SUPPORT)).call("queue:sales").wait(60)
    caller.tell(Returned(Result.FULL))
    assert caller.path() == ["queue:sales", "menu:support"]
    assert fx.NodeLeft(T("queue:sales"), 60.0, "full") in caller.records


def test_a_result_without_an_outcome_ends_the_call_with_that_result() -> None:
    phone = Phone("1001", ring_timeout=20.0, outcomes={Result.NO_ANSWER: T("echo")})
    caller = Caller(flow(phone)).call("phone:1001")
    assert caller.take() == [fx.CallPhone("1001", 20.0)]
    caller.tell(Returned(Result.BUSY))
    assert caller.take() == [fx.HangUp(fx.EndReason.NOT_CONNECTED, Result.BUSY)]
    assert caller.session.ended


def test_a_conversation_that_the_other_party_ends_ends_the_call() -> None:
    caller = Caller(MAIN).call("queue:sales").tell(Returned(Result.ENDED))
    assert caller.effects[-1] == fx.HangUp(fx.EndReason.TALK_ENDED, Result.ENDED)


def test_digits_in_a_queue_are_the_queues() -> None:
    caller = Caller(MAIN).call("queue:sales").press("2")
    assert caller.session.progress.kept == ""
    assert caller.path() == ["queue:sales"]


def test_what_was_pressed_ahead_of_a_queue_is_dropped() -> None:
    caller = Caller(MAIN).call("menu:main")
    caller.session.progress.kept = "12"
    caller.tell(Digit("1"))
    assert fx.DigitsDropped(T("menu:main"), "21", "left") in caller.records


@pytest.mark.parametrize("seconds", [0.0, 1.0, 3.5, 20.0, 60.0])
def test_a_caller_may_hang_up_at_any_time(seconds: float) -> None:
    caller = Caller(MAIN).call("menu:main").wait(seconds)
    caller.take()
    caller.tell(HungUp())
    assert caller.take() == []
    assert caller.session.ended
    assert caller.session.next_deadline() is None
    assert caller.records[-1] == fx.FlowEnded(fx.EndReason.CALLER_HUNG_UP)
    assert sum(r.dwell for r in caller.records if isinstance(r, fx.NodeLeft)) == pytest.approx(seconds)


def test_the_journal_tells_the_whole_path() -> None:
    caller = Caller(MAIN).call("menu:main").wait(1).press("2", every=0).wait(4).press("1", every=0).wait(10)
    caller.tell(HungUp())
    main, support, sales = T("menu:main"), T("menu:support"), T("queue:sales")
    assert caller.records == [
        fx.NodeEntered(main),
        fx.PromptsStarted(main, 1, ("main",), "en"),
        fx.PromptsEnded(main, 1, 1.0, "2"),
        fx.DigitPressed(main, "2"),
        fx.KeyChosen(main, "2", "2"),
        fx.NodeLeft(main, 1.0, "key 2"),
        fx.NodeEntered(support),
        fx.PromptsStarted(support, 2, ("support",), "en"),
        fx.PromptsEnded(support, 2, 3.0),
        fx.DigitPressed(support, "1"),
        fx.KeyChosen(support, "1", "1"),
        fx.NodeLeft(support, 4.0, "key 1"),
        fx.NodeEntered(sales),
        fx.NodeLeft(sales, 10.0, "hung-up"),
        fx.FlowEnded(fx.EndReason.CALLER_HUNG_UP),
    ]


def test_a_circle_that_validation_missed_ends_the_call() -> None:
    caller = Caller(flow(Goto("a", T("goto:b")), Goto("b", T("goto:a")), step_limit=10)).call("goto:a")
    assert len(caller.path()) == 10
    assert caller.take() == [fx.HangUp(fx.EndReason.STEP_LIMIT)]


def test_whoever_goes_round_in_no_time_is_told_that_the_call_cannot_be_connected() -> None:
    told = Say(NOT_CONNECTED.name, (Prompt("sorry"),))
    caller = Caller(flow(Goto("a", T("goto:b")), Goto("b", T("goto:a")), told, step_limit=10)).call("goto:a")
    assert caller.path()[-2:] == ["goto:b", "say:not-connected"]
    caller.wait(3)
    assert caller.said() == ["sorry"]
    assert caller.effects[-1] == fx.HangUp(fx.EndReason.STEP_LIMIT)


@pytest.mark.parametrize("said", [(), (Prompt("sorry"),)], ids=["nothing", "words"])
def test_words_that_lead_back_into_the_circle_end_it_as_well(said: tuple[Prompt, ...]) -> None:
    nodes = flow(Goto("a", T("goto:a")), Say(NOT_CONNECTED.name, said, T("goto:a")), step_limit=10)
    caller = Caller(nodes, prompt_seconds=0.0).call("goto:a").wait(1)
    assert len(caller.path()) == 20
    assert caller.effects[-1] == fx.HangUp(fx.EndReason.STEP_LIMIT)


@pytest.mark.parametrize("seconds", [0.25, 3.0])
def test_a_circle_in_which_something_is_said_goes_on_for_ever(seconds: float) -> None:
    round_ = flow(Say("a", (Prompt("wait"),), T("goto:b")), Goto("b", T("say:a")), step_limit=10)
    caller = Caller(round_, prompt_seconds=seconds).call("say:a").wait(3600)
    assert len(caller.path()) > 2 * 3590 / max(seconds, 1)


def test_digits_from_the_caller_keep_a_circle_of_menus_open() -> None:
    nodes = flow(menu("a", keys={"1": T("menu:b")}), menu("b", keys={"1": T("menu:a")}), step_limit=4)
    caller = Caller(nodes).call("menu:a").press("1" * 20)
    assert len(caller.path()) == 21


def test_a_target_that_does_not_exist_ends_the_call() -> None:
    caller = Caller(flow()).call("menu:main")
    assert caller.take() == [fx.HangUp(fx.EndReason.UNKNOWN_TARGET)]


def test_prompts_that_are_never_reported_finished_do_not_hold_the_caller() -> None:
    caller = Caller(MAIN, prompt_seconds=1e9).call("menu:main").wait(300)
    assert caller.effects[-1] == fx.StopPrompts(1)
    caller.wait(5)
    assert caller.said() == ["main", "no-input", "main"]


def test_prompts_that_take_longer_than_that_are_said_to_their_end() -> None:
    caller = Caller(MAIN, prompt_seconds=420).call("menu:main").wait(425)
    assert [effect for effect in caller.effects if isinstance(effect, fx.StopPrompts)] == []
    assert fx.PromptsEnded(T("menu:main"), 1, 420.0) in caller.records
    lost = Caller(MAIN, prompt_seconds=1e9).call("menu:main").tell(PromptsTimed(1, 420.0)).wait(449)
    assert len(lost.effects) == 1
    assert lost.wait(1).effects[-1] == fx.StopPrompts(1)


def test_short_ones_have_no_less_time_and_a_length_of_others_means_nothing() -> None:
    caller = Caller(MAIN, prompt_seconds=1e9).call("menu:main").tell(PromptsTimed(1, 2.0)).tell(PromptsTimed(7, 900.0))
    assert len(caller.wait(299).effects) == 1
    assert caller.wait(1).effects[-1] == fx.StopPrompts(1)


def test_a_late_report_about_earlier_prompts_means_nothing() -> None:
    caller = Caller(MAIN).call("menu:main").press("2")
    caller.take()
    caller.tell(PromptsFinished(1))
    assert caller.session.progress.state.name == "SPEAKING"
    caller.wait(3).tell(PromptsFinished(2)).tell(PromptsFinished(2))
    assert caller.session.progress.state.name == "LISTENING"


def test_what_is_no_key_of_a_telephone_is_ignored() -> None:
    caller = Caller(MAIN).call("menu:main")
    caller.take()
    assert caller.tell(Digit("!")).tell(Digit("")).tell(Digit("12")).take() == []


def test_a_call_starts_once_and_is_deaf_when_it_is_over() -> None:
    caller = Caller(MAIN).call("menu:main").call("queue:sales")
    assert caller.path() == ["menu:main"]
    caller.tell(HungUp()).press("1").tell(Started(T("menu:main"))).tell(HungUp())
    assert caller.records.count(fx.FlowEnded(fx.EndReason.CALLER_HUNG_UP)) == 1


def test_a_timer_that_is_served_late_counts_from_its_own_time() -> None:
    caller = Caller(flow(menu(retries=0), OPERATOR)).call("menu:main").wait(3)
    caller.now = 100.0
    caller.session.handle_timeout(100.0)
    caller.drain()
    assert fx.NodeLeft(T("menu:main"), 8.0, "no-input") in caller.records


def test_a_digit_ends_the_wait_for_the_first_digit() -> None:
    caller = Caller(MAIN).call("menu:main").wait(4)
    assert caller.session.next_deadline() == 8.0
    caller.press("1")
    assert caller.session.next_deadline() is None


def test_a_caller_who_is_gone_before_the_start_leaves_no_trace_but_the_end() -> None:
    caller = Caller(MAIN).tell(HungUp())
    assert caller.records == [fx.FlowEnded(fx.EndReason.CALLER_HUNG_UP)]
    assert caller.effects == []


def test_a_session_with_effects_left_is_not_written_down() -> None:
    caller = Caller(MAIN)
    caller.session.receive(Started(T("menu:main")), 0.0)
    with pytest.raises(ValueError, match="effects are waiting"):
        caller.session.snapshot(0.0)


# --- keys that lead out of a queue and back


WAITING = flow(
    menu(),
    SUPPORT,
    menu("leave", keys={"1": T("queue:operator"), "2": T("say:sorry"), "0": MenuAction.BACK}, when_no_input=HANGUP),
    Say("sorry", (Prompt("sorry"),), T("menu:leave")),
    Queue("sales", exits={"7": T("queue:operator")}, exit_menu=T("menu:leave")),
    OPERATOR,
)


def in_queue() -> Caller:
    caller = Caller(WAITING).call("menu:main").press("1")
    assert caller.take() == [play(1, "main"), fx.StopPrompts(1), fx.EnterQueue("sales")]
    return caller


def test_a_key_leads_out_of_a_queue_and_back_leads_in_again() -> None:
    caller = in_queue()
    caller.tell(Returned(Result.KEY, "9"))
    assert caller.take() == [play(2, "leave")]
    caller.press("0")
    assert caller.take() == [fx.StopPrompts(2), fx.EnterQueue("sales")]
    assert fx.KeyChosen(T("queue:sales"), "9", "9") in caller.records


def test_a_key_of_its_own_leads_straight_to_its_target() -> None:
    caller = in_queue()
    caller.tell(Returned(Result.KEY, "7"))
    assert caller.take() == [fx.EnterQueue("operator")]


def test_who_says_nothing_in_the_exit_menu_is_back_in_the_queue_and_not_hung_up_on() -> None:
    caller = in_queue()
    caller.tell(Returned(Result.KEY, "9")).wait(30)
    assert caller.take()[-1] == fx.EnterQueue("sales")


def test_back_leads_to_the_queue_from_further_away_too() -> None:
    caller = in_queue()
    caller.tell(Returned(Result.KEY, "9"))
    caller.press("2").wait(4)
    caller.press("0")
    assert caller.take()[-1] == fx.EnterQueue("sales")


def test_who_went_elsewhere_has_no_queue_to_come_back_to() -> None:
    caller = in_queue()
    caller.tell(Returned(Result.KEY, "7"))
    caller.tell(Returned(Result.ENDED))
    assert caller.take()[-1] == fx.HangUp(fx.EndReason.TALK_ENDED, Result.ENDED)
    assert [target.kind for target in caller.session.progress.trail] == ["menu"]


def test_the_menus_on_the_way_out_of_a_queue_are_forgotten_in_it() -> None:
    """Else "back" in a menu that the queue leads to later would lead to the exit menu."""
    again = menu("leave", keys={"4": T("queue:sales")})
    caller = Caller(flow(menu(), SUPPORT, again, Queue("sales", exit_menu=T("menu:leave")), OPERATOR))
    caller.call("menu:main").press("1")
    caller.tell(Returned(Result.KEY, "9")).press("4")
    assert caller.take()[-1] == fx.EnterQueue("sales")
    assert caller.session.progress.trail == [T("menu:main")]


def test_who_is_taken_by_nobody_goes_to_the_fallbacks_one_after_another_and_the_last_word_is_the_node_s() -> None:
    nodes = Phone("1001"), Phone("1002", outcomes={Result.BUSY: T("music")}), Queue("vip", outcomes=dict(GOODBYES))
    session = Session(flow(*nodes), lambda now, zone: datetime(2026, 1, 1, tzinfo=UTC))
    fallbacks = (T("queue:vip"), T("phone:1002"))
    session.receive(Started(T("phone:1001"), variables={"ani": "1"}, fallbacks=fallbacks), 0.0)
    for result, stands_at in ((Result.UNAVAILABLE, "queue:vip"), (Result.EMPTY, "phone:1002"), (Result.BUSY, "music")):
        session.receive(Returned(result), 1.0)
        assert session.progress.node == T(stands_at)
    assert session.progress.data == {"ani": "1"}


@pytest.mark.parametrize("result", GOODBYES)
def test_what_a_queue_says_by_itself_is_heard_when_nothing_else_is_left(result: Result) -> None:
    said = [Say(goodbye.name, (Prompt(goodbye.name),)) for goodbye in GOODBYES.values()]
    vip = Queue("vip", outcomes=dict(GOODBYES))
    for fallbacks, stands_at in (((T("queue:sales"),), "queue:sales"), ((), str(GOODBYES[result]))):
        caller = Caller(flow(vip, SALES, *said))
        caller.tell(Started(vip.target, fallbacks=fallbacks)).tell(Returned(result))
        assert caller.path() == ["queue:vip", stands_at]
    own = replace(vip, outcomes={result: T("queue:operator")})  # whoever configures it says so
    caller = Caller(flow(own, SALES, OPERATOR, *said))
    caller.tell(Started(own.target, fallbacks=(SALES.target,))).tell(Returned(result))
    assert caller.path() == ["queue:vip", "queue:operator"]


def test_who_has_talked_needs_no_fallback() -> None:
    session = Session(flow(Phone("1001"), Phone("1002")), lambda now, zone: datetime(2026, 1, 1, tzinfo=UTC))
    session.receive(Started(T("phone:1001"), fallbacks=(T("phone:1002"),)), 0.0)
    session.receive(Returned(Result.ENDED), 1.0)
    assert session.ended


# --- moved to another queue


def test_who_waits_is_moved_without_noticing_and_goes_on_by_the_outcomes_of_the_new_queue() -> None:
    support = Queue("support", outcomes={Result.TIMED_OUT: T("echo")})
    caller = Caller(flow(menu(), SALES, support, Echo("echo"))).call("queue:sales")
    caller.take()
    caller.tell(Requeued(SALES.target, support.target))
    assert caller.take() == []
    assert caller.session.progress.node == support.target
    caller.tell(Returned(Result.TIMED_OUT))
    assert [effect.service.kind for effect in caller.take() if isinstance(effect, fx.Connect)] == ["echo"]


def test_who_is_in_the_exit_menu_comes_back_to_the_queue_they_were_moved_to() -> None:
    leave = menu("leave", keys={"*": MenuAction.BACK})
    sales = Queue("sales", exit_menu=leave.target)
    caller = Caller(flow(leave, sales, Queue("support"))).call("queue:sales")
    caller.tell(Returned(Result.KEY, "*"))
    caller.take()
    caller.tell(Requeued(sales.target, T("queue:support")))
    assert caller.session.progress.node == leave.target
    assert fx.EnterQueue("support") in caller.press("*").take()


def test_who_is_sent_on_again_and_again_goes_in_no_circle() -> None:
    caller = Caller(flow(Phone("1001"), Phone("1002"), step_limit=3)).call("phone:1001")
    for _ in range(5):
        caller.tell(Moved(T("phone:1002"))).tell(Moved(T("phone:1001")))
    assert caller.path() == ["phone:1001", *["phone:1002", "phone:1001"] * 5]
    assert not caller.session.ended


def test_what_a_queue_has_for_who_has_talked_comes_once_however_often_they_are_sent_on() -> None:
    asked = Say("survey", (Prompt("survey"),), then=T("phone:1003"))
    sales = Queue("sales", outcomes={Result.ENDED: asked.target})
    caller = Caller(flow(sales, asked, Phone("1002"), Phone("1003"), Phone("1004"))).call("queue:sales")
    caller.tell(Moved(T("phone:1002"))).tell(Moved(T("phone:1004"))).tell(Returned(Result.ENDED)).wait(4)
    assert caller.path() == ["queue:sales", "phone:1002", "phone:1004", "say:survey", "phone:1003"]
    caller.tell(Returned(Result.ENDED))
    assert caller.session.ended
    assert caller.said() == ["survey"]


@pytest.mark.parametrize("sent_on", [False, True])
def test_what_a_queue_has_for_who_has_talked_is_not_for_who_has_come_to_another(sent_on: bool) -> None:
    sales = Queue("sales", outcomes={Result.ENDED: T("say:survey")})
    nodes = flow(sales, OPERATOR, Say("survey", (Prompt("survey"),)), Phone("1002"))
    caller = Caller(nodes).call("queue:sales").tell(Moved(T("phone:1002"))).tell(Moved(OPERATOR.target))
    if sent_on:
        caller.tell(Moved(T("phone:1002")))
    caller.tell(Returned(Result.ENDED))
    assert caller.session.ended
    assert caller.said() == []


def test_a_key_that_silence_has_closed_closes_no_key_of_the_next_menu() -> None:
    first = menu("first", keys={"1": T("menu:second"), "12": T("echo")})
    second = menu("second", keys={"5": T("echo"), "50": T("queue:sales")})
    caller = Caller(flow(first, second, SALES)).call("menu:first").wait(4).press("1").wait(5)
    assert caller.path()[-1] == "menu:second"
    caller.wait(4).press("50")
    assert caller.path()[-1] == "queue:sales"


def test_the_hash_that_ends_a_key_is_no_key_of_the_next_menu() -> None:
    first = menu("first", keys={"1": T("menu:second"), "12": T("echo")})
    second = menu("second", keys={"#": T("echo"), "2": T("queue:sales")})
    caller = Caller(flow(first, second, SALES)).call("menu:first").wait(4).press("1#")
    assert caller.path() == ["menu:first", "menu:second"]
    assert fx.KeyChosen(T("menu:first"), "1", "1#") in caller.records
    caller.press("2")
    assert caller.path()[-1] == "queue:sales"
