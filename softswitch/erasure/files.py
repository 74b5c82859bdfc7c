"""Files in which a caller is heard or named: messages, recordings, letters on their way, the file of events."""

from __future__ import annotations

import json
import os
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

from softswitch.call.recording.node import FOLDER as RECORDINGS
from softswitch.outbox.sinks import locked
from softswitch.voicemail.mailroom import FOLDER as VOICEMAIL
from softswitch.voicemail.mailroom import SEPARATOR, SPOOL

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from softswitch.erasure.forms import Forms
    from softswitch.erasure.rewriting import Cleaner
    from softswitch.erasure.traces import Traces

_SOUND = frozenset({".wav", ".mp3", ".ogg", ".opus"})
_CHUNK = 1 << 24
#: Octets that one way of writing a number may take.
_LONGEST = 128


def audio(data_dir: Path, traces: Traces) -> list[Path]:
    """Messages and recordings of the caller's calls, those without a row included."""
    messages = {message.file_name for message in traces.messages}
    found = [
        file
        for file in (data_dir / VOICEMAIL).glob("*.wav")
        if file.name in messages or set(file.stem.split(SEPARATOR)[1:2]) & traces.calls
    ]
    recorded = (data_dir / RECORDINGS).rglob("*.wav")
    return sorted([*found, *(file for file in recorded if file.stem.rpartition("-")[0] in traces.calls)])


def letters(data_dir: Path, forms: Forms, traces: Traces) -> list[Path]:
    """Mail about the caller that waits, or was refused."""
    ids = {message.id for message in traces.messages} | {request.id for request in traces.requests}
    return sorted(file for file in (data_dir / SPOOL).rglob("*.eml*") if file.is_file() and _about(file, forms, ids))


def _about(file: Path, forms: Forms, ids: set[str]) -> bool:
    try:
        letter = message_from_bytes(file.read_bytes(), policy=policy.default)
        if str(letter.get("Message-ID", "")).strip("<>").rpartition("@")[0] in ids:
            return True
        told = [str(value) for _, value in letter.items()]
        told += [str(part.get_content()) for part in letter.walk() if part.get_content_type() == "text/plain"]
    except (OSError, LookupError, ValueError):
        return False
    return any(map(forms.inside, told))


def rewrite_events(path: Path, cleaner: Cleaner, *, count_only: bool = False) -> int:
    """The file of events without the number; how many lines of it were changed. Raises OSError."""
    if not path.is_file():
        return 0
    with locked(path) as file:
        changed, lines = 0, []
        for line in file:
            cleaned = _cleaned(line, cleaner)
            changed += cleaned != line
            lines.append(cleaned)
        if changed and not count_only:
            unfinished = path.with_name(f".{path.name}.part")
            with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as new:
                new.writelines(lines)
                new.flush()
                os.fsync(new.fileno())
            unfinished.replace(path)
    return changed


def _cleaned(line: bytes, cleaner: Cleaner) -> bytes:
    try:
        event = json.loads(line)
    except ValueError:
        return line
    if not isinstance(event, dict) or not isinstance(event.get("data"), dict):
        return line
    call = event.get("call")
    clean = cleaner.value({name: value for name, value in event.items() if name != "data"})
    clean["data"] = cleaner.line(str(event.get("type", "")), call, event["data"])
    clean = {name: clean[name] for name in event}
    return line if clean == event else (json.dumps(clean, ensure_ascii=False) + "\n").encode()


def left(data_dir: Path, forms: Forms) -> list[Path]:
    """Files below *data_dir* in which the number still stands as text."""
    files = (file for file in data_dir.rglob("*") if file.suffix not in _SOUND and file.is_file())
    return sorted(file for file in files if _holds(file, forms))


def _holds(file: Path, forms: Forms) -> bool:
    before = b""
    try:
        with file.open("rb") as content:
            while chunk := content.read(_CHUNK):
                if forms.inside((before + chunk).decode("latin-1")):
                    return True
                before = chunk[-_LONGEST:]
    except OSError:
        pass
    return False


def remove(files: Iterable[Path]) -> int:
    """How many there were. Raises OSError."""
    removed = 0
    for file in files:
        removed += file.exists()
        file.unlink(missing_ok=True)
    return removed
