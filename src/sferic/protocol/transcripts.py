"""From the words of a stream to the transcription messages of its session."""

import math
from collections.abc import Iterable, Sequence

from msgspec import UNSET, UnsetType

from sferic import languages
from sferic.audio import SAMPLE_RATE
from sferic.protocol.dialects import LIGHTNING, Dialect
from sferic.protocol.messages import Transcription, Utterance, WordItem
from sferic.protocol.options import Options
from sferic.recognition.hypothesis import Word, join
from sferic.text import sentences, style
from sferic.text.redaction.placeholders import PENDING, PLACEHOLDER

SENTENCE_PAUSE = 3 * SAMPLE_RATE
"""Samples of silence between two segments that end a sentence in any case."""
SENTENCE_WORDS = 200
"""Words after which a sentence is not continued in the next segment."""


def seconds(samples: int) -> float:
    """Turn a place on the clock into seconds, rounded to 0.01 as on the wire."""
    return round(samples / SAMPLE_RATE, 2)


class TranscriptBuilder:
    """Makes the transcriptions of one session, in the order they are sent.

    What a session remembers grows only where it has to: `full_transcript` keeps the text, and with
    `sentence_timestamps` the sentences. Each of its finals repeats them, so the bytes sent in an
    n-times longer session are n² as many; that is what the option asks for.

    Args:
        options: What the stream asked for.
        session_id: What every message carries.
        dialect: How finals are worded.
    """

    def __init__(self, options: Options, session_id: str, dialect: Dialect = LIGHTNING) -> None:
        self._options = options
        self._session_id = session_id
        self._dialect = dialect
        self._pinned = None if languages.is_aggregate(options.language) else options.language
        self._heard: list[str] = [] if self._pinned is None else [self._pinned]
        self._text = ""
        self._sentences: list[Utterance] = []
        self._open: tuple[Word, ...] = ()
        self._open_language: str | None = None

    def partial(self, words: Sequence[Word]) -> Transcription:
        """Return what is heard so far of the segment that is open."""
        styled = self._style(words)
        text = join(styled)
        return Transcription(
            session_id=self._session_id,
            transcript=text,
            transcription=text,
            is_final=False,
            is_last=False,
            words=self._items(styled, speakers=False),
            redacted_entities=self._entities(styled),
        )

    def final(
        self,
        words: Sequence[Word],
        *,
        language: str | None = None,
        spoken: Iterable[str] = (),
        is_last: bool = False,
        from_finalize: bool = False,
    ) -> Transcription:
        """Return the end of a segment and remember it.

        Args:
            words: All words of the segment; none if nothing was said.
            language: The language detected in it. A pinned one stands whatever is detected, and
                even if nothing was said.
            spoken: All languages detected in it, in the order of their appearance; by default the
                one.
            is_last: Whether nothing follows.
            from_finalize: Whether it answers a `finalize`.
        """
        styled = self._style(words)
        text = join(styled)
        primary = (language if text else None) if self._pinned is None else self._pinned
        if primary is not None:
            heard = spoken if self._pinned is None else ()
            self._heard = list(dict.fromkeys((*self._heard, *heard, primary)))
        if self._options.full_transcript and text:
            self._text += text if not self._text or styled[0].glued else " " + text
        said = text + self._dialect.final_ending if text else ""
        return Transcription(
            session_id=self._session_id,
            transcript=said,
            transcription=said,
            is_final=True,
            is_last=is_last,
            from_finalize=from_finalize if self._dialect.tells_finalize else UNSET,
            full_transcript=self._text if self._options.full_transcript else UNSET,
            language=primary,
            languages=tuple(self._heard),
            words=self._items(styled, speakers=True),
            utterances=self._utterances(words, primary),
            redacted_entities=self._entities(styled),
        )

    def _style(self, words: Sequence[Word]) -> list[Word]:
        options = self._options
        return style.apply(
            words,
            punctuate=options.format and options.punctuate,
            capitalize=options.format and options.capitalize,
        )

    def _items(self, words: Sequence[Word], *, speakers: bool) -> tuple[WordItem, ...] | UnsetType:
        if not self._options.word_timestamps:
            return UNSET
        return tuple(_item(word, speaker=speakers) for word in words)

    def _entities(self, words: Sequence[Word]) -> tuple[str, ...] | UnsetType:
        if not self._options.redact_pii and not self._options.redact_pci:
            return UNSET
        found = (PLACEHOLDER.search(word.text) for word in words)
        return tuple(match[0] for match in found if match is not None and match[0] != PENDING)

    def _utterances(
        self, words: Sequence[Word], language: str | None
    ) -> tuple[Utterance, ...] | UnsetType:
        # Sentences are found by punctuation, so before `punctuate=false` takes it away.
        if not self._options.sentence_timestamps:
            return UNSET
        if not self._options.full_transcript:
            return tuple(self._spoken(sentences.split(words, language=language)))
        if words:
            if not self._continues(words[0], language):
                self._sentences += self._spoken([self._open])
                self._open = ()
            *closed, self._open = sentences.split((*self._open, *words), language=language)
            self._open_language = language
            self._sentences += self._spoken(closed)
        return (*self._sentences, *self._spoken([self._open]))

    def _continues(self, word: Word, language: str | None) -> bool:
        return (
            0 < len(self._open) < SENTENCE_WORDS
            and self._open_language == language
            and word.start - self._open[-1].end < SENTENCE_PAUSE
        )

    def _spoken(self, groups: Iterable[Sequence[Word]]) -> list[Utterance]:
        styled = (self._style(group) for group in groups)
        return [_utterance(words) for words in styled if words]


def _item(word: Word, *, speaker: bool) -> WordItem:
    confident = word.speaker_confidence
    return WordItem(
        word=PLACEHOLDER.sub(lambda match: match[0].lower(), word.text),
        start=seconds(word.start),
        end=seconds(word.end),
        confidence=_confidence(word.confidence),
        speaker=UNSET if not speaker or word.speaker is None else word.speaker,
        speaker_confidence=UNSET if not speaker or confident is None else _confidence(confident),
    )


def _utterance(words: Sequence[Word]) -> Utterance:
    speaker = words[0].speaker
    return Utterance(
        text=join(words),
        start=seconds(words[0].start),
        end=seconds(words[-1].end),
        speaker=UNSET if speaker is None else speaker,
    )


def _confidence(value: float) -> float:
    return 0.0 if math.isnan(value) else round(min(max(value, 0.0), 1.0), 2)
