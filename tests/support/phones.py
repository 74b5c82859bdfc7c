"""Scripted users of SIP endpoints on a simulated network."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sip.events import Answered, Cancelled, Ended, InviteReceived, ReinviteReceived, Rejected
from sip.flow import Transport
from sip.headers import NameAddr
from sip.uri import Uri

if TYPE_CHECKING:
    from sip.events import Event, UsageId
    from tests.support.simnet import Agent

OFFER = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n"
ANSWER = b"v=0\r\no=- 2 1 IN IP4 192.0.2.2\r\n"

Script = Callable[["Event", float], None]


def call(
    caller: Agent,
    callee: Agent,
    now: float = 0.0,
    *,
    user: str = "bob",
    body: bytes = OFFER,
    transport: Transport = Transport.UDP,
    **options: object,
) -> UsageId:
    """An INVITE from *caller* to *callee*."""
    host, port = callee.address
    return caller.endpoint.invite(
        uri=Uri("sip", user, host, port),
        flow=caller.flow_to(callee, transport),
        from_=NameAddr("", Uri("sip", caller.name, "example.com")),
        to=NameAddr("", Uri("sip", user, "example.com")),
        body=body,
        now=now,
        **options,  # type: ignore[arg-type]
    )


def answering(agent: Agent, *, ring: bool = True, body: bytes = ANSWER) -> Script:
    """Rings and answers at once; accepts re-INVITEs."""

    def script(event: Event, now: float) -> None:
        match event:
            case InviteReceived(usage=usage):
                if ring:
                    agent.endpoint.ring(usage, now=now)
                agent.endpoint.answer(usage, body=body, now=now)
            case ReinviteReceived(usage=usage):
                agent.endpoint.accept_reinvite(usage, body=body, now=now)
            case _:
                pass

    return script


def ringing(agent: Agent) -> Script:
    def script(event: Event, now: float) -> None:
        if isinstance(event, InviteReceived):
            agent.endpoint.ring(event.usage, now=now)

    return script


def rejecting(agent: Agent, status: int = 486) -> Script:
    def script(event: Event, now: float) -> None:
        if isinstance(event, InviteReceived):
            agent.endpoint.reject(event.usage, status, now=now)

    return script


def endings(agent: Agent) -> list[Rejected | Cancelled | Ended]:
    """What ended each usage, in order: exactly one event for each."""
    return [event for _, event in agent.events if isinstance(event, Rejected | Cancelled | Ended)]


def begun(agent: Agent) -> list[UsageId]:
    """The usages an agent heard of in events that begin one."""
    return [e.usage for e in agent.told(InviteReceived)] + [e.usage for e in agent.told(Answered)]
