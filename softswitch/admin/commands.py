"""The commands that ask the running switch: once, or again and again until Ctrl-C."""

from __future__ import annotations

import getpass
import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from rich.live import Live
from rich.text import Text

from softswitch.admin.client import ANSWER_WITHIN, AdminClient, NotRunning

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import tzinfo
    from pathlib import Path

    from rich.console import Console, RenderableType

    Drawing = Callable[[Mapping[str, Any], tzinfo], RenderableType]

#: Seconds between two looks.
EVERY = 1.0


def show(
    data_dir: Path, verb: str, draw: Drawing, console: Console, *, zone: tzinfo, as_json: bool, watch: bool
) -> None:
    """Print what *verb* answers. Raises NotRunning and AdminError."""
    if watch:
        with suppress(KeyboardInterrupt):
            _watch(data_dir, verb, draw, console, zone, as_json=as_json)
        return
    with AdminClient(data_dir) as client:
        answer = client.ask(verb)
    if as_json:
        # written as it is: rich would fold long lines
        console.file.write(json.dumps(answer, ensure_ascii=False, indent=2) + "\n")
    else:
        console.print(draw(answer, zone))


def _watch(data_dir: Path, verb: str, draw: Drawing, console: Console, zone: tzinfo, *, as_json: bool) -> None:
    """Look every second, also over restarts of the switch; with JSON one document a line."""
    if as_json:
        for answer in _looks(data_dir, verb):
            if not isinstance(answer, NotRunning):
                console.file.write(json.dumps(answer, ensure_ascii=False) + "\n")
                console.file.flush()
        return
    with Live(console=console, screen=console.is_terminal, auto_refresh=False) as live:
        for answer in _looks(data_dir, verb):
            gone = isinstance(answer, NotRunning)
            live.update(Text(f"{answer}\nwaiting for it…", style="red") if gone else draw(answer, zone), refresh=True)


def _looks(data_dir: Path, verb: str) -> Any:
    """Answers, or why there is none, for ever."""
    while True:
        try:
            with AdminClient(data_dir) as client:
                while True:
                    yield client.ask(verb)
                    time.sleep(EVERY)
        except NotRunning as error:
            yield error
            time.sleep(EVERY)


def change(data_dir: Path, verb: str, **args: object) -> dict[str, Any]:
    """Do something to the switch, in the name of the user of this terminal. Raises NotRunning and AdminError."""
    return change_within(ANSWER_WITHIN, data_dir, verb, args)


def change_within(seconds: float, data_dir: Path, verb: str, args: dict[str, object]) -> dict[str, Any]:
    """The same, of what may take longer."""
    with suppress(OSError, KeyError, ImportError):
        args["by"] = getpass.getuser()[:100]
    with AdminClient(data_dir, answer_within=seconds) as client:
        answer: dict[str, Any] = client.ask(verb, **args)
    return answer
