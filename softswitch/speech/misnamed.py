"""Recordings and translations that nobody ever hears, because no prompt has their name."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from softswitch.speech.grammar.plurals import LANGUAGES
from softswitch.speech.resolve import RECORDING_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

#: Codes of countries that are written where a language is meant.
_MEANT = {"ua": "uk", "gb": "en", "us": "en"}
_OTHER_SUFFIXES = (".mp3", ".ogg", ".flac", ".wave", ".WAV", ".MP3")


def meant(name: str, known: Collection[str]) -> str:
    """The name of *known* that is written with a mistake as *name*, or ``""``."""
    found = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.75)
    return found[0] if found else ""


def misnamed(folder: Path, keys: Collection[str], places: Collection[str], *, others: bool) -> Iterator[str]:
    """What is wrong with the names in *folder*, where recordings lie by language.

    *keys*: those of the catalogue. *places*: "menu.main" and all others where texts of the configuration stand.
    *others*: whether applications play recordings by names of their own.
    """
    for inside in sorted(path for path in folder.glob("*") if path.is_dir()):
        if inside.name not in LANGUAGES:
            if any(inside.glob(f"*{RECORDING_SUFFIX}")):
                right = _MEANT.get(inside.name.lower(), "")
                hint = f'did you mean "{right}"?' if right else f"there are {', '.join(LANGUAGES)}"
                yield f'{inside}: "{inside.name}" is no language here; {hint}'
            continue
        for file in sorted(path for path in inside.iterdir() if path.is_file()):
            if file.suffix in _OTHER_SUFFIXES:
                wanted = f"{file.stem}{RECORDING_SUFFIX}"
                yield f"{file}: is not used; recordings are named {wanted}, whatever they are inside"
            elif file.suffix == RECORDING_SUFFIX:
                yield from _recording(file, keys, places, others=others)


def _recording(file: Path, keys: Collection[str], places: Collection[str], *, others: bool) -> Iterator[str]:
    name = file.name.removesuffix(RECORDING_SUFFIX)
    parts = name.split(".")
    heads = {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
    if heads & {*keys, *places}:
        return
    head = ".".join(parts[:2])
    likely = meant(head, places) if len(parts) > 1 else ""
    likely = likely + name[len(head) :] if likely else ""
    if not likely and (key := meant(parts[0], keys)):
        likely = key + name[len(parts[0]) :]
    if likely:
        yield f'{file}: no prompt has this name; did you mean "{likely}{RECORDING_SUFFIX}"?'
    elif not others:
        yield f"{file}: no prompt has this name, so that nobody hears it"
