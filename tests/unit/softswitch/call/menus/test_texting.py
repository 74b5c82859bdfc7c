from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.call.menus.texting import LONGEST, TextMessage, write
from softswitch.config import parse_config


def written(text: str, language: str = "en", to: str = "{ani}", **known: str) -> TextMessage:
    toml = (
        f'[server]\ncountry = "UA"\n[webservice.gateway]\nurl = "https://sms.example/{{sms_to}}"\n'
        f'[[phone]]\nuser = "1001"\npassword = "a long secret"\n'
        f'[sms.x]\nwebservice = "gateway"\nto = "{to}"\ntext = {text}\n'
    )
    config = parse_config(toml.encode(), file="c.toml", folder=Path(), env={})
    return write(config, "x", {"ani": "+380501234567", **known}, language)


def test_values_stand_as_they_are_and_in_words_where_a_form_is_wanted() -> None:
    message = written('"{name}: {code}, {n}, {sum:money} {due:on}{gone}"', name="Ян", code="0042", n="5", sum="2 UAH")
    assert (message.to, message.text) == ("+380501234567", "Ян: 0042, 5, two hryvnias")
    assert message.unfit == ("{due:on}",)
    assert message.variables == {"sms_to": "+380501234567", "sms_text": message.text}
    assert written('"Visit {due:on}."', due="2026-05-21").text == "Visit on Thursday, the twenty-first of May."


@pytest.mark.parametrize(("language", "text"), [("uk", "Так"), ("en", "Yes"), ("pl", "Yes")])
def test_callers_read_their_language_or_that_of_the_switch(language: str, text: str) -> None:
    assert written('{ uk = "Так", en = "Yes" }', language).text == text


def test_a_text_has_an_end_and_nothing_that_no_phone_shows() -> None:
    assert written('"{a}\\n{b}"', a="x\x00\ud800y\r", b="z").text == "x  y \nz"
    assert len(written('"{a}"', a="x" * 4000).text) == LONGEST


@pytest.mark.parametrize(
    ("to", "known", "number"),
    [
        ("{ani}", {}, "+380501234567"),
        ("{mobile}", {"mobile": "067 123-45-67"}, "+380671234567"),
        ("+48512345678", {}, "+48512345678"),
        ("{ani}", {"ani": ""}, ""),
        ("{ani}", {"ani": "anonymous"}, ""),
        ("{ani}", {"ani": "1001"}, ""),
        ("{ani}", {"ani": "112"}, ""),
        ("{ani}", {"ani": "+380441234567"}, ""),
        ("{ani}", {"ani": "+999123456789"}, ""),
        ("{mobile}", {}, ""),
    ],
)
def test_only_numbers_that_get_text_messages_are_written_to(to: str, known: dict[str, str], number: str) -> None:
    assert written('"Hello."', to=to, **known).to == number
