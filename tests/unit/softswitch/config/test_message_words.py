"""Words of boxes, requests to be called back, and mail."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.config import Config, ConfigError, parse_config

MAIL = '[mail]\nhost = "mail.example"\nfrom = "switch@example.com"\nuser = "u"\npassword = "secret-word"\n'
PHONE = '[[phone]]\nuser = "1001"\npassword = "long-enough"\n'


def read(toml: str) -> Config:
    return parse_config(toml.encode(), file="test.toml", folder=Path(), env={})


def test_a_box_needs_no_more_than_an_address() -> None:
    config = read(MAIL + '[voicemail.sales]\nmail_to = "sales@example.com"\nmax_seconds = 180\n')
    box = config.voicemails["sales"]
    assert (box.mail_to, box.max_seconds, box.attach) == (("sales@example.com",), 180.0, "wav")
    assert config.mail is not None
    assert config.mail.port == 587
    assert "secret-word" not in repr(config)


@pytest.mark.parametrize(
    ("toml", "complaint"),
    [
        (MAIL + '[voicemail.sales]\nmail_to = "sales"\n', "not an address for mail"),
        (MAIL + '[voicemail.sales]\nmail_to = ["a@b.c", "d"]\n', "not an address for mail"),
        (MAIL + '[voicemail.sales]\nphone = "1002"\n' + PHONE, "no \\[\\[phone\\]\\]"),
        (MAIL + '[voicemail.sales]\nmail_to = "a@b.c"\nsubject = "from {calller}"\n', "means nothing in a subject"),
        (MAIL + '[voicemail.sales]\nmail_to = "a@b.c"\nattach = "flac"\n', "attach"),
        (
            MAIL + '[voicemail.a]\npin = "1111"\nnumber = "5"\n[voicemail.b]\npin = "2222"\nnumber = "5"\n',
            "this number already",
        ),
        (MAIL + '[voicemail.sales]\nmail_to = "марта@example.com"\n', "letters that mail servers do not take"),
        (MAIL + '[voicemail.sales]\nmail_to = "a@b.c"\npin = "12"\n', "4 to 12 digits"),
        (MAIL + '[voicemail.sales]\nmail_to = "a@b.c"\npin = "12345678901234"\n', "4 to 12 digits"),
        (MAIL + '[callback.sales]\nlabel = "x"\n', "nobody would call back"),
        (MAIL + '[callback.sales]\nmail_to = "a@b.c"\ndue = "hours:offise"\n', "no \\[hours.offise\\]"),
        (MAIL + '[callback.sales]\nqueue = "sales"\n', "no \\[queue.sales\\]"),
        ('[transcription]\ncommand = ["sh", "{fiel}"]\n', '"{fiel}" is not filled in.*"{file}"'),
        ('[voicemail.sales]\npin = "1111"\ntranscribe = ["sh", "{text}"]\n', "not filled in"),
        ("[transcription]\ntimeout = 0\n", "timeout"),
        ('[mail]\nhost = "h"\nfrom = "a@b.c"\nuser = "u"\n', "one of user and password"),
        ('[[route]]\ndid = "1"\nto = "voicemail:sales"\n', "voicemail"),
    ],
)
def test_what_cannot_work_is_said(toml: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        read(toml)


def test_a_program_that_is_not_there_writes_nothing_down() -> None:
    box = '[voicemail.sales]\npin = "1111"\n'
    (warning,) = read(f'[transcription]\ncommand = ["no-such-program", "{{file}}"]\n{box}').warnings
    assert (warning.code, warning.what) == (
        "no-engine",
        'there is no program "no-such-program"; nothing that is said is written down',
    )
    assert not read(f'[transcription]\ncommand = ["sh", "{{file}}", "{{language}}"]\n{box}transcribe = []\n').warnings


def test_mail_without_a_server_is_a_warning() -> None:
    (warning,) = read('[voicemail.sales]\nmail_to = "sales@example.com"\n').warnings
    assert "no server that takes our mail" in warning.what
