"""The configuration: one TOML file, checked as a whole before anything starts."""

from __future__ import annotations

from softswitch.config.errors import ConfigError, Problem, Severity
from softswitch.config.load import load_config, parse_config
from softswitch.config.model import Agent, Config, Goto, Hours, Menu, Phone, Queue, Route, Say, Trunk
from softswitch.config.secrets import Secret

__all__ = [
    "Agent",
    "Config",
    "ConfigError",
    "Goto",
    "Hours",
    "Menu",
    "Phone",
    "Problem",
    "Queue",
    "Route",
    "Say",
    "Secret",
    "Severity",
    "Trunk",
    "load_config",
    "parse_config",
]
