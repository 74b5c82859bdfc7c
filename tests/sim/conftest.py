from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sim.figures import check_accounts
from tests.sim.office import Office

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _nothing_goes_wrong_inside(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A contained error is an error all the same, wherever it was not injected."""
    yield
    if request.module.__name__ != "tests.sim.test_containment":
        told = [record.getMessage() for record in caplog.get_records("call") if record.exc_info]
        assert not told, told


@pytest.fixture
def office() -> Iterator[Office]:
    """A contact centre; after the test everybody hangs up, and nothing may be left behind."""
    centre = Office()
    yield centre
    centre.close()
    check_accounts(centre.switch.journal.lines)
