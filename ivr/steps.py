"""What all actions of a session share: its data, its journal, and where the caller goes next."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from ivr import effects as fx
from ivr.customers import CUSTOMER_ID, THE_CALLS_OWN, readable
from ivr.decisions import is_secretive, longest_key, node_of
from ivr.entries import Collect
from ivr.nodes import Menu
from ivr.progress import Progress
from ivr.secrecy import masked, secret_names, tells
from ivr.slots import IN_AGAIN, OPTED_OUT
from ivr.targets import Target
from ivr.texts import fill, placeholders
from ivr.verbs import Verbs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from ivr.events import Event
    from ivr.forced import Forced
    from ivr.nodes import Flow, Node, Prompt, Slot
    from ivr.slots import Voiced

    #: Local wall time of a monotonic instant in an IANA time zone ("" = the server's).
    LocalTime = Callable[[float, str], datetime]
    #: What is forced for hours of a name at a monotonic instant.
    ForcedLookup = Callable[[str, float], Forced | None]
    #: What campaigns say at these slots to a caller with these variables at a monotonic instant.
    MessageLookup = Callable[[tuple[Slot, ...], Mapping[str, str], float], Sequence[Voiced]]
    #: Percent of callers for each version of a place, where that is not as configured.
    RolloutLookup = Callable[[Target], Mapping[Target, float]]

#: Of one call; what an outside service answers is not ours to bound.
_MOST_VARIABLES = 200
_LONGEST_VALUE = 4000
#: Entries of one call that are looked for in what others say.
_MOST_SECRETS = 40


class Steps:
    """The ground that `ivr.session` and the groups of its actions stand on."""

    def __init__(self, flow: Flow, progress: Progress | None = None) -> None:
        self.flow = flow
        self.progress = progress or Progress()
        self._effects: deque[fx.Effect] = deque()
        self._event: Event | None = None

    def _node(self) -> Node | None:
        return node_of(self.flow, self.progress)

    def _here(self) -> Target:
        assert self.progress.node is not None
        return self.progress.node

    def _go(self, target: Target, via: str, detail: str = "") -> None:
        p = self.progress
        p.target, p.via, p.detail = self._filled(target), via, detail

    def _filled(self, target: Target) -> Target:
        """*target* with its variables; as it is written, which is nowhere, when one of them is not known, or secret."""
        known = self.progress.public
        if "{" not in target.name or not all(known.get(name, "").strip() for name in placeholders(target.name)):
            return target
        return Target(target.kind, fill(target.name, known).strip())

    def _fall_back_on(self, fallbacks: Sequence[Target]) -> None:
        """What a place says of who is not taken where it leads holds in place of what was said before."""
        if fallbacks:
            self.progress.fallbacks = list(fallbacks)

    def _hide(self, name: str, *secrets: str) -> None:
        """The caller has entered a secret: nobody is told it, under whatever name it may come back."""
        p = self.progress
        p.secrets += [name] if name not in p.secrets else []
        p.entrusted.pop(name, None)
        if self._here().kind == Verbs.kind:
            p.entrusted[name] = self._here().base
        fresh = [secret for secret in dict.fromkeys(secrets) if secret and secret not in p.entered]
        p.entered = [*p.entered, *fresh][-_MOST_SECRETS:]

    def _hear(self, values: Mapping[str, str], now: float) -> None:
        """Variables that somebody outside tells: secret are those that the flow keeps so, and what tells an entry."""
        p = self.progress
        if values.get(OPTED_OUT) == IN_AGAIN:  # only the caller can say so
            values = {name: value for name, value in values.items() if name != OPTED_OUT}
        names = values.keys() & secret_names(self.flow)
        p.secrets += sorted(names - set(p.secrets))
        known = set(p.public.values()) - set(p.entered)  # who calls from 0501234711 may have the code 4711
        found = {name for name, value in values.items() if value not in known and tells(value, p.entered)}
        if CUSTOMER_ID in found:
            found.remove(CUSTOMER_ID)
            values = {name: value for name, value in values.items() if name != CUSTOMER_ID}
            self._journal(now, fx.Trouble(self._here(), f"{CUSTOMER_ID} is not kept: a masked entry is in it"))
        p.echoes = sorted(found.union(p.echoes) - (values.keys() - found))
        if self._here().kind == Verbs.kind:
            p.entrusted |= dict.fromkeys(found, self._here().base)
        self._know({name: value for name, value in values.items() if not tells(name, p.entered)}, now)

    def _identify(self, template: str, now: float) -> None:
        """The caller is the customer whom *template* names, unless something in it is not known, or secret."""
        known = self.progress.public
        if template and all(known.get(name) for name in placeholders(template)):
            self._hear({CUSTOMER_ID: fill(template, known)}, now)

    def _know(self, values: Mapping[str, str], now: float) -> None:
        """Variables of the call from now on; secret names stay secret, and the call's own are as they were."""
        p, before = self.progress, self.progress.public.get(CUSTOMER_ID)
        values = {name: value for name, value in values.items() if name not in THE_CALLS_OWN}
        if not readable(values.get(CUSTOMER_ID, "-")):
            values = {name: value for name, value in values.items() if name != CUSTOMER_ID}  # nobody knows: as before
        fresh = {
            name: readable(value) if name == CUSTOMER_ID else value[:_LONGEST_VALUE]
            for name, value in values.items()
            if name in p.data or len(p.data) < _MOST_VARIABLES
        }
        p.data.update(fresh)
        if fresh:
            told = {name: fx.SECRET if p.is_secret(name) else value for name, value in fresh.items()}
            self._journal(now, fx.VariablesSet(self._here(), told))
        customer = p.public.get(CUSTOMER_ID)
        if customer is not None and customer != before:
            self._journal(now, fx.Identified(self._here(), customer))

    def _start_prompts(self, prompts: tuple[Prompt, ...], now: float) -> None:
        p = self.progress
        p.play += 1
        p.group, p.playing_since = len(prompts), now
        self._emit(fx.PlayPrompts(p.play, prompts, p.language))
        self._journal(now, fx.PromptsStarted(self._here(), p.play, tuple(x.key for x in prompts), p.language))

    def _prompts_ended(self, now: float, interrupted_by: str) -> None:
        p = self.progress
        p.said += p.group
        p.group = 0
        self._journal(now, fx.PromptsEnded(self._here(), p.play, now - p.playing_since, interrupted_by))

    def _drop(self, why: str, now: float) -> None:
        p = self.progress
        node = self._node()
        key = longest_key(self.flow, p) if isinstance(node, Menu) else ""
        after = p.keyed.removeprefix(key) if key else ""  # as those kept, they may be meant for a later place
        digits = self._shown(p.keyed.removesuffix(after), hidden=isinstance(node, Collect) and node.secret)
        digits += self._shown(after + p.kept, hidden=is_secretive(self.flow, p))
        p.keyed, p.kept, p.key_closed = "", "", False
        if digits:
            self._journal(now, fx.DigitsDropped(self._here(), digits, why))

    def _shown(self, digits: str, *, hidden: bool) -> str:
        """Digits as they may be written down."""
        return fx.SECRET * len(digits) if hidden else digits

    def _journal(self, now: float, record: fx.Record) -> None:
        if isinstance(record, fx.Trouble):  # quotes what came from outside
            record = replace(record, what=masked(record.what, self.progress.entered))
        self._effects.append(fx.Journal(now, record))

    def _emit(self, effect: fx.Effect) -> None:
        self._effects.append(effect)
