"""What callers answered: CSAT, NPS and CES with the number of answers, the response rate and how sure that is.

An answer belongs to the conversation before it: to the agent and the queue that the caller talked with last in the
same call, and to the way through the menus that led there. It belongs to the period in which it was asked for.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import sqrt
from typing import TYPE_CHECKING

from acd.figures.definitions import figure
from softswitch.reports.sheets import ALL, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from acd.figures.definitions import Figure
    from softswitch.reports.period import Period
    from softswitch.store.cdr import Record
    from softswitch.store.queries import Reader

KINDS = frozenset(
    {"call.started", "call.connected", "ivr.node_entered", "ivr.key_chosen", "ivr.language_chosen", "ivr.survey"}
    | {"call.ended"}
)
SCALES = ("csat", "nps", "ces")
#: Of the normal distribution: 95 % of it lie within so many standard deviations.
Z = 1.959964
#: Questions are read on behind the period for so long: who was asked in it answers soon.
PATIENCE = 7200.0
NONE = "–"


class Split(StrEnum):
    """What answers are told apart by, besides their question."""

    QUESTION = "question"
    QUEUE = "queue"
    AGENT = "agent"
    PATH = "path"
    NODE = "node"  # the last step of the path
    DID = "did"
    LANGUAGE = "language"
    INTERVAL = "interval"
    CALL = "call"  # every answer on a line of its own


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to one caller. ``score`` None: no answer."""

    call: str
    at: float
    survey: str
    question: str
    scale: str
    score: int | None
    queue: str
    agent: str
    path: str
    did: str
    language: str


def wilson(part: int, whole: int) -> tuple[float, float]:
    """Between which ratios the true one lies with 95 % (Wilson 1927); *whole* is not 0."""
    share, z2 = part / whole, Z * Z
    middle = (share + z2 / (2 * whole)) / (1 + z2 / whole)
    half = Z / (1 + z2 / whole) * sqrt(share * (1 - share) / whole + z2 / (4 * whole * whole))
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(slots=True)
class Scores:
    """Answers to questions of one scale."""

    scale: str
    asked: int = 0
    scores: list[int] = field(default_factory=list)

    def add(self, one: Asked) -> None:
        self.asked += 1
        if one.score is not None:
            self.scores.append(one.score)

    def figures(self) -> dict[str, Figure]:
        count = len(self.scores)
        found = [
            figure("asked", self.asked),
            figure("answers", count),
            figure("response_rate", count, self.asked),
        ]
        match self.scale:
            case "csat":
                found.append(figure("csat", self._between(4, 5), count))
            case "nps":
                found.append(figure("nps", self._between(9, 10) - self._between(0, 6), count))
            case "ces":
                found += [figure("ces", sum(self.scores), count), figure("ces_easy", self._between(5, 7), count)]
        return {one.name: one for one in found}

    def range(self) -> tuple[float, float] | None:
        """Between what the score lies with 95 %: CSAT and easy CES as ratios, NPS from -100 to 100."""
        count = len(self.scores)
        if not count:
            return None
        match self.scale:
            case "csat":
                return wilson(self._between(4, 5), count)
            case "ces":
                return wilson(self._between(5, 7), count)
        up, down = self._between(9, 10) / count, self._between(0, 6) / count
        half = Z * sqrt(max(0.0, up + down - (up - down) ** 2) / count)
        return max(-100.0, 100 * (up - down - half)), min(100.0, 100 * (up - down + half))

    def _between(self, low: int, high: int) -> int:
        return sum(low <= score <= high for score in self.scores)


@dataclass(slots=True)
class _Call:
    """What is known of a call that goes on."""

    did: str = ""
    language: str = ""
    queue: str = ""
    agent: str = ""
    path: list[str] = field(default_factory=list)
    open: tuple[float, str] | None = None  # the place of a question that was not answered yet


class Answers:
    """Feed :meth:`read` with lines in order; :meth:`close` gives every question that was asked.

    *questions*: of each place, survey, question and scale, as the configuration has them; places that it does not know
    are those of the answers.
    """

    def __init__(self, questions: Mapping[str, tuple[str, str, str]]) -> None:
        self._questions = dict(questions)
        self._calls: dict[str, _Call] = {}
        self._found: list[tuple[str, Asked]] = []  # with the place

    def read(self, record: Record) -> None:
        if record.call is None:
            return
        data = record.data
        if record.kind == "call.started":
            self._calls[record.call] = _Call(str(data.get("dialled") or ""), str(data.get("language") or ""))
            return
        call = self._calls.get(record.call)
        if call is None:
            return
        match record.kind:
            case "call.connected":
                call.agent, call.queue = str(data.get("agent") or ""), str(data.get("queue") or "")
            case "ivr.language_chosen":
                call.language = str(data.get("language") or "")
            case "ivr.key_chosen":
                kind, _, name = str(data.get("node") or "").partition(":")
                if kind == "menu":
                    call.path.append(f"{name} {data.get('key', '')}")
            case "ivr.node_entered":
                self._unanswered(record.call, call)
                node = str(data.get("node") or "")
                if node.startswith("survey:"):
                    call.open = record.at, node
            case "ivr.survey":
                self._answered(record, call)
            case "call.ended":
                self._unanswered(record.call, call)
                del self._calls[record.call]

    def _answered(self, record: Record, call: _Call) -> None:
        data, score = record.data, record.data.get("score")
        node = str(data.get("node") or "")
        at = call.open[0] if call.open is not None and call.open[1] == node else record.at
        call.open = None
        known = str(data.get("survey") or ""), str(data.get("question") or ""), str(data.get("scale") or "")
        self._questions[node] = known
        if isinstance(score, int):
            self._add(node, record.call or "", call, at, score)

    def _unanswered(self, name: str, call: _Call) -> None:
        if call.open is not None:
            at, node = call.open
            call.open = None
            self._add(node, name, call, at, None)

    def _add(self, node: str, name: str, call: _Call, at: float, score: int | None) -> None:
        path = " > ".join(call.path)
        one = Asked(name, at, "", "", "", score, call.queue, call.agent, path, call.did, call.language)
        self._found.append((node, one))

    def close(self) -> list[Asked]:
        """In the order in which they were asked. What is no question (a greeting, thanks) is left out."""
        for name, call in self._calls.items():
            self._unanswered(name, call)
        found = []
        for node, one in self._found:
            if (known := self._questions.get(node)) is not None and known[2] in SCALES:
                found.append(replace(one, survey=known[0], question=known[1], scale=known[2]))
        return sorted(found, key=lambda one: (one.at, one.call))


def answers(
    records: Iterable[Record], begin: float, end: float, questions: Mapping[str, tuple[str, str, str]]
) -> list[Asked]:
    """Questions that were asked from *begin* up to *end*."""
    found = Answers(questions)
    for record in records:
        if record.at > end + PATIENCE:
            break
        found.read(record)
    return [one for one in found.close() if begin <= one.at < end]


def read_answers(reader: Reader, period: Period, questions: Mapping[str, tuple[str, str, str]]) -> list[Asked]:
    """From the database of a running switch; calls that began long before the period too."""
    with reader.snapshot():
        first = reader.first_at(period.begin - PATIENCE)
        return answers(reader.lines(KINDS, first), period.begin, period.end, questions)


def rows(asked: Iterable[Asked], split: Split, label: Callable[[float], str]) -> list[Row]:
    """Scores of each question and value of *split*; *label*: the interval of an instant, or a time."""
    if split is Split.CALL:
        return [_line(one, label) for one in asked]
    sums: defaultdict[tuple[str, ...], Scores] = defaultdict(lambda: Scores(""))
    whole: dict[str, Scores] = {}
    for one in asked:
        key = (_value(one, split, label), one.survey, one.question, one.scale)
        for scores in (sums[key], whole.setdefault(one.scale, Scores(one.scale))):
            scores.scale = one.scale
            scores.add(one)
    found = [
        _row({split.value: value} if split is not Split.QUESTION else {}, survey, question, sums[key])
        for key in sorted(sums)
        for value, survey, question, _ in [key]
    ]
    total = {} if split is Split.QUESTION else {split.value: ALL}
    return found + [_row(total, ALL, "", scores, total=True) for _, scores in sorted(whole.items())]


def _value(one: Asked, split: Split, label: Callable[[float], str]) -> str:
    match split:
        case Split.INTERVAL:
            return label(one.at)
        case Split.NODE:
            return one.path.rpartition(" > ")[2] or NONE
        case Split.QUESTION:
            return ""
    return str(getattr(one, split.value)) or NONE


def _row(keys: dict[str, str], survey: str, question: str, scores: Scores, *, total: bool = False) -> Row:
    known = {**keys, "survey": survey, "question": question, "scale": scores.scale}
    low, high = scores.range() or (None, None)
    facts = {name: round(value, 6) for name, value in (("low", low), ("high", high)) if value is not None}
    return Row(known, scores.figures(), facts, total=total)


def _line(one: Asked, label: Callable[[float], str]) -> Row:
    keys = {"call": one.call, "at": label(one.at), "survey": one.survey, "question": one.question, "scale": one.scale}
    score = "" if one.score is None else str(one.score)
    places = {"queue": one.queue, "agent": one.agent, "path": one.path, "did": one.did, "language": one.language}
    return Row(keys, facts={"score": score, **places})
