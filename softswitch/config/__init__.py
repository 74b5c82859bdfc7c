"""The configuration: one TOML file, checked as a whole before anything starts."""

from __future__ import annotations

from softswitch.config.errors import ConfigError, Problem, Severity
from softswitch.config.load import load_config, parse_config
from softswitch.config.model import Config

__all__ = ["Config", "ConfigError", "Problem", "Severity", "load_config", "parse_config"]
