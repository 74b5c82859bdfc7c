"""Messages with any script, without a way to smuggle headers in."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.mail.compose import MAX_SUBJECT, Attachment, compose

if TYPE_CHECKING:
    from email.message import EmailMessage

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def sent(subject: str, text: str = "text", attachments: tuple[Attachment, ...] = ()) -> EmailMessage:
    """The message as the other side reads it."""
    message = compose(
        sender="pbx@example.com",
        to=["sales@example.com", "head@example.com"],
        subject=subject,
        text=text,
        at=AT,
        message_id="call-1@pbx",
        attachments=attachments,
    )
    return message_from_bytes(message.as_bytes(), policy=policy.default)


@pytest.mark.parametrize("subject", ["Голосова пошта: +380501234567, Продажі", "Poczta głosowa", "Voicemail", "客户"])
def test_subject_text_and_file_arrive_as_they_were(subject: str) -> None:
    message = sent(subject, f"{subject}\nдругий рядок\n", (Attachment("message.wav", "audio/wav", b"RIFF\0\xff"),))
    assert message["Subject"] == subject
    assert message["To"].addresses[1].addr_spec == "head@example.com"
    assert message["Date"].datetime == AT
    body, file = message.get_body(("plain",)), next(message.iter_attachments())
    assert body is not None
    assert body.get_content().splitlines() == [subject, "другий рядок"]
    assert (file.get_filename(), file.get_content_type(), file.get_content()) == (
        "message.wav",
        "audio/wav",
        b"RIFF\0\xff",
    )


def test_a_callers_name_cannot_add_headers() -> None:
    message = sent("from Eve\r\nBcc: everybody@example.com\r\n\r\nbuy")
    assert "Bcc" not in message
    assert message["Subject"] == "from Eve Bcc: everybody@example.com buy"


def test_nor_can_a_name_that_looks_like_a_gap_for_a_file() -> None:
    message = sent("%the-file-is-here%", "%the-file-is-here%\n", (Attachment("a.wav", "audio/wav", b"RIFF"),))
    assert message["Subject"] == "%the-file-is-here%"
    assert [file.get_content() for file in message.iter_attachments()] == [b"RIFF"]


@given(st.lists(st.binary(max_size=200) | st.integers(0, 70_000).map(bytes), max_size=3))
def test_files_arrive_as_they_were_and_are_encoded_in_small_pieces(contents: list[bytes]) -> None:
    files = tuple(Attachment("a.wav", "audio/wav", content) for content in contents)
    assert [file.get_content() for file in sent("Voicemail", attachments=files).iter_attachments()] == contents


def test_no_piece_is_long_however_long_the_file_is() -> None:
    file = Attachment("a.wav", "audio/wav", bytes(1_000_000))
    mail = compose(
        sender="a@b.example", to=["c@d.example"], subject="s", text="t", at=AT, message_id="1@pbx", attachments=[file]
    )
    assert max(map(len, mail.pieces())) < 1 << 16
    assert all(piece.endswith(b"\r\n") for piece in mail.pieces())


def test_half_a_character_in_the_text_does_not_keep_the_message() -> None:
    body = sent("Voicemail", "from Ol\ud83dena").get_body(("plain",))
    assert body is not None
    assert body.get_content().strip() == "from Ol\N{REPLACEMENT CHARACTER}ena"


@given(st.text(max_size=300))
def test_any_text_can_be_a_subject(text: str) -> None:
    message = sent(text)
    assert len(message["Subject"]) <= MAX_SUBJECT
    assert set(message.keys()) >= {"From", "To", "Date", "Message-ID"}
