"""Any keys at any times lead where the words of the documentation say, computed here without a machine."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.events import Digit
from ivr.nodes import Flow, Menu, MenuAction, Prompt
from ivr.targets import Target
from tests.support.ivr_caller import Caller

if TYPE_CHECKING:
    from collections.abc import Sequence

MAIN, OTHER, END = Target("menu", "main"), Target("menu", "other"), Target("echo")
PROMPT = 1.5

#: No sum of pauses is a timeout exactly.
pauses = st.sampled_from([1 / 64, 0.2, 0.7, 1.3, 2.1, 3.3, 4.9, 6.6])
presses = st.lists(st.tuples(pauses, st.sampled_from("1234*0")), max_size=30)


@st.composite
def menus(draw: st.DrawFn, name: str) -> Menu:
    to: st.SearchStrategy[Target | MenuAction] = st.sampled_from([MAIN, OTHER, END, MenuAction.REPEAT, MenuAction.BACK])
    return Menu(
        name,
        say=(Prompt(name),),
        keys=draw(st.dictionaries(st.sampled_from("123*"), to, min_size=1)),
        timeout=draw(st.sampled_from([2.0, 5.0])),
        retries=draw(st.integers(0, 2)),
        when_no_input=draw(st.sampled_from([OTHER, END])) if name == "main" else END,
        when_invalid=draw(st.sampled_from([None, END])),
    )


def expected(found: dict[Target, Menu], keys: Sequence[tuple[float, str]], until: float) -> list[Target]:
    """The menus that are entered by *until*, and the end."""
    path, came_from = [MAIN], [MAIN]
    at, retries_left, pending = 0.0, found[MAIN].retries, list(keys)
    while path[-1] != END:
        menu = found[path[-1]]
        silent_at = at + PROMPT + menu.timeout
        if pending and pending[0][0] < silent_at:
            at, key = pending.pop(0)
            choice = menu.keys.get(key)
            if choice is None:
                refused: Target | None = menu.when_invalid or menu.when_no_input
                give_up = menu.when_invalid is not None or not retries_left
            elif choice is MenuAction.REPEAT or (choice is MenuAction.BACK and len(came_from) < 2):
                continue
            else:
                if choice is MenuAction.BACK:
                    came_from.pop()
                    choice = came_from[-1]
                assert isinstance(choice, Target)
                refused, give_up = choice, True
        elif silent_at <= until:
            at, refused, give_up = silent_at, menu.when_no_input, not retries_left
        else:
            return path
        if not give_up:
            retries_left -= 1
            continue
        assert refused is not None
        path.append(refused)
        if refused != END:
            retries_left = found[refused].retries
            if came_from[-1] != refused:
                came_from.append(refused)
    return path


@settings(max_examples=max(400, settings().max_examples))
@given(menus("main"), menus("other"), presses)
def test_any_keys_at_any_times_lead_where_the_words_say(
    main: Menu, other: Menu, typed: list[tuple[float, str]]
) -> None:
    found = {MAIN: main, OTHER: other}
    keys = [(at, key) for at, (_, key) in zip(accumulate(pause for pause, _ in typed), typed, strict=True)]
    caller = Caller(Flow(dict(found), step_limit=10_000), prompt_seconds=PROMPT).call("menu:main")
    for at, key in keys:
        caller.wait(at - caller.now)
        caller.tell(Digit(key))
    caller.wait(40.1)
    assert caller.path() == [str(target) for target in expected(found, keys, caller.now)]
