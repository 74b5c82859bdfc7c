"""The configuration: one TOML file, checked as a whole before anything starts."""

from __future__ import annotations

from softswitch.config.errors import ConfigError, Problem, Severity
from softswitch.config.load import load_config, parse_config
from softswitch.config.model import Config
from softswitch.config.secrets import Secret
from softswitch.config.words.centre import Agent, Queue
from softswitch.config.words.flow import Goto, Hours, Menu, Route, Say
from softswitch.config.words.switch import Phone, Trunk

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
