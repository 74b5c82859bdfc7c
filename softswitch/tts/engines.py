"""Speech engines. One call renders one text to one WAV file; blocking, single-threaded, only for the worker process.

`pyttsx3` and `espeak` share the espeak-ng library that `espeakng-loader` brings, so no system package is needed.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import subprocess
import threading
import wave
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import espeakng_loader

if TYPE_CHECKING:
    from collections.abc import Sequence

ENGINES: Final = ("pyttsx3", "espeak", "piper", "command")

_MIN_RATE: Final = 80
_MAX_RATE: Final = 450

# speak_lib.h
_ESPEAK_RATE: Final = 1
_CURRENT: Final = 1


class EngineError(Exception):
    """The engine could not speak this text."""


class Engine(Protocol):
    """Renders text to a WAV file of any rate."""

    def render(self, text: str, voice: str, rate: int, target: Path) -> None:
        """Speak *text* into *target*; *rate* is in words a minute as the engine counts them. Raises EngineError."""


def make_engine(name: str, command: Sequence[str] = (), *, timeout: float = 10.0) -> Engine:
    """The engine of that name; *timeout*: seconds a command may take. Raises ValueError for an unknown one."""
    match name:
        case "pyttsx3":
            return Pyttsx3Engine()
        case "espeak":
            return EspeakEngine()
        case "command":
            return CommandEngine(command, timeout=timeout)
        case "piper":
            return PiperEngine()
    raise ValueError(f"unknown speech engine {name!r}; {', '.join(ENGINES)} are known")


def _load_espeak() -> ctypes.CDLL:
    """Load our espeak-ng so that pyttsx3, which asks for it by soname, finds this one and its data."""
    os.environ["ESPEAK_DATA_PATH"] = str(espeakng_loader.get_data_path())
    return ctypes.CDLL(str(espeakng_loader.get_library_path()), mode=ctypes.RTLD_GLOBAL)


def _variant(voice: str) -> tuple[str, str]:
    """A voice such as `en-gb+f2` as its name and `+f2`. Raises EngineError for what espeak-ng would ignore."""
    name, plus, variant = voice.partition("+")
    folder = Path(str(espeakng_loader.get_data_path()), "voices", "!v")
    if plus and variant not in os.listdir(folder):
        raise EngineError(f"has no variant {variant!r} of the voice {name!r}")
    return name, plus + variant


class Pyttsx3Engine:
    """pyttsx3 on espeak-ng. Its driver keeps one pending file, hence one save per `runAndWait`."""

    def __init__(self) -> None:
        self._library = _load_espeak()
        import pyttsx3  # the library must be loaded first

        self._engine = pyttsx3.init("espeak")
        self._finished = threading.Event()
        self._engine.connect("finished-utterance", lambda name, completed: self._finished.set())
        self._voices: dict[str, str] = {}
        for voice in self._engine.getProperty("voices"):
            languages = [language.lower() for language in voice.languages or ()]
            for name in (voice.id, voice.id.rpartition("/")[2], voice.name.lower(), *languages):
                self._voices.setdefault(name, voice.id)

    def render(self, text: str, voice: str, rate: int, target: Path) -> None:
        name, variant = _variant(voice)
        identifier = self._voices.get(name.lower())
        if identifier is None:  # pyttsx3 would swallow the error and speak on with the last voice
            raise EngineError(f"has no voice {voice!r}")
        rate = max(_MIN_RATE, min(_MAX_RATE, rate))
        self._engine.proxy.setBusy(False)  # else the properties wait for `runAndWait`
        self._engine.setProperty("voice", identifier + variant)
        self._engine.setProperty("rate", rate)
        # `runAndWait` begins by cancelling whatever espeak-ng has not done yet; a new rate is done a little later.
        self._library.espeak_Synchronize()
        if self._library.espeak_GetParameter(_ESPEAK_RATE, _CURRENT) != rate:
            raise EngineError("did not take the rate")
        self._finished.clear()
        self._engine.save_to_file(text, str(target))
        # The driver's loop ends when the text is handed over; espeak-ng then speaks in a thread of its own, which
        # writes the file, reports, and only then is idle.
        self._engine.runAndWait()
        while not self._finished.wait(0.01) and self._library.espeak_IsPlaying():
            pass
        self._library.espeak_Synchronize()


class _VoiceProperties(ctypes.Structure):
    """espeak_VOICE of speak_lib.h."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_char_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


class EspeakEngine:
    """espeak-ng by its C interface (speak_lib.h), synchronous."""

    _AUDIO_OUTPUT_SYNCHRONOUS: Final = 2
    _CHARS_UTF8: Final = 1  # and neither SSML nor phoneme input: text is only ever text
    _INITIALIZE_DONT_EXIT: Final = 0x8000

    def __init__(self) -> None:
        self._library = _load_espeak()
        data = os.fsencode(str(espeakng_loader.get_data_path()))
        flags = self._INITIALIZE_DONT_EXIT
        self._sample_rate = self._library.espeak_Initialize(self._AUDIO_OUTPUT_SYNCHRONOUS, 0, data, flags)
        if self._sample_rate <= 0:
            raise EngineError("espeak-ng cannot be initialised")
        self._audio = bytearray()
        prototype = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
        self._callback = prototype(self._take)  # kept: the library holds only its address
        self._library.espeak_SetSynthCallback(self._callback)
        self._library.espeak_GetCurrentVoice.restype = ctypes.POINTER(_VoiceProperties)

    def _take(self, samples: int | None, count: int, _events: int | None) -> int:
        if samples and count > 0:
            self._audio += ctypes.string_at(samples, 2 * count)
        return 0

    def _select(self, voice: str) -> None:
        name, variant = _variant(voice)
        if self._library.espeak_SetVoiceByName(voice.encode()) == 0:
            return
        language = name.lower().encode()
        wanted = _VoiceProperties(languages=language)
        found = self._library.espeak_SetVoiceByProperties(ctypes.byref(wanted)) == 0
        current = self._library.espeak_GetCurrentVoice().contents
        spoken: bytes = current.languages or b""
        if not found or spoken[1:] != language:  # after a priority byte; an unknown language selects the default voice
            raise EngineError(f"has no voice {voice!r}")
        if variant and self._library.espeak_SetVoiceByName(current.identifier + variant.encode()) != 0:
            raise EngineError(f"has no voice {voice!r}")

    def render(self, text: str, voice: str, rate: int, target: Path) -> None:
        self._select(voice)
        self._library.espeak_SetParameter(_ESPEAK_RATE, max(_MIN_RATE, min(_MAX_RATE, rate)), 0)
        self._audio.clear()
        octets = text.encode() + b"\0"
        status = self._library.espeak_Synth(octets, ctypes.c_size_t(len(octets)), 0, 0, 0, self._CHARS_UTF8, None, None)
        if status != 0:
            raise EngineError(f"espeak-ng refused the text (status {status})")
        with wave.open(str(target), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(self._sample_rate)
            file.writeframes(bytes(self._audio))


class PiperEngine:
    """Piper, a neural engine that is installed apart; a voice is the path of its model (`….onnx`)."""

    _WORDS_A_MINUTE: Final = 150  # of most models at a length scale of 1

    def __init__(self) -> None:
        try:
            self._piper = importlib.import_module("piper")
        except ImportError as error:
            raise EngineError(f"piper is not installed ({error}); pip install piper-tts") from None
        self._voices: dict[str, Any] = {}

    def render(self, text: str, voice: str, rate: int, target: Path) -> None:
        try:
            if voice not in self._voices:
                self._voices[voice] = self._piper.PiperVoice.load(voice)
            pace = self._piper.SynthesisConfig(length_scale=self._WORDS_A_MINUTE / rate)
            with wave.open(str(target), "wb") as file:
                self._voices[voice].synthesize_wav(text, file, syn_config=pace)
        except Exception as error:  # whatever a model file that is not one makes of the libraries below
            raise EngineError(f"{voice}: {type(error).__name__}") from None


class CommandEngine:
    """Any program that turns text into a WAV file.

    Template words may hold {text}, {voice}, {rate} and {output}. Without {text} the program reads the text from
    standard input; without {output} it writes the WAV file to standard output. No shell is involved.
    """

    def __init__(self, command: Sequence[str], *, timeout: float = 10.0) -> None:
        if not command:
            raise ValueError("the command engine needs a command")
        self._command = tuple(command)
        self._timeout = timeout

    def render(self, text: str, voice: str, rate: int, target: Path) -> None:
        spoken = f" {text}" if text.startswith("-") else text  # never an option of the program
        values = {"text": spoken, "voice": voice, "rate": str(rate), "output": str(target)}
        argv = [_fill(word, values) for word in self._command]
        to_stdin = not any("{text}" in word for word in self._command)
        to_stdout = not any("{output}" in word for word in self._command)
        with suppress(FileNotFoundError):
            target.unlink()
        with open(target if to_stdout else os.devnull, "wb") as stdout:
            try:
                done = subprocess.run(
                    argv,
                    input=text.encode() if to_stdin else b"",
                    stdout=stdout,
                    stderr=subprocess.DEVNULL,
                    timeout=self._timeout,
                    check=False,
                )
            except OSError as error:
                raise EngineError(f"{argv[0]}: {error.strerror}") from None
            except subprocess.TimeoutExpired:
                raise EngineError(f"{argv[0]} took longer than {self._timeout:g} s") from None
        if done.returncode != 0:
            raise EngineError(f"{argv[0]} ended with status {done.returncode}")


def _fill(word: str, values: dict[str, str]) -> str:
    """Replace placeholders in one pass, so that braces inside the text stay text."""
    parts: list[str] = []
    rest = word
    while rest:
        found = [(rest.find("{" + name + "}"), name) for name in values]
        at, name = min(((at, name) for at, name in found if at >= 0), default=(-1, ""))
        if at < 0:
            break
        parts += [rest[:at], values[name]]
        rest = rest[at + len(name) + 2 :]
    return "".join([*parts, rest])
