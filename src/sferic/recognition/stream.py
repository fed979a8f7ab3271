"""Words of one stream: drafts of the piece that is open, finals of the pieces that are complete."""

from collections.abc import Sequence

import msgspec

from sferic.audio import SAMPLE_RATE
from sferic.recognition.hypothesis import Hypothesis
from sferic.recognition.policy import LocalAgreement
from sferic.recognition.recognizer import Recognizer
from sferic.recognition.timing import best_cut, fit_to_speech
from sferic.speech.segmenter import Piece, Segmenter
from sferic.speech.timeline import Timeline

_CUT_WITHIN = 6 * SAMPLE_RATE
"""How far before its end a torn piece is cut."""


class StreamRecognition:
    """Takes the pieces of a stream in order.

    A torn piece is decoded as it is and cut between two words; what lies behind the cut is decoded
    again with the next piece, so that no word is lost or heard twice.

    Args:
        recognizer: Shared by all streams.
        languages: Codes the stream may be in.
        timeline: Audio of the stream.
        segmenter: Knows where speech is.
    """

    def __init__(
        self,
        recognizer: Recognizer,
        languages: Sequence[str],
        *,
        timeline: Timeline,
        segmenter: Segmenter,
    ) -> None:
        self._recognizer = recognizer
        self._languages = languages
        self._timeline = timeline
        self._segmenter = segmenter
        self._carried: int | None = None
        self._decoding: int | None = None
        self._policy: LocalAgreement | None = None
        self._policy_start = -1

    @property
    def needed_from(self) -> int | None:
        """Where the audio begins that is being decoded, or that a cut left to the next piece."""
        return self._carried if self._decoding is None else self._decoding

    async def final(self, piece: Piece) -> Hypothesis:
        """Words of a complete piece, those behind a cut excepted."""
        start = piece.start if self._carried is None else self._carried
        self._decoding, self._carried = start, None
        try:
            hypothesis = await self._recognizer.transcribe(
                self._timeline[start : piece.end], languages=self._languages, start=start
            )
            hypothesis = self._fitted(hypothesis, start, piece.end)
            return self._cut(hypothesis, start, piece.end) if piece.torn else hypothesis
        finally:
            self._decoding = None

    async def draft(self) -> Hypothesis:
        """Words so far of the piece that is open."""
        opened = self._segmenter.piece_start
        if opened is None:
            return Hypothesis()
        start = opened if self._carried is None else self._carried
        if self._policy is None or self._policy_start != start:
            self._policy, self._policy_start = LocalAgreement(start), start
        policy = self._policy
        end = self._timeline.end
        draft = policy.next(end)
        hypothesis = await self._recognizer.transcribe(
            self._timeline[draft.start : end],
            languages=(draft.language,) if draft.language else self._languages,
            start=draft.start,
            prefix=draft.prefix,
            draft=True,
        )
        whole = policy.accept(hypothesis)
        return self._fitted(whole, start, end)

    def _cut(self, hypothesis: Hypothesis, start: int, end: int) -> Hypothesis:
        """Keep what lies before the best cut; leave the rest to the next piece."""
        words = hypothesis.words
        kept = best_cut(words, earliest=end - _CUT_WITHIN, end=end)
        if kept:
            self._carried = (words[kept - 1].end + words[kept].start) // 2
        elif words and words[0].start > end - _CUT_WITHIN:
            self._carried = max(start, end - _CUT_WITHIN)
        else:
            kept = len(words)
        return msgspec.structs.replace(hypothesis, words=words[:kept])

    def _fitted(self, hypothesis: Hypothesis, start: int, end: int) -> Hypothesis:
        spans = self._segmenter.speech_within(start, end)
        words = fit_to_speech(hypothesis.words, spans, start=start, end=end)
        return msgspec.structs.replace(hypothesis, words=words)
