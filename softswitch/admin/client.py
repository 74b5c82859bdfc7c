"""An operator's end of the admin socket."""

from __future__ import annotations

import os
import pwd
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from softswitch.admin.protocol import MAX_RESPONSE, AdminError, Code, decode, encode, socket_path

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType
    from typing import Self

#: Seconds that a switch has for its answer.
ANSWER_WITHIN = 10.0


class NotRunning(Exception):
    """No switch can be talked to; the message says why and what to do. *nobody*: none runs there."""

    def __init__(self, why: str, *, nobody: bool = False) -> None:
        super().__init__(why)
        self.nobody = nobody


class AdminClient:
    """A connection to the switch that works in *data_dir*; use it as a context manager."""

    def __init__(self, data_dir: Path, *, answer_within: float = ANSWER_WITHIN) -> None:
        """Raises `NotRunning`."""
        self._path = path = socket_path(data_dir)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(answer_within)
        try:
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            nobody = isinstance(error, FileNotFoundError | ConnectionRefusedError)
            raise NotRunning(_why(path, error), nobody=nobody) from None
        self._file = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()
        self._socket.close()

    def ask(self, verb: str, **args: object) -> Any:
        """The result. Raises AdminError when the switch says no, NotRunning when it is gone."""
        given = {name: value for name, value in args.items() if value is not None}
        try:
            self._socket.sendall(encode({"verb": verb, "args": given}))
            line = self._file.readline(MAX_RESPONSE)
        except TimeoutError:
            raise NotRunning(f"the switch does not answer at {self._path}: it is overloaded or stopped") from None
        except OSError:
            line = b""
        if not line.endswith(b"\n"):
            raise NotRunning("the switch has closed the connection: it stops, or was killed")
        answer = decode(line)
        if answer.get("ok") is True:
            return answer.get("result")
        error = answer.get("error")
        error = error if isinstance(error, dict) else {}
        code = error.get("code")
        known = Code(code) if code in set(Code) else Code.INTERNAL
        raise AdminError(known, str(error.get("message") or "the switch says no"))


def _why(path: Path, error: OSError) -> str:
    match error:
        case FileNotFoundError():
            return f"no switch is running here: there is no {path} (start it with: softswitch run)"
        case ConnectionRefusedError():
            return f"no switch is running here: the one that made {path} was killed (start it with: softswitch run)"
        case PermissionError():
            owner = "another user"
            with suppress(OSError, KeyError):
                owner = pwd.getpwuid(os.stat(path).st_uid).pw_name
            return f"not permitted: {path} belongs to {owner}; run the command as that user"
        case TimeoutError() | BlockingIOError():
            return f"the switch does not answer at {path}: it is overloaded or stopped"
    return f"{path}: {error.strerror or error}"
