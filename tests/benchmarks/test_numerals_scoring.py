import pytest

from benchmarks.numerals_report import CardinalFigures, Cost, Count, Figures, targets, together
from benchmarks.numerals_scoring import is_number, is_right
from benchmarks.numerals_sets import Cardinals, Phrase, cardinals, judging, phrase, phrases
from benchmarks.redaction_report import LANGUAGES
from sferic.languages import CODES


def spoken(written: str, kind: str = "money") -> Phrase:
    return phrase(f"said\t{written}\t{kind}\tboth")


def test_a_line_has_what_is_said_what_may_be_written_the_kind_and_the_modes() -> None:
    read = phrase("in two days\tin {2|two} {days|d}\tcardinal\tauto")
    assert read.said == "in two days"
    assert read.written == ("in 2 days", "in 2 d", "in two days", "in two d")
    assert (read.kind, read.modes) == ("cardinal", ("auto",))


@pytest.mark.parametrize("line", ["a\tb\tcardinal", "a\tb\tnothing\ttrue", "a\tb\tdate\tnever"])
def test_a_line_that_is_not_well_formed_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        phrase(line)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("{$25|25 dollars}", "25 dollars"),
        ("25 €", "25\u00a0€"),
        ("1 200 €", "1\u202f200 €"),
        ("at 3 p.m.", "at 3 PM"),
        ("-0.5", "\u22120.5"),
        ("25 प्रतिशत", "२५ प्रतिशत"),
    ],
)
def test_what_looks_alike_is_alike(written: str, found: str) -> None:
    assert is_right(found, spoken(written))


@pytest.mark.parametrize("found", ["25", "$ 25", "$25.00", "$25 "[:-1] + "!"])
def test_anything_else_is_wrong(found: str) -> None:
    assert not is_right(found, spoken("$25"))


@pytest.mark.parametrize("found", ["5551234567", "555-123-4567", "(555) 123 4567", "1 2345 67"])
def test_dictated_digits_may_be_grouped(found: str) -> None:
    written = "1234567" if found.startswith("1") else "5551234567"
    assert is_right(f"call {found}", spoken(f"call {written}", "phone"))
    assert is_right(found, spoken(written, "money")) == (found == written)


def test_digits_that_stand_alone_are_not_grouped() -> None:
    assert not is_right("4 2 4 2", spoken("4242", "digits"))
    assert not is_right("424 2", spoken("4242", "digits"))


def test_a_plus_stays_before_a_number() -> None:
    assert is_right("+49 30 901820", spoken("+4930901820", "phone"))
    assert is_right("+33 6 44 55", spoken("+3364455", "phone"))
    assert not is_right("49 30 901820", spoken("+4930901820", "phone"))


def test_a_cardinal_is_right_with_any_grouping_and_nothing_beside_it() -> None:
    texts = ("980503", "980.503", "980 503", "9,80,503", "980’503", "980 tusind 503", "98503")
    assert [is_number(text, 980_503) for text in texts] == [True] * 5 + [False] * 2


def test_a_language_is_judged_by_the_first_good_generator_its_tables_owe_nothing_to() -> None:
    def source(name: str, *, independent: bool, doubtful: bool = False) -> Cardinals:
        return Cardinals(source=name, numbers=(), independent=independent, doubtful=doubtful)

    sources = [
        source("icu", independent=False),
        source("faulty", independent=True, doubtful=True),
        source("num2words", independent=True),
        source("num2words2", independent=True),
    ]
    assert judging(sources) is sources[2]
    assert judging(sources[:2]) is None


def test_targets_are_about_the_own_figures_of_all_languages_and_the_slowest() -> None:
    figures = [
        Figures(
            engine=engine,
            language=language,
            mode="true",
            by_kind={"date": Count(right=right, of=10)},
            us_a_word=1,
        )
        for engine, right in (("sferic", 10), ("other", 0))
        for language in LANGUAGES
    ]
    numbers = [
        CardinalFigures(
            language="de",
            source="a",
            independent=True,
            doubtful=False,
            judged=judged,
            count=Count(right=9, of=10),
        )
        for judged in (True, False)
    ]
    costs = [
        Cost(language=language, finals=1, mean_ms=ms, p95_ms=9)
        for language, ms in (("en", 0.5), ("hi", 2.0))
    ]
    *languages, whole, cardinal, slowest = targets(figures, numbers, costs)
    assert [aim.value for aim in (*languages, whole)] == [1.0] * 9
    assert (cardinal.value, cardinal.met) == (0.9, False)
    assert (slowest.value, slowest.met, "hi" in slowest.name) == (2.0, False, True)


def test_counts_add_up() -> None:
    count = together([Count(right=1, of=2), Count(right=2, of=2)])
    assert (count, count.share) == (Count(right=3, of=4), 0.75)
    assert Count(right=0, of=0).share is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_full_language_has_eighty_phrases_and_some_that_stay(language: str) -> None:
    read = phrases(language)
    assert len(read) >= 80
    stay = [each for each in read if each.kind == "negative"]
    assert len(stay) >= 10
    assert all(each.said in each.written for each in stay)


@pytest.mark.parametrize("language", CODES)
def test_every_language_has_cardinals_up_to_a_million(language: str) -> None:
    sources = cardinals(language)
    assert sources
    numbers = {number for each in sources for number, words in each.numbers if words}
    assert (min(numbers), max(numbers) > 900_000, len(numbers) >= 150) == (0, True, True)
