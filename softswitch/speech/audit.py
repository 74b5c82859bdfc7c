"""What is missing for an announcement: translations, recorded words, recordings that are no audio."""

from __future__ import annotations

from typing import TYPE_CHECKING

from softswitch.speech.catalogue import Catalogue, CatalogueError
from softswitch.speech.phrases import announcements
from softswitch.speech.resolve import RECORDING_SUFFIX, find_recordings
from softswitch.speech.words import FOLDER, find_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

#: Places in the queue whose words ought to be recorded when any are.
POSITIONS = 100
SHOWN = 10


def audit(
    folders: Iterable[Path], languages: Iterable[str], playable: Callable[[Path], bool]
) -> tuple[list[str], list[str]]:
    """Errors (a catalogue that cannot be used) and warnings, each naming its file or language.

    *languages*: those that callers may hear. *playable*: whether a file can be read as audio.
    """
    places = tuple(folders)
    try:
        catalogue = Catalogue.load(*places)
    except CatalogueError as error:
        return list(error.problems), []
    return [], [*catalogue.check(), *_recordings(places, playable), *_words(places, catalogue, set(languages))]


def _recordings(folders: tuple[Path, ...], playable: Callable[[Path], bool]) -> Iterator[str]:
    words = (path for found in find_words(RECORDING_SUFFIX, *folders).values() for path in found.paths)
    for path in (*find_recordings(*folders).values(), *words):
        if not playable(path):
            yield f"{path}: is no audio file that can be played"


def _words(folders: tuple[Path, ...], catalogue: Catalogue, languages: set[str]) -> Iterator[str]:
    for language, recorded in sorted(find_words(RECORDING_SUFFIX, *folders).items()):
        if language not in languages & set(catalogue.languages):
            continue
        texts = [catalogue.text(prompt.key, language, prompt.args) for prompt in announcements(POSITIONS)]
        if missing := recorded.missing(texts):
            unsaid = sum(recorded.cover(text) is None for text in texts)
            shown = ", ".join(missing[:SHOWN]) + (f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else "")
            yield (
                f"{language}/{FOLDER}: not recorded: {shown}; {unsaid} of {len(texts)} announcements of queues "
                "are spoken by the synthesiser instead"
            )
