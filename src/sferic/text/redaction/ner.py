"""Names that a statistical model finds, beside those of the rules: `sferic[ner]`."""

import importlib
import importlib.util
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

import msgspec

from sferic.errors import SfericError
from sferic.text.redaction.entities import Findings

MODELS: Mapping[str, str] = MappingProxyType(
    {
        "de": "de_core_news_sm",
        "en": "en_core_web_sm",
        "es": "es_core_news_sm",
        "fr": "fr_core_news_sm",
        "it": "it_core_news_sm",
        "nl": "nl_core_news_sm",
        "pt": "pt_core_news_sm",
    }
)
"""spaCy's model of a language; there is none of Hindi."""
_PERSONS = frozenset(("PERSON", "PER"))
_UNUSED = ("tagger", "morphologizer", "parser", "senter", "attribute_ruler", "lemmatizer")


class Span(msgspec.Struct, frozen=True):
    """Words that are a person's name."""

    start: int
    end: int
    """Index behind the last."""


class NameFinder(Protocol):
    """Finds names of people."""

    def find(self, words: Sequence[str], language: str) -> Iterable[Span]:
        """Find the names in some words.

        Args:
            words: As they were heard, punctuation included.
            language: Code of their language.
        """


class NerUnavailableError(SfericError):
    """What `ner` asks for is not installed; says how to come by it."""

    code = "ner_unavailable"


def name_finder(ner: str) -> NameFinder | None:
    """Return what a setting asks for.

    Args:
        ner: `off`, `spacy` for the models that are installed, or the folder of a pipeline of spaCy,
            which is taken for every language.

    Raises:
        NerUnavailableError: It cannot be had.
    """
    if ner == "off":
        return None
    if importlib.util.find_spec("spacy") is None:
        message = f"ner={ner} needs spaCy, which is an extra: pip install 'sferic[ner]'"
        raise NerUnavailableError(message)
    spacy = importlib.import_module("spacy")
    if ner != "spacy":
        return SpacyNames({}, default=_loaded(spacy.load, ner))
    installed = {code: name for code, name in MODELS.items() if spacy.util.is_package(name)}
    if not installed:
        command = f"python -m spacy download {MODELS['en']}"
        message = f"ner=spacy finds no model; one of English comes by: {command}"
        raise NerUnavailableError(message)
    return SpacyNames({code: _loaded(spacy.load, name) for code, name in installed.items()})


def _loaded(load: Callable[..., Any], name: str) -> Any:
    try:
        return load(name, exclude=_UNUSED)
    except (OSError, ValueError):
        message = f"{name} is no pipeline that spaCy can load"
    raise NerUnavailableError(message)


class SpacyNames:
    """Finds names with pipelines of spaCy.

    Args:
        pipelines: By language.
        default: For all other languages.
    """

    def __init__(self, pipelines: Mapping[str, Any], *, default: Any = None) -> None:
        self._pipelines = pipelines
        self._default = default

    def find(self, words: Sequence[str], language: str) -> Iterable[Span]:
        """Find the names in some words; none in a language without a pipeline."""
        pipeline = self._pipelines.get(language, self._default)
        if pipeline is None or not words:
            return []
        document = pipeline(importlib.import_module("spacy.tokens").Doc(pipeline.vocab, words))
        persons = (entity for entity in document.ents if entity.label_ in _PERSONS)
        return [Span(entity.start, entity.end) for entity in persons]


def add(findings: Findings, finder: NameFinder) -> None:
    """Take the names that a finder finds and the rules have not."""
    document = findings.document
    texts = [word.text for word in document.words]
    for span in finder.find(texts, document.rules.language):
        places = [
            index
            for index in range(document.begin, document.size)
            if span.start <= document.tokens[index].first < span.end
        ]
        for index in places:
            key = document.keys[index]
            if not key[:1].isalpha() or key in document.rules.never:
                continue
            follows = findings.type_at(index - 1) in ("FIRSTNAME", "LASTNAME")
            kind = "LASTNAME" if follows and index > places[0] else "FIRSTNAME"
            findings.add(index, index + 1, kind, "".join(filter(str.isalnum, key)))
