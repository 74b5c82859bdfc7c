"""The nodes of a flow, and the flow itself: all immutable, shared by every session that walks it.

A node never refers to another node, only to its target: a flow may have loops, and a session stored on disk
finds its place again by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from ivr.targets import DEFAULT_MUSIC, EXTERNAL, HANGUP, Target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ivr.hours import Rules

DIGITS = frozenset("0123456789*#ABCD")


class MenuAction(StrEnum):
    """What a key of a menu may do instead of leading somewhere."""

    REPEAT = "repeat"  # say the menu again; costs no retry
    BACK = "back"  # to the menu before this one; the first menu repeats itself


class Result(StrEnum):
    """How a caller came back from a queue or a phone."""

    FULL = "full"  # queue: max_waiting reached
    TIMED_OUT = "timed-out"  # queue: max_wait reached
    EMPTY = "empty"  # queue: nobody logged in who could ever serve this caller
    OVERFLOWED = "overflowed"  # queue: waited long enough to be served elsewhere
    KEY = "key"  # queue: a key that leads out was pressed; until another service has the caller the place is kept
    BUSY = "busy"  # phone
    NO_ANSWER = "no-answer"  # phone: ring timeout
    UNAVAILABLE = "unavailable"  # phone: not registered, unreachable, or it failed
    REJECTED = "rejected"  # phone: declined
    ENDED = "ended"  # there was a conversation, and the other party left it
    DONE = "done"  # whoever had the caller has done what there was to do
    FAILED = "failed"  # it could not be done


#: What a caller hears before a queue's "hangup". Defining a say node of that name changes the words.
GOODBYES = {
    Result.FULL: Target("say", "queue-full"),
    Result.TIMED_OUT: Target("say", "queue-timed-out"),
    Result.EMPTY: Target("say", "queue-empty"),
}
#: Heard by who is led to a place that there is not, when nothing else follows. As above.
NOT_CONNECTED = Target("say", "not-connected")


@dataclass(frozen=True, slots=True)
class Audio:
    """Where somebody else keeps a recording of a prompt: language → URL. One of more than `longest` s is not played.

    It is played when it is here and in order. Otherwise the prompt's text is spoken, and if that fails, `instead`.
    """

    urls: Mapping[str, str] = field(default_factory=dict)
    longest: float = 300.0
    instead: Prompt | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """Something to say.

    `key` names it in the prompt catalogue, in recordings (`prompts/<language>/<key>.wav` wins over synthesis) and in
    the journal. `text` (language → words) is given for prompts written in the configuration; it is empty for prompts
    of the catalogue. `args` fills the placeholders of either; without any, braces in `text` are just that. While a
    prompt without `barge_in` plays, digits are kept and acted on when it has ended.
    """

    key: str
    text: Mapping[str, str] = field(default_factory=dict)
    args: Mapping[str, int | str] = field(default_factory=dict)
    barge_in: bool = True
    audio: Audio | None = None


INVALID_CHOICE = (Prompt("invalid-choice"),)
NO_INPUT = (Prompt("no-input"),)


@dataclass(frozen=True, slots=True)
class Node:
    """What all nodes share. `name` is unique among the nodes of one kind."""

    kind: ClassVar[str]
    name: str

    @property
    def target(self) -> Target:
        return Target(self.kind, self.name)


@dataclass(frozen=True, slots=True)
class Version:
    """Another version of a place, for `percent` of all callers: always the same ones."""

    to: Target
    percent: float


@dataclass(frozen=True, slots=True)
class Slot:
    """A control point of a menu: not there until a campaign binds a message to it (`ivr.slots`).

    `after`: how many prompts of the menu are said before it (None: all). `key` leads to the target of the message;
    `targets` are those that a campaign may choose. At most `max_items` messages are said, each of `max_seconds`.
    """

    id: str
    key: str = ""
    after: int | None = None
    barge_in: bool = True
    max_items: int = 1
    max_seconds: float = 30.0
    templates: tuple[str, ...] = ()  # names of those that may be filled; empty: all
    targets: tuple[Target, ...] = ()
    fallback: Prompt | None = None  # in place of a message that cannot be said
    asks: str = ""  # who is asked what this caller is to hear; empty: nobody
    wait: float = 0.0  # seconds that the menu waits at this place for the answer
    advertising: bool = True  # not for those who want no offers, and counted
    optout_key: str = ""  # live while a message is heard: no more offers for who presses it
    optout: Target | None = None  # where that key leads


@dataclass(frozen=True, slots=True)
class Menu(Node):
    """Say something, let the caller choose by keys.

    Silence for `timeout` seconds after the end of the prompts, and (with `when_invalid` = repeat) a key that is not
    on the menu, cost one of `retries` and the menu is said again after `say_no_input` or `say_invalid`. When no
    retry is left the caller goes to `when_no_input`. `when_invalid` = target sends them there on the first wrong key.
    """

    kind: ClassVar[str] = "menu"
    say: tuple[Prompt, ...] = ()
    keys: Mapping[str, Target | MenuAction] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)  # of keys, for whoever takes the call
    timeout: float = 5.0  # seconds, from the end of the prompts to the first digit
    inter_digit: float = 2.0  # seconds; matters only where one key is the beginning of another ("1" and "12")
    retries: int = 2
    when_no_input: Target = HANGUP
    when_invalid: Target | None = None  # None: repeat
    type_ahead: bool = True  # False: digits pressed before this node was entered are forgotten
    say_invalid: tuple[Prompt, ...] = INVALID_CHOICE  # one for each wrong key, the last for all that follow
    say_no_input: tuple[Prompt, ...] = NO_INPUT  # the same for each silence
    say_again: tuple[Prompt, ...] = ()  # in place of `say`, one for each retry
    slots: tuple[Slot, ...] = ()
    versions: tuple[Version, ...] = ()


@dataclass(frozen=True, slots=True)
class Say(Node):
    """Say something and go on. A digit cuts it short (barge-in) and is kept for the next menu."""

    kind: ClassVar[str] = "say"
    say: tuple[Prompt, ...] = ()
    then: Target = HANGUP
    type_ahead: bool = True


@dataclass(frozen=True, slots=True)
class Hours(Node):
    """Go one way when open, the other when closed; `when_special` only while somebody has set it so (None: closed)."""

    kind: ClassVar[str] = "hours"
    rules: Rules
    when_open: Target = HANGUP
    when_closed: Target = HANGUP
    timezone: str = ""  # IANA name; empty: the server's
    when_special: Target | None = None


@dataclass(frozen=True, slots=True)
class Goto(Node):
    """A second name for another place, and what is known of a caller who comes by here; empty: nothing new.

    `language`: from here on that is what the caller hears. `priority`: points in every queue on top of the queue's.
    `needs`, `prefer`: skill expressions about the agent, opaque here.
    """

    kind: ClassVar[str] = "goto"
    then: Target = HANGUP
    language: str = ""
    priority: float | None = None
    needs: str = ""
    prefer: str = ""
    versions: tuple[Version, ...] = ()  # in place of `then`
    fallbacks: tuple[Target, ...] = ()  # for who is not taken by `then`, first come first; empty: as before


@dataclass(frozen=True, slots=True)
class Set(Goto):
    """As a goto that also sets variables: `data` may mention others in braces, as may `language`.

    `optout`: the caller wants no offers any more (True), or hears them again (False).
    """

    kind: ClassVar[str] = "set"
    data: Mapping[str, str] = field(default_factory=dict)
    optout: bool | None = None
    customer_id: str = ""  # as of an Inquiry


@dataclass(frozen=True, slots=True)
class Question(Menu):
    """One question of a survey: the key is the answer, and whoever gives none is asked the next all the same."""

    kind: ClassVar[str] = "survey"
    question: str = ""
    scale: str = ""  # "csat", "nps" or "ces"


@dataclass(frozen=True, slots=True)
class Queue(Node):
    """Hand the caller to the ACD; a result without an outcome ends the call.

    `exits`: where single keys lead from the queue; `exit_menu` is where every other key leads. A caller who comes back
    from there, by "back", by silence or by entering the queue anew, has the old place.
    """

    kind: ClassVar[str] = "queue"
    outcomes: Mapping[Result, Target] = field(default_factory=dict)
    exits: Mapping[str, Target] = field(default_factory=dict)
    exit_menu: Target | None = None

    def exit_for(self, key: str) -> Target | None:
        """Where *key* leads; None: nowhere, the caller goes on waiting."""
        return self.exits.get(key, self.exit_menu)


@dataclass(frozen=True, slots=True)
class Phone(Node):
    """Ring a phone (name = its user); a result without an outcome ends the call with that result."""

    kind: ClassVar[str] = "phone"
    ring_timeout: float = 30.0  # seconds
    outcomes: Mapping[Result, Target] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class External(Node):
    """Call a number outside (name = number, perhaps with "@" and the trunk); otherwise as a phone."""

    kind: ClassVar[str] = EXTERNAL
    ring_timeout: float = 60.0  # seconds
    outcomes: Mapping[Result, Target] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inquiry(Node):
    """Ask somebody outside (Ask) while the caller hears `filler` and then `music`; digits pressed are kept.

    An answer in time leads to the target in `when` for the value of one of its variables (variable → value → target),
    else to `then`; a failure to the target that `outcomes` has for its word, else to `when_failed`. After `patience`
    seconds without a word the failure is "timeout". Kinds of their own are subclasses.
    """

    then: Target = HANGUP
    when_failed: Target = HANGUP
    when: Mapping[str, Mapping[str, Target]] = field(default_factory=dict)
    outcomes: Mapping[str, Target] = field(default_factory=dict)
    patience: float = 10.0
    filler: tuple[Prompt, ...] = ()
    filler_after: float = 0.5  # seconds: who answers at once needs no excuse
    music: str = ""  # channel; empty: silence
    customer_id: str = ""  # who the caller is, with variables of the answer in braces
    fallbacks: tuple[Target, ...] = ()  # for who is not taken where an answer leads, as of a Goto


@dataclass(frozen=True, slots=True)
class HandOff(Node):
    """Let somebody else have the caller (HandOver); `outcomes` says what follows each result.

    Without an outcome `Result.DONE` leads to `then`, and other results as from a phone. Kinds are subclasses.
    """

    options: Mapping[str, str] = field(default_factory=dict)
    outcomes: Mapping[Result, Target] = field(default_factory=dict)
    then: Target = HANGUP


@dataclass(frozen=True, slots=True)
class Hangup(Node):
    """End the call."""

    kind: ClassVar[str] = "hangup"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Echo(Node):
    """Send callers their own voice back: a test of the line."""

    kind: ClassVar[str] = "echo"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Music(Node):
    """Play a music channel (name = channel) until the caller hangs up."""

    kind: ClassVar[str] = "music"
    name: str = DEFAULT_MUSIC


@dataclass(frozen=True, slots=True)
class Answer(Node):
    """Answer and wait in silence until the caller hangs up."""

    kind: ClassVar[str] = "answer"
    name: str = ""


Service = Echo | Music | Answer


@dataclass(frozen=True, slots=True)
class Flow:
    """Every node by target. Services and hangup need not be listed: they exist in every flow, and so does every number
    outside; `external:@kyiv`, when listed, says how long it rings on that trunk and what follows.

    After `step_limit` nodes in a row in which no time passes and no digit comes the caller hears that the call cannot
    be connected; time gives nodes back (`ivr.arriving.STEPS_A_SECOND`). Prompts that have not been reported finished
    after `prompt_limit` seconds, or after their own length if that is longer (`ivr.speaking.LATE`), count as finished:
    whatever fails, a session does not hang.
    """

    nodes: Mapping[Target, Node]
    language: str = "en"
    step_limit: int = 50
    prompt_limit: float = 300.0
    type_ahead_limit: int = 32

    def find(self, target: Target) -> Node | None:
        """The node at *target*, or None when there is none."""
        match target.kind:
            case "hangup":
                return Hangup()
            case "echo":
                return Echo()
            case "music":
                return Music(target.name or DEFAULT_MUSIC)
            case "answer":
                return Answer()
            case External.kind:
                pattern = self.nodes.get(Target(External.kind, f"@{target.trunk}"))
                return replace(pattern, name=target.name) if isinstance(pattern, External) else External(target.name)
        return self.nodes.get(target)
