"""Answers to callers' questions: web services, lists, files and databases."""

from __future__ import annotations
