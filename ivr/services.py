"""Whom the IVR asks: lists and databases, web services, applications that say what to do with the call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from ivr.nodes import Inquiry

#: Besides "ok": who or what was asked about is not known.
UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Webservice(Inquiry):
    """A question over HTTP."""

    kind: ClassVar[str] = "webservice"


@dataclass(frozen=True, slots=True)
class Lookup(Inquiry):
    """A row of a list, a file or a database."""

    kind: ClassVar[str] = "lookup"
