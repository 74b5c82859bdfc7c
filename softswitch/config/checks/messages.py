"""Boxes, requests to be called back, and the mail about them: who is mentioned exists, and mail can be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from softswitch.config.checks.programs import filled_in, is_there
from softswitch.config.errors import nearest, one_of
from softswitch.messages import SUBJECT_WORDS, placeholders

if TYPE_CHECKING:
    from collections.abc import Iterator

    from softswitch.config.checks.raw import Raw
    from softswitch.config.errors import Problem


_FILLED_IN = ("file", "language")


def check(raw: Raw) -> Iterator[Problem]:
    yield from _mail(raw)
    yield from _transcription(raw)
    yield from _mentioned(raw)
    yield from _numbers(raw)
    for path, subject in raw.strings("voicemail.*.subject", "callback.*.subject"):
        for name in placeholders(subject):
            if name not in SUBJECT_WORDS:
                right = f"known: {one_of(SUBJECT_WORDS)}"
                yield raw.error(path, f'"{{{name}}}" means nothing in a subject', right, nearest(name, SUBJECT_WORDS))


def _mail(raw: Raw) -> Iterator[Problem]:
    for path, box in raw.select("voicemail.*", "callback.*"):
        if not isinstance(box, dict):
            continue
        if box.get("mail_to") and "mail" not in raw.tables:
            right = 'add [mail] with host = "…" and from = "…"'
            yield raw.warning((*path, "mail_to"), "is told nothing: there is no server that takes our mail", right)
        if path[0] == "voicemail" and not box.get("mail_to") and not box.get("phone") and not box.get("pin"):
            right = 'add mail_to = "…", or phone = "…" whose lamp shows messages'
            yield raw.warning(path, "nobody can hear what is left there", right)
        if path[0] == "callback" and not box.get("mail_to") and not box.get("queue"):
            yield raw.error_at_key(path, "nobody would call back", 'add queue = "…", or mail_to = "…"')
        if path[0] == "voicemail" and box.get("delete_after_mail") and not box.get("mail_to"):
            yield raw.error((*path, "delete_after_mail"), "there is no mail to delete after", 'add mail_to = "…"')
    for path, mail in raw.select("mail"):
        if isinstance(mail, dict) and ("user" in mail) != ("password" in mail):
            yield raw.error_at_key(path, "has one of user and password", "give both, or neither")
        if isinstance(mail, dict) and "password" in mail and mail.get("tls") == "none":
            yield raw.warning((*path, "tls"), "sends the password to everybody on the way", 'write "starttls" or "tls"')


def _transcription(raw: Raw) -> Iterator[Problem]:
    words = list(raw.strings("transcription.command.*", "voicemail.*.transcribe.*"))
    for path, program in words:
        if path[-1] == 0 and not is_there(program):
            what = f'there is no program "{program}"; nothing that is said is written down'
            yield raw.warning(path, what, "install it, or give its whole path", code="no-engine")
    yield from filled_in(raw, words, _FILLED_IN)


def _mentioned(raw: Raw) -> Iterator[Problem]:
    phones, queues, hours = raw.names("phone"), raw.names("queue"), raw.names("hours")
    for path, user in raw.strings("voicemail.*.phone", "voicemail.*.phone.*"):
        if user not in phones:
            yield raw.error(path, f'there is no [[phone]] with the user "{user}"', nearest=nearest(user, phones))
    for path, queue in raw.strings("callback.*.queue"):
        if queue not in queues:
            yield raw.error(path, f"there is no [queue.{queue}]", nearest=nearest(queue, queues))
    for path, due in raw.strings("callback.*.due"):
        kind, _, name = due.partition(":")
        if kind != "hours" or not name:
            yield raw.error(path, f'"{due}" is no opening', 'write "hours:name"')
        elif name not in hours:
            likely = nearest(name, hours)
            yield raw.error(path, f"there is no [hours.{name}]", nearest=likely and f"hours:{likely}")


def _numbers(raw: Raw) -> Iterator[Problem]:
    seen: dict[str, object] = {}
    for path, number in raw.strings("voicemail.*.number"):
        if seen.setdefault(number, path[1]) != path[1]:
            yield raw.error(path, f'the box "{seen[number]}" has this number already', "choose another")
