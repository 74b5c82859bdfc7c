"""What call control needs from the world, as narrow protocols.

The edges (sockets, media workers, SQLite, speech synthesis) implement them; simulations implement them in memory.
Every verb returns at once: nothing here may wait for a network, a disk or another process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from ivr.nodes import Audio, Prompt, Slot
    from ivr.slots import Voiced
    from ivr.targets import Target
    from rtp.legs import LegSpec
    from sip.auth import Credentials
    from sip.flow import Flow
    from sip.headers import NameAddr
    from sip.refer import DialogId
    from sip.registrar import Binding
    from sip.uri import Uri
    from softswitch.config import Config
    from softswitch.messages import Message, Request


class Clock(Protocol):
    """Wall time belonging to a monotonic instant; *timezone* is an IANA name, empty for the switch's."""

    def wall(self, now: float) -> float: ...
    def local(self, now: float, timezone: str = "") -> datetime: ...


class SipSender(Protocol):
    """The transaction user's verbs of `sip.endpoint.SipEndpoint`."""

    def respond(
        self,
        transaction: str,
        status: int,
        reason: str = "",
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        content_type: str = "",
        *,
        now: float,
    ) -> None: ...
    def invite(
        self,
        *,
        uri: Uri,
        flow: Flow,
        from_: NameAddr,
        to: NameAddr,
        contact_user: str = "",
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        content_type: str = "application/sdp",
        now: float,
        auth: Credentials | None = None,
    ) -> str: ...
    def ring(
        self,
        usage: str,
        status: int = 180,
        *,
        body: bytes = b"",
        headers: Sequence[tuple[str, str]] = (),
        now: float,
    ) -> None: ...
    def answer(self, usage: str, *, body: bytes, headers: Sequence[tuple[str, str]] = (), now: float) -> None: ...
    def reject(
        self, usage: str, status: int, reason: str = "", headers: Sequence[tuple[str, str]] = (), *, now: float
    ) -> None: ...
    def was_heard(self, usage: str) -> bool: ...
    def hang_up(self, usage: str, *, headers: Sequence[tuple[str, str]] = (), now: float) -> None: ...
    def request(
        self,
        method: str,
        *,
        uri: Uri,
        flow: Flow,
        from_: NameAddr,
        to: NameAddr,
        contact_user: str = "",
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        content_type: str = "",
        auth: Credentials | None = None,
        call_id: str = "",
        cseq: int = 1,
        now: float,
    ) -> str: ...
    def usage_of(self, dialog: DialogId) -> str | None: ...
    def accept_refer(self, transaction: str, flow: Flow, *, subscribe: bool = True, now: float) -> str: ...
    def tell_referrer(
        self, subscription: str, status: int, reason: str = "", *, last: bool = False, now: float
    ) -> None: ...
    def accept_subscription(
        self, transaction: str, flow: Flow, *, event: str, expires: int, body: bytes, content_type: str, now: float
    ) -> str: ...
    def tell_watcher(self, watcher: str, body: bytes, content_type: str, *, now: float) -> bool: ...
    def accept_reinvite(self, usage: str, *, body: bytes, now: float) -> None: ...
    def reject_reinvite(self, usage: str, status: int, *, now: float) -> None: ...


class Media(Protocol):
    """Desired state of media legs; `softswitch.media` carries it out."""

    def allocate(
        self, leg: int, candidate_ips: Sequence[str], *, signalled_ip: str | None = None, near: int | None = None
    ) -> int:
        """Reserve a lane for *leg*, beside the leg *near* that it will be bridged with, and return its RTP port.

        Raises `rtp.lanes.NoPortLeft`.
        """

    def put_leg(self, spec: LegSpec) -> None: ...
    def remove_leg(self, leg: int) -> None: ...
    def discard_recording(self, path: str) -> None:
        """Delete a recording that is complete."""


class Journal(Protocol):
    """Append-only record of what happened; durable soon after, and waited for only where somebody is promised it."""

    def append(self, kind: str, call: str | None, data: Mapping[str, object], *, at: float) -> None:
        """*at* is wall time in seconds since the epoch."""

    def barrier(self, mark: str) -> None:
        """Whoever built the port is told *mark* once everything appended so far is durable, or never will be."""


class BindingStore(Protocol):
    """Where registrations outlast a restart."""

    def put(self, binding: Binding, now: float) -> None:
        """Keep *binding*, new or refreshed."""

    def remove(self, binding: Binding) -> None: ...


class Voice(Protocol):
    """Where the audio of something to say is."""

    def find(self, prompt: Prompt, language: str) -> str | None:
        """The audio file, recorded or rendered.

        None while it is being rendered: whoever built the port is told when it is there. An empty string when it
        cannot be said: the text is missing, or its rendering failed.
        """

    def fetched(self, audio: Audio, language: str) -> str | None:
        """The recording that somebody else keeps, if it is here now and can be played."""

    def unfit(self, prompt: Prompt, language: str) -> Sequence[str]:
        """Placeholders of *prompt* whose values do not fit their form, and are said as they stand or left out."""

    def seconds(self, path: str) -> float | None:
        """How long the audio file is; None when that cannot be told."""


class Campaigns(Protocol):
    """What campaigns say at the slots of menus."""

    def messages(self, slots: tuple[Slot, ...], variables: Mapping[str, str], now: float) -> Sequence[Voiced]:
        """What a caller with these variables hears who enters a menu with these slots."""

    def pulled(
        self,
        slot: str,
        values: Mapping[str, str],
        variables: Mapping[str, str],
        now: float,
        *,
        call: str = "",
        beside: Sequence[str] = (),
    ) -> tuple[Voiced, ...] | None:
        """What a caller with these variables hears by the answer that was given for *slot*; None: it cannot be used.

        *beside*: keys of messages that the caller of *call* is to hear in the same menu.
        """

    def percents(self, place: Target) -> Mapping[Target, float]:
        """What share of the callers each version of *place* has, where somebody has set it."""

    def told(self, number: str, call: str, key: str, now: float, *, customer_id: str = "") -> None:
        """Message *key* begins to play to a caller with this number, or who is this customer."""

    def opted(self, number: str, call: str, now: float, *, out: bool, by: str = "caller") -> None:
        """A caller wants no offers any more (*out*), or wants them again; *by* says so."""

    def preview(self, dialled: str) -> tuple[Prompt, ...] | None:
        """What is bound, drafts too, where *dialled* is a number for that; None where it is not."""


class Oracle(Protocol):
    """Somebody who can find things out, and may take a while."""

    def ask(self, question: int, kind: str, name: str, variables: Mapping[str, str], config: Config) -> None:
        """*kind* and *name* say who of *config* is asked, as in ``webservice:parcel``; *variables* may hold secrets.

        Whoever built the port is told the answer, later and once.
        """

    def forget(self, question: int) -> None:
        """Nobody waits for the answer; one that was given already may be forgotten too."""


class Flows(Protocol):
    """How to reach a fixed SIP address."""

    def flow_to(self, uri: Uri) -> Flow | None:
        """The flow to *uri*, or None while its name is not resolved."""

    def keep(self, flow: Flow, until: float) -> None:
        """Do not close the connection of *flow* for idleness before *until*; nothing to do for UDP."""

    def advertised_ip(self, flow: Flow) -> str:
        """Our address as the party at the other end of *flow* reaches it; goes into SDP."""


class Mailroom(Protocol):
    """The audio files of messages, and the mail about them and about requests to be called back."""

    @property
    def trouble(self) -> str:
        """Why no message can be recorded now; empty when one can."""

    def path(self, message: Message) -> str:
        """Where the audio of *message* is, or will be."""

    def post(self, item: Message | Request) -> None:
        """Send the mail about *item*, whose row is durable."""

    def withdraw(self, request: Request) -> None:
        """Whoever has been mailed about *request*, which is no more, is told so."""

    def salvage(self, message: Message) -> None:
        """Look before long at what is in the file of *message*, which nobody has completed: it may be a message."""

    def discard(self, message: Message) -> None:
        """Delete the audio."""
