"""Variables that are mentioned somewhere and that nothing gives to calls: in texts, labels, requests and targets.

Nothing is said, shown or sent in their place, so that nobody notices before callers do.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Final

from ivr.texts import LANGUAGES, placeholders
from softswitch.config.checks.languages import ADDED, CALLERS, texts
from softswitch.config.checks.names import TARGETS
from softswitch.config.checks.variables import known_variables
from softswitch.config.errors import nearest
from softswitch.speech.template import parse_template

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from softswitch.config.checks.raw import Raw
    from softswitch.config.checks.variables import Known
    from softswitch.config.errors import Problem
    from softswitch.config.positions import Path

CODE: Final = "unknown-variable"
#: Texts in which nothing is filled in.
AS_THEY_STAND = (
    "queue.*.announce.comfort_say.*",
    "queue.*.whisper.say",
    "voicemail.*.greeting",
    "callback.*.confirm",
)
#: Filled by campaigns, or looked through with the value itself.
_OTHERS = ("template.*.text", "sms.*.text")
SAID = (*(each for each in CALLERS if each not in (*AS_THEY_STAND, *_OTHERS)), *ADDED, "verification.*.ask")
SHOWN = (
    "set.*.label",
    "set.*.language",
    "set.*.data.*",
    "*.*.customer_id",
    "verification.*.show",
    *TARGETS,
)
REQUESTS = (
    "webservice.*.url",
    "webservice.*.headers.*",
    "webservice.*.fields.*",
    "verbs.*.url",
    "verbs.*.headers.*",
    "lookup.*.key",
    "sms.*.to",
    "sms.*.text",
    "sms.*.text.*",
)
#: What only those learn who are asked about a call.
ABOUT = frozenset({"call", "ani_raw", "withheld", "sms_to", "sms_text", "key"})
#: The way through the menus.
WAY = frozenset({"menu_path", "menu_label", "menu_labels"})
_BRACES = re.compile(r"\{[^{}]*\}|[{}]")
#: So alike two names are of which one is mistyped, where others may tell variables that are not in this file.
_ALIKE: Final = 0.75


def check(raw: Raw) -> Iterator[Problem]:
    known = known_variables(raw)
    spoken = list(_said(raw, SAID))
    for path, text in spoken:
        yield from _braces(raw, path, text)
    for path, text in [*spoken, *raw.strings(*SHOWN)]:
        yield from _unknown(raw, path, text, known, known.names | WAY | ({"value"} if "confirm" in path else set()))
    for path, text in raw.strings(*REQUESTS):
        yield from _unknown(raw, path, text, known, known.names | known.secret | ABOUT | WAY)
    for path, text in _said(raw, AS_THEY_STAND):
        for brace in _BRACES.finditer(text):
            what = f'"{brace[0]}" is said as it stands: no variables are filled in here'
            yield raw.warning(path, what, code=CODE, offset=brace.start())


def unknown(raw: Raw, path: Path, names: Iterable[str], known: Known) -> Iterator[Problem]:
    """As in requests, for a text of another kind, as a query, which mentions *names*."""
    for name in dict.fromkeys(names):
        if name not in known.names | known.secret | ABOUT | WAY:
            yield from _told(raw, path, f":{name}", name, known, None)


def _said(raw: Raw, patterns: Iterable[str]) -> Iterator[tuple[Path, str]]:
    """Every text with the very place where it is written."""
    for path, by_language in texts(raw, *patterns):
        at = raw.value(path)
        for language, text in by_language.items():
            if isinstance(text, str):
                yield (*path, language) if isinstance(at, dict) else path, text


def _braces(raw: Raw, path: Path, text: str) -> Iterator[Problem]:
    """Braces that hold no variable, and forms that there are not."""
    if placeholders(text):
        try:
            parse_template(text, str(path[-1]) if path[-1] in LANGUAGES else raw.language)
        except ValueError as error:
            alone = next((brace for brace in _BRACES.finditer(text) if len(brace[0]) == 1), None)
            what = str(error) if alone is None else f'has a "{alone[0]}" without the other brace'
            right = "" if "plural" in what else "write {small_letters}, or {name:form}"
            yield raw.error(path, what, right, offset=alone.start() if alone else None)
        return
    for brace in _BRACES.finditer(text):
        what = f'"{brace[0]}" is no variable, and said as it stands'
        yield raw.warning(path, what, "variables are {small_letters}", code=CODE, offset=brace.start())


def _unknown(raw: Raw, path: Path, text: str, known: Known, names: Iterable[str]) -> Iterator[Problem]:
    for name in dict.fromkeys(placeholders(text)):
        if name not in names:
            offset = re.search(rf"\{{{name}[:}}]", text)
            yield from _told(raw, path, f"{{{name}}}", name, known, offset and offset.start())


def _told(raw: Raw, path: Path, written: str, name: str, known: Known, offset: int | None) -> Iterator[Problem]:
    if name in known.secret:
        what = f'"{written}" is entered with mask = true, and told to nobody'
        right = "collect it without, or look it up and use what is found"
        yield raw.warning(path, what, right, code=CODE, offset=offset)
        return
    likely = nearest(name, known.names)
    if (known.open or "api" in raw.tables) and not alike(name, likely):
        return  # others may give it to calls
    what = f'nothing is known of the caller as "{written}"'
    right = f"give it to calls: data = {{ {name} = … }}"
    if likely:
        right = f'did you mean "{written.replace(name, likely)}"?'
    yield raw.warning(path, what, right, code=CODE, offset=offset)


def alike(name: str, other: str) -> bool:
    """Whether one is probably the other, mistyped."""
    return difflib.SequenceMatcher(None, name, other).ratio() >= _ALIKE
