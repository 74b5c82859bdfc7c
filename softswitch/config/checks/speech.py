"""Who speaks: whether the engine has what it needs. Without speech calls are still connected, so most is a warning."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from softswitch.config.checks.programs import filled_in, is_there

if TYPE_CHECKING:
    from collections.abc import Iterator

    from softswitch.config.checks.raw import Raw
    from softswitch.config.errors import Problem

_FILLED_IN = ("text", "voice", "rate", "output")
_EXAMPLE = 'command = ["flite", "-voice", "{voice}", "-t", "{text}", "-o", "{output}"]'


def check(raw: Raw) -> Iterator[Problem]:
    engine = next((value for _, value in raw.strings("tts.engine")), "pyttsx3")
    words = list(raw.strings("tts.command.*"))
    if engine == "command":
        if not words:
            yield raw.error(("tts", "engine"), "needs the command that speaks", f"write {_EXAMPLE}")
        elif not is_there(words[0][1]):
            what = f'there is no program "{words[0][1]}"; nothing can be spoken that is not recorded'
            yield raw.warning(words[0][0], what, "install it, or give its whole path", code="no-engine")
    elif words:
        yield raw.warning(
            ("tts", "command"), f'is not used by the engine "{engine}"', 'set engine = "command"', code="unused-command"
        )
    yield from filled_in(raw, words, _FILLED_IN)
    if engine == "piper":
        yield from _piper(raw)


def _piper(raw: Raw) -> Iterator[Problem]:
    if importlib.util.find_spec("piper") is None:
        yield raw.warning(("tts", "engine"), "piper is not installed", "pip install piper-tts", code="no-engine")
    models = {path[-1]: (path, value) for path, value in raw.strings("tts.voice.*")}
    for path, model in models.values():
        if not (raw.folder / Path(model)).is_file():
            yield raw.warning(
                path,
                f'there is no model "{model}"',
                "download the voice: a .onnx file and its .onnx.json",
                code="no-voice",
            )
    if missing := sorted(raw.languages - models.keys()):
        what = f"has no voice for {', '.join(missing)}, which callers may hear"
        yield raw.warning(("tts",), what, f'add voice = {{ {missing[0]} = "….onnx" }}', code="no-voice")
