"""The secrets of a session, kept in it."""

from collections.abc import Iterable, Sequence

import msgspec

from sferic import languages
from sferic.recognition.hypothesis import Word
from sferic.text.redaction.document import MASKED, Token
from sferic.text.redaction.engine import Analysis
from sferic.text.redaction.entities import PCI, PII, Entity
from sferic.text.redaction.ledger import Ledger, Preview
from sferic.text.redaction.ner import NameFinder
from sferic.text.redaction.placeholders import PENDING, placeholder
from sferic.text.redaction.rules import rules
from sferic.text.redaction.tail import Tail

MOST_HELD = 48
"""Words that a final may hold back. A longer tail is taken for complete, and masked."""
_CONTEXT = 16
"""Tokens of what was said before that are kept to look for cues in."""
_CERTAIN = 1.0
"""The confidence of every placeholder: that of the words would say something about them."""


class Redacted(msgspec.Struct, frozen=True):
    """A final without its secrets."""

    words: list[Word]
    """The words that can be sent, placeholders among them."""
    held: int
    """How many of the last words that were given have to wait and come first in the next final."""


class Redactor:
    """Takes personal and payment data out of the words of one session.

    A secret becomes one word, `[TYPE_N]`, from the start of its first word to the end of its last,
    with confidence 1. The same value has the same number throughout the session. What was found is
    kept as salted hashes only, of 2,000 values at most; of what was said, the last few words.
    """

    def __init__(self, *, pii: bool, pci: bool, names: NameFinder | None = None) -> None:
        """Take what is to be redacted.

        Args:
            pii: Personal data: names, addresses, telephones, mail, dates, identity numbers.
            pci: Payment data: cards, accounts, postcodes, PINs.
            names: Finds names beside the rules.
        """
        self._types = (PII if pii else frozenset()) | (PCI if pci else frozenset())
        self._names = names if pii else None
        self._ledger = Ledger()
        self._context: list[Token] = []

    def __repr__(self) -> str:
        return f"<Redactor of {len(self._types)} types>"

    def partial(self, words: Sequence[Word], language: str | None) -> list[Word]:
        """Mask words that are not final, and what may become part of a secret as `[...]`.

        Args:
            words: The settled words since the last final that was sent, held ones included.
            language: Code of their language, if known.
        """
        if not words or not self._types:
            return list(words)
        analysis = self._analyse(words, language)
        tail = Tail(analysis, final=False)
        return self._masked(analysis, tail.start, self._ledger.preview())

    def final(self, words: Sequence[Word], language: str | None, *, ended: bool) -> Redacted:
        """Mask words that are final.

        Args:
            words: The words, those that the last final held back first.
            language: Code of their language, if known.
            ended: Whether nothing that belongs to them can follow. Then no word is held back, and
                an end that could be part of a secret is masked.
        """
        if not words or not self._types:
            return Redacted(list(words), 0)
        analysis = self._analyse(words, language)
        tail = Tail(analysis, final=True)
        document = analysis.document
        held = 0
        if tail.start < document.size:
            held = len(words) - document.tokens[tail.start].first
        if ended or held > MOST_HELD:
            tail.settle()
            start, held = document.size, 0
        else:
            start = tail.start
        sent = self._masked(analysis, start, self._ledger, pending=False)
        self._remember(analysis, start)
        return Redacted(sent, held)

    def _analyse(self, words: Sequence[Word], language: str | None) -> Analysis:
        code = language if language in languages.CODES else "en"
        return Analysis(self._context, words, rules(code), self._ledger, self._names)

    def _masked(
        self, analysis: Analysis, open_from: int, numbers: Ledger | Preview, *, pending: bool = True
    ) -> list[Word]:
        document = analysis.document
        words = document.words
        until = document.tokens[open_from].first if open_from < document.size else len(words)
        masked: list[Word] = []
        at = 0
        for entity in self._entities(analysis, open_from):
            first, last = document.tokens[entity.start], document.tokens[entity.end - 1]
            if first.first < at:
                continue
            masked.extend(words[at : first.first])
            text = placeholder(entity.type, numbers.number(entity.type, entity.value))
            masked.append(_merged(words, first, last, text))
            at = last.last + 1
        masked.extend(words[at:until])
        if pending and until < len(words):
            start = max(at, until)
            if start < len(words):
                masked.append(_span(words[start:], PENDING))
        return masked

    def _entities(self, analysis: Analysis, open_from: int) -> Iterable[Entity]:
        for entity in analysis.findings:
            if entity.type in self._types and entity.start < open_from:
                yield entity

    def _remember(self, analysis: Analysis, until: int) -> None:
        document = analysis.document
        kept: list[Token] = []
        index = until
        while index > 0 and len(kept) < _CONTEXT:
            index -= 1
            token = document.tokens[index]
            entity = analysis.findings.at(index)
            if entity is not None:
                grows = "+" if entity.grows else ""
                token = msgspec.structs.replace(
                    token, key=f"{MASKED}{entity.type}{grows}", kinds=""
                )
                index = entity.start
            kept.append(msgspec.structs.replace(token, text="", first=-1, last=-1))
        self._context = kept[::-1]


def _merged(words: Sequence[Word], first: Token, last: Token, text: str) -> Word:
    """Put a placeholder in the place of words, with the punctuation around them."""
    before = _unit(words, first)[: first.start]
    after = _unit(words, last)[last.end :]
    following = words[last.last + 1].text[:1] if last.last + 1 < len(words) else ""
    if after == "." and "." in last.text and following.islower():
        # The stop of "a.m." ends no sentence.
        after = ""
    return _span(words[first.first : last.last + 1], _plain(before) + text + _plain(after))


def _unit(words: Sequence[Word], token: Token) -> str:
    return "".join(word.text for word in words[token.first : token.last + 1])


def _plain(rest: str) -> str:
    """Return what stood around a secret in its word, if it says nothing."""
    return "" if any(map(str.isdigit, rest)) else rest


def _span(words: Sequence[Word], text: str) -> Word:
    return msgspec.structs.replace(
        words[0], text=text, end=max(word.end for word in words), confidence=_CERTAIN
    )
