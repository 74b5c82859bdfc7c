from __future__ import annotations

from ivr.hours import Rules, parse_rules
from ivr.nodes import Flow, Goto, Hours, Menu, MenuAction, Node, Phone, Prompt, Queue, Result, Say
from ivr.targets import HANGUP, Target
from ivr.validate import Finding, Severity, check_flow

T = Target.parse
WORDS = (Prompt("words", text={"en": "Hello."}),)


def menu(name: str, no_input: str = "hangup", **keys: str) -> Menu:
    choices = {key.removeprefix("k"): T(target) for key, target in keys.items()} or {"1": HANGUP}
    return Menu(name, say=WORDS, keys=choices, when_no_input=T(no_input))


def findings(*nodes: Node, **options: object) -> list[Finding]:
    return check_flow(Flow({node.target: node for node in nodes}), **options)  # type: ignore[arg-type]


def codes(*nodes: Node, **options: object) -> list[tuple[str, str]]:
    return [(finding.code, ".".join(finding.path)) for finding in findings(*nodes, **options)]


def test_a_sound_flow_has_no_findings() -> None:
    assert (
        codes(
            Hours("office", parse_rules(["mon-fri 09:00-17:00"]), T("menu:main"), T("say:closed")),
            Say("closed", say=WORDS),
            menu("main", "queue:sales", k1="queue:sales", k2="phone:1001", k3="goto:more", k4="echo", k5="music:jazz"),
            Goto("more", T("menu:more")),
            menu("more", "menu:main", k1="menu:main"),
            Queue("sales", outcomes={Result.TIMED_OUT: T("menu:main")}),
            Phone("1001"),
            entries={("route", "0", "to"): T("hours:office")},
        )
        == []
    )


def test_a_target_that_does_not_exist_is_an_error_with_the_nearest_name() -> None:
    found = findings(menu("main", k1="queue:salse", k2="menu:mian"), Queue("sales"), menu("other"))
    assert [(f.code, f.severity, f.path, f.nearest) for f in found] == [
        ("dangling-target", Severity.ERROR, ("menu", "main", "keys", "1"), "queue:sales"),
        ("dangling-target", Severity.ERROR, ("menu", "main", "keys", "2"), "menu:main"),
    ]
    assert found[0].message == 'there is no queue "salse"'


def test_every_key_that_may_hold_a_target_is_checked() -> None:
    nowhere = T("menu:nowhere")
    nodes: list[Node] = [
        Menu("m", say=WORDS, keys={"1": nowhere, "2": MenuAction.BACK}, when_no_input=nowhere, when_invalid=nowhere),
        Say("s", say=WORDS, then=nowhere),
        Goto("g", nowhere),
        Hours("h", parse_rules(["mon"]), nowhere, nowhere),
        Queue("q", outcomes={Result.TIMED_OUT: nowhere}),
        Phone("p", outcomes={Result.NO_ANSWER: nowhere}),
    ]
    places = {place for code, place in codes(*nodes, entries={("route", "0", "to"): nowhere}) if code[0] == "d"}
    assert places == {
        *("menu.m.keys.1", "menu.m.when_no_input", "menu.m.when_invalid", "say.s.then", "goto.g.then"),
        *("hours.h.when_open", "hours.h.when_closed", "queue.q.when_timed_out", "phone.p.when_no_answer", "route.0.to"),
    }


def test_says_in_a_circle_are_an_error() -> None:
    nodes = Say("a", say=WORDS, then=T("goto:b")), Goto("b", T("hours:c"))
    hours = Hours("c", parse_rules(["mon"]), T("hangup"), T("say:a"))
    assert codes(*nodes, hours) == [("endless-say", "goto.b")]
    assert "goto:b → hours:c → say:a → goto:b" in findings(*nodes, hours)[0].message


def test_a_goto_to_itself_is_a_circle() -> None:
    assert codes(Goto("a", T("goto:a"))) == [("endless-say", "goto.a")]


def test_a_menu_that_silence_never_leaves_is_an_error() -> None:
    assert codes(menu("main", "menu:main")) == [("endless-silence", "menu.main")]
    assert codes(menu("a", "say:b"), Say("b", say=WORDS, then=T("menu:a"))) == [("endless-silence", "menu.a")]


def test_circles_behind_a_key_or_a_queue_are_no_error() -> None:
    assert codes(menu("main", "queue:q", k1="menu:main"), Queue("q", outcomes={Result.FULL: T("menu:main")})) == []


def test_nodes_without_a_way_to_them_are_named() -> None:
    found = codes(menu("main", k1="menu:main"), menu("lost"), Queue("q"), entries={("route",): T("menu:main")})
    assert found == [("unreachable", "menu.lost")]
    assert codes(menu("lost")) == []


def test_a_name_that_a_list_fills_in_may_be_any_of_its_kind() -> None:
    nodes = (menu("main", k1="menu:main"), menu("a", "say:b", k1="menu:main"), Say("b", say=WORDS, then=T("menu:main")))
    filled = {("route",): T("menu:{topic}"), ("other",): T("menu:main")}
    assert codes(*nodes, entries=filled) == []
    assert codes(*nodes, entries={("route",): T("menu:main")}) == [("unreachable", "menu.a"), ("unreachable", "say.b")]


def test_a_language_without_text_is_named() -> None:
    prompt = Prompt("say.a", text={"uk": "Вітаємо.", "pl": " "})
    found = findings(Say("a", say=(prompt,)), languages=["uk", "pl"])
    assert [(f.code, f.severity, f.message) for f in found] == [
        ("missing-language", Severity.WARNING, 'no text in "en": callers of that language hear "uk"'),
        ("missing-language", Severity.WARNING, 'no text in "pl": callers of that language hear "uk"'),
    ]


def test_nothing_to_say_nothing_to_press_never_open() -> None:
    assert codes(
        Menu("a"),
        Menu("b", say=WORDS, keys={"1x": HANGUP, "": HANGUP}),
        Say("c", say=(Prompt("say.c", text={"en": ""}),)),
        Say("d", say=(Prompt("queue-ful"),)),
        Hours("e", Rules(())),
        catalogue=["queue-full"],
    ) == [
        ("no-keys", "menu.a"),
        ("bad-key", "menu.b.keys."),
        ("bad-key", "menu.b.keys.1x"),
        ("nothing-to-say", "say.c.say"),
        ("nothing-to-say", "say.d.say"),
        ("never-open", "hours.e.open"),
        ("nothing-to-say", "menu.a"),
    ]


def test_a_thousand_menus_in_a_row_are_checked_without_deep_recursion() -> None:
    nodes = [menu(f"m{n}", f"menu:m{n + 1}") for n in range(3000)]
    assert codes(*nodes, menu("m3000", "menu:m2999")) == [("endless-silence", "menu.m2999")]


def test_a_flow_with_very_many_ways_through_is_checked_soon() -> None:
    rules = parse_rules(["mon"])
    twins = [Hours(f"{side}{n}", rules, T(f"hours:a{n + 1}"), T(f"hours:b{n + 1}")) for n in range(60) for side in "ab"]
    ends = [Hours(f"{side}60", rules, T("hangup"), T("hangup")) for side in "ab"]
    assert codes(*twins, *ends, entries={("route",): T("hours:a0"), ("route", "1"): T("hours:b0")}) == []
