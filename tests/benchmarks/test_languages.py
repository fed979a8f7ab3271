from pathlib import Path

from benchmarks.languages import table
from sferic.languages import CODES
from sferic.models import load_catalogue
from sferic.models.quality import qualities


def test_the_manual_has_the_table() -> None:
    manual = Path(__file__).parents[2] / "docs" / "languages.md"
    assert table() in manual.read_text(encoding="utf-8")


def test_every_figure_is_of_a_model_and_a_language_that_it_knows() -> None:
    known = {model.name: model.languages for model in load_catalogue()}
    for (model, language), row in qualities().items():
        assert language in known[model]
        assert language in CODES
        assert row.utterances > 0
