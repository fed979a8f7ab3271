import pytest

from sferic.text.numbers.reader import NumberReader
from sferic.text.numbers.table import Hints, build, load

ROWS = [("1", "uno"), ("2", "duo"), ("20", "vint"), ("*100", "cent"), ("*1000", "-miles")]


def value(said: str, hints: Hints) -> int | None:
    tokens = said.split()
    reading = NumberReader(build(ROWS, hints)).cardinal(tokens, 0)
    return reading.value if reading and reading.count == len(tokens) else None


def test_words_may_be_added_by_hand() -> None:
    assert value("ambo", Hints()) is None
    assert value("ambo", Hints(words={"2": ("ambo",)})) == 2


def test_a_joint_stands_where_there_is_room_behind_it() -> None:
    hints = Hints(joins={"et": 100})

    assert value("cent et uno", hints) == 101
    assert value("vint et uno", hints) is None
    assert value("cent et et uno", hints) is None


def test_units_may_come_first_and_then_not_last() -> None:
    first = Hints(units_first=("on",))

    assert value("duo on vint", first) == value("duoonvint", first) == 22
    assert value("vint duo", first) == 22
    assert value("vint duo", Hints(units_first=("on",), units_last=False)) is None


def test_an_article_is_one_before_what_multiplies() -> None:
    hints = Hints(articles=("un",))

    assert value("un cent uno", hints) == 101
    assert value("un", hints) is None
    assert value("un uno", hints) is None


def test_hyphens_say_what_has_to_follow_or_to_precede() -> None:
    hints = Hints(words={"200": ("ducent-",)})

    assert value("ducentuno", hints) == 201
    assert value("ducent", hints) is None
    assert value("duo miles", hints) == 2000
    assert value("miles", hints) is None


def test_there_is_no_table_of_an_unknown_language() -> None:
    with pytest.raises(LookupError, match="tlh"):
        load("tlh")
