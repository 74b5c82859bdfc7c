"""The media plane: sockets, loop and files around the arithmetic of `rtp`."""

from __future__ import annotations
