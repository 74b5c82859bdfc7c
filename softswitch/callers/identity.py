"""What an INVITE says about who calls and whom they dialled, from the headers that its trunk may be believed in.

Carriers differ: some put the caller into From, some into P-Asserted-Identity (RFC 3325) or Remote-Party-ID; the number
that was dialled is in the Request-URI, in To, or, after a diversion, in Diversion (RFC 5806) or History-Info
(RFC 7044).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sip.errors import ParseError
from sip.grammar import split_list
from sip.headers import NameAddr
from softswitch.callers.numbers import WITHHELD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sip.message import Request
    from sip.uri import Uri


class IdentityHeader(StrEnum):
    """Where a trunk says who calls."""

    PAI = "P-Asserted-Identity"
    RPID = "Remote-Party-ID"
    FROM = "From"


class DialledHeader(StrEnum):
    """Where a trunk says which number was dialled."""

    REQUEST_URI = "Request-URI"
    TO = "To"
    DIVERSION = "Diversion"
    HISTORY_INFO = "History-Info"


@dataclass(frozen=True, slots=True)
class Identity:
    """`number` as the trunk wrote it; empty when it is not told. `withheld`: the caller asked for privacy."""

    number: str
    name: str
    withheld: bool = False


_INDEX = re.compile(r"^\d+(\.\d+)*$")


def identify(request: Request, trusted: Iterable[IdentityHeader]) -> Identity:
    """The caller by the first of the *trusted* headers that names somebody."""
    withheld = _wants_privacy(request)
    for header in trusted:
        for party in _parties(request, header):
            if header is IdentityHeader.RPID and (party.param("party") or "calling").lower() != "calling":
                continue
            number, name = user_of(party.uri), party.display_name
            hidden = header is IdentityHeader.RPID and party.param("privacy") not in (None, "off")
            if (number and number.lower() in WITHHELD) or party.uri.host.lower() == "anonymous.invalid":
                withheld = True
                continue
            if number:
                withheld = withheld or hidden
                return Identity("" if withheld else number, "" if withheld else name, withheld)
    return Identity("", "", withheld)


def dialled(request: Request, order: Iterable[DialledHeader]) -> str:
    """The number that was dialled, by the first header of *order* that has one.

    Of several diversions it is the one that the caller dialled, before all diversions.
    """
    for header in order:
        match header:
            case DialledHeader.REQUEST_URI:
                number = user_of(request.uri)
            case DialledHeader.TO:
                number = user_of(request.to.uri)
            case DialledHeader.DIVERSION:
                diversions = reversed([user_of(party.uri) for party in _all(request, "Diversion")])
                number = next((user for user in diversions if user.lower() not in WITHHELD), "")
            case DialledHeader.HISTORY_INFO:
                number = _first_of_history(request)
        if number:
            return number
    return user_of(request.uri)


def user_of(uri: Uri) -> str:
    """The number in an address: of a tel URI (RFC 3966) with its context, of others the user without parameters."""
    if uri.scheme == "tel":
        number, *_ = (uri.user or uri.host or "").partition(";")
        context = uri.param("phone-context")
        return f"{context}{number.lstrip('0')}" if context and context.startswith("+") else number
    return (uri.user or "").partition(";")[0]


def _parties(request: Request, header: IdentityHeader) -> Iterator[NameAddr]:
    if header is IdentityHeader.FROM:
        yield request.from_
    else:
        yield from _all(request, header.value)


def _all(request: Request, name: str) -> Iterator[NameAddr]:
    for line in request.headers.get_all(name):
        try:
            values = split_list(line)
        except ParseError:
            continue
        for value in values:
            try:
                yield NameAddr.parse(value)
            except ParseError:
                continue  # one that cannot be read says nothing


def _first_of_history(request: Request) -> str:
    entries = []
    for party in _all(request, "History-Info"):
        index, user = party.param("index") or "", user_of(party.uri)
        if _INDEX.match(index) and user.lower() not in WITHHELD:
            entries.append(([int(part) for part in index.split(".")], user))
    return min(entries)[1] if entries else ""


def _wants_privacy(request: Request) -> bool:
    """Privacy: id, header or user (RFC 3323, RFC 3325 §9.3)."""
    asked = {word.strip().lower() for line in request.headers.get_all("Privacy") for word in line.split(";")}
    return bool(asked & {"id", "user", "header"})
