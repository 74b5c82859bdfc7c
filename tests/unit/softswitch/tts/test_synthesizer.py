"""The real engines in their real process: what is spoken, what is cached, and what happens when the process fails."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from softswitch.tts.synthesizer import DEFAULT_RATES, SpeechSettings, SynthesisFailed, Synthesizer
from tests.support.switch import is_running

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(300)]

SENTENCES = {
    "en": "You are next in the queue. Please stay on the line, an operator will answer soon.",
    "uk": "Ви наступний у черзі. Будь ласка, залишайтеся на лінії, оператор незабаром відповість.",
    "ru": "Вы следующий в очереди. Пожалуйста, оставайтесь на линии, оператор скоро ответит.",
    "pl": "Jesteś następny w kolejce. Prosimy pozostać na linii, konsultant wkrótce odbierze.",
}
NO_WORKER = SpeechSettings(engine="no-such-engine")


def command(*words: str) -> SpeechSettings:
    return SpeechSettings(engine="command", command=words)


def seconds(path: Path) -> float:
    return float(soundfile.info(path).duration)


@pytest.mark.parametrize("engine", ["pyttsx3", "espeak"])
async def test_four_languages_are_spoken_at_telephone_rate_and_an_even_pace(tmp_path: Path, engine: str) -> None:
    speech = Synthesizer(SpeechSettings(engine=engine), tmp_path)
    await speech.start()
    try:
        for language, sentence in SENTENCES.items():
            audio, rate = soundfile.read(await speech.render(sentence, language))
            assert rate == 8000
            assert 4.5 < len(audio) / rate < 6.0, language
            assert -24 < 10 * np.log10((audio**2).mean()) < -18, language
            assert np.abs(audio).max() < 0.9
            assert np.abs(audio[:4000]).max() > 0.05, "speech begins at once"
            assert np.abs(audio[-1600:]).max() > 0.02, "no pause at the end"
    finally:
        await speech.stop()


async def test_the_second_time_needs_no_worker(tmp_path: Path) -> None:
    speech = Synthesizer(SpeechSettings(), tmp_path)
    await speech.start()
    first = await speech.render("Hello", "en")
    await speech.stop()
    cold = Synthesizer(SpeechSettings(), tmp_path)  # never started
    assert cold.lookup("Hello", "en") == first
    assert cold.request("  Hello\n", "en") == first
    assert await cold.render("Hello", "en") == first
    assert cold.lookup("Hello!", "en") is None
    slower = SpeechSettings(rates={**DEFAULT_RATES, "en": 120})
    assert Synthesizer(slower, tmp_path).lookup("Hello", "en") is None


async def test_many_askers_for_one_text_cost_one_rendering(tmp_path: Path) -> None:
    speech = Synthesizer(SpeechSettings(), tmp_path)
    await speech.start()
    try:
        told: list[object] = []
        assert speech.request("One text", "en", told.append) is None
        paths = await asyncio.gather(*(speech.render("One text", "en") for _ in range(20)))
        await asyncio.sleep(0)
        assert len(set(paths)) == 1
        assert told == [paths[0]]
        assert speech.renders == 1
    finally:
        await speech.stop()


async def test_a_caller_waits_for_no_prerendering(tmp_path: Path) -> None:
    speech = Synthesizer(SpeechSettings(), tmp_path)
    finished: list[str] = []
    texts = [(f"Text number {n}", "en") for n in range(30)]
    assert speech.prerender(texts) == 30
    assert speech.prerender(texts) == 30
    speech.request("Text number 29", "en", lambda _: finished.append("Text number 29"))
    await speech.start()
    try:
        await speech.render("Text number 28", "en")
        assert finished == ["Text number 29"]
        assert speech.renders == 2
    finally:
        await speech.stop()


async def test_a_killed_worker_is_replaced_before_anybody_asks(tmp_path: Path) -> None:
    speech = Synthesizer(SpeechSettings(), tmp_path)
    await speech.start()
    try:
        await speech.render("Before", "en")
        first = speech.worker_pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        while speech.restarts == 0:  # noqa: ASYNC110 - until the loop has been told of the child's death
            await asyncio.sleep(0)
        await speech.ready()
        assert speech.worker_pid not in (None, first)
        assert seconds(await speech.render("After", "en")) > 0.2
    finally:
        await speech.stop()
    assert speech.worker_pid is None


async def test_a_worker_killed_just_before_a_text_speaks_it_in_its_next_life(tmp_path: Path) -> None:
    speech = Synthesizer(SpeechSettings(), tmp_path)
    await speech.start()
    try:
        await speech.render("Before", "en")
        assert speech.worker_pid is not None
        os.kill(speech.worker_pid, signal.SIGKILL)
        assert seconds(await speech.render("Spoken all the same", "en")) > 0.5
    finally:
        await speech.stop()


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (command("sh", "-c", "kill -SEGV $PPID; sleep 5"), "ended with status -11"),
        (command("sh", "-c", "exit 139"), "status 139"),
        (command("sleep", "60"), "no answer in 1 s"),
        (command("true"), "no readable audio"),
        (command("head", "-c", "1000000000", "/dev/zero"), "status -25"),
        (command("head", "-c", "100000", "/dev/zero"), "no readable audio"),
        (command("/no/such/program"), "No such file"),
        (NO_WORKER, "unknown speech engine"),
    ],
    ids=["crashes-the-worker", "exits-139", "hangs", "no-bytes", "endless", "not-audio", "absent", "unknown"],
)
async def test_an_engine_that_fails_is_given_up_on_after_two_tries(
    tmp_path: Path, settings: SpeechSettings, reason: str
) -> None:
    speech = Synthesizer(settings, tmp_path, timeout=1.0)
    await speech.start()
    try:
        with pytest.raises(SynthesisFailed, match=reason):
            await speech.render("Hello", "en")
        with pytest.raises(SynthesisFailed, match=reason):  # and not tried again at once
            await asyncio.wait_for(speech.render("Hello", "en"), 0.05)
        told: list[object] = []
        assert speech.request("Hello", "en", told.append) is None
        await asyncio.sleep(0)
        assert isinstance(told[0], SynthesisFailed)
    finally:
        await speech.stop()
    assert not any(name.endswith(".wav") for name in os.listdir(tmp_path))


async def test_one_text_that_crashes_the_worker_does_not_hurt_the_next(tmp_path: Path) -> None:
    recording = tmp_path / "recording.wav"
    soundfile.write(recording, 0.1 * np.sin(np.arange(8000)), 8000)
    script = f'read -r line; case "$line" in *boom*) kill -9 $PPID; sleep 5;; *) cat {recording};; esac'
    speech = Synthesizer(command("sh", "-c", script), tmp_path / "cache", timeout=5.0)
    await speech.start()
    try:
        bad = asyncio.ensure_future(speech.render("boom", "en"))
        good = asyncio.ensure_future(speech.render("fine", "en"))
        with pytest.raises(SynthesisFailed):
            await bad
        assert seconds(await good) == pytest.approx(1.0, abs=0.05)
    finally:
        await speech.stop()


@pytest.mark.parametrize(
    "text",
    [
        "<speak><break time='60s'/><audio src='file:///etc/passwd'/>Hello</speak>",
        "[[h@'loU]] \\pau=9999\\ <!-- ",
        "Hello\0 world\x1b]0;title\x07 \u202e dlrow",
        "-w /tmp/x --stdin; rm -rf / $(id) `id` {output}",
        "👩‍💻 ∞ ½ №5 ‰ \ud800 end",
        "word " * 700,
    ],
    ids=["ssml", "phonemes", "control", "shell", "symbols", "long"],
)
async def test_hostile_text_is_only_text(tmp_path: Path, text: str) -> None:
    speech = Synthesizer(SpeechSettings(), tmp_path)
    await speech.start()
    try:
        assert 0.3 < seconds(await speech.render(text, "en")) < 400
        assert speech.restarts == 0
    finally:
        await speech.stop()


@pytest.mark.parametrize(
    ("text", "language", "reason"),
    [
        ("x" * 10_000, "en", "10000 characters"),
        (" \0\n ", "en", "nothing to say"),
        ("Bonjour", "fr", "no voice is configured for language 'fr'"),
    ],
)
async def test_what_cannot_be_spoken_is_refused_at_once(tmp_path: Path, text: str, language: str, reason: str) -> None:
    speech = Synthesizer(SpeechSettings(), tmp_path)
    with pytest.raises(SynthesisFailed, match=reason):
        await speech.render(text, language)
    assert speech.lookup(text, language) is None
    told: list[object] = []
    assert speech.request(text, language, told.append) is None
    await asyncio.sleep(0)
    assert isinstance(told[0], SynthesisFailed)


async def test_a_voice_the_engine_does_not_have_is_named(tmp_path: Path) -> None:
    for engine in ("pyttsx3", "espeak"):
        speech = Synthesizer(SpeechSettings(engine=engine, voices={"en": "klingon-9"}), tmp_path)
        await speech.start()
        try:
            with pytest.raises(SynthesisFailed, match="has no voice 'klingon-9'"):
                await speech.render("Hello", "en")
        finally:
            await speech.stop()


async def test_texts_that_nobody_waits_for_yet_fail_with_a_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    speech = Synthesizer(SpeechSettings("espeak", {"en": "en-xx"}), tmp_path)
    await speech.start()
    try:
        assert speech.prerender([("One", "en"), ("Two", "en"), ("Jeden", "pl")]) == 2
        for text in ("One", "Two"):
            with pytest.raises(SynthesisFailed):
                await speech.render(text, "en")
    finally:
        await speech.stop()
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [
        "what callers should hear cannot be spoken: no voice is configured for language 'pl'",
        "what callers should hear cannot be spoken: voice \"en-xx\": has no voice 'en-xx'",
    ]


async def test_stopping_fails_what_is_still_waiting(tmp_path: Path) -> None:
    speech = Synthesizer(command("sleep", "60"), tmp_path)
    await speech.start()
    waiting = asyncio.ensure_future(speech.render("Hello", "en"))
    await speech.ready()
    await speech.stop()
    with pytest.raises(SynthesisFailed, match="stopped"):
        await waiting
    assert speech.worker_pid is None


@pytest.mark.parametrize("end", ["gives up", "stops"])
async def test_a_program_that_hangs_does_not_outlive_its_worker(tmp_path: Path, end: str) -> None:
    note = tmp_path / "started"
    speech = Synthesizer(command("sh", "-c", f"echo $$ >> {note}; sleep 60"), tmp_path / "speech", timeout=1.0)
    await speech.start()
    waiting = asyncio.ensure_future(speech.render("Hello", "en"))
    try:
        while not note.exists():  # noqa: ASYNC110 - nothing tells us
            await asyncio.sleep(0.01)
        if end == "gives up":
            await asyncio.wait([waiting])
    finally:
        await speech.stop()
    with pytest.raises(SynthesisFailed):
        await waiting
    while any(is_running(int(program)) for program in note.read_text().split()):  # noqa: ASYNC110 - the same
        await asyncio.sleep(0.01)
