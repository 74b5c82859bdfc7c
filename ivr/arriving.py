"""Coming to a node, leaving it, and being given to whoever has the caller there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivr import effects as fx
from ivr import labels
from ivr.entries import Collect
from ivr.nodes import NOT_CONNECTED, Answer, Echo, External, Goto, Hours, Inquiry, Menu, Music, Phone, Queue, Say
from ivr.pulling import Pulling
from ivr.verbs import is_verb
from ivr.versions import Versions

if TYPE_CHECKING:
    from ivr.targets import Target

TRAIL_LIMIT = 32
#: Nodes that a caller may pass in every second for ever, `Flow.step_limit` of them at once: circles in which something
#: is said or somebody is asked go on as long as the caller likes, those in which no time passes are found at once.
STEPS_A_SECOND = 10
#: Nodes in which a caller who has left a queue by key still has the place there.
_PASSED_THROUGH = (Menu, Say, Hours, Goto, Collect, Inquiry)


class Arriving(Pulling, Versions):
    """The actions on arrival and at the end."""

    def _enter(self, now: float) -> None:
        p = self.progress
        self._leave(now)
        p.steps = max(0, p.steps - int((now - p.entered_at) * STEPS_A_SECOND)) + (not is_verb(p.target))
        p.node, p.entered_at = p.target, now
        p.chosen_version = ""
        self._journal(now, fx.NodeEntered(p.target))
        self._look_up_messages(now)
        match self._node():
            case Menu(type_ahead=False) | Say(type_ahead=False) | Collect(type_ahead=False):
                self._drop("no-type-ahead", now)
        if p.target.kind == Menu.kind and p.trail[-1:] != [p.target]:
            self._lengthen_trail(p.target)
        elif not isinstance(self._node(), _PASSED_THROUGH):
            self._take_place(p.target)

    def _take_place(self, target: Target) -> None:
        """The caller is somewhere: back in the queue that was left by key, or elsewhere and its place is given up."""
        p = self.progress
        before = p.trail.index(target) if target in p.trail else len(p.trail)
        labels.keep_trail(p, [n for n, passed in enumerate(p.trail[:before]) if passed.kind != Queue.kind])

    def _lengthen_trail(self, target: Target) -> None:
        p = self.progress
        p.trail = [*p.trail, target]
        labels.keep_trail(p, range(len(p.trail))[-TRAIL_LIMIT:])

    def _leave(self, now: float) -> None:
        p = self.progress
        if p.node is not None:
            self._journal(now, fx.NodeLeft(p.node, now - p.entered_at, p.via, p.detail))
        p.node, p.via, p.detail = None, "", ""

    def _drop_kept(self, now: float) -> None:
        self._drop("left", now)

    def _enter_queue(self, now: float) -> None:
        self.progress.afterwards = None  # this one says for itself what follows the conversation
        self._emit(fx.EnterQueue(self._here().name))

    def _call_phone(self, now: float) -> None:
        node = self._node()
        assert isinstance(node, Phone)
        self._emit(fx.CallPhone(node.name, node.ring_timeout))

    def _call_number(self, now: float) -> None:
        node = self._node()
        assert isinstance(node, External)
        self._emit(fx.CallNumber(node.target.number, node.target.trunk, node.ring_timeout))

    def _connect(self, now: float) -> None:
        node = self._node()
        assert isinstance(node, Echo | Music | Answer)
        self._emit(fx.Connect(node))

    def _follow_not_there(self, now: float) -> None:
        """A place that there is not takes nobody, as a phone that is nowhere; what led there stays as it was."""
        p = self.progress
        instead = self._filled(p.fallbacks.pop(0)) if p.fallbacks else NOT_CONNECTED
        self._journal(now, fx.NotThere(p.target, instead))
        p.target = instead

    def _follow_circle(self, now: float) -> None:
        """Nobody is hung up on without a word."""
        p = self.progress
        self._journal(now, fx.Trouble(self._here(), f"goes round without end: {NOT_CONNECTED} in place of {p.target}"))
        p.end, p.target = fx.EndReason.STEP_LIMIT, NOT_CONNECTED

    def _blame_target(self, now: float) -> None:
        self.progress.end = fx.EndReason.UNKNOWN_TARGET

    def _blame_steps(self, now: float) -> None:
        self.progress.end = fx.EndReason.STEP_LIMIT

    def _hang_up(self, now: float) -> None:
        p = self.progress
        p.via = p.via or p.end.value
        self._leave(now)
        self._journal(now, fx.FlowEnded(p.end))
        self._emit(fx.HangUp(p.end, p.result))

    def _leave_hung_up(self, now: float) -> None:
        p = self.progress
        if p.group:
            self._prompts_ended(now, "hung-up")
        self._drop("left", now)
        p.deadlines.clear()
        p.end, p.via = fx.EndReason.CALLER_HUNG_UP, "hung-up"
        self._leave(now)
        self._journal(now, fx.FlowEnded(p.end))
