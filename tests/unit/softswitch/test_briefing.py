from __future__ import annotations

from pathlib import Path

from softswitch.briefing import MANY, briefing
from softswitch.config import parse_config

CONFIG = """
[sip]
listen = ["udp:127.0.0.1:5060"]
[rtp]
ports = "20000-20127"
[[phone]]
user = "1001"
password = "do-not-show-me"
name = "Olena"
[[phone]]
user = "door"
contact = "sip:door@192.0.2.9"
[[agent]]
id = "olena"
phone = "1001"
pin = "7391"
[feature]
login = "*77"
[trunk.kyiv]
source = ["192.0.2.1"]
[[route]]
did = "100"
from = "trunk:kyiv"
to = "echo"
"""


def told(text: str) -> str:
    return briefing(parse_config(text.encode(), file="test.toml", folder=Path(), env={}))


def test_it_says_in_plain_words_what_runs() -> None:
    lines = told(CONFIG).splitlines()
    assert "Listening for SIP on udp:127.0.0.1:5060." in lines
    assert "Phones that may register (softswitch): 1001 (Olena)." in lines
    assert "Phones at fixed addresses: door at sip:door@192.0.2.9." in lines
    assert "Calls are taken from trunk kyiv at 192.0.2.1/32." in lines
    assert "Dial 100 from trunk:kyiv: echo." in lines
    assert any("*77 to log in" in line for line in lines)
    assert lines[-1].startswith("ready")


def test_no_password_and_no_pin_is_said() -> None:
    assert "do-not-show-me" not in told(CONFIG)
    assert "7391" not in told(CONFIG)


def test_a_long_list_is_cut() -> None:
    phones = "".join(f'[[phone]]\nuser = "{number}"\npassword = "x-{number}"\n' for number in range(MANY + 5))
    assert "and 5 more" in told(phones)
