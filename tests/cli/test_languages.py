import json

import pytest
from typer.testing import CliRunner

from sferic import cli

run = CliRunner()


@pytest.fixture(autouse=True)
def root(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFERIC_MODELS", str(tmp_path_factory.mktemp("models")))


def test_it_says_what_serves_which_language_and_how_well() -> None:
    routes = ["--route", "en=whisper-tiny.en", "--route", "*=whisper-base"]
    answer = run.invoke(cli.app, ["languages", *routes])
    assert answer.exit_code == 0
    lines = {line.split()[0]: line for line in answer.stdout.splitlines() if line}
    assert "whisper-tiny.en" in lines["en"]
    assert "whisper-base" in lines["de"]
    assert "*" in lines["fi"]
    assert "not served: or" in answer.stdout


def test_machines_get_json() -> None:
    answer = run.invoke(cli.app, ["languages", "--json", "--route", "multi-eu=whisper-base"])
    found = json.loads(answer.stdout)
    assert "hi" in found["not_served"]
    (german,) = (row for row in found["languages"] if row["code"] == "de")
    assert german["quality"]["utterances"] > 0
    assert "en" in next(row for row in found["aggregates"] if row["code"] == "multi")["languages"]
