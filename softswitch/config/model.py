"""The words of ``config.toml``, their defaults and limits.

Frozen and strict: an unknown key is an error, a number in quotes is not a number. What one key must satisfy by itself
is said here; what keys mean to each other is checked in ``checks``.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    PrivateAttr,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from ivr.targets import HANGUP, Target
from sip.uri import Uri
from softswitch.config.errors import Problem
from softswitch.config.fields import (
    LANGUAGES,
    Count,
    Flag,
    HoursRuleField,
    Label,
    Language,
    LanguageKey,
    Level,
    ListenField,
    NetworkField,
    Number,
    PortRange,
    PortRangeField,
    Seconds,
    TargetField,
    Word,
    Wrong,
    parse_listen,
)
from softswitch.config.secrets import SecretField, context_of


def _path(value: object, info: ValidationInfo) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise Wrong("is not a path", 'write "folder/file"')
    return Path(os.path.normpath(context_of(info).folder / value))


def _timezone(value: object) -> ZoneInfo:
    try:
        if isinstance(value, str) and value:
            return ZoneInfo(value)
    except (OSError, ValueError, LookupError):
        pass
    raise Wrong(f'"{value}" is not a time zone', 'write a name such as "Europe/Kyiv" or "UTC"')


def _contact(value: object) -> Uri:
    right = 'write "sip:user@host" or "sip:user@host:port"'
    if not isinstance(value, str):
        raise Wrong("should be a string", right)
    try:
        uri = Uri.parse(value)
    except ValueError as error:
        raise Wrong(f'"{value}" is not a SIP address ({error})', right) from None
    if uri.scheme != "sip":
        raise Wrong(f'addresses of the scheme "{uri.scheme}" are not supported', right)
    return uri


def _address(value: object) -> str:
    try:
        if isinstance(value, str):
            return value and str(ipaddress.ip_address(value))
    except ValueError:
        pass
    raise Wrong("is not an IP address", 'write "203.0.113.5", or "" when there is no NAT')


def _is_address(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(ipaddress.ip_address(value))
    except ValueError:
        return False


def _strings(value: object) -> object:
    """One string where a list may stand."""
    return [value] if isinstance(value, str) else value


def _spoken(value: object, info: ValidationInfo) -> object:
    """A string is the text in the language of the switch."""
    return {context_of(info).language: value} if isinstance(value, str) else value


def _agents(value: object) -> object:
    """A list is a table in which everybody has tier 1."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return dict.fromkeys(value, 1)
    return value


FilePath = Annotated[Path, PlainValidator(_path), PlainSerializer(str), WithJsonSchema({"type": "string"})]
Zone = Annotated[
    ZoneInfo,
    PlainValidator(_timezone),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "examples": ["Europe/Kyiv"]}),
]
Contact = Annotated[
    Uri, PlainValidator(_contact), PlainSerializer(str), WithJsonSchema({"type": "string", "pattern": "^sip:.+"})
]
Address = Annotated[str, PlainValidator(_address), WithJsonSchema({"type": "string"})]
Strings = Annotated[
    tuple[Word, ...],
    BeforeValidator(_strings),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Spoken = Annotated[
    Mapping[LanguageKey, Word],
    BeforeValidator(_spoken),
    Field(min_length=1),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "minLength": 1},
                {
                    "type": "object",
                    "properties": {language: {"type": "string", "minLength": 1} for language in LANGUAGES},
                    "minProperties": 1,
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
QueueAgents = Annotated[
    Mapping[str, Level],
    BeforeValidator(_agents),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": {"type": "string"}},
                {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0, "maximum": 100}},
            ]
        }
    ),
]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]
Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9.:_-]+$", max_length=255)]
Skill = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$")]
User = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.+-]{1,64}$")]
FeatureCode = Annotated[str, Field(pattern=r"^[*#][0-9*#]{1,7}$")]
Key = Annotated[str, Field(pattern=r"^[0-9*#A-D]{1,8}$")]
Strategy = Literal["longest-idle", "fewest-calls", "top-down", "round-robin", "ring-all"]
CodecName = Literal["PCMA", "PCMU"]
DigestAlgorithm = Literal["MD5", "SHA-256"]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True)


class Server(Section):
    timezone: Zone = ZoneInfo("UTC")
    language: Language = "en"
    data_dir: FilePath = Path("var")
    """Database and rendered prompts; a relative path starts from the folder of the configuration."""


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


class Rtp(Section):
    ports: PortRangeField = PortRange(20000, 20127)
    workers: Annotated[Count, Field(le=64)] = 0
    codecs: Annotated[tuple[CodecName, ...], Field(min_length=1)] = ("PCMA", "PCMU")
    media_timeout: Seconds = 60.0
    """Seconds without a packet after which a leg that should send is given up; 0 = never."""


class Tts(Section):
    engine: Literal["pyttsx3"] = "pyttsx3"
    voice: Mapping[LanguageKey, Word] = {}
    rate: Annotated[Count, Field(ge=50, le=500)] = 150
    """Words a minute."""


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
    when_busy: TargetField | None = None
    when_no_answer: TargetField | None = None
    when_unavailable: TargetField | None = None


class Agent(Section):
    """Who works; sits at a phone."""

    id: Name
    name: Label = ""
    phone: User
    pin: SecretField | None = None
    skills: Mapping[Skill, Level] = {}
    language: Language | None = None
    """Of what the switch says to the agent."""
    logged_in: Flag = False
    """Available from the start, without dialling the login code."""

    @property
    def label(self) -> str:
        return self.name or self.id


class Relax(Section):
    """From ``after`` seconds of waiting on, agents who satisfy ``needs`` may serve as well."""

    after: Annotated[Seconds, Field(gt=0)]
    needs: str


class Announce(Section):
    position: Flag = True
    every: Annotated[Seconds, Field(ge=5)] = 30.0
    first_after: Seconds = 5.0


class Queue(Section):
    label: Label = ""
    needs: str = ""
    relax: tuple[Relax, ...] = ()
    agents: QueueAgents | None = None
    """Only these may serve the queue, with their tiers: lower is asked first. None: everybody with the skills."""
    strategy: Strategy = "longest-idle"
    priority: Number = 0.0
    ageing: Annotated[Number, Field(ge=0)] = 1.0
    """Points of priority that a caller gains in a second."""
    music: Name = "default"
    announce: Announce = Announce()
    ring_timeout: Annotated[Seconds, Field(gt=0)] = 20.0
    wrap_up: Seconds = 15.0
    max_wait: Annotated[Seconds, Field(gt=0)] | None = None
    max_waiting: Annotated[Count, Field(ge=1)] | None = None
    when_full: TargetField = HANGUP
    when_timed_out: TargetField = HANGUP
    when_empty: TargetField | None = None
    """Where to when nobody logged in could ever serve the caller. None: wait all the same."""


class Menu(Section):
    say: Spoken
    say_also: tuple[Spoken, ...] = ()
    """Said after ``say``: each in the caller's language or, without that, in one of its own."""
    keys: Annotated[Mapping[Key, TargetField], Field(min_length=1)]
    timeout: Annotated[Seconds, Field(gt=0, le=120)] = 5.0
    inter_digit: Annotated[Seconds, Field(gt=0, le=30)] = 2.0
    retries: Annotated[Count, Field(le=20)] = 2
    barge_in: Flag = True
    type_ahead: Flag = True
    when_no_input: TargetField = HANGUP
    when_invalid: TargetField = Target("repeat")


class Say(Section):
    say: Spoken
    say_also: tuple[Spoken, ...] = ()
    then: TargetField = HANGUP
    barge_in: Flag = True


class Goto(Section):
    """Another name for a place; with ``language`` also the caller's choice of a language."""

    then: TargetField
    language: Language | None = None


class Hours(Section):
    open: tuple[HoursRuleField, ...]
    closed: tuple[HoursRuleField, ...] = ()
    timezone: Zone | None = None
    when_open: TargetField
    when_closed: TargetField


class Music(Section):
    """A channel that all its listeners hear at the same place; files play one after another."""

    files: Annotated[tuple[FilePath, ...], Field(min_length=1)]


class Route(Section):
    """Sends a dialled number somewhere. The first route that matches wins."""

    did: Annotated[Strings, Field(min_length=1)] | None = None
    """Numbers; a trailing ``*`` stands for any rest. None: every number."""
    from_: Annotated[Strings | None, Field(alias="from")] = None
    """Callers: ``trunk:name``, ``phone:user``, ``trunk:*``, ``phone:*``. None: everybody."""
    to: TargetField
    language: Language | None = None


class Trunk(Section):
    """Another switch or a carrier, known by the address its requests come from."""

    name: Label = ""
    host: Host | None = None
    """Its address."""
    source: tuple[NetworkField, ...] = ()
    """Where its requests come from; ``host`` is always among them."""
    language: Language | None = None

    @model_validator(mode="before")
    @classmethod
    def _host_is_a_source(cls, table: object) -> object:
        if isinstance(table, dict) and isinstance(table.get("source", []), list) and _is_address(table.get("host")):
            listed = table.get("source", [])
            return table | {"source": listed if table["host"] in listed else [*listed, table["host"]]}
        return table


class Features(Section):
    """What an agent dials from a phone."""

    login: FeatureCode = "*11"
    logout: FeatureCode = "*12"
    break_: Annotated[FeatureCode, Field(alias="break")] = "*13"
    back: FeatureCode = "*14"


class Config(Section):
    """A configuration that was checked: every name that is mentioned exists."""

    server: Server = Server()
    sip: Sip = Sip()
    rtp: Rtp = Rtp()
    tts: Tts = Tts()
    phone_list: Annotated[tuple[Phone, ...], Field(alias="phone")] = ()
    agent_list: Annotated[tuple[Agent, ...], Field(alias="agent")] = ()
    queues: Annotated[Mapping[Name, Queue], Field(alias="queue")] = {}
    menus: Annotated[Mapping[Name, Menu], Field(alias="menu")] = {}
    says: Annotated[Mapping[Name, Say], Field(alias="say")] = {}
    hours: Mapping[Name, Hours] = {}
    gotos: Annotated[Mapping[Name, Goto], Field(alias="goto")] = {}
    music: Mapping[Name, Music] = {}
    """Channels besides ``default``, which comes with the switch and may be given files of one's own."""
    routes: Annotated[tuple[Route, ...], Field(alias="route")] = ()
    trunks: Annotated[Mapping[Name, Trunk], Field(alias="trunk")] = {}
    features: Annotated[Features, Field(alias="feature")] = Features()

    _warnings: tuple[Problem, ...] = PrivateAttr(default=())
    _file: str = PrivateAttr(default="")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What works and is probably not meant."""
        return self._warnings

    @property
    def file(self) -> str:
        return self._file

    @cached_property
    def phones(self) -> Mapping[str, Phone]:
        """By user, in the order of the file."""
        return {phone.user: phone for phone in self.phone_list}

    @cached_property
    def agents(self) -> Mapping[str, Agent]:
        """By id, in the order of the file."""
        return {agent.id: agent for agent in self.agent_list}

    def attach(self, file: str, warnings: Iterable[Problem]) -> None:
        """Said once by the loader: where this came from, and what was odd about it."""
        self._file, self._warnings = file, tuple(warnings)
