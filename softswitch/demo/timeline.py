"""What happens, as lines a person likes to read: when, who, what."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from softswitch.demo.script import AGENTS, CALLERS

if TYPE_CHECKING:
    from rich.console import Console

#: Width of lines where there is no terminal to ask.
_WIDTH: Final = 118
_AGENT_STYLES: Final = ("bold green", "bold cyan")
_CALLER_STYLES: Final = ("magenta", "yellow", "blue", "bright_red", "bright_magenta", "bright_yellow")
SWITCH: Final = "switch"


class Timeline:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        if not console.is_terminal:
            console.width = _WIDTH
        reconfigure = getattr(console.file, "reconfigure", None)
        if reconfigure is not None:  # a terminal that has no Ukrainian letters shows "?", and nothing fails
            reconfigure(errors="replace")
        self._styles = {agent.name: style for agent, style in zip(AGENTS, _AGENT_STYLES, strict=True)}
        self._styles |= {caller.label: style for caller, style in zip(CALLERS, _CALLER_STYLES, strict=True)}
        self._width = max(len(name) for name in self._styles)

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return self._loop.time() - self._began

    def say(self, who: str, *what: str | Text) -> None:
        """*who*: a caller's label, an agent's name, or `SWITCH`."""
        line = Table.grid(padding=(0, 2))
        line.add_column(justify="right", width=7, no_wrap=True)
        line.add_column(width=self._width, no_wrap=True)
        line.add_column()
        style = self._styles.get(who, "dim")
        line.add_row(
            Text(f"{self.seconds:5.1f} s", style="dim"),
            Text(who, style=style),
            Text.assemble(*what, style="dim" if who == SWITCH else ""),
        )
        self._console.print(line, highlight=False)

    def print(self, *renderables: object) -> None:
        self._console.print(*renderables, highlight=False)


def quoted(text: str, meaning: str = "") -> Text:
    """Spoken words, with what they mean in English."""
    words = Text(f"“{text}”", style="italic")
    if meaning and meaning != text:
        words.append(f"  ({meaning})", style="not italic dim")
    return words
