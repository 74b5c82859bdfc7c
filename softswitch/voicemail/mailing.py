"""The mail about a message or a request, with the audio if that is wanted. Blocking; for threads."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING

from softswitch.config.words.messages import CallbackRequest, Voicemail
from softswitch.mail.compose import Attachment, compose
from softswitch.messages import Message
from softswitch.voicemail import audio
from softswitch.voicemail.letters import about_message, about_request

if TYPE_CHECKING:
    from datetime import tzinfo
    from pathlib import Path

    from softswitch.config import Config
    from softswitch.mail.compose import Mail
    from softswitch.messages import Request

log = logging.getLogger(__name__)


def mail_about(
    item: Message | Request,
    words: Voicemail | CallbackRequest,
    config: Config,
    sender: str,
    folder: Path,
    *,
    withdrawn: bool = False,
) -> Mail:
    """*folder*: where the audio is. *withdrawn*: the request is no more. Raises OSError."""
    zone, files = config.server.timezone, list[Attachment]()
    if isinstance(item, Message):
        assert isinstance(words, Voicemail), "a message is in a box"
        letter = about_message(item, words, zone, config.features.voicemail_of)
        if words.attach != "none":
            files = _attached(item, words.attach, folder, zone)
    else:
        assert isinstance(words, CallbackRequest), "the same of requests"
        hours = config.hours.get(words.hours)
        there = zone if hours is None or hours.timezone is None else hours.timezone
        letter = about_request(item, words, zone, due_in=there, withdrawn=withdrawn)
    return compose(
        sender=sender,
        to=words.mail_to,
        subject=letter.subject,
        text=letter.text,
        at=datetime.fromtimestamp(item.at, zone),
        message_id=f"{item.id}@{letter.edition}{config.sip.domain}",
        attachments=files,
    )


def _attached(message: Message, form: str, folder: Path, zone: tzinfo) -> list[Attachment]:
    """The audio; a letter without it is better than none."""
    try:
        content, kind, suffix = audio.encoded(folder / message.file_name, form)
    except RuntimeError as error:  # as all errors of libsndfile
        log.error("the audio of message %s cannot be read: %s", message.id, error)
        return []
    moment = datetime.fromtimestamp(message.at, zone).strftime("%Y-%m-%d-%H%M")
    return [Attachment(f"message-{moment}{suffix}", kind, content)]
