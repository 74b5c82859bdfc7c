"""Who speaks: what is accepted, and what people read when it is not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from softswitch.config import Config, ConfigError, parse_config

FOLDER = Path("/etc/softswitch")


def config(text: str) -> Config:
    return parse_config(text.encode(), file="config.toml", folder=FOLDER, env={})


def warnings(text: str) -> list[str]:
    return [problem.render("f") for problem in config(text).warnings]


def test_a_program_may_speak() -> None:
    words = f'[tts]\nengine = "command"\ncommand = ["{sys.executable}", "-c", "…", "{{text}}", "{{output}}"]'
    assert warnings(words) == []
    assert config(words).tts.command[3:] == ("{text}", "{output}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[tts]\nengine = "command"', "2:10: tts.engine: needs the command that speaks; write command = ["),
        (
            f'[tts]\nengine = "command"\ncommand = ["{sys.executable}", "{{txt}}"]',
            '"{txt}" is not filled in; known here: {text}, {voice}, {rate}, {output}; did you mean "{text}"?',
        ),
        ('[tts]\nengine = "flite"', "2:10: tts.engine: "),
    ],
)
def test_a_command_that_cannot_work_is_an_error(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        config(text)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[tts]\nengine = "command"\ncommand = ["/no/such"]', 'there is no program "/no/such"; nothing can be spoken'),
        ('[tts]\ncommand = ["true"]', 'tts.command: is not used by the engine "pyttsx3"; set engine = "command"'),
        ('[tts]\nengine = "piper"\nvoice = { en = "en.onnx" }', 'tts.voice.en: there is no model "en.onnx"'),
        (
            '[server]\nlanguage = "uk"\n[tts]\nengine = "piper"',
            "tts: has no voice for uk, which callers may hear",
        ),
    ],
)
def test_speech_that_will_be_missing_is_a_warning(text: str, message: str) -> None:
    assert any(message in warning for warning in warnings(text)), warnings(text)


def test_models_of_piper_are_files_beside_the_configuration() -> None:
    voice = 'voice = { uk = "voices/uk_UA.onnx", en = "/opt/en.onnx" }'
    assert config(f'[tts]\nengine = "piper"\n{voice}').tts.voice == {
        "uk": "/etc/softswitch/voices/uk_UA.onnx",
        "en": "/opt/en.onnx",
    }
    assert config(f"[tts]\n{voice}").tts.voice["uk"] == "voices/uk_UA.onnx"
