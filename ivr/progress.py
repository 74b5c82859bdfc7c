"""How far a caller has come: everything a session knows, as plain data that survives a restart."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from ivr import slots
from ivr.effects import EndReason
from ivr.machine import Input, State
from ivr.nodes import Result
from ivr.targets import HANGUP, Target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ivr.slots import Expected, Voiced


CONFIRM = "confirm"


@dataclass(slots=True)
class Progress:
    """Mutable state of one session; instants are in the monotonic seconds of the process that runs it."""

    state: State = State.NEW
    language: str = ""
    priority: float = 0.0  # for queues, as are the next two
    needs: str = ""
    prefer: str = ""
    data: dict[str, str] = field(default_factory=dict)  # variables of the call
    secrets: list[str] = field(default_factory=list)  # names of those that may be told to nobody but who is asked
    echoes: list[str] = field(default_factory=list)  # names of those that have a masked entry in them
    entered: list[str] = field(default_factory=list)  # masked entries, as keyed and as kept
    entrusted: dict[str, str] = field(default_factory=dict)  # secret variables, by the application that they came by
    fallbacks: list[Target] = field(default_factory=list)  # for who is taken by nobody, first come first
    afterwards: Target | None = None  # what the queue has for callers who have talked, wherever they were sent
    verbs: list[dict[str, Any]] = field(default_factory=list)  # what an application wants done (`ivr.verbs`)
    target: Target = HANGUP  # where the caller is going
    node: Target | None = None  # where the caller is
    entered_at: float = 0.0
    via: str = ""  # what leads out of `node`
    detail: str = ""
    trail: list[Target] = field(default_factory=list)  # menus entered, for the back key
    chosen: list[list[str]] = field(default_factory=list)  # each key that led on: "main 2", and its label
    chosen_at: list[int] = field(default_factory=list)  # how long the trail was at each of them
    steps: int = 0  # nodes entered since the last digit, verbs not counted, less those that time has given back
    kept: str = ""  # digits not looked at yet
    keyed: str = ""  # digits of the key being pressed
    key_closed: bool = False
    intro: str = ""  # why the menu is said again: "", "no-input", "invalid"
    voiced: list[Voiced | Expected] = field(default_factory=list)  # messages of campaigns in this menu
    pulls: int = 0  # number of the last Pull
    versions: dict[str, str] = field(default_factory=dict)  # of places: which one this caller has, until the end
    chosen_version: str = ""  # of `target`: it is known that this is the version to go to
    said: int = 0  # prompts of the turn that are done with
    group: int = 0  # prompts being played
    play: int = 0  # number of the last PlayPrompts
    playing_since: float = 0.0
    request: int = 0  # number of the last Ask
    asked_at: float = 0.0
    music: bool = False  # the caller hears music while somebody is asked
    phase: str = ""  # of a collect node: CONFIRM while the entry is read back
    entry: str = ""  # what is read back
    habit_until: float = 0.0  # a "#" until then belongs to the entry just made; 0 without
    tries: dict[str, int] = field(default_factory=dict)  # entries taken, by the place of each
    refused: str = ""
    attempts: int = 0  # retries used
    silences: int = 0  # those of them that silence cost
    result: Result | None = None
    end: EndReason = EndReason.FLOW_ENDED
    deadlines: dict[Input, float] = field(default_factory=dict)

    def to_dict(self, now: float) -> dict[str, Any]:
        """Plain JSON types. Instants become ages and remaining seconds: the next process has another clock."""
        data: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        data["state"] = self.state.name
        data["target"] = str(self.target)
        data["node"] = None if self.node is None else str(self.node)
        data["afterwards"] = None if self.afterwards is None else str(self.afterwards)
        data["trail"] = [str(target) for target in self.trail]
        data["fallbacks"] = [str(target) for target in self.fallbacks]
        data["versions"], data["tries"] = dict(self.versions), dict(self.tries)
        data["data"], data["secrets"] = dict(self.data), list(self.secrets)
        data["echoes"], data["entered"], data["entrusted"] = list(self.echoes), list(self.entered), dict(self.entrusted)
        data["voiced"] = [message.to_plain() for message in self.voiced]
        data["result"] = None if self.result is None else self.result.value
        data["end"] = self.end.value
        data["entered_at"] = now - self.entered_at
        data["playing_since"] = now - self.playing_since
        data["asked_at"] = now - self.asked_at
        data["habit_until"] = max(0.0, self.habit_until - now)
        data["deadlines"] = {timer.name: at - now for timer, at in self.deadlines.items()}
        return data

    @property
    def public(self) -> dict[str, str]:
        """The variables without those that are secret."""
        return {name: value for name, value in self.data.items() if not self.is_secret(name)}

    def is_secret(self, name: str) -> bool:
        """Whether the value of a variable may be told to nobody but who is asked."""
        return name in self.secrets or name in self.echoes

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], now: float) -> Progress:
        """The inverse of `to_dict`; a key that is missing has its default, one that is unknown is ignored."""
        progress = cls()
        for f in fields(cls):
            if f.name in data:
                setattr(progress, f.name, data[f.name])
        progress.state = State[data["state"]]
        progress.target = Target.parse(data["target"])
        progress.node = None if data["node"] is None else Target.parse(data["node"])
        afterwards = data.get("afterwards")
        progress.afterwards = None if afterwards is None else Target.parse(afterwards)
        progress.trail = [Target.parse(text) for text in data["trail"]]
        progress.fallbacks = [Target.parse(text) for text in data.get("fallbacks", ())]
        progress.versions, progress.tries = dict(data.get("versions", {})), dict(data.get("tries", {}))
        progress.data, progress.secrets = dict(data.get("data", {})), list(data.get("secrets", ()))
        progress.echoes, progress.entered = list(data.get("echoes", ())), list(data.get("entered", ()))
        progress.entrusted = dict(data.get("entrusted", {}))
        progress.voiced = [slots.from_plain(message) for message in data.get("voiced", ())]
        progress.result = None if data["result"] is None else Result(data["result"])
        progress.end = EndReason(data["end"])
        progress.entered_at = now - data["entered_at"]
        progress.playing_since = now - data["playing_since"]
        progress.asked_at = now - data.get("asked_at", 0.0)
        left = data.get("habit_until", 0.0)
        progress.habit_until = now + left if left else 0.0
        progress.deadlines = {Input[name]: now + left for name, left in data["deadlines"].items()}
        return progress
