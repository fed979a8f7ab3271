"""Conversations with secrets in them, made up at random, and the search for what got out.

Nothing here comes from the rules or lists of redaction. What is no secret has no digits, no number
words and no names, so that whatever of a secret can be read anywhere is a leak.
"""

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

PLACEHOLDER = re.compile(r"\[(?:[a-z]+_[0-9]+|\.\.\.)\]", re.IGNORECASE)
CANARY = "kestrel"
"""Said in every conversation; no secret, but no log may have it."""


def _list(words: str) -> list[str]:
    return words.split()


DIGITS = {
    "en": _list("zero one two three four five six seven eight nine"),
    "de": _list("null eins zwei drei vier fünf sechs sieben acht neun"),
    "es": _list("cero uno dos tres cuatro cinco seis siete ocho nueve"),
    "fr": _list("zéro un deux trois quatre cinq six sept huit neuf"),
}
TENS = _list("x x twenty thirty forty fifty sixty seventy eighty ninety")
TEENS = _list("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
MONTHS = _list("January February March April June July August September October November December")
ORDINALS = _list(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
)
FIRST_NAMES = _list(
    "Kevin Laura Michael Jessica Brian Angela Stephen Melissa Timothy Rebecca Gregory Heather "
    "Priya Rahul Mohammed Fatima Sergei Olga Pedro Carmen Hans Greta Yusuf Aisha Chloe Ethan"
)
LAST_NAMES = _list(
    "Johnson Williams Thompson Anderson Martinez Robinson Rodriguez Hernandez Mitchell Campbell "
    "Sharma Patel Kowalski Schneider Fischer Nguyen Petrov Okafor Lindqvist Moretti"
)
STREETS = _list("Maple Juniper Willow Lincoln Jefferson Madison Chestnut Sycamore")
HOSTS = _list("gmail yahoo hotmail outlook proton")
FILLERS = ("uh", "um", "er", "so")
HARMLESS = frozenset(
    _list(
        "a i o at dot com org net the of and is in to it as double triple street avenue road lane "
        "p m am pm on uh um er so w www dash plus y"
    )
)
"""Tokens of secrets that say nothing by themselves."""

SMALL_TALK = {
    "en": (
        "i would like to pay for my order",
        "can you hear me all right",
        "let me have a look at that",
        "thank you very much for your help",
        "the delivery has not arrived yet",
        "that sounds great to me",
        "please hold the line while i check",
        "what else do you need from me",
    ),
    "de": (
        "ich möchte meine bestellung bezahlen",
        "können sie mich gut hören",
        "vielen dank für ihre hilfe",
        "die lieferung ist noch nicht da",
    ),
    "es": (
        "quisiera pagar mi pedido",
        "me oye usted bien",
        "muchas gracias por su ayuda",
        "el paquete todavía no ha llegado",
    ),
    "fr": (
        "je voudrais payer ma commande",
        "vous m'entendez bien",
        "merci beaucoup pour votre aide",
        "le colis n'est pas encore arrivé",
    ),
}


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
            spoken = " ".join(secret.said)
            wholes += [one for one in (spoken, *secret.forms) if len(one) > 5]
        yield from (whole for whole in wholes if whole.casefold() in lower)


def conversation(chance: random.Random, language: str, *, pii: bool, pci: bool) -> Conversation:
    """Make one up.

    Args:
        chance: Where everything random comes from.
        language: `en`, `de`, `es` or `fr`.
        pii: Whether personal data are said.
        pci: Whether card and account data are.
    """
    makers = [*(PII if pii else ()), *(PCI if pci else ())]
    if language != "en":
        makers = [maker for maker in makers if maker in ABROAD]
    secrets = [chance.choice(makers)(chance, language) for _ in range(chance.randint(1, 3))]
    words: list[str] = []
    for secret in secrets:
        if chance.random() < 0.7:
            words += chance.choice(SMALL_TALK[language]).split()
        before, after = secret.cue.split("{}")
        words += [*before.split(), *_hesitated(chance, secret.said), *after.split()]
    words += [CANARY, *chance.choice(SMALL_TALK[language]).split()]
    return Conversation(language, tuple(words), tuple(secrets))


def noisy(chance: random.Random, words: Sequence[str]) -> list[str]:
    """Write words as a recogniser might: cased or not, with punctuation or not."""
    style = chance.choice(("lower", "cased", "punctuated"))
    written = []
    for word in words:
        text = word.lower() if style == "lower" else word
        if style == "punctuated" and chance.random() < 0.12:
            text += chance.choice((",", ".", "?", ","))
        if style != "lower" and chance.random() < 0.05:
            text = text[:1].upper() + text[1:]
        written.append(text)
    return written


# Numbers


def _digits(chance: random.Random, count: int) -> str:
    return "".join(chance.choice("0123456789") for _ in range(count))


def _grouped(number: str, sizes: Sequence[int]) -> list[str]:
    groups, at = [], 0
    for size in sizes:
        groups.append(number[at : at + size])
        at += size
    return groups


def _spoken(chance: random.Random, number: str, language: str) -> list[str]:
    """Say a number digit by digit, with `double`, `oh` and pairs as people do."""
    names = DIGITS[language]
    if language != "en":
        return [names[int(digit)] for digit in number]
    zero = chance.choice(("zero", "oh"))
    pairs = chance.random() < 0.3
    said, at = [], 0
    while at < len(number):
        digit = number[at]
        if number[at : at + 2] == digit * 2 and chance.random() < 0.5:
            said += ["double", zero if digit == "0" else names[int(digit)]]
            at += 2
        elif pairs and len(number) > 4 and digit != "0" and at + 1 < len(number):
            said += _pair(int(number[at : at + 2]))
            at += 2
        else:
            said.append(zero if digit == "0" else names[int(digit)])
            at += 1
    return said


def _pair(value: int) -> list[str]:
    if value < 20:
        return [TEENS[value - 10]]
    rest = [DIGITS["en"][value % 10]] if value % 10 else []
    return [TENS[value // 10], *rest]


def _number(
    chance: random.Random, language: str, number: str, sizes: Sequence[int], *, cue: str
) -> Secret:
    groups = _grouped(number, sizes)
    forms = (number, " ".join(groups), "-".join(groups))
    way = chance.random()
    if way < 0.55:
        said = _spoken(chance, number, language)
    elif way < 0.7:
        half = chance.randrange(len(groups) + 1)
        said = _spoken(chance, "".join(groups[:half]), language) + groups[half:]
    else:
        said = list(chance.choice(((number,), groups, ("-".join(groups),))))
    spoken = " ".join(DIGITS[language][int(digit)] for digit in number)
    return Secret(tuple(said), (*forms, spoken), cue)


def _luhn(chance: random.Random) -> str:
    body = chance.choice(("4", "51", "52", "55"))
    body += _digits(chance, 15 - len(body))
    total = 0
    for place, digit in enumerate(reversed(body)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return body + str(-total % 10)


# Card and account data


def _card(chance: random.Random, language: str) -> Secret:
    cue = chance.choice(
        {
            "en": ("my card number is {}", "the credit card is {} please", "it's a visa {}"),
            "de": ("meine kartennummer ist {}", "die kreditkartennummer lautet {}"),
            "es": ("mi número de tarjeta es {}", "la tarjeta de crédito es {}"),
            "fr": ("mon numéro de carte est le {}", "la carte bancaire c'est {}"),
        }[language]
    )
    return _number(chance, language, _luhn(chance), (4, 4, 4, 4), cue=cue)


def _cvv(chance: random.Random, language: str) -> Secret:
    cue = chance.choice(
        (
            "the security code is {}",
            "the cvv is {}",
            "cvv {}",
            "the security code for it is {} okay",
        )
    )
    return _number(chance, language, _digits(chance, 3), (3,), cue=cue)


def _expiry(chance: random.Random, language: str) -> Secret:
    month, year = chance.randint(1, 12), chance.randint(26, 35)
    name = DIGITS["en"][month] if month < 10 else TEENS[month - 10]
    said = chance.choice(
        (
            [f"{month:02}/{year}"],
            [f"{month:02}/20{year}"],
            [*(("oh",) if month < 10 else ()), name, *_pair(year)],
        )
    )
    cue = chance.choice(("it expires {}", "the expiry date is {}", "expiration {} thanks"))
    return Secret(tuple(said), (f"{month:02}/{year}",), cue)


def _account(chance: random.Random, language: str) -> Secret:
    cue = chance.choice(
        {
            "en": ("my account number is {}", "the bank account is number {}"),
            "de": ("meine kontonummer ist {}", "die kontonummer lautet {}"),
            "es": ("mi número de cuenta es {}", "el número de cuenta es {}"),
            "fr": ("mon numéro de compte est le {}", "le numéro de compte c'est {}"),
        }[language]
    )
    return _number(chance, language, _digits(chance, 10), (5, 5), cue=cue)


def _pin(chance: random.Random, language: str) -> Secret:
    cue = chance.choice(("my pin is {}", "the pin code is {}", "the pin number is {} okay"))
    return _number(chance, language, _digits(chance, 4), (4,), cue=cue)


def _zip(chance: random.Random, language: str) -> Secret:
    cue = chance.choice(("the zip code is {}", "my zip is {}", "zip code {}"))
    return _number(chance, language, _digits(chance, 5), (5,), cue=cue)


# Personal data


def _phone(chance: random.Random, language: str) -> Secret:
    cue = chance.choice(
        {
            "en": ("my phone number is {}", "you can reach me at {}", "call me at {} please"),
            "de": ("meine telefonnummer ist {}", "sie erreichen mich unter {}"),
            "es": ("mi número de teléfono es {}", "mi teléfono es el {}"),
            "fr": ("mon numéro de téléphone est le {}", "mon téléphone c'est le {}"),
        }[language]
    )
    number = chance.choice("23456789") + _digits(chance, 9)
    return _number(chance, language, number, (3, 3, 4), cue=cue)


def _ssn(chance: random.Random, language: str) -> Secret:
    cue = chance.choice(("my social security number is {}", "my social is {}", "the ssn is {}"))
    number = str(chance.randint(100, 665)) + _digits(chance, 6)
    return _number(chance, language, number, (3, 2, 4), cue=cue)


def _name(chance: random.Random, language: str) -> Secret:
    first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
    said = chance.choice(((first, last), (first,), (first, last)))
    cue = chance.choice(
        {
            "en": ("my name is {}", "this is {} speaking", "my name's {} by the way"),
            "de": ("mein name ist {}", "ich heiße {}"),
            "es": ("me llamo {}", "mi nombre es {}"),
            "fr": ("je m'appelle {}", "mon nom est {}"),
        }[language]
    )
    return Secret(said, (f"{first} {last}",), cue)


def _spelled(chance: random.Random, language: str) -> Secret:
    name = chance.choice((*FIRST_NAMES, *LAST_NAMES))
    end = chance.choice(("", "."))
    said = tuple(letter.upper() + end for letter in name)
    cue = chance.choice(("my last name is spelled {}", f"my name is {name} {{}}"))
    return Secret(said, (name, "-".join(name)), cue)


def _email(chance: random.Random, language: str) -> Secret:
    first, last = chance.choice(FIRST_NAMES).lower(), chance.choice(LAST_NAMES).lower()
    host = chance.choice(HOSTS)
    written = f"{first}.{last}@{host}.com"
    said = chance.choice(((first, "dot", last, "at", host, "dot", "com"), (written,)))
    cue = chance.choice(("my email is {}", "my email address is {} thanks", "send it to {}"))
    return Secret(said, (written, first, last), cue)


def _birthday(chance: random.Random, language: str) -> Secret:
    month, day, year = chance.randrange(11), chance.randint(1, 12), chance.randint(50, 99)
    ordinal, digits = ORDINALS[day - 1], f"{chance.randint(1, 12)}/{day}/19{year}"
    said = chance.choice(
        (
            (MONTHS[month], ordinal, "nineteen", *_pair(year)),
            ("the", ordinal, "of", MONTHS[month], "nineteen", *_pair(year)),
            (MONTHS[month], f"{day},", f"19{year}"),
            (digits,),
        )
    )
    cue = chance.choice(("i was born on {}", "my date of birth is {}", "my birthday is {}"))
    return Secret(said, (), cue)


def _address(chance: random.Random, language: str) -> Secret:
    number = str(chance.randint(21, 99))
    house = chance.choice(([number], _pair(int(number))))
    kind = chance.choice(("Street", "Avenue", "Road", "Lane"))
    cue = chance.choice(("i live at {}", "my address is {}", "please send it to {}"))
    return Secret((*house, chance.choice(STREETS), kind), (), cue)


def _age(chance: random.Random, language: str) -> Secret:
    value = chance.randint(21, 89)
    said = chance.choice(((str(value),), tuple(_pair(value))))
    return Secret(said, (), "i am {} years old")


def _address_of_a_machine(chance: random.Random, language: str) -> Secret:
    written = ".".join(str(chance.randint(2, 250)) for _ in range(4))
    return Secret((written,), (), "the ip address is {}")


PCI = (_card, _card, _cvv, _expiry, _account, _pin, _zip)
PII = (
    _phone,
    _phone,
    _ssn,
    _name,
    _name,
    _spelled,
    _email,
    _birthday,
    _address,
    _age,
    _address_of_a_machine,
)
ABROAD = frozenset((_card, _account, _phone, _name))


def _hesitated(chance: random.Random, words: Sequence[str]) -> Iterator[str]:
    hesitates = chance.random() < 0.3
    for place, word in enumerate(words):
        if place and hesitates and chance.random() < 0.15:
            yield chance.choice(FILLERS)
        yield word


def _tokens(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())
