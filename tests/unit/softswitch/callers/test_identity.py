"""What different carriers' INVITEs say about who calls and what was dialled."""

from __future__ import annotations

import pytest

from sip.message import Request
from sip.parser import parse_message
from softswitch.callers.identity import DialledHeader as D
from softswitch.callers.identity import Identity, dialled, identify
from softswitch.callers.identity import IdentityHeader as H

CALLER = "+380501234567"
EVERY = (H.PAI, H.RPID, H.FROM)


def invite(*headers: str, from_: str = f"<sip:{CALLER}@carrier.example>", uri: str = "sip:100@pbx.example") -> Request:
    lines = [
        f"INVITE {uri} SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
        f"From: {from_};tag=1",
        f"To: <{uri}>" if not any(h.startswith("To:") for h in headers) else "",
        "Call-ID: 1",
        "CSeq: 1 INVITE",
        "Max-Forwards: 70",
        *headers,
        "Content-Length: 0",
    ]
    message = parse_message(("\r\n".join(line for line in lines if line) + "\r\n\r\n").encode())
    assert isinstance(message, Request)
    return message


@pytest.mark.parametrize(
    ("request_", "trusted", "identity"),
    [
        (invite(from_=f'"Ivan" <sip:{CALLER}@c.example>'), EVERY, Identity(CALLER, "Ivan")),
        (invite(f'P-Asserted-Identity: "I. Petrenko" <sip:{CALLER}@c>', from_="<sip:trunk7@c>"), EVERY,
         Identity(CALLER, "I. Petrenko")),
        (invite(f"P-Asserted-Identity: <tel:{CALLER}>", from_="<sip:trunk7@c>"), EVERY, Identity(CALLER, "")),
        (invite(f"P-Asserted-Identity: <sip:anonymous@anonymous.invalid>, <tel:{CALLER}>"), EVERY,
         Identity("", "", withheld=True)),
        (invite(f'Remote-Party-ID: "I" <sip:{CALLER}@c>;party=calling;privacy=off', from_="<sip:x@c>"), EVERY,
         Identity(CALLER, "I")),
        (invite(f"Remote-Party-ID: <sip:{CALLER}@c>;party=calling;privacy=full", from_="<sip:x@c>"), EVERY,
         Identity("", "", withheld=True)),
        (invite(f"P-Asserted-Identity: <sip:{CALLER}@c>", "Privacy: id", from_="<sip:anonymous@anonymous.invalid>"),
         EVERY, Identity("", "", withheld=True)),
        (invite("Privacy: user"), EVERY, Identity("", "", withheld=True)),
        (invite("Privacy: critical; Header"), EVERY, Identity("", "", withheld=True)),
        (invite(f"P-Asserted-Identity: <sip:{CALLER}@c>", "Privacy: session", "Privacy: user;critical"), EVERY,
         Identity("", "", withheld=True)),
        (invite("Privacy: none"), EVERY, Identity(CALLER, "")),
        (invite("Privacy: session;critical"), EVERY, Identity(CALLER, "")),
        (invite(from_='"Anonymous" <sip:anonymous@anonymous.invalid>'), EVERY, Identity("", "", withheld=True)),
        (invite("P-Asserted-Identity: <sip:+48999@liar>", "Remote-Party-ID: <sip:+48888@liar>"), (H.FROM,),
         Identity(CALLER, "")),
        (invite("P-Asserted-Identity: <sip:+48999@c>"), (H.RPID, H.FROM), Identity(CALLER, "")),
        (invite(from_="<sip:0501234567;phone-context=+380@c;user=phone>"), EVERY, Identity("0501234567", "")),
        (invite(from_="<tel:501234567;phone-context=+380>"), EVERY, Identity("+380501234567", "")),
        (invite("P-Asserted-Identity: <<<"), EVERY, Identity(CALLER, "")),
        (invite(f"Remote-Party-ID: <sip:100@c>;party=called, <sip:{CALLER}@c>;party=calling"), EVERY,
         Identity(CALLER, "")),
        (invite("Remote-Party-ID: <sip:100@c>;party=called"), EVERY, Identity(CALLER, "")),
        (invite(from_='"Ivan" <sip:Restricted@c.example>'), EVERY, Identity("", "", withheld=True)),
    ],
)  # fmt: skip
def test_the_caller_is_who_the_trusted_headers_say(
    request_: Request, trusted: tuple[H, ...], identity: Identity
) -> None:
    assert identify(request_, trusted) == identity


@pytest.mark.parametrize(
    ("request_", "order", "number"),
    [
        (invite(uri="sip:380441234567@pbx"), (D.REQUEST_URI,), "380441234567"),
        (invite("To: <sip:+380441234567@c>", uri="sip:account17@pbx"), (D.TO, D.REQUEST_URI), "+380441234567"),
        (invite("To: <tel:+380441234567>", uri="sip:account17@pbx"), (D.TO,), "+380441234567"),
        (invite("Diversion: <sip:2002@c>;reason=no-answer", "Diversion: <sip:2001@c>;reason=unconditional"),
         (D.DIVERSION, D.REQUEST_URI), "2001"),
        (invite("Diversion: <sip:2002@c>;reason=no-answer, <sip:2001@c>;reason=user-busy"), (D.DIVERSION,), "2001"),
        (invite("History-Info: <sip:2001@c>;index=1, <sip:2002@c?Reason=SIP%3Bcause%3D302>;index=1.1,"
                " <sip:100@pbx>;index=1.2"), (D.HISTORY_INFO,), "2001"),
        (invite("History-Info: <sip:2002@c>;index=1.10", "History-Info: <sip:2009@c>;index=1.2"),
         (D.HISTORY_INFO,), "2009"),
        (invite(), (D.DIVERSION, D.HISTORY_INFO), "100"),
        (invite("Diversion: nonsense <"), (D.DIVERSION,), "100"),
        (invite("Diversion: <sip:anonymous@anonymous.invalid>;privacy=full", "To: <sip:+380441234567@c>"),
         (D.DIVERSION, D.TO), "+380441234567"),
        (invite("Diversion: <sip:2002@c>, <sip:anonymous@c>;privacy=full"), (D.DIVERSION,), "2002"),
        (invite("History-Info: <sip:Anonymous@c>;index=1, <sip:2002@c>;index=1.1"), (D.HISTORY_INFO,), "2002"),
        (invite(uri="sip:100;ext=7@pbx"), (D.REQUEST_URI,), "100"),
    ],
)  # fmt: skip
def test_the_dialled_number_is_where_the_carrier_puts_it(request_: Request, order: tuple[D, ...], number: str) -> None:
    assert dialled(request_, order) == number
