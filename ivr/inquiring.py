"""Questions to somebody outside, and callers who are handed over: the actions around `Ask` and `HandOver`."""

from __future__ import annotations

from ivr import effects as fx
from ivr.events import OK, Answered, Returned
from ivr.machine import Input
from ivr.nodes import HandOff, Inquiry
from ivr.steps import Steps
from ivr.targets import Target
from ivr.texts import filled
from ivr.verbs import VERBS, Verbs, read_verbs

TIMEOUT = "timeout"


class Inquiring(Steps):
    """Nobody waits for ever: a question that is not answered in time is over, whoever was asked."""

    def _ask(self, now: float) -> None:
        p, node = self.progress, self._inquiry()
        p.request += 1
        p.asked_at = now
        p.deadlines[Input.ASK_LIMIT] = now + node.patience
        if node.filler or node.music:
            p.deadlines[Input.FILLER] = now + node.filler_after
        self._emit(fx.Ask(p.request, node.kind, self._here().base, dict(p.data)))

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
        values = dict(self._event.values)
        if isinstance(self._node(), Verbs):
            self.progress.verbs = read_verbs(values.pop(VERBS)) if VERBS in values else []
        self._know(values, now)

    def _follow_answer(self, now: float) -> None:
        assert isinstance(self._event, Answered)
        self._follow_outcome(self._event.outcome, now)

    def _follow_no_answer(self, now: float) -> None:
        self._follow_outcome(TIMEOUT, now)

    def _follow_outcome(self, outcome: str, now: float) -> None:
        p, node = self.progress, self._inquiry()
        self._journal(now, fx.QuestionAnswered(self._here(), p.request, outcome, now - p.asked_at))
        if outcome != OK:
            self._go(node.outcomes.get(outcome, node.when_failed), outcome)
            return
        for variable, cases in node.when.items():
            value = p.data.get(variable, "")
            if (target := cases.get(value)) is not None:
                self._go(target, OK, variable if variable in p.secrets else f"{variable} = {value}")
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
