"""The IVR: flows as data, one interpreter machine."""

from __future__ import annotations
