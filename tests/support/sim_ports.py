"""The world's side of call control's ports, in memory and on virtual time."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rtp.lanes import NoPortLeft
from rtp.legs import Latched, Play, PlayFinished, Recorded
from softswitch.store.cdr import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ivr.nodes import Audio, Prompt
    from rtp.legs import LegSpec, MediaEvent, Source
    from sip.registrar import Binding
    from softswitch.config import Config
    from softswitch.messages import Message, Request
    from tests.support.sim_world import SimWorld

#: Noon on a Monday.
EPOCH = datetime(2026, 11, 16, 12, tzinfo=UTC).timestamp()


class SimClock:
    """`softswitch.ports.Clock`: the simulation began at `EPOCH`."""

    def wall(self, now: float) -> float:
        return EPOCH + now

    def local(self, now: float, timezone: str = "") -> datetime:
        return datetime.fromtimestamp(self.wall(now), ZoneInfo(timezone or "UTC"))


@dataclass
class FakeMedia:
    """`softswitch.ports.Media`: keeps what each leg is to hear and since when; says when a prompt has been played."""

    world: SimWorld
    on_event: Callable[[MediaEvent], None]
    seconds: Callable[[str], float]
    limit: int = 20_000
    ports: dict[int, int] = field(default_factory=dict)
    specs: dict[int, LegSpec] = field(default_factory=dict)
    recorded: dict[str, float] = field(default_factory=dict)  # path → length; since when, while it is recorded
    tells: bool = True  # that recordings are complete
    heard: defaultdict[int, list[tuple[float, Source]]] = field(default_factory=lambda: defaultdict(list))

    def allocate(
        self, leg: int, candidate_ips: Sequence[str], *, signalled_ip: str | None = None, near: int | None = None
    ) -> int:
        if len(self.ports) >= self.limit:
            raise NoPortLeft("no port is left")
        self.ports[leg] = 10_000 + 2 * (leg % 25_000)
        return self.ports[leg]

    def put_leg(self, spec: LegSpec) -> None:
        assert self.ports[spec.leg] == spec.port, f"leg {spec.leg} is put on a port that is not its own"
        if spec.leg not in self.specs:  # the far end sends as soon as it may
            self.world.call_later(0.06, lambda: self.on_event(Latched(spec.leg, spec.remote or ("", 0))))
        before = self.specs.get(spec.leg)
        self._record(spec.leg, before.record if before else "", spec.record)
        self.specs[spec.leg] = spec
        heard = self.heard[spec.leg]
        if not heard or heard[-1][1] != spec.source:
            heard.append((self.world.now, spec.source))
            if isinstance(spec.source, Play):
                length = sum(self.seconds(item) for item in spec.source.items)
                self.world.call_later(length, lambda: self._played(spec.leg, spec.source))

    def _played(self, leg: int, source: Source) -> None:
        spec = self.specs.get(leg)
        if spec is not None and spec.source == source and isinstance(source, Play):
            self.on_event(PlayFinished(leg, source.play_id))

    def remove_leg(self, leg: int) -> None:
        assert self.ports.pop(leg, None) is not None, f"leg {leg} is removed twice"
        spec = self.specs.pop(leg, None)
        self._record(leg, spec.record if spec else "", "")

    def _record(self, leg: int, before: str, path: str) -> None:
        if path != before and path:
            self.recorded[path] = self.world.now
        if path != before and before:
            seconds = self.world.now - self.recorded[before]
            self.recorded[before] = seconds
            if self.tells:
                self.world.call_later(0.05, lambda: self.on_event(Recorded(leg, before, seconds, "", seconds)))

    def discard_recording(self, path: str) -> None:
        del self.recorded[path]

    def leg_at(self, port: int) -> int | None:
        """The leg whose packets arrive at *port*."""
        return next((leg for leg, its in self.ports.items() if its == port), None)


@dataclass
class FakeVoice:
    """`softswitch.ports.Voice`: every prompt has audio at ``language/key``, unless it is slow or cannot be said."""

    slow: set[str] = field(default_factory=set)
    failing: set[str] = field(default_factory=set)
    lengths: dict[str, float] = field(default_factory=dict)
    here: set[str] = field(default_factory=set)  # URLs of recordings that were fetched

    def fetched(self, audio: Audio, language: str) -> str | None:
        url = audio.urls.get(language, "")
        return f"{language}/{url}" if url in self.here else None

    def find(self, prompt: Prompt, language: str) -> str | None:
        if prompt.key in self.failing:
            return ""
        return None if prompt.key in self.slow else "/".join((language, prompt.key, *map(str, prompt.args.values())))

    def unfit(self, prompt: Prompt, language: str) -> Sequence[str]:
        return [name for name, value in prompt.args.items() if value == "unfit"]

    def seconds(self, path: str) -> float:
        return 0.3 if path.startswith("tone:") else self.lengths.get(path.split("/")[1], 3.0)


@dataclass
class FakeMailroom:
    """`softswitch.ports.Mailroom`: keeps in mind what was posted and discarded."""

    trouble: str = ""
    posted: list[Message | Request] = field(default_factory=list)
    withdrawn: list[Request] = field(default_factory=list)
    discarded: list[Message] = field(default_factory=list)
    salvaged: list[Message] = field(default_factory=list)

    def path(self, message: Message) -> str:
        return f"/var/voicemail/{message.file_name}"

    def post(self, item: Message | Request) -> None:
        self.posted.append(item)

    def withdraw(self, request: Request) -> None:
        self.withdrawn.append(request)

    def salvage(self, message: Message) -> None:
        self.salvaged.append(message)

    def discard(self, message: Message) -> None:
        self.discarded.append(message)


@dataclass
class MemoryJournal:
    """`softswitch.ports.Journal`: lines as they would be read back from the database."""

    lines: list[Record] = field(default_factory=list)
    on_barrier: Callable[[str], None] = lambda mark: None

    def barrier(self, mark: str) -> None:
        self.on_barrier(mark)

    def append(self, kind: str, call: str | None, data: Mapping[str, object], *, at: float) -> None:
        self.lines.append(Record(len(self.lines) + 1, at, kind, call, json.loads(json.dumps(data))))

    def of(self, kind: str, call: str | None = None) -> list[Record]:
        return [line for line in self.lines if line.kind == kind and call in (None, line.call)]


@dataclass
class FakeOracle:
    """`softswitch.ports.Oracle`: keeps what is asked; tests answer."""

    asked: dict[int, tuple[str, dict[str, str]]] = field(default_factory=dict)  # question → "kind:name", variables
    configs: dict[int, Config] = field(default_factory=dict)
    forgotten: list[int] = field(default_factory=list)

    def ask(self, question: int, kind: str, name: str, variables: Mapping[str, str], config: Config) -> None:
        self.asked[question], self.configs[question] = (f"{kind}:{name}", dict(variables)), config

    def forget(self, question: int) -> None:
        self.forgotten.append(question)


@dataclass
class MemoryBindings:
    """`softswitch.ports.BindingStore`."""

    kept: dict[tuple[str, str], Binding] = field(default_factory=dict)

    def put(self, binding: Binding, now: float) -> None:
        self.kept[binding.aor, str(binding.contact)] = binding

    def remove(self, binding: Binding) -> None:
        self.kept.pop((binding.aor, str(binding.contact)), None)
