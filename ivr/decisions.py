"""What comes next, read off a session's data: the decisions of `ivr.machine`, without side effects."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from ivr.entries import AGAIN, RIGHT, Collect
from ivr.machine import Input, State
from ivr.nodes import (
    INVALID_CHOICE,
    NO_INPUT,
    NOT_CONNECTED,
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
from ivr.progress import CONFIRM
from ivr.slots import Expected, with_messages
from ivr.targets import HANGUP
from ivr.verbs import Verbs, is_verb, place

if TYPE_CHECKING:
    from ivr.nodes import Flow, Prompt
    from ivr.progress import Progress
    from ivr.targets import Target

ARRIVALS: dict[type[Node], Input] = {
    Menu: Input.AT_MENU,
    Collect: Input.AT_MENU,
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


def find(flow: Flow, p: Progress, target: Target) -> Node | None:
    """The node at *target*: of the flow, or of the verbs of an application."""
    if is_verb(target):
        return place(target.name, p.verbs)
    if "{" in target.name:
        return None  # of a variable that is not known
    return flow.find(target)


def node_of(flow: Flow, p: Progress) -> Node | None:
    """Where the caller is; a menu as this caller has it, with messages of campaigns."""
    node = None if p.node is None else find(flow, p, p.node)
    return with_messages(node, p.voiced) if p.voiced and isinstance(node, Menu) else node


def menu_of(flow: Flow, p: Progress) -> Menu:
    node = node_of(flow, p)
    assert isinstance(node, Menu)
    return node


def prompting(flow: Flow, p: Progress) -> Menu | Collect:
    """The node whose caller is expected to press something."""
    node = node_of(flow, p)
    assert isinstance(node, Menu | Collect)
    return node


def is_secretive(flow: Flow, p: Progress) -> bool:
    """Whether callers enter secrets somewhere, or are with an application, which may ask for one at any time: what they
    type ahead may be one."""
    with_application = p.node is not None and p.node.kind == Verbs.kind
    return with_application or any(isinstance(node, Collect) and node.secret for node in flow.nodes.values())


def is_hidden(flow: Flow, p: Progress, digit: str = "") -> bool:
    """Whether *digit*, pressed now, is a secret's, or may be."""
    node = node_of(flow, p)
    if isinstance(node, Collect):
        return node.secret
    taken_here = isinstance(node, Menu) and p.state is not State.INSISTING
    if isinstance(node, Menu) and longest_key(flow, p):  # is pressed already: what makes no other key may be for later
        taken_here = p.keyed + digit in node.keys
    return not taken_here and is_secretive(flow, p)


def script_of(flow: Flow, p: Progress) -> tuple[Prompt, ...]:
    """The prompts of this turn."""
    match node_of(flow, p):
        case Collect() as collect if p.phase == CONFIRM:
            return {"invalid": INVALID_CHOICE, "no-input": NO_INPUT}.get(p.intro, ()) + collect.confirm
        case Menu() | Collect() as node:
            again = _attempt(node.say_again, p.attempts) if p.intro else ()
            return (*_excuse(node, p), *(again or node.say))
        case Say() as say:
            return say.say
    return ()


def _excuse(node: Menu | Collect, p: Progress) -> tuple[Prompt, ...]:
    """Why the caller hears it again: silences and wrong keys are counted apart, each has its own first words."""
    match p.intro:
        case "invalid":
            return _attempt(node.say_invalid, p.attempts - p.silences)
        case "no-input":
            return _attempt(node.say_no_input, p.silences)
    return ()


def _attempt(prompts: tuple[Prompt, ...], nth: int) -> tuple[Prompt, ...]:
    """The one for the *nth* time; the last is for all that follow."""
    return (prompts[min(nth, len(prompts)) - 1],) if prompts else ()


def next_prompt(flow: Flow, p: Progress) -> int:
    """Index of the prompt to say next: when a digit is here already, only those that insist on being heard."""
    rest = script_of(flow, p)[p.said :]
    skipped = takewhile(lambda prompt: prompt.barge_in, rest) if p.kept else ()
    return p.said + sum(1 for _ in skipped)


def expected_next(flow: Flow, p: Progress) -> Expected | None:
    """The control point at which the menu is, when it is not known yet what this caller hears there."""
    following = script_of(flow, p)[next_prompt(flow, p) :][:1]
    return next((m for m in p.voiced if isinstance(m, Expected) and following == (m.prompt,)), None)


def longest_key(flow: Flow, p: Progress) -> str:
    """The longest beginning of the digits pressed that is a key, or empty."""
    keys = menu_of(flow, p).keys
    return next((p.keyed[:n] for n in range(len(p.keyed), 0, -1) if p.keyed[:n] in keys), "")


def _which_node(flow: Flow, p: Progress) -> Input:
    node = find(flow, p, p.target)
    if node is None:
        somewhere = p.target != NOT_CONNECTED and (p.fallbacks or flow.find(NOT_CONNECTED) is not None)
        return Input.NOT_THERE if somewhere else Input.NO_SUCH_NODE
    if p.steps >= flow.step_limit and p.target != HANGUP:
        if p.steps >= 2 * flow.step_limit or flow.find(NOT_CONNECTED) is None:
            return Input.TOO_MANY_STEPS
        if p.target != NOT_CONNECTED:
            return Input.IN_CIRCLES
    if isinstance(node, Menu) and node.versions and p.chosen_version != str(p.target):
        return Input.AT_VERSIONS
    if isinstance(node, Collect) and 0 < node.tries <= p.tries.get(str(p.target), 0):
        return Input.NO_TRY_LEFT
    return next(ARRIVALS[kind] for kind in type(node).__mro__ if kind in ARRIVALS)


def _what_is_left(flow: Flow, p: Progress) -> Input:
    if p.voiced and (expected := expected_next(flow, p)) is not None:
        return Input.SETTLE if expected.over or not expected.wait else Input.EXPECT
    script = script_of(flow, p)
    prompt = next_prompt(flow, p)
    if prompt < len(script):
        return Input.SPEAK if script[prompt].barge_in else Input.INSIST
    if not isinstance(node_of(flow, p), Menu | Collect):
        return Input.MOVE_ON
    return Input.HEAR if p.kept else Input.LISTEN


def _what_was_entered(node: Collect, p: Progress) -> Input:
    if p.phase == CONFIRM:
        return {RIGHT: Input.ENTERED, AGAIN: Input.ENTER_AGAIN}.get(p.keyed, Input.NO_SUCH_KEY)
    if not node.is_over(p.keyed, closed=p.key_closed):
        return Input.MORE_KEPT if p.kept else Input.MORE_NEEDED
    if node.read(p.keyed) is None:
        return Input.NO_SUCH_KEY
    return Input.TO_CONFIRM if node.confirm else Input.ENTERED


def _what_was_keyed(flow: Flow, p: Progress) -> Input:
    if isinstance(node := node_of(flow, p), Collect):
        return _what_was_entered(node, p)
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
    node = prompting(flow, p)
    if isinstance(node, Menu) and p.refused == "invalid" and node.when_invalid is not None:
        return Input.GIVE_UP
    return Input.AGAIN if p.attempts < node.retries else Input.GIVE_UP
