"""Transactions (RFC 3261 §17, RFC 6026): four machines, each a table, and the layer that matches messages to them."""

from __future__ import annotations
