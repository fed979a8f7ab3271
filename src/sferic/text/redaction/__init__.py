"""Personal and payment data taken out of words, by rules in data and an engine in code."""

from sferic.text.redaction.ner import NameFinder, name_finder
from sferic.text.redaction.placeholders import PENDING, PLACEHOLDER, PLACEHOLDER_WORD
from sferic.text.redaction.redactor import Redacted, Redactor

__all__ = [
    "PENDING",
    "PLACEHOLDER",
    "PLACEHOLDER_WORD",
    "NameFinder",
    "Redacted",
    "Redactor",
    "name_finder",
]
