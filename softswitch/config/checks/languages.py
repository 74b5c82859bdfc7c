"""Who hears a text has it in a language that they understand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from softswitch.config.fields import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from softswitch.callers.lists import CallerList
    from softswitch.config.checks.raw import Raw
    from softswitch.config.errors import Problem
    from softswitch.config.positions import Path

#: Where one text stands, or (`say_invalid`) several, each for itself.
CALLERS = (
    "menu.*.say",
    "menu.*.say_again",
    "menu.*.say_invalid",
    "menu.*.say_no_input",
    "menu.*.slot.*.fallback",
    "menu.*.slot.*.optout.say",
    "say.*.say",
    *(
        f"{entry}.{field}"
        for entry in ("collect.*", "webservice.*.collect")
        for field in ("say", "confirm", "say_again", "say_invalid", "say_no_input")
    ),
    *(f"{kind}.*.{field}" for kind in ("lookup", "webservice", "sms") for field in ("say", "meanwhile.say")),
    "verbs.*.meanwhile.say",
    "sms.*.text",
    "survey.*.say",
    "survey.*.thanks",
    "survey.*.question.*.say",
    "queue.*.announce.comfort_say.*",
    "record.*.say",
    "conference.*.say",
    "voicemail.*.greeting",
    "callback.*.confirm",
    "template.*.text",
)
#: Said beside another text: to everybody when it is in no language but a foreign one.
ADDED = ("menu.*.say_also.*", "say.*.say_also.*")
AGENTS = ("queue.*.whisper.say", "verification.*.ask")


def check(raw: Raw) -> Iterator[Problem]:
    """Everybody hears something: each text exists in the language of the switch."""
    for path, found in texts(raw, *CALLERS, *AGENTS):
        if raw.language not in found:
            right = f'add {raw.language} = "…"; {_who(path)} whose language is missing hear it'
            yield raw.error(path, f'has no text in "{raw.language}", the language of the switch', right)


def check_missing(raw: Raw, lists: Mapping[str, CallerList]) -> Iterator[Problem]:
    """Each exists in every language that callers, or agents, can come to hear; *lists*: whose callers have one."""
    spoken = raw.languages | {language for known in lists.values() for language in known.languages}
    agents = {raw.language, *(language for _, language in raw.strings("agent.*.language"))}
    foreign: dict[Path, set[str]] = {}
    for path, found in texts(raw, *ADDED):
        if raw.language not in found:
            foreign.setdefault(path[:2], set()).update(found)
    for patterns, wanted in ((CALLERS, spoken), (ADDED, spoken), (AGENTS, agents)):
        for path, found in texts(raw, *patterns):
            if raw.language in found:
                has = found.keys() | foreign.get(path[:2], set())
                yield from _missing(raw, path, [language for language in LANGUAGES if language in wanted - has])


def _missing(raw: Raw, path: Path, languages: list[str]) -> Iterator[Problem]:
    if languages:
        right = f'those {_who(path)} hear the text in "{raw.language}"'
        yield raw.warning(path, f"has no text in {', '.join(languages)}", right, code="missing-language")


def _who(path: Path) -> str:
    return "agents" if path[0] == "verification" or "whisper" in path else "callers"


def texts(raw: Raw, *patterns: str) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """By language; what is no text is passed over."""
    for path, found in raw.select(*patterns):
        several: Iterable[tuple[Path, Any]] = [(path, found)]
        if isinstance(found, list):
            several = (((*path, number), one) for number, one in enumerate(found))
        for place, text in several:
            if isinstance(text, str):
                yield place, {raw.language: text}
            elif isinstance(text, dict) and text:
                yield place, text
