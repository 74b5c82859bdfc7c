"""Callers whom an operator takes out of the order by hand: for an agent, or to a phone, a menu or another place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd.events import CallLeft, LeaveReason
from ivr.events import Moved
from ivr.nodes import Phone, Queue
from ivr.people import AGENT
from ivr.targets import Target
from softswitch.call.model import Stage
from softswitch.call.stages import Input

if TYPE_CHECKING:
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call


def agent_meant(control: CallControl, target: Target, now: float) -> str:
    """The agent to whom *target* leads: by name, or as who works at that phone and is free; empty: to nobody."""
    if target.kind == AGENT:
        return target.name
    agent = control.workplaces.agent_at(target.name) if target.kind == Phone.kind else None
    return "" if agent is None or control.availability.agent(agent, now) else agent


def send_on(control: CallControl, call: Call, target: Target, now: float) -> bool:
    """Send a caller who hears the music of a queue to *target*; False when the caller does not, or not any more, or
    the agent who is meant cannot be rung.

    An agent is rung as for any caller of the queue, who keeps the place until the agent answers. Elsewhere the place is
    given up; who is not taken there waits again, with the age of before.
    """
    if call.stage is not Stage.QUEUED or call.queue is None or control.queues.is_talking(call):
        return False
    if agent := agent_meant(control, target, now):
        return not control.availability.agent(agent, now) and control.queues.picked(call, agent, now)
    queue = Target(Queue.kind, call.queue)
    ticket = None if call.queued_as == call.call else call.queued_as
    control.note("queue.sent_on", call, now, queue=queue.name, target=str(target), ticket=ticket)
    control.queues.take_back(call, CallLeft(call.queued_as, LeaveReason.TRANSFERRED), now)
    if not control.advance(call, Input.RETURN):
        return False
    control.prompts.stop(call)
    call.session.progress.fallbacks = [queue, *call.session.progress.fallbacks]
    control.menus.receive(call, Moved(target), now)
    return True
