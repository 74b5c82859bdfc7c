"""Control points about which somebody is asked for each call: the question goes out, the menu goes on."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ivr.events import OK, Pulled
from ivr.nodes import Menu
from ivr.secrecy import tells
from ivr.slots import Expected
from softswitch.call.menus.wishes import Wishes
from softswitch.call.queues.customers import customer_id_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ivr.effects import Pull
    from ivr.slots import Voiced
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call
    from softswitch.ports import Campaigns

log = logging.getLogger(__name__)

#: The kind of these questions, and the outcome of an answer that is none.
SLOT, UNREADABLE = "slot", "unreadable"


class Pulling:
    """Who is asked may take all the time there is: an answer that comes too late is one that nobody hears."""

    def __init__(self, control: CallControl, campaigns: Campaigns | None) -> None:
        self._control = control
        self._campaigns = campaigns
        self._questions: dict[str, set[int]] = {}  # by call
        self.wishes = Wishes(control, campaigns)

    def __len__(self) -> int:
        return sum(map(len, self._questions.values())) + len(self.wishes)

    def pull(self, call: Call, effect: Pull, now: float) -> None:
        """Ask for what the caller is to hear at the slot."""
        control, campaigns, call_id = self._control, self._campaigns, call.call
        if control.asking is None or campaigns is None:
            control.later(now, lambda at: control.menus.receive(call, Pulled(effect.request), at), call=call_id)
            return
        asked: list[int] = []

        def answered(outcome: str, values: Mapping[str, str], at: float) -> None:
            self._done(call_id, asked[0])
            messages: tuple[Voiced, ...] | None = None
            if any(tells(text, call.session.progress.entered) for text in values.values()):
                what = f"the answer about slot {effect.slot} has a masked entry in it"
                log.warning("%s: %s", call.session.progress.node, what)
                control.note("ivr.trouble", call, at, node=str(call.session.progress.node), what=what)
            elif outcome == OK:
                known = call.session.progress.public | {"language": effect.variables.get("language", "")}
                messages = campaigns.pulled(effect.slot, values, known, at, call=call_id, beside=_beside(call))
            if outcome == OK and messages is None:
                outcome = UNREADABLE
            control.note(
                "ivr.slot_asked",
                call,
                at,
                slot=effect.slot,
                outcome=outcome,
                messages=len(messages or ()),
                seconds=round(at - now, 3),
            )
            control.menus.receive(call, Pulled(effect.request, messages), at)

        asked.append(control.asking.ask(call, SLOT, effect.name, effect.variables, answered))
        self._questions.setdefault(call_id, set()).add(asked[0])

    def told(self, call: Call, key: str, now: float) -> None:
        """A message of a campaign begins to play."""
        if self._campaigns is not None:
            number = call.session.progress.data.get("ani", "")
            self._campaigns.told(number, call.call, key, now, customer_id=customer_id_of(call))

    def over(self, call: Call) -> None:
        """The caller hears no menu any more."""
        self.wishes.over(call)
        for question in self._questions.pop(call.call, ()):
            if self._control.asking is not None:
                self._control.asking.forget(question)

    def _done(self, call_id: str, question: int) -> None:
        questions = self._questions.get(call_id, set())
        questions.discard(question)
        if not questions:
            self._questions.pop(call_id, None)


def _beside(call: Call) -> list[str]:
    """Keys of the offers that are in the menu already; news for everybody take no room from others."""
    node = call.session.progress.node
    menu = None if node is None else call.session.flow.find(node)
    news = {slot.id for slot in menu.slots if not slot.advertising} if isinstance(menu, Menu) else set()
    found: list[str] = []
    for one in (message for message in call.session.progress.voiced if message.slot not in news):
        messages = (one.answer or ()) if isinstance(one, Expected) else (one,)
        found += [message.prompt.key for message in messages]
    return found
