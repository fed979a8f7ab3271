"""Digits as a language groups them."""

from sferic.text.numerals.grammar import Grammar


def integer(value: int, grammar: Grammar) -> str:
    """Write a whole number with the separators of a language."""
    digits = str(value)
    if not grammar.group or len(digits) < grammar.group_from:
        return digits
    size = 2 if grammar.lakhs else 3
    head, tail = digits[:-3], digits[-3:]
    groups = [head[max(0, end - size) : end] for end in range(len(head), 0, -size)]
    return grammar.group.join((*reversed(groups), tail))


def ordinal(value: int, spoken: str, grammar: Grammar) -> str:
    """Write an ordinal: digits, and what the language puts behind them.

    Args:
        value: The number.
        spoken: The last word of it as it was said, for its gender.
        grammar: The language.
    """
    digits = str(value)
    forms = grammar.ordinals
    for sound, suffix in forms.sounds.items():
        if spoken.endswith(sound):
            return digits + suffix
    for length in range(len(digits), -1, -1):
        ending = digits[len(digits) - length :]
        if ending in forms.suffixes:
            return digits + forms.suffixes[ending]
    return digits


def phone(digits: str, grammar: Grammar) -> str:
    """Group the number of a telephone as a language does; as it is if there is no way."""
    pattern = grammar.phones.get(str(len(digits)))
    if pattern is None:
        return digits
    groups, place, number = [], 0, ""
    for mark in pattern:
        if mark.isdecimal():
            number = digits[place : place + int(mark)]
            place += int(mark)
            groups.append(number)
        else:
            groups.append(mark)
    return "".join(groups)
