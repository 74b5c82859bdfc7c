"""Passwords, PINs and what proves them are found nowhere: not in logs, records, output, nor on command lines."""

from __future__ import annotations

import asyncio
import re
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sip.message import Response
from sip.parser import parse_message
from softswitch.phones.call import PhoneError
from softswitch.phones.phone import SimulatedPhone
from softswitch.phones.ticker import Ticker
from tests.support.switch import Switch, children_of, command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sip.flow import Transmit
    from tests.support.ports import Ports

PASSWORD, OTHER, GUESS, PIN, WRONG_PIN = "hunter2-Pa55", "corre-ct-horse", "gue55ed-wr0ng", "83651947", "19283746"
CONFIG = f"""
[[phone]]
user = "2001"
password = "{PASSWORD}"

[[phone]]
user = "2002"
password = {{ env = "PHONE_2002" }}

[[phone]]
user = "1001"
contact = "sip:1001@127.0.0.1:9"

[[agent]]
id = "olena"
phone = "1001"
pin = "{PIN}"
skills = {{ sales = 80 }}

[queue.sales]
needs = "sales"

[[route]]
did = "9000"
to = "echo"
"""


@pytest.fixture
def switch(ports: Ports, tmp_path: Path, rendered: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Switch]:
    """It logs as much as it can."""
    monkeypatch.setenv("PHONE_2002", OTHER)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "speech").symlink_to(rendered, target_is_directory=True)
    running = Switch(CONFIG, tmp_path, ports, digest=("SHA-256", "MD5"), verbose=True)
    try:
        yield running
    finally:
        running.stop()


class Proofs:
    """Phones that remember by which digests they proved their passwords."""

    def __init__(self) -> None:
        self.found: set[str] = set()

    def watch(self, phone: SimulatedPhone) -> None:
        send = phone._edge._send

        def note(transmit: Transmit) -> None:
            self.found |= set(re.findall(r'response="([0-9a-f]+)"', transmit.data.decode()))
            send(transmit)

        phone._edge._send = note  # type: ignore[method-assign]


async def telephone(switch: Switch, proofs: Proofs) -> None:
    """Right and wrong passwords, PINs, calls."""
    ticker = Ticker()

    def phone(user: str, password: str) -> SimulatedPhone:
        made = SimulatedPhone(user, password, server=("127.0.0.1", switch.port), domain=switch.domain, ticker=ticker)
        proofs.watch(made)
        return made

    for user, password in (("2001", PASSWORD), ("2002", OTHER)):
        async with phone(user, password) as good:
            await good.register()
            for number in ("9000", f"*11*olena*{PIN}", f"*12*olena*{WRONG_PIN}"):
                call = good.dial(number)
                await call.answered()
                await asyncio.sleep(0.3)
                call.hang_up()
                await call.ended()
    for user in ("2001", "nobody"):
        async with phone(user, GUESS) as bad:
            with pytest.raises(PhoneError, match="403"):
                await bad.register()
            call = bad.dial(f"*11*olena*{PIN}")
            assert (await call.ended()).status == 403


def malformed(switch: Switch) -> int:
    """Credentials in messages that are refused for something else; how many of them were answered."""
    answered = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind(("127.0.0.1", 0))
        client.settimeout(2.0)
        for number, (method, spoilt) in enumerate(
            (("REGISTER", "Contact: ?"), ("INVITE", "Max-Forwards: x"), ("REGISTER", "Expires: 99999999999"))
        ):
            client.sendto(
                (
                    f"{method} sip:2001:{GUESS}@{switch.domain} SIP/2.0\r\n"
                    f"Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKm{number};rport\r\n"
                    f"From: <sip:2001:{PASSWORD}@{switch.domain}>;tag=1\r\nTo: <sip:2001@{switch.domain}>\r\n"
                    f"Call-ID: m{number}\r\nCSeq: 1 {method}\r\n{spoilt}\r\n"
                    f'Authorization: Digest username="2001", realm="{switch.domain}", nonce="n", uri="sip:x", '
                    f'response="{"5ec2e7" * 8}"\r\nContent-Length: 0\r\n\r\n'
                ).encode(),
                ("127.0.0.1", switch.port),
            )
            answered += isinstance(parse_message(client.recv(8192)), Response)
    return answered


def everything_written(switch: Switch) -> dict[str, bytes]:
    """By file or stream; the configuration itself, which holds the secrets, is left out."""
    written = {"output": switch.output().encode()}
    for verb, *options in (["calls"], ["calls", "--json"], ["check"]):
        done = subprocess.run(
            [*command(verb), "--config", str(switch.config), *options], capture_output=True, timeout=30, check=True
        )
        written[" ".join([verb, *options])] = done.stdout + done.stderr
    for path in switch.folder.rglob("*"):
        if path.is_file() and path != switch.config:
            written[str(path.relative_to(switch.folder))] = path.read_bytes()
    for pid in (switch.pid, *children_of(switch.pid)):
        written[f"command line of {pid}"] = Path(f"/proc/{pid}/cmdline").read_bytes()
    return written


def test_no_secret_is_written_down_anywhere(switch: Switch) -> None:
    proofs = Proofs()
    asyncio.run(telephone(switch, proofs))
    assert malformed(switch) == 3
    records = switch.wait_calls(6)

    written = everything_written(switch)

    assert [record["dialled"] for record in records if "olena" in record["dialled"]]
    assert "softswitch.db" in " ".join(written)
    assert b"*olena*" in written["calls --json"]  # what is dialled is written down, its PIN is not
    assert len(proofs.found) > 12
    secrets = {PASSWORD, OTHER, GUESS, PIN, WRONG_PIN, "5ec2e7" * 8, *proofs.found}
    leaks = [(where, secret) for where, data in written.items() for secret in secrets if secret.encode() in data]
    assert leaks == []


def test_a_configuration_that_is_refused_is_not_quoted_with_its_secrets(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        f'[[phone]]\nuser = "2001"\npassword = "{PASSWORD}\\n"\npasword = "{OTHER}"\n'
        f'[[agent]]\nid = "olena"\nphone = "2001"\npin = {PIN}\npni = "{WRONG_PIN}"\n'
    )
    done = subprocess.run(
        [*command("check"), "--config", str(config)], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 2
    said = done.stdout + done.stderr
    assert "password" in said
    assert [secret for secret in (PASSWORD, OTHER, PIN, WRONG_PIN) if secret in said] == []
