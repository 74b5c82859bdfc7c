"""How this user agent names itself: in Via, Contact, Allow, Supported and User-Agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip.flow import Address, Flow, Transport
from sip.uri import Uri

if TYPE_CHECKING:
    from collections.abc import Callable

    from sip.ids import Ids

#: What the endpoint takes: the dialog's methods, and those that it hands up.
METHODS = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "REGISTER", "MESSAGE", "SUBSCRIBE", "NOTIFY", "REFER")


class LocalAgent:
    """``address`` gives the host and port under which the peer of a flow can reach us.

    ``allow`` is the field that a 405 needs; ``abilities`` are those of a request or response that begins a dialog.
    """

    __slots__ = ("abilities", "address", "allow", "extensions", "ids", "methods", "product")

    def __init__(
        self,
        ids: Ids,
        address: Callable[[Flow], Address],
        product: str,
        methods: tuple[str, ...] = METHODS,
        extensions: tuple[str, ...] = (),
    ) -> None:
        self.ids = ids
        self.address = address
        self.product = product
        self.methods = methods
        self.extensions = extensions
        self.allow = ("Allow", ", ".join(methods))
        self.abilities = (self.allow, ("Supported", ", ".join(extensions))) if extensions else (self.allow,)

    def via(self, flow: Flow) -> str:
        """The topmost Via of a new request, with a new branch."""
        host, port = self.address(flow)
        return f"SIP/2.0/{flow.transport.upper()} {bracketed(host)}:{port};branch={self.ids.branch()};rport"

    def contact(self, user: str | None, flow: Flow) -> str:
        host, port = self.address(flow)
        params = () if flow.transport is Transport.UDP else (("transport", flow.transport.value),)
        return f"<{Uri('sip', user or None, bracketed(host), port, params)}>"


def bracketed(host: str) -> str:
    """An IPv6 address as it must stand in a URI or a Via."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
