"""Whom the IVR asks: lists and databases, web services and gateways for text messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from ivr.nodes import Inquiry

#: Besides "ok": who or what was asked about is not known.
UNKNOWN: Final = "unknown"
#: Of a text message: there is no number that it could be sent to, and nobody was asked.
NO_NUMBER: Final = "no-number"


@dataclass(frozen=True, slots=True)
class Webservice(Inquiry):
    """A question over HTTP."""

    kind: ClassVar[str] = "webservice"


@dataclass(frozen=True, slots=True)
class Sms(Inquiry):
    """A text message, which a gateway is asked to send."""

    kind: ClassVar[str] = "sms"


@dataclass(frozen=True, slots=True)
class Lookup(Inquiry):
    """A row of a list, a file or a database."""

    kind: ClassVar[str] = "lookup"
