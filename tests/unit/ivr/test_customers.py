from __future__ import annotations

import pytest

from ivr import effects as fx
from ivr.customers import readable
from ivr.entries import Collect
from ivr.events import Answered, Started
from ivr.nodes import Flow, Node, Queue, Set
from ivr.services import Lookup, Webservice
from ivr.targets import Target
from tests.support.ivr_caller import Caller

T = Target.parse
QUEUE = Queue("q")


def calling(*nodes: Node, to: str, **variables: str) -> Caller:
    caller = Caller(Flow({node.target: node for node in (*nodes, QUEUE)}))
    return caller.tell(Started(T(to), variables=variables))


def looked_up(outcome: str = "ok", customer_id: str = "{client}", **values: str) -> Caller:
    node = Lookup("crm", then=T("queue:q"), when_failed=T("queue:q"), customer_id=customer_id)
    return calling(node, to="lookup:crm").tell(Answered(1, outcome, values))


def identified(caller: Caller) -> list[tuple[str, str]]:
    return [(str(r.node), r.customer_id) for r in caller.records if isinstance(r, fx.Identified)]


def test_an_answer_says_who_the_caller_is() -> None:
    caller = looked_up(client="K-17", name="Olena")
    assert identified(caller) == [("lookup:crm", "K-17")]
    assert caller.session.progress.public["customer_id"] == "K-17"


def test_an_answer_that_has_the_id_by_its_name_needs_no_word() -> None:
    assert identified(looked_up(customer_id="", **{"client": "7"})) == []
    caller = calling(Webservice("crm", then=T("queue:q")), to="webservice:crm")
    caller.tell(Answered(1, values={"customer_id": " K-17\n"}))
    assert identified(caller) == [("webservice:crm", "K-17")]


@pytest.mark.parametrize("template", ["{client}", "crm-{client}", "{client}/{other}"])
def test_what_is_not_known_identifies_nobody(template: str) -> None:
    assert identified(looked_up(customer_id=template, client="", other="x")) == []
    assert identified(looked_up(customer_id=template, other="x")) == []


def test_nor_does_an_answer_that_is_none() -> None:
    assert identified(looked_up("unknown", customer_id="fixed")) == []
    assert identified(looked_up("ok", customer_id="fixed")) == [("lookup:crm", "fixed")]


def test_a_set_identifies_by_what_was_entered() -> None:
    card = Collect("card", variable="card", shortest=8, longest=8, end="", then=T("set:known"))
    known = Set("known", customer_id="card:{card}", then=T("queue:q"))
    caller = calling(card, known, to="collect:card").press("12345678")
    assert identified(caller) == [("set:known", "card:12345678")]


def test_a_masked_entry_is_nobodys_id() -> None:
    code = Collect("pin", variable="pin", secret=True, shortest=4, longest=4, end="", then=T("set:known"))
    known = Set("known", customer_id="{pin}", then=T("webservice:crm"))
    service = Webservice("crm", then=T("queue:q"))
    caller = calling(code, known, service, to="collect:pin", customer_id="K-1").press("4711")
    caller.tell(Answered(1, values={"customer_id": "K-4711"}))
    assert identified(caller) == []
    assert caller.session.progress.public["customer_id"] == "K-1"
    assert [r.what for r in caller.records if isinstance(r, fx.Trouble)] == [
        "customer_id is not kept: a masked entry is in it"
    ]
    assert "4711" not in repr(caller.records)


def test_who_was_known_before_is_told_of_once_and_a_later_word_counts() -> None:
    nodes = (Set("a", customer_id="K-1", then=T("set:b")), Set("b", customer_id="K-1", then=T("set:c")))
    caller = calling(*nodes, Set("c", data={"customer_id": "K-2"}, then=T("queue:q")), to="set:a")
    assert identified(caller) == [("set:a", "K-1"), ("set:c", "K-2")]
    caller = calling(*nodes, Set("c", data={"customer_id": "{nothing}"}, then=T("queue:q")), to="set:a")
    assert caller.session.progress.public["customer_id"] == "K-1"
    assert identified(calling(*nodes, Set("c", then=T("queue:q")), to="set:b", customer_id="K-1")) == []


@pytest.mark.parametrize(
    ("written", "kept"), [(" K 17 ", "K 17"), ("K\r\n17", "K 17"), ("\u202e", ""), ("", ""), ("x" * 300, "x" * 100)]
)
def test_an_id_stands_on_one_line(written: str, kept: str) -> None:
    assert readable(written) == kept
