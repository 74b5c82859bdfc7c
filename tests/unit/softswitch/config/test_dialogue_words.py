from __future__ import annotations

from pathlib import Path

import pytest

from ivr.entries import Collect, Valid
from ivr.nodes import Flow, Prompt, Question, Result, Say, Set
from ivr.services import Lookup, Sms, Webservice
from ivr.targets import HANGUP, Target
from ivr.verbs import Verbs
from softswitch.config import parse_config
from softswitch.config.errors import ConfigError
from softswitch.config.flows import flow
from softswitch.config.words.callers import ListEntry

T = Target.parse


def built(toml: str) -> Flow:
    return flow(parse_config(toml.encode(), file="c.toml", folder=Path(), env={"KEY": "s3cret"}))


def wrong(toml: str) -> str:
    with pytest.raises(ConfigError) as caught:
        built(toml)
    return "\n".join(f"{p.where}: {p.what} {p.right}" for p in caught.value.problems)


PARCEL = """
[webservice.parcel]
collect = { say = "Enter your parcel number, then hash.", digits = "1-12", end = "#" }
url = "https://erp.example/parcels/{digits}"
timeout = 3
say = "Your parcel is {status}."
when.status = { lost = "say:sorry" }
when_failed = "say:sorry"
meanwhile = { say = "One moment.", music = "" }
[say.sorry]
say = "Sorry."
[[route]]
did = "1"
to = "webservice:parcel"
"""


NO_WORD = """
[webservice.w]
url = "https://erp.example/"
collect = { say = "Number?", digits = 4 }
WORD
[sms.w]
webservice = "w"
text = "x"
WORD
[lookup.w]
list = "known"
WORD
[[list.known]]
number = "5"
[collect.w]
say = "Number?"
digits = 4
then = "echo"
WORD
[verbs.w]
url = "https://app.example/"
WORD
[say.sorry]
say = "Sorry."
"""


@pytest.mark.parametrize(
    ("word", "to"),
    [("", "say:not-connected"), ('when_failed = "say:sorry"', "say:sorry"), ('when_failed = "hangup"', "hangup")],
)
def test_without_a_word_of_where_failures_lead_callers_are_told_and_not_just_hung_up_on(word: str, to: str) -> None:
    nodes = built(NO_WORD.replace("WORD", word))
    places = ("webservice:w", "webservice:w/ask", "sms:w", "lookup:w", "collect:w", "verbs:w")
    assert [str(getattr(nodes.find(T(place)), "when_failed", None)) for place in places] == [to] * 6
    assert nodes.find(T("say:not-connected")) is not None


def test_what_follows_a_variable_is_said_by_the_route_where_the_place_does_not_say_it() -> None:
    text = NO_WORD.replace('then = "echo"', 'then = "agent:{x}"').replace("WORD", "")
    entry = built(text).find(T("collect:w"))
    assert isinstance(entry, Collect)
    assert entry.fallbacks == ()


def test_a_web_service_asks_after_the_entry_and_says_the_answer() -> None:
    nodes = built(PARCEL)
    entry, asks, says = (nodes.find(T(f"webservice:parcel{part}")) for part in ("", "/ask", "/say"))
    assert isinstance(entry, Collect)
    assert (entry.variable, entry.shortest, entry.longest, entry.end) == ("digits", 1, 12, "#")
    assert (entry.then, entry.when_failed) == (T("webservice:parcel/ask"), T("say:sorry"))
    assert isinstance(asks, Webservice)
    assert (asks.then, asks.when_failed, asks.patience) == (T("webservice:parcel/say"), T("say:sorry"), 4.0)
    assert asks.when == {"status": {"lost": T("say:sorry")}}
    assert asks.filler == (Prompt("webservice.parcel.meanwhile", {"en": "One moment."}),)
    assert isinstance(says, Say)
    assert says.then == HANGUP


def test_a_service_without_an_entry_is_asked_at_once() -> None:
    assert isinstance(built(PARCEL.replace("collect", "#")).find(T("webservice:parcel")), Webservice)


def collected(words: str) -> Collect:
    node = built(f'[collect.c]\nsay = "Enter it."\nthen = "hangup"\n{words}\n').find(T("collect:c"))
    assert isinstance(node, Collect)
    return node


@pytest.mark.parametrize(
    ("words", "shortest", "longest", "end"),
    [
        ("", 1, 32, "#"),
        ("digits = 4", 4, 4, ""),
        ('digits = "4"', 4, 4, ""),
        ('digits = 4\nend = "#"', 4, 4, "#"),
        ('digits = "0-3"\nend = "*"', 0, 3, "*"),
        ('valid = "pesel"', 11, 11, ""),
        ('valid = "date"\ndate_format = "DDMMYY"', 6, 6, ""),
        ('valid = "amount"\ndigits = "1-9"', 1, 9, "#"),
    ],
)
def test_how_long_an_entry_is(words: str, shortest: int, longest: int, end: str) -> None:
    node = collected(words)
    assert (node.shortest, node.longest, node.end) == (shortest, longest, end)


@pytest.mark.parametrize(
    ("words", "key", "value"),
    [
        ("", "read-back-digits", "{value}"),
        ('valid = "date"', "read-back-date", "{value}"),
        ('valid = "amount"', "read-back-number", "{value}"),
        ('valid = "amount"\ncurrency = "UAH"', "read-back-money", "{value} UAH"),
    ],
)
def test_an_entry_is_read_back_in_its_form(words: str, key: str, value: str) -> None:
    node = collected(f"confirm = true\n{words}")
    assert node.confirm == (Prompt(key, args={"value": value}), Prompt("entry-confirm"))
    assert collected(words).confirm == ()
    own = collected('confirm = "It is {value:digits}."')
    assert own.confirm[0] == Prompt("collect.c.confirm", {"en": "It is {value:digits}."})


def test_what_is_said_about_mistakes_may_differ_each_time() -> None:
    node = collected('say_invalid = ["Wrong.", "Still wrong."]\nsay_again = "Enter."')
    assert [prompt.text["en"] for prompt in node.say_invalid] == ["Wrong.", "Still wrong."]
    assert [prompt.key for prompt in node.say_again] == ["collect.c.again.1"]
    assert node.say_no_input == (Prompt("entry-missing"),)
    assert collected('valid = "luhn"\nmask = true').valid is Valid.LUHN


def test_what_is_known_of_callers_is_set_on_the_way() -> None:
    node = built(
        '[set.vip]\nthen = "hangup"\nlanguage = "{language}"\npriority = 50\nlabel = "VIP {name}"\ndata = { a = "1" }'
    ).find(T("set:vip"))
    assert isinstance(node, Set)
    assert (node.language, node.priority) == ("{language}", 50.0)
    assert node.data == {"a": "1", "label": "VIP {name}"}


SMS = """
[server]
country = "UA"
[sms.link]
webservice = "gateway"
text = { en = "See {site}.", uk = "Дивіться {site}." }
say = "Sent."
when.state = { rejected = "say:sorry" }
then = "echo"
when_failed = "say:sorry"
meanwhile = { music = "" }
[webservice.gateway]
url = "https://sms.example/{sms_to}/{sms_text}"
timeout = 5
[say.sorry]
say = "Sorry."
[[route]]
did = "1"
to = "sms:link"
"""
MASKED = '[collect.c]\nsay = "x"\nthen = "sms:link"\nmask = true\nvariable = "site"\n'


def test_a_text_message_is_a_question_to_its_gateway() -> None:
    nodes = built(SMS)
    asks, says = nodes.find(T("sms:link")), nodes.find(T("sms:link/say"))
    assert isinstance(asks, Sms)
    assert (asks.then, asks.when_failed, asks.patience) == (T("sms:link/say"), T("say:sorry"), 6.0)
    assert (asks.when, asks.music) == ({"state": {"rejected": T("say:sorry")}}, "")
    assert isinstance(says, Say)
    assert (says.say[0].key, says.then) == ("sms.link", T("echo"))


def test_a_gateway_that_only_text_messages_use_is_not_pointed_at() -> None:
    warnings = parse_config(SMS.encode(), file="c.toml", folder=Path(), env={}).warnings
    assert [str(warning) for warning in warnings if "webservice" in str(warning)] == []


SURVEY = """
[survey.after]
say = "Two questions."
thanks = "Thank you."
[[survey.after.question]]
id = "service"
say = "From one to five?"
[[survey.after.question]]
id = "friends"
scale = "nps"
say = "From zero to ten?"
[queue.sales]
survey = "survey:after"
"""


def test_the_questions_of_a_survey_follow_each_other_answered_or_not() -> None:
    nodes = built(SURVEY)
    first, second = nodes.find(T("survey:after/1")), nodes.find(T("survey:after/2"))
    assert isinstance(first, Question)
    assert isinstance(second, Question)
    assert set(first.keys) == set("12345")
    assert set(first.keys.values()) == {first.when_no_input} == {T("survey:after/2")}
    assert set(second.keys) == {str(score) for score in range(11)}
    assert second.when_no_input == T("survey:after/thanks")
    queue = nodes.find(T("queue:sales"))
    assert getattr(queue, "outcomes")[Result.ENDED] == T("survey:after")  # noqa: B009


NUMBER = '[collect.c]\nsay = "x"\nthen = "hangup"\n'
LOOKUP = '[lookup.who]\nlist = "vip"\nthen = "hangup"\nwhen_unknown = "echo"\n[[list.vip]]\nnumber = "+380501234567"\n'


def test_secrets_may_be_entered_three_times_in_a_call_and_the_rest_at_will() -> None:
    entry = '[collect.c]\nsay = "x"\nthen = "hangup"\n'
    tries = []
    for more in ("", "mask = true", "mask = true\ntries = 5", "tries = 1"):
        node = built(entry + more).find(T("collect:c"))
        assert isinstance(node, Collect)
        tries.append(node.tries)
    assert tries == [0, 3, 5, 1]


def test_a_lookup_tells_apart_who_is_not_known() -> None:
    node = built(LOOKUP).find(T("lookup:who"))
    assert isinstance(node, Lookup)
    assert node.outcomes == {"unknown": T("echo")}


@pytest.mark.parametrize(
    "words",
    [
        'valid = "pesel"\ndigits = "1-11"',
        'valid = "date"\ndigits = 8',
        'valid = "date"\ndate_format = "DDMMYY"\ndigits = "6-8"',
        'valid = "luhn"\ndigits = 16',
        'valid = "amount"\ndigits = 4',
        'valid = "digits"\nend = "*"',
        'pattern = "(19|20)[0-9]{2}[0-9]{2}[0-9]{2}[0-9]{4}(\\\\*[0-9]{1,3})?"\ndigits = "12-16"',
    ],
)
def test_entries_that_can_be_right_are_accepted(words: str) -> None:
    assert isinstance(built(NUMBER + words).find(T("collect:c")), Collect)


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        (PARCEL.replace('"1-12"', '"12-1"'), 'the shorter comes first write "1-12"'),
        (PARCEL.replace('"1-12"', "0"), "digits are none or too many"),
        (PARCEL.replace("https:", "ftp:"), "url"),
        (PARCEL.replace("https://erp.example/", "https://{digits}.example/"), "url"),
        (PARCEL.replace('lost = "say:sorry"', 'lost = "say:soory"'), "[say.soory]"),
        (PARCEL.replace('"say:sorry"\nmean', '"menu:none"\nmean'), "[menu.none]"),
        ('[collect.c]\nsay = "x"\nthen = "hangup"\npattern = "("', '"(" is not a regular expression'),
        ('[collect.c]\nsay = "x"\nthen = "hangup"\npattern = "([0-9]+)*0#?"', '"([0-9]+)*0#?" can take long'),
        ('[collect.c]\nsay = "x"\nthen = "hangup"\npattern = "1*1*1*1*"', "at most 3 of * + ? {…}, none after a group"),
        ('[collect.c]\nsay = "x"\nthen = "hangup"\ndate_format = "DDMM"', "no order of day, month and year"),
        ('[collect.c]\nsay = "x"\nthen = "hangup"\nmask = true\nconfirm = true', "a secret is not read back"),
        (NUMBER + 'valid = "pesel"\ndigits = 4', 'valid = "pesel" needs 11 figures'),
        (NUMBER + 'valid = "pesel"\ndigits = "1-10"', 'valid = "pesel" needs 11 figures'),
        (NUMBER + 'valid = "date"\ndigits = 4', 'valid = "date" needs 8 figures'),
        (NUMBER + 'valid = "date"\ndate_format = "DDMMYY"\ndigits = "8-9"', "leave out digits, or write digits = 6"),
        (NUMBER + 'valid = "luhn"\ndigits = 1', 'valid = "luhn" needs 2 or more figures'),
        (NUMBER + 'valid = "amount"\nend = "*"', "the star is the decimal point of an amount"),
        (PARCEL.replace('"1-12"', '4, valid = "date"'), "webservice.parcel.collect.digits"),
        (LOOKUP.replace('"vip"', '"vips"', 1), "[list.vips]"),
        ('[lookup.who]\nthen = "hangup"', "says nowhere to look"),
        ('[lookup.who]\nthen = "hangup"\ndatabase = "a.db"', "needs a query"),
        ('[lookup.who]\nthen = "hangup"\nfile = "no.csv"', "there is no file"),
        (PARCEL.replace('music = ""', 'music = "jazz"'), "[music.jazz]"),
        (SMS.replace('"gateway"', '"gatewy"', 1), "there is no [webservice.gatewy]"),
        (SMS.replace('"echo"', '"say:none"'), "[say.none]"),
        (SMS.replace('rejected = "say:sorry"', 'rejected = "menu:none"'), "[menu.none]"),
        (SMS.replace('music = ""', 'music = "jazz"'), "[music.jazz]"),
        (SMS.replace("See {site}.", "See {site:place}."), 'the text in "en"'),
        (SMS.replace('en = "See {site}.", ', ""), 'has no text in "en"'),
        (SMS.replace("say =", 'to = "+380441234567"\nsay =', 1), '"+380441234567" gets no text messages'),
        (SMS + MASKED, "{site} is a secret, and goes into no text message"),
        (SMS.replace("say =", 'to = "{site}"\nsay =', 1).replace("See {site}", "x") + MASKED, "sms.link.to: {site}"),
        (PARCEL + '[webservice.p2]\nurl = "https://erp.example/"\nbody = "json"', "method"),
    ],
)
def test_what_is_wrong_is_named(toml: str, says: str) -> None:
    assert says in wrong(toml)


CODE = '[collect.c]\nsay = "x"\nthen = "set:s"\nmask = true\nvariable = "pin"\n'
SERVICE = '[webservice.w]\nurl = "https://crm.example/"\ncustomer_id = "{client}"\n'


def test_who_the_caller_is_stands_in_a_list_a_lookup_a_service_or_a_set() -> None:
    known = '[set.s]\nthen = "hangup"\ncustomer_id = "card:{card}"\n'
    nodes = built(known + SERVICE + LOOKUP.replace('list = "vip"', 'list = "vip"\ncustomer_id = "{client}"'))
    found = [getattr(nodes.find(T(place)), "customer_id", None) for place in ("set:s", "webservice:w", "lookup:who")]
    assert found == ["card:{card}", "{client}", "{client}"]
    assert ListEntry(number=("+380501234567",), customer_id="K-17").known == {"customer_id": "K-17"}


def test_an_application_is_entrusted_with_masked_entries_by_name() -> None:
    app = built(CODE + '[set.s]\nthen = "verbs:app"\n[verbs.app]\nurl = "https://app.example/"\nmasked = ["pin"]\n')
    node = app.find(T("verbs:app"))
    assert isinstance(node, Verbs)
    assert node.masked == {"pin"}


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ('[set.s]\nthen = "hangup"\ncustomer_id = "x{pin}"', "{pin} is entered with mask = true, and told to nobody"),
        ('[set.s]\nthen = "hangup"\n' + SERVICE.replace("client", "pin"), "{pin} is entered with mask = true"),
        (
            '[set.s]\nthen = "hangup"\n[verbs.app]\nurl = "https://app.example/"\nmasked = ["pim"]',
            '"pim" is entered masked nowhere; did you mean "pin"?',
        ),
    ],
)
def test_nobody_is_known_by_a_secret(more: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        built(CODE + more)
    assert problem in str(caught.value)
