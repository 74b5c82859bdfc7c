"""A call through the configuration on virtual time: the router, the number plan and the IVR of the running switch.

Whoever would have the caller after that (a queue, a phone, a webservice) does what the attempt says; without a word
about it the walk ends there, and a question is answered with a failure. Lists are looked at, and campaigns say what is
bound in the book of the switch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Any

from ivr import effects as fx
from ivr.decisions import is_hidden, node_of
from ivr.entries import Collect
from ivr.events import Digit, HungUp, PromptsFinished, PromptsTimed, Returned, Started
from ivr.nodes import Flow, Menu, Result, Say
from ivr.secrecy import masked
from ivr.session import Session
from softswitch.admin.supposed_hours import told
from softswitch.call.agents.features import FeatureCodes
from softswitch.call.arrivals import NOTHING_BOUND
from softswitch.call.hours.codes import sets_hours
from softswitch.call.hours.opening import CLOSED, Opening
from softswitch.call.routing import Router
from softswitch.config.flows import flow
from softswitch.tryout.answers import check_answers, result_of
from softswitch.tryout.attempt import TYPING
from softswitch.tryout.book import MomentClock, book_at
from softswitch.tryout.others import Others
from softswitch.tryout.reasons import closed_hours, silent_messages
from softswitch.tryout.serving import could_serve
from softswitch.tryout.spoken import SpokenTexts

if TYPE_CHECKING:
    from ivr.events import Event
    from ivr.forced import Forced
    from ivr.nodes import Prompt
    from softswitch.call.routing import Destination
    from softswitch.config import Config
    from softswitch.tryout.attempt import Attempt

#: Seconds of the caller's time, and steps, after which a walk has lost its way.
LONGEST, MOST_STEPS = 4 * 3600.0, 5000


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened `at` seconds after the call began; `kind` is one word, `text` a line for people."""

    at: float
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """A prompt as the caller heard it, or began to."""

    key: str
    language: str
    text: str
    recording: str = ""


@dataclass(slots=True)
class Walk:
    """What came of an attempt. `end`: a target that has the caller now, or why the call is over."""

    steps: list[Step] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    end: str = ""
    route: str = ""
    language: str = ""
    queue: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)


def walk(config: Config, attempt: Attempt) -> Walk:
    """Raises QuestionError when an answer of the attempt makes no sense."""
    check_answers(config, attempt.answers)
    return _Walker(config, attempt).go()


class _Walker:
    def __init__(self, config: Config, attempt: Attempt) -> None:
        self._config = config
        self._attempt = attempt
        self._flow = flow(config)
        self._voice = SpokenTexts(config)
        self._clock = MomentClock(attempt.at)
        self._book = book_at(config, self._flow, attempt.at, attempt.messages)
        self._session = Session(
            self._flow,
            self._clock.local,
            forced_hours=self._by_hand,
            messages=self._book.messages,
            rollouts=self._book.percents,
        )
        self._presses = iter(attempt.presses)
        self._others = Others(config, self._flow, self._book, attempt, self._note)
        self._coming: list[tuple[float, int, Event]] = []
        self._order = count()
        self._now = 0.0
        self._over = False
        self.walk = Walk()

    def go(self) -> Walk:
        for line in told(self._config, self._attempt.hours, self._attempt.at):
            self._note("hours", line)
        found = self._find()
        if found is not None:
            self._start(found)
            self._walk_on()
        return self.walk

    def _walk_on(self) -> None:
        while not self._over and self._advance():
            pass
        if not self.walk.end:
            self._end("lost", "goes on for ever")

    def _by_hand(self, name: str, now: float) -> Forced | None:
        return self._attempt.hours.at(name, self._clock.wall(now))

    # --- who and where

    def _find(self) -> Destination | None:
        did, caller, config = self._attempt.did, self._attempt.caller, self._config
        if caller.phone is not None:
            codes = FeatureCodes(
                config, agent_at=lambda _: None, is_logged_in=lambda _: False, in_wrap_up=lambda _: False
            )
            if (code := codes.recognise(did)) is not None:
                self._end(f"feature:{code.feature.value}", f'is the feature code "{code.feature.value}"')
                return None
            if sets_hours(config, did):
                self._end("feature:hours", 'is the feature code "hours", which sets hours by hand')
                return None
            if (preview := self._book.preview(did)) is not None:
                self._listen_to(preview)
                return None
        router = Router(config, config.phones, Opening(self._flow, self._clock.local, self._by_hand))
        for look in router.looks(did, caller, 0.0):
            found = look.destination
            self._note("route", f"{'yes' if found else 'no '} {look.rule}{look.why and f': {look.why}'}")
            for reason in look.left_out:
                self._note("route", f"    left out: {reason}")
            if found is not None:
                self.walk.route = look.rule
                return found
        self._end("refused 404", "no route takes the call: it is refused, SIP 404")
        return None

    def _listen_to(self, messages: tuple[Prompt, ...]) -> None:
        """The number is one for listening to what is bound, drafts too."""
        say = Say("preview", say=messages or (NOTHING_BOUND,))
        self._flow = Flow({say.target: say}, self._flow.language)
        self._session = Session(self._flow, self._clock.local)
        self._tell(Started(say.target))
        self._walk_on()

    def _start(self, found: Destination) -> None:
        caller = self._attempt.caller
        known = dict(found.known)
        known |= {"ani": caller.number, "did": self._attempt.did, "name": caller.name or known.get("name", "")}
        if found.label:
            known["label"] = found.label
        if found.refusal:
            self._end(f"refused {found.refusal}", f"the call is refused, SIP {found.refusal}")
            self._over = True
            return
        own = None
        if caller.phone is not None:
            own = self._config.phones[caller.phone].language
        elif caller.trunk is not None:
            own = self._config.trunks[caller.trunk].language
        language = found.language or own or self._config.server.language
        progress = self._session.progress
        progress.priority, progress.needs, progress.prefer = found.priority, found.needs, found.prefer
        if self._attempt.hang_up is not None:
            self._later(self._attempt.hang_up, HungUp())
        self._tell(Started(found.target, language, known, found.fallbacks))

    # --- time

    def _later(self, seconds: float, event: Event) -> None:
        heappush(self._coming, (self._now + seconds, next(self._order), event))

    def _advance(self) -> bool:
        """Whatever is next; False when nothing is, or all this takes too long."""
        timer = self._session.next_deadline()
        event = self._coming[0] if self._coming else None
        if len(self.walk.steps) > MOST_STEPS or (timer is None and event is None):
            return False
        if event is not None and (timer is None or event[0] <= timer):
            heappop(self._coming)
            self._now = event[0]
            self._tell(event[2])
        elif timer is not None:
            self._now = timer
            self._session.handle_timeout(timer)
            self._drain()
        return self._now < LONGEST

    def _tell(self, event: Event) -> None:
        match event:
            case Digit(digit):
                shown = fx.SECRET if is_hidden(self._flow, self._session.progress) else digit
                self.walk.keys.append(shown)
                self._note("key", f"presses {shown}")
            case HungUp():
                self._note("hang-up", "hangs up")
        self._session.receive(event, self._now)
        self._drain()

    def _note(self, kind: str, text: str) -> None:
        if kind != "enter":  # places are called as the configuration calls them
            text = masked(text, self._session.progress.entered)
        self.walk.steps.append(Step(round(self._now, 3), kind, text))

    def _end(self, end: str, text: str) -> None:
        self.walk.end = self.walk.end or end
        self._note("end", text)
        self._over = True

    # --- what the IVR wants

    def _drain(self) -> None:
        while (effect := self._session.next_effect()) is not None and not self._over:
            self._carry_out(effect)
        self.walk.language = self._session.progress.language
        self.walk.variables = self._session.progress.public

    def _carry_out(self, effect: fx.Effect) -> None:
        match effect:
            case fx.Journal(_, record):
                self._read(record)
            case fx.PlayPrompts(play, prompts, language):
                seconds = 0.0
                for prompt in prompts:
                    text, spoken = self._voice.text(prompt, language)
                    text = masked(text, self._session.progress.entered)
                    said = Said(prompt.key, spoken, text, self._voice.recording(prompt, language))
                    self.walk.said.append(said)
                    self._note("say", f"({spoken}) {said.text or f'[{prompt.key}: nothing to say]'}")
                    for what in self._voice.unfit(prompt, language):
                        self._note("trouble", f"{prompt.key}: the value of {what} does not fit")
                    seconds += self._voice.seconds(prompt, language)
                self._session.receive(PromptsTimed(play, seconds), self._now)
                self._later(seconds, PromptsFinished(play))
                self._press_next()
            case fx.StopPrompts(play):
                self._coming = [item for item in self._coming if item[2] != PromptsFinished(play)]
                self._coming.sort()
            case fx.PlayMusic(channel):
                self._note("music", f"hears music {channel}")
            case fx.EnterQueue(name):
                self._enter_queue(name)
            case fx.CallPhone(name):
                self._hand(f"phone:{name}", f"phone {name} rings")
            case fx.CallNumber(number, trunk):
                self._hand(f"external:{number}" + (f"@{trunk}" if trunk else ""), f"{number} is called")
            case fx.HandOver(kind, name):
                self._hand(f"{kind}:{name}", f"{kind} {name} has the caller")
            case fx.Ask():
                self._later(*self._others.ask(effect, self._session.progress))
            case fx.Pull():
                self._later(*self._others.pull(effect, self._session.progress, self._now))
            case fx.Connect(service):
                self._end(str(service.target), f"hears {service.target}")
            case fx.HangUp(reason, result):
                why = f" ({result.value})" if result is not None else ""
                self._end(reason.value, f"is hung up on: {reason.value}{why}")
            case fx.OptOut(out):
                self._note("optout", f"wants {'no offers any more' if out else 'offers again'}")
            case fx.StopAsking():
                pass

    def _press_next(self) -> None:
        """Keys are wanted, unless only something is said, or what began before is still being said."""
        progress = self._session.progress
        if progress.said or not isinstance(node_of(self._flow, progress), Menu | Collect):
            return
        press = next(self._presses, None)
        if press is not None:
            for number, key in enumerate(press.keys):
                self._later(press.after + number * TYPING, Digit(key))

    def _read(self, record: fx.Record) -> None:
        match record:
            case fx.NodeEntered(node):
                self.walk.path.append(str(node))
                self._note("enter", f"comes to {node}")
                if node.kind == "menu":
                    known = self._others.about(self._session.progress) | self._session.progress.public
                    for line in silent_messages(self._config, self._book, node.base, known, self._now):
                        self._note("message", line)
            case fx.NodeLeft(node, _, via, detail) if node.kind == "hours":
                self._note("hours", f"{node.name}: {via}{detail and f', {detail}'}{self._opens(node.base, via)}")
            case fx.NodeLeft(node, _, via) if via in ("no-input", "invalid", "no-try-left"):
                self._note("leave", f"leaves {node}: {via}")
            case fx.KeyChosen(_, key, _):
                self._note("choose", f"chose {key}")
            case fx.DigitsEntered(_, digits):
                self._note("choose", f"entered {digits}")
            case fx.DigitsDropped(_, digits, why):
                self._note("drop", f"{digits} is not acted on: {why}")
            case fx.LanguageChosen(_, language):
                self._note("language", f"goes on in {language}")
            case fx.MessageVoiced(_, slot, campaign, version):
                self._note("message", f"slot {slot} has message {campaign} (version {version}) for this caller")
            case fx.VersionChosen(node, to, percent):
                which = "the present version" if to == node else str(to)
                self._note("version", f"of {node} has {which}, as {percent:g} % of the callers")
            case fx.Trouble(node, what):
                self._note("trouble", f"{node}: {what}")
            case fx.NotThere(node, to):
                self._note("trouble", f"there is no {node}: goes on to {to}")
            case fx.VariablesSet(_, values):
                self._note("set", ", ".join(f"{name} = {value}" for name, value in values.items()))
            case fx.Survey(_, _, question, _, score):
                self._note("survey", f"{question}: {score}")
            case fx.FlowEnded(reason) if reason is fx.EndReason.CALLER_HUNG_UP:
                self._end(reason.value, "the call is over")

    def _opens(self, name: str, state: str) -> str:
        """Hours that somebody has set by hand have been told of."""
        if state != CLOSED or self._by_hand(name, self._now) is not None:
            return ""
        zone = self._config.hours[name].timezone or self._attempt.at.tzinfo
        return closed_hours(self._flow, self._clock, name, self._now, zone)

    # --- who else has a part

    def _enter_queue(self, name: str) -> None:
        words, progress = self._config.queues[name], self._session.progress
        needs = " and ".join(f"({text})" for text in (words.needs, progress.needs) if text) or "nothing special"
        priority = words.priority + progress.priority
        self.walk.queue = {
            "name": name,
            "needs": needs,
            "priority": priority,
            "prefer": progress.prefer or words.prefer,
            "language": progress.language,
            "agents": list(could_serve(self._config, name, progress)),
        }
        who = ", ".join(self.walk.queue["agents"]) or "nobody"
        self._hand(
            f"queue:{name}",
            f"enters queue {name}: needs {needs}, priority {priority:g}, language {progress.language}; "
            f"could be served by {who}",
        )

    def _hand(self, target: str, text: str) -> None:
        self._note("hand-over", text)
        answer = self._others.answer(target)
        if answer is None:
            self._end(target, f"the caller is with {target}")
            return
        self._note("answer", f"{target}: {answer.outcome}")
        result = result_of(target, answer)
        if result is Result.ENDED:
            self.walk.end = target
        self._later(answer.after, Returned(result, answer.key, answer.values))
