from itertools import combinations

import pytest

from benchmarks.redaction_report import LANGUAGES
from benchmarks.redaction_scoring import NO_TYPE, Mask, Tally, added, early, score
from benchmarks.redaction_sets import (
    FOLDERS,
    TYPES,
    Chosen,
    Session,
    SetError,
    lowered,
    read,
    sessions,
)


def only(text: str) -> Session:
    (session,) = sessions(text)
    return session


def mask(first: int, last: int, *types: str, shown: str = "") -> Mask:
    return Mask(first=first, last=last, types=types, shown=shown)


NAME = only("I'm {FIRSTNAME|Ada} {LASTNAME|King}.")
CARD = only("card {CREDITCARDNUMBER|four two four two}, please")
AGE = only("I am {AGE|forty ~years ~old} now")
ADDRESS = only("{ADDRESS|5 Elm Road} in {CITY|Leeds} {ZIPCODE|LS1 4AP}")


def test_a_line_is_a_turn_and_a_blank_line_ends_the_session() -> None:
    first, second = sessions("# bank\n\nHello.\nHi {FIRSTNAME|Bo}.\n\nBye.\n")
    assert [len(first.turns), len(second.turns)] == [2, 1]
    assert (first.section, first.spans) == ("bank", (("FIRSTNAME",),))


def test_only_the_marked_part_of_a_word_is_private() -> None:
    token = only("{FIRSTNAME|Ada}'s phone").tokens[0]
    assert (token.text, token.part) == ("Ada's", "Ada")


@pytest.mark.parametrize("line", ["{NAME|Bo}", "{PIN|1}{PIN|2}", "{PIN|12"])
def test_a_set_that_is_not_well_formed_is_refused(line: str) -> None:
    with pytest.raises(SetError):
        sessions(line)


def test_lower_case_has_no_punctuation_around_words_and_keeps_what_is_in_them() -> None:
    session = lowered(only("Mr. {LASTNAME|O'Neil}, at {TIME|3 ~p.m.} - {EMAIL|A.B@C.io}!"))
    assert [token.text for token in session.tokens] == [
        *("mr", "o'neil", "at", "3", "pm", "-", "a.b@c.io"),
    ]
    assert session.tokens[1].part == "o'neil"


def test_a_part_that_is_masked_whole_with_its_type_is_found() -> None:
    assert score(CARD, [mask(1, 4, "CREDITCARDNUMBER")]) == {
        "CREDITCARDNUMBER": Tally(gold=1, found=1, masks=1, right=1)
    }


def test_a_part_that_is_masked_in_pieces_is_found_and_each_piece_is_right() -> None:
    masks = [mask(1, 2, "CREDITCARDNUMBER"), mask(3, 4, "CREDITCARDNUMBER")]
    assert score(CARD, masks)["CREDITCARDNUMBER"] == Tally(gold=1, found=1, masks=2, right=2)


def test_one_word_left_readable_is_a_leak_and_nothing_is_found() -> None:
    assert score(CARD, [mask(1, 3, "CREDITCARDNUMBER")])["CREDITCARDNUMBER"] == Tally(
        gold=1, leaked=1, masks=1, right=1
    )


def test_the_wrong_type_hides_and_does_not_find() -> None:
    tallies = score(CARD, [mask(1, 4, "PHONENUMBER")])
    assert tallies["CREDITCARDNUMBER"] == Tally(gold=1)
    assert tallies["PHONENUMBER"] == Tally(masks=1)


def test_a_mask_without_a_type_hides_and_does_not_find() -> None:
    tallies = score(CARD, [mask(1, 4)])
    assert tallies["CREDITCARDNUMBER"] == Tally(gold=1, masks=1, right=1)
    assert score(only("four of us"), [mask(0, 0)])[NO_TYPE] == Tally(masks=1)


def test_a_mask_that_takes_a_public_word_along_is_wrong_and_still_finds() -> None:
    assert score(CARD, [mask(0, 4, "CREDITCARDNUMBER")])["CREDITCARDNUMBER"] == Tally(
        gold=1, found=1, masks=1
    )


@pytest.mark.parametrize("last", [2, 3, 4])
def test_words_that_may_stay_or_go_do_not_count(last: int) -> None:
    assert score(AGE, [mask(2, last, "AGE")])["AGE"] == Tally(gold=1, found=1, masks=1, right=1)


def test_what_is_left_of_a_word_is_a_leak_only_if_it_was_private() -> None:
    session = only("{FIRSTNAME|Ada}'s phone")
    assert score(session, [mask(0, 0, "FIRSTNAME", shown="'s")])["FIRSTNAME"].leaked == 0
    assert score(session, [mask(0, 0, "FIRSTNAME", shown="da's")])["FIRSTNAME"].leaked == 1


def test_an_address_may_take_the_town_and_the_code_along() -> None:
    assert added(score(ADDRESS, [mask(0, 6, "ADDRESS")]).values()) == Tally(
        gold=3, found=3, masks=1, right=1
    )


def test_an_address_may_be_masked_by_its_pieces_if_one_says_address() -> None:
    rest = [mask(4, 4, "CITY"), mask(5, 6, "ZIPCODE")]
    pieces = [mask(0, 0, "BUILDINGNUMBER"), mask(1, 2, "ADDRESS"), *rest]
    assert added(score(ADDRESS, pieces).values()) == Tally(gold=3, found=3, masks=4, right=4)
    assert score(ADDRESS, [mask(0, 2, "CITY"), *rest])["ADDRESS"].found == 0


def test_a_code_without_an_address_needs_its_own_type() -> None:
    assert score(only("ZIP {ZIPCODE|90210}"), [mask(1, 1, "ADDRESS")])["ZIPCODE"].found == 0


def test_one_mask_over_both_names_finds_the_one_it_names() -> None:
    tallies = score(NAME, [mask(1, 2, "FIRSTNAME")])
    assert tallies["FIRSTNAME"] == Tally(gold=1, found=1, masks=1, right=1)
    assert tallies["LASTNAME"] == Tally(gold=1)


def test_a_name_masked_as_the_other_kind_is_not_found() -> None:
    tallies = score(NAME, [mask(1, 1, "LASTNAME"), mask(2, 2, "FIRSTNAME")])
    assert added(tallies.values()) == Tally(gold=2, masks=2)


def test_a_redactor_that_does_not_tell_names_apart_finds_both() -> None:
    person = ("FIRSTNAME", "LASTNAME")
    assert added(score(NAME, [mask(1, 2, *person)]).values()) == Tally(
        gold=2, found=2, masks=1, right=1
    )


def test_one_mask_may_cover_parts_of_one_value_in_several_turns() -> None:
    session = only("{PIN|one two}\n{PIN|three four}")
    assert score(session, [mask(0, 3, "PIN")])["PIN"] == Tally(gold=2, found=2, masks=1, right=1)


def test_what_a_partial_shows_and_the_final_hides_was_shown_early() -> None:
    card = [mask(1, 4, "CREDITCARDNUMBER")]
    assert [early(CARD, card, shown) for shown in ({0, 5}, {0, 1}, {4})] == [0, 1, 1]
    assert early(CARD, [mask(1, 3, "CREDITCARDNUMBER")], {1}) == 0


def test_rates_are_of_all_parts_and_all_masks() -> None:
    tally = added([Tally(gold=3, found=2, leaked=1, masks=4, right=3), Tally(gold=1)])
    assert (tally.recall, tally.precision, tally.leak_rate) == (0.5, 0.75, 0.25)
    assert Tally().recall is None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("chosen", "english", "others"),
    [
        ("first", (250, 120), (60, 30)),
        ("second", (150, 90), (40, 20)),
        ("third", (130, 90), (40, 20)),
    ],
)
def test_the_sets_are_as_large_as_the_documentation_says(
    language: str, chosen: Chosen, english: tuple[int, int], others: tuple[int, int]
) -> None:
    turns = [turn for session in read(language, chosen) for turn in session.turns]
    private = sum(any(token.span is not None for token in turn) for turn in turns)
    least = english if language == "en" else others
    assert (private >= least[0], len(turns) - private >= least[1]) == (True, True)


@pytest.mark.parametrize("chosen", FOLDERS)
def test_english_has_something_private_of_every_type(chosen: Chosen) -> None:
    spans = [types[0] for session in read("en", chosen) for types in session.spans]
    assert set(TYPES) <= set(spans)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_session_with_something_private_is_in_two_sets(language: str) -> None:
    sets = (
        {
            tuple(token.text for token in session.tokens)
            for session in read(language, chosen)
            if session.spans
        }
        for chosen in FOLDERS
    )
    assert all(one.isdisjoint(other) for one, other in combinations(sets, 2))


@pytest.mark.parametrize("language", LANGUAGES)
def test_lower_case_keeps_every_private_part_of_the_sets(language: str) -> None:
    for session in (each for chosen in FOLDERS for each in read(language, chosen)):
        spans = {token.span for token in lowered(session).tokens if not token.optional}
        assert spans - {None} == set(range(len(session.spans))), session.section
