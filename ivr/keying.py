"""What the caller keys: digits kept, digits of the key being pressed, and the clocks between them."""

from __future__ import annotations

from ivr import effects as fx
from ivr.decisions import is_hidden, is_secretive, longest_key, prompting
from ivr.events import Digit
from ivr.machine import Input
from ivr.steps import Steps


class Keying(Steps):
    """The actions around digits."""

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
