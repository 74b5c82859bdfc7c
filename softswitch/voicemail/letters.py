"""Mail about messages and requests to be called back, as subject and text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from softswitch.messages import filled

if TYPE_CHECKING:
    from datetime import tzinfo

    from softswitch.config.words.messages import CallbackRequest, Voicemail
    from softswitch.messages import Message, Request


#: Two looks at the clock differ by less, in seconds.
_AT_ONCE = 1.0


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    text: str
    edition: str = ""
    """Part of its Message-ID: sets it apart from others about the same."""


def about_message(message: Message, box: Voicemail, zone: tzinfo, number: str = "") -> Letter:
    """*number*: what to dial for listening; empty when nobody can."""
    known = _known(message, box.label or message.box, zone) | {"length": clock(message.seconds)}
    lines = [
        f"Message for: {known['label']}",
        f"From:        {known['caller']}",
        f"Received:    {known['time']}",
        f"Length:      {known['length']}",
    ]
    if message.path:
        lines.append(f"Came by:     {message.path}")
    lines.append(f"Call:        {message.call}")
    lines.append("")
    if box.attach == "none":
        lines.append(f"To listen, dial {number}." if number else "The message is kept on the switch.")
    else:
        lines.append("The message is attached.")
    if message.transcript:
        lines += ["", "What is said in it, as a machine has written it down:", "", message.transcript]
    elif message.transcript is not None:
        lines.append("What is said in it could not be written down.")
    return Letter(filled(box.subject, known), "\n".join(lines) + "\n")


def about_request(
    request: Request, words: CallbackRequest, zone: tzinfo, *, due_in: tzinfo | None = None, withdrawn: bool = False
) -> Letter:
    """*due_in*: the time zone of the hours at which it is due, if it is another."""
    known = _known(request, words.label or request.kind, zone) | {"length": ""}
    due = _time(request.due, due_in or zone) if request.due > request.at + _AT_ONCE else "now"
    due = "when it is open again" if request.vague else due
    lines = [
        f"For:      {known['label']}",
        f"Call:     {known['caller']}",
        f"Asked at: {known['time']}",
        "Due:      no more" if withdrawn else f"Due:      {due}",
    ]
    if request.path:
        lines.append(f"Came by:  {request.path}")
    lines.append("")
    if withdrawn:
        lines.append("It was taken back: nobody is to call.")
        return Letter(f"Taken back: {filled(words.subject, known)}", "\n".join(lines) + "\n", "withdrawn.")
    if request.asked > 1:
        lines.append("It was asked for more than once; what was mailed about it before holds no more.")
    if words.queue:
        lines.append(f"The agents of the queue {words.queue} will be connected with the caller then.")
    else:
        lines.append("Nobody but you will call back.")
    edition = f"{request.asked}." if request.asked > 1 else ""
    return Letter(filled(words.subject, known), "\n".join(lines) + "\n", edition)


def _known(item: Message | Request, label: str, zone: tzinfo) -> dict[str, str]:
    number = item.number or "unknown number"
    caller = f"{item.name} <{number}>" if item.name and item.name != item.number else number
    return {
        "label": label,
        "caller": caller,
        "name": item.name or number,
        "number": number,
        "time": _time(item.at, zone),
        "path": item.path,
    }


def clock(seconds: float) -> str:
    """As "0:07" or "12:30"."""
    whole = max(0, round(seconds))
    return f"{whole // 60}:{whole % 60:02}"


def _time(at: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M %Z")
