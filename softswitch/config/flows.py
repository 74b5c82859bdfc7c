"""The configuration as the graph that the IVR walks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivr.load import build_flow

if TYPE_CHECKING:
    from ivr.nodes import Flow
    from ivr.targets import Target
    from softswitch.config.model import Config


def flow(config: Config) -> Flow:
    """Menus, texts, hours, gotos, queues, phones and trunks as nodes."""
    return build_flow(
        menus=config.menus,
        says=config.says,
        hours=config.hours,
        gotos=config.gotos,
        queues=config.queues,
        phones=config.phone_list,
        trunks=config.trunks,
        language=config.server.language,
    )


def entries(config: Config) -> dict[tuple[str, ...], Target]:
    """Where calls come in, by the place in the file that says so."""
    return {("route", str(number), "to"): route.to for number, route in enumerate(config.routes)}
