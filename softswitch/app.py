"""The running switch: builds every part, joins them, starts them and lets them go in the right order."""

from __future__ import annotations

import asyncio
import logging
import os
from dataclasses import asdict
from math import ceil
from typing import TYPE_CHECKING, Any

from ivr.texts import filled
from sip.auth import DigestChallenger
from sip.refer import EXTENSIONS
from sip.registrar import Registrar
from softswitch.admin.callbacks import callback_verbs
from softswitch.admin.campaigns import CampaignDesk
from softswitch.admin.desk import AdminDesk
from softswitch.admin.erasing import erasure_verbs
from softswitch.admin.lock import Locked
from softswitch.admin.reloader import Reloader
from softswitch.call.callbacks.desk import CallbackDesk
from softswitch.call.control import CallControl
from softswitch.call.queues.resuming import Resuming
from softswitch.call.settings import Settings
from softswitch.campaigns.audio import RemoteAudio
from softswitch.campaigns.book import Book
from softswitch.clock import SystemClock
from softswitch.config import acd as acd_configuration
from softswitch.config import flows
from softswitch.erasure.desk import ErasureDesk, Parts
from softswitch.estimates.estimator import Estimator
from softswitch.ids import RandomIds
from softswitch.inquiries.edge import Inquiries
from softswitch.media.channels import Channels
from softswitch.media.engine import MediaEngine, lane_ports
from softswitch.outbox.feeds import Feeds
from softswitch.recovery import RECOVERED, Recovered, SnapshotKeeper, Snapshots, recover
from softswitch.registrations import KeptBindings, restorable
from softswitch.store.database import FILE_NAME, StoreError
from softswitch.store.journal import JournalWriter
from softswitch.store.pruning import DAY, Needed, Pruner
from softswitch.store.queries import campaign_changes, contact_lines, seal_key, wishes_for_peace
from softswitch.transport.edge import SipEdge
from softswitch.tts.synthesizer import Synthesizer
from softswitch.voice import RenderedVoice, prompt_folders, speech_settings, spoken_languages
from softswitch.voicemail.boxes import Boxes
from softswitch.voicemail.desk import MessageDesk
from softswitch.voicemail.mailroom import Mailroom
from softswitch.wording import standing_prompts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acd.dispatcher import Dispatcher
    from acd.events import WaitEstimated
    from ivr.nodes import Prompt
    from rtp.legs import MediaEvent
    from sip.events import Event
    from sip.flow import Flow
    from sip.uri import Uri
    from softswitch.admin.reloader import Outcome, Prepared
    from softswitch.api.server import HttpServer
    from softswitch.config import Config

log = logging.getLogger(__name__)


#: Seconds that phones are given to answer the last BYE.
GOODBYE = 2.0


class StartError(Exception):
    """The switch cannot start; the message says why and what to do."""


class Switch:
    """All parts of one switch. Use `start` and `stop` on one event loop; a Switch is started once."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._stopping = False
        data_dir = config.server.data_dir
        self._clock = SystemClock(config.server.timezone)
        self._ids = RandomIds(config.sip.domain)
        self._flow = flows.flow(config)
        self._database = data_dir / FILE_NAME
        self._journal = JournalWriter(self._database, on_kept=self._kept)
        self._desk = AdminDesk(config, self._journal)
        self._feeds = Feeds(config, self._database, wall=lambda: self._clock.wall(self._loop.time()), note=self._note)
        self._pruner = Pruner(
            self._database,
            days=self._retention_days,
            wall=lambda: self._clock.wall(self._loop.time()),
            needed=self._needed,
            note=self._note,
        )
        self._estimator = Estimator(self._database, wall=self._clock.wall(self._loop.time()))
        self._synthesizer = Synthesizer(speech_settings(config.tts), data_dir / "speech")
        self._remote_audio = RemoteAudio(
            config.campaigns.audio,
            data_dir / "campaigns",
            wall=lambda: self._clock.wall(self._loop.time()),
            note=self._note,
            on_ready=self._speech_ready,
        )
        self._voice = RenderedVoice(
            prompt_folders(config),
            self._synthesizer,
            on_ready=self._speech_ready,
            fallback=config.server.language,
            fetched=self._remote_audio.find,
        )
        self._media = MediaEngine(
            host=_media_host(config),
            ports=lane_ports(config.rtp.ports.first, config.rtp.ports.last),
            workers=config.rtp.workers or max(1, (os.cpu_count() or 1) - 1),
            run_dir=data_dir / "run",
            on_event=self._media_event,
            record_below=data_dir,
        )
        self._channels = Channels(self._media, config)
        self._registrar = Registrar(
            min_expires=config.sip.expires.min,
            max_expires=config.sip.expires.max,
            default_expires=config.sip.expires.default,
            max_contacts=config.sip.max_contacts,
        )
        self._edge = SipEdge(
            listen=[str(listen) for listen in config.sip.listen],
            ids=self._ids,
            on_event=self._sip_event,
            external_address=config.sip.external_address,
            on_connection_lost=self._connection_lost,
            extensions=EXTENSIONS,
        )
        self._book = Book(
            config,
            self._flow,
            self._clock,
            self._desk.journal,
            on_changed=self._messages_changed,
            on_pulled=self._messages_pulled,
        )
        self._boxes = Boxes(self._journal)
        self._mailroom = Mailroom(
            config, self._boxes, wall=lambda: self._clock.wall(self._loop.time()), note=self._note
        )
        self._inquiries = Inquiries(config, self._answered)
        self._http: HttpServer | None = None
        self._control: CallControl
        self._callbacks: CallbackDesk
        self._erasure: ErasureDesk
        self._reloader = Reloader(
            config, put_in_force=self._put_in_force, note=self._note, silenced=self._book.silenced
        )
        self._snapshots: Snapshots | None = None

    def _join(self, dispatcher: Dispatcher) -> CallControl:
        """Call control over all the parts."""
        config = self._config
        return CallControl(
            config,
            self._flow,
            sip=self._edge.endpoint,
            media=self._media,
            journal=self._estimator.overhear(self._desk.journal),
            bindings=KeptBindings(self._journal, self._clock),
            voice=self._voice,
            flows=self,
            clock=self._clock,
            dispatcher=dispatcher,
            registrar=self._registrar,
            challenger=DigestChallenger(config.sip.domain, os.urandom(32), algorithms=config.sip.digest),
            new_call_id=self._ids.call,
            new_ssrc=self._ids.ssrc,
            oracle=self._inquiries,
            campaigns=self._book,
            boxes=self._boxes,
            mailroom=self._mailroom,
        )

    # ------------------------------------------------------------------------------------------------ life
    async def start(self) -> None:
        """Open everything; the sockets last, so that nobody is answered by half a switch. Raises StartError."""
        config = self._config
        try:
            self._desk.lock()
        except (Locked, OSError) as error:
            raise StartError(str(error)) from error
        try:
            await self._journal.start()
            await self._feeds.start()
            now, wall = self._loop.time(), self._clock.wall(self._loop.time())
            recovered = await asyncio.to_thread(recover, self._database, now=now, wall=wall)
            await self._desk.remember(wall)
            self._boxes.load(*await self._journal.load_left_behind())
            await self._mailroom.start()
            self._control = self._join(recovered.dispatcher)
            self._light_lamps()
            self._note("switch.started", {"pid": os.getpid(), **self._reloader.status()})
            resuming = self._resume(recovered, now, wall)
            await self._synthesizer.start()
            await self._remote_audio.start()
            await self._remember_campaigns(wall)
            self._voice.prepare(standing_prompts(config, self._flow), spoken_languages(config))
            await self._media.start()
            self._channels.preload()
            now, wall = self._loop.time(), self._clock.wall(self._loop.time())
            stored = await self._journal.load_bindings(wall)
            self._registrar.restore(restorable(stored, config.phones, now, wall))
            await self._edge.start()
            self._callbacks = CallbackDesk(
                self._control,
                recovered.dispatcher,
                clock=self._clock,
                now=self._loop.time,
                new_id=self._ids.call,
                settle=self._settle,
            )
            self._erasure = self._make_erasure(recovered.dispatcher)
            # only now is it known which fixed phones can be reached
            resuming.look_around(self._loop.time())
            self._control.start(self._loop.time())
            await self._desk.open(
                self._control,
                recovered.dispatcher,
                clock=self._clock,
                settle=self._settle,
                status=self._status,
                more={
                    **self._reloader.verbs(),
                    **CampaignDesk(self._book.contacts, self._book.rollouts, self._loop.time).verbs(),
                    **callback_verbs(self._callbacks),
                    **erasure_verbs(self._erasure),
                },
            )
        except OSError as error:
            await self.stop()
            where = error.filename or f"{', '.join(map(str, config.sip.listen))} (in use?)"
            raise StartError(f"{where}: {error.strerror or error}") from error
        except StoreError as error:
            await self.stop()
            raise StartError(str(error)) from error
        await self._start_api()
        keeper = SnapshotKeeper(self._journal, recovered.dispatcher.snapshot)
        self._snapshots = Snapshots(keeper, self._loop, self._clock.wall)
        self._snapshots.start()
        await self._estimator.start(recovered.dispatcher, self._waits_estimated)
        self._pruner.start()
        self._edge.flush()
        self._arm()

    def _make_erasure(self, dispatcher: Dispatcher) -> ErasureDesk:
        return ErasureDesk(
            Parts(
                lambda: self._config,
                self._control,
                dispatcher,
                self._callbacks,
                self._boxes,
                self._mailroom,
                self._book.contacts,
                snapshot=self._take_snapshot,
                wall=lambda: self._clock.wall(self._loop.time()),
                note=self._note,
                kept=self._journal.flush,
            )
        )

    def _take_snapshot(self) -> None:
        if self._snapshots is not None:
            self._snapshots.take()

    def _retention_days(self) -> int:
        """How often somebody may be told an offer is counted in the journal, too."""
        days = self._config.journal.retention_days
        return days and max(days, ceil(self._book.contacts.period / DAY))

    def _needed(self) -> Needed:
        """What must not be deleted of the journal, however old it is."""
        requests = {request.id.rpartition("~")[2] for request in self._boxes.requests()}
        messages = {message.call for message in self._boxes.all()}
        return Needed(self._feeds.delivered(), frozenset(self._control.unfinished() | requests | messages))

    async def _remember_campaigns(self, wall: float) -> None:
        """What they say, whom they may tell it, and which versions of menus are rolled out how far."""
        book = self._book
        book.contacts.key = await asyncio.to_thread(seal_key, self._database)
        lines = await asyncio.to_thread(contact_lines, self._database, wall - book.contacts.period)
        book.contacts.remember(lines)
        book.rollouts.remember(lines)
        book.remember(await asyncio.to_thread(campaign_changes, self._database))

    def _resume(self, recovered: Recovered, now: float, wall: float) -> Resuming:
        """Let the distributor know what has changed since the state that it was *recovered* from."""
        dispatcher, queues = recovered.dispatcher, acd_configuration.acd_config(self._config)
        self._journal.append(RECOVERED, None, recovered.record(), at=wall)
        self._control.forcing.restore(recovered.hours, now)
        self._control.phones.remember_peace(wishes_for_peace(self._database))
        resuming = Resuming(self._control, dispatcher, self._config, queues)
        resuming.remember(now, restarted=not recovered.fresh, agents=recovered.agents)
        return resuming

    def _light_lamps(self) -> None:
        """Messages also change when no call does: they are mailed, and grow old."""
        mark = self._boxes.changed

        def changed(box: str) -> None:
            mark(box)
            self._loop.call_soon(self._arm)

        self._boxes.changed = changed

    async def stop(self) -> None:
        """End the calls, say goodbye to their phones, write everything down, leave no process behind."""
        self._stopping = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._snapshots is not None:
            self._snapshots.stop()
        await self._desk.close()
        if self._http is not None:
            await self._http.stop()
        now = self._loop.time()
        if self._snapshots is not None:  # else it did not come so far
            self._control.hang_up_all(now)
            self._snapshots.take()
        self._edge.flush()
        await self._goodbyes(now + GOODBYE)
        await self._inquiries.close()
        await self._edge.close()
        await self._media.close()
        await self._remote_audio.stop()
        await self._synthesizer.stop()
        await self._estimator.stop()
        await self._mailroom.stop()
        await self._pruner.stop()
        self._journal.append("switch.stopped", None, {"pid": os.getpid()}, at=self._clock.wall(self._loop.time()))
        await self._journal.close()
        await self._feeds.stop()
        self._desk.unlock()

    async def _goodbyes(self, until: float) -> None:
        """Until every BYE has been answered, or *until*."""
        while self._edge.endpoint.load.usages and self._loop.time() < until:  # noqa: ASYNC110 (nothing tells us)
            await asyncio.sleep(0.02)

    # ------------------------------------------------------------------------------------------------ events
    def _sip_event(self, event: Event) -> None:
        self._control.on_sip(event, self._loop.time())
        self._arm()

    def _media_event(self, event: MediaEvent) -> None:
        self._control.on_media(event, self._loop.time())
        self._settle()

    def _speech_ready(self) -> None:
        self._control.on_speech(self._loop.time())
        self._settle()

    def _kept(self, mark: str, kept: bool) -> None:
        self._control.on_kept(mark, kept, self._loop.time())
        self._settle()

    def _waits_estimated(self, event: WaitEstimated) -> None:
        self._control.queues.receive(event, self._loop.time())
        self._settle()

    def _answered(self, question: int, outcome: str, values: Mapping[str, str]) -> None:
        self._control.on_answered(question, outcome, values, self._loop.time())
        self._settle()

    def _connection_lost(self, flow: Flow) -> None:
        self._control.on_flow_lost(flow, self._loop.time())
        self._arm()

    def _settle(self) -> None:
        self._edge.flush()
        self._arm()

    def _arm(self) -> None:
        if self._stopping:
            return
        at = self._control.next_deadline()
        if self._timer is not None:
            if self._timer.when() == at:
                return
            self._timer.cancel()
        self._timer = None if at is None else self._loop.call_at(at, self._fire, at)

    def _fire(self, at: float) -> None:
        self._timer = None
        self._control.handle_timeout(max(at, self._loop.time()))  # loops may fire one tick early
        self._settle()

    # ------------------------------------------------------------------------------------------------ where things are
    def flow_to(self, uri: Uri) -> Flow | None:
        """See `softswitch.ports.Flows`."""
        return self._edge.flow_to(uri)

    def keep(self, flow: Flow, until: float) -> None:
        """See `softswitch.ports.Flows`."""
        self._edge.keep(flow, until)

    def advertised_ip(self, flow: Flow) -> str:
        """See `softswitch.ports.Flows`."""
        return self._edge.own_address(flow)[0]

    # ------------------------------------------------------------------------------------------------ reload
    async def reload(self, by: str) -> Outcome:
        """Take over the file as it is now, or, when it is bad, nothing of it. *by*: who wants it."""
        return await self._reloader.reload(by)

    def _put_in_force(self, prepared: Prepared) -> None:
        """In one go: no event comes between. What callers of new queues hear is known before they come."""
        config, now = prepared.config, self._loop.time()
        self._config, self._flow = config, prepared.flow
        self._voice.renew(prepared.resolver)
        self._channels.reconfigure(config)
        self._control.reconfigure(Settings(config, prepared.flow), now)
        self._inquiries.reconfigure(config)
        self._desk.reconfigure(config)
        self._mailroom.reconfigure(config)
        self._remote_audio.reconfigure(config.campaigns.audio)
        self._book.reconfigure(config, prepared.flow)
        self._feeds.reconfigure(config)
        self._voice.prepare(standing_prompts(config, prepared.flow), spoken_languages(config))
        self._settle()

    async def _start_api(self) -> None:
        """Last of all: who changes what campaigns say finds a switch that works. Raises StartError."""
        try:
            await self._open_api()
        except OSError as error:
            await self.stop()
            raise StartError(error.strerror or str(error)) from error

    async def _open_api(self) -> None:
        """Raises OSError."""
        if (api := self._config.api) is None:
            return
        from softswitch.api.service import open_api

        self._http = await open_api(
            api,
            settings=lambda: self._config.api,
            database=self._database,
            book=self._book,
            callbacks=self._callbacks,
            callers=self._desk.callers,
            hours=self._desk.hours,
            messages=MessageDesk(self._boxes, self._mailroom, words=lambda: self._config.voicemails, note=self._note),
            verified=self._verified,
            erasure=self._erasure,
            now=self._loop.time,
            kept=self._journal.flush,
        )

    def _verified(self, name: str, passed: bool, by: str) -> bool:
        """A program that an agent works with says whether the caller is who they say. False: no such call goes on."""
        call, now = self._control.calls.get(name), self._loop.time()
        if call is not None:
            self._control.verifying.mark(call, now, passed=passed, by=by, how="api")
            self._settle()
        return call is not None

    def _messages_changed(self, prompts: Sequence[Prompt]) -> None:
        """Nobody should wait for a message while it is rendered; audio that others keep is fetched."""
        self._remote_audio.keep([prompt.audio for prompt in self._book.prompts() if prompt.audio is not None])
        alike = [prompt for prompt in prompts if filled(prompt, {}) is prompt]
        if alike:  # what is said to one caller only is not known yet
            self._voice.prepare(alike, sorted({language for prompt in alike for language in prompt.text}))

    def _messages_pulled(self, prompts: Sequence[Prompt], variables: Mapping[str, str]) -> None:
        """While the caller hears the menu, what they will hear in it is rendered, or fetched for the next time."""
        for prompt in prompts:
            if prompt.audio is not None:
                self._remote_audio.want(prompt.audio)
            self._voice.find(filled(prompt, variables), variables.get("language", self._config.server.language))

    def _status(self) -> dict[str, Any]:
        parts = {"journal": asdict(self._journal.state), "events": self._feeds.state(), "mail": self._mailroom.state()}
        return {**parts, **self._reloader.status()}

    def _note(self, kind: str, data: Mapping[str, object]) -> None:
        self._desk.journal.append(kind, None, data, at=self._clock.wall(self._loop.time()))


def _media_host(config: Config) -> str:
    """Media binds where signalling listens: one address, or all of them."""
    hosts = {listen.host for listen in config.sip.listen}
    return hosts.pop() if len(hosts) == 1 else "0.0.0.0"
