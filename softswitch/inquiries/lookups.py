"""Rows about a caller: of a list, of a CSV file, of an SQLite database that is only read."""

from __future__ import annotations

import asyncio
import csv
import logging
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol
from weakref import WeakSet

from ivr.events import OK
from ivr.services import UNKNOWN
from ivr.texts import fill
from softswitch.callers.tables import Rows, Values, read_rows, select

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from softswitch.callers.lists import CallerList
    from softswitch.callers.numbers import NumberPlan
    from softswitch.config.words.dialogue import Lookup as LookupWords

    _File = tuple[Path, str | None]

log = logging.getLogger(__name__)

#: Outcome of a lookup that could not be made.
FAILED, TIMEOUT = "failed", "timeout"
#: Seconds for which callers wait for news of a file of which something is known already.
MOMENT = 0.5
#: Callers who are asked for at one database at the same time.
_THREADS = 4
Found = tuple[str, dict[str, str]]


class Source(Protocol):
    """Where to look; None when *key* is not there."""

    async def find(self, key: str, variables: Mapping[str, str]) -> Mapping[str, str] | None: ...


class ListSource:
    """A list of the configuration."""

    def __init__(self, callers: CallerList, plan: NumberPlan) -> None:
        self._callers, self._plan = callers, plan

    async def find(self, key: str, variables: Mapping[str, str]) -> Mapping[str, str] | None:
        """See `Source`."""
        return self._callers.find(self._plan.read(key))


class FileSource:
    """A CSV file with a header, read anew when it has changed.

    However many ask and however soon they give up, it is read once, to its end. Who asks while a file that has changed
    is read anew waits a moment, and is told then what stood in it before.
    """

    def __init__(self, path: Path, column: str | None) -> None:
        self._path, self._column = path, column
        self._read_at: tuple[int, int] | None = None
        self._rows: Rows | None = None
        self._reading: asyncio.Task[None] | None = None

    async def find(self, key: str, variables: Mapping[str, str]) -> Mapping[str, str] | None:
        """See `Source`; raises OSError and ValueError."""
        reading = self.read()
        if self._rows is not None:
            await asyncio.wait((reading,), timeout=MOMENT)
        if self._rows is None or reading.done():
            await asyncio.shield(reading)
        assert self._rows is not None
        return self._rows.find(key.strip())

    def read(self) -> asyncio.Task[None]:
        """Begin to bring the rows up to date, unless that goes on already."""
        if self._reading is None:
            self._reading = asyncio.get_running_loop().create_task(self._refresh(), name=f"reads {self._path}")
            self._reading.add_done_callback(self._have_read)
        return self._reading

    async def _refresh(self) -> None:
        found = await asyncio.to_thread(self._stamp)
        if found != self._read_at:
            self._rows = await asyncio.to_thread(self._load)
            self._read_at = found

    def _have_read(self, reading: asyncio.Task[None]) -> None:
        self._reading = None
        if not reading.cancelled():
            reading.exception()  # whoever waits is told; perhaps nobody does

    async def close(self) -> None:
        """Nobody waits for it any more."""
        if (reading := self._reading) is not None:
            reading.cancel()
            await asyncio.wait((reading,))

    def _stamp(self) -> tuple[int, int]:
        status = self._path.stat()
        return status.st_mtime_ns, status.st_size

    def _load(self) -> Rows:
        return read_rows(self._path, self._column)


class Files:
    """All files that are looked up in: one that several lookups name in the same way is read once."""

    def __init__(self) -> None:
        self._sources: dict[_File, FileSource] = {}
        self._all: WeakSet[FileSource] = WeakSet()

    def keep(self, files: Iterable[_File]) -> None:
        """Begin to read these, path and column; the others are forgotten by whom nobody asks any more."""
        self._sources = {file: self.open(*file) for file in files}
        for source in self._sources.values():
            source.read()

    def open(self, path: Path, column: str | None) -> FileSource:
        source = self._sources.get((path, column)) or FileSource(path, column)
        self._all.add(source)
        return source

    async def close(self) -> None:
        """Whatever is being read is of use to nobody any more."""
        for source in list(self._all):
            await source.close()


class DatabaseSource:
    """One SELECT, for a limited time and in threads of its own, so that a locked database keeps nobody else waiting.

    The database cannot be written, nor another one opened.
    """

    def __init__(self, path: Path, query: str, timeout: float) -> None:
        self._path, self._query, self._timeout = path, query, timeout
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="lookup")

    async def find(self, key: str, variables: Mapping[str, str]) -> Mapping[str, str] | None:
        """See `Source`; raises sqlite3.Error."""
        until = time.monotonic() + self._timeout
        values = Values({**variables, "key": key})
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._select, values, until)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _select(self, values: Values, until: float) -> dict[str, str] | None:
        return select(self._path, self._query, values, until)


class Lookup:
    """One `[lookup.name]`."""

    def __init__(self, name: str, words: LookupWords, source: Source) -> None:
        self.words = words
        self._name, self._source = name, source

    async def ask(self, variables: Mapping[str, str]) -> Found:
        """Outcome and variables; never raises, and says nothing of the values."""
        key = fill(self.words.key, variables)
        try:
            async with asyncio.timeout(self.words.timeout):
                row = await self._source.find(key, variables)
        except TimeoutError:
            log.warning("lookup %s: no answer within %g s", self._name, self.words.timeout)
            return TIMEOUT, {}
        except LOOKUP_ERRORS as error:
            log.warning("lookup %s: %s", self._name, error)
            return FAILED, {}
        if row is None:
            return UNKNOWN, {}
        return OK, told(self.words, row)

    async def close(self) -> None:
        """Nobody asks any more. A file is read for others, too."""
        if isinstance(self._source, DatabaseSource):
            self._source.close()


def look_up(words: LookupWords, variables: Mapping[str, str]) -> Found:
    """What a lookup in a file or a database finds now; blocking. Raises `LOOKUP_ERRORS`."""
    key = fill(words.key, variables)
    if words.database is not None and words.query is not None:
        values = Values({**variables, "key": key})
        row = select(words.database, words.query, values, time.monotonic() + words.timeout)
    else:
        assert words.file is not None, "the configuration has been checked"
        row = read_rows(words.file, words.column).find(key.strip())
    return (UNKNOWN, {}) if row is None else (OK, told(words, row))


#: What a lookup that cannot be made raises.
LOOKUP_ERRORS = (OSError, ValueError, sqlite3.Error, csv.Error)


def told(words: LookupWords, row: Mapping[str, str]) -> dict[str, str]:
    """What becomes known of a row that was found."""
    wanted = words.result
    return {name: row.get(column, "") for name, column in wanted.items()} if wanted else dict(row)
