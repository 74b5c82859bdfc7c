"""SIP, SIPS, tel and other URIs (RFC 3261 §19.1, RFC 3966)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Self

from sip.errors import ParseError
from sip.grammar import HOST, escape, parse_number, unescape

Parameters = tuple[tuple[str, str | None], ...]

_MARK = "-_.!~*'()"
_USER_PLAIN = _MARK + "&=+$,;?/"
_PASSWORD_PLAIN = _MARK + "&=+$,"
_PARAMETER_PLAIN = _MARK + "[]/:&+$"
_HEADER_PLAIN = _MARK + "[]/?:+$"

# userinfo also takes "#" and plain UTF-8, which phones send though the grammar wants them escaped.
_USER = r"[A-Za-z0-9\-_.!~*'()&=+$,;?/%#\u0080-\ud7ff\ue000-\U0010ffff]"
_SIP = re.compile(
    rf"(?:({_USER}++)(?::([A-Za-z0-9\-_.!~*'()&=+$,%]*+))?+@)?({HOST})(?::([0-9]++))?+"
    r"((?:;[A-Za-z0-9\-_.!~*'()\[\]/:&+$%=]++)*+)(?:\?([A-Za-z0-9\-_.!~*'()\[\]/?:+$%=&]++))?+"
)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+\-.]*+):")
_TEL = re.compile(r"([0-9A-Fa-f+*#\-.()]++)((?:;[A-Za-z0-9\-_.!~*'()\[\]/:&+$%=]++)*+)")
_OPAQUE = re.compile(r"[!#-;=?-~]++")

#: Parameters that must be equal or absent on both sides (RFC 3261 §19.1.4).
_COMPARED = ("user", "ttl", "method", "maddr", "transport")


@dataclass(frozen=True, slots=True)
class Uri:
    """A URI in parts, unescaped once; ``str`` gives what was parsed, or for a URI of our own its escaped form.

    ``host`` and parameter names are lower case. Of schemes other than sip, sips and tel only ``opaque`` is filled; a
    tel number is the ``user``. ``==`` compares the parts as they are, ``equivalent`` as RFC 3261 §19.1.4 wants it.
    """

    scheme: str
    user: str | None = None
    host: str = ""
    port: int | None = None
    params: Parameters = ()
    headers: tuple[tuple[str, str], ...] = ()
    password: str | None = field(default=None, repr=False)
    opaque: str = ""
    #: The text as received: phones recognise their own contact by it. Never copied by ``dataclasses.replace``.
    _text: str = field(default="", init=False, compare=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ParseError."""
        lead = _SCHEME.match(text)
        if lead is None:
            raise ParseError("a URI without a scheme")
        scheme = lead[1].lower()
        start = lead.end()
        if scheme in ("sip", "sips"):
            match = _SIP.fullmatch(text, start)
            if match is None:
                raise ParseError("malformed SIP URI")
            user, password, host, port, params, headers = match.groups()
            uri = cls(
                scheme,
                None if user is None else unescape(user),
                host.lower(),
                None if port is None else parse_number(port, 65535, "port"),
                _parse_params(params) if params else (),
                _parse_headers(headers) if headers else (),
                None if password is None else unescape(password),
            )
        elif scheme == "tel":
            match = _TEL.fullmatch(text, start)
            if match is None:
                raise ParseError("malformed tel URI")
            uri = cls(scheme, match[1], params=_parse_params(match[2]) if match[2] else ())
        else:
            if not _OPAQUE.fullmatch(text, start):
                raise ParseError("malformed URI")
            uri = cls(scheme, opaque=text[start:])
        object.__setattr__(uri, "_text", text)
        return uri

    def __str__(self) -> str:
        if self._text:
            return self._text
        if self.opaque:
            return f"{self.scheme}:{self.opaque}"
        if self.scheme == "tel":
            return f"tel:{self.user or ''}{_format_params(self.params)}"
        text = f"{self.scheme}:"
        if self.user:
            text += escape(self.user, _USER_PLAIN)
            if self.password is not None:
                text += ":" + escape(self.password, _PASSWORD_PLAIN)
            text += "@"
        text += self.host
        if self.port is not None:
            text += f":{self.port}"
        text += _format_params(self.params)
        if self.headers:
            text += "?" + "&".join(f"{escape(n, _HEADER_PLAIN)}={escape(v, _HEADER_PLAIN)}" for n, v in self.headers)
        return text

    def param(self, name: str) -> str | None:
        """The value of a parameter; "" for one without a value, None where there is none."""
        for key, value in self.params:
            if key == name:
                return value or ""
        return None

    def aor(self) -> Self:
        """The address of record in canonical form: no port, parameters, headers or password (RFC 3261 §10.3)."""
        return replace(self, port=None, params=(), headers=(), password=None)

    def equivalent(self, other: Uri) -> bool:
        """RFC 3261 §19.1.4: the user is compared with case, most else without."""
        if self.scheme != other.scheme or self.opaque != other.opaque:
            return False
        if (self.user, self.password, self.host, self.port) != (other.user, other.password, other.host, other.port):
            return False
        mine, theirs = dict(self.params), dict(other.params)
        for name in mine.keys() | theirs.keys():
            if name in mine and name in theirs:
                if (mine[name] or "").lower() != (theirs[name] or "").lower():
                    return False
            elif name in _COMPARED:
                return False
        return sorted((n.lower(), v) for n, v in self.headers) == sorted((n.lower(), v) for n, v in other.headers)


def _parse_params(text: str) -> Parameters:
    params: list[tuple[str, str | None]] = []
    for part in text[1:].split(";"):
        name, equals, value = part.partition("=")
        if not name:
            raise ParseError("a URI parameter without a name")
        params.append((unescape(name).lower(), unescape(value) if equals else None))
    return tuple(params)


def _parse_headers(text: str) -> tuple[tuple[str, str], ...]:
    headers: list[tuple[str, str]] = []
    for part in text.split("&"):
        name, equals, value = part.partition("=")
        if not name or not equals:
            raise ParseError("malformed header in a URI")
        headers.append((unescape(name), unescape(value)))
    return tuple(headers)


def _format_params(params: Parameters) -> str:
    if not params:
        return ""
    return "".join(
        f";{escape(name, _PARAMETER_PLAIN)}" + ("" if value is None else f"={escape(value, _PARAMETER_PLAIN)}")
        for name, value in params
    )
