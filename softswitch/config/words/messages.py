"""What callers leave when nobody speaks with them: messages, requests to be called back; and the mail about them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema

from ivr.targets import HANGUP
from softswitch.config.fields import Count, Flag, Label, Seconds, TargetField, Word, Wrong
from softswitch.config.secrets import Secret, SecretField
from softswitch.config.words.values import FilePath, Host, Name, Section, Spoken, Strings

_ADDRESS = re.compile(r"[^\s@<>\",;:\\()\[\]]{1,64}@[^\s@<>\",;:\\()\[\]]{1,255}", re.ASCII)
_PIN = re.compile(r"[0-9]{4,12}")


def _mail_address(value: object) -> str:
    right = 'write "sales@example.com"'
    if not isinstance(value, str):
        raise Wrong("should be a string", right)
    if not _ADDRESS.fullmatch(value):
        raise Wrong(f'"{value}" is not an address for mail', right)
    if not value.isascii():
        raise Wrong(f'"{value}" has letters that mail servers do not take', f"{right}; a domain as xn--…")
    return value


def _pin(secret: Secret) -> Secret:
    if not _PIN.fullmatch(secret.reveal()):
        raise Wrong("cannot be keyed as a PIN", "4 to 12 digits")
    return secret


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


_MAIL_SCHEMA = {"type": "string", "pattern": "^[^@ ]+@[^@ ]+$"}
MailAddress = Annotated[str, PlainValidator(_mail_address), WithJsonSchema(_MAIL_SCHEMA)]
MailAddresses = Annotated[
    tuple[MailAddress, ...],
    BeforeValidator(_one_or_more),
    WithJsonSchema({"anyOf": [_MAIL_SCHEMA, {"type": "array", "items": _MAIL_SCHEMA}]}),
]
BoxNumber = Annotated[str, Field(pattern=r"^[0-9]{1,12}$")]


class Mail(Section):
    """The server that takes our mail. What it does not take waits on disk."""

    host: Host
    port: Annotated[Count, Field(ge=1, le=65_535)] = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: Word | None = None
    password: SecretField | None = None
    from_: Annotated[MailAddress, Field(alias="from")]
    """Who the mail is from."""
    timeout: Annotated[Seconds, Field(gt=0, le=300)] = 30.0


class Transcription(Section):
    """Who writes down what callers have said. Without a command nobody does."""

    command: tuple[Word, ...] = ()
    """The program and its arguments, run without a shell. ``{file}`` (a WAV file; otherwise on standard input) and
    ``{language}`` (``en``, ``uk``…: the caller's) are filled in. The text is what it writes to its standard output."""
    timeout: Annotated[Seconds, Field(gt=0, le=600)] = 60.0
    """Seconds that a message may take. Its mail waits so long for the text, and then goes without it."""
    at_once: Annotated[Count, Field(ge=1, le=16)] = 1
    """So many programs run at a time."""


class Voicemail(Section):
    """A box of messages: of a department, or of a phone."""

    mail_to: MailAddresses = ()
    """Who is sent each message."""
    label: Label = ""
    """What the box is called in mails. Empty: its name."""
    greeting: Spoken | None = None
    """What callers hear before the tone. None: a greeting in their language that suits everybody."""
    greeting_file: FilePath | None = None
    """A recording in its place."""
    max_seconds: Annotated[Seconds, Field(ge=5, le=3600)] = 180.0
    min_seconds: Annotated[Seconds, Field(ge=0, le=60)] = 2.0
    """What is shorter is no message."""
    quiet_seconds: Annotated[Seconds, Field(ge=0, le=60)] = 8.0
    """So many seconds without a word end the message; 0 = never."""
    attach: Literal["wav", "mp3", "opus", "none"] = "wav"
    subject: Word = "Voicemail for {label} from {caller}, {length} ({path})"
    """``{label}``, ``{caller}`` (name and number), ``{name}``, ``{number}``, ``{length}``, ``{time}``, ``{path}`` (what
    the caller chose on the way; brackets around nothing are left out)."""
    phone: Strings = ()
    """Phones whose lamp shows new messages, and from which the box is listened to without a PIN."""
    number: BoxNumber | None = None
    """By what the box is called for listening from elsewhere. None: the phone's user, when that is a number."""
    pin: Annotated[SecretField, AfterValidator(_pin)] | None = None
    """Opens the box from any phone. None: only its own phones do."""
    retention_days: Annotated[Count, Field(ge=0, le=3650)] = 30
    """Older messages are deleted; 0 = never."""
    transcribe: tuple[Word, ...] | None = None
    """The program that writes down what is said here, in place of ``[transcription] command``. Empty: none."""
    delete_after_mail: Flag = False
    """Messages are kept by whoever gets the mail, and only there."""
    then: TargetField = HANGUP
    """Where callers go who have ended their message with a key."""
    when_failed: TargetField | None = None
    """Where callers go whose message could not be taken. None: goodbye."""


class CallbackRequest(Section):
    """Being called back when it is open again: the caller leaves a number."""

    mail_to: MailAddresses = ()
    label: Label = ""
    due: Word | None = None
    """``hours:name``: at its next opening; at once while it is open. None: at once."""
    queue: Name | None = None
    """Who calls back: the agents of this queue. None: whoever reads the mail."""
    spread: Annotated[Seconds, Field(ge=0, le=86_400)] = 600.0
    """Seconds over which everybody who is due at the same opening is called back."""
    most_per_quarter: Annotated[Count, Field(ge=1, le=900)] | None = None
    """So many at most are due in a quarter of an hour, evenly in it; who is one too many is due in the next one with
    room. None: all at once, called back over `spread`."""
    ask_number: Flag = True
    """Callers may have another number called than the one that they call from."""
    numbers: Strings = ()
    """Numbers that may be called back; a trailing ``*`` stands for any rest. Empty: every usual number."""
    confirm: Spoken | None = None
    """What callers hear when their request is safe. None: that, in their language, and when it is due."""
    subject: Word = "Call back {caller} ({label})"
    when_failed: TargetField | None = None
    """Where callers go whose request could not be taken, or who wanted none after all. None: goodbye."""

    @property
    def hours(self) -> str:
        """Whose opening is waited for; empty for none."""
        return (self.due or "").removeprefix("hours:")


CallbackRequests = Mapping[Name, CallbackRequest]
