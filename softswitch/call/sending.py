"""Callers whom an operator takes out of the queue by hand and sends somewhere: to an agent, a phone, a menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd.events import CallLeft, LeaveReason
from ivr.events import Moved
from ivr.nodes import Queue
from ivr.targets import Target
from softswitch.call.model import Stage
from softswitch.call.stages import Input

if TYPE_CHECKING:
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call


def send_on(control: CallControl, call: Call, target: Target, now: float) -> bool:
    """Send a caller who hears the music of a queue to *target*; False when the caller does not, or not any more.

    Who is not taken there waits again, with the age of before.
    """
    if call.stage is not Stage.QUEUED or call.queue is None or control.queues.is_talking(call):
        return False
    queue = Target(Queue.kind, call.queue)
    control.queues.take_back(call, CallLeft(call.queued_as, LeaveReason.TRANSFERRED), now)
    if not control.advance(call, Input.RETURN):
        return False
    control.prompts.stop(call)
    control.note("queue.sent_on", call, now, queue=queue.name, target=str(target))
    call.session.progress.fallbacks = [queue, *call.session.progress.fallbacks]
    control.menus.receive(call, Moved(target), now)
    return True
