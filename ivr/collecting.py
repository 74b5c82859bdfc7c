"""What the caller enters: the actions at collect nodes."""

from __future__ import annotations

from ivr import effects as fx
from ivr.entries import HABIT, Collect
from ivr.keying import END_OF_ENTRY, Keying
from ivr.progress import CONFIRM


class Collecting(Keying):
    """An entry is read, read back where that is wanted, and kept as a variable."""

    def _read_back(self, now: float) -> None:
        """Say what was entered, and ask whether it is right."""
        p, node = self.progress, self._collect()
        p.entry = node.read(p.keyed) or ""
        self._end_entry(now)
        p.phase, p.attempts, p.silences, p.intro, p.said = CONFIRM, 0, 0, "", 0

    def _enter_again(self, now: float) -> None:
        self._choose_answer(now)
        p = self.progress
        p.phase, p.entry, p.intro, p.said = "", "", "", 0

    def _keep_entry(self, now: float) -> None:
        p, node = self.progress, self._collect()
        if p.phase == CONFIRM:
            self._choose_answer(now)
            value = keyed = p.entry
        else:
            keyed = p.keyed.removesuffix(node.ends)
            value = node.read(p.keyed) or ""
            self._end_entry(now)
        p.phase, p.entry = "", ""
        place = str(self._here())
        p.tries[place] = p.tries.get(place, 0) + 1
        if node.secret:
            self._hide(node.variable, keyed, value)
        self._know({node.variable: value}, now)
        self._fall_back_on(node.fallbacks)
        self._go(node.then, "entered")

    def _choose_answer(self, now: float) -> None:
        p = self.progress
        key, p.keyed, p.key_closed = p.keyed, "", False
        self._journal(now, fx.KeyChosen(self._here(), key, key))

    def _end_entry(self, now: float) -> None:
        p = self.progress
        self._expect_habit(now)
        digits, p.keyed, p.key_closed = p.keyed, "", False
        self._journal(now, fx.DigitsEntered(self._here(), self._shown(digits, hidden=self._collect().secret)))
        if p.habit_until and p.kept:
            p.habit_until = 0.0
            if p.kept.startswith(HABIT):
                p.kept = p.kept.removeprefix(HABIT)
                self._journal(now, fx.DigitsDropped(self._here(), HABIT, END_OF_ENTRY))

    def _collect(self) -> Collect:
        node = self._node()
        assert isinstance(node, Collect)
        return node
