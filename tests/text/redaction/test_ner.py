"""Names that something else than the rules finds."""

import importlib.util
import sys
from collections.abc import Iterable, Sequence

import pytest

from redactions import words
from sferic.recognition.hypothesis import join
from sferic.text.redaction import Redactor, name_finder
from sferic.text.redaction.ner import NerUnavailableError, Span

SAID = "so zorblax quibben asked about the brindle"


class Finder:
    """Knows the places of names in SAID."""

    def find(self, words: Sequence[str], language: str) -> Iterable[Span]:
        assert language == "en"
        return [Span(1, 3)] if list(words) == SAID.split() else []


def masked(redactor: Redactor, said: str) -> str:
    return join(redactor.final(words(said), "en", ended=True).words)


def test_names_of_a_finder_are_masked_beside_those_of_the_rules() -> None:
    assert "zorblax" not in masked(Redactor(pii=True, pci=True, names=Finder()), SAID)
    assert (
        masked(Redactor(pii=True, pci=False, names=Finder()), SAID)
        == "so [FIRSTNAME_1] [LASTNAME_1] asked about the brindle"
    )
    assert (
        masked(Redactor(pii=True, pci=False, names=Finder()), "my name is Kevin")
        == "my name is [FIRSTNAME_1]"
    )


def test_a_finder_is_not_asked_where_names_may_be_seen() -> None:
    assert masked(Redactor(pii=False, pci=True, names=Finder()), SAID) == SAID


def test_nothing_is_found_when_it_is_off() -> None:
    assert name_finder("off") is None


@pytest.mark.skipif(importlib.util.find_spec("spacy") is not None, reason="spaCy is installed")
def test_what_is_missing_is_named_with_the_command_that_brings_it() -> None:
    with pytest.raises(NerUnavailableError, match=r"pip install 'sferic\[ner\]'"):
        name_finder("spacy")
    assert "spacy" not in sys.modules
