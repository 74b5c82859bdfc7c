"""REFER and Replaces as they are written: where somebody is to be sent, and which call is to be taken over.

RFC 3515 (REFER), RFC 3891 (Replaces), RFC 3892 (Referred-By), RFC 4488 (norefersub), RFC 4538 (Target-Dialog).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from sip.errors import ParseError
from sip.grammar import TOKEN_CHARS
from sip.headers import NameAddr, single

if TYPE_CHECKING:
    from sip.message import Request
    from sip.uri import Uri

#: Option tags of what is understood here.
EXTENSIONS = ("replaces", "norefersub", "tdialog")

_PARAMETER = re.compile(rf"[ \t]*([{TOKEN_CHARS}]+)[ \t]*(?:=[ \t]*([^;\s]*)[ \t]*)?", re.ASCII)
_MAX = 1000


@dataclass(frozen=True, slots=True)
class DialogId:
    """A dialog as the receiver of Replaces or Target-Dialog knows it: ``to_tag`` is its own tag."""

    call_id: str
    to_tag: str
    from_tag: str
    early_only: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """``Call-ID;to-tag=…;from-tag=…``, also as Target-Dialog writes it (local-tag is the sender's, RFC 4538 §7).

        Raises ParseError.
        """
        if len(text) > _MAX:
            raise ParseError("a Replaces that is too long")
        call_id, *rest = text.split(";")
        params: dict[str, str] = {}
        for part in rest:
            match = _PARAMETER.fullmatch(part)
            if match is None or match[1].lower() in params:
                raise ParseError("malformed Replaces")
            params[match[1].lower()] = match[2] or ""
        to_tag = params.get("to-tag") or params.get("remote-tag")
        from_tag = params.get("from-tag") or params.get("local-tag")
        call_id = call_id.strip(" \t")
        if not call_id or " " in call_id or to_tag is None or from_tag is None:
            raise ParseError("malformed Replaces")
        return cls(call_id, to_tag, from_tag, "early-only" in params)

    def __str__(self) -> str:
        text = f"{self.call_id};to-tag={self.to_tag};from-tag={self.from_tag}"
        return f"{text};early-only" if self.early_only else text


@dataclass(frozen=True, slots=True)
class Refer:
    """What a REFER asks for: that its receiver calls ``target``, in place of the call ``replaces`` if that is set."""

    target: Uri
    replaces: DialogId | None = None
    referred_by: str = ""
    subscribe: bool = True  # whether the sender wants to be told how it goes


def parse_refer(request: Request) -> Refer:
    """Raises ParseError: exactly one Refer-To (RFC 3515 §2.4.2), and of a method other than INVITE none."""
    refer_to = NameAddr.parse(single(request.headers, "Refer-To")).uri
    if refer_to.scheme not in ("sip", "tel"):
        raise ParseError("a Refer-To that cannot be called", 416)
    method = refer_to.param("method")
    if method is not None and method.upper() != "INVITE":
        raise ParseError("a Refer-To with another method", 501)
    embedded = [value for name, value in refer_to.headers if name.lower() == "replaces"]
    if len(embedded) > 1:
        raise ParseError("more than one Replaces in Refer-To")
    wanted = (request.headers.get("Refer-Sub") or "true").partition(";")[0].strip(" \t").lower()
    return Refer(
        target=refer_to,
        replaces=DialogId.parse(embedded[0]) if embedded else None,
        referred_by=request.headers.get("Referred-By") or "",
        subscribe=wanted != "false",
    )


def replaces_of(request: Request) -> DialogId | None:
    """The call that an INVITE wants to take over. Raises ParseError; more than one is 400 (RFC 3891 §3)."""
    return None if "Replaces" not in request.headers else DialogId.parse(single(request.headers, "Replaces"))


def target_dialog_of(request: Request) -> DialogId | None:
    """The call that a REFER outside of it speaks of. Raises ParseError."""
    if "Target-Dialog" not in request.headers:
        return None
    return DialogId.parse(single(request.headers, "Target-Dialog"))
