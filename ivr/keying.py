"""What the caller keys: digits kept, digits of the key being pressed, and the clocks between them."""

from __future__ import annotations

from ivr import effects as fx
from ivr.decisions import is_hidden, is_secretive, longest_key, prompting
from ivr.entries import HABIT, HABIT_SECONDS, Collect
from ivr.events import Digit
from ivr.machine import Input
from ivr.progress import CONFIRM
from ivr.steps import Steps

#: Why a key of habit leads nowhere.
END_OF_ENTRY = "end-of-entry"


class Keying(Steps):
    """The actions around digits."""

    def _note_digit(self, now: float) -> None:
        assert isinstance(self._event, Digit)
        self._note_key(self._event.digit, now)

    def _note_key(self, digit: str, now: float) -> None:
        self.progress.steps = 0
        shown = self._shown(digit, hidden=is_hidden(self.flow, self.progress, digit))
        self._journal(now, fx.DigitPressed(self._here(), shown))

    def belongs_to_entry(self, digit: str, now: float) -> bool:
        """Whether *digit*, of a caller who may be elsewhere by now, is only the end of an entry that needed none."""
        p, until = self.progress, self.progress.habit_until
        p.habit_until = 0.0
        if digit != HABIT or now >= until or p.node is None:
            return False
        self._journal(now, fx.DigitPressed(p.node, digit))
        self._journal(now, fx.DigitsDropped(p.node, digit, END_OF_ENTRY))
        return True

    def _expect_habit(self, now: float) -> None:
        """The entry is as long as it can be: whoever is used to it presses "#" now."""
        p, node = self.progress, self._node()
        if isinstance(node, Collect) and not node.end and p.phase != CONFIRM and len(p.keyed) >= node.longest:
            p.habit_until = now + min(node.inter_digit, HABIT_SECONDS)

    def _keep_digit(self, now: float) -> None:
        assert isinstance(self._event, Digit)
        if len(self.progress.kept) >= self.flow.type_ahead_limit:
            digit = self._shown(self._event.digit, hidden=is_secretive(self.flow, self.progress))
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
        if not self.progress.kept:
            self._expect_habit(now)
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
