"""What redaction knows about a language, read from its file.

`docs/text.md` says what the tables of such a file are. A file is laid over `default.toml`, which
holds for every language; lists grow, everything else is replaced.
"""

import functools
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from typing import Any

import msgspec

from sferic.text.numbers import reader
from sferic.text.redaction.checks import CHECKS
from sferic.text.redaction.lexicon import OWN, lexicon
from sferic.text.redaction.phrases import Phrase, phrases_of, spelled_out
from sferic.text.redaction.rulefile import File, Format, People
from sferic.text.redaction.script import folded, is_indic

_APOSTROPHE = "'"
_OWN_MARKS = "".join(OWN.values())
_NAMES = frozenset("fFgLl")
_BEHIND = frozenset(("after", "age_after", "meridiem", "hour"))


class Rules:
    """The rules of a language in the shape that matching needs."""

    def __init__(self, language: str, file: File) -> None:
        self.language = language
        self.file = file
        self.reader = reader(language)
        self._lexicon = lexicon()
        self._mark = OWN.get(language)
        # Its words are known better than those of all languages together.
        self.knows_words = language == "en"
        self.phrases: dict[str, list[Phrase]] = {}
        self.public = frozenset(file.public)
        self.units = frozenset(file.units)
        self.never = frozenset((*file.people.never, *file.elisions))
        self.doubtful = frozenset(file.people.doubtful)
        self.certain = frozenset(file.people.certain)
        self.domains = frozenset(file.spelling.domains)
        self.things = frozenset(file.ages.things)
        self.months = file.dates.months
        self.doubtful_months = frozenset(file.dates.doubtful_months)
        self.formats = [(form, re.compile(form.pattern), _check(form)) for form in file.formats]
        self.ordinal = _ordinal(file.dates.ordinal_endings)
        self.street_kinds = frozenset(file.streets.endings)
        self.street = _street(file.streets.endings)
        self.city_starts = frozenset(file.streets.city_starts)
        self.street_words = frozenset(file.streets.common)
        self.letter_words = frozenset(file.spelling.words)
        self.providers = frozenset(file.spelling.providers)
        self.fractions = frozenset(phrase.split()[0] for phrase in file.times.fractions)
        self.firsts = frozenset(file.people.firsts)
        self.surnames = _surnames(file.people)
        self.names = frozenset(file.people.names)
        self._own = _own_names(file.people)
        self._words = frozenset(file.people.words)
        self.determiners = frozenset(file.people.determiners)
        self.places = frozenset(file.people.places)
        self.organisations = frozenset(file.people.organisations)
        self.then = frozenset(file.people.then)
        self.goes_on = frozenset(file.times.goes_on)
        for group, value, phrase in phrases_of(file):
            self._add(group, value, phrase)
        self.hesitations = frozenset(file.hesitations)
        self.begun = frozenset(
            phrase.words[:count]
            for phrases in self.phrases.values()
            for phrase in phrases
            if phrase.group in _BEHIND
            for count in range(1, len(phrase.words))
        )
        """What phrases behind a number begin with, without their last words."""
        for phrases in self.phrases.values():
            phrases.sort(key=lambda phrase: -len(phrase.words))

    def __repr__(self) -> str:
        return f"<Rules of {self.language}>"

    def _elided(self, words: Iterable[str]) -> Iterator[str]:
        """Take words apart as tokens are: `m'appelle` is two."""
        for word in words:
            elision = next(filter(word.startswith, self.file.elisions), "")
            if 0 < len(elision) < len(word):
                yield elision
                yield word[len(elision) :]
            else:
                yield word

    def kinds(self, word: str) -> str:
        """Return what the lexicon says about a word, `w` for what is a word in this language.

        Args:
            word: Folded.
        """
        if word in self._words:
            return "w"
        kinds = self._own.get(folded(word))
        if kinds is not None:
            return kinds
        kinds = self._listed(word)
        if not kinds and _APOSTROPHE in word:
            kinds = self._listed(word.replace(_APOSTROPHE, ""))
        if self.knows_words:
            signs = ("e" in kinds) + ("w" in kinds)
            enough = signs >= (1 if _NAMES.isdisjoint(kinds) else 2)
            return kinds.replace("e", "").replace("w", "") + ("w" if enough else "")
        kinds = kinds.replace("e", "")
        if is_indic(word) and not _NAMES.isdisjoint(kinds) and folded(word) not in self.doubtful:
            # The lexicon tells names from words by their capitals.
            kinds = kinds.replace("w", "")
        return kinds.replace("w", "") if word in self.names else kinds

    def _listed(self, word: str) -> str:
        """Look a word up; a first name is a usual one where it is in this language."""
        kinds = self._lexicon.kinds(word)
        if not any(map(str.isdigit, kinds)):
            return kinds
        plain = kinds.strip(_OWN_MARKS)
        return plain.replace("F", "") + "F" if self._mark and self._mark in kinds else plain

    def is_number(self, word: str) -> bool:
        """Tell whether a word is a number word."""
        return self.reader.digit(word) is not None or self.reader.cardinal((word,), 0) is not None

    def _add(self, group: str, value: str, phrase: str) -> None:
        for text in {phrase, phrase.replace(_APOSTROPHE, "")}:
            for spelled in spelled_out(text):
                words = tuple(self._elided(spelled))
                listed = self.phrases.setdefault(words[0], [])
                entry = Phrase(words, group, value)
                if entry not in listed:
                    listed.append(entry)


@functools.lru_cache(maxsize=64)
def rules(language: str) -> Rules:
    """Return the rules of a language, the neutral ones if it has no file."""
    return Rules(language, msgspec.convert(_folded(_merged(language)), File))


def _folded(value: Any) -> Any:
    """Fold all texts of a file, `ß` too, as tokens are."""
    if isinstance(value, str):
        return folded(value).replace("ß", "ss")
    if isinstance(value, list):
        return [_folded(item) for item in value]
    if isinstance(value, dict):
        return {folded(key): _folded(item) for key, item in value.items()}
    return value


def _own_names(people: People) -> dict[str, str]:
    """Return the kinds of the names of a file; what is doubtful is a word too."""
    firsts = frozenset((*people.firsts, *people.others))
    lasts = _surnames(people)
    common = frozenset(people.doubtful) - frozenset(people.certain)
    return {
        name: "f" * (name in firsts) + "L" * (name in lasts) + "w" * (name in common)
        for name in firsts | lasts
    }


def _surnames(people: People) -> frozenset[str]:
    words = {word for name in people.lasts for word in name.split()}
    return frozenset(words) - frozenset(people.never)


def _merged(language: str) -> dict[str, Any]:
    merged = _read("default")
    own = _read(language)
    for other in own.get("also", ()):
        merged = _laid_over(merged, _read(other))
    return _laid_over(merged, own)


def _read(name: str) -> dict[str, Any]:
    path = resources.files("sferic.text") / "data" / "redaction" / f"{name}.toml"
    return tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}


def _laid_over(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            merged[key] = _laid_over(below, value)
        elif isinstance(value, list) and isinstance(below, list):
            merged[key] = [*below, *value]
        else:
            merged[key] = value
    return merged


def _check(form: Format) -> Any:
    return CHECKS[form.check] if form.check else None


def _ordinal(endings: Iterable[str]) -> re.Pattern[str]:
    alternatives = "|".join(map(re.escape, endings)) or r"\b\B"
    return re.compile(rf"(\d{{1,2}})(?:{alternatives})")


def _street(endings: Iterable[str]) -> re.Pattern[str]:
    alternatives = "|".join(map(re.escape, endings)) or r"\b\B"
    return re.compile(rf"[\w-]+(?:{alternatives})")
