"""The `record` node: the table of `softswitch.call.recording.states`, carried out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ivr.events import Returned
from ivr.nodes import Prompt, Result
from ivr.rooms import Record as RecordNode
from ivr.targets import Target
from rtp.legs import Silence
from softswitch.call.menus.handlers import Handler
from softswitch.call.recording.states import TRANSITIONS, Action, Input, State
from softswitch.call.timers import Timers

if TYPE_CHECKING:
    from ivr.effects import Ask, HandOver
    from rtp.legs import Recorded
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call, Leg
    from softswitch.config.words.rooms import Record

FOLDER = "recordings"
BEEP = "tone:beep"
KEEP, AGAIN = "1", "2"
#: Seconds for the answer whether to keep it; who says nothing keeps it.
REVIEW = 6.0
#: How often there may be nothing to be heard.
TRIES = 3
TOO_SHORT, REVIEW_WORDS = Prompt("recording-too-short"), Prompt("recording-review")


@dataclass(slots=True)
class Session:
    """One caller who is being recorded."""

    call: Call
    words: Record
    name: str
    say: tuple[Prompt, ...]
    state: State = State.ASKING
    take: int = 0
    tries: int = 0
    path: str = ""
    seconds: float = 0.0
    problem: str = ""


class Recording(Handler):
    """All callers who are being recorded now."""

    def __init__(self, control: CallControl) -> None:
        self._control = control
        self._sessions: dict[str, Session] = {}
        self._timers: Timers[str] = Timers()

    def __len__(self) -> int:
        return len(self._sessions) + len(self._timers)

    # ------------------------------------------------------------------------------------------------ the caller
    def begin(self, call: Call, leg: Leg, effect: Ask | HandOver, now: float) -> None:
        control, words = self._control, call.config.records.get(effect.name)
        control.queues.leave_place(call, now)
        if words is None:
            control.later(now, lambda at: control.menus.receive(call, Returned(Result.FAILED), at), call=call.call)
            return
        control.answer(call, leg, now)
        leg.detect_inband = True  # keys may come as tones, and are to be kept off the recording
        control.transfers.took(call, now)
        node = call.session.flow.find(Target(effect.kind, effect.name))
        say = node.say if isinstance(node, RecordNode) else ()
        self._sessions[call.call] = session = Session(call, words, effect.name, say)
        self._say(session, say, now)

    def pressed(self, call: Call, digit: str, now: float) -> None:
        if (session := self._sessions.get(call.call)) is None:
            return
        match session.state:
            case State.ASKING | State.APOLOGISING:
                self._control.prompts.stop(call)
                self._feed(session, Input.SAID, now)
            case State.RECORDING if digit == session.words.end_key:
                self._feed(session, Input.END_KEY, now)
            case State.REVIEWING if digit in (KEEP, AGAIN):
                self._feed(session, Input.KEEP if digit == KEEP else Input.AGAIN, now)
            case State.REVIEWING:
                self._ask_to_keep(session, now)

    def cancel(self, call: Call, now: float) -> None:
        """The caller is gone: what they have said is kept, and stands in the journal."""
        if (session := self._sessions.get(call.call)) is not None:
            self._feed(session, Input.GONE, now)

    # ------------------------------------------------------------------------------------------------ what happens
    def next_deadline(self) -> float | None:
        return self._timers.next_deadline()

    def handle_timeout(self, now: float) -> None:
        while (name := self._timers.pop_due(now)) is not None:
            if (session := self._sessions.get(name)) is not None:
                with self._control.contain(name, now):
                    self._feed(session, Input.SILENT, now)

    def _recorded(self, session: Session, event: Recorded, now: float) -> None:
        """The file is complete, or there is none."""
        words, session.seconds = session.words, event.seconds
        if event.problem:
            session.problem = event.problem
            self._note(session, "record.trouble", now, why=event.problem)
        short = event.seconds < words.min_seconds or event.voiced < min(words.min_seconds, words.max_seconds)
        if session.state is State.OVER:
            if not short:
                self._note(session, "record.kept", now, hung_up=True)
            else:
                self._control.recordings.discard(event.path)
        elif event.problem and short:
            self._feed(session, Input.FAILED, now)
        elif short:
            session.tries += 1
            self._feed(session, Input.SHORT_AGAIN if session.tries >= TRIES else Input.SHORT, now)
        else:
            self._feed(session, Input.GOOD, now)

    # ------------------------------------------------------------------------------------------------ the table
    def _feed(self, session: Session, event: Input, now: float) -> None:
        transition = TRANSITIONS.get((session.state, event))
        if transition is None:
            return
        self._timers.set(session.call.call, None)
        session.state, actions = transition
        if session.state is State.OVER:
            self._sessions.pop(session.call.call, None)
        for action in actions:
            self._carry_out(session, action, now)

    def _carry_out(self, session: Session, action: Action, now: float) -> None:
        control, call = self._control, session.call
        leg = control.legs.get(call.a_leg)
        match action:
            case Action.BEEP if leg is not None:
                if session.words.beep:
                    control.prompts.sound(leg, (BEEP,), now, lambda at: self._feed(session, Input.BEEPED, at))
                else:
                    control.later(now, lambda at: self._feed(session, Input.BEEPED, at), call=call.call)
            case Action.RECORD if leg is not None:
                self._record(session, leg)
            case Action.STOP if leg is not None:
                control.recordings.stop(leg, now)
            case Action.APOLOGISE:
                self._say(session, (TOO_SHORT, *session.say), now)
            case Action.ASK_TO_KEEP if session.words.review:
                self._ask_to_keep(session, now)
            case Action.ASK_TO_KEEP:
                self._feed(session, Input.KEEP, now)
            case Action.DISCARD:
                control.recordings.discard(session.path)
            case Action.RETURN:
                self._note(session, "record.kept", now)
                variable = session.words.variable
                values = {variable: session.path, f"{variable}_seconds": str(round(session.seconds))}
                self._return(session, Returned(Result.DONE, values=values), now)
            case Action.GIVE_UP:
                self._return(session, Returned(Result.FAILED), now)
            case Action.KEEP_FOR_NOBODY if session.seconds:
                self._note(session, "record.kept", now, hung_up=True)

    def _record(self, session: Session, leg: Leg) -> None:
        session.take += 1
        session.seconds = 0.0
        folder = Path(session.call.config.server.data_dir).absolute() / FOLDER / session.name
        session.path = str(folder / f"{session.call.call}-{session.take}.wav")
        self._control.legs.hear(leg, Silence())
        self._control.recordings.start(
            leg,
            session.path,
            lambda event, at: self._recorded(session, event, at),
            most_seconds=session.words.max_seconds,
            quiet_after=session.words.silence_ends,
            quiet=lambda at: self._feed(session, Input.QUIET, at),
        )

    def _say(self, session: Session, prompts: tuple[Prompt, ...], now: float) -> None:
        call = session.call
        if prompts:
            self._control.prompts.say(call, prompts, call.language, now, lambda at: self._feed(session, Input.SAID, at))
        else:
            self._control.later(now, lambda at: self._feed(session, Input.SAID, at), call=call.call)

    def _ask_to_keep(self, session: Session, now: float) -> None:
        call = session.call
        self._timers.set(call.call, None)
        self._control.prompts.say(
            call, (REVIEW_WORDS,), call.language, now, lambda at: self._timers.set(call.call, at + REVIEW)
        )

    def _return(self, session: Session, returned: Returned, now: float) -> None:
        call, control = session.call, self._control
        control.prompts.stop(call)
        control.later(now, lambda at: control.menus.receive(call, returned, at), call=call.call)

    def _note(self, session: Session, kind: str, now: float, **data: object) -> None:
        data = {"record": session.name, "path": session.path, "seconds": round(session.seconds, 2), **data}
        self._control.journal_line(kind, session.call.call, now, data)
