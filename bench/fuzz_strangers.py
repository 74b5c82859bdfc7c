"""Strangers on the network: SIP messages that fit what the other side said, and then are spoilt.

A message out of nothing reaches little more than the parser. One that answers a request just heard, or goes on with a
dialog just begun, reaches what lies behind; and it is there that one wrong field does harm.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bench.fuzz_cases import mutate
from bench.fuzz_parsers import DIGITS, SDP, SIP, TORTURE

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

_KEPT = 24
_FIELD = re.compile(rb"^(Via|From|To|Call-ID|CSeq|Contact|Record-Route): ?(.*)\r$", re.M | re.I)
_STATUSES = (100, 180, 183, 200, 200, 200, 202, 302, 401, 404, 407, 408, 422, 481, 486, 487, 491, 500, 503, 603, 699)
_IN_DIALOG = (b"ACK", b"BYE", b"CANCEL", *(b"INVITE",) * 5, b"INFO", b"INFO", b"OPTIONS", b"UPDATE", *(b"REFER",) * 3)
_CHALLENGE = b'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth", algorithm=MD5\r\n'
TORTURES = [path.read_bytes() for path in sorted(TORTURE.glob("*.dat"))]


class Strangers:
    """*host* is what they call themselves in Via and Contact; *numbers*: whom they call, *users*: who they claim to be.

    ``hear`` everything that comes back to them.
    """

    def __init__(
        self,
        rng: random.Random,
        *,
        host: bytes,
        numbers: Sequence[bytes] = (b"100",),
        users: Sequence[bytes] = (b"alice",),
        spoilt: float = 0.4,
    ) -> None:
        self._rng = rng
        self._host = host
        self._numbers = numbers
        self._users = users
        self._spoilt = spoilt
        self._serial = 0
        self._heard: list[bytes] = []

    def hear(self, data: bytes) -> None:
        self._heard.append(data)
        del self._heard[:-_KEPT]

    def say(self) -> bytes:
        rng = self._rng
        kind = rng.random()
        if kind < 0.05:
            data = rng.choice(TORTURES)
        elif kind < 0.1:
            data = self._fresh(
                rng.choice((b"OPTIONS", b"REGISTER", b"MESSAGE", b"SUBSCRIBE", b"BYE", b"ACK", b"REFER"))
            )
        elif kind < 0.25 or not self._heard:
            data = self._fresh(b"INVITE")
        else:
            telling = [data for data in self._heard[-12:] if _leads_on(data)]
            heard = rng.choice(telling[-4:] if telling and kind < 0.85 else self._heard)
            data = self._going_on(heard) if heard.startswith(b"SIP/2.0 ") else self._reply(heard)
        if rng.random() < self._spoilt:
            spoilt = bytearray(data)
            for _ in range(rng.choice((1, 1, 1, 2, 3))):
                mutate(spoilt, SIP, rng)
            data = bytes(spoilt[:65_535])
        return data

    def _number(self) -> bytes:
        self._serial += 1
        return b"%d" % self._serial

    def _fresh(self, method: bytes) -> bytes:
        rng, number = self._rng, self._number()
        target = b"sip:" + rng.choice(self._numbers) + b"@switch"
        user = rng.choice(self._users)
        lines = [
            b"From: <sip:%b@switch>;tag=f%b" % (user, number),
            b"To: <%b>" % target,
            b"Call-ID: stranger-%b" % number,
            b"CSeq: %d %b" % (rng.choice((1, 1, 1, 7, 2**31 - 2)), method),
            *(
                [b"Contact: *", b"Expires: 0"]
                if method == b"REGISTER" and rng.random() < 0.2
                else [self._contact(user)]
            ),
        ]
        return self._request(method, target, lines, body=method == b"INVITE")

    def _contact(self, user: bytes) -> bytes:
        if self._rng.random() < 0.1:
            return b"Contact: <%b>" % self._rng.choice(
                (b"sip:x@10.9.8.7:5070;transport=tcp", b"sip:x@no.such.host.invalid", b"tel:1", b"sips:x@y", b"sip:@")
            )
        return b"Contact: <sip:%b@%b>" % (user, self._host)

    def _request(self, method: bytes, target: bytes, lines: list[bytes], *, body: bool, branch: bytes = b"") -> bytes:
        rng = self._rng
        content, kind = b"", b""
        if body and rng.random() < 0.85:
            content, kind = self._description(), b"application/sdp"
        elif method == b"INFO":
            content, kind = rng.choice(DIGITS), rng.choice((b"application/dtmf-relay", b"application/dtmf", b"x/y"))
        first = b"%b %b SIP/2.0" % (method, target)
        via = b"Via: SIP/2.0/UDP %b;branch=%b;rport" % (self._host, branch or b"z9hG4bKs" + self._number())
        if content:
            lines = [*lines, b"Content-Type: " + kind]
        if method == b"REFER" or (method == b"INVITE" and rng.random() < 0.05):
            lines = [*lines, self._dialog_wish(method)]
        if rng.random() < 0.1:
            lines = [*lines, b"Record-Route: <sip:%b;lr>, <sip:elsewhere.invalid>" % self._host]
        length = b"Content-Length: %d" % len(content)
        return b"\r\n".join([first, via, b"Max-Forwards: 70", *lines, length, b"", content])

    def _dialog_wish(self, method: bytes) -> bytes:
        """Refer-To, often with a call to take over that we have heard of; or Replaces itself."""
        rng = self._rng
        fields = fields_of(rng.choice(self._heard)) if self._heard else {}
        tags = [re.search(rb"tag=([^;\s]*)", fields.get(name, [b""])[0]) for name in (b"to", b"from")]
        to_tag, from_tag = (tag[1] if tag else b"guessed" for tag in rng.sample(tags, 2))
        name = b"%b;to-tag=%b;from-tag=%b" % (fields.get(b"call-id", [b"c"])[0], to_tag, from_tag)
        if method == b"INVITE":
            return b"Replaces: " + name
        target = b"sip:" + rng.choice(self._numbers) + b"@switch"
        if rng.random() < 0.5:
            target += b"?Replaces=" + name.replace(b";", b"%3B").replace(b"=", b"%3D").replace(b"@", b"%40")
        return b"Refer-To: <%b>" % target

    def _description(self) -> bytes:
        rng = self._rng
        data = bytearray(rng.choice(SDP))
        if rng.random() < 0.4:
            mutate(data, SDP, rng)
        return bytes(data)

    def _going_on(self, response: bytes) -> bytes:
        """A request in the dialog of a response we heard, or about the INVITE that it answers."""
        rng = self._rng
        fields = fields_of(response)
        number, _, was = fields.get(b"cseq", [b"1 INVITE"])[0].partition(b" ")
        if was != b"INVITE":
            return self._fresh(b"INVITE")
        method = b"ACK" if response.startswith(b"SIP/2.0 2") and rng.random() < 0.5 else rng.choice(_IN_DIALOG)
        contact = re.search(rb"<([^>]*)>", fields.get(b"contact", [b""])[0])
        target = contact[1] if contact else b"sip:100@switch"
        branch = b""
        if method == b"CANCEL" or (method == b"ACK" and not response.startswith(b"SIP/2.0 2")):
            found = re.search(rb"branch=([^;,\s]*)", fields.get(b"via", [b""])[0])
            branch = found[1] if found else b""
        to = fields.get(b"to", [b""])[0]
        if method == b"CANCEL":
            to = to.partition(b";tag=")[0]
        elif rng.random() < 0.1:
            to = to.partition(b";tag=")[0] + b";tag=guessed"
        if method not in (b"ACK", b"CANCEL") and number.isdigit():
            number = b"%d" % (int(number) + rng.choice((0, 1, 1, 2)))
        lines = [
            b"From: " + fields.get(b"from", [b""])[0],
            b"To: " + to,
            b"Call-ID: " + fields.get(b"call-id", [b""])[0],
            b"CSeq: %b %b" % (number, method),
            self._contact(b"x"),
        ]
        return self._request(method, target, lines, body=method == b"INVITE" or rng.random() < 0.1, branch=branch)

    def _reply(self, request: bytes) -> bytes:
        """A response to a request we heard; of those to an INVITE some have the SDP that it asks for."""
        rng = self._rng
        status = rng.choice(_STATUSES)
        fields = fields_of(request)
        lines = [b"Via: " + via for via in fields.get(b"via", [])]
        to = fields.get(b"to", [b""])[0]
        if b";tag=" not in to and status > 100:
            to += b";tag=" + rng.choice((b"t1", b"t1", b"t2"))
        lines += [b"From: " + fields.get(b"from", [b""])[0], b"To: " + to]
        lines += [b"%b: %b" % (name.title(), value) for name in (b"call-id", b"cseq") for value in fields.get(name, [])]
        lines.append(self._contact(b"callee"))
        head = b"\r\n".join([b"SIP/2.0 %d Said" % status, *lines]) + b"\r\n"
        if status in (401, 407):
            head += _CHALLENGE
        if status < 300 and status > 100 and request.startswith(b"INVITE") and rng.random() < 0.9:
            body = self._description()
            return head + b"Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        return head + b"Content-Length: 0\r\n\r\n"


def _leads_on(data: bytes) -> bool:
    """A request, or the response by which a call is answered or rings."""
    return not data.startswith(b"SIP/2.0 ") or (data[8:9] in b"12" and data[8:11] != b"100" and b" INVITE\r\n" in data)


def fields_of(data: bytes) -> dict[bytes, list[bytes]]:
    """The header fields of a well-formed message that make its dialog, by their names in lower case."""
    found: dict[bytes, list[bytes]] = {}
    for name, value in _FIELD.findall(data.partition(b"\r\n\r\n")[0] + b"\r\n"):
        found.setdefault(name.lower(), []).append(value)
    return found
