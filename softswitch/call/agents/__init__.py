"""Agents: their codes, calls, offers, the line they stay on, and what they hear and ask before they talk."""
