import re
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.recognition.hypothesis import Word
from sferic.text.numbers.table import generated
from sferic.text.numerals import Numerals, grammar
from sferic.text.numerals.grammar import Grammar
from sferic.text.numerals.rules import NUMBERS, compile_rules

FILES = sorted(
    entry.name.removesuffix(".toml")
    for entry in (resources.files("sferic.text") / "data" / "numerals").iterdir()
    if entry.name.endswith(".toml")
)
SLOT = re.compile(r"\{(?:\d+-)?([a-z]\w*)(?:-\d+)?\}")


def of(language: str) -> Grammar:
    found = grammar.load(language)
    assert found is not None
    return found


@pytest.mark.parametrize("language", FILES)
def test_every_slot_of_every_rule_is_one_that_exists(language: str) -> None:
    rules = compile_rules(of(language))

    for rule in {*rules.by_number, *(rule for many in rules.by_word.values() for rule in many)}:
        slots = {item.name for item in rule.items if item.kind}
        kinds = {item.kind for item in rule.items if item.kind}
        assert kinds <= NUMBERS | rules.lists.keys(), rule.text.say
        assert set(SLOT.findall(rule.text.write)) <= slots, rule.text.say
        assert not rule.items[0].optional, rule.text.say


@pytest.mark.parametrize("language", FILES)
def test_every_list_is_used(language: str) -> None:
    said = " ".join(rule.say for rule in of(language).rules)

    assert {name for name in of(language).lists if not re.search(rf"[{{:]{name}\}}", said)} == set()


def test_a_language_without_a_file_has_no_grammar() -> None:
    assert grammar.load("tlh") is None


def vocabulary(language: str) -> list[str]:
    """Return what the rules of a language are about, and its words for numbers."""
    file = of(language)
    rules = " ".join(
        re.sub(r"\{[^}]*\}|\?", " ", rule.say).replace("|", " ") for rule in file.rules
    )
    lists = " ".join(phrase for entries in file.lists.values() for phrase in entries)
    signs = (*file.addresses.at, *file.addresses.dot, *file.addresses.signs, *file.points)
    numbers = " ".join(word for _, word in generated(language)).replace("-", " ")
    others = [*file.minus, *file.plus, *file.halves, "3", "25", "4242", "com", "x", "3.5", "the,"]
    return [*rules.split(), *lists.split(), *signs, *numbers.split(), *others]


@pytest.mark.parametrize("language", FILES)
@given(st.data())
def test_whatever_is_said_is_written_in_order_and_whole(language: str, data: st.DataObject) -> None:
    texts = data.draw(st.lists(st.sampled_from(vocabulary(language)), max_size=12))
    said = [
        Word(text=text, start=place, end=place + 1, confidence=0.5)
        for place, text in enumerate(texts)
    ]

    for mode in (True, False):
        written = Numerals("auto" if mode else "true", full=True).write(said, language)

        starts = [word.start for word in written]
        assert starts == sorted(starts)
        covered = {place for word in written for place in range(word.start, word.end)}
        assert covered == set(range(len(said)))
        assert all(word.text for word in written)
