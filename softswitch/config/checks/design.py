"""How menus should be built for people: few choices, soon said, not deep, a way back, somebody to talk to.

How long a text lasts is known of recordings, and estimated by its words where it will be spoken.
"""

from __future__ import annotations

import contextlib
import wave
from collections import deque
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from ivr.nodes import Menu, MenuAction, Say
from ivr.validate import edges
from softswitch.config.checks.said_keys import first_choice, said_keys
from softswitch.config.errors import Problem, Severity, dotted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ivr.nodes import Flow, Prompt
    from ivr.targets import Target
    from softswitch.config.model import Config
    from softswitch.config.positions import Path, Positions

#: Kinds of places where somebody takes the call, or takes down what the caller wants.
_PEOPLE = frozenset({"queue", "phone", "external", "agent", "findme", "voicemail", "callback", "conference"})
#: Kinds of places that callers pass without hearing or pressing anything.
_SILENT = frozenset({"hours", "goto", "set", "lookup"})


def check(config: Config, flow: Flow, starts: Iterable[Target], positions: Positions) -> Iterator[Problem]:
    """Warnings about every menu of *flow*; calls come in at *starts*."""
    starts = tuple(starts)
    depths, talks = _depths(flow, starts), _talks(config, flow, starts)
    for target, node in flow.nodes.items():
        if type(node) is not Menu or target.name not in config.menus:
            continue
        rules = (_options(config, node), _depth(config, depths, node), _ways(flow, depths, node), _keys(node))
        for found in (*rules, _dead(node), _first(config, node, talks.get(target, 0.0))):
            for code, keys, what, right in found:
                path: Path = ("menu", node.name, *keys)
                at = positions.of(path)
                yield Problem(at.line, at.column, dotted(path), what, right, severity=Severity.WARNING, code=code)


def _options(config: Config, menu: Menu) -> Iterator[tuple[str, tuple[str, ...], str, str]]:
    count = sum(not isinstance(choice, MenuAction) for choice in menu.keys.values())
    count += sum(bool(slot.key) for slot in menu.slots)
    if count > config.lint.max_options:
        what = f"has {count} choices; people keep {config.lint.max_options} in mind"
        yield "too-many-options", ("keys",), what, "put some of them into a menu of their own"


def _depth(config: Config, depths: dict[Target, int], menu: Menu) -> Iterator[tuple[str, tuple[str, ...], str, str]]:
    depth = depths.get(menu.target, 0)
    if depth > config.lint.max_depth:
        what = f"is menu number {depth} on the shortest way here"
        yield "too-deep", (), what, f"callers stay with you for {config.lint.max_depth}"


def _ways(flow: Flow, depths: dict[Target, int], menu: Menu) -> Iterator[tuple[str, tuple[str, ...], str, str]]:
    actions = {choice for choice in menu.keys.values() if isinstance(choice, MenuAction)}
    if MenuAction.REPEAT not in actions and menu.retries == 0:
        yield "no-repeat", (), "can be heard only once", 'add a key: "*" = "repeat", or retries = 1'
    depth = depths.get(menu.target)
    if depth is None or (MenuAction.BACK in actions and depth > 1):  # from the first menu there is no way back
        return
    # from the first menu everybody may be a few keys away; deeper down the next key must do
    if any(place.kind in _PEOPLE for place in _after(flow, menu, through_menus=depth == 1)):
        return
    if depth > 1 and any(depths.get(place, depth) < depth for place in _after(flow, menu) if place.kind == Menu.kind):
        return
    yield "no-way-out", ("keys",), "leads neither back nor to a person", 'add a key: 0 = "queue:…", or "#" = "back"'


def _after(flow: Flow, menu: Menu, *, through_menus: bool = False) -> Iterator[Target]:
    """Where the keys of *menu* lead, and silence; through everything that callers do not choose."""
    seen = {menu.target}
    pending = deque(target for _, target in edges(menu))
    while pending:
        target = pending.popleft()
        if target in seen:
            continue
        seen.add(target)
        yield target
        node = flow.find(target)
        if node is not None and target.kind not in _PEOPLE and (through_menus or target.kind != Menu.kind):
            pending += [to for _, to in edges(node)]


def _depths(flow: Flow, starts: Iterable[Target]) -> dict[Target, int]:
    """Menus on the shortest way from the number that was dialled to each place, itself included."""
    depths: dict[Target, int] = {}
    pending = deque((target, 0) for target in starts)
    while pending:
        target, depth = pending.popleft()
        depth += target.kind == Menu.kind
        node = flow.find(target)
        if node is None or depths.get(target, depth + 1) <= depth:
            continue
        depths[target] = depth
        # a queue is an end of the way: what follows is another one
        pending += [(to, depth) for _, to in edges(node) if target.kind not in _PEOPLE]
    return depths


def _keys(menu: Menu) -> Iterator[tuple[str, tuple[str, ...], str, str]]:
    for key, choice in menu.keys.items():
        if longer := [other for other in menu.keys if other != key and other.startswith(key)]:
            what = f"callers who press {key} wait {menu.inter_digit:g} s, as {longer[0]} begins with it"
            yield "digit-collision", ("keys", key), what, "choose keys of one length"
        if choice == menu.target:
            yield "dead-digit", ("keys", key), "leads to the menu itself", 'write "repeat"'


def _dead(menu: Menu) -> Iterator[tuple[str, tuple[str, ...], str, str]]:
    """Keys that a text tells callers to press and that do nothing."""
    live = {*menu.keys, *(slot.key for slot in menu.slots), *(slot.optout_key for slot in menu.slots)}
    longest = max(2, *map(len, live), 0)
    for field in ("say", "say_invalid", "say_no_input", "say_again"):
        prompts: tuple[Prompt, ...] = getattr(menu, field)
        for language in _languages(prompts):
            said = [key for prompt in prompts for key in said_keys(*_text(prompt, language))]
            for key in dict.fromkeys(said):
                if key not in live and len(key) <= longest:  # longer ones are telephone numbers: "or dial 112"
                    what = f'the text in "{language}" says to press {key}, which is not on the menu'
                    yield "dead-digit", (field,), what, f"the keys are {', '.join(menu.keys)}"


def _first(config: Config, menu: Menu, talk: float) -> Iterator[tuple[str, tuple[str, ...], str, str]]:
    """How long callers listen before they know what to press; *talk*: seconds of what is said on the way here."""
    for language in _languages(menu.say):
        before, named = talk, False
        for number, prompt in enumerate(menu.say):
            before += sum(slot.max_seconds for slot in menu.slots if slot.after == number)
            text, spoken = _text(prompt, language)
            seconds = _seconds(config, prompt, text, spoken)
            if (at := first_choice(text, spoken)) is not None:
                before += seconds * at / max(1, len(text))
                named = True
                break
            before += seconds
        if before > config.lint.first_option_within:
            until = "before the first choice" if named else "and no choice is named"
            what = f'in "{language}" {before:.0f} s are said {until}'
            yield "prompt-too-long", ("say",), what, f"make it less than {config.lint.first_option_within:g} s"


def _talks(config: Config, flow: Flow, starts: Iterable[Target]) -> dict[Target, float]:
    """Seconds that callers have to listen on the quietest way to each place, since they called or pressed something."""
    talks: dict[Target, float] = {}
    pending = [(0.0, target) for target in starts]
    while pending:
        seconds, target = heappop(pending)
        node = flow.find(target)
        if node is None or target in talks:
            continue
        talks[target] = seconds
        if type(node) is Say:
            seconds += sum(_seconds(config, prompt, *_text(prompt, config.server.language)) for prompt in node.say)
        elif target.kind not in _SILENT:
            seconds = 0.0
        for _, to in edges(node):
            heappush(pending, (seconds, to))
    return talks


def _languages(prompts: Iterable[Prompt]) -> Iterable[str]:
    return dict.fromkeys(language for prompt in prompts for language in prompt.text)


def _text(prompt: Prompt, language: str) -> tuple[str, str]:
    """What a caller of *language* hears, and in which language."""
    spoken = language if language in prompt.text else next(iter(prompt.text), language)
    return prompt.text.get(spoken, ""), spoken


def _seconds(config: Config, prompt: Prompt, text: str, language: str) -> float:
    recording = config.server.data_dir / "prompts" / language / f"{prompt.key}.wav"
    with contextlib.suppress(OSError, EOFError, wave.Error), wave.open(str(recording)) as audio:
        return float(audio.getnframes() / audio.getframerate())
    return len(text.split()) * 60 / config.tts.rate
