"""Which prompt says what: one small function for each thing that has to be said with a number, a name or a key in it.

Prompts without any are used by their key (`Prompt("callback-confirmed")`); functions stand here for those that have a
choice to make. Seconds are rounded as people say them, which also keeps the number of recordings finite.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivr.nodes import Prompt

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

MINUTE = 60
HOUR = 3600

#: Upper end in minutes of the box that an expected wait is in → prompt.
WAIT_BOXES = {
    "1": "wait-under-1",
    "2": "wait-1-2",
    "5": "wait-3-5",
    "10": "wait-5-10",
    "20": "wait-10-20",
    "more": "wait-over-20",
}

COMFORTS = ("comfort-1", "comfort-2", "comfort-3")


# --- To a caller who waits


def position(ahead: int) -> Prompt:
    """The place of a caller with *ahead* callers before them."""
    if ahead <= 0:
        return Prompt("queue-next")
    return Prompt("queue-position", args={"n": ahead})


def wait(box: str) -> Prompt:
    """The expected wait as a box: "1", "2", "5", "10", "20" (its upper end in minutes) or "more"; KeyError else."""
    return Prompt(WAIT_BOXES[box])


def comfort(turn: int = 0) -> Prompt:
    """Something kind that promises nothing; *turn* counts up, so that nobody hears the same twice running."""
    return Prompt(COMFORTS[turn % len(COMFORTS)])


def announcements(positions: int) -> Iterator[Prompt]:
    """All that queues say by themselves, up to *positions* callers ahead."""
    yield from map(position, range(positions + 1))
    yield from map(wait, WAIT_BOXES)
    yield from map(comfort, range(len(COMFORTS)))


def exit_returned() -> Prompt:
    """Back from the exit menu, in the same place."""
    return Prompt("exit-returned")


def resumed() -> Prompt:
    """Who was cut off and calls again has the place of before."""
    return Prompt("queue-resumed")


# --- Calling back


def callback_offer(key: str) -> Prompt:
    """Press *key* and we call you back; the place is kept."""
    return Prompt("callback-offer", args={"key": key})


def callback_number(number: str) -> Prompt:
    """The number that will be called, figure by figure; `confirm_number` goes after it."""
    return Prompt("callback-number", args={"number": number})


def read_back(number: str) -> Prompt:
    """A number that the caller entered, figure by figure in groups; `confirm_number` goes after it."""
    return Prompt("number-read-back", args={"number": number})


def confirm_number() -> Prompt:
    """1 if it is right, 2 to enter another."""
    return Prompt("number-confirm")


def enter_callback_number() -> Prompt:
    return Prompt("callback-enter-number")


def callback_number_invalid() -> Prompt:
    return Prompt("callback-number-invalid")


def callback_confirmed() -> Prompt:
    return Prompt("callback-confirmed")


def callback_expected(box: str) -> Prompt | None:
    """When the call back is to be expected, from now on, as the upper end of a box (see `wait`); None: in over twenty
    minutes, which would be no news. `callback_confirmed` goes after it."""
    return None if box == "more" else Prompt("callback-expected", args={"seconds": int(box) * MINUTE})


def callback_duplicate() -> Prompt:
    return Prompt("callback-duplicate")


def callback_failed() -> Prompt:
    """The request could not be taken; the caller goes on waiting."""
    return Prompt("callback-failed")


def callback_greeting(company: str = "") -> Prompt:
    """The first words of a callback, so that a mailbox is not taken for a customer: press 1 to speak to an agent."""
    if not company.strip():
        return Prompt("callback-greeting-unnamed")
    return Prompt("callback-greeting", args={"company": company})


# --- Messages


def messages(new: int, old: int) -> tuple[Prompt, ...]:
    """How many messages there are in a box."""
    if not new and not old:
        return (Prompt("voicemail-empty"),)
    said = (Prompt("voicemail-new", args={"n": new}), Prompt("voicemail-old", args={"n": old}))
    return said[: 2 if old else 1]


def message_from(number: str, received: datetime) -> tuple[Prompt, ...]:
    """Who left a message, when the number is known, and when, by the clock on the wall."""
    when = Prompt("voicemail-received", args={"t": received.strftime("%Y-%m-%dT%H:%M")})
    if not number.lstrip("+").isdigit():
        return (when,)
    return Prompt("voicemail-from", args={"number": number}), when


def callback_due(opening: datetime, now: datetime) -> Prompt:
    """When whoever asked out of hours is called back; both are local times."""
    said = {"t": opening.strftime("%Y-%m-%dT%H:%M")}
    return Prompt("callback-request-today" if opening.date() == now.date() else "callback-request-on", args=said)


# --- To whoever sets hours by hand

#: State → without an end, and with one today, tomorrow, later.
_FORCED_HOURS = {
    "open": ("hours-open", "hours-open-today", "hours-open-tomorrow", "hours-open-date"),
    "closed": ("hours-closed", "hours-closed-today", "hours-closed-tomorrow", "hours-closed-date"),
    "special": ("hours-special", "hours-special-today", "hours-special-tomorrow", "hours-special-date"),
}


def hours_forced(state: str, until: datetime | None, now: datetime | None) -> Prompt:
    """*state* "open", "closed" or "special" (KeyError else), and its end by the clock on the wall; both local times.

    *until* None: no end. The midnight after today is "midnight".
    """
    always, today, tomorrow, later = _FORCED_HOURS[state]
    if until is None or now is None:
        return Prompt(always)
    days = (until.date() - now.date()).days
    if days == 1 and until.hour == until.minute == 0:
        days = 0
    return Prompt({0: today, 1: tomorrow}.get(days, later), args={"t": until.strftime("%Y-%m-%dT%H:%M")})


def hours_released(*, open: bool) -> Prompt:
    """The rules count again, and say that it is open or not."""
    return Prompt("hours-released-open" if open else "hours-released-closed")


# --- To agents


def whisper(label: str, seconds: float | None = None) -> Prompt:
    """The queue and, with *seconds*, how long the caller waited, in whole minutes."""
    if seconds is None:
        return Prompt("whisper", args={"label": label})
    if seconds < MINUTE:
        return Prompt("whisper-wait-short", args={"label": label})
    if seconds > HOUR:
        return Prompt("whisper-wait-long", args={"label": label})
    return Prompt("whisper-wait", args={"label": label, "seconds": int(seconds // MINUTE) * MINUTE})


def whisper_callback(label: str) -> Prompt:
    """What an agent hears before a callback is dialled for them."""
    return Prompt("whisper-callback", args={"label": label})


def confirm_call(key: str) -> Prompt:
    """What somebody outside hears who is looked for: a key takes the call."""
    return Prompt("findme-confirm", args={"key": key})


def peace(wanted: bool) -> Prompt:
    """Do not disturb is on, or off."""
    return Prompt("dnd-on") if wanted else Prompt("dnd-off")


def break_started(reason: str = "") -> Prompt:
    """*reason*: its label in the configuration, said as it stands."""
    if not reason.strip():
        return Prompt("agent-break-started")
    return Prompt("agent-break-started-reason", args={"reason": reason})


def break_unanswered() -> Prompt:
    """The switch has put the agent on a break because calls rang out."""
    return Prompt("agent-break-unanswered")


def wrap_up_extended(seconds: float | None) -> Prompt:
    """*seconds* None: until the agent ends it."""
    if seconds is None:
        return Prompt("agent-wrap-up-open")
    return Prompt("agent-wrap-up-extended", args={"seconds": round(seconds)})


def wrap_up_ended() -> Prompt:
    return Prompt("agent-wrap-up-ended")


def queue_left(label: str) -> Prompt:
    """The agent gets no more calls of that queue."""
    return Prompt("agent-queue-left", args={"label": label})


def queue_joined(label: str) -> Prompt:
    return Prompt("agent-queue-joined", args={"label": label})


# --- Calls that are transferred or held


def enter_transfer_number() -> Prompt:
    return Prompt("transfer-enter-number")


def transfer_failed() -> Prompt:
    """To the agent, who has the caller back."""
    return Prompt("transfer-failed")


def transfer_cancelled() -> Prompt:
    return Prompt("transfer-cancelled")


def park_place(place: str) -> Prompt:
    """To whoever parks a caller: the number under which somebody can fetch them."""
    return Prompt("park-place", args={"place": place})


def park_empty() -> Prompt:
    return Prompt("park-empty")


def park_full() -> Prompt:
    return Prompt("park-full")


def hold_timed_out() -> Prompt:
    """To the party that was left on hold."""
    return Prompt("hold-timed-out")
