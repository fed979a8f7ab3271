import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic import languages

SEED = Path(__file__).parents[2] / "shared/seed/lightning-get_text.txt"


@pytest.mark.skipif(not SEED.exists(), reason="the specification is not beside this checkout")
def test_the_codes_are_those_of_the_specification() -> None:
    listed = re.search(r"Supported: ([a-z, ]+), multi$", SEED.read_text(), re.MULTILINE)

    assert listed
    assert set(listed[1].split(", ")) == set(languages.CODES)


@pytest.mark.parametrize("tag", ["en", "EN", "en-US", "en_GB", "EN-us-x-any", "en-Latn-GB"])
def test_a_regional_form_folds_to_its_language(tag: str) -> None:
    assert languages.fold(tag) == "en"


@pytest.mark.parametrize("name", languages.AGGREGATES)
def test_an_aggregate_keeps_its_name_whatever_its_case_and_hyphens(name: str) -> None:
    assert languages.fold(name) == name
    assert languages.fold(name.upper()) == name
    assert languages.fold(name.replace("_", "-")) == name


@pytest.mark.parametrize(
    "tag", ["multi-asian", "north", "english", "e", "", "en-", "de us", "ＥＮ"]
)
def test_what_is_no_tag_of_a_language_stays_unknown(tag: str) -> None:
    assert not languages.is_known(languages.fold(tag))


@given(st.text())
def test_any_text_can_be_folded_and_folding_again_changes_nothing(text: str) -> None:
    folded = languages.fold(text)

    assert languages.fold(folded) == folded


def test_an_aggregate_stands_for_its_members() -> None:
    assert languages.candidates("multi") == tuple(languages.CODES)
    assert set(languages.candidates("multi-south-indic")) == {"en", "ta", "te", "kn", "ml"}
    assert languages.is_aggregate("north_indic")


def test_the_european_and_indic_aggregates_make_up_all_languages() -> None:
    both = {*languages.candidates("multi-eu"), *languages.candidates("multi-indic")}

    assert both == set(languages.CODES)


def test_a_language_stands_for_itself() -> None:
    assert languages.candidates("or") == ("or",)
    assert not languages.is_aggregate("or")


def test_an_unknown_language_stands_for_nothing() -> None:
    with pytest.raises(LookupError, match="zh"):
        languages.candidates("zh")
