from __future__ import annotations

import json

import pytest

from ivr.events import Returned
from ivr.labels import PATH
from ivr.nodes import Flow, Menu, MenuAction, Queue, Result
from ivr.progress import Progress
from ivr.targets import Target
from tests.support.ivr_caller import Caller

T = Target.parse


def flow() -> Flow:
    """Menus of which each key leads to the next, each silence too, and 0 back; the queue's exit menu is c."""
    nodes = [
        Menu(
            name,
            keys={"1": T(f"menu:{after}"), "2": T("menu:a"), "9": T("queue:q"), "0": MenuAction.BACK},
            retries=0,
            when_no_input=T(f"menu:{after}"),
        )
        for name, after in zip("abcd", "bcda", strict=True)
    ]
    queue = Queue("q", {Result.TIMED_OUT: T("menu:d")}, exit_menu=T("menu:c"))
    return Flow({node.target: node for node in (*nodes, queue)})


def way(keys: str) -> str:
    """The path of who presses *keys*; "." is silence, "-" a key in the queue, "!" what it ends with."""
    caller = Caller(flow()).call("menu:a")
    for key in keys:
        match key:
            case ".":
                caller.wait(5)
            case "-":
                caller.tell(Returned(Result.KEY, "5"))
            case "!":
                caller.tell(Returned(Result.TIMED_OUT))
            case _:
                caller.press(key)
        data = json.loads(json.dumps(caller.session.snapshot(caller.now)))
        caller.session.progress = Progress.from_dict(data, caller.now)
    return caller.session.progress.data.get(PATH, "")


@pytest.mark.parametrize(
    ("keys", "path"),
    [
        ("11", "a 1 > b 1"),
        ("110", "a 1"),
        ("1100", ""),
        ("1.0", "a 1"),
        ("1.01", "a 1 > b 1"),
        ("1.00", ""),
        ("..10", ""),
        ("12.0", "a 1 > b 2"),  # in a for the second time, where nothing was chosen yet
        ("12.00", "a 1"),
        ("9-0", "a 9"),
        ("9-1", "a 9 > c 1"),
        ("9-10", "a 9"),
        ("9-100", "a 9"),
        ("19!0", "a 1"),
        ("19-1.0", "a 1 > b 9 > c 1"),
        ("1" * 40 + "0", " > ".join(f"{'abcd'[n % 4]} 1" for n in range(8, 39))),
    ],
)
def test_a_step_back_takes_away_what_was_chosen_from_where_it_leads(keys: str, path: str) -> None:
    assert way(keys) == path


def test_choices_of_a_session_that_kept_no_places_are_there() -> None:
    caller = Caller(flow()).call("menu:a").press("11")
    data = caller.session.snapshot(caller.now)
    del data["chosen_at"]
    caller.session.progress = Progress.from_dict(data, caller.now)
    caller.press("1")
    assert caller.session.progress.data[PATH] == "a 1 > b 1 > c 1"
