"""How the mail about a message stands, as the files of the spool tell: it waits, was sent, or was refused for good."""

from __future__ import annotations

from email import policy
from email.parser import BytesHeaderParser
from enum import StrEnum
from typing import TYPE_CHECKING

from softswitch.mail.spool import REFUSED, SUFFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from softswitch.config import Config
    from softswitch.messages import Message

#: Octets of a letter in which its header ends.
_HEADER = 64 * 1024


class Standing(StrEnum):
    WAITS = "waits"
    SENT = "sent"
    REFUSED = "refused"
    NONE = "none"  # nobody wants mail


def wants_mail(config: Config, box: str) -> bool:
    """Whether the messages of *box* are mailed."""
    words = config.voicemails.get(box)
    return config.mail is not None and words is not None and bool(words.mail_to)


class Letters:
    """What is in *folder*, that of a `MailSpool`. It blocks; for threads, and for commands beside the switch."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._about: dict[str, str] = {}  # by file: a letter stays as it is

    def of(self, messages: Iterable[Message], wanted: Callable[[Message], bool]) -> dict[str, Standing]:
        """By the ids of *messages*, which were looked up before; one is missing when the folder does not tell.

        Of several addresses the worst counts: refused by one is refused, waiting for one is waiting.
        """
        try:
            there = self._look()
        except OSError:
            return {item.id: _without(item, wanted) for item in messages if not item.mailed}
        return {item.id: there.get(item.id) or _without(item, wanted) for item in messages}

    def _look(self) -> dict[str, Standing]:
        """What was not sent. Raises OSError."""
        found, about = dict[str, Standing](), dict[str, str]()
        # in the order in which a letter wanders: one that does so meanwhile is not missed
        for folder, standing in ((self._folder, Standing.WAITS), (self._folder / REFUSED, Standing.REFUSED)):
            for name in _names(folder):
                if item := self._about.get(name) or _about(folder / name):
                    about[name] = item
                    found[item] = standing
        self._about = about
        return found


def _without(message: Message, wanted: Callable[[Message], bool]) -> Standing:
    """No letter about it is in the folder."""
    if message.mailed:
        return Standing.SENT
    return Standing.WAITS if wanted(message) else Standing.NONE


def _names(folder: Path) -> list[str]:
    try:
        return [file.name for file in folder.iterdir() if file.name.endswith(SUFFIX)]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _about(letter: Path) -> str:
    """The id that its Message-ID begins with; empty when it is gone, or somebody else's."""
    try:
        with letter.open("rb") as file:
            header = file.read(_HEADER)
        found = BytesHeaderParser(policy=policy.SMTP).parsebytes(header)["Message-ID"]
    except (FileNotFoundError, IsADirectoryError, LookupError, ValueError):
        return ""
    return str(found or "").strip().strip("<>").rpartition("@")[0]
