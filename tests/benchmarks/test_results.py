import json
from pathlib import Path

import msgspec

from benchmarks.harness.results import command_line, spread, write_json


class Figure(msgspec.Struct):
    value: float


def test_a_published_command_names_no_folder_of_the_machine() -> None:
    typed = ["--model", "/home/me/models/tiny", "--json=/tmp/out.json", "--speed", "0", "a b"]
    assert command_line("benchmarks.accuracy", typed) == (
        "python -m benchmarks.accuracy --model tiny --json=out.json --speed 0 'a b'"
    )


def test_a_spread_tells_the_middle_and_the_slow_end() -> None:
    found = spread([float(value) for value in range(101)])
    assert found is not None
    assert (found.count, found.p50, found.p95) == (101, 50, 95)
    assert spread([]) is None


def test_reports_are_written_indented_into_folders_that_are_made(tmp_path: Path) -> None:
    file = tmp_path / "results" / "a.json"
    write_json(Figure(1.5), file)
    assert json.loads(file.read_text()) == {"value": 1.5}
    assert file.read_text().endswith("}\n")
    assert '\n  "value"' in file.read_text()
