"""What callers enter and are asked, and what is looked up for them: numbers, surveys, lists, web services."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema

from ivr.targets import HANGUP
from ivr.texts import placeholders
from softswitch.callers.lists import wrong_pattern
from softswitch.config.fields import Count, Flag, Label, NetworkField, Number, Seconds, TargetField, Word, Wrong
from softswitch.config.secrets import SecretField
from softswitch.config.words.callers import Column
from softswitch.config.words.values import FilePath, Name, Section, Shorthand, Spoken
from softswitch.speech.template import parse_template


@dataclass(frozen=True, slots=True)
class Span:
    """How many digits."""

    shortest: int
    longest: int

    def __str__(self) -> str:
        return str(self.longest) if self.shortest == self.longest else f"{self.shortest}-{self.longest}"


def _span(value: object) -> Span:
    right = 'write "1-12" or 4; at most 64'
    match = re.fullmatch(r"(\d{1,3})(?:-(\d{1,3}))?", str(value), re.ASCII) if isinstance(value, str | int) else None
    if match is None or isinstance(value, bool):
        raise Wrong(f'"{value}" does not say how many digits', right)
    span = Span(int(match[1]), int(match[2] or match[1]))
    if span.shortest > span.longest:
        raise Wrong("the shorter comes first", f'write "{span.longest}-{span.shortest}"')
    if not 1 <= span.longest <= 64:
        raise Wrong(f"{span.longest} digits are none or too many", right)
    return span


def _date_format(value: str) -> str:
    if sorted(re.findall(r"D+|M+|Y+", value)) not in (["DD", "MM", "YY"], ["DD", "MM", "YYYY"]) or set(value) - {
        *"DMY"
    }:
        raise Wrong(f'"{value}" is no order of day, month and year', 'write "DDMMYYYY", "DDMMYY" or "YYYYMMDD"')
    return value


def _pattern(value: str) -> str:
    if wrong := wrong_pattern(f"/{value}/"):
        raise Wrong(wrong.replace(f"/{value}/", value, 1))
    return value


def _written(texts: Mapping[str, str]) -> Mapping[str, str]:
    for language, text in texts.items():
        try:
            parse_template(text, language)
        except ValueError as error:
            raise Wrong(f'the text in "{language}" {error}') from None
    return texts


def _confirmation(value: bool | Mapping[str, str]) -> bool | Mapping[str, str]:
    """Texts of one's own in which the entry is read back."""
    for language, text in value.items() if isinstance(value, Mapping) else ():
        if not placeholders(text):
            what = f'the text in "{language}" does not say what was entered'
            raise Wrong(what, "write true, or a text with {value:digits} in it")
    return value


def _texts(value: object) -> object:
    """One text where a list may stand."""
    return [value] if isinstance(value, str | dict) else value


def _targets(value: object) -> object:
    """One target where a list may stand."""
    return [value] if isinstance(value, str) else value


Digits = Annotated[
    Span,
    PlainValidator(_span),
    PlainSerializer(str),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": "^[0-9]{1,3}(-[0-9]{1,3})?$"}, {"type": "integer"}]}),
]
Targets = Annotated[tuple[TargetField, ...], BeforeValidator(_targets), Shorthand(element=True)]
Texts = Annotated[tuple[Spoken, ...], BeforeValidator(_texts), Shorthand(element=True)]
Written = Annotated[Spoken, AfterValidator(_written)]
Method = Literal["GET", "POST"]
Url = Annotated[str, Field(pattern=r"^https?://[^\s/{}]+(/\S*)?$", max_length=2000)]
Header = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]
Currency = Literal["UAH", "PLN", "EUR", "USD", "GBP", "RUB"]


class Entry(Section):
    """Something that callers key in."""

    say: Spoken
    digits: Digits | None = None
    """How many: "1-12", or 4. None: what ``valid`` needs, else 1 to 32."""
    end: Annotated[str, Field(pattern=r"^[0-9*#]?$")] | None = None
    """The key after the last digit; "" for none. None: "#", except where every entry has the same length."""
    variable: Column = "digits"
    """Where the entry goes; ``{variable}`` stands for it in texts, targets and URLs."""
    mask: Flag = False
    """A secret: in no journal, log, event or text, and only sent to who is asked about it."""
    valid: Literal["digits", "luhn", "pesel", "date", "amount"] = "digits"
    """Of amounts * is the decimal point."""
    pattern: Annotated[str, AfterValidator(_pattern)] = ""
    """A regular expression of the whole entry; at most three of * + ? {1,3}, none of them after a group."""
    date_format: Annotated[str, AfterValidator(_date_format)] = "DDMMYYYY"
    currency: Currency | None = None
    """An amount is read back as so much of it."""
    confirm: Annotated[Flag | Spoken, AfterValidator(_confirmation)] = False
    """Read the entry back and ask: 1 right, 2 once more. A text of one's own has ``{value}`` in it."""
    say_invalid: Texts = ()
    """What is said after a wrong entry: the first time, the second time, …"""
    say_no_input: Texts = ()
    """The same, after silence."""
    say_again: Texts = ()
    """In place of ``say`` after that: the first time, the second time, …"""
    timeout: Annotated[Seconds, Field(gt=0, le=120)] = 7.0
    """Seconds to the first digit."""
    inter_digit: Annotated[Seconds, Field(gt=0, le=30)] = 3.0
    """Seconds of silence that end an entry too."""
    retries: Annotated[Count, Field(le=20)] = 2
    tries: Annotated[Count, Field(ge=1, le=100)] | None = None
    """Good entries that one call may make here; the next visit leads to ``when_failed``. None: 3 of secrets."""
    barge_in: Flag = True
    type_ahead: Flag = True


class Collect(Entry):
    then: TargetField
    when_failed: TargetField | None = None
    """When no retry is left. None, here and elsewhere: they hear that they cannot be connected, and the call ends."""
    when_unavailable: Targets = ()
    """Where to, one after another, when ``then`` is nobody or does not take the caller. Empty: as the route says, or
    ``when_failed`` where ``then`` has a variable in it."""


class Set(Section):
    """A place that callers only pass: what is known of them from there on."""

    then: TargetField
    when_unavailable: Targets = ()
    """Where to, one after another, when ``then`` is nobody or does not take the caller. Empty: as the route says."""
    language: Annotated[str, Field(pattern=r"^(en|uk|ru|pl|\{[a-z_][a-z0-9_]*\})$")] | None = None
    priority: Number | None = None
    needs: str = ""
    prefer: str = ""
    label: Label = ""
    """Shown on the agent's phone before the caller."""
    data: Mapping[Column, str] = {}
    """Variables; a value may mention others in braces."""
    customer_id: Word = ""
    """Who the caller is: ``"{card}"``; as of a lookup."""
    optout: Flag | None = None
    """True: the caller wants no offers of campaigns any more. False: they may hear them again."""


class Meanwhile(Section):
    """What callers hear while somebody is asked."""

    say: Spoken | None = None
    music: Name | Literal[""] = "default"
    """A channel, after what is said; "" for silence."""
    after: Seconds = 0.5
    """Seconds of silence before it."""


class Inquiry(Section):
    """What follows an answer."""

    meanwhile: Meanwhile = Meanwhile()
    result: Mapping[Column, Word] = {}
    """Variable → where it is in the answer. Empty: everything at its top level."""
    customer_id: Word = ""
    """Who the caller is, by the answer: ``"{client}"``. Empty: its variable ``customer_id``, if it has one."""
    say: Spoken | None = None
    """Said when there is an answer, with ``{variables}`` and their forms: ``{sum:money}``."""
    when: Mapping[Column, Mapping[str, TargetField]] = {}
    """Where to for a value of a variable: ``when.status = { lost = "queue:claims" }``."""
    then: TargetField = HANGUP
    when_failed: TargetField | None = None
    when_unavailable: Targets = ()
    """Where to, one after another, when the answer leads to nobody, or who does not take the caller. Empty: as the
    route says, or ``when_unknown`` or ``when_failed`` where a target has a variable in it."""
    timeout: Annotated[Seconds, Field(gt=0, le=60)] = 3.0


class Basic(Section):
    user: Word
    password: SecretField


class Http(Section):
    """How to ask a web service."""

    url: Url
    headers: Mapping[Header, Word] = {}
    secret_headers: Mapping[Header, SecretField] = {}
    basic: Basic | None = None
    bearer: SecretField | None = None
    allow_private: tuple[NetworkField, ...] = ()
    """Networks that are not in the internet and where it may be all the same."""
    max_bytes: Annotated[Count, Field(ge=1)] = 256 * 1024
    """A longer answer is no answer."""


class Webservice(Inquiry, Http):
    collect: Entry | None = None
    """What the caller enters first."""
    method: Method = "GET"
    body: Literal["", "json", "form", "xml"] = ""
    fields: Mapping[Word, str] = {}
    retries: Annotated[Count, Field(le=5)] = 1
    cache: Seconds = 0.0
    """Seconds for which an answer to the same question is good."""


class Sms(Section):
    """A text message to the caller, by the gateway of a provider."""

    webservice: Name
    """The gateway: a ``[webservice.NAME]``, asked with ``{sms_to}`` and ``{sms_text}`` besides the call's variables."""
    text: Written
    """With ``{variables}`` and their forms: ``{due:date}``."""
    to: Word = "{ani}"
    """Who gets it: ``{variables}``, or one fixed number."""
    meanwhile: Meanwhile = Meanwhile()
    say: Spoken | None = None
    """Said when the gateway has taken it."""
    when: Mapping[Column, Mapping[str, TargetField]] = {}
    """Where to for a value of the gateway's answer: ``when.status = { rejected = "say:not-sent" }``."""
    then: TargetField = HANGUP
    when_failed: TargetField | None = None
    """When the gateway has not taken it, or there is no number that gets text messages."""


class Lookup(Inquiry):
    """In a list of callers, in a CSV file, or in an SQLite database."""

    key: Word = "{ani}"
    list: Name | None = None
    file: FilePath | None = None
    column: Word | None = None
    """Of the file; None: the first."""
    database: FilePath | None = None
    query: Word | None = None
    """One SELECT; ``:key`` and ``:variable`` stand for values, the first row is the answer."""
    when_unknown: TargetField | None = None
    """None: as ``when_failed``."""


class Verbs(Http):
    """An outside application says what happens to the call, verb by verb."""

    timeout: Annotated[Seconds, Field(gt=0, le=60)] = 5.0
    meanwhile: Meanwhile = Meanwhile(music="")
    when_failed: TargetField | None = None
    """When the application does not answer, or says what cannot be done."""
    max_priority: Annotated[Number, Field(ge=0)] = 0.0
    """The most points that it may give to a caller; positions are announced only when they are waited off."""
    masked: tuple[Column, ...] = ()
    """Variables that callers have entered masked elsewhere and that it is told all the same, besides its own."""


class SurveyQuestion(Section):
    id: Column
    say: Spoken
    scale: Literal["csat", "nps", "ces"] = "csat"
    """1 to 5, 0 to 10, 1 to 7."""


class Survey(Section):
    questions: Annotated[tuple[SurveyQuestion, ...], Field(min_length=1, alias="question")]
    say: Spoken | None = None
    """Before the first question."""
    thanks: Spoken | None = None
    timeout: Annotated[Seconds, Field(gt=0, le=120)] = 6.0
    retries: Annotated[Count, Field(le=5)] = 1
    then: TargetField = HANGUP
