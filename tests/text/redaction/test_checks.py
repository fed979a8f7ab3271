import pytest

from sferic.text.redaction.checks import CHECKS

VALID = {
    "luhn": ("4242424242424242", "378282246310005", "5555555555554444"),
    "iban": ("GB29NWBK60161331926819", "DE89370400440532013000", "FR1420041010050500013M02606"),
    "verhoeff": ("234123412346", "499118665246"),
    "dni": ("12345678Z", "X1234567L"),
    "codice_fiscale": ("RSSMRA85T10A562S",),
    "cpf": ("11144477735",),
    "aba": ("021000021", "111000025"),
    "nhs": ("9434765919",),
    "bsn": ("111222333",),
    "nir": ("185037511600127",),
}


def test_every_check_has_an_example() -> None:
    assert set(VALID) == set(CHECKS)


@pytest.mark.parametrize("name", sorted(VALID))
def test_a_check_accepts_what_is_valid_and_no_number_with_a_digit_changed(name: str) -> None:
    check = CHECKS[name]
    for value in VALID[name]:
        assert check(value)
        last = len(value) - 1 - value[::-1].index(next(c for c in value[::-1] if c.isdigit()))
        changed = str((int(value[last]) + 1) % 10)
        assert not check(value[:last] + changed + value[last + 1 :])


def test_a_card_of_one_digit_only_is_none() -> None:
    assert not CHECKS["luhn"]("0000000000000000")
