"""Message lamps: phones subscribe to their boxes and are told how many messages are new (RFC 3842)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from softswitch.call.admission import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from sip.flow import Flow
    from sip.message import Request
    from softswitch.call.admission import Admission
    from softswitch.call.settings import Settings
    from softswitch.config import Config
    from softswitch.ports import SipSender
    from softswitch.voicemail.boxes import Boxes

PACKAGE = "message-summary"
BODY = "application/simple-message-summary"
#: Seconds that a subscription may last, and what it lasts when nothing is asked for.
SHORTEST, LONGEST, USUAL = 60, 86_400, 3600


class Lamps:
    """Who watches which phone's messages, and what they were told last."""

    def __init__(
        self,
        config: Config,
        boxes: Boxes,
        admission: Admission,
        sip: SipSender,
        note: Callable[[str, dict[str, object], float], None],
    ) -> None:
        self._config = config
        self._boxes = boxes
        self._admission = admission
        self._sip = sip
        self._note = note
        self._watchers: dict[str, str] = {}  # subscription → phone
        self._told: dict[str, bytes] = {}
        self._changed: set[str] = set()
        boxes.changed = self._changed.add

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        self._config = settings.config
        self._changed.update(settings.config.voicemails)

    def subscribed(self, transaction: str, request: Request, flow: Flow, now: float) -> None:
        """Answer a SUBSCRIBE, the first or one that renews. Raises ParseError."""
        event = (request.headers.get("Event") or "").partition(";")[0].strip().lower()
        if event != PACKAGE:
            self._sip.respond(transaction, 489, headers=(("Allow-Events", PACKAGE),), now=now)
            return
        phone = self._admission.authenticate(request, now)
        if isinstance(phone, Refusal):
            self._sip.respond(transaction, phone.status, headers=phone.headers, now=now)
            return
        if (request.to.uri.user or "") != phone:
            self._sip.respond(transaction, 403, now=now)
            return
        if not self._boxes_of(phone):
            self._sip.respond(transaction, 404, now=now)
            return
        asked = _seconds(request.headers.get("Expires"))
        if 0 < asked < SHORTEST:
            self._sip.respond(transaction, 423, headers=(("Min-Expires", str(SHORTEST)),), now=now)
            return
        body = self._summary(phone)
        name = self._sip.accept_subscription(
            transaction,
            flow,
            event=PACKAGE,
            expires=min(asked, LONGEST),
            body=body,
            content_type=BODY,
            now=now,
        )
        if name and asked:
            if name not in self._watchers:
                self._note("lamp.subscribed", {"phone": phone}, now)
            self._watchers[name], self._told[name] = phone, body
        else:
            self._forget(name)

    def next_deadline(self) -> float | None:
        return 0.0 if self._changed else None

    def handle_timeout(self, now: float) -> None:
        """Tell whoever watches a box that has changed."""
        changed = set(self._changed)
        self._changed.clear()
        for name, phone in list(self._watchers.items()):
            if changed.isdisjoint(self._boxes_of(phone)) or (body := self._summary(phone)) == self._told[name]:
                continue
            self._told[name] = body
            if not self._sip.tell_watcher(name, body, BODY, now=now):
                self._forget(name)

    def _forget(self, name: str) -> None:
        self._watchers.pop(name, None)
        self._told.pop(name, None)

    def _boxes_of(self, phone: str) -> list[str]:
        return [name for name, words in self._config.voicemails.items() if phone in words.phone]

    def _summary(self, phone: str) -> bytes:
        counts = [self._boxes.counts(box) for box in self._boxes_of(phone)]
        new, old = sum(new for new, _ in counts), sum(old for _, old in counts)
        account = f"sip:{self._config.features.voicemail}@{self._config.sip.domain}"
        lines = (
            f"Messages-Waiting: {'yes' if new else 'no'}",
            f"Message-Account: {account}",
            f"Voice-Message: {new}/{old} (0/0)",
        )
        return "".join(f"{line}\r\n" for line in lines).encode()


def _seconds(value: str | None) -> int:
    text = (value or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else USUAL
