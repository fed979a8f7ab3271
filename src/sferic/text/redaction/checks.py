"""Check digits: what tells a card or an account from any other number."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

_VERHOEFF_PRODUCT = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_VERHOEFF_PERMUTATION = (
    "0123456789", "1576283094", "5803796142", "8916043527",
    "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_CODICE_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)  # fmt: skip  # noqa: E501
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")


def luhn(value: str) -> bool:
    """Payment cards (ISO/IEC 7812-1)."""
    total = 0
    for index, digit in enumerate(reversed(value)):
        number = int(digit)
        total += number if index % 2 == 0 else number * 2 - 9 * (number > 4)
    return total % 10 == 0 and len(set(value)) > 1


def iban(value: str) -> bool:
    """International bank account numbers (ISO 13616): 97 divides all but one."""
    if not _IBAN.fullmatch(value):
        return False
    return int("".join(str(int(mark, 36)) for mark in value[4:] + value[:4])) % 97 == 1


def verhoeff(value: str) -> bool:
    """Aadhaar, the number of a resident of India."""
    check = 0
    for index, digit in enumerate(reversed(value)):
        check = int(_VERHOEFF_PRODUCT[check][int(_VERHOEFF_PERMUTATION[index % 8][int(digit)])])
    return check == 0


def dni(value: str) -> bool:
    """Spanish identity cards, DNI and NIE: a letter is the remainder by 23."""
    number = value[:-1].translate(str.maketrans("XYZ", "012"))
    return number.isdecimal() and _DNI_LETTERS[int(number) % 23] == value[-1]


def codice_fiscale(value: str) -> bool:
    """Italian tax codes: the last letter is a sum of all others, odd places by a table."""
    total = 0
    for index, mark in enumerate(value[:-1]):
        number = int(mark) if mark.isdecimal() else ord(mark) - ord("A")
        total += number if index % 2 else _CODICE_ODD[number]
    return chr(ord("A") + total % 26) == value[-1]


def cpf(value: str) -> bool:
    """Brazilian tax payers: two digits, weights from 10 and 11 down, modulo 11."""
    for length in (9, 10):
        total = sum(int(value[index]) * (length + 1 - index) for index in range(length))
        if total * 10 % 11 % 10 != int(value[length]):
            return False
    return len(set(value)) > 1


def nir(value: str) -> bool:
    """French social security: the last two digits complete a multiple of 97."""
    body = value[:-2].replace("2A", "19").replace("2B", "18")
    return body.isdecimal() and 97 - int(body) % 97 == int(value[-2:])


def aba(value: str) -> bool:
    """American routing numbers: weights 3, 7 and 1, modulo 10, behind two digits of a district."""
    district = int(value[:2])
    known = district <= 12 or 21 <= district <= 32 or 61 <= district <= 72 or district == 80
    return (
        known
        and sum(int(digit) * (3, 7, 1)[index % 3] for index, digit in enumerate(value)) % 10 == 0
    )


def nhs(value: str) -> bool:
    """British NHS numbers: weights from 10 down, modulo 11, the last digit included."""
    total = sum(int(digit) * (10 - index) for index, digit in enumerate(value[:-1]))
    return (11 - total % 11) % 11 == int(value[-1]) and len(set(value)) > 1


def bsn(value: str) -> bool:
    """Dutch citizens: weights from 9 down, the last one -1, modulo 11."""
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    total = sum(int(digit) * weight for digit, weight in zip(value, weights, strict=True))
    return total % 11 == 0 and len(set(value)) > 1


CHECKS: Mapping[str, Callable[[str], bool]] = MappingProxyType(
    {
        "luhn": luhn,
        "iban": iban,
        "verhoeff": verhoeff,
        "dni": dni,
        "codice_fiscale": codice_fiscale,
        "cpf": cpf,
        "nir": nir,
        "aba": aba,
        "nhs": nhs,
        "bsn": bsn,
    }
)
"""By the names that rules use. Each takes a value of the form its rule describes."""
