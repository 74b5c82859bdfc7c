"""A SIP phone on pjsua2, run as a process of its own: `python pjsua_phone.py '<settings as JSON>'`.

Commands come as JSON lines on standard input (`{"id": 1, "do": "call", …}`); answers (`{"reply": 1, …}`) and events
(`{"event": "call", "at": …}`) leave as JSON lines on standard output. `tests.support.pjsua_agent` is the other end.
One process is one phone: the library allows few calls and accounts, and a crash takes nobody else down.
"""

from __future__ import annotations

import json
import os
import re
import select
import sys
import time
from pathlib import Path
from typing import Any

import pjsua2 as pj

STATES = {
    pj.PJSIP_INV_STATE_NULL: "null",
    pj.PJSIP_INV_STATE_CALLING: "calling",
    pj.PJSIP_INV_STATE_INCOMING: "incoming",
    pj.PJSIP_INV_STATE_EARLY: "early",
    pj.PJSIP_INV_STATE_CONNECTING: "connecting",
    pj.PJSIP_INV_STATE_CONFIRMED: "confirmed",
    pj.PJSIP_INV_STATE_DISCONNECTED: "disconnected",
}
MEDIA = {
    pj.PJSUA_CALL_MEDIA_NONE: "none",
    pj.PJSUA_CALL_MEDIA_ACTIVE: "active",
    pj.PJSUA_CALL_MEDIA_LOCAL_HOLD: "local-hold",
    pj.PJSUA_CALL_MEDIA_REMOTE_HOLD: "remote-hold",
    pj.PJSUA_CALL_MEDIA_ERROR: "error",
}
POLL_MS = 10
LEAVE_SECONDS = 4.0

# The library prints on descriptor 1; that becomes standard error, and the protocol keeps the real output to itself.
_output = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)


def emit(**message: Any) -> None:
    _output.write(json.dumps(message) + "\n")


def report(event: str, **fields: Any) -> None:
    emit(event=event, at=time.monotonic(), **fields)


class PhoneCall(pj.Call):  # type: ignore[misc]
    def __init__(self, phone: Phone, number: int, account: pj.Account, call_id: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(account, call_id)
        self.phone = phone
        self.number = number
        self.player: pj.AudioMediaPlayer | None = None
        self.recorder: pj.AudioMediaRecorder | None = None
        self.over = False
        self.start_recording()

    def start_recording(self) -> None:
        self.path = Path(self.phone.folder) / f"{self.phone.name}-{self.number}.wav"
        self.recorder = pj.AudioMediaRecorder()
        self.recorder.createRecorder(str(self.path))
        # The null device is a steady source of silence; without it the recorder would stand still while nothing
        # else is connected and the recording would lose its time line.
        self.phone.quiet.startTransmit(self.recorder)
        report("recording", call=self.number, path=str(self.path))

    def onCallState(self, prm: Any) -> None:
        info = self.getInfo()
        state = STATES.get(info.state, str(info.state))
        report(
            "call",
            call=self.number,
            state=state,
            status=info.lastStatusCode,
            reason=info.lastReason,
            remote=info.remoteUri,
        )
        if info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self.over = True
            self.player = None
            self.recorder = None  # closes the file, but only when the bridge's own thread gets to it
            self.phone.closing.append(self)

    def onCallMediaState(self, prm: Any) -> None:
        info = self.getInfo()  # must outlive the loop: its media are views into it
        for medium in info.media:
            if medium.type != pj.PJMEDIA_TYPE_AUDIO:
                continue
            status = MEDIA.get(medium.status, str(medium.status))
            if medium.status in (pj.PJSUA_CALL_MEDIA_ACTIVE, pj.PJSUA_CALL_MEDIA_REMOTE_HOLD):
                self.connect()
            report("media", call=self.number, status=status)

    def connect(self) -> None:
        try:
            audio = self.getAudioMedia(-1)
        except pj.Error:
            return
        if self.recorder is not None:
            audio.startTransmit(self.recorder)
        if self.player is not None:
            self.player.startTransmit(audio)

    def onCallTsxState(self, prm: Any) -> None:
        body = prm.e.body.tsxState
        transaction = body.tsx
        # A 2xx ends an INVITE transaction at once; everything else passes through "completed".
        accepted = transaction.method == "INVITE" and transaction.statusCode // 100 == 2
        final = pj.PJSIP_TSX_STATE_TERMINATED if accepted else pj.PJSIP_TSX_STATE_COMPLETED
        if transaction.state == final and transaction.statusCode >= 200:
            role = "uac" if transaction.role == pj.PJSIP_ROLE_UAC else "uas"
            report("transaction", call=self.number, method=transaction.method, role=role, status=transaction.statusCode)

    def onCallTransferStatus(self, prm: Any) -> None:
        report("transfer", call=self.number, status=prm.statusCode, last=bool(prm.finalNotify))

    def onDtmfDigit(self, prm: Any) -> None:
        report("digit", call=self.number, digit=prm.digit, method=prm.method)


class Player(pj.AudioMediaPlayer):  # type: ignore[misc]
    def __init__(self, call: PhoneCall) -> None:
        super().__init__()
        self.call = call

    def onEof2(self) -> None:
        report("played", call=self.call.number)


class PhoneAccount(pj.Account):  # type: ignore[misc]
    def __init__(self, phone: Phone) -> None:
        super().__init__()
        self.phone = phone
        self.registration_pending = False

    def onRegState(self, prm: Any) -> None:
        info = self.getInfo()
        self.registration_pending = False  # whatever the answer: challenges are met before this is called
        report(
            "registration",
            status=prm.code,
            reason=prm.reason,
            active=bool(info.regIsActive),
            expires=prm.expiration,
            error=prm.status,
        )

    def onMwiInfo(self, prm: Any) -> None:
        found = re.search(r"Voice-Message:\s*(\d+)/(\d+)", prm.rdata.wholeMsg)
        if found:
            report("lamp", new=int(found[1]), old=int(found[2]))

    def onIncomingCall(self, prm: Any) -> None:
        call = self.phone.add_call(self, prm.callId)
        info = call.getInfo()
        report("incoming", call=call.number, remote=info.remoteUri, message=prm.rdata.wholeMsg)
        if self.phone.ring_at_once:
            call.answer(_status(180))


def _status(code: int) -> Any:
    op = pj.CallOpParam(True)
    op.statusCode = code
    return op


class Phone:
    """Verbs are the methods named `do_…`."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.name = settings["name"]
        self.folder = settings["folder"]
        self.address = settings["address"]
        self.settings = settings
        self.ring_at_once = settings.get("ring", True)
        self.account: PhoneAccount | None = None
        # Never emptied: destroying an old call object would hang up whichever call uses its slot now.
        self.calls: list[PhoneCall] = []
        self.closing: list[PhoneCall] = []  # calls whose recording is being completed
        self.running = True
        self.endpoint = pj.Endpoint()
        self.endpoint.libCreate()
        config = pj.EpConfig()
        config.uaConfig.threadCnt = 0
        config.uaConfig.mainThreadOnly = True
        config.uaConfig.maxCalls = 4
        config.uaConfig.userAgent = f"pjsua2 {self.name}"
        config.logConfig.consoleLevel = 0
        config.logConfig.level = 5
        config.logConfig.msgLogging = 1
        config.logConfig.filename = settings["log"]
        config.medConfig.clockRate = 8000
        config.medConfig.sndClockRate = 8000
        config.medConfig.channelCount = 1
        config.medConfig.ptime = 20
        config.medConfig.audioFramePtime = 20
        config.medConfig.noVad = True
        config.medConfig.ecTailLen = 0
        config.medConfig.sndAutoCloseTime = -1
        self.endpoint.libInit(config)
        devices = self.endpoint.audDevManager()
        devices.setNullDev()
        self.ports: dict[str, int] = {}
        for name, kind in (("udp", pj.PJSIP_TRANSPORT_UDP), ("tcp", pj.PJSIP_TRANSPORT_TCP)):
            if name in settings["transports"]:
                transport = pj.TransportConfig()
                transport.boundAddress = self.address
                transport.publicAddress = self.address
                transport.port = settings["port"]
                self.endpoint.transportCreate(kind, transport)
                self.ports[name] = settings["port"]
        self.endpoint.libStart()
        self.quiet = devices.getCaptureDevMedia()
        for codec in self.endpoint.codecEnum2():
            rank = next((255 - i for i, wanted in enumerate(settings["codecs"]) if codec.codecId.startswith(wanted)), 0)
            self.endpoint.codecSetPriority(codec.codecId, rank)

    def add_call(self, account: pj.Account, call_id: int = pj.PJSUA_INVALID_ID) -> PhoneCall:
        call = PhoneCall(self, len(self.calls) + 1, account, call_id)
        self.calls.append(call)
        return call

    # -- verbs --------------------------------------------------------------------------------------------------------

    def do_account(
        self,
        *,
        aor: str,
        server: str,
        user: str,
        password: str,
        register: bool,
        expires: int,
        transport: str,
        display_name: str,
        hold: str,
        lamp: bool = False,
    ) -> None:
        """Create or replace the account; `server` is `host:port`, all requests go there."""
        via = f"sip:{server}" + (";transport=tcp" if transport == "tcp" else "")
        config = pj.AccountConfig()
        config.idUri = f'"{display_name}" <{aor}>' if display_name else aor
        if server:
            config.regConfig.registrarUri = f"sip:{aor.split('@')[1]}" if "@" in aor else via
            config.sipConfig.proxies.append(f"{via};lr")
        config.regConfig.registerOnAdd = register
        config.regConfig.timeoutSec = expires
        config.regConfig.retryIntervalSec = 0
        config.regConfig.unregWaitMsec = 1000
        if password:
            config.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", user, 0, password))
        config.natConfig.sipOutboundUse = 0
        config.natConfig.contactRewriteUse = 0
        config.natConfig.viaRewriteUse = False
        config.natConfig.sdpNatRewriteUse = 0
        config.callConfig.timerUse = pj.PJSUA_SIP_TIMER_INACTIVE
        config.callConfig.prackUse = pj.PJSUA_100REL_NOT_USED
        config.callConfig.holdType = (
            pj.PJSUA_CALL_HOLD_TYPE_RFC2543 if hold == "rfc2543" else pj.PJSUA_CALL_HOLD_TYPE_RFC3264
        )
        config.mediaConfig.transportConfig.boundAddress = self.address
        config.mediaConfig.transportConfig.publicAddress = self.address
        config.mediaConfig.transportConfig.port = self.settings["rtp_port"]
        config.mediaConfig.transportConfig.portRange = 16
        config.mediaConfig.lockCodecEnabled = False
        config.mwiConfig.enabled = lamp
        if self.account is not None:
            self.account.modify(config)
            return
        self.account = PhoneAccount(self)
        self.account.create(config, True)

    def do_register(self) -> None:
        self._account().setRegistration(True)

    def do_unregister(self) -> None:
        self._account().setRegistration(False)

    def do_call(self, *, uri: str) -> int:
        call = self.add_call(self._account())
        call.makeCall(uri, pj.CallOpParam(True))
        return call.number

    def do_answer(self, *, call: int, status: int) -> None:
        self._call(call).answer(_status(status))

    def do_hangup(self, *, call: int, status: int) -> None:
        if not self._call(call).over:
            self._call(call).hangup(_status(status))

    def do_hold(self, *, call: int) -> None:
        self._call(call).setHold(pj.CallOpParam(True))

    def do_resume(self, *, call: int) -> None:
        op = pj.CallOpParam(True)
        op.opt.flag = pj.PJSUA_CALL_UNHOLD
        self._call(call).reinvite(op)

    def do_transfer(self, *, call: int, uri: str) -> None:
        self._call(call).xfer(uri, pj.CallOpParam(True))

    def do_transfer_to(self, *, call: int, other: int) -> None:
        self._call(call).xferReplaces(self._call(other), pj.CallOpParam(True))

    def do_digits(self, *, call: int, digits: str, by: str, duration_ms: int) -> None:
        """Send keys as telephone-events, or each as an INFO with one of the two bodies in use."""
        subject = self._call(call)
        if by == "info-plain":
            for digit in digits:
                request = pj.CallSendRequestParam()
                request.method = "INFO"
                request.txOption.contentType = "application/dtmf"
                request.txOption.msgBody = digit
                subject.sendRequest(request)
            return
        sending = pj.CallSendDtmfParam()
        sending.method = pj.PJSUA_DTMF_METHOD_SIP_INFO if by == "info-relay" else pj.PJSUA_DTMF_METHOD_RFC2833
        sending.duration = duration_ms
        sending.digits = digits
        subject.sendDtmf(sending)

    def do_play(self, *, call: int, path: str, loop: bool) -> None:
        subject = self._call(call)
        player = Player(subject)
        player.createPlayer(path, 0 if loop else pj.PJMEDIA_FILE_NO_LOOP)
        subject.player = player
        subject.connect()

    def do_stop_playing(self, *, call: int) -> None:
        self._call(call).player = None

    def do_info(self, *, call: int) -> dict[str, Any]:
        info = self._call(call).getInfo()
        return {
            "state": STATES[info.state],
            "remote": info.remoteUri,
            "call_id": info.callIdString,
            "media": [MEDIA[medium.status] for medium in info.media],
        }

    def do_statistics(self, *, call: int) -> dict[str, Any]:
        """RTCP counters of the call's audio stream: what this phone received, lost, and its peer reported."""
        received = self._call(call).getStreamStat(0).rtcp.rxStat
        stream = self._call(call).getStreamInfo(0)
        return {
            "packets": received.pkt,
            "lost": received.loss,
            "reordered": received.reorder,
            "codec": stream.codecName,
            "remote": stream.remoteRtpAddress,
            "local": self._call(call).getMedTransportInfo(0).localRtpName,
        }

    def do_quit(self) -> None:
        self.running = False

    def _account(self) -> PhoneAccount:
        if self.account is None:
            raise ValueError("this phone has no account yet")
        return self.account

    def _call(self, number: int) -> PhoneCall:
        return self.calls[number - 1]

    # -- the loop -----------------------------------------------------------------------------------------------------

    def run(self) -> None:
        commands = sys.stdin.fileno()
        unread = b""
        while self.running:
            self.endpoint.libHandleEvents(POLL_MS)
            self.report_recordings()
            while self.running and select.select([commands], [], [], 0)[0]:
                data = os.read(commands, 65536)
                if not data:
                    self.running = False
                *lines, unread = (unread + data).split(b"\n")
                for line in lines:
                    self.obey(json.loads(line))
        self.leave()

    def report_recordings(self) -> None:
        for call in self.closing[:]:
            with call.path.open("rb") as file:
                header = file.read(8)
            if header[4:] != bytes(4):  # the length of the file, written last
                self.closing.remove(call)
                report("recorded", call=call.number)

    def leave(self) -> None:
        """Say goodbye on the wire, close the recordings, and end without the library's own slow shutdown."""
        self.endpoint.hangupAllCalls()
        account = self.account
        if account is not None and account.getInfo().regIsActive:
            account.registration_pending = True
            account.setRegistration(False)
        deadline = time.monotonic() + LEAVE_SECONDS
        while time.monotonic() < deadline:
            self.endpoint.libHandleEvents(POLL_MS)
            settled = all(call.over for call in self.calls)
            if settled and not (account is not None and account.registration_pending):
                break
        for call in self.calls:
            call.player = call.recorder = None
        _output.flush()
        os._exit(0)  # destructors of call objects would reach into a library that is being taken down

    def obey(self, command: dict[str, Any]) -> None:
        reply = command.pop("id")
        verb = command.pop("do")
        try:
            emit(reply=reply, value=getattr(self, f"do_{verb}")(**command))
        except pj.Error as error:
            emit(reply=reply, error=f"{verb}: {error.info()}")
        except Exception as error:
            emit(reply=reply, error=f"{verb}: {error!r}")


if __name__ == "__main__":
    phone = Phone(json.loads(sys.argv[1]))
    report("ready", ports=phone.ports)
    phone.run()
