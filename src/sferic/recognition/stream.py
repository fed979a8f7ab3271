"""Words of one stream: drafts of the piece that is open, finals of the pieces that are complete."""

from collections.abc import Sequence

import msgspec

from sferic.audio import SAMPLE_RATE
from sferic.recognition.hypothesis import Hypothesis, Word
from sferic.recognition.policy import LocalAgreement
from sferic.recognition.recognizer import Recognizer
from sferic.recognition.timing import best_cut, fit_to_speech
from sferic.speech.segmenter import Piece, Segmenter
from sferic.speech.timeline import Timeline

_CUT_WITHIN = 6 * SAMPLE_RATE
"""How far before its end a torn piece is cut."""
_CONTEXT_GAP = 2 * SAMPLE_RATE
"""Pause after which what was said before is no context any more."""
_CONTEXT_LENGTH = 14 * SAMPLE_RATE
"""Audio that is decoded at most to give a piece its context."""
_CLOSING = ".?!,;:…।॥"


class _Context(msgspec.Struct, frozen=True):
    """The piece before, as it was understood."""

    start: int
    end: int
    words: tuple[Word, ...]


class StreamRecognition:
    """Takes the pieces of a stream in order.

    A piece that follows another closely is decoded together with it, the words of the first being
    given: somebody who stops to think in mid-sentence is understood as if they had not.

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
        self._context: _Context | None = None
        self._carried: int | None = None
        self._decoding: int | None = None
        self._policy: LocalAgreement | None = None
        self._policy_start = -1

    def needed_from(self, following: int) -> int:
        """First sample that a later call still needs.

        Args:
            following: Before this the next piece does not start.
        """
        needed = [following]
        needed += [at for at in (self._decoding, self._carried) if at is not None]
        if self._context is not None and min(needed) - self._context.end < _CONTEXT_GAP:
            needed.append(self._context.start)
        return min(needed)

    async def final(self, piece: Piece) -> Hypothesis:
        """Words of a complete piece, those behind a cut excepted."""
        start = piece.start if self._carried is None else self._carried
        context, self._context = self._context_of(start, piece.end), None
        guess = self._drafted(start)
        self._carried = None
        self._decoding = start if context is None else context.start
        try:
            hypothesis = (
                None if context is None else await self._continue(context, piece.end, guess)
            )
            if hypothesis is None:
                hypothesis = await self._transcribe(start, piece.end, guess)
        finally:
            self._decoding = None
        if piece.torn:
            hypothesis = self._cut(hypothesis, start, piece.end)
        end = piece.end if self._carried is None else self._carried
        self._context = _Context(start, end, hypothesis.words)
        return hypothesis

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
            guess=draft.guess,
            context=draft.context,
            draft=True,
        )
        return self._fitted(policy.accept(hypothesis), start, end)

    def _drafted(self, start: int) -> Hypothesis:
        """The last draft of the piece that begins there."""
        if self._policy is None or self._policy_start != start:
            return Hypothesis()
        return self._policy.hypothesis

    def _context_of(self, start: int, end: int) -> _Context | None:
        """The piece before, if it helps: several languages at once are better told apart alone."""
        context = self._context
        if (
            context is None
            or not context.words
            or len(self._languages) > 1
            or context.start < self._timeline.start
            or start - context.end >= _CONTEXT_GAP
            or end - context.start > _CONTEXT_LENGTH
        ):
            return None
        return context

    async def _continue(self, context: _Context, end: int, guess: Hypothesis) -> Hypothesis | None:
        """Words that follow the context; None if decoding does not hold on to it."""
        *before, last = context.words
        # Without its full stop: the pause need not have been the end of the sentence.
        open_end = last.text.rstrip(_CLOSING) or last.text
        prefix = (*before, msgspec.structs.replace(last, text=open_end))
        hypothesis = await self._recognizer.transcribe(
            self._timeline[context.start : end],
            languages=self._languages,
            start=context.start,
            prefix=prefix,
            guess=guess.words,
            trusted=guess.settled,
        )
        words = hypothesis.words
        kept = [word.text.rstrip(_CLOSING) for word in words[: len(prefix)]]
        if len(words) <= len(prefix) or kept != [word.text.rstrip(_CLOSING) for word in prefix]:
            return None
        fresh = msgspec.structs.replace(hypothesis, words=words[len(prefix) :])
        return self._fitted(fresh, context.end, end)

    async def _transcribe(self, start: int, end: int, guess: Hypothesis) -> Hypothesis:
        hypothesis = await self._recognizer.transcribe(
            self._timeline[start:end],
            languages=self._languages,
            start=start,
            guess=guess.words,
            trusted=guess.settled,
        )
        return self._fitted(hypothesis, start, end)

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
