"""Subscriptions to what we know (RFC 6665): accepted, told of changes, renewed, ended, and forgotten."""

from __future__ import annotations

import re

from sip.endpoint import SipEndpoint
from sip.events import RequestReceived
from sip.flow import Flow, Transport
from tests.support.ids import CountingIds

HERE, THERE = ("192.0.2.1", 5060), ("192.0.2.9", 5062)
FLOW = Flow(Transport.UDP, HERE, THERE)
BODY = "application/simple-message-summary"


class Notifier:
    """An endpoint that accepts every subscription, and what it has sent."""

    def __init__(self) -> None:
        self.endpoint = SipEndpoint(ids=CountingIds("switch"), local=lambda flow: HERE)
        self.sent: list[str] = []
        self.names: list[str] = []
        self.state = b"Messages-Waiting: no\r\n"

    def receive(self, text: str, now: float) -> None:
        self.endpoint.receive_datagram(text.replace("\n", "\r\n").encode(), FLOW, now)
        while (event := self.endpoint.next_event()) is not None:
            assert isinstance(event, RequestReceived)
            expires = int(event.request.headers.get("Expires") or 0)
            self.names.append(
                self.endpoint.accept_subscription(
                    event.transaction,
                    event.flow,
                    event="message-summary",
                    expires=expires,
                    body=self.state,
                    content_type=BODY,
                    now=now,
                )
            )
        self.drain()

    def drain(self) -> None:
        while (transmit := self.endpoint.next_transmit()) is not None:
            self.sent.append(transmit.data.decode())

    def at(self, now: float) -> None:
        while (due := self.endpoint.next_deadline()) is not None and due <= now:
            self.endpoint.handle_timeout(due)
            self.drain()

    def subscribe(self, now: float, *, cseq: int = 1, expires: int = 600, tag: str = "") -> None:
        to = f";tag={tag}" if tag else ""
        self.receive(
            "SUBSCRIBE sip:1001@pbx.test SIP/2.0\n"
            f"Via: SIP/2.0/UDP 192.0.2.9:5062;branch=z9hG4bKs{cseq}\n"
            f"From: <sip:1001@pbx.test>;tag=phone\nTo: <sip:1001@pbx.test>{to}\nCall-ID: s1\nCSeq: {cseq} SUBSCRIBE\n"
            f"Contact: <sip:1001@192.0.2.9:5062>\nEvent: message-summary\nExpires: {expires}\nContent-Length: 0\n\n",
            now,
        )

    def notifies(self) -> list[str]:
        return [text for text in self.sent if text.startswith("NOTIFY")]

    def answer(self, now: float, status: str = "200 OK") -> None:
        """To the last NOTIFY."""
        fields = self.notifies()[-1].split("\r\n")
        copied = [line for line in fields if line.split(":")[0] in ("Via", "From", "To", "Call-ID", "CSeq")]
        self.receive(f"SIP/2.0 {status}\n" + "\n".join(copied) + "\nContent-Length: 0\n\n", now)

    def tag(self) -> str:
        found = re.search(r"To: .*tag=(\S+)", self.sent[0])
        assert found
        return found[1]


def state_of(notify: str) -> str:
    return next(line for line in notify.split("\r\n") if line.startswith("Subscription-State"))


def test_a_subscription_is_accepted_and_told_the_state_at_once() -> None:
    notifier = Notifier()
    notifier.subscribe(0.0)
    assert notifier.sent[0].startswith("SIP/2.0 200")
    assert "Expires: 600" in notifier.sent[0]
    (notify,) = notifier.notifies()
    assert state_of(notify) == "Subscription-State: active;expires=600"
    assert "Event: message-summary" in notify
    assert notify.endswith("Messages-Waiting: no\r\n")


def test_changes_wait_for_the_answer_and_only_the_newest_is_sent() -> None:
    notifier = Notifier()
    notifier.subscribe(0.0)
    for count in (1, 2):
        assert notifier.endpoint.tell_watcher(notifier.names[0], b"Voice-Message: %d/0\r\n" % count, BODY, now=1.0)
    notifier.drain()
    assert len(notifier.notifies()) == 1
    notifier.answer(2.0)
    assert [text.endswith("Voice-Message: 2/0\r\n") for text in notifier.notifies()] == [False, True]


def test_a_renewal_keeps_the_subscription_alive() -> None:
    notifier = Notifier()
    notifier.subscribe(0.0)
    notifier.answer(0.1)
    notifier.subscribe(500.0, cseq=2, tag=notifier.tag())
    notifier.answer(500.1)
    assert notifier.names[0] == notifier.names[1]
    notifier.at(1000.0)
    assert not any("terminated" in text for text in notifier.notifies())
    notifier.at(1100.0)
    assert state_of(notifier.notifies()[-1]) == "Subscription-State: terminated;reason=timeout"


def test_who_unsubscribes_is_told_a_last_time_and_forgotten() -> None:
    notifier = Notifier()
    notifier.subscribe(0.0)
    notifier.answer(0.1)
    notifier.subscribe(1.0, cseq=2, expires=0, tag=notifier.tag())
    assert state_of(notifier.notifies()[-1]).startswith("Subscription-State: terminated")
    notifier.answer(1.1)
    assert len(notifier.endpoint._watchers) == 0
    assert not notifier.endpoint.tell_watcher(notifier.names[0], b"", BODY, now=2.0)


def test_a_watcher_that_refuses_or_is_gone_is_forgotten() -> None:
    refusing, silent = Notifier(), Notifier()
    refusing.subscribe(0.0)
    refusing.answer(0.1, "481 Gone")
    assert len(refusing.endpoint._watchers) == 0
    silent.subscribe(0.0)
    silent.at(40.0)
    assert len(silent.endpoint._watchers) == 0


def test_a_renewal_of_nothing_and_one_out_of_order_are_refused() -> None:
    notifier = Notifier()
    notifier.subscribe(0.0, tag="nobody")
    assert notifier.sent[-1].startswith("SIP/2.0 481")
    other = Notifier()
    other.subscribe(0.0, cseq=5)
    tag = other.tag()
    other.answer(0.1)
    other.subscribe(1.0, cseq=4, tag=tag)
    assert other.sent[-1].startswith("SIP/2.0 500")
