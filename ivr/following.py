"""Where the caller goes from here: by key, by the hours, by what came of it elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivr import effects as fx
from ivr import labels
from ivr.arriving import Arriving
from ivr.decisions import menu_of, prompting
from ivr.entries import Collect
from ivr.events import Moved, Requeued, Returned
from ivr.forced import ForcedState
from ivr.keying import Keying
from ivr.nodes import (
    GOODBYES,
    NOT_CONNECTED,
    External,
    Goto,
    HandOff,
    Hours,
    MenuAction,
    Phone,
    Question,
    Queue,
    Result,
    Say,
    Set,
)
from ivr.secrecy import secret_names
from ivr.slots import IN_AGAIN, OPTED_OUT
from ivr.targets import HANGUP
from ivr.texts import LANGUAGES, fill
from ivr.verbs import Dial, Verbs

if TYPE_CHECKING:
    from ivr.steps import ForcedLookup, LocalTime
    from ivr.targets import Target


#: What nobody has asked for: where a route says what follows, that follows.
_LAST_WORDS = (*GOODBYES.values(), NOT_CONNECTED)

#: The variable that telephones show, and `label` of a set is.
LABEL = "label"


class Following(Keying, Arriving):
    """The actions that choose the next node."""

    _local_time: LocalTime
    _forced_hours: ForcedLookup | None

    def _follow_key(self, now: float) -> None:
        p = self.progress
        menu = menu_of(self.flow, self.progress)
        key = self._choose(now)
        choice = menu.keys[key]
        if isinstance(menu, Question):
            here = self._here()
            self._journal(now, fx.Survey(here, here.base, menu.question, menu.scale, int(key)))
        if isinstance(choice, MenuAction):  # back; repeat never comes here
            p.trail.pop()
            choice = p.trail[-1]
            labels.went_back(p)
        elif not isinstance(menu, Question):  # an answer is no choice
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
        if isinstance(node, Set):
            (self._hear if self._here().kind == Verbs.kind else self._know)(self._values(node), now)
            self._identify(node.customer_id, now)
        if isinstance(node, Goto) and node.language:
            self._speak(node.language, now)
        if isinstance(node, Goto):
            p = self.progress
            p.priority = p.priority if node.priority is None else node.priority
            p.needs, p.prefer = node.needs or p.needs, node.prefer or p.prefer
        if isinstance(node, Set) and node.optout is not None:
            self._know({OPTED_OUT: "true" if node.optout else IN_AGAIN}, now)
            self._emit(fx.OptOut(node.optout))
        version = self._version(node.target, node, now) if isinstance(node, Goto) else None
        self._fall_back_on(node.fallbacks if isinstance(node, Goto) else ())
        if isinstance(node, Dial):
            self.progress.fallbacks = [node.otherwise]
        self._go(version or node.then, "then")

    def _values(self, node: Set) -> dict[str, str]:
        """What the variables of *node* are for this caller; its label may mention the others."""
        p, known = self.progress, self.progress.public
        values = {name: fill(value, known) for name, value in node.data.items()}
        if LABEL in node.data:
            others = {name: value for name, value in values.items() if name != LABEL}
            secret = secret_names(self.flow)  # some may not be entered yet
            told = {name: value for name, value in others.items() if name not in secret and not p.is_secret(name)}
            values[LABEL] = fill(node.data[LABEL], known | told)
        return values

    def _speak(self, wanted: str, now: float) -> None:
        """The language may come from a list or a web service; one that there is not changes nothing."""
        language = fill(wanted, self.progress.data).strip().lower()
        if language in LANGUAGES:
            self.progress.language = language
            self._journal(now, fx.LanguageChosen(self._here(), language))
        elif language:
            told = fill(wanted, self.progress.public)
            what = f'"{told}" is none of the languages {", ".join(LANGUAGES)}; it stays {self.progress.language}'
            self._journal(now, fx.Trouble(self._here(), what))

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

    def _follow_no_try(self, now: float) -> None:
        node = self._node()
        assert isinstance(node, Collect)
        self._go(node.when_failed, "no-try-left")

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
        if p.fallbacks and result is not Result.ENDED and (outcome is None or outcome in _LAST_WORDS):
            outcome = p.fallbacks.pop(0)
        if outcome is None and result is Result.ENDED and p.afterwards is not None:
            outcome, p.afterwards = self._there(p.afterwards), None
        if outcome is None:
            p.result = result
            p.end = fx.EndReason.TALK_ENDED if result is Result.ENDED else fx.EndReason.NOT_CONNECTED
        self._go(outcome or HANGUP, result.value)

    def _there(self, target: Target) -> Target | None:
        """*target*, unless the flow has no such place any more."""
        return None if self.flow.find(target) is None else target

    def _follow_move(self, now: float) -> None:
        assert isinstance(self._event, Moved)
        p, node = self.progress, self._node()
        p.steps = 0
        if isinstance(node, Queue):
            p.afterwards = node.outcomes.get(Result.ENDED)
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
        self._lengthen_trail(queue.target)
        self._go(queue.exit_for(key) or queue.target, f"key {key}")
