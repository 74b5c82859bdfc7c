"""One caller's way through a flow: `ivr.machine` interpreted over `ivr.progress`.

After every `receive` or `handle_timeout`: drain `next_effect` until None, then re-arm one timer from `next_deadline`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ivr.collecting import Collecting
from ivr.decisions import decide
from ivr.events import (
    Answered,
    Digit,
    Event,
    HungUp,
    Moved,
    PromptsFinished,
    PromptsTimed,
    Pulled,
    Requeued,
    Returned,
    Started,
)
from ivr.following import Following
from ivr.inquiring import Inquiring
from ivr.labels import keep_trail
from ivr.machine import DECIDED, DECISIONS, TRANSITIONS, Action, Input, State
from ivr.nodes import DIGITS
from ivr.progress import Progress
from ivr.secrecy import secret_names
from ivr.speaking import Speaking

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ivr import effects as fx
    from ivr.nodes import Flow
    from ivr.steps import ForcedLookup, LocalTime, MessageLookup, RolloutLookup


class Session(Following, Speaking, Inquiring, Collecting):
    """Feed it events and the time; carry out the effects it queues."""

    def __init__(
        self,
        flow: Flow,
        local_time: LocalTime,
        progress: Progress | None = None,
        forced_hours: ForcedLookup | None = None,
        messages: MessageLookup | None = None,
        rollouts: RolloutLookup | None = None,
    ) -> None:
        super().__init__(flow, progress)
        self._rollouts = rollouts
        self._messages = messages
        self._forced_hours = forced_hours
        self._local_time = local_time

    # --- the five verbs

    def receive(self, event: Event, now: float) -> None:
        """Tell what happened. Events that mean nothing in the present state are ignored."""
        match event:
            case Digit(digit) if digit not in DIGITS:
                return
            case PromptsTimed(play) | PromptsFinished(play) if play != self.progress.play:
                return
            case Answered(request) if request != self.progress.request:
                return
            case Digit(digit) if self.belongs_to_entry(digit, now):
                return
        self._event = event
        self._feed(_EVENT_INPUTS[type(event)], now)
        self._event = None

    def renew(self, flow: Flow) -> None:
        """Go by *flow* from the next step on: the caller is sent to a place that the flow so far does not know."""
        self.flow = flow
        keep_trail(self.progress, [n for n, passed in enumerate(self.progress.trail) if flow.find(passed) is not None])

    def next_deadline(self) -> float | None:
        return min(self.progress.deadlines.values(), default=None)

    def handle_timeout(self, now: float) -> None:
        """Fire what is due by *now*, earliest first, each at its own time."""
        deadlines = self.progress.deadlines
        while due := [(at, timer.value, timer) for timer, at in deadlines.items() if at <= now]:
            at, _, timer = min(due)
            del deadlines[timer]
            self._feed(timer, at)

    def next_effect(self) -> fx.Effect | None:
        return self._effects.popleft() if self._effects else None

    @property
    def ended(self) -> bool:
        return self.progress.state is State.ENDED

    # --- across restarts

    def snapshot(self, now: float) -> dict[str, Any]:
        """The session as plain data (JSON types). Drain the effects first: they are not part of it."""
        if self._effects:
            raise ValueError("effects are waiting to be carried out")
        return self.progress.to_dict(now)

    @classmethod
    def restore(cls, flow: Flow, local_time: LocalTime, data: Mapping[str, Any], now: float) -> Session:
        """Go on where `snapshot` was taken. A caller who stands at a node the flow no longer has is hung up on."""
        session = cls(flow, local_time, Progress.from_dict(data, now))
        session._leave_lost_node(now)
        return session

    def _leave_lost_node(self, now: float) -> None:
        p = self.progress
        if p.node is None or p.state in (State.ENDED, State.AWAY, State.CONNECTED) or self._node():
            return
        if p.state in (State.SPEAKING, State.INSISTING):
            self._stop(now)
        elif p.state is State.ASKING:
            self._stop_lost_question(now)
        p.deadlines.clear()
        p.target, p.state = p.node, State.ROUTING
        self._settle(now)

    # --- the interpreter

    def _feed(self, happened: Input, now: float) -> None:
        if self._step(happened, now):
            self._settle(now)

    def _settle(self, now: float) -> None:
        """Decide until something outside is awaited. Ends: nodes are bounded by `step_limit`, a turn is finite."""
        while self.progress.state in DECIDED:
            self._step(decide(self.flow, self.progress), now)

    def _step(self, happened: Input, now: float) -> bool:
        transition = TRANSITIONS.get((self.progress.state, happened))
        if transition is None:
            assert happened not in DECISIONS, (self.progress.state, happened)
            return False
        self.progress.state, actions = transition
        for action in actions:
            _ACTIONS[action](self, now)
        return True

    # --- actions

    def _begin(self, now: float) -> None:
        assert isinstance(self._event, Started)
        p = self.progress
        p.language = self._event.language or self.flow.language
        p.target = self._event.entry
        p.data = dict(self._event.variables)
        p.secrets = sorted({*p.secrets, *(secret_names(self.flow) & p.data.keys())})
        p.fallbacks = list(self._event.fallbacks)


_EVENT_INPUTS: dict[type[Event], Input] = {
    Started: Input.STARTED,
    Digit: Input.DIGIT,
    PromptsTimed: Input.PROMPTS_TIMED,
    PromptsFinished: Input.PROMPTS_FINISHED,
    Returned: Input.RETURNED,
    Answered: Input.ANSWERED,
    Pulled: Input.PULLED,
    Moved: Input.MOVED,
    Requeued: Input.REQUEUED,
    HungUp: Input.HUNG_UP,
}

_ACTIONS: dict[Action, Callable[[Session, float], None]] = {
    action: getattr(Session, f"_{action.name.lower()}") for action in Action
}
