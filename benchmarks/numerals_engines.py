"""Those that write numbers, and what all text stages cost together."""

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import msgspec

from benchmarks.harness.results import spread
from benchmarks.numerals_report import Cost
from benchmarks.peers.texts import TextPeer, Tool
from benchmarks.redaction_sets import read
from sferic.recognition.hypothesis import Word, join
from sferic.text import sentences, style
from sferic.text.numerals import Numerals
from sferic.text.stage import TextStage

Mode = Literal["true", "auto"]

_SAMPLES = 4_800
_FINAL = 20
"""Words of a final."""
_ROUNDS = 3


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A text with its numbers written."""

    text: str
    us: float


Engine = Callable[[str, str], Written]
"""From a text and its language."""


def own(mode: Mode) -> Engine:
    """The project's own rules, with all forms."""
    numerals = Numerals(mode, full=True)

    def engine(text: str, language: str) -> Written:
        words = _words(text.split())
        began = time.thread_time()
        written = numerals.write(words, language)
        return Written(text=join(written), us=(time.thread_time() - began) * 1e6)

    return engine


@contextmanager
def tool(chosen: Tool) -> Iterator[Engine]:
    """Start a tool.

    Raises:
        PeerError: It is not installed, or does not start.
    """
    with TextPeer(chosen) as peer:

        def engine(text: str, language: str) -> Written:
            answer = peer.ask(text, language)
            return Written(text=answer.text, us=answer.us)

        yield engine


def cost(language: str) -> Cost:
    """Time redaction, numerals, sentences and style on a stream of finals of twenty words."""
    texts = [token.text for session in read(language) for token in session.tokens]
    pieces = [_words(piece, place * _FINAL) for place, piece in enumerate(_twenties(texts))]
    times: list[float] = []
    for number in range(_ROUNDS + 1):
        stage = TextStage.of(numerals="auto", redact_pii=True, redact_pci=True)
        spent = [_final_ms(stage, words, language) for words in pieces]
        times += spent if number else []  # in the first round tables are loaded
    figures = spread(times)
    assert figures is not None
    return Cost(
        language=language,
        finals=len(times),
        mean_ms=round(sum(times) / len(times), 3),
        p95_ms=figures.p95,
    )


def _final_ms(stage: TextStage, words: Sequence[Word], language: str) -> float:
    began = time.thread_time()
    shown = stage.final(words, language=language)
    for sentence in sentences.split(shown, language=language):
        style.apply(sentence, punctuate=True, capitalize=True)
    return (time.thread_time() - began) * 1e3


def _twenties(texts: Sequence[str]) -> Iterator[list[str]]:
    whole = len(texts) // _FINAL * _FINAL
    for start in range(0, whole, _FINAL):
        yield list(itertools.islice(texts, start, start + _FINAL))


def _words(texts: Sequence[str], place: int = 0) -> list[Word]:
    return [
        Word(text=text, start=number * _SAMPLES, end=(number + 1) * _SAMPLES, confidence=0.9)
        for number, text in enumerate(texts, place)
    ]
