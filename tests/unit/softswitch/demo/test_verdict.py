"""The demonstration fails when the records or the recordings are not what they should be."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
import soundfile
from rich.console import Console

from rtp.tones import silence
from softswitch.demo.script import AGENTS, CALLERS, LOGIN, NUMBERS, Caller, Person
from softswitch.demo.verdict import summary, wrong_recordings, wrong_records
from softswitch.phones.recognition import Clip
from softswitch.store.cdr import CallRecord, Disposition, Segment

if TYPE_CHECKING:
    from pathlib import Path

    from rtp.codecs.g711 import Pcm
    from softswitch.demo.voices import Voices


def record(caller: str, dialled: str) -> CallRecord:
    return CallRecord(
        call=f"call of {caller}",
        caller=caller,
        name="",
        dialled=dialled,
        phone=caller,
        trunk="",
        language="en",
        started=0.0,
        answered=0.1,
        ended=30.0,
        path=(),
        disposition=Disposition.SELF_SERVICE,
        ended_by="switch",
        cause="",
        sip_status=None,
        q850=None,
        queue="",
        agent="",
        waited=0.0,
        talked=0.0,
    )


def right(caller: Caller) -> CallRecord:
    path = [Segment("menu", "main", 0.0, 3.0, keys=caller.keys), Segment("queue", caller.queue, 3.0, 15.0)]
    return replace(
        record(caller.number, NUMBERS[caller.language]),
        name=caller.name,
        language=caller.language,
        path=tuple(path),
        disposition=Disposition.SERVED if caller.agent else Disposition.ABANDONED,
        ended_by=caller.ends,
        queue=caller.queue,
        agent=caller.agent or "",
        waited=12.0,
        talked=15.0 if caller.agent else 0.0,
    )


LOGINS = [record(agent.number, LOGIN) for agent in AGENTS]
RIGHT = {caller.name: right(caller) for caller in CALLERS}


def test_the_right_records_are_right() -> None:
    assert wrong_records([*LOGINS, *RIGHT.values()]) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (replace(RIGHT["Marta"], agent="olena"), "Marta: agent on record is “olena”, not “piotr”"),
        (replace(RIGHT["Marta"], language="en"), "Marta: language on record is “en”, not “pl”"),
        (replace(RIGHT["Marta"], disposition=Disposition.ABANDONED), "Marta: result on record is “abandoned”"),
        (replace(RIGHT["Marta"], ended_by="caller"), "Marta: hung up on record is “caller”, not “agent”"),
        (replace(RIGHT["Harry"], agent="piotr"), "Harry: agent on record is “piotr”, not “”"),
        (replace(RIGHT["Iryna"], path=RIGHT["Emma"].path), "Iryna: keys on record is “1”, not “72”"),
        (replace(RIGHT["Iryna"], queue="sales"), "Iryna: queue on record is “sales”"),
        (replace(RIGHT["Emma"], dialled="200"), "Emma: number on record is “200”"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_record_that_differs_is_told(changed: CallRecord, said: str) -> None:
    records = [*LOGINS, *(changed if r.name == changed.name else r for r in RIGHT.values())]
    [found] = wrong_records(records)
    assert found.startswith(said)


def test_calls_that_are_missing_or_too_many_are_told() -> None:
    callers = list(RIGHT.values())
    assert wrong_records([*LOGINS, *callers[1:]]) == ["Emma: no call on record"]
    assert wrong_records([*LOGINS[1:], *callers]) == ["1 logins are on record instead of 2"]
    assert wrong_records([*LOGINS, *callers, callers[0]]) == ["a caller is on record more than once"]


def test_the_summary_has_a_line_for_each_caller() -> None:
    console = Console(file=io.StringIO(), width=118)
    console.print(summary([*LOGINS, *RIGHT.values()]))
    said = cast("io.StringIO", console.file).getvalue()
    lines = [line.split() for line in said.splitlines()[2:]]
    assert [line[0] for line in lines] == [caller.name for caller in CALLERS]
    assert "400 → menu → 1 → Sales" in said
    assert "100 → menu → 1 → Sales → gave up" in said
    assert " ".join(lines[1][-6:]) == "12.0 s Piotr 15.0 s agent"
    assert " ".join(lines[5][-5:]) == "12.0 s – – caller"
    assert LOGIN not in said


# --- recordings


def noise(seed: int, seconds: float = 1.5) -> Pcm:
    return np.random.default_rng(seed).integers(-8000, 8000, round(seconds * 8000)).astype(np.int16)


class NoisyVoices:
    """Every sentence is a noise of its own."""

    music = Clip(noise(1, 30.0))

    def of(self, person: Person, language: str, text: str) -> Clip:
        return Clip(noise(sum((person.name + language + text).encode())))

    def places(self, language: str) -> dict[int, Clip]:
        return {ahead: Clip(noise(100 + ahead + 10 * len(NUMBERS[language]) + ord(language[0]))) for ahead in range(4)}


VOICES = NoisyVoices()


def heard_by(caller: Caller, *without: str) -> Pcm:
    parts = [silence(1.0)]
    if caller.ahead is not None:
        parts += [VOICES.music.sound[8000:32_000]] if "music" not in without else []
        parts += [VOICES.places(caller.language)[caller.ahead].sound] if "place" not in without else []
    for turn in caller.talk:
        agent = next(agent for agent in AGENTS if agent.id == caller.agent)
        if turn.who == "agent" and "agent" not in without:
            parts += [VOICES.of(agent, caller.language, turn.text).sound, silence(1.0)]
    return np.concatenate(parts)


def files(folder: Path, **without: str) -> dict[str, Path]:
    found = {}
    for caller in CALLERS:
        found[caller.number] = folder / f"{caller.name}.wav"
        sound = heard_by(caller, *without.get(caller.name, "").split())
        soundfile.write(found[caller.number], sound, 8000, subtype="PCM_16")
    return found


def complaints(found: dict[str, Path]) -> list[str]:
    return wrong_recordings(found, cast("Voices", VOICES))


def test_the_right_recordings_are_right(tmp_path: Path) -> None:
    assert complaints(files(tmp_path)) == []


@pytest.mark.parametrize(
    ("without", "said"),
    [
        ({"Marta": "music"}, ["Marta.wav: music cannot be heard"]),
        ({"Jakub": "place"}, ["Jakub.wav: the announcement of 1 before cannot be heard"]),
        ({"Harry": "place music"}, 2),
        ({"Taras": "agent"}, 2),
    ],
    ids=["music", "place", "both", "agent"],
)
def test_what_cannot_be_heard_is_told(tmp_path: Path, without: dict[str, str], said: list[str] | int) -> None:
    found = complaints(files(tmp_path, **without))
    assert found == said or len(found) == said
    assert all(line.startswith(next(iter(without))) for line in found)


def test_a_recording_that_is_not_there_is_told(tmp_path: Path) -> None:
    found = files(tmp_path)
    found.pop(CALLERS[0].number)
    found[CALLERS[1].number].unlink()
    [missing, unreadable] = complaints(found)
    assert missing == "Emma: no recording"
    assert "Marta.wav" in unreadable
