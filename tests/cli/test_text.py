"""`sferic text`, with redaction and numerals as they are."""

import json
import os
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner, Result

from sferic.cli import app
from sferic.cli.text import LONGEST_LINE
from sferic.errors import OptionsError, TextInputError

CARD = "4242 4242 4242 4242"


def run(*arguments: str, given: str | bytes = "") -> Result:
    return CliRunner().invoke(app, ["text", *arguments], input=given)


def out(*arguments: str, given: str | bytes = "") -> str:
    result = run(*arguments, given=given)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_numbers_are_written_and_nothing_is_redacted_unless_asked_for() -> None:
    assert out(given="I paid twenty five dollars to Kevin\n") == "I paid $25 to Kevin\n"


def test_with_numerals_false_and_no_redaction_the_input_is_left_alone() -> None:
    given = "  I paid twenty  five dollars;\n\n ok \n"
    assert out("--numerals", "false", given=given) == given


def test_redaction_is_asked_for_as_of_a_stream() -> None:
    given = f"my name is Kevin and my card number is {CARD}, ok\n"
    assert out("--redact-pci", given=given) == (
        "my name is Kevin and my card number is [CREDITCARDNUMBER_1], ok\n"
    )
    assert out("--redact-pii", "--redact-pci", given=given) == (
        "my name is [FIRSTNAME_1] and my card number is [CREDITCARDNUMBER_1], ok\n"
    )


def test_each_line_is_a_final_and_an_empty_one_begins_a_session_anew() -> None:
    given = (
        "my card number is four two four two four two four two\n"
        "four two four two four two four two thank you\n"
        "\n"
        f"the card number is {CARD} thank you\n"
    )
    assert out("--redact-pci", given=given) == (
        "my card number is\n[CREDITCARDNUMBER_1] thank you\n\n"
        "the card number is [CREDITCARDNUMBER_1] thank you\n"
    )


def test_json_says_what_stands_for_what_without_saying_it() -> None:
    given = f"the card number is {CARD}, thank you\n"
    printed = out("--redact-pci", "--json", given=given)
    [line] = [json.loads(one) for one in printed.splitlines()]
    assert line == {
        "line": 1,
        "text": "the card number is [CREDITCARDNUMBER_1], thank you",
        "sentences": ["the card number is [CREDITCARDNUMBER_1], thank you"],
        "spans": [
            {"line": 1, "start": 19, "end_line": 1, "end": 38, "text": "[CREDITCARDNUMBER_1]"}
        ],
    }
    assert given[19:38] == CARD


def test_files_are_sessions_of_their_own_and_a_dash_is_standard_input(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(f"the card number is {CARD}, yes", encoding="utf-8")
    paths = [str(tmp_path / name) for name in ("a", "b")]
    printed = out("--redact-pci", paths[0], "-", paths[1], given="so\n")
    line = "the card number is [CREDITCARDNUMBER_1], yes"
    assert printed.splitlines() == [line, "so", line]


def test_a_byte_order_mark_and_foreign_line_breaks_are_no_text() -> None:
    assert out(given="\ufeffso it is\r\nyes\r\n".encode()) == "so it is\nyes\n"


def test_what_is_no_utf8_is_told_by_line_and_what_came_before_is_printed() -> None:
    result = run(given=b"so it is\nno \xff\n")
    assert result.stdout == "so it is\n"
    assert isinstance(result.exception, TextInputError)
    assert str(result.exception) == "standard input cannot be read: line 2 is not UTF-8"


def test_a_line_without_end_is_refused() -> None:
    result = run(given=b"x" * (LONGEST_LINE + 1))
    assert isinstance(result.exception, TextInputError)
    assert "line 1 is longer than 1000000 bytes" in str(result.exception)


def test_a_file_that_is_not_there_is_told() -> None:
    result = run("no-such-file")
    assert isinstance(result.exception, TextInputError)
    assert str(result.exception) == "no-such-file cannot be read: No such file or directory"


def test_an_unknown_language_is_told_with_those_that_are_known() -> None:
    result = run("--language", "xx")
    assert isinstance(result.exception, OptionsError)
    assert "language=xx is not allowed: it must be one of bg, bn" in str(result.exception)


def test_several_languages_at_once_are_refused() -> None:
    result = run("--language", "multi")
    assert result.exit_code == 2
    assert "text needs one language" in result.output.replace("│", "").replace("\n", " ")


def test_options_of_audio_are_none_of_text() -> None:
    assert run("--sample-rate", "8000").exit_code == 2


def test_lines_come_as_they_are_read_and_a_reader_that_goes_ends_it_quietly() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "sferic", "text"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"I paid twenty five dollars here\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"I paid $25 here\n"
    process.stdout.close()
    process.stdin.write(b"so it is\n" * 10)
    process.stdin.close()
    assert process.stderr is not None
    told = process.stderr.read()
    process.stderr.close()
    process.wait()
    assert told == b""
    assert process.returncode == 1
