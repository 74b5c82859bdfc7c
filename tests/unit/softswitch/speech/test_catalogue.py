from __future__ import annotations

import re
from pathlib import Path

import pytest

import ivr
import softswitch
from ivr.nodes import GOODBYES, INVALID_CHOICE, NO_INPUT, NOT_CONNECTED, Prompt
from softswitch.speech.catalogue import Catalogue, CatalogueError, MissingPrompt
from softswitch.speech.grammar.plurals import LANGUAGES
from softswitch.speech.phrases import position

ROOT = Path(__file__).parents[4]
PROMPTS = ROOT / "prompts"


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return Catalogue.load(PROMPTS)


def catalogue(folder: Path, **texts: str) -> Catalogue:
    for language, text in texts.items():
        (folder / language).mkdir(parents=True)
        (folder / language / "catalog.toml").write_text(text, encoding="utf-8")
    return Catalogue.load(folder)


def test_the_shipped_catalogue_is_complete_in_every_language(shipped: Catalogue) -> None:
    assert shipped.languages == LANGUAGES
    assert shipped.check() == []


def test_every_prompt_that_flows_use_by_themselves_is_there(shipped: Catalogue) -> None:
    used = {prompt.key for prompt in (*INVALID_CHOICE, *NO_INPUT, position(0), position(3))}
    used |= {target.name for target in (*GOODBYES.values(), NOT_CONNECTED)}
    assert used <= shipped.keys("en")


def test_every_prompt_that_the_code_names_is_there_and_no_other(shipped: Catalogue) -> None:
    sources = [path for package in (softswitch, ivr) for path in Path(package.__path__[0]).rglob("*.py")]
    named = {key for path in sources for key in re.findall(r'Prompt\("([a-z0-9-]+)"', path.read_text(encoding="utf-8"))}
    assert len(named) > 40
    assert named - shipped.keys("en") == set()
    written = "".join(path.read_text(encoding="utf-8") for path in sources)
    assert {key for key in shipped.keys("en") if f'"{key}"' not in written} == set(), "nobody says these"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_number_up_to_a_thousand_is_said_in_figures(shipped: Catalogue, language: str) -> None:
    for n in range(1001):
        text = shipped.text("queue-position", language, {"n": n})
        assert not any(c.isdigit() or c in "{}" for c in text)


def test_the_next_caller_is_not_told_a_number() -> None:
    assert position(0) == Prompt("queue-next")
    assert position(5) == Prompt("queue-position", args={"n": 5})


def test_digits_are_read_one_by_one_and_words_as_they_are(tmp_path: Path) -> None:
    words = catalogue(tmp_path, en='[a]\ntext = "{name}, number {id:digits}, {{really}}"')
    assert words.text("a", "en", {"name": "Olena", "id": "104-2"}) == "Olena, number one zero four - two, {really}"


def test_another_argument_may_pick_the_form(tmp_path: Path) -> None:
    words = catalogue(tmp_path, en='[a]\nby = "calls"\none = "{calls} call"\nother = "{calls} calls"')
    assert words.text("a", "en", {"calls": 1}) == "one call"
    assert words.text("a", "en", {"calls": 1_000_000}) == "1000000 calls"


def test_later_folders_replace_single_keys(tmp_path: Path, shipped: Catalogue) -> None:
    catalogue(tmp_path, en='[voicemail-thanks]\ntext = "Bye!"')
    both = Catalogue.load(PROMPTS, tmp_path)
    assert both.text("voicemail-thanks", "en") == "Bye!"
    assert both.text("queue-next", "en") == shipped.text("queue-next", "en")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[a]\ntext = ""', "a: is empty"),
        ('[a]\ntext = "x"\none = "x"', 'a: has "text" and forms'),
        ('[a]\none = "x"', "a: lacks the plural form few, many"),
        ('[a]\none = "x"\nfew = "x"\nmany = "x"\ntwo = "x"', 'a: "two" is no plural form; in uk there are few'),
        ('[a]\ntext = "{n:x}"', 'a: "x" in "{n:x}" is neither'),
        ('[a]\ntext = "{0}"', 'a: "{0}" is not a placeholder'),
        ('[a]\ntext = "{n!r}"', "is not a placeholder"),
        ('[a]\ntext = "{n"', "a: "),
        ('a = "x"', "a: should be a table of texts"),
        ("[a", "catalog.toml: "),
    ],
)
def test_a_faulty_catalogue_names_file_key_and_fault(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(CatalogueError) as error:
        catalogue(tmp_path, uk=text)
    assert complaint in error.value.problems[0]
    assert "catalog.toml" in error.value.problems[0]


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError) as error:
        catalogue(tmp_path, en='[a]\ntext = ""\n[b]\ntext = ""', xx="")
    assert len(error.value.problems) == 3


def test_what_is_missing_is_an_error_at_the_call_and_a_finding_before(tmp_path: Path) -> None:
    words = catalogue(tmp_path, en='[a]\ntext = "{n}"\n[b]\ntext = "b"', uk='[a]\ntext = "{m}"')
    for key, language, arguments in (("b", "uk", {}), ("a", "pl", {}), ("c", "en", {}), ("a", "en", {"m": 1})):
        with pytest.raises(MissingPrompt):
            words.text(key, language, arguments)
    own = catalogue(tmp_path / "own", en='[a]\ntext = "{nmae}"', pl='[a]\ntext = "{n}"', uk='[a]\ntext = "{n}"')
    assert own.check() == ['en: "a" has other arguments than in uk']
    assert words.check() == ['uk: "a" has other arguments than in en', 'uk: "b" is missing']


def test_a_fraction_takes_the_form_of_its_own(tmp_path: Path) -> None:
    words = catalogue(
        tmp_path,
        uk='[a]\none = "{n:number f} хвилина"\nfew = "{n:number f} хвилини"\nmany = "{n:number f} хвилин"\n'
        'other = "{n:number} хвилини"\n[b]\none = "x"\nfew = "x"\nmany = "x"',
    )
    assert words.text("a", "uk", {"n": "2.5"}) == "дві цілих п’ять десятих хвилини"
    assert words.text("a", "uk", {"n": "21"}) == "двадцять одна хвилина"
    for n in ("1.5", "many"):
        with pytest.raises(MissingPrompt):
            words.text("b", "uk", {"n": n})
