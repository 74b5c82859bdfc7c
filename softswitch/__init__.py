"""The switch: drives the pure cores with sockets, clock, files and processes."""

from __future__ import annotations
