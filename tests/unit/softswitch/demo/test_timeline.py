"""The timeline reads well on a terminal and in a log."""

from __future__ import annotations

import asyncio
import io

import pytest
from rich.console import Console

from softswitch.demo.timeline import SWITCH, Timeline, quoted
from tests.support.virtual_time import run_virtual


def told(console: Console) -> str:
    async def main() -> None:
        timeline = Timeline(console)
        timeline.say(SWITCH, "is up")
        await asyncio.sleep(12.34)
        timeline.say("Marta (pl)", "hears: ", quoted("Państwa połączenie jest następne.", "You are next."))
        timeline.say("Emma (en)", "says: ", quoted("[bold]Hello[/bold] :smile: " + "word " * 40, ""))

    run_virtual(main())
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_log_has_plain_lines_with_time_person_and_event() -> None:
    lines = told(Console(file=io.StringIO())).splitlines()
    assert lines[0].split(maxsplit=2) == ["0.0", "s", "switch      is up"]
    assert lines[1].rstrip() == " 12.3 s  Marta (pl)  hears: “Państwa połączenie jest następne.”  (You are next.)"
    assert "\x1b" not in "".join(lines)
    assert max(len(line) for line in lines) <= 118
    assert "[bold]Hello[/bold] :smile:" in lines[2], "what people say is no markup"
    assert lines[3].startswith(" " * 21 + "word"), "long lines go on under their beginning"


def test_a_terminal_gets_colours() -> None:
    assert "\x1b[" in told(Console(file=io.StringIO(), force_terminal=True, width=100))


@pytest.mark.parametrize("encoding", ["ascii", "iso-8859-2"])
def test_a_terminal_without_cyrillic_letters_does_not_stop_it(encoding: str) -> None:
    raw = io.BytesIO()
    console = Console(file=io.TextIOWrapper(raw, encoding=encoding))

    async def main() -> None:
        Timeline(console).say("Taras (uk)", "says: ", quoted("Дякую!"))

    run_virtual(main())
    console.file.flush()
    assert b"??????" in raw.getvalue()


def test_a_meaning_that_adds_nothing_is_left_out() -> None:
    assert str(quoted("Hello", "Hello")) == "“Hello”"
    assert str(quoted("Cześć", "Hello")) == "“Cześć”  (Hello)"
