"""Control points: places in a menu that are silent until a campaign binds a message to them.

What is active is found out when a caller enters the menu, and kept: the caller hears, and may press, what there was
then. A place without an active message is not there at all: nothing is said, and its key is a wrong key.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from ivr import conditions
from ivr.campaigns import unfit
from ivr.nodes import Audio, Menu, Prompt
from ivr.targets import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ivr.campaigns import Field
    from ivr.nodes import Slot

    #: Bindings of a slot as they are now, in their order.
    Bindings = Callable[[str], Sequence["Binding"]]

#: Begins the keys of all prompts of campaigns: ``slot.<slot>.<campaign>.<version>``.
PREFIX = "slot."
#: A variable of the call: "true" for who wants no offers, at least not in this call, and what it is for who has said in
#: this call that they want them again.
OPTED_OUT, IN_AGAIN = "optout", "in-again"


@dataclass(frozen=True, slots=True)
class Binding:
    """A message of a campaign at a slot. Instants are seconds since the epoch; `until` does not belong to it.

    `percent` of all callers hear it: always the same ones, and the same and more when it grows. Who withholds the
    number cannot be told from others, and is not among them before it is 100.
    """

    campaign: str
    version: int
    prompt: Prompt
    active_from: float = float("-inf")
    active_until: float = float("inf")
    condition: conditions.Condition = conditions.ALWAYS
    needs: frozenset[str] = frozenset()  # variables that it says: who lacks one does not hear it
    filled_by: tuple[tuple[str, Field], ...] = ()  # the same, each with a field that it stands for and has to fit
    longest: float = float("inf")  # seconds, with what is known of the caller in it
    percent: float = 100.0
    target: Target | None = None  # where the slot's key leads; None: it is no key
    draft: bool = False  # heard only at the preview

    def is_for(self, slot: str, variables: Mapping[str, str], wall: float) -> bool:
        """Whether a caller with these variables hears it at *wall*."""
        return self.is_meant_for(slot, variables, wall) and not self.unfit(variables)

    def unfit(self, variables: Mapping[str, str]) -> str:
        """Why it cannot be said with these variables; empty when it can."""
        return unfit(self.prompt, self.filled_by, variables, self.longest)

    def why_not(self, slot: str, variables: Mapping[str, str], wall: float) -> str:
        """Why a caller with these variables does not hear it at *wall*; empty when they do."""
        if self.draft:
            return "it is a draft"
        if not self.active_from <= wall < self.active_until:
            return "it is not yet active" if wall < self.active_from else "it is over"
        if self.is_for(slot, variables, wall):
            return ""
        if lacking := sorted(name for name in self.needs if not variables.get(name)):
            return f"nothing is known of the caller as {', '.join(lacking)}"
        if not conditions.holds(self.condition, variables):
            asked = [
                f"{name} = {variables.get(name) or 'nothing'}" for name in sorted(conditions.names(self.condition))
            ]
            return f"its condition is not met: {', '.join(asked)}"
        return self.unfit(variables) or f"it is for {self.percent:g} % of the callers, and not for this one"

    def is_meant_for(self, slot: str, variables: Mapping[str, str], wall: float) -> bool:
        """Whether a caller with these variables is to hear it at *wall*, if they are such that it can be said."""
        if self.draft or not self.active_from <= wall < self.active_until:
            return False
        caller = variables.get("ani", "")
        if self.percent < 100.0 and (not caller or share(f"{slot}:{self.campaign}", caller) >= self.percent):
            return False
        return all(map(variables.get, self.needs)) and conditions.holds(self.condition, variables)


@dataclass(frozen=True, slots=True)
class Voiced:
    """A message that one caller hears. `after`: prompts of the menu said before it (None: all); `key`: "" or live."""

    slot: str
    campaign: str
    version: int
    prompt: Prompt
    after: int | None = None
    key: str = ""
    target: Target | None = None
    optout_key: str = ""  # "" or live
    optout: Target | None = None

    def to_plain(self) -> dict[str, Any]:
        prompt = self.prompt
        return {
            "slot": self.slot,
            "campaign": self.campaign,
            "version": self.version,
            "prompt": _plain(prompt),
            "after": self.after,
            "key": self.key,
            "target": None if self.target is None else str(self.target),
            "optout_key": self.optout_key,
            "optout": None if self.optout is None else str(self.optout),
        }

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Voiced:
        slot, campaign, version = data["slot"], data["campaign"], data["version"]
        prompt = _prompt(prompt_key(slot, campaign, version), data["prompt"])
        target = None if data["target"] is None else Target.parse(data["target"])
        optout = None if data.get("optout") is None else Target.parse(data["optout"])
        optout_key = data.get("optout_key", "")
        return cls(slot, campaign, version, prompt, data["after"], data["key"], target, optout_key, optout)


@dataclass(frozen=True, slots=True)
class Expected:
    """Stands for the messages of a slot while somebody is asked about them, who has `wait` s when its place is reached.

    `over`: there is an answer, or there will be none (`answer` is None): then it is what is bound, `standing`.
    """

    slot: str
    request: int
    after: int | None = None
    barge_in: bool = True
    wait: float = 0.0
    standing: tuple[Voiced, ...] = ()
    over: bool = False
    answer: tuple[Voiced, ...] | None = None

    @property
    def prompt(self) -> Prompt:
        """Never said: it marks the place."""
        return Prompt(f"{PREFIX}{self.slot}", barge_in=self.barge_in)

    def to_plain(self) -> dict[str, Any]:
        return {
            "request": self.request,
            "slot": self.slot,
            "after": self.after,
            "barge_in": self.barge_in,
            "wait": self.wait,
            "standing": [message.to_plain() for message in self.standing],
            "over": self.over,
            "answer": None if self.answer is None else [message.to_plain() for message in self.answer],
        }


def from_plain(data: Mapping[str, Any]) -> Voiced | Expected:
    """The inverse of both `to_plain`."""
    if "request" not in data:
        return Voiced.from_plain(data)
    answer = None if data["answer"] is None else tuple(map(Voiced.from_plain, data["answer"]))
    standing = tuple(map(Voiced.from_plain, data["standing"]))
    return Expected(**{**data, "standing": standing, "answer": answer})


def _plain(prompt: Prompt) -> dict[str, Any]:
    plain = {"text": dict(prompt.text), "args": dict(prompt.args), "barge_in": prompt.barge_in}
    if (audio := prompt.audio) is None:
        return plain
    instead = None if audio.instead is None else {"key": audio.instead.key, **_plain(audio.instead)}
    return plain | {"audio": {"urls": dict(audio.urls), "longest": audio.longest, "instead": instead}}


def _prompt(key: str, data: Mapping[str, Any]) -> Prompt:
    prompt = Prompt(key, data["text"], data["args"], data["barge_in"])
    if (audio := data.get("audio")) is None:
        return prompt
    instead = None if audio["instead"] is None else _prompt(audio["instead"]["key"], audio["instead"])
    return replace(prompt, audio=Audio(audio["urls"], audio["longest"], instead))


def together(one: Prompt, other: Prompt) -> bool:
    """Whether they may be played as one: a message is played alone, so that it is known how much of it was heard."""
    messages = one.key.startswith(PREFIX) or other.key.startswith(PREFIX)
    return one is other if messages else one.barge_in == other.barge_in


def prompt_key(slot: str, campaign: str, version: int) -> str:
    return f"{PREFIX}{slot}.{campaign}.{version}"


def share(salt: str, caller: str) -> float:
    """From 0 to 100, the same for a caller every time, and even over many."""
    digest = blake2b(f"{salt}\0{caller}".encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") * 100.0 / 2**64


def voiced(slots: Iterable[Slot], bindings: Bindings, variables: Mapping[str, str], wall: float) -> tuple[Voiced, ...]:
    """What a caller with these variables hears who enters a menu with these slots now."""
    return tuple(message for slot in slots for message in _messages(slot, bindings(slot.id), variables, wall))


def _messages(slot: Slot, bindings: Sequence[Binding], variables: Mapping[str, str], wall: float) -> Iterable[Voiced]:
    """The first messages that are for this caller; the key belongs to the first of them that leads somewhere."""
    heard = [binding for binding in bindings if binding.is_for(slot.id, variables, wall)][: slot.max_items]
    keyed = next((binding for binding in heard if binding.target is not None), None) if slot.key else None
    for binding in heard:
        plain = Voiced(
            slot.id,
            binding.campaign,
            binding.version,
            replace(binding.prompt, barge_in=slot.barge_in),
            slot.after,
            optout_key=slot.optout_key,
            optout=slot.optout,
        )
        yield replace(plain, key=slot.key, target=binding.target) if binding is keyed else plain


def with_messages(menu: Menu, messages: Sequence[Voiced | Expected]) -> Menu:
    """*menu* as the caller has it who hears *messages*."""
    if not messages:
        return menu
    say: list[Prompt] = []
    for place in range(len(menu.say) + 1):
        said = [
            m.prompt for m in messages if min(len(menu.say) if m.after is None else m.after, len(menu.say)) == place
        ]
        say += [*said, *menu.say[place : place + 1]]
    there = [m for m in messages if isinstance(m, Voiced)]
    keys = {m.key: m.target for m in there if m.key and m.target is not None}
    keys |= {m.optout_key: m.optout for m in there if m.optout_key and m.optout is not None}
    return replace(menu, say=tuple(say), keys={**keys, **menu.keys})
