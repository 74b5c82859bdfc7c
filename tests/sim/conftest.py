from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sim.office import Office

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def office() -> Iterator[Office]:
    """A contact centre; after the test everybody hangs up, and nothing may be left behind."""
    centre = Office()
    yield centre
    centre.close()
