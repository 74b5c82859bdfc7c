"""Commands `run`, `check` and `demo`."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from softswitch.cli.options import DEFAULT_CONFIG, ConfigPath, load
from softswitch.config import Config

commands = typer.Typer()


def _check_speech(config: Config) -> int:
    """Tell what catalogues and recordings lack; the number of warnings, or exit code 2 for errors."""
    from softswitch.voice import check_speech, unplayable_files

    errors, warnings = check_speech(config)
    for found in unplayable_files(config):
        typer.echo(found.render(config.file), err=True)
    for message in (*errors, *(f"warning: {warning}" for warning in warnings)):
        typer.echo(message, err=True)
    if errors:
        raise typer.Exit(2)
    return len(warnings)


@commands.command()
def run(
    config: ConfigPath = DEFAULT_CONFIG,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log every call's steps.")] = False,
) -> None:
    """Run the switch until Ctrl-C or SIGTERM."""
    from softswitch.app import StartError
    from softswitch.serve import serve

    loaded = load(config)
    _check_speech(loaded)
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    logging.getLogger("aiosqlite").setLevel(logging.WARNING)  # its debug lines repeat every record
    for name in ("httpx2", "httpcore2"):  # they repeat URLs and headers, with what callers have entered
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        asyncio.run(serve(loaded, announce=typer.echo))
    except StartError as error:
        typer.echo(f"softswitch cannot start: {error}", err=True)
        raise typer.Exit(1) from None


@commands.command()
def check(
    config: ConfigPath = DEFAULT_CONFIG,
    strict: Annotated[bool, typer.Option("--strict", help="Exit code 1 if there are warnings.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON document with every finding and its code.")] = False,
) -> None:
    """Check a configuration with the loader that `run` uses; exit code 2 if it has errors. See docs/checking.md."""
    from softswitch.tryout.check import check as look

    def complain(text: str) -> None:
        typer.echo(text, err=True)

    if code := look(config, typer.echo, complain, as_json=json, strict=strict):
        raise typer.Exit(code)


@commands.command()
def demo(
    output: Annotated[Path, typer.Option(help="Folder for what each caller heard.")] = Path("demo-output"),
) -> None:
    """Two agents, six callers in four languages, the real switch on loopback: watch them being served."""
    from softswitch.demo.show import run_demo

    raise typer.Exit(asyncio.run(run_demo(output, Console())))
