"""What campaigns say at the moment of an attempt: as the running switch has it bound, or as a test says.

So it is with who wants no offers, and with versions of menus.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from softswitch.call.supposed import QuestionError
from softswitch.campaigns.book import Book, NoSuchSlot
from softswitch.campaigns.documents import BindingDocument, Invalid
from softswitch.store.database import FILE_NAME, StoreError
from softswitch.store.queries import campaign_changes, contact_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ivr.nodes import Flow
    from softswitch.config import Config


class Message(BindingDocument):
    """A message that is bound for one test only."""

    slot: str


@dataclass(frozen=True, slots=True)
class MomentClock:
    """`softswitch.ports.Clock` whose second 0 is a moment of one's choice."""

    at: datetime

    def wall(self, now: float) -> float:
        return self.at.timestamp() + now

    def local(self, now: float, timezone: str = "") -> datetime:
        return datetime.fromtimestamp(self.wall(now), ZoneInfo(timezone) if timezone else self.at.tzinfo)


class _NoJournal:
    """`softswitch.ports.Journal`: an attempt leaves no trace."""

    def append(self, kind: str, call: str | None, data: Mapping[str, object], *, at: float) -> None:
        pass

    def barrier(self, mark: str) -> None:
        pass


def book_at(config: Config, flow: Flow, at: datetime, messages: Sequence[Message] | None = None) -> Book:
    """The book as it was at *at*; what is bound last stays bound. *messages*: these in place of what the switch has.

    Raises QuestionError.
    """
    book = Book(config, flow, MomentClock(at), _NoJournal())
    if messages is not None:
        for slot in dict.fromkeys(message.slot for message in messages):
            _bind(book, slot, [message for message in messages if message.slot == slot])
        return book
    database = config.server.data_dir / FILE_NAME
    if (book.slots or book.rollouts.shown()) and database.is_file():
        try:
            told = contact_lines(database, at.timestamp() - book.contacts.period)
            known = [line for line in told if line.at <= at.timestamp()]
            book.contacts.remember(known)
            book.rollouts.remember(known)
            book.remember(change for change in campaign_changes(database) if change.at <= at.timestamp())
        except StoreError as error:
            raise QuestionError(str(error)) from None
    return book


def _bind(book: Book, slot: str, messages: Sequence[Message]) -> None:
    documents = [BindingDocument.model_validate(message.model_dump(exclude={"slot"})) for message in messages]
    try:
        book.put(slot, documents, 0.0, by="try", restructure=True)
    except NoSuchSlot:
        raise QuestionError(f'there is no slot "{slot}"; there are {", ".join(book.slots) or "none"}') from None
    except Invalid as wrong:
        raise QuestionError(f'slot "{slot}": {wrong}') from None
