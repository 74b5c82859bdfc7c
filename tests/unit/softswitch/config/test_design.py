"""The design rules: each is broken once here, kept once, and silenced for everybody and for one menu."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.config import ConfigError, parse_config
from softswitch.config.checks.said_keys import first_choice, said_keys
from softswitch.config.findings import ERRORS, SILENCEABLE
from tests.support.audio import sine, write_wav

AGENT = '[[phone]]\nuser = "1001"\npassword = "a-long-secret"\n[[agent]]\nid = "a"\nphone = "1001"\n'
QUEUE = "[queue.q]\n"
WELCOME = "Welcome to the office of the best of all companies in this town. "


def findings(text: str, folder: Path = Path()) -> dict[str, str]:
    """Code → place, of the design rules; `text` has the menu main."""
    head = '[[route]]\ndid = "1"\nto = "menu:main"\n'
    config = parse_config((AGENT + QUEUE + head + text).encode(), file="c", folder=folder, env={})
    return {warning.code: warning.where for warning in config.warnings}


def menu(
    say: str = "Press 0 or 1.", keys: str = '0 = "queue:q", 1 = "echo"', more: str = "", name: str = "main"
) -> str:
    return f'[menu.{name}]\nsay = "{say}"\nkeys = {{ {keys} }}\n{more}\n'


def test_a_menu_by_the_rules_has_no_findings() -> None:
    assert findings(menu()) == {}


MANY = ", ".join(f'{key} = "echo"' for key in range(1, 6)) + ', 0 = "queue:q"'
CHAIN = "".join(
    menu("Press 1.", f'1 = "menu:{to}", 0 = "queue:q", "#" = "back"', name=name)
    for name, to in (("main", "two"), ("two", "three"), ("three", "four"))
) + menu("Press 0.", '0 = "queue:q"', name="four")

BROKEN = {
    "too-many-options": (menu(keys=MANY), "menu.main.keys"),
    "too-deep": (CHAIN, "menu.four"),
    "no-way-out": (menu(keys='1 = "echo"', say="Press 1."), "menu.main.keys"),
    "no-repeat": (menu(more="retries = 0"), "menu.main"),
    "prompt-too-long": (menu(WELCOME * 3 + "Press 1."), "menu.main.say"),
    "dead-digit": (menu("For sales press 0, for support press 2."), "menu.main.say"),
    "digit-collision": (menu(keys='0 = "queue:q", 1 = "echo", 12 = "echo"'), "menu.main.keys.1"),
}


@pytest.mark.parametrize("code", BROKEN)
def test_a_broken_rule_is_found_and_can_be_silenced_by_its_code(code: str) -> None:
    text, where = BROKEN[code]
    assert findings(text) == {code: where}
    assert findings(f'[lint]\nignore = ["{code}"]\n{text}') == {}
    name = where.split(".")[1]
    here = text.replace(f"[menu.{name}]\n", f'[menu.{name}]\nlint_ignore = ["{code}"]\n')
    assert findings(here) == {}
    other = menu(name="other", more=f'lint_ignore = ["{code}"]')
    assert findings(text + other.replace('"echo"', '"menu:main"')).keys() >= {code}


def test_the_limits_can_be_moved() -> None:
    assert findings("[lint]\nmax_options = 6\n" + menu(keys=MANY)) == {}
    assert findings("[lint]\nmax_depth = 4\n" + CHAIN) == {}
    assert findings("[lint]\nfirst_option_within = 60\n" + menu(WELCOME * 3 + "Press 1.")) == {}
    assert "prompt-too-long" in findings("[lint]\nfirst_option_within = 2\n" + menu(WELCOME + "Press 1."))


def test_a_code_that_does_not_exist_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r'there is no finding "too-many-option".*did you mean "too-many-options"'):
        findings('[lint]\nignore = ["too-many-option"]\n' + menu())
    with pytest.raises(ConfigError, match=r'there is no finding "syntax"'):
        findings(menu(more='lint_ignore = ["syntax"]'))


def test_repeat_back_and_a_person_after_other_places_are_ways_out() -> None:
    deeper = menu("Press 1.", '1 = "menu:two", 0 = "queue:q"')
    assert findings(deeper + menu("Press 1.", '1 = "echo"', name="two")) == {"no-way-out": "menu.two.keys"}
    assert findings(deeper + menu("Press 1.", '1 = "echo", "#" = "back"', name="two")) == {}
    assert findings(deeper + menu("Press 1.", '1 = "menu:main"', name="two")) == {}
    by_goto = '[goto.g]\nthen = "queue:q"\n'
    assert findings(deeper + menu("Press 1.", '1 = "goto:g"', name="two") + by_goto) == {}
    silent = menu("Press 1.", '1 = "echo"', 'when_no_input = "queue:q"', name="two")
    assert findings(deeper + silent) == {}


def test_back_is_no_way_out_of_the_first_menu() -> None:
    assert findings(menu(keys='1 = "echo", "#" = "back"', say="Press 1.")) == {"no-way-out": "menu.main.keys"}


def test_keys_in_what_is_said_to_those_who_press_a_wrong_one_count_too() -> None:
    assert findings(menu(more='say_invalid = "No. Press 9."')) == {"dead-digit": "menu.main.say_invalid"}
    assert findings(menu(more='say_again = "Press 0, or hang up and dial 112."')) == {}


def test_what_is_said_on_the_way_and_what_names_no_choice_is_listened_to_as_well() -> None:
    led = f'[say.hello]\nsay = "{WELCOME * 3}"\nthen = "menu:main"\n[[route]]\ndid = "2"\nto = "say:hello"\n'
    assert findings(menu() + led) == {}, "there is a quieter way"
    only = menu(name="sub") + led.replace("menu:main", "goto:on") + '[goto.on]\nthen = "menu:sub"\n'
    assert findings(menu() + only) == {"prompt-too-long": "menu.sub.say"}
    assert findings(menu(WELCOME * 3)) == {"prompt-too-long": "menu.main.say"}
    slot = '[[menu.main.slot]]\nid = "s"\nkey = "9"\nafter = 0\nmax_seconds = 60\ntargets = ["queue:q"]\n'
    assert findings(menu() + slot) == {"prompt-too-long": "menu.main.say"}
    assert findings(menu() + slot.replace("after = 0", "after = 1")) == {}


def test_keys_of_control_points_are_choices() -> None:
    four = ", ".join(f'{key} = "echo"' for key in range(1, 5)) + ', 0 = "queue:q"'
    slot = '[[menu.main.slot]]\nid = "s"\nkey = "9"\ntargets = ["queue:q"]\n'
    assert findings(menu(keys=four)) == {}
    assert findings(menu(keys=four) + slot) == {"too-many-options": "menu.main.keys"}


def test_a_key_that_leads_to_its_own_menu_is_dead() -> None:
    assert findings(menu(keys='0 = "queue:q", 1 = "menu:main"')) == {"dead-digit": "menu.main.keys.1"}


def test_the_length_of_a_recording_is_known(tmp_path: Path) -> None:
    recording = tmp_path / "var" / "prompts" / "en" / "menu.main.wav"
    recording.parent.mkdir(parents=True)
    text = menu("Hello. Press 1.")
    assert findings(text, tmp_path) == {}
    write_wav(recording, sine(440, 40.0))
    assert findings(text, tmp_path) == {"prompt-too-long": "menu.main.say"}


@pytest.mark.parametrize(
    ("language", "text", "keys"),
    [
        ("en", "For sales press 1, for support press two. To hear this again, press the star key.", "12*"),
        ("uk", "Продаж — натисніть 1, підтримка — натисніть клавішу два, щоб почути ще раз, натисніть зірочку.", "12*"),
        (
            "ru",
            "Продажи — нажмите 1, помощь — нажмите два. Ещё раз: нажмите звёздочку, нажмите решётку.",
            "12*#",
        ),
        ("pl", "Sprzedaż, naciśnij 1. Pomoc, naciśnij klawisz dwa. Ponownie, naciśnij gwiazdkę.", "12*"),
        ("en", "We have 3 offices and 14 doors.", ""),
        ("en", "Press 1 for sales, 2 for support and 3 for billing. To go back, press * or #.", "123*#"),
        ("en", "Press 1 or 2. We are here 7 days a week.", "12"),
        ("en", "For sales press 1, 5 days a week, and on Saturdays, 9 – 6.", "1"),
        ("en", "Press 1 for sales, 24 hours a day, or 9-17 at weekends, 3.5 hours.", "1"),
        ("en", "Press one of the following keys.", ""),
        ("en", "Sales – 1, support – 2. 3 – billing, # - again.", "123#"),
        ("en", "We work 9 – 6, Monday – Friday.", ""),
        ("uk", "Тисніть 5 або клавішу 6. Натисніть клавішу з цифрою 7.", "57"),
        ("uk", "Оберіть один із варіантів. Продажі – 1, підтримка — 2.", "12"),
        ("uk", "Натисніть 1 для продажу, 2 для підтримки чи 3.", "123"),
        ("ru", "Выберите один из пунктов. Чтобы нажать 4, подождите. Нажмите кнопку с цифрой 5.", "45"),
        ("ru", "Нажмите 1, и через 5 минут мы перезвоним.", "1"),
        ("pl", "Wybierz jeden z działów. Aby wcisnąć 4, proszę wybrać 5 lub 6.", "456"),
        ("pl", "Naciśnij klawisz z cyfrą 2, a 3 dla pomocy.", "23"),
    ],
)
def test_keys_are_understood_in_four_languages(language: str, text: str, keys: str) -> None:
    assert "".join(said_keys(text, language)) == keys


def test_the_first_choice_begins_with_its_sentence() -> None:
    text = "Welcome. We are glad. For sales press 1, for help press 2."
    assert first_choice(text, "en") == text.index("For sales")
    assert first_choice("For sales press 1.", "en") == 0
    assert first_choice("Welcome.", "en") is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("= 1", "syntax"),
        ("a = 1\na = 2", "same-key-twice"),
        ("[lint]\n[lint]\n", "same-key-twice"),
        ("unknown = 1", "unknown-key"),
        ('[[phone]]\nname = "x"', "missing-key"),
        ("[rtp]\nports = 5", "bad-value"),
        ('[say.a]\nsay = "x"\nthen = "say:a"\n[[route]]\nto = "say:a"', "endless-say"),
        ('[[route]]\nto = "menu:none"', "bad-value"),
    ],
)
def test_errors_have_codes_too(text: str, code: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(text.encode(), file="c", folder=Path(), env={})
    assert code in {problem.code for problem in caught.value.problems}
    assert {problem.code for problem in caught.value.problems} <= ERRORS.keys()
    assert f"[{code}]" not in str(caught.value), "what cannot be silenced needs no name there"


def test_no_code_is_used_twice() -> None:
    assert not ERRORS.keys() & SILENCEABLE.keys()
