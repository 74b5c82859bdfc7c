"""The transaction layer: finds the machine a message belongs to, runs it, carries out its actions.

Messages for the network come out of ``transmits``, what the transaction user (TU) must know out of ``effects``; the TU
takes everything from both after every call.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic

from sip.flow import Flow, Transmit, Transport
from sip.ids import MAGIC_COOKIE
from sip.responses import ResponseTemplate, ack_of_failure
from sip.routing import response_flow
from sip.serializer import serialize
from sip.timers import DeadlineHeap, never
from sip.transactions import client, invite_client, invite_server, server
from sip.transactions.effects import (
    ClientFailed,
    Effect,
    Failure,
    Overloaded,
    Owner,
    PassAck,
    PassCancel,
    PassRequest,
    PassResponse,
    ServerFailed,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from sip.message import Request, Response

#: Responses after which the very same request, credentials added, is expected: not a merged one (RFC 3261 §8.2.2.2).
_CHALLENGES = frozenset({401, 407})


@dataclass(slots=True, eq=False)
class _Server:
    """A server transaction. ``request`` and ``template`` go with the final response; ``last`` is what is repeated."""

    id: str
    machine: invite_server.InviteServerTransaction | server.ServerTransaction
    request: Request | None
    template: ResponseTemplate | None
    flow: Flow
    merge_key: str
    last: bytes = b""
    scheduled: float = field(default_factory=never)

    def next_deadline(self) -> float | None:
        return self.machine.next_deadline()


@dataclass(slots=True, eq=False)
class _Client(Generic[Owner]):
    id: str
    machine: invite_client.InviteClientTransaction | client.ClientTransaction
    request: Request
    data: bytes
    flow: Flow
    owner: Owner
    ack: bytes = b""
    scheduled: float = field(default_factory=never)

    def next_deadline(self) -> float | None:
        return self.machine.next_deadline()


def server_id(request: Request, method: str) -> str:
    """RFC 3261 §17.2.3; by the older rules where the branch is not one of RFC 3261. Raises ParseError."""
    via = request.top_via
    branch = via.branch
    if branch and len(branch) > len(MAGIC_COOKIE) and branch.startswith(MAGIC_COOKIE):
        return f"{branch}|{via.host}:{via.port or ''}|{method}"
    from_tag = request.from_.tag or ""
    return f"2543|{request.uri}|{from_tag}|{request.call_id}|{request.cseq.number}|{via}|{method}"


class TransactionLayer(Generic[Owner]):
    """All transactions of one endpoint. Every operation costs O(log n) at most."""

    def __init__(self, new_tag: Callable[[], str], *, limit: int = 100_000) -> None:
        """*limit*: how many server transactions are kept.

        Beyond it, those that have had their final response make room, the oldest first: they only absorb repetitions.
        When all the others still wait for their answer, requests outside dialogs are refused.
        """
        self.transmits: deque[Transmit] = deque()
        self.effects: deque[Effect[Owner]] = deque()
        self._new_tag = new_tag
        self._limit = limit
        self._servers: dict[str, _Server] = {}
        self._clients: dict[str, _Client[Owner]] = {}
        self._merge: dict[str, str] = {}
        self._finished: deque[_Server] = deque()
        self._heap: DeadlineHeap[_Server | _Client[Owner]] = DeadlineHeap()
        self._streams: dict[Flow, dict[str, _Server | _Client[Owner]]] = {}

    def __len__(self) -> int:
        return len(self._servers) + len(self._clients)

    # --- time ---------------------------------------------------------------------------------------------------

    def next_deadline(self) -> float | None:
        return self._heap.next_deadline()

    def handle_timeout(self, now: float) -> None:
        while (entry := self._heap.pop_due(now)) is not None:
            try:
                if isinstance(entry, _Server):
                    self._run_server(entry, entry.machine.handle_timeout(now), None, now)
                else:
                    self._run_client(entry, entry.machine.handle_timeout(now), None, now)
            finally:
                self._heap.update(entry)

    # --- from the network ---------------------------------------------------------------------------------------

    def receive_request(self, request: Request, flow: Flow, now: float) -> None:
        method = request.method
        key = server_id(request, "INVITE" if method == "ACK" else method)
        entry = self._servers.get(key)
        if entry is not None:
            self._repeated(entry, request, now)
        elif method == "ACK":
            self.effects.append(PassAck(request, flow))
        else:
            self._new_server(key, request, flow, now)

    def receive_response(self, response: Response, flow: Flow, now: float) -> None:
        """Responses that match nothing are dropped."""
        entry = self._clients.get(f"{response.top_via.branch}|{response.cseq.method}")
        if entry is None:
            return
        machine = entry.machine
        status = response.status
        if isinstance(machine, invite_client.InviteClientTransaction):
            if status < 200:
                actions = machine.handle(invite_client.Input.RX_1XX, now)
            elif status < 300:
                actions = machine.handle(invite_client.Input.RX_2XX, now)
            else:
                actions = machine.handle(invite_client.Input.RX_300_699, now)
            self._run_client(entry, actions, (response, flow), now)
        else:
            event = client.Input.RX_1XX if status < 200 else client.Input.RX_FINAL
            self._run_client(entry, machine.handle(event, now), (response, flow), now)

    def transport_failed(self, flow: Flow, now: float) -> None:
        """What was sent on *flow* did not arrive, or its connection is gone."""
        if flow.transport is Transport.UDP:
            failed: list[_Server | _Client[Owner]] = [c for c in self._clients.values() if c.flow == flow]
        else:
            failed = list(self._streams.get(flow, {}).values())
        for entry in failed:
            if isinstance(entry, _Server):
                if isinstance(entry.machine, invite_server.InviteServerTransaction):
                    actions = entry.machine.handle(invite_server.Input.TRANSPORT_ERROR, now)
                    self._run_server(entry, actions, None, now)
                else:
                    self._run_server(entry, entry.machine.handle(server.Input.TRANSPORT_ERROR, now), None, now)
            elif isinstance(entry.machine, invite_client.InviteClientTransaction):
                self._run_client(entry, entry.machine.handle(invite_client.Input.TRANSPORT_ERROR, now), None, now)
            else:
                self._run_client(entry, entry.machine.handle(client.Input.TRANSPORT_ERROR, now), None, now)

    # --- from the TU --------------------------------------------------------------------------------------------

    def request_of(self, transaction: str) -> Request | None:
        """The request of a server transaction that has no final response yet."""
        entry = self._servers.get(transaction)
        return None if entry is None else entry.request

    def template_of(self, transaction: str) -> ResponseTemplate | None:
        """What responses to that request are made from; None when it has its final response or is gone."""
        entry = self._servers.get(transaction)
        return None if entry is None else entry.template

    def respond(self, transaction: str, status: int, data: bytes, now: float) -> Transmit | None:
        """Send *data*, a whole response; None when the transaction is over or has its final response.

        What was sent is returned for the TU that must repeat its 2xx itself.
        """
        entry = self._servers.get(transaction)
        if entry is None or entry.template is None:
            return None
        entry.last = data
        transmit = Transmit(data, entry.flow)
        machine = entry.machine
        if isinstance(machine, invite_server.InviteServerTransaction):
            if status < 200:
                actions = machine.handle(invite_server.Input.TX_1XX, now)
            elif status < 300:
                actions = machine.handle(invite_server.Input.TX_2XX, now)
            else:
                actions = machine.handle(invite_server.Input.TX_300_699, now)
        else:
            actions = machine.handle(server.Input.TX_1XX if status < 200 else server.Input.TX_FINAL, now)  # type: ignore[assignment]
        if status >= 200:
            entry.request = entry.template = None
            if status in _CHALLENGES:
                self._forget_merge(entry)
            if status >= 300 or not isinstance(machine, invite_server.InviteServerTransaction):
                self._finish(entry)
        self._run_server(entry, actions, None, now)
        if status in _CHALLENGES and isinstance(machine, invite_server.InviteServerTransaction):
            # said once (§26.3.2.4): repeated, it would multiply what a forged address can have sent to a third party
            machine.deadlines.clear()
            self._remove_server(entry)
        return transmit

    def request(self, request: Request, flow: Flow, owner: Owner, now: float) -> str:
        """Send *request*, whose topmost Via has a new branch (or an INVITE's, for CANCEL). Raises SerializeError."""
        key = f"{request.top_via.branch}|{request.method}"
        reliable = flow.transport.reliable
        machine: invite_client.InviteClientTransaction | client.ClientTransaction
        if request.method == "INVITE":
            machine = invite_client.InviteClientTransaction(reliable=reliable)
        else:
            machine = client.ClientTransaction(reliable=reliable)
        entry = _Client(key, machine, request, serialize(request), flow, owner)
        self._clients[key] = entry
        if reliable:
            self._streams.setdefault(flow, {})[key] = entry
        self._run_client(entry, machine.start(now), None, now)
        return key

    def sent(self, transaction: str) -> Request | None:
        """The request of a client transaction that is still there."""
        entry = self._clients.get(transaction)
        return None if entry is None else entry.request

    def abandon(self, transaction: str) -> None:
        """Drop a client transaction: the response no longer matters (RFC 3261 §9.1, 64*T1 after a CANCEL)."""
        entry = self._clients.get(transaction)
        if entry is not None:
            entry.machine.deadlines.clear()
            self._remove_client(entry)

    def leave(self, transaction: str, now: float) -> None:
        """The TU of an INVITE is gone: its client transaction ends in 64*T1 at the latest, whatever the peer does."""
        entry = self._clients.get(transaction)
        if entry is not None and isinstance(entry.machine, invite_client.InviteClientTransaction):
            self._run_client(entry, entry.machine.handle(invite_client.Input.TU_LEAVES, now), None, now)

    def reply_statelessly(self, request: Request, flow: Flow, response: Response) -> None:
        """Answer without a transaction; repeated requests are then answered again."""
        self.transmits.append(Transmit(serialize(response), response_flow(request.top_via, flow)))

    # --- inside -------------------------------------------------------------------------------------------------

    def _new_server(self, key: str, request: Request, flow: Flow, now: float) -> None:
        method = request.method
        if len(self._servers) >= self._limit and not self._make_room() and method != "CANCEL" and not request.to.tag:
            self.effects.append(Overloaded(request, flow))
            return
        reply_to = response_flow(request.top_via, flow)
        reliable = flow.transport.reliable
        machine: invite_server.InviteServerTransaction | server.ServerTransaction
        if method == "INVITE":
            machine = invite_server.InviteServerTransaction(reliable=reliable)
        else:
            machine = server.ServerTransaction(reliable=reliable)
        template = ResponseTemplate(request, flow, self._new_tag())
        entry = _Server(key, machine, request, template, reply_to, "")
        self._servers[key] = entry
        if reliable:
            self._streams.setdefault(reply_to, {})[key] = entry
        if method == "CANCEL":
            invite = key[: -len("CANCEL")] + "INVITE"
            self.effects.append(PassCancel(key, request, invite if invite in self._servers else None))
        elif not request.to.tag and self._is_merged(entry, request):
            self._run_server(entry, machine.start(now), None, now)
            self.respond(key, 482, serialize(template.response(482)), now)
            return
        else:
            self.effects.append(PassRequest(key, request, flow))
        self._run_server(entry, machine.start(now), None, now)

    def _is_merged(self, entry: _Server, request: Request) -> bool:
        """RFC 3261 §8.2.2.2: the same request came by another path (and is not merely repeated)."""
        key = f"{request.call_id}|{request.from_.tag}|{request.cseq.number}|{request.method}"
        if key in self._merge:
            return True
        self._merge[key] = entry.id
        entry.merge_key = key
        return False

    def _finish(self, entry: _Server) -> None:
        finished = self._finished
        while finished and finished[0].id not in self._servers:
            finished.popleft()
        finished.append(entry)

    def _make_room(self) -> bool:
        while self._finished:
            entry = self._finished.popleft()
            if self._servers.get(entry.id) is entry:
                entry.machine.deadlines.clear()
                self._remove_server(entry)
                return True
        return False

    def _forget_merge(self, entry: _Server) -> None:
        if entry.merge_key:
            del self._merge[entry.merge_key]
            entry.merge_key = ""

    def _repeated(self, entry: _Server, request: Request, now: float) -> None:
        machine = entry.machine
        if isinstance(machine, invite_server.InviteServerTransaction):
            event = invite_server.Input.RX_ACK if request.method == "ACK" else invite_server.Input.RX_INVITE
            self._run_server(entry, machine.handle(event, now), request, now)
        else:
            self._run_server(entry, machine.handle(server.Input.RX_REQUEST, now), None, now)

    def _run_server(
        self,
        entry: _Server,
        actions: tuple[invite_server.Action, ...] | tuple[server.Action, ...],
        ack: Request | None,
        now: float,
    ) -> None:
        for action in actions:
            match action.name:
                case "SEND_RESPONSE" | "RESEND_LAST_RESPONSE":
                    self.transmits.append(Transmit(entry.last, entry.flow))
                case "SEND_TRYING":
                    if entry.template is not None:
                        entry.last = serialize(entry.template.response(100))
                        self.transmits.append(Transmit(entry.last, entry.flow))
                case "PASS_ACK":
                    if ack is not None:
                        self.effects.append(PassAck(ack, entry.flow))
                case "INFORM_TIMEOUT":
                    self.effects.append(ServerFailed(entry.id, Failure.TIMEOUT))
                case "INFORM_TRANSPORT_ERROR":
                    self.effects.append(ServerFailed(entry.id, Failure.TRANSPORT))
                case _:
                    pass  # the machine's own timers
        self._settle(entry, now)
        if entry.machine.state.name == "TERMINATED":
            self._remove_server(entry)

    def _run_client(
        self,
        entry: _Client[Owner],
        actions: tuple[invite_client.Action, ...] | tuple[client.Action, ...],
        received: tuple[Response, Flow] | None,
        now: float,
    ) -> None:
        for action in actions:
            match action.name:
                case "SEND_REQUEST":
                    self.transmits.append(Transmit(entry.data, entry.flow))
                case "PASS_RESPONSE":
                    if received is not None:
                        self.effects.append(PassResponse(entry.owner, *received))
                case "SEND_ACK":
                    if received is not None and not entry.ack:
                        entry.ack = serialize(ack_of_failure(entry.request, received[0]))
                    self.transmits.append(Transmit(entry.ack, entry.flow))
                case "INFORM_TIMEOUT":
                    self.effects.append(ClientFailed(entry.owner, Failure.TIMEOUT))
                case "INFORM_TRANSPORT_ERROR":
                    self.effects.append(ClientFailed(entry.owner, Failure.TRANSPORT))
                case _:
                    pass  # the machine's own timers
        self._settle(entry, now)
        if entry.machine.state.name == "TERMINATED":
            self._remove_client(entry)

    def _settle(self, entry: _Server | _Client[Owner], now: float) -> None:
        """Timers of no length (D, I, J and K on a stream) fire at once; the rest waits in the heap."""
        if entry.machine.reliable and (at := entry.machine.next_deadline()) is not None and at <= now:
            entry.machine.handle_timeout(now)
        self._heap.update(entry)

    def _remove_server(self, entry: _Server) -> None:
        if self._servers.pop(entry.id, None) is not None:
            entry.last = b""
            self._forget_merge(entry)
            self._leave_stream(entry)

    def _remove_client(self, entry: _Client[Owner]) -> None:
        if self._clients.pop(entry.id, None) is not None:
            self._leave_stream(entry)

    def _leave_stream(self, entry: _Server | _Client[Owner]) -> None:
        entries = self._streams.get(entry.flow)
        if entries is not None:
            entries.pop(entry.id, None)
            if not entries:
                del self._streams[entry.flow]
