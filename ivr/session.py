"""One caller's way through a flow: `ivr.machine` interpreted over `ivr.progress`.

After every `receive` or `handle_timeout`: drain `next_effect` until None, then re-arm one timer from `next_deadline`.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from ivr import effects as fx
from ivr import labels
from ivr.collecting import Collecting
from ivr.decisions import decide, is_hidden, is_secretive, longest_key, menu_of, next_prompt, prompting, script_of
from ivr.entries import Collect
from ivr.events import Answered, Digit, Event, HungUp, Moved, PromptsFinished, Requeued, Returned, Started
from ivr.forced import ForcedState
from ivr.inquiring import Inquiring
from ivr.machine import DECIDED, DECISIONS, TRANSITIONS, Action, Input, State
from ivr.nodes import (
    DIGITS,
    GOODBYES,
    Answer,
    Echo,
    External,
    Goto,
    HandOff,
    Hours,
    Inquiry,
    Menu,
    MenuAction,
    Music,
    Phone,
    Question,
    Queue,
    Result,
    Say,
    Set,
)
from ivr.progress import CONFIRM, Progress
from ivr.slots import together
from ivr.targets import HANGUP, Target
from ivr.texts import fill, filled
from ivr.verbs import Dial

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from ivr.forced import Forced
    from ivr.nodes import Flow, Slot
    from ivr.slots import Voiced

    #: Local wall time of a monotonic instant in an IANA time zone ("" = the server's).
    LocalTime = Callable[[float, str], datetime]
    #: What is forced for hours of a name at a monotonic instant.
    ForcedLookup = Callable[[str, float], Forced | None]
    #: What campaigns say at these slots to a caller with these variables at a monotonic instant.
    MessageLookup = Callable[[tuple[Slot, ...], Mapping[str, str], float], Sequence[Voiced]]

TRAIL_LIMIT = 32
#: Nodes in which a caller who has left a queue by key still has the place there.
_PASSED_THROUGH = (Menu, Say, Hours, Goto, Collect, Inquiry)


class Session(Inquiring, Collecting):
    """Feed it events and the time; carry out the effects it queues."""

    def __init__(
        self,
        flow: Flow,
        local_time: LocalTime,
        progress: Progress | None = None,
        forced_hours: ForcedLookup | None = None,
        messages: MessageLookup | None = None,
    ) -> None:
        super().__init__(flow, progress)
        self._messages = messages
        self._forced_hours = forced_hours
        self._local_time = local_time

    # --- the five verbs

    def receive(self, event: Event, now: float) -> None:
        """Tell what happened. Events that mean nothing in the present state are ignored."""
        match event:
            case Digit(digit) if digit not in DIGITS:
                return
            case PromptsFinished(play) if play != self.progress.play:
                return
            case Answered(request) if request != self.progress.request:
                return
        self._event = event
        self._feed(_EVENT_INPUTS[type(event)], now)
        self._event = None

    def renew(self, flow: Flow) -> None:
        """Go by *flow* from the next step on: the caller is sent to a place that the flow so far does not know."""
        self.flow = flow
        self.progress.trail = [passed for passed in self.progress.trail if flow.find(passed) is not None]

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
        """Decide until something outside is awaited. Ends: `step_limit` bounds the nodes, each has a finite turn."""
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

    def _menu(self) -> Menu:
        return menu_of(self.flow, self.progress)

    # --- actions

    def _begin(self, now: float) -> None:
        assert isinstance(self._event, Started)
        p = self.progress
        p.language = self._event.language or self.flow.language
        p.target = self._event.entry
        p.data = dict(self._event.variables)
        p.fallbacks = list(self._event.fallbacks)

    def _enter(self, now: float) -> None:
        p = self.progress
        self._leave(now)
        p.node, p.entered_at = p.target, now
        p.steps += 1
        self._journal(now, fx.NodeEntered(p.target))
        self._look_up_messages(now)
        match self._node():
            case Menu(type_ahead=False) | Say(type_ahead=False) | Collect(type_ahead=False):
                self._drop("no-type-ahead", now)
        if p.target.kind == Menu.kind and p.trail[-1:] != [p.target]:
            p.trail = [*p.trail, p.target][-TRAIL_LIMIT:]
        elif not isinstance(self._node(), _PASSED_THROUGH):
            self._take_place(p.target)

    def _look_up_messages(self, now: float) -> None:
        """What campaigns have to say in this menu; whatever changes later, this caller hears what there is now."""
        p = self.progress
        p.voiced = []
        node = self._node()
        if self._messages is None or not isinstance(node, Menu) or not node.slots:
            return
        for message in self._messages(node.slots, p.public | {"language": p.language}, now):
            lost = message.target is not None and self.flow.find(message.target) is None
            p.voiced.append(replace(message, key="", target=None) if lost else message)
            segment = p.public.get("segment", "")
            voiced = fx.MessageVoiced(p.target, message.slot, message.campaign, message.version, segment)
            self._journal(now, voiced)

    def _take_place(self, target: Target) -> None:
        """The caller is somewhere: back in the queue that was left by key, or elsewhere and its place is given up."""
        p = self.progress
        if target in p.trail:
            p.trail = p.trail[: p.trail.index(target)]
        p.trail = [passed for passed in p.trail if passed.kind != Queue.kind]

    def _leave(self, now: float) -> None:
        p = self.progress
        if p.node is not None:
            self._journal(now, fx.NodeLeft(p.node, now - p.entered_at, p.via, p.detail))
        p.node, p.via, p.detail = None, "", ""

    def _first_script(self, now: float) -> None:
        self.progress.attempts, self.progress.phase, self.progress.entry = 0, "", ""
        self._repeat_script(now)

    def _repeat_script(self, now: float) -> None:
        if self.progress.keyed:
            self._choose(now)
        self.progress.intro, self.progress.said = "", 0

    def _retry_script(self, now: float) -> None:
        p = self.progress
        p.attempts += 1
        p.intro, p.said = p.refused, 0

    def _play(self, now: float) -> None:
        """Play the next prompts up to where barge-in changes; a campaign's message alone, to know what was heard."""
        p = self.progress
        p.said = next_prompt(self.flow, p)
        rest = script_of(self.flow, p)[p.said :]
        prompts = tuple(takewhile(lambda prompt: together(rest[0], prompt), rest))
        p.deadlines[Input.PROMPT_LIMIT] = now + self.flow.prompt_limit
        known = p.public | {"value": p.entry} if p.phase == CONFIRM else p.public
        self._start_prompts(tuple(filled(prompt, known) for prompt in prompts), now)

    def _stop(self, now: float) -> None:
        p = self.progress
        self._emit(fx.StopPrompts(p.play))
        by = self._event.digit if isinstance(self._event, Digit) else "limit"
        self._prompts_ended(now, self._shown(by, hidden=len(by) == 1 and is_hidden(self.flow, p)))

    def _note_heard(self, now: float) -> None:
        self._prompts_ended(now, "")

    def _note_digit(self, now: float) -> None:
        assert isinstance(self._event, Digit)
        self._note_key(self._event.digit, now)

    def _note_key(self, digit: str, now: float) -> None:
        self.progress.steps = 0
        shown = self._shown(digit, hidden=is_hidden(self.flow, self.progress))
        self._journal(now, fx.DigitPressed(self._here(), shown))

    def _keep_digit(self, now: float) -> None:
        assert isinstance(self._event, Digit)
        if len(self.progress.kept) >= self.flow.type_ahead_limit:
            digit = self._shown(self._event.digit, hidden=is_secretive(self.flow))
            self._journal(now, fx.DigitsDropped(self._here(), digit, "overflow"))
        else:
            self.progress.kept += self._event.digit

    def _take_digit(self, now: float) -> None:
        p = self.progress
        p.keyed, p.kept = p.keyed + p.kept[0], p.kept[1:]

    def _close_key(self, now: float) -> None:
        self.progress.key_closed = True

    def _start_first_digit(self, now: float) -> None:
        self.progress.deadlines[Input.FIRST_DIGIT] = now + prompting(self.flow, self.progress).timeout

    def _start_inter_digit(self, now: float) -> None:
        self.progress.deadlines[Input.INTER_DIGIT] = now + prompting(self.flow, self.progress).inter_digit

    def _stop_timers(self, now: float) -> None:
        self.progress.deadlines.clear()

    def _refuse_silence(self, now: float) -> None:
        self.progress.refused = "no-input"

    def _refuse_key(self, now: float) -> None:
        """What was typed on after a wrong key was meant for another menu: forget it too."""
        self.progress.refused = "invalid"
        self._drop("invalid", now)

    def _choose(self, now: float) -> str:
        """Take the key out of the digits pressed; digits after it go back to those kept, but a "#" only ends it."""
        p = self.progress
        key = longest_key(self.flow, p)
        rest = p.keyed[len(key) :]
        digits = p.keyed if rest == "#" else key
        p.kept = p.keyed[len(digits) :] + p.kept
        p.keyed, p.key_closed = "", False
        self._journal(now, fx.KeyChosen(self._here(), key, digits))
        return key

    def _follow_key(self, now: float) -> None:
        p = self.progress
        menu = self._menu()
        key = self._choose(now)
        choice = menu.keys[key]
        if isinstance(menu, Question):
            here = self._here()
            self._journal(now, fx.Survey(here, here.base, menu.question, menu.scale, int(key)))
        if isinstance(choice, MenuAction):  # back; repeat never comes here
            p.trail.pop()
            choice = p.trail[-1]
            labels.went_back(p)
        else:
            labels.chose(p, menu, key)
        self._go(choice, f"key {key}")

    def _follow_hours(self, now: float) -> None:
        node = self._node()
        assert isinstance(node, Hours)
        forced = None if self._forced_hours is None else self._forced_hours(node.name, now)
        if forced is not None:
            by_hand = "forced" + (f" by {forced.by}" if forced.by else "")
            ways = {ForcedState.OPEN: node.when_open, ForcedState.SPECIAL: node.when_special or node.when_closed}
            self._go(ways.get(forced.state, node.when_closed), forced.state.value, by_hand)
            return
        verdict = node.rules.at(self._local_time(now, node.timezone))
        self._go(
            node.when_open if verdict.open else node.when_closed, "open" if verdict.open else "closed", verdict.rule
        )

    def _follow_then(self, now: float) -> None:
        node = self._node()
        assert isinstance(node, Say | Goto)
        if isinstance(node, Goto) and (language := fill(node.language, self.progress.data)):
            self.progress.language = language
            self._journal(now, fx.LanguageChosen(self._here(), language))
        if isinstance(node, Set):
            self._know({name: fill(value, self.progress.public) for name, value in node.data.items()}, now)
        if isinstance(node, Goto):
            p = self.progress
            p.priority = p.priority if node.priority is None else node.priority
            p.needs, p.prefer = node.needs or p.needs, node.prefer or p.prefer
        if isinstance(node, Dial):
            self.progress.fallbacks = [node.otherwise]
        self._go(node.then, "then")

    def _follow_refusal(self, now: float) -> None:
        p = self.progress
        node = prompting(self.flow, p)
        if isinstance(node, Collect):
            self._go(node.when_failed, p.refused)
            return
        menu = node
        wrong_key = menu.when_invalid if p.refused == "invalid" else None
        target = wrong_key or menu.when_no_input
        if target == HANGUP and wrong_key is None:  # nobody loses a place in a queue by saying nothing
            target = next((passed for passed in reversed(p.trail) if passed.kind == Queue.kind), target)
        self._go(target, p.refused)

    def _follow_result(self, now: float) -> None:
        assert isinstance(self._event, Returned)
        p, result = self.progress, self._event.result
        node = self._node()
        if result is Result.KEY and isinstance(node, Queue):
            self._follow_exit(node, self._event.key, now)
            return
        outcome = node.outcomes.get(result) if isinstance(node, Queue | Phone | External | HandOff) else None
        if isinstance(node, HandOff) and result is Result.DONE:
            outcome = outcome or node.then
        if p.fallbacks and result is not Result.ENDED and (outcome is None or outcome in GOODBYES.values()):
            outcome = p.fallbacks.pop(0)
        if outcome is None:
            p.result = result
            p.end = fx.EndReason.TALK_ENDED if result is Result.ENDED else fx.EndReason.NOT_CONNECTED
        self._go(outcome or HANGUP, result.value)

    def _follow_move(self, now: float) -> None:
        assert isinstance(self._event, Moved)
        self.progress.steps = 0
        self._go(self._event.target, "transferred")

    def _change_queue(self, now: float) -> None:
        """Whoever is in the queue is in the other one from now on; who is elsewhere comes back to that one."""
        assert isinstance(self._event, Requeued)
        p, left, queue = self.progress, self._event.left, self._event.queue
        p.trail = [queue if passed == left else passed for passed in p.trail]
        if p.node is not None and p.node.kind == Queue.kind:
            p.via = "moved"
            self._leave(now)
            p.node, p.target, p.entered_at = queue, queue, now
            self._journal(now, fx.NodeEntered(queue))

    def _follow_exit(self, queue: Queue, key: str, now: float) -> None:
        if key:
            self._note_key(key, now)
            self._journal(now, fx.KeyChosen(self._here(), key, key))
        self.progress.trail = [*self.progress.trail, queue.target][-TRAIL_LIMIT:]
        self._go(queue.exit_for(key) or queue.target, f"key {key}")

    def _drop_kept(self, now: float) -> None:
        self._drop("left", now)

    def _enter_queue(self, now: float) -> None:
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


_EVENT_INPUTS: dict[type[Event], Input] = {
    Started: Input.STARTED,
    Digit: Input.DIGIT,
    PromptsFinished: Input.PROMPTS_FINISHED,
    Returned: Input.RETURNED,
    Answered: Input.ANSWERED,
    Moved: Input.MOVED,
    Requeued: Input.REQUEUED,
    HungUp: Input.HUNG_UP,
}

_ACTIONS: dict[Action, Callable[[Session, float], None]] = {
    action: getattr(Session, f"_{action.name.lower()}") for action in Action
}
