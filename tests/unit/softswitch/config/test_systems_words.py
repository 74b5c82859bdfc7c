"""Who is told what happens: what is accepted, and what people read when it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.config import Config, ConfigError, parse_config
from softswitch.config.words.systems import DEFAULT_TYPES

FOLDER = Path("/etc/softswitch")
HOOK = '[[webhook]]\nname = "crm"\nurl = "https://crm.example/events"\n'


def config(text: str) -> Config:
    return parse_config(text.encode(), file="config.toml", folder=FOLDER, env={"KEY": "s3cret"})


def test_a_webhook_needs_a_name_and_a_place() -> None:
    (hook,) = config(HOOK).webhooks
    assert (hook.events, hook.timeout, hook.secret) == (DEFAULT_TYPES, 10.0, None)


def test_a_webhook_may_choose_its_events_and_be_signed() -> None:
    (hook,) = config(HOOK + 'secret = { env = "KEY" }\nevents = ["call.*", "ivr.prompts_ended", "*"]').webhooks
    assert hook.secret is not None
    assert hook.secret.reveal() == "s3cret"
    assert hook.events == ("call.*", "ivr.prompts_ended", "*")


def test_the_file_of_events_is_beside_the_configuration() -> None:
    log = config('[event_log]\nfile = "events.jsonl"').event_log
    assert log is not None
    assert log.file == FOLDER / "events.jsonl"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HOOK + HOOK, '5:8: webhook[2].name: another webhook is "crm" already (line 2)'),
        (HOOK.replace("https", "ftp"), "webhook[1].url: is not an address of the web"),
        (HOOK.replace("crm.example", "crm:9999999"), "webhook[1].url: is not an address of the web"),
        (HOOK.replace("//", "//user:word@"), "webhook[1].url: has a password in it"),
        (HOOK + 'events = ["Calls"]', 'webhook[1].events[1]: "Calls" is not a type of event; write a type'),
        (HOOK + "events = []", "webhook[1].events"),
    ],
)
def test_what_cannot_work_is_an_error(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        config(text)
    assert message in str(error.value)
    assert "user:word" not in str(error.value)


def test_events_in_the_clear_are_warned_of_unless_they_stay_here() -> None:
    assert "not encrypted" in str(config(HOOK.replace("https", "http")).warnings)
    assert config(HOOK.replace("https://crm.example", "http://127.0.0.1:8000")).warnings == ()


TOKEN = '[[api.token]]\nname = "desk"\nrole = "agent"\ntoken = "0123456789abcdef"\n'
BOX = '[voicemail.sales]\npin = "4711"\n'


def test_a_token_may_name_boxes_that_there_are() -> None:
    for boxes in ('"sales"', '["sales"]'):
        found = config(f"[api]\n{TOKEN}boxes = {boxes}\n{BOX}")
        assert found.api is not None
        assert found.api.tokens[0].boxes == ("sales",)
        assert found.warnings == ()
    with pytest.raises(ConfigError, match=r"there is no \[voicemail.sale\]; did you mean \"sales\""):
        config(f'[api]\n{TOKEN}boxes = ["sale"]\n{BOX}')
    (warning,) = config(f"[api]\n{TOKEN}{BOX}").warnings
    assert warning.what == "may do nothing"


KEPT = """[api]
[[api.token]]
name = "ann"
role = "admin"
token = { env = "ANN" }
[[api.token]]
name = "bob"
role = "marketing"
token = { file = "bob" }
"""


@pytest.mark.parametrize(
    ("ann", "bob", "wrong"),
    [
        ("k9-ann", "0123456789abcdef", {"5:9": "can be guessed"}),
        ("0123456789abcdef", "k9-bob", {"9:9": "can be guessed"}),
        ("k9", "k9", {"5:9": "can be guessed", "9:9": "can be guessed"}),
        ("fedcba9876543210", "fedcba9876543210", {"9:9": "is somebody else's token already"}),
    ],
)
def test_tokens_that_are_kept_elsewhere_are_looked_at_too(
    ann: str, bob: str, wrong: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "bob").write_text(f"{bob}\n")
    with pytest.raises(ConfigError) as failed:
        parse_config(KEPT.encode(), file="c", folder=tmp_path, env={"ANN": ann})
    found = failed.value.problems
    assert [f"{each.line}:{each.column}" for each in found] == list(wrong)
    assert all(each.what.startswith(wrong[f"{each.line}:{each.column}"]) for each in found)
    assert ann not in str(failed.value)
    assert bob not in str(failed.value)


def test_a_token_in_the_file_may_not_be_one_that_is_kept_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "bob").write_text("0123456789abcdef")
    with pytest.raises(ConfigError, match="somebody else's token"):
        parse_config((KEPT + TOKEN).encode(), file="c", folder=tmp_path, env={"ANN": "fedcba9876543210"})


def test_tokens_that_are_kept_elsewhere_and_differ_are_good(tmp_path: Path) -> None:
    (tmp_path / "bob").write_text("0123456789abcdef")
    good = parse_config(KEPT.encode(), file="c", folder=tmp_path, env={"ANN": "fedcba9876543210"})
    assert good.warnings == ()
