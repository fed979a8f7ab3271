"""Numbers as people say them: digit by digit, in pairs, doubled, half of them written."""

import random
from collections.abc import Sequence

from phrasebook import DIGITS, TEENS, TENS

_ELIDED = ("uno", "otto")
_SPANISH_TWENTIES = ("", "uno", "dós", "trés", "cuatro", "cinco", "séis", "siete", "ocho", "nueve")


def spoken(chance: random.Random, number: str, language: str) -> list[str]:
    """Say a number: digit by digit or in pairs, in English with `double` and `oh` too."""
    names = DIGITS[language]
    english = language == "en"
    zero = chance.choice(("zero", "oh")) if english else names[0]
    pairs = len(number) > 4 and language in TENS and chance.random() < 0.3
    said, at = [], 0
    while at < len(number):
        digit = number[at]
        if english and number[at : at + 2] == digit * 2 and chance.random() < 0.5:
            said += ["double", zero if digit == "0" else names[int(digit)]]
            at += 2
        elif pairs and digit != "0" and at + 1 < len(number):
            said += pair(int(number[at : at + 2]), language)
            at += 2
        else:
            said.append(zero if digit == "0" else names[int(digit)])
            at += 1
    return said


def pair(value: int, language: str) -> list[str]:
    """Say a number from 10 to 99 in words; there are no words of Hindi for it here."""
    tens, unit = divmod(value, 10)
    if tens == 1:
        return [TEENS[language][unit]]
    if language == "fr" and tens > 6:
        return _high_french(value)
    ten = TENS[language][tens - 2]
    return [ten] if unit == 0 else _joined(ten, tens, unit, language)


def _joined(ten: str, tens: int, unit: int, language: str) -> list[str]:
    name = DIGITS[language][unit]
    match language:
        case "de":
            said = [f"{name.removesuffix('s') if unit == 1 else name}und{ten}"]
        case "nl":
            said = [f"{name}{'ën' if name.endswith('e') else 'en'}{ten}"]
        case "fr":
            said = [ten, "et", "un"] if unit == 1 else [f"{ten}-{name}"]
        case "it":
            name = "tré" if unit == 3 else name
            said = [(ten[:-1] if name in _ELIDED else ten) + name]
        case "es" if tens == 2:
            said = [f"veinti{_SPANISH_TWENTIES[unit]}"]
        case "es":
            said = [ten, "y", name]
        case "pt":
            said = [ten, "e", name]
        case _:
            said = [ten, name]
    return said


def _high_french(value: int) -> list[str]:
    if value < 80:
        teen = TEENS["fr"][value - 70]
        return ["soixante", "et", teen] if value == 71 else [f"soixante-{teen}"]
    if value == 80:
        return ["quatre-vingts"]
    rest = DIGITS["fr"][value - 80] if value < 90 else TEENS["fr"][value - 90]
    return [f"quatre-vingt-{rest}"]


def random_digits(chance: random.Random, count: int) -> str:
    """Return a number of so many digits."""
    return "".join(chance.choice("0123456789") for _ in range(count))


def grouped(number: str, sizes: Sequence[int]) -> list[str]:
    """Cut a number into groups."""
    groups, at = [], 0
    for size in sizes:
        groups.append(number[at : at + size])
        at += size
    return groups


def luhn(chance: random.Random) -> str:
    """Make up the number of a card, with its check digit."""
    body = chance.choice(("4", "51", "52", "55"))
    body += random_digits(chance, 15 - len(body))
    total = 0
    for place, digit in enumerate(reversed(body)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return body + str(-total % 10)
