"""Handing in over TLS, from the first octet and after STARTTLS: to whom the certificate names, or to nobody."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from shutil import which
from typing import TYPE_CHECKING, Any, Literal

import aiosmtplib
import pytest
from aiosmtpd.smtp import SMTP as Protocol

from softswitch.mail.courier import Courier, MailServer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.asyncio


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Of "localhost", trusted by this process."""
    key, known = tmp_path / "key.pem", tmp_path / "certificate.pem"
    curve, names = "ec_paramgen_curve:prime256v1", "subjectAltName=DNS:localhost"
    command = f"openssl req -x509 -newkey ec -pkeyopt {curve} -nodes -days 2 -subj /CN=localhost -addext {names}"
    subprocess.run([*command.split(), "-keyout", str(key), "-out", str(known)], check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(known))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(known, key)
    return context


class Taking:
    def __init__(self) -> None:
        self.taken: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.taken += envelope.rcpt_tos
        return "250 taken"


@pytest.mark.skipif(which("openssl") is None, reason="certificates are made with openssl")
@pytest.mark.parametrize("tls", ["tls", "starttls"])
async def test_mail_goes_through_tls_to_the_server_that_was_named_and_to_no_other(
    tls: Literal["tls", "starttls"], certificate: ssl.SSLContext, tmp_path: Path
) -> None:
    loop, handler = asyncio.get_running_loop(), Taking()
    at_once, later = (certificate, None) if tls == "tls" else (None, certificate)

    def protocol() -> Protocol:
        return Protocol(handler, hostname="mail.test", tls_context=later, require_starttls=bool(later), loop=loop)

    listening = await loop.create_server(protocol, "127.0.0.1", 0, ssl=at_once)
    port, courier = listening.sockets[0].getsockname()[1], Courier()
    (tmp_path / "letter").write_bytes(b"Subject: x\r\n\r\n" + b"yyy\r\n" * 100_000)
    letter = (tmp_path / "letter").open("rb")
    try:
        to = "sales@example.com"
        await courier.hand_in(letter, "pbx@example.com", to, MailServer("localhost", port, tls, timeout=10.0))
        server = MailServer("127.0.0.1", port, tls, timeout=10.0)
        with pytest.raises((aiosmtplib.SMTPException, OSError), match="certificate"):
            await courier.hand_in(letter, "pbx@example.com", "boss@example.com", server)
    finally:
        letter.close()
        courier.close()
        listening.close()
        await listening.wait_closed()
    assert handler.taken == ["sales@example.com"]
