"""What is known about how a language writes numbers: the files in `text/data/numerals`."""

import functools
import tomllib
from importlib import resources

import msgspec


class RuleText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule as it stands in a file."""

    say: str
    """What is said: words, `a|b` for either, `word?` for a word that may be missing, `,` where a
    comma may be, and slots: `{kind}`, `{name:kind}`, `{kind 1..12}`."""
    write: str
    """What is written for it, with the slots by name; `{hour-1}` for one less."""
    full: bool = True
    """Whether it is a full written form, which `itn_normalize` turns on and off."""
    auto: bool = True
    """Whether it holds in mode `auto` too."""
    after: tuple[str, ...] = ()
    """Words one of which has to stand before it; `^` for the beginning of a sentence."""
    not_after: tuple[str, ...] = ()
    """Words that may not stand before it."""
    not_before: tuple[str, ...] = ()
    """Words that may not follow it."""
    not_near: tuple[str, ...] = ()
    """Words that may not be among the four before and the two behind it."""


class Ordinals(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How ordinals are said and written."""

    endings: dict[str, tuple[str, ...]] = {}
    """How words for ordinals end, and what makes cardinals of them."""
    suffixes: dict[str, str] = {}
    """What is written behind the digits, by the last digits."""
    sounds: dict[str, str] = {}
    """The same by how the word ends, where that decides."""
    smallest: int = 10
    """The least that is written in digits in mode `auto`."""
    after: tuple[str, ...] = ()
    """Words behind which those under ten are ordinals in mode `true`, and not adverbs; any."""


class Addresses(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How e-mail addresses and those of the web are said."""

    at: tuple[str, ...] = ()
    dot: tuple[str, ...] = ()
    signs: dict[str, str] = {}
    """Words for other signs, and the signs: `underscore`."""
    stops: tuple[str, ...] = ()
    """Words that are no names of people or hosts, such as articles."""


class Grammar(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a language writes numbers."""

    decimal: str = "."
    group: str = ""
    group_from: int = 5
    """How many digits a number needs to be grouped."""
    lakhs: bool = False
    """Whether groups are of two digits beyond the thousands."""
    points: tuple[str, ...] = ()
    """Words for the decimal sign."""
    dots: tuple[str, ...] = ()
    """Words for the dot in versions, where it is another."""
    minus: tuple[str, ...] = ()
    halves: tuple[str, ...] = ()
    """Phrases that add a half."""
    fused_halves: dict[str, str] = {}
    """Endings of numbers that add a part, and its decimals: `einhalb` and `5`."""
    paired_years: bool = False
    """Whether years are said in two halves: nineteen eighty four."""
    no_numbers: tuple[str, ...] = ()
    """Number words that alone are something else, such as articles."""
    keep: tuple[str, ...] = ()
    """Phrases that are left alone in every mode; `*` stands for any word before or behind."""
    keep_auto: tuple[str, ...] = ()
    """Phrases that are left alone in mode `auto`."""
    phone_cues: tuple[str, ...] = ()
    """Words before which or after which a run of digits is the number of a telephone."""
    phones: dict[str, str] = {}
    """How the numbers of telephones are grouped, by how many digits they have: `3-3-4`."""
    lists: dict[str, dict[str, str]] = {}
    """Slots that stand for some phrases, and what is written for each; nothing: as it was said."""
    ordinals: Ordinals = Ordinals()
    addresses: Addresses = Addresses()
    rules: tuple[RuleText, ...] = ()


@functools.lru_cache(maxsize=64)
def load(language: str) -> Grammar | None:
    """Read the file of a language; nothing if it has none."""
    path = resources.files("sferic.text") / "data" / "numerals" / f"{language}.toml"
    if not path.is_file():
        return None
    return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Grammar)
