import re
import shutil

import pytest
from typer.testing import CliRunner

from sferic import cli
from sferic.cli.flags import OPTIONS, option_flags, options_from, query_from
from sferic.errors import OptionsError
from sferic.protocol.options import Options

NAMES = [spec.name for spec in OPTIONS]


def test_every_option_of_a_stream_is_a_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERMINAL_WIDTH", "200")
    monkeypatch.setattr(shutil, "get_terminal_size", lambda *_: (200, 50))
    text = CliRunner().invoke(cli.app, ["transcribe", "--help"]).stdout
    flags = set(re.findall(r"--[a-z-]+", text))
    missing = {spec.flag for spec in OPTIONS} - flags
    assert missing == set()
    assert "--no-format" in flags
    assert "`" not in text


def test_parameters_are_in_the_order_of_the_table() -> None:
    assert [flag.name for flag in option_flags()] == [f"option_{name}" for name in NAMES]


def test_flags_that_are_not_given_say_nothing() -> None:
    assert query_from({f"option_{name}": None for name in NAMES}) == []
    assert options_from({}) == Options()


def test_flags_become_options() -> None:
    given: dict[str, str | bool | None] = {
        "option_language": "de-AT",
        "option_max_words": "12",
        "option_vad_threshold": "0.25",
        "option_word_timestamps": False,
        "option_full_transcript": True,
        "option_numerals": "auto",
        "model": "no option of a stream",
    }
    assert options_from(given) == Options(
        language="de",
        max_words=12,
        vad_threshold=0.25,
        word_timestamps=False,
        full_transcript=True,
    )


def test_all_problems_are_told_at_once() -> None:
    given: dict[str, str | bool | None] = {
        "option_sample_rate": "1",
        "option_max_words": "many",
        "option_keywords": "Blackwell:much",
    }
    with pytest.raises(OptionsError) as caught:
        options_from(given)
    told = [problem.parameter for problem in caught.value.problems]
    assert told == ["sample_rate", "max_words", "keywords"]
