"""All messages and all requests to be called back, in memory; every change is written down behind it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from softswitch.messages import Message, Request, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Shelf(Protocol):
    """Where what was left outlasts a restart; writes happen in their order."""

    def put_left(self, item: Message | Request) -> None: ...
    def remove_left(self, item: Message | Request) -> None: ...


class Boxes:
    """*changed* is told the box whose messages are others now. Without a *shelf* nothing outlasts the process."""

    def __init__(self, shelf: Shelf | None = None) -> None:
        self._shelf = shelf
        self._messages: dict[str, Message] = {}
        self._requests: dict[str, Request] = {}
        self.changed: Callable[[str], None] = lambda box: None

    def load(self, messages: Iterable[Message], requests: Iterable[Request]) -> None:
        """What the database holds."""
        self._messages = {message.id: message for message in messages}
        self._requests = {request.id: request for request in requests}

    # ------------------------------------------------------------------------------------------------ messages
    def message(self, name: str) -> Message | None:
        return self._messages.get(name)

    def all(self) -> list[Message]:
        return list(self._messages.values())

    def messages(self, box: str) -> list[Message]:
        """Those that can be listened to: new ones first, each kind the oldest first."""
        found = [item for item in self._messages.values() if item.box == box and item.state is not State.RECORDING]
        return sorted(found, key=lambda item: (item.state is State.HEARD, item.at, item.id))

    def counts(self, box: str) -> tuple[int, int]:
        """How many are new, and how many were heard."""
        found = self.messages(box)
        new = sum(item.state is State.NEW for item in found)
        return new, len(found) - new

    def put(self, message: Message) -> Message:
        self._messages[message.id] = message
        self._put(message)
        self.changed(message.box)
        return message

    def remove(self, message: Message) -> None:
        if self._messages.pop(message.id, None) is not None:
            self._remove(message)
            self.changed(message.box)

    def heard(self, name: str) -> None:
        message = self._messages.get(name)
        if message is not None and message.state is State.NEW:
            self.put(replace(message, state=State.HEARD))

    # ------------------------------------------------------------------------------------------------ requests
    def requests(self) -> list[Request]:
        """The earliest due first."""
        return sorted(self._requests.values(), key=lambda item: (item.due, item.at, item.id))

    def request(self, name: str) -> Request | None:
        return self._requests.get(name)

    def ask(self, request: Request) -> tuple[Request, bool]:
        """Take *request* down; one for the same number is asked once more instead. False: that was the case."""
        for known in self._requests.values():
            if (known.kind, known.number) == (request.kind, request.number):
                return self.put_request(replace(known, asked=known.asked + 1)), False
        return self.put_request(request), True

    def put_request(self, request: Request) -> Request:
        self._requests[request.id] = request
        self._put(request)
        return request

    def remove_request(self, request: Request) -> None:
        if self._requests.pop(request.id, None) is not None:
            self._remove(request)

    # ------------------------------------------------------------------------------------------------ mail
    def mailed(self, item: Message | Request) -> None:
        """The mail about *item* is in the spool."""
        if isinstance(item, Message) and (message := self._messages.get(item.id)) is not None:
            self.put(replace(message, mailed=True))
        elif isinstance(item, Request) and (request := self._requests.get(item.id)) is not None:
            told = (request.due, request.vague) == (item.due, item.vague)  # else the mail was about another time
            self.put_request(replace(request, mailed=told))

    def _put(self, item: Message | Request) -> None:
        if self._shelf is not None:
            self._shelf.put_left(item)

    def _remove(self, item: Message | Request) -> None:
        if self._shelf is not None:
            self._shelf.remove_left(item)
