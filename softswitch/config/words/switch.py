"""The switch itself: where it listens, what registers to it, how it is connected to the world."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from softswitch.config.fields import (
    Count,
    Label,
    Language,
    LanguageKey,
    ListenField,
    NetworkField,
    PortRange,
    PortRangeField,
    Seconds,
    TargetField,
    Word,
    Wrong,
    parse_listen,
)
from softswitch.config.secrets import Secret, SecretField, context_of
from softswitch.config.words.values import (
    Address,
    Contact,
    Country,
    FilePath,
    Host,
    Name,
    Prefix,
    Section,
    Strings,
    User,
    Zone,
    is_address,
)

CodecName = Literal["PCMA", "PCMU"]
DigestAlgorithm = Literal["MD5", "SHA-256"]
IdentityHeader = Literal["P-Asserted-Identity", "Remote-Party-ID", "From"]
#: A report of a day reads on for a day, and estimates learn from the days before.
LEAST_DAYS = 7
DialledHeader = Literal["Request-URI", "To", "Diversion", "History-Info"]


def _retention(days: int) -> int:
    if 0 < days < LEAST_DAYS:
        raise Wrong(f"is less than {LEAST_DAYS} days", f"{LEAST_DAYS} or more; 0 keeps everything")
    return days


class Server(Section):
    timezone: Zone = ZoneInfo("UTC")
    language: Language = "en"
    country: Country = ""
    """ISO 3166 code ("UA"): numbers without "+" are read as they are dialled there. "": only with "+" or "00"."""
    data_dir: FilePath = Path("var")
    """Database and rendered prompts; a relative path starts from the folder of the configuration."""


class Journal(Section):
    """What is written down of calls, agents and everything else."""

    retention_days: Annotated[Count, Field(le=36_500), AfterValidator(_retention)] = 400
    """Older lines are deleted, and call records and reports with them; 0 = never. Pending callbacks, what campaigns
    have changed and whatever a start needs stay."""


class Expires(Section):
    """How long a registration may last, in seconds."""

    min: Annotated[Count, Field(ge=1)] = 60
    max: Annotated[Count, Field(ge=1)] = 7200
    default: Annotated[Count, Field(ge=1)] = 3600


class Sip(Section):
    domain: Host = "softswitch"
    """Realm of the passwords and the host in our addresses."""
    listen: Annotated[tuple[ListenField, ...], Field(min_length=1)] = (
        parse_listen("udp:0.0.0.0:5060"),
        parse_listen("tcp:0.0.0.0:5060"),
    )
    external_address: Address = ""
    expires: Expires = Expires()
    digest: Annotated[tuple[DigestAlgorithm, ...], Field(min_length=1)] = ("MD5",)
    """Offered to phones in this order (RFC 8760). Some phones give up when SHA-256 is among them."""
    max_contacts: Annotated[Count, Field(ge=1, le=100)] = 10
    """Devices that may be registered as one phone at the same time."""
    qualify: Annotated[Seconds, Field(ge=0)] = 30.0
    """Seconds between questions (OPTIONS) to the phones of agents who are logged in; one that does not answer is
    offered no calls. 0 = never."""


def _voices(voices: Mapping[str, str], info: ValidationInfo) -> Mapping[str, str]:
    """Models are files, and paths start where the configuration is."""
    if info.data.get("engine") != "piper":
        return voices
    return {language: os.path.normpath(context_of(info).folder / model) for language, model in voices.items()}


class Rtp(Section):
    ports: PortRangeField = PortRange(20000, 20127)
    workers: Annotated[Count, Field(le=64)] = 0
    codecs: Annotated[tuple[CodecName, ...], Field(min_length=1)] = ("PCMA", "PCMU")
    media_timeout: Seconds = 60.0
    """Seconds without a packet after which a leg that should send is given up; 0 = never."""


class Tts(Section):
    """Who speaks what is not recorded."""

    engine: Literal["pyttsx3", "espeak", "piper", "command"] = "pyttsx3"
    """``piper`` is a package of its own (piper-tts); ``command`` is any program that makes a WAV file of a text."""
    voice: Annotated[Mapping[LanguageKey, Word], AfterValidator(_voices)] = {}
    """The engine's own names; for ``piper`` the paths of the models (``….onnx``)."""
    rate: Annotated[Count, Field(ge=50, le=500)] = 150
    """Words a minute."""
    command: tuple[Word, ...] = ()
    """The program and its arguments, run without a shell. ``{text}`` (otherwise on standard input), ``{voice}``,
    ``{rate}`` and ``{output}`` (otherwise the program's standard output) are filled in."""
    timeout: Annotated[Seconds, Field(gt=0, le=120)] = 10.0
    """Seconds that one text may take."""
    cache_mb: Annotated[Count, Field(ge=0)] = 1000
    """Megabytes of rendered speech that are kept in ``data_dir/speech``; what was not heard for longest goes first, and
    nothing that this file itself says. 0 = all."""


class Phone(Section):
    """What registers, or is always found at ``contact``."""

    user: User
    password: SecretField | None = None
    name: Label = ""
    contact: Contact | None = None
    source: tuple[NetworkField, ...] = ()
    """Requests from these addresses are this phone's without a password."""
    language: Language | None = None
    ring_timeout: Annotated[Seconds, Field(gt=0)] = 30.0
    lamp: Literal["subscribe", "unsolicited"] = "subscribe"
    """How its message lamp is lit: it subscribes to its box, or it never does and expects to be told."""
    when_busy: TargetField | None = None
    when_no_answer: TargetField | None = None
    when_unavailable: TargetField | None = None


class TrunkRegistration(Section):
    """How we register with a carrier, as a phone registers with us."""

    user: Word
    password: SecretField
    expires: Annotated[Count, Field(ge=60, le=86_400)] = 3600
    """Seconds that we ask for; renewed well before they are over."""


class Trunk(Section):
    """Another switch or a carrier, known by the address its requests come from."""

    name: Label = ""
    host: Host | None = None
    """Its address, or a name that is looked up; where calls to the outside go."""
    port: Annotated[Count, Field(ge=1, le=65_535)] = 5060
    transport: Literal["udp", "tcp"] = "udp"
    domain: Host | None = None
    """The host in the addresses of calls through it. None: ``host``."""
    source: tuple[NetworkField, ...] = ()
    """Where its requests come from; the address of ``host`` is always among them."""
    language: Language | None = None
    identity: Annotated[tuple[IdentityHeader, ...], Field(min_length=1)] = (
        "P-Asserted-Identity",
        "Remote-Party-ID",
        "From",
    )
    """Headers that are believed when they say who calls; the first that names somebody counts."""
    dialled: Annotated[tuple[DialledHeader, ...], Field(min_length=1)] = ("Request-URI", "To")
    """Where the number that was dialled is told; the first that has one counts."""
    registration: Annotated[TrunkRegistration | None, Field(alias="register")] = None
    user: Word | None = None
    """Who we are when it asks for a password; ``register`` says so too."""
    password: SecretField | None = None
    max_calls: Annotated[Count, Field(ge=1)] | None = None
    """Calls at the same time, in both directions together. None: no limit."""
    numbers: Strings | None = None
    """Numbers that it carries, as they are dialled; a trailing ``*`` stands for any rest. None: every number."""
    prefix: Prefix = ""
    """Put before the number that is sent."""
    number_format: Literal["as-dialled", "plus", "00", "digits"] = "as-dialled"
    """What becomes of the "+" or "00" of an international number: "+380…", "00380…" or "380…"."""
    caller_number: Word | None = None
    """The number that the called party sees; "{caller}": that of who calls. None: ``user``, or else who calls."""
    failover: tuple[Name, ...] = ()
    """Trunks that are tried, in this order, when this one is full, silent or refuses."""
    qualify: Seconds = 30.0
    """Seconds between two looks whether it is still there (OPTIONS); 0 = never."""
    ring_timeout: Annotated[Seconds, Field(gt=0)] = 60.0
    when_busy: TargetField | None = None
    when_no_answer: TargetField | None = None
    when_unavailable: TargetField | None = None

    @property
    def login(self) -> tuple[str, Secret] | None:
        """User and password for calls through it."""
        if self.password is not None and self.user is not None:
            return self.user, self.password
        return None if self.registration is None else (self.registration.user, self.registration.password)

    @model_validator(mode="before")
    @classmethod
    def _host_is_a_source(cls, table: object) -> object:
        if isinstance(table, dict) and isinstance(table.get("source", []), list) and is_address(table.get("host")):
            listed = table.get("source", [])
            return table | {"source": listed if table["host"] in listed else [*listed, table["host"]]}
        return table
