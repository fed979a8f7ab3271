"""What the benchmark of keywords counts."""

from benchmarks.keywords import rare_words, words_of
from benchmarks.keywords_report import Figures, Heard, figures, targets

RARE = {"sferic", "layla"}


def counted(heard: str, plain: str, said: str, *, boost: float = 2.0) -> Figures:
    def as_heard(text: str) -> list[Heard]:
        return [Heard(said=words_of(said), heard=words_of(text))]

    return figures(
        as_heard(heard),
        as_heard(plain),
        keywords={*RARE, "chuck"},
        rare=RARE,
        boost=boost,
        seconds=1800,
        cpu=(3.0, 2.0),
    )


def test_rare_words_are_those_that_are_not_of_every_day() -> None:
    assert rare_words(["The house of Sferic", "a house, Sferic's"]) == ["sferic"]


def test_misses_that_are_gone_are_told_from_what_was_found_before() -> None:
    found = counted("Sferic and Layla", "Sferic and Lila", "Sferic and Layla")
    assert (found.said, found.found, found.misses_gone) == (2, 2, 1)
    assert (found.distractors, found.cpu_of_plain) == (1, 1.5)
    assert counted("Sferic", "Sferic", "Sferic").misses_gone is None


def test_what_is_made_up_counts_by_the_hour_unless_it_came_without_keywords_too() -> None:
    found = counted("chuck it, Chuck", "check it, chuck", "check it, check")
    assert found.inserted == ("chuck",)
    assert found.inserted_per_hour == 2
    assert counted("chuck", "chuck", "check").inserted == ()


def test_targets_are_held_against_the_worst_list_at_boost_two() -> None:
    good, bad = counted("layla", "", "layla"), counted("chuck", "", "layla")
    assert [aim.met for aim in targets([good])] == [True, True]
    assert [aim.met for aim in targets([good, bad])] == [False, False]
    assert [aim.met for aim in targets([counted("layla", "", "layla", boost=3)])] == [None, None]
