"""Messages over HTTP: which there are and what is said in them, their audio, heard or new, deleted.

Administrators have every box; others those that the configuration names beside their token.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import HTTPException, Path, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from softswitch.api.access import User  # noqa: TC001 (FastAPI reads the annotations)
from softswitch.api.bodies import described, read_body
from softswitch.messages import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI

    from softswitch.api.guards import Guards
    from softswitch.messages import Message
    from softswitch.voicemail.desk import MessageDesk
    from softswitch.voicemail.standing import Standing

BoxName = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.-]{1,100}$")]
MessageName = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.@~-]{1,200}$")]
Readable = Literal["new", "heard"]
#: Messages in one answer.
MOST = 1000
_MOST_OCTETS = 1024


class ShownBox(BaseModel):
    box: str
    label: str
    new: int
    heard: int


class ShownMessage(BaseModel):
    id: str
    box: str
    at: Annotated[str, Field(description="When it was left: ISO 8601, UTC.")]
    state: Readable
    number: Annotated[str, Field(description="Empty: withheld.")]
    name: str
    came_by: Annotated[str, Field(description="What the caller chose on the way: the labels of the menus.")]
    language: str
    seconds: float
    call: str
    mailed: Annotated[bool, Field(description="A letter was written; how it stands is `mail`.")]
    mail: Annotated[
        Literal["waits", "sent", "refused", "none"] | None,
        Field(
            description="The mail about it waits to be sent, was taken by the mail server, was refused by it for good "
            "(of several addresses the worst counts), or is not wanted. Null: the disk does not tell."
        ),
    ]
    transcript: Annotated[str | None, Field(description="What is said. Null: nobody tried; empty: nothing came of it.")]


class ShownMessages(BaseModel):
    box: str
    label: str
    new: int
    heard: int
    total: Annotated[int, Field(description="Of the state that was asked for.")]
    messages: list[ShownMessage]


class Mark(BaseModel):
    """Whether the message counts as heard."""

    model_config = ConfigDict(extra="forbid")

    state: Readable


def add_voicemail(app: FastAPI, guards: Guards, desk: MessageDesk) -> None:
    """``/voicemail``."""
    asking = guards.anybody

    def permitted(box: str, who: User) -> str:
        """The label of *box*. Raises HTTPException: 404, as for one that there is not."""
        label = desk.labels().get(box)
        if label is None or not who.hears(box):
            raise HTTPException(404, "there is no such box")
        return label

    def found(box: str, name: str, who: User) -> Message:
        """Raises HTTPException: 404."""
        permitted(box, who)
        if (message := desk.message(box, name)) is None:
            raise HTTPException(404, "there is no such message")
        return message

    @app.get("/voicemail", summary="The boxes that you may hear, and how many messages are in them")
    async def boxes(who: User = asking) -> list[ShownBox]:
        return [_box(desk, box, label) for box, label in desk.labels().items() if who.hears(box)]

    @app.get("/voicemail/{box}", summary="The messages in a box, the newest first")
    async def messages(
        box: BoxName,
        state: Readable | None = None,
        after: Annotated[int, Query(ge=0, description="Leave out so many.")] = 0,
        most: Annotated[int, Query(ge=1, le=MOST)] = 100,
        who: User = asking,
    ) -> ShownMessages:
        shown = _box(desk, box, permitted(box, who))
        all_of_them = desk.messages(box, None if state is None else State(state))
        page = all_of_them[after : after + most]
        mail = await desk.mail(page)
        listed = [_shown(message, mail) for message in page]
        return ShownMessages(**shown.model_dump(), total=len(all_of_them), messages=listed)

    @app.get("/voicemail/{box}/{message}", summary="One message")
    async def one(box: BoxName, message: MessageName, who: User = asking) -> ShownMessage:
        wanted = found(box, message, who)
        return _shown(wanted, await desk.mail([wanted]))

    @app.get(
        "/voicemail/{box}/{message}/audio",
        summary="What was said, as a WAV file; a part of it with Range",
        response_class=FileResponse,
        responses={
            200: {"content": {"audio/wav": {}}},
            206: {"description": "The part that was asked for.", "content": {"audio/wav": {}}},
        },
    )
    async def audio(request: Request, box: BoxName, message: MessageName, who: User = asking) -> Response:
        wanted = found(box, message, who)
        if not await asyncio.to_thread((file := desk.audio(wanted)).is_file):
            raise HTTPException(404, "the audio is not here")
        if request.headers.get("range", "bytes=0-").replace(" ", "").startswith("bytes=0-"):
            desk.downloaded(wanted, by=who.name)
        moment = datetime.fromtimestamp(wanted.at, UTC).strftime("%Y-%m-%d-%H%M")
        return FileResponse(
            file,
            media_type="audio/wav",
            filename=f"{box}-{moment}.wav",
            headers={"Cache-Control": "private, no-store"},
        )

    @app.patch(
        "/voicemail/{box}/{message}",
        summary="It counts as heard, or as new; the lamps of the phones follow",
        openapi_extra=described(Mark),
    )
    async def mark(request: Request, box: BoxName, message: MessageName, who: User = asking) -> ShownMessage:
        found(box, message, who)
        wanted = await read_body(request, _MOST_OCTETS, Mark)
        marked = desk.mark(found(box, message, who), State(wanted.state), by=who.name)  # the body took its time
        await guards.durable()
        return _shown(marked, await desk.mail([marked]))

    @app.delete("/voicemail/{box}/{message}", status_code=204, summary="Delete a message and its audio")
    async def delete(box: BoxName, message: MessageName, who: User = asking) -> Response:
        desk.delete(found(box, message, who), by=who.name)
        await guards.durable()
        return Response(status_code=204)


def _box(desk: MessageDesk, box: str, label: str) -> ShownBox:
    new, heard = desk.counts(box)
    return ShownBox(box=box, label=label, new=new, heard=heard)


def _shown(message: Message, mail: Mapping[str, Standing]) -> ShownMessage:
    stands = mail.get(message.id)
    return ShownMessage(
        id=message.id,
        box=message.box,
        at=datetime.fromtimestamp(message.at, UTC).isoformat(timespec="seconds"),
        state="new" if message.state is State.NEW else "heard",
        number=message.number,
        name=message.name,
        came_by=message.path,
        language=message.language,
        seconds=round(message.seconds, 1),
        call=message.call,
        mailed=message.mailed,
        mail=None if stands is None else stands.value,
        transcript=message.transcript,
    )
