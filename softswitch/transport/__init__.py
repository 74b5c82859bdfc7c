"""The sockets of SIP: UDP, TCP, and the edge that joins them to one endpoint."""

from __future__ import annotations
