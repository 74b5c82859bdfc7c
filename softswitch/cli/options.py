"""What the commands share: the configuration they name, and how they ask the running switch."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from softswitch.cli.running import server_of
from softswitch.config import Config, ConfigError, load_config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from softswitch.admin.commands import Drawing

ConfigPath = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
DEFAULT_CONFIG = Path("config.toml")


def load(path: Path, *, warn: bool = True) -> Config:
    """The configuration, or every error of it at once and exit code 2. Warnings go to stderr, if wanted."""
    try:
        config = load_config(path)
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    for warning in config.warnings if warn else ():
        typer.echo(warning.render(str(path)), err=True)
    return config


def show_live(verb: str, draw: Drawing, path: Path, *, watch: bool, as_json: bool) -> None:
    from softswitch.admin.client import NotRunning
    from softswitch.admin.commands import show
    from softswitch.admin.protocol import AdminError

    server = server_of(path)
    try:
        show(server.data_dir, verb, draw, Console(), zone=server.timezone, as_json=as_json, watch=watch)
    except (NotRunning, AdminError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def tell(done: dict[str, Any], who: str, told: Callable[[Mapping[str, Any]], str]) -> None:
    """What was done to each, and what could not be."""
    for changed in done["changed"]:
        typer.echo(told(changed))
    for refused in done["refused"]:
        typer.echo(f"{refused[who]}: {refused['why']}", err=True)
    if not done["changed"] and not done["refused"]:
        typer.echo("there is nobody")
    if done["refused"]:
        raise typer.Exit(1)


@contextmanager
def asking() -> Iterator[None]:
    """Exit code 1 when the switch does not run, or refuses."""
    from softswitch.admin.client import NotRunning
    from softswitch.admin.protocol import AdminError

    try:
        yield
    except (NotRunning, AdminError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def change_live(path: Path, verb: str, **args: object) -> dict[str, Any]:
    from softswitch.admin.client import NotRunning
    from softswitch.admin.commands import change
    from softswitch.admin.protocol import AdminError

    try:
        return change(server_of(path).data_dir, verb, **args)
    except (NotRunning, AdminError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def compare_with(command: Callable[..., int], path: Path, data_dir: Path | None, as_json: bool) -> None:
    from softswitch.admin.client import NotRunning
    from softswitch.admin.protocol import AdminError

    try:
        # the switch tells of the warnings
        code = command(data_dir or load(path, warn=False).server.data_dir, path, Console(), as_json=as_json)
    except (NotRunning, AdminError) as error:
        typer.echo(str(error), err=True)
        if data_dir is None and isinstance(error, NotRunning) and error.nobody:
            typer.echo("if it was started with another data_dir than the file has now: --data-dir FOLDER", err=True)
        raise typer.Exit(3) from None
    if code:
        raise typer.Exit(code)
