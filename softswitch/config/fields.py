"""The kinds of value a configuration holds: targets, languages, addresses, ports, spans of opening hours.

Each is read from the string a person writes; what cannot be read raises `Wrong`, which says what would be right.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, Strict, WithJsonSchema

from ivr.hours_grammar import RULE_PATTERN, HoursError, Rule, parse_rule
from ivr.nodes import MenuAction
from ivr.targets import DEFAULT_MUSIC, EXTERNAL, KINDS, NAMED_KINDS, NUMBER, SERVICE_KINDS, Target
from softswitch.config.errors import nearest, one_of

if TYPE_CHECKING:
    from collections.abc import Callable

Language = Literal["en", "uk", "ru", "pl"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

#: What a key of a menu may be besides a target.
MENU_WORDS = tuple(MenuAction)


class Wrong(ValueError):
    """A value that cannot be used. *offset* is the place inside the string, in characters from zero."""

    def __init__(self, what: str, right: str = "", nearest: str = "", offset: int | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.right = right
        self.nearest = nearest
        self.offset = offset


#: Codes of countries, and other short names, that are written where a language is meant.
_MEANT = {"ua": "uk", "ukr": "uk", "us": "en", "gb": "en", "eng": "en", "rus": "ru", "pol": "pl"}


def likely_language(value: str) -> str:
    """The language that was probably meant, or ``""``."""
    written = value.lower().replace("_", "-")
    first = written.partition("-")[0]
    return first if first in LANGUAGES else _MEANT.get(written, "")


def parse_language(value: str) -> str:
    if value not in LANGUAGES:
        raise Wrong(f'"{value}" is not a language the switch speaks', one_of(LANGUAGES), likely_language(value))
    return value


def _text(value: object, right: str) -> str:
    if not isinstance(value, str):
        raise Wrong("should be a string", right)
    return value


def parse_target(text: object) -> Target:
    """Read ``menu:main``, ``queue:sales``, ``hangup``."""
    right = 'write "kind:name", for example "menu:main", "queue:sales", or "hangup"'
    written = _text(text, right)
    kind, colon, name = written.partition(":")
    if kind not in (*KINDS, *MENU_WORDS):
        likely = nearest(kind, (*KINDS, *MENU_WORDS))
        raise Wrong(f'"{written}" is not a target', right, f"{likely}:{name}" if likely and name else likely)
    if kind == EXTERNAL:
        if "{" in name and not NUMBER.fullmatch(name):
            right = 'callers would dial out through the switch: write the number, or in a route "external:{did}@trunk"'
            raise Wrong(f'no variable says which number outside: "{written}"', right)
        if not NUMBER.fullmatch(name):
            raise Wrong(f'"{written}" is not a number outside', 'write "external:+380441234567@trunk"')
        return Target(kind, name)
    if kind in NAMED_KINDS and not name:
        raise Wrong(f'"{written}" does not say which {kind}', f'write "{kind}:name"')
    if colon and kind not in NAMED_KINDS and kind != "music":
        raise Wrong(f'"{kind}" takes no name', f'write "{kind}"')
    if name != name.strip():
        raise Wrong(f'"{written}" has spaces around the name', f'write "{kind}:{name.strip()}"')
    return Target(kind, name or (DEFAULT_MUSIC if kind == "music" else ""))


@dataclass(frozen=True, slots=True)
class Listen:
    """A socket to listen on: ``udp:0.0.0.0:5060``."""

    transport: Literal["udp", "tcp"]
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.transport}:{host}:{self.port}"


def parse_listen(text: object) -> Listen:
    right = 'write "udp:0.0.0.0:5060" or "tcp:0.0.0.0:5060"'
    written = _text(text, right)
    transport, _, rest = written.partition(":")
    if transport in ("tls", "ws", "wss"):
        raise Wrong(f"listening on {transport} is not supported yet", right)
    if transport not in ("udp", "tcp"):
        raise Wrong(f'"{transport}" is not a transport', right, nearest(transport, ("udp", "tcp")))
    host, _, port = rest.rpartition(":")
    if not host:
        raise Wrong(f'"{written}" has no address or no port', right, offset=len(transport) + 1)
    host = host.removeprefix("[").removesuffix("]")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise Wrong(f'"{host}" is not an IP address', right, offset=len(transport) + 1) from None
    if not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise Wrong(f'"{port}" is not a port', "1 to 65535, or 0 for any free one", offset=written.rindex(":") + 1)
    return Listen("udp" if transport == "udp" else "tcp", host, int(port))


@dataclass(frozen=True, slots=True)
class PortRange:
    """Consecutive UDP ports, both ends included; each even port carries RTP, the odd one after it RTCP."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"

    @property
    def lanes(self) -> int:
        return (self.last - self.first + 1) // 2


def parse_ports(text: object) -> PortRange:
    right = 'write "20000-20127": an even port, a dash, an odd port'
    written = _text(text, right)
    if not (match := re.fullmatch(r"\s*(\d{1,6})\s*-\s*(\d{1,6})\s*", written, re.ASCII)):
        raise Wrong(f'"{written}" is not a range of ports', right)
    first, last = int(match[1]), int(match[2])
    if first > last:
        raise Wrong("the first port is above the last", f'write "{last}-{first}"')
    if first < 1024 or last > 65535:
        raise Wrong("ports for media lie between 1024 and 65535", right)
    if first % 2 or not last % 2:
        even, odd = first + first % 2, last - (last + 1) % 2
        raise Wrong("each even port needs the odd one after it", f'write "{even}-{max(odd, even + 1)}"')
    return PortRange(first, last)


#: The longest range of numbers that one word may name.
MOST_NUMBERS = 200


@dataclass(frozen=True, slots=True)
class NumberRange:
    """Numbers that are dialled, all of one length."""

    first: str
    last: str

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"

    @property
    def numbers(self) -> tuple[str, ...]:
        return tuple(f"{number:0{len(self.first)}d}" for number in range(int(self.first), int(self.last) + 1))


def parse_numbers(text: object) -> NumberRange:
    right = 'write "701-720": the first number, a dash, the last'
    written = _text(text, right)
    if not (match := re.fullmatch(r"\s*(\d{1,8})\s*-\s*(\d{1,8})\s*", written, re.ASCII)):
        raise Wrong(f'"{written}" is not a range of numbers', right)
    first, last = match[1], match[2]
    if len(first) != len(last):
        raise Wrong("the first number and the last have different lengths", right)
    if first > last:
        raise Wrong("the first number is above the last", f'write "{last}-{first}"')
    if int(last) - int(first) >= MOST_NUMBERS:
        raise Wrong(f"these are more than {MOST_NUMBERS} numbers", right)
    return NumberRange(first, last)


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def parse_network(text: object) -> Network:
    right = 'write an address, "192.0.2.10", or a network, "192.0.2.0/24"'
    written = _text(text, right)
    try:
        return ipaddress.ip_network(written)
    except ValueError as error:
        try:
            masked = ipaddress.ip_network(written, strict=False)
        except ValueError:
            raise Wrong(f'"{written}" is not an address', right) from None
        raise Wrong(f'"{written}" has bits set outside its mask', f'write "{masked}"') from error


def parse_hours_rule(text: object) -> Rule:
    """Read one rule of opening hours; a TOML date is the whole of that day."""
    if type(text) is date:
        return parse_rule(text.isoformat())
    right = 'for example "mon-fri 09:00-17:00", "sat 22:00-06:00" or "2026-12-25"'
    try:
        return parse_rule(_text(text, f"write {right}"))
    except HoursError as error:
        raise Wrong(str(error), right) from None


def _from_string(parse: Callable[[object], object], examples: list[str], pattern: str = "") -> tuple[Any, ...]:
    schema: dict[str, Any] = {"type": "string", "examples": examples}
    if pattern:
        schema["pattern"] = pattern
    return PlainValidator(parse), PlainSerializer(str, return_type=str), WithJsonSchema(schema)


#: What `parse_target` and `parse_hours_rule` take, as far as an expression can say it: for editors.
_TARGET_PATTERN = (
    rf"^(({'|'.join(NAMED_KINDS)}):\S(.*\S)?|music(:(\S(.*\S)?)?)?|{EXTERNAL}:({NUMBER.pattern.replace('(?:', '(')})"
    rf"|{'|'.join((*(kind for kind in SERVICE_KINDS if kind != 'music'), *MENU_WORDS))})$"
)
_RULE_SCHEMA = WithJsonSchema(
    {
        "type": "string",
        "pattern": RULE_PATTERN,
        "examples": ["mon-fri 09:00-17:00", "sat 22:00-06:00", "2026-12-25"],
    }
)

TargetField = Annotated[Target, *_from_string(parse_target, ["menu:main", "queue:sales", "hangup"], _TARGET_PATTERN)]
ListenField = Annotated[Listen, *_from_string(parse_listen, ["udp:0.0.0.0:5060"], r"^(udp|tcp):.+:\d+$")]
PortRangeField = Annotated[PortRange, *_from_string(parse_ports, ["20000-20127"], r"^\s*\d+\s*-\s*\d+\s*$")]
NumberRangeField = Annotated[NumberRange, *_from_string(parse_numbers, ["701-720"], r"^\s*\d+\s*-\s*\d+\s*$")]
NetworkField = Annotated[
    Network, *_from_string(parse_network, ["192.0.2.10", "192.0.2.0/24"], "^[0-9A-Fa-f:.]+(/[0-9]+)?$")
]
HoursRuleField = Annotated[
    Rule, PlainValidator(parse_hours_rule), PlainSerializer(lambda rule: rule.text), _RULE_SCHEMA
]

LanguageKey = Annotated[
    str,
    AfterValidator(parse_language),
    WithJsonSchema({"type": "string", "pattern": f"^({'|'.join(LANGUAGES)})$"}),
]

#: A length of time, in seconds.
Seconds = Annotated[float, Strict(), Field(ge=0, le=1e7, allow_inf_nan=False)]
Number = Annotated[float, Strict(), Field(ge=-1e9, le=1e9, allow_inf_nan=False)]
Count = Annotated[int, Strict(), Field(ge=0, le=1_000_000)]
Flag = Annotated[bool, Strict()]
#: Level of a skill (or of a tier).
Level = Annotated[int, Strict(), Field(ge=0, le=100)]
Word = Annotated[str, Field(min_length=1)]
#: Something shown to people: one line.
Label = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$", max_length=200)]
