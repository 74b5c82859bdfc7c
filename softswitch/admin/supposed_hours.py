"""Hours set by hand, for a call that nobody makes: as the question supposes them, or as they are in the switch."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ivr.forced import Forced, ForcedHours, ForcedState
from softswitch.call.hours.forcing import FORCED, RELEASED, forced_in
from softswitch.call.supposed import QuestionError
from softswitch.config.errors import nearest, one_of
from softswitch.store.database import FILE_NAME, StoreError
from softswitch.store.queries import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from softswitch.config import Config

#: The rules count, whatever is set by hand.
AUTO = "auto"
_WHO = "supposition"


def supposed_hours(config: Config, at: datetime, given: Iterable[str], *, by_hand: bool) -> ForcedHours:
    """What is set at *at*. *given*: ``office=closed``; *by_hand*: where nothing is given, what the journal says.

    Raises QuestionError.
    """
    forced = _by_hand(config, at) if by_hand else {}
    for text in given:
        name, equals, state = (part.strip() for part in text.partition("="))
        states = [*(each.value for each in ForcedState), AUTO]
        if not equals or state not in states:
            raise QuestionError(f'"{text}" sets no hours: write "office=closed"; states are {", ".join(states)}')
        if name not in config.hours:
            likely = nearest(name, config.hours)
            right = f'did you mean "{likely}"?' if likely else one_of(config.hours) or "there are none"
            raise QuestionError(f'there are no hours "{name}"; {right}')
        forced.pop(name, None)
        if state != AUTO:
            forced[name] = Forced(ForcedState(state), by=_WHO)
    return ForcedHours(forced)


def told(config: Config, forced: ForcedHours, at: datetime) -> Iterator[str]:
    """A line for each that is set at *at*."""
    for name, hours in config.hours.items():
        if (found := forced.at(name, at.timestamp())) is not None:
            until = "" if found.by == _WHO else " until it is released"
            if found.until is not None:
                zone = ZoneInfo(str(hours.timezone)) if hours.timezone else at.tzinfo
                until = f" until {datetime.fromtimestamp(found.until, zone):%Y-%m-%d %H:%M}"
            yield f"hours {name} are set to {found.state.value} by {found.by or 'hand'}{until}"


def _by_hand(config: Config, at: datetime) -> dict[str, Forced]:
    """What somebody had set by *at*, and holds on unless it ends before."""
    database = config.server.data_dir / FILE_NAME
    if not config.hours or not database.is_file():
        return {}
    try:
        with Reader(database) as reader:
            found = forced_in(line for line in reader.lines({FORCED, RELEASED}) if line.at <= at.timestamp())
    except StoreError as error:
        raise QuestionError(str(error)) from None
    return {name: forced for name, forced in found.items() if name in config.hours}
