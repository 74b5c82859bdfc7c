"""Header fields: the ordered multimap that a message holds, and the structured values in it (RFC 3261 §7.3, §20)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar, cast

from sip.errors import ParseError
from sip.grammar import (
    HOST,
    LISTS,
    MAX_OF_A_KIND,
    MAX_PARAMETERS,
    PARAMETER,
    QUOTED,
    TOKEN,
    TOKEN_CHARS,
    canonical_name,
    parse_number,
    parse_parameters,
    printable,
    quote,
    split_list,
    unquote,
)
from sip.uri import Parameters, Uri

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")

CSEQ_MAX: Final = 2**31 - 1


class Headers:
    """Header fields in order, names in one canonical spelling; any spelling finds them, compact forms too.

    Values are the text after the colon, unfolded and stripped. ``parsed`` caches what it parsed until the next change.
    """

    __slots__ = ("_cache", "_index", "_items")

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        self._items = [(canonical_name(name), value) for name, value in items]
        self._index: dict[str, list[str]] | None = None
        self._cache: dict[str, Any] = {}

    @classmethod
    def of_canonical(cls, items: list[tuple[str, str]]) -> Self:
        """Takes the list over; every name must come from ``canonical_name``."""
        headers = cls()
        headers._items = items
        return headers

    def _lines(self, name: str) -> list[str]:
        index = self._index
        if index is None:
            index = self._index = {}
            for key, value in self._items:
                if key in index:
                    index[key].append(value)
                else:
                    index[key] = [value]
        lines = index.get(name)
        if lines is None:
            lines = index.get(canonical_name(name), [])
        return lines

    def _changed(self) -> None:
        self._index = None
        self._cache.clear()

    def get(self, name: str) -> str | None:
        """The first field of that name as it stands on its line, a comma list unsplit."""
        lines = self._lines(name)
        return lines[0] if lines else None

    def get_all(self, name: str) -> list[str]:
        """Every value of that name; those that are comma lists by definition (``grammar.LISTS``) are split."""
        lines = self._lines(name)
        if not lines or canonical_name(name) not in LISTS:
            return list(lines)
        if len(lines) == 1:
            return split_list(lines[0])
        return [value for line in lines for value in split_list(line)]

    def count(self, name: str) -> int:
        """How many lines of that name there are."""
        return len(self._lines(name))

    def add(self, name: str, value: str) -> None:
        self._items.append((canonical_name(name), value))
        self._changed()

    def prepend(self, name: str, value: str) -> None:
        """Above all others of that name and the rest of the message: where a Via or Record-Route goes."""
        self._items.insert(0, (canonical_name(name), value))
        self._changed()

    def set(self, name: str, value: str) -> None:
        """The only one of that name from now on, in the place of the first that was there."""
        name = canonical_name(name)
        place = next((i for i, (key, _) in enumerate(self._items) if key == name), len(self._items))
        self._items = [*self._items[:place], (name, value), *(i for i in self._items[place:] if i[0] != name)]
        self._changed()

    def remove(self, name: str) -> None:
        name = canonical_name(name)
        self._items = [item for item in self._items if item[0] != name]
        self._changed()

    def copy(self) -> Headers:
        return Headers.of_canonical(list(self._items))

    def parsed(self, key: str, parse: Callable[[Headers], T]) -> T:
        """``parse(self)``, remembered under *key* until the headers change."""
        cache = self._cache
        if key in cache:
            return cast("T", cache[key])
        value = cache[key] = parse(self)
        return value

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self._lines(name))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._items == other._items

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        # Names only: Authorization and its kin must not reach a log through a traceback.
        return f"Headers({[name for name, _ in self._items]})"


def _parameter(params: Parameters, name: str) -> str | None:
    for key, value in params:
        if key == name:
            return unquote(value) if value else ""
    return None


def _format(params: Parameters) -> str:
    return "".join(f";{name}" if value is None else f";{name}={value}" for name, value in params)


def _set_parameter(params: Parameters, name: str, value: str | None) -> Parameters:
    if any(key == name for key, _ in params):
        return tuple((key, value if key == name else old) for key, old in params)
    return (*params, (name, value))


# name-addr = [ display-name ] LAQUOT addr-spec RAQUOT; a display name without quotes may be anything without <, >, "
_BRACKETED = re.compile(rf'[ \t]*+({QUOTED}|[^"<>]++)?+[ \t]*+<([^<>]*+)>', re.DOTALL)
_BARE = re.compile(r"[ \t]*+([^ \t;,?<>\"]++)")
_BLANKS = re.compile(r"[ \t]++")


@dataclass(frozen=True, slots=True)
class NameAddr:
    """From, To, Contact, Route and the like: ``"Display name" <uri>;params`` (RFC 3261 §20.10).

    ``display_name`` is what a person reads, unquoted. ``params`` are those of the header field, values as written;
    ``param`` takes quotes off.
    """

    display_name: str
    uri: Uri
    params: Parameters = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ParseError."""
        match = _BRACKETED.match(text)
        if match is not None:
            name, address = match.groups()
            if name is None:
                display = ""
            elif name[0] == '"':
                display = printable(unquote(name))
            else:
                display = printable(_BLANKS.sub(" ", name).strip(" "))
        else:
            match = _BARE.match(text)
            if match is None:
                raise ParseError("malformed address")
            display, address = "", match[1]
        end = match.end()
        return cls(display, Uri.parse(address), parse_parameters(text, end) if end < len(text) else ())

    def __str__(self) -> str:
        name = f"{quote(self.display_name)} " if self.display_name else ""
        return f"{name}<{self.uri}>{_format(self.params)}"

    @property
    def tag(self) -> str | None:
        return self.param("tag")

    def param(self, name: str) -> str | None:
        """The value without quotes; "" for a parameter without one, None where there is none."""
        return _parameter(self.params, name)

    def with_tag(self, tag: str) -> Self:
        return replace(self, params=_set_parameter(self.params, "tag", tag))


# via-parm = "SIP" SLASH version SLASH transport LWS host [ COLON port ] *( SEMI via-params )
_VIA = re.compile(
    rf"[ \t]*+SIP[ \t]*+/[ \t]*+[0-9]++\.[0-9]++[ \t]*+/[ \t]*+([{TOKEN_CHARS}]++)"
    rf"[ \t]++({HOST})(?:[ \t]*+:[ \t]*+([0-9]++))?+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Via:
    """One Via value (RFC 3261 §20.42; rport: RFC 3581). ``transport`` is upper case, ``host`` lower case."""

    transport: str
    host: str
    port: int | None = None
    params: Parameters = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ParseError."""
        match = _VIA.match(text)
        if match is None:
            raise ParseError("malformed Via")
        transport, host, port = match.groups()
        return cls(
            transport.upper(),
            host.lower(),
            None if port is None else parse_number(port, 65535, "Via port"),
            parse_parameters(text, match.end()),
        )

    @classmethod
    def readable_part(cls, text: str) -> Self:
        """What stands before the first defect: the sent-by is enough for an answer. Raises ParseError."""
        match = _VIA.match(text)
        if match is None:
            raise ParseError("malformed Via")
        end = match.end()
        for _ in range(MAX_PARAMETERS):
            parameter = PARAMETER.match(text, end)
            if parameter is None:
                break
            end = parameter.end()
        return cls.parse(text[:end])

    def __str__(self) -> str:
        port = "" if self.port is None else f":{self.port}"
        return f"SIP/2.0/{self.transport} {self.host}{port}{_format(self.params)}"

    @property
    def branch(self) -> str | None:
        return self.param("branch")

    @property
    def received(self) -> str | None:
        return self.param("received")

    @property
    def rport(self) -> int | None:
        """The port of a filled-in rport. A request that only asks for one has it in ``wants_rport``."""
        value = self.param("rport")
        return parse_number(value, 65535, "rport") if value else None

    @property
    def wants_rport(self) -> bool:
        return any(name == "rport" and value is None for name, value in self.params)

    def param(self, name: str) -> str | None:
        """The value without quotes; "" for a parameter without one, None where there is none."""
        return _parameter(self.params, name)


_CSEQ = re.compile(rf"([0-9]++)[ \t]++([{TOKEN_CHARS}]++)")


@dataclass(frozen=True, slots=True)
class CSeq:
    """RFC 3261 §20.16; the number is below 2³¹. Methods are case-sensitive and never unescaped."""

    number: int
    method: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ParseError."""
        match = _CSEQ.fullmatch(text)
        if match is None:
            raise ParseError("malformed CSeq")
        return cls(parse_number(match[1], CSEQ_MAX, "CSeq"), match[2])

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


def single(headers: Headers, name: str) -> str:
    """The value of a field that must be there exactly once. Raises ParseError."""
    lines = headers._lines(name)
    if len(lines) != 1:
        raise ParseError(f"{'more than one' if lines else 'no'} {name}")
    return lines[0]


def several(headers: Headers, name: str, parse: Callable[[str], T]) -> tuple[T, ...]:
    """All values of a comma-list field. Raises ParseError, also above the limit of values."""
    values = headers.get_all(name)
    if len(values) > MAX_OF_A_KIND:
        raise ParseError(f"more than {MAX_OF_A_KIND} {name} values")
    return tuple(map(parse, values))


def media_type(text: str) -> str:
    """``type/subtype`` in lower case, without parameters. Raises ParseError."""
    kind, slash, rest = text.partition("/")
    match = TOKEN.match(rest.lstrip(" \t"))
    kind = kind.strip(" \t")
    if not slash or match is None or not TOKEN.fullmatch(kind):
        raise ParseError("malformed Content-Type")
    parse_parameters(rest.lstrip(" \t"), match.end())
    return f"{kind}/{match[0]}".lower()
