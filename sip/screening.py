"""What a user agent server objects to before it looks at what a request is about (RFC 3261 §8.2, in its order)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sip.grammar import METHODS

if TYPE_CHECKING:
    from sip.local import LocalAgent
    from sip.message import Request

_SCHEMES = ("sip", "tel")
_SDP = "application/sdp"


class Objection(NamedTuple):
    status: int
    headers: tuple[tuple[str, str], ...] = ()


def objection_to(request: Request, local: LocalAgent) -> Objection | None:
    """Method, extensions, and for a call its scheme, hops and content. Raises ParseError.

    Max-Forwards counts for calls only, which may go on to another element (RFC 7332); of anything else we are the
    destination, and 0 is enough to get here.
    """
    method = request.method
    if method not in local.methods:
        return Objection(405 if method in METHODS else 501, (local.allow,))
    in_dialog = bool(request.to.tag)
    if not in_dialog and request.uri.scheme not in _SCHEMES:
        return Objection(416)
    if "Require" in request.headers:
        unknown = [tag for tag in request.headers.get_all("Require") if tag.lower() not in local.extensions]
        if unknown:
            return Objection(420, (("Unsupported", ", ".join(unknown)),))
    if method != "INVITE":
        return None
    if not in_dialog and request.max_forwards == 0:
        return Objection(483)
    return _objection_to_content(request)


def _objection_to_content(request: Request) -> Objection | None:
    headers = request.headers
    if request.body and request.content_type != _SDP:
        disposition = (headers.get("Content-Disposition") or "").replace(" ", "").lower()
        if "handling=optional" not in disposition:
            return Objection(415, (("Accept", _SDP),))
    if (headers.get("Content-Encoding") or "identity").lower() != "identity":
        return Objection(415, (("Accept-Encoding", "identity"),))
    if "Accept" in headers:
        accepted = [value.partition(";")[0].strip(" \t").lower() for value in headers.get_all("Accept")]
        if accepted and not any(value in (_SDP, "application/*", "*/*") for value in accepted):
            return Objection(406)
    return None
