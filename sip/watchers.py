"""Subscriptions of others to what we know (RFC 6665 as notifier): accepted, refreshed, told of changes, and ended.

Each lives in a dialog of its own, which its SUBSCRIBE made. NOTIFYs take the way of those of a REFER: the table of
`sip.subscriptions` keeps one at a time on the wire, and the newest word is the one that is sent. A watcher that does
not answer, or answers that it wants no more, is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final

from sip.subscriptions import TRANSITIONS, Action, Input, State

if TYPE_CHECKING:
    from sip.dialog import Dialog
    from sip.message import Request
    from sip.signalling import Signalling

#: Subscriptions at the same time; more are refused.
LIMIT: Final = 10_000

WatcherId = str


@dataclass(slots=True, eq=False)
class Watcher:
    id: WatcherId
    dialog: Dialog
    event: str  # the value of Event
    contact: str
    ends_at: float
    body: bytes = b""
    content_type: str = ""
    reason: str = "timeout"  # why it ends, when it does
    state: State = State.IDLE


class Watchers:
    """All who watch one endpoint."""

    def __init__(self, signalling: Signalling) -> None:
        self._signalling = signalling
        self._by_id: dict[WatcherId, Watcher] = {}
        self._by_dialog: dict[tuple[str, str, str], Watcher] = {}
        self._heap: list[tuple[float, WatcherId]] = []

    def __len__(self) -> int:
        return len(self._by_id)

    def find(self, request: Request) -> Watcher | None:
        """Whose dialog *request* is in. Raises ParseError."""
        return self._by_dialog.get((request.call_id, request.to.tag or "", request.from_.tag or ""))

    def add(self, dialog: Dialog, contact: str, event: str, ends_at: float) -> Watcher:
        name = self._signalling.local.ids.usage()
        watcher = self._by_id[name] = Watcher(name, dialog, event, contact, ends_at)
        self._by_dialog[dialog.call_id, dialog.local_tag, dialog.remote_tag] = watcher
        heappush(self._heap, (ends_at, name))
        return watcher

    def renew(self, watcher: Watcher, ends_at: float) -> None:
        watcher.ends_at = ends_at
        heappush(self._heap, (ends_at, watcher.id))

    def tell(self, name: WatcherId, body: bytes, content_type: str, now: float) -> bool:
        """The newest state; False when nobody of that name watches any more."""
        watcher = self._by_id.get(name)
        if watcher is None:
            return False
        watcher.body, watcher.content_type = body, content_type
        self._run(watcher, Input.DO_TELL, now)
        return True

    def end(self, watcher: Watcher, reason: str, now: float) -> None:
        """One last NOTIFY (RFC 6665 §4.2.2)."""
        watcher.reason = reason
        self._run(watcher, Input.DO_TELL_LAST, now)

    def answered(self, watcher: Watcher, status: int, now: float) -> None:
        """The final response to the NOTIFY that is out; 0: none will come."""
        if watcher.id in self._by_id:
            self._run(watcher, Input.RX_2XX if 200 <= status < 300 else Input.RX_FAILURE, now)

    # --- time

    def next_deadline(self) -> float | None:
        while self._heap:
            at, name = self._heap[0]
            watcher = self._by_id.get(name)
            if watcher is not None and watcher.ends_at == at:
                return at
            heappop(self._heap)
        return None

    def handle_timeout(self, now: float) -> None:
        while (at := self.next_deadline()) is not None and at <= now:
            watcher = self._by_id[heappop(self._heap)[1]]
            self.end(watcher, "timeout", now)

    # --- the table

    def _run(self, watcher: Watcher, event: Input, now: float) -> None:
        transition = TRANSITIONS.get((watcher.state, event))
        if transition is None:
            return
        watcher.state, actions = transition
        for action in actions:
            match action:
                case Action.SEND | Action.SEND_LAST:
                    self._notify(watcher, now, last=action is Action.SEND_LAST)
                case Action.KEEP:
                    pass  # it is kept already
        if watcher.state is State.OVER:
            self._by_id.pop(watcher.id, None)
            dialog = watcher.dialog
            self._by_dialog.pop((dialog.call_id, dialog.local_tag, dialog.remote_tag), None)

    def _notify(self, watcher: Watcher, now: float, *, last: bool) -> None:
        request, flow = self._signalling.in_dialog(watcher.dialog, "NOTIFY")
        left = max(0, round(watcher.ends_at - now))
        state = f"terminated;reason={watcher.reason}" if last else f"active;expires={left}"
        request.headers.add("Contact", watcher.contact)
        request.headers.add("Event", watcher.event)
        request.headers.add("Subscription-State", state)
        if watcher.body:
            request.headers.add("Content-Type", watcher.content_type)
        request.body = watcher.body
        self._signalling.layer.request(request, flow, watcher, now)
