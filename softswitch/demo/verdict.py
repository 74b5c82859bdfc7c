"""What the records and the recordings say at the end, and whether it is what should have happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import soundfile
from rich.table import Table
from rich.text import Text

from rtp.codecs.g711 import SAMPLE_RATE
from softswitch.demo.script import AGENTS, CALLERS, LANGUAGES, LOGIN, NUMBERS, QUEUES
from softswitch.store.cdr import Disposition
from softswitch.store.database import FILE_NAME
from softswitch.store.listing import duration
from softswitch.store.queries import Reader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rtp.codecs.g711 import Pcm
    from softswitch.demo.script import Caller
    from softswitch.demo.voices import Voices
    from softswitch.store.cdr import CallRecord

_AGENTS: Final = {agent.id: agent.name for agent in AGENTS}


def read_records(data_dir: Path) -> list[CallRecord]:
    """All calls on record, as `softswitch calls` reads them. Raises StoreError."""
    with Reader(data_dir / FILE_NAME) as reader:
        return reader.all_calls()


def summary(records: Sequence[CallRecord]) -> Table:
    """One line for each caller."""
    table = Table(title="On record", title_style="bold", title_justify="left", box=None, pad_edge=False)
    for name in ("caller", "language", "path", "wait", "agent", "talk", "ended by"):
        right = name in ("wait", "talk")
        table.add_column(name, justify="right" if right else "left", no_wrap=name != "path")
    for record in records:
        if record.dialled == LOGIN:
            continue
        table.add_row(
            record.name,
            LANGUAGES.get(record.language, record.language),
            Text(_path(record)),
            duration(record.waited),
            _AGENTS.get(record.agent, "–"),
            duration(record.talked) if record.agent else "–",
            Text(record.ended_by, style="red" if record.disposition is Disposition.ABANDONED else ""),
        )
    return table


def _path(record: CallRecord) -> str:
    """``100 → menu → 7 → 1 → Sales``; what became of it stands in the other columns."""
    steps = [record.dialled]
    for segment in record.path:
        if segment.kind == "menu":
            steps += ["menu", *segment.keys]
        elif segment.kind == "queue":
            steps.append(QUEUES.get(segment.name, segment.name))
    if record.disposition is Disposition.ABANDONED:
        steps.append("gave up")
    return " → ".join(steps)


def wrong_records(records: Sequence[CallRecord]) -> list[str]:
    """What is on record and should not be, or the other way round."""
    found: list[str] = []
    logins = [record for record in records if record.dialled == LOGIN]
    if len(logins) != len(AGENTS):
        found.append(f"{len(logins)} logins are on record instead of {len(AGENTS)}")
    by_number = {record.caller: record for record in records if record.dialled != LOGIN}
    if len(by_number) != len(records) - len(logins):
        found.append("a caller is on record more than once")
    for caller in CALLERS:
        record = by_number.get(caller.number)
        found += [f"{caller.name}: no call on record"] if record is None else _wrong(caller, record)
    return found


def _wrong(caller: Caller, record: CallRecord) -> list[str]:
    wanted = {
        "number": NUMBERS[caller.language],
        "language": caller.language,
        "keys": caller.keys,
        "queue": caller.queue,
        "agent": caller.agent or "",
        "result": str(Disposition.SERVED if caller.agent else Disposition.ABANDONED),
        "hung up": caller.ends,
    }
    is_there = {
        "number": record.dialled,
        "language": record.language,
        "keys": "".join(segment.keys for segment in record.path if segment.kind == "menu"),
        "queue": record.queue,
        "agent": record.agent,
        "result": str(record.disposition),
        "hung up": record.ended_by,
    }
    return [
        f"{caller.name}: {name} on record is “{is_there[name]}”, not “{value}”"
        for name, value in wanted.items()
        if is_there[name] != value
    ]


def wrong_recordings(files: Mapping[str, Path], voices: Voices) -> list[str]:
    """What should be in the WAV files and is not: the menu, the music, the place in the queue, the agent's voice."""
    found: list[str] = []
    for caller in CALLERS:
        file = files.get(caller.number)
        if file is None:
            found.append(f"{caller.name}: no recording")
            continue
        try:
            sound, _ = soundfile.read(file, dtype="int16")
        except (OSError, soundfile.LibsndfileError) as error:
            found.append(f"{file}: {error}")
            continue
        found += [f"{file.name}: {what} cannot be heard" for what in _missing(caller, sound, voices)]
    return found


def _missing(caller: Caller, sound: Pcm, voices: Voices) -> list[str]:
    missing: list[str] = []
    told_at = 0.0
    if caller.ahead is not None:
        place = voices.places(caller.language)[caller.ahead].find_in(sound)
        if place.recognised:
            told_at = place.offset
        else:
            missing.append(f"the announcement of {caller.ahead} before")
        if not _has_music(sound, voices):
            missing.append("music")
    agent = next((agent for agent in AGENTS if agent.id == caller.agent), None)
    if agent is not None:
        for turn in caller.talk:
            if turn.who == "agent":
                match = voices.of(agent, caller.language, turn.text).find_in(sound)
                if not match.recognised:
                    missing.append(f"{agent.name} saying “{turn.text}”")
                elif match.offset < told_at:
                    missing.append(f"{agent.name} after the announcement")
    return missing


def _has_music(sound: Pcm, voices: Voices) -> bool:
    """Whether some second of it is music."""
    return any(
        voices.music.position_of(sound[begin : begin + SAMPLE_RATE]).recognised
        for begin in range(0, len(sound) - SAMPLE_RATE, SAMPLE_RATE)
    )
