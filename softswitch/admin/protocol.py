"""What an operator's command and the running switch say to each other: one JSON object a line, each way.

Request: ``{"verb": "queues", "args": {…}}``. Response: ``{"ok": true, "result": …}``, or
``{"ok": false, "error": {"code": "not-found", "message": "…"}}``. An ``id`` in the request comes back in the response.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Any

#: Octets in a line from the client; whoever needs more is no client of ours.
MAX_REQUEST = 64 * 1024
#: Octets in a line from the switch.
MAX_RESPONSE = 64 * 1024 * 1024
#: The kernel takes no longer path for a socket.
_LONGEST_PATH = 100


class Code(StrEnum):
    """Kinds of errors."""

    BAD_REQUEST = "bad-request"
    UNKNOWN_VERB = "unknown-verb"
    NOT_FOUND = "not-found"
    REFUSED = "refused"  # understood, and impossible as things are
    BUSY = "busy"  # too many clients
    INTERNAL = "internal"


class AdminError(Exception):
    """Something that the other side is to be told; the message is a sentence for people."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code


def run_dir(data_dir: Path) -> Path:
    return data_dir / "run"


def socket_path(data_dir: Path) -> Path:
    """Where the switch of *data_dir* listens; a path too long for a socket is replaced by one derived from it."""
    path = run_dir(data_dir).resolve() / "admin.sock"
    if len(str(path).encode()) > _LONGEST_PATH:
        digest = hashlib.sha256(str(path).encode()).hexdigest()[:16]
        path = Path(tempfile.gettempdir()) / f"softswitch-{digest}-admin.sock"
    return path


def encode(message: dict[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """Raises AdminError for everything but a JSON object."""
    try:
        message = json.loads(line, parse_constant=_no_such_number)
    except (ValueError, RecursionError) as error:
        raise AdminError(Code.BAD_REQUEST, f"that is not JSON: {error}") from None
    if not isinstance(message, dict):
        raise AdminError(Code.BAD_REQUEST, "a request is a JSON object")
    return message


def _no_such_number(name: str) -> None:
    raise ValueError(f"{name} is no number")
