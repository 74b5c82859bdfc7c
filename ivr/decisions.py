"""What comes next, read off a session's data: the decisions of `ivr.machine`, without side effects."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from ivr.machine import Input, State
from ivr.nodes import (
    Answer,
    Echo,
    External,
    Goto,
    HandOff,
    Hangup,
    Hours,
    Inquiry,
    Menu,
    MenuAction,
    Music,
    Node,
    Phone,
    Queue,
    Say,
)

if TYPE_CHECKING:
    from ivr.nodes import Flow, Prompt
    from ivr.progress import Progress

ARRIVALS: dict[type[Node], Input] = {
    Menu: Input.AT_MENU,
    Say: Input.AT_SAY,
    Hours: Input.AT_HOURS,
    Goto: Input.AT_GOTO,
    Queue: Input.AT_QUEUE,
    Phone: Input.AT_PHONE,
    External: Input.AT_EXTERNAL,
    Inquiry: Input.AT_INQUIRY,
    HandOff: Input.AT_HAND_OFF,
    Echo: Input.AT_SERVICE,
    Music: Input.AT_SERVICE,
    Answer: Input.AT_SERVICE,
    Hangup: Input.AT_HANGUP,
}


def decide(flow: Flow, p: Progress) -> Input:
    """The decision due in a state in which sessions do not rest."""
    match p.state:
        case State.ROUTING:
            return _which_node(flow, p)
        case State.TURN:
            return _what_is_left(flow, p)
        case State.MATCHING:
            return _what_was_keyed(flow, p)
        case _:
            return _once_more(flow, p)


def node_of(flow: Flow, p: Progress) -> Node | None:
    return None if p.node is None else flow.find(p.node)


def menu_of(flow: Flow, p: Progress) -> Menu:
    node = node_of(flow, p)
    assert isinstance(node, Menu)
    return node


def script_of(flow: Flow, p: Progress) -> tuple[Prompt, ...]:
    """The prompts of this turn."""
    match node_of(flow, p):
        case Menu() as menu:
            return {"invalid": menu.say_invalid, "no-input": menu.say_no_input}.get(p.intro, ()) + menu.say
        case Say() as say:
            return say.say
    return ()


def next_prompt(flow: Flow, p: Progress) -> int:
    """Index of the prompt to say next: when a digit is here already, only those that insist on being heard."""
    rest = script_of(flow, p)[p.said :]
    skipped = takewhile(lambda prompt: prompt.barge_in, rest) if p.kept else ()
    return p.said + sum(1 for _ in skipped)


def longest_key(flow: Flow, p: Progress) -> str:
    """The longest beginning of the digits pressed that is a key, or empty."""
    keys = menu_of(flow, p).keys
    return next((p.keyed[:n] for n in range(len(p.keyed), 0, -1) if p.keyed[:n] in keys), "")


def _which_node(flow: Flow, p: Progress) -> Input:
    node = flow.find(p.target)
    if node is None:
        return Input.NO_SUCH_NODE
    if p.steps >= flow.step_limit:
        return Input.TOO_MANY_STEPS
    return next(ARRIVALS[kind] for kind in type(node).__mro__ if kind in ARRIVALS)


def _what_is_left(flow: Flow, p: Progress) -> Input:
    script = script_of(flow, p)
    prompt = next_prompt(flow, p)
    if prompt < len(script):
        return Input.SPEAK if script[prompt].barge_in else Input.INSIST
    if not isinstance(node_of(flow, p), Menu):
        return Input.MOVE_ON
    return Input.HEAR if p.kept else Input.LISTEN


def _what_was_keyed(flow: Flow, p: Progress) -> Input:
    keys = menu_of(flow, p).keys
    if not p.key_closed and any(key != p.keyed and key.startswith(p.keyed) for key in keys):
        return Input.MORE_KEPT if p.kept else Input.MORE_NEEDED
    key = longest_key(flow, p)
    if not key:
        return Input.NO_SUCH_KEY
    match keys[key]:
        case MenuAction.REPEAT:
            return Input.CHOSEN_REPEAT
        case MenuAction.BACK if len(p.trail) < 2:
            return Input.CHOSEN_REPEAT
    return Input.CHOSEN


def _once_more(flow: Flow, p: Progress) -> Input:
    menu = menu_of(flow, p)
    if p.refused == "invalid" and menu.when_invalid is not None:
        return Input.GIVE_UP
    return Input.AGAIN if p.attempts < menu.retries else Input.GIVE_UP
