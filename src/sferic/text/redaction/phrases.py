"""The phrases of a file of rules, in all ways to say them."""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from sferic.text.redaction.rulefile import File

_SLOT = re.compile(r"\(([^()]*)\)")


class Phrase(msgspec.Struct, frozen=True):
    """A phrase that something begins or ends with."""

    words: tuple[str, ...]
    group: str
    value: str


def phrases_of(file: File) -> Iterator[tuple[str, str, str]]:
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
        ("live", file.streets.live), ("door", file.streets.doors),
        ("door_asked", file.streets.door_asks), ("nobody", file.people.nobody),
        ("copula", file.ages.copulas), ("age_join", file.ages.joins),
        ("person", file.ages.people),
("title", file.people.titles),
        ("name_after", file.people.after), ("particle", file.people.particles),
        ("name_link", file.people.links),
        ("example", file.spelling.example), ("spelled", file.spelling.cues),
        ("at", file.spelling.at), ("web", file.spelling.web),
    )  # fmt: skip
    for group, phrases in sections:
        yield from ((group, "", phrase) for phrase in phrases)
    for value, before in (
        ("person", file.people.person),
        ("self", file.people.selves),
        ("relation", file.people.relations),
        ("", file.people.weak),
    ):
        yield from (("name_weak", value, phrase) for phrase in before)
    for value, acts in (("", file.people.acts_weak), ("sure", file.people.acts)):
        yield from (("act", value, phrase) for phrase in acts)
    for group, value, streets in (
        ("street_after", "", file.streets.after),
        ("street_after", "weak", file.streets.weak),
        ("street_before", "", file.streets.before),
        ("street_before", "weak", file.streets.before_weak),
    ):
        yield from ((group, value, phrase) for phrase in streets)
    for value, told, asked in (
        ("UNDER", file.people.under, ()),
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


def spelled_out(phrase: str) -> Iterable[tuple[str, ...]]:
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
