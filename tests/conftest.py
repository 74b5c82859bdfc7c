"""Shared settings of all tests."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# Derandomised so that a run can be repeated; `make fuzz` selects the profile with fresh seeds.
settings.register_profile("default", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fuzz", deadline=None, derandomize=False, max_examples=2000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
