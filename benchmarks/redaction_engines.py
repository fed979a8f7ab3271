"""Those that redact: this project's rules, and tools for written text."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

import msgspec

from benchmarks.peers.texts import Answer, TextPeer, Tool
from benchmarks.redaction_scoring import Mask
from benchmarks.redaction_sets import Session, Token
from sferic.recognition.hypothesis import Word
from sferic.text.redaction import Redactor

_SAMPLES = 4_800
"""Of a word: 0.3 s. By its times a masked word is traced back to its sources."""
_CONFIDENCE = 0.9
_PLACEHOLDER = re.compile(r"\[(?:([A-Z]+)_[0-9]+|\.\.\.)\]")
_PERSON = ("FIRSTNAME", "LASTNAME")
_PLACE = ("ADDRESS", "CITY", "STATE")
_TYPES: Mapping[str, tuple[str, ...]] = {
    "PERSON": _PERSON,
    "name": _PERSON,
    "LOCATION": _PLACE,
    "address": _PLACE,
    "PHONE_NUMBER": ("PHONENUMBER",),
    "phone": ("PHONENUMBER",),
    "EMAIL_ADDRESS": ("EMAIL",),
    "email": ("EMAIL",),
    "DATE_TIME": ("DATE", "TIME", "AGE", "CREDITCARDEXPIRY"),
    "date_of_birth": ("DATE",),
    "AGE": ("AGE",),
    "URL": ("URL",),
    "url": ("URL",),
    "IP_ADDRESS": ("IPADDRESS",),
    "CREDIT_CARD": ("CREDITCARDNUMBER",),
    "credit_card": ("CREDITCARDNUMBER",),
    "IBAN_CODE": ("IBAN",),
    "US_BANK_NUMBER": ("ACCOUNTNUMBER", "ROUTINGNUMBER"),
    "US_SSN": ("SSN",),
    "US_ITIN": ("SSN",),
    "UK_NHS": ("SSN",),
    "social_security_number": ("SSN",),
    "national_insurance_number": ("SSN",),
    "postalcode": ("ZIPCODE",),
}
"""The tools' names for what we tell apart more finely, or not at all; other finds do not count."""


class Redaction(msgspec.Struct, frozen=True, kw_only=True):
    """What was made of a session."""

    masks: tuple[Mask, ...]
    us: float
    """Microseconds of CPU time it took."""
    shown: frozenset[int] = frozenset()
    """Places of words that could be read in a partial."""


class Engine(Protocol):
    """Redacts a session."""

    def __call__(self, session: Session, language: str) -> Redaction:
        """Mask what is private in it."""


def own(session: Session, language: str) -> Redaction:
    """Have each turn redacted as a final, after partials that end with each of its words.

    What is held back comes first in what follows. Only finals are timed.
    """
    redactor = Redactor(pii=True, pci=True)
    written: list[Word] = []
    held: list[Word] = []
    shown: set[int] = set()
    place, seconds = 0, 0.0
    for number, turn in enumerate(session.turns, 1):
        words = [*held, *_words(turn, place)]
        place += len(turn)
        for settled in range(1, len(words) + 1):
            shown |= _readable(redactor.partial(words[:settled], language))
        began = time.thread_time()
        redacted = redactor.final(words, language, ended=number == len(session.turns))
        seconds += time.thread_time() - began
        held = words[len(words) - redacted.held :]
        written += redacted.words
    masks = tuple(_masks(written))
    return Redaction(masks=masks, us=seconds * 1e6, shown=frozenset(shown))


@contextmanager
def tool(chosen: Tool) -> Iterator[Engine]:
    """Start a tool; each turn is a text of its own to it.

    Raises:
        PeerError: It is not installed, or does not start.
    """
    with TextPeer(chosen) as peer:

        def engine(session: Session, language: str) -> Redaction:
            masks: list[Mask] = []
            place, us = 0, 0.0
            for turn in session.turns:
                texts = [token.text for token in turn]
                answer = peer.ask(" ".join(texts), language)
                us += answer.us
                masks += traced(answer, texts, place)
                place += len(turn)
            return Redaction(masks=tuple(masks), us=us)

        yield engine


def traced(answer: Answer, texts: Sequence[str], place: int) -> Iterator[Mask]:
    """Find the words that a tool's spans of characters touch.

    Args:
        answer: Spans in the words, joined by spaces.
        texts: The words.
        place: Of the first of them in the session.
    """
    for start, end, name in sorted(answer.spans):
        begins, touched, shown = 0, list[int](), ""
        for number, text in enumerate(texts):
            ends = begins + len(text)
            if begins < end and start < ends:
                touched.append(place + number)
                shown += text[: max(0, start - begins)] + text[max(0, end - begins) :]
            begins = ends + 1
        if touched and name in _TYPES:
            yield Mask(first=touched[0], last=touched[-1], types=_TYPES[name], shown=shown)


def _words(turn: Sequence[Token], place: int) -> Iterator[Word]:
    for number, token in enumerate(turn, place):
        start = number * _SAMPLES
        yield Word(text=token.text, start=start, end=start + _SAMPLES, confidence=_CONFIDENCE)


def _readable(words: Sequence[Word]) -> set[int]:
    return {
        place
        for word in words
        if not _PLACEHOLDER.search(word.text)
        for place in range(word.start // _SAMPLES, (word.end - 1) // _SAMPLES + 1)
    }


def _masks(words: Sequence[Word]) -> Iterator[Mask]:
    for word in words:
        if match := _PLACEHOLDER.search(word.text):
            yield Mask(
                first=word.start // _SAMPLES,
                last=(word.end - 1) // _SAMPLES,
                types=(match[1],) if match[1] else (),
                shown=_PLACEHOLDER.sub("", word.text),
            )
