"""Where the running switch is found, also while its file is being edited and has errors."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import typer
from pydantic import ValidationError

from softswitch.config import ConfigError, load_config
from softswitch.config.load import DEFAULT_DATA_DIR
from softswitch.config.secrets import Context
from softswitch.config.sources import decode, gather, parse_toml, read_file
from softswitch.config.words.switch import Server

if TYPE_CHECKING:
    from pathlib import Path

#: The table of a text that is no TOML as a whole, up to the next one.
_TABLE = re.compile(r"^[ \t]*\[[ \t]*server[ \t]*\].*?(?=^[ \t]*\[|\Z)", re.MULTILINE | re.DOTALL)
#: What says that it may be told elsewhere.
_ELSEWHERE = re.compile(r"data_dir|include")


def server_of(path: Path) -> Server:
    """What the file says of the switch itself; errors elsewhere in it are one line on stderr, warnings none.

    Exit code 2 with every error when the file does not even tell where the switch works.
    """
    try:
        return load_config(path).server
    except ConfigError as error:
        server = _written(path)
        if server is None:
            typer.echo(str(error), err=True)
            raise typer.Exit(2) from None
        errors = "an error" if len(error.problems) == 1 else f"{len(error.problems)} errors"
        typer.echo(f"{path} has {errors} (see: softswitch check); the switch runs by what it read before", err=True)
        return server


def _written(path: Path) -> Server | None:
    """None: the file does not tell."""
    try:
        table = _table(path)
    except ConfigError:
        return None
    if not isinstance(table, dict):
        return None
    table = {"data_dir": DEFAULT_DATA_DIR} | table
    context = Context(os.environ, path.resolve().parent)
    for words in (table, {"data_dir": table["data_dir"]}):
        with suppress(ValidationError):
            return Server.model_validate(words, context=context)
    return None


def _table(path: Path) -> Any:
    """What is written in ``[server]``, None when that cannot be told. Raises ConfigError."""
    data = read_file(path, str(path))
    try:
        tree = gather(data, file=str(path), folder=path.resolve().parent)
    except ConfigError:
        text = decode(data, str(path))
        found = _TABLE.findall(text)
        if len(found) == 1:
            return parse_toml(found[0], str(path)).get("server")
        return None if found or _ELSEWHERE.search(text) else {}
    return tree.raw.get("server", None if tree.problems else {})
