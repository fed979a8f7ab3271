"""Conversations with secrets in them, made up at random, and the search for what got out."""

import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from dictated import grouped, luhn, pair, random_digits, spoken
from noise import stumbled
from phrasebook import (
    AT,
    CUES,
    DIGITS,
    DOT,
    FILLERS,
    FIRST_NAMES,
    HARMLESS,
    HINDI_FIRST_NAMES,
    HINDI_LAST_NAMES,
    HOSTS,
    LAST_NAMES,
    MONTHS,
    ORDINALS,
    SMALL_TALK,
    STREETS,
    TEENS,
    TENS,
)

PLACEHOLDER = re.compile(r"\[(?:[a-z]+_[0-9]+|\.\.\.)\]", re.IGNORECASE)
CANARY = "kestrel"
"""Said in every conversation; no secret, but no log may have it."""

_LETTER = "(?:[^\\W_]|[\u0900-\u0963\u0971-\u097f])"
_TOKEN = re.compile(f"{_LETTER}+(?:['’]{_LETTER}+)*")
_POSTCODES = {"pt": (5, 3), "hi": (6,)}


@dataclass(frozen=True)
class Secret:
    """Something that must not be seen, and how it may look."""

    said: tuple[str, ...]
    """Its words, as they are spoken or written."""
    forms: tuple[str, ...] = ()
    """Other ways to write it."""
    cue: str = "{}"
    """What is said around it."""

    @property
    def tokens(self) -> frozenset[str]:
        """What of it must not be readable by itself."""
        return frozenset(_tokens(" ".join((*self.said, *self.forms)))) - HARMLESS


@dataclass(frozen=True)
class Conversation:
    """What is said in one session, and what of it is secret."""

    language: str
    words: tuple[str, ...]
    secrets: tuple[Secret, ...]

    def leaks(self, texts: Iterable[str]) -> Iterator[str]:
        """Say what of the secrets can be read in texts that people see."""
        secret = frozenset[str]().union(*(one.tokens for one in self.secrets))
        secret -= frozenset(FILLERS[self.language])
        for text in texts:
            read = _tokens(PLACEHOLDER.sub(" ", text))
            for token in read:
                if token in secret or any(map(str.isdigit, token)):
                    yield f"{token!r} in {text!r}"

    def traces(self, raw: str) -> Iterator[str]:
        """Say what of the secrets, whole, or of the talk stands in anything else, such as a log."""
        lower = raw.casefold()
        wholes = [CANARY]
        for secret in self.secrets:
            said = " ".join(secret.said)
            wholes += [one for one in (said, *secret.forms) if len(one) > 5]
        yield from (whole for whole in wholes if whole.casefold() in lower)


Maker = Callable[[random.Random, str], Secret]


def conversation(chance: random.Random, language: str, *, pii: bool, pci: bool) -> Conversation:
    """Make one up.

    Args:
        chance: Where everything random comes from.
        language: One of `phrasebook.LANGUAGES`.
        pii: Whether personal data are said.
        pci: Whether card and account data are.
    """
    kinds = [*(PII if pii else ()), *(PCI if pci else ())]
    makers = [maker for kind, maker in kinds if language == "en" or language in CUES.get(kind, ())]
    secrets = [chance.choice(makers)(chance, language) for _ in range(chance.randint(1, 3))]
    words: list[str] = []
    for secret in secrets:
        if chance.random() < 0.7:
            words += chance.choice(SMALL_TALK[language]).split()
        before, after = secret.cue.split("{}")
        said = stumbled(chance, language, secret.said, hesitates=chance.random() < 0.3)
        words += [*stumbled(chance, language, before.split(), hesitates=False), *said]
        words += after.split()
    words += [CANARY, *chance.choice(SMALL_TALK[language]).split()]
    return Conversation(language, tuple(words), tuple(secrets))


def _cue(chance: random.Random, kind: str, language: str) -> str:
    return chance.choice(CUES[kind][language])


def _number(
    chance: random.Random, kind: str, language: str, number: str, sizes: Sequence[int]
) -> Secret:
    groups = grouped(number, sizes)
    forms = (number, " ".join(groups), "-".join(groups))
    way = chance.random()
    if way < 0.55:
        said = spoken(chance, number, language)
    elif way < 0.7:
        half = chance.randrange(len(groups) + 1)
        said = spoken(chance, "".join(groups[:half]), language) + groups[half:]
    else:
        said = list(chance.choice(((number,), groups, ("-".join(groups),))))
    digits = " ".join(DIGITS[language][int(digit)] for digit in number)
    return Secret(tuple(said), (*forms, digits), _cue(chance, kind, language))


# Card and account data


def _card(chance: random.Random, language: str) -> Secret:
    return _number(chance, "card", language, luhn(chance), (4, 4, 4, 4))


def _cvv(chance: random.Random, language: str) -> Secret:
    return _number(chance, "cvv", language, random_digits(chance, 3), (3,))


def _expiry(chance: random.Random, language: str) -> Secret:
    month, year = chance.randint(1, 12), chance.randint(26, 35)
    digits = DIGITS[language]
    name = [digits[month]] if month < 10 else [*TEENS.get(language, ())][month - 10 : month - 9]
    ways = [[f"{month:02}/{year}"], [f"{month:02}/20{year}"]]
    if language == "en":
        ways.append([*(("oh",) if month < 10 else ()), *name, *pair(year, language)])
    elif language in TENS:
        ways.append([*((digits[0],) if month < 10 else ()), *name, *pair(year, language)])
    said = chance.choice(ways)
    return Secret(tuple(said), (f"{month:02}/{year}",), _cue(chance, "expiry", language))


def _account(chance: random.Random, language: str) -> Secret:
    return _number(chance, "account", language, random_digits(chance, 10), (5, 5))


def _pin(chance: random.Random, language: str) -> Secret:
    return _number(chance, "pin", language, random_digits(chance, 4), (4,))


def _zip(chance: random.Random, language: str) -> Secret:
    sizes = _POSTCODES.get(language, (5,))
    return _number(chance, "zip", language, random_digits(chance, sum(sizes)), sizes)


# Personal data


def _phone(chance: random.Random, language: str) -> Secret:
    number = chance.choice("23456789") + random_digits(chance, 9)
    return _number(chance, "phone", language, number, (3, 3, 4))


def _ssn(chance: random.Random, language: str) -> Secret:
    cue = chance.choice(("my social security number is {}", "my social is {}", "the ssn is {}"))
    number = str(chance.randint(100, 665)) + random_digits(chance, 6)
    secret = _number(chance, "account", language, number, (3, 2, 4))
    return Secret(secret.said, secret.forms, cue)


def _name(chance: random.Random, language: str) -> Secret:
    hindi = language == "hi"
    first = chance.choice(HINDI_FIRST_NAMES if hindi else FIRST_NAMES)
    last = chance.choice(HINDI_LAST_NAMES if hindi else LAST_NAMES)
    said = chance.choice(((first, last), (first,), (first, last)))
    return Secret(said, (f"{first} {last}",), _cue(chance, "name", language))


def _spelled(chance: random.Random, language: str) -> Secret:
    name = chance.choice((*FIRST_NAMES, *LAST_NAMES))
    end = chance.choice(("", "."))
    letters = tuple(letter.upper() + end for letter in name)
    cue = _cue(chance, "spelled", language)
    said = letters if cue == CUES["spelled"][language][0] else (name, *letters)
    return Secret(said, (name, "-".join(name)), cue)


def _email(chance: random.Random, language: str) -> Secret:
    first, last = chance.choice(FIRST_NAMES).lower(), chance.choice(LAST_NAMES).lower()
    host = chance.choice(HOSTS)
    written = f"{first}.{last}@{host}.com"
    ways: list[tuple[str, ...]] = [(written,)]
    if language in AT:
        at, dot = AT[language], DOT[language]
        ways.append((first, dot, last, at, host, dot, "com"))
    return Secret(chance.choice(ways), (written, first, last), _cue(chance, "email", language))


def _birthday(chance: random.Random, language: str) -> Secret:
    month, day, year = chance.randrange(11), chance.randint(1, 12), chance.randint(50, 99)
    name, ordinal = MONTHS[language][month], ORDINALS[day - 1]
    number = chance.randint(1, 12)
    of = ("de",) if language in ("es", "pt") else ()
    if language == "en":
        digits = f"{number}/{day}/19{year}"
        said = chance.choice(
            (
                (name, ordinal, "nineteen", *pair(year, "en")),
                ("the", ordinal, "of", name, "nineteen", *pair(year, "en")),
                (name, f"{day},", f"19{year}"),
                (digits,),
            )
        )
    else:
        point = "." if language == "de" else ""
        separator = "." if language == "de" else "/"
        said = chance.choice(
            (
                (f"{day + 12}{point}", *of, name, *of, f"19{year}"),
                (separator.join((str(day), str(number), f"19{year}")),),
            )
        )
    return Secret(said, (), _cue(chance, "birthday", language))


def _address(chance: random.Random, language: str) -> Secret:
    number = str(chance.randint(21, 99))
    house = chance.choice(([number], pair(int(number), "en")))
    kind = chance.choice(("Street", "Avenue", "Road", "Lane"))
    cue = chance.choice(("i live at {}", "my address is {}", "please send it to {}"))
    return Secret((*house, chance.choice(STREETS), kind), (), cue)


def _age(chance: random.Random, language: str) -> Secret:
    value = chance.randint(21, 89)
    ways: list[tuple[str, ...]] = [(str(value),)]
    if language in TENS:
        ways.append(tuple(pair(value, language)))
    return Secret(chance.choice(ways), (), _cue(chance, "age", language))


def _address_of_a_machine(chance: random.Random, language: str) -> Secret:
    written = ".".join(str(chance.randint(2, 250)) for _ in range(4))
    return Secret((written,), (), "the ip address is {}")


PCI: tuple[tuple[str, Maker], ...] = (
    *(("card", _card), ("card", _card), ("cvv", _cvv), ("expiry", _expiry)),
    *(("account", _account), ("pin", _pin), ("zip", _zip)),
)
PII: tuple[tuple[str, Maker], ...] = (
    *(("phone", _phone), ("phone", _phone), ("ssn", _ssn), ("name", _name), ("name", _name)),
    *(("spelled", _spelled), ("email", _email), ("birthday", _birthday), ("street", _address)),
    *(("age", _age), ("ip", _address_of_a_machine)),
)
"""Kinds of secrets, and who makes one up; those without cues in a language are not said in it."""


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text.casefold())
