"""A whole configuration: its tables are in `words`, what they mean to each other is checked in `checks`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, PrivateAttr

from softswitch.callers.lists import CallerList
from softswitch.callers.numbers import NumberPlan
from softswitch.config.errors import Problem
from softswitch.config.words.callers import FindMe, ListEntry
from softswitch.config.words.campaigns import Campaigns, Template
from softswitch.config.words.centre import Agent, BreakField, BreakKey, Display, Features, Offers, Queue
from softswitch.config.words.dialogue import Collect, Lookup, Set, Sms, Survey, Verbs, Webservice
from softswitch.config.words.flow import Goto, Hours, Menu, Music, Route, Say
from softswitch.config.words.lint import Lint
from softswitch.config.words.messages import CallbackRequest, Mail, Transcription, Voicemail
from softswitch.config.words.rooms import Conference, Park, Record
from softswitch.config.words.switch import Journal, Phone, Rtp, Server, Sip, Trunk, Tts
from softswitch.config.words.systems import Api, EventLog, Webhook
from softswitch.config.words.values import (
    Name,
    Section,
    Strings,
)
from softswitch.config.words.verification import Verification

if TYPE_CHECKING:
    from softswitch.config.checks.variables import Known  # noqa: TC004 (it needs this module; private, and so not validated)


class Config(Section):
    """A configuration that was checked: every name that is mentioned exists."""

    include: Strings = ()
    """Files whose tables belong to these: names, and patterns such as "menus/*.toml"."""
    server: Server = Server()
    journal: Journal = Journal()
    sip: Sip = Sip()
    rtp: Rtp = Rtp()
    tts: Tts = Tts()
    lint: Lint = Lint()
    phone_list: Annotated[tuple[Phone, ...], Field(alias="phone")] = ()
    agent_list: Annotated[tuple[Agent, ...], Field(alias="agent")] = ()
    queues: Annotated[Mapping[Name, Queue], Field(alias="queue")] = {}
    menus: Annotated[Mapping[Name, Menu], Field(alias="menu")] = {}
    says: Annotated[Mapping[Name, Say], Field(alias="say")] = {}
    hours: Mapping[Name, Hours] = {}
    gotos: Annotated[Mapping[Name, Goto], Field(alias="goto")] = {}
    music: Mapping[Name, Music] = {}
    """Channels besides ``default``, which comes with the switch and may be given files of one's own."""
    routes: Annotated[tuple[Route, ...], Field(alias="route")] = ()
    trunks: Annotated[Mapping[Name, Trunk], Field(alias="trunk")] = {}
    list_entries: Annotated[Mapping[Name, tuple[ListEntry, ...]], Field(alias="list")] = {}
    """``[[list.NAME]]``: numbers, and what is known of who calls from them."""
    mail: Mail | None = None
    voicemails: Annotated[Mapping[Name, Voicemail], Field(alias="voicemail")] = {}
    transcription: Transcription = Transcription()
    callback_requests: Annotated[Mapping[Name, CallbackRequest], Field(alias="callback")] = {}
    """``[callback.NAME]``: being called back when it is open again."""
    findmes: Annotated[Mapping[Name, FindMe], Field(alias="findme")] = {}
    collects: Annotated[Mapping[Name, Collect], Field(alias="collect")] = {}
    sets: Annotated[Mapping[Name, Set], Field(alias="set")] = {}
    lookups: Annotated[Mapping[Name, Lookup], Field(alias="lookup")] = {}
    webservices: Annotated[Mapping[Name, Webservice], Field(alias="webservice")] = {}
    sms: Mapping[Name, Sms] = {}
    verbs: Mapping[Name, Verbs] = {}
    surveys: Annotated[Mapping[Name, Survey], Field(alias="survey")] = {}
    records: Annotated[Mapping[Name, Record], Field(alias="record")] = {}
    conferences: Annotated[Mapping[Name, Conference], Field(alias="conference")] = {}
    park: Park | None = None
    """Where callers are left for somebody else to fetch. None: nowhere."""
    verifications: Annotated[Mapping[Name, Verification], Field(alias="verification")] = {}
    """``[verification.NAME]``: what agents ask callers to make sure who they are."""
    features: Annotated[Features, Field(alias="feature")] = Features()
    breaks: Annotated[Mapping[BreakKey, BreakField], Field(alias="break")] = {}
    """Reasons by the digit that is dialled."""
    offers: Offers = Offers()
    display: Display = Display()
    webhooks: Annotated[tuple[Webhook, ...], Field(alias="webhook")] = ()
    event_log: EventLog | None = None
    templates: Annotated[Mapping[Name, Template], Field(alias="template")] = {}
    """Texts that campaigns fill at the slots of menus."""
    campaigns: Campaigns = Campaigns()
    api: Api | None = None

    _warnings: tuple[Problem, ...] = PrivateAttr(default=())
    _file: str = PrivateAttr(default="")
    _lists: Mapping[str, CallerList] = PrivateAttr(default_factory=dict)
    _digest: str = PrivateAttr(default="")
    _known: Known | None = PrivateAttr(default=None)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What works and is probably not meant."""
        return self._warnings

    @property
    def file(self) -> str:
        return self._file

    @property
    def digest(self) -> str:
        """SHA-256 of the file and those it includes, in hexadecimal figures."""
        return self._digest

    @property
    def known(self) -> Known | None:
        """The variables that this gives to calls; None: it was not read from a file."""
        return self._known

    @cached_property
    def phones(self) -> Mapping[str, Phone]:
        """By user, in the order of the file."""
        return {phone.user: phone for phone in self.phone_list}

    @cached_property
    def agents(self) -> Mapping[str, Agent]:
        """By id, in the order of the file."""
        return {agent.id: agent for agent in self.agent_list}

    @cached_property
    def plan(self) -> NumberPlan:
        """How numbers are read: our own and those of emergency services first."""
        return NumberPlan(self.server.country, internal=self.phones)

    @property
    def lists(self) -> Mapping[str, CallerList]:
        """Lists of callers, in the order of the file, with everything that is in files."""
        return self._lists

    def attach(
        self,
        file: str,
        warnings: Iterable[Problem],
        lists: Mapping[str, CallerList] | None = None,
        digest: str = "",
        known: Known | None = None,
    ) -> None:
        """Said once by the loader: where this came from, what was odd about it, the numbers of all lists, and what is
        known of callers.
        """
        self._file, self._warnings, self._lists, self._digest = file, tuple(warnings), lists or {}, digest
        self._known = known
