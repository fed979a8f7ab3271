import pytest

from benchmarks.harness.scoring import Edits, Score, difference_interval, normaliser, score, total


def edits(errors: int, length: int) -> Edits:
    return Edits(length=length, substitutions=errors)


def test_edits_are_told_apart() -> None:
    found = score("the cat sat on the mat", "a cat sat the mat today", "en").words
    assert (found.length, found.substitutions, found.deletions, found.insertions) == (6, 1, 1, 1)
    assert found.percent == 50


def test_english_is_normalised_as_whisper_does() -> None:
    heard = "Mister Smith's colour isn't twenty-one dollars, uh, [laughter] okay."
    assert normaliser("en")(heard).split() == [
        *("mister", "smith", "is", "color", "is", "not", "$21", "okay")
    ]
    assert score("SET A TIMER FOR 30 SECONDS", "Set a timer for thirty seconds.", "en").words == (
        Edits(length=6)
    )


def test_an_ellipsis_is_no_word() -> None:
    assert normaliser("en")("So... we are.... 3.5 it is...").split() == [
        *("so", "we", "are", "3.5", "it", "is")
    ]


def test_digits_are_the_same_as_their_names() -> None:
    assert score("0", "Zero.", "en").words.errors == 0


def test_diacritics_count_outside_english() -> None:
    assert normaliser("fr")("Où est l'Été ?").split() == ["où", "est", "l", "été"]
    assert score("été", "ete", "fr").words.errors == 1


def test_words_of_indian_languages_stay_whole() -> None:
    assert normaliser("hi")("नमस्ते, दुनिया।").split() == ["नमस्ते", "दुनिया"]


def test_composed_and_decomposed_letters_are_the_same() -> None:
    assert score("caf\u00e9", "cafe\u0301", "fr").words.errors == 0


def test_characters_are_counted_with_the_spaces_between_words() -> None:
    found = score("ab cd", "abcd", "de").characters
    assert (found.length, found.deletions) == (5, 1)


def test_nothing_heard_is_all_deleted_and_nothing_said_all_inserted() -> None:
    assert score("one two", "", "de").words == Edits(length=2, deletions=2)
    assert score("", "one two", "de").words == Edits(insertions=2)
    assert Edits(insertions=2).percent == 0


def test_rates_of_many_are_over_all_words() -> None:
    summed = total([Score(words=edits(1, 1)), Score(words=edits(1, 9))])
    assert summed.words.percent == pytest.approx(20)


def test_equal_systems_differ_by_nothing() -> None:
    same = [edits(1, 5)] * 20
    interval = difference_interval(same, same)
    assert (interval.low, interval.high) == (0, 0)


def test_the_interval_holds_the_difference_and_excludes_chance() -> None:
    ours = [edits(2, 10)] * 50 + [edits(0, 10)] * 50
    theirs = [edits(1, 10)] * 50 + [edits(0, 10)] * 50
    interval = difference_interval(ours, theirs)
    assert 3 < interval.low < 5 < interval.high < 7


def test_the_interval_is_paired() -> None:
    hard_and_easy = [edits(10, 10), edits(0, 10)] * 50
    interval = difference_interval(hard_and_easy, hard_and_easy)
    assert interval.high - interval.low == 0


def test_the_interval_is_the_same_every_time() -> None:
    ours, theirs = [edits(n % 3, 7) for n in range(30)], [edits(n % 2, 7) for n in range(30)]
    assert difference_interval(ours, theirs) == difference_interval(ours, theirs)
