from __future__ import annotations

import json
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr import effects as fx
from ivr.entries import Collect, Valid
from ivr.events import Digit, HungUp
from ivr.nodes import Flow, Menu, Node, Prompt, Say
from ivr.progress import Progress
from ivr.session import Session
from ivr.targets import Target
from tests.support.ivr_caller import Caller

if TYPE_CHECKING:
    from collections.abc import Sequence

T = Target.parse
READ_BACK = Prompt("read-back", args={"value": "{value}"})
GOOD, BAD = T("echo"), T("music")


def flow(*nodes: Node) -> Flow:
    return Flow({node.target: node for node in nodes})


def collect(**fields: object) -> Collect:
    usual: dict[str, object] = {"variable": "parcel", "say": (Prompt("enter"),), "then": GOOD, "when_failed": BAD}
    return Collect("c", **(usual | fields))  # type: ignore[arg-type]


def calling(**fields: object) -> Caller:
    return Caller(flow(collect(**fields))).call("collect:c")


def test_the_end_key_ends_an_entry() -> None:
    caller = calling(longest=12).wait(4).press("4711#")
    assert caller.session.progress.data == {"parcel": "4711"}
    assert caller.path() == ["collect:c", "echo"]
    assert fx.DigitsEntered(T("collect:c"), "4711#") in caller.records
    assert fx.VariablesSet(T("collect:c"), {"parcel": "4711"}) in caller.records


def test_so_does_a_pause_and_a_fixed_length() -> None:
    caller = calling(inter_digit=3.0).wait(4).press("4711", every=0.0).wait(2.99)
    assert caller.path() == ["collect:c"]
    assert caller.wait(0.01).path() == ["collect:c", "echo"]
    caller = calling(shortest=4, longest=4, end="").wait(4).press("4711", every=0.0)
    assert caller.path() == ["collect:c", "echo"]


def test_digits_beyond_the_longest_entry_are_waited_for_and_make_it_wrong() -> None:
    caller = calling(longest=4).wait(4).press("471147114711")
    assert caller.said() == ["enter"]
    caller.press("#")
    assert caller.said() == ["enter", "entry-invalid", "enter"]
    caller = calling(longest=4).wait(4).press("4" * 20)
    assert caller.said() == ["enter", "entry-invalid", "enter"]


def test_a_digit_stops_the_prompt() -> None:
    caller = calling().wait(1).press("4")
    assert fx.StopPrompts(1) in caller.effects


def test_silence_and_wrong_entries_have_words_of_their_own_each_time() -> None:
    caller = calling(
        retries=3,
        say_no_input=(Prompt("hello?"), Prompt("still there?")),
        say_invalid=(Prompt("wrong"), Prompt("wrong again")),
        say_again=(Prompt("short"),),
        timeout=5.0,
    )
    caller.wait(3 + 5).wait(3).press("*#").wait(3 + 5)
    assert caller.said() == ["enter", "hello?", "short", "wrong", "short", "still there?", "short"]
    caller.wait(8)
    assert caller.path() == ["collect:c", "music:default"]
    assert any(isinstance(r, fx.NodeLeft) and r.via == "no-input" for r in caller.records)


def test_the_caller_is_asked_whether_the_entry_is_right() -> None:
    caller = calling(confirm=(READ_BACK, Prompt("right?"))).wait(3).press("4711#")
    assert caller.effects[-1] == fx.PlayPrompts(
        2, (Prompt("read-back", args={"value": "4711"}), Prompt("right?")), "en"
    )
    caller.wait(3).press("2")
    assert caller.said()[-1] == "enter"
    assert caller.session.progress.data == {}
    caller.press("0815#1")
    assert caller.session.progress.data == {"parcel": "0815"}
    assert caller.path()[-1] == "echo"


def test_who_does_not_say_whether_it_is_right_is_asked_again_and_then_helped() -> None:
    caller = calling(confirm=(READ_BACK,), retries=1, timeout=5.0).wait(3).press("4711#").wait(3).press("5")
    assert caller.said()[-2:] == ["invalid-choice", "read-back"]
    caller.wait(8.1)
    assert caller.path()[-1] == "music:default"
    assert caller.session.progress.data == {}


def test_an_amount_is_kept_and_read_back_as_one() -> None:
    spoken = Prompt("read-back-money", args={"value": "{value} UAH"})
    caller = calling(valid=Valid.AMOUNT, confirm=(spoken,)).press("12*5#")
    assert caller.effects[-1] == fx.PlayPrompts(2, (Prompt("read-back-money", args={"value": "12.50 UAH"}),), "en")


SECRET = collect(variable="pin", secret=True, longest=6)
HELLO = Say("hello", (Prompt("hello", barge_in=False),), then=T("collect:c"))
MAIN = Menu("main", say=(Prompt("main"),), keys={"1": T("say:hello"), "2": T("collect:c")}, when_no_input=T("echo"))


@pytest.mark.parametrize("entry", ["menu:main", "say:hello", "collect:c"])
@pytest.mark.parametrize("hang_up", [False, True])
@pytest.mark.parametrize("wait", [0.0, 3.5])
def test_a_secret_is_in_no_record_however_early_it_was_typed(entry: str, hang_up: bool, wait: float) -> None:
    caller = Caller(flow(SECRET, HELLO, MAIN)).call(entry).wait(wait)
    if entry == "menu:main":
        caller.tell(Digit("1"))
    for digit in "907856":
        caller.tell(Digit(digit))
    caller.wait(0.5)
    if hang_up:
        caller.tell(HungUp())
    else:
        caller.wait(3.5).tell(Digit("#")).wait(4)
        assert caller.session.progress.data["pin"] == "907856"
        assert "pin" not in caller.session.progress.public
        assert any(isinstance(r, fx.VariablesSet) and r.values == {"pin": fx.SECRET} for r in caller.records)
    for record in caller.records:
        told = json.dumps(repr(record))
        assert not any(f"'{digit}'" in told for digit in "90785"), told
        assert "9078" not in told


def test_nor_is_one_that_was_typed_while_a_menu_insists_on_being_heard() -> None:
    insisting = replace(MAIN, say=(Prompt("main", barge_in=False),))
    caller = Caller(flow(SECRET, HELLO, insisting)).call("menu:main").wait(1)
    for digit in "2907856#":
        caller.tell(Digit(digit))
    caller.wait(6)
    assert caller.session.progress.data["pin"] == "907856"
    assert fx.KeyChosen(T("menu:main"), "2", "2") in caller.records
    shown = [r.digit for r in caller.records if isinstance(r, fx.DigitPressed)]
    assert shown == [fx.SECRET] * 8
    assert not any("907" in repr(record) for record in caller.records)


# --- any digits, at any times

#: No pause adds up to a timeout exactly.
pauses = st.sampled_from([1 / 64, 0.25, 0.7, 1.3, 2.4, 2.9, 3.3, 4.6, 6.7, 9.1])
presses = st.lists(st.tuples(pauses, st.sampled_from("0123456789*##")), max_size=25)
nodes = st.builds(
    lambda shortest, more, end, retries, timeout, inter_digit: collect(
        shortest=shortest,
        longest=shortest + more,
        end=end,
        retries=retries,
        timeout=timeout,
        inter_digit=inter_digit,
    ),
    st.integers(0, 3),
    st.integers(1, 4),
    st.sampled_from(["#", "", "*"]),
    st.integers(0, 3),
    st.sampled_from([4.0, 7.0]),
    st.sampled_from([1.0, 3.0]),
)
PROMPT = 1.5


def expected(node: Collect, keys: Sequence[tuple[float, str]], until: float) -> tuple[str, str | None]:
    """What comes of *keys* (at, digit): "good" with the value, "bad", or "waiting" at *until*. Written from the words
    of the documentation, attempt by attempt, without a machine."""
    begun, keys = 0.0, list(keys)
    for _attempt in range(node.retries + 1):
        silent_at = begun + PROMPT + node.timeout
        if not keys or keys[0][0] > silent_at:
            begun = silent_at
        else:
            entry, over_at = "", None
            while over_at is None:
                at, digit = keys.pop(0)
                entry += digit
                longest = node.longest + (16 if node.end else 0)
                if digit == (node.end or "#") or len(entry) == longest:
                    over_at = at
                elif not keys or keys[0][0] > at + node.inter_digit:
                    over_at = at + node.inter_digit
            if over_at > until:
                return "waiting", None
            figures = entry[:-1] if entry[-1] == (node.end or "#") else entry
            if not node.end and len(entry) == node.longest and keys[:1] and keys[0][1] == "#":
                keys = keys[keys[0][0] < over_at + min(node.inter_digit, 2.0) :]  # of habit
            if (figures.isdigit() or not figures) and node.shortest <= len(figures) <= node.longest:
                return "good", figures
            begun = over_at
        if begun > until:
            return "waiting", None
    return "bad", None


@settings(max_examples=max(400, settings().max_examples))
@given(nodes, presses)
def test_any_digits_at_any_times_come_to_what_the_words_say(node: Collect, typed: list[tuple[float, str]]) -> None:
    times = list(accumulate(pause for pause, _ in typed))
    keys = [(at, digit) for at, (_, digit) in zip(times, typed, strict=True)]
    caller = Caller(flow(node), prompt_seconds=PROMPT).call("collect:c")
    for at, digit in keys:
        caller.wait(at - caller.now)
        caller.tell(Digit(digit))
    caller.wait(0.4)
    outcome, value = expected(node, keys, caller.now)
    here = caller.path()[-1]
    assert here == {"good": "echo", "bad": "music:default", "waiting": "collect:c"}[outcome]
    assert caller.session.progress.data.get("parcel") == value


def test_a_code_cannot_be_guessed_by_coming_back() -> None:
    code = collect(secret=True, tries=3, shortest=4, longest=4, end="", then=T("say:wrong"))
    caller = Caller(flow(code, Say("wrong", (Prompt("wrong"),), then=code.target))).call("collect:c")
    caller.wait(4).press("0001").wait(4).press("0002").wait(4)
    assert caller.path()[-1] == "collect:c"
    kept = json.loads(json.dumps(caller.session.snapshot(caller.now)))  # the count outlives a restart
    caller.session = Session.restore(caller.flow, caller.local_time, kept, caller.now)
    caller.press("0003").wait(4)
    assert caller.path()[-3:] == ["say:wrong", "collect:c", "music:default"]
    assert [r.via for r in caller.records if isinstance(r, fx.NodeLeft)][-1] == "no-try-left"


def test_the_last_of_the_tries_counts_and_what_was_typed_ahead_of_it_is_nobodys() -> None:
    heard = (Prompt("enter", barge_in=False),)
    code = collect(say=heard, secret=True, tries=1, shortest=2, longest=2, end="", then=T("say:wrong"))
    code = replace(code, when_failed=T("menu:m"))
    menu = Menu("m", say=(Prompt("menu"),), keys={"3": GOOD, "33": GOOD})
    caller = Caller(flow(code, menu, Say("wrong", (), then=code.target))).call("collect:c")
    caller.press("1133", every=0.0).wait(3)
    assert fx.DigitsDropped(T("say:wrong"), "••", "left") in caller.records
    assert caller.path()[-1] == "menu:m"
    assert caller.session.progress.kept == ""


def test_snapshots_without_counts_are_read() -> None:
    old = calling().session.snapshot(0.0)
    del old["tries"]
    assert Progress.from_dict(json.loads(json.dumps(old)), 0.0).tries == {}


def test_without_a_limit_an_entry_may_be_made_again_and_again() -> None:
    caller = Caller(flow(collect(then=T("say:on")), Say("on", (), then=T("collect:c")))).call("collect:c")
    for _ in range(9):
        caller.press("1#")
    assert caller.path()[-1] == "collect:c"


MENU = Menu("next", say=(Prompt("next"),), keys={"1": GOOD, "#": BAD}, when_no_input=BAD)
FIXED = {"shortest": 4, "longest": 4, "end": ""}


@pytest.mark.parametrize("every", [0.0, 0.5, 1.8])
def test_a_hash_of_habit_after_a_fixed_length_means_nothing(every: float) -> None:
    caller = Caller(flow(collect(then=MENU.target, **FIXED), MENU)).call("collect:c").wait(4)
    caller.press("1234", every=0.1).wait(every).press("#").wait(0.5)
    assert caller.path() == ["collect:c", "menu:next"]
    assert caller.session.progress.data == {"parcel": "1234"}
    assert fx.DigitsDropped(MENU.target, "#", "end-of-entry") in caller.records
    caller.press("1")
    assert caller.path()[-1] == "echo"


@pytest.mark.parametrize("wait", [2.5, 0.0])
def test_a_hash_that_comes_late_or_second_is_a_key(wait: float) -> None:
    caller = Caller(flow(collect(then=MENU.target, **FIXED), MENU)).call("collect:c").wait(4)
    caller.press("1234").wait(wait).press("#" if wait else "##")
    assert caller.path()[-1] == "music:default"


def test_so_it_does_among_digits_pressed_ahead_and_where_the_entry_is_read_back() -> None:
    insisting = collect(say=(Prompt("enter", barge_in=False),), then=MENU.target, **FIXED)
    caller = Caller(flow(insisting, MENU)).call("collect:c").press("1234#1").wait(4)
    assert caller.path() == ["collect:c", "menu:next", "echo"]
    assert caller.session.progress.data["parcel"] == "1234"
    caller = calling(confirm=(READ_BACK,), **FIXED).wait(4).press("1234#")
    assert caller.playing is not None
    assert "invalid-choice" not in caller.said()
    caller.press("1")
    assert caller.path()[-1] == "echo"


def test_a_wrong_entry_takes_its_hash_with_it() -> None:
    caller = calling(valid=Valid.LUHN, **FIXED).wait(4).press("1234#").wait(1).press("1230").wait(1)
    assert caller.said().count("entry-invalid") == 1
    assert caller.session.progress.data == {"parcel": "1230"}


def test_a_hash_ends_an_entry_that_only_a_pause_would() -> None:
    caller = calling(shortest=4, longest=6, end="").wait(4).press("12345#")
    assert caller.session.progress.data == {"parcel": "12345"}
    assert calling(shortest=4, longest=6, end="", pattern="[0-9#]+").wait(4).press("1#234#").path()[-1] == "echo"


def test_the_hash_of_habit_outlasts_a_restart() -> None:
    nodes = flow(collect(then=MENU.target, **FIXED), MENU)
    caller = Caller(nodes).call("collect:c").wait(4).press("1234", every=0.0)
    data = json.loads(json.dumps(caller.session.snapshot(caller.now)))
    session = Session.restore(nodes, caller.local_time, data, 1000.0)
    assert session.belongs_to_entry("#", 1001.5)
    session = Session.restore(nodes, caller.local_time, data, 1000.0)
    assert not session.belongs_to_entry("#", 1002.5)


def test_what_went_wrong_before_does_not_count_when_the_entry_is_read_back() -> None:
    caller = calling(confirm=(READ_BACK,), retries=1, timeout=5.0, longest=4).wait(4).press("47114711#").wait(4)
    caller.press("4711#").wait(3).press("5")
    assert caller.said()[-2:] == ["invalid-choice", "read-back"], "asked once more, and not given up"


def test_silences_of_before_are_not_taken_from_wrong_entries_after_a_correction() -> None:
    wrong = (Prompt("wrong-1"), Prompt("wrong-2"))
    caller = calling(confirm=(READ_BACK,), retries=3, timeout=5.0, longest=4, say_invalid=wrong)
    caller.wait(4 + 5).press("4711#").wait(3).press("2").wait(3).press("47114711#").wait(1)
    assert caller.said()[-2:] == ["wrong-1", "enter"]
