"""Digest authentication (RFC 7616, RFC 8760, RFC 3261 §22): asking for it, checking it, and answering when asked.

Nonces are not stored: each is a time and a serial number under a HMAC. Stored, and bounded, is only how far the nonce
count of each nonce in use has come, so that nothing can be played twice.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from sip.errors import ParseError
from sip.grammar import QUOTED, TOKEN_CHARS, quote, unquote
from sip.uri import Uri

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sip.message import Request, Response

#: Strongest first, which is the order in which challenges are made and preferred (RFC 8760 §2.3).
_HASHES: Final[dict[str, Callable[[bytes], hashlib._Hash]]] = {"SHA-256": hashlib.sha256, "MD5": hashlib.md5}


_PARAMETER = re.compile(rf"[ \t]*+([{TOKEN_CHARS}]++)[ \t]*+=[ \t]*+({QUOTED}|[^\s,\"]++)[ \t]*+(?:,|$)", re.DOTALL)
_NC = re.compile(r"[0-9A-Fa-f]{8}")
_MAX_PARAMETERS: Final = 32


def digest_hash(algorithm: str, text: str) -> str:
    """H(text) of RFC 7616 in hexadecimal; *algorithm* is ``SHA-256`` or ``MD5``."""
    return _HASHES[algorithm](text.encode("utf-8", "surrogateescape")).hexdigest()


def ha1(user: str, realm: str, password: str, algorithm: str) -> str:
    """What a server may store instead of the password."""
    return digest_hash(algorithm, f"{user}:{realm}:{password}")


def digest_response(
    *, algorithm: str, ha1: str, method: str, uri: str, nonce: str, qop: str = "", nc: str = "", cnonce: str = ""
) -> str:
    """``response`` of RFC 7616 §3.4.1; without qop that of RFC 2069."""
    ha2 = digest_hash(algorithm, f"{method}:{uri}")
    middle = f"{nonce}:{nc}:{cnonce}:{qop}" if qop else nonce
    return digest_hash(algorithm, f"{ha1}:{middle}:{ha2}")


def parse_digest(value: str) -> dict[str, str] | None:
    """The parameters of ``Digest a=b, c="d"``, names in lower case, quotes off; None when it is anything else."""
    scheme, _, rest = value.strip(" \t").partition(" ")
    if scheme.lower() != "digest":
        return None
    found: dict[str, str] = {}
    position = 0
    while position < len(rest):
        match = _PARAMETER.match(rest, position)
        if match is None or len(found) >= _MAX_PARAMETERS:
            return found if not rest[position:].strip(" \t,") else None
        name = match[1].lower()
        if name in found:
            return None
        found[name] = unquote(match[2])
        position = match.end()
    return found


class AuthOutcome(Enum):
    OK = auto()
    STALE = auto()  # the password may be right, the nonce is too old or was used: challenge with stale=true
    WRONG = auto()
    MISSING = auto()  # no credentials for this realm


@dataclass(frozen=True, slots=True)
class AuthResult:
    """``user`` is who the request claims to be; believe it only when ``ok``."""

    outcome: AuthOutcome
    user: str | None = None

    @property
    def ok(self) -> bool:
        return self.outcome is AuthOutcome.OK


@dataclass(slots=True)
class DigestChallenger:
    """The server's side for one realm. *now* may be any clock that goes on over restarts as long as *secret* does.

    Unknown users cost the same work and get the same answer as wrong passwords.
    """

    realm: str
    secret: bytes = field(repr=False)
    algorithms: tuple[str, ...] = ("SHA-256", "MD5")
    #: Seconds that a nonce may be used after it was made.
    lifetime: float = 300.0
    #: How many nonces in use are remembered.
    capacity: int = 20_000
    _serial: int = 0
    _counts: OrderedDict[str, int] = field(default_factory=OrderedDict, repr=False)
    #: Nonces made before this that are not remembered may have been used.
    _floor: float = float("-inf")

    def challenge(self, now: float, *, stale: bool = False) -> list[str]:
        """Values for WWW-Authenticate (or Proxy-Authenticate) fields, strongest algorithm first."""
        nonce = self._nonce(now)
        tail = ', qop="auth"' + (", stale=true" if stale else "")
        return [
            f'Digest realm={quote(self.realm)}, nonce="{nonce}", algorithm={algorithm}{tail}'
            for algorithm in self.algorithms
        ]

    def verify(
        self,
        request: Request,
        method: str,
        lookup: Callable[[str, str, str], str | None],
        now: float,
        *,
        header: str = "Authorization",
    ) -> AuthResult:
        """Check the credentials of *request* (*header*: ``Proxy-Authorization`` after a 407)."""
        credentials = self._own(request.headers.get_all(header))
        if credentials is None:
            return AuthResult(AuthOutcome.MISSING)
        user = credentials.get("username", "")
        algorithm = credentials.get("algorithm", "MD5").upper()
        known = algorithm in self.algorithms
        if not known:
            algorithm = self.algorithms[-1]
        qop = credentials.get("qop", "")
        nc = credentials.get("nc", "")
        stored = lookup(user, self.realm, algorithm)
        decoy = self._nobody(user, algorithm)  # made for everybody: its absence could be measured
        expected = digest_response(
            algorithm=algorithm,
            ha1=stored if stored is not None else decoy,
            method=method,
            uri=credentials.get("uri", ""),
            nonce=credentials.get("nonce", ""),
            qop=qop,
            nc=nc,
            cnonce=credentials.get("cnonce", ""),
        )
        given = credentials.get("response", "").lower()
        right = hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogateescape"))
        if qop and (qop != "auth" or not _NC.fullmatch(nc) or not credentials.get("cnonce")):
            right = False
        if not right or not known or stored is None or not _same_target(credentials.get("uri", ""), request.uri):
            return AuthResult(AuthOutcome.WRONG, user)
        if not self._fresh(credentials.get("nonce", ""), int(nc, 16) if qop else 0, now):
            return AuthResult(AuthOutcome.STALE, user)
        return AuthResult(AuthOutcome.OK, user)

    def _own(self, values: Iterable[str]) -> dict[str, str] | None:
        for value in values:
            parameters = parse_digest(value)
            if parameters is not None and parameters.get("realm") == self.realm:
                return parameters
        return None

    def _nonce(self, now: float) -> str:
        self._serial += 1
        stamp = f"{int(now * 1000):x}.{self._serial:x}"
        return f"{stamp}.{self._sign(stamp)}"

    def _sign(self, text: str) -> str:
        return hmac.digest(self.secret, f"nonce {text}".encode("utf-8", "surrogateescape"), "sha256").hex()[:32]

    def _nobody(self, user: str, algorithm: str) -> str:
        key = hmac.digest(self.secret, f"nobody {user}".encode("utf-8", "surrogateescape"), "sha256").hex()
        return key[: _HASHES[algorithm](b"").digest_size * 2]

    def _fresh(self, nonce: str, count: int, now: float) -> bool:
        """Ours, young, and with a count that was never used; notes the count. A count of 0 (no qop) is good once."""
        stamp, _, signature = nonce.rpartition(".")
        if not hmac.compare_digest(self._sign(stamp).encode(), signature.encode("utf-8", "surrogateescape")):
            return False
        made = int(stamp.partition(".")[0], 16) / 1000
        if not -1.0 <= now - made <= self.lifetime:
            return False
        used = self._counts.get(nonce)
        if used is None:
            if made <= self._floor:
                return False
        elif count <= used:
            return False
        self._counts[nonce] = count
        self._counts.move_to_end(nonce)
        self._forget(now)
        return True

    def _forget(self, now: float) -> None:
        counts = self._counts
        while counts:
            oldest = next(iter(counts))
            made = int(oldest.partition(".")[0], 16) / 1000
            if len(counts) <= self.capacity and now - made <= self.lifetime:
                break
            del counts[oldest]
            if now - made <= self.lifetime:
                self._floor = max(self._floor, made)


def _same_target(text: str, uri: Uri) -> bool:
    """The digest covers the resource the request asks for. Parameters may differ: phones leave them out."""
    if text == str(uri):
        return True
    try:
        named = Uri.parse(text)
    except ParseError:
        return False
    return (named.scheme, named.user, named.host, named.port) == (uri.scheme, uri.user, uri.host, uri.port)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What we log in with elsewhere. ``realm``: answer challenges of this realm only ("" = of any)."""

    user: str
    password: str = field(repr=False)
    realm: str = ""


@dataclass(frozen=True, slots=True)
class Authorization:
    """A header field that answers a challenge."""

    name: str
    value: str = field(repr=False)
    realm: str


def answer_challenge(
    response: Response, credentials: Credentials, *, method: str, uri: str, cnonce: str
) -> Authorization | None:
    """Answer a 401 or 407 by the strongest algorithm we know; None when there is no challenge that we can answer."""
    proxy = response.status == 407
    challenges = _challenges(response.headers.get_all("Proxy-Authenticate" if proxy else "WWW-Authenticate"))
    for algorithm in _HASHES:
        for challenge in challenges:
            realm = challenge.get("realm", "")
            if challenge.get("algorithm", "MD5").upper() != algorithm or not challenge.get("nonce"):
                continue
            if credentials.realm and realm != credentials.realm:
                continue
            offered = (
                [q.strip(" \t").lower() for q in challenge.get("qop", "").split(",")] if "qop" in challenge else []
            )
            if offered and "auth" not in offered:
                continue
            qop = "auth" if offered else ""
            fields = [
                ("username", quote(credentials.user)),
                ("realm", quote(realm)),
                ("nonce", quote(challenge["nonce"])),
                ("uri", quote(uri)),
            ]
            proof = digest_response(
                algorithm=algorithm,
                ha1=ha1(credentials.user, realm, credentials.password, algorithm),
                method=method,
                uri=uri,
                nonce=challenge["nonce"],
                qop=qop,
                nc="00000001" if qop else "",
                cnonce=cnonce if qop else "",
            )
            fields += [("response", quote(proof)), ("algorithm", algorithm)]
            if qop:
                fields += [("cnonce", quote(cnonce)), ("qop", qop), ("nc", "00000001")]
            if "opaque" in challenge:
                fields.append(("opaque", quote(challenge["opaque"])))
            value = "Digest " + ", ".join(f"{name}={value}" for name, value in fields)
            return Authorization("Proxy-Authorization" if proxy else "Authorization", value, realm)
    return None


def _challenges(values: Sequence[str]) -> list[dict[str, str]]:
    parsed = (parse_digest(value) for value in values[:10])
    return [challenge for challenge in parsed if challenge is not None]
