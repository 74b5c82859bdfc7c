"""From a prompt to an audio file: a recording, or speech rendered and kept on disk."""

from __future__ import annotations

import logging
from contextlib import suppress
from itertools import product
from typing import TYPE_CHECKING

from softswitch.config.fields import LANGUAGES
from softswitch.config.load import warning_at
from softswitch.media.assets import AssetError, duration, load_pcm, look_into
from softswitch.paths import prompts_dir
from softswitch.speech.audit import audit, missing_words
from softswitch.speech.catalogue import Catalogue, CatalogueError, MissingPrompt
from softswitch.speech.phrases import announcements
from softswitch.speech.resolve import RECORDING_SUFFIX, Joined, Recorded, Resolver, Spoken, find_recordings
from softswitch.speech.words import find_words
from softswitch.tts.synthesizer import DEFAULT_RATES, DEFAULT_VOICES, SpeechSettings, SynthesisFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from ivr.nodes import Audio, Prompt
    from softswitch.config import Config
    from softswitch.config.errors import Problem
    from softswitch.config.positions import Path as KeyPath
    from softswitch.config.words.switch import Tts
    from softswitch.tts.synthesizer import Synthesizer

log = logging.getLogger(__name__)

#: Positions that are rendered ahead of any caller; longer queues are rendered as they grow.
RENDERED_POSITIONS = 15
#: So many texts of the catalogue are remembered with what they say.
RESOLVED = 10_000


class RenderedVoice:
    """`softswitch.ports.Voice` over the catalogues, the recordings and the synthesiser."""

    def __init__(
        self,
        folders: Iterable[Path],
        synthesizer: Synthesizer,
        *,
        on_ready: Callable[[], None],
        fallback: str,
        fetched: Callable[[Audio, str], str | None] = lambda audio, language: None,
    ) -> None:
        """*fetched*: the file of a recording that somebody else keeps, by language; None while it is not here."""
        self._resolver = find_speech(folders, fallback)
        self._synthesizer = synthesizer
        self._on_ready = on_ready
        self._fetched = fetched
        self._failed: set[Joined | Spoken] = set()
        self._awaited: set[Joined | Spoken] = set()  # being made; however many ask for them, once
        self._resolved: dict[tuple[object, ...], Recorded | Joined | Spoken] = {}
        self._seconds: dict[str, float | None] = {}

    def renew(self, resolver: Resolver) -> None:
        """Other catalogues, recordings or languages, from the next prompt on."""
        self._resolver = resolver
        self._resolved.clear()

    def find(self, prompt: Prompt, language: str) -> str | None:
        """See `softswitch.ports.Voice.find`.

        A text that failed is left out once, and tried again the next time; recordings that failed are spoken instead.
        """
        try:
            found = self._resolve(prompt, language)
        except MissingPrompt as missing:
            log.error("%s", missing)
            return ""
        if isinstance(found, Recorded):
            return str(found.path)
        if isinstance(found, Joined) and found in self._failed:
            found = found.instead
        if found in self._failed:
            self._failed.discard(found)
            return ""
        return self._render(prompt, found)

    def fetched(self, audio: Audio, language: str) -> str | None:
        """See `softswitch.ports.Voice.fetched`."""
        return self._fetched(audio, language)

    def unfit(self, prompt: Prompt, language: str) -> tuple[str, ...]:
        """See `softswitch.ports.Voice.unfit`."""
        with suppress(MissingPrompt):
            found = self._resolver.resolve(prompt, language)
            return (
                found.unfit if isinstance(found, Spoken) else found.instead.unfit if isinstance(found, Joined) else ()
            )
        return ()

    def seconds(self, path: str) -> float | None:
        """See `softswitch.ports.Voice.seconds`; a file is looked at once."""
        if path not in self._seconds:
            try:
                self._seconds[path] = duration(path)
            except AssetError as error:
                log.warning("%s", error)
                self._seconds[path] = None
        return self._seconds[path]

    def _resolve(self, prompt: Prompt, language: str) -> Recorded | Joined | Spoken:
        """Words of the catalogue are worked out once: who waits asks again whenever anything has been made."""
        if prompt.text:
            return self._resolver.resolve(prompt, language)
        asked = (prompt.key, language, *prompt.args.items())
        found = self._resolved.get(asked)
        if found is None:
            if len(self._resolved) >= RESOLVED:
                self._resolved.clear()
            found = self._resolved[asked] = self._resolver.resolve(prompt, language)
        return found

    def _render(self, prompt: Prompt, wanted: Joined | Spoken) -> str | None:
        if wanted in self._awaited:
            return None

        def done(outcome: Path | SynthesisFailed) -> None:
            self._awaited.discard(wanted)
            if isinstance(outcome, SynthesisFailed):
                log.warning('prompt "%s" cannot be made: %s', prompt.key, outcome)
                self._failed.add(wanted)
            self._on_ready()

        if isinstance(wanted, Joined):
            path = self._synthesizer.join(wanted.parts, done)
        else:
            path = self._synthesizer.request(wanted.text, wanted.language, done)
        if path is None:
            self._awaited.add(wanted)
            return None
        return str(path)

    def prepare(self, prompts: Iterable[Prompt], languages: Iterable[str]) -> int:
        """Render ahead what callers may hear; returns how many are still missing."""
        found = list(self._found((*prompts, *announcements(RENDERED_POSITIONS)), tuple(languages)))
        spoken = ((words.text, words.language) for words in found if isinstance(words, Spoken))
        joined = (words.parts for words in found if isinstance(words, Joined))
        return self._synthesizer.prejoin(joined) + self._synthesizer.prerender(spoken)

    def _found(self, prompts: Iterable[Prompt], languages: Iterable[str]) -> Iterator[Recorded | Joined | Spoken]:
        for prompt, language in product(prompts, languages):
            with suppress(MissingPrompt):
                yield self._resolver.resolve(prompt, language)


def find_speech(folders: Iterable[Path], fallback: str) -> Resolver:
    """All catalogues and recordings in *folders*, read from the disk; what a prompt lacks is said in *fallback*."""
    places = tuple(folders)
    words = find_words(RECORDING_SUFFIX, *places)
    return Resolver(Catalogue.load(*places), find_recordings(*places), (fallback, "en"), words)


def speech_settings(tts: Tts) -> SpeechSettings:
    """Voices and paces as configured; espeak's own where the engine is one that knows them."""
    cache = tts.cache_mb * 1_000_000
    if tts.engine in ("pyttsx3", "espeak"):
        rates = {language: rate * tts.rate // 150 for language, rate in DEFAULT_RATES.items()}
        return SpeechSettings(tts.engine, {**DEFAULT_VOICES, **tts.voice}, rates, timeout=tts.timeout, cache=cache)
    voices = tts.voice if tts.engine == "piper" else {**DEFAULT_VOICES, **tts.voice}
    return SpeechSettings(tts.engine, voices, dict.fromkeys(DEFAULT_RATES, tts.rate), tts.command, tts.timeout, cache)


def prompt_folders(config: Config) -> tuple[Path, Path]:
    """Where catalogues and recordings are: those that are shipped, then the operator's own."""
    return prompts_dir(), config.server.data_dir / "prompts"


def spoken_languages(config: Config) -> tuple[str, ...]:
    """Those that people on this switch can come to hear; its own first."""
    chosen: list[str | None] = [route.language for route in config.routes]
    chosen += [goto.language for goto in config.gotos.values()]
    chosen += [known.language for known in config.sets.values() if known.language in LANGUAGES]
    chosen += [phone.language for phone in config.phones.values()]
    chosen += [agent.language for agent in config.agents.values()]
    chosen += [trunk.language for trunk in config.trunks.values()]
    chosen += [language for known in config.lists.values() for language in sorted(known.languages)]
    return tuple(dict.fromkeys((config.server.language, *filter(None, chosen))))


def unplayable_files(config: Config) -> list[Problem]:
    """Warnings about music and greetings that are no audio: in their place is silence."""
    named: list[tuple[KeyPath, Path]] = [
        (("music", name, "files", number), file)
        for name, channel in config.music.items()
        for number, file in enumerate(channel.files)
    ]
    named += [
        (("voicemail", name, "greeting_file"), box.greeting_file)
        for name, box in config.voicemails.items()
        if box.greeting_file is not None
    ]
    found: list[Problem] = []
    if "missing-audio" not in config.lint.ignore:
        for place, file in named:
            try:
                look_into(file)
            except AssetError as error:
                right = "WAV, FLAC, OGG or MP3"
                found.append(warning_at(config, place, str(error), right, code="missing-audio"))
    return found


def check_speech(config: Config) -> tuple[list[str], list[str]]:
    """Errors and warnings about catalogues and recordings; with errors the switch cannot start."""

    def playable(path: Path) -> bool:
        try:
            load_pcm(path)
        except (AssetError, OSError):
            return False
        return True

    return audit(prompt_folders(config), spoken_languages(config), playable, _places(config), others=bool(config.verbs))


def unrecorded(config: Config) -> dict[str, list[str]]:
    """All words that are not recorded, by language in which others are; none where a catalogue cannot be used."""
    with suppress(CatalogueError):
        return missing_words(prompt_folders(config), spoken_languages(config))
    return {}


def _places(config: Config) -> set[str]:
    """Where texts of the configuration stand: what the names of their recordings begin with."""
    slots = [slot.id for menu in config.menus.values() for slot in menu.slots]
    tables: Mapping[str, Iterable[str]] = {
        "menu": config.menus,
        "say": config.says,
        "collect": config.collects,
        "webservice": config.webservices,
        "sms": config.sms,
        "lookup": config.lookups,
        "verbs": config.verbs,
        "survey": config.surveys,
        "record": config.records,
        "conference": config.conferences,
        "queue": config.queues,
        "voicemail": config.voicemails,
        "callback": config.callback_requests,
        "verification": config.verifications,
        "slot": slots,
        "slot-fallback": slots,
        "opted-out": slots,
    }
    return {f"{kind}.{name}" for kind, names in tables.items() for name in names}
