"""A customer's rights: `erase` and `export`."""

from __future__ import annotations

import json as documents
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from softswitch.cli.options import DEFAULT_CONFIG, ConfigPath, load

if TYPE_CHECKING:
    from softswitch.config import Config
    from softswitch.erasure.forms import Forms

commands = typer.Typer()
#: Seconds that a running switch has: its whole database is written anew.
PATIENCE = 1800.0
_COUNTED = {
    "calls": "calls",
    "lines": "lines of the journal",
    "messages": "messages",
    "requests": "callbacks and requests for one",
    "audio": "recordings",
    "letters": "letters that wait or were refused",
    "events": "lines of the file of events",
}


@commands.command()
def erase(
    number: Annotated[str, typer.Argument(help='The customer\'s number, "+380441234567".')],
    config: ConfigPath = DEFAULT_CONFIG,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would be erased.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Erase all that is known of a number, in the running switch or in what a stopped one has left. Figures stay."""
    loaded = load(config, warn=False)
    forms = _forms(loaded, number)
    erased = _in_the_switch(loaded, forms, dry_run=dry_run)
    if erased is None:
        erased = _stopped(loaded, forms, dry_run=dry_run)
    if json:
        typer.echo(documents.dumps(erased, ensure_ascii=False, indent=2))
    else:
        _tell(forms, erased, dry_run=dry_run)
    if erased["left"]:
        raise typer.Exit(1)


@commands.command()
def export(
    number: Annotated[str, typer.Argument(help='The customer\'s number, "+380441234567".')],
    config: ConfigPath = DEFAULT_CONFIG,
    to: Annotated[
        Path | None, typer.Option(help="A ZIP file, with recordings and letters. Without: JSON to the terminal.")
    ] = None,
) -> None:
    """Hand out all that is known of a number, as one JSON document or a ZIP file with recordings."""
    from softswitch.erasure.export import export as collect
    from softswitch.erasure.export import write_zip
    from softswitch.erasure.rewriting import NotErased
    from softswitch.store.database import StoreError

    loaded = load(config, warn=False)
    try:
        found = collect(loaded, _forms(loaded, number), time.time())
        if to is None:
            typer.echo(documents.dumps(found.document, ensure_ascii=False, indent=2))
        else:
            write_zip(found, to)
            typer.echo(f"{to}: {found.lines} lines, {len(found.files)} files")
    except (NotErased, StoreError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def _forms(config: Config, number: str) -> Forms:
    from softswitch.erasure.forms import NotErasable, forms_of

    try:
        return forms_of(number, config.plan)
    except NotErasable as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


def _in_the_switch(config: Config, forms: Forms, *, dry_run: bool) -> dict[str, Any] | None:
    """None: no switch runs."""
    from softswitch.admin.client import NotRunning
    from softswitch.admin.commands import change_within
    from softswitch.admin.protocol import AdminError, socket_path

    try:
        args: dict[str, object] = {"number": forms.number, "dry_run": dry_run}
        return change_within(PATIENCE, config.server.data_dir, "customer.erase", args)
    except NotRunning as error:
        if socket_path(config.server.data_dir).exists() and "killed" not in str(error):
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from None
        return None
    except AdminError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def _stopped(config: Config, forms: Forms, *, dry_run: bool) -> dict[str, Any]:
    from softswitch.admin.lock import DataDirLock, Locked
    from softswitch.erasure.eraser import demand_no_order
    from softswitch.erasure.eraser import erase as erase_all
    from softswitch.erasure.rewriting import NotErased
    from softswitch.store.database import StoreError

    lock = DataDirLock(config.server.data_dir)
    try:
        if dry_run:
            return erase_all(config, forms, dry_run=True).plain()
        lock.take()
        demand_no_order(config, forms, time.time())
        return erase_all(config, forms).plain()
    except (Locked, NotErased, StoreError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    finally:
        lock.release()


def _tell(forms: Forms, erased: dict[str, Any], *, dry_run: bool) -> None:
    counted = [f"{erased[name]} {what}" for name, what in _COUNTED.items() if erased[name]]
    there = ", ".join(counted) or "nothing"
    typer.echo(f"{forms.number}: {there}" if dry_run else f"erased of {forms.number}: {there}")
    if erased["name"]:
        typer.echo(f"in call records it is {erased['name']} from now on")
    for name in erased["lists"]:
        typer.echo(f"it is still in the list {name} of the configuration: take it out there", err=True)
    for file in erased["left"]:
        typer.echo(f"it still stands in {file}", err=True)
