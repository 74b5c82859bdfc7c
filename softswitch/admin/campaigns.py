"""Campaigns for operators: who wants no offers, and how far versions of menus are rolled out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from ivr.targets import Target
from softswitch.admin.protocol import AdminError, Code
from softswitch.admin.requests import Args, Nothing, Text, read
from softswitch.campaigns.contacts import NotANumber
from softswitch.campaigns.rollouts import NoSuchPlace, WrongShares

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from softswitch.campaigns.contacts import Contacts
    from softswitch.campaigns.rollouts import Rollouts

#: Wishes in one answer.
MOST = 1000


class ShowOptOuts(Args):
    """All of them, or those that concern a number."""

    number: Annotated[str, Field(max_length=40)] = ""


class ChangeOptOut(Args):
    """``out``: no offers any more (of a campaign); else they are wanted again."""

    number: Text
    out: bool
    campaign: Annotated[str, Field(max_length=64)] = ""
    by: Annotated[str, Field(max_length=100)] = ""


class ChangeRollout(Args):
    """``percent`` of all callers come to the version ``to``; without both nobody comes to any."""

    place: Text
    to: Text | None = None
    percent: Annotated[float, Field(ge=0, le=100)] | None = None
    by: Annotated[str, Field(max_length=100)] = ""


class CampaignDesk:
    """The verbs ``optouts``, ``optouts.change``, ``rollouts`` and ``rollouts.change``."""

    def __init__(self, contacts: Contacts, rollouts: Rollouts, now: Callable[[], float]) -> None:
        self._contacts, self._rollouts, self._now = contacts, rollouts, now

    def verbs(self) -> dict[str, Callable[[Mapping[str, Any]], Any]]:
        return {
            "optouts": self.optouts,
            "optouts.change": self.change_optout,
            "rollouts": self.rollouts,
            "rollouts.change": self.change_rollout,
        }

    def optouts(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """The newest first, and how many there are."""
        wanted = read(ShowOptOuts, args)
        if not wanted.number:
            total, newest = self._contacts.latest(MOST)
            return {"total": total, "optouts": [wish.to_plain() for wish in newest]}
        try:
            found = [wish.to_plain() for wish in self._contacts.wishes(wanted.number)][::-1]
        except NotANumber as error:
            raise AdminError(Code.BAD_REQUEST, str(error)) from None
        return {"total": len(found), "optouts": found}

    def change_optout(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """The number as it was read, and whether something is different."""
        wanted = read(ChangeOptOut, args)
        by = wanted.by or "operator"
        try:
            changed = self._contacts.opt(wanted.number, self._now(), out=wanted.out, by=by, campaign=wanted.campaign)
            number = self._contacts.read(wanted.number)
        except NotANumber as error:
            raise AdminError(Code.BAD_REQUEST, str(error)) from None
        return {"number": number, "campaign": wanted.campaign, "out": wanted.out, "changed": changed}

    def rollouts(self, args: Mapping[str, Any]) -> list[dict[str, Any]]:
        read(Nothing, args)
        return self._rollouts.shown()

    def change_rollout(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """The state afterwards."""
        wanted = read(ChangeRollout, args)
        if (wanted.to is None) != (wanted.percent is None):
            raise AdminError(Code.BAD_REQUEST, "give a version and a percentage, or neither")
        by, now = wanted.by or "operator", self._now()
        try:
            place = Target.parse(wanted.place)
            if wanted.to is None or wanted.percent is None:
                return self._rollouts.back(place, now, by=by)
            return self._rollouts.put(place, {Target.parse(wanted.to): wanted.percent}, now, by=by)
        except NoSuchPlace as error:
            raise AdminError(Code.NOT_FOUND, str(error)) from None
        except (WrongShares, ValueError) as error:
            raise AdminError(Code.BAD_REQUEST, str(error)) from None
