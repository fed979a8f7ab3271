from hypothesis import given
from hypothesis import strategies as st

from sferic.text.redaction.ledger import Ledger


@given(st.lists(st.sampled_from(["kevin", "maria", "4242", "o'hara"])))
def test_the_same_value_has_the_same_number_and_new_ones_count_up(values: list[str]) -> None:
    ledger = Ledger()
    numbers = [ledger.number("FIRSTNAME", value) for value in values]
    order = list(dict.fromkeys(values))
    assert numbers == [order.index(value) + 1 for value in values]


def test_types_are_counted_apart() -> None:
    ledger = Ledger()
    assert ledger.number("FIRSTNAME", "kelly") == 1
    assert ledger.number("LASTNAME", "kelly") == 1


def test_a_preview_gives_the_numbers_that_follow_and_keeps_none() -> None:
    ledger = Ledger()
    ledger.number("PIN", "1234")
    preview = ledger.preview()
    assert [preview.number("PIN", value) for value in ("1234", "5", "6", "5")] == [1, 2, 3, 2]
    assert not ledger.has("PIN", "5")


def test_it_is_bounded_and_gives_no_number_twice() -> None:
    ledger = Ledger(limit=3)
    numbers = [ledger.number("PIN", str(value)) for value in (1, 2, 3, 1, 4)]
    assert numbers == [1, 2, 3, 1, 4]
    assert ledger.has("PIN", "1")
    assert not ledger.has("PIN", "2")
    assert ledger.number("PIN", "2") == 5


def test_it_shows_no_value() -> None:
    ledger = Ledger()
    ledger.number("FIRSTNAME", "kevin")
    assert "kevin" not in repr(ledger) + repr(ledger.preview()) + repr(vars_of(ledger))


def vars_of(ledger: Ledger) -> dict[str, object]:
    return {name: getattr(ledger, name) for name in ledger.__slots__}
