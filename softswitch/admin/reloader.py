"""The switch takes over its file again: read and checked aside, put in force in one step of the loop, or not at all."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from softswitch.admin.protocol import AdminError, Code
from softswitch.call.hours.opening import Opening
from softswitch.clock import SystemClock
from softswitch.config import ConfigError, flows, load_config
from softswitch.config.changes import Difference, difference
from softswitch.config.restart import as_far_as_possible
from softswitch.voice import check_speech, find_speech, prompt_folders, unplayable_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ivr.nodes import Flow
    from softswitch.config import Config
    from softswitch.speech.resolve import Resolver

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that had to be read for a configuration; to put it in force takes no file any more."""

    config: Config
    flow: Flow
    resolver: Resolver
    warnings: tuple[str, ...]
    difference: Difference


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a reload. With errors nothing has changed; ``version`` is that which is in force."""

    version: int
    digest: str
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    difference: Difference = field(default_factory=Difference)

    def plain(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "hash": self.digest,
            "errors": list(self.errors),
            "warnings": list(self.warnings),
            **self.difference.plain(),
        }


class BadConfiguration(Exception):
    """*errors*: all of them, each with its place."""

    def __init__(self, errors: tuple[str, ...]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


def prepare(path: Path, running: Config) -> Prepared:
    """Read *path* as `check` does. Raises BadConfiguration."""
    try:
        config = load_config(path)
    except ConfigError as error:
        raise BadConfiguration(tuple(problem.render(error.file) for problem in error.problems)) from None
    errors, warnings = check_speech(config)
    if errors:
        raise BadConfiguration(tuple(errors))
    noticed = (*config.warnings, *unplayable_files(config))
    warnings = [*(problem.render(str(path)) for problem in noticed), *warnings]
    usable = as_far_as_possible(running, config)
    resolver = find_speech(prompt_folders(usable), usable.server.language)
    menus, clock = flows.flow(usable), SystemClock(usable.server.timezone)
    Opening(menus, clock.local).look_ahead(clock.now())
    return Prepared(usable, menus, resolver, tuple(warnings), difference(running, config))


class Reloader:
    """*put_in_force* does so at once; *note*(kind, data) writes a line of the journal; *silenced* tells which messages
    of campaigns would not be heard any more.
    """

    def __init__(
        self,
        config: Config,
        *,
        put_in_force: Callable[[Prepared], None],
        note: Callable[[str, Mapping[str, object]], None],
        silenced: Callable[[Config, Flow], Iterable[str]] = lambda config, flow: (),
    ) -> None:
        self._config = config
        self._file = Path(config.file).absolute()
        self._put_in_force = put_in_force
        self._note = note
        self._silenced = silenced
        self._one_at_a_time = asyncio.Lock()
        self.version = 1

    @property
    def config(self) -> Config:
        """That which is in force."""
        return self._config

    async def reload(self, by: str) -> Outcome:
        """Take over the file as it is now."""
        async with self._one_at_a_time:
            try:
                prepared = await asyncio.to_thread(prepare, self._file, self._config)
            except BadConfiguration as bad:
                # what is wrong may quote the file, and the file has passwords: only how much is wrong is written down
                self._note("switch.reload_refused", {"by": by, "errors": len(bad.errors), "version": self.version})
                return Outcome(self.version, self._config.digest, bad.errors)
            warnings = self._warnings(prepared)
            self._put_in_force(prepared)
            self._config = prepared.config
            self.version += 1
            digest, found = prepared.config.digest, prepared.difference
            data = {"by": by, "version": self.version, "hash": digest, **_counted(found)}
            self._note("switch.reloaded", data)
            return Outcome(self.version, digest, (), warnings, found)

    async def look(self, path: Path) -> Outcome:
        """What `reload` would do if *path* were the file."""
        try:
            prepared = await asyncio.to_thread(prepare, path, self._config)
        except BadConfiguration as bad:
            return Outcome(self.version, self._config.digest, bad.errors)
        return Outcome(self.version, prepared.config.digest, (), self._warnings(prepared), prepared.difference)

    def _warnings(self, prepared: Prepared) -> tuple[str, ...]:
        return *prepared.warnings, *self._silenced(prepared.config, prepared.flow)

    def status(self) -> dict[str, Any]:
        return {"version": self.version, "hash": self._config.digest}

    # --- by the admin socket

    def verbs(self) -> dict[str, Callable[[Mapping[str, Any]], Any]]:
        return {"config.reload": self._reload, "config.diff": self._diff}

    async def _reload(self, args: Mapping[str, Any]) -> dict[str, Any]:
        wanted = _read(args)
        if wanted.file and Path(wanted.file) != self._file:
            raise AdminError(Code.REFUSED, f"this switch runs from {self._file}, and reloads nothing else")
        return (await self.reload(wanted.by or "operator")).plain()

    async def _diff(self, args: Mapping[str, Any]) -> dict[str, Any]:
        wanted = _read(args)
        return (await self.look(Path(wanted.file) if wanted.file else self._file)).plain()


class _Args(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    file: str = ""
    by: str = ""


def _read(args: Mapping[str, Any]) -> _Args:
    try:
        return _Args.model_validate(dict(args))
    except ValidationError as error:
        raise AdminError(Code.BAD_REQUEST, f"file and by are texts: {error.error_count()} errors") from None


def _counted(found: Difference) -> dict[str, object]:
    """What changed, as names; texts and values stay in the file."""
    changes = [f"{change.kind} {change.what} {change.name}".strip() for change in found.changes]
    return {"changes": changes[:100], "more": max(0, len(changes) - 100), "needs_restart": list(found.needs_restart)}
