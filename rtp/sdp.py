"""Session descriptions (RFC 8866, formerly 4566): text ↔ data. What they mean between two parties is ``negotiate``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

#: Limits; real descriptions have a tenth of it.
MAX_BODY: Final = 65_536
MAX_LINES: Final = 1_000
MAX_MEDIA: Final = 32
MAX_FORMATS: Final = 128

Attributes = tuple[tuple[str, str | None], ...]

_NUMBER = re.compile(r"[0-9]{1,10}")
_TOKEN = re.compile(r"[!#-'*+\-.0-9A-Z^-~]++")


class SdpError(ValueError):
    """No session description, or one that breaks its own rules. ``status`` is the response such an offer deserves."""

    status = 400


@dataclass(frozen=True, slots=True)
class Media:
    """One m-line and what belongs to it. ``connection`` is None where the session's counts."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    connection: str | None = None
    attributes: Attributes = ()
    ports: int = 1

    def attribute(self, name: str) -> str | None:
        """The first value of that name; "" for a flag, None where there is none."""
        return _attribute(self.attributes, name)


@dataclass(frozen=True, slots=True)
class SessionDescription:
    """``origin`` is the text of the o-line; ``connection`` the address of the session's c-line, None without one."""

    origin: str
    name: str = "-"
    connection: str | None = None
    attributes: Attributes = ()
    media: tuple[Media, ...] = ()

    def attribute(self, name: str) -> str | None:
        """The first session-level value of that name; "" for a flag, None where there is none."""
        return _attribute(self.attributes, name)

    def address(self, media: Media) -> str | None:
        """The host of *media*: its own c-line, else the session's."""
        return media.connection if media.connection is not None else self.connection

    def __str__(self) -> str:
        lines = ["v=0", f"o={self.origin}", f"s={self.name}"]
        if self.connection is not None:
            lines.append(_format_connection(self.connection))
        lines.append("t=0 0")
        lines += _format_attributes(self.attributes)
        for media in self.media:
            ports = f"{media.port}/{media.ports}" if media.ports != 1 else str(media.port)
            lines.append(f"m={media.kind} {ports} {media.protocol} {' '.join(media.formats)}")
            if media.connection is not None:
                lines.append(_format_connection(media.connection))
            lines += _format_attributes(media.attributes)
        return "\r\n".join(lines) + "\r\n"

    def serialize(self) -> bytes:
        return str(self).encode("utf-8")


def parse_sdp(body: bytes) -> SessionDescription:
    """Raises SdpError and nothing else. Linear.

    Taken as phones send them: lines may end in LF alone, s= and t= may be missing, bytes that are not UTF-8 become
    U+FFFD. Lines of no use here (b, e, i, k, p, r, t, u, z) are read over.
    """
    if len(body) > MAX_BODY:
        raise SdpError("description too large")
    text = body.decode("utf-8", "replace")
    if "\x00" in text:
        raise SdpError("NUL in a description")
    lines = text.split("\n")
    if len(lines) > MAX_LINES:
        raise SdpError("too many lines")
    while lines and lines[-1].rstrip("\r") == "":
        lines.pop()

    origin = connection = None
    name = "-"
    session_attributes: list[tuple[str, str | None]] = []
    media: list[Media] = []
    current: _Open | None = None
    for number, line in enumerate(lines):
        line = line.removesuffix("\r")
        if len(line) < 2 or line[1] != "=" or not "a" <= line[0] <= "z" or "\r" in line:
            raise SdpError(f"line {number + 1} is no type=value")
        letter, value = line[0], line[2:]
        if number == 0:
            if line.rstrip(" ") != "v=0":
                raise SdpError("not version 0")
        elif letter == "m":
            if current is not None:
                media.append(current.close())
            if len(media) >= MAX_MEDIA:
                raise SdpError("too many media")
            current = _Open(_parse_media(value))
        elif letter == "a":
            attribute = _parse_attribute(value)
            (session_attributes if current is None else current.attributes).append(attribute)
        elif letter == "c":
            if current is None:
                connection = _parse_connection(value)
            elif current.connection is None:
                current.connection = _parse_connection(value)
        elif letter == "o" and current is None:
            if origin is not None or len(value.split()) != 6:
                raise SdpError("malformed origin")
            origin = " ".join(value.split())
        elif letter == "s" and current is None:
            name = value.strip() or "-"
    if not lines:
        raise SdpError("empty description")
    if origin is None:
        raise SdpError("no origin")
    if current is not None:
        media.append(current.close())
    return SessionDescription(origin, name, connection, tuple(session_attributes), tuple(media))


class _Open:
    """The m-section being read."""

    def __init__(self, line: tuple[str, int, int, str, tuple[str, ...]]) -> None:
        self.line = line
        self.connection: str | None = None
        self.attributes: list[tuple[str, str | None]] = []

    def close(self) -> Media:
        kind, port, ports, protocol, formats = self.line
        return Media(kind, port, protocol, formats, self.connection, tuple(self.attributes), ports)


def parse_integer(text: str, maximum: int, what: str) -> int:
    """ASCII digits only, at most *maximum*."""
    if not _NUMBER.fullmatch(text) or (number := int(text)) > maximum:
        raise SdpError(f"{what} is no number up to {maximum}")
    return number


def _parse_media(value: str) -> tuple[str, int, int, str, tuple[str, ...]]:
    kind, *rest = value.split() or [""]
    if len(rest) < 3 or not _TOKEN.fullmatch(kind):
        raise SdpError("malformed media line")
    if len(rest) > MAX_FORMATS + 2:
        raise SdpError("too many formats")
    port, slash, ports = rest[0].partition("/")
    return (
        kind.lower(),
        parse_integer(port, 65535, "port"),
        parse_integer(ports, 65535, "number of ports") if slash else 1,
        rest[1],
        tuple(rest[2:]),
    )


def _parse_connection(value: str) -> str:
    """nettype SP addrtype SP address; a multicast TTL is read over."""
    parts = value.split()
    if len(parts) != 3 or parts[0].upper() != "IN" or parts[1].upper() not in ("IP4", "IP6"):
        raise SdpError("malformed connection line")
    host = parts[2].partition("/")[0].lower()
    if not host:
        raise SdpError("a connection line without an address")
    return host


def _parse_attribute(value: str) -> tuple[str, str | None]:
    name, colon, rest = value.partition(":")
    if not _TOKEN.fullmatch(name.strip(" ")):
        raise SdpError("malformed attribute")
    return name.strip(" ").lower(), rest.strip(" ") if colon else None


def _attribute(attributes: Attributes, name: str) -> str | None:
    for key, value in attributes:
        if key == name:
            return value or ""
    return None


def _format_connection(host: str) -> str:
    return f"c=IN {'IP6' if ':' in host else 'IP4'} {host}"


def _format_attributes(attributes: Attributes) -> list[str]:
    return [f"a={name}" if value is None else f"a={name}:{value}" for name, value in attributes]
