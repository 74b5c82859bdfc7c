"""What callers chose stands on the telephone of whoever takes the call, and in what is kept of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rtp.legs import Tone
from sip.headers import NameAddr
from tests.sim.office import CENTRE, Office, bridged
from tests.support.sim_phone import answers

if TYPE_CHECKING:
    from collections.abc import Iterator

MENUS = """
[menu.first]
say = "x"
keys = { 1 = "menu:second", 2 = "phone:1001", 3 = "agent:olena", 4 = "queue:sales", 5 = "phone:1001", 6 = "findme:her" }
labels = { 1 = "Invoices", 2 = "Delivery", 3 = "Complaints", 4 = "New customers", 6 = "Personal" }

[menu.second]
say = "x"
keys = { 1 = "phone:1001", 2 = "phone:1001", 0 = "back" }
labels = { 1 = "Рахунки" }
retries = 0
when_no_input = "menu:third"

[menu.third]
say = "x"
keys = { 0 = "back", 1 = "phone:1001" }
retries = 0
when_no_input = "phone:1001"

[findme.her]
ring = ["phone:1001"]
label = "Found"

[[route]]
did = "200"
to = "menu:first"
"""


class Labels(Office):
    def __init__(self, more: str = "") -> None:
        super().__init__(centre=CENTRE.replace("[[route]]", f"{MENUS}{more}\n[[route]]", 1))

    def shown(self, keys: str) -> str:
        """What olena's telephone shows of somebody who came by *keys*."""
        olena = self.agent("1001", answers(after=2))
        call = self.call("2001", "200")
        for key in keys:
            if key == ".":
                self.run(11)
            else:
                self.run(0.5)
                call.press(key)
        self.run(1)
        assert call.hears in (Tone("ringback"), None) or keys.endswith("4"), "hears it ring"
        self.run(2)
        assert bridged(call, olena.call)
        assert olena.call.invite is not None
        shown = olena.call.invite.from_.display_name
        asserted = NameAddr.parse(olena.call.invite.headers.get("P-Asserted-Identity") or "")
        assert (asserted.display_name, asserted.uri) == (shown, olena.call.invite.from_.uri), "to phones that go by it"
        call.hang_up()
        self.run(1)
        return shown


@pytest.fixture
def labels() -> Iterator[Labels]:
    office = Labels()
    yield office
    office.close()


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        ("2", "Delivery: Desk 2001"),
        ("3", "Complaints: Desk 2001"),
        ("4", "New customers: Desk 2001"),
        ("5", "Desk 2001"),
        ("6", "Personal: Desk 2001"),
        ("11", "Рахунки: Desk 2001"),
        ("12", "Invoices: Desk 2001"),
        ("1005", "Desk 2001"),
        ("102", "Delivery: Desk 2001"),
        ("1.1", "Invoices: Desk 2001"),
        ("1.01", "Рахунки: Desk 2001"),
        ("1.002", "Delivery: Desk 2001"),
    ],
)
def test_each_item_that_leads_to_the_same_person_is_told_apart(labels: Labels, keys: str, shown: str) -> None:
    assert labels.shown(keys) == shown


@pytest.mark.parametrize(
    ("keys", "alert", "info"),
    [
        ("2", "<http://pbx.test>;info=Bellcore-dr2", "label=Delivery;path=Delivery"),
        ("11", '<http://pbx.test>;info="Рахунки"', 'label="Рахунки";path="Invoices > Рахунки"'),
        ("6", "<http://pbx.test>;info=Personal", "label=Personal;path=Personal"),
        ("4", '<http://pbx.test>;info="New customers"', 'label="New customers";path="New customers"'),
    ],
)
def test_telephones_can_choose_how_to_ring_by_what_was_chosen(keys: str, alert: str, info: str) -> None:
    office = Labels('\n[display]\nrings = { Delivery = "Bellcore-dr2" }\n')
    office.shown(keys)
    call = office.phones["1001"].call
    assert call.invite is not None
    assert call.invite.headers.get("Alert-Info") == alert
    assert call.invite.headers.get("Call-Info") == f"<sip:pbx.test>;purpose=info;{info}"
    office.close()


def test_without_a_label_or_by_the_configuration_nothing_is_told() -> None:
    for more, keys in (("", "5"), ("\n[display]\nalert = false\n", "2")):
        office = Labels(more)
        office.shown(keys)
        call = office.phones["1001"].call
        assert call.invite is not None
        assert call.invite.headers.get("Alert-Info") is None
        office.close()


def test_the_whole_way_can_be_shown_and_is_kept_with_the_call() -> None:
    office = Labels('\n[display]\nshow = "path"\nlabel = "append"\n')
    assert office.shown("11") == "Desk 2001 (Invoices > Рахунки)"
    (ended,) = [line.data for line in office.switch.journal.of("call.ended") if "menu_path" in line.data]
    assert (ended["menu_label"], ended["menu_path"]) == ("Рахунки", "first 1 > second 1")
    (record,) = [record for record in office.switch.records() if record.menu_path]
    assert (record.label, record.menu_path) == ("Рахунки", "first 1 > second 1")
    office.close()


def test_what_a_place_on_the_way_calls_the_caller_is_shown_and_kept_as_well() -> None:
    office = Labels("""
[set.customer]
data = { kind = "gold" }
then = "set:marked"
[set.marked]
label = "{big}"
data = { big = "VIP {kind}" }
then = "menu:first"
[[route]]
did = "201"
to = "set:customer"
""")
    olena = office.agent("1001", answers(after=2))
    call = office.call("2001", "201")
    office.run(0.5)
    call.press("2")
    office.run(4)
    assert olena.call.invite is not None
    assert olena.call.invite.from_.display_name == "VIP gold Delivery: Desk 2001"
    call.hang_up()
    office.run(1)
    (record,) = [record for record in office.switch.records() if record.menu_path]
    assert record.label == "VIP gold Delivery"
    (ended,) = [line.data for line in office.switch.journal.of("call.ended") if "menu_path" in line.data]
    assert (ended["label"], ended["menu_label"]) == ("VIP gold", "Delivery")
    office.close()


def test_whoever_comes_back_from_the_exit_menu_keeps_what_was_chosen() -> None:
    office = Labels("""
[menu.start]
say = "x"
keys = { 3 = "queue:patient" }
labels = { 3 = "Complaints" }
[queue.patient]
needs = "sales >= 50"
exit_menu = "menu:waiting"
[menu.waiting]
say = "x"
keys = { 0 = "back", 1 = "say:sorry" }
[[route]]
did = "201"
to = "menu:start"
""")
    call = office.call("2001", "201")
    for key in "350":
        office.run(0.5)
        call.press(key)
    office.run(1)
    olena = office.agent("1001", answers(after=2))
    office.run(4)
    assert bridged(call, olena.call)
    assert olena.call.invite is not None
    assert olena.call.invite.from_.display_name == "Complaints: Desk 2001"
    olena.call.hang_up()
    office.run(1)
    (record,) = [record for record in office.switch.records() if record.menu_path]
    assert (record.label, record.menu_path) == ("Complaints", "start 3")
    office.close()
