"""Message lamps: phones subscribe to their boxes and are told how many messages are new (RFC 3842).

A phone with ``lamp = "unsolicited"`` never subscribes and expects to be told all the same, as many do: it gets a NOTIFY
of its own when it registers and whenever the figures are others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip.headers import NameAddr
from sip.uri import Uri
from softswitch.call.admission import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from sip.flow import Flow
    from sip.message import Request
    from softswitch.call.admission import Admission
    from softswitch.call.requests import OwnRequests
    from softswitch.call.ringing.phones import Phones
    from softswitch.call.settings import Settings
    from softswitch.config import Config
    from softswitch.ports import SipSender
    from softswitch.voicemail.boxes import Boxes

PACKAGE = "message-summary"
UNSOLICITED = "unsolicited"
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
        phones: Phones,
        requests: OwnRequests,
    ) -> None:
        self._config = config
        self._boxes = boxes
        self._admission = admission
        self._sip = sip
        self._note = note
        self._watchers: dict[str, str] = {}  # subscription → phone
        self._told: dict[str, bytes] = {}
        self._changed: set[str] = set()
        self._phones = phones
        self._requests = requests
        self._arrived: set[str] = set()  # phones that have just registered
        self._lit: dict[str, bytes] = {}  # phone that never subscribes → what it was told last
        boxes.changed = self._changed.add
        phones.on_registered = self._registered

    def start(self) -> None:
        """What phones show after a restart may be long over."""
        self._arrived.update(self._unsolicited())

    def _registered(self, phone: str, now: float) -> None:
        """From somewhere new: there the lamp is out."""
        if phone in self._unsolicited():
            self._arrived.add(phone)

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
        return 0.0 if self._changed or self._arrived else None

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

        arrived, self._arrived = self._arrived, set()
        for phone in self._unsolicited():
            boxes = self._boxes_of(phone)
            if phone in arrived or (not changed.isdisjoint(boxes) and self._summary(phone) != self._lit.get(phone)):
                self._tell(phone, now)

    def _unsolicited(self) -> list[str]:
        return [
            user for user, phone in self._config.phones.items() if phone.lamp == UNSOLICITED and self._boxes_of(user)
        ]

    def _tell(self, phone: str, now: float) -> None:
        """Wherever the phone is. What it answers is of no interest: it is told again when it registers anew."""
        domain, body = self._config.sip.domain, self._summary(phone)
        self._lit[phone] = body
        for uri, flow in self._phones.places(phone, now):
            self._requests.send(
                "NOTIFY",
                uri=uri,
                flow=flow,
                from_=NameAddr("", Uri("sip", phone, domain)),
                to=NameAddr("", Uri("sip", phone, domain)),
                contact_user=self._config.features.voicemail,
                headers=(("Event", PACKAGE), ("Subscription-State", "terminated")),
                body=body,
                content_type=BODY,
                done=lambda response, at: None,
                now=now,
            )

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
