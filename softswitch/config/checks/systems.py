"""Other systems: each is named once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from softswitch.config.checks.raw import Raw
    from softswitch.config.errors import Problem


def check(raw: Raw) -> Iterator[Problem]:
    for pattern, what in (("webhook.*.name", "webhook"),):
        seen: dict[str, int] = {}
        for path, name in raw.strings(pattern):
            if name in seen:
                yield raw.error(path, f'another {what} is "{name}" already (line {seen[name]})', "choose another")
            seen.setdefault(name, raw.positions.of_value(path).line)
    for path, url in raw.strings("webhook.*.url"):
        if url.startswith("http://") and not any(near in url for near in ("//127.", "//localhost", "//[::1]")):
            yield raw.warning(path, "is not encrypted: who listens on the way reads who called", 'write "https://…"')
