"""A message as it goes out: any script in the subject and the text, files attached.

Attached files may be an hour of audio. They are encoded piece by piece while they are written: the switch answers calls
meanwhile, which one step over the whole of it, in whatever thread, would hold up.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
MAX_SUBJECT = 200
#: Octets of a file on one line of base64 (RFC 2045 §6.8), and lines in a piece.
_LINE, _LINES = 57, 400
#: Where the files will be; no line of base64 is like it.
_HERE = b"%the-file-is-here%"


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    media_type: str  # "audio/wav"
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """A whole message: `frame` with a gap for each of the `files`."""

    to: tuple[str, ...]
    frame: tuple[bytes, ...]
    files: tuple[bytes, ...] = ()

    def pieces(self) -> Iterator[bytes]:
        """Its lines, which end with CR LF, a few at a time."""
        yield self.frame[0]
        for content, after in zip(self.files, self.frame[1:], strict=True):
            for begin in range(0, len(content), _LINE * _LINES):
                end = min(begin + _LINE * _LINES, len(content))
                lines = (
                    b2a_base64(content[at : min(at + _LINE, end)], newline=False) for at in range(begin, end, _LINE)
                )
                yield b"\r\n".join(lines) + b"\r\n"
            yield after

    def as_bytes(self) -> bytes:
        return b"".join(self.pieces())


def compose(
    *,
    sender: str,
    to: Sequence[str],
    subject: str,
    text: str,
    at: datetime,
    message_id: str,
    attachments: Sequence[Attachment] = (),
) -> Mail:
    """The message. *message_id* is unique for what it tells of, so that one sent twice is recognised as one.

    Callers' names and numbers end up in the subject: line breaks and control characters in it become spaces.
    """
    message = EmailMessage(policy=SMTP)
    message["Subject"] = _BREAKS.sub(" ", subject).strip()[:MAX_SUBJECT]
    message["From"] = Address(addr_spec=sender)
    message["To"] = [Address(addr_spec=address) for address in to]
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{message_id}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's out-of-office reply should answer it
    message.set_content(_SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text), cte="base64")
    for attachment in attachments:
        kind, _, subtype = attachment.media_type.partition("/")
        message.add_attachment(_HERE, maintype=kind, subtype=subtype, filename=attachment.name, cte="7bit")
    for part in message.iter_attachments():
        part.replace_header("Content-Transfer-Encoding", "base64")
    # from the end: the subject is a caller's name, who may call themselves anything
    frame = message.as_bytes().rsplit(_HERE + b"\r\n", len(attachments))
    return Mail(tuple(to), tuple(frame), tuple(attachment.content for attachment in attachments))
