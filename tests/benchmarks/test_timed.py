import pytest

from benchmarks.harness.timed import TimedWord, expanded, matched, time_errors


def words(text: str, *, every: float = 1.0, late: float = 0.0) -> list[TimedWord]:
    """Words of half a second each, evenly spread."""
    return [
        TimedWord(word, place * every + late, place * every + late + 0.5)
        for place, word in enumerate(text.split())
    ]


def test_words_are_matched_whatever_their_case_and_punctuation() -> None:
    pairs = list(matched(words("Hello, World!"), words("hello world"), "en"))
    assert [(heard.text, spoken.text) for heard, spoken in pairs] == [
        ("Hello,", "hello"),
        ("World!", "world"),
    ]


def test_wrong_missing_and_added_words_are_matched_with_nothing() -> None:
    pairs = list(matched(words("a fat dog sat down"), words("a cat sat quietly down"), "en"))
    assert [heard.text for heard, _ in pairs] == ["a", "sat", "down"]
    assert [spoken.text for _, spoken in pairs] == ["a", "sat", "down"]


def test_numbers_match_their_names() -> None:
    (pair,) = matched(words("30"), words("thirty"), "en")
    assert (pair[0].text, pair[1].text) == ("30", "thirty")


def test_errors_of_both_borders_are_summed_up_in_milliseconds() -> None:
    spoken = words("a b c d e")
    heard = [TimedWord(word.text, word.start - 0.1, word.end + 0.2) for word in spoken[:-1]]
    heard.append(TimedWord("e", spoken[-1].start + 0.4, spoken[-1].end))
    found = time_errors(list(zip(heard, spoken, strict=True)))
    assert found is not None
    assert found.words == 5
    assert (found.start.p50, found.start.bias) == (100, -100)
    assert found.start.p90 == pytest.approx(280)
    assert (found.end.p50, found.end.p90, found.end.bias) == (200, 200, 200)


def test_without_matched_words_there_are_no_errors_to_tell() -> None:
    assert time_errors(list(matched(words("a"), words("b"), "en"))) is None


def test_what_a_word_is_normalised_to_has_its_times() -> None:
    assert expanded([TimedWord("isn't", 1.0, 2.0), TimedWord("Uh,", 2.0, 3.0)], "en") == [
        TimedWord("is", 1.0, 2.0),
        TimedWord("not", 1.0, 2.0),
    ]
