"""What survives: the journal, registrations, and the call records that follow from the journal."""

from __future__ import annotations
