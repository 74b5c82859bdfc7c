"""Who wants no offers and which menu comes to whom, over real HTTP."""

from __future__ import annotations

import pytest

from softswitch.campaigns.contacts import OPTED
from softswitch.campaigns.rollouts import CHANGED
from softswitch.store.journal import RecordLost
from tests.unit.softswitch.api.test_api import serving

NUMBER = "+380501234567"
ROLLOUT = "/rollouts/menu:main"


@pytest.mark.asyncio
async def test_a_wish_is_noted_listed_and_taken_back_with_a_name() -> None:
    async with serving() as api:
        assert (await api.ask("PUT", f"/optouts/{NUMBER}")).status_code == 200
        await api.ask("PUT", "/optouts/+48*", "crm")
        await api.ask("PUT", f"/optouts/{NUMBER}?campaign=spring", "crm")
        listed = (await api.ask("GET", "/optouts")).json()
        assert listed["total"] == 3
        assert {(wish["number"], wish["campaign"], wish["by"]) for wish in listed["optouts"]} == {
            (NUMBER, "", "marketing-1"),
            ("+48*", "", "crm-1"),
            (NUMBER, "spring", "crm-1"),
        }
        assert (await api.ask("DELETE", f"/optouts/{NUMBER}")).status_code == 403  # who sells does not take it back
        assert (await api.ask("DELETE", f"/optouts/{NUMBER}", "crm")).status_code == 200
        left = (await api.ask("GET", f"/optouts/{NUMBER}")).json()
        assert [wish["campaign"] for wish in left] == ["spring"]
        assert [line.data["by"] for line in api.journal.of(OPTED)] == ["marketing-1", "crm-1", "crm-1", "crm-1"]


@pytest.mark.asyncio
async def test_what_is_no_number_is_told() -> None:
    async with serving() as api:
        for path in ("/optouts/nobody", "/optouts/*", "/optouts/5?campaign=b%20c"):
            assert (await api.ask("PUT", path)).status_code == 422
        assert (await api.ask("GET", "/optouts", "")).status_code == 401


@pytest.mark.asyncio
async def test_a_new_menu_is_rolled_out_and_back_by_administrators() -> None:
    async with serving() as api:
        (state,) = (await api.ask("GET", "/rollouts", "crm")).json()
        assert (state["place"], state["versions"][0]["percent"]) == ("menu:main", 10)
        wanted = {"percents": {"menu:new": 50}}
        assert (await api.ask("PUT", ROLLOUT, body=wanted)).status_code == 403
        assert (await api.ask("PUT", ROLLOUT, "admin", body=wanted)).json()["percent"] == 50
        assert (await api.ask("POST", f"{ROLLOUT}/rollback", "admin")).json()["percent"] == 100
        assert [line.data["by"] for line in api.journal.of(CHANGED)] == ["admin-1", "admin-1"]


@pytest.mark.asyncio
async def test_shares_that_cannot_be_are_told() -> None:
    async with serving() as api:
        shares: list[dict[str, object]] = [{}, {"menu:new": 101}, {"menu:new": True}]
        assert (await api.ask("PUT", ROLLOUT, "admin", body={})).status_code == 422
        for body in ({"percents": share} for share in shares):
            answer = await api.ask("PUT", ROLLOUT, "admin", body=body)
            assert answer.status_code == 422, body
        other = await api.ask("PUT", ROLLOUT, "admin", body={"percents": {"menu:other": 5}})
        assert other.json()["detail"] == "menu:main has no version menu:other; it has menu:new"
        assert (await api.ask("POST", "/rollouts/menu:new/rollback", "admin")).status_code == 404
        nothing = await api.ask("PUT", ROLLOUT, "admin", body={"percents": {"nonsense": 1}})
        assert nothing.status_code == 422
        assert '"nonsense" is no target' in nothing.json()["detail"]
        assert (await api.ask("POST", "/rollouts/menu:%20/rollback", "admin")).status_code in (404, 422)


@pytest.mark.asyncio
async def test_what_is_not_on_disk_is_not_reported_as_done() -> None:
    async with serving() as api:
        api.disk = RecordLost("full")
        assert (await api.ask("PUT", f"/optouts/{NUMBER}")).status_code == 503
        assert (await api.ask("POST", f"{ROLLOUT}/rollback", "admin")).status_code == 503
