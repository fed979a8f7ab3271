from pathlib import Path

from sferic.protocol.options import TABLE
from sferic.protocol.reference import page

COMMITTED = Path(__file__).parents[2] / "docs/options.md"


def test_the_committed_page_is_the_one_the_table_gives() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == page(), (
        "run: python -m sferic.protocol.reference > docs/options.md"
    )


def test_the_page_names_every_option_and_alias() -> None:
    text = page()

    for spec in TABLE:
        for name in (spec.name, *spec.aliases):
            assert f"`{name}`" in text
