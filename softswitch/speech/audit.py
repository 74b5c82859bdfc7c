"""What is missing for an announcement: translations, recorded words, recordings that are no audio."""

from __future__ import annotations

from typing import TYPE_CHECKING

from softswitch.speech.catalogue import FILE, Catalogue, CatalogueError
from softswitch.speech.misnamed import meant, misnamed
from softswitch.speech.phrases import announcements
from softswitch.speech.resolve import RECORDING_SUFFIX, find_recordings
from softswitch.speech.words import FOLDER, find_words

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

#: Places in the queue whose words ought to be recorded when any are.
POSITIONS = 100
SHOWN = 10


def audit(
    folders: Iterable[Path],
    languages: Iterable[str],
    playable: Callable[[Path], bool],
    places: Collection[str] = (),
    *,
    others: bool = False,
) -> tuple[list[str], list[str]]:
    """Errors (a catalogue that cannot be used) and warnings, each naming its file or language.

    *folders*: the first is the one that is shipped. *languages*: those that callers may hear. *playable*: whether a
    file can be read as audio. *places*, *others*: see `misnamed`.
    """
    shipped, *own = (*folders,)
    try:
        catalogue, known = Catalogue.load(shipped, *own), Catalogue.load(shipped)
    except CatalogueError as error:
        return list(error.problems), []
    keys = frozenset[str]().union(*(known.keys(language) for language in known.languages))
    mistyped = {
        (language, key): likely
        for language in catalogue.languages
        for key in sorted(catalogue.keys(language) - keys)
        if (likely := meant(key, keys))
    }
    warnings = [
        f'{language}/{FILE}: "{key}" is no prompt of the switch; did you mean "{likely}"?'
        for (language, key), likely in mistyped.items()
    ]
    warnings += catalogue.check({key for _, key in mistyped})
    every = frozenset[str]().union(*(catalogue.keys(language) for language in catalogue.languages))
    for folder in own:
        warnings += misnamed(folder, every - {key for _, key in mistyped}, places, others=others)
    everywhere = (shipped, *own)
    warnings += _recordings(everywhere, playable)
    return [], [*warnings, *_words(everywhere, catalogue, set(languages))]


def missing_words(folders: Iterable[Path], languages: Iterable[str]) -> dict[str, list[str]]:
    """By language in which words are recorded: all those that are not, of what queues say. Raises CatalogueError."""
    places = tuple(folders)
    catalogue = Catalogue.load(*places)
    found = find_words(RECORDING_SUFFIX, *places)
    wanted = set(languages) & set(catalogue.languages)
    return {
        language: missing
        for language, recorded in sorted(found.items())
        if language in wanted and (missing := recorded.missing(_texts(catalogue, language)))
    }


def _texts(catalogue: Catalogue, language: str) -> list[str]:
    return [catalogue.text(prompt.key, language, prompt.args) for prompt in announcements(POSITIONS)]


def _recordings(folders: tuple[Path, ...], playable: Callable[[Path], bool]) -> Iterator[str]:
    words = (path for found in find_words(RECORDING_SUFFIX, *folders).values() for path in found.paths)
    for path in (*find_recordings(*folders).values(), *words):
        if not playable(path):
            yield f"{path}: is no audio file that can be played"


def _words(folders: tuple[Path, ...], catalogue: Catalogue, languages: set[str]) -> Iterator[str]:
    for language, recorded in sorted(find_words(RECORDING_SUFFIX, *folders).items()):
        if language not in languages & set(catalogue.languages):
            continue
        texts = _texts(catalogue, language)
        if missing := recorded.missing(texts):
            unsaid = sum(recorded.cover(text) is None for text in texts)
            shown = ", ".join(missing[:SHOWN]) + (f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else "")
            yield (
                f"{language}/{FOLDER}: not recorded: {shown}; {unsaid} of {len(texts)} announcements of queues "
                "are spoken by the synthesiser instead"
            )
