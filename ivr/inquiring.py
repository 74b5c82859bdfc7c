"""Questions to somebody outside, and callers who are handed over: the actions around `Ask` and `HandOver`."""

from __future__ import annotations

from ivr import effects as fx
from ivr.events import OK, Answered, Returned
from ivr.machine import Input
from ivr.nodes import HandOff, Inquiry
from ivr.secrecy import tells
from ivr.steps import Steps
from ivr.targets import Target
from ivr.texts import filled
from ivr.verbs import VERBS, Verb, Verbs, VerbsError, read_verbs, targets

#: Outcomes that a session finds by itself: nobody answered in time, or what was answered cannot be carried out.
TIMEOUT, UNREADABLE = "timeout", "unreadable"


class Inquiring(Steps):
    """Nobody waits for ever: a question that is not answered in time is over, whoever was asked."""

    def _ask(self, now: float) -> None:
        p, node = self.progress, self._inquiry()
        p.request += 1
        p.asked_at = now
        p.deadlines[Input.ASK_LIMIT] = now + node.patience
        if node.filler or node.music:
            p.deadlines[Input.FILLER] = now + node.filler_after
        self._emit(fx.Ask(p.request, node.kind, self._here().base, self._told(node)))

    def _told(self, node: Inquiry) -> dict[str, str]:
        """What goes with the question: whoever has a template takes what it mentions, an application gets it all."""
        p = self.progress
        if not isinstance(node, Verbs):
            return dict(p.data)
        own = {name for name, app in p.entrusted.items() if app == self._here().base}
        return {name: value for name, value in p.data.items() if name in own | node.masked or not p.is_secret(name)}

    def _play_filler(self, now: float) -> None:
        prompts = tuple(filled(prompt, self.progress.public) for prompt in self._inquiry().filler)
        if prompts:
            self._start_prompts(prompts, now)
        else:
            self._play_music(now)

    def _play_music(self, now: float) -> None:
        if channel := self._inquiry().music:
            self.progress.music = True
            self._emit(fx.PlayMusic(channel))

    def _stop_filler(self, now: float) -> None:
        p = self.progress
        if p.group or p.music:
            self._emit(fx.StopPrompts(p.play))
        if p.group:
            self._prompts_ended(now, "answered")
        p.music = False
        p.deadlines.clear()

    def _stop_asking(self, now: float) -> None:
        self._emit(fx.StopAsking(self.progress.request))

    def _stop_lost_question(self, now: float) -> None:
        """The node that asked is there no more."""
        self._stop_filler(now)
        self._stop_asking(now)

    def _keep_values(self, now: float) -> None:
        assert isinstance(self._event, Answered | Returned)
        values, node = dict(self._event.values), self._node()
        if isinstance(node, Verbs):
            self.progress.verbs = self._read_verbs(values.pop(VERBS), now) if VERBS in values else []
        self._hear(values, now)
        if isinstance(node, Inquiry) and isinstance(self._event, Answered) and self._event.outcome == OK:
            self._identify(node.customer_id, now)

    def _read_verbs(self, text: str, now: float) -> list[Verb]:
        """None when one of them cannot be carried out in this flow: half of what was wanted is not what was wanted."""
        try:
            verbs = read_verbs(text)
            for target in targets(verbs):
                if self.flow.find(target) is None:
                    raise VerbsError(f"there is no {target}")
            if any(tells(verb["name"], self.progress.entered) for verb in verbs if verb["verb"] == "play"):
                raise VerbsError("a name has in it what was entered masked")
        except VerbsError as error:
            self._journal(now, fx.Trouble(self._here(), str(error)))
            return []
        return verbs

    def _follow_answer(self, now: float) -> None:
        assert isinstance(self._event, Answered)
        outcome = self._event.outcome
        lost = isinstance(self._node(), Verbs) and outcome == OK and not self.progress.verbs
        self._follow_outcome(UNREADABLE if lost else outcome, now)

    def _follow_no_answer(self, now: float) -> None:
        self._follow_outcome(TIMEOUT, now)

    def _follow_outcome(self, outcome: str, now: float) -> None:
        p, node = self.progress, self._inquiry()
        self._journal(now, fx.QuestionAnswered(self._here(), p.request, outcome, now - p.asked_at))
        if outcome != OK:
            self._go(node.outcomes.get(outcome, node.when_failed), outcome)
            return
        self._fall_back_on(node.fallbacks)
        for variable, cases in node.when.items():
            value = p.data.get(variable, "")
            if (target := cases.get(value)) is not None:
                self._go(target, OK, variable if p.is_secret(variable) else f"{variable} = {value}")
                return
        self._go(Target(node.kind, f"{self._here().base}/0") if isinstance(node, Verbs) else node.then, OK)

    def _hand_over(self, now: float) -> None:
        node = self._node()
        assert isinstance(node, HandOff)
        self._emit(fx.HandOver(node.kind, self._here().base, dict(node.options)))

    def _inquiry(self) -> Inquiry:
        node = self._node()
        assert isinstance(node, Inquiry)
        return node
