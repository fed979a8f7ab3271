"""What redaction knows about a language, read from its file.

`docs/text.md` says what the tables of such a file are. A file is laid over `default.toml`, which
holds for every language; lists grow, everything else is replaced.
"""

import functools
import itertools
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import resources
from typing import Any

import msgspec

from sferic.text.numbers import reader
from sferic.text.redaction.checks import CHECKS
from sferic.text.redaction.lexicon import lexicon
from sferic.text.redaction.script import folded, is_indic

_APOSTROPHE = "'"
_NAMES = frozenset("fFgLl")
_BEHIND = frozenset(("after", "age_after", "meridiem", "hour"))
_SLOT = re.compile(r"\(([^()]*)\)")


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """The form of a number: what it looks like in capitals and digits without separators."""

    type: str
    pattern: str
    check: str | None = None
    """Name of the check that has to hold, one of `checks.CHECKS`."""
    alone: bool = False
    """Whether the form is enough, without a cue."""
    written: bool = False
    """Whether the pattern is one of the number as it is written, separators included."""


class Dates(msgspec.Struct, frozen=True, kw_only=True):
    """How days are said and written."""

    months: dict[str, int] = {}
    doubtful_months: tuple[str, ...] = ()
    """Those that are other words too: `may`, `march`."""
    ordinals: dict[str, int] = {}
    """Days of the month as they are said, where that is no cardinal: `third`."""
    ordinal_months: bool = False
    """Whether months are said as ordinals too: `am dritten fünften`."""
    ordinal_endings: tuple[str, ...] = ()
    """What ends them when written: `3rd`."""
    joins: tuple[str, ...] = ()
    """What comes between day, month and year: `of`."""
    on: tuple[str, ...] = ()
    """What comes before a day, and not before a month without one: `on`."""
    month_first: bool = False
    """Whether 12/25 is a day in December and `May 3` a date: else only `3 May` is."""


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """How hours are said and written."""

    before: tuple[str, ...] = ()
    """What a bare hour follows at the end of a clause: `at`."""
    hour: tuple[str, ...] = ()
    """What follows an hour: `o'clock`."""
    hour_after_cue: tuple[str, ...] = ()
    """The same where it may be a duration, if `before` comes first: `heures`."""
    meridiem: tuple[str, ...] = ()
    """What follows an hour and its minutes: `p m`, `in the morning`."""
    fractions: tuple[str, ...] = ()
    """What an hour follows: `half past`, `quarter to`."""
    past: tuple[str, ...] = ()
    """What comes between minutes and an hour: `past`, `to`."""
    hours: tuple[str, ...] = ()
    """Hours that are words: `noon`."""
    joins: tuple[str, ...] = ()
    """What comes between an hour and its minutes: `e`."""
    parts: tuple[str, ...] = ()
    """Before an hour that is said to be one, a part of it: `शाम`, `साढ़े`."""
    goes_on: tuple[str, ...] = ()
    """What may follow a bare hour: `tomorrow`, `please`. A noun may not."""


class Ages(msgspec.Struct, frozen=True, kw_only=True):
    """How old somebody is."""

    before: tuple[str, ...] = ()
    """What makes a number an age: `aged`."""
    after: tuple[str, ...] = ()
    """The same behind it: `years old`."""
    asks: tuple[str, ...] = ()
    """Questions that an age answers: `wie alt`."""
    subject: tuple[str, ...] = ()
    """What a bare number at the end of a clause follows: `she is`."""
    having: tuple[str, ...] = ()
    """What years follow that are an age, but any other number too: `ho`."""
    years: tuple[str, ...] = ()
    """What makes a number an age behind a subject, and is a duration elsewhere: `ans`."""
    halves: tuple[str, ...] = ()
    """What belongs to an age behind its number: `and a half`."""
    things: tuple[str, ...] = ()
    """What has an age and is no person: `company`."""


class Streets(msgspec.Struct, frozen=True, kw_only=True):
    """How an address is said."""

    after: tuple[str, ...] = ()
    """Words that end the name of a street: `avenue`."""
    weak: tuple[str, ...] = ()
    """The same, but other words too: `way`. The name before them has to look like one."""
    before: tuple[str, ...] = ()
    """Words that begin one: `rue`."""
    before_weak: tuple[str, ...] = ()
    """The same, but other words too: `am`. Only after `live` and with a number."""
    suffixes: tuple[str, ...] = ()
    """What may follow the number of a house before the street: `bis`."""
    floors: tuple[str, ...] = ()
    """The same behind an address that ends with its number: `segundo izquierda`."""
    postcode: int = 0
    """How many digits a postcode has, if they all have as many."""
    city_ends: tuple[str, ...] = ()
    """What names of cities end with: `am main`."""
    city_starts: tuple[str, ...] = ()
    """Small words that names of cities begin with: `san`, `bad`."""
    number_links: tuple[str, ...] = ()
    """What may come between street and number: `número`."""
    endings: tuple[str, ...] = ()
    """What words end with that are the name of a street: `straße`."""
    common: tuple[str, ...] = ()
    """Words that end so and are no streets: `onderweg`."""
    number_first: bool = True
    """Whether the number stands before the street."""
    units: tuple[str, ...] = ()
    """A part of a house, before its number: `apartment`."""
    buildings: tuple[str, ...] = ()
    """A house, before its number: `house number`."""
    boxes: tuple[str, ...] = ()
    """`p o box`"""
    directions: tuple[str, ...] = ()
    """What may follow the type of a street: `north`."""
    links: tuple[str, ...] = ()
    """What may come between the street and the city: `in`."""
    states: tuple[str, ...] = ()
    state_codes: tuple[str, ...] = ()
    """Their abbreviations, which count only in capitals: `CA`."""
    live: tuple[str, ...] = ()
    """What an address follows: `i live at`."""


class People(msgspec.Struct, frozen=True, kw_only=True):
    """How names are given."""

    full: tuple[str, ...] = ()
    """Before a name, whatever the word: `my name is`."""
    first: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    """Before a name or anything else: `and`. Only what hardly is anything else is one."""
    person: tuple[str, ...] = ()
    """Before a person mostly: `this is`, `thanks`. What is a name and a word may be one."""
    selves: tuple[str, ...] = ()
    """The same where a surname mostly follows: `sono`."""
    relations: tuple[str, ...] = ()
    """The same where hardly anything else follows that may be a name: `mi hija`."""
    then: tuple[str, ...] = ()
    """What may follow a doubtful name behind such a cue: `hi grace how`."""
    titles: tuple[str, ...] = ()
    """Before a surname: `mister`."""
    after: tuple[str, ...] = ()
    """Behind a name: `speaking`."""
    asks: tuple[str, ...] = ()
    """Questions that a name answers: `your name`."""
    asks_first: tuple[str, ...] = ()
    asks_last: tuple[str, ...] = ()
    particles: tuple[str, ...] = ()
    """What comes before a surname: `van der`."""
    particles_capital: bool = False
    """Whether those are written with a capital: `Di Stefano` is a name, `di Milano` is not."""
    links: tuple[str, ...] = ()
    """What comes between a cue and the name: `is`, `it's`, `uh`."""
    doubtful: tuple[str, ...] = ()
    """First names that are more often something else: they need a cue."""
    certain: tuple[str, ...] = ()
    """First names that are words too, but hardly ever meant so."""
    firsts: tuple[str, ...] = ()
    """First names that the lexicon lacks, or knows only as words of some other language."""
    others: tuple[str, ...] = ()
    """More of them; what else the lexicon has for a first name counts as much as these."""
    lasts: tuple[str, ...] = ()
    """Surnames, likewise."""
    names: tuple[str, ...] = ()
    """Names that are words elsewhere, but not in this language."""
    words: tuple[str, ...] = ()
    """What only looks like a name to the lexicon, and is a word."""
    honorifics: tuple[str, ...] = ()
    """Behind a name: `जी`."""
    never: tuple[str, ...] = ()
    """Words that are no names, whatever stands before them."""


class Spelling(msgspec.Struct, frozen=True, kw_only=True):
    """How letters and signs are said."""

    example: tuple[str, ...] = ()
    """Between a letter and a word that begins with it: `as in`."""
    letters: dict[str, str] = {}
    """Names of letters: `zed`."""
    cues: tuple[str, ...] = ()
    """What letters follow: `spelled`."""
    words: tuple[str, ...] = ()
    """Letters, or their names, that are words too: they count beside another letter only."""
    providers: tuple[str, ...] = ()
    """Names of hosts that many people have their mail at: `gmail`."""
    at: tuple[str, ...] = ()
    signs: dict[str, str] = {}
    """Signs of addresses by their names: `dot`."""
    web: tuple[str, ...] = ()
    """How `www` and `https` are said."""
    domains: tuple[str, ...] = ()
    """What comes last in the name of a host: `com`."""


class File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of rules, as it is written."""

    also: tuple[str, ...] = ()
    """Languages that are mixed into this one: their cues count too."""
    before: dict[str, tuple[str, ...]] = {}
    """By type, what is said before a number. `NONE` is for numbers that are nobody's secret."""
    after: dict[str, tuple[str, ...]] = {}
    """By type, what is said behind a number."""
    unfinished: dict[str, tuple[int, ...]] = {}
    """By type, lengths at which a number is only complete here if it has the form of one."""
    caseless: bool = False
    """Whether the script of the language has no capitals, so that those of others mean nothing."""
    letter_pairs: bool = False
    """Whether two letters in one word end the postcode, after four digits: `1234 AB`."""
    nouns_capital: bool = False
    """Whether every noun has a capital, so that one does not make a name."""
    units: tuple[str, ...] = ()
    """What is counted or measured: a number before it is a quantity."""
    endings: tuple[str, ...] = ()
    """What is not part of a name, at the end of a word: `'s`."""
    elisions: tuple[str, ...] = ()
    """The same at its beginning: `d'`."""
    hesitations: tuple[str, ...] = ()
    """Sounds that mean nothing anywhere: `uh`. They are looked over."""
    fillers: tuple[str, ...] = ()
    """What may come between two digits and means nothing there: `then`, `dash`."""
    corrections: tuple[str, ...] = ()
    """What takes back the digits before it: `no sorry`."""
    links: tuple[str, ...] = ()
    """What may come between a number and a cue behind it: `is my`."""
    lists: tuple[str, ...] = ()
    """Between two numbers that one cue is for: `or`."""
    digits: dict[str, str] = {}
    """Spoken digits beyond those of `sferic.text.numbers`."""
    public: tuple[str, ...] = ()
    """Numbers that are everybody's: `911`."""
    formats: tuple[Format, ...] = ()
    dates: Dates = Dates()
    times: Times = Times()
    ages: Ages = Ages()
    streets: Streets = Streets()
    people: People = People()
    spelling: Spelling = Spelling()


class Phrase(msgspec.Struct, frozen=True):
    """A phrase that something begins or ends with."""

    words: tuple[str, ...]
    group: str
    value: str


class Rules:
    """The rules of a language in the shape that matching needs."""

    def __init__(self, language: str, file: File) -> None:
        self.language = language
        self.file = file
        self.reader = reader(language)
        self._lexicon = lexicon()
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
        self.then = frozenset(file.people.then)
        self.goes_on = frozenset(file.times.goes_on)
        for group, value, phrase in _phrases(file):
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
        kinds = self._lexicon.kinds(word)
        if not kinds and _APOSTROPHE in word:
            kinds = self._lexicon.kinds(word.replace(_APOSTROPHE, ""))
        if self.knows_words:
            signs = ("e" in kinds) + ("w" in kinds)
            enough = signs >= (1 if _NAMES.isdisjoint(kinds) else 2)
            return kinds.replace("e", "").replace("w", "") + ("w" if enough else "")
        kinds = kinds.replace("e", "")
        if is_indic(word) and not _NAMES.isdisjoint(kinds) and folded(word) not in self.doubtful:
            # The lexicon tells names from words by their capitals.
            kinds = kinds.replace("w", "")
        return kinds.replace("w", "") if word in self.names else kinds

    def is_number(self, word: str) -> bool:
        """Tell whether a word is a number word."""
        return self.reader.digit(word) is not None or self.reader.cardinal((word,), 0) is not None

    def _add(self, group: str, value: str, phrase: str) -> None:
        for text in {phrase, phrase.replace(_APOSTROPHE, "")}:
            for spelled in _spelled_out(text):
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


def _phrases(file: File) -> Iterator[tuple[str, str, str]]:
    """Yield all phrases of a file: what they are for, what they mean, and the phrase."""
    for group, table in (("before", file.before), ("after", file.after)):
        for kind, phrases in table.items():
            yield from ((group, kind, phrase) for phrase in phrases)
    sections = (
        ("filler", file.fillers), ("correction", file.corrections), ("link", file.links),
        ("list", file.lists), ("date_join", file.dates.joins), ("date_on", file.dates.on),
        ("hour_before", file.times.before), ("hour", file.times.hour),
        ("hour_after_cue", file.times.hour_after_cue), ("age_years", file.ages.years),
        ("meridiem", file.times.meridiem), ("fraction", file.times.fractions),
        ("past", file.times.past), ("hours", file.times.hours),
        ("age_before", file.ages.before), ("age_after", file.ages.after),
        ("time_join", file.times.joins), ("part", file.times.parts),
        ("honorific", file.people.honorifics), ("age_having", file.ages.having),
        ("age_subject", file.ages.subject), ("age_half", file.ages.halves),
        ("number_link", file.streets.number_links), ("age_asked", file.ages.asks),
        ("number_suffix", file.streets.suffixes), ("floor", file.streets.floors),
        ("city_end", file.streets.city_ends),
        ("unit", file.streets.units), ("building", file.streets.buildings),
        ("box", file.streets.boxes), ("direction", file.streets.directions),
        ("city_link", file.streets.links), ("state", file.streets.states),
        ("state_code", file.streets.state_codes),
        ("live", file.streets.live),
("title", file.people.titles),
        ("name_after", file.people.after), ("particle", file.people.particles),
        ("name_link", file.people.links),
        ("example", file.spelling.example), ("spelled", file.spelling.cues),
        ("at", file.spelling.at), ("web", file.spelling.web),
    )  # fmt: skip
    for group, phrases in sections:
        yield from ((group, "", phrase) for phrase in phrases)
    for value, before in (
        ("", file.people.weak),
        ("person", file.people.person),
        ("self", file.people.selves),
        ("relation", file.people.relations),
    ):
        yield from (("name_weak", value, phrase) for phrase in before)
    for group, value, streets in (
        ("street_after", "", file.streets.after),
        ("street_after", "weak", file.streets.weak),
        ("street_before", "", file.streets.before),
        ("street_before", "weak", file.streets.before_weak),
    ):
        yield from ((group, value, phrase) for phrase in streets)
    for value, told, asked in (
        ("FULL", file.people.full, file.people.asks),
        ("FIRST", file.people.first, file.people.asks_first),
        ("LAST", file.people.last, file.people.asks_last),
    ):
        yield from (("name", value, phrase) for phrase in told)
        yield from (("name_asked", value, phrase) for phrase in asked)
    for phrase in file.spelling.example:
        if " " in phrase:
            yield "example_rest", "", phrase.rpartition(" ")[2]
    yield from (("ordinal", str(day), phrase) for phrase, day in file.dates.ordinals.items())
    yield from (("sign", sign, phrase) for phrase, sign in file.spelling.signs.items())


def _spelled_out(phrase: str) -> Iterable[tuple[str, ...]]:
    """Return the ways to say a phrase: `(my|the) name (is)` has what is in brackets or not.

    A bracket with alternatives stands for one of them; one without is there or not.
    """
    pieces: list[Sequence[str]] = []
    last = 0
    for match in _SLOT.finditer(phrase):
        pieces.append((phrase[last : match.start()],))
        options = match[1].split("|")
        pieces.append(options if len(options) > 1 else (options[0], ""))
        last = match.end()
    pieces.append((phrase[last:],))
    for choice in itertools.product(*pieces):
        words = tuple("".join(choice).split())
        if words:
            yield words


def _check(form: Format) -> Any:
    return CHECKS[form.check] if form.check else None


def _ordinal(endings: Iterable[str]) -> re.Pattern[str]:
    alternatives = "|".join(map(re.escape, endings)) or r"\b\B"
    return re.compile(rf"(\d{{1,2}})(?:{alternatives})")


def _street(endings: Iterable[str]) -> re.Pattern[str]:
    alternatives = "|".join(map(re.escape, endings)) or r"\b\B"
    return re.compile(rf"[\w-]+(?:{alternatives})")
