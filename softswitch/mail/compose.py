"""A message as it goes out: any script in the subject and the text, files attached."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
MAX_SUBJECT = 200


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    media_type: str  # "audio/wav"
    content: bytes


def compose(
    *,
    sender: str,
    to: Sequence[str],
    subject: str,
    text: str,
    at: datetime,
    message_id: str,
    attachments: Sequence[Attachment] = (),
) -> EmailMessage:
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
        message.add_attachment(attachment.content, maintype=kind, subtype=subtype, filename=attachment.name)
    return message
