"""Does the graph of a flow make sense? Everything that is wrong, at once, each with the place to put it right."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from ivr.entries import Collect
from ivr.nodes import (
    DIGITS,
    External,
    Flow,
    Goto,
    HandOff,
    Hours,
    Inquiry,
    Menu,
    MenuAction,
    Node,
    Phone,
    Prompt,
    Queue,
    Say,
)
from ivr.targets import NAMED_KINDS, Target, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to put right.

    `path` is the place in the configuration, as ("menu", "main", "keys", "3"). `nearest` is a name that exists and was
    perhaps meant. Codes: "dangling-target", "unreachable", "endless-say", "endless-silence", "no-keys", "bad-key",
    "missing-language", "nothing-to-say", "never-open".
    """

    code: str
    severity: Severity
    path: tuple[str, ...]
    message: str
    nearest: str = ""


def check_flow(
    flow: Flow,
    entries: Mapping[tuple[str, ...], Target] | None = None,
    languages: Sequence[str] = (),
    catalogue: Iterable[str] | None = None,
) -> list[Finding]:
    """All findings, errors first.

    *entries*: where calls come in, by the place in the configuration that says so (without any, unreachable nodes are
    not looked for). *languages*: those that callers may be spoken to in, besides the flow's default. *catalogue*: known
    keys of the prompt catalogue, or None when it is not at hand.
    """
    entries = entries or {}
    findings = [
        *(finding for path, target in entries.items() for finding in _dangling(flow, path, target)),
        *(finding for path, target in _references(flow) for finding in _dangling(flow, path, target)),
        *_endless(flow),
        *_menus(flow),
        *_never_open(flow),
        *_prompts(flow, languages, None if catalogue is None else frozenset(catalogue)),
        *(_unreachable(flow, entries.values()) if entries else ()),
    ]
    return sorted(findings, key=lambda finding: (finding.severity, finding.path, finding.code))


# --- edges

FALLBACKS = "when_unavailable"


def stands_in(edge: tuple[str, ...]) -> bool:
    """Whether a caller comes there whom nobody takes at another place that this one leads to."""
    return edge[0] == FALLBACKS and len(edge) == 2


def edges(node: Node) -> Iterator[tuple[tuple[str, ...], Target]]:
    """Every target a node mentions, with the key that mentions it."""
    match node:
        case Menu():
            for key, choice in node.keys.items():
                if not isinstance(choice, MenuAction):
                    yield ("keys", key), choice
            yield ("when_no_input",), node.when_no_input
            if node.when_invalid is not None:
                yield ("when_invalid",), node.when_invalid
            for number, slot in enumerate(node.slots):
                for place, to in enumerate(slot.targets):
                    yield ("slot", str(number), "targets", str(place)), to
                if slot.optout is not None:
                    yield ("slot", str(number), "optout"), slot.optout
            yield from _versions(node)
        case Say() | Goto():
            yield ("then",), node.then
            if isinstance(node, Goto):
                yield from _versions(node)
                yield from _fallbacks(node)
        case Collect():
            yield ("then",), node.then
            yield ("when_failed",), node.when_failed
            yield from _fallbacks(node)
        case Inquiry():
            yield from _fallbacks(node)
            yield ("then",), node.then
            yield ("when_failed",), node.when_failed
            for variable, cases in node.when.items():
                for value, target in cases.items():
                    yield ("when", variable, value), target
            for outcome, target in node.outcomes.items():
                yield (f"when_{outcome.replace('-', '_')}",), target
        case HandOff():
            yield ("then",), node.then
            for result, target in node.outcomes.items():
                yield (f"when_{result.value.replace('-', '_')}",), target
        case Hours():
            yield ("when_open",), node.when_open
            yield ("when_closed",), node.when_closed
            if node.when_special is not None:
                yield ("when_special",), node.when_special
        case Queue() | Phone() | External():
            for result, target in node.outcomes.items():
                yield (f"when_{result.value.replace('-', '_')}",), target
            if isinstance(node, Queue):
                for key, target in node.exits.items():
                    yield ("exit", "keys", key), target
                if node.exit_menu is not None:
                    yield ("exit_menu",), node.exit_menu


def _fallbacks(node: Goto | Collect | Inquiry) -> Iterator[tuple[tuple[str, ...], Target]]:
    for number, target in enumerate(node.fallbacks):
        yield (FALLBACKS, str(number)), target


def _versions(node: Menu | Goto) -> Iterator[tuple[tuple[str, ...], Target]]:
    for number, version in enumerate(node.versions):
        yield ("versions", str(number), "to"), version.to


def _unattended(node: Node) -> list[Target]:
    """Where a caller who does nothing may be taken without anybody else being asked."""
    match node:
        case Menu():
            return [node.when_no_input, *(version.to for version in node.versions)]
        case Goto():
            nowhere = node.fallbacks if "{" in node.then.name else ()
            return [node.then, *nowhere, *(version.to for version in node.versions)]
        case Say():
            return [node.then]
        case Collect():
            return [node.when_failed]
        case Inquiry():
            return [to for key, to in edges(node) if not stands_in(key) or "{" in node.then.name]
        case Hours():
            return [node.when_open, node.when_closed, *([node.when_special] if node.when_special else [])]
    return []


def _references(flow: Flow) -> Iterator[tuple[tuple[str, ...], Target]]:
    for target, node in flow.nodes.items():
        for place, to in edges(node):
            yield (target.kind, target.base, *place), to


# --- checks


def _dangling(flow: Flow, path: tuple[str, ...], target: Target) -> Iterator[Finding]:
    if flow.find(target) is not None or "{" in target.name:  # filled in from what is known of the caller
        return
    known = sorted(str(node) for node in flow.nodes)
    likely = nearest(str(target), [name for name in known if name.startswith(f"{target.kind}:")]) or nearest(
        str(target), known
    )
    message = (
        f'there is no {target.kind} "{target.name}"' if target.kind in NAMED_KINDS else f'"{target}" is not a target'
    )
    yield Finding("dangling-target", Severity.ERROR, path, message, likely)


def _endless(flow: Flow) -> Iterator[Finding]:
    """Circles that a silent caller never leaves: of says alone (never a chance to press a key), or through menus."""
    for circle in _circles({target: _unattended(node) for target, node in flow.nodes.items()}):
        through = " → ".join(str(target) for target in (*circle, circle[0]))
        path = (circle[0].kind, circle[0].name)
        if any(isinstance(flow.find(target), Menu | Collect) for target in circle):
            message = f"a silent caller goes round for ever: {through}; send when_no_input out of the circle"
            yield Finding("endless-silence", Severity.ERROR, path, message)
        else:
            message = f"goes round for ever, whatever the caller does: {through}; put a menu or an end into the circle"
            yield Finding("endless-say", Severity.ERROR, path, message)


def _circles(edges: Mapping[Target, Sequence[Target]]) -> Iterator[tuple[Target, ...]]:
    """One circle of each knot of *edges*, found by depth-first search without recursion."""
    done: set[Target] = set()
    for start in sorted(edges):
        if start in done:
            continue
        path: list[Target] = [start]
        on_path = {start}
        branches = [iter(edges[start])]
        while branches:
            following = next(branches[-1], None)
            if following is None:
                branches.pop()
                last = path.pop()
                on_path.discard(last)
                done.add(last)
            elif following in on_path:
                yield tuple(path[path.index(following) :])
            elif following in edges and following not in done:
                path.append(following)
                on_path.add(following)
                branches.append(iter(edges[following]))


def _menus(flow: Flow) -> Iterator[Finding]:
    for target, node in flow.nodes.items():
        if not isinstance(node, Menu):
            continue
        path = (target.kind, target.name)
        if not node.keys:
            yield Finding("no-keys", Severity.ERROR, path, "a menu without keys; a say node needs none")
        for key in node.keys:
            if not key or not set(key) <= DIGITS:
                message = f'"{key}" is on no telephone; keys are made of 0-9, * and #'
                yield Finding("bad-key", Severity.ERROR, (*path, "keys", key), message)


def _never_open(flow: Flow) -> Iterator[Finding]:
    for target, node in flow.nodes.items():
        if isinstance(node, Hours) and not node.rules.open and node.rules.open_calendar is None:
            message = "no rule in `open`: callers always find it closed"
            yield Finding("never-open", Severity.WARNING, (target.kind, target.name, "open"), message)


def _prompts(flow: Flow, languages: Sequence[str], catalogue: frozenset[str] | None) -> Iterator[Finding]:
    for target, node in flow.nodes.items():
        if not isinstance(node, Menu | Say | Collect):
            continue
        path = (target.kind, target.base, "say")
        if not node.say:
            yield Finding("nothing-to-say", Severity.WARNING, path[:2], "the caller hears nothing here")
        for prompt in node.say:
            yield from _words(prompt, path, flow.language, languages, catalogue)


def _words(
    prompt: Prompt, path: tuple[str, ...], default: str, languages: Sequence[str], catalogue: frozenset[str] | None
) -> Iterator[Finding]:
    if not prompt.text:
        if catalogue is not None and prompt.key not in catalogue:
            message = f'the prompt catalogue has no "{prompt.key}"'
            yield Finding("nothing-to-say", Severity.ERROR, path, message, nearest(prompt.key, catalogue))
        return
    written = [language for language, words in prompt.text.items() if words.strip()]
    if not written:
        yield Finding("nothing-to-say", Severity.ERROR, path, "the text is empty in every language")
        return
    heard = default if default in written else written[0]
    for language in dict.fromkeys((default, *languages)):
        if language not in written:
            message = f'no text in "{language}": callers of that language hear "{heard}"'
            yield Finding("missing-language", Severity.WARNING, path, message)


def _unreachable(flow: Flow, entries: Iterable[Target]) -> Iterator[Finding]:
    """Menus, says, hours and gotos that no call can come to. Queues and phones have uses of their own."""
    seen: set[Target] = set()
    pending = list(entries)
    while pending:
        target = pending.pop()
        if "{" in target.name:  # filled in from what is known of the caller: it may be any of them
            pending += [node for node in flow.nodes if node.kind == target.kind]
            continue
        node = flow.nodes.get(target)
        if node is None or target in seen:
            continue
        seen.add(target)
        pending += [to for _, to in edges(node)]
    for target, node in flow.nodes.items():
        if "/" in target.name:
            continue  # a part of something else
        if target not in seen and isinstance(node, _ON_THE_WAY) and not _built_in(node):
            message = f"no call ever comes to {target}"
            yield Finding("unreachable", Severity.WARNING, (target.kind, target.name), message)


_ON_THE_WAY = (Menu, Say, Hours, Goto, Collect, Inquiry)


def _built_in(node: Node) -> bool:
    """The queues' goodbyes are in every flow."""
    return isinstance(node, Say) and all(not prompt.text for prompt in node.say)
