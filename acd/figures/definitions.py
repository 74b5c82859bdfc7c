"""What each figure means: its id goes wherever the figure goes, its formula is printed below every table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from acd.figures.clock import SECOND


class Unit(StrEnum):
    COUNT = "count"
    SECONDS = "seconds"
    RATIO = "ratio"  # 0–1
    NUMBER = "number"
    PER_100 = "per 100"


@dataclass(frozen=True, slots=True)
class Definition:
    id: str
    title: str
    formula: str
    unit: Unit


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with what it was made of; ``value`` is None when there is nothing to divide by.

    Times in ``part`` and ``whole`` are microseconds. ``definition`` is the id with its parameters, enough to work the
    figure out again.
    """

    name: str
    definition: str
    unit: Unit
    value: float | None
    part: int
    whole: int | None = None


_ALL = (
    ("offered", "offered", "callers who entered the queue", Unit.COUNT),
    ("answered", "answered", "of them, those who talked with an agent", Unit.COUNT),
    ("abandoned", "abandoned", "of them, those who hung up after S seconds of waiting or more", Unit.COUNT),
    ("short", "gave up at once", "of them, those who hung up sooner than that", Unit.COUNT),
    ("overflowed", "overflowed", "of them, those whom the queue sent on: max_wait, overflow, nobody left", Unit.COUNT),
    ("left", "left", "of them, those who left by a key or were moved elsewhere while they waited", Unit.COUNT),
    ("callbacks", "callbacks", "of them, those who hung up to be called back and kept their place", Unit.COUNT),
    ("listed", "listed", "who had given up, and are to be called back; they were offered once already", Unit.COUNT),
    ("called_back", "called back", "of the callbacks and the listed, those who then talked with an agent", Unit.COUNT),
    ("waiting", "waiting", "of them, those who still waited when the journal ended", Unit.COUNT),
    ("cut", "cut", "of them, those whom the end of the switch cut off while they waited", Unit.COUNT),
    ("refused", "refused", "callers who were not let in: the queue was full, or nobody was there", Unit.COUNT),
    ("service_level", "service level", "", Unit.RATIO),
    ("asa", "average speed of answer", "Σ wait of answered / answered; ringing is waiting", Unit.SECONDS),
    ("asa_without_ring", "the same without ringing", "Σ (wait − ring) of answered / answered", Unit.SECONDS),
    ("abandonment", "abandonment", "abandoned / (offered − gave up at once)", Unit.RATIO),
    ("longest_wait", "longest wait", "of all who were offered, whatever became of them", Unit.SECONDS),
    ("average_virtual_wait", "average virtual wait", "Σ (answer − request) of called back / called back", Unit.SECONDS),
    ("aht", "average handling time", "Σ (talk + hold + wrap-up) / conversations", Unit.SECONDS),
    ("average_talk", "talk", "Σ talk / conversations", Unit.SECONDS),
    ("average_hold", "hold", "Σ hold by the agent / conversations", Unit.SECONDS),
    ("average_wrap_up", "wrap-up", "Σ wrap-up / conversations", Unit.SECONDS),
    ("transfers", "transfers", "conversations that ended by a transfer, per 100 conversations", Unit.PER_100),
    ("no_answers", "not answered", "offers that rang out, per 100 offers", Unit.PER_100),
    ("login", "logged in", "the sum of the following nine", Unit.SECONDS),
    ("idle", "idle", "can be offered a call", Unit.SECONDS),
    ("reserved", "reserved", "for a customer who is being called back", Unit.SECONDS),
    ("ringing", "ringing", "is offered one", Unit.SECONDS),
    ("talking", "talking", "with a caller of a queue", Unit.SECONDS),
    ("hold", "hold", "has put that caller on hold", Unit.SECONDS),
    ("wrap_up", "wrap-up", "after the conversation", Unit.SECONDS),
    ("break", "break", "with any reason", Unit.SECONDS),
    ("other_call", "other calls", "the phone is in a call that no queue knows of", Unit.SECONDS),
    ("unreachable", "unreachable", "the phone is not there", Unit.SECONDS),
    ("agents", "agents", "logged in, on average: Σ login / length of the interval", Unit.NUMBER),
    ("occupancy", "occupancy", "(talk + hold + wrap-up + ring + reserved) / (login − break)", Unit.RATIO),
    ("utilisation", "utilisation", "(talk + hold + wrap-up + ring + reserved) / (login − unpaid break)", Unit.RATIO),
    ("containment", "containment", "1 − asked for or reached an agent / entered a menu", Unit.RATIO),
    (
        "true_containment",
        "true containment",
        "1 − (asked for or reached an agent, hung up within S seconds, or called again within 24 h) / entered a menu",
        Unit.RATIO,
    ),
    ("entered", "entered", "callers who entered a menu", Unit.COUNT),
    ("contained", "contained", "of them, those who neither asked for nor reached a person", Unit.COUNT),
    ("to_people", "to people", "of them, those who asked for or reached a person", Unit.COUNT),
    ("at_once", "at once", "of the contained, those who hung up within S seconds", Unit.COUNT),
    ("repeats", "again", "of the contained, those whose number called again within 24 h", Unit.COUNT),
    ("repeat_rate", "repeat rate", "again / contained", Unit.RATIO),
    ("visits", "visits", "how often callers came to the place", Unit.COUNT),
    ("hung_up", "hung up", "of the visits, those that ended with the caller's hanging up", Unit.COUNT),
    ("drop_off", "drop-off", "hung up / visits", Unit.RATIO),
    ("gave_up", "no choice", "of the visits, those that ended after the last wrong key, silence or try", Unit.COUNT),
    ("dwell", "average stay", "Σ stay / visits", Unit.SECONDS),
    ("asked", "asked", "how often the question was asked", Unit.COUNT),
    ("answers", "answers", "of them, those that were answered", Unit.COUNT),
    ("response_rate", "response rate", "answers / asked", Unit.RATIO),
    ("csat", "CSAT", "answers of 4 or 5 / answers (1 to 5)", Unit.RATIO),
    ("nps", "NPS", "% of 9 or 10 − % of 0 to 6 (0 to 10)", Unit.PER_100),
    ("ces", "CES", "Σ answers / answers (1 to 7)", Unit.NUMBER),
    ("ces_easy", "CES, easy", "answers of 5 to 7 / answers (1 to 7)", Unit.RATIO),
)

DEFINITIONS: dict[str, Definition] = {id_: Definition(id_, title, formula, unit) for id_, title, formula, unit in _ALL}


def figure(name: str, part: int, whole: int | None = None, *, definition: str = "") -> Figure:
    """Work out a figure: a count, a length in µs, or the quotient of the two."""
    unit = DEFINITIONS[name].unit
    value: float | None = float(part)
    if whole is not None:
        value = part / whole if whole else None
    if value is not None and unit is Unit.SECONDS:
        value /= SECOND
    elif value is not None and unit is Unit.PER_100:
        value *= 100
    return Figure(name, definition or name, unit, value, part, whole)
