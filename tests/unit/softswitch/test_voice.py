"""The voice over the real catalogues and the real speech engine."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import soundfile

from ivr.nodes import Prompt
from softswitch.config import parse_config
from softswitch.config.words.switch import Tts
from softswitch.paths import prompts_dir
from softswitch.speech.phrases import position
from softswitch.tts.synthesizer import DEFAULT_RATES, SpeechSettings, Synthesizer
from softswitch.voice import RenderedVoice, check_speech, find_speech, speech_settings, spoken_languages
from tests.support.audio import read_wav, sine, write_wav


async def found(voice: RenderedVoice, prompt: Prompt, language: str, ready: asyncio.Event) -> str:
    """The path, as call control comes by it: asks, and asks again when it is told."""
    while (path := voice.find(prompt, language)) is None:
        await asyncio.wait_for(ready.wait(), 60)
        ready.clear()
    return path


@pytest.mark.asyncio
async def test_what_is_not_there_is_rendered_and_then_found_at_once(tmp_path: Path) -> None:
    ready = asyncio.Event()
    synthesizer = Synthesizer(SpeechSettings(), tmp_path)
    await synthesizer.start()
    try:
        voice = RenderedVoice([prompts_dir()], synthesizer, on_ready=ready.set, fallback="en")
        assert voice.find(position(3), "uk") is None
        path = await found(voice, position(3), "uk", ready)
        assert soundfile.info(path).duration > 1
        assert voice.find(position(3), "uk") == path
        assert voice.find(position(4), "uk") != path
    finally:
        await synthesizer.stop()


@pytest.mark.asyncio
async def test_what_many_wait_for_is_made_once_and_told_once(tmp_path: Path) -> None:
    """Each of a thousand who wait asks again whenever something is ready."""
    ready = asyncio.Event()
    told: list[float] = []

    def on_ready() -> None:
        told.append(asyncio.get_running_loop().time())
        ready.set()

    synthesizer = Synthesizer(SpeechSettings(), tmp_path)
    await synthesizer.start()
    try:
        voice = RenderedVoice([prompts_dir()], synthesizer, on_ready=on_ready, fallback="en")
        for _ in range(1000):
            assert voice.find(position(40), "uk") is None
        assert await found(voice, position(40), "uk", ready)
        assert len(told) == 1
        (tmp_path / voice.find(position(40), "uk")).unlink()  # type: ignore[operator]
        assert await found(voice, position(40), "uk", ready), "made anew when it is gone"
    finally:
        await synthesizer.stop()
    assert synthesizer.renders == 2


@pytest.mark.asyncio
async def test_other_words_count_from_the_next_time_on(tmp_path: Path) -> None:
    recording = tmp_path / "prompts" / "pl" / "queue-position.5.wav"
    write_wav(tmp_path / "speech.wav", sine(400, 0.5))
    synthesizer = Synthesizer(SpeechSettings(), tmp_path)
    await synthesizer.start()
    try:
        voice = RenderedVoice([prompts_dir()], synthesizer, on_ready=lambda: None, fallback="en")
        assert voice.find(position(5), "pl") is None
        recording.parent.mkdir(parents=True)
        (tmp_path / "speech.wav").rename(recording)
        voice.renew(find_speech([prompts_dir(), tmp_path / "prompts"], "en"))
        assert voice.find(position(5), "pl") == str(recording)
    finally:
        await synthesizer.stop()


@pytest.mark.asyncio
async def test_a_recording_wins_over_speech(tmp_path: Path) -> None:
    recording = tmp_path / "prompts" / "pl" / "queue-position.5.wav"
    recording.parent.mkdir(parents=True)
    recording.write_bytes(b"RIFF")
    voice = RenderedVoice(
        [prompts_dir(), tmp_path / "prompts"],
        Synthesizer(SpeechSettings(), tmp_path),
        on_ready=lambda: None,
        fallback="en",
    )
    assert voice.find(position(5), "pl") == str(recording)


@pytest.mark.asyncio
async def test_what_cannot_be_said_is_left_out_and_tried_again(tmp_path: Path) -> None:
    ready = asyncio.Event()
    synthesizer = Synthesizer(SpeechSettings(voices={"en": "no-such-voice"}), tmp_path)
    await synthesizer.start()
    try:
        voice = RenderedVoice([prompts_dir()], synthesizer, on_ready=ready.set, fallback="en")
        assert await found(voice, Prompt("voicemail-thanks"), "en", ready) == ""
        assert voice.find(Prompt("voicemail-thanks"), "en") is None
    finally:
        await synthesizer.stop()


@pytest.mark.asyncio
async def test_a_prompt_that_exists_nowhere_is_silence(tmp_path: Path) -> None:
    voice = RenderedVoice(
        [prompts_dir()], Synthesizer(SpeechSettings(), tmp_path), on_ready=lambda: None, fallback="en"
    )
    assert voice.find(Prompt("no-such-prompt"), "en") == ""


@pytest.mark.asyncio
async def test_recorded_words_say_an_announcement_together_and_speech_the_rest(tmp_path: Path) -> None:
    """Each word is a tone of its own, in the order of the sentence."""
    own = tmp_path / "prompts"
    tones = {"there_are": 400, "two": 700, "callers_before_you": 1000}
    for name, tone in tones.items():
        (own / "en" / "words").mkdir(parents=True, exist_ok=True)
        write_wav(own / "en" / "words" / f"{name}.wav", sine(tone, 0.5))
    ready = asyncio.Event()
    synthesizer = Synthesizer(SpeechSettings(), tmp_path / "speech")
    await synthesizer.start()
    try:
        voice = RenderedVoice([prompts_dir(), own], synthesizer, on_ready=ready.set, fallback="en")
        joined = read_wav(Path(await found(voice, position(2), "en", ready)))
        spoken = read_wav(Path(await found(voice, position(3), "en", ready)))
        assert voice.find(position(2), "en") is not None, "joined once, found again"
    finally:
        await synthesizer.stop()
    spans = [joined.tone_spans(tone)[0] for tone in tones.values()]
    assert [round(span.end - span.start, 1) for span in spans] == [0.5, 0.5, 0.5]
    assert [span.start for span in spans] == sorted(span.start for span in spans)
    assert joined.length == pytest.approx(1.5, abs=0.3)
    assert not spoken.tone_spans(700)


@pytest.mark.asyncio
async def test_recorded_words_that_cannot_be_read_are_spoken_instead(tmp_path: Path) -> None:
    words = tmp_path / "prompts" / "en" / "words"
    words.mkdir(parents=True)
    (words / "you_are_next_in_line.wav").write_bytes(b"no audio")
    ready = asyncio.Event()
    synthesizer = Synthesizer(SpeechSettings(), tmp_path / "speech")
    await synthesizer.start()
    try:
        voice = RenderedVoice([prompts_dir(), tmp_path / "prompts"], synthesizer, on_ready=ready.set, fallback="en")
        assert soundfile.info(await found(voice, position(0), "en", ready)).duration > 0.5
    finally:
        await synthesizer.stop()


@pytest.mark.asyncio
async def test_a_changed_recording_is_heard_the_next_time(tmp_path: Path) -> None:
    synthesizer = Synthesizer(SpeechSettings(), tmp_path / "speech")
    path = tmp_path / "word.wav"
    await synthesizer.start()
    try:
        files = []
        for tone in (400, 900):
            write_wav(path, sine(tone, 0.5 + tone / 1000))
            ready = asyncio.Event()
            synthesizer.join([path], lambda outcome, ready=ready: ready.set())  # type: ignore[misc]
            await asyncio.wait_for(ready.wait(), 60)
            files.append(synthesizer.join([path]))
        assert None not in files
        assert files[0] != files[1]
    finally:
        await synthesizer.stop()


def test_the_pace_of_an_engine_is_its_own() -> None:
    assert speech_settings(Tts(cache_mb=0)) == SpeechSettings()
    assert speech_settings(Tts()).cache == 1_000_000_000
    faster = speech_settings(Tts(engine="espeak", rate=300))
    assert faster.rates == {language: 2 * rate for language, rate in DEFAULT_RATES.items()}
    other = speech_settings(Tts(engine="command", rate=120, command=("flite",), timeout=20.0))
    assert (other.rate("uk"), other.command, other.timeout) == (120, ("flite",), 20.0)


def test_what_announcements_lack_is_found_before_the_switch_starts(tmp_path: Path) -> None:
    own = tmp_path / "var" / "prompts" / "uk"
    own.mkdir(parents=True)
    text = b'[server]\nlanguage = "uk"\n[[phone]]\nuser = "1"\npassword = "long-enough"\nlanguage = "pl"'
    config = parse_config(text, file="config.toml", folder=tmp_path, env={})
    assert spoken_languages(config) == ("uk", "pl")
    assert check_speech(config) == ([], [])
    (own / "voicemail-thanks.wav").write_bytes(b"RIFF")
    assert check_speech(config) == ([], [f"{own / 'voicemail-thanks.wav'}: is no audio file that can be played"])
    (own / "catalog.toml").write_text("[voicemail-thanks]")
    errors, _ = check_speech(config)
    assert errors == [f"{own / 'catalog.toml'}: voicemail-thanks: lacks the plural form few, many, one"]
