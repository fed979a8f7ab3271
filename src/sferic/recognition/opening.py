"""What a session has of recognition: one interface for both kinds of engines."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from sferic.recognition.engine import StreamingEngine
from sferic.recognition.hypothesis import Hypothesis
from sferic.recognition.incremental import IncrementalRecognition
from sferic.recognition.keywords import Keywords
from sferic.recognition.orthography import Writing, dress
from sferic.recognition.recognizer import Recognizer
from sferic.recognition.routing import AnyKind
from sferic.recognition.stream import StreamRecognition
from sferic.speech.segmenter import Piece, Segmenter
from sferic.speech.timeline import Timeline


class Recognition(Protocol):
    """Words of one stream. The calls for it come one at a time."""

    def needed_from(self, following: int) -> int:
        """First sample that a later call still needs; see `StreamRecognition.needed_from`."""

    async def final(
        self, piece: Piece, *, asked: float | None = None, background: bool = False
    ) -> Hypothesis:
        """Words of a complete piece, those behind a cut excepted."""

    async def draft(self, *, since: float, background: bool = False) -> Hypothesis:
        """Words so far of the piece that is open."""

    async def decide_early(self, *, since: float) -> Hypothesis:
        """A draft of a piece that may just have ended."""

    async def close(self) -> None:
        """Leave no work behind."""


def open_recognition(
    recognizer: Recognizer,
    engine: AnyKind,
    languages: Sequence[str],
    *,
    timeline: Timeline,
    segmenter: Segmenter,
    digits: bool = True,
    keywords: Keywords | None = None,
) -> Recognition:
    """Begin to recognise a stream.

    Args:
        recognizer: The models and their threads.
        engine: The model that decodes.
        languages: Codes that the stream may be in.
        timeline: Its audio.
        segmenter: Where speech is.
        digits: Whether numbers may be written in digits.
        keywords: Phrases to favour and how much, for models that can.
    """
    recognition: Recognition
    if isinstance(engine, StreamingEngine):
        recognition = IncrementalRecognition(
            recognizer,
            engine,
            languages,
            timeline=timeline,
            segmenter=segmenter,
            hotwords=[(each.text, each.boost) for each in keywords.entries] if keywords else (),
        )
    else:
        recognition = StreamRecognition(
            recognizer,
            engine,
            languages,
            timeline=timeline,
            segmenter=segmenter,
            digits=digits,
            keywords=keywords,
        )
    complete = engine.writing.complete
    return recognition if complete else Dressed(recognition, engine.writing)


class Dressed:
    """Recognition whose words get the capitals and full stops that the model does not write.

    Args:
        recognition: What finds the words.
        writing: What the model writes.
    """

    def __init__(self, recognition: Recognition, writing: Writing) -> None:
        self._recognition = recognition
        self._writing = writing
        self._opens = True

    def needed_from(self, following: int) -> int:
        """First sample that a later call still needs."""
        return self._recognition.needed_from(following)

    async def final(
        self, piece: Piece, *, asked: float | None = None, background: bool = False
    ) -> Hypothesis:
        """Words of a complete piece; where the speech ends with it, a sentence does."""
        hypothesis = await self._recognition.final(piece, asked=asked, background=background)
        closes = piece.ending == "silence"
        dressed = self._dressed(hypothesis, closes=closes)
        self._opens = closes or (self._opens and not hypothesis.words)
        return dressed

    async def draft(self, *, since: float, background: bool = False) -> Hypothesis:
        """Words so far of the piece that is open."""
        hypothesis = await self._recognition.draft(since=since, background=background)
        return self._dressed(hypothesis, closes=False)

    async def decide_early(self, *, since: float) -> Hypothesis:
        """A draft of a piece that may just have ended."""
        return self._dressed(await self._recognition.decide_early(since=since), closes=False)

    async def close(self) -> None:
        """Leave no work behind."""
        await self._recognition.close()

    def _dressed(self, hypothesis: Hypothesis, *, closes: bool) -> Hypothesis:
        words = dress(
            hypothesis.words,
            self._writing,
            language=hypothesis.language,
            opens=self._opens,
            closes=closes,
        )
        return msgspec.structs.replace(hypothesis, words=words)
