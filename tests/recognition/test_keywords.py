"""Finding keywords by their sound."""

from hypothesis import given
from hypothesis import strategies as st

from sferic.recognition.keywords import Keywords

names = st.text("abdefgiklmnoprstuvz", min_size=3, max_size=10)


def found(keywords: Keywords, *words: str, least: float = 0.6) -> list[tuple[str, str]]:
    matches = keywords.matches(words, least=least)
    return [(" ".join(words[each.first : each.after]), each.keyword.text) for each in matches]


def test_a_word_that_sounds_like_an_entry_is_found() -> None:
    keywords = Keywords.of([("Blackwell", 2), ("Jensen Huang", 2)])
    assert ("Blakwel", "Blackwell") in found(keywords, "the", "Blakwel", "chip")


def test_an_entry_that_was_torn_apart_is_found_whole() -> None:
    keywords = Keywords.of([("Blackwell", 2), ("Jensen Huang", 2)])
    assert found(keywords, "a", "black", "well", "chip")[0] == ("black well", "Blackwell")
    assert ("Johnson Wong", "Jensen Huang") in found(keywords, "Johnson", "Wong", "spoke")


def test_the_likest_come_first() -> None:
    keywords = Keywords.of([("Stefan", 1), ("Stefania", 1)])
    likeness = [each.likeness for each in keywords.matches(["Stephan"], least=0)]
    assert likeness == sorted(likeness, reverse=True)
    assert likeness[0] == 1


def test_an_entry_without_boost_does_nothing() -> None:
    assert not Keywords.of([("Sferic", 0)])
    assert found(Keywords.of([("Sferic", 0)]), "Sferic") == []


@given(st.lists(names, min_size=1, max_size=40, unique=True), st.data())
def test_every_entry_is_found_where_it_stands(entries: list[str], data: st.DataObject) -> None:
    entry = data.draw(st.sampled_from(entries))
    keywords = Keywords.of((text, 1.0) for text in entries)
    assert max(each.likeness for each in keywords.matches(["so", entry, "so"], least=0.99)) == 1


@given(st.lists(names, max_size=20), st.lists(st.text(max_size=8), max_size=12))
def test_whatever_is_heard_matches_are_stretches_of_it(
    entries: list[str], words: list[str]
) -> None:
    keywords = Keywords.of((text, 1.0) for text in entries)
    for each in keywords.matches(words, least=0.5):
        assert 0 <= each.first < each.after <= len(words)
        assert each.keyword in keywords.entries
        assert 0.5 <= each.likeness <= 1
