"""What a client has seen, as entity tags (RFC 9110 §8.8.3): a change of something else is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import Request


def etag(version: object) -> str:
    return f'"{version}"'


def has_seen(request: Request, version: object) -> bool:
    """Whether the client, who asks again, has this version already (If-None-Match)."""
    return str(version) in _listed(request.headers.get("if-none-match", ""))


def expects(request: Request, version: object) -> bool | None:
    """Whether the client takes this to be the version that it changes (If-Match); None: it does not say."""
    header = request.headers.get("if-match")
    if header is None or header.strip() == "*":
        return None
    return str(version) in _listed(header)


def _listed(header: str) -> set[str]:
    """The versions; people write the number that they have seen, and leave out the quotes."""
    tags = (tag.strip().removeprefix("W/") for tag in header.split(","))
    return {tag[1:-1] if tag.startswith('"') and tag.endswith('"') else tag for tag in tags}
