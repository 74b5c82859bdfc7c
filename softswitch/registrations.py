"""Registrations on disk: what the registrar knows, in a form that outlasts the process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip.flow import Flow, Transport
from sip.registrar import Binding
from sip.uri import Uri
from softswitch.store.bindings import StoredBinding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from softswitch.ports import Clock
    from softswitch.store.journal import JournalWriter


class KeptBindings:
    """`softswitch.ports.BindingStore` over the journal's database."""

    def __init__(self, writer: JournalWriter, clock: Clock) -> None:
        self._writer = writer
        self._clock = clock

    def put(self, binding: Binding, now: float) -> None:
        flow = binding.flow
        self._writer.put_binding(
            StoredBinding(
                aor=binding.aor,
                contact=str(binding.contact),
                transport=str(flow.transport),
                local_host=flow.local[0],
                local_port=flow.local[1],
                remote_host=flow.remote[0],
                remote_port=flow.remote[1],
                expires_at=self._clock.wall(binding.expires_at),
                call_id=binding.call_id,
                cseq=binding.cseq,
                q=binding.q,
            )
        )

    def remove(self, binding: Binding) -> None:
        self._writer.remove_binding(binding.aor, str(binding.contact))


def restorable(stored: Iterable[StoredBinding], phones: Collection[str], now: float, wall: float) -> Iterator[Binding]:
    """Bindings of phones that still exist. Those of a connection are gone with it: the phone will come back."""
    for kept in stored:
        if kept.aor not in phones or kept.transport != Transport.UDP:
            continue
        yield Binding(
            aor=kept.aor,
            contact=Uri.parse(kept.contact),
            flow=Flow(
                Transport(kept.transport), (kept.local_host, kept.local_port), (kept.remote_host, kept.remote_port)
            ),
            expires_at=now + kept.expires_at - wall,
            call_id=kept.call_id,
            cseq=kept.cseq,
            q=kept.q,
        )
