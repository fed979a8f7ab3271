"""Words of one stream: drafts of the piece that is open, finals of the pieces that are complete."""

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from statistics import fmean

import msgspec
import numpy as np
from numpy.typing import NDArray

from sferic.audio import SAMPLE_RATE
from sferic.recognition import guards
from sferic.recognition.claim import Claim, Rank, awaited
from sferic.recognition.detection import NEUTRAL, Leaning, SpokenLanguages
from sferic.recognition.engine import Engine
from sferic.recognition.hypothesis import Hypothesis, Word
from sferic.recognition.keywords import Keywords
from sferic.recognition.policy import LocalAgreement
from sferic.recognition.recognizer import Recognizer, Work
from sferic.recognition.timing import best_cut, fit_to_speech
from sferic.speech.segmenter import Piece, Segmenter
from sferic.speech.timeline import Timeline

_CUT_WITHIN = 6 * SAMPLE_RATE
"""How far before its end a torn piece is cut."""
_CONTEXT_GAP = 2 * SAMPLE_RATE
"""Pause after which what was said before is no context any more."""
_CONTEXT_LENGTH = 14 * SAMPLE_RATE
"""Audio that is decoded at most to give a piece its context."""
_UNHEARD = 6 * SAMPLE_RATE // 5
"""Speech behind the last word that calls for another decoding."""
_LEFT_OUT = 2 * SAMPLE_RATE
"""Speech between two words that calls for another decoding of what comes before it."""
_LONGEST_WORD = SAMPLE_RATE
"""How far a word accounts for speech: the one before a gap is often timed right through it."""
_MOST_SEEKS = 3
"""Times that a piece is decoded further."""
_CREDIBLE = 0.4
"""Mean confidence from which its words are believed."""
_CLOSING = ".?!,;:…।॥"


class _Context(msgspec.Struct, frozen=True):
    """The piece before, as it was understood."""

    start: int
    end: int
    words: tuple[Word, ...]


class _Run:
    """How a careful decoding is queued: as a final, or early, as a partial would be."""

    def __init__(self, *, since: float | None = None, background: bool = False) -> None:
        self._since = since
        self._background = background
        self.begun = False
        self.waited = 0.0
        """Seconds until workers were free for it, as far as it was queued as a final."""

    def hurry(self) -> None:
        """Queue what is still to be decoded as a final: somebody waits for it now."""
        self._since = None

    @property
    def rank(self) -> Rank:
        """How urgent it is now."""
        if self._since is not None:
            return Rank.PARTIAL
        return Rank.BACKGROUND if self._background else Rank.FINAL

    async def on(self, recognizer: Recognizer, work: Work, *, model: str) -> Hypothesis:
        """Have the work done when its turn comes."""
        since, asked = self._since, time.monotonic()

        def prepare() -> Work:
            self.begun = True
            if since is None:
                self.waited += time.monotonic() - asked
            return work

        if since is None:
            return await recognizer.final(prepare, background=self._background, model=model)
        return await recognizer.early(prepare, since=since, model=model)


class _Early(msgspec.Struct, frozen=True):
    """A final that was begun before it was asked for."""

    start: int
    voice_end: int
    run: _Run
    task: asyncio.Task[Hypothesis]


class StreamRecognition:
    """Takes the pieces of a stream in order.

    A piece that follows another closely is decoded together with it, the words of the first being
    given: somebody who stops to think in mid-sentence is understood as if they had not.

    A torn piece is decoded as it is and cut between two words; what lies behind the cut is decoded
    again with the next piece, so that no word is lost or heard twice.

    Args:
        recognizer: Shared by all streams.
        engine: Decodes.
        languages: Codes the stream may be in.
        timeline: Audio of the stream.
        segmenter: Knows where speech is.
        digits: Whether numbers may be written in digits.
        keywords: What the stream expects to hear.
    """

    def __init__(
        self,
        recognizer: Recognizer,
        engine: Engine,
        languages: Sequence[str],
        *,
        timeline: Timeline,
        segmenter: Segmenter,
        digits: bool = True,
        keywords: Keywords | None = None,
    ) -> None:
        self._digits = digits
        self._keywords = keywords
        self._recognizer = recognizer
        self._engine = engine
        self._spoken = SpokenLanguages(languages)
        self._timeline = timeline
        self._segmenter = segmenter
        self._context: _Context | None = None
        self._carried: int | None = None
        self._decoding: int | None = None
        self._early: _Early | None = None
        self._policy: LocalAgreement | None = None
        self._policy_start = -1

    async def close(self) -> None:
        """Leave no work behind."""
        early = self._early
        self._drop_early()
        if early is not None:
            await asyncio.wait([early.task])

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

    async def final(
        self, piece: Piece, *, asked: float | None = None, background: bool = False
    ) -> Hypothesis:
        """Words of a complete piece, those behind a cut excepted.

        Args:
            piece: The next in the stream.
            asked: Clock time (`time.monotonic`) at which it was decided to end it; unset, now.
            background: Whether the audio came so fast that nobody waits for it.
        """
        asked = time.monotonic() if asked is None else asked
        start = self._beginning(piece.start)
        context = self._context_of(start, piece.end)
        self._decoding = start if context is None else context.start
        try:
            if (early := self._decided_early(piece)) is not None:
                run = early.run
                hypothesis = await early.task
            else:
                run = _Run(background=background)
                hypothesis = await self._decode(start, piece.end, run)
        finally:
            self._decoding = None
        self._spoken.note(hypothesis, self._spoken.leaning(self._speech(start, piece.end)))
        if not background:
            took = time.monotonic() - asked
            self._recognizer.usage.answered(waited=run.waited, took=took)
        self._carried = None
        if piece.torn:
            hypothesis = self._cut(hypothesis, start, piece.end)
        end = piece.end if self._carried is None else self._carried
        self._context = _Context(start, end, hypothesis.words)
        return hypothesis

    async def draft(self, *, since: float, background: bool = False) -> Hypothesis:
        """Words so far of the piece that is open.

        Args:
            since: Clock time (`time.monotonic`) of the last draft, or when speech began.
            background: Whether the audio came so fast that nobody waits for it.
        """
        opened = self._segmenter.piece_start
        if opened is None:
            return Hypothesis()
        start = self._beginning(opened)
        if self._policy is None or self._policy_start != start:
            self._policy, self._policy_start = LocalAgreement(start), start
        policy = self._policy
        end = start

        def prepare(claim: Claim) -> Work:
            nonlocal end
            end = self._timeline.end
            draft = policy.next(end)
            return partial(
                self._engine.transcribe,
                self._timeline[draft.start : end],
                languages=(draft.language,) if draft.language else self._spoken.codes,
                leaning=self._spoken.leaning(self._speech(draft.start, end)),
                start=draft.start,
                prefix=draft.prefix,
                context=draft.context,
                guess=draft.guess,
                draft=True,
                digits=self._digits,
                claim=claim,
                keywords=self._keywords,
            )

        with awaited(Rank.BACKGROUND if background else Rank.PARTIAL) as claim:
            hypothesis = await self._recognizer.draft(
                partial(prepare, claim),
                since=since,
                background=background,
                model=self._engine.name,
            )
        understood = self._spoken.understood(hypothesis)
        hypothesis = self._fitted(policy.accept(understood), start, end)
        if (unheard := self._unheard_from(hypothesis.words, end)) is not None:
            policy.seek(unheard)
        return hypothesis

    async def decide_early(self, *, since: float) -> Hypothesis:
        """Decode the open piece as if it were complete, for a partial and perhaps the final.

        Where somebody has stopped speaking, the final may be asked for in a moment. If nothing more
        has been said by then, it is there.

        Args:
            since: Clock time (`time.monotonic`) of the last draft, or when speech began.
        """
        opened = self._segmenter.piece_start
        if opened is None:
            return Hypothesis()
        self._drop_early()
        start, end = self._beginning(opened), self._timeline.end
        run = _Run(since=since)
        task = asyncio.create_task(self._decode(start, end, run))
        task.add_done_callback(_heard)
        self._early = _Early(start, self._segmenter.voice_end, run, task)
        # Not `shield`: since Python 3.14 it reports errors that nobody awaits any more.
        await asyncio.wait([task])
        hypothesis = task.result()
        if self._policy is None or self._policy_start != start:
            return hypothesis
        return self._fitted(self._policy.review(hypothesis), start, end)

    def _decided_early(self, piece: Piece) -> _Early | None:
        """The final of a piece if it has been decoded, or is just being decoded, as it is."""
        early, self._early = self._early, None
        if early is None:
            return None
        fits = early.start == self._beginning(piece.start) and early.voice_end == piece.voice_end
        if not fits or piece.torn or not early.run.begun:
            early.task.cancel()
            return None
        early.run.hurry()
        return early

    def _drop_early(self) -> None:
        if self._early is not None:
            self._early.task.cancel()
            self._early = None

    def _beginning(self, piece_start: int) -> int:
        return piece_start if self._carried is None else self._carried

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
            or len(self._spoken.codes) > 1
            or not self._engine.guided
            or context.start < self._timeline.start
            or start - context.end >= _CONTEXT_GAP
            or end - context.start > _CONTEXT_LENGTH
        ):
            return None
        return context

    async def _decode(self, start: int, end: int, run: "_Run") -> Hypothesis:
        """Decode a piece with all care."""
        context = self._context_of(start, end)
        guess = self._drafted(start)
        if len(self._spoken.codes) > 1:
            # Drafts heard less of it, and may have taken it for another language.
            guess = msgspec.structs.replace(guess, settled=0)
        hypothesis = None
        if context is not None:
            hypothesis = await self._continue(context, end, guess, run)
        if hypothesis is None:
            samples = self._timeline[start:end]
            leaning = self._spoken.leaning(self._speech(start, end))
            hypothesis = await self._transcribe(
                samples, start, (), guess, run, languages=self._spoken.codes, leaning=leaning
            )
            hypothesis = self._spoken.understood(hypothesis)
        hypothesis = await self._fill(self._fitted(hypothesis, start, end), start, run)
        for _ in range(_MOST_SEEKS):
            heard = await self._seek(hypothesis, end, run)
            if heard is hypothesis:
                break
            hypothesis = heard
        return hypothesis

    async def _fill(self, hypothesis: Hypothesis, start: int, run: "_Run") -> Hypothesis:
        """Decode alone what comes before a gap: the decoder may go straight to a later sentence."""
        gap = self._gap(hypothesis.words, start)
        if gap is None:
            return hypothesis
        behind = hypothesis.words[gap:]
        border = behind[0].start
        front = await self._transcribe(
            self._timeline[start:border],
            start,
            (),
            Hypothesis(),
            run,
            languages=self._of(hypothesis),
        )
        front = self._fitted(front, start, border)
        if len(front.words) <= gap or not _credible(front.words):
            return hypothesis
        return msgspec.structs.replace(hypothesis, words=(*front.words, *behind))

    def _gap(self, words: Sequence[Word], start: int) -> int | None:
        """Index of the first word that has much speech before it which no word accounts for."""
        heard = start
        for index, word in enumerate(words):
            if self._speech(heard, word.start) >= _LEFT_OUT:
                return index
            heard = min(word.end, word.start + _LONGEST_WORD)
        return None

    async def _seek(self, hypothesis: Hypothesis, end: int, run: "_Run") -> Hypothesis:
        """Decode speech that the decoder left out at the end: it may stop after any sentence."""
        at = self._unheard_from(hypothesis.words, end)
        if at is None:
            return hypothesis
        rest = await self._transcribe(
            self._timeline[at:end], at, (), Hypothesis(), run, languages=self._of(hypothesis)
        )
        rest = self._fitted(rest, at, end)
        if not _credible(rest.words):
            return hypothesis
        return msgspec.structs.replace(hypothesis, words=(*hypothesis.words, *rest.words))

    def _unheard_from(self, words: Sequence[Word], end: int) -> int | None:
        """Where speech begins that no word accounts for, if it is more than a word or two."""
        if not words:
            return None
        last = words[-1].end
        return last if self._speech(last, end) >= _UNHEARD else None

    def _speech(self, start: int, end: int) -> int:
        """Samples of speech in a stretch."""
        spans = self._segmenter.speech_within(start, end)
        return sum(min(off, end) - max(on, start) for on, off in spans)

    async def _continue(
        self, context: _Context, end: int, guess: Hypothesis, run: "_Run"
    ) -> Hypothesis | None:
        """Words that follow the context; None if decoding does not hold on to it, or repeats it."""
        *before, last = context.words
        # Without its full stop: the pause need not have been the end of the sentence.
        open_end = last.text.rstrip(_CLOSING) or last.text
        prefix = (*before, msgspec.structs.replace(last, text=open_end))
        samples = self._timeline[context.start : end]
        hypothesis = await self._transcribe(
            samples, context.start, prefix, guess, run, languages=self._spoken.codes
        )
        words = hypothesis.words
        kept = [word.text.rstrip(_CLOSING) for word in words[: len(prefix)]]
        if len(words) <= len(prefix) or kept != [word.text.rstrip(_CLOSING) for word in prefix]:
            return None
        rest = words[len(prefix) :]
        if guards.recites(rest, prefix):
            return None
        return msgspec.structs.replace(hypothesis, words=rest)

    async def _transcribe(
        self,
        samples: NDArray[np.float32],
        start: int,
        prefix: Sequence[Word],
        guess: Hypothesis,
        run: "_Run",
        *,
        languages: Sequence[str],
        leaning: Leaning = NEUTRAL,
    ) -> Hypothesis:
        with awaited(run.rank) as claim:
            work = partial(
                self._engine.transcribe,
                samples,
                languages=languages,
                leaning=leaning,
                start=start,
                prefix=prefix,
                guess=guess.words,
                trusted=guess.settled,
                digits=self._digits,
                claim=claim,
                keywords=self._keywords,
            )
            return await run.on(self._recognizer, work, model=self._engine.name)

    def _of(self, hypothesis: Hypothesis) -> Sequence[str]:
        """The language of a piece whose words are known; the rest of it is in that, too."""
        return (hypothesis.language,) if hypothesis.language else self._spoken.codes

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


def _credible(words: Sequence[Word]) -> bool:
    return bool(words) and fmean(word.confidence for word in words) >= _CREDIBLE


def _heard(task: asyncio.Task[Hypothesis]) -> None:
    """Take note of an error that nobody may await any more."""
    if not task.cancelled():
        task.exception()
